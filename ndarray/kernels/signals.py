"""Interrupts that wait until a step is done."""

import os
import signal
import threading

_main = threading.main_thread().ident


def _after_fork():
    # The thread that forked is the main thread of the child.
    global _main
    _main = threading.get_ident()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class deferred:
    """A ``with`` block that Ctrl-C does not tear: what arrives within is handled at its end.

    Only the main thread handles signals; elsewhere the block is plain.
    """

    __slots__ = ("_handler", "_arrived")

    def __enter__(self):
        self._arrived = None
        self._handler = None
        if threading.get_ident() == _main:
            handler = signal.getsignal(signal.SIGINT)
            if callable(handler):
                self._handler = handler
                signal.signal(signal.SIGINT, self._note)

    def _note(self, number, frame):
        self._arrived = number, frame

    def __exit__(self, *error):
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)
            if self._arrived is not None:
                self._handler(*self._arrived)
