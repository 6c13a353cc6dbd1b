"""Writing a file whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike


def write_atomically(path: str | PathLike[str], data: bytes) -> None:
    """Write bytes to a file so that a crash leaves the old file or the new one, whole.

    Raises
    ------
    OSError
        Naming `path`, not the temporary file that is written first.
    """
    try:
        _write(path, data)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None


def _write(path: str | PathLike[str], data: bytes) -> None:
    folder = os.path.dirname(os.path.abspath(path))
    from tempfile import mkstemp  # which takes as long to load as a fifth of this package

    handle, temporary = mkstemp(dir=folder, prefix=f".{os.path.basename(path)}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
