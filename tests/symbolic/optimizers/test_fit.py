"""`Trainer.fit`: the same updates as a loop of steps, with their losses, a bar, checkpoints and a plot."""

import math
import sys

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import OperatorError, ParamError, UnknownNameError
from ndarray.registry import operators
from symbolic import optimizers


def trainer(head=None, rule="sgd", lr=0.1, **params):
    score = sym.FullyConnected(sym.var("x"), num_hidden=2, name="fc")
    net = sym.LinearRegressionOutput(score, sym.var("y"), name="out") if head is None else head(score)
    weights = {"fc_weight": nd.array(np.arange(6).reshape(2, 3) / 7), "fc_bias": nd.array([0.5, -0.5])}
    return optimizers.Trainer(optimizers.step(net, rule, **params), weights, lr=lr, x=(4, 3))


def batch(number):
    draw = np.random.default_rng(number)
    return {"x": draw.standard_normal((4, 3)).astype("f4"), "y": draw.standard_normal((4, 2)).astype("f4")}


def weights(trained):
    return {k: a.asnumpy() for k, a in trained.executor.arg_dict.items() if k.startswith("fc_")}


def test_it_makes_the_updates_of_a_loop():
    one, other = trainer(lr=lambda n: 0.1 / n), trainer(lr=lambda n: 0.1 / n)
    history = one.fit([batch(i) for i in range(3)], epochs=2)
    for i in [0, 1, 2, 0, 1, 2]:
        other.step(**batch(i))
    for name, value in weights(one).items():
        np.testing.assert_array_equal(value, weights(other)[name])
    assert [(r.update, r.epoch) for r in history] == [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (6, 2)]
    assert [r.lr for r in history] == [0.1 / n for n in range(1, 7)]
    assert all(r.seconds > 0 for r in history) and history is one.history


def test_a_function_gives_the_batches_of_each_epoch():
    seen = []
    trained = trainer()
    trained.fit(lambda epoch: (seen.append(epoch) or batch(epoch) for _ in range(2)), epochs=3)
    assert seen == [1, 1, 2, 2, 3, 3] and trained.num_update == 6


HEADS = {
    "SoftmaxOutput": (lambda s: sym.SoftmaxOutput(s, sym.var("y"), name="out"), np.array([0, 1, 1, 0])),
    "SoftmaxOutput of ignored labels": (
        lambda s: sym.SoftmaxOutput(s, sym.var("y"), use_ignore=True, ignore_label=0, name="out"), np.array([0, 1, 1, 0])),
    "SoftmaxOutput of probabilities": (lambda s: sym.SoftmaxOutput(s, sym.var("y", shape=(4, 2)), name="out"),
                                       np.array([[0.25, 0.75], [1, 0], [0, 1], [0.5, 0.5]])),
    "LinearRegressionOutput": (lambda s: sym.LinearRegressionOutput(s, sym.var("y"), name="out"), np.ones((4, 2))),
    "LogisticRegressionOutput": (lambda s: sym.LogisticRegressionOutput(s, sym.var("y"), name="out"),
                                 np.array([[0, 1], [0.25, 1], [1, 0], [1, 1]])),
    "MAERegressionOutput": (lambda s: sym.MAERegressionOutput(s, sym.var("y"), name="out"), np.ones((4, 2))),
    "SVMOutput": (lambda s: sym.SVMOutput(s, sym.var("y"), name="out"), np.array([0, 1, 1, 0])),
    "SVMOutput, linear": (lambda s: sym.SVMOutput(s, sym.var("y"), use_linear=True, name="out"), np.array([0, 1, 1, 0])),
}


def test_every_head_with_a_label_has_a_loss_and_is_tried():
    heads = [op for op in operators() if op.loss_head and len(op.inputs) == 2]
    assert {op.name for op in heads} == {name.split()[0].strip(",") for name in HEADS}
    assert all("mean_loss" in op.rules for op in heads)


