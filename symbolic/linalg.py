"""Symbolic functions of the operators that MXNet keeps under ``linalg``."""

from ndarray import lazy, registry
from symbolic.functions import function

_PREFIX = "_linalg_"

__getattr__ = lazy.attributes(globals(), registry.functions(function, lambda name: registry.known(_PREFIX + name)))


def __dir__() -> list[str]:
    return sorted(n.removeprefix(_PREFIX) for n in registry.names() if n.startswith(_PREFIX))
