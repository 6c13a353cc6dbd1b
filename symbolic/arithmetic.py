"""Python's arithmetic and comparisons on Symbols, with MXNet's operators and node names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from ndarray.array import give_arithmetic, is_number
from ndarray.errors import NotImplementedForSymbol, OperatorError, shown
from symbolic.symbol import Symbol, apply_op

if TYPE_CHECKING:
    from collections.abc import Callable

_FORMS = {
    "add": (("elemwise_add", "_plus"), ("_plus_scalar", "_plusscalar"), ("_plus_scalar", "_plusscalar")),
    "sub": (("elemwise_sub", "_minus"), ("_minus_scalar", "_minusscalar"), ("_rminus_scalar", "_rminusscalar")),
    "mul": (("elemwise_mul", "_mul"), ("_mul_scalar", "_mulscalar"), ("_mul_scalar", "_mulscalar")),
    "truediv": (("elemwise_div", "_div"), ("_div_scalar", "_divscalar"), ("_rdiv_scalar", "_rdivscalar")),
    "mod": (("_mod", "_mod"), ("_mod_scalar", "_modscalar"), ("_rmod_scalar", "_rmodscalar")),
    "pow": (("_power", "_power"), ("_power_scalar", "_powerscalar"), ("_rpower_scalar", "_rpower_scalar")),
    "eq": (("_equal", "_equal"), ("_equal_scalar", "_equal_scalar"), None),
    "ne": (("_not_equal", "_not_equal"), ("_not_equal_scalar", "_not_equal_scalar"), None),
    "gt": (("_greater", "_greater"), ("_greater_scalar", "_greater_scalar"), None),
    "ge": (("_greater_equal", "_greater_equal"), ("_greater_equal_scalar", "_greater_equal_scalar"), None),
    "lt": (("_lesser", "_lesser"), ("_lesser_scalar", "_lesser_scalar"), None),
    "le": (("_lesser_equal", "_lesser_equal"), ("_lesser_equal_scalar", "_lesser_equal_scalar"), None),
    "maximum": (("_maximum", "_maximum"), ("_maximum_scalar", "_maximumscalar"), ("_maximum_scalar", "_maximumscalar")),
    "minimum": (("_minimum", "_minimum"), ("_minimum_scalar", "_minimumscalar"), ("_minimum_scalar", "_minimumscalar")),
    "hypot": (("_hypot", "_hypot"), ("_hypot_scalar", "_hypotscalar"), ("_hypot_scalar", "_hypotscalar")),
}
"""The operator and name hint for two symbols, then for a symbol and a number on its right and on its left."""


def arithmetic(word: str, lhs: Any, rhs: Any) -> Symbol:
    """Return the Symbol of ``lhs word rhs``, where at least one is a Symbol and the other may be a number."""
    both, right, left = _FORMS[word]
    if isinstance(lhs, Symbol) and isinstance(rhs, Symbol):
        return apply_op(both[0], lhs, rhs, hint=both[1])
    if isinstance(lhs, Symbol) and is_number(rhs):
        return apply_op(right[0], lhs, hint=right[1], scalar=rhs)
    if isinstance(rhs, Symbol) and is_number(lhs) and left:
        return apply_op(left[0], rhs, hint=left[1], scalar=lhs)
    raise OperatorError(f"{word} takes symbols and numbers, got {shown(lhs)} and {shown(rhs)}")


def _refuse_in_place(word: str, symbol: Symbol, other: object) -> NoReturn:
    raise NotImplementedForSymbol(f"a Symbol never changes, so there is no in-place {word}; write a = a … b")


give_arithmetic(Symbol, arithmetic, _refuse_in_place)


_OF_TWO_DOC = """Return {summary} of two values, element by element; they do not broadcast.

Parameters
----------
left, right : Symbol or number

Returns
-------
Symbol or number
    A number where both are numbers.

Raises
------
OperatorError
    If one is neither a Symbol nor a number.

Examples
--------
>>> import ndarray as nd, symbolic as sym
>>> sym.{word}(sym.var("x"), 4).eval(x=nd.array([3]))[0].tolist()
[{found}]
"""


def _of_two(word: str, summary: str, plain: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def function(left, right):
        if not isinstance(left, Symbol) and not isinstance(right, Symbol):
            return plain(left, right)
        return arithmetic(word, left, right)

    function.__name__ = function.__qualname__ = word
    function.__doc__ = _OF_TWO_DOC.format(summary=summary, word=word, found=float(plain(3, 4)))
    return function


pow = power = _of_two("pow", "the power", lambda a, b: a ** b)
maximum = _of_two("maximum", "the larger", max)
minimum = _of_two("minimum", "the smaller", min)
hypot = _of_two("hypot", "the hypotenuse", lambda a, b: (a * a + b * b) ** 0.5)
