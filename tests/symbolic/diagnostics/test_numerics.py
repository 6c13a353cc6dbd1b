"""`Executor.numerics`: what every value of a step looks like, with no array changed."""

import math

import numpy as np
import pytest

import symbolic as sym
from symbolic.diagnostics.numerics import statistics
from symbolic.show.heat import heats


def bad_step(**more):
    """Return an executor of a momentum step whose gradient has a NaN."""
    step = sym.sgd_mom_update(sym.var("w"), sym.negative(sym.var("g"), name="n"), sym.var("m"), lr=0.5, momentum=0.9, name="s")
    w = np.array([1.0, 2.0], "f4")
    arrays = {"w": w, "g": np.array([1.0, np.nan], "f4"), "m": np.zeros(2, "f4")}
    return step, step.bind(args=arrays, out={"s_output": w}, **more), arrays


def test_every_value_is_looked_at_and_none_is_changed(engine):
    step, run, arrays = bad_step(engine=engine)
    before = {k: a.copy() for k, a in arrays.items()}
    found = run.numerics()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, before[name])
    assert [row.name for row in found.rows] == ["w", "g", "m", "n_output", "s_output", "m (new)"]
    assert [row.name for row in found.nonfinite] == ["g", "n_output", "s_output", "m (new)"]
    of = {row.name: row.of for row in found.rows}
    assert (of["w"].least, of["w"].most, of["w"].norm) == (1.0, 2.0, pytest.approx(math.sqrt(5)))
    assert (of["m (new)"].nan, of["m (new)"].least) == (1, 0.5)
    assert str(found).startswith("4 of 6 values are not finite; the first is g, made at test_numerics.py:")
    assert "⚠ 1 of 2 not finite: 1 NaN" in str(found) and repr(found) == "<Numerics of 6 values, 4 not finite>"


def test_nodes_that_are_not_finite_stand_out():
    step, run, _ = bad_step()
    heat, = heats([run.numerics()], step.graph, [[n] for n in step.graph.nodes])
    notes = {n.name: heat.of([n]) for n in step.graph.nodes}
    assert {name: note.share for name, note in notes.items()} == {"w": 0.5, "g": 1.0, "n": 1.0, "m": 1.0, "s": 1.0}
    assert notes["g"].text == "⚠ 1 of 2 not finite" and notes["w"].text == "norm 2.24"
    assert heat.most == "2.24 … not finite"


def test_a_training_step_is_looked_at_forward_and_back():
    net = sym.SoftmaxOutput(sym.BatchNorm(sym.FullyConnected(sym.var("x"), num_hidden=3, name="fc"), name="bn"), sym.var("y"),
                            name="loss")
    run = net.simple_bind(x=(4, 5), y=(4,))
    run.arg_dict["x"][:] = 1e30
    run.arg_dict["fc_weight"][:] = 1e30
    mean = run.aux_dict["bn_moving_mean"].asnumpy()
    found = run.numerics(is_train=True)
    assert "fc_output" in {row.name for row in found.nonfinite}
    assert {row.node for row in found.rows} >= set(net.graph.nodes)
    assert len(found.rows) > len(run.numerics().rows)
    np.testing.assert_array_equal(run.aux_dict["bn_moving_mean"].asnumpy(), mean)
    assert all(not array.asnumpy().any() for array in run.grad_arrays if array is not None)


def test_what_stands_first_when_there_are_many():
    values = [sym.log(sym.var(f"x{i}"), name=f"l{i}") for i in range(50)]
    run = sym.Group(values).bind(args={f"x{i}": np.full(1, float(i < 49)) for i in range(50)})
    lines = str(run.numerics()).splitlines()
    assert lines[0] == "1 of 100 values are not finite; the first is l49_output" + lines[0].partition("l49_output")[2]
    assert lines[2].startswith("l49_output") and len(lines) == 63 and lines[-1] == "… and 40 more"


def test_names_are_only_text():
    run = sym.exp(sym.var("<b>\x1b"), name="e").bind(args={"<b>\x1b": np.ones(2)})
    bundle = run.numerics()._repr_mimebundle_()
    assert "&lt;b&gt;\\x1b" in bundle["text/html"] and "\x1b" not in bundle["text/plain"]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "uint8", "int64", "bool"])
@pytest.mark.parametrize("shape", [(), (0, 3), (7,), (2, 3, 4)])
def test_statistics_are_those_of_numpy(dtype, shape):
    array = (np.random.default_rng(1).random(shape) * 100).astype(dtype)
    found = statistics(array)
    assert (found.dtype, found.shape, found.nonfinite) == (array.dtype, shape, 0)
    wide = array.astype(float)
    assert found.norm == pytest.approx(np.linalg.norm(wide))
    assert (found.least, found.most) == ((wide.min(), wide.max()) if array.size else (None, None))


def test_statistics_of_extreme_values():
    assert statistics(np.array([1e300, -1e300])).norm == pytest.approx(math.sqrt(2) * 1e300)
    assert statistics(np.full(4, 5e-324)).norm == pytest.approx(1e-323)
    found = statistics(np.array([np.inf, -np.inf, np.nan], "f2"))
    assert (found.least, found.most, found.norm, found.nan, found.infinite) == (None, None, 0.0, 1, 2)
    many = np.ones((1 << 20) + 5, "f2")
    many[-1] = np.nan
    assert statistics(many).norm == pytest.approx(math.sqrt(many.size - 1)) and statistics(many).nan == 1


def test_a_monitor_takes_statistics_of_every_step():
    _, run, _ = bad_step()
    seen = run.monitor("n_.*", stat=statistics)
    run.forward()
    assert seen["n_output"].nan == 1
