"""The words of two values: what computes each of Python's operators and some functions, and how nodes are named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class BinaryWord(NamedTuple):
    """What computes a word of two values.

    Attributes
    ----------
    numpy : str
        The word of `ndarray.vocabulary`.
    elementwise, broadcast : str
        The operators for two arrays of one shape, and for two that broadcast.
    scalar, reflected : str
        The operators for an array and a number on its right, and on its left.
    hint, scalar_hint, reflected_hint : str
        What automatic names of nodes start with.
    mask : bool
        Whether the result is a truth value.
    """

    numpy: str
    elementwise: str
    broadcast: str
    scalar: str
    reflected: str
    hint: str
    scalar_hint: str
    reflected_hint: str
    mask: bool = False


def _word(numpy: str, elementwise: str, broadcast: str, scalar: str, reflected: str | None = None,
          hint: str | None = None, scalar_hint: str | None = None, reflected_hint: str | None = None,
          mask: bool = False) -> BinaryWord:
    scalar_hint = scalar_hint or scalar
    return BinaryWord(numpy, elementwise, f"broadcast_{broadcast}", scalar, reflected or scalar, hint or elementwise,
                      scalar_hint, reflected_hint or scalar_hint, mask)


def _comparison(numpy: str, name: str, reflected: str | None = None) -> BinaryWord:
    return _word(numpy, f"_{name}", name, f"_{name}_scalar", f"_{reflected or name}_scalar", mask=True)


BINARY = {
    "add": _word("add", "elemwise_add", "add", "_plus_scalar", hint="_plus", scalar_hint="_plusscalar"),
    "sub": _word("subtract", "elemwise_sub", "sub", "_minus_scalar", "_rminus_scalar", "_minus", "_minusscalar",
                 "_rminusscalar"),
    "mul": _word("multiply", "elemwise_mul", "mul", "_mul_scalar", hint="_mul", scalar_hint="_mulscalar"),
    "truediv": _word("divide", "elemwise_div", "div", "_div_scalar", "_rdiv_scalar", "_div", "_divscalar",
                     "_rdivscalar"),
    "mod": _word("remainder", "_mod", "mod", "_mod_scalar", "_rmod_scalar", None, "_modscalar", "_rmodscalar"),
    "pow": _word("power", "_power", "power", "_power_scalar", "_rpower_scalar", None, "_powerscalar",
                 "_rpower_scalar"),
    "eq": _comparison("equal", "equal"),
    "ne": _comparison("not_equal", "not_equal"),
    "gt": _comparison("greater", "greater", "lesser"),
    "ge": _comparison("greater_equal", "greater_equal", "lesser_equal"),
    "lt": _comparison("less", "lesser", "greater"),
    "le": _comparison("less_equal", "lesser_equal", "greater_equal"),
    "maximum": _word("maximum", "_maximum", "maximum", "_maximum_scalar", scalar_hint="_maximumscalar"),
    "minimum": _word("minimum", "_minimum", "minimum", "_minimum_scalar", scalar_hint="_minimumscalar"),
    "hypot": _word("hypot", "_hypot", "hypot", "_hypot_scalar", scalar_hint="_hypotscalar"),
    "logical_and": _comparison("logical_and", "logical_and"),
    "logical_or": _comparison("logical_or", "logical_or"),
    "logical_xor": _comparison("logical_xor", "logical_xor"),
}
"""Every word, by the name of Python's operator or of the function."""

ARITHMETIC = ("add", "sub", "mul", "truediv", "mod", "pow")
"""The words that Python writes as operators on either side of a value."""

COMPARISONS = ("eq", "ne", "gt", "ge", "lt", "le")
"""The words that Python writes as comparisons."""


def is_number(value: object) -> bool:
    """Tell whether arithmetic takes `value` as a number."""
    return isinstance(value, (int, float, np.number, np.bool_)) and not isinstance(value, np.complexfloating)


def give_operators(kind: type, apply: Callable[[str, Any, Any], Any],
                   in_place: Callable[[str, Any, Any], Any] | None = None) -> None:
    """Give a class Python's operators of two values.

    Parameters
    ----------
    kind : type
    apply : callable
        ``apply(word, left, right)``, where at least one is of the class.
    in_place : callable, optional
        ``in_place(word, self, other)``, for ``+=`` and its like.
    """
    def forwards(word: str) -> Callable[[Any, Any], Any]:
        return lambda self, other: apply(word, self, other)

    def backwards(word: str) -> Callable[[Any, Any], Any]:
        return lambda self, other: apply(word, other, self)

    def inwards(word: str) -> Callable[[Any, Any], Any]:
        return lambda self, other: in_place(word, self, other)  # type: ignore[misc]

    for word in ARITHMETIC:
        setattr(kind, f"__{word}__", forwards(word))
        setattr(kind, f"__r{word}__", backwards(word))
        if in_place:
            setattr(kind, f"__i{word}__", inwards(word))
    for word in COMPARISONS:
        setattr(kind, f"__{word}__", forwards(word))
