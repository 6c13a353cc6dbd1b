"""What a trainer is fed, what it starts from, and what it refuses: nothing is written by a call that fails."""

import math
import os
import signal

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import MXNetError, NotDifferentiableError, OperatorError, ParamError
from symbolic import optimizers

NAN = math.nan


def cost():
    return sym.make_loss(sym.sum(sym.square(sym.var("w") - sym.var("x"))), name="cost")


def trainer(rule="adam", lr=0.1, num_update=0, arrays=(), **params):
    weights = {"w": nd.array([1.0, 2.0, 3.0]), **dict(arrays)}
    return optimizers.Trainer(optimizers.step(cost(), rule, ["w"], **params), weights, lr=lr, num_update=num_update,
                              x=(3,))


def state(trained):
    bound = trained.executor.arg_dict | trained.executor.aux_dict
    return trained.num_update, {n: a.asnumpy() for n, a in bound.items() if n.startswith("w")}


X = np.full(3, 5.0, "float32")
BAD_NUMBERS = {
    "a rate that is NaN": ({}, {"lr": NAN}, "learning rate of update 1 must be finite"),
    "a rate that is infinite": ({}, {"lr": np.array([math.inf])}, "learning rate of update 1 must be finite"),
    "two rates": ({}, {"lr": np.ones(2)}, "learning rate of update 1 must be a number"),
    "count 0": ({}, {"t": 0}, "t=0 is not the number of an update"),
    "a count that is NaN": ({}, {"t": NAN}, "t=nan is not the number of an update"),
    "a fed beta of 1": ({"beta1": sym.var("beta")}, {"beta": 1.0}, r"beta1=.* within \[0, 1\)"),
    "a fed momentum": ({"rule": "sgd", "momentum": sym.var("mu")}, {"mu": NAN}, "momentum=.* is not a finite number"),
    "a fed decay": ({"wd": sym.var("decay")}, {"decay": np.array([NAN])}, "wd=.* is not a finite number"),
}


@pytest.mark.parametrize("name", BAD_NUMBERS)
def test_a_number_out_of_range_is_refused_before_anything_is_written(name):
    params, inputs, message = BAD_NUMBERS[name]
    trained = trainer(**params)
    number, before = state(trained)
    with pytest.raises(ParamError, match=message):
        trained.step(x=X, **inputs)
    after, arrays = state(trained)
    assert after == number == 0
    for n, a in arrays.items():
        np.testing.assert_array_equal(a, before[n])


@pytest.mark.parametrize("make", [
    lambda: trainer(num_update=-1), lambda: trainer(num_update=1.5), lambda: trainer(num_update=True),
    lambda: trainer(beta1=1.0), lambda: trainer(beta2=1), lambda: trainer(t=0), lambda: trainer(beta1=1.0, t=1),
    lambda: trainer(lr=NAN), lambda: trainer(rule="sgd", clip_gradient=NAN), lambda: trainer(epsilon=-1.0),
    lambda: trainer(clip_norm=-1.0), lambda: trainer(rule="lars", eps=-1.0), lambda: trainer(rule="lars", eta=NAN),
    lambda: trainer(rule="lamb", max_grad_norm=-2.0), lambda: optimizers.rule("lars", wd=NAN),
    lambda: optimizers.rule("adam", bias_correction="no"), lambda: trainer(epsilon_place="paper hat"),
    lambda: optimizers.Updater("ftml", 0.1, beta2=1.0)])
def test_a_setting_without_meaning_is_refused_when_it_is_made(make):
    with pytest.raises(ParamError):
        make()


