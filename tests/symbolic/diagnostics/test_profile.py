"""`Executor.profile`: real steps that leave nothing behind, and every piece of them under the names of the graph."""

import json

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray import registry
from ndarray.errors import ParamError
from symbolic.diagnostics.profile import Profile
from tests.symbolic.drawn import lamb


def lamb_in_place(n, engine):
    rng = np.random.default_rng(0)
    arrays = {f"layer{i}_{k}": rng.random((i + 2, 3), "f4") for i in range(n) for k in ("weight", "grad", "mean", "var")}
    arrays |= {"lr": np.array([0.1], "f4"), "t": np.array([1], "f4")}
    step = lamb(n)
    out = {f"layer{i}_step_output": arrays[f"layer{i}_weight"] for i in range(n)}
    return step, step.bind(args=arrays, out=out, engine=engine), arrays


def check(profile, steps):
    """Assert what holds of every profile."""
    assert profile.steps == steps and {row.calls for row in profile.rows} == {steps}
    assert sum(row.share for row in profile.rows) == pytest.approx(1)
    assert sum(row.median for row in profile.rows) == pytest.approx(profile.total)
    assert all(row.median >= 0 and row.bandwidth >= 0 for row in profile.rows)
    due = sum(row.median for row in profile.rows if row.nodes)
    assert sum(profile.times.values()) == pytest.approx(due)
    return {row.name: row for row in profile.rows}


def test_every_node_is_measured_and_no_array_is_changed(engine):
    step, run, arrays = lamb_in_place(3, engine)
    before = {name: array.copy() for name, array in arrays.items()}
    profile = run.profile(steps=4)
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, before[name])
    check(profile, 4)
    assert set(profile.times) == {n for n in step.graph.nodes if n.op}
    run.forward()
    twin = lamb_in_place(3, "eager")[1]
    twin.forward()
    for got, expected in zip(run.outputs, twin.outputs):
        np.testing.assert_allclose(got.asnumpy(), expected.asnumpy(), rtol=1e-5)


def test_pieces_of_the_eager_engine_are_nodes():
    step, run, _ = lamb_in_place(2, "eager")
    rows = check(run.profile(steps=1), 1)
    assert list(rows) == [*(n.name for n in step.graph.nodes if n.op), "(results)"]
    # Reads w, g, m, v and t; writes the direction, m and v.
    assert (rows["layer0_direction"].read, rows["layer0_direction"].written) == (4 * 24 + 4, 3 * 24)
    assert rows["layer0_direction"].operators == ("lamb_update_phase1",)
    assert rows["(results)"].written == 3 * (24 + 36)


def test_pieces_of_the_fused_engine_are_what_it_describes(backend):
    _, run, _ = lamb_in_place(4, "fused")
    profile, text = run.profile(steps=2), run.debug_str()
    rows = check(profile, 2)
    loops = [row for row in profile.rows if row.what.startswith("kernel")]
    assert f"{sum(r.read + r.written for r in loops)} bytes moved by loops" in text
    assert f"{len({r.what for r in loops})} kernels" in text
    assert rows["layer*_r* ×8, layer*_direction ×4"].operators == ("norm", "lamb_update_phase1")
    assert rows["layer*_r* ×8"].what == "totals"


def test_nodes_that_were_merged_share_the_time(engine):
    x = sym.var("x")
    both = sym.Group([sym.exp(x, name="a"), sym.negative(sym.exp(x, name="b"), name="n")])
    profile = both.bind(args={"x": np.ones(5)}, engine=engine).profile(steps=2)
    check(profile, 2)
    times = {node.name: time for node, time in profile.times.items()}
    assert set(times) == {"a", "b", "n"}
    if engine == "fused":
        assert times["a"] == pytest.approx(times["b"])


