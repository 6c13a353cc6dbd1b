"""Types: the generated stubs are current, and a type checker accepts the packages and what users write, not mistakes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.extensions import stubs
from tests.typed import accepted

ROOT = stubs.ROOT
FILES = stubs.files()
REFUSED = ROOT / "tests/typed/refused.py"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_stub_is_current(path):
    assert path.read_text(encoding="utf-8") == FILES[path], "run: python -m docs.extensions.stubs"


@pytest.fixture(scope="module")
def complaints():
    """What mypy says of the packages and of `tests/typed`: lists of its lines, by file and number."""
    pytest.importorskip("mypy")
    done = subprocess.run([sys.executable, "-m", "mypy", "--no-error-summary", "--hide-error-context"], cwd=ROOT, text=True,
                          env=os.environ | {"PYTHONPATH": ""}, capture_output=True)
    assert not done.stderr and done.returncode in (0, 1), done.stderr or done.stdout
    found = {}
    for line in done.stdout.splitlines():
        path, number, kind = re.match(r"(.*?):(\d+): (\w+): ", line).groups()
        if kind == "error":
            found.setdefault((ROOT / path, int(number)), []).append(line)
    return found


def test_a_type_checker_accepts_the_packages_and_what_users_write(complaints):
    assert not [line for (path, _), lines in complaints.items() if path != REFUSED for line in lines]


def test_a_type_checker_refuses_mistakes(complaints):
    marked = {k for k, line in enumerate(REFUSED.read_text(encoding="utf-8").splitlines(), 1) if "  # refused: " in line}
    assert len(marked) > 25
    assert {number for path, number in complaints if path == REFUSED} == marked


def test_what_is_accepted_runs(tmp_path, capsys):
    accepted.declaring()
    assert accepted.arrays(tmp_path).shape == (3,)
    assert accepted.graphs(tmp_path).list_outputs() == ["net_output", "mlp__mulscalar0_output"]
    assert 0 < accepted.training(tmp_path) < 100
