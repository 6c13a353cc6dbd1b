"""Which loops a flow becomes, and in what order: neighbours with one number of elements share a pass over memory.

A sum ends a phase, for what follows needs all of it; so does a call.  Within a phase, values that read the same
array are computed in one loop.  What one phase computes and a later one needs is computed again where that moves
no more memory than to keep it would.  Results go into their places as soon as nobody reads what was there before,
and never before the last call: a call may fail, loops cannot.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from ndarray.kernels.flow import Flow, needed_by
from ndarray.kernels.loop import Loop, Step

IN_MEMORY = frozenset({"input", "result", "stack", "sum", "sum_sq", "number", "element"})
DEEPEST = 2500
"""Instructions that follow one another in a loop; a longer chain becomes several loops, for compilers are not linear."""
LARGEST = 5000
"""Instructions of a loop up to which neighbours are taken in."""
MOST_SCALARS = 8
"""A scalar made of more is computed once for all loops, one of fewer in every loop."""
CHEAP_READS = 3
"""To keep a value costs as much as to read this many arrays: fetch, write, read again."""

name_of = cache(str)  # NumPy takes ten microseconds to name a dtype


class Slot(NamedTuple):
    """A piece of memory.

    Attributes
    ----------
    kind : str
        ``place`` of the caller's; ``placed``, its new content; ``number`` that loops read; ``value``, temporary, of an instruction; ``late``, what
        will go to a place at the end; ``partial`` sums of an instruction.
    name : object
    offset : int
        Element at which it begins.
    """

    kind: str
    name: object
    offset: int = 0

    def __str__(self):
        return f"{self.kind} {self.name}" + (f"[{self.offset}]" if self.offset else "")


class Pass(NamedTuple):
    """A loop over certain memory; `values` are the instructions that it reads or computes."""

    loop: Loop
    n: int
    arrays: tuple[Slot, ...]
    scalars: tuple[Slot, ...]
    partials: tuple[Slot, ...]
    values: tuple[int, ...] = ()

    def __str__(self):
        parts = [f"{name} {', '.join(map(str, slots))}" for name, slots in
                 (("over", self.arrays), ("with", self.scalars), ("into", self.partials)) if slots]
        return f"{self.n} x {len(self.loop.steps)} steps " + "; ".join(parts)


class Addition(NamedTuple):
    """Partial sums added up into one element."""

    partial: Slot
    out: Slot

    def __str__(self):
        return f"{self.out} <- total of {self.partial}"


class Calling(NamedTuple):
    """A call, by its number in the flow."""

    number: int

    def __str__(self):
        return f"call {self.number}"


@dataclass
class Schedule:
    """Phases of passes, additions and calls.

    Attributes
    ----------
    phases : list of list
    where : dict of int to Slot
        Memory of the instructions that calls read or give.
    """

    phases: list
    where: dict = field(default_factory=dict)

    def __str__(self):
        return "\n".join(f"phase {i}\n" + "\n".join(f"  {step}" for step in phase)
                         for i, phase in enumerate(self.phases))


def cluster(flow):
    """Return the schedule of a flow.

    Parameters
    ----------
    flow : Flow

    Returns
    -------
    Schedule
    """
    late = set()
    while True:
        planned = _Plan(flow, late)
        phases = planned.phases()
        torn = _torn(phases, flow.overlaps)
        if not torn:
            return Schedule([p for p in phases if p], planned.where)
        late |= torn


def _torn(phases, overlaps):
    """Return the places that would be overwritten while what was there is still to be read."""
    reads = defaultdict(list)
    for at, phase in enumerate(phases):
        for step in phase:
            if isinstance(step, Pass):
                for i in step.loop.read:
                    if step.arrays[i].kind == "place":
                        reads[step.arrays[i].name].append((at, step, True))
                for slot in step.scalars:
                    if slot.kind == "place":
                        reads[slot.name].append((at, step, step.n == 1))
    near = defaultdict(list)
    for a, b in map(tuple, overlaps):
        near[a].append(b)
        near[b].append(a)
    torn = set()
    for at, phase in enumerate(phases):
        for step in phase:
            for i in step.loop.written if isinstance(step, Pass) else ():
                place = step.arrays[i].name
                if step.arrays[i].kind == "place" and (
                        any(when > at or (when == at and not (who is step and aligned))
                            for when, who, aligned in reads[place])
                        or any(when >= at for other in near[place] for when, _, _ in reads[other])):
                    torn.add(place)
    return torn


class _Root(NamedTuple):
    """A value that a loop is there for: it is stored, or summed up."""

    value: int
    into: Slot
    word: str = "store"


class _Plan:
    """One attempt at a schedule, with the places in `late` written at the very end."""

    def __init__(self, flow: Flow, late):
        self.instructions = flow.instructions
        self.calls = flow.calls
        self.where = {}
        self.roots = defaultdict(list)
        self.others = defaultdict(list)
        self.stored = {}
        self.source = {}
        self.needed = sorted(needed_by(flow))
        self._time()
        self._place_sinks(flow, late)
        self._keep_across_phases()

    # When each value is there

    def _time(self):
        """Find in which phase each value can be computed, and what must be kept in memory for others."""
        self.ready, self.depth, self.called = {}, {}, {}
        self.varying, self.scalars = {}, {}
        self.kept = set()
        # A sum that is to be stacked is added up where the stack will be.
        stacked = {a: Slot("value", at, k) for at in reversed(self.needed)
                   if self.instructions[at].word == "stack" for k, a in enumerate(self.instructions[at].args)}
        for at in self.needed:
            word, args, _, _, detail = instruction = self.instructions[at]
            self.source[at] = self.source[args[0]] if word == "reshape" else at
            self.varying[at] = (instruction.size > 1 if word in ("input", "result", "stack") else
                                word not in ("element", "sum", "sum_sq") and any(self.varying[a] for a in args))
            self.depth[at] = 0
            self.scalars[at] = frozenset((at,))
            if word == "result":
                if detail[0] not in self.called:
                    self._time_call(detail[0])
                self.ready[at] = self.called[detail[0]] + 1
                self.where[at] = Slot("value", at)
            elif word == "element":
                self.ready[at] = self._in_memory(args[0])
            elif word in ("sum", "sum_sq"):
                self.where[at] = stacked.get(at, Slot("value", at))
                self.ready[at] = self._sum(at, word, args[0], self.where[at])
            elif word == "stack":
                self.ready[at] = max(self._in_memory(a, Slot("value", at, k)) for k, a in enumerate(args))
            elif word == "reshape":
                self.ready[at], self.depth[at] = self.ready[args[0]], self.depth[args[0]]
                self.scalars[at] = self.scalars[args[0]]
            else:
                self._time_arithmetic(at, args)

    def _time_arithmetic(self, at, args):
        self.ready[at] = max((self.ready[a] + (self.source[a] in self.kept) for a in args), default=0)
        self.depth[at] = 1 + max((0 if self.source[a] in self.kept else self.depth[a] for a in args), default=0)
        if args and not self.varying[at]:
            self.scalars[at] = frozenset().union(*(self.scalars[a] for a in args))
            if len(self.scalars[at]) > MOST_SCALARS:
                self._in_memory(at)
                self.scalars[at] = frozenset((at,))
        if self.depth[at] >= DEEPEST:
            self._in_memory(at)

    def _time_call(self, number):
        self.called[number] = max((self._in_memory(a) for a in self.calls[number].inputs), default=0)
        self.others[self.called[number]].append(Calling(number))
        for a in self.calls[number].inputs:
            self.where[a] = self._slot(self.source[a])

    def _in_memory(self, at, into=None):
        """Have a value kept in memory; return from which phase on it is there."""
        at = self.source[at]
        word = self.instructions[at].word
        if into is not None and into == self.where.get(at):
            return self.ready[at]
        if into is None:
            if word in IN_MEMORY:
                return self.ready[at]
            if at in self.kept:
                return self.ready[at] + 1
            self.kept.add(at)
            self.stored[at] = self.ready[at]
            self.where[at] = Slot("value", at)
        self.roots[self.ready[at]].append(_Root(at, into or Slot("value", at)))
        return self.ready[at] + 1

    def _sum(self, at, word, of, out):
        """Have a value summed up; return from which phase on the sum is there."""
        phase = self.ready[of] + (self.source[of] in self.kept)
        partial = Slot("partial", at)
        self.roots[phase].append(_Root(of, partial, word))
        self.others[phase + 1].append(Addition(partial, out))
        return phase + 2

    # Where the results go

    def _place_sinks(self, flow, late):
        """Store results in their places after the last call; those in `late` in the last phase of all."""
        first = max(self.called.values(), default=-1) + 1
        after = []
        for place, value in flow.sinks:
            phase = max(self.ready[value], first)
            source, into = self.source[value], Slot("place", place)
            if place not in late:
                self.roots[phase].append(_Root(value, into))
                # Whoever needs the value later finds it in its place.
                if self.instructions[source].word not in IN_MEMORY:
                    self.stored.setdefault(source, phase)
                    self.where.setdefault(source, Slot("placed", place))
                continue
            held = Slot("late", place)
            self.roots[phase].append(_Root(value, held))
            after.append((place, value, held))
        self.copies = after

    def _slot(self, at):
        """Return where a kept value, or one that is in memory anyway, lies."""
        instruction = self.instructions[at]
        if instruction.word == "input":
            return Slot("place", instruction.detail)
        if instruction.word == "number":
            return Slot("number", at)
        if instruction.word == "element":
            array = self.source[instruction.args[0]]
            return self._slot(array)._replace(offset=instruction.detail)
        return self.where.get(at, Slot("value", at))

    def _keep_across_phases(self):
        """Decide for each value that two phases want whether the second computes it anew or finds it kept."""
        computed = {}
        written = {root.into.name: phase for phase, roots in self.roots.items() for root in roots
                   if root.into.kind == "place"}
        for phase in sorted(self.roots):
            stack = [self.source[root.value] for root in self.roots[phase]]
            seen = set()
            while stack:
                at = stack.pop()
                if at in seen or self._is_leaf(at, phase):
                    continue
                seen.add(at)
                before = computed.setdefault(at, phase)
                if before < phase and self.varying[at] and not self._cheap(at, phase, written):
                    self.stored[at] = before
                    self.where[at] = Slot("value", at)
                    self.roots[before].append(_Root(at, Slot("value", at)))
                    continue
                stack += [self.source[a] for a in self.instructions[at].args]

    def _is_leaf(self, at, phase):
        return (self.instructions[at].word in IN_MEMORY or self.instructions[at].word == "constant"
                or self.stored.get(at, phase) < phase)

    def _cheap(self, at, phase, written):
        """Tell whether a value can be computed anew from few arrays that still hold what they held."""
        reads, seen, stack = set(), set(), [at]
        while stack:
            at = stack.pop()
            if at in seen:
                continue
            seen.add(at)
            if self._is_leaf(at, phase):
                if self.varying[at]:
                    slot = self._slot(at)
                    if self.instructions[at].word == "input" and written.get(slot.name, phase) < phase:
                        return False
                    reads.add(slot)
            else:
                stack += [self.source[a] for a in self.instructions[at].args]
            if len(reads) > CHEAP_READS or len(seen) > DEEPEST:
                return False
        return True

    # The loops

    def phases(self):
        """Return the phases, each a list of passes, additions and calls."""
        found = []
        for phase in range(max([*self.roots, *self.others], default=-1) + 1):
            groups = self._grouped(phase, [self._slice(root, phase) for root in self.roots[phase]])
            found.append([*self.others[phase], *(self._pass(group, phase) for group in groups)])
        if self.copies:
            found.append([self._copy(*copy) for copy in self.copies])
        return found

    def _slice(self, root, phase):
        """Return what a root's loop computes, and which memory ties it to other loops."""
        computed, ties = set(), set()
        stack = [self.source[root.value]]
        while stack:
            at = stack.pop()
            if at in computed:
                continue
            if self._is_leaf(at, phase):
                if self.varying[at]:
                    ties.add(self._slot(at))
                continue
            computed.add(at)
            stack += [self.source[a] for a in self.instructions[at].args]
        n = self.instructions[root.value].size
        ties |= {at for at in computed if self.varying[at] or n == 1}
        return root, n, computed, ties

    def _grouped(self, phase, slices):
        """Put slices together that share an array or a computed value, and have one number of elements."""
        owner, groups = {}, {}
        for index, (root, n, computed, ties) in enumerate(slices):
            group = [[root], n, set(computed), set(ties)]
            for other in sorted({owner[n, tie] for tie in ties if (n, tie) in owner}):
                if len(groups[other][2] | group[2]) <= LARGEST:
                    roots, _, more, their = groups.pop(other)
                    group = [roots + group[0], n, more | group[2], their | group[3]]
            groups[index] = group
            for tie in group[3]:
                owner[n, tie] = index
        return [(roots, n) for roots, n, _, _ in groups.values()]

    def _pass(self, group, phase):
        roots, n = group
        builder = _Builder(self, phase)
        for root in roots:
            builder.add(root)
        return builder.finish(n)

    def _copy(self, place, value, held):
        dtype = name_of(self.instructions[value].dtype)
        loop = Loop((Step("load", (), dtype, 0),), (dtype, dtype), (), ((1, 0),))
        return Pass(loop, self.instructions[value].size, (held, Slot("place", place)), (), (), (value,))


