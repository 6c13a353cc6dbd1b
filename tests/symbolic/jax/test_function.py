"""A Symbol as a function of JAX arrays: under every transformation of JAX, with the house's values, gradients and errors."""

import copy
import pickle
import subprocess
import sys
from collections import Counter
from functools import partial

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray import registry, vocabulary
from ndarray.errors import (
    BindError,
    DTypeError,
    NotDifferentiableError,
    OperatorError,
    ShapeError,
    UnknownNameError,
)
from symbolic.graph.walk import evaluate
from symbolic.symbol import Symbol
from tests.symbolic.cases import CASES, Case
from tests.symbolic.engines.rounding import assert_agrees, other_numbers, tolerance

jax = pytest.importorskip("jax")
jnp = jax.numpy

import symbolic.jax as sj  # noqa: E402
from symbolic.engines.xla import philox  # noqa: E402


def close(got, expected, op=""):
    assert_agrees(np.asarray(got), expected, "xla", op)
    if expected.dtype.kind == "f" and op not in other_numbers():
        # Each element by itself: samples have no large ones beside them.
        allowed = tolerance(op, expected.dtype.itemsize)
        np.testing.assert_allclose(got, expected, rtol=allowed, atol=allowed)


def of_case(case):
    return sj.function(Symbol(case.graph))


def ready(dtype, most=1000):
    """Return samples, cases, values that NumPy gives, and functions, of all operators that take this dtype.

    At most so many of each operator: compiling takes a tenth of a second for each.
    """
    found, seen = [], Counter()
    for sample in CASES:
        seen[sample.op] += 1
        if seen[sample.op] > most:
            continue
        try:
            case = Case(sample, dtype)
            found.append((sample, case, case.run(case.graph), of_case(case)))
        except (DTypeError, ShapeError):
            continue
    return found


def all_of(cases):
    """Return one function of the arrays of all cases, so that there is one program to trace."""
    return lambda arrays: [[*outputs.values(), *states.values()]
                           for outputs, states in (f(values) for (*_, f), values in zip(cases, arrays, strict=True))]


def test_every_operator_gives_what_numpy_gives():
    """None is refused; ``rounding.py`` lists those whose random numbers are JAX's."""
    cases = ready("float32", most=2)
    ours = {op.name for op in registry.operators() if op.inputs and op.__module__.startswith("ndarray.")}
    assert {registry.get(s.op).name for s, *_ in cases} >= ours  # Other tests declare operators of their own.
    with jax.enable_x64(True):  # for indices of 64 bits
        arrays = jax.device_put([case.arrays for _, case, *_ in cases])
        with jax.transfer_guard("disallow"):
            found = jax.jit(all_of(cases))(arrays)
    for (sample, _, expected, _), values in zip(cases, found, strict=True):
        for got, value in zip(values, expected, strict=True):
            close(got, value, registry.get(sample.op).name)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_every_operator_has_the_types_that_numpy_gives(dtype):
    cases = ready(dtype)
    assert len(cases) > 500
    with jax.enable_x64(True):
        found = jax.eval_shape(all_of(cases), [c.arrays for _, c, *_ in cases])
    for (sample, _, expected, _), types in zip(cases, found, strict=True):
        assert [(t.dtype, t.shape) for t in types] == [(v.dtype, v.shape) for v in expected], str(sample)


KINKS = np.array([-1.5, 0.0, 0.5, 2.0, -0.0], "float32")
x, y = sym.var("x"), sym.var("y")
KINKED = {
    "relu": sym.relu(x), "abs": sym.abs(x), "sign": sym.sign(x), "maximum": sym.maximum(x, x * 1.0),
    "minimum": sym.minimum(x, y), "clip": sym.clip(x, a_min=-1.5, a_max=0.5), "max": sym.max(x), "sqrt": sym.sqrt(x * x),
    "leaky": sym.LeakyReLU(x, act_type="leaky"), "smooth": sym.smooth_l1(x, scalar=1.0), "norm": sym.norm(x * 0.0),
    "stopped": sym.BlockGrad(x) * x, "sorted": sym.sort(x), "where": sym.where(x > 0, x, y), "taken": sym.take(y, x > 0),
    "softmax": sym.SoftmaxOutput(sym.reshape(x, shape=(1, 5)), sym.sum(y * 0.0)), "loss": sym.MakeLoss(sym.square(x)),
    "regression": sym.LinearRegressionOutput(x, y), "hinge": sym.SVMOutput(sym.reshape(x, shape=(5, 1)), y * 0.0),
    "update": sym.sgd_update(x, y, lr=sym.sum(y), clip_gradient=0.5),
}


