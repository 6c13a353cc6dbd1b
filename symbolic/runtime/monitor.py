"""Looking at the nodes of a run: values for monitors, and the first that is not finite."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ndarray.array import NDArray
from ndarray.dtypes import is_floating
from ndarray.errors import BindError, NonFiniteError, ParamError, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ndarray.context import Context
    from symbolic.graph.node import Node

NonFinite = Literal["raise", "skip"]
"""What to do where a value is NaN or infinite."""


class Callback:
    """Gives a copy of every node's outputs to a function.

    Parameters
    ----------
    function : callable
        ``function(name, array)``.
    every : bool
        Inputs as well, named ``<node>_<input>``.
    ctx : Context
    """

    def __init__(self, function: Callable[[str, NDArray], object], every: bool, ctx: Context) -> None:
        self._function, self._every, self._ctx = function, every, ctx

    def __call__(self, node: Node, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Look at a node that has run."""
        if self._every:
            for name, value in zip(node.input_names, inputs):
                self._function(f"{node.name}_{name}", NDArray(np.array(value), self._ctx))
        for i, value in enumerate(outputs):
            self._function(node.output_name(i), NDArray(np.array(value), self._ctx))


class Record(dict):
    """What a monitor has seen in the last run: copies, or a statistic of them, by output name.

    Parameters
    ----------
    pattern : str
        A regular expression that the whole name of an output matches.
    stat : callable, optional
        ``stat(array)`` of a NumPy array; the array itself when left out.
    ctx : Context
    """

    def __init__(self, pattern: str, stat: Callable[[np.ndarray], Any] | None, ctx: Context) -> None:
        super().__init__()
        try:
            self._matches = re.compile(pattern).fullmatch
        except (re.error, TypeError) as error:
            raise ParamError(f"monitor: {pattern!r} is not a valid regular expression: {error}") from None
        self._stat, self._ctx = stat, ctx

    def __call__(self, node: Node, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Look at a node that has run."""
        for i, value in enumerate(outputs):
            name = node.output_name(i)
            if self._matches(name):
                copy = np.array(value)
                self[name] = NDArray(copy, self._ctx) if self._stat is None else self._stat(copy)


@dataclass
class Monitors:
    """What looks at the nodes of an executor's runs.

    Attributes
    ----------
    callback : Callback or None
    records : list of Record
    nonfinite : {None, 'raise', 'skip'}
        Whether values are looked at, and what follows where one is not finite.
    """

    callback: Callback | None = None
    records: list[Record] = field(default_factory=list)
    nonfinite: NonFinite | None = None

    def visits(self) -> list[Callable]:
        """Return the functions to call with each node, its inputs and its outputs."""
        if not (self.callback or self.records or self.nonfinite):
            return []
        return [*([self.callback] if self.callback else ()), *self.records,
                *([refuse_non_finite] if self.nonfinite else ())]


def check_non_finite(value: object) -> None:
    """Raise unless `value` is something that ``nonfinite`` may be.

    Raises
    ------
    BindError
    """
    if value not in (None, "raise", "skip"):
        raise BindError(f"nonfinite must be None, 'raise' or 'skip', got {shown(value)}")


def refuse_non_finite(node: Node, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
    """Raise at the first node that gives a value that is NaN or infinite.

    Raises
    ------
    NonFiniteError
        Naming the node, with statistics of its inputs.
    """
    for i, value in enumerate(outputs):
        value = np.asarray(value)
        if is_floating(value.dtype) and not np.isfinite(value).all():
            given = zip(node.input_names, node.inputs, inputs)
            arrived = "".join(f"\n    {name} = {e}: {described(x)}" for name, e, x in given)
            where = f"\n  made at {node.location}" if node.location else ""
            raise NonFiniteError(f"{node.output_name(i)} ({node.op.name}) is {described(value)}{arrived}{where}\n"
                                 "  nothing was written")


def described(value: Any) -> str:
    """Return the type of an array and a summary of its values, in one line.

    Examples
    --------
    >>> described(np.array([1.0, np.nan, 3.0, np.inf]))
    'float64[4], 2 of 4 not finite (1 NaN, 1 infinite), the others from 1 to 3, mean 2'
    """
    value = np.asarray(value)
    text = f"{value.dtype}[{','.join(map(str, value.shape))}]"
    if not value.size or (value.dtype.kind not in "iu" and not is_floating(value.dtype)):
        return text
    finite = value[np.isfinite(value)]
    nan = int(np.isnan(value).sum())
    bad = value.size - finite.size
    if bad:
        text += f", {bad} of {value.size} not finite ({nan} NaN, {bad - nan} infinite)"
    if finite.size:
        others = "the others " if bad else ""
        text += f", {others}from {finite.min():.6g} to {finite.max():.6g}, mean {finite.mean(dtype=np.float64):.6g}"
    return text
