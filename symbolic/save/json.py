"""MXNet's symbol JSON, both ways: every era is read, the one of MXNet 1.x is written."""

import json
import os
import warnings
from dataclasses import dataclass, fields

from ndarray import registry
from ndarray.atomic import write_atomically
from ndarray.errors import FormatError, LimitError, MXNetError, OperatorError, UnknownNameError, shown
from ndarray.operator import Operator
from ndarray.params import Training, text_of
from ndarray.tensortype import UNKNOWN
from symbolic.graph.attributes import HIDDEN
from symbolic.graph.graph import Graph
from symbolic.graph.node import Entry, Node
from symbolic.save.legacy import ATTRIBUTE_KEYS, upgrade, version_of
from symbolic.save.unregistered import Strangers

VERSION = 10901
"""The version of MXNet whose format is written."""

_STORED_OUTPUTS = {"BatchNorm": 3, "BatchNorm_v1": 3, "Dropout": 2, "GroupNorm": 3, "InstanceNorm": 3, "LRN": 2,
                   "LayerNorm": 3, "L2Normalization": 2}
"""Operators of which MXNet counts outputs that nobody sees."""

_OWN_STATES = {"Dropout": "state"}
"""Operators with a state that MXNet has no input for; reading adds what writing leaves out."""

_FIELDS = {"op", "name", "inputs", "backward_source_id", *ATTRIBUTE_KEYS}


@dataclass(frozen=True)
class Limits:
    """How large a file may be.

    Attributes
    ----------
    text : int
        Bytes, or characters where text is given.
    nesting : int
        Brackets within brackets.
    nodes, edges, outputs : int
        In the whole graph.
    name, value : int
        Characters of a node's name and of an attribute's value.
    """

    text: int = 256 << 20
    nesting: int = 64
    nodes: int = 1_000_000
    edges: int = 10_000_000
    outputs: int = 10_000_000
    name: int = 4096
    value: int = 65_536


UNLIMITED = Limits(*[1 << 62] * len(fields(Limits)))
"""For what comes from ourselves."""

# Writing


def dumps(graph):
    """Return a graph as JSON that MXNet reads wherever it knows the operators.

    A parameter that is fed at run time is written as ``%k``, the number of the node's input that feeds it.
    What was read from a file is written as it was read, but for parameters in an unusual spelling: ``0.10`` becomes
    ``0.1``, ``(1,2)`` becomes ``(1, 2)``, ``true`` becomes ``True``.
    """
    unsaid = _unsaid(graph)
    nodes = [n for n in graph.nodes if n not in unsaid] if unsaid else graph.nodes
    number = {node: i for i, node in enumerate(nodes)}
    rows, blocks, versions = [0], [], {}
    for node in nodes:
        rows.append(rows[-1] + _stored_outputs(node))
        blocks.append(_node_text(node, number, versions))
    arguments = [number[n] for n in graph.variables if n in number]
    heads = [[number[e.node], e.index, 0] for e in graph.outputs]
    return ('{\n  "nodes": [\n' + ", \n".join(blocks) + "\n  ], \n"
            f'  "arg_nodes": {_wrapped(arguments, 2)}, \n'
            f'  "node_row_ptr": {_wrapped(rows, 2)}, \n'
            f'  "heads": {_wrapped(heads, 2)}, \n'
            f'  "attrs": {{"mxnet_version": ["int", {VERSION}]}}\n}}')


def _unsaid(graph):
    """Return the variables that a reader makes by itself: states of their own node, called and described after it."""
    found = {}
    for node in graph.nodes:
        if node.op is not None and node.op.name in _OWN_STATES:
            state, name = node.inputs[-1].node, f"{node.name}_{_OWN_STATES[node.op.name]}"
            said = {(k, text_of(v)) for k, v in node.params} | set(node.attrs)
            if state.op is None and state.name == name and said.issuperset(state.attrs):
                found[state] = 0
    if found:
        for entry in (*graph.outputs, *(e for n in graph.nodes for e in n.inputs)):
            if entry.node in found:
                found[entry.node] += 1
    return {state for state, uses in found.items() if uses == 1}


def _stored_outputs(node):
    return max(node.num_outputs, _STORED_OUTPUTS.get(node.op.name, 0)) if node.op else 1


def _wrapped(items, indent):
    """Return a list as MXNet's writer puts it: on one line up to ten items, else one a line."""
    if len(items) <= 10:
        return str(items)
    pad = " " * indent
    return "[\n" + ", \n".join(f"{pad}  {i}" for i in items) + f"\n{pad}]"