@pytest.mark.parametrize("name", KINKED)
def test_gradients_are_those_of_the_declared_rules(name):
    """At kinks, at ties and through losses, where JAX's own slopes differ."""
    symbol, values = KINKED[name], {"x": KINKS, "y": np.abs(KINKS)}
    values = {k: v for k, v in values.items() if k in symbol.list_arguments()}
    grads = sym.gradient(symbol, list(values))
    with np.errstate(all="ignore"):
        expected, _ = evaluate(grads.graph, {n: values[n.name] for n in grads.graph.variables}, vocabulary)
    f = sj.function(symbol)
    got = jax.jit(jax.grad(lambda given: sum(y.sum() for y in f(given)[0].values())))(values)
    for want, found in zip(expected, got.values(), strict=True):
        close(found, want)


STEP = sym.sgd_mom_update(sym.var("w"), sym.var("g"), sym.var("m"), lr=sym.var("lr"), momentum=0.9, name="step")


def values_of(dtype="float32", **more):
    return {"w": np.ones(3, dtype), "g": np.arange(3, dtype=dtype), "m": np.zeros(3, dtype), "lr": 0.5} | more


def test_what_it_shows():
    f = sj.function(STEP)
    assert repr(f) == "<JAX function of w, g, lr, m for step_output>"
    assert (f.arguments, f.states, f.outputs, f.__name__) == (["w", "g", "lr"], ["m"], ["step_output"], "step")


def test_outputs_and_states_are_dicts_by_name():
    outputs, states = sj.function(STEP)(values_of())
    assert list(outputs) == ["step_output"] and list(states) == ["m"]
    np.testing.assert_array_equal(outputs["step_output"], [1.0, 0.5, 0.0])
    np.testing.assert_array_equal(states["m"], [0.0, -0.5, -1.0])


@pytest.mark.parametrize("rate", [0.5, np.float64(0.5), np.float32(0.5), np.full(1, 0.5), np.array(0.5), nd.array([0.5]),
                                  jnp.float32(0.5), jnp.full(1, 0.5)])
def test_a_number_may_come_in_any_form(rate):
    outputs, _ = sj.function(STEP)(values_of(lr=rate))
    np.testing.assert_array_equal(outputs["step_output"], [1.0, 0.5, 0.0])


def test_changing_numbers_trace_once():
    traced = []

    @jax.jit
    def step(values):
        traced.append(None)
        return sj.function(STEP)(values)

    for k in range(10):
        step(values_of(lr=0.1 * k))
    assert len(traced) == 1


def test_the_program_calls_no_python():
    assert "callback" not in str(jax.make_jaxpr(sj.function(STEP))(values_of()))


def test_it_works_on_any_shape_and_dtype_one_after_the_other():
    f = sj.function(STEP)
    for dtype in ("float32", "float16", "float64"):
        for shape in ((2,), (3, 4), ()):
            array = np.ones(shape, dtype)
            outputs, states = f({"w": array, "g": array, "m": array * 0, "lr": 0.5})
            assert outputs["step_output"].shape == states["m"].shape == shape
            assert outputs["step_output"].dtype == states["m"].dtype == dtype
    assert not jax.config.jax_enable_x64


def test_inputs_are_not_changed_and_not_aliased():
    f, w = sj.function(sym._copy(sym.var("w"), name="c")), np.ones(64, "float32")
    kept = jnp.ones(64)
    outputs, _ = f({"w": w})
    w[:] = 5
    assert (np.asarray(outputs["c_output"]) == 1).all()
    assert (np.asarray(f({"w": kept})[0]["c_output"]) == 1).all() and not kept.is_deleted()


def unrolled(f, lr, dtype="float32"):
    values = values_of(dtype, lr=lr)
    for _ in range(3):
        outputs, states = f(values)
        values |= {"w": outputs["step_output"], **states}
    return values["w"].sum()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_unrolled_steps_differentiate_by_the_rate_through_states(dtype):
    with jax.enable_x64(dtype == "float64"):
        slope = jax.jit(jax.grad(partial(unrolled, sj.function(STEP), dtype=dtype)))(0.5)
    # w3 = w - lr · g · (3 + 2 · 0.9 + 0.81), and the gradients sum up to 3.
    np.testing.assert_allclose(slope, -3 * (3 + 2 * 0.9 + 0.81), rtol=1e-6)


