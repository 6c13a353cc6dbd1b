"""The regions of a picture, and in which of them each node is drawn: a variable may be drawn in several."""

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from ndarray.text import printable
from symbolic.graph.graph import Graph
from symbolic.graph.node import Node


class Occurrence:
    """A node in one region of the picture.

    Attributes
    ----------
    node : Node
    region : str
        From the attribute ``__region__``; empty without one.
    inputs : tuple of Occurrence
        In the order of the node's.
    """

    __slots__ = ("node", "region", "inputs")

    def __init__(self, node: Node, region: str, inputs: tuple["Occurrence", ...] = ()):
        self.node, self.region, self.inputs = node, region, inputs


def occurrences_of(graph: Graph) -> list[Occurrence]:
    """Return the occurrences of a graph's nodes, inputs first.

    An operator is drawn in its region.  A variable is drawn in each region that reads it: an arrow that crosses the
    picture shows less than a name that appears twice.

    Parameters
    ----------
    graph : Graph

    Returns
    -------
    list of Occurrence
    """
    heads = {e.node for e in graph.outputs}
    found: list[Occurrence] = []
    known: dict[tuple[Node, str], Occurrence] = {}

    def occurrence(node: Node, region: str) -> Occurrence:
        if (node, region) not in known:
            known[node, region] = Occurrence(node, region)
            found.append(known[node, region])
        return known[node, region]

    for node in graph.nodes:
        region = region_of(node)
        if node.op is not None:
            inputs = tuple([occurrence(e.node, region if e.node.op is None else region_of(e.node))
                            for e in node.inputs])
            occurrence(node, region).inputs = inputs
        elif node in heads:
            occurrence(node, region)
    return found


def region_of(node: Node) -> str:
    """Return the part of the graph that a node was put in, as text to show; empty without one."""
    return printable(dict(node.attrs).get("__region__", "")) if node.attrs else ""


def regions_in_order(occurrences: Iterable[Occurrence]) -> list[str] | None:
    """Return the regions, each before those that it feeds; None where they feed each other in a circle."""
    feeds: dict[str, set[str]] = {o.region: set() for o in occurrences}
    for each in occurrences:
        feeds[each.region].update(source.region for source in each.inputs if source.region != each.region)
    try:
        return list(TopologicalSorter(feeds).static_order())
    except CycleError:
        return None
