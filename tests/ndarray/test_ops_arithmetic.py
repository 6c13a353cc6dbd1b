"""Arithmetic, comparisons and elementwise mathematics: values against plain statements of what they mean."""

import doctest
import json
import math
import sys

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray import registry
from ndarray.errors import DTypeError, OperatorError, ParamError, ShapeError

A = np.array([[-2.5, -1.0, 0.0], [0.5, 1.0, 7.0]], np.float32)
B = np.array([[2.0, -1.0, 3.0], [0.5, -2.0, 2.0]], np.float32)
ROW = B[:1]

BINARY = {
    "add": ("elemwise_add", "_plus_scalar", None, lambda a, b: a + b),
    "sub": ("elemwise_sub", "_minus_scalar", "_rminus_scalar", lambda a, b: a - b),
    "mul": ("elemwise_mul", "_mul_scalar", None, lambda a, b: a * b),
    "div": ("elemwise_div", "_div_scalar", "_rdiv_scalar", lambda a, b: a / b),
    "mod": ("_mod", "_mod_scalar", "_rmod_scalar", lambda a, b: a - b * math.floor(a / b) if b else 0.0),
    "power": ("_power", "_power_scalar", "_rpower_scalar", lambda a, b: np.float64(a) ** np.float64(b)),
    "maximum": ("_maximum", "_maximum_scalar", None, max),
    "minimum": ("_minimum", "_minimum_scalar", None, min),
    "hypot": ("_hypot", "_hypot_scalar", None, math.hypot),
    "equal": ("_equal", "_equal_scalar", None, lambda a, b: a == b),
    "not_equal": ("_not_equal", "_not_equal_scalar", None, lambda a, b: a != b),
    "greater": ("_greater", "_greater_scalar", None, lambda a, b: a > b),
    "greater_equal": ("_greater_equal", "_greater_equal_scalar", None, lambda a, b: a >= b),
    "lesser": ("_lesser", "_lesser_scalar", None, lambda a, b: a < b),
    "lesser_equal": ("_lesser_equal", "_lesser_equal_scalar", None, lambda a, b: a <= b),
    "logical_and": ("_logical_and", "_logical_and_scalar", None, lambda a, b: bool(a) and bool(b)),
    "logical_or": ("_logical_or", "_logical_or_scalar", None, lambda a, b: bool(a) or bool(b)),
    "logical_xor": ("_logical_xor", "_logical_xor_scalar", None, lambda a, b: bool(a) != bool(b)),
}


def run(name, *arrays, **params):
    return getattr(nd.op, name)(*map(nd.from_numpy, arrays), **params).asnumpy()


def one_by_one(function, a, b):
    """Apply a function of two Python floats to each pair, and round once."""
    def safe(x, y):
        try:
            return float(function(float(x), float(y)))
        except ZeroDivisionError:
            return math.nan if x == 0 else math.copysign(math.inf, x)

    with np.errstate(all="ignore"):
        return np.vectorize(safe, otypes=[float])(a, b).astype(np.float32)


def same_values(found, expected):
    assert found.dtype == expected.dtype and found.shape == expected.shape
    # One rounding of float32, two where a function is composed of several.
    np.testing.assert_allclose(found, expected, rtol=3e-7)


@pytest.mark.parametrize("word", BINARY)
def test_two_arrays_of_one_shape(word):
    name, _, _, meaning = BINARY[word]
    same_values(run(name, A, B), one_by_one(meaning, A, B))


@pytest.mark.parametrize("word", BINARY)
def test_two_arrays_that_broadcast(word):
    _, _, _, meaning = BINARY[word]
    same_values(run(f"broadcast_{word}", A, ROW), one_by_one(meaning, A, ROW))
    same_values(run(f"broadcast_{word}", A[:, :1], ROW), one_by_one(meaning, A[:, :1], ROW))


@pytest.mark.parametrize("scalar", [2, -1.5, 0])
@pytest.mark.parametrize("word", BINARY)
def test_an_array_and_a_number(word, scalar):
    _, right, left, meaning = BINARY[word]
    same_values(run(right, A, scalar=scalar), one_by_one(meaning, A, scalar))
    if left:
        same_values(run(left, A, scalar=scalar), one_by_one(meaning, scalar, A))


@pytest.mark.parametrize("word", BINARY)
def test_without_elements_and_without_axes(word):
    name, scalar, _, _ = BINARY[word]
    empty, single = np.zeros((0, 3), np.float32), np.array(2.0, np.float32)
    assert run(name, empty, empty).shape == run(f"broadcast_{word}", empty, ROW).shape == (0, 3)
    assert run(scalar, empty, scalar=1).shape == (0, 3)
    assert run(name, single, single).shape == run(scalar, single, scalar=1).shape == ()


