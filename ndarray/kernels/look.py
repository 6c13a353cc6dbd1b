"""A look in machine code at the arrays of a call, which finds out whether they are as they were when they were checked.

For each array it reads what the object's memory holds: address, dtype, axes, flags.  That takes a hundredth of the time
of asking in Python.  The layout of these objects is CPython's and NumPy's own business, so the look must prove itself
on arrays of known content before it is first used; where it does not, it is off.
"""

import ctypes
import struct
import sys
import sysconfig
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from ndarray.kernels import machine_code
from ndarray.kernels.machine_code import PLAIN

TYPE, SIZE, ITEMS = 1, 2, 3
"""The words of an object's type, of a tuple's length, and where its items begin."""
DATA, AXES, SHAPE, DTYPE, FLAGS = 16, 24, 32, 56, 64
"""Bytes into an array of NumPy; axes and flags are of 4 bytes."""
MASK = 0x1 | 0x100 | 0x400
"""The flags that count: contiguous, aligned, writable."""
HEAD = ("arrays", "wrapper", "array", "pairs", "spans")
"""The first words of a snapshot: how many arrays, the type of what has one and NumPy's; whether pairs count, which are
one memory or apart as they were, for otherwise each address must be what it was; where the look writes the first and
the last address of each."""
RECORD = ("data", "dtype", "axes", "flags", "bytes", "origin")
"""The words of each array, before the lengths of its axes; an address of 0 is not compared, nor is an origin of -1."""


