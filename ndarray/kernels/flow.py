"""What a step computes, recorded: instructions, the calls between them, and the buffers that results go to."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from ndarray.kernels.record import Instruction


class Runnable(Protocol):
    """What a call computes; as text, its name.

    Attributes
    ----------
    by : str
        What computes it: ``NumPy`` or ``product``.
    sure : bool
        Whether it cannot fail.
    node : object
        What it belongs to.
    """

    @property
    def by(self) -> str: ...

    @property
    def sure(self) -> bool: ...

    @property
    def node(self) -> Any: ...

    def scratch(self, parts: Any) -> int:
        """Return how many bytes it needs while it runs; `parts` is a table's."""

    def bind(self, inputs: Sequence[np.ndarray], results: dict[int, np.ndarray], table: type, scratch: np.ndarray
             ) -> Callable[[], object]:
        """Return a function that computes from inputs the outputs that are needed, by their numbers."""


class Call(NamedTuple):
    """A computation that no loop can do; its results are ``result`` instructions.

    Attributes
    ----------
    what : Runnable
    inputs : tuple of int
        Instructions.
    why : str
        What kept it from being fused.
    """

    what: Runnable
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


def calls_of(flow: Flow) -> list[Call]:
    """Return the calls that the sinks need."""
    needed = needed_by(flow)
    return [flow.calls[k] for k in sorted({flow.instructions[at].detail[0] for at in needed
                                           if flow.instructions[at].word == "result"})]


_FREE = frozenset({"input", "number", "constant", "element"})


def apart(flow: Flow) -> list[Flow]:
    """Return flows that share no more than arithmetic of scalars, and no buffer that one of them writes.

    Together they have the sinks of `flow`, in order; there may be only one.
    """
    owner, sinks = {}, {}
    written = {sink.buffer for sink in flow.sinks}

    def find(x):
        while (above := owner.setdefault(x, x)) != x:
            owner[x] = x = owner.setdefault(above, above)
        return x

    for sink in flow.sinks:
        mine = find(("sink", sink.buffer))
        for at in needed_by(flow._replace(sinks=(sink,))):
            word, _, _, _, detail = instruction = flow.instructions[at]
            what = None
            if word == "input" and detail in written:
                what = "sink", detail
            elif word == "result":
                what = "call", detail[0]
            elif word not in _FREE and (instruction.size > 1 or word in ("sum", "sum_sq")):
                what = at
            if what is not None:
                owner[find(what)] = mine
    for sink in flow.sinks:
        sinks.setdefault(find(("sink", sink.buffer)), []).append(sink)
    return [flow._replace(sinks=tuple(mine)) for mine in sinks.values()]
