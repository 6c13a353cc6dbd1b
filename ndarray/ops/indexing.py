"""Operators that choose elements by indices."""

from typing import Literal

import numpy as np

from ndarray.dtypes import dtype_of
from ndarray.errors import ShapeError
from ndarray.operator import operator
from ndarray.params import DType, Natural, Shape
from ndarray.rules import agree, agree_dtype, slot_error
from ndarray.rules_shape import place_of
from ndarray.tensortype import TensorType, merge_shapes, show_shape

KIND = "shape"


def _take_rule(inputs, outputs, params):
    a, indices = inputs
    dtype, out = agree_dtype([a, outputs[0]]), outputs[0].shape
    if a.shape is not None:
        at = place_of(params["axis"], len(a.shape))
        if indices.shape is None and out is not None:
            indices = TensorType(out[at:len(out) - (len(a.shape) - at - 1)], indices.dtype)
        if indices.shape is not None:
            out = merge_shapes((*a.shape[:at], *indices.shape, *a.shape[at + 1:]), out)
    return [TensorType(a.shape, dtype), indices], [TensorType(out, dtype)]


def _in_range(xp, indices, n, mode):
    """Return integer indices: clipped to ``[0, n)``, wrapped into it, or as they are."""
    index = xp.astype(indices, xp.int64)
    if mode == "wrap":
        return index % n
    if mode == "clip":
        return xp.minimum(xp.maximum(index, xp.zeros_like(index)), xp.full_like(index, n - 1))
    return index


@operator(_take_rule, primitive=True)
def take(xp, a, indices, /, *, axis: int = 0, mode: Literal["clip", "raise", "wrap"] = "clip"):
    """Slices of an array at indices along an axis.

    Parameters
    ----------
    a : array, any shape
        The array.
    indices : array, any shape, of whole numbers
        Which slices.
    axis : int, optional
        The axis.
    mode : {'clip', 'raise', 'wrap'}, optional
        What happens to an index outside ``[0, n)``, a negative one included.

    Returns
    -------
    array, the axis replaced by the shape of `indices`

    Raises
    ------
    OutOfRangeError
        For an index out of range with ``mode='raise'``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.take(nd.array([1, 2, 3]), nd.array([2, 0])).asnumpy()
    array([3., 1.], dtype=float32)
    """
    return xp.take(a, _in_range(xp, indices, a.shape[axis], mode), axis=axis)


@take.gradient(flat=("indices",))
def _(xp, head, output, a, indices, *, axis, mode):
    index = _in_range(xp, indices, a.shape[axis], mode)
    return xp.untake(head, index, a.shape, axis), None


def _untake_rule(inputs, outputs, params):
    whole = TensorType(params["shape"], agree_dtype([inputs[0], outputs[0]])).merge(outputs[0])
    (_, indices), (data,) = _take_rule([whole, inputs[1]], [inputs[0]], params)
    return [data, indices], [whole]


@operator(_untake_rule, primitive=True)
def _untake(xp, data, indices, /, *, shape: Shape, axis: int = 0):
    """Zeros with slices added at indices along an axis; what the gradient of `take` is made of.

    Parameters
    ----------
    data : array, like what ``take`` gives
        The slices.
    indices : array, any shape, of whole numbers
        Their places, within range.
    shape : tuple of int
        Shape of the output.
    axis : int, optional
        The axis.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.op._untake(nd.array([5, 6, 7]), nd.array([2, 0, 2]), shape=(3,)).asnumpy()
    array([ 6.,  0., 12.], dtype=float32)
    """
    return xp.untake(data, xp.astype(indices, xp.int64), shape, axis)


@_untake.gradient(flat=("indices",))
def _(xp, head, output, data, indices, *, shape, axis):
    return xp.take(head, xp.astype(indices, xp.int64), axis=axis), None


