"""The schedule of one tensor, stamped for all that are treated alike: rows of a table, made by columns.

A model has hundreds of tensors and few kinds of them.  What one tensor of a kind needs is recorded and clustered once;
the rows of the others differ in sizes and addresses only, which are whole columns of integers.

Two tensors of other sizes step along their gradients.  The flow is of one tensor of 6 elements; its buffers are the
columns of `Kind.addresses`.

>>> import numpy as np
>>> from ndarray.kernels.flow import Sink
>>> from ndarray.kernels.record import Recorder
>>> xp = Recorder()
>>> weight, grad = [xp.input(column, np.dtype("float32"), (6,)) for column in range(2)]
>>> rate = xp.number("rate", np.float32)
>>> flow = Flow(xp.instructions, [], (Sink(0, (weight - rate * grad).id),))
>>> weights, grads = [np.ones(6, "f4"), np.ones(3, "f4")], [np.ones(6, "f4"), np.ones(3, "f4")]
>>> addresses = np.array([[address_of(w), address_of(g)] for w, g in zip(weights, grads)])
>>> step = StampedTable([Kind(flow, addresses, {6: np.array([6, 3])}, {rate.id: np.array([0.5, 0.25])})])
>>> step()
>>> weights
[array([0.5, 0.5, 0.5, 0.5, 0.5, 0.5], dtype=float32), array([0.75, 0.75, 0.75], dtype=float32)]

The same table goes on with other gradients, or without one, and with other numbers.

>>> other = np.full(3, 2.0, "f4")
>>> addresses[1, 1] = address_of(other)
>>> step.point([addresses])
>>> step.switch([np.array([False, True])])
>>> step.numbers[0][rate.id][:] = 0.125
>>> step()
>>> weights
[array([0.5, 0.5, 0.5, 0.5, 0.5, 0.5], dtype=float32), array([0.5, 0.5, 0.5], dtype=float32)]

Kinds whose loops depend on each other, as norm, rate and update do, run tensor by tensor where caches hold a tensor,
so that the second loop finds in them what the first has read.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ndarray.kernels import calibration, machine_code, memory
from ndarray.kernels.cluster import cluster
from ndarray.kernels.driver import DRIVER, TOTALS
from ndarray.kernels.flow import Flow
from ndarray.kernels.layout import CHUNK, CONTROL, LEAST, LINE, NOT_ALIGNED, POINTERS_AT, ROW, unit_of
from ndarray.kernels.llvm import text_of
from ndarray.kernels.loop import Loop
from ndarray.kernels.schedule import CallRun, LoopRun, Schedule, Total
from ndarray.kernels.table import STREAMS, Span, Table, address_of, stream_of, streamed, streams
from ndarray.kernels.threads import pool

_N, _FIRST = ROW.index("n"), ROW.index("first")


class Kind(NamedTuple):
    """What is done alike to several tensors: the flow of one, and where each has its memory.

    Attributes
    ----------
    flow : Flow
        Of one tensor, without calls; the details of its inputs and the buffers of its sinks are columns of
        `addresses`.
    addresses : numpy.ndarray, shape (tensors, buffers), int64
    sizes : dict of int to numpy.ndarray
        For each size above 1 in the flow, the number of elements of each tensor, which is above 1, too.
    numbers : dict of int to numpy.ndarray
        For each instruction ``number``, its value for each tensor.
    """

    flow: Flow
    addresses: np.ndarray
    sizes: dict[int, np.ndarray]
    numbers: dict[int, np.ndarray]


class _Pointer(NamedTuple):
    """A column of rows: addresses, and where they point into the caller's memory, of which buffer and how far in."""

    addresses: np.ndarray
    buffer: int | None = None
    offsets: np.ndarray | int = 0


class _Rows(NamedTuple):
    """Rows of equal kernels, one for each of some tensors.

    `tensors` are their numbers; the text and the entry are of the kernel, `bytes` what it moves for an element.
    """

    phase: int
    text: str
    entry: str
    tensors: np.ndarray
    n: np.ndarray
    unit: int
    shift: int
    pointers: list[_Pointer]
    bytes: int = 0


