"""Operators that MXNet keeps under ``contrib``, as nodes: the lists and the numbers that its eager functions take."""

from __future__ import annotations

from functools import wraps
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ndarray.contrib import DECLARED, in_form
from ndarray.errors import OperatorError
from ndarray.registry import names, within
from symbolic.create import full
from symbolic.functions import function
from symbolic.symbol import Symbol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Nodes(NamedTuple):
    """A form of calling operators: each call makes a node.

    Attributes
    ----------
    attr : dict of str to str, optional
        Attributes of the node.
    """

    attr: dict | None

    def call(self, op_name: str, inputs: Sequence[Symbol], out: object = None, **params: Any) -> Symbol:
        """Return the Symbol of the operator called `op_name`."""
        if out is not None:
            raise OperatorError(f"{op_name}: a node has no out; say where its outputs go when you bind: "
                                "bind(…, out={…})")
        return function(op_name)(*inputs, attr=self.attr, **params)

    @staticmethod
    def scale(value: Any, *weights: object) -> Symbol:
        """Return the gradient's scale as a Symbol of one element: float32 where that holds the number, else float64."""
        if isinstance(value, Symbol):
            return value
        with np.errstate(over="ignore"):
            return full((1,), value, dtype="float32" if float(np.float32(value)) == value else "float64")


def _symbolic(declared: Callable[..., Any]) -> Callable[..., Any]:
    """Return the symbolic form of a function that is declared for both: ``attr=`` in place of ``out=``."""
    of = in_form(declared, None)

    @wraps(of)
    def make(*args, attr=None, **kwargs):
        return declared(Nodes(attr), *args, **kwargs)

    found = [p for p in signature(of).parameters.values() if p.name != "out"]
    at = len(found) - (found[-1].kind is Parameter.VAR_KEYWORD)
    attrs = Parameter("attr", Parameter.KEYWORD_ONLY, default=None)
    made: Any = make
    made.__signature__ = signature(of).replace(parameters=[*found[:at], attrs, *found[at:]])
    made.__module__ = __name__
    return made


_FUNCTIONS = {name: _symbolic(declared) for name, declared in DECLARED.items()}


def __getattr__(name: str) -> Callable[..., Any]:
    """Return the function of an update, or of the operator called `name`, or ``_contrib_`` and `name`."""
    if name in _FUNCTIONS:
        return _FUNCTIONS[name]
    known = within("contrib", name)
    if known is None:
        raise AttributeError(f"no operator {name!r} in contrib")
    return function(known)


def __dir__() -> list[str]:
    return sorted({*_FUNCTIONS, *(n.removeprefix("_contrib_") for n in names() if n.startswith("_contrib_"))})
