"""Products of matrices in float32 and in bfloat16, on processors with vectors of 64 bytes.

NumPy's OpenBLAS knows no bfloat16, and on AMD's processors vectors of 32 bytes only.  As in every fast product,
elements are packed first: a panel holds those that are multiplied together one after the other.  For bfloat16 they are
rounded then, and two of a row are one cell of 32 bits, as the instruction ``vdpbf16ps`` takes them.  A product with its
own transpose is symmetric, and only half of it is computed.

A product is two phases of a `table.Table`, which threads share: of groups of rows to pack, and of tiles to compute.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from ndarray.kernels import machine_code
from ndarray.kernels.layout import NOT_ALIGNED, POINTERS_AT, load
from ndarray.kernels.table import Table, address_of

ROWS, VECTORS = 8, 3
"""Rows, and vectors of each row, of the block of sums that stays in registers: 24 of 32."""
LANES = 16
"""Elements of a vector, and rows of a panel of the first factor."""
COLUMNS = VECTORS * LANES
"""Columns of a panel of the second factor."""
TILE = 2 * COLUMNS
"""Rows and columns of a tile: a multiple of those of both panels."""
PASS = 192
"""Cells that are added up before the next block of sums: panels of so many fit into the first cache."""
PER_BYTE = 6
"""Multiplications and additions of float32 in the time in which a loop moves a byte."""

WORTH = 1 << 18
"""Multiplications from which on a product in float32 is computed here.  NumPy's is faster for very thin matrices, but
wakes threads of OpenBLAS, which then spin for milliseconds on the cores that the next loops need."""

_ADDRESSES = ("a", "b", "out", "packed.a", "packed.b", "tiles")
GIVEN = (*_ADDRESSES, "a.row", "a.column", "b.row", "b.column", "out.row", "m", "n", "k", "cells", "groups.a",
         "symmetric")
"""Addresses; strides in elements; the product is (m, n), sums of k, in `cells` with those that are padded; groups of 16
rows of the first factor; whether tiles below the diagonal are copies.  `tiles` are first rows and first columns."""


@cache
def available(precision: str) -> bool:
    """Tell whether this processor has the instructions, and llvmlite is there to say so.

    Parameters
    ----------
    precision : {'float32', 'bfloat16'}
    """
    if not machine_code.available():
        return False
    features = machine_code.features()
    return all([features.get(name) for name in _KINDS[precision].FEATURES])


def scratch(precision: str, m: int, n: int, k: int) -> int:
    """Return the bytes that a product of shapes (m, k) and (k, n) needs while it runs."""
    return 4 * _cells(precision, k) * (_up(m, LANES) + _up(n, COLUMNS))


def bound(precision: str, a: np.ndarray, b: np.ndarray, out: np.ndarray, memory: np.ndarray) -> Callable[[], object]:
    """Return a function that computes the product of two matrices.

    Parameters
    ----------
    precision : {'float32', 'bfloat16'}
        What elements are rounded to, to nearest even; sums are in float32.
    a, b : numpy.ndarray, shapes (m, k) and (k, n), float32
        The factors, with any strides.
    out : numpy.ndarray, shape (m, n), float32
        Where the product goes; it shares no memory with the factors, and its rows are contiguous.
    memory : numpy.ndarray of bytes
        As many as `scratch` says, from a line of the cache on.
    """
    (m, k), n = a.shape, b.shape[1]
    if not m * n * k:
        return partial(out.fill, 0)
    cells = _cells(precision, k)
    symmetric = m == n and address_of(a) == address_of(b) and a.strides == b.strides[::-1]
    corners = [(i, j) for i in range(0, m, TILE) for j in range(0, n, TILE) if j >= i or not symmetric]
    tiles = np.array(corners, np.int64)
    split = 4 * cells * _up(m, LANES)
    addresses = [address_of(x) for x in (a, b, out, memory, memory[split:], tiles)]
    strides = [stride // 4 for stride in (*a.strides, *b.strides, out.strides[0])]
    groups = [_up(m, LANES) // LANES, _up(n, COLUMNS) // LANES]
    words = np.array([*addresses, *strides, m, n, k, cells, groups[0], symmetric], np.int64)
    held = words, a, b, out, memory, tiles
    work = 2 * m * n * cells // PER_BYTE // (2 if symmetric else 1)
    return Table([[ProductJob("pack", sum(groups), 8 * k * (m + n), precision, held)],
                  [ProductJob("tile", len(tiles), work, precision, held)]])


class ProductJob(NamedTuple):
    """A phase of a product, as a job of a table.

    Attributes
    ----------
    entry : str
        The kernel's name.
    n : int
        Number of groups or tiles.
    bytes : int
        Bytes that a loop moves in the time that it takes.
    kernel : str
        The precision, which is what kernels depend on.
    held : tuple of numpy.ndarray
        The words of `GIVEN`, and the arrays that they point to.
    """

    entry: str
    n: int
    bytes: int
    kernel: str
    held: tuple[np.ndarray, ...]

    unit = 1
    shift = NOT_ALIGNED

    @property
    def units(self) -> int:
        """Number of units."""
        return self.n

    def text(self) -> str:
        """Return the kernels as LLVM text."""
        return text(self.kernel)

    def pointers(self) -> list[int]:
        """Return the row from `POINTERS_AT` on."""
        return [address_of(self.held[0])]


def _up(n: int, step: int) -> int:
    return -(-n // step) * step


def _cells(precision: str, k: int) -> int:
    return _up(-(-k // _KINDS[precision].PER_CELL), LANES)


# The text

_NONE = "<16 x i1> zeroinitializer"


def text(precision: str) -> str:
    """Return the LLVM text of the kernels ``@pack`` and ``@tile``, of which each does one unit."""
    kind = _KINDS[precision]
    return f"""{kind.DECLARED}