def _node_text(node, number, versions):
    """Return a node's block; `versions` counts how often each variable has been written so far."""
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
    inputs = [[number[e.node], e.index, 0] for e in node.inputs if e.node in number]
    for at in node.op.written(node.complete_params) if node.op and node.op.writes else ():
        source = node.inputs[at].node
        if source in number:
            versions[source] = inputs[at][2] = versions.get(source, 0) + 1
    lines.append(f'      "inputs": {_wrapped(inputs, 6)}')
    return "    {\n" + ", \n".join(lines) + "\n    }"


def save(graph, path):
    """Write a graph to a file, whole or not at all.

    Raises
    ------
    FormatError
        If a name or an attribute holds half of a character, which no file can hold.
    """
    try:
        data = dumps(graph).encode()
    except UnicodeEncodeError as error:
        raise FormatError(f"{shown(error.object[max(error.start - 20, 0):error.end])} holds a lone surrogate, "
                          "which UTF-8 cannot write; rename the node") from None
    write_atomically(path, data)


# Reading


def loads(text, limits=Limits(), watch=iter, strangers=False):
    """Return the graph that a JSON text of any era of MXNet holds.

    Parameters
    ----------
    text : str or bytes
    limits : Limits, optional
    watch : callable, optional
        ``watch(records)`` goes through the list of node records; it may show how far it has come.
    strangers : bool, optional
        Take operators that nobody declares for ones of which only the name is known: the graph can be shown, not run.

    Raises
    ------
    FormatError
        With the place, such as ``nodes[7].inputs[0]``.
    LimitError
        Where the file is larger than `limits`.

    Warns
    -----
    UserWarning
        For attributes that the operator does not know; they are kept.  For each stranger.
    """
    remarks = []
    graph = read(text, limits, _raise, remarks.append, watch, strangers)
    for remark in remarks:
        warnings.warn(remark, UserWarning, stacklevel=3)
    return graph


def load(path, limits=Limits()):
    """Return the graph that a file holds.

    Raises
    ------
    FormatError, LimitError
        Naming the file and the place.
    """
    try:
        return loads(read_bytes(path, limits), limits)
    except (FormatError, LimitError) as error:
        raise type(error)(f"{os.fspath(path)}: {error}") from None


def read_bytes(path, limits=Limits()):
    """Return what a file holds, which may not be more than `limits` say."""
    with open(path, "rb") as file:
        data = file.read(limits.text + 1)
    if len(data) > limits.text:
        raise LimitError(f"the file has more than {limits.text} bytes")
    return data


def _raise(error):
    raise error


def read(text, limits, report, remark, watch=iter, strangers=False):
    """Return the graph of a text, telling each fault to `report` and each oddity to `remark`.

    Parameters
    ----------
    text : str or bytes
    limits : Limits
    report : callable
        Gets an error; where it returns, reading goes on with the next thing.
    remark : callable
        Gets a sentence.
    watch : callable, optional
        As in `loads`.
    strangers : bool, optional
        As in `loads`.

    Returns
    -------
    Graph or None
        None where there was a fault that `report` did not raise.

    Raises
    ------
    FormatError, LimitError
        Where nothing can be read at all.
    """
    document = _parse(text, limits)
    records = _field(document, "nodes", list, "")
    if len(records) > limits.nodes:
        raise LimitError(f"the graph has {len(records)} nodes, more than {limits.nodes}")
    _check_nesting([v for k, v in document.items() if k != "nodes"], limits.nesting - 1)
    reader = _Reader(limits, report, remark, Strangers(document) if strangers else None)
    for i, record in enumerate(watch(upgrade(records, version_of(document)))):
        reader.nodes.append(reader.attempt(reader.node, record, f"nodes[{i}]"))
    heads = reader.attempt(reader.heads, document)
    if reader.faults or heads is None or None in heads:
        return None
    return Graph(heads)


