"""Each word of loops gives NumPy's bits, as machine code and in tiles, for numbers of every kind."""

import numpy as np
import pytest

from ndarray import vocabulary
from ndarray.kernels import machine_code
from ndarray.kernels.bind import Binding
from ndarray.kernels.cluster import cluster
from ndarray.kernels.flow import Flow, Sink
from ndarray.kernels.record import Recorder
from ndarray.kernels.table import Table
from ndarray.kernels.tiles import TileTable

WORDS = {
    "add": lambda xp, a, b, s: a + b, "subtract": lambda xp, a, b, s: a - b, "multiply": lambda xp, a, b, s: a * b,
    "divide": lambda xp, a, b, s: a / b, "negative": lambda xp, a, b, s: -a, "reflected": lambda xp, a, b, s: 1 / a - 2,
    "sqrt": lambda xp, a, b, s: xp.sqrt(a), "abs": lambda xp, a, b, s: xp.abs(a),
    "square": lambda xp, a, b, s: xp.square(a), "sign": lambda xp, a, b, s: xp.sign(a),
    "clip": lambda xp, a, b, s: xp.clip(a, 0.5), "clip to zero": lambda xp, a, b, s: xp.clip(a, 0.0),
    "clip by a scalar": lambda xp, a, b, s: xp.clip(a, s), "maximum": lambda xp, a, b, s: xp.maximum(a, b),
    "minimum": lambda xp, a, b, s: xp.minimum(a, b), "where": lambda xp, a, b, s: xp.where(a > b, a, b),
    "where number": lambda xp, a, b, s: xp.where(a != b, -0.0, a), "where truth": lambda xp, a, b, s: xp.where(a, b, a),
    "less": lambda xp, a, b, s: xp.astype(a < b, a.dtype), "less or equal": lambda xp, a, b, s: xp.astype(a <= b, a.dtype),
    "greater or equal": lambda xp, a, b, s: a * (a >= b), "equal": lambda xp, a, b, s: xp.astype(a == b, a.dtype),
    "and": lambda xp, a, b, s: xp.astype(xp.logical_and(a, b > 0), a.dtype),
    "or": lambda xp, a, b, s: xp.astype(xp.logical_or(a < 0, b), a.dtype),
    "xor": lambda xp, a, b, s: xp.astype(xp.logical_xor(a, b), a.dtype),
    "not": lambda xp, a, b, s: xp.astype(xp.logical_not(a), a.dtype),
    "isfinite": lambda xp, a, b, s: xp.astype(xp.isfinite(a), a.dtype),
    "isnan": lambda xp, a, b, s: xp.astype(xp.isnan(a), a.dtype),
    "isinf": lambda xp, a, b, s: xp.astype(xp.isinf(a), a.dtype),
    "floor": lambda xp, a, b, s: xp.floor(a), "ceil": lambda xp, a, b, s: xp.ceil(a),
    "trunc": lambda xp, a, b, s: xp.trunc(a), "rint": lambda xp, a, b, s: xp.rint(a),
    "to float64 and back": lambda xp, a, b, s: xp.astype(xp.astype(a, np.float64) * 3, a.dtype),
    "by float16": lambda xp, a, b, s: xp.astype(xp.astype(xp.astype(a, np.float32), np.float16), np.float32),
    "zeros": lambda xp, a, b, s: xp.zeros_like(a), "ones": lambda xp, a, b, s: a + xp.ones_like(a),
    "scalar arithmetic": lambda xp, a, b, s: (1 - s * s / 3) * a - xp.sqrt(s),
    "power of scalars": lambda xp, a, b, s: (1 - s ** 7) * a, "scalar where": lambda xp, a, b, s: xp.where(s > 0, a, b),
    "scalar sign": lambda xp, a, b, s: xp.sign(-s) * a, "scalar maximum": lambda xp, a, b, s: a * xp.maximum(s, s * s),
    "order of operations": lambda xp, a, b, s: a * s + b * s - a * b * s + a,
}


@pytest.fixture(params=[Table, TileTable], ids=["machine code", "tiles"])
def table(request):
    if request.param is Table and not machine_code.available():
        pytest.skip("llvmlite is not installed")
    return request.param


def numbers(dtype, n=509, seed=0):
    """Return numbers of every kind: zeros of both signs, infinities, NaN, tiny, huge and halfway ones."""
    info = np.finfo(dtype)
    kinds = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, info.tiny, -info.tiny, info.smallest_subnormal, info.max,
                      info.min, 0.5, -0.5, 1.5, 2.5, -2.5, 1.0, -1.0, 1 / 3, 65519.0, 65520.0, 1e-8, 3e-5], dtype)
    rng = np.random.default_rng(seed)
    normal = (rng.standard_normal(n) * 10.0 ** rng.integers(-5, 5, n)).astype(dtype)
    return np.where(rng.random(n) < 0.6, rng.choice(kinds, n), normal)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("word", WORDS)
