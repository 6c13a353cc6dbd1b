"""Update rules beside six updates of MXNet 1.9.1's optimizer classes, recorded once, in a graph and out of it."""

from pathlib import Path

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import OperatorError
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


def loss():
    """A loss whose gradient is the variable ``g``."""
    return sym.make_loss(sym.sum(sym.var("a_weight") * sym.BlockGrad(sym.var("g"))))


@pytest.mark.parametrize("name", RULES)
def test_a_step_of_a_graph(name, recorded):
    weight = nd.array(recorded["weight"])
    trainer = optimizers.Trainer(optimizers.step(loss(), made(name)), {"a_weight": weight},
                                 lr=RATES.get(name, LR), g=weight.shape)
    for grad, expected in zip(recorded["grads"], recorded[name], strict=True):
        trainer.step(g=grad)
        np.testing.assert_allclose(weight.asnumpy(), expected, **CLOSE)


@pytest.mark.parametrize("name", set(RULES) - {"lars", "lamb", "lamb_bounds"})
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
    step = optimizers.step(loss(), "adam", lr=lr, epsilon=0.0, **params)
    fed = {"rate": [LR], "b": [0.8]} if feed else {}
    run = optimizers.bind_in_place(step, {"a_weight": w, **{k: np.array(v) for k, v in fed.items()}}, g=(1,))
    run.forward(t=np.array([1.0]), g=np.array([3.0]))
    # Corrected, the first step is as long as the rate.
    np.testing.assert_allclose(w, [0.9], rtol=1e-12)


@pytest.mark.parametrize("t", [1, 2, 1000])
def test_the_correction_keeps_its_digits_in_float32(t):
    run = optimizers.bind_in_place(optimizers.step(loss(), "adam"), {"a_weight": np.zeros(1, "f4")}, g=(1,))
    seen = run.monitor("lr_corrected_output")
    run.forward(t=np.array([t], "f4"), lr=np.ones(1, "f4"))
    expected = np.sqrt(1 - 0.999 ** t) / (1 - 0.9 ** t)
    np.testing.assert_allclose(seen["lr_corrected_output"].asnumpy(), [expected], rtol=4e-7)


def test_the_correction_can_be_left_out():
    step = optimizers.step(loss(), "adam", bias_correction=False)
    assert "t" not in step.list_arguments()
    with pytest.raises(OperatorError, match="no parameter of sgd_update named 'bias_correction'"):
        optimizers.rule("sgd", bias_correction=False)


@pytest.mark.parametrize("name", ["lamb_update_phase1", "mp_lamb_update_phase1", "lamb_update_phase2"])
def test_a_phase_of_an_update_is_no_rule(name):
    with pytest.raises(nd.errors.UnknownNameError, match=f"no update rule named '{name}'"):
        optimizers.rule(name)
