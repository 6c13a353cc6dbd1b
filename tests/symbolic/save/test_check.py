"""Checking a file names all that is wrong with it, each with its place."""

import json
from pathlib import Path

import pytest

import symbolic as sym
from symbolic.save import check
from symbolic.save.check import find_problems

GOLDEN = Path(__file__).parents[2] / "golden" / "symbol_json"


def places(document):
    return [(p.location, p.serious) for p in find_problems(json.dumps(document))]


def variable(name, **more):
    return {"op": "null", "name": name, "inputs": []} | more


def test_mxnets_files_have_no_errors():
    for path in GOLDEN.glob("*.json"):
        if path.name != "expected.json":
            assert not [p for p in find_problems(path.read_bytes()) if p.serious]


def test_everything_is_found_in_one_go():
    document = {"nodes": [
        3, variable("x"), {"op": "exq", "name": 5, "inputs": [[0, 0], [9, 9], [1, 1]], "attrs": {"__a__": 3}},
        {"op": "exp", "name": "z", "inputs": [[2, 0]], "attrs": {"q": "3"}}, {"op": "sum", "name": "s", "inputs": [[1, 0]],
                                                                              "attrs": {"axis": "?"}},
    ], "heads": [[3, 0], [8, 8]], "arg_nodes": [7]}
    assert places(document) == [
        ("nodes[0]", True), ("nodes[2].name", True), ("nodes[2].attrs.__a__", True), ("nodes[2].inputs[1]", True),
        ("nodes[2].inputs[2]", True), ("nodes[2].op", True), ("nodes[4]", True), ("heads[1]", True), ("arg_nodes", False)]


@pytest.mark.parametrize("text, place", [("{", "line 1, column 2"), (b"\xff", "byte 0"), ("[]", ""), ("{}", "nodes")])
def test_what_cannot_be_read_is_one_problem(text, place):
    problem, = find_problems(text)
    assert problem.serious and problem.location == place


def test_likely_mistakes_are_warnings():
    document = {"nodes": [variable("x"), variable("x"), {"op": "elemwise_add", "name": "a", "inputs": [[0, 0], [1, 0]]},
                          {"op": "exp", "name": "e", "inputs": [[2, 0]], "attrs": {"speed": "9"}},
                          {"op": "exp", "name": "e", "inputs": [[3, 0]]}, variable("unused")],
                "heads": [[4, 0]], "arg_nodes": [0, 1, 5]}
    messages = [str(p) for p in find_problems(json.dumps(document))]
    assert len(messages) == 4 and all(m.startswith("warning") for m in messages)
    for words in ("no parameter speed", "2 variables are named 'x'", "2 operators' nodes are named 'e'",
                  "no output needs 1 of the 6 nodes"):
        assert any(words in m for m in messages)


@pytest.mark.parametrize("attrs, words", [
    ({"__shape__": "(4,)"}, "shape"), ({"__dtype__": "1"}, "dtype"), ({"__shape__": "(a, b)"}, "is not a tuple"),
    ({"__dtype__": "float99"}, "element type"),
])
def test_shapes_and_dtypes_that_disagree_are_errors(attrs, words):
    nodes = [variable("x", attrs={"__shape__": "(3,)", "__dtype__": "0"}), variable("y", attrs=attrs),
             {"op": "elemwise_add", "name": "a", "inputs": [[0, 0], [1, 0]]}]
    problem, = find_problems(json.dumps({"nodes": nodes, "heads": [[2, 0]]}))
    assert problem.serious and words in problem.message


def test_a_good_graph_has_no_problems():
    assert find_problems(sym.exp(sym.var("x"), name="e").tojson()) == []


def test_problems_are_listed_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(check, "_MOST", 3)
    names = "abcdefgh"
    faulty = {"nodes": [{"op": "exp", "name": n, "inputs": [[99, 0]]} for n in names], "arg_nodes": [], "heads": []}
    *listed, last = find_problems(json.dumps(faulty))
    assert [p.location for p in listed] == [f"nodes[{i}].inputs[0]" for i in range(3)]
    assert str(last) == "error: more than 3 problems; the rest of the file was not checked"
