"""Shapes and dtypes, carried forward and back through the graph until nothing more is learnt."""

from __future__ import annotations

import collections
import math
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray.collector import without_collection
from ndarray.dtypes import DEFAULT, dtype_of
from ndarray.errors import DTypeError, LimitError, ParamError, ShapeError, shown
from ndarray.params import Param, Shape
from ndarray.tensortype import MOST_AXES, UNKNOWN, TensorType, show_shape
from ndarray.text import counted
from symbolic.graph.node import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from symbolic.graph.graph import Graph
    from symbolic.graph.node import Node


@without_collection()
def infer(graph: Graph, known: Mapping[str, TensorType] | None = None) -> dict[Entry, TensorType]:
    """Return the type of every entry, as far as it follows.

    Parameters
    ----------
    graph : Graph
    known : dict of str to TensorType, optional
        Types of variables, by name; they go before a variable's own ``shape=`` and ``dtype=``.

    Returns
    -------
    dict of Entry to TensorType

    Raises
    ------
    ShapeError, DTypeError
        Where two types meet that cannot hold together, naming the node, its inputs and where it was made.
    """
    known = known or {}
    types = {}
    readers = {}
    for node in graph.nodes:
        if node.op is None:
            types[Entry(node)] = declared(node, known.get(node.name))
        else:
            for entry in node.outputs:
                types[entry] = UNKNOWN
            for entry in node.inputs:
                readers.setdefault(entry, []).append(node)
    open_ = [n for n in graph.nodes if n.op is not None and has_open_shape(n)]
    for node in open_:
        types[Entry(node)] = _open_type(node)
    skipped = set(open_)
    queue = collections.deque(n for n in graph.nodes if n.op is not None and n not in skipped)
    _settle(queue, types, readers)
    for node in open_:
        # A 0 that nothing settles is the length 0.
        shape, dtype = types[Entry(node)]
        given = node.complete_params["shape"]
        types[Entry(node)] = TensorType(tuple([g if g == 0 and d is None else d for g, d in zip(given, shape)]), dtype)
    if open_:
        _settle(collections.deque(dict.fromkeys(r for n in open_ for r in readers.get(Entry(n), ()))), types, readers)
    return types


def has_open_shape(node: Node) -> bool:
    """Tell whether a node is a constant with a 0 or -1 in its shape: MXNet's signs that others settle the length."""
    return not node.inputs and not {0, -1}.isdisjoint(node.complete_params.get("shape") or ()) and node.num_outputs == 1


def _open_type(node: Node) -> TensorType:
    _, (type_,) = node.op.infer_types([], [UNKNOWN], node.complete_params, _Where(node))
    return TensorType(tuple([d or None for d in type_.shape]), type_.dtype)


def _settle(queue: Any, types: dict[Entry, TensorType], readers: Mapping[Entry, list[Node]]) -> None:
    """Infer from the nodes in a queue, and from the nodes that this affects, until nothing changes."""
    waiting = set(queue)
    while queue:
        node = queue.popleft()
        waiting.discard(node)
        for entry in _learn(node, types):
            for other in (*readers.get(entry, ()), entry.node):
                if other is not node and other not in waiting and other.op is not None and not has_open_shape(other):
                    waiting.add(other)
                    queue.append(other)


def declared(variable: Node, given: TensorType | None = None) -> TensorType:
    """Return a variable's type from its attributes, after `given`."""
    given = given or UNKNOWN
    shape, dtype = given
    if not variable.attrs or (shape is not None and dtype is not None):
        return given
    attrs = dict(variable.attrs)
    if shape is None and "__shape__" in attrs:
        shape = from_mxnet_shape(_SHAPE.parse(attrs["__shape__"], variable.name))
        check_axes(shape, variable.shown_name)
    if dtype is None and "__dtype__" in attrs:
        dtype = dtype_of(attrs["__dtype__"])
    return TensorType(shape, dtype) if shape is not None or dtype is not None else UNKNOWN


_SHAPE = Param("shape", Shape)
_KEY = np.dtype("int64")


def check_axes(shape: Sequence[int | None] | None, where: object) -> None:
    """Raise where a shape has more axes than the limit: a chain of nodes could make it ever longer.

    Raises
    ------
    LimitError
    """
    if shape is not None and len(shape) > MOST_AXES:
        raise LimitError(f"{where}: {len(shape):,} axes are more than the limit of {MOST_AXES}")


def from_mxnet_shape(shape: Sequence[int]) -> tuple[int | None, ...]:
    """Return a shape with None for each 0 or -1 that marks an unknown dimension.

    Raises
    ------
    ShapeError
        If a dimension is anything else below 0, or not an integer.
    """
    if not all(isinstance(d, Integral) and not isinstance(d, bool) and d >= -1 for d in shape):
        raise ShapeError(f"{shown(shape)} is not a shape: dimensions are integers from 1, and 0 or -1 where unknown")
    return tuple(None if d in (0, -1) else int(d) for d in shape)


class _Where:
    """A node as messages name it: written only where there is a message."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node

    def __str__(self) -> str:
        return f"{self.node.shown_name} ({self.node.op.name})"


def _learn(node: Node, types: dict[Entry, TensorType]) -> list[Entry]:
    """Infer one node; return the entries whose type is now better known."""
    params = node.complete_params
    fed = len(node.op.fed(params))
    arrays = node.inputs[:-fed] if fed else node.inputs
    entries = (*arrays, *node.outputs)
    before = [types[e] for e in entries]
    n = len(arrays)
    try:
        inputs, outputs = node.op.infer_types(before[:n], before[n:], params, _Where(node))
        changed = [e for e, old, new in zip(entries, before, (*inputs, *outputs))
                   if old is not new and old != new and _store(types, e, new)]
        for entry in changed:
            check_axes(types[entry].shape, _Where(node))
        if fed:
            dtype = inputs[node.op.scalar_source(params)].dtype if arrays else None
            changed += _learn_fed(node, params, types, dtype)
    except (ShapeError, DTypeError, ParamError, LimitError) as error:
        if node.location:
            error.args = (f"{error.args[0]}\n  made at {node.location}",)
        raise
    return changed


def _store(types: dict[Entry, TensorType], entry: Entry, new: TensorType) -> bool:
    """Keep what is learnt of an entry; an entry read twice by a node learns from both places."""
    old = types[entry]
    types[entry] = merged = old.merge(new)
    return merged is not old and merged != old


def _learn_fed(node: Node, params: Mapping[str, Any], types: dict[Entry, TensorType], dtype: Any) -> list[Entry]:
    """Infer what feeds the parameters: one element each, or one for each tensor; float32 or wider.

    In float16 a rate of 1e-8 is zero and a count ends at 2,048.
    """
    changed = []
    for name, value in params.items():
        for fed in node.op.fed({name: value}):
            entry = node.inputs[fed.index]
            type_ = types[entry]
            whole = value is fed and name in node.op.scalar_tuples
            size = params[node.op.count] if whole else 1
            if type_.shape is None:
                type_ = TensorType((size,), type_.dtype)
            elif None not in type_.shape and math.prod(type_.shape) != size:
                raise ShapeError(f"{node.shown_name} ({node.op.name}): {name} takes {counted(size, 'element')}, "
                                 f"{entry} has shape {show_shape(type_.shape)}")
            if name == node.op.key:
                type_ = type_.merge(TensorType(None, _KEY))
            elif type_.dtype is None and dtype is not None:
                type_ = TensorType(type_.shape, dtype if dtype.itemsize > DEFAULT.itemsize else DEFAULT)
            if type_ != types[entry]:
                types[entry] = type_
                changed.append(entry)
    return changed

