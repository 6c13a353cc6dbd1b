"""The program of an optimizer: one table over all tensors, whose pointers and numbers are filled in at each step."""

from __future__ import annotations

import math
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ndarray.cached import Bounded
from ndarray.kernels import machine_code, memory, stamp
from ndarray.kernels.cluster import cluster
from ndarray.kernels.flow import Flow, Sink, needed_by
from ndarray.kernels.record import Instruction, Recorder
from ndarray.kernels.signals import deferred
from ndarray.kernels.table import Table
from ndarray.kernels.team import Team, TeamTable
from ndarray.tensortype import TensorType
from symbolic.torch.called import Called, New
from symbolic.torch.forms import record, state_types
from symbolic.torch.host import Host, value_of, without_numbers
from symbolic.torch.work import slice_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from ndarray.kernels.schedule import Schedule
    from symbolic.optimizers.layerwise import LayerwiseRule
    from symbolic.optimizers.rules import Rule
    from symbolic.torch.forms import Settings

WEIGHT, GRAD, STATES = range(3)
"""Columns of addresses: weight, gradient, and the first of the states."""

_kinds: Bounded = Bounded(1024)
_flows: Bounded = Bounded(1024)


class Kind:
    """What tensors have in common that are updated by the same code.

    Attributes
    ----------
    types : dict of str to TensorType
        Of what the rule reads besides weight and gradient.
    alike : frozenset of str
        Those that are like the weight.
    buffers : list of (numpy.dtype, tuple of int)
        Dtype and shape of weight, gradient and the further inputs.
    flow : Flow or None
        Of one tensor; None where its body cannot be recorded.  Kinds whose loops differ in their length alone have
        one flow.
    host : Flow or None
        Of the numbers that the host computes of others.
    size : int
        Elements of the tensor that the flow is of; 2 where there may be any number above 1.
    numbers : dict of int to object
        Where the numbers come from that the flow reads, by instruction: `Fed`, `Derived`, or the number itself.
    """

    def __init__(self, rule: Rule | LayerwiseRule, dtype: np.dtype, shape: tuple[int, ...],
                 settings: Settings) -> None:
        self.types: dict[str, TensorType] = state_types(rule, dtype, shape, settings.singles)
        self.size = math.prod(shape)
        self.alike = frozenset(name for name, type_ in self.types.items() if type_.shape == shape)
        self.buffers = [(dtype, shape), (dtype, shape), *((t.dtype, t.shape) for t in self.types.values())]
        self.flow: Flow | None = None
        self.host: Flow | None = None
        self.numbers: dict[int, Any] = {}
        if machine_code.available():
            self.flow = record(rule, dtype, shape, self.types, settings)
        if self.flow is not None:
            self.flow, self.host = without_numbers(self.flow)
            if not all(call.what.sure for call in self.flow.calls):
                self.flow = self.flow._replace(sinks=tuple([Sink(New(s.buffer), s.value) for s in self.flow.sinks]))
            code = _code(self.flow, self.size)
            found = _flows.get(code) or _flows.keep(code, (self.size, self.flow, cluster(self.flow)))
            self.schedule: Schedule
            self.size, self.flow, self.schedule = found
            needed = {at: self.flow.instructions[at] for at in sorted(needed_by(self.flow))}
            self.sizes = {i.size for i in needed.values()} - {1}
            self.numbers = {at: i.detail for at, i in needed.items() if i.word == "number"}

    @property
    def calls(self) -> bool:
        """Whether its update is more than loops."""
        return self.flow is not None and bool(self.flow.calls)

    @property
    def sure(self) -> bool:
        """Whether its update cannot fail."""
        return self.flow is not None and not any(isinstance(sink.buffer, New) for sink in self.flow.sinks)

    @property
    def elementwise(self) -> bool:
        """Whether each element is updated by itself; False where that is not known, or where there is only one."""
        if self.flow is None or self.flow.calls or self.size == 1:
            return False
        found = self.flow.instructions
        sizes = [{found[a].size for a in found[at].args} - {1, found[at].size} for at in needed_by(self.flow)]
        return self.sizes <= {self.size} and not any(sizes)

    def bytes(self) -> int:
        """Return how much temporary memory an update of one tensor takes."""
        assert self.flow is not None
        return memory.plan(memory.lifetimes(self.schedule, self.flow, Table.parts)).bytes

    def stamped(self, sizes: Sequence[int]) -> stamp.Kind:
        """Return what stamps tensors of these sizes."""
        n = np.array(sizes, np.int64)
        flow = self.flow
        assert flow is not None
        return stamp.Kind(flow, np.zeros((len(n), STATES + len(self.types)), np.int64),
                          {size: n if size == self.size else np.full_like(n, size) for size in self.sizes},
                          {at: np.zeros(len(n)) for at in self.numbers})


