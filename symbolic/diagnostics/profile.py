"""Where the time of a run goes: each node or fused loop, measured."""

from __future__ import annotations

import json
import os
import re
import statistics
import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ndarray.atomic import write_atomically
from ndarray.cached import cached_property
from ndarray.errors import ParamError, shown
from ndarray.text import common_name, counted
from symbolic.diagnostics.attribution import Piece
from symbolic.diagnostics.overlay import Overlay, quantity
from symbolic.diagnostics.report import Report
from symbolic.graph.node import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_NAMED = 20
"""So many names of nodes an event of a trace lists."""


class Row(NamedTuple):
    """One node or fused loop.

    Attributes
    ----------
    name : str
        Of its node, or of all its nodes with what differs as ``*``.
    what : str
        How it ran: ``NumPy``, ``kernel 0``, ``totals`` of partial sums, ``copy`` of an array that no loop can walk,
        or ``results``, the copying of all results into their arrays.
    operators : tuple of str
    nodes : tuple of Node
    calls : int
    median : float
        Seconds of one call.
    share : float
        Part of the sum of all medians.
    read, written : int
        Bytes of one call.
    """

    name: str
    what: str
    operators: tuple[str, ...]
    nodes: tuple[Node, ...]
    calls: int
    median: float
    share: float
    read: int
    written: int

    @property
    def bandwidth(self) -> float:
        """Bytes read and written in a second; 0 where no time was seen to pass."""
        return (self.read + self.written) / self.median if self.median else 0.0


class Profile(Report):
    """What the pieces of a run took.

    Parameters
    ----------
    engine : str
    pieces : list of Piece
    spans : list of list of (int, int)
        Of each step, when each piece began and ended, in nanoseconds.
    whole : list of int
        Nanoseconds of steps that were run as usual, not piece by piece.

    Attributes
    ----------
    steps : int
    rows : tuple of Row
        In the order in which they run.
    """

    COLUMNS = ("what", "nodes", "calls", "median", "share", "read", "written", "bandwidth")
    WORDS = (0, 1)

    def __init__(self, engine: str, pieces: Sequence[Piece], spans: Sequence[Sequence[tuple[int, int]]],
                 whole: Sequence[int]) -> None:
        self.engine, self.steps = engine, len(spans)
        self._pieces, self._spans, self._whole = pieces, spans, whole
        medians = [statistics.median([end - begin for begin, end in of_one]) / 1e9 for of_one in zip(*spans)]
        total = sum(medians)
        self.rows = tuple([_row(piece, self.steps, median, median / total if total else 1 / len(pieces))
                           for piece, median in zip(pieces, medians)])

    @cached_property
    def total(self) -> float:
        """Seconds of one step, piece by piece: the sum of all medians."""
        return sum(row.median for row in self.rows)

    @property
    def step(self) -> float:
        """Seconds of one step as it usually runs (median)."""
        return statistics.median(self._whole) / 1e9

    @cached_property
    def times(self) -> dict[Node, float]:
        """Seconds due to each node, as a dict; those of loops are shared out by bytes and by lines."""
        found = {}
        for row, piece in zip(self.rows, self._pieces):
            for node, part in piece.nodes.items():
                found[node] = found.get(node, 0.0) + part * row.median
        return found

    def overlay(self) -> Overlay:
        """Return the time of each node as an overlay, for `plot_network`."""
        return Overlay("time", "s", self.times, whole=self.total)

    @property
    def title(self) -> str:
        """What the steps took, in a line."""
        return (f"engine {self.engine}, {counted(self.steps, 'step')}: a step takes {quantity(self.step, 's')}, "
                f"its pieces one by one {quantity(self.total, 's')}")

    def chrome_trace(self) -> dict[str, Any]:
        """Return the run as Chrome's trace events, for Perfetto and ``chrome://tracing``, as JSON can hold them."""
        pid = os.getpid()
        events = [{"ph": "M", "name": "process_name", "pid": pid, "tid": 0, "args": {"name": f"engine {self.engine}"}}]
        start = self._spans[0][0][0] if self.rows else 0

        def event(name: str, category: str, begin: int, end: int, args: dict[str, Any]) -> None:
            events.append({"ph": "X", "name": name, "cat": category, "pid": pid, "tid": 0, "ts": (begin - start) / 1e3,
                           "dur": (end - begin) / 1e3, "args": args})

        details = [{"what": row.what, "operators": list(row.operators), "nodes": [n.name for n in row.nodes[:_NAMED]],
                 "nodes_in_all": len(row.nodes), "bytes_read": row.read, "bytes_written": row.written}
                for row in self.rows]
        for number, spans in enumerate(self._spans if self.rows else ()):
            event(f"step {number}", "step", spans[0][0], spans[-1][1], {})
            for row, args, (begin, end) in zip(self.rows, details, spans):
                event(row.name, row.what, begin, end, args)
        return {"traceEvents": events, "displayTimeUnit": "ns"}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the run as a trace, whole or not at all.

        Parameters
        ----------
        path : str or path
            Ends in ``.json``.

        Raises
        ------
        ParamError
            For another ending.
        """
        if not os.fspath(path).lower().endswith(".json"):
            raise ParamError(f"save: {shown(os.fspath(path))} does not end in .json, as a trace does; "
                             "plot_network(…, overlays=[profile]) draws pictures")
        write_atomically(os.fspath(path), json.dumps(self.chrome_trace(), separators=(",", ":")).encode())

    def cells(self, row: Row) -> tuple[str, ...]:
        """Return a row's text for each column."""
        what = ", ".join((*row.operators[:2], *(["…"] if len(row.operators) > 2 else [])))
        return (f"{row.what}: {what}" if what else row.what, row.name if row.nodes else "", str(row.calls),
                quantity(row.median, "s"), f"{100 * row.share:.1f} %", quantity(row.read, "B"),
                quantity(row.written, "B"), quantity(row.bandwidth, "B/s"))

    def rank(self, row: Row) -> float:
        """Return minus the time: the slowest first."""
        return -row.median

    def __repr__(self) -> str:
        return f"<Profile of {counted(len(self.rows), 'piece')}, {counted(self.steps, 'step')}>"


