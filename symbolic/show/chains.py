"""Blocks that repeat one after the other, as the layers of a deep network or the steps of an unrolled one do."""

from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

import numpy as np

LONGEST = 20_000
"""More items than this are not searched: the search takes the square of their number."""


class Chain(NamedTuple):
    """Blocks of one length that follow each other.

    Attributes
    ----------
    start : int
        The position of the first item of the first block.
    length : int
        Items in a block.
    count : int
        Blocks.
    """

    start: int
    length: int
    count: int  # type: ignore[assignment]  # tuples have a method of this name

    @property
    def stop(self) -> int:
        """The position after the last block."""
        return self.start + self.length * self.count


def inputs_first(items: Sequence[Hashable], sources: Callable[[Hashable], Sequence[Hashable]],
                 heads: Sequence[Hashable]) -> list[Hashable]:
    """Return items in depth-first order from the heads, sources before readers: the items of a block stay together.

    Parameters
    ----------
    items : sequence
    sources : callable
        ``sources(item)`` gives what an item reads, in order; there is no cycle.
    heads : sequence
        Where to begin; items that they do not reach come last.
    """
    order: dict[Hashable, None] = {}
    stack = [(item, False) for item in (*reversed(items), *reversed(heads))]
    while stack:
        item, ready = stack.pop()
        if item in order:
            continue
        if ready:
            order[item] = None
            continue
        stack.append((item, True))
        stack.extend((source, False) for source in reversed(sources(item)) if source not in order)
    return list(order)


def find_chains(facts: Sequence[Hashable], inputs: Sequence[Sequence[int]]) -> list[Chain]:
    """Return the blocks that repeat one after the other in a sequence, none of which overlap.

    Two items are alike when they have equal facts and their inputs are as far before them.  Of several ways to cut a
    repeating stretch into blocks, the one with the fewest values between blocks is taken.

    Parameters
    ----------
    facts : sequence
        What each item is.
    inputs : sequence of sequence of int
        How far before each item its inputs are; 0 for an input whose position makes no difference.

    Returns
    -------
    list of Chain
        In the order of their start.  Empty for more than `LONGEST` items.

    Examples
    --------
    >>> find_chains(["x", "conv", "relu", "conv", "relu", "conv", "relu", "sum"], [(), *[(1,)] * 7])
    [Chain(start=1, length=2, count=3)]
    """
    if len(facts) > LONGEST:
        return []
    numbers: dict[Hashable, int] = {}
    symbols = np.array([numbers.setdefault((fact, tuple(far)), len(numbers)) for fact, far in zip(facts, inputs)],
                       np.int32)
    taken = np.zeros(len(symbols), bool)
    found = []
    for _, start, stop, length in _stretches(symbols):
        # What is left of a stretch where a better one has taken a part.
        for start_, stop_ in _runs(~taken[start:stop]):
            first, last = start + start_, start + stop_
            if last - first >= 2 * length:
                chain = _cut(first, last, length, inputs)
                taken[chain.start:chain.stop] = True
                found.append(chain)
    return sorted(found)


def _stretches(symbols: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Return the stretches with a period, those first that save most: (- items saved, start, stop, period)."""
    found = []
    for period in range(1, len(symbols) // 2 + 1):
        # A stretch of a whole period shows in a sample of eight a period.
        step = max(period // 8, 1)
        sample = symbols[:-period:step] == symbols[period::step]
        if not sample.any() or max(stop - start for start, stop in _runs(sample)) < period // step:
            continue
        equal = symbols[:-period] == symbols[period:]
        found += [(-(stop - start), start, stop + period, period) for start, stop in _runs(equal)
                  if stop - start >= period]
    # Of equal ones the shortest period first.
    return sorted(found, key=lambda each: (each[0], each[3], each[1]))


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Return start and stop of each run of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist()))


def _cut(start: int, stop: int, length: int, inputs: Sequence[Sequence[int]]) -> Chain:
    """Return the blocks of a stretch, cut where the fewest values go from one to the next."""
    count, rest = divmod(stop - start, length)
    first = min(range(start, start + rest + 1), key=lambda at: (_crossing(at + length, length, inputs), at))
    return Chain(first, length, count)


def _crossing(cut: int, length: int, inputs: Sequence[Sequence[int]]) -> int:
    """Return how many values of the block before a cut the block after it reads."""
    return len({at - far for at in range(cut, min(cut + length, len(inputs))) for far in inputs[at]
                if far and at - far < cut})
