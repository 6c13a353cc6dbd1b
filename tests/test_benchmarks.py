"""What benchmarks print and keep of the machine, and the table that is made of it."""

import json
import runpy
import sys
from pathlib import Path

import pytest

pytest.importorskip("llvmlite")

from benchmarks import machine, matrices, table


def test_the_machine_is_told_in_lines():
    known = machine.facts()
    assert {"processor", "threads", "calibration", "NumPy", "llvmlite"} <= set(known)
    lines = machine.text(known).splitlines()
    assert len(lines) == len([value for value in known.values() if value is not None])
    json.dumps(known)


def test_the_machine_is_told_without_llvmlite(monkeypatch):
    monkeypatch.setattr(machine.machine_code, "available", lambda: False)
    monkeypatch.setattr(machine.machine_code, "processor", None)
    monkeypatch.setattr(machine, "version", {"numpy": "2"}.__getitem__)
    known = machine.facts()
    assert known["llvmlite"] is known["LLVM name"] is known["calibration"] is None and "NumPy" in machine.text(known)


PROGRAMS = sorted(path.stem for path in (Path(__file__).parents[1] / "benchmarks").glob("*.py")
                  if '__name__ == "__main__"' in path.read_text(encoding="utf-8"))
NEEDS = {"torch_door": "torch", "xla": "jax", "processes": "jax", "page": "playwright"}


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_benchmark_answers_help(name, monkeypatch, capsys):
    pytest.importorskip(NEEDS.get(name, "numpy"))
    monkeypatch.setattr("sys.argv", [f"benchmarks/{name}.py", "--help"])
    monkeypatch.delitem(sys.modules, f"benchmarks.{name}", raising=False)  # Another test may have imported it.
    with pytest.raises(SystemExit) as left:
        runpy.run_module(f"benchmarks.{name}", run_name="__main__", alter_sys=False)
    assert left.value.code == 0 and "usage:" in capsys.readouterr().out


def test_a_form_that_updates_nothing_is_off_the_way_of_torchs_loop():
    torch = pytest.importorskip("torch")
    from benchmarks.torch_door import FAR, off

    class Idle(torch.optim.SGD):
        def step(self, closure=None):
            if self.defaults["foreach"]:
                return None
            return super().step(closure)

    for dtype in (torch.float32, torch.bfloat16):
        assert off(torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "foreach": True}, dtype) < FAR
        assert off(Idle, {"lr": 0.1, "momentum": 0.9, "foreach": True}, dtype) == 1


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
    assert table.latest(runs) == {"step": {"limit": 1.0, "ours, symbolic": 3.0, "NumPy": 10.0}}
    assert table.latest(runs, unsteady=True)["step"]["ours, symbolic"] == 9.0


def test_the_table_has_a_column_for_each_machine():
    assert table.table({"A": {"x": {"limit": 2, "ours, symbolic": 2.5, "ours, eager": 4, "torch fused": 3, "NumPy": 8}},
                        "B": {"y": {"limit": 1, "ours, symbolic": 1}}}) == """\
====  =======================  ====
step  A                        B
====  =======================  ====
x     1.25 (torch fused 1.50)
y                              1.00
====  =======================  ===="""


def test_every_contestant_has_a_row_and_every_kind_of_step_a_table():
    assert table.everything({"signsgd 1e3": {"limit": 1e-6, "NumPy": 12.3e-6, "ours, eager": 2e-6},
                             "momentum ResNet-50": {"limit": 0.002, "ours, eager": 0.0021, "MXNet": 2.5}}) == """\
===========  ===========
step         signsgd 1e3
===========  ===========
limit, µs    1.00
ours, eager  2.00
NumPy        12
===========  ===========

===========  ==================
step         momentum ResNet-50
===========  ==================
limit, µs    2,000
ours, eager  1.05
MXNet        1,250
===========  =================="""


def test_the_page_has_the_tables_of_the_results():
    """``python -m benchmarks.table --all`` prints them."""
    page = (Path(__file__).parents[1] / "docs/performance.rst").read_text(encoding="utf-8")
    for found in table.kept().values():
        assert f"\n{table.everything(found)}\n" in page


def test_the_page_has_the_table_of_matrices():
    """``python -m benchmarks.matrices --table`` prints it."""
    page = (Path(__file__).parents[1] / "docs/performance.rst").read_text(encoding="utf-8")
    assert matrices.kept()
    for found in matrices.kept().values():
        assert f"\n{matrices.table(found)}\n" in page


def test_the_page_has_the_table_of_classes_of_torch():
    """``python -m benchmarks.torch_door --table`` prints it."""
    pytest.importorskip("torch")
    from benchmarks import torch_door

    page = (Path(__file__).parents[1] / "docs/torch.rst").read_text(encoding="utf-8")
    assert torch_door.kept()
    for found in torch_door.kept().values():
        assert f"\n{torch_door.table(found)}\n" in page
