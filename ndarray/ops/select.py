"""Operators that choose elements: by condition, by index, by order."""

from typing import Literal

import numpy as np

from ndarray.dtypes import dtype_of
from ndarray.errors import ShapeError
from ndarray.operator import Many, operator
from ndarray.params import Count, DType, Ints, Shape
from ndarray.rules import agree, agree_dtype, agree_shape, same, slot_error
from ndarray.tensortype import TensorType, merge_shapes, show_shape


def _where_rule(inputs, outputs, params):
    """The two values agree with the output; the condition has their shape, or one element for each row."""
    condition, x, y = inputs
    value = agree([x, y, outputs[0]])
    shape = condition.shape
    if shape is None:
        shape = value.shape
    elif value.shape is None:
        value = TensorType(shape, value.dtype)
    elif len(shape) != 1 or len(value.shape) == 1:
        shape = merge_shapes(value.shape, shape)
    elif None not in (shape[0], value.shape[0]) and shape[0] != value.shape[0]:
        raise slot_error(ShapeError, f"`{{}}` has {shape[0]} elements for the {value.shape[0]} rows of `{{}}`", 0, 1)
    return [TensorType(shape, condition.dtype or value.dtype), value, value], [value]


@operator(_where_rule, primitive=True)
def where(xp, condition, x, y, /):
    """Elements of one array where a condition is not 0, of another elsewhere.

    Parameters
    ----------
    condition : array, shape of `x`, or one element for each of its rows
        Not 0 chooses `x`.
    x, y : array, one shape and dtype
        The two choices.

    Returns
    -------
    array, like `x`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.where(nd.array([1, 0]), nd.array([1, 2]), nd.array([3, 4])).asnumpy()
    array([1., 4.], dtype=float32)
    """
    return xp.where(_along_rows(xp, condition, x) != 0, x, y)


@where.gradient
def _(xp, head, output, condition, x, y):
    chosen = _along_rows(xp, condition, x) != 0
    nothing = xp.zeros_like(head)
    return None, xp.where(chosen, head, nothing), xp.where(chosen, nothing, head)


def _along_rows(xp, condition, x):
    if condition.ndim == x.ndim:
        return condition
    return xp.reshape(condition, (condition.shape[0],) + (1,) * (x.ndim - 1))


def _take_rule(inputs, outputs, params):
    a, indices = inputs
    dtype = agree_dtype([a, outputs[0]])
    out = outputs[0].shape
    if a.shape is not None and indices.shape is not None:
        at = params["axis"] % len(a.shape)
        out = merge_shapes((*a.shape[:at], *indices.shape, *a.shape[at + 1:]), out)
    return [TensorType(a.shape, dtype), indices], [TensorType(out, dtype)]


