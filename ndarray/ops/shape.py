"""Operators that move elements: reshape, transpose, join, split, slice, repeat."""

import builtins
import math
from typing import Literal

import numpy as np

from ndarray.errors import ShapeError
from ndarray.operator import Many, operator
from ndarray.params import Count, Ints, Shape, SlicePoints
from ndarray.rules import agree, agree_dtype, same, slot_error
from ndarray.tensortype import TensorType, merge_shapes, show_shape


def resolve_shape(shape, target, reverse=False):
    """Return the shape that MXNet's codes in `target` make of `shape`.

    Parameters
    ----------
    shape : tuple of int
    target : tuple of int
        -1 follows from the size; 0 copies an axis; -2 copies all that remain; -3 merges two; -4 splits one into the
        next two numbers.
    reverse : bool, optional
        Match from the right.

    Raises
    ------
    ShapeError
        If the sizes differ.

    Examples
    --------
    >>> resolve_shape((2, 3, 4), (0, -3)), resolve_shape((6, 4), (-4, 2, -1, 0))
    ((2, 12), (2, 3, 4))
    """
    if reverse:
        return resolve_shape(shape[::-1], _reversed_codes(target))[::-1]
    result, at, codes = [], 0, list(target)
    while codes:
        code = codes.pop(0)
        if code == -4:
            if len(codes) < 2 or at >= len(shape):
                raise ShapeError(f"-4 in {target} needs an axis to split and two numbers")
            a, b = codes.pop(0), codes.pop(0)
            a, b = (shape[at] // b if a == -1 else a), (shape[at] // a if b == -1 else b)
            result += [a, b]
            at += 1
        elif code == -2:
            result += shape[at:]
            at = len(shape)
        elif code in (0, -3):
            need = 1 if code == 0 else 2
            if at + need > len(shape):
                raise ShapeError(f"{code} in {target} asks for more axes than {show_shape(shape)} has")
            result.append(math.prod(shape[at:at + need]))
            at += need
        else:
            result.append(code)
            at += 1
    size = math.prod(shape)
    if result.count(-1) > 1:
        raise ShapeError(f"only one -1 can follow from the size, {target} has more")
    if -1 in result:
        rest = -math.prod(result)
        result[result.index(-1)] = size // rest if rest else 0
    if math.prod(result) != size:
        raise ShapeError(f"cannot reshape {show_shape(shape)} ({size} elements) to {target}")
    return tuple(result)


def _reversed_codes(target):
    """Return the codes from right to left; the two numbers of a split stay behind its -4."""
    groups, codes = [], list(target)
    while codes:
        code = codes.pop(0)
        groups.append([-4, *reversed([codes.pop(0), codes.pop(0)])] if code == -4 else [code])
    return tuple(c for group in reversed(groups) for c in group)


def _moves(shape_of, back=None):
    """Return the rule of an operator whose output shape is ``shape_of(shape, params)``, and back if given."""

    def infer(inputs, outputs, params):
        dtype = agree_dtype(inputs + outputs)
        shape, out = inputs[0].shape, outputs[0].shape
        if back is not None and out is not None:
            shape = merge_shapes(shape, back(out, params))
        if shape is not None:
            out = merge_shapes(shape_of(shape, params), out)
        return [TensorType(shape, dtype)], [TensorType(out, dtype)]

    return infer


def _reshaped(shape, params):
    if None in shape:
        return None
    return resolve_shape(shape, params["shape"], params["reverse"])


@operator(_moves(_reshaped), aliases=("Reshape",), primitive=True)
def reshape(xp, data, /, *, shape: Ints, reverse: bool = False):
    """The elements in the same order under another shape.

    Parameters
    ----------
    data : array, any shape
        Input.
    shape : tuple of int
        -1 follows from the size; 0 copies an axis; -2 copies all that remain; -3 merges two; -4 splits one into the
        next two numbers.
    reverse : bool, optional
        Match the codes from the right.

    Returns
    -------
    array

    Raises
    ------
    ShapeError
        If the size would change.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.reshape(nd.ones((2, 3, 4)), shape=(0, -1)).shape
    (2, 12)
    """
    return xp.reshape(data, resolve_shape(data.shape, shape, reverse))


@reshape.gradient
def _(xp, head, output, data, *, shape, reverse):
    return (xp.reshape(head, data.shape),)


def _flat(shape, params):
    return (shape[0], None if None in shape[1:] else math.prod(shape[1:])) if shape else (1, 1)


@operator(_moves(_flat), aliases=("flatten",), primitive=True)
def Flatten(xp, data, /):
    """All axes but the first as one.

    Parameters
    ----------
    data : array, shape (batch, …)
        Input.

    Returns
    -------
    array, shape (batch, rest)

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.Flatten(nd.ones((2, 3, 4))).shape
    (2, 12)
    """
    return xp.reshape(data, _flat(data.shape, {}))


@Flatten.gradient
def _(xp, head, output, data):
    return (xp.reshape(head, data.shape),)


def _permuted(shape, params):
    axes = params["axes"] or tuple(range(len(shape)))[::-1]
    if sorted(axes) != list(range(len(shape))):
        raise slot_error(ShapeError, f"axes {axes} are no order of the {len(shape)} axes of `{{}}`", 0)
    return tuple(shape[a] for a in axes)


def _permuted_back(shape, params):
    axes = params["axes"] or tuple(range(len(shape)))[::-1]
    return tuple(shape[axes.index(i)] for i in range(len(shape))) if len(axes) == len(shape) else None


@operator(_moves(_permuted, _permuted_back), primitive=True)
def transpose(xp, data, /, *, axes: Ints = ()):
    """The axes in another order.

    Parameters
    ----------
    data : array, any shape
        Input.
    axes : tuple of int, optional
        Which axis comes where; the reverse order when left out.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.transpose(nd.ones((2, 3, 4)), axes=(1, 0, 2)).shape
    (3, 2, 4)
    """
    return xp.transpose(data, axes or None)


@transpose.gradient
def _(xp, head, output, data, *, axes):
    return (xp.transpose(head, tuple(np.argsort(axes).tolist()) if axes else None),)


def _swapped(shape, params):
    a, b = params["dim1"], params["dim2"]
    shape = list(shape)
    shape[a], shape[b] = shape[b], shape[a]
    return tuple(shape)


@operator(_moves(_swapped, _swapped), aliases=("swapaxes",), primitive=True)
def SwapAxis(xp, data, /, *, dim1: int = 0, dim2: int = 0):
    """Two axes in each other's place.

    Parameters
    ----------
    data : array, any shape
        Input.
    dim1, dim2 : int, optional
        The axes.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.SwapAxis(nd.ones((2, 3)), dim1=0, dim2=1).shape
    (3, 2)
    """
    return xp.swapaxes(data, dim1, dim2)


@SwapAxis.gradient
def _(xp, head, output, data, *, dim1, dim2):
    return (xp.swapaxes(head, dim1, dim2),)


def _expanded(shape, params):
    axis = params["axis"]
    axis = axis + len(shape) + 1 if axis < 0 else axis
    return (*shape[:axis], 1, *shape[axis:])


def _expanded_back(shape, params):
    axis = params["axis"] % len(shape)
    return (*shape[:axis], *shape[axis + 1:])


@operator(_moves(_expanded, _expanded_back), primitive=True)
def expand_dims(xp, data, /, *, axis: int):
    """A new axis of length 1.

    Parameters
    ----------
    data : array, any shape
        Input.
    axis : int
        Where it comes to stand.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.expand_dims(nd.ones((2, 3)), axis=1).shape
    (2, 1, 3)
    """
    return xp.expand_dims(data, axis)


@expand_dims.gradient
def _(xp, head, output, data, *, axis):
    return (xp.reshape(head, data.shape),)


def _squeezed(shape, params):
    axis = params["axis"]
    if axis is None:
        if None in shape:
            return None
        return tuple(d for d in shape if d != 1) or (1,)
    gone = {a % len(shape) for a in axis}
    if any(shape[a] not in (1, None) for a in gone):
        raise slot_error(ShapeError, f"`{{}}` has shape {show_shape(shape)}; only axes of length 1 can be squeezed", 0)
    return tuple(d for i, d in enumerate(shape) if i not in gone) or (1,)


@operator(_moves(_squeezed), primitive=True)
def squeeze(xp, data, /, *, axis: Ints | None = None):
    """Without axes of length 1.

    Parameters
    ----------
    data : array, any shape
        Input.
    axis : tuple of int, optional
        Which axes; all of length 1 when left out.

    Returns
    -------
    array
        Of shape (1,) when no axis would remain.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.squeeze(nd.ones((2, 1, 3))).shape
    (2, 3)
    """
    return xp.reshape(data, _squeezed(data.shape, {"axis": axis}))


@squeeze.gradient
def _(xp, head, output, data, *, axis):
    return (xp.reshape(head, data.shape),)


def _joined(inputs, outputs, params):
    dtype = agree_dtype(inputs + outputs)
    known = [t.shape for t in inputs if t.shape is not None] + [t.shape for t in outputs if t.shape is not None]
    if not known:
        return [TensorType(None, dtype)] * len(inputs), [TensorType(None, dtype)]
    rank = len(known[0])
    axis = params["dim"] % rank
    # Along every other axis all agree; along this one the lengths add up.
    common = agree([TensorType(None if t.shape is None else (*t.shape[:axis], None, *t.shape[axis + 1:]))
                    for t in inputs + outputs]).shape
    lengths = [None if t.shape is None else t.shape[axis] for t in inputs]
    total = outputs[0].shape[axis] if outputs[0].shape is not None else None
    if None not in lengths:
        total = merge_shapes((sum(lengths),), (total,))[0]
    elif total is not None and lengths.count(None) == 1:
        lengths[lengths.index(None)] = total - sum(n for n in lengths if n is not None)

    def with_length(n):
        return TensorType((*common[:axis], n, *common[axis + 1:]), dtype)

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
    axis = dim % output.ndim
    for x in arg:
        found.append(_cut(xp, head, axis, start, start + x.shape[axis]))
        start += x.shape[axis]
    return (tuple(found),)


def _cut(xp, x, axis, start, end, step=1):
    """Return ``x[start:end:step]`` along one axis."""
    whole = (None,) * x.ndim
    begin, stop, steps = list(whole), list(whole), [1] * x.ndim
    begin[axis], stop[axis], steps[axis] = start, end, step
    return xp.strided_slice(x, tuple(begin), tuple(stop), tuple(steps))


def _stacked(inputs, outputs, params):
    dtype = agree_dtype(inputs + outputs)
    shape, axis = agree([TensorType(t.shape) for t in inputs]).shape, params["axis"]
    if shape is None and outputs[0].shape is not None:
        at = axis % len(outputs[0].shape)
        shape = (*outputs[0].shape[:at], *outputs[0].shape[at + 1:])
    out = outputs[0].shape
    if shape is not None:
        at = axis % (len(shape) + 1)
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
    return (tuple(xp.reshape(_cut(xp, head, at, i, i + 1), x.shape) for i, x in enumerate(arg)),)


def _split_rule(inputs, outputs, params):
    dtype = agree_dtype(inputs + outputs)
    shape, n, axis = inputs[0].shape, params["num_outputs"], params["axis"]
    part = agree([TensorType(t.shape) for t in outputs]).shape
    if shape is not None:
        at = axis % len(shape)
        if shape[at] is not None and shape[at] % n:
            raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(shape)} does not split evenly into {n} parts "
                                         f"along axis {axis}", 0)
        length = None if shape[at] is None else shape[at] // n
        middle = () if params["squeeze_axis"] else (length,)
        part = merge_shapes((*shape[:at], *middle, *shape[at + 1:]), part)
    elif part is not None:
        at = axis % (len(part) + params["squeeze_axis"])
        length = 1 if params["squeeze_axis"] else part[at]
        rest = part[at:] if params["squeeze_axis"] else part[at + 1:]
        shape = (*part[:at], None if length is None else length * n, *rest)
    return [TensorType(shape, dtype)], [TensorType(part, dtype)] * len(outputs)


