"""Operators that sort."""

import math
from typing import Literal

from ndarray.dtypes import dtype_of, is_floating
from ndarray.errors import ShapeError
from ndarray.operator import operator
from ndarray.params import DType, Shape
from ndarray.rules import agree_dtype, slot_error
from ndarray.rules_shape import cut, moves, place_of
from ndarray.tensortype import TensorType, merge_shapes

KIND = "shape"


def _in_line(shape, axis):
    """Return the shape in which sorting happens: one run without an axis."""
    if axis is None:
        return (None if None in shape else math.prod(shape),)
    place_of(axis, len(shape))
    return shape


def _line(xp, data, axis):
    """Return the array and the axis along which it is sorted."""
    return (xp.reshape(data, (data.size,)), 0) if axis is None else (data, axis % data.ndim)


def _order(xp, data, axis, ascending):
    """Return the places in order; equal elements keep theirs, NaN comes last."""
    if not ascending:
        # Integers are turned by their complement, which unlike the negative exists for each of them.
        data = -data if is_floating(data.dtype) else ~data
    return xp.argsort(data, axis=axis, kind="stable")


def _back(out, shape, params):
    return None if params["axis"] is None else out


@operator(moves(lambda shape, params: _in_line(shape, params["axis"]), _back), primitive=True,
          numbered=lambda params: True, stored_outputs=2)  # MXNet counts the places, too
def sort(xp, data, /, *, axis: int | None = -1, is_ascend: bool = True):
    """The elements in order along an axis.

    Parameters
    ----------
    data : array, any shape
        Input.
    axis : int, optional
        The axis; the array as one run when None.
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
    data, at = _line(xp, data, axis)
    return xp.take_along_axis(data, _order(xp, data, at, is_ascend), axis=at)


@sort.gradient
def _(xp, head, output, data, *, axis, is_ascend):
    line, at = _line(xp, data, axis)
    order = _order(xp, line, at, is_ascend)
    return (xp.reshape(xp.put_along_axis(head, order, line.shape, at), data.shape),)


def _argsort_rule(inputs, outputs, params):
    shape, out = inputs[0].shape, outputs[0].shape
    if params["axis"] is not None:
        shape = merge_shapes(shape, out)
    if shape is not None:
        out = merge_shapes(_in_line(shape, params["axis"]), out)
    return [TensorType(shape, inputs[0].dtype)], [outputs[0].merge(TensorType(out, dtype_of(params["dtype"])))]


@operator(_argsort_rule, primitive=True)
def argsort(xp, data, /, *, axis: int | None = -1, is_ascend: bool = True, dtype: DType = "float32"):
    """The places of the elements in their order along an axis.

    Parameters
    ----------
    data : array, any shape
        Input.
    axis : int, optional
        The axis; the array as one run when None.
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
    data, at = _line(xp, data, axis)
    return xp.astype(_order(xp, data, at, is_ascend), dtype_of(dtype))


@argsort.gradient(flat=("data",))
def _(xp, head, output, data, **params):
    return (None,)


def _topk_rule(inputs, outputs, params):
    data, ret_typ = inputs[0], params["ret_typ"]
    shape = None
    if data.shape is not None:
        line = _in_line(data.shape, params["axis"])
        at = place_of(params["axis"] or 0, len(line))
        k = params["k"] if params["k"] > 0 else line[at]
        if None not in (k, line[at]) and k > line[at]:
            raise slot_error(ShapeError, f"k={k} of the {line[at]} elements of `{{}}` along the axis", 0)
        shape = data.shape if ret_typ == "mask" else (*line[:at], k, *line[at + 1:])
    places, values = dtype_of(params["dtype"]), data.dtype
    dtypes = {"both": (values, places), "indices": (places,)}.get(ret_typ, (values,))
    return [data], [t.merge(TensorType(shape, dtype)) for t, dtype in zip(outputs, dtypes)]


@operator(_topk_rule, outputs=lambda params: 2 if params["ret_typ"] == "both" else 1, primitive=True,
          numbered=lambda params: params["ret_typ"] == "value",
          stored_outputs=lambda params: 2 if params["ret_typ"] in ("both", "value") else 1)
