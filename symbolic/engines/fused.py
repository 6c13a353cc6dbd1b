"""Loops of machine code over all tensors of a step, or NumPy in tiles where there is no compiler.

Everything is looked up at bind: what is left is, in the best case, one call of one function.  What no loop can say
runs node by node with NumPy before anything is written, so that a step is done wholly or not at all.
"""

from functools import partial

import numpy as np

from ndarray import vocabulary
from ndarray.kernels import compile as machine_code
from ndarray.kernels.bind import Binding
from ndarray.kernels.cluster import cluster
from ndarray.kernels.describe import describe
from ndarray.kernels.places import Places
from ndarray.kernels.signals import deferred
from ndarray.kernels.table import Table
from ndarray.kernels.tiles import TileTable
from ndarray.tensortype import TensorType
from symbolic.evaluate import feed
from symbolic.infer import infer
from symbolic.node import Entry
from symbolic.passes.fold import fold_constants
from symbolic.passes.lower import lower
from symbolic.passes.merge import merge_duplicates


def compile(graph, bound):
    """Return the program that runs `graph` in loops on the arrays of `bound`."""
    return FusedProgram(graph, bound)


class FusedProgram:
    """A graph as a schedule of loops over bound arrays.

    Parameters
    ----------
    graph : Graph
    bound : Bound
    """

    def __init__(self, graph, bound):
        self.graph = graph
        self.bound = bound
        arrays = dict(zip(graph.variables, bound.values))
        smaller, constants = fold_constants(merge_duplicates(graph))
        arrays |= constants
        types = _types(smaller, graph, bound.types, constants)
        places = Places()
        inputs = {n: places.read(arrays[n]) for n in smaller.variables}
        targets = [places.write(a) for a in (*bound.outputs, *(arrays[n] for n in smaller.written))]
        flow = lower(smaller, types, inputs, targets)._replace(overlaps=places.overlaps())
        self._table = Table if machine_code.available() else TileTable
        self._schedule, self._flow = cluster(flow), flow
        self._binding = Binding(self._schedule, flow, places.arrays, self._table, call=_call)
        self._run = _joined([*places.before, *self._binding.steps, *places.after])

    def __call__(self):
        """Run the graph, all or nothing."""
        self._run()

    def describe(self):
        """Return the schedule as text: phases, kernels, bytes moved, memory, and what was not fused and why."""
        return describe(self._schedule, self._flow, self._binding, self._table)


def _types(graph, before, types, constants):
    """Return the type of every entry of a rewritten graph, whose nodes stand in the place of old ones."""
    known = {n.name: types[Entry(n)] for n in before.variables}
    known |= {n.name: TensorType(v.shape, v.dtype) for n, v in constants.items()}
    return types if graph is before else infer(graph, known)


def _call(what, inputs, results):
    """Run a node with NumPy."""
    node = what.node
    arrays, params = feed(node, inputs, node.complete_params)
    with np.errstate(all="ignore"):
        outputs, new = node.op.run(vocabulary, arrays, params)
        values = (*outputs, *new)
        for i, target in results.items():
            target[...] = values[i]


def _joined(steps):
    """Return one function that runs all steps and that no interrupt tears."""
    if len(steps) == 1 and len(getattr(steps[0], "calls", "  ")) == 1:
        return steps[0].calls[0]
    return partial(_run_all, tuple([call for step in steps for call in getattr(step, "calls", (step,))]))


def _run_all(calls):
    with deferred():
        for call in calls:
            call()
