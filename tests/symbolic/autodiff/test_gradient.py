"""Gradients as graphs: what they are worth, when they are zero, what they are called."""

import sys

import numpy as np
import pytest

import symbolic as sym
from ndarray import registry
from ndarray.errors import NotDifferentiableError, OperatorError, UnknownNameError
from ndarray.operator import Operator
from ndarray.ops.sample import FAMILY as DISTRIBUTIONS
from ndarray.rules import same
from ndarray.tensortype import TensorType
from symbolic.autodiff.backward_op import flat_inputs
from symbolic.autodiff.decompose import decompose
from symbolic.autodiff.gradient import gradient
from symbolic.graph.graph import Graph
from symbolic.graph.infer import infer
from symbolic.graph.node import Entry, Node
from tests.symbolic.cases import CASES, Case
from tests.symbolic.counting import growth

STEP = 1e-6
# Where the gradient is not, and is not to be, the slope of what is computed.
NO_SLOPE = {
    "BlockGrad": "stops gradients", "_random_of_key": "random numbers carry none",
    **{f"_sample_{row.name}": "random numbers carry none" for row in DISTRIBUTIONS},
    "linalg_potrf": "takes symmetric matrices, which cannot be moved element by element",
    "shampoo_update": "takes symmetric matrices, which cannot be moved element by element",
    "soap_update": "takes symmetric matrices, which cannot be moved element by element",
    "_linalg_syevd": "takes symmetric matrices, which cannot be moved element by element",
    "SoftmaxOutput": "a loss's head", "LinearRegressionOutput": "a loss's head", "MAERegressionOutput": "a loss's head",
    "LogisticRegressionOutput": "a loss's head", "SVMOutput": "a loss's head", "MakeLoss": "a loss's head",
    "make_loss": "a loss's head",
}


def moved_sum(case, name, place, step):
    x = case.arrays[name].copy()
    x[place] += step
    return sum(float(o.sum()) for o in case.run(case.graph, **{name: x})[:len(case.graph.outputs)])


def in_float64(sample):
    """Tell whether a case computes in float64 throughout, so that small steps can be seen."""
    case = Case(sample)
    kinds = [t.dtype for t in infer(decompose(case.graph, case.types), case.known).values()]
    return np.dtype("float32") not in kinds and np.dtype("float16") not in kinds


@pytest.mark.parametrize("sample", [s for s in CASES if s.op not in NO_SLOPE], ids=str)
def test_gradient_agrees_with_central_differences(sample):
    case = Case(sample)
    found = case.run(gradient(case.graph, case.inputs))
    # What computes in float32 within shows no small steps, but large ones.
    exact = in_float64(sample)
    step, rtol, atol = (STEP, 1e-6, 2e-7) if exact else (2.0 ** -6, 1e-2, 2e-3)
    for entry, grad in zip(case.inputs, found):
        x = case.arrays[entry.node.name]
        assert (grad.shape, grad.dtype) == (x.shape, x.dtype)
        if x.dtype.kind != "f":
            assert not grad.any()
            continue
        slope = np.zeros(x.shape)
        for place in np.ndindex(x.shape):
            up, down = (moved_sum(case, entry.node.name, place, s) for s in (step, -step))
            slope[place] = (up - down) / (2 * step)
        scale = 1 + np.abs(slope).max(initial=0) + abs(moved_sum(case, entry.node.name, ..., 0.0))
        np.testing.assert_allclose(grad, slope, rtol=rtol, atol=atol * scale)


@pytest.mark.parametrize("sample", CASES, ids=str)
def test_decomposed_it_is_the_same_gradient(sample):
    case = Case(sample)
    graph = gradient(case.graph, case.inputs)
    types = infer(graph, case.known)
    n = len(graph.outputs)
    for entry, grad in zip(case.inputs, graph.outputs):
        assert types[grad] == case.types[entry]
    for a, b in zip(case.run(decompose(graph, types))[:n], case.run(graph)[:n]):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_allclose(a, b, rtol=8 * np.finfo(b.dtype).eps if b.dtype.kind == "f" else 0, atol=1e-12)


@pytest.mark.parametrize("sample", [s for s in CASES if "flat" in registry.get(s.op).rules], ids=str)
def test_what_is_declared_flat_has_no_gradient(sample):
    case = Case(sample)
    op = case.graph.outputs[0].node.op
    flat = flat_inputs(case.graph.outputs[0].node)
    rule, case_flat = op.rules["flat"], [case.inputs[k] for k in flat]
    undeclared = dict(op.rules)
    try:
        del op.rules["flat"]
        for grad in case.run(gradient(case.graph, case_flat))[:len(case_flat)]:
            assert not grad.any()
    finally:
        op.rules.clear()
        op.rules.update(undeclared)
    assert op.rules["flat"] is rule