@pytest.mark.parametrize("name", HEADS)
def test_a_loss_is_the_one_whose_gradient_the_head_starts(name):
    """Its slope along the gradient that the step takes is that gradient's square, over the number of labels."""
    head, label = HEADS[name]
    x = np.random.default_rng(0).standard_normal((4, 3))

    def loss_and_weights(before, lr):
        score = sym.FullyConnected(sym.var("x"), num_hidden=2, name="fc")
        arrays = {k: nd.array(v, dtype="float64") for k, v in before.items()}
        step = optimizers.step(head(score), "sgd")
        trained = optimizers.Trainer(step, arrays, lr=lr, x=(4, 3))
        history = trained.fit([{"x": x, "y": label}])
        return history[0].loss, {k: a.asnumpy() for k, a in arrays.items()}

    start = {"fc_weight": np.arange(6).reshape(2, 3) / 7 - 0.4, "fc_bias": np.array([0.3, -0.1])}
    _, moved = loss_and_weights(start, 1.0)
    gradient = {k: start[k] - moved[k] for k in start}
    small = 1e-6
    up, _ = loss_and_weights({k: start[k] + small * gradient[k] for k in start}, 1.0)
    down, _ = loss_and_weights({k: start[k] - small * gradient[k] for k in start}, 1.0)
    labels = 2 if "ignored" in name else 4
    square = sum((g * g).sum() for g in gradient.values())
    assert (up - down) / (2 * small) * labels == pytest.approx(square, rel=1e-5)


def test_a_loss_may_be_named_or_computed():
    def net(score):
        return sym.Group([sym.make_loss(sym.sum(sym.square(score)), name="cost"), sym.BlockGrad(score, name="score")])

    a, b, c = (trainer(net) for _ in range(3))
    x = {"x": batch(0)["x"]}
    default, = a.fit([x]).losses
    assert b.fit([x], loss="cost_loss").losses == [default]
    assert c.fit([x], loss=lambda outputs: np.square(outputs["score_output"].asnumpy()).sum()).losses == [
        pytest.approx(default, rel=1e-6)]
    with pytest.raises(UnknownNameError, match="did you mean 'cost_loss'"):
        c.fit([x], loss="cost_los")


@pytest.mark.parametrize("arguments, message", [
    (([],), "epoch 1 has no batches"),
    ((5,), "batches must be an iterable of dicts"),
    (({"x": 1},), "batches must be an iterable of dicts"),
    (([np.zeros(3)],), "a batch is a dict of arrays"),
])
def test_what_is_no_batch_is_refused(arguments, message):
    with pytest.raises(ParamError, match=message):
        trainer().fit(*arguments)


def test_an_iterator_lasts_for_one_epoch():
    trained = trainer()
    with pytest.raises(ParamError, match="epoch 2 has no batches; an iterator is empty after one epoch"):
        trained.fit(iter([batch(0)]), epochs=2)
    assert len(trained.history) == trained.num_update == 1


@pytest.mark.parametrize("options", [{"epochs": 0}, {"epochs": 1.5}, {"epochs": True}, {"save_every": 0, "folder": "f"},
                                     {"save_every": 2}])
def test_counts_are_checked_before_anything_runs(options):
    trained = trainer()
    with pytest.raises(ParamError):
        trained.fit([batch(0)], **options)
    assert trained.num_update == 0


def test_a_step_without_a_loss_asks_for_one():
    alone = optimizers.Trainer(optimizers.update(["w"], "sgd"), {"w": nd.ones(3)}, lr=0.1, w_grad=(3,))
    with pytest.raises(OperatorError, match="no outputs but updates; pass loss="):
        alone.fit([{"w_grad": np.ones(3)}])
    assert alone.fit([{"w_grad": np.ones(3)}], loss=lambda outputs: math.pi).losses == [math.pi]


