"""Layers that use random numbers: nothing of them is seen in lists, files and arrays; `random.seed` decides what they draw."""

import json

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import BindError, DTypeError
from symbolic.graph.graph import Graph
from symbolic.passes.feed_keys import feed_keys


def drop(mode="training", name="drop", x="x"):
    return sym.Dropout(sym.var(x), p=0.5, mode=mode, name=name)


def net():
    hidden = sym.FullyConnected(drop(x="data"), num_hidden=2, name="fc")
    return sym.SoftmaxOutput(hidden, name="softmax")


def bound(symbol=None, engine="auto", n=64, **more):
    return (drop() if symbol is None else symbol).bind(args={"x": np.ones(n)}, engine=engine, **more)


# What is seen

def test_no_list_shape_or_executor_has_a_state():
    assert net().list_auxiliary_states() == []
    assert net().list_arguments() == ["data", "fc_weight", "fc_bias", "softmax_label"] == net().list_inputs()
    assert net().get_internals().list_outputs() == [
        "data", "drop_output", "fc_weight", "fc_bias", "fc_output", "softmax_label", "softmax_output"]
    assert net().infer_shape(data=(1, 3))[2] == []
    run = net().simple_bind(data=(1, 3))
    run.forward(is_train=True)
    assert run.aux_dict == {} and run.aux_arrays == [] and list(run.arg_dict) == net().list_arguments()
    given = dict(run.arg_dict)
    net().bind(nd.cpu(), given, aux_states=[]).forward()
    net().bind(nd.cpu(), given, aux_states={}).forward(is_train=True)


def test_files_hold_what_mxnet_holds():
    document = json.loads(net().tojson())
    assert [n["name"] for n in document["nodes"]] == ["data", "drop", "fc_weight", "fc_bias", "fc", "softmax_label", "softmax"]
    assert document["nodes"][1]["inputs"] == [[0, 0, 0]] and document["nodes"][1]["attrs"] == {"mode": "training", "p": "0.5"}
    assert document["node_row_ptr"] == [0, 1, 3, 4, 5, 6, 7, 8]
    again = sym.load_json(net().tojson())
    assert again.tojson() == net().tojson() and again.list_auxiliary_states() == []


# What is drawn

def test_the_seed_decides(engine):
    run = bound(engine=engine)
    found = []
    for seed in (3, 4, 3):
        nd.random.seed(seed)
        found.append([run.forward(is_train=True)[0].asnumpy().copy() for _ in range(2)])
    (a, b), (c, _), again = found
    assert (a != b).any() and (a != c).any() and set(a) == {0.0, 2.0}
    np.testing.assert_array_equal([a, b], again)


def test_engines_and_modes_of_running_draw_alike():
    found = []
    for options in ({"engine": "eager"}, {"engine": "fused"}, {"args_grad": {"x": np.zeros(64)}}):
        nd.random.seed(1)
        found.append(bound(**options).forward(is_train=True)[0].asnumpy())
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_prediction_draws_nothing(engine):
    run, before = bound(engine=engine), nd.random.get_state()
    np.testing.assert_array_equal(run.forward()[0].asnumpy(), 1)
    assert nd.random.get_state() == before
    assert (bound(drop("always"), engine).forward()[0].asnumpy() == 0).any() and nd.random.get_state() != before


def test_each_node_draws_for_itself_even_where_two_have_one_name():
    x = sym.var("x")
    both = sym.Group([sym.Dropout(x, mode="always", name="drop"), sym.Dropout(x, mode="always", name="drop")])
    a, b = bound(both, "fused").forward()
    assert (a.asnumpy() != b.asnumpy()).any()


def test_a_run_that_fails_draws_nothing():
    y = sym.broadcast_div(drop(), sym.var("zero"), name="far")
    run = y.bind(args={"x": np.ones(64), "zero": np.zeros(1)}, args_grad={"x": np.zeros(64)}, nonfinite="raise")
    before = nd.random.get_state()
    with pytest.raises(FloatingPointError):
        run.forward(is_train=True)
    with pytest.raises(DTypeError):
        run.forward(is_train=True, x=np.array(["a"] * 64))
    assert nd.random.get_state() == before


# Gradients

@pytest.mark.parametrize("mode", ["training", "always"])
def test_the_gradient_goes_back_through_what_was_kept(mode, engine):
    grad = np.zeros(64)
    run = bound(drop(mode), engine, args_grad={"x": grad})
    for _ in range(2):
        y = run.forward(is_train=mode == "training")[0].asnumpy()
        run.backward(np.ones(64))
        np.testing.assert_array_equal(grad, y)
        run.backward([np.ones(64)])
        np.testing.assert_array_equal(grad, y)


