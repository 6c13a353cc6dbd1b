"""Update rules beside six updates of MXNet 1.9.1's optimizer classes, recorded once, in a graph and out of it."""

from pathlib import Path

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray import registry
from ndarray.errors import OperatorError
from ndarray.operator import operator
from ndarray.params import Scalar
from ndarray.rules import same_floating
from symbolic import optimizers

GOLDEN = Path(__file__).parents[2] / "golden/optimizers/trajectories.npz"
COMMON = {"wd": 0.02, "rescale_grad": 0.7, "clip_gradient": 0.8}
PLAIN = {"rescale_grad": 0.7, "clip_gradient": 0.8}

# Name of the recording: name and hyper-parameters of our rule.
RULES = {
    "sgd": ("sgd", COMMON),
    "sgd_mom": ("sgd", {**COMMON, "momentum": 0.9}),
    # Without decay: in place, MXNet's kernel takes the decay of the momentum from the weight it has just written.
    "nag": ("nag", {**PLAIN, "momentum": 0.9}),
    "lamb": ("lamb", COMMON),
    "lamb_bounds": ("lamb", {**COMMON, "lower_bound": 0.5, "upper_bound": 2.0, "bias_correction": False}),
    "ftml": ("ftml", {"wd": 0.02, "rescale_grad": 0.7, "clip_grad": 0.8}),
    "adam": ("adam", {**COMMON, "beta1": 0.8, "beta2": 0.95}),
    "signum": ("signum", {**COMMON, "momentum": 0.9, "wd_lh": 0.1}),
    "signsgd": ("signsgd", COMMON),
    "rmsprop": ("rmsprop", {**COMMON, "gamma1": 0.9}),
    "rmspropalex": ("rmspropalex", {**COMMON, "gamma1": 0.9, "clip_weights": 1.0}),
    "ftrl": ("ftrl", COMMON),
    "adagrad": ("adagrad", COMMON),
    "lars": ("lars", {"wd": 0.02, "rescale_grad": 0.7, "momentum": 0.9, "eta": 0.1, "eps": 1e-6}),
    "adamax": ("adamax", COMMON),
    "adadelta": ("adadelta", COMMON),
    "group_adagrad": ("group_adagrad", PLAIN),
}
# What this class computes no operator does.
UNKNOWN = {"nadam"}
LR = 0.1
RATES = {"adadelta": 1.0}
# A few roundings of float32 in each of six updates; MXNet orders its operations differently.
CLOSE = {"rtol": 3e-6, "atol": 3e-6}


@pytest.fixture(scope="module")
def recorded():
    with np.load(GOLDEN) as file:
        return dict(file)


def made(name):
    rule, params = RULES[name]
    return optimizers.rule(rule, **params)


@pytest.mark.parametrize("name", RULES)
def test_a_step_of_a_graph(name, recorded):
    weight = nd.array(recorded["weight"])
    trainer = optimizers.Trainer(optimizers.update(["a_weight"], made(name)), {"a_weight": weight},
                                 lr=RATES.get(name, LR))
    for grad, expected in zip(recorded["grads"], recorded[name], strict=True):
        trainer.step(a_weight_grad=grad)
        np.testing.assert_allclose(weight.asnumpy(), expected, **CLOSE)


@pytest.mark.parametrize("name", RULES)
def test_an_updater(name, recorded):
    rule, params = RULES[name]
    update, weight = optimizers.Updater(rule, RATES.get(name, LR), **params), nd.array(recorded["weight"])
    for grad, expected in zip(recorded["grads"], recorded[name], strict=True):
        update(0, nd.array(grad), weight)
        np.testing.assert_allclose(weight.asnumpy(), expected, **CLOSE)


def test_every_recording_has_a_rule(recorded):
    assert recorded.keys() - {"weight", "grads"} == RULES.keys() | UNKNOWN


