"""What is on a picture of a graph, before anything is laid out or written in some format."""

from __future__ import annotations

import itertools
import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ndarray.errors import LimitError
from ndarray.params import text_of
from ndarray.tensortype import TensorType, type_text
from ndarray.text import common_name, cut, printable
from symbolic.graph.graph import Graph
from symbolic.graph.node import Entry, Node
from symbolic.graph.types import types_of
from symbolic.show.collapse import repeats, slots
from symbolic.show.digraph import unique_names
from symbolic.show.heat import Heat, Note, heats
from symbolic.show.kinds import KINDS, kinds_of
from symbolic.show.parts import Part, merged_along_chains
from symbolic.show.regions import Occurrence, occurrences_of, regions_in_order
from symbolic.show.size import check_size

LAYER_PARAMETERS = ("_weight", "_bias", "_gamma", "_beta", "_moving_mean", "_moving_var", "_moving_inv_var",
                    "_moving_avg", "_running_mean", "_running_var")
"""Ends of the names that `hide_weights` hides, as in MXNet."""


@dataclass(frozen=True)
class Box:
    """One node on the picture.

    Attributes
    ----------
    key : str
        Names it in the file.
    title : str
        The node's name.
    kind : str
        One of `KINDS`.
    lines : tuple of str
        What is under the title: operator and hyper-parameters.
    head : bool
        Whether it is an output of the graph.
    names : tuple of str
        Of all nodes that it represents.
    region : str
        The part of the graph it is in, from the attribute ``__region__``; empty where there is none.
    nodes : tuple of Node
        That it represents, in the order of `names`.
    notes : tuple of Note
        The notes of the overlays that have a value for it: name, share of heat, text.
    again : bool
        Whether earlier boxes represent its nodes, too: names that are drawn next to each of their readers.
    """

    key: str
    title: str
    kind: str
    lines: tuple[str, ...] = ()
    head: bool = False
    names: tuple[str, ...] = ()
    region: str = ""
    nodes: tuple[Node, ...] = ()
    notes: tuple[Note, ...] = ()
    again: bool = False


@dataclass(frozen=True)
class Arrow:
    """One edge: from producer to consumer.

    Attributes
    ----------
    tail, head : str
        Keys of the boxes.
    label : str
        Type of the value.
    written : bool
        Whether the consumer changes it in place.
    aside : bool
        Whether the gradient of an operator reads a value of the forward pass: its type is there.
    """

    tail: str
    head: str
    label: str = ""
    written: bool = False
    aside: bool = False


@dataclass(frozen=True)
class Drawing:
    """Boxes and arrows.

    Attributes
    ----------
    title : str
    boxes : tuple of Box
    arrows : tuple of Arrow
    graph : Graph
        What is drawn.
    types : dict of Entry to TensorType
        What is known of its values.
    heats : tuple of Heat
        The overlays, with their scales; their values for boxes are in `Box.notes`.
    """

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    graph: Graph
    types: Mapping[Entry, TensorType]
    heats: tuple[Heat, ...] = ()

    @property
    def kinds(self) -> list[str]:
        """The kinds that occur, in the order of `KINDS`."""
        found = {b.kind for b in self.boxes}
        return [k for k in KINDS if k in found]


_KINDS_OF_BLOCK = 5
"""How many operators of a repeated block are listed."""

COLLAPSE_ABOVE = 60
"""Graphs with more nodes are drawn with their repeats merged by default."""

MOST_NODES = 30_000
"""Graphs with more nodes are not searched for repeats."""

LARGEST = 3000
"""More boxes than this are not laid out: a picture of them would take minutes, and nobody could read it."""


