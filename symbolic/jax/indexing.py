"""JAX's primitives that choose, place and sort elements, in the words of `symbolic.autodiff.trace.Trace`.

An element is found by its place in the flattened array: what is known of it while tracing is a constant, and indices
that are computed add to it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jax.lax import GatherScatterMode

from symbolic.autodiff.trace import Trace
from symbolic.autodiff.tracer import Traced
from symbolic.jax.refused import Refused


def _strides(shape: Sequence[int]) -> list[int]:
    return [math.prod(shape[k + 1:]) for k in range(len(shape))]


def _along(n: int, axis: int, ndim: int) -> np.ndarray:
    """Return 0 to n - 1 along one of so many axes."""
    return np.arange(n).reshape([n if k == axis else 1 for k in range(ndim)])


def _flat(xp: Trace, shape: Sequence[int], known: np.ndarray, starts: Mapping[int, Any],
          limits: Mapping[int, int]) -> tuple[Traced, Any]:
    """Return places in the flattened array, moved into range, and which of them were in range, or None for all.

    Parameters
    ----------
    known : numpy.ndarray of int
        What of the places does not depend on the starts.
    starts, limits : dict of int to (array, int)
        By axis, the first index of a window, and the largest that it may be.
    """
    found: Any = np.asarray(known, "int64")
    inside: Any = None
    for axis, start in starts.items():
        if isinstance(start, Traced):
            start = xp.astype(start, np.int64)
            ok = xp.logical_and(start >= 0, start <= limits[axis])
            start = xp.minimum(xp.maximum(start, 0), limits[axis])
        else:
            start = np.asarray(start, "int64")
            ok, start = (start >= 0) & (start <= limits[axis]), np.clip(start, 0, limits[axis])
            if ok.all():
                ok = None
        if ok is not None:
            inside = ok if inside is None else xp.logical_and(xp.traced(inside), xp.traced(ok))
        found = _added(xp, found, start, _strides(shape)[axis])
    return xp.traced(found), inside


def _added(xp: Trace, found: Any, start: Any, stride: int) -> Any:
    if isinstance(found, Traced) or isinstance(start, Traced):
        found, start = xp.traced(found, "int64"), xp.traced(start, "int64")
        both = np.broadcast_shapes(found.shape, start.shape)
        return xp.broadcast_to(found, both) + xp.broadcast_to(start, both) * stride
    return found + start * stride


def _columns(xp: Trace, indices: Any, axes: Sequence[int], batch: Sequence[int], ndim: int) -> dict[int, Any]:
    """Return the index of each axis, its own axes where those of the result are that windows do not fill."""
    found = {}
    lengths = np.shape(indices)[:-1] if not isinstance(indices, Traced) else indices.shape[:-1]
    shape = [1] * ndim
    for axis, n in zip(batch, lengths, strict=True):
        shape[axis] = n
    for n, axis in enumerate(axes):
        if isinstance(indices, Traced):
            whole = tuple(indices.shape[:-1])
            column = xp.strided_slice(indices, (0,) * len(whole) + (n,), (*whole, n + 1), (1,) * indices.ndim)
            found[axis] = xp.reshape(column, tuple(shape))
        else:
            found[axis] = np.asarray(indices)[..., n].reshape(shape)
    return found


def _windows(shape: Sequence[int], result: Sequence[int], offsets: Sequence[int], filled: Sequence[int],
             together: Mapping[int, int]) -> np.ndarray:
    """Return what is known of places: within the windows, and along axes that go together with those of the indices."""
    strides, known = _strides(shape), np.zeros([1] * len(result), "int64")
    for axis, at in [*zip(filled, offsets, strict=True), *together.items()]:
        known = known + _along(result[at], at, len(result)) * strides[axis]
    return np.broadcast_to(known, result)


def gather(xp: Trace, eqn: Any, x: Any, indices: Any) -> Any:
    """Return windows of an array; what is out of range is filled, or moved into range, as the mode says."""
    d, sizes, result = eqn.params["dimension_numbers"], eqn.params["slice_sizes"], eqn.outvars[0].aval.shape
    x = xp.traced(x)
    batch = [k for k in range(len(result)) if k not in d.offset_dims]
    filled = [k for k in range(x.ndim) if k not in (*d.collapsed_slice_dims, *d.operand_batching_dims)]
    together = {k: batch[at] for k, at in zip(d.operand_batching_dims, d.start_indices_batching_dims, strict=True)}
    known = _windows(x.shape, result, d.offset_dims, filled, together)
    at, inside = _flat(xp, x.shape, known, _columns(xp, indices, d.start_index_map, batch, len(result)),
                       {k: x.shape[k] - sizes[k] for k in d.start_index_map})
    found = xp.take(xp.reshape(x, (x.size,)), at, 0)
    if inside is None or eqn.params["mode"] != GatherScatterMode.FILL_OR_DROP:
        return found
    fill = eqn.params["fill_value"]
    dtype = np.dtype(eqn.outvars[0].aval.dtype)
    if fill is None:
        limits = np.iinfo(dtype) if dtype.kind in "iu" else None
        fill = {"f": math.nan, "b": 1, "i": limits and limits.min, "u": limits and limits.max}[dtype.kind]
    return xp.where(_wide(xp, inside, result), found, fill)


def _wide(xp: Trace, inside: Any, shape: Sequence[int]) -> Any:
    return xp.broadcast_to(xp.traced(inside), tuple(shape))


def scatter(adds: bool) -> Callable[..., Any]:
    """Return the function that places windows in an array, or adds them to it; what is out of range is left out."""

    def run(xp: Trace, eqn: Any, x: Any, indices: Any, updates: Any) -> Any:
        d, mode = eqn.params["dimension_numbers"], eqn.params["mode"]
        x, updates = xp.traced(x), xp.traced(updates)
        batch = [k for k in range(updates.ndim) if k not in d.update_window_dims]
        filled = [k for k in range(x.ndim) if k not in (*d.inserted_window_dims, *d.operand_batching_dims)]
        if not (adds or eqn.params["unique_indices"] or _apart(
                indices, all(k in d.inserted_window_dims for k in d.scatter_dims_to_operand_dims))):
            raise Refused(eqn, "that may place several values at one index")
        together = {k: batch[at]
                    for k, at in zip(d.operand_batching_dims, d.scatter_indices_batching_dims, strict=True)}
        known = _windows(x.shape, updates.shape, d.update_window_dims, filled, together)
        sizes = dict(zip(filled, [updates.shape[k] for k in d.update_window_dims]))
        at, inside = _flat(xp, x.shape, known,
                           _columns(xp, indices, d.scatter_dims_to_operand_dims, batch, updates.ndim),
                           {k: x.shape[k] - sizes.get(k, 1) for k in d.scatter_dims_to_operand_dims})
        return _placed(xp, x, at, updates, adds, None if mode == GatherScatterMode.CLIP else inside)

    return run


def _apart(indices: Any, single: bool) -> bool:
    """Return whether windows are known not to overlap: one of them, or windows of one index at different indices."""
    if math.prod(np.shape(indices)[:-1] if not isinstance(indices, Traced) else indices.shape[:-1]) == 1:
        return True
    if isinstance(indices, Traced) or not single:
        return False
    rows = np.reshape(indices, (-1, np.shape(indices)[-1]))
    return len(np.unique(rows, axis=0)) == len(rows)


def _placed(xp: Trace, x: Traced, at: Traced, updates: Traced, adds: bool, inside: Any) -> Any:
    updates, size = xp.astype(updates, x.dtype), (x.size,)
    wide = None if inside is None else _wide(xp, inside, updates.shape)
    values = updates if wide is None else xp.where(wide, updates, 0)
    put = xp.reshape(xp.untake(values, at, size, 0), x.shape)
    if adds:
        return x + put
    written = xp.ones(updates.shape, np.float32)
    written = written if wide is None else xp.where(wide, written, 0)
    return xp.where(xp.reshape(xp.untake(written, at, size, 0), x.shape) != 0, put, x)


def dynamic_slice(xp: Trace, eqn: Any, x: Any, *starts: Any) -> Any:
    """Return a window of an array, moved into range."""
    sizes, x = eqn.params["slice_sizes"], xp.traced(x)
    at, _ = _window(xp, x.shape, sizes, starts)
    return xp.take(xp.reshape(x, (x.size,)), at, 0)


def dynamic_update_slice(xp: Trace, eqn: Any, x: Any, update: Any, *starts: Any) -> Any:
    """Return an array with a window, moved into range, in place of its own elements there."""
    x, update = xp.traced(x), xp.traced(update)
    at, _ = _window(xp, x.shape, update.shape, starts)
    return _placed(xp, x, at, update, False, None)


def _window(xp: Trace, shape: Sequence[int], sizes: Sequence[int], starts: Sequence[Any]) -> tuple[Traced, Any]:
    axes = range(len(shape))
    known = _windows(shape, sizes, axes, axes, {})
    spread = [(xp if isinstance(s, Traced) else np).reshape(s, (1,) * len(shape)) for s in starts]
    return _flat(xp, shape, known, dict(enumerate(spread)), {k: shape[k] - sizes[k] for k in axes})


def sort(xp: Trace, eqn: Any, *arrays: Any) -> list[Any]:
    """Return arrays in the order of the first of them."""
    axis, keys = eqn.params["dimension"], eqn.params["num_keys"]
    arrays = tuple([xp.traced(x) for x in arrays])
    if keys != 1:
        raise Refused(eqn, "by several keys")
    if len(arrays) == 1:
        return [xp.sort(arrays[0], axis)]
    order = xp.argsort(arrays[0], axis)
    return [xp.take_along_axis(x, order, axis) for x in arrays]


def top_k(xp: Trace, eqn: Any, x: Any) -> list[Any]:
    """Return the largest elements and their indices, the first of equal ones first."""
    axis, k = eqn.params.get("axis", x.ndim - 1), eqn.params["k"]
    order = x.shape[axis] - 1 - xp.flip(xp.argsort(xp.flip(x, axis), axis), axis)
    order = xp.strided_slice(order, (0,) * x.ndim, tuple([k if a == axis else n for a, n in enumerate(x.shape)]),
                             (1,) * x.ndim)
    return [xp.take_along_axis(x, order, axis), order]


def place(word: str) -> Callable[..., Any]:
    """Return the function of the index of the largest element, or of the smallest, along an axis."""
    return lambda xp, eqn, x: getattr(xp, word)(x, eqn.params["axes"][0])


def pad(xp: Trace, eqn: Any, x: Any, fill: Any) -> Any:
    """Return an array with a border, and with gaps between its elements."""
    config, shape = eqn.params["padding_config"], eqn.outvars[0].aval.shape
    if any(low < 0 or high < 0 for low, high, _ in config):
        raise Refused(eqn, "that cuts off elements")
    x = xp.traced(x)
    begin, step = tuple([low for low, _, _ in config]), tuple([gap + 1 for *_, gap in config])
    end = tuple([low + (n - 1) * s + 1 for low, n, s in zip(begin, x.shape, step)])
    if not isinstance(fill, Traced) and not np.any(fill):
        return xp.unslice(x, shape, begin, end, step)
    inside = np.zeros(shape, bool)
    inside[tuple(map(slice, begin, end, step))] = True
    return xp.where(xp.constant(inside), xp.unslice(x, shape, begin, end, step), fill)
