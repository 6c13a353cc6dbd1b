"""Reductions over axes."""

import math
from typing import NamedTuple

import numpy as np

from ndarray.dtypes import dtype_of
from ndarray.errors import DTypeError, ParamError, ShapeError
from ndarray.operator import operator
from ndarray.params import DType, Ints
from ndarray.rules import agree_dtype, check_floating, slot_error
from ndarray.tensortype import TensorType, merge_shapes, show_shape

KIND = "reduction"


def reduced_axes(ndim, axis, exclude):
    """Return the axes to reduce, from 0, in order; none named means all, whatever `exclude` is.

    Raises
    ------
    ShapeError
        If an axis is out of range.
    """
    if axis is None or axis == ():
        return tuple(range(ndim))
    for a in axis:
        if not -ndim <= a < ndim:
            raise slot_error(ShapeError, f"axis {a} of `{{}}` with {ndim} axes", 0)
    chosen = {a % ndim for a in axis}
    return tuple(i for i in range(ndim) if (i in chosen) != exclude)


def reduced_shape(shape, axes, keepdims):
    """Return the shape that is left when `axes` are reduced."""
    if keepdims:
        return tuple(1 if i in axes else d for i, d in enumerate(shape))
    # Everything reduced leaves one element, of shape (1,).
    return tuple(d for i, d in enumerate(shape) if i not in axes) or ((1,) if axes or not shape else ())


def _reduce_rule(inputs, outputs, params):
    dtype = agree_dtype(inputs + outputs)
    shape, out = inputs[0].shape, outputs[0].shape
    if shape is not None:
        axes = reduced_axes(len(shape), params["axis"], params.get("exclude", False))
        out = merge_shapes(reduced_shape(shape, axes, params["keepdims"]), out)
        kept = iter(out)
        if params["keepdims"]:
            shape = tuple(d if i in axes else o for i, (d, o) in enumerate(zip(shape, out)))
        elif len(axes) < len(shape):
            shape = tuple(d if i in axes else next(kept) for i, d in enumerate(shape))
    return [TensorType(shape, dtype)], [TensorType(out, dtype)]


def _extremum_rule(inputs, outputs, params):
    """Nothing has no largest element, unless none is asked for."""
    inputs, outputs = _reduce_rule(inputs, outputs, params)
    shape = inputs[0].shape
    if shape is not None and 0 in shape:
        axes = reduced_axes(len(shape), params["axis"], params.get("exclude", False))
        if any(shape[a] == 0 for a in axes):
            raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(shape)} has no elements along the axes to "
                                         "reduce, of which none is the largest or smallest", 0)
    return inputs, outputs


def spread(xp, value, data, axes):
    """Return a reduced value with the reduced axes back, of length 1."""
    return xp.reshape(value, tuple(1 if i in axes else d for i, d in enumerate(data.shape)))


class Reduction(NamedTuple):
    """One reduction.

    Attributes
    ----------
    names : tuple of str
        The operator's name, then its aliases.
    words : str
    compute : callable
        ``compute(xp, x, axes)`` with the axes kept, of length 1.
    gradient : callable
        ``gradient(xp, head, y, x, axes)`` with `head` and the output `y` spread to broadcast with `x`.
    rule : callable
    """

    names: tuple
    words: str
    compute: object
    gradient: object
    rule: object = _reduce_rule


def _share(xp, h, y, x, axes):
    """The gradient of an extremum goes to every element that reaches it, in equal shares."""
    hit = xp.astype(x == y, x.dtype)
    count = xp.sum(hit, axis=axes, keepdims=True)
    return hit * (h / (count + (count == 0)))


def _product_of_others(xp, h, x, axes):
    """The product of all other elements, by division where no zero forbids it."""
    zero = xp.astype(x == 0, x.dtype)
    count = xp.sum(zero, axis=axes, keepdims=True)
    without = xp.prod(x + zero, axis=axes, keepdims=True)
    alone = xp.broadcast_to(without * (count == 1), x.shape)
    return h * xp.where(zero == 1, alone, without * (count == 0) / (x + zero))


def mean_of(xp, x, axes):
    """Return the mean along some axes, which are kept; of no elements it is NaN, about which NumPy would warn."""
    return xp.mean(x, axis=axes, keepdims=True) if x.size else xp.sum(x, axis=axes, keepdims=True) / 0.0


def _without_nan(xp, x, instead):
    return xp.where(x != x, xp.full_like(x, instead), x)


