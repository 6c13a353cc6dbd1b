"""NumPy's answers do not depend on where a value lies or comes from: the last bit included."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ndarray as nd
from ndarray import vocabulary
from ndarray.ops import arithmetic, elementwise

UNARY = [row.name for row in elementwise.FAMILY]
BINARY = [row.elementwise[0] for row in arithmetic.FAMILY]
DTYPES = ["float16", "float32", "float64"]


def numbers(dtype, n=400):
    rng = np.random.default_rng(5)
    return (rng.standard_normal(n) * 10.0 ** rng.integers(-3, 2, n)).astype(dtype)


def value(name, *arrays):
    return getattr(nd.op, name)(*map(nd.from_numpy, arrays)).asnumpy()


def assert_same(got, expected):
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(np.signbit(got)[got == got], np.signbit(expected)[got == got])


def layouts(x):
    """Yield ways to lie in memory: an array and its elements among those of `x`."""
    for n in range(1, 18):
        for start in (0, 3):
            yield x[start:start + n], slice(start, start + n)
    for step in (2, 3, -1, -2, -7):
        yield x[::step], slice(None, None, step)
    misaligned = np.zeros(x.nbytes + 1, np.uint8)[1:].view(x.dtype)
    misaligned[:] = x
    yield misaligned, slice(None)
    grid = x.reshape(20, 20)
    for view in (grid.T, grid[::-1], grid[:, ::-1], grid[::-2, 3::4], np.asfortranarray(grid)):
        yield view, None


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", UNARY)
def test_a_function_of_one_value(name, dtype):
    x = numbers(dtype)
    if name in ("gamma", "gammaln", "erf", "erfinv"):
        x = x[:400:20].repeat(20)  # these go element by element anyway, and slowly
    whole = value(name, x)
    for view, places in layouts(x):
        assert_same(value(name, view), value(name, view.copy()) if places is None else whole[places])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", BINARY)
def test_a_function_of_two_values(name, dtype):
    x, y = abs(numbers(dtype)), numbers(dtype)[::-1].copy()
    whole = value(name, x, y)
    for (a, places), (b, _) in zip(layouts(x), layouts(y)):
        assert_same(value(name, a, b), value(name, a.copy(), b.copy()) if places is None else whole[places])


@given(a=st.floats(1e-3, 1e3), b=st.floats(-5, 5))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_power_without_axes_is_the_scalars(dtype, a, b):
    a, b = np.dtype(dtype).type(a), np.dtype(dtype).type(b)
    for x, y in ((a, b), (np.array(a), b), (a, np.array(b)), (np.array(a), np.array(b))):
        got = vocabulary.power(x, y)
        assert got == a ** b and got.dtype == dtype
