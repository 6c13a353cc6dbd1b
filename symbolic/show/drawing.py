"""What is on a picture of a graph, before anything is laid out or written in some format."""

import warnings
from dataclasses import dataclass, replace

from ndarray.errors import LimitError
from ndarray.params import Fed, text_of
from ndarray.tensortype import TensorType
from symbolic.graph import Graph
from symbolic.node import Entry, Node
from symbolic.show.collapse import common_name, repeats, slot
from symbolic.show.digraph import unique_names
from symbolic.show.overlay import Heat, Note, heats
from symbolic.show.types import printable, type_text, types_of

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
        What stands under the title: operator and hyper-parameters.
    head : bool
        Whether it is an output of the graph.
    names : tuple of str
        Of all nodes that it stands for.
    region : str
        The part of the graph it belongs to, from the attribute ``__region__``; empty where there is none.
    nodes : tuple of Node
        That it stands for, in the order of `names`.
    notes : tuple of Note
        What each overlay that knows something of it says: name, share of heat, text.
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
    """

    tail: str
    head: str
    label: str = ""
    written: bool = False


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
        The overlays, with their scales; what they say of boxes is in `Box.notes`.
    """

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    graph: Graph
    types: dict[Entry, TensorType]
    heats: tuple[Heat, ...] = ()

    @property
    def kinds(self):
        """The kinds that occur, in the order of `KINDS`."""
        found = {b.kind for b in self.boxes}
        return [k for k in KINDS if k in found]


@dataclass(frozen=True)
class Kind:
    """How one kind of node looks: colour and shape both tell, so that colour-blind eyes see it, too.

    Colours are tints of the palette of Okabe and Ito.
    """

    words: str
    shape: str
    fill: str
    line: str
    style: str = "filled"


KINDS = {
    "input": Kind("input", "ellipse", "#ffffff", "#555555"),
    "parameter": Kind("weight", "ellipse", "#d6e9f8", "#0072b2"),
    "state": Kind("state, written", "cylinder", "#fde3cf", "#d55e00"),
    "scalar": Kind("hyper-parameter", "hexagon", "#fbf3c0", "#a08b00"),
    "constant": Kind("constant", "note", "#eeeeee", "#777777"),
    "update": Kind("weight update", "box", "#cfeee2", "#007a5a", "filled,rounded,bold"),
    "reduction": Kind("reduction", "invhouse", "#f6dcea", "#a3527f"),
    "loss": Kind("loss", "octagon", "#fbd5d5", "#b03030"),
    "layer": Kind("layer", "box3d", "#dfe3f6", "#4a55a2"),
    "shape": Kind("moves elements", "box", "#eeeeee", "#777777", "filled,dashed"),
    "operator": Kind("arithmetic", "box", "#f7f7f7", "#555555", "filled,rounded"),
}
"""Every kind of node, by the name that `Box.kind` has."""

_BY_MODULE = {"reduce": "reduction", "loss": "loss", "nn": "layer", "conv": "layer", "normalize": "layer",
              "shape": "shape", "source": "constant"}


COLLAPSE_ABOVE = 60
"""Graphs with more nodes are drawn with their repeats merged, unless the caller says otherwise."""

LARGEST = 3000
"""More boxes than this are not laid out: a picture of them would take minutes, and nobody could read it."""


