"""Interrupts at chosen moments."""

import contextlib
import itertools
import signal
import sys
from collections.abc import Callable, Iterator
from types import ModuleType


def at_every_line(module: ModuleType, run: Callable[[], object]) -> Iterator[bool]:
    """Call `run` again and again, with an interrupt before the first line of a module, the second and so on.

    Yields after each call whether it was interrupted; the last call, in which there were no more lines, was not.
    """
    formerly, handler = sys.gettrace(), signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for moment in itertools.count():
            left, interrupted = itertools.count(moment, -1), False
            signal.signal(signal.SIGINT, signal.default_int_handler)
            sys.settrace(_trace(module.__file__, left))
            try:
                with contextlib.suppress(KeyboardInterrupt):
                    interrupted = True
                    run()
                    interrupted = False
            finally:
                sys.settrace(formerly)
            yield interrupted
            if next(left) > 0:
                break
    finally:
        signal.signal(signal.SIGINT, handler)


def _trace(path, left):
    def trace(frame, event, _):
        if frame.f_code.co_filename != path:
            return None
        if event == "line" and next(left) == 0:
            signal.raise_signal(signal.SIGINT)
        return trace

    return trace
