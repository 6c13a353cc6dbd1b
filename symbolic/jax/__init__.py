"""A graph as a function of JAX arrays.

This needs JAX: ``pip install 'symbolic-ndarray[xla]'``.
"""

from symbolic.engines.xla import words as _words
from symbolic.jax.function import Function, function

__all__ = ["Function", "function"]
