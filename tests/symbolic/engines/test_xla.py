"""The engine XLA: the numbers of the eager engine, one trace, arrays on the devices that are never aliased and never stale."""

import gc
import re
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ndarray as nd
import symbolic as sym
from ndarray.errors import BindError, MXNetError, NonFiniteError, OutOfRangeError
from symbolic.bind import bind
from symbolic.engines.buffers import elsewhere
from tests.symbolic.engines.rounding import assert_near
from tests.symbolic.engines.test_engines import BINARY, UNARY

jax = pytest.importorskip("jax")
jnp = jax.numpy

import symbolic.jax as sj  # noqa: E402
from symbolic.engines.xla import placement  # noqa: E402
from symbolic.engines.xla.loops import one_loop  # noqa: E402
from symbolic.engines.xla.resident import Resident  # noqa: E402
from symbolic.engines.xla.words import wide  # noqa: E402


def close(got, expected):
    assert_near(got, expected, 5)  # after some steps


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_random_graphs(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    entries = [sym.var(f"x{i}") for i in range(3)]
    for i in range(data.draw(st.integers(1, 12))):
        kind = data.draw(st.sampled_from(["one", "two", "two", "number", "dot", "update"]))
        a, b = (data.draw(st.sampled_from(entries)) for _ in range(2))
        make = {
            "one": lambda: sym.tanh(sym.symbol.apply_op(data.draw(st.sampled_from([*{*UNARY} - {"exp", "sign"}])), a)),
            "two": lambda: sym.tanh(sym.symbol.apply_op(data.draw(st.sampled_from([*{*BINARY} - {"elemwise_div"}])), a, b)),
            "number": lambda: a * 2.0, "dot": lambda: sym.tanh(sym.dot(a, b)),
            "update": lambda: sym.sgd_mom_update(a, b, sym.var(f"m{i}"), lr=sym.var(f"lr{i}"), momentum=0.5),
        }
        entries.append(make[kind]())
    graph = sym.Group(entries[-2:]).graph
    names = [n.name for n in graph.variables]
    arrays = {n: rng.uniform(0.5, 1.5, (1,) if n.startswith("lr") else (4, 4)) for n in names}
    results = []
    for engine in ("eager", "xla"):
        mine = {n: a.copy() for n, a in arrays.items()}
        run = bind(graph, None, mine, engine=engine)
        with np.errstate(all="ignore"):
            run.forward()
            run.forward()
        results.append([*(o.asnumpy() for o in run.outputs), *mine.values()])
    for expected, got in zip(*results, strict=True):
        if np.abs(expected - np.round(expected)).min() > 1e-9:  # floor and comparisons may flip at a step
            np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)


STEP = sym.sgd_mom_update(*map(sym.var, "wgm"), lr=sym.var("lr"), momentum=0.5, name="step")


def bound(engine="xla", **more):
    """Return an executor that updates `w` in place, and its arrays, whose memory nobody else holds."""
    arrays = {name: nd.array(np.full(4, k + 1.0)) for k, name in enumerate("wgm")} | {"lr": nd.array([0.5])} | more
    return STEP.bind(args=arrays, out={"step_output": arrays["w"]}, engine=engine), arrays


def both(change):
    """Check that the same calls leave the same arrays on the eager engine and on this one."""
    found = []
    for engine in ("eager", "xla"):
        run, arrays = bound(engine)
        change(run, arrays)
        found.append([a.asnumpy() for a in arrays.values()])
    for expected, got in zip(*found, strict=True):
        close(got, expected)


@pytest.mark.parametrize(("flag", "value", "usual"), [("jax_numpy_rank_promotion", "raise", "allow"),
                                                      ("jax_numpy_dtype_promotion", "strict", "standard"),
                                                      ("jax_enable_x64", True, False), ("jax_disable_jit", True, False)])
def test_what_jax_refuses_elsewhere_does_not_matter(flag, value, usual):
    """A dense layer adds arrays of two ranks."""
    net = sym.FullyConnected(sym.var("x"), num_hidden=3, name="fc")
    given = {"x": np.array([[1, 2], [3, 5]], "float32"), "fc_weight": np.ones((3, 2), "float32"),
              "fc_bias": np.arange(3, dtype="float32")}
    expected = net.bind(args=given, engine="eager").forward()[0].asnumpy()
    jax.config.update(flag, value)
    try:
        run = net.simple_bind(x=(2, 2), engine="xla")
        assert (run.forward(**given)[0].asnumpy() == expected).all()
        run.backward(out_grads=np.ones((2, 3)))
        assert run.grad_dict["fc_bias"].asnumpy().tolist() == [2, 2, 2]
        outputs, _ = jax.jit(sj.function(net))(given)
        assert (np.asarray(*outputs.values()) == expected).all()
    finally:
        jax.config.update(flag, usual)


