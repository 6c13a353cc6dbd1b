"""Operators that give the same elements other axes."""

import math

from ndarray.errors import ParamError, ShapeError
from ndarray.operator import operator
from ndarray.params import Ints
from ndarray.rules import agree_dtype, same, slot_error
from ndarray.rules_shape import fill_by_size, moves, place_of, resolve_shape
from ndarray.tensortype import TensorType, merge_shapes, show_shape

KIND = "shape"


def _reshaped(shape, params):
    return resolve_shape(shape, *_codes(**params))


def _codes(shape, reverse, target_shape, keep_highest):
    """Return the codes of a new shape, and whether they count from the right; `target_shape` has codes of its own."""
    if shape or not target_shape:
        return shape, reverse
    return tuple([0 if keep_highest and axis == 0 else length or -1 for axis, length in enumerate(target_shape)]), False


@operator(moves(_reshaped, fill_by_size), aliases=("Reshape",), primitive=True, stored_name="Reshape")
def reshape(xp, data, /, *, shape: Ints = (), reverse: bool = False, target_shape: Ints = (),
            keep_highest: bool = False):
    """The elements in the same order under another shape.

    Parameters
    ----------
    data : array, any shape
        Input.
    shape : tuple of int
        -1 follows from the size; 0 copies an axis; -2 copies all that remain; -3 merges two; -4 splits one into the
        next two numbers.
    reverse : bool, optional
        Match the codes from the right.
    target_shape : tuple of int, optional
        What files from before MXNet 0.9 have instead of `shape`: 0 follows from the size.
    keep_highest : bool, optional
        With `target_shape`: the first axis keeps its length.

    Returns
    -------
    array

    Raises
    ------
    ShapeError
        If the size would change.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.reshape(nd.ones((2, 3, 4)), shape=(0, -1)).shape
    (2, 12)
    """
    return xp.reshape(data, resolve_shape(data.shape, *_codes(shape, reverse, target_shape, keep_highest)))


@reshape.gradient
def _(xp, head, output, data, **codes):
    return (xp.reshape(head, data.shape),)


def _flat(shape, params):
    return (shape[0], None if None in shape[1:] else math.prod(shape[1:])) if shape else (1, 1)


def _flat_back(out, shape, params):
    if not shape or len(out) != 2:
        return None
    return (out[0], *fill_by_size(out[1:], shape[1:]))


@operator(moves(_flat, _flat_back), aliases=("flatten",), primitive=True)
def Flatten(xp, data, /):
    """All axes but the first as one.

    Parameters
    ----------
    data : array, shape (batch, …)
        Input.

    Returns
    -------
    array, shape (batch, rest)

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.Flatten(nd.ones((2, 3, 4))).shape
    (2, 12)
    """
    return xp.reshape(data, _flat(data.shape, {}))


@Flatten.gradient
def _(xp, head, output, data):
    return (xp.reshape(head, data.shape),)


def _order(axes, ndim):
    """Return the order of axes from 0; the reverse one when none is given."""
    if not axes:
        return tuple(range(ndim))[::-1]
    order = tuple(place_of(a, ndim) for a in axes)
    if len(order) != ndim or len(set(order)) != ndim:
        raise slot_error(ShapeError, f"axes {axes} are not an order of the {ndim} axes of `{{}}`", 0)
    return order


def _permuted(shape, params):
    return tuple(shape[a] for a in _order(params["axes"], len(shape)))


def _permuted_back(out, shape, params):
    order = _order(params["axes"], len(out))
    return tuple(out[order.index(i)] for i in range(len(out)))


@operator(moves(_permuted, _permuted_back), primitive=True)
def transpose(xp, data, /, *, axes: Ints = ()):
    """The axes in another order.

    Parameters
    ----------
    data : array, any shape
        Input.
    axes : tuple of int, optional
        Which axis comes where; the reverse order when left out.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.transpose(nd.ones((2, 3, 4)), axes=(1, 0, 2)).shape
    (3, 2, 4)
    """
    return xp.transpose(data, _order(axes, data.ndim))


@transpose.gradient
def _(xp, head, output, data, *, axes):
    order = _order(axes, data.ndim)
    return (xp.transpose(head, tuple(order.index(i) for i in range(data.ndim))),)


def _swapped(shape, params):
    a, b = (place_of(params[p], len(shape)) for p in ("dim1", "dim2"))
    shape = list(shape)
    shape[a], shape[b] = shape[b], shape[a]
    return tuple(shape)


@operator(moves(_swapped, lambda out, shape, params: _swapped(out, params)), aliases=("swapaxes",), primitive=True)
def SwapAxis(xp, data, /, *, dim1: int = 0, dim2: int = 0):
    """Two axes in each other's place.

    Parameters
    ----------
    data : array, any shape
        Input.
    dim1, dim2 : int, optional
        The axes.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.SwapAxis(nd.ones((2, 3)), dim1=0, dim2=1).shape
    (3, 2)
    """
    return xp.swapaxes(data, dim1, dim2)


@SwapAxis.gradient
def _(xp, head, output, data, *, dim1, dim2):
    return (xp.swapaxes(head, dim1, dim2),)


def _expanded(shape, params):
    at = place_of(params["axis"], len(shape) + 1)
    return (*shape[:at], 1, *shape[at:])


def _expanded_back(out, shape, params):
    at = place_of(params["axis"], len(out))
    return (*out[:at], *out[at + 1:])


@operator(moves(_expanded, _expanded_back), primitive=True)
def expand_dims(xp, data, /, *, axis: int):
    """A new axis of length 1.

    Parameters
    ----------
    data : array, any shape
        Input.
    axis : int
        Where it comes to stand.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.expand_dims(nd.ones((2, 3)), axis=1).shape
    (2, 1, 3)
    """
    return xp.expand_dims(data, axis)


