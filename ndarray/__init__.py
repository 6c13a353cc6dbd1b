"""Eager arrays on NumPy, and MXNet's operators on them."""

from ndarray import ops  # declares every operator
from ndarray import contrib, op, random
from ndarray import op as _internal
from ndarray.array import NDArray, arithmetic as _arithmetic
from ndarray.context import Context, cpu, cpu_pinned, current_context, gpu, num_gpus
from ndarray.create import (arange, array, concatenate, empty, eye, from_dlpack, from_numpy, full, linspace, ones,
                            waitall, zeros)
from ndarray.errors import MXNetError
from ndarray.functions import function as _function
from ndarray.registry import names as _names


def _word(word, summary):
    def function(lhs, rhs):
        return _arithmetic(word, lhs, rhs)

    function.__name__ = function.__qualname__ = word
    function.__doc__ = f"Return {summary} of two NDArrays that broadcast, or of an NDArray and a number."
    return function


maximum, minimum = _word("maximum", "the larger"), _word("minimum", "the smaller")
add, subtract = _word("add", "the sum"), _word("sub", "the difference")
multiply, divide = _word("mul", "the product"), _word("truediv", "the quotient")
modulo, power = _word("mod", "the remainder"), _word("pow", "the power")
equal, not_equal = _word("eq", "1 where equal"), _word("ne", "1 where not equal")
greater, greater_equal = _word("gt", "1 where greater"), _word("ge", "1 where greater or equal")
lesser, lesser_equal = _word("lt", "1 where less"), _word("le", "1 where less or equal")


def __getattr__(name):
    """Return the function of an operator, generated when it is first asked for."""
    if name in ("save", "load", "load_frombuffer"):
        from ndarray import paramsfile

        return getattr(paramsfile, name)
    if name == "sparse":
        from importlib import import_module

        return import_module("ndarray.sparse")
    if name.startswith("_") or name not in _names():
        raise AttributeError(f"module 'ndarray' has no attribute {name!r}")
    # Kept under its name: the next call finds it without asking here.
    return globals().setdefault(name, _function(name))


def __dir__():
    return sorted({*globals(), *(n for n in _names() if not n.startswith("_"))})
