"""Eager calls on large arrays run in loops and give what NumPy gives, however the arrays lie in memory."""

import gc
import threading
import weakref

import numpy as np
import pytest

import ndarray as nd
from ndarray import call, registry

N = call.WORTH_LOOPS + 77
UPDATES = {"signsgd_update": 2, "sgd_update": 2, "sgd_mom_update": 3, "signum_update": 3, "adam_update": 4, "ftrl_update": 4}


@pytest.fixture(autouse=True)
def fresh_plans(backend):
    forget()
    yield
    forget()


def forget():
    call._plans.clear()
    call._signatures.clear()


def looped():
    """Return the signatures of calls that ran in loops."""
    return [f for f in call._signatures.values() if f.loops and f.loops.by_pattern]


def arrays(n, count, dtype="float32", seed=0):
    rng = np.random.default_rng(seed)
    return [np.abs(rng.standard_normal(n)).astype(dtype) for _ in range(count)]


def in_numpy(monkeypatch, function):
    with monkeypatch.context() as patch:
        patch.setattr(call, "WORTH_LOOPS", 1 << 62)
        patch.setattr(call, "OFTEN", 1 << 62)
        return function()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("name", UPDATES)
def test_updates_give_the_bits_of_numpy(name, in_place, dtype, monkeypatch):
    def run():
        values = [nd.from_numpy(a) for a in arrays(N, UPDATES[name], dtype)]
        for lr in (0.1, 0.05):
            result = getattr(nd, name)(*values, lr=lr, wd=0.01, clip_gradient=0.5, out=values[0] if in_place else None)
        return [result.asnumpy(), *(v.asnumpy() for v in values)]

    found = run()
    assert looped(), "it did not run in loops"
    for a, b in zip(in_numpy(monkeypatch, run), found, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["multi_sgd_mom_update", "multi_sgd_update"])
