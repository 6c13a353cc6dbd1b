"""What the update operators share: rescaling, clipping, mixed precision and the rules of their types."""

import math
from typing import Annotated

from ndarray.dtypes import DEFAULT as float32
from ndarray.dtypes import FLOAT64
from ndarray.errors import DTypeError, ShapeError
from ndarray.params import Added, Fed, Rounding, Scalar, Scalars, Within
from ndarray.rules import agree_dtype, check_floating, grouped, same_floating, slot_error
from ndarray.tensortype import TensorType, merge_shapes, show_shape
from ndarray.text import counted
from ndarray.widening import is_short

Rate = Annotated[Scalar, Within(0, math.inf, but=0)]
"""Annotation of a rate by which a formula divides."""

Share = Annotated[Scalar, Within(0, 1)]
"""Annotation of what a running mean keeps."""

Beta = Annotated[Scalar, Within(0, 1, but=1)]
"""Annotation of what a running mean keeps, whose bias is corrected."""

Least = Annotated[Scalar, Within(0, math.inf)]
"""Annotation of a number that is not negative: an epsilon, a penalty, a bound of a norm."""

StepNumber = Annotated[Scalar, Within(1, math.inf)]
"""Annotation of the number of an update."""

StepNumbers = Annotated[Scalars, Within(1, math.inf)]
"""Annotation of the number of each tensor's update."""

Bound = Annotated[float, Within(-math.inf, math.inf)]
"""Annotation of a bound, which is off where it is negative."""

First = Annotated[Scalar, Within(0, math.inf), Added]
"""Annotation of what a sum of squares starts at."""

Choice = Annotated[bool, Added]
"""Annotation of a choice between two forms of a formula, of which MXNet has one."""

RoundingChoice = Annotated[bool, Rounding]
"""Annotation of a choice between two roundings of one formula, of which MXNet has one."""


def where_rounded_once(params):
    """Return the `scalar_dtype` of an operator that has a parameter `rounded_once`."""
    return "float64" if params["rounded_once"] else None


def clipped(xp, x, bound):
    """Return `x` limited to ``[-bound, bound]``; a negative or NaN bound is none, zero leaves only zeros."""
    return xp.clip(x, bound) if bound >= 0 else x


def rescaled(xp, grad, rescale_grad, clip_gradient):
    """Return the gradient as most formulas take it: multiplied, then clipped."""
    return clipped(xp, rescale_grad * grad, clip_gradient)


def decayed(xp, weight, grad, lr, wd, rescale_grad, clip_gradient, decoupled):
    """Return weight and clipped gradient with the decay in one of them; the scalars are float64.

    Decoupled, the weight shrinks by rate times decay; else the decay is added to the gradient before it is clipped.
    """
    keep, decay, scale = scalars_in(xp, weight.dtype, 1 - lr * wd, wd, rescale_grad)
    if decoupled:
        return keep * weight, rescaled(xp, grad, scale, clip_gradient)
    return weight, clipped(xp, scale * grad + decay * weight, clip_gradient)


def root(xp, squares, epsilon, within):
    """Return the root of squares, with epsilon within it or outside of it."""
    return xp.sqrt(squares + epsilon) if within else xp.sqrt(squares) + epsilon


def squared_norm(xp, x):
    """Return the sum of the squares of all elements as a float64 scalar; only float64 is summed as it is."""
    if x.dtype == FLOAT64:
        return xp.as_scalar(xp.sum(x * x), FLOAT64)
    return xp.as_scalar(xp.sum_sq(x), FLOAT64)


def float64_sum(xp, x):
    """Return the sum of all elements as a float64 scalar, added in float64 and in order, whatever the strides."""
    return xp.sum(xp.astype(xp.reshape(x, (math.prod(x.shape),)), FLOAT64))


def widened(xp, x):
    """Return `x` in float32, in which mixed-precision operators compute."""
    return xp.astype(x, float32)


def scalars_in(xp, dtype, *values):
    """Return scalars rounded to `dtype`; for operators whose scalars arrive in float64."""
    return tuple(xp.as_scalar(v, dtype) for v in values)


def stored(xp, value, dtype):
    """Return a float64 scalar as it is read again after it was stored in `dtype`."""
    return xp.as_scalar(xp.as_scalar(value, dtype), FLOAT64)


def columns(rows, width):
    """Return the `width` columns of `rows`, each a tuple; they are empty where there is no row."""
    return tuple(zip(*rows)) if rows else ((),) * width


