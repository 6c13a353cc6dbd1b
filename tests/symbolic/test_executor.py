"""The executor: gradients into the caller's arrays, modes, monitors, reshaping; what fails leaves everything as it was."""

import re
import threading

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import (
    BindError,
    DTypeError,
    MXNetError,
    NonFiniteError,
    OperatorError,
    ParamError,
    ShapeError,
    UnknownNameError,
)
from symbolic.engines import eager

RNG = np.random.default_rng(0)
X, W, B = RNG.normal(size=(4, 3)), RNG.normal(size=(2, 3)), RNG.normal(size=2)
LABEL = np.array([0.0, 1.0, 1.0, 0.0])


def classifier():
    return sym.SoftmaxOutput(sym.FullyConnected(sym.var("x"), num_hidden=2, name="fc"), sym.var("label"), name="soft")


def arrays():
    return {"x": X.copy(), "fc_weight": W.copy(), "fc_bias": B.copy(), "label": LABEL.copy()}


def expected():
    p = np.exp(X @ W.T + B)
    p /= p.sum(axis=1, keepdims=True)
    d = p - np.eye(2)[LABEL.astype(int)]
    return {"x": d @ W, "fc_weight": d.T @ X, "fc_bias": d.sum(axis=0)}


def test_gradients_land_in_the_arrays_given():
    grads = {"fc_weight": np.full_like(W, 7), "fc_bias": nd.array(np.zeros(2), dtype="float64")}
    run = classifier().bind(args=arrays(), args_grad=grads)
    run.forward(is_train=True)
    run.backward()
    np.testing.assert_allclose(grads["fc_weight"], expected()["fc_weight"])
    np.testing.assert_allclose(grads["fc_bias"].asnumpy(), expected()["fc_bias"])
    assert run.grad_dict["fc_bias"] is grads["fc_bias"]
    assert run.grad_dict["x"] is None and run.grad_dict["label"] is None
    assert [g is not None for g in run.grad_arrays] == [False, True, True, False]


@pytest.mark.parametrize("args_grad, grad_req", [
    ([None, np.zeros((2, 3)), np.zeros(2), None], "add"),
    ({"fc_weight": np.zeros((2, 3)), "fc_bias": np.zeros(2)}, ["null", "add", "add", "null"]),
    ({"x": np.zeros((4, 3)), "fc_weight": np.zeros((2, 3)), "fc_bias": np.zeros(2)}, {"fc_weight": "add", "fc_bias": "add"}),
])
def test_requests_as_str_list_and_dict(args_grad, grad_req):
    run = classifier().bind(args=arrays(), args_grad=args_grad, grad_req=grad_req)
    for _ in range(3):
        run.forward(is_train=True)
        run.backward()
    for name in ("fc_weight", "fc_bias"):
        np.testing.assert_allclose(run.grad_dict[name].asnumpy(), 3 * expected()[name])
    assert run.grad_dict["x"] is None


@pytest.mark.parametrize("more, error, words", [
    ({"grad_req": "wirte"}, BindError, ["'write'", "'add'", "'null'", "'wirte'"]),
    ({"grad_req": ["write"]}, BindError, ["length 1, expected 4", "fc_weight"]),
    ({"grad_req": {"fc_wieght": "add"}}, UnknownNameError, ["grad_req", "did you mean 'fc_weight'"]),
    ({"grad_req": 3}, BindError, ["a str, a list or a dict", "3"]),
    ({"args_grad": {"fc_wieght": W}}, UnknownNameError, ["args_grad", "did you mean 'fc_weight'"]),
    ({"args_grad": {"fc_weight": W.T}}, ShapeError, ["args_grad['fc_weight']", "(2, 3)", "(3, 2)"]),
    ({"args_grad": {"fc_weight": np.zeros((2, 3), "f4")}}, DTypeError, ["args_grad['fc_weight']", "float64", "float32"]),
    ({"args_grad": [np.zeros((4, 3))]}, BindError, ["`args_grad` has 1 array for 4"]),
    ({"args_grad": {"fc_weight": np.broadcast_to(np.zeros(1), (2, 3))}}, BindError, ["args_grad['fc_weight']", "overlap"]),
    ({"nonfinite": "warn"}, BindError, ["nonfinite must be None, 'raise' or 'skip'", "'warn'"]),
])
def test_bad_requests(more, error, words):
    with pytest.raises(error) as caught:
        classifier().bind(args=arrays(), **more)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_gradient_in_an_argument_s_memory_is_refused():
    given = arrays()
    with pytest.raises(BindError, match="args_grad.'fc_weight'. and fc_weight share memory"):
        classifier().bind(args=given, args_grad={"fc_weight": given["fc_weight"]})


