"""Arithmetic and comparisons of two arrays, of arrays that broadcast, and of an array and a number.

Each row of `FAMILY` is one function of two values; from it come the operator on equal shapes, the one that broadcasts,
and those with a number on the right or on the left.
"""

from functools import partial
from typing import Annotated, NamedTuple

import numpy as np

from ndarray.dtypes import is_floating
from ndarray.operator import operator
from ndarray.params import UNBOUNDED, Scalar
from ndarray.rules import broadcast, numeric, same


class Binary(NamedTuple):
    """One function of two values.

    Attributes
    ----------
    words : str
        What it gives, as the first line of a docstring, with ``{a}`` and ``{b}``.
    compute, gradient : callable
        ``compute(xp, a, b)``; ``gradient(xp, head, output, a, b)`` gives the gradient of each, None for no gradient.
    example : str
        What ``6`` and ``4`` give.
    elementwise, broadcast, scalar, reflected : tuple of str
        Names of the four operators, each the name and then its aliases; empty where there is none.
    """

    words: str
    compute: object
    gradient: object
    example: str
    elementwise: tuple = ()
    broadcast: tuple = ()
    scalar: tuple = ()
    reflected: tuple = ()


def _compare(word):
    return lambda xp, a, b: xp.astype(word(xp, a, b), a.dtype)


def _flat(xp, head, output, a, b):
    return None, None


def _divide(xp, a, b):
    if is_floating(a.dtype):
        return a / b
    # Integers divide towards zero, as in C; by zero they give zero.
    return a // b + ((a % b != 0) & ((a < 0) != (b < 0)))


def _modulo(xp, a, b):
    rest = a % b
    return xp.where(b == 0, xp.zeros_like(rest), rest)


def _power(xp, a, b):
    if is_floating(a.dtype):
        return xp.power(a, b)
    # An integer to a negative power is cut towards zero: only 1 and -1 leave something.
    below = (b < 0) & (xp.abs(a) != 1)
    return xp.where(below, xp.zeros_like(a), a ** xp.where(b < 0, xp.abs(b) % 2, b))


def _power_gradient(xp, head, output, a, b):
    # Without the corrections 0 ** 0 and 0 ** b would give NaN where the slope is 0.
    return head * b * xp.power(a, b - (b != 0)), head * output * xp.log(a + (a == 0))


def _hypot_gradient(xp, head, output, a, b):
    # At the origin there is no slope; the gradient there is 0.
    length = output + (output == 0)
    return head * (a / length), head * (b / length)


def _chosen(wins):
    """Return the gradient of a choice: all of it goes to the operand chosen, the first where both are equal."""

    def gradient(xp, head, output, a, b):
        nothing, first = xp.zeros_like(head), wins(a, b)
        return xp.where(first, head, nothing), xp.where(first, nothing, head)

    return gradient


FAMILY = (
    Binary("Sum of {a} and {b}.", lambda xp, a, b: a + b, lambda xp, head, output, a, b: (head, head), "10",
           ("elemwise_add", "_plus", "_Plus", "_add"), ("broadcast_add", "broadcast_plus"),
           ("_plus_scalar", "_PlusScalar")),
    Binary("Difference of {a} and {b}.", lambda xp, a, b: a - b, lambda xp, head, output, a, b: (head, -head), "2",
           ("elemwise_sub", "_minus", "_Minus", "_sub"), ("broadcast_sub", "broadcast_minus"),
           ("_minus_scalar", "_MinusScalar"), ("_rminus_scalar", "_RMinusScalar")),
    Binary("Product of {a} and {b}.", lambda xp, a, b: a * b,
           lambda xp, head, output, a, b: (head * b, head * a), "24",
           ("elemwise_mul", "_mul", "_Mul"), ("broadcast_mul",), ("_mul_scalar", "_MulScalar")),
    Binary("Quotient of {a} and {b}; integers divide towards zero.", _divide,
           lambda xp, head, output, a, b: (head / b, -head * a / (b * b)), "1.5",
           ("elemwise_div", "_div", "_Div"), ("broadcast_div",), ("_div_scalar", "_DivScalar"),
           ("_rdiv_scalar", "_RDivScalar")),
    Binary("Remainder of {a} divided by {b}, with the sign of the divisor.", _modulo,
           lambda xp, head, output, a, b: (head, -head * xp.floor(a / b)), "2",
           ("_mod", "_Mod"), ("broadcast_mod",), ("_mod_scalar", "_ModScalar"), ("_rmod_scalar", "_RModScalar")),
    Binary("{a} to the power of {b}.", _power, _power_gradient, "1296",
           ("_power", "_Power"), ("broadcast_power",), ("_power_scalar", "_PowerScalar"),
           ("_rpower_scalar", "_RPowerScalar")),
    Binary("The larger of {a} and {b}; NaN if one is.", lambda xp, a, b: xp.maximum(a, b),
           _chosen(lambda a, b: a >= b), "6",
           ("_maximum", "_Maximum"), ("broadcast_maximum",), ("_maximum_scalar", "_MaximumScalar")),
    Binary("The smaller of {a} and {b}; NaN if one is.", lambda xp, a, b: xp.minimum(a, b),
           _chosen(lambda a, b: a <= b), "4",
           ("_minimum", "_Minimum"), ("broadcast_minimum",), ("_minimum_scalar", "_MinimumScalar")),
    Binary("The hypotenuse of {a} and {b}.", lambda xp, a, b: xp.astype(xp.hypot(a, b), a.dtype),
           _hypot_gradient, "7.2111025",
           ("_hypot", "_Hypot"), ("broadcast_hypot",), ("_hypot_scalar", "_HypotScalar")),
    Binary("1 where {a} equals {b}, else 0.", _compare(lambda xp, a, b: a == b), _flat, "0",
           ("_equal", "_Equal"), ("broadcast_equal",), ("_equal_scalar", "_EqualScalar")),
    Binary("1 where {a} differs from {b}, else 0.", _compare(lambda xp, a, b: a != b), _flat, "1",
           ("_not_equal", "_Not_Equal"), ("broadcast_not_equal",), ("_not_equal_scalar", "_NotEqualScalar")),
    Binary("1 where {a} is above {b}, else 0.", _compare(lambda xp, a, b: a > b), _flat, "1",
           ("_greater", "_Greater"), ("broadcast_greater",), ("_greater_scalar", "_GreaterScalar")),
    Binary("1 where {a} is not below {b}, else 0.", _compare(lambda xp, a, b: a >= b), _flat, "1",
           ("_greater_equal", "_Greater_Equal"), ("broadcast_greater_equal",),
           ("_greater_equal_scalar", "_GreaterEqualScalar")),
    Binary("1 where {a} is below {b}, else 0.", _compare(lambda xp, a, b: a < b), _flat, "0",
           ("_lesser", "_Lesser"), ("broadcast_lesser",), ("_lesser_scalar", "_LesserScalar")),
    Binary("1 where {a} is not above {b}, else 0.", _compare(lambda xp, a, b: a <= b), _flat, "0",
           ("_lesser_equal", "_Lesser_Equal"), ("broadcast_lesser_equal",),
           ("_lesser_equal_scalar", "_LesserEqualScalar")),
    Binary("1 where both {a} and {b} are not 0, else 0.", _compare(lambda xp, a, b: xp.logical_and(a, b)), _flat, "1",
           ("_logical_and",), ("broadcast_logical_and",), ("_logical_and_scalar",)),
    Binary("1 where {a} or {b} is not 0, else 0.", _compare(lambda xp, a, b: xp.logical_or(a, b)), _flat, "1",
           ("_logical_or",), ("broadcast_logical_or",), ("_logical_or_scalar",)),
    Binary("1 where one of {a} and {b} is 0 and the other is not, else 0.",
           _compare(lambda xp, a, b: xp.logical_xor(a, b)), _flat, "0",
           ("_logical_xor",), ("broadcast_logical_xor",), ("_logical_xor_scalar",)),
)

