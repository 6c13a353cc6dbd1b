"""Pooling: what is taken of each window of an image, over one, two or three spatial axes.

Maxima and sums over a window are those along one axis after the other, so that they take as many operations as a window
has sides, not elements.
"""

from functools import reduce
from math import prod
from operator import add
from typing import Annotated, Literal

import numpy as np

from ndarray.errors import ParamError, ShapeError
from ndarray.operator import operator
from ndarray.ops.windows import Geometry, padded, spread
from ndarray.params import IMPLIED, Naturals, Positive, Positives
from ndarray.rules import agree_dtype, check_floating, slot_error, with_axes
from ndarray.rules_shape import cut
from ndarray.tensortype import TensorType, merge_shapes

KIND = "layer"

_LONG = 8
"""From which length on the elements of a window are a reduced axis rather than operands of their own."""


def _pool_geometry(shape, params):
    """Return the geometry of the windows over data of a shape; the padding after is what the last window needs."""
    spatial = shape[2:]
    rank = len(spatial)
    if params["global_pool"]:
        ones, none = (1,) * rank, (0,) * rank
        return Geometry(spatial, ones, ones, none, none, ones)
    if not params["kernel"]:
        raise ParamError("kernel= is not given; or take everything as one window with global_pool=True")
    kernel, stride, pad = (spread(k, params[k], rank) for k in ("kernel", "stride", "pad"))
    convention = params["pooling_convention"]
    before, after, sizes = [], [], []
    for n, k, s, p in zip(spatial, kernel, stride, pad):
        if convention == "same":
            size = -(-n // s)
            total = max((size - 1) * s + k - n, 0)
            before.append(total // 2)
        else:
            span = n + 2 * p - k
            size = (-(-span // s) if convention == "full" else span // s) + 1
            before.append(p)
        after.append(max((size - 1) * s + k - n - before[-1], 0))
        sizes.append(size)
    return Geometry(kernel, stride, (1,) * rank, tuple(before), tuple(after), tuple(sizes))


def _pooling(inputs, outputs, params):
    dtype = agree_dtype(inputs + outputs)
    data, out = inputs[0].shape, outputs[0].shape
    if data is not None and None not in data[2:]:
        if 0 in data[2:]:
            raise slot_error(ShapeError, f"`{{}}` of shape {data} has no elements to take a window of", 0)
        sizes = _pool_geometry(data, params).sizes
        if any(n < 1 for n in sizes):
            raise slot_error(ShapeError, f"`{{}}` of shape {data} is smaller than the kernel {params['kernel']}", 0)
        out = merge_shapes(out, (*data[:2], *sizes))
        data = (*out[:2], *data[2:])
    check_floating([TensorType(None, dtype)])
    return [TensorType(data, dtype)], [TensorType(out, dtype)]


def _slices(xp, x, axis, k, s, n):
    """Return, for each of the `k` elements of a window, what `n` windows with a step of `s` have there."""
    rest = x.ndim - axis - 1
    return [xp.strided_slice(x, (*(None,) * axis, j, *(None,) * rest),
                             (*(None,) * axis, j + (n - 1) * s + 1, *(None,) * rest), (*(1,) * axis, s, *(1,) * rest))
            for j in range(k)]


def _apart(k, s, n):
    """Tell whether `n` windows share no element and leave none out, so that a reshape makes them an axis."""
    return n == 1 or k == s


def _as_axis(xp, x, axis, k, n):
    """Return windows that are `_apart` with their elements on an axis of their own, the next one."""
    x = cut(xp, x, axis, 0, n * k) if x.shape[axis] != n * k else x
    return xp.reshape(x, (*x.shape[:axis], n, k, *x.shape[axis + 1:]))


def _along(xp, x, axis, k, s, n, kind):
    """Return the maximum or the sum of each window along one axis."""
    if k >= _LONG and _apart(k, s, n):
        return (xp.max if kind == "max" else xp.sum)(_as_axis(xp, x, axis, k, n), axis=axis + 1)
    return reduce(xp.maximum if kind == "max" else add, _slices(xp, x, axis, k, s, n))


def _back(xp, parts, axis, length, k, s, n):
    """Return the sum of what goes to each element of an axis: the transpose of `_slices`.

    `parts` is a list of one array for each element of a window; or, where windows are `_apart`, an array with them on
    the axis after `axis`.
    """
    if not _apart(k, s, n):
        shape = list(parts[0].shape)
        shape[axis] = length
        rest = len(shape) - axis - 1
        return reduce(add, [xp.unslice(part, tuple(shape), (*(None,) * axis, j, *(None,) * rest), (
            *(None,) * axis, j + (n - 1) * s + 1, *(None,) * rest), (*(1,) * axis, s, *(1,) * rest))
            for j, part in enumerate(parts)])
    whole = xp.stack(parts, axis=axis + 1) if isinstance(parts, list) else parts
    whole = xp.reshape(whole, (*whole.shape[:axis], n * k, *whole.shape[axis + 2:]))
    if n * k == length:
        return whole
    width = [(0, 0)] * whole.ndim
    width[axis] = (0, length - n * k)
    return xp.pad(whole, tuple(width), mode="constant", constant_values=0.0)


def _sum_back(xp, head, axis, length, k, s, n):
    if k >= _LONG and _apart(k, s, n):
        shape = (*head.shape[:axis], n, k, *head.shape[axis + 1:])
        return _back(xp, xp.broadcast_to(xp.expand_dims(head, axis + 1), shape), axis, length, k, s, n)
    return _back(xp, [head] * k, axis, length, k, s, n)


def _max_back(xp, head, x, y, axis, k, s, n, every):
    """Return the gradient of maxima `y` of `x` along one axis: to the first element that is one, or to `every` one."""
    length = x.shape[axis]
    if k >= _LONG and _apart(k, s, n):
        windows = _as_axis(xp, x, axis, k, n)
        y, head = xp.expand_dims(y, axis + 1), xp.expand_dims(head, axis + 1)
        if every:
            hit = windows == y
        else:
            places = xp.reshape(xp.arange(k, dtype="int64"), (1,) * (axis + 1) + (-1,) + (1,) * (x.ndim - axis - 1))
            hit = xp.astype(xp.expand_dims(xp.argmax(windows, axis=axis + 1), axis + 1), xp.int64) == places
        return _back(xp, xp.where(hit, head, xp.zeros_like(head)), axis, length, k, s, n)
    parts = []
    for part in _slices(xp, x, axis, k, s, n):
        hit = part == y
        parts.append(xp.where(hit, head, xp.zeros_like(head)))
        head = head if every else xp.where(hit, xp.zeros_like(head), head)
    return _back(xp, parts, axis, length, k, s, n)


def _steps(geometry):
    """Return axis, length of a window, step and number of windows, for one axis after the other from the last."""
    return [*zip(range(2, 9), geometry.kernel, geometry.stride, geometry.sizes)][::-1]


def _windows(xp, data, geometry, kind):
    """Return the maximum or the sum of each window, and what was pooled along each axis on the way."""
    x = padded(xp, data, geometry.before, geometry.after, -float("inf") if kind == "max" else 0.0)
    passed = []
    for axis, k, s, n in _steps(geometry):
        passed.append(x)
        x = _along(xp, x, axis, k, s, n, kind)
    return x, passed


def _windows_back(xp, head, data, geometry, kind, every=False):
    """Return the gradient of `_windows`."""
    if kind == "max":
        y, passed = _windows(xp, data, geometry, kind)
    steps = _steps(geometry)
    for i in reversed(range(len(steps))):
        axis, k, s, n = steps[i]
        if kind == "max":
            head, y = _max_back(xp, head, passed[i], y, axis, k, s, n, every), passed[i]
        else:
            length = data.shape[axis] + geometry.before[axis - 2] + geometry.after[axis - 2]
            head = _sum_back(xp, head, axis, length, k, s, n)
    return padded(xp, head, [-b for b in geometry.before], [-a for a in geometry.after])


def _counts(data, geometry, params):
    """Return how many elements of each window count in a mean: one number, or an array of all windows."""
    counted = params["count_include_pad"] is not False
    counts = np.ones((1,) * (len(geometry.kernel) + 2))
    for axis, (size, k, s, before, after, n) in enumerate(zip(
            data.shape[2:], geometry.kernel, geometry.stride, geometry.before, geometry.after, geometry.sizes), 2):
        # Padding may count; what a window of the convention 'full' sees beyond it never does.
        beyond = before if params["pooling_convention"] == "full" else after
        low, high = (-before, size + beyond) if counted else (0, size)
        first = np.arange(n) * s - before
        seen = np.maximum(np.minimum(first + k, high) - np.maximum(first, low), 1)
        counts = counts * seen.reshape([-1 if i == axis else 1 for i in range(counts.ndim)])
    return counts.astype(data.dtype) if np.ptp(counts) else float(counts.flat[0])


def _stored(params):
    # MXNet counts the places of maxima, which it keeps where there is a kernel of its size.
    return 2 if params["pool_type"] == "max" and params["kernel"] else 1


@operator(with_axes(_pooling, 3, 5), stored_outputs=_stored)
def Pooling(xp, data, /, *, kernel: Positives = (), pool_type: Literal["avg", "lp", "max", "sum"] = "max",
            global_pool: bool = False, cudnn_off: bool = False,
            pooling_convention: Literal["full", "same", "valid"] = "valid", stride: Positives = (),
            pad: Naturals = (), p_value: Positive | None = None, count_include_pad: bool | None = None,
            layout: Annotated[Literal["NCDHW", "NCHW", "NCW"], IMPLIED] | None = None):
    """Maximum, mean, sum or p-norm of each window.

    Parameters
    ----------
    data : array, shape (batch, channels, …)
        Input.
    kernel : tuple of int, optional
        Size of the window.
    pool_type : {'avg', 'lp', 'max', 'sum'}, optional
        What is taken of a window.
    global_pool : bool, optional
        One window over everything.
    cudnn_off : bool, optional
        Accepted for MXNet's signature.
    pooling_convention : {'full', 'same', 'valid'}, optional
        Whether a window may reach over the end: rounding up, as many windows as ``size / stride``, or rounding down.
    stride, pad : tuple of int, optional
        Step, and padding on both sides, for each spatial axis.
    p_value : int, optional
        The p of the p-norm, 2 when left out.
    count_include_pad : bool, optional
        Whether padding counts in a mean, as it does when left out; what is beyond it in windows of ``'full'`` does not.
    layout : {'NCDHW', 'NCHW', 'NCW'}, optional
        The order of axes; there is only this one.

    Returns
    -------
    array, shape (batch, channels, …)

    Notes
    -----
    The gradient of a maximum goes to the first element of the window that has it, as in MXNet.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``Pooling``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.Pooling(nd.array([[[1, 3, 2, 4]]]), kernel=(2,), stride=(2,)).asnumpy()
    array([[[3., 4.]]], dtype=float32)
    """
    params = {"kernel": kernel, "stride": stride, "pad": pad, "global_pool": global_pool,
              "pooling_convention": pooling_convention, "count_include_pad": count_include_pad}
    geometry = _pool_geometry(data.shape, params)
    if pool_type == "lp":
        return _root(xp, _windows(xp, xp.abs(data) ** (p_value or 2), geometry, "sum")[0], p_value or 2)
    found, _ = _windows(xp, data, geometry, "max" if pool_type == "max" else "sum")
    return found / _counts(data, geometry, params) if pool_type == "avg" else found


def _root(xp, powers, p):
    # A root is infinitely steep at 0: there it is left out, so that its gradient is 0, as that of a norm.
    some = powers > 0
    safe = xp.where(some, powers, xp.ones_like(powers))
    return xp.where(some, xp.sqrt(safe) if p == 2 else safe ** (1 / p), powers)


@Pooling.gradient
def _(xp, head, output, data, *, pool_type, p_value, **params):
    geometry = _pool_geometry(data.shape, params)
    if pool_type == "lp":
        p = p_value or 2
        some = output > 0
        head = xp.where(some, head * xp.where(some, output, xp.ones_like(output)) ** (1 - p), xp.zeros_like(head))
        return (_windows_back(xp, head, data, geometry, "sum") * (xp.sign(data) * xp.abs(data) ** (p - 1)),)
    if pool_type == "avg":
        head = head / _counts(data, geometry, params)
    return (_windows_back(xp, head, data, geometry, "max" if pool_type == "max" else "sum"),)


@operator(with_axes(_pooling, 4, 5))
def Pooling_v1(xp, data, /, *, kernel: Positives = (), pool_type: Literal["avg", "max", "sum"] = "max",
               global_pool: bool = False, pooling_convention: Literal["full", "valid"] = "valid",
               stride: Positives = (), pad: Naturals = ()):
    """First version of `Pooling`, which old files hold.

    Parameters
    ----------
    data : array, shape (batch, channels, …)
        Input, with two or three spatial axes.
    kernel : tuple of int, optional
        Size of the window.
    pool_type : {'avg', 'max', 'sum'}, optional
        What is taken of a window.
    global_pool : bool, optional
        One window over everything.
    pooling_convention : {'full', 'valid'}, optional
        Whether a window may reach over the end: rounding up, or rounding down.
    stride, pad : tuple of int, optional
        Step, and padding on both sides, for each spatial axis.

    Returns
    -------
    array, shape (batch, channels, …)

    Notes
    -----
    Padding counts as zeros, in a maximum, too, and a mean is the sum divided by the size of the window, whatever part
    of it is padding or beyond.  The gradient of a maximum goes to every element of the window that has it.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``Pooling_v1``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.Pooling_v1(nd.array([[[[1, 3], [2, 4]]]]), kernel=(2, 2)).asnumpy()
    array([[[[4.]]]], dtype=float32)
    """
    data, geometry, _ = _first_version(xp, data, kernel=kernel, stride=stride, pad=pad, global_pool=global_pool,
                                       pooling_convention=pooling_convention)
    found, _ = _windows(xp, data, geometry, "max" if pool_type == "max" else "sum")
    return found / prod(geometry.kernel) if pool_type == "avg" else found


@Pooling_v1.gradient
def _(xp, head, output, data, *, pool_type, **params):
    data, geometry, pad = _first_version(xp, data, **params)
    head = head / prod(geometry.kernel) if pool_type == "avg" else head
    found = _windows_back(xp, head, data, geometry, "max" if pool_type == "max" else "sum", every=True)
    return (padded(xp, found, [-p for p in pad], [-p for p in pad]),)


def _first_version(xp, data, *, pad, **params):
    """Return the data with zeros around it, the geometry of windows over both, and how many zeros."""
    pad = (0,) * (data.ndim - 2) if params["global_pool"] else spread("pad", pad, data.ndim - 2)
    data = padded(xp, data, pad, pad)
    return data, _pool_geometry(data.shape, {**params, "pad": ()}), pad


def _adaptive(inputs, outputs, params):
    dtype = agree_dtype(inputs + outputs)
    check_floating([TensorType(None, dtype)])
    data, out = inputs[0].shape, outputs[0].shape
    sizes = params["output_size"]
    if len(sizes) > 2:
        raise ParamError(f"output_size={sizes} has {len(sizes)} numbers; it is (height, width), or one for both")
    if data is not None:
        if 0 in data[2:]:
            raise slot_error(ShapeError, f"`{{}}` of shape {data} has no elements to average", 0)
        out = merge_shapes(out, (*data[:2], *_both(sizes)))
        data = (*out[:2], *data[2:])
    return [TensorType(data, dtype)], [TensorType(out, dtype)]


def _both(sizes):
    return tuple(sizes) if len(sizes) == 2 else tuple(sizes or (1,)) * 2


@operator(with_axes(_adaptive, 4, 4))
def _contrib_AdaptiveAvgPooling2D(xp, data, /, *, output_size: Positives = ()):
    """Mean of as many windows as are asked for, which together cover an image of any size.

    Parameters
    ----------
    data : array, shape (batch, channels, height, width)
        Input.
    output_size : tuple of int, optional
        Rows and columns of the output, one number for both; (1, 1) when left out.

    Returns
    -------
    array, shape (batch, channels) + output_size

    Notes
    -----
    Window number i of n over a length of L begins at ``floor(i * L / n)`` and ends before ``ceil((i + 1) * L / n)``.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``_contrib_AdaptiveAvgPooling2D``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.contrib.AdaptiveAvgPooling2D(nd.array([[[[1, 2, 3]]]]), output_size=(1, 2)).asnumpy()
    array([[[[1.5, 2.5]]]], dtype=float32)
    """
    for axis, n in zip((3, 2), _both(output_size)[::-1]):
        places, counts, held = _adaptive_windows(data.shape[axis], n)
        if held.all():
            data = xp.mean(xp.take(data, places, axis=axis) if n > 1 else xp.expand_dims(data, axis), axis=axis + 1)
            continue
        rest = (1,) * (3 - axis)
        windows = xp.take(data, places, axis=axis)
        windows = xp.where(held.reshape(*held.shape, *rest), windows, xp.zeros_like(windows))
        data = xp.sum(windows, axis=axis + 1) / counts.astype(data.dtype).reshape(-1, *rest)
    return data


def _adaptive_windows(length, n):
    """Return the places that each of `n` windows sees, how many they are, and which of an equal number for all."""
    first = np.arange(n) * length // n
    counts = -(-(np.arange(1, n + 1) * length) // n) - first
    steps = np.arange(counts.max())
    return np.minimum(first[:, None] + steps, length - 1), counts, steps < counts[:, None]
