"""The LLVM text that no loop gives: how threads share out rows, how they wait for each other, how totals are added.

The layouts of the memory that these texts share with Python are here, as the names of its words of 8 bytes in order:
of a row of a `table.Table`, of the block that controls a span of rows, and of a box of `workers.Workers`.

Each thread has a range of a span's units, the same at every step, so that it finds in its caches what it left there.
When its own range is done it takes units from the far ends of the others'.
"""

import sys

from ndarray.kernels.machine_code import PLAIN

CHUNK = 1 << 16
"""Elements that one partial sum is made of; changing it changes the last bits of sums."""
UNIT = 1 << 14
"""Elements that a thread takes at once, in loops without sums."""
LINE = 64
"""Bytes of a line of the cache."""
NOT_ALIGNED = 6
"""The `shift` of a row whose units need not begin with a line."""
SEMAPHORES = sys.platform.startswith("linux")
"""Whether this system has the semaphores that the texts call."""

ROW = ("kernel", "n", "first", "unit", "shift")
"""Kernel and number of elements, the number of the row's first unit, elements of a unit, and log2 of the bytes of an
element of the first array; pointers follow."""
POINTERS_AT = len(ROW)

CONTROL = ("rows", "stride", "begin", "end", "ranges", "down")
"""First row of the span, bytes from row to row, its units, the number of ranges, and whether they run downwards."""
RANGE = ("taken", "stolen", "low", "high", "row")
"""Units taken by anybody, and by others than the owner, the units of the range, and the row of the first one taken."""
BOX = 16
"""Words of a box, of a control block without its ranges, and of a range: two lines, which processors fetch in pairs."""

WORKERS = ("busy", "count", "looks", "seconds", "nanoseconds", "last", "often")
"""Whether somebody uses the workers, their number, the looks of a caller before it sleeps; then for `urged`."""
WORKER = ("go", "", "", "", "done", "", "", "", "job", "index", "awake", "posted", "looks")
"""Two semaphores of 4 words, the control block to work on, the worker's number, whether it would notice work at once,
whether it was given some, and its looks before it sleeps."""

OFTEN, SOON = 8, 100_000
"""So many calls within so many nanoseconds of each other wake workers for work too small to wake them once."""


def _at(layout, word, base):
    return f"getelementptr i64, ptr {base}, i64 {layout.index(word)}"


def _load(layout, word, base, type_="i64", name=None):
    """Return the lines that load a word of a layout as ``%word``, or `name`."""
    name = name or word
    return f"%{name}.at = {_at(layout, word, base)}\n  %{name} = load {type_}, ptr %{name}.at"


_UNIT = f"""
define internal ptr @unit(ptr %row, i64 %stride, i64 %c) nounwind {{
; Compute unit %c, of %row or one near it, and return the row.
entry:
  %back = sub i64 0, %stride
  br label %upwards
upwards:
  %r = phi ptr [ %row, %entry ], [ %above, %go.up ]
  {_load(ROW, "first", "%r", name="r.first")}
  %later = icmp sgt i64 %r.first, %c
  br i1 %later, label %go.up, label %downwards
go.up:
  %above = getelementptr i8, ptr %r, i64 %back
  br label %upwards
downwards:
  %here = phi ptr [ %r, %upwards ], [ %after, %downwards ]
  %after = getelementptr i8, ptr %here, i64 %stride
  {_load(ROW, "first", "%after", name="after.first")}
  %beyond = icmp sle i64 %after.first, %c
  br i1 %beyond, label %downwards, label %found
found:
  {_load(ROW, "kernel", "%here", "ptr")}
  {_load(ROW, "n", "%here")}
  {_load(ROW, "first", "%here", name="start")}
  {_load(ROW, "unit", "%here")}
  {_load(ROW, "shift", "%here")}
  %k = sub i64 %c, %start
  ; The elements before the first whole line of the first array belong to unit 0, in a call of their own.
  %array.at = getelementptr i64, ptr %here, i64 {POINTERS_AT}
  %array = load i64, ptr %array.at
  %minus = sub i64 0, %array
  %bytes = and i64 %minus, {LINE - 1}
  %odd = lshr i64 %bytes, %shift
  %fits = icmp slt i64 %odd, %n
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
  {_load(CONTROL, "rows", "%control", "ptr")}
  {_load(CONTROL, "stride", "%control")}
  {_load(CONTROL, "begin", "%control")}
  {_load(CONTROL, "end", "%control")}
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
  {_load(CONTROL, "stride", "%control")}
  {_load(CONTROL, "ranges", "%control")}
  {_load(CONTROL, "down", "%control", name="down.word")}
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
  %stolen.at = {_at(RANGE, "stolen", "%at")}
  {_load(RANGE, "low", "%at")}
  {_load(RANGE, "high", "%at")}
  {_load(RANGE, "row", "%at", "ptr", name="begin")}
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


def _awaited(semaphore, looks, before, after, asleep=""):
    """Return the end of block `before`: look at a semaphore for a while, then sleep until it is posted, go to `after`.

    `asleep` is done before sleeping.
    """
    return f"""\
  br label %spin