@pytest.mark.parametrize("call", [
    lambda w, s: nd.lamb_update_phase1(w, w, *s[:2], t=0, wd=0.0),
    lambda w, s: nd.ftml_update(w, w, *s, lr=0.1, t=1, beta2=1.0),
    lambda w, s: nd.ftrl_update(w, w, *s[:2], lr=0.0),
    lambda w, s: nd.adam_update(w, w, *s[:2], lr=0.1, epsilon=-1e-8),
    lambda w, s: nd.sgd_mom_update(w, w, s[0], lr=0.1, clip_gradient=NAN),
    lambda w, s: nd.rmsprop_update(w, w, s[0], lr=0.1, clip_weights=NAN),
    lambda w, s: nd.multi_lamb_update(w, w, *s[:2], learning_rates=(1,), wds=(0,), step_count=nd.zeros(1))])
def test_an_operator_refuses_it_too(call):
    weight, states = nd.ones(2), [nd.zeros(2) for _ in range(3)]
    with pytest.raises(ParamError):
        call(weight, states)
    assert not any(s.asnumpy().any() for s in states) and weight.tolist() == [1, 1]


@pytest.mark.parametrize("value", [None, sym.var("x"), np.ones(2), "0.1", [0.1, 0.2], True, NAN, nd.ones(2)])
def test_what_a_schedule_returns_is_named_with_its_update(value):
    trained = trainer(lr=lambda number: value, num_update=6)
    with pytest.raises(ParamError, match="learning rate of update 7"):
        trained.step(x=X)
    with pytest.raises(ParamError, match="learning rate of update 1"):
        optimizers.Updater("sgd", lambda number: value)(0, nd.ones(1), nd.ones(1))


def test_an_array_of_one_rate_is_a_rate():
    trained = trainer("sgd", lr=lambda number: np.array([0.5]))
    trained.step(x=X)
    np.testing.assert_allclose(trained.executor.arg_dict["w"].asnumpy(), 5.0)


def test_the_rate_of_a_trainer_may_be_set():
    trained = trainer("sgd")
    trained.lr = 0.0
    trained.step(x=X)
    assert trained.executor.arg_dict["w"].tolist() == [1, 2, 3]
    trained.lr = lambda number: 0.25
    trained.step(x=X)
    assert trained.executor.arg_dict["w"].tolist() == [3, 3.5, 4]
    with pytest.raises(ParamError):
        trained.lr = NAN
    with pytest.raises(OperatorError, match="no variable lr"):
        optimizers.Trainer(optimizers.step(cost(), "sgd", ["w"], lr=0.1), {"w": nd.ones(3)}, x=(3,)).lr = 0.2


def test_variables_for_rate_and_count_may_have_other_names():
    """A net whose target is named t: `step` refuses it, and with another name the trainer feeds that."""
    layer = sym.FullyConnected(sym.var("x"), num_hidden=1, name="fc")
    net = sym.LinearRegressionOutput(layer, sym.var("t"), name="loss")
    with pytest.raises(OperatorError, match=r"`t` is an input of the loss.*t=sym.var\('num_update'\)"):
        optimizers.step(net, "adam")
    step = optimizers.step(net, "adam", lr=sym.var("rate"), t=sym.var("num_update"))
    step = sym.load_json(step.tojson())
    trained = optimizers.Trainer(step, {"fc_weight": nd.ones((1, 3)), "fc_bias": nd.zeros(1)}, lr=0.1, x=(4, 3))
    for _ in range(2):
        trained.step(x=np.ones((4, 3)), t=np.ones(4))
    fed = trained.executor.arg_dict
    assert (fed["num_update"].asscalar(), fed["rate"].asscalar()) == (2, np.float32(0.1))
    with pytest.raises(ParamError, match="num_update=0"):
        trained.step(num_update=0)


def test_an_input_named_like_a_state_is_told_at_once():
    layer = sym.FullyConnected(sym.var("x") + sym.var("fc_weight_mom"), num_hidden=1, name="fc")
    with pytest.raises(OperatorError, match="two inputs are named `fc_weight_mom`"):
        optimizers.step(sym.make_loss(sym.sum(layer)), "sgd", momentum=0.9)


def test_a_loss_that_depends_on_no_parameter_is_refused():
    scores = sym.FullyConnected(sym.var("x"), num_hidden=2, name="fc")
    for loss in (sym.argmax(scores, axis=1), sym.BlockGrad(scores)):
        with pytest.raises(NotDifferentiableError, match="is zero for every parameter"):
            optimizers.step(loss, "sgd")


