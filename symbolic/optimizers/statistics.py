"""What an update does to each tensor: norms, their ratio, and whether it goes on in the direction of the last one."""

from __future__ import annotations

import math
from numbers import Integral
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ndarray.errors import OperatorError, ParamError, shown
from ndarray.text import counted
from symbolic.create import Group, var
from symbolic.diagnostics.overlay import Overlay, quantity
from symbolic.diagnostics.report import Report
from symbolic.functions import function
from symbolic.graph.attributes import AttrScope
from symbolic.graph.graph import Graph
from symbolic.graph.node import Entry
from symbolic.optimizers.bind import update_nodes, updated_by
from symbolic.symbol import Symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ndarray.array import NDArray
    from symbolic.graph.node import Node

_OPERATOR, _EVERY = "_move_statistics", "__every__"


def with_statistics(step: Symbol, every: int = 1) -> Symbol:
    """Return a step that also computes the statistics of its updates.

    Parameters
    ----------
    step : Symbol
        As `symbolic.optimizers.step` or `update` make it, with statistics or without.
    every : int, optional
        The statistics are those of each update whose number is a multiple of this.

    Returns
    -------
    Symbol
        It has one more output for each parameter, ``<parameter>_statistics_output``, and one more state,
        ``<parameter>_last_move``.

    Examples
    --------
    >>> import symbolic as sym
    >>> with_statistics(sym.optimizers.update(["w"], "sgd")).list_outputs()
    ['w_step_output', 'w_statistics_output']
    """
    if statistics_nodes(step):
        if every_of(step) == every:
            return step
        step = without_statistics(step)
    often = {_EVERY: str(every)} if every > 1 else None
    found = []
    arguments = {n.name for n in step.graph.arguments}
    for node in update_nodes(step):
        width = len(node.op.many) or len(node.op.names)
        for k, name in enumerate(updated_by(node, arguments)):
            weight, grad = (Symbol(Graph([e])) for e in node.inputs[k * width:k * width + 2])
            with AttrScope(__region__="statistics"):
                new, last = Symbol(Graph([Entry(node, k)])), var(f"{name}_last_move")
                found.append(function(_OPERATOR)(weight, grad, new, last, name=f"{name}_statistics", attr=often))
    return Group([step, *found])


def without_statistics(step: Symbol) -> Symbol:
    """Return a step whose updates are the same, without statistics."""
    nodes = statistics_nodes(step).values()
    return Symbol(Graph([entry for entry in step.graph.outputs if entry.node not in nodes]))


def every_of(step: Symbol) -> int:
    """Return of which updates a step has statistics: of those whose number is a multiple of this.

    Raises
    ------
    OperatorError
        If the attribute ``__every__``, which may come from a file, is not such a number.
    """
    every = 1
    for node in statistics_nodes(step).values():
        text = dict(node.attrs).get(_EVERY, "1")
        every = int(text) if text.isdecimal() and len(text) < 19 else 0
        if not every:
            raise OperatorError(f"{node.name}: the attribute {_EVERY}={shown(text)} is not an integer from 1")
    return every


def interval(statistics: bool | int) -> int:
    """Return k where every k-th update is to have statistics, 0 where none is.

    Raises
    ------
    ParamError
        If it is neither a bool nor an integer from 1.

    Examples
    --------
    >>> interval(False), interval(True), interval(10)
    (0, 1, 10)
    """
    if isinstance(statistics, (bool, np.bool_)):
        return int(statistics)
    if not isinstance(statistics, Integral) or statistics < 1:
        raise ParamError(f"statistics: expected True, False, or an integer k from 1 for every k-th update, got "
                         f"{shown(statistics)}")
    return int(statistics)


def statistics_nodes(step: Symbol) -> dict[str, Node]:
    """Return the nodes that compute statistics, by the name of the parameter."""
    return {n.inputs[0].node.name: n for n in step.graph.nodes if n.op is not None and n.op.name == _OPERATOR}


def stale_moves(saved: Symbol, step: Symbol, update: int) -> list[str]:
    """Return the states that a step must not go on with where another one has been saved after an update.

    They are its last moves, where the saved step had statistics of other updates, and so did not keep what that update
    did.

    Examples
    --------
    >>> import symbolic as sym
    >>> rarely, always = (with_statistics(sym.optimizers.update(["w"], "sgd"), k) for k in (10, 1))
    >>> stale_moves(rarely, always, 12), stale_moves(rarely, always, 20), stale_moves(rarely, rarely, 12)
    (['w_last_move'], [], [])
    """
    before = every_of(saved)
    if before == every_of(step) or _keeps_move(before, update):
        return []
    return [node.inputs[3].node.name for node in statistics_nodes(step).values()]


