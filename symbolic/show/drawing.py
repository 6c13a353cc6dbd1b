"""What is on a picture of a graph, before anything is laid out or written in some format."""

import warnings
from dataclasses import dataclass

from ndarray.params import Fed, text_of
from symbolic.show.digraph import unique_names
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
    """

    key: str
    title: str
    kind: str
    lines: tuple[str, ...] = ()
    head: bool = False


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
    """

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]

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


def draw(graph, title="plot", shape=None, dtype=None, hide_weights=True):
    """Return the `Drawing` of a graph.

    Parameters
    ----------
    graph : Graph
    title : str, optional
    shape, dtype : dict, optional
        Of variables, by name: what follows is written on the arrows.
    hide_weights : bool, optional
        Leave out the parameters of layers, as MXNet does.  A weight that an update takes is always shown.

    Warns
    -----
    RuntimeWarning
        Once, if several variables have the same name.
    """
    types = types_of(graph, shape, dtype)
    names = [n.name for n in graph.variables]
    if len(set(names)) < len(names):
        warnings.warn("There are multiple variables with the same name in your graph, this may result in cyclic graph. "
                      f"Repeated names: {', '.join(sorted({printable(n) for n in names if names.count(n) > 1}))}",
                      RuntimeWarning, stacklevel=3)
    keys = {node: f"n{i}" for i, node in enumerate(graph.nodes)}
    titles = {node: printable(name) for node, name in unique_names(graph).items()}
    roles = _roles(graph)
    heads = {e.node for e in graph.outputs}
    hidden = {n for n in graph.variables if hide_weights and n not in heads and _is_layer_parameter(n, roles.get(n, ()))}
    boxes, arrows = [], []
    for node in graph.nodes:
        if node in hidden:
            continue
        boxes.append(Box(keys[node], titles[node], kind_of(node, graph, roles.get(node, ())), _lines(node),
                         node in heads))
        if node.op is None:
            continue
        written = set(node.op.written(node.complete_params))
        for at, entry in enumerate(node.inputs):
            if entry.node in hidden:
                continue
            label = type_text(types[entry])
            if entry.node.num_outputs > 1:
                label = f"[{entry.index}] {label}".strip()
            arrows.append(Arrow(keys[entry.node], keys[node], label, at in written))
    return Drawing(printable(title), tuple(boxes), tuple(arrows))


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

