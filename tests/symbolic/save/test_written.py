"""What is written is what MXNet 1.9.1 writes: names, counted outputs and first values, recorded from it."""

import json
from pathlib import Path

import pytest

import symbolic as sym
from symbolic.save.json.write import dumps
from tests.symbolic.cases import CASES, Case

STORED = json.loads((Path(__file__).parents[2] / "golden/stored_outputs.json").read_text())
"""How many outputs MXNet 1.9.1 counts for a node, by the name and the attributes that it writes."""


def _of(document):
    """Return name and attributes of a document's last node, as `STORED` has them, and how many outputs it counts."""
    node, rows = document["nodes"][-1], document["node_row_ptr"]
    return f"{node['op']} {json.dumps(node.get('attrs', {}), sort_keys=True)}", rows[-1] - rows[-2]


def test_names_and_counted_outputs_of_every_operator_are_mxnets():
    found = dict(_of(json.loads(dumps(Case(sample).graph))) for sample in CASES)
    assert {key: found[key] for key in STORED if key in found} == {key: n for key, n in STORED.items() if key in found}
    assert len(STORED.keys() & found.keys()) > 300


@pytest.mark.parametrize(("params", "counted"), [
    ({"kernel": (2, 2)}, 2), ({"kernel": (2,), "pool_type": "avg"}, 1), ({"global_pool": True}, 1),
    ({"global_pool": True, "kernel": (2, 2)}, 2)])
def test_places_of_maxima_are_counted_where_there_is_a_kernel(params, counted):
    assert _of(json.loads(sym.Pooling(sym.var("x"), **params).tojson()))[1] == counted


def test_one_name_is_written_whichever_was_called_or_read():
    x = sym.var("x")
    for net in (sym.Reshape(x, shape=(0, -1)), sym.reshape(x, shape=(0, -1)), x.reshape((0, -1))):
        document = json.loads(net.tojson())
        assert document["nodes"][-1]["op"] == "Reshape"
        document["nodes"][-1]["op"] = "reshape"
        assert json.loads(sym.load_json(json.dumps(document)).tojson())["nodes"][-1]["op"] == "Reshape"


@pytest.mark.parametrize("make, expected", [
    (lambda x: sym.BatchNorm(x, name="n"), {"n_moving_mean": '["zero", {}]', "n_moving_var": '["one", {}]'}),
    (lambda x: sym.LeakyReLU(x, act_type="prelu", name="n"), {"n_gamma": '["Constant", {"value": 0.25}]'}),
    (lambda x: sym.UpSampling(x, scale=2, sample_type="bilinear", num_args=2, num_filter=1, name="n"),
     {"n_weight": '["bilinear", {}]'})])
def test_variables_that_an_operator_makes_tell_how_they_start(make, expected):
    nodes = json.loads(make(sym.var("x")).tojson())["nodes"]
    assert {n["name"]: n["attrs"]["__init__"] for n in nodes if "__init__" in n.get("attrs", {})} == expected


def test_states_that_old_files_lack_tell_how_they_start():
    nodes = [{"op": "null", "name": n, "inputs": []} for n in ("x", "gamma", "beta")]
    nodes.append({"op": "BatchNorm", "name": "bn", "inputs": [[i, 0] for i in range(3)]})
    net = sym.load_json(json.dumps({"nodes": nodes, "arg_nodes": [0, 1, 2], "heads": [[3, 0]]}))
    assert net.attr_dict() == {"bn_moving_mean": {"__init__": '["zero", {}]'}, "bn_moving_var": {"__init__": '["one", {}]'}}