def _keeps_move(every: int, update: int) -> bool:
    """Tell whether an update keeps what it does to the weights, for its own statistics or the next one's."""
    return update % every == 0 or (update + 1) % every == 0


class Move(NamedTuple):
    """What an update did to a tensor.

    Attributes
    ----------
    name : str
    weight, gradient, update : float
        Norms: of the weight before the update, of its gradient, and of the change of the weight.
    cosine : float
        Of this update and the last one: 1 where it goes on, -1 where it goes back; NaN where one of them is zero.
    """

    name: str
    weight: float
    gradient: float
    update: float
    cosine: float

    @property
    def ratio(self) -> float:
        """Update to weight; infinite where a weight of zero moves, NaN where it does not."""
        if not self.weight:
            return math.inf if self.update else math.nan
        return self.update / self.weight


class Moves(Report):
    """The statistics of an update.

    Parameters
    ----------
    update : int
        Its number, from 1.
    rows : sequence of Move
    nodes : dict of str to sequence of Node
        The variable and the update of each tensor, where a picture shows its ratio.

    Attributes
    ----------
    update : int
    rows : tuple of Move
    """

    COLUMNS = ("tensor", "weight", "gradient", "update", "update / weight", "cosine")

    def __init__(self, update: int, rows: Iterable[Move], nodes: Mapping[str, tuple[Node, ...]]) -> None:
        self.update, self.rows, self._nodes = update, tuple(rows), nodes

    def __getitem__(self, name: str) -> Move:
        """Return the statistics of a tensor."""
        return {row.name: row for row in self.rows}[name]

    @property
    def title(self) -> str:
        """The update, and the largest ratio, in a line."""
        known = [row for row in self.rows if not math.isnan(row.ratio)]
        if not known:
            return f"update {self.update}: no weight has moved"
        most = max(known, key=lambda row: row.ratio)
        return f"update {self.update}: {most.name} moves most, by {most.ratio:.3g} of its norm"

    def cells(self, row: Move) -> tuple[str, ...]:
        """Return a row's text for each column."""
        return (row.name, *(f"{x:.4g}" for x in (row.weight, row.gradient, row.update, row.ratio)),
                "" if math.isnan(row.cosine) else f"{row.cosine:.3f}")

    def rank(self, row: Move) -> float:
        """Return by what rows are sorted: the largest ratio first."""
        return -row.ratio if not math.isnan(row.ratio) else math.inf

    def overlay(self) -> Overlay:
        """Return the ratios as an overlay, on the variable of each tensor and on its update."""
        values: dict[Node, float] = {}
        for row in self.rows:
            for node in self._nodes[row.name] if not math.isnan(row.ratio) else ():
                values[node] = max(row.ratio, values.get(node, 0.0))
        return Overlay("update / weight", "", values, {n: quantity(v) for n, v in values.items()}, worst=True, log=True)

    def __repr__(self) -> str:
        return f"<Moves of {counted(len(self.rows), 'tensor')} at update {self.update}>"


class Statistics:
    """Reads the statistics of a step that computes them.

    Parameters
    ----------
    step : Symbol
        As `with_statistics` makes it, or without statistics.
    outputs : dict of str to NDArray
        Of the step, by name.

    Attributes
    ----------
    names : frozenset of str
        The outputs that hold them.
    every : int
        They are those of each update whose number is a multiple of this.
    """

    def __init__(self, step: Symbol, outputs: Mapping[str, NDArray]) -> None:
        nodes = statistics_nodes(step)
        self._sums = {name: outputs[node.output_name(0)] for name, node in nodes.items()}
        self._nodes = {name: (node.inputs[0].node, node.inputs[2].node) for name, node in nodes.items()}
        self.names = frozenset(node.output_name(0) for node in nodes.values())
        self.every = every_of(step)

    def of(self, update: int) -> bool:
        """Tell whether there are statistics of an update."""
        return bool(self._sums) and update % self.every == 0

    def needs(self, update: int) -> bool:
        """Tell whether an update has to keep what it does to the weights, for its own statistics or the next one's."""
        return bool(self._sums) and _keeps_move(self.every, update)

    def read(self, update: int) -> Moves:
        """Return the statistics of the update that computed them last, which has this number."""
        rows = []
        for name, sums in self._sums.items():
            weight, grad, move, along, last = map(float, sums.asnumpy())
            size = math.sqrt(move) * math.sqrt(last)
            cosine = max(-1.0, min(1.0, along / size)) if size and math.isfinite(size) else math.nan
            rows.append(Move(name, math.sqrt(weight), math.sqrt(grad), math.sqrt(move), cosine))
        return Moves(update, rows, self._nodes)