def test_a_callback_sees_every_update_and_may_end_the_training():
    seen = []
    trained = trainer()
    trained.fit([batch(i) for i in range(5)], epochs=3, callbacks=[seen.append, lambda record: record.update == 7])
    assert [r.update for r in seen] == list(range(1, 8)) and trained.num_update == 7


def test_checkpoints_are_written_after_epochs_and_every_so_many_updates(tmp_path):
    pytest.importorskip("safetensors")
    trained, saved = trainer(rule="adam"), []

    def look(record):
        if (tmp_path / "latest").exists():
            saved.append((record.update, (tmp_path / "latest").read_text().strip()[-2:]))

    trained.fit([batch(i) for i in range(3)], epochs=2, folder=tmp_path, save_every=2, callbacks=[look])
    assert saved == [(3, "02"), (4, "03"), (5, "04"), (6, "04")]  # Callbacks come before the checkpoint of their update.
    assert (tmp_path / "latest").read_text().strip().endswith("06")
    again = optimizers.Trainer.load(tmp_path)
    again.fit([batch(9)])
    trained.fit([batch(9)])
    for name, value in weights(trained).items():
        np.testing.assert_array_equal(value, weights(again)[name])


def test_an_interrupt_keeps_what_was_done():
    def broken(epoch):
        yield batch(0)
        raise KeyboardInterrupt

    trained = trainer()
    with pytest.raises(KeyboardInterrupt):
        trained.fit(broken)
    assert len(trained.history) == trained.num_update == 1


def test_a_bar_shows_loss_and_rate(capsys):
    pytest.importorskip("tqdm")
    trainer().fit([batch(i) for i in range(3)], epochs=2, progress=True)
    shown = capsys.readouterr().err
    assert "epoch 2/2: 100%" in shown and "loss=" in shown and "lr=0.1" in shown
    trainer().fit([batch(0)])
    assert capsys.readouterr().err == ""  # Not a terminal.


def test_without_tqdm_and_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    trained = trainer()
    history = trained.fit([batch(0)])
    with pytest.raises(ImportError, match=r"symbolic-ndarray\[cli\]"):
        trained.fit([batch(0)], progress=True)
    with pytest.raises(ImportError, match=r"symbolic-ndarray\[plot\]"):
        history.plot()


def test_the_plot(tmp_path):
    pytest.importorskip("matplotlib")
    trained = trainer(lr=lambda n: 0.1 / n)
    history = trained.fit([batch(i) for i in range(3)], epochs=2)
    figure = history.plot(tmp_path / "history.svg")
    axes, beside = figure.axes
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [(r.update, r.loss) for r in history])
    assert axes.get_yscale() == "log" and beside.get_ylabel() == "learning rate"
    assert b"<svg" in (tmp_path / "history.svg").read_bytes()
    assert len(optimizers.History().plot().axes) == 1


def test_epochs_are_counted_on_from_fit_to_fit():
    trained = trainer()
    trained.fit([batch(0), batch(1)])
    trained.fit([batch(2)], epochs=2)
    lines = str(trained.history).splitlines()
    assert [line.split()[:2] for line in lines] == [["epoch", "updates"], ["1", "1-2"], ["2", "3-3"], ["3", "4-4"]]


def test_updates_that_are_skipped_are_neither_counted_nor_in_the_history():
    loss = sym.make_loss(sym.mean(sym.square(sym.var("w") - sym.var("x"))), name="cost")
    w = np.array([1.0])
    trainer = sym.optimizers.Trainer(sym.optimizers.step(loss, "adam", ["w"]), {"w": w}, lr=0.1, nonfinite="skip", x=(1,))
    good, bad = {"x": np.array([0.0])}, {"x": np.array([math.nan])}
    history = trainer.fit([good, bad, good], progress=False)
    assert [record.update for record in history] == [1, 2] and trainer.num_update == 2
    before = w.copy()
    trainer.step(**bad)
    assert "not finite" in trainer.skipped and np.array_equal(w, before)
    assert len(trainer.fit([bad], progress=False)) == 2
