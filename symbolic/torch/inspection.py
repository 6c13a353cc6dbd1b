"""What an optimizer does, to look at: its update as a graph, a table of its parameters, the time its loops take."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from symbolic.create import Group, var
from symbolic.functions import function
from symbolic.graph.attributes import AttrScope
from symbolic.graph.naming import Prefix
from symbolic.optimizers.bind import bind_in_place
from symbolic.optimizers.factors import Factors
from symbolic.optimizers.update import updated
from symbolic.torch.forms import state_types
from symbolic.torch.shards import here
from symbolic.torch.tensors import facts_of
from symbolic.torch.unfused import view

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

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
    made: list[Symbol] = []
    grads, count = _grads(works), var("t", shape=(1,))
    parts = [_alike(work) for work in works]
    for k, work in enumerate(works):
        names, own = _names(work), grads[k]
        lr = var("lr" if len(works) == 1 else f"lr{k}", shape=(1,))
        news: dict[int, Symbol] = {}
        for j, alike in enumerate(parts[k]):
            factors = Factors([names[i] for i in alike], [1.0] * len(alike),
                              [float(i not in work.no_decay) for i in alike],
                              frozenset([names[i] for i in alike if i in work.plain]))
            # Operators on many tensors have one name in all groups.
            apart = Prefix(f"group{k}_{j}_") if sum(map(len, parts)) > 1 else nullcontext()
            with AttrScope(__region__="update"), apart:
                found = updated(work.rule, [var(names[i]) for i in alike], [own[i] for i in alike], factors, lr,
                                count, None)
            news |= dict(zip(alike, found, strict=True))
        made += [news[i] for i in range(len(names))]
    return Group(made)


def _grads(works: Sequence[Work]) -> list[list[Symbol]]:
    """Return the gradients of each group as its rule takes them: those of all groups have one common norm."""
    with AttrScope(__region__="update"):
        given = [[var(f"{name}_grad") for name in _names(work)] for work in works]
        every = [g for grads in given for g in grads]
        found: list[list[Symbol]] = []
        clipped = {bound: list(function("clip_global_norm")(*every, max_norm=bound, name="clipped"))[:-1]
                   for bound in dict.fromkeys([work.clip_norm for work in works]) if bound is not None}
        first = 0
        for work, grads in zip(works, given):
            end = first + len(grads)
            if work.clip_norm is not None:
                grads = clipped[work.clip_norm][first:end]
            first = end
            found.append([-g for g in grads] if work.maximize else grads)
    return found


def _alike(work: Work) -> list[list[int]]:
    """Return the positions of a group's parameters that one operator can update: all, or those of one dtype."""
    found: dict[torch.dtype | None, list[int]] = {}
    for i, p in enumerate(work.params):
        found.setdefault(p.dtype if work.rule.op.many else None, []).append(i)
    return list(found.values())


def profile_of(works: Sequence[Work], state: Any, steps: int) -> Profile:
    """Return the profile of the update on copies; see `RuleOptimizer.profile`."""
    arrays = {}
    for work in works:
        for p, name in zip(work.params, _names(work)):
            local, own = here(p), state.get(p) or {}
            facts = facts_of(local, name)
            arrays[name] = view(local).copy(order="C")
            arrays[f"{name}_grad"] = (np.zeros_like(arrays[name]) if p.grad is None else
                                      view(here(p.grad).to_dense().resolve_conj().resolve_neg()).copy(order="C"))
            for given, type_ in state_types(work.rule, facts.real, facts.shape, work.singles).items():
                kept = own.get(work.states[given])
                arrays[f"{name}_{given}"] = (np.zeros(type_.shape, type_.dtype) if kept is None
                                             else view(here(kept)).reshape(type_.shape).copy())
    made = symbol_of(works)
    run = bind_in_place(made, arrays, engine="fused")
    for k, work in enumerate(works):
        run.arg_dict["lr" if len(works) == 1 else f"lr{k}"][:] = work.lr
    if "t" in run.arg_dict:
        run.arg_dict["t"][:] = 1.0
    return run.profile(steps, is_train=True)


def _names(work):
    return [name.replace(" ", "") for name in work.names]
