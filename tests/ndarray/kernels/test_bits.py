"""No bit of a result depends on threads, addresses, calibration or on who happens to be awake."""

import hashlib
import itertools

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import ndarray as nd
import symbolic as sym
from ndarray.kernels import calibration
from ndarray.kernels.threads import get_num_threads, set_num_threads


@pytest.fixture(autouse=True)
def threads():
    before = get_num_threads()
    yield
    set_num_threads(before)


def updates(sign, w, g, m, v):
    """Return a signSGD or an Adam step, in place."""
    step = (sym.signsgd_update(sym.var("w"), sym.var("g"), lr=0.1, wd=0.01, name="step") if sign else
            sym.adam_update(*map(sym.var, "wgmv"), lr=0.1, name="step"))
    arrays = {"w": w, "g": g} if sign else {"w": w, "g": g, "m": m, "v": v}
    return step.bind(args=arrays, out={"step_output": w}, engine="fused"), arrays


def sums(mean, w, g, m, v):
    """Return the norms of two arrays, or a mean."""
    x = sym.var("w"), sym.var("g")
    step = sym.mean(x[0] * x[0] + 1.0) if mean else sym.multi_sum_sq(*x, num_arrays=2)
    arrays = {"w": w} if mean else {"w": w, "g": g}
    return step.bind(args=arrays, engine="fused"), arrays


def half(_, w, g, m, v):
    """Return a step on float16, whose lines hold more elements."""
    w, g = w.astype(np.float16), g.astype(np.float16)
    step = sym.sgd_update(sym.var("w"), sym.var("g"), lr=0.1, name="step")
    return step.bind(args={"w": w, "g": g}, out={"step_output": w}, engine="fused"), {"w": w, "g": g}


def shifted(n, elements, seed):
    """Return random numbers that begin so many elements behind a line of the cache."""
    block = np.empty(n + 32, np.float32)
    start = -block.ctypes.data // 4 % 16 + elements
    block[start:start + n] = np.random.default_rng(seed).standard_normal(n)
    return block[start:start + n]


@pytest.mark.parametrize("n", [1, 15, 16_385, 65_537, 300_001])
@pytest.mark.parametrize("make, which", [(updates, True), (updates, False), (sums, True), (sums, False), (half, None)])
def test_one_hash_for_all_variants(make, which, n, monkeypatch):
    found = set()
    for fetch, elements, threads in itertools.product(("none", "fetch"), (0, 1, 13), (1, 2, 3)):
        monkeypatch.setenv(calibration.VARIABLE, fetch)
        set_num_threads(threads)
        w, g, m, v = (shifted(n, elements * (k + 1) % 16, k) for k in range(4))
        executor, arrays = make(which, w, g, m, np.abs(v, out=v))
        digest = hashlib.sha256()
        for _ in range(3):
            for out in executor.forward():
                digest.update(out.asnumpy().tobytes())
        for array in arrays.values():
            digest.update(array.tobytes())
        found.add(digest.digest())
    assert len(found) == 1


def lars(sizes):
    """Return a step of norms, rates and updates over tensors of some sizes, in place, and its arrays."""
    random, n = np.random.default_rng(1), len(sizes)
    arrays = {f"{k}{i}": random.standard_normal(s).astype("f4") for i, s in enumerate(sizes) for k in "wgm"}
    arrays |= {"lrs": np.full(n, 0.1, "f4"), "wds": np.full(n, 0.01, "f4")}
    x, wds = {k: [sym.var(f"{k}{i}") for i in range(n)] for k in "wgm"}, sym.var("wds")
    rates = sym.multi_lars(sym.var("lrs"), sym.multi_sum_sq(*x["w"]), sym.multi_sum_sq(*x["g"]), wds, eta=0.1, eps=1e-8)
    step = sym.preloaded_multi_sgd_mom_update(*[x[k][i] for i in range(n) for k in "wgm"], rates, wds, momentum=0.9)
    out = {name: arrays[f"w{i}"] for i, name in enumerate(step.list_outputs())}
    return step.bind(args=arrays, out=out, engine="fused"), arrays


SIZES = [(3_000,) * 4, (50_000,) * 4, (20_000,) * 10, (70_001, 13, 66_000, 300), (300_000, 5, 120_000),
         (1_000, 200_000), (400_000, 350_000, 64)]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_phases_that_depend_on_each_other_never_run_at_once(sizes):
    """Phases of middle size, with workers that are awake: too small to share, or just large enough."""
    found = set()
    for threads in (1, 2, 3, 2):
        set_num_threads(threads)
        executor, arrays = lars(sizes)
        for _ in range(60):
            executor.forward()
        found.add(hashlib.sha256(b"".join(a.tobytes() for a in arrays.values())).digest())
    assert len(found) == 1


def test_eager_calls_are_the_same_wherever_arrays_are():
    found = set()
    for elements in (0, 1, 7, 15):
        w, g = (nd.from_numpy(shifted(100_003, elements, k)) for k in range(2))
        for _ in range(3):
            nd.signsgd_update(w, g, lr=0.1, out=w)
        found.add(w.asnumpy().tobytes())
    assert len(found) == 1
