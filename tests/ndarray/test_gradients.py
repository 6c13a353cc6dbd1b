"""Every gradient rule against central differences, in float64."""

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray import registry, vocabulary
from ndarray.ops.sample import FAMILY as DISTRIBUTIONS
from tests.ndarray.samples import SAMPLES

STEP = 1e-6
# Truncation is of order STEP², rounding of order 1e-16 / STEP, each times the function's own size.
TOLERANCE = 2e-7

# Their rule is not the derivative, by declaration.
STOPPED = {"BlockGrad", "_random_of_key", *(f"_sample_{row.name}" for row in DISTRIBUTIONS)}
# Tested below: a symmetric input cannot be moved element by element, a float32 result not by small steps.
ELSEWHERE = {"linalg_potrf", "_linalg_syevd", "_sum_sq"}


def compute(op, arrays, params):
    with np.errstate(all="ignore"):
        outputs, _ = op.run(vocabulary, list(arrays), params)
    return [np.asarray(o) for o in outputs]


def gradient(op, arrays, params, heads, outputs):
    """Return the gradient of every flat input, as the rule gives it."""
    one = op.outputs == 1
    if op.scalars or op.scalar_tuples:
        params = op.scalars_as(vocabulary, arrays, params)
    with np.errstate(all="ignore"):
        heads, outputs = (heads[0], outputs[0]) if one else (tuple(heads), tuple(outputs))
        found = op.rules["gradient"](vocabulary, heads, outputs, *op.pack(list(arrays), params), **params)
    flat = []
    for value in found:
        flat += value if isinstance(value, tuple) else [value]
    return flat


def complete(sample):
    op = registry.get(sample.op)
    params = op.parse(sample.params)
    if op.many:
        params[op.count] = op.count_from(len(sample.arrays), params)
    return op, op.complete(params)


def differentiable(op):
    return "gradient" in op.rules and not op.loss_head


DIFFERENTIABLE = [s for s in SAMPLES if differentiable(registry.get(s.op))]


@pytest.mark.parametrize("sample", [s for s in DIFFERENTIABLE if s.op not in ELSEWHERE], ids=str)
def test_rule_is_the_derivative(sample):
    op, params = complete(sample)
    rng = np.random.default_rng(5)
    outputs = compute(op, sample.arrays, params)
    heads = [rng.normal(size=o.shape) if o.dtype == np.float64 else np.zeros(o.shape) for o in outputs]

    def value(arrays):
        return sum(np.sum(h * o) for h, o in zip(heads, compute(op, arrays, params)))

    found = gradient(op, sample.arrays, params, heads, outputs)
    checked = 0
    for i, x in enumerate(sample.arrays):
        if x.dtype != np.float64:
            continue
        slope = np.zeros_like(x)
        for place in np.ndindex(x.shape):
            moved = []
            for step in (STEP, -STEP):
                y = x.copy()
                y[place] += step
                moved.append(value([*sample.arrays[:i], y, *sample.arrays[i + 1:]]))
            slope[place] = (moved[0] - moved[1]) / (2 * STEP)
        given = found[i] if i < len(found) else None
        if given is None:
            assert sample.op in STOPPED or not slope.any(), f"input {i} has a slope, and its gradient is None"
            continue
        assert given.shape == x.shape and given.dtype == x.dtype
        scale = 1 + np.abs(slope).max(initial=0) + abs(value(sample.arrays))
        np.testing.assert_allclose(given, slope, rtol=0, atol=TOLERANCE * scale)
        checked += 1
    assert checked or all(g is None for g in found)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("sample", DIFFERENTIABLE, ids=str)
def test_gradient_has_the_type_of_its_input(sample, dtype):
    op, params = complete(sample)
    arrays = [a.astype(dtype) if a.dtype == np.float64 else a for a in sample.arrays]
    outputs = compute(op, arrays, params)
    heads = [np.ones(o.shape, o.dtype) for o in outputs]
    for x, g in zip(arrays, gradient(op, arrays, params, heads, outputs)):
        assert g is None or (g.shape, g.dtype) == (x.shape, x.dtype)


def test_every_differentiable_operator_has_a_sample():
    sampled = {registry.get(s.op).name for s in SAMPLES}
    missing = [op.name for op in registry.operators() if differentiable(op) and op.name not in sampled]
    assert not missing, "give each of them a Sample in samples.py"


def rule(name, arrays, heads=None, **params):
    op = registry.get(name)
    params = op.complete(op.parse(params))
    arrays = [np.asarray(a, np.float64) for a in arrays]
    outputs = compute(op, arrays, params)
    return gradient(op, arrays, params, heads or [np.ones(o.shape) for o in outputs], outputs)


@pytest.mark.parametrize("name", ["_maximum", "_minimum", "broadcast_maximum", "broadcast_minimum"])
def test_a_tie_gives_all_to_the_first(name):
    one, other = rule(name, [[1.0], [1.0]])
    assert (one, other) == (1, 0)


