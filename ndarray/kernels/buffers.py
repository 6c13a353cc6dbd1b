"""The caller's arrays, numbered: aliases share one buffer; arrays that a loop cannot stride get a contiguous copy."""

from collections.abc import Callable
from functools import partial

import numpy as np

from ndarray.dtypes import native
from ndarray.kernels.table import address_of


class NumberedBuffers:
    """Arrays that a flow reads and writes.

    Attributes
    ----------
    arrays : dict of int to numpy.ndarray
        Contiguous and aligned: the caller's arrays, or copies of those that are not.
    addresses : dict of int to int
        Of the first element of each.
    before, after : list of callable
        Copy into the copies, and back.
    """

    def __init__(self):
        self.arrays: dict[int, np.ndarray] = {}
        self.addresses: dict[int, int] = {}
        self.before: list[Callable[[], None]] = []
        self.after: list[Callable[[], None]] = []
        self._known, self._written = {}, set()

    def read(self, array: np.ndarray) -> int:
        """Return the buffer of an array that is read."""
        number, new = self._number(array)
        if new and self.arrays[number] is not array:
            self.before.append(partial(np.copyto, self.arrays[number], array))
        return number

    def write(self, array: np.ndarray) -> int:
        """Return the buffer of an array that is written."""
        number, _ = self._number(array)
        self._written.add(number)
        if self.arrays[number] is not array and not is_plain(array):
            self.after.append(partial(np.copyto, array, self.arrays[number]))
        return number

    def _number(self, array):
        plain, at = is_plain(array), address_of(array)
        key = (at, array.dtype, array.size) if plain else (at, array.dtype, array.shape, array.strides)
        number = self._known.get(key)
        if number is not None:
            return number, False
        number = self._known[key] = len(self.arrays)
        mine = array if plain else np.empty(array.shape, native(array.dtype))
        self.arrays[number], self.addresses[number] = mine, at if plain else address_of(mine)
        return number, True

    def overlaps(self) -> frozenset[frozenset[int]]:
        """Return the pairs of buffers that share some memory, at least one of which is written."""
        spans = sorted([(at, at + self.arrays[number].nbytes, number) for number, at in self.addresses.items()])
        found, open_ = set(), []
        for start, end, number in spans:
            if start == end:
                continue
            open_ = [(e, b) for e, b in open_ if e > start]
            found.update(frozenset((b, number)) for _, b in open_ if b in self._written or number in self._written)
            open_.append((end, number))
        return frozenset(found)


def is_plain(array: np.ndarray) -> bool:
    """Tell whether a loop can walk an array's memory from its first element to its last."""
    flags = array.flags
    return flags.c_contiguous and flags.aligned and array.dtype.isnative
