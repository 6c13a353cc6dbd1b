"""Constants whose shape is inferred from others, as MXNet's recurrent cells begin with."""

from pathlib import Path

import numpy as np
import pytest

import symbolic as sym
from ndarray.errors import ShapeError
from symbolic.graph.infer import infer
from symbolic.passes.fill_shapes import fill_shapes

GOLDEN = Path(__file__).parents[2] / "golden"


def cell(steps=3, hidden=4):
    """Return a recurrent network as MXNet's cells unroll it, its first state zeros of an open batch."""
    x = sym.split(sym.var("data"), num_outputs=steps, axis=1, squeeze_axis=True, name="x")
    state = sym.zeros((0, hidden), name="begin")
    weights = {k: sym.var(f"{k}_weight") for k in ("i", "h")}
    for t in range(steps):
        i, h = (sym.FullyConnected(value, weights[k], num_hidden=hidden, no_bias=True, name=f"{k}{t}")
                for k, value in (("i", x[t]), ("h", state)))
        state = sym.tanh(i + h, name=f"t{t}")
    return state


def expected(data, i, h):
    state = np.zeros((data.shape[0], 4), data.dtype)
    for t in range(data.shape[1]):
        state = np.tanh(data[:, t] @ i.T + state @ h.T)
    return state


def test_a_first_state_takes_the_batch_of_its_network(engine):
    net = cell()
    assert net.infer_shape(data=(2, 3, 5)) == ([(2, 3, 5), (4, 5), (4, 4)], [(2, 4)], [])
    rng = np.random.default_rng(0)
    data, i, h = rng.random((2, 3, 5)), rng.random((4, 5)), rng.random((4, 4))
    data, i, h = (a.astype("f4") for a in (data, i, h))
    run = net.bind(args={"data": data, "i_weight": i, "h_weight": h}, engine=engine)
    np.testing.assert_allclose(run.forward()[0].asnumpy(), expected(data, i, h), rtol=1e-6)
    assert run.graph is net.graph and {n for n in net.graph.nodes if n.op} >= set(run.profile(steps=1).times)
    larger = run.reshape(data=(6, 3, 5), allow_up_sizing=True)
    assert larger.forward()[0].shape == (6, 4)


def test_gradients_go_through_it():
    net = sym.make_loss(sym.sum(cell(), name="sum"), name="loss")
    run = net.simple_bind(data=(2, 3, 5))
    for name, array in run.arg_dict.items():
        array[:] = np.random.default_rng(len(name)).random(array.shape, "f4") / 4
    run.forward(is_train=True)
    run.backward()
    assert np.abs(run.grad_dict["h_weight"].asnumpy()).min() > 0


def test_a_length_that_nobody_says_is_none():
    graph = sym.zeros((2, 0), name="z").graph
    assert fill_shapes(graph, infer(graph)) is graph
    assert sym.zeros((2, 0)).eval()[0].shape == (2, 0)
    assert (sym.zeros((0, 3)) + sym.ones((0, 3))).eval()[0].shape == (0, 3)
    assert (sym.var("x") * sym.zeros((0,))).eval(x=np.ones(0, "f4"))[0].shape == (0,)


def test_lengths_that_are_said_must_agree():
    with pytest.raises(ShapeError):
        (sym.var("x", shape=(2, 3)) + sym.zeros((0, 4))).infer_shape()


def test_nothing_to_fill_is_the_same_graph():
    graph = (sym.var("x", shape=(2, 3)) + sym.zeros((2, 3))).graph
    assert fill_shapes(graph, infer(graph)) is graph


def test_an_unrolled_lstm_of_mxnet_gives_its_numbers():
    net = sym.load(GOLDEN / "symbol_json" / "lstm_unrolled.json")
    assert net.infer_shape(data=(2, 4, 5))[1] == [(2, 4, 8), (2, 8), (2, 8)]
    run = net.simple_bind(data=(2, 4, 5), grad_req="null")
    for i, (_, array) in enumerate(sorted(run.arg_dict.items())):
        array[:] = np.random.default_rng(i).random(array.shape).astype("f4")
    # Recorded from MXNet 1.9.1 on the same arrays, to the digits shown.
    sums = [float(np.abs(a.asnumpy()).sum()) for a in run.forward()]
    np.testing.assert_allclose(sums, [56.2886, 15.9308, 60.583], atol=1e-4)


def test_an_onnx_model_has_the_shape_that_was_said(tmp_path):
    onnx, ort = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    net = cell()
    sym.save_onnx(net, tmp_path / "cell.onnx", shape={"data": (2, 3, 5)})
    onnx.checker.check_model(str(tmp_path / "cell.onnx"), full_check=True)
    session = ort.InferenceSession(tmp_path / "cell.onnx", providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    feeds = {v.name: rng.random(v.shape, "f4") for v in session.get_inputs()}
    np.testing.assert_allclose(session.run(None, feeds)[0],
                               expected(feeds["data"], feeds["i_weight"], feeds["h_weight"]), rtol=1e-5)
