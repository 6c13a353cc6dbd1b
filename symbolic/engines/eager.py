"""NumPy, one operator after another: the engine that the others must agree with."""

import numpy as np

from ndarray import vocabulary
from symbolic.diagnostics.attribution import Piece, by_node
from symbolic.diagnostics.memory_plan import by_liveness
from symbolic.engines.buffers import commit
from symbolic.graph.walk import evaluate


def compile(graph, bound):
    """Return the program that walks `graph` node by node on the arrays of `bound`."""
    return EagerProgram(graph, bound)


class EagerProgram:
    """A graph run by `evaluate` with NumPy; results are written when every node has succeeded.

    Parameters
    ----------
    graph : Graph
    bound : Bound
    """

    NAME = "eager"

    def __init__(self, graph, bound):
        self.graph = graph
        self.bound = bound
        self._values = dict(zip(graph.variables, bound.values))
        self._states = tuple(graph.written)
        self._targets = (*bound.outputs, *(self._values[n] for n in self._states))

    def __call__(self, visit=None):
        """Run all nodes, then write outputs and states."""
        with np.errstate(all="ignore"):
            outputs, written = evaluate(self.graph, self._values, vocabulary, visit)
            results = [*outputs, *(written[n] for n in self._states)]
            commit(self._targets, _apart(results, self.bound.values))

    def measured(self):
        """Return the pieces of a run, and ``run(stamp)``, which calls `stamp` before the first and after each."""
        size = sum(t.nbytes for t in self._targets)

        def run(stamp):
            stamp()
            self(lambda *_: stamp())
            stamp()

        return [*by_node(self.graph, self.bound.types), Piece("results", {}, size, size)], run

    def plan(self):
        """Return the `Plan` of the memory that a run takes."""
        return by_liveness(self.graph, self.bound.types)

    def describe(self):
        """Return the schedule as text: one line a node."""
        return "\n".join(["engine eager: one NumPy call per node", *(f"  {n}" for n in self.graph.nodes if n.op)])


def _apart(results, values):
    """Return `results` with a copy of each whose memory may be that of a bound array, which a write may change."""
    bound = {id(v) for v in values}
    return [r.copy() if isinstance(r, np.ndarray) and (r.base is not None or id(r) in bound) else r for r in results]
