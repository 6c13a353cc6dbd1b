"""Types: what an operator infers is what it computes, forwards and backwards, and conflicts are named."""

import itertools

import numpy as np
import pytest

import ndarray  # noqa: F401, declares the operators
from ndarray import registry, vocabulary
from ndarray.errors import DTypeError, ParamError, ShapeError
from ndarray.rules import broadcast_shapes
from ndarray.rules_shape import resolve_shape
from ndarray.tensortype import UNKNOWN, TensorType
from tests.ndarray.samples import SAMPLES

FLOAT = np.dtype("float32")
INT = np.dtype("int32")


def complete(name, params, arrays):
    op = registry.get(name)
    params = op.parse(params)
    if op.many:
        params[op.count] = op.count_from(arrays, params)
    return op, op.complete(params)


def forward(name, inputs, **params):
    """Return the shapes inferred of the outputs."""
    return infer(name, inputs, None, **params)[1]


def infer(name, inputs, outputs=None, **params):
    """Return shapes of inputs and outputs, from shapes; a None is unknown."""
    op, params = complete(name, params, len(inputs))
    outputs = outputs or [None] * op.num_outputs(params)
    ins, outs = op.infer_types([TensorType(s, FLOAT) for s in inputs], [TensorType(s) for s in outputs], params)
    return [t.shape for t in ins], [t.shape for t in outs]


# What is inferred against what is computed

@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "uint8", "int64"])
@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_results_have_the_inferred_types(sample, dtype):
    arrays = [a.astype(dtype) if a.dtype == np.float64 else a for a in sample.arrays]
    op, params = complete(sample.op, sample.params, len(arrays))
    try:
        _, types = op.infer_types([TensorType(a.shape, a.dtype) for a in arrays],
                                  [UNKNOWN] * op.num_outputs(params), params)
    except DTypeError:
        assert dtype not in ("float32", "float64")
        return
    with np.errstate(all="ignore"):
        outputs, _ = op.run(vocabulary, arrays, params)
    assert [TensorType(np.shape(o), o.dtype) for o in outputs] == types


def types_of(sample):
    op, params = complete(sample.op, sample.params, len(sample.arrays))
    inputs = [TensorType(a.shape, a.dtype) for a in sample.arrays]
    _, outputs = op.infer_types(inputs, [UNKNOWN] * op.num_outputs(params), params)
    return op, params, inputs, outputs


def forgetful(types, rng):
    """Return types of which something is forgotten: the dtype, the shape, or some dimensions."""
    found = []
    for t in types:
        shape = (None, tuple(None if rng.random() < 0.5 else d for d in t.shape), t.shape)[rng.integers(3)]
        found.append(TensorType(shape, t.dtype if rng.random() < 0.5 else None))
    return found


# An index or a condition of unknown shape is taken to have its usual one; these have the other that is legal.
UNUSUAL = {("pick", "axis=0"), ("where", "where-4,")}
USUAL = [s for s in SAMPLES if not any(s.op == name and text in str(s) for name, text in UNUSUAL)]


@pytest.mark.parametrize("sample", USUAL, ids=str)
def test_partial_knowledge_never_contradicts_the_truth(sample):
    op, params, inputs, outputs = types_of(sample)
    truth = inputs + outputs
    rng = np.random.default_rng(3)
    for _ in range(40):
        known = forgetful(inputs, rng), forgetful(outputs, rng)
        found = op.infer_types(*known, params)
        for before, after, true in zip(known[0] + known[1], found[0] + found[1], truth, strict=True):
            assert after.merge(before) == after, "knowledge was lost"
            if true.dtype != np.int64:  # Where indices have no dtype of their own, the data's is a guess.
                after.merge(true)
            else:
                TensorType(after.shape).merge(TensorType(true.shape))


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_wrong_output_is_refused(sample):
    op, params, inputs, outputs = types_of(sample)
    for i, t in enumerate(outputs):
        wrong = [*outputs[:i], TensorType((*t.shape, 9), t.dtype), *outputs[i + 1:]]
        with pytest.raises(ShapeError, match=op.name):
            op.infer_types(inputs, wrong, params)
        wrong = [*outputs[:i], TensorType(t.shape, np.dtype("uint64")), *outputs[i + 1:]]
        with pytest.raises(DTypeError, match=op.name):
            op.infer_types(inputs, wrong, params)


