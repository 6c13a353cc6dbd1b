"""Symbol JSON: MXNet's own files load, infer, run and save as MXNet does; broken ones are refused with the place."""

import json
import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import symbolic as sym
from ndarray.errors import FormatError, LimitError
from symbolic.save.json.limits import Limits
from symbolic.save.json.read import loads

GOLDEN = Path(__file__).parents[2] / "golden" / "symbol_json"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text())["symbols"]
ARRAYS = np.load(GOLDEN / "arrays.npz")

# Where our text differs from the file: states that MXNet counts as composed have version 1, those in a hand-written
# file 0.
OTHER_TEXT = {"adam_loaded", "signum_loaded", "lars_pipeline_mom_loaded"}
# What MXNet could not infer or compute, and we can.
BETTER = {"lars_pipeline_mom_loaded", "lars_pipeline_mp", "multi_mp_sgd_two"}


@pytest.fixture(params=EXPECTED)
def case(request):
    name = request.param
    return name, EXPECTED[name], sym.load(GOLDEN / EXPECTED[name]["file"])


def test_lists_and_attributes(case):
    name, expected, symbol = case
    for method in ("list_arguments", "list_outputs", "list_auxiliary_states", "list_inputs", "attr_dict"):
        assert getattr(symbol, method)() == expected[method]
    assert symbol.get_internals().list_outputs() == expected["internals"]
    assert symbol.name == expected["name"] and len(symbol) == expected["num_outputs"]
    if expected["list_attr"] is not None:
        assert symbol.list_attr() == expected["list_attr"]


def test_shapes_and_types(case):
    name, expected, symbol = case
    if "infer_shape" in expected:
        given = {k: tuple(v) for k, v in expected["infer_shape"]["given"].items()}
        found = symbol.infer_shape(**given)
        if name in BETTER:
            assert None not in found
        else:
            assert [*found] == [[tuple(s) for s in expected["infer_shape"][k]] for k in ("arg", "out", "aux")]
    if "infer_type" in expected:
        found = symbol.infer_type(**expected["infer_type"]["given"])
        assert [*found] == [[np.dtype(t).type for t in expected["infer_type"][k]] for k in ("arg", "out", "aux")]


def test_runs(case):
    name, expected, symbol = case
    if "run" not in expected:
        return
    run = symbol.bind(args={k: ARRAYS[v].copy() for k, v in expected["run"]["inputs"].items()})
    for array, key in zip(run.forward(), expected["run"]["outputs"], strict=True):
        # Sums over a row and MXNet's own exp differ by the order of additions: a few units in the last place.
        np.testing.assert_allclose(array.asnumpy(), ARRAYS[key], rtol=2e-6, atol=1e-6 if name == "mlp" else 0)
    for state, key in expected["run"]["aux_after"].items():
        np.testing.assert_array_equal(run.aux_dict[state].asnumpy(), ARRAYS[key])


def test_text(case):
    name, expected, symbol = case
    text = (GOLDEN / expected["file"]).read_text().rstrip("\n")
    again = symbol.tojson()
    assert (again == text) is (name not in OTHER_TEXT)
    assert sym.load_json(again).tojson() == again


def test_a_fed_hyper_parameter_is_saved_and_runs_again():
    step = sym.multi_sgd_update(*map(sym.var, "abcd"), lrs=(0.5, sym.var("second")), wds=sym.var("wds"), name="s")
    again = sym.load_json(step.tojson())
    assert again.tojson() == step.tojson() and again.list_arguments() == step.list_arguments()
    arrays = {"a": np.ones(2), "b": np.ones(2), "c": np.ones(3), "d": np.ones(3), "second": np.array([0.25]), "wds": np.zeros(2)}
    for x, y in zip(step.eval(**arrays), again.eval(**arrays)):
        np.testing.assert_array_equal(x.asnumpy(), y.asnumpy())


def test_arrays_as_hyper_parameters_are_saved_exactly():
    lrs = np.array([0.1, 0.2], "float32")
    step = sym.multi_sgd_update(*map(sym.var, "abcd"), lrs=lrs, wds=(0, 0), name="s")
    one = sym.signsgd_update(step[0], sym.var("g"), lr=lrs[:1], name="t")
    again = sym.load_json(one.tojson()).attr_dict()
    assert again["s"]["lrs"] == str(tuple(lrs.tolist())) and float(again["t"]["lr"]) == float(lrs[0])


def test_a_pickle_may_be_larger_than_a_file():
    many = sym.Group([sym.var("x" * 5000)])
    assert pickle.loads(pickle.dumps(many)).name == many.name
    with pytest.raises(LimitError):
        sym.load_json(many.tojson())
    assert sym.load_json(many.tojson(), Limits(name=5000)).name == many.name


