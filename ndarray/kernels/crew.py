"""The LLVM text with which threads take turns: how they are woken, wait for each other and share many spans."""

from ndarray.kernels.layout import BOX, CONTROL, OFTEN, RANGE, SOON, WORKER, WORKERS, at, load


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

EACH_SPAN = """\
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
"""
"""The head of a loop over ``%steps``, pairs of a level (see `table`) and a control block, and the exit to ``%all``."""


def cleared(after):
    """Return block ``prepare``, which marks the ranges of ``%control`` as not taken and goes on to `after`."""
    return f"""\
prepare:
  {load(CONTROL, "ranges", "%control")}
  br label %clear
clear:
  %r = phi i64 [ 0, %prepare ], [ %r1, %clear ]
  %r1 = add i64 %r, 1
  %words = mul i64 %r1, {BOX}
  %range = getelementptr i64, ptr %control, i64 %words
  store i64 0, ptr %range
  %stolen = {at(RANGE, "stolen", "%range")}
  store i64 0, ptr %stolen
  %uncleared = icmp slt i64 %r1, %ranges
  br i1 %uncleared, label %clear, label %{after}
"""


CREW = f"""
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
  %done = {at(WORKER, "done", "%box")}
  %awake = {at(WORKER, "awake", "%box")}
  %job.at = {at(WORKER, "job", "%box")}
  {load(WORKER, "index", "%box")}
  {load(WORKER, "looks", "%box")}
  br label %ready
ready:
  store atomic i64 1, ptr %awake monotonic, align 8
{_awaited("%box", "%looks", "ready", "work", "store atomic i64 0, ptr %awake monotonic, align 8")}work:
  ; The caller takes back what it finds not begun when nothing is left to do.
  %offer = {at(WORKER, "offered", "%box")}
  %mine = atomicrmw xchg ptr %offer, i64 0 acquire
  %late = icmp eq i64 %mine, 0
  br i1 %late, label %ready, label %begin
begin:
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
  %awake.at = {at(WORKER, "awake", "%box")}
  %awake.word = load atomic i64, ptr %awake.at monotonic, align 8
  %awake = icmp ne i64 %awake.word, 0
  %needed = or i1 %awake, %everybody
  %needed.word = zext i1 %needed to i64
  %posted.at = {at(WORKER, "posted", "%box")}
  store i64 %needed.word, ptr %posted.at
  br i1 %needed, label %post, label %over
post:
  %job.at = {at(WORKER, "job", "%box")}
  store ptr %job, ptr %job.at
  %offer = {at(WORKER, "offered", "%box")}
  store atomic i64 1, ptr %offer release, align 8
  %result = call i32 @sem_post(ptr %box)
  br label %over
over:
  %given1 = add i64 %given, %needed.word
  br label %next
all:
  ret i64 %given
}}

define void @gather(ptr %workers, i64 %count) nounwind {{
; Wait for the workers that have begun the job they were given; the others need not begin it: all of it is taken.
entry:
  {load(WORKERS, "looks", "%workers")}
  br label %next
next:
  %k = phi i64 [ 0, %entry ], [ %k1, %one ], [ %k1, %recall ], [ %k1, %back ]
{_BOX_OF_NEXT}
  {load(WORKER, "posted", "%box")}
  %working = icmp ne i64 %posted, 0
  br i1 %working, label %recall, label %next
recall:
  %offer = {at(WORKER, "offered", "%box")}
  %recalled = atomicrmw xchg ptr %offer, i64 0 acquire
  %begun = icmp eq i64 %recalled, 0
  br i1 %begun, label %look, label %next
look:
  %done = {at(WORKER, "done", "%box")}
{_awaited("%done", "%looks", "look", "back")}back:
  br label %next
all:
  ret void
}}

define i1 @urged(ptr %workers) nounwind {{
; Tell whether calls that could use a sleeping worker have come in quick succession.
entry:
  %clock = {at(WORKERS, "seconds", "%workers")}
  %failed = call i32 @clock_gettime(i32 1, ptr %clock)
  {load(WORKERS, "seconds", "%workers")}
  {load(WORKERS, "nanoseconds", "%workers")}
  %whole = mul i64 %seconds, 1000000000
  %now = add i64 %whole, %nanoseconds
  {load(WORKERS, "last", "%workers")}
  store i64 %now, ptr %last.at
  %gap = sub i64 %now, %last
  %soon = icmp slt i64 %gap, {SOON}
  {load(WORKERS, "often", "%workers")}
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
  {load(WORKERS, "count", "%workers")}
  %some.one = icmp sgt i64 %count, 0
  %help = and i1 %free, %some.one
{EACH_SPAN}  %divisible = icmp ne i64 %level, 0
  %shared = and i1 %divisible, %help
  br i1 %shared, label %prepare, label %single
single:
  call void @alone(ptr %control)
  br label %done
{cleared("call")}call:
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
  {load(WORKERS, "count", "%workers")}
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
