"""Constants whose shape is inferred from others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from symbolic.graph.infer import has_open_shape
from symbolic.graph.node import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ndarray.tensortype import TensorType
    from symbolic.graph.graph import Graph
    from symbolic.graph.node import Node


def fill_shapes(graph: Graph, types: Mapping[Entry, TensorType]) -> Graph:
    """Give each constant with a 0 in its shape the shape that was inferred, as of a recurrent network's first state.

    Parameters
    ----------
    graph : Graph
    types : dict of Entry to TensorType
        Of this graph.

    Returns
    -------
    Graph
        The same graph where every constant has its own shape.

    Examples
    --------
    >>> import symbolic as sym
    >>> from symbolic.graph.infer import infer
    >>> step = (sym.var("x", shape=(2, 3)) + sym.zeros((0, 3), name="begin")).graph
    >>> print(fill_shapes(step, infer(step)))
    %begin = _zeros(shape=(2, 3))
    %_plus0 = elemwise_add(%x, %begin)
    return %_plus0
    """
    shapes = {n: types[Entry(n)].shape for n in graph.nodes if n.op is not None and has_open_shape(n)}
    shapes = {n: shape for n, shape in shapes.items() if shape != n.complete_params["shape"]}
    if not shapes:
        return graph

    def rule(node: Node) -> tuple[Entry, ...]:
        if node not in shapes:
            return node.outputs
        return node.replace(params=tuple(sorted((dict(node.params) | {"shape": shapes[node]}).items()))).outputs

    return graph.rewrite(rule)
