"""Values that are traced instead of computed, and the arithmetic of two of them."""

import math

import numpy as np

from ndarray.binary import BINARY, give_operators
from ndarray.errors import OperatorError


class Traced:
    """A value that is traced instead of computed: an entry of a graph and its type.

    It takes part in Python's arithmetic as an array does.

    Attributes
    ----------
    trace : Trace
        The namespace that traced it.
    entry : Entry
    type : TensorType
        Complete.
    mask : bool
        Whether it is a truth value, 1 or 0 in the dtype of what was compared.
    """

    __slots__ = ("trace", "entry", "type", "mask")
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, trace, entry, type, mask=False):
        self.trace, self.entry, self.type, self.mask = trace, entry, type, mask

    @property
    def shape(self):
        """Length of each axis."""
        return self.type.shape

    @property
    def dtype(self):
        """Element type."""
        return self.type.dtype

    @property
    def ndim(self):
        """Number of axes."""
        return len(self.type.shape)

    @property
    def size(self):
        """Number of elements."""
        return math.prod(self.type.shape)

    def __repr__(self):
        return f"<traced {self.entry}: {self.type}>"

    def __bool__(self):
        raise OperatorError(f"{self.entry} is traced and has no value: an operator's body cannot branch on it; "
                            "use xp.where")

    def __neg__(self):
        return self.trace.emit("negative", self)

    def __abs__(self):
        return self.trace.emit("abs", self)

    def __invert__(self):
        return self.trace.logical_not(self) if self.mask else -1 - self


def binary(trace, word, a, b):
    """Return a word of two values; of two numbers it is a number."""
    names = BINARY[word]
    if not isinstance(a, Traced) and not isinstance(b, Traced):
        return getattr(np, names.numpy)(a, b)
    a, b = _aligned(trace, a, b)
    if isinstance(a, Traced) and isinstance(b, Traced):
        return trace.emit(names.elementwise if a.shape == b.shape else names.broadcast, a, b, mask=names.mask)
    if isinstance(a, Traced):
        return trace.emit(names.scalar, a, mask=names.mask, scalar=b)
    return trace.emit(names.reflected, b, mask=names.mask, scalar=a)


def _aligned(trace, a, b):
    """Return two values in one dtype, as NumPy would promote them; a number comes back as Python's."""
    numbers = [not isinstance(x, Traced) and (not hasattr(x, "shape") or x.shape == ()) for x in (a, b)]
    a, b = (x if number else trace.traced(x) for x, number in zip((a, b), numbers))
    if not any(numbers):
        if a.dtype != b.dtype:
            dtype = a.dtype if b.mask else b.dtype if a.mask else np.result_type(a.dtype, b.dtype)
            a, b = _in_dtype(trace, a, dtype), _in_dtype(trace, b, dtype)
        return a, b
    x, number = (b, a) if numbers[0] else (a, b)
    if not x.mask:
        x = trace.astype(x, np.result_type(x.dtype, number))
    number = number.item() if hasattr(number, "item") else number
    return (number, x) if numbers[0] else (x, number)


def _in_dtype(trace, x, dtype):
    """Return `x` in another dtype; a mask stays one."""
    if x.dtype == dtype:
        return x
    y = trace.astype(x, dtype)
    return Traced(trace, y.entry, y.type, x.mask)


give_operators(Traced, lambda word, a, b: binary((a if isinstance(a, Traced) else b).trace, word, a, b))
