"""Functions whose arguments are not those of their operator, as in MXNet: `split_v2` and `histogram`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray.adapted import _cuts
from ndarray.errors import ParamError, shown
from symbolic.functions import function
from symbolic.symbol import Symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ndarray.typing import Number


def split_v2(ary: Symbol, indices_or_sections: int | Sequence[int], axis: int = 0, squeeze_axis: bool = False,
             **kwargs: Any) -> Symbol:
    """Return a Symbol of parts along an axis; parameters as `ndarray.split_v2`, and ``name=`` and ``attr=``.

    Examples
    --------
    >>> import symbolic as sym
    >>> parts = split_v2(sym.var("x"), (1, 4), name="parts")
    >>> parts.list_outputs(), parts.infer_shape(x=(6,))[1]
    (['parts_output0', 'parts_output1', 'parts_output2'], [(1,), (3,), (2,)])
    """
    return function("_split_v2")(ary, **_cuts(indices_or_sections), axis=axis, squeeze_axis=squeeze_axis, **kwargs)


def histogram(a: Symbol, bins: int | Symbol = 10, range: tuple[Number, Number] | None = None,
              **kwargs: Any) -> Symbol:
    """Return a Symbol of how many elements are in each of some intervals, and the edges of these bins.

    Parameters
    ----------
    a : Symbol
    bins : int or Symbol, optional
        A number of bins of equal width, or their edges.
    range : tuple of two numbers
        Where the first bin begins and the last one ends; only with a number of bins.
    **kwargs : object
        Further arguments of the operator ``_histogram``: `name`, `attr`.

    Raises
    ------
    ParamError
        If `bins` is neither, or a number without `range`: a Symbol has no values that would give it.

    Examples
    --------
    >>> import numpy as np, symbolic as sym
    >>> counts, edges = histogram(sym.var("x"), bins=2, range=(0, 4)).eval(x=np.array([0.0, 1, 1, 4]))
    >>> counts.tolist(), edges.tolist()
    ([3, 1], [0.0, 2.0, 4.0])
    """
    if isinstance(bins, Symbol):
        return function("_histogram")(a, bins, **kwargs)
    if isinstance(bins, bool) or not isinstance(bins, (int, np.integer)):
        raise ParamError(f"histogram: expected a number of bins or a Symbol of edges, got {shown(bins)}")
    if range is None:
        raise ParamError(f"histogram: bins={bins} needs range=(first, last): a Symbol has no values that would give it")
    return function("_histogram")(a, bin_cnt=int(bins), range=range, **kwargs)
