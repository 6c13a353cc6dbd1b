"""Operators that choose between elements: by a condition, by the length of a sequence."""

from ndarray.errors import DTypeError, ShapeError
from ndarray.operator import operator
from ndarray.rules import agree, slot_error
from ndarray.tensortype import TensorType, merge_shapes, show_shape


def _where_rule(inputs, outputs, params):
    """The two values agree with the output; the condition has their shape, or one element for each row."""
    condition = inputs[0]
    try:
        value = agree([*inputs[1:], *outputs])
    except (ShapeError, DTypeError) as error:
        error.slots = tuple(i + 1 for i in error.slots)
        raise
    shape = condition.shape
    if shape is None:
        shape = value.shape
    elif value.shape is None and len(shape) != 1:
        value = TensorType(shape, value.dtype)
    elif value.shape is not None and len(shape) == len(value.shape):
        shape = merge_shapes(value.shape, shape)
        value = TensorType(shape, value.dtype)
    elif value.shape is not None:
        if len(shape) != 1 or not value.shape or None not in (shape[0], value.shape[0]) and shape[0] != value.shape[0]:
            raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(shape)} has neither the shape nor one element "
                                         f"for each row of `{{}}`, {show_shape(value.shape)}", 0, 1)
        (rows,) = shape = merge_shapes(shape, value.shape[:1])
        value = TensorType((rows, *value.shape[1:]), value.dtype)
    return [TensorType(shape, condition.dtype or value.dtype), value, value], [value]


@operator(_where_rule, primitive=True)
def where(xp, condition, x, y, /):
    """Elements of one array where a condition is not 0, of another elsewhere.

    Parameters
    ----------
    condition : array, shape of `x`, or one element for each of its rows
        Not 0 chooses `x`.
    x, y : array, one shape and dtype
        The two choices.

    Returns
    -------
    array, like `x`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.where(nd.array([1, 0]), nd.array([1, 2]), nd.array([3, 4])).asnumpy()
    array([1., 4.], dtype=float32)
    """
    return xp.where(_along_rows(xp, condition, x) != 0, x, y)


@where.gradient(flat=("condition",))
def _(xp, head, output, condition, x, y):
    chosen = _along_rows(xp, condition, x) != 0
    nothing = xp.zeros_like(head)
    return None, xp.where(chosen, head, nothing), xp.where(chosen, nothing, head)


def _along_rows(xp, condition, x):
    if condition.ndim == x.ndim:
        return condition
    return xp.reshape(condition, (condition.shape[0],) + (1,) * (x.ndim - 1))


def _sequence_rule(inputs, outputs, params):
    data = agree([inputs[0], outputs[0]])
    if params["axis"] not in (0, 1) or (data.shape is not None and len(data.shape) < 2):
        raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(data.shape)} must have an axis of time, 0 or 1 "
                                     f"(axis={params['axis']}), and one of instances", 0)
    batch = None if data.shape is None else (data.shape[1 - params["axis"]],)
    return [data, *(TensorType(merge_shapes(batch, t.shape), t.dtype or data.dtype) for t in inputs[1:])], [data]


@operator(_sequence_rule, absent=lambda params: () if params["use_sequence_length"] else ("sequence_length",))
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


def _within(xp, data, length, axis):
    """Tell for each place whether it comes before the end of its sequence."""
    places = xp.reshape(xp.arange(data.shape[axis]), (-1, 1) if axis == 0 else (1, -1))
    kept = places < xp.reshape(xp.astype(length, xp.int64), (1, -1) if axis == 0 else (-1, 1))
    return xp.broadcast_to(xp.reshape(kept, (*data.shape[:2], *(1,) * (data.ndim - 2))), data.shape)