def test_comparisons_answer_in_the_dtype_of_the_operands():
    for dtype in ("float16", "float64", "int32", "uint8", "bool"):
        x = np.array([0, 1, 1]).astype(dtype)
        for name in ("_equal", "broadcast_greater", "_logical_xor"):
            assert run(name, x, x[::-1].copy()).dtype == dtype


def test_comparisons_with_nan_are_false_but_for_not_equal():
    x = np.array([np.nan], np.float32)
    for word in ("equal", "greater", "greater_equal", "lesser", "lesser_equal"):
        assert run(f"_{word}", x, x) == 0
    assert run("_not_equal", x, x) == 1


def test_extrema_keep_nan():
    x, y = np.array([np.nan, 1.0], np.float32), np.array([1.0, np.nan], np.float32)
    for name in ("_maximum", "_minimum"):
        assert np.isnan(run(name, x, y)).all()


@pytest.mark.parametrize("dtype", ["int32", "int8", "int64"])
def test_integers_divide_towards_zero(dtype):
    a, b = np.array([7, -7, 7, -7, 5, 0]).astype(dtype), np.array([2, 2, -2, -2, 0, 0]).astype(dtype)
    found = run("elemwise_div", a, b)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, [3, -3, -3, 3, 0, 0])
    np.testing.assert_array_equal(run("_mod", a, b), [1, 1, -1, -1, 0, 0])


def test_large_integers_divide_exactly():
    a = np.array([2 ** 62 + 1, -(2 ** 62) - 1])
    np.testing.assert_array_equal(run("_div_scalar", a, scalar=1), a)


def test_a_number_is_taken_in_the_dtype_of_the_array():
    x = np.array([1, 2, 3], np.int32)
    np.testing.assert_array_equal(run("_plus_scalar", x, scalar=1.7), [2, 3, 4])
    np.testing.assert_array_equal(run("_div_scalar", x, scalar=2), [0, 1, 1])
    assert run("_mul_scalar", x.astype(np.float16), scalar=0.1).dtype == np.float16


def test_integers_to_negative_powers():
    x = np.array([-2, -1, 0, 1, 2], np.int32)
    np.testing.assert_array_equal(run("_power_scalar", x, scalar=-3), [0, -1, 0, 1, 0])
    np.testing.assert_array_equal(run("_power_scalar", x, scalar=-2), [0, 1, 0, 1, 0])
    np.testing.assert_array_equal(run("_power_scalar", x, scalar=3), x ** 3)


def test_a_number_may_be_an_array_of_one_element():
    np.testing.assert_array_equal(nd.op._mul_scalar(nd.array([1, 2]), scalar=nd.array([3])).asnumpy(), [3, 6])


def test_shapes_and_dtypes_are_not_mixed():
    with pytest.raises(ShapeError):
        nd.elemwise_add(nd.ones((2, 1)), nd.ones((2, 3)))
    with pytest.raises(DTypeError):
        nd.elemwise_add(nd.ones(2), nd.ones(2, dtype="float64"))
    with pytest.raises(OperatorError, match="rhs"):
        nd.elemwise_add(nd.ones(2), 1.0)


def test_aliases():
    for alias, name in {"_plus": "elemwise_add", "_Plus": "elemwise_add", "_Minus": "elemwise_sub",
                        "_mul": "elemwise_mul", "_Div": "elemwise_div", "_PlusScalar": "_plus_scalar",
                        "_RPowerScalar": "_rpower_scalar", "_RMinusScalar": "_rminus_scalar",
                        "broadcast_plus": "broadcast_add", "broadcast_minus": "broadcast_sub", "identity": "_copy",
                        "stop_gradient": "BlockGrad", "cast": "Cast", "Reshape": "reshape", "flatten": "Flatten",
                        "concat": "Concat", "split": "SliceChannel", "crop": "slice", "flip": "reverse", "pad": "Pad",
                        "sum_axis": "sum", "max_axis": "max", "swapaxes": "SwapAxis", "ElementWiseSum": "add_n",
                        "broadcast_axes": "broadcast_axis", "_linalg_gemm2": "linalg_gemm2"}.items():
        assert registry.get(alias) is registry.get(name)


