"""Operators that repeat elements, turn them round, or put a border around them."""

import math
from typing import Literal

from ndarray.errors import ParamError, ShapeError
from ndarray.operator import operator
from ndarray.params import Ints, Naturals, Shape
from ndarray.rules import agree_dtype, slot_error
from ndarray.rules_shape import check_repeats, cut, moves, on_axis, place_of
from ndarray.tensortype import TensorType, merge_shapes, show_shape

KIND = "shape"


def _target(shape, params):
    """Return the shape asked for, where 0 keeps an axis."""
    target = params["shape"]
    if len(target) < len(shape) or any(t < 0 for t in target):
        raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(shape)} cannot be repeated to {target}", 0)
    aligned = (1,) * (len(target) - len(shape)) + shape
    target = tuple(d if t == 0 else t for d, t in zip(aligned, target))
    check_repeats(shape, target)
    return target


@operator(moves(_target), primitive=True)
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
    return xp.broadcast_to(data, _target(data.shape, {"shape": shape}))


@broadcast_to.gradient
def _(xp, head, output, data, *, shape):
    return (xp.unbroadcast(head, data),)


def _along_axes(shape, params):
    axis, size = params["axis"], params["size"]
    if len(axis) != len(size):
        raise slot_error(ShapeError, f"axis={axis} and size={size} for `{{}}` have different lengths", 0)
    result = list(shape)
    for a, n in zip(axis, size):
        at = place_of(a, len(shape))
        if shape[at] not in (1, None):
            raise slot_error(ShapeError, f"axis {a} of `{{}}` has length {shape[at]}; only 1 can be repeated", 0)
        result[at] = n
    return tuple(result)


def _along_axes_back(out, shape, params):
    repeated = {place_of(a, len(out)) for a in params["axis"]}
    return tuple(1 if i in repeated else d for i, d in enumerate(out))


@operator(moves(_along_axes, _along_axes_back), aliases=("broadcast_axes",), primitive=True)
def broadcast_axis(xp, data, /, *, axis: Ints = (), size: Naturals = ()):
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
    return xp.broadcast_to(data, _along_axes(data.shape, {"axis": axis, "size": size}))


@broadcast_axis.gradient
def _(xp, head, output, data, *, axis, size):
    return (xp.unbroadcast(head, data),)


def _like_second(inputs, outputs, params):
    lhs, rhs = inputs
    dtype = agree_dtype([lhs, outputs[0]])
    out = merge_shapes(rhs.shape, outputs[0].shape)
    return [TensorType(lhs.shape, dtype), TensorType(out, rhs.dtype)], [TensorType(out, dtype)]


def _like_axes(shape, like, lhs_axes, rhs_axes):
    """Return `shape` with the lengths of `like` along pairs of axes; all of them where no axes are named."""
    if lhs_axes is None and rhs_axes is None:
        check_repeats(shape, like)
        return like
    if lhs_axes is None or rhs_axes is None or len(lhs_axes) != len(rhs_axes):
        raise slot_error(ShapeError, f"lhs_axes={lhs_axes} of `{{}}` and rhs_axes={rhs_axes} of `{{}}` must be as many",
                         0, 1)
    result = list(shape)
    for a, b in zip(lhs_axes, rhs_axes):
        result[place_of(a, len(shape))] = like[place_of(b, len(like), 1)]
    check_repeats(shape, tuple(result))
    return tuple(result)


def _repeated_like(inputs, outputs, params):
    if params["lhs_axes"] is None and params["rhs_axes"] is None:
        inputs, outputs = _like_second(inputs, outputs, params)
    lhs, rhs = inputs
    dtype, out = agree_dtype([lhs, outputs[0]]), outputs[0].shape
    if lhs.shape is not None and rhs.shape is not None:
        out = merge_shapes(_like_axes(lhs.shape, rhs.shape, params["lhs_axes"], params["rhs_axes"]), out)
    return [TensorType(lhs.shape, dtype), rhs], [TensorType(out, dtype)]


@operator(_repeated_like, primitive=True)
def broadcast_like(xp, lhs, rhs, /, *, lhs_axes: Ints | None = None, rhs_axes: Ints | None = None):
    """One array repeated to the shape of another.

    Parameters
    ----------
    lhs : array
        Repeated along its axes of length 1.
    rhs : array
        Gives the lengths.
    lhs_axes, rhs_axes : tuple of int, optional
        Which axis of `lhs` becomes as long as which axis of `rhs`; all when left out.

    Returns
    -------
    array
        Of the shape of `rhs` when no axes are named.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.broadcast_like(nd.ones((2, 1)), nd.ones((2, 3))).shape
    (2, 3)
    >>> nd.broadcast_like(nd.ones((1, 2)), nd.ones((5, 4)), lhs_axes=(0,), rhs_axes=(1,)).shape
    (4, 2)
    """
    return xp.broadcast_to(lhs, _like_axes(lhs.shape, rhs.shape, lhs_axes, rhs_axes))


@broadcast_like.gradient
def _(xp, head, output, lhs, rhs, *, lhs_axes, rhs_axes):
    return xp.unbroadcast(head, lhs), None


def _summed_like(inputs, outputs, params):
    inputs, outputs = _like_second(inputs, outputs, params)
    if None not in (inputs[0].shape, outputs[0].shape):
        check_repeats(outputs[0].shape, inputs[0].shape)
    return inputs, outputs


