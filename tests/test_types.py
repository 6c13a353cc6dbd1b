"""Types: stubs are current; a type checker accepts the packages and what users write, and refuses mistakes."""

import importlib
import inspect
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from numpy.lib import NumpyVersion

from docs.extensions import stubs
from docs.extensions.api import EXPORTING, exported_names
from ndarray import registry
from tests.typed import accepted

ROOT = stubs.ROOT
FILES = stubs.files()
REFUSED = ROOT / "tests/typed/refused.py"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_stub_is_current(path):
    assert path.read_text(encoding="utf-8") == FILES[path], "run: python -m docs.extensions.stubs"


def public_functions(package):
    """Yield the functions and methods that a package exports, operators left out, with their dotted names."""
    for name in exported_names(package):
        value = getattr(importlib.import_module(package), name)
        if inspect.isclass(value):
            for method, function in vars(value).items():
                function = getattr(function, "fget", getattr(function, "func", getattr(function, "__func__", function)))
                if method[0] != "_" and inspect.isfunction(function) and function.__name__ != "<lambda>":
                    yield f"{package}.{name}.{method}", function
        elif inspect.isfunction(value) and "<locals>" not in inspect.unwrap(value).__code__.co_qualname:
            yield f"{package}.{name}", value


@pytest.mark.parametrize("package", EXPORTING)
def test_every_public_function_is_annotated(package):
    missing, functions = [], dict(public_functions(package))
    for name, function in functions.items():
        names = [p for p in inspect.signature(function).parameters if p not in ("self", "cls")]
        missing += [f"{name}: {p}" for p in (*names, "return") if p not in function.__annotations__]
    assert not missing and functions


@pytest.fixture(scope="module")
def complaints():
    """What mypy reports for the packages and `tests/typed`: lists of its lines, by file and number."""
    pytest.importorskip("mypy")
    if NumpyVersion(np.__version__) < "2.1.0":
        pytest.skip("the annotations of NumPy 2.0 are others; the packages are checked with later ones")
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "--hide-error-context"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": ""}, capture_output=True, text=True)
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
    lines = REFUSED.read_text(encoding="utf-8").splitlines()
    marked = {number for number, line in enumerate(lines, 1) if "  # refused: " in line}
    assert len(marked) > 25
    assert {number for path, number in complaints if path == REFUSED} == marked


def test_what_is_accepted_runs(tmp_path, monkeypatch):
    registry.names()
    monkeypatch.setattr(registry, "_by_any_name", dict(registry._by_any_name))
    accepted.declaring()
    assert accepted.arrays(tmp_path).shape == (4,)
    assert accepted.graphs(tmp_path).list_outputs() == ["net_output", "mlp__mulscalar0_output"]
    assert 0 < accepted.training(tmp_path) < 100
