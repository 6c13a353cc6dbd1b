"""Our rules as Optax transformations, judged by Optax: its numbers and its wrappers."""

import dataclasses
import inspect
import pickle
import subprocess
import sys
from functools import partial
from typing import Any

import numpy as np
import pytest

from ndarray.errors import DTypeError, OperatorError, ParamError, ShapeError, UnknownNameError
from ndarray.params import REQUIRED, Scalar
from symbolic.optimizers import rule as as_rule
from symbolic.optimizers.rules import candidates

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")
jnp = jax.numpy

import symbolic.jax as sj  # noqa: E402
from symbolic.jax.names import OPTAX, optax_function  # noqa: E402
from tests.symbolic.jax.aliases import ALIASES, DTYPES  # noqa: E402

PAIRS = [  # alias, settings, what norms in float32 allow in float64
    ("sgd", {}, 0), ("sgd", {"momentum": 0.9}, 0), ("sgd", {"momentum": 0.9, "nesterov": True}, 0), ("adam", {}, 0),
    ("adamw", {"weight_decay": 0.1}, 0), ("lion", {}, 0), ("lamb", {"weight_decay": 0.1}, 1e-6),
    ("lars", {}, 1e-6), ("sign_sgd", {}, 0), ("signum", {}, 0), ("adabelief", {}, 0), ("adamax", {}, 1e-6),
    ("rmsprop", {}, 0), ("rmsprop", {"centered": True}, 0), ("adagrad", {}, 0), ("adadelta", {}, 0),
]


def tree(rng, dtype):
    return {"dense": {"kernel": rng.normal(size=(3, 4)).astype(dtype), "bias": rng.normal(size=4).astype(dtype)},
            "head": [rng.normal(size=(2, 1)).astype(dtype)]}


def path(tx, dtype="float32", steps=10, like=tree):
    """Return the parameters after some updates by random gradients."""
    rng = np.random.default_rng(3)
    params = jax.tree.map(jnp.asarray, like(rng, dtype))
    state = tx.init(params)

    @jax.jit
    def update(params, state, grads):
        updates, state = tx.update(grads, state, params)
        return optax.apply_updates(params, updates), state

    for _ in range(steps):
        params, state = update(params, state, jax.tree.map(jnp.asarray, like(rng, dtype)))
    assert update._cache_size() == 1
    return params


def close(got, expected, tolerance):
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("alias", "settings", "norms"), PAIRS, ids=str)
def test_ten_updates_are_those_of_optax(alias, settings, norms, dtype):
    theirs = settings | ({"weight_decay": 0.0} if alias == "lars" else {})
    rate = optax.exponential_decay(0.05, 3, 0.7)
    with jax.enable_x64(dtype == "float64"):
        got, expected = path(ALIASES[alias](rate, **settings), dtype), path(getattr(optax, alias)(rate, **theirs), dtype)
        close(got, expected, (norms or 1e-9) if dtype == "float64" else 5e-5)


def twenty(tx, dtype, between=lambda state: state):
    """Return the parameters after 20 updates by random gradients, with a change of the state after each."""
    def like(rng):
        def draw(*shape):
            x = rng.normal(size=shape) + 1j * rng.normal(size=shape)
            return jnp.asarray(x.astype(dtype) if np.dtype(dtype).kind == "c" else x.real.astype(dtype))

        return {"w": draw(3, 4), "b": draw(4), "real": jnp.asarray(rng.normal(size=3), draw().real.dtype)}

    rng = np.random.default_rng(3)
    params = like(rng)
    state = tx.init(params)

    @jax.jit
    def update(params, state, grads):
        updates, state = tx.update(grads, state, params)
        return optax.apply_updates(params, updates), state

    for _ in range(20):
        params, state = update(params, state, like(rng))
        state = between(state)
    assert update._cache_size() == 1
    return params


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("alias", ALIASES)
def test_complex_parameters_are_pairs_of_real_ones(alias, dtype):
    """As Optax's own rules are within `split_real_and_imaginary`; beside them a real parameter."""
    theirs = {"weight_decay": 0.0} if alias == "lars" else {}
    with jax.enable_x64(dtype == "complex128"):
        expected = twenty(optax.contrib.split_real_and_imaginary(optax_function(alias)(0.05, **theirs)), dtype)
        close(twenty(ALIASES[alias](0.05), dtype), expected, 2e-5 if dtype == "complex64" else 1e-6)