def test_null_with_an_array_leaves_the_array():
    grad = np.full_like(W, 7)
    run = classifier().bind(args=arrays(), args_grad={"fc_weight": grad, "fc_bias": np.zeros(2)},
                            grad_req={"fc_bias": "write"})
    run.forward(is_train=True)
    run.backward()
    np.testing.assert_array_equal(grad, 7)


def test_backward_without_gradients_says_what_to_do():
    run = classifier().bind(args=arrays())
    run.forward(is_train=True)
    with pytest.raises(BindError, match="args_grad"):
        run.backward()


def test_backward_after_inference_and_before_any_forward():
    for prepare in (lambda run: run.forward(is_train=False), lambda run: None):
        run = classifier().simple_bind(x=(4, 3), type_dict={"x": "float64"})
        run.copy_params_from(arrays())
        prepare(run)
        run.backward()
        np.testing.assert_allclose(run.grad_dict["x"].asnumpy(), expected()["x"])


# Heads

def square():
    return sym.square(sym.var("x"), name="sq")


def bound_square():
    grad = np.zeros(2)
    run = square().bind(args={"x": np.array([1.0, 2.0])}, args_grad={"x": grad})
    run.forward(is_train=True)
    return run, grad


@pytest.mark.parametrize("heads", [np.array([1.0, 10.0]), nd.array([1, 10], dtype="float64"), [np.array([1.0, 10.0])],
                                   {"sq_output": np.array([1.0, 10.0])}])
def test_heads_as_array_list_and_dict(heads):
    run, grad = bound_square()
    run.backward(heads)
    assert grad.tolist() == [2, 40]


@pytest.mark.parametrize("heads, error, words", [
    (None, BindError, ["sq_output is not a loss", "out_grads", "make_loss"]),
    (np.ones(3), ShapeError, ["out_grads['sq_output']", "(2,)", "(3,)"]),
    (np.array(["a", "b"]), DTypeError, ["out_grads['sq_output']", "<U1"]),
    ({"sq": np.ones(2)}, UnknownNameError, ["no output named 'sq'", "sq_output"]),
    ([np.ones(2), np.ones(2)], BindError, ["2 arrays for 1 output"]),
    ("ones", BindError, ["out_grads['sq_output']", "'ones'"]),
])
def test_bad_heads(heads, error, words):
    run, grad = bound_square()
    with pytest.raises(error) as caught:
        run.backward(heads)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert not grad.any()


def test_an_output_without_gradient_needs_no_head():
    x = sym.var("x")
    both = sym.Group([sym.make_loss(sym.square(x)), sym.BlockGrad(x * 2)])
    grad = np.zeros(1)
    run = both.bind(args={"x": np.array([3.0])}, args_grad={"x": grad})
    run.forward(is_train=True)
    run.backward()
    assert grad == 6


def test_heads_for_some_outputs_only():
    x = sym.var("x")
    both = sym.Group([sym.square(x, name="a"), sym.exp(x, name="b")])
    grad = np.zeros(1)
    run = both.bind(args={"x": np.array([3.0])}, args_grad=[grad])
    run.forward(is_train=True)
    run.backward({"a_output": np.ones(1)})
    assert grad == 6
    run.backward([None, np.ones(1)])
    np.testing.assert_allclose(grad, np.exp(3))


def test_a_loss_may_ask_for_its_head():
    soft = sym.SoftmaxOutput(sym.var("x"), sym.var("label"), out_grad=True, name="soft")
    grad = np.zeros((1, 2))
    run = soft.bind(args={"x": np.zeros((1, 2)), "label": np.zeros(1)}, args_grad={"x": grad})
    run.forward(is_train=True)
    with pytest.raises(BindError, match="soft_output"):
        run.backward()
    run.backward(np.full((1, 2), 2.0))
    np.testing.assert_allclose(grad, [[-1, 1]])


