"""The lock of an executor: one thread at a time runs it, and no child of a fork waits for a thread it does not have."""

import threading
import weakref
from typing import NoReturn

from ndarray.errors import BindError
from ndarray.fork import after_fork

_owners = weakref.WeakSet()


def lock_of(executor: object) -> threading.RLock:
    """Return a new lock for an executor, to be its attribute ``_lock``, next to ``_running``."""
    _owners.add(executor)
    return threading.RLock()


class _CutOff:
    """In the place of the lock of an executor that another thread was running when the process forked."""

    def __enter__(self) -> NoReturn:
        raise BindError("another thread was running this executor when the process forked; in the child that step is "
                        "cut off and its arrays may be half written: bind a new executor to arrays of the child's own")

    def __exit__(self, *error: object) -> None:
        """Never reached, but ``with`` asks for it."""


def _after_fork() -> None:
    for executor in list(_owners):
        if executor._lock.acquire(blocking=False):
            executor._lock.release()
            # Where a monitor forked, the child is within a run that is the parent's.
            executor._running = False
        else:
            executor._lock = _CutOff()


after_fork(_after_fork)
