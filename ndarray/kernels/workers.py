"""Threads that wait within machine code: to wake them, share out a step's phases and gather them is one call.

A step that is one call cannot be interrupted half done, and hands the interpreter's lock to nobody on the way.  It
takes the semaphores of POSIX as Linux has them; elsewhere the pool of `threads` does the same from Python.
"""

import ctypes
import os
import sys
import threading

import numpy as np

from ndarray.kernels.threads import pool

AVAILABLE = sys.platform.startswith("linux")
"""Whether this system has the semaphores that the machine code calls."""

BOX = 16
"""Words of 8 bytes of a helper's box: semaphores `go` and `done` of 4 words each, then the job; a crew begins with
one such box, of which the first word says whether it is at work and the second how many helpers it has."""

_SPINS = 2000
"""How often the caller looks whether a helper is done before it sleeps."""
_LINGERS = 100_000
"""How often a helper looks for the next job before it sleeps: what soon follows a step, even from Python with cold
caches, need not wake it.  It costs a processor some 50 µs after a step; steps of 10⁶ elements are 8 to 12 % faster."""


def _awaited(semaphore, spins, before, after):
    """Return the end of block `before`: look for a semaphore some times, then sleep until it comes; go to `after`."""
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


TEXT = f"""
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

define void @wake(ptr %crew, i64 %helpers, ptr %job) nounwind {{
entry:
  br label %next
next:
  %k = phi i64 [ 0, %entry ], [ %k1, %one ]
  %k1 = add i64 %k, 1
  %more = icmp slt i64 %k, %helpers
  br i1 %more, label %one, label %all
one:
  %offset = mul i64 %k1, {BOX}
  %box = getelementptr i64, ptr %crew, i64 %offset
  %job.at = getelementptr i64, ptr %box, i64 8
  store ptr %job, ptr %job.at
  %posted = call i32 @sem_post(ptr %box)
  br label %next
all:
  ret void
}}

define void @gather(ptr %crew, i64 %helpers) nounwind {{
entry:
  br label %next
next:
  %k = phi i64 [ 0, %entry ], [ %k1, %back ]
  %k1 = add i64 %k, 1
  %more = icmp slt i64 %k, %helpers
  br i1 %more, label %one, label %all
one:
  %offset = mul i64 %k1, {BOX}
  %box = getelementptr i64, ptr %crew, i64 %offset
  %done = getelementptr i64, ptr %box, i64 4
{_awaited("%done", _SPINS, "one", "back")}back:
  br label %next
all:
  ret void
}}

define void @lead(ptr %crew, ptr %steps, i64 %n) nounwind {{
entry:
  %was = atomicrmw xchg ptr %crew, i64 1 acquire
  %mine = icmp eq i64 %was, 0
  %helpers.at = getelementptr i64, ptr %crew, i64 1
  %helpers = load i64, ptr %helpers.at
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
  %together = and i1 %worth, %mine
  br i1 %together, label %crowd, label %single
single:
  call void @alone(ptr %control)
  br label %done
crowd:
  %begin.at = getelementptr i64, ptr %control, i64 2
  %begin = load i64, ptr %begin.at
  %counter = getelementptr i64, ptr %control, i64 16
  store i64 %begin, ptr %counter
  call void @wake(ptr %crew, i64 %helpers, ptr %control)
  call void @share(ptr %control)
  call void @gather(ptr %crew, i64 %helpers)
  br label %done
done:
  br label %next
all:
  br i1 %mine, label %release, label %leave
release:
  store atomic i64 0, ptr %crew release, align 8
  br label %leave
leave:
  ret void
}}

define void @dismiss(ptr %crew) nounwind {{
entry:
  %helpers.at = getelementptr i64, ptr %crew, i64 1
  %helpers = load i64, ptr %helpers.at
  br label %try
try:
  %was = atomicrmw xchg ptr %crew, i64 1 acquire
  %mine = icmp eq i64 %was, 0
  br i1 %mine, label %go, label %yield
yield:
  %yielded = call i32 @sched_yield()
  br label %try
go:
  call void @wake(ptr %crew, i64 %helpers, ptr null)
  ret void
}}
"""


class Crew:
    """Helpers parked in machine code.

    Parameters
    ----------
    threads : int
        How many work at once, the caller included.
    code : Code
        Of `TEXT`.
    """

    def __init__(self, threads, code):
        self.threads, self._code = threads, code
        memory = np.zeros(BOX * threads, np.int64)
        memory[1] = threads - 1
        self.address = memory.__array_interface__["data"][0]
        prepare = ctypes.CDLL(None).sem_init
        serve = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(code.address("serve"))

        def work(box):
            serve(box)
            # What the helper waits in must outlive it.
            memory, code

        for k in range(1, threads):
            box = self.address + 8 * BOX * k
            for semaphore in (box, box + 32):
                prepare(ctypes.c_void_p(semaphore), 0, 0)
            threading.Thread(target=work, args=(box,), name="symbolic", daemon=True).start()
        self._memory = memory

    def dismiss(self):
        """Let the helpers go once nobody is at work."""
        ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self._code.address("dismiss"))(self.address)


_crew = None
_lock = threading.Lock()


def crew_of(code):
    """Return the crew of this process, with as many threads as the pool has."""
    found = _crew
    return found if found is not None and found.threads == pool.threads else _gathered(code)


def _gathered(code):
    global _crew
    with _lock:
        if _crew is None or _crew.threads != pool.threads:
            former, _crew = _crew, Crew(pool.threads, code)
            if former is not None:
                former.dismiss()
        return _crew


def _after_fork():
    # The child has none of the threads, and the lock may be held by one of them.
    global _crew, _lock
    _crew, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
