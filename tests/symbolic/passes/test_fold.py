"""What no variable changes is computed at bind: graph in, graph and values out."""

import numpy as np

import symbolic as sym
from symbolic.passes.fold import fold_constants


def test_a_chain_of_constants_becomes_one_variable():
    graph, constants = fold_constants((sym.exp(sym.arange(3, name="n"), name="e") * sym.var("x")).graph)
    assert str(graph) == """\
%_mul0 = elemwise_mul(%e_output (constant), %x)
return %_mul0"""
    value, = constants.values()
    np.testing.assert_allclose(value, np.exp(np.arange(3, dtype="f4")))


def test_a_number_that_fills_an_array_stays_in_the_code():
    graph = (sym.zeros((3,), name="z") + sym.var("x")).graph
    assert fold_constants(graph) == (graph, {})


def test_what_is_computed_from_fills_is_folded():
    graph, constants = fold_constants((sym.exp(sym.zeros((2,))) + sym.var("x")).graph)
    assert [v.tolist() for v in constants.values()] == [[1.0, 1.0]]


def test_nothing_constant_comes_back_itself():
    graph = sym.exp(sym.var("x")).graph
    assert fold_constants(graph)[0] is graph


def test_a_constant_that_cannot_be_computed_fails_where_it_is_run():
    graph = sym.take(sym.arange(3), sym.arange(5), mode="raise").graph
    folded, constants = fold_constants(graph)
    assert any(n.op is not None and n.op.name == "take" for n in folded.nodes)


def test_folded_graphs_compute_the_same(engine):
    s = sym.arange(4) * 2 + sym.var("x")
    assert s.bind(args={"x": np.ones(4, "f4")}, engine=engine).forward()[0].tolist() == [1, 3, 5, 7]


def test_a_constant_without_axes_keeps_none():
    """NaN, which is not equal to itself, is not a fill."""
    graph, constants = fold_constants((sym.op._constant(value=(np.nan,), shape=(), dtype="float32") + sym.var("x")).graph)
    assert [v.shape for v in constants.values()] == [()]