def test_an_unknown_attribute_is_kept_with_a_warning():
    text = sym.exp(sym.var("x"), name="e").tojson().replace('"name": "e"', '"name": "e", "attrs": {"speed": "9"}')
    with pytest.warns(UserWarning, match="exp has no parameter speed"):
        assert sym.load_json(text).attr("speed") == "9"


def document(**changes):
    base = {"nodes": [{"op": "null", "name": "x", "inputs": []},
                      {"op": "exp", "name": "e", "inputs": [[0, 0, 0]]}], "arg_nodes": [0], "heads": [[1, 0, 0]]}
    return json.dumps(base | changes)


def node(**changes):
    return document(nodes=[{"op": "null", "name": "x", "inputs": []},
                           {"op": "exp", "name": "e", "inputs": [[0, 0, 0]]} | changes])


@pytest.mark.parametrize("text, place", [
    ("", "the text is empty"), ("[]", "object"), ("{}", "nodes: is missing"), (document(nodes=3), "nodes: expected a list, got 3"),
    (document(heads=[]), "no output"), (document(heads=[[7, 0]]), "heads[0]: node 7"),
    (document(heads=[[1, 3]]), "heads[0]: 'e' has 1 output,"), (document(heads=["a"]), "heads[0]"),
    (node(op="exq"), "nodes[1].op: no operator named 'exq'; did you mean 'exp'"), (node(op=None), "nodes[1].op"),
    (node(inputs=[[1, 0, 0]]), "nodes[1].inputs[0]: node 1 does not come before"), (node(inputs=[[-1, 0]]), "nodes[1].inputs[0]"),
    (node(inputs=[]).replace('"heads"', '"attrs": {"mxnet_version": ["int", 900]}, "heads"'), "exp takes data; missing: data"),
    (node(inputs=[[0, 0], [0, 0]]), "takes 1 input, got 2"),
    (node(inputs=[[0, 9]]), "nodes[1].inputs[0]: 'x' has 1 output,"), (node(attrs={"a": 3}), "nodes[1].attrs.a: expected text, got 3"),
    (node(op="sum", attrs={"axis": "one"}), "nodes[1]: e: axis='one'"), (node(op="one_hot"), "required parameter depth"),
    (node(op="_plus_scalar", attrs={"scalar": "%9"}), "the inputs that feed parameters, %9, are not the last 1 of 1"),
    ('{"nodes": [], "nodes": []}', "duplicate key 'nodes'"), (document(x=float("nan")), "NaN is not a JSON number"),
    (b"\xff", "byte 0"), ("[" * 100_000, "nested"), (document(x=eval("[" * 64 + "]" * 64)), "nested"),
    (node(more=eval("[" * 62 + "]" * 62)), "nested"), (document(x=1).replace("1}", "1e999}"), "1e999"),
    (document(x=1).replace("x\": 1}", "x\": " + "1" * 5000 + "}"), "too many digits"),
    (node(name="\ud800"), "nodes[1].name"), (node(attrs={"__a__": "\udfff"}), "nodes[1].attrs.__a__"),
    (node(op="SliceChannel", attrs={"num_outputs": "1000000"}), "more outputs than the limit of 1,000,000"),
    (node(op="multi_sum_sq", attrs={"num_arrays": "100000000000"}), "the limit is 1,000,000"), (node(inputs=[[True, 0]]), "[True, 0]"),
    (node(name="n" * 5000), "nodes[1].name: has 5,000 characters"), (node(inputs=[[10 ** 30, 0]]), "does not come before"),
])
def test_a_broken_file_is_refused_with_the_place(text, place):
    with pytest.raises((FormatError, LimitError)) as error:
        sym.load_json(text)
    assert place in str(error.value)


def test_brackets_up_to_the_limit_are_read():
    assert sym.load_json(document(x=eval("[" * 63 + "]" * 63))).name == "e"


def test_the_first_of_many_doubled_keys_is_found_in_no_time():
    keys = ", ".join(f'"k{i}": 0' for i in range(100_000))
    with pytest.raises(FormatError, match="duplicate key 'k99999'"):
        sym.load_json("{" + keys + ', "k99999": 0}')


def test_a_state_written_twice_counts_its_versions():
    mom = sym.var("mom")
    first = sym.sgd_mom_update(sym.var("w"), sym.var("g"), mom, lr=1, name="a")
    second = sym.sgd_mom_update(first, sym.var("h"), mom, lr=1, name="b")
    nodes = json.loads(second.tojson())["nodes"]
    assert [n["inputs"][2] for n in nodes if n["op"] != "null"] == [[2, 0, 1], [2, 0, 2]]


def test_a_name_that_no_file_can_hold(tmp_path):
    with pytest.raises(FormatError, match="lone surrogate"):
        sym.var("\ud800").save(tmp_path / "s.json")
    assert not os.listdir(tmp_path)


