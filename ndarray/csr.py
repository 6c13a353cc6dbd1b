"""Compressed sparse row matrices: what is needed to keep and to pass on those that files hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray.array import NDArray, as_ndarray
from ndarray.context import current_context
from ndarray.errors import OperatorError, ShapeError, shown
from ndarray.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ndarray.context import Context
    from ndarray.typing import DTypeLike


class CSRNDArray:
    """A matrix of which each row stores its elements that are not zero.

    Made by `csr_matrix` and by loading; not by calling the class.

    Parameters
    ----------
    data : numpy.ndarray
        The stored elements, row after row.
    indices : numpy.ndarray
        The column of each.
    indptr : numpy.ndarray
        Where each row begins among them, and where the last one ends.
    shape : tuple of int
    ctx : Context, optional

    Examples
    --------
    >>> csr_matrix(([5], [2], [0, 0, 1]), shape=(2, 3)).asnumpy()
    array([[0., 0., 0.],
           [0., 0., 5.]], dtype=float32)
    """

    __slots__ = ("_values", "_indices", "_indptr", "shape", "_ctx", "__weakref__")
    stype = "csr"

    def __init__(self, data: np.ndarray, indices: np.ndarray, indptr: np.ndarray, shape: Sequence[int],
                 ctx: Context | None = None) -> None:
        self._values, self._indices, self._indptr = data, indices, indptr
        self.shape = tuple(shape)
        self._ctx = ctx if ctx is not None else current_context()

    @property
    def dtype(self) -> type[np.generic]:
        """Element type, as a NumPy type."""
        return self._values.dtype.type

    @property
    def context(self) -> Context:
        """The device."""
        return self._ctx

    @property
    def data(self) -> NDArray:
        """The stored elements, an NDArray."""
        return NDArray(self._values, self._ctx)

    @property
    def indices(self) -> NDArray:
        """Their columns, an NDArray."""
        return NDArray(self._indices, self._ctx)

    @property
    def indptr(self) -> NDArray:
        """Where each row begins, an NDArray."""
        return NDArray(self._indptr, self._ctx)

    def asnumpy(self) -> np.ndarray:
        """Return the whole matrix as a NumPy array.

        Examples
        --------
        >>> import ndarray as nd
        >>> x = nd.sparse.csr_matrix(([5, 6], [1, 0], [0, 1, 2]), (2, 2))
        >>> x.asnumpy()
        array([[0., 5.],
               [6., 0.]], dtype=float32)
        """
        whole = np.zeros(self.shape, self._values.dtype)
        whole[np.repeat(np.arange(self.shape[0]), np.diff(self._indptr)), self._indices] = self._values
        return whole

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.asnumpy().astype(dtype or self.dtype, copy=False)

    def tostype(self, stype: str) -> NDArray | CSRNDArray:
        """Return the matrix with another storage: 'default' or 'csr'.

        Examples
        --------
        >>> import ndarray as nd
        >>> x = nd.sparse.csr_matrix(([5, 6], [1, 0], [0, 1, 2]), (2, 2))
        >>> x.tostype("default").tolist()
        [[0.0, 5.0], [6.0, 0.0]]
        """
        if stype == "csr":
            return self
        if stype != "default":
            raise OperatorError(f"a csr matrix becomes 'default', not {shown(stype)}")
        return NDArray(self.asnumpy(), self._ctx)

    def __repr__(self) -> str:
        return f"\n<CSRNDArray {self.shape[0]}x{self.shape[1]} @{self._ctx}>"


def csr_matrix(parts: tuple[Any, Any, Any], shape: Sequence[int], dtype: DTypeLike | None = None) -> CSRNDArray:
    """Return a matrix from ``(data, indices, indptr)``.

    Raises
    ------
    ShapeError
        If the parts do not describe a matrix of `shape`.

    Examples
    --------
    >>> csr_matrix(([5, 6], [1, 0], [0, 1, 2]), (2, 2)).asnumpy()
    array([[0., 5.],
           [6., 0.]], dtype=float32)
    """
    data, indices, indptr = parts
    data = as_ndarray(data, dtype=dtype)._data
    indices, indptr = (np.asarray(a, np.int64).reshape(-1) for a in (indices, indptr))
    check_csr(data, indices, indptr, shape)
    return CSRNDArray(data, indices, indptr, shape)


def check_csr(data: np.ndarray, indices: np.ndarray, indptr: np.ndarray, shape: Sequence[int]) -> None:
    """Raise where the parts do not describe a matrix of `shape`."""
    if not data.ndim == indices.ndim == indptr.ndim == 1:
        raise ShapeError("elements, columns and indptr must be arrays of one axis")
    if len(shape) != 2 or len(indptr) != shape[0] + 1 or indptr[0] != 0 or indptr[-1] != len(data):
        raise ShapeError(f"indptr of {counted(len(indptr), 'number')} does not divide {counted(len(data), 'element')} "
                         f"into the rows of {shape}")
    if (indptr[1:] < indptr[:-1]).any() or len(indices) != len(data):
        raise ShapeError("indptr must not decrease, and each element needs one column")
    if len(indices) and not 0 <= indices.min() <= indices.max() < shape[1]:
        raise ShapeError(f"columns must be in [0, {shape[1]})")
