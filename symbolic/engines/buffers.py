"""Arrays bound to a graph: where an engine reads its inputs and leaves its results."""

from __future__ import annotations

from itertools import repeat
from operator import setitem
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ndarray.kernels.signals import deferred

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


class Buffers(NamedTuple):
    """The arrays of one graph.

    Attributes
    ----------
    values : tuple of numpy.ndarray
        One for each of ``graph.variables``.
    outputs : tuple of numpy.ndarray
        Where each of ``graph.outputs`` goes; may be one of `values`.
    types : dict of Entry to TensorType
        Complete.
    """

    values: tuple[np.ndarray, ...]
    outputs: tuple[np.ndarray, ...]
    types: dict


def commit(targets: Iterable[np.ndarray], results: Iterable[np.ndarray]) -> None:
    """Write all results into their targets, with no point between at which an interrupt could leave half.

    The loop runs in C from end to end: Python handles signals between bytecodes only, so a KeyboardInterrupt comes
    before the first write or after the last.  Shapes and dtypes were checked at bind, so no write can fail.
    """
    any(map(setitem, targets, repeat(Ellipsis), results))  # type: ignore[arg-type]  # each gives None: it is run to the end


def undoing(targets: Sequence[np.ndarray]) -> Callable[[Callable[[], object]], None]:
    """Return ``around(run)``, which calls `run` and then writes into all `targets` what they hold now."""
    targets = list({id(t): t for t in targets}.values())
    copies = [t.copy() for t in targets]

    def around(run: Callable[[], object]) -> None:
        with deferred():
            try:
                run()
            finally:
                commit(targets, copies)

    return around
