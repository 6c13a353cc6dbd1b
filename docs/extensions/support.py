"""The page of where each rule runs, from runs that are made here.

``python -m docs.extensions.support > docs/rules.rst`` writes it again, with torch, JAX and Optax installed; a test
compares.
"""

import re
import tempfile
from collections.abc import Callable
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import ndarray as nd
from docs.extensions import parity
from ndarray import registry
from ndarray.errors import MXNetError
from ndarray.ops.precision import STATES, Precise
from symbolic import optimizers

ROOT = Path(__file__).parents[2]

SHAPES = {"a_weight": (3, 4), "b_weight": (5,)}
UPDATES = 4
RATE = 0.02

Arrays = dict[str, np.ndarray]


@cache
def rules() -> dict[str, str]:
    """Return the operator of each rule by the name of its row: those of the parity page, then their other forms."""
    found = {name: optimizers.rule(name).op.name for name in parity.rules()}
    for op in registry.operators():
        own = op.update is not None and op.compute.__module__.startswith("ndarray.ops.") and not isinstance(op, Precise)
        if own and op.name not in found.values():
            found[op.name] = op.name
    return found


def start() -> Arrays:
    """Return the weights at first."""
    random = np.random.default_rng(7)
    return {name: random.normal(size=shape).astype("float32") for name, shape in SHAPES.items()}


def gradients() -> list[Arrays]:
    """Return the gradients of each update."""
    random = np.random.default_rng(8)
    return [{name: random.normal(1, 0.5, size=shape).astype("float32") for name, shape in SHAPES.items()}
            for _ in range(UPDATES)]


def read_too(rule: str) -> list[str]:
    """Return what a rule reads of each tensor besides weight, gradient and states."""
    made = optimizers.rule(rule)
    return [name for name in made.more_inputs if name not in made.op.writes]


def has_keys(rule: str) -> bool:
    """Tell whether a rule draws random numbers."""
    return bool(optimizers.rule(as_name(rule)).op.update.keys)


def as_name(rule: str) -> str:
    """Return the name by which functions find the operator of a row."""
    return rules()[rule] if rule != "lars" else rule


def trainer_of(rule: str, engine: str, dtype: str = "float32", precision: str | None = None) -> Any:
    """Return a trainer before its first update."""
    nd.random.seed(3)
    weights = {name: nd.array(w, dtype=dtype) for name, w in start().items()}
    step = optimizers.update(list(weights), as_name(rule), precision=precision)
    return optimizers.Trainer(step, weights, lr=RATE, engine=engine)


def train(trainer: Any, rule: str, first: int = 0, last: int = UPDATES) -> None:
    """Make updates of a trainer."""
    for grads in gradients()[first:last]:
        more = {f"{name}_{i}": g * g for i in read_too(rule) for name, g in grads.items()}
        given = {f"{name}_grad": g for name, g in grads.items()} | more
        trainer.step(**{name: g.astype(trainer.executor.arg_dict[name].dtype) for name, g in given.items()})


def arrays_of(trainer: Any) -> Arrays:
    """Return weights and states of a trainer by name."""
    return {name: a.asnumpy() for name, a in (trainer.executor.arg_dict | trainer.executor.aux_dict).items()
            if name in SHAPES or name in trainer.executor.aux_dict}


def by_engine(rule: str, engine: str, dtype: str = "float32", precision: str | None = None) -> Arrays:
    """Return weights and states after the updates."""
    trainer = trainer_of(rule, engine, dtype, precision)
    train(trainer, rule)
    return arrays_of(trainer)


def by_updater(rule: str) -> Arrays:
    """Return the weights after the updates of an Updater, then of another that goes on with its states."""
    nd.random.seed(3)
    weights = {name: nd.array(w) for name, w in start().items()}
    first, second = [optimizers.Updater(as_name(rule), RATE) for _ in range(2)]
    for k, grads in enumerate(gradients()):
        if k == UPDATES // 2:
            second.set_states(first.get_states())
        more = {i: [nd.array(g * g) for g in grads.values()] for i in read_too(rule)}
        update = first if k < UPDATES // 2 else second
        update(list(weights), [nd.array(g) for g in grads.values()], list(weights.values()), **more)
    return {name: w.asnumpy() for name, w in weights.items()}


