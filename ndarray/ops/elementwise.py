"""Functions of one array, element by element.

Each row of `FAMILY` declares one operator: its name, what it gives, how it is computed and how it is differentiated.
"""

import math
from typing import Annotated, NamedTuple

import numpy as np

from ndarray.dtypes import dtype_of, is_floating
from ndarray.errors import ShapeError
from ndarray.operator import operator
from ndarray.params import UNBOUNDED, DType, Scalar, Within
from ndarray.rules import numeric, same, same_floating, slot_error
from ndarray.tensortype import TensorType, merge_dtypes, merge_shapes


class Unary(NamedTuple):
    """One function of one value.

    Attributes
    ----------
    name : str
    example : str
        What 0.5 gives, 1.5 where that gives nothing.
    words : str
    compute, gradient : callable
        ``compute(xp, x)``; ``gradient(xp, head, y, x)`` for the output `y`, None where it is flat.
    aliases : tuple of str
    rule : callable
        Which dtypes are taken; only floating ones by default.
    kind : str
        As in `Operator`.
    """

    name: str
    example: str
    words: str
    compute: object
    gradient: object = None
    aliases: tuple = ()
    rule: object = same_floating
    kind: str = "arithmetic"


_LN2, _LN10, _DEGREE = math.log(2), math.log(10), math.pi / 180


def sigmoid_of(xp, x):
    """Return 1 / (1 + exp(-x)), right to the last digits in both tails: the exponential never overflows."""
    e = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, xp.ones_like(e), e) / (1 + e)


def _whole(word):
    """Return how an integer is found for each element; whole numbers are theirs already."""
    return lambda xp, x: word(xp, x) if is_floating(x.dtype) else x


def _round(xp, x):
    # Adding one half would round the largest number below it upwards.
    whole = xp.trunc(x)
    return whole + xp.sign(x) * xp.astype(xp.abs(x - whole) >= 0.5, x.dtype)


