"""The words of `xp`, as NumPy computes them: the array API, and the few words that operators need in addition.

Operators are written with these words and Python's arithmetic only.  Another engine gives the same words another
meaning: a tracer builds nodes, a kernel writer emits a loop.  Every public name here is such a word, so what only
helps is imported under a private one.
"""

from contextlib import contextmanager as _contextmanager

import numpy as np

from ndarray.dtypes import bfloat16 as _bfloat16
from ndarray.errors import OutOfRangeError as _OutOfRangeError
from ndarray.errors import ParamError as _ParamError
from ndarray.orthogonal import WORTH_BLOCKS as _WORTH_BLOCKS
from ndarray.orthogonal import blocked_qr as _blocked_qr
from ndarray.special import erf, erfinv, gamma, gammaln, polygamma  # noqa: F401, words of this vocabulary

NUMPY_WORDS = (
    "abs", "arange", "ceil", "floor", "hypot", "isfinite", "isinf", "isnan",
    "logical_and", "logical_not", "logical_or", "logical_xor", "matmul", "maximum", "minimum", "rint",
    "sqrt", "square", "trunc", "where", "zeros_like", "ones_like", "broadcast_to", "stack",
    "concatenate", "reshape", "transpose", "swapaxes", "expand_dims", "squeeze", "flip", "repeat", "tile",
    "sort", "argsort", "argmax", "argmin", "cumsum", "sum", "prod", "max", "min", "mean",
    "zeros", "ones", "eye", "diagonal", "pad", "moveaxis", "split", "einsum", "float16", "float32", "float64",
    "int32", "int64", "int8", "uint8", "bool_", "linspace",
)
"""Words that mean in `xp` what they mean in NumPy."""

FUNCTIONS = (
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cbrt", "cos", "cosh", "exp", "expm1", "log",
    "log10", "log1p", "log2", "sin", "sinh", "tan", "tanh",
)
"""Words of one value that NumPy may compute in the machine's vectors: then it rounds as they do, and not as the C
library does.  `arctan2` is such a word of two."""


def _in_order(name):
    """Return NumPy's function for contiguous arrays; others are copied first.

    Which strides NumPy has vectors for depends on its version; where it has none the C library's answer may differ in
    the last bit, and a value would depend on its strides.
    """
    function = getattr(np, name)

    def word(*arrays):
        return function(*[x.copy() if type(x) is np.ndarray and not x.flags.c_contiguous else x for x in arrays])

    word.__name__ = word.__qualname__ = name
    word.__doc__ = f"Return NumPy's ``{name}`` of arrays or scalars: the same bits whatever their strides."
    return word


for _word in NUMPY_WORDS:
    globals()[_word] = getattr(np, _word)
for _word in (*FUNCTIONS, "arctan2"):
    globals()[_word] = _in_order(_word)


def as_scalar(value, dtype):
    """Return a number, or an array of one element, as a scalar of `dtype`."""
    if isinstance(value, (int, float)):
        return dtype.type(value)
    return np.asarray(value).astype(dtype).reshape(())[()]


def full(shape, value, dtype):
    """Return one value everywhere; raise OverflowError where `dtype` does not hold it, as not every NumPy does."""
    try:
        return np.full(shape, np.asarray(value, dtype))
    except ValueError as error:  # NaN as an integer
        raise OverflowError(str(error)) from None


def full_like(x, value, dtype=None):
    """Return one value everywhere, of the shape and dtype of `x`."""
    return full(x.shape, value, dtype or x.dtype)


def unpack_scalars(values, n, dtype):
    """Return the `n` elements of an array as scalars of `dtype`."""
    return tuple(np.asarray(values).astype(dtype).reshape(-1)[:n])


def astype(x, dtype):
    """Return `x` with elements of `dtype`, rounded to nearest; `x` itself where it has them already."""
    return x.astype(dtype, copy=False)