def _one_hot_rule(inputs, outputs, params):
    shape, out = inputs[0].shape, outputs[0].shape
    if out:
        shape = merge_shapes(shape, out[:-1])
    if shape is not None:
        out = merge_shapes((*shape, params["depth"]), out)
    return ([TensorType(shape, inputs[0].dtype)],
            [outputs[0].merge(TensorType(out, dtype_of(params["dtype"])))])


@operator(_one_hot_rule)
def one_hot(xp, indices, /, *, depth: Natural, on_value: float = 1.0, off_value: float = 0.0, dtype: DType = "float32"):
    """One value at the place each index names along a new last axis, another value elsewhere.

    Parameters
    ----------
    indices : array, any shape, of whole numbers
        The places; one out of range names none.
    depth : int
        Length of the new axis.
    on_value, off_value : float, optional
        The two values.
    dtype : dtype, optional
        Element type of the output.

    Returns
    -------
    array, shape ``indices.shape + (depth,)``

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.one_hot(nd.array([1]), depth=3).asnumpy()
    array([[0., 1., 0.]], dtype=float32)
    """
    dtype = dtype_of(dtype)
    # Whole numbers are compared as such: float16 does not hold every class.
    hit = xp.astype(xp.expand_dims(xp.astype(indices, xp.int64), indices.ndim) == xp.arange(depth), dtype)
    return xp.where(hit != 0, xp.full_like(hit, on_value), xp.full_like(hit, off_value))


@one_hot.gradient(flat=("indices",))
def _(xp, head, output, indices, **params):
    return (None,)


def _pick_rule(inputs, outputs, params):
    data, index = inputs
    dtype, out = agree_dtype([data, outputs[0]]), outputs[0].shape
    if data.shape is not None:
        at = place_of(params["axis"], len(data.shape))
        keep = (*data.shape[:at], 1, *data.shape[at + 1:])
        drop = (*data.shape[:at], *data.shape[at + 1:])
        out = merge_shapes(keep if params["keepdims"] else drop or (1,), out)
        expected = keep if index.shape is not None and len(index.shape) == len(keep) else drop
        index = TensorType(merge_shapes(expected, index.shape), index.dtype)
    return [TensorType(data.shape, dtype), index], [TensorType(out, dtype)]


@operator(_pick_rule)
def pick(xp, data, index, /, *, axis: int = -1, keepdims: bool = False, mode: Literal["clip", "wrap"] = "clip"):
    """One element along an axis for each index.

    Parameters
    ----------
    data : array, any shape
        Input.
    index : array, shape of `data` without the axis
        Which element.
    axis : int, optional
        The axis.
    keepdims : bool, optional
        Keep the axis, with length 1.
    mode : {'clip', 'wrap'}, optional
        What happens to an index out of range.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.pick(nd.array([[1, 2], [3, 4]]), nd.array([1, 0])).asnumpy()
    array([2., 3.], dtype=float32)
    """
    at = axis % data.ndim
    chosen = _chosen(xp, data, index, at, mode)
    total = xp.sum(xp.where(chosen, data, xp.zeros_like(data)), axis=(at,), keepdims=True)
    shape = total.shape if keepdims else (*data.shape[:at], *data.shape[at + 1:]) or (1,)
    return xp.astype(xp.reshape(total, shape), data.dtype)


@pick.gradient(flat=("index",))
def _(xp, head, output, data, index, *, axis, keepdims, mode):
    at = axis % data.ndim
    spread = xp.broadcast_to(xp.reshape(head, (*data.shape[:at], 1, *data.shape[at + 1:])), data.shape)
    return xp.where(_chosen(xp, data, index, at, mode), spread, xp.zeros_like(data)), None


def _chosen(xp, data, index, at, mode):
    """Tell for each element of `data` whether the index names it."""
    n = data.shape[at]
    index = _in_range(xp, xp.reshape(index, (*data.shape[:at], 1, *data.shape[at + 1:])), n, mode)
    return index == xp.reshape(xp.arange(n), (n,) + (1,) * (data.ndim - at - 1))


