"""The parts of a schedule that can be counted and timed apart: equal loops of a phase, its totals, each call."""

from collections import defaultdict
from typing import NamedTuple

from ndarray.kernels.cluster import Addition, Calling, Pass


class Part(NamedTuple):
    """One part.

    Attributes
    ----------
    phase : int
    name : str
        ``kernel 0``, ``totals`` or ``NumPy``.
    steps : tuple of (Pass or Addition or Calling)
        Of one kind; a call is alone.
    read, written : int
        Bytes that it takes from memory and gives to it.
    """

    phase: int
    name: str
    steps: tuple
    read: int
    written: int

    @property
    def elements(self):
        """Over how many elements its loops go."""
        return sum(s.n for s in self.steps if isinstance(s, Pass))


def parts_of(binding):
    """Return the parts of a schedule in an order in which they can run.

    Parameters
    ----------
    binding : Binding
    """
    found, kernels = [], {}
    for phase, steps in enumerate(binding.schedule.phases):
        loops = defaultdict(list)
        for step in steps:
            if isinstance(step, Pass):
                loops[step.loop].append(step)
        found += [_call(phase, step, binding) for step in steps if isinstance(step, Calling)]
        for loop, passes in loops.items():
            elements = sum(p.n for p in passes)
            found.append(Part(phase, kernels.setdefault(loop, f"kernel {len(kernels)}"), tuple(passes),
                              elements * loop.bytes_read, elements * loop.bytes_written))
        totals = tuple([step for step in steps if isinstance(step, Addition)])
        if totals:
            found.append(Part(phase, "totals", totals, 8 * sum(binding.sizes[t.partial] for t in totals),
                              sum(binding.flow.instructions[t.out.name].dtype.itemsize for t in totals)))
    return found


def _call(phase, step, binding):
    def size(at):
        instruction = binding.flow.instructions[at]
        return instruction.size * instruction.dtype.itemsize

    return Part(phase, "NumPy", (step,), sum(map(size, binding.flow.calls[step.number].inputs)),
                sum(size(at) for _, at in binding.results[step.number]))