spin:
  %turn = phi i64 [ 0, %{before} ], [ %turn1, %again ]
  %missed = call i32 @sem_trywait(ptr {semaphore})
  %there = icmp eq i32 %missed, 0
  br i1 %there, label %{after}, label %again
again:
  %turn1 = add i64 %turn, 1
  %patient = icmp slt i64 %turn1, {looks}
  br i1 %patient, label %spin, label %tired
tired:
  {asleep}
  br label %wait
wait:
  %failed = call i32 @sem_wait(ptr {semaphore})
  %woken = icmp eq i32 %failed, 0
  br i1 %woken, label %{after}, label %wait
"""


_BOX_OF_NEXT = f"""\
  %k1 = add i64 %k, 1
  %more = icmp slt i64 %k, %count
  br i1 %more, label %one, label %all
one:
  %offset = mul i64 %k1, {BOX}
  %box = getelementptr i64, ptr %workers, i64 %offset"""
"""The head of a loop over workers, whose numbers begin with 1: a box for each, and the exit to ``%all``."""

_TOGETHER = f"""
declare i32 @sem_post(ptr)
declare i32 @sem_wait(ptr)
declare i32 @sem_trywait(ptr)
declare i32 @sched_yield()
declare i32 @clock_gettime(i32, ptr)

define void @look(ptr %semaphore, i64 %n) nounwind {{
; Look at a semaphore that nobody posts, to measure what it costs.
entry:
  br label %next
next:
  %k = phi i64 [ 0, %entry ], [ %k1, %next ]
  %missed = call i32 @sem_trywait(ptr %semaphore)
  %k1 = add i64 %k, 1
  %more = icmp slt i64 %k1, %n
  br i1 %more, label %next, label %done
done:
  ret void
}}

define void @serve(ptr %box) nounwind {{
entry:
  %done = {_at(WORKER, "done", "%box")}
  %awake = {_at(WORKER, "awake", "%box")}
  %job.at = {_at(WORKER, "job", "%box")}
  {_load(WORKER, "index", "%box")}
  {_load(WORKER, "looks", "%box")}
  br label %ready
ready:
  store atomic i64 1, ptr %awake monotonic, align 8
{_awaited("%box", "%looks", "ready", "work", "store atomic i64 0, ptr %awake monotonic, align 8")}work:
  %job = load ptr, ptr %job.at
  %over = icmp eq ptr %job, null
  br i1 %over, label %leave, label %run
run:
  call void @share(ptr %job, i64 %index)
  %posted = call i32 @sem_post(ptr %done)
  br label %ready
leave:
  ret void
}}

define i64 @wake(ptr %workers, i64 %count, ptr %job, i1 %everybody) nounwind {{
; Give a job to the workers that are awake, or to all; return to how many.
entry:
  br label %next
next:
  %k = phi i64 [ 0, %entry ], [ %k1, %over ]
  %given = phi i64 [ 0, %entry ], [ %given1, %over ]
{_BOX_OF_NEXT}
  %awake.at = {_at(WORKER, "awake", "%box")}
  %awake.word = load atomic i64, ptr %awake.at monotonic, align 8
  %awake = icmp ne i64 %awake.word, 0
  %wanted = or i1 %awake, %everybody
  %wanted.word = zext i1 %wanted to i64
  %posted.at = {_at(WORKER, "posted", "%box")}
  store i64 %wanted.word, ptr %posted.at
  br i1 %wanted, label %post, label %over
post:
  %job.at = {_at(WORKER, "job", "%box")}
  store ptr %job, ptr %job.at
  %result = call i32 @sem_post(ptr %box)
  br label %over
over:
  %given1 = add i64 %given, %wanted.word
  br label %next
all:
  ret i64 %given
}}

define void @gather(ptr %workers, i64 %count) nounwind {{
; Wait for the workers that were given a job.
entry:
  {_load(WORKERS, "looks", "%workers")}
  br label %next
next:
  %k = phi i64 [ 0, %entry ], [ %k1, %one ], [ %k1, %back ]
{_BOX_OF_NEXT}
  {_load(WORKER, "posted", "%box")}
  %working = icmp ne i64 %posted, 0
  br i1 %working, label %look, label %next
look:
  %done = {_at(WORKER, "done", "%box")}
{_awaited("%done", "%looks", "look", "back")}back:
  br label %next
all:
  ret void
}}

