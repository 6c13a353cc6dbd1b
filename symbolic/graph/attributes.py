"""Text attributes that a user or a scope attaches to nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ndarray.errors import ParamError, shown
from symbolic.graph.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

HIDDEN = ("ctx_group", "lr_mult", "wd_mult", "force_mirroring", "mirror_stage")
"""Keys that are stored as ``__key__`` and read under both names."""


class AttrScope(Scope):
    """Attach attributes to every node that is made inside the scope.

    Parameters
    ----------
    **attrs : str
        The inner scope wins over the outer one, an explicit ``attr=`` over both.

    Raises
    ------
    ParamError
        If a value is not a str.

    Examples
    --------
    >>> with AttrScope(ctx_group="dev1"):
    ...     with AttrScope(__stage__="2") as scope:
    ...         scope.get({"__stage__": "3"})
    {'__ctx_group__': 'dev1', '__stage__': '3'}
    """

    def __init__(self, **attrs: str) -> None:
        self._attrs = checked(attrs)

    def __enter__(self) -> AttrScope:
        self._own = self._attrs
        self._attrs = {**type(self).current._attrs, **self._own}
        return super().__enter__()

    def __exit__(self, *exc: object) -> None:
        self._attrs = self._own
        super().__exit__(*exc)

    def get(self, attrs: Mapping[str, str] | None = None) -> Mapping[str, str]:
        """Return the scope's attributes with `attrs` over them."""
        return {**self._attrs, **checked(attrs)} if attrs else self._attrs


def is_attribute(key: str) -> bool:
    """Tell whether a keyword of a call is an attribute of the node, whatever the operator."""
    return key in HIDDEN or (key.startswith("__") and key.endswith("__"))


def checked(attrs: Mapping[str, str]) -> dict[str, str]:
    """Return attributes under the names they are stored by; raise where a value is not text."""
    stored = {}
    for key, value in attrs.items():
        if not isinstance(value, str):
            raise ParamError(f"attribute {key} must be a str, got {shown(value)}; write {str(value)!r}")
        stored[f"__{key}__" if key in HIDDEN else key] = value
    return stored


def visible(attrs: Any) -> dict[str, str]:
    """Return stored attributes with the hidden keys under both of their names."""
    both = dict(attrs)
    for key in HIDDEN:
        if f"__{key}__" in both:
            both[key] = both[f"__{key}__"]
    return both
