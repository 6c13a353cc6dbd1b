"""Loops run by NumPy in tiles that stay in the cache: what runs without a compiler.

The bits are those of the machine code, and there are no temporaries of full size: every thread has scratch memory
for one tile.
"""

import itertools
import threading
from collections import deque
from collections.abc import Sequence
from functools import lru_cache, partial
from operator import call
from types import BuiltinFunctionType

import numpy as np

from ndarray.kernels.loop import LEAVES, Loop
from ndarray.kernels.record import places
from ndarray.kernels.signals import deferred
from ndarray.kernels.table import Job, TotalJob
from ndarray.kernels.threads import pool
from ndarray.kernels.words import bound_calls, copied, quiet_context, round_into, ufunc
from ndarray.vocabulary import power, round_stochastic

TILE = 1 << 18
"""Elements of a tile.  With smaller ones threads exchange the interpreter's lock at every operation."""
PIECE = 1 << 15
"""Elements of a piece, where one thread computes a loop without sums: what it works on stays in the cache."""
WORTH_WAKING = 1 << 21
"""Elements above which waking a helper pays off."""

_local = threading.local()


class TileTable:
    """Phases of jobs, ready to run, as `table.Table`, from the same jobs and totals.

    Parameters
    ----------
    phases : list of list of (Job or TotalJob)
    """

    NAME = "NumPy in tiles"

    def __init__(self, phases: Sequence[Sequence[Job | TotalJob]]):
        calls, together, scratch = [], [], {}
        for phase in phases:
            if sum([job.n for job in phase]) < WORTH_WAKING:
                together += [part for job in phase for part in _bound(job, scratch)]
                continue
            calls += [_in_order(together)] if together else []
            together = []
            calls.append(partial(_run_shared, [part for job in phase for part in _tiles(job)]))
        calls += [_in_order(together)] if together else []
        self.calls = tuple(calls)

    @staticmethod
    def facts() -> list[str]:
        """Return what new tables follow, in lines: nothing."""
        return []

    @staticmethod
    def parts(loop: Loop, n: int) -> int:
        """Return how many partial sums a loop over `n` elements has."""
        return -(-n // TILE)

    @staticmethod
    def split(job: Job) -> list[Job]:
        """Return the job as it is."""
        return [job]

    def __call__(self) -> None:
        """Run every phase."""
        with deferred():
            for call in self.calls:
                call()


def _in_order(parts):
    """Return a function that runs parts in order; Ctrl-C comes before the first or after the last."""
    quiet = quiet_context()
    if quiet is not None and all([type(p) is partial and type(p.func) in _OF_C for p in parts]):
        return partial(quiet.run, _run_of_c, tuple(parts))
    return partial(_run_in_order, tuple(parts))


_OF_C = np.ufunc, BuiltinFunctionType
"""Types of functions that come back before Python handles an interrupt."""


def _run_of_c(parts):
    deque(map(call, parts), 0)


def _run_in_order(parts):
    with deferred(), np.errstate(all="ignore"):
        for part in parts:
            part()


def _run_shared(parts):
    # Stepping an iterator of C is one operation under the interpreter's lock: no part is taken twice.
    rest = iter(parts)

    def share():
        with np.errstate(all="ignore"):
            for part in rest:
                part()

    pool.run(share)


def _bound(job, scratch):
    """Return calls of NumPy that together run a job in order, bound to their operands and to scratch memory."""
    if isinstance(job, TotalJob):
        return [partial(_total, job)]
    lines, flat = _plan(job.loop), _flat(job)
    if not job.loop.sums:
        return [call for first in range(0, job.n, PIECE)
                for call in _Calls(_piece(flat, first, min(first + PIECE, job.n)), lines, scratch, first).calls]
    # A sum is of a whole tile.
    return _Calls(flat, lines, scratch).calls if 0 < job.n <= TILE else _tiles(job)


def _tiles(job):
    """Return functions that together run a job in any order, each on one tile, with scratch memory of its thread."""
    if isinstance(job, TotalJob):
        return [partial(_total, job)]
    lines, flat = _plan(job.loop), _flat(job)
    return [partial(_run_tile, lines, flat, first, min(first + TILE, job.n), chunk)
            for chunk, first in enumerate(range(0, job.n, TILE))]


def _flat(job):
    return job._replace(arrays=tuple([a.reshape(-1) for a in job.arrays]))


def _piece(job, first, end):
    return job._replace(n=end - first, arrays=tuple([a if k in job.loop.repeated else a[first:end]
                                                     for k, a in enumerate(job.arrays)]))


class _Calls:
    """The calls of NumPy for a job, each bound to its operands: nothing is looked up when they run.

    Its first element has the place `first` in the whole arrays.

    Attributes
    ----------
    calls : list of callable
    """

    def __init__(self, job, lines, scratch, first=0):
        self.job, self.calls, self._scratch = job, [], scratch
        values = []
        for step, register, varying in lines:
            args = [values[a] for a in step.args]
            if step.word == "load":
                values.append(job.arrays[step.detail])
            elif step.word == "scalar":
                values.append(job.scalars[step.detail].reshape(()))
            elif step.word == "constant":
                values.append(np.array(step.detail, step.dtype))
            else:
                values.append(self._out(step, register, varying))
                if step.word == "repeat":
                    array, runs = step.detail
                    self.calls.append(partial(_repeat, values[-1], job.arrays[array], runs, args, first))
                    continue
                # `_direct` gives words of more than one call an `out` of their own.
                self.calls += bound_calls(step.word, args, values[-1], self._room, step.detail, first)
        # What is summed up may be the old content of an array that is stored.
        for (word, at), partials in zip(job.loop.sums, job.partials):
            self.calls.append(partial(_sum_into, partials, word, values[at], job.n))
        self._store(lines, values)

    def _out(self, step, register, varying):
        if not varying:
            return np.empty((), step.dtype)
        return self._room(*register) if isinstance(register, tuple) else self.job.arrays[register]

    def _room(self, dtype, name):
        found = self._scratch.get((dtype, name))
        if found is None or found.size < self.job.n:
            found = self._scratch[dtype, name] = np.empty(self.job.n, dtype)
        return found[:self.job.n]

    def _store(self, lines, values):
        stores = [(array, at) for array, at in self.job.loop.stores if lines[at][1] != array]
        if len(self.job.loop.stores) > 1:
            # The value of one may be the old content of another.
            for k, at in enumerate(dict.fromkeys(at for _, at in stores if lines[at][0].word == "load")):
                old, values[at] = values[at], self._room(str(values[at].dtype), f"stored {k}")
                self.calls.append(copied(values[at], old))
        self.calls += [copied(self.job.arrays[array], values[at]) for array, at in stores]


def _sum_into(partials, word, x, n):
    partials[0] = _sum(word, x if x.ndim else np.full(n, x), n)


def _total(total):
    value = np.float64(0.0)
    for x in total.partials:
        value += x
    total.out[...] = value


@lru_cache(256)
def _plan(loop):
    """Return the lines of a loop: for each step its word, its arguments and the register it goes to.

    A register is free again after the last step that reads it.
    """
    last = {}
    for at, step in enumerate(loop.steps):
        for a in step.args:
            last[a] = at
    for _, value in (*loop.stores, *loop.sums):
        last[value] = len(loop.steps)
    targets = _direct(loop, last)
    free, made, lines, where = {}, {}, [], {}
    for at, step in enumerate(loop.steps):
        register = targets.get(at)
        if register is None and loop.varying[at] and step.word not in LEAVES:
            pool_ = free.setdefault(step.dtype, [])
            register = pool_.pop() if pool_ else (step.dtype, made.setdefault(step.dtype, itertools.count()).__next__())
            where[at] = register
        lines.append((step, register, loop.varying[at]))
        for a in set(step.args):
            if last[a] == at and a in where:
                free[loop.steps[a].dtype].append(where[a])
    return tuple(lines)


def _direct(loop, last):
    """Return for each step that may compute right into an array the number of that array.

    Nothing reads the array's old elements afterwards, nor while more than one operation makes the new ones.
    """
    until = {}
    for at, step in enumerate(loop.steps):
        if step.word == "load":
            until[step.detail] = max(until.get(step.detail, -1), last.get(at, -1))
    found = {}
    for array, value in loop.stores:
        word = loop.steps[value].word
        several = word in ("where", "sign", "cast", "round_stochastic")
        if (loop.varying[value] and word not in LEAVES and value not in found
                and until.get(array, -1) <= value - several):
            found[value] = array
    return found


def _scratch(register, n):
    registers = _local.__dict__
    found = registers.get(register)
    if found is None:
        found = registers[register] = np.empty(TILE, register[0])
    return found[:n]


def _run_tile(lines, job, first, end, chunk):
    n = end - first
    env = []
    for step, register, varying in lines:
        word, args = step.word, [env[a] for a in step.args]
        if word == "load":
            value = job.arrays[step.detail][first:end]
        elif word == "scalar":
            value = job.scalars[step.detail].reshape(())[()]
        elif word == "constant":
            value = np.dtype(step.dtype).type(step.detail)
        elif not varying:
            value = (round_stochastic(*args, step.detail)[()] if word == "round_stochastic" else
                     _scalar_word(word, args, step.dtype))
        else:
            value = (_scratch(register, n) if isinstance(register, tuple) else
                     job.arrays[register][first:end])
            if word == "round_stochastic":
                round_into(value, *args, step.detail, first)
            elif word == "repeat":
                _repeat(value, job.arrays[step.detail[0]], step.detail[1], args, first)
            else:
                _word(word, args, value, n)
        env.append(value)
    # What is summed up may be the old content of an array that is stored.
    for (word, value), partials in zip(job.loop.sums, job.partials):
        partials[chunk] = _sum(word, env[value], n)
    _store(lines, job, env, first, end)


def _store(lines, job, env, first, end):
    stores = job.loop.stores
    values = [env[v] for _, v in stores]
    if len(stores) > 1:
        # The value of one may be the old content of another.
        written = [job.arrays[a] for a, _ in stores]
        values = [v.copy() if not isinstance(lines[at][1], int) and isinstance(v, np.ndarray) and any(
            v.base is w or v.base is w.base is not None for w in written) else v for v, (_, at) in zip(values, stores)]
    for (array, at), value in zip(stores, values):
        if lines[at][1] != array:
            job.arrays[array][first:end] = value


def _word(word, args, out, n):
    """Compute one word on a tile."""
    if word == "where":
        _where(*args, out)
    elif word == "cast":
        np.copyto(out, args[0], casting="unsafe")
    elif word == "sign":
        above, below = _scratch(("bool", "above"), n), _scratch(("bool", "below"), n)
        np.greater(args[0], 0, out=above)
        np.less(args[0], 0, out=below)
        np.subtract(above.view(np.int8), below.view(np.int8), out=above.view(np.int8))
        np.copyto(out, above.view(np.int8))
    elif word == "power":
        # Only values without axes are raised to powers in loops: there is one element.
        out[0] = power(*(a.reshape(-1)[0] for a in args))
    else:
        ufunc(word)(*args, out=out)


def _repeat(out, array, runs, numbers, first):
    """Write the elements of a shorter array that the places from `first` on have."""
    out[...] = array[places(np.arange(first, first + out.size), runs, [float(n) for n in numbers])]


def _where(condition, a, b, out):
    if isinstance(condition, np.ndarray):
        np.copyto(out, b)
        np.copyto(out, a, where=condition)
    else:
        np.copyto(out, a if condition else b)


def _scalar_word(word, args, dtype):
    if word == "where":
        return args[1] if args[0] else args[2]
    if word == "cast":
        return args[0].astype(dtype)
    if word == "sign":
        return args[0].dtype.type(int(args[0] > 0) - int(args[0] < 0))
    return power(*args) if word == "power" else ufunc(word)(*args)


def _sum(word, x, n):
    """Return the sum of a tile, or of its squares, in float64."""
    if not isinstance(x, np.ndarray):
        x = np.full(n, x)
    if word == "sum":
        return np.add.reduce(x, dtype=np.float64)
    # One operation for the whole tile: with each more, threads would exchange the interpreter's lock.
    squares = np.multiply(x, x, out=_scratch(("float64", "squares"), n), dtype=np.float64)
    return np.add.reduce(squares)
