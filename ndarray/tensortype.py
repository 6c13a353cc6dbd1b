"""The type of a value: its shape and its dtype, as far as they are known."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ndarray.errors import DTypeError, ShapeError

Dims: TypeAlias = "tuple[int | Any, ...]"
"""A shape; None for each length that is not known."""


MOST_AXES = 32
"""The most axes that an array of a file or a graph may have, as in MXNet."""


class TensorType(NamedTuple):
    """Shape and dtype; ``None`` marks what is not yet known.

    Attributes
    ----------
    shape : tuple of (int or None), or None
    dtype : numpy.dtype or None

    Examples
    --------
    >>> TensorType((2, None)).merge(TensorType((None, 3), np.dtype("float32")))
    TensorType(shape=(2, 3), dtype=dtype('float32'))
    """

    shape: Dims | Any = None
    dtype: np.dtype | Any = None

    @property
    def known(self) -> bool:
        """Whether nothing is left to learn."""
        return self.dtype is not None and self.shape is not None and None not in self.shape

    @property
    def nbytes(self) -> int:
        """How many bytes an array of this type holds; the type must be known."""
        return prod(self.shape) * self.dtype.itemsize

    def merge(self, other: TensorType) -> TensorType:
        """Return what both know together.

        Raises
        ------
        ShapeError, DTypeError
            Where they disagree.
        """
        if other is self or other is UNKNOWN:
            return self
        # The same object where the other knows all: what is compared most is then one object.
        if self is UNKNOWN:
            return other
        if self == other:
            return self
        return TensorType(merge_shapes(self.shape, other.shape), merge_dtypes(self.dtype, other.dtype))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        # To NumPy float64 equals None: an unknown dtype must not look like it.
        return (isinstance(other, TensorType) and self.shape == other.shape
                and (self.dtype is None) is (other.dtype is None) and self.dtype == other.dtype)

    def __ne__(self, other: object) -> bool:
        return self is not other and not self == other

    def __str__(self) -> str:
        dims = "?" if self.shape is None else ",".join("?" if d is None else str(d) for d in self.shape)
        return f"{self.dtype or '?'}[{dims}]"


# In the body of the class it would be read as a field.
TensorType.__hash__ = tuple.__hash__  # type: ignore[method-assign]

UNKNOWN = TensorType()


def merge_dtypes(a: np.dtype | None, b: np.dtype | None) -> np.dtype | None:
    """Return the dtype that both agree on; None knows nothing."""
    if a is None or b is None or a == b:
        return b if a is None else a
    raise DTypeError(f"expected {a}, got {b}")


def merge_shapes(a: Dims | None, b: Dims | None) -> Dims | None:
    """Return the shape that both agree on, axis by axis; None knows nothing."""
    if a is None or b is None or a == b:
        return b if a is None else a
    if len(a) == len(b) and all(x is None or y is None or x == y for x, y in zip(a, b)):
        return tuple(y if x is None else x for x, y in zip(a, b))
    raise ShapeError(f"expected {show_shape(a)}, got {show_shape(b)}")


def show_shape(shape: Sequence[int | None] | None) -> str:
    """Return a shape as text, with ``?`` for what is not known."""
    if shape is None:
        return "?"
    return "(" + ", ".join("?" if d is None else str(d) for d in shape) + ("," if len(shape) == 1 else "") + ")"


def type_text(type_: TensorType) -> str:
    """Return a type as a label; empty where nothing is known.

    Examples
    --------
    >>> type_text(TensorType((2, None), np.dtype("float32")))
    'float32 2×?'
    """
    dims = "" if type_.shape is None else "×".join("?" if d is None else str(d) for d in type_.shape) or "scalar"
    return " ".join(part for part in (str(type_.dtype) if type_.dtype is not None else "", dims) if part)