@pytest.mark.parametrize("flag", ["jax_debug_nans", "jax_debug_infs"])
def test_where_jax_looks_for_nan_it_finds_it_and_nothing_is_written(flag):
    step = sym.sgd_mom_update(sym.var("w"), sym.var("g"), sym.var("m"), lr=sym.var("lr"), momentum=0.5, name="step")
    arrays = {"w": nd.ones((2,)), "g": nd.ones((2,)), "m": nd.zeros((2,)), "lr": nd.array([0.5])}
    run = step.bind(args=arrays, out=[arrays["w"]], engine="xla")
    run.forward()
    jax.config.update(flag, True)
    try:
        with pytest.raises(FloatingPointError, match="invalid value"):
            run.forward(g=np.array([np.nan, np.inf]))
    finally:
        jax.config.update(flag, False)
    assert arrays["w"].asnumpy().tolist() == [0.5, 0.5]
    run.forward()
    assert arrays["w"].asnumpy().tolist() == [-0.25, -0.25] and arrays["g"].asnumpy().tolist() == [1, 1]


def test_numbers_change_without_a_trace():
    run, arrays = bound()
    for k in range(200):
        run.forward(lr=0.001 * k, g=np.full(4, k))
    for rate in (1, 0.5, np.float32(2), np.full(1, 3.0), nd.array([4.0]), jnp.float32(5)):
        run.forward(lr=rate)
        arrays["w"][:] = 3
        arrays["m"] *= 2
        run.forward()
    assert run._program.traces == 1 and run._program._jit._cache_size() == 1


def test_arrays_live_on_the_devices_and_are_replaced_there():
    run, arrays = bound()
    run.forward()
    before = [home.device for home in run._adopted]
    run.forward()
    names = [home.name for home in run._adopted]
    assert all(type(a) is Resident for a in arrays.values())
    gone = {name for name, device in zip(names, before) if device.is_deleted()}
    assert gone == {"w", "m"}
    assert "replaced on the devices: w, m" in run.debug_str() and "copied in each step: nothing" in run.debug_str()
    assert arrays["w"].asnumpy().tolist() == run.outputs[0].asnumpy().tolist()


def distance():
    x, y = sym.var("data"), sym.var("label")
    return sym.make_loss(sym.mean(sym.square(sym.FullyConnected(x, num_hidden=3, name="fc") - y)), name="cost")


def stepped(rule):
    """A rule bound in place, by itself and by a trainer, after a step."""
    weights = {"w": nd.ones((4,)), "w_grad": nd.ones((4,))}
    run = sym.optimizers.bind_in_place(sym.optimizers.update(["w"], rule), weights, engine="xla")
    run.forward(lr=0.5)
    step = sym.optimizers.step(distance(), rule, ["fc_weight"])
    trainer = sym.optimizers.Trainer(step, {"fc_weight": nd.ones((3, 2))}, lr=0.1, data=(4, 2), label=(4, 3), fc_bias=(3,),
                                     engine="xla")
    trainer.step(data=nd.ones((4, 2)))
    return [run, trainer.executor]


def walked_back():
    """Losses bound to new arrays and to those of a caller, after steps forward and back."""
    arrays = {name: nd.ones(shape) for name, shape in (("data", (4, 2)), ("label", (4, 3)), ("fc_weight", (3, 2)),
                                                       ("fc_bias", (3,)))}
    runs = [distance().simple_bind(data=(4, 2), label=(4, 3), engine="xla"),
            distance().bind(args=arrays, args_grad={"fc_weight": nd.zeros((3, 2))}, grad_req="add", engine="xla")]
    for run in 2 * runs:
        run.forward(is_train=True)
        run.backward()
    return runs


@pytest.mark.parametrize("made", [*(partial(stepped, rule) for rule in ("sgd", "adam", "lamb", "prodigy")), walked_back])
def test_arrays_that_an_executor_allocates_stay_on_the_devices(made):
    for run in made():
        arrays = [*run.arg_arrays, *run.aux_arrays, *run.outputs, *(g for g in run.grad_arrays if g is not None)]
        assert {type(a) for a in arrays} == {Resident}
        assert "copied in each step: nothing" in run.debug_str()


