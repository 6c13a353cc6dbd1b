"""Operators that move, join, repeat and cut elements, against NumPy's indexing."""

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import OperatorError, ParamError, ShapeError

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def run(name, *arrays, **params):
    found = getattr(nd.op, name)(*[nd.array(a) for a in arrays], **params)
    return [f.asnumpy() for f in found] if isinstance(found, list) else found.asnumpy()


@pytest.mark.parametrize(("name", "params", "expected"), [
    ("reshape", {"shape": (4, 6)}, X.reshape(4, 6)),
    ("reshape", {"shape": (0, 0, 2, -1)}, X.reshape(2, 3, 2, 2)),
    ("reshape", {"shape": (-3, -4, 2, 2)}, X.reshape(6, 2, 2)),
    ("reshape", {"shape": (-1, 0), "reverse": True}, X.reshape(6, 4)),
    ("Flatten", {}, X.reshape(2, 12)),
    ("transpose", {}, X.T),
    ("transpose", {"axes": (1, 2, 0)}, np.moveaxis(X, 0, 2)),
    ("SwapAxis", {"dim1": 0, "dim2": -1}, np.einsum("ijk->kji", X)),
    ("expand_dims", {"axis": 1}, X[:, None]),
    ("expand_dims", {"axis": -1}, X[..., None]),
    ("slice", {"begin": (0, 1), "end": (2, 3)}, X[0:2, 1:3]),
    ("slice", {"begin": (None, 2, None), "end": (None, None, 0), "step": (1, -1, -2)}, X[:, 2::-1, :0:-2]),
    ("slice_axis", {"axis": -1, "begin": 1, "end": -1}, X[..., 1:-1]),
    ("slice_axis", {"axis": 1, "begin": 2, "end": None}, X[:, 2:]),
    ("reverse", {"axis": (0, 2)}, X[::-1, :, ::-1]),
    ("tile", {"reps": (2, 1)}, np.concatenate([X, X], axis=1)),
    ("tile", {"reps": (2, 1, 1, 1)}, np.stack([X, X])),
    ("repeat", {"repeats": 2}, np.stack([X.ravel(), X.ravel()], axis=1).ravel()),
    ("repeat", {"repeats": 2, "axis": 1}, X[:, [0, 0, 1, 1, 2, 2]]),
    ("diag", {}, np.stack([X[0, 0], X[1, 1]], axis=1)),
    ("diag", {"axis1": 1, "axis2": 2, "k": -1}, np.stack([X[:, 1, 0], X[:, 2, 1]], axis=1)),
    ("Pad", {"mode": "edge", "pad_width": (0, 0, 1, 0, 0, 2)}, X[:, [0, 0, 1, 2]][..., [0, 1, 2, 3, 3, 3]]),
    ("Pad", {"mode": "reflect", "pad_width": (0, 0, 2, 0, 0, 1)}, X[:, [2, 1, 0, 1, 2]][..., [0, 1, 2, 3, 2]]),
    ("shape_array", {}, np.array([2, 3, 4])),
    ("size_array", {}, np.array([24])),
], ids=lambda v: v if isinstance(v, str) else "-".join(map(str, v.values())) if isinstance(v, dict) else "")
def test_values(name, params, expected):
    np.testing.assert_array_equal(run(name, X, **params), expected, strict=True)


def test_squeeze_leaves_an_axis():
    x = X[:, :1, None]
    assert run("squeeze", x).shape == (2, 4) and run("squeeze", x, axis=1).shape == (2, 1, 4)
    assert run("squeeze", np.ones((1, 1))).shape == (1,)


def test_constant_border():
    found = run("Pad", X[0], mode="constant", pad_width=(1, 0, 0, 2), constant_value=7)
    expected = np.full((4, 6), 7, np.float32)
    expected[1:, :4] = X[0]
    np.testing.assert_array_equal(found, expected)


