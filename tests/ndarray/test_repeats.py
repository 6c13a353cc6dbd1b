"""Eager calls that come again: what is looked at, what makes a call another one, and that bits and errors stay."""

import gc
import os
import subprocess
import sys
import threading
import weakref
from contextlib import nullcontext

import numpy as np
import pytest

import ndarray as nd
from ndarray import call as calls
from ndarray import registry
from ndarray.array import NDArray, caller
from ndarray.errors import MXNetError
from ndarray.kernels import call as kernels
from ndarray.kernels import look as looks

pytest.importorskip("llvmlite")
N = 12
RATES, DECAYS = (0.1, *(0.2,) * (N - 1)), (0.0,) * N


@pytest.fixture(params=["look", "identity"])
def how(request, monkeypatch):
    """Repeat calls by the look, and without it."""
    if request.param == "identity":
        monkeypatch.setattr(kernels, "look", lambda wrapper: None)
    return request.param


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(calls, "OFTEN", 0)


@pytest.fixture
def checked(monkeypatch):
    """Return a list that grows with every call that is checked in full."""
    seen, plan_of = [], calls.plan_of
    monkeypatch.setattr(sys.modules["ndarray.array"], "plan_of", lambda op, *more: seen.append(op.name) or plan_of(op, *more))
    return seen


def many(n=N, size=5):
    rng = np.random.default_rng(0)
    return [[nd.array(rng.normal(size=size)) for _ in range(n)] for _ in "wgm"]


class Step:
    """Momentum on many tensors; `update` is a new function with a memory of its own."""

    def __init__(self, n=N):
        self.w, self.g, self.m = many(n)
        self.update = caller(registry.get("multi_sgd_mom_update"))
        self.more = {"lrs": RATES[:n], "wds": DECAYS[:n], "momentum": 0.9, "num_weights": n}

    def __call__(self, **more):
        flat = [x for row in zip(self.w, self.g, self.m) for x in row]
        return self.update(*flat, **(self.more | more), out=self.w)

    def bits(self):
        return b"".join(x.asnumpy().tobytes() for x in (*self.w, *self.g, *self.m))


def expected(step, monkeypatch, run):
    """Return the bits of the same run where nothing is remembered."""
    with monkeypatch.context() as patch:
        patch.setattr(calls.Repeats, "again", lambda *a: None)
        run(step)
    return step.bits()


def twice(step):
    for _ in range(8):
        step()


def test_a_call_that_comes_again_is_not_checked_again_and_gives_the_same_bits(how, checked, monkeypatch):
    step = Step()
    twice(step)
    assert len(checked) == 2, "the second is remembered"
    assert step.bits() == expected(Step(), monkeypatch, twice)
    assert step() is step.w


def test_rates_in_new_lists_are_compared_by_value(how, checked, monkeypatch):
    def run(step):
        for rate in (0.5, 0.5, 0.5, 0.5, 0.25, -0.0, 0.0):
            step(lrs=[rate] * N)

    step = Step()
    run(step)
    assert len(checked) == 2 + 3
    assert step.bits() == expected(Step(), monkeypatch, run)


def test_a_list_that_is_changed_in_place_is_another_parameter(how, monkeypatch):
    def run(step):
        rates = [0.5] * N
        for k in range(6):
            rates[3] = 0.5 if k < 4 else 0.125
            step(lrs=rates)

    step = Step()
    run(step)
    assert step.bits() == expected(Step(), monkeypatch, run)


def deprecated():
    """NumPy 2.5 and later warn where an array's shape or dtype is set."""
    return pytest.warns(DeprecationWarning) if np.lib.NumpyVersion(np.__version__) >= "2.5.0" else nullcontext()


def change_shape(step):
    with deprecated():
        step.w[3]._data.shape = (5, 1)


def make_read_only(step):
    step.w[3]._data.flags.writeable = False


def change_dtype(step):
    with deprecated():
        step.g[3]._data.dtype = np.int32


def resize(step):
    step.w[3]._data.resize(9, refcheck=False)


def share(step):
    step.w[3] = step.w[2]


def swap(step):
    step.w[3] = nd.zeros(7)


