"""Networks and whole training steps as ONNX models: what onnxruntime computes is what the eager engine computes."""


import numpy as np
import pytest

import symbolic as sym
from docs.extensions.updates import updates
from symbolic import optimizers
from symbolic.graph.node import Entry
from symbolic.save.onnx.save import types_for
from tests.symbolic.save.onnx.runs import Runtime, eager, onnx, runtime
from tests.symbolic.save.onnx.test_operators import WITHOUT

RULES = ["lars", *(op.name for op in updates() if op.update and not op.update.keys and op.name not in WITHOUT)]
"""Every rule by which `optimizers.step` can update, but those that draw random numbers or have no ONNX model."""


def digits():
    """Return the scores of the digits network, a multi-layer perceptron."""
    hidden = sym.tanh(sym.FullyConnected(sym.var("image"), num_hidden=64, name="hidden"))
    return sym.FullyConnected(hidden, num_hidden=10, name="scores")


def loss_of(scores):
    return sym.softmax_cross_entropy(scores, sym.var("label"), name="loss") / 8


def convolutional():
    pytest.importorskip("sklearn")
    from examples.digits_convnet import network

    return network()


def logistic():
    score = sym.FullyConnected(sym.var("features"), num_hidden=1, name="score")
    return sym.LogisticRegressionOutput(score, sym.var("label"), name="chance")


IMAGE, DIGITS = {"image": (8, 1, 8, 8)}, {"image": (8, 64)}

NETWORKS = {
    "digits": (digits, DIGITS),
    "convnet": (convolutional, IMAGE),
    "logistic regression": (logistic, {"features": (20, 30), "label": (20, 1)}),
    "step of the convnet": (lambda: optimizers.step(loss_of(convolutional()), "adam"), IMAGE),
    "step of logistic regression": (lambda: optimizers.step(logistic(), "signsgd", wd=0.1, clip_norm=1.0),
                                    {"features": (20, 30), "label": (20, 1)}),
}


def arrays_for(graph, types):
    """Return random arrays: positive ones for variances and rates, classes for labels, 1 for the step's number."""
    random, found = np.random.default_rng(0), {}
    for node in graph.variables:
        shape, dtype = types[Entry(node)]
        x = random.standard_normal(shape) / 8
        if node.name == "label":
            x = random.integers(0, 2, shape)
        elif node.name == "t":
            x = np.ones(shape)
        elif node in graph.written or node.name.endswith("lr"):
            # A mean of squares is above the square of the mean.
            x = np.abs(x) + node.name.endswith("_n")
        found[node.name] = x.astype(dtype)
    return found


def agree(symbol, shapes):
    """Run two steps, the second with the first's states and another rate, in one model; return the model."""
    graph = symbol.graph
    types = types_for(graph, shapes)
    run = runtime(graph, types)
    arrays = arrays_for(graph, types)
    for _ in range(2):
        found = run(arrays)
        for name, got, expected in zip(run.outputs, found, eager(graph, arrays), strict=True):
            # Sums of up to 144 products in another order: a few roundings of the largest element.
            size = np.abs(expected).max(initial=0) if expected.dtype.kind == "f" else 0
            eps = np.finfo(expected.dtype).eps if expected.dtype.kind == "f" else 0
            assert got.dtype == expected.dtype, name
            np.testing.assert_allclose(got, expected, rtol=0, atol=16 * eps * float(size), err_msg=name)
        states = zip(graph.written, found[len(graph.outputs):], strict=True)
        arrays |= {n.name: x for n, x in states}
        arrays |= {name: x / 2 for name, x in arrays.items() if name == "lr"}
    return run.model


@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name):
    make, shapes = NETWORKS[name]
    agree(make(), shapes)


@pytest.mark.parametrize("more", [{}, {"num_layers": 2, "bidirectional": True, "state_outputs": True}],
                         ids=["one layer", "two layers, both ways"])
@pytest.mark.parametrize("mode", ["rnn_relu", "rnn_tanh", "lstm", "gru"])
def test_recurrent_layers(mode, more):
    agree(sym.RNN(sym.var("x"), mode=mode, state_size=3, name="rnn", **{"num_layers": 1} | more), {"x": (5, 2, 4)})


def test_a_step_of_a_recurrent_layer():
    cost = sym.make_loss(sym.mean(sym.square(sym.RNN(sym.var("x"), mode="gru", state_size=3, num_layers=1, name="rnn"))))
    agree(optimizers.step(cost, "adam", ["rnn_parameters"]), {"x": (5, 2, 4)})


@pytest.mark.parametrize("rule", RULES)
def test_whole_steps(rule):
    symbol = optimizers.step(loss_of(digits()), rule, no_decay=optimizers.BIASES_AND_NORMS)
    model = agree(symbol, DIGITS)
    assert "lr" in [i.name for i in model.graph.input]


def test_training_mode(tmp_path):
    """Batch normalisation by the batch's own statistics, whose moving averages are states that go out."""
    net = sym.BatchNorm(sym.var("x", shape=(6, 3)), fix_gamma=False, name="norm")
    arrays = arrays_for(net.graph, types_for(net.graph))
    executor = net.bind(args={k: v.copy() for k, v in arrays.items()}, grad_req="null")
    expected = executor.forward(is_train=True)[0].asnumpy()
    sym.save_onnx(net, tmp_path / "net.onnx", is_train=True)
    found = Runtime(onnx.load(tmp_path / "net.onnx"))(arrays)
    np.testing.assert_allclose(found[0], expected, rtol=1e-5, atol=1e-6)
    for got, state in zip(found[1:], executor.aux_arrays, strict=True):
        np.testing.assert_allclose(got, state.asnumpy(), rtol=1e-6)
    still = eager(net.graph, arrays)[0]
    assert np.abs(still - expected).max() > 0.1


def test_a_file_with_its_parameters_tells_digits_apart(tmp_path):
    """The convolutional network on real digits: the same classes as the eager engine's, from a file that needs no more."""
    pytest.importorskip("sklearn")
    from sklearn.datasets import load_digits

    from examples.digits_convnet import initial, network

    images = (load_digits().images[:50, None] / 16).astype("float32")
    scores = network()
    arrays = initial(scores, np.random.default_rng(0), image=images.shape)
    sym.save_onnx(scores, tmp_path / "digits.onnx", params=arrays, shape={"image": images.shape})
    run = Runtime(onnx.load(tmp_path / "digits.onnx"))
    expected = scores.eval(image=images, **arrays)[0].asnumpy()
    found, = run({"image": images})
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    # States that do not change are constants like the weights.
    assert (run.inputs, run.outputs) == (["image"], ["scores_output"])
    assert not run.session.get_overridable_initializers()
    np.testing.assert_array_equal(found.argmax(axis=1), expected.argmax(axis=1))


def test_only_core_operators():
    """Nothing but the default domain, which every runtime has to know."""
    model = agree(convolutional(), IMAGE)
    assert {n.domain for n in model.graph.node} == {""} and [o.domain for o in model.opset_import] == [""]
    assert all(onnx.defs.has(n.op_type) for n in model.graph.node)