# One operand from the others

BACKWARDS = [
    ("elemwise_add", [None, (2, 3)], [None], {}, [(2, 3), (2, 3)]),
    ("elemwise_mul", [None, None], [(2, 3)], {}, [(2, 3), (2, 3)]),
    ("tanh", [None], [(2, 3)], {}, [(2, 3)]),
    ("_plus_scalar", [None], [(2, 3)], {"scalar": 1}, [(2, 3)]),
    ("broadcast_add", [(2, 1), (None, None)], [(2, 3)], {}, [(2, 1), (None, 3)]),
    ("broadcast_add", [(None, 4), (3, 4)], [(1, 4)], {}, ShapeError),
    ("dot", [(2, 3), None], [(2, 4)], {}, [(2, 3), (3, 4)]),
    ("dot", [None, (3, 4)], [(2, 4)], {}, [(2, 3), (3, 4)]),
    ("dot", [None, (4, 3)], [(2, 4)], {"transpose_a": True, "transpose_b": True}, [(3, 2), (4, 3)]),
    ("dot", [(2, 3), (None, None)], [(None, 4)], {}, [(2, 3), (3, 4)]),
    ("dot", [(3,), None], [(1,)], {}, [(3,), None]),
    ("batch_dot", [(5, 2, 3), None], [(5, 2, 4)], {}, [(5, 2, 3), (5, 3, 4)]),
    ("batch_dot", [(5, 2, 3), (None, 4, None)], [None], {"transpose_b": True}, [(5, 2, 3), (5, 4, 3)]),
    ("reshape", [(None, 3)], [(2, 6)], {"shape": (2, 6)}, [(4, 3)]),
    ("reshape", [(None, 3, 4)], [(2, 12)], {"shape": (0, -1)}, [(2, 3, 4)]),
    ("Flatten", [(None, 3, None)], [(2, 12)], {}, [(2, 3, 4)]),
    ("transpose", [None], [(2, 3, 4)], {"axes": (1, 2, 0)}, [(4, 2, 3)]),
    ("transpose", [(None, None)], [(2, None)], {}, [(None, 2)]),
    ("SwapAxis", [None], [(2, 3, 4)], {"dim1": 0, "dim2": 2}, [(4, 3, 2)]),
    ("expand_dims", [None], [(2, 1, 3)], {"axis": 1}, [(2, 3)]),
    ("squeeze", [None], [(2, 3)], {"axis": (1,)}, [(2, 1, 3)]),
    ("squeeze", [None], [(1,)], {"axis": (0,)}, [None]),
    ("reshape_like", [(None, 2), (3, 4)], [None], {}, [(6, 2), (3, 4)]),
    ("depth_to_space", [None], [(1, 1, 4, 6)], {"block_size": 2}, [(1, 4, 2, 3)]),
    ("Concat", [(2, 3), (None, None)], [(2, 7)], {"dim": 1}, [(2, 3), (2, 4)]),
    ("Concat", [(2, 3), None, (2, 1)], [(2, 7)], {"dim": 1}, [(2, 3), (2, 3), (2, 1)]),
    ("stack", [None, None], [(5, 2, 3)], {"axis": 1}, [(5, 3), (5, 3)]),
    ("SliceChannel", [None], [(2, 3), None], {"num_outputs": 2}, [(2, 6)]),
    ("SliceChannel", [None], [None, (2, 3)], {"num_outputs": 2, "squeeze_axis": True, "axis": 0}, [(2, 2, 3)]),
    ("SliceChannel", [(None, 3)], [None, None], {"num_outputs": 2, "squeeze_axis": True, "axis": 0}, [(2, 3)]),
    ("tile", [(None, 3)], [(4, 6)], {"reps": (2, 2)}, [(2, 3)]),
    ("repeat", [None], [(4, 6)], {"repeats": 2, "axis": 1}, [(4, 3)]),
    ("reverse", [None], [(4, 6)], {"axis": (0,)}, [(4, 6)]),
    ("Pad", [None], [(4, 6)], {"mode": "edge", "pad_width": (1, 1, 0, 2)}, [(2, 4)]),
    ("sum", [(None, 3)], [(2,)], {"axis": (1,)}, [(2, 3)]),
    ("max", [(None, 3)], [(2, 1)], {"axis": (1,), "keepdims": True}, [(2, 3)]),
    ("where", [None, (2, 3), None], [None], {}, [(2, 3)] * 3),
    ("where", [(2,), (None, 3), None], [None], {}, [(2,), (2, 3), (2, 3)]),
    ("one_hot", [None], [(2, 5)], {"depth": 5}, [(2,)]),
    ("take", [(4, 5), None], [(2, 3, 5)], {}, [(4, 5), (2, 3)]),
    ("pick", [(4, 5), None], [None], {}, [(4, 5), (4,)]),
    ("sort", [None], [(2, 3)], {}, [(2, 3)]),
    ("add_n", [None, (2, 3), None], [None], {}, [(2, 3)] * 3),
    ("softmax", [None], [(2, 3)], {}, [(2, 3)]),
    ("linalg_gemm", [(2, 3), (3, 4), None], [None], {}, [(2, 3), (3, 4), (2, 4)]),
    ("SequenceMask", [(3, 2), None], [None], {"use_sequence_length": True}, [(3, 2), (2,)]),
]


