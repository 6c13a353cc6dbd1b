"""One schedule stamped for many tensors: a table whose rows can be pointed at other memory, and switched off.

Tensors that are updated alike differ in their memory and their numbers alone.  A `Template` is the schedule of one of
them; a `MovingTable` has its rows for each tensor, phase by phase.  Where the memory of a tensor is, is written into
`MovingTable.starts` before a run: new gradients at every step need new pointers and no new table.

>>> import numpy as np
>>> from ndarray.kernels.flow import Flow, Sink
>>> from ndarray.kernels.record import Recorder
>>> xp = Recorder()
>>> weight, grad = [xp.input(name, np.dtype("float32"), (2,)) for name in ("weight", "grad")]
>>> new = weight - xp.as_scalar("lr", np.float32) * grad
>>> template = Template(Flow(xp.instructions, [], (Sink("weight", new.id),)), ("weight", "grad"))
>>> [template.flow.instructions[at].detail for at in template.numbers]
['lr']
"""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

from ndarray.kernels import memory
from ndarray.kernels.cluster import cluster
from ndarray.kernels.driver import CHUNK, NOT_ALIGNED, POINTERS_AT, ROW, TOTALS
from ndarray.kernels.flow import Flow, Sink, needed_by
from ndarray.kernels.record import Recorder
from ndarray.kernels.schedule import CallRun, LoopRun, Schedule, Slot
from ndarray.kernels.signals import deferred
from ndarray.kernels.table import STREAMS, Job, Table, stream_of, streamed, streams

NUMBERS, TEMPORARY, FIRST = range(3)
"""Columns of `MovingTable.starts`: the numbers and the temporary memory of a tensor, and the first of its buffers."""
CELL = 8
"""Bytes of a number."""


class Template:
    """The schedule of one tensor.

    Parameters
    ----------
    flow : Flow
        Without calls; the buffers are those of one tensor, none of which overlap.
    buffers : sequence of hashable
        Their names; the first is at column `FIRST` of `MovingTable.starts`.

    Attributes
    ----------
    numbers : list of int
        The instructions ``number`` that are read; the value of the k-th is `CELL` times k bytes after the start of the
        tensor's numbers.
    """

    def __init__(self, flow: Flow, buffers: Sequence[Hashable]):
        if flow.calls:
            raise ValueError("a template has no calls")
        self.flow, self.schedule = flow, cluster(flow)
        needed = sorted(needed_by(flow))
        self.numbers = [at for at in needed if flow.instructions[at].word == "number"]
        self._columns = {name: FIRST + k for k, name in enumerate(buffers)}
        self._cells = {at: CELL * k for k, at in enumerate(self.numbers)}
        self._stamps = {}
        own = [flow.instructions[slot.name].size for phase in self.schedule.phases for step in phase
               for slot in _slots(step) if slot.kind in ("value", "late")]
        self._size = max([flow.instructions[at].size for at in needed], default=0)
        self._any_size = self._size > 1 and all(size == 1 for size in own)

    def stamp(self, n: int | None = None) -> "Stamp":
        """Return the rows of a tensor.

        Parameters
        ----------
        n : int, optional
            Number of its elements, where that is not the one of the flow; see `fits`.
        """
        n = self._size if n is None else n
        if n not in self._stamps:
            self._stamps[n] = Stamp(self, self._sized(n))
        return self._stamps[n]

    def fits(self, n: int) -> bool:
        """Tell whether tensors of another number of elements have the same schedule."""
        return n == self._size or (self._any_size and n > 1)

    def _sized(self, n):
        if n == self._size:
            return self.schedule
        return Schedule([[step._replace(n=n if step.n == self._size else step.n) if isinstance(step, LoopRun) else step
                          for step in phase] for phase in self.schedule.phases])


def sums_of_squares(dtype: np.dtype) -> Template:
    """Return the template of the partial sums of the squares of a gradient, the second of two buffers.

    It fits tensors of any size.
    """
    xp = Recorder()
    total = xp.sum_sq(xp.input("grad", dtype, (2,)))
    template = Template(Flow(xp.instructions, [], (Sink("weight", total.id),)), ("weight", "grad"))
    template.schedule = Schedule(template.schedule.phases[:1])
    return template


