"""Functions whose arguments are not those of their operator, as in MXNet: `split_v2` and `histogram`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray.array import NDArray, expect_array
from ndarray.create import _raised_as
from ndarray.dtypes import is_floating
from ndarray.errors import ParamError, shown
from ndarray.functions import function

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ndarray.typing import Number


def split_v2(ary: NDArray, indices_or_sections: int | Sequence[int], axis: int = 0, squeeze_axis: bool = False) -> Any:
    """Return parts of an array along an axis.

    Parameters
    ----------
    ary : NDArray
    indices_or_sections : int or sequence of int
        A number of equal parts, or where each part but the first begins.
    axis : int, optional
    squeeze_axis : bool, optional
        Drop the axis, where each part has length 1.

    Returns
    -------
    list of NDArray, or the one part

    Raises
    ------
    ShapeError
        If the length is not a multiple of the number of parts, or the indices decrease or exceed the length.
    ParamError
        If it is neither a number of parts nor indices.

    Examples
    --------
    >>> import ndarray as nd
    >>> x = nd.arange(6)
    >>> [part.tolist() for part in split_v2(x, (1, 4))], [part.shape for part in split_v2(x, 3)]
    ([[0.0], [1.0, 2.0, 3.0], [4.0, 5.0]], [(2,), (2,), (2,)])
    """
    return function("_split_v2")(ary, **_cuts(indices_or_sections), axis=axis, squeeze_axis=squeeze_axis)


def _cuts(given: Any) -> dict[str, Any]:
    """Return the parameters of ``_split_v2`` for a number of parts or indices."""
    if isinstance(given, (int, np.integer)) and not isinstance(given, bool):
        if given < 1:
            raise ParamError(f"split_v2: expected at least one part, got {given}")
        return {"indices": (), "sections": int(given)}
    if not isinstance(given, (tuple, list)):
        raise ParamError(f"split_v2: expected a number of parts or a tuple of indices, got {shown(given)}")
    return {"indices": (0, *given), "sections": 0}


def histogram(a: NDArray, bins: int | NDArray = 10, range: tuple[Number, Number] | None = None) -> list[NDArray]:
    """Return how many elements are in each of some intervals, and the edges of these bins.

    Parameters
    ----------
    a : NDArray
        The elements; those outside every bin, and NaN, are not counted.
    bins : int or NDArray, optional
        A number of bins of equal width, or their edges, increasing.
    range : tuple of two numbers, optional
        Where the first bin begins and the last one ends; from the least element to the largest when left out.

    Returns
    -------
    list of two NDArray
        The counts, int64, and the edges.  A bin includes where it begins, the last one also where it ends.

    Raises
    ------
    ParamError
        If `bins` is neither, or there is no `range` and an element is not finite.

    Examples
    --------
    >>> import ndarray as nd
    >>> counts, edges = histogram(nd.array([0, 1, 1, 4]), bins=2)
    >>> counts.tolist(), edges.tolist()
    ([3, 1], [0.0, 2.0, 4.0])
    """
    expect_array(a, "histogram")
    if isinstance(bins, NDArray):
        return function("_histogram")(a, bins)
    if isinstance(bins, bool) or not isinstance(bins, (int, np.integer)):
        raise ParamError(f"histogram: expected a number of bins or an NDArray of edges, got {shown(bins)}")
    if range is not None:
        return function("_histogram")(a, bin_cnt=int(bins), range=range)
    with _raised_as("histogram"):
        counts, edges = np.histogram(a._data, bins)
    dtype = a._data.dtype if is_floating(a._data.dtype) else np.dtype("float32")
    return [NDArray(counts.astype(np.int64), a._ctx), NDArray(edges.astype(dtype), a._ctx)]
