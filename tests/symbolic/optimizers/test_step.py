"""Whole steps: their names, which parameters they change, by how much, and that they do so in place."""

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import NonFiniteError, UnknownNameError
from symbolic import optimizers
from symbolic.show.drawing import draw

SHAPES = {"fc_weight": (3, 4), "fc_bias": (3,), "norm_gamma": (3,), "norm_beta": (3,), "out_weight": (1, 3)}


def loss(**attrs):
    fc = sym.FullyConnected(sym.var("x"), sym.var("fc_weight", **attrs), num_hidden=3, name="fc")
    norm = sym.LayerNorm(sym.tanh(fc), name="norm")
    out = sym.FullyConnected(norm, num_hidden=1, no_bias=True, name="out")
    return sym.make_loss(sym.sum(sym.square(out)), name="cost")


def arrays(dtype="float64"):
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=shape).astype(dtype) for name, shape in SHAPES.items()}


def x(dtype="float64"):
    return np.random.default_rng(1).normal(size=(2, 4)).astype(dtype)


def stepped(step, start, **inputs):
    """Return the parameters after one run of a step, which must change the arrays themselves."""
    held = {name: a.copy() for name, a in start.items()}
    run = optimizers.bind_in_place(step, held, x=(2, 4))
    run.forward(is_train=True, x=x(), **inputs)
    return held


def gradients(start):
    found = loss().gradient(list(SHAPES)).eval(x=x(), **start)
    return {name: g.asnumpy() for name, g in zip(SHAPES, found)}


def test_names_of_outputs_and_states():
    step = optimizers.step(loss(), "adam")
    assert step.list_outputs() == ["cost_loss", *(f"{name}_step_output" for name in SHAPES)]
    assert step.list_auxiliary_states() == [f"{name}_{s}" for name in SHAPES for s in ("mean", "var")]
    assert {"lr", "t", "x"} <= set(step.list_arguments())


def test_one_step_is_the_gradient_times_the_rate_where_the_parameters_lie():
    start, grads = arrays(), gradients(arrays())
    found = stepped(optimizers.step(loss(), "sgd", wd=0.5), start, lr=np.array([0.1]))
    for name in SHAPES:
        np.testing.assert_allclose(found[name], start[name] - 0.1 * (grads[name] + 0.5 * start[name]), rtol=1e-12)


@pytest.mark.parametrize("rule", ["sgd", "lars", "multi_sgd"])
def test_factors_and_exceptions_act(rule):
    """Attributes of variables, arguments over them, and what stays out of decay."""
    start, grads = arrays(), gradients(arrays())
    options = {"no_lars": ["*"]} if rule == "lars" else {}
    step = optimizers.step(loss(lr_mult=0.5, wd_mult=3), rule, wd=0.1, lr=0.2, lr_mult={"out_weight": 0.25},
                           no_decay=optimizers.BIASES_AND_NORMS, **options)
    found = stepped(step, start)
    rates = {"fc_weight": 0.1, "out_weight": 0.05}
    decays = {"fc_weight": 0.3, "out_weight": 0.1}
    for name in SHAPES:
        moved = rates.get(name, 0.2) * (grads[name] + decays.get(name, 0) * start[name])
        np.testing.assert_allclose(found[name], start[name] - moved, rtol=1e-6, atol=1e-7)


def test_the_table_says_what_acts():
    table = optimizers.table(loss(lr_mult=0.5, wd_mult=3), "lars", wd=0.1, no_decay=optimizers.BIASES_AND_NORMS,
                             no_lars=optimizers.BIASES_AND_NORMS)
    assert table.splitlines() == [
        "parameter  lr x  wd lars",
        "fc_weight   0.5 0.3  yes",
        "fc_bias       1   0   no",
        "norm_gamma    1   0   no",
        "norm_beta     1   0   no",
        "out_weight    1 0.1  yes"]


def test_layers_left_out_of_lars_keep_their_rate():
    start, grads = arrays(), gradients(arrays())
    step = optimizers.step(loss(), "lars", lr=0.2, eta=0.01, no_lars=optimizers.BIASES_AND_NORMS)
    found = stepped(step, start)
    norm = np.linalg.norm
    for name in SHAPES:
        scale = 0.01 * norm(start[name]) / norm(grads[name]) if name.endswith("weight") else 1
        np.testing.assert_allclose(found[name], start[name] - 0.2 * scale * grads[name], rtol=1e-5, atol=1e-7)


def test_some_parameters_only():
    start = arrays()
    found = stepped(optimizers.step(loss(), "sgd", ["fc_*"], lr=0.1), start)
    assert [name for name in SHAPES if not np.array_equal(found[name], start[name])] == ["fc_weight", "fc_bias"]


