"""Functions of each element, written with ONNX's operators."""

import math

import numpy as np


def _unary(op):
    return lambda xp, x: xp.emit(op, [x], (x.shape, x.dtype))


abs = _unary("Abs")
sqrt = _unary("Sqrt")
exp = _unary("Exp")
log = _unary("Log")
sin, cos, tan = _unary("Sin"), _unary("Cos"), _unary("Tan")
arcsin, arccos, arctan = _unary("Asin"), _unary("Acos"), _unary("Atan")
sinh, cosh, tanh = _unary("Sinh"), _unary("Cosh"), _unary("Tanh")
arcsinh, arccosh, arctanh = _unary("Asinh"), _unary("Acosh"), _unary("Atanh")
rint, ceil, floor = _unary("Round"), _unary("Ceil"), _unary("Floor")
erf = _unary("Erf")


def sign(xp, x):
    """Return 1, -1 or 0; 0 for NaN, which ONNX's Sign leaves open."""
    found = xp.emit("Sign", [x], (x.shape, x.dtype))
    return xp.where(isnan(xp, x), np.zeros((), x.dtype), found) if x.dtype.kind == "f" else found


def isnan(xp, x):
    """Return where an element is NaN."""
    return xp.emit("IsNaN", [x], (x.shape, np.bool_))


def trunc(xp, x):
    """Return the elements rounded towards zero."""
    return xp.where(x < 0, xp.ceil(x), xp.floor(x))


def log2(xp, x):
    """Return the logarithm to base 2."""
    return xp.log(x) * (1 / math.log(2))


def log10(xp, x):
    """Return the logarithm to base 10."""
    return xp.log(x) * (1 / math.log(10))


def log1p(xp, x):
    """Return ``log(1 + x)``, accurate near 0 by dividing by what rounding left of x (Kahan)."""
    whole = x + 1.0
    exact = xp.logical_or(whole == 1.0, whole == math.inf)
    rest = xp.where(exact, np.ones((), x.dtype), whole - 1.0)
    return xp.where(exact, xp.where(whole == math.inf, whole, x), xp.log(whole) * (x / rest))


def expm1(xp, x):
    """Return ``exp(x) - 1``, accurate near 0 by the logarithm of what was computed (Kahan)."""
    power = xp.exp(x)
    near = xp.logical_and(power != 1.0, xp.abs(x) < 1.0)
    log_ = xp.where(near, xp.log(power), np.ones((), x.dtype))
    return xp.where(near, (power - 1.0) * (x / log_), xp.where(power == 1.0, x, power - 1.0))


def cbrt(xp, x):
    """Return the third root; one step of Newton's method makes up for 1/3, which is not a float."""
    size = xp.abs(x)
    plain = xp.logical_or(size == 0.0, xp.logical_not(size < math.inf))
    guess = xp.where(plain, np.ones((), x.dtype), size) ** (1 / 3)
    root = guess - (guess - size / (guess * guess)) / 3.0
    return xp.where(plain, x, xp.sign(x) * root)


def hypot(xp, a, b):
    """Return the hypotenuse; by the ratio of its legs, whose squares do not overflow."""
    a, b = xp.abs(a), xp.abs(b)
    longer, shorter = xp.maximum(a, b), xp.minimum(a, b)
    infinite = xp.logical_or(a == math.inf, b == math.inf)
    ratio = shorter / xp.where(xp.logical_or(longer == 0.0, infinite), np.ones((), longer.dtype), longer)
    return xp.where(infinite, np.asarray(math.inf, longer.dtype), longer * xp.sqrt(ratio * ratio + 1.0))
