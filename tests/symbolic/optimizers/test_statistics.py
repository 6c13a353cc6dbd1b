"""Statistics of updates: computed in the step, the same training bit for bit, as a table, an overlay and a plot."""

import math
import re

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import BindError, OperatorError, ParamError
from symbolic import optimizers
from symbolic.optimizers.statistics import with_statistics, without_statistics

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


def rows_of(trainer, numbers, rows=None):
    """Make updates; return the statistics of each update that has some, read at once."""
    rows = {} if rows is None else rows
    for number in numbers:
        trainer.step(**gradients(number))
        if trainer.statistics is not None:
            rows.setdefault(trainer.statistics.update, trainer.statistics.rows)
    return rows


@pytest.mark.parametrize("every", [2, 3, 5])
def test_of_every_kth_update_they_are_those_of_all(every, engine):
    trainer, weights = trainer_of("adam", engine, statistics=every)
    full, _ = trainer_of("adam", engine)
    plain, others = trainer_of("adam", engine, statistics=False)
    expected = rows_of(full, range(1, 12))
    assert rows_of(trainer, range(1, 12)) == {n: expected[n] for n in range(every, 12, every)}
    rows_of(plain, range(1, 12))
    for name, w in weights.items():
        assert w.tobytes() == others[name].tobytes()
        for state in ("mean", "var"):
            held = [t.executor.aux_dict[f"{name}_{state}"].asnumpy().tobytes() for t in (trainer, plain)]
            assert held[0] == held[1]


def test_of_every_kth_update_dropout_draws_the_same(engine):
    net = sym.FullyConnected(sym.Dropout(sym.var("x"), p=0.5), num_hidden=1, name="fc")
    step = optimizers.step(sym.LinearRegressionOutput(net, name="out"), "sgd", momentum=0.9)
    batch = {"x": np.arange(32.0).reshape(4, 8) / 32, "out_label": np.ones(4)}
    found = []
    for statistics in (False, True, 3):
        arrays = {"fc_weight": np.ones((1, 8), "f4"), "fc_bias": np.ones(1, "f4")}
        trainer = optimizers.Trainer(step, arrays, lr=0.1, engine=engine, statistics=statistics, x=(4, 8))
        nd.random.seed(1)
        losses = [trainer.step(**batch)[0].asnumpy().tobytes() for _ in range(7)]
        found.append([losses, *(a.tobytes() for a in arrays.values())])
    assert found[0] == found[1] == found[2] and len(set(found[0][0])) == 7


def test_of_every_kth_update_they_may_be_read_late():
    trainer, _ = trainer_of("adam", statistics=5)
    for number in range(1, 10):  # the ninth writes sums for the cosine of the tenth
        trainer.step(**gradients(number))
    assert trainer.statistics.update == 5
    assert trainer.statistics.rows == rows_of(trainer_of("adam")[0], range(1, 10))[5]


def test_between_them_the_step_has_no_sums():
    trainer, _ = trainer_of("adam", statistics=4)
    seen = trainer.executor.monitor(".*_statistics_output", stat=np.copy)
    computed = []
    for number in range(1, 9):
        seen.clear()
        trainer.step(**gradients(number))
        computed += [number] if seen else []
    assert computed == [3, 4, 7, 8]


def test_monitors_see_the_updates_between_them():
    weight = {"w": np.ones(2, "f4")}
    step = optimizers.update(["w"], "sgd", lr=0.1)
    trainer = optimizers.Trainer(step, weight | {"w_grad": np.ones(2, "f4")}, statistics=10)
    trainer.step()
    trainer.step()  # with nothing to feed, by the shortest way
    seen = trainer.executor.monitor("w_step_output", stat=np.copy)
    trainer.step()
    assert seen["w_step_output"].tobytes() == weight["w"].tobytes()


@pytest.mark.parametrize("between", [False, True])
def test_a_monitor_cannot_run_the_step_that_runs(between):
    weight = {"w": np.ones(2, "f4"), "w_grad": np.ones(2, "f4")}
    trainer = optimizers.Trainer(optimizers.update(["w"], "sgd", lr=0.1), weight, statistics=10)
    runs = (trainer.executor, trainer.executor.part(without_statistics(trainer.symbol).graph), trainer._between)
    seen = []

    def look(name, array):
        for run in runs:
            with pytest.raises(BindError, match="this executor is running"):
                run.forward()
            seen.append(name)

    trainer.executor.set_monitor_callback(look)
    for _ in range(1 if between else 9):
        trainer.step()
    assert len(seen) == 3 * (1 if between else 8 + 2)
    np.testing.assert_allclose(weight["w"], 0.9 if between else 0.1, rtol=1e-5)