def power(a, b):
    """Return `a` to the power of `b`.

    NumPy's scalars use the C library, its arrays the machine's vector instructions, which may differ in the last bit.
    Two values without axes are scalars here, even if they are arrays: an answer depends on shapes, not on where a value
    comes from.
    """
    if not np.ndim(a) and not np.ndim(b):
        return np.asarray(a)[()] ** np.asarray(b)[()]
    return _array_power(a, b)


_array_power = _in_order("power")


def sign(x):
    """Return 1, -1 or 0 as `x` is above, below or at zero; NaN gives 0."""
    dtype = x.dtype
    if isinstance(x, np.ndarray) and x.ndim:
        # Booleans as bytes: a subtraction of them costs a fraction of one with a conversion.
        return np.subtract(np.greater(x, 0).view(np.int8), np.less(x, 0).view(np.int8)).astype(dtype)
    return np.subtract(x > 0, x < 0, dtype=np.int8).astype(dtype, copy=False)


def clip(x, bound):
    """Return `x` limited to ``[-bound, bound]``; NaN stays NaN."""
    return np.where(x > bound, bound, np.where(x < -bound, -bound, x))


def sum_sq(x):
    """Return the sum of the squares of all elements, accumulated accurately, as float32."""
    x = x.reshape(-1)
    if x.dtype == np.float64:
        return np.float32(np.dot(x, x))
    total = np.float64(0.0)
    for start in range(0, x.size, _BLOCK):
        block = x[start:start + _BLOCK].astype(np.float64)
        total += np.dot(block, block)
    return np.float32(total)


_BLOCK = 1 << 16


def uniform(key, shape, dtype):
    """Return numbers drawn evenly from [0, 1) by a counter-based generator with this key, one integer."""
    generator = np.random.Generator(np.random.Philox(key=int(np.asarray(key).reshape(())) & (2**64 - 1)))
    return generator.random(shape, np.float64 if dtype == np.float64 else np.float32).astype(dtype)


