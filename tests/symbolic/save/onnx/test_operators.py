"""Every operator as an ONNX model, checked by onnx and run by onnxruntime; those that cannot be are known by name."""

import numpy as np
import pytest

import symbolic as sym
from ndarray import registry
from ndarray.errors import OperatorError
from ndarray.ops.sample import FAMILY as DISTRIBUTIONS
from symbolic.save.onnx.model import to_onnx
from symbolic.save.onnx.save import types_for
from symbolic.symbol import apply_op
from tests.ndarray.samples import Sample
from tests.symbolic.cases import CASES, Case
from tests.symbolic.save.onnx.runs import Runtime, onnx, runtime

WITHOUT = {
    "erfinv": "erfinv", "gamma": "gamma", "gammaln": "gammaln", "polygamma": "polygamma",
    "linalg_inverse": "inv", "linalg_potrf": "cholesky", "_uniform_of_key": "uniform",
    "linalg_trsm": "solve_triangular", "linalg_potri": "solve_triangular", "linalg_gelqf": "qr", "_linalg_syevd": "eigh",
    "_random_of_key": "draw", "shampoo_update": "eigh", "soap_update": "cond",
} | {f"_sample_{row.name}": "draw" for row in DISTRIBUTIONS}
"""Operators without a counterpart among ONNX's, and the word that lacks one.  No other may join them unseen."""

NO_KERNEL = {
    "float64": {"tan": "Tan", "arcsin": "Asin", "arccos": "Acos", "arctan": "Atan", "sinh": "Sinh", "cosh": "Cosh",
                "arcsinh": "Asinh", "arccosh": "Acosh", "arctanh": "Atanh", "erf": "Erf", "LeakyReLU-gelu": "Erf",
                "linalg_det": "Det", "linalg_slogdet": "Det"},
    "float16": {"_untake": "ScatterElements", "_put_along_axis": "ScatterElements", "scatter_nd": "ScatterND"},
}
"""Models that are right, but for which onnxruntime has no kernel in that dtype on processors, and the one it lacks."""

ULPS = {"float32": 4, "float64": 4, "float16": 4}
"""Allowed difference in units of the last place of an output's largest element: sums in another order, and the
functions of another library."""


def label(sample):
    return f"{sample.op}-{sample.params['act_type']}" if sample.op == "LeakyReLU" else sample.op


def draws(sample):
    """Tell whether the call draws random numbers with a key that arrives."""
    update = registry.get(sample.op).update
    return sample.op == "_uniform_of_key" or (update is not None and bool(update.keys))


def test_every_operator_has_a_case():
    assert {op.name for op in registry.operators()} - {registry.get(s.op).name for s in CASES} == {"_constant"}


@pytest.mark.parametrize("name", WITHOUT)
def test_what_has_no_counterpart_says_so(name):
    sample = next(s for s in CASES if s.op == name)
    case = Case(sample, "float32")
    with pytest.raises(OperatorError) as found:
        to_onnx(case.graph, case.types)
    message = str(found.value)
    assert f"{WITHOUT[name]} has no counterpart among ONNX's core operators" in message
    assert "in %node" in message and f"{name}(" in message


def test_a_draw_of_random_numbers_has_no_counterpart_either():
    case = Case(Sample("Dropout", (np.ones((2, 3)),), {"mode": "always"}))
    with pytest.raises(OperatorError, match="uses random numbers and has no key"):
        to_onnx(case.graph, case.types)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("sample", [s for s in CASES if s.op not in WITHOUT and not draws(s)], ids=str)
def test_onnxruntime_agrees_with_the_eager_engine(sample, dtype):
    case = Case(sample, dtype)
    lacking = NO_KERNEL.get(dtype, {}).get(label(sample))
    if lacking:
        with pytest.raises(Exception, match=rf"{lacking}.*|MLFloat16") as found:
            runtime(case.graph, case.types)(case.arrays)
        assert type(found.value).__module__.startswith("onnxruntime")
        return
    for got, expected in zip(runtime(case.graph, case.types)(case.arrays), case.run(case.graph), strict=True):
        assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
        if expected.dtype.kind != "f":
            np.testing.assert_array_equal(got, expected)
            continue
        largest = np.abs(expected[np.isfinite(expected)]).max(initial=0).astype(np.float64)
        np.testing.assert_allclose(got.astype(np.float64), expected.astype(np.float64), rtol=0,
                                   atol=ULPS[dtype] * np.finfo(expected.dtype).eps * float(largest))


