"""Optax transformations as Symbols: their steps are Optax's, eager and fused; what cannot be traced is named."""

from functools import partial

import numpy as np
import pytest

import symbolic as sym
from ndarray.errors import BindError, DTypeError, OperatorError

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")
jnp = jax.numpy

import symbolic.jax as sj  # noqa: E402

ALIASES = ("adabelief adadelta adafactor adagrad adam adamax adamaxw adamw adan amsgrad fromage lamb lars lion nadam nadamw "
           "novograd optimistic_gradient_descent radam rmsprop rprop sgd sign_sgd signum sm3 yogi").split()
RULES = {name: partial(getattr(optax, name), 0.01) for name in ALIASES} | {
    "momentum": partial(optax.sgd, 0.1, 0.9), "nesterov": partial(optax.sgd, 0.1, 0.9, nesterov=True),
    "centred": partial(optax.rmsprop, 0.1, centered=True, momentum=0.9),
    "optimistic_adam": partial(optax.optimistic_adam_v2, 0.01),
}
RULES |= {name: partial(getattr(optax.contrib, name), 0.01) for name in ("muon", "schedule_free_sgd", "adopt", "ademamix")}
RULES |= {"prodigy": optax.contrib.prodigy, "cocob": optax.contrib.cocob}
RATE = optax.exponential_decay(0.1, 3, 0.7)
CHAINS = {
    "clipped by norm": lambda: optax.chain(optax.clip_by_global_norm(1.0), optax.adam(RATE)),
    "clipped, scheduled": lambda: optax.chain(optax.clip(0.5), optax.trace(0.9), optax.scale_by_schedule(lambda c: -RATE(c))),
    "trusted": lambda: optax.chain(optax.add_decayed_weights(1e-2, mask={"b": False, "dense": {"kernel": True}}),
                                   optax.scale_by_adam(), optax.scale_by_trust_ratio(), optax.scale(-0.1)),
    "injected": lambda: optax.inject_hyperparams(optax.adamw)(learning_rate=0.1),
    "every second": lambda: optax.MultiSteps(optax.sgd(0.1, 0.9), 2),
    "if finite": lambda: optax.apply_if_finite(optax.adam(0.1), 2),
    "several": lambda: optax.multi_transform({"x": optax.adam(0.1), "y": optax.sgd(0.1)},
                                             {"b": "x", "dense": {"kernel": "y"}}),
    "warmed up": lambda: optax.chain(optax.centralize(), optax.adaptive_grad_clip(0.1), optax.scale_by_lion(),
                                     optax.scale_by_learning_rate(optax.warmup_cosine_decay_schedule(0.0, 0.1, 5, 20))),
    "masked": lambda: optax.masked(optax.adam(0.1), {"b": True, "dense": {"kernel": False}}),
}


def tree(rng, dtype):
    return {"b": rng.normal(size=4).astype(dtype), "dense": {"kernel": rng.normal(size=(3, 4)).astype(dtype)}}


def named(params, ending=""):
    return {f"b{ending}": params["b"].copy(), f"dense.kernel{ending}": params["dense"]["kernel"].copy()}


