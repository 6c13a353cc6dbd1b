"""Functions of two values, each an NDArray or a number: ``add``, ``maximum``, ``greater`` and their like."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from ndarray.array import arithmetic
from ndarray.binary import is_number

if TYPE_CHECKING:
    from collections.abc import Callable

_DOC = """Return {summary}, element by element, of two NDArrays that broadcast, or of an NDArray and a number.

Parameters
----------
lhs, rhs : NDArray or number
    Two arrays have one dtype; a number takes that of the array.

Returns
-------
NDArray or number
    In the dtype of the arrays, comparisons too; a number where both are numbers.

Raises
------
ShapeError
    If the shapes do not broadcast.
DTypeError
    If two arrays differ in dtype.
OperatorError
    If one is neither an NDArray nor a number.

Examples
--------
>>> import ndarray as nd
>>> nd.{name}(nd.array([1, 2]), 2).tolist()
{found}
"""


def _of_two(name: str, word: str, summary: str, plain: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return the function called `name` for a word of `ndarray.binary.BINARY`; `plain` computes it of two numbers."""
    def function(lhs: Any, rhs: Any) -> Any:
        if is_number(lhs) and is_number(rhs):
            return plain(lhs, rhs)
        return arithmetic(word, lhs, rhs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = _DOC.format(summary=summary, name=name, found=[float(plain(left, 2)) for left in (1, 2)])
    return function


add = _of_two("add", "add", "the sum", operator.add)
subtract = _of_two("subtract", "sub", "the difference", operator.sub)
multiply = _of_two("multiply", "mul", "the product", operator.mul)
divide = true_divide = _of_two("divide", "truediv", "the quotient", operator.truediv)
modulo = _of_two("modulo", "mod", "the remainder", operator.mod)
power = _of_two("power", "pow", "the power", operator.pow)
maximum = _of_two("maximum", "maximum", "the larger", max)
minimum = _of_two("minimum", "minimum", "the smaller", min)
equal = _of_two("equal", "eq", "1 where equal", lambda a, b: int(a == b))
not_equal = _of_two("not_equal", "ne", "1 where not equal", lambda a, b: int(a != b))
greater = _of_two("greater", "gt", "1 where greater", lambda a, b: int(a > b))
greater_equal = _of_two("greater_equal", "ge", "1 where greater or equal", lambda a, b: int(a >= b))
lesser = _of_two("lesser", "lt", "1 where less", lambda a, b: int(a < b))
lesser_equal = _of_two("lesser_equal", "le", "1 where less or equal", lambda a, b: int(a <= b))
logical_and = _of_two("logical_and", "logical_and", "1 where both are not 0", lambda a, b: int(bool(a) and bool(b)))
logical_or = _of_two("logical_or", "logical_or", "1 where one is not 0", lambda a, b: int(bool(a) or bool(b)))
logical_xor = _of_two("logical_xor", "logical_xor", "1 where exactly one is not 0",
                      lambda a, b: int(bool(a) != bool(b)))