@pytest.mark.parametrize("feed", [False, True])
def test_adams_rate_is_corrected_whatever_gives_it(feed):
    w = np.array([1.0], "f8")
    lr, params = (sym.var("rate"), {"beta1": sym.var("b")}) if feed else (LR, {"beta1": 0.8})
    update = optimizers.update(["a_weight"], "adam", lr=lr, epsilon=0.0, **params)
    fed = {"rate": [LR], "b": [0.8]} if feed else {}
    run = optimizers.bind_in_place(update, {"a_weight": w, **{k: np.array(v) for k, v in fed.items()}})
    run.forward(t=np.array([1.0]), a_weight_grad=np.array([3.0]))
    # Corrected, the first step is as long as the rate.
    np.testing.assert_allclose(w, [0.9], rtol=1e-12)


@pytest.mark.parametrize("t", [1, 2, 1000])
def test_the_correction_keeps_its_digits_in_float32(t):
    run = optimizers.bind_in_place(optimizers.update(["a_weight"], "adam"), {"a_weight": np.zeros(1, "f4")})
    seen = run.monitor("lr_corrected_output")
    run.forward(t=np.array([t], "f4"), lr=np.ones(1, "f4"))
    expected = np.sqrt(1 - 0.999 ** t) / (1 - 0.9 ** t)
    np.testing.assert_allclose(seen["lr_corrected_output"].asnumpy(), [expected], rtol=4e-7)


def test_the_correction_can_be_left_out():
    update = optimizers.update(["a_weight"], "adam", bias_correction=False)
    assert "t" not in update.list_arguments()
    with pytest.raises(OperatorError, match="no parameter of sgd_update named 'bias_correction'"):
        optimizers.rule("sgd", bias_correction=False)


@pytest.mark.parametrize("name", ["lamb_update_phase1", "mp_lamb_update_phase1", "lamb_update_phase2"])
def test_a_phase_of_an_update_is_no_rule(name):
    with pytest.raises(nd.errors.UnknownNameError, match=f"no update rule named '{name}'"):
        optimizers.rule(name)


def moved_by(rule, lr, grads, how, **params):
    """Return a weight that started at 1 after each update, through one of the three ways to update."""
    weight, found = nd.array([1.0], dtype="float64"), []
    if how == "updater":
        updater = optimizers.Updater(rule, lr, **params)
        one = lambda g: updater("w", nd.array([g], dtype="float64"), weight)
    elif how == "update":
        trainer = optimizers.Trainer(optimizers.update(["w"], rule, **params), {"w": weight}, lr=lr)
        one = lambda g: trainer.step(w_grad=np.array([g]))
    else:
        loss = sym.make_loss(sym.sum(sym.var("w") * sym.BlockGrad(sym.var("slope"))))
        trainer = optimizers.Trainer(optimizers.step(loss, rule, ["w"], **params), {"w": weight}, lr=lr, slope=(1,))
        one = lambda g: trainer.step(slope=np.array([g]))
    for g in grads:
        one(g)
        found.append(weight.asscalar())
    return found


HOW = pytest.mark.parametrize("how", ["step", "update", "updater"])


@HOW
def test_a_constant_gradient_moves_lions_weight_by_the_rate(how):
    """Lion has two betas and no bias to correct."""
    np.testing.assert_allclose(moved_by("lion", 0.1, [1.0] * 5, how), 1 - 0.1 * np.arange(1, 6), rtol=1e-12)


@pytest.fixture
def curved(monkeypatch):
    """An operator declared outside of the packages, which reads one more array of each tensor."""
    registry.names()
    monkeypatch.setattr(registry, "_by_any_name", dict(registry._by_any_name))

    @operator(same_floating, writes=("mean",), fusible=True)
    def curved_update(xp, weight, grad, mean, hess, /, *, lr: Scalar, beta1: Scalar = 0.96, beta2: Scalar = 0.99,
                      rho: Scalar = 0.04, wd: Scalar = 0.0):
        """Step by the mean over the curvature, at most the rate (as Sophia does)."""
        mean = beta1 * mean + (1 - beta1) * grad
        ratio = xp.minimum(xp.maximum(mean / xp.maximum(rho * hess, 1e-12), -1.0), 1.0)
        return (1 - lr * wd) * weight - lr * ratio, mean

    return curved_update


