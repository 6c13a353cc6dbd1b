"""Where temporary values are kept: those that do not live at the same time share memory."""

from bisect import insort
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ndarray.kernels.flow import Flow
from ndarray.kernels.loop import Loop
from ndarray.kernels.pages import block
from ndarray.kernels.schedule import CallRun, LoopRun, Schedule, Slot, Total

ALIGNMENT = 64
_OWN = ("value", "late", "partial", "scratch")


class Interval(NamedTuple):
    """The phases in which a slot is in use.

    Attributes
    ----------
    first, last : int
    bytes : int
    """

    first: int
    last: int
    bytes: int


class Memory(NamedTuple):
    """Offsets into one block of memory.

    Attributes
    ----------
    offsets : dict
        Of each slot, its offset in bytes.
    bytes : int
        Size of the block.
    unshared : int
        What it would be if no two slots shared memory.
    """

    offsets: dict
    bytes: int
    unshared: int


def lifetimes(schedule: Schedule, flow: Flow, parts: Callable[[Loop, int], int]) -> dict[tuple, Interval]:
    """Return the interval of each temporary slot, slots being (kind, name).

    Parameters
    ----------
    schedule : Schedule
    flow : Flow
    parts : callable
        ``parts(loop, n)``: how many partial sums a loop over `n` elements has.
    """
    found = {}

    def use(slot, phase, bytes_):
        if slot.kind in _OWN:
            first, last, size = found.get(slot[:2], (phase, phase, 0))
            found[slot[:2]] = Interval(min(first, phase), max(last, phase), max(size, bytes_))

    for phase, steps in enumerate(schedule.phases):
        for step in steps:
            if isinstance(step, LoopRun):
                for k, (slot, dtype) in enumerate(zip(step.arrays, step.loop.arrays)):
                    least = 0 if k in step.loop.repeated else step.n * np.dtype(dtype).itemsize
                    use(slot, phase, _bytes(slot, least, flow))
                for slot in step.scalars:
                    use(slot, phase, _bytes(slot, 8, flow))
                for slot in step.partials:
                    use(slot, phase, 8 * parts(step.loop, step.n))
            elif isinstance(step, Total):
                use(step.partial, phase, 0)
                use(step.out, phase, _bytes(step.out, 8, flow))
            else:
                call = flow.calls[step.number]
                for at in call.inputs:
                    use(schedule.where[at], phase, 0)
                if size := call.what.scratch(parts):
                    use(Slot("scratch", step.number), phase, size)
    called = {step.number: phase for phase, steps in enumerate(schedule.phases) for step in steps
              if isinstance(step, CallRun)}
    for at, slot in schedule.where.items():
        instruction = flow.instructions[at]
        if instruction.word == "result":
            use(slot, called[instruction.detail[0]], _bytes(slot, 0, flow))
    return found


def _bytes(slot, least, flow):
    """Return the size of a slot: of the whole value, where this is one element of it."""
    if slot.kind != "value":
        return least
    instruction = flow.instructions[slot.name]
    return max(least, instruction.size * instruction.dtype.itemsize)


def plan(intervals: dict[tuple, Interval]) -> Memory:
    """Return the memory of slots: each takes the smallest block that is free by then and large enough.

    Parameters
    ----------
    intervals : dict of slot to Interval

    Returns
    -------
    Memory
    """
    free, busy, offsets, end = [], [], {}, 0
    for slot, (first, last, bytes_) in sorted(intervals.items(), key=lambda item: (item[1].first, -item[1].bytes)):
        while busy and busy[0][0] < first:
            _, size, offset = busy.pop(0)
            insort(free, (size, offset))
        size = -(-max(bytes_, 1) // ALIGNMENT) * ALIGNMENT
        fit = next((i for i, block in enumerate(free) if block[0] >= size), None)
        if fit is None:
            block = size, end
            end += size
        else:
            block = free.pop(fit)
        offsets[slot] = block[1]
        insort(busy, (last, *block))
    return Memory(offsets, end, sum(-(-max(i.bytes, 1) // ALIGNMENT) * ALIGNMENT for i in intervals.values()))


def aligned(size: int, alignment: int = ALIGNMENT) -> np.ndarray:
    """Return `size` bytes of memory, not initialised, whose address is a multiple of `alignment`."""
    return block(size, alignment)
