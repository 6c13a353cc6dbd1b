"""The Python that declares a graph gives that graph again."""

import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import symbolic as sym
from ndarray import registry
from ndarray.errors import FormatError
from ndarray.params import Scalar
from symbolic.functions import function
from symbolic.graph.graph import Graph
from symbolic.graph.node import Node
from symbolic.save.code import to_code
from tests.symbolic.cases import CASES

GOLDEN = sorted(p for p in (Path(__file__).parents[2] / "golden" / "symbol_json").glob("*.json")
                if p.name != "expected.json")
HOSTILE = ['"]; x [', "</text><script>", "a\nb", "\x1b[31m", "'", '"', "\\", "\\\"'", "größe", "класс", "1st", "class",
           "sym", "symbol", "print(1)", "x" * 300, "‮", ""]


def again(symbol):
    found = {}
    exec(to_code(symbol.graph), found)
    return found["symbol"]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda p: p.stem)
def test_mxnets_graphs_come_again(path):
    symbol = sym.load(path)
    assert again(symbol).tojson() == symbol.tojson()


def test_hostile_names_are_only_text():
    symbol = sym.Group([sym.exp(sym.var(n, __note__=n), name=n or "e") for n in HOSTILE])
    source = to_code(symbol.graph)
    assert again(symbol).tojson() == symbol.tojson()
    calls = [n.func for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call)]
    assert {ast.unparse(c) for c in calls} == {"sym.var", "sym.exp", "sym.Group"}


def graphs():
    w, g, m = sym.var("w", shape=(2, 0), dtype="float16"), sym.var("g", lr_mult=0.5), sym.var("m")
    yield "fed", sym.sgd_mom_update(w, g, m, lr=sym.var("lr"), momentum=sym.var("mu"), name="s")
    yield "fed in the caller's order", sym.adadelta_update(w, g, m, sym.var("n"), lr=sym.var("l"), rho=sym.var("r"),
                                                           epsilon=sym.var("e"), name="s")
    yield "fed tuples", sym.multi_sgd_update(w, g, m, sym.var("h"), lrs=(0.5, sym.var("lr")), wds=sym.var("wds"), name="s")
    yield "arrays", sym.multi_sgd_update(w, g, lrs=np.array([0.1], "float32"), wds=(0,), name="s")
    yield "some inputs", sym.FullyConnected(w, g, num_hidden=3, no_bias=True, name="fc")
    yield "some outputs", sym.Group([sym.split(w, num_outputs=3, name="p")[2], w, sym.split(w, num_outputs=3, name="p")[0]])
    yield "one of several", sym.split(w, num_outputs=2, name="p")[1]
    yield "not finite", sym.full((2,), float("-inf"), name="f") + sym.full((2,), float("nan"), name="h")
    yield "texts", sym.Pad(w, mode="edge", pad_width=(1, 2), name="p")
    yield "gradient", sym.gradient(sym.sum(sym.signsgd_update(w, g, lr=sym.var("lr"), name="s"), name="l"), ["w", "lr"])
    yield "scope", _in_scope(w)
    yield "variable", w
    yield "one name twice", sym.exp(sym.var("a"), name="a") + sym.var("a")


def _in_scope(w):
    with sym.AttrScope(ctx_group="dev1", __note__="x"):
        return sym.exp(w, name="e")


@pytest.mark.parametrize("name, symbol", [*graphs()], ids=str)
def test_every_kind_of_node_comes_again(name, symbol):
    assert again(symbol).tojson() == symbol.tojson()


def test_every_operator_can_be_called_by_its_name():
    for op in registry.operators():
        assert getattr(sym, op.name) is function(op.name)


def test_long_calls_take_a_line_an_argument():
    names = [sym.var(f"quite_a_long_name_{i}") for i in range(12)]
    source = to_code(sym.add_n(*names, name="s").graph)
    assert max(map(len, source.splitlines())) <= 110 and "    quite_a_long_name_7,\n" in source


def test_a_node_without_a_name_is_refused():
    node = Node(registry.get("exp"), "", Graph(sym.var("x").graph.outputs).outputs)
    with pytest.raises(FormatError, match="exp has no name"):
        to_code(Graph(node.outputs))


WORDS = st.text(max_size=8) | st.sampled_from(HOSTILE)
NAMES = WORDS.filter(bool)
ATTRS = st.dictionaries(st.sampled_from(["__lr_mult__", "ctx_group", "__shape__", "__dtype__", "__note__"]), WORDS, max_size=2)


@st.composite
def any_graph(draw):
    """Any operators with the parameters of their samples, wired, named and marked in any way; scalars may be fed."""
    entries = [sym.var(draw(NAMES)) for _ in range(2)]
    for _ in range(draw(st.integers(1, 12))):
        sample = draw(st.sampled_from(CASES))
        op = registry.get(sample.op)
        params = dict(sample.params)
        for name, param in op.params.items():
            if param.type is Scalar and draw(st.integers(0, 3)) == 0:
                params[name] = draw(st.sampled_from(entries))[0]
        inputs = [draw(st.sampled_from(entries[-6:])) for _ in sample.arrays]
        entries.extend(function(op.name)(*inputs, name=draw(st.none() | NAMES), attr=draw(ATTRS), **params))
    return sym.Group([*draw(st.lists(st.sampled_from(entries), max_size=3)), *entries[-3:]])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(symbol=any_graph())
def test_any_graph_comes_again(symbol):
    assert again(symbol).tojson() == symbol.tojson()
