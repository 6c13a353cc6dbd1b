"""Chains of updates beside Optax, where it defines the same one."""

import math

import numpy as np
import pytest

import ndarray as nd

optax = pytest.importorskip("optax")
jax = pytest.importorskip("jax")

STEPS, LR = 6, 0.05


@pytest.fixture(autouse=True)
def doubles():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def gradients():
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, 4)), [rng.normal(size=(3, 4)) for _ in range(STEPS)]


def optax_weights(transform):
    weight, grads = gradients()
    weight = jax.numpy.asarray(weight)
    state = transform.init(weight)
    for grad in grads:
        change, state = transform.update(jax.numpy.asarray(grad), state, weight)
        weight = optax.apply_updates(weight, change)
    return np.asarray(weight)


def weights(update, states, at_step=lambda t: {}, **settings):
    start, grads = gradients()
    weight = nd.array(start, dtype="float64")
    states = [nd.zeros(start.shape, dtype="float64") for _ in range(states)]
    for t, grad in enumerate(grads, 1):
        update(weight, nd.array(grad, dtype="float64"), *states, out=weight, **({"lr": LR} | settings | at_step(t)))
    return weight.asnumpy()


def same(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-13)


def test_sgd_and_sign_sgd():
    same(weights(nd.sgd_update, 0), optax_weights(optax.sgd(LR)))
    same(weights(nd.signsgd_update, 0), optax_weights(optax.sign_sgd(LR)))


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum(nesterov):
    update = nd.nag_mom_update if nesterov else nd.sgd_mom_update
    same(weights(update, 1, momentum=0.9), optax_weights(optax.sgd(LR, momentum=0.9, nesterov=nesterov)))


def test_signum():
    transform = optax.chain(optax.ema(0.9, debias=False), optax.scale_by_sign(), optax.scale(-LR))
    same(weights(nd.signum_update, 1, momentum=0.9), optax_weights(transform))


def test_adam():
    # Optax puts the bias corrections into the means; the operator leaves them to the rate, and epsilon with them.
    def corrected(t):
        first, second = 1 - 0.9 ** t, math.sqrt(1 - 0.999 ** t)
        return {"lr": LR * second / first, "epsilon": 1e-8 * second}

    same(weights(nd.adam_update, 2, corrected), optax_weights(optax.adam(LR)))


def test_rmsprop():
    same(weights(nd.rmsprop_update, 1, gamma1=0.95), optax_weights(optax.rmsprop(LR, decay=0.95)))


def test_lion():
    same(weights(nd.lion_update, 1, wd=0.1), optax_weights(optax.lion(LR, weight_decay=0.1)))


def test_adabelief():
    same(weights(nd.adabelief_update, 2, lambda t: {"t": t}, epsilon=1e-8),
         optax_weights(optax.adabelief(LR, eps=1e-8, eps_root=1e-8)))


def test_lamb():
    start, grads = gradients()
    weight, mean, var = (nd.array(x, dtype="float64") for x in (start, 0 * start, 0 * start))
    for t, grad in enumerate(grads, 1):
        direction = nd.lamb_update_phase1(weight, nd.array(grad, dtype="float64"), mean, var, t=t, wd=0.1)
        r1, r2 = nd.norm(weight), nd.norm(direction)
        nd.lamb_update_phase2(weight, direction, r1, r2, lr=LR, out=weight)
    same(weight.asnumpy(), optax_weights(optax.lamb(LR, weight_decay=0.1)))


def test_lars():
    # Optax forms the rate from the norm of gradient and decay together, LARS from the sum of norms: without decay
    # they agree, but for the momentum, which Optax applies after the rate as well.
    start, grads = gradients()
    weight, mom = nd.array(start, dtype="float64"), nd.zeros(start.shape, dtype="float64")
    for grad in grads:
        grad = nd.array(grad, dtype="float64")
        sums = [nd.multi_sum_sq(x.astype("float32"), num_arrays=1) for x in (weight, grad)]
        rate = nd.multi_lars(nd.array([LR]), *sums, nd.zeros(1), eta=0.001, eps=0.0)
        nd.sgd_mom_update(weight, grad, mom, lr=rate, momentum=0.9, out=weight)
    expected = optax_weights(optax.lars(LR, trust_coefficient=0.001, momentum=0.9))
    # multi_lars and multi_sum_sq give float32: a relative 1e-7 of each step's length, which is a thousandth of the rate.
    np.testing.assert_allclose(weight.asnumpy(), expected, rtol=0, atol=1e-9)
