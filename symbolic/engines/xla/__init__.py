"""XLA through JAX: the whole graph as one program, on whatever devices JAX has.

``words`` is the namespace in which operators compute, ``rules`` gives them their declared gradients, ``program`` runs a
graph over bound arrays, of which ``resident`` knows where the newest value is and ``placement`` on which devices.

JAX is the extra ``xla``; importing this package without it raises an error that names the extra.
"""

try:
    import jax as _jax
except ImportError as error:
    raise ImportError("JAX is not installed: pip install 'symbolic-ndarray[xla]'") from error

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ndarray.array import NDArray
from symbolic.engines.buffers import Buffers
from symbolic.engines.xla import agreement as _agreement
from symbolic.engines.xla import placement as _placement
from symbolic.engines.xla import program as _program
from symbolic.engines.xla import resident as _resident
from symbolic.graph.graph import Graph


def compile(graph: Graph, buffers: Buffers,
            placement: _placement.Placement | _placement.OneDevice | None = None) -> _program.XlaProgram:
    """Return the program that runs `graph` on the devices over the arrays of `buffers`."""
    return _program.XlaProgram(graph, buffers, placement)


def place(mesh: Any, sharding: Any, names: Sequence[str], inner: Sequence[str]) -> _placement.Placement:
    """Return what is where on a mesh, checked."""
    return _placement.Placement(mesh, sharding, names, inner)


def adopt(arrays: Mapping[str, NDArray],
          placement: _placement.Placement | _placement.OneDevice | None) -> list[_resident.Home]:
    """Return the homes of arrays; those whose memory nobody else holds live on the devices from now on.

    Raises
    ------
    BindError, ShapeError, UnknownNameError
        If an array cannot be split as it is to be; or if the processes hold different values of one.
    """
    where = {name: _program.default_sharding() if placement is None else placement.of(name, a.shape)
             for name, a in arrays.items()}
    found = [_resident.home_for(a, where[name], name) for name, a in arrays.items()]
    if any(map(_placement.is_spread, where.values())):
        _agreement.check_alike(_resident.checksums(found))
    return found


def keep(arrays: Iterable[np.ndarray]) -> list[_resident.Home]:
    """Return homes of memory that only programs use: it lives on the devices as long as they do."""
    return _resident.private(arrays)
