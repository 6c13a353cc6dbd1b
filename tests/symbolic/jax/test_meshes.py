"""Meshes: eight virtual devices give the numbers of one, with the collectives that were to be expected."""

import math
import re

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import BindError, ShapeError, UnknownNameError

jax = pytest.importorskip("jax")

from jax.sharding import PartitionSpec  # noqa: E402

import symbolic.jax as sj  # noqa: E402

if len(jax.devices()) != 8:
    pytest.skip("needs eight devices", allow_module_level=True)

WORKERS = 8
DATA, STEPS = PartitionSpec("data"), 3


def loss():
    net = sym.FullyConnected(sym.var("data"), num_hidden=32, name="fc1")
    net = sym.FullyConnected(sym.Activation(net, act_type="tanh"), num_hidden=8, name="fc2")
    return sym.make_loss(sym.mean(sym.square(net - sym.var("label"))), name="cost")


PARAMETERS = {"fc1_weight": (32, 16), "fc1_bias": (32,), "fc2_weight": (8, 32), "fc2_bias": (8,)}
INPUTS = {"data": (64, 16), "label": (64, 8)}


def arrays(seed=0):
    rng = np.random.default_rng(seed)
    return {name: nd.array(rng.normal(size=shape) / 4) for name, shape in PARAMETERS.items()}


def trained(rule, engine="xla", **settings):
    """Return a trainer after some steps."""
    step = sym.optimizers.step(loss(), rule, list(PARAMETERS), **({"momentum": 0.9} if rule in ("sgd", "lars") else {}))
    trainer = sym.optimizers.Trainer(step, arrays(), lr=0.1, engine=engine, **settings, **INPUTS)
    rng = np.random.default_rng(1)
    for _ in range(STEPS):
        trainer.step(**{name: rng.normal(size=shape) for name, shape in INPUTS.items()})
    return trainer


def parameters(trainer):
    return {name: trainer.executor.arg_dict[name].asnumpy() for name in PARAMETERS}