def test_constants_are_initializers():
    symbol = apply_op("_constant", value=(1.0, 2.0, 3.0), shape=(3,)) * sym.var("x", shape=(3,))
    run = runtime(symbol.graph, types_for(symbol.graph))
    np.testing.assert_array_equal(run({"x": np.float32([1, 2, 4])})[0], [1, 4, 12])


ODD = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5, -1.5, 1e-42, -1e-42, 3e38, 2.5, -2.5, 1e-9], np.float32)
"""Numbers unlike others."""

EPS, DENORMAL = np.finfo(np.float32).eps, 2e-43
"""A few roundings; near zero onnxruntime's polynomials lose some of the few bits that denormals have."""

KEEPS_ODD = ("sign", "abs", "negative", "square", "sqrt", "rint", "round", "ceil", "floor", "trunc", "fix", "relu", "isnan",
             "isinf", "isfinite", "logical_not", "reciprocal", "rsqrt", "exp", "log", "log1p", "expm1", "tanh", "sigmoid",
             "softsign", "cbrt", "log2", "log10")


@pytest.mark.parametrize("name", KEEPS_ODD)
def test_odd_numbers(name):
    """NaN, infinities and zeros are answered as the eager engine does; the sign of NaN is 0."""
    symbol = apply_op(name, sym.var("x", shape=ODD.shape))
    run = runtime(symbol.graph, types_for(symbol.graph))
    with np.errstate(all="ignore"):
        expected = symbol.eval(x=ODD)[0].asnumpy()
    np.testing.assert_allclose(run({"x": ODD})[0], expected, rtol=4 * EPS, atol=DENORMAL)


@pytest.mark.parametrize("name", ["_maximum", "_minimum", "_mod", "_power", "_hypot", "_equal", "_not_equal", "_greater",
                                  "_lesser_equal", "_logical_and", "elemwise_div"])
def test_odd_pairs(name):
    a, b = (x.reshape(-1).astype(np.float32) for x in np.meshgrid(ODD, ODD))
    symbol = apply_op(name, sym.var("a", shape=a.shape), sym.var("b", shape=b.shape))
    run = runtime(symbol.graph, types_for(symbol.graph))
    with np.errstate(all="ignore"):
        expected = symbol.eval(a=a, b=b)[0].asnumpy()
    np.testing.assert_allclose(run({"a": a, "b": b})[0], expected, rtol=4 * EPS, atol=DENORMAL)


@pytest.mark.parametrize("step", [1, 2, 3, -1, -2])
@pytest.mark.parametrize(("begin", "end"), [(None, None), (1, 6), (0, 7), (2, None)])
def test_slices_are_put_back(begin, end, step):
    """`_unslice` is written as borders: of every step, with and without a rest."""
    if step < 0:
        begin, end = (None if end is None else end - 1, None if begin in (None, 0) else begin - 1)
    n = len(range(*slice(begin, end, step).indices(7)))
    symbol = apply_op("_unslice", sym.var("x", shape=(n, 2)), shape=(7, 2), begin=(begin,), end=(end,), step=(step,))
    x = np.arange(2 * n, dtype=np.float32).reshape(n, 2) + 1
    run = runtime(symbol.graph, types_for(symbol.graph))
    np.testing.assert_array_equal(run({"x": x})[0], symbol.eval(x=x)[0].asnumpy())
    assert not {"ScatterElements", "ScatterND"} & {n.op_type for n in run.model.graph.node}


def test_what_runs_is_what_was_checked():
    """The wrapper refuses a model that is wrong, so that agreement above means something."""
    case = Case(next(s for s in CASES if s.op == "SoftmaxActivation"))
    Runtime(model := to_onnx(case.graph, case.types))
    model.graph.value_info[0].type.tensor_type.shape.dim[0].dim_value += 1
    with pytest.raises(onnx.shape_inference.InferenceError, match="dimension"):
        Runtime(model)
    model.graph.node[0].op_type = "NoSuchOperator"
    with pytest.raises(onnx.checker.ValidationError, match="NoSuchOperator"):
        Runtime(model)
