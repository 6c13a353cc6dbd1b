"""What a step computes, recorded: instructions, the calls between them, and the buffers that results go to."""

from collections.abc import Hashable
from typing import NamedTuple

from ndarray.kernels.record import Instruction


class Call(NamedTuple):
    """A computation that no loop can do; its results are ``result`` instructions.

    Attributes
    ----------
    what : object
        Known to whoever runs the flow; as text, its name.
    inputs : tuple of int
        Instructions.
    why : str
        What kept it from being fused.
    """

    what: object
    inputs: tuple[int, ...]
    why: str


class Sink(NamedTuple):
    """A result and the buffer that it is written into.

    Attributes
    ----------
    buffer : hashable
        Its name.
    value : int
        The instruction.
    """

    buffer: Hashable
    value: int


class Flow(NamedTuple):
    """Instructions in order, and where their results go.

    Attributes
    ----------
    instructions : list of Instruction
        The detail of an ``input`` names its buffer; inputs of one buffer are one memory.  The detail of a
        ``result`` is the number of its call and of its output.
    calls : list of Call
    sinks : tuple of Sink
    overlaps : frozenset of frozenset
        Pairs of buffers that share some memory without being one.
    """

    instructions: list[Instruction]
    calls: list[Call]
    sinks: tuple[Sink, ...]
    overlaps: frozenset[frozenset] = frozenset()

    def __str__(self):
        needed = sorted(needed_by(self))
        return "\n".join([*(f"%{i} = {self.instructions[i]}" for i in needed),
                          *(f"call {k} = {c.what}({', '.join(f'%{i}' for i in c.inputs)}): {c.why}"
                            for k, c in enumerate(self.calls)),
                          *(f"{s.buffer} <- %{s.value}" for s in self.sinks)])


def needed_by(flow: Flow) -> set[int]:
    """Return the instructions that the sinks need, as a set of their numbers."""
    needed, stack = set(), [s.value for s in flow.sinks]
    while stack:
        at = stack.pop()
        if at in needed:
            continue
        needed.add(at)
        instruction = flow.instructions[at]
        stack += instruction.args
        if instruction.word == "result":
            stack += flow.calls[instruction.detail[0]].inputs
    return needed