FAMILY = (
    Unary("abs", "0.5", "Absolute value.", lambda xp, x: xp.abs(x), lambda xp, h, y, x: h * xp.sign(x), rule=same),
    Unary("sign", "1.", "1, -1 or 0 as the element is above, below or at zero; 0 for NaN.", lambda xp, x: xp.sign(x),
          rule=same),
    Unary("negative", "-0.5", "The element with the other sign.", lambda xp, x: -x, lambda xp, h, y, x: -h,
          rule=numeric(same)),
    Unary("reciprocal", "2.", "1 divided by the element.", lambda xp, x: 1 / x, lambda xp, h, y, x: -h * y * y),
    Unary("square", "0.25", "The element times itself.", lambda xp, x: x * x,
          lambda xp, h, y, x: h * (2 * x), rule=same),
    Unary("sqrt", "0.707", "Square root.", lambda xp, x: xp.sqrt(x), lambda xp, h, y, x: h / (2 * y)),
    Unary("rsqrt", "1.414", "1 divided by the square root.", lambda xp, x: 1 / xp.sqrt(x),
          lambda xp, h, y, x: h * (-0.5 * (y / x))),
    Unary("cbrt", "0.794", "Cube root.", lambda xp, x: xp.cbrt(x), lambda xp, h, y, x: h / (3 * y * y)),
    Unary("rcbrt", "1.26", "1 divided by the cube root.", lambda xp, x: 1 / xp.cbrt(x),
          lambda xp, h, y, x: h * (y / x) * (-1 / 3)),
    Unary("exp", "1.649", "e to the power of the element.", lambda xp, x: xp.exp(x), lambda xp, h, y, x: h * y),
    Unary("expm1", "0.649", "e to the power of the element, less 1, exact near zero.", lambda xp, x: xp.expm1(x),
          lambda xp, h, y, x: h * (y + 1)),
    Unary("log", "-0.693", "Natural logarithm.", lambda xp, x: xp.log(x), lambda xp, h, y, x: h / x),
    Unary("log10", "-0.301", "Decimal logarithm.", lambda xp, x: xp.log10(x), lambda xp, h, y, x: h / (x * _LN10)),
    Unary("log2", "-1.", "Binary logarithm.", lambda xp, x: xp.log2(x), lambda xp, h, y, x: h / (x * _LN2)),
    Unary("log1p", "0.405", "Natural logarithm of 1 and the element, exact near zero.", lambda xp, x: xp.log1p(x),
          lambda xp, h, y, x: h / (1 + x)),
    Unary("sin", "0.479", "Sine.", lambda xp, x: xp.sin(x), lambda xp, h, y, x: h * xp.cos(x)),
    Unary("cos", "0.878", "Cosine.", lambda xp, x: xp.cos(x), lambda xp, h, y, x: -h * xp.sin(x)),
    Unary("tan", "0.546", "Tangent.", lambda xp, x: xp.tan(x), lambda xp, h, y, x: h * (1 + y * y)),
    Unary("arcsin", "0.524", "Inverse of the sine.", lambda xp, x: xp.arcsin(x),
          lambda xp, h, y, x: h / xp.sqrt(1 - x * x)),
    Unary("arccos", "1.047", "Inverse of the cosine.", lambda xp, x: xp.arccos(x),
          lambda xp, h, y, x: -h / xp.sqrt(1 - x * x)),
    Unary("arctan", "0.464", "Inverse of the tangent.", lambda xp, x: xp.arctan(x),
          lambda xp, h, y, x: h / (1 + x * x)),
    Unary("sinh", "0.521", "Hyperbolic sine.", lambda xp, x: xp.sinh(x), lambda xp, h, y, x: h * xp.cosh(x)),
    Unary("cosh", "1.128", "Hyperbolic cosine.", lambda xp, x: xp.cosh(x), lambda xp, h, y, x: h * xp.sinh(x)),
    Unary("tanh", "0.462", "Hyperbolic tangent.", lambda xp, x: xp.tanh(x), lambda xp, h, y, x: h * (1 - y * y)),
    Unary("arcsinh", "0.481", "Inverse of the hyperbolic sine.", lambda xp, x: xp.arcsinh(x),
          lambda xp, h, y, x: h / xp.sqrt(x * x + 1)),
    Unary("arccosh", "0.962", "Inverse of the hyperbolic cosine.", lambda xp, x: xp.arccosh(x),
          lambda xp, h, y, x: h / xp.sqrt(x * x - 1)),
    Unary("arctanh", "0.549", "Inverse of the hyperbolic tangent.", lambda xp, x: xp.arctanh(x),
          lambda xp, h, y, x: h / (1 - x * x)),
    Unary("degrees", "28.648", "Radians as degrees.", lambda xp, x: x / _DEGREE, lambda xp, h, y, x: h / _DEGREE),
    Unary("radians", "0.009", "Degrees as radians.", lambda xp, x: x * _DEGREE, lambda xp, h, y, x: h * _DEGREE),
    Unary("erf", "0.52", "Gauss error function.", lambda xp, x: xp.erf(x),
          lambda xp, h, y, x: h * (2 / math.sqrt(math.pi)) * xp.exp(-(x * x))),
    Unary("erfinv", "0.477", "The value whose Gauss error function is the element.", lambda xp, x: xp.erfinv(x),
          lambda xp, h, y, x: h * (math.sqrt(math.pi) / 2) * xp.exp(y * y)),
    Unary("gamma", "1.772", "Gamma function.", lambda xp, x: xp.gamma(x),
          lambda xp, h, y, x: h * y * xp.polygamma(x, 0)),
    Unary("gammaln", "0.572", "Logarithm of the absolute value of the gamma function.", lambda xp, x: xp.gammaln(x),
          lambda xp, h, y, x: h * xp.polygamma(x, 0)),
    Unary("sigmoid", "0.622", "1 / (1 + exp(-x)).", lambda xp, x: sigmoid_of(xp, x),
          lambda xp, h, y, x: h * (y * (1 - y))),
    Unary("relu", "0.5", "The element where it is above zero, else 0.", lambda xp, x: xp.maximum(x, xp.zeros_like(x)),
          # Where the element is not above zero, the value is the slope: 0, or NaN at NaN.
          lambda xp, h, y, x: xp.where(x > 0, h, y), rule=same),
    Unary("softsign", "0.333", "The element divided by 1 and its absolute value.", lambda xp, x: x / (1 + xp.abs(x)),
          lambda xp, h, y, x: h / ((1 + xp.abs(x)) * (1 + xp.abs(x)))),
    Unary("round", "1.", "The nearest integer, halves away from zero.", _whole(lambda xp, x: _round(xp, x)), rule=same),
    Unary("rint", "0.", "The nearest integer, halves to the even one.", _whole(lambda xp, x: xp.rint(x)), rule=same),
    Unary("ceil", "1.", "The integer at or above.", _whole(lambda xp, x: xp.ceil(x)), rule=same),
    Unary("floor", "0.", "The integer at or below.", _whole(lambda xp, x: xp.floor(x)), rule=same),
    Unary("trunc", "0.", "The integer towards zero.", _whole(lambda xp, x: xp.trunc(x)), rule=same),
    Unary("fix", "0.", "The integer towards zero.", _whole(lambda xp, x: xp.trunc(x)), rule=same),
    Unary("logical_not", "0.", "1 where the element is 0, else 0.", lambda xp, x: xp.astype(x == 0, x.dtype),
          rule=same),
    Unary("_copy", "0.5", "The element itself.", lambda xp, x: x, lambda xp, h, y, x: h, ("identity",), rule=same),
    Unary("BlockGrad", "0.5", "The element itself; no gradient passes.", lambda xp, x: x, aliases=("stop_gradient",),
          rule=same),
    Unary("zeros_like", "0.", "0 for every element.", lambda xp, x: xp.zeros_like(x), rule=same,
          kind="constant"),
    Unary("ones_like", "1.", "1 for every element.", lambda xp, x: xp.ones_like(x), rule=same,
          kind="constant"),
    Unary("isnan", "0.", "1 where the element is NaN, else 0.", lambda xp, x: xp.astype(x != x, x.dtype),
          aliases=("_contrib_isnan",)),
    Unary("isinf", "0.", "1 where the element is infinite, else 0.",
          lambda xp, x: xp.astype(xp.abs(x) == math.inf, x.dtype), aliases=("_contrib_isinf",)),
    Unary("isfinite", "1.", "1 where the element is finite, else 0.",
          lambda xp, x: xp.astype(xp.abs(x) < math.inf, x.dtype), aliases=("_contrib_isfinite",)),
)

