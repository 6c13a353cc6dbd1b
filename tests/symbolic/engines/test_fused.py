"""The fused engine beyond single operators: places, schedules, threads, interrupts, forks and memory."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import symbolic as sym
from ndarray.kernels import machine_code, tiles

ROOT = Path(__file__).parents[3]


def lars(n, seed=0):
    """Return a pipeline of norms, rates and updates of `n` tensors, and its arrays."""
    w, g, m = ([sym.var(f"{k}{i}") for i in range(n)] for k in "wgm")
    wds = sym.var("wds")
    rates = sym.multi_lars(sym.var("lrs"), sym.multi_sum_sq(*w), sym.multi_sum_sq(*g), wds, eta=0.1, eps=1e-8)
    step = sym.preloaded_multi_sgd_mom_update(*(v for t in zip(w, g, m) for v in t), rates, wds, momentum=0.9, name="s")
    rng = np.random.default_rng(seed)
    arrays = {f"{k}{i}": rng.standard_normal((i + 1, 7)).astype("f4") for i in range(n) for k in "wgm"}
    return step, arrays | {k: rng.random(n).astype("f4") for k in ("lrs", "wds")}


def bound(step, arrays, engine):
    mine = {k: a.copy() for k, a in arrays.items()}
    out = {name: mine[f"w{i}"] for i, name in enumerate(step.list_outputs())}
    return step.bind(args=mine, out=out, engine=engine), mine


def test_a_pipeline_in_place_is_three_kernels_and_right(backend):
    step, arrays = lars(9)
    results = []
    for engine in ("eager", "fused"):
        run, mine = bound(step, arrays, engine)
        for _ in range(3):
            run.forward()
        results.append(mine)
    for name in arrays:
        np.testing.assert_allclose(results[1][name], results[0][name], rtol=2e-6, atol=1e-7)
    text = run.debug_str()
    assert "3 kernels" in text and "9 tensors" in text and "NumPy:" not in text


def test_a_new_rate_is_seen_and_builds_nothing(backend):
    w, g = np.ones(5, "f4"), np.ones(5, "f4")
    lr = np.array([0.5], "f4")
    run = sym.signsgd_update(sym.var("w"), sym.var("g"), lr=sym.var("lr"), name="s").bind(
        args={"w": w, "g": g, "lr": lr}, out={"s_output": w}, engine="fused")
    run.forward()
    lr[:] = 0.25
    run.forward()
    np.testing.assert_array_equal(w, 0.25)


@pytest.mark.parametrize("layout", ["strided", "reversed", "column order", "unaligned", "byte-swapped", "read-only"])
def test_any_layout(layout, backend):
    base = np.arange(24.0, dtype="f4").reshape(4, 6)
    x = {"strided": base[:, ::2], "reversed": base[::-1], "column order": base.T,
         "unaligned": np.frombuffer(b"\0" + base.tobytes(), np.uint8)[1:].view("f4").reshape(4, 6),
         "byte-swapped": base.astype(">f4"), "read-only": base}[layout]
    if layout == "read-only":
        x.flags.writeable = False
    run = (sym.var("x") * 2 + 1).bind(args={"x": x}, engine="fused")
    np.testing.assert_array_equal(run.forward()[0].asnumpy(), x * 2 + 1)
    if layout in ("strided", "reversed", "column order"):
        x[0] = 7
        np.testing.assert_array_equal(run.forward()[0].asnumpy(), x * 2 + 1)


@pytest.mark.parametrize("where", [np.s_[1:5], np.s_[::2], np.s_[:4]])
def test_states_and_outputs_in_slices(where, backend):
    memory, w, g = np.zeros(8, "f4"), np.ones(4, "f4"), np.ones(4, "f4")
    target = np.zeros(8, "f4")
    run = sym.sgd_mom_update(sym.var("w"), sym.var("g"), sym.var("m"), lr=0.5, name="s").bind(
        args={"w": w, "g": g, "m": memory[where]}, out={"s_output": target[where]}, engine="fused")
    run.forward()
    expected = np.zeros(8, "f4")
    expected[where] = 0.5
    np.testing.assert_array_equal(target, expected)
    np.testing.assert_array_equal(memory, -expected)


def test_outputs_may_overlap_inputs_as_if_these_were_copied(backend):
    memory = np.arange(9.0, dtype="f4")
    expected = memory[:8] * 2
    double = sym.broadcast_add(sym.var("x"), sym.var("x1"), name="y")
    double.bind(args={"x": memory[:8], "x1": memory[:8]}, out={"y_output": memory[1:]}, engine="fused").forward()
    np.testing.assert_array_equal(memory[1:], expected)


def test_variables_may_be_bound_to_one_array(backend):
    x = np.arange(4.0)
    run = (sym.var("a") * sym.var("b")).bind(args={"a": x, "b": x}, engine="fused")
    np.testing.assert_array_equal(run.forward()[0].asnumpy(), x * x)


def test_a_failing_call_leaves_everything_as_it_was(backend):
    step = sym.sgd_mom_update(sym.var("w"), sym.var("g"), sym.var("m"), lr=0.5, name="a")
    bad = sym.take(sym.var("table"), sym.var("index"), mode="raise", name="b")
    w, m = np.ones(2, "f4"), np.zeros(2, "f4")
    run = sym.Group([step, bad]).bind(args={"w": w, "g": np.ones(2, "f4"), "m": m, "table": np.ones(2, "f4"),
                                            "index": np.array([7.0], "f4")}, out={"a_output": w}, engine="fused")
    with pytest.raises(Exception, match="7|index"):
        run.forward()
    np.testing.assert_array_equal(w, 1)
    np.testing.assert_array_equal(m, 0)


def test_the_description_says_what_was_not_fused_and_why(backend):
    text = (sym.exp(sym.var("x") * 2, name="e") + 1).bind(args={"x": np.ones(3)}, engine="fused").debug_str()
    assert "NumPy: %e = exp, for `exp` is NumPy's" in text
    assert {"tiles": "NumPy in tiles"}.get(backend, backend) in text and "bytes moved" in text


@pytest.mark.parametrize("how", ["warn", "raise"])
def test_numbers_beyond_the_dtype_are_infinite_without_a_word(how, backend):
    """Warnings are errors here, and NumPy may be set to raise."""
    with np.errstate(all=how):
        run = sym.Group([sym.var("x") * 1e300, sym.full((2,), -1e300)]).bind(args={"x": np.ones(3, "f4")}, engine="fused")
        outputs = [o.asnumpy() for o in run.forward()]
    np.testing.assert_array_equal(outputs[0], np.full(3, np.inf))
    np.testing.assert_array_equal(outputs[1], np.full(2, -np.inf))


def test_equal_tensors_share_one_kernel_that_is_compiled_once(monkeypatch, tmp_path):
    pytest.importorskip("llvmlite")
    monkeypatch.setenv(machine_code.CACHE_VARIABLE, str(tmp_path))
    machine_code._recent.clear()
    machine_code._loaded.clear()
    updates = [sym.signum_update(*(sym.var(f"{k}{i}") for k in "wgm"), lr=0.01 * i, wd=0.003) for i in range(161)]
    step = sym.Group(updates)
    step.bind(args={n: np.ones(i % 7 + 2) for i in range(161) for n in (f"w{i}", f"g{i}", f"m{i}")}, engine="fused")
    assert len(list(tmp_path.iterdir())) == 2, "the kernel, and the driver that calls it"


def test_a_step_allocates_nothing(backend):
    step, arrays = lars(20)
    run, _ = bound(step, arrays, "fused")
    for _ in range(3):
        run.forward()
    tracemalloc.start()
    try:
        before = tracemalloc.take_snapshot()
        peak = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        run.forward()
        assert tracemalloc.get_traced_memory()[1] - peak < 4096
        grown = [s for s in tracemalloc.take_snapshot().compare_to(before, "filename")
                 if s.size_diff > 2048 and "tracemalloc" not in str(s)]
        assert not grown
    finally:
        tracemalloc.stop()


def test_executors_in_several_threads(backend):
    """Two threads with an executor each, and eight that share one."""
    step, arrays = lars(12)
    reference, mine = bound(step, arrays, "fused")
    for _ in range(16):
        reference.forward()
    runs = [bound(step, arrays, "fused") for _ in range(3)]

    def work(run, times):
        for _ in range(times):
            run.forward()

    threads = [threading.Thread(target=work, args=(run, 16)) for run, _ in runs[:2]]
    threads += [threading.Thread(target=work, args=(runs[2][0], 2)) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for _, theirs in runs:
        for name in arrays:
            np.testing.assert_array_equal(theirs[name], mine[name])


def test_a_small_tensor_is_computed_by_one_thread(backend, monkeypatch):
    """In tiles, too, where many small ones together are worth several threads."""
    monkeypatch.setattr(tiles, "WORTH_WAKING", 1000)
    n = 40
    step = sym.Group([sym.sgd_mom_update(*(sym.var(f"{k}{i}") for k in "wgm"), lr=0.1, momentum=0.9, wd=0.01,
                                         name=f"s{i}") for i in range(n)])

    def run(engine):
        rng = np.random.default_rng(0)
        arrays = {f"{k}{i}": rng.normal(size=12_000).astype("f4") for i in range(n) for k in "wgm"}
        executor = step.bind(args=arrays, out={f"s{i}_output": arrays[f"w{i}"] for i in range(n)}, engine=engine)
        for _ in range(8):
            executor.forward()
        return arrays

    expected, got = run("eager"), run("fused")
    for name in expected:
        np.testing.assert_array_equal(got[name], expected[name])


def test_programs_are_freed(backend):
    def once():
        step, arrays = lars(3)
        run, _ = bound(step, arrays, "fused")
        run.forward()

    for _ in range(20):
        once()
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(100):
            once()
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 100_000
    finally:
        tracemalloc.stop()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_runs_the_same_program():
    pytest.importorskip("llvmlite")
    script = """
