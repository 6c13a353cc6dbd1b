"""States of updaters as bytes: MXNet's pickles of them, read without running their code."""

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

import numpy as np

from ndarray import pickles
from ndarray.array import NDArray
from ndarray.errors import FormatError, shown
from ndarray.sparse import RowSparseNDArray


class Counted(NamedTuple):
    """What an optimizer or updater counts besides its states.

    Attributes
    ----------
    num_update : int
        The largest number of updates of a tensor.
    counts : dict of hashable to int
        The number of updates, by index.
    shared : dict of tuple to dict of str to NDArray
        What the tensors of a list of indices share.
    """

    num_update: int
    counts: dict[Hashable, int]
    shared: dict[tuple, dict[str, NDArray]]


def read_states(data: bytes, name: str, fits: Callable[[Any], bool]) -> tuple[dict, Counted | None]:
    """Return the states by index, and what was counted where the bytes hold it.

    Parameters
    ----------
    data : bytes
    name : str
        The class of the optimizer.
    fits : callable
        ``fits(state)`` returns whether something is the state of a tensor.

    Raises
    ------
    FormatError
        If they are something else.
    """
    found, counted = pickles.loads(data), None
    if isinstance(found, tuple) and len(found) == 2:
        found, counted = found[0], _counted(found[1], name)
    if not isinstance(found, dict):
        raise FormatError(f"expected the states of an updater, a dict by index, got {shown(found)}")
    states = {index: _dense(state) for index, state in found.items()}
    for index, state in states.items():
        if not fits(state):
            raise FormatError(f"{name}: the state of index {shown(index)} is not one of this optimizer, with these "
                              f"arguments: {_described(state)}")
    return states, counted


def _dense(state):
    """Return a state in NDArrays and tuples."""
    if isinstance(state, (tuple, list)):
        return tuple([_dense(s) for s in state])
    if isinstance(state, RowSparseNDArray):
        return state.tostype("default")
    return NDArray(state) if isinstance(state, np.ndarray) else state


def _counted(found, name):
    """Return what was counted: by ours, or by an optimizer of MXNet's."""
    if isinstance(found, pickles.Record) and isinstance(found.state, dict):
        own = found.name.rpartition(" ")[2]
        found = {"optimizer": own, "num_update": found.state.get("num_update"),
                 "counts": found.state.get("_index_update_count"), "shared": []}
    try:
        other, number, counts, shared = (found[k] for k in ("optimizer", "num_update", "counts", "shared"))
        made = {tuple(indices): dict(states) for indices, states in shared}
        whole = all(type(n) is int and n >= 0 for n in (number, *counts.values()))
    except (TypeError, KeyError, ValueError, AttributeError):
        whole = False
    if not whole or not all(isinstance(s, NDArray) for states in made.values() for s in states.values()):
        raise FormatError(f"expected what an optimizer counts beside the states, got {shown(found)}")
    if other != name:
        raise FormatError(f"expected states of {name}, got states of {shown(other)}")
    return Counted(number, dict(counts), made)


def _described(state):
    """Return the form of a state in words."""
    if isinstance(state, tuple):
        return f"({', '.join(map(_described, state))})"
    return f"array of shape {state.shape}" if isinstance(state, NDArray) else shown(state)
