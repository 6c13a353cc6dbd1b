"""The ONNX files themselves: what is in them, that they are written whole and the same every time, and what is refused."""

import json
import os
import sys

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import DTypeError, FormatError, LimitError, OperatorError, ShapeError, UnknownNameError
from symbolic.save.onnx import save as writer
from symbolic.save.onnx.model import to_onnx
from symbolic.save.onnx.save import save_onnx, types_for
from tests.symbolic.save.onnx.runs import Runtime, onnx


def momentum_step():
    with sym.AttrScope(group="update"):
        return sym.sgd_mom_update(sym.var("w", shape=(2, 3)), sym.var("g"), sym.var("m"), lr=sym.var("lr"), momentum=0.9,
                                  name="step")


def model_of(symbol, **more):
    return to_onnx(symbol.graph, types_for(symbol.graph, **more))


def metadata(thing):
    return {p.key: p.value for p in thing.metadata_props}


def test_a_step_is_written_and_read(tmp_path):
    path = tmp_path / "step.onnx"
    sym.save_onnx(momentum_step(), path)
    run = Runtime(onnx.load(path))
    assert (run.inputs, run.outputs) == (["w", "g", "m", "lr"], ["step_output", "m_new"])
    ones = np.ones((2, 3), np.float32)
    weight, state = run({"w": ones, "g": ones, "m": ones, "lr": np.float32([0.5])})
    np.testing.assert_allclose(state, 0.9 - 0.5, rtol=1e-6)
    np.testing.assert_allclose(weight, 1 + 0.9 - 0.5, rtol=1e-6)
    assert metadata(run.model) == {"states": json.dumps({"m": "m_new"})}


def test_nodes_tell_where_they_come_from():
    model = model_of(momentum_step())
    assert model.graph.name == "step" and model.producer_name == "symbolic-ndarray"
    assert "%step = sgd_mom_update(%w, %g, %m, %lr, lr=%3, momentum=0.9)" in model.doc_string
    assert len({n.name for n in model.graph.node}) == len(model.graph.node)
    for node in model.graph.node:
        assert node.name == node.output[0] and (node.name.startswith("step/") or node.name in ("step_output", "m_new"))
        assert metadata(node) == {"node": "step", "operator": "sgd_mom_update", "group": "update", "lr": "%3",
                                  "momentum": "0.9"}
        assert node.doc_string.startswith("part of %step = sgd_mom_update(")
    message = {v.name: v.doc_string for v in (*model.graph.input, *model.graph.output)}
    assert message == {"w": "argument", "g": "argument", "m": "state of step (sgd_mom_update)",
                    "lr": "lr of step (sgd_mom_update)", "step_output": "", "m_new": "new value of m"}


def test_what_nodes_tell_is_brief():
    """A node that updates many tensors has parameters as long as they are many, and many nodes within."""
    names = [f"tensor{i}" for i in range(40)]
    step = sym.multi_sgd_update(*(sym.var(n, shape=(2,)) for name in names for n in (name, f"{name}_grad")),
                                lrs=[0.123] * 40, wds=[0.0] * 40, name="step")
    model = model_of(step)
    for node in model.graph.node:
        properties = metadata(node)
        assert properties["node"] == "step" and properties["lrs"].startswith("(0.123, 0.123, ") and properties["lrs"].endswith("…")
        assert max(map(len, (node.doc_string, *properties.values()))) <= 100
    assert len(model.doc_string) == 400


def test_versions_are_those_that_are_asked_for():
    model = model_of(momentum_step())
    assert (model.ir_version, [(o.domain, o.version) for o in model.opset_import]) == (10, [("", 18)])


def test_equal_graphs_give_equal_bytes(tmp_path):
    texts = []
    for name in ("a", "b"):
        with sym.NameManager():
            step = sym.optimizers.step(sym.SoftmaxOutput(sym.FullyConnected(sym.var("x"), num_hidden=3), name="loss"), "lamb")
        sym.save_onnx(step, tmp_path / name, shape={"x": (2, 4)})
        texts.append((tmp_path / name).read_bytes())
    assert texts[0] == texts[1]


