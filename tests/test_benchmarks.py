"""What benchmarks print and keep of the machine, and the table that is made of it."""

import json

import pytest

pytest.importorskip("llvmlite")

from benchmarks import machine, table


def test_the_machine_is_told_in_lines():
    known = machine.facts()
    assert {"processor", "threads", "calibration", "NumPy", "llvmlite"} <= set(known)
    lines = machine.text(known).splitlines()
    assert len(lines) == len([value for value in known.values() if value is not None])
    json.dumps(known)


def test_an_unsteady_limit_makes_a_table_worthless(monkeypatch):
    assert "steady" in machine.verdict(1.02) and "WORTH NOTHING" in machine.verdict(1.5)
    monkeypatch.setattr(machine, "SECONDS", 1e-6)
    monkeypatch.setattr(machine, "PAUSE", 0)
    assert machine.spread(lambda: None) >= 1


def test_runs_are_appended_and_the_last_steady_one_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "RESULTS", tmp_path)
    known = {"processor": "Some CPU @ 2 GHz", "LLVM name": "zen"}
    for spread, t in ((1.0, 2.0), (1.0, 3.0), (2.0, 9.0)):
        path = machine.keep(known, spread, {"step": {"limit": 1.0, "ours, symbolic": t, "NumPy": 10.0}})
    assert path.name == "some-cpu-2-ghz-zen.json"
    runs = json.loads(path.read_text())
    assert [run["steady"] for run in runs] == [True, True, False]
    assert table.latest(runs) == {"step": {"ours, symbolic": 3.0, "NumPy": 10.0}}
    assert table.latest(runs, unsteady=True)["step"]["ours, symbolic"] == 9.0


def test_the_table_has_a_column_for_each_machine():
    assert table.table({"A": {"x": {"ours, symbolic": 1.25, "ours, eager": 2, "torch fused": 1.5, "NumPy": 4}},
                        "B": {"y": {"ours, symbolic": 1}}}) == """\
====  =======================  ====
step  A                        B
====  =======================  ====
x     1.25 (torch fused 1.50)
y                              1.00
====  =======================  ===="""