def test_an_array_whose_memory_somebody_holds_does_not_move():
    mine = np.ones(2, "float32")
    run = sym.exp(sym.var("x")).bind(args={"x": nd.NDArray(mine)}, engine="xla")
    mine[:] = 0
    assert run.forward()[0].asnumpy().tolist() == [1, 1]


def test_reading_does_not_end_that():
    run, arrays = bound()
    for _ in range(3):
        run.forward()
        for read in (lambda a: a.asnumpy(), lambda a: a + 1, lambda a: a.copy(), repr, lambda a: a.tolist(), nd.norm):
            read(arrays["w"])
    arrays["w"].wait_to_read()
    assert "copied in each step: nothing" in run.debug_str()
    device = run._adopted[0].device
    run.forward()
    run.forward()
    assert run._adopted[0].device is not device


@pytest.mark.parametrize("write", [
    lambda a: a.__setitem__(slice(None), 7), lambda a: a.__iadd__(1), lambda a: nd.array([9.0] * 4).copyto(a),
    lambda a: nd.sgd_update(a, a, lr=0.1, out=a), lambda a: np.asarray(a).fill(3),
    lambda a: a[1:3].__setitem__(0, 5), lambda a: a.reshape((2, 2)).__setitem__(0, 6), lambda a: a.detach().__iadd__(2),
    lambda a: np.from_dlpack(a).sum(),
])
def test_what_is_written_between_steps_is_seen(write):
    def change(run, arrays):
        run.forward()
        write(arrays["w"])
        write(arrays["m"])
        run.forward()

    both(change)


@pytest.mark.parametrize("view", [lambda a: a[1:], lambda a: a.reshape((2, 2)), np.asarray, lambda a: a.detach(),
                                  np.from_dlpack])
def test_what_holds_the_memory_sees_every_step(view):
    def change(run, arrays):
        run.forward()
        held = view(arrays["w"]), view(arrays["m"])
        run.forward()
        for mine, name in zip(held, "wm"):
            whole = arrays[name].asnumpy()
            mine = mine.asnumpy() if isinstance(mine, nd.NDArray) else np.asarray(mine)
            np.testing.assert_array_equal(mine.reshape(-1), whole[-mine.size:])
        np.asarray(held[1])[...] = 4
        run.forward()

    both(change)


def test_arrays_of_numpy_are_read_before_each_step_and_written_after_it():
    w, m = np.ones(4, "f4"), np.zeros(4, "f4")
    run, _ = bound(w=nd.from_numpy(w), m=m)
    run.forward(g=np.ones(4), lr=1)
    np.testing.assert_array_equal(w, 0)
    m[:], w[:] = 2, 10
    run.forward()
    np.testing.assert_array_equal(m, 0)
    np.testing.assert_array_equal(w, 10)


def test_what_is_fed_may_be_refilled_at_once_and_stays_the_callers():
    run, arrays = bound()
    batch, given = np.zeros(4, "f4"), jnp.ones(4)
    for k in range(20):
        batch[:] = k
        run.forward(g=batch, lr=1)
        batch[:] = np.nan
    run.forward(g=given)
    assert not given.is_deleted() and np.isfinite(arrays["w"].asnumpy()).all()


def aligned(value, dtype=None, **_):
    """Return a copy at an address that is a multiple of 64: of such memory JAX makes no copy of its own."""
    value = np.asarray(value, dtype)
    raw = np.empty(value.nbytes + 64, np.uint8)
    start = -raw.ctypes.data % 64
    found = raw[start:start + value.nbytes].view(value.dtype).reshape(value.shape)
    found[...] = value
    return found


class Aligned:
    """NumPy, whose copies are aligned."""

    array = staticmethod(aligned)

    def __getattr__(self, name):
        return getattr(np, name)


X = sym.var("x")
LATE = sym.sgd_mom_update(
    sym.var("w"), sym.broadcast_add(sym.var("g"), sym.reshape(sym.sum(sym.dot(sym.dot(X, X), X)) * 0.0, shape=(1,))),
    sym.var("m"), lr=sym.var("lr"), momentum=0.5, name="step")
"""An update whose gradient waits for products of matrices: it runs when the call has long returned."""


