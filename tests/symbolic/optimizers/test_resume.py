"""Training goes on from a checkpoint bit for bit: every rule that can be called by name, on every engine.

The table follows from the registry.  Both tensors have a schedule, decay and states; one is in half precision where the
rule keeps copies in single precision.
"""

import numpy as np
import pytest

import ndarray as nd
from ndarray import registry
from symbolic import optimizers
from symbolic.engines import ENGINES
from tests.symbolic.optimizers.papers import RANDOM, STATEMENTS, WITHOUT_DECAY

pytest.importorskip("safetensors")

RULES = sorted({op.name for op in registry.operators() if op.update} | {"lars"})
SCHEDULE = optimizers.CosineScheduler(base_lr=0.05, max_update=9, warmup_steps=2)
SHAPES = {"a": (2, 3), "b": (5,)}
SAVED, LAST = 2, 5


def dtypes(op):
    """Half precision where there is a copy in single precision; operators of many tensors take one dtype."""
    mixed = "weight32" in op.names
    return {"a": "float16" if mixed else "float32", "b": "float16" if mixed and op.many else "float32"}


def train(trainer, first, last):
    for number in range(first, last):
        draw = np.random.default_rng(number)
        trainer.step(**{f"{name}_grad": draw.normal(size=shape).astype(trainer.executor.arg_dict[name].dtype)
                        for name, shape in SHAPES.items()})


def bits(trainer):
    bound = trainer.executor.arg_dict | trainer.executor.aux_dict
    return {name: (a.dtype, a.asnumpy().tobytes()) for name, a in bound.items() if name not in ("lr", "t", "a_grad", "b_grad")}


def settings(name):
    """Return the parameters of each case of a rule in the tests of papers, with decay where it has one."""
    decay = {} if name in WITHOUT_DECAY else {"wd": 0.1}
    return [params | decay for params in ([{}] if name in RANDOM else STATEMENTS[name][1])]


@pytest.mark.parametrize("engine", [*(name for name in ENGINES if name != "xla"), "auto"])
@pytest.mark.parametrize("name", RULES)
def test_every_rule_goes_on_bit_for_bit(tmp_path, name, engine):
    op = optimizers.rule(name).op
    # What is saved does not depend on the engine: one engine takes every case, the others the last one.
    for params in settings(name)[0 if engine == "eager" else -1:]:
        nd.random.seed(1)
        draw = np.random.default_rng(0)
        weights = {n: nd.array(draw.normal(size=s), dtype=dtypes(op)[n]) for n, s in SHAPES.items()}
        made = optimizers.update(list(weights), name, lr_mult={"b": 0.5}, wd_mult={"a": 2.0} if "wd" in params else None,
                                 **params)
        trainer = optimizers.Trainer(made, weights, lr=SCHEDULE, engine=engine)
        train(trainer, 0, SAVED)
        saved = bits(trainer)
        trainer.save(tmp_path)
        train(trainer, SAVED, LAST)
        nd.random.seed(2)
        again = optimizers.Trainer.load(tmp_path, engine=engine)
        assert again.num_update == SAVED and bits(again) == saved
        train(again, SAVED, LAST)
        assert again.num_update == LAST and bits(again) == bits(trainer) != saved
