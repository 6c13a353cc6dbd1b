"""The work table: every loop of a step over every tensor as a row of integers, shared among threads in chunks.

A row is ``[kernel, n, first chunk, pointers …]``.  It is built once; to run is to call one function of machine code,
which takes chunk after chunk from a counter and calls the kernel of the row that the chunk belongs to.
"""

import ctypes
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from ndarray.kernels import machine_code, workers
from ndarray.kernels.driver import CHUNK, COUNTER, DRIVER, SEMAPHORES, TOTALS
from ndarray.kernels.llvm import POINTERS_AT, text_of
from ndarray.kernels.loop import Loop
from ndarray.kernels.threads import pool

WORTH_WAKING = 6 << 20
"""Bytes moved above which waking a worker pays off: that takes some microseconds."""
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
        Float64, one for each of ``loop.sums``, with `chunks` elements.
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
    def chunks(self) -> int:
        """Number of parts that threads take."""
        return -(-self.n // CHUNK)

    @property
    def kernel(self) -> Loop:
        """What equal kernels have in common."""
        return self.loop

    entry = "kernel"

    def text(self) -> str:
        """Return the kernel as LLVM text."""
        return text_of(self.loop)

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

    bytes = 0
    chunks = 1

    @property
    def entry(self) -> str:
        """The name of the kernel."""
        return f"total_{self.out.dtype}"

    kernel = None
    n = 1

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
    def parts(loop: Loop, n: int) -> int:
        """Return how many partial sums a loop over `n` elements has."""
        if not _streams(loop, n):
            return -(-n // CHUNK)
        each, rest = _stream(n)
        return STREAMS * -(-each // CHUNK) + -(-rest // CHUNK)

    @staticmethod
    def split(job: Job) -> list[Job]:
        """Return jobs that do the same, and read an array that is only summed up from several positions at once.

        One stream of reads does not use the full bandwidth of memory.
        """
        loop, n = job.loop, job.n
        if not _streams(loop, n):
            return [job]
        each, rest = _stream(n)
        data, at = job.arrays[0].reshape(-1), -(-each // CHUNK)
        partial_, = job.partials
        wide = Job(_streamed(loop), each, tuple([data[k * each:(k + 1) * each] for k in range(STREAMS)]), job.scalars,
                   tuple([partial_[k * at:(k + 1) * at] for k in range(STREAMS)]))
        tail = job._replace(n=rest, arrays=(data[STREAMS * each:],), partials=(partial_[STREAMS * at:],))
        return [wide, tail] if rest else [wide]

    def __init__(self, phases: Sequence[Sequence[Job | TotalJob]]):
        rows, keep, spans, chunk, codes = [], [], [], 0, {}
        for phase in phases:
            begin = len(rows), chunk
            for job in phase:
                if job.chunks:
                    code = codes.get(job.kernel)
                    if code is None:
                        code = codes[job.kernel] = machine_code.code(job.text())
                    rows.append([code.address(job.entry), job.n, chunk, *job.pointers()])
                    keep.append(job)
                    chunk += job.chunks
            spans.append((*begin, chunk, sum(job.bytes for job in phase)))
        width = max(map(len, rows), default=POINTERS_AT)
        self.rows = np.array([*(r + [0] * (width - len(r)) for r in rows), [0, 0, chunk] + [0] * (width - 3)], np.int64)
        self._keep, self._codes, self._controls = keep, list(codes.values()), []
        self._code = machine_code.code(DRIVER)
        self.calls = self._calls(_joined(spans))

    def _calls(self, spans):
        """Return functions without arguments that run spans of chunks; only one where that can be."""
        controls = [self._control(*span) for span in spans]
        if not controls:
            return ()
        if len(controls) == 1 and not self._is_large(spans[0]):
            kind = ctypes.CFUNCTYPE if spans[0][3] >= WORTH_RELEASING else ctypes.PYFUNCTYPE
            return (partial(_prototype(kind, self._code, "alone"), ctypes.c_void_p(controls[0])),)
        if SEMAPHORES:
            steps = np.array([[self._is_large(span), at] for span, at in zip(spans, controls)], np.int64)
            self._keep.append(steps)
            lead = _prototype(ctypes.CFUNCTYPE, self._code, "lead", 3)
            return (partial(_lead, lead, self._code, address_of(steps), len(steps)),)
        return tuple([self._pooled(span, at) for span, at in zip(spans, controls)])

    def _control(self, row, begin, end, bytes_):
        """Return the address of the block that tells the machine code a span's rows and chunks."""
        width = self.rows.shape[1]
        control = np.array([address_of(self.rows) + 8 * row * width, 8 * width, begin, end, *[0] * 12, begin, *[0] * 7],
                           np.int64)
        self._controls.append(control)
        return address_of(control)

    @staticmethod
    def _is_large(span):
        return span[3] >= WORTH_WAKING and span[2] - span[1] > 1

    def _pooled(self, span, at):
        """Return a function that runs a span with the pool of Python's threads."""
        if not self._is_large(span):
            return partial(_prototype(ctypes.CFUNCTYPE, self._code, "alone"), ctypes.c_void_p(at))
        share = partial(_prototype(ctypes.CFUNCTYPE, self._code, "share"), ctypes.c_void_p(at))
        counter = ctypes.c_int64.from_address(at + 8 * COUNTER)
        return partial(_shared, counter, span[1], share)

    def __call__(self) -> None:
        """Run every phase."""
        for call in self.calls:
            call()

    def forget(self) -> None:
        """Free the arrays; whoever runs the table afterwards has pointed its rows at others."""
        self._keep = [x for x in self._keep if isinstance(x, np.ndarray)]


_LINE = 64


def _streams(loop, n):
    """Tell whether a loop reads its only array from several positions."""
    return n >= WORTH_STREAMS and len(loop.arrays) == 1 and len(loop.sums) == 1 and not loop.stores


def _stream(n):
    """Return how many elements each stream has, and how many are left."""
    each = n // STREAMS // _LINE * _LINE
    return each, n - STREAMS * each


def _streamed(loop):
    """Return a loop over one array as a loop over several."""
    steps, (word, value) = loop.steps, loop.sums[0]
    many = tuple([step._replace(args=tuple([a + k * len(steps) for a in step.args]),
                                detail=k if step.word == "load" else step.detail)
                  for k in range(STREAMS) for step in steps])
    return Loop(many, loop.arrays * STREAMS, loop.scalars, (),
                tuple([(word, value + k * len(steps)) for k in range(STREAMS)]))


def _lead(lead, code, steps, n):
    lead(workers.workers_of(code).address, steps, n)


def _shared(counter, begin, share):
    counter.value = begin
    pool.run(share)


def _joined(spans):
    """Return spans with neighbours put together that one thread runs in order."""
    joined = []
    for span in spans:
        small = span[3] < WORTH_WAKING
        if joined and small and joined[-1][3] < WORTH_WAKING:
            last = joined.pop()
            span = (*last[:2], span[2], last[3] + span[3] if last[3] + span[3] < WORTH_WAKING else WORTH_WAKING - 1)
        if span[2] > span[1]:
            joined.append(span)
    return joined


def _prototype(kind, code, name, pointers=1):
    function = kind(None, *[ctypes.c_void_p] * pointers)(code.address(name))
    function.code = code
    return function