import os
import numpy as np
import symbolic as sym
n = 3_000_000
w, g = np.ones(n, 'f4'), np.ones(n, 'f4')
run = sym.signsgd_update(sym.var('w'), sym.var('g'), lr=0.25, name='s').bind(
    args={'w': w, 'g': g}, out={'s_output': w}, engine='fused')
run.forward()
child = os.fork()
run.forward()
good = bool((w == 0.5).all())
if child == 0:
    os._exit(0 if good else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), good)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["0", "True"], done.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
def test_an_interrupt_leaves_a_step_done_or_not_begun(backend):
    """A hundred interrupts at random moments with each kind of loop, many of them while helpers are at work."""
    n = 1_200_000
    names = ("w", "g", "m")
    arrays = dict(zip(names, (np.zeros(n, "f4"), np.ones(n, "f4"), np.zeros(n, "f4"))))
    w, g, m = map(sym.var, names)
    norm = sym.sqrt(sym.multi_sum_sq(g))
    run = sym.sgd_mom_update(w, g, m, lr=norm * 0 + 1, momentum=0.0, name="s").bind(
        args=arrays, out={"s_output": arrays["w"]}, engine="fused")
    rng = np.random.default_rng(0)
    start = time.perf_counter()
    run.forward()
    step = time.perf_counter() - start
    interrupted = 0
    for _ in range(100):
        timer = threading.Timer(rng.random() * 2 * step, os.kill, (os.getpid(), signal.SIGINT))
        try:
            timer.start()
            # The first step may have taken many times as long as those that follow: run until the signal has come.
            for _ in range(100_000):
                run.forward()
                time.sleep(step / 20)
        except KeyboardInterrupt:
            interrupted += 1
        timer.join()
        w = arrays["w"]
        assert w[0] == w.min() == w.max() and (w[0] < 0)
        assert (arrays["m"] == -1).all()
    assert interrupted == 100
