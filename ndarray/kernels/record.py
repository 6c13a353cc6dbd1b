"""An `xp` that writes down what the bodies of operators compute, one instruction after another.

It records what NumPy would do: the same dtypes, the same order of operations.  What a loop over elements cannot
compute, or would compute with other bits than NumPy, it refuses with `Unfusible`.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ndarray import dtypes
from ndarray.binary import BINARY, give_operators
from ndarray.derived import DerivedWords, shape_of

FLOAT16, FLOAT32, FLOAT64, BOOL = (np.dtype(d) for d in ("float16", "float32", "float64", "bool"))
STORED = (FLOAT16, FLOAT32, FLOAT64, BOOL)
"""What a loop can read and write, beside bfloat16; it computes in float32, float64 and bool."""

_TYPES = frozenset({"float16", "float32", "float64", "int32", "int64", "int8", "uint8", "bool_"})


class Unfusible(Exception):
    """A loop over elements cannot compute this; the message gives the reason."""


class Instruction(NamedTuple):
    """One value and how it comes about.

    Attributes
    ----------
    word : str
        ``input``, ``number``, ``constant``, ``element``, ``result``; ``reshape``, ``stack``, ``repeat``; ``sum``,
        ``sum_sq``; or a word of arithmetic.
    args : tuple of int
        Places of the instructions whose values this one takes.
    dtype : numpy.dtype
    shape : tuple of int
    detail : object
        What else the word needs: a number, which input, which element.
    """

    word: str
    args: tuple[int, ...]
    dtype: np.dtype
    shape: tuple[int, ...]
    detail: object = None

    @property
    def size(self):
        """Number of elements."""
        return math.prod(self.shape)

    def __str__(self):
        parts = [f"%{a}" for a in self.args] + ([] if self.detail is None else [str(self.detail)])
        shape = ",".join(map(str, self.shape))
        return f"{self.word}({', '.join(parts)}) : {self.dtype}[{shape}]"


def runs_of(shape: tuple[int, ...], full: tuple[int, ...]) -> tuple[tuple[tuple[bool, bool, bool], ...], list[float]]:
    """Return how the elements of an array are found at the places of a larger one, over which it is repeated.

    Parameters
    ----------
    shape, full : tuple of int
        As NumPy broadcasts them.

    Returns
    -------
    runs : tuple of (bool, bool, bool)
        For each run of axes that both have, the last first: whether a place is divided, wraps around, and is stretched.
    numbers : list of float
        By what, in this order: ``1 / divisor``; ``1 / length``, ``length``; ``stride``.
    """
    found, numbers, inner, stride = [], [], 1, 1
    pairs = [(mine, whole) for mine, whole in zip((1,) * (len(full) - len(shape)) + shape, full) if whole > 1]
    while pairs:
        mine, whole = pairs.pop()
        if mine == 1:
            inner *= whole
            continue
        while pairs and pairs[-1][0] > 1:
            mine *= pairs.pop()[0]
        divides, wraps, strides = inner > 1, bool(pairs), stride > 1
        found.append((divides, wraps, strides))
        numbers += [1 / inner] * divides + [1 / mine, mine] * wraps + [stride] * strides
        inner, stride = inner * mine, stride * mine
    return tuple(found), [float(n) for n in numbers]


def places(at: np.ndarray, runs: Sequence[tuple[bool, bool, bool]], numbers: Sequence[float]) -> np.ndarray:
    """Return which element of the array is at each place; see `runs_of`.

    Examples
    --------
    >>> import numpy as np
    >>> places(np.arange(6), *runs_of((2, 1), (2, 3))), places(np.arange(6), *runs_of((3,), (2, 3)))
    (array([0, 0, 0, 1, 1, 1]), array([0, 1, 2, 0, 1, 2]))
    """
    rest, total = iter(numbers), np.zeros(len(at), np.int64)
    for divides, wraps, strides in runs:
        found = ((at + 0.5) * next(rest)).astype(np.int64) if divides else at
        if wraps:
            share, length = next(rest), int(next(rest))
            found = found - ((found + 0.5) * share).astype(np.int64) * length
        total += found * int(next(rest)) if strides else found
    return total


class Value:
    """A value of the computation that is written down; it takes the operators of Python and no others."""

    __slots__ = ("recorder", "id", "dtype", "shape")
    # NumPy's scalars leave arithmetic with a Value to the Value.
    __array_ufunc__ = None

    def __init__(self, recorder, id, dtype, shape):
        self.recorder = recorder
        self.id = id
        self.dtype = dtype
        self.shape = shape

    @property
    def ndim(self):
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self):
        """Number of elements."""
        return math.prod(self.shape)

    def __bool__(self):
        raise Unfusible("what is computed depends on a value")

    def __neg__(self):
        return self.recorder.unary("negative", self)

    def __getattr__(self, name):
        raise Unfusible(f"a loop has no `.{name}` of arrays")

    __hash__ = object.__hash__


def _apply(word, a, b):
    recorder = (a if isinstance(a, Value) else b).recorder
    if word == "pow":
        return recorder.power(a, b)
    if word == "mod":
        raise Unfusible("a loop has no `mod`")
    return recorder.binary(BINARY[word].numpy, a, b)


def _give_operators():
    give_operators(Value, _apply)

    def refuse(name):
        def refused(self, *others):
            raise Unfusible(f"a loop has no `{name}`")

        return refused

    for name in ("floordiv", "matmul", "and", "or", "xor"):
        setattr(Value, f"__{name}__", refuse(name))
        setattr(Value, f"__r{name}__", refuse(name))
    for name in ("abs", "invert", "getitem", "iter", "len"):
        setattr(Value, f"__{name}__", refuse(name))


_give_operators()

COMPARISONS = frozenset({"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"})


class Recorder(DerivedWords):
    """The vocabulary as far as loops speak it; `instructions` grows as bodies run.

    Attributes
    ----------
    instructions : list of Instruction
        Arguments come before their users; no two are equal.
    """

    def __init__(self):
        self.instructions = []
        self._known = {}

    # Leaves

    def input(self, key, dtype, shape):
        """Return the value of an array in memory, which `key` names."""
        return self._emit("input", (), dtype, shape, key)

    def number(self, value, dtype):
        """Return a scalar that is read from memory when the loop runs; equal numbers stay two."""
        return self._append(Instruction("number", (), np.dtype(dtype), (), value))

    def result(self, call, index, dtype, shape):
        """Return an output of a computation that is not recorded."""
        return self._emit("result", (), dtype, shape, (call, index))

    def constant(self, value, dtype=None, shape=None):
        """Return a number that is part of the code."""
        if not isinstance(value, (int, float, np.generic)):
            raise Unfusible("a constant array is not a number")
        dtype = np.dtype(dtype) if dtype is not None else np.asarray(value).dtype
        return self._emit("constant", (), dtype, shape or (), dtype.type(value).item())

    # The words that operators are written with

    def as_scalar(self, value, dtype):
        """Return a number, a marker of one, or an array of one element, as a scalar of `dtype`."""
        if not isinstance(value, Value):
            return self.number(value, dtype)
        if value.size != 1:
            raise Unfusible(f"shape {value.shape} is not a scalar")
        return self.astype(self.reshape(value, ()), dtype)

    def unpack_scalars(self, values, n, dtype):
        """Return the first `n` elements of an array as scalars of `dtype`."""
        if not isinstance(values, Value):
            return tuple(self.number(v, dtype) for v in np.asarray(values).reshape(-1)[:n])
        return tuple(self.astype(self.element(values, k), dtype) for k in range(n))

    def element(self, array, k):
        """Return the element of an array at the flat place `k`."""
        of = self.instructions[array.id]
        while of.word == "reshape":
            of = self.instructions[of.args[0]]
        if of.word == "stack":
            return self._value(of.args[k])
        if array.size == 1:
            return self.reshape(array, ())
        return self._emit("element", (array.id,), array.dtype, (), k)

    def astype(self, x, dtype):
        """Return `x` rounded to `dtype`."""
        dtype = np.dtype(dtype)
        if dtype == x.dtype:
            return x
        if dtypes.is_narrow(x.dtype) or dtypes.is_narrow(dtype):
            return self._narrow(x, dtype)
        if x.dtype not in STORED or dtype not in (FLOAT16, FLOAT32, FLOAT64):
            raise Unfusible(f"{x.dtype} to {dtype} is NumPy's to convert")
        if x.dtype == FLOAT16 and dtype == FLOAT64:
            return self.astype(self.astype(x, FLOAT32), dtype)
        if x.dtype == FLOAT64 and dtype == FLOAT16:
            raise Unfusible("float64 to float16 rounds twice")
        return self._emit("cast", (x.id,), dtype, x.shape)

    def _narrow(self, x, dtype):
        """Return `x` from or to bfloat16, which converts from and to float32 alone; float64 would round twice."""
        if x.dtype == FLOAT32 or dtype == FLOAT32:
            return self._emit("cast", (x.id,), dtype, x.shape)
        if x.dtype == FLOAT64:
            raise Unfusible("float64 to bfloat16 rounds twice")
        return self.astype(self.astype(x, FLOAT32), dtype)

    def round_stochastic(self, x, key, number=0):
        """Return float32 as bfloat16, up or down at random by a key of one element, a number and places."""
        if x.dtype != FLOAT32:
            raise Unfusible(f"{x.dtype} to bfloat16 at random")
        key = self.as_scalar(key, FLOAT64)
        return self._emit("round_stochastic", (x.id, key.id), dtypes.bfloat16(), x.shape, number)

    def sign(self, x):
        """Return 1, -1 or 0; NaN gives 0."""
        return self.unary("sign", x)

    def where(self, condition, a, b):
        """Return `a` where the condition holds, else `b`."""
        condition = self._truth(condition)
        a, b = self._alike(a, b)
        return self._emit("where", (condition.id, a.id, b.id), a.dtype, self._shape(condition, a, b))

    def logical_and(self, a, b):
        """Return whether both are not zero."""
        return self._logical("logical_and", a, b)

    def logical_or(self, a, b):
        """Return whether one is not zero."""
        return self._logical("logical_or", a, b)

    def logical_xor(self, a, b):
        """Return whether exactly one is not zero."""
        return self._logical("logical_xor", a, b)

    def logical_not(self, x):
        """Return whether elements are zero."""
        x = self._truth(x)
        return self._emit("logical_not", (x.id,), BOOL, x.shape)

    def full(self, shape, value, dtype=None):
        """Return an array of one number."""
        if dtypes.is_narrow(np.dtype(dtype)):
            return self.astype(self.constant(value, FLOAT32, tuple(shape)), dtype)
        if np.dtype(dtype) not in STORED:
            raise Unfusible(f"an array of {np.dtype(dtype)}")
        return self.constant(value, dtype, tuple(shape))

    def reshape(self, x, shape):
        """Return the same elements under another shape."""
        shape = shape_of(shape, x.size)
        if math.prod(shape) != x.size:
            raise Unfusible(f"{x.shape} is not {shape}")
        return x if shape == x.shape else self._emit("reshape", (x.id,), x.dtype, shape)

    def stack(self, values):
        """Return scalars as one array."""
        if not values or any(v.shape != () or v.dtype != values[0].dtype for v in values):
            raise Unfusible("arrays are stacked")
        return self._emit("stack", tuple(v.id for v in values), values[0].dtype, (len(values),))

    def sum_sq(self, x):
        """Return the sum of the squares of all elements, as float32."""
        if x.dtype not in (FLOAT16, FLOAT32, FLOAT64):
            raise Unfusible(f"a sum of {x.dtype}")
        if x.size <= 1:
            wide = self.astype(self.astype(x, FLOAT32) if x.dtype == FLOAT16 else x, FLOAT64)
            return self.astype(self.reshape(wide * wide, ()), FLOAT32) if x.size else self.constant(0.0, FLOAT32)
        return self._emit("sum_sq", (x.id,), FLOAT32, ())

    def sum(self, x, axis=None, keepdims=False):
        """Return the sum of all elements."""
        axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
        if {a % max(x.ndim, 1) for a in axes} != set(range(x.ndim)):
            raise Unfusible("a sum over some axes")
        self._computes(x.dtype)
        total = (self._emit("sum", (x.id,), x.dtype, ()) if x.size > 1 else
                 self.reshape(x, ()) if x.size else self.constant(0.0, x.dtype))
        return self.reshape(total, (1,) * x.ndim) if keepdims else total

    def unbroadcast(self, x, like):
        """Return `x` where nothing was repeated."""
        if x.shape != getattr(like, "shape", ()):
            raise Unfusible("a sum over some axes")
        return x

    def __getattr__(self, name):
        if name in _TYPES:
            return getattr(np, name)

        def refuse(*args, **kwargs):
            raise Unfusible(f"`{name}` is NumPy's")

        return refuse

    # What they are made of

    def unary(self, word, x):
        """Write down a word of one value."""
        self._computes(x.dtype)
        return self._emit(word, (x.id,), x.dtype, x.shape)

    def binary(self, word, a, b):
        """Write down a word of two values, brought to one dtype as NumPy does."""
        a, b = self._alike(a, b)
        self._computes(a.dtype)
        return self._emit(word, (a.id, b.id), BOOL if word in COMPARISONS else a.dtype, self._shape(a, b))

    def power(self, a, b):
        """Write down a power of scalars; of arrays, a square."""
        if isinstance(b, int) and b == 2 and a.shape:
            return a * a
        a, b = self._alike(a, b)
        self._computes(a.dtype)
        if a.shape or b.shape:
            raise Unfusible("a power of arrays is NumPy's")
        return self._emit("power", (a.id, b.id), a.dtype, ())

    def _logical(self, word, a, b):
        a, b = self._truth(a), self._truth(b)
        return self._emit(word, (a.id, b.id), BOOL, self._shape(a, b))

    def _truth(self, x):
        if not isinstance(x, Value):
            return self.constant(bool(x))
        return x if x.dtype == BOOL else x != 0

    def _alike(self, a, b):
        """Return two values in their common dtype; a number of Python takes that of the other."""
        if not isinstance(a, Value):
            a = self.constant(a, None if isinstance(a, np.generic) else _dtype_beside(b))
        if not isinstance(b, Value):
            b = self.constant(b, None if isinstance(b, np.generic) else _dtype_beside(a))
        dtype = a.dtype if a.dtype == b.dtype else np.result_type(a.dtype, b.dtype)
        return self.astype(a, dtype), self.astype(b, dtype)

    def _shape(self, *values):
        shape = values[0].shape
        if all(v.shape == shape for v in values):
            return shape
        try:
            shape = np.broadcast_shapes(*(v.shape for v in values))
        except ValueError as error:
            raise Unfusible(str(error)) from None
        size = math.prod(shape)
        if any(v.size not in (1, size) for v in values):
            raise Unfusible("rows or columns are repeated")
        return shape

    def _computes(self, dtype):
        if dtype not in (FLOAT32, FLOAT64):
            raise Unfusible(f"arithmetic in {dtype} is NumPy's")

    def _emit(self, word, args, dtype, shape, detail=None):
        # NaN is not equal to itself, and -0.0 is equal to 0.0: constants are compared by their text.
        key = (word, args, dtype, shape, repr(detail) if word == "constant" else detail)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._append(Instruction(word, args, np.dtype(dtype), shape, detail))
        return found

    def _append(self, instruction):
        self.instructions.append(instruction)
        return self._value(len(self.instructions) - 1)

    def _value(self, id):
        instruction = self.instructions[id]
        return Value(self, id, instruction.dtype, instruction.shape)


def _dtype_beside(value):
    if value.dtype == BOOL:
        raise Unfusible("arithmetic of bool and numbers is NumPy's")
    return value.dtype


def _give_words():
    def one(word):
        return lambda self, x: self.unary(word, x)

    def two(word):
        return lambda self, a, b: self.binary(word, a, b)

    for word in ("sqrt", "abs", "floor", "ceil", "trunc", "rint"):
        setattr(Recorder, word, one(word))
    for word in ("maximum", "minimum"):
        setattr(Recorder, word, two(word))


_give_words()
