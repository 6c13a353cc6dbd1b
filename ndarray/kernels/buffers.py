"""The caller's memory by place: what is one memory has one place, what a loop cannot walk gets a stand-in."""

from functools import partial

import numpy as np

from ndarray.kernels.table import address_of


class Places:
    """Arrays that a flow reads and writes.

    Attributes
    ----------
    arrays : dict of int to numpy.ndarray
        Contiguous and aligned: the caller's arrays, or stand-ins.
    before, after : list of callable
        Copy into the stand-ins and back.
    """

    def __init__(self):
        self.arrays, self.before, self.after = {}, [], []
        self._known, self._written = {}, set()

    def read(self, array):
        """Return the place of an array that is read."""
        place, new = self._place(array)
        if new and self.arrays[place] is not array:
            self.before.append(partial(np.copyto, self.arrays[place], array))
        return place

    def write(self, array):
        """Return the place of an array that is written."""
        place, _ = self._place(array)
        self._written.add(place)
        if self.arrays[place] is not array and not is_plain(array):
            self.after.append(partial(np.copyto, array, self.arrays[place]))
        return place

    def _place(self, array):
        key = (address_of(array), array.dtype, array.shape, array.strides)
        if is_plain(array):
            key = (address_of(array), array.dtype, array.size)
        place = self._known.get(key)
        if place is None:
            place = self._known[key] = len(self.arrays)
            self.arrays[place] = array if is_plain(array) else np.empty(array.shape, array.dtype.newbyteorder("="))
            return place, True
        return place, False

    def overlaps(self):
        """Return the pairs of places that share some memory, of which one at least is written."""
        spans = sorted((address_of(a), address_of(a) + a.nbytes, place) for place, a in self.arrays.items() if a.size)
        found, open_ = set(), []
        for start, end, place in spans:
            open_ = [(e, p) for e, p in open_ if e > start]
            found.update(frozenset((p, place)) for _, p in open_ if p in self._written or place in self._written)
            open_.append((end, place))
        return frozenset(found)


def is_plain(array):
    """Tell whether a loop can walk an array's memory from its first element to its last."""
    flags = array.flags
    return flags.c_contiguous and flags.aligned and array.dtype.isnative
