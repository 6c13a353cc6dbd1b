"""MXNet's optimizer classes: their paths, arguments, states and factors, as in MXNet 1.9.1."""

import copy
import inspect
import pickle
import warnings

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import OperatorError, ParamError, UnknownNameError
from symbolic import optimizers
from tests.golden.optimizers import record

GOLDEN = record.HERE / "classes.npz"
SIGNATURES = {
    "SGD": "momentum=0.0, lazy_update=True",
    "ccSGD": "momentum=0.0, lazy_update=True",
    "LBSGD": "momentum=0.0, multi_precision=False, warmup_strategy='linear', warmup_epochs=5, batch_scale=1, "
             "updates_per_epoch=32, begin_epoch=0, num_epochs=60",
    "NAG": "momentum=0.0",
    "Signum": "learning_rate=0.01, momentum=0.9, wd_lh=0.0",
    "SGLD": "",
    "DCASGD": "momentum=0.0, lamda=0.04",
    "FTML": "beta1=0.6, beta2=0.999, epsilon=1e-08",
    "LARS": "momentum=0.0, lazy_update=True, eta=0.001, eps=0, momentum_correction=True",
    "LAMB": "learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-06, lower_bound=None, upper_bound=None, "
            "bias_correction=True",
    "Adam": "learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-08, lazy_update=True",
    "Adamax": "learning_rate=0.002, beta1=0.9, beta2=0.999",
    "Nadam": "learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-08, schedule_decay=0.004",
    "AdaGrad": "eps=1e-07",
    "AdaDelta": "rho=0.9, epsilon=1e-05",
    "RMSProp": "learning_rate=0.001, gamma1=0.9, gamma2=0.9, epsilon=1e-08, centered=False, clip_weights=None",
    "Ftrl": "lamda1=0.01, learning_rate=0.1, beta=1",
    "GroupAdaGrad": "eps=1e-05",
}


@pytest.fixture(scope="module")
def recorded():
    with np.load(GOLDEN) as file:
        return dict(file)


@pytest.mark.parametrize("case", record.CASES)
def test_paths_are_mxnets(case, recorded):
    name, arguments, n = record.CASES[case]
    dtype = "float16" if "multi_precision" in arguments else "float32"
    optimizer = optimizers.create(name, learning_rate=record.RATE["base_lr"], param_idx2name=record.NAMES,
                                  lr_scheduler=optimizers.MultiFactorScheduler(**record.RATE), **arguments)
    optimizer.set_lr_mult(record.LR_MULT)
    if "wd" in arguments:
        optimizer.set_wd_mult(record.WD_MULT)
    updater = optimizers.get_updater(optimizer)
    weights = {i: nd.array(w, dtype=dtype) for i, w in record.start(dtype).items() if i < n}
    paths = {i: [w.asnumpy()] for i, w in weights.items()}
    for grads in record.gradients(dtype):
        given = [nd.array(grads[i], dtype=dtype) for i in weights]
        updater(list(weights), given, list(weights.values()))
        for i, w in weights.items():
            paths[i].append(w.asnumpy())
    for i, found in paths.items():
        expected = recorded[f"{case}.{i}"].astype("float64")
        way = np.abs(np.diff(np.array(found, "float64"), axis=0)).sum(axis=0).max()
        # Roundings of float32 in another order; a float16 weight may be the next one.
        eps = 1e-3 if dtype == "float16" else 3e-6
        np.testing.assert_allclose(found[1:], expected, rtol=eps, atol=(1e-4 if dtype == "float16" else 1e-5) * way)


