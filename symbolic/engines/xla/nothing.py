"""A decay of zero that reads no weights."""

from collections.abc import Mapping
from typing import Any

from symbolic.graph.node import Node


class Nothing:
    """The number zero, whose product with anything is itself, and whose sum with anything is the other.

    XLA keeps ``0 * weight``, which is NaN where the weight is infinite, and reads the weight for it.
    """

    __slots__ = ()
    __array_ufunc__ = None  # A scalar of NumPy leaves arithmetic with it to the methods below.

    def _itself(self, other: Any) -> "Nothing":
        return self

    def _the_other(self, other: Any) -> Any:
        return other

    def __sub__(self, other: Any) -> Any:
        return -other

    def __neg__(self) -> "Nothing":
        return self

    def __repr__(self) -> str:
        return "NOTHING"

    __mul__ = __rmul__ = __truediv__ = _itself
    __add__ = __radd__ = __rsub__ = _the_other


NOTHING = Nothing()


def without_decay(node: Node) -> Mapping[str, Any]:
    """Return the parameters of an update operator, with `NOTHING` in place of weight decays that are zero."""
    params = node.complete_params
    decay = node.op.update.decay if node.op.update else None
    if decay is None or decay not in params:
        return params
    given = params[decay]
    if type(given) is tuple:  # What is fed is a named one.
        return {**params, decay: tuple([NOTHING if wd in (0, 0.0) else wd for wd in given])}
    return {**params, decay: NOTHING} if decay in node.op.scalars and given in (0, 0.0) else params
