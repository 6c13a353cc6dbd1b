"""Products and factorisations of matrices, sources and softmax, against sums written out."""

import math

import numpy as np
import pytest

import ndarray as nd
from ndarray import registry
from ndarray.errors import ParamError
from ndarray.tensortype import UNKNOWN

RNG = np.random.default_rng(1)


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def run(name, *arrays, **params):
    return getattr(nd.op, name)(*[nd.array(a) for a in arrays], **params).asnumpy()


# A sum of at most six products of order 1 in float32.
CLOSE = {"rtol": 2e-6, "atol": 2e-6}


@pytest.mark.parametrize("ta", [False, True])
@pytest.mark.parametrize("tb", [False, True])
def test_products(ta, tb):
    a, b = normal(5, 2, 3), normal(5, 3, 4)
    expected = np.einsum("bik,bkj->bij", a.astype(float), b.astype(float))
    left, right = (a.swapaxes(1, 2) if ta else a), (b.swapaxes(1, 2) if tb else b)
    flags = {"transpose_a": ta, "transpose_b": tb}
    np.testing.assert_allclose(run("batch_dot", left, right, **flags), expected, **CLOSE)
    np.testing.assert_allclose(run("linalg_gemm2", left, right, alpha=2, **flags), 2 * expected, **CLOSE)
    c = normal(5, 2, 4)
    np.testing.assert_allclose(run("linalg_gemm", left, right, c, alpha=2, beta=-1, **flags), 2 * expected - c, **CLOSE)
    np.testing.assert_allclose(run("dot", left[0], right[0], **flags), expected[0], **CLOSE)


def test_dot_sums_the_last_axis_with_the_first():
    a, b = normal(2, 3, 4), normal(4, 5, 6)
    np.testing.assert_allclose(run("dot", a, b), np.einsum("ijk,klm->ijlm", a, b), **CLOSE)
    turned = run("dot", a.transpose(2, 0, 1), b.transpose(1, 2, 0), transpose_a=True, transpose_b=True)
    np.testing.assert_allclose(turned, np.einsum("ijk,klm->ijlm", a, b), **CLOSE)
    x, y = normal(4), normal(4)
    assert run("dot", x, y).shape == (1,)
    np.testing.assert_allclose(run("dot", x, y)[0], sum(float(p) * float(q) for p, q in zip(x, y)), **CLOSE)


def test_no_terms_sum_to_zero():
    np.testing.assert_array_equal(run("dot", np.zeros((2, 0)), np.zeros((0, 3))), np.zeros((2, 3)))
    assert run("dot", np.zeros((0, 2)), np.zeros((2, 3))).shape == (0, 3)
    np.testing.assert_array_equal(run("batch_dot", np.zeros((1, 2, 0)), np.zeros((1, 0, 3))), np.zeros((1, 2, 3)))


def test_integers_multiply_exactly():
    a = nd.array([[2 ** 30, 1]], dtype="int64")
    assert nd.dot(a, a, transpose_b=True).asnumpy().tolist() == [[2 ** 60 + 1]]


def test_syrk():
    a = normal(2, 3)
    np.testing.assert_allclose(run("linalg_syrk", a, alpha=3), 3 * np.einsum("ik,jk->ij", a, a), **CLOSE)
    np.testing.assert_allclose(run("linalg_syrk", a, transpose=True), np.einsum("ki,kj->ij", a, a), **CLOSE)


def test_cholesky_factor_multiplies_back():
    a = normal(2, 3, 3)
    a = a @ a.swapaxes(1, 2) + np.eye(3, dtype=np.float32)
    factor = run("linalg_potrf", a)
    np.testing.assert_allclose(factor @ factor.swapaxes(1, 2), a, rtol=1e-5)
    np.testing.assert_array_equal(np.triu(factor, 1), 0)


def test_what_has_no_factor_is_nan_and_leaves_the_others():
    found = run("linalg_potrf", np.array([[[-1.0]], [[4.0]]]))
    np.testing.assert_array_equal(found.ravel(), [np.nan, 2])
    found = run("linalg_inverse", np.array([[[0.0]], [[4.0]]]))
    np.testing.assert_array_equal(found.ravel(), [np.nan, 0.25])


def test_inverse():
    a = normal(3, 3) + 3 * np.eye(3, dtype=np.float32)
    np.testing.assert_allclose(run("linalg_inverse", a) @ a, np.eye(3), atol=1e-5)


