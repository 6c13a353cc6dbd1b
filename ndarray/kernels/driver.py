"""The LLVM text that no loop gives: how threads share out rows, how they wait for each other, how totals are added.

The first words of a table's row, the layout of a span's control block and that of a worker's box are fixed here, for
the texts and for the Python that fills them (`table`, `workers`).
"""

import sys

from ndarray.kernels.llvm import POINTERS_AT
from ndarray.kernels.machine_code import PLAIN

CHUNK = 1 << 16
"""Elements that a thread takes at once; sums have one partial result for each."""
COUNTER = 16
"""The word of a control block that counts the chunks taken."""
SEMAPHORES = sys.platform.startswith("linux")
"""Whether this system has the semaphores that the texts call."""
BOX = 16
"""Words of 8 bytes of a worker's box: semaphores `go` and `done` of 4 words each, then the job.  The memory of all
begins with one such box, of which the first word says whether they are at work and the second how many there are."""

_SPINS = 2000
"""How often the caller looks whether a worker is done before it sleeps."""
_LINGERS = 100_000
"""How often a worker looks for the next job before it sleeps: what soon follows a step, even from Python with cold
caches, need not wake it.  It costs a processor some 50 µs after a step; steps of 10⁶ elements are 8 to 12 % faster."""


def _awaited(semaphore, spins, before, after):
    """Return the end of block `before`: look at a semaphore for a while, then sleep until it is posted, go to `after`."""
    return f"""\
  br label %spin
spin:
  %turn = phi i64 [ 0, %{before} ], [ %turn1, %again ]
  %missed = call i32 @sem_trywait(ptr {semaphore})
  %there = icmp eq i32 %missed, 0
  br i1 %there, label %{after}, label %again
again:
  %turn1 = add i64 %turn, 1
  %patient = icmp slt i64 %turn1, {spins}
  br i1 %patient, label %spin, label %wait
wait:
  %failed = call i32 @sem_wait(ptr {semaphore})
  %woken = icmp eq i32 %failed, 0
  br i1 %woken, label %{after}, label %wait
"""


_WORKERS = f"""
declare i32 @sem_post(ptr)
declare i32 @sem_wait(ptr)
declare i32 @sem_trywait(ptr)
declare i32 @sched_yield()

define void @serve(ptr %box) nounwind {{
entry:
  %done = getelementptr i64, ptr %box, i64 4
  %job.at = getelementptr i64, ptr %box, i64 8
  br label %ready
ready:
{_awaited("%box", _LINGERS, "ready", "work")}work:
  %job = load ptr, ptr %job.at
  %over = icmp eq ptr %job, null
  br i1 %over, label %leave, label %run
run:
  call void @share(ptr %job)
  %posted = call i32 @sem_post(ptr %done)
  br label %ready
leave:
  ret void
}}

define void @wake(ptr %workers, i64 %count, ptr %job) nounwind {{
entry:
  br label %next
next:
  %k = phi i64 [ 0, %entry ], [ %k1, %one ]
  %k1 = add i64 %k, 1
  %more = icmp slt i64 %k, %count
  br i1 %more, label %one, label %all
one:
  %offset = mul i64 %k1, {BOX}
  %box = getelementptr i64, ptr %workers, i64 %offset
  %job.at = getelementptr i64, ptr %box, i64 8
  store ptr %job, ptr %job.at
  %posted = call i32 @sem_post(ptr %box)
  br label %next
all:
  ret void
}}

define void @gather(ptr %workers, i64 %count) nounwind {{
entry:
  br label %next
next:
  %k = phi i64 [ 0, %entry ], [ %k1, %back ]
  %k1 = add i64 %k, 1
  %more = icmp slt i64 %k, %count
  br i1 %more, label %one, label %all
one:
  %offset = mul i64 %k1, {BOX}
  %box = getelementptr i64, ptr %workers, i64 %offset
  %done = getelementptr i64, ptr %box, i64 4
{_awaited("%done", _SPINS, "one", "back")}back:
  br label %next
all:
  ret void
}}

define void @lead(ptr %workers, ptr %steps, i64 %n) nounwind {{
entry:
  %was = atomicrmw xchg ptr %workers, i64 1 acquire
  %mine = icmp eq i64 %was, 0
  %count.at = getelementptr i64, ptr %workers, i64 1
  %count = load i64, ptr %count.at
  br label %next
next:
  %k = phi i64 [ 0, %entry ], [ %k1, %done ]
  %k1 = add i64 %k, 1
  %more = icmp slt i64 %k, %n
  br i1 %more, label %one, label %all
one:
  %at = mul i64 %k, 2
  %large.at = getelementptr i64, ptr %steps, i64 %at
  %large = load i64, ptr %large.at
  %control.at = getelementptr i64, ptr %large.at, i64 1
  %control = load ptr, ptr %control.at
  %worth = icmp ne i64 %large, 0
  %shared = and i1 %worth, %mine
  br i1 %shared, label %together, label %single
single:
  call void @alone(ptr %control)
  br label %done
together:
  %begin.at = getelementptr i64, ptr %control, i64 2
  %begin = load i64, ptr %begin.at
  %counter = getelementptr i64, ptr %control, i64 16
  store i64 %begin, ptr %counter
  call void @wake(ptr %workers, i64 %count, ptr %control)
  call void @share(ptr %control)
  call void @gather(ptr %workers, i64 %count)
  br label %done
done:
  br label %next
all:
  br i1 %mine, label %release, label %leave
release:
  store atomic i64 0, ptr %workers release, align 8
  br label %leave
leave:
  ret void
}}

define void @dismiss(ptr %workers) nounwind {{
entry:
  %count.at = getelementptr i64, ptr %workers, i64 1
  %count = load i64, ptr %count.at
  br label %try
try:
  %was = atomicrmw xchg ptr %workers, i64 1 acquire
  %mine = icmp eq i64 %was, 0
  br i1 %mine, label %go, label %yield
yield:
  %yielded = call i32 @sched_yield()
  br label %try
go:
  call void @wake(ptr %workers, i64 %count, ptr null)
  ret void
}}
"""


