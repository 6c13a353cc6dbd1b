"""bfloat16 in loops, as LLVM text: the upper half of a float32, read and rounded with integers.

LLVM's own conversion calls a function where the processor has none.  A loop in which all arrays are bfloat16 computes
two elements at once, the halves of a 32-bit number: nothing has to be packed and unpacked.

A NaN in such a loop has only zeros in its lower half, since it came from a bfloat16 or from an operation; of a NaN that
is read before the loop only the sign is kept.  It therefore stays a NaN when it is rounded like any number.  The loop
counts NaN, and where there were some, what it has stored is read again, and each NaN becomes the quiet one of its sign.
"""

from collections.abc import Sequence

from ndarray.kernels.loop import Loop

_ROUNDING = ("cast", "round_stochastic")


def in_pairs(loop: Loop) -> bool:
    """Tell whether a loop computes two elements at once."""
    return (not loop.sums and not loop.repeated and set(loop.arrays) == {"bfloat16"}
            and all([loop.steps[value].word in _ROUNDING and loop.varying[value] for _, value in loop.stores]))


def float_of(name: str, value: str) -> list[str]:
    """Return the lines that widen bfloat16 to a float."""
    return [f"{name}.w = zext i16 {value} to i32", f"{name}.s = shl i32 {name}.w, 16",
            f"{name} = bitcast i32 {name}.s to float"]


def nearest(name: str, value: str) -> list[str]:
    """Return the lines of ``name.r``, whose upper half is a float rounded to nearest even."""
    return [f"{name}.b = bitcast float {value} to i32", f"{name}.h = and i32 {name}.b, {1 << 16}",
            f"{name}.k = icmp eq i32 {name}.h, 0", f"{name}.o = select i1 {name}.k, i32 32767, i32 32768",
            f"{name}.r = add i32 {name}.b, {name}.o"]


def upper(name: str, value: str) -> list[str]:
    """Return the lines that take the upper half of ``name.r``, for a NaN the quiet one of its sign."""
    return [f"{name}.g = and i32 {name}.b, {-1 << 31}", f"{name}.q = or i32 {name}.g, {0x7FC0 << 16}",
            f"{name}.u = fcmp uno float {value}, 0.0",
            f"{name}.c = select i1 {name}.u, i32 {name}.q, i32 {name}.r",
            f"{name}.t = lshr i32 {name}.c, 16", f"{name} = trunc i32 {name}.t to i16"]


def upper_unmended(name: str) -> list[str]:
    """Return the lines that take the upper half of ``name.r``, also of a NaN."""
    return [f"{name}.t = lshr i32 {name}.r, 16", f"{name} = trunc i32 {name}.t to i16"]


def load_pair(name: str, pointer: str, alone: str) -> list[str]:
    """Return the lines that read two elements, ``name.0`` and ``name.1``."""
    return [f"{name}.two = load i32, ptr {pointer}, align 2{alone}", f"{name}.0 = trunc i32 {name}.two to i16",
            f"{name}.up = lshr i32 {name}.two, 16", f"{name}.1 = trunc i32 {name}.up to i16"]


def store_pair(name: str, low: str, high: str, pointer: str, alone: str) -> list[str]:
    """Return the lines that store two elements."""
    return [f"{name}.0 = zext i16 {low} to i32", f"{name}.up = zext i16 {high} to i32",
            f"{name}.1 = shl i32 {name}.up, 16", f"{name}.two = or i32 {name}.0, {name}.1",
            f"store i32 {name}.two, ptr {pointer}, align 2{alone}"]


def count_nan(values: Sequence[str]) -> list[str]:
    """Return the lines that add 1 to ``%nan``, as ``%nan.n``, where some value is a NaN; a comparison sees two."""
    lines, some = [], ""
    for k in range(0, len(values), 2):
        lines.append(f"%nan.{k} = fcmp uno float {values[k]}, {values[min(k + 1, len(values) - 1)]}")
        if some:
            lines.append(f"%nan.{k}.o = or i1 {some}, %nan.{k}")
        some = f"%nan.{k}.o" if some else f"%nan.{k}"
    return [*lines, f"%nan.z = zext i1 {some} to i32", "%nan.n = add i32 %nan, %nan.z"]


def mended(arrays: Sequence[int]) -> list[str]:
    """Return the lines after a loop of pairs: they mend NaN in `arrays`, and go on to the element that is left over."""
    lines = ["%none = icmp eq i32 %nan.r, 0", "br i1 %none, label %mended, label %mend",
             "mend:", "%m = phi i64 [ %first, %done ], [ %m.next, %mend ]"]
    for i in arrays:
        name = f"%m{i}"
        lines += [f"{name}.p = getelementptr i16, ptr %a{i}, i64 %m", f"{name} = load i16, ptr {name}.p, align 2",
                  f"{name}.a = and i16 {name}, 32767", f"{name}.u = icmp ugt i16 {name}.a, {0x7F80}",
                  f"{name}.g = and i16 {name}, {-1 << 15}", f"{name}.q = or i16 {name}.g, {0x7FC0}",
                  f"{name}.c = select i1 {name}.u, i16 {name}.q, i16 {name}",
                  f"store i16 {name}.c, ptr {name}.p, align 2"]
    return [*lines, "%m.next = add nuw nsw i64 %m, 1", "%m.more = icmp ult i64 %m.next, %end",
            "br i1 %m.more, label %mend, label %mended",
            "mended:", "%left = srem i64 %count, 2", "%odd = icmp eq i64 %left, 1",
            "br i1 %odd, label %one, label %out", "one:", "%i.last = add nuw nsw i64 %end, 0"]
