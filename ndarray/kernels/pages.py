"""Memory that begins at a cache line and, where it is large, is in huge pages.

A page of the processor has 4 KiB, and finding one costs time; a huge one has 2 MiB.  Linux gives them to those who ask.
"""

import ctypes
import math
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

WORTH_ASKING = 1 << 20
"""Bytes from which on huge pages are asked for."""
HUGE = 2 << 20
"""Bytes of a huge page, on x86-64 and on most others."""
LINE = 64

_COLLAPSE = 25
"""Linux's MADV_COLLAPSE, since 6.1, which Python does not name."""


def block(size: int, alignment: int = LINE) -> np.ndarray:
    """Return `size` bytes, not initialised, whose address is a multiple of `alignment`; they are freed with the array.

    Parameters
    ----------
    size : int
    alignment : int, optional
        A power of 2 up to `HUGE`.

    Examples
    --------
    >>> memory = block(100)
    >>> memory.nbytes, memory.ctypes.data % LINE
    (100, 0)
    """
    whole = _mapped(size)
    if whole is not None:
        return whole
    whole = np.empty(size + alignment, np.uint8)
    start = -whole.__array_interface__["data"][0] % alignment
    return whole[start:start + size]


def _mapped(size):
    """Return zeros for which huge pages were asked, None for small ones and where the system has none to give."""
    if size < WORTH_ASKING:
        return None
    import mmap  # which only large arrays need

    if not hasattr(mmap, "MADV_HUGEPAGE"):
        return None
    try:
        memory = mmap.mmap(-1, size + HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        whole = np.frombuffer(memory, np.uint8)
        start = -whole.__array_interface__["data"][0] % HUGE
        if size >= HUGE:
            # Not beyond: a huge page is there as a whole as soon as one byte of it is written.
            memory.madvise(mmap.MADV_HUGEPAGE, start, size // HUGE * HUGE)
    except (OSError, ValueError):
        return None
    return whole[start:start + size]


def zeros(types: Iterable[tuple[Sequence[int], Any]]) -> list[np.ndarray]:
    """Return arrays of zeros that lie in one block, each beginning with a line of the cache.

    The block is freed with the last of them.

    Parameters
    ----------
    types : iterable of (tuple of int, dtype)

    Examples
    --------
    >>> [a.tolist() for a in zeros([((2,), "float32"), ((1, 2), "float64")])]
    [[0.0, 0.0], [[0.0, 0.0]]]
    """
    known = [(tuple(shape), np.dtype(dtype)) for shape, dtype in types]
    sizes = [math.prod(shape) * dtype.itemsize for shape, dtype in known]
    if len(sizes) == 1 and sizes[0] < LINE:
        return [np.zeros(*known[0])]
    total = sum([-(-size // LINE) * LINE for size in sizes])
    whole = _mapped(total)
    if whole is None:
        whole = block(total)
        whole[:] = 0
    found, at = [], 0
    for (shape, dtype), size in zip(known, sizes):
        found.append(whole[at:at + size].view(dtype).reshape(shape))
        at += -(-size // LINE) * LINE
    return found


def ask_for_huge_pages(arrays: Iterable[np.ndarray]) -> None:
    """Move the memory of large arrays into huge pages, in place; warn where the system cannot.

    It takes about a millisecond for each MiB, once.  What is in the arrays stays.

    Parameters
    ----------
    arrays : iterable of numpy.ndarray
        Those below `HUGE`, and the ends of others that fill no huge page, stay where they are.
    """
    ranges = [r for a in arrays if (r := _whole_pages(a)) is not None]
    try:
        madvise = ctypes.CDLL(None, use_errno=True).madvise
        madvise.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    except (AttributeError, OSError, TypeError):
        madvise = None
    if ranges and (madvise is None or all([madvise(*r, _COLLAPSE) for r in ranges])):
        warnings.warn("huge_pages=True has no effect: this system does not move memory into huge pages "
                      "(Linux does from 6.1 on)", stacklevel=4)


def _whole_pages(array):
    """Return address and bytes of the huge pages that lie within an array, None if there are none."""
    if not (array.flags.c_contiguous or array.flags.f_contiguous):
        return None
    start = array.__array_interface__["data"][0]
    first = -(-start // HUGE) * HUGE
    size = (start + array.nbytes - first) // HUGE * HUGE
    return (first, size) if size > 0 else None
