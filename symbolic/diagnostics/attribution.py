"""What an engine runs, piece by piece: the nodes that each piece computes and the bytes that it moves."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from ndarray.kernels.loop import LEAVES
from ndarray.kernels.schedule import CallRun, LoopRun, Total
from symbolic.graph.node import Node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ndarray.kernels.flow import Flow
    from ndarray.tensortype import TensorType
    from symbolic.graph.graph import Graph
    from symbolic.graph.node import Entry


class Piece(NamedTuple):
    """What is timed as one: a node, or a loop that computes several.

    Attributes
    ----------
    what : str
        How it runs: ``NumPy``, ``kernel 0``, ``totals`` …
    nodes : dict of Node to float
        The nodes of the graph that it computes, and how much of it is due to each; they add up to 1.  Empty where it
        computes none, as where it copies.
    read, written : int
        Bytes.
    """

    what: str
    nodes: dict[Node, float]
    read: int
    written: int


def by_node(graph: Graph, types: Mapping[Entry, TensorType]) -> list[Piece]:
    """Return a piece for each node of a graph that has an operator, in order.

    Parameters
    ----------
    graph : Graph
    types : dict of Entry to TensorType
        Complete.
    """
    return [Piece("NumPy", {node: 1.0}, sum(types[e].nbytes for e in node.inputs),
                  sum(types[e].nbytes for e in (*node.outputs, *(node.inputs[at] for at in _written(node)))))
            for node in graph.nodes if node.op is not None]


def _written(node: Node) -> tuple[int, ...]:
    return node.op.written(node.complete_params)


def by_part(parts: Sequence[Any], flow: Flow, origins: Mapping[Node, Any],
            stand_ins: Mapping[Node, Node]) -> list[Piece]:
    """Return the piece of each part of a schedule.

    Parameters
    ----------
    parts : list of ndarray.kernels.report.Part
    flow : Flow
    origins : dict of Node to (tuple of int, tuple of int)
        As `symbolic.engines.lower.lower` gives them.
    stand_ins : dict of Node to Node
        For each node of the graph that was bound the one that was lowered in its place.
    """
    owners, givers = _owners(flow, origins)
    bound = defaultdict(list)
    for node, lowered in stand_ins.items():
        bound[lowered].append(node)
    return [Piece(part.name, _shared_out(part, flow, owners, givers, bound), part.read, part.written) for part in parts]


def _owners(flow: Flow, origins: Mapping[Node, Any]) -> tuple[Any, Any]:
    """Return for each instruction the nodes whose bodies it belongs to, and the nodes that give its value."""
    owners, givers = defaultdict(list), defaultdict(list)
    for node, (inputs, outputs) in origins.items():
        seen, stack = set(inputs), list(outputs)
        for at in outputs:
            givers[at].append(node)
        while stack:
            at = stack.pop()
            if at not in seen:
                seen.add(at)
                owners[at].append(node)
                word, args, _, _, detail = flow.instructions[at]
                stack += flow.calls[detail[0]].inputs if word == "result" else args
    return owners, givers


def _shared_out(part: Any, flow: Flow, owners: Any, givers: Any, bound: Any) -> dict[Node, float]:
    """Return how much of a part is due to each node that was bound: by bytes moved, then by lines of the loop."""
    found = defaultdict(float)
    for step in part.steps:
        lines = _computed(step, flow, owners, givers)
        size = step.n * step.loop.bytes_per_element or 1 if isinstance(step, LoopRun) else 1
        for nodes in lines:
            nodes = [node for lowered in nodes for node in bound[lowered]]
            for node in nodes:
                found[node] += size / len(lines) / len(nodes)
    whole = sum(found.values())
    return {node: amount / whole for node, amount in found.items()}


def _computed(step: Any, flow: Any, owners: Any, givers: Any) -> list[Any]:
    """Return the lowered nodes that each line of a step computes for."""
    if isinstance(step, CallRun):
        return [[flow.calls[step.number].what.node]]
    if isinstance(step, Total):
        return [owners[step.out.name]]
    loop = step.loop
    computed = [(at, changing) for at, line, changing in zip(step.values, loop.steps, loop.varying, strict=True)
                if line.word not in LEAVES]
    lines = [owners[at] for at, changing in computed if changing] + [owners[slot.name] for slot in step.partials]
    # A loop without arithmetic belongs to the nodes that hand on what it copies.
    return (list(filter(None, lines)) or list(filter(None, [owners[at] for at, _ in computed]))
            or list(filter(None, [givers[at] for at in step.values])))
