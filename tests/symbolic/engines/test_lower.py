"""Graphs as flows, as text: bodies written down, calls with their reasons, states in order."""

import numpy as np

import symbolic as sym
from ndarray.tensortype import TensorType
from symbolic.engines.lower import lower
from symbolic.graph.infer import infer


def lowered(symbol, shape=(4,), dtype="float32", **shapes):
    graph = symbol.graph
    known = {n.name: TensorType(shapes.get(n.name, shape), np.dtype(dtype)) for n in graph.variables}
    targets = [f"out{i}" for i in range(len(graph.outputs))] + [n.name for n in graph.written]
    return lower(graph, infer(graph, known), {n: n.name for n in graph.variables}, targets)


def test_an_update_is_its_body():
    assert str(lowered(sym.signsgd_update(sym.var("w"), sym.var("g"), lr=0.5))) == """\
%0 = input(w) : float32[4]
%1 = input(g) : float32[4]
%2 = number(0.5) : float32[]
%3 = number(0.0) : float32[]
%5 = multiply(%2, %3) : float32[]
%6 = constant(1.0) : float32[]
%7 = subtract(%6, %5) : float32[]
%8 = multiply(%7, %0) : float32[4]
%9 = sign(%1) : float32[4]
%10 = multiply(%2, %9) : float32[4]
%11 = subtract(%8, %10) : float32[4]
out0 <- %11"""


def test_a_fed_number_is_read_from_its_array():
    text = str(lowered(sym.signsgd_update(sym.var("w"), sym.var("g"), lr=sym.var("lr")), lr=(1,)))
    assert "= input(lr) : float32[1]" in text and "number(0.5)" not in text


def test_what_no_loop_can_say_is_a_call_with_its_reason():
    flow = lowered(sym.exp(sym.var("x") * 2, name="e") + 1)
    call, = flow.calls
    assert str(call.what) == "%e = exp" and call.why == "`exp` is NumPy's"
    assert "result" in str(flow)


def test_float16_is_left_to_numpy_but_mixed_precision_is_not():
    w, g, w32 = map(sym.var, ("w", "g", "w32"))
    assert "float16" in lowered(sym.sgd_update(w, g, lr=0.1), dtype="float16").calls[0].why
    graph = sym.mp_sgd_update(w, g, w32, lr=0.1).graph
    known = {"w": TensorType((4,), np.dtype("float16")), "g": TensorType((4,), np.dtype("float16"))}
    types = infer(graph, known)
    flow = lower(graph, types, {n: n.name for n in graph.variables}, ["out", "w32"])
    assert not flow.calls


def test_a_state_that_two_nodes_write_goes_through_both_and_readers_see_the_old_one():
    w, g, m = map(sym.var, "wgm")
    one, two = (sym.sgd_mom_update(w, g, m, lr=0.5, momentum=0.5, name=n) for n in ("one", "two"))
    flow = lowered(sym.Group([one, two, m + 0]))
    assert flow.sinks[-1].buffer == "m"
    assert flow.sinks[-1].value > flow.sinks[0].value


def test_a_body_that_loops_do_not_understand_is_called():
    flow = lowered(sym.broadcast_mod(sym.var("a"), sym.var("b")))
    assert "mod" in flow.calls[0].why