FAMILY = (
    Reduction(("sum", "sum_axis"), "Sum", lambda xp, x, a: xp.sum(x, axis=a, keepdims=True),
              lambda xp, h, y, x, a: h * xp.ones_like(x)),
    Reduction(("mean",), "Mean", mean_of,
              lambda xp, h, y, x, a: h * xp.ones_like(x) * (y.size / max(x.size, 1))),
    Reduction(("prod",), "Product", lambda xp, x, a: xp.prod(x, axis=a, keepdims=True),
              lambda xp, h, y, x, a: _product_of_others(xp, h, x, a)),
    Reduction(("nansum",), "Sum of the elements that are not NaN",
              lambda xp, x, a: xp.sum(_without_nan(xp, x, 0.0), axis=a, keepdims=True),
              lambda xp, h, y, x, a: h * (x == x)),
    Reduction(("nanprod",), "Product of the elements that are not NaN",
              lambda xp, x, a: xp.prod(_without_nan(xp, x, 1.0), axis=a, keepdims=True),
              lambda xp, h, y, x, a: _product_of_others(xp, h, _without_nan(xp, x, 1.0), a) * (x == x)),
    Reduction(("max", "max_axis"), "Maximum", lambda xp, x, a: xp.max(x, axis=a, keepdims=True), _share,
              _extremum_rule),
    Reduction(("min", "min_axis"), "Minimum", lambda xp, x, a: xp.min(x, axis=a, keepdims=True), _share,
              _extremum_rule),
)

_DOC = """{words} over some axes.

    Parameters
    ----------
    data : array, any shape
        Input.
    axis : tuple of int, optional
        Axes to reduce, negative from the last; all when left out.
    keepdims : bool, optional
        Keep the reduced axes, with length 1.
    exclude : bool, optional
        Reduce all axes but these; without effect where `axis` names none.

    Returns
    -------
    array of the same dtype
        Reducing every axis without `keepdims` gives shape (1,).

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.{name}(nd.ones((2, 3)), axis=1).shape, nd.{name}(nd.ones((2, 3))).shape
    ((2,), (1,))
    """


def _declare(row):
    compute, rule = row.compute, row.gradient

    def body(xp, data, /, *, axis: Ints | None = None, keepdims: bool = False, exclude: bool = False):
        axes = reduced_axes(data.ndim, axis, exclude)
        # Integers stay what they are, where NumPy widens them.
        return xp.astype(xp.reshape(compute(xp, data, axes), reduced_shape(data.shape, axes, keepdims)), data.dtype)

    def gradient(xp, head, output, data, *, axis, keepdims, exclude):
        axes = reduced_axes(data.ndim, axis, exclude)
        return (rule(xp, spread(xp, head, data, axes), spread(xp, output, data, axes), data, axes),)

    body.__name__ = body.__qualname__ = row.names[0]
    body.__doc__ = _DOC.format(words=row.words, name=row.names[0])
    operator(row.rule, aliases=row.names[1:], primitive=True)(body).gradient(gradient)


for _row in FAMILY:
    _declare(_row)


def _norm_rule(inputs, outputs, params):
    if params["ord"] not in (1, 2):
        raise ParamError(f"ord={params['ord']} is not 1 or 2")
    if params["out_dtype"] is None:
        inputs, outputs = _reduce_rule(inputs, outputs, params)
    else:
        (data,), (out,) = _reduce_rule(inputs, [TensorType(outputs[0].shape)], params)
        inputs, outputs = [data], [outputs[0].merge(TensorType(out.shape, dtype_of(params["out_dtype"])))]
    check_floating(inputs + outputs)
    return inputs, outputs


@operator(_norm_rule)
def norm(xp, data, /, *, ord: int = 2, axis: Ints | None = None, out_dtype: DType | None = None,
         keepdims: bool = False):
    """Euclidean norm, or the sum of absolute values.

    Parameters
    ----------
    data : array, any shape, floating
        Input.
    ord : {2, 1}, optional
        Which norm.
    axis : tuple of int, optional
        Axes to reduce; all when left out.
    out_dtype : dtype, optional
        Floating element type of the output, in which the sum is taken; that of `data` when left out.
    keepdims : bool, optional
        Keep the reduced axes, with length 1.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.norm(nd.array([3, 4])).asnumpy()
    array([5.], dtype=float32)
    """
    axes = reduced_axes(data.ndim, axis, False)
    x = xp.astype(data, dtype_of(out_dtype)) if out_dtype else data
    total = (xp.sum(xp.abs(x), axis=axes, keepdims=True) if ord == 1
             else xp.sqrt(xp.sum(x * x, axis=axes, keepdims=True)))
    return xp.reshape(total, reduced_shape(data.shape, axes, keepdims))


