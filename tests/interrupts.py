"""Interrupts at chosen moments."""

import contextlib
import itertools
import math
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from types import ModuleType


def at_every_line(module: ModuleType, run: Callable[[], object], visits: float = math.inf) -> Iterator[bool]:
    """Call `run` again and again, with an interrupt before the first line of a module, the second and so on.

    Of each line, only the first `visits` visits of a call count.  Yields after each call whether it was interrupted; the last call, in which there were no more lines, was not.
    """
    formerly, handler = sys.gettrace(), signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for moment in itertools.count():
            left, interrupted = itertools.count(moment, -1), False
            signal.signal(signal.SIGINT, signal.default_int_handler)
            sys.settrace(_trace(module.__file__, left, visits))
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


def _trace(path, left, visits):
    seen = Counter()

    def trace(frame, event, _):
        if frame.f_code.co_filename != path:
            return None
        if event == "line":
            seen[frame.f_lineno] += 1
            if seen[frame.f_lineno] <= visits and next(left) == 0:
                signal.raise_signal(signal.SIGINT)
        return trace

    return trace
