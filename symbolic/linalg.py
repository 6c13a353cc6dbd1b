"""Symbolic functions of the operators that MXNet keeps under ``linalg``."""

from ndarray.registry import names
from symbolic.functions import function

_PREFIX = "_linalg_"


def __getattr__(name):
    """Return the function of the operator whose name is ``_linalg_`` and `name`."""
    if _PREFIX + name not in names():
        raise AttributeError(f"no operator {name!r} in linalg")
    return function(_PREFIX + name)


def __dir__():
    return sorted(n.removeprefix(_PREFIX) for n in names() if n.startswith(_PREFIX))
