"""XLA through JAX: `words` is the namespace in which operators compute there.

JAX is the extra ``xla``; importing this package without it says so.
"""

try:
    import jax as _jax
except ImportError as error:
    raise ImportError("JAX is not installed: pip install 'symbolic-ndarray[xla]'") from error
