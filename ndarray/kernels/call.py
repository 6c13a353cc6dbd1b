"""Eager calls by loops: recorded, clustered and compiled once, then run on the arrays of each call."""

import ctypes
import itertools
import weakref
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from ndarray.cached import Bounded
from ndarray.kernels import machine_code
from ndarray.kernels.bind import Binding, cells_of
from ndarray.kernels.cluster import cluster
from ndarray.kernels.flow import Flow, Sink
from ndarray.kernels.look import Snapshot, look
from ndarray.kernels.record import Recorder, Unfusible
from ndarray.kernels.signals import deferred
from ndarray.kernels.table import Table, address_of
from ndarray.kernels.tiles import TileTable


class Number(NamedTuple):
    """A scalar parameter, or one number of a tuple of them, whose value comes with each call."""

    name: str
    index: int | None = None  # type: ignore[assignment]  # tuples have a method of this name

    def value(self, params: Mapping[str, object]) -> object:
        """Return the number in the parameters of a call."""
        found = params[self.name]
        return found if self.index is None else found[self.index]


class Loops:
    """The prepared calls of one signature.

    Attributes
    ----------
    by_address : dict of tuple of int to _Prepared
        By the addresses of all arrays, for those that were checked.
    by_pattern : dict of tuple of int to _Prepared
        By which of the arrays are one memory.
    seen : tuple of int or None
        The addresses of a call that was to be remembered.
    """

    __slots__ = ("by_address", "by_pattern", "seen")

    def __init__(self):
        self.by_address: Bounded = Bounded(512)
        self.by_pattern: dict = {}
        self.seen: tuple[int, ...] | None = None


def compute(op, arrays: Sequence[np.ndarray], plan, outs: Sequence[np.ndarray] | None,
            check: Callable[..., None]) -> list[np.ndarray] | None:
    """Compute an operator by loops, into its outputs and the inputs that it writes.

    Parameters
    ----------
    op : Operator
    arrays : sequence of numpy.ndarray
    plan : ndarray.call.CallPlan
        The loops of its signature are prepared by the first call.
    outs : sequence of numpy.ndarray or None
        Where the outputs go.
    check : callable
        ``check(op, arrays, params, positions, outs, types)`` raises if a target cannot be written; called once for
        all arrays at the same addresses.

    Returns
    -------
    list of numpy.ndarray, or None
        None, with nothing done, if loops cannot compute it.
    """
    params, signature = plan
    if signature.loops is None:
        signature.loops = Loops()
    for out, type_ in zip(outs or (), signature.types):
        if out.shape != type_.shape or out.dtype != type_.dtype:
            return None
    given = arrays if outs is None else [*arrays, *outs]
    try:
        # Only writable contiguous memory exports such a buffer.
        addresses = tuple([addressof(from_buffer(a)) for a in given])
        call = signature.loops.by_address.get(addresses)
    except (TypeError, ValueError, BufferError):
        addresses = call = None
    if call is None:
        call = _checked(op, arrays, plan, outs, check, addresses)
        if not call:
            return None
        addresses = addresses or tuple(map(address_of, given))
    return call.run(arrays, params, outs, addresses)


def repeat_of(op, wrappers: Sequence[object], plan, outs: Sequence[np.ndarray] | None) -> "Repeat | None":
    """Return how a call that loops have just computed is done again, None if it has to be checked each time.

    Parameters
    ----------
    op : Operator
    wrappers : sequence of object
        What has the inputs and then the outputs as its ``_data``, all of one class.
    plan : ndarray.call.CallPlan
    outs : sequence of numpy.ndarray or None
        None where the outputs were new arrays.
    """
    loops, few = plan.signature.loops, len(wrappers) <= Snapshot.FEW
    n = len(wrappers) - (len(plan.signature.types) if outs is None else 0)
    addresses = tuple([address_of(w._data) for w in wrappers[:n]])
    prepared = loops.by_address.get(addresses)
    if prepared is None or not few and loops.seen != addresses:
        # Where many arrays are at other addresses in each call, to write down what they were is in vain.
        loops.seen = addresses
        return None
    function = look(type(wrappers[0]))
    if function is not None:
        snapshot = Snapshot(wrappers, len(wrappers) - n, (*prepared.same, *range(n, len(wrappers))))
        return Repeat(function, snapshot, wrappers, outs is None, prepared, plan)
    if few or outs is None:
        return None
    return Repeat(_by_identity(wrappers), _Identity(addresses), wrappers, False, prepared, plan)


