"""Where each node stands on a picture: the regions, and the variables that stand in several of them."""

from graphlib import CycleError, TopologicalSorter

from symbolic.graph.types import printable


class Place:
    """A node at one place of the picture.

    Attributes
    ----------
    node : Node
    region : str
        From the attribute ``__region__``; empty where there is none.
    inputs : tuple of Place
        In the order of the node's.
    """

    __slots__ = ("node", "region", "inputs")

    def __init__(self, node, region, inputs=()):
        self.node, self.region, self.inputs = node, region, inputs


def places_of(graph):
    """Return the places of a graph's nodes, inputs first.

    An operator stands in its region.  A variable stands in each region that reads it: an arrow that crosses the picture
    says less than a name that is there twice.

    Parameters
    ----------
    graph : Graph

    Returns
    -------
    list of Place
    """
    heads = {e.node for e in graph.outputs}
    found, at = [], {}

    def place(node, region):
        if (node, region) not in at:
            at[node, region] = Place(node, region)
            found.append(at[node, region])
        return at[node, region]

    for node in graph.nodes:
        region = region_of(node)
        if node.op is not None:
            inputs = tuple([place(e.node, region if e.node.op is None else region_of(e.node)) for e in node.inputs])
            place(node, region).inputs = inputs
        elif node in heads:
            place(node, region)
    return found


def region_of(node):
    """Return the part of the graph that a node was put in, as text to show; empty where there is none."""
    return printable(dict(node.attrs).get("__region__", "")) if node.attrs else ""


def regions_in_order(places):
    """Return the regions, those before others that they feed; None where they feed each other in a circle."""
    feeds = {p.region: set() for p in places}
    for place in places:
        feeds[place.region].update(source.region for source in place.inputs if source.region != place.region)
    try:
        return list(TopologicalSorter(feeds).static_order())
    except CycleError:
        return None