def many(rule, width, *, extra=None, one_dtype=True):
    """Return the rule of an update of many tensors, from the `rule` of one.

    It also wants one number for each tensor in every parameter annotated `Scalars`.

    Parameters
    ----------
    rule : callable
        Over the `width` inputs and the output of a tensor.
    width : int
        Inputs a tensor.
    extra : callable, optional
        ``extra(types, n, at, dtype) -> types`` of the single inputs; the first of them is the input number `at`,
        `dtype` is the one of the weights.
    one_dtype : bool, optional
        Whether the tensors must share one dtype.
    """
    by_tensor = grouped(rule, width)

    def infer(inputs, outputs, params):
        n = len(outputs)
        _check_lengths(params, n)
        flat = n * width
        tensors, singles = inputs[:flat], inputs[flat:]
        if one_dtype:
            dtype = _shared_dtype(inputs, flat, outputs)
            tensors = [t if t.dtype is dtype else TensorType(t.shape, dtype) for t in tensors]
        tensors, outputs = by_tensor([*tensors, *singles], outputs, params)
        tensors = tensors[:flat]
        first = tensors[0].dtype if tensors else None
        return tensors + (extra(singles, n, flat, first) if extra else singles), outputs

    return infer


def _shared_dtype(inputs, flat, outputs):
    try:
        return agree_dtype([*inputs[:flat], *outputs])
    except DTypeError as error:
        error.slots = tuple(k if k < flat else k - flat + len(inputs) for k in error.slots)
        raise


def _check_lengths(params, n):
    for name, value in params.items():
        # One number for each tensor is a tuple or a vector; one for all is not.
        given = len(value) if isinstance(value, tuple) or getattr(value, "ndim", 0) == 1 else n
        if given != n and not isinstance(value, Fed):
            raise ShapeError(f"{name} has {counted(given, 'element')} for {counted(n, 'tensor')}; "
                             "give one for each")


def one_element(types, n, at, dtype):
    """Return the types of states that there is one of for all tensors: float32, one element."""
    return [elements(t, 1, at + k, float32) for k, t in enumerate(types)]


def rates(types, n, at, dtype):
    """Return the types of the preloaded `lrs` and `wds`: float32, `n` elements in any shape."""
    return [elements(t, n, at + k, float32) for k, t in enumerate(types)]


def elements(type_, n, slot, dtype):
    """Return the type of an input of `n` elements and `dtype`, in any shape, ``(n,)`` where it is not known.

    Raises
    ------
    ShapeError, DTypeError
    """
    if dtype is not None and type_.dtype is not None and type_.dtype != dtype:
        raise slot_error(DTypeError, f"`{{}}` must be {dtype}, got {type_.dtype}", slot)
    shape = type_.shape
    if shape is None:
        shape = (n,)
    elif None in shape:
        shape = merge_shapes(shape, (n,)) if len(shape) == 1 else shape
    else:
        size = 1
        for d in shape:
            size *= d
        if size != n:
            raise slot_error(ShapeError, f"`{{}}` must have {counted(n, 'element')}, got shape "
                             f"{show_shape(shape)}", slot)
    return TensorType(shape, dtype or type_.dtype)


def of_matrices(dtype):
    """Return the dtype of matrices of sums that are inverted or decomposed: float32 at least.

    In 16 bits their small eigenvalues, which matter most in an inverse, are below the last digit of the large ones.
    """
    return float32 if dtype is not None and is_short(dtype) else dtype


def one_number(width, numbers=1):
    """Return the rule of an update of `width` inputs, the last `numbers` of which are states of one element.

    The others are alike; those are by default no narrower than float32.
    """

    def infer(inputs, outputs, params):
        tensors, outputs = same_floating(inputs[:-numbers], outputs, params)
        found = []
        for slot in range(width - numbers, width):
            dtype = inputs[slot].dtype or tensors[0].dtype
            if inputs[slot].dtype is None and dtype is not None and dtype != FLOAT64:
                dtype = float32
            check_floating([TensorType(None, dtype)])
            found.append(elements(inputs[slot], 1, slot, dtype))
        return [*tensors, *found], outputs

    return infer


def floating_arrays(inputs, outputs, params):
    """Take inputs of any shapes and one floating dtype; the output is a float32 vector with an element for each."""
    dtype = agree_dtype(inputs)
    inputs = [TensorType(t.shape, dtype) for t in inputs]
    check_floating(inputs)
    return inputs, [outputs[0].merge(TensorType((len(inputs),), float32))]
