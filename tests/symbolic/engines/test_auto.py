"""The default engine: which graphs move to loops and when, with the same bits, between two runs, and never half."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import symbolic as sym
from ndarray import registry
from ndarray.kernels import machine_code
from symbolic.engines import auto, eager
from symbolic.engines.program import Program
from tests.symbolic.cases import CASES, Case
from tests.symbolic.engines.rounding import assert_same_bits

pytest.importorskip("llvmlite")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(__file__))))
W, G, M = map(sym.var, "wgm")
MOMENTUM = sym.sgd_mom_update(W, G, M, lr=0.1, momentum=0.9, wd=0.01, name="s")


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Let every graph move at its second run, flat at its first."""
    for name in ("WORTH_FLATTENING", "WORTH_LOADING"):
        monkeypatch.setattr(eager, name, 1)
    for name in ("KEPT", "COMPILED", "LOADED"):
        monkeypatch.setattr(auto, name, 1)


def arrays(n=10):
    return {name: np.linspace(-1, k + 1, n, dtype="f4") for k, name in enumerate("wgm")}


def bound(engine, mine):
    return MOMENTUM.bind(args=mine, out={"s_output": mine["w"]}, engine=engine)


def runs_on(run):
    return run._program.now.NAME


def steps(graph, given, engine, times=4):
    given = {name: a.copy() for name, a in given.items()}
    run = sym.Symbol(graph).bind(args=given, engine=engine)
    for _ in range(times):
        run.forward()
    return run, [*(o.asnumpy() for o in run.outputs), *given.values()]


UPDATES = [s for s in CASES if registry.get(s.op).kind in ("update", "arithmetic")]


@pytest.mark.parametrize("sample", UPDATES, ids=str)
def test_the_bits_are_those_of_the_eager_engine_whether_it_moves_or_not(sample):
    case = Case(sample)
    with np.errstate(all="ignore"):
        _, expected = steps(case.graph, case.arrays, "eager")
        run, got = steps(case.graph, case.arrays, "auto")
    for a, b in zip(got, expected, strict=True):
        assert_same_bits(a, b)
    assert runs_on(run) == ("fused" if eager.compile(run._program.graph, run._program.buffers).exact else "eager")


def test_it_moves_between_two_runs_and_then_counts_no_more():
    mine, theirs = arrays(), arrays()
    run, reference = bound("auto", mine), bound("eager", theirs)
    assert isinstance(run._program, Program)
    for k in range(6):
        run.forward()
        reference.forward()
        assert runs_on(run) == ("fused" if k else "eager")
        for name in mine:
            assert_same_bits(mine[name], theirs[name])
    assert run._program._run is run._program.now.run


@pytest.mark.parametrize("symbol", [sym.sum(W * G), sym.broadcast_div(W, sym.norm(G)), sym.exp(W) + 1, sym.softmax(W)], ids=lambda s: s.name)
def test_sums_and_calls_never_move(symbol):
    run = symbol.bind(args={n: a for n, a in arrays().items() if n in symbol.list_arguments()})
    for _ in range(5):
        run.forward()
    assert runs_on(run) == "eager" and run._program._run is run._program.now
    assert "sums or calls" in run.debug_str()


def test_size_alone_decides_at_bind():
    for n, name in ((auto.WORTH_FUSING - 1, "eager"), (auto.WORTH_FUSING, "fused")):
        for symbol in (W + 1, sym.sum(W)):
            run = symbol.bind(args={"w": np.ones(n, "f4")})
            assert runs_on(run) == name
            assert f"engine auto: {name}, for {n:,} elements" in run.debug_str()


def test_without_a_compiler_size_alone_decides(monkeypatch):
    monkeypatch.setattr(machine_code, "available", lambda: False)
    small, large = ((W + 1).bind(args={"w": np.ones(n, "f4")}) for n in (10, auto.WORTH_FUSING))
    for _ in range(4):
        small.forward()
    assert runs_on(small) == "eager" and "llvmlite is not installed" in small.debug_str()
    assert "engine fused: NumPy in tiles" in large.debug_str()
    assert "ms" not in auto.rule(False)


def test_debug_str_says_what_runs_and_why(monkeypatch):
    monkeypatch.setattr(auto, "LOADED", 100_000_000)
    monkeypatch.setattr(auto, "KEPT", 100_000_000)
    run = bound("auto", arrays())
    run.forward()
    assert "engine auto: eager, for 30 elements are fewer than 65,536; moves to fused once" in run.debug_str()
    assert "engine eager: 6 NumPy calls" in run.debug_str()
    run._program._spent = 100_000_000
    run.forward()
    assert "engine auto: fused, for its runs had cost 100 ms, as much as a kernel" in run.debug_str()
    assert "engine fused: machine code" in run.debug_str()
    assert [row.name for row in run.profile(steps=1).rows] == ["s"]
    assert "100 ms more for the first of a process" in auto.rule(True)


