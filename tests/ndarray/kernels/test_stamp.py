"""One table for all tensors of a kind: its rows point elsewhere, and are switched off and on."""

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from ndarray.kernels.flow import Flow, Sink
from ndarray.kernels.layout import LEAST, ROW
from ndarray.kernels.loop import Loop, Step
from ndarray.kernels.record import Recorder
from ndarray.kernels.stamp import Kind, StampedTable
from ndarray.kernels.table import Job, Table, address_of

SIZES = [5, 70_000, 300_001, 3, 66_000, 20_000, 1_000, 40_000, 10, 11]


def norms():
    """Return the flow of a step along the gradient by the ratio of two norms, and its rate."""
    xp = Recorder()
    weight, grad = [xp.input(column, np.dtype("float32"), (7,)) for column in range(2)]
    rate = xp.number("rate", np.float32)
    new = weight - rate * xp.sqrt(xp.sum_sq(weight)) / xp.sqrt(xp.sum_sq(grad)) * grad
    return Flow(xp.instructions, [], (Sink(0, new.id),)), rate.id


def arrays(seed):
    random = np.random.default_rng(seed)
    return [random.standard_normal(n).astype("f4") for n in SIZES]


def addresses(weights, grads):
    return np.array([[address_of(w), address_of(g)] for w, g in zip(weights, grads)])


def table(weights, grads, rate):
    flow, number = norms()
    kind = Kind(flow, addresses(weights, grads), {7: np.array(SIZES)}, {number: np.full(len(SIZES), rate)})
    return StampedTable([kind]), number


def test_a_table_that_is_pointed_elsewhere_does_what_a_new_one_does():
    mine, theirs, first, second = arrays(0), arrays(0), arrays(1), arrays(2)
    moved, number = table(arrays(3), first, 0.5)
    moved.point([addresses(mine, second)])
    moved.numbers[0][number][:] = 0.25
    moved()
    table(theirs, second, 0.25)[0]()
    assert all(map(np.array_equal, mine, theirs))
    assert 0 < moved.by_tensor < len(SIZES)


def test_what_is_switched_off_stays_as_it_is_even_beside_nan():
    mine, theirs, grads = arrays(0), arrays(0), arrays(1)
    active = np.array([k % 2 == 0 for k in range(len(SIZES))])
    for grad in np.array(grads, object)[~active]:
        grad[:] = np.nan
    switched, _ = table(mine, grads, 0.5)
    switched.switch([active])
    switched()
    table(theirs, grads, 0.5)[0]()
    for k, before in enumerate(arrays(0)):
        assert np.array_equal(mine[k], theirs[k] if active[k] else before)
    switched.switch([~active])
    switched()
    assert all(np.isnan(w).all() for w in np.array(mine, object)[~active])


def test_each_row_has_the_words_that_are_read_ahead_of_it():
    """The driver fetches where the next row points, beyond the last row, too."""
    x = np.zeros(4, "f4")
    add = Loop((Step("load", (), "float32", 0), Step("add", (0, 0), "float32")), ("float32",), (), ((0, 1),))
    one, many = Table([[Job(add, 4, (x,))]]), table(arrays(0), arrays(1), 0.5)[0]
    for rows in (one.rows, many.rows, many._inner):
        assert rows.shape[1] >= LEAST and rows[-1, ROW.index("first")] > rows[-2, ROW.index("first")]
