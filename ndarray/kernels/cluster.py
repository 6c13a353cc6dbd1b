"""Which loops a flow becomes, and in what order: neighbours with one number of elements share a pass over memory.

A sum ends a phase, for what follows needs all of it; so does a call.  Within a phase, values that read the same
array are computed in one loop.  A sum that is needed late waits for a loop that reads its arrays anyway.  What one
phase computes and a later one needs is computed again where that moves no more memory than to keep it would.  Results
are written into their buffers as soon as nobody reads the old content any more, and never before the last call: a call
may fail, loops cannot.

LARS on two tensors: each weight steps along its gradient, by the ratio of their norms.

>>> import numpy as np
>>> from ndarray.kernels.flow import Sink
>>> from ndarray.kernels.record import Recorder
>>> xp, sinks = Recorder(), []
>>> for i in range(2):
...     w, g = [xp.input(f"{name}{i}", np.dtype("float32"), (8,)) for name in "wg"]
...     rate = xp.sqrt(xp.sum_sq(w)) / xp.sqrt(xp.sum_sq(g))
...     sinks.append(Sink(f"w{i}", (w - rate * g).id))
>>> flow = Flow(xp.instructions, calls=[], sinks=tuple(sinks))
>>> print(flow)
%0 = input(w0) : float32[8]
%1 = input(g0) : float32[8]
%2 = sum_sq(%0) : float32[]
%3 = sqrt(%2) : float32[]
%4 = sum_sq(%1) : float32[]
%5 = sqrt(%4) : float32[]
%6 = divide(%3, %5) : float32[]
%7 = multiply(%6, %1) : float32[8]
%8 = subtract(%0, %7) : float32[8]
%9 = input(w1) : float32[8]
%10 = input(g1) : float32[8]
%11 = sum_sq(%9) : float32[]
%12 = sqrt(%11) : float32[]
%13 = sum_sq(%10) : float32[]
%14 = sqrt(%13) : float32[]
%15 = divide(%12, %14) : float32[]
%16 = multiply(%15, %10) : float32[8]
%17 = subtract(%9, %16) : float32[8]
w0 <- %8
w1 <- %17

The sums end phases: first partial sums, then totals, then the updates.  The rate is made of two scalars, so each loop
computes it again before its first element.

>>> schedule = cluster(flow)
>>> print(schedule)
phase 0
  8 x 1 step over buffer w0; into partial 2
  8 x 1 step over buffer g0; into partial 4
  8 x 1 step over buffer w1; into partial 11
  8 x 1 step over buffer g1; into partial 13
phase 1
  value 2 <- total of partial 2
  value 4 <- total of partial 4
  value 11 <- total of partial 11
  value 13 <- total of partial 13
phase 2
  8 x 9 steps over buffer w0, buffer g0; with value 2, value 4
  8 x 9 steps over buffer w1, buffer g1; with value 11, value 13

Loops do not depend on which arrays they run over, so six runs are two loops, and two kernels.

>>> loops = {run.loop for phase in (schedule.phases[0], schedule.phases[2]) for run in phase}
>>> len(loops)
2
>>> print(schedule.phases[2][0].loop)
loop over float32, float32; scalars float32, float32
  %0 = load(0) : float32
  %1 = scalar(0) : float32
  %2 = sqrt(%1) : float32
  %3 = scalar(1) : float32
  %4 = sqrt(%3) : float32
  %5 = divide(%2, %4) : float32
  %6 = load(1) : float32
  %7 = multiply(%5, %6) : float32
  %8 = subtract(%0, %7) : float32
  array 0 <- %8
"""

from collections import defaultdict
from functools import cache
from typing import NamedTuple

from ndarray.kernels.flow import Flow, apart, calls_of, needed_by
from ndarray.kernels.loop import Loop, Step
from ndarray.kernels.schedule import CallRun, LoopRun, Schedule, Slot, Total

