"""DLPack for bfloat16, of which NumPy has no dtype: the same memory goes by as 16-bit integers, under another label.

A capsule holds a `DLTensor
<https://dmlc.github.io/dlpack/latest/c_api.html>`_, whose dtype is a code, a number of bits and one of lanes; the code
alone tells bfloat16 from an integer.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from ndarray import dtypes

_UNSIGNED, _BFLOAT = 1, 4
_CODE_AT = {b"dltensor": 20, b"dltensor_versioned": 52}
"""Where the code of the dtype is, by the name of the capsule: behind pointer, device and number of axes."""


def capsule_of(data: np.ndarray, **kwargs: Any) -> Any:
    """Return a capsule over the memory of an array, as ``data.__dlpack__(**kwargs)`` does for NumPy's dtypes."""
    if not _is_bfloat16(data.dtype):
        return data.__dlpack__(**kwargs)
    capsule = data.view(np.uint16).__dlpack__(**kwargs)
    _code(capsule).value = _BFLOAT
    return capsule


def shared(source: Any) -> np.ndarray:
    """Return a NumPy array over the memory of what has ``__dlpack__``.

    Raises
    ------
    RuntimeError, BufferError, ValueError, TypeError
        As of ``numpy.from_dlpack``.
    """
    relabelled = _AsIntegers(source)
    found = np.from_dlpack(relabelled)
    return found.view(dtypes.bfloat16()) if relabelled.bfloat16 else found


class _AsIntegers:
    """A source whose bfloat16 goes by as unsigned integers."""

    def __init__(self, source: Any) -> None:
        self._source, self.bfloat16 = source, False

    def __dlpack__(self, **kwargs: Any) -> Any:
        capsule = self._source.__dlpack__(**kwargs)
        code = _code(capsule)
        if code is not None and code.value == _BFLOAT:
            code.value, self.bfloat16 = _UNSIGNED, True
        return capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._source.__dlpack_device__()


def _is_bfloat16(dtype: np.dtype) -> bool:
    return dtypes.is_known(dtype) and dtypes.is_narrow(dtype)


def _code(capsule: Any) -> Any:
    """Return the code of a capsule's dtype, to be changed in place; None if the capsule has none."""
    name = _name(capsule)
    if name not in _CODE_AT:
        return None
    return ctypes.c_uint8.from_address(_pointer(capsule, name) + _CODE_AT[name])


def _name(capsule: Any) -> Any:
    get = ctypes.pythonapi.PyCapsule_GetName
    get.restype, get.argtypes = ctypes.c_char_p, [ctypes.py_object]
    return get(capsule) if type(capsule).__name__ == "PyCapsule" else None


def _pointer(capsule: Any, name: bytes) -> Any:
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return get(capsule, name)
