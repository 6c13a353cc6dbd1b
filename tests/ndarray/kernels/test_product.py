"""Products of matrices in machine code: elements rounded as ml_dtypes rounds them, sums as exact as float32 allows."""

import numpy as np
import pytest

import ndarray as nd
from ndarray import vocabulary
from ndarray.kernels import machine_code, product
from ndarray.kernels.memory import aligned
from ndarray.kernels.threads import get_num_threads, set_num_threads

PRECISIONS = [pytest.param(p, marks=pytest.mark.skipif(not product.available(p), reason=f"needs llvmlite and {name}"))
              for p, name in (("float32", "AVX-512"), ("bfloat16", "AVX512_BF16"))]
each_precision = pytest.mark.parametrize("precision", PRECISIONS)

SHAPES = [(1, 1, 1), (8, 16, 32), (5, 7, 9), (16, 48, 32), (17, 49, 33), (96, 96, 384), (97, 193, 31), (100, 3, 500),
          (2, 300, 65), (130, 130, 800)]
"""Rows, columns and sums: whole panels, tiles and passes, and what is left over of each."""


def numbers(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def rounded(precision, x):
    return (vocabulary._nearest_bfloat16(x) if precision == "bfloat16" else x).astype(float)


def multiplied(precision, a, b):
    """Return the product by machine code, into memory and scratch of other numbers."""
    m, n = len(a), b.shape[1]
    out, scratch = np.full((m, n), np.nan, np.float32), aligned(product.scratch(precision, m, n, a.shape[1]))
    scratch[:] = 0x7F
    product.bound(precision, a, b, out, scratch)()
    return out


def assert_product(precision, found, a, b):
    a, b = rounded(precision, a), rounded(precision, b)
    exact, most = a @ b, (abs(a) @ abs(b)).max(initial=0)
    np.testing.assert_allclose(found, exact, rtol=0, atol=2e-6 * most)


@each_precision
@pytest.mark.parametrize(("m", "n", "k"), SHAPES)
@pytest.mark.parametrize("turned", range(4))
def test_every_shape_and_layout(precision, m, n, k, turned):
    a = numbers(k, m).T if turned & 1 else numbers(m, k)
    b = numbers(n, k).T if turned & 2 else numbers(k, n)
    assert_product(precision, multiplied(precision, a, b), a, b)


@each_precision
@pytest.mark.parametrize(("m", "n", "k"), SHAPES)
def test_a_product_with_its_transpose_is_symmetric(precision, m, n, k):
    x = numbers(m, k)
    for a in (x, x.T):
        found = multiplied(precision, a, a.T)
        assert_product(precision, found, a, a.T)
        np.testing.assert_array_equal(found, found.T)
        np.testing.assert_allclose(found, multiplied(precision, a, a.T.copy()), rtol=0, atol=1e-6 * abs(found).max())


@each_precision
def test_strides_are_any(precision):
    a, b = numbers(60, 90)[::2, 5:75], numbers(80, 140)[5:75, ::2]
    assert_product(precision, multiplied(precision, a, b), a, b)
    assert_product(precision, multiplied(precision, a[::-1], b[:, ::-1]), a[::-1], b[:, ::-1])
    wide = np.full((30, 100), 7, np.float32)
    product.bound(precision, a, b, wide[:, 10:80], aligned(product.scratch(precision, 30, 70, 70)))()
    assert_product(precision, wide[:, 10:80], a, b)
    assert (wide[:, :10] == 7).all() and (wide[:, 80:] == 7).all()


@each_precision
def test_threads_change_no_bit(precision):
    threads, a, b = get_num_threads(), numbers(400, 500), numbers(500, 300)
    found = []
    try:
        for n in (1, 2, 3):
            set_num_threads(n)
            found += [multiplied(precision, a, b).tobytes(), multiplied(precision, a, a.T).tobytes()]
    finally:
        set_num_threads(threads)
    assert len(set(found)) == 2


@each_precision
def test_nothing_to_add_up_is_zero(precision):
    assert (multiplied(precision, numbers(3, 0), numbers(0, 4)) == 0).all()
    assert multiplied(precision, numbers(0, 2), numbers(2, 4)).shape == (0, 4)


@each_precision
def test_what_is_not_finite_stays_in_its_row_and_column(precision):
    a, b = numbers(40, 50), numbers(50, 60)
    a[3, 7], a[5, 9], b[11, 13] = np.nan, np.inf, -np.inf
    found = multiplied(precision, a, b)
    with np.errstate(invalid="ignore"):
        expected = a.astype(float) @ b.astype(float)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_array_equal(found[np.isinf(expected)], expected[np.isinf(expected)])
    assert np.isnan(found[3]).all() and np.isinf(found[:, 13]).sum() >= 38


@each_precision
def test_all_shapes_have_one_code(precision):
    made = [product.bound(precision, numbers(n, n), numbers(n, n), np.empty((n, n), np.float32),
                          aligned(product.scratch(precision, n, n, n))) for n in (20, 30)]
    assert [table._codes for table in made] == [[machine_code.code(product.text(precision))]] * 2


def test_elements_are_rounded_to_nearest_even():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    upper = np.arange(1 << 16, dtype=np.uint32) << 16
    for lower in (0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF):
        x = (upper | np.uint32(lower)).view(np.float32)
        with np.errstate(invalid="ignore"):  # NumPy warns of NaN that signal
            expected = x.astype(ml_dtypes.bfloat16).astype(np.float32)
        found = vocabulary._nearest_bfloat16(x)
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(np.signbit(found), np.signbit(x))


def test_weights_in_float64_are_multiplied_in_bfloat16_too():
    weight, grad = nd.zeros((5, 8), dtype="float64"), nd.array(numbers(5, 8), dtype="float64")
    moved = [nd.muon_update(weight, grad, nd.zeros((5, 8), dtype="float64"), lr=1, t=1, matmul_precision=p).asnumpy()
             for p in ("highest", "bfloat16")]
    assert moved[1].dtype == np.float64 and 1e-4 < abs(moved[0] - moved[1]).max() < 0.03