@pytest.mark.parametrize("copies", ["aligned", "as they come"])
@pytest.mark.parametrize("bound_as", [lambda x: x, nd.from_numpy, nd.array], ids=["numpy", "from_numpy", "NDArray"])
@pytest.mark.parametrize("fed_as", [lambda x: x, nd.from_numpy, lambda x: jnp.asarray(x.copy())], ids=["numpy", "from_numpy", "jax"])
def test_aligned_memory_is_never_aliased_and_never_stale(fed_as, bound_as, copies, monkeypatch):
    """Into every place, and out of every place, while the devices are still at work."""
    if copies == "aligned":
        monkeypatch.setattr(placement, "np", Aligned())
    first = {"w": np.ones(16), "g": np.ones(16), "m": np.zeros(16), "lr": np.ones(1), "x": np.ones((256, 256))}
    args = {name: bound_as(aligned(value, "f4")) for name, value in first.items()}
    run = LATE.bind(args=args, out={"step_output": args["w"]}, engine="xla")
    batch, matrix = aligned(np.zeros(16), "f4"), aligned(np.ones((256, 256)), "f4")
    w, m, kept = np.ones(16, "f4"), np.zeros(16, "f4"), []
    for k in range(12):
        batch[:], matrix[:] = k, 1
        run.forward(g=fed_as(batch), x=matrix, lr=0.25)
        batch[:], matrix[:] = np.nan, np.nan
        m = np.float32(0.5) * m - np.float32(0.25 * k)
        w = w + m
        if k == 5:  # What is replaced may be fed, too, and is not taken from its holder.
            mine = jnp.array(w)
            run.forward(w=mine, g=np.zeros(16), lr=0)
            m = np.float32(0.5) * m
            w = w + m
            kept.append((mine, w - m))
        if k % 3 == 0:
            state = run.aux_dict["m"]
            for found, expected in ((run.arg_dict["w"], w), (run.outputs[0], w), (state, m)):
                kept += [(found.asnumpy(), expected), (sj.device_array(found), expected)]
                np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-5)
                found.asnumpy()[:] = np.nan
    for found, expected in kept:
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(args["w"].asnumpy() if isinstance(args["w"], nd.NDArray) else args["w"], w, rtol=1e-5)


def test_a_step_moves_nothing_that_it_does_not_say():
    """Under `jax.transfer_guard` only what is fed goes to the devices, and only what is read comes back."""
    run, arrays = bound()
    with jax.transfer_guard("disallow"):
        for rate in (0.5, 0.25):
            run.forward(lr=rate, g=np.ones(4))
        assert np.isfinite(arrays["w"].asnumpy()).all()
    with jax.transfer_guard("disallow_explicit"):
        run.forward()


@pytest.mark.parametrize("other", ["eager", "fused", "xla"])
@pytest.mark.parametrize("first", [True, False])
def test_executors_that_share_arrays_see_each_other(other, first):
    def steps(names):
        run, arrays = bound(names[0])
        second = STEP.bind(args=arrays, out={"step_output": arrays["w"]}, engine=names[1])
        for _ in range(2):
            run.forward(lr=0.25)
            second.forward(lr=0.5)
        return [a.asnumpy() for a in arrays.values()]

    for got, expected in zip(steps(["xla", other] if first else [other, "xla"]), steps(["eager", "eager"])):
        close(got, expected)


def network():
    data, label = sym.var("data"), sym.var("label")
    net = sym.FullyConnected(data, num_hidden=6, name="fc1")
    net = sym.BatchNorm(net, fix_gamma=False, name="bn")
    net = sym.Dropout(sym.Activation(net, act_type="relu"), p=0.4, name="drop")
    return sym.SoftmaxOutput(sym.FullyConnected(net, num_hidden=3, name="fc2"), label, name="softmax")


@pytest.mark.parametrize("grad_req", ["write", "add"])
def test_forward_and_back_in_training_mode(grad_req):
    """Dropout has the eager engine's bits, and batch normalisation its running means."""
    found = []
    for engine in ("eager", "xla"):
        nd.random.seed(5)
        run = network().simple_bind(data=(4, 5), label=(4,), grad_req=grad_req, engine=engine)
        draw = np.random.default_rng(0)
        for name, array in run.arg_dict.items():
            array[:] = draw.integers(0, 3, array.shape) if name == "label" else draw.normal(size=array.shape)
        for _ in range(2):
            run.forward(is_train=True)
            run.backward()
        run.forward(is_train=False)
        found.append([a.asnumpy() for a in (*run.outputs, *run.grad_dict.values(), *run.aux_arrays)])
    for expected, got in zip(*found, strict=True):
        close(got, expected)


