"""Graphs compiled for the arrays they run on: forwards, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray import registry
from ndarray.kernels import pages
from symbolic import engines
from symbolic.engines.buffers import Buffers, to_host
from symbolic.graph.graph import Graph
from symbolic.graph.infer import infer
from symbolic.graph.node import Entry, Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ndarray.tensortype import TensorType
    from symbolic.autodiff.partition import Partition


class CompiledGraph:
    """A graph and its arrays, compiled.

    Parameters
    ----------
    graph : Graph
    arrays : dict of str to numpy.ndarray
        Of the variables, by name.
    outputs : sequence of numpy.ndarray
    types : dict of Entry to TensorType
    engine : str
    placement : object, optional
        See `symbolic.engines.place`.
    """

    def __init__(self, graph: Graph, arrays: Mapping[str, np.ndarray], outputs: Iterable[np.ndarray],
                 types: dict[Entry, TensorType], engine: str, placement: Any = None) -> None:
        self.graph = graph
        self.buffers = Buffers(tuple([arrays[n.name] for n in graph.variables]), tuple(outputs), types)
        self.program = engines.compiled(engine, graph, self.buffers, placement)

    @property
    def targets(self) -> list[np.ndarray]:
        """The arrays that a run changes: outputs, then states."""
        states = (v for n, v in zip(self.graph.variables, self.buffers.values) if n in self.graph.written)
        return [*self.buffers.outputs, *states]

    def __call__(self, visits: Sequence[Callable[..., object]] = ()) -> None:
        """Run all nodes; node by node where there are visits."""
        if not visits:
            self.program()
            return
        from symbolic.engines.eager import compile as compile_eager

        def visit(node: Node, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
            for look in visits:
                look(node, inputs, outputs)

        to_host((*self.buffers.values, *self.buffers.outputs))
        compile_eager(self.graph, self.buffers).walk(visit)


class CompiledGradient:
    """A graph and its gradient with their arrays, in two halves; see `symbolic.autodiff.partition`.

    Parameters
    ----------
    partition : Partition
    arrays : dict of str to numpy.ndarray
        Of the graph's variables, by name.
    outputs : sequence of numpy.ndarray
        Of the graph.
    grads : dict of str to numpy.ndarray
        Where the gradient of each argument goes, in the order of the backward half's outputs.
    adding : set of str
        Arguments whose gradient is added to what is there.
    engine : str
    placement : object, optional
        See `symbolic.engines.place`.

    Attributes
    ----------
    heads : dict of int to numpy.ndarray
        Where the heads go before `backward` or `whole` runs.
    """

    def __init__(self, partition: Partition, arrays: dict[str, np.ndarray], outputs: Sequence[np.ndarray],
                 grads: Mapping[str, np.ndarray], adding: set[str], engine: str, placement: Any = None) -> None:
        self._parts, self._arrays, self._outputs, self._where = partition, arrays, outputs, (engine, placement)
        self._grads, self._adding = grads, adding
        known = partition.known
        heads, residuals = partition.heads, [v.name for v in partition.residuals.values()]
        memory = pages.zeros([*(known[v.name] for v in heads.values()), *(known[name] for name in residuals)])
        self.heads = dict(zip(heads, memory))
        self._residuals = dict(zip(residuals, memory[len(heads):]))
        self._kept = engines.keep(engine, self._residuals.values())
        self._runs = {}

    @property
    def first(self) -> CompiledGraph:
        """The `CompiledGraph` of the forward half."""
        if "forward" not in self._runs:
            graph = self._parts.forward
            self._runs["forward"] = CompiledGraph(graph, self._arrays, [*self._outputs, *self._residuals.values()],
                                                  infer(graph, self._parts.known), *self._where)
        return self._runs["forward"]

    @property
    def second(self) -> CompiledGraph:
        """The `CompiledGraph` of the backward half."""
        if "backward" not in self._runs:
            self._runs["backward"] = self._back(self._parts.backward, self._arrays | self._residuals)
        return self._runs["backward"]

    def forward(self, visits: Sequence[Callable[..., object]] = ()) -> None:
        """Run the graph, and keep what its gradient needs."""
        self.first(visits)

    def backward(self, visits: Sequence[Callable[..., object]] = ()) -> None:
        """Compute the gradients from what `forward` kept."""
        self.second(visits)

    def whole(self, visits: Sequence[Callable[..., object]] = ()) -> None:
        """Compute the gradients again from the arguments; outputs and states stay as they are."""
        if "whole" not in self._runs:
            graph = self._parts.whole
            self._states = {n.name: np.empty_like(self._arrays[n.name]) for n in graph.written}
            self._runs["whole"] = self._back(graph, self._arrays | self._states)
        to_host(self._arrays[name] for name in self._states)
        for name, copy in self._states.items():
            copy[...] = self._arrays[name]
        self._runs["whole"](visits)

    def _back(self, graph: Graph, arrays: dict[str, np.ndarray]) -> CompiledGraph:
        arrays = arrays | {v.name: self.heads[i] for i, v in self._parts.heads.items()}
        known, outputs = dict(self._parts.known), []
        for (name, target), entry in zip(self._grads.items(), graph.outputs, strict=True):
            if name in self._adding:
                old = Node(None, f"{name}@old")
                known[old.name], arrays[old.name] = known[name], target
                entry = Node(registry.get("elemwise_add"), f"{name}_grad_sum", (Entry(old), entry)).outputs[0]
            outputs.append(entry)
        graph = Graph(outputs)
        return CompiledGraph(graph, arrays, self._grads.values(), infer(graph, known), *self._where)
