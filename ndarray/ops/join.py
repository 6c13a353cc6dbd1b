"""Operators that join arrays and part them."""

from typing import Annotated

from ndarray.errors import ShapeError
from ndarray.operator import Many, operator
from ndarray.params import Count, Ints, Within
from ndarray.rules import agree, agree_dtype, same, slot_error
from ndarray.rules_shape import cut, place_of
from ndarray.tensortype import TensorType, merge_shapes, show_shape

KIND = "shape"


def _at_least_one(inputs):
    if not inputs:
        raise slot_error(ShapeError, "at least one array is needed")


def _joined(inputs, outputs, params):
    """Along the axis the lengths add up; along every other one all agree."""
    _at_least_one(inputs)
    types = inputs + outputs
    dtype = agree_dtype(types)
    slot, known = next(((i, t.shape) for i, t in enumerate(types) if t.shape is not None), (0, None))
    if known is None:
        return [TensorType(None, dtype)] * len(inputs), [TensorType(None, dtype)]
    at = place_of(params["dim"], len(known), slot)
    for i, t in enumerate(types):
        if t.shape is not None and len(t.shape) != len(known):
            raise slot_error(ShapeError, f"`{{}}` has shape {show_shape(t.shape)}, `{{}}` {show_shape(known)}: "
                                         "expected as many axes", i, slot)
    common = agree([TensorType(None if t.shape is None else (*t.shape[:at], None, *t.shape[at + 1:]))
                    for t in types]).shape
    lengths = [None if t.shape is None else t.shape[at] for t in inputs]
    total = None if outputs[0].shape is None else outputs[0].shape[at]
    if None not in lengths:
        (total,) = merge_shapes((sum(lengths),), (total,))
    elif total is not None and lengths.count(None) == 1:
        rest = total - sum(n for n in lengths if n is not None)
        if rest < 0:
            raise slot_error(ShapeError, f"`{{}}` has length {total} along axis {at}, its parts have more", len(inputs))
        lengths[lengths.index(None)] = rest

    def with_length(n):
        return TensorType((*common[:at], n, *common[at + 1:]), dtype)

    return [with_length(n) for n in lengths], [with_length(total)]


@operator(_joined, aliases=("concat",), primitive=True)
def Concat(xp, arg: Many("{name}{i}"), /, *, dim: int = 1, num_args: Count = None):
    """Arrays joined along an axis.

    Parameters
    ----------
    arg : array, one or more
        Their shapes agree but for the axis.
    dim : int, optional
        The axis.
    num_args : int, optional
        Number of arrays; follows from them.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.Concat(nd.ones((2, 3)), nd.ones((2, 1)), dim=1).shape
    (2, 4)
    """
    return xp.concatenate(arg, axis=dim)


@Concat.gradient
def _(xp, head, output, arg, *, dim, num_args):
    found, start = [], 0
    at = dim % output.ndim
    for x in arg:
        found.append(cut(xp, head, at, start, start + x.shape[at]))
        start += x.shape[at]
    return (tuple(found),)


def _stacked(inputs, outputs, params):
    _at_least_one(inputs)
    dtype = agree_dtype(inputs + outputs)
    shape, out = agree([TensorType(t.shape) for t in inputs]).shape, outputs[0].shape
    if out is not None:
        at = place_of(params["axis"], len(out), len(inputs))
        shape = merge_shapes(shape, (*out[:at], *out[at + 1:]))
    if shape is not None:
        at = place_of(params["axis"], len(shape) + 1)
        out = merge_shapes((*shape[:at], len(inputs), *shape[at:]), out)
    return [TensorType(shape, dtype)] * len(inputs), [TensorType(out, dtype)]


@operator(_stacked, primitive=True)
def stack(xp, arg: Many("{name}{i}"), /, *, axis: int = 0, num_args: Count = None):
    """Arrays of one shape joined along a new axis.

    Parameters
    ----------
    arg : array, one or more, one shape
        The arrays.
    axis : int, optional
        Where the new axis comes to stand.
    num_args : int, optional
        Number of arrays; follows from them.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.stack(nd.ones((2, 3)), nd.ones((2, 3)), axis=1).shape
    (2, 2, 3)
    """
    return xp.stack(arg, axis=axis)


