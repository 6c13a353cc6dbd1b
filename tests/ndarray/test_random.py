"""`nd.random` and `sym.random`: MXNet's functions of numbers and of arrays of parameters, over the operators."""

import inspect
import json

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import OperatorError, ParamError

N = 4000
# Parameters in MXNet 1.9.1's order, mean and variance.
MOMENTS = {
    "uniform": ({"low": 2, "high": 5}, 3.5, 9 / 12), "normal": ({"loc": 2, "scale": 0.5}, 2, 0.25),
    "gamma": ({"alpha": 3, "beta": 0.5}, 1.5, 0.75), "exponential": ({"scale": 0.25}, 0.25, 1 / 16),
    "poisson": ({"lam": 3}, 3, 3), "negative_binomial": ({"k": 3, "p": 0.4}, 4.5, 11.25),
    "generalized_negative_binomial": ({"mu": 2, "alpha": 0.5}, 2, 4),
}
# What mx.nd.random and mx.sym.random have besides, by MXNet 1.9.1's own signatures.
OTHERS = {"randint": ["low", "high"], "multinomial": ["data"], "shuffle": ["data"], "randn": []}


def values(module, name, params, **more):
    """Draw eagerly, or by a graph bound to the arrays among the parameters."""
    if module is nd.random:
        return getattr(module, name)(*params.values(), **more)
    arrays = {k: v for k, v in params.items() if isinstance(v, nd.NDArray)}
    symbol = getattr(module, name)(*(sym.var(k) if k in arrays else v for k, v in params.items()), **more)
    return symbol.bind(args=arrays).forward()[0]


both = pytest.mark.parametrize("module", [nd.random, sym.random], ids=["nd", "sym"])


@both
def test_names_and_order_are_mxnets(module):
    for name, expected in {**{k: [*p] for k, (p, *_) in MOMENTS.items()}, **OTHERS}.items():
        named = [p.name for p in inspect.signature(getattr(module, name)).parameters.values()
                 if p.kind is p.POSITIONAL_OR_KEYWORD]
        assert named[:len(expected)] == expected and name in dir(module)
        if name in MOMENTS or name == "randint":
            more = ["shape", "dtype", *(["ctx", "out"] if module is nd.random else [])]
            assert named[len(expected):] == more
    for name in MOMENTS:
        assert f"{name}_like" in dir(module) and callable(getattr(module, f"{name}_like"))
    with pytest.raises(AttributeError, match="did you mean 'normal'"):
        module.norml


@both
@pytest.mark.parametrize("name", MOMENTS)
def test_numbers_and_arrays_of_parameters(module, name):
    nd.random.seed(1)
    params, mean, variance = MOMENTS[name]
    x = values(module, name, params, shape=(N,))
    assert x.shape == (N,) and x.dtype == np.float32
    rows = values(module, name, {k: nd.array([v, v], dtype="float64") for k, v in params.items()}, shape=N)
    assert rows.shape == (2, N) and rows.dtype == np.float64
    for row in (x.asnumpy(), *rows.asnumpy()):
        # Five standard errors of the mean; the variance of heavy tails is known less well.
        assert abs(row.mean() - mean) < 5 * np.sqrt(variance / N) and abs(row.var() / variance - 1) < 0.25
    assert values(module, name, params).shape == (1,)
    assert values(module, name, params, dtype="float16", shape=(0, 2)).dtype == np.float16
    assert values(module, name, {k: nd.array([[v]]) for k, v in params.items()}).shape == (1, 1)
    fixed = [values(module, name, params, shape=3, key=7).tolist() for _ in range(2)]
    assert fixed[0] == fixed[1]


@both
def test_others(module):
    assert values(module, "randint", {"low": 2, "high": 3}, shape=(2,)).tolist() == [2, 2]
    assert values(module, "randint", {"low": 2, "high": 3}, dtype="int64").dtype == np.int64
    assert values(module, "randn", {"a": 2, "b": 3}, loc=5, scale=0).tolist() == [[5] * 3] * 2
    assert values(module, "randn", {}).shape == (1,)
    p = nd.array([[0, 1], [1, 0]])
    assert values(module, "multinomial", {"data": p}, shape=2, get_prob=False).tolist() == [[1, 1], [0, 0]]
    assert sorted(values(module, "shuffle", {"data": nd.arange(9)}).tolist()) == list(range(9))


def test_a_multinomial_symbol_has_probabilities_unless_declined():
    assert len(sym.random.multinomial(sym.var("p"))) == 2 and len(sym.random.multinomial(sym.var("p"), get_prob=False)) == 1
    found, log = nd.random.multinomial(nd.array([0.5, 0.5]), get_prob=True)
    assert found.dtype == np.int32 and log.asnumpy() == np.log(np.float32(0.5))


def test_what_mxnet_writes_to_files():
    for symbol, op, attrs in (
            (sym.random.uniform(0, 1, (2, 3)), "_random_uniform", {"low": "0", "high": "1", "shape": "(2, 3)"}),
            (sym.random.exponential(2.0, (3,)), "_random_exponential", {"lam": "0.5", "shape": "(3,)"}),
            (sym.random.normal(sym.var("a"), sym.var("b")), "_sample_normal", {}),
            (sym.random.multinomial(sym.var("a")), "_sample_multinomial", {"dtype": "int32", "get_prob": "True"})):
        node = json.loads(symbol.tojson())["nodes"][-1]
        assert node["op"] == op and node.get("attrs", {}) == attrs


def test_out_and_context():
    out = nd.zeros((2, 2), dtype="float64")
    assert nd.random.uniform(5, 6, out=out) is out and (out.asnumpy() >= 5).all()
    assert nd.random.randint(7, 8, out=out) is out and (out.asnumpy() == 7).all()
    rows = nd.zeros((2, 3))
    nd.random.normal(nd.array([1, 2]), nd.zeros(2), shape=3, out=rows)
    assert rows.tolist() == [[1] * 3, [2] * 3]
    assert nd.random.uniform(ctx=nd.cpu()).shape == (1,)
    with pytest.raises(nd.MXNetError):
        nd.random.uniform(ctx=nd.gpu())


@both
def test_what_is_refused(module):
    one = nd.ones(2) if module is nd.random else sym.var("x")
    with pytest.raises(OperatorError, match="uniform: expected .* for all parameters, got .* for low and not for high"):
        module.uniform(one, 1.0)
    with pytest.raises(ParamError, match="scale must be positive"):
        module.exponential(0)
    with pytest.raises(OperatorError):
        module.uniform(0, 1, no_such=3)


def test_a_seed_decides():
    found = []
    for seed in (1, 2, 1):
        nd.random.seed(seed)
        found.append([nd.random.normal(shape=3).tolist(), sym.random.normal(shape=3).eval()[0].tolist(),
                      nd.random.shuffle(nd.arange(50)).tolist()])
    assert found[0] == found[2] and all(a != b for a, b in zip(found[0], found[1]))
