"""Making nodes: variables, operators applied to entries, and graphs put into graphs."""

from __future__ import annotations

import sys
from os.path import dirname
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import ndarray.errors
from ndarray.cached import Bounded
from ndarray.dtypes import dtype_of, flag_of
from ndarray.errors import OperatorError, OutOfRangeError, shown, unknown
from ndarray.params import Fed, Param, Shape, is_fed, kind_of, shift_fed, text_of
from ndarray.text import counted
from ndarray.text import label as label_of
from symbolic.graph.attributes import AttrScope
from symbolic.graph.graph import Graph
from symbolic.graph.naming import NameManager
from symbolic.graph.node import Entry, Node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ndarray.operator import Operator
    from ndarray.typing import DTypeLike

_LIBRARY = (dirname(dirname(__file__)), dirname(ndarray.errors.__file__), "<string>")


def caller() -> tuple[str, int]:
    """Return file and line of the code, outside this library, that is making a node."""
    frame = sys._getframe(2)
    while frame.f_code.co_filename.startswith(_LIBRARY) and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


_SHAPE = Param("shape", Shape)


def variable(name: str, attrs: Mapping[str, str] | None = None, shape: Sequence[int] | None = None,
             dtype: DTypeLike | None = None, **more: str) -> Entry:
    """Return the entry of a new variable.

    Parameters
    ----------
    name : str
    attrs : dict of str to str, optional
    shape : tuple of int, optional
        0 marks an unknown dimension.
    dtype : dtype, optional
    **more : str
        Further attributes by their stored name, e.g. ``__lr_mult__``.
    """
    attrs = dict(AttrScope.current.get(attrs))
    if shape is not None:
        attrs["__shape__"] = text_of(tuple(_SHAPE.parse(shape, name)))
    if dtype is not None:
        attrs["__dtype__"] = str(flag_of(dtype_of(dtype)))
    return Entry(Node(None, name, attrs=tuple(sorted((attrs | more).items())), where=caller()))


def apply(op: Operator, args: Sequence[Entry] = (), named: Mapping[str, Entry] | None = None,
          params: Mapping[str, Any] = MappingProxyType({}), name: str | None = None,
          attrs: Mapping[str, str] | None = None, hint: str | None = None) -> Node:
    """Return the node of an operator applied to entries.

    Parameters
    ----------
    op : Operator
    args : sequence of Entry
        Inputs by position.
    named : dict of str to Entry, optional
        Inputs by name.
    params : dict, optional
        Parameters as the caller gave them; an `Entry` (or a tuple with some) feeds the parameter at run time.
    name : str, optional
        From the current `NameManager` when left out.
    attrs : dict of str to str, optional
    hint : str, optional
        What an automatic name starts with; the operator's name in lower case when left out.

    Returns
    -------
    Node
        Inputs that were not given are new variables named ``<name>_<input>``.

    Raises
    ------
    OperatorError, ParamError
        Naming what is unknown, missing, given twice or not of its type.
    """
    label = label_of(name) if name else op.name
    fed: list[Entry] = []
    key: Any = (op, *params.items(), *map(kind_of, params.values()))
    try:
        ready = _ready.get(key)
    except TypeError:  # A list among the parameters.
        ready = key = None
    if ready is not None:
        items, complete = ready
    else:
        parsed = op.parse({name: _collect_fed(value, fed) for name, value in params.items()}, label)
        if op.many and op.fixed_names(parsed) is not None:
            parsed[op.count] = len(op.fixed_names(parsed) or ())
        elif op.many and parsed.get(op.count) is None:
            parsed[op.count] = _count(op, args, named, parsed, label)
        items, complete = tuple(sorted(parsed.items())), op.complete(parsed, label)
        if key is not None and not op.many and all(type(v) in _PLAIN for v in params.values()):
            _ready.keep(key, (items, complete))  # most nodes of a graph are made with the same few
    names = op.input_names(complete)
    complete_call = len(args) == len(names) and not named
    given: Any = None if complete_call else _given(op, args, named or {}, names, label, complete)
    name = NameManager.current.get(name, hint or op.hint)
    attrs = AttrScope.current.get(attrs)
    if complete_call:
        inputs = tuple(args)
    else:
        inherited = {key: text_of(value) for key, value in items if not is_fed(value)} | {**attrs}
        inputs = tuple([given[key] if key in given else variable(f"{name}_{key}", _first_value(op, key) | inherited)
                        for key in names])
    if fed:
        items = tuple([(key, shift_fed(value, len(inputs))) for key, value in items])
        inputs += tuple(fed)
    node = Node(op, name, inputs, items, tuple(sorted(attrs.items())) if attrs else (), caller())
    if not fed:
        node.remember(complete)
    return node


def _first_value(op: Operator, key: str) -> dict[str, str]:
    return {"__init__": op.initial[key]} if key in op.initial else {}


_PLAIN = {int, float, str, bool}
_ready: Bounded = Bounded(4096)
"""Parsed parameters, and all of them, by the operator and the parameters as they were given."""


