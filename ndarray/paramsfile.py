"""MXNet's ``.params`` files: lists and dicts of arrays, read in every version, written in the current one."""

from __future__ import annotations

import math
import os
import struct
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray.array import NDArray
from ndarray.atomic import write_atomically
from ndarray.collector import without_collection
from ndarray.context import cpu
from ndarray.csr import CSRNDArray, check_csr
from ndarray.dtypes import NAMES, flag_of, native
from ndarray.dtypes import bfloat16 as bfloat16_dtype
from ndarray.errors import FormatError, LimitError, OperatorError, ShapeError, shown
from ndarray.ops.optimizer_sparse import Rows
from ndarray.sparse import RowSparseNDArray
from ndarray.tensortype import MOST_AXES
from ndarray.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

_LIST = 0x112
_VERSION_1, _VERSION_2, _VERSION_3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
_MOST_ARRAYS = 50_000
_MOST_ELEMENTS = 1 << 60
_BFLOAT16 = 12
_STORED: dict[int, tuple[np.dtype, np.dtype | None]] = {
    flag: (np.dtype("u1" if name == "bool" else name).newbyteorder("<"), np.dtype(name))
    for flag, name in enumerate(NAMES[:_BFLOAT16])} | {_BFLOAT16: (np.dtype("<u2"), None)}
"""How the elements of each dtype number are stored, and what they become; None is for the reader to choose."""
_STORAGES = ("default", "row_sparse", "csr")


def save(fname: str | os.PathLike[str], data: Any) -> None:
    """Write arrays to a file, whole or not at all.

    Parameters
    ----------
    fname : str or path
    data : NDArray, or list or dict of arrays
        Row-sparse and CSR arrays are kept as they are.  A dict's names are text.

    Raises
    ------
    OperatorError
        If `data` is nothing of this kind.

    Examples
    --------
    >>> import os, tempfile, ndarray as nd
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "a.params")
    ...     nd.save(path, {"w": nd.ones(2)})
    ...     nd.load(path)["w"].asnumpy()
    array([1., 1.], dtype=float32)
    """
    data = save_to_bytes(data)
    write_atomically(_path(fname), data)


def _path(fname: str | os.PathLike[str]) -> str:
    try:
        return os.fspath(fname)
    except TypeError:
        raise OperatorError(f"expected a file name, got {shown(fname)}") from None


def save_to_bytes(data: Any) -> bytes:
    """Return the bytes that `save` writes."""
    names = []
    if isinstance(data, (NDArray, RowSparseNDArray, CSRNDArray)):
        arrays = [data]
    elif isinstance(data, dict):
        names, arrays = list(data), list(data.values())
        for name in names:
            if not isinstance(name, str):
                raise OperatorError(f"save: the name of an array must be a str, got {shown(name)}")
    elif isinstance(data, list):
        arrays = data
    else:
        raise OperatorError(f"save takes an NDArray, a list or a dict of them, got {shown(data)}")
    parts = [struct.pack("<QQQ", _LIST, 0, len(arrays))]
    for i, array in enumerate(arrays):
        parts += _record(array, names[i] if names else f"[{i}]")
    parts.append(struct.pack("<Q", len(names)))
    for name in names:
        encoded = name.encode()
        parts += [struct.pack("<Q", len(encoded)), encoded]
    return b"".join(parts)


def _record(array: Any, where: str) -> list[bytes]:
    """Return one array's record, as pieces of bytes."""
    if isinstance(array, NDArray):
        # Rank 0 and version 2 would mean "no array"; only version 3 knows scalars.
        version = _VERSION_2 if array.ndim else _VERSION_3
        return [struct.pack("<Ii", version, 0), _shape(array.shape), _kind(array._data), _raw(array._data)]
    if isinstance(array, RowSparseNDArray):
        indices, values, shape = array._rows
        return [struct.pack("<Ii", _VERSION_2, 1), _shape(values.shape), _shape(shape), _kind(values),
                struct.pack("<i", flag_of(indices.dtype)), _shape(indices.shape), _raw(values), _raw(indices)]
    if isinstance(array, CSRNDArray):
        data, indices, indptr = array._values, array._indices, array._indptr
        return [struct.pack("<Ii", _VERSION_2, 2), _shape(data.shape), _shape(array.shape), _kind(data),
                struct.pack("<i", flag_of(indptr.dtype)), _shape(indptr.shape),
                struct.pack("<i", flag_of(indices.dtype)), _shape(indices.shape),
                _raw(data), _raw(indptr), _raw(indices)]
    raise OperatorError(f"save: {where} must be an NDArray, got {shown(array)}")


def _shape(shape: Sequence[int]) -> bytes:
    return struct.pack(f"<i{len(shape)}q", len(shape), *shape)


def _kind(data: np.ndarray) -> bytes:
    """Device (cpu 0; an array's device is not part of its value) and dtype."""
    return struct.pack("<iii", 1, 0, flag_of(native(data.dtype)))


def _raw(data: np.ndarray) -> bytes:
    stored = data.view(np.uint16) if flag_of(native(data.dtype)) == _BFLOAT16 else data
    return np.ascontiguousarray(stored, stored.dtype.newbyteorder("<")).tobytes()