# The forward pass is not computed twice

def counted(monkeypatch):
    seen = []
    plain = eager.walk

    def walk(graph, values, run, visit=None):
        seen.extend(n.name for n in graph.nodes if n.op is not None)
        return plain(graph, values, run, visit)

    monkeypatch.setattr(eager, "walk", walk)
    return seen


def test_backward_does_not_run_the_forward_nodes_again(monkeypatch):
    seen = counted(monkeypatch)
    loss = sym.make_loss(sym.sum(sym.exp(sym.sin(sym.var("x"), name="s"), name="e"), name="t"), name="l")
    run = loss.bind(args={"x": np.ones(3)}, args_grad={"x": np.zeros(3)}, engine="eager")
    run.forward(is_train=True)
    assert seen == ["s", "e", "t", "l"]
    seen.clear()
    run.backward()
    assert seen and not {"s", "e", "t", "l"} & set(seen)
    np.testing.assert_allclose(run.grad_dict["x"].asnumpy(), np.exp(np.sin(1)) * np.cos(1))


def test_backward_sees_the_values_of_the_forward_pass_though_the_weight_was_updated_since():
    w, grad = np.array([3.0]), np.zeros(1)
    loss = sym.make_loss(sym.square(sym.var("w")), name="l")
    step = sym.Group([loss, sym._mul_scalar(sym.BlockGrad(sym.var("v")), scalar=0.5, name="half")])
    run = step.bind(args={"w": w, "v": w}, args_grad={"w": grad}, out={"half_output": w})
    run.forward(is_train=True)
    assert w == 1.5
    run.backward()
    assert grad == 6


# Modes

def test_dropout_of_everything_gives_zeros_and_their_gradient():
    run = sym.Dropout(sym.var("x"), p=1).bind(args={"x": np.ones(4)}, args_grad={"x": np.ones(4)})
    assert not run.forward(is_train=True)[0].asnumpy().any()
    run.backward(np.ones(4))
    assert not run.grad_dict["x"].asnumpy().any()


def test_dropout_trains_only_in_training_and_goes_back_through_the_same_mask():
    drop = sym.Dropout(sym.var("x"), p=0.5, name="drop")
    x, grad = np.ones(1000), np.zeros(1000)
    run = drop.bind(args={"x": x}, args_grad={"x": grad})
    np.testing.assert_array_equal(run.forward()[0].asnumpy(), 1)
    y = run.forward(is_train=True)[0].asnumpy().copy()
    assert 350 < np.count_nonzero(y) < 650
    run.backward(np.ones(1000))
    np.testing.assert_array_equal(grad, y)
    again = run.forward(is_train=True)[0].asnumpy()
    assert (again != y).any()


def test_batch_norm_has_states_and_two_modes():
    norm = sym.BatchNorm(sym.var("x"), fix_gamma=False, eps=0, momentum=0.5, name="bn")
    assert norm.list_auxiliary_states() == ["bn_moving_mean", "bn_moving_var"]
    x = np.array([[1.0], [3.0]])
    run = norm.simple_bind(x=(2, 1), type_dict={"x": "float64"})
    run.arg_dict["bn_gamma"][:] = 1
    run.aux_dict["bn_moving_var"][:] = 4
    np.testing.assert_allclose(run.forward(x=x)[0].asnumpy(), x / 2)
    assert run.aux_dict["bn_moving_mean"].asscalar() == 0
    np.testing.assert_allclose(run.forward(is_train=True)[0].asnumpy(), [[-1], [1]])
    assert run.aux_dict["bn_moving_mean"].asscalar() == 1 and run.aux_dict["bn_moving_var"].asscalar() == 2.5
    run.backward(np.array([[1.0], [0.0]]))
    np.testing.assert_allclose(run.grad_dict["bn_gamma"].asnumpy(), [-1])
    np.testing.assert_allclose(run.grad_dict["x"].asnumpy(), 0, atol=1e-12)