_DOC = """{words}

    Parameters
    ----------
    data : array, any shape{floating}
        Input.

    Returns
    -------
    array, like `data`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.op.{name}(nd.array([{x}])).asnumpy().round(3)
    array([{example}], dtype=float32)
    """


def _declare(row):
    compute, gradient = row.compute, row.gradient

    def body(xp, data, /):
        return compute(xp, data)

    body.__name__ = body.__qualname__ = row.name
    body.__doc__ = _DOC.format(words=row.words, name=row.name, example=row.example,
                               x=1.5 if row.name == "arccosh" else 0.5,
                               floating=", floating" if row.rule is same_floating else "")
    op = operator(row.rule, aliases=row.aliases, fusible=True, primitive=True, kind=row.kind)(body)
    op.gradient(lambda xp, head, output, data: (gradient and gradient(xp, head, output, data),),
                flat=() if gradient else ("data",))


for _row in FAMILY:
    _declare(_row)


def _cast(inputs, outputs, params):
    """Shapes agree; the output has the dtype asked for."""
    shape = merge_shapes(inputs[0].shape, outputs[0].shape)
    target = np.dtype(params["dtype"])
    merge_dtypes(target, outputs[0].dtype)
    return [TensorType(shape, inputs[0].dtype)], [TensorType(shape, target)]


@operator(_cast, aliases=("cast",), primitive=True)
def Cast(xp, data, /, *, dtype: DType):
    """The elements in another dtype, rounded to the nearest.

    Parameters
    ----------
    data : array, any shape
        Input.
    dtype : dtype
        Element type of the output.

    Returns
    -------
    array, shape of `data`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.cast(nd.array([1.7]), dtype="int32").asnumpy()
    array([1], dtype=int32)
    """
    return xp.astype(data, dtype_of(dtype))


@Cast.gradient
def _(xp, head, output, data, *, dtype):
    return (xp.astype(head, data.dtype),)


def _amp_dtype(dtype, asked):
    """Return what `amp_cast` gives: the dtype asked for where data is float32 or has 16 bits, else that of the data."""
    return dtype_of(asked) if is_floating(dtype) and dtype != np.float64 else dtype


def _amp_cast_rule(inputs, outputs, params):
    data, out = inputs[0], outputs[0]
    if data.dtype is None:
        shape = merge_shapes(data.shape, out.shape)
        return [TensorType(shape, None)], [TensorType(shape, out.dtype)]
    return _cast(inputs, outputs, {"dtype": _amp_dtype(data.dtype, params["dtype"])})


@operator(_amp_cast_rule, primitive=True)
def amp_cast(xp, data, /, *, dtype: DType):
    """The elements in another dtype, as automatic mixed precision inserts it; files may leave it out.

    Parameters
    ----------
    data : array, any shape
        Input.
    dtype : dtype
        Element type of the output for data of float32, float16 or bfloat16.  Others stay as they are.

    Returns
    -------
    array, shape of `data`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.amp_cast(nd.array([1.5]), dtype="float16").asnumpy()
    array([1.5], dtype=float16)
    """
    return xp.astype(data, _amp_dtype(data.dtype, dtype))