class _Identity(NamedTuple):
    """In the place of a `Snapshot`: the addresses of all arrays."""

    at: tuple[int, ...]


def _by_identity(wrappers):
    """Return what does as the look does, if objects are the `wrappers`, unchanged.

    It keeps no object alive: once one of them dies, it says no.
    """
    same, kinds = _identities(wrappers), {type(wrappers[0])}
    arrays = list({id(w._data): w._data for w in wrappers}.values())
    facts = [arrays, *(list(map(fact, arrays)) for fact in _MAY_CHANGE)]
    watched = [weakref.ref(w, lambda _: facts.clear()) for w in wrappers]

    def are(addresses, objects, table):
        known = facts.copy()
        if not known or _identities(objects) != same or set(map(type, objects)) != kinds:
            return False
        for fact, before in zip(_MAY_CHANGE, known[1:]):
            if list(map(fact, known[0])) != before:
                return False
        if table.at is not addresses:
            table.move(addresses)
        return bool(watched)

    return are


def _identities(objects):
    """Return which objects these are, as bytes, in a third of the time of asking for the ``id`` of each."""
    pointers = np.fromiter(objects, object, len(objects))
    return ctypes.string_at(address_of(pointers), pointers.nbytes)


_MAY_CHANGE = attrgetter("shape"), attrgetter("flags"), attrgetter("dtype")
"""What may change of an array that stays the same object; it gets other memory only with another shape."""


class Repeat:
    """A call that was checked, to be done again on arrays like those that it was checked for."""

    __slots__ = ("_look", "_snapshot", "_at", "_wrapper", "_fresh", "_free", "_plan", "_types", "_inputs")

    def __init__(self, look, snapshot, wrappers, fresh, prepared, plan):
        self._look, self._snapshot, self._at = look, snapshot, snapshot.at
        self._wrapper, self._fresh, self._free, self._plan = type(wrappers[0]), fresh, prepared.free, plan
        self._types = [(t.shape, t.dtype) for t in plan.signature.types]
        self._inputs = len(wrappers) - len(self._types)

    def __call__(self, args: tuple, out: Any) -> Any:
        """Return what the call gives, `out` where it is given; None, with nothing done, where it is another call."""
        if len(args) != self._inputs or (out is None) != self._fresh:
            return None
        if out is None:
            ctx = getattr(args[0], "_ctx", None)
            outs: Any = (self._wrapper(empty(*self._types[0]), ctx),) if len(self._types) == 1 else [
                self._wrapper(empty(*type_), ctx) for type_ in self._types]
        else:
            outs = out if type(out) in (list, tuple) else (out,)
        free = self._free
        try:
            bound = free.pop()
        except IndexError:
            return None
        found = self._look(self._at, (*args, *outs), bound)
        if found:
            if bound.params is not self._plan.params:
                bound.use(self._plan.params)
            bound.run()
        free.append(bound)
        if not found:
            return None
        return out if out is not None else outs[0] if len(outs) == 1 else outs


addressof, from_buffer, empty = ctypes.addressof, ctypes.c_char.from_buffer, np.empty


def _checked(op, arrays, plan, outs, check, addresses):
    """Return the prepared call for arrays at these addresses, None if loops cannot walk them."""
    params, signature = plan
    given = arrays if outs is None else [*arrays, *outs]
    spans, first, same = [], {}, []
    for i, a in enumerate(given):
        if not a.flags.carray and not _only_read(a, i, signature.positions, len(arrays)):
            return None
        address = address_of(a)
        origin = first.setdefault(address, i)
        if origin == i:
            spans.append((address, address + a.nbytes))
        elif a.shape != given[origin].shape or a.dtype != given[origin].dtype:
            return None
        same.append(origin)
    if len(spans) > 1 and _overlap(spans):
        return None
    if outs is not None or signature.positions:
        check(op, arrays, params, signature.positions, outs, signature.types)
    loops, key = signature.loops, tuple(same)
    call = loops.by_pattern.get(key)
    if call is None:
        call = _prepared(op, arrays, plan, key, outs is not None)
        if call is None:
            signature.loops = False
            return None
        loops.by_pattern[key] = call
    if addresses:
        loops.by_address.keep(addresses, call)
    return call