_CLAIM = {"share": "%c = atomicrmw add ptr %counter, i64 1 monotonic", "alone": "%c = phi i64 [ %begin, %entry ], "
          "[ %following, %found ]"}


def _driver(name):
    """Return the function that takes chunks: ``void name(ptr control)``."""
    atomic = name == "share"
    return f"""
define void @{name}(ptr %control) nounwind {{
entry:
  %rows = load ptr, ptr %control
  %stride.at = getelementptr i64, ptr %control, i64 1
  %stride = load i64, ptr %stride.at
  %begin.at = getelementptr i64, ptr %control, i64 2
  %begin = load i64, ptr %begin.at
  %end.at = getelementptr i64, ptr %control, i64 3
  %end = load i64, ptr %end.at
  %counter = getelementptr i64, ptr %control, i64 {COUNTER}
  br label %claim
claim:
  %row = phi ptr [ %rows, %entry ], [ %here, %found ]
  {"" if atomic else _CLAIM[name]}
  {_CLAIM[name] if atomic else ""}
  %go = icmp slt i64 %c, %end
  br i1 %go, label %search, label %done
search:
  %here = phi ptr [ %row, %claim ], [ %after, %search ]
  %after = getelementptr i8, ptr %here, i64 %stride
  %after.first.at = getelementptr i64, ptr %after, i64 2
  %after.first = load i64, ptr %after.first.at
  %beyond = icmp sle i64 %after.first, %c
  br i1 %beyond, label %search, label %found
found:
  %kernel = load ptr, ptr %here
  %n.at = getelementptr i64, ptr %here, i64 1
  %n = load i64, ptr %n.at
  %here.first.at = getelementptr i64, ptr %here, i64 2
  %here.first = load i64, ptr %here.first.at
  %chunk = sub i64 %c, %here.first
  %first = mul i64 %chunk, {CHUNK}
  %rest = sub i64 %n, %first
  %short = icmp slt i64 %rest, {CHUNK}
  %count = select i1 %short, i64 %rest, i64 {CHUNK}
  call void %kernel(ptr %here, i64 %first, i64 %count, i64 %chunk)
  %following = add i64 %c, 1
  br label %claim
done:
  ret void
}}
"""


def _totals(dtype, type_):
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


DRIVER = PLAIN + _driver("share") + _driver("alone") + (_WORKERS if SEMAPHORES else "")
"""``alone(control)`` runs a span, ``share(control)`` a thread's part of it, ``lead(workers, steps, n)`` all spans."""
TOTALS = PLAIN + _totals("float32", "float") + _totals("float64", "double")
"""The kernels of `table.TotalJob`."""
