"""Symbol files of every era load as the version of MXNet that wrote them meant them."""

import json

import numpy as np
import pytest

import symbolic as sym
from ndarray.errors import FormatError, ShapeError


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


@pytest.mark.parametrize("op, given, params, added, states", [
    ("FullyConnected", 1, {"num_hidden": "4"}, ["n_weight", "n_bias"], []),
    ("FullyConnected", 1, {"num_hidden": "4", "no_bias": "True"}, ["n_weight"], []),
    ("FullyConnected", 2, {"num_hidden": "4"}, ["n_bias"], []),
    ("FullyConnected", 0, {"num_hidden": "4"}, ["n_data", "n_weight", "n_bias"], []),
    ("Convolution", 1, {"kernel": "(1, 1)", "num_filter": "2"}, ["n_weight", "n_bias"], []),
    ("BatchNorm", 1, {}, ["n_gamma", "n_beta"], ["n_moving_mean", "n_moving_var"]),
    ("SoftmaxOutput", 1, {}, ["n_label"], []),
    ("elemwise_add", 1, {}, ["n_rhs"], []),
    ("LeakyReLU", 1, {"act_type": "prelu"}, ["n_gamma"], []),
    ("RNN", 1, {"mode": "lstm", "state_size": "2", "num_layers": "1"}, ["n_parameters", "n_state", "n_state_cell"], []),
])
def test_inputs_that_the_first_files_leave_out_are_added(op, given, params, added, states):
    names = [f"x{i}" for i in range(given)]
    nodes = *variables(*names), (op, "n", [[i, 0] for i in range(given)], {"param": params})
    symbol = sym.load_json(text(*nodes))
    assert (symbol.list_arguments(), symbol.list_auxiliary_states()) == ([*names, *added], states)
    assert sym.load_json(symbol.tojson()).tojson() == symbol.tojson()
    if any(name not in states for name in added):
        with pytest.raises(FormatError, match="missing: "):
            sym.load_json(text(*nodes, version=904))


@pytest.mark.parametrize("op", ["Concat", "add_n"])
def test_inputs_of_which_there_are_many_are_added(op):
    """As many as the node states; what a file states without end is not named."""
    symbol = sym.load_json(text(*variables("x"), (op, "n", [[0, 0]], {"param": {"num_args": "3"}})))
    assert symbol.list_arguments() == ["x", "n_arg1", "n_arg2"]
    assert sym.load_json(symbol.tojson()).tojson() == symbol.tojson()
    for stated, version in (("3", 904), ("1000000", 800), ("1", 800)):
        with pytest.raises(FormatError, match="n: got 2 arrays"):
            sym.load_json(text(*variables("x", "y"), (op, "n", [[0, 0], [1, 0]], {"param": {"num_args": stated}}),
                               version=version))


def test_what_the_first_files_leave_out_has_the_attributes_of_its_node():
    symbol = sym.load_json(text(*variables("x"), ("FullyConnected", "fc", [[0, 0]], {
        "param": {"num_hidden": "4"}, "attr": {"ctx_group": "a", "lr_mult": "2"}})))
    assert json.loads(symbol.tojson())["nodes"][1]["attrs"] == {"__ctx_group__": "a", "__lr_mult__": "2", "num_hidden": "4"}


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


def one(op, attrs, version=10901):
    return sym.load_json(text(*variables("x"), (op, "o", [[0, 0]], {"attrs": attrs}), version=version))


@pytest.mark.parametrize("attrs, shape", [
    ({"target_shape": "(0,)"}, (24,)), ({"target_shape": "(4, 6)", "shape": "()"}, (4, 6)),
    ({"target_shape": "(0, 6)", "keep_highest": "False"}, (4, 6)), ({"target_shape": "(9, 0)", "keep_highest": "True"}, (2, 12)),
    ({"shape": "(0, -1)", "target_shape": "(7, 7)", "keep_highest": "False", "reverse": "False"}, (2, 12))])
def test_reshape_had_a_target_with_codes_of_its_own(attrs, shape):
    net = one("Reshape", attrs, version=800)
    assert net.infer_shape(x=(2, 3, 4))[1] == [shape] == sym.load_json(net.tojson()).infer_shape(x=(2, 3, 4))[1]
    assert net.eval(x=np.zeros((2, 3, 4)))[0].shape == shape


def test_reshape_to_a_target_of_another_size_is_refused():
    with pytest.raises(ShapeError):
        one("Reshape", {"target_shape": "(5, 5)"}).infer_shape(x=(2, 3))


def test_long_integers_of_python_2_in_parameters_and_variables():
    assert one("slice_axis", {"axis": "1L", "begin": "0", "end": "2L"}).infer_shape(x=(2, 6))[1] == [(2, 2)]
    assert one("Reshape", {"shape": "(0L, -1L)"}).infer_shape(x=(2, 3, 2))[1] == [(2, 6)]
    pooled = one("Pooling", {"kernel": "(2L, 2L)", "stride": "[2L, 2L]"})
    assert pooled.infer_shape(x=(1, 1, 4, 4))[1] == [(1, 1, 2, 2)] and pooled.list_attr()["kernel"] == "(2, 2)"
    declared = sym.load_json(text(("null", "x", [], {"attrs": {"__shape__": "(2L, 3L)"}}), ("exp", "e", [[0, 0]], {})))
    assert declared.infer_shape()[1] == [(2, 3)]
    for wrong in ("(2LL, 2)", "(L,)", "(2l,)"):
        with pytest.raises(FormatError):
            one("Pooling", {"kernel": wrong})


@pytest.mark.parametrize("own", [{"lr_mult": "3"}, {"__lr_mult__": "3"}, {"lr_mult": "3", "__lr_mult__": "2"}])
def test_a_layers_factor_goes_before_the_variables_own(own):
    nodes = (*variables("x"), ("null", "w", [], {"attr": own}), *variables("b"),
             ("FullyConnected", "fc", [[0, 0], [1, 0], [2, 0]], {"attr": {"num_hidden": "4", "weight_lr_mult": "0.5"}}))
    assert sym.load_json(text(*nodes)).attr_dict()["w"] == {"lr_mult": "0.5", "__lr_mult__": "0.5"}


@pytest.mark.parametrize("op, attrs, shape", [
    ("Dropout", {"axes": "None"}, (2, 3, 4, 4)), ("sum", {"axis": "None"}, (1,)), ("squeeze", {"axis": "None"}, (2, 3, 4, 4)),
    ("Pooling", {"kernel": "None", "global_pool": "True"}, (2, 3, 1, 1)),
    ("slice", {"begin": "(None,1)", "end": "(None,3)", "step": "None"}, (2, 2, 4, 4))])
def test_none_is_a_shape_that_was_not_given(op, attrs, shape):
    assert one(op, attrs).infer_shape(x=(2, 3, 4, 4))[1] == [shape]
