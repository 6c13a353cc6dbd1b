"""Rules by name in one step: each parameter goes as alone by its own rule."""

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import OperatorError
from symbolic import optimizers
from tests.extras import INSTALLED_ENGINES

SHAPES = {"embed_weight": (5, 3), "fc_weight": (4, 3), "fc_bias": (4,)}
ONE_MORE = {**SHAPES, "z_weight": (3, 2)}
ROUTES = {"embed_*": ("adamw", 0.1), "*": optimizers.rule("muon", wd=0.1)}


def net():
    """Return a small loss over three parameters."""
    hidden = sym.FullyConnected(sym.dot(sym.var("data"), sym.var("embed_weight")), num_hidden=4, name="fc")
    return sym.make_loss(sym.sum(sym.square(hidden)), name="cost")


def drawn(seed, dtype="float64"):
    random = np.random.default_rng(seed)
    return {n: random.normal(size=s).astype(dtype) for n, s in ONE_MORE.items()}


def trained(rule, names, engine="auto", **options):
    weights = {n: nd.array(w, dtype="float64") for n, w in drawn(0).items() if n in names}
    step = optimizers.update(list(weights), rule, **options)
    trainer = optimizers.Trainer(step, weights, lr=lambda t: 0.1 / t, engine=engine)
    for number in range(1, 6):
        trainer.step(**{f"{n}_grad": g for n, g in drawn(number).items() if n in weights})
    return {n: w.asnumpy() for n, w in weights.items()}


@pytest.mark.parametrize("engine", INSTALLED_ENGINES)
def test_each_goes_as_alone(engine):
    found = trained(ROUTES, SHAPES, engine, lr_mult={"fc_bias": 0.5}, no_decay=["fc_bias"])
    expected = trained("adamw", ["embed_weight"], engine, lr_mult={"embed_weight": 0.1})
    expected |= trained(ROUTES["*"], ["fc_weight", "fc_bias"], engine, lr_mult={"fc_bias": 0.5}, no_decay=["fc_bias"])
    for n, w in expected.items():
        np.testing.assert_allclose(found[n], w, rtol=1e-12)


def test_a_whole_step_is_saved_and_goes_on(tmp_path):
    step = optimizers.step(net(), ROUTES)
    assert step.list_auxiliary_states() == ["embed_weight_mean", "embed_weight_var", "fc_weight_mom", "fc_bias_mom"]
    assert sym.load_json(step.tojson()).tojson() == step.tojson()
    weights = {n: nd.array(w) for n, w in drawn(0).items() if n in SHAPES}
    trainer = optimizers.Trainer(step, weights, lr=0.1, data=(2, 5))
    data = np.random.default_rng(9).normal(size=(2, 5)).astype("float32")
    trainer.step(data=data)
    trainer.save(tmp_path)
    other = optimizers.Trainer.load(tmp_path)
    losses = [each.step(data=data)[0].asscalar() for each in (trainer, other)]
    assert losses[0] == losses[1]
    assert trainer.executor.aux_dict["fc_bias_mom"].shape == (2, 4)


@pytest.mark.parametrize("engine", INSTALLED_ENGINES)
def test_one_route_for_all_is_the_rule_itself(engine):
    rule = optimizers.rule("soap", wd=0.1, precondition_frequency=2)
    found, expected = (trained(made, SHAPES, engine) for made in ({"*": rule}, rule))
    for n, w in expected.items():
        np.testing.assert_array_equal(found[n], w)


TOGETHER = {
    "lamb": {"wd": 0.1}, "lans": {"wd": 0.1}, "lars": {"momentum": 0.9, "momentum_correction": True},
    "prodigy": {"d0": 1e-3}, "dadapt_sgd": {"momentum": 0.5, "d0": 1e-3}, "schedule_free_adamw": {"warmup_steps": 3},
    "multi_sgd_mom": {"momentum": 0.9}}
"""Rules of many tensors, of which some share numbers."""


@pytest.mark.parametrize("engine", INSTALLED_ENGINES)
@pytest.mark.parametrize("other", ["lamb", "dadapt_adam", "same"])
@pytest.mark.parametrize("rule", TOGETHER)
def test_rules_of_many_tensors_go_as_alone(rule, other, engine):
    """Each route has its own nodes, and its own of the numbers that its tensors share."""
    first = optimizers.rule(rule, **TOGETHER[rule])
    second = optimizers.rule(rule) if other == "same" else optimizers.rule(other)
    found = trained({"embed_*": ("sgd", 0.5), "fc_*": first, "*": second}, [*SHAPES, "z_weight"], engine)
    expected = trained(first, ["fc_weight", "fc_bias"], engine) | trained(second, ["z_weight"], engine)
    for n, w in expected.items():
        np.testing.assert_allclose(found[n], w, rtol=1e-6)


def test_numbers_that_tensors_share_are_saved_by_route(tmp_path):
    pytest.importorskip("safetensors")
    routes = {"fc_*": optimizers.rule("prodigy", d0=1e-3), "*": optimizers.rule("prodigy", d0=1e-2)}
    step = optimizers.update(["fc_weight", "z_weight"], routes)
    assert [n for n in step.list_auxiliary_states() if "d_growth" in n] == ["d_growth", "route1_d_growth"]
    assert sym.load_json(step.tojson()).tojson() == step.tojson()
    assert len(set(step.list_outputs())) == 2
    weights = {n: nd.array(w) for n, w in drawn(0, "float32").items() if n in ("fc_weight", "z_weight")}
    trainer = optimizers.Trainer(step, weights, lr=1.0)
    grads = [{f"{n}_grad": g for n, g in drawn(k, "float32").items() if n in weights} for k in (1, 2)]
    trainer.step(**grads[0])
    trainer.save(tmp_path)
    again = optimizers.Trainer.load(tmp_path)
    for each in (trainer, again):
        each.step(**grads[1])
    for name, value in trainer.executor.aux_dict.items():
        assert value.asnumpy().tobytes() == again.executor.aux_dict[name].asnumpy().tobytes()


def test_a_table_has_each_rate_and_decay():
    assert optimizers.table(net(), ROUTES).splitlines() == [
        "parameter    lr x  wd", "embed_weight  0.1   0", "fc_weight       1 0.1", "fc_bias         1 0.1"]


def test_what_has_no_route_is_refused():
    with pytest.raises(OperatorError, match="no rule for the parameter fc_weight: it fits none of embed_.*end with"):
        optimizers.update(["fc_weight"], {"embed_*": "adamw"})
    with pytest.raises(OperatorError, match="not dicts of them"):
        optimizers.rule({"*": {"*": "sgd"}})
    with pytest.raises(OperatorError, match="give momentum when making it"):
        optimizers.rule({"*": "sgd"}, momentum=0.9)
    with pytest.raises(OperatorError, match="for `step` and `update`"):
        optimizers.Updater({"*": "sgd"}, 0.1)
