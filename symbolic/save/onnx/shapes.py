"""Shapes: ONNX's counterparts of reshaping, repeating, joining and cutting."""


import numpy as np

from ndarray.derived import shape_of
from symbolic.save.onnx.arithmetic import promoted

_END = -(1 << 63)
"""Where a slice with a negative step ends that takes the first element, too."""


def reshape(xp, x, shape):
    """Return the elements under another shape; one -1 follows from the size."""
    shape = shape_of(shape, x.size)
    if shape == x.shape:
        return x
    # Without the attribute a 0 would copy an axis.
    return xp.emit("Reshape", [x, ints(shape)], (shape, x.dtype), **({"allowzero": 1} if 0 in shape else {}))


def broadcast_to(xp, x, shape):
    """Return the array repeated to a shape."""
    shape = shape_of(shape)
    return x if shape == x.shape else xp.emit("Expand", [x, ints(shape)], (shape, x.dtype))


def transpose(xp, x, axes=None):
    """Return the axes in another order, the reverse one when none is given."""
    order = tuple(range(x.ndim))[::-1] if axes is None else tuple(int(a) % x.ndim for a in axes)
    if order == tuple(range(x.ndim)):
        return x
    return xp.emit("Transpose", [x], (tuple(x.shape[a] for a in order), x.dtype), perm=order)


def swapaxes(xp, x, a, b):
    """Return two axes in each other's place."""
    order = list(range(x.ndim))
    order[a], order[b] = order[b], order[a]
    return transpose(xp, x, order)


def flip(xp, x, axis=None):
    """Return the elements in reverse order along axes."""
    axes = axes_of(axis, x.ndim)
    steps = tuple(-1 if i in axes else 1 for i in range(x.ndim))
    return strided_slice(xp, x, (None,) * x.ndim, (None,) * x.ndim, steps)


def repeat(xp, x, repeats, axis=None):
    """Return each element several times."""
    if axis is None:
        x, axis = reshape(xp, x, (-1,)), 0
    at = axis % x.ndim
    before, n, after = x.shape[:at], x.shape[at], x.shape[at + 1:]
    wide = broadcast_to(xp, reshape(xp, x, (*before, n, 1, *after)), (*before, n, repeats, *after))
    return reshape(xp, wide, (*before, n * repeats, *after))


def tile(xp, x, reps):
    """Return the array several times."""
    reps = shape_of(reps)
    reps = (1,) * (x.ndim - len(reps)) + reps
    x = reshape(xp, x, (1,) * (len(reps) - x.ndim) + x.shape)
    return xp.emit("Tile", [x, ints(reps)], (tuple(d * r for d, r in zip(x.shape, reps)), x.dtype))


def pad(xp, x, width, mode="constant", constant_values=0.0):
    """Return the array with a border; a negative width cuts."""
    shape = tuple(a + d + b for d, (a, b) in zip(x.shape, width))
    fill = [np.asarray(constant_values, x.dtype)] if mode == "constant" and constant_values != 0 else []
    pads = ints([*(a for a, _ in width), *(b for _, b in width)])
    return xp.emit("Pad", [x, pads, *fill], (shape, x.dtype), mode=mode)


def stack(xp, arrays, axis=0):
    """Return arrays side by side along a new axis."""
    return concatenate(xp, [xp.expand_dims(x, axis) for x in arrays], axis)


def concatenate(xp, arrays, axis=0):
    """Return arrays one after the other along an axis."""
    arrays = promoted(xp, *arrays)
    at = axis % arrays[0].ndim
    shape = list(arrays[0].shape)
    shape[at] = sum(x.shape[at] for x in arrays)
    return xp.emit("Concat", arrays, (shape, arrays[0].dtype), axis=at)


def split(xp, x, n, axis=0):
    """Return `n` equal parts along an axis."""
    at = axis % x.ndim
    shape = (*x.shape[:at], x.shape[at] // n, *x.shape[at + 1:])
    found = xp.emit("Split", [x, ints([shape[at]] * n)], *[(shape, x.dtype)] * n, axis=at)
    return (found,) if n == 1 else found


def strided_slice(xp, x, begin, end, step):
    """Return ``x[begin[0]:end[0]:step[0], …]``."""
    cuts, shape = [], list(x.shape)
    for axis, (part, n) in enumerate(zip(_slices(begin, end, step), x.shape)):
        first, last, stride = part.indices(n)
        shape[axis] = len(range(first, last, stride))
        if (first, last, stride) != (0, n, 1):
            cuts.append((first, _END if last < 0 else last, axis, stride))
    return xp.emit("Slice", [x, *map(ints, zip(*cuts))], (shape, x.dtype)) if cuts else x


def unslice(xp, x, shape, begin, end, step):
    """Return zeros of `shape` with `x` where `strided_slice` would have taken it from.

    Between elements of a longer step a border of zeros is put behind each; what is left fills up with a border around.
    """
    if 0 in x.shape:
        return np.broadcast_to(np.zeros((), x.dtype), shape)
    parts = [(*part.indices(n), n) for part, n in zip(_slices(begin, end, step), shape)]
    parts += [(0, n, 1, n) for n in shape[len(parts):]]
    x = flip(xp, x, tuple(axis for axis, part in enumerate(parts) if part[2] < 0))
    strides = [abs(part[2]) for part in parts]
    if any(s > 1 for s in strides):
        apart = reshape(xp, x, tuple(d for n in x.shape for d in (n, 1)))
        apart = pad(xp, apart, [w for s in strides for w in ((0, 0), (0, s - 1))])
        x = reshape(xp, apart, tuple(n * s for n, s in zip(x.shape, strides)))
    lowest = [first if stride > 0 else range(first, last, stride)[-1] for first, last, stride, _ in parts]
    width = [(low, n - low - d) for low, (*_, n), d in zip(lowest, parts, x.shape)]
    return pad(xp, x, width) if any(map(any, width)) else x


def _slices(begin, end, step):
    return [slice(b, e, s) for b, e, s in zip(begin, end, step)]


def ints(values):
    """Return numbers as ONNX takes shapes, axes and places."""
    return np.array([*values], np.int64)


def axes_of(axis, ndim):
    """Return axes from 0, all of them for None."""
    if axis is None:
        return tuple(range(ndim))
    return tuple(sorted({a % ndim for a in (axis if isinstance(axis, (tuple, list)) else (axis,))}))
