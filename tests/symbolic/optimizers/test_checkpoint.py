"""Checkpoints: whole whatever happens while they are written, strict when read, and bit-equal to go on from."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray import errors
from symbolic import optimizers

pytest.importorskip("safetensors")

ROOT = Path(__file__).parents[3]


def trainer(lr=0.1, rule="sgd", engine="auto", **params):
    score = sym.FullyConnected(sym.var("x"), num_hidden=2, name="fc")
    loss = sym.LinearRegressionOutput(score, sym.var("y"), name="loss")
    return optimizers.Trainer(optimizers.step(loss, rule, **params), weights(), lr=lr, engine=engine, x=(4, 3))


def weights():
    return {"fc_weight": nd.array(np.arange(6).reshape(2, 3) / 7), "fc_bias": nd.array([0.5, -0.5])}


def batch(number):
    draw = np.random.default_rng(number)
    return {"x": draw.standard_normal((4, 3)).astype("f4"), "y": draw.standard_normal((4, 2)).astype("f4")}


def train(of, first, last):
    for number in range(first, last):
        of.step(**batch(number))
    return of


def values(of):
    return {name: a.asnumpy() for name, a in (of.executor.arg_dict | of.executor.aux_dict).items()
            if name not in ("x", "y", "lr", "t")}


def assert_same_bits(a, b):
    assert a.keys() == b.keys()
    for name in a:
        assert a[name].dtype == b[name].dtype and a[name].tobytes() == b[name].tobytes(), name


RATES = {"number": 0.05, "schedule": optimizers.CosineScheduler(base_lr=0.1, max_update=9, warmup_steps=2),
         "steps": optimizers.MultiFactorScheduler(step=(2, 4), factor=0.5, base_lr=0.1)}


@pytest.mark.parametrize("lr", RATES.values(), ids=RATES)
def test_training_goes_on_as_if_there_had_been_no_stop(tmp_path, lr):
    straight = train(trainer(lr, "adam", wd=0.01), 0, 6)
    train(trainer(lr, "adam", wd=0.01), 0, 3).save(tmp_path)
    again = train(optimizers.Trainer.load(tmp_path), 3, 6)
    assert again.num_update == 6
    assert_same_bits(values(straight), values(again))


def test_arrays_of_the_caller_are_filled_and_trained_in_place(tmp_path):
    train(trainer(), 0, 2).save(tmp_path)
    mine = {"fc_weight": np.zeros((2, 3), "f4"), "fc_bias": np.zeros(2, "f4")}
    again = optimizers.Trainer.load(tmp_path, arrays=mine)
    straight = train(trainer(), 0, 3)
    train(again, 2, 3)
    assert mine["fc_weight"].tobytes() == straight.executor.arg_dict["fc_weight"].asnumpy().tobytes()


def test_random_numbers_go_on(tmp_path):
    nd.random.seed(5)
    trainer().save(tmp_path)
    expected = nd.random.uniform(shape=8).tolist()
    nd.random.seed(6)
    optimizers.Trainer.load(tmp_path)
    assert nd.random.uniform(shape=8).tolist() == expected


@pytest.mark.parametrize("rule", ["adam", "lars"])
def test_training_with_dropout_goes_on_with_the_same_numbers(tmp_path, rule, engine):
    def begin():
        score = sym.FullyConnected(sym.Dropout(sym.var("x"), name="drop"), num_hidden=2, name="fc")
        loss = sym.LinearRegressionOutput(score, sym.var("y"), name="loss")
        return optimizers.Trainer(optimizers.step(loss, rule), weights(), lr=0.1, engine=engine, x=(4, 3))

    nd.random.seed(7)
    straight = train(begin(), 0, 6)
    nd.random.seed(7)
    train(begin(), 0, 3).save(tmp_path)
    nd.random.seed(8)
    again = train(optimizers.Trainer.load(tmp_path, engine=engine), 3, 6)
    assert "drop" not in "".join(values(again))
    assert_same_bits(values(straight), values(again))
    nd.random.seed(9)
    other = train(begin(), 0, 6)
    assert any((values(other)[name] != a).any() for name, a in values(straight).items())


def test_a_function_as_rate_must_be_passed_again(tmp_path):
    train(trainer(lambda number: 0.1 / number), 0, 1).save(tmp_path)
    with pytest.raises(errors.ParamError, match="<lambda>.*pass lr="):
        optimizers.Trainer.load(tmp_path)
    assert optimizers.Trainer.load(tmp_path, lr=0.5).num_update == 1


def test_older_checkpoints_are_removed(tmp_path):
    of = trainer()
    for number in range(4):
        train(of, number, number + 1).save(tmp_path, keep=2)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["latest", "update-00000003", "update-00000004"]
    of.save(tmp_path)
    assert optimizers.Trainer.load(tmp_path).num_update == 4
    assert optimizers.Trainer.load(tmp_path / "update-00000004").num_update == 4
    with pytest.raises(errors.ParamError, match="keep must be a positive integer, got 0"):
        of.save(tmp_path, keep=0)


def test_no_checkpoint_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="no checkpoint"):
        optimizers.Trainer.load(tmp_path)


@pytest.mark.parametrize("name", ["graph.json", "arrays.safetensors", "training.json", "manifest.json"])
@pytest.mark.parametrize("damage", ["cut", "changed", "missing"])
def test_a_damaged_file_is_named(tmp_path, name, damage):
    path = trainer().save(tmp_path) / name
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(data[:-9] if damage == "cut" else data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    with pytest.raises(errors.FormatError, match=name.replace(".", r"\.")):
        optimizers.Trainer.load(tmp_path)


def other_step(rule="sgd", **shape):
    score = sym.FullyConnected(sym.var("x"), num_hidden=2, name="out")
    return optimizers.step(sym.LinearRegressionOutput(score, sym.var("y"), name="loss"), rule, **shape)


def test_what_does_not_fit_is_listed_and_nothing_is_loaded(tmp_path):
    train(trainer(rule="sgd", momentum=0.9), 0, 2).save(tmp_path)
    mine = {"out_weight": np.ones((2, 3), "f4"), "out_bias": np.ones(3, "f4")}
    with pytest.raises(errors.FormatError) as caught:
        optimizers.Trainer.load(tmp_path, step=other_step("adam"), arrays=mine)
    message = str(caught.value)
    for line in ("missing in the checkpoint: out_weight", "missing in the checkpoint: out_bias_var",
                 "only in the checkpoint: fc_weight_mom, float32 of shape (2, 3)"):
        assert line in message
    reshaped = r"out_bias: expected float32 of shape \(3,\), got float32 of shape \(2,\)"
    with pytest.raises(errors.FormatError, match=reshaped):
        optimizers.Trainer.load(tmp_path, step=other_step(momentum=0.9), arrays=mine,
                                rename=lambda name: name.replace("fc_", "out_"))
    assert (mine["out_weight"] == 1).all()


@pytest.mark.parametrize("rename", [5, ["a"], {"w": ["a"]}, {"w": None}, lambda name: None])
def test_new_names_are_text(rename):
    with pytest.raises(errors.ParamError, match="rename"):
        optimizers.checkpoint.renamed({"w": np.ones(2)}, rename)


def test_renamed(tmp_path):
    straight = train(trainer(rule="sgd", momentum=0.9), 0, 3)
    straight.save(tmp_path)
    again = optimizers.Trainer.load(tmp_path, step=other_step(momentum=0.9), rename={
        f"fc_{end}": f"out_{end}" for end in ("weight", "bias", "weight_mom", "bias_mom")})
    assert_same_bits({k.replace("fc_", "out_"): v for k, v in values(straight).items()}, values(again))
    with pytest.raises(errors.UnknownNameError, match="no saved array named 'fc_weigth'; did you mean 'fc_weight'"):
        optimizers.Trainer.load(tmp_path, rename={"fc_weigth": "a"})
    with pytest.raises(errors.ParamError, match="two saved arrays would be named 'a'"):
        optimizers.Trainer.load(tmp_path, rename=lambda name: "a")


def test_not_strict_takes_what_fits(tmp_path):
    train(trainer(rule="sgd", momentum=0.9), 0, 3).save(tmp_path)
    mine = weights()
    again = optimizers.Trainer.load(tmp_path, step=trainer(rule="adam").symbol, arrays=mine, strict=False)
    assert again.num_update == 3
    assert mine["fc_weight"].tolist() != weights()["fc_weight"].tolist()
    assert not again.executor.aux_dict["fc_weight_var"].asnumpy().any()


KILLED = """
import os, shutil, signal, sys
from symbolic.optimizers import Trainer
from tests.symbolic.optimizers.test_checkpoint import train, trainer
start = sys.argv[1]
of = train(trainer(rule="adam"), 0, 2)
of.save(start)
train(of, 2, 3)
EVENTS = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "shutil.rmtree", "fsync"}
def save(folder, left):
    def hook(event, args):
        nonlocal left
        if event in EVENTS and (event != "open" or folder in str(args[0])):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
    fsync = os.fsync
    os.fsync = lambda handle: (sys.audit("fsync", handle), fsync(handle))[1]
    sys.addaudithook(hook)
    of.save(folder, keep=1)
    os._exit(0)