declare <16 x float> @llvm.masked.load.v16f32.p0(ptr, i32, <16 x i1>, <16 x float>)
declare void @llvm.masked.store.v16f32.p0(<16 x float>, ptr, i32, <16 x i1>)
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)
declare i64 @llvm.smin.i64(i64, i64)
{_packed(kind)}{_pack(kind)}{_block(kind)}{_mirror()}{_tile()}"""


class _Single:
    """A cell is a float32."""

    FEATURES = ("avx512f",)
    DECLARED = "declare <16 x float> @llvm.fma.v16f32(<16 x float>, <16 x float>, <16 x float>)"
    PER_CELL = 1
    CELLS = "<16 x float>"
    ONE = "float"

    @staticmethod
    def along(name: str, at: str) -> list[str]:
        """Return the lines that read 16 cells of a row at a place, as ``name.i`` of 32 bits."""
        return [f"{name}.i = load <16 x i32>, ptr {at}, align 4"]

    @staticmethod
    def across(name: str, at: str, after: str) -> list[str]:
        """Return the lines that read a cell of each of 16 rows, as ``name.i``; elements of a row are `after` apart."""
        return [f"{name}.i = load <16 x i32>, ptr {at}, align 4"]

    @staticmethod
    def rounded(name: str, value: str) -> list[str]:
        """Return the lines that make an element of a number."""
        return [f"{name} = fadd float {value}, -0.0"]

    @staticmethod
    def added(name: str, sums: str, a: str, b: str) -> str:
        """Return the line that adds products of cells."""
        return f"{name} = call <16 x float> @llvm.fma.v16f32(<16 x float> {a}, <16 x float> {b}, <16 x float> {sums})"


class _Pairs:
    """A cell is two bfloat16, the first of them in the lower half."""

    FEATURES = ("avx512f", "avx512bw", "avx512bf16")
    DECLARED = """