def test_inference_goes_back_by_what_inference_computed():
    norm = sym.BatchNorm(sym.var("x"), eps=0, name="bn")
    run = norm.simple_bind(x=(2, 1), type_dict={"x": "float64"})
    run.aux_dict["bn_moving_var"][:] = 4
    run.forward(is_train=False, x=np.array([[1.0], [3.0]]))
    run.backward(np.ones((2, 1)))
    np.testing.assert_allclose(run.grad_dict["x"].asnumpy(), 0.5)
    assert run.aux_dict["bn_moving_var"].asscalar() == 4


def test_a_gradient_graph_trains_too():
    drop = sym.Dropout(sym.var("x"), p=0.5, name="drop")
    both = sym.Group([drop, drop.gradient("x")])
    y, grad = both.bind(args={"x": np.ones(50)}).forward(is_train=True)
    assert (y.asnumpy() == 0).any()
    np.testing.assert_array_equal(grad.asnumpy(), y.asnumpy())


def test_the_mode_is_no_part_of_text_or_signature():
    import inspect

    drop = sym.Dropout(sym.var("x"), p=0.5, name="drop")
    assert "train" not in drop.tojson() and "train" not in drop.attr_dict()["drop"]
    assert "train" not in inspect.signature(sym.Dropout).parameters


# Allocation

def test_simple_bind_allocates_gradients_where_they_are_wanted_and_arrive():
    run = classifier().simple_bind(x=(4, 3), grad_req={"fc_weight": "write", "label": "write"})
    assert {k: g is not None for k, g in run.grad_dict.items()} == {
        "x": False, "fc_weight": True, "fc_bias": False, "label": True}


@pytest.mark.parametrize("flat", [lambda x: x > 0, sym.BlockGrad])
def test_a_gradient_that_nothing_reaches_is_zeros(flat):
    run = flat(sym.var("x")).simple_bind(x=(2,))
    run.forward(is_train=True)
    run.backward(out_grads=np.ones(2))
    assert run.grad_dict["x"].tolist() == [0.0, 0.0]


def test_heads_are_converted_as_inputs_are():
    x = np.array([1.0, 2.0])
    run = sym.square(sym.var("x")).bind(args={"x": x}, args_grad={"x": np.zeros(2)})
    run.forward(is_train=True)
    run.backward(nd.array([1.0, 1.0]))
    assert run.grad_dict["x"].tolist() == [2.0, 4.0]


def test_an_input_that_cannot_be_taken_leaves_the_others():
    a, b = np.ones(2), np.ones(2)
    run = (sym.var("a") + sym.var("b")).bind(args={"a": a, "b": b})
    with pytest.raises(DTypeError):
        run.forward(a=np.full(2, 9.0), b=np.array(["x", "y"]))
    assert a.tolist() == [1.0, 1.0]


def test_a_monitor_cannot_run_its_own_executor():
    mom = np.zeros(2)
    run = sym.sgd_mom_update(*map(sym.var, "wgm"), lr=1.0, momentum=1.0, name="u").bind(
        args={"w": np.ones(2), "g": np.ones(2), "m": mom})
    for what in (run.forward, run.backward, run.profile, run.numerics):
        run.set_monitor_callback(lambda name, array, what=what: what())
        with pytest.raises(BindError, match="this executor is running"):
            run.forward()
    assert not mom.any()
    run.set_monitor_callback(None)
    run.forward()
    assert mom.tolist() == [-1.0, -1.0]


def test_a_state_given_twice_must_be_one_array():
    step, state = sym.sgd_mom_update(*map(sym.var, "wgm"), lr=1.0, name="u"), np.zeros(2)
    arrays_ = {"w": np.ones(2), "g": np.ones(2), "m": state}
    with pytest.raises(BindError, match="'m' is given twice"):
        step.bind(args=arrays_, aux_states={"m": np.zeros(2)})
    step.bind(args=arrays_, aux_states={"m": state}).forward()
    assert state.tolist() == [-1.0, -1.0]


def test_a_declared_dtype_that_is_not_the_arrays_is_told():
    with pytest.warns(UserWarning, match="'x' is declared int32 and bound to an array of float64"):
        sym.exp(sym.var("x", dtype="int32")).bind(args={"x": np.ones(2)})


