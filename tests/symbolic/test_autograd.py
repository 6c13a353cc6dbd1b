"""The tape: eager calls are recorded as a graph, and go back as graphs do."""

import threading

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray import autograd, call, registry
from ndarray.array import invoke
from ndarray.errors import DTypeError, MXNetError, NotDifferentiableError, OperatorError, ShapeError
from symbolic.autodiff.gradient import gradient
from symbolic.graph.node import Entry, Node
from tests.symbolic.cases import CASES, Case


def variable(value=(1.0, 2.0), req="write"):
    x = nd.array(value)
    x.attach_grad(req)
    return x


DIFFERENTIABLE = [s for s in CASES if any(a.dtype == np.float64 for a in s.arrays)
                  and ("gradient" in registry.get(s.op).rules or not registry.get(s.op).primitive)]


@pytest.mark.parametrize("sample", DIFFERENTIABLE, ids=str)
def test_it_goes_back_as_a_graph_does(sample):
    case, op = Case(sample), registry.get(sample.op)
    inputs = [nd.array(a, dtype=a.dtype) for a in case.arrays.values()]
    variables = [x for x in inputs if x.dtype == np.float64]
    for x in variables:
        x.attach_grad()
    with autograd.record(train_mode=False):
        outputs = invoke(op, inputs, sample.params)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    rng = np.random.default_rng(0)
    heads = [nd.array(rng.normal(size=y.shape), dtype=y.dtype) for y in outputs]
    autograd.backward(outputs, heads)
    names = {f"head{k}": h.asnumpy() for k, h in enumerate(heads)}
    found = case.run(gradient(case.graph, case.inputs, [Entry(Node(None, n)) for n in names]), **names)
    expected = [g for g, x in zip(found, inputs) if x.dtype == np.float64]
    for x, g in zip(variables, expected, strict=True):
        np.testing.assert_array_equal(x.grad.asnumpy(), g)


# What MXNet 1.9.1 gives for the same lines

def test_write_replaces_and_add_adds():
    for req, expected in (("write", [2, 4]), ("add", [4, 8])):
        x = variable(req=req)
        for _ in range(2):
            with autograd.record():
                y = x * x
            y.backward()
        assert x.grad.tolist() == expected


def test_null_needs_no_head():
    x = variable(req="null")
    with autograd.record():
        y = x * x
    with pytest.raises(NotDifferentiableError, match="no variable with a gradient leads to the heads"):
        y.backward()


def test_a_graph_is_gone_through_once_unless_it_is_retained():
    x = variable()
    with autograd.record():
        y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [2, 4]
    with pytest.raises(NotDifferentiableError, match="retain_graph=True"):
        y.backward()
    with autograd.record():
        z = y * x  # y is a constant now
    z.backward()
    assert x.grad.tolist() == [1, 4]


def test_half_of_a_freed_graph_is_refused_by_name():
    x = variable()
    with autograd.record():
        y = x * x
        z, u = y * 2, y * 3
    z.backward()
    with pytest.raises(NotDifferentiableError, match="freed by an earlier backward pass"):
        u.backward()


@pytest.mark.parametrize("make", [lambda x: x * x, lambda x: nd.array([1.0]) * 2])
def test_what_was_not_recorded_has_no_gradient(make):
    y = make(variable())
    with pytest.raises(NotDifferentiableError, match="head 0 is not in a recorded graph"):
        y.backward()


def test_detach_pause_and_attach_cut_the_graph():
    x = variable()
    with autograd.record():
        y = x * x
        with autograd.pause():
            z = y * 3
        w = z * x + y.detach() * x
    w.backward()
    assert x.grad.tolist() == [4, 16]
    with autograd.record():
        with autograd.pause():
            with autograd.predict_mode():
                pass
            assert getattr(x * 3, "_mark", None) is None
        y = x * x
    assert y.grad is None
    y.attach_grad()
    with autograd.record():
        z = y * 2
    x.grad[:] = 7
    z.backward()
    assert y.grad.tolist() == [2, 2] and x.grad.tolist() == [7, 7]


def test_several_heads_and_what_arrives_at_them():
    x = variable()
    with autograd.record():
        y, z = x * x, x * 3
    autograd.backward([y, z, y], [None, nd.array([1, 10]), None])
    assert x.grad.tolist() == [7, 38]
    with autograd.record():
        y = x * x
    with pytest.raises(ShapeError, match=r"head gradient has shape \(1,\), expected \(2,\)"):
        y.backward(nd.array([3]))
    with pytest.raises(OperatorError, match="2 head gradients for 1 head$"):
        autograd.backward([y], [None, None])
    assert x.grad.tolist() == [7, 38]


def test_a_loss_needs_no_head():
    x = variable([[1.0, 2.0]])
    with autograd.record():
        loss = nd.SoftmaxOutput(x * 2, nd.array([0]))
    loss.backward()
    p = np.exp([2.0, 4.0]) / np.exp([2.0, 4.0]).sum()
    np.testing.assert_allclose(x.grad.asnumpy(), [2 * (p - [1, 0])], rtol=1e-6)


