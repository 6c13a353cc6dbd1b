"""Netron, which people look at models with, opens what we write: names, attributes and inputs are in their places.

Its parser runs under node as it does in its page.  It is taken from the folder that the environment variable NETRON
names, from a ``node_modules`` at hand, or from the Python package ``netron``, which holds the same modules.
"""

import json
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

import symbolic as sym
from symbolic import optimizers
from symbolic.graph.node import Entry
from symbolic.save.onnx.save import types_for
from tests.symbolic.save.onnx.test_networks import NETWORKS

ROOT = Path(__file__).parents[3]
SCRIPT = Path(__file__).with_name("netron.mjs")
GOLDEN = {path.stem: path for path in sorted((ROOT / "tests/golden/symbol_json").glob("*.json"))
          if path.stem != "expected"}


def modules():
    """Return the folder of netron's modules, or None."""
    places = [os.environ.get("NETRON"), *(folder / "node_modules/netron" for folder in (Path.cwd(), ROOT))]
    found = find_spec("netron")
    places += found.submodule_search_locations if found else []
    return next((folder for place in places if place for folder in (Path(place), Path(place) / "source")
                 if (folder / "view.js").is_file()), None)


@pytest.fixture(scope="module")
def netron(tmp_path_factory):
    """Return a function that returns what netron finds in files."""
    node, source = shutil.which("node"), modules()
    if node is None:
        pytest.skip("node is not installed")
    if source is None:
        pytest.skip("netron is not installed")
    folder = tmp_path_factory.mktemp("netron")
    for path in source.iterdir():
        if path.suffix in (".js", ".json") and path.is_file():
            shutil.copy(path, folder)
    # Without this node takes them for modules of the older kind.
    (folder / "package.json").write_text('{"type": "module"}')

    def opened(*files):
        done = subprocess.run([node, SCRIPT, folder, *files], capture_output=True, timeout=120, check=True)
        return [json.loads(line) for line in done.stdout.decode().splitlines()]

    return opened


def only_graph(model):
    assert model["errors"] == []
    graph, = model["graphs"]
    return graph


def ends(arguments):
    """Return the values of inputs or outputs by name, in order."""
    return [(a["name"], [v["name"] for v in a["values"]]) for a in arguments]


# JSON


def same(value, text):
    """Compare an attribute, which netron reads where it knows the operator, with the text in the file."""
    if isinstance(value, str):
        return value == text
    if isinstance(value, list):
        return value == [float(part) for part in text.strip("()[]").split(",") if part.strip()]
    return value == (text == "True") if isinstance(value, bool) else value == float(text)


def check_json(path, model):
    """Compare what netron has found in a file with the symbol that we read there, and with the file's text."""
    graph = sym.load(path).graph
    written = json.loads(Path(path).read_text(encoding="utf-8"))
    records, found = written["nodes"], only_graph(model)
    drawn = {n["name"]: n for n in found["nodes"]}
    places = {v for _, values in ends(found["inputs"]) for v in values}
    assert model["format"] == "MXNet v1.9.1"
    assert drawn.keys() == {n.name for n in graph.nodes if n.op is not None}
    for record in records:
        if record["op"] == "null":
            continue
        shown, attrs = drawn[record["name"]], record.get("attrs", {})
        assert shown["type"] == record["op"]
        assert shown["attributes"].keys() == attrs.keys()
        assert all(same(shown["attributes"][k], text) for k, text in attrs.items())
        used = [v for a in shown["inputs"] for v in a["values"]]
        assert [v["name"] for v in used] == [f"[{at},{index}]" for at, index, *_ in record["inputs"]]
        # Netron draws parameters of layers within the node; what is left are inputs of the graph.
        fed = [v["name"] for v in used if not v["constant"] and records[json.loads(v["name"])[0]]["op"] == "null"]
        assert set(fed) <= places
    assert [v for _, values in ends(found["outputs"]) for v in values] == [
        f"[{at},{index}]" for at, index, *_ in written["heads"]]


def test_every_golden_json(netron):
    """As MXNet has written it, and as we write it."""
    for name, model in zip(GOLDEN, netron(*GOLDEN.values()), strict=True):
        check_json(GOLDEN[name], model)


