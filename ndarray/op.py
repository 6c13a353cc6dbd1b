"""Every operator's eager function, those with a leading underscore included."""

from ndarray.functions import function
from ndarray.registry import names


def __getattr__(name):
    """Return the eager function of the operator called `name`."""
    if name not in names():
        raise AttributeError(f"no operator {name!r}")
    return function(name)


def __dir__():
    return sorted(names())
