"""Recurrent nets from MXNet's files, and recurrent layers over long sequences."""

from pathlib import Path

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from symbolic import optimizers
from symbolic.graph.infer import infer
from symbolic.show.kinds import learnt_variables

FOLDER = Path(__file__).parents[1] / "golden/recurrent"


@pytest.fixture(scope="module")
def recorded():
    with np.load(FOLDER / "training.npz") as file:
        return dict(file)


def cost_of(net, answers):
    scores = sym.Reshape(net, shape=(-3, 0), name="scores")
    cost = sym.softmax_cross_entropy(scores, sym.Reshape(sym.var("answers"), shape=(-1,)))
    return sym.make_loss(cost / answers.size, name="cost")


def test_a_net_of_gluon_trains_as_in_mxnet(recorded, engine):
    net, args, aux = sym.load_checkpoint(str(FOLDER / "net"), 0)
    assert {n.op.name for n in net.graph.nodes if n.op} >= {"RNN", "_rnn_param_concat", "Embedding"}
    assert not aux
    parameters = [name for name in net.list_arguments() if name != "data"]
    assert set(parameters) == set(args)
    sentences, answers = recorded["sentences"], recorded["answers"]
    step = optimizers.step(cost_of(net, answers), "sgd", parameters, momentum=float(recorded["momentum"]))
    trainer = optimizers.Trainer(step, args, lr=float(recorded["rate"]), engine=engine, data=sentences.shape,
                                 answers=answers.shape)
    losses = [trainer.step(data=sentences, answers=answers)[0].asscalar() for _ in recorded["losses"]]
    np.testing.assert_allclose(losses, recorded["losses"], rtol=2e-4)
    assert losses[-1] < 0.9 * losses[0]
    for name in parameters:
        np.testing.assert_allclose(trainer.executor.arg_dict[name].asnumpy(), recorded[name], rtol=0.02, atol=2e-3)


def test_shapes_of_parameters_and_states_follow_through_the_vector(recorded):
    net = sym.load(str(FOLDER / "net-symbol.json"))
    args, outputs, _ = net.infer_shape(data=recorded["sentences"].shape)
    assert dict(zip(net.list_arguments(), args)) == {"data": (6, 8)} | {
        name: value.shape for name, value in recorded.items() if name in net.list_arguments()}
    assert outputs == [(6, 8, 5)]


def test_it_is_written_as_mxnet_writes_it():
    text = (FOLDER / "net-symbol.json").read_text(encoding="utf-8")
    assert sym.load_json(text).tojson() == text


@pytest.mark.parametrize("mode", ["rnn_relu", "rnn_tanh", "lstm", "gru"])
def test_a_graph_and_its_gradient_do_not_grow_with_the_sequence(mode):
    net = sym.RNN(sym.var("x"), mode=mode, state_size=3, num_layers=2, bidirectional=True, name="rnn")
    loss = sym.make_loss(sym.mean(sym.square(net)), name="cost")
    executor = loss.simple_bind(nd.cpu(), x=(500, 2, 4))
    for array in executor.arg_arrays:
        array[:] = np.random.default_rng(0).uniform(-0.3, 0.3, array.shape)
    executor.forward(is_train=True)
    executor.backward()
    assert all(np.isfinite(g.asnumpy()).all() and g.asnumpy().any() for g in executor.grad_arrays)
    assert len(loss.gradient(["x"]).graph.nodes) < 20


def test_what_is_dropped_between_layers_is_drawn_again_for_the_gradient():
    net = sym.RNN(sym.var("x"), mode="gru", state_size=4, num_layers=2, p=0.5, name="rnn")
    assert net.list_auxiliary_states() == []
    executor = sym.make_loss(sym.sum(net), name="cost").simple_bind(nd.cpu(), x=(3, 2, 2))
    for array in executor.arg_arrays:
        array[:] = np.random.default_rng(1).uniform(-0.5, 0.5, array.shape)
    plain = executor.forward()[0].asscalar()
    nd.random.seed(3)
    first = executor.forward(is_train=True)[0].asscalar()
    executor.backward()
    x, found = executor.arg_dict["x"], executor.grad_dict["x"].asnumpy()
    assert first != plain
    x[0, 0, 0] = x[0, 0, 0].asscalar() + 1e-2
    nd.random.seed(3)
    moved = executor.forward(is_train=True)[0].asscalar()
    assert abs((moved - first) / 1e-2 - found[0, 0, 0]) < 1e-2