def _parse(text, limits):
    if isinstance(text, (bytes, bytearray, memoryview)):
        _check_length(text, limits, "bytes")
        try:
            text = bytes(text).decode("utf-8")
        except UnicodeDecodeError as error:
            raise FormatError(f"byte {error.start}: the text is not UTF-8") from None
    if not isinstance(text, str):
        raise OperatorError(f"load_json takes a str, got {shown(text)}")
    _check_length(text, limits, "characters")
    try:
        document = json.loads(text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_no_doubles)
    except json.JSONDecodeError as error:
        raise FormatError(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise LimitError(f"brackets are nested deeper than {limits.nesting}") from None
    except FormatError:
        raise
    except ValueError:
        # Python refuses to read integers of thousands of digits.
        raise FormatError("an integer has too many digits") from None
    if not isinstance(document, dict):
        raise FormatError(f"a symbol file holds an object, not {shown(document)}")
    return document


def _check_length(text, limits, unit):
    if len(text) > limits.text:
        raise LimitError(f"the text has {len(text)} {unit}, more than {limits.text}")


def _no_constant(word):
    raise FormatError(f"{word} is no JSON number")


def _finite(text):
    if (value := float(text)) in (float("inf"), float("-inf")):
        raise FormatError(f"the number {shown(text)} is not finite")
    return value


def _no_doubles(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        seen = set()
        double = next(k for k, _ in pairs if k in seen or seen.add(k))
        raise FormatError(f"key {shown(double)} stands twice in one object")
    return found


def _check_nesting(values, depth):
    """Raise where lists and objects lie deeper in `values` than `depth`."""
    level = [v for v in values if isinstance(v, (list, dict))]
    while level:
        if depth <= 0:
            raise LimitError("brackets are nested too deep")
        depth -= 1
        level = [v for outer in level for v in (outer.values() if isinstance(outer, dict) else outer)
                 if isinstance(v, (list, dict))]


def _field(record, key, kind, place):
    value = record.get(key)
    if not isinstance(value, kind):
        path = f"{place}.{key}" if place else key
        raise FormatError(f"{path}: " + ("is missing" if key not in record else f"{shown(value)} is no {kind.__name__}"))
    return value


def _text(value, place, limit):
    """Return `value`, which must be text that can be written again."""
    if not isinstance(value, str):
        raise FormatError(f"{place}: {shown(value)} is no text")
    if len(value) > limit:
        raise LimitError(f"{place}: has {len(value)} characters, more than {limit}")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise FormatError(f"{place}: {shown(value)} holds a lone surrogate") from None
    return value


class _Reader:
    """Builds nodes from records: whatever fails to be read is reported and is None from then on."""

    def __init__(self, limits, report, remark, strangers=None):
        self.limits, self.report, self.remark, self.strangers = limits, report, remark, strangers
        self.nodes, self.strange = [], set()
        self.edges = self.outputs = self.faults = 0

    def attempt(self, read_, *args):
        """Return what ``read_(*args)`` gives, None where it fails and `report` lets it."""
        try:
            return read_(*args)
        except (FormatError, LimitError) as error:
            self.faults += 1
            self.report(error)
            return None

    def node(self, record, place):
        """Return the node of one record; its inputs come before it."""
        if not isinstance(record, dict):
            raise FormatError(f"{place}: {shown(record)} is no object")
        if not record.keys() <= _FIELDS:
            _check_nesting([v for k, v in record.items() if k not in _FIELDS], self.limits.nesting - 3)
        op_name = self.attempt(_field, record, "op", str, place)
        name = self.attempt(self._name, record, place)
        attrs = self.attempt(self._attrs, record, place)
        inputs = self._inputs(record, place)
        op = None if op_name in ("null", None) else self.attempt(self._operator, op_name, place, attrs or {}, len(inputs))
        if name is None or attrs is None or None in inputs or op_name is None or (op is None) is not (op_name == "null"):
            return None
        if op is not None:
            return self._applied(op, name, inputs, attrs, place)
        if inputs:
            raise FormatError(f"{place}.inputs: a variable has no inputs")
        self.outputs += 1
        return Node(None, name, attrs=_kept(attrs))

    def _operator(self, name, place, attrs, inputs):
        try:
            return registry.get(name)
        except UnknownNameError as error:
            told = f"{place}.op: {error}"
            if self.strangers is None:
                raise FormatError(told) from None
        _text(name, f"{place}.op", self.limits.name)
        if name not in self.strange:
            self.strange.add(name)
            self.remark(f"{told}; it can be shown, not run")
        names = tuple(k for k in attrs if k not in HIDDEN and not (k.startswith("__") and k.endswith("__")))
        return self.strangers.operator(name, len(self.nodes), inputs, names)

    def _name(self, record, place):
        return _text(_field(record, "name", str, place), f"{place}.name", self.limits.name)

    def _attrs(self, record, place):
        """Return the attributes of a record under any era's key."""
        found = {}
        for key in ATTRIBUTE_KEYS:
            if key in record:
                for name, value in _field(record, key, dict, place).items():
                    _text(name, f"{place}.{key}", self.limits.value)
                    found[name] = _text(value, f"{place}.{key}.{name}", self.limits.value)
        return found

    def _inputs(self, record, place):
        entries = self.attempt(_field, record, "inputs", list, place) if "inputs" in record else []
        if entries is None:
            return [None]
        self.edges += len(entries)
        if self.edges > self.limits.edges:
            raise LimitError(f"{place}.inputs: the graph has more than {self.limits.edges} edges")
        return [self.attempt(self.entry, e, place, "inputs", k) for k, e in enumerate(entries)]

    def entry(self, record, place, key, k):
        """Return the entry that ``[node, output]`` or ``[node, output, version]`` names; None where that node failed."""
        if (not isinstance(record, list) or len(record) not in (2, 3)
                or any([type(n) is not int or n < 0 for n in record])):
            raise FormatError(f"{_at(place, key, k)}: {shown(record)} is not [node, output] or [node, output, version]")
        if record[0] >= len(self.nodes):
            raise FormatError(f"{_at(place, key, k)}: node {record[0]} does not come before it")
        node = self.nodes[record[0]]
        if node is None:
            return None
        if record[1] >= node.num_outputs:
            raise FormatError(f"{_at(place, key, k)}: {shown(node.name)} has {node.num_outputs} outputs, "
                              f"not output {record[1]}")
        return node.outputs[record[1]]

    def heads(self, document):
        """Return the entries that are the graph's outputs."""
        heads = _field(document, "heads", list, "")
        if not heads:
            raise FormatError("heads: the graph has no output")
        if len(heads) > self.limits.outputs:
            raise LimitError(f"heads: the graph has {len(heads)} outputs, more than {self.limits.outputs}")
        return [self.attempt(self.entry, head, "", "heads", k) for k, head in enumerate(heads)]

    def _applied(self, op, name, inputs, attrs, place):
        """Return the node of an operator whose inputs are as many as it takes; states that old files lack are added."""
        known = {k: v for k, v in attrs.items() if k in op.params and op.params[k].type is not Training}
        others = {k: v for k, v in attrs.items() if k not in known}
        strange = [k for k in others if not (k.startswith("__") and k.endswith("__")) and k not in HIDDEN]
        if strange:
            self.remark(f"{place} ({name}): {op.name} has no parameter {', '.join(strange)}; kept as text")
        try:
            params = op.parse(known, name)
            fed = op.fed(params)
            arrays = len(inputs) - len(fed)
            if fed and [f.index for f in fed] != list(range(arrays, len(inputs))):
                raise FormatError(f"{place}.attrs: the inputs that feed parameters, "
                                  f"{', '.join(map(str, fed))}, are not the last {len(fed)} of {len(inputs)}")
            if op.many:
                params[op.count] = op.count_from(arrays, params, name)
            complete = op.complete(params, name)
            self.outputs += op.num_outputs(complete)
        except FormatError:
            raise
        except MXNetError as error:
            raise FormatError(f"{place}: {error}") from None
        if self.outputs > self.limits.outputs:
            raise LimitError(f"{place}: the graph has more than {self.limits.outputs} outputs")
        names = op.input_names(complete)
        if arrays > len(names):
            raise FormatError(f"{place}.inputs: {op.name} takes {len(names)} inputs, got {arrays}")
        if arrays < len(names):
            missing = names[arrays:]
            if fed or any(n not in op.writes for n in missing):
                raise FormatError(f"{place}.inputs: {op.name} takes {', '.join(names)}; missing: {', '.join(missing)}")
            inputs += [Entry(Node(None, f"{name}_{n}")) for n in missing]
        node = Node(op, name, tuple(inputs), tuple(sorted(params.items())), _kept(others))
        node.remember(complete)
        if type(op) is not Operator:
            _check_derived(node, place)
        return node


def _at(place, key, k):
    return f"{place}.{key}[{k}]" if place else f"{key}[{k}]"


def _check_derived(node, place):
    """Raise where a gradient's parameters speak of heads and inputs that its node does not have."""
    try:
        node.op.infer_types([UNKNOWN] * len(node.inputs), [UNKNOWN] * node.num_outputs, node.complete_params)
        for entry in node.outputs:
            node.output_name(entry.index)
    except (IndexError, KeyError, RecursionError):
        raise FormatError(f"{place}.attrs: they do not fit the {len(node.inputs)} inputs of {node.op.name[:200]}") from None


def _kept(attrs):
    return tuple(sorted({(f"__{k}__" if k in HIDDEN else k): v for k, v in attrs.items()}.items())) if attrs else ()
