"""What is computed once: a property without a lock, and a table that stays small."""

import functools
from typing import Any, TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class cached_property(functools.cached_property):
    """`functools.cached_property` without a lock.

    In Python 3.11 all objects share the lock of a property.  A process that forks while another thread computes leaves
    it locked in the child, which then waits for ever.  Here two threads at once may both compute; they find the same.
    """

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Compute the value; from then on it is an attribute of the instance, and this method is not called again."""
        if instance is None:
            return self
        value = instance.__dict__[self.attrname] = self.func(instance)
        return value


class Bounded(dict[_Key, _Value]):
    """A dict of what was computed, which `keep` empties once it is full.

    The next computations fill it again.  To find a value costs what it costs in any dict; to drop the oldest one only,
    each look would have to be noted.

    Parameters
    ----------
    most : int
        How many values it holds.

    Examples
    --------
    >>> found = Bounded(2)
    >>> [found.keep(n, n * n) for n in (1, 2, 3)], found
    ([1, 4, 9], {3: 9})
    """

    __slots__ = ("most",)

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def keep(self, key: _Key, value: _Value) -> _Value:
        """Keep a value under a key, and return it."""
        if len(self) >= self.most:
            self.clear()
        self[key] = value
        return value