def test_diagonal_makes_a_matrix():
    np.testing.assert_array_equal(run("diag", [1.0, 2.0]), [[1, 0], [0, 2]])
    np.testing.assert_array_equal(run("diag", [1.0, 2.0], k=1), [[0, 1, 0], [0, 0, 2], [0, 0, 0]])
    np.testing.assert_array_equal(run("diag", [1.0], k=-1), [[0, 0], [1, 0]])
    assert run("diag", X[0], k=9).shape == (0,)


def test_depth_and_space_are_inverse():
    x = np.arange(2 * 8 * 2 * 3, dtype=np.float32).reshape(2, 8, 2, 3)
    wide = run("depth_to_space", x, block_size=2)
    assert wide.shape == (2, 2, 4, 6)
    # The pixel (1, 0) of the first block of channel 0 comes from depth 2·2, the third group of two channels.
    assert wide[0, 0, 1, 0] == x[0, 4, 0, 0] and wide[0, 1, 0, 1] == x[0, 3, 0, 0]
    np.testing.assert_array_equal(run("space_to_depth", wide, block_size=2), x)


def test_join_and_part():
    parts = run("SliceChannel", X, num_outputs=2, axis=2)
    assert [p.shape for p in parts] == [(2, 3, 2)] * 2
    np.testing.assert_array_equal(run("Concat", *parts, dim=-1), X)
    rows = run("SliceChannel", X, num_outputs=3, squeeze_axis=True)
    np.testing.assert_array_equal(run("stack", *rows, axis=1), X)
    np.testing.assert_array_equal(run("Concat", X, np.zeros((2, 0, 4))), X)
    np.testing.assert_array_equal(run("add_n", X, X, X), 3 * X)
    np.testing.assert_array_equal(run("SliceChannel", X, num_outputs=1), X)


def test_repeat_to_a_shape():
    x = X[:, :1]
    np.testing.assert_array_equal(run("broadcast_to", x, shape=(0, 3, 0)), x[:, [0, 0, 0]])
    np.testing.assert_array_equal(run("broadcast_axis", x, axis=1, size=3), x[:, [0, 0, 0]])
    np.testing.assert_array_equal(run("broadcast_like", x, X), x[:, [0, 0, 0]])
    np.testing.assert_array_equal(run("_unbroadcast", X, x), X.sum(axis=1, keepdims=True))
    np.testing.assert_array_equal(run("_unbroadcast", X, np.zeros(4)), X.sum(axis=(0, 1)))


def test_like_another():
    np.testing.assert_array_equal(run("reshape_like", X, np.zeros((6, 4))), X.reshape(6, 4))
    np.testing.assert_array_equal(run("slice_like", X, np.zeros((1, 2, 3))), X[:1, :2, :3])
    np.testing.assert_array_equal(run("slice_like", X, np.zeros((9, 2)), axes=(1,)), X[:, :2])


@pytest.mark.parametrize("axes, expected", [
    ({"lhs_begin": 0, "lhs_end": 1, "rhs_begin": 0, "rhs_end": 2}, (15, 2, 12)),
    ({"lhs_end": 1, "rhs_end": 2}, (15, 2, 12)),
    ({"lhs_begin": -1, "rhs_begin": -2}, (30, 4, 3)), ({"lhs_begin": 1, "rhs_begin": 2, "rhs_end": 4}, (30, 4, 3)),
])
def test_some_axes_in_place_of_others(axes, expected):
    lhs, rhs = nd.zeros((30, 12)), nd.zeros((15, 2, 4, 3))
    assert nd.reshape_like(lhs, rhs, **axes).shape == expected
    assert sym.reshape_like(sym.var("a"), sym.var("b"), **axes).infer_shape(a=lhs.shape, b=rhs.shape)[1] == [expected]


@pytest.mark.parametrize("axes", [{"lhs_begin": 1, "lhs_end": 1}, {"lhs_end": 3}, {"rhs_begin": 2, "rhs_end": 1}])
def test_ranges_of_axes_that_are_none_are_refused(axes):
    with pytest.raises(ParamError, match="is not a range of [23] axes"):
        nd.reshape_like(nd.zeros((30, 12)), nd.zeros((15, 2, 4)), **axes)


