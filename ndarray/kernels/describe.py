"""A schedule on memory as text: kernels, what they run over, bytes moved, memory, and what was left to NumPy."""

from collections import Counter, defaultdict

from ndarray.kernels.cluster import Addition, Calling, Pass


def describe(schedule, flow, binding, table):
    """Return the text."""
    kernels, lines, moved = {}, [], 0
    for number, phase in enumerate(schedule.phases):
        lines.append(f"phase {number}")
        passes = defaultdict(list)
        for step in phase:
            if isinstance(step, Pass):
                passes[step.loop].append(step)
            elif isinstance(step, Calling):
                call = flow.calls[step.number]
                lines.append(f"  NumPy: {call.what}, for {call.why}")
        for loop, steps in passes.items():
            name = kernels.setdefault(loop, f"kernel {len(kernels)}")
            elements = sum(s.n for s in steps)
            moved += elements * loop.bytes_per_element
            lines.append(f"  {name}: {_counted(len(steps), 'tensor')}, {_counted(elements, 'element')}, "
                         f"{elements * loop.bytes_per_element} bytes")
        totals = sum(isinstance(step, Addition) for step in phase)
        if totals:
            lines.append(f"  totals of {_counted(totals, 'sum')}")
    for loop, name in kernels.items():
        words = Counter(s.word for s in loop.steps if s.word not in ("load", "scalar", "constant"))
        lines.append(f"{name}: reads {len(loop.read)} and writes {len(loop.written)} of "
                     f"{_counted(len(loop.arrays), 'array')} ({', '.join(sorted(set(loop.arrays)))}), {_counted(len(loop.scalars), 'scalar')}, "
                     f"{_counted(len(loop.sums), 'sum')}; "
                     + (", ".join(f"{n} {word}" for word, n in words.items()) or "no arithmetic"))
    memory = binding.memory
    lines.append(f"temporary memory: {memory.bytes} bytes for {_counted(len(memory.offsets), 'value')} "
                 f"({memory.unshared} if none were shared)")
    head = f"engine fused: {table.NAME}; {_counted(len(kernels), 'kernel')}, {moved} bytes moved by loops"
    return "\n".join([head, *("  " + line for line in lines)])


def _counted(n, word):
    return f"{n} {word}{'s' * (n != 1)}"
