"""Random numbers as operators: their distributions, their keys, and how they run in graphs."""

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import ParamError

N = 20_000
# Mean and variance of each distribution, as MXNet 1.9.1 defines its parameters.
MOMENTS = {
    "uniform": ({"low": 2, "high": 5}, 3.5, 9 / 12), "normal": ({"loc": 2, "scale": 0.5}, 2, 0.25),
    "gamma": ({"alpha": 3, "beta": 0.5}, 1.5, 0.75), "exponential": ({"lam": 4}, 0.25, 1 / 16),
    "poisson": ({"lam": 3}, 3, 3), "negative_binomial": ({"k": 3, "p": 0.4}, 4.5, 11.25),
    "generalized_negative_binomial": ({"mu": 2, "alpha": 0.5}, 2, 4),
}
RENAMED = {"loc": "mu", "scale": "sigma"}


def assert_moments(x, mean, variance):
    # Five standard errors of the mean; the variance of heavy tails is known less well.
    assert abs(x.mean() - mean) < 5 * np.sqrt(variance / x.size)
    assert abs(x.var() / variance - 1) < 0.2


@pytest.mark.parametrize("name", MOMENTS)
def test_moments(name):
    params, mean, variance = MOMENTS[name]
    x = getattr(nd, f"random_{name}")(**params, shape=(N,), key=1)
    assert x.shape == (N,) and x.dtype == np.float32
    assert_moments(x.asnumpy(), mean, variance)
    like = getattr(nd.op, f"_random_{name}_like")(nd.zeros((N,), dtype="float64"), **params, key=2)
    assert like.dtype == np.float64
    assert_moments(like.asnumpy(), mean, variance)
    arrays = {RENAMED.get(k, k): nd.array([v, v]) for k, v in params.items()}
    rows = getattr(nd, f"sample_{name}")(**arrays, shape=(N,), key=3)
    assert rows.shape == (2, N)
    for row in rows.asnumpy():
        assert_moments(row, mean, variance)


def test_keys_and_seeds():
    a, b = (nd.random_normal(shape=(5,), key=9).tolist() for _ in range(2))
    assert a == b and a != nd.random_normal(shape=(5,)).tolist()
    nd.random.seed(3)
    first = nd.random_normal(shape=(5,)).tolist()
    assert first != nd.random_normal(shape=(5,)).tolist()
    nd.random.seed(3)
    assert first == nd.random_normal(shape=(5,)).tolist()


def test_whole_numbers_and_orders():
    x = nd.random_randint(2, 6, shape=(500,), key=1)
    assert x.dtype == np.int32 and set(x.tolist()) == {2, 3, 4, 5}
    rows = nd.arange(12).reshape((6, 2))
    found = nd.shuffle(rows, key=1).tolist()
    assert found != rows.tolist() and sorted(found) == rows.tolist()


def test_classes_and_their_probabilities():
    p = nd.array([[0.1, 0.9, 0.0], [0.5, 0.25, 0.25]])
    found, log = nd.sample_multinomial(p, shape=(N,), get_prob=True, key=1)
    assert found.dtype == np.int32 and found.shape == (2, N)
    for row, expected in zip(found.asnumpy(), p.asnumpy()):
        np.testing.assert_allclose(np.bincount(row, minlength=3) / N, expected, atol=0.02)
    np.testing.assert_allclose(log.asnumpy(), np.log(np.take_along_axis(p.asnumpy(), found.asnumpy(), 1)), rtol=1e-6)
    assert nd.sample_multinomial(p).shape == (2,) and nd.sample_multinomial(p[0]).shape == (1,)


def test_parameters_that_are_none():
    with pytest.raises(ParamError, match="normal: scale < 0"):
        nd.random_normal(scale=-1)


@pytest.mark.parametrize("name", ["random_uniform", "random_randint", "sample_normal", "sample_multinomial"])
def test_no_length_of_what_is_drawn_is_below_0(name):
    given = {"random_randint": {"low": 0, "high": 2}, "sample_multinomial": {}}.get(name, {})
    arrays = {"sample_normal": [nd.zeros(2), nd.ones(2)], "sample_multinomial": [nd.ones((1, 2)) / 2]}.get(name, [])
    with pytest.raises(ParamError, match="at least 0"):
        getattr(nd, name)(*arrays, shape=(-1,), **given)
    with pytest.raises(ParamError, match="at least 0"):
        getattr(sym, name)(*map(sym.var, "xy"[:len(arrays)]), shape=(2, -1), **given).infer_shape()


@pytest.mark.parametrize("engine", ["eager", "fused"])
def test_a_graph_draws_anew_in_each_run(engine):
    net = sym.random_uniform(shape=(3,), name="u") + sym.sample_normal(sym.var("m"), sym.var("s"), name="n")
    assert net.list_arguments() == ["m", "s"] and net.list_auxiliary_states() == []
    run = sym.load_json(net.tojson()).bind(args={"m": np.zeros(3, "float32"), "s": np.ones(3, "float32")}, engine=engine)
    a, b = (run.forward()[0].tolist() for _ in range(2))
    assert a != b
    nd.random.seed(5)
    a = run.forward()[0].tolist()
    nd.random.seed(5)
    assert a == run.forward()[0].tolist()
