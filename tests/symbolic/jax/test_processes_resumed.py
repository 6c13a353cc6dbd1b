"""A training on several processes that is killed goes on from its checkpoint, bit for bit; what each of them is fed."""

import pytest

pytest.importorskip("jax")
pytest.importorskip("safetensors")

import symbolic as sym
import symbolic.jax as sj
from tests.symbolic.jax.test_processes import run

TRAINING = '''
import hashlib
import os
import signal
import sys
from pathlib import Path

import jax
import numpy as np

import ndarray as nd
import symbolic as sym
import symbolic.jax as sj

SAVED, KILLED, LAST, WORKERS = 3, 4, 6, 8
SHAPES = {"fc_weight": (16, 8), "fc_bias": (16,)}
INPUTS = {"data": (WORKERS, 8), "label": (WORKERS, 16)}


def first():
    rng = np.random.default_rng(0)
    return {name: nd.array(rng.normal(size=shape) / 4) for name, shape in SHAPES.items()}


def batch(number, inputs):
    rng = np.random.default_rng(number)
    return {name: rng.normal(size=shape).astype("float32") for name, shape in inputs.items()}


def momentum(engine="xla", mesh=None):
    """Dropout, and states that are split over the processes."""
    net = sym.FullyConnected(sym.Dropout(sym.var("data"), p=0.5), num_hidden=16, name="fc")
    loss = sym.make_loss(sym.mean(sym.square(sym.tanh(net) - sym.var("label"))), name="cost")
    step = sym.optimizers.step(loss, "sgd", list(SHAPES), momentum=0.9)
    settings = dict(engine=engine, mesh=mesh, sharding={"data": "data", "*_mom": sj.zero(mesh, min_size=8)})
    return lambda: sym.optimizers.Trainer(step, first(), lr=0.1, **settings, **INPUTS), INPUTS, settings


def vote(engine="xla", mesh=None):
    """Signs of the gradients of eight workers, counted."""
    ballots = sym.Cast(sym.sign(sym.var("fc_bias_grads")), dtype="int8")
    majority = sym.Cast(sym.sign(sym.sum(ballots, axis=0)), dtype="float32")
    step = sym.optimizers.update(["fc_bias"], "signsgd")(fc_bias_grad=majority)
    inputs = {"fc_bias_grads": (WORKERS, 16)}
    settings = dict(engine=engine, mesh=mesh, sharding=mesh and {"fc_bias_grads": "data"})
    rate = sym.optimizers.FactorScheduler(2, 0.5, base_lr=0.25)
    return lambda: sym.optimizers.Trainer(step, {"fc_bias": first()["fc_bias"]}, lr=rate, **settings, **inputs), inputs, settings


def train(trainer, inputs, start, stop):
    for number in range(start, stop):
        trainer.step(**batch(number, inputs))


def bits(trainer):
    bound = trainer.executor.arg_dict | trainer.executor.aux_dict
    kept = [bound[name].asnumpy().tobytes() for name in sorted(trainer._kept)]
    return hashlib.sha256(b"".join(kept)).hexdigest()
'''

KILLED = TRAINING + '''
sj.initialize()
mesh, folder = sj.make_mesh(data=-1), Path(sys.argv[0]).parent
for make, inputs, _ in (momentum(mesh=mesh), vote(mesh=mesh)):
    nd.random.seed(jax.process_index())  # the keys of the first process count
    whole = make()
    name = "momentum" if "data" in inputs else "vote"
    train(whole, inputs, 0, LAST)
    print(name, bits(whole))
    nd.random.seed(jax.process_index())
    stopped = make()
    train(stopped, inputs, 0, SAVED)
    print(stopped.save(folder / name).name)
    train(stopped, inputs, SAVED, KILLED)
if jax.process_index() == 1:
    os.kill(os.getpid(), signal.SIGKILL)
try:
    train(stopped, inputs, KILLED, 1_000)
except sj.DeviceError:
    print("DeviceError", flush=True)
    os._exit(7)
'''