@pytest.mark.parametrize("key", ["weight_lr_mult", "bias_wd_mult"])
def test_a_factor_on_a_layer_is_told(key):
    layer = sym.FullyConnected(sym.var("x"), num_hidden=1, name="fc", attr={key: "0.1"})
    stem, kind = key.split("_", 1)
    for make in (optimizers.step, optimizers.table):
        with pytest.raises(ParamError, match=rf"fc: the attribute {key} .*sym.var\('fc_{stem}', {kind}="):
            make(sym.make_loss(sym.sum(layer)), "sgd")


def test_some_of_the_states_are_not_enough():
    half = {"w_mean": nd.ones(3)}
    with pytest.raises(OperatorError, match="'w_mean' have arrays and 'w_var' have none"):
        trainer(arrays=half)
    assert trainer(arrays=half | {"w_var": nd.ones(3)}, num_update=4).num_update == 4


def test_a_variable_says_how_it_starts():
    s, c, n = (sym.var(name, init=init, shape=(3,)) for name, init in (
        ("s", '["one", {}]'), ("c", '["constant", {"value": 2.5}]'), ("n", "[[[")))
    made = sym.sum(sym.var("w") * s + c + n)
    run = optimizers.bind_in_place(optimizers.step(sym.make_loss(made), "sgd", ["w"]), {"w": nd.ones(3)})
    assert [run.arg_dict[name].tolist() for name in "scn"] == [[1] * 3, [2.5] * 3, [0] * 3]
    net = sym.BatchNorm(sym.FullyConnected(sym.var("x"), num_hidden=2, name="fc"), name="bn")
    arrays = {"fc_weight": nd.ones((2, 3)), "fc_bias": nd.zeros(2), "bn_gamma": nd.ones(2), "bn_beta": nd.zeros(2)}
    trained = optimizers.Trainer(optimizers.step(sym.make_loss(sym.mean(net)), "sgd"), arrays, lr=0.1, x=(4, 3))
    assert trained.executor.aux_dict["bn_moving_var"].tolist() == [1, 1]


@pytest.mark.parametrize("text", ["[5]", "[]", "null", "5", '["none"]', '["w", "w"]', "x", "[" * 5000])
@pytest.mark.parametrize("key", ["__updates__", "__fed__"])
def test_attributes_of_a_file_are_not_trusted(key, text):
    node = sym.sgd_update(sym.var("w"), sym.var("w_grad"), lr=sym.var("lr"), name="one", attr={key: text})
    if key == "__fed__":
        node = sym.sgd_update(sym.var("w"), sym.var("w_grad"), lr=sym.var("lr"), name="one",
                              attr={"__updates__": '["w"]', key: text})
    with pytest.raises(MXNetError, match=key):
        optimizers.Trainer(node, {"w": nd.ones(1)}, lr=0.1)


@pytest.mark.skipif(not hasattr(signal, "raise_signal"), reason="needs signals")
def test_an_interrupt_does_not_part_the_count_from_the_step():
    """Ctrl-C at any node leaves the step unmade and uncounted, or made and counted."""
    seen = []
    counted = trainer("sgd", lr=0.25)
    counted.executor.set_monitor_callback(lambda name, value: seen.append(name))
    counted.step(x=X)
    for last in range(len(seen)):
        trained, numbers = trainer("sgd", lr=0.25), iter(range(len(seen)))
        trained.executor.set_monitor_callback(
            lambda name, value, at=last, numbers=numbers: next(numbers) == at and os.kill(os.getpid(), signal.SIGINT))
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with pytest.raises(KeyboardInterrupt):
                trained.step(x=X)
        finally:
            signal.signal(signal.SIGINT, before)
        found = trained.num_update, trained.executor.arg_dict["w"].tolist()
        assert found in ((0, [1, 2, 3]), (1, [3, 3.5, 4])), last