def array_to_bytes(array: Any) -> bytes:
    """Return one array's record, without the list around it: what MXNet pickles of an array.

    Raises
    ------
    OperatorError
        If it is not an NDArray, row-sparse or CSR array.
    """
    return b"".join(_record(array, "the array"))


def array_from_bytes(buf: bytes | bytearray | memoryview) -> Any:
    """Return the array of one record.

    Raises
    ------
    FormatError
        With the byte where it is not one.

    Examples
    --------
    >>> import ndarray as nd
    >>> array_from_bytes(array_to_bytes(nd.ones(2))).tolist()
    [1.0, 1.0]
    """
    reader = _Reader(memoryview(buf).cast("B"))
    found = _read_array(reader, 0)
    if reader.left:
        raise FormatError(f"byte {reader.at}: {reader.left} bytes after the array")
    return found


def load(fname: str | os.PathLike[str], *, bfloat16: bool = False) -> Any:
    """Return the arrays of a file.

    Parameters
    ----------
    fname : str or path
    bfloat16 : bool, optional
        Whether arrays of bfloat16 stay so, which needs the package ``ml_dtypes``; otherwise they come as float32.

    Returns
    -------
    list or dict of arrays
        As they were saved; a lone array comes as a list of one, an empty dict as an empty list.

    Raises
    ------
    FormatError, LimitError
        With the byte where the file is not what it claims to be.  Nothing is allocated that the file has no bytes for.

    Warns
    -----
    UserWarning
        If bytes follow after the last name.

    Examples
    --------
    >>> import os, tempfile, ndarray as nd
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "x.params")
    ...     nd.save(path, [nd.ones(2)])
    ...     found = load(path)
    >>> found[0].tolist()
    [1.0, 1.0]
    """
    with open(_path(fname), "rb") as file:
        # No file that is none of ours is read to its end, which some do not have.
        data = file.read(8)
        if data == struct.pack("<Q", _LIST):
            data += file.read()
    try:
        return load_frombuffer(data, bfloat16=bfloat16)
    except (FormatError, LimitError) as error:
        raise type(error)(f"{os.fspath(fname)}: {error}") from None


def load_frombuffer(buf: bytes | bytearray | memoryview, *, bfloat16: bool = False) -> Any:
    """Return the arrays that bytes hold; see `load`.

    Examples
    --------
    >>> import ndarray as nd
    >>> load_frombuffer(save_to_bytes([nd.zeros(1)]))[0].asnumpy()
    array([0.], dtype=float32)
    """
    if not isinstance(buf, (bytes, bytearray, memoryview)):
        raise OperatorError(f"load_frombuffer takes bytes, got {shown(buf)}")
    reader = _Reader(memoryview(buf).cast("B"), bfloat16)
    magic = reader.number("Q", "the file's magic number")
    if magic != _LIST:
        raise FormatError(f"byte 0: {magic:#x} is not the magic number {_LIST:#x} of a params file")
    reader.number("Q", "the reserved number")
    count = reader.count("arrays", 4)
    if count > _MOST_ARRAYS:
        raise LimitError(f"byte 16: {count} arrays, more than the limit of {_MOST_ARRAYS:,}")
    with without_collection():
        arrays = [_read_array(reader, i) for i in range(count)]
        place = reader.at
        named = reader.count("names", 8)
        if named not in (0, count):
            raise FormatError(f"byte {place}: {counted(named, 'name')} for {counted(count, 'array')}")
        names = [_read_name(reader) for _ in range(named)]
    if reader.left:
        warnings.warn(f"{reader.left} bytes after the last name are ignored", UserWarning, stacklevel=2)
    return dict(zip(names, arrays)) if names else arrays


_SIZES = {code: struct.calcsize(f"<{code}") for code in "iIqQ"}


class _Reader:
    """Bytes, and how far they are read; reads no more than there are."""

    def __init__(self, data: memoryview, bfloat16: bool = False) -> None:
        self.data, self.bfloat16 = data, bfloat16
        self.at = 0

    @property
    def left(self) -> int:
        return len(self.data) - self.at

    def take(self, n: int, what: str) -> memoryview:
        """Return the next `n` bytes."""
        at, end = self.at, self.at + n
        if end > len(self.data):
            raise FormatError(f"byte {at}: {what} takes {n} bytes, {self.left} are left")
        self.at = end
        return self.data[at:end]

    def number(self, code: str, what: str) -> int:
        """Return the next number, of a format of `struct`."""
        return self.numbers(1, code, what)[0]

    def numbers(self, n: int, code: str, what: str) -> tuple[int, ...]:
        """Return the next `n` numbers, of a format of `struct`."""
        return struct.unpack(f"<{n}{code}", self.take(n * _SIZES[code], what))

    def count(self, what: str, each: int) -> int:
        """Return how many things follow, of at least `each` bytes."""
        place, n = self.at, self.number("Q", f"the number of {what}")
        if n * each > self.left:
            raise FormatError(f"byte {place}: {n} {what} do not fit into the {self.left} bytes left")
        return n


