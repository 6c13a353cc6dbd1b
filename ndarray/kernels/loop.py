"""A loop over elements as data: what it reads, computes, stores and sums up, whatever arrays it will run on.

Equal loops are one kernel: 161 tensors that are updated alike share their machine code.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ndarray.cached import cached_property

LEAVES = frozenset({"load", "scalar", "constant"})


class Step(NamedTuple):
    """One line of a loop; `args` are numbers of earlier lines.

    The words are those of `ndarray.kernels.record`, with ``load`` for the current element of array number `detail`
    and ``scalar`` for the number behind pointer number `detail`.  The detail of ``repeat`` begins with the number of
    the array.
    """

    word: str
    args: tuple[int, ...]
    dtype: str
    detail: object = None


@dataclass(frozen=True)
class Loop:
    """One pass over elements.

    Attributes
    ----------
    steps : tuple of Step
    arrays : tuple of str
        Dtype of each array.
    scalars : tuple of str
        Dtype of each scalar that is read before the first element.
    stores : tuple of (int, int)
        Which array receives the value of which step.  An array may be read and stored: it is changed in place.
    sums : tuple of (str, int)
        Word and step of each value that is summed up: ``sum`` or ``sum_sq``.
    """

    steps: tuple[Step, ...]
    arrays: tuple[str, ...]
    scalars: tuple[str, ...]
    stores: tuple[tuple[int, int], ...]
    sums: tuple[tuple[str, int], ...] = ()

    @cached_property
    def varying(self) -> tuple[bool, ...]:
        """For each step, whether its value differs from element to element."""
        found = []
        for step in self.steps:
            found.append(step.word in ("load", "repeat") or any(found[a] for a in step.args))
        return tuple(found)

    @cached_property
    def written(self) -> frozenset[int]:
        """The arrays that are stored, as a set."""
        return frozenset(array for array, _ in self.stores)

    @cached_property
    def read(self) -> frozenset[int]:
        """The arrays that are read element by element, as a set."""
        return frozenset(s.detail for s in self.steps if s.word == "load")

    @cached_property
    def repeated(self) -> frozenset[int]:
        """The arrays whose elements are read several times, as a set: they are shorter than the others."""
        return frozenset(s.detail[0] for s in self.steps if s.word == "repeat")

    @cached_property
    def bytes_read(self) -> int:
        """Bytes read from memory for one element."""
        return self._bytes(self.read)

    @cached_property
    def bytes_written(self) -> int:
        """Bytes written to memory for one element."""
        return self._bytes(self.written)

    @cached_property
    def bytes_per_element(self) -> int:
        """Bytes moved between memory and the processor for one element."""
        return self.bytes_read + self.bytes_written

    def _bytes(self, arrays):
        return sum([np.dtype(self.arrays[a]).itemsize for a in arrays])

    def __str__(self):
        lines = [f"  %{i} = {s.word}({', '.join([f'%{a}' for a in s.args] + [str(s.detail)] * (s.detail is not None))})"
                 f" : {s.dtype}" for i, s in enumerate(self.steps)]
        lines += [f"  array {a} <- %{v}" for a, v in self.stores]
        lines += [f"  total {i} <- {word}(%{v})" for i, (word, v) in enumerate(self.sums)]
        return "\n".join([f"loop over {', '.join(self.arrays)}; scalars {', '.join(self.scalars) or 'none'}", *lines])
