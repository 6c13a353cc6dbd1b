"""The memory of a bound graph: what is bound, which values share memory, and what a step takes in addition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ndarray.dtypes import native
from ndarray.tensortype import TensorType
from ndarray.text import counted
from symbolic.diagnostics.memory_plan import MemoryPlan
from symbolic.diagnostics.overlay import Overlay, quantity
from symbolic.diagnostics.report import Report
from symbolic.graph.node import Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ndarray.array import NDArray
    from symbolic.graph.graph import Graph

_WHERE = {"loop": "within a loop", "constant": "computed once", "input": "in the array of an argument",
          "bound": "in the array of an output", "temporary": "temporary"}


class Row(NamedTuple):
    """One value.

    Attributes
    ----------
    name : str
        Of the output, or of the variable.
    node : Node
    type : TensorType
    bytes : int
        That it takes for itself; 0 where it is in place of another, or in no memory at all.
    where : str
        In words.
    """

    name: str
    node: Node
    type: TensorType
    bytes: int
    where: str


class MemoryUse(Report):
    """The memory of a bound graph.

    Attributes
    ----------
    bound : int
        Bytes of all bound arrays; what two share counts once.
    further : int
        Bytes that gradients take: their arrays, heads, and what the forward half leaves for them.
    temporary, unshared : int
        Bytes of temporary values at the worst moment, and what they would be if none shared memory with another.
    constants : int
        Bytes of what is computed once.
    in_place : dict of str to str
        Outputs in the array of a variable.
    rows : tuple of Row
        Variables, then the outputs of nodes in the order in which they run, then the new values of states.
    """

    COLUMNS = ("value", "type", "bytes", "where")
    WORDS = (0, 1, 3)

    def __init__(self, rows: Iterable[Row], bound: int, further: int, plans: Sequence[Any],
                 in_place: dict[str, str]) -> None:
        self.rows, self.bound, self.further, self.in_place = tuple(rows), bound, further, in_place
        # A fused program keeps its memory; a walk frees it, and counts its worst moment.
        self.temporary = sum(p.temporary for p in plans)
        self.unshared = sum(p.unshared for p in plans)
        self.constants = sum(p.constants for p in plans)

    @property
    def peak(self) -> int:
        """Bytes of everything at the worst moment."""
        return self.bound + self.further + self.temporary + self.constants

    def overlay(self) -> Overlay:
        """Return the bytes that each node takes for itself as an overlay, for `plot_network`."""
        values, text = {}, {}
        for row in self.rows:
            values[row.node] = values.get(row.node, 0) + row.bytes
            if not row.bytes:
                text.setdefault(row.node, "in place" if row.where.startswith("in place") else row.where)
        return Overlay("memory", "B", values, {n: where for n, where in text.items() if not values[n]})

    @property
    def title(self) -> str:
        """The sums, in a line."""
        parts = [f"{quantity(self.bound, 'B')} bound", f"{quantity(self.temporary, 'B')} temporary "
                 f"({quantity(self.unshared, 'B')} if none were shared)"]
        more = (self.further, "for gradients"), (self.constants, "constant")
        parts += [f"{quantity(n, 'B')} {word}" for n, word in more if n]
        return f"peak {quantity(self.peak, 'B')}: {', '.join(parts)}"

    def cells(self, row: Row) -> tuple[str, ...]:
        """Return a row's text for each column."""
        return row.name, str(row.type), quantity(row.bytes, "B"), row.where

    def rank(self, row: Row) -> int:
        """Return minus the bytes: the largest first."""
        return -row.bytes

    def __repr__(self) -> str:
        return f"<MemoryUse of {counted(len(self.rows), 'value')}, {self.peak} bytes>"


def memory_use(runs: Sequence[Any], graph: Graph, outputs: Mapping[str, NDArray], arrays: Mapping[str, NDArray],
               known: Mapping[Node, Node]) -> MemoryUse:
    """Return the `MemoryUse` of what a step runs.

    Parameters
    ----------
    runs : list of CompiledGraph
        The graph; with gradients, its two halves.
    graph : Graph
        As it was bound.
    outputs, arrays : dict of str to NDArray
        Of the outputs, and of the variables.
    known : dict of Node to Node
        For nodes of the runs those of `graph`.
    """
    results = {name: a._data for name, a in outputs.items()}
    given = {name: a._data for name, a in arrays.items()}
    bound = _spanned([*given.values(), *results.values()])
    everything = [*given.values(), *results.values()]
    everything += [a for run in runs for a in (*run.buffers.values, *run.buffers.outputs)]
    in_place = {name: at for name, a in results.items() if (at := _sharing(a, given)) is not None}
    plans = [run.program.plan() or MemoryPlan(0, 0, 0, {}) for run in runs]
    rows = [Row(n.name, n, _type(given[n.name]), given[n.name].nbytes, "bound") for n in graph.variables]
    for run, plan in zip(runs, plans):
        rows += [_row(run, plan, entry, known, results, in_place) for entry in plan.where]
    for node in graph.auxiliary:
        type_ = _type(given[node.name])
        rows.append(Row(f"{node.name} (new)", node, type_, type_.nbytes if plans[0].apart else 0,
                        _placed("in place", plans[0].apart)))
    return MemoryUse(rows, bound, _spanned(everything) - bound, plans, in_place)


def _row(run: Any, plan: Any, entry: Any, known: Mapping[Node, Node], outputs: Mapping[str, np.ndarray],
         in_place: Mapping[str, str]) -> Row:
    node, kind, type_ = known.get(entry.node, entry.node), plan.where[entry], run.buffers.types[entry]
    name = node.output_name(entry.index)
    size = type_.nbytes if kind == "temporary" else 0
    where = _WHERE[kind]
    if entry in run.graph.outputs and entry.node in known and name in outputs:
        where = _placed(f"in place of {in_place[name]}" if name in in_place else "output", kind == "temporary")
        size = 0 if name in in_place and kind != "temporary" else type_.nbytes
    return Row(name, node, type_, size, where)


def _placed(where: str, apart: bool) -> str:
    return f"{where}, computed apart" if apart else where


def _type(array: np.ndarray) -> TensorType:
    return TensorType(array.shape, native(array.dtype))


def _sharing(array: np.ndarray, arrays: Mapping[str, np.ndarray]) -> str | None:
    """Return the name of the variable whose array has some memory of another."""
    return next((name for name, a in arrays.items() if a is array or np.may_share_memory(a, array)), None)


def _spanned(arrays: Iterable[np.ndarray]) -> int:
    """Return how many bytes there are between the first and the last of each array; what overlaps counts once."""
    total = reached = 0
    for begin, end in sorted(np.lib.array_utils.byte_bounds(a) for a in arrays if a.size):
        total += max(end, reached) - max(begin, reached)
        reached = max(end, reached)
    return total
