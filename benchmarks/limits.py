"""The streaming limit: the least loop with the same reads and writes, over arrays of the same shapes, through llvmlite.

It does just enough arithmetic that every number is read and every result depends on it.  It is run by one thread, by
threads of Python and by those of the engine; the limit is the fastest.
"""

import ctypes
from functools import partial
from typing import NamedTuple

import numpy as np

from benchmarks.workloads import ROLES
from ndarray.kernels.layout import CHUNK, NOT_ALIGNED, POINTERS_AT
from ndarray.kernels.machine_code import code
from ndarray.kernels.table import Table
from ndarray.kernels.threads import Pool, default_threads

LARGEST_PART = 1 << 18
"""Elements that a thread takes at once."""

_LOOPS = {
    "signsgd": ("ab", "%w1 = fsub float %a.v, %b.v", {"a": "%w1"}),
    "momentum": ("abc", "%m1 = fsub float %c.v, %b.v\n  %w1 = fadd float %a.v, %m1", {"a": "%w1", "c": "%m1"}),
    "adam": ("abcd", "%m1 = fadd float %c.v, %b.v\n  %v1 = fadd float %d.v, %b.v\n  %x = fmul float %m1, %v1\n"
                     "  %w1 = fsub float %a.v, %x", {"a": "%w1", "c": "%m1", "d": "%v1"}),
}


def _row(names):
    """Return the same loop as a row of the engine's work table calls it."""
    pointers = "\n".join(f"  %{n}.at = getelementptr i64, ptr %row, i64 {POINTERS_AT + i}\n"
                         f"  %{n} = load ptr, ptr %{n}.at" for i, n in enumerate(names))
    return f"""
define void @row(ptr %row, i64 %first, i64 %count, i64 %chunk) nounwind {{
{pointers}
  %end = add i64 %first, %count
  call void @run({', '.join(f'ptr %{n}' for n in names)}, i64 %first, i64 %end)
  ret void
}}
"""


def _text(kind):
    names, body, stores = _LOOPS[kind]
    pointers = "\n".join(f"  %{n}.p = getelementptr float, ptr %{n}, i64 %i\n  %{n}.v = load float, ptr %{n}.p"
                         for n in names)
    written = "\n".join(f"  store float {value}, ptr %{n}.p" for n, value in stores.items())
    return f"""
define void @run({', '.join(f'ptr noalias %{n}' for n in names)}, i64 %first, i64 %end) nounwind {{
entry:
  br label %loop
loop:
  %i = phi i64 [ %first, %entry ], [ %next, %loop ]
{pointers}
  {body}
{written}
  %next = add nuw nsw i64 %i, 1
  %more = icmp ult i64 %next, %end
  br i1 %more, label %loop, label %done
done:
  ret void
}}
""" + _row(names)


_SUMS = """
define void @run(ptr noalias %a, ptr noalias %b, ptr noalias %out, i64 %first, i64 %end) nounwind {
entry:
  br label %loop
loop:
  %i = phi i64 [ %first, %entry ], [ %next, %loop ]
  %s = phi float [ 0.0, %entry ], [ %s1, %loop ]
  %t = phi float [ 0.0, %entry ], [ %t1, %loop ]
  %a.p = getelementptr float, ptr %a, i64 %i
  %a.v = load float, ptr %a.p
  %b.p = getelementptr float, ptr %b, i64 %i
  %b.v = load float, ptr %b.p
  %a.q = fmul reassoc contract nsz float %a.v, %a.v
  %b.q = fmul reassoc contract nsz float %b.v, %b.v
  %s1 = fadd reassoc contract nsz float %s, %a.q
  %t1 = fadd reassoc contract nsz float %t, %b.q
  %next = add nuw nsw i64 %i, 1
  %more = icmp ult i64 %next, %end
  br i1 %more, label %loop, label %done
done:
  %o = fadd float %s1, %t1
  store float %o, ptr %out
  ret void
}
""" + _row(("a", "b", "out"))


def limits(workload):
    """Return functions that move what a step of the workload must move, by who shares it out.

    The limit is the fastest of them.  Its arrays are made as those of the workload are, so that they are equally
    aligned and in pages of the same size: both follow from how many bytes NumPy is asked for at once.
    """
    tensors = [[np.full(shape, 1e-3, np.float32) for _ in ROLES[workload.kind]] for shape in workload.shapes]
    loops = [(_text("momentum" if workload.kind == "lars" else workload.kind), tensors)]
    if workload.kind == "lars":
        loops.insert(0, (_SUMS, [[*arrays[:2], np.zeros(1, np.float32)] for arrays in tensors]))
    # Calls of a function for each of many small tensors would be most of the time.
    alone = _alone if len(tensors) == 1 else partial(_tabled, moved=0)
    ways: dict = {"one thread": alone} if workload.elements <= MOST_ALONE else {}
    if workload.elements >= LEAST_SHARED:
        ways |= {"threads of Python": _pooled, "threads of the engine": _tabled}
    return {f"limit, {name}": _chain([way(*loop) for loop in loops]) for name, way in ways.items()}


MOST_ALONE, LEAST_SHARED = 3_000_000, 100_000


def _chain(steps):
    def run():
        for step in steps:
            step()

    return steps[0] if len(steps) == 1 else run


def _functions(text, tensors):
    """Return the loop and the pointers of each tensor, with its number of elements."""
    compiled = code(text)
    # Pages that nobody has written are one page of zeros, which costs nothing to read: `limits` has filled them.
    pointers = [([ctypes.c_void_p(a.ctypes.data) for a in arrays], arrays[0].size) for arrays in tensors]
    function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(tensors[0]), ctypes.c_int64, ctypes.c_int64)(
        compiled.address("run"))
    function.keep = compiled, tensors
    return function, pointers


def _alone(text, tensors):
    function, ((pointers, n),) = _functions(text, tensors)
    return partial(function, *pointers, ctypes.c_int64(0), ctypes.c_int64(n))


def _pooled(text, tensors):
    function, pointers = _functions(text, tensors)
    pool = Pool(default_threads())
    part = min(LARGEST_PART, -(-sum(n for _, n in pointers) // default_threads()))
    parts = [(*at, start, min(start + part, n)) for at, n in pointers for start in range(0, n, part)]

    def run():
        left = iter(parts)

        def job():
            for one in left:
                function(*one)

        pool.run(job)

    return run


def _tabled(text, tensors, moved=1 << 40):
    return Table([[_Row(text, tuple(arrays), arrays[0].size, moved) for arrays in tensors]])


class _Row(NamedTuple):
    """The loop over a tensor as a job of the engine's table, as `ndarray.kernels.table.Job` is one."""

    module: str
    arrays: tuple
    n: int
    bytes: int
    """By which the engine decides whether threads share it."""

    entry = "row"
    kernel = property(lambda self: self.module)
    unit, shift = CHUNK, NOT_ALIGNED
    units = property(lambda self: -(-self.n // self.unit))

    def text(self):
        """Return the module."""
        return self.module

    def pointers(self):
        """Return the row from its first pointer on."""
        return [a.ctypes.data for a in self.arrays]
