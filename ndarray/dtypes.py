"""Names of element types: MXNet's words and numbers for NumPy's dtypes."""

import math
import re
import sys
from importlib import import_module
from numbers import Integral
from typing import Any

import numpy as np

from ndarray.errors import DTypeError, shown

NAMES = ("float32", "float64", "float16", "uint8", "int32", "int8", "int64", "bool",
         "int16", "uint16", "uint32", "uint64", "bfloat16")
"""MXNet's type flags: the place of a name is its number in files."""

_BFLOAT16 = "bfloat16"
_BY_NAME = {name: np.dtype(name) for name in NAMES if name != _BFLOAT16}
_NUMBERS = frozenset(map(str, range(len(NAMES))))
_FLAGS = {dtype: flag for flag, dtype in enumerate(_BY_NAME.values())}
FLOATING = tuple(_BY_NAME[name] for name in ("float16", "float32", "float64"))
DEFAULT = _BY_NAME["float32"]
FLOAT64 = _BY_NAME["float64"]
BOOL = _BY_NAME["bool"]


def dtype_of(value: Any) -> np.dtype[Any]:
    """Return the NumPy dtype that `value` names.

    Parameters
    ----------
    value : str, type, numpy.dtype or int
        A name, a type such as ``np.float32``, or MXNet's type flag.

    Raises
    ------
    DTypeError
        If it is none of the element types an array can have.

    Examples
    --------
    >>> dtype_of("float16"), dtype_of(0)
    (dtype('float16'), dtype('float32'))
    """
    given = value
    if type(value) is str and value in _NUMBERS:
        value = int(value)
    if type(value) is int and 0 <= value < len(NAMES):
        value = NAMES[value]
    if type(value) is str:
        if value == _BFLOAT16:
            return bfloat16()
        # NumPy evaluates texts that list several dtypes.
        value = value if re.fullmatch(r"[<>=|]?[A-Za-z]\w*", value) else None
    try:
        dtype: Any = np.dtype(value).newbyteorder("=") if value is not None else None
    except (TypeError, ValueError, RecursionError):
        dtype = None
    if not is_known(dtype):
        raise DTypeError(f"{shown(given)} is not an element type; known: {', '.join(NAMES)}")
    return dtype


def bfloat16() -> np.dtype[Any]:
    """Return the dtype of 16-bit numbers with the range of float32, which the package ``ml_dtypes`` brings.

    Arrays of it store; operators compute in float32 and round once, to nearest even, when they store.

    Raises
    ------
    DTypeError
        If ``ml_dtypes`` is not installed.
    """
    found = narrow
    if found is None:
        try:
            found = np.dtype(import_module("ml_dtypes").bfloat16)
        except ImportError:
            raise DTypeError("bfloat16 needs the package ml_dtypes: pip install 'symbolic-ndarray[bfloat16]'") from None
        _adopt(found)
    return found


narrow: Any = None
"""The dtype bfloat16 once something has used it, else None: without it nothing needs to be widened."""


def is_narrow(dtype: Any) -> bool:
    """Tell whether a dtype is bfloat16."""
    # To NumPy float64 equals None.
    return narrow is not None and dtype is not None and dtype == narrow


def _adopt(dtype: Any) -> None:
    global narrow, FLOATING
    narrow = _BY_NAME[_BFLOAT16] = dtype
    _FLAGS[dtype] = NAMES.index(_BFLOAT16)
    FLOATING = (*FLOATING, dtype)


def flag_of(dtype: Any) -> int:
    """Return MXNet's number for a dtype, as symbol and ``.params`` files write it."""
    return _FLAGS[dtype_of(dtype)]


def native(dtype: np.dtype) -> np.dtype:
    """Return a dtype in the processor's order of bytes: itself where it is.

    Examples
    --------
    >>> import numpy as np
    >>> native(np.dtype(">f4"))
    dtype('float32')
    """
    return dtype if dtype.isnative else dtype.newbyteorder("=")


def is_known(dtype: object) -> bool:
    """Tell whether arrays can have this NumPy dtype."""
    if dtype in _FLAGS:
        return True
    # An array of it may come before anybody has named the dtype.
    if narrow is None and "ml_dtypes" in sys.modules and getattr(dtype, "name", None) == _BFLOAT16:
        return dtype == bfloat16()
    return False


def is_floating(dtype: np.dtype[Any] | None) -> bool:
    """Tell whether a NumPy dtype is float16, float32, float64 or bfloat16."""
    return dtype is not None and dtype in FLOATING


def evenly_spaced(start: Any, stop: Any, step: Any, dtype: np.dtype) -> np.ndarray:
    """Return numbers from `start` to before `stop`; of whole numbers, start and step are whole before they are added.

    Examples
    --------
    >>> evenly_spaced(1.3, 6, 1.3, np.dtype("int32"))
    array([1, 2, 3, 4], dtype=int32)
    """
    if is_floating(dtype):
        return np.arange(start, stop, step, dtype=np.float64).astype(dtype)
    exact = all(isinstance(value, Integral) for value in (start, stop, step))
    count = len(range(start, stop, step)) if exact else max(math.ceil((stop - start) / step), 0)
    return (int(start) + int(step) * np.arange(count, dtype=np.int64)).astype(dtype)
