"""How XLA writes the loops of the last operation of an update on processors."""

import jax
import jax.numpy as jnp
from jax import lax

_SHORT = 32
"""Elements of a last axis that are too few for a loop over them alone."""


def one_loop(y: jax.Array, platform: str) -> jax.Array:
    """Return the same values, so written that XLA on processors computes them in one loop over all elements.

    XLA (of jaxlib 0.10) makes one loop of operations that read a number, but a loop per axis of a lone sum of arrays,
    such as ``weight + momentum``: with kernels of 3 × 3 that takes four times as long.  A product with a one that XLA
    does not see through is exact and makes it one loop.

    Parameters
    ----------
    y : jax.Array
        A result that nothing else of the program reads; what is read elsewhere would be computed twice.
    platform : str
        Of the devices, ``cpu`` or another.

    Returns
    -------
    jax.Array, like `y`
    """
    if platform != "cpu" or y.ndim < 2 or y.shape[-1] >= _SHORT or y.dtype not in (jnp.float32, jnp.float64):
        return y
    return y * lax.optimization_barrier(jnp.ones((), y.dtype))
