"""Operators that choose between elements by a condition."""

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