@pytest.mark.parametrize("bad", [3, 4, 5])  # between, the one before, and the one with statistics
def test_of_every_kth_update_where_one_is_skipped(bad):
    trainer, full = (optimizers.Trainer(optimizers.update(["w"], "adam"), {"w": np.ones(2, "f4")}, lr=0.1,
                                        nonfinite="skip", statistics=s) for s in (5, True))
    found = {}
    for number in range(1, 12):
        grad = np.full(2, np.nan) if number == bad else np.array([number, 1.0])
        for each in (trainer, full):
            each.step(w_grad=grad)
            assert (each.skipped is not None) == (number == bad) == (each.executor.skipped is not None)
        assert trainer.num_update == full.num_update
        if full.num_update == 5 or full.num_update == 10:
            found[full.num_update] = trainer.statistics.rows == full.statistics.rows
    assert found == {5: True, 10: True}


@pytest.mark.parametrize("stop", [4, 9, 10, 11])
def test_of_every_kth_update_they_go_on_after_a_checkpoint(stop, tmp_path):
    pytest.importorskip("safetensors")
    trainer, _ = trainer_of("adam", statistics=5)
    expected = rows_of(trainer_of("adam", statistics=5)[0], range(1, 17))
    rows = rows_of(trainer, range(1, stop + 1))
    trainer.save(tmp_path)
    again = optimizers.Trainer.load(tmp_path)
    assert again.statistics is None and rows_of(again, range(stop + 1, 17), rows) == expected


@pytest.mark.parametrize(("stop", "cosines"), [(5, "kkk"), (6, "nkk"), (8, "nkk"), (9, "kkk"), (10, "kkk")])
def test_of_other_updates_after_a_checkpoint_no_cosine_is_with_an_older_move(stop, cosines, tmp_path):
    pytest.importorskip("safetensors")
    trainer, _ = trainer_of("adam", statistics=5)
    rows_of(trainer, range(1, stop + 1))
    trainer.save(tmp_path)
    expected = rows_of(trainer_of("adam")[0], range(1, stop + 4))
    again = optimizers.Trainer.load(tmp_path, step=with_statistics(trainer.symbol))
    found = rows_of(again, range(stop + 1, stop + 4))
    for number, cosine in zip(range(stop + 1, stop + 4), cosines):
        if cosine == "k":
            assert found[number] == expected[number]
        else:
            assert all(math.isnan(row.cosine) for row in found[number])
            assert [row[:4] for row in found[number]] == [row[:4] for row in expected[number]]


def test_the_sums_are_in_the_loop_of_the_update():
    trainer, _ = trainer_of("adamw", "fused")
    text = trainer.executor.debug_str()
    if "machine code" not in text:
        pytest.skip("needs llvmlite")
    arrays = re.findall(r"reads (\d) and writes (\d) of \d arrays.* (\d) sums", text)
    assert [found for found in arrays if found[2] != "0"] == [("5", "4", "5")]


def test_a_step_with_statistics_can_have_them_more_or_less_often():
    step = trainer_of("sgd", statistics=7)[0].symbol
    for statistics, updates in ((True, [1, 2, 3]), (3, [3]), (False, [])):
        weights = {n: np.ones(shape, "f4") for n, shape in SHAPES.items()}
        trainer = optimizers.Trainer(step, weights, lr=0.01, statistics=statistics)
        assert list(rows_of(trainer, range(1, 4))) == updates


@pytest.mark.parametrize("value", [0, -1, 2.5, "x", None])
def test_what_is_no_number_of_updates_is_refused(value):
    with pytest.raises(ParamError, match="statistics: expected True, False, or an integer k from 1"):
        trainer_of("sgd", statistics=value)


@pytest.mark.parametrize("text", ["0", "-1", "often", "9" * 20])
def test_a_step_from_a_file_with_a_bad_number_of_updates(text):
    saved = trainer_of("sgd", statistics=7)[0].symbol.tojson()
    assert saved.count('"7"') == len(SHAPES)
    with pytest.raises(OperatorError, match="a_statistics: the attribute __every__="):
        optimizers.Trainer(sym.load_json(saved.replace('"7"', f'"{text}"')), {n: np.ones(s) for n, s in SHAPES.items()})


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


def fitted(statistics=True):
    net = sym.LinearRegressionOutput(sym.FullyConnected(sym.var("x"), num_hidden=1, name="fc"), name="out")
    arrays = {"fc_weight": np.ones((1, 1), "f4"), "fc_bias": np.ones(1, "f4")}
    trainer = optimizers.Trainer(optimizers.step(net, "sgd"), arrays, lr=0.1, statistics=statistics, x=(2, 1))
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
    trainer, sampled = fitted(2)
    assert [r.statistics.update for r in history] == [1, 2, 3, 4, 5] and history.losses == sampled.losses
    assert [r.statistics and r.statistics.update for r in sampled] == [None, 2, None, 4, None]
    assert trainer.statistics.overlay().values and str(trainer.statistics).startswith("update 4: ")
    assert [len(line.get_xdata()) for each in sampled.plot_statistics().axes for line in each.lines] == [2] * 6
    axes = history.plot_statistics(tmp_path / "moves.svg").axes
    assert [len(each.lines) for each in axes] == [2, 2, 2] and (tmp_path / "moves.svg").stat().st_size > 1000
    with pytest.raises(OperatorError, match="statistics=True"):
        optimizers.History().plot_statistics()
