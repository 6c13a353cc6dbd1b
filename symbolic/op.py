"""Every operator's symbolic function, those with a leading underscore included."""

from ndarray.registry import names
from symbolic.functions import function


def __getattr__(name):
    """Return the function that makes nodes of the operator called `name`."""
    if name not in names():
        raise AttributeError(f"no operator {name!r}")
    return function(name)


def __dir__():
    return sorted(names())
