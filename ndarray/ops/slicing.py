"""Operators that cut out a region."""

from ndarray.errors import ShapeError
from ndarray.operator import operator
from ndarray.params import Ints, Shape, SlicePoints
from ndarray.rules import agree_dtype, slot_error
from ndarray.rules_shape import cut, moves, on_axis, place_of, slice_points, sliced_shape
from ndarray.tensortype import TensorType, merge_shapes, show_shape


@operator(moves(sliced_shape), aliases=("crop",), primitive=True)
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
    return xp.strided_slice(data, *slice_points(data.shape, {"begin": begin, "end": end, "step": step}))


@slice.gradient
def _(xp, head, output, data, *, begin, end, step):
    points = slice_points(data.shape, {"begin": begin, "end": end, "step": step})
    return (xp.unslice(head, data.shape, *points),)


@operator(moves(lambda shape, params: params["shape"], lambda out, shape, params: sliced_shape(out, params)),
          primitive=True)
def _unslice(xp, data, /, *, shape: Shape, begin: SlicePoints, end: SlicePoints, step: SlicePoints = ()):
    """Zeros with an array in a region; what the gradient of `slice` is made of.

    Parameters
    ----------
    data : array, shape of the region
        What the region holds.
    shape : tuple of int
        Shape of the output.
    begin, end : tuple of (int or None)
        Limits of the region, as in Python's slices.
    step : tuple of (int or None), optional
        Steps.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.op._unslice(nd.ones(2), shape=(4,), begin=(1,), end=(3,)).asnumpy()
    array([0., 1., 1., 0.], dtype=float32)
    """
    return xp.unslice(data, shape, *slice_points(shape, {"begin": begin, "end": end, "step": step}))


@_unslice.gradient
def _(xp, head, output, data, *, shape, begin, end, step):
    return (xp.strided_slice(head, *slice_points(shape, {"begin": begin, "end": end, "step": step})),)


def _one_axis(ndim, params):
    begin, end, step = on_axis(params["axis"], ndim, params["begin"], params["end"])
    return {"begin": begin, "end": end, "step": step}


@operator(moves(lambda shape, params: sliced_shape(shape, _one_axis(len(shape), params))), primitive=True)
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
    return cut(xp, data, axis, begin, end)


@slice_axis.gradient
def _(xp, head, output, data, *, axis, begin, end):
    return (xp.unslice(head, data.shape, *on_axis(axis, data.ndim, begin, end)),)


def _like_axes(shape, like, axes):
    """Return `shape` with the lengths of `like` along the axes, all of them when none is named."""
    if not axes and len(shape) != len(like):
        raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(shape)} and `{{}}` of shape {show_shape(like)} "
                                     "have different numbers of axes; name those to cut", 0, 1)
    result = list(shape)
    for axis in axes or range(len(shape)):
        i, k = place_of(axis, len(shape)), place_of(axis, len(like), 1)
        if None not in (shape[i], like[k]) and like[k] > shape[i]:
            raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(shape)} is shorter along axis {i} than `{{}}` "
                                         f"of shape {show_shape(like)}", 0, 1)
        result[i] = like[k]
    return tuple(result)


def _slice_like_rule(inputs, outputs, params):
    data, like = inputs
    dtype, out = agree_dtype([data, outputs[0]]), outputs[0].shape
    if data.shape is not None and like.shape is not None:
        out = merge_shapes(_like_axes(data.shape, like.shape, params["axes"]), out)
    return [TensorType(data.shape, dtype), like], [TensorType(out, dtype)]


@operator(_slice_like_rule, primitive=True)
def slice_like(xp, data, shape_like, /, *, axes: Ints = ()):
    """The first elements along axes, as many as another array has.

    Parameters
    ----------
    data : array, any shape
        Input.
    shape_like : array
        Gives the lengths.
    axes : tuple of int, optional
        Which axes to cut; all when left out.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.slice_like(nd.ones((4, 5)), nd.ones((2, 3)), axes=(1,)).shape
    (4, 3)
    """
    end = _like_axes(data.shape, shape_like.shape, axes)
    return xp.strided_slice(data, (0,) * data.ndim, end, (1,) * data.ndim)


@slice_like.gradient(flat=("shape_like",))
def _(xp, head, output, data, shape_like, *, axes):
    return xp.unslice(head, data.shape, (0,) * data.ndim, head.shape, (1,) * data.ndim), None
