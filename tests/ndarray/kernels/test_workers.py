"""Workers that wait in machine code: all of a table is done, by however many threads, whoever else calls."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from ndarray.kernels import layout, table
from ndarray.kernels.loop import Loop, Step
from ndarray.kernels.threads import get_num_threads, set_num_threads

ROOT = Path(__file__).parents[3]
ADD = Loop((Step("load", (), "float32", 0), Step("constant", (), "float32", 1.0), Step("add", (0, 1), "float32")),
           ("float32",), (), ((0, 2),))
SUM = Loop((Step("load", (), "float32", 0),), ("float32",), (), (), (("sum", 0),))
N = 2_500_000


@pytest.fixture(params=[True, False], ids=["semaphores", "threads of Python"], autouse=True)
def way(request, monkeypatch):
    if request.param and not layout.SEMAPHORES:
        pytest.skip("no such semaphores here")
    monkeypatch.setattr(table, "SEMAPHORES", request.param)
    before = get_num_threads()
    yield
    set_num_threads(before)


def counting(n=N):
    """Return an array and a table whose phases add 1 to it twice, with a small one between."""
    x, small = np.zeros(n, np.float32), np.zeros(3, np.float32)
    return x, small, table.Table([[table.Job(ADD, n, (x,))], [table.Job(ADD, 3, (small,))], [table.Job(ADD, n, (x,))]])


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_every_phase_is_done_once(threads):
    set_num_threads(threads)
    x, small, run = counting()
    for _ in range(5):
        run()
    assert (x == 10).all() and (small == 5).all()


def test_a_phase_sees_all_of_the_one_before():
    x = np.ones(N, np.float32)
    partials, out = np.empty(table.Table.parts(SUM, N)), np.empty(1, np.float32)
    run = table.Table([[table.Job(ADD, N, (x,))], table.Table.split(table.Job(SUM, N, (x,), (), (partials,))),
                       [table.TotalJob(partials, out)]])
    for i in range(1, 6):
        run()
        assert out[0] == (i + 1) * N


def test_small_phases_that_are_run_together_stay_in_order():
    """Each is too small to share; all together are not, and two at once would lose additions."""
    n = table.WORTH_SHARING // ADD.bytes_per_element - 1
    assert table.Job(ADD, n, (np.zeros(n, np.float32),)).units > 1
    x, large = np.zeros(n, np.float32), np.zeros(N, np.float32)
    run = table.Table([[table.Job(ADD, N, (large,))], *([[table.Job(ADD, n, (x,))]] * 200)])
    for _ in range(10):
        run()  # the large phase wakes the workers
    assert (x == 2000).all() and (large == 10).all()


def test_callers_in_many_threads():
    tables = [counting(1_700_000 + i) for i in range(6)]

    def work(run):
        for _ in range(5):
            run()

    callers = [threading.Thread(target=work, args=(run,)) for _, _, run in tables]
    for t in callers:
        t.start()
    set_num_threads(3)
    for t in callers:
        t.join()
    assert all((x == 10).all() and (small == 5).all() for x, small, _ in tables)


def test_helpers_that_are_no_longer_wanted_leave():
    x, _, run = counting()
    others = set(threading.enumerate())
    set_num_threads(6)
    run()
    set_num_threads(2)
    run()
    for _ in range(100):
        if sum(t.name == "symbolic" for t in set(threading.enumerate()) - others) <= 1:
            break
        time.sleep(0.02)
    else:
        pytest.fail("helpers stayed")
    assert (x == 4).all()


@pytest.mark.parametrize("most", [0, 1, 3])
def test_where_the_system_gives_no_more_threads_those_that_there_are_do_the_work(most, monkeypatch):
    x, small, run = counting()
    values = np.random.default_rng(0).random(N).astype("float32")
    partials, out = np.empty(table.Table.parts(SUM, N)), np.empty(1, np.float32)
    total = table.Table([table.Table.split(table.Job(SUM, N, (values,), (), (partials,))),
                         [table.TotalJob(partials, out)]])
    set_num_threads(2)
    total()
    expected = out.copy()
    start, started = threading.Thread.start, []

    def limited(thread):
        if len(started) >= most:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    set_num_threads(6)
    for _ in range(3):
        run()
        total()
    assert (x == 6).all() and (small == 3).all() and len(started) == most
    assert out.tobytes() == expected.tobytes()
    monkeypatch.undo()
    set_num_threads(2)  # the workers of this test leave
    run()


def test_the_interpreter_leaves_while_helpers_wait():
    script = ("import numpy as np, symbolic as sym\n"
              "x = np.ones(3_000_000, 'f4')\n"
              "(sym.var('x') + 1).bind(args={'x': x}, engine='fused').forward()\n")
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_children_of_a_process_at_work():
    """Forked while other threads run steps and compile others: the child has neither their workers nor their locks."""
    script = f"""
import os, threading
import numpy as np
import symbolic as sym
from ndarray.kernels import table
table.SEMAPHORES = {table.SEMAPHORES}
def step(k):
    x = np.ones(2_000_000, 'f4')
    return (sym.var('x') * k + 1).bind(args={{'x': x}}, engine='fused')
over, began = threading.Event(), threading.Barrier(3)
def work():
    run = step(1)
    run.forward()
    began.wait()
    while not over.is_set():
        run.forward()
def build():
    k = 2
    step(k)
    began.wait()
    while not over.is_set():
        k += 1
        step(k)
threads = [threading.Thread(target=t) for t in (work, build)]
for t in threads:
    t.start()
began.wait()
codes = []
for k in range(10):
    child = os.fork()
    if child == 0:
        os._exit(0 if (step(-k).forward()[0].asnumpy() == 1 - k).all() else 1)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
over.set()
for t in threads:
    t.join()
print(codes)
"""
    # No kernel is kept: each must be compiled.
    environment = os.environ | {"SYMBOLIC_CACHE_DIR": ""}
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], cwd=ROOT, capture_output=True, text=True,
                          timeout=60, env=environment)
    assert done.stdout.strip() == str([0] * 10), done.stderr


@pytest.mark.skipif(not layout.SEMAPHORES, reason="no such semaphores here")
def test_nobody_waits_for_a_worker_that_gets_no_processor():
    """It shares the caller's processor and is to run only when that is idle: the caller does all, and need not sleep."""
    script = """
import os, resource, threading
import numpy as np
from ndarray.kernels import table, workers
from ndarray.kernels.loop import Loop, Step
from ndarray.kernels.threads import set_num_threads
add = Loop((Step("load", (), "float32", 0), Step("constant", (), "float32", 1.0), Step("add", (0, 1), "float32")),
           ("float32",), (), ((0, 2),))
set_num_threads(2)
x = np.zeros(1_000_000, np.float32)
run = table.Table([[table.Job(add, len(x), (x,))]] * 2)
run()
processor = min(os.sched_getaffinity(0))
helper, = [t for t in threading.enumerate() if t.name == "symbolic"]
for thread in (0, helper.native_id):
    os.sched_setaffinity(thread, {processor})
os.sched_setscheduler(helper.native_id, os.SCHED_IDLE, os.sched_param(0))
before = resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
for _ in range(200):
    run()
slept = resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw - before
print((x == 402).all(), slept < 100 or slept)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["True", "True"], done