def test_a_kernel_on_disk_is_due_sooner_than_one_to_compile(monkeypatch, tmp_path):
    def forget():
        machine_code._recent.clear()
        machine_code._loaded.clear()

    monkeypatch.setenv(machine_code.CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setattr(auto, "COMPILED", 10**15)
    forget()
    run = bound("auto", arrays())
    for _ in range(4):
        run.forward()
    assert runs_on(run) == "eager" and not list(tmp_path.iterdir()), "nothing was compiled"
    bound("fused", arrays())
    forget()
    compiled = len(list(tmp_path.iterdir()))
    run = bound("auto", arrays())
    for _ in range(2):
        run.forward()
    assert runs_on(run) == "fused" and len(list(tmp_path.iterdir())) == compiled
    forget()


def test_a_move_that_fails_or_is_interrupted_leaves_the_graph_as_it_was(monkeypatch):
    mine, theirs = arrays(), arrays()
    run, reference, fused = bound("auto", mine), bound("eager", theirs), auto._fused
    run.forward()
    reference.forward()
    monkeypatch.setattr(auto, "_fused", lambda *a: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run.forward()
    for name in mine:
        assert_same_bits(mine[name], theirs[name])
    assert runs_on(run) == "eager"
    monkeypatch.setattr(auto, "_fused", fused)
    run.forward()
    assert runs_on(run) == "fused"

    run = bound("auto", arrays())
    monkeypatch.setattr(auto, "_fused", lambda *a: (_ for _ in ()).throw(RuntimeError("no LLVM today")))
    for _ in range(3):
        run.forward()
    assert runs_on(run) == "eager" and "no LLVM today" in run.debug_str()


def test_gradients_move_and_stay_the_same():
    x = np.linspace(-1, 1, 12, dtype="f4")
    loss = sym.make_loss(sym.square(sym.var("x")) * sym.var("c"))

    def trained(engine):
        run = loss.bind(args={"x": x.copy(), "c": x.copy()}, args_grad={"x": np.zeros(12, "f4")}, grad_req="add",
                        engine=engine)
        for train in (True, True, True, False):
            run.forward(is_train=train)
            run.backward()
        return run, run.grad_dict["x"].asnumpy()

    run, got = trained("auto")
    assert_same_bits(got, trained("eager")[1])
    gradient = next(iter(run._compiled_gradients.values()))
    assert gradient.first.program.now.NAME == gradient.second.program.now.NAME == "fused"


def test_a_monitor_still_sees_nodes_once_it_has_moved():
    run = bound("auto", arrays())
    for _ in range(3):
        run.forward()
    seen = run.monitor("s_output")
    run.forward()
    assert list(seen) == ["s_output"]
    seen.clear()
    run.set_monitor_callback(None)
    run.forward()
    assert list(seen) == ["s_output"]


def test_threads_that_share_it_while_it_moves():
    mine, theirs = arrays(), arrays()
    run, reference = bound("auto", mine), bound("eager", theirs)
    threads = [threading.Thread(target=lambda: [run.forward() for _ in range(5)]) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for _ in range(30):
        reference.forward()
    for name in mine:
        assert_same_bits(mine[name], theirs[name])
    assert runs_on(run) == "fused"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_moves_by_itself():
    script = """
import os
import numpy as np
import symbolic as sym
from symbolic.engines import auto
auto.KEPT = auto.COMPILED = auto.LOADED = 1
w = np.ones(10, 'f4')
run = sym.signsgd_update(sym.var('w'), sym.var('g'), lr=0.25, name='s').bind(
    args={'w': w, 'g': np.ones(10, 'f4')}, out={'s_output': w})
run.forward()
child = os.fork()
run.forward()
good = bool((w == 0.5).all()) and run._program.NAME == 'fused'
if child == 0:
    os._exit(0 if good else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), good)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["0", "True"], done.stderr


def test_a_small_graph_imports_nothing_that_loops_need():
    script = """
import sys
import numpy as np
import symbolic as sym
run = (sym.var('w') + 1).bind(args={'w': np.ones(3)})
run.forward()
print([m for m in ('llvmlite', 'ndarray.kernels.table', 'symbolic.engines.fused', 'symbolic.engines.flat')
       if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
