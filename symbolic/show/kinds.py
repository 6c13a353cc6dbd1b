"""What each node is on a picture, and how it looks: by colour and by shape, so that the colour-blind see it, too."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ndarray.tensortype import TensorType
from symbolic.autodiff.backward_op import flat_inputs
from symbolic.graph.graph import Graph
from symbolic.graph.node import Entry, Node


@dataclass(frozen=True)
class Kind:
    """How one kind of node looks.

    Colours are tints of the palette of Okabe and Ito.

    Attributes
    ----------
    label : str
        Its name in the legend.
    shape, style : str
        Graphviz's names.
    fill, line : str
        Colours on white; `symbolic.show.theme` derives the dark ones.
    """

    label: str
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
    "arithmetic": Kind("arithmetic", "box", "#f7f7f7", "#555555", "filled,rounded"),
    "update": Kind("weight update", "box", "#cfeee2", "#007a5a", "filled,rounded,bold"),
    "block": Kind("repeated block", "folder", "#ece6f5", "#6a4c93"),
    "same": Kind("unchanged", "box", "#ffffff", "#777777"),
    "added": Kind("added", "box", "#cfeee2", "#007a5a", "filled,bold"),
    "removed": Kind("removed", "box", "#fbd5d5", "#b03030", "filled,dashed,bold"),
    "changed": Kind("changed", "box", "#fbf3c0", "#a08b00", "filled,rounded,dashed"),
    "unregistered": Kind("unregistered operator", "box", "#ffffff", "#b03030", "filled,dotted"),
}
"""Every kind of node, by the name in `symbolic.show.drawing.Box.kind`, in the order of the legend.

Operators declare theirs (`ndarray.operator.Operator.kind`); a variable's follows from who reads it.
"""

LEARNT = ("weight", "bias", "gamma", "beta", "parameters")
"""Prefixes of the names of inputs that are learnt."""

_CARRYING = ("Cast", "amp_cast", "_copy", "_rnn_param_concat")
"""Operators besides those of shapes through which what is learnt may reach the one that reads it."""

_RATES = ("lr", "lrs", "wd", "wds")
"""Inputs that are hyper-parameters, of operators that take them as arrays."""


def kinds_of(graph: Graph, types: Mapping[Entry, TensorType]) -> dict[Node, str]:
    """Return the kind of each node; a variable's follows from who reads it.

    Parameters
    ----------
    graph : Graph
    types : dict of Entry to TensorType

    Returns
    -------
    dict of Node to str
    """
    return _kinds_of(graph, types, roles_of(graph))


def _kinds_of(graph: Graph, types: Mapping[Entry, TensorType], roles: dict[Node, list[tuple[Node, str]]]
              ) -> dict[Node, str]:
    rates, learnt, found = _rates(graph, roles), _learnt(graph, roles), {}
    for node in graph.nodes:
        if node.op is not None:
            found[node] = node.op.kind
        elif node in graph.written:
            found[node] = "state"
        else:
            if node in learnt:
                found[node] = "parameter"
            elif node in rates or _is_factor(node, roles[node], types):
                found[node] = "scalar"
            else:
                found[node] = "input"
    return found


def learnt_variables(graph: Graph, types: Mapping[Entry, TensorType], given: Collection[str] = ()) -> list[Node]:
    """Return the variables that training learns: no data, labels, states or hyper-parameters.

    Parameters
    ----------
    graph : Graph
    types : dict of Entry to TensorType
    given : collection of str, optional
        Names of variables whose shape the caller gives; such a variable is data unless an operator names it a weight.

    Notes
    -----
    What an operator reads as its weight, bias, gamma, beta or parameters is learnt, also if it is reshaped, joined with
    others or cast before.  So is a variable with a declared shape that is
    only computed with, as in ``broadcast_mul(data, scale)``, if other variables are data.

    Examples
    --------
    >>> import symbolic as sym
    >>> from symbolic.graph.infer import infer
    >>> net = sym.SoftmaxOutput(sym.FullyConnected(sym.var("data"), num_hidden=2, name="fc"), name="out").graph
    >>> [node.name for node in learnt_variables(net, infer(net))]
    ['fc_weight', 'fc_bias']
    """
    roles = roles_of(graph)
    kinds = _kinds_of(graph, types, roles)
    free = [n for n in graph.arguments if kinds[n] == "input"]
    declared = {n for n in free if n.name not in given and "__shape__" in dict(n.attrs) and roles[n]
                and all(reader.op.kind == "arithmetic" for reader, _ in roles[n])}
    if len(declared) == len(free):
        declared = set()
    return [n for n in graph.arguments if kinds[n] == "parameter" or n in declared]


def roles_of(graph: Graph) -> dict[Node, list[tuple[Node, str]]]:
    """Return for each node the pairs of consumer and input name that read it."""
    roles: dict[Node, list[tuple[Node, str]]] = {node: [] for node in graph.nodes}
    for node in graph.nodes:
        if node.op is not None:
            for name, entry in zip(node.input_names, node.inputs):
                roles[entry.node].append((node, name))
    return roles


def _learnt(graph: Graph, roles: dict[Node, list[tuple[Node, str]]]) -> set[Node]:
    """Return the nodes that operators read as what is learnt, also reshaped, joined or cast on the way."""
    found: set[Node] = set()
    for node in reversed(graph.nodes):
        if any((name.startswith(LEARNT) and not name.endswith("_sum_sq")) or (
                reader in found and (reader.op.kind == "shape" or reader.op.name in _CARRYING)
                and name not in [reader.input_names[k] for k in flat_inputs(reader)]) for reader, name in roles[node]):
            found.add(node)
    return found


def _rates(graph: Graph, roles: dict[Node, list[tuple[Node, str]]]) -> set[Node]:
    """Return the nodes whose value ends in hyper-parameters and nowhere else, such as ``lr`` that is first reshaped."""
    heads, found = {e.node for e in graph.outputs}, set()
    for node in reversed(graph.nodes):
        if roles[node] and node not in heads and all(
                name in reader.op.params or name in _RATES or (reader in found and not name.endswith("_sum_sq"))
                for reader, name in roles[node]):
            found.add(node)
    return found


def _is_factor(node: Node, readers: list[tuple[Node, str]], types: Mapping[Entry, TensorType]) -> bool:
    """Whether it is one number that scales or shifts larger arrays."""
    own = types[node.outputs[0]].shape
    return bool(readers) and own in ((), (1,)) and all(
        reader.op.kind == "arithmetic"
        and own not in (shapes := [types[e].shape for e in reader.outputs]) and None not in shapes
        for reader, _ in readers)
