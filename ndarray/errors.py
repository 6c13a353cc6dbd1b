"""What can go wrong: one family of errors, each worded for the reader's next step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ndarray.text import LONGEST, cut, label, printable

if TYPE_CHECKING:
    from collections.abc import Iterable


class MXNetError(RuntimeError):
    """The root of every error that `ndarray` and `symbolic` raise on purpose."""

    def __str__(self) -> str:
        # KeyError would show its message in quotes.  Names come from files, too: only the lines are as they are.
        return "\n".join(map(printable, str(self.args[0]).split("\n"))) if self.args else ""


class OperatorError(MXNetError, TypeError):
    """An unknown, missing or doubled argument or parameter of an operator."""


class UnknownNameError(MXNetError, KeyError):
    """A name that nothing here answers to."""


class ParamError(MXNetError, ValueError):
    """A parameter's value that is not of its type or outside its range."""


class ShapeError(MXNetError, ValueError):
    """Shapes that cannot hold together."""


class DTypeError(MXNetError, TypeError):
    """Dtypes that cannot hold together, or that an operator does not take."""


class OutOfRangeError(MXNetError, IndexError):
    """An index, among the values of an array, that no element has."""


class BindError(MXNetError, ValueError):
    """Arrays that cannot be bound to a graph."""


class FormatError(MXNetError, ValueError):
    """A file that is not what it claims to be, with the place where it is not."""


class LimitError(MXNetError, ValueError):
    """Something larger than the limits allow."""


class NonFiniteError(MXNetError, FloatingPointError):
    """A value that is NaN or infinite where it was to be finite."""


class DeviceError(MXNetError):
    """A step that failed on its devices, or another process of the job that is gone."""


class NotDifferentiableError(MXNetError, TypeError):
    """A gradient through an operator that has none."""


class NotImplementedForSymbol(MXNetError, NotImplementedError):
    """Something that arrays can do and symbols, having no values, cannot."""


def shown(value: object) -> str:
    """Return `value` as a message shows it: escaped, and cut at 200 characters; of an array, what kind it is.

    Examples
    --------
    >>> import numpy as np
    >>> shown("a"), shown(np.zeros((2, 3)))
    ("'a'", 'a float64 ndarray of shape (2, 3)')
    """
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if shape and dtype is not None:
        return f"a {getattr(dtype, '__name__', dtype)} {type(value).__name__} of shape {shape}"
    try:
        return cut(repr(value), LONGEST)
    except Exception:  # lists that are nested too deep, and objects whose own `repr` fails
        return f"a {type(value).__name__} that cannot be shown"


_MOST_COMPARED = 5000
"""Among more names no near one is looked for: it would take seconds."""


def unknown(kind: str, name: object, known: Iterable[object]) -> str:
    """Return the sentence "no `kind` named `name`" with the nearest known names.

    Examples
    --------
    >>> unknown("parameter of signsgd_update", "lrr", ["lr", "wd"])
    "no parameter of signsgd_update named 'lrr'; did you mean 'lr'?"
    """
    from difflib import get_close_matches  # only those who misspell wait for it

    known = sorted(map(str, known))
    lowered = {each.lower(): each for each in reversed(known)}
    looks = len(known) <= _MOST_COMPARED and len(str(name)) <= LONGEST
    near = [lowered[found] for found in get_close_matches(str(name).lower(), lowered, n=3)] if looks else []
    if near:
        hint = f"did you mean {' or '.join(map(shown, near))}?"
    elif known:
        hint = f"known: {', '.join(map(label, known[:20]))}{', …' if len(known) > 20 else ''}"
    else:
        hint = "there is none"
    return f"no {kind} named {shown(name)}; {hint}"