def _batch_take_rule(inputs, outputs, params):
    a, indices = inputs
    dtype = agree_dtype([a, outputs[0]])
    shape = merge_shapes(a.shape, (None, None))
    rows = merge_shapes(merge_shapes(indices.shape, outputs[0].shape), shape[:1])
    return ([TensorType((*rows, shape[1]), dtype), TensorType(rows, indices.dtype or np.dtype("int32"))],
            [TensorType(rows, dtype)])


@operator(_batch_take_rule)
def batch_take(xp, a, indices, /):
    """One element of each row.

    Parameters
    ----------
    a : array, shape (n, m)
        The rows.
    indices : array, shape (n,), of whole numbers
        Which element; one out of range is taken as the nearest.

    Returns
    -------
    array, shape (n,)

    See Also
    --------
    pick

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``batch_take``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.batch_take(nd.array([[1, 2], [3, 4]]), nd.array([1, 0])).asnumpy()
    array([2., 3.], dtype=float32)
    """
    index = xp.expand_dims(_in_range(xp, indices, a.shape[1], "clip"), 1)
    return xp.reshape(xp.take_along_axis(a, index, axis=1), indices.shape)


@batch_take.gradient(flat=("indices",))
def _(xp, head, output, a, indices):
    index = xp.expand_dims(_in_range(xp, indices, a.shape[1], "clip"), 1)
    return xp.put_along_axis(xp.expand_dims(head, 1), index, a.shape, 1), None


def _fill_rule(inputs, outputs, params):
    data = agree([inputs[0], outputs[0]])
    data = TensorType(merge_shapes(data.shape, (None, None)), agree_dtype([data, inputs[1]]))
    rows = merge_shapes(merge_shapes(inputs[1].shape, inputs[2].shape), data.shape[:1])
    data = TensorType((*rows, data.shape[1]), data.dtype)
    return [data, TensorType(rows, data.dtype), TensorType(rows, inputs[2].dtype or data.dtype)], [data]


@operator(_fill_rule)
def fill_element_0index(xp, lhs, mhs, rhs, /):
    """An array with one element of each row replaced.

    Parameters
    ----------
    lhs : array, shape (n, m)
        The rows.
    mhs : array, shape (n,), dtype of `lhs`
        The new elements.
    rhs : array, shape (n,), of whole numbers
        Which element; one out of range names none.

    Returns
    -------
    array, like `lhs`

    References
    ----------
    .. [1] MXNet 1.9.1, function ``fill_element_0index``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.fill_element_0index(nd.zeros((2, 3)), nd.array([5, 6]), nd.array([2, 0])).tolist()
    [[0.0, 0.0, 5.0], [6.0, 0.0, 0.0]]
    """
    return xp.where(_named(xp, rhs, lhs), xp.broadcast_to(xp.expand_dims(mhs, 1), lhs.shape), lhs)


@fill_element_0index.gradient(flat=("rhs",))
def _(xp, head, output, lhs, mhs, rhs):
    named, nothing = _named(xp, rhs, lhs), xp.zeros_like(head)
    return xp.where(named, nothing, head), xp.sum(xp.where(named, head, nothing), axis=(1,)), None


def _named(xp, index, like):
    """Tell for each element of rows whether the index of its row names it."""
    return xp.expand_dims(xp.astype(index, xp.int64), 1) == xp.arange(like.shape[1])


def _encode_rule(inputs, outputs, params):
    table = agree([inputs[1], outputs[0]])
    table = TensorType(merge_shapes(table.shape, (None, None)), table.dtype)
    rows = merge_shapes(inputs[0].shape, table.shape[:1])
    table = TensorType((*rows, table.shape[1]), table.dtype)
    return [TensorType(rows, inputs[0].dtype or table.dtype), table], [table]


