"""A schedule on memory as text: kernels, what they run over, bytes moved, memory, and what was left to NumPy."""

from collections import Counter

from ndarray.kernels.parts import parts_of
from ndarray.text import counted


def describe(schedule, flow, binding, table):
    """Return the text."""
    parts = parts_of(binding)
    phases, kernels = [[f"phase {number}"] for number in range(len(schedule.phases))], {}
    for part in parts:
        lines = phases[part.phase]
        if part.name == "NumPy":
            call = flow.calls[part.steps[0].number]
            lines.append(f"  NumPy: {call.what}, for {call.why}")
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
    head = f"engine fused: {table.NAME}; {counted(len(kernels), 'kernel')}, {moved} bytes moved by loops"
    return "\n".join([head, *("  " + line for line in lines)])


def _kernel(name, loop):
    words = Counter(s.word for s in loop.steps if s.word not in ("load", "scalar", "constant"))
    return (f"{name}: reads {len(loop.read)} and writes {len(loop.written)} of {counted(len(loop.arrays), 'array')} "
            f"({', '.join(sorted(set(loop.arrays)))}), {counted(len(loop.scalars), 'scalar')}, "
            f"{counted(len(loop.sums), 'sum')}; "
            + (", ".join(f"{n} {word}" for word, n in words.items()) or "no arithmetic"))
