"""Rows and columns: reductions along axes in machine code, and loops over which shorter arrays are repeated."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ndarray import vocabulary
from ndarray.kernels import machine_code
from ndarray.kernels.axes import stages
from ndarray.kernels.bind import Binding
from ndarray.kernels.cluster import cluster
from ndarray.kernels.flow import Flow, Sink
from ndarray.kernels.opened import MOST_PLACES, OpenedWords
from ndarray.kernels.record import Unfusible, places, runs_of
from ndarray.kernels.table import Table
from ndarray.kernels.threads import get_num_threads, set_num_threads
from ndarray.kernels.tiles import TileTable
from tests.ndarray.kernels.test_words import numbers

SHAPES = ((8, 6), (1, 5), (5, 1), (7, 3, 3), (4, 5, 3, 3), (40, 2, 17), (3, 200), (200, 3), (90, 16), (2, 1, 33, 1),
          (1500, 5), (5000, 20), (600, 9))


@pytest.fixture(params=[Table, TileTable], ids=["machine code", "NumPy"])
def table(request, monkeypatch):
    if request.param is TileTable:
        monkeypatch.setattr(machine_code, "available", lambda: False)
    elif not machine_code.available():
        pytest.skip("llvmlite is not installed")
    return request.param


class Node:
    name = "node"


def opened():
    recorder = OpenedWords()
    recorder.opens, recorder.node = True, Node()
    return recorder


def run(recorder, table, buffers, **results):
    """Write results of a recording into buffers of their names."""
    flow = Flow(recorder.instructions, recorder.calls, tuple([Sink(name, v.id) for name, v in results.items()]))
    for step in Binding(cluster(flow), flow, buffers, table).steps:
        step()


def reduced(word, x, axes, table, keepdims=False):
    recorder = opened()
    result = getattr(recorder, word)(recorder.input("x", x.dtype, x.shape), axis=axes, keepdims=keepdims)
    out = np.full(result.shape, 7, x.dtype)
    run(recorder, table, {"x": x, "out": out}, out=result)
    return out


def some_axes(shape):
    return [axes for k in range(1, 2 ** len(shape)) if len(axes := tuple([a for a in range(len(shape)) if k >> a & 1]))
            < len(shape)]


@pytest.mark.parametrize("dtype, error", [("float32", 2e-7), ("float64", 1e-15)])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("word", ["sum", "mean", "max"])
def test_a_reduction_is_numpys(word, shape, dtype, error, table):
    x = np.random.default_rng(0).normal(size=shape).astype(dtype)
    for axes in some_axes(shape):
        for keepdims in (False, True):
            exact = getattr(np, word)(x.astype(np.longdouble), axis=axes, keepdims=keepdims)
            found = reduced(word, x, axes, table, keepdims)
            assert found.shape == exact.shape
            terms = np.abs(x).sum(axis=axes, keepdims=keepdims) if word == "sum" else 1 + np.abs(exact)
            # NumPy adds up in the dtype itself, one by one.
            most = error * (1 if table is Table else math.prod([shape[a] for a in axes]))
            assert (abs(found - exact) <= (0 if word == "max" else 4 * most * terms)).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 2), (1, 2), (0, 1)])
def test_the_largest_of_numbers_of_every_kind(axes, dtype, table):
    x = numbers(dtype, 20 * 18 * 3).reshape(20, 18, 3)
    x[np.random.default_rng(0).random(x.shape) < 0.9] = -np.inf
    np.testing.assert_array_equal(reduced("max", x, axes, table), x.max(axis=axes))


@pytest.mark.skipif(not machine_code.available(), reason="needs llvmlite")
def test_sums_have_the_same_bits_for_any_number_of_threads():
    x = np.random.default_rng(0).normal(size=(30_000, 20, 3)).astype(np.float32)
    before, found = get_num_threads(), []
    try:
        for n in (1, 2, 3):
            set_num_threads(n)
            found.append([reduced("sum", x, axes, Table).tobytes() for axes in some_axes(x.shape)])
    finally:
        set_num_threads(before)
    assert found[0] == found[1] == found[2]


@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=5))
def test_stages_go_from_the_whole_to_what_is_left(axes):
    shape, goes = tuple([d for d, _ in axes]), tuple([a for a, (_, gone) in enumerate(axes) if gone])
    left = math.prod(shape)
    for outer, length, inner in stages(shape, goes):
        assert outer * length * inner == left and length > 1
        left = outer * inner
    assert left == math.prod([d for d, gone in axes if not gone])


def broadcasts(draw):
    full = draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))
    short = [1 if draw(st.booleans()) else d for d in full]
    return tuple(full), tuple(short[draw(st.integers(0, len(short) - 1)):])


@given(st.composite(broadcasts)())
def test_places_are_those_of_numpys_broadcasting(shapes):
    full, short = shapes
    if math.prod(short) == 1:
        return
    at = np.broadcast_to(np.arange(math.prod(short)).reshape(short), full).reshape(-1)
    assert (places(np.arange(at.size), *runs_of(short, full)) == at).all()


@pytest.mark.parametrize("d", [3, 7, 641, 46_341, 65_537, 715_827_883])
def test_places_are_exact_up_to_the_last(d):
    at = np.array([0, d - 1, d, 2 * d - 1, 2 * d, MOST_PLACES // d * d - 1, MOST_PLACES // d * d, MOST_PLACES - 1])
    assert (places(at, [(True, False, False)], [1 / d]) == at // d).all()
    assert (places(at, [(False, True, False)], [1 / d, d]) == at % d).all()


BODIES = {
    "outer": lambda xp, x, row, column: x * (xp.expand_dims(row, -1) * xp.expand_dims(column, 0)),
    "where": lambda xp, x, row, column: xp.where(xp.expand_dims(row, -1) > column, x, -x),
    "and": lambda xp, x, row, column: xp.astype(xp.logical_and(x > 0, column > 0), x.dtype),
    "least": lambda xp, x, row, column: xp.minimum(xp.expand_dims(row, 1), xp.minimum(x, column)),
    "number": lambda xp, x, row, column: (column + 1.0) - x,
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("body", BODIES)
def test_rows_and_columns_are_repeated(table, body, dtype):
    for rows, columns in ((1, 7), (7, 1), (2, 3), (5, 64), (64, 5), (33, 70), (300, 100)):
        random = np.random.default_rng(rows)
        x, row, column = (random.normal(size=s).astype(dtype) for s in ((rows, columns), rows, columns))
        recorder = opened()
        values = [recorder.input(name, a.dtype, a.shape) for name, a in (("x", x), ("row", row), ("column", column))]
        out = np.zeros_like(x)
        run(recorder, table, {"x": x, "row": row, "column": column, "out": out},
            out=recorder.reshape(BODIES[body](recorder, *values), x.shape))
        np.testing.assert_array_equal(out, BODIES[body](vocabulary, x, row, column))


def test_axes_that_alternate(table):
    shape = (3, 4, 5, 2, 6)
    random = np.random.default_rng(0)
    x, y = random.normal(size=shape), random.normal(size=(3, 1, 5, 1, 6))
    recorder, out = opened(), np.empty(shape)
    a, b = (recorder.input(name, v.dtype, v.shape) for name, v in (("x", x), ("y", y)))
    run(recorder, table, {"x": x, "y": y, "out": out}, out=a + b)
    np.testing.assert_array_equal(out, x + y)


def test_what_is_repeated_is_read_before_it_is_written(table):
    """Also where it is written with what a loop over the larger array has, or in the same phase."""
    x, row = np.arange(12.0).reshape(3, 4), np.array([1.0, 2.0, 3.0])
    new, following = x * row[:, None], row + x.sum(1)
    recorder = opened()
    a, b = (recorder.input(name, v.dtype, v.shape) for name, v in (("x", x), ("row", row)))
    product = a * recorder.expand_dims(b, -1)
    run(recorder, table, {"x": x, "row": row}, row=b + recorder.sum(a, axis=1), x=product)
    np.testing.assert_array_equal(x, new)
    np.testing.assert_array_equal(row, following)


def test_a_value_that_is_computed_is_kept_and_repeated(table):
    x = np.random.default_rng(0).normal(size=(30, 20)).astype(np.float32)
    out, recorder = np.empty_like(x), opened()
    a = recorder.input("x", x.dtype, x.shape)
    rate = recorder.sqrt(recorder.sum(a * a, axis=1, keepdims=True))
    run(recorder, table, {"x": x, "out": out}, out=a / rate)
    np.testing.assert_allclose(out, x / np.sqrt((x * x).sum(1, keepdims=True)), rtol=1e-6)


def test_shapes_that_do_not_fit_are_refused():
    recorder = opened()
    a, b = (recorder.input(name, np.dtype("float32"), (n, 4)) for name, n in (("a", 3), ("b", 2)))
    with pytest.raises(Unfusible, match="broadcast"):
        a + b
    large = recorder.input("c", np.dtype("float32"), (1 << 20, 1 << 12))
    with pytest.raises(Unfusible, match="repeated over more than"):
        large + recorder.input("d", np.dtype("float32"), (1 << 12,))


def test_a_number_is_read_by_a_call_before_it_is_in_its_buffer(table):
    """The call and the buffer belong to results that share nothing else."""
    x, recorder = np.array([[2.0]]), opened()
    square = (a := recorder.input("x", x.dtype, x.shape)) * a
    found, kept = np.zeros((1, 1)), np.zeros((1, 1))
    run(recorder, table, {"x": x, "found": found, "kept": kept}, found=recorder.swapaxes(square, 0, 1) + 1.0,
        kept=square)
    assert (found, kept) == (5, 4)
