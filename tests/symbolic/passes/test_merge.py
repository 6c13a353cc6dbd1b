"""Equal nodes become one: graph in, graph out."""

import numpy as np

import symbolic as sym
from symbolic.graph.graph import Graph
from symbolic.graph.node import Node
from symbolic.passes.merge import merge_duplicates


def merged(symbol):
    return str(merge_duplicates(symbol.graph))


def test_the_first_of_two_equal_nodes_is_kept():
    x = sym.var("x")
    assert merged(sym.exp(x, name="a") * sym.log(sym.exp(x, name="b"), name="l")) == """\
%a = exp(%x)
%l = log(%a)
%_mul0 = elemwise_mul(%a, %l)
return %_mul0"""


def test_what_follows_equal_nodes_is_equal_in_turn():
    x = sym.var("x")
    graph = merge_duplicates(sym.Group([sym.log(sym.exp(x)), sym.log(sym.exp(x))]).graph)
    assert len(graph.nodes) == 3 and len(graph.outputs) == 2


def test_a_graph_without_duplicates_comes_back_itself():
    graph = (sym.exp(sym.var("x")) + sym.exp(sym.var("y"))).graph
    assert merge_duplicates(graph) is graph


def test_the_sign_of_zero_tells_nodes_apart():
    entry, = (sym.var("x") * 0.0).graph.outputs
    other = Node(entry.node.op, "other", entry.node.inputs, (("scalar", -0.0),))
    assert merge_duplicates(graph := Graph([entry, *other.outputs])) is graph


def test_parameters_and_inputs_tell_nodes_apart():
    x, y = sym.var("x"), sym.var("y")
    for a, b in ((x * 1.0, x * 2.0), (sym.exp(x), sym.exp(y)), (sym.exp(x), sym.log(x))):
        assert merge_duplicates(graph := sym.Group([a, b]).graph) is graph


def test_nodes_that_write_and_nodes_that_draw_stay():
    w, g, m = map(sym.var, "wgm")
    graph = sym.Group([sym.sgd_mom_update(w, g, m, lr=0.1), sym.sgd_mom_update(w, g, m, lr=0.1)]).graph
    assert merge_duplicates(graph) is graph


def test_defaults_that_are_written_out_are_still_the_same():
    w, g = map(sym.var, "wg")
    graph = sym.Group([sym.signsgd_update(w, g, lr=0.1), sym.signsgd_update(w, g, lr=0.1, wd=0.0)]).graph
    assert len(merge_duplicates(graph).nodes) == 3


def test_the_merged_graph_computes_the_same():
    x = sym.var("x")
    both = sym.Group([sym.exp(x) + sym.exp(x), sym.exp(x)])
    a, b = both.bind(args={"x": np.ones(2)}, engine="fused").forward()
    np.testing.assert_array_equal(a.asnumpy(), 2 * b.asnumpy())
