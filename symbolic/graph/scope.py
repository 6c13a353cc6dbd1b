"""Scopes: objects that a ``with`` block makes current, in one thread."""

from __future__ import annotations

import threading
from typing import Any, Self


class _ScopeType(type):
    """Each direct subclass of `Scope` is one kind: it has a stack of its own in each thread."""

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> None:
        super().__init__(name, bases, namespace)
        if any(isinstance(base, _ScopeType) for base in bases) and not hasattr(cls, "_local"):
            cls._local = threading.local()

    @property
    def current(cls) -> Any:
        """The innermost scope of this thread; there always is one."""
        try:
            return cls._local.stack[-1]
        except AttributeError:
            return cls._stack()[-1]

    @current.setter
    def current(cls, scope: Any) -> None:
        cls._stack()[-1] = scope

    def _stack(cls) -> list[Any]:
        try:
            return cls._local.stack
        except AttributeError:
            kind = next(c for c in reversed(cls.__mro__) if "_local" in vars(c))
            cls._local.stack = [kind()]
            return cls._local.stack


class Scope(metaclass=_ScopeType):
    """A thread-local setting that nests."""

    def __enter__(self) -> Self:
        type(self)._stack().append(self)
        return self

    def __exit__(self, *exc: object) -> None:
        type(self)._stack().pop()
