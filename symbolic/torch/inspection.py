"""What an optimizer does, to look at: its update as a graph, a table of its parameters, the time its loops take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from symbolic.create import Group, var
from symbolic.graph.attributes import AttrScope
from symbolic.optimizers.bind import bind_in_place
from symbolic.optimizers.factors import Factors
from symbolic.optimizers.update import updated
from symbolic.torch.forms import state_types
from symbolic.torch.tensors import facts_of
from symbolic.torch.unfused import view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from symbolic.diagnostics.profile import Profile
    from symbolic.symbol import Symbol
    from symbolic.torch.work import Work


class Row(NamedTuple):
    """What applies to a parameter.

    Attributes
    ----------
    name : str
    shape : tuple of int
    dtype : str
    group : int
    rule : str
    lr, weight_decay : float
    states : tuple of str
        As torch names them.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    group: int
    rule: str
    lr: float
    weight_decay: float
    states: tuple[str, ...]


class Rows(list[Row]):
    """Rows that print as a table."""

    def __str__(self) -> str:
        lines = [Row._fields, *([", ".join(map(str, x)) if isinstance(x, tuple) else str(x) for x in row]
                                for row in self)]
        widths = [max(map(len, column)) for column in zip(*lines)]
        return "\n".join("  ".join(x.ljust(width) for x, width in zip(line, widths)).rstrip() for line in lines)

    __repr__ = __str__


def _decay(work: Work, i: int) -> float:
    if i in work.no_decay or not work.rule.decays:
        return 0.0
    return float(cast(float, work.rule.wd))  # Options of torch are numbers.


def rows_of(works: Sequence[Work]) -> Rows:
    """Return what applies to each parameter."""
    return Rows([Row(name, tuple(p.shape), str(p.dtype).removeprefix("torch."), k, str(work.rule.op.name), work.lr,
                     _decay(work, i),
                     (*(("step",) if work.counts else ()), *work.states.values()))
                 for k, work in enumerate(works) for i, (p, name) in enumerate(zip(work.params, work.names))])


def symbol_of(works: Sequence[Work]) -> Symbol:
    """Return the update of all parameters as one Symbol; see `RuleOptimizer.symbol`."""
    made = []
    for k, work in enumerate(works):
        names = _names(work)
        with AttrScope(__region__="update"):
            grads = [var(f"{name}_grad") for name in names]
            if work.maximize:
                grads = [-g for g in grads]
            factors = Factors(names, [1.0] * len(names), [float(i not in work.no_decay) for i in range(len(names))],
                              frozenset([names[i] for i in work.plain]))
            lr = var("lr" if len(works) == 1 else f"lr{k}", shape=(1,))
            made += updated(work.rule, [var(name) for name in names], grads, factors, lr, var("t", shape=(1,)),
                            work.clip_norm)
    return Group(made)


def profile_of(works: Sequence[Work], state: Any, steps: int) -> Profile:
    """Return the profile of the update on copies; see `RuleOptimizer.profile`."""
    arrays = {}
    for work in works:
        for p, name in zip(work.params, _names(work)):
            facts, own = facts_of(p, name), state.get(p) or {}
            arrays[name] = np.ascontiguousarray(view(p).copy())
            arrays[f"{name}_grad"] = (np.zeros_like(arrays[name]) if p.grad is None
                                      else np.ascontiguousarray(view(p.grad.to_dense().resolve_neg()).copy()))
            for given, type_ in state_types(work.rule, facts.real, facts.shape, work.singles).items():
                kept = own.get(work.states[given])
                arrays[f"{name}_{given}"] = (np.zeros(type_.shape, type_.dtype) if kept is None
                                             else view(kept).reshape(type_.shape).copy())
    made = symbol_of(works)
    run = bind_in_place(made, arrays, engine="fused")
    for k, work in enumerate(works):
        run.arg_dict["lr" if len(works) == 1 else f"lr{k}"][:] = work.lr
    if "t" in run.arg_dict:
        run.arg_dict["t"][:] = 1.0
    return run.profile(steps, is_train=True)


def _names(work):
    return [name.replace(" ", "") for name in work.names]
