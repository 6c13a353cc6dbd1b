"""A graph read from MXNet's symbol JSON of any era; a fault is reported with its location in the file."""

import json
import os
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NoReturn

from ndarray import registry
from ndarray.collector import without_collection
from ndarray.errors import FormatError, LimitError, MXNetError, OperatorError, ParamError, shown
from ndarray.errors import unknown as unknown_name
from ndarray.operator import Operator
from ndarray.params import Training
from ndarray.tensortype import UNKNOWN
from ndarray.text import counted
from symbolic.graph.attributes import HIDDEN
from symbolic.graph.graph import Graph
from symbolic.graph.node import Entry, Node
from symbolic.graph.unregistered import UnregisteredOperator
from symbolic.save.json.limits import DEFAULT, Limits, check_length, check_nesting
from symbolic.save.legacy import ATTRIBUTE_KEYS, FIRST_WITH_ALL_INPUTS, upgrade, version_of
from symbolic.save.unregistered import Unregistered

_FIELDS = {"op", "name", "inputs", "backward_source_id", *ATTRIBUTE_KEYS}

Unknown = Literal["error", "keep"]
"""What happens to an operator that the registry does not have."""


def loads(text: str | bytes, limits: Limits = DEFAULT, watch: Callable[[list], Iterable] = iter,
          unknown: Unknown = "error", origin: str = "") -> Graph:
    """Return the graph that a JSON text of any era of MXNet holds.

    Parameters
    ----------
    text : str or bytes
    limits : Limits, optional
    watch : callable, optional
        ``watch(records)`` goes through the list of node records; it may show how far it has come.
    unknown : {"error", "keep"}, optional
        What to do with an operator that the registry does not have: ``"keep"`` takes its node with its name,
        attributes, inputs and outputs; such a graph can be shown, compared and saved, not run.
    origin : str, optional
        The file that the text is from, for messages.

    Raises
    ------
    FormatError
        With the location, such as ``nodes[7].inputs[0]``.
    LimitError
        If the file is larger than `limits`.
    ParamError
        If `unknown` is not one of its values.

    Warns
    -----
    UserWarning
        For attributes that the operator does not know; they are kept.

    Examples
    --------
    >>> import symbolic as sym
    >>> print(loads(sym.exp(sym.var("x"), name="e").tojson()))
    %e = exp(%x)
    return %e
    """
    if unknown not in ("error", "keep"):
        raise ParamError(f"unknown must be 'error' or 'keep', got {shown(unknown)}")
    remarks: list[str] = []
    graph: Any = read(text, limits, _raise, remarks.append, watch, unknown, origin)
    for remark in remarks:
        warnings.warn(remark, UserWarning, stacklevel=3)
    return graph


def load(path: str | os.PathLike, limits: Limits = DEFAULT, unknown: Unknown = "error") -> Graph:
    """Return the graph that a file holds; parameters as `loads`.

    Raises
    ------
    FormatError, LimitError
        Naming the file and the location in it.
    """
    try:
        return loads(read_bytes(path, limits), limits, unknown=unknown, origin=os.fspath(path))
    except (FormatError, LimitError) as error:
        raise type(error)(f"{os.fspath(path)}: {error}") from None


def read_bytes(path: str | os.PathLike, limits: Limits = DEFAULT) -> bytes:
    """Return the content of a file, which may not be larger than `limits` allow."""
    with open(path, "rb") as file:
        data = file.read(limits.text + 1)
    if len(data) > limits.text:
        raise LimitError(f"the file has more than {limits.text:,} bytes, the limit")
    return data


def _raise(error: MXNetError) -> NoReturn:
    raise error


