"""One step on torch's tensors: look at what there is, refuse what cannot be, then run, all or nothing."""

from __future__ import annotations

import math
import threading
from itertools import chain
from operator import attrgetter, is_
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.autograd.graph import increment_version

from ndarray.errors import BindError, NonFiniteError
from ndarray.kernels.signals import deferred
from ndarray.kernels.threads import follow
from symbolic.torch.counts import Counts
from symbolic.torch.held import Held
from symbolic.torch.program import GRAD, STATES, WEIGHT, Kind, Norms, Program, kind_of
from symbolic.torch.shards import check_kind, is_distributed, local_of, state
from symbolic.torch.states import Maker, check_state
from symbolic.torch.tensors import Facts, Like, check_apart, check_mode, facts_of, gradient, standing_in, walkable
from symbolic.torch.unfused import commit, compute, view
from symbolic.torch.work import Span, Work, slice_of, spans

if TYPE_CHECKING:
    from collections.abc import Sequence

_data_ptr, _grad = torch.Tensor.data_ptr, attrgetter("grad")
_AHEAD = 8
"""For how many updates numbers are made at once."""


class Runner:
    """The bound half of an optimizer: made when it is missing, never copied and never saved."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forget(())

    def _forget(self, params: tuple[torch.Tensor, ...]) -> None:
        """Start again, with other parameters."""
        n = len(params)
        self._params = params
        self._sharded: bool | None = None
        self._live: list[int] = []
        self._marks: list[Any] = []
        self._spans: list[Span] = []
        self._facts: list[Facts | None] = [None] * n
        self._where: np.ndarray | None = None
        self._alike: Any = None
        self._like: Like | None = None
        self._formed: dict[tuple, tuple] = {}
        self._counts = Counts(n)
        self._keys: dict[tuple[int, bool], Any] = {}
        self._kinds: list[Kind | None] = [None] * n
        self._program: Program | None = None
        self._norms: tuple[list[int], Norms] | None = None
        self._ready = self._chosen = False
        self._row = np.full(n, -1)
        self._held: Held | None = None
        self._classes: dict[tuple[int, bool, bool], list[tuple[int, np.ndarray]]] = {}
        self._seen: dict[tuple[int, str] | None, tuple[Any, Like, np.ndarray]] = {}

    def step(self, works: Sequence[Work], states: Any, scale: float = 1.0) -> str | None:
        """Update every parameter that has a gradient, all or nothing.

        Parameters
        ----------
        works : sequence of Work
            One for each group.
        states : dict of torch.Tensor to dict
            The optimizer's ``state``.
        scale : float, optional
            Factor of all gradients.

        Returns
        -------
        str or None
            Why nothing was done, where a group's ``nonfinite`` is ``"skip"`` and a gradient is not finite.
        """
        follow(torch.get_num_threads())
        with self._lock:
            # First, since it fetches ahead what all else would have to wait for, tensor by tensor.
            here = None
            if self._alike is not None and len(self._live) == len(self._params) and not self._sharded:
                here = self._alike.where(self._params)
            params: Any = tuple(chain.from_iterable([work.params for work in works]))
            if len(params) != len(self._params) or not all(map(is_, params, self._params)):
                self._forget(params)
                here = None
            if self._sharded is None:
                self._sharded = any(map(is_distributed, params))
            owners, grads = params, list(map(_grad, params))
            if self._sharded:
                params, grads = local_of(works, params, grads)
            where = self._like.where(grads) if self._like is not None and len(self._live) == len(params) else None
            live = self._live if where is not None else [k for k, g in enumerate(grads) if g is not None]
            if not live:
                return None
            self._split(works, live)
            if len(live) < len(params):
                owners, params, grads = [[ts[k] for k in live] for ts in (owners, params, grads)]
                here = None
            self._look(params, works, here)
            if self._inference:
                check_mode(params, self._names(works))
            if where is None or self._like is None:
                grads, where = self._gradients(params, grads, works)
            scales, why = self._measure(works, grads, scale)
            if why is not None:
                return why
            held = self._held is not None and self._held.still(states)
            own = [] if held else self._states(works, owners, states)
            self._counts.read(works, self._spans, None if held else own)
            forms = self._forms(works)
            self._arrange(works, forms)
            if not held or self._held is None:
                self._held = None
                self._held = self._start(works, owners, params, states, own)
            if self._held.inference:
                self._check_states_mode(works, self._held)
            self._run(works, params, grads, where, self._held, forms, scales)
            return None

    # What there is

    def _split(self, works, live):
        """Find which parameters of which group have a gradient."""
        marks = [(work.no_decay, work.plain, len(work.params), work.states, work.counts, work.counted_by)
                 for work in works]
        if live != self._live or marks != self._marks:
            self._ready = self._ready and marks == self._marks
            self._live, self._marks, self._where, self._seen, self._chosen = live, marks, None, {}, False
            self._held = self._like = None
            self._spans = spans(works, live)

    def _look(self, params, works, where):
        """Learn how parameters are in memory, where that changed."""
        if where is None and self._alike is not None:
            where = self._alike.where(params)
        if where is not None and self._where is not None and _equal(where, self._where):
            return
        self._like = None
        for span in self._spans:
            work = works[span.work]
            for k, p in zip(span.at, params[span.live]):
                facts = facts_of(p, work.names[k - span.first])
                if facts != self._facts[k]:
                    self._facts[k], self._kinds[k], self._ready = facts, None, False
        check_apart(params, self._names(works))
        self._inference = any(map(torch.Tensor.is_inference, params))
        self._alike = Like(params)
        where = self._alike.where(params)
        self._where = None if where is None else where.copy()
        found = [self._facts[k] for k in self._live]
        # They are walked in place, whatever computes them; of others that is found out once for each program.
        self._simple = self._plain = where is not None and all([f.contiguous and not f.dtype.is_complex for f in found])

    def _names(self, works):
        """Return the names of the parameters that have a gradient."""
        return [works[span.work].names[k - span.first] for span in self._spans for k in span.at]

    def _check_states_mode(self, works, held):
        for span in self._spans:
            work = works[span.work]
            for name, word in work.states.items():
                check_mode(held.tensors[span.work, name],
                           [f"the state {word} of {work.names[k - span.first]}" for k in span.at])

    @torch.no_grad()
    def _gradients(self, params, grads, works):
        """Return the gradients, a copy of each whose memory cannot be walked like its parameter's, and addresses."""
        if self._like is not None and (where := self._like.where(grads)) is not None:
            return grads, where
        found = []
        for span in self._spans:
            work = works[span.work]
            for k, p, g in zip(span.at, params[span.live], grads[span.live]):
                found.append(gradient(g, p, self._facts[k], work.names[k - span.first], work.kind,
                                      work.sparse))
        if all(map(is_, found, grads)):
            self._like = Like(found)
        return found, _addresses_of(found)

    def _measure(self, works, grads, scale):
        """Return the factor of each group's gradients, or why the step is skipped."""
        scales = [scale] * len(works)
        if not any(work.clip_norm is not None or work.nonfinite for work in works):
            return scales, None
        if self._norms is None or self._norms[0] != self._live:
            facts = [self._facts[k] for k in self._live]
            # A tensor of no elements has nothing to sum up.
            filled = [k for k, f in enumerate(facts) if f.n]
            self._norms = self._live, Norms([facts[k].real for k in filled], [facts[k].n for k in filled]), filled
        _, norms, filled = self._norms
        sums = np.zeros(len(grads))
        if filled:
            sums[filled] = norms(np.array([grads[k].data_ptr() for k in filled], np.int64))
        for span in self._spans:
            nonfinite = works[span.work].nonfinite
            if nonfinite and not np.isfinite(sums[span.live]).all():
                wrong = [k for k, g, s in zip(span.at, grads[span.live], sums[span.live])
                         if not math.isfinite(s) and not torch.isfinite(g).all()]
                if wrong:
                    names = ", ".join([works[span.work].names[k - span.first] for k in wrong])
                    why = f"the gradient of {names} is not finite; nothing was updated"
                    if nonfinite == "raise":
                        raise NonFiniteError(why)
                    return scales, why
        norm = scale * float(np.sqrt(sums.sum()))
        for w, work in enumerate(works):
            if work.clip_norm is not None:
                # As torch.nn.utils.clip_grad_norm_ has it.
                bound = work.clip_norm / (norm + 1e-6)
                scales[w] = scale if bound > 1 else bound * scale
        return scales, None

    def _states(self, works, owners, states):
        """Return the states of each group's parameters, an empty dict where there is none yet."""
        if not any(work.states or work.counts for work in works):
            return [[] for _ in self._spans]
        return [[states.get(p) or {} for p in owners[span.live]] for span in self._spans]

    # The program

    def _forms(self, works):
        """Return the numbers of this update, by group, what parameters have in common, and count, None for all."""
        found = {}
        for span in self._spans:
            for decays, plain, at in span.alike:
                counts = self._counts.of(at) if works[span.work].rule.counts else [0.0]
                made = self._numbers(works, span.work, counts, decays, plain)
                for count in counts:
                    found[span.work, decays, plain, None if len(counts) == 1 else count] = made[count]
        return found

    def _numbers(self, works, w, counts, decays, plain):
        """Return the numbers of updates by their counts, those of before where nothing but the count has changed.

        Then those of the next updates are made at once: after a backward pass their code is in no cache, and one set
        takes nearly as long as all.
        """
        work, key = works[w], (w, decays, plain)
        asked = work.rule, work.lr, work.settings(plain)
        before, known = self._formed.get(key, (None, {}))
        known = known if asked == before else {}
        missing = [count for count in counts if count not in known]
        if missing:
            ahead = range(_AHEAD if asked == before else 1)
            kept = {count + k: known[count + k] for count in counts for k in ahead if count + k in known}
            known = kept | {count + k: work.numbers(count + k + 1, decays, plain) for count in missing for k in ahead}
            self._formed[key] = asked, known
        return known

    def _arrange(self, works, forms):
        """Build the program where it does not fit what is to be computed."""
        keys = dict(self._keys)
        for (w, _, plain, _), form in forms.items():
            key = tuple(form.choices)
            if keys.get((w, plain)) != key:
                keys[w, plain] = key
        if keys != self._keys:
            self._keys = keys
            self._ready = False
        if not self._ready:
            self._build(works, keys)
        if not self._chosen:
            self._choose()

    def _build(self, works, keys):
        """Make the program of all parameters that have had a gradient."""
        owner = [(w, within) for w, work in enumerate(works) for within in range(len(work.params))]
        for k, (w, within) in enumerate(owner):
            facts, work = self._facts[k], works[w]
            plain, self._kinds[k] = within in work.plain, None
            if facts is not None and facts.n and (w, plain) in keys:
                asked = keys[w, plain], work.rule, facts.real
                self._kinds[k] = kind_of(*asked, facts.shape, work.settings(plain))
                if self._sharded:
                    two = (2,) * len(facts.shape)
                    check_kind(self._params[k], work.names[within], work.kind,
                               kind_of(*asked, two, work.settings(plain)))
        fused = [k for k, (kind, facts) in enumerate(zip(self._kinds, self._facts)) if kind is not None
                 and kind.flow is not None and (facts.contiguous or not kind.calls)]
        self._program = Program([self._kinds[k] for k in fused], [self._facts[k].n for k in fused]) if fused else None
        self._row[:] = -1
        self._row[fused] = range(len(fused))
        alike = {}
        for k in fused:
            w, within = owner[k]
            flags = w, within not in works[w].no_decay, within in works[w].plain
            alike.setdefault(flags, {}).setdefault(self._program.kind(self._row[k]), []).append(k)
        self._classes = {flags: [(kind, np.array(at)) for kind, at in found.items()] for flags, found in alike.items()}
        self._ready, self._chosen, self._seen, self._plain = True, False, {}, self._simple

    def _choose(self):
        """Note which rows of the program have a gradient now."""
        fused, on = self._row[self._live] >= 0, np.zeros(len(self._row), bool)
        rows = self._row[self._live][fused]
        on[self._live] = True
        self._whole = bool(fused.all())
        self._places = [(span, _slice(fused[span.live]), slice_of(self._row[span.rows[fused[span.live]]]))
                        for span in self._spans]
        self._fused, self._rows, self._count = _slice(fused), slice_of(rows), len(rows)
        self._fed = {flags: [(kind, at[on[at]], self._program.within(self._row[at[on[at]]]))
                             for kind, at in found if on[at].any()] for flags, found in self._classes.items()}
        if self._program is not None:
            active = np.zeros(int(self._row.max()) + 1, bool)
            active[rows] = True
            self._program.switch(active)
        self._chosen = True

    @torch.no_grad()
    def _start(self, works, owners, params, states, own):
        """Return the states, with those that are missing made."""
        found = {}
        # What is made in inference mode can be used outside of it, too.
        with torch.inference_mode(False):
            self._counts.write(works, self._spans, owners, states)
            maker = Maker()
            for span, before in zip(self._spans, own):
                work = works[span.work]
                columns = [[s.get(word) for s in before] for word in work.states.values()]
                for i, (k, p, owner) in enumerate(zip(span.at, params[span.live], owners[span.live])):
                    if any([tensors[i] is None for tensors in columns]):
                        maker.make(work, owner, p, states[owner], self._facts[k])
            maker.finish()
        for span in self._spans:
            work = works[span.work]
            for name, word in work.states.items():
                found[span.work, name] = tuple([states[p][word] for p in owners[span.live]])
                seen = self._seen.get((span.work, name))
                if seen is not None and len(seen[0]) == len(found[span.work, name]) and all(
                        map(is_, seen[0], found[span.work, name])):
                    found[span.work, name] = seen[0]
        if not self._sharded:
            held = Held(found, owners)
            held.keep(works, self._spans, owners, states, self._counts.views)
            return held
        for span in self._spans:
            names = [works[span.work].names[k - span.first] for k in span.at]
            for name, word in works[span.work].states.items():
                found[span.work, name] = tuple([
                    state(t, p, word, own) for t, p, own in zip(found[span.work, name], owners[span.live], names)])
        return Held(found, [*owners, *params])

    # The run

    def _run(self, works, params, grads, where, held, forms, scales):
        """Update what is live; nothing can be refused from here on, but calls and eager operators may fail."""
        copied, results, program = [], [], self._program
        if not self._whole:
            results = self._unfused(works, params, grads, held.tensors, forms, scales)
        if self._count:
            addresses = program.addresses
            addresses[self._rows, WEIGHT] = (self._where if self._plain else self._addresses(
                params, tuple(params), self._live, copied, None, works))[self._fused]
            addresses[self._rows, GRAD] = where[self._fused]
            for span, fused, rows in self._places:
                for i, name in enumerate(works[span.work].states):
                    found = self._addresses(params[span.live], held.tensors[span.work, name], span.at, copied,
                                            (span.work, name), works)
                    addresses[rows, STATES + i] = found[fused]
            self._feed(forms, scales)
        with deferred():
            # First: the look has just brought the tensors' objects into the caches, and the loops drive them out.
            increment_version(held.written)
            if self._count:
                program.run()
            commit(results)
            if copied:
                _copy(copied)
            self._counts.add(works, self._spans)

    def _addresses(self, params, tensors, at, copied, key, works):
        """Return where tensors are, or copies of those that cannot be walked like their parameters."""
        seen = self._seen.get(key)
        if seen is not None and tensors is seen[0]:
            where = seen[1].where(tensors)
            if where is not None and _equal(where, seen[2]):
                return where
        return self._found(params, tensors, at, copied, key, works)

    @torch.no_grad()
    def _found(self, params, tensors, at, copied, key, works):
        """Return the same, and note it where no copy is needed."""
        try:
            found = _addresses_of(tensors)
        except (RuntimeError, TypeError):  # A sparse tensor has no address, nor has what is not a tensor.
            for k, tensor in zip(at, tensors):
                self._check_dense(tensor, works, key, k)
            raise
        whole = True
        for i, (k, p, tensor) in enumerate(zip(at, params, tensors)):
            facts, kind = self._facts[k], self._kinds[k]
            if self._row[k] < 0:
                continue
            if key is not None:
                self._check_dense(tensor, works, key, k)
            if key is not None and key[1] not in kind.alike:
                self._check_state(tensor, kind.types[key[1]], works[key[0]], key[1], k)
            elif tensor.shape != p.shape:
                raise BindError(f"the state {works[key[0]].states[key[1]]} of parameter {k} has shape "
                                f"{tuple(tensor.shape)}; expected {tuple(p.shape)}")
            elif not walkable(tensor, own := facts if key is None else facts.of(kind.types[key[1]].dtype)):
                whole = False
                copy = standing_in(tensor, p, own)
                copied.append((tensor, copy))
                found[i] = copy.data_ptr()
        if whole and key is None:
            self._plain = self._where is not None
        elif whole:
            self._seen[key] = tensors, Like(tensors), found
        return found

    def _check_dense(self, tensor, works, key, k):
        """Raise where a state cannot be what the loops read."""
        kind = self._kinds[k]
        alike = kind is None or key[1] in kind.alike
        check_state(tensor, f"the state {works[key[0]].states[key[1]]} of parameter {k}",
                    self._facts[k].dtype.is_complex if alike else None)

    def _check_state(self, tensor, type_, work, name, k):
        """Raise where a state is not the few numbers that the rule reads."""
        if (not tensor.is_contiguous() or tensor.numel() != math.prod(type_.shape)
                or view(tensor).dtype != type_.dtype):
            raise BindError(f"the state {work.states[name]} of parameter {k} is {tensor.dtype} of shape "
                            f"{tuple(tensor.shape)}; expected {type_.dtype} of shape {type_.shape}")

    def _feed(self, forms, scales):
        """Write the numbers of what is live."""
        for (w, decays, plain, count), form in forms.items():
            values = [*form.values, scales[w]]
            for kind, at, within in self._fed.get((w, decays, plain), ()):
                if count is None:
                    self._program.feed(kind, within, values)
                elif len(chosen := at[self._counts.values[at] == count]):
                    self._program.feed(kind, self._program.within(self._row[chosen]), values)

    def _unfused(self, works, params, grads, everything, forms, scales):
        """Return the results of those updates that eager operators compute, with the tensors they belong to."""
        results = []
        for span in self._spans:
            work = works[span.work]
            for i, k in enumerate(span.at):
                if self._row[k] >= 0 or not self._facts[k].n:
                    continue
                p, g = params[span.live][i], grads[span.live][i]
                tensors = {"weight": p, **{name: everything[span.work, name][i] for name in work.states}}
                t = float(self._counts.values[k]) + 1
                wd = 0.0 if k - span.first in work.no_decay else work.rule.wd
                new = compute(work.rule, {"grad": view(g), **{name: view(x) for name, x in tensors.items()}},
                              (work.lr, wd, t), scales[span.work], work.settings(k - span.first in work.plain))
                results += [(tensors[name], value) for name, value in new.items()]
        return results


@torch.no_grad()
def _copy(copied):
    for tensor, copy in copied:
        tensor.copy_(copy)


def _addresses_of(tensors):
    return np.fromiter(map(_data_ptr, tensors), np.int64, len(tensors))


def _equal(addresses, others):
    # NumPy's `array_equal` is Python code, which takes ten times as long where no cache has it.
    return addresses.tobytes() == others.tobytes()


def _slice(mask):
    """Return a mask, or the slice that is quicker where all are chosen."""
    return slice(None) if mask.all() else mask
