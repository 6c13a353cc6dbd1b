"""Memory that executors allocate: whole lines, one block, huge pages where they are to be had, freed with the last array."""

import ctypes
import gc
import os
import subprocess
import sys
import warnings
import weakref
from pathlib import Path

import numpy as np
import pytest

import symbolic as sym
from ndarray.kernels import pages

LARGE = 3 * pages.HUGE // 4 + 5
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux lists mapped memory")


@pytest.mark.parametrize("n", [0, 1, 17, 300_000, LARGE])
def test_arrays_are_zeros_in_one_block_that_begin_with_lines(n):
    arrays = pages.zeros([((n,), "float32"), ((), "float64"), ((2, n), "float16"), ((3,), "bool")])
    assert [(a.shape, str(a.dtype)) for a in arrays] == [((n,), "float32"), ((), "float64"), ((2, n), "float16"),
                                                         ((3,), "bool")]
    assert not any(a.any() for a in arrays)
    assert all(a.ctypes.data % pages.LINE == 0 for a in arrays if a.size)
    for value, array in enumerate(arrays, 1):
        array[...] = value
    assert [set(a.ravel().tolist()) - {value} for value, a in enumerate(arrays, 1) if a.dtype != bool] == [set()] * 3


def test_a_block_lives_as_long_as_one_of_its_arrays():
    first, second = pages.zeros([((LARGE,), "float32"), ((LARGE,), "float32")])
    base = first
    while isinstance(base.base, np.ndarray):
        base = base.base
    gone = weakref.ref(base)
    del first, base
    second[:] = 1
    assert gone() is not None and second.all()
    del second
    assert gone() is None


@linux
def test_executors_leave_no_memory_behind():
    def mapped():
        gc.collect()
        return len(Path("/proc/self/maps").read_text().splitlines())

    def cycle():
        run = sym.make_loss(sym.square(sym.var("x"))).simple_bind(x=(LARGE,))
        run.forward(is_train=True)
        run.backward()

    cycle()
    before = mapped()
    for _ in range(20):
        cycle()
    assert mapped() - before < 10


ROOT = Path(__file__).parents[3]
FORKED = f"""
import os
from ndarray.kernels import pages

array, = pages.zeros([(({LARGE},), "float32")])
child = os.fork()
if not child:
    array[:] = 1
    os._exit(0)
os.waitpid(child, 0)
assert not array.any()
"""


@linux
def test_a_child_writes_into_its_own_memory():
    """In a process of its own: other libraries that a test has loaded may not be forked."""
    subprocess.run([sys.executable, "-c", FORKED], env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)


def test_huge_pages_change_nothing_but_speed():
    found = []
    for huge_pages in (False, True):
        x = np.random.default_rng(0).standard_normal(LARGE).astype("f4")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a system that has none
            run = sym.exp(sym.var("x")).bind(args={"x": x}, huge_pages=huge_pages)
        found.append(run.forward()[0].asnumpy())
    assert np.array_equal(*found)


def test_where_there_are_none_a_warning_says_so(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    with pytest.warns(UserWarning, match="huge_pages=True has no effect"):
        sym.exp(sym.var("x")).bind(args={"x": np.ones(2 * pages.HUGE, "f4")}, huge_pages=True)
