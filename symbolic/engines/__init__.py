"""Engines: ways to run a graph, one file each, imported when first asked for.

``program.py`` is the contract that each engine's programs keep.  `eager` is the reference, with which every other
engine must agree; `fused` runs loops of machine code; `auto` chooses between the two; `xla` runs on the devices of JAX;
`flat` is the eager engine's way of running small graphs often; `lower` and `buffers` are what engines share.  A new
engine is a file here and its name in `ENGINES`, or, from outside, a call of `register`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from ndarray.array import NDArray
from ndarray.context import Context
from ndarray.errors import BindError, OperatorError, UnknownNameError, shown, unknown
from ndarray.kernels import pages
from ndarray.tensortype import TensorType
from symbolic.engines.buffers import Buffers, elsewhere
from symbolic.engines.program import Program
from symbolic.graph.graph import Graph

# What an engine is: a function that returns the program of a graph on the arrays of some buffers.
Compile = Callable[[Graph, Buffers], Program]

ENGINES = ("eager", "fused", "xla")
"""The engines of this package; each is a file here with a function ``compile``."""

_registered: dict[str, Compile] = {}


def register(name: str, compile: Compile) -> None:
    """Let ``bind(engine=name)`` compile graphs with an engine from outside this package.

    Parameters
    ----------
    name : str
    compile : callable
        ``compile(graph, buffers)`` returns a `symbolic.engines.program.Program`.

    Raises
    ------
    OperatorError
        If there is an engine of this name, or `compile` cannot be called.
    """
    if name in ENGINES or name in _registered or name == "auto":
        raise OperatorError(f"there is an engine named {shown(name)} already")
    if not callable(compile):
        raise OperatorError(f"an engine is a function compile(graph, buffers), got {shown(compile)}")
    _registered[name] = compile


def get(name: str) -> Compile:
    """Return the compile function of an engine; that of ``"auto"`` chooses for the arrays that it is given.

    Raises
    ------
    UnknownNameError
    """
    if name in _registered:
        return _registered[name]
    if name not in (*ENGINES, "auto"):
        raise UnknownNameError(unknown("engine", name, ("auto", *ENGINES, *_registered)))
    return import_module(f"symbolic.engines.{name}").compile


def compiled(name: str, graph: Graph, buffers: Buffers, placement: Any = None) -> Program:
    """Return the program of a graph on an engine, with what `place` has returned for it."""
    return get(name)(graph, buffers, *([] if placement is None else [placement]))


def place(name: str, mesh: Any, sharding: Any, names: Sequence[str], inner: Sequence[str],
          ctx: Context | None = None) -> Any:
    """Return what is where, checked, for `adopt`; None where nobody has said it.

    Parameters
    ----------
    name : str
        Of the engine.
    mesh, sharding : object
        As `symbolic.Symbol.bind` takes them.
    names, inner : sequence of str
        Of the variables, and of the outputs of all nodes.
    ctx : Context, optional
        The device where a mesh does not say it, if somebody has asked for one.

    Raises
    ------
    BindError, UnknownNameError
    MXNetError
        If the device does not exist.
    """
    if mesh is None and sharding is None:
        if name != "xla" or ctx is None:
            return None
        from symbolic.engines.xla.placement import OneDevice  # needs JAX

        return OneDevice(ctx)
    if name != "xla":
        raise BindError(f"mesh= and sharding= need engine='xla', got engine={shown(name)}")
    if mesh is None:
        raise BindError("sharding= splits arrays along the axes of a mesh: give mesh=, too")
    from symbolic.engines.xla import place  # needs JAX

    return place(mesh, sharding, names, inner)


def zeros(name: str, types: Iterable[TensorType], ctx: Context) -> list[NDArray]:
    """Return new arrays of zeros for an executor.

    They lie in one block; or each in memory of its own, where the engine keeps arrays elsewhere if nobody else holds
    their memory.

    Parameters
    ----------
    name : str
        Of the engine.
    types : iterable of TensorType
        Complete.
    ctx : Context
    """
    if name != "xla":
        return [NDArray(a, ctx) for a in pages.zeros(types)]
    return [NDArray(np.zeros(shape, dtype), ctx) for shape, dtype in types]


def adopt(name: str, arrays: Mapping[str, NDArray], placement: Any = None) -> list[object]:
    """Let an engine keep arrays elsewhere than in their memory, for as long as what is returned lives.

    Parameters
    ----------
    name : str
        Of the engine.
    arrays : dict of str to NDArray
        All that are bound, by name.
    placement : object, optional
        What `place` has returned.
    """
    if name == "xla":
        from symbolic.engines.xla import adopt  # needs JAX

        return list(adopt(arrays, placement))
    if elsewhere:
        from symbolic.engines.xla.resident import share

        for array in arrays.values():
            share(array)
    return []


def keep(name: str, arrays: Iterable[np.ndarray]) -> list[object]:
    """Let an engine keep what only its programs read and write elsewhere than in memory; see `adopt`."""
    if name == "xla":
        from symbolic.engines.xla import keep  # needs JAX

        return list(keep(arrays))
    return []


def newest(array: NDArray) -> np.ndarray:
    """Return an array's memory with its newest value, to be read only; an engine may keep it elsewhere."""
    if elsewhere:
        from symbolic.engines.xla.resident import newest

        return newest(array)
    return array._data


def by_first(placement: Any, action: Callable[[], str]) -> str:
    """Let one of the processes on a mesh do something once; return in every process what it has returned.

    Parameters
    ----------
    placement : object
        What `place` has returned; None for one process.
    action : callable
        Without arguments; returns a short text.

    Raises
    ------
    DeviceError
        In the others, if it has failed there or if a process is gone.
    """
    if placement is None or not placement.spread:
        return action()
    from symbolic.engines.xla.agreement import by_first

    return by_first(action)


def check_alike(placement: Any, sums: Mapping[str, int]) -> None:
    """Raise where the processes on a mesh have different checksums of what is to be the same in all; see `by_first`.

    Raises
    ------
    BindError
    """
    if placement is not None and placement.spread:
        from symbolic.engines.xla.agreement import check_alike

        check_alike(sums)
