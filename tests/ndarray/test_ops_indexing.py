"""Operators that choose elements: by place, by order, by condition."""

import numpy as np
import pytest

import ndarray as nd
from ndarray.errors import OutOfRangeError

X = np.array([[5, 1, 4, 2], [0, 3, 3, -1], [7, 7, 2, 9]], np.float32)


def run(name, *arrays, **params):
    found = getattr(nd.op, name)(*[nd.array(a, dtype=getattr(a, "dtype", None)) for a in arrays], **params)
    return [f.asnumpy() for f in found] if isinstance(found, list) else found.asnumpy()


def test_take_clips_wraps_or_refuses():
    indices = np.array([[-1, 0], [2, 5]])
    np.testing.assert_array_equal(run("take", X, indices), X[[[0, 0], [2, 2]]])
    np.testing.assert_array_equal(run("take", X, indices, mode="wrap"), X[[[2, 0], [2, 2]]])
    np.testing.assert_array_equal(run("take", X, indices[1] - 2, axis=1, mode="raise"), X[:, [0, 3]])
    with pytest.raises(OutOfRangeError, match="index -1 is negative; mode='wrap'"):
        run("take", X, indices[0], mode="raise")
    with pytest.raises(OutOfRangeError, match="5"):
        run("take", X, indices[1], mode="raise")
    np.testing.assert_array_equal(run("take", X, np.array([1.0, 2.0], np.float32)), X[[1, 2]])


@pytest.mark.parametrize("dtype", ["float16", "float32", "int32"])
def test_one_hot(dtype):
    found = run("one_hot", np.array([2, 0, 3, -1]), depth=3, on_value=5, off_value=-1, dtype=dtype)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, [[-1, -1, 5], [5, -1, -1], [-1, -1, -1], [-1, -1, -1]])


def test_one_hot_of_many_classes_from_float16():
    assert run("one_hot", np.array([2050.0], np.float16), depth=2052).argmax() == 2050


def test_pick():
    index = np.array([0, 3, 9])
    np.testing.assert_array_equal(run("pick", X, index), [5, -1, 9])
    np.testing.assert_array_equal(run("pick", X, index, mode="wrap"), [5, -1, 7])
    np.testing.assert_array_equal(run("pick", X, np.array([2, 0, 1, 1]), axis=0, keepdims=True), [[7, 1, 3, -1]])
    np.testing.assert_array_equal(run("pick", X[0], np.array([2.0], np.float32).reshape(())), [4])


def test_picking_beside_infinity():
    np.testing.assert_array_equal(run("pick", np.array([[np.inf, 1.0]], np.float32), np.array([1])), [1])


def test_gather_and_scatter():
    indices = np.array([[0, 2, 2], [1, 3, 3]])
    np.testing.assert_array_equal(run("gather_nd", X, indices), [1, 9, 9])
    np.testing.assert_array_equal(run("gather_nd", X, indices[:1]), X[[0, 2, 2]])
    np.testing.assert_array_equal(run("scatter_nd", np.array([1.0, 2.0, 3.0]), indices, shape=(3, 4)),
                                  [[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 5]])
    with pytest.raises(IndexError):
        run("gather_nd", X, indices + 1)
    with pytest.raises(OutOfRangeError):
        run("scatter_nd", np.ones(3), indices + 1, shape=(3, 4))


@pytest.mark.parametrize("dtype", ["float32", "int32", "uint8"])
@pytest.mark.parametrize("ascend", [True, False])
@pytest.mark.parametrize("axis", [0, 1, None])
def test_order(axis, ascend, dtype):
    x = np.abs(X).astype(dtype)
    line, at = (x.ravel(), 0) if axis is None else (x, axis)
    values = np.sort(line, axis=at) if ascend else np.flip(np.sort(line, axis=at), axis=at)
    np.testing.assert_array_equal(run("sort", x, axis=axis, is_ascend=ascend), values)
    places = run("argsort", x, axis=axis, is_ascend=ascend)
    assert places.dtype == np.float32
    np.testing.assert_array_equal(np.take_along_axis(line, places.astype(int), axis=at), values)


def test_equal_elements_keep_their_order_and_nan_comes_last():
    x = np.array([1, np.nan, 0, 1, 0], np.float32)
    np.testing.assert_array_equal(run("argsort", x), [2, 4, 0, 3, 1])
    np.testing.assert_array_equal(run("argsort", x, is_ascend=False), [0, 3, 2, 4, 1])


def test_the_smallest_integer_sorts_last_downwards():
    for dtype in ("int8", "uint8"):
        least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
        np.testing.assert_array_equal(run("sort", np.array([least, most, 1], dtype), is_ascend=False), [most, 1, least])


def test_topk():
    assert run("topk", X).tolist() == [[0], [1], [3]]
    values, places = run("topk", X, k=2, ret_typ="both", dtype="int32")
    np.testing.assert_array_equal(values, [[5, 4], [3, 3], [9, 7]])
    np.testing.assert_array_equal(places, np.array([[0, 2], [1, 2], [3, 0]], np.int32), strict=True)
    np.testing.assert_array_equal(run("topk", X, k=2, ret_typ="mask"), [[1, 0, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1]])
    np.testing.assert_array_equal(run("topk", X, k=1, ret_typ="value", is_ascend=True, axis=0), [[0, 1, 2, -1]])
    np.testing.assert_array_equal(run("topk", X, k=3, ret_typ="value", axis=None), [9, 7, 7])
    np.testing.assert_array_equal(run("topk", X, k=0, ret_typ="value", axis=1), np.sort(X)[:, ::-1])


def test_where():
    x, y = X, -X
    np.testing.assert_array_equal(run("where", (X > 2).astype(np.float32), x, y), np.where(X > 2, X, -X))
    np.testing.assert_array_equal(run("where", np.array([1, 0, 2]), x, y), [X[0], -X[1], X[2]])
    # What is not chosen may be anything.
    np.testing.assert_array_equal(run("where", np.array([1, 0]), np.array([1, np.nan]), np.array([np.inf, 2])), [1, 2])


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_sequence_mask(dtype):
    length = np.array([1, 3, 0, 2]).astype(dtype)
    kept = np.arange(3)[:, None] < np.array([1, 3, 0, 2])
    np.testing.assert_array_equal(run("SequenceMask", X, length, use_sequence_length=True, value=-9),
                                  np.where(kept, X, -9))
    np.testing.assert_array_equal(run("SequenceMask", X.T, length, use_sequence_length=True, axis=1),
                                  np.where(kept.T, X.T, 0))
    np.testing.assert_array_equal(run("SequenceMask", X), X)


def test_put_along_adds_what_take_along_repeats():
    index = np.array([[1, 1], [0, 3], [2, 2]])
    np.testing.assert_array_equal(run("_take_along_axis", X, index, axis=1), [[1, 1], [0, -1], [2, 2]])
    np.testing.assert_array_equal(run("_put_along_axis", np.ones((3, 2)), index, shape=(3, 4), axis=1),
                                  [[0, 2, 0, 0], [1, 0, 0, 1], [0, 0, 2, 0]])


def test_without_elements():
    empty = np.zeros((0, 4), np.float32)
    assert run("sort", empty).shape == (0, 4) and run("topk", empty).shape == (0, 1)
    assert run("take", X, np.zeros((0, 2), np.int64)).shape == (0, 2, 4)
    assert run("one_hot", np.zeros((0,), np.int64), depth=3).shape == (0, 3)
    assert run("pick", empty, np.zeros((0,), np.int64)).shape == (0,)
    with pytest.raises(OutOfRangeError):
        run("take", empty, np.array([0]))