def _read_name(reader: _Reader) -> str:
    length = reader.count("bytes of a name", 1)
    place = reader.at
    try:
        return bytes(reader.take(length, "a name")).decode("utf-8")
    except UnicodeDecodeError:
        raise FormatError(f"byte {place}: a name is not UTF-8") from None


def _read_array(reader: _Reader, i: int) -> Any:
    place = reader.at
    magic = reader.number("I", f"array {i}")
    if magic in (_VERSION_2, _VERSION_3):
        storage = reader.number("i", "the storage type")
        if storage not in (0, 1, 2) or (storage and magic == _VERSION_3):
            raise FormatError(f"byte {place + 4}: array {i} has storage type {storage}; known: "
                              + ", ".join(f"{k} ({name})" for k, name in enumerate(_STORAGES)))
        if storage:
            return _read_sparse(reader, storage, i)
        shape = _read_shape(reader, i)
        nothing = not shape and magic == _VERSION_2
    elif magic == _VERSION_1:
        shape = _read_shape(reader, i)
        nothing = not shape
    else:
        # Version 0 has no magic number: this is the rank.
        shape = _read_dims(reader, magic, "I", i, place)
        nothing = not shape
    if nothing:
        return NDArray(np.zeros((0,), np.float32), cpu())
    dtype = _read_kind(reader, i)
    return NDArray(_read_values(reader, shape, dtype, i), cpu())


def _read_shape(reader: _Reader, i: int) -> tuple[int, ...]:
    place = reader.at
    return _read_dims(reader, reader.number("i", f"the rank of array {i}"), "q", i, place)


def _read_dims(reader: _Reader, rank: int, code: str, i: int, place: int) -> tuple[int, ...]:
    if not 0 <= rank <= MOST_AXES:
        raise FormatError(f"byte {place}: array {i} has rank {rank}, which is not between 0 and {MOST_AXES}")
    shape = reader.numbers(rank, code, f"the shape of array {i}")
    if shape and min(shape) < 0:
        raise FormatError(f"byte {place}: array {i} has shape {shape}")
    # NumPy counts bytes in 63 bits, also those of the other axes where one has no length.
    if math.prod(filter(None, shape)) >= _MOST_ELEMENTS:
        raise FormatError(f"byte {place}: array {i} has shape {shape}, beyond what an array can have")
    return shape


def _read_kind(reader: _Reader, i: int) -> Any:
    """Return the dtype after skipping the device, which is a hint at most."""
    reader.take(8, "the device")
    return _read_dtype(reader, i)


def _read_dtype(reader: _Reader, i: int) -> Any:
    place = reader.at
    flag = reader.number("i", f"the dtype of array {i}")
    if flag not in _STORED:
        raise FormatError(f"byte {place}: array {i} has dtype number {flag}; known: 0 to {_BFLOAT16}")
    return _STORED[flag]


def _read_values(reader: _Reader, shape: tuple[int, ...], dtype: Any, i: int) -> np.ndarray:
    """Return the elements; bfloat16, unless it is asked for, as the float32 that it is the upper half of."""
    stored, native = dtype
    raw = np.frombuffer(reader.take(math.prod(shape) * stored.itemsize, f"the elements of array {i}"), stored)
    if native is None and reader.bfloat16:
        return raw.astype(np.uint16).view(bfloat16_dtype()).reshape(shape)
    if native is None:
        return (raw.astype(np.uint32) << 16).view(np.float32).reshape(shape)
    if native == np.bool_:
        return (raw != 0).reshape(shape)
    return raw.astype(native).reshape(shape)


def _read_sparse(reader: _Reader, storage: int, i: int) -> RowSparseNDArray | CSRNDArray:
    place = reader.at
    stored, shape = _read_shape(reader, i), _read_shape(reader, i)
    dtype = _read_kind(reader, i)
    parts = [(_read_dtype(reader, i), _read_shape(reader, i)) for _ in range(storage)]
    values = _read_values(reader, stored, dtype, i)
    others = [_read_values(reader, s, d, i) for d, s in parts]
    try:
        if storage == 1:
            indices = others[0].astype(np.int64)
            _check_rows(indices, values, shape)
            return RowSparseNDArray(Rows(indices, values, shape), cpu())
        indptr, indices = (o.astype(np.int64) for o in others)
        if values.shape == indptr.shape == (0,) and len(shape) == 2:
            indptr = np.zeros(shape[0] + 1, np.int64)
        check_csr(values, indices, indptr, shape)
        return CSRNDArray(values, indices, indptr, shape, cpu())
    except ShapeError as error:
        raise FormatError(f"byte {place}: array {i} is not a {_STORAGES[storage]} array: {error}") from None


def _check_rows(indices: np.ndarray, values: np.ndarray, shape: tuple[int, ...]) -> None:
    if not shape or indices.ndim != 1 or values.shape != (len(indices), *shape[1:]):
        raise ShapeError(f"rows of shape {values.shape} for indices of shape {indices.shape} into {shape}")
    if len(indices) and ((indices[1:] <= indices[:-1]).any() or indices[0] < 0 or indices[-1] >= shape[0]):
        raise ShapeError(f"indices must rise within [0, {shape[0]})")

