"""Blocks that repeat along a chain are one box with a count."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symbolic as sym
from ndarray.params import Naturals, Param, Positives
from symbolic.show.chains import LONGEST, find_chains, inputs_first
from symbolic.show.drawing import draw


def boxes(net, **more):
    return [(box.title, box.kind) for box in draw(net.graph, collapse=True, **more).boxes]


def layers(count, **more):
    x = sym.var("data")
    for i in range(count):
        x = sym.FullyConnected(x, num_hidden=8, name=f"block{i}_fc")
        x = sym.Activation(x, act_type="relu", name=f"block{i}_relu", **more)
    return x


def test_layers_are_one_box_with_what_is_in_each():
    box = draw(layers(6).graph, collapse=True).boxes[1]  # the output is a box of its own, and so is its block
    assert (box.title, box.kind, box.lines) == ("block*  ×5", "block", ("2 nodes each", "FullyConnected", "Activation"))
    assert box.names[:2] == ("block0_fc", "block0_relu") and len(box.nodes) == 10


def test_a_chain_of_one_operator_keeps_its_look():
    x = sym.var("x")
    for i in range(8):
        x = sym.exp(x, name=f"e{i}")
    box = draw(x.graph, collapse=True).boxes[1]
    assert (box.title, box.kind, box.lines) == ("e*  ×7", "arithmetic", ("exp", "one after the other"))


def test_residual_blocks_go_beyond_the_nearest():
    x = sym.var("x")
    for i in range(7):
        x = sym.elemwise_add(x, sym.tanh(sym.exp(x, name=f"b{i}_e"), name=f"b{i}_t"), name=f"b{i}_sum")
    drawing = draw(x.graph, collapse=True)
    assert [box.title for box in drawing.boxes] == ["x", "b*  ×6", "b6_e", "b6_t", "b6_sum"]
    assert {(a.tail, a.head) for a in drawing.arrows} == {("n0", "n1"), ("n1", "n2"), ("n2", "n3"), ("n1", "n4"), ("n3", "n4")}


def test_what_differs_is_not_merged():
    x = sym.var("x")
    for i in range(9):
        x = sym.FullyConnected(x, num_hidden=8 if i < 4 else 9, name=f"fc{i}")
    assert boxes(x)[1:] == [("fc*  ×4", "layer"), ("fc*  ×4", "layer"), ("fc8", "layer")]


def test_equal_things_that_do_not_feed_each_other_are_no_chain():
    xs = [sym.var(f"x{i}") for i in range(8)]
    assert boxes(sym.Concat(*xs, dim=0, name="c"))[0][1] == "input"
    assert not any(kind == "block" for _, kind in boxes(sym.Group([sym.exp(sym.tanh(x)) for x in xs])))


def test_an_unrolled_network_reads_shared_weights_and_its_own_slice():
    parts = sym.split(sym.var("data"), num_outputs=40, axis=1, squeeze_axis=True, name="parts")
    state, weight, inner = sym.zeros((0, 4), name="begin"), sym.var("i_weight"), sym.var("h_weight")
    states = []
    for t in range(40):
        i = sym.FullyConnected(parts[t], weight, num_hidden=4, no_bias=True, name=f"t{t}_i")
        h = sym.FullyConnected(state, inner, num_hidden=4, no_bias=True, name=f"t{t}_h")
        state = sym.tanh(sym.elemwise_add(i, h, name=f"t{t}_add"), name=f"t{t}_out")
        states.append(state)
    found = boxes(sym.Concat(*states, dim=1, name="all"))
    assert len(found) < 16 and any(kind == "block" and title.startswith("t*") for title, kind in found)
    total = draw(sym.Concat(*states, dim=1).graph, collapse=True)
    assert sum(len(box.nodes) for box in total.boxes) == 1 + 1 + 1 + 40 * 4 + 1  # each node once, weights hidden


def test_whole_steps_of_deep_networks_are_small():
    x = layers(40)
    step = sym.optimizers.step(sym.softmax_cross_entropy(x, sym.var("label"), name="loss"), "adam")
    drawing = draw(step.graph)
    assert len(step.graph.nodes) > 400 and len(drawing.boxes) < 80
    np.testing.assert_array_equal(sorted({b.region for b in drawing.boxes}), ["gradient", "model", "update"])


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=60))
def test_chains_are_alike_and_do_not_overlap(items):
    facts, far = [a for a, _ in items], [(b,) for _, b in items]
    end = 0
    for chain in find_chains(facts, far):
        assert chain.start >= end and chain.count >= 2
        end = chain.stop
        blocks = [items[chain.start + k * chain.length:chain.start + (k + 1) * chain.length] for k in range(chain.count)]
        assert all(block == blocks[0] for block in blocks)
    assert end <= len(items)


def test_more_than_can_be_searched_is_left_as_it_is():
    assert find_chains([0] * (LONGEST + 1), [(1,)] * (LONGEST + 1)) == []


def test_sources_come_before_readers_and_a_branch_stays_together():
    reads = {"d": ["b", "c"], "b": ["a"], "c": ["a"], "a": [], "other": []}
    assert inputs_first(list(reads), reads.__getitem__, ["d"]) == ["a", "b", "c", "d", "other"]


def test_parameters_that_mean_the_default_are_left_out():
    net = sym.Convolution(sym.var("x"), kernel=(3, 3), num_filter=4, stride=(1, 1), dilate=(1, 1), pad=(1, 1), num_group=1,
                          layout="NCHW", no_bias=False, name="c")
    assert draw(net.graph).boxes[1].lines == ("Convolution", "kernel = (3, 3)", "num_filter = 4", "pad = (1, 1)")
    assert "layout" in net.list_attr()  # as it was given


@pytest.mark.parametrize("param, value, expected", [
    (Param.read("pad", Naturals, ()), (0, 0), True), (Param.read("pad", Naturals, ()), (0, 1), False),
    (Param.read("stride", Positives, ()), (1,), True), (Param.read("kernel", Positives), (1, 1), False),
    (Param.read("x", float, 0.0), -0.0, False), (Param.read("flag", bool, True), True, True)])
def test_what_means_the_default(param, value, expected):
    assert param.is_default(value) is expected
