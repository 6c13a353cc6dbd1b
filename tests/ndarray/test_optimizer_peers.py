"""Chains of updates beside torch.optim, where it defines the same one."""

import math

import numpy as np
import pytest

import ndarray as nd

torch = pytest.importorskip("torch")

STEPS, LR = 6, 0.05


def gradients(seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(3, 4)), [rng.normal(size=(3, 4)) for _ in range(STEPS)]


def torch_weights(optimizer, **settings):
    start, grads = gradients()
    weight = torch.tensor(start, requires_grad=True)
    step = optimizer([weight], lr=LR, **settings)
    for grad in grads:
        weight.grad = torch.tensor(grad)
        step.step()
    return weight.detach().numpy()


def weights(update, states, at_step=lambda t: {}, **settings):
    start, grads = gradients()
    weight = nd.array(start, dtype="float64")
    states = [nd.zeros(start.shape, dtype="float64") for _ in range(states)]
    for t, grad in enumerate(grads, 1):
        update(weight, nd.array(grad, dtype="float64"), *states, out=weight, **{"lr": LR, **settings, **at_step(t)})
    return weight.asnumpy()


def same(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-13)


def test_sgd():
    same(weights(nd.sgd_update, 0, wd=0.1), torch_weights(torch.optim.SGD, weight_decay=0.1))


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum(nesterov):
    update = nd.nag_mom_update if nesterov else nd.sgd_mom_update
    same(weights(update, 1, momentum=0.9, wd=0.1),
         torch_weights(torch.optim.SGD, momentum=0.9, weight_decay=0.1, nesterov=nesterov))


def corrected(t, eps=1e-3):
    """Adam's bias correction, as the caller of adam_update folds it into its parameters."""
    root = math.sqrt(1 - 0.99 ** t)
    return {"lr": LR * root / (1 - 0.8 ** t), "epsilon": eps * root}


def test_adam():
    same(weights(nd.adam_update, 2, corrected, beta1=0.8, beta2=0.99, wd=0.1),
         torch_weights(torch.optim.Adam, betas=(0.8, 0.99), eps=1e-3, weight_decay=0.1))


def test_adamw():
    def update(*arrays, **settings):
        weight, grad, mean, var = arrays
        return nd.adamw_update(weight, grad, mean, var, nd.ones(1), **settings)

    same(weights(update, 2, corrected, beta1=0.8, beta2=0.99, eta=1, wd=LR * 0.1),
         torch_weights(torch.optim.AdamW, betas=(0.8, 0.99), eps=1e-3, weight_decay=0.1))


def test_rmsprop():
    same(weights(nd.rmsprop_update, 1, gamma1=0.9, epsilon=0, wd=0.1),
         torch_weights(torch.optim.RMSprop, alpha=0.9, eps=0, weight_decay=0.1))


def test_centred_rmsprop_with_momentum():
    same(weights(nd.rmspropalex_update, 3, gamma1=0.9, gamma2=0.8, epsilon=0, wd=0.1),
         torch_weights(torch.optim.RMSprop, alpha=0.9, momentum=0.8, eps=0, weight_decay=0.1, centered=True))


def test_adagrad():
    same(weights(nd.adagrad_update, 1, epsilon=0), torch_weights(torch.optim.Adagrad, eps=0))