def test_an_operator_that_a_user_declares_is_a_rule(curved):
    """Its further input is one for each tensor, in a graph and out of it; its two betas mean no correction."""
    start, grad, hess = np.array([1.0, -2.0]), np.array([0.5, -0.1]), np.array([1.0, 30.0])
    mean = expected = 0
    weight, other = nd.array(start, dtype="float64"), nd.array(start, dtype="float64")
    alone = optimizers.update(["a"], "curved", wd=0.1)
    assert alone.list_arguments() == ["a", "a_grad", "a_hess", "lr"] and alone.list_auxiliary_states() == ["a_mean"]
    trainer, updater = optimizers.Trainer(alone, {"a": weight}, lr=0.1), optimizers.Updater("curved", 0.1, wd=0.1)
    expected = start
    for _ in range(3):
        mean = 0.96 * mean + 0.04 * grad
        expected = expected * (1 - 0.1 * 0.1) - 0.1 * np.clip(mean / np.maximum(0.04 * hess, 1e-12), -1, 1)
        trainer.step(a_grad=grad, a_hess=hess)
        updater("a", nd.array(grad, dtype="float64"), other, hess=nd.array(hess, dtype="float64"))
        np.testing.assert_allclose(weight.asnumpy(), expected, rtol=1e-12)
        np.testing.assert_allclose(other.asnumpy(), expected, rtol=1e-12)
    assert updater.states["a"].keys() == {"mean"}
    with pytest.raises(OperatorError, match="takes of each tensor weight, grad, hess; got weight, grad$"):
        updater("a", nd.array(grad, dtype="float64"), other)


def test_a_step_is_the_loss_its_gradient_and_the_update():
    """The update of a step, composed with gradients by name, is the step."""
    loss = sym.make_loss(sym.sum(sym.square(sym.var("w") - sym.var("x"))), name="cost")
    alone = optimizers.update(["w"], "adam", wd=0.1, clip_norm=2.0)
    assert alone.list_arguments() == ["w", "w_grad", "lr", "t"]
    start, results = np.array([1.0, -2.0]), []
    for composed in (False, True):
        weight = start.copy()
        step = optimizers.step(loss, "adam", ["w"], wd=0.1, clip_norm=2.0)
        if composed:
            step = sym.Group([loss, alone(w_grad=sym.gradient(loss, "w"), w=loss.get_internals()["w"])])
            step = sym.load_json(step.tojson())
        trainer = optimizers.Trainer(step, {"w": weight}, lr=0.1, x=(2,))
        for _ in range(4):
            trainer.step(x=np.array([3.0, 3.0]))
        results.append(weight)
    np.testing.assert_array_equal(*results)


def test_update_refuses_what_it_cannot_name():
    for wrong, message in (([], "at least one parameter"), ([sym.var("a") + 1], "a name or a variable"),
                           (["a", "a"], "a is given twice"), (["w", "w_grad"], "two inputs are named `w_grad`"),
                           (["lr", "a"], r"lr=sym.var\('rate'\)")):
        with pytest.raises(OperatorError, match=message):
            optimizers.update(wrong, "sgd")


def test_rates_and_counts_belong_to_the_step():
    for name, params in (("sgd", {"lr": 0.1}), ("ftml", {"t": 3}), ("preloaded_multi_sgd", {"lrs": [0.1]})):
        with pytest.raises(OperatorError, match="belongs to the step"):
            optimizers.rule(name, **params)


def test_the_name_of_a_class_is_near_that_of_a_rule():
    with pytest.raises(nd.errors.UnknownNameError, match="no update rule named 'SGD'; did you mean 'sgd'"):
        optimizers.rule("SGD")