def test_what_is_constant_takes_no_time_and_what_numpy_does_its_own(engine):
    x = sym.var("x")
    graph = sym.elemwise_add(sym.sort(sym.square(x, name="s"), name="sorted"), sym.arange(6, name="n"), name="out")
    profile = graph.bind(args={"x": np.arange(6, dtype="f4")}, engine=engine).profile(steps=1)
    names = {node.name for node in profile.times}
    assert {"s", "sorted", "out"} <= names
    assert ("n" in names) == (engine != "fused")
    rows = check(profile, 1)
    if engine != "xla":  # of which the whole graph is one piece
        row = rows["sorted"]
        assert row.what == "NumPy" and (row.read, row.written) == (24, 24)


def test_copies_of_arrays_that_no_loop_walks_are_pieces(engine):
    x = np.arange(12.0)[::2]
    profile = sym.square(sym.var("x"), name="e").bind(args={"x": x}, out={"e_output": x}, engine=engine).profile(steps=1)
    rows = check(profile, 1)
    assert rows["e"].nodes[0].name == "e" and x[1] == 2
    if engine == "fused":
        assert [row.what for row in profile.rows] == ["copy", "kernel 0", "copy"]


TWICE = sym.Group([sym.var("x")] * 2)


@pytest.mark.parametrize("graph", [
    sym.var("x"), sym.identity(sym.var("x"), name="i"), sym.Reshape(sym.var("x"), shape=(-1,)),
    sym.sum(sym.var("x"), name="t"), TWICE])
@pytest.mark.parametrize("size", [0, 1, 3])
def test_the_smallest_graphs(graph, size, engine):
    arrays = {name: np.ones((size, 2)) for name in graph.list_arguments()}
    profile = graph.bind(args=arrays, engine=engine).profile(steps=1)
    if profile.rows:
        check(profile, 1)
    assert json.loads(json.dumps(profile.chrome_trace()))["traceEvents"]
    assert str(profile).startswith(f"engine {engine}, 1 step: a step takes ")


def test_an_error_within_a_step_restores_all(engine, monkeypatch):
    _, run, arrays = lamb_in_place(2, engine)
    before = {name: array.copy() for name, array in arrays.items()}
    program, calls = run._program, []
    measured = type(program).measured

    def failing(self):
        pieces, whole = measured(self)

        def fail(stamp):
            whole(stamp)
            calls.append(arrays["layer0_mean"].copy())
            raise KeyboardInterrupt

        return pieces, fail

    monkeypatch.setattr(type(program), "measured", failing)
    with pytest.raises(KeyboardInterrupt):
        run.profile()
    assert (calls[0] != before["layer0_mean"]).any()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, before[name])


def network():
    x = sym.Dropout(sym.FullyConnected(sym.var("x"), num_hidden=3, name="fc"), name="drop")
    return sym.SoftmaxOutput(sym.BatchNorm(x, name="bn"), sym.var("y"), name="loss")


def test_a_training_step_goes_back_and_the_mode_stays(engine):
    net = network()
    run, twin = (net.simple_bind(x=(4, 5), y=(4,), engine=engine) for _ in range(2))
    for executor in (run, twin):
        for name, array in executor.arg_dict.items():
            array[:] = np.random.default_rng(len(name)).random(array.shape, "f4")
        nd.random.seed(0)
        executor.forward(is_train=True)
    profile = run.profile(steps=2, is_train=True)
    names = {node.name for node in profile.times}
    check(profile, 2)
    assert {n for n in net.graph.nodes if n.op} <= set(profile.times) and len(names) > 4
    run.backward()
    twin.backward()
    for name in ("fc_weight", "bn_gamma"):
        np.testing.assert_array_equal(run.grad_dict[name].asnumpy(), twin.grad_dict[name].asnumpy())
    for name, array in run.aux_dict.items():
        np.testing.assert_array_equal(array.asnumpy(), twin.aux_dict[name].asnumpy())
    sym.plot_network(net, overlays=[profile])


