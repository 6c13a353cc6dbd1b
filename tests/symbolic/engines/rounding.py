"""How far an engine may be from the eager one, operator by operator: what all tests of numbers of engines compare by.

The fused engine has the eager one's bits, but for sums.  XLA by default multiplies and adds in one rounding, rewrites
quotients, adds up in an order of its own, and takes subnormal numbers for zero; ``test_xla_bits.py`` holds it to
NumPy's bits under the flags that the guide names.
"""

import numpy as np

SUMS = ("sum", "mean", "norm", "nansum", "multi_sum_sq", "_sum_sq", "clip_global_norm", "_multi_lamb_update",
        "_multi_mp_lamb_update", "_multi_lans_update", "softmax_cross_entropy")
"""Operators that add elements up, which is done in another order: a few roundings of the result, no more."""

MEANS = ("_contrib_group_adagrad_update", "adafactor_update", "adafactor_mom_update", "came_update")
"""Updates by means of rows and columns, which the fused engine adds up in float64: their steps differ in the last bits."""

XLA = 4
"""Roundings that a value of XLA may be away, of the largest element and of its own; samples need 2 at most."""

XLA_TIMES = {
    # Other series than NumPy's.
    "gamma": 4, "gammaln": 4, "polygamma": 4, "arctanh": 8,
    # LAPACK adds up as the processor's vectors are long.
    "linalg_gelqf": 4,
    # A mean is new + beta * (old - new), which cancels where the new square is a thousand times what is left of it.
    "_multi_adamw_update": 40, "_multi_mp_adamw_update": 40,
}
"""Operators of which more are allowed: how many times as many, and why."""


def tolerance(op, by):
    """Return how far XLA may be, as a ratio; `by` is the number of bytes of the numbers."""
    return XLA_TIMES.get(op, 1) * XLA * float(np.finfo(f"f{by}").eps)


def other_numbers():
    """Return the names of the operators whose random numbers are JAX's own: the only values that XLA does not give."""
    from symbolic.engines.xla import philox

    return {"_shuffle"} | {f"{start}{name}{end}" for name in philox.DISTRIBUTIONS
                           for start, end in (("_random_", ""), ("_sample_", ""), ("_random_", "_like"))}


def narrowest(arrays):
    """Return the bytes of the narrowest numbers of several arrays, but for the half of a mixed precision."""
    return min([a.dtype.itemsize for a in arrays if a.dtype.kind == "f" and a.dtype.itemsize > 2], default=8)


def assert_agrees(got, expected, engine, op="", by=8):
    """Check a value of an engine against the eager one's; `by`: see `assert_near`."""
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
    if engine == "xla" and op in other_numbers():
        return
    if engine == "xla":
        assert_near(got, expected, by=by, op=op)
    elif op in MEANS:
        assert_near(got, expected, by=by)
    elif op in SUMS and expected.dtype.kind == "f":
        np.testing.assert_allclose(got, expected, rtol=40 * np.finfo(expected.dtype).eps)
    else:
        assert_same_bits(got, expected)


def assert_same_bits(got, expected):
    """NaN is NaN, whatever its bits."""
    if expected.dtype.kind == "f":
        nan = np.isnan(expected)
        np.testing.assert_array_equal(np.isnan(got), nan)
        got, expected = (np.where(nan, 0, x).view(f"u{x.dtype.itemsize}") for x in (got, expected))
    np.testing.assert_array_equal(got, expected)


def assert_near(got, expected, times=1, by=8, more=0.0, op=""):
    """Check a value of XLA: `times` the roundings of an operator, and `more`, away from what is expected.

    `by` is the least number of bytes of the numbers in between.  What comes near the largest number may be infinite:
    one of two roundings may overflow.
    """
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
    if expected.dtype.kind != "f":
        np.testing.assert_array_equal(got, expected)
        return
    by = min(by, expected.dtype.itemsize)
    largest = float(np.finfo(expected.dtype).max) / 4
    got, expected = (np.where(np.abs(x) > largest, np.copysign(np.inf, x), x).astype("f8") for x in (got, expected))
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(got[~finite], expected[~finite])
    allowed = times * tolerance(op, by)
    most = np.abs(expected[finite]).max(initial=1)
    np.testing.assert_allclose(got[finite], expected[finite], rtol=allowed, atol=allowed * most + more)
