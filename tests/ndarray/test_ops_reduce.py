"""Reductions: values against sums written out, and MXNet's shapes."""

import itertools

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import DTypeError, ShapeError

X = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
MEANING = {"sum": np.sum, "mean": np.mean, "prod": np.prod, "max": np.max, "min": np.min, "nansum": np.nansum,
           "nanprod": np.nanprod}


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("exclude", [False, True])
@pytest.mark.parametrize("name", MEANING)
def test_over_every_choice_of_axes(name, exclude, keepdims):
    for axes in (c for n in (1, 2, 3) for c in itertools.combinations(range(3), n)):
        reduced = tuple(i for i in range(3) if (i in axes) != exclude)
        found = getattr(nd, name)(nd.array(X), axis=axes, exclude=exclude, keepdims=keepdims).asnumpy()
        expected = MEANING[name](X.astype(np.float64), axis=reduced, keepdims=keepdims)
        if reduced == (0, 1, 2) and not keepdims:
            expected = expected.reshape(1)
        assert found.dtype == np.float32 and found.shape == expected.shape
        # A sum of 24 terms of order 1: 24 roundings of float32 at most.
        np.testing.assert_allclose(found, expected, rtol=3e-6, atol=3e-6)


@pytest.mark.parametrize("name", [*MEANING, "norm"])
def test_over_everything_leaves_one_axis(name):
    assert getattr(nd, name)(nd.array(X)).shape == getattr(nd, name)(nd.array(2.0)).shape == (1,)
    assert getattr(nd, name)(nd.array(X), keepdims=True).shape == (1, 1, 1)
    assert getattr(nd, name)(nd.array(X), axis=-1).shape == (2, 3)


@pytest.mark.parametrize("dtype", ["int8", "int32", "uint8", "int64"])
def test_integers_keep_their_dtype(dtype):
    x = nd.array([[1, 2], [3, 5]], dtype=dtype)
    assert [getattr(nd, n)(x, axis=0).asnumpy().tolist() for n in ("sum", "prod", "max", "min", "mean")] == [
        [4, 7], [3, 10], [3, 5], [1, 2], [2, 3]]
    assert np.dtype(nd.sum(x).dtype) == dtype


def test_nothing_has_a_sum_but_no_maximum():
    empty = nd.zeros((0, 3))
    np.testing.assert_array_equal(nd.sum(empty, axis=0).asnumpy(), [0, 0, 0])
    np.testing.assert_array_equal(nd.prod(empty).asnumpy(), [1])
    assert nd.max(empty, axis=1).shape == (0,)
    for name in ("max", "min"):
        with pytest.raises(ShapeError, match="no elements"):
            getattr(nd, name)(empty, axis=0)
    for name in ("argmax", "argmin"):
        with pytest.raises(ShapeError, match="no elements"):
            getattr(nd, name)(empty, axis=0)
    assert np.isnan(nd.mean(empty).asscalar())


def test_nan_spoils_a_sum_and_not_a_nansum():
    x = nd.array([1, np.nan, 3])
    assert np.isnan(nd.sum(x).asscalar()) and np.isnan(nd.max(x).asscalar())
    assert (nd.nansum(x).asscalar(), nd.nanprod(x).asscalar()) == (4, 3)


@pytest.mark.parametrize("order", [1, 2])
def test_norm(order):
    found = nd.norm(nd.array(X), ord=order, axis=(1,)).asnumpy()
    expected = (np.abs(X.astype(np.float64)) ** order).sum(axis=1) ** (1 / order)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_norm_in_a_wider_dtype():
    half = nd.array([300, 400], dtype="float16")
    assert np.isinf(nd.norm(half).asscalar())
    found = nd.norm(half, out_dtype="float32")
    assert found.dtype == np.float32 and found.asscalar() == 500


@pytest.mark.parametrize("axis", [None, ()])
@pytest.mark.parametrize("name", MEANING)
def test_without_axes_there_is_nothing_to_exclude(name, axis):
    found = getattr(nd, name)(nd.array(X), axis=axis, exclude=True)
    assert found.shape == (1,) and found.asnumpy() == getattr(nd, name)(nd.array(X)).asnumpy()
    assert getattr(nd, name)(nd.array(X), axis=axis, exclude=True, keepdims=True).shape == (1, 1, 1)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "uint8", "int32", "int64"])
@pytest.mark.parametrize("name", ["argmax", "argmin", "argmax_channel"])
def test_places_have_the_dtype_of_the_elements_which_must_hold_them(name, dtype):
    limit = {"float16": 2049, "bfloat16": 257, "uint8": 256}.get(dtype, 300)
    x = nd.zeros((2, limit), dtype=dtype)
    x[0, limit - 1] = -1 if name == "argmin" and dtype != "uint8" else 1
    axis = {} if name == "argmax_channel" else {"axis": 1}
    found = getattr(nd, name)(x, **axis)
    assert found.dtype == x.dtype and getattr(sym, name)(sym.var("x"), **axis).infer_type(x=dtype)[1] == [x.dtype]
    assert found.asnumpy().astype(int).tolist() == [0 if name == "argmin" and dtype == "uint8" else limit - 1, 0]
    if limit != 300:
        with pytest.raises(DTypeError, match=f"{name}: `data` is {dtype}, which does not hold the places of all its "
                                             f"{limit + 1} elements along the axis; cast it to float32 first"):
            getattr(nd, name)(nd.zeros((2, limit + 1), dtype=dtype), **axis)


def test_places_of_extrema_are_the_first():
    x = nd.array([[1, 3, 3], [2, 0, 0]])
    found = nd.argmax(x, axis=1)
    assert found.asnumpy().tolist() == [1, 0] and nd.argmin(x, axis=1).asnumpy().tolist() == [0, 1]
    assert nd.argmax(x, axis=0, keepdims=True).shape == (1, 3)
    assert nd.argmax(x).asnumpy().tolist() == [1] and nd.argmin(x).asnumpy().tolist() == [4]
