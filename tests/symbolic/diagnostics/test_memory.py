"""`Executor.memory`: what is bound, what lies in place of what, and what a step takes beside."""

import tracemalloc

import numpy as np

import symbolic as sym
from tests.symbolic.drawn import lamb


def bound(engine, in_place=True):
    step = lamb(2)
    arrays = {f"layer{i}_{k}": np.ones((i + 2, 5), "f4") for i in range(2) for k in ("weight", "grad", "mean", "var")}
    arrays |= {"lr": np.ones(1, "f4"), "t": np.ones(1, "f4")}
    out = {f"layer{i}_step_output": arrays[f"layer{i}_weight"] for i in range(2)}
    return step, step.bind(args=arrays, out=out if in_place else None, engine=engine)


def test_loops_keep_nothing_that_a_result_does_not_need(backend):
    _, run = bound("fused")
    use = run.memory()
    assert use.bound == 4 * (40 + 60) + 8 and use.further == use.constants == 0
    assert f"temporary memory: {use.temporary} bytes" in run.debug_str() and f"({use.unshared} if none" in run.debug_str()
    assert use.peak == use.bound + use.temporary
    assert use.in_place == {"layer0_step_output": "layer0_weight", "layer1_step_output": "layer1_weight"}
    where = {row.name: (row.bytes, row.where) for row in use.rows}
    assert where["layer0_direction_output"] == (0, "within a loop")
    assert where["layer0_step_output"] == (0, "in place of layer0_weight")
    assert where["layer0_mean (new)"] == (0, "in place") and where["layer0_grad"] == (40, "bound")


def test_the_eager_engine_computes_apart_and_lets_go():
    _, run = bound("eager", in_place=False)
    use = run.memory()
    assert use.bound == 5 * (40 + 60) + 8 and use.in_place == {}
    # At the last node: all results, the direction of its tensor and two norms of it.
    assert use.temporary == 3 * (40 + 60) + 60 + 8
    where = {row.name: (row.bytes, row.where) for row in use.rows}
    assert where["layer0_step_output"] == (40, "output, computed apart")
    assert where["layer0_mean (new)"] == (40, "in place, computed apart")


def test_the_peak_of_a_walk_is_what_is_seen():
    chain = sym.var("x")
    for _ in range(20):
        chain = sym.negative(chain)
    run = chain.bind(args={"x": np.ones(1 << 15)}, engine="eager")
    run.forward()
    tracemalloc.start()
    try:
        run.forward()
        seen = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert run.memory().temporary == 2 << 18
    assert 2 << 18 <= seen < (2 << 18) + (1 << 15)


def test_where_values_are(backend):
    x = sym.var("x")
    half = sym.elemwise_mul(sym.square(x, name="s"), sym.arange(4, name="n"), name="half")
    graph = sym.Group([sym.elemwise_add(sym.sort(half, name="sorted"), x, name="out"), sym.identity(x, name="same"), half])
    use = graph.bind(args={"x": np.arange(4, dtype="f4")}, engine="fused").memory()
    where = {row.name: row.where for row in use.rows}
    assert where == {"x": "bound", "s_output": "within a loop", "n_output": "computed once", "half_output": "output",
                     "sorted_output0": "temporary", "out_output": "output", "same_output": "output"}
    assert use.constants == 16
    assert "16 B constant" in str(use)


def test_arrays_that_no_loop_walks_have_a_stand_in(backend):
    plain, strided = (sym.square(sym.var("x"), name="s").bind(args={"x": x}, engine="fused").memory()
                      for x in (np.ones(8), np.ones(16)[::2]))
    assert strided.temporary == plain.temporary + 64


def test_gradients_take_their_part(engine):
    net = sym.SoftmaxOutput(sym.Dropout(sym.FullyConnected(sym.var("x"), num_hidden=3, name="fc"), name="d"), sym.var("y"))
    run = net.simple_bind(x=(4, 5), y=(4,), engine=engine)
    assert run.memory().further == 0
    use = run.memory(is_train=True)
    assert use.further >= sum(g.asnumpy().nbytes for g in run.grad_arrays if g is not None)
    assert use.bound == run.memory().bound and "for gradients" in str(use)
    assert run._mode is None


def test_overlay_and_notebook():
    step, run = bound("fused")
    use = run.memory()
    plot = sym.plot_network(step, collapse=True, overlays=[use])
    notes = {box.title.partition("  ")[0]: box.notes[0].text for box in plot.drawing.boxes}
    assert notes["layer*_step"] == "in place" and notes["layer*_direction"] == "within a loop"
    assert notes["layer*_weight"] == "100 B" and notes["t"] == "4 B"
    assert "<table>" in use._repr_mimebundle_()["text/html"] and repr(use).startswith("<MemoryUse of 22 values, ")
    assert len(use.table(most=3).splitlines()) == 6 and use.table(most=3).endswith("… and 19 more")


def test_arrays_that_overlap_count_once():
    whole = np.ones(12, "f4")
    graph = sym.Group([sym.negative(sym.var("a")), sym.negative(sym.var("b"))])
    use = graph.bind(args={"a": whole[:8], "b": whole[4:]}).memory()
    assert use.bound == 48 + 2 * 32
