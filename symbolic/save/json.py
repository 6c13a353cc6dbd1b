"""MXNet's symbol JSON, both ways: every era is read, the one of MXNet 1.x is written."""

import json
import os
import warnings
from dataclasses import dataclass

from ndarray import registry
from ndarray.atomic import write_atomically
from ndarray.errors import FormatError, LimitError, MXNetError, OperatorError, UnknownNameError, shown
from ndarray.params import text_of
from symbolic.attributes import HIDDEN
from symbolic.graph import Graph
from symbolic.node import Entry, Node

VERSION = 10901
"""The version of MXNet whose format is written."""


@dataclass(frozen=True)
class Limits:
    """How large a file may be.

    Attributes
    ----------
    text : int
        Bytes.
    nesting : int
        Brackets within brackets.
    nodes, edges : int
    name, value : int
        Characters of a node's name and of an attribute's value.
    """

    text: int = 256 << 20
    nesting: int = 64
    nodes: int = 1_000_000
    edges: int = 10_000_000
    name: int = 4096
    value: int = 65_536


def dumps(graph):
    """Return a graph as JSON that MXNet reads wherever it knows the operators.

    A parameter that is fed at run time is written as ``%k``, the number of the node's input that feeds it.
    """
    number = {node: i for i, node in enumerate(graph.nodes)}
    rows = [0]
    blocks = []
    for node in graph.nodes:
        rows.append(rows[-1] + node.num_outputs)
        blocks.append(_node_text(node, number))
    arguments = [number[n] for n in graph.variables]
    heads = [[number[e.node], e.index, 0] for e in graph.outputs]
    return ('{\n  "nodes": [\n' + ", \n".join(blocks) + "\n  ], \n"
            f'  "arg_nodes": {_wrapped(arguments, 2)}, \n'
            f'  "node_row_ptr": {_wrapped(rows, 2)}, \n'
            f'  "heads": {_wrapped(heads, 2)}, \n'
            f'  "attrs": {{"mxnet_version": ["int", {VERSION}]}}\n}}')


def _wrapped(items, indent):
    """Return a list as MXNet's writer puts it: on one line up to ten items, else one a line."""
    if len(items) <= 10:
        return str(items)
    pad = " " * indent
    return "[\n" + ", \n".join(f"{pad}  {i}" for i in items) + f"\n{pad}]"


def _node_text(node, number):
    lines = [f'      "op": {json.dumps(node.op.name if node.op else "null")}',
             f'      "name": {json.dumps(node.name, ensure_ascii=False)}']
    attrs = dict(node.attrs)
    if node.op:
        attrs |= {key: text_of(value) for key, value in node.params}
    if attrs:
        pairs = [f"{json.dumps(k, ensure_ascii=False)}: {json.dumps(attrs[k], ensure_ascii=False)}"
                 for k in sorted(attrs)]
        lines.append(f'      "attrs": {{{pairs[0]}}}' if len(pairs) == 1 else
                     '      "attrs": {\n' + ", \n".join(f"        {p}" for p in pairs) + "\n      }")
    written = set(node.op.written(node.complete_params)) if node.op and node.op.writes else ()
    inputs = [[number[e.node], e.index, int(at in written)] for at, e in enumerate(node.inputs)]
    lines.append(f'      "inputs": {_wrapped(inputs, 6)}')
    return "    {\n" + ", \n".join(lines) + "\n    }"


def loads(text, limits=Limits()):
    """Return the graph that a JSON text of any era of MXNet holds.

    Parameters
    ----------
    text : str or bytes
    limits : Limits, optional

    Raises
    ------
    FormatError
        With the place, such as ``nodes[7].inputs[0]``.
    LimitError
        Where the file is larger than `limits`.

    Warns
    -----
    UserWarning
        For attributes that the operator does not know; they are kept.
    """
    if isinstance(text, (bytes, bytearray)):
        try:
            text = bytes(text).decode("utf-8")
        except UnicodeDecodeError as error:
            raise FormatError(f"byte {error.start}: the text is not UTF-8") from None
    if not isinstance(text, str):
        raise OperatorError(f"load_json takes a str, got {shown(text)}")
    if len(text) > limits.text:
        raise LimitError(f"the text has {len(text)} characters, more than {limits.text}")
    document = _parse(text, limits)
    records = _field(document, "nodes", list, "")
    if len(records) > limits.nodes:
        raise LimitError(f"the graph has {len(records)} nodes, more than {limits.nodes}")
    nodes, edges = [], 0
    for i, record in enumerate(records):
        nodes.append(_build(record, i, nodes, limits))
        edges += len(nodes[-1].inputs)
        if edges > limits.edges:
            raise LimitError(f"nodes[{i}]: the graph has more than {limits.edges} edges")
    heads = _field(document, "heads", list, "")
    if not heads:
        raise FormatError("heads: the graph has no output")
    return Graph([_entry(head, nodes, f"heads[{k}]") for k, head in enumerate(heads)])