def draw(graph: Graph, title: str = "plot", shape: Mapping[str, Sequence[int]] | None = None, dtype: Any = None,
         hide_weights: bool = True, collapse: bool | None = None, overlays: Sequence[Any] = (),
         types: Mapping[Entry, TensorType] | None = None) -> Drawing:
    """Return the `Drawing` of a graph.

    Parameters
    ----------
    graph : Graph
    title : str, optional
    shape, dtype : dict, optional
        Of variables, by name: what follows is written on the arrows.
    hide_weights : bool, optional
        Leave out the parameters of layers, as MXNet does.  A weight that an update takes is always shown.
    collapse : bool, optional
        Merge parts that repeat; by default above `COLLAPSE_ABOVE` nodes.
    overlays : sequence of Overlay, optional
        What is noted at the boxes; the first is drawn as heat.
    types : dict of Entry to TensorType, optional
        Of all entries, where they are known already.

    Raises
    ------
    ParamError
        If an overlay is none, or of another graph.
    LimitError
        If the graph has more than `MOST_NODES` nodes, or more than `LARGEST` boxes would remain.

    Warns
    -----
    RuntimeWarning
        Once, if several variables have the same name.
    """
    if len(graph.nodes) > MOST_NODES:
        raise LimitError(f"the graph has {len(graph.nodes):,} nodes, more than the limit of {MOST_NODES:,} for a "
                         f"picture{_INSTEAD}")
    edges = sum([len(node.inputs) for node in graph.nodes])
    if edges > 10 * MOST_NODES:
        raise LimitError(f"the graph has {edges:,} edges, more than the limit of {10 * MOST_NODES:,} for a picture"
                         f"{_INSTEAD}")
    check_size(graph, "a picture")
    types = types_of(graph, shape, dtype) if types is None else types
    _warn_of_doubles([n.name for n in graph.variables])
    kinds, heads = kinds_of(graph, types), {e.node for e in graph.outputs}
    collapse = len(graph.nodes) > COLLAPSE_ABOVE if collapse is None else collapse
    occurrences = occurrences_of(graph)
    order = regions_in_order(occurrences)
    groups = (repeats(occurrences, kinds, graph.outputs, cut=order is not None) if collapse
              else [[each] for each in occurrences])
    hidden = {at for at in _layer_parameters(occurrences) if at[0] not in heads} if hide_weights else set()
    groups = [group for group in groups if not all((each.node, each.region) in hidden for each in group)]
    parts = (merged_along_chains(groups, kinds, heads, order) if collapse and order is not None
             else [Part(group) for group in groups])
    _refuse_too_many(parts, collapse)
    titles = {node: printable(name) for node, name in unique_names(graph).items()}
    keys = {each: f"n{i}" for i, part in enumerate(parts) for each in part.occurrences}
    warm = heats(overlays, graph, [part.nodes for part in parts])
    boxes = [_box(part, keys, titles, kinds, heads, warm) for part in parts]
    arrows = _arrows(parts, keys, types, kinds)
    if collapse:
        boxes, arrows = _beside_consumers(boxes, arrows)
    return Drawing(printable(title), _marked(boxes, order), tuple(arrows), graph, types, warm)


_INSTEAD = "; draw a part: symbol.get_internals()['name_output'], or use print_summary"


def _refuse_too_many(parts: Sequence[Part], collapse: bool) -> None:
    if len(parts) > LARGEST:
        raise LimitError(f"{len(parts)} boxes are too many for a picture (at most {LARGEST})"
                         + ("" if collapse else "; collapse=True merges what repeats")
                         + _INSTEAD)


