"""A schedule as data: phases, and in each the loops, totals and calls that may run in any order.

`ndarray.kernels.cluster` makes it of a flow; `ndarray.kernels.bind` gives it memory.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import NamedTuple

from ndarray.kernels.flow import Flow
from ndarray.kernels.loop import Loop
from ndarray.text import counted


class Slot(NamedTuple):
    """A piece of memory that a schedule names and a binding provides.

    Attributes
    ----------
    kind : str
        ``buffer``, one of the caller's; ``updated``, its new content; ``number``, a scalar that loops read; ``value``,
        the temporary memory of an instruction; ``late``, what is copied into a buffer at the end; ``partial``, the
        partial sums of an instruction; ``scratch``, what a call works in.
    name : object
        Of the buffer, or the number of the instruction or the call.
    offset : int
        The element at which it begins.
    """

    kind: str
    name: Hashable
    offset: int = 0

    def __str__(self):
        return f"{self.kind} {self.name}" + (f"[{self.offset}]" if self.offset else "")


class LoopRun(NamedTuple):
    """A loop and the memory that it runs over.

    Attributes
    ----------
    loop : Loop
    n : int
        Number of elements.
    arrays, scalars : tuple of Slot
        One for each of ``loop.arrays`` and ``loop.scalars``.
    partials : tuple of Slot
        One for each of ``loop.sums``.
    values : tuple of int
        The instructions that the loop reads or computes, one for each of ``loop.steps``.
    """

    loop: Loop
    n: int
    arrays: tuple[Slot, ...]
    scalars: tuple[Slot, ...]
    partials: tuple[Slot, ...]
    values: tuple[int, ...] = ()

    def shorter(self, flow: Flow) -> dict[int, int]:
        """Return the number of elements of each array that is repeated."""
        if not self.loop.repeated:
            return {}
        return {step.detail[0]: flow.instructions[flow.instructions[at].args[0]].size
                for step, at in zip(self.loop.steps, self.values) if step.word == "repeat"}

    def __str__(self):
        parts = [f"{name} {', '.join(map(str, slots))}" for name, slots in
                 (("over", self.arrays), ("with", self.scalars), ("into", self.partials)) if slots]
        return f"{self.n} x {counted(len(self.loop.steps), 'step')} " + "; ".join(parts)


class Total(NamedTuple):
    """Partial sums added up into one element."""

    partial: Slot
    out: Slot

    def __str__(self):
        return f"{self.out} <- total of {self.partial}"


class CallRun(NamedTuple):
    """A call, by its number in the flow."""

    number: int

    def __str__(self):
        return f"call {self.number}"


Step = LoopRun | Total | CallRun
"""What a phase consists of."""


@dataclass
class Schedule:
    """Phases: each begins when the one before is complete.

    Attributes
    ----------
    phases : list of list of (LoopRun or Total or CallRun)
    where : dict of int to Slot
        Memory of the instructions that calls read or give.
    """

    phases: list[list[Step]]
    where: dict[int, Slot] = field(default_factory=dict)

    def __str__(self):
        return "\n".join(f"phase {i}\n" + "\n".join(f"  {step}" for step in phase)
                         for i, phase in enumerate(self.phases))
