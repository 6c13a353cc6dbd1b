"""What `Symbol.infer_shape`, `infer_type` and their partial forms return: MXNet's lists, in order of the arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ndarray.errors import BindError
from symbolic.graph.node import Entry
from symbolic.graph.types import types_of
from symbolic.graph.unregistered import refuse_unregistered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ndarray.tensortype import TensorType
    from symbolic.graph.graph import Graph


def shapes(graph: Graph, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
    """Return the shapes of arguments, outputs and states, and "", or None three times and what is missing."""
    types = _shapes_inferred(graph, args, kwargs)
    open_ = [n.shown_name for n in graph.variables if not _shape_known(types[Entry(n)])]
    if open_ or not all(_shape_known(types[e]) for e in graph.outputs):
        refuse_unregistered(graph, "infer_shape")
        return (None, None, None), (
            "Cannot decide shape for the following arguments (0s in shape means unknown dimensions). "
            f"Consider providing them as input: {', '.join(open_) or 'none are open, but an output is'}")
    return _in_order(graph, types, lambda t: t.shape), ""


def shapes_so_far(graph: Graph, args: Sequence[Any],
                  kwargs: Mapping[str, Any]) -> tuple[list[Any], list[Any], list[Any]]:
    """Return the shapes as far as they follow: ``()`` is an unknown shape, 0 an unknown dimension."""
    return _in_order(graph, _shapes_inferred(graph, args, kwargs), lambda t: _mxnet_shape(t.shape))


def dtypes_so_far(graph: Graph, args: Sequence[Any],
                  kwargs: Mapping[str, Any]) -> tuple[list[Any], list[Any], list[Any]]:
    """Return the dtypes as far as they follow; None is unknown."""
    types = types_of(graph, dtype=_by_name(graph, args, kwargs, "infer_type"), who="infer_type")
    return _in_order(graph, types, lambda t: None if t.dtype is None else t.dtype.type)


def _shapes_inferred(graph: Graph, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[Entry, TensorType]:
    given = _by_name(graph, args, kwargs, "infer_shape")
    # By position, () is an unknown shape.
    return types_of(graph, {name: shape for name, shape in given.items() if shape != () or name in kwargs},
                    who="infer_shape")


def _by_name(graph: Graph, args: Sequence[Any], kwargs: Mapping[str, Any], who: str) -> dict[str, Any]:
    """Return what is given of variables, by name."""
    if args and kwargs:
        raise BindError(f"{who} takes what is known either by position or by keyword, not both")
    given = dict(zip([n.name for n in graph.arguments], args)) if args else kwargs
    return {name: value for name, value in given.items() if value is not None}


def _in_order(graph: Graph, types: Mapping[Entry, TensorType],
              of: Callable[[TensorType], Any]) -> tuple[list[Any], list[Any], list[Any]]:
    return ([of(types[Entry(n)]) for n in graph.arguments], [of(types[e]) for e in graph.outputs],
            [of(types[Entry(n)]) for n in graph.auxiliary])


def _shape_known(type_: TensorType) -> bool:
    return type_.shape is not None and None not in type_.shape


def _mxnet_shape(shape: Sequence[int | None] | None) -> tuple[int, ...]:
    return () if shape is None else tuple(0 if d is None else d for d in shape)
