"""Tensors whose updates are more than loops: products of matrices, sums over some axes, decompositions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ndarray.kernels import memory, stamp
from ndarray.kernels.bind import Movable, array_at
from ndarray.kernels.flow import Flow, Sink
from ndarray.kernels.record import Recorder
from ndarray.kernels.table import address_of
from ndarray.kernels.team import Team, TeamTable
from symbolic.torch.host import Host, given, value_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from symbolic.torch.program import Kind


class New(NamedTuple):
    """The buffer in which the new content of a column waits until nothing can fail any more."""

    column: Any


class Called:
    """The updates of such tensors, each bound by itself; what one keeps between its calls, all keep in one memory.

    Parameters
    ----------
    kinds : sequence of Kind
        One for each tensor.
    team : Team, optional
        What writes the new content of tensors whose calls may fail.
    """

    def __init__(self, kinds: Sequence[Kind], team: Team | None) -> None:
        self._kinds = kinds
        self._block = memory.aligned(max([kind.bytes() for kind in dict.fromkeys(kinds)]))
        self._new = [{sink.buffer: _room(flow, sink) for sink in flow.sinks if isinstance(sink.buffer, New)}
                     for flow in [kind.flow for kind in kinds] if flow is not None]
        self._copies = _Copies([(i, new.column, array) for i, made in enumerate(self._new)
                                for new, array in made.items()], team)
        self._bound: dict[int, _Bound] = {}
        self._hosts = {id(kind): Host(kind.host) for kind in kinds if kind.host is not None}
        self._values: list[Sequence[float]] = [()] * len(kinds)

    def feed(self, tensors: np.ndarray | slice, values: Sequence[float]) -> None:
        """Take the numbers of some tensors; see `Numbers.values`."""
        for i in np.arange(len(self._kinds))[tensors].tolist():
            self._values[i] = values

    def run(self, addresses: np.ndarray, on: np.ndarray) -> None:
        """Update tensors; an error comes before anything is written.

        Parameters
        ----------
        addresses : numpy.ndarray of int64, shape (tensors, columns)
            Where they have their memory.
        on : numpy.ndarray of bool
            Which are to be updated.
        """
        live = np.flatnonzero(on).tolist()
        derived: dict[Any, Any] = {}
        for i in live:
            kind, values = self._kinds[i], self._values[i]
            bound = self._bound.get(i)
            if bound is None:
                bound = self._bound[i] = _Bound(kind, addresses[i], self._new[i], self._block)
            bound.point(addresses[i])
            if values is not bound.fed:
                host, key = self._hosts.get(id(kind)), (id(kind), id(values))
                if host is not None and key not in derived:
                    derived[key] = host(values)
                bound.feed(values, derived.get(key, ()))
        for sure in (False, True):
            for i in live:
                if self._kinds[i].sure is sure:
                    self._bound[i].run()
        self._copies.point(addresses, on)

    def finish(self) -> None:
        """Write what had to wait."""
        self._copies.run()


class _Bound:
    """The update of one tensor, on its memory."""

    def __init__(self, kind: Kind, addresses: np.ndarray, new: Mapping[Any, np.ndarray], block: np.ndarray) -> None:
        flow: Any = kind.flow
        self._at = addresses.copy()
        arrays: dict[Any, np.ndarray] = {
            column: array_at(int(addresses[column]), *type_) for column, type_ in enumerate(kind.buffers)}
        self._binding = Movable(kind.schedule, flow, arrays | dict(new), given, block)
        self._numbers = [(array, flow.instructions[at].detail) for at, array in self._binding.numbers.items()]
        self.fed: Any = None

    def point(self, addresses: np.ndarray) -> None:
        """Go on with other memory."""
        moved = np.flatnonzero(addresses != self._at).tolist()
        if moved:
            self._at[:] = addresses
            self._binding.move({column: int(addresses[column]) for column in moved})

    def feed(self, values: Sequence[float], derived: Sequence[float]) -> None:
        """Write numbers."""
        for array, source in self._numbers:
            array[0] = value_of(source, values, derived)
        self.fed = values

    def run(self) -> None:
        """Update the tensor."""
        for step in self._binding.steps:
            step()


class _Copies:
    """A table that copies new contents to where they belong."""

    def __init__(self, copies: Sequence[tuple[int, int, np.ndarray]], team: Team | None) -> None:
        members: dict[tuple[np.dtype, bool], list[tuple[int, int, np.ndarray]]] = {}
        for copy in copies:
            members.setdefault((copy[2].dtype, copy[2].size > 1), []).append(copy)
        self._tensors = [np.array([i for i, _, _ in found]) for found in members.values()]
        self._columns = [np.array([column for _, column, _ in found]) for found in members.values()]
        self._addresses = [np.array([[address_of(array), 0] for *_, array in found]) for found in members.values()]
        self._table = TeamTable([
            stamp.Kind(_copying(dtype, many), addresses, {2: np.array([a.size for *_, a in found])} if many else {}, {})
            for ((dtype, many), found), addresses in zip(members.items(), self._addresses)],
            team=team) if members else None
        self._on: np.ndarray | None = None

    def point(self, addresses: np.ndarray, on: np.ndarray) -> None:
        """Have the next runs copy to these addresses, for the tensors that are on."""
        if self._table is None:
            return
        for found, tensors, columns in zip(self._addresses, self._tensors, self._columns):
            found[:, 1] = addresses[tensors, columns]
        self._table.point(self._addresses)
        if self._on is None or not np.array_equal(self._on, on):
            self._on = on.copy()
            self._table.switch([on[at] for at in self._tensors])

    def run(self) -> None:
        """Copy."""
        if self._table is not None:
            self._table()


def _copying(dtype, many):
    xp = Recorder()
    return Flow(xp.instructions, [], (Sink(1, xp.input(0, dtype, (2,) if many else ()).id),))


def _room(flow, sink):
    """Return memory for what goes into a sink."""
    instruction = flow.instructions[sink.value]
    size = instruction.size * instruction.dtype.itemsize
    return memory.aligned(size)[:size].view(instruction.dtype).reshape(instruction.shape)