@pytest.mark.parametrize(("name", "params", "expected"), [
    ("_zeros", {"shape": (2,)}, np.zeros(2, np.float32)),
    ("_ones", {"shape": (1, 2), "dtype": "int32"}, np.ones((1, 2), np.int32)),
    ("_ones", {"shape": (0, 2)}, np.ones((0, 2), np.float32)),
    ("_full", {"shape": (), "value": 2.5, "dtype": "float64"}, np.array(2.5)),
    ("_arange", {"start": 3}, np.array([0, 1, 2], np.float32)),
    ("_arange", {"start": 5, "stop": 1, "step": -1.5, "repeat": 2}, np.array([5, 5, 3.5, 3.5, 2, 2], np.float32)),
    ("_linspace", {"start": 0, "stop": 1, "num": 4, "endpoint": False}, np.array([0, 0.25, 0.5, 0.75], np.float32)),
    ("_eye", {"N": 2}, np.array([[1, 0], [0, 1]], np.float32)),
    ("_eye", {"N": 2, "M": 3, "k": 1}, np.array([[0, 1, 0], [0, 0, 1]], np.float32)),
])
def test_sources(name, params, expected):
    np.testing.assert_array_equal(run(name, **params), expected, strict=True)


@pytest.mark.parametrize(("start", "stop", "step", "repeat"), [
    (0, 1, 0.1, 1), (1, 0, 0.5, 2), (0, 7, 3, 2), (0.5, -2, -0.25, 1), (3, 3, 1, 1), (0, 0.3, 0.1, 3)])
def test_the_inferred_length_of_a_range_is_its_length(start, stop, step, repeat):
    params = {"start": start, "stop": stop, "step": step, "repeat": repeat}
    op = registry.get("_arange")
    _, (type_,) = op.infer_types([], [UNKNOWN], op.complete(params))
    assert run("_arange", **params).shape == type_.shape == (np.arange(start, stop, step).size * repeat,)


@pytest.mark.parametrize(("name", "params"), [
    ("_arange", {"start": 1, "step": 0}), ("_arange", {"start": 1, "repeat": -1}), ("_linspace", {
        "start": 0, "stop": 1, "num": -1}), ("_zeros", {"shape": (2, -1)}), ("_eye", {"N": -1})])
def test_sources_that_are_none(name, params):
    with pytest.raises(ParamError):
        run(name, **params)


def test_softmax():
    x = normal(3, 4)
    expected = [[math.exp(v) / sum(math.exp(u) for u in row) for v in row] for row in x.astype(float)]
    np.testing.assert_allclose(run("softmax", x), expected, rtol=1e-6)
    np.testing.assert_allclose(run("softmax", x.T, axis=0), np.transpose(expected), rtol=1e-6)
    np.testing.assert_allclose(run("log_softmax", x), np.log(expected), rtol=1e-5)
    np.testing.assert_allclose(run("softmin", -x), expected, rtol=1e-6)
    np.testing.assert_allclose(run("softmax", 2 * x, temperature=2), expected, rtol=1e-6)


def test_softmax_of_large_numbers():
    np.testing.assert_array_equal(run("softmax", [[1e4, 0.0]]), [[1, 0]])
    np.testing.assert_array_equal(run("log_softmax", [[1e4, 0.0]]), [[0, -1e4]])
    for name in ("softmax", "softmin", "log_softmax"):
        assert run(name, np.zeros((0, 3))).shape == (0, 3) and run(name, np.zeros((3, 0))).shape == (3, 0)


def test_softmax_of_the_first_elements():
    x = np.array([[1.0, 2.0, 900.0], [5.0, np.nan, 1.0], [1.0, 1.0, 1.0]])
    found = nd.softmax(nd.array(x), nd.array([2, 1, 0]), use_length=True).asnumpy()
    np.testing.assert_allclose(found, [[1 / (1 + math.e), math.e / (1 + math.e), 0], [1, 0, 0], [0, 0, 0]], rtol=1e-6)


def test_softmax_in_a_wider_dtype():
    for name in ("softmax", "log_softmax", "softmin"):
        assert getattr(nd, name)(nd.zeros((1, 2), dtype="float16"), dtype="float32").dtype == np.float32
