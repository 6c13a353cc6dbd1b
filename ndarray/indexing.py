"""What may be in the brackets of an array, and what it selects."""

from typing import Any

import numpy as np

from ndarray.errors import OperatorError, shown


def as_key(key: Any, array_type: Any) -> tuple[Any, ...]:
    """Return an index as a tuple of what NumPy takes; raise for what MXNet does not know.

    Parameters
    ----------
    key : object
        Integers, slices, lists, arrays, None, Ellipsis, or a tuple of them.
    array_type : type
        The class whose ``_data`` is an array.
    """
    return tuple(_part(part, array_type) for part in (key if isinstance(key, tuple) else (key,)))


def _part(part: Any, array_type: Any) -> Any:
    if isinstance(part, array_type):
        part = part._data
        if part.dtype == np.bool_:
            raise OperatorError("an index of dtype bool would be the numbers 0 and 1, not a mask; take "
                                "`np.flatnonzero(mask.asnumpy())`, or `where`")
    if isinstance(part, (list, np.ndarray)):
        try:
            places = np.asarray(part)
        except (ValueError, RecursionError):
            raise OperatorError(_not_an_index(part)) from None
        if places.dtype.kind not in "fbiu":
            raise OperatorError(_not_an_index(part))
        part = places
        if part.dtype.kind in "fb":
            # MXNet's own index arrays are float32; booleans are taken as the indices 0 and 1.
            part = part.astype(np.int64)
        return part
    if part is None or part is Ellipsis or isinstance(part, slice):
        return part
    if isinstance(part, (int, np.integer)) and not isinstance(part, bool):
        return int(part)
    raise OperatorError(_not_an_index(part))


def _not_an_index(part: Any) -> str:
    return f"an index is an integer, a slice, None, Ellipsis, a list of numbers or an NDArray, not {shown(part)}"


def is_view_key(key: tuple[Any, ...]) -> bool:
    """Tell whether indexing gives a view: integers and step-1 slices that leave the memory in one run.

    That is, integers first, then one slice, then only whole axes.
    """
    seen_slice = False
    for part in key:
        if isinstance(part, int) and not seen_slice:
            continue
        if part is Ellipsis or (isinstance(part, slice) and part == slice(None)):
            seen_slice = True
            continue
        if isinstance(part, slice) and part.step in (None, 1) and not seen_slice:
            seen_slice = True
            continue
        return False
    return True