def _text(slot: int) -> str:
    head = {word: f"getelementptr i64, ptr %snapshot, i64 {k}" for k, word in enumerate(HEAD)}
    record = {word: f"getelementptr i64, ptr %r, i64 {k}" for k, word in enumerate(RECORD)}
    width = len(RECORD)
    return PLAIN + f"""
define i64 @look(ptr %snapshot, ptr %tuple, ptr %cells) nounwind {{
; If all is as the snapshot says, write the arrays' addresses into cells and return 1, else return 0.  The list of cells
; begins with their number; then come for each its address, the number of the array, and how far in to point.
entry:
  %size.at = getelementptr i64, ptr %tuple, i64 {SIZE}
  %size = load i64, ptr %size.at
  %n = load i64, ptr %snapshot
  %fits = icmp eq i64 %size, %n
  br i1 %fits, label %begin, label %no
begin:
  %wrapper.at = {head["wrapper"]}
  %wrapper = load i64, ptr %wrapper.at
  %array.at = {head["array"]}
  %array.type = load i64, ptr %array.at
  %pairs.at = {head["pairs"]}
  %pairs = load i64, ptr %pairs.at
  %by.pairs = icmp ne i64 %pairs, 0
  %spans.at = {head["spans"]}
  %spans = load ptr, ptr %spans.at
  %records = getelementptr i64, ptr %snapshot, i64 {len(HEAD)}
  %items = getelementptr i64, ptr %tuple, i64 {ITEMS}
  br label %array
array:
  %k = phi i64 [ 0, %begin ], [ %k1, %next ]
  %r = phi ptr [ %records, %begin ], [ %r1, %next ]
  %more = icmp slt i64 %k, %n
  br i1 %more, label %one, label %aim
one:
  %item.at = getelementptr ptr, ptr %items, i64 %k
  %item = load ptr, ptr %item.at
  %type.at = getelementptr i64, ptr %item, i64 {TYPE}
  %type = load i64, ptr %type.at
  %wrapped = icmp eq i64 %type, %wrapper
  br i1 %wrapped, label %inner, label %no
inner:
  %slot = getelementptr i8, ptr %item, i64 {slot}
  %a = load ptr, ptr %slot
  %nothing = icmp eq ptr %a, null
  br i1 %nothing, label %no, label %there
there:
  %a.type.at = getelementptr i64, ptr %a, i64 {TYPE}
  %a.type = load i64, ptr %a.type.at
  %plain = icmp eq i64 %a.type, %array.type
  br i1 %plain, label %facts, label %no
facts:
  %data.at = getelementptr i8, ptr %a, i64 {DATA}
  %data = load i64, ptr %data.at
  %axes.at = getelementptr i8, ptr %a, i64 {AXES}
  %axes.word = load i32, ptr %axes.at
  %axes = sext i32 %axes.word to i64
  %shape.at = getelementptr i8, ptr %a, i64 {SHAPE}
  %shape = load ptr, ptr %shape.at
  %dtype.at = getelementptr i8, ptr %a, i64 {DTYPE}
  %dtype = load i64, ptr %dtype.at
  %flags.at = getelementptr i8, ptr %a, i64 {FLAGS}
  %flags.all = load i32, ptr %flags.at
  %flags.word = and i32 %flags.all, {MASK}
  %flags = zext i32 %flags.word to i64
  %data.was = load i64, ptr %r
  %any = icmp eq i64 %data.was, 0
  %unmoved = icmp eq i64 %data, %data.was
  %free = or i1 %any, %by.pairs
  %ok.0 = or i1 %free, %unmoved
  %r.dtype = {record["dtype"]}
  %dtype.is = load i64, ptr %r.dtype
  %ok.dtype = icmp eq i64 %dtype, %dtype.is
  %ok.1 = and i1 %ok.0, %ok.dtype
  %r.axes = {record["axes"]}
  %axes.is = load i64, ptr %r.axes
  %ok.axes = icmp eq i64 %axes, %axes.is
  %ok.2 = and i1 %ok.1, %ok.axes
  %r.flags = {record["flags"]}
  %flags.is = load i64, ptr %r.flags
  %ok.flags = icmp eq i64 %flags, %flags.is
  %ok = and i1 %ok.2, %ok.flags
  br i1 %ok, label %axis, label %no
axis:
  %d = phi i64 [ 0, %facts ], [ %d1, %length ]
  %more.axes = icmp slt i64 %d, %axes
  br i1 %more.axes, label %length, label %kept
length:
  %length.at = getelementptr i64, ptr %shape, i64 %d
  %length.is = load i64, ptr %length.at
  %place = add i64 %d, {width}
  %was.at = getelementptr i64, ptr %r, i64 %place
  %was = load i64, ptr %was.at
  %d1 = add i64 %d, 1
  %alike = icmp eq i64 %length.is, %was
  br i1 %alike, label %axis, label %no
kept:
  %words = mul i64 %k, 2
  %span = getelementptr i64, ptr %spans, i64 %words
  store i64 %data, ptr %span
  %r.bytes = {record["bytes"]}
  %bytes = load i64, ptr %r.bytes
  %end = add i64 %data, %bytes
  %end.at = getelementptr i64, ptr %span, i64 1
  store i64 %end, ptr %end.at
  br i1 %by.pairs, label %pair, label %next
pair:
  %r.origin = {record["origin"]}
  %origin = load i64, ptr %r.origin
  %unpaired = icmp slt i64 %origin, 0
  br i1 %unpaired, label %next, label %other
other:
  %j = phi i64 [ 0, %pair ], [ %j1, %disjoint ], [ %j1, %same ]
  %before = icmp slt i64 %j, %k
  br i1 %before, label %compare, label %next
compare:
  %j.words = mul i64 %j, 2
  %j.span = getelementptr i64, ptr %spans, i64 %j.words
  %j.start = load i64, ptr %j.span
  %j.end.at = getelementptr i64, ptr %j.span, i64 1
  %j.end = load i64, ptr %j.end.at
  %j1 = add i64 %j, 1
  %its.origin = icmp eq i64 %j, %origin
  br i1 %its.origin, label %same, label %apart
same:
  %one.memory = icmp eq i64 %data, %j.start
  br i1 %one.memory, label %other, label %no
apart:
  %left = icmp ule i64 %end, %j.start
  %right = icmp ule i64 %j.end, %data
  %clear = or i1 %left, %right
  %of.origin = icmp ne i64 %origin, %k
  %either = or i1 %clear, %of.origin
  br i1 %either, label %disjoint, label %no
disjoint:
  br label %other
next:
  %k1 = add i64 %k, 1
  %lengths = add i64 %axes, {width}
  %r1 = getelementptr i64, ptr %r, i64 %lengths
  br label %array
aim:
  %count = load i64, ptr %cells
  %triples = getelementptr i64, ptr %cells, i64 1
  br label %cell
cell:
  %c = phi i64 [ 0, %aim ], [ %c1, %write ]
  %more.cells = icmp slt i64 %c, %count
  br i1 %more.cells, label %write, label %yes
write:
  %c.words = mul i64 %c, 3
  %triple = getelementptr i64, ptr %triples, i64 %c.words
  %cell.at = load ptr, ptr %triple
  %which.at = getelementptr i64, ptr %triple, i64 1
  %which = load i64, ptr %which.at
  %offset.at = getelementptr i64, ptr %triple, i64 2
  %offset = load i64, ptr %offset.at
  %which.words = mul i64 %which, 2
  %start.at = getelementptr i64, ptr %spans, i64 %which.words
  %start = load i64, ptr %start.at
  %address = add i64 %start, %offset
  store i64 %address, ptr %cell.at
  %c1 = add i64 %c, 1
  br label %cell
yes:
  ret i64 1
no:
  ret i64 0
}}
"""


class Snapshot:
    """What the arrays of a call were.

    Parameters
    ----------
    wrappers : sequence of object
        Objects of one class, whose attribute `_data` is an array.
    fresh : int
        How many of the last ones will be new arrays in each call, which share no memory with any other.
    origins : sequence of int
        For each array the first one of the same memory, itself where there is none before.

    Attributes
    ----------
    at : ctypes.c_void_p
        For the look.
    """

    FEW = 8
    """Number of arrays up to which pairs are compared, so that arrays may be at other addresses."""

    def __init__(self, wrappers: Sequence[Any], fresh: int, origins: Sequence[int]):
        n = len(wrappers)
        self.spans = np.zeros(2 * n, np.int64)
        words = [n, id(type(wrappers[0])), id(np.ndarray), int(n <= self.FEW), self.spans.ctypes.data]
        for k, wrapper in enumerate(wrappers):
            words += _record(wrapper._data, -1 if k >= n - fresh else origins[k], k >= n - fresh)
        self.words = np.array(words, np.uint64).view(np.int64)
        self.at = ctypes.c_void_p(self.words.ctypes.data)
        # What is known by its address must not make way for something else.
        self._kept = {w._data.dtype for w in wrappers}


