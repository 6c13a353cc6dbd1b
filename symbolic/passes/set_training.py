"""The mode in which a graph runs: training or not."""


from __future__ import annotations

from typing import TYPE_CHECKING

from ndarray.params import Training

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ndarray.operator import Operator
    from symbolic.graph.graph import Graph
    from symbolic.graph.node import Entry, Node


def training(graph: Graph) -> Graph:
    """Return the graph whose operators train; the graph itself where none of them asks for the mode."""
    if not any(n.op is not None and _modes(n.op) for n in graph.nodes):
        return graph

    def rule(node: Node) -> Sequence[Entry]:
        if node.op is None or not _modes(node.op):
            return node.outputs
        params = dict(node.params) | dict.fromkeys(_modes(node.op), True)
        return node.replace(params=tuple(sorted(params.items()))).outputs

    return graph.rewrite(rule)


def _modes(op: Operator) -> list[str]:
    return [p.name for p in op.params.values() if p.type is Training]