@pytest.mark.parametrize("change", [change_shape, make_read_only, change_dtype, resize, swap], ids=lambda f: f.__name__)
def test_what_changes_on_an_array_is_seen(how, change):
    step = Step()
    for _ in range(4):
        step()
    change(step)
    before = step.bits()
    with pytest.raises(MXNetError):
        step()
    assert step.bits() == before, "and nothing is written"


def test_one_array_in_two_places_is_another_call(how):
    step = Step()
    for _ in range(4):
        step()
    share(step)
    with pytest.raises(MXNetError, match="share memory"):
        step()


def test_an_array_that_becomes_another_class_is_another_call(how, checked):
    class Elsewhere(NDArray):
        __slots__ = ()

    step = Step()
    for _ in range(4):
        step()
    before = len(checked)
    step.g[3].__class__ = Elsewhere
    for _ in range(3):
        step()
    assert len(checked) == before + 3


def test_other_arrays_of_the_same_kind_are_updated(how, monkeypatch):
    def run(step):
        for k in range(9):
            if k > 3:
                step.g[k % N] = nd.array(np.full(5, k))
            step()

    step = Step()
    run(step)
    assert step.bits() == expected(Step(), monkeypatch, run)


def test_it_keeps_nothing_alive(how):
    step = Step()
    for _ in range(4):
        step()
    seen = [weakref.ref(x) for x in (*step.w, *step.g, *step.m)] + [weakref.ref(x._data) for x in step.w]
    update = step.update
    del step
    gc.collect()
    assert not any(ref() is not None for ref in seen)
    new = Step()
    new.update = update
    new()


def test_an_array_that_dies_is_not_taken_for_its_successor(how, monkeypatch):
    def run(step):
        for k in range(20):
            if k > 3:
                step.g[3] = None
                step.g[3] = NDArray(np.full(5, k, "f4"))
            step()

    step = Step()
    run(step)
    assert step.bits() == expected(Step(), monkeypatch, run)


# Few arrays: only by the look

@pytest.fixture
def update():
    return caller(registry.get("sgd_mom_update"))


def test_a_single_call_sees_new_arrays_without_being_checked(update, checked):
    w, m = nd.ones(10), nd.zeros(10)
    for k in range(10):
        update(w, nd.full(10, k), m, lr=0.5, momentum=0.0, out=w)
    assert checked.count("sgd_mom_update") == 1
    assert w.asnumpy()[0] == 1 - 0.5 * sum(range(10))


def test_new_outputs_are_new_each_time(update, checked):
    w, g, m = nd.ones(10), nd.ones(10), nd.zeros(10)
    results = [update(w, g, m, lr=0.5, momentum=1.0) for _ in range(5)]
    assert checked.count("sgd_mom_update") == 1
    assert [r.asnumpy()[0] for r in results] == [0.5, 0.0, -0.5, -1.0, -1.5]
    assert len({r._data.ctypes.data for r in results}) == 5 and results[0].context == w.context


def test_with_outputs_and_without_are_two_calls(update, checked):
    w, g, m = nd.ones(10), nd.ones(10), nd.zeros(10)
    for _ in range(8):
        update(w, g, m, lr=0.5, momentum=0.0, out=w)
        assert update(w, g, m, lr=0.5, momentum=0.0) is not w
    assert checked.count("sgd_mom_update") == 2 and w.asnumpy()[0] == -3


def test_arrays_that_overlap_are_another_call(update):
    memory = np.zeros(40, "f4")
    a, b, m = (NDArray(memory[k:k + 10]) for k in (0, 10, 20))
    for _ in range(3):
        update(a, b, m, lr=0.5, momentum=0.5, out=a)
    part = NDArray(memory[5:15])
    with pytest.raises(MXNetError, match="share memory"):
        update(a, b, part, lr=0.5, momentum=0.5, out=a)
    b[:] = 1
    one, two = np.zeros(10), memory[5:15].copy()
    update(a, NDArray(memory[5:15]), m, lr=0.5, momentum=0.0, out=a)
    np.testing.assert_array_equal(memory[:10], one - 0.5 * two)


def test_out_elsewhere_is_another_call(update):
    w, g, m, target = nd.ones(10), nd.ones(10), nd.zeros(10), nd.zeros(10)
    for _ in range(3):
        update(w, g, m, lr=0.5, momentum=0.0, out=w)
    before = w.asnumpy()
    assert update(w, g, m, lr=0.5, momentum=0.0, out=target) is target
    np.testing.assert_array_equal(w.asnumpy(), before)
    np.testing.assert_array_equal(target.asnumpy(), before - 0.5)


