"""The calibration: forced, measured, found again on disk, lost; and it decides what kernels fetch."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from ndarray.kernels import calibration, machine_code
from ndarray.kernels.calibration import Calibration
from ndarray.kernels.loop import Loop, Step
from ndarray.kernels.table import Job

ROOT = Path(__file__).parents[3]
COPY = Loop((Step("load", (), "float32", 0),), ("float32", "float32"), (), ((1, 0),))
SUM = Loop((Step("load", (), "float32", 0),), ("float32",), (), (), (("sum", 0),))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache of our own, nothing forced and nothing measured."""
    monkeypatch.setenv(machine_code.CACHE_VARIABLE, str(tmp_path / "kernels"))
    monkeypatch.delenv(calibration.VARIABLE, raising=False)
    monkeypatch.setattr(calibration, "_measured", None)
    monkeypatch.setattr(calibration, "_started", False)
    monkeypatch.setattr(calibration, "memory_size", lambda: 8 << 20)
    return tmp_path / "kernels"


def fetches(loop):
    arrays = tuple(np.zeros(10, np.float32) for _ in loop.arrays)
    return "prefetch" in Job(loop, 10, arrays).text()


@pytest.mark.parametrize("forced", ["none", "fetch"])
def test_the_environment_forces_it(folder, monkeypatch, forced):
    monkeypatch.setenv(calibration.VARIABLE, forced)
    assert calibration.calibration().origin == "forced"
    assert fetches(COPY) is fetches(SUM) is (forced == "fetch")


@pytest.mark.parametrize("several, one", [(True, False), (False, True)])
def test_loops_over_one_array_and_over_several_are_apart(folder, monkeypatch, several, one):
    monkeypatch.setattr(calibration, "_measured", Calibration(several, one, "measured", (1.0, 1.0)))
    assert (fetches(COPY), fetches(SUM)) == (several, one)


def test_what_was_measured_is_found_by_another_process(folder):
    found = calibration.calibrate()
    assert found.origin == "measured" and len(found.ratios) == 2
    script = ("from ndarray.kernels import calibration as c\n"
              "c.prepare(0)\nprint(c.calibration())")
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(found)


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:-3], lambda data: data + b"x"])
def test_a_damaged_file_is_measured_again(folder, damage):
    calibration.calibrate()
    path = calibration._file()
    path.write_bytes(damage(path.read_bytes()))
    assert calibration._read() is None


def test_what_another_version_wrote_is_measured_again(folder):
    machine_code.keep(calibration._file(), b'{"several": true}')
    assert calibration._read() is None


def test_a_choice_is_left_only_for_what_is_clearly_better(folder, monkeypatch):
    monkeypatch.setattr(calibration, "_by_name", lambda: Calibration(True, True, "name"))
    sometimes = [0.9] * 28 + [1.2] * 12
    for ratios, fetch in (([0.8] * 40, False), ([0.99] * 40, True), (sometimes, True), ([1.3] * 40, True)):
        monkeypatch.setattr(calibration, "_ratios", lambda loop, ratios=ratios: ratios)
        assert calibration.calibrate()[:2] == (fetch, fetch)
    monkeypatch.setattr(calibration, "_by_name", lambda: Calibration(False, False, "name"))
    for ratios, fetch in (([1.3] * 40, True), ([1.01] * 40, False), ([0.8] * 40, False)):
        monkeypatch.setattr(calibration, "_ratios", lambda loop, ratios=ratios: ratios)
        assert calibration.calibrate()[:2] == (fetch, fetch)


def test_small_steps_start_no_measurement(folder):
    calibration.prepare(calibration.WORTH_CALIBRATING - 1)
    assert not calibration._started


def test_nothing_is_measured_where_nothing_is_kept(folder, monkeypatch):
    monkeypatch.setenv(machine_code.CACHE_VARIABLE, "")
    calibration.prepare(1 << 40)
    assert not calibration._started and calibration.calibration().origin == "name"