def round_stochastic(x, key, number=0, first=0):
    """Return float32 as bfloat16, up with the probability of how far it is on the way up: right on average.

    The random numbers follow from the key, a whole number, from `number`, which tells arrays with one key apart, and
    from an element's place modulo 2**32 alone; `first` is the place of the first element.
    """
    low, high = _mixed_key(int(np.asarray(key).reshape(())) * 8 + number // 2)
    x = np.asarray(x, np.float32)
    noise = np.arange(first, first + x.size, dtype=np.uint64).astype(np.uint32) ^ low
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        noise = (noise ^ noise >> np.uint32(shift)) * np.uint32(factor)
    noise = (noise ^ noise >> np.uint32(16)) + high
    bits = np.ascontiguousarray(x).view(np.uint32)
    noise = noise & np.uint32(0xFFFF) if number % 2 else noise >> np.uint32(16)
    up = bits + noise.reshape(x.shape)
    quiet = bits & np.uint32(0x80000000) | np.uint32(0x7FC00000)
    found = np.where(np.isnan(x), quiet, up) >> np.uint32(16)
    return found.astype(np.uint16).view(_bfloat16())


def _mixed_key(key):
    """Return two numbers of 32 bits that follow from a whole number, any bit of which changes half of theirs."""
    z = key * 0x9E3779B97F4A7C15 & _ALL
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & _ALL
    z = (z ^ z >> 27) * 0x94D049BB133111EB & _ALL
    z ^= z >> 31
    return np.uint32(z & 0xFFFFFFFF), np.uint32(z >> 32)


_ALL = 2 ** 64 - 1


def draw(key, distribution, shape, dtype, *parameters):
    """Return random numbers of a distribution by a counter-based generator with this key, one integer."""
    generator = np.random.Generator(np.random.Philox(key=int(np.asarray(key).reshape(())) & (2**64 - 1)))
    try:
        return np.asarray(_DRAWS[distribution](generator, shape, *parameters)).astype(dtype)
    except (ValueError, OverflowError, TypeError) as error:
        raise _ParamError(f"{distribution}: {error}") from None


def _generalized(generator, shape, mu, alpha):
    mixed = generator.gamma(1 / np.maximum(alpha, 1e-30), mu * np.maximum(alpha, 1e-30), shape)
    return generator.poisson(np.where(np.equal(alpha, 0), mu, mixed), shape)


_DRAWS = {
    "uniform": lambda g, shape, low, high: g.uniform(low, high, shape),
    "normal": lambda g, shape, loc, scale: g.normal(loc, scale, shape),
    "gamma": lambda g, shape, alpha, beta: g.gamma(alpha, beta, shape),
    "exponential": lambda g, shape, lam: g.exponential(1 / np.asarray(lam), shape),
    "poisson": lambda g, shape, lam: g.poisson(lam, shape),
    "negative_binomial": lambda g, shape, k, p: g.negative_binomial(k, p, shape),
    "generalized_negative_binomial": _generalized,
    "randint": lambda g, shape, low, high: g.integers(np.asarray(low), np.asarray(high), shape),
    "permutation": lambda g, shape: g.permutation(shape[0]),
}


def strided_slice(x, begin, end, step):
    """Return ``x[begin[0]:end[0]:step[0], …]``; None means a default, as in Python."""
    return x[tuple(slice(b, e, s) for b, e, s in zip(begin, end, step))]


def unbroadcast(x, like):
    """Return `x` summed over the axes along which broadcasting has repeated `like`."""
    shape = np.shape(like)
    if x.shape == shape:
        return x
    extra = x.ndim - len(shape)
    axes = (*range(extra), *(i + extra for i, d in enumerate(shape) if d == 1 and x.shape[i + extra] != 1))
    return x.sum(axis=axes, keepdims=True, dtype=x.dtype).reshape(shape)


def unslice(x, shape, begin, end, step):
    """Return zeros of `shape` with `x` where `strided_slice` would take it from."""
    whole = np.zeros(shape, x.dtype)
    whole[tuple(slice(b, e, s) for b, e, s in zip(begin, end, step))] = x
    return whole


def cond(condition, true_function, false_function, *arrays):
    """Return the arrays that one of two functions gives for `arrays`; the other function is not computed."""
    return tuple((true_function if condition else false_function)(*arrays))


def constant(value):
    """Return a fixed array."""
    return value


def cholesky(x):
    """Return the lower Cholesky factor of each matrix, NaN where it is not positive definite."""
    return _of_matrices(np.linalg.cholesky, x)


def inv(x):
    """Return the inverse of each matrix, NaN where it is singular."""
    return _of_matrices(np.linalg.inv, x)


def matmul_bfloat16(a, b):
    """Return the product of matrices in float32, whose elements are rounded to bfloat16 first; sums are in float32."""
    return np.matmul(_nearest_bfloat16(a), _nearest_bfloat16(b))


def _nearest_bfloat16(x):
    """Return float32 rounded to what bfloat16 holds, to nearest even, which needs no bfloat16."""
    bits = np.ascontiguousarray(x).view(np.uint32)
    rounded = bits + (np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1)))
    quiet = bits | np.uint32(0x00400000)
    return (np.where(np.isnan(x), quiet, rounded) & np.uint32(0xFFFF0000)).view(np.float32)


def solve_triangular(a, b, lower):
    """Return x of ``a x = b`` for pairs of matrices, from one triangle of `a`; NaN if that is singular."""
    return _of_matrices(np.linalg.solve, np.tril(a) if lower else np.triu(a), b)


def qr(x):
    """Return each matrix as a product of orthonormal columns and an upper triangle."""
    x, dtype = _wide(x), x.dtype
    blocked = x.dtype == np.float32 and x.ndim == 2 and min(x.shape) >= _WORTH_BLOCKS
    return tuple([part.astype(dtype, copy=False) for part in (_blocked_qr if blocked else np.linalg.qr)(x)])


