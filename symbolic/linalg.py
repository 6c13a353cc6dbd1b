"""Symbolic functions of the operators that MXNet keeps under ``linalg``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ndarray.registry import names
from symbolic.functions import function

if TYPE_CHECKING:
    from collections.abc import Callable

    from symbolic.symbol import Symbol

_PREFIX = "_linalg_"


def __getattr__(name: str) -> Callable[..., Symbol]:
    """Return the function of the operator whose name is ``_linalg_`` and `name`."""
    if _PREFIX + name not in names():
        raise AttributeError(f"no operator {name!r} in linalg")
    return function(_PREFIX + name)


def __dir__() -> list[str]:
    return sorted(n.removeprefix(_PREFIX) for n in names() if n.startswith(_PREFIX))
