"""Every operator's symbolic function, those with a leading underscore included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ndarray.registry import names
from symbolic.functions import function

if TYPE_CHECKING:
    from collections.abc import Callable

    from symbolic.symbol import Symbol


def __getattr__(name: str) -> Callable[..., Symbol]:
    """Return the function that makes nodes of the operator called `name`."""
    if name not in names():
        raise AttributeError(f"no operator {name!r}")
    return function(name)


def __dir__() -> list[str]:
    return sorted(names())