def test_the_gradient_rules_alone_are_optax_own_on_complex_parameters_too():
    for settings in ({}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}):
        close(twenty(ALIASES["sgd"](0.05, **settings), "complex64"), twenty(optax.sgd(0.05, **settings), "complex64"), 1e-6)


EVERY = sorted({op.name for ops in candidates().values() for op in ops})


def after_two(name, params, more):
    """Return parameters and states after two updates, operation by operation."""
    tx = sj.gradient_transformation(name, 0.1)
    extra = {k: jax.tree.map(lambda p: 10 * more + 0 * p, params) for k in tx.update._others}
    state = tx.init(params)
    for k in range(2):
        grads = jax.tree.map(lambda p, k=k: p / (k + 2) + more, params)
        updates, state = tx.update(grads, state, params, **extra)
        params = optax.apply_updates(params, updates)
    return params, state.states


@pytest.mark.parametrize("name", ["adafactor", "lans", "muon", "novograd", "prodigy", "schedule_free_adamw", "sm3", "sophia"])
def test_states_of_complex_parameters_are_pairs_too(name):
    """States of other shapes, copies of the weights, numbers that all tensors share, and further inputs."""
    x = jnp.arange(6.0).reshape(3, 2) - 1.5
    with jax.disable_jit():
        (one, complex_states) = after_two(name, {"x": x + 1j * x[::-1]}, 0.1 + 0.1j)
        (two, states) = after_two(name, {"x": x, "y": x[::-1]}, 0.1)
    np.testing.assert_allclose(one["x"], two["x"] + 1j * two["y"], rtol=1e-5)
    for key, value in states.items():
        pair = value["x"] + 1j * value["y"] if isinstance(value, dict) else value
        np.testing.assert_allclose(complex_states[key]["x"] if isinstance(value, dict) else complex_states[key], pair, rtol=1e-5)


def of_dtype(alias):
    """Return Optax's argument for the dtype of a state, and our name of the state."""
    known = inspect.signature(optax_function(alias)).parameters
    fields = {field: state for state, field in OPTAX[alias].states.items()}
    return next(((argument, fields[field]) for argument, field in DTYPES.items() if argument in known and field in fields),
                None)


@pytest.mark.parametrize("alias", [alias for alias in ALIASES if of_dtype(alias)])
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_a_state_may_be_kept_in_another_dtype(alias, dtype):
    """Its rule is Optax's with a state that is rounded after each update; Optax itself rounds products with it too."""
    argument, state = of_dtype(alias)
    field, settings = OPTAX[alias].states[state], {"momentum": 0.9} if alias == "sgd" else {}
    theirs = optax_function(alias)(0.05, **settings, **({"weight_decay": 0.0} if alias == "lars" else {}))

    def rounded(state):
        kept = optax.tree.get(state, field)
        return optax.tree.set(state, **{field: jax.tree.map(lambda x: x.astype(dtype).astype("float32"), kept)})

    tx = ALIASES[alias](0.05, **settings, **{argument: dtype})
    found = twenty(tx, "float32")
    assert str(tx.init(found).states[field]["w"].dtype) == dtype
    close(found, twenty(theirs, "float32", rounded), 2e-5)
    if alias != "lion":  # whose steps are signs, which rounding leaves
        assert abs(found["w"] - twenty(theirs, "float32")["w"]).max() > 2e-5


def test_states_in_the_dtype_of_the_parameter():
    """By default in float32 where a parameter has fewer bits; None is the parameter's own, as in Optax."""
    for dtype, more in (("bfloat16", {}), ("complex64", {}), ("float32", {"var": "complex64"})):
        params = {"w": jnp.ones(3, dtype)}
        tx = sj.gradient_transformation("adam", 0.1, state_dtypes={"mean": None, **more})
        updates, state = update(tx, params)
        assert updates["w"].dtype == dtype and state.states["mean"]["w"].dtype == dtype
        assert state.states["var"]["w"].dtype == ("float32" if dtype == "bfloat16" else "complex64")
        np.testing.assert_allclose(updates["w"].astype("complex64").real, -0.1, rtol=4e-3)