@pytest.mark.parametrize(("classes", "shape", "labels", "axis"), [
    ({}, (6, 3), (6,), 1), ({"preserve_shape": True}, (2, 4, 3), (2, 4), 2),
    ({"multi_output": True}, (2, 3, 4), (2, 4), 1), ({"multi_output": True, "preserve_shape": True}, (2, 3, 4), (2, 4), 1)])
@pytest.mark.parametrize("use_ignore", [False, True])
def test_the_labels_that_a_softmax_counts_as_valid(classes, shape, labels, axis, use_ignore):
    # As MXNet 1.9.1 does: the label to ignore is never counted, whether it is ignored or not.
    scores = np.random.default_rng(0).normal(size=shape)
    label = np.arange(np.prod(labels)).reshape(labels) % 3
    x = variable(scores)
    with autograd.record():
        loss = nd.SoftmaxOutput(x, nd.array(label), normalization="valid", ignore_label=1, use_ignore=use_ignore, **classes)
    loss.backward()
    p = np.exp(scores) / np.exp(scores).sum(axis=axis, keepdims=True)
    target = np.moveaxis(np.eye(3)[label], -1, axis)
    expected = (p - target) / (label != 1).sum()
    if use_ignore:
        expected = expected * np.expand_dims(label != 1, axis)
    np.testing.assert_allclose(loss.asnumpy(), p, rtol=1e-5)
    np.testing.assert_allclose(x.grad.asnumpy(), expected, rtol=1e-5, atol=1e-7)


def test_grad_leaves_the_variables_alone_and_goes_to_the_middle():
    x, other = variable(), variable()
    with autograd.record():
        y = x * x
        z = y * y
    found = autograd.grad(z, [x, y], retain_graph=True)
    assert [g.tolist() for g in found] == [[4, 32], [2, 8]] and x.grad.tolist() == [0, 0]
    with pytest.raises(NotDifferentiableError, match="variable 0 does not lead to the heads"):
        autograd.grad(z, other)


def test_gradients_of_gradients():
    x = variable([1.5, 2.0])
    with autograd.record():
        y = x * x * x + nd.sin(x)
        slope, = autograd.grad(y, x, create_graph=True)
        bend, = autograd.grad(slope, x, create_graph=True)
    bend.backward()
    v = np.array([1.5, 2.0])
    np.testing.assert_allclose(slope.asnumpy(), 3 * v * v + np.cos(v), rtol=1e-6)
    np.testing.assert_allclose(bend.asnumpy(), 6 * v - np.sin(v), rtol=1e-6)
    np.testing.assert_allclose(x.grad.asnumpy(), 6 - np.cos(v), rtol=1e-6)


def test_views_and_copies_are_recorded():
    x = variable()
    with autograd.record():
        y = x[0] * x[1:] * x.reshape((2, 1)).T * x.astype("float64").astype("float32") * x.copy() / x
    y.backward()
    assert x.grad.tolist() == [14, 13]
    x = variable(np.arange(24.0).reshape(2, 3, 4))
    with autograd.record():
        y = (x[1, ::-1, None, 1:3] * 2).sum() + x[..., -1].sum() + x[:, [2, 0, 2]].sum() + x[nd.array([-1])].sum()
    y.backward()
    expected = np.zeros((2, 3, 4))
    expected[1, :, 1:3] += 2
    expected[..., -1] += 1
    np.add.at(expected, (slice(None), [2, 0, 2]), 1)
    expected[-1] += 1
    np.testing.assert_array_equal(x.grad.asnumpy(), expected)
    with autograd.record(), pytest.raises(NotDifferentiableError, match="use take or gather_nd"):
        x[[0, 1], [1, 1]]


def test_an_array_that_is_overwritten_whole_is_recorded():
    x, y, wide = variable(), nd.zeros(2), nd.zeros((3, 2), dtype="float64")
    with autograd.record():
        y[:] = x
        wide[:] = y * 2
        nd.square(wide, out=(z := nd.zeros((3, 2), dtype="float64")))
    z.backward()
    assert x.grad.tolist() == [24, 48]


@pytest.mark.parametrize("write", [
    lambda x, y: x.__iadd__(1), lambda x, y: y.__imul__(2), lambda x, y: y.__setitem__(0, 1),
    lambda x, y: nd.signsgd_update(x, y, lr=0.1, out=x), lambda x, y: y[0].__setitem__(slice(None), 1)])
def test_what_is_in_the_graph_is_not_written_while_recording(write):
    x = variable()
    with autograd.record():
        y = x * 2
        with pytest.raises(OperatorError, match="while recording"):
            write(x, y)
        with autograd.pause():
            y[:] = 0
    x += 1
    assert x.tolist() == [2, 3] and y.tolist() == [0, 0]


