"""Arrays bound to a graph: where an engine reads its inputs and leaves its results."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from weakref import ref

import numpy as np

from ndarray.atomic import write_arrays
from ndarray.kernels.signals import deferred

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any


elsewhere: dict[int, ref[Any]] = {}
"""Who knows where the newest value of an array is, by the array's ``id``, where that may not be its own memory."""


def keep_elsewhere(array: np.ndarray, home: Any) -> None:
    """Let `home` know of the newest value of an array as long as it lives, and hold the array as long.

    Parameters
    ----------
    array : numpy.ndarray
    home : object
        Its ``to_host()`` fetches the value into the array's memory, which may then be written.
    """
    key = id(array)
    elsewhere[key] = ref(home, lambda _: elsewhere.pop(key, None))


def home_of(array: np.ndarray) -> Any:
    """Return who knows of the newest value of an array; None where that is in its memory."""
    found = elsewhere.get(id(array))
    return None if found is None else found()


def to_host(arrays: Iterable[np.ndarray]) -> None:
    """Fetch the newest values of arrays into their memory."""
    if elsewhere:
        for array in arrays:
            home = home_of(array)
            if home is not None:
                home.to_host()


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

    Shapes and dtypes were checked at bind, so no write can fail.
    """
    if elsewhere:
        to_host(targets := list(targets))
    write_arrays(targets, results)


def feed(targets: Sequence[np.ndarray], values: Sequence[Any]) -> Callable[[], None]:
    """Give arrays new values; return a function that gives them back what they held.

    Parameters
    ----------
    targets : sequence of numpy.ndarray
    values : sequence of array
        Of the shapes and dtypes of the targets, or what the ``accept`` of an array's home has returned.
    """
    away = []
    if elsewhere:
        homes = [None if (home := home_of(t)) is None or home.shared else home for t in targets]
        away = [(home, value) for home, value in zip(homes, values) if home is not None]
        targets, values = ([x for home, x in zip(homes, each) if home is None] for each in (targets, values))
    before = [t.copy() for t in targets]
    commit(targets, values)
    undone = [home.feed(value) for home, value in away]

    def undo() -> None:
        commit(targets, before)
        for back in undone:
            back()

    return undo


def undoing(targets: Sequence[np.ndarray]) -> Callable[[Callable[[], object]], None]:
    """Return ``around(run)``, which calls `run` and then writes into all `targets` what they hold now."""
    targets = list({id(t): t for t in targets}.values())
    to_host(targets)
    copies = [t.copy() for t in targets]

    def around(run: Callable[[], object]) -> None:
        with deferred():
            try:
                run()
            finally:
                commit(targets, copies)

    return around
