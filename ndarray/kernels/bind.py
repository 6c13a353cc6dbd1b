"""A schedule on memory: everything is looked up once, and what is left is to run."""

import ctypes
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ndarray.kernels import memory
from ndarray.kernels.flow import Flow
from ndarray.kernels.layout import POINTERS_AT
from ndarray.kernels.schedule import CallRun, Schedule, Slot, Total
from ndarray.kernels.table import Job, Table, TotalJob, address_of


class Binding:
    """A schedule and the memory it runs on.

    Parameters
    ----------
    schedule : Schedule
    flow : Flow
    buffers : dict
        The array of each buffer: contiguous and aligned.
    table : type
        `table.Table` or `tiles.TileTable`.
    number : callable, optional
        ``number(detail)`` gives the value of a ``number``; by default it is the detail.
    block : numpy.ndarray, optional
        Bytes for temporary values, aligned; by default they are allocated.

    Attributes
    ----------
    steps : list of callable
        Without arguments; to run them in order is to run the schedule.
    called : dict of int to int
        Which of them are calls, by their numbers in the flow.
    memory : Memory
        Of temporary values.
    """

    def __init__(self, schedule: Schedule, flow: Flow, buffers: Mapping[object, np.ndarray], table: type,
                 number: Callable[[object], object] | None = None, block: np.ndarray | None = None):
        self.schedule, self.flow, self.buffers, self.table = schedule, flow, dict(buffers), table
        self.number = number or (lambda detail: detail)
        intervals = memory.lifetimes(schedule, flow, self.table.parts)
        self.memory = memory.plan(intervals)
        self.block = memory.aligned(self.memory.bytes) if block is None else block
        self.numbers, self.sizes, self.called = {}, {}, {}
        self.results = defaultdict(list)
        for at in schedule.where:
            if flow.instructions[at].word == "result":
                number, index = flow.instructions[at].detail
                self.results[number].append((index, at))
        self.steps = self._steps()

    def _steps(self):
        found, phases = [], []
        for phase in self.schedule.phases:
            calls = [step.number for step in phase if isinstance(step, CallRun)]
            if calls:
                self._flush(found, phases)
                self.called |= dict(enumerate(calls, len(found)))
                found += [self._calling(number) for number in calls]
            phases.append([job for step in phase if not isinstance(step, CallRun) for job in self._jobs(step)])
        self._flush(found, phases)
        return found

    def _flush(self, found, phases):
        if any(phases):
            found.append(self.table([p for p in phases if p]))
        phases.clear()

    def alone(self, steps: tuple) -> Callable[[], None]:
        """Return a function that runs some steps of one phase, a call among them alone, when those before have run."""
        if isinstance(steps[0], CallRun):
            return self._calling(steps[0].number)
        return self.table([[job for step in steps for job in self._jobs(step)]])

    def _jobs(self, step):
        if isinstance(step, Total):
            partial_ = self._of(step.partial, np.dtype(np.float64), self.sizes[step.partial])
            return [TotalJob(partial_, self._of(step.out, self._dtype(step.out), 1))]
        sizes = step.shorter(self.flow)
        arrays = tuple([self._of(slot, np.dtype(d), sizes.get(k, step.n))
                        for k, (slot, d) in enumerate(zip(step.arrays, step.loop.arrays))])
        scalars = tuple([self._of(slot, np.dtype(d), 1) for slot, d in zip(step.scalars, step.loop.scalars)])
        parts = self.table.parts(step.loop, step.n)
        self.sizes.update((slot, parts) for slot in step.partials)
        partials = tuple([self._of(slot, np.dtype(np.float64), parts) for slot in step.partials])
        return self.table.split(Job(step.loop, step.n, arrays, scalars, partials))

    def _of(self, slot, dtype, n):
        """Return `n` elements at a slot."""
        if slot.kind in ("buffer", "updated"):
            return self.buffers[slot.name].reshape(-1)[slot.offset:slot.offset + n]
        if slot.kind == "number":
            found = self.numbers.get(slot.name)
            if found is None:
                value = self.number(self.flow.instructions[slot.name].detail)
                found = self.numbers[slot.name] = np.asarray(value).astype(dtype).reshape(1)
            return found
        start = self.memory.offsets[slot[:2]] + slot.offset * dtype.itemsize
        return self.block[start:start + n * dtype.itemsize].view(dtype)

    def _dtype(self, slot):
        return self.flow.instructions[slot.name].dtype

    def _calling(self, number):
        call = self.flow.calls[number]
        inputs = [self._value(at) for at in call.inputs]
        results = {index: self._value(at) for index, at in self.results[number]}
        size = call.what.scratch(self.table.parts)
        scratch = self._of(Slot("scratch", number), np.dtype(np.uint8), size) if size else self.block[:0]
        return call.what.bind(inputs, results, self.table, scratch)

    def _value(self, at):
        """Return the array of an instruction that a call reads or gives, in its shape."""
        instruction = self.flow.instructions[at]
        slot = self.schedule.where[at]
        return self._of(slot, instruction.dtype, instruction.size).reshape(instruction.shape)