class StampedTable(Table):
    """The loops of some kinds of tensors, ready to run; each result has the bits that it has without stamping.

    Parameters
    ----------
    kinds : sequence of Kind
    schedules : sequence of Schedule, optional
        Of the kinds' flows, where they are known.

    Attributes
    ----------
    numbers : list of dict of int to numpy.ndarray
        Of each kind, what its numbers are read from: write into these arrays to change them.
    bytes : int
        Temporary memory.
    by_tensor : int
        How many tensors run all their loops one after another.
    """

    def __init__(self, kinds: Sequence[Kind], schedules: Sequence[Schedule] | None = None):
        schedules = schedules or [cluster(kind.flow) for kind in kinds]
        stamps = [_Stamp(kind, schedule) for kind, schedule in zip(kinds, schedules)]
        self.numbers = [stamp.numbers for stamp in stamps]
        self._stamps = stamps
        self._keep, self._controls, self._codes = [stamps], [], {}
        self._code = machine_code.code(DRIVER)
        parts = [(k, rows) for k, stamp in enumerate(stamps) for rows in stamp.rows]
        calibration.prepare(sum([int(rows.n.sum()) * rows.bytes for _, rows in parts]))
        self._offsets = np.cumsum([0, *(stamp.kind.addresses.size for stamp in stamps)])
        self._tensors = np.cumsum([0, *(len(stamp.kind.addresses) for stamp in stamps)])
        self._by_tensor = _small(stamps)
        self.by_tensor = sum(int(mask.sum()) for mask in self._by_tensor)
        self.bytes = sum(stamp.bytes for stamp in stamps)
        self._fill(parts)

    def _fill(self, parts):
        """Make the rows, and the functions that run them."""
        inner, outer = _Lines(), {}
        for k, rows in parts:
            apart = self._by_tensor[k][rows.tensors]
            inner.add(self, k, rows, apart)
            outer.setdefault(rows.phase, _Lines()).add(self, k, rows, ~apart)
        sequences = self._sequences(inner)
        moved = [inner] if sequences is not None else []
        blocks, spans, row, unit, width = [], [], 0, 0, LEAST
        for phase in sorted(outer):
            lines = outer[phase]
            block = lines.joined()
            if not phase and sequences is not None:
                block = _side_by_side([block, sequences])
            if not len(block):
                continue
            bytes_ = lines.bytes + (inner.bytes if not phase and sequences is not None else 0)
            end = _number(block, unit)
            if end == unit:  # Nothing but arrays of no elements.
                continue
            spans.append(Span(row, unit, end, bytes_))
            lines.at = row
            moved.append(lines)
            blocks.append(block)
            row, unit, width = row + len(block), end, max(width, block.shape[1])
        last = np.zeros((1, width), np.int64)
        last[0, _FIRST] = unit
        self.rows = _side_by_side([*blocks, last])
        self._moves = [lines.moves(self._inner if lines is inner else self.rows) for lines in moved]
        self.calls = self._calls(spans)

    def _sequences(self, inner):
        """Return rows that each run all loops of a tensor, None where no tensor is to be run so."""
        block = inner.joined(by_tensor=True)
        if not len(block):
            return None
        end = _number(block, 0)
        last = np.zeros((1, block.shape[1]), np.int64)
        last[0, _FIRST] = end
        self._inner = _side_by_side([block, last])
        owners = inner.owners
        starts = np.flatnonzero(np.diff(owners, prepend=-1))
        ends = np.append(starts[1:], len(owners))
        controls = np.zeros((len(starts), len(CONTROL)), np.int64)
        stride, first = 8 * self._inner.shape[1], self._inner[:, _FIRST]
        controls[:, :4] = np.column_stack([address_of(self._inner) + stride * starts, np.full(len(starts), stride),
                                           first[starts], first[ends]])
        self._keep.append(controls)
        weights = np.add.reduceat(self._inner[:-1, _N], starts)
        return np.column_stack([np.full(len(starts), self._code.address("sequence")), weights, np.zeros_like(weights),
                                weights, np.full(len(starts), NOT_ALIGNED),
                                address_of(controls) + controls.strides[0] * np.arange(len(starts))])

    def point(self, addresses: Sequence[np.ndarray]) -> None:
        """Point the rows at other memory of the same types.

        Parameters
        ----------
        addresses : sequence of numpy.ndarray
            Of each kind, as `Kind.addresses`.
        """
        flat = np.concatenate([a.reshape(-1) for a in addresses])
        for rows, cells, which, offsets, *_ in self._moves:
            rows[cells] = flat[which] + offsets

    def switch(self, active: Sequence[np.ndarray]) -> None:
        """Have only some tensors change from now on.

        Parameters
        ----------
        active : sequence of numpy.ndarray of bool
            Of each kind, for each tensor.
        """
        flat = np.concatenate(active)
        for rows, _, _, _, cells, owners, n in self._moves:
            rows[cells] = np.where(flat[owners], n, 0)

    def address(self, text: str, entry: str) -> int:
        """Return the address of a kernel."""
        code = self._codes.get(text)
        if code is None:
            code = self._codes[text] = machine_code.code(text)
        return code.address(entry)