class _Builder:
    """The steps of one loop, numbered in the order in which its roots need them: equal computations give equal loops."""

    def __init__(self, plan, phase):
        self.plan, self.phase = plan, phase
        self.steps, self.at = [], {}
        self.arrays, self.scalars = {}, {}
        self.stores, self.sums, self.partials = [], [], []

    def add(self, root):
        """Take in a root and all that it needs."""
        value = self._value(self.plan.source[root.value])
        if root.word != "store":
            self.sums.append((root.word, value))
            self.partials.append(root.into)
            return
        dtype = name_of(self.plan.instructions[root.value].dtype)
        self.stores.append((self.arrays.setdefault(root.into, (len(self.arrays), dtype))[0], value))

    def _value(self, root):
        plan, at = self.plan, self.at
        stack = [root]
        while stack:
            current = stack[-1]
            if current in at:
                stack.pop()
                continue
            instruction = plan.instructions[current]
            if plan._is_leaf(current, self.phase):
                at[current] = self._leaf(current, instruction)
                stack.pop()
                continue
            args = [plan.source[a] for a in instruction.args]
            missing = [a for a in args if a not in at]
            if missing:
                stack += reversed(missing)
                continue
            stack.pop()
            at[current] = self._step(instruction.word, tuple([at[a] for a in args]), instruction.dtype)
        return at[root]

    def _leaf(self, at, instruction):
        if instruction.word == "constant":
            return self._step("constant", (), instruction.dtype, instruction.detail)
        slot = self.plan._slot(at)
        dtype = name_of(instruction.dtype)
        varying = self.plan.varying[at]
        places = self.arrays if varying else self.scalars
        index, _ = places.setdefault(slot, (len(places), dtype))
        return self._step("load" if varying else "scalar", (), instruction.dtype, index)

    def _step(self, word, args, dtype, detail=None):
        self.steps.append(Step(word, args, name_of(dtype), detail))
        return len(self.steps) - 1

    def finish(self, n):
        """Return the pass."""
        loop = Loop(tuple(self.steps), tuple(d for _, d in self.arrays.values()),
                    tuple(d for _, d in self.scalars.values()), tuple(self.stores), tuple(self.sums))
        return Pass(loop, n, tuple(self.arrays), tuple(self.scalars), tuple(self.partials), tuple(self.at))
