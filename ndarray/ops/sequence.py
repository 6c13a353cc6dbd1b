"""Operators on sequences that are cut to their own lengths."""

from ndarray.errors import ShapeError
from ndarray.operator import operator
from ndarray.rules import agree, agree_dtype, slot_error
from ndarray.tensortype import TensorType, merge_shapes, show_shape

KIND = "shape"


def _check_axes(shape, axis):
    """Raise where an array of `shape`, the first input, has no axis of time and one of instances."""
    if axis not in (0, 1) or (shape is not None and len(shape) < 2):
        raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(shape)} must have an axis of time, 0 or 1 "
                                     f"(axis={axis}), and one of instances", 0)


def _lengths(inputs, shape, axis, dtype):
    """Return the types of the lengths, where they are given: one for each instance."""
    batch = None if shape is None else (shape[1 - axis],)
    return [TensorType(merge_shapes(batch, t.shape), t.dtype or dtype) for t in inputs[1:]]


def _sequence_rule(inputs, outputs, params):
    data, axis = agree([inputs[0], outputs[0]]), params["axis"]
    _check_axes(data.shape, axis)
    return [data, *_lengths(inputs, data.shape, axis, data.dtype)], [data]


def _no_lengths(params):
    return () if params["use_sequence_length"] else ("sequence_length",)


def _places(xp, data, axis):
    """Return the number of each place along the axis of time, to broadcast with one number for each instance."""
    return xp.reshape(xp.arange(data.shape[axis]), (-1, 1) if axis == 0 else (1, -1))


def _for_each_instance(xp, length, axis):
    return xp.reshape(xp.astype(length, xp.int64), (1, -1) if axis == 0 else (-1, 1))


def _over_all(xp, x, data):
    """Return `x`, of the first two axes of `data`, repeated over the others."""
    return xp.broadcast_to(xp.reshape(x, (*data.shape[:2], *(1,) * (data.ndim - 2))), data.shape)


def _within(xp, data, length, axis):
    """Tell for each place whether it comes before the end of its sequence."""
    return _over_all(xp, _places(xp, data, axis) < _for_each_instance(xp, length, axis), data)


@operator(_sequence_rule, absent=_no_lengths, kind="arithmetic")
def SequenceMask(xp, data, sequence_length=None, /, *, use_sequence_length: bool = False, value: float = 0.0,
                 axis: int = 0):
    """Each sequence cut to its length: what comes after holds a constant.

    Parameters
    ----------
    data : array, shape (time, batch, …), or (batch, time, …) with ``axis=1``
        The sequences.
    sequence_length : array, shape (batch,)
        Their lengths; only with `use_sequence_length`.
    use_sequence_length : bool, optional
        Whether lengths are given; otherwise nothing is cut.
    value : float, optional
        The constant.
    axis : {0, 1}, optional
        The axis of time.

    Returns
    -------
    array, like `data`

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``SequenceMask``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.SequenceMask(nd.ones((2, 1)), nd.array([1]), use_sequence_length=True).asnumpy().tolist()
    [[1.0], [0.0]]
    """
    if sequence_length is None:
        return data
    kept = _within(xp, data, sequence_length, axis)
    return xp.where(kept, data, xp.full_like(data, value))


@SequenceMask.gradient(flat=("sequence_length",))
def _(xp, head, output, data, sequence_length, *, use_sequence_length, value, axis):
    if sequence_length is None:
        return head, None
    return xp.where(_within(xp, data, sequence_length, axis), head, xp.zeros_like(head)), None


@operator(_sequence_rule, absent=_no_lengths)
def SequenceReverse(xp, data, sequence_length=None, /, *, use_sequence_length: bool = False, axis: int = 0):
    """Each sequence in reverse order; what comes after its length keeps its place.

    Parameters
    ----------
    data : array, shape (time, batch, …), or (batch, time, …) with ``axis=1``
        The sequences.
    sequence_length : array, shape (batch,)
        Their lengths, up to that of the axis; only with `use_sequence_length`.
    use_sequence_length : bool, optional
        Whether lengths are given; otherwise all sequences are as long as the axis.
    axis : {0, 1}, optional
        The axis of time.

    Returns
    -------
    array, like `data`

    Notes
    -----
    MXNet takes ``axis=0`` only, and reads beyond the array where a length is larger than the axis.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``SequenceReverse``.

    Examples
    --------
    >>> import ndarray as nd
    >>> x = nd.array([[1, 4], [2, 5], [3, 6]])
    >>> nd.SequenceReverse(x, nd.array([2, 3]), use_sequence_length=True).asnumpy()
    array([[2., 6.],
           [1., 5.],
           [3., 4.]], dtype=float32)
    """
    return _reversed(xp, data, sequence_length, axis)


