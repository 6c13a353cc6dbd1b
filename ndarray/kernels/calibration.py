"""What is measured once on each machine: whether loops should ask for memory ahead of their reads.

That is worth a sixth on some processors and costs a quarter on others.  Until it has been measured, the choice depends
on the processor's name.  The first large table of a process starts a measurement in the background; its result is kept
in one small file among the object files, and counts for the kernels made from then on.  It changes no bit of a result.
"""

import ctypes
import json
import os
import platform
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import NamedTuple

import numpy as np

from ndarray.fork import after_fork
from ndarray.kernels import machine_code
from ndarray.kernels.layout import NOT_ALIGNED, POINTERS_AT, UNIT
from ndarray.kernels.llvm import text_of
from ndarray.kernels.loop import Loop, Step

VARIABLE = "SYMBOLIC_FETCH"
"""The environment variable that forces the choice: ``none`` or ``fetch``."""
WORTH_CALIBRATING = 64 << 20
"""Bytes that a table moves from which on it starts a measurement."""
VERSION = 1

_PIECE = 8 * UNIT
_SECONDS = 0.1
_PAIRS = 40
_BETTER = 0.97
"""The choice by name is left if the other takes less than this part of its time, and nearly always less."""


class Calibration(NamedTuple):
    """Whether loops fetch ahead.

    Attributes
    ----------
    several, one : bool
        Of loops over several arrays, and of loops over one.
    origin : str
        ``forced`` by the environment, ``measured``, or by the ``name`` of the processor.
    ratios : tuple of float
        Time without the fetch in multiples of that with it, in the order of the two fields; empty where not measured.
    """

    several: bool
    one: bool
    origin: str
    ratios: tuple[float, ...] = ()

    def __str__(self):
        choice = "; ".join(f"loops over {arrays} {'fetch ahead' if fetches else 'do not fetch ahead'}"
                           + (f" ({ratio:.2f} x without)" if ratio else "")
                           for arrays, fetches, ratio in zip(("several arrays", "one array"), self[:2],
                                                             self.ratios or (0, 0)))
        return f"{choice}; " + ("by the processor's name" if self.origin == "name" else self.origin)


def calibration() -> Calibration:
    """Return what new kernels follow."""
    forced = os.environ.get(VARIABLE)
    if forced in ("none", "fetch"):
        return Calibration(forced == "fetch", forced == "fetch", "forced")
    return _measured or _by_name()


def fetches(loop: Loop) -> bool:
    """Return whether a loop should fetch ahead."""
    found = calibration()
    return found.several if len(loop.arrays) > 1 else found.one


@cache
def _by_name():
    # Zen fills the queue of its cache with such requests, before which the loop's own reads then wait.
    return Calibration(not machine_code.processor().startswith("znver"), True, "name")


_measured: Calibration | None = None
_lock = threading.Lock()
_started = False


def prepare(bytes_: int) -> None:
    """Take over a measurement that is on disk; where there is none, let a large table start one in the background."""
    global _measured, _started
    if _started or VARIABLE in os.environ:
        return
    if _measured is None:
        _measured = _read()
    if _measured is not None or bytes_ >= WORTH_CALIBRATING and machine_code.folder() is not None:
        _started = True
        if _measured is None:
            # Without a thread for it, nothing is measured.
            with suppress(RuntimeError):
                threading.Thread(target=calibrate, name="symbolic calibration", daemon=True).start()


def calibrate() -> Calibration:
    """Measure, keep the result on disk, and return it."""
    global _measured
    with _lock:
        before, choices, ratios = _by_name(), [], []
        for loop, now in ((_MOMENTUM, before.several), (_NORM, before.one)):
            found = _ratios(loop)
            lower, median, upper = quantiles(found if now else [1 / r for r in found], n=4)
            choices.append(now != (median < _BETTER and upper < 1))
            ratios.append(round(quantiles(found, n=4)[1], 3))
        _measured = Calibration(*choices, "measured", tuple(ratios))
        machine_code.keep(_file(), json.dumps(_measured._asdict()).encode())
        return _measured


def _file() -> Path | None:
    return machine_code.file_of(f"calibration {VERSION}", ".json")


def _read():
    data = machine_code.kept(_file())
    try:
        found = json.loads(data) if data else None
        return found and Calibration(bool(found["several"]), bool(found["one"]), "measured", tuple(found["ratios"]))
    except (ValueError, KeyError, TypeError):
        return None


def _ratios(loop):
    """Return times without the fetch in multiples of those with it, of pieces of memory that no cache holds."""
    n = memory_size() // 4 // len(loop.arrays)
    arrays = [np.full(n, 0.5, np.float32) for _ in loop.arrays]
    outs = [np.zeros(1) for _ in loop.sums]
    pointers = [a.ctypes.data for a in (*arrays, *outs)]
    row = np.array([0, n, 0, UNIT, NOT_ALIGNED, *pointers][:POINTERS_AT + len(pointers)], np.int64)
    kernels = [_kernel(loop, fetch) for fetch in (False, True)]
    found, at, start = [], 0, perf_counter()
    while len(found) < _PAIRS or perf_counter() - start < _SECONDS:
        times = [0.0, 0.0]
        for which in ((0, 1) if len(found) % 2 else (1, 0)):
            before = perf_counter()
            kernels[which](row.ctypes.data, at, _PIECE, 0)
            times[which] = perf_counter() - before
            at = (at + _PIECE) % (n - _PIECE) // UNIT * UNIT
        found.append(times[0] / times[1])
    return found


def _kernel(loop: Loop, fetch: bool) -> Callable[[int, int, int, int], None]:
    code = machine_code.code(text_of(loop, fetch))
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, *[ctypes.c_int64] * 3)(code.address("kernel"))
    function.code = code
    return function


def memory_size() -> int:
    """Return how many bytes are measured over: twice the last cache, as far as the system tells its size."""
    return min(max(2 * last_cache(), 64 << 20), 256 << 20)


@cache
def last_cache() -> int:
    """Return the bytes of the last cache, 0 where the system does not tell."""
    sizes = []
    for file in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        try:
            text = file.read_text().strip()
            sizes.append(int(text.rstrip("KM")) << {"K": 10, "M": 20}.get(text[-1:], 0))
        except (OSError, ValueError):
            continue
    return max(sizes, default=0)


def processor_name() -> str:
    """Return the processor's name as the system reports it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def _loads(n):
    return [Step("load", (), "float32", k) for k in range(n)]


_MOMENTUM = Loop((*_loads(3), Step("constant", (), "float32", 0.875), Step("multiply", (3, 2), "float32"),
                  Step("subtract", (4, 1), "float32"), Step("add", (0, 5), "float32")),
                 ("float32",) * 3, (), ((0, 6), (2, 5)))
_NORM = Loop(tuple(_loads(1)), ("float32",), (), (), (("sum_sq", 0),))


def _after_fork():
    # The thread that measures, if there is one, is not in the child.
    global _lock
    _lock = threading.Lock()


after_fork(_after_fork)