def test_backward_with_heads_and_without_a_kept_forward():
    found = []
    for engine in ("eager", "xla"):
        x, grad = np.array([3.0, -1.0]), np.zeros(2)
        run = sym.square(sym.var("x")).bind(args={"x": x}, args_grad={"x": grad}, engine=engine)
        run.forward()
        run.backward(out_grads=np.array([10.0, 1.0]))
        found.append(grad.copy())
        run.forward(is_train=True)
        run.backward(out_grads=np.array([2.0, 1.0]))
        found.append(grad)
    for a, b in zip(found[:2], found[2:]):
        np.testing.assert_array_equal(a, b)


def test_an_index_out_of_range_is_an_error_and_nothing_is_written():
    taken = sym.take(sym.var("w"), sym.var("i"), mode="raise", name="t")
    step = sym.sgd_mom_update(sym.var("v"), taken, sym.var("m"), lr=0.5, momentum=0.5, name="step")
    arrays = {"w": nd.array([1.0, 2.0]), "v": nd.zeros((2,)), "m": nd.ones((2,)), "i": nd.array([0, 1], dtype="int32")}
    run = step.bind(args=arrays, out={"step_output": arrays["v"]}, engine="xla")
    run.forward()
    before = [a.asnumpy() for a in arrays.values()]
    for wrong in ([0, 2], [-1, 0]):
        with pytest.raises(OutOfRangeError, match="nothing was written"):
            run.forward(i=np.array(wrong))
        for a, b in zip(arrays.values(), before):
            np.testing.assert_array_equal(a.asnumpy(), b)
    run.forward(i=np.array([1, 1]))
    assert (arrays["v"].asnumpy() != before[1]).any()


def test_monitors_look_at_every_node_and_errors_write_nothing():
    run, arrays = bound()
    run.forward()
    seen = run.monitor(stat=np.max)
    run.forward()
    assert list(seen) == ["step_output"] and seen["step_output"] == arrays["w"].asnumpy().max()
    run.nonfinite = "raise"
    before = arrays["w"].asnumpy()
    with pytest.raises(NonFiniteError):
        run.forward(g=np.full(4, np.nan))
    np.testing.assert_array_equal(arrays["w"].asnumpy(), before)


def test_measuring_leaves_everything_as_it_was():
    run, arrays = bound()
    run.forward()
    before = [a.asnumpy() for a in arrays.values()]
    profile, memory, numerics = run.profile(steps=2), run.memory(), run.numerics()
    assert [row.name for row in profile.rows] == ["step"] and memory.in_place == {"step_output": "w"}
    assert not numerics.nonfinite
    for a, b in zip(arrays.values(), before):
        np.testing.assert_array_equal(a.asnumpy(), b)
    run.forward()
    close(arrays["m"].asnumpy(), before[2] * np.float32(0.5) - np.float32(0.5) * before[1])


def test_binding_again_and_copying_parameters():
    run, arrays = bound()
    run.forward()
    smaller = run.reshape(partial_shaping=True, w=(2,), g=(2,), m=(2,))
    smaller.forward()
    run.copy_params_from({"w": np.ones(4)}, {"m": np.zeros(4)})
    run.forward(g=np.zeros(4))
    np.testing.assert_array_equal(arrays["w"].asnumpy(), 1)
    with pytest.raises(BindError):
        run.forward(g="text")


def test_a_trainer_saves_and_resumes_bit_for_bit(tmp_path):
    pytest.importorskip("safetensors")
    loss = sym.make_loss(sym.sum(sym.square(sym.var("w"))), name="cost")
    trainer = sym.optimizers.Trainer(sym.optimizers.step(loss, "adam", ["w"]), {"w": nd.array([4.0, 2.0])}, lr=0.1,
                                     engine="xla")
    for _ in range(3):
        trainer.step()
    trainer.save(tmp_path)
    again = sym.optimizers.Trainer.load(tmp_path, engine="xla")
    for each in (trainer, again):
        for _ in range(3):
            each.step()
    np.testing.assert_array_equal(trainer.executor.arg_dict["w"].asnumpy(), again.executor.arg_dict["w"].asnumpy())
    assert trainer.executor._compiled_graphs[True].program.traces == 1


