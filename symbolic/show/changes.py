"""What is on a picture of two graphs: the nodes that differ, in colours, and those around them."""

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ndarray.collector import without_collection
from ndarray.errors import LimitError
from ndarray.tensortype import UNKNOWN
from ndarray.text import printable
from symbolic.graph.graph import Graph
from symbolic.graph.node import Node
from symbolic.show.drawing import COLLAPSE_ABOVE, LARGEST, Arrow, Box, Drawing, lines_of

if TYPE_CHECKING:
    from symbolic.show.diff import Diff


@without_collection()
def changes(diff: "Diff", title: str = "diff") -> Drawing:
    """Return the `Drawing` of two graphs: a box for each pair of nodes, and for each node of one graph alone.

    In graphs of more than `COLLAPSE_ABOVE` nodes, what neither differs nor is next to a difference is left out.

    Raises
    ------
    LimitError
        If more than `LARGEST` boxes would remain.
    """
    kinds = _kinds(diff)
    if (differing := sum(kind != "same" for kind in kinds.values())) > LARGEST:
        raise LimitError(f"{differing:,} differing nodes are too many for a picture (at most {LARGEST:,}); "
                         "print the diff instead")
    keys = {node: f"n{i}" for i, node in enumerate(diff.b.nodes)}
    keys |= {node: keys[diff.pairs[node]] if node in diff.pairs else f"m{i}" for i, node in enumerate(diff.a.nodes)}
    kinds = _kinds(diff)
    notes = defaultdict(list)
    for edit in diff.edits:
        if edit.kind not in ("added", "removed", "outputs"):
            notes[edit.name].append(f"was {printable(edit.old)}" if edit.kind == "renamed" else edit.detail)
    heads = {e.node for graph in (diff.a, diff.b) for e in graph.outputs}
    boxes = {keys[n]: Box(keys[n], printable(n.name), kind, _lines(n, kind, notes), n in heads, (printable(n.name),),
                          nodes=(n,)) for n, kind in kinds.items()}
    arrows = _arrows(diff, keys)
    if len(boxes) > COLLAPSE_ABOVE:
        near = _near_changes(boxes, arrows)
        boxes = {key: box for key, box in boxes.items() if key in near}
    if len(boxes) > LARGEST:
        raise LimitError(f"{len(boxes):,} nodes that differ or are next to such are too many for a picture (at most "
                         f"{LARGEST:,}); print the diff instead")
    both = Graph((*diff.b.outputs, *diff.a.outputs))
    types = {entry: UNKNOWN for node in both.nodes for entry in node.outputs}
    return Drawing(printable(title), tuple(boxes.values()),
                   tuple([a for a in arrows if a.tail in boxes and a.head in boxes]), both, types)


def _kinds(diff: "Diff") -> dict[Node, str]:
    """Return the kind of each box by the node that it shows: of a pair, the one in the second graph."""
    edited = {edit.name for edit in diff.edits if edit.kind not in ("added", "removed", "outputs")}
    matched = set(diff.pairs.values())
    kinds = {n: "added" if n not in matched else "changed" if n.name in edited else "same" for n in diff.b.nodes}
    return kinds | {n: "removed" for n in diff.a.nodes if n not in diff.pairs}


def _lines(node: Node, kind: str, notes: Mapping[str, list[str]]) -> tuple[str, ...]:
    return (*lines_of(node)[:1], *notes[node.name]) if kind == "changed" else lines_of(node)


def _arrows(diff: "Diff", keys: Mapping[Node, str]) -> list[Arrow]:
    """Return the arrows of both graphs, each once."""
    found = {}
    for graph in (diff.a, diff.b):
        for node in graph.nodes:
            for entry in node.inputs:
                ends = keys[entry.node], keys[node]
                found[ends] = Arrow(*ends)
    return list(found.values())


def _near_changes(boxes: Mapping[str, Box], arrows: list[Arrow]) -> set[str]:
    """Return the keys of boxes that differ and of those next to them."""
    differing = {key for key, box in boxes.items() if box.kind != "same"}
    return differing | {end for a in arrows if not differing.isdisjoint((a.tail, a.head)) for end in (a.tail, a.head)}