@expand_dims.gradient
def _(xp, head, output, data, *, axis):
    return (xp.reshape(head, data.shape),)


def _squeezed(shape, params):
    axis = params["axis"]
    if axis is None:
        return None if None in shape else tuple(d for d in shape if d != 1) or (1,)
    gone = {place_of(a, len(shape)) for a in axis}
    if any(shape[a] not in (1, None) for a in gone):
        raise slot_error(ShapeError, f"`{{}}` has shape {show_shape(shape)}; only axes of length 1 can be squeezed", 0)
    return tuple(d for i, d in enumerate(shape) if i not in gone) or (1,)


def _squeezed_back(out, shape, params):
    axis = params["axis"]
    # An output of shape (1,) may have lost all its axes.
    if axis is None or out in ((1,), (None,)):
        return None
    ndim = len(out) + len(set(axis))
    gone, kept = {place_of(a, ndim) for a in axis}, iter(out)
    return tuple(1 if i in gone else next(kept, None) for i in range(ndim))


@operator(moves(_squeezed, _squeezed_back), primitive=True)
def squeeze(xp, data, /, *, axis: Ints | None = None):
    """Without axes of length 1.

    Parameters
    ----------
    data : array, any shape
        Input.
    axis : tuple of int, optional
        Which axes; all of length 1 when left out.

    Returns
    -------
    array
        Of shape (1,) when no axis would remain.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.squeeze(nd.ones((2, 1, 3))).shape
    (2, 3)
    """
    return xp.reshape(data, _squeezed(data.shape, {"axis": axis}))


@squeeze.gradient
def _(xp, head, output, data, *, axis):
    return (xp.reshape(head, data.shape),)


def _span(name, begin, end, ndim):
    """Return the first axis and the one after the last of a range that may count from the end."""
    first = 0 if begin is None else begin + ndim * (begin < 0)
    last = ndim if end is None else end + ndim * (end < 0)
    if (begin, end) != (None, None) and not 0 <= first < last <= ndim:
        raise ParamError(f"{name}_begin={begin}, {name}_end={end} is not a range of {ndim} axes")
    return first, last


def _like_shape(lhs, rhs, lhs_begin, lhs_end, rhs_begin, rhs_end):
    """Return the shape of the left array with some of the right's axes in place of some of its own."""
    first, last = _span("lhs", lhs_begin, lhs_end, len(lhs))
    start, stop = _span("rhs", rhs_begin, rhs_end, len(rhs))
    return (*lhs[:first], *rhs[start:stop], *lhs[last:])


def _reshape_like_rule(inputs, outputs, params):
    dtype = agree_dtype([inputs[0], outputs[0]])
    lhs, rhs, out = inputs[0].shape, inputs[1].shape, outputs[0].shape
    if all(value is None for value in params.values()):
        rhs = out = merge_shapes(rhs, out)
        if out is not None:
            lhs = fill_by_size(out, lhs)
            rhs = out = lhs and fill_by_size(lhs, out) or out
    elif None not in (lhs, rhs):
        out = merge_shapes(_like_shape(lhs, rhs, **params), out)
    if None not in (lhs, out) and None not in lhs + out and math.prod(lhs) != math.prod(out):
        raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(lhs)} has not as many elements as "
                                     f"{show_shape(out)}, which follows from `{{}}`", 0, 1)
    return [TensorType(lhs, dtype), TensorType(rhs, inputs[1].dtype)], [TensorType(out, dtype)]


@operator(_reshape_like_rule, primitive=True)
def reshape_like(xp, lhs, rhs, /, *, lhs_begin: int | None = None, lhs_end: int | None = None,
                 rhs_begin: int | None = None, rhs_end: int | None = None):
    """The elements of one array under the shape of another, or with some axes of that in place of some of its own.

    Parameters
    ----------
    lhs : array, any shape
        Gives the elements.
    rhs : array
        Gives the shape.
    lhs_begin, lhs_end : int, optional
        The axes of `lhs`, from the first to before the last, that are replaced; all when left out.
    rhs_begin, rhs_end : int, optional
        The axes of `rhs` that take their place; all when left out.

    Returns
    -------
    array, shape of `rhs`

    Raises
    ------
    ShapeError
        If the size would change.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``reshape_like``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.reshape_like(nd.ones((2, 3)), nd.ones(6)).shape
    (6,)
    >>> nd.reshape_like(nd.ones((30, 7)), nd.ones((15, 2, 4)), lhs_begin=0, lhs_end=1, rhs_begin=0, rhs_end=2).shape
    (15, 2, 7)
    """
    return xp.reshape(lhs, _like_shape(lhs.shape, rhs.shape, lhs_begin, lhs_end, rhs_begin, rhs_end))


@reshape_like.gradient(flat=("rhs",))
def _(xp, head, output, lhs, rhs, **axes):
    return xp.reshape(head, lhs.shape), None


@operator(same)
def _identity_with_attr_like_rhs(xp, lhs, rhs, /):
    """The first array; the second one gives its type where that is not known otherwise.

    Parameters
    ----------
    lhs : array
        Returned.
    rhs : array, like `lhs`
        Gives the shape and dtype.

    Returns
    -------
    array, like `lhs`

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``_identity_with_attr_like_rhs``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.op._identity_with_attr_like_rhs(nd.ones(2), nd.zeros(2)).asnumpy()
    array([1., 1.], dtype=float32)
    """
    return lhs


@_identity_with_attr_like_rhs.gradient(flat=("rhs",))
def _(xp, head, output, lhs, rhs):
    return head, None