def test_there_is_no_gpu():
    with pytest.raises(MXNetError, match=r"gpu\(0\): there is no GPU here; use cpu\(\)"):
        sym.exp(sym.var("x")).simple_bind(nd.gpu(0), x=(2,))


@pytest.mark.parametrize("engine", ["eager", "fused"])
def test_a_byte_swapped_argument_is_read_as_it_is_now(engine):
    x = np.array([1.0, 2.0], ">f8")
    run = sym.square(sym.var("x")).bind(args={"x": x}, engine=engine)
    x[:] = 3
    assert run.forward()[0].tolist() == [9.0, 9.0]


def test_an_update_binds_without_a_word_on_gradients():
    run = sym.sgd_mom_update(sym.var("w"), sym.var("g"), sym.var("m"), lr=0.1, name="s").simple_bind(w=(2,))
    run.forward(g=np.ones(2))
    np.testing.assert_allclose(run.outputs[0].asnumpy(), -0.1)


def test_gradients_stay_the_same_arrays():
    run = classifier().simple_bind(x=(4, 3))
    grads = run.grad_arrays
    run.copy_params_from(arrays())
    run.forward(is_train=True)
    run.backward()
    assert all(a is b for a, b in zip(grads, run.grad_arrays))
    np.testing.assert_allclose(grads[1].asnumpy(), expected()["fc_weight"], rtol=1e-5)


def test_reshape_shares_weights_and_gradients():
    run = classifier().simple_bind(x=(4, 3), type_dict={"x": "float64"})
    run.copy_params_from(arrays())
    run.forward(is_train=True)
    run.backward()
    small = run.reshape(x=(2, 3), label=(2,))
    assert np.shares_memory(small.grad_dict["fc_weight"]._data, run.grad_dict["fc_weight"]._data)
    assert np.shares_memory(small.arg_dict["x"]._data, run.arg_dict["x"]._data)
    assert small.grad_dict["x"].shape == (2, 3)
    small.forward(is_train=True)
    small.backward()
    p = expected()
    np.testing.assert_allclose(small.grad_dict["x"].asnumpy(), p["x"][:2])


def test_reshape_keeps_what_is_updated_in_place():
    w = np.ones(2)
    step = sym.signsgd_update(sym.var("w"), sym.sum(sym.var("g"), axis=0), lr=0.5, name="step")
    run = step.bind(args={"w": w, "g": np.ones((3, 2))}, out={"step_output": w})
    run.reshape(g=(1, 2)).forward()
    assert w.tolist() == [0.5, 0.5]


# All or nothing

def nan_step():
    log = sym.log(sym.var("x"), name="log")
    return sym.sgd_mom_update(sym.var("w"), log, sym.var("m"), lr=1.0, momentum=0.5, name="step")


@pytest.mark.parametrize("on", ["bind", "method"])
def test_watch_names_the_first_bad_node_and_nothing_changes(on):
    w, m, x = np.ones(2), np.full(2, 3.0), np.ones(2)
    run = nan_step().bind(args={"w": w, "x": x}, aux_states={"m": m}, out={"step_output": w},
                          nonfinite="raise" if on == "bind" else None)
    if on == "method":
        run.nonfinite = "raise"
    run.forward()
    before = w.copy(), m.copy(), x.copy()
    with pytest.raises(NonFiniteError) as caught:
        run.forward(x=np.array([-1.0, 2.0]))
    text = str(caught.value)
    for words in ("log_output (log)", "1 of 2 not finite (1 NaN, 0 infinite)", "data = %x: float64[2], from -1 to 2, mean 0.5",
                  "made at test_executor.py:", "nothing was written"):
        assert words in text, text
    for a, b in zip((w, m, x), before):
        np.testing.assert_array_equal(a, b)
    run.nonfinite = None
    run.forward(x=np.array([-1.0, 2.0]))
    assert np.isnan(w).any()


def test_watch_looks_at_gradients_too():
    grad = np.full(1, 7.0)
    loss = sym.make_loss(sym.sqrt(sym.var("x"), name="root"), name="l")
    run = loss.bind(args={"x": np.zeros(1)}, args_grad={"x": grad}, nonfinite="raise")
    run.forward(is_train=True)
    with pytest.raises(NonFiniteError, match="root_grad"):
        run.backward()
    assert grad == 7


