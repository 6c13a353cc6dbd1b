"""Threads that wait within machine code: waking them, sharing a step's phases and gathering them is one call.

A step that is one call cannot be interrupted half done, and never takes the interpreter's lock on the way.  It needs
the semaphores of POSIX as Linux has them; elsewhere the pool of `threads` does the same from Python.
"""

import ctypes
import threading

import numpy as np

from ndarray.fork import after_fork
from ndarray.kernels.driver import BOX
from ndarray.kernels.machine_code import Code
from ndarray.kernels.threads import pool


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
        memory = np.zeros(BOX * threads, np.int64)
        memory[1] = threads - 1
        self.address = memory.__array_interface__["data"][0]
        prepare = ctypes.CDLL(None).sem_init
        serve = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(code.address("serve"))

        def work(box):
            serve(box)
            # The memory and the code that a worker waits in must outlive it.
            memory, code

        for k in range(1, threads):
            box = self.address + 8 * BOX * k
            for semaphore in (box, box + 32):
                prepare(ctypes.c_void_p(semaphore), 0, 0)
            threading.Thread(target=work, args=(box,), name="symbolic", daemon=True).start()
        self._memory = memory

    def dismiss(self) -> None:
        """Let the threads end once none is at work."""
        ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self._code.address("dismiss"))(self.address)


_workers = None
_lock = threading.Lock()


def workers_of(code: Code) -> Workers:
    """Return the workers of this process, as many as the pool has."""
    found = _workers
    return found if found is not None and found.threads == pool.threads else _hired(code)


def _hired(code):
    global _workers
    with _lock:
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