UNARY = {
    "abs": abs, "negative": lambda x: -x, "square": lambda x: x * x, "exp": math.exp, "expm1": math.expm1,
    "sin": math.sin, "cos": math.cos, "tan": math.tan, "arctan": math.atan, "sinh": math.sinh, "cosh": math.cosh,
    "tanh": math.tanh, "arcsinh": math.asinh, "degrees": math.degrees, "radians": math.radians, "erf": math.erf,
    "ceil": math.ceil, "floor": math.floor, "trunc": math.trunc, "fix": math.trunc, "rint": round,
    "round": lambda x: math.copysign(math.floor(abs(x) + 0.5), x), "sign": lambda x: (x > 0) - (x < 0),
    "relu": lambda x: max(x, 0.0), "sigmoid": lambda x: 1 / (1 + math.exp(-x)), "softsign": lambda x: x / (1 + abs(x)),
    "logical_not": lambda x: not x, "_copy": lambda x: x, "BlockGrad": lambda x: x, "zeros_like": lambda x: 0.0,
    "ones_like": lambda x: 1.0, "hard_sigmoid": lambda x: min(1.0, max(0.0, 0.2 * x + 0.5)), "cbrt": math.cbrt,
    "isnan": math.isnan, "isinf": math.isinf, "isfinite": math.isfinite,
}
POSITIVE = {
    "sqrt": math.sqrt, "rsqrt": lambda x: 1 / math.sqrt(x), "rcbrt": lambda x: 1 / math.cbrt(x), "log": math.log,
    "log10": math.log10, "log2": math.log2, "log1p": math.log1p, "reciprocal": lambda x: 1 / x,
    "gamma": math.gamma, "gammaln": math.lgamma,
}
WITHIN = {"arcsin": math.asin, "arccos": math.acos, "arctanh": math.atanh}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*UNARY, *POSITIVE, *WITHIN, "arccosh"])
def test_functions_of_one_array(name, dtype):
    x = np.array([-3.7, -2.5, -0.5, -1e-3, 0.0, 1e-3, 0.5, 1.5, 2.5, 3.7])
    if name in POSITIVE:
        x = np.abs(x) + 1e-3
    elif name in WITHIN:
        x = x / 4
    elif name == "arccosh":
        x = np.abs(x) + 1
    x = x.astype(dtype)
    meaning = {**UNARY, **POSITIVE, **WITHIN, "arccosh": math.acosh}[name]
    found = run(name, x)
    assert found.dtype == dtype
    expected = [float(meaning(float(v))) for v in x]
    # A few units in the last place, and absolutely where the function passes zero.
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(found, expected, rtol=8 * eps, atol=4 * eps)


@pytest.mark.parametrize("name", [
    "sigmoid", "exp", "tanh", "log", "sqrt", "gamma", "erf", "erfinv", "gammaln", "polygamma"])
def test_without_elements_axes_or_numbers(name):
    assert run(name, np.zeros((0, 2), np.float32)).shape == (0, 2)
    assert run(name, np.array(0.5, np.float16)).shape == ()
    assert np.isnan(run(name, np.array([np.nan], np.float32))).all()


def test_sign_of_nan_is_zero():
    np.testing.assert_array_equal(run("sign", np.array([np.nan, -0.0, np.inf, -1e-45], np.float32)), [0, 0, 1, -1])


def test_round_is_exact_at_its_edges():
    x = np.array([0.49999997, 0.5, -0.5, 1.5, 2.5, 8388609.0, np.inf], np.float32)
    np.testing.assert_array_equal(run("round", x), [0, 1, -1, 2, 3, 8388609, np.inf])
    np.testing.assert_array_equal(run("rint", x), [0, 0, -0.0, 2, 2, 8388609, np.inf])


def test_sigmoid_neither_overflows_nor_loses_its_tail():
    x = np.array([-500.0, -80.0, -20.0, 0.0, 80.0, 500.0])
    np.testing.assert_allclose(run("sigmoid", x), [7.124576406741286e-218, 1.8048513878454153e-35,
                                                   2.061153618190204e-09, 0.5, 1, 1], rtol=1e-15)


def test_inverse_of_the_error_function():
    y = np.array([-1 + 1e-12, -0.9, -0.3, 1e-12, 0.0, 0.5, 0.999999])
    x = run("erfinv", y)
    np.testing.assert_allclose([math.erf(v) for v in x], y, rtol=4e-16)
    # erf is flat near its ends; there its complement keeps digits that erf has lost.
    assert math.erfc(-x[0]) == pytest.approx(1 + y[0], rel=1e-9)
    np.testing.assert_array_equal(run("erfinv", np.array([-1.0, 1.0, 1.5])), [-np.inf, np.inf, np.nan])


def test_polygamma_at_known_places():
    euler, zeta3 = 0.5772156649015329, 1.2020569031595942
    np.testing.assert_allclose(run("polygamma", np.array([1.0, 0.5, -0.5, 30.0]), n=0),
                               [-euler, -euler - 2 * math.log(2), 0.03648997397857652,
                                sum(1 / k for k in range(1, 30)) - euler], rtol=1e-13)
    np.testing.assert_allclose(run("polygamma", np.array([1.0, 0.5]), n=1), [math.pi ** 2 / 6, math.pi ** 2 / 2],
                               rtol=1e-13)
    np.testing.assert_allclose(run("polygamma", np.array([1.0]), n=2), [-2 * zeta3], rtol=1e-13)