def test_skipping_says_what_was_bad_and_goes_on():
    w, m, x = np.ones(2), np.full(2, 3.0), np.ones(2)
    run = nan_step().bind(args={"w": w, "x": x}, aux_states={"m": m}, out={"step_output": w}, nonfinite="skip")
    run.forward()
    assert run.skipped is None
    before = w.copy(), m.copy(), x.copy()
    run.forward(x=np.array([-1.0, 2.0]))
    assert run.skipped.startswith("log_output (log) is float64[2], 1 of 2 not finite")
    for a, b in zip((w, m, x), before):
        np.testing.assert_array_equal(a, b)
    run.forward()
    assert run.skipped is None and (w != before[0]).any()


def test_skipping_leaves_gradients_as_they_were():
    grad = np.full(1, 7.0)
    loss = sym.make_loss(sym.sqrt(sym.var("x"), name="root"), name="l")
    run = loss.bind(args={"x": np.zeros(1)}, args_grad={"x": grad}, nonfinite="skip")
    run.forward(is_train=True)
    run.backward()
    assert grad == 7 and "root_grad" in run.skipped


def test_a_failing_run_gives_the_inputs_back():
    pick = sym.take(sym.var("table"), sym.var("index"), mode="raise", name="pick")
    index = np.array([0])
    run = pick.bind(args={"table": np.ones(2), "index": index})
    with pytest.raises(IndexError):
        run.forward(index=np.array([9]))
    assert index == 0


def test_a_failing_backward_leaves_the_gradients():
    def twice(a, b):
        a = sym.var(a)
        return sym.make_loss(sym.sum(sym.take(a, sym.var(b), mode="raise")))

    grads = {"u": np.full(2, 7.0), "v": np.full(2, 7.0)}
    both = sym.Group([twice("u", "i"), twice("v", "j")])
    given = {"u": np.ones(2), "v": np.ones(2), "i": np.array([0]), "j": np.array([1])}
    run = both.bind(args=given, args_grad=grads)
    run.forward(is_train=True)
    given["j"][:] = 9
    with pytest.raises(IndexError):
        run.backward()
    assert grads["u"].tolist() == grads["v"].tolist() == [7, 7]


# Looking on

def test_monitor_callback_sees_true_values_under_every_mode():
    seen = {}
    run = classifier().bind(args=arrays(), args_grad={"fc_weight": np.zeros_like(W)})
    run.set_monitor_callback(lambda name, array: seen.update({name: array.asnumpy()}), monitor_all=True)
    for is_train in (False, True):
        seen.clear()
        run.forward(is_train=is_train)
        np.testing.assert_allclose(seen["fc_output"], X @ W.T + B)
        np.testing.assert_array_equal(seen["fc_data"], X)
        np.testing.assert_allclose(seen["soft_output"], run.outputs[0].asnumpy())
    run.set_monitor_callback(None)
    seen.clear()
    run.forward()
    assert not seen


def test_monitor_keeps_copies_of_what_matches():
    run = classifier().bind(args=arrays())
    record, sizes = run.monitor("fc_.*"), run.monitor("soft_output", stat=np.size)
    run.forward()
    first = record["fc_output"]
    assert list(record) == ["fc_output"] and sizes == {"soft_output": 8}
    run.forward(x=np.zeros_like(X))
    np.testing.assert_allclose(first.asnumpy(), X @ W.T + B)
    np.testing.assert_allclose(record["fc_output"].asnumpy(), np.zeros_like(X) @ W.T + B)
    with pytest.raises(ParamError, match="not a valid regular expression"):
        run.monitor("fc_(")


# What MXNet code hands over

def test_groups_of_contexts_and_shared_executors_are_accepted():
    first = classifier().bind(args=arrays())
    run = classifier().bind(nd.cpu(), args=arrays(), group2ctx={"dev1": nd.cpu(1)}, shared_exec=first)
    np.testing.assert_allclose(run.forward()[0].asnumpy(), first.forward()[0].asnumpy())


