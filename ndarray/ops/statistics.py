"""Running sums, moments, and counts of elements by value."""

import numpy as np

from ndarray.dtypes import dtype_of
from ndarray.errors import ParamError, ShapeError
from ndarray.operator import operator
from ndarray.ops.reduce import reduced_axes, reduced_shape
from ndarray.params import DType, Floats, Ints
from ndarray.rules import agree_dtype, slot_error
from ndarray.rules_shape import moves, place_of
from ndarray.tensortype import TensorType, merge_shapes, show_shape

KIND = "reduction"


def _line_or_axis(shape, params):
    """Return the shape in which elements are summed: one run without an axis."""
    if params["axis"] is None:
        return (None,) if None in shape else (int(np.prod(shape)),)
    place_of(params["axis"], len(shape))
    return shape


_along = moves(_line_or_axis, lambda out, shape, params: None if params["axis"] is None else out)


def _cumsum_rule(inputs, outputs, params):
    if params["dtype"] is None:
        return _along(inputs, outputs, params)
    (a,), (out,) = _along(inputs, [TensorType(outputs[0].shape)], params)
    return [TensorType(a.shape, inputs[0].dtype)], [outputs[0].merge(TensorType(out.shape, dtype_of(params["dtype"])))]


@operator(_cumsum_rule, aliases=("_np_cumsum",), stored_name="_np_cumsum", primitive=True)
def cumsum(xp, a, /, *, axis: int | None = None, dtype: DType | None = None):
    """The sum of the elements so far, along an axis.

    Parameters
    ----------
    a : array, any shape
        Input.
    axis : int, optional
        The axis; the array as one run when left out.
    dtype : dtype, optional
        Element type of the sums; that of `a` when left out.

    Returns
    -------
    array
        Of the shape of `a`, or of one axis.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``cumsum``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.cumsum(nd.array([[1, 2], [3, 4]]), axis=1).asnumpy()
    array([[1., 3.],
           [3., 7.]], dtype=float32)
    """
    sums_in = dtype_of(dtype) if dtype else a.dtype
    line, at = (xp.reshape(a, (a.size,)), 0) if axis is None else (a, axis % a.ndim)
    return xp.astype(xp.cumsum(xp.astype(line, sums_in), axis=at), sums_in)


@cumsum.gradient
def _(xp, head, output, a, *, axis, dtype):
    at = 0 if axis is None else axis % a.ndim
    back = xp.flip(xp.cumsum(xp.flip(xp.astype(head, a.dtype), axis=(at,)), axis=at), axis=(at,))
    return (xp.reshape(back, a.shape),)


def _moments_rule(inputs, outputs, params):
    dtype, shape = agree_dtype(inputs + outputs), inputs[0].shape
    out = merge_shapes(outputs[0].shape, outputs[1].shape)
    if shape is not None:
        axes = reduced_axes(len(shape), params["axes"], False)
        if any(shape[a] == 0 for a in axes):
            raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(shape)} has no elements along the axes "
                                         f"{params['axes']}, of which there is no mean", 0)
        out = merge_shapes(reduced_shape(shape, axes, params["keepdims"]), out)
    return [TensorType(shape, dtype)], [TensorType(out, dtype)] * 2


@operator(_moments_rule, outputs=2)
def moments(xp, data, /, *, axes: Ints | None = None, keepdims: bool = False):
    """Mean and variance over some axes.

    Parameters
    ----------
    data : array, any shape
        Input.
    axes : tuple of int, optional
        Axes to reduce, negative from the last; all when left out.
    keepdims : bool, optional
        Keep the reduced axes, with length 1.

    Returns
    -------
    list of two arrays
        The mean, and the mean of the squared distances from it.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``moments``.

    Examples
    --------
    >>> import ndarray as nd
    >>> [x.tolist() for x in nd.moments(nd.array([[1, 3], [2, 6]]), axes=(1,))]
    [[2.0, 4.0], [1.0, 4.0]]
    """
    axes = reduced_axes(data.ndim, axes, False)
    mean = xp.mean(data, axis=axes, keepdims=True)
    apart = data - mean
    shape = reduced_shape(data.shape, axes, keepdims)
    return tuple([xp.astype(xp.reshape(x, shape), data.dtype)
                  for x in (mean, xp.mean(apart * apart, axis=axes, keepdims=True))])


def _histogram_rule(inputs, outputs, params):
    n, dtype = params["bin_cnt"], agree_dtype([*inputs, outputs[1]])
    edges = None if n is None else (n + 1,)
    if n is None:
        edges = merge_shapes((None,), merge_shapes(inputs[1].shape, outputs[1].shape))
        if edges[0] is None and outputs[0].shape:
            edges = (None if outputs[0].shape[0] is None else outputs[0].shape[0] + 1,)
        if edges[0] is not None and edges[0] < 2:
            raise slot_error(ShapeError, "`{}` needs at least two edges, one bin", 1)
    elif n < 1 or params["range"] is None or len(params["range"]) != 2:
        raise ParamError(f"bin_cnt={n}, range={params['range']}: expected a positive number of bins and the two limits "
                         "of their range")
    elif not params["range"][0] < params["range"][1]:
        raise ParamError(f"range={params['range']} must increase")
    counts = (None if edges[0] is None else edges[0] - 1,)
    return ([TensorType(inputs[0].shape, dtype), *[TensorType(edges, dtype)] * (len(inputs) - 1)],
            [outputs[0].merge(TensorType(counts, np.dtype("int64"))), outputs[1].merge(TensorType(edges, dtype))])


@operator(_histogram_rule, outputs=2, primitive=True,
          absent=lambda params: () if params["bin_cnt"] is None else ("bins",))
def _histogram(xp, data, bins=None, /, *, bin_cnt: int | None = None, range: Floats | None = None):
    """How many elements are in each of some intervals, the bins.

    Parameters
    ----------
    data : array, any shape
        The elements; those outside every bin, and NaN, are not counted.
    bins : array, shape (n + 1,), dtype of `data`
        The edges of n bins, increasing; left out where `bin_cnt` is given.
    bin_cnt : int, optional
        The number n of bins of equal width over `range`.
    range : tuple of two numbers, optional
        Where the first bin begins and the last one ends.

    Returns
    -------
    list of two arrays
        The counts, int64 of shape (n,), and the edges.  A bin includes where it begins, the last one also where it
        ends.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``_histogram``.

    Examples
    --------
    >>> import ndarray as nd
    >>> counts, edges = nd.op._histogram(nd.array([0, 1, 1, 4]), bin_cnt=2, range=(0, 4))
    >>> counts.tolist(), edges.tolist()
    ([3, 1], [0.0, 2.0, 4.0])
    """
    if bins is None:
        low, high = range
        bins = xp.constant((low + np.arange(bin_cnt + 1) * ((high - low) / bin_cnt)).astype(data.dtype))
    n, x = bins.shape[0] - 1, xp.reshape(data, (data.size,))
    last = xp.strided_slice(bins, (n,), (n + 1,), (1,))
    place = xp.searchsorted(bins, x) - xp.astype(x == last, xp.int64)  # 0 before the first edge, n + 1 after the last
    counts = xp.untake(xp.ones((data.size,), dtype=xp.int64), place, (n + 2,), 0)
    return xp.strided_slice(counts, (1,), (n + 1,), (1,)), bins


@_histogram.gradient(flat=("data",))
def _(xp, head, output, data, bins, **params):
    return None, None if bins is None else head[1]