@pytest.mark.parametrize(("name", "inputs", "outputs", "params", "expected"), BACKWARDS,
                         ids=[f"{i}-{row[0]}" for i, row in enumerate(BACKWARDS)])
def test_inputs_follow(name, inputs, outputs, params, expected):
    if expected is ShapeError:
        with pytest.raises(ShapeError):
            infer(name, inputs, outputs, **params)
    else:
        assert infer(name, inputs, outputs, **params)[0] == expected


@pytest.mark.parametrize("name", ["elemwise_add", "broadcast_add", "dot", "batch_dot", "Concat", "where", "_equal"])
def test_dtypes_spread_to_everything_and_do_not_mix(name):
    n = 3 if name == "where" else 2
    op, params = complete(name, {}, n)
    found = op.infer_types([UNKNOWN] * n, [TensorType(None, INT)], params)
    assert {t.dtype for t in found[0] + found[1]} == {INT}
    with pytest.raises(DTypeError, match="float32"):
        op.infer_types([TensorType((2, 2), INT)] * (n - 1) + [TensorType((2, 2), FLOAT)], [UNKNOWN], params)


def test_cast_keeps_what_it_reads_free():
    op, params = complete("Cast", {"dtype": "int32"}, 1)
    (data,), (out,) = op.infer_types([UNKNOWN], [TensorType((2,))], params)
    assert (data, out) == (TensorType((2,)), TensorType((2,), INT))


# Partly known shapes

@pytest.mark.parametrize(("shape", "target", "expected"), [
    ((None, 3, 4), (0, -1), (None, 12)),
    ((None, 3, 4), (-1, 12), (None, 12)),
    ((None, 3, 4), (-3, 0), (None, 4)),
    ((None, 3, 4), (2, 6), (2, 6)),
    ((None, 6), (0, -4, 2, -1), (None, 2, 3)),
    ((None, 6), (-2,), (None, 6)),
    ((0, 3), (0, -1), (0, 3)),
    ((0, 3), (-1, 3), (0, 3)),
    ((2, 3, 4), (-2, 1, 1), (2, 3, 4, 1, 1)),
    ((2, 3, 4), (6, 1, -1), (6, 1, 4)),
    ((2, 3, 4), (4, 0, 2), (4, 3, 2)),
    ((), (1,), (1,)),
    ((1,), (), ()),
])
def test_resolve_shape(shape, target, expected):
    assert resolve_shape(shape, target) == expected