def test_golden_json_written_by_us(netron, tmp_path):
    for name, path in GOLDEN.items():
        sym.load(path).save(tmp_path / f"{name}.json")
    for name, model in zip(GOLDEN, netron(*(tmp_path / f"{name}.json" for name in GOLDEN)), strict=True):
        check_json(tmp_path / f"{name}.json", model)


def whole_steps():
    loss = sym.SoftmaxOutput(sym.FullyConnected(sym.var("image"), num_hidden=10, name="fc"), name="softmax")
    for rule in ("sgd", "signsgd", "adam", "lamb", "lars"):
        yield rule, optimizers.step(loss, rule), {"image": (8, 64)}
    for name, (make, shapes) in NETWORKS.items():
        yield name.replace(" ", "_"), make(), shapes


def test_json_of_networks_and_whole_steps(netron, tmp_path):
    made = [(tmp_path / f"{name}.json", symbol) for name, symbol, _ in whole_steps()]
    for path, symbol in made:
        symbol.save(path)
    for (path, _), model in zip(made, netron(*(path for path, _ in made)), strict=True):
        check_json(path, model)


# ONNX


def test_onnx_of_networks_and_whole_steps(netron, tmp_path):
    pytest.importorskip("onnx")
    made = [(tmp_path / f"{name}.onnx", symbol, shapes) for name, symbol, shapes in whole_steps()]
    for path, symbol, shapes in made:
        sym.save_onnx(symbol, path, shape=shapes)
    for (_, symbol, shapes), model in zip(made, netron(*(path for path, *_ in made)), strict=True):
        check_onnx(symbol, shapes, model)


def check_onnx(symbol, shapes, model):
    """Compare what netron has found in a symbol's ONNX file with the symbol."""
    graph, found = symbol.graph, only_graph(model)
    types = types_for(graph, shapes)
    assert (model["format"], model["producer"]) == ("ONNX v10", "symbolic-ndarray")
    assert [(a["name"], a["values"][0]["type"]) for a in found["inputs"]] == [
        (n.name, netron_type(types[Entry(n)])) for n in graph.variables]
    assert [a["name"] for a in found["outputs"]] == [*symbol.list_outputs(), *(f"{n.name}_new" for n in graph.written)]
    by_name = {n.name: n for n in graph.nodes if n.op is not None}
    for node in found["nodes"]:
        if node["metadata"]:
            of = by_name[node["metadata"]["node"]]
            assert node["metadata"]["operator"] == of.op.name and node["description"].startswith(f"part of %{of.name} = ")
        # Every arrow has its type; netron knows the operator, and so the names of its inputs.
        assert all(v["type"] for a in (*node["inputs"], *node["outputs"]) for v in a["values"] if v["name"])
        assert not any(a["name"].isdigit() for a in node["inputs"] if node["type"] != "Concat")


def netron_type(type_):
    return f"{type_.dtype}[{','.join(map(str, type_.shape))}]" if type_.shape else str(type_.dtype)


def test_a_step_as_netron_shows_it(netron, tmp_path):
    """Attributes and constants of the nodes of one step, word for word."""
    pytest.importorskip("onnx")
    step = sym.signsgd_update(sym.var("w", shape=(2, 3)), sym.var("g"), lr=sym.var("lr"), wd=0.5, name="step")
    sym.save_onnx(step, tmp_path / "step.onnx")
    model, = netron(tmp_path / "step.onnx")
    found = only_graph(model)
    assert model["description"].startswith("%step = signsgd_update(%w, %g, %lr, lr=%2, wd=0.5)")
    assert [(a["name"], a["values"][0]["description"]) for a in found["inputs"]] == [
        ("w", "argument"), ("g", "argument"), ("lr", "lr of step (signsgd_update)")]
    assert {"Sign", "IsNaN", "Where", "Mul", "Sub"} <= {n["type"] for n in found["nodes"]}
    sign = next(n for n in found["nodes"] if n["type"] == "Sign")
    assert sign["name"] == "step/Sign" and sign["metadata"] == {
        "node": "step", "operator": "signsgd_update", "lr": "%2", "wd": "0.5"}
    choice = next(n for n in found["nodes"] if n["type"] == "Where")
    assert [name for name, _ in ends(choice["inputs"])] == ["condition", "X", "Y"]
    assert choice["inputs"][1]["values"][0]["constant"] and choice["outputs"][0]["values"][0]["type"] == "float32[2,3]"