declare <32 x bfloat> @llvm.x86.avx512bf16.cvtne2ps2bf16.512(<16 x float>, <16 x float>)
declare <16 x float> @llvm.x86.avx512bf16.dpbf16ps.512(<16 x float>, <32 x bfloat>, <32 x bfloat>)"""
    PER_CELL = 2
    CELLS = "<32 x bfloat>"
    ONE = "i16"

    @staticmethod
    def _both(name: str, first: str, second: str) -> list[str]:
        return [f"{name}.0 = load <16 x float>, ptr {first}, align 4",
                f"{name}.1 = load <16 x float>, ptr {second}, align 4",
                _Pairs._narrow(name, f"{name}.1", f"{name}.0")]

    @staticmethod
    def _narrow(name: str, high: str, low: str) -> str:
        return (f"{name} = call <32 x bfloat> @llvm.x86.avx512bf16.cvtne2ps2bf16.512"
                f"(<16 x float> {high}, <16 x float> {low})")

    @staticmethod
    def along(name: str, at: str) -> list[str]:
        """Return the lines that read 16 cells of a row at a place, as ``name.i`` of 32 bits."""
        return [f"{name}.q = getelementptr float, ptr {at}, i64 {LANES}", *_Pairs._both(name, at, f"{name}.q"),
                f"{name}.i = bitcast <32 x bfloat> {name} to <16 x i32>"]

    @staticmethod
    def across(name: str, at: str, after: str) -> list[str]:
        """Return the lines that read a cell of each of 16 rows, as ``name.i``; elements of a row are `after` apart."""
        return [f"{name}.q = getelementptr float, ptr {at}, i64 {after}", *_Pairs._both(name, at, f"{name}.q"),
                f"{name}.h = bitcast <32 x bfloat> {name} to <32 x i16>",
                f"{name}.m = shufflevector <32 x i16> {name}.h, <32 x i16> poison, "
                + _mask([e // 2 + LANES * (e % 2) for e in range(2 * LANES)]),
                f"{name}.i = bitcast <32 x i16> {name}.m to <16 x i32>"]

    @staticmethod
    def rounded(name: str, value: str) -> list[str]:
        """Return the lines that make an element of a number."""
        return [f"{name}.v = insertelement <16 x float> zeroinitializer, float {value}, i32 0",
                _Pairs._narrow(f"{name}.r", "zeroinitializer", f"{name}.v"),
                f"{name}.h = bitcast <32 x bfloat> {name}.r to <32 x i16>",
                f"{name} = extractelement <32 x i16> {name}.h, i32 0"]

    @staticmethod
    def added(name: str, sums: str, a: str, b: str) -> str:
        """Return the line that adds products of cells."""
        return (f"{name} = call <16 x float> @llvm.x86.avx512bf16.dpbf16ps.512"
                f"(<16 x float> {sums}, <32 x bfloat> {a}, <32 x bfloat> {b})")


_KINDS: dict[str, type[_Single | _Pairs]] = {"float32": _Single, "bfloat16": _Pairs}
PRECISIONS = tuple(_KINDS)
"""What elements may be rounded to."""


def _transposed(vectors: list[str], prefix: str) -> tuple[list[str], list[str]]:
    """Return the lines that transpose 16 vectors of 32 bits, and the names of the columns."""
    lines = []
    for s in (8, 4, 2, 1):
        new = [f"%{prefix}{s}.{i}" for i in range(LANES)]
        low = [e if not e & s else LANES + (e ^ s) for e in range(LANES)]
        for i in range(LANES):
            if not i & s:
                pair = f"<16 x i32> {vectors[i]}, <16 x i32> {vectors[i ^ s]}"
                lines += [f"{new[i]} = shufflevector {pair}, {_mask(low)}",
                          f"{new[i ^ s]} = shufflevector {pair}, {_mask([e ^ s for e in low])}"]
        vectors = new
    return lines, vectors


def _mask(places: list[int]) -> str:
    return f"<{len(places)} x i32> <{', '.join([f'i32 {p}' for p in places])}>"


def _lines(lines: list[str]) -> str:
    return "".join([f"  {line}\n" for line in lines])


def _packed(kind: type[_Single | _Pairs]) -> str:
    along: list[str] = []
    for r in range(LANES):
        along += [f"%r{r}.o = mul i64 %lane, {r}", f"%r{r}.p = getelementptr float, ptr %from, i64 %r{r}.o",
                  *kind.along(f"%r{r}", f"%r{r}.p")]
    lines, columns = _transposed([f"%r{r}.i" for r in range(LANES)], "t")
    along += lines
    across: list[str] = []
    for p in range(LANES):
        along += [f"%d{p}.o = mul i64 %step, {p}", f"%d{p} = getelementptr i32, ptr %to, i64 %d{p}.o",
                  f"store <16 x i32> {columns[p]}, ptr %d{p}, align 64"]
        across += [f"%c{p}.o = mul i64 %deep, {kind.PER_CELL * p}",
                   f"%c{p}.p = getelementptr float, ptr %from, i64 %c{p}.o",
                   *kind.across(f"%c{p}", f"%c{p}.p", "%deep"),
                   f"%e{p}.o = mul i64 %step, {p}", f"%e{p} = getelementptr i32, ptr %to, i64 %e{p}.o",
                   f"store <16 x i32> %c{p}.i, ptr %e{p}, align 64"]
    return f"""
