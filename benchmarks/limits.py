"""The streaming limit: the least loop with the same reads and writes, over one run of memory, through llvmlite.

It does just enough arithmetic that every number is read and every result depends on it.  Nothing of `ndarray.kernels`
runs here but the compiler, and threads that take large parts in turn.
"""

import ctypes

import numpy as np

from ndarray.kernels.compile import code
from ndarray.kernels.threads import Pool, default_threads

WORTH_THREADS = 400_000
"""From how many elements on two threads are faster than one; the limit is the better of the two."""
LARGEST_PART = 1 << 18
"""Elements that a thread takes at once."""

_LOOPS = {
    "signsgd": ("ab", "%w1 = fsub float %a.v, %b.v", {"a": "%w1"}),
    "momentum": ("abc", "%m1 = fsub float %c.v, %b.v\n  %w1 = fadd float %a.v, %m1", {"a": "%w1", "c": "%m1"}),
    "adam": ("abcd", "%m1 = fadd float %c.v, %b.v\n  %v1 = fadd float %d.v, %b.v\n  %x = fmul float %m1, %v1\n"
                     "  %w1 = fsub float %a.v, %x", {"a": "%w1", "c": "%m1", "d": "%v1"}),
}


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
"""


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
"""


def limit(workload):
    """Return a function that moves what a step of the workload must move."""
    n = workload.elements
    roles = {"momentum": 3, "lars": 3, "signsgd": 2, "adam": 4}[workload.kind]
    # Pages that nobody has written are one page of zeros, which costs nothing to read.
    arrays = [np.full(n, 1e-3, np.float32) for _ in range(roles)]
    kind = "momentum" if workload.kind == "lars" else workload.kind
    update = _split(code(_text(kind)), arrays, n)
    if workload.kind != "lars":
        return update
    sums = _split(code(_SUMS), [*arrays[:2], np.zeros(2, np.float32)], n)

    def both():
        sums()
        update()

    return both


def _split(compiled, arrays, n):
    """Return a function that runs a loop on parts of the arrays, or on the whole where threads do not pay."""
    pointers = [a.ctypes.data for a in arrays]
    function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(pointers), ctypes.c_int64, ctypes.c_int64)(
        compiled.address("run"))
    function.keep = compiled, arrays
    if n < WORTH_THREADS:
        return lambda: function(*pointers, 0, n)
    pool = Pool(default_threads())
    part = min(LARGEST_PART, -(-n // default_threads()))

    def run():
        starts = iter(range(0, n, part))

        def job():
            for start in starts:
                function(*pointers, start, min(start + part, n))

        pool.run(job)

    return run
