"""Operators that rearrange elements: diagonals, blocks of pixels; and those that return a shape."""

import numpy as np

from ndarray.errors import ShapeError
from ndarray.operator import operator
from ndarray.params import Positive
from ndarray.rules import slot_error
from ndarray.rules_shape import moves, place_of
from ndarray.tensortype import TensorType, show_shape

KIND = "shape"


def _diagonal_shape(shape, params):
    k = params["k"]
    if len(shape) == 1:
        return None if shape[0] is None else (shape[0] + abs(k),) * 2
    a, b = place_of(params["axis1"], len(shape)), place_of(params["axis2"], len(shape))
    if a == b:
        raise slot_error(ShapeError, f"axis1 and axis2 of `{{}}` are both axis {a}", 0)
    rows, columns = shape[a], shape[b]
    length = None if None in (rows, columns) else max(0, min(rows + min(k, 0), columns - max(k, 0)))
    return (*(d for i, d in enumerate(shape) if i not in (a, b)), length)


def _diagonal_mask(xp, n, m, k, dtype):
    rows, columns = xp.reshape(xp.arange(n), (n, 1)), xp.reshape(xp.arange(m), (1, m))
    return xp.astype(columns - rows == k, dtype)


@operator(moves(_diagonal_shape), primitive=True)
def diag(xp, data, /, *, k: int = 0, axis1: int = 0, axis2: int = 1):
    """The diagonal of matrices, or the matrix with a diagonal.

    Parameters
    ----------
    data : array, at least one axis
        With one axis, what the diagonal of the result holds.
    k : int, optional
        Which diagonal: above the main one when positive.
    axis1, axis2 : int, optional
        The rows and the columns, where there are more axes.

    Returns
    -------
    array
        The diagonal is on the last axis.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.diag(nd.array([[1, 2], [3, 4]])).asnumpy()
    array([1., 4.], dtype=float32)
    >>> nd.diag(nd.array([1, 2]), k=1).shape
    (3, 3)
    """
    if data.ndim == 1:
        return with_diagonal(xp, data, k, *(data.shape[0] + abs(k),) * 2)
    return xp.diagonal(data, k, axis1, axis2)


@diag.gradient
def _(xp, head, output, data, *, k, axis1, axis2):
    if data.ndim == 1:
        n = data.shape[0]
        start = max(0, -k)
        mask = _diagonal_mask(xp, *head.shape, k, head.dtype)
        along = xp.sum(xp.where(mask == 1, head, xp.zeros_like(head)), axis=(1,))
        return (xp.strided_slice(along, (start,), (start + n,), (1,)),)
    a, b = place_of(axis1, data.ndim), place_of(axis2, data.ndim)
    whole = with_diagonal(xp, head, k, data.shape[a], data.shape[b])
    rest = [i for i in range(data.ndim) if i not in (a, b)]
    order = [*rest, a, b]
    return (xp.transpose(whole, tuple(order.index(i) for i in range(data.ndim))),)


def with_diagonal(xp, diagonal, k, n, m):
    """Return matrices of `n` rows and `m` columns with the last axis of `diagonal` on diagonal `k`."""
    length, start = diagonal.shape[-1], max(0, -k)
    # Row i holds element i - start of the diagonal.
    padded = xp.unslice(diagonal, (*diagonal.shape[:-1], n), *_last(diagonal.ndim, start, start + length))
    rows = xp.broadcast_to(xp.expand_dims(padded, padded.ndim), (*padded.shape, m))
    mask = xp.broadcast_to(_diagonal_mask(xp, n, m, k, diagonal.dtype), rows.shape)
    return xp.where(mask == 1, rows, xp.zeros_like(rows))


def _last(ndim, begin, end):
    whole = (None,) * (ndim - 1)
    return (*whole, begin), (*whole, end), (1,) * ndim


