"""Words of the vocabulary that MXNet has no operator for: what decompositions and gradients are made of."""

import math

import numpy as np

from ndarray.dtypes import DEFAULT as float32
from ndarray.dtypes import dtype_of
from ndarray.errors import ShapeError
from ndarray.operator import operator
from ndarray.params import DType, Floats, Shape
from ndarray.rules import check_floating
from ndarray.tensortype import TensorType, show_shape


def _constant_rule(inputs, outputs, params):
    shape, value = params["shape"], params["value"]
    if math.prod(shape) != len(value):
        raise ShapeError(f"expected {math.prod(shape)} numbers for shape {show_shape(shape)}, got {len(value)}")
    return [], [outputs[0].merge(TensorType(shape, dtype_of(params["dtype"])))]


@operator(_constant_rule, primitive=True, kind="constant")
def _constant(xp, /, *, value: Floats, shape: Shape, dtype: DType = "float32"):
    """An array whose elements are written in the graph.

    Parameters
    ----------
    value : tuple of float
        The elements, the last axis running fastest.
    shape : tuple of int
        Shape of the output.
    dtype : dtype, optional
        Element type of the output.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.op._constant(value=(1, 2, 3, 4), shape=(2, 2)).asnumpy()
    array([[1., 2.],
           [3., 4.]], dtype=float32)
    """
    return xp.constant(np.array(value, dtype_of(dtype)).reshape(shape))


def _one_number(inputs, outputs, params):
    check_floating(inputs)
    return inputs, [outputs[0].merge(TensorType((), float32))]


@operator(_one_number, primitive=True, kind="reduction")
def _sum_sq(xp, data, /):
    """The sum of the squares of all elements, accumulated accurately.

    Parameters
    ----------
    data : array, any shape, floating
        Input.

    Returns
    -------
    array, shape (), float32

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.op._sum_sq(nd.array([3, 4])).asscalar()
    np.float32(25.0)
    """
    return xp.sum_sq(data)


@_sum_sq.gradient
def _(xp, head, output, data):
    return (2 * data * xp.as_scalar(head, data.dtype),)
