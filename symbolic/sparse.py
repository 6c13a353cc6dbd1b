"""The updates that MXNet keeps under ``sparse``; a graph computes them on whole arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ndarray.errors import unknown
from ndarray.sparse import updates
from symbolic.functions import function

if TYPE_CHECKING:
    from collections.abc import Callable

    from symbolic.symbol import Symbol


def __getattr__(name: str) -> Callable[..., Symbol]:
    """Return the function that makes nodes of an update."""
    known = updates()
    if name not in known:
        raise AttributeError(name if name.startswith("__") else unknown("operator of sparse", name, known))
    return function(known[name])


def __dir__() -> list[str]:
    return sorted(updates())
