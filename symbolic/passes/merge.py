"""Nodes with equal content become one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ndarray.params import is_array

if TYPE_CHECKING:
    from collections.abc import Sequence

    from symbolic.graph.graph import Graph
    from symbolic.graph.node import Entry, Node


def merge_duplicates(graph: Graph, moved: dict[Entry, Entry] | None = None) -> Graph:
    """Keep the first of the nodes that apply one pure operator to the same inputs.

    Parameters
    ----------
    graph : Graph
    moved : dict, optional
        As in `Graph.rewrite`.

    Returns
    -------
    Graph
        This very graph where no two nodes are equal.

    Examples
    --------
    >>> import symbolic as sym
    >>> x = sym.var("x")
    >>> print(merge_duplicates((sym.exp(x, name="a") + sym.exp(x, name="b")).graph))
    %a = exp(%x)
    %_plus0 = elemwise_add(%a, %a)
    return %_plus0
    """
    first = {}

    def rule(node: Node) -> Sequence[Entry]:
        key = _key(node)
        return node.outputs if key is None else first.setdefault(key, node).outputs

    return graph.rewrite(rule, moved)


def _key(node: Node) -> Any:
    """Return what two equal nodes share; None for a node that is never merged."""
    op = node.op
    if op is None or not op.pure or op.writes or op.draws(node.complete_params):
        return None
    if any(map(changes, node.complete_params.values())):
        return None
    # As text, for 0.0 equals -0.0 and 1 equals True.
    return op, node.inputs, repr(sorted(node.complete_params.items()))


def changes(value: object) -> bool:
    """Tell whether a parameter is an array, whose contents may change."""
    return any(map(changes, value)) if isinstance(value, tuple) else is_array(value)
