"""Interrupts that wait until a step is done."""

import threading

# The functions of `signal` look up names of constants, which takes fifty times as long.
from _signal import SIGINT, getsignal, signal

from ndarray.fork import after_fork

_main = threading.main_thread().ident


def _after_fork():
    # The thread that forked is the main thread of the child.
    global _main
    _main = threading.get_ident()


after_fork(_after_fork)


class deferred:
    """A ``with`` block that Ctrl-C does not tear: what arrives within is handled at its end, or at `deliver`.

    Only the main thread handles signals; elsewhere, and within another such block, the block is plain.
    """

    __slots__ = ("_handler", "_arrived")

    _outermost: "deferred | None" = None

    def __enter__(self) -> None:
        self._arrived = None
        self._handler = None
        if threading.get_ident() == _main and deferred._outermost is None:
            handler = getsignal(SIGINT)
            if callable(handler):
                self._handler = handler
                # An interrupt before the handler changes leaves nothing behind; one after it is noted.
                signal(SIGINT, self._note)
                deferred._outermost = self

    def _note(self, number, frame):
        self._arrived = number, frame

    def __exit__(self, *error: object) -> None:
        if self._handler is not None:
            deferred._outermost = None
            signal(SIGINT, self._handler)
            self._deliver()

    def _deliver(self):
        if self._arrived is not None:
            arrived, self._arrived = self._arrived, None
            self._handler(*arrived)


def is_deferred() -> bool:
    """Tell whether interrupts wait for the end of a `deferred` block."""
    return deferred._outermost is not None


def deliver() -> None:
    """Handle an interrupt that waits for the end of a `deferred` block now, while nothing has been written yet."""
    if deferred._outermost is not None and threading.get_ident() == _main:
        deferred._outermost._deliver()