_ARRAYS = """{words}

    Parameters
    ----------
    lhs, rhs : array, {shapes}, one dtype
        The two values.

    Returns
    -------
    array of the same dtype

    Examples
    --------
    >>> import ndarray as nd
    >>> print(nd.op.{name}(nd.array([6]), nd.array([4])).asnumpy().tolist()[0] == {example})
    True
    """

_SCALAR = """{words}

    Parameters
    ----------
    data : array, any shape
        The array.
    scalar : float, optional
        The number, taken in the array's dtype.

    Returns
    -------
    array, like `data`

    Examples
    --------
    >>> import ndarray as nd
    >>> print(nd.op.{name}(nd.array([{left}]), scalar={right}).asnumpy().tolist()[0] == {example})
    True
    """


def _declare(names, rule, body, gradient, doc, elementwise=True, flat=False):
    body.__name__ = body.__qualname__ = names[0]
    body.__doc__ = doc
    op = operator(rule, aliases=names[1:], fusible=elementwise, primitive=True)(body)
    op.gradient(gradient, flat=op.names if flat else ())


def _example(row):
    """Return what the example gives, as the float32 it runs in."""
    return repr(float(np.float32(row.example)))


def _declare_family(row):
    compute, gradient = row.compute, row.gradient
    declare = partial(_declare, flat=gradient is _flat)

    def elementwise(xp, lhs, rhs, /):
        return compute(xp, lhs, rhs)

    def broadcasting(xp, lhs, rhs, /):
        return compute(xp, lhs, rhs)

    def broadcasting_gradient(xp, head, output, lhs, rhs):
        return tuple(None if g is None else xp.unbroadcast(g, x)
                     for g, x in zip(gradient(xp, head, output, lhs, rhs), (lhs, rhs)))

    def with_scalar(xp, data, /, *, scalar: Annotated[Scalar, UNBOUNDED] = 1.0):
        return compute(xp, data, scalar)

    def reflected(xp, data, /, *, scalar: Annotated[Scalar, UNBOUNDED] = 1.0):
        return compute(xp, scalar, data)

    name = {"example": _example(row)}
    same_, broadcast_ = (same, broadcast) if gradient is _flat else (numeric(same), numeric(broadcast))
    text = row.words.format
    declare(row.elementwise, same_, elementwise, gradient,
            _ARRAYS.format(words=text(a="`lhs`", b="`rhs`"), shapes="one shape", name=row.elementwise[0], **name))
    declare(row.broadcast, broadcast_, broadcasting, broadcasting_gradient,
            _ARRAYS.format(words=text(a="`lhs`", b="`rhs`, which broadcast").replace(
                 ", which broadcast.", " after broadcasting."), shapes="shapes that broadcast",
                name=row.broadcast[0], **name), elementwise=False)
    declare(row.scalar, same_, with_scalar,
            lambda xp, head, output, data, *, scalar: (gradient(xp, head, output, data, scalar)[0],),
            _SCALAR.format(words=text(a="`data`", b="`scalar`"), name=row.scalar[0], left=6, right=4, **name))
    if row.reflected:
        declare(row.reflected, same_, reflected,
                lambda xp, head, output, data, *, scalar: (gradient(xp, head, output, scalar, data)[1],),
                _SCALAR.format(words=text(a="`scalar`", b="`data`"), name=row.reflected[0], left=4, right=6, **name))


for _row in FAMILY:
    _declare_family(_row)