def kind_of(key: Hashable, rule: Rule | LayerwiseRule, dtype: np.dtype, shape: tuple[int, ...],
            settings: Settings) -> Kind:
    """Return the kind of a tensor.

    Parameters
    ----------
    key : hashable
        What decides the code of the rule; see `Numbers.choices`.
    rule : Rule or LayerwiseRule
    dtype : numpy.dtype
    shape : tuple of int
        Of at least one element.
    settings : Settings
    """
    def of(shape):
        found = _kinds.get((key, dtype, shape, settings))
        if found is None:
            with np.errstate(all="ignore"):
                found = _kinds.keep((key, dtype, shape, settings), Kind(rule, dtype, shape, settings))
        return found

    if rule.op.fusible:
        # An elementwise rule sees no shape: tensors of all sizes above 1 are one kind.
        found = of((min(math.prod(shape), 2),))
        if not found.calls:
            return found
    return of(shape)


class Program:
    """A table over tensors of given kinds.

    Parameters
    ----------
    kinds : sequence of Kind
        One for each tensor, with a flow.
    sizes : sequence of int
        Elements of each tensor.

    Attributes
    ----------
    addresses : numpy.ndarray of int64, shape (tensors, columns)
        Filled in by the caller.
    """

    def __init__(self, kinds: Sequence[Kind], sizes: Sequence[int]) -> None:
        members: dict[int, list[int]] = {}
        called = []
        for k, kind in enumerate(kinds):
            if kind.calls:
                called.append(k)
            else:
                members.setdefault(id(kind.flow), []).append(k)
        self._members = [np.array(at) for at in members.values()]
        self._kinds = [kinds[at[0]] for at in members.values()]
        self._hosts = [Host(kind.host) if kind.host is not None else None for kind in self._kinds]
        self._table = TeamTable([kind.stamped([sizes[k] for k in at])
                                 for kind, at in zip(self._kinds, self._members)],
                                [kind.schedule for kind in self._kinds], team=team()) if members else None
        self._columns = [len(kind.buffers) for kind in self._kinds]
        self.addresses = np.zeros((len(kinds), max([len(kind.buffers) for kind in kinds])), np.int64)
        self._within = np.zeros(len(kinds), np.int64)
        self._kind = np.full(len(kinds), len(self._kinds))
        for j, at in enumerate(self._members):
            self._within[at], self._kind[at] = np.arange(len(at)), j
        self._within[called] = range(len(called))
        self._on = np.ones(len(kinds), bool)
        self._called = np.array(called, np.int64)
        self._calls = Called([kinds[k] for k in called], team()) if called else None

    def kind(self, tensor: int) -> int:
        """Return the number of a tensor's kind within this program."""
        return int(self._kind[tensor])

    def switch(self, on: np.ndarray) -> None:
        """Have the next runs update those tensors alone for which `on` is true."""
        if not np.array_equal(on, self._on):
            self._on = on.copy()
            if self._table is not None:
                self._table.switch([on[at] for at in self._members])

    def within(self, tensors: np.ndarray) -> np.ndarray | slice:
        """Return which of their kind tensors are."""
        return slice_of(self._within[tensors])

    def feed(self, kind: int, within: np.ndarray | slice, values: Sequence[float]) -> None:
        """Write the numbers of tensors, which are of one kind.

        Parameters
        ----------
        kind : int
        within : numpy.ndarray of int, or slice
            As `within` returns it.
        values : sequence of float
            See `Numbers.values`.
        """
        if self._calls is not None and kind == len(self._kinds):
            self._calls.feed(within, values)
            return
        assert self._table is not None
        stored, host = self._table.numbers[kind], self._hosts[kind]
        derived = host(values) if host is not None else ()
        for at, source in self._kinds[kind].numbers.items():
            stored[at][within] = value_of(source, values, derived)

    def run(self) -> None:
        """Run on the memory at `addresses`; no interrupt tears it, and an error comes before anything is written."""
        with deferred():
            if self._calls is not None:
                self._calls.run(self.addresses[self._called], self._on[self._called])
            if self._table is not None:
                self._table.point([self.addresses[at, :columns] for at, columns in zip(self._members, self._columns)])
                self._table()
            if self._calls is not None:
                self._calls.finish()