def _warn_of_doubles(names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        doubles = sorted(cut(printable(name)) for name, count in Counter(names).items() if count > 1)
        doubles[10:] = ["…"] * (len(doubles) > 10)
        warnings.warn("There are multiple variables with the same name in your graph, this may result in cyclic graph. "
                      f"Repeated names: {', '.join(doubles)}", RuntimeWarning, stacklevel=4)


def _box(part: Part, keys: Mapping[Occurrence, str], titles: Mapping[Node, str], kinds: Mapping[Node, str],
         heads: set[Node], warm: Sequence[Heat]) -> Box:
    nodes, first = part.nodes, part.occurrences[0]
    names = tuple([titles[node] for node in nodes])
    block = part.block > 1
    title = common_name([_name_of_block(names[k:k + part.block]) for k in range(0, len(names), part.block)]
                        if block else names) + (f"  ×{part.count}" if part.count > 1 else "")
    lines = _lines_of_block(nodes[:part.block]) if block else lines_of(nodes[0])
    if part.chained and not block:
        lines = (*lines, "one after the other")
    return Box(keys[first], title, "block" if block else kinds[nodes[0]], lines, not heads.isdisjoint(nodes), names,
               first.region, nodes, tuple(note for heat in warm if (note := heat.of(nodes))))


def _name_of_block(names: Sequence[str]) -> str:
    """Return the beginning that the names in a block have in common, or the last name."""
    words = [re.split("(?<=_)", name) for name in names]
    start = "".join(word[0] for word in itertools.takewhile(lambda column: len(set(column)) == 1, zip(*words)))
    return start.rstrip("_") or names[-1]


def _lines_of_block(nodes: Sequence[Node]) -> tuple[str, ...]:
    """Return what a repeated block consists of: its operators, those that occur most first."""
    found = Counter(node.op.name for node in nodes if node.op is not None).most_common()
    lines = [f"{name} ×{n}" if n > 1 else name for name, n in found[:_KINDS_OF_BLOCK]]
    more = sum(n for _, n in found[_KINDS_OF_BLOCK:])
    return (f"{len(nodes)} nodes each", *lines, *([f"and {more} more"] if more else []))


def _marked(boxes: Sequence[Box], order: Sequence[str] | None) -> tuple[Box, ...]:
    """Return the boxes, those of a region together and in the order of the regions; what is there again is marked."""
    seen, marked, rank = set(), [], {region: i for i, region in enumerate(order or ())}
    for box in sorted(boxes, key=lambda box: rank.get(box.region, 0)):
        marked.append(replace(box, again=seen.issuperset(box.nodes)))
        seen.update(box.nodes)
    return tuple(marked)


def _arrows(parts: Sequence[Part], keys: Mapping[Occurrence, str], types: Mapping[Entry, TensorType],
            kinds: Mapping[Node, str]) -> list[Arrow]:
    """Return the arrows into each part: one from each part that it reads, for each input that reads it."""
    arrows = []
    for part in parts:
        merged: dict[tuple[str, str], tuple[list[str], list[bool]]] = {}
        asides, own = {}, keys[part.occurrences[0]]
        for each in part.occurrences:
            node = each.node
            written = set(node.op.written(node.complete_params)) if node.op else ()
            for at, (source, entry, name) in enumerate(zip(each.inputs, node.inputs, slots(node))):
                tail = keys.get(source, own)
                if tail == own:
                    continue
                if _is_aside(source, each, kinds):
                    asides[tail] = Arrow(tail, own, aside=True)
                else:
                    # What an operator on many tensors reads of merged tensors, or of one number, is one arrow.
                    known = merged.setdefault((tail, "" if part.block > 1 else name), ([], []))
                    known[0].append(_label(types[entry], entry))
                    known[1].append(at in written)
        arrows += [Arrow(tail, own, _common_label(labels), any(written))
                   for (tail, _), (labels, written) in merged.items()]
        arrows += asides.values()
    return arrows


def _is_aside(source: Any, each: Any, kinds: Mapping[Node, str]) -> bool:
    return (kinds[each.node] == "gradient" and source.region != each.region
            and kinds[source.node] not in ("gradient", "constant"))


def _label(type_: TensorType, entry: Entry) -> str:
    text = type_text(type_)
    many = entry.node.op is not None and entry.node.op.many
    return f"[{entry.index}] {text}".strip() if entry.node.num_outputs > 1 and not many else text


def _common_label(labels: Sequence[str]) -> str:
    """One label for several types: what differs is ``*`` where all have the same number of axes, else "differ"."""
    different = list(dict.fromkeys(labels))
    if len(different) == 1:
        return labels[0]
    if len(different) == 2 and all(different):
        return ", ".join(different)
    words = [re.split("(×| )", label) for label in different]
    if len({tuple(w[1::2]) for w in words}) == 1:
        return "".join(column[0] if len(set(column)) == 1 else "*" for column in zip(*words))
    starts = {w[0] for w in words if " " in w}
    return " ".join([*(starts if len(starts) == 1 else ()), f"{len(different)} types"])


def _beside_consumers(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> tuple[list[Box], list[Arrow]]:
    """Draw a hyper-parameter that several boxes read next to each of them, so that no arrow crosses the picture."""
    readers = {}
    for arrow in arrows:
        readers.setdefault(arrow.tail, {}).setdefault(arrow.head, f"{arrow.tail}_{arrow.head}")
    new_boxes, moved = [], {}
    for box in boxes:
        mine = readers.get(box.key, ())
        if box.kind != "scalar" or len(mine) < 2 or box.head or box.nodes[0].op is not None:
            new_boxes.append(box)
            continue
        moved[box.key] = mine
        new_boxes += [replace(box, key=key) for key in mine.values()]
    return new_boxes, [replace(a, tail=moved[a.tail][a.head]) if a.tail in moved else a for a in arrows]


def _layer_parameters(occurrences: Sequence[Any]) -> set[tuple[Node, str]]:
    """Return the nodes, each with its region, that are parameters of layers and nothing else there."""
    readers = {}
    for each in occurrences:
        for source in each.inputs:
            readers.setdefault((source.node, source.region), []).append(each.node.op)
    return {key for key, ops in readers.items() if key[0].name.endswith(LAYER_PARAMETERS) and key[0].op is None
            and all(op.kind in ("layer", "loss", "gradient") for op in ops)}


def lines_of(node: Node) -> tuple[str, ...]:
    """Return what is under a node's name: its operator, and the parameters that do not mean their defaults."""
    if node.op is None:
        return ()
    inner = ("heads", "wrt") if node.op.kind == "gradient" else ()
    params = [f"{k} = {cut(printable(text_of(v)), 28)}" for k, v in node.params
              if k != node.op.count and k not in inner and not node.op.fed({k: v})
              and not node.op.params[k].is_default(v)]
    return (printable(node.op.name), *params)