def read(text: str | bytes | dict, limits: Limits, report: Callable[[MXNetError], object],
         remark: Callable[[str], object],
         watch: Callable[[list], Iterable] = iter, unknown: Unknown = "error", origin: str = "") -> Graph | None:
    """Return the graph of a text; faults go to `report` and oddities to `remark`.

    Parameters
    ----------
    text : str, bytes or dict
        A dict is what `parse` gives.
    limits : Limits
    report : callable
        Gets an error; where it returns, reading goes on with the next thing.
    remark : callable
        Gets a sentence.
    watch : callable, optional
        As in `loads`.
    unknown : {"error", "keep"}, optional
        As in `loads`.
    origin : str, optional
        As in `loads`.

    Returns
    -------
    Graph or None
        None if there was a fault that `report` did not raise.

    Raises
    ------
    FormatError, LimitError
        If nothing can be read at all.
    """
    document = text if isinstance(text, dict) else parse(text, limits)
    records = _field(document, "nodes", list, "")
    if len(records) > limits.nodes:
        raise LimitError(f"the graph has {len(records):,} nodes, more than the limit of {limits.nodes:,}")
    check_nesting([v for k, v in document.items() if k != "nodes"], limits.nesting - 1)
    kept = Unregistered(document, origin, limits.unregistered) if unknown == "keep" else None
    version = version_of(document)
    reader = _Reader(limits, report, remark, kept, version < FIRST_WITH_ALL_INPUTS)
    with without_collection():
        for i, record in enumerate(watch(upgrade(records, version))):
            reader.nodes.append(reader.attempt(reader.node, record, f"nodes[{i}]"))
        heads = reader.attempt(reader.heads, document)
    if reader.faults or heads is None or None in heads:
        return None
    return Graph(heads)


# Text to records


