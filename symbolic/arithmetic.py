"""Python's arithmetic and comparisons on Symbols, with MXNet's operators and node names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from ndarray.binary import BINARY, give_operators, is_number
from ndarray.errors import NotImplementedForSymbol, OperatorError, shown
from symbolic.symbol import Symbol, apply_op

if TYPE_CHECKING:
    from collections.abc import Callable


def arithmetic(word: str, lhs: Any, rhs: Any) -> Symbol:
    """Return the Symbol of ``lhs word rhs``, where at least one is a Symbol and the other may be a number."""
    names = BINARY[word]
    if isinstance(lhs, Symbol) and isinstance(rhs, Symbol):
        return apply_op(names.elementwise, lhs, rhs, hint=names.hint)
    if isinstance(lhs, Symbol) and is_number(rhs):
        return apply_op(names.scalar, lhs, hint=names.scalar_hint, scalar=rhs)
    if isinstance(rhs, Symbol) and is_number(lhs):
        return apply_op(names.reflected, rhs, hint=names.reflected_hint, scalar=lhs)
    raise OperatorError(f"{word} takes symbols and numbers, got {shown(lhs)} and {shown(rhs)}")


def _refuse_in_place(word: str, symbol: Symbol, other: object) -> NoReturn:
    raise NotImplementedForSymbol(f"a Symbol never changes, so there is no in-place {word}; write a = a … b")


give_operators(Symbol, arithmetic, _refuse_in_place)


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
    def function(left: Any, right: Any) -> Any:
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