def test_vmap_by_the_rate():
    rates = jnp.array([0.1, 0.2])
    many = jax.vmap(partial(unrolled, sj.function(STEP)))(rates)
    np.testing.assert_allclose(many, [unrolled(sj.function(STEP), r) for r in rates], rtol=1e-6)


def test_scan():
    f = sj.function(STEP)

    def body(carry, lr):
        outputs, states = f(values_of(lr=lr) | carry)
        return {"w": outputs["step_output"], **states}, None

    last, _ = jax.lax.scan(body, {k: values_of()[k] for k in ("w", "m")}, jnp.full(3, 0.5))
    np.testing.assert_allclose(last["w"].sum(), unrolled(f, 0.5), rtol=1e-6)


def test_eval_shape():
    outputs, states = jax.eval_shape(sj.function(STEP), values_of("float16"))
    assert outputs["step_output"].dtype == states["m"].dtype == "float16"


def test_donation():
    f, values = sj.function(STEP), jax.tree.map(jnp.asarray, values_of(lr=np.full(1, 0.5, "float32")))
    step = jax.jit(lambda state, rest: f(state | rest), donate_argnums=0)
    outputs, _ = step({k: values[k] for k in ("w", "m")}, {k: values[k] for k in ("g", "lr")})
    assert values["w"].is_deleted() and not values["g"].is_deleted()
    np.testing.assert_array_equal(outputs["step_output"], [1.0, 0.5, 0.0])


def test_shard_map():
    if len(jax.devices()) < 2:
        pytest.skip("one device")
    f, n = sj.function(STEP), 2
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:n]), ("data",))
    split = jax.sharding.PartitionSpec("data")
    step = jax.shard_map(lambda w, g, m: f({"w": w, "g": g, "m": m, "lr": 0.5}), mesh=mesh, in_specs=split,
                         out_specs=split)
    outputs, _ = jax.jit(step)(jnp.ones(4), jnp.arange(4.0), jnp.zeros(4))
    np.testing.assert_array_equal(outputs["step_output"], [1.0, 0.5, 0.0, -0.5])


NET = sym.FullyConnected(x, sym.var("w"), sym.var("b"), num_hidden=3, name="fc")
SHARDED = {
    "layer": NET, "softmax": sym.SoftmaxOutput(NET, y), "normalised": sym.L2Normalization(NET),
    "embedding": sym.Embedding(y, sym.var("w"), input_dim=3, output_dim=4), "taken": sym.take(sym.var("w"), y),
    "largest": sym.max(NET, axis=1), "regression": sym.LinearRegressionOutput(sym.sum(NET, axis=1), y),
}


@pytest.mark.parametrize("name", SHARDED)
def test_shard_map_of_a_split_batch_and_whole_weights(name):
    """Gradients of weights are the sums over the parts."""
    f, rng = sj.function(SHARDED[name]), np.random.default_rng(0)
    values = {"x": rng.normal(size=(16, 4)), "w": rng.normal(size=(3, 4)), "b": rng.normal(size=3), "y": np.arange(16) % 3}
    values = {k: values[k].astype("float32") for k in f.arguments}
    specs = {k: jax.P("data") if k in "xy" else jax.P() for k in values}

    def both(values):
        out, back = jax.vjp(lambda values: next(iter(f(values)[0].values())), values)
        return out, back(jnp.ones_like(out))[0]

    got = jax.jit(jax.shard_map(both, mesh=sj.make_mesh(data=-1), in_specs=(specs,), out_specs=(jax.P("data"), specs)))(values)
    for mine, expected in zip(jax.tree.leaves(got), jax.tree.leaves(both(values)), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=2e-5, atol=2e-5)