def test_every_primitive_with_inputs_has_a_gradient():
    assert not [op.name for op in registry.operators() if op.primitive and op.inputs and "gradient" not in op.rules]


def numeric(symbol, arrays, name):
    x = arrays[name]
    slope = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        y = x.copy()
        values = []
        for step in (STEP, -STEP):
            y[place] = x[place] + step
            values.append(sum(o.asnumpy().sum() for o in symbol.eval(**(arrays | {name: y}))))
        slope[place] = (values[0] - values[1]) / (2 * STEP)
    return slope


def net():
    fc = sym.FullyConnected(sym.var("x"), num_hidden=3, name="fc")
    hidden = sym.LayerNorm(sym.Activation(fc, act_type="tanh", name="act"), name="norm")
    return sym.sum(hidden * hidden * sym.var("s"), name="loss")


def net_arrays():
    rng = np.random.default_rng(3)
    return {"x": rng.normal(size=(2, 4)), "fc_weight": rng.normal(size=(3, 4)), "fc_bias": rng.normal(size=3),
            "norm_gamma": rng.normal(size=3), "norm_beta": rng.normal(size=3), "s": rng.normal(size=(2, 3))}


def test_every_argument_of_a_network():
    loss, arrays = net(), net_arrays()
    found = loss.gradient(loss.list_arguments()).eval(**arrays)
    for name, grad in zip(loss.list_arguments(), found):
        np.testing.assert_allclose(grad.asnumpy(), numeric(loss, arrays, name), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("inner", ["x", "fc_weight", "norm_gamma"])
def test_second_derivatives(inner):
    loss, arrays = net(), net_arrays()
    first = loss.gradient(inner)
    squared = sym.sum(first * first)
    arrays = {k: v for k, v in arrays.items() if k in squared.list_arguments()}
    for name in ("x", "fc_weight"):
        found, = squared.gradient(name).eval(**arrays)
        np.testing.assert_allclose(found.asnumpy(), numeric(squared, arrays, name), rtol=1e-5, atol=1e-5)


def test_third_derivative():
    x = sym.var("x")
    third = (x * x * x * x).gradient("x").gradient("x").gradient("x")
    np.testing.assert_allclose(third.eval(x=np.array([2.0]))[0].asnumpy(), [48.0])


def test_loss_twice_in_the_outputs_counts_twice():
    x = sym.var("x")
    y = x * 3
    grad = sym.gradient(sym.Group([y, y]), "x")
    assert grad.eval(x=np.ones(2))[0].asnumpy().tolist() == [6, 6]


def test_several_heads():
    x = sym.var("x")
    both = sym.Group([x * 2, x * x])
    grad = sym.gradient(both, "x", heads=[sym.var("h"), None])
    assert grad.eval(x=np.array([5.0]), h=np.array([10.0]))[0].asnumpy().tolist() == [30]
    with pytest.raises(OperatorError, match="1 head for 2 outputs"):
        sym.gradient(both, "x", heads=[None])


def test_an_input_that_is_not_used_has_zeros():
    loss = sym.sum(sym.Group([sym.var("x"), sym.var("y")])[0])
    y = sym.var("y")
    grad = sym.gradient(sym.Group([loss, sym.BlockGrad(y)]), ["x", "y"])
    dx, dy = grad.eval(x=np.ones(2), y=np.full((2, 3), np.nan))
    assert dx.asnumpy().tolist() == [1, 1]
    np.testing.assert_array_equal(dy.asnumpy(), np.zeros((2, 3)))


def test_nothing_passes_a_stop():
    x = sym.var("x")
    grad = sym.gradient(sym.BlockGrad(sym.log(x)) * x, "x")
    assert "_backward_log" not in str(grad.graph)
    np.testing.assert_allclose(grad.eval(x=np.array([np.e]))[0].asnumpy(), [1])


def test_where_keeps_nan_out():
    x = sym.var("x")
    safe = sym.where(x > 0, sym.log(x), sym.zeros_like(x))
    grad, = sym.gradient(safe, "x").eval(x=np.array([2.0, -1.0]))
    # The logarithm's own slope at -1 is finite; its value there, NaN, is not to leak.
    np.testing.assert_array_equal(grad.asnumpy(), [0.5, 0])


def test_pooling_gives_no_nan_where_a_window_is_empty_or_zero():
    x = np.zeros((1, 1, 2, 5))
    for kind in ("avg", "lp", "max", "sum"):
        pooled = sym.Pooling(sym.var("x"), kernel=(2, 2), stride=(2, 2), pad=(1, 1), pool_type=kind,
                             pooling_convention="full", count_include_pad=False)
        value, grad = sym.Group([pooled, pooled.gradient("x")]).eval(x=x)
        assert not np.isnan(value.asnumpy()).any() and np.isfinite(grad.asnumpy()).all()


@pytest.mark.parametrize("kind", ["avg", "max"])
def test_a_large_window_of_pooling_takes_as_many_operations_as_it_has_sides(kind):
    def operations(side, **params):
        pooled = sym.Pooling(sym.var("x"), kernel=(side, side), pool_type=kind, name="p", **params)
        graph = sym.Group([pooled, pooled.gradient("x")]).graph
        types = infer(graph, {"x": TensorType((1, 2, 80, 80), np.dtype("float32"))})
        return len(decompose(graph, types).nodes)

    assert operations(16, global_pool=True) == operations(64, global_pool=True)
    assert operations(10, stride=(10, 10)) == operations(40, stride=(40, 40))
    assert operations(32) < 2.1 * operations(16)


def test_the_gradient_of_relu_at_nan_is_nan():
    for make in (sym.relu, lambda x: sym.Activation(x, act_type="relu")):
        y = make(sym.var("x"))
        y, grad = sym.Group([y, y.gradient("x")]).eval(x=np.array([np.nan, 2, -np.inf]))
        np.testing.assert_array_equal(y.asnumpy(), [np.nan, 2, 0])
        np.testing.assert_array_equal(grad.asnumpy(), [np.nan, 1, 0])


def test_the_largest_element_that_comes_first_has_the_gradient():
    x = np.array([[[[1, 1, 0, 0], [1, 1, 0, 0], [2, 0, 2, 0], [0, 2, 0, 2.0]]]])
    first, every = np.zeros((2, 4, 4))
    first[[0, 0, 2, 2], [0, 2, 0, 2]] = 1
    every[:2], every[[2, 3, 2, 3], [0, 1, 2, 3]] = 1, 1
    for pool, expected in ((sym.Pooling, first), (sym.Pooling_v1, every)):
        grad = pool(sym.var("x"), kernel=(2, 2), stride=(2, 2)).gradient("x").eval(x=x)[0]
        np.testing.assert_array_equal(grad.asnumpy()[0, 0], expected)


def test_integer_inputs_have_zeros():
    table = sym.Embedding(sym.var("i"), sym.var("w"), input_dim=3, output_dim=2)
    di, dw = sym.gradient(sym.sum(table), ["i", "w"]).eval(i=np.array([0, 0, 2]), w=np.ones((3, 2)))
    assert di.dtype == np.int64 and not di.asnumpy().any()
    assert dw.asnumpy().tolist() == [[2, 2], [0, 0], [1, 1]]


def test_with_respect_to_a_node_within():
    x = sym.var("x")
    y = x * x
    loss = y * y
    dy, dx = sym.gradient(loss, [y, x]).eval(x=np.array([2.0]))
    assert (dy.asscalar(), dx.asscalar()) == (8, 32)


def test_with_respect_to_what_feeds_a_parameter():
    step = sym.sgd_update(sym.var("w"), sym.var("g"), lr=sym.var("lr"), wd=sym.var("wd"))
    dlr, dwd = sym.gradient(step, ["lr", "wd"]).eval(
        w=np.array([1.0, 2.0]), g=np.array([3.0, 4.0]), lr=np.array([0.5]), wd=np.array([[0.1]]))
    np.testing.assert_allclose(dlr.asnumpy(), [-7.3])
    np.testing.assert_allclose(dwd.asnumpy(), [[-1.5]])


def test_second_derivative_with_respect_to_what_feeds_a_parameter():
    x, s = sym.var("x"), sym.var("s")
    y = sym._mul_scalar(x * x, scalar=s)
    grad = sym.gradient(sym.gradient(y, "x"), "s")
    np.testing.assert_allclose(grad.eval(x=np.array([1.0, 2.0]), s=np.array([5.0]))[0].asnumpy(), [6])


def test_names_are_those_of_what_is_differentiated():
    grad = net().gradient(["fc_weight", "x", "s"])
    assert grad.list_outputs()[:2] == ["fc_grad_weight", "fc_grad_data"]
    names = {n.name for n in grad.graph.nodes}
    assert {"loss_head", "loss_grad", "norm_grad", "act_grad", "fc_grad"} <= names


def test_attributes_go_along_but_for_those_of_parameters():
    with sym.AttrScope(ctx_group="dev1"):
        y = sym.exp(sym.var("x", lr_mult=2), name="y")
    nodes = {n.name: dict(n.attrs) for n in sym.gradient(y, "x").graph.nodes}
    assert nodes["y_grad"] == {"__ctx_group__": "dev1"}


def test_it_saves_and_loads():
    grad = net().gradient(["fc_weight"]).gradient("x")
    again = sym.load_json(grad.tojson())
    assert again.tojson() == grad.tojson()
    arrays = {k: v for k, v in net_arrays().items() if k in grad.list_arguments()}
    np.testing.assert_array_equal(again.eval(**arrays)[0].asnumpy(), grad.eval(**arrays)[0].asnumpy())


def test_unknown_names_are_named():
    with pytest.raises(UnknownNameError, match="'fc_wieght'.*did you mean 'fc_weight'"):
        net().gradient("fc_wieght")
    with pytest.raises(OperatorError, match="names of variables and symbols"):
        net().gradient(3)


def test_what_has_no_gradient_is_named_with_the_way_to_it():
    blind = Operator("blind", (), (), {}, same, lambda xp, x: x, primitive=True)
    x = Entry(Node(None, "x"))
    dark = Node(blind, "dark", (x,), where=("train.py", 15))
    loss = Node(registry.get("exp"), "loss", (Node(registry.get("sin"), "wave", dark.outputs).outputs[0],))
    with pytest.raises(NotDifferentiableError) as caught:
        gradient(Graph(loss.outputs), [x])
    assert str(caught.value) == ("dark (blind) has no gradient; the way to it: loss ← wave ← dark\n"
                                 "  made at train.py:15")


def test_a_node_without_gradient_beside_the_way_does_not_matter():
    drawn = sym._uniform_of_key(sym.var("key"), shape=(2,), dtype="float64")
    grad, = sym.gradient(drawn * sym.var("x"), "x").eval(key=np.array([1]), x=np.ones(2))
    assert 0 < grad.asnumpy()[0] < 1


def deep(n):
    y = sym.var("x")
    for _ in range(n):
        y = sym.sin(y)
    return y


def test_a_thousand_layers():
    x = sym.var("x", shape=(2, 4))
    for k in range(1000):
        x = sym.Activation(sym.FullyConnected(x, num_hidden=4, name=f"fc{k}"), act_type="tanh")
    loss = sym.sum(x)
    weights = [n for n in loss.list_arguments() if n.endswith("weight")]
    grad = loss.gradient(weights)
    executor = grad.simple_bind()
    assert len(executor.forward()) == 1000


def test_deeper_than_recursion():
    depth = 10 * sys.getrecursionlimit()
    grad = deep(depth).gradient("x")
    assert len(grad.graph.nodes) == 2 * depth + 2


def composed(n):
    y = deep(n)
    return lambda: y.gradient("x").graph.nodes


def inferred(n):
    grad = deep(n).gradient("x")
    return lambda: grad.infer_shape(x=(2,))


def run(n):
    grad = deep(n).gradient("x")
    return lambda: grad.bind(args={"x": np.ones(2)}).forward()


def run_back(n):
    loss = sym.make_loss(deep(n))

    def both():
        executor = loss.simple_bind(x=(2,))
        executor.forward(is_train=True)
        executor.backward()

    return both


@pytest.mark.parametrize("make", [composed, inferred, run, run_back])
def test_four_times_the_depth_is_four_times_the_work(make):
    assert growth(make, 500) < 4.2


@pytest.mark.parametrize(("shape", "rows"), [((2,), 1), ((4, 3), 4), ((2, 3, 4), 6)])  # recorded from MXNet 1.9.1
def test_the_batch_of_a_loss_is_its_rows(shape, rows):
    executor = sym.MakeLoss(sym.var("x"), normalization="batch").simple_bind(x=shape)
    executor.forward(is_train=True)
    executor.backward()
    np.testing.assert_allclose(executor.grad_dict["x"].asnumpy(), np.full(shape, 1 / rows), rtol=1e-6)