IN_MEMORY = frozenset({"input", "result", "stack", "sum", "sum_sq", "number", "element"})
"""Words whose values are in memory anyway."""
DEEPEST = 2500
"""Length of a chain of instructions in a loop; a longer one becomes several loops, for compilers are not linear."""
LARGEST = 5000
"""Instructions of a loop up to which neighbours are taken in."""
MOST_SCALARS = 8
"""A scalar made of more is computed once for all loops, one of fewer in every loop."""
CHEAP_READS = 3
"""To keep a value costs as much as to read this many arrays: fetch, write, read again."""

name_of = cache(str)  # NumPy takes ten microseconds to name a dtype


def cluster(flow: Flow) -> Schedule:
    """Return the schedule of a flow.

    Parameters
    ----------
    flow : Flow

    Returns
    -------
    Schedule
    """
    parts = apart(flow) if flow.calls and not flow.overlaps else [flow]
    if len(parts) == 1:
        phases, _, where = _clustered(flow, set())
        return Schedule(phases, where)
    # One tensor after the other needs the temporary memory of one; what may fail comes before all that is written.
    phases, ends, where = [], [], {}
    sure = all(call.what.sure for part in parts for call in calls_of(part))
    for part in parts:
        found, end, memory = _clustered(part, set() if sure else {s.buffer for s in part.sinks})
        phases, ends = phases + found[:len(found) - end], ends + found[len(found) - end:]
        # A number that several parts compute is in temporary memory where a call reads it, in a buffer elsewhere.
        where |= {at: slot for at, slot in memory.items() if slot.kind == "value" or at not in where}
    return Schedule([*phases, *([[step for phase in ends for step in phase]] if ends else [])], where)


def _clustered(flow, late):
    """Return the phases of a flow, how many of the last ones only copy into buffers, and the memory of values."""
    while True:
        attempt = _Attempt(flow, late)
        phases = attempt.phases()
        torn = _torn(phases, flow.overlaps)
        if not torn:
            return [p for p in phases if p], bool(attempt.copies), attempt.where
        late |= torn


def _torn(phases, overlaps):
    """Return the buffers with a write-after-read hazard: written while their old content is still to be read."""
    reads = defaultdict(list)
    for at, phase in enumerate(phases):
        for step in phase:
            if isinstance(step, LoopRun):
                for i in step.loop.read | step.loop.repeated:
                    if step.arrays[i].kind == "buffer":
                        reads[step.arrays[i].name].append((at, step, i not in step.loop.repeated))
                for slot in step.scalars:
                    if slot.kind == "buffer":
                        reads[slot.name].append((at, step, step.n == 1))
    near = defaultdict(list)
    for a, b in map(tuple, overlaps):
        near[a].append(b)
        near[b].append(a)
    torn = set()
    for at, phase in enumerate(phases):
        for step in phase:
            for i in step.loop.written if isinstance(step, LoopRun) else ():
                buffer = step.arrays[i].name
                if step.arrays[i].kind == "buffer" and (
                        any(when > at or (when == at and not (who is step and aligned))
                            for when, who, aligned in reads[buffer])
                        or any(when >= at for other in near[buffer] for when, _, _ in reads[other])):
                    torn.add(buffer)
    return torn


class _Root(NamedTuple):
    """A value that a loop is there for: it is stored, or summed up (`word`)."""

    value: int
    into: Slot
    word: str = "store"


