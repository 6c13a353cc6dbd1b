"""A graph as an ONNX model: each operator's body, written with ONNX's core operators."""

import json
import os
from collections import Counter

import numpy as np

from ndarray.atomic import write_atomically
from ndarray.dtypes import DEFAULT
from ndarray.errors import FormatError, MXNetError, OperatorError, ShapeError, shown
from ndarray.params import text_of
from ndarray.tensortype import TensorType
from symbolic.evaluate import evaluate
from symbolic.infer import infer
from symbolic.modes import training
from symbolic.node import Entry
from symbolic.save.onnx_words import Words
from symbolic.show.types import types_of

OPSET, IR_VERSION = 18, 10
"""The newest operators and fields that a model uses; ONNX 1.16, and onnxruntime 1.18 or later, know them."""

LARGEST = 2**31 - 1 - 2**20
"""Protocol buffers end at 2 GiB."""

_LONGEST = 400
"""Characters of a description."""


def save_onnx(symbol, fname, shape=None, dtype=None, is_train=False):
    """Write a Symbol to a file as an ONNX model, whole or not at all.

    Parameters
    ----------
    symbol : Symbol
    fname : str or path
    shape : dict of str to tuple of int, optional
        Shapes of variables from which all others follow; those that variables declare need not be given.
    dtype : dict of str to dtype, or dtype, optional
        Element types of variables, or of all; float32 where nothing is said.
    is_train : bool, optional
        Whether operators that differ in training (batch normalisation, dropout) are to train.

    Raises
    ------
    OperatorError
        If an operator has no counterpart in ONNX, naming it and its node.
    ShapeError
        If not all shapes follow.
    UnknownNameError
        If `shape` or `dtype` names a variable that is not there.
    FormatError
        If the model would be too large for a file, or a name cannot be written.
    ImportError
        If onnx is not installed.

    Notes
    -----
    Operators are written as what their bodies say, with ONNX's core operators only; each node of the model is named
    after the node of the graph it belongs to, and tells its operator and parameters.

    All variables become inputs of the model: arguments, states, and the hyper-parameters that are symbols.  States
    become outputs as well, called ``<name>_new``; the model's metadata, ``states``, hold a JSON object of these names.
    Shapes and dtypes are fixed.

    What ONNX leaves open, or answers otherwise than NumPy, is the runtime's: the largest of elements that hold NaN,
    the order of NaN in a sort.  The sign of NaN is 0.

    Examples
    --------
    >>> import os, tempfile, symbolic as sym
    >>> step = sym.sgd_mom_update(sym.var("w"), sym.var("g"), sym.var("m"), lr=sym.var("lr"), name="step")
    >>> import onnx
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sym.save_onnx(step, os.path.join(folder, "step.onnx"), shape={"w": (2, 3)})
    ...     model = onnx.load(os.path.join(folder, "step.onnx"))
    >>> [v.name for v in model.graph.input], [v.name for v in model.graph.output]
    (['w', 'g', 'm', 'lr'], ['step_output', 'm_new'])
    """
    graph = getattr(symbol, "graph", None)
    if graph is None:
        raise OperatorError(f"save_onnx takes a Symbol, got {shown(symbol)}")
    if is_train:
        graph = training(graph)
    model = to_onnx(graph, types_for(graph, shape, dtype))
    size = model.ByteSize()
    if size > LARGEST:
        raise FormatError(f"save_onnx: the constants of the model make {size:,} bytes, more than a file holds")
    write_atomically(os.fspath(fname), model.SerializeToString(deterministic=True))


def types_for(graph, shape=None, dtype=None):
    """Return the type of every entry, with float32 where no dtype follows; parameters as `save_onnx`."""
    types = types_of(graph, shape, dtype)
    if any(types[Entry(n)].dtype is None for n in graph.variables):
        types = infer(graph, {n.name: TensorType(types[Entry(n)].shape, types[Entry(n)].dtype or DEFAULT)
                              for n in graph.variables})
    unknown = [n.name for n in graph.variables if not types[Entry(n)].known]
    if unknown:
        raise ShapeError(f"save_onnx: the shape{'s' * (len(unknown) > 1)} of {', '.join(map(shown, unknown[:20]))} "
                         f"{'do' if len(unknown) > 1 else 'does'} not follow from {shown(dict(shape or {}))}; "
                         "give them (shape=, --shape)")
    return types


