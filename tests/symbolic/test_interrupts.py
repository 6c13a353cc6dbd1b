"""An interrupt at any line of an update, a backward pass or a checkpoint leaves all of it as before, or whole."""

import contextlib
import os
import signal

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray import autograd, call, generator
from ndarray.errors import OperatorError
from ndarray.kernels import signals
from symbolic import autograd as recorded
from symbolic import optimizers, tape
from symbolic.optimizers import checkpoint, optimizer, trainer, updater
from symbolic.optimizers import fit as fitting
from tests.interrupts import at_every_line

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def interrupts_are_handled_as_before():
    yield
    assert not signals.is_deferred() and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def values(*arrays):
    return [a.asnumpy().tolist() for a in arrays]


def trained(**more):
    w = sym.var("w")
    cost = sym.make_loss(sym.sum(sym.square(w - sym.var("x"))), name="cost")
    return optimizers.Trainer(optimizers.step(cost, "adam", ["w"]), {"w": np.ones(3, "f4")}, lr=0.1, x=(3,),
                              engine="eager", **more)


def test_an_operator_writes_all_or_nothing():
    start = [[1.0, 2.0], [0.5, 0.5], [0.0, 0.0], [0.0, 0.0]]
    arrays = [nd.array(x) for x in start]
    nd.adam_update(*arrays, lr=0.1, out=arrays[0])
    done, interrupts = values(*arrays), 0
    arrays = [nd.array(x) for x in start]
    for interrupted in at_every_line(call, lambda: nd.adam_update(*arrays, lr=0.1, out=arrays[0])):
        assert values(*arrays) in (start, done)
        interrupts += interrupted
        for array, value in zip(arrays, start):
            array[:] = nd.array(value)
    assert interrupts > 5


@pytest.mark.parametrize("module, made", [
    (optimizer, lambda: optimizers.get_updater(optimizers.Adam(learning_rate=0.1))),
    (updater, lambda: optimizers.Updater("adam", lr=0.1))], ids=["class", "rule"])
def test_an_update_is_counted_or_not_made(module, made):
    """However often it is interrupted, the trajectory is that of updates without interrupts."""
    grad, weight, undisturbed = nd.ones(2), nd.ones(2), nd.ones(2)
    update, reference, expected = made(), made(), []
    for _ in range(200):
        expected.append(undisturbed.tolist())
        reference(0, grad, undisturbed)
    for _ in at_every_line(module, lambda: update(0, grad, weight)):
        assert weight.tolist() in expected
    update(0, grad, weight)
    assert weight.tolist() in expected


def test_gradients_are_all_there_or_none():
    x, y = nd.array([1.0, 2.0]), nd.array([3.0, 4.0])
    x.attach_grad("add")
    y.attach_grad("add")

    def product():
        with autograd.record():
            return x * y

    found, expected = product(), [[0.0, 0.0], [0.0, 0.0]]
    for _ in at_every_line(recorded, lambda: found.backward(), visits=1):
        now = values(x.grad, y.grad)
        assert now in (expected, [[a + b for a, b in zip(row, by)] for row, by in zip(expected, values(y, x))])
        expected, found = now, product()


@pytest.mark.parametrize("module", [recorded, tape])
def test_a_scope_of_the_tape_is_entered_or_not(module):
    scope, entered = autograd.record(), []

    def enter():
        scope.__enter__()

    for interrupted in at_every_line(module, enter):
        assert autograd.is_recording() == autograd.is_training() == (not interrupted)
        entered.append(not interrupted)
        if not interrupted:
            scope.__exit__(None, None, None)
    assert entered[-1] and entered.count(False) > 3
    assert not autograd.is_recording() and call.tape is None


@pytest.mark.parametrize("module", [recorded, tape])
@pytest.mark.parametrize("scope, within", [
    (autograd.record, (True, True)), (autograd.pause, (False, False)), (autograd.train_mode, (False, True)),
    (autograd.predict_mode, (False, False))])
@pytest.mark.parametrize("outer", [False, True])
def test_a_scope_of_the_tape_is_left_whenever_an_interrupt_comes(module, scope, within, outer):
    x = nd.array([3.0])
    x.attach_grad()

    def modes():
        return autograd.is_recording(), autograd.is_training()

    def block():
        with scope():
            inside.append(modes())
            x * x

    with autograd.record() if outer else contextlib.nullcontext():
        before, inside = modes(), []
        expected = (outer, within[1]) if scope in (autograd.train_mode, autograd.predict_mode) else within
        for _ in at_every_line(module, block):
            assert modes() == before
        assert set(inside) == {expected}
    assert modes() == (False, False) and call.tape is None
    assert getattr(x * x, "_mark", None) is None


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that sends signals")
def test_a_scope_of_the_tape_is_left_at_any_moment():
    """Python handles a signal at the entry of a function and after calls, also where no line begins."""
    def blocks():
        for _ in range(500):
            with autograd.record():
                with autograd.pause():
                    pass

    def interrupt(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for moment in range(500):
            with contextlib.suppress(KeyboardInterrupt):
                signal.setitimer(signal.ITIMER_REAL, 20e-6 + 2e-7 * moment)
                blocks()
                signal.setitimer(signal.ITIMER_REAL, 0)
            assert not autograd.is_recording() and not autograd.is_training()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    nd.ones(1) + 1  # The next call finds that there is nothing to note.
    assert call.tape is None


def test_a_scope_of_the_tape_is_open_as_long_as_its_block():
    with contextlib.ExitStack() as stack:
        stack.enter_context(autograd.record())
        assert autograd.is_recording()
    assert not autograd.is_recording()
    scope = autograd.record()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), scope:
            assert autograd.is_recording()
            1 / 0
        assert not autograd.is_recording()
    with scope, pytest.raises(OperatorError, match="entered within itself"):
        with scope:
            pass
    assert not autograd.is_recording() and call.tape is None


@pytest.fixture
def quick(monkeypatch):
    """Files need not reach the disk."""
    pytest.importorskip("safetensors")
    monkeypatch.setattr(os, "fsync", lambda handle: None)


def test_a_checkpoint_is_written_or_not(tmp_path, quick):
    run = trained()
    run.step(x=np.zeros(3))
    run.save(tmp_path)
    run.step(x=np.zeros(3))
    for module in (checkpoint, trainer):
        for _ in at_every_line(module, lambda: run.save(tmp_path), visits=1):
            assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]
            assert optimizers.Trainer.load(tmp_path).num_update in (1, 2)
    assert len(list(tmp_path.glob("update-*"))) == 2


def test_a_checkpoint_is_loaded_or_not(tmp_path, quick):
    nd.random.seed(1)
    run = trained()
    run.step(x=np.zeros(3))
    run.save(tmp_path)
    saved, given = nd.random.get_state(), np.zeros(3, "f4")
    nd.random.seed(2)
    for module in (trainer, generator):
        for _ in at_every_line(module, lambda: optimizers.Trainer.load(tmp_path, arrays={"w": given}), visits=1):
            assert (nd.random.get_state() == saved) == bool(given.any())
            nd.random.seed(2)
            given[:] = 0


def test_a_training_that_is_interrupted_has_a_record_of_each_update():
    run, before = trained(), 0
    for _ in at_every_line(fitting, lambda: run.fit([{"x": np.zeros(3)}] * 2, progress=False), visits=1):
        assert len(run.history) == run.num_update <= before + 2
        before = run.num_update
    assert [record.update for record in run.history] == [*range(1, before + 1)]
