"""Random numbers, from one generator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray import generator
from ndarray.array import NDArray, as_ndarray
from ndarray.create import _new, _said_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from ndarray.context import Context
    from ndarray.typing import DTypeLike, ShapeLike


def seed(seed_state: int, ctx: Context | str = "all") -> None:
    """Restart the generator, so that the same numbers follow.

    Parameters
    ----------
    seed_state : int
    ctx : optional
        Accepted for MXNet's signature.

    Examples
    --------
    >>> seed(1); a = uniform(shape=2); seed(1); bool((a == uniform(shape=2)).min())
    True
    """
    with _said_by("seed"):
        generator.seed(int(seed_state))


def get_state() -> dict[str, object]:
    """Return the state of the generator, as a dict that JSON can hold; `set_state` goes on from it.

    Examples
    --------
    >>> state = get_state()
    >>> a = uniform(shape=2)
    >>> set_state(state)
    >>> bool((a == uniform(shape=2)).min())
    True
    """
    return generator.get_state()


def set_state(state: dict[str, object]) -> None:
    """Let the generator go on from a state that `get_state` has returned.

    Parameters
    ----------
    state : dict

    Raises
    ------
    ParamError
        If it is not a state of this generator.
    """
    generator.set_state(state)


def _draw(what: str, draw: Callable[[np.random.Generator, tuple[int, ...]], Any], shape: ShapeLike,
          dtype: DTypeLike | None, ctx: Context | str | None, out: NDArray | None) -> NDArray:
    def make(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        with generator.lock:
            return np.asarray(draw(generator.numbers(), shape)).astype(dtype)

    return _new(what, make, (out.shape if out is not None else shape), ctx, dtype, out)


def uniform(low: float = 0.0, high: float = 1.0, shape: ShapeLike = (1,), dtype: DTypeLike | None = None,
            ctx: Context | str | None = None, out: NDArray | None = None) -> NDArray:
    """Return numbers drawn evenly from [low, high); float32 of shape (1,) when left out.

    Examples
    --------
    >>> x = uniform(-1, 1, shape=(2, 3))
    >>> x.shape, bool(abs(x).max() <= 1)
    ((2, 3), True)
    """
    return _draw("uniform", lambda g, shape: g.uniform(low, high, shape), shape, dtype, ctx, out)


def normal(loc: float = 0.0, scale: float = 1.0, shape: ShapeLike = (1,), dtype: DTypeLike | None = None,
           ctx: Context | str | None = None, out: NDArray | None = None) -> NDArray:
    """Return normally distributed numbers of mean `loc` and standard deviation `scale`.

    Raises
    ------
    ParamError
        If `scale` is negative.

    Examples
    --------
    >>> seed(0)
    >>> round(float(normal(5, 0.1, shape=10_000, dtype="float64").mean().asscalar()), 2)
    5.0
    """
    return _draw("normal", lambda g, shape: g.normal(loc, scale, shape), shape, dtype, ctx, out)


def randint(low: int, high: int, shape: ShapeLike = (1,), dtype: DTypeLike | None = "int32",
            ctx: Context | str | None = None, out: NDArray | None = None) -> NDArray:
    """Return integers drawn evenly from [low, high).

    Examples
    --------
    >>> x = randint(0, 10, shape=100)
    >>> x.dtype, bool(0 <= x.min().asscalar() <= x.max().asscalar() < 10)
    (<class 'numpy.int32'>, True)
    """
    return _draw("randint", lambda g, shape: g.integers(low, high, shape), shape, dtype, ctx, out)


def randn(*shape: int, loc: float = 0.0, scale: float = 1.0, dtype: DTypeLike | None = None,
          ctx: Context | str | None = None) -> NDArray:
    """Return normally distributed numbers; the shape is given by position.

    Examples
    --------
    >>> randn(2, 3).shape
    (2, 3)
    """
    return normal(loc, scale, shape or (1,), dtype, ctx)


def shuffle(data: Any) -> NDArray:
    """Return the array with its rows in random order.

    Examples
    --------
    >>> import ndarray as nd
    >>> x = nd.arange(5)
    >>> sorted(shuffle(x).tolist())
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    with generator.lock:
        if isinstance(data, NDArray):
            return NDArray(generator.numbers().permutation(data._data), data._ctx)
        return as_ndarray(generator.numbers().permutation(np.asarray(data)))