define internal void @packed(ptr %from, i64 %lane, i64 %deep, i64 %lanes, i64 %depth, ptr %to, i64 %step) nounwind {{
; Write 16 cells of 16 rows, cells of a row %step apart; beyond %lanes and %depth there are zeros.
entry:
  %wide = icmp sge i64 %lanes, {LANES}
  %long = icmp sge i64 %depth, {LANES * kind.PER_CELL}
  %whole = and i1 %wide, %long
  %beside = icmp eq i64 %deep, 1
  %is.along = and i1 %whole, %beside
  br i1 %is.along, label %along, label %other
other:
  %below = icmp eq i64 %lane, 1
  %is.across = and i1 %whole, %below
  br i1 %is.across, label %across, label %cell
along:
{_lines(along)}  ret void
across:
{_lines(across)}  ret void
cell:
  %p = phi i64 [ 0, %other ], [ %p.next, %celled ]
  %at.o = mul i64 %p, %step
  %at = getelementptr i32, ptr %to, i64 %at.o
  %d.0 = mul i64 %p, {kind.PER_CELL}
  br label %element
element:
  %e = phi i64 [ 0, %cell ], [ %e.next, %write ]
  %l = udiv i64 %e, {kind.PER_CELL}
  %d.1 = urem i64 %e, {kind.PER_CELL}
  %d = add i64 %d.0, %d.1
  %l.in = icmp slt i64 %l, %lanes
  %d.in = icmp slt i64 %d, %depth
  %in = and i1 %l.in, %d.in
  br i1 %in, label %read, label %write
read:
  %l.o = mul i64 %l, %lane
  %d.o = mul i64 %d, %deep
  %o = add i64 %l.o, %d.o
  %one = getelementptr float, ptr %from, i64 %o
  %x = load float, ptr %one, align 4
{_lines(kind.rounded("%found", "%x"))}  br label %write
write:
  %h = phi {kind.ONE} [ zeroinitializer, %element ], [ %found, %read ]
  %place = getelementptr {kind.ONE}, ptr %at, i64 %e
  store {kind.ONE} %h, ptr %place
  %e.next = add i64 %e, 1
  %e.more = icmp slt i64 %e.next, {kind.PER_CELL * LANES}
  br i1 %e.more, label %element, label %celled
celled:
  %p.next = add i64 %p, 1
  %p.more = icmp slt i64 %p.next, {LANES}
  br i1 %p.more, label %cell, label %out
out:
  ret void
}}
"""


def _block(kind: type[_Single | _Pairs]) -> str:
    before, sums, loop, after = [], [], [], []
    for v in range(VECTORS):
        before += [f"%left{v} = sub i32 %columns.i, {LANES * v}",
                   f"%left{v}.1 = insertelement <16 x i32> poison, i32 %left{v}, i32 0",
                   f"%left{v}.all = shufflevector <16 x i32> %left{v}.1, <16 x i32> poison, <16 x i32> zeroinitializer",
                   f"%in{v} = icmp slt {_mask(list(range(LANES)))}, %left{v}.all"]
        loop += [f"%b{v}.o = add i64 %b.o, {LANES * v}", f"%b{v}.p = getelementptr i32, ptr %b, i64 %b{v}.o",
                 f"%b{v} = load {kind.CELLS}, ptr %b{v}.p, align 64"]
    for r in range(ROWS):
        before += [f"%row{r} = icmp sgt i64 %rows, {r}", f"%more{r} = select i1 %first, i1 false, i1 %row{r}",
                   f"%c{r}.o = mul i64 %c.row, {r}"]
        loop += [f"%a{r}.o = add i64 %a.o, {r}", f"%a{r}.p = getelementptr i32, ptr %a, i64 %a{r}.o",
                 f"%a{r} = load i32, ptr %a{r}.p, align 4",
                 f"%a{r}.1 = insertelement <16 x i32> poison, i32 %a{r}, i32 0",
                 f"%a{r}.i = shufflevector <16 x i32> %a{r}.1, <16 x i32> poison, <16 x i32> zeroinitializer",
                 f"%a{r}.all = bitcast <16 x i32> %a{r}.i to {kind.CELLS}"]
        for v in range(VECTORS):
            x = f"{r}.{v}"
            before += [f"%c{x}.o = add i64 %c{r}.o, {LANES * v}", f"%c{x} = getelementptr float, ptr %c, i64 %c{x}.o",
                       f"%m{x} = select i1 %more{r}, <16 x i1> %in{v}, {_NONE}",
                       f"%s{x} = call <16 x float> @llvm.masked.load.v16f32.p0(ptr %c{x}, i32 4, <16 x i1> %m{x}, "
                       "<16 x float> zeroinitializer)",
                       f"call void @llvm.prefetch.p0(ptr %c{x}, i32 1, i32 3, i32 1)"]
            sums += [f"%x{x} = phi <16 x float> [ %s{x}, %entry ], [ %y{x}, %next ]"]
            loop.append(kind.added(f"%y{x}", f"%x{x}", f"%a{r}.all", f"%b{v}"))
            after += [f"%w{x} = select i1 %row{r}, <16 x i1> %in{v}, {_NONE}",
                      f"call void @llvm.masked.store.v16f32.p0(<16 x float> %y{x}, ptr %c{x}, i32 4, <16 x i1> %w{x})"]
    return f"""
