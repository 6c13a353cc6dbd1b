"""The same updates by a rule of ours and by its counterpart: weights and states after each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray.errors import ParamError
from symbolic.optimizers.layerwise import rule as as_rule
from symbolic.optimizers.trainer import Trainer
from symbolic.optimizers.update import update
from symbolic.parity import inputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from symbolic.parity.counterparts import Counterpart
    from symbolic.symbol import Symbol

RECORDED = Path(__file__).parents[2] / "tests/golden/rules"
"""Where paths of other libraries are recorded: in the source tree."""

LR_MULT, WD_MULT = {"b_weight": 0.5}, {"b_weight": 2.0}
"""Factors of the recordings that have some."""

Values = dict[str, dict[str, np.ndarray]]
"""By tensor, then ``weight`` and the names of our states."""


class Ours:
    """A rule of ours on the weights that are compared.

    Parameters
    ----------
    other : Counterpart
        Whose rule, first states, rates and factors are used.
    settings : mapping of str to object
        Of the rule.
    shapes : mapping of str to tuple of int
    """

    def __init__(self, other: Counterpart, settings: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> None:
        factors: dict[str, Any] = {}
        if other.factors:
            factors = {"lr_mult": LR_MULT} | ({"wd_mult": WD_MULT} if "wd" in settings else {})
        self.step: Symbol = update(list(shapes), other.rule, **factors, **settings)
        self._weights = {n: inputs.start()[n].astype(np.float32) for n in shapes}
        self._size, self._rated = other.size, other.rated
        self.trainer = Trainer(self.step, self._weights, lr=self._rate, engine="eager")
        own: Any = as_rule(other.rule, **settings)
        self.elementwise = own.op.fusible and other.rule != "lars"
        self.states = [name for name in own.more_inputs if name in own.op.writes]
        self._read_too = [name for name in own.more_inputs if name not in own.op.writes]
        for state, value in other.first.items():
            for n in shapes:
                self.trainer.executor.aux_dict[f"{n}_{state}"][:] = value

    def _rate(self, number: int) -> float:
        return float(np.float32(inputs.rate(number, self._size))) if self._rated else self._size

    def values(self) -> Values:
        """Return copies of the weights and the states now."""
        held = self.trainer.executor.aux_dict
        return {n: {**{s: held[f"{n}_{s}"].asnumpy() for s in self.states}, "weight": w.copy()}
                for n, w in self._weights.items()}

    def path(self, updates: int) -> list[Values]:
        """Return the values after each of further updates; estimates of the curvature are squares of the gradient."""
        found = []
        for grads in inputs.gradients()[:updates]:
            given = {f"{n}_grad": grads[n] for n in self._weights}
            given |= {f"{n}_{i}": grads[n] ** 2 for n in self._weights for i in self._read_too}
            self.trainer.step(**{name: g.astype(np.float32) for name, g in given.items()})
            found.append(self.values())
        return found


def theirs(other: Counterpart, updates: int) -> list[Values]:
    """Return the values after each update by the counterpart; states as far as they are known.

    Raises
    ------
    ParamError
        If its path is recorded, and there is no source tree with the recordings.
    """
    if other.case is not None:
        return _recorded(other, updates)
    return _torch(other, updates) if other.library == "torch" else _optax(other, updates)


def _recorded(other: Counterpart, updates: int) -> list[Values]:
    path = RECORDED / f"{other.library}_50.npz"
    if not path.exists():
        raise ParamError(f"{other} is compared by recorded values, which are in the source tree: {path} is missing")
    with np.load(path) as file:
        prefix = f"{other.case}."
        arrays = {key.removeprefix(prefix): file[key] for key in file.files if key.startswith(prefix)}
    ours = {number: name for name, number in other.states.items()}
    found: list[Values] = [{} for _ in range(updates)]
    for key, values in arrays.items():
        tensor, _, what = key.partition(".")
        for k in range(updates):
            found[k].setdefault(tensor, {})[ours.get(what, what) or "weight"] = values[k]
    return found


def _torch(other: Counterpart, updates: int) -> list[Values]:
    import torch

    params = {n: torch.nn.Parameter(torch.tensor(w, dtype=torch.float32)) for n, w in inputs.start().items()}
    made, found = getattr(torch.optim, other.name)(params.values(), **{"lr": other.size, **other.options}), []
    for number, grads in enumerate(inputs.gradients()[:updates], 1):
        made.param_groups[0]["lr"] = float(np.float32(inputs.rate(number, other.size)))
        for n, p in params.items():
            p.grad = torch.tensor(grads[n], dtype=torch.float32)
        made.step()
        words = {s: word for s, word in other.states.items() if word in made.state[next(iter(params.values()))]}
        found.append({n: {**{s: made.state[p][word].numpy().copy() for s, word in words.items()},
                          "weight": p.detach().numpy().copy()} for n, p in params.items()})
    return found


def _optax(other: Counterpart, updates: int) -> list[Values]:
    import jax
    import optax

    from symbolic.jax.names import optax_function

    rates = np.array([inputs.rate(k, other.size) for k in range(1, updates + 1)], np.float32)
    params = {n: jax.numpy.asarray(w, jax.numpy.float32) for n, w in inputs.start().items()}
    rate = (lambda count: jax.numpy.asarray(rates)[count]) if other.rated else other.size
    made = optax_function(other.name)(rate, **other.options)
    state, update_, found = made.init(params), jax.jit(made.update), []
    for grads in inputs.gradients()[:updates]:
        changes, state = update_({n: jax.numpy.asarray(grads[n], jax.numpy.float32) for n in params}, state, params)
        params = optax.apply_updates(params, changes)
        fields = {s: optax.tree.get(state, field) for s, field in other.states.items()}
        found.append({n: {**{s: np.asarray(tree[n]) for s, tree in fields.items() if tree is not None},
                          "weight": np.asarray(w)} for n, w in params.items()})
    return found