class _Attempt:
    """One attempt at a schedule, in which the buffers in `late` are written at the very end.

    Each instruction gets the phase in which it can be computed first (`_time`).  The values that a loop must produce,
    because they are stored or summed up, are the roots of that phase (`roots`).  Then each phase is built: every root
    is followed back to what is in memory (`_slice`), and slices that share memory become one loop (`_grouped`).

    Attributes
    ----------
    ready : dict of int to int
        The first phase in which an instruction's value can be computed.
    source : dict of int to int
        The instruction whose memory a value has: itself, or what it reshapes.
    kept : set of int
        Values that are stored in temporary memory as soon as they are ready.
    stored : dict of int to int
        From which phase on a value is in memory: of kept values, and of results in their buffers.
    where : dict of int to Slot
        That memory.
    roots, others : dict of int to list
        What the loops of a phase are there for; its totals and calls.
    """

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
        self._store_sinks(flow, late)
        self._postpone_sums()
        self._keep_across_phases()

    # When each value is ready

    def _time(self):
        """Find in which phase each value can be computed, and which must be kept in memory for others."""
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
            elif word == "repeat":
                self.ready[at] = max([self._in_memory(args[0]), *(self.ready[a] for a in args[1:])])
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
        self.others[self.called[number]].append(CallRun(number))
        for a in self.calls[number].inputs:
            self.where[a] = self._slot(self.source[a])

    def _in_memory(self, at, into=None):
        """Have a value kept in memory; return the first phase that finds it there."""
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
        """Have a value summed up; return the first phase that finds the sum."""
        phase = self.ready[of] + (self.source[of] in self.kept)
        partial = Slot("partial", at)
        self.roots[phase].append(_Root(of, partial, word))
        self.others[phase + 1].append(Total(partial, out))
        return phase + 2

    # Where the results go

    def _store_sinks(self, flow, late):
        """Store results in their buffers after the last call; those in `late` in the last phase of all."""
        first = max(self.called.values(), default=-1) + 1
        after = []
        for buffer, value in flow.sinks:
            phase = max(self.ready[value], first)
            source, into = self.source[value], Slot("buffer", buffer)
            if buffer not in late:
                self.roots[phase].append(_Root(value, into))
                # Whoever needs the value later finds it in the buffer.
                if self.instructions[source].word not in IN_MEMORY:
                    self.stored.setdefault(source, phase)
                    self.where.setdefault(source, Slot("updated", buffer))
                continue
            held = Slot("late", buffer)
            self.roots[phase].append(_Root(value, held))
            after.append((buffer, value, held))
        self.copies = after

    def _slot(self, at):
        """Return the memory of a kept value, or of one that is in memory anyway."""
        instruction = self.instructions[at]
        if instruction.word == "input":
            return Slot("buffer", instruction.detail)
        if instruction.word == "number":
            return Slot("number", at)
        if instruction.word == "element":
            array = self.source[instruction.args[0]]
            return self._slot(array)._replace(offset=instruction.detail)
        return self.where.get(at, Slot("value", at))

    def _postpone_sums(self):
        """Move each sum that is needed late to a later phase in which a loop reads all its arrays anyway."""
        due = self._due()
        waiting = {(phase, root) for phase, roots in self.roots.items() for root in roots
                   if root.word != "store" and due[root.into.name] > phase + 2}
        slices = {phase: [(root, n, {slot for slot in ties if isinstance(slot, Slot)}) for root, n, _, ties in
                          [self._slice(root, phase) for root in roots]] for phase, roots in self.roots.items()
                  } if waiting else {}

        def reads(phase, n, slots):
            """Tell whether a loop that cannot wait reads all these."""
            return any(size == n and slots <= more and (phase, root) not in waiting
                       for root, size, more in slices[phase])

        for phase, found in slices.items():
            for root, n, slots in found:
                if (phase, root) in waiting and not reads(phase, n, slots):
                    last = due[root.into.name] - 2
                    to = next((p for p in sorted(slices) if phase < p <= last and reads(p, n, slots)), phase)
                    self._move_sum(root, phase, to)

    def _due(self):
        """Return for each sum the first phase that needs it."""
        found = {at: [] for at in self.needed if self.instructions[at].word in ("sum", "sum_sq")}
        users = [*((self.ready[at], self.instructions[at].args) for at in self.needed),
                 *((phase, self.calls[number].inputs) for number, phase in self.called.items()),
                 *((phase, (root.value,)) for phase, roots in self.roots.items() for root in roots)] if found else []
        for phase, args in users:
            for a in args:
                if a in found:
                    found[a].append(phase)
        return {at: min(phases) for at, phases in found.items()}

    def _move_sum(self, root, phase, to):
        """Have a sum computed in another phase."""
        total = next(t for t in self.others[phase + 1] if isinstance(t, Total) and t.partial == root.into)
        self.roots[phase].remove(root)
        self.others[phase + 1].remove(total)
        self.roots[to].append(root)
        self.others[to + 1].append(total)
        self.ready[root.into.name] = to + 2

    def _keep_across_phases(self):
        """Decide for each value that two phases need whether the second computes it again or finds it kept."""
        computed = {}
        written = {root.into.name: phase for phase, roots in self.roots.items() for root in roots
                   if root.into.kind == "buffer"}
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
        """Tell whether a value can be computed again from few arrays that still have their old content."""
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
        """Return the phases, each a list of loop runs, totals and calls."""
        found = []
        for phase in range(max([*self.roots, *self.others], default=-1) + 1):
            groups = self._grouped(phase, [self._slice(root, phase) for root in self.roots[phase]])
            found.append([*self.others[phase], *(self._loop_run(group, phase) for group in groups)])
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

    def _loop_run(self, group, phase):
        roots, n = group
        builder = _LoopBuilder(self, phase)
        for root in roots:
            builder.add(root)
        return builder.finish(n)

    def _copy(self, buffer, value, held):
        dtype = name_of(self.instructions[value].dtype)
        loop = Loop((Step("load", (), dtype, 0),), (dtype, dtype), (), ((1, 0),))
        return LoopRun(loop, self.instructions[value].size, (held, Slot("buffer", buffer)), (), (), (value,))