def _row(piece: Piece, calls: int, median: float, share: float) -> Row:
    nodes = tuple(piece.nodes)
    operators = tuple(dict.fromkeys(n.op.name for n in nodes))
    return Row(_name(nodes) or f"({piece.what})", piece.what, operators, nodes, calls, median, share,
               piece.read, piece.written)


def _name(nodes: Sequence[Node]) -> str:
    """Return names that differ in numbers only as one, with a count; of others the first."""
    alike = {}
    for node in nodes:
        alike.setdefault((node.op.name, re.sub(r"\d+", "*", node.name)), []).append(node.name)
    names = [common_name(names) + (f" ×{len(names)}" if len(names) > 1 else "") for names in alike.values()]
    return ", ".join(names[:3]) + (f", … ×{len(nodes)}" if len(names) > 3 else "")


def measure(programs: Sequence[Any], steps: int, around: Callable[[Callable[[], None]], None],
            known: Mapping[Node, Node]) -> Profile:
    """Return the `Profile` of programs that run one after the other.

    Parameters
    ----------
    programs : sequence of Program
    steps : int
    around : callable
        ``around(run)`` runs a step and leaves all arrays as they were.
    known : dict of Node to Node
        For nodes of the programs, the ones by which the user knows them.

    Raises
    ------
    ParamError
        If `steps` is not a positive integer.
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ParamError(f"profile: steps must be a positive integer, got {shown(steps)}")
    measured = [program.measured() or _whole(program) for program in programs]
    pieces = [piece._replace(nodes={known.get(n, n): part for n, part in piece.nodes.items()})
              for found, _ in measured for piece in found]
    whole, spans = [], []
    for _ in range(steps + 1):
        whole.append(sum(end - begin for begin, end in _spans([partial(_at_once, p) for p in programs], around)))
        spans.append(_spans([run for _, run in measured], around))
    # The first step fetches what later ones find in the cache.
    return Profile(programs[0].NAME, pieces, spans[1:], whole[1:])


def _whole(program: Any) -> Any:
    """Return a program that has no pieces as one."""
    return [Piece("the whole", {}, 0, 0)], partial(_at_once, program)


def _at_once(program: Callable[[], object], stamp: Callable[[], object]) -> None:
    stamp()
    program()
    stamp()


def _spans(runs: Sequence[Callable[[Callable[[], object]], object]],
           around: Callable[[Callable[[], None]], None]) -> list[tuple[int, int]]:
    """Return when each piece began and ended; what passes between two programs belongs to none."""
    def step() -> None:
        for run in runs:
            marks.append([])
            run(lambda: marks[-1].append(time.perf_counter_ns()))

    marks = []
    around(step)
    return [span for of_one in marks for span in zip(of_one, of_one[1:])]