def test_what_nothing_needs_is_left_out():
    """The outputs of Dropout's mask and of both statistics are not asked for; nothing computes them."""
    net = sym.Dropout(sym.exp(sym.var("x", shape=(2, 3)), name="e"), name="drop")
    model = model_of(net)
    assert [n.op_type for n in model.graph.node] == ["Exp"] and not model.graph.initializer


def test_what_is_said_twice_is_computed_once():
    x = sym.var("x", shape=(2, 3))
    model = model_of(sym.Group([sym.exp(x, name="a"), sym.exp(x, name="b"), sym.exp(x) + sym.exp(x)]))
    assert [n.op_type for n in model.graph.node] == ["Exp", "Add", "Identity"]
    ones = np.ones((2, 3), np.float32)
    found = Runtime(model)({"x": ones})
    np.testing.assert_allclose(found, [np.e * ones, np.e * ones, 2 * np.e * ones], rtol=1e-6)


def test_a_number_that_fills_an_array_takes_no_room():
    big = sym.var("x", shape=(1000, 1000)) + sym.ones((1000, 1000))
    assert model_of(big).ByteSize() < 1000


def test_a_single_variable():
    run = Runtime(model_of(sym.var("x", shape=(2,))))
    np.testing.assert_array_equal(run({"x": np.float32([1, 2])})[0], [1, 2])
    assert (run.inputs, run.outputs) == (["x"], ["x_1"])


def test_equal_and_hostile_names():
    x, y, z = sym.var("x", shape=(2,)), sym.var("x", shape=(2,)), sym.var('"]; <script>\n\x1b[31m', shape=(2,))
    both = sym.exp(x + y + z, name="x")
    graph = sym.Group([both, both, sym.exp(z, name="x")]).graph
    run = Runtime(to_onnx(graph, types_for(graph)))
    assert len(set(run.inputs + run.outputs)) == 6
    found = run(dict(zip(run.inputs, np.float32([[1, 2], [3, 4], [0, 0]]))))
    np.testing.assert_allclose(found[0], np.exp([4, 6]), rtol=1e-6)


def test_dtypes_are_asked_for_and_kept():
    model = model_of(sym.exp(sym.var("x", shape=(2,))), dtype="float64")
    assert {v.type.tensor_type.elem_type for v in (*model.graph.input, *model.graph.output)} == {onnx.TensorProto.DOUBLE}
    model = model_of(sym.Cast(sym.var("x", shape=(2,), dtype="float16"), dtype="int32"))
    assert model.graph.output[0].type.tensor_type.elem_type == onnx.TensorProto.INT32


def test_parameters_that_the_model_holds(tmp_path):
    """Arguments are inputs no more; the value of a state is what it begins with, unless another is fed."""
    path, weight = tmp_path / "step.onnx", np.float32([[1, 2, 3]])
    step = sym.sgd_mom_update(sym.var("w"), sym.var("g"), sym.var("m"), lr=1.0, momentum=0.5, name="step")
    sym.save_onnx(step, path, params={"w": nd.array(weight), "m": np.float32([[2, 2, 2]])})
    run = Runtime(onnx.load(path))
    assert run.inputs == ["g"]
    assert [i.name for i in run.session.get_overridable_initializers()] == ["m"]
    zero = np.zeros((1, 3), np.float32)
    np.testing.assert_array_equal(run({"g": zero})[0], weight + 1)
    np.testing.assert_array_equal(run.session.run(None, {"g": zero, "m": zero})[0], weight)


