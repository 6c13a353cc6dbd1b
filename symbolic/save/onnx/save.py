"""A graph as an ONNX model: each operator's body, written with ONNX's core operators."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray.array import NDArray
from ndarray.atomic import write_atomically
from ndarray.collector import without_collection
from ndarray.dtypes import dtype_of
from ndarray.errors import (
    DTypeError,
    FormatError,
    LimitError,
    MXNetError,
    OperatorError,
    UnknownNameError,
    shown,
    unknown,
)
from ndarray.tensortype import TensorType
from symbolic.graph.infer import declared
from symbolic.graph.types import complete_types, given_types
from symbolic.graph.unregistered import refuse_unregistered
from symbolic.passes.fill_shapes import fill_shapes
from symbolic.passes.set_training import training
from symbolic.save.onnx.model import to_onnx
from symbolic.save.onnx.namespace import MOST_NODES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ndarray.typing import ArrayLike, DTypeLike
    from symbolic.graph.graph import Graph
    from symbolic.graph.node import Entry
    from symbolic.symbol import Symbol

LARGEST = 2**31 - 1 - 2**20
"""Protocol buffers end at 2 GiB."""


@without_collection()
def save_onnx(symbol: Symbol, fname: str | os.PathLike[str], shape: Mapping[str, Sequence[int]] | None = None,
              dtype: Mapping[str, DTypeLike] | DTypeLike | None = None, params: Mapping[str, ArrayLike] | None = None,
              is_train: bool = False) -> None:
    """Write a Symbol to a file as an ONNX model, whole or not at all.

    Parameters
    ----------
    symbol : Symbol
    fname : str or path
    shape : dict of str to tuple of int, optional
        Shapes of variables from which all others follow; those that variables declare need not be given.
    dtype : dict of str to dtype, or dtype, optional
        Element types of variables, or of all; float32 by default.
    params : dict of str to array, optional
        Values of variables that the model is to hold; their shapes and dtypes need not be given.
    is_train : bool, optional
        Whether operators that differ in training (batch normalisation, dropout) are to train.

    Raises
    ------
    OperatorError
        If an operator has no counterpart in ONNX, naming it and its node.
    ShapeError
        If not all shapes follow.
    DTypeError
        If `params` hold something that is not an array of numbers, or of other dtypes than the graph's.
    UnknownNameError
        If `shape`, `dtype` or `params` names a variable that is not there.
    LimitError
        If the graph, or the model, has more nodes than ``symbolic.save.onnx.namespace.MOST_NODES``.
    FormatError
        If the model would be too large for a file, or a name cannot be written.
    ImportError
        If onnx is not installed.

    Notes
    -----
    Operators are written as what their bodies compute, with ONNX's core operators only; each node of the model is
    named after the node of the graph it belongs to, and records its operator and parameters.

    All variables become inputs of the model: arguments, states, and the hyper-parameters that are symbols; but for
    those in `params`, whose values the model holds; for states that change these values are defaults.  States become
    outputs as well, called ``<name>_new``; the model's metadata, ``states``, hold a JSON object of these names.
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
    refuse_unregistered(graph, "save_onnx")
    if (nodes := len(graph.nodes)) > MOST_NODES:
        raise LimitError(f"save_onnx: the graph has {nodes:,} nodes, more than the limit of {MOST_NODES:,}")
    if is_train:
        graph = training(graph)
    kept = _arrays(graph, params or {})
    types = types_for(graph, shape, dtype, kept)
    filled = fill_shapes(graph, types)
    if filled is not graph:
        graph, types = filled, types_for(filled, shape, dtype, kept)
    model = to_onnx(graph, types, kept)
    size = model.ByteSize()
    if size > LARGEST:
        raise FormatError(f"save_onnx: the constants of the model make {size:,} bytes, more than a file holds")
    write_atomically(os.fspath(fname), model.SerializeToString(deterministic=True))


def _arrays(graph: Graph, params: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return NumPy arrays for those that are to be held."""
    names = {n.name for n in graph.variables}
    for name in params:
        if name not in names:
            raise UnknownNameError(f"save_onnx: params: {unknown('variable', name, names)}")
    return {name: _array(name, value) for name, value in params.items()}


def _array(name: str, value: Any) -> np.ndarray:
    try:
        data = np.asarray(value._data if isinstance(value, NDArray) else value)
        return data.astype(dtype_of(data.dtype), copy=False)
    except (ValueError, DTypeError) as error:
        raise DTypeError(f"save_onnx: params: {name} is {shown(value)}, no array of numbers: {error}") from None


def types_for(graph: Graph, shape: Mapping[str, Sequence[int]] | None = None,
              dtype: Mapping[str, DTypeLike] | DTypeLike | None = None,
              kept: Mapping[str, np.ndarray] | None = None) -> dict[Entry, TensorType]:
    """Return the type of every entry, with float32 where no dtype follows; parameters as `save_onnx`."""
    known = given_types(graph, shape, dtype, "save_onnx")
    for node in graph.variables:
        if kept and node.name in kept:
            known[node.name] = _merged(node.name, declared(node, known.get(node.name)), kept[node.name])
    return complete_types(graph, known, "save_onnx", "; give them (shape=, --shape)")


def _merged(name: str, known: TensorType, array: np.ndarray) -> TensorType:
    try:
        return known.merge(TensorType(array.shape, array.dtype))
    except MXNetError as error:
        raise type(error)(f"save_onnx: params: {name}: {error}") from None
