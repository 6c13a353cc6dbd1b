"""NumPy, one operator after another: the engine that the others must agree with."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray import vocabulary
from ndarray.cached import cached_property
from ndarray.dtypes import native
from ndarray.kernels.signals import deliver
from symbolic.diagnostics.attribution import Piece, by_node
from symbolic.diagnostics.memory_plan import by_liveness
from symbolic.engines.buffers import commit
from symbolic.graph.walk import compute, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ndarray.kernels.flow import Flow
    from symbolic.diagnostics.memory_plan import MemoryPlan
    from symbolic.engines.buffers import Buffers
    from symbolic.engines.flat import FlatCalls
    from symbolic.graph.graph import Graph
    from symbolic.graph.node import Node


def compile(graph: Graph, buffers: Buffers) -> EagerProgram:
    """Return the program that walks `graph` node by node on the arrays of `buffers`."""
    return EagerProgram(graph, buffers)


WORTH_FLATTENING, WORTH_LOADING = 8, 40
"""How many walks cost as much as making a list of calls, and as much as importing what makes the first one."""


class EagerProgram:
    """A graph that is walked with NumPy; results are written when every node has succeeded.

    From its eighth run on, the first of a process from its 40th, a small graph is a list of calls that are bound to
    their operands (`symbolic.engines.flat`).

    Parameters
    ----------
    graph : Graph
    buffers : Buffers
    """

    NAME = "eager"

    def __init__(self, graph: Graph, buffers: Buffers) -> None:
        self.graph = graph
        self.buffers = buffers
        self._values = dict(zip(graph.variables, buffers.values))
        self._swapped = [n for n, v in self._values.items() if not v.dtype.isnative]
        self._states = tuple(graph.written)
        self._targets = (*buffers.outputs, *(self._values[n] for n in self._states))
        self._walks = 0
        self._due = WORTH_FLATTENING if "symbolic.engines.flat" in sys.modules else WORTH_LOADING
        self._run: Callable[[], None] = self._count

    def __call__(self) -> None:
        """Run all nodes, then write outputs and states."""
        self._run()

    def walk(self, visit: Callable[..., object] | None = None) -> None:
        """Run node by node, and call ``visit(node, inputs, outputs)`` after each."""
        with np.errstate(all="ignore"):
            outputs, written = walk(self.graph, self._arrays(), _run, visit)
            results = [*outputs, *(written[n] for n in self._states)]
            commit(self._targets, _apart(results, self.buffers.values))

    def _count(self) -> None:
        self._walks += 1
        if self._walks < self._due:
            self.walk()
        else:
            self._run = self.flat or self.walk
            self._run()

    @cached_property
    def flat(self) -> FlatCalls | None:
        """The graph as `FlatCalls`, None where it is larger than that is worth."""
        from symbolic.engines import flat  # which a process that runs few steps does not need

        if self._swapped:
            return None
        try:
            return flat.FlatCalls(self.graph, self.buffers, self._targets, *self._lowered)
        except flat.TooLarge:
            return None

    @property
    def exact(self) -> bool:
        """Whether the graph is elementwise arithmetic only, of which every engine gives the same bits."""
        return not self._lowered[0].calls

    @cached_property
    def _lowered(self) -> tuple[Flow, list[Node | None]]:
        from symbolic.engines import flat

        return flat.lowered(self.graph, self.buffers)

    def _arrays(self) -> dict[Node, np.ndarray]:
        """Return the array of each variable, byte-swapped ones in the native order as they are now."""
        if not self._swapped:
            return self._values
        swapped = {n: self._values[n] for n in self._swapped}
        return self._values | {n: v.astype(native(v.dtype)) for n, v in swapped.items()}

    def measured(self) -> tuple[list[Piece], Callable[[Callable[[], object]], None]]:
        """Return the pieces of a run, and ``run(stamp)``, which calls `stamp` before the first and after each."""
        size = sum(t.nbytes for t in self._targets)

        def run(stamp: Callable[[], object]) -> None:
            stamp()
            self.walk(lambda *_: stamp())
            stamp()

        pieces = [*by_node(self.graph, self.buffers.types), Piece("results", {}, size, size)]
        return pieces, self.flat.by_node(self.graph) if self.flat else run

    def plan(self) -> MemoryPlan:
        """Return the `MemoryPlan` of the memory that a run takes."""
        return by_liveness(self.graph, self.buffers.types)

    def describe(self) -> str:
        """Return the schedule as text: one line a node."""
        how = "one NumPy call per node"
        if self._walks < self._due:
            how += f"; from run {self._due} on a list of bound calls, if it is small"
        elif self.flat:
            how = f"{len(self.flat.calls)} NumPy calls, bound to their operands"
        return "\n".join([f"engine eager: {how}", *(f"  {n}" for n in self.graph.nodes if n.op)])


def _run(node: Node, inputs: Sequence[Any], params: Mapping[str, Any]) -> Any:
    deliver()
    return compute(node, vocabulary, inputs, params)


def _apart(results: Sequence[Any], values: Sequence[np.ndarray]) -> list[Any]:
    """Return `results` with a copy of each whose memory may be that of a bound array, which a write may change."""
    bound = {id(v) for v in values}
    return [r.copy() if isinstance(r, np.ndarray) and (r.base is not None or id(r) in bound) else r for r in results]