def test_a_word_gives_the_bits_of_numpy(word, dtype, table):
    body = WORDS[word]
    a, b, scalar = numbers(dtype), numbers(dtype, seed=1), np.dtype(dtype).type(0.7)
    with np.errstate(all="ignore"):
        expected = body(vocabulary, a, b, scalar)
    recorder = Recorder()
    values = [recorder.input(name, a.dtype, a.shape) for name in "ab"]
    result = body(recorder, *values, recorder.number(0.7, dtype))
    assert result.dtype == expected.dtype
    got = np.empty_like(expected)
    flow = Flow(recorder.instructions, [], (Sink("out", result.id),))
    for step in Binding(cluster(flow), flow, {"a": a, "b": b, "out": got}, table).steps:
        step()
    nan = np.isnan(expected)
    np.testing.assert_array_equal(np.isnan(got), nan)
    bits = f"u{expected.dtype.itemsize}"
    np.testing.assert_array_equal(np.where(nan, 0, got).view(bits), np.where(nan, 0, expected).view(bits))


@pytest.mark.parametrize("fed", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_power_of_scalars_gives_the_bits_of_numpy(dtype, fed, table):
    """The C library's, for numbers and for arrays without axes alike; the power of arrays is rounded otherwise."""
    rng = np.random.default_rng(3)
    recorder = Recorder()
    base, exponent = ((recorder.input(n, np.dtype(dtype), ()) if fed else recorder.number(n, dtype)) for n in "ab")
    flow = Flow(recorder.instructions, [], (Sink("out", recorder.power(base, exponent).id),))
    for a, b in zip(rng.uniform(0.1, 5, 100).astype(dtype), rng.uniform(-3, 3, 100).astype(dtype)):
        got = np.empty((), dtype)
        arrays = {"a": np.array(a), "b": np.array(b), "out": got}
        numbers_ = [i if i.word != "number" else i._replace(detail=arrays[i.detail][()]) for i in flow.instructions]
        flow_ = flow._replace(instructions=numbers_)
        for step in Binding(cluster(flow_), flow_, arrays, table).steps:
            step()
        assert got == vocabulary.power(a, b) == a ** b


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("body", [lambda a: a - a, lambda a: a + -a, lambda a: a - a * 1.0, lambda a: -a + a,
                                  lambda a: (a + 1.0) - a])
@pytest.mark.parametrize("odd", [np.inf, np.nan])
def test_a_sum_over_nan_is_nan(odd, body, dtype, table):
    x = np.ones(70, dtype)
    x[5] = odd
    recorder, out = Recorder(), np.empty(1, dtype)
    total = recorder.sum(body(recorder.input("x", x.dtype, x.shape)))
    flow = Flow(recorder.instructions, [], (Sink("out", total.id),))
    for step in Binding(cluster(flow), flow, {"x": x, "out": out}, table).steps:
        step()
    assert np.isnan(out[0])


@pytest.mark.parametrize("dtype, error", [("float32", 4e-7), ("float64", 1e-14)])
@pytest.mark.parametrize("n", [1, 5, 4096, 65536, 300_001, 1_000_000])
def test_sums_are_accurate(n, dtype, error, table):
    """A sum of float32 is rounded to float32 once; float64 leaves the error of adding in lanes."""
    x = np.random.default_rng(n).standard_normal(n).astype(dtype)
    recorder = Recorder()
    value = recorder.input("x", x.dtype, x.shape)
    results = [recorder.sum(recorder.abs(value)), recorder.sum_sq(value)]
    out = {"sum": np.empty(1, dtype), "sum_sq": np.empty(1, np.float32)}
    flow = Flow(recorder.instructions, [], tuple(Sink(name, v.id) for name, v in zip(out, results)))
    for step in Binding(cluster(flow), flow, {"x": x, **out}, table).steps:
        step()
    wide = np.abs(x.astype(np.float64))
    np.testing.assert_allclose(out["sum"], wide.sum(), rtol=error)
    np.testing.assert_allclose(out["sum_sq"], (wide * wide).sum(), rtol=4e-7)


def test_a_sum_does_not_depend_on_the_number_of_threads(table):
    from ndarray.kernels.threads import get_num_threads, set_num_threads

    x = np.random.default_rng(0).standard_normal(3_000_017).astype(np.float32)
    before, seen = get_num_threads(), set()
    try:
        for threads in (1, 2, 3, 5):
            set_num_threads(threads)
            recorder = Recorder()
            total = recorder.sum(recorder.input("x", x.dtype, x.shape))
            out = np.empty(1, np.float32)
            flow = Flow(recorder.instructions, [], (Sink("out", total.id),))
            steps = Binding(cluster(flow), flow, {"x": x, "out": out}, table).steps
            for _ in range(3):
                for step in steps:
                    step()
                seen.add(out.tobytes())
    finally:
        set_num_threads(before)
    assert len(seen) == 1