def test_an_input_that_is_written_would_lose_its_old_value():
    x, y = variable(), nd.ones(2)
    with autograd.record(), pytest.raises(OperatorError, match="broadcast_mul: an input is written while recording"):
        y *= x
    with autograd.record(), pytest.raises(NotDifferentiableError, match="a part of another one"):
        y[0] = x[0]
    assert y.tolist() == [1, 1]


def test_constants_are_free_again_in_the_next_scope():
    x, data = variable(), nd.ones(2)
    for k in (1, 2):
        with autograd.record():
            data[:] = k
            y = data * x
            with pytest.raises(OperatorError, match="while recording"):
                data[:] = 0
        y.backward()
        assert x.grad.tolist() == [k, k]


def test_modes():
    def modes():
        return autograd.is_recording(), autograd.is_training()

    assert modes() == (False, False)
    with autograd.record():
        assert modes() == (True, True)
        with autograd.predict_mode():
            assert modes() == (True, False)
        with autograd.pause():
            assert modes() == (False, False)
        with autograd.pause(train_mode=True):
            assert modes() == (False, True)
    with autograd.record(train_mode=False):
        assert modes() == (True, False)
    with autograd.train_mode():
        assert modes() == (False, True)
    assert modes() == (False, False) and call.tape is None


def test_operators_train_while_recording():
    x = variable(np.ones(200))
    with autograd.record():
        y = nd.Dropout(x, p=0.5)
    assert {0.0, 2.0} == set(y.tolist())
    y.backward()
    np.testing.assert_array_equal(x.grad.asnumpy(), y.asnumpy())
    with autograd.record(train_mode=False):
        assert nd.Dropout(x, p=0.5).tolist() == x.tolist()
    with autograd.train_mode():
        assert 0 in nd.Dropout(x, p=0.5).tolist()


def test_the_recorded_graph_is_a_symbol():
    x, w = variable([[1.0, 2.0]]), variable([[3.0, 4.0]])
    with autograd.record():
        y = nd.tanh(nd.FullyConnected(x, w, num_hidden=1, no_bias=True)) * nd.ones((1, 1))
    graph = autograd.get_symbol(y)
    assert graph.list_arguments() == ["var0", "var1", "constant0"]
    assert graph.get_internals().list_outputs()[-2:] == ["constant0", "broadcast_mul0_output"]
    again = sym.load_json(graph.tojson())
    np.testing.assert_array_equal(again.eval(var0=x, var1=w, constant0=nd.ones((1, 1)))[0].asnumpy(), y.asnumpy())
    assert "tanh" in str(sym.plot_network(graph).source)
    y.backward()
    assert autograd.get_symbol(y).tojson() == graph.tojson()
    with pytest.raises(NotDifferentiableError, match="not recorded"):
        autograd.get_symbol(nd.ones(1))


def test_a_failing_pass_changes_no_gradient():
    x = variable()
    x.grad[:] = 5
    with autograd.record():
        z = x * 2
    with pytest.raises(DTypeError):
        z.backward(nd.ones(2, dtype="float64"))
    assert x.grad.tolist() == [5, 5]


def test_marks_are_checked_before_any_is_made():
    x, whole = nd.ones(2), nd.ones(2, dtype="int32")
    for arrays, grads, reqs in (([x, whole], [nd.zeros(2), nd.zeros(2, dtype="int32")], "write"),
                                ([x], [nd.zeros(3)], "write"), ([x], [nd.zeros(2)], "sum"), ([x], [], "write")):
        with pytest.raises(MXNetError):
            autograd.mark_variables(arrays, grads, reqs)
        assert x.grad is None
    grad = nd.zeros(2)
    autograd.mark_variables(x, grad)
    assert x.grad is grad


def test_threads_record_on_their_own():
    x, seen = variable(), []

    def work():
        y = x * x
        seen.append((autograd.is_recording(), autograd.is_training()))
        with pytest.raises(NotDifferentiableError):
            y.backward()

    with autograd.record():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert seen == [(False, False)]


def test_a_long_chain():
    x = variable([1.0])
    with autograd.record():
        y = x
        for _ in range(5000):
            y = y + x
    y.backward()
    assert x.grad.tolist() == [5001]


def test_scopes_within_scopes():
    x = nd.array([1, 2])
    x.attach_grad()
    with autograd.record():
        a = x * 2
        with autograd.pause():
            b = a * 3
            with autograd.record():
                c = a * 5
        y = a * b + c
    y.backward()
    assert x.grad.tolist() == [22, 34]


def test_recording_and_training_are_set_without_a_scope():
    x = nd.array([3])
    x.attach_grad()
    assert [autograd.set_recording(True), autograd.set_training(True)] == [False, False]
    try:
        y = x * x
        assert autograd.is_recording() and autograd.is_training()
    finally:
        assert [autograd.set_recording(False), autograd.set_training(False)] == [True, True]
    y.backward()
    assert x.grad.tolist() == [6] and call.tape is None