W, M = sym.var("w"), sym.var("m")
PRODUCT = sym.dot(sym.FullyConnected(x, W, sym.var("b"), num_hidden=3, name="fc"), x, transpose_a=True)
STATEFUL = {
    "momentum": sym.sgd_mom_update(W, sym.var("g"), M, lr=sym.var("lr"), momentum=0.9, name="s"),
    "adam": sym.adam_update(W, sym.var("g"), M, sym.var("v"), lr=sym.var("lr"), name="s"),
    "after a layer": sym.sgd_mom_update(W, PRODUCT, M, lr=sym.var("lr"), momentum=0.9, name="s"),
    "normalised": sym.BatchNorm(NET, *(sym.var(n) for n in ("gamma", "beta", "mean", "v1")), fix_gamma=False, name="bn"),
}
PARTED = {  # what is split, and the shapes
    "x": ((16, 4), True), "w": ((3, 4), False), "g": ((3, 4), False), "m": ((3, 4), False), "v": ((3, 4), False),
    "lr": ((1,), False), **dict.fromkeys(("b", "gamma", "beta", "mean", "v1"), ((3,), False)),
}


@pytest.mark.parametrize("split", [False, True], ids=["whole", "split"])
@pytest.mark.parametrize("name", STATEFUL)
def test_shard_map_of_graphs_that_write_states(name, split):
    """Gradients of outputs and new states within a mesh are those of the parts, one after the other."""
    f, rng, n = sj.function(STATEFUL[name], train=True), np.random.default_rng(0), len(jax.devices())
    among = {k for k in f.arguments + f.states if PARTED[k][1] or split and "x" not in f.arguments and k in "wgmv"}
    values = {k: np.abs(rng.normal(size=PARTED[k][0])).astype("float32") for k in f.arguments + f.states}
    values = {k: np.concatenate([v] * n) if k in among and k != "x" else v for k, v in values.items()}
    specs = {k: jax.P("data") if k in among else jax.P() for k in values}

    def total(values):
        return sum(a.sum() for found in f(values) for a in found.values())

    def summed(values):
        found = total(values)
        return jax.lax.psum(found, "data") if among else found

    got = jax.jit(jax.shard_map(jax.grad(summed), mesh=sj.make_mesh(data=-1), in_specs=(specs,), out_specs=specs))(values)
    parts = [jax.jit(jax.grad(total))({k: np.split(v, n)[i] if k in among else v for k, v in values.items()})
             for i in range(n if among else 1)]
    for k in values:
        expected = np.concatenate([p[k] for p in parts]) if k in among else sum(np.asarray(p[k]) for p in parts)
        np.testing.assert_allclose(got[k], expected, rtol=2e-5, atol=2e-5, err_msg=k)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda f: pickle.loads(pickle.dumps(f))])
def test_a_function_is_pickled_and_copied(copied):
    f = sj.function(sym.Dropout(sym.var("x"), p=0.5, name="drop"), train=True)
    values = {"x": jnp.ones(9), "drop@key0": 7}
    np.testing.assert_array_equal(copied(f)(values)[0]["drop_output"], f(values)[0]["drop_output"])
    error(DTypeError, lambda: f(values | {"drop@key0": jax.random.key(7)}), "`drop@key0`", "integer", "jax.random.randint")


def test_uniform_numbers_are_those_of_numpy():
    net = sym.Dropout(sym.var("x"), p=0.5, name="drop")
    f = sj.function(net, train=True)
    assert f.keys == ["drop@key0"]
    given = np.ones((50, 3), "float32")
    outputs, _ = f({"x": given, "drop@key0": jnp.int32(7)})
    np.testing.assert_array_equal(outputs["drop_output"], nd.Dropout(nd.array(given), p=0.5, mode="always", key=7).asnumpy())


@pytest.mark.parametrize("name", sorted(philox.DISTRIBUTIONS.keys() - {"permutation", "randint"}))
def test_other_distributions_repeat_and_have_the_moments_of_numpys(name):
    op = registry.get(f"_random_{name}")
    given = {"p": 0.4} if name == "negative_binomial" else {}
    drawn = [np.asarray(next(iter(sj.function(getattr(sym.op, op.name)(shape=(20000,), key=key, **given))({})[0].values())))
             for key in (3, 3, 4)]
    theirs = getattr(nd.op, op.name)(shape=(20000,), key=3, **given).asnumpy()
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert (drawn[0] != drawn[2]).any()
    assert abs(drawn[0].mean() - theirs.mean()) < 5 * theirs.std() / 100
    assert 0.9 < drawn[0].std() / theirs.std() < 1.1