@operator(_split_rule, outputs=lambda params: params["num_outputs"], aliases=("split",), primitive=True)
def SliceChannel(xp, data, /, *, num_outputs: int, axis: int = 1, squeeze_axis: bool = False):
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
    parts = xp.split(data, num_outputs, axis=axis)
    if not squeeze_axis:
        return tuple(parts)
    at = axis % data.ndim
    return tuple(xp.reshape(p, (*data.shape[:at], *data.shape[at + 1:])) for p in parts)


@SliceChannel.gradient
def _(xp, head, output, data, *, num_outputs, axis, squeeze_axis):
    at = axis % data.ndim
    shape = (*data.shape[:at], data.shape[at] // num_outputs, *data.shape[at + 1:])
    return (xp.concatenate(tuple(xp.reshape(h, shape) for h in head), axis=axis),)


def _points(shape, params):
    """Return begin, end and step of every axis."""
    given = params["begin"], params["end"], params["step"]
    found = []
    for i in range(len(shape)):
        b, e, s = (p[i] if i < len(p) else None for p in given)
        found.append((b, e, 1 if s is None else s))
    return found


def _sliced(shape, params):
    return tuple(None if d is None else len(range(*builtins.slice(*p).indices(d))) for d, p in zip(shape, _points(shape, params)))


@operator(_moves(_sliced), aliases=("crop",), primitive=True)
def slice(xp, data, /, *, begin: SlicePoints, end: SlicePoints, step: SlicePoints = ()):
    """A region: from `begin` to before `end` along the first axes.

    Parameters
    ----------
    data : array, any shape
        Input.
    begin, end : tuple of (int or None)
        Limits, as in Python's slices.
    step : tuple of (int or None), optional
        Steps.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.slice(nd.ones((4, 5)), begin=(1, None), end=(3, 2)).shape
    (2, 2)
    """
    points = _points(data.shape, {"begin": begin, "end": end, "step": step})
    return xp.strided_slice(data, *zip(*points)) if points else data


@slice.gradient
def _(xp, head, output, data, *, begin, end, step):
    points = _points(data.shape, {"begin": begin, "end": end, "step": step})
    return (xp.unslice(head, data.shape, *zip(*points)),)


def _one_axis(params, rank):
    begin, end = [None] * rank, [None] * rank
    at = params["axis"] % rank
    begin[at], end[at] = params["begin"], params["end"]
    return {"begin": tuple(begin), "end": tuple(end), "step": ()}


@operator(_moves(lambda shape, params: _sliced(shape, _one_axis(params, len(shape)))), primitive=True)
def slice_axis(xp, data, /, *, axis: int, begin: int, end: int | None):
    """A region along one axis.

    Parameters
    ----------
    data : array, any shape
        Input.
    axis : int
        The axis.
    begin, end : int
        Limits, as in Python's slices; `end` may be None.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.slice_axis(nd.ones((4, 5)), axis=1, begin=1, end=3).shape
    (4, 2)
    """
    return _cut(xp, data, axis % data.ndim, begin, end)


@slice_axis.gradient
def _(xp, head, output, data, *, axis, begin, end):
    points = _points(data.shape, _one_axis({"axis": axis, "begin": begin, "end": end}, data.ndim))
    return (xp.unslice(head, data.shape, *zip(*points)),)


def _like_second(inputs, outputs, params):
    dtype = agree_dtype(inputs + outputs)
    return [TensorType(t.shape, dtype) for t in inputs], [TensorType(merge_shapes(inputs[1].shape, outputs[0].shape),
                                                                      dtype)]


@operator(_like_second, primitive=True)
def reshape_like(xp, lhs, rhs, /):
    """The elements of one array under the shape of another.

    Parameters
    ----------
    lhs : array, any shape
        Gives the elements.
    rhs : array, as many elements
        Gives the shape.

    Returns
    -------
    array, shape of `rhs`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.reshape_like(nd.ones((2, 3)), nd.ones(6)).shape
    (6,)
    """
    return xp.reshape(lhs, rhs.shape)


@reshape_like.gradient
def _(xp, head, output, lhs, rhs):
    return xp.reshape(head, lhs.shape), None


@operator(_like_second, primitive=True)
def broadcast_like(xp, lhs, rhs, /):
    """One array repeated to the shape of another.

    Parameters
    ----------
    lhs : array
        Repeated along its axes of length 1.
    rhs : array
        Gives the shape.

    Returns
    -------
    array, shape of `rhs`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.broadcast_like(nd.ones((2, 1)), nd.ones((2, 3))).shape
    (2, 3)
    """
    return xp.broadcast_to(lhs, rhs.shape)


@broadcast_like.gradient
def _(xp, head, output, lhs, rhs):
    return xp.unbroadcast(head, lhs), None


@operator(_like_second, primitive=True)
def _unbroadcast(xp, lhs, rhs, /):
    """One array summed to the shape of another that broadcasts to it.

    Parameters
    ----------
    lhs : array
        Summed.
    rhs : array
        Gives the shape.

    Returns
    -------
    array, shape of `rhs`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.op._unbroadcast(nd.ones((2, 3)), nd.ones((2, 1))).asnumpy().tolist()
    [[3.0], [3.0]]
    """
    return xp.unbroadcast(lhs, rhs)


@_unbroadcast.gradient
def _(xp, head, output, lhs, rhs):
    return xp.broadcast_to(head, lhs.shape), None


def _broadcast_shape(shape, params):
    target = params["shape"]
    if len(target) != len(shape):
        raise slot_error(ShapeError, f"`{{}}` has {len(shape)} axes, the target {target} has {len(target)}", 0)
    return tuple(d if t == 0 else t for d, t in zip(shape, target))


@operator(_moves(_broadcast_shape), primitive=True)
def broadcast_to(xp, data, /, *, shape: Shape):
    """The array repeated to a shape.

    Parameters
    ----------
    data : array
        Repeated along its axes of length 1.
    shape : tuple of int
        The shape; 0 keeps an axis.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.broadcast_to(nd.ones((2, 1)), shape=(2, 3)).shape
    (2, 3)
    """
    return xp.broadcast_to(data, _broadcast_shape(data.shape, {"shape": shape}))


@broadcast_to.gradient
def _(xp, head, output, data, *, shape):
    return (xp.unbroadcast(head, data),)


def _axes_shape(shape, params):
    shape = list(shape)
    for a, n in zip(params["axis"], params["size"]):
        if shape[a] not in (1, None):
            raise slot_error(ShapeError, f"axis {a} of `{{}}` has length {shape[a]}; only 1 can be repeated", 0)
        shape[a] = n
    return tuple(shape)


@operator(_moves(_axes_shape), aliases=("broadcast_axes",), primitive=True)
def broadcast_axis(xp, data, /, *, axis: Ints = (), size: Ints = ()):
    """The array repeated along axes of length 1.

    Parameters
    ----------
    data : array, any shape
        Input.
    axis : tuple of int, optional
        The axes.
    size : tuple of int, optional
        Their new lengths.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.broadcast_axis(nd.ones((2, 1)), axis=1, size=3).shape
    (2, 3)
    """
    return xp.broadcast_to(data, _axes_shape(data.shape, {"axis": axis, "size": size}))


@broadcast_axis.gradient
def _(xp, head, output, data, *, axis, size):
    return (xp.unbroadcast(head, data),)


def _tiled(shape, params):
    reps = params["reps"]
    rank = max(len(shape), len(reps))
    shape, reps = (1,) * (rank - len(shape)) + shape, (1,) * (rank - len(reps)) + reps
    return tuple(None if d is None else d * r for d, r in zip(shape, reps))


@operator(_moves(_tiled), primitive=True)
def tile(xp, data, /, *, reps: Ints):
    """The array repeated as a whole along each axis.

    Parameters
    ----------
    data : array, any shape
        Input.
    reps : tuple of int
        How often, from the last axis.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.tile(nd.array([1, 2]), reps=(2,)).asnumpy()
    array([1., 2., 1., 2.], dtype=float32)
    """
    return xp.tile(data, reps)


@tile.gradient
def _(xp, head, output, data, *, reps):
    rank = output.ndim
    shape, reps = (1,) * (rank - data.ndim) + data.shape, (1,) * (rank - len(reps)) + reps
    split = xp.reshape(head, tuple(n for pair in zip(reps, shape) for n in pair))
    return (xp.reshape(xp.sum(split, axis=tuple(range(0, 2 * rank, 2))), data.shape),)


def _repeated(shape, params):
    if params["axis"] is None:
        return None if None in shape else (math.prod(shape) * params["repeats"],)
    at = params["axis"] % len(shape)
    return tuple(d * params["repeats"] if i == at and d is not None else d for i, d in enumerate(shape))


@operator(_moves(_repeated), primitive=True)
def repeat(xp, data, /, *, repeats: int, axis: int | None = None):
    """Each element repeated.

    Parameters
    ----------
    data : array, any shape
        Input.
    repeats : int
        How often.
    axis : int, optional
        Along which axis; the array as one run when left out.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.repeat(nd.array([1, 2]), repeats=2).asnumpy()
    array([1., 1., 2., 2.], dtype=float32)
    """
    return xp.repeat(data, repeats, axis=axis)


@repeat.gradient
def _(xp, head, output, data, *, repeats, axis):
    if axis is None:
        return (xp.reshape(xp.sum(xp.reshape(head, (-1, repeats)), axis=(1,)), data.shape),)
    at = axis % data.ndim
    split = xp.reshape(head, (*data.shape[:at + 1], repeats, *data.shape[at + 1:]))
    return (xp.sum(split, axis=(at + 1,)),)


@operator(same, aliases=("flip",), primitive=True)
def reverse(xp, data, /, *, axis: Ints):
    """The elements in reverse order along axes.

    Parameters
    ----------
    data : array, any shape
        Input.
    axis : tuple of int
        The axes.

    Returns
    -------
    array, like `data`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.reverse(nd.array([1, 2]), axis=0).asnumpy()
    array([2., 1.], dtype=float32)
    """
    return xp.flip(data, axis=axis)


@reverse.gradient
def _(xp, head, output, data, *, axis):
    return (xp.flip(head, axis=axis),)


def _pad_pairs(width):
    return tuple(zip(width[::2], width[1::2]))


def _padded_shape(shape, params):
    pairs = _pad_pairs(params["pad_width"])
    if len(pairs) != len(shape):
        raise slot_error(ShapeError, f"pad_width has {len(params['pad_width'])} numbers for {len(shape)} axes of "
                                     "`{}`; two an axis are wanted", 0)
    return tuple(None if d is None else d + a + b for d, (a, b) in zip(shape, pairs))


@operator(_moves(_padded_shape), aliases=("pad",), primitive=True)
def Pad(xp, data, /, *, mode: Literal["constant", "edge", "reflect"], pad_width: Ints, constant_value: float = 0.0):
    """The array with a border.

    Parameters
    ----------
    data : array, any shape
        Input.
    mode : {'constant', 'edge', 'reflect'}
        What the border holds.
    pad_width : tuple of int
        Before and after, for each axis.
    constant_value : float, optional
        The constant.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.Pad(nd.array([1, 2]), mode="edge", pad_width=(1, 1)).asnumpy()
    array([1., 1., 2., 2.], dtype=float32)
    """
    pairs = _pad_pairs(pad_width)
    return (xp.pad(data, pairs, mode="constant", constant_values=constant_value) if mode == "constant"
            else xp.pad(data, pairs, mode=mode))


@Pad.gradient
def _(xp, head, output, data, *, mode, pad_width, constant_value):
    # Edge and reflection put an element into several places: its gradient is the sum over them.
    for axis, (before, after) in enumerate(_pad_pairs(pad_width)):
        n = head.shape[axis] - before - after
        inner = _cut(xp, head, axis, before, before + n)
        if mode != "constant":
            for width, at_start in ((before, True), (after, False)):
                if not width:
                    continue
                border = _cut(xp, head, axis, 0, width) if at_start else _cut(xp, head, axis, before + n, None)
                if mode == "edge":
                    place, part = (0 if at_start else n - 1), xp.sum(border, axis=(axis,), keepdims=True)
                    inner = inner + _placed(xp, part, inner, axis, place, place + 1)
                else:
                    start = 1 if at_start else n - 1 - width
                    inner = inner + _placed(xp, xp.flip(border, axis=(axis,)), inner, axis, start, start + width)
        head = inner
    return (head,)


def _placed(xp, part, like, axis, start, end):
    """Return zeros like `like` with `part` at ``[start:end]`` of an axis."""
    begin, stop = [None] * like.ndim, [None] * like.ndim
    begin[axis], stop[axis] = start, end
    return xp.unslice(part, like.shape, tuple(begin), tuple(stop), (1,) * like.ndim)


def _information(inputs, outputs, params):
    shape = inputs[0].shape
    length = None if shape is None else len(shape)
    return [inputs[0]], [outputs[0].merge(TensorType((length,), np.dtype("int64")))]


@operator(_information)
def shape_array(xp, data, /):
    """The shape, as an array.

    Parameters
    ----------
    data : array, any shape
        Input.

    Returns
    -------
    array, shape (data.ndim,), int64

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.shape_array(nd.ones((2, 3))).asnumpy()
    array([2, 3])
    """
    return xp.constant(np.array(data.shape, np.int64))


@operator(lambda inputs, outputs, params: ([inputs[0]], [outputs[0].merge(TensorType((1,), np.dtype("int64")))]))
def size_array(xp, data, /):
    """The number of elements, as an array.

    Parameters
    ----------
    data : array, any shape
        Input.

    Returns
    -------
    array, shape (1,), int64

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.size_array(nd.ones((2, 3))).asnumpy()
    array([6])
    """
    return xp.constant(np.array([data.size], np.int64))


for _op in (shape_array, size_array):
    _op.gradient(lambda xp, head, output, data: (None,))
