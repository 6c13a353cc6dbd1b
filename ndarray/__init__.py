"""Eager arrays on NumPy, and MXNet's operators on them."""

import operator as _python
from importlib import import_module as _import

from ndarray.array import NDArray, arithmetic as _arithmetic, is_number as _is_number
from ndarray.context import Context, cpu, cpu_pinned, current_context, gpu, num_gpus
from ndarray.create import (arange, array, concatenate, empty, eye, from_dlpack, from_numpy, full, linspace, moveaxis,
                            ones, to_dlpack_for_read, to_dlpack_for_write, waitall, zeros)
from ndarray.errors import MXNetError
from ndarray.functions import function as _function
from ndarray.registry import declare_later as _declare_later, names as _names

_declare_later(lambda: _import("ndarray.ops"))

_LATE = {"contrib": "contrib", "op": "op", "_internal": "op", "ops": "ops", "linalg": "linalg",
         "random": "random", "sparse": "sparse", "save": "paramsfile", "load": "paramsfile", "load_frombuffer": "paramsfile"}
"""What is loaded when it is first asked for, and the module that it is or that has it."""


_EXAMPLE = {"sub": "subtract", "mul": "multiply", "truediv": "divide", "mod": "modulo", "pow": "power", "eq": "equal",
            "ne": "not_equal", "gt": "greater", "ge": "greater_equal", "lt": "lesser", "le": "lesser_equal"}

_WORD_DOC = """Return {summary}, element by element, of two NDArrays that broadcast, or of an NDArray and a number.

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
>>> nd.{example}(nd.array([1, 2]), 2).tolist()
{found}
"""


def _word(word, summary, plain):
    def function(lhs, rhs):
        if _is_number(lhs) and _is_number(rhs):
            return plain(lhs, rhs)
        return _arithmetic(word, lhs, rhs)

    function.__name__ = function.__qualname__ = word
    function.__doc__ = _WORD_DOC.format(summary=summary, example=_EXAMPLE.get(word, word),
                                        found=[float(plain(left, 2)) for left in (1, 2)])
    return function


maximum, minimum = _word("maximum", "the larger", max), _word("minimum", "the smaller", min)
add, subtract = _word("add", "the sum", _python.add), _word("sub", "the difference", _python.sub)
multiply, divide = _word("mul", "the product", _python.mul), _word("truediv", "the quotient", _python.truediv)
modulo, power = _word("mod", "the remainder", _python.mod), _word("pow", "the power", _python.pow)
equal = _word("eq", "1 where equal", lambda a, b: int(a == b))
not_equal = _word("ne", "1 where not equal", lambda a, b: int(a != b))
greater = _word("gt", "1 where greater", lambda a, b: int(a > b))
greater_equal = _word("ge", "1 where greater or equal", lambda a, b: int(a >= b))
lesser = _word("lt", "1 where less", lambda a, b: int(a < b))
lesser_equal = _word("le", "1 where less or equal", lambda a, b: int(a <= b))
logical_and = _word("logical_and", "1 where both are not 0", lambda a, b: int(bool(a) and bool(b)))
logical_or = _word("logical_or", "1 where one is not 0", lambda a, b: int(bool(a) or bool(b)))
logical_xor = _word("logical_xor", "1 where exactly one is not 0", lambda a, b: int(bool(a) != bool(b)))
true_divide = divide


def __getattr__(name):
    """Return what is loaded, or the function of an operator, which is generated, when it is first asked for."""
    if name in _LATE:
        module = _import(f"ndarray.{_LATE[name]}")
        return vars(module).get(name, module)
    if name.startswith("_") or name not in _names():
        raise AttributeError(f"module 'ndarray' has no attribute {name!r}")
    # Kept under its name: the next call finds it without asking here.
    return globals().setdefault(name, _function(name))


def __dir__():
    return sorted({*globals(), *_LATE, *(n for n in _names() if not n.startswith("_"))})
