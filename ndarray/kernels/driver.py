"""The LLVM text that no loop gives: how rows are computed, how threads share them out, how totals are added.

Each thread has a range of a span's units, the same at every step, so that it finds in its caches what it left there.
When its own range is done it takes units from the far ends of the others'.
"""

from ndarray.kernels.crew import CREW
from ndarray.kernels.layout import (
    AHEAD,
    BOX,
    CONTROL,
    LINE,
    LINES,
    POINTERS_AT,
    RANGE,
    ROW,
    SEMAPHORES,
    SHORT,
    at,
    load,
)
from ndarray.kernels.machine_code import PLAIN


def _fetched():
    """Return the lines that fetch where the row ``%after`` points."""
    text = []
    for k in range(AHEAD):
        text.append(f"  %next{k}.at = getelementptr i64, ptr %after, i64 {POINTERS_AT + k}")
        text.append(f"  %next{k} = load ptr, ptr %next{k}.at")
        for line in range(LINES):
            text.append(f"  %next{k}.{line} = getelementptr i8, ptr %next{k}, i64 {LINE * line}")
            text.append(f"  call void @llvm.prefetch.p0(ptr %next{k}.{line}, i32 0, i32 3, i32 1)")
    return "\n".join(text)


_UNIT = f"""
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)

define internal ptr @unit(ptr %row, i64 %stride, i64 %c) nounwind {{
; Compute unit %c, of %row or one near it, and return the row.
entry:
  %back = sub i64 0, %stride
  br label %upwards
upwards:
  %r = phi ptr [ %row, %entry ], [ %above, %go.up ]
  {load(ROW, "first", "%r", name="r.first")}
  %later = icmp sgt i64 %r.first, %c
  br i1 %later, label %go.up, label %downwards
go.up:
  %above = getelementptr i8, ptr %r, i64 %back
  br label %upwards
downwards:
  %here = phi ptr [ %r, %upwards ], [ %after, %downwards ]
  %after = getelementptr i8, ptr %here, i64 %stride
  {load(ROW, "first", "%after", name="after.first")}
  %beyond = icmp sle i64 %after.first, %c
  br i1 %beyond, label %downwards, label %found
found:
{_fetched()}
  {load(ROW, "kernel", "%here", "ptr")}
  {load(ROW, "n", "%here")}
  {load(ROW, "first", "%here", name="start")}
  {load(ROW, "unit", "%here")}
  {load(ROW, "shift", "%here")}
  %k = sub i64 %c, %start
  ; The elements before the first whole line of the first array belong to unit 0, in a call of their own; in short
  ; rows they are computed with the rest.
  %array.at = getelementptr i64, ptr %here, i64 {POINTERS_AT}
  %array = load i64, ptr %array.at
  %minus = sub i64 0, %array
  %bytes = and i64 %minus, {LINE - 1}
  %odd = lshr i64 %bytes, %shift
  %fits = icmp sge i64 %n, {SHORT}
  %head = select i1 %fits, i64 %odd, i64 0
  %is.first = icmp eq i64 %k, 0
  %has.head = icmp ne i64 %head, 0
  %apart = and i1 %is.first, %has.head
  br i1 %apart, label %odd.ones, label %whole
odd.ones:
  call void %kernel(ptr %here, i64 0, i64 %head, i64 0)
  br label %whole
whole:
  %from = mul i64 %k, %unit
  %first = add i64 %from, %head
  %rest = sub i64 %n, %first
  %short = icmp slt i64 %rest, %unit
  %count = select i1 %short, i64 %rest, i64 %unit
  ; Rows that are switched off may point nowhere, and kernels read single numbers before their loop.
  %some = icmp sgt i64 %count, 0
  br i1 %some, label %loop, label %done
loop:
  call void %kernel(ptr %here, i64 %first, i64 %count, i64 %k)
  br label %done
done:
  ret ptr %here
}}
"""

_ALONE = f"""
define void @alone(ptr %control) nounwind {{
entry:
  {load(CONTROL, "rows", "%control", "ptr")}
  {load(CONTROL, "stride", "%control")}
  {load(CONTROL, "begin", "%control")}
  {load(CONTROL, "end", "%control")}
  br label %next
next:
  %row = phi ptr [ %rows, %entry ], [ %here, %one ]
  %c = phi i64 [ %begin, %entry ], [ %c1, %one ]
  %go = icmp slt i64 %c, %end
  br i1 %go, label %one, label %done
one:
  %here = call ptr @unit(ptr %row, i64 %stride, i64 %c)
  %c1 = add i64 %c, 1
  br label %next
done:
  ret void
}}
"""