@amp_cast.gradient
def _(xp, head, output, data, *, dtype):
    return (xp.astype(head, data.dtype),)


@operator(same_floating, primitive=True, fusible=True)
def polygamma(xp, data, /, *, n: Annotated[int, Within(0, 150)] = 0):
    """Derivative of order `n` of the digamma function, the logarithmic derivative of the gamma function.

    Parameters
    ----------
    data : array, any shape, floating
        Input.
    n : int, optional
        The order, from 0 to 150: beyond, factorials leave the range of float64.

    Returns
    -------
    array, like `data`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.polygamma(nd.array([1]), n=0).asnumpy()
    array([-0.5772157], dtype=float32)
    """
    return xp.polygamma(data, n)


@polygamma.gradient
def _(xp, head, output, data, *, n):
    return (head * xp.polygamma(data, n + 1),)


@operator(same_floating, fusible=True)
def hard_sigmoid(xp, data, /, *, alpha: Scalar = 0.2, beta: Scalar = 0.5):
    r"""Sigmoid of straight pieces, :math:`\min(1, \max(0, \alpha x + \beta))`.

    Parameters
    ----------
    data : array, any shape, floating
        Input.
    alpha, beta : float, optional
        Slope and offset.

    Returns
    -------
    array, like `data`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.hard_sigmoid(nd.array([-9, 0, 9])).asnumpy()
    array([0. , 0.5, 1. ], dtype=float32)
    """
    line = alpha * data + beta
    return xp.minimum(xp.maximum(line, xp.zeros_like(line)), xp.ones_like(line))


@hard_sigmoid.gradient
def _(xp, head, output, data, *, alpha, beta):
    return (xp.where((output > 0) * (output < 1), alpha * head, xp.zeros_like(head)),)


@operator(same, primitive=True, fusible=True)
def clip(xp, data, /, *, a_min: Annotated[Scalar, UNBOUNDED], a_max: Annotated[Scalar, UNBOUNDED]):
    """The elements limited to [a_min, a_max]; NaN stays NaN, and its gradient passes.

    Parameters
    ----------
    data : array, any shape
        Input.
    a_min, a_max : float
        Limits; NaN is none.

    Returns
    -------
    array, like `data`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.clip(nd.array([-3, 0.5, 3]), -1, 1).asnumpy()
    array([-1. ,  0.5,  1. ], dtype=float32)
    """
    return xp.where(data > a_max, a_max, xp.where(data < a_min, a_min, data))


@clip.gradient
def _(xp, head, output, data, *, a_min, a_max):
    # As MXNet has it: what is not beyond a limit passes, and NaN is beyond none, nor is anything beyond NaN.
    zero = xp.zeros_like(head)
    return (xp.where(data > a_max, zero, xp.where(data < a_min, zero, head)),)


def _with_last_axis(inputs, outputs, params):
    inputs, outputs = same_floating(inputs, outputs, params)
    if inputs[0].shape == ():
        raise slot_error(ShapeError, "`{}` must have at least one axis", 0)
    return inputs, outputs


@operator(_with_last_axis)
def _contrib_div_sqrt_dim(xp, data, /):
    """The elements divided by the square root of the length of the last axis, as attention scales its scores.

    Parameters
    ----------
    data : array, at least one axis, floating
        Input.

    Returns
    -------
    array, like `data`

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``_contrib_div_sqrt_dim``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.contrib.div_sqrt_dim(nd.ones((1, 4))).asnumpy()
    array([[0.5, 0.5, 0.5, 0.5]], dtype=float32)
    """
    return data / math.sqrt(max(data.shape[-1], 1))


@operator(numeric(same), fusible=True)
def _contrib_quadratic(xp, data, /, *, a: float = 0.0, b: float = 0.0, c: float = 0.0):
    r"""The quadratic function :math:`a x^2 + b x + c` of each element.

    Parameters
    ----------
    data : array, any shape
        Input :math:`x`.
    a, b, c : float, optional
        The coefficients.

    Returns
    -------
    array, like `data`

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``_contrib_quadratic``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.contrib.quadratic(nd.array([1, 2]), a=1, b=2, c=3).asnumpy()
    array([ 6., 11.], dtype=float32)
    """
    return xp.astype(a * data * data + b * data + c, data.dtype)