@operator(_encode_rule, writes=("rhs",), aliases=("onehot_encode",), stored_name="_onehot_encode")
def _onehot_encode(xp, lhs, rhs, /):
    """Write 1 where the index of each row names an element, 0 elsewhere.

    Parameters
    ----------
    lhs : array, shape (n,), of whole numbers
        The indices; one out of range names none.
    rhs : array, shape (n, m)
        Written.

    Returns
    -------
    array, like `rhs`

    See Also
    --------
    one_hot

    References
    ----------
    .. [1] MXNet 1.9.1, function ``onehot_encode``.

    Examples
    --------
    >>> import ndarray as nd
    >>> table = nd.zeros((2, 3))
    >>> done = nd.onehot_encode(nd.array([2, 0]), table)
    >>> table.tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    found = xp.astype(_named(xp, lhs, rhs), rhs.dtype)
    return found, found


@_onehot_encode.gradient(flat=("lhs", "rhs"))
def _(xp, head, output, lhs, rhs):
    return None, None


def _check_places(indices, ndim):
    """Raise where the indices, the second input, name more axes than there are."""
    if not indices:
        raise slot_error(ShapeError, "`{}` must have a first axis, along which the places are named", 1)
    if indices[0] is not None and indices[0] > ndim:
        raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(indices)} names places along {indices[0]} axes; "
                                     f"there are {ndim}", 1)


def _gather_rule(inputs, outputs, params):
    data, indices = inputs
    dtype, out = agree_dtype([data, outputs[0]]), outputs[0].shape
    if data.shape is not None and indices.shape is not None:
        _check_places(indices.shape, len(data.shape))
        if indices.shape[0] is not None:
            out = merge_shapes((*indices.shape[1:], *data.shape[indices.shape[0]:]), out)
    return [TensorType(data.shape, dtype), indices], [TensorType(out, dtype)]


@operator(_gather_rule, primitive=True)
def gather_nd(xp, data, indices, /):
    """Elements or slices at places of several axes.

    Parameters
    ----------
    data : array, any shape
        Input.
    indices : array, shape (m, …)
        ``indices[:, i]`` is a place along the first m axes; negative ones count from the end.

    Returns
    -------
    array, shape ``indices.shape[1:] + data.shape[m:]``

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.gather_nd(nd.array([[1, 2], [3, 4]]), nd.array([[0, 1], [1, 0]])).asnumpy()
    array([2., 3.], dtype=float32)
    """
    return xp.gather_nd(data, xp.astype(indices, xp.int64))


@gather_nd.gradient(flat=("indices",))
def _(xp, head, output, data, indices):
    return xp.scatter_nd(head, xp.astype(indices, xp.int64), data.shape), None


def _scatter_rule(inputs, outputs, params):
    data, indices = inputs
    dtype, shape = agree_dtype([data, outputs[0]]), data.shape
    if indices.shape is not None:
        _check_places(indices.shape, len(params["shape"]))
        if indices.shape[0] is not None:
            shape = merge_shapes((*indices.shape[1:], *params["shape"][indices.shape[0]:]), shape)
    return [TensorType(shape, dtype), indices], [TensorType(merge_shapes(params["shape"], outputs[0].shape), dtype)]


@operator(_scatter_rule, primitive=True)
def scatter_nd(xp, data, indices, /, *, shape: Shape):
    """Zeros with elements or slices added at places of several axes; the reverse of `gather_nd`.

    Parameters
    ----------
    data : array, shape ``indices.shape[1:] + shape[m:]``
        What is added.
    indices : array, shape (m, …)
        The places.
    shape : tuple of int
        Shape of the output.

    Returns
    -------
    array

    Notes
    -----
    Where MXNet leaves open which of several elements of one place remains, here they add up.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.scatter_nd(nd.array([5, 6]), nd.array([[2, 0]]), shape=(3,)).asnumpy()
    array([6., 0., 5.], dtype=float32)
    """
    return xp.scatter_nd(data, xp.astype(indices, xp.int64), shape)


@scatter_nd.gradient(flat=("indices",))
def _(xp, head, output, data, indices, *, shape):
    return xp.gather_nd(head, xp.astype(indices, xp.int64)), None
