"""An interrupt at any line of what guards a step leaves no lock held, no handler changed and no file behind."""

import _thread
import os
import signal
from functools import partial

import numpy as np
import pytest

from ndarray import generator, random
from ndarray.kernels import machine_code, signals, threads, tiles
from ndarray.kernels.signals import deferred
from tests.interrupts import at_every_line

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def test_a_block_that_is_interrupted_leaves_interrupts_as_they_were():
    def block():
        with deferred():
            pass

    for _ in at_every_line(signals, block):
        assert not signals.is_deferred() and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_pool_that_is_interrupted_can_be_used_again():
    pool = threads.Pool(2)
    for _ in at_every_line(threads, lambda: pool.run(lambda: None)):
        assert not pool._busy.locked() and not signals.is_deferred()
    for number in (3, 2):
        for _ in at_every_line(threads, lambda: pool.resize(number)):
            assert not pool._busy.locked() and not signals.is_deferred()
    pool.run(lambda: None)
    pool.resize(1)


def test_random_numbers_are_drawn_or_not():
    state = random.get_state()
    for run in (random.get_state, lambda: generator.next_keys(2), lambda: random.set_state(state)):
        for _ in at_every_line(generator, run):
            assert not generator.lock.locked() and random.get_state() == state


def test_machine_code_whose_writing_is_interrupted_leaves_no_file(tmp_path):
    for _ in at_every_line(machine_code, lambda: machine_code.keep(tmp_path / "code", b"abc")):
        assert os.listdir(tmp_path) in ([], ["code"])
    assert os.listdir(tmp_path) == ["code"]


@pytest.mark.parametrize("more", [(), (partial(np.copyto, np.zeros(2), 1.0),)], ids=["C alone", "some Python"])
def test_what_numpy_runs_in_order_is_not_torn(more):
    x, y = np.zeros(3), np.zeros(3)
    parts = [partial(np.add, x, 1, x), partial(_thread.interrupt_main), *more, partial(np.add, y, 1, y)]
    with pytest.raises(KeyboardInterrupt):
        tiles._in_order(parts)()
    assert x.tolist() == y.tolist() == [1, 1, 1]
