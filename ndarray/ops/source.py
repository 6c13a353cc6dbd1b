"""Operators without inputs: constants of a shape."""

import numpy as np

from ndarray.dtypes import dtype_of
from ndarray.operator import operator
from ndarray.params import DType, Shape
from ndarray.tensortype import TensorType, merge_shapes


def _of_shape(inputs, outputs, params):
    """The output has the shape and dtype asked for."""
    return [], [outputs[0].merge(TensorType(params["shape"], dtype_of(params["dtype"])))]


@operator(_of_shape, primitive=True)
def _zeros(xp, /, *, shape: Shape = (), dtype: DType = "float32"):
    """Zeros.

    Parameters
    ----------
    shape : tuple of int, optional
        Shape of the output.
    dtype : dtype, optional
        Element type of the output.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.op._zeros(shape=(2,)).asnumpy()
    array([0., 0.], dtype=float32)
    """
    return xp.zeros(shape, dtype=dtype_of(dtype))


@operator(_of_shape, primitive=True)
def _ones(xp, /, *, shape: Shape = (), dtype: DType = "float32"):
    """Ones.

    Parameters
    ----------
    shape : tuple of int, optional
        Shape of the output.
    dtype : dtype, optional
        Element type of the output.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.op._ones(shape=(2,)).asnumpy()
    array([1., 1.], dtype=float32)
    """
    return xp.ones(shape, dtype=dtype_of(dtype))


@operator(_of_shape, primitive=True)
def _full(xp, /, *, shape: Shape = (), dtype: DType = "float32", value: float):
    """One number everywhere.

    Parameters
    ----------
    shape : tuple of int, optional
        Shape of the output.
    dtype : dtype, optional
        Element type of the output.
    value : float
        The number.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.op._full(shape=(2,), value=7).asnumpy()
    array([7., 7.], dtype=float32)
    """
    return xp.full(shape, value, dtype=dtype_of(dtype))


def _known(values_of):
    """Return the rule of a constant whose values ``values_of(params)`` are known."""

    def infer(inputs, outputs, params):
        shape = merge_shapes(values_of(params).shape, outputs[0].shape)
        return [], [outputs[0].merge(TensorType(shape, dtype_of(params["dtype"])))]

    return infer


def _range_of(params):
    start, stop = params["start"], params["stop"]
    if stop is None:
        start, stop = 0, start
    values = np.arange(start, stop, params["step"], dtype=np.float64).astype(dtype_of(params["dtype"]))
    return np.repeat(values, params["repeat"])


@operator(_known(_range_of), primitive=True)
def _arange(xp, /, *, start: float, stop: float | None = None, step: float = 1.0, repeat: int = 1,
            dtype: DType = "float32"):
    """Evenly spaced numbers from `start` to before `stop`.

    Parameters
    ----------
    start : float
        The first number; with `stop` left out, the limit, from 0.
    stop : float, optional
        The limit.
    step : float, optional
        The distance.
    repeat : int, optional
        How often each number comes.
    dtype : dtype, optional
        Element type of the output.

    Returns
    -------
    array, one axis

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.op._arange(start=3).asnumpy()
    array([0., 1., 2.], dtype=float32)
    """
    return xp.constant(_range_of({"start": start, "stop": stop, "step": step, "repeat": repeat, "dtype": dtype}))


def _steps_of(params):
    return np.linspace(params["start"], params["stop"], params["num"], endpoint=params["endpoint"]).astype(
        dtype_of(params["dtype"]))


@operator(_known(_steps_of), primitive=True)
def _linspace(xp, /, *, start: float, stop: float, num: int, endpoint: bool = True, dtype: DType = "float32"):
    """`num` evenly spaced numbers from `start` to `stop`.

    Parameters
    ----------
    start, stop : float
        The limits.
    num : int
        How many.
    endpoint : bool, optional
        Whether `stop` is the last one.
    dtype : dtype, optional
        Element type of the output.

    Returns
    -------
    array, shape (num,)

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.op._linspace(start=0, stop=1, num=3).asnumpy()
    array([0. , 0.5, 1. ], dtype=float32)
    """
    return xp.constant(_steps_of({"start": start, "stop": stop, "num": num, "endpoint": endpoint, "dtype": dtype}))


def _eye_of(params):
    return np.eye(params["N"], params["M"] or None, params["k"], dtype=dtype_of(params["dtype"]))


@operator(_known(_eye_of), primitive=True)
def _eye(xp, /, *, N: int, M: int = 0, k: int = 0, dtype: DType = "float32"):
    """Ones on a diagonal, zeros elsewhere.

    Parameters
    ----------
    N : int
        Rows.
    M : int, optional
        Columns; as many as rows when 0.
    k : int, optional
        Which diagonal: above the main one when positive.
    dtype : dtype, optional
        Element type of the output.

    Returns
    -------
    array, shape (N, M)

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.op._eye(N=2).asnumpy()
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    return xp.constant(_eye_of({"N": N, "M": M, "k": k, "dtype": dtype}))