def close(got, expected, tolerance):
    for name, value in expected.items():
        np.testing.assert_allclose(got[name], value, rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.fixture(scope="module")
def mesh():
    return sj.make_mesh(data=8)


@pytest.mark.parametrize(("rule", "split"), [("sgd", ()), ("lars", ("*_mom",)), ("lars", ("*",)), ("lamb", ("*",))])
def test_split_batches_states_and_weights_give_the_numbers_of_one_device(rule, split, mesh):
    """Split batches alone; states as well (ZeRO); everything (FSDP)."""
    sharding = {"data": DATA, "label": DATA} | {pattern: sj.zero(mesh, min_size=64) for pattern in split}
    trainer = trained(rule, mesh=mesh, sharding=sharding)
    close(parameters(trainer), parameters(trained(rule, "eager")), 2e-5)
    program = trainer.executor._compiled_graphs[True].program
    assert program.traces == 1 and program._jit._cache_size() == 1


def test_weights_that_are_split_stay_split_and_say_so(mesh):
    trainer = trained("sgd", mesh=mesh, sharding={"fc1_weight": ("data",), "data": "data"})
    home = next(h for h in trainer.executor._adopted if h.name == "fc1_weight")
    assert home.device.sharding.spec == DATA and len(home.device.sharding.device_set) == 8
    assert "split: " in trainer.executor.debug_str() and "fc1_weight" in trainer.executor.debug_str()


SIZE = 1024


def votes(engine, bits=8, **settings):
    """Majority-vote signSGD: gradients with a leading axis of workers, their signs added up."""
    vote = sym.optimizers.majority_vote(sym.var("grads"), bits=bits)
    step = sym.signsgd_update(sym.var("w"), vote, lr=sym.var("lr"), name="step")
    w = nd.zeros((SIZE,))
    run = step.bind(args={"w": w, "grads": nd.zeros((WORKERS, SIZE)), "lr": nd.array([0.5])}, out={"step_output": w},
                    engine=engine, **settings)
    rng = np.random.default_rng(0)
    for k in range(3):
        run.forward(grads=rng.normal(size=(WORKERS, SIZE)).round(), lr=0.1 * (k + 1))
    return run, w.asnumpy()


def collectives(run):
    """Return the collectives of a program: what, dtype, elements that a device gets from it."""
    found = []
    for line in run._program.compiled.as_text().splitlines():
        kind = re.search(r"= (.*?) (all-\w+(?:-\w+)*|reduce-scatter|collective-permute)\(", line)
        if kind:
            parts = re.findall(r"(\w+)\[([\d,]*)\]", kind[1])
            found.append((kind[2], parts[0][0], sum(math.prod(map(int, filter(None, s.split(",")))) for _, s in parts)))
    return found


def test_a_vote_has_the_bits_of_one_device_and_sends_int8(mesh):
    _, expected = votes("eager")
    run, got = votes("xla", mesh=mesh, sharding={"grads": "data"})
    np.testing.assert_array_equal(got, expected)
    assert collectives(run) == [("all-reduce", "s8", SIZE)]


SPLIT = (None, None, "data")
PACKED = {"grads": "data", "vote_ballots_output": ["data", SPLIT], "vote_verdict_output": [SPLIT, None]}


def test_a_vote_in_two_bits_sends_a_quarter(mesh):
    """Two bits an element to the device that counts it, and two back: in bytes a quarter of an all-reduce of bytes."""
    _, expected = votes("eager")
    run, got = votes("xla", 2, mesh=mesh, sharding=PACKED)
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(votes("fused", 2)[1], expected)
    found = collectives(run)
    assert found == [("all-to-all", "u8", SIZE // 4), ("all-gather", "u8", SIZE // 4)]
    # Of both a device keeps the eighth that is its own; a sum around a ring sends each byte twice, but for that.
    sent = sum(size for *_, size in found) * (WORKERS - 1) / WORKERS
    assert 4 * sent == 2 * SIZE * (WORKERS - 1) / WORKERS


def test_patterns_that_fit_variables_do_not_fit_nodes(mesh):
    """Nodes are split as XLA chooses, but for those that a pattern of their own names."""
    x, y = sym.var("fc_x"), sym.var("fc_y")
    args = {"fc_x": nd.ones((8, 3)), "fc_y": nd.ones((8, 3))}
    (sym.elemwise_add(x, y, name="fc")).bind(args=args, engine="xla", mesh=mesh, sharding={"fc_*": "data"})
    for sharding, kind in (({"fc_output": (None, "data")}, ShapeError), ({"fc_out": "data"}, UnknownNameError),
                           ({"fc_output": ["data", 3]}, BindError), ({"fc_output": lambda name, shape: 1 / 0}, BindError)):
        with pytest.raises(kind, match="fc_out"):
            sym.elemwise_add(x, y, name="fc").bind(args=args, engine="xla", mesh=mesh, sharding=sharding).forward()


def test_meshes():
    assert sj.make_mesh(data=8).shape == {"data": 8} and sj.make_mesh(rack=2, data=-1).shape == {"rack": 2, "data": 4}
    for wrong in ({"data": 3}, {}, {"a": -1, "b": -1}, {"data": "8"}):
        with pytest.raises(BindError, match="make_mesh"):
            sj.make_mesh(**wrong)
    explicit = jax.make_mesh((8,), ("data",), axis_types=(jax.sharding.AxisType.Explicit,))
    _, got = votes("xla", mesh=explicit, sharding=lambda name, shape: "data" if name == "grads" else None)
    np.testing.assert_array_equal(got, votes("eager")[1])


@pytest.mark.parametrize("split", [
    {"data": ("data",), "label": ("data",)},
    {"data": (("data", "model"),), "label": (("data", "model"),)},
    {"fc1_weight": ("model",), "fc1_bias": ("model",)},
    {"data": ("data",), "label": ("data",), "fc1_weight": (None, "model")},
])
@pytest.mark.parametrize("wrap", [jax.jit, lambda f: f])
def test_gradients_on_a_mesh_with_explicit_axes(wrap, split):
    """They are split as the arrays are, as JAX asks it of them."""
    mesh = jax.make_mesh((4, 2), ("data", "model"), axis_types=(jax.sharding.AxisType.Explicit,) * 2)
    f = sj.function(loss())
    grads = jax.grad(lambda values: f(values)[0][f.outputs[0]].sum())
    rng = np.random.default_rng(0)
    values = {name: rng.normal(size=shape) for name, shape in (PARAMETERS | INPUTS).items()}
    with jax.enable_x64(True):
        expected = grads(values)
        with jax.set_mesh(mesh):
            got = wrap(grads)({name: jax.device_put(v, PartitionSpec(*split.get(name, ())))
                               for name, v in values.items()})
    for name, grad in got.items():
        np.testing.assert_allclose(np.asarray(grad), np.asarray(expected[name]), rtol=1e-12, atol=1e-12)
        axes = split.get(name, ())
        assert tuple(jax.typeof(grad).sharding.spec) == axes + (None,) * (grad.ndim - len(axes)), name


def test_choices_between_an_array_and_a_number_on_a_mesh_with_explicit_axes():
    """The number is split as the array is, where a body makes an array of it."""
    mesh = jax.make_mesh((8,), ("data",), axis_types=(jax.sharding.AxisType.Explicit,))
    names = ("x", "g", "m", "v")
    for made in (sym.sigmoid(sym.var("x")), sym.adamax_update(*map(sym.var, names), lr=0.5, t=1),
                 sym.rprop_update(*map(sym.var, names), lr=0.5, t=1)):
        values = {name: np.linspace(-2, 1, 8, dtype="f4") for name in made.list_inputs()}
        f = sj.function(made)
        expected = f(values)
        with jax.set_mesh(mesh):
            found = f({name: jax.device_put(v, PartitionSpec("data")) for name, v in values.items()})
        for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
            assert tuple(jax.typeof(a).sharding.spec) == ("data",)
            np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-6)


def bound(mesh, sharding, engine="xla"):
    x = {"x": nd.zeros((6, 8)), "y": nd.zeros((6, 8))}
    return (sym.var("x") + sym.var("y")).bind(args=x, engine=engine, mesh=mesh, sharding=sharding)


@pytest.mark.parametrize(("sharding", "kind", "words"), [
    ({"z": "data"}, UnknownNameError, ["'z'"]), ({"x": "dta"}, UnknownNameError, ["x", "dta", "did you mean 'data'"]),
    ({"x": (None, None, "data")}, ShapeError, ["x", "3 axes", "(6, 8)"]), ({"x": "data"}, ShapeError, ["x", "axis 0", "8"]),
    ({"x": 3}, BindError, ["x", "3"]), (["x"], BindError, ["sharding"]), ({3: "data"}, BindError, ["pattern", "3"]),
    ({"x": (0,)}, BindError, ["x", "(0,)"]), ({"x": ""}, BindError, ["x", "''"]),
    ({"x": ("data", "data")}, BindError, ["x", "'data' twice"]), ({"x": (("data", "data"),)}, BindError, ["'data' twice"]),
    (lambda name, shape: shape[7], BindError, ["sharding of x", "IndexError", "tuple index out of range"]),
    ({"y": lambda name: "data"}, BindError, ["sharding of y", "TypeError", "positional argument"]),
])
def test_errors_at_bind(mesh, sharding, kind, words):
    with pytest.raises(kind) as caught:
        bound(mesh, sharding)
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize("numpy", [False, True], ids=["on the devices", "of numpy"])
def test_executors_of_several_meshes_share_arrays(mesh, numpy):
    """An array is where each of them has it, one after the other: whole, split, on one device, on the host."""
    arrays = {name: np.ones((8, 4), "float32") if numpy else nd.ones((8, 4)) for name in ("w", "g")}
    other = sj.make_mesh(a=2, b=4)
    runs = [sym.sgd_update(sym.var("w"), sym.var("g"), lr=0.25, name="s").bind(
        args=arrays, out=[arrays["w"]], engine=engine, mesh=where, sharding=sharding)
        for engine, where, sharding in (("xla", mesh, None), ("xla", mesh, {"w": "data"}), ("xla", other, {"w": ("a", "b")}),
                                        ("xla", None, None), ("eager", None, None))]
    for k, run in enumerate(runs + runs[::-1]):
        run.forward()
        np.testing.assert_array_equal(np.array(run.outputs[0].asnumpy()), 1 - 0.25 * (k + 1))


def test_meshes_belong_to_this_engine(mesh):
    for wrong in ((mesh, None, "eager"), (None, {"x": "data"}), (3, None)):
        with pytest.raises(BindError, match="mesh"):
            bound(*wrong)


def test_what_zero_takes(mesh):
    for wrong, kind, word in (((3,), BindError, "mesh"), ((mesh, "dta"), UnknownNameError, "data"),
                              ((mesh, "data", "big"), BindError, "'big'")):
        with pytest.raises(kind, match=word):
            sj.zero(*wrong)
    assert sj.zero(mesh, min_size=1)("w", (7, 5)) == jax.sharding.PartitionSpec()


def test_device_arrays():
    x = nd.array([1.0, 2.0])
    copy = sj.device_array(x)
    x[:] = 5
    assert copy.tolist() == [1.0, 2.0]
    run = sym.exp(sym.var("x"), name="e").bind(args={"x": x}, engine="xla")
    run.forward()
    assert sj.device_array(run.outputs[0]).dtype == "float32" and not sj.device_array(x).is_deleted()