def _record(a, origin, fresh):
    return [0 if fresh else a.ctypes.data, id(a.dtype), a.ndim, a.flags.num & MASK, a.nbytes, origin % 2**64, *a.shape]


@cache
def look(wrapper: type) -> Callable[[ctypes.c_void_p, tuple, ctypes.c_void_p], int] | None:
    """Return the look at objects of a class, None where it does not prove itself.

    ``look(snapshot.at, objects, cells)`` returns whether objects are as in a `Snapshot`.
    """
    if not is_plain_cpython() or not machine_code.available():
        return None
    arrays = [np.zeros(()), np.arange(6, dtype="f4").reshape(2, 3), np.arange(8.0)[::2], np.zeros((2, 1, 4), "i4")]
    arrays[3].flags.writeable = False
    wrapped = [wrapper(a) for a in arrays]
    slot = _slot(wrapped)
    if slot is None or not all(map(_is_laid_out, arrays)) or not is_tuple_laid_out((wrapper, slot, arrays)):
        return None
    function = _compiled(slot)
    return function if _proves_itself(function, wrapped) else None


def is_plain_cpython() -> bool:
    """Tell whether objects are as CPython of 64 bits has them, with its lock."""
    return (sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED")
            and not hasattr(sys, "gettotalrefcount") and struct.calcsize("P") == 8 and sys.byteorder == "little")


def _words(thing, size):
    return np.frombuffer(ctypes.string_at(id(thing), size // 8 * 8), np.uint64).tolist()


def _slot(wrapped):
    """Return how many bytes into a wrapper the address of its array is, None where that is not clear."""
    size = type(wrapped[0]).__basicsize__
    found = {k for k in range(size // 8) if all(_words(w, size)[k] == id(w._data) for w in wrapped)}
    return 8 * found.pop() if len(found) == 1 and all(_words(w, size)[TYPE] == id(type(w)) for w in wrapped) else None


def _is_laid_out(a):
    if np.ndarray.__basicsize__ < FLAGS + 4:
        return False
    memory = ctypes.string_at(id(a), FLAGS + 8)
    kind, data, shape, dtype = (struct.unpack_from("<Q", memory, at)[0] for at in (8 * TYPE, DATA, SHAPE, DTYPE))
    axes, flags = (struct.unpack_from("<i", memory, at)[0] for at in (AXES, FLAGS))
    return ((kind, data, dtype, axes, flags) == (id(np.ndarray), a.ctypes.data, id(a.dtype), a.ndim, a.flags.num)
            and (not a.ndim or ctypes.string_at(shape, 8 * a.ndim) == struct.pack(f"<{a.ndim}Q", *a.shape)))


def is_tuple_laid_out(objects: tuple) -> bool:
    """Tell whether a tuple is in memory as looks read it."""
    return _words(objects, 8 * (ITEMS + len(objects)))[SIZE:] == [len(objects), *map(id, objects)]


def _compiled(slot):
    code = machine_code.code(_text(slot))
    # It keeps the interpreter's lock, so nobody changes the objects meanwhile; of an object ctypes passes the address.
    prototype = ctypes.PYFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
    function: Any = prototype(code.address("look"))
    function.code = code
    return function


def _proves_itself(function, wrapped):
    """Return whether the look accepts a true record and refuses every other one."""
    snapshot, cells = Snapshot(wrapped, 0, range(len(wrapped))), np.zeros(1, np.int64)

    def accepts(pairs, given=tuple(wrapped)):
        snapshot.words[HEAD.index("pairs")] = pairs
        return bool(function(snapshot.at, given, cells.ctypes.data))

    if not accepts(0) or not accepts(1) or accepts(0, tuple(wrapped[1:])) or accepts(0, (*wrapped[1:], wrapped[0])):
        return False
    for k in [0, 1, 2, *range(len(HEAD), len(snapshot.words))]:
        snapshot.words[k] ^= 2
        if accepts(0) == _is_compared(snapshot.words, k):
            return False
        snapshot.words[k] ^= 2
    return snapshot.spans[::2].tolist() == [w._data.ctypes.data for w in wrapped]


def _is_compared(words, k):
    """Tell whether a word of a snapshot decides where addresses are compared: all but sizes and origins do."""
    at = len(HEAD)
    while at < k:
        if k in (at + RECORD.index("bytes"), at + RECORD.index("origin")):
            return False
        at += len(RECORD) + int(words[at + RECORD.index("axes")])
    return True