@norm.gradient
def _(xp, head, output, data, *, ord, axis, out_dtype, keepdims):
    axes = reduced_axes(data.ndim, axis, False)
    head, output = spread(xp, head, data, axes), spread(xp, output, data, axes)
    x = xp.astype(data, dtype_of(out_dtype)) if out_dtype else data
    # At the origin the norm has no slope; its gradient there is 0.
    found = head * xp.sign(x) if ord == 1 else head * (x / (output + (output == 0)))
    return (xp.astype(found, data.dtype),)


def _check_places(dtype, shape, axis):
    """Raise where an axis, or the whole array for None, has no elements, or `dtype` does not hold all their places."""
    along = shape if axis is None else shape[axis:][:1]
    if 0 in along:
        raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(shape)} has no elements to choose from", 0)
    if None in (dtype, *along):
        return
    last = math.prod(along) - 1
    places = np.array([last, abs(last - 1 + last % 2)])  # of floating numbers the odd ones are rounded first
    with np.errstate(all="ignore"):
        held = places.astype(dtype).astype(np.float64) == places
    if not held.all():
        raise slot_error(DTypeError, f"`{{}}` is {dtype}, which does not hold the places of all its {last + 1} elements"
                         f"{'' if axis is None else ' along the axis'}; cast it to "
                         f"{'float64' if dtype == np.float32 else 'float32'} first", 0)


def _arg_rule(inputs, outputs, params):
    dtype = agree_dtype([inputs[0], outputs[0]])
    shape, out = inputs[0].shape, outputs[0].shape
    if shape is not None:
        axis = params["axis"]
        if axis is None:
            found = (1,) * len(shape) if params["keepdims"] else (1,)
        else:
            found = reduced_shape(shape, reduced_axes(len(shape), (axis,), False), params["keepdims"])
        _check_places(dtype, shape, axis)
        out = merge_shapes(found, out)
    return [TensorType(shape, dtype)], [TensorType(out, dtype)]


_ARG_DOC = """Place of the {which} along an axis, in the dtype of the elements; the first where there are several.

    Parameters
    ----------
    data : array, any shape
        Input.
    axis : int, optional
        The axis; the array as one run when left out.
    keepdims : bool, optional
        Keep the axis, with length 1.

    Returns
    -------
    array, dtype of `data`

    Raises
    ------
    DTypeError
        If the dtype does not hold all places, as uint8 those of 300 elements.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.{name}(nd.array([[1, 1, 3], [4, 2, 2]]), axis=1).asnumpy().shape
    (2,)
    """


def _declare_arg(name, which):
    def body(xp, data, /, *, axis: int | None = None, keepdims: bool = False):
        if axis is None:
            found = getattr(xp, name)(xp.reshape(data, (-1,)), axis=0)
            return xp.reshape(xp.astype(found, data.dtype), (1,) * data.ndim if keepdims else (1,))
        shape = reduced_shape(data.shape, (axis % data.ndim,), keepdims)
        return xp.reshape(xp.astype(getattr(xp, name)(data, axis=axis), data.dtype), shape)

    body.__name__ = body.__qualname__ = name
    body.__doc__ = _ARG_DOC.format(which=which, name=name)
    op = operator(_arg_rule, primitive=True)(body)
    op.gradient(lambda xp, head, output, data, **params: (None,), flat=("data",))


_declare_arg("argmax", "largest element")
_declare_arg("argmin", "smallest element")


def _channel_rule(inputs, outputs, params):
    dtype, shape, out = agree_dtype(inputs + outputs), inputs[0].shape, outputs[0].shape
    if out:
        shape = merge_shapes(shape, (out[0], None, *out[1:]))
    if shape is not None:
        if len(shape) < 2:
            raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(shape)} has no axis 1", 0)
        _check_places(dtype, shape, 1)
        out = merge_shapes((shape[0], *shape[2:]), out)
    return [TensorType(shape, dtype)], [TensorType(out, dtype)]


@operator(_channel_rule)
def argmax_channel(xp, data, /):
    """Place of the largest element along axis 1, in the dtype of the elements; the first where there are several.

    Parameters
    ----------
    data : array, at least two axes
        Input.

    Returns
    -------
    array, shape of `data` without axis 1

    See Also
    --------
    argmax

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``argmax_channel``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.argmax_channel(nd.array([[1, 1, 3], [4, 2, 2]])).asnumpy()
    array([2., 0.], dtype=float32)
    """
    return xp.astype(xp.argmax(data, axis=1), data.dtype)


@argmax_channel.gradient(flat=("data",))
def _(xp, head, output, data):
    return (None,)
