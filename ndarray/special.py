"""Special functions that NumPy lacks, computed in float64."""

import math
from functools import cache

import numpy as np


def _elementwise(function):
    """Return the function of arrays that applies a function of one float, in the array's dtype."""
    apply = np.frompyfunc(function, 1, 1)
    return lambda x: np.asarray(apply(np.asarray(x, np.float64)), np.float64).astype(x.dtype)


def _gamma(x):
    try:
        return math.gamma(x)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


def _gammaln(x):
    try:
        return math.lgamma(x)
    except (OverflowError, ValueError):
        return math.inf


@cache
def _normal():
    from statistics import NormalDist  # which loads more than the rest of this package

    return NormalDist()


def _erfinv(y):
    if not abs(y) < 1:
        return math.copysign(math.inf, y) if abs(y) == 1 else math.nan
    x = -_normal().inv_cdf((1 - abs(y)) / 2) / math.sqrt(2)
    if abs(y) < 0.5:
        # Near zero the quantile has lost digits that one step of Newton's method restores.
        x -= (math.erf(x) - abs(y)) * math.exp(x * x) * math.sqrt(math.pi) / 2
    return math.copysign(x, y)


erf = _elementwise(math.erf)
erf.__doc__ = "Return the Gauss error function of each element."
erfinv = _elementwise(_erfinv)
erfinv.__doc__ = "Return the value whose Gauss error function is the element; NaN beyond [-1, 1]."
gamma = _elementwise(_gamma)
gamma.__doc__ = "Return the gamma function of each element; NaN at its poles."
gammaln = _elementwise(_gammaln)
gammaln.__doc__ = "Return the logarithm of the absolute value of the gamma function of each element."

_FAR = 20.0
_MOST_STEPS = 1000
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)


def polygamma(x, n):
    """Return the derivative of order `n` of the digamma function, itself order 0; NaN below -980.

    Steps of the recurrence lead to where the asymptotic series holds (Abramowitz and Stegun, 6.4.6 and 6.4.11).

    Examples
    --------
    >>> float(polygamma(np.array(1.0), 1)) - math.pi ** 2 / 6 < 1e-12
    True
    """
    at = np.array(x, np.float64)
    at[~(at > _FAR - _MOST_STEPS)] = np.nan
    sign, total = (-1) ** (n + 1), np.zeros_like(at)
    while (near := at < _FAR).any():
        total[near] += sign * math.factorial(n) * at[near] ** -(n + 1.0)
        at[near] += 1
    if n:
        series = math.factorial(n - 1) * at ** -n + math.factorial(n) / 2 * at ** -(n + 1.0)
    else:
        series = -np.log(at) + 0.5 / at
    for k, b in enumerate(_BERNOULLI, 1):
        series += b * math.factorial(2 * k + n - 1) / math.factorial(2 * k) * at ** -(2.0 * k + n)
    return (total + sign * series).astype(x.dtype)
