"""The updates that MXNet keeps under ``sparse``; a graph computes them on whole arrays."""

from ndarray import lazy, registry
from ndarray.sparse import updates
from symbolic.functions import function

__getattr__ = lazy.attributes(globals(), registry.functions(function, lambda name: updates().get(name)))


def __dir__() -> list[str]:
    return sorted(updates())