@pytest.mark.parametrize("given", [list, tuple])
def test_arrays_that_receive_outputs_in_order(given):
    x, twice = np.ones(3, "f4"), np.zeros(3, "f4")
    v = sym.var("x")
    run = sym.Group([v + 1, v * 2]).bind(args={"x": x}, out=given([None, twice]))
    plus, _ = run.forward()
    assert plus.asnumpy().tolist() == [2, 2, 2] and twice.tolist() == [2, 2, 2]


@pytest.mark.parametrize("out, message", [
    (np.ones(3, "f4"), "`out` must be a list or a dict of arrays, got a float32 ndarray of shape (3,)"),
    (3, "`out` must be a list or a dict of arrays, got 3"),
    ([None, None], "`out` has 2 arrays for 1 name: twice_output")])
def test_what_cannot_receive_outputs(out, message):
    with pytest.raises(BindError, match=re.escape(message)):
        sym.sum(sym.var("x"), name="twice").bind(args={"x": np.ones(3, "f4")}, out=out)


def test_outputs_are_the_same_list_and_have_shapes_before_the_first_run():
    run = classifier().simple_bind(x=(4, 3))
    assert run.outputs[0].shape == (4, 2) and run.output_dict == {"soft_output": run.outputs[0]}
    assert run.forward() is run.outputs


@pytest.mark.parametrize("inputs, error, words", [
    ({"y": X}, OperatorError, ["no argument named 'y'"]),
    ({"x": "X"}, BindError, ["'x'", "'X'"]),
    ({"x": X[:2]}, ShapeError, ["forward: 'x' has shape (4, 3), got an array of shape (2, 3)"]),
    ({"x": X, "label": np.array(["1"] * 4)}, DTypeError, ["'label'", "<U1"]),
    ({"x": X, "label": np.array([None] * 4)}, DTypeError, ["'label'", "object"]),
    ({"x": X, "label": np.ones(4) * 1j}, DTypeError, ["'label'", "complex128"]),
])
def test_bad_inputs_of_forward(inputs, error, words):
    run = classifier().bind(args=arrays())
    with pytest.raises(error) as caught:
        run.forward(**inputs)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_threads_take_turns():
    run = square().bind(args={"x": np.zeros(1)})
    wrong = []

    def work(value):
        for _ in range(50):
            with run._lock:
                y = run.forward(x=np.array([value]))[0].asnumpy()
            if y != value * value:
                wrong.append(value)

    threads = [threading.Thread(target=work, args=(float(k),)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_what_mxnet_code_passes_to_simple_bind_is_taken():
    run = sym.exp(sym.var("x")).simple_bind(nd.cpu(), "null", {"x": "float64"}, None, {"dev1": nd.cpu(1)},
                                            shared_arg_names=[], shared_exec=None, shared_buffer={}, x=(2,))
    assert run.arg_dict["x"].dtype == np.float64


@pytest.mark.parametrize("bad, error", [(np.array(["a", "b"]), DTypeError), (np.ones(3), ShapeError), ("abc", DTypeError)],
                         ids=["text", "another shape", "a word"])
def test_parameters_are_copied_all_or_none(bad, error):
    a, b = np.zeros(2), np.zeros(2)
    run = sym.elemwise_add(sym.var("a"), sym.var("b")).bind(args={"a": a, "b": b})
    with pytest.raises(error, match="copy_params_from: b"):
        run.copy_params_from({"a": np.ones(2), "b": bad})
    assert not a.any() and not b.any()
    run.copy_params_from({"a": [1, 2], "b": np.float16([3, 4])})
    assert a.tolist() == [1, 2] and b.tolist() == [3, 4]


def test_gradients_that_are_first_asked_for_after_some_steps():
    """A step that has run before is done by its program alone, until something is to look on or to be kept."""
    loss = sym.make_loss(sym.square(sym.var("x")), name="l")
    run = loss.simple_bind(x=(2,), type_dict={"x": "float64"})
    run.arg_dict["x"][:] = 3
    for train in (False, False):
        run.forward(is_train=train)
    assert run.grad_dict["x"].tolist() == [0, 0]
    for _ in range(2):
        run.forward(is_train=True)
        run.backward()
        assert run.grad_dict["x"].tolist() == [6, 6]