def test_many_tensors_of_which_no_one_is_large(name, monkeypatch):
    def run():
        width = 3 if "mom" in name else 2
        values = [nd.from_numpy(a) for i in range(20) for a in arrays(N // 20 + i, width, seed=i)]
        out = getattr(nd, name)(*values, lrs=(0.1,) * 20, wds=tuple(i / 100 for i in range(20)))
        return [x.asnumpy() for x in (*out, *values)]

    for a, b in zip(in_numpy(monkeypatch, run), run(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert looped()


def test_norms_run_in_loops(monkeypatch):
    xs = [nd.from_numpy(a) for a in arrays(N, 3)]
    for function in (nd.multi_sum_sq, lambda *x: nd.clip_global_norm(*x, max_norm=1.0)[0]):
        np.testing.assert_allclose(function(*xs).asnumpy(), in_numpy(monkeypatch, lambda: function(*xs).asnumpy()),
                                   rtol=3e-7)


@pytest.mark.parametrize("layout", ["strided", "overlapping out", "unaligned", "column order", "the same twice"])
def test_any_layout(layout, monkeypatch):
    def run():
        base = arrays(4 * N, 1)[0]
        w, g, out = base[:N], base[N:2 * N], base[2 * N:3 * N]
        if layout == "strided":
            w, g = base[:2 * N:2], base[1:2 * N:2]
        elif layout == "overlapping out":
            out = base[5:N + 5]
        elif layout == "unaligned":
            w = np.frombuffer(b"\0" + w.tobytes(), np.uint8)[1:].view(np.float32)
        elif layout == "column order":
            w, g, out = (np.asfortranarray(x[:N // 7 * 7].reshape(7, -1)) for x in (w, g, out))
        elif layout == "the same twice":
            g = w
        target = nd.from_numpy(out)
        nd.signsgd_update(nd.from_numpy(w) if w.flags.writeable else nd.NDArray(w), nd.from_numpy(g), lr=0.1, out=target)
        return target.asnumpy()

    np.testing.assert_array_equal(run(), in_numpy(monkeypatch, run))


def test_arrays_are_freed_though_the_kernel_is_kept():
    w, g = (nd.from_numpy(a) for a in arrays(N, 2))
    seen = weakref.ref(w._data)
    nd.signsgd_update(w, g, lr=0.1, out=w)
    del w, g
    gc.collect()
    assert seen() is None


def test_threads_do_not_mix_their_arrays():
    errors = []

    def work(seed):
        for i in range(5):
            w, g = arrays(N, 2, seed=seed * 10 + i)
            expected = w - np.float32(0.1) * np.sign(g)
            got = nd.signsgd_update(nd.from_numpy(w), nd.from_numpy(g), lr=0.1).asnumpy()
            if not np.array_equal(got, expected):
                errors.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors


def test_a_schedule_prepares_nothing_anew():
    w, g, mean, var = (nd.from_numpy(a) for a in arrays(N, 4))
    for t in range(1, 6):
        nd.adabelief_update(w, g, mean, var, lr=0.1 / t, t=t)
    family, = looped()
    assert len(family.loops.by_pattern) == 1 and family.calls == 5


def test_what_loops_cannot_do_is_asked_once():
    x = nd.from_numpy(arrays(N, 1)[0])
    assert np.array_equal(nd.exp(x).asnumpy(), np.exp(x.asnumpy()))
    (key, family), = call._signatures.items()
    assert key[0] is registry.get("exp") and family.loops is False


@pytest.mark.parametrize("name", UPDATES)
def test_small_arrays_run_in_loops_once_they_come_often(name, backend, monkeypatch):
    monkeypatch.setattr(call, "OFTEN", 4)

    def run():
        values = [nd.from_numpy(a) for a in arrays(10, UPDATES[name])]
        results = []
        for k in range(9):
            # Now with the same arrays, now with others; now in place, now into a new array.
            values = [v.copy() for v in values] if k % 3 == 0 else values
            given = {"lr": 0.1 / (k + 1), "wd": 0.01, "out": values[0] if k % 2 else None}
            results.append(getattr(nd, name)(*values, **given).asnumpy())
        return [*results, *(v.asnumpy() for v in values)]

    found = run()
    assert bool(looped()) == (backend == "machine code")
    for a, b in zip(in_numpy(monkeypatch, run), found, strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_was_checked_once_for_some_memory_is_not_taken_for_granted_of_other(monkeypatch):
    monkeypatch.setattr(call, "OFTEN", 0)
    base = arrays(64, 1)[0]
    w, g = nd.from_numpy(base[:10]), nd.from_numpy(base[20:30])
    for _ in range(2):
        nd.signsgd_update(w, g, lr=0.1, out=w)
    with pytest.raises(nd.errors.ShapeError, match="out has shape"):
        nd.signsgd_update(w, g, lr=0.1, out=nd.from_numpy(base[:9]))
    with pytest.raises(nd.errors.DTypeError, match="out has dtype"):
        nd.signsgd_update(w, g, lr=0.1, out=nd.from_numpy(base[:10].view(np.int32)))
    overlapping = nd.from_numpy(base[1:11])
    expected = base[:10] - np.float32(0.1) * np.sign(base[20:30])
    nd.signsgd_update(w, g, lr=0.1, out=overlapping)
    np.testing.assert_array_equal(overlapping.asnumpy(), expected)
    base.flags.writeable = False
    with pytest.raises(nd.errors.BindError, match="read-only"):
        nd.signsgd_update(w, g, lr=0.1, out=nd.NDArray(base[:10]))


def test_a_changed_number_makes_no_new_plan(monkeypatch):
    """A schedule gives another rate to each call; what it costs to take it must not depend on what else is checked."""
    parsed = []
    parse = type(registry.get("adam_update")).parse
    monkeypatch.setattr(type(registry.get("adam_update")), "parse", lambda *a: parsed.append(a) or parse(*a))
    values = [nd.from_numpy(a) for a in arrays(7, 4)]
    for number in range(1, 50):
        nd.adam_update(*values, lr=0.1 / number, wd=0.01 * number, epsilon=1e-8, out=values[0])
    assert len(parsed) == 1 == len(call._plans)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_changed_numbers_are_checked_and_cast_as_the_first_ones(dtype):
    def run(rates, fresh):
        w, g = (nd.from_numpy(a) for a in arrays(5, 2, dtype))
        found = []
        for lr in rates:
            if fresh:
                forget()
            try:
                found.append(nd.sgd_update(w, g, lr=lr, wd=0.5).asnumpy().tobytes())
            except ValueError as error:
                found.append(str(error))
        return found

    rates = [0.1, 0.2, 1, 0.0, -0.0, 1e-300, 1e300, float("nan"), 2**80, 10**400, 0.1, True, "0.5", np.float32(0.3), 70000.0, -3]
    assert run(rates, fresh=False) == run(rates, fresh=True)


def test_changed_tuples_of_numbers():
    def run(fresh):
        values, found = [nd.from_numpy(a) for a in arrays(5, 4)], []
        for lrs, wds in (((0.1, 0.2), (0.0, 0.5)), ((0.1, 0.3), (-0.0, 0.0)), ((0.0, -0.0), (0.1, 0.1)), ((1e39, 1.0), (0.0, 0.0)),
                         ([0.5, 0.25], (1, 0.5)), ((float("nan"), 1.0), (0.0, 0.0)), ((0.1,), (0.2,))):
            if fresh:
                forget()
            try:
                found += [x.asnumpy().tobytes() for x in nd.multi_sgd_update(*values, lrs=lrs, wds=wds)]
            except ValueError as error:
                found.append(str(error))
        return found

    assert run(False) == run(True)