define i1 @urged(ptr %workers) nounwind {{
; Tell whether calls that could use a sleeping worker have come in quick succession.
entry:
  %clock = {_at(WORKERS, "seconds", "%workers")}
  %failed = call i32 @clock_gettime(i32 1, ptr %clock)
  {_load(WORKERS, "seconds", "%workers")}
  {_load(WORKERS, "nanoseconds", "%workers")}
  %whole = mul i64 %seconds, 1000000000
  %now = add i64 %whole, %nanoseconds
  {_load(WORKERS, "last", "%workers")}
  store i64 %now, ptr %last.at
  %gap = sub i64 %now, %last
  %soon = icmp slt i64 %gap, {SOON}
  {_load(WORKERS, "often", "%workers")}
  %one.more = add i64 %often, 1
  %times = select i1 %soon, i64 %one.more, i64 0
  %enough = icmp sge i64 %times, {OFTEN}
  %kept = select i1 %enough, i64 0, i64 %times
  store i64 %kept, ptr %often.at
  ret i1 %enough
}}

define void @lead(ptr %workers, ptr %steps, i64 %n) nounwind {{
; Run spans one after the other: %steps are pairs of a level (see `table`) and a control block.
entry:
  %was = atomicrmw xchg ptr %workers, i64 1 acquire
  %free = icmp eq i64 %was, 0
  {_load(WORKERS, "count", "%workers")}
  %some.one = icmp sgt i64 %count, 0
  %help = and i1 %free, %some.one
  br label %next
next:
  %k = phi i64 [ 0, %entry ], [ %k1, %done ]
  %k1 = add i64 %k, 1
  %more = icmp slt i64 %k, %n
  br i1 %more, label %one, label %all
one:
  %at = mul i64 %k, 2
  %level.at = getelementptr i64, ptr %steps, i64 %at
  %level = load i64, ptr %level.at
  %control.at = getelementptr i64, ptr %level.at, i64 1
  %control = load ptr, ptr %control.at
  %divisible = icmp ne i64 %level, 0
  %shared = and i1 %divisible, %help
  br i1 %shared, label %prepare, label %single
single:
  call void @alone(ptr %control)
  br label %done
prepare:
  {_load(CONTROL, "ranges", "%control")}
  br label %clear
clear:
  %r = phi i64 [ 0, %prepare ], [ %r1, %clear ]
  %r1 = add i64 %r, 1
  %words = mul i64 %r1, {BOX}
  %range = getelementptr i64, ptr %control, i64 %words
  store i64 0, ptr %range
  %stolen = {_at(RANGE, "stolen", "%range")}
  store i64 0, ptr %stolen
  %uncleared = icmp slt i64 %r1, %ranges
  br i1 %uncleared, label %clear, label %call
call:
  %worth = icmp eq i64 %level, 2
  %given = call i64 @wake(ptr %workers, i64 %count, ptr %control, i1 %worth)
  %joined = icmp sgt i64 %given, 0
  br i1 %joined, label %together, label %ask
ask:
  %urgent = call i1 @urged(ptr %workers)
  br i1 %urgent, label %rouse, label %single
rouse:
  %roused = call i64 @wake(ptr %workers, i64 %count, ptr %control, i1 true)
  br label %together
together:
  call void @share(ptr %control, i64 0)
  call void @gather(ptr %workers, i64 %count)
  br label %done
done:
  br label %next
all:
  br i1 %free, label %release, label %leave
release:
  store atomic i64 0, ptr %workers release, align 8
  br label %leave
leave:
  ret void
}}

define void @dismiss(ptr %workers) nounwind {{
; Let the workers end, once nobody uses them.
entry:
  {_load(WORKERS, "count", "%workers")}
  br label %try
try:
  %was = atomicrmw xchg ptr %workers, i64 1 acquire
  %free = icmp eq i64 %was, 0
  br i1 %free, label %go, label %yield
yield:
  %yielded = call i32 @sched_yield()
  br label %try
go:
  %given = call i64 @wake(ptr %workers, i64 %count, ptr null, i1 true)
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


DRIVER = PLAIN + _UNIT + _ALONE + _SEQUENCE + _SHARE + (_TOGETHER if SEMAPHORES else "")
"""``alone(control)`` runs a span, ``share(control, me)`` a thread's part, ``lead(workers, steps, n)`` many spans."""
TOTALS = PLAIN + _total("float32", "float") + _total("float64", "double")
"""The kernels of `table.TotalJob`."""
