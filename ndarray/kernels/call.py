"""Eager calls by loops: recorded, clustered and compiled once, then run on whatever arrays come."""

import ctypes
from typing import NamedTuple

import numpy as np

from ndarray.kernels import machine_code
from ndarray.kernels.bind import Binding
from ndarray.kernels.cluster import cluster
from ndarray.kernels.flow import Flow, Sink
from ndarray.kernels.record import Recorder, Unfusible
from ndarray.kernels.signals import deferred
from ndarray.kernels.table import Table, address_of
from ndarray.kernels.tiles import TileTable

_KEPT = 512


class Number(NamedTuple):
    """Stands for a scalar parameter, or for one number of a tuple of them, until a call says what it is."""

    name: str
    index: int | None = None  # type: ignore[assignment]  # tuples have a method of this name

    def value(self, params):
        """Return the number in the parameters of a call."""
        found = params[self.name]
        return found if self.index is None else found[self.index]


class Loops:
    """What a family of calls has prepared.

    Attributes
    ----------
    by_place : dict of tuple of int to _Call
        By where all arrays begin, for those that were checked.
    by_pattern : dict of tuple of int to _Call
        By which of the arrays are one.
    """

    __slots__ = ("by_place", "by_pattern")

    def __init__(self):
        self.by_place, self.by_pattern = {}, {}


def compute(op, arrays, plan, outs, check):
    """Compute an operator by loops, into its outputs and the inputs that it writes.

    Parameters
    ----------
    op : Operator
    arrays : sequence of numpy.ndarray
    plan : ndarray.call.Plan
        The loops of its family are prepared by the first call.
    outs : sequence of numpy.ndarray or None
        Where the outputs go.
    check : callable
        ``check(op, arrays, params, positions, outs, types)`` raises where a target cannot be written; asked once for
        all arrays that lie alike.

    Returns
    -------
    list of numpy.ndarray, or None
        None, and nothing is done, where loops cannot compute it.
    """
    params, family = plan
    if family.loops is None:
        family.loops = Loops()
    for out, type_ in zip(outs or (), family.types):
        if out.shape != type_.shape or out.dtype != type_.dtype:
            return None
    given = arrays if outs is None else [*arrays, *outs]
    try:
        # Only memory that is writable and in order has a buffer to give.
        addresses = tuple([addressof(from_buffer(a)) for a in given])
        call = family.loops.by_place.get(addresses)
    except (TypeError, ValueError, BufferError):
        addresses = call = None
    if call is None:
        call = _checked(op, arrays, plan, outs, check, addresses)
        if not call:
            return None
        addresses = addresses or tuple(map(address_of, given))
    return call.run(arrays, params, outs, addresses)


addressof, from_buffer = ctypes.addressof, ctypes.c_char.from_buffer


def _checked(op, arrays, plan, outs, check, addresses):
    """Return the call for arrays that lie as these do, None where loops cannot walk them."""
    params, family = plan
    given = arrays if outs is None else [*arrays, *outs]
    spans, first, same = [], {}, []
    for i, a in enumerate(given):
        if not a.flags.carray and not _only_read(a, i, family.positions, len(arrays)):
            return None
        address = address_of(a)
        place = first.setdefault(address, i)
        if place == i:
            spans.append((address, address + a.nbytes))
        elif a.shape != given[place].shape or a.dtype != given[place].dtype:
            return None
        same.append(place)
    if len(spans) > 1 and _overlap(spans):
        return None
    if outs is not None or family.positions:
        check(op, arrays, params, family.positions, outs, family.types)
    loops, key = family.loops, tuple(same)
    call = loops.by_pattern.get(key)
    if call is None:
        call = _prepared(op, arrays, plan, key, outs is not None)
        if call is None:
            family.loops = False
            return None
        loops.by_pattern[key] = call
    if addresses:
        if len(loops.by_place) >= _KEPT:
            loops.by_place.clear()
        loops.by_place[addresses] = call
    return call


def _only_read(array, i, positions, inputs):
    """Tell whether an array that cannot be written can and need only be read."""
    flags = array.flags
    return flags.c_contiguous and flags.aligned and i < inputs and i not in positions


def _overlap(spans):
    """Tell whether two arrays share memory without being one."""
    reached = 0
    for start, end in sorted(spans):
        if start < reached:
            return True
        reached = end
    return False


