"""What an engine makes of a graph: the contract between engines and everything that runs, measures or describes."""

from collections.abc import Callable
from typing import ClassVar, Protocol, runtime_checkable

from symbolic.diagnostics.attribution import Piece
from symbolic.diagnostics.memory_plan import MemoryPlan


@runtime_checkable
class Program(Protocol):
    """A graph compiled for the arrays that it runs on.

    ``compile(graph, buffers)`` of an engine makes it.  It may keep what it likes, but reads and writes the arrays of
    the `Buffers` in place: users hold them.

    Attributes
    ----------
    NAME : str
        Of the engine.
    """

    NAME: ClassVar[str]

    def __call__(self) -> None:
        """Run the graph once, all or nothing: an error or an interrupt leaves every array as it was."""

    def describe(self) -> str:
        """Return in lines how the graph runs, for `Executor.debug_str`."""

    def measured(self) -> tuple[list[Piece], Callable[[Callable[[], object]], None]] | None:
        """Return the pieces of a run, and ``run(stamp)``, which calls `stamp` before the first and after each.

        None where the program has no pieces that could be timed; the whole is then timed as one.
        """

    def plan(self) -> MemoryPlan | None:
        """Return the memory that a run takes in addition to the bound arrays; None where that is not known."""