def _parse(text, limits):
    def no_constant(word):
        raise FormatError(f"{word} is no JSON number")

    def no_doubles(pairs):
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [k for k, _ in pairs]
            raise FormatError(f"key {shown(next(k for k in keys if keys.count(k) > 1))} stands twice in one object")
        return found

    try:
        document = json.loads(text, parse_constant=no_constant, object_pairs_hook=no_doubles)
    except json.JSONDecodeError as error:
        raise FormatError(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise LimitError(f"brackets are nested deeper than {limits.nesting}") from None
    if not isinstance(document, dict):
        raise FormatError(f"a symbol file holds an object, not {shown(document)}")
    return document


def _field(record, key, kind, place):
    value = record.get(key)
    if not isinstance(value, kind):
        path = f"{place}.{key}" if place else key
        raise FormatError(f"{path}: " + ("is missing" if key not in record else f"{shown(value)} is no {kind.__name__}"))
    return value


def _build(record, i, nodes, limits):
    """Return the node of one record; its inputs are among `nodes`."""
    place = f"nodes[{i}]"
    if not isinstance(record, dict):
        raise FormatError(f"{place}: {shown(record)} is no object")
    op_name, name = _field(record, "op", str, place), _field(record, "name", str, place)
    if len(name) > limits.name:
        raise LimitError(f"{place}.name: has {len(name)} characters, more than {limits.name}")
    attrs = _attrs(record, place, limits)
    entries = _field(record, "inputs", list, place) if "inputs" in record else []
    inputs = tuple([_entry(e, nodes, f"{place}.inputs[{k}]") for k, e in enumerate(entries)])
    if op_name == "null":
        if inputs:
            raise FormatError(f"{place}.inputs: a variable has no inputs")
        return Node(None, name, attrs=_kept(attrs))
    try:
        op = registry.get(op_name)
    except UnknownNameError as error:
        raise FormatError(f"{place}.op: {error}") from None
    given = {k: v for k, v in attrs.items() if k in op.params}
    others = {k: v for k, v in attrs.items() if k not in op.params}
    strange = [k for k in others if not (k.startswith("__") and k.endswith("__")) and k not in HIDDEN]
    if strange:
        warnings.warn(f"{place} ({name}): {op_name} has no parameter {', '.join(strange)}; kept as text", UserWarning,
                      stacklevel=5)
    try:
        return _checked(Node(op, name, inputs, tuple(sorted(op.parse(given, name).items())), _kept(others)), place)
    except FormatError:
        raise
    except MXNetError as error:
        raise FormatError(f"{place}: {error}") from None


def _attrs(record, place, limits):
    """Return the attributes of a record under any era's key: ``attrs``, or ``param`` and ``attr``."""
    found = {}
    for key in ("param", "attr", "attrs"):
        for name, value in (_field(record, key, dict, place) if key in record else {}).items():
            if not isinstance(value, str):
                raise FormatError(f"{place}.{key}.{name}: {shown(value)} is no text")
            if len(value) > limits.value:
                raise LimitError(f"{place}.{key}.{name}: has {len(value)} characters, more than {limits.value}")
            found[name] = value
    return found


def _kept(attrs):
    return tuple(sorted({(f"__{k}__" if k in HIDDEN else k): v for k, v in attrs.items()}.items()))


def _entry(record, nodes, place):
    """Return the entry that ``[node, output]`` or ``[node, output, version]`` names."""
    if (not isinstance(record, list) or len(record) not in (2, 3)
            or any(type(n) is not int or n < 0 for n in record)):
        raise FormatError(f"{place}: {shown(record)} is not [node, output] or [node, output, version]")
    if record[0] >= len(nodes):
        raise FormatError(f"{place}: node {record[0]} does not come before it")
    node = nodes[record[0]]
    if record[1] >= node.num_outputs:
        raise FormatError(f"{place}: {node.name} has {node.num_outputs} outputs, not output {record[1]}")
    return Entry(node, record[1])


def _checked(node, place):
    """Return a node whose inputs are as many as its operator takes; states that old files leave out are added."""
    op = node.op
    params = dict(node.params)
    fed = op.fed(params)
    arrays = len(node.inputs) - len(fed)
    if op.many:
        params.setdefault(op.count, op.count_from(arrays, params))
        node = Node(op, node.name, node.inputs, tuple(sorted(params.items())), node.attrs)
    names = op.input_names(op.complete(params, node.name))
    if any(not arrays <= f.index < len(node.inputs) for f in fed):
        raise FormatError(f"{place}.attrs: a parameter is fed by an input that is not there")
    if arrays > len(names):
        raise FormatError(f"{place}.inputs: {op.name} takes {len(names)} inputs, got {arrays}")
    if arrays < len(names):
        missing = names[arrays:]
        if fed or any(name not in op.writes for name in missing):
            raise FormatError(f"{place}.inputs: {op.name} takes {', '.join(names)}; missing: {', '.join(missing)}")
        states = tuple(Entry(Node(None, f"{node.name}_{name}")) for name in missing)
        node = Node(op, node.name, node.inputs + states, node.params, node.attrs)
    return node


def save(graph, path):
    """Write a graph to a file, whole or not at all."""
    write_atomically(path, dumps(graph).encode())


def load(path, limits=Limits()):
    """Return the graph that a file holds.

    Raises
    ------
    FormatError, LimitError
        Naming the file and the place.
    """
    if os.path.getsize(path) > limits.text:
        raise LimitError(f"{path}: has {os.path.getsize(path)} bytes, more than {limits.text}")
    with open(path, "rb") as file:
        data = file.read()
    try:
        return loads(data, limits)
    except (FormatError, LimitError) as error:
        raise type(error)(f"{path}: {error}") from None