def test_limits():
    for limits in (Limits(text=10), Limits(nodes=1), Limits(edges=0), Limits(name=0), Limits(value=0), Limits(outputs=1)):
        text = sym.sum(sym.var("x"), axis=1, name="s").tojson()
        with pytest.raises(LimitError):
            loads(text, limits)


def test_a_gradient_of_a_million_tensors_is_refused_before_they_are_named():
    text = sym.multi_sgd_update(sym.var("w"), sym.var("g"), lrs=(0.1,), wds=(0.0,), num_weights=1, name="s").tojson()
    document = json.loads(text)
    document["nodes"][2]["op"] = "_backward_multi_sgd_update"
    document["nodes"][2]["attrs"] |= {"heads": "(0,)", "wrt": "(0,)", "num_weights": "900000"}
    with pytest.raises(FormatError, match=r"takes at least 900001 inputs, got 2") as caught:
        sym.load_json(json.dumps(document))
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("entry", [[0, True], [0, 0.0], [False, 0], [0, 0, -1], [0, 0, None], [0], [0, 0, 0, 0], [0, 1], [9, 0],
                                   [-1, 0], {"0": 0}, "00", None])
def test_entries_that_are_not_well_formed(entry):
    nodes = [{"op": "null", "name": "x", "inputs": []}, {"op": "exp", "name": "e", "inputs": [entry]}]
    with pytest.raises(FormatError, match=r"nodes\[1\].inputs\[0\]"):
        sym.load_json(json.dumps({"nodes": nodes, "arg_nodes": [0], "heads": [[1, 0]]}))


def test_layers_that_repeat_share_what_is_known_of_them():
    net = sym.var("x")
    for i in range(3):
        net = sym.FullyConnected(net, num_hidden=2 + i // 2, name=f"fc{i}", attr={"ctx_group": "a"})
    again = sym.load_json(net.tojson())
    assert again.tojson() == net.tojson()
    first, second, third = [n for n in again.graph.nodes if n.op is not None]
    assert first.params is second.params and first.complete_params is second.complete_params
    assert dict(third.params)["num_hidden"] == 3


def test_truncation_at_any_byte_is_an_error_of_ours():
    text = sym.signsgd_update(sym.var("w"), sym.var("größe"), lr=sym.var("lr"), name="s").tojson().encode()
    for n in range(len(text)):
        with pytest.raises(FormatError):
            sym.load_json(text[:n])


def test_saving_is_atomic(tmp_path, monkeypatch):
    path = tmp_path / "s.json"
    sym.var("old").save(path)

    def full_disk(handle):
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="space"):
        sym.var("new").save(path)
    assert sym.load(path).name == "old" and os.listdir(tmp_path) == ["s.json"]


def test_a_file_that_is_broken_is_named(tmp_path):
    path = tmp_path / "s.json"
    path.write_text("{")
    with pytest.raises(FormatError, match="s.json.*line 1"):
        sym.load(path)
    with pytest.raises(TypeError):
        sym.load_json(3)


def test_loading_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for expected in EXPECTED.values():
            sym.load(GOLDEN / expected["file"])


@pytest.mark.parametrize("make, outputs", [
    (lambda x: sym.sort(x, name="n"), ["n_output0"]), (lambda x: sym.topk(x, ret_typ="value", name="n"), ["n_output0"]),
    (lambda x: sym.topk(x, name="n"), ["n_output"]), (lambda x: sym.argsort(x, name="n"), ["n_output"]),
    (lambda x: sym.split(x, num_outputs=1, name="n"), ["n_output0"]),
    (lambda x: sym.topk(x, ret_typ="both", name="n"), ["n_output0", "n_output1"]),
])
def test_a_lone_output_is_numbered_where_mxnet_counts_more(make, outputs):
    assert make(sym.var("x")).list_outputs() == outputs


def test_the_file_of_a_gradient_loads_in_a_process_that_has_made_none(tmp_path):
    x = sym.var("x")
    sym.gradient(sym.make_loss(sym.exp(x)), ["x"]).save(tmp_path / "gradient.json")
    code = f"import symbolic as sym; print(sym.load({str(tmp_path / 'gradient.json')!r}).list_arguments())"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True,
                          cwd=Path(__file__).parents[3])
    assert (done.stdout, done.stderr) == ("['x']\n", "")


def test_a_gradient_needs_the_number_of_inputs_of_its_operator():
    net = sym.UpSampling(sym.var("x"), sym.var("w"), num_args=2, num_filter=2, sample_type="bilinear", scale=2)
    document = json.loads(sym.gradient(net, ["x"]).tojson())
    del document["nodes"][-1]["attrs"]["num_args"]
    with pytest.raises(FormatError, match="a gradient of UpSampling needs num_args"):
        sym.load_json(json.dumps(document))
