"""The generator of random numbers, one for the process: `ndarray.random` draws from it, and so do layers that drop."""

import threading
from types import TracebackType

import numpy as np

from ndarray.errors import ParamError
from ndarray.fork import around_fork
from ndarray.kernels.signals import deferred

lock = threading.Lock()
"""Held while somebody draws, in a `deferred` block: an interrupt leaves neither the lock nor the generator half way."""

_generator = None

# A fork waits until nobody draws: in the child, NumPy's own lock would stay held as well.
around_fork(lock.acquire, lock.release)


def numbers() -> "np.random.Generator":
    """Return the generator, made when first asked for: NumPy loads its own only then.  The caller holds `lock`."""
    global _generator
    if _generator is None:
        _generator = np.random.default_rng()
    return _generator


def seed(value: int) -> None:
    """Start the generator again, so that the same numbers follow."""
    global _generator
    with deferred(), lock:
        _generator = np.random.default_rng(value)


def get_state() -> dict[str, object]:
    """Return the state of the generator; see `ndarray.random.get_state`."""
    with deferred(), lock:
        return dict(numbers().bit_generator.state)


def set_state(state: dict[str, object]) -> None:
    """Let the generator continue from a state; see `ndarray.random.set_state`."""
    with deferred(), lock:
        try:
            numbers().bit_generator.state = state
        except (TypeError, ValueError, KeyError) as error:
            raise ParamError(f"set_state: not a state of the random generator: {error}") from None


def keys(n: int) -> np.ndarray:
    """Return keys for `n` calls or nodes that use random numbers.

    Examples
    --------
    >>> seed(1); a = keys(2); seed(1); bool((a == keys(2)).all())
    True
    """
    with deferred(), lock:
        return _keys(n)


def next_keys(n: int) -> np.ndarray:
    """Return what `keys` would give, without drawing it.

    Examples
    --------
    >>> bool((next_keys(2) == keys(2)).all())
    True
    """
    with deferred(), lock:
        before = numbers().bit_generator.state
        found = _keys(n)
        numbers().bit_generator.state = before
        return found


def _keys(n: int) -> np.ndarray:
    # Layers in one node add their number.
    return numbers().integers(2**62, size=n)


class drawn_keys:
    """A ``with`` block that draws keys, and puts them back where it fails, unless others have drawn since.

    Parameters
    ----------
    n : int

    Examples
    --------
    >>> before = get_state()
    >>> try:
    ...     with drawn_keys(3) as found:
    ...         raise KeyboardInterrupt
    ... except KeyboardInterrupt:
    ...     get_state() == before
    True
    """

    def __init__(self, n: int) -> None:
        self._n = n

    def __enter__(self) -> np.ndarray:
        with deferred(), lock:
            self._before = numbers().bit_generator.state
            found = _keys(self._n)
            self._after = numbers().bit_generator.state
            return found

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if error is not None:
            with deferred(), lock:
                if numbers().bit_generator.state == self._after:
                    numbers().bit_generator.state = self._before
