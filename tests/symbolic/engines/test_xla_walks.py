"""Random walks over an executor on the devices and whatever shares its arrays: the eager engine sees the same at each step."""

import gc

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym

pytest.importorskip("jax")

STEPS = 25
SHAPES = {"data": (4, 2), "label": (4, 3)}


def graph():
    x, y = sym.var("data"), sym.var("label")
    net = sym.BatchNorm(sym.FullyConnected(x, num_hidden=3, name="fc"), fix_gamma=False, name="bn")
    return sym.Group([sym.make_loss(sym.mean(sym.square(net - y)), name="cost"), sym.BlockGrad(sym.tanh(net), name="out")])


def numbers(rng, shape):
    return rng.normal(size=shape).astype("float32")


class World:
    """Executors that share arrays, views of these, and memory of them that NumPy holds."""

    def __init__(self, engine, grad_req):
        self.engine = engine
        self.runs = [graph().simple_bind(**SHAPES, engine=engine, grad_req=grad_req)]
        self.views, self.held = [], []
        for name, array in (self.runs[0].arg_dict | self.runs[0].aux_dict).items():
            array[:] = np.random.default_rng(len(name)).random(array.shape) + 0.5

    def arrays(self):
        found = [a for run in self.runs for a in (*run.arg_arrays, *run.aux_arrays, *run.outputs)]
        return found + [g for run in self.runs if run._grads for g in run.grad_arrays if g is not None]

    def seen(self):
        """What everybody sees, those first who only hold memory: reading the array itself would fetch its value."""
        held = [np.array(a) for a in self.held]
        return held + [a.asnumpy() for a in (*self.views, *self.arrays())]


def forward(world, run, array, rng):
    run.forward(is_train=bool(rng.integers(2)))


def forward_and_back(world, run, array, rng):
    first = world.runs[0]  # the others may have no gradients
    first.forward(is_train=True)
    first.backward()


def feed(world, run, array, rng):
    name = rng.choice([*run.arg_dict])
    given = numbers(rng, run.arg_dict[name].shape)
    run.forward(**{name: given if rng.integers(2) else nd.array(given)})
    given[:] = 0


def write(world, run, array, rng):
    array[:] = numbers(rng, array.shape)


def view(world, run, array, rng):
    world.views += [a[0:1] for a in world.arrays() if a.ndim and rng.random() < 0.3]


def hold(world, run, array, rng):
    world.held += [np.asarray(a) for a in world.arrays() if rng.random() < 0.3]


def write_what_is_held(world, run, array, rng):
    for other in (*world.views, *world.held):
        other[...] = numbers(rng, other.shape)


def let_go(world, run, array, rng):
    world.views, world.held = [], []
    gc.collect()


def copy_parameters(world, run, array, rng):
    run.copy_params_from({name: numbers(rng, a.shape) for name, a in run.arg_dict.items() if name.startswith("fc")})


def bind_again(world, run, array, rng):
    engine = ("fused", world.engine)[rng.integers(2)]
    world.runs.append(graph().bind(args=dict(run.arg_dict), aux_states=dict(run.aux_dict), engine=engine))


def reshape(world, run, array, rng):
    world.runs.append(world.runs[0].reshape(data=(2, 2), label=(2, 3)))


def drop(world, run, array, rng):
    del world.runs[1:]
    gc.collect()


def read(world, run, array, rng):
    array.wait_to_read()
    array.asnumpy()


ACTIONS = [forward, forward, forward_and_back, forward_and_back, feed, feed, write, view, hold, write_what_is_held, let_go,
           copy_parameters, bind_again, reshape, drop, read]


@pytest.mark.parametrize("seed", range(6))
def test_both_worlds_hold_the_same(seed):
    worlds = [World(engine, ("write", "add")[seed % 2]) for engine in ("eager", "xla")]
    walk, past = np.random.default_rng(seed), []
    for step in range(STEPS):
        action, number = ACTIONS[walk.integers(len(ACTIONS))], walk.integers(2**32)
        past.append(action.__name__)
        for world in worlds:
            rng = np.random.default_rng(number)
            # What may be chosen is the same in both.
            arrays, runs = [a for a in world.arrays() if a.ndim], world.runs
            action(world, runs[rng.integers(len(runs))], arrays[rng.integers(len(arrays))], rng)
        if len(worlds[0].runs) > 4:
            for world in worlds:
                drop(world, None, None, None)
        if step % 3 == 0 or step == STEPS - 1:  # Reading is an action as well.
            for expected, got in zip(*(world.seen() for world in worlds), strict=True):
                np.testing.assert_allclose(got, expected, rtol=2e-3, atol=2e-3, err_msg=", ".join(past))
