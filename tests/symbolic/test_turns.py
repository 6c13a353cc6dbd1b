"""Threads take turns with an executor; a child of a fork says what was cut off, and waits for nobody."""

import os
import threading
import warnings

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import BindError


def in_a_child(function):
    """Return what a child of a fork answers; it has ten seconds."""
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of forks while threads run
        child = os.fork()
    if child == 0:
        import signal

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
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, "the child waited in vain"
    return answer


@pytest.fixture
def executor():
    return (sym.var("x") + 1).bind(args={"x": np.ones(2)}, engine="eager")


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


@needs_fork
def test_a_child_runs_an_executor_that_nobody_was_running(executor):
    assert in_a_child(lambda: executor.forward()[0].asnumpy().tolist()) == "[2.0, 2.0]"


@needs_fork
def test_a_child_is_told_of_a_step_that_was_cut_off(executor):
    within, go_on = threading.Event(), threading.Event()

    def wait(name, array):
        within.set()
        assert go_on.wait(30)

    executor.set_monitor_callback(wait)
    runner = threading.Thread(target=executor.forward)
    runner.start()
    try:
        assert within.wait(30)
        answer = in_a_child(executor.forward)
    finally:
        go_on.set()
        runner.join()
    assert answer.startswith("BindError: another thread was running this executor") and "bind a new executor" in answer
    executor.set_monitor_callback(None)
    np.testing.assert_array_equal(executor.forward()[0].asnumpy(), 2)


@needs_fork
def test_a_step_that_forks_goes_on_in_the_child(executor):
    """From a monitor, the forking thread holds the turn itself."""
    answers = []
    executor.set_monitor_callback(lambda name, array: answers or answers.append(in_a_child(lambda: executor.engine)))
    executor.forward()
    assert answers == ["eager"]


@needs_fork
def test_a_child_draws_while_the_parent_does():
    over = threading.Event()

    def draw():
        while not over.is_set():
            nd.random.normal(shape=(100_000,))

    drawing = threading.Thread(target=draw)
    drawing.start()
    try:
        for _ in range(10):
            assert in_a_child(lambda: nd.random.uniform(shape=(3,)).shape) == "(3,)"
    finally:
        over.set()
        drawing.join()


def test_a_dropped_executor_is_forgotten(executor):
    from symbolic import turns

    assert executor in turns._owners
    before = len(turns._owners)
    (sym.var("x") + 1).bind(args={"x": np.ones(2)}, engine="eager")
    assert len(turns._owners) == before


def test_what_was_cut_off_is_an_error_of_the_family():
    from symbolic.turns import _CutOff

    with pytest.raises(BindError, match="half written"):
        with _CutOff():
            pass