class Norms:
    """The sums of the squares of gradients.

    Parameters
    ----------
    dtypes : sequence of numpy.dtype
    sizes : sequence of int
        Above 0.
    """

    def __init__(self, dtypes: Sequence[np.dtype], sizes: Sequence[int]) -> None:
        members: dict[tuple, list[int]] = {}
        for k, (dtype, n) in enumerate(zip(dtypes, sizes)):
            members.setdefault((dtype, n > 1), []).append(k)
        self._members = [np.array(at) for at in members.values()]
        self._sums = [np.zeros(len(at)) for at in self._members]
        self._addresses = [np.zeros((len(at), 2), np.int64) for at in self._members]
        kinds = []
        for (dtype, many), at, sums, addresses in zip(members, self._members, self._sums, self._addresses):
            addresses[:, 1] = sums.__array_interface__["data"][0] + 8 * np.arange(len(at))
            counts = {2: np.array([sizes[k] for k in at], np.int64)} if many else {}
            kinds.append(stamp.Kind(_square_sum(dtype, many), addresses, counts, {}))
        self._table = TeamTable(kinds, team=team())

    def __call__(self, addresses: np.ndarray) -> np.ndarray:
        """Return the sums, as float64."""
        for at, columns in zip(self._members, self._addresses):
            columns[:, 0] = addresses[at]
        self._table.point(self._addresses)
        with deferred():
            self._table()
        found = np.zeros(len(addresses))
        for at, sums in zip(self._members, self._sums):
            found[at] = sums
        return found


@cache
def team() -> Team | None:
    """Return the threads of torch's loops, None where they are not OpenMP's.

    Torch keeps them awake for some milliseconds after a loop, as after each backward pass.
    """
    if not sys.platform.startswith("linux"):
        return None
    folder = Path(torch.__file__).parent
    found = sorted([*folder.glob("lib/libgomp*"), *folder.parent.glob("torch.libs/libgomp*")])
    return Team(str(found[0]), torch.get_num_threads) if found else None


def _code(flow, size):
    """Return what flows have in common whose loops differ in their length alone; the flow itself where none does."""
    needed = sorted(needed_by(flow))
    if flow.calls or size == 1 or {flow.instructions[at].size for at in needed} - {1} != {size}:
        return id(flow)  # which lives as long as it is kept under its number
    return tuple([(at, (i := flow.instructions[at]).word, i.args, i.dtype, i.size == 1,
                   repr(i.detail) if i.word == "constant" else i.detail) for at in needed]), flow.sinks


def _square_sum(dtype, many):
    """Return the flow that sums up the squares of buffer 0 in float64, into buffer 1."""
    xp = Recorder()
    if many:
        x = xp.input(0, dtype, (2,))
        total = Instruction("sum_sq", (x.id,), np.dtype(np.float64), ())
        return Flow([*xp.instructions, total], [], (Sink(1, len(xp.instructions)),))
    x = xp.astype(xp.input(0, dtype, ()), np.float64)
    square = x * x
    return Flow(xp.instructions, [], (Sink(1, square.id),))