@stack.gradient
def _(xp, head, output, arg, *, axis, num_args):
    at = axis % output.ndim
    return (tuple(xp.reshape(cut(xp, head, at, i, i + 1), x.shape) for i, x in enumerate(arg)),)


def _parted(inputs, outputs, params):
    n, squeezed = params["num_outputs"], params["squeeze_axis"]
    if n < 1:
        raise slot_error(ShapeError, f"`{{}}` cannot be split into {n} parts", 0)
    dtype = agree_dtype(inputs + outputs)
    shape, part = inputs[0].shape, agree([TensorType(t.shape) for t in outputs]).shape
    if part is not None:
        at = place_of(params["axis"], len(part) + squeezed, 1)
        length = n if squeezed else None if part[at] is None else part[at] * n
        shape = merge_shapes(shape, (*part[:at], length, *part[at + (not squeezed):]))
    if shape is not None:
        at = place_of(params["axis"], len(shape))
        if shape[at] is not None and (shape[at] != n if squeezed else shape[at] % n):
            raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(shape)} does not split evenly into {n} parts "
                                         f"{'of length 1 ' * squeezed}along axis {params['axis']}", 0)
        if squeezed:
            shape = (*shape[:at], n, *shape[at + 1:])
        length = None if shape[at] is None else shape[at] // n
        part = merge_shapes((*shape[:at], *(() if squeezed else (length,)), *shape[at + 1:]), part)
    return [TensorType(shape, dtype)], [TensorType(part, dtype)] * len(outputs)


@operator(_parted, outputs=lambda params: params["num_outputs"], aliases=("split",), primitive=True,
          numbered=lambda params: True)
def SliceChannel(xp, data, /, *, num_outputs: Annotated[int, Within(1, 10_000_000)], axis: int = 1,
                 squeeze_axis: bool = False):
    """Equal parts along an axis.

    Parameters
    ----------
    data : array, any shape
        Input.
    num_outputs : int
        Number of parts; the length of the axis is a multiple of it.
    axis : int, optional
        The axis.
    squeeze_axis : bool, optional
        Drop the axis, where each part has length 1.

    Returns
    -------
    list of array

    Examples
    --------
    >>> import ndarray as nd
    >>> [x.shape for x in nd.split(nd.ones((2, 6)), num_outputs=3)]
    [(2, 2), (2, 2), (2, 2)]
    """
    parts = tuple(xp.split(data, num_outputs, axis=axis))
    if not squeeze_axis:
        return parts
    at = axis % data.ndim
    return tuple(xp.reshape(p, (*data.shape[:at], *data.shape[at + 1:])) for p in parts)


