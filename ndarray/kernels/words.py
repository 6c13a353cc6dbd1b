"""The words of loops as calls of NumPy, each bound to its operands: nothing is looked up when they run."""

from __future__ import annotations

from contextvars import Context, copy_context
from functools import partial
from operator import setitem
from typing import TYPE_CHECKING

import numpy as np

from ndarray.vocabulary import power, round_stochastic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NAMES = {"abs": np.absolute}
_FEW = 256
"""Number of elements up to which NumPy's ``sign``, mended where it gives NaN, takes less than two comparisons."""


def ufunc(word: str) -> np.ufunc:
    """Return NumPy's function of a word that is one call."""
    return _NAMES.get(word) or getattr(np, word)


def bound_calls(word: str, args: Sequence[np.ndarray], out: np.ndarray,
                room: Callable[[str, str], np.ndarray], detail: object = None, first: int = 0
                ) -> list[Callable[[], object]]:
    """Return functions without arguments that together compute a word.

    Parameters
    ----------
    word : str
        Of arithmetic, as `ndarray.kernels.record` writes it.
    args : sequence of numpy.ndarray
    out : numpy.ndarray
        Contiguous; may be one of `args`, except of ``where`` and ``sign``, which are several calls.
    room : callable
        ``room(dtype, name)`` returns scratch memory, as long as `out` is flat.
    detail : object, optional
        What else the word says.
    first : int, optional
        The place of the first element in the whole array.
    """
    if word == "where":
        condition, a, b = args
        return [partial(np.copyto, out, b), partial(np.copyto, out, a, where=condition)]
    if word == "cast":
        return [copied(out, args[0])]
    if word == "sign" and out.size <= _FEW:
        wrong = np.empty(out.shape, bool)
        return [partial(np.sign, args[0], out), partial(np.isnan, args[0], wrong),
                partial(setitem, out, wrong, np.zeros((), out.dtype))]
    if word == "sign":
        above, below = (room("bool", name).reshape(out.shape) if out.ndim else np.empty((), bool)
                        for name in ("above", "below"))
        whole, zero = (above.view(np.int8), below.view(np.int8)), np.zeros((), args[0].dtype)
        return [partial(np.greater, args[0], zero, above), partial(np.less, args[0], zero, below),
                partial(np.subtract, *whole, whole[0]), copied(out, whole[0])]
    if word == "round_stochastic":
        return [partial(round_into, out, *args, detail, first)]
    if word == "power":
        return [partial(_power, args, out)]
    if word in ("maximum", "minimum"):  # of which NumPy takes a third argument for a third operand
        return [partial(ufunc(word), *args, out=out)]
    return [partial(ufunc(word), *args, out)]  # which takes two thirds of the time of a keyword


def copied(to: np.ndarray, x: np.ndarray) -> Callable[[], object]:
    """Return a function without arguments that copies and casts elements; unlike ``copyto``, all of it is C."""
    return partial(setitem, to, ..., x)


def quiet_context() -> Context | None:
    """Return a context in which NumPy warns of nothing; to run in it takes an eighth of what ``np.errstate`` takes.

    Nothing but functions of NumPy may run in it: other variables of the context are as they are now.  Two threads
    cannot be in it at once.
    """
    with np.errstate(all="ignore"):
        context = copy_context()
    return context if set(context.run(np.geterr).values()) == {"ignore"} else None


def round_into(out: np.ndarray, x: np.ndarray, key: np.ndarray, number: int, first: int = 0) -> None:
    """Round float32 at random into an array of bfloat16, whose first element has the place `first`."""
    out[...] = round_stochastic(x, key, number, first)


def _power(args, out):
    # Only values without axes are raised to powers in loops: there is one element.
    out[...] = power(*(a.reshape(-1)[0] for a in args))