def test_parameters_that_do_not_fit(tmp_path):
    net = sym.exp(sym.var("x", shape=(2,), dtype="float32"))
    for params, error, message in (
        ({"y": np.ones(2)}, UnknownNameError, "params: no variable named 'y'"),
        ({"x": np.ones(3, np.float32)}, ShapeError, "params: x: "),
        ({"x": np.ones(2)}, DTypeError, "params: x: "),
        ({"x": ["a"]}, DTypeError, r"params: x is \['a'\], no array of numbers"),
    ):
        with pytest.raises(error, match=message):
            save_onnx(net, tmp_path / "x.onnx", params=params)
    assert not os.listdir(tmp_path)


def test_deep_graphs():
    x = sym.var("x", shape=(2,))
    for _ in range(5000):
        x = x + 1
    model = model_of(x)
    assert len(model.graph.node) == 5000


# What is refused


def test_the_operator_and_the_node_are_named(tmp_path):
    path = tmp_path / "x.onnx"
    path.write_bytes(b"old")
    net = sym.erfinv(sym.var("x", shape=(2,)), name="inverse") * 2
    with pytest.raises(OperatorError) as found:
        save_onnx(net, path)
    message = str(found.value)
    assert message.startswith("save_onnx: erfinv has no counterpart among ONNX's core operators")
    assert "in %inverse = erfinv(%x), made at " in message and os.path.basename(__file__) in message
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["x.onnx"]


def test_shapes_that_do_not_follow():
    with pytest.raises(ShapeError, match=r"the shapes of 'x', 'y' do not follow from \{\}; give them"):
        model_of(sym.dot(sym.var("x"), sym.var("y")))
    with pytest.raises(UnknownNameError, match="did you mean 'weight'"):
        model_of(sym.exp(sym.var("weight")), shape={"wieght": (2,)})


def test_only_symbols():
    with pytest.raises(OperatorError, match="save_onnx takes a Symbol, got 3"):
        save_onnx(3, "x.onnx")


def test_names_that_no_file_holds(tmp_path):
    with pytest.raises(FormatError, match="a name holds a lone surrogate"):
        save_onnx(sym.exp(sym.var("\ud800", shape=(2,))), tmp_path / "x.onnx")
    assert not os.listdir(tmp_path)


def test_models_too_large_for_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "LARGEST", 100)
    with pytest.raises(FormatError, match="more than a file holds"):
        save_onnx(momentum_step(), tmp_path / "x.onnx")
    assert not os.listdir(tmp_path)


def test_without_onnx(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnx.helper", None)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'symbolic-ndarray\[onnx\]'"):
        save_onnx(momentum_step(), tmp_path / "x.onnx")


def test_a_model_has_a_limit_of_nodes_and_a_message_that_stays_short(monkeypatch, tmp_path):
    monkeypatch.setattr("symbolic.save.onnx.namespace.MOST_NODES", 1000)
    wide = sym.add_n(*[sym.var("x")] * 2000, name="wide")
    with pytest.raises(LimitError, match="more than 1,000 nodes, the limit") as raised:
        sym.save_onnx(wide, tmp_path / "wide.onnx", shape={"x": (2,)})
    assert len(str(raised.value)) < 2000 and not (tmp_path / "wide.onnx").exists()
    monkeypatch.setattr("symbolic.save.onnx.save.MOST_NODES", 2)
    with pytest.raises(LimitError, match="save_onnx: the graph has 3 nodes, more than the limit of 2"):
        sym.save_onnx(sym.var("x") + sym.var("y"), tmp_path / "wide.onnx", shape={"x": (2,)})


def test_a_long_graph_is_described_by_its_beginning(tmp_path):
    x = sym.var("x")
    for i in range(300):
        x = sym.exp(x, name=f"e{i}")
    sym.save_onnx(x, tmp_path / "deep.onnx", shape={"x": (2,)})
    text = onnx.load(tmp_path / "deep.onnx").doc_string
    assert text.startswith("%e0 = exp(%x)\n%e1") and text.endswith("…") and len(text) == 400