_SEQUENCE = f"""
define void @sequence(ptr %row, i64 %first, i64 %count, i64 %k) nounwind {{
; The kernel of a row whose only pointer is a control block: run that span.
entry:
  %control.at = getelementptr i64, ptr %row, i64 {POINTERS_AT}
  %control = load ptr, ptr %control.at
  call void @alone(ptr %control)
  ret void
}}
"""

_SHARE = f"""
define void @share(ptr %control, i64 %me) nounwind {{
entry:
  {load(CONTROL, "stride", "%control")}
  {load(CONTROL, "ranges", "%control")}
  {load(CONTROL, "down", "%control", name="down.word")}
  %down = icmp ne i64 %down.word, 0
  %has.range = icmp slt i64 %me, %ranges
  br label %next
next:
  %k = phi i64 [ 0, %entry ], [ %k1, %over ]
  %more = icmp slt i64 %k, %ranges
  br i1 %more, label %range, label %done
range:
  %turn = add i64 %me, %k
  %which = urem i64 %turn, %ranges
  %words = mul i64 %which, {BOX}
  %offset = add i64 %words, {BOX}
  %at = getelementptr i64, ptr %control, i64 %offset
  %stolen.at = {at(RANGE, "stolen", "%at")}
  {load(RANGE, "low", "%at")}
  {load(RANGE, "high", "%at")}
  {load(RANGE, "row", "%at", "ptr", name="begin")}
  %size = sub i64 %high, %low
  %last = sub i64 %high, 1
  %at.home = icmp eq i64 %k, 0
  %own = and i1 %at.home, %has.range
  %upwards = xor i1 %own, %down
  br label %claim
claim:
  %row = phi ptr [ %begin, %range ], [ %here, %go ]
  %mine = phi i64 [ 0, %range ], [ %mine1, %go ]
  %taken = atomicrmw add ptr %at, i64 1 monotonic
  %some = icmp slt i64 %taken, %size
  br i1 %some, label %take, label %over
take:
  br i1 %own, label %go, label %steal
steal:
  %theft = atomicrmw add ptr %stolen.at, i64 1 monotonic
  br label %go
go:
  ; The owner goes one way, the others together come the other.
  %nth = phi i64 [ %mine, %take ], [ %theft, %steal ]
  %from.low = add i64 %low, %nth
  %from.high = sub i64 %last, %nth
  %c = select i1 %upwards, i64 %from.low, i64 %from.high
  %here = call ptr @unit(ptr %row, i64 %stride, i64 %c)
  %mine1 = add i64 %mine, 1
  br label %claim
over:
  %k1 = add i64 %k, 1
  br label %next
done:
  ret void
}}
"""


def _total(dtype, type_):
    """Return the kernel that adds up partial sums, in order."""
    rounded = "" if type_ == "double" else f"%out.v = fptrunc double %sum.r to {type_}"
    return f"""
define void @total_{dtype}(ptr %row, i64 %first, i64 %count, i64 %chunk) nounwind {{
entry:
  %x.at = getelementptr i64, ptr %row, i64 {POINTERS_AT}
  %x = load ptr, ptr %x.at
  %n.at = getelementptr i64, ptr %row, i64 {POINTERS_AT + 1}
  %n = load i64, ptr %n.at
  %out.at = getelementptr i64, ptr %row, i64 {POINTERS_AT + 2}
  %out = load ptr, ptr %out.at
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %add ]
  %sum.r = phi double [ 0.0, %entry ], [ %sum, %add ]
  %more = icmp slt i64 %i, %n
  br i1 %more, label %add, label %done
add:
  %p = getelementptr double, ptr %x, i64 %i
  %v = load double, ptr %p
  %sum = fadd double %sum.r, %v
  %next = add i64 %i, 1
  br label %loop
done:
  {rounded}
  store {type_} {"%out.v" if rounded else "%sum.r"}, ptr %out
  ret void
}}
"""


DRIVER = PLAIN + _UNIT + _ALONE + _SEQUENCE + _SHARE + (CREW if SEMAPHORES else "")
"""``alone(control)`` runs a span, ``share(control, me)`` a thread's part, ``lead(workers, steps, n)`` many spans."""
TOTALS = PLAIN + _total("float32", "float") + _total("float64", "double")
"""The kernels of `table.TotalJob`."""