@np.errstate(all="ignore")
def _prepared(op, arrays, plan, same, given_outs):
    """Return the call, or None where it is none of loops."""
    if "accumulate" in op.rules:
        return None
    recorder, (params, family) = Recorder(), plan
    marked = dict(params)
    for name in op.scalars:
        if params[name] is not None:
            marked[name] = recorder.number(Number(name), params[name].dtype)
    for name in op.scalar_tuples:
        if params[name] is not None:
            marked[name] = tuple([recorder.number(Number(name, i), v.dtype) for i, v in enumerate(params[name])])
    values = [recorder.input(same[i], a.dtype, a.shape) for i, a in enumerate(arrays)]
    n = len(arrays)
    places = [same[n + i] if given_outs else n + i for i in range(len(family.types))]
    try:
        outputs, written = op.run_ready(recorder, values, marked)
        results = [recorder.reshape(v, t.shape) for v, t in zip(outputs, family.types, strict=True)]
        if any(v.dtype != t.dtype for v, t in zip(results, family.types)):
            return None
    except (Unfusible, TypeError, AttributeError):
        return None
    sinks = [*zip(places, results), *((same[at], value) for at, value in zip(family.positions, written, strict=True))]
    flow = Flow(recorder.instructions, [], tuple([Sink(place, value.id) for place, value in sinks]))
    return _Call(flow, cluster(flow), family.types)


class _Call:
    """A schedule and the tables it was bound to; a table is used by one thread at a time."""

    def __init__(self, flow, schedule, types):
        self.flow, self.schedule, self.types = flow, schedule, types
        self.free = []

    def run(self, arrays, params, outs, addresses):
        """Compute; return the outputs."""
        if outs is None:
            outs = [np.empty(t.shape, t.dtype) for t in self.types]
            addresses = [*addresses, *map(address_of, outs)]
        try:
            bound = self.free.pop()
            bound.move(addresses)
        except IndexError:
            bound = _Bound(self.flow, self.schedule, dict(enumerate((*arrays, *outs))), addresses)
        if bound.params is not params:
            for number, target in bound.numbers:
                target[0] = number.value(params)
            bound.params = params
        bound.run()
        if bound.movable:
            self.free.append(bound)
        return list(outs)


def _or_zero(detail):
    return 0 if isinstance(detail, Number) else detail


_FEW = 16
"""Up to how many pointers it is faster to write one by one."""


class _Bound:
    """A table whose rows can be pointed at other arrays of the same types."""

    def __init__(self, flow, schedule, places, addresses):
        table = Table if machine_code.available() else TileTable
        binding = Binding(schedule, flow, places, table, number=_or_zero)
        self.numbers = [(flow.instructions[at].detail, target) for at, target in binding.numbers.items()
                        if isinstance(flow.instructions[at].detail, Number)]
        self.params = None
        self.steps = binding.steps
        self.movable = table is Table
        self.run = self.steps[0].calls[0] if len(self.steps) == 1 and len(self.steps[0].calls) == 1 else self._run
        if self.movable:
            cells = [self._cells(step.rows, places, addresses) for step in self.steps]
            few = sum(c[1].size for c in cells) <= _FEW
            self.cells, self.few = ((), [(flat, *map(int, cell)) for flat, *columns in cells for cell in zip(*columns)]
                                    ) if few else (cells, ())
            self._memory = binding.block, list(binding.numbers.values())
            for step in self.steps:
                step.forget()

    @staticmethod
    def _cells(rows, places, addresses):
        """Return the pointers of a table's rows into the caller's arrays: where they are, whose, and how far in."""
        starts = sorted((address, address + places[i].nbytes, i) for i, address in enumerate(addresses))
        flat = rows.reshape(-1)
        order = np.array([s for s, _, _ in starts])
        near = np.searchsorted(order, flat, "right") - 1
        ends = np.array([e for _, e, _ in starts])
        inside = (near >= 0) & (flat < ends[near]) & (np.arange(flat.size) % rows.shape[1] >= 3)
        cells = np.flatnonzero(inside)
        which = np.array([i for _, _, i in starts])[near[cells]]
        return flat, cells, which, flat[cells] - order[near[cells]]

    def move(self, addresses):
        """Point the rows at other arrays."""
        for flat, cell, which, offset in self.few:
            flat[cell] = addresses[which] + offset
        if self.cells:
            starts = np.array(addresses)
            for flat, cells, which, offsets in self.cells:
                flat[cells] = starts[which] + offsets

    def _run(self):
        with deferred():
            for step in self.steps:
                step()
