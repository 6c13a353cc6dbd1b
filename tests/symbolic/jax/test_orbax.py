"""Checkpoints of Orbax as the guide writes and reads them: a training goes on from one to the bit."""

import re
from pathlib import Path

import pytest

pytest.importorskip("jax")
pytest.importorskip("orbax.checkpoint")

from tests.symbolic.jax.test_processes import run

ROOT = Path(__file__).parents[3]
GUIDE = re.search(r"   import jax\n   import orbax.*?\n(?=\S)",
                  (ROOT / "docs/distributed.rst").read_text(encoding="utf-8"), re.S)[0]

PROGRAM = '''
import hashlib
import os
import sys
from pathlib import Path

import numpy as np

if COUNT == 1:
    os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"

import jax

import ndarray as nd
import symbolic as sym
import symbolic.jax as sj

GUIDE

if COUNT > 1:
    sj.initialize()
folder = Path(sys.argv[0]).parent / "kept"
net = sym.FullyConnected(sym.var("data"), num_hidden=16, name="fc")
loss = sym.make_loss(sym.mean(sym.square(net - sym.var("label"))), name="cost")
step = sym.optimizers.step(loss, "adam", ["fc_weight", "fc_bias"])


def made(length, seed):
    """Return a trainer whose weights and states are split."""
    mesh = jax.make_mesh((length, jax.device_count() // length), ("data", "model"),
                         axis_types=(jax.sharding.AxisType.Auto,) * 2)
    first = {"fc_weight": nd.array(np.random.default_rng(seed).normal(size=(16, 8))), "fc_bias": nd.zeros((16,))}
    rate = sym.optimizers.FactorScheduler(2, 0.5, base_lr=0.25)
    split = sj.zero(mesh, "model" if length == 1 else "data", min_size=1)
    return sym.optimizers.Trainer(step, first, lr=rate, engine="xla", mesh=mesh, data=(8, 8), label=(8, 16),
                                  sharding={"data": "data", "label": "data", "fc_*": split})


def train(trainer, start, stop):
    for number in range(start, stop):
        rng = np.random.default_rng(number)
        trainer.step(data=rng.normal(size=(8, 8)), label=rng.normal(size=(8, 16)))


def bits(trainer):
    bound = trainer.executor.arg_dict | trainer.executor.aux_dict
    kept = [bound[name].asnumpy().tobytes() for name in sorted(bound) if name.startswith("fc_")]
    return hashlib.sha256(b"".join(kept)).hexdigest()


trainer = made(jax.device_count(), 0)
train(trainer, 0, 3)
save(trainer, folder)
at_save = bits(trainer)
train(trainer, 3, 6)
again = made(jax.device_count(), 1)
train(again, 0, 1)
resume(again, folder)
assert again.num_update == 3 and bits(again) == at_save
train(again, 3, 6)
assert bits(again) == bits(trainer)
other = made(1, 1)
resume(other, folder)
assert bits(other) == at_save
print("resumed on", jax.device_count())
'''


@pytest.mark.parametrize(("count", "devices"), [(1, 8), (2, 2)])
def test_a_training_goes_on_from_the_guides_checkpoint(tmp_path, count, devices):
    """On eight devices of one process, and on two processes; read on a mesh of another shape as well."""
    guide = "".join(line.removeprefix("   ") for line in GUIDE.splitlines(keepends=True))
    found = run(tmp_path, PROGRAM.replace("GUIDE", guide).replace("COUNT", str(count)), count)
    assert found.returncode == 0, found.stdout + found.stderr
    assert [line for line in found.stdout.splitlines() if f"resumed on {devices}" in line], found.stdout
