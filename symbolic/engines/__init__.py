"""Engines: ways to run a graph.  One file each, imported when first asked for."""

from importlib import import_module

from ndarray.errors import UnknownNameError, unknown

ENGINES = ("eager",)
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
    return get("eager" if name == "auto" else name)
