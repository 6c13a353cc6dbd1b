"""Symbol files of every era load as the version of MXNet that wrote them meant them."""

import json

import pytest

import symbolic as sym


def text(*nodes, heads=None, version=None, **more):
    """Return a file; a node is (op, name, inputs, and keys of the record)."""
    records = [{"op": op, "name": name, "inputs": inputs, **keys} for op, name, inputs, keys in nodes]
    if version:
        more["attrs"] = {"mxnet_version": ["int", version]}
    return json.dumps({"nodes": records, "heads": heads or [[len(nodes) - 1, 0]], **more})


def variables(*names):
    return [("null", name, [], {}) for name in names]


@pytest.mark.parametrize("key", ["attr", "param", "attrs"])
@pytest.mark.parametrize("entry", [[0, 0], [0, 0, 0], [0, 0, 3]])
def test_eras_of_attributes_and_entries(key, entry):
    symbol = sym.load_json(text(("null", "x", [], {"attr": {"lr_mult": "2", "ctx_group": "dev1"}}),
                                ("sum", "s", [entry], {key: {"axis": "1"}, "backward_source_id": -1}), arg_nodes=[0]))
    assert symbol.list_attr() == {"axis": "1"}
    assert symbol.attr_dict()["x"] == {"lr_mult": "2", "__lr_mult__": "2", "ctx_group": "dev1", "__ctx_group__": "dev1"}
    assert sym.load_json(symbol.tojson()).attr_dict() == symbol.attr_dict()


def test_before_0_9_parameters_and_attributes_stood_apart():
    symbol = sym.load_json(text(*variables("x", "w", "b"), ("FullyConnected", "fc", [[0, 0], [1, 0], [2, 0]],
                                {"param": {"num_hidden": "4", "no_bias": "False"}, "attr": {"ctx_group": "dev2"}})))
    assert symbol.list_attr() == {"num_hidden": "4", "no_bias": "False", "ctx_group": "dev2", "__ctx_group__": "dev2"}
    assert symbol.infer_shape(x=(2, 3))[0] == [(2, 3), (4, 3), (4,)]


def test_a_multiplier_on_a_layer_belongs_to_the_variable():
    symbol = sym.load_json(text(*variables("x", "w", "b"), ("FullyConnected", "fc", [[0, 0], [1, 0], [2, 0]],
                                {"attr": {"num_hidden": "4", "weight_lr_mult": "0.5", "bias_wd_mult": "0"}})))
    assert symbol.attr("num_hidden") == "4" and symbol.attr("weight_lr_mult") is None
    assert symbol.attr_dict()["w"]["lr_mult"] == "0.5" and symbol.attr_dict()["b"]["__wd_mult__"] == "0"


def test_a_multiplier_of_what_is_no_variable_is_kept_with_a_warning():
    nodes = *variables("x"), ("exp", "e", [[0, 0]], {}), ("exp", "f", [[1, 0]], {"attr": {"data_lr_mult": "2"}})
    with pytest.warns(UserWarning, match="exp has no parameter data_lr_mult"):
        assert sym.load_json(text(*nodes)).attr("data_lr_mult") == "2"


def test_states_that_old_files_leave_out_are_added():
    nodes = *variables("x", "g", "b"), ("BatchNorm", "bn", [[0, 0], [1, 0], [2, 0]], {})
    assert sym.load_json(text(*nodes)).list_auxiliary_states() == ["bn_moving_mean", "bn_moving_var"]


def test_axis_minus_one_meant_all_axes():
    node = ("argmax", "a", [[0, 0]], {"attr": {"axis": "-1"}})
    assert sym.load_json(text(*variables("x"), node)).infer_shape(x=(2, 3))[1] == [(1,)]
    assert sym.load_json(text(*variables("x"), node, version=904)).attr("axis") is None
    assert sym.load_json(text(*variables("x"), node, version=10901)).infer_shape(x=(2, 3))[1] == [(2,)]


def test_one_old_variable_gets_several_attributes():
    nodes = (*variables("x"), ("null", "w", [], {"attr": {"lr_mult": "3"}}), *variables("b"),
             ("FullyConnected", "fc", [[0, 0], [1, 0], [2, 0]],
              {"param": {"num_hidden": "4"}, "attr": {"weight_wd_mult": "0"}}))
    found = sym.load_json(text(*nodes)).attr_dict()["w"]
    assert found["lr_mult"] == "3" and found["wd_mult"] == "0"