def _given(op: Operator, args: Sequence[Entry], named: Mapping[str, Entry], names: Sequence[str], label: str,
           complete: Mapping[str, Any]) -> dict[str, Entry]:
    """Return the inputs that came, by name; raise where one is unknown, left out, doubled or too many."""
    left_out = [key for key in named if key in op.names and key not in names] if not op.many else []
    if len(args) > len(names) or left_out:
        got = f", {', '.join(left_out)} among them" * bool(left_out)
        raise OperatorError(f"{label}: {op.name} takes {counted(len(names), 'input')} ({', '.join(names[:8])}), got "
                            f"{len(args) + len(named)}{got}" + f": {op.why_absent(complete)}" * (op.absent is not None))
    given = dict(zip(names, args))
    for key, entry in named.items():
        if key not in names:
            raise OperatorError(f"{label}: {unknown(f'input of {op.name}', key, [*names, *op.params])}")
        if key in given:
            raise OperatorError(f"{label}: input {key} of {op.name} is given twice")
        given[key] = entry
    return given


def _collect_fed(value: Any, fed: list[Entry]) -> Any:
    """Replace each entry in a parameter's value by a mark of its place in `fed`, where it is appended."""
    if isinstance(value, Entry):
        fed.append(value)
        return Fed(len(fed) - 1)
    if isinstance(value, (tuple, list)) and any(isinstance(v, Entry) for v in value):
        return tuple([_collect_fed(v, fed) for v in value])
    return value


def _count(op: Operator, args: Sequence[Entry], named: Mapping[str, Entry] | None, parsed: Mapping[str, Any],
           label: str) -> int:
    """Return the number of tensors of an operator that takes any, from the inputs given."""
    if args and not named:
        return op.count_from(len(args), parsed, label)
    n = 0
    while any(name in (named or {}) for name in _names_of_tensor(op, n)):
        n += 1
    if n == 0:
        raise OperatorError(f"{label}: the number of tensors of {op.name} is unknown; pass inputs or {op.count}=")
    return n


def _names_of_tensor(op: Operator, k: int) -> list[str]:
    return [i.many.pattern.format(name=i.name, i=k) for i in op.inputs if i.many]


def substitute(graph: Graph, replacements: Mapping[Node, Entry], name: str | None = None) -> Graph:
    """Return the graph with entries in place of some variables.

    Parameters
    ----------
    graph : Graph
    replacements : dict of Node to Entry
    name : str, optional
        New name of the node that is the only output.
    """
    new = graph.rewrite(lambda node: (replacements[node],) if node in replacements else node.outputs)
    if name and len(new.outputs) == 1 and new.outputs[0].node.op is not None:
        node, index = new.outputs[0]
        new = Graph([Entry(node.replace(name=name), index)])
    return new


def call(graph: Graph, args: Sequence[Entry] = (), named: Mapping[str, Entry] | None = None,
         name: str | None = None) -> Graph:
    """Return `graph` composed with entries: its free variables replaced by position or by name.

    Raises
    ------
    OperatorError
        Where both ways are mixed, a name is unknown, or more entries come than there are variables.
    """
    variables = graph.variables
    if args and named:
        raise OperatorError("compose takes symbols either by position or by keyword, not both")
    if len(args) > len(variables):
        raise OperatorError(f"compose got {counted(len(args), 'symbol')} for {counted(len(variables), 'variable')}")
    if args:
        return substitute(graph, dict(zip(variables, args)), name)
    by_name = {}
    for node in variables:
        by_name.setdefault(node.name, []).append(node)
    for key in named or {}:
        if key not in by_name:
            raise OperatorError(f"compose: {unknown('variable', key, by_name)}")
    return substitute(graph, {n: e for key, e in (named or {}).items() for n in by_name[key]}, name)


def with_attrs(graph: Graph, node: Node, attrs: Mapping[str, str]) -> Graph:
    """Return the graph with attributes added to one of its nodes."""
    new = node.replace(attrs=tuple(sorted({**dict(node.attrs), **attrs}.items())))
    return graph.rewrite(lambda n: new.outputs if n is node else n.outputs)


def internals(graph: Graph) -> Graph:
    """Return the graph whose outputs are every node's outputs, inputs first."""
    return Graph([e for n in graph.nodes for e in n.outputs])


def children(graph: Graph) -> Graph | None:
    """Return the graph of the direct inputs of the outputs, None where there are none."""
    entries = [e for n in dict.fromkeys(o.node for o in graph.outputs) for e in n.inputs]
    return Graph(entries) if entries else None


def pick(graph: Graph, key: Any) -> Sequence[Entry]:
    """Return the outputs of `graph` that an index, a slice or an output's name selects.

    Raises
    ------
    OutOfRangeError, UnknownNameError, OperatorError
    """
    if isinstance(key, str):
        names = [e.node.output_name(e.index) for e in graph.outputs]
        if names.count(key) != 1:
            raise OperatorError(f"output {key!r} is ambiguous: several have that name") if key in names else (
                ndarray.errors.UnknownNameError(unknown("output", key, names)))
        return (graph.outputs[names.index(key)],)
    if isinstance(key, slice):
        found = graph.outputs[key]
        if not found:
            raise OutOfRangeError(f"outputs {shown(key)}: none of {len(graph.outputs)}")
        return found
    if isinstance(key, bool) or not hasattr(key, "__index__"):
        raise OperatorError(f"a Symbol is indexed by int, slice or output name, not {shown(key)}")
    if not -len(graph.outputs) <= key < len(graph.outputs):
        raise OutOfRangeError(f"output {key} of {len(graph.outputs)}")
    return (graph.outputs[key],)
