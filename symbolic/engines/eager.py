"""NumPy, one operator after another: the engine that the others must agree with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray import vocabulary
from ndarray.kernels.signals import deliver
from symbolic.diagnostics.attribution import Piece, by_node
from symbolic.diagnostics.memory_plan import by_liveness
from symbolic.engines.buffers import commit
from symbolic.graph.walk import compute, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from symbolic.diagnostics.memory_plan import MemoryPlan
    from symbolic.engines.buffers import Buffers
    from symbolic.graph.graph import Graph
    from symbolic.graph.node import Node


def compile(graph: Graph, buffers: Buffers) -> EagerProgram:
    """Return the program that walks `graph` node by node on the arrays of `buffers`."""
    return EagerProgram(graph, buffers)


class EagerProgram:
    """A graph that is walked with NumPy; results are written when every node has succeeded.

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

    def __call__(self, visit: Callable[..., object] | None = None) -> None:
        """Run all nodes, then write outputs and states."""
        with np.errstate(all="ignore"):
            outputs, written = walk(self.graph, self._arrays(), _run, visit)
            results = [*outputs, *(written[n] for n in self._states)]
            commit(self._targets, _apart(results, self.buffers.values))

    def _arrays(self) -> dict[Node, np.ndarray]:
        """Return the array of each variable, byte-swapped ones in the native order as they are now."""
        if not self._swapped:
            return self._values
        swapped = {n: self._values[n] for n in self._swapped}
        return self._values | {n: v.astype(v.dtype.newbyteorder("=")) for n, v in swapped.items()}

    def measured(self) -> tuple[list[Piece], Callable[[Callable[[], object]], None]]:
        """Return the pieces of a run, and ``run(stamp)``, which calls `stamp` before the first and after each."""
        size = sum(t.nbytes for t in self._targets)

        def run(stamp: Callable[[], object]) -> None:
            stamp()
            self(lambda *_: stamp())
            stamp()

        return [*by_node(self.graph, self.buffers.types), Piece("results", {}, size, size)], run

    def plan(self) -> MemoryPlan:
        """Return the `MemoryPlan` of the memory that a run takes."""
        return by_liveness(self.graph, self.buffers.types)

    def describe(self) -> str:
        """Return the schedule as text: one line a node."""
        return "\n".join(["engine eager: one NumPy call per node", *(f"  {n}" for n in self.graph.nodes if n.op)])


def _run(node: Node, inputs: Sequence[Any], params: Mapping[str, Any]) -> Any:
    deliver()
    return compute(node, vocabulary, inputs, params)


def _apart(results: Sequence[Any], values: Sequence[np.ndarray]) -> list[Any]:
    """Return `results` with a copy of each whose memory may be that of a bound array, which a write may change."""
    bound = {id(v) for v in values}
    return [r.copy() if isinstance(r, np.ndarray) and (r.base is not None or id(r) in bound) else r for r in results]
