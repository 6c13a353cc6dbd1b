"""Operators without inputs: constants of a shape."""

import math

import numpy as np

from ndarray.dtypes import dtype_of, evenly_spaced
from ndarray.errors import ParamError
from ndarray.operator import operator
from ndarray.params import DType, Shape
from ndarray.tensortype import TensorType

KIND = "constant"


def _of_shape(inputs, outputs, params):
    """The output has the shape and dtype asked for; a length of -1 follows from others."""
    if any(d < -1 for d in params["shape"]):
        raise ParamError(f"shape={params['shape']} of a constant: no length is below 0, but for -1, which follows from "
                         "where the constant goes")
    shape = tuple([None if d < 0 else d for d in params["shape"]])
    return [], [outputs[0].merge(TensorType(shape, dtype_of(params["dtype"])))]


def _known(shape):
    if any(d < 0 for d in shape):
        raise ParamError(f"shape={shape} of a constant must be known: -1 follows from nothing here")
    return shape


@operator(_of_shape, primitive=True)
def _zeros(xp, /, *, shape: Shape = (), ctx: str = "", dtype: DType = "float32"):
    """Zeros.

    Parameters
    ----------
    shape : tuple of int, optional
        Shape of the output.
    ctx : str, optional
        Accepted for MXNet's signature.
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
    return xp.zeros(_known(shape), dtype=dtype_of(dtype))


@operator(_of_shape, primitive=True)
def _ones(xp, /, *, shape: Shape = (), ctx: str = "", dtype: DType = "float32"):
    """Ones.

    Parameters
    ----------
    shape : tuple of int, optional
        Shape of the output.
    ctx : str, optional
        Accepted for MXNet's signature.
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
    return xp.ones(_known(shape), dtype=dtype_of(dtype))


@operator(_of_shape, primitive=True)
def _full(xp, /, *, shape: Shape = (), ctx: str = "", dtype: DType = "float32", value: float):
    """One number everywhere.

    Parameters
    ----------
    shape : tuple of int, optional
        Shape of the output.
    ctx : str, optional
        Accepted for MXNet's signature.
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
    return xp.full(_known(shape), value, dtype=dtype_of(dtype))


def _of_length(length):
    """Return the rule of a constant of one axis with ``length(params)`` elements."""

    def infer(inputs, outputs, params):
        return [], [outputs[0].merge(TensorType((length(params),), dtype_of(params["dtype"])))]

    return infer


def _limits(params):
    start, stop = params["start"], params["stop"]
    return (0, start) if stop is None else (start, stop)


def _range_length(params):
    (start, stop), step, repeat = _limits(params), params["step"], params["repeat"]
    if not step or repeat < 0 or not all(map(math.isfinite, (start, stop, step))):
        raise ParamError(f"from {start} to {stop} in steps of {step}, each {repeat} times, is not a range")
    if params["infer_range"]:
        raise ParamError("infer_range=True is not supported; give stop=")
    return max(0, math.ceil((stop - start) / step)) * repeat


@operator(_of_length(_range_length), primitive=True)
def _arange(xp, /, *, start: float, stop: float | None = None, step: float = 1.0, repeat: int = 1,
            infer_range: bool = False, ctx: str = "", dtype: DType = "float32"):
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
    infer_range : bool, optional
        Only False; MXNet's files name it.
    ctx : str, optional
        Accepted for MXNet's signature.
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
    start, stop = _limits({"start": start, "stop": stop})
    return xp.constant(np.repeat(evenly_spaced(start, stop, step, dtype_of(dtype)), repeat))


def _steps(params):
    if params["num"] < 0:
        raise ParamError(f"num={params['num']} is a count, not below 0")
    return params["num"]


@operator(_of_length(_steps), primitive=True)
def _linspace(xp, /, *, start: float, stop: float, num: int, endpoint: bool = True, ctx: str = "",
              dtype: DType = "float32"):
    """`num` evenly spaced numbers from `start` to `stop`.

    Parameters
    ----------
    start, stop : float
        The limits.
    num : int
        How many.
    endpoint : bool, optional
        Whether `stop` is the last one.
    ctx : str, optional
        Accepted for MXNet's signature.
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
    return xp.constant(np.linspace(start, stop, num, endpoint=endpoint).astype(dtype_of(dtype)))


def _eye_rule(inputs, outputs, params):
    if min(params["N"], params["M"]) < 0:
        raise ParamError(f"N={params['N']} and M={params['M']} of an eye must be at least 0")
    return _of_shape(inputs, outputs, {"shape": (params["N"], params["M"] or params["N"]), "dtype": params["dtype"]})


@operator(_eye_rule, primitive=True)
def _eye(xp, /, *, N: int, M: int = 0, k: int = 0, ctx: str = "", dtype: DType = "float32"):
    """Ones on a diagonal, zeros elsewhere.

    Parameters
    ----------
    N : int
        Rows.
    M : int, optional
        Columns; as many as rows when 0.
    k : int, optional
        Which diagonal: above the main one when positive.
    ctx : str, optional
        Accepted for MXNet's signature.
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
    return xp.constant(np.eye(N, M or None, k, dtype=dtype_of(dtype)))
