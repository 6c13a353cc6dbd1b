"""Operators that cut out a region."""

from ndarray.errors import ParamError, ShapeError
from ndarray.operator import Many, operator
from ndarray.params import Count, Ints, Naturals, Shape, SlicePoints
from ndarray.rules import agree_dtype, slot_error
from ndarray.rules_shape import cut, moves, on_axis, place_of, slice_points, sliced_shape
from ndarray.tensortype import TensorType, merge_shapes, show_shape

KIND = "shape"


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


def _crop_window(shape, size, params):
    """Return where a window of `size` begins on both axes of an image of `shape`; raise where it does not fit."""
    if params["center_crop"]:
        begin = tuple([(n - k) // 2 for n, k in zip(shape[2:], size)])
    else:
        begin = params["offset"] or (0, 0)
    if len(begin) != 2 or any(b < 0 or b + k > n for b, k, n in zip(begin, size, shape[2:])):
        where = "in the middle" if params["center_crop"] else f"at offset={params['offset']}"
        raise slot_error(ShapeError, f"`{{}}` has shape {show_shape(shape)}, which does not hold a window of "
                                     f"{size[0]} by {size[1]} {where}", 0)
    return begin


def _crop_rule(inputs, outputs, params):
    """The output has the batch and channels of the first input, height and width of the second or of ``h_w``."""
    dtype = agree_dtype(inputs + outputs)
    if not 1 <= len(inputs) <= 2:
        raise ParamError(f"num_args={len(inputs)}: expected an image, and perhaps one whose height and width to take")
    if len(inputs) == 1 and (len(params["h_w"]) != 2 or min(params["h_w"]) < 1):
        raise ParamError(f"h_w={params['h_w']} is not a height and a width; give them, or a second input of that size")
    shapes = [t.shape for t in inputs]
    for k, shape in enumerate(shapes):
        if shape is not None and len(shape) != 4:
            raise slot_error(ShapeError, f"`{{}}` has shape {show_shape(shape)}, expected 4 axes: batch, channels, "
                                         "height, width", k)
    size = tuple(params["h_w"]) if len(inputs) == 1 else (None, None) if shapes[1] is None else shapes[1][2:]
    out = merge_shapes((*(shapes[0] or (None, None))[:2], *size), outputs[0].shape)
    if shapes[0] is not None:
        shapes[0] = (*out[:2], *shapes[0][2:])
        if None not in (*shapes[0][2:], *out[2:]):
            _crop_window(shapes[0], out[2:], params)
    if len(inputs) == 2 and shapes[1] is not None:
        shapes[1] = (*shapes[1][:2], *out[2:])
    return [TensorType(s, dtype) for s in shapes], [TensorType(out, dtype)]


@operator(_crop_rule)
def Crop(xp, arg: Many("{name}{i}"), /, *, num_args: Count = None, offset: Naturals = (0, 0), h_w: Naturals = (0, 0),
         center_crop: bool = False):
    """A window of each image, as high and wide as another image or as asked for.

    Parameters
    ----------
    arg : array, shape (batch, channels, height, width), one or two
        The image, and one whose height and width the window has.
    num_args : int, optional
        Number of inputs; follows from them.
    offset : tuple of int, optional
        Row and column at which the window begins.
    h_w : tuple of int, optional
        Height and width of the window, where there is one input.
    center_crop : bool, optional
        Put the window in the middle, whatever `offset` is.

    Returns
    -------
    array, shape (batch, channels, height, width) of the window

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``Crop``.

    Examples
    --------
    >>> import ndarray as nd
    >>> x = nd.array([[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]])
    >>> nd.Crop(x, h_w=(1, 2), offset=(1, 1)).asnumpy()
    array([[[[5., 6.]]]], dtype=float32)
    >>> nd.Crop(x, nd.zeros((1, 1, 1, 1)), center_crop=True).asnumpy()
    array([[[[5.]]]], dtype=float32)
    """
    return xp.strided_slice(arg[0], *_crop_points(arg, offset, h_w, center_crop))


@Crop.gradient(flat=lambda params: tuple(f"arg{k}" for k in range(1, params["num_args"])))
def _(xp, head, output, arg, *, num_args, offset, h_w, center_crop):
    points = _crop_points(arg, offset, h_w, center_crop)
    return ((xp.unslice(head, arg[0].shape, *points), *[None] * (len(arg) - 1)),)


def _crop_points(arg, offset, h_w, center_crop):
    size = arg[1].shape[2:] if len(arg) > 1 else tuple(h_w)
    begin = _crop_window(arg[0].shape, size, {"offset": offset, "center_crop": center_crop})
    end = [b + k for b, k in zip(begin, size)]
    return (None, None, *begin), (None, None, *end), (1, 1, 1, 1)
