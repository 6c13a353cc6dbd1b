"""One eager call on large arrays by loops: recorded, clustered and compiled once, then run on whatever arrays come."""

from functools import cache
from typing import NamedTuple

import numpy as np

from ndarray.kernels import compile as machine_code
from ndarray.kernels.bind import Binding
from ndarray.kernels.cluster import cluster
from ndarray.kernels.flow import Flow, Sink
from ndarray.kernels.record import Recorder, Unfusible
from ndarray.kernels.signals import deferred
from ndarray.kernels.table import Table, address_of
from ndarray.kernels.tiles import TileTable

_KEPT = 512
_known = {}


class Number(NamedTuple):
    """Stands for a scalar parameter, or for one number of a tuple of them, until a call says what it is."""

    name: str
    index: int | None = None

    def value(self, params):
        """Return the number in the parameters of a call."""
        found = params[self.name]
        return found if self.index is None else found[self.index]


def compute(op, arrays, plan, outs, check):
    """Compute an operator by loops, into its outputs and the inputs that it writes.

    Parameters
    ----------
    op : Operator
    arrays : sequence of numpy.ndarray
    plan : ndarray.call.Plan
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
    given = arrays if outs is None else (*arrays, *outs)
    addresses, spans, first, same = [], [], {}, []
    for i, a in enumerate(given):
        if not a.flags.carray and not _only_read(a, i, plan.positions, len(arrays)):
            return None
        address = address_of(a)
        place = first.setdefault(address, i)
        if place == i:
            spans.append((address, address + a.nbytes))
        elif a.shape != given[place].shape or a.dtype != given[place].dtype:
            return None
        addresses.append(address)
        same.append(place)
    if len(spans) > 1 and _overlap(spans):
        return None
    for out, type_ in zip(outs or (), plan.types):
        if out.shape != type_.shape or out.dtype != type_.dtype:
            return None
    call = plan.loops.get(key := tuple(same))
    if call is None:
        if outs is not None or plan.positions:
            check(op, arrays, plan.params, plan.positions, outs, plan.types)
        call = plan.loops[key] = _prepared(op, arrays, plan, key, outs is not None)
    return call.run(arrays, plan.params, outs, addresses) if call else None


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


def _prepared(op, arrays, plan, same, given_outs):
    """Return the call, or False where it is none of loops; plans that differ in numbers alone share one."""
    if "accumulate" in op.rules:
        return False
    static, absent = _deciding(op)
    key = (op, same, *[a.shape for a in arrays], *[a.dtype for a in arrays], *[plan.params[name] for name in static],
           *[plan.params[name] is None for name in absent])
    try:
        call = _known.get(key)
    except TypeError:
        return False
    if call is None:
        if len(_known) >= _KEPT:
            _known.clear()
        call = _known[key] = _prepare(op, arrays, plan, same, given_outs)
    return call


@cache
def _deciding(op):
    """Return the names of the parameters that decide the computation, and of the numbers that may be absent."""
    numbers = {*op.scalars, *op.scalar_tuples}
    return (tuple([name for name in op.params if name not in numbers]),
            tuple([name for name in numbers if op.params[name].optional]))


def _prepare(op, arrays, plan, same, given_outs):
    """Return the call, or False where it is not one of loops."""
    recorder, (params, types, positions, _) = Recorder(), plan
    marked = dict(params)
    for name in op.scalars:
        if params[name] is not None:
            marked[name] = recorder.number(Number(name), params[name].dtype)
    for name in op.scalar_tuples:
        if params[name] is not None:
            marked[name] = tuple([recorder.number(Number(name, i), v.dtype) for i, v in enumerate(params[name])])
    values = [recorder.input(same[i], a.dtype, a.shape) for i, a in enumerate(arrays)]
    n = len(arrays)
    places = [same[n + i] if given_outs else n + i for i in range(len(types))]
    try:
        outputs, written = op.run_ready(recorder, values, marked)
        results = [recorder.reshape(v, t.shape) for v, t in zip(outputs, types, strict=True)]
        if any(v.dtype != t.dtype for v, t in zip(results, types)):
            return False
    except (Unfusible, TypeError, AttributeError):
        return False
    sinks = [*zip(places, results), *((same[at], value) for at, value in zip(positions, written, strict=True))]
    flow = Flow(recorder.instructions, [], tuple([Sink(place, value.id) for place, value in sinks]))
    return _Call(flow, cluster(flow), types)


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
        for number, target in bound.numbers:
            target[0] = number.value(params)
        bound.run()
        if bound.movable:
            self.free.append(bound)
        return list(outs)


def _or_zero(detail):
    return 0 if isinstance(detail, Number) else detail


class _Bound:
    """A table whose rows can be pointed at other arrays of the same types."""

    def __init__(self, flow, schedule, places, addresses):
        table = Table if machine_code.available() else TileTable
        binding = Binding(schedule, flow, places, table, number=_or_zero)
        self.numbers = [(flow.instructions[at].detail, target) for at, target in binding.numbers.items()
                        if isinstance(flow.instructions[at].detail, Number)]
        self.steps = binding.steps
        self.movable = table is Table
        self.run = self.steps[0] if len(self.steps) == 1 and len(self.steps[0].calls) == 1 else self._run
        if self.movable:
            self.cells = [self._cells(step.rows, places, addresses) for step in self.steps]
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
        starts = np.array(addresses)
        for flat, cells, which, offsets in self.cells:
            flat[cells] = starts[which] + offsets

    def _run(self):
        with deferred():
            for step in self.steps:
                step()