@pytest.mark.parametrize("x64", [False, True], ids=["32", "64"])
@pytest.mark.parametrize("name", EVERY)
def test_every_declared_rule_moves_every_parameter_and_keeps_its_state(name, x64):
    with jax.enable_x64(x64):
        moves_and_keeps(name)


def moves_and_keeps(name):
    params = {"a": jnp.ones((3, 2)), "b": jnp.full(2, 0.5)}
    tx = sj.gradient_transformation(name, 0.1)
    extra = {k: jax.tree.map(jnp.ones_like, params) for k in tx.update._others}
    state = tx.init(params)
    shapes = jax.eval_shape(lambda s: tx.update(params, s, params, **extra), state)
    assert jax.tree.map(lambda x: (x.shape, x.dtype), shapes) == jax.tree.map(lambda x: (x.shape, x.dtype), (params, state))


def test_the_state_is_a_tree_by_the_names_of_the_operator():
    tx = sj.gradient_transformation("adam", 0.1)
    params = {"w": jnp.ones(2)}
    state = tx.init(params)
    assert isinstance(state, sj.RuleState) and state.count.dtype == "int32"
    assert jax.tree.map(np.shape, state.states) == {"mean": {"w": (2,)}, "var": {"w": (2,)}}
    doubled = optax.tree.map_params(tx, lambda x: x + 2, state)
    assert (doubled.states["var"]["w"] == 2).all() and doubled.count == 0


def update(tx, params, grads=None, **extra):
    return tx.update(params if grads is None else grads, tx.init(params), params, **extra)


