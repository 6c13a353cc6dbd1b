"""The work table: every loop of a step over every tensor as a row of integers, shared among threads in units.

A row is `layout.ROW`, then pointers.  The table is built once; to run it is to call one function of machine code, in
which each thread takes unit after unit of its range, and calls the kernel of the row that the unit belongs to.
"""

import ctypes
import itertools
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from ndarray.kernels import calibration, machine_code, workers
from ndarray.kernels.driver import DRIVER, TOTALS
from ndarray.kernels.layout import (
    BOX,
    CHUNK,
    CONTROL,
    LEAST,
    LINE,
    NOT_ALIGNED,
    RANGE,
    ROW,
    SEMAPHORES,
    unit_of,
)
from ndarray.kernels.llvm import text_of
from ndarray.kernels.loop import Loop
from ndarray.kernels.memory import aligned
from ndarray.kernels.threads import pool

WORTH_SHARING = 768 << 10
"""Bytes moved from which on a worker that is awake is used: below that, to hand it over and to wait for the other core
costs as much as it saves, and more where another process runs there."""
WORTH_WAKING = 6 << 20
"""Bytes moved from which on waking a worker pays off: that takes some 100 microseconds."""
WORTH_STREAMS = 1 << 18
"""Elements above which an array that is only summed up is read from `STREAMS` positions at once."""
STREAMS = 4
WORTH_RELEASING = 1 << 19
"""Bytes moved above which other threads of Python may run meanwhile."""