def parse(text: str | bytes, limits: Limits) -> dict[str, Any]:
    """Return the object that a JSON text holds, in which no key is duplicated and every number is finite.

    Raises
    ------
    FormatError, LimitError, OperatorError
    """
    text = _decoded(text, limits).removeprefix("\ufeff")
    try:
        with without_collection():
            document = json.loads(text, parse_constant=_no_constant, parse_float=_finite,
                                  object_pairs_hook=_no_duplicates)
    except json.JSONDecodeError as error:
        raise FormatError(_not_json(text) or f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise LimitError(f"brackets are nested deeper than {limits.nesting}") from None
    except FormatError:
        raise
    except ValueError:
        # Python refuses to read integers of thousands of digits.
        raise FormatError("an integer has too many digits") from None
    if not isinstance(document, dict):
        raise FormatError(f"a symbol file holds a JSON object, got {shown(document)}")
    return document


def _decoded(text: str | bytes, limits: Limits) -> str:
    if isinstance(text, (bytes, bytearray, memoryview)):
        check_length(text, limits, "bytes")
        try:
            return bytes(text).decode("utf-8")
        except UnicodeDecodeError as error:
            raise FormatError(f"byte {error.start}: the text is not UTF-8") from None
    if not isinstance(text, str):
        raise OperatorError(f"load_json takes a str, got {shown(text)}")
    check_length(text, limits, "characters")
    return text


def _not_json(text: str) -> str:
    """Return what a text is that does not begin as JSON, and what would help; empty where it does."""
    start = text.strip()
    if not start:
        return "the text is empty, expected JSON"
    if start[0] in "{[\"":
        return ""
    first = start.splitlines()[0]
    problem = f"expected JSON, got text that begins with {shown(first[:80])}"
    if first.startswith("version https://git-lfs."):
        return f"{problem}: a pointer of Git LFS, not the file itself; fetch that with `git lfs pull`"
    if re.match(r"<(!doctype|html|\?xml)", first, re.IGNORECASE):
        return f"{problem}: a web page, probably an error page of a download"
    if first == start and re.search(r"\.json$|[\\/]", first) and len(first) < 4096:
        return f"{problem}: the path of a file; sym.load reads files, and a link may have been stored as text"
    return problem


def _no_constant(word: str) -> NoReturn:
    raise FormatError(f"{word} is not a JSON number")


def _finite(text: str) -> float:
    if (value := float(text)) in (float("inf"), float("-inf")):
        raise FormatError(f"the number {shown(text)} is not finite")
    return value


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        double = next(k for k, _ in pairs if k in seen or seen.add(k))  # type: ignore[func-returns-value]
        raise FormatError(f"duplicate key {shown(double)} in one object")
    return found


_KINDS: dict[type, str] = {list: "a list", dict: "an object", str: "text"}


def _field(record: dict, key: str, kind: type, location: str) -> Any:
    value = record.get(key)
    if not isinstance(value, kind):
        path = f"{location}.{key}" if location else key
        fault = f"expected {_KINDS[kind]}, got {shown(value)}" if key in record else "is missing"
        raise FormatError(f"{path}: {fault}")
    return value


def _text(value: object, location: str, limit: int) -> str:
    """Return `value`, which must be text that can be written again."""
    if not isinstance(value, str):
        raise FormatError(f"{location}: expected text, got {shown(value)}")
    if len(value) > limit:
        raise LimitError(f"{location}: has {len(value):,} characters, more than the limit of {limit:,}")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise FormatError(f"{location}: {shown(value)} holds a lone surrogate") from None
    return value


# Records to nodes

_MOST_HINTS = 20
"""How many unknown operators are compared with all known ones."""


class _Reader:
    """Builds nodes from records: whatever fails to be read is reported and is None from then on.

    With `adds_inputs`, inputs that a node lacks are new variables, as in MXNet's first files.
    """

    def __init__(self, limits: Limits, report: Callable, remark: Callable, unregistered: Unregistered | None,
                 adds_inputs: bool):
        self.limits, self.report, self.remark, self.unregistered = limits, report, remark, unregistered
        self.adds_inputs = adds_inputs
        self.nodes: list[Node | None] = []
        self.missing: dict[str, str] = {}
        self.edges = self.outputs = self.faults = 0
        self._seen: dict[tuple, tuple] = {}
        self._strange: set[str] = set()

    def attempt(self, read_: Callable, *args: object) -> Any:
        """Return the result of ``read_(*args)``, None where it fails and `report` returns."""
        try:
            return read_(*args)
        except (FormatError, LimitError) as error:
            self.faults += 1
            self.report(error)
            return None

    def node(self, record: object, location: str) -> Node | None:
        """Return the node of one record; its inputs come before it."""
        if not isinstance(record, dict):
            raise FormatError(f"{location}: expected an object, got {shown(record)}")
        if not record.keys() <= _FIELDS:
            check_nesting([v for k, v in record.items() if k not in _FIELDS], self.limits.nesting - 3)
        op_name = o if type(o := record.get("op")) is str else self.attempt(_field, record, "op", str, location)
        name = n if type(n := record.get("name")) is str and n.isascii() and len(n) <= self.limits.name else (
            self.attempt(self._name, record, location))
        attrs = {} if record.keys().isdisjoint(ATTRIBUTE_KEYS) else self.attempt(self._attrs, record, location)
        inputs: Any = self._inputs(record, location)
        op = None if op_name in ("null", None) else self.attempt(
            self._operator, op_name, location, attrs or {}, len(inputs))
        if None in (name, attrs, op_name) or None in inputs or (op is None) is not (op_name == "null"):
            return None
        if op is not None:
            return self._applied(op, name, inputs, attrs, location)
        if inputs:
            raise FormatError(f"{location}.inputs: a variable has no inputs")
        self.outputs += 1
        return Node(None, name, attrs=_kept(attrs))

    def _operator(self, name: str, location: str, attrs: dict[str, str], inputs: int) -> Operator:
        _text(name, f"{location}.op", self.limits.name)
        op = None if name in self._strange else registry.lookup(name)
        if op is not None:
            return op
        self._strange.add(name)
        if self.unregistered is None:
            raise FormatError(f"{location}.op: {self._missing(name)}; `symbolic show` shows the file, "
                              'and sym.load(…, unknown="keep") keeps such nodes')
        return self.unregistered.operator(name, len(self.nodes), inputs, tuple(filter(_is_parameter, attrs)))

    def _missing(self, name: str) -> str:
        """Return the sentence about an unknown operator; only the first few have near names: they take long."""
        if name not in self.missing:
            self.missing[name] = (unknown_name("operator", name, registry.names()) if len(self.missing) < _MOST_HINTS
                                  else f"no operator named {shown(name)}")
        return self.missing[name]

    def _name(self, record: dict, location: str) -> str:
        return _text(_field(record, "name", str, location), f"{location}.name", self.limits.name)

    def _attrs(self, record: dict, location: str) -> dict[str, str]:
        """Return the attributes of a record under any era's key."""
        found = {}
        for key in ATTRIBUTE_KEYS:
            if key in record:
                for name, value in _field(record, key, dict, location).items():
                    _text(name, f"{location}.{key}", self.limits.value)
                    found[name] = _text(value, f"{location}.{key}.{name}", self.limits.value)
        return found

    def _inputs(self, record: dict, location: str) -> list[Entry | None]:
        entries = record.get("inputs", [])
        if type(entries) is not list and self.attempt(_field, record, "inputs", list, location) is None:
            return [None]
        self.edges += len(entries)
        if self.edges > self.limits.edges:
            raise LimitError(f"{location}.inputs: the graph has more edges than the limit of {self.limits.edges:,}")
        quick = self._quick_entry
        return [quick(e) or self.attempt(self.entry, e, location, "inputs", k) for k, e in enumerate(entries)]

    def _quick_entry(self, record: Any) -> Entry | None:
        """Return what `entry` returns for the first output of a node, if the record is well formed."""
        if type(record) is list and len(record) in (2, 3) and {*map(type, record)} == {int}:
            at, output, version = record[0], record[1], record[-1]
            if output == 0 <= at < len(self.nodes) and version >= 0 and (node := self.nodes[at]) is not None:
                return node.outputs[0] if node.num_outputs else None
        return None

    def entry(self, record: object, location: str, key: str, k: int) -> Entry | None:
        """Return the entry that ``[node, output]`` or ``[node, output, version]`` names; None if that node failed."""
        if (not isinstance(record, list) or len(record) not in (2, 3)
                or any([type(n) is not int or n < 0 for n in record])):
            raise FormatError(f"{_at(location, key, k)}: {shown(record)} is not [node, output] "
                              "or [node, output, version]")
        if record[0] >= len(self.nodes):
            raise FormatError(f"{_at(location, key, k)}: node {record[0]} does not come before it")
        node = self.nodes[record[0]]
        if node is None:
            return None
        if record[1] >= node.num_outputs:
            raise FormatError(f"{_at(location, key, k)}: {shown(node.name)} has {counted(node.num_outputs, 'output')}, "
                              f"not output {record[1]}")
        return node.outputs[record[1]]

    def heads(self, document: dict) -> list[Entry | None]:
        """Return the entries that are the graph's outputs."""
        heads = _field(document, "heads", list, "")
        if not heads:
            raise FormatError("heads: the graph has no output")
        if len(heads) > self.limits.outputs:
            raise LimitError(f"heads: the graph has {len(heads):,} outputs, "
                             f"more than the limit of {self.limits.outputs:,}")
        return [self.attempt(self.entry, head, "", "heads", k) for k, head in enumerate(heads)]

    def _applied(self, op: Operator, name: str, inputs: list[Entry], attrs: dict[str, str], location: str) -> Node:
        """Return the node of an operator with as many inputs as it takes; inputs that old files lack are added."""
        # What only these decide is looked at once: large graphs repeat a few layers.
        key = op, len(inputs), *attrs.items()
        facts = self._seen.get(key)
        if facts is not None:
            outputs, params_, others_, complete = facts
            self._count_outputs(outputs, location)
            where = ("", 0) if self.unregistered is None else self.unregistered.where(op, location)
            node = Node(op, name, tuple(inputs), params_, others_, where)
            node.remember(complete)
            return node
        known = {k: v for k, v in attrs.items() if k in op.params and op.params[k].type is not Training}
        others = {k: v for k, v in attrs.items() if k not in known}
        strange = [k for k in others if _is_parameter(k)]
        if strange:
            self.remark(f"{location} ({name}): {op.name} has no parameter {', '.join(strange)}; kept as text")
        params, complete, fed = self._params(op, name, len(inputs), known, location)
        self._count_outputs(op.num_outputs(complete), location)
        missing = _missing_inputs(op, name, len(inputs) - fed, complete, fed, location,
                                  attrs if self.adds_inputs else None)
        inputs += missing
        where = ("", 0) if self.unregistered is None else self.unregistered.where(op, location)
        node = Node(op, name, tuple(inputs), tuple(sorted(params.items())), _kept(others), where)
        node.remember(complete)
        if type(op) not in (Operator, UnregisteredOperator):
            _check_derived(node, location)
        elif not (missing or strange):
            self._seen[key] = op.num_outputs(complete), node.params, node.attrs, complete
        return node

    def _count_outputs(self, outputs: int, location: str) -> None:
        self.outputs += outputs
        if self.outputs > self.limits.outputs:
            raise LimitError(f"{location}: the graph has more outputs than the limit of {self.limits.outputs:,}")

    def _params(self, op: Operator, name: str, inputs: int, given: dict[str, str], location: str
                ) -> tuple[dict[str, Any], dict[str, Any], int]:
        """Return the parameters of a node as given and complete, and how many inputs feed some of them."""
        try:
            params = op.parse(given, name)
            fed = op.fed(params)
            arrays = inputs - len(fed)
            if fed and [f.index for f in fed] != list(range(arrays, inputs)):
                raise FormatError(f"{location}.attrs: the inputs that feed parameters, "
                                  f"{', '.join(map(str, fed))}, are not the last {len(fed)} of {inputs}")
            if op.many and not (self.adds_inputs and _lacks_some(op, params, arrays)):
                params[op.count] = op.count_from(arrays, params, name)
            complete = op.complete(params, name)
            _check_counted(op, complete, inputs, location)
            return params, complete, len(fed)
        except FormatError:
            raise
        except MXNetError as error:
            raise FormatError(f"{location}: {error}") from None


_MOST_ADDED = 1_000
"""To how many inputs the inputs of a node are completed."""


def _lacks_some(op: Operator, params: Mapping[str, Any], arrays: int) -> bool:
    """Tell whether a node of many inputs has fewer than its parameters state, but could have them all."""
    count = params.get(op.count)
    return count is not None and arrays < count * len(op.many) + len(op.inputs) - len(op.many) <= _MOST_ADDED


def _missing_inputs(op: Operator, name: str, arrays: int, params: dict, fed: int, location: str,
                    inherited: dict[str, str] | None) -> list[Entry]:
    """Return new variables for the inputs that a node of an old file lacks.

    As in MXNet they have the attributes of the node, `inherited`.  Where those are None only states may be missing.
    """
    names = op.input_names(params)
    if arrays > len(names):
        raise FormatError(f"{location}.inputs: {op.name} takes {counted(len(names), 'input')}, got {arrays}")
    missing: Sequence[str] = names[arrays:]
    if missing and (fed or inherited is None and any(n not in op.writes for n in missing)):
        raise FormatError(f"{location}.inputs: {op.name} takes {_listed(names)}; missing: {_listed(missing)}")
    first = {n: {"__init__": op.initial[n]} for n in missing if n in op.initial}
    return [Entry(Node(None, f"{name}_{n}", attrs=_kept(first.get(n, {}) | (inherited or {})))) for n in missing]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (f" and {len(names) - 20:,} more" if len(names) > 20 else "")


def _at(location: str, key: str, k: int) -> str:
    return f"{location}.{key}[{k}]" if location else f"{key}[{k}]"


def _is_parameter(name: str) -> bool:
    """Tell whether an attribute is meant for the operator, not for MXNet or the user."""
    return name not in HIDDEN and not (name.startswith("__") and name.endswith("__"))


def _check_counted(op: Any, params: dict, inputs: int, location: str) -> None:
    """Raise where a gradient does not have the number of its tensors, or names more inputs than its node has.

    That is looked at before there is a name for each: a file may name millions.
    """
    of, derived = op, op.kind == "gradient"
    while of.kind == "gradient":
        of = of.of
    if of.many and params[of.count] is None:
        raise FormatError(f"{location}.attrs: a gradient of {of.name} needs {of.count}")
    if derived and inputs < (least := max(op.first_input(params), params[of.count] if of.many else 0)):
        raise FormatError(f"{location}.inputs: {op.name[:200]} takes at least {counted(least, 'input')}, got {inputs}")


def _check_derived(node: Node, location: str) -> None:
    """Raise where a gradient's parameters name heads and inputs that its node does not have."""
    fed = len(node.op.fed(node.complete_params))
    try:
        if not node.op.fits(node.complete_params):
            raise IndexError
        node.op.infer_types([UNKNOWN] * (len(node.inputs) - fed), [UNKNOWN] * node.num_outputs, node.complete_params)
        for entry in node.outputs:
            node.output_name(entry.index)
    except (IndexError, KeyError, RecursionError):
        raise FormatError(f"{location}.attrs: they do not fit the {counted(len(node.inputs), 'input')} of "
                          f"{node.op.name[:200]}") from None


def _kept(attrs: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({(f"__{k}__" if k in HIDDEN else k): v for k, v in attrs.items()}.items())) if attrs else ()