for moment in range(1, 100):
    folder = f"{start}-{moment}"
    shutil.copytree(start, folder)
    child = os.fork()
    if child == 0:
        save(folder, moment)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(code, Trainer.load(folder).num_update)
    if code == 0:
        print(*sorted(os.listdir(folder)))
        break
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_kill_at_any_moment_leaves_a_whole_checkpoint(tmp_path):
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "run")], cwd=ROOT, capture_output=True,
                          text=True)
    *lines, last = done.stdout.splitlines() or [done.stderr]
    codes, found = zip(*(map(int, line.split()) for line in lines), strict=True)
    assert set(codes[:-1]) == {-signal.SIGKILL} and codes[-1] == 0 and len(codes) > 12, done.stderr
    assert found == tuple(sorted(found)) and set(found) == {2, 3}
    assert last.split() == ["latest", "update-00000003"]


def test_an_error_while_saving_leaves_nothing_behind(tmp_path, monkeypatch):
    of = train(trainer(), 0, 1)
    of.save(tmp_path)
    before = sorted(os.listdir(tmp_path))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(OSError, match="No space left"):
        train(of, 1, 2).save(tmp_path)
    assert sorted(os.listdir(tmp_path)) == before
    assert optimizers.Trainer.load(tmp_path).num_update == 1


def test_the_manifest_knows_every_file(tmp_path):
    path = trainer().save(tmp_path)
    manifest = json.loads((path / "manifest.json").read_text())
    assert {p.name for p in path.iterdir()} == {*manifest["files"], "manifest.json"}


def test_a_tensor_without_axes_stays_one(tmp_path):
    of = optimizers.Trainer(optimizers.update(["w"], "adam"), {"w": np.array(1.0)}, lr=0.1)
    of.step(w_grad=np.array(2.0))
    of.save(tmp_path)
    again = optimizers.Trainer.load(tmp_path)
    for each in (of, again):
        each.step(w_grad=np.array(1.0))
    assert_same_bits(values(again), values(of))
    assert again.executor.arg_dict["w"].shape == ()
