"""Loops of machine code over all tensors of a step, or NumPy in tiles where there is no compiler.

Everything is looked up at bind: what is left is, in the best case, one call of one function.  What no loop can compute
runs node by node with NumPy before anything is written, so that a step is done entirely or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ndarray.collector import without_collection
from ndarray.kernels import machine_code
from ndarray.kernels.bind import Binding
from ndarray.kernels.buffers import NumberedBuffers
from ndarray.kernels.cluster import cluster
from ndarray.kernels.flow import Flow
from ndarray.kernels.report import describe, parts_of
from ndarray.kernels.signals import deferred
from ndarray.kernels.stamp import StampedTable
from ndarray.kernels.table import Table, address_of
from ndarray.kernels.tiles import TileTable
from ndarray.tensortype import TensorType
from ndarray.text import counted
from symbolic.diagnostics.attribution import Piece, by_part
from symbolic.diagnostics.memory_plan import MemoryPlan, by_schedule
from symbolic.engines.buffers import Buffers
from symbolic.engines.lower import lower
from symbolic.engines.split import Unsplittable, split
from symbolic.engines.stamped import kinds_of
from symbolic.graph.graph import Graph
from symbolic.graph.infer import infer
from symbolic.graph.node import Entry, Node
from symbolic.passes.fold import fold_constants
from symbolic.passes.merge import merge_duplicates


def compile(graph: Graph, buffers: Buffers) -> FusedProgram:
    """Return the program that runs `graph` in loops on the arrays of `buffers`."""
    return FusedProgram(graph, buffers)


class FusedProgram:
    """A graph as a schedule of loops over bound arrays.

    Parameters
    ----------
    graph : Graph
    buffers : Buffers
    """

    NAME = "fused"
    run: Callable[[], None]
    """What a call does, for whoever saves the call."""

    @without_collection()
    @np.errstate(all="ignore")
    def __init__(self, graph: Graph, buffers: Buffers) -> None:
        self.graph = graph
        self.buffers = buffers
        self._stamped = _stamped(graph, buffers) if machine_code.available() else None
        self._program = self._stamped or _Whole(graph, buffers)
        self.run = _joined(self._program.steps)

    def __call__(self) -> None:
        """Run the graph, all or nothing."""
        self.run()

    @property
    def _whole(self) -> _Whole:
        """The graph without stamping, which the reports are about: it does the same."""
        return self._program if isinstance(self._program, _Whole) else _Whole(self.graph, self.buffers)

    def measured(self) -> tuple[list[Piece], Callable[[Callable[[], object]], None]]:
        """Return the pieces of a run, and ``run(stamp)``, which calls `stamp` before the first and after each."""
        moved, origins, whole = {}, {}, self._whole
        _lowered(self.graph, self.buffers, moved, origins)
        parts = parts_of(whole.binding)
        moves: list[Any] = [*whole.numbered.before, *whole.numbered.after]
        copies = [(step, Piece("copy", {}, step.args[1].nbytes, step.args[0].nbytes)) for step in moves]
        nodes = {e.node: new.node for e, new in moved.items()}
        loops = [*zip([whole.binding.alone(part.steps) for part in parts], by_part(parts, whole.flow, origins, nodes))]
        at = len(whole.numbered.before)
        steps = [*copies[:at], *loops, *copies[at:]]

        def run(stamp: Callable[[], object]) -> None:
            with deferred():
                stamp()
                for step, _ in steps:
                    step()
                    stamp()

        return [piece for _, piece in steps], run

    def plan(self) -> MemoryPlan:
        """Return the `MemoryPlan` of the memory that a run takes."""
        moved, origins, whole = {}, {}, self._whole
        _lowered(self.graph, self.buffers, moved, origins)
        theirs = {id(a) for a in (*self.buffers.values, *self.buffers.outputs)}
        moves: list[Any] = [*whole.numbered.before, *whole.numbered.after]
        copied = {id(array) for step in moves for array in step.args}
        ours = [a for a in whole.numbered.arrays.values() if id(a) not in theirs]
        copies = sum(a.nbytes for a in ours if id(a) in copied)
        constants = sum(a.nbytes for a in ours) - copies
        return by_schedule(self.graph, whole.schedule, whole.flow, whole.binding.memory, (copies, constants), moved,
                           origins)

    def describe(self) -> str:
        """Return the schedule as text: phases, kernels, bytes moved, memory, and what was not fused and why."""
        text = describe(self._whole.binding)
        return f"{text}\n  {self._stamped}" if self._stamped else text


class _Whole:
    """A graph lowered and clustered as one, bound to its arrays.

    Attributes
    ----------
    flow : Flow
    numbered : NumberedBuffers
    schedule : Schedule
    binding : Binding
    steps : list of callable
    """

    def __init__(self, graph: Graph, buffers: Buffers) -> None:
        self.flow, self.numbered = _lowered(graph, buffers)
        table = Table if machine_code.available() else TileTable
        self.schedule = cluster(self.flow)
        arrays: Any = self.numbered.arrays
        self.binding = Binding(self.schedule, self.flow, arrays, table)
        self.steps = [*self.numbered.before, *self.binding.steps, *self.numbered.after]


class _Stamped:
    """A graph whose tensors were stamped, kind by kind, bound to its arrays.

    Attributes
    ----------
    steps : list of callable
    """

    def __init__(self, graph: Graph, buffers: Buffers) -> None:
        found = split(graph, buffers.types)
        numbered = NumberedBuffers()
        values = dict(zip(graph.variables, buffers.values))
        inputs = {n: numbered.read(a) for n, a in values.items()}
        targets = [numbered.write(a) for a in (*buffers.outputs, *(values[n] for n in graph.written))]
        common = {entry: np.empty(*buffers.types[entry]) for entry in found.common}
        arrays: Any = numbered.arrays | common
        starts = {name: (numbered.addresses.get(name) or address_of(a), a.itemsize) for name, a in arrays.items()}
        kinds = kinds_of(graph, found, inputs, targets, starts, numbered.overlaps())
        self._table = StampedTable(kinds)
        first = []
        if common:
            scalars = Graph(common)
            first = _Whole(scalars, Buffers(tuple([values[n] for n in scalars.variables]), tuple(common.values()),
                                            buffers.types)).steps
        self._kinds, self._tensors = len(kinds), len(found.tensors)
        self.steps = [*numbered.before, *first, self._table, *numbered.after]

    def __str__(self) -> str:
        return (f"stamped: {counted(self._tensors, 'tensor')} of {counted(self._kinds, 'kind')}, "
                f"{self._table.by_tensor} tensor by tensor; their temporary memory: {self._table.bytes} bytes")


def _stamped(graph: Graph, buffers: Buffers) -> _Stamped | None:
    """Return the program of a graph that falls apart into tensors, None if it does not."""
    try:
        return _Stamped(graph, buffers)
    except Unsplittable:
        return None


@np.errstate(all="ignore")
def _lowered(graph: Graph, buffers: Buffers, moved: dict[Entry, Entry] | None = None,
             origins: dict[Node, Any] | None = None) -> tuple[Flow, NumberedBuffers]:
    """Return the flow of a graph and its arrays, numbered.

    Where two dicts are given, they receive for each entry the one that was lowered in its place, and the instructions
    of each lowered node as `lower` gives them.
    """
    merged: Any = None if moved is None else {}
    folded: Any = None if moved is None else {}
    arrays = dict(zip(graph.variables, buffers.values))
    smaller, constants = fold_constants(merge_duplicates(graph, merged), folded)
    if moved is not None:
        moved |= {entry: folded[new] for entry, new in merged.items()}
    arrays |= constants
    types = _types(smaller, graph, buffers.types, constants)
    numbered = NumberedBuffers()
    inputs = {n: numbered.read(arrays[n]) for n in smaller.variables}
    targets = [numbered.write(a) for a in (*buffers.outputs, *(arrays[n] for n in smaller.written))]
    flow = lower(smaller, types, inputs, targets, origins)
    return flow._replace(overlaps=numbered.overlaps()), numbered


def _types(graph: Graph, before: Graph, types: dict[Entry, TensorType],
           constants: Mapping[Node, np.ndarray]) -> dict[Entry, TensorType]:
    """Return the type of every entry of a rewritten graph, whose nodes replace those of the graph before."""
    known = {n.name: types[Entry(n)] for n in before.variables}
    known |= {n.name: TensorType(v.shape, v.dtype) for n, v in constants.items()}
    return types if graph is before else infer(graph, known)


def _joined(steps: Sequence[Any]) -> Callable[[], None]:
    """Return one function that runs all steps and that no interrupt tears."""
    if len(steps) == 1 and len(getattr(steps[0], "calls", "  ")) == 1:
        return steps[0].calls[0]
    return partial(_run_all, tuple([call for step in steps for call in getattr(step, "calls", (step,))]))


def _run_all(calls: Sequence[Callable[[], object]]) -> None:
    with deferred():
        for call in calls:
            call()
