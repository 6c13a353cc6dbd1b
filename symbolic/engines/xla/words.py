"""What `xp` may say, with JAX's answers: operators' bodies run in it while JAX traces them.

Most words are those of `jax.numpy`; here are those that it lacks or means otherwise.  All of it runs within `wide`, so
that dtypes are NumPy's.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.linalg
import jax.scipy.special
import numpy as np
from jax import lax

from ndarray import vocabulary
from ndarray.derived import DerivedWords
from ndarray.dtypes import is_narrow
from symbolic.engines.xla.nothing import NOTHING
from symbolic.engines.xla.philox import drawn, uniform


def wide() -> AbstractContextManager:
    """Return a context in which JAX has 64 bit types and promotes ranks and dtypes, whatever it does outside of it."""
    strict = jax.config.jax_numpy_rank_promotion != "allow" or jax.config.jax_numpy_dtype_promotion != "standard"
    return _promoting() if strict else jax.enable_x64(True)


@contextmanager
def _promoting() -> Iterator[None]:
    with jax.enable_x64(True), jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


class Words(DerivedWords):
    """The namespace `xp` in JAX.

    Parameters
    ----------
    checked : bool, optional
        Whether to collect whether all indices are in range; otherwise elements that do not exist are NaN or 0.

    Attributes
    ----------
    checked : bool
    checks : list of jax.Array
        One truth value for each word that was given indices, in the order of the program.
    """

    def __init__(self, checked: bool = False) -> None:
        self.checked, self.checks = checked, []

    def __getattr__(self, word: str) -> Any:
        if word not in (*vocabulary.NUMPY_WORDS, *vocabulary.FUNCTIONS, "arctan2"):
            raise AttributeError(f"xp has no word {word!r} in JAX")
        return getattr(jnp, word)

    # Numbers and types

    def as_scalar(self, value: Any, dtype: Any) -> Any:
        """Return a number, or an array of one element, as a value of `dtype` without axes."""
        if not isinstance(value, jax.Array):
            return value if value is NOTHING else vocabulary.as_scalar(value, dtype)
        return jnp.reshape(lax.convert_element_type(value, dtype), ())

    def unpack_scalars(self, values: Any, n: int, dtype: Any) -> tuple:
        """Return the `n` elements of an array as values of `dtype` without axes."""
        if not isinstance(values, jax.Array):
            return vocabulary.unpack_scalars(values, n, dtype)
        flat = jnp.reshape(lax.convert_element_type(values, dtype), (-1,))
        return tuple([flat[i] for i in range(n)])

    def full(self, shape: Any, value: Any, dtype: Any) -> Any:
        """Return one value everywhere."""
        return jnp.full(shape, value, dtype)

    def zeros_like(self, x: Any, dtype: Any = None) -> Any:
        """Return zeros, split as `x` is."""
        return self.full_like(x, 0, dtype)

    def ones_like(self, x: Any, dtype: Any = None) -> Any:
        """Return ones, split as `x` is."""
        return self.full_like(x, 1, dtype)

    def full_like(self, x: Any, value: Any, dtype: Any = None) -> Any:
        """Return one value everywhere, in the shape of `x` and split over a mesh with explicit axes as that is."""
        return jnp.full_like(x, value, dtype=x.dtype if dtype is None else dtype)

    def astype(self, x: Any, dtype: Any) -> Any:
        """Return the elements in another dtype."""
        if not isinstance(x, jax.Array):
            return np.asarray(x).astype(dtype)[()]
        if is_narrow(np.dtype(dtype)) and x.dtype == np.float32:
            # XLA leaves out a conversion that another one undoes, but not this word.
            x = lax.reduce_precision(x, exponent_bits=8, mantissa_bits=7)
        if x.dtype == bool:
            # XLA makes a choice of a product with a converted truth value, and 0 of NaN times 0.
            return jnp.where(x, jnp.ones((), dtype), jnp.zeros((), dtype))
        return jnp.astype(x, dtype)

    def round_stochastic(self, x: jax.Array, key: Any, number: int = 0) -> jax.Array:
        """Return float32 as bfloat16, up or down at random by a key, a number and the elements' places."""
        z = jnp.reshape(jnp.asarray(key), ()).astype(jnp.int64).astype(jnp.uint64) * 8 + number // 2
        z = z * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ z >> 30) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ z >> 27) * np.uint64(0x94D049BB133111EB)
        z ^= z >> 31
        noise = jnp.arange(x.size, dtype=jnp.uint32) ^ z.astype(jnp.uint32)
        for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
            noise = (noise ^ noise >> shift) * np.uint32(factor)
        noise = (noise ^ noise >> 16) + (z >> 32).astype(jnp.uint32)
        noise = jnp.reshape(noise & 0xFFFF if number % 2 else noise >> 16, x.shape)
        bits = lax.bitcast_convert_type(x, jnp.uint32)
        quiet = bits & np.uint32(0x80000000) | np.uint32(0x7FC00000)
        upper = jnp.where(jnp.isnan(x), quiet, bits + noise) >> 16
        return lax.bitcast_convert_type(upper.astype(jnp.uint16), jnp.bfloat16)

    def constant(self, value: Any) -> jax.Array:
        """Return a fixed array."""
        return jnp.asarray(value)

    def cond(self, condition: Any, true_function: Callable, false_function: Callable, *arrays: Any) -> tuple:
        """Return the arrays that one of two functions gives for `arrays`; the other function is not computed."""
        if not isinstance(condition, jax.Array):
            return vocabulary.cond(condition, true_function, false_function, *arrays)

        def checked(function: Callable) -> Callable:
            def run(*values: Any) -> tuple:
                # What is found within belongs to the branch, and leaves it as one truth value.
                outer, self.checks = self.checks, []
                try:
                    found = tuple([jnp.asarray(x) for x in function(*values)])
                    return found, jnp.all(jnp.stack([jnp.asarray(True), *self.checks]))
                finally:
                    self.checks = outer

            return run

        found, valid = lax.cond(jnp.reshape(condition, ()), checked(true_function), checked(false_function), *arrays)
        if self.checked:
            self.checks.append(valid)
        return found

    # Elements

    def maximum(self, a: Any, b: Any) -> jax.Array:
        """Return the larger elements; where two are equal, the gradient goes to the first."""
        return _larger(*jnp.broadcast_arrays(a, b))

    def minimum(self, a: Any, b: Any) -> jax.Array:
        """Return the smaller elements; where two are equal, the gradient goes to the first."""
        return _smaller(*jnp.broadcast_arrays(a, b))

    def power(self, a: Any, b: Any) -> jax.Array:
        """Return `a` to the power of `b`."""
        return jnp.power(a, b)

    def sign(self, x: Any) -> jax.Array:
        """Return 1, -1 or 0 as `x` is above, below or at zero; NaN gives 0."""
        return (jnp.astype(x > 0, jnp.int8) - jnp.astype(x < 0, jnp.int8)).astype(x.dtype)

    def clip(self, x: Any, bound: Any) -> jax.Array:
        """Return `x` limited to ``[-bound, bound]``; NaN stays NaN."""
        bound = jnp.asarray(bound, x.dtype)
        return jnp.where(x > bound, bound, jnp.where(x < -bound, -bound, x))

    def square(self, x: Any) -> jax.Array:
        """Return the elements times themselves."""
        return jnp.square(x)

    def erf(self, x: Any) -> jax.Array:
        """Return the Gauss error function of each element."""
        return jax.scipy.special.erf(x)

    def erfinv(self, x: Any) -> jax.Array:
        """Return the value whose Gauss error function is the element."""
        return jax.scipy.special.erfinv(x)

    def gamma(self, x: Any) -> jax.Array:
        """Return the gamma function of each element."""
        return jax.scipy.special.gamma(x)

    def gammaln(self, x: Any) -> jax.Array:
        """Return the logarithm of the absolute value of the gamma function of each element."""
        return jax.scipy.special.gammaln(x)

    def polygamma(self, x: Any, n: int) -> jax.Array:
        """Return the derivative number `n` of the digamma function."""
        return jax.scipy.special.digamma(x) if n == 0 else jax.scipy.special.polygamma(n, x)

    # Sums

    def sum(self, x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> jax.Array:
        """Return the sum along axes; whole numbers keep their dtype.

        Between devices a sum then sends their bytes, and not eight times as many.
        """
        return jnp.sum(x, axis=axis, keepdims=keepdims, dtype=dtype or (x.dtype if x.dtype.kind in "iu" else None))

    def sum_sq(self, x: Any) -> jax.Array:
        """Return the sum of the squares of all elements, accumulated in float64, as float32."""
        x = jnp.reshape(x, (-1,)).astype(jnp.float64)
        return jnp.sum(x * x).astype(jnp.float32)

    def argsort(self, x: Any, axis: int = -1, kind: str = "stable") -> jax.Array:
        """Return the places of the elements in their order along an axis."""
        return jnp.argsort(x, axis=axis, stable=True).astype(jnp.int64)

    # Random numbers

    def uniform(self, key: Any, shape: Sequence[int], dtype: Any) -> jax.Array:
        """Return numbers drawn evenly from [0, 1) as a key decides: those that NumPy draws."""
        return uniform(key, tuple(shape), np.dtype(dtype))

    def draw(self, key: Any, distribution: str, shape: Sequence[int], dtype: Any, *parameters: Any) -> jax.Array:
        """Return random numbers of a distribution as a key decides; but for uniform ones, others than NumPy draws."""
        return drawn(key, distribution, tuple(shape), np.dtype(dtype), parameters)

    # Choosing elements

    def strided_slice(self, x: Any, begin: Sequence, end: Sequence, step: Sequence) -> jax.Array:
        """Return ``x[begin[0]:end[0]:step[0], …]``."""
        return jnp.asarray(x)[tuple(map(slice, begin, end, step))]

    def unslice(self, x: Any, shape: Sequence[int], begin: Sequence, end: Sequence, step: Sequence) -> jax.Array:
        """Return zeros of `shape` with `x` where `strided_slice` would take it from."""
        return jnp.zeros(shape, x.dtype).at[tuple(map(slice, begin, end, step))].set(x)

    def _in_range(self, indices: Any, low: int, n: int) -> None:
        if self.checked:
            self.checks.append(jnp.all((indices >= low) & (indices < n)))

    def take(self, x: Any, indices: Any, axis: int) -> jax.Array:
        """Return slices at indices along an axis, which must be from 0 to below its length."""
        self._in_range(indices, 0, x.shape[axis])
        return jnp.take(x, indices, axis=axis, mode="fill")

    def untake(self, x: Any, indices: Any, shape: Sequence[int], axis: int) -> jax.Array:
        """Return zeros of `shape` with each slice of `x` added where `take` would take it from."""
        self._in_range(indices, -shape[axis], shape[axis])
        at = (slice(None),) * (axis % len(shape))
        return jnp.zeros(shape, x.dtype).at[(*at, indices)].add(x, mode="drop")

    def take_along_axis(self, x: Any, indices: Any, axis: int) -> jax.Array:
        """Return elements at their own indices along an axis."""
        self._in_range(indices, -x.shape[axis], x.shape[axis])
        return jnp.take_along_axis(x, indices, axis=axis, mode="fill")

    def put_along_axis(self, x: Any, indices: Any, shape: Sequence[int], axis: int) -> jax.Array:
        """Return zeros of `shape` with `x` added where `take_along_axis` would take it from."""
        self._in_range(indices, -shape[axis], shape[axis])
        at = list(np.ix_(*map(range, indices.shape)))
        at[axis] = indices
        return jnp.zeros(shape, x.dtype).at[tuple(at)].add(x, mode="drop")

    def gather_nd(self, x: Any, indices: Any) -> jax.Array:
        """Return ``x[indices[0], indices[1], …]``."""
        for each, n in zip(indices, x.shape):
            self._in_range(each, -n, n)
        return x.at[tuple(indices)].get(mode="fill")

    def scatter_nd(self, x: Any, indices: Any, shape: Sequence[int]) -> jax.Array:
        """Return zeros of `shape` with `x` added at ``[indices[0], indices[1], …]``."""
        for each, n in zip(indices, shape):
            self._in_range(each, -n, n)
        return jnp.zeros(shape, x.dtype).at[tuple(indices)].add(x, mode="drop")

    def searchsorted(self, edges: Any, x: Any) -> jax.Array:
        """Return for each element how many of the increasing `edges` it reaches; all of them for NaN."""
        return jnp.searchsorted(jnp.asarray(edges), x, side="right").astype(jnp.int64)

    # Matrices

    def cholesky(self, x: Any) -> jax.Array:
        """Return the lower Cholesky factor of each matrix, NaN where it is not positive definite."""
        return jnp.tril(jnp.linalg.cholesky(_wide(x), symmetrize_input=False)).astype(x.dtype)

    def inv(self, x: Any) -> jax.Array:
        """Return the inverse of each matrix, NaN where it is singular."""
        return _finite_or_nan(jnp.linalg.inv(_wide(x))).astype(x.dtype)

    def solve_triangular(self, a: Any, b: Any, lower: bool) -> jax.Array:
        """Return x of ``a x = b`` for pairs of matrices, from one triangle of `a`; NaN if that is singular."""
        a, b, dtype = _wide(a), _wide(b), b.dtype
        shape = jnp.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        a, b = (jnp.broadcast_to(x, (*shape, *x.shape[-2:])) for x in (a, b))
        return _finite_or_nan(jax.scipy.linalg.solve_triangular(a, b, lower=lower)).astype(dtype)

    def matmul_bfloat16(self, a: Any, b: Any) -> jax.Array:
        """Return the product of matrices in float32, whose elements are rounded to bfloat16 first."""
        return jnp.matmul(a.astype(jnp.bfloat16), b.astype(jnp.bfloat16), preferred_element_type=jnp.float32)

    def qr(self, x: Any) -> tuple:
        """Return each matrix as a product of orthonormal columns and an upper triangle."""
        return tuple([part.astype(x.dtype) for part in jnp.linalg.qr(_wide(x))])

    def eigh(self, x: Any) -> tuple:
        """Return the eigenvalues, increasing, and eigenvectors, by column, of symmetric matrices; NaN if none."""
        finite = jnp.all(jnp.isfinite(x), axis=(-2, -1))
        # Where an element is NaN, LAPACK may return the identity.
        found = jnp.linalg.eigh(jnp.where(finite[..., None, None], _wide(x), 0), symmetrize_input=False)
        return tuple([_nan_unless(finite, part.astype(x.dtype)) for part in found])

    def det(self, x: Any) -> jax.Array:
        """Return the determinant of each matrix."""
        return jnp.linalg.det(_wide(x)).astype(x.dtype)

    def slogdet(self, x: Any) -> tuple:
        """Return the sign of the determinant of each matrix, and the logarithm of its size."""
        return tuple([part.astype(x.dtype) for part in jnp.linalg.slogdet(_wide(x))])


def _wide(x: Any) -> Any:
    """Return matrices as LAPACK takes them."""
    return x.astype(jnp.float32) if x.dtype == np.float16 else x


def _finite_or_nan(x: jax.Array) -> jax.Array:
    """Return matrices, NaN all over where one is not finite."""
    return _nan_unless(jnp.all(jnp.isfinite(x), axis=(-2, -1)), x)


def _nan_unless(known: jax.Array, x: jax.Array) -> jax.Array:
    """Return what there is for each matrix, NaN all over for those of which nothing is known."""
    return jnp.where(jnp.expand_dims(known, (*range(known.ndim, x.ndim),)), x, jnp.asarray(math.nan, x.dtype))


def _first_at_a_tie(word: Callable, is_first: Callable) -> Callable:
    """Return `word` of two arrays with a gradient that goes whole to the first where both are equal."""
    function = jax.custom_jvp(lambda a, b: word(a, b))
    function.defjvp(lambda values, slopes: (function(*values), jnp.where(is_first(*values), *slopes)))
    return function


_larger = _first_at_a_tie(jnp.maximum, lambda a, b: a >= b)
_smaller = _first_at_a_tie(jnp.minimum, lambda a, b: a <= b)
