"""The benchmarks of graphs under XLA: everyone makes the same steps, and a table says who takes how long."""

import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("jax")
pytest.importorskip("optax")

import jax
import numpy as np

from benchmarks import machine, processes, xla

DOCS = Path(__file__).parents[3] / "docs"
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
    assert ({xla.PLAIN, xla.DECAYED} <= found.keys()) == (rule in xla.PLAIN_STEPS)
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
    assert len(re.findall(r"^  \S.* ms +[\d.]+ × .* traced in +[\d.]+ s, compiled in +[\d.]+ s$", printed, re.M)) == 10
    assert {"resnet50", "bert_base"} < set(xla.SHAPES)


def test_what_is_kept_becomes_a_table(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(xla, "RESULTS", tmp_path / "xla")
    monkeypatch.setitem(xla.SHAPES, "small", lambda: SHAPES)
    monkeypatch.setattr("sys.argv", ["xla", "--shapes", "small", "--rules", "lamb", "momentum", "--rounds", "2", "--keep"])
    xla.main()
    (title, found), = xla.kept().items()
    assert title == machine.title(machine.facts()) and list(found) == ["momentum 500 × 64", "lamb 500 × 64"]
    assert all(t > 0 for each in found.values() for of in each.values() for t in of.values())
    capsys.readouterr()
    monkeypatch.setattr("sys.argv", ["xla", "--table"])
    xla.main()
    assert capsys.readouterr().out == f"{title}\n\n{xla.table(found)}\n"


def test_multiples_are_of_the_same_formula():
    of = {"Optax": 0.002, "ours, as a transformation": 0.003, "ours, bound": 0.005}
    plain = of | {xla.PLAIN: 0.01, xla.DECAYED: 0.004}
    found = {"lamb A": {"step": of, "tracing": of, "compiling": of},
             "momentum A": dict.fromkeys(("step", "tracing", "compiling"), plain)}
    assert xla.table(found) == """\
==========  ==========  ==============  =====  ==========  ========  =========
step        others, ms  transformation  bound  same reads  tracing   compiling
==========  ==========  ==============  =====  ==========  ========  =========
lamb A      2           1.50            2.50   –           1.5, 2.5  1.5, 2.5
momentum A  10          0.30            0.50   1.25        0.3, 0.5  0.3, 0.5
==========  ==========  ==============  =====  ==========  ========  ========="""


def test_the_pages_have_the_tables_of_the_results():
    """``python -m benchmarks.xla --table`` and ``python -m benchmarks.processes --table`` print them."""
    for benchmark, name in ((xla, "jax"), (processes, "distributed")):
        page, kept = (DOCS / f"{name}.rst").read_text(encoding="utf-8"), benchmark.kept()
        assert kept and all(f"\n{benchmark.table(found)}\n" in page for found in kept.values())


def test_a_kept_run_of_processes_becomes_a_table(monkeypatch, tmp_path, capsys):
    """Two real processes; what the loopback device counts is at least what the model says."""
    monkeypatch.setattr(processes, "RESULTS", tmp_path / "processes")
    monkeypatch.setattr("sys.argv", ["processes", "--processes", "1", "2", "--size", "64000", "--steps", "2", "--keep"])
    processes.main()
    printed, (run,) = capsys.readouterr().out, processes.kept().values()
    assert printed == processes.table(run) + "\n" and [line.split()[0] for line in printed.splitlines()[3:5]] == ["1", "2"]
    for kind in processes.KINDS:
        assert run["seconds"]["2"][kind] > 0 == processes.model(kind, 1, 64000)
        if sys.platform == "linux":
            assert run["bytes"]["2"][kind] > processes.model(kind, 2, 64000)
    monkeypatch.setattr("sys.argv", ["processes", "--table"])
    processes.main()
    assert capsys.readouterr().out.endswith(printed)
