"""Merging what repeats: equal parts become one node, different ones stay apart, and nothing becomes a cycle."""

import networkx
import pytest
from counting import growth
from drawn import lamb
from hypothesis import given, settings
from hypothesis import strategies as st

import symbolic as sym
from ndarray.errors import LimitError
from symbolic.show.drawing import draw


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


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["exp", "log", "elemwise_add"]), st.integers(0, 50), st.integers(0, 50)),
                min_size=1, max_size=30))
def test_merged_graphs_have_no_cycle(steps):
    values = [sym.var("x"), sym.var("y"), sym.var("z")]
    for name, a, b in steps:
        a, b = values[a % len(values)], values[b % len(values)]
        values.append(sym.elemwise_add(a, b) if name == "elemwise_add" else getattr(sym, name)(a))
    graph = sym.Group(values[3:]).graph
    drawing = draw(graph, collapse=True)
    digraph = networkx.DiGraph((a.tail, a.head) for a in drawing.arrows)
    assert networkx.is_directed_acyclic_graph(digraph)
    assert sum(len(b.names) for b in {b.names: b for b in drawing.boxes}.values()) == len(graph.nodes)
