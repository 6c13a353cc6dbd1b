"""The type of a value: its shape and its dtype, as far as they are known."""

from math import prod
from typing import NamedTuple

import numpy as np

from ndarray.errors import DTypeError, ShapeError


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

    shape: tuple[int | None, ...] | None = None
    dtype: np.dtype | None = None

    @property
    def known(self):
        """Whether nothing is left to learn."""
        return self.dtype is not None and self.shape is not None and None not in self.shape

    @property
    def nbytes(self):
        """How many bytes an array of this type holds; the type must be known."""
        return prod(self.shape) * self.dtype.itemsize

    def merge(self, other):
        """Return what both know together.

        Raises
        ------
        ShapeError, DTypeError
            Where they disagree.
        """
        if self == other:
            return self
        return TensorType(merge_shapes(self.shape, other.shape), merge_dtypes(self.dtype, other.dtype))

    def __eq__(self, other):
        # NumPy says that float64 equals None: an unknown dtype must not look like it.
        return (isinstance(other, TensorType) and self.shape == other.shape
                and (self.dtype is None) is (other.dtype is None) and self.dtype == other.dtype)

    def __ne__(self, other):
        return not self == other

    __hash__ = tuple.__hash__

    def __str__(self):
        dims = "?" if self.shape is None else ",".join("?" if d is None else str(d) for d in self.shape)
        return f"{self.dtype or '?'}[{dims}]"


UNKNOWN = TensorType()


def merge_dtypes(a, b):
    """Return the dtype that both agree on; None knows nothing."""
    if a is None or b is None or a == b:
        return b if a is None else a
    raise DTypeError(f"expected {a}, got {b}")


def merge_shapes(a, b):
    """Return the shape that both agree on, axis by axis; None knows nothing."""
    if a is None or b is None or a == b:
        return b if a is None else a
    if len(a) == len(b) and all(x is None or y is None or x == y for x, y in zip(a, b)):
        return tuple(y if x is None else x for x, y in zip(a, b))
    raise ShapeError(f"expected {show_shape(a)}, got {show_shape(b)}")


def show_shape(shape):
    """Return a shape as text, with ``?`` for what is not known."""
    if shape is None:
        return "?"
    return "(" + ", ".join("?" if d is None else str(d) for d in shape) + ("," if len(shape) == 1 else "") + ")"