def test_before_any_forward_and_without_gradients(engine):
    net = network()
    run = net.simple_bind(x=(4, 5), y=(4,), engine=engine, grad_req="null")
    assert {n for n in net.graph.nodes if n.op} >= set(run.profile(steps=1, is_train=True).times)
    run = net.simple_bind(x=(4, 5), y=(4,), engine=engine)
    run.profile(steps=1, is_train=True)
    assert run._mode is None and run._kept is None


def test_the_trace_is_what_perfetto_reads(engine, tmp_path):
    _, run, _ = lamb_in_place(30, engine)
    profile = run.profile(steps=3)
    profile.save(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert events[0]["ph"] == "M" and {e["ph"] for e in events[1:]} == {"X"}
    for event in events[1:]:
        assert set(event) == {"ph", "name", "cat", "pid", "tid", "ts", "dur", "args"}
        assert event["ts"] >= 0 and event["dur"] >= 0
    steps = [e for e in events if e.get("cat") == "step"]
    assert [e["name"] for e in steps] == ["step 0", "step 1", "step 2"]
    inner = [e for e in events[1:] if e["cat"] != "step"]
    assert len(inner) == 3 * len(profile.rows)
    for step, begin in zip(steps, range(0, len(inner), len(profile.rows))):
        at = step["ts"]
        for event in inner[begin:begin + len(profile.rows)]:
            assert event["ts"] >= at - 1e-3  # one after the other, to the nanosecond
            at = event["ts"] + event["dur"]
        assert at <= step["ts"] + step["dur"] + 1e-3
    assert max(len(e["args"]["nodes"]) for e in inner) <= 20
    with pytest.raises(ParamError, match="does not end in .json"):
        profile.save(tmp_path / "trace.svg")


def test_the_table_begins_with_the_slowest():
    _, run, _ = lamb_in_place(30, "eager")
    profile = run.profile(steps=2)
    lines = str(profile).splitlines()
    assert len(lines) == 63 and lines[-1] == "… and 61 more"
    assert len(profile.table().splitlines()) == 2 + len(profile.rows)
    slowest = max(profile.rows, key=lambda r: r.median)
    assert lines[2].split()[0] == (f"{slowest.what}:" if slowest.nodes else slowest.what)
    assert repr(profile) == "<Profile of 121 pieces, 2 steps>"


def test_a_notebook_shows_a_table_and_names_are_only_text():
    hostile = "</table><script>\x1b"
    run = sym.exp(sym.var("x"), name=hostile).bind(args={"x": np.ones(2)}, engine="eager")
    bundle = run.profile(steps=1)._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert "<script" not in bundle["text/html"] and "&lt;script&gt;\\x1b" in bundle["text/html"]
    assert "\x1b" not in bundle["text/plain"]


def test_the_picture_says_the_time(engine):
    step, run, _ = lamb_in_place(3, engine)
    profile = run.profile(steps=1)
    assert isinstance(profile, Profile)
    plot = sym.plot_network(step, collapse=True, overlays=[profile])
    noted = {box.title: box.notes[0] for box in plot.drawing.boxes if box.notes}
    assert set(noted) == {f"layer*_{k}  ×3" for k in ("r1", "r2", "direction", "step")}
    assert all(note.overlay == "time" and note.text.endswith(" %") for note in noted.values())


@pytest.mark.parametrize("steps", [0, -1, 1.5, True, "3"])
def test_steps_are_counted_in_whole_numbers(steps):
    with pytest.raises(ParamError, match="steps must be a positive integer"):
        sym.exp(sym.var("x")).bind(args={"x": np.ones(2)}).profile(steps=steps)


def test_an_operator_that_fails_says_so(engine):
    op = registry.get("sort")
    run = sym.sort(sym.var("x"), name="s").bind(args={"x": np.ones(2)}, engine=engine)
    assert op.name == "sort"
    original = op.run

    def fail(*args):
        raise ZeroDivisionError("no")

    object.__setattr__(op, "run", fail)
    try:
        with pytest.raises(ZeroDivisionError):
            run.profile(steps=1)
    finally:
        object.__setattr__(op, "run", original)
    run.profile(steps=1)