@SequenceReverse.gradient(flat=("sequence_length",))
def _(xp, head, output, data, sequence_length, *, use_sequence_length, axis):
    return _reversed(xp, head, sequence_length, axis), None


def _reversed(xp, x, length, axis):
    """Return the sequences in reverse order; done twice, the sequences again."""
    if length is None:
        return xp.flip(x, axis=(axis,))
    places, end = _places(xp, x, axis), _for_each_instance(xp, length, axis)
    end = xp.minimum(end, xp.full_like(end, x.shape[axis]))
    source = xp.where(places < end, end - 1 - places, xp.broadcast_to(places, x.shape[:2]))
    return xp.take_along_axis(x, _over_all(xp, source, x), axis=axis)


def _last_rule(inputs, outputs, params):
    axis, shape, out = params["axis"], inputs[0].shape, outputs[0].shape
    _check_axes(shape, axis)
    dtype = agree_dtype([inputs[0], outputs[0]])
    if out is not None:
        shape = merge_shapes(shape, (*out[:axis], None, *out[axis:]))
    if shape is not None:
        out = merge_shapes((*shape[:axis], *shape[axis + 1:]), out)
    if shape is not None and shape[axis] == 0:
        raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(shape)} has no last element along axis {axis}", 0)
    return [TensorType(shape, dtype), *_lengths(inputs, shape, axis, dtype)], [TensorType(out, dtype)]


@operator(_last_rule, absent=_no_lengths)
def SequenceLast(xp, data, sequence_length=None, /, *, use_sequence_length: bool = False, axis: int = 0):
    """The last element of each sequence.

    Parameters
    ----------
    data : array, shape (time, batch, …), or (batch, time, …) with ``axis=1``
        The sequences.
    sequence_length : array, shape (batch,)
        Their lengths, from 1 to that of the axis; others are taken as the nearest of these.
        Only with `use_sequence_length`.
    use_sequence_length : bool, optional
        Whether lengths are given; otherwise all sequences are as long as the axis.
    axis : {0, 1}, optional
        The axis of time.

    Returns
    -------
    array, shape of `data` without the axis of time

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``SequenceLast``.

    Examples
    --------
    >>> import ndarray as nd
    >>> x = nd.array([[1, 4], [2, 5], [3, 6]])
    >>> nd.SequenceLast(x, nd.array([2, 3]), use_sequence_length=True).asnumpy()
    array([2., 6.], dtype=float32)
    """
    last = xp.take_along_axis(data, _last_places(xp, data, sequence_length, axis), axis=axis)
    return xp.reshape(last, (*data.shape[:axis], *data.shape[axis + 1:]))


@SequenceLast.gradient(flat=("sequence_length",))
def _(xp, head, output, data, sequence_length, *, use_sequence_length, axis):
    index = _last_places(xp, data, sequence_length, axis)
    return xp.put_along_axis(xp.reshape(head, index.shape), index, data.shape, axis), None


def _last_places(xp, data, length, axis):
    """Return the place of the last element of each sequence, with the axis of time, of length 1."""
    shape = (*data.shape[:axis], 1, *data.shape[axis + 1:])
    if length is None:
        return xp.full(shape, data.shape[axis] - 1, dtype=xp.int64)
    last = _for_each_instance(xp, length, axis) - 1
    last = xp.minimum(xp.maximum(last, xp.zeros_like(last)), xp.full_like(last, data.shape[axis] - 1))
    return xp.broadcast_to(xp.reshape(last, (*last.shape, *(1,) * (data.ndim - 2))), shape)
