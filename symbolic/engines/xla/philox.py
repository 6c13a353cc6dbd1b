"""Random numbers on the devices: NumPy's generator Philox in JAX, and distributions.

Uniform numbers have the bits that NumPy draws.  The other distributions are JAX's own: the same key gives the same
numbers there every time, but other ones than NumPy draws.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_FACTORS = 0xD2E7470EE14C6C93, 0xCA5A826395121157
_STEPS = 0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B
_ROUNDS = 10
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def words(key: Any, blocks: int) -> jax.Array:
    """Return the words of Philox4x64-10 for a key and the counters from 1: four of 64 bits for each block."""
    counter = [jnp.arange(1, blocks + 1, dtype=jnp.uint64), *[jnp.zeros(blocks, jnp.uint64)] * 3]
    keys = [jnp.reshape(jnp.asarray(key), ()).astype(jnp.uint64), jnp.uint64(0)]
    for _ in range(_ROUNDS):
        high0, low0 = _product(_FACTORS[0], counter[0])
        high1, low1 = _product(_FACTORS[1], counter[2])
        counter = [high1 ^ counter[1] ^ keys[0], low1, high0 ^ counter[3] ^ keys[1], low0]
        keys = [k + np.uint64(step) for k, step in zip(keys, _STEPS)]
    return jnp.stack(counter, axis=1).reshape(-1)


def _product(a: int, b: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return the high and the low word of the product of a number and words."""
    low, high = np.uint64(a & 0xFFFFFFFF), np.uint64(a >> 32)
    b_low, b_high = b & _LOW, b >> _HALF
    ll, lh, hl, hh = low * b_low, low * b_high, high * b_low, high * b_high
    middle = (ll >> _HALF) + (lh & _LOW) + (hl & _LOW)
    return hh + (lh >> _HALF) + (hl >> _HALF) + (middle >> _HALF), np.uint64(a) * b


def uniform(key: Any, shape: tuple[int, ...], dtype: np.dtype) -> jax.Array:
    """Return numbers drawn evenly from [0, 1), the same as ``numpy.random.Philox(key)`` gives.

    Parameters
    ----------
    key : int or array of one int
    shape : tuple of int
    dtype : dtype
        float64 has 53 random bits, the others 24.
    """
    size = math.prod(shape)
    if dtype == np.float64:
        drawn = (words(key, -(-size // 4)) >> np.uint64(11)).astype(jnp.float64) * 2.0**-53
    else:
        found = words(key, -(-size // 8))
        halves = jnp.stack([found & _LOW, found >> _HALF], axis=1).reshape(-1)
        drawn = (halves >> np.uint64(8)).astype(jnp.float32) * np.float32(2.0**-24)
    return drawn[:size].reshape(shape).astype(dtype)


def drawn(key: Any, distribution: str, shape: tuple[int, ...], dtype: np.dtype, parameters: Sequence[Any]) -> jax.Array:
    """Return random numbers of one of `DISTRIBUTIONS`; its parameters broadcast to the shape."""
    if distribution == "uniform":
        low, high = (jnp.asarray(p, jnp.float64) for p in parameters)
        return (low + (high - low) * uniform(key, shape, np.dtype(np.float64))).astype(dtype)
    of_key = jax.random.key(jnp.reshape(jnp.asarray(key), ()).astype(jnp.int64), impl="threefry2x32")
    return DISTRIBUTIONS[distribution](of_key, shape, *parameters).astype(dtype)


def _normal(key: Any, shape: tuple[int, ...], loc: Any, scale: Any) -> jax.Array:
    return loc + scale * jax.random.normal(key, shape, jnp.float64)


def _gamma(key: Any, shape: tuple[int, ...], alpha: Any, beta: Any) -> jax.Array:
    return beta * jax.random.gamma(key, jnp.broadcast_to(jnp.asarray(alpha, jnp.float64), shape), shape, jnp.float64)


def _exponential(key: Any, shape: tuple[int, ...], lam: Any) -> jax.Array:
    return jax.random.exponential(key, shape, jnp.float64) / jnp.asarray(lam, jnp.float64)


def _poisson(key: Any, shape: tuple[int, ...], lam: Any) -> jax.Array:
    return jax.random.poisson(key, jnp.broadcast_to(jnp.asarray(lam, jnp.float64), shape), shape)


def _negative_binomial(key: Any, shape: tuple[int, ...], k: Any, p: Any) -> jax.Array:
    first, second = jax.random.split(key)
    return _poisson(second, shape, _gamma(first, shape, k, (1 - jnp.asarray(p, jnp.float64)) / p))


def _generalized(key: Any, shape: tuple[int, ...], mu: Any, alpha: Any) -> jax.Array:
    first, second = jax.random.split(key)
    spread = jnp.maximum(jnp.asarray(alpha, jnp.float64), 1e-30)
    mixed = _gamma(first, shape, 1 / spread, mu * spread)
    return _poisson(second, shape, jnp.where(jnp.equal(alpha, 0), jnp.asarray(mu, jnp.float64), mixed))


def _randint(key: Any, shape: tuple[int, ...], low: Any, high: Any) -> jax.Array:
    return jax.random.randint(key, shape, low, high, jnp.int64)


def _permutation(key: Any, shape: tuple[int, ...]) -> jax.Array:
    return jax.random.permutation(key, shape[0])


DISTRIBUTIONS: dict[str, Callable[..., jax.Array]] = {
    "normal": _normal, "gamma": _gamma, "exponential": _exponential, "poisson": _poisson,
    "negative_binomial": _negative_binomial, "generalized_negative_binomial": _generalized, "randint": _randint,
    "permutation": _permutation,
}
"""The distributions whose numbers are JAX's and not NumPy's."""