def test_gamma_at_its_poles_and_beyond_its_range():
    np.testing.assert_array_equal(run("gamma", np.array([-1.0, 0.0, 200.0])), [np.nan, np.nan, np.inf])
    np.testing.assert_array_equal(run("gammaln", np.array([-1.0, 0.0])), [np.inf, np.inf])


def test_cast_and_clip():
    x = np.array([-1.7, 0.2, 300.0], np.float32)
    np.testing.assert_array_equal(run("Cast", x[:2], dtype="int32"), np.array([-1, 0], np.int32), strict=True)
    assert run("amp_cast", x, dtype="float16").dtype == np.float16
    found = run("clip", np.array([-9, np.nan, 9], np.float32), a_min=-1, a_max=1)
    np.testing.assert_array_equal(found, [-1, np.nan, 1])
    np.testing.assert_array_equal(nd.clip(nd.array([-9, 9]), 0, 1).asnumpy(), [0, 1])


@pytest.mark.parametrize(("given", "asked", "expected"), [
    ("float32", "float16", "float16"), ("float16", "float64", "float64"), ("float32", "int32", "int32"),
    ("float64", "float16", "float64"), ("int32", "float16", "int32"), ("uint8", "float32", "uint8")])
def test_amp_cast_leaves_integers_and_float64(given, asked, expected):
    x = sym.amp_cast(sym.var("x"), dtype=asked)
    assert nd.amp_cast(nd.array([1, 2], dtype=given), dtype=asked).dtype == np.dtype(expected)
    assert x.infer_type(x=given)[1] == [np.dtype(expected).type] and x.infer_shape(x=(2, 3))[1] == [(2, 3)]


@pytest.mark.parametrize("call", [
    lambda x: nd.contrib.quadratic(x, a=300), lambda x: nd.one_hot(x, depth=2, on_value=-1, dtype="uint8"),
    lambda x: nd.SequenceMask(x, nd.array([1]), use_sequence_length=True, value=-1)])
def test_a_number_that_the_dtype_does_not_hold_is_refused(call):
    with pytest.raises(ParamError, match="out of bounds for uint8"):
        call(nd.array([[3], [200]], dtype="uint8"))


def test_nan_does_not_fill_integers():
    with pytest.raises(ParamError, match="_full: cannot convert float NaN to integer"):
        nd.op._full(shape=(2,), value=np.nan, dtype="int32")


@pytest.mark.parametrize("name", sorted(name for name in registry.names() if name.endswith("_scalar")))
def test_without_a_number_it_is_one(name):
    x = np.array([0.5, 1.0, -3.0], np.float32)
    np.testing.assert_array_equal(run(name, x), run(name, x, scalar=1.0))


def test_arguments_of_mxnet_that_mean_nothing_here_are_accepted():
    x = nd.array([[1, 2]])
    np.testing.assert_array_equal(nd.log_softmax(x, use_length=False).asnumpy(), nd.log_softmax(x).asnumpy())
    np.testing.assert_array_equal(nd.softmin(x, use_length=False).asnumpy(), nd.softmin(x).asnumpy())
    assert nd.op._zeros(shape=(2,), ctx="cpu(0)").shape == nd.op._eye(N=2, ctx="cpu(0)")[0].shape == (2,)
    node = {"op": "BatchNorm", "name": "n", "attrs": {"min_calib_range": "-1.5", "max_calib_range": "None"},
            "inputs": [[i, 0, 0] for i in range(5)]}
    names = [{"op": "null", "name": n, "inputs": []} for n in ("x", "gamma", "beta", "mean", "var")]
    text = json.dumps({"nodes": [*names, node], "arg_nodes": [0, 1, 2, 3, 4], "heads": [[5, 0, 0]]})
    assert json.loads(sym.load_json(text).tojson())["nodes"][5]["attrs"] == node["attrs"]


def test_no_warning_leaks():
    with np.errstate(all="raise"):
        run("log", np.array([0.0, -1.0], np.float32))
        run("elemwise_div", A, 0 * B)
        run("exp", np.array([1e4], np.float32))
        run("elemwise_div", np.array([1], np.int32), np.array([0], np.int32))


# Doctest finds functions that a module names; these are declared by rows of a table.
IN_TABLES = [op for op in registry.operators() if not hasattr(sys.modules[op.compute.__module__], op.name)]


@pytest.mark.parametrize("op", IN_TABLES, ids=lambda op: op.name)
def test_examples_of_operators_in_tables(op):
    test = doctest.DocTestParser().get_doctest(op.__doc__, {}, op.name, None, 0)
    found = doctest.DocTestRunner(verbose=False).run(test, out=sys.stderr.write)
    assert found.attempted > 1 and not found.failed