define internal void @block(ptr %a, ptr %b, i64 %cells, ptr %c, i64 %c.row, i64 %rows, i64 %columns, i1 %first) {{
; Add products of %cells to {ROWS} rows of {COLUMNS} sums, or begin with them; beyond %rows and %columns there are none.
; Where they are stored is fetched now: it is needed only after the products.
entry:
  %columns.i = trunc i64 %columns to i32
{_lines(before)}  br label %next
next:
  %k = phi i64 [ 0, %entry ], [ %k.next, %next ]
{_lines(sums)}  %a.o = mul i64 %k, {LANES}
  %b.o = mul i64 %k, {COLUMNS}
{_lines(loop)}  %k.next = add nuw nsw i64 %k, 1
  %k.more = icmp slt i64 %k.next, %cells
  br i1 %k.more, label %next, label %store
store:
{_lines(after)}  ret void
}}
"""


def _mirror() -> str:
    reads: list[str] = []
    for r in range(LANES):
        reads += [f"%o{r} = mul i64 %row, {r}", f"%p{r} = getelementptr i32, ptr %from, i64 %o{r}",
                  f"%v{r} = load <16 x i32>, ptr %p{r}, align 4"]
    lines, columns = _transposed([f"%v{r}" for r in range(LANES)], "t")
    for r in range(LANES):
        lines += [f"%q{r} = getelementptr i32, ptr %to, i64 %o{r}",
                  f"store <16 x i32> {columns[r]}, ptr %q{r}, align 4"]
    return f"""