@pytest.mark.parametrize("more", [{"lr": True}, {"lr": "0.5"}, {"lr": 0.25}, {"lr": 0.5, "wd": 0.1}, {"lr": 0.5, "wdd": 1}])
def test_other_parameters_are_another_call(more, monkeypatch):
    def run(update):
        w, g, m = nd.ones(3), nd.ones(3), nd.zeros(3)
        for _ in range(3):
            update(w, g, m, lr=0.5, out=w)
        try:
            update(w, g, m, **more, out=w)
        except MXNetError as error:
            return str(error), w.tolist()
        return w.tolist()

    got = run(caller(registry.get("sgd_mom_update")))
    monkeypatch.setattr(calls.Repeats, "again", lambda *a: None)
    assert got == run(caller(registry.get("sgd_mom_update")))


def test_wrong_arguments_fail_as_ever(update):
    w, g, m = nd.ones(3), nd.ones(3), nd.zeros(3)
    for _ in range(3):
        update(w, g, m, lr=0.5, out=w)
    for args, out in (((w, g), w), ((w, g, m, m), w), ((w, np.ones(3, "f4"), m), w), ((w, g, None), w),
                      ((w, g, m), [w, w]), ((w, g, m), np.ones(3, "f4")), ((w._data, g, m), None)):
        with pytest.raises(MXNetError):
            update(*args, lr=0.5, out=out)


def test_a_call_that_is_recorded_is_not_a_repeat():
    square = caller(registry.get("square"))
    x = nd.ones(3)
    for _ in range(3):
        square(x)
    x.attach_grad()
    with nd.autograd.record():
        y = square(x)
    y.backward()
    assert x.grad.tolist() == [2, 2, 2]


def test_arguments_that_change_at_each_call_are_soon_let_be(update, monkeypatch):
    made = []
    monkeypatch.setattr(kernels, "repeat_of", lambda *a, was=kernels.repeat_of: made.append(1) or was(*a))
    w, g, m = nd.ones(3), nd.ones(3), nd.zeros(3)
    for k in range(20):
        update(w, g, m, lr=0.5 / (k + 1), out=w)
    assert len(made) == 1 + calls.Repeats.MOST_CHANGES


def test_threads_with_their_own_arrays(update):
    def work(found):
        w, g, m = nd.ones(10), nd.ones(10), nd.zeros(10)
        for _ in range(200):
            update(w, g, m, lr=0.5, momentum=0.0, out=w)
        found.append(w.tolist())

    found = []
    threads = [threading.Thread(target=work, args=(found,)) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert found == [[-99.0] * 10] * 6


# The look itself

def test_the_look_proves_itself_here_or_is_off(monkeypatch):
    assert looks.look(NDArray) is not None
    looks.look.cache_clear()
    monkeypatch.setattr(looks, "FLAGS", 72)
    assert looks.look(NDArray) is None, "a layout that is not what it should be"
    looks.look.cache_clear()
    monkeypatch.undo()
    monkeypatch.setattr(sys, "gettotalrefcount", lambda: 0, raising=False)
    assert looks.look(NDArray) is None, "a debug build"
    looks.look.cache_clear()


def test_a_look_that_overlooks_something_does_not_prove_itself():
    arrays = [NDArray(np.zeros(3)), NDArray(np.zeros((2, 2), "f4"))]
    assert looks._proves_itself(looks.look(NDArray), arrays)
    assert not looks._proves_itself(lambda *a: 1, arrays)
    assert not looks._proves_itself(lambda *a: 0, arrays)
    blind = looks.MASK
    looks.MASK = 0
    try:
        assert not looks._proves_itself(looks.look(NDArray), arrays)
    finally:
        looks.MASK = blind


def test_nothing_is_looked_at_before_it_pays():
    script = """
import sys, ndarray as nd
w = nd.ones(3)
for _ in range(10):
    nd.sgd_update(w, w, lr=0.1)
print([m for m in ("llvmlite", "ndarray.kernels.look") if m in sys.modules])
"""
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
