"""What a notebook shows of an array: a small table of its values."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ndarray.array import NDArray

_MOST = 12
"""Rows and columns that a table shows before it leaves out the middle."""


def of_array(array: NDArray, text: str, include: Collection[str] | None = None,
             exclude: Collection[str] | None = None) -> dict[str, str]:
    """Return what a notebook shows of an array: shape, dtype, size, and the values where one or two axes hold them.

    Parameters
    ----------
    array : NDArray
    text : str
        What a terminal shows.
    include, exclude : collection of str, optional
        Types of data to return, or to leave out.
    """
    return chosen({"text/plain": text} | never_raising(lambda: {"text/html": _table(array)}), include, exclude)


def never_raising(make: Callable[[], dict[str, str]]) -> dict[str, str]:
    """Return what `make` returns, without its warnings, and nothing where it fails.

    A cell that only shows something must not fail, whatever is wrong with it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return make()
    except Exception:
        return {}


def chosen(bundle: dict[str, str], include: Collection[str] | None, exclude: Collection[str] | None) -> dict[str, str]:
    """Return the part of a bundle with the media types asked for."""
    return {kind: data for kind, data in bundle.items()
            if (not include or kind in include) and not (exclude and kind in exclude)}


def _table(array: NDArray) -> str:
    data = array._data
    shape = "×".join(map(str, data.shape)) or "scalar"
    caption = f"NDArray {shape} {data.dtype} on {array.context}, {data.nbytes:,} bytes"
    if data.ndim not in (1, 2) or not data.size:
        return f"<p>{escape(caption)}</p>" + (f"<pre>{escape(str(data))}</pre>" if data.size else "")
    rows = data.reshape(1, -1) if data.ndim < 2 else data
    down, across = _shown(rows.shape[0]), _shown(rows.shape[1])
    head = "".join(f"<th>{'…' if j is None else j}</th>" for j in across)
    body = "".join(f"<tr><th>{'…' if i is None else i if data.ndim == 2 else ''}</th>"
                   + "".join(f"<td>{'…' if None in (i, j) else _number(rows[i, j])}</td>" for j in across) + "</tr>"
                   for i in down)
    return f"<p>{escape(caption)}</p><table><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shown(length: int) -> list[int | None]:
    """The positions on one axis that are shown, None for those left out."""
    half = _MOST // 2
    return [*range(length)] if length <= _MOST else [*range(half), None, *range(length - half, length)]


def _number(value: Any) -> str:
    text = escape(f"{value:.6g}" if isinstance(value, np.floating) else str(value))
    # What is not finite should not be overlooked.
    return f"<b>{text}</b>" if isinstance(value, np.inexact) and not np.isfinite(value) else text