def test_sequences_of_their_own_lengths_end_where_they_end():
    given = {"mode": "lstm", "state_size": 3, "num_layers": 1, "bidirectional": True, "state_outputs": True}
    rng = np.random.default_rng(2)
    x, weights, h, c = (rng.normal(size=s) for s in ((5, 2, 2), (168,), (2, 2, 3), (2, 2, 3)))
    arrays = [nd.array(a, dtype="float64") for a in (x, weights, h, c)]
    outputs = nd.RNN(*arrays, nd.array([5, 3]), use_sequence_length=True, **given)
    for number, length in enumerate((5, 3)):
        short = [nd.array(a, dtype="float64") for a in (x[:length, number:number + 1], weights,
                                                        h[:, number:number + 1], c[:, number:number + 1])]
        output, *ends = nd.RNN(*short, **given)
        np.testing.assert_allclose(outputs[0].asnumpy()[:length, number], output.asnumpy()[:, 0], rtol=1e-12)
        assert not outputs[0].asnumpy()[length:, number].any()
        for all_ends, end in zip(outputs[1:], ends):
            np.testing.assert_allclose(all_ends.asnumpy()[:, number], end.asnumpy()[:, 0], rtol=1e-12)


@pytest.mark.parametrize("change, message", [
    ({"mode": "gru", "projection_size": 2}, "projection_size=2 is for mode='lstm', not 'gru'"),
    ({"mode": "lstm", "lstm_state_clip_min": 1.0}, "are not two bounds in order"),
    ({"mode": "lstm", "p": 1.5}, "p=1.5"),
])
def test_parameters_that_do_not_fit_are_refused(change, message):
    with pytest.raises(nd.MXNetError, match=message):
        sym.RNN(sym.var("x"), state_size=3, num_layers=1, name="rnn", **change).infer_shape(x=(3, 2, 2))


@pytest.mark.parametrize("shapes, message", [
    ({"x": (3, 2)}, "expected \\(steps, batch, features\\)"),
    ({"x": (3, 2, 2), "rnn_state": (2, 2, 3)}, "`state` has shape \\(2, 2, 3\\), expected \\(1, 2, 3\\)"),
    ({"rnn_parameters": (25,)}, "has 25 elements, which no number of features needs"),
])
def test_shapes_that_do_not_fit_are_refused(shapes, message):
    net = sym.RNN(sym.var("x"), mode="rnn_tanh", state_size=3, num_layers=1, name="rnn")
    with pytest.raises(nd.MXNetError, match=message):
        net.infer_shape(**shapes)


def test_a_sequence_has_a_step_at_least():
    with pytest.raises(nd.MXNetError, match="RNN: `data` has no steps"):
        nd.RNN(nd.zeros((0, 2, 2)), nd.zeros(21), nd.zeros((1, 2, 3)), mode="rnn_tanh", state_size=3, num_layers=1)


def test_a_step_moves_the_weights_of_a_recurrent_layer():
    net = sym.RNN(sym.var("x"), mode="rnn_tanh", state_size=4, num_layers=1, name="rnn")
    net = sym.FullyConnected(net, num_hidden=1, flatten=False, name="fc")
    step = optimizers.step(sym.LinearRegressionOutput(net, name="out"), "sgd")
    assert step.list_outputs() == ["out_output", *[f"{n}_step_output" for n in ("rnn_parameters", "fc_weight", "fc_bias")]]


@pytest.mark.parametrize("way", [
    lambda w: sym.reshape(w, shape=(2, 3)), lambda w: sym.amp_cast(w, dtype="float32"), sym.identity,
    lambda w: sym.transpose(sym.cast(sym.reshape(w, shape=(3, 2)), dtype="float32")),
    lambda w: sym.take(w, sym.var("rows", shape=(2,)))])
def test_what_becomes_a_weight_on_a_way_of_shapes_and_casts_is_learnt(way):
    net = sym.FullyConnected(sym.var("x"), way(sym.var("w", shape=(2, 3))), num_hidden=2, no_bias=True, name="fc")
    frozen = sym.FullyConnected(net, sym.BlockGrad(sym.var("frozen")), num_hidden=2, no_bias=True)
    graph = sym.LinearRegressionOutput(frozen, name="out").graph
    assert [node.name for node in learnt_variables(graph, infer(graph))] == ["w"]


def test_joined_weights_of_a_recurrent_layer_are_learnt():
    shapes = {"i2h_weight": (4, 2), "h2h_weight": (4, 4), "i2h_bias": (4,), "h2h_bias": (4,)}
    parts = [sym.reshape(sym.var(n, shape=s), shape=(-1,)) for n, s in shapes.items()]
    graph = sym.RNN(sym.var("x"), sym.op._rnn_param_concat(*parts, dim=0), mode="rnn_tanh", state_size=4, num_layers=1).graph
    assert [node.name for node in learnt_variables(graph, infer(graph))] == list(shapes)