@pytest.mark.parametrize("shape, codes, expected", [
    ((2, 64), (0, 16, 4, -4), (2, 16, 4)), ((2, 64), (0, -1, 4, -4), (2, 16, 4)), ((2, 3, 64), (-3, 16, 4, -4), (6, 16, 4)),
])
def test_a_split_from_the_right_has_its_numbers_before_it(shape, codes, expected):
    assert nd.reshape(nd.zeros(shape), shape=codes, reverse=True).shape == expected
    with pytest.raises(ShapeError, match="the two numbers to split into before it"):
        nd.reshape(nd.zeros((2, 64)), shape=(0, -4, 16, 4), reverse=True)


@pytest.mark.parametrize("make", ["zeros", "ones", "full"])
def test_a_length_of_a_constant_follows_from_where_it_goes(make):
    more = {"val": 3} if make == "full" else {}
    constant = getattr(sym, make)(shape=(2, -1), name="c", **more)
    total = sym.elemwise_add(constant, sym.var("x"))
    assert total.infer_shape(x=(2, 5)) == ([(2, 5)], [(2, 5)], [])
    assert total.eval(x=np.ones((2, 5), "float32"))[0].shape == (2, 5)
    with pytest.raises(nd.MXNetError):
        constant.eval()
    with pytest.raises(ParamError, match="no length is below 0"):
        getattr(sym, make)(shape=(-2,), **more).infer_shape()


@pytest.mark.parametrize("name", ["floor", "ceil", "round", "rint", "trunc", "fix"])
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64"])
def test_whole_numbers_stay(name, dtype):
    x = nd.array([1, 2, 100], dtype=dtype)
    found = getattr(nd, name)(x)
    assert found.asnumpy().dtype == dtype and found.asnumpy().tolist() == [1, 2, 100]


def test_results_are_nobodys_views():
    x = nd.array(X)
    for name, params in (("reshape", {"shape": (6, 4)}), ("transpose", {}), ("slice", {"begin": (0,), "end": (1,)}),
                         ("broadcast_to", {"shape": (2, 3, 4)}), ("_copy", {}), ("diag", {})):
        found = getattr(nd.op, name)(x, **params)
        found[:] = -1
        np.testing.assert_array_equal(x.asnumpy(), X)


@pytest.mark.parametrize(("name", "params"), [
    ("reshape", {"shape": (0, -1)}), ("Flatten", {}), ("transpose", {}),
    ("Pad", {"mode": "constant", "pad_width": [1] * 6}),
    ("tile", {"reps": (2,)}), ("repeat", {"repeats": 2, "axis": 1}), ("slice_axis", {"axis": 1, "begin": 0, "end": 2}),
    ("reverse", {"axis": 0}), ("SliceChannel", {"num_outputs": 3}), ("expand_dims", {"axis": 0}), ("Concat", {}),
])
def test_without_elements(name, params):
    found = run(name, np.zeros((0, 3, 4)), **params)
    assert np.size(found) == (60 if name == "Pad" else 0)


def test_not_enough_and_too_many():
    with pytest.raises(ShapeError, match="at least one"):
        nd.Concat()
    with pytest.raises(ShapeError, match="24 elements"):
        nd.reshape(nd.array(X), shape=(5, 5))
    with pytest.raises(OperatorError, match="num_outputs"):
        nd.split(nd.array(X))


@pytest.mark.parametrize("mode", ["sum", "concat"])
@pytest.mark.parametrize("other", [(1, 2, 1, 10), (2, 2, 5, 5)], ids=["another shape of elements", "another batch"])
def test_images_that_do_not_grow_together_are_refused(mode, other):
    with pytest.raises(ShapeError):
        nd.UpSampling(nd.ones((1, 2, 5, 5)), nd.ones(other), scale=4, sample_type="nearest", multi_input_mode=mode)
