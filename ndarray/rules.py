"""Shape and dtype rules that several operators share; each infers forwards and backwards.

A rule is ``rule(inputs, outputs, params) -> (inputs, outputs)`` over lists of `TensorType`: it returns what was
given, with everything added that follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ndarray.dtypes import BOOL, is_floating
from ndarray.dtypes import DEFAULT as float32
from ndarray.errors import DTypeError, ShapeError
from ndarray.tensortype import UNKNOWN, TensorType, merge_shapes, show_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    from ndarray.tensortype import Dims


def same(inputs: list[TensorType], outputs: list[TensorType],
         params: Mapping[str, Any]) -> tuple[list[TensorType], list[TensorType]]:
    """All inputs and outputs have one shape and one dtype."""
    common = agree(inputs + outputs)
    return [common] * len(inputs), [common] * len(outputs)


def same_floating(inputs: list[TensorType], outputs: list[TensorType],
                  params: Mapping[str, Any]) -> tuple[list[TensorType], list[TensorType]]:
    """All inputs and outputs have one shape and one floating dtype."""
    inputs, outputs = same(inputs, outputs, params)
    check_floating(inputs)
    return inputs, outputs


def broadcast(inputs: list[TensorType], outputs: list[TensorType],
              params: Mapping[str, Any]) -> tuple[list[TensorType], list[TensorType]]:
    """Two inputs of one dtype that broadcast to the output, as in NumPy."""
    dtype = agree_dtype(inputs + outputs)
    lhs, rhs = inputs[0].shape, inputs[1].shape
    try:
        out = merge_shapes(broadcast_shapes(lhs, rhs), outputs[0].shape)
    except ShapeError as error:
        raise slot_error(ShapeError, f"`{{}}` and `{{}}`: {error.args[0]}", 0, 1) from None
    if out is not None:
        lhs, rhs = unbroadcast_shape(lhs, rhs, out), unbroadcast_shape(rhs, lhs, out)
    return [TensorType(lhs, dtype), TensorType(rhs, dtype)], [TensorType(out, dtype)]


def numeric(rule: Callable[..., Any]) -> Callable[..., Any]:
    """Return `rule`, refusing bool as a dtype to calculate in."""

    def infer(inputs: list[TensorType], outputs: list[TensorType], params: Mapping[str, Any]) -> Any:
        inputs, outputs = rule(inputs, outputs, params)
        for i, type_ in enumerate(inputs):
            if type_.dtype == BOOL and type_.dtype is not None:
                raise slot_error(DTypeError, "`{}` has dtype bool, which has no arithmetic; cast it first", i)
        return inputs, outputs

    return infer


def with_axes(rule: Callable[..., Any], least: int, most: int | None = None) -> Callable[..., Any]:
    """Return `rule`, refusing data (the first input) with fewer axes than `least`, or more than `most`."""

    def infer(inputs: list[TensorType], outputs: list[TensorType], params: Mapping[str, Any]) -> Any:
        shape = inputs[0].shape
        if shape is not None and not least <= len(shape) <= (len(shape) if most is None else most):
            many = f"{least}" if least == most else f"at least {least}" if most is None else f"{least} to {most}"
            raise slot_error(ShapeError, f"`{{}}` has shape {show_shape(shape)}, expected {many} axes", 0)
        return rule(inputs, outputs, params)

    return infer


def agree(types: Sequence[TensorType]) -> TensorType:
    """Return the one type that all of `types` are.

    Raises
    ------
    ShapeError, DTypeError
        Naming the two that disagree.
    """
    common = types[0] if types else UNKNOWN
    for i, type_ in enumerate(types):
        if type_ is not common and type_ != common:
            try:
                common = common.merge(type_)
            except (ShapeError, DTypeError) as error:
                raise conflict(error, i, types) from None
    return common


def agree_dtype(types: Sequence[TensorType]) -> np.dtype | None:
    """Return the one dtype of all of `types`, None where none is known."""
    first = types[0].dtype if types else None
    if all([t.dtype is first for t in types]):
        return first
    return agree([TensorType(None, t.dtype) for t in types]).dtype


def agree_shape(types: Sequence[TensorType]) -> Dims | None:
    """Return the one shape of all of `types`, None where none is known."""
    return agree([TensorType(t.shape) for t in types]).shape


def slot_error(kind: type[Any], message: str, *slots: int) -> Any:
    """Return an error of `kind` whose message has a ``{}`` for the name of each of `slots`.

    A slot is the place of a type among the inputs and then the outputs; `Operator.infer_types` knows their names.
    """
    error = kind(message)
    error.slots = slots
    return error


def fit(shape: Dims | None, expected: Dims | None, slot: int) -> Dims | None:
    """Return the shape of the type at place `slot`, with what is expected of it.

    Raises
    ------
    ShapeError
        Naming it.
    """
    try:
        return merge_shapes(expected, shape)
    except ShapeError:
        message = f"`{{}}` has shape {show_shape(shape)}, expected {show_shape(expected)}"
        raise slot_error(ShapeError, message, slot) from None


def conflict(error: Exception, i: int, types: Sequence[TensorType]) -> Any:
    """Return `error`, raised by merging the type at place `i`, with a message that names the input."""
    what = "shape" if isinstance(error, ShapeError) else "dtype"
    known = next((k for k, t in enumerate(types) if getattr(t, what) is not None), 0)
    return slot_error(type(error), f"`{{}}` disagrees with `{{}}`: {what} {error.args[0]}", i, known)


def check_floating(types: Sequence[TensorType]) -> None:
    """Raise where a known dtype is not floating."""
    for i, type_ in enumerate(types):
        if type_.dtype is not None and not is_floating(type_.dtype):
            raise slot_error(DTypeError, f"`{{}}` has dtype {type_.dtype}; "
                             "only floating dtypes (float16, float32, float64) are taken", i)


def broadcast_shapes(a: Dims | None, b: Dims | None) -> Dims | None:
    """Return the shape two shapes broadcast to; None, or None within it, where that is not known."""
    if a is None or b is None:
        return None
    rank = max(len(a), len(b))
    a, b = (1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b
    return tuple(_broadcast_dims(x, y, a, b) for x, y in zip(a, b))


def unbroadcast_shape(shape: Dims | None, other: Dims | None, out: Dims) -> Dims | None:
    """Return `shape` with those unknown dimensions that follow from the other operand's shape and the output's."""
    if shape is None or None not in shape or len(shape) > len(out):
        return shape
    out = out[len(out) - len(shape):]
    other = None if other is None else ((1,) * len(shape) + other)[-len(shape):]
    # Length 1 comes only from 1 and 1; any other length that the other operand lacks comes from this one.
    return tuple(o if d is None and o is not None and (o == 1 or (other is not None and other[i] == 1)) else d
                 for i, (d, o) in enumerate(zip(shape, out)))


def _broadcast_dims(x: int | None, y: int | None, a: Dims, b: Dims) -> int | None:
    if x == y or y == 1:
        return x
    if x == 1:
        return y
    if x is None or y is None:
        return y if x is None else x
    raise ShapeError(f"shapes {show_shape(a)} and {show_shape(b)} do not broadcast")


def grouped(rule: Callable[..., Any], width: int, extra: Any = None) -> Callable[..., Any]:
    """Return the rule of an operator over many tensors, from the `rule` of one tensor.

    Parameters
    ----------
    rule : callable
        Rule over the `width` inputs and the one output of a tensor.
    width : int
        Inputs a tensor.
    extra : callable, optional
        ``extra(types, n) -> types`` of the single inputs that come after the tensors'.
    """

    def infer(inputs: list[TensorType], outputs: list[TensorType], params: Mapping[str, Any]) -> Any:
        n = len(outputs)
        flat = n * width
        new_inputs, new_outputs = [], []
        for k in range(n):
            group = inputs[k * width:(k + 1) * width]
            try:
                ins, outs = rule(group, outputs[k:k + 1], params)
            except (ShapeError, DTypeError) as error:
                error.slots = tuple(  # type: ignore[union-attr]
                    i + k * width if i < width else len(inputs) + k for i in getattr(error, "slots", ()))
                raise
            new_inputs += ins
            new_outputs += outs
        rest = inputs[flat:]
        return new_inputs + (extra(rest, n) if extra else rest), new_outputs

    return infer


def mixed_precision(*wide: int) -> Callable[..., Any]:
    """Return the rule of an operator that keeps some inputs in float32: shapes agree, the others share one dtype.

    Parameters
    ----------
    *wide : int
        Places of the float32 inputs.
    """
    def infer(inputs: list[TensorType], outputs: list[TensorType], params: Mapping[str, Any]) -> Any:
        shape = agree_shape(inputs + outputs)
        narrow = [t for i, t in enumerate(inputs) if i not in wide] + outputs
        dtype = agree_dtype(narrow)
        result = []
        for i, type_ in enumerate(inputs):
            if i in wide:
                if type_.dtype is not None and type_.dtype != float32:
                    raise slot_error(DTypeError, f"`{{}}` must be float32, got {type_.dtype}", i)
            result.append(TensorType(shape, float32 if i in wide else dtype))
        check_floating(result)
        return result, [TensorType(shape, dtype)] * len(outputs)

    return infer

