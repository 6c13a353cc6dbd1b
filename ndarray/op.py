"""Every operator's eager function, those with a leading underscore included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ndarray.functions import function
from ndarray.registry import names

if TYPE_CHECKING:
    from collections.abc import Callable


def __getattr__(name: str) -> Callable[..., Any]:
    """Return the eager function of the operator called `name`."""
    if name not in names():
        raise AttributeError(f"no operator {name!r}")
    return function(name)


def __dir__() -> list[str]:
    return sorted(names())
