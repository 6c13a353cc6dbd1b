"""XLA through JAX: the whole graph as one program, on whatever devices JAX has.

``words`` is the namespace in which operators compute, ``rules`` gives them their declared gradients, ``program`` runs a
graph over bound arrays, of which ``resident`` knows where the newest value is.

JAX is the extra ``xla``; importing this package without it says so.
"""

try:
    import jax as _jax
except ImportError as error:
    raise ImportError("JAX is not installed: pip install 'symbolic-ndarray[xla]'") from error

from collections.abc import Iterable, Mapping

import numpy as np

from ndarray.array import NDArray
from symbolic.engines.buffers import Buffers
from symbolic.engines.xla import program as _program
from symbolic.engines.xla import resident as _resident
from symbolic.graph.graph import Graph


def compile(graph: Graph, buffers: Buffers) -> _program.XlaProgram:
    """Return the program that runs `graph` on the devices over the arrays of `buffers`."""
    return _program.XlaProgram(graph, buffers)


def adopt(arrays: Mapping[str, NDArray]) -> list[_resident.Home]:
    """Return the homes of arrays; those whose memory nobody else holds live on the devices from now on."""
    return [_resident.home_for(a, _program.default_sharding(), name) for name, a in arrays.items()]


def keep(arrays: Iterable[np.ndarray]) -> list[_resident.Home]:
    """Return homes of memory that only programs use: it lives on the devices as long as they do."""
    return _resident.private(arrays, _program.default_sharding())