class Movable(Binding):
    """A binding by machine code whose buffers may be moved to other memory of the same types.

    Parameters
    ----------
    schedule : Schedule
    flow : Flow
    buffers : dict
    number : callable, optional
    block : numpy.ndarray, optional
        Each as of `Binding`.
    """

    def __init__(self, schedule: Schedule, flow: Flow, buffers: Mapping[object, np.ndarray],
                 number: Callable[[object], object] | None = None, block: np.ndarray | None = None):
        # A pointer into memory that two buffers share would not tell which of them it is to follow.
        shared = {name: address_of(array) for name, array in buffers.items() if any(
            np.may_share_memory(array, other) for k, other in buffers.items() if k != name)}
        own = {name: np.empty_like(array) if name in shared else array for name, array in buffers.items()}
        super().__init__(schedule, flow, own, Table, number, block)
        names, addresses = list(own), [address_of(array) for array in own.values()]
        self._cells: dict[object, list] = {name: [] for name in names}
        for step in self.steps:
            if isinstance(step, Table):
                flat, cells, which, offsets = cells_of(step.rows, addresses, [a.nbytes for a in own.values()])
                for k in np.unique(which).tolist():
                    self._cells[names[k]].append((flat, cells[which == k], offsets[which == k]))
        self._seen = {name: [(at, number) for at, number in self.called.items() if self._sees(number, name)]
                      for name in names}
        self.move(shared)

    def move(self, addresses: Mapping[Any, int]) -> None:
        """Go on with other memory, which somebody else keeps.

        Parameters
        ----------
        addresses : dict
            Of the buffers that are elsewhere now.
        """
        called = {}
        for name, address in addresses.items():
            for flat, cells, offsets in self._cells[name]:
                flat[cells] = address + offsets
            if self._seen[name]:
                like = self.buffers[name]
                self.buffers[name] = array_at(address, like.dtype, like.shape)
                called |= dict(self._seen[name])
        for at, number in called.items():
            self.steps[at] = self._calling(number)

    def _sees(self, number, name):
        """Tell whether a call reads a buffer."""
        slots = [self.schedule.where[at] for at in self.flow.calls[number].inputs]
        return any(slot.name == name for slot in slots if slot.kind in ("buffer", "updated"))


def array_at(address: int, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    """Return memory as an array that does not keep it."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    return np.frombuffer((ctypes.c_char * size).from_address(address), dtype).reshape(shape)


def cells_of(rows: np.ndarray, addresses: Sequence[int], sizes: Sequence[int]
             ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the pointers of a table's rows into some memory.

    Parameters
    ----------
    rows : numpy.ndarray
    addresses, sizes : sequence of int
        Where each piece of memory begins, and its bytes.

    Returns
    -------
    tuple of numpy.ndarray
        The rows as one flat array; of each pointer its place there, into which piece, and how many bytes in.
    """
    starts, ends, flat = np.array(addresses, np.int64), np.array(addresses) + sizes, rows.reshape(-1)
    order = np.lexsort((ends, starts))
    near = order[np.searchsorted(starts[order], flat, "right") - 1]
    inside = (flat >= starts[near]) & (flat < ends[near]) & (np.arange(flat.size) % rows.shape[1] >= POINTERS_AT)
    cells = np.flatnonzero(inside)
    return flat, cells, near[cells], flat[cells] - starts[near[cells]]
