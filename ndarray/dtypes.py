"""Names of element types: MXNet's words and numbers for NumPy's dtypes."""

import math
import re
from numbers import Integral
from typing import Any

import numpy as np

from ndarray.errors import DTypeError, shown

NAMES = ("float32", "float64", "float16", "uint8", "int32", "int8", "int64", "bool",
         "int16", "uint16", "uint32", "uint64")
"""MXNet's type flags: the place of a name is its number in files."""

_BY_NAME = {name: np.dtype(name) for name in NAMES}
_BY_NUMBER = {str(flag): dtype for flag, dtype in enumerate(_BY_NAME.values())}
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
    if type(value) is int and 0 <= value < len(NAMES):
        return _BY_NAME[NAMES[value]]
    if type(value) is str:
        if value in _BY_NUMBER:
            return _BY_NUMBER[value]
        # NumPy evaluates texts that list several dtypes.
        value = value if re.fullmatch(r"[<>=|]?[A-Za-z]\w*", value) else None
    try:
        dtype = np.dtype(value).newbyteorder("=") if value is not None else None
    except (TypeError, ValueError):
        dtype = None
    if dtype not in _FLAGS:
        raise DTypeError(f"{shown(given)} is not an element type; known: {', '.join(NAMES)}")
    return dtype


def flag_of(dtype: Any) -> int:
    """Return MXNet's number for a dtype, as symbol and ``.params`` files write it."""
    return _FLAGS[np.dtype(dtype)]


def is_known(dtype: object) -> bool:
    """Tell whether arrays can have this NumPy dtype."""
    return dtype in _FLAGS


def is_floating(dtype: np.dtype[Any] | None) -> bool:
    """Tell whether a NumPy dtype is float16, float32 or float64."""
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