def test_a_common_norm_is_bounded():
    start = arrays()
    found = stepped(optimizers.step(loss(), "sgd", lr=1.0, clip_norm=0.01), start)
    assert np.sqrt(sum(np.sum((found[n] - start[n]) ** 2) for n in SHAPES)) == pytest.approx(0.01, rel=1e-5)


def test_hyper_parameters_are_fed():
    step = optimizers.step(loss(), "sgd", lr=sym.var("rate"), wd=sym.var("decay"), momentum=sym.var("mu"))
    start, grads = arrays(), gradients(arrays())
    held = {name: a.copy() for name, a in start.items()}
    run = optimizers.bind_in_place(step, held, x=(2, 4))
    run.forward(x=x(), rate=np.array([0.1]), decay=np.array([0.5]), mu=np.array([0.9]))
    run.forward(x=x(), rate=np.array([0.0]), decay=np.array([0.0]), mu=np.array([2.0]))
    for name in SHAPES:
        np.testing.assert_allclose(held[name], start[name] - 3 * 0.1 * (grads[name] + 0.5 * start[name]), rtol=1e-9)


def test_half_precision_keeps_a_wide_weight():
    start = {name: a.astype("float16") for name, a in arrays().items()}
    step = optimizers.step(loss(), "mp_sgd", lr=2.0 ** -14)
    run = optimizers.bind_in_place(step, start, x=(2, 4))
    before = {name: a.copy() for name, a in start.items()}
    for _ in range(4):
        run.forward(x=x("float16"))
    for name in SHAPES:
        wide = run.aux_dict[f"{name}_weight32"].asnumpy()
        assert wide.dtype == np.float32 and (wide != before[name]).any()
        np.testing.assert_array_equal(start[name], wide.astype("float16"))


def test_a_step_that_meets_nan_changes_nothing():
    start = arrays()
    held = {name: a.copy() for name, a in start.items()}
    run = optimizers.bind_in_place(optimizers.step(loss(), "adam", lr=0.1), held, nonfinite="raise", x=(2, 4))
    bad = x()
    bad[0, 0] = np.inf
    with pytest.raises(NonFiniteError, match="fc_output|act"):
        run.forward(x=bad, t=np.ones(1))
    for name in SHAPES:
        np.testing.assert_array_equal(held[name], start[name])
    assert not any(a.asnumpy().any() for a in run.aux_arrays)


def test_it_is_saved_with_what_it_updates():
    step = optimizers.step(loss(lr_mult=0.5), "lars", lr=0.1, momentum=0.9, no_lars=["*_bias"])
    again = sym.load_json(step.tojson())
    assert optimizers.updates(again) == optimizers.updates(step)
    first, second = stepped(step, arrays()), stepped(again, arrays())
    for name in SHAPES:
        np.testing.assert_array_equal(first[name], second[name])


def test_it_is_three_regions():
    step = optimizers.step(loss(), "sgd", momentum=0.9)
    regions = {n.name: dict(n.attrs).get("__region__") for n in step.graph.nodes}
    assert set(regions.values()) == {"model", "gradient", "update"}
    assert regions["fc"] == "model" and regions["fc_grad"] == "gradient" and regions["fc_weight_step"] == "update"
    assert regions["fc_weight"] == "model" and regions["lr"] == regions["fc_weight_mom"] == "update"
    assert len(draw(step.graph).boxes) > 3


def test_a_trainer_counts_and_schedules():
    seen = []

    def rate(number):
        seen.append(number)
        return 0.1

    held = arrays()
    trainer = optimizers.Trainer(optimizers.step(loss(), "adam"), held, lr=rate, num_update=5, x=(2, 4))
    first = trainer.step(x=x())[0].asscalar()
    for _ in range(30):
        last = trainer.step()[0].asscalar()
    assert seen == list(range(6, 37)) and trainer.num_update == 36 and last < first


def test_an_updater_has_states_for_each_index():
    update = optimizers.Updater("adam", 0.1)
    one, other = nd.array([1.0]), nd.array([1.0])
    update("one", nd.array([1.0]), one)
    update("one", nd.array([1.0]), one)
    update("other", nd.array([1.0]), other)
    np.testing.assert_allclose([one.asscalar(), other.asscalar()], [0.8, 0.9], rtol=1e-5)
    assert update.states.keys() == {"one", "other"}


def test_names_that_are_none_are_refused():
    for given in ({"params": ["fc_wieght"]}, {"no_lars": ["fc_wieght"]}, {"wd_mult": {"fc_wieght": 1}}):
        with pytest.raises(UnknownNameError, match="did you mean 'fc_weight'"):
            optimizers.step(loss(), "sgd", **given)
