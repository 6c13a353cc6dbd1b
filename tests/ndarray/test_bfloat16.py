"""bfloat16 stores what operators compute in float32: rounded once, to nearest even, by every engine."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray import dtypes, registry, vocabulary
from ndarray.call import infer_outputs
from tests.symbolic.cases import CASES

ml_dtypes = pytest.importorskip("ml_dtypes")
BFLOAT16 = dtypes.bfloat16()
NOT_TAKEN = {"multi_lars", "multi_sum_sq"}


def nearest_even(x):
    """Return float32 rounded to the upper 16 bits, a NaN as the quiet one of its sign; written with integers."""
    bits = np.ascontiguousarray(x, "float32").view(np.uint32).astype(np.uint64)
    rounded = ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)
    return np.where(np.isnan(x), (bits >> 16 & 0x8000 | 0x7FC0).astype(np.uint16), rounded).view(BFLOAT16)


def bits(array):
    return np.ascontiguousarray(array).view(np.uint16)


def test_rounding(engine):
    """Every upper half with lower halves at and beside the middle; NaN, infinities, denormal numbers among them."""
    upper = np.arange(1 << 16, dtype=np.uint32) << 16
    x = (upper[:, None] | np.array([0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF], np.uint32)).view(np.float32).reshape(-1)
    there = sym.Cast(sym.var("x"), dtype="bfloat16", name="stored")
    back = sym.Group([there, sym.Cast(there, dtype="float32")])
    stored, wide = back.bind(args={"x": x}, engine=engine).forward()
    np.testing.assert_array_equal(bits(stored.asnumpy()), bits(nearest_even(x)))
    np.testing.assert_array_equal(wide.asnumpy().view(np.uint32) >> 16, bits(nearest_even(x)))


def test_rounding_where_all_is_of_bfloat16(engine):
    """Every number of 16 bits plus parts of its last digit: the middle, beside it, nothing; sums become infinite too."""
    upper = np.arange(1 << 16, dtype=np.uint32) << 16
    x = np.repeat(upper, 7).view(np.float32)
    with np.errstate(all="ignore"):
        digit = (upper + (1 << 16)).view(np.float32) - upper.view(np.float32)
        y = np.where(np.isfinite(digit), digit, 0)[:, None] * np.array([0, 1, 127, 128, 129, 255, -128], "float32") / 256
        x, y = (part.reshape(-1)[:-1].astype(BFLOAT16) for part in (x, y))
        expected = nearest_even(x.astype("float32") + y.astype("float32"))
    if engine == "xla":  # which takes denormal numbers for zero
        normal = np.all([(bits(a) & 0x7FFF == 0) | (bits(a) & 0x7F80 != 0) for a in (x, y, expected)], axis=0)
        x, y, expected = x[normal], y[normal], expected[normal]
    found, = (sym.var("x") + sym.var("y")).bind(args={"x": x, "y": y}, engine=engine).forward()
    np.testing.assert_array_equal(bits(found.asnumpy()), bits(expected))


def equal(found, expected, dtype):
    """Compare; NumPy's own comparison does not know the NaN of bfloat16."""
    assert np.asarray(found).dtype == dtype
    expected = np.asarray(expected).astype(dtype)
    wide = "float32" if dtype == BFLOAT16 else dtype
    np.testing.assert_array_equal(np.asarray(found).astype(wide), expected.astype(wide))


def narrowed(arrays):
    return [np.asarray(a).astype(BFLOAT16) if np.asarray(a).dtype.kind == "f" else np.asarray(a) for a in arrays]


def widened(arrays):
    return [a.astype("float32") if a.dtype == BFLOAT16 else a for a in arrays]


@pytest.mark.parametrize("case", [c for c in CASES if registry.get(c.op).name not in NOT_TAKEN],
                         ids=lambda c: f"{c.op} {c.params}"[:60])
def test_every_operator_computes_in_float32(case):
    """What the operator gives for the same numbers in float32, rounded; new states likewise."""
    op = registry.get(case.op)
    params = op.parse(case.params)
    if op.many:
        params[op.count] = op.count_from(len(case.arrays), params)
    params = op.complete(params)
    arrays = narrowed(case.arrays)
    try:
        types = infer_outputs(op, arrays, params)
    except nd.errors.DTypeError:
        pytest.skip("it takes other dtypes")
    with np.errstate(all="ignore"):
        found, states = op.run(vocabulary, arrays, params)
        expected, expected_states = op.run(vocabulary, widened(arrays), params)
        for a, b, t in zip(found, expected, types, strict=True):
            equal(a, b, t.dtype)
        for a, b, at in zip(states, expected_states, op.written(params), strict=True):
            equal(a, b, arrays[at].dtype)


