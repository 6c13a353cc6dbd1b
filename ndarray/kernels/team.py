"""Threads of OpenMP that another library has in this process: a table runs on them in place of `workers`.

A library such as torch keeps its threads awake for some time after each of its loops, on the cores that our own threads
would need.  On its threads nobody has to be woken, and no two threads want one core.
"""

from __future__ import annotations

import ctypes
import os
import threading
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ndarray.fork import after_fork
from ndarray.kernels import machine_code
from ndarray.kernels.crew import EACH_SPAN, cleared
from ndarray.kernels.layout import at, load
from ndarray.kernels.machine_code import PLAIN
from ndarray.kernels.memory import aligned
from ndarray.kernels.stamp import StampedTable
from ndarray.kernels.table import WAKING, address_of
from ndarray.kernels.threads import pool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ndarray.kernels.schedule import Schedule
    from ndarray.kernels.stamp import Kind

TEAM = ("share", "alone", "parallel", "number", "threads", "control")
"""Words that machine code reads: functions of the driver and of OpenMP, how many threads, and the span to share."""

_TEXT = PLAIN + f"""
define void @member(ptr %team) nounwind {{
; What each thread of the team does.
entry:
  {load(TEAM, "number", "%team", "ptr")}
  {load(TEAM, "share", "%team", "ptr")}
  {load(TEAM, "control", "%team", "ptr")}
  %me.word = call i32 %number()
  %me = sext i32 %me.word to i64
  call void %share(ptr %control, i64 %me)
  ret void
}}

define void @lead(ptr %team, ptr %steps, i64 %n) nounwind {{
; Run spans one after the other: %steps are pairs of a level (see `table`) and a control block.
entry:
  {load(TEAM, "alone", "%team", "ptr")}
  {load(TEAM, "parallel", "%team", "ptr")}
  {load(TEAM, "threads", "%team", "i32")}
{EACH_SPAN}  %worth = icmp eq i64 %level, {WAKING}
  br i1 %worth, label %prepare, label %single
single:
  call void %alone(ptr %control)
  br label %done
{cleared("together")}together:
  %shared.at = {at(TEAM, "control", "%team")}
  store ptr %control, ptr %shared.at
  call void %parallel(ptr @member, ptr %team, i32 %threads, i32 0)
  br label %done
done:
  br label %next
all:
  ret void
}}
"""

_forked = False


class Team(NamedTuple):
    """Threads of a library that is loaded already.

    Attributes
    ----------
    library : str
        Path of the shared library that has OpenMP's functions, with the names that GNU gives them.
    size : callable
        Without arguments; returns how many threads its loops have at that moment.
    """

    library: str
    size: Callable[[], int]


class TeamTable(StampedTable):
    """A stamped table whose large phases run on a team of OpenMP, on `workers` where there is none.

    Parameters
    ----------
    kinds : sequence of Kind
    schedules : sequence of Schedule, optional
        As of `StampedTable`.
    team : Team, optional
    """

    def __init__(self, kinds: Sequence[Kind], schedules: Sequence[Schedule] | None = None, *,
                 team: Team | None = None):
        self._team = team
        super().__init__(kinds, schedules)

    def _led(self, steps):
        own = super()._led(steps)
        functions = _functions(self._team.library) if self._team and WAKING in steps[:, 0] else None
        if functions is None:
            return own
        code, threads = machine_code.code(_TEXT), pool.threads
        words = aligned(8 * len(TEAM)).view(np.int64)
        words[:] = self._code.address("share"), self._code.address("alone"), *functions, threads, 0
        lead = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3)(code.address("lead"))
        lead.code = code
        self._keep.append(words)
        return partial(_run, own, partial(lead, address_of(words), address_of(steps), len(steps)), self._team.size,
                       threads)


def _run(own, lead, size, threads):
    # A team belongs to the thread that leads it, which is the main thread here, and does not outlive a fork.  For
    # another number of threads OpenMP would end it and start others.
    if _forked or threading.get_ident() != _MAIN or not size() == threads == pool.threads:
        own()
    else:
        lead()


@cache
def _functions(library):
    """Return the addresses of the functions that run a team, None where they are not in this process."""
    try:
        loaded = ctypes.CDLL(library, os.RTLD_NOLOAD)
        return [ctypes.cast(loaded[name], ctypes.c_void_p).value for name in ("GOMP_parallel", "omp_get_thread_num")]
    except (OSError, AttributeError):
        return None


_MAIN = threading.main_thread().ident


def _after_fork():
    global _forked
    _forked = True


after_fork(_after_fork)
