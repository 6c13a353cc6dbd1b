"""Engines: ways to run a graph.  One file each, imported when first asked for."""

from importlib import import_module

from ndarray.errors import UnknownNameError, unknown

ENGINES = ("eager", "fused")
"""Every engine by name; each is a file here with ``compile(graph, bound) -> program``."""


def get(name):
    """Return the function ``compile(graph, bound) -> program`` of the engine called `name`.

    A program is called without arguments: it runs the graph on the arrays of the `Bound` it was compiled for, all
    or nothing.  ``program.describe()`` says how.

    Raises
    ------
    UnknownNameError
    """
    if name not in ENGINES:
        raise UnknownNameError(unknown("engine", name, ENGINES))
    return import_module(f"symbolic.engines.{name}").compile


def choose(name, graph, bound):
    """Return the compile function of the engine called `name`; ``"auto"`` chooses for these arrays."""
    return get(_best(bound) if name == "auto" else name)


WORTH_FUSING = 1 << 16
"""How many elements of all arrays repay the making of loops."""


def _best(bound):
    if sum([a.size for a in bound.values]) < WORTH_FUSING:
        return "eager"
    from ndarray.kernels.machine_code import available

    return "fused" if available() else "eager"
