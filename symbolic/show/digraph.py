"""A graph as a networkx graph, for everything networkx can do with one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ndarray.collector import without_collection
from ndarray.params import text_of
from symbolic.graph.types import types_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import networkx

    from ndarray.typing import DTypeLike
    from symbolic.graph.graph import Graph
    from symbolic.graph.node import Node


@without_collection()
def to_networkx(graph: Graph, shape: Mapping[str, Sequence[int]] | None = None,
                dtype: Mapping[str, DTypeLike] | DTypeLike | None = None) -> networkx.MultiDiGraph:
    """Return a graph as a `networkx.MultiDiGraph`.

    Parameters
    ----------
    graph : Graph
    shape, dtype : dict, optional
        Of variables, by name.

    Returns
    -------
    networkx.MultiDiGraph
        A node is a node's name, or ``name#2``, ``name#3`` … where several have one name.  Its data: ``op`` (None
        for a variable), ``params`` and ``attrs`` (dicts of text), ``types`` (one `TensorType` an output), ``outputs``
        (names), ``state`` (whether some node writes it), ``head`` (whether it is an output of the graph).  An edge
        goes from producer to consumer; its data: ``output`` (number), ``input`` (name), ``type``, ``written``.

    Examples
    --------
    >>> import symbolic as sym
    >>> step = sym.signsgd_update(sym.var("w"), sym.var("g"), lr=0.1, name="step")
    >>> g = to_networkx(step.graph, {"w": (2, 3)})
    >>> sorted(g.edges(data="input"))
    [('g', 'step', 'grad'), ('w', 'step', 'weight')]
    >>> g.nodes["g"]["types"][0].shape
    (2, 3)
    """
    import networkx

    types = types_of(graph, shape, dtype)
    keys = unique_names(graph)
    heads = {e.node for e in graph.outputs}
    result = networkx.MultiDiGraph()
    for node in graph.nodes:
        result.add_node(
            keys[node], name=node.name, op=node.op.name if node.op else None,
            params={k: text_of(v) for k, v in node.params}, attrs=dict(node.attrs),
            types=[types[e] for e in node.outputs], outputs=[node.output_name(i) for i in range(node.num_outputs)],
            state=node in graph.written, head=node in heads)
        if node.op is None:
            continue
        written = set(node.op.written(node.complete_params))
        # Keys as networkx gives them, which would look through all edges between two nodes for each.
        parallel: dict[Node, int] = {}
        for at, (name, entry) in enumerate(zip(node.input_names, node.inputs)):
            key = parallel[entry.node] = parallel.get(entry.node, -1) + 1
            result.add_edge(keys[entry.node], keys[node], key, output=entry.index, input=name, type=types[entry],
                            written=at in written)
    return result


def unique_names(graph: Graph) -> dict[Node, str]:
    """Return a name for each node that no other has: its own, or with a number where several have one name."""
    taken, counts, keys = {n.name for n in graph.nodes}, {}, {}
    for node in graph.nodes:
        number = counts[node.name] = counts.get(node.name, 0) + 1
        key = node.name if number == 1 else f"{node.name}#{number}"
        while number > 1 and key in taken:
            number += 1
            key = f"{node.name}#{number}"
        taken.add(key)
        keys[node] = key
    return keys