def draw(graph, title="plot", shape=None, dtype=None, hide_weights=True, collapse=None, overlays=()):
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

    Raises
    ------
    ParamError
        If an overlay is none, or of another graph.
    LimitError
        If more than `LARGEST` boxes would remain.

    Warns
    -----
    RuntimeWarning
        Once, if several variables have the same name.
    """
    types = types_of(graph, shape, dtype)
    _warn_of_doubles([n.name for n in graph.variables])
    roles = _roles(graph)
    heads = {e.node for e in graph.outputs}
    kinds = {n: kind_of(n, graph, roles.get(n, ())) for n in graph.nodes}
    hidden = {n for n in graph.variables if hide_weights and n not in heads and _is_layer_parameter(n, roles.get(n, ()))}
    collapse = len(graph.nodes) > COLLAPSE_ABOVE if collapse is None else collapse
    groups = repeats(graph, kinds) if collapse else [[n] for n in graph.nodes]
    groups = [g for g in groups if g[0] not in hidden]
    if len(groups) > LARGEST:
        raise LimitError(f"{len(groups)} boxes are too many for a picture (at most {LARGEST})"
                         + ("" if collapse else "; collapse=True merges what repeats")
                         + "; draw a part: symbol.get_internals()['name_output'], or use print_summary")
    titles = {node: printable(name) for node, name in unique_names(graph).items()}
    keys = {node: f"n{i}" for i, group in enumerate(groups) for node in group}
    warm = heats(overlays, graph, groups)
    boxes = [_box(group, keys, titles, kinds, heads, warm) for group in groups]
    arrows = _arrows(groups, keys, types)
    if collapse:
        boxes, arrows = _beside_consumers(boxes, arrows)
    return Drawing(printable(title), tuple(boxes), tuple(arrows), graph, types, warm)


def _warn_of_doubles(names):
    if len(set(names)) < len(names):
        doubles = sorted({printable(n) for n in names if names.count(n) > 1})
        warnings.warn("There are multiple variables with the same name in your graph, this may result in cyclic graph. "
                      f"Repeated names: {', '.join(doubles)}", RuntimeWarning, stacklevel=4)


def _box(group, keys, titles, kinds, heads, warm):
    node, names = group[0], tuple(titles[n] for n in group)
    title = common_name(names) + (f"  ×{len(group)}" if len(group) > 1 else "")
    return Box(keys[node], title, kinds[node], _lines(node), any(n in heads for n in group), names,
               printable(dict(node.attrs).get("__region__", "")), tuple(group),
               tuple(note for heat in warm if (note := heat.of(group))))


def _arrows(groups, keys, types):
    """Return one arrow for each input of the first node of a group; what the others read is on its label."""
    arrows = []
    for group in groups:
        first = group[0]
        if first.op is None:
            continue
        written = set(first.op.written(first.complete_params))
        merged = {}
        for at, entry in enumerate(first.inputs):
            if entry.node not in keys:
                continue
            labels = [_label(types[n.inputs[at]], n.inputs[at]) for n in group]
            # Inputs that the same operator takes from merged tensors are one arrow.
            place = (keys[entry.node], slot(first, at)) if len(group) > 1 or first.op.many else (at,)
            known = merged.setdefault(place, [keys[entry.node], [], False])
            known[1] += labels
            known[2] |= at in written
        arrows += [Arrow(tail, keys[first], _common_label(labels), w) for tail, labels, w in merged.values()]
    return arrows


def _label(type_, entry):
    text = type_text(type_)
    many = entry.node.op is not None and entry.node.op.many
    return f"[{entry.index}] {text}".strip() if entry.node.num_outputs > 1 and not many else text


def _common_label(labels):
    if len(set(labels)) == 1:
        return labels[0]
    starts = {label.split(" ")[0] for label in labels}
    return f"{starts.pop()} …" if len(starts) == 1 and "" not in starts else "…"


def _beside_consumers(boxes, arrows):
    """Draw a hyper-parameter that several boxes read beside each of them, so that no arrow crosses the picture."""
    readers = {}
    for arrow in arrows:
        readers.setdefault(arrow.tail, []).append(arrow)
    new_boxes, moved = [], {}
    for box in boxes:
        mine = readers.get(box.key, ())
        if box.kind != "scalar" or len(mine) < 2 or box.head:
            new_boxes.append(box)
            continue
        for i, arrow in enumerate(mine):
            new_boxes.append(replace(box, key=f"{box.key}_{i}"))
            moved[id(arrow)] = f"{box.key}_{i}"
    return new_boxes, [replace(a, tail=moved[id(a)]) if id(a) in moved else a for a in arrows]


def _roles(graph):
    """Return for each node the (consumer, input name) pairs that read it."""
    roles = {}
    for node in graph.nodes:
        if node.op is not None:
            for name, entry in zip(node.input_names, node.inputs):
                roles.setdefault(entry.node, []).append((node, name))
    return roles


def _is_layer_parameter(node, readers):
    return (node.name.endswith(LAYER_PARAMETERS) and bool(readers)
            and all(kind_of_operator(reader.op) in ("layer", "loss") for reader, _ in readers))


def kind_of(node, graph, readers):
    """Return the kind of a node; a variable's follows from who reads it."""
    if node.op is not None:
        return kind_of_operator(node.op)
    if node in graph.written:
        return "state"
    names = {name for _, name in readers}
    if readers and all(name in reader.op.params for reader, name in readers):
        return "scalar"
    if any(name.startswith("weight") for name in names):
        return "parameter"
    return "input"


def kind_of_operator(op):
    """Return the kind of an operator: by what it does to weights, else by its family."""
    if op.name.endswith(("_update", "_update_phase1", "_update_phase2")):
        return "update"
    family = op.compute.__module__.rsplit(".", 1)[-1]
    if op.name in ("multi_sum_sq", "all_finite", "multi_all_finite"):
        return "reduction"
    return _BY_MODULE.get(family, "operator")


def _lines(node):
    if node.op is None:
        return ()
    params = [f"{k} = {_short(text_of(v))}" for k, v in node.params
              if k != node.op.count and not isinstance(v, Fed)]
    return (node.op.name, *params)


def _short(text):
    return text if len(text) <= 28 else text[:27] + "…"

