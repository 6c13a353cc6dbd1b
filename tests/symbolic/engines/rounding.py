"""How far an engine may be from the eager one, operator by operator: what all tests of numbers of engines compare by.

The fused engine has the eager one's bits, but for sums.  XLA by default multiplies and adds in one rounding, rewrites
quotients, adds up in an order of its own, and takes subnormal numbers for zero; ``test_xla_bits.py`` holds it to
NumPy's bits under the flags that the guide names.
"""

import numpy as np

SUMS = ("sum", "mean", "norm", "nansum", "multi_sum_sq", "_sum_sq", "clip_global_norm", "_multi_lamb_update",
        "_multi_mp_lamb_update", "_multi_lans_update", "softmax_cross_entropy")
"""Operators that add elements up, which is done in another order: a few roundings of the result, no more."""

XLA = {2: 8e-3, 4: 4e-6, 8: 1e-11}
"""Of the largest element, and of each; by the bytes of the dtype."""

XLA_LONGER = {"gamma": 10, "gammaln": 10, "polygamma": 30, "erfinv": 10}
"""Functions that XLA computes in another way: how many times as far they may be."""

XLA_CANCEL = {"_multi_adamw_update": 10, "_multi_mp_adamw_update": 10}
"""Updates of special values that cancel: how many times as far they may be."""


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
        assert_near(got, expected, (XLA_LONGER | XLA_CANCEL).get(op, 1), by)
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


def assert_near(got, expected, times=1, by=8, more=0.0):
    """Check a value of XLA: `times` its roundings, and `more`, away from what is expected.

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
    tolerance = times * XLA[by]
    most = np.abs(expected[finite]).max(initial=1)
    np.testing.assert_allclose(got[finite], expected[finite], rtol=tolerance, atol=tolerance * most + more)
