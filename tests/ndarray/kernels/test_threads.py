"""The pool: every part of a job is done once, whoever calls, after a fork, on the way out and under Ctrl-C."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ndarray.errors import ParamError
from ndarray.kernels.signals import deferred
from ndarray.kernels.threads import Pool, get_num_threads, set_num_threads

ROOT = Path(__file__).parents[3]


def counting(parts, threads=1):
    """Return a job that takes numbers from a shared iterator once so many threads are at it, and the list of those taken."""
    rest, taken, arrived = iter(range(parts)), [], threading.Barrier(threads)

    def job():
        arrived.wait(timeout=60)
        for part in rest:
            taken.append((part, threading.get_ident()))
            time.sleep(0.001)

    return job, taken


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_every_part_is_done_once(threads):
    job, taken = counting(20, threads)
    Pool(threads).run(job)
    assert sorted(part for part, _ in taken) == list(range(20))
    assert len({thread for _, thread in taken}) == threads


def test_a_second_caller_works_alone():
    pool, results = Pool(2), []

    def caller():
        job, taken = counting(10)
        pool.run(job)
        results.append(sorted(part for part, _ in taken))

    callers = [threading.Thread(target=caller) for _ in range(8)]
    for t in callers:
        t.start()
    for t in callers:
        t.join()
    assert results == [list(range(10))] * 8


def test_what_a_helper_raises_reaches_the_caller_and_the_pool_goes_on():
    pool = Pool(2)
    caller = threading.get_ident()

    def job():
        if threading.get_ident() != caller:
            raise ZeroDivisionError("in a helper")

    with pytest.raises(ZeroDivisionError):
        pool.run(job)
    good, taken = counting(4)
    pool.run(good)
    assert len(taken) == 4


def test_fewer_and_more_threads():
    pool = Pool(3)
    for threads in (3, 1, 2):
        pool.resize(threads)
        job, taken = counting(12, threads)
        pool.run(job)
        assert len({thread for _, thread in taken}) == threads


@pytest.mark.parametrize("bad", [0, -1, 1.5, "2", True, None])
def test_a_wrong_number_of_threads_is_refused(bad):
    before = get_num_threads()
    with pytest.raises(ParamError):
        set_num_threads(bad)
    assert get_num_threads() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_a_pool_of_its_own():
    script = """
import os
from ndarray.kernels.threads import Pool
pool = Pool(2)
def run():
    rest, taken = iter(range(9)), []
    def job():
        for part in rest:
            taken.append(part)
    pool.run(job)
    return len(taken)
run()
pool._busy.acquire()  # as if the parent were at work in another thread
child = os.fork()
if child == 0:
    os._exit(0 if run() == 9 else 1)
pool._busy.release()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), run())
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.stdout.split() == ["0", "9"], done.stderr


def test_the_interpreter_leaves_while_helpers_are_parked():
    script = "from ndarray.kernels.threads import Pool; Pool(3).run(lambda: None)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_interrupt_waits_for_the_end_of_the_block():
    done = []
    with pytest.raises(KeyboardInterrupt):
        with deferred():
            with deferred():
                signal.raise_signal(signal.SIGINT)
                done.append("inner")
            done.append("outer")
    assert done == ["inner", "outer"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_goes_through_the_block():
    with pytest.raises(ZeroDivisionError):
        with deferred():
            1 / 0