@pytest.mark.parametrize("shape", [(0, 3), (), (1,)])
def test_odd_shapes_and_layouts(shape):
    x = np.ones((6, 4))[::-2, 1:].T
    run = sym.exp(sym.var("x"), name="e").bind(args={"x": x}, engine="xla")
    np.testing.assert_allclose(run.forward()[0].asnumpy(), np.exp(x))
    swapped = np.ones(shape, ">f4")
    run = sym.exp(sym.var("x"), name="e").bind(args={"x": swapped}, engine="xla")
    np.testing.assert_allclose(run.forward()[0].asnumpy(), np.exp(np.ones(shape, "f4")), rtol=1e-6)


def trained():
    run = network().simple_bind(data=(4, 5), label=(4,), engine="xla")
    run.forward(is_train=True)
    run.backward()


def fails():
    run, _ = bound()
    run.nonfinite = "raise"
    with pytest.raises(NonFiniteError):
        run.forward(g=np.full(4, np.nan))


def split_over_a_mesh():
    arrays = {name: nd.ones((8, 4)) for name in "wg"}
    step = sym.sgd_update(*map(sym.var, "wg"), lr=0.5)
    step.bind(args=arrays, out=[arrays["w"]], engine="xla", mesh=sj.make_mesh(data=-1), sharding={"w": "data"}).forward()


def by_both(name, x):
    """Return what two engines give for an operator of matrices."""
    made = getattr(sym.linalg, name)(sym.var("x"))
    return [[out.asnumpy() for out in made.bind(None, {"x": nd.array(x)}, engine=engine).forward()]
            for engine in ("eager", "xla")]


@pytest.mark.parametrize("place", [(0, 0), (2, 0), (0, 2)])
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["syevd", "potrf"])
def test_matrices_that_are_not_finite_have_no_factors(name, value, place):
    x = np.stack([np.eye(3, dtype="f4"), 2 * np.eye(3, dtype="f4")])
    x[0][place] = value
    expected, found = by_both(name, x)
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(np.isfinite(other), np.isfinite(one))
        np.testing.assert_allclose(other[1], one[1], rtol=1e-6)


@pytest.mark.parametrize("name", ["syevd", "potrf"])
def test_the_lower_triangle_is_what_is_decomposed(name):
    for one, other in zip(*by_both(name, np.array([[4, 100], [2, 5]], "f4")), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-6)


@pytest.mark.parametrize("steps", [lambda: bound()[0].forward(), lambda: bound(w=np.ones(4, "f4"))[0].forward(), trained,
                                   fails, split_over_a_mesh], ids=["update", "numpy", "trained", "fails", "mesh"])
def test_nothing_is_left_after_an_executor_is_gone(steps):
    """No array of the caller's is known any more, and no array on a device is held."""
    steps()  # what is loaded or kept once, such as a generator's state
    gc.collect()
    known, held = len(elsewhere), len(jax.live_arrays())
    steps()
    gc.collect()
    assert len(elsewhere) == known and len(jax.live_arrays()) <= held


def test_the_program_calls_no_python():
    run, _ = bound()
    text = run._program.compiled.as_text()
    assert "callback" not in text and re.search(r"input_output_alias", text)


def test_without_jax_it_says_what_to_install():
    code = ("import sys; sys.modules['jax'] = None\nimport numpy as np, symbolic as sym\n"
            "try: sym.exp(sym.var('x')).bind(args={'x': np.ones(1)}, engine='xla')\n"
            "except ImportError as e: assert \"pip install 'symbolic-ndarray[xla]'\" in str(e)\nelse: raise SystemExit(1)")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_step_copies_no_buffer_that_it_replaces():
    """Weights and momenta of one shape, and an output of that shape before them, each keep their own buffer."""
    g, lr = sym.var("g"), sym.var("lr")
    steps = [sym.sgd_mom_update(sym.var(f"w{k}"), g, sym.var(f"m{k}"), lr=lr, momentum=0.9, name=f"s{k}") for k in range(3)]
    step = sym.Group([g * 2.0, *steps])
    args = {name: nd.ones((64, 64)) for name in step.list_inputs()} | {"lr": nd.array([0.1])}
    run = step.bind(args=args, out={f"s{k}_output": args[f"w{k}"] for k in range(3)}, engine="xla")
    assert run._program.compiled.memory_analysis().temp_size_in_bytes < 64 * 64 * 4
    run.forward()
    np.testing.assert_array_equal(run.outputs[0].asnumpy(), 2)
    np.testing.assert_array_equal(args["w2"].asnumpy(), np.float32(1 + 0.9 - 0.1))