def error(kind, call, *words):
    with pytest.raises(kind) as caught:
        call()
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_errors_name_what_is_wrong():
    f = sj.function(STEP)
    error(BindError, lambda: f({"w": jnp.ones(3)}), "no value", "g", "m", "lr")
    error(UnknownNameError, lambda: f(values_of(lrr=1.0)), "'lrr'", "did you mean 'lr'")
    error(BindError, lambda: f(values_of(g="text")), "`g`", "'text'")
    error(BindError, lambda: f([1, 2]), "dict")
    error(DTypeError, lambda: f(values_of(g=jnp.ones(3, "complex64"))), "`g`", "complex64")
    error(OperatorError, lambda: sj.function(3), "Symbol", "3")
    for call in (f, jax.jit(f)):
        error(ShapeError, lambda call=call: call(values_of(g=jnp.ones(4))), "step", "grad")
        error(DTypeError, lambda call=call: call(values_of(g=jnp.ones(3, "int32"))), "step", "grad")
    twice = sym.Group([sym.exp(x, name="a"), sym.exp(x, name="a")])
    error(BindError, lambda: sj.function(twice), "two outputs", "a_output")


def test_a_node_without_gradient_is_named_where_one_arrives(monkeypatch):
    monkeypatch.delitem(registry.get("sin").rules, "gradient")
    f = sj.function(sym.Group([sym.sin(x, name="wave"), sym.var("y") * 2.0]))

    def of(which):
        return jax.grad(lambda values: list(f(values)[0].values())[which])({"x": 1.0, "y": 1.0})

    assert of(1)["y"] == 2
    error(NotDifferentiableError, lambda: of(0), "wave", "sin")


def test_jax_is_loaded_when_it_is_asked_for():
    code = "import sys, symbolic; assert 'jax' in dir(symbolic) and 'jax' not in sys.modules; symbolic.jax.function"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_jax_it_says_what_to_install():
    code = ("import sys; sys.modules['jax'] = None\nimport symbolic\ntry: symbolic.jax\n"
            "except ImportError as e: assert \"pip install 'symbolic-ndarray[xla]'\" in str(e)\nelse: raise SystemExit(1)")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_goes_forwards_is_refused_and_second_derivatives_are_not():
    f = sj.function(sym.sum(sym.tanh(sym.var("x")), name="total"))

    def total(x):
        return f({"x": x})[0]["total_output"][0]

    x = jnp.array([0.5, -1.0])
    with pytest.raises(TypeError, match="jvp"):
        jax.jvp(total, (x,), (x,))
    expected = np.diag(-2 * np.tanh(x) * (1 - np.tanh(x) ** 2))
    np.testing.assert_allclose(jax.hessian(total)(x), expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(jax.jvp(jax.grad(total), (x,), (x,))[1], expected @ x, rtol=1e-5)


def test_keys_of_32_bits_do_where_there_are_no_others():
    w, g = jnp.ones(3), jnp.zeros(3)
    step = sj.function(sym.sgld_update(sym.var("w"), sym.var("g"), sym.var("key"), lr=0.1, name="s"))
    values = {"w": w, "g": g, "key": jnp.full(1, 7, "int32")}
    outputs, states = jax.jit(step)(values)
    with jax.enable_x64(True):
        wide, new = step({**values, "key": jnp.full(1, 7, "int64")})
    np.testing.assert_allclose(outputs["s_output"], wide["s_output"], rtol=1e-6)
    assert states["key"].dtype == "int32" and new["key"].dtype == "int64"

    def turn(carry, _):
        outputs, states = step({"w": carry[0], "g": g, "key": carry[1]})
        return (outputs["s_output"], states["key"]), states["key"]

    _, keys = jax.lax.scan(turn, (w, values["key"]), length=3)
    assert len(set(keys.ravel().tolist())) == 3

    drawn = sj.function(sym.op._random_of_key(sym.var("low"), sym.var("high"), sym.var("key"), distribution="uniform",
                                              shape=(3,), name="u"))
    given = {"low": jnp.zeros(1), "high": jnp.ones(1), "key": jnp.full(1, 7, "int32")}
    expected = nd.op._random_of_key(nd.array([0]), nd.array([1]), nd.array([7], dtype="int64"), distribution="uniform",
                                    shape=(3,))
    np.testing.assert_array_equal(drawn(given)[0]["u_output"], expected.asnumpy())
