"""Python's search for circles of references, paused while many objects are made of which none is in one."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collection() -> Iterator[None]:
    """Pause the search: among hundreds of thousands of new objects it takes longer than the work itself.

    Yields
    ------
    None

    Examples
    --------
    >>> with without_collection():
    ...     pairs = [(i, str(i)) for i in range(3)]
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
