"""bfloat16 is a dtype to store in: an operator computes in float32 and rounds its results once.

An operator may declare the same of float16, ``half_in_float32``: rules that MXNet lacks do, since an epsilon of 1e-8 is
0 in float16, and a gradient of 0 then gives 0/0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ndarray import dtypes
from ndarray.tensortype import UNKNOWN, TensorType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def has_narrow(arrays: Sequence[Any]) -> bool:
    """Tell whether some of `arrays` are of bfloat16."""
    return dtypes.narrow is not None and any([dtypes.is_narrow(getattr(a, "dtype", None)) for a in arrays])


def is_short(dtype: Any) -> bool:
    """Tell whether a dtype is floating and shorter than float32."""
    return dtypes.is_floating(dtype) and dtype.itemsize < dtypes.DEFAULT.itemsize


def in_float32(op: Any, run: Callable[..., Any], xp: Any, arrays: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """Return what ``run(xp, arrays, params)`` gives for arrays in 16 bits: computed in float32, rounded once.

    Parameters
    ----------
    op : Operator
        Its rule of types determines which results are rounded; new states have the dtype of the old.
    run : callable
    xp : array namespace
    arrays : sequence of array
    params : dict
    """
    short = is_short if op.half_in_float32 else dtypes.is_narrow
    given = [TensorType(tuple(a.shape), a.dtype) for a in arrays]
    types = op.infer_types(given, [UNKNOWN] * op.num_outputs(params), params)[1]
    wide = [xp.astype(a, dtypes.DEFAULT) if short(a.dtype) else a for a in arrays]
    outputs, written = run(xp, wide, params)
    return (tuple([_stored(xp, y, t.dtype, short) for y, t in zip(outputs, types, strict=True)]),
            tuple([_stored(xp, y, arrays[at].dtype, short) for y, at in zip(written, op.written(params), strict=True)]))


def _stored(xp: Any, value: Any, dtype: Any, short: Callable[[Any], bool]) -> Any:
    """Return a result as it is stored."""
    return xp.astype(value, dtype) if short(dtype) else value
