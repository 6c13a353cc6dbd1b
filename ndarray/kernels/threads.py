"""One pool of threads: parked until there is work, and the caller works too."""

import os
import threading
from collections.abc import Callable

from ndarray.errors import ParamError, shown
from ndarray.fork import after_fork
from ndarray.kernels.signals import deferred


def default_threads() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Helper:
    """A parked thread: `go` wakes it, `done` signals that it is parked again."""

    __slots__ = ("go", "done", "job", "error")

    def __init__(self):
        self.go, self.done = threading.Lock(), threading.Lock()
        self.go.acquire()
        self.done.acquire()
        self.job = self.error = None
        # A daemon: parked threads must not keep the interpreter from exiting.
        threading.Thread(target=self._work, name="symbolic", daemon=True).start()

    def _work(self):
        while True:
            self.go.acquire()
            job, self.job = self.job, None
            if job is None:
                return
            try:
                job()
            except BaseException as error:
                self.error = error
            # A parked helper keeps nothing of the last job: its arrays may be freed.
            job = None
            self.done.release()


class Pool:
    """Threads that share a job.

    Parameters
    ----------
    threads : int, optional
        Number of threads at work at once, the caller included; by default one for each processor.

    Attributes
    ----------
    threads : int
    chosen : bool
        Whether the user has set the number.
    """

    def __init__(self, threads: int | None = None):
        self.threads = threads or default_threads()
        self.chosen = False
        self._helpers = []
        self._busy = threading.Lock()
        _pools.append(self)

    def run(self, job: Callable[[], None]) -> None:
        """Call `job` from every thread at once and return when all calls have; the job divides its work itself.

        A caller who finds the pool at work runs the job alone rather than wait.

        Parameters
        ----------
        job : callable
            Without arguments; may be called any number of times, or by one thread alone.
        """
        if self.threads > 1:
            busy = self._busy
            # No interrupt comes between taking the lock and the block that releases it.
            with deferred():
                if busy.acquire(False):
                    try:
                        return self._share(job)
                    finally:
                        busy.release()
        job()

    def _share(self, job):
        helpers = self._helpers
        try:
            while len(helpers) < self.threads - 1:
                helpers.append(_Helper())
        except RuntimeError:
            pass  # the system gives no more threads: those that there are share the job
        for helper in helpers:
            helper.job = job
            helper.go.release()
        try:
            job()
        finally:
            for helper in helpers:
                helper.done.acquire()
        for helper in helpers:
            if helper.error is not None:
                error, helper.error = helper.error, None
                raise error

    def resize(self, threads: int) -> None:
        """Use `threads` threads from the next job on."""
        with deferred(), self._busy:
            self.threads = threads
            while len(self._helpers) > threads - 1:
                self._helpers.pop().go.release()

    def _forget_threads(self):
        self._helpers = []
        self._busy = threading.Lock()


_pools = []


def _after_fork():
    # Threads do not survive a fork, and a lock that was held stays held: the child starts from nothing.
    for pool in _pools:
        pool._forget_threads()


after_fork(_after_fork)

pool = Pool()
"""The pool of this process."""


def set_num_threads(n: int) -> None:
    """Run kernels on `n` threads.

    Parameters
    ----------
    n : int
        At least 1; the calling thread is one of them.

    Raises
    ------
    ParamError

    Examples
    --------
    >>> set_num_threads(2)
    >>> get_num_threads()
    2
    """
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise ParamError(f"the number of threads must be a positive integer, got {shown(n)}")
    pool.chosen = True
    pool.resize(n)


def follow(n: int) -> None:
    """Run kernels on as many threads as another library does, unless `set_num_threads` was called.

    Parameters
    ----------
    n : int
        At least 1.
    """
    if n != pool.threads and not pool.chosen:
        pool.resize(n)


def get_num_threads() -> int:
    """Return the number of threads that kernels run on; see `set_num_threads`.

    Examples
    --------
    >>> get_num_threads() >= 1
    True
    """
    return pool.threads