RESUMED = TRAINING + '''
sj.initialize()
mesh, folder = sj.make_mesh(data=-1), Path(sys.argv[0]).parent
for name, (_, inputs, settings) in (("momentum", momentum(mesh=mesh)), ("vote", vote(mesh=mesh))):
    trainer = sym.optimizers.Trainer.load(folder / name, **settings)
    assert trainer.num_update == SAVED
    train(trainer, inputs, SAVED, LAST)
    print(name, bits(trainer))


def fails(kind, call):
    try:
        call()
    except kind as error:
        print(type(error).__name__, str(error).splitlines()[0])


# What each process is fed: its own rows, or an array of JAX's that is split already.
rank, count = jax.process_index(), jax.process_count()
x, w = nd.zeros((8, 3)), nd.zeros((3,))
total = sym.sum(sym.var("x"), axis=0, name="total").bind(args={"x": x}, engine="xla", mesh=mesh, sharding={"x": "data"})
rows = np.arange(24, dtype="float32").reshape(8, 3)
mine = rows[rank * (8 // count):][:8 // count]
split = jax.make_array_from_process_local_data(total._adopted[0].sharding, 2 * mine, (8, 3))
for fed, expected in ((rows, 1), (mine, 1), (nd.array(mine), 1), (jax.numpy.asarray(mine), 1), (split, 2), (split, 2)):
    assert (total.forward(x=fed)[0].asnumpy() == expected * rows.sum(axis=0)).all()
    assert (x.asnumpy() == expected * rows).all()
assert not split.is_deleted() and total._program.traces == 1
fails(ValueError, lambda: total.forward(x=mine[1:]))
assert (x.asnumpy() == 2 * rows).all()

# A folder that cannot be made: process 0 says why, the other one that it has failed there.
(folder / "file").write_text("")
fails((OSError, sj.DeviceError), lambda: trainer.save(folder / "file"))
# Each process finds another checkpoint.
fails(ValueError, lambda: sym.optimizers.Trainer.load(sorted((folder / "vote").glob("update-*"))[rank], **settings))
'''




def test_a_killed_training_goes_on_bit_for_bit(tmp_path):
    killed = run(tmp_path, KILLED)
    assert killed.returncode == 137 and "[0] DeviceError" in killed.stdout, killed.stdout + killed.stderr
    expected = dict(line.split()[1:] for line in killed.stdout.splitlines() if line.startswith(("[0] momentum", "[0] vote")))
    assert sorted(path.name for path in (tmp_path / "vote").iterdir()) == ["latest", "update-00000003"]
    space = {}
    exec(TRAINING, space)
    trainer = space["vote"]("eager")[0]()  # one process, without JAX
    space["train"](trainer, space["vote"]()[1], 0, 6)
    assert space["bits"](trainer) == expected["vote"]
    trainer.save(tmp_path / "vote")
    (tmp_path / "vote" / "latest").write_text("update-00000003\n")

    done = run(tmp_path, RESUMED)
    assert done.returncode == 0, done.stdout + done.stderr
    for rank in range(2):
        lines = [line[4:] for line in done.stdout.splitlines() if line.startswith(f"[{rank}]") and "[Gloo]" not in line]
        assert lines[:2] == [f"{name} {expected[name]}" for name in ("momentum", "vote")]
        assert lines[2] == ("ShapeError forward: 'x' has shape (8, 3), of which this process has (4, 3); got an array of "
                            "shape (3, 3)")
        assert lines[3].startswith(("DeviceError process 0 failed: ", "FileExistsError ")[rank == 0])
        assert lines[4].startswith("BindError the processes hold different values of fc_bias")


def test_votes_go_on_with_another_number_of_processes(tmp_path):
    """Eight devices of one process, two processes, and the NumPy engine."""
    space = {}
    exec(TRAINING, space)
    inputs, mesh = space["vote"]()[1], sj.make_mesh(data=-1)
    trainer = space["vote"]("xla", mesh)[0]()
    space["train"](trainer, inputs, 0, 3)
    trainer.save(tmp_path / "vote")
    space["train"](trainer, inputs, 3, 6)
    expected = space["bits"](trainer)
    alone = sym.optimizers.Trainer.load(tmp_path / "vote", engine="eager")
    space["train"](alone, inputs, 3, 6)
    assert space["bits"](alone) == expected
    program = TRAINING + '''
sj.initialize()
_, inputs, settings = vote(mesh=sj.make_mesh(data=-1))
trainer = sym.optimizers.Trainer.load(Path(sys.argv[0]).parent / "vote", **settings)
train(trainer, inputs, SAVED, LAST)
print(bits(trainer))
'''
    done = run(tmp_path, program, 4)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines().count(f"[0] {expected}") == 1 and done.stdout.count(expected) == 4