@pytest.mark.parametrize("params", [
    jnp.ones(2), jnp.float32(1), (jnp.ones(2), [jnp.ones(1)]), {}, (), {"a.b": jnp.ones(1), "a": {"b": jnp.ones(2)}},
    {"lr": jnp.ones(1), "t": jnp.ones(1), "w": jnp.ones(1), "w_grad": jnp.ones(1), "w_mean": jnp.ones(1)},
], ids=["lone", "scalar", "tuples", "empty", "nothing", "alike", "names"])
def test_trees_of_any_kind(params):
    updates, _ = update(sj.gradient_transformation("adam", 0.1), params)
    assert jax.tree.structure(updates) == jax.tree.structure(params)
    for x in jax.tree.leaves(updates):
        np.testing.assert_allclose(x, -0.1, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_few_bits_are_computed_in_float32(dtype):
    params = {"w": jnp.full(3, 0.3, dtype)}
    tx = sj.gradient_transformation("adam", 1e-3)
    updates, state = update(tx, params)
    assert updates["w"].dtype == dtype and state.states["mean"]["w"].dtype == "float32"


def test_the_rate_is_a_number_an_array_a_schedule_or_given():
    params = {"w": jnp.ones(2)}
    for lr in (0.5, jnp.float32(0.5), np.full(1, 0.5), lambda count: 0.5 / (count + 1)):
        updates, _ = update(sj.gradient_transformation("sgd", lr), params)
        np.testing.assert_allclose(updates["w"], -0.5)
    updates, _ = update(sj.gradient_transformation("sgd"), params, lr=0.25)
    np.testing.assert_allclose(updates["w"], -0.25)


def test_grad_and_vmap_by_the_rate():
    params = {"w": jnp.ones(2)}

    def after(lr):
        tx = sj.gradient_transformation("adam", lr)
        return optax.apply_updates(params, update(tx, params)[0])["w"].sum()

    np.testing.assert_allclose(jax.grad(after)(0.1), -2, rtol=1e-5)
    np.testing.assert_allclose(jax.vmap(after)(jnp.array([0.1, 0.2])), [1.8, 1.6], rtol=1e-5)


def test_factors_are_by_path():
    params = {"dense": {"kernel": jnp.ones(1), "bias": jnp.ones(1)}}
    tx = sj.gradient_transformation("sgd", 0.5, wd=1.0, no_decay=["*.bias"], lr_mult={"dense.kernel": 0.1})
    updates, _ = update(tx, params)
    np.testing.assert_allclose(updates["dense"]["kernel"], -0.1, rtol=1e-6)
    np.testing.assert_allclose(updates["dense"]["bias"], -0.5)
    for one in ({"p": jnp.ones(1)}, {"p": jnp.full(1, 1 + 1j)}):
        updates, _ = update(sj.gradient_transformation("sgd", 0.5, lr_mult={"p": 0.1}), one)
        np.testing.assert_allclose(updates["p"], -0.05 * one["p"], rtol=1e-6)


@pytest.mark.parametrize("count", [1, 10], ids=["alone", "many"])
@pytest.mark.parametrize("name", ["adam", "sgd", "nag", "adamax", "novograd", "rmspropalex"])
def test_a_decay_of_zero_reads_no_weight(name, count):
    """XLA would keep the product with zero: a step of Adam of large arrays takes a fifth longer with it."""
    params = {f"w{k}": jnp.full(2, jnp.inf) for k in range(count)}
    grads = jax.tree.map(jnp.ones_like, params)
    for factors, infinite in (({}, False), ({"wd": 0.5}, True), ({"wd": 0.5, "no_decay": ["*"]}, False)):
        tx = sj.gradient_transformation(name, 0.5, **({"momentum": 0.9} if name in ("sgd", "nag") else {}), **factors)
        _, state = jax.jit(tx.update)(grads, tx.init(params), params)
        found = [k for k, v in state.states.items() if not all(np.isfinite(x).all() for x in jax.tree.leaves(v))]
        assert bool(found) == infinite, (name, factors, found)


READS = {  # states of rules that read the weights for something else than a decay
    "adafactor_mom_update": {"mom"}, "asgd_update": {"average"}, "dcasgd_update": {"mom", "previous"}, "ftml_update": {"z"},
    "ftrl_update": {"z"}, "multi_prodigy_update": {"d_numerator"},
    "preloaded_multi_sgd_mom_update": {"mom"},  # whose decays are an array
}


@pytest.mark.parametrize("name", EVERY)
def test_no_rule_reads_the_weights_for_a_decay_of_zero(name):
    """One operation after the other, so that rules need no compilations of their own."""
    tx, params = sj.gradient_transformation(name, 0.1), {"a": jnp.full((3, 2), jnp.array([jnp.nan, jnp.inf]))}
    extra = {k: jax.tree.map(jnp.ones_like, params) for k in tx.update._others}
    state = tx.init({"a": jnp.ones((3, 2))})  # copies of weights among its states are finite
    with jax.disable_jit():
        _, state = tx.update({"a": jnp.arange(6.0).reshape(3, 2) / 3 - 0.7}, state, params, **extra)
    found = {k for k, v in state.states.items() if not all(np.isfinite(x).all() for x in jax.tree.leaves(v))}
    assert found == READS.get(name, set())


@pytest.mark.parametrize("name", ["adam", "sgd", "multi_sgd_mom", "lamb", "novograd"])
def test_a_traced_decay_of_zero_has_the_values_of_none(name):
    params = {"a": jnp.arange(6.0).reshape(3, 2)}
    grads = {"a": params["a"] / 3 - 0.7}
    none, traced = (sj.gradient_transformation(name, 0.1, wd=wd) for wd in (0.0, jnp.float32(0)))
    with jax.disable_jit():
        close(*(tx.update(grads, tx.init(params), params) for tx in (traced, none)), 1e-6)


def test_the_wrappers_of_optax():
    lamb = ALIASES["lamb"](0.05)
    mask = {"dense": {"kernel": True, "bias": False}, "head": [True]}
    labels = {"dense": {"kernel": "a", "bias": "b"}, "head": ["a"]}
    wrapped = [
        lambda tx: optax.chain(optax.clip_by_global_norm(0.5), tx, optax.scale(0.5)),
        lambda tx: optax.masked(tx, mask), lambda tx: optax.apply_if_finite(tx, 2),
        lambda tx: optax.multi_transform({"a": tx, "b": optax.sgd(0.1)}, labels),
        lambda tx: optax.MultiSteps(tx, 2),
    ]
    for wrap in wrapped:
        close(path(wrap(lamb)), path(wrap(optax.lamb(0.05))), 5e-5)


def test_states_share_no_memory_with_parameters():
    """Neither NumPy's, which its holder may change, nor JAX's: parameters and states may be donated together."""
    raw = np.ones(64 + 16, "f4")
    start = -raw.ctypes.data % 64 // 4
    for params in (jnp.ones(16), raw[start:start + 16]):  # which JAX would use in place
        tx = sj.gradient_transformation("schedule_free_sgd", 0.5)
        state = tx.init({"w": params})
        if isinstance(params, np.ndarray):
            params[:] = 7
            updates, _ = tx.update({"w": jnp.zeros(16)}, state, {"w": jnp.ones(16)})
            assert (state.states["z"]["w"] == 1).all() and (updates["w"] == 0).all()
        else:
            updates, _ = jax.jit(tx.update, donate_argnums=(1, 2))({"w": jnp.zeros(16)}, state, {"w": params})
            assert (updates["w"] == 0).all()


@jax.tree_util.register_dataclass
@dataclasses.dataclass
class Layer:
    kernel: Any
    bias: Any


@pytest.mark.parametrize("wrap", [lambda tx: optax.chain(optax.clip(0.5), tx), lambda tx: optax.MultiSteps(tx, 2)])
def test_dataclasses_without_some_leaves_donated_arrays_and_pickled_states(wrap):
    def end(tx):
        rng = np.random.default_rng(3)

        def tree():
            return {"layers": [Layer(rng.normal(size=(3, 2)), rng.normal(size=2)), Layer(rng.normal(size=2), None)]}

        @partial(jax.jit, donate_argnums=(0, 1))
        def step(params, state, grads):
            updates, state = tx.update(grads, state, params)
            return optax.apply_updates(params, updates), state

        params = jax.tree.map(jnp.asarray, tree())
        state = tx.init(params)
        for _ in range(6):
            params, state = pickle.loads(pickle.dumps(step(params, state, jax.tree.map(jnp.asarray, tree()))))
        return params

    found, expected = end(wrap(ALIASES["adamw"](0.05))), end(wrap(optax.adamw(0.05)))
    close(found, expected, 5e-5)
    assert found["layers"][1].bias is None


def test_hyperparameters_are_injected_and_change_without_a_compilation():
    def make(lr, momentum, wd):
        return sj.gradient_transformation("sgd", lr, momentum=momentum, wd=wd)

    tx = optax.inject_hyperparams(make)(lr=0.5, momentum=0.5, wd=0.0)
    params = {"w": jnp.ones(2)}
    state, step = tx.init(params), jax.jit(tx.update)
    assert {"lr", "momentum", "wd"} <= set(state.hyperparams)
    for k in range(4):
        state.hyperparams["lr"], state.hyperparams["momentum"] = jnp.float32(0.1 * k), jnp.float32(0.2 * k)
        _, state = step(params, state, params)
    assert step._cache_size() == 1


def of_settings(tx, params):
    extra = {k: jax.tree.map(jnp.ones_like, params) for k in tx.update._others}
    state = tx.init(params)
    key = {k: jax.tree.map(jnp.zeros_like, v) for k, v in state.states.items() if k == "key"}
    state, grads = state._replace(states=state.states | key), jax.tree.map(lambda p: p / 3 - 0.1, params)
    for _ in range(2):
        updates, state = tx.update(grads, state, params, **extra)
        params = optax.apply_updates(params, updates)
    return params


@pytest.mark.parametrize("name", ["lars", *EVERY])
def test_hyperparameters_may_be_arrays(name):
    """All that are not fixed when the rule is made, at once: what `optax.inject_hyperparams` gives."""
    op, taken = as_rule(name).op, {"wd": 0.25} | ({"eta": 0.5, "eps": 0.25} if name == "lars" else {})
    for key, param in op.params.items():
        if key not in ("lr", "t", op.update.count, op.update.rate, op.update.decay) and param.type is Scalar and not param.implied:
            taken[key] = 0.75 if param.default in (REQUIRED, None) else float(np.float32(param.default))
    taken = {key: value for key, value in taken.items() if key != "wd" or as_rule(name).decays}
    params = {"a": jnp.arange(6.0).reshape(3, 2), "b": jnp.full(2, 0.5)}
    with jax.disable_jit():
        expected = of_settings(sj.gradient_transformation(name, 0.1, **taken), params)
        for dtype in ("float32", "int32"):
            if given := {k: jnp.asarray(v, dtype) for k, v in taken.items() if dtype == "float32" or v in (0, 1)}:
                close(of_settings(sj.gradient_transformation(name, 0.1, **taken | given), params), expected, 1e-6)


def test_what_is_fixed_when_a_rule_is_made_is_named():
    for name, fixed in (("soap", "shampoo_beta"), ("sgd", "clip_gradient")):
        error(ParamError, lambda name=name, fixed=fixed: sj.gradient_transformation(name, 0.1, **{fixed: jnp.ones(())}),
              f"{fixed} is fixed when the rule is made", "static_args")


def error(kind, call, *words):
    with pytest.raises(kind) as caught:
        call()
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_errors_name_what_is_wrong():
    params = {"dense": {"kernel": jnp.ones(2)}}
    sgd = sj.gradient_transformation("sgd", 0.1)
    error(UnknownNameError, lambda: sj.gradient_transformation("sdg", 0.1), "sdg", "sgd")
    error(OperatorError, lambda: sj.gradient_transformation("sgd", 0.1, beta1=0.9), "beta1")
    error(ParamError, lambda: sj.gradient_transformation("sgd", 0.1, wd="much"), "wd")
    error(OperatorError, lambda: sj.gradient_transformation("sgd", "fast"), "lr", "fast")
    error(OperatorError, lambda: update(sj.gradient_transformation("sgd"), params), "no learning rate")
    error(ParamError, lambda: sj.gradient_transformation("sgd", float("nan")), "lr must be finite")
    error(ParamError, lambda: sj.gradient_transformation("sgd", np.ones(2)), "lr is one number", "(2,)")
    error(ParamError, lambda: sj.gradient_transformation("sgd", 0.1, momentum=np.ones(2)), "momentum is one number")
    error(ParamError, lambda: update(sj.gradient_transformation("sgd", 0.1, wd_mult=3), params), "wd_mult", "3")
    for state in (None, sj.gradient_transformation("adam", 0.1).init(params)):
        error(OperatorError, lambda state=state: sgd.update(params, state, params), "expected a state")
    error(OperatorError, lambda: update(sgd, params, {"dense": {"kernel": None}}), "dense.kernel: grad is None")
    error(OperatorError, lambda: sgd.update(params, sgd.init(params)), "needs the parameters")
    error(ShapeError, lambda: update(sgd, params, {"dense": {"kernel": jnp.ones(3)}}), "dense.kernel", "(3,)", "(2,)")
    error(OperatorError, lambda: update(sgd, params, {"dense": jnp.ones(2)}), "gradients", "tree")
    error(DTypeError, lambda: update(sgd, {"n": jnp.ones(2, "int32")}), "n has dtype int32")
    z = {"z": jnp.ones(2, "complex64")}
    error(DTypeError, lambda: update(sgd, z, {"z": jnp.ones(2)}), "z: the gradient has dtype float32", "complex64")
    error(DTypeError, lambda: update(sgd, {"z": jnp.ones(2)}, z), "z: the gradient has dtype complex64", "float32")
    error(UnknownNameError, lambda: update(sj.gradient_transformation("sgd", 0.1, lr_mult={"dense.kernle": 2.0}), params),
          "dense.kernle", "dense.kernel")


def test_dtypes_of_states_that_there_are_not():
    def adam(dtypes):
        return sj.gradient_transformation("adam", 0.1, state_dtypes=dtypes)

    error(UnknownNameError, lambda: adam({"maen": "bfloat16"}), "maen", "mean")
    error(OperatorError, lambda: adam("bfloat16"), "state_dtypes", "'bfloat16'", "dict")
    for wrong in ("int32", "float33", bool, 3):
        error(DTypeError, lambda wrong=wrong: adam({"mean": wrong}), "mean", "float" if wrong != 3 else "3")
    error(DTypeError, lambda: update(adam({"mean": "bfloat16"}), {"z": jnp.ones(2, "complex64")}),
          "z: mean has dtype bfloat16, which has no imaginary parts", "complex64")


def test_without_optax_it_says_what_to_install():
    code = ("import sys; sys.modules['optax'] = None\nimport symbolic.jax\ntry: symbolic.jax.gradient_transformation\n"
            "except ImportError as e: assert 'pip install optax' in str(e)\nelse: raise SystemExit(1)")
    subprocess.run([sys.executable, "-c", code], check=True)