class _LoopBuilder:
    """The steps of one loop, numbered in the order in which its roots need them: equal formulas give equal loops."""

    def __init__(self, attempt, phase):
        self.attempt, self.phase = attempt, phase
        self.steps, self.at = [], {}
        self.arrays, self.scalars = {}, {}
        self.stores, self.sums, self.partials = [], [], []

    def add(self, root):
        """Take in a root and all that it needs."""
        value = self._value(self.attempt.source[root.value])
        if root.word != "store":
            self.sums.append((root.word, value))
            self.partials.append(root.into)
            return
        dtype = name_of(self.attempt.instructions[root.value].dtype)
        self.stores.append((self.arrays.setdefault(root.into, (len(self.arrays), dtype))[0], value))

    def _value(self, root):
        attempt, at = self.attempt, self.at
        stack = [root]
        while stack:
            current = stack[-1]
            if current in at:
                stack.pop()
                continue
            instruction = attempt.instructions[current]
            if attempt._is_leaf(current, self.phase):
                at[current] = self._leaf(current, instruction)
                stack.pop()
                continue
            args = [attempt.source[a] for a in instruction.args]
            if instruction.word == "repeat":
                array, args = args[0], args[1:]
            missing = [a for a in args if a not in at]
            if missing:
                stack += reversed(missing)
                continue
            stack.pop()
            args = tuple([at[a] for a in args])
            detail = instruction.detail
            if instruction.word == "repeat":
                slot = attempt._slot(array)
                detail = self.arrays.setdefault(slot, (len(self.arrays), name_of(instruction.dtype)))[0], detail
            at[current] = self._step(instruction.word, args, instruction.dtype, detail)
        return at[root]

    def _leaf(self, at, instruction):
        if instruction.word == "constant":
            return self._step("constant", (), instruction.dtype, instruction.detail)
        slot = self.attempt._slot(at)
        dtype = name_of(instruction.dtype)
        varying = self.attempt.varying[at]
        slots = self.arrays if varying else self.scalars
        index, _ = slots.setdefault(slot, (len(slots), dtype))
        return self._step("load" if varying else "scalar", (), instruction.dtype, index)

    def _step(self, word, args, dtype, detail=None):
        self.steps.append(Step(word, args, name_of(dtype), detail))
        return len(self.steps) - 1

    def finish(self, n):
        """Return the loop and the memory of its arrays, scalars and partial sums."""
        loop = Loop(tuple(self.steps), tuple(d for _, d in self.arrays.values()),
                    tuple(d for _, d in self.scalars.values()), tuple(self.stores), tuple(self.sums))
        return LoopRun(loop, n, tuple(self.arrays), tuple(self.scalars), tuple(self.partials), tuple(self.at))
