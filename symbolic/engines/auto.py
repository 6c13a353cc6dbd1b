"""The default engine: eager at first, fused as soon as that has paid off, wherever both give the same bits.

A kernel costs time before it saves any.  So a small graph runs on the eager engine until its runs have cost as much as
its kernels would; then it moves, between two runs, and has in the end cost at most twice what the better choice would
have.  A graph that adds up, or that calls more than arithmetic, rounds in another order on the other engine: it never
moves, and its size alone decides when it is bound.  No clock has a part in that, so its bits are always the same.
"""

from __future__ import annotations

import sys
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from symbolic.engines import eager

if TYPE_CHECKING:
    from collections.abc import Callable

    from symbolic.diagnostics.attribution import Piece
    from symbolic.diagnostics.memory_plan import MemoryPlan
    from symbolic.engines.buffers import Buffers
    from symbolic.graph.graph import Graph

WORTH_FUSING = 1 << 16
"""Elements of all arrays from which on a graph is fused when it is bound: those of which a thousand runs on the eager
engine cost more than the first kernel of a process (``python -m benchmarks.engines`` measures both)."""
KEPT, COMPILED, LOADED = 3_000_000, 30_000_000, 100_000_000
"""Nanoseconds that it takes to bind a kernel that is on disk, to compile one, and to import what makes the first one of
a process."""


def compile(graph: Graph, buffers: Buffers) -> AutoProgram:
    """Return the program that runs `graph` on the engine that is best so far."""
    return AutoProgram(graph, buffers)


def rule(compiled: bool) -> str:
    """Return in a line which engine runs when, with a compiler or without."""
    below = (f"eager, until the runs of a graph without sums have cost {KEPT / 1e6:.0f} ms if its kernels are on disk, "
             f"{COMPILED / 1e6:.0f} ms if not, and {LOADED / 1e6:.0f} ms more for the first of a process")
    return f"fused from {WORTH_FUSING:,} elements on; below that {below if compiled else 'eager'}"


class AutoProgram:
    """A graph on the eager engine that moves to the fused one, or on one of the two for good.

    Parameters
    ----------
    graph : Graph
    buffers : Buffers

    Attributes
    ----------
    now : Program
        What runs now.
    why : str
        The reason.
    """

    def __init__(self, graph: Graph, buffers: Buffers) -> None:
        self.graph, self.buffers = graph, buffers
        size, self._spent, self._compiles = sum([a.size for a in buffers.values]), 0, False
        if size >= WORTH_FUSING:
            self._settle(_fused(graph, buffers), f"{size:,} elements are {WORTH_FUSING:,} or more")
            return
        self.now: Any = eager.compile(graph, buffers)
        self.why = f"{size:,} elements are fewer than {WORTH_FUSING:,}"
        self._due = KEPT if _is_loaded() else LOADED
        self._run: Callable[[], object] = self._timed

    @property
    def NAME(self) -> str:
        """Of the engine that runs now."""
        return self.now.NAME

    def __call__(self) -> None:
        """Run the graph, all or nothing."""
        self._run()

    def _timed(self) -> None:
        if self._spent >= self._due:
            self._move()
            self._run()
            return
        start = perf_counter_ns()
        self.now()
        self._spent += perf_counter_ns() - start

    def _move(self) -> None:
        """Take the fused program if that may be and is worth what it costs; if this fails, nothing has changed."""
        if not self.now.exact:
            self._settle(self.now, f"{self.why}, and it has sums or calls, which round in another order when fused")
        elif not _available():
            self._settle(self.now, "llvmlite is not installed")
        else:
            self._fuse()

    def _fuse(self) -> None:
        from ndarray.kernels.machine_code import NotKept, kept_only

        try:
            with kept_only(not self._compiles):
                program = _fused(self.graph, self.buffers)
        except NotKept:
            self._compiles, self._due = True, self._spent + COMPILED - KEPT
        except Exception as error:  # The engine that ran until now still does.
            self._settle(self.now, f"its kernels cannot be made: {error}")
        else:
            self._settle(program, f"its runs had cost {self._spent / 1e6:.0f} ms, as much as a kernel")

    def _settle(self, program: Any, why: str) -> None:
        self.now, self.why, self._run = program, why, getattr(program, "run", program)

    def measured(self) -> tuple[list[Piece], Callable[[Callable[[], object]], None]] | None:
        """Return the pieces of a run on the engine that runs now."""
        return self.now.measured()

    def plan(self) -> MemoryPlan | None:
        """Return the `MemoryPlan` of the engine that runs now."""
        return self.now.plan()

    def describe(self) -> str:
        """Return which engine runs now and why, and its description."""
        why = self.why
        if self._run == self._timed:
            why += f"; moves to fused once its runs have cost {self._due / 1e6:.0f} ms, now {self._spent / 1e6:.1f} ms"
        return f"engine auto: {self.now.NAME}, for {why}\n{self.now.describe()}"


def _fused(graph: Graph, buffers: Buffers) -> Any:
    from symbolic.engines import fused  # which a process without loops does not need

    return fused.compile(graph, buffers)


def _available() -> bool:
    from ndarray.kernels import machine_code

    return machine_code.available()


def _is_loaded() -> bool:
    return "symbolic.engines.fused" in sys.modules and "llvmlite.binding" in sys.modules
