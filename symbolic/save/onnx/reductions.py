"""Reductions and matrix products."""

import numpy as np

from ndarray.derived import without_memory
from symbolic.save.onnx.arithmetic import promoted
from symbolic.save.onnx.shapes import axes_of, ints


def _reduction(op):
    def word(xp, x, axis=None, keepdims=False):
        axes = axes_of(axis, x.ndim)
        if not axes:
            return x
        shape = tuple(1 if i in axes else d for i, d in enumerate(x.shape) if keepdims or i not in axes)
        return xp.emit(op, [x, ints(axes)], (shape, x.dtype), keepdims=int(keepdims))

    return word


_sum = _reduction("ReduceSum")
prod = _reduction("ReduceProd")
max = _reduction("ReduceMax")
min = _reduction("ReduceMin")
_mean = _reduction("ReduceMean")


def sum(xp, x, axis=None, keepdims=False):
    """Return the sum over axes; of truths their number."""
    return _sum(xp, xp.astype(x, np.int64) if x.dtype == bool else x, axis, keepdims)


def mean(xp, x, axis=None, keepdims=False):
    """Return the mean over axes; of whole numbers as float64."""
    return _mean(xp, x if x.dtype.kind == "f" else xp.astype(x, np.float64), axis, keepdims)


def cumsum(xp, x, axis):
    """Return the sums of the elements so far along an axis."""
    return xp.emit("CumSum", [x, np.int64(axis % x.ndim)], (x.shape, x.dtype))


def sum_sq(xp, x):
    """Return the sum of the squares of all elements, accumulated in float64, as float32."""
    wide = xp.astype(x, np.float64)
    return xp.astype(sum(xp, wide * wide), np.float32)


def det(xp, x):
    """Return the determinant of each matrix."""
    return xp.emit("Det", [x], (x.shape[:-2], x.dtype))


def slogdet(xp, x):
    """Return the sign of the determinant of each matrix, and the logarithm of its size."""
    found = det(xp, x)
    return xp.sign(found), xp.log(xp.abs(found))


def matmul(xp, a, b):
    """Return the product of matrices on the last two axes."""
    a, b = promoted(xp, a, b)
    return xp.emit("MatMul", [a, b], (np.matmul(without_memory(a.shape), without_memory(b.shape)).shape, a.dtype))
