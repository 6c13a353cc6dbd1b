"""The benchmarks of graphs under XLA: everyone makes the same steps, and a table says who takes how long."""

import re
from pathlib import Path

import pytest

pytest.importorskip("jax")
pytest.importorskip("optax")

import jax
import numpy as np

from benchmarks import xla

SHAPES = ((3, 4), (5,))


@pytest.mark.parametrize("rule", xla.RULES)
def test_everyone_makes_the_same_steps(rule):
    found = {}
    for name, run in xla.contenders(rule, SHAPES).items():
        for _ in range(1 if isinstance(run, xla.Bound) else 2):  # it has made the first where it was compiled
            assert run() > 0
        weights = run._run.arg_dict if isinstance(run, xla.Bound) else run._state[0]
        found[name] = [np.asarray(weights[f"w{k}"].asnumpy() if isinstance(run, xla.Bound) else weights[f"w{k}"])
                       for k in range(len(SHAPES))]
    assert ("plain JAX, our formula" in found) == (rule == "momentum")
    if rule != "momentum":
        found.pop("ours, bound")  # it is fed a later count
    first = found.pop("Optax")
    for others in found.values():
        for mine, theirs in zip(others, first, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=2e-5, atol=1e-6)


def test_the_table_names_everyone_and_the_command_takes_shapes_and_rules(monkeypatch, capsys):
    monkeypatch.setitem(xla.SHAPES, "small", lambda: SHAPES)
    monkeypatch.setattr("sys.argv", ["xla", "--shapes", "small", "--rules", "momentum", "adam", "--rounds", "1"])
    xla.main()
    printed = capsys.readouterr().out
    assert f"JAX {jax.__version__}" in printed and "adam, 2 tensors of 17 elements" in printed
    assert len(re.findall(r"^  \S.* ms +[\d.]+ × .* traced in +[\d.]+ s, compiled in +[\d.]+ s$", printed, re.M)) == 7
    assert {"resnet50", "bert_base"} < set(xla.SHAPES)


def test_what_is_kept_becomes_a_table(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(xla, "RESULTS", tmp_path / "xla")
    monkeypatch.setitem(xla.SHAPES, "small", lambda: SHAPES)
    monkeypatch.setattr("sys.argv", ["xla", "--shapes", "small", "--rules", "lamb", "momentum", "--rounds", "2", "--keep"])
    xla.main()
    found = xla.kept()
    assert set(found) == {"lamb 500 × 64", "momentum 500 × 64"}
    assert all(t > 0 for each in found.values() for of in each.values() for t in of.values())
    capsys.readouterr()
    monkeypatch.setattr("sys.argv", ["xla", "--table"])
    xla.main()
    assert capsys.readouterr().out == xla.table(found) + "\n"


def test_multiples_are_of_the_same_formula():
    of = {"Optax": 0.002, "ours, as a transformation": 0.003, "ours, bound": 0.005}
    found = {"adam A": {"step": of, "tracing": of, "compiling": of},
             "momentum A": dict.fromkeys(("step", "tracing", "compiling"), of | {"plain JAX, our formula": 0.01})}
    assert xla.table(found) == """\
==========  ==========  ==============  =====  ========  =========
step        others, ms  transformation  bound  tracing   compiling
==========  ==========  ==============  =====  ========  =========
adam A      2           1.50            2.50   1.5, 2.5  1.5, 2.5
momentum A  10          0.30            0.50   0.3, 0.5  0.3, 0.5
==========  ==========  ==============  =====  ========  ========="""


def test_the_page_has_the_table_of_the_results():
    """``python -m benchmarks.xla --table`` prints it."""
    page = (Path(__file__).parents[3] / "docs/jax.rst").read_text(encoding="utf-8")
    assert f"\n{xla.table(xla.kept())}\n" in page
