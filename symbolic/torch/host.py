"""Functions of numbers alone, such as ``log(1 - beta**t)``: the host computes them, and loops read their results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ndarray.kernels.bind import Binding
from ndarray.kernels.cluster import cluster
from ndarray.kernels.flow import Flow, Sink, calls_of, needed_by
from ndarray.kernels.record import Instruction
from ndarray.kernels.tiles import TileTable


class Fed(NamedTuple):
    """A number of a rule, by its position among `Numbers.values`."""

    at: int


class Derived(NamedTuple):
    """A number that is computed of others, by its position among those of `Host`."""

    at: int


def without_numbers(flow: Flow) -> tuple[Flow, Flow | None]:
    """Return a flow without the calls that see numbers alone, and the flow of these calls, None where there is none.

    In the first, what they give are numbers whose details are `Derived`; in the second, these are the sinks.

    Parameters
    ----------
    flow : Flow
    """
    fixed: set[int] = set()
    found: list[int] = []
    for at, instruction in enumerate(flow.instructions):
        word, args, detail = instruction.word, instruction.args, instruction.detail
        call: Any = flow.calls[detail[0]] if word == "result" else None  # type: ignore[index]
        if call is not None and instruction.size == 1 and fixed.issuperset(call.inputs):
            found.append(at)
            fixed.add(at)
        elif word in ("number", "constant") or args and fixed.issuperset(args):
            fixed.add(at)
    own = [at for at in found if at in needed_by(flow)]
    if not own:
        return flow, None
    host = flow._replace(sinks=tuple([Sink(Derived(k), at) for k, at in enumerate(own)]))
    instructions = list(flow.instructions)
    for k, at in enumerate(own):
        instructions[at] = Instruction("number", (), instructions[at].dtype, instructions[at].shape, Derived(k))
    rest = flow._replace(instructions=instructions)
    return rest if calls_of(rest) else rest._replace(calls=[]), host


class Host:
    """The numbers that are computed of others, ready to be computed again.

    Parameters
    ----------
    flow : Flow
        As `without_numbers` returns it.
    """

    def __init__(self, flow: Flow) -> None:
        self._results = [np.empty((), flow.instructions[sink.value].dtype) for sink in flow.sinks]
        buffers = {sink.buffer: array for sink, array in zip(flow.sinks, self._results)}
        binding = Binding(cluster(flow), flow, buffers, TileTable, number=given)
        self._steps = binding.steps
        self._fed = [(array, source.at) for array, source in
                     ((array, flow.instructions[at].detail) for at, array in binding.numbers.items())
                     if isinstance(source, Fed)]

    def __call__(self, values: Sequence[float]) -> list[float]:
        """Return the results for these values."""
        for array, at in self._fed:
            array[0] = values[at]
        for step in self._steps:
            step()
        return [array.item() for array in self._results]


def given(detail: object) -> object:
    """Return the value of a number, 0 where it is not known beforehand."""
    return 0 if isinstance(detail, (Fed, Derived)) else detail


def value_of(source: Any, values: Sequence[float], derived: Sequence[float]) -> Any:
    """Return the value of a number.

    Parameters
    ----------
    source : object
        The detail of its instruction.
    values : sequence of float
        See `Numbers.values`.
    derived : sequence of float
        What `Host` gives for them.
    """
    if isinstance(source, Fed):
        return values[source.at]
    return derived[source.at] if isinstance(source, Derived) else source
