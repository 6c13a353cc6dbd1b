"""Symbols of constants, and functions of two values of which one may be a number."""

from symbolic.arithmetic import arithmetic
from symbolic.symbol import Symbol, apply_op


def zeros(shape, dtype=None, name=None, **attrs):
    """Return a Symbol of zeros.

    Parameters
    ----------
    shape : int or tuple of int
    dtype : dtype, optional
        float32 when left out.
    name : str, optional
    **attrs : str
        Attributes of the form ``__key__``.

    Examples
    --------
    >>> zeros((2,)).eval()[0].asnumpy()
    array([0., 0.], dtype=float32)
    """
    return _source("_zeros", name, attrs, shape=shape, dtype=dtype)


def ones(shape, dtype=None, name=None, **attrs):
    """Return a Symbol of ones; parameters as `zeros`.

    Examples
    --------
    >>> ones((2,), dtype="int32").eval()[0].asnumpy()
    array([1, 1], dtype=int32)
    """
    return _source("_ones", name, attrs, shape=shape, dtype=dtype)


def full(shape, val, dtype=None, name=None, **attrs):
    """Return a Symbol that holds one number everywhere; parameters as `zeros`.

    Examples
    --------
    >>> full((2,), 7).eval()[0].asnumpy()
    array([7., 7.], dtype=float32)
    """
    return _source("_full", name, attrs, shape=shape, dtype=dtype, value=val)


def arange(start, stop=None, step=1.0, repeat=1, dtype=None, name=None, **attrs):
    """Return a Symbol of evenly spaced numbers from `start` to before `stop`, each `repeat` times.

    Examples
    --------
    >>> arange(3).eval()[0].asnumpy()
    array([0., 1., 2.], dtype=float32)
    """
    return _source("_arange", name, attrs, start=start, stop=stop, step=step, repeat=repeat, dtype=dtype)


def linspace(start, stop, num, endpoint=True, dtype=None, name=None, **attrs):
    """Return a Symbol of `num` evenly spaced numbers from `start` to `stop`.

    Examples
    --------
    >>> linspace(0, 1, 3).eval()[0].asnumpy()
    array([0. , 0.5, 1. ], dtype=float32)
    """
    return _source("_linspace", name, attrs, start=start, stop=stop, num=num, endpoint=endpoint, dtype=dtype)


def eye(N, M=0, k=0, dtype=None, name=None, **attrs):
    """Return a Symbol of a matrix with ones on its `k`-th diagonal and zeros elsewhere.

    Examples
    --------
    >>> eye(2, 3, k=1).eval()[0].asnumpy()
    array([[0., 1., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    return _source("_eye", name, attrs, N=N, M=M, k=k, dtype=dtype)


def _source(op_name, name, attrs, dtype=None, **params):
    if dtype is not None:
        params["dtype"] = dtype
    return apply_op(op_name, name=name, attr=attrs or None, **params)


_OF_TWO_DOC = """Return {summary} of two values, element by element; they do not broadcast.

Parameters
----------
left, right : Symbol or number

Returns
-------
Symbol or number
    A number where both are numbers.

Raises
------
OperatorError
    If one is neither a Symbol nor a number.

Examples
--------
>>> import ndarray as nd, symbolic as sym
>>> sym.{word}(sym.var("x"), 4).eval(x=nd.array([3]))[0].tolist()
[{found}]
"""


def _of_two(word, summary, plain):
    def function(left, right):
        if not isinstance(left, Symbol) and not isinstance(right, Symbol):
            return plain(left, right)
        return arithmetic(word, left, right)

    function.__name__ = function.__qualname__ = word
    function.__doc__ = _OF_TWO_DOC.format(summary=summary, word=word, found=float(plain(3, 4)))
    return function


pow = power = _of_two("pow", "the power", lambda a, b: a ** b)
maximum = _of_two("maximum", "the larger", max)
minimum = _of_two("minimum", "the smaller", min)
hypot = _of_two("hypot", "the hypotenuse", lambda a, b: (a * a + b * b) ** 0.5)
