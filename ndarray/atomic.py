"""Writing whole or not at all: a file, or several arrays."""

from __future__ import annotations

import os
from itertools import repeat
from operator import setitem
from stat import S_ISREG
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike

    from numpy import ndarray


def write_arrays(targets: Iterable[ndarray], values: Iterable[Any]) -> None:
    """Write values into arrays, with no point between at which an interrupt could leave half.

    The loop runs in C from end to end: Python handles signals between bytecodes only, so a KeyboardInterrupt comes
    before the first write or after the last.  Shapes and dtypes must have been checked, so that no write can fail.
    """
    any(map(setitem, targets, repeat(Ellipsis), values))  # type: ignore[arg-type]  # each gives None: it runs to the end


def write_atomically(path: str | PathLike[str], data: bytes) -> None:
    """Write bytes to a file so that a crash or an interrupt leaves the old file or the new one, whole.

    A link stays a link: the file that it points to is replaced.  The new file has the permissions of the old one, or
    those that the umask gives.  What is not a file but can be written, such as a pipe, is written to as it is.

    Raises
    ------
    OSError
        Naming `path`, not the temporary file that is written first.
    """
    try:
        former = _status(path)
        if former is None or S_ISREG(former.st_mode):
            _replace(os.path.realpath(path), data, former)
        else:
            with open(path, "wb") as file:
                file.write(data)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None


def _status(path: str | PathLike[str]) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _replace(path: str, data: bytes, former: os.stat_result | None) -> None:
    """Write a file beside `path`, and put it in its place."""
    if former is not None and not os.access(path, os.W_OK):
        raise PermissionError(13, "Permission denied", path)
    folder, name = os.path.split(path)
    # Named before it is made: an interrupt at any moment knows what to remove.
    temporary = os.path.join(folder, f".{name[:100]}.{os.urandom(8).hex()}")
    try:
        with open(temporary, "xb", opener=_opener(former)) as file:
            if former is not None:
                _permit(file.fileno(), temporary, former)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        try:
            os.unlink(temporary)
        except FileNotFoundError:
            pass  # It was not made yet, or has become the file.
        raise


def _opener(former: os.stat_result | None) -> Any:
    """Return an opener for the new file: private at first where it replaces a file, whose permissions it gets later."""
    return None if former is None else lambda path, flags: os.open(path, flags, 0o600)


def _permit(handle: int, path: str, former: os.stat_result) -> None:
    """Give a file the owner, as far as allowed, and the permissions of the one that it replaces."""
    if hasattr(os, "fchown"):
        new = os.fstat(handle)
        if (new.st_uid, new.st_gid) != (former.st_uid, former.st_gid):
            try:
                os.fchown(handle, former.st_uid, former.st_gid)
            except OSError:
                pass  # Only the administrator may give files away.
    os.chmod(path, former.st_mode & 0o777)
