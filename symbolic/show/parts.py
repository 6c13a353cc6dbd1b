"""What the boxes of a picture stand for: single nodes, nodes merged side by side, and blocks merged along a chain."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from symbolic.graph.node import Node
from symbolic.show.chains import Chain, find_chains, inputs_first
from symbolic.show.collapse import compared_attrs
from symbolic.show.regions import Occurrence

_FEW = 4
"""What more items of one region read belongs to none of them: it is the same source for all blocks."""


@dataclass(frozen=True)
class Part:
    """What one box represents.

    Attributes
    ----------
    occurrences : list of Occurrence
        Of all nodes, those of a block together.
    block : int
        How many operators a repeated block has; 1 where one node is repeated, or nothing.
    chained : bool
        Whether the nodes, or blocks, follow each other along a chain.
    """

    occurrences: list[Occurrence]
    block: int = 1
    chained: bool = False

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes, in the order of the occurrences."""
        return tuple([each.node for each in self.occurrences])

    @property
    def count(self) -> int:
        """How many nodes, or blocks, are merged."""
        return len(self.occurrences) // self.block


def merged_along_chains(groups: Sequence[list[Occurrence]], kinds: dict[Node, str], heads: set[Node],
                        regions: Sequence[str]) -> list[Part]:
    """Return groups of interchangeable nodes as parts: blocks of them that repeat along a chain are one part.

    Parameters
    ----------
    groups : sequence of list of Occurrence
        As `symbolic.show.collapse.repeats` gives them.
    kinds : dict of Node to str
    heads : set of Node
        The outputs of the graph.
    regions : sequence of str
        Each before those that it feeds.
    """
    number = {each: i for i, group in enumerate(groups) for each in group}
    sources = [list(dict.fromkeys(number[s] for each in group for s in each.inputs if s in number)) for group in groups]
    order = _in_regions(groups, sources, heads, regions)
    at = {i: k for k, i in enumerate(order)}
    readers = [0] * len(groups)
    for i, group in enumerate(groups):
        for source in sources[i]:
            readers[source] += groups[source][0].region == group[0].region

    def near(source: int, reader: int) -> bool:
        return readers[source] <= _FEW and groups[source][0].region == groups[reader][0].region

    facts = [_fact(groups[i], kinds, heads, _far(i, groups, sources, near)) for i in order]
    far = [[at[i] - at[s] if near(s, i) else 0 for s in sources[i]] for i in order]
    chains = [chain for chain in find_chains(facts, far) if _is_worth_it(chain, groups, order, far)]
    parts, start = [], 0
    for chain in [*chains, Chain(len(order), 1, 0)]:
        parts += [(i, Part(groups[i])) for i in order[start:chain.start]]
        if chain.count:
            inside = order[chain.start:chain.stop]
            parts.append((min(inside), Part([each for i in inside for each in groups[i]],
                                            chain.length * len(groups[inside[0]]), True)))
        start = chain.stop
    return [part for _, part in sorted(parts, key=lambda each: each[0])]


def _in_regions(groups: Sequence[list[Occurrence]], sources: Sequence[list[int]], heads: set[Node],
                regions: Sequence[str]) -> list[int]:
    """Return the numbers of the groups, sources first, those of a region together."""
    ends = [i for i, group in enumerate(groups) if not heads.isdisjoint(each.node for each in group)]
    rank = {region: k for k, region in enumerate(regions)}
    order: Any = inputs_first(range(len(groups)), lambda i: sources[i], ends)  # type: ignore[call-overload]
    return sorted(order, key=lambda i: rank[groups[i][0].region])


def _far(reader: int, groups: Sequence[list[Occurrence]], sources: Sequence[list[int]],
         near: Callable[[int, int], bool]) -> tuple[Hashable, ...]:
    """Return what a group reads from afar: a source that many read, or the kind of what another region holds."""
    found: list[Hashable] = []
    for source in sources[reader]:
        if not near(source, reader):
            region, node = groups[source][0].region, groups[source][0].node
            found.append((region, node.op and node.op.name) if region != groups[reader][0].region else source)
    return tuple(found)


def _fact(group: list[Occurrence], kinds: dict[Node, str], heads: set[Node], far: tuple[Hashable, ...]) -> Hashable:
    """Return what must be equal in two groups for blocks of them to be alike."""
    node = group[0].node
    return (kinds[node], node.op, node.params, compared_attrs(node), group[0].region, len(group),
            any(each.node in heads for each in group), far)


def _is_worth_it(chain: Chain, groups: Sequence[list[Occurrence]], order: Sequence[int], far: Sequence[Sequence[int]]
                 ) -> bool:
    """Tell whether each block reads the one before, within one region, and merging them saves a few boxes."""
    inside = range(chain.start, chain.stop)
    second = range(chain.start + chain.length, chain.start + 2 * chain.length)
    linked = any(f and at - f < second.start for at in second for f in far[at])
    return (linked and chain.length * (chain.count - 1) > 2 and len({groups[order[at]][0].region for at in inside}) == 1
            and len({len(groups[order[at]]) for at in inside}) == 1)