define internal void @mirror(ptr %from, ptr %to, i64 %row, i64 %rows, i64 %columns) nounwind {{
; Copy 16 rows of 16 numbers, or as many as there are, as columns.
entry:
  %m = call i64 @llvm.smin.i64(i64 %rows, i64 {LANES})
  %n = call i64 @llvm.smin.i64(i64 %columns, i64 {LANES})
  %least = call i64 @llvm.smin.i64(i64 %m, i64 %n)
  %whole = icmp eq i64 %least, {LANES}
  br i1 %whole, label %square, label %i.next
square:
{_lines(reads + lines)}  ret void
i.next:
  %i = phi i64 [ 0, %entry ], [ %i.1, %i.done ]
  %i.o = mul i64 %i, %row
  br label %j.next
j.next:
  %j = phi i64 [ 0, %i.next ], [ %j.1, %j.next ]
  %one.o = add i64 %i.o, %j
  %one = getelementptr i32, ptr %from, i64 %one.o
  %x = load i32, ptr %one, align 4
  %j.o = mul i64 %j, %row
  %place.o = add i64 %j.o, %i
  %place = getelementptr i32, ptr %to, i64 %place.o
  store i32 %x, ptr %place, align 4
  %j.1 = add i64 %j, 1
  %j.more = icmp slt i64 %j.1, %n
  br i1 %j.more, label %j.next, label %i.done
i.done:
  %i.1 = add i64 %i, 1
  %i.more = icmp slt i64 %i.1, %m
  br i1 %i.more, label %i.next, label %out
out:
  ret void
}}
"""


def _given() -> str:
    """Return the beginning of a kernel: the words of `GIVEN`."""
    return f"""(ptr %row, i64 %first, i64 %count, i64 %chunk) nounwind {{
entry:
  %given.at = getelementptr i64, ptr %row, i64 {POINTERS_AT}
  %given = load ptr, ptr %given.at
""" + _lines([load(GIVEN, name, "%given", "ptr" if name in _ADDRESSES else "i64") for name in GIVEN])


def _pack(kind: type[_Single | _Pairs]) -> str:
    return f"""
define void @pack{_given()}\
; Pack group %first: the rows of the first factor come first, then the columns of the second.
  %panel.a = mul i64 %cells, {LANES}
  %panel.b = mul i64 %cells, {COLUMNS}
  %of.a = icmp slt i64 %first, %groups.a
  br i1 %of.a, label %left, label %right
left:
  %left.row = mul i64 %first, {LANES}
  %left.lanes = sub i64 %m, %left.row
  %left.o = mul i64 %left.row, %a.row
  %left.from = getelementptr float, ptr %a, i64 %left.o
  %left.to.o = mul i64 %first, %panel.a
  %left.to = getelementptr i32, ptr %packed.a, i64 %left.to.o
  br label %pack
right:
  %right.g = sub i64 %first, %groups.a
  %right.row = mul i64 %right.g, {LANES}
  %right.lanes = sub i64 %n, %right.row
  %right.o = mul i64 %right.row, %b.column
  %right.from = getelementptr float, ptr %b, i64 %right.o
  %panel = udiv i64 %right.g, {VECTORS}
  %vector = urem i64 %right.g, {VECTORS}
  %panel.o = mul i64 %panel, %panel.b
  %vector.o = mul i64 %vector, {LANES}
  %right.to.o = add i64 %panel.o, %vector.o
  %right.to = getelementptr i32, ptr %packed.b, i64 %right.to.o
  br label %pack
pack:
  %from = phi ptr [ %left.from, %left ], [ %right.from, %right ]
  %to = phi ptr [ %left.to, %left ], [ %right.to, %right ]
  %lanes = phi i64 [ %left.lanes, %left ], [ %right.lanes, %right ]
  %lane = phi i64 [ %a.row, %left ], [ %b.column, %right ]
  %deep = phi i64 [ %a.column, %left ], [ %b.row, %right ]
  %step = phi i64 [ {LANES}, %left ], [ {COLUMNS}, %right ]
  br label %deeper
deeper:
  %d = phi i64 [ 0, %pack ], [ %d.next, %deeper ]
  %depth = sub i64 %k, %d
  %d.from.o = mul i64 %d, %deep
  %d.from = getelementptr float, ptr %from, i64 %d.from.o
  %d.cell = udiv i64 %d, {kind.PER_CELL}
  %d.to.o = mul i64 %d.cell, %step
  %d.to = getelementptr i32, ptr %to, i64 %d.to.o
  call void @packed(ptr %d.from, i64 %lane, i64 %deep, i64 %lanes, i64 %depth, ptr %d.to, i64 %step)
  %d.next = add i64 %d, {LANES * kind.PER_CELL}
  %d.more = icmp slt i64 %d.next, %k
  br i1 %d.more, label %deeper, label %packed
packed:
  ret void
}}
"""


def _tile() -> str:
    return f"""