def _in_range(xp, indices, n, mode):
    """Return integer indices in ``[0, n)``: clipped, wrapped, or as they are with negative ones from the end."""
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
        What happens to an index out of range.

    Returns
    -------
    array, the axis replaced by the shape of `indices`

    Raises
    ------
    IndexError
        For an index out of range with ``mode='raise'``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.take(nd.array([1, 2, 3]), nd.array([2, 0])).asnumpy()
    array([3., 1.], dtype=float32)
    """
    return xp.take(a, _in_range(xp, indices, a.shape[axis], mode), axis=axis)


@take.gradient
def _(xp, head, output, a, indices, *, axis, mode):
    index = _in_range(xp, indices, a.shape[axis], mode)
    return xp.untake(head, index, a.shape, axis), None


def _one_hot_rule(inputs, outputs, params):
    shape, out = inputs[0].shape, outputs[0].shape
    if shape is None and out is not None:
        shape = out[:-1]
    if shape is not None:
        out = merge_shapes((*shape, params["depth"]), out)
    return ([TensorType(shape, inputs[0].dtype)],
            [outputs[0].merge(TensorType(out, dtype_of(params["dtype"])))])


@operator(_one_hot_rule)
def one_hot(xp, indices, /, *, depth: int, on_value: float = 1.0, off_value: float = 0.0, dtype: DType = "float32"):
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
    classes = xp.constant(np.arange(depth).astype(indices.dtype))
    hit = xp.astype(xp.expand_dims(indices, indices.ndim) == classes, dtype)
    return xp.astype(hit * on_value + (1 - hit) * off_value, dtype)


@one_hot.gradient
def _(xp, head, output, indices, **params):
    return (None,)


def _pick_rule(inputs, outputs, params):
    data, index = inputs
    dtype = agree_dtype([data, outputs[0]])
    out = outputs[0].shape
    if data.shape is not None:
        at = params["axis"] % len(data.shape)
        keep = tuple(1 if i == at else d for i, d in enumerate(data.shape))
        drop = (*data.shape[:at], *data.shape[at + 1:])
        out = merge_shapes(keep if params["keepdims"] else drop or (1,), out)
        if index.shape is None:
            index = TensorType(drop, index.dtype)
        elif len(index.shape) == len(keep):
            merge_shapes(keep, index.shape)
        else:
            merge_shapes(drop, index.shape)
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
    return total if keepdims else xp.reshape(total, (*data.shape[:at], *data.shape[at + 1:]) or (1,))


@pick.gradient
def _(xp, head, output, data, index, *, axis, keepdims, mode):
    at = axis % data.ndim
    spread = xp.reshape(head, tuple(1 if i == at else d for i, d in enumerate(data.shape)))
    return xp.where(_chosen(xp, data, index, at, mode), spread * xp.ones_like(data), xp.zeros_like(data)), None


def _chosen(xp, data, index, at, mode):
    n = data.shape[at]
    index = _in_range(xp, xp.reshape(index, tuple(1 if i == at else d for i, d in enumerate(data.shape))), n, mode)
    places = xp.constant(np.arange(n).reshape(tuple(n if i == at else 1 for i in range(data.ndim))))
    return index == places


def _gather_rule(inputs, outputs, params):
    data, indices = inputs
    dtype = agree_dtype([data, outputs[0]])
    out = outputs[0].shape
    if data.shape is not None and indices.shape is not None and indices.shape[0] is not None:
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


@gather_nd.gradient
def _(xp, head, output, data, indices):
    return xp.scatter_nd(head, xp.astype(indices, xp.int64), data.shape), None


def _scatter_rule(inputs, outputs, params):
    data, indices = inputs
    dtype = agree_dtype([data, outputs[0]])
    if indices.shape is not None and indices.shape[0] is not None:
        shape = merge_shapes(data.shape, (*indices.shape[1:], *params["shape"][indices.shape[0]:]))
        data = TensorType(shape, dtype)
    return [TensorType(data.shape, dtype), indices], [outputs[0].merge(TensorType(params["shape"], dtype))]


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


@scatter_nd.gradient
def _(xp, head, output, data, indices, *, shape):
    return xp.gather_nd(head, xp.astype(indices, xp.int64)), None


@operator(same, primitive=True)
def sort(xp, data, /, *, axis: int | None = -1, is_ascend: bool = True):
    """The elements in order along an axis.

    Parameters
    ----------
    data : array, any shape
        Input.
    axis : int, optional
        The axis.
    is_ascend : bool, optional
        From the smallest.

    Returns
    -------
    array, like `data`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.sort(nd.array([3, 1, 2])).asnumpy()
    array([1., 2., 3.], dtype=float32)
    """
    return xp.take_along_axis(data, _order(xp, data, axis, is_ascend), axis=axis)


@sort.gradient
def _(xp, head, output, data, *, axis, is_ascend):
    order = _order(xp, data, axis, is_ascend)
    return (xp.take_along_axis(head, xp.argsort(order, axis=axis), axis=axis),)


def _order(xp, data, axis, ascending):
    return xp.argsort(data if ascending else -data, axis=axis, kind="stable")


def _with_dtype(inputs, outputs, params):
    shape = agree_shape(inputs + outputs)
    return [TensorType(shape, inputs[0].dtype)], [outputs[0].merge(TensorType(shape, dtype_of(params["dtype"])))]


@operator(_with_dtype, primitive=True)
def argsort(xp, data, /, *, axis: int = -1, is_ascend: bool = True, dtype: DType = "float32"):
    """The places of the elements in their order along an axis.

    Parameters
    ----------
    data : array, any shape
        Input.
    axis : int, optional
        The axis.
    is_ascend : bool, optional
        From the smallest.
    dtype : dtype, optional
        Element type of the output.

    Returns
    -------
    array, shape of `data`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.argsort(nd.array([3, 1, 2])).asnumpy()
    array([1., 2., 0.], dtype=float32)
    """
    return xp.astype(_order(xp, data, axis, is_ascend), dtype_of(dtype))


@argsort.gradient
def _(xp, head, output, data, **params):
    return (None,)


def _topk_rule(inputs, outputs, params):
    data = inputs[0]
    types = []
    for i, t in enumerate(outputs):
        index = params["ret_typ"] == "indices" or (params["ret_typ"] == "both" and i == 1)
        dtype = dtype_of(params["dtype"]) if index else data.dtype or t.dtype
        shape = None
        if data.shape is not None:
            at = params["axis"] % len(data.shape)
            k = params["k"] if params["k"] > 0 else data.shape[at]
            if data.shape[at] is not None and k > data.shape[at]:
                raise slot_error(ShapeError, f"k={k} of the {data.shape[at]} elements of `{{}}` along axis {at}", 0)
            shape = (*data.shape[:at], data.shape[at] if params["ret_typ"] == "mask" else k, *data.shape[at + 1:])
        types.append(t.merge(TensorType(shape, dtype)))
    return [data], types


@operator(_topk_rule, outputs=lambda params: 2 if params["ret_typ"] == "both" else 1, primitive=True)
def topk(xp, data, /, *, axis: int = -1, k: int = 1,
         ret_typ: Literal["both", "indices", "mask", "value"] = "indices", is_ascend: bool = False,
         dtype: DType = "float32"):
    """The k largest elements along an axis, or where they are.

    Parameters
    ----------
    data : array, any shape
        Input.
    axis : int, optional
        The axis.
    k : int, optional
        How many; below 1 means all.
    ret_typ : {'both', 'indices', 'mask', 'value'}, optional
        The elements, their places, both, or 1 at their places and 0 elsewhere.
    is_ascend : bool, optional
        The smallest instead.
    dtype : dtype, optional
        Element type of the places.

    Returns
    -------
    array, or list of two

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.topk(nd.array([3, 1, 2]), k=2, ret_typ="value").asnumpy()
    array([3., 2.], dtype=float32)
    """
    at = axis % data.ndim
    k = k if k > 0 else data.shape[at]
    index = _best(xp, data, at, k, is_ascend)
    if ret_typ == "mask":
        rank = xp.argsort(_order(xp, data, at, is_ascend), axis=at)
        return (xp.astype(rank < k, data.dtype),)
    values, places = xp.take_along_axis(data, index, axis=at), xp.astype(index, dtype_of(dtype))
    return {"value": (values,), "indices": (places,), "both": (values, places)}[ret_typ]


def _best(xp, data, at, k, ascending):
    order = _order(xp, data, at, ascending)
    end = [None] * data.ndim
    end[at] = k
    return xp.strided_slice(order, (None,) * data.ndim, tuple(end), (1,) * data.ndim)


@topk.gradient
def _(xp, head, output, data, *, axis, k, ret_typ, is_ascend, dtype):
    if ret_typ in ("indices", "mask"):
        return (None,)
    at = axis % data.ndim
    index = _best(xp, data, at, k if k > 0 else data.shape[at], is_ascend)
    return (xp.put_along_axis(head[0], index, data.shape, at),)


def _sequence_rule(inputs, outputs, params):
    data = agree([inputs[0], outputs[0]])
    found = [data]
    for t in inputs[1:]:
        batch = None if data.shape is None else (data.shape[1 - params["axis"]],)
        found.append(t.merge(TensorType(batch)))
    return found, [data]


@operator(_sequence_rule, absent=lambda params: () if params["use_sequence_length"] else ("sequence_length",))
def SequenceMask(xp, data, sequence_length=None, /, *, use_sequence_length: bool = False, value: float = 0.0,
                 axis: int = 0):
    """Each sequence cut to its length: what comes after holds a constant.

    Parameters
    ----------
    data : array, shape (time, batch, …), or (batch, time, …) with ``axis=1``
        The sequences.
    sequence_length : array, shape (batch,)
        Their lengths; only with `use_sequence_length`.
    use_sequence_length : bool, optional
        Whether lengths are given; otherwise nothing is cut.
    value : float, optional
        The constant.
    axis : {0, 1}, optional
        The axis of time.

    Returns
    -------
    array, like `data`

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``SequenceMask``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.SequenceMask(nd.ones((2, 1)), nd.array([1]), use_sequence_length=True).asnumpy().tolist()
    [[1.0], [0.0]]
    """
    if sequence_length is None:
        return data
    kept = _within(xp, data, sequence_length, axis)
    return xp.where(kept, data, xp.full_like(data, value))


@SequenceMask.gradient
def _(xp, head, output, data, sequence_length, *, use_sequence_length, value, axis):
    if sequence_length is None:
        return head, None
    return xp.where(_within(xp, data, sequence_length, axis), head, xp.zeros_like(head)), None


def _within(xp, data, length, axis):
    places = xp.constant(np.arange(data.shape[axis]).astype(length.dtype).reshape(
        (-1, 1) if axis == 0 else (1, -1)))
    kept = places < xp.reshape(length, (1, -1) if axis == 0 else (-1, 1))
    return xp.reshape(kept, data.shape[:2] + (1,) * (data.ndim - 2))


@operator(same, aliases=("ElementWiseSum", "_sum"), fusible=True)
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
