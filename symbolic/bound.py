"""Arrays bound to a graph: where an engine reads its inputs and leaves its results."""

from collections import deque
from itertools import repeat
from operator import setitem
from typing import NamedTuple

import numpy as np


class Bound(NamedTuple):
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


def commit(targets, results):
    """Write all results into their targets, with no point between at which an interrupt could leave half.

    The loop runs in C from end to end: Python handles signals between bytecodes only, so a KeyboardInterrupt comes
    before the first write or after the last.  Shapes and dtypes were checked at bind, so no write can fail.
    """
    deque(map(setitem, targets, repeat(Ellipsis), results), maxlen=0)
