"""The sweeps over files: what they promise on a few."""

import difflib
import json

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from benchmarks import fuzz, zoo
from ndarray.errors import FormatError, LimitError, MXNetError, ShapeError
from ndarray.paramsfile import load_frombuffer, save_to_bytes
from symbolic.cli.main import main
from symbolic.save.check import find_problems
from symbolic.save.code import to_code
from symbolic.save.json.limits import Limits


@pytest.mark.filterwarnings("ignore")
def test_mutated_files_raise_errors_of_the_family():
    assert {what for _, what, _, _, _ in fuzz.failures(None, 0, range(500), seconds=60)} <= {"", "refused"}


def test_a_folder_of_files_is_a_table(tmp_path):
    net = sym.FullyConnected(sym.var("data"), num_hidden=3, name="fc")
    net.save(tmp_path / "good.json")
    (tmp_path / "odd.json").write_text(net.tojson().replace("FullyConnected", "mystery"))
    (tmp_path / "broken.json").write_text("{")
    found = {cells[0]: (cells, fine) for cells, fine in zoo.rows(tmp_path, {"data": (2, 4)}, False, 10**6)}
    assert all(fine for _, fine in found.values())
    assert found["good.json"][0][-1] == "2×3" and "not registered: mystery" in found["odd.json"][0][-1]
    assert found["broken.json"][0][2] == "refused"


@pytest.mark.parametrize("text", ["((1,))", "(", "%", "{}", "1" * 30, "1" * 5000, ",", "f4,f4", "²", "()f4"])
def test_any_text_for_a_dtype_is_refused(text):
    x = sym.var("x", attr={"__dtype__": text})
    with pytest.raises(MXNetError, match="is not an element type"):
        x.infer_type()
    assert "sym.var" in to_code(x.graph)


def _gradient():
    x = sym.var("x", shape=(2, 8, 2, 3))
    net = sym.make_loss(sym.depth_to_space(x, block_size=2, name="deep"), name="cost")
    return json.loads(net.gradient("x").tojson())


@pytest.mark.parametrize("wrt", ["(-1,)", "()", "(0, 0)", "(1,)"])
def test_a_gradient_in_a_file_is_of_inputs_that_there_are(wrt):
    document = _gradient()
    document["nodes"][-1]["attrs"]["wrt"] = wrt
    with pytest.raises(FormatError, match="do not fit"):
        sym.load_json(json.dumps(document))


def test_a_gradient_in_a_file_has_the_shapes_of_its_operator():
    document = _gradient()
    cost = next(i for i, node in enumerate(document["nodes"]) if node["name"] == "cost")
    document["nodes"][-1]["inputs"][2] = [cost, 0, 0]
    with pytest.raises(ShapeError, match="deep_grad"):
        sym.load_json(json.dumps(document)).infer_shape()


def test_a_gradient_tells_shapes_as_its_operator_does():
    document = _gradient()
    del document["nodes"][0]["attrs"]
    loaded = sym.load_json(json.dumps(document))
    assert loaded.infer_shape(x=(1, 4, 2, 2))[1] == [(1, 4, 2, 2)]
    loaded.bind(args={"x": np.ones((1, 4, 2, 2), "float32")}).forward()


def test_a_gradient_of_many_in_a_file_has_their_number():
    document = json.loads(sym.make_loss(sym.add_n(*map(sym.var, "abc"))).gradient("a").tojson())
    del document["nodes"][-1]["attrs"]["num_args"]
    with pytest.raises(FormatError, match="add_n needs num_args"):
        sym.load_json(json.dumps(document))


def test_indices_of_a_file_that_are_as_far_apart_as_numbers_go():
    rows = nd.sparse.row_sparse_array((np.ones((2, 1), "float32"), [1, 3]), shape=(4, 1))
    matrix = nd.sparse.csr_matrix(([1.0, 2.0], [1, 2], [0, 1, 2]), shape=(2, 3))
    least = (-2**63).to_bytes(8, "little", signed=True)
    for array, at in ((rows, -16), (matrix, -40)):
        data = save_to_bytes([array])
        with pytest.raises(FormatError):
            load_frombuffer(data[:at] + least + data[at + 8:])


@pytest.fixture
def compared(monkeypatch):
    """Return a list that receives each name that is compared with all known ones, which takes long."""
    names, compare = [], difflib.get_close_matches
    monkeypatch.setattr(difflib, "get_close_matches", lambda name, *args, **more: names.append(name) or compare(
        name, *args, **more))
    return names


def _chain(operators):
    nodes = [{"op": "null", "name": "x", "inputs": []}]
    nodes += [{"op": op, "name": f"n{i}", "inputs": [[i, 0, 0]]} for i, op in enumerate(operators)]
    return json.dumps({"nodes": nodes, "arg_nodes": [0], "heads": [[len(nodes) - 1, 0, 0]]})


def test_near_names_are_looked_for_a_few_times_only(compared):
    text = _chain([f"mystery{i}" for i in range(1000)])
    assert len(find_problems(text)) == 1000 and len(compared) <= 20
    compared.clear()
    assert len(sym.load_json(text, unknown="keep").graph.nodes) == 1001 and not compared
    net = sym.load_json(_chain(["exp"] * 6000)).get_internals()
    with pytest.raises(MXNetError, match="no output named 'n'"):
        net["n"]
    assert not compared


def test_a_command_warns_of_a_few_unknown_operators_and_counts_the_others(tmp_path, capsys, compared):
    path = tmp_path / "net.json"
    path.write_text(_chain([f"mystery{i}" for i in range(50)]))
    assert main(["show", str(path)]) == 0
    assert "30 more operators that are not registered" in capsys.readouterr().err and len(compared) <= 20


def test_gradients_of_gradients_go_as_far_as_a_limit():
    name = "_backward_" * 400 + "exp"
    with pytest.raises(FormatError, match="no operator named"):
        sym.load_json(_chain([name]))
    with pytest.raises(LimitError, match=r"nodes\[1\].op: has 9,003 characters"):
        sym.load_json(_chain(["_backward_" * 900 + "exp"]), unknown="keep")


@pytest.mark.parametrize("op, params", [("polygamma", {"n": "1000000"}), ("polygamma", {"n": "9" * 40}), (
    "RNN", {"state_size": "3", "num_layers": "1000000", "mode": "lstm"})])
def test_numbers_that_make_loops_have_limits(op, params):
    document = json.loads(_chain([op]))
    document["nodes"][1]["attrs"] = params
    with pytest.raises(FormatError, match="within"):
        sym.load_json(json.dumps(document))


def test_different_unknown_operators_have_a_limit_of_their_own():
    text = _chain([f"mystery{i}" for i in range(11)])
    assert len(sym.load_json(text, Limits(unregistered=11), unknown="keep").graph.nodes) == 12
    with pytest.raises(LimitError, match=r"nodes\[11\].op: the file has more than 10 different operators"):
        sym.load_json(text, Limits(unregistered=10), unknown="keep")
    assert len(sym.load_json(_chain(["mystery"] * 11), Limits(unregistered=1), unknown="keep").graph.nodes) == 12
