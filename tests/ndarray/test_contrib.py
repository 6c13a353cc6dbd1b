"""Updates called as in MXNet's ``nd.contrib``."""

import numpy as np
import pytest

import ndarray as nd
from ndarray.errors import OperatorError, ShapeError


def lists(n, seed=0, dtype="float32"):
    """Return weights, gradients, means and variances of two tensors."""
    rng = np.random.default_rng(seed)
    return [[nd.array(np.abs(rng.normal(size=shape)), dtype=dtype) for shape in ((2, 3), (4,))] for _ in range(n)]


def flat(columns):
    return [x for tensor in zip(*columns) for x in tensor]


def same(got, expected):
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_array_equal(a.asnumpy(), b.asnumpy())


def test_adamw_takes_a_number_or_an_array():
    arrays = [column[0] for column in lists(4)]
    expected = nd.adamw_update(*(a.copy() for a in arrays), nd.array([0.5]), lr=0.1, eta=0.5)
    for scale in (0.5, nd.array([0.5])):
        got = nd.contrib.adamw_update(*(a.copy() for a in arrays), scale, 0.1, 0.5)
        same([got], [expected])


def test_mp_adamw():
    weight, grad, mean, var, weight32 = (column[0] for column in lists(5))
    half, grad = weight.astype("float16"), grad.astype("float16")
    got = nd.contrib.mp_adamw_update(half, grad, mean, var, weight32, 1, lr=0.1, eta=1, out=half)
    assert got is half
    same([half], [weight32.astype("float16")])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_multi_adamw_takes_lists_of_every_dtype(dtype):
    rates = {"lrs": [0.1, 0.2], "wds": [0, 0.01], "etas": [1, 0.5]}
    expected = nd.multi_adamw_update(*flat(lists(4, dtype=dtype)), nd.array([1], dtype=dtype), **rates)
    columns = lists(4, dtype=dtype)
    assert nd.contrib.multi_adamw_update(*columns, 1, out=columns[0], size=2, **rates) is columns[0]
    same(columns[0], expected)


def test_multi_mp_adamw_takes_lists():
    columns = lists(5)
    columns[:2] = [[x.astype("float16") for x in column] for column in columns[:2]]
    got = nd.contrib.multi_mp_adamw_update(*columns, nd.ones(1), [0.1, 0.2], [0, 0], [1, 1], beta1=0.5)
    same(got, [x.astype("float16") for x in columns[4]])


@pytest.mark.parametrize("name", ["multi_lamb_update", "multi_lans_update"])
def test_lamb_and_lans_take_lists(name):
    expected = getattr(nd, name)(*flat(lists(4)), learning_rates=(0.1, 0.2), wds=(0, 0), step_count=(1, 2))
    columns = lists(4)
    got = getattr(nd.contrib, name)(*columns, [1, 2], [0.1, 0.2], [0, 0], out=columns[0])
    assert got is columns[0]
    same(got, expected)


def test_multi_mp_lamb_takes_lists():
    columns = lists(5)
    columns[:2] = [[x.astype("float16") for x in column] for column in columns[:2]]
    got = nd.contrib.multi_mp_lamb_update(*columns, [1, 1], [0.1, 0.2], [0, 0], num_tensors=2)
    same(got, [x.astype("float16") for x in columns[4]])


def test_lists_must_be_of_one_length():
    columns = lists(4)
    with pytest.raises(ShapeError, match="multi_lamb_update: grads has 1 array for 2 tensors"):
        nd.contrib.multi_lamb_update(columns[0], columns[1][:1], *columns[2:], [1, 1], [0.1, 0.1], [0, 0])
    with pytest.raises(ShapeError, match="weights has 2 arrays for 3 tensors"):
        nd.contrib.multi_adamw_update(*columns, 1, [0.1] * 3, [0] * 3, [1] * 3, size=3)


def test_clip_global_norm_scales_in_place():
    arrays = [nd.array([3]), nd.array([0, 4])]
    assert nd.contrib.clip_global_norm(arrays, 2.5) == 5.0
    assert [a.asnumpy().tolist() for a in arrays] == [[1.5], [0, 2]]
    norm = nd.contrib.clip_global_norm(arrays, 100, check_isfinite=False)
    assert norm.shape == (1,) and norm.asscalar() == 2.5
    with pytest.raises(OperatorError, match="expected at least one array"):
        nd.contrib.clip_global_norm([], 1)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_clip_global_norm_warns_of_what_is_not_finite(value):
    with pytest.warns(UserWarning, match="nan or inf is detected"):
        nd.contrib.clip_global_norm([nd.array([value, 1])], 1)
