"""Operators are found where MXNet keeps them, and lists of arrays become nodes as they become calls."""

import inspect

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray import registry
from ndarray.contrib import UPDATES
from ndarray.errors import OperatorError, ShapeError

SPACES = (nd, sym)
RENAMED = {"contrib": "_contrib_", "linalg": "_linalg_", "sparse": "_sparse_"}
ARGUMENTS = {"rescale_grad": 0.5, "lr": 0.1, "eta": 0.5, "lrs": [0.1, 0.2], "wds": [0.0, 0.01], "etas": [1.0, 0.5],
             "step_count": [1, 2]}


@pytest.mark.parametrize("package", SPACES)
@pytest.mark.parametrize("name", registry.names())
def test_every_name_and_alias(package, name):
    for space in (package.op, package._internal):
        assert getattr(space, name).__name__ == name and name in dir(space)
    if not name.startswith("_"):
        assert callable(getattr(package, name)) and name in dir(package)
    for space, prefix in RENAMED.items():
        if name.startswith(prefix):
            public = name.removeprefix(prefix)
            assert callable(getattr(getattr(package, space), public)) and public in dir(getattr(package, space))


@pytest.mark.parametrize("package", SPACES)
def test_what_a_name_means(package):
    op = package.op
    assert package.contrib.group_adagrad_update.__name__ == "_contrib_group_adagrad_update"
    assert package.contrib.all_finite is op.all_finite
    assert package.sparse.sgd_update is op._sparse_sgd_update
    for space in (op, package.contrib, package.sparse):
        with pytest.raises(AttributeError, match="no_such"):
            space.no_such


def columns(name, seed=0):
    """Return the arrays of an update of two tensors, or of one, by argument, and its other arguments."""
    rng = np.random.default_rng(seed)
    arrays, others = {}, {}
    for key, p in list(inspect.signature(getattr(nd.contrib, name)).parameters.items()):
        if key in ARGUMENTS:
            others[key] = ARGUMENTS[key]
        elif p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD:
            shapes = ((2, 3), (4,)) if name.startswith("multi") else ((2, 3),)
            dtype = "float16" if "mp" in name and key.rstrip("s") in ("weight", "grad") else "float32"
            arrays[key] = [np.abs(rng.normal(size=s)).astype(dtype) for s in shapes]
    return arrays, others


@pytest.mark.parametrize("scale", ["number", "symbol"])
@pytest.mark.parametrize("name", [update.__name__ for update in UPDATES])
def test_contrib_gives_the_same_as_a_node_and_eagerly(name, scale):
    arrays, others = columns(name)
    many = name.startswith("multi")
    eager = {k: [nd.array(x, dtype=x.dtype) for x in v] for k, v in arrays.items()}
    expected = getattr(nd.contrib, name)(**{k: v if many else v[0] for k, v in eager.items()}, **others)
    variables = {k: [sym.var(f"{k}{i}") for i in range(len(v))] for k, v in arrays.items()}
    values = {f"{k}{i}": x.copy() for k, v in arrays.items() for i, x in enumerate(v)}
    if scale == "symbol" and "rescale_grad" in others:
        values["scale"] = np.array([others["rescale_grad"]], np.float32)
        others["rescale_grad"] = sym.var("scale")
    node = getattr(sym.contrib, name)(**{k: v if many else v[0] for k, v in variables.items()}, **others, name="step",
                                      attr={"ctx_group": "dev1"})
    assert node.name == "step" and node.attr("ctx_group") == "dev1"
    got = sym.load_json(node.tojson()).bind(args=values).forward()
    for a, b in zip(got, expected if many else [expected], strict=True):
        np.testing.assert_array_equal(a.asnumpy(), b.asnumpy())
    for k, v in eager.items():
        for i, x in enumerate(v):
            np.testing.assert_array_equal(values[f"{k}{i}"], x.asnumpy())


@pytest.mark.parametrize("value, dtype", [(1, "float32"), (1 / 128, "float32"), (0.1, "float64"), (1e300, "float64")])
def test_a_scale_keeps_its_value(value, dtype):
    step = sym.contrib.adamw_update(*map(sym.var, "wgmv"), value, lr=0.1, eta=1)
    scale = step.get_internals()["_full0_output"]
    assert scale.eval()[0].asnumpy() == value and scale.attr("dtype") == dtype


def test_contrib_refuses_as_a_node_what_it_refuses_eagerly():
    w, g, m, v = map(sym.var, "wgmv")
    with pytest.raises(OperatorError, match=r"a node has no out; .* bind\(…, out=\{…\}\)"):
        sym.contrib.adamw_update(w, g, m, v, 1, lr=0.1, eta=1, out=w)
    with pytest.raises(OperatorError, match="expected a Symbol, got"):
        sym.contrib.adamw_update(nd.ones(1), g, m, v, 1, lr=0.1, eta=1)
    with pytest.raises(ShapeError, match="grads has 0 arrays for 1 tensor"):
        sym.contrib.multi_adamw_update([w], [], [m], [v], 1, lrs=[0.1], wds=[0.0], etas=[1.0])


def test_contrib_hyperparameters_may_be_symbols():
    arrays, others = columns("multi_lamb_update")
    flat = {f"{k}{i}": x for k, v in arrays.items() for i, x in enumerate(v)}
    variables = {k: [sym.var(f"{k}{i}") for i in range(2)] for k in arrays}
    expected = sym.contrib.multi_lamb_update(**variables, **others).bind(
        args={k: v.copy() for k, v in flat.items()}).forward()
    others["lrs"] = [0.1, sym.var("lr")]
    got = sym.contrib.multi_lamb_update(**variables, **others).bind(
        args=flat | {"lr": np.array([0.2])}).forward()
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_array_equal(a.asnumpy(), b.asnumpy())
