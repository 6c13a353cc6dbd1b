"""Eager functions of the operators that MXNet keeps under ``linalg``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ndarray.functions import function
from ndarray.registry import names

if TYPE_CHECKING:
    from collections.abc import Callable

_PREFIX = "_linalg_"


def __getattr__(name: str) -> Callable[..., Any]:
    """Return the function of the operator whose name is ``_linalg_`` and `name`."""
    if _PREFIX + name not in names():
        raise AttributeError(f"no operator {name!r} in linalg")
    return function(_PREFIX + name)


def __dir__() -> list[str]:
    return sorted(n.removeprefix(_PREFIX) for n in names() if n.startswith(_PREFIX))
