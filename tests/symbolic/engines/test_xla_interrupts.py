"""An interrupt at any line of a step under XLA leaves all of it as before, or whole."""

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import OutOfRangeError
from symbolic import optimizers
from symbolic.optimizers import trainer
from tests.interrupts import at_every_line
from tests.symbolic.test_interrupts import interrupts_are_handled_as_before, values  # noqa: F401

pytest.importorskip("jax")

from symbolic.engines import buffers
from symbolic.engines.xla import placement, program, resident

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
MODULES = pytest.mark.parametrize("module", [buffers, program, resident, placement],
                                  ids=lambda m: m.__name__.rsplit(".", 1)[-1])


def halved(shared):
    """Return arrays and a step that halves the weight, by the momentum of which it makes minus a half."""
    arrays = {name: nd.array([1.0, 2.0]) for name in ("w", "w_grad", "w_mom")}
    step = optimizers.update(["w"], "sgd", momentum=0.5)
    run = optimizers.bind_in_place(step, arrays, engine="xla")
    held = [np.asarray(a) for a in arrays.values()] if shared else []
    return arrays, run, held


def by_numpy(n):
    """Return every state on the way through some steps."""
    w, m, found = np.float32([1, 2]), np.float32([1, 2]), []
    for _ in range(n):
        found.append([w.tolist(), m.tolist()])
        m = np.float32(0.5) * m - np.float32(0.25) * np.float32([1, 2])
        w = w + m
    return found


@MODULES
@pytest.mark.parametrize("shared", [False, True], ids=["on the devices", "of the host as well"])
def test_a_step_is_made_or_not(module, shared):
    arrays, run, held = halved(shared)
    run.forward(lr=0.25)  # which compiles
    way, at, interrupts = by_numpy(300), 1, 0
    for interrupted in at_every_line(module, lambda: run.forward(lr=0.25), visits=1):
        now = values(arrays["w"], arrays["w_mom"])
        assert now in way[at:at + 2]
        at, interrupts = way.index(now), interrupts + interrupted
        if shared:
            assert [held[0].tolist(), held[2].tolist()] == now
    assert interrupts > 3


@MODULES
def test_a_first_step_is_made_or_not(module):
    """An interrupt while a program is traced leaves an executor that works."""
    way, made = by_numpy(3), [halved(False)]
    for _ in at_every_line(module, lambda: made[-1][1].forward(lr=0.25), visits=1):
        arrays, run, _ = made[-1]
        done = way.index(values(arrays["w"], arrays["w_mom"]))
        assert done <= 1
        run.forward(lr=0.25)
        assert values(arrays["w"], arrays["w_mom"]) == way[done + 1]
        made.append(halved(False))


@MODULES
def test_a_step_with_an_index_out_of_range_writes_nothing(module):
    w, at = sym.var("w"), sym.var("at")
    arrays = {"w": nd.array([1.0, 2.0]), "at": nd.array([1, 5], dtype="int64")}
    run = (w + sym.take(w, at, mode="raise")).bind(args=arrays, out=[arrays["w"]], engine="xla")

    def step():
        with pytest.raises(OutOfRangeError):
            run.forward()

    for _ in at_every_line(module, step, visits=1):
        assert arrays["w"].tolist() == [1, 2]


@pytest.mark.parametrize("module", [trainer, program, resident], ids=["trainer", "program", "resident"])
def test_a_step_of_a_trainer_is_counted_or_not_made(module):
    w = sym.var("w")
    cost = sym.make_loss(sym.sum(sym.square(w - sym.var("x"))), name="cost")

    run = optimizers.Trainer(optimizers.step(cost, "sgd", ["w"]), {"w": nd.ones(3)}, lr=0.125, x=(3,), engine="xla")
    run.step(x=np.zeros(3))
    for _ in at_every_line(module, lambda: run.step(x=np.zeros(3)), visits=1):
        np.testing.assert_allclose(run.executor.arg_dict["w"].asnumpy(), 0.75 ** run.num_update, rtol=1e-5)
