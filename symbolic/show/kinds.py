"""What each node is for a picture, and how it looks: by colour and by shape, so that colour-blind eyes see it, too."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """How one kind of node looks.

    Colours are tints of the palette of Okabe and Ito.

    Attributes
    ----------
    words : str
        What the legend calls it.
    shape, style : str
        Graphviz's names.
    fill, line : str
        Colours on white; `symbolic.show.theme` makes the dark ones of them.
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
    "layer": Kind("layer", "box3d", "#dfe3f6", "#4a55a2"),
    "loss": Kind("loss", "octagon", "#fbd5d5", "#b03030"),
    "gradient": Kind("gradient of an operator", "box", "#e3f0f5", "#3b7d94", "filled,diagonals"),
    "reduction": Kind("reduction", "invhouse", "#f6dcea", "#a3527f"),
    "shape": Kind("moves elements", "box", "#eeeeee", "#777777", "filled,dashed"),
    "operator": Kind("arithmetic", "box", "#f7f7f7", "#555555", "filled,rounded"),
    "update": Kind("weight update", "box", "#cfeee2", "#007a5a", "filled,rounded,bold"),
}
"""Every kind of node, by the name that `symbolic.show.drawing.Box.kind` has, in the order of the legend."""

_BY_MODULE = {"reduce": "reduction", "loss": "loss", "nn": "layer", "conv": "layer", "pooling": "layer",
              "upsampling": "layer", "rnn": "layer", "normalize": "layer",
              "creation": "constant"} | dict.fromkeys(
                  ("shape", "join", "indexing", "slicing", "repeat", "rearrange", "order"), "shape")
_BY_NAME = {"multi_sum_sq": "reduction", "_sum_sq": "reduction", "all_finite": "reduction",
            "multi_all_finite": "reduction", "_constant": "constant", "ones_like": "constant", "zeros_like": "constant"}

_PARAMETERS = ("weight", "bias", "gamma", "beta")
"""Beginnings of the names of inputs that are learnt."""

_RATES = ("lr", "lrs", "wd", "wds")
"""Inputs that are hyper-parameters, of operators that take them as arrays."""


def kind_of_operator(op):
    """Return the kind of an operator: by what it does to weights, else by its family."""
    if op.name.startswith("_backward_"):
        return "gradient"
    if op.name.endswith(("_update", "_update_phase1", "_update_phase2")):
        return "update"
    return _BY_NAME.get(op.name) or _BY_MODULE.get(op.compute.__module__.rsplit(".", 1)[-1], "operator")


def kinds_of(graph, types):
    """Return the kind of each node; a variable's follows from who reads it.

    Parameters
    ----------
    graph : Graph
    types : dict of Entry to TensorType

    Returns
    -------
    dict of Node to str
    """
    roles = roles_of(graph)
    rates, found = _rates(graph, roles), {}
    for node in graph.nodes:
        if node.op is not None:
            found[node] = kind_of_operator(node.op)
        elif node in graph.written:
            found[node] = "state"
        else:
            if any(name.startswith(_PARAMETERS) and not name.endswith("_sum_sq") for _, name in roles[node]):
                found[node] = "parameter"
            elif node in rates or _is_factor(node, roles[node], types):
                found[node] = "scalar"
            else:
                found[node] = "input"
    return found


def roles_of(graph):
    """Return for each node the (consumer, input name) pairs that read it."""
    roles = {node: [] for node in graph.nodes}
    for node in graph.nodes:
        if node.op is not None:
            for name, entry in zip(node.input_names, node.inputs):
                roles[entry.node].append((node, name))
    return roles


def _rates(graph, roles):
    """Return the nodes whose value ends in hyper-parameters and nowhere else, as ``lr`` that is first reshaped."""
    heads, found = {e.node for e in graph.outputs}, set()
    for node in reversed(graph.nodes):
        if roles[node] and node not in heads and all(
                name in reader.op.params or name in _RATES or (reader in found and not name.endswith("_sum_sq"))
                for reader, name in roles[node]):
            found.add(node)
    return found


def _is_factor(node, readers, types):
    """Whether it is one number that scales or shifts larger arrays."""
    own = types[node.outputs[0]].shape
    return bool(readers) and own in ((), (1,)) and all(
        kind_of_operator(reader.op) == "operator"
        and own not in (shapes := [types[e].shape for e in reader.outputs]) and None not in shapes
        for reader, _ in readers)