def eigh(x):
    """Return the eigenvalues, increasing, and eigenvectors, by column, of symmetric matrices; NaN if there are none."""
    finite = np.isfinite(x).all(axis=(-2, -1))
    values, vectors = np.linalg.eigh(np.where(finite[..., None, None], _wide(x), 0))
    return (np.where(finite[..., None], values, np.nan).astype(x.dtype),
            np.where(finite[..., None, None], vectors, np.nan).astype(x.dtype))


def det(x):
    """Return the determinant of each matrix."""
    return np.asarray(np.linalg.det(_wide(x))).astype(x.dtype)


def slogdet(x):
    """Return the sign of the determinant of each matrix, and the logarithm of its size."""
    return tuple([np.asarray(part).astype(x.dtype) for part in np.linalg.slogdet(_wide(x))])


def _wide(x):
    """Return matrices as LAPACK takes them."""
    return x.astype(np.float32) if x.dtype == np.float16 else x


def _of_matrices(function, *arrays):
    """Return what a function gives for each matrix, like the last of `arrays`; NaN where it has no answer."""
    wide, like = [_wide(x) for x in arrays], arrays[-1]
    try:
        return function(*wide).astype(like.dtype)
    except np.linalg.LinAlgError:
        result = np.full(like.shape, np.nan, like.dtype)
        for place in np.ndindex(like.shape[:-2]):
            try:
                result[place] = function(*[x[place] for x in wide])
            except np.linalg.LinAlgError:
                continue
        return result


def untake(x, indices, shape, axis):
    """Return zeros of `shape` with each slice of `x` added where ``take(…, indices, axis)`` would take it from."""
    whole = np.zeros(shape, x.dtype)
    at = axis % len(shape)
    with _within_range():
        np.add.at(whole, (*(slice(None),) * at, indices), x)
    return whole


def take(x, indices, axis):
    """Return slices at indices along an axis, which must be from 0 to below its length."""
    indices = np.asarray(indices)
    if indices.size and indices.min() < 0:
        raise _OutOfRangeError(f"index {indices.min()} is negative; mode='wrap' counts from the end")
    with _within_range():
        return np.take(x, indices, axis=axis)


def searchsorted(edges, x):
    """Return for each element how many of the increasing `edges` it reaches; all of them for NaN."""
    return np.searchsorted(edges, x, side="right")


def take_along_axis(x, indices, axis):
    """Return elements at their own indices along an axis."""
    with _within_range():
        return np.take_along_axis(x, indices, axis)


def gather_nd(x, indices):
    """Return ``x[indices[0], indices[1], …]``."""
    with _within_range():
        _check_indices(x.shape, tuple(indices))
        return x[tuple(indices)]


def _check_indices(shape, indices):
    """Raise where an index is out of range though nothing is read there, of which NumPy 2.0 only warns."""
    if 0 in shape[len(indices):]:
        np.broadcast_to(False, shape[:len(indices)])[indices]


@_contextmanager
def _within_range():
    try:
        yield
    except IndexError as error:
        raise _OutOfRangeError(str(error)) from None


def scatter_nd(x, indices, shape):
    """Return zeros of `shape` with `x` added at ``[indices[0], indices[1], …]``."""
    whole = np.zeros(shape, x.dtype)
    with _within_range():
        _check_indices(shape, tuple(indices))
        np.add.at(whole, tuple(indices), x)
    return whole


def put_along_axis(x, indices, shape, axis):
    """Return zeros of `shape` with `x` added where ``take_along_axis(…, indices, axis)`` would take it from."""
    whole = np.zeros(shape, x.dtype)
    places = list(np.ix_(*map(range, indices.shape)))
    places[axis] = indices
    with _within_range():
        np.add.at(whole, tuple(places), x)
    return whole