def _slots(step):
    """Return the slots that a step reads or writes."""
    if isinstance(step, CallRun):
        return ()
    if isinstance(step, LoopRun):
        return (*step.arrays, *step.scalars, *step.partials)
    return (step.partial, step.out)


class Stamp:
    """The rows of one tensor, with places for pointers.

    Attributes
    ----------
    phases : list of list of (_PlacedJob or _PlacedTotal)
        Their pointers are numbers of places, counted from 1 and negative.
    columns, offsets : list of int
        For each place: the column of `MovingTable.starts`, and bytes from there.
    bytes : int
        Temporary memory.
    """

    def __init__(self, template: Template, schedule: Schedule):
        self._template, self._places = template, {}
        plan = memory.plan(memory.lifetimes(schedule, template.flow, Table.parts))
        self._own, self.bytes = plan.offsets, plan.bytes
        self._sizes = {}
        self.phases = [[job for step in phase for job in self._jobs(step)] for phase in schedule.phases]
        self.columns = [column for column, _ in self._places]
        self.offsets = [offset for _, offset in self._places]

    def _jobs(self, step):
        if not isinstance(step, LoopRun):
            dtype = self._template.flow.instructions[step.out.name].dtype
            return [_PlacedTotal(self._place(step.partial), self._sizes[step.partial],
                                 self._place(step.out, dtype.itemsize), str(dtype))]
        widths = [np.dtype(d).itemsize for d in step.loop.arrays]
        self._sizes.update((slot, Table.parts(step.loop, step.n)) for slot in step.partials)
        scalars = [self._place(slot, np.dtype(d).itemsize) for slot, d in zip(step.scalars, step.loop.scalars)]

        def job(loop, n, starts, parts):
            arrays = [self._place(slot, width, at) for at in starts for slot, width in zip(step.arrays, widths)]
            partials = [self._place(slot, 8, at) for at in parts for slot in step.partials]
            return _PlacedJob(loop, n, (*arrays, *scalars, *partials))

        if not streams(step.loop, step.n):
            return [job(step.loop, step.n, (0,), (0,))]
        each, rest = stream_of(step.n)
        at = -(-each // CHUNK)
        each_at = range(STREAMS)
        jobs = [job(streamed(step.loop), each, [k * each for k in each_at], [k * at for k in each_at]),
                job(step.loop, rest, (STREAMS * each,), (STREAMS * at,))]
        return jobs if rest else jobs[:1]

    def _place(self, slot: Slot, width=8, more=0):
        """Return the place of an element of a slot, elements being `width` bytes."""
        template, offset = self._template, (slot.offset + more) * width
        if slot.kind in ("buffer", "updated"):
            where = template._columns[slot.name], offset
        elif slot.kind == "number":
            where = NUMBERS, template._cells[slot.name]
        else:
            where = TEMPORARY, self._own[slot[:2]] + offset
        return -1 - self._places.setdefault(where, len(self._places))


class _PlacedJob(Job):
    """A loop whose `arrays` are the places of all pointers."""

    __slots__ = ()

    @property
    def shift(self):
        """Log2 of the bytes of an element of the first array; see `Job.shift`."""
        return NOT_ALIGNED if self.loop.sums else np.dtype(self.loop.arrays[0]).itemsize.bit_length() - 1

    def pointers(self):
        """Return the row from `POINTERS_AT` on."""
        return [*self.arrays]

    def moved(self, by):
        """Return the same job with other numbers of places."""
        return self._replace(arrays=tuple([place - by for place in self.arrays]))


class _PlacedTotal(NamedTuple):
    """The sum of partial sums."""

    partials: int
    parts: int
    out: int
    dtype: str

    n = 1
    bytes = 0
    unit = CHUNK
    units = 1
    shift = NOT_ALIGNED
    kernel = None

    @property
    def entry(self):
        """The name of the kernel."""
        return f"total_{self.dtype}"

    def text(self):
        """Return the kernel as LLVM text."""
        return TOTALS

    def pointers(self):
        """Return the row from `POINTERS_AT` on."""
        return [self.partials, self.parts, self.out]

    def moved(self, by):
        """Return the same job with other numbers of places."""
        return self._replace(partials=self.partials - by, out=self.out - by)


class MovingTable:
    """The rows of many tensors, that can be pointed elsewhere before every run.

    Parameters
    ----------
    stamps : sequence of Stamp
        One for each tensor.
    buffers : int
        The largest number of buffers of a tensor.

    Attributes
    ----------
    starts : numpy.ndarray of int64, shape (tensors, FIRST + buffers)
        Addresses, filled in by the caller; those of temporary memory are there already.
    """

    def __init__(self, stamps: Sequence[Stamp], buffers: int):
        self.starts = np.zeros((len(stamps), FIRST + buffers), np.int64)
        sizes = np.cumsum([0] + [-(-s.bytes // memory.ALIGNMENT) * memory.ALIGNMENT for s in stamps])
        self._block = memory.aligned(int(sizes[-1]))
        self._block[:] = 0
        self._sizes = sizes
        self.starts[:, TEMPORARY] = self._block.__array_interface__["data"][0] + sizes[:-1]
        phases, base, tensor_of = [], 0, []
        for tensor, stamp in enumerate(stamps):
            phases += [[] for _ in range(len(stamp.phases) - len(phases))]
            for phase, jobs in zip(phases, stamp.phases):
                phase += [job.moved(base) for job in jobs]
            base += len(stamp.columns)
            tensor_of += [tensor] * len(stamp.columns)
        self._table = Table([phase for phase in phases if phase])
        self._rows = self._table.rows
        self._n = self._rows[:, ROW.index("n")].copy()
        self._find(np.array(tensor_of, np.int64), stamps)
        self._table.forget()
        self._on = np.ones(len(stamps), bool)
        self._last = np.full_like(self.starts, -1)
        calls = self._table.calls
        self._call = calls[0] if len(calls) == 1 else self._all

    def _find(self, tensor_of, stamps):
        """Find the cells of the rows that are pointers, and of which tensor each row is."""
        columns = np.array([c for s in stamps for c in s.columns], np.int64)
        offsets = np.array([o for s in stamps for o in s.offsets], np.int64)
        flat = self._rows.reshape(-1)
        cells = np.flatnonzero(flat < 0)
        places = -1 - flat[cells]
        which = tensor_of[places] * self.starts.shape[1] + columns[places]
        # Gradients are elsewhere at every run; the others seldom move.
        moving = columns[places] == FIRST + 1
        self._cells = [(cells[m], which[m], offsets[places[m]]) for m in (moving, ~moving)]
        self._tensors = tensor_of[-1 - self._rows[:-1, POINTERS_AT]]

    def switch(self, on: np.ndarray) -> None:
        """Have the next runs update those tensors alone for which `on` is true.

        Parameters
        ----------
        on : numpy.ndarray of bool, shape (tensors,)
        """
        if not np.array_equal(on, self._on):
            self._on = on.copy()
            self._rows[:-1, ROW.index("n")] = np.where(on[self._tensors], self._n[:-1], 0)

    def run(self) -> None:
        """Run on the memory that `starts` says; no interrupt tears it."""
        flat, starts = self._rows.reshape(-1), self.starts.reshape(-1)
        moving, others = self._cells
        cells, which, offsets = moving
        flat[cells] = starts[which] + offsets
        self._last[:, FIRST + 1] = self.starts[:, FIRST + 1]
        if not np.array_equal(self._last, self.starts):
            cells, which, offsets = others
            flat[cells] = starts[which] + offsets
            self._last[:] = self.starts
        self._call()

    def sums(self) -> np.ndarray:
        """Return the sum of the partial sums of each tensor, where these are all of its temporary memory."""
        return np.add.reduceat(self._block.view(np.float64), self._sizes[:-1] // CELL)

    def _all(self):
        with deferred():
            for call in self._table.calls:
                call()
