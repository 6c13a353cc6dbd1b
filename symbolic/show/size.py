"""How large a graph may be for what handles it node by node."""

from ndarray.errors import LimitError
from symbolic.graph.graph import Graph

MOST_NODES = 50_000
"""Graphs with more nodes, or three times as many edges or outputs, are not printed or compared: that takes too long."""


def check_size(graph: Graph, purpose: str) -> None:
    """Raise where a graph is too large.

    Parameters
    ----------
    graph : Graph
    purpose : str
        What it is too large for, in the message.

    Raises
    ------
    LimitError
    """
    edges = sum([len(node.inputs) for node in graph.nodes])
    outputs = len(graph.outputs) + sum([node.num_outputs for node in graph.nodes])
    for count, what, most in ((len(graph.nodes), "nodes", MOST_NODES), (edges, "edges", 3 * MOST_NODES),
                              (outputs, "outputs", 3 * MOST_NODES)):
        if count > most:
            raise LimitError(f"the graph has {count:,} {what}, more than the limit of {most:,} for {purpose}; take a "
                             "part: symbol.get_internals()['name_output']")