def follow(make, dtype, tolerance):
    """Make twenty steps with Optax and with its traced Symbol on two engines, and compare all parameters."""
    rng = np.random.default_rng(0)
    params, tx = tree(rng, dtype), make()
    symbol, states = sj.trace(tx, params)
    arrays, runs = [], []
    for engine in ("eager", "fused"):
        arrays.append(named(params) | {k: v.copy() for k, v in states.items()})
        runs.append(sym.optimizers.bind_in_place(symbol, arrays[-1], engine=engine))
    params = jax.tree.map(jnp.asarray, params)
    state = tx.init(params)

    @jax.jit
    def update(grads, state, params):
        updates, state = tx.update(grads, state, params)
        return optax.apply_updates(params, updates), state

    for _ in range(20):
        grads = tree(rng, dtype)
        params, state = update(grads, state, params)
        for run in runs:
            run.forward(**named(grads, "_grad"))
    for each in arrays:
        for name, expected in named(params).items():
            np.testing.assert_allclose(each[name], expected, rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("name", [*RULES, *CHAINS])
def test_twenty_steps_are_those_of_optax(name):
    with jax.enable_x64(True):
        follow((RULES | CHAINS)[name], "float64", 1e-6)


@pytest.mark.parametrize("name", ["adam", "lamb", "lars", "centred", "trusted", "every second"])
def test_in_float32_too(name):
    follow((RULES | CHAINS)[name], "float32", 2e-5)


PARAMS = {"w": np.array([1.0, -2.0], "float32")}


def test_names_types_and_states():
    step, states = sj.trace(optax.adam(0.1), {"dense": {"kernel": np.ones((2, 3), "float32")}})
    assert set(step.list_inputs()) == {"dense.kernel", "dense.kernel_grad", *states}
    assert {k: (v.shape, v.dtype.name) for k, v in states.items()} == {
        "state.0.count": ((), "int32"), "state.0.mu.dense.kernel": ((2, 3), "float32"),
        "state.0.nu.dense.kernel": ((2, 3), "float32")}
    _, shapes, _ = step.infer_shape()
    assert shapes[step.list_outputs().index("dense.kernel_step_output")] == (2, 3)
    assert sj.trace(optax.sgd(0.1), np.ones(2, "float32"))[0].list_inputs() == ["params", "params_grad"]


def test_states_that_nothing_reads_are_left_out():
    tx = optax.GradientTransformation(lambda params: {"used": jnp.ones(2), "unused": jnp.ones(3)},
                                      lambda g, s, p: (jax.tree.map(lambda x: x * s["used"], g), s))
    step, states = sj.trace(tx, PARAMS)
    assert list(states) == ["state.used"] and set(step.list_inputs()) == {"w", "w_grad", "state.used"}


def test_the_same_rule_gives_the_same_text_and_files_hold_it(tmp_path):
    step, states = sj.trace(optax.lamb(0.1), PARAMS)
    again, _ = sj.trace(optax.lamb(0.1), PARAMS)
    assert step.tojson() == again.tojson()
    loaded = sym.load_json(step.tojson())
    arrays = [{"w": PARAMS["w"].copy()} | {k: v.copy() for k, v in states.items()} for _ in range(2)]
    for symbol, mine in zip((step, loaded), arrays):
        sym.optimizers.bind_in_place(symbol, mine).forward(w_grad=np.ones(2))
    np.testing.assert_array_equal(arrays[0]["w"], arrays[1]["w"])


def test_it_composes_with_a_loss():
    step, states = sj.trace(optax.sgd(0.25), PARAMS)
    weight = sym.var("w")
    loss = sym.make_loss(sym.sum(sym.square(weight)), name="cost")
    whole = step(w=weight, w_grad=sym.gradient(loss, ["w"]))
    w = PARAMS["w"].copy()
    sym.optimizers.bind_in_place(whole, {"w": w, **states}).forward()
    np.testing.assert_allclose(w, PARAMS["w"] / 2)


def error(kind, call, *words):
    with pytest.raises(kind) as caught:
        call()
    assert all(word in str(caught.value) for word in words), str(caught.value)


def looping(change):
    return optax.stateless(lambda updates, params: jax.tree.map(change, updates))


def by_eigenvectors(x):
    values, vectors = jnp.linalg.eigh(x @ x.T)
    return vectors * jnp.sqrt(values + 1) @ vectors.T @ x


@pytest.mark.parametrize("change", [
    lambda x: jnp.concatenate(jnp.split(x, 2)[::-1]), lambda x: jnp.concatenate(jax.lax.split(x, (1, 3), axis=1)[::-1], 1),
    lambda x: jnp.stack([x, 2 * x], 1).sum(1), lambda x: x * sum(jnp.unstack(x, axis=1)), by_eigenvectors,
    lambda x: jnp.linalg.qr(x)[0], lambda x: jnp.linalg.qr(x)[1], lambda x: jnp.linalg.cholesky(x @ x.T + jnp.eye(4)),
    jnp.triu, lambda x: jax.device_put(x) * 2, lambda x: jnp.cumsum(x, 0), lambda x: jax.lax.cumsum(x, 1, reverse=True),
    lambda x: x * jax.nn.logsumexp(x), lambda x: sum(jax.lax.optimization_barrier((x, 2 * x))),
    lambda x: jnp.where(np.arange(4) < 2, x, 0), lambda x: jax.lax.select_n(np.eye(4, dtype="int32"), x, -x),
], ids=range(16))
def test_what_changes_matrices(change):
    x = np.random.default_rng(0).normal(size=(4, 4)).astype("float32")
    step, _ = sj.trace(looping(change), {"w": np.zeros((4, 4), "float32")})
    w = np.zeros((4, 4), "float32")
    sym.optimizers.bind_in_place(step, {"w": w}).forward(w_grad=x)
    np.testing.assert_allclose(w, change(jnp.asarray(x)), rtol=1e-5, atol=1e-5)


def test_momenta_of_few_bits_are_those_of_optax_without_jit():
    """Under jit XLA keeps more bits between operations than bfloat16 has."""
    tx = optax.adam(1e-2, mu_dtype=jnp.bfloat16)
    rng, params = np.random.default_rng(1), {"w": np.ones((3, 4), "float32")}
    step, states = sj.trace(tx, params)
    arrays, theirs = {"w": params["w"].copy(), **states}, jax.tree.map(jnp.asarray, params)
    run, state = sym.optimizers.bind_in_place(step, arrays), tx.init(theirs)
    for _ in range(20):
        grad = rng.normal(size=(3, 4)).astype("float32")
        run.forward(w_grad=grad)
        updates, state = tx.update({"w": jnp.asarray(grad)}, state, theirs)
        theirs = optax.apply_updates(theirs, updates)
    np.testing.assert_allclose(arrays["w"], theirs["w"], rtol=1e-6)


def test_what_cannot_be_traced_is_named():
    error(OperatorError, lambda: sj.trace(3, PARAMS), "Optax transformation", "3")
    error(OperatorError, lambda: sj.trace(optax.sgd(0.1), {}), "at least one parameter")
    error(DTypeError, lambda: sj.trace(optax.sgd(0.1), {"n": np.ones(2, "int32")}), "n has dtype int32")
    error(BindError, lambda: sj.trace(optax.sgd(0.1), PARAMS | {"w_grad": PARAMS["w"]}), "'w_grad'")
    error(OperatorError, lambda: sj.trace(optax.polyak_sgd(), PARAMS), "more than gradients", "'value'")
    error(DTypeError, lambda: sj.trace(optax.noisy_sgd(0.1, key=0), PARAMS), "key")
    for change, name in ((jnp.fft.fft, "fft"), (lambda x: jnp.linalg.qr(x.reshape(-1, 1), "complete")[0], "qr"),
                         (lambda x: jnp.linalg.svd(x.reshape(1, -1))[0], "svd"),
                         (lambda x: jax.lax.fori_loop(0, x.astype(int)[0], lambda i, y: y + 1, x), "while"),
                         (lambda x: jax.lax.scan(lambda c, y: (c + y, c), 0.0, x)[1], "scan"),
                         (lambda x: jax.pure_callback(np.sin, x, x), "pure_callback")):
        error(OperatorError, lambda change=change: sj.trace(looping(lambda x: jnp.real(change(x))), PARAMS), name)