@pytest.mark.parametrize("name", ["max", "min"])
def test_tied_extrema_share(name):
    (found,) = rule(name, [[[2.0, 2.0, 2.0, 2.0], [1.0, 1.0, 3.0, 3.0]]], axis=(1,))
    np.testing.assert_array_equal(found.sum(axis=1), 1)
    np.testing.assert_array_equal(found[0], 0.25)


def test_where_keeps_what_it_did_not_choose_out():
    _, x, y = rule("where", [[1, 0], [1, 1], [1, 1]], [np.array([np.nan, np.inf])])
    np.testing.assert_array_equal(x, [np.nan, 0])
    np.testing.assert_array_equal(y, [0, np.inf])


NAN, INF = float("nan"), float("inf")
# Of MXNet 1.9.1: limits, values, and what passes of a gradient, for the elements NaN, -2, 0.5, 3, 1, -1.
CLIPPED = [(-1, 1, [NAN, -1, 0.5, 1, 1, -1], [1, 0, 1, 0, 1, 1]), (NAN, 1, [NAN, -2, 0.5, 1, 1, -1], [1, 1, 1, 0, 1, 1]),
           (-1, NAN, [NAN, -1, 0.5, 3, 1, -1], [1, 0, 1, 1, 1, 1]), (1, -1, [NAN, 1, -1, -1, -1, 1], [1, 0, 0, 0, 0, 0])]


@pytest.mark.parametrize("low, high, values, slopes", CLIPPED)
def test_clip_with_nan(low, high, values, slopes, engine):
    x, slope = nd.array([NAN, -2, 0.5, 3, 1, -1]), nd.zeros(6)
    run = sym.clip(sym.var("x"), low, high).bind(args={"x": x}, args_grad={"x": slope}, engine=engine)
    np.testing.assert_array_equal(run.forward(is_train=True)[0].asnumpy(), values)
    np.testing.assert_array_equal(nd.clip(x, low, high).asnumpy(), values)
    run.backward(nd.ones(6))
    np.testing.assert_array_equal(slope.asnumpy(), slopes)


def test_clip_and_relu_stop_even_an_infinite_gradient():
    np.testing.assert_array_equal(rule("clip", [[-9.0, 0.0, 9.0]], [np.full(3, np.inf)], a_min=-1, a_max=1)[0],
                                  [0, np.inf, 0])
    np.testing.assert_array_equal(rule("relu", [[-1.0, 0.0, 1.0]], [np.full(3, np.inf)])[0], [0, 0, np.inf])


def test_powers_of_zero_have_finite_slopes():
    np.testing.assert_array_equal(rule("_power", [[0.0, 0.0, 0.0], [0.0, 1.0, 2.0]]), [[0, 1, 0], [0, 0, 0]])
    np.testing.assert_array_equal(rule("_power_scalar", [[0.0]], scalar=0), [[0]])


def test_no_slope_at_the_origin_of_a_norm():
    np.testing.assert_array_equal(rule("norm", [[0.0, 0.0]]), [[0, 0]])
    np.testing.assert_array_equal(rule("_hypot", [[0.0], [0.0]]), [[0], [0]])


def test_nan_is_left_out():
    np.testing.assert_array_equal(rule("nansum", [[np.nan, 2.0]]), [[0, 1]])
    np.testing.assert_array_equal(rule("nanprod", [[np.nan, 2.0, 3.0]]), [[0, 3, 2]])


def test_product_knows_its_zeros():
    np.testing.assert_array_equal(rule("prod", [[0.0, 2.0, 3.0]]), [[6, 0, 0]])
    np.testing.assert_array_equal(rule("prod", [[0.0, 0.0, 3.0]]), [[0, 0, 0]])


@pytest.mark.parametrize("name", ["linalg_potrf", "_linalg_syevd"])
def test_factors_move_with_the_symmetric_matrix(name):
    # Their input is symmetric: both halves of an off-diagonal pair move together.
    rng, op = np.random.default_rng(0), registry.get(name)
    half = rng.normal(size=(3, 3))
    a = half @ half.T + np.eye(3)
    heads = [np.tril(rng.normal(size=o.shape)) if o.ndim == 2 else rng.normal(size=o.shape)
             for o in compute(op, [a], {})]
    (found,) = rule(name, [a], heads)
    for i in range(3):
        for j in range(i + 1):
            step = np.zeros((3, 3))
            step[i, j] = step[j, i] = STEP
            up, down = (compute(op, [a + s], {}) for s in (step, -step))
            slope = sum(np.sum(h * (x - y)) for h, x, y in zip(heads, up, down)) / (2 * STEP)
            assert found[i, j] + (i != j) * found[j, i] == pytest.approx(slope, abs=1e-7)


def test_sum_of_squares():
    x = np.array([[1.5, -2.0]])
    (found,) = rule("_sum_sq", [x])
    np.testing.assert_array_equal(found, 2 * x)
