"""Threads take turns with an executor; a child of a fork reports what was cut off, and waits for nobody."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import symbolic as sym
from ndarray.errors import BindError

ROOT = Path(__file__).parents[3]
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
COMMON = """
import os, signal, threading
import numpy as np
import ndarray as nd
import symbolic as sym

def in_a_child(function):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        try:
            answer = function()
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(write, str(answer).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as file:
        answer = file.read()
    return answer if os.waitpid(child, 0)[1] == 0 else "the child waited in vain"

executor = (sym.var("x") + 1).bind(args={"x": np.ones(2)}, engine="eager")
"""


def printed(script):
    """Return what a script prints in a process of its own: libraries that other tests load must not be forked."""
    script = COMMON + textwrap.dedent(script)
    # Python 3.12 warns of a fork while threads run, which is what is tried here.
    done = subprocess.run([sys.executable, "-W", "ignore::DeprecationWarning", "-c", script], cwd=ROOT,
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.fixture
def executor():
    return (sym.var("x") + 1).bind(args={"x": np.ones(2)}, engine="eager")


@needs_fork
def test_a_child_runs_an_executor_that_nobody_was_running():
    assert printed("print(in_a_child(lambda: executor.forward()[0].asnumpy().tolist()))") == ["[2.0, 2.0]"]


@needs_fork
def test_a_child_is_told_of_a_step_that_was_cut_off():
    child, parent = printed("""
        within, go_on = threading.Event(), threading.Event()

        def wait(name, array):
            within.set()
            assert go_on.wait(30)

        executor.set_monitor_callback(wait)
        runner = threading.Thread(target=executor.forward)
        runner.start()
        assert within.wait(30)
        print(in_a_child(executor.forward))
        go_on.set()
        runner.join()
        executor.set_monitor_callback(None)
        print(executor.forward()[0].asnumpy())
        """)
    assert child.startswith("BindError: another thread was running this executor") and "bind a new executor" in child
    assert parent == "[2. 2.]"


@needs_fork
def test_a_step_that_forks_goes_on_in_the_child():
    """From a monitor, the forking thread holds the turn itself."""
    assert printed("""
        answers = []

        def fork_once(name, array):
            executor.set_monitor_callback(None)
            answers.append(in_a_child(lambda: executor.forward()[0].asnumpy()))

        executor.set_monitor_callback(fork_once)
        executor.forward()
        print(*answers)
        """) == ["[2. 2.]"]


@needs_fork
def test_a_child_draws_while_the_parent_does():
    assert printed("""
        nd.random.seed(0)  # loads all: Python itself makes a child wait for a module that was being loaded
        over = threading.Event()

        def draw():
            while not over.is_set():
                nd.random.normal(shape=(100_000,))

        drawing = threading.Thread(target=draw)
        drawing.start()
        for _ in range(10):
            print(in_a_child(lambda: nd.random.uniform(shape=(3,)).shape))
        over.set()
        drawing.join()
        """) == ["(3,)"] * 10


def test_a_dropped_executor_is_forgotten(executor):
    from symbolic.runtime import run_lock

    assert executor in run_lock._owners
    before = len(run_lock._owners)
    (sym.var("x") + 1).bind(args={"x": np.ones(2)}, engine="eager")
    assert len(run_lock._owners) == before


def test_what_was_cut_off_is_an_error_of_the_family():
    from symbolic.runtime.run_lock import _CutOff

    with pytest.raises(BindError, match="half written"):
        with _CutOff():
            pass