def _only_read(array, i, positions, inputs):
    """Tell whether an array that cannot be written is only read."""
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
    """Return the prepared call, or None if loops cannot compute it."""
    if "accumulate" in op.rules:
        return None
    recorder, (params, signature) = Recorder(), plan
    marked = dict(params)
    for name in op.scalars:
        if params[name] is not None:
            marked[name] = recorder.number(Number(name), params[name].dtype)
    for name in op.scalar_tuples:
        if params[name] is not None:
            marked[name] = tuple([recorder.number(Number(name, i), v.dtype) for i, v in enumerate(params[name])])
    values = [recorder.input(same[i], a.dtype, a.shape) for i, a in enumerate(arrays)]
    n = len(arrays)
    buffers = [same[n + i] if given_outs else n + i for i in range(len(signature.types))]
    try:
        outputs, written = op.run_ready(recorder, values, marked)
        results = [recorder.reshape(v, t.shape) for v, t in zip(outputs, signature.types, strict=True)]
        if any(v.dtype != t.dtype for v, t in zip(results, signature.types)):
            return None
    except (Unfusible, TypeError, AttributeError):
        return None
    sinks = [*zip(buffers, results), *zip([same[at] for at in signature.positions], written, strict=True)]
    flow = Flow(recorder.instructions, [], tuple([Sink(buffer, value.id) for buffer, value in sinks]))
    return _Prepared(flow, cluster(flow), signature.types, same)


class _Prepared:
    """A schedule and the tables it was bound to; a table is used by one thread at a time."""

    def __init__(self, flow, schedule, types, same):
        self.flow, self.schedule, self.types, self.same = flow, schedule, types, same
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
        bound.use(params)
        bound.run()
        if bound.movable:
            self.free.append(bound)
        return list(outs)


def _or_zero(detail):
    return 0 if isinstance(detail, Number) else detail


_FEW = 16
"""Number of pointers up to which it is faster to write one by one."""


class _Bound:
    """A table whose rows can be pointed at other arrays of the same types."""

    def __init__(self, flow, schedule, buffers, addresses):
        table = Table if machine_code.available() else TileTable
        binding = Binding(schedule, flow, buffers, table, number=_or_zero)
        self.numbers = [(flow.instructions[at].detail, target) for at, target in binding.numbers.items()
                        if isinstance(flow.instructions[at].detail, Number)]
        self.params, self.at = None, addresses
        self.steps = binding.steps
        self.movable = table is Table
        self.run = self.steps[0].calls[0] if len(self.steps) == 1 and len(self.steps[0].calls) == 1 else self._run
        if self.movable:
            sizes = [buffers[i].nbytes for i in range(len(addresses))]
            cells = [cells_of(step.rows, addresses, sizes) for step in self.steps]
            few = sum(c[1].size for c in cells) <= _FEW
            self.cells, self.few = ((), [(flat, *map(int, cell)) for flat, *columns in cells for cell in zip(*columns)]
                                    ) if few else (cells, ())
            triples = [(address_of(flat) + 8 * cell, which, offset) for flat, *columns in cells
                       for cell, which, offset in zip(*(column.tolist() for column in columns))]
            words = np.array([len(triples), *itertools.chain(*triples)], np.int64)
            self._as_parameter_ = ctypes.c_void_p(address_of(words))  # what a look is given for the table
            self._memory = binding.block, list(binding.numbers.values()), words
            for step in self.steps:
                step.forget()

    def use(self, params: Mapping[str, object]) -> None:
        """Take the numbers of a call."""
        if self.params is not params:
            for number, target in self.numbers:
                target[0] = number.value(params)
            self.params = params

    def move(self, addresses: Sequence[int]) -> None:
        """Point the rows at other arrays."""
        self.at = addresses
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