def test_resolve_shape_from_the_right():
    assert resolve_shape((10, 5, 4), (-1, 0), reverse=True) == (50, 4)
    assert resolve_shape((10, 5, 4), (-1, 0)) == (40, 5)
    assert resolve_shape((3, 8), (0, 2, -1, -4), reverse=True) == (3, 2, 4)


@pytest.mark.parametrize("target", [(5,), (-1, -1), (-1, 5), (-5, 24), (-4, 2), (-4, 5, -1, 0, 0), (0, 0, 0, 0), (2, 3),
                                    (-3, -3), (-4, -1, -1, 0, 0), (-4, 0, -1, 0, 0)])
def test_a_reshape_that_does_not_fit(target):
    with pytest.raises(ShapeError, match="reshape"):
        forward("reshape", [(2, 3, 4)], shape=target)


def test_broadcast_shapes_agrees_with_numpy():
    dims = (0, 1, 2)
    for a in itertools.chain([()], itertools.product(dims, repeat=1), itertools.product(dims, repeat=2)):
        for b in itertools.product(dims, repeat=2):
            try:
                expected = np.broadcast_shapes(a, b)
            except ValueError:
                with pytest.raises(ShapeError):
                    broadcast_shapes(a, b)
            else:
                assert broadcast_shapes(a, b) == expected


# Refusals: what cannot be is named before anything runs

REFUSED = [
    ("elemwise_add", [(2, 3), (3, 2)], {}, "rhs"),
    ("broadcast_add", [(2, 3), (2, 2)], {}, "rhs"),
    ("dot", [(2, 3), (2, 3)], {}, "rhs"),
    ("dot", [(), (2, 3)], {}, "lhs"),
    ("batch_dot", [(2, 3), (5, 3, 2)], {}, "rhs"),
    ("_matmul", [(3,), (3, 2)], {}, "lhs"),
    ("linalg_potrf", [(2, 3)], {}, "A"),
    ("linalg_syrk", [(3,)], {}, "A"),
    ("sum", [(2, 3)], {"axis": (2,)}, "data"),
    ("max", [(0, 3)], {"axis": (0,)}, "data"),
    ("argmax", [(2, 3)], {"axis": -3}, "data"),
    ("argmin", [(0,)], {}, "data"),
    ("transpose", [(2, 3)], {"axes": (0, 0)}, "data"),
    ("transpose", [(2, 3)], {"axes": (0, 2)}, "data"),
    ("SwapAxis", [(2, 3)], {"dim1": 0, "dim2": 2}, "data"),
    ("expand_dims", [(2, 3)], {"axis": 4}, "data"),
    ("squeeze", [(2, 3)], {"axis": (0,)}, "data"),
    ("squeeze", [()], {"axis": (0,)}, "data"),
    ("Concat", [(2, 3), (3, 3)], {"dim": 1}, "arg1"),
    ("Concat", [(2, 3), (2, 3)], {"dim": 2}, "arg0"),
    ("Concat", [], {}, "at least one"),
    ("stack", [(2, 3), (2, 4)], {}, "arg1"),
    ("add_n", [], {}, "at least one"),
    ("SliceChannel", [(2, 3)], {"num_outputs": 2}, "data"),
    ("SliceChannel", [(2, 4)], {"num_outputs": 2, "squeeze_axis": True}, "data"),
    ("slice", [(2, 3)], {"begin": (0, 0, 0), "end": (1, 1, 1)}, "data"),
    ("slice", [(2, 3)], {"begin": (0,), "end": (1,), "step": (0,)}, "data"),
    ("slice_axis", [(2, 3)], {"axis": 2, "begin": 0, "end": 1}, "data"),
    ("slice_like", [(2, 3), (2, 4)], {}, "shape_like"),
    ("reshape_like", [(2, 3), (4,)], {}, "rhs"),
    ("broadcast_to", [(2, 3)], {"shape": (2, 6)}, "data"),
    ("broadcast_to", [(2, 3)], {"shape": (3,)}, "data"),
    ("broadcast_axis", [(2, 3)], {"axis": (1,), "size": (6,)}, "data"),
    ("broadcast_like", [(2, 3), (2, 6)], {}, "lhs"),
    ("broadcast_like", [(2, 1), (2, 6)], {"lhs_axes": (1,)}, "rhs"),
    ("broadcast_like", [(2, 3), (2, 6)], {"lhs_axes": (1,), "rhs_axes": (1,)}, "lhs"),
    ("tile", [(2,)], {"reps": (-1,)}, "data"),
    ("repeat", [(2,)], {"repeats": -1}, "data"),
    ("reverse", [(2, 3)], {"axis": (2,)}, "data"),
    ("Pad", [(2, 3)], {"mode": "constant", "pad_width": (1, 1)}, "data"),
    ("Pad", [(2,)], {"mode": "reflect", "pad_width": (2, 0)}, "data"),
    ("diag", [(2, 3)], {"axis1": 1, "axis2": 1}, "data"),
    ("depth_to_space", [(1, 3, 2, 2)], {"block_size": 2}, "data"),
    ("where", [(3,), (2, 3), (2, 3)], {}, "condition"),
    ("where", [(2, 3), (2, 3), (3, 2)], {}, "y"),
    ("take", [(2, 3), (2,)], {"axis": 2}, "a"),
    ("pick", [(2, 3), (3,)], {}, "index"),
    ("gather_nd", [(2, 3), (3, 2)], {}, "indices"),
    ("scatter_nd", [(5,), (1, 4)], {"shape": (3,)}, "data"),
    ("sort", [(2, 3)], {"axis": 2}, "data"),
    ("topk", [(2, 3)], {"k": 4}, "data"),
    ("SequenceMask", [(3,)], {}, "data"),
    ("softmax", [(2, 3)], {"axis": 2}, "data"),
    ("softmax", [()], {}, "data"),
]