def test_backward_alone_draws_too():
    grad = np.zeros(64)
    run = bound(args_grad={"x": grad})
    nd.random.seed(2)
    run.backward(np.ones(64))
    nd.random.seed(2)
    np.testing.assert_array_equal(run.forward(is_train=True)[0].asnumpy(), grad)


@pytest.mark.parametrize("through_a_file", [False, True])
def test_gradient_graphs_read_the_same_numbers(engine, through_a_file):
    y = sym.square(drop(), name="y")
    first = y.gradient("x")
    both = sym.Group([y, first, first.gradient("x")])
    if through_a_file:
        both = sym.load_json(both.tojson())
    y, first, second = (a.asnumpy() for a in bound(both, engine).forward(is_train=True))
    assert set(y) == {0.0, 4.0}
    np.testing.assert_array_equal(first, 2 * y)
    np.testing.assert_array_equal(second, 2 * y)


def test_a_gradient_cut_off_from_its_node_is_refused():
    y = drop("always").gradient("x").graph.outputs[0]
    head, _, x = y.node.inputs
    node = y.node.replace(inputs=(x, x, x))
    with pytest.raises(BindError, match="drop_grad.*must read the output"):
        feed_keys(Graph(node.outputs))


# Keys of the user's

def test_a_key_repeats_what_is_drawn(engine):
    fixed = sym.Dropout(sym.var("x"), mode="always", key=7, name="drop")
    fed = sym.Dropout(sym.var("x"), mode="always", key=sym.var("key"), name="drop")
    before = nd.random.get_state()
    a, b = (bound(fixed, engine).forward()[0].asnumpy() for _ in range(2))
    run = fed.bind(args={"x": np.ones(64), "key": np.array([7])}, engine=engine)
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(a, run.forward()[0].asnumpy())
    assert (run.forward(key=8)[0].asnumpy() != a).any() and nd.random.get_state() == before
    assert nd.Dropout(nd.ones(64, dtype="float64"), mode="always", key=7).tolist() == a.tolist()
    assert sym.load_json(fixed.tojson()).tojson() == fixed.tojson()


def test_a_user_may_have_any_name():
    y = sym.Dropout(sym.var("drop@key0"), mode="always", name="drop")
    assert (y.bind(args={"drop@key0": np.ones(64)}).forward()[0].asnumpy() == 0).any()


# Looking at a step

def test_looking_changes_nothing_and_shows_the_next_step(engine):
    run = bound(engine=engine, args_grad={"x": np.zeros(64)})
    run.forward(is_train=True)
    y, before = run.outputs[0].asnumpy().copy(), nd.random.get_state()
    run.profile(steps=2, is_train=True)
    run.memory(is_train=True)
    norm, = (row.of.norm for row in run.numerics(is_train=True).rows if row.name == "drop_output")
    assert nd.random.get_state() == before
    np.testing.assert_array_equal(run.outputs[0].asnumpy(), y)
    run.backward(np.ones(64))
    np.testing.assert_array_equal(run.grad_dict["x"].asnumpy(), y)
    assert np.linalg.norm(run.forward(is_train=True)[0].asnumpy()) == pytest.approx(norm)


def test_a_reshaped_executor_draws_as_well():
    run = bound().reshape(x=(32,))
    assert set(run.forward(is_train=True)[0].tolist()) == {0.0, 2.0}


# Eager calls

def test_eager_calls_draw_from_the_same_generator():
    x = nd.ones(64)
    nd.random.seed(5)
    a, b = nd.Dropout(x, 0.5, "always").tolist(), nd.Dropout(x, 0.5, "always").tolist()
    nd.random.seed(5)
    assert a != b and nd.Dropout(x, 0.5, mode="always").tolist() == a
    before = nd.random.get_state()
    assert nd.Dropout(x, 0.5).tolist() == [1.0] * 64 and nd.random.get_state() == before


@pytest.mark.parametrize("key", [1.5, "a", True, 2**63, np.array([1, 2]), np.array([1.0])], ids=str)
def test_what_is_not_a_key_is_refused(key):
    with pytest.raises(ValueError, match="key=.* is not an integer of 64 bits"):
        nd.Dropout(nd.ones(2), mode="always", key=key)