define void @tile{_given()}\
; Compute tile %first.
  %panel.a = mul i64 %cells, {LANES}
  %panel.b = mul i64 %cells, {COLUMNS}
  %t.o = shl i64 %first, 1
  %i.at = getelementptr i64, ptr %tiles, i64 %t.o
  %i.0 = load i64, ptr %i.at
  %j.at = getelementptr i64, ptr %i.at, i64 1
  %j.0 = load i64, ptr %j.at
  %i.all = add i64 %i.0, {TILE}
  %i.end = call i64 @llvm.smin.i64(i64 %i.all, i64 %m)
  %j.all = add i64 %j.0, {TILE}
  %j.end = call i64 @llvm.smin.i64(i64 %j.all, i64 %n)
  br label %pass
pass:
  %p = phi i64 [ 0, %entry ], [ %p.next, %passed ]
  %p.left = sub i64 %cells, %p
  %p.cells = call i64 @llvm.smin.i64(i64 %p.left, i64 {PASS})
  %begins = icmp eq i64 %p, 0
  br label %columns
columns:
  %j = phi i64 [ %j.0, %pass ], [ %j.next, %column.done ]
  %j.left = sub i64 %n, %j
  %j.panel = udiv i64 %j, {COLUMNS}
  %j.panel.o = mul i64 %j.panel, %panel.b
  %j.cell.o = mul i64 %p, {COLUMNS}
  %b.o = add i64 %j.panel.o, %j.cell.o
  %b.begin = getelementptr i32, ptr %packed.b, i64 %b.o
  br label %rows
rows:
  %i = phi i64 [ %i.0, %columns ], [ %i.next, %rows ]
  %i.left = sub i64 %m, %i
  %i.panel = udiv i64 %i, {LANES}
  %i.within = urem i64 %i, {LANES}
  %i.panel.o = mul i64 %i.panel, %panel.a
  %i.cell.o = mul i64 %p, {LANES}
  %i.o = add i64 %i.panel.o, %i.cell.o
  %a.o = add i64 %i.o, %i.within
  %a.begin = getelementptr i32, ptr %packed.a, i64 %a.o
  %c.row.o = mul i64 %i, %out.row
  %c.o = add i64 %c.row.o, %j
  %c.at = getelementptr float, ptr %out, i64 %c.o
  call void @block(ptr %a.begin, ptr %b.begin, i64 %p.cells, ptr %c.at, i64 %out.row, i64 %i.left, i64 %j.left,
                   i1 %begins)
  %i.next = add i64 %i, {ROWS}
  %i.more = icmp slt i64 %i.next, %i.end
  br i1 %i.more, label %rows, label %column.done
column.done:
  %j.next = add i64 %j, {COLUMNS}
  %j.more = icmp slt i64 %j.next, %j.end
  br i1 %j.more, label %columns, label %passed
passed:
  %p.next = add i64 %p, {PASS}
  %p.more = icmp slt i64 %p.next, %cells
  br i1 %p.more, label %pass, label %computed
computed:
  %above = icmp sgt i64 %j.0, %i.0
  %mirrored = icmp ne i64 %symmetric, 0
  %copied = and i1 %above, %mirrored
  br i1 %copied, label %from.row, label %done
from.row:
  %u = phi i64 [ %i.0, %computed ], [ %u.next, %row.copied ]
  %u.o = mul i64 %u, %out.row
  %u.left = sub i64 %i.end, %u
  br label %from.column
from.column:
  %v = phi i64 [ %j.0, %from.row ], [ %v.next, %from.column ]
  %v.left = sub i64 %j.end, %v
  %upper.o = add i64 %u.o, %v
  %upper = getelementptr float, ptr %out, i64 %upper.o
  %v.o = mul i64 %v, %out.row
  %lower.o = add i64 %v.o, %u
  %lower = getelementptr float, ptr %out, i64 %lower.o
  call void @mirror(ptr %upper, ptr %lower, i64 %out.row, i64 %u.left, i64 %v.left)
  %v.next = add i64 %v, {LANES}
  %v.more = icmp slt i64 %v.next, %j.end
  br i1 %v.more, label %from.column, label %row.copied
row.copied:
  %u.next = add i64 %u, {LANES}
  %u.more = icmp slt i64 %u.next, %i.end
  br i1 %u.more, label %from.row, label %done
done:
  ret void
}}
"""
