"""Files of named arrays, as NumPy writes them."""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import BinaryIO

import numpy as np

from ndarray.errors import FormatError, shown
from ndarray.text import counted

_DAMAGED = (ValueError, EOFError, KeyError, NotImplementedError, RuntimeError, struct.error, zipfile.BadZipFile,
            zlib.error)
"""What Python's zip archives and NumPy raise, by what is wrong."""


def read(file: BinaryIO) -> dict[str, np.ndarray]:
    """Return the arrays of a ``.npz`` file by name; no code in it runs.

    Parameters
    ----------
    file : binary file

    Raises
    ------
    FormatError
        If it is another kind of file, is damaged, or has arrays of Python's objects.

    Examples
    --------
    >>> import io
    >>> read(io.BytesIO(b"PK"))
    Traceback (most recent call last):
    ndarray.errors.FormatError: expected an .npz file of named arrays, got a file of 2 bytes that is not a zip archive
    """
    if not zipfile.is_zipfile(file):
        file.seek(0)
        data = file.read()
        single = data.startswith(b"\x93NUMPY")
        found = "a single array" if single else f"a file of {counted(len(data), 'byte')} that is not a zip archive"
        raise FormatError(f"expected an .npz file of named arrays, got {found}")
    file.seek(0)
    try:
        with np.load(file, allow_pickle=False) as found:
            return {name: _array(found, name) for name in found.files}
    except _DAMAGED as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"the .npz file is damaged: {error}") from None


def _array(found: np.lib.npyio.NpzFile, name: str) -> np.ndarray:
    try:
        return np.array(found[name])
    except ValueError as error:
        if "allow_pickle" in str(error):  # NumPy's hint would run what is in the file.
            raise FormatError(f"{shown(name)} is an array of Python objects, which are not read; expected numbers"
                              ) from None
        raise
