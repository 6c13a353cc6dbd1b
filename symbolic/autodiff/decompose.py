"""Composites replaced by the primitives that their bodies are made of."""


from __future__ import annotations

from typing import TYPE_CHECKING, Any

from symbolic.autodiff.trace import Trace
from symbolic.autodiff.tracer import Traced
from symbolic.graph.graph import Graph
from symbolic.graph.node import Entry
from symbolic.graph.walk import compute, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ndarray.tensortype import TensorType
    from symbolic.graph.node import Node


def is_composite(node: Node) -> bool:
    """Return whether a node's body is made of other nodes."""
    return bool(not node.op.primitive or node.op.writes or node.op.fed(node.complete_params))


def decompose(graph: Graph, types: Mapping[Entry, TensorType], expand: Callable[[Node], bool] = is_composite) -> Graph:
    """Return the graph with primitives in place of composites.

    Fed parameters become inputs like all others, and states are returned rather than written.

    Parameters
    ----------
    graph : Graph
    types : dict of Entry to TensorType
        Complete, as `symbolic.graph.infer.infer` gives them.
    expand : callable, optional
        ``expand(node)`` returns whether to open a node; all composites by default.

    Returns
    -------
    Graph
        Its outputs are those of `graph`, then the new value of each variable that an opened node writes, in the
        order of ``graph.written``.

    Examples
    --------
    >>> import numpy as np, symbolic as sym
    >>> from symbolic.graph.infer import infer
    >>> from ndarray.tensortype import TensorType
    >>> step = sym.signsgd_update(sym.var("w"), sym.var("g"), lr=0.5, name="step")
    >>> types = infer(step.graph, {"w": TensorType((3,), np.dtype("float32"))})
    >>> print(decompose(step.graph, types))
    %step_mul_scalar = _mul_scalar(%w, scalar=1.0)
    %step_sign = sign(%g)
    %step_mul_scalar1 = _mul_scalar(%step_sign, scalar=0.5)
    %step_elemwise_sub = elemwise_sub(%step_mul_scalar, %step_mul_scalar1)
    return %step_elemwise_sub
    """
    trace = Trace()

    def run(node: Node, inputs: Sequence[Any], params: Mapping[str, Any]) -> Any:
        if not expand(node):
            new = node if list(node.inputs) == inputs else node.replace(inputs=tuple(inputs))
            return new.outputs, ()
        values = [Traced(trace, e, types[old]) for e, old in zip(inputs, node.inputs)]
        outputs, states = compute(node, trace.within(node), values, params)
        changed = [types[node.inputs[at]] for at in node.op.written(params)]
        return ([trace.traced(v, types[e].dtype).entry for v, e in zip(outputs, node.outputs, strict=True)],
                [trace.traced(v, t.dtype).entry for v, t in zip(states, changed, strict=True)])

    outputs, written = walk(graph, {n: Entry(n) for n in graph.variables}, run)
    return Graph([*outputs, *(written[n] for n in graph.written if n in written)])