def test_new_weights_with_a_short_last_axis_are_computed_in_one_loop():
    arrays = {"w": nd.ones((8, 4, 3, 3)), "w_grad": nd.ones((8, 4, 3, 3)), "w_mom": nd.ones((8, 4, 3, 3))}
    run = sym.optimizers.bind_in_place(sym.optimizers.update(["w"], "sgd", momentum=0.5), arrays, engine="xla")
    assert "wrapped_add" not in run._program.compiled.as_text()  # as a loop for each axis is named
    run.forward(lr=0.5)
    np.testing.assert_array_equal(arrays["w"].asnumpy(), 1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_loop_keeps_every_value(dtype):
    odd = np.array([1, -0.0, 0, np.inf, -np.inf, np.nan, 3e38, 1e-37, -7], dtype).reshape(1, 3, 3)
    with wide():
        found = np.asarray(jax.jit(lambda x: one_loop(x, "cpu"))(odd))
    np.testing.assert_array_equal(found.view("uint8"), odd.view("uint8"))


@pytest.mark.parametrize("how", ["argument", "with"])
def test_a_context_says_which_device(how):
    """A processor may be several devices of JAX, of which `cpu(k)` is one; without them the first."""
    ctx = nd.cpu(3)
    arrays = {name: nd.array(np.full(4, k + 1.0)) for k, name in enumerate("wgm")} | {"lr": nd.array([0.5])}
    with ctx if how == "with" else nd.cpu():
        run = STEP.bind(ctx if how == "argument" else None, args=arrays, out={"step_output": arrays["w"]}, engine="xla")
    run.forward(lr=0.25)
    count = len(jax.devices("cpu"))
    assert sj.device_array(arrays["w"]).devices() == {jax.devices("cpu")[3 if count > 3 else 0]}
    assert str(jax.devices("cpu")[3 if count > 3 else 0]) in run.debug_str()
    assert sym.exp(sym.var("x")).simple_bind(ctx, engine="xla", x=(2,)).outputs[0].context == ctx
    trainer = sym.optimizers.Trainer(sym.optimizers.update(["w"], "sgd"), {"w": nd.ones((2,))}, lr=1, ctx=ctx, engine="xla")
    trainer.step(w_grad=np.ones(2))
    assert trainer.executor._adopted[0].device.devices() == sj.device_array(arrays["w"]).devices()


@pytest.mark.skipif(jax.default_backend() == "gpu", reason="JAX sees a GPU")
def test_a_gpu_that_is_not_there_is_named():
    x = sym.exp(sym.var("x"))
    for binding in (lambda: x.bind(nd.gpu(1), args=[np.ones(2)], engine="xla"),
                    lambda: x.simple_bind(nd.gpu(1), engine="xla", x=(2,))):
        with pytest.raises(MXNetError, match=r"gpu\(1\): JAX sees 0 devices of this kind here, and .*cpu"):
            binding()
    with pytest.raises(MXNetError, match="engine='xla'"):
        sym.exp(sym.var("x")).simple_bind(nd.gpu(), x=(2,))


def test_nodes_of_one_kind_are_traced_once_and_kinds_that_look_alike_are_kept_apart():
    """0.0 and -0.0 are equal, and not the same; an index out of range is found in every node of a kind."""
    x = sym.var("x")
    many = sym.Group([x * (0.0 if k % 2 else -0.0) for k in range(20)])
    run = many.bind(args={"x": np.ones(2, "f4")}, engine="xla")
    assert [bool(np.signbit(y.asnumpy()).all()) for y in run.forward()] == [k % 2 == 0 for k in range(20)]
    taken = sym.Group([sym.take(sym.var(f"w{k}"), sym.var(f"i{k}"), mode="raise") for k in range(10)])
    args = {name: nd.array([0, 1], dtype="int32" if name[0] == "i" else "float32") for name in taken.list_inputs()}
    run = taken.bind(args=args, engine="xla")
    run.forward()
    with pytest.raises(OutOfRangeError):
        run.forward(i7=np.array([0, 2]))
    assert run.forward(i7=np.array([1, 1]))[7].tolist() == [1.0, 1.0]