@SliceChannel.gradient
def _(xp, head, output, data, *, num_outputs, axis, squeeze_axis):
    at = axis % data.ndim
    shape = (*data.shape[:at], data.shape[at] // num_outputs, *data.shape[at + 1:])
    return (xp.concatenate(tuple(xp.reshape(h, shape) for h in head), axis=at),)


def _parts(params):
    return params["sections"] or len(params["indices"])


def _part_lengths(length, params):
    """Return the length of each part of an axis of `length`."""
    n, indices = params["sections"], params["indices"]
    if n:
        if length % n:
            raise slot_error(ShapeError, f"`{{}}` has {length} elements along axis {params['axis']}, which do not "
                                         f"split evenly into {n} parts", 0)
        return [length // n] * n
    lengths = [b - a for a, b in zip(indices, (*indices[1:], length))]
    if min(lengths, default=-1) < 0 or indices[0] != 0:
        raise slot_error(ShapeError, f"indices={indices} must begin with 0 and not decrease up to {length}, the length "
                                     f"of `{{}}` along axis {params['axis']}", 0)
    return lengths


def _split_rule(inputs, outputs, params):
    dtype, shape, squeezed = agree_dtype(inputs + outputs), inputs[0].shape, params["squeeze_axis"]
    lengths = [None] * len(outputs)
    for i, known in enumerate(t.shape for t in outputs):
        if known is not None:
            at = place_of(params["axis"], len(known) + squeezed, 1 + i)
            lengths[i] = 1 if squeezed else known[at]
            shape = merge_shapes(shape, (*known[:at], None, *known[at + (not squeezed):]))
    if shape is not None and None not in lengths:
        at = place_of(params["axis"], len(shape))
        shape = merge_shapes(shape, (*shape[:at], sum(lengths), *shape[at + 1:]))
    if shape is None:
        return [TensorType(None, dtype)], [TensorType(t.shape, dtype) for t in outputs]
    at = place_of(params["axis"], len(shape))
    lengths = [None] * len(outputs) if shape[at] is None else _part_lengths(shape[at], params)
    if squeezed and set(lengths) - {1, None}:
        raise slot_error(ShapeError, f"parts of `{{}}` of lengths {lengths} cannot drop axis {params['axis']}", 0)
    return [TensorType(shape, dtype)], [TensorType(
        merge_shapes((*shape[:at], *(() if squeezed else (n,)), *shape[at + 1:]), t.shape), dtype)
        for n, t in zip(lengths, outputs)]


@operator(_split_rule, outputs=_parts, primitive=True, numbered=lambda params: True)
def _split_v2(xp, data, /, *, indices: Ints, axis: int = 1, squeeze_axis: bool = False,
              sections: Annotated[int, Within(0, 10_000_000)] = 0):
    """Parts along an axis, cut at places or equally long.

    Parameters
    ----------
    data : array, any shape
        Input.
    indices : tuple of int
        Where each part begins, from 0 on; not used with `sections`.
    axis : int, optional
        The axis.
    squeeze_axis : bool, optional
        Drop the axis, where each part has length 1.
    sections : int, optional
        Number of equal parts; 0 cuts at `indices`.

    Returns
    -------
    list of array

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``_split_v2``.

    Examples
    --------
    >>> import ndarray as nd
    >>> [x.shape for x in nd.op._split_v2(nd.ones((2, 6)), indices=(0, 1, 4))]
    [(2, 1), (2, 3), (2, 2)]
    """
    at, parts, start = axis % data.ndim, [], 0
    for n in _part_lengths(data.shape[at], {"indices": indices, "axis": axis, "sections": sections}):
        part = cut(xp, data, at, start, start + n)
        parts.append(xp.reshape(part, (*data.shape[:at], *data.shape[at + 1:])) if squeeze_axis else part)
        start += n
    return tuple(parts)


@_split_v2.gradient
def _(xp, head, output, data, *, indices, axis, squeeze_axis, sections):
    at = axis % data.ndim
    lengths = _part_lengths(data.shape[at], {"indices": indices, "axis": axis, "sections": sections})
    return (xp.concatenate(tuple(xp.reshape(h, (*data.shape[:at], n, *data.shape[at + 1:]))
                                 for h, n in zip(head, lengths)), axis=at),)


def _sum_rule(inputs, outputs, params):
    _at_least_one(inputs)
    return same(inputs, outputs, params)


@operator(_sum_rule, aliases=("ElementWiseSum", "_sum"), fusible=True, kind="arithmetic")
def add_n(xp, args: Many("arg{i}"), /, *, num_args: Count = None):
    """Sum of several arrays.

    Parameters
    ----------
    args : array, one or more, one shape and dtype
        The arrays.
    num_args : int, optional
        Number of arrays; follows from them.

    Returns
    -------
    array, like one of them

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.add_n(nd.ones(1), nd.ones(1), nd.ones(1)).asnumpy()
    array([3.], dtype=float32)
    """
    total = args[0]
    for x in args[1:]:
        total = total + x
    return total


@add_n.gradient
def _(xp, head, output, args, *, num_args):
    return ((head,) * len(args),)