def _fold(shape, params):
    """From (n, c·b·b, h, w) to (n, c, h·b, w·b)."""
    n, c, h, w = _image(shape)
    b = params["block_size"]
    if c is not None and c % (b * b):
        raise slot_error(ShapeError, f"the {c} channels of `{{}}` are not a multiple of {b}·{b}", 0)
    return (n, None if c is None else c // (b * b), None if h is None else h * b, None if w is None else w * b)


def _unfold(shape, params):
    """From (n, c, h·b, w·b) to (n, c·b·b, h, w)."""
    n, c, h, w = _image(shape)
    b = params["block_size"]
    for length in (h, w):
        if length is not None and length % b:
            message = f"height and width of `{{}}`, {show_shape(shape)}, are not multiples of {b}"
            raise slot_error(ShapeError, message, 0)
    return (n, None if c is None else c * b * b, None if h is None else h // b, None if w is None else w // b)


def _image(shape):
    if len(shape) != 4:
        raise slot_error(ShapeError, f"`{{}}` must have 4 axes (batch, channels, height, width), "
                                     f"got {show_shape(shape)}", 0)
    return shape


def _deep_to_wide(xp, x, b):
    n, c, h, w = x.shape
    blocks = xp.transpose(xp.reshape(x, (n, b, b, c // (b * b), h, w)), (0, 3, 4, 1, 5, 2))
    return xp.reshape(blocks, (n, c // (b * b), h * b, w * b))


def _wide_to_deep(xp, x, b):
    n, c, h, w = x.shape
    blocks = xp.transpose(xp.reshape(x, (n, c, h // b, b, w // b, b)), (0, 3, 5, 1, 2, 4))
    return xp.reshape(blocks, (n, c * b * b, h // b, w // b))


@operator(moves(_fold, lambda out, shape, params: _unfold(out, params)))
def depth_to_space(xp, data, /, *, block_size: Positive):
    """Channels laid out as blocks of pixels.

    Parameters
    ----------
    data : array, shape (batch, channels, height, width)
        The channels are a multiple of ``block_size ** 2``.
    block_size : int
        Height and width of a block.

    Returns
    -------
    array, shape (batch, channels / block_size², height · block_size, width · block_size)

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.depth_to_space(nd.ones((1, 4, 2, 3)), block_size=2).shape
    (1, 1, 4, 6)
    """
    return _deep_to_wide(xp, data, block_size)


@depth_to_space.gradient
def _(xp, head, output, data, *, block_size):
    return (_wide_to_deep(xp, head, block_size),)


@operator(moves(_unfold, lambda out, shape, params: _fold(out, params)))
def space_to_depth(xp, data, /, *, block_size: Positive):
    """Blocks of pixels laid out as channels; the reverse of `depth_to_space`.

    Parameters
    ----------
    data : array, shape (batch, channels, height, width)
        Height and width are multiples of `block_size`.
    block_size : int
        Height and width of a block.

    Returns
    -------
    array, shape (batch, channels · block_size², height / block_size, width / block_size)

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.space_to_depth(nd.ones((1, 1, 4, 6)), block_size=2).shape
    (1, 4, 2, 3)
    """
    return _wide_to_deep(xp, data, block_size)


@space_to_depth.gradient
def _(xp, head, output, data, *, block_size):
    return (_deep_to_wide(xp, head, block_size),)


def _information(length_of):
    """Return the rule of an operator whose output is integers, ``length_of(shape)`` of them."""

    def infer(inputs, outputs, params):
        shape = inputs[0].shape
        length = None if shape is None else length_of(shape)
        return [inputs[0]], [outputs[0].merge(TensorType((length,), np.dtype("int64")))]

    return infer


@operator(_information(len), primitive=True)
def shape_array(xp, data, /):
    """The shape, as an array.

    Parameters
    ----------
    data : array, any shape
        Input.

    Returns
    -------
    array, shape (data.ndim,), int64

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.shape_array(nd.ones((2, 3))).asnumpy()
    array([2, 3])
    """
    return xp.constant(np.array(data.shape, np.int64))


@operator(_information(lambda shape: 1), primitive=True)
def size_array(xp, data, /):
    """The number of elements, as an array.

    Parameters
    ----------
    data : array, any shape
        Input.

    Returns
    -------
    array, shape (1,), int64

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.size_array(nd.ones((2, 3))).asnumpy()
    array([6])
    """
    return xp.constant(np.array([data.size], np.int64))


for _op in (shape_array, size_array):
    _op.gradient(lambda xp, head, output, data: (None,), flat=("data",))