class _Lines:
    """Rows of several kinds, brought into one order."""

    def __init__(self):
        self.parts, self.bytes, self.at = [], 0, 0

    def add(self, table, k, rows, chosen):
        """Take in the rows of the chosen tensors of kind number `k`."""
        if not chosen.all():
            rows = rows._replace(tensors=rows.tensors[chosen], n=rows.n[chosen], pointers=[
                _Pointer(p.addresses[chosen], p.buffer, p.offsets if isinstance(p.offsets, int) else p.offsets[chosen])
                for p in rows.pointers])
        if len(rows.n):
            self.parts.append((k, rows, table.address(rows.text, rows.entry), table))
            self.bytes += int(rows.n.sum()) * rows.bytes

    def joined(self, by_tensor=False):
        """Return the rows as one block, tensor by tensor, and remember where each part has gone."""
        width = max([LEAST, *(POINTERS_AT + len(rows.pointers) for _, rows, *_ in self.parts)])
        block = np.zeros((sum([len(rows.n) for _, rows, *_ in self.parts]), width), np.int64)
        owners, phases, begin = np.empty(len(block), np.int64), np.empty(len(block), np.int64), 0
        for k, rows, address, table in self.parts:
            end = begin + len(rows.n)
            part = block[begin:end]
            part[:, :POINTERS_AT] = np.column_stack([np.full(len(part), address), rows.n, np.zeros_like(rows.n),
                                                     np.full(len(part), rows.unit), np.full(len(part), rows.shift)])
            for column, pointer in enumerate(rows.pointers, POINTERS_AT):
                part[:, column] = pointer.addresses
            owners[begin:end], phases[begin:end], begin = table._tensors[k] + rows.tensors, rows.phase, end
        order = np.lexsort((phases, owners)) if by_tensor else np.argsort(owners, kind="stable")
        self.rank = np.empty_like(order)
        self.rank[order] = np.arange(len(order))
        self.owners = owners[order]
        return block[order]

    def moves(self, rows):
        """Return where rows point into the caller's memory, and which rows have how many elements."""
        flat, width, begin = rows.reshape(-1), rows.shape[1], 0
        cells, which, offsets, sizes, owners, n = [], [], [], [], [], []
        for k, part, _, table in self.parts:
            count = len(part.n)
            line = (self.at + self.rank[begin:begin + count]) * width
            buffers = table._stamps[k].kind.addresses.shape[1]
            for column, pointer in enumerate(part.pointers, POINTERS_AT):
                if pointer.buffer is not None:
                    cells.append(line + column)
                    which.append(table._offsets[k] + part.tensors * buffers + pointer.buffer)
                    offsets.append(np.broadcast_to(pointer.offsets, count))
            if part.bytes:
                sizes.append(line + _N)
                owners.append(table._tensors[k] + part.tensors)
                n.append(part.n)
            begin += count
        return flat, *map(_whole, (cells, which, offsets, sizes, owners, n))


