"""Places in an array by one number, and by one number for each axis."""

import math

from ndarray.errors import ShapeError
from ndarray.operator import operator
from ndarray.params import Shape
from ndarray.rules import agree_dtype, slot_error
from ndarray.tensortype import TensorType, merge_shapes, show_shape


def _strides(shape):
    """Return by how many elements a step along each axis moves; the first length does not matter.

    Raises
    ------
    ShapeError
        If another length is below 1.
    """
    if not shape:
        raise ShapeError("shape=() has no axes")
    if any(d < 1 for d in shape[1:]):
        raise ShapeError(f"shape={tuple(shape)}: only the first length may be open")
    return tuple([math.prod(shape[i + 1:]) for i in range(len(shape))])


def _between(inputs, outputs, params, many, one):
    """Merge the shape of places by axis, at `many` among inputs and outputs, with that of places by one number."""
    types = [inputs[0], outputs[0]]
    _strides(params["shape"])
    axes, dtype = len(params["shape"]), agree_dtype(types)
    by_axis, single = types[many].shape, types[one].shape
    if by_axis is not None:
        if not by_axis or by_axis[0] not in (axes, None):
            raise slot_error(ShapeError, f"`{{}}` has shape {show_shape(by_axis)}, expected one row for each of the "
                                         f"{axes} axes of shape={tuple(params['shape'])}", many)
        single = merge_shapes(by_axis[1:], single)
    if single is not None:
        by_axis = (axes, *single)
    types = [TensorType(by_axis if i == many else single, dtype) for i in (0, 1)]
    return types[:1], types[1:]


@operator(lambda inputs, outputs, params: _between(inputs, outputs, params, 0, 1),
          aliases=("_ravel_multi_index",), stored_name="_ravel_multi_index", primitive=True)
def ravel_multi_index(xp, data, /, *, shape: Shape):
    """The number of each place, counted along the last axis first.

    Parameters
    ----------
    data : array, shape (axes, …), of whole numbers
        ``data[:, i]`` is a place along each axis.
    shape : tuple of int
        Shape of the array in which the places are; its first length may be -1.

    Returns
    -------
    array, shape ``data.shape[1:]``, dtype of `data`

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``ravel_multi_index``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.ravel_multi_index(nd.array([[3, 6], [4, 5]]), shape=(7, 6)).asnumpy()
    array([22., 41.], dtype=float32)
    """
    index, total = xp.astype(data, xp.int64), None
    for i, stride in enumerate(_strides(shape)):
        along = _row(xp, index, i) * stride
        total = along if total is None else total + along
    return xp.astype(total, data.dtype)


def _row(xp, x, i):
    whole = (None,) * (x.ndim - 1)
    return xp.reshape(xp.strided_slice(x, (i, *whole), (i + 1, *whole), (1,) * x.ndim), x.shape[1:])


@operator(lambda inputs, outputs, params: _between(inputs, outputs, params, 1, 0),
          aliases=("_unravel_index",), stored_name="_unravel_index", primitive=True)
def unravel_index(xp, data, /, *, shape: Shape):
    """The place along each axis of the elements with these numbers, counted along the last axis first.

    Parameters
    ----------
    data : array, any shape, of whole numbers
        The numbers.
    shape : tuple of int
        Shape of the array in which the places are; its first length may be -1.

    Returns
    -------
    array, shape ``(axes, *data.shape)``, dtype of `data`

    Notes
    -----
    MXNet fills only the first elements where `data` has several axes.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``unravel_index``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.unravel_index(nd.array([22, 41]), shape=(7, 6)).asnumpy()
    array([[3., 6.],
           [4., 5.]], dtype=float32)
    """
    rest, rows = xp.astype(data, xp.int64), []
    for length in shape[:0:-1]:
        rows.append(rest % length)
        rest = rest // length
    return xp.astype(xp.stack([rest, *rows[::-1]], axis=0), data.dtype)


for _op in (ravel_multi_index, unravel_index):
    _op.gradient(lambda xp, head, output, data, **params: (None,), flat=("data",))