def to_onnx(graph, types):
    """Return a graph as a model.

    Parameters
    ----------
    graph : Graph
    types : dict of Entry to TensorType
        Complete.

    Returns
    -------
    onnx.ModelProto
    """
    try:
        import onnx.helper  # noqa: F401, asked for before any work is done
    except ImportError:
        raise ImportError("ONNX files are written by onnx; pip install 'symbolic-ndarray[onnx]'") from None
    names = _Names()
    words = Words()
    inputs = [words.input(types[Entry(n)], names.new(n.name)) for n in graph.variables]
    outputs, written = _written_down(graph, inputs, words)
    ends = [words.output(value, types[e], names.new(e.node.output_name(e.index)))
            for e, value in zip(graph.outputs, outputs)]
    states = [words.output(written[n], types[Entry(n)], names.new(f"{n.name}_new")) for n in graph.written]
    made = _needed(words.nodes, [*ends, *states])
    for node in made:
        for value in node.outputs:
            value.name = value.name or names.new(f"{node.within.name if node.within else 'output'}/{node.op}")
    used = {value for node in made for value in node.inputs}
    constants = {value: array for value, array in words.constants.items() if value in used}
    for value in constants:
        value.name = names.new("constant")
    try:
        return _model(graph, inputs, made, constants, ends, states)
    except (UnicodeEncodeError, ValueError) as error:
        # What protocol buffers say to a lone surrogate.
        if not isinstance(error, UnicodeEncodeError) and "surrogate" not in str(error).lower():
            raise
        raise FormatError("save_onnx: a name holds a lone surrogate, which UTF-8 cannot write; rename the node") from None


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
    wanted, found = set(ends), []
    for node in reversed(nodes):
        if wanted.intersection(node.outputs):
            wanted.update(node.inputs)
            found.append(node)
    return found[::-1]


def _model(graph, inputs, made, constants, ends, states):
    """Put the parts together."""
    from onnx import helper, numpy_helper

    roles = _roles(graph)
    infos = [_info(v, roles.get(n, "argument")) for n, v in zip(graph.variables, inputs)]
    changed = {n: v for n, v in zip(graph.variables, inputs) if n in graph.written}
    results = [*map(_info, ends), *(_info(v, f"new value of {changed[n].name}") for n, v in zip(graph.written, states))]
    named = {v.name for v in (*ends, *states)}
    body = helper.make_graph(
        [_node(n) for n in made], graph.outputs[0].node.name or "graph", infos, results,
        [numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), v.name)
         for v, array in constants.items()],
        value_info=[_info(v) for n in made for v in n.outputs if v.name not in named])
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
                              producer_name="symbolic-ndarray", doc_string=_cut(str(graph)))
    if states:
        names = {changed[n].name: v.name for n, v in zip(graph.written, states)}
        helper.set_model_props(model, {"states": json.dumps(names, ensure_ascii=False)})
    return model


def _roles(graph):
    """Return what variables are to the graph, in words: states and hyper-parameters."""
    found = {n: f"state of {by.name} ({by.op.name})" for n, by in graph.written.items()}
    for node in graph.nodes:
        for name, value in node.params if node.op else ():
            for fed in node.op.fed({name: value}):
                found.setdefault(node.inputs[fed.index].node, f"{name} of {node.name} ({node.op.name})")
    return found


def _info(value, role=""):
    from onnx import helper

    return helper.make_tensor_value_info(value.name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape,
                                         doc_string=_cut(role))


def _node(node):
    """Return a node of the model, with where it comes from as metadata."""
    from onnx import helper

    attrs = {k: helper.np_dtype_to_tensor_dtype(v) if isinstance(v, np.dtype) else v for k, v in node.attrs.items()}
    made = helper.make_node(node.op, [v.name for v in node.inputs], [v.name for v in node.outputs],
                            name=node.outputs[0].name, **attrs)
    within = node.within
    if within:
        made.doc_string = _cut(f"part of {within}")
        helper.set_model_props(made, dict(within.attrs) | {k: _cut(text_of(v)) for k, v in within.params} | {
            "node": within.name, "operator": within.op.name})
    return made


def _cut(text):
    return text if len(text) <= _LONGEST else text[:_LONGEST - 1] + "…"


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