@pytest.mark.parametrize("name", SIGNATURES)
def test_arguments_are_mxnets(name):
    cls = getattr(optimizers, name)
    own = [p for p in inspect.signature(cls).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert ", ".join(map(str, own)) == SIGNATURES[name]
    keywords = {p.name for p in inspect.signature(cls).parameters.values()}
    assert keywords >= {"rescale_grad", "param_idx2name", "wd", "clip_gradient", "lr_scheduler", "sym",
                        "begin_num_update", "multi_precision", "param_dict"}
    assert type(optimizers.create(name.upper())) is cls
    with pytest.raises(OperatorError, match="no argument named 'momentun'"):
        cls(momentun=0.9)
    with pytest.raises(OperatorError, match=f"{name} takes by position at most"):
        cls(*range(20))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
@pytest.mark.parametrize("name", [name for name in SIGNATURES if name != "SGLD"])
def test_a_copy_goes_on_bit_for_bit(name, copied):
    optimizer = (optimizers.contrib if name == "GroupAdaGrad" else optimizers).__dict__[name]()
    weight, grad = nd.array([[1.0, 2.0]]), nd.array([[0.5, -1.0]])
    state = optimizer.create_state(0, weight)
    optimizer.update(0, weight, grad, state)
    again, other_weight, other_state = copied((optimizer, weight, state))
    optimizer.update(0, weight, grad, state)
    again.update(0, other_weight, grad, other_state)
    assert again.num_update == 2 and weight.asnumpy().tobytes() == other_weight.asnumpy().tobytes()


def test_an_updater_of_a_combined_rule_is_pickled():
    updater = optimizers.Updater(optimizers.cautious("adamw", wd=0.1), lr=0.1)
    again = pickle.loads(pickle.dumps(updater))
    weight, other = nd.ones((2, 2)), nd.ones((2, 2))
    updater(0, nd.ones((2, 2)), weight)
    again(0, nd.ones((2, 2)), other)
    assert weight.asnumpy().tobytes() == other.asnumpy().tobytes()


def test_group_adagrad_is_in_contrib():
    assert optimizers.contrib.GroupAdaGrad is optimizers.GroupAdaGrad


STATES = {
    "SGD": (None, "array"), "ccSGD": (None, "array"), "LBSGD": (None, "array"), "NAG": (None, "array"), "Signum": (None, "array"), "LARS": (None, "array"),
    "SGLD": (None, None), "DCASGD": (2, 2), "FTML": (3, 3), "LAMB": (2, 2), "Adam": (2, 2), "Adamax": (2, 2),
    "Nadam": (3, 3), "AdaGrad": ("array", "array"), "AdaDelta": (2, 2), "RMSProp": (1, 1), "Ftrl": (2, 2),
    "GroupAdaGrad": ("array", "array"),
}


@pytest.mark.parametrize("name", STATES)
def test_states_have_mxnets_form(name):
    weight = nd.ones((2, 3))
    for momentum, expected in zip((0.0, 0.9), STATES[name]):
        settings = {"momentum": momentum} if "momentum" in SIGNATURES[name] else {}
        state = getattr(optimizers, name)(**settings).create_state(0, weight)
        form = state if state is None else "array" if isinstance(state, nd.NDArray) else len(state)
        assert form == expected
    half = weight.astype("float16")
    state = getattr(optimizers, name)(multi_precision=True).create_state_multi_precision(0, half)
    assert len(state) == 2 and any(s is not None and getattr(s, "dtype", None) == np.float32 for s in state)


def test_a_half_precision_weight_without_a_copy_is_told():
    with pytest.warns(UserWarning, match="float16 lose small steps"):
        optimizers.SGD().create_state_multi_precision(0, nd.ones(2, dtype="float16"))


def test_rates_and_counts():
    weight, grad = nd.zeros(1), nd.ones(1)
    optimizer = optimizers.SGD(learning_rate=0.5, begin_num_update=7)
    optimizer.update(0, weight, grad, None)
    assert (optimizer.num_update, optimizer.learning_rate, weight.asscalar()) == (8, 0.5, -0.5)
    optimizer.set_learning_rate(0.25)
    optimizer.update("other", weight, grad, None)
    assert (optimizer.num_update, weight.asscalar()) == (8, -0.75)
    schedule = optimizers.FactorScheduler(1, 0.5, base_lr=1.0)
    with pytest.warns(UserWarning, match="learning_rate=0.5 replaces the base rate 1.0"):
        optimizer = optimizers.SGD(learning_rate=0.5, lr_scheduler=schedule)
    for _ in range(2):
        optimizer.update(0, weight, grad, None)
    assert optimizer.learning_rate == 0.25 and weight.asscalar() == -1.5
    with pytest.raises(OperatorError, match="lr_scheduler"):
        optimizer.set_learning_rate(1.0)
    assert optimizers.SGD().learning_rate == 0.01 and optimizers.Adam().learning_rate == 0.001


def test_a_learning_rate_replaces_the_base_of_a_schedule_where_it_does_in_mxnet():
    """Not where the curve is that of the schedule's own base, nor in Ftrl; never where a warm-up ends."""
    warm = {"warmup_steps": 2, "warmup_begin_lr": 0.01, "base_lr": 0.1}
    for schedule in (optimizers.PolyScheduler(8, **warm), optimizers.CosineScheduler(8, **warm)):
        optimizer = optimizers.Adam(lr_scheduler=schedule)
        assert [optimizer.lr_scheduler(n) for n in range(9)] == [schedule(n) for n in range(9)]
    with pytest.warns(UserWarning, match="learning_rate=0.001 replaces the base rate 0.1"):
        optimizer = optimizers.Adam(lr_scheduler=optimizers.FactorScheduler(3, 0.5, **warm))
    assert [optimizer.lr_scheduler(n) for n in range(5)] == pytest.approx([0.01, 0.055, 0.001, 0.001, 0.0005])
    assert optimizers.Ftrl(lr_scheduler=optimizers.FactorScheduler(3, 0.5, base_lr=0.2)).lr_scheduler(1) == 0.2


def test_factors_of_names_and_of_the_net():
    net = sym.FullyConnected(sym.var("x"), sym.var("fc_weight", lr_mult=0.5, wd_mult=3), num_hidden=1, name="fc")
    optimizer = optimizers.SGD(learning_rate=1.0, wd=0.1, sym=net, param_idx2name={0: "fc_weight", 1: "fc_bias"})
    assert optimizer.lr_mult == {"fc_weight": 0.5} and optimizer.wd_mult == {"fc_bias": 0.0, "fc_weight": 3.0}
    optimizer.set_lr_mult({1: 2.0})
    weights = [nd.ones(1), nd.ones(1)]
    optimizer.update([0, 1], weights, [nd.ones(1), nd.ones(1)], [None, None])
    np.testing.assert_allclose([w.asscalar() for w in weights], [1 - 0.5 * (1 + 0.3), 1 - 2.0], rtol=1e-6)


def test_arguments_may_be_changed_between_updates():
    """Gluon's trainer sets `rescale_grad` before each step."""
    optimizer, weight = optimizers.SGD(learning_rate=1.0), nd.zeros(1)
    for scale in (0.5, 0.25):
        optimizer.rescale_grad = scale
        optimizer.update(0, weight, nd.ones(1), None)
    assert weight.asscalar() == -0.75


@pytest.mark.parametrize(("name", "asked"), [  # recorded from MXNet 1.9.1
    ("SGD", [3]), ("ccSGD", [3]), ("LARS", [3]), ("LAMB", [2, 3]), ("NAG", [2, 3]), ("Adam", [2, 3]), ("Signum", [2, 3])])
def test_rates_of_a_list_are_those_of_the_counts_that_mxnet_takes(name, asked):
    found = []
    optimizer = optimizers.create(name, lr_scheduler=lambda n: found.append(n) or 0.1)
    updater = optimizers.get_updater(optimizer)
    weights = [nd.ones(2), nd.ones(2)]
    for _ in range(2):
        updater(1, nd.ones(2), weights[1])
    found.clear()
    updater([0, 1], [nd.ones(2)] * 2, weights)
    assert sorted(set(found)) == asked and optimizer.num_update == 3


def test_mistakes_are_told_when_an_optimizer_is_made():
    for make in (lambda: optimizers.Adam(beta1=1.0), lambda: optimizers.SGD(learning_rate=float("nan")),
                 lambda: optimizers.RMSProp(gamma1=2.0), lambda: optimizers.SGD(begin_num_update=-1),
                 lambda: optimizers.LBSGD(batch_scale=0), lambda: optimizers.LBSGD(warmup_strategy="steep")):
        with pytest.raises(ParamError):
            make()
    with pytest.raises(UnknownNameError, match="no optimizer named 'adamm'; did you mean"):
        optimizers.create("adamm")
    with pytest.raises(OperatorError, match="GroupAdaGrad has no weight decay"):
        optimizers.GroupAdaGrad(wd=0.1).update(0, nd.ones((2, 2)), nd.ones((2, 2)), nd.zeros((2, 1)))


def test_langevin_dynamics_in_mean_and_variance():
    nd.random.seed(2)
    n, rate = 50_000, 0.04
    optimizer, weight = optimizers.SGLD(learning_rate=rate, wd=0.5, rescale_grad=2.0, clip_gradient=1.0), nd.ones(n)
    optimizer.update(0, weight, nd.ones(n), optimizer.create_state(0, weight))
    noise = weight.asnumpy().astype("float64") - (1 - rate / 2 * (1.0 + 0.5))
    assert abs(noise.mean()) < 5 * np.sqrt(rate / n) and abs(noise.var() / rate - 1) < 5 * np.sqrt(2 / n)


def test_large_batches_are_summed_and_their_gradients_stay():
    optimizer, weight, grads = optimizers.LBSGD(learning_rate=1.0, batch_scale=2, warmup_epochs=0), nd.zeros(1), [nd.ones(1), nd.ones(1) * 3]
    for grad in grads:
        optimizer.update(0, weight, grad, None)
        assert weight.asscalar() in (0.0, -4.0)  # The rate is twice as large, for the mean of 1 and 3.
    assert weight.asscalar() == -4.0 and [g.asscalar() for g in grads] == [1.0, 3.0] and optimizer.num_update == 2


def test_nadams_tensors_do_not_share_a_schedule():
    """Unlike in MXNet, what a tensor's steps are does not depend on how many others there are."""
    paths = []
    for n in (1, 3):
        updater = optimizers.get_updater(optimizers.Nadam(learning_rate=0.1))
        weights = [nd.array([1.0, -2.0]) for _ in range(n)]
        for k in range(5):
            updater(list(range(n)), [nd.array([0.5 + k, -1.0])] * n, weights)
        paths.append([w.asnumpy() for w in weights])
    for w in paths[1]:
        np.testing.assert_array_equal(w, paths[0][0])


def test_no_warning_is_given_otherwise():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in SIGNATURES:
            optimizers.create(name)
