"""Bodies run in the tracer mean what they mean in NumPy."""

import numpy as np
import pytest

import symbolic as sym
from ndarray import registry, vocabulary
from ndarray.errors import NotDifferentiableError, OperatorError
from ndarray.tensortype import TensorType
from symbolic.autodiff.decompose import decompose
from symbolic.autodiff.trace import WORDS, Trace
from symbolic.graph.graph import Graph
from symbolic.graph.infer import infer
from symbolic.graph.walk import evaluate
from tests.symbolic.cases import CASES, Case

FLOAT32 = np.dtype("float32")


def same_values(found, expected):
    for x, y in zip(found, expected, strict=True):
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        # Constants are folded in Python's floats and rounded once, and sums may be ordered otherwise.
        np.testing.assert_allclose(x, y, rtol=8 * np.finfo(y.dtype).eps if y.dtype.kind == "f" else 0,
                                   atol=np.finfo(y.dtype).eps if y.dtype.kind == "f" else 0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sample", CASES, ids=str)
def test_decomposed_it_computes_the_same(sample, dtype):
    case = Case(sample, dtype if all(a.dtype != np.float32 for a in sample.arrays) else "float64")
    parts = decompose(case.graph, case.types)
    assert all(n.op is None or n.op.primitive for n in parts.nodes)
    assert not parts.written
    same_values(case.run(parts), case.run(case.graph))


def test_every_operator_with_inputs_has_a_case():
    seen = {registry.get(s.op).name for s in CASES}
    assert not [op.name for op in registry.operators() if op.inputs and op.name not in seen]


def test_every_word_of_the_vocabulary_is_traced():
    words = {name for name in dir(vocabulary) if not name.startswith("_")} - {"np", "math", "NUMPY_WORDS", "FUNCTIONS"}
    # No operator stands for these; the last is a word of derived updates, which have no gradient.
    assert words - set(WORDS) == {"arctan2", "einsum", "round_stochastic"}


def test_a_fed_parameter_becomes_an_input():
    step = sym.signsgd_update(sym.var("w"), sym.var("g"), lr=sym.var("lr"), name="step")
    graph = step.graph
    types = infer(graph, {"w": TensorType((3,), FLOAT32)})
    parts = decompose(graph, types)
    assert [n.name for n in parts.variables] == ["lr", "w", "g"]
    assert not any(n.op and n.op.fed(n.complete_params) for n in parts.nodes)
    w, g, lr = np.float32([1, 2, 3]), np.float32([1, -1, 0]), np.float32([0.5])
    (found,), _ = evaluate(parts, dict(zip(parts.variables, [lr, w, g])), vocabulary)
    np.testing.assert_array_equal(found, [0.5, 2.5, 3])


def test_states_are_returned_in_their_order():
    step = sym.adam_update(sym.var("w"), sym.var("g"), sym.var("m"), sym.var("v"), lr=0.1, name="step")
    types = infer(step.graph, {"w": TensorType((3,), FLOAT32)})
    parts = decompose(step.graph, types)
    assert len(parts.outputs) == 3 and not parts.written
    assert [n.name for n in step.graph.written] == ["m", "v"]


def test_nothing_to_open_leaves_the_nodes():
    out = sym.var("a") * sym.var("b")
    types = infer(out.graph, {"a": TensorType((2,), FLOAT32), "b": TensorType((2,), FLOAT32)})
    assert decompose(out.graph, types).nodes == out.graph.nodes


def test_names_follow_the_node_that_is_opened():
    fc = sym.FullyConnected(sym.var("x"), num_hidden=3, name="fc")
    types = infer(fc.graph, {"x": TensorType((2, 4), FLOAT32)})
    assert [n.name for n in decompose(fc.graph, types).nodes if n.op] == ["fc_transpose", "fc_matmul",
                                                                          "fc_broadcast_add"]


@pytest.fixture
def trace():
    return Trace()


def value(x, /, **arrays):
    graph = Graph([x.entry])
    with np.errstate(all="ignore"):
        return np.asarray(evaluate(graph, {n: arrays[n.name] for n in graph.variables}, vocabulary)[0][0])


def test_numpy_scalars_on_the_left(trace):
    x = trace.variable("x", TensorType((2,), FLOAT32))
    y = np.float32(0.1) * x + np.float32(1) / x
    assert y.dtype == FLOAT32
    given = np.float32([2, 4])
    np.testing.assert_array_equal(value(y, x=given), np.float32(0.1) * given + np.float32(1) / given)


def test_dtypes_promote_as_in_numpy(trace):
    x = trace.variable("x", TensorType((2,), FLOAT32))
    assert (x * np.float64(2)).dtype == np.float64
    assert (x * 2.0).dtype == FLOAT32
    assert (trace.variable("i", TensorType((2,), np.dtype("int64"))) * 0.5).dtype == np.float64


def test_a_comparison_takes_the_dtype_of_what_it_meets(trace):
    x = trace.variable("x", TensorType((2,), np.dtype("float16")))
    y = trace.variable("y", TensorType((2,), FLOAT32))
    product = y * (x > 0)
    assert product.dtype == FLOAT32
    np.testing.assert_array_equal(value(product, x=np.float16([-1, 1]), y=np.float32([3, 4])), [0, 4])


def test_asking_whether_a_value_is_true_is_an_error(trace):
    x = trace.variable("x", TensorType((), FLOAT32))
    with pytest.raises(OperatorError, match="xp.where"):
        bool(x > 0)


def test_an_unknown_word_is_named(trace):
    with pytest.raises(NotDifferentiableError, match="'arctan2'"):
        trace.arctan2


def test_words_of_two_numbers_are_computed():
    trace = Trace()
    assert trace.maximum(2.0, 5.0) == 5 and trace.power(2.0, 3.0) == 8 and trace.hypot(3.0, 4.0) == 5
    assert trace.reshape(np.float64(2), (1, 1)).shape == (1, 1)
    names = "weight grad mean var".split()
    step = sym.radam_update(*[sym.var(n, shape=(2,)) for n in names], lr=0.1, t=7, name="step")
    given = {n: np.full(2, 0.5, "float32") for n in names}
    slope = sym.make_loss(step).gradient("weight").bind(args=given).forward()[0]
    np.testing.assert_array_equal(slope.asnumpy(), 1)
