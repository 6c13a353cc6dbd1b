"""Threads that wait within machine code: waking them, sharing a step's phases and gathering them is one call.

A step that is one call cannot be interrupted half done, and never takes the interpreter's lock on the way.  It needs
the semaphores of POSIX as Linux has them; elsewhere the pool of `threads` does the same from Python.
"""

import ctypes
import threading
from time import perf_counter_ns

import numpy as np

from ndarray.fork import after_fork
from ndarray.kernels.layout import BOX, WORKER, WORKERS
from ndarray.kernels.machine_code import Code
from ndarray.kernels.memory import aligned
from ndarray.kernels.signals import deferred
from ndarray.kernels.threads import pool

PATIENCE = 200_000
"""Nanoseconds that a caller looks whether a worker is done before it sleeps: waking from sleep takes as long."""
LINGER = 500_000
"""Nanoseconds that a worker looks for the next job before it sleeps: what soon follows a step need not wake it."""
_LOOKS = 10_000
_PAIR = 128
"""Bytes of two lines of the cache, which processors fetch in pairs."""


class Workers:
    """Threads parked in machine code.

    Parameters
    ----------
    threads : int
        Number of threads at work at once, the caller included.
    code : Code
        Of `driver.DRIVER`.
    """

    def __init__(self, threads: int, code: Code):
        self.threads, self._code = threads, code
        memory = aligned(8 * BOX * threads, _PAIR).view(np.int64)
        memory[:] = 0
        self.address = memory.__array_interface__["data"][0]
        boxes = memory.reshape(threads, BOX)
        prepare = ctypes.CDLL(None).sem_init
        serve = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(code.address("serve"))
        semaphores = [(8 * (BOX * k + WORKER.index(word))) for k in range(1, threads) for word in ("go", "done")]
        for at in semaphores:
            prepare(ctypes.c_void_p(self.address + at), 0, 0)
        boxes[0, WORKERS.index("count")] = threads - 1
        if threads > 1:
            look = _nanoseconds_of_a_look(code, self.address + semaphores[0])
            boxes[0, WORKERS.index("looks")] = PATIENCE / look
            boxes[1:, WORKER.index("looks")] = LINGER / look
            boxes[1:, WORKER.index("index")] = np.arange(1, threads)

        def work(box):
            serve(box)
            _ = memory, code  # which a worker waits in: they must outlive it

        self._memory = memory
        for k in range(1, threads):
            box = self.address + 8 * BOX * k
            try:
                threading.Thread(target=work, args=(box,), name="symbolic", daemon=True).start()
            except RuntimeError:
                # The system gives no more threads: those that there are do the work.
                boxes[0, WORKERS.index("count")] = k - 1
                break

    def dismiss(self) -> None:
        """Let the threads end once none is at work."""
        ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self._code.address("dismiss"))(self.address)


def _nanoseconds_of_a_look(code, semaphore):
    look = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(code.address("look"))
    start = perf_counter_ns()
    look(semaphore, _LOOKS)
    return max(1.0, (perf_counter_ns() - start) / _LOOKS)


_workers = None
_lock = threading.Lock()


def workers_of(code: Code) -> Workers:
    """Return the workers of this process, as many as the pool has."""
    found = _workers
    return found if found is not None and found.threads == pool.threads else _hired(code)


def _hired(code):
    global _workers
    with deferred(), _lock:
        if _workers is None or _workers.threads != pool.threads:
            former, _workers = _workers, Workers(pool.threads, code)
            if former is not None:
                former.dismiss()
        return _workers


def _after_fork():
    # The child has none of the threads, and the lock may be held by one of them.
    global _workers, _lock
    _workers, _lock = None, threading.Lock()


after_fork(_after_fork)
