"""A graph as a flow: each operator's body recorded as instructions, or called where a loop cannot compute it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ndarray import vocabulary
from ndarray.kernels.flow import Call, Flow, Sink
from ndarray.kernels.opened import OpenedWords
from ndarray.kernels.record import Recorder, Unfusible
from symbolic.graph.node import Entry, Node
from symbolic.graph.walk import feed, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from ndarray.tensortype import TensorType
    from symbolic.graph.graph import Graph


class NodeCall(NamedTuple):
    """A node that is left to NumPy."""

    node: Node
    sure: bool = False
    by: str = "NumPy"

    def __str__(self) -> str:
        return f"%{self.node.name} = {self.node.op.name}"

    def scratch(self, parts: Any) -> int:
        """Return how many bytes are to be kept for it: none, its body allocates."""
        return 0

    def bind(self, inputs: Sequence[np.ndarray], results: dict[int, np.ndarray], table: type, scratch: np.ndarray
             ) -> Callable[[], None]:
        """Return a function that runs the node's body and copies its outputs."""
        return partial(_call, self.node, inputs, results)


def _call(node: Node, inputs: Sequence[np.ndarray], results: dict[int, np.ndarray]) -> None:
    arrays, params = feed(node, inputs, node.complete_params)
    with np.errstate(all="ignore"):
        outputs, new = node.op.run(vocabulary, arrays, params)
        values = (*outputs, *new)
        for i, target in results.items():
            target[...] = values[i]


class GraphRecorder(OpenedWords):
    """A recorder that knows which node it records; it opens updates, whose temporary values are as large as weights."""

    def begin(self, node: Node, values: Sequence[Any], params: Mapping[str, Any]) -> None:
        """Come before the body of a node; `Unfusible` leaves the node to NumPy."""
        self.node, self.opens = node, bool(node.op.update)


def lower(graph: Graph, types: Mapping[Entry, TensorType], inputs: Mapping[Node, Hashable], targets: Sequence[Hashable],
          origins: dict[Node, Any] | None = None, recorder: GraphRecorder | None = None) -> Flow:
    """Return the flow of a graph.

    Parameters
    ----------
    graph : Graph
    types : dict of Entry to TensorType
        Complete.
    inputs : dict of Node to hashable
        The place of each variable.
    targets : list of hashable
        Places of the graph's outputs, then of the variables that are written, in the order of ``graph.written``.
    origins : dict, optional
        Receives for each node the instructions of its inputs, and those of its outputs and new states.
    recorder : GraphRecorder, optional
        Decides what loops can compute.

    Returns
    -------
    Flow
    """
    recorder = recorder or GraphRecorder()

    def run(node: Node, values: Sequence[Any], params: Mapping[str, Any]) -> Any:
        outputs, new = _record(recorder, node, params, values, types)
        if origins is not None:
            origins[node] = tuple([v.id for v in values]), tuple([v.id for v in (*outputs, *new)])
        return outputs, new

    known = {n: types[Entry(n)] for n in graph.variables}
    outputs, written = walk(graph, {n: recorder.input(inputs[n], t.dtype, t.shape) for n, t in known.items()}, run)
    results = [*outputs, *(written[n] for n in graph.written)]
    sinks = tuple([Sink(t, v.id) for t, v in zip(targets, results, strict=True)])
    return Flow(recorder.instructions, recorder.calls, sinks)


def _record(recorder: GraphRecorder, node: Node, params: Mapping[str, Any], values: Sequence[Any],
            types: Mapping[Entry, TensorType]) -> Any:
    """Return the outputs and the new states of a node, from its body or as results of a call."""
    expected = [types[e] for e in node.outputs]
    changed = [types[node.inputs[at]] for at in node.op.written(params)]
    try:
        recorder.begin(node, values, params)
        outputs, new = node.op.run(recorder, *feed(node, values, params))
        outputs = [as_type(recorder, v, t) for v, t in zip(outputs, expected, strict=True)]
        return outputs, [as_type(recorder, v, t) for v, t in zip(new, changed, strict=True)]
    except (Unfusible, TypeError) as error:
        # A body may use what NumPy's arrays know and recorded values do not.
        why = str(error)
    number = len(recorder.calls)
    recorder.calls.append(Call(NodeCall(node), tuple([v.id for v in values]), why))
    results = [recorder.result(number, i, t.dtype, t.shape) for i, t in enumerate((*expected, *changed))]
    return results[:len(expected)], results[len(expected):]


def as_type(recorder: Recorder, value: Any, type_: TensorType) -> Any:
    """Return a result in the shape that was inferred; a body may give a scalar for an array of one element.

    Raises
    ------
    Unfusible
        If it has another dtype, or another size.
    """
    if getattr(value, "dtype", None) != type_.dtype:
        raise Unfusible(f"the body gives {getattr(value, 'dtype', 'a number')} for {type_.dtype}")
    return recorder.reshape(value, type_.shape)