def topk(xp, data, /, *, axis: int | None = -1, k: int = 1,
         ret_typ: Literal["both", "indices", "mask", "value"] = "indices", is_ascend: bool = False,
         dtype: DType = "float32"):
    """The k largest elements along an axis, or where they are.

    Parameters
    ----------
    data : array, any shape
        Input.
    axis : int, optional
        The axis; the array as one run when None.
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
    line, at = _line(xp, data, axis)
    k = k if k > 0 else line.shape[at]
    order = _order(xp, line, at, is_ascend)
    index = cut(xp, order, at, 0, k)
    if ret_typ == "mask":
        rank = xp.argsort(order, axis=at)
        return (xp.reshape(xp.astype(rank < k, data.dtype), data.shape),)
    values, places = xp.take_along_axis(line, index, axis=at), xp.astype(index, dtype_of(dtype))
    return {"value": (values,), "indices": (places,), "both": (values, places)}[ret_typ]


@topk.gradient(flat=lambda params: () if params["ret_typ"] in ("both", "value") else ("data",))
def _(xp, head, output, data, *, axis, k, ret_typ, is_ascend, dtype):
    if ret_typ in ("indices", "mask"):
        return (None,)
    line, at = _line(xp, data, axis)
    index = cut(xp, _order(xp, line, at, is_ascend), at, 0, k if k > 0 else line.shape[at])
    return (xp.reshape(xp.put_along_axis(head[0], index, line.shape, at), data.shape),)


def _along_rule(inputs, outputs, params):
    """The output is like the indices; the array has other lengths along the axis only."""
    data, indices = inputs
    dtype = agree_dtype([data, outputs[0]])
    out = merge_shapes(indices.shape, outputs[0].shape)
    if data.shape is not None and out is not None:
        at = place_of(params["axis"], len(data.shape))
        merge_shapes((*data.shape[:at], None, *data.shape[at + 1:]), out)
    return [TensorType(data.shape, dtype), TensorType(out, indices.dtype)], [TensorType(out, dtype)]


@operator(_along_rule, primitive=True)
def _take_along_axis(xp, data, indices, /, *, axis: int):
    """The elements at their own indices along an axis.

    Parameters
    ----------
    data : array, any shape
        Input.
    indices : array, of whole numbers
        Shape of `data` but for the axis.
    axis : int
        The axis.

    Returns
    -------
    array, shape of `indices`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.op._take_along_axis(nd.array([[1, 2], [3, 4]]), nd.array([[1], [0]]), axis=1).asnumpy().tolist()
    [[2.0], [3.0]]
    """
    return xp.take_along_axis(data, xp.astype(indices, xp.int64), axis=axis)


@_take_along_axis.gradient(flat=("indices",))
def _(xp, head, output, data, indices, *, axis):
    return xp.put_along_axis(head, xp.astype(indices, xp.int64), data.shape, axis), None


def _put_along_rule(inputs, outputs, params):
    shape = merge_shapes(params["shape"], outputs[0].shape)
    dtype = agree_dtype([inputs[0], outputs[0]])
    (_, indices), (data,) = _along_rule([TensorType(shape, dtype), inputs[1]], [inputs[0]], params)
    return [data, indices], [TensorType(shape, dtype)]


@operator(_put_along_rule, primitive=True)
def _put_along_axis(xp, data, indices, /, *, shape: Shape, axis: int):
    """Zeros with elements added at their own indices along an axis; what the gradient of sorting is made of.

    Parameters
    ----------
    data : array, any shape
        The elements.
    indices : array, of whole numbers, shape of `data`
        Their places.
    shape : tuple of int
        Shape of the output, that of `data` but for the axis.
    axis : int
        The axis.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.op._put_along_axis(nd.array([5, 6]), nd.array([2, 0]), shape=(3,), axis=0).asnumpy()
    array([6., 0., 5.], dtype=float32)
    """
    return xp.put_along_axis(data, xp.astype(indices, xp.int64), shape, axis)


@_put_along_axis.gradient(flat=("indices",))
def _(xp, head, output, data, indices, *, shape, axis):
    return xp.take_along_axis(head, xp.astype(indices, xp.int64), axis=axis), None
