"""Sums, means and largest elements along some axes, in machine code, on the threads of a table.

An array is seen as ``(outer, length, inner)`` and the axis in the middle goes.  Sums are added up in float64
and rounded after each such axis; their order depends neither on the processor nor on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import prod
from typing import NamedTuple

import numpy as np

from ndarray.kernels.layout import NOT_ALIGNED, POINTERS_AT, UNIT
from ndarray.kernels.table import Table, address_of

WORDS = {"sum": "sum", "mean": "sum", "max": "max"}
"""Words, and the kernel of each: a mean is a sum, divided."""
_LANES = 16
"""Elements of a vector; where `inner` is smaller, outputs are computed one by one."""
_TILE = 256
"""Outputs beside each other that are added up at once."""
_LEAST = 16
"""Outputs that a thread takes at least: a line of the cache."""
_SMALL = 16
"""Elements of `length` times `inner` up to which a kernel is made for these very numbers."""
_BESIDE = 256
"""How many columns few of them become at least, where they are long enough."""
_TALL, _MOST = 1 << 12, 64
"""The length from which on columns are cut, and the number that their pieces are fewer than."""


def stages(shape: tuple[int, ...], axes: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """Return ``(outer, length, inner)`` of the reductions of one axis each that together reduce `axes`.

    Examples
    --------
    >>> stages((8, 4, 3, 3), (0, 2, 3)), stages((8, 4), (1,)), stages((8, 1), (1,))
    ([(32, 9, 1), (1, 8, 4)], [(8, 4, 1)], [])
    """
    runs: list[list[int]] = []
    for a, d in enumerate(shape):
        if d == 1:
            continue
        if runs and runs[-1][0] == (a in axes):
            runs[-1][1] *= d
        else:
            runs.append([a in axes, d])
    found, inner = [], 1
    for k in range(len(runs) - 1, -1, -1):
        goes, d = runs[k]
        if goes:
            found += _stage(prod([n for _, n in runs[:k]]), d, inner)
        else:
            inner *= d
    return found


def _stage(outer, length, inner):
    """Return the stages of one axis: where two do more at once than one, pieces of it are reduced first."""
    pieces, first = 1, (outer, length, inner)
    if 1 < inner < _LANES:
        # Few columns: pieces of their axis side by side are many.
        pieces = next((m for m in range(-(-_BESIDE // inner), length // 4) if length % m == 0), 1)
        first = outer, length // pieces, pieces * inner
    elif inner > 1 and outer == 1 and length > _TALL:
        # Long columns: pieces one below the other, so that every thread has some.
        pieces = max([m for m in range(1, _MOST) if length % m == 0])
        first = pieces, length // pieces, inner
    return [first, (outer, pieces, inner)] if pieces > 1 else [first]


class Reduction(NamedTuple):
    """One axis less, as a call of a flow.

    Attributes
    ----------
    word : str
    sizes : tuple of int
        See `stages`.
    node : object
        What it belongs to.
    by : str
        What computes it.
    sure : bool
        It allocates nothing.
    """

    word: str
    sizes: tuple[int, int, int]
    node: object
    by: str = "axes"
    sure: bool = True

    def __str__(self):
        return f"{self.word} over {self.sizes[1]} of %{getattr(self.node, 'name', self.node)}"

    def scratch(self, parts: object) -> int:
        """Return how many bytes it needs while it runs."""
        return 0

    def bind(self, inputs: list[np.ndarray], results: dict[int, np.ndarray], table: type, scratch: np.ndarray
             ) -> Callable[[], object]:
        """Return a function that reduces the input."""
        return Table([[_Job(self.word, self.sizes, inputs[0].reshape(-1), results[0].reshape(-1))]])


class _Job(NamedTuple):
    """A reduction as a job of a table."""

    word: str
    sizes: tuple[int, int, int]
    x: np.ndarray
    out: np.ndarray

    shift = NOT_ALIGNED

    @property
    def n(self) -> int:
        return self.out.size

    @property
    def bytes(self) -> int:
        return self.x.nbytes + self.out.nbytes

    @property
    def unit(self) -> int:
        _, length, inner = self.sizes
        least = max(UNIT // length, _LEAST)
        return least // inner * inner if self._small else max(least, min(inner, 4 * _TILE))

    @property
    def _small(self) -> bool:
        return self.sizes[1] * self.sizes[2] <= _SMALL

    @property
    def units(self) -> int:
        return -(-self.n // self.unit)

    @property
    def entry(self) -> str:
        found = f"{WORDS[self.word]}_{self.x.dtype}"
        return f"{found}_{self.sizes[1]}_{self.sizes[2]}" if self._small else found

    @property
    def kernel(self) -> str:
        return self.entry

    def text(self) -> str:
        return _text(WORDS[self.word], str(self.x.dtype), *(self.sizes[1:] if self._small else ()))

    def pointers(self) -> list[int]:
        _, length, inner = self.sizes
        divisor = np.float64(length if self.word == "mean" else 1.0)
        return [address_of(self.x), address_of(self.out), length, inner, int(divisor.view(np.int64))]


class _Writer:
    """The lines of one kernel, of elements of a type: ``sum`` adds up in float64, of ``max`` NaN is larger than all."""

    def __init__(self, word: str, dtype: str) -> None:
        self.word, self.dtype = word, dtype
        self.element = {"float32": "float", "float64": "double"}[dtype]
        self.total = "double" if word == "sum" else self.element
        self.first = "-0.0" if word == "sum" else "0xFFF0000000000000"
        self.align = f"align {np.dtype(dtype).itemsize}"

    def taken(self, which: str, lanes: int = 1, total: str = "") -> list[str]:
        """Return the lines that take what is at ``%which.x`` into a total, ``%acc.which``, as ``%sum.which``."""
        value, type_ = f"%{which}.load", _vector(self.element, lanes)
        lines = [f"{value} = load {type_}, ptr %{which}.x, {self.align}"]
        if self.total != self.element:
            lines.append(f"%{which}.wide = fpext {type_} {value} to {_vector(self.total, lanes)}")
            value = f"%{which}.wide"
        return [*lines, *self.more(f"%sum.{which}", total or f"%acc.{which}", value, lanes)]

    def more(self, name: str, total: str, value: str, lanes: int = 1) -> list[str]:
        """Return the lines that take a value into a total."""
        type_, truth = _vector(self.total, lanes), _vector("i1", lanes)
        if self.word == "sum":
            return [f"{name} = fadd {type_} {total}, {value}"]
        return [f"{name}.t = fcmp ugt {type_} {value}, {total}", f"{name}.o = fcmp ord {type_} {total}, {total}",
                f"{name}.c = and {truth} {name}.t, {name}.o",
                f"{name} = select {truth} {name}.c, {type_} {value}, {type_} {total}"]

    def given(self, which: str, total: str, at: str) -> list[str]:
        """Return the lines that write a total as output number `at`."""
        lines = [f"%{which}.to = getelementptr {self.element}, ptr %out, i64 {at}"]
        if self.word == "sum":
            lines.append(f"%{which}.share = fdiv double {total}, %divisor")
            total = f"%{which}.share"
            if self.element == "float":
                lines.append(f"%{which}.short = fptrunc double {total} to float")
                total = f"%{which}.short"
        return [*lines, f"store {self.element} {total}, ptr %{which}.to, {self.align}"]

    def joined(self, name: str, lanes: int) -> list[str]:
        """Return the lines that join the lanes of a vector as ``%lanes``, halves first."""
        lines = []
        while lanes > 2:
            half, type_ = lanes // 2, _vector(self.total, lanes)
            for which, begin in (("low", 0), ("high", half)):
                places = ", ".join(f"i32 {i}" for i in range(begin, begin + half))
                lines.append(f"%{which}{half} = shufflevector {type_} {name}, {type_} poison, "
                             f"<{half} x i32> <{places}>")
            lines += self.more(f"%joined{half}", f"%low{half}", f"%high{half}", half)
            name, lanes = f"%joined{half}", half
        type_ = _vector(self.total, lanes)
        return [*lines, *(f"%last{i} = extractelement {type_} {name}, i32 {i}" for i in range(lanes)),
                *self.more("%lanes", "%last0", "%last1")]

    def _opening(self, name):
        """Return the lines that read the arguments."""
        arguments = ("x", "ptr"), ("out", "ptr"), ("length", "i64"), ("inner", "i64"), ("divisor", "double")
        return [f"define void @{name}(ptr %row, i64 %first, i64 %count, i64 %chunk) nounwind {{", "entry:",
                *(line for i, (name, type_) in enumerate(arguments)
                  for line in (f"%{name}.at = getelementptr i64, ptr %row, i64 {POINTERS_AT + i}",
                               f"%{name} = load {type_}, ptr %{name}.at"))]

    def small(self, length: int, inner: int) -> str:
        """Return the module for these very sizes, whose loops over them are written out."""
        lines = []
        for i in range(inner):
            for a in range(length):
                which = f"e{i}.{a}"
                total = self.first if not a else f"%sum.e{i}.{a - 1}"
                lines += [f"%{which}.k = add nuw nsw i64 %from, {a * inner + i}",
                          f"%{which}.x = getelementptr {self.element}, ptr %x, i64 %{which}.k",
                          *self.taken(which, total=total)]
        for i in range(inner):
            lines += [f"%e{i}.k = add nuw nsw i64 %at, {i}",
                      *self.given(f"e{i}", f"%sum.e{i}.{length - 1}", f"%e{i}.k")]
        return "\n".join([
            *self._opening(f"{self.word}_{self.dtype}_{length}_{inner}"), f"%begin = udiv i64 %first, {inner}",
            "%end = add nuw nsw i64 %first, %count", f"%stop = udiv i64 %end, {inner}", "br label %loop",
            "loop:", "%o = phi i64 [ %begin, %entry ], [ %o.n, %loop ]",
            f"%from = mul nuw nsw i64 %o, {length * inner}", f"%at = mul nuw nsw i64 %o, {inner}",
            *lines, "%o.n = add nuw nsw i64 %o, 1",
            "%o.more = icmp ult i64 %o.n, %stop", "br i1 %o.more, label %loop, label %done", "done:", "ret void", "}"])

    def text(self) -> str:
        """Return the module for any sizes."""
        element, total, lanes = self.element, self.total, _LANES
        starts = f"<{', '.join([f'{total} {self.first}'] * lanes)}>"
        return "\n".join([
            *self._opening(f"{self.word}_{self.dtype}"), f"%totals = alloca {total}, i64 {_TILE}, align 64",
            "%end = add nuw nsw i64 %first, %count", "%one = icmp eq i64 %inner, 1",
            f"%long = icmp sge i64 %length, {lanes}", "%rows = and i1 %one, %long",
            f"%wide = icmp sge i64 %inner, {lanes}", "br i1 %rows, label %row.next, label %other",
            "other:", "br i1 %wide, label %tile.next, label %single.next",

            "; One output after the other, of elements beside each other.",
            "row.next:", "%r = phi i64 [ %first, %entry ], [ %r.n, %row.done ]", "%r.more = icmp slt i64 %r, %end",
            "br i1 %r.more, label %row.begin, label %done",
            "row.begin:", "%r.from = mul i64 %r, %length", f"%r.x = getelementptr {element}, ptr %x, i64 %r.from",
            f"%whole = and i64 %length, {-lanes}", "br label %row.vector",
            "row.vector:", "%v = phi i64 [ 0, %row.begin ], [ %v.n, %row.vector ]",
            f"%acc.v = phi {_vector(total, lanes)} [ {starts}, %row.begin ], [ %sum.v, %row.vector ]",
            f"%v.x = getelementptr {element}, ptr %r.x, i64 %v", *self.taken("v", lanes),
            f"%v.n = add nuw nsw i64 %v, {lanes}", "%v.more = icmp slt i64 %v.n, %whole",
            "br i1 %v.more, label %row.vector, label %row.lanes",
            "row.lanes:", *self.joined("%sum.v", lanes), "br label %row.rest",
            "row.rest:", "%e = phi i64 [ %whole, %row.lanes ], [ %e.n, %row.more ]",
            f"%acc.e = phi {total} [ %lanes, %row.lanes ], [ %sum.e, %row.more ]", "%e.more = icmp slt i64 %e, %length",
            "br i1 %e.more, label %row.more, label %row.done",
            "row.more:", f"%e.x = getelementptr {element}, ptr %r.x, i64 %e", *self.taken("e"),
            "%e.n = add nuw nsw i64 %e, 1", "br label %row.rest",
            "row.done:", *self.given("r", "%acc.e", "%r"), "%r.n = add nuw nsw i64 %r, 1", "br label %row.next",

            "; One output after the other, of elements that are apart.",
            "single.next:", "%s = phi i64 [ %first, %other ], [ %s.n, %single.done ]",
            "%s.more = icmp slt i64 %s, %end",
            "br i1 %s.more, label %single.begin, label %done",
            "single.begin:", *_place("s"), f"%s.x = getelementptr {element}, ptr %x, i64 %s.from",
            "br label %single.one",
            "single.one:", "%a = phi i64 [ 0, %single.begin ], [ %a.n, %single.one ]",
            f"%acc.a = phi {total} [ {self.first}, %single.begin ], [ %sum.a, %single.one ]",
            "%a.k = mul i64 %a, %inner", f"%a.x = getelementptr {element}, ptr %s.x, i64 %a.k", *self.taken("a"),
            "%a.n = add nuw nsw i64 %a, 1", "%a.more = icmp slt i64 %a.n, %length",
            "br i1 %a.more, label %single.one, label %single.done",
            "single.done:", *self.given("s", "%sum.a", "%s"), "%s.n = add nuw nsw i64 %s, 1", "br label %single.next",

            "; Outputs beside each other at once.",
            "tile.next:", "%t = phi i64 [ %first, %other ], [ %t.n, %tile.done ]", "%t.more = icmp slt i64 %t, %end",
            "br i1 %t.more, label %tile.begin, label %done",
            "tile.begin:", *_place("t"), f"%t.x = getelementptr {element}, ptr %x, i64 %t.from",
            "%left = sub i64 %inner, %t.i", "%rest = sub i64 %end, %t", "%near = icmp slt i64 %left, %rest",
            "%least = select i1 %near, i64 %left, i64 %rest", f"%fits = icmp slt i64 %least, {_TILE}",
            f"%span = select i1 %fits, i64 %least, i64 {_TILE}", "br label %clear",
            "clear:", "%z = phi i64 [ 0, %tile.begin ], [ %z.n, %clear ]",
            f"%z.at = getelementptr {total}, ptr %totals, i64 %z", f"store {total} {self.first}, ptr %z.at",
            "%z.n = add nuw nsw i64 %z, 1", "%z.more = icmp slt i64 %z.n, %span",
            "br i1 %z.more, label %clear, label %line",
            "line:", "%b = phi i64 [ 0, %clear ], [ %b.n, %line.done ]", "%b.k = mul i64 %b, %inner",
            f"%b.x = getelementptr {element}, ptr %t.x, i64 %b.k", "br label %add",
            "add:", "%c = phi i64 [ 0, %line ], [ %c.n, %add ]", f"%c.x = getelementptr {element}, ptr %b.x, i64 %c",
            f"%c.at = getelementptr {total}, ptr %totals, i64 %c", f"%acc.c = load {total}, ptr %c.at",
            *self.taken("c"), f"store {total} %sum.c, ptr %c.at", "%c.n = add nuw nsw i64 %c, 1",
            "%c.more = icmp slt i64 %c.n, %span", "br i1 %c.more, label %add, label %line.done",
            "line.done:", "%b.n = add nuw nsw i64 %b, 1", "%b.more = icmp slt i64 %b.n, %length",
            "br i1 %b.more, label %line, label %give",
            "give:", "%g = phi i64 [ 0, %line.done ], [ %g.n, %give ]",
            f"%g.at = getelementptr {total}, ptr %totals, i64 %g", f"%g.total = load {total}, ptr %g.at",
            "%g.k = add nuw nsw i64 %t, %g", *self.given("g", "%g.total", "%g.k"), "%g.n = add nuw nsw i64 %g, 1",
            "%g.more = icmp slt i64 %g.n, %span", "br i1 %g.more, label %give, label %tile.done",
            "tile.done:", "%t.n = add nuw nsw i64 %t, %span", "br label %tile.next",
            "done:", "ret void", "}"])


def _place(which):
    """Return the lines that find where the elements of an output begin."""
    return [f"%{which}.o = udiv i64 %{which}, %inner", f"%{which}.k = mul i64 %{which}.o, %inner",
            f"%{which}.i = sub i64 %{which}, %{which}.k", f"%{which}.l = mul i64 %{which}.k, %length",
            f"%{which}.from = add i64 %{which}.l, %{which}.i"]


def _vector(type_, lanes):
    return f"<{lanes} x {type_}>" if lanes > 1 else type_


@cache
def _text(word: str, dtype: str, *sizes: int) -> str:
    writer = _Writer(word, dtype)
    return writer.small(*sizes) if sizes else writer.text()