class Job(NamedTuple):
    """A loop and the memory it runs on.

    Attributes
    ----------
    loop : Loop
    n : int
        Number of elements.
    arrays : tuple of numpy.ndarray
        Contiguous, one for each of ``loop.arrays``.
    scalars : tuple of numpy.ndarray
        Of one element, one for each of ``loop.scalars``.
    partials : tuple of numpy.ndarray
        Float64, one for each of ``loop.sums``, with `units` elements.
    """

    loop: Loop
    n: int
    arrays: tuple[np.ndarray, ...]
    scalars: tuple[np.ndarray, ...] = ()
    partials: tuple[np.ndarray, ...] = ()

    @property
    def bytes(self) -> int:
        """Bytes that the job moves."""
        return self.n * self.loop.bytes_per_element

    @property
    def unit(self) -> int:
        """Elements that a thread takes at once: where there are sums, those of a partial sum."""
        return CHUNK if self.loop.sums else unit_of(self.arrays[0].itemsize)

    @property
    def units(self) -> int:
        """Number of units."""
        return -(-self.n // self.unit)

    @property
    def shift(self) -> int:
        """Log2 of the bytes of an element of the first array, so that units begin with whole lines of the cache."""
        # Partial sums are of the same elements, however memory is aligned.
        return NOT_ALIGNED if self.loop.sums else (self.arrays[0].itemsize.bit_length() - 1)

    @property
    def kernel(self) -> Loop:
        """What equal kernels have in common."""
        return self.loop

    entry = "kernel"

    def text(self) -> str:
        """Return the kernel as LLVM text."""
        return text_of(self.loop, calibration.fetches(self.loop))

    def pointers(self) -> list[int]:
        """Return the row from `POINTERS_AT` on."""
        return [*map(address_of, (*self.arrays, *self.scalars, *self.partials))]


class TotalJob(NamedTuple):
    """The sum of partial sums, always in one order.

    Attributes
    ----------
    partials : numpy.ndarray
    out : numpy.ndarray
        Of one element; the sum is rounded to its dtype.
    """

    partials: np.ndarray
    out: np.ndarray

    n = 1
    bytes = 0
    unit = CHUNK
    units = 1
    shift = NOT_ALIGNED

    @property
    def entry(self) -> str:
        """The name of the kernel."""
        return f"total_{self.out.dtype}"

    kernel = None

    def text(self) -> str:
        """Return the kernel as LLVM text."""
        return TOTALS

    def pointers(self) -> list[int]:
        """Return the row from `POINTERS_AT` on."""
        return [address_of(self.partials), self.partials.size, address_of(self.out)]


def address_of(array: np.ndarray) -> int:
    """Return the address of an array's first element."""
    try:
        return ctypes.addressof(_from_buffer(array))  # a quarter of the time of what follows
    except (TypeError, ValueError, BufferError):
        return array.__array_interface__["data"][0]


_from_buffer = ctypes.c_char.from_buffer


class Table:
    """Phases of jobs, ready to run: all jobs of a phase are done before the next phase begins.

    Parameters
    ----------
    phases : list of list of (Job or TotalJob)
    """

    NAME = "machine code"

    @staticmethod
    def facts() -> list[str]:
        """Return what new tables follow, in lines."""
        return [f"calibration: {calibration.calibration()}"]

    @staticmethod
    def parts(loop: Loop, n: int) -> int:
        """Return how many partial sums a loop over `n` elements has."""
        if not streams(loop, n):
            return -(-n // CHUNK)
        each, rest = stream_of(n)
        return STREAMS * -(-each // CHUNK) + -(-rest // CHUNK)

    @staticmethod
    def split(job: Job) -> list[Job]:
        """Return jobs that do the same, and read an array that is only summed up from several positions at once.

        One stream of reads does not use the full bandwidth of memory.
        """
        loop, n = job.loop, job.n
        if not streams(loop, n):
            return [job]
        each, rest = stream_of(n)
        data, at = job.arrays[0].reshape(-1), -(-each // CHUNK)
        partial_, = job.partials
        wide = Job(streamed(loop), each, tuple([data[k * each:(k + 1) * each] for k in range(STREAMS)]), job.scalars,
                   tuple([partial_[k * at:(k + 1) * at] for k in range(STREAMS)]))
        tail = job._replace(n=rest, arrays=(data[STREAMS * each:],), partials=(partial_[STREAMS * at:],))
        return [wide, tail] if rest else [wide]

    def __init__(self, phases: Sequence[Sequence[Job | TotalJob]]):
        calibration.prepare(sum([job.bytes for phase in phases for job in phase]))
        self._keep, self._controls, rows, spans, unit, codes = [], [], [], [], 0, {}
        for phase in _reused_first([[(job, job.pointers()) for job in phase if job.units] for phase in phases]):
            row, begin = len(rows), unit
            for job, pointers in phase:
                code = codes.get(job.kernel)
                if code is None:
                    code = codes[job.kernel] = machine_code.code(job.text())
                rows.append([code.address(job.entry), job.n, unit, job.unit, job.shift, *pointers])
                self._keep.append(job)
                unit += job.units
            if unit > begin:
                spans.append(Span(row, begin, unit, sum([job.bytes for job, _ in phase])))
        width = max([LEAST, *map(len, rows)])
        end = [0, 0, unit, 0, 0]
        self.rows = np.array([r + [0] * (width - len(r)) for r in (*rows, end)], np.int64)
        self._codes = list(codes.values())
        self._code = machine_code.code(DRIVER)
        self.calls = self._calls(_joined(spans))

    def _calls(self, spans):
        """Return functions without arguments that run the spans; only one where that can be."""
        if not spans:
            return ()
        levels = [span.level for span in spans]
        # Each phase that threads share begins where the one before ended: what that left in the caches is used first.
        controls = [self._control(span, down=sum(map(bool, levels[:k])) % 2) for k, span in enumerate(spans)]
        if levels == [ALONE]:
            kind = ctypes.CFUNCTYPE if spans[0].bytes >= WORTH_RELEASING else ctypes.PYFUNCTYPE
            return (partial(_prototype(kind, self._code, "alone", ctypes.c_void_p), ctypes.c_void_p(controls[0])),)
        if SEMAPHORES:
            steps = np.array([*zip(levels, controls)], np.int64)
            self._keep.append(steps)
            return (self._led(steps),)
        return tuple([self._pooled(level, control, ranges)
                      for level, control, ranges in zip(levels, controls, self._controls)])

    def _led(self, steps):
        """Return a function that runs steps: rows of a level and the address of a control block."""
        lead = _prototype(ctypes.CFUNCTYPE, self._code, "lead", *[ctypes.c_void_p] * 3)
        return partial(_lead, lead, self._code, address_of(steps), len(steps))

    def _control(self, span, down):
        """Return the address of a new control block."""
        width, at = self.rows.shape[1], address_of(self.rows)
        first, cuts = self.rows[:, ROW.index("first")], self._cuts(span, pool.threads)
        blocks = aligned(8 * BOX * len(cuts), _PAIR).view(np.int64).reshape(-1, BOX)
        blocks[:] = 0
        blocks[0, :len(CONTROL)] = at + 8 * span.row * width, 8 * width, span.begin, span.end, len(cuts) - 1, down
        for block, low, high in zip(blocks[1:], cuts, cuts[1:]):
            row = np.searchsorted(first, max(low, high - 1) if down else low, "right") - 1
            block[:len(RANGE)] = 0, 0, low, high, at + 8 * row * width
        self._controls.append(blocks)
        return address_of(blocks)

    def _cuts(self, span, ranges):
        """Return the units at which the ranges of a span begin and end: each has about as many elements."""
        last = np.searchsorted(self.rows[:, ROW.index("first")], span.end, "left")
        rows = self.rows[span.row:last]
        n, first, unit = (rows[:, ROW.index(word)] for word in ("n", "first", "unit"))
        ends, cuts = np.cumsum(n), [span.begin]
        for k in range(1, ranges):
            target = int(ends[-1]) * k // ranges
            row = int(np.searchsorted(ends, target, "right"))
            cut = int(first[row] + (target - (ends[row] - n[row])) // unit[row])
            cuts.append(min(max(cut, cuts[-1]), span.end))
        return [*cuts, span.end]

    def _pooled(self, level, control, blocks):
        """Return a function that runs a span with the pool of Python's threads."""
        if level != WAKING:
            return partial(_prototype(ctypes.CFUNCTYPE, self._code, "alone", ctypes.c_void_p), ctypes.c_void_p(control))
        share = _prototype(ctypes.CFUNCTYPE, self._code, "share", ctypes.c_void_p, ctypes.c_int64)
        return partial(_shared, blocks[1:, :RANGE.index("low")], partial(share, ctypes.c_void_p(control)))

    def __call__(self) -> None:
        """Run every phase."""
        for call in self.calls:
            call()

    def forget(self) -> None:
        """Free the arrays; whoever runs the table afterwards has pointed its rows at others."""
        self._keep = [x for x in self._keep if isinstance(x, np.ndarray)]


_PAIR = 2 * LINE


def streams(loop, n):
    """Tell whether a loop reads its only array from several positions."""
    return n >= WORTH_STREAMS and len(loop.arrays) == 1 and len(loop.sums) == 1 and not loop.stores and (
        not loop.repeated) and (
        all(step.word != "round_stochastic" for step in loop.steps))  # which follows from an element's place


def stream_of(n):
    """Return how many elements each stream has, and how many are left."""
    each = n // STREAMS // LINE * LINE
    return each, n - STREAMS * each


def streamed(loop):
    """Return a loop over one array as a loop over several."""
    steps, (word, value) = loop.steps, loop.sums[0]
    many = tuple([step._replace(args=tuple([a + k * len(steps) for a in step.args]),
                                detail=k if step.word == "load" else step.detail)
                  for k in range(STREAMS) for step in steps])
    return Loop(many, loop.arrays * STREAMS, loop.scalars, (),
                tuple([(word, value + k * len(steps)) for k in range(STREAMS)]))


def _lead(lead, code, steps, n):
    lead(workers.workers_of(code).address, steps, n)


def _shared(taken, share):
    taken[:] = 0
    turns = itertools.count()
    pool.run(lambda: share(next(turns)))


ALONE, HELPED, WAKING = range(3)
"""Levels of spans: for one thread; for the workers that happen to be awake, too; worth waking workers for."""


class Span(NamedTuple):
    """Rows from `row` on, units from `begin` to `end`, that run before the next span; `ordered`: one after another."""

    row: int
    begin: int
    end: int
    bytes: int
    ordered: bool = False

    @property
    def level(self):
        """Who should run it."""
        # What depends on what runs before it must never be shared, however large.
        if self.ordered or self.bytes < WORTH_SHARING or self.end - self.begin < 2:
            return ALONE
        return WAKING if self.bytes >= WORTH_WAKING else HELPED


def _joined(spans):
    """Return spans with neighbours joined that one thread runs, in order."""
    joined = []
    for span in spans:
        if joined and span.level == joined[-1].level == ALONE:
            last = joined.pop()
            span = last._replace(end=span.end, bytes=last.bytes + span.bytes, ordered=True)
        joined.append(span)
    return joined


def _reused_first(phases):
    """Return phases, lists of jobs and their pointers, each in the order in which later phases use the same memory.

    Phases are run to and fro: what one uses last, the next one that is shared uses first, and finds it in the caches.
    """
    found, used = [], {}
    for phase in reversed(phases):
        places, place = [], -1
        for _, pointers in phase:
            # What no later phase uses stays beside its neighbour.
            place = min([used[p] for p in pointers if p in used], default=place)
            places.append(place)
        phase = [phase[k] for k in sorted(range(len(phase)), key=places.__getitem__)]
        used |= {p: k for k, (_, pointers) in enumerate(phase) for p in pointers}
        found.append(phase)
    return found[::-1]


def _prototype(kind, code, name, *types):
    function = kind(None, *types)(code.address(name))
    function.code = code
    return function
