"""Words of the vocabulary that follow from other words, for every namespace that records instead of computing."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray.dtypes import DEFAULT as _FLOAT32
from ndarray.dtypes import bfloat16 as _bfloat16


class DerivedWords:
    """A mixin of tracing namespaces: each word in terms of `where`, `reshape`, `transpose`, `full` and arithmetic.

    A namespace overrides what it can express better.
    """

    if TYPE_CHECKING:
        def __getattr__(self, word: str) -> Any: ...  # the namespace's own words

    def clip(self, x: Any, bound: Any) -> Any:
        """Return `x` limited to ``[-bound, bound]``; NaN stays NaN."""
        return self.where(x > bound, bound, self.where(x < -bound, -bound, x))

    def square(self, x: Any) -> Any:
        """Return ``x * x``."""
        return x * x

    def isnan(self, x: Any) -> Any:
        """Return whether elements are NaN."""
        return x != x

    def isinf(self, x: Any) -> Any:
        """Return whether elements are infinite."""
        return self.abs(x) == math.inf

    def isfinite(self, x: Any) -> Any:
        """Return whether elements are neither NaN nor infinite."""
        return self.abs(x) < math.inf

    def matmul_bfloat16(self, a: Any, b: Any) -> Any:
        """Return the product of matrices in float32, whose elements are rounded to bfloat16 first."""
        return self.matmul(*[self.astype(self.astype(x, _bfloat16()), _FLOAT32) for x in (a, b)])

    def zeros(self, shape: Sequence[int], dtype: Any = float) -> Any:
        """Return zeros."""
        return self.full(shape, 0, dtype)

    def ones(self, shape: Sequence[int], dtype: Any = float) -> Any:
        """Return ones."""
        return self.full(shape, 1, dtype)

    def zeros_like(self, x: Any, dtype: Any = None) -> Any:
        """Return zeros of the shape and dtype of `x`, whose values are not used."""
        return self.zeros(x.shape, dtype or x.dtype)

    def ones_like(self, x: Any, dtype: Any = None) -> Any:
        """Return ones of the shape and dtype of `x`, whose values are not used."""
        return self.ones(x.shape, dtype or x.dtype)

    def full_like(self, x: Any, value: Any, dtype: Any = None) -> Any:
        """Return one value everywhere, of the shape and dtype of `x`."""
        return self.full(x.shape, value, dtype or x.dtype)

    def unpack_scalars(self, values: Any, n: int, dtype: Any) -> tuple:
        """Return the `n` elements as values of `dtype` without axes."""
        flat = self.reshape(self.astype(values, dtype), (-1,))
        return tuple([self.reshape(self.strided_slice(flat, (i,), (i + 1,), (1,)), ()) for i in range(n)])

    def unbroadcast(self, x: Any, like: Any) -> Any:
        """Return `x` summed over the axes along which broadcasting has repeated `like`."""
        extra = x.ndim - like.ndim
        axes = (*range(extra), *(i + extra for i, d in enumerate(like.shape) if d == 1 and x.shape[i + extra] != 1))
        return self.reshape(self.sum(x, axis=axes, keepdims=True), like.shape)

    def moveaxis(self, x: Any, source: int, destination: int) -> Any:
        """Return the array with one axis moved."""
        order = [i for i in range(x.ndim) if i != source % x.ndim]
        order.insert(destination % x.ndim, source % x.ndim)
        return self.transpose(x, tuple(order))

    def expand_dims(self, x: Any, axis: int | tuple[int, ...]) -> Any:
        """Return the array with new axes of length 1."""
        return self.reshape(x, np.expand_dims(without_memory(x.shape), axis).shape)

    def squeeze(self, x: Any, axis: int | tuple[int, ...] | None = None) -> Any:
        """Return the array without axes of length 1."""
        return self.reshape(x, np.squeeze(without_memory(x.shape), axis).shape)


def shape_of(shape: Any, size: int | None = None) -> tuple[int, ...]:
    """Return a shape as a tuple of integers; with a size, a -1 in it follows."""
    found = (int(shape),) if isinstance(shape, (int, np.integer)) else tuple([int(d) for d in shape])
    if size is not None and -1 in found:
        rest = math.prod(d for d in found if d != -1)
        found = tuple([size // max(rest, 1) if d == -1 else d for d in found])
    return found


def without_memory(shape: Sequence[int]) -> np.ndarray:
    """Return an array of a shape that takes no memory, so that NumPy can infer the resulting shape."""
    return np.broadcast_to(np.int8(0), shape)
