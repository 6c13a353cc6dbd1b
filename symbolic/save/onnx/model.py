"""An ONNX model put together: what bodies have written down, under names, with where each part comes from."""

import json
from collections import Counter

import numpy as np

from ndarray.errors import FormatError, MXNetError
from ndarray.params import fed_names
from ndarray.text import cut
from symbolic.graph.node import Entry
from symbolic.graph.walk import evaluate
from symbolic.save.onnx.namespace import Words

OPSET, IR_VERSION = 18, 10
"""The newest operators and fields that a model uses; ONNX 1.16, and onnxruntime 1.18 or later, know them."""

_LONGEST, _DESCRIBED = 400, 100
"""Characters of the model's description, and how many nodes of the graph it may be of."""


def to_onnx(graph, types, kept=None):
    """Return a graph as a model.

    Parameters
    ----------
    graph : Graph
    types : dict of Entry to TensorType
        Complete.
    kept : dict of str to numpy.ndarray, optional
        Values of variables, of the types inferred, that the model is to hold.

    Returns
    -------
    onnx.ModelProto
    """
    try:
        import onnx.helper  # noqa: F401, asked for before any work is done
    except ImportError:
        raise ImportError("ONNX files are written by onnx; pip install 'symbolic-ndarray[onnx]'") from None
    names, words = _Names(), Words()
    arrive = {n: words.input(types[Entry(n)], names.new(n.name)) for n in graph.variables}
    outputs, written = _written_down(graph, arrive, words)
    kept = {n: kept[n.name] for n in graph.variables if n.name in (kept or {})}
    ends = [words.output(value, types[e], names.new(e.node.output_name(e.index)))
            for e, value in zip(graph.outputs, outputs)]
    states = {n: words.output(written[n], types[Entry(n)], names.new(f"{n.name}_new")) for n in graph.written
              if n not in kept or written[n] is not arrive[n]}
    made = _needed(words.nodes, [*ends, *states.values()])
    constants = _named(made, words, names) | {arrive[n]: array for n, array in kept.items()}
    fed = {n: value for n, value in arrive.items() if n not in kept or n in states}
    try:
        return _model(graph, fed, made, constants, ends, states)
    except (UnicodeEncodeError, ValueError) as error:
        # What protocol buffers raise for a lone surrogate.
        if not isinstance(error, UnicodeEncodeError) and "surrogate" not in str(error).lower():
            raise
        raise FormatError("save_onnx: a name holds a lone surrogate, which UTF-8 cannot write; "
                          "rename the node") from None


def _named(made, words, names):
    """Name what nodes give, and return the constants that they need."""
    for node in made:
        for value in node.outputs:
            value.name = value.name or names.new(f"{node.within.name if node.within else 'output'}/{node.op}")
    used = {value for node in made for value in node.inputs}
    constants = {value: array for value, array in words.constants.items() if value in used}
    for value in constants:
        value.name = names.new("constant")
    return constants


def _written_down(graph, inputs, words):
    """Run every body in `words`; return the outputs and the states, and mark what was made with its node."""
    seen = 0

    def mark(node, *_):
        nonlocal seen
        for made in words.nodes[seen:]:
            made.within = node
        seen = len(words.nodes)

    try:
        return evaluate(graph, inputs, words, mark)
    except MXNetError as error:
        raise type(error)("\n  ".join([f"save_onnx: {error}", *getattr(error, "__notes__", ())])) from None


def _needed(nodes, ends):
    """Return the nodes that the results need."""
    needed, found = set(ends), []
    for node in reversed(nodes):
        if needed.intersection(node.outputs):
            needed.update(node.inputs)
            found.append(node)
    return found[::-1]


def _model(graph, fed, made, constants, ends, states):
    """Put the parts together."""
    from onnx import helper, numpy_helper

    from symbolic.save.onnx.parts import Parts

    parts = Parts()
    roles, results = _roles(graph), {*ends, *states.values()}
    new = {value: f"new value of {fed[n].name}" for n, value in states.items()}
    body = helper.make_graph(
        [parts.node(n) for n in made], graph.outputs[0].node.name or "graph",
        [parts.info(value, roles.get(n, "argument")) for n, value in fed.items()],
        [parts.info(value, new.get(value, "")) for value in (*ends, *states.values())],
        [numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), value.name)
         for value, array in constants.items()],
        value_info=[parts.info(value) for n in made for value in n.outputs if value not in results])
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
                              producer_name="symbolic-ndarray", doc_string=_description(graph))
    if states:
        names = {fed[n].name: value.name for n, value in states.items()}
        helper.set_model_props(model, {"states": json.dumps(names, ensure_ascii=False)})
    return model


def _description(graph):
    """Return the beginning of a graph as text."""
    if len(graph.nodes) <= _DESCRIBED:
        return cut(str(graph), _LONGEST)
    return cut("\n".join([str(n) for n in graph.nodes[:_DESCRIBED] if n.op is not None]), _LONGEST - 1) + "…"


def _roles(graph):
    """Return what variables are to the graph, in words: states and hyper-parameters."""
    found = {n: f"state of {by.name} ({by.op.name})" for n, by in graph.written.items()}
    for node in graph.nodes:
        for index, name in fed_names(dict(node.params)).items():
            found.setdefault(node.inputs[index].node, f"{name} of {node.name} ({node.op.name})")
    return found


class _Names:
    """Names that are given once."""

    def __init__(self):
        self.taken = set()
        self.counts = Counter()

    def new(self, name):
        """Return `name`, with a number where it is taken."""
        base = name or "unnamed"
        while name in self.taken or not name:
            self.counts[base] += 1
            name = f"{base}_{self.counts[base]}"
        self.taken.add(name)
        return name
