"""Statistics of updates: computed in the step, the same training bit for bit, as a table, an overlay and a plot."""

import math

import numpy as np
import pytest

import symbolic as sym
from ndarray.errors import OperatorError
from symbolic import optimizers

SHAPES = {"a": (30, 4), "b": (5,)}


def trainer_of(rule, engine="auto", statistics=True, **settings):
    weights = {n: np.random.default_rng(1).normal(size=shape).astype("f4") for n, shape in SHAPES.items()}
    step = optimizers.update(list(weights), rule, **settings)
    return optimizers.Trainer(step, weights, lr=0.01, engine=engine, statistics=statistics), weights


def gradients(number):
    random = np.random.default_rng(number)
    return {f"{n}_grad": random.normal(size=shape).astype("f4") for n, shape in SHAPES.items()}


@pytest.mark.parametrize("rule", ["sgd", "adam", "lamb", "lars"])
def test_norms_ratios_and_cosines(rule, engine):
    trainer, weights = trainer_of(rule, engine)
    plain, others = trainer_of(rule, engine, statistics=False)
    assert trainer.statistics is plain.statistics is None
    last = {}
    for number in range(3):
        old, grads = {n: w.copy() for n, w in weights.items()}, gradients(number)
        assert trainer.step(**grads) == plain.step(**grads) == []
        for n, w in weights.items():
            assert w.tobytes() == others[n].tobytes()
            move, found = w - old[n], trainer.statistics[n]
            expected = [np.linalg.norm(x) for x in (old[n], grads[f"{n}_grad"], move)]
            np.testing.assert_allclose([found.weight, found.gradient, found.update], expected, rtol=1e-5)
            assert found.ratio == found.update / found.weight
            if n in last:
                cosine = np.sum(move * last[n]) / np.linalg.norm(move) / np.linalg.norm(last[n])
                np.testing.assert_allclose(found.cosine, cosine, rtol=1e-4, atol=1e-6)
            else:
                assert math.isnan(found.cosine)
            last[n] = move
    assert trainer.statistics.update == 3 and plain.statistics is None


def test_they_go_on_after_a_checkpoint(tmp_path):
    pytest.importorskip("safetensors")
    trainer, _ = trainer_of("adam")
    trainer.step(**gradients(0))
    trainer.save(tmp_path)
    again = optimizers.Trainer.load(tmp_path)
    assert again.statistics is None
    for each in (trainer, again):
        each.step(**gradients(1))
    assert again.statistics.rows == trainer.statistics.rows and not math.isnan(again.statistics["a"].cosine)


def test_weights_of_zero_and_what_does_not_move():
    weights = {"w": np.zeros(2, "f4")}
    trainer = optimizers.Trainer(optimizers.update(["w"], "sgd"), weights, lr=0.5, statistics=True)
    trainer.step(w_grad=np.zeros(2, "f4"))
    assert math.isnan(trainer.statistics["w"].ratio) and "no weight has moved" in str(trainer.statistics)
    assert trainer.statistics.overlay().values == {}
    trainer.step(w_grad=np.array([3.0, 4.0], "f4"))
    assert trainer.statistics["w"].ratio == math.inf and trainer.statistics["w"].update == 2.5


def fitted():
    net = sym.LinearRegressionOutput(sym.FullyConnected(sym.var("x"), num_hidden=1, name="fc"), name="out")
    arrays = {"fc_weight": np.ones((1, 1), "f4"), "fc_bias": np.ones(1, "f4")}
    trainer = optimizers.Trainer(optimizers.step(net, "sgd"), arrays, lr=0.1, statistics=True, x=(2, 1))
    batch = {"x": np.array([[1.0], [2.0]]), "out_label": np.array([2.0, 4.0])}
    return trainer, trainer.fit([batch] * 5)


def test_as_a_table_and_on_the_picture():
    trainer, history = fitted()
    assert list(trainer.loss_outputs) == ["out_output"] and history[-1].loss < history[0].loss
    lines = str(trainer.statistics).splitlines()
    assert lines[0].startswith("update 5: fc_") and lines[1].split() == [
        "tensor", "weight", "gradient", "update", "update", "/", "weight", "cosine"]
    plot = sym.plot_network(trainer.symbol, overlays=[trainer.statistics])
    notes = {note.text for box in plot.drawing.boxes for note in box.notes}
    assert len(notes) == 2 and plot.drawing.heats[0].overlay.name == "update / weight"


def test_as_a_plot_over_time(tmp_path):
    pytest.importorskip("matplotlib")
    _, history = fitted()
    assert [r.statistics.update for r in history] == [1, 2, 3, 4, 5]
    axes = history.plot_statistics(tmp_path / "moves.svg").axes
    assert [len(each.lines) for each in axes] == [2, 2, 2] and (tmp_path / "moves.svg").stat().st_size > 1000
    with pytest.raises(OperatorError, match="statistics=True"):
        optimizers.History().plot_statistics()