def _whole(parts):
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _number(block, unit):
    """Number the units of rows, from `unit` on; return the next number."""
    units = -(-block[:, _N] // block[:, ROW.index("unit")])
    ends = unit + np.cumsum(units)
    block[:, _FIRST] = ends - units
    return int(ends[-1]) if len(ends) else unit


def _side_by_side(blocks):
    """Return blocks of rows, one below the other, all as wide as the widest."""
    whole = np.zeros((sum(map(len, blocks)), max(block.shape[1] for block in blocks)), np.int64)
    at = 0
    for block in blocks:
        whole[at:at + len(block), :block.shape[1]] = block
        at += len(block)
    return whole


def _small(stamps):
    """Return for each kind which tensors should run all their loops one after another: those that caches hold.

    No tensor may be so large that threads wait for the one who has it.
    """
    total = sum([int(stamp.elements.sum()) for stamp in stamps])
    cache = calibration.last_cache() // (2 * pool.threads)
    return [(stamp.elements <= total // (4 * pool.threads)) & (stamp.elements * stamp.width <= cache)
            & (stamp.phases > 1) for stamp in stamps]


class _Stamp:
    """The rows of a kind.

    Attributes
    ----------
    rows : list of _Rows
    elements : numpy.ndarray
        Of each tensor, the elements of its largest array.
    width : int
        Bytes of an element of all its arrays together.
    phases : int
    bytes : int
        Temporary memory.
    """

    def __init__(self, kind, schedule):
        self.kind, self.schedule = kind, schedule
        self.tensors = np.arange(len(kind.addresses))
        self.phases = len(schedule.phases)
        self.numbers = {at: np.asarray(values).astype(kind.flow.instructions[at].dtype)
                        for at, values in kind.numbers.items()}
        self.elements = np.max([*kind.sizes.values(), np.ones_like(self.tensors)], axis=0)
        self._place()
        self.rows = [rows for phase, steps in enumerate(schedule.phases) for step in steps
                     for rows in self._rows(phase, step)]
        arrays = {slot: np.dtype(dtype).itemsize for steps in schedule.phases for step in steps
                  if isinstance(step, LoopRun) and step.n > 1 for slot, dtype in zip(step.arrays, step.loop.arrays)}
        self.width = sum({slot._replace(kind="buffer") if slot.kind == "updated" else slot: size
                          for slot, size in arrays.items()}.values())

    # Temporary memory

    def _place(self):
        """Find memory for temporary values: each tensor's own, shared by those of its values that live in turn.

        Tensors share none: threads may be at different phases of different tensors.
        """
        intervals = memory.lifetimes(self.schedule, self.kind.flow, lambda loop, n: 0)
        self._parts = {slot[:2]: _parts(step.loop, self._size(step.n)) for steps in self.schedule.phases
                       for step in steps if isinstance(step, LoopRun) for slot in step.partials}
        sizes = {slot: 8 * self._parts[slot] if slot in self._parts else self._bytes(slot, interval.bytes)
                 for slot, interval in intervals.items()}
        blocks = memory.plan({slot: interval._replace(bytes=int(sizes[slot][0]))
                              for slot, interval in intervals.items()}).offsets
        largest: dict[int, np.ndarray] = {}
        for slot, block in blocks.items():
            largest[block] = np.maximum(largest.get(block, 0), sizes[slot])
        begins = np.cumsum([0, *(_lines(int(size.sum())) for size in largest.values())])
        self.bytes = int(begins[-1])
        self._block = memory.aligned(self.bytes)
        at = {block: address_of(self._block) + begin + np.cumsum(size) - size
              for begin, (block, size) in zip(begins, largest.items())}
        self._at = {slot: at[block] for slot, block in blocks.items()}

    def _bytes(self, slot, bytes_):
        """Return the bytes of a value of each tensor."""
        if slot[0] == "late":
            flow = self.kind.flow
            dtype = next(flow.instructions[sink.value].dtype for sink in flow.sinks if sink.buffer == slot[1])
            return _lines(self._size(bytes_ // dtype.itemsize) * dtype.itemsize)
        instruction = self.kind.flow.instructions[slot[1]]
        if instruction.size == 1:
            return np.full_like(self.tensors, 8)
        return _lines(self._size(instruction.size) * instruction.dtype.itemsize)

    def _size(self, n):
        """Return how many elements each tensor has of what has `n` in the flow."""
        return np.full_like(self.tensors, n) if n < 2 else self.kind.sizes[n]

    # Rows

    def _rows(self, phase, step):
        """Return the rows of a step of the schedule."""
        if isinstance(step, Total):
            out = self._pointer(step.out, self.kind.flow.instructions[step.out.name].dtype)
            pointers = [self._pointer(step.partial, np.dtype(np.float64)), _Pointer(self._parts[step.partial[:2]]), out]
            dtype = self.kind.flow.instructions[step.out.name].dtype
            return [_Rows(phase, TOTALS, f"total_{dtype}", self.tensors, np.ones_like(self.tensors), CHUNK,
                          NOT_ALIGNED, pointers)]
        if isinstance(step, CallRun):
            raise ValueError("a flow with calls cannot be stamped")
        return self._loop_rows(phase, step)

    def _loop_rows(self, phase, step):
        loop, n = step.loop, self._size(step.n)
        arrays = [self._pointer(slot, np.dtype(d)) for slot, d in zip(step.arrays, loop.arrays)]
        scalars = [self._pointer(slot, np.dtype(d)) for slot, d in zip(step.scalars, loop.scalars)]
        partials = [self._pointer(slot, np.dtype(np.float64)) for slot in step.partials]
        wide = np.array([streams(loop, size) for size in n.tolist()]) if streams(loop, 1 << 62) else np.zeros(1, bool)
        if not wide.any():
            return [self._loop_row(phase, loop, self.tensors, n, [*arrays, *scalars, *partials])]
        found = []
        if not wide.all():
            found.append(self._loop_row(phase, loop, self.tensors[~wide], n[~wide],
                                        [_some(p, ~wide) for p in (*arrays, *scalars, *partials)]))
        size, (array,), (partial,) = np.dtype(loop.arrays[0]).itemsize, arrays, partials
        each, rest = stream_of(n[wide])
        chunks, tensors = -(-each // CHUNK), self.tensors[wide]
        array, partial, scalars = _some(array, wide), _some(partial, wide), [_some(p, wide) for p in scalars]
        found.append(self._loop_row(phase, streamed(loop), tensors, each,
                                    [*(_ahead(array, k * each * size) for k in range(STREAMS)), *scalars,
                                     *(_ahead(partial, 8 * k * chunks) for k in range(STREAMS))]))
        left = rest > 0
        tail = [_ahead(array, STREAMS * each * size), *scalars, _ahead(partial, 8 * STREAMS * chunks)]
        if left.any():
            found.append(self._loop_row(phase, loop, tensors[left], rest[left], [_some(p, left) for p in tail]))
        return found

    def _loop_row(self, phase, loop: Loop, tensors, n, pointers):
        size = np.dtype(loop.arrays[0]).itemsize
        unit, shift = (CHUNK, NOT_ALIGNED) if loop.sums else (unit_of(size), size.bit_length() - 1)
        return _Rows(phase, text_of(loop, calibration.fetches(loop)), "kernel", tensors, n, unit, shift, pointers,
                     loop.bytes_per_element)

    def _pointer(self, slot, dtype):
        """Return the addresses of a slot."""
        if slot.kind in ("buffer", "updated"):
            offset = slot.offset * dtype.itemsize
            return _Pointer(self.kind.addresses[:, slot.name] + offset, slot.name, offset)
        if slot.kind == "number":
            values = self.numbers[slot.name]
            return _Pointer(address_of(values) + values.itemsize * self.tensors)
        return _Pointer(self._at[slot[:2]] + slot.offset * dtype.itemsize)


def _some(pointer, chosen):
    offsets = pointer.offsets if isinstance(pointer.offsets, int) else pointer.offsets[chosen]
    return _Pointer(pointer.addresses[chosen], pointer.buffer, offsets)


def _ahead(pointer, by):
    return _Pointer(pointer.addresses + by, pointer.buffer, pointer.offsets + by)


def _lines(bytes_):
    """Return numbers of bytes, each brought up to whole lines of the cache."""
    return -(-bytes_ // LINE) * LINE


def _parts(loop, n):
    """Return how many partial sums a loop has, as `Table.parts` does, for each number of elements."""
    return np.array([Table.parts(loop, size) for size in n.tolist()], np.int64)