@pytest.mark.parametrize("n", [7, 70_000])
def test_eager_calls(n):
    """Small and large, by NumPy and by loops; the result of each call is rounded."""
    x = nd.array(np.random.default_rng(0).normal(size=n), dtype="bfloat16")
    y = x * 3 + nd.sqrt(nd.abs(x))
    values = x.asnumpy().astype("float32")
    expected = nearest_even(nearest_even(values * np.float32(3)).astype("float32")
                            + nearest_even(np.sqrt(np.abs(values))).astype("float32"))
    np.testing.assert_array_equal(bits(y.asnumpy()), bits(expected))
    assert y.dtype is ml_dtypes.bfloat16
    mom = nd.zeros(n, dtype="bfloat16")
    nd.sgd_mom_update(x, y, mom, lr=0.1, momentum=0.9, wd=0.01, out=x)
    assert x.dtype is mom.dtype is ml_dtypes.bfloat16


def test_gradients():
    x = sym.var("x", dtype="bfloat16")
    loss = sym.make_loss(sym.sum(sym.exp(x) * x), name="cost")
    values = np.array([0.5, -1.0, 2.0], BFLOAT16)
    grads = []
    for engine in ("eager", "fused"):
        executor = loss.simple_bind(x=(3,), engine=engine)
        executor.arg_dict["x"][:] = values
        executor.forward(is_train=True)
        executor.backward()
        grads.append(executor.grad_dict["x"].asnumpy())
        assert grads[-1].dtype == BFLOAT16
    np.testing.assert_array_equal(*grads)
    wide = values.astype("float32")
    np.testing.assert_allclose(grads[0].astype("float32"), np.exp(wide) * (wide + 1), rtol=2e-2)


def test_arrays():
    x = nd.array([1, 2.5, -3], dtype="bfloat16")
    assert x.tolist() == [1.0, 2.5, -3.0] and x[1].asscalar() == 2.5 and nd.zeros(2, dtype=12).dtype is x.dtype
    x[0] = 7
    x[1:] = nd.array([1.5, 2.0], dtype="bfloat16")
    assert x.tolist() == [7.0, 1.5, 2.0] and x.astype("float32").dtype is np.float32
    assert nd.from_numpy(np.ones(2, BFLOAT16)).dtype is x.dtype
    again = pickle.loads(pickle.dumps(x))
    assert again.tolist() == x.tolist() and (again + x).dtype is x.dtype


def test_files(tmp_path):
    path = tmp_path / "x.params"
    x = nd.array(np.arange(6.0).reshape(2, 3), dtype="bfloat16")
    nd.save(path, {"x": x, "t": x[:, 1]})
    assert nd.load(path)["x"].dtype is np.float32
    for found in (nd.load(path), nd.load(path, bfloat16=True)):
        assert found["x"].tolist() == x.tolist() and found["t"].tolist() == [1.0, 4.0]
    assert found["x"].dtype is ml_dtypes.bfloat16
    net = sym.Cast(sym.exp(sym.var("x", dtype="bfloat16")), dtype="float32")
    text = net.tojson()
    assert '"__dtype__": "12"' in text
    assert sym.load_json(text).infer_type() == ([ml_dtypes.bfloat16], [np.float32], [])


@pytest.mark.parametrize("use", ["nd.save(path, [x])", "(x * 2).tolist()", "nd.from_dlpack(x) * 2", "pickle.dumps(x)",
                                 "sym.exp(sym.var('x')).bind(args={'x': x}).forward()"])
def test_whatever_uses_it_first_knows_it(use, tmp_path):
    code = ("import pickle, sys, ml_dtypes, numpy as np, ndarray as nd, symbolic as sym\n"
            f"path, x = sys.argv[1], nd.NDArray(np.ones(2, ml_dtypes.bfloat16))\n{use}")
    subprocess.run([sys.executable, "-c", code, tmp_path / "x.params"], check=True, timeout=60)


def test_dlpack():
    x = nd.array([1, 2, 3], dtype="bfloat16")
    y, z = nd.from_dlpack(x), nd.from_dlpack(x.to_dlpack_for_read())
    x[0] = 7
    assert y.tolist() == z.tolist() == [7.0, 2.0, 3.0] and y.dtype is z.dtype is x.dtype
    torch = pytest.importorskip("torch")
    theirs = torch.from_dlpack(x)
    assert theirs.dtype == torch.bfloat16
    theirs[1] = -1
    ours = nd.from_dlpack(theirs)
    ours[2] = 0.5
    assert x.tolist() == ours.tolist() == [7.0, -1.0, 0.5]


def test_without_ml_dtypes(monkeypatch):
    monkeypatch.setattr(dtypes, "narrow", None)
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    with pytest.raises(nd.errors.DTypeError, match="needs the package ml_dtypes: pip install"):
        nd.zeros(2, dtype="bfloat16")
