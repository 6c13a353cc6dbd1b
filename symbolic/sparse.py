"""The updates that MXNet keeps under ``sparse``; a graph computes them on whole arrays."""

from ndarray.errors import unknown
from ndarray.sparse import updates
from symbolic.functions import function


def __getattr__(name):
    """Return the function that makes nodes of an update."""
    known = updates()
    if name not in known:
        raise AttributeError(name if name.startswith("__") else unknown("operator of sparse", name, known))
    return function(known[name])


def __dir__():
    return sorted(updates())
