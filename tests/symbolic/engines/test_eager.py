"""The eager engine and binding: in place, all or nothing, states, fed values, bad bindings."""

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import BindError, DTypeError, MXNetError, ShapeError


def step(**params):
    return sym.signsgd_update(sym.var("w"), sym.var("g"), **({"lr": 0.1, "name": "step"} | params))


def test_out_may_be_the_weight_itself():
    w, g = np.array([1.0, -2.0]), np.array([0.5, -0.1])
    run = step().bind(args={"w": w, "g": g}, out={"step_output": w})
    run.forward()
    run.forward()
    np.testing.assert_allclose(w, [0.8, -1.8])
    np.testing.assert_allclose(run.outputs[0].asnumpy(), w)


def test_states_are_written_by_every_forward_and_the_weight_is_not():
    s = sym.sgd_mom_update(sym.var("w"), sym.var("g"), sym.var("m"), lr=0.5, momentum=0.5, name="s")
    w, g, m = np.ones(2), np.ones(2), np.zeros(2)
    for binding in ({"args": [w, g], "aux_states": [m]}, {"args": {"w": w, "g": g, "m": m}},
                    {"args": {"w": w, "g": g}, "aux_states": {"m": m}}):
        m[:] = 0
        run = s.bind(**binding)
        run.forward()
        np.testing.assert_array_equal(m, -0.5)
        run.forward()
        np.testing.assert_array_equal(m, -0.75)
        np.testing.assert_array_equal(w, 1)


def test_an_output_into_an_overlapping_slice_is_as_if_inputs_were_copied():
    memory = np.arange(5.0)
    x, target = memory[:4], memory[1:]
    s = sym.exp(sym.var("x"), name="e")
    expected = np.exp(x)
    s.bind(args={"x": x}, out={"e_output": target}).forward()
    np.testing.assert_array_equal(target, expected)


def test_a_failing_node_leaves_everything_as_it_was():
    a = sym.sgd_mom_update(sym.var("w"), sym.var("g"), sym.var("m"), lr=0.5, name="a")
    b = sym.take(sym.var("table"), sym.var("index"), mode="raise", name="b")
    w, m = np.ones(2), np.zeros(2)
    run = sym.Group([a, b]).bind(args={"w": w, "g": np.ones(2), "m": m, "table": np.ones(2), "index": np.array([7.0])},
                                 out={"a_output": w})
    with pytest.raises((MXNetError, IndexError)):
        run.forward()
    np.testing.assert_array_equal(w, 1)
    np.testing.assert_array_equal(m, 0)


@pytest.mark.parametrize("args, kind, words", [
    ({"w": np.ones(2)}, BindError, ["'g'", "missing"]),
    ([np.ones(2)], BindError, ["1 array for 2 names", "w, g"]),
    ((3,), BindError, ["1 array"]),
    ("w", BindError, ["list or a dict"]),
    ({"w": [1, 2], "g": np.ones(2)}, BindError, ["`w`", "NDArray"]),
    ({"w": np.ones(2), "g": np.ones(3)}, ShapeError, ["step", "grad", "(2,)", "(3,)"]),
    ({"w": np.ones(2, "f4"), "g": np.ones(2)}, DTypeError, ["float32", "float64"]),
    ({"w": np.ones(2, "i4"), "g": np.ones(2, "i4")}, DTypeError, ["int32"]),
    ({"w": np.ones(2, object), "g": np.ones(2)}, DTypeError, ["`w`", "object"]),
])
def test_a_bad_binding_is_named(args, kind, words):
    with pytest.raises(kind) as error:
        step().bind(args=args)
    for word in words:
        assert word in str(error.value)


def read_only(shape):
    a = np.ones(shape)
    a.flags.writeable = False
    return a


@pytest.mark.parametrize("out, kind, words", [
    ({"step": np.ones(2)}, MXNetError, ["'step'", "step_output"]),
    ({"step_output": np.ones(3)}, ShapeError, ["(2,)", "(3,)"]),
    ({"step_output": np.ones(2, "f4")}, DTypeError, ["float64", "float32"]),
    ({"step_output": read_only(2)}, BindError, ["read-only"]),
    ({"step_output": np.broadcast_to(np.ones(1), (2,))}, BindError, []),
    ({"step_output": np.ones(2, ">f8")}, MXNetError, []),
])
def test_a_bad_out_is_named_before_anything_runs(out, kind, words):
    with pytest.raises(kind) as error:
        step().bind(args={"w": np.ones(2), "g": np.ones(2)}, out=out)
    for word in words:
        assert word in str(error.value)


def test_written_arrays_must_not_share_memory():
    w = np.ones(4)
    x = sym.var("x")
    s = sym.Group([sym.exp(x, name="a"), sym.log(x, name="b")])
    with pytest.raises(BindError, match="share memory"):
        s.bind(args={"x": np.ones(2)}, out={"a_output": w[:2], "b_output": w[1:3]})


def test_forward_takes_new_inputs_and_names_bad_ones():
    run = step().simple_bind(w=(2,))
    run.forward(w=np.array([1.0, 2.0]), g=nd.array([1, -1]))
    np.testing.assert_allclose(run.outputs[0].asnumpy(), [0.9, 2.1], rtol=1e-6)
    for bad, kind in (({"x": np.ones(2)}, TypeError), ({"w": "a"}, ValueError), ({"w": np.ones(3)}, ValueError)):
        with pytest.raises(kind) as error:
            run.forward(**bad)
        assert isinstance(error.value, MXNetError)


def test_outputs_are_one_list_of_the_same_arrays():
    run = step().simple_bind(w=(2,))
    first = run.outputs
    assert first[0].shape == (2,)
    assert run.forward() is first and run.output_dict["step_output"] is first[0]


def test_strange_layouts_give_the_same_values():
    base = np.arange(24.0).reshape(4, 6)
    packed = np.frombuffer(b"\0" + np.arange(6.0).tobytes(), np.uint8)[1:].view(np.float64)
    for x in (base[:, ::2], base[::-1], np.asfortranarray(base), base.T, base[1:1], np.array(3.0), packed,
              base.astype(">f8")):
        got = (sym.var("x") * 2).eval(x=x)[0].asnumpy()
        np.testing.assert_array_equal(got, x * 2)
        assert got.dtype == np.float64


def test_a_monitor_sees_true_values_and_cannot_change_them():
    x = sym.var("x")
    s = sym.exp(sym.log(x, name="l"), name="e")
    seen = {}

    def look(name, array):
        seen[name] = array.asnumpy()
        array[:] = 0

    run = s.bind(args={"x": np.array([1.0, 2.0])})
    run.set_monitor_callback(look)
    np.testing.assert_allclose(run.forward()[0].asnumpy(), [1, 2])
    np.testing.assert_allclose(seen["l_output"], np.log([1, 2]))
    assert set(seen) == {"l_output", "e_output"}
