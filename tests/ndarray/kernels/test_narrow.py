"""Loops of bfloat16 that compute two elements at once: what is left over, NaN that are mended, numbers that are NaN."""

import ctypes

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from ndarray.kernels import machine_code, narrow
from ndarray.kernels.layout import NOT_ALIGNED, POINTERS_AT, UNIT
from ndarray.kernels.llvm import text_of
from ndarray.kernels.loop import Loop, Step

_QUIET, _INFINITE = 0x7FC0, 0x7F80
ODD_ONES = np.array([0x7F81, 0xFFFF, 0x7FC0, 0xFF80, 0x7F80, 0x8000, 0x0001, 0x7FFF, 0xFFA5], np.uint16)
"""NaN with other bits than ours, quiet and signalling, infinities, zeros and a denormal number."""

MOMENTUM = Loop((Step("load", (), "bfloat16", 0), Step("cast", (0,), "float32"), Step("load", (), "bfloat16", 1),
                 Step("cast", (2,), "float32"), Step("scalar", (), "float32", 0), Step("multiply", (4, 3), "float32"),
                 Step("add", (1, 5), "float32"), Step("cast", (6,), "bfloat16"), Step("multiply", (3, 3), "float32"),
                 Step("cast", (8,), "bfloat16")),
                ("bfloat16", "bfloat16", "bfloat16"), ("float32",), ((0, 7), (2, 9)))
"""``a += s * b`` and ``c = b * b``."""


@pytest.fixture(params=[False, True], ids=["plain", "fetch"])
def kernel(request):
    code = machine_code.code(text_of(MOMENTUM, request.param))
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, *[ctypes.c_int64] * 3)(code.address("kernel"))
    function.code = code
    return function


def run(kernel, a, b, c, scalar, first, count):
    number = np.array(scalar, np.float32)
    row = np.array([0, len(a), 0, UNIT, NOT_ALIGNED, *(x.ctypes.data for x in (a, b, c, number))], np.int64)
    assert len(row) == POINTERS_AT + 4
    kernel(row.ctypes.data, first, count, 0)


def floats(x):
    return (x.astype(np.uint32) << 16).view(np.float32)


def rounded(x):
    wide = x.view(np.uint32).astype(np.uint64)
    near = (wide + 0x7FFF + (wide >> 16 & 1)) >> 16
    return np.where(np.isnan(x), wide >> 16 & 0x8000 | _QUIET, near).astype(np.uint16)


def expected(a, b, scalar):
    with np.errstate(all="ignore"):
        return rounded(floats(a) + np.float32(scalar) * floats(b)), rounded(floats(b) * floats(b))


@pytest.mark.parametrize("odd", [False, True], ids=["numbers", "odd ones"])
def test_every_length_from_every_start(kernel, odd):
    """What is before the first element and after the last stays as it is."""
    random = np.random.default_rng(0)
    for count in [*range(70), 255, 256, 257, 1000]:
        for first in (0, 1, 2, 31):
            a, b = random.normal(size=(2, count + 40)).astype(np.float32).view(np.uint32) >> 16
            a, b, c = a.astype(np.uint16), b.astype(np.uint16), np.full(count + 40, 7, np.uint16)
            if odd:
                # Of two NaN in one operation the processor takes either: they are never beside each other.
                a[random.integers(0, len(a) // 2, 2) * 2] = random.choice(ODD_ONES, 2)
                b[random.integers(0, len(b) // 2, 2) * 2 + 1] = random.choice(ODD_ONES, 2)
            inside, before = slice(first, first + count), (a.copy(), c.copy())
            before[0][inside], before[1][inside] = expected(a[inside], b[inside], 0.375)
            run(kernel, a, b, c, 0.375, first, count)
            np.testing.assert_array_equal(a, before[0])
            np.testing.assert_array_equal(c, before[1])


def test_every_nan(kernel):
    upper = np.arange(1 << 16, dtype=np.uint32).astype(np.uint16)
    nan = upper[(upper & 0x7FFF) > _INFINITE]
    for zero in (0, 1):
        a, b, c = nan.copy(), np.zeros_like(nan), np.zeros_like(nan)
        if zero:
            a, b = b, a
        values = expected(a, b, 1.0)
        run(kernel, a, b, c, 1.0, 0, len(a))
        np.testing.assert_array_equal(a, values[0])
        np.testing.assert_array_equal(c, values[1])


@pytest.mark.parametrize("pattern", [0x7FFFFFFF, 0xFFFFFFFF, 0x7F800001, 0xFFC0FFFF, 0x7FC00000, 0xFF800000])
def test_a_number_that_is_nan_or_infinite(kernel, pattern):
    """Its lower bits, rounded, would make a zero of it, or infinity."""
    scalar = np.array(pattern, np.uint32).view(np.float32)[()]
    a, b, c = np.full((3, 75), 0x3F80, np.uint16)
    b[::3] = 0xBF80
    values = expected(a, b, scalar)
    run(kernel, a, b, c, scalar, 0, 75)
    np.testing.assert_array_equal(a, values[0])
    np.testing.assert_array_equal(c, values[1])


def test_what_is_in_pairs():
    """Not what is summed up, whose order it would change, nor what reads other dtypes, whose NaN have lower bits."""
    steps, arrays = MOMENTUM.steps, MOMENTUM.arrays
    assert narrow.in_pairs(MOMENTUM)
    assert not narrow.in_pairs(Loop(steps, arrays, MOMENTUM.scalars, MOMENTUM.stores, (("sum_sq", 6),)))
    wide = (Step("load", (), "float32", 0), Step("load", (), "float32", 0), *steps[2:])
    assert not narrow.in_pairs(Loop(wide, ("float32", *arrays[1:]), MOMENTUM.scalars, MOMENTUM.stores))
    # A number is stored as it is read: its bits, if it is NaN, are nobody's to mend.
    assert not narrow.in_pairs(Loop(steps, arrays, MOMENTUM.scalars, ((0, 0), (2, 9))))
