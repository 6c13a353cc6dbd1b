"""What the values of a step look like: least, most, norm, and how many are not finite."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ndarray.dtypes import is_floating
from ndarray.text import counted
from symbolic.diagnostics.overlay import Overlay, quantity
from symbolic.diagnostics.report import Report
from symbolic.graph.node import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from symbolic.graph.graph import Graph

_PART = 1 << 20
"""So many elements are looked at in one go, for their squares take eight bytes each."""


class Statistics(NamedTuple):
    """Of one array.

    Attributes
    ----------
    dtype : numpy.dtype
    shape : tuple of int
    least, most : float or None
        Of the finite elements; None where there are none.
    norm : float
        The root of the sum of the squares of the finite elements.
    nan, infinite : int
        How many elements are.
    """

    dtype: np.dtype
    shape: tuple[int, ...]
    least: float | None
    most: float | None
    norm: float
    nan: int
    infinite: int

    @property
    def nonfinite(self) -> int:
        """How many elements are not finite."""
        return self.nan + self.infinite


def statistics(array: Any) -> Statistics:
    """Return the `Statistics` of an array; ``executor.monitor(stat=statistics)`` takes them of every run.

    Parameters
    ----------
    array : numpy.ndarray

    Examples
    --------
    >>> found = statistics(np.array([3.0, -4.0, np.nan]))
    >>> found.least, found.most, found.norm, found.nan, found.infinite
    (-4.0, 3.0, 5.0, 1, 0)
    """
    flat = np.asarray(array).reshape(-1)
    nan = infinite = 0
    lows, highs, norms = [], [], [0.0]
    for start in range(0, flat.size, _PART):
        part = flat[start:start + _PART]
        if is_floating(part.dtype):
            finite = np.isfinite(part)
            missing = int(np.count_nonzero(np.isnan(part)))
            nan, infinite = nan + missing, infinite + part.size - int(np.count_nonzero(finite)) - missing
            part = part[finite]
        if part.size:
            part = part.astype(np.float64)
            lows.append(part.min())
            highs.append(part.max())
            norms.append(_norm(part, max(abs(lows[-1]), abs(highs[-1]))))
    return Statistics(np.asarray(array).dtype, np.shape(array), float(min(lows)) if lows else None,
                      float(max(highs)) if highs else None, math.hypot(*norms), nan, infinite)


def _norm(part: np.ndarray, largest: float) -> float:
    """The root of the sum of squares, of which none overflows."""
    return float(largest * np.sqrt(np.sum(np.square(part / largest)))) if largest else 0.0


class Value(NamedTuple):
    """One value of a step.

    Attributes
    ----------
    name : str
        Of the output, or of the variable; ``(new)`` follows the name of what a step makes of a state.
    node : Node
    of : Statistics
    """

    name: str
    node: Node
    of: Statistics


class Numerics(Report):
    """What the values of a step look like.

    Parameters
    ----------
    rows : sequence of Value

    Attributes
    ----------
    rows : tuple of Value
        Variables, then the outputs of nodes in the order in which they run, then the new values of states.
    """

    COLUMNS = ("value", "type", "least", "most", "norm", "")
    WORDS = (0, 1, 5)

    def __init__(self, rows: Iterable[Value]) -> None:
        self.rows = tuple(rows)

    @property
    def nonfinite(self) -> tuple[Value, ...]:
        """The rows with elements that are not finite, as a tuple."""
        return tuple(row for row in self.rows if row.of.nonfinite)

    def overlay(self) -> Overlay:
        """Return the norms as an overlay; nodes with values that are not finite are the hottest."""
        values, text = {}, {}
        for _, node, of in self.rows:
            value = math.inf if of.nonfinite else of.norm
            if value >= values.get(node, 0.0):
                values[node] = value
                text[node] = f"⚠ {_told(of)}" if of.nonfinite else f"norm {quantity(of.norm)}"
        return Overlay("norm", "", values, text, worst=True, log=True)

    @property
    def title(self) -> str:
        """Whether all is finite, in a line."""
        bad = self.nonfinite
        if not bad:
            return f"all {len(self.rows)} values are finite"
        node = bad[0].node
        where = f", made at {node.location}" if node.location else ""
        return f"{len(bad)} of {len(self.rows)} values are not finite; the first is {bad[0].name}{where}"

    def cells(self, row: Value) -> tuple[str, ...]:
        """Return a row's text for each column."""
        of = row.of
        counts = [f"{n} {word}" for n, word in ((of.nan, "NaN"), (of.infinite, "infinite")) if n]
        return (row.name, f"{of.dtype}[{','.join(map(str, of.shape))}]",
                *("" if x is None else f"{x:.6g}" for x in (of.least, of.most)), f"{of.norm:.6g}",
                f"⚠ {_told(of)}: {', '.join(counts)}" if of.nonfinite else "")

    def rank(self, row: Value) -> bool:
        """Return whether all is finite: what is not comes first."""
        return not row.of.nonfinite

    def __repr__(self) -> str:
        return f"<Numerics of {counted(len(self.rows), 'value')}, {len(self.nonfinite)} not finite>"


def _told(of: Statistics) -> str:
    return f"{of.nonfinite} of {math.prod(of.shape)} not finite"


class Collector:
    """A visitor of a run that keeps the statistics of what nodes give."""

    def __init__(self, known: Mapping[Node, Node]) -> None:
        self._known = known
        self.rows = []

    def variables(self, nodes: Iterable[Node], arrays: Mapping[str, Any], ending: str = "") -> None:
        """Look at the arrays of variables as they are now."""
        self.rows += [Value(n.name + ending, n, statistics(arrays[n.name]._data)) for n in nodes]

    def __call__(self, node: Node, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Look at a node that has run."""
        for i, value in enumerate(outputs):
            self.rows.append(Value(node.output_name(i), self._known.get(node, node), statistics(value)))


def collect(compiled: Sequence[Any], graph: Graph, arrays: Mapping[str, Any],
            around: Callable[[Callable[[], None]], object], known: Mapping[Node, Node]) -> Numerics:
    """Return the `Numerics` of a step.

    Parameters
    ----------
    compiled : sequence of CompiledGraph
        What runs, one after the other.
    graph : Graph
        As it was bound.
    arrays : dict of str to NDArray
        Of its variables.
    around : callable
        ``around(run)`` runs a step and leaves all arrays as they were.
    known : dict of Node to Node
        For nodes of the compiled graphs, those of `graph`.
    """
    collector = Collector(known)
    collector.variables(graph.variables, arrays)

    def step() -> None:
        for each in compiled:
            each([collector])
        collector.variables(graph.auxiliary, arrays, " (new)")

    around(step)
    return Numerics(collector.rows)