@pytest.mark.parametrize(("name", "shapes", "params", "named"), REFUSED,
                         ids=[f"{i}-{row[0]}" for i, row in enumerate(REFUSED)])
def test_refused(name, shapes, params, named):
    with pytest.raises(ShapeError) as caught:
        forward(name, shapes, **params)
    assert str(caught.value).startswith(f"{name}: ") and named in str(caught.value)


@pytest.mark.parametrize("name", ["sqrt", "tanh", "norm", "softmax", "linalg_inverse", "sigmoid"])
def test_integers_are_refused_by_floating_operators(name):
    op, params = complete(name, {}, 1)
    with pytest.raises(DTypeError, match="data|A"):
        op.infer_types([TensorType((2, 2), INT)], [UNKNOWN], params)


def test_no_arithmetic_with_bool():
    op, params = complete("elemwise_sub", {}, 2)
    with pytest.raises(DTypeError, match="lhs.*bool"):
        op.infer_types([TensorType((2,), np.dtype(bool))] * 2, [UNKNOWN], params)


def test_norm_knows_two_orders():
    with pytest.raises(ParamError, match="ord=3"):
        forward("norm", [(2,)], ord=3)


def test_broadcasting_never_guesses_a_dimension():
    known = [s for n in range(3) for s in itertools.product((1, 2), repeat=n)]
    op = registry.get("broadcast_add")
    for a, b in itertools.product(known, known):
        out = np.broadcast_shapes(a, b)
        for masks in itertools.product(*[(0, 1)] * (len(a) + len(b) + len(out))):
            hidden = [None if m else d for m, d in zip(masks, a + b + out)]
            parts = [tuple(hidden[:len(a)]), tuple(hidden[len(a):len(a) + len(b)]), tuple(hidden[len(a) + len(b):])]
            ins, outs = op.infer_types([TensorType(p, FLOAT) for p in parts[:2]], [TensorType(parts[2])], {})
            for found, true in zip(ins + outs, (a, b, out), strict=True):
                found.merge(TensorType(true))
