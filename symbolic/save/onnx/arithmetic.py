"""Arithmetic, comparison, choice and dtypes: ONNX's counterparts, and Python's signs on values of a model."""

import numpy as np

from ndarray.binary import BINARY, give_operators
from symbolic.save.onnx.value import Value


def promoted(xp, *values):
    """Return values in the dtype to which NumPy promotes them together."""
    first = values[0]
    if type(first) is Value and all([type(v) is Value and v.dtype == first.dtype for v in values]):
        return values
    dtype = np.result_type(*[v.dtype if hasattr(v, "dtype") else v for v in values])
    return [astype(xp, v, dtype) if isinstance(v, Value) else np.asarray(v, dtype) for v in values]


def _binary(op, of_truths=None, comparing=False):
    """Return the function of two values that broadcast."""

    def word(xp, a, b):
        a, b = promoted(xp, a, b)
        if of_truths and a.dtype == bool:
            return xp.together(of_truths, [a, b], np.bool_)
        return xp.together(op, [a, b], np.bool_ if comparing else a.dtype)

    return word


add = _binary("Add", of_truths="Or")
subtract = _binary("Sub")
multiply = _binary("Mul", of_truths="And")
power = _binary("Pow")
maximum = _binary("Max", of_truths="Or")
minimum = _binary("Min", of_truths="And")
equal = _binary("Equal", comparing=True)
greater = _binary("Greater", comparing=True)
greater_equal = _binary("GreaterOrEqual", comparing=True)
less = _binary("Less", comparing=True)
less_equal = _binary("LessOrEqual", comparing=True)


def not_equal(xp, a, b):
    """Return where two values differ."""
    return logical_not(xp, equal(xp, a, b))


def divide(xp, a, b):
    """Return the quotient; whole numbers give float64, as in NumPy."""
    a, b = promoted(xp, a, b)
    if a.dtype.kind != "f":
        a, b = (astype(xp, x, np.float64) if isinstance(x, Value) else x.astype(np.float64) for x in (a, b))
    return xp.together("Div", [a, b], a.dtype)


def remainder(xp, a, b):
    """Return the remainder, with the sign of the divisor; 0 for whole numbers divided by 0."""
    a, b = promoted(xp, a, b)
    if a.dtype.kind != "f":
        divisor = where(xp, b == 0, np.ones((), b.dtype), b)
        return where(xp, b == 0, np.zeros((), a.dtype), xp.together("Mod", [a, divisor], a.dtype))
    rest = xp.together("Mod", [a, b], a.dtype, fmod=1)
    return where(xp, logical_and(xp, rest != 0, logical_xor(xp, rest < 0, b < 0)), rest + b, rest)


def floor_divide(xp, a, b):
    """Return the quotient of whole numbers, rounded down."""
    a, b = promoted(xp, a, b)
    return xp.together("Div", [a - remainder(xp, a, b), b], a.dtype)


def negative(xp, x):
    """Return the elements with the other sign."""
    return xp.emit("Neg", [x], (x.shape, x.dtype))


def invert(xp, x):
    """Return where an element is not true; the other bits of whole numbers."""
    return logical_not(xp, x) if x.dtype == bool else xp.emit("BitwiseNot", [x], (x.shape, x.dtype))


# Truth


def truth(xp, x):
    """Return where an element is not 0."""
    return astype(xp, x, np.bool_) if isinstance(x, Value) else np.asarray(x).astype(bool)


def logical_not(xp, x):
    """Return where an element is 0."""
    return xp.emit("Not", [truth(xp, x)], (x.shape, np.bool_))


def _of_truths(op):
    return lambda xp, a, b: xp.together(op, [truth(xp, a), truth(xp, b)], np.bool_)


logical_and = _of_truths("And")
logical_or = _of_truths("Or")
logical_xor = _of_truths("Xor")


def where(xp, condition, x, y):
    """Return elements of `x` where the condition is not 0, of `y` elsewhere."""
    x, y = promoted(xp, x, y)
    return xp.together("Where", [truth(xp, condition), x, y], x.dtype)


# Dtypes and numbers


def astype(xp, x, dtype):
    """Return the elements in another dtype."""
    dtype = np.dtype(dtype)
    if x.dtype == dtype:
        return x
    return x != 0 if dtype == np.bool_ else xp.emit("Cast", [x], (x.shape, dtype), to=dtype)


def as_scalar(xp, value, dtype):
    """Return a value of no axes."""
    return xp.reshape(astype(xp, value, dtype), ())


def full(xp, shape, value, dtype=None):
    """Return one value everywhere, which takes the memory of one."""
    if isinstance(value, Value):
        return xp.broadcast_to(astype(xp, value, dtype or value.dtype), shape)
    return np.broadcast_to(np.asarray(value, dtype), shape)


def _apply(word, a, b):
    return globals()[BINARY[word].numpy]((a if isinstance(a, Value) else b).xp, a, b)


def _give_operators():
    give_operators(Value, _apply)
    for name, word in (("floordiv", floor_divide), ("and", logical_and), ("or", logical_or)):
        setattr(Value, f"__{name}__", lambda self, other, word=word: word(self.xp, self, other))
        setattr(Value, f"__r{name}__", lambda self, other, word=word: word(self.xp, other, self))
    Value.__neg__ = lambda self: negative(self.xp, self)
    Value.__abs__ = lambda self: self.xp.abs(self)
    Value.__invert__ = lambda self: invert(self.xp, self)


_give_operators()