def by_file(rule: str) -> Arrays:
    """Return weights and states after the updates of two trainers, of which the second is loaded from a checkpoint."""
    trainer = trainer_of(rule, "eager")
    train(trainer, rule, 0, UPDATES // 2)
    with tempfile.TemporaryDirectory() as folder:
        trainer.save(folder)
        again = optimizers.Trainer.load(folder, engine="eager")
    train(again, rule, UPDATES // 2)
    return arrays_of(again)


def by_torch(rule: str) -> Arrays:
    """Return the parameters after the updates of an optimizer of torch."""
    import torch

    import symbolic.torch as st

    nd.random.seed(3)
    params = {name: torch.nn.Parameter(torch.from_numpy(w)) for name, w in start().items()}
    optimizer = st.optimizer(as_name(rule))(list(params.items()), lr=RATE)
    for p in params.values() if has_keys(rule) else ():
        # torch draws the first key of random numbers; this is the one that a trainer draws.
        optimizer.state[p]["key"] = torch.tensor([int(nd.random.randint(0, 1 << 30).asscalar())])
    for grads in gradients():
        for name, g in grads.items():
            params[name].grad = torch.from_numpy(g)
            for i in read_too(rule):
                setattr(params[name], i, torch.from_numpy(g * g))
        optimizer.step()
    return {name: p.detach().numpy() for name, p in params.items()}


def batches() -> list[tuple[str, ...]]:
    """Return the names of rows in parts: XLA compiles the rules of a part as one program, in half the time."""
    left = iter(rules())
    return [*iter(lambda: tuple(islice(left, 6)), ())]


def batch_of(rule: str) -> tuple[str, ...]:
    """Return the part that a row is in."""
    return next(batch for batch in batches() if rule in batch)


@cache
def updated_by_optax(batch: tuple[str, ...]) -> dict[str, Arrays]:
    """Return for each rule the parameters after the updates of its transformation of Optax."""
    import jax
    import optax

    import symbolic.jax as sj

    made, states, params = {}, {}, {rule: start() for rule in batch}
    for rule in batch:
        nd.random.seed(3)
        made[rule] = sj.gradient_transformation(as_name(rule), RATE)
        states[rule] = made[rule].init(params[rule])

    @jax.jit
    def update(params, states, grads, more):
        found = {rule: made[rule].update(grads, states[rule], params[rule], **more[rule]) for rule in batch}
        return ({rule: optax.apply_updates(params[rule], changes) for rule, (changes, _) in found.items()},
                {rule: state for rule, (_, state) in found.items()})

    for grads in gradients():
        more = {rule: {i: {name: g * g for name, g in grads.items()} for i in read_too(rule)} for rule in batch}
        params, states = update(params, states, grads, more)
    return {rule: {name: np.asarray(p) for name, p in params[rule].items()} for rule in batch}


@cache
def updated_together(batch: tuple[str, ...], engine: str) -> dict[tuple[str, str], Arrays]:
    """Return the weights after the updates of one step in which each rule is a route, by rule and precision."""
    pairs = [(rule, kind) for rule in batch for kind in ("", *STATES) if not refusal(rule, kind)]
    nd.random.seed(3)
    kept = {(rule, kind, name): nd.array(w, dtype="bfloat16" if kind else "float32")
            for rule, kind in pairs for name, w in start().items()}
    weights = {".".join(key): w for key, w in kept.items()}
    routes = {f"{rule}.{kind}.*": optimizers.rule(as_name(rule), precision=kind or None) for rule, kind in pairs}
    trainer = optimizers.Trainer(optimizers.update(list(weights), routes), weights, lr=RATE, engine=engine)
    for grads in gradients():
        given = {f"{rule}.{kind}.{name}_grad": grads[name] for rule, kind, name in kept}
        given |= {f"{rule}.{kind}.{name}_{i}": grads[name] ** 2 for rule, kind, name in kept for i in read_too(rule)}
        trainer.step(**{name: g.astype(trainer.executor.arg_dict[name].dtype) for name, g in given.items()})
    return {(rule, kind): {name: kept[rule, kind, name].asnumpy() for name in SHAPES} for rule, kind in pairs}


def refusal(rule: str, precision: str) -> str:
    """Return why a rule has no such precision, nothing where it has."""
    try:
        optimizers.rule(as_name(rule), precision=precision or None)
    except MXNetError as error:
        return str(error)
    return ""


def by_xla(rule: str, precision: str = "") -> Arrays:
    """Return the weights after the updates under XLA; raise where they are not those of the eager engine."""
    if why := refusal(rule, precision):
        raise MXNetError(why)
    found, other = [updated_together(batch_of(rule), engine)[rule, precision] for engine in ("xla", "eager")]
    # Two digits of bfloat16: of what is rounded, another one can be the nearest.
    bound = 2.0 ** -6 if precision else 0.0
    for name, first in start().items():
        one, two = found[name].astype("float64"), other[name].astype("float64")
        most = 1e-3 * np.abs(two - first).max() + bound * np.abs(two).max()
        off = np.abs(one - two).max()
        assert off <= most, f"{rule}: XLA {precision}: {name} is off by {off:.2g}"
    return found


def by_precision(rule: str, precision: str) -> Arrays:
    """Return weights and states in bfloat16 after the updates; raise where engines differ in a bit."""
    found, other = [by_engine(rule, engine, "bfloat16", precision) for engine in ("fused", "eager")]
    for name, expected in other.items():
        if adds_along_axes(rule):
            one, two = (np.asarray(array, "float64") for array in (found[name], expected))
            assert np.abs(one - two).max() <= 2.0 ** -7 * np.abs(two).max(), f"{rule}: {precision}"
        else:
            assert found[name].tobytes() == expected.tobytes(), f"{rule}: {precision}"
    return found


@cache
def adds_along_axes(rule: str) -> bool:
    """Tell whether the fused engine adds up rows or columns for a rule."""
    text = trainer_of(rule, "fused").executor.debug_str()
    return "axes: sum" in text or "axes: mean" in text


WAYS: dict[str, tuple[Callable[[str], Arrays], float, str]] = {
    "fused": (lambda rule: by_engine(rule, "fused"), 0.0, ""),
    "XLA": (by_xla, 1e-3, "jax"),
    "torch": (by_torch, 1e-3, "torch"),
    "Optax": (lambda rule: updated_by_optax(batch_of(rule))[rule], 1e-3, "optax"),
    "Updater": (by_updater, 1e-3, ""),
    "saved": (by_file, 0.0, "safetensors"),
    **{kind: (lambda rule, kind=kind: by_precision(rule, kind), 0.2, "ml_dtypes") for kind in STATES},
    **{f"XLA, {kind}": (lambda rule, kind=kind: by_xla(rule, kind), 0.2, "jax") for kind in STATES},
}
"""By column, what makes the updates, how far a weight may be off that of the eager engine in parts of the longest way
of its elements, and the library that is needed besides ours; a matrix without full rank has an inverse off by 3e-4."""

_ROUNDED = 0.01
"""How far weights in bfloat16 are off at first."""


def cell(rule: str, column: str, expected: Arrays) -> str:
    """Return ``yes``, or why a rule is refused there, in the words of the error.

    Parameters
    ----------
    rule : str
        Name of a row.
    column : str
        One of `WAYS`.
    expected : dict of str to numpy.ndarray
        Weights and states of the eager engine.

    Raises
    ------
    AssertionError
        If the weights differ from those expected.
    """
    make, bound, _ = WAYS[column]
    if column == "fused" and adds_along_axes(rule):
        bound = 1e-6
    kind = column.removeprefix("XLA, ")
    try:
        found = make(rule)
    except MXNetError as error:
        text = str(error).replace(rules()[rule], "the rule")
        return text.replace(kind, "…") if kind in STATES else text
    for name, first in start().items():
        way = np.abs(expected[name] - first).max()
        off = np.abs(found[name].astype("float64") - expected[name]).max()
        # Numbers that are rounded at random are right on average, which has a test of its own.  In a step of several
        # rules a tensor has another key of random numbers; XLA has been compared with the eager engine there.
        random = kind == "stochastic" or column.startswith("XLA") and has_keys(rule)
        most = np.inf if random else bound * way + (_ROUNDED if kind in STATES else 0.0)
        assert np.isfinite(off) and off <= most, f"{rule}: {column}: {name} is off by {off:.2g}, its way is {way:.2g}"
    return "yes"


def judges(rule: str) -> str:
    """Return whose numbers a rule is equal to: recorded ones of MXNet's operator, and the libraries of the parity page.

    Every rule is compared with its formula, written a second time in float64.
    """
    text = (ROOT / "docs" / "parity.rst").read_text(encoding="utf-8").partition("States that travel")[0]
    row = text.partition(f"   * - ``{rule}``\n")[2].partition("\n   * - ")[0]
    cells = re.split(r"^     - ", row, flags=re.M)[1:]
    found = [name for name, each in zip(("MXNet", "torch", "Optax", "authors"), cells) if ": equal" in each]
    recorded = (ROOT / "tests" / "golden" / f"{rules()[rule]}.npz").exists()
    return ", ".join(dict.fromkeys([*(["MXNet"] if recorded else []), *found])) or "formula"


_HEAD = """Where each rule runs
====================

Made by ``python -m docs.extensions.support`` from runs: {updates} updates of a matrix and a vector by every rule that
is declared, in each of these ways.  A test makes them again.

* *Judge*: whose numbers the rule is equal to, see :doc:`parity`; every rule is also compared with its formula, written
  a second time in float64.
* *fused*, *XLA*: the other engines, beside the eager one; fused has its bits, but where it adds up rows or columns.
* *torch*: ``symbolic.torch.optimizer``; *Optax*: ``symbolic.jax.gradient_transformation``; *Updater*:
  `symbolic.optimizers.Updater`, in the middle replaced by another one with its ``get_states``.  Each ends where the
  eager engine does.
* *saved*: stopped in the middle, saved and loaded: the bits of a training that never stopped.
* *master*, *stochastic*, *kahan*: weights in bfloat16 with that ``precision``, with the same bits on the eager and the
  fused engine, and under XLA within two digits of bfloat16; ``"master"`` takes float16 as well.

Without a ``precision``, rules that MXNet lacks compute float16 in float32 and round once.  Those that it has round each
operation, as it does: an ``epsilon`` of 1e-8 is 0 in float16, and an element whose gradients were all 0 becomes NaN, as
in MXNet, in ``adam``, ``adamw``, ``rmsprop``, ``rmspropalex`` and ``ftml``; give ``precision="master"``, or an
``epsilon`` of 1e-7 and more.

*No* has a letter, under which there is what the error says.

.. list-table::
   :header-rows: 1
   :class: wide

   * - Rule
     - Judge
"""


def rows(columns: list[str]) -> dict[str, dict[str, str]]:
    """Return the cells of some columns, by rule."""
    found = {}
    for rule in rules():
        expected = by_engine(rule, "eager")
        found[rule] = {column: cell(rule, column, expected) for column in columns}
    return found


def page() -> str:
    """Return the page."""
    text = _HEAD.format(updates=UPDATES) + "".join(f"     - {column}\n" for column in WAYS)
    made = rows([*WAYS])
    reasons = [*dict.fromkeys(each for row in made.values() for each in row.values() if each != "yes")]
    for rule, row in made.items():
        text += f"   * - ``{rule}``\n     - {judges(rule)}\n"
        for each in row.values():
            text += f"     - {each if each == 'yes' else f'no ({_LETTERS[reasons.index(each)]})'}\n"
    return text + "\n" + "".join(f"({_LETTERS[k]}) {each}.\n\n" for k, each in enumerate(reasons)).rstrip("\n") + "\n"


_LETTERS = "abcdefghijklmnopqrstuvwxyz"


if __name__ == "__main__":
    print(page(), end="")
