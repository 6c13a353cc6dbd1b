"""Choosing elements by their places, putting them back, and sorting."""

import math

import numpy as np

from symbolic.save.onnx.shapes import ints, reshape


def take(xp, x, indices, axis):
    """Return slices at indices along an axis."""
    at = axis % x.ndim
    return xp.emit("Gather", [x, _places(xp, indices)], ((*x.shape[:at], *indices.shape, *x.shape[at + 1:]), x.dtype),
                   axis=at)


def untake(xp, x, indices, shape, axis):
    """Return zeros of `shape` with slices added where `take` would have taken them from."""
    at = axis % len(shape)
    before, after, n = math.prod(shape[:at]), math.prod(shape[at + 1:]), math.prod(indices.shape)
    slices = xp.reshape(x, (before, n, after))
    places = xp.broadcast_to(xp.reshape(_places(xp, indices), (1, n, 1)), slices.shape)
    return reshape(xp, put_along_axis(xp, slices, places, (before, shape[at], after), 1), shape)


def take_along_axis(xp, x, indices, axis):
    """Return elements at their own indices along an axis."""
    return xp.emit("GatherElements", [x, _places(xp, indices)], (indices.shape, x.dtype), axis=axis % x.ndim)


def put_along_axis(xp, x, indices, shape, axis):
    """Return zeros of `shape` with elements added where `take_along_axis` would have taken them from."""
    zeros = np.broadcast_to(np.zeros((), x.dtype), shape)
    return xp.emit("ScatterElements", [zeros, _places(xp, indices), x], (shape, x.dtype), axis=axis % len(shape),
                   reduction="add")


def gather_nd(xp, x, indices):
    """Return ``x[indices[0], indices[1], …]``."""
    places = xp.moveaxis(_places(xp, indices), 0, -1)
    return xp.emit("GatherND", [x, places], ((*indices.shape[1:], *x.shape[indices.shape[0]:]), x.dtype))


def scatter_nd(xp, x, indices, shape):
    """Return zeros of `shape` with `x` added at ``[indices[0], indices[1], …]``."""
    zeros = np.broadcast_to(np.zeros((), x.dtype), shape)
    places = xp.moveaxis(_places(xp, indices), 0, -1)
    return xp.emit("ScatterND", [zeros, places, x], (shape, x.dtype), reduction="add")


def diagonal(xp, x, offset=0, axis1=0, axis2=1):
    """Return the diagonal of matrices, on the last axis."""
    numbered = np.arange(x.size).reshape(x.shape)
    return take(xp, xp.reshape(x, (-1,)), np.diagonal(numbered, offset, axis1, axis2), 0)


def _places(xp, indices):
    return xp.astype(indices, np.int64)


def sort(xp, x, axis=-1):
    """Return the elements in order along an axis."""
    return _top(xp, x, axis)[0]


def argsort(xp, x, axis=-1, kind="stable"):
    """Return the places of the elements in their order along an axis; of equal ones the first comes first."""
    return _top(xp, x, axis)[1]


def _top(xp, x, axis):
    at = axis % x.ndim
    return xp.emit("TopK", [x, ints([x.shape[at]])], (x.shape, x.dtype), (x.shape, np.int64), axis=at, largest=0)


def _place(op):
    def word(xp, x, axis, keepdims=False):
        at = axis % x.ndim
        shape = tuple(1 if i == at else d for i, d in enumerate(x.shape) if keepdims or i != at)
        return xp.emit(op, [x], (shape, np.int64), axis=at, keepdims=int(keepdims))

    return word


argmax = _place("ArgMax")
argmin = _place("ArgMin")


def searchsorted(xp, edges, x):
    """Return for each element how many of the increasing `edges` it reaches, by comparing it with each of them."""
    reached = xp.reshape(x, (*x.shape, 1)) >= edges
    return xp.sum(xp.astype(reached, np.int64), axis=(x.ndim,))
