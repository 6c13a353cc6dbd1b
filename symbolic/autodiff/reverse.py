"""Reverse accumulation: what arrives at the outputs, carried back through the graph to some of its entries."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from symbolic.graph.graph import Graph
from symbolic.graph.node import Entry, Node

Flat = Callable[[Node], Collection[int]]


def pull_back(graph: Graph, heads: Mapping[Entry, Sequence[Any]], wrt: Iterable[Entry], flat: Flat,
              differentiate: Callable[[Node, dict[int, Any], tuple[int, ...]], Iterable[Any]],
              add: Callable[[Entry, list[Any]], Any]) -> dict[Entry, Any]:
    """Return what arrives at the entries `wrt`.

    Parameters
    ----------
    graph : Graph
    heads : dict of Entry to list of object
        What arrives at outputs; an empty list starts a node that needs no head.
    wrt : iterable of Entry
    flat : callable
        ``flat(node)`` gives the positions of inputs to which nothing flows.
    differentiate : callable
        ``differentiate(node, arrived, positions)`` gives what flows to the inputs at `positions`, None for nothing;
        `arrived` is a dict of output number to object, None where nothing came to an output that is to start.
    add : callable
        ``add(entry, arrived)`` gives the sum of a list of what arrived at one entry.

    Returns
    -------
    dict of Entry to object
        An entry that nothing reaches is left out.
    """
    wrt = set(wrt)
    ways = routes(graph, wrt, flat)
    arrived = {entry: list(values) for entry, values in heads.items()}
    result = {}
    for node in reversed(graph.nodes):
        here = {}
        for i, entry in enumerate(node.outputs):
            values = arrived.pop(entry, None)
            if values is None:
                continue
            here[i] = add(entry, values) if len(values) > 1 else values[0] if values else None
            if entry in wrt and values:
                result[entry] = here[i]
        if here and node in ways:
            positions = ways[node]
            for at, value in zip(positions, differentiate(node, here, positions), strict=True):
                if value is not None:
                    arrived.setdefault(node.inputs[at], []).append(value)
    return result


def routes(graph: Graph, wrt: Iterable[Entry], flat: Flat) -> dict[Node, tuple[int, ...]]:
    """Return, for each node on a way from an output to one of `wrt`, the positions of inputs to go on with."""
    moving, ways = set(wrt), {}
    for node in graph.nodes:
        if node.op is None:
            continue
        still = flat(node)
        positions = tuple([k for k, e in enumerate(node.inputs) if e in moving and k not in still])
        if positions:
            ways[node] = positions
            moving.update(node.outputs)
    return ways
