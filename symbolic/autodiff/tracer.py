"""Values that are not computed but noted, and the arithmetic of two of them."""

import math
from typing import NamedTuple

import numpy as np

from ndarray.errors import OperatorError


class Traced:
    """A value that is not computed but noted: an entry of a graph and its type.

    It takes part in Python's arithmetic as an array does.

    Attributes
    ----------
    trace : Trace
        What notes the operations on it.
    entry : Entry
    type : TensorType
        Complete.
    mask : bool
        Whether it tells true from false, as 1 and 0 in the dtype of what was compared.
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
        raise OperatorError(f"{self.entry} is only noted, not computed: a body cannot ask whether it is true; "
                            "use xp.where")

    def __neg__(self):
        return self.trace.emit("negative", self)

    def __abs__(self):
        return self.trace.emit("abs", self)

    def __invert__(self):
        return self.trace.logical_not(self) if self.mask else -1 - self


class _Word(NamedTuple):
    """A word of two values: the operators for equal shapes, for broadcasting, and for a number on either side."""

    elementwise: str
    broadcast: str
    right: str
    left: str | None = None
    mask: bool = False


_BINARY = {
    "add": _Word("elemwise_add", "broadcast_add", "_plus_scalar"),
    "sub": _Word("elemwise_sub", "broadcast_sub", "_minus_scalar", "_rminus_scalar"),
    "mul": _Word("elemwise_mul", "broadcast_mul", "_mul_scalar"),
    "truediv": _Word("elemwise_div", "broadcast_div", "_div_scalar", "_rdiv_scalar"),
    "mod": _Word("_mod", "broadcast_mod", "_mod_scalar", "_rmod_scalar"),
    "pow": _Word("_power", "broadcast_power", "_power_scalar", "_rpower_scalar"),
    "maximum": _Word("_maximum", "broadcast_maximum", "_maximum_scalar"),
    "minimum": _Word("_minimum", "broadcast_minimum", "_minimum_scalar"),
    "hypot": _Word("_hypot", "broadcast_hypot", "_hypot_scalar"),
    "eq": _Word("_equal", "broadcast_equal", "_equal_scalar", mask=True),
    "ne": _Word("_not_equal", "broadcast_not_equal", "_not_equal_scalar", mask=True),
    "gt": _Word("_greater", "broadcast_greater", "_greater_scalar", "_lesser_scalar", mask=True),
    "ge": _Word("_greater_equal", "broadcast_greater_equal", "_greater_equal_scalar", "_lesser_equal_scalar", mask=True),
    "lt": _Word("_lesser", "broadcast_lesser", "_lesser_scalar", "_greater_scalar", mask=True),
    "le": _Word("_lesser_equal", "broadcast_lesser_equal", "_lesser_equal_scalar", "_greater_equal_scalar", mask=True),
    "logical_and": _Word("_logical_and", "broadcast_logical_and", "_logical_and_scalar", mask=True),
    "logical_or": _Word("_logical_or", "broadcast_logical_or", "_logical_or_scalar", mask=True),
    "logical_xor": _Word("_logical_xor", "broadcast_logical_xor", "_logical_xor_scalar", mask=True),
}


def binary(trace, word, a, b):
    """Return a word of two values, at least one of them traced."""
    spec = _BINARY[word]
    a, b = _aligned(trace, a, b)
    if isinstance(a, Traced) and isinstance(b, Traced):
        return trace.emit(spec.elementwise if a.shape == b.shape else spec.broadcast, a, b, mask=spec.mask)
    if isinstance(a, Traced):
        return trace.emit(spec.right, a, mask=spec.mask, scalar=b)
    return trace.emit(spec.left or spec.right, b, mask=spec.mask, scalar=a)


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


def _give_arithmetic():
    def forwards(word):
        return lambda self, other: binary(self.trace, word, self, other)

    def backwards(word):
        return lambda self, other: binary(self.trace, word, other, self)

    for word in ("add", "sub", "mul", "truediv", "mod", "pow"):
        setattr(Traced, f"__{word}__", forwards(word))
        setattr(Traced, f"__r{word}__", backwards(word))
    for word in ("eq", "ne", "gt", "ge", "lt", "le"):
        setattr(Traced, f"__{word}__", forwards(word))


_give_arithmetic()