@operator(_summed_like, primitive=True)
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


@_unbroadcast.gradient(flat=("rhs",))
def _(xp, head, output, lhs, rhs):
    return xp.broadcast_to(head, lhs.shape), None


def _aligned(shape, reps):
    rank = max(len(shape), len(reps))
    return (1,) * (rank - len(shape)) + shape, (1,) * (rank - len(reps)) + reps


def _tiled(shape, params):
    if any(r < 0 for r in params["reps"]):
        raise slot_error(ShapeError, f"reps={params['reps']} of `{{}}` are counts, none below 0", 0)
    return tuple(None if d is None else d * r for d, r in zip(*_aligned(shape, params["reps"])))


def _tiled_back(out, shape, params):
    if shape is None:
        return None
    reps = (1,) * (len(out) - len(params["reps"])) + params["reps"]
    first = len(out) - len(shape)
    return tuple(o // r if d is None and o is not None and r else d
                 for d, o, r in zip(shape, out[first:], reps[first:]))


@operator(moves(_tiled, _tiled_back), primitive=True)
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
    shape, reps = _aligned(data.shape, reps)
    parts = xp.reshape(head, tuple(n for pair in zip(reps, shape) for n in pair))
    return (xp.reshape(xp.sum(parts, axis=tuple(range(0, parts.ndim, 2))), data.shape),)


def _repeated(shape, params):
    n, axis = params["repeats"], params["axis"]
    if n < 0:
        raise slot_error(ShapeError, f"repeats={n} of `{{}}` is a count, not below 0", 0)
    if axis is None:
        return (None if None in shape else math.prod(shape) * n,)
    at = place_of(axis, len(shape))
    return tuple(d * n if i == at and d is not None else d for i, d in enumerate(shape))


def _repeated_back(out, shape, params):
    n, axis = params["repeats"], params["axis"]
    if axis is None or not n:
        return None
    at = place_of(axis, len(out))
    return tuple(d // n if i == at and d is not None else d for i, d in enumerate(out))


@operator(moves(_repeated, _repeated_back), primitive=True)
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
        parts = xp.reshape(head, (data.size, repeats))
        return (xp.reshape(xp.sum(parts, axis=(1,)), data.shape),)
    at = axis % data.ndim
    parts = xp.reshape(head, (*data.shape[:at + 1], repeats, *data.shape[at + 1:]))
    return (xp.reshape(xp.sum(parts, axis=(at + 1,)), data.shape),)


def _turned(shape, params):
    axes = [place_of(axis, len(shape)) for axis in params["axis"]]
    if len(set(axes)) < len(axes):
        raise ParamError(f"axis={params['axis']} names an axis twice")
    return shape


@operator(moves(_turned, lambda out, shape, params: out), aliases=("flip",), primitive=True)
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


def _pairs(ndim, width):
    if len(width) != 2 * ndim or min(width, default=0) < 0:
        raise slot_error(ShapeError, f"pad_width={width} must be two counts for each of the {ndim} axes of `{{}}`", 0)
    return tuple(zip(width[::2], width[1::2]))


def _padded(shape, params):
    mode, pairs = params["mode"], _pairs(len(shape), params["pad_width"])
    for d, pair in zip(shape, pairs):
        widest = max(pair)
        least = {"constant": 0, "edge": min(widest, 1), "reflect": widest and widest + 1}[mode]
        if d is not None and d < least:
            raise slot_error(ShapeError, f"a border of {pair} in mode {mode!r} needs {least} elements, "
                                         f"an axis of `{{}}` has {d}", 0)
    return tuple(None if d is None else d + a + b for d, (a, b) in zip(shape, pairs))


def _padded_back(out, shape, params):
    return tuple(None if d is None else d - a - b for d, (a, b) in zip(out, _pairs(len(out), params["pad_width"])))


@operator(moves(_padded, _padded_back), aliases=("pad",), primitive=True)
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
    pairs = _pairs(data.ndim, pad_width)
    return (xp.pad(data, pairs, mode="constant", constant_values=constant_value) if mode == "constant"
            else xp.pad(data, pairs, mode=mode))


@Pad.gradient
def _(xp, head, output, data, *, mode, pad_width, constant_value):
    for axis, (before, after) in enumerate(_pairs(data.ndim, pad_width)):
        n = data.shape[axis]
        inner = cut(xp, head, axis, before, before + n)
        if mode != "constant":
            # These borders repeat elements, whose gradient is the sum over their places.
            if before:
                inner = inner + _returned(xp, cut(xp, head, axis, 0, before), inner, axis, mode, 0, 1)
            if after:
                inner = inner + _returned(xp, cut(xp, head, axis, before + n, None), inner, axis, mode, n - 1,
                                          n - 1 - after)
        head = inner
    return (head,)


def _returned(xp, border, like, axis, mode, edge, reflected):
    """Return zeros like `like` with `border` added where its elements came from."""
    if mode == "edge":
        part, start = xp.sum(border, axis=(axis,), keepdims=True), edge
    else:
        part, start = xp.flip(border, axis=(axis,)), reflected
    return xp.unslice(part, like.shape, *on_axis(axis, like.ndim, start, start + part.shape[axis]))
