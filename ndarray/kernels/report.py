"""A schedule on memory, counted and described: kernels, what they run over, bytes moved, memory, and NumPy's share."""

from collections import Counter, defaultdict
from typing import NamedTuple

from ndarray.kernels.bind import Binding
from ndarray.kernels.loop import LEAVES, Loop
from ndarray.kernels.schedule import CallRun, LoopRun, Step, Total
from ndarray.text import counted


class Part(NamedTuple):
    """What can be counted and timed apart: equal loops of a phase, its totals, or one call.

    Attributes
    ----------
    phase : int
    name : str
        ``kernel 0``, ``totals``, or what computes a call.
    steps : tuple of (LoopRun or Total or CallRun)
        Of one kind; a call is alone.
    read, written : int
        Bytes read from memory and written to it.
    """

    phase: int
    name: str
    steps: tuple[Step, ...]
    read: int
    written: int

    @property
    def elements(self) -> int:
        """Number of elements that its loops run over."""
        return sum(s.n for s in self.steps if isinstance(s, LoopRun))


def parts_of(binding: Binding) -> list[Part]:
    """Return the parts of a bound schedule in an order in which they can run."""
    found, kernels = [], {}
    for phase, steps in enumerate(binding.schedule.phases):
        loops = defaultdict(list)
        for step in steps:
            if isinstance(step, LoopRun):
                loops[step.loop].append(step)
        found += [_call(phase, step, binding) for step in steps if isinstance(step, CallRun)]
        for loop, runs in loops.items():
            elements = sum(r.n for r in runs)
            found.append(Part(phase, kernels.setdefault(loop, f"kernel {len(kernels)}"), tuple(runs),
                              elements * loop.bytes_read, elements * loop.bytes_written))
        totals = tuple([step for step in steps if isinstance(step, Total)])
        if totals:
            found.append(Part(phase, "totals", totals, 8 * sum(binding.sizes[t.partial] for t in totals),
                              sum(binding.flow.instructions[t.out.name].dtype.itemsize for t in totals)))
    return found


def _call(phase, step, binding):
    def size(at):
        instruction = binding.flow.instructions[at]
        return instruction.size * instruction.dtype.itemsize

    call = binding.flow.calls[step.number]
    return Part(phase, call.what.by, (step,), sum(map(size, call.inputs)),
                sum(size(at) for _, at in binding.results[step.number]))


def describe(binding: Binding) -> str:
    """Return the schedule as text: its phases, its kernels, and the memory that it takes."""
    parts = parts_of(binding)
    phases, kernels = [[f"phase {number}"] for number in range(len(binding.schedule.phases))], {}
    for part in parts:
        lines = phases[part.phase]
        if isinstance(part.steps[0], CallRun):
            call = binding.flow.calls[part.steps[0].number]
            lines.append(f"  {part.name}: {call.what}, for {call.why}")
        elif part.name == "totals":
            lines.append(f"  totals of {counted(len(part.steps), 'sum')}")
        else:
            kernels[part.name] = part.steps[0].loop
            lines.append(f"  {part.name}: {counted(len(part.steps), 'tensor')}, {counted(part.elements, 'element')}, "
                         f"{part.read + part.written} bytes")
    lines = [line for phase in phases for line in phase] + [_kernel(*kernel) for kernel in kernels.items()]
    memory = binding.memory
    lines.append(f"temporary memory: {memory.bytes} bytes for {counted(len(memory.offsets), 'value')} "
                 f"({memory.unshared} if none were shared)")
    moved = sum(part.read + part.written for part in parts if part.name in kernels)
    head = f"engine fused: {binding.table.NAME}; {counted(len(kernels), 'kernel')}, {moved} bytes moved by loops"
    lines += binding.table.facts()
    return "\n".join([head, *("  " + line for line in lines)])


def _kernel(name: str, loop: Loop):
    words = Counter(s.word for s in loop.steps if s.word not in LEAVES)
    return (f"{name}: reads {len(loop.read | loop.repeated)} and writes {len(loop.written)} of "
            f"{counted(len(loop.arrays), 'array')} "
            f"({', '.join(sorted(set(loop.arrays)))}), {counted(len(loop.scalars), 'scalar')}, "
            f"{counted(len(loop.sums), 'sum')}; "
            + (", ".join(f"{n} {word}" for word, n in words.items()) or "no arithmetic"))
