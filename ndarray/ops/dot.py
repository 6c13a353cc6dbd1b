"""Products of matrices."""

import math

from ndarray.errors import ShapeError
from ndarray.operator import Many, operator
from ndarray.params import Count
from ndarray.rules import agree, agree_dtype, broadcast_shapes, fit, slot_error
from ndarray.tensortype import TensorType, merge_shapes, show_shape


def _dot_rule(inputs, outputs, params):
    """One axis of each operand is summed over, the others make the output: any of the three may be the one to learn."""
    dtype = agree_dtype(inputs + outputs)
    a, b, out = inputs[0].shape, inputs[1].shape, outputs[0].shape
    for i, shape in enumerate((a, b)):
        if shape == ():
            raise slot_error(ShapeError, "`{}` must have at least one axis", i)
    ta, tb = params["transpose_a"], params["transpose_b"]
    if a is None and b is None:
        return [TensorType(None, dtype), TensorType(None, dtype)], [TensorType(out, dtype)]
    a_sum, a_rest = _parted(a, first=ta)
    b_sum, b_rest = _parted(b, first=not tb)
    if None not in (a_sum, b_sum) and a_sum != b_sum:
        raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(a)} and `{{}}` of shape {show_shape(b)} do not "
                                     f"multiply: {a_sum} is not {b_sum}", 0, 1)
    common = b_sum if a_sum is None else a_sum
    if out is not None and (a is None or b is None):
        a_rest, b_rest = _rest_of(out, a_rest, b_rest)
    if a_rest is not None and b_rest is not None:
        out = merge_shapes((*a_rest, *b_rest) or (1,), out)
        if a_rest or b_rest:
            a_rest, b_rest = out[:len(a_rest)], out[len(a_rest):]
        a, b = _whole(common, a_rest, first=ta), _whole(common, b_rest, first=not tb)
    return [TensorType(a, dtype), TensorType(b, dtype)], [TensorType(out, dtype)]


def _parted(shape, first):
    """Return the length summed over and the other axes."""
    if shape is None:
        return None, None
    return (shape[0], shape[1:]) if first else (shape[-1], shape[:-1])


def _whole(common, rest, first):
    return (common, *rest) if first else (*rest, common)


def _rest_of(out, a_rest, b_rest):
    """Return the other axes of both operands, those of the unknown one from the output."""
    known = a_rest if b_rest is None else b_rest
    if not known and out in ((1,), (None,)):
        # A vector times what may be a vector: the result does not determine it.
        return a_rest, b_rest
    if len(known) > len(out):
        raise slot_error(ShapeError, f"`{{}}` has shape {show_shape(out)}, fewer axes than an operand gives", 2)
    if b_rest is None:
        return a_rest, out[len(a_rest):]
    return out[:len(out) - len(b_rest)], b_rest


@operator(_dot_rule, primitive=True)
def dot(xp, lhs, rhs, /, *, transpose_a: bool = False, transpose_b: bool = False,
        forward_stype: str | None = None):
    """Product of matrices: the last axis of one summed with the first axis of the other.

    Parameters
    ----------
    lhs, rhs : array, at least one axis, one dtype
        The factors.
    transpose_a, transpose_b : bool, optional
        Sum over the first axis of `lhs`, over the last axis of `rhs`.
    forward_stype : str, optional
        Says nothing here, where every product is dense; MXNet's files may name it.

    Returns
    -------
    array
        Two vectors give shape (1,).

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.dot(nd.ones((2, 3)), nd.ones((4, 3)), transpose_b=True).shape
    (2, 4)
    """
    a_rest, n = (lhs.shape[1:], lhs.shape[0]) if transpose_a else (lhs.shape[:-1], lhs.shape[-1])
    b_rest = rhs.shape[:-1] if transpose_b else rhs.shape[1:]
    a = xp.reshape(lhs, (n, math.prod(a_rest))) if transpose_a else xp.reshape(lhs, (math.prod(a_rest), n))
    b = xp.reshape(rhs, (math.prod(b_rest), n)) if transpose_b else xp.reshape(rhs, (n, math.prod(b_rest)))
    product = xp.matmul(xp.transpose(a) if transpose_a else a, xp.transpose(b) if transpose_b else b)
    return xp.reshape(product, (*a_rest, *b_rest) or (1,))


@dot.gradient
def _(xp, head, output, lhs, rhs, *, transpose_a, transpose_b, forward_stype):
    a_rest, n = (lhs.shape[1:], lhs.shape[0]) if transpose_a else (lhs.shape[:-1], lhs.shape[-1])
    b_rest = rhs.shape[:-1] if transpose_b else rhs.shape[1:]
    rows, columns = math.prod(a_rest), math.prod(b_rest)
    head = xp.reshape(head, (rows, columns))
    a = xp.transpose(xp.reshape(lhs, (n, rows))) if transpose_a else xp.reshape(lhs, (rows, n))
    b = xp.transpose(xp.reshape(rhs, (columns, n))) if transpose_b else xp.reshape(rhs, (n, columns))
    grad_a = xp.matmul(b, xp.transpose(head)) if transpose_a else xp.matmul(head, xp.transpose(b))
    grad_b = xp.matmul(xp.transpose(head), a) if transpose_b else xp.matmul(xp.transpose(a), head)
    return xp.reshape(grad_a, lhs.shape), xp.reshape(grad_b, rhs.shape)


def swap_last(xp, x, yes=True):
    """Return `x` with its last two axes swapped; `x` itself unless `yes`."""
    return xp.swapaxes(x, -1, -2) if yes else x


def batch_rule(inputs, outputs, params):
    """Matrices on the last two axes; the axes before them agree."""
    dtype = agree_dtype(inputs + outputs)
    a, b, out = inputs[0].shape, inputs[1].shape, outputs[0].shape
    shapes = [s for s in (a, b, out) if s is not None]
    if any(len(s) < 2 for s in shapes) or len({len(s) for s in shapes}) > 1:
        raise slot_error(ShapeError, f"`{{}}` and `{{}}` must be matrices with the same axes before the last two, got "
                                     f"{show_shape(a)} and {show_shape(b)}", 0, 1)
    if shapes:
        batch = None
        for s in shapes:
            batch = merge_shapes(batch, s[:-2])
        ta, tb = params.get("transpose_a", False), params.get("transpose_b", False)
        unknown = (None, None)
        am, an = (a[:-3:-1] if ta else a[-2:]) if a else unknown
        bm, bn = (b[:-3:-1] if tb else b[-2:]) if b else unknown
        om, on = out[-2:] if out else unknown
        if None not in (an, bm) and an != bm:
            raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(a)} and `{{}}` of shape {show_shape(b)} do not "
                                         f"multiply: {an} is not {bm}", 0, 1)
        (inner,), (rows,), (columns,) = (merge_shapes((x,), (y,)) for x, y in ((an, bm), (am, om), (bn, on)))
        a = (*batch, *((inner, rows) if ta else (rows, inner)))
        b = (*batch, *((columns, inner) if tb else (inner, columns)))
        out = (*batch, rows, columns)
    return [TensorType(a, dtype), TensorType(b, dtype)], [TensorType(out, dtype)]


@operator(batch_rule, primitive=True)
def batch_dot(xp, lhs, rhs, /, *, transpose_a: bool = False, transpose_b: bool = False,
              forward_stype: str | None = None):
    """Product of matrices, one pair for each place of the axes before the last two.

    Parameters
    ----------
    lhs, rhs : array, shape (…, n, m), one dtype
        The factors.
    transpose_a, transpose_b : bool, optional
        Transpose the matrices of `lhs`, of `rhs` first.
    forward_stype : str, optional
        Says nothing here, where every product is dense; MXNet's files may name it.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.batch_dot(nd.ones((5, 2, 3)), nd.ones((5, 3, 4))).shape
    (5, 2, 4)
    """
    return xp.matmul(swap_last(xp, lhs, transpose_a), swap_last(xp, rhs, transpose_b))


@batch_dot.gradient
def _(xp, head, output, lhs, rhs, *, transpose_a, transpose_b, forward_stype):
    return product_gradient(xp, head, lhs, rhs, transpose_a, transpose_b)


def product_gradient(xp, head, lhs, rhs, transpose_a, transpose_b):
    """Return the gradients of both factors of a product of stacked matrices."""
    a, b = swap_last(xp, lhs, transpose_a), swap_last(xp, rhs, transpose_b)
    grad_a = xp.matmul(head, swap_last(xp, b))
    grad_b = xp.matmul(swap_last(xp, a), head)
    return swap_last(xp, grad_a, transpose_a), swap_last(xp, grad_b, transpose_b)


def _matmul_rule(inputs, outputs, params):
    dtype = agree_dtype(inputs + outputs)
    a, b, out = inputs[0].shape, inputs[1].shape, outputs[0].shape
    for i, shape in enumerate((a, b)):
        if shape is not None and len(shape) < 2:
            raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(shape)} is not a matrix", i)
    if a is not None and b is not None:
        if None not in (a[-1], b[-2]) and a[-1] != b[-2]:
            raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(a)} and `{{}}` of shape {show_shape(b)} do not "
                                         f"multiply: {a[-1]} is not {b[-2]}", 0, 1)
        common = b[-2] if a[-1] is None else a[-1]
        a, b = (*a[:-1], common), (*b[:-2], common, b[-1])
        out = merge_shapes((*broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1]), out)
    return [TensorType(a, dtype), TensorType(b, dtype)], [TensorType(out, dtype)]


@operator(_matmul_rule, primitive=True)
def _matmul(xp, lhs, rhs, /):
    """Product of matrices on the last two axes; the axes before them broadcast.

    Parameters
    ----------
    lhs, rhs : array, at least two axes, one dtype
        The factors.

    Returns
    -------
    array

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.op._matmul(nd.ones((5, 2, 3)), nd.ones((3, 4))).shape
    (5, 2, 4)
    """
    return xp.matmul(lhs, rhs)


@_matmul.gradient
def _(xp, head, output, lhs, rhs):
    return (xp.unbroadcast(xp.matmul(head, swap_last(xp, rhs)), lhs),
            xp.unbroadcast(xp.matmul(swap_last(xp, lhs), head), rhs))


def _khatri_rao_rule(inputs, outputs, params):
    """The columns are as many everywhere; the rows multiply."""
    if not inputs:
        raise slot_error(ShapeError, "at least one array is needed")
    dtype = agree_dtype(inputs + outputs)
    shapes = [fit(t.shape, (None, None), i) for i, t in enumerate(inputs + outputs)]
    columns = agree([TensorType(s[1:]) for s in shapes]).shape[0]
    rows = [s[0] for s in shapes[:-1]]
    total = None if None in rows else math.prod(rows)
    (total,) = fit(shapes[-1][:1], (total,), len(inputs))
    if rows.count(None) == 1 and total is not None:
        others = math.prod(d for d in rows if d is not None)
        if others and total % others == 0:
            rows[rows.index(None)] = total // others
    return [TensorType((d, columns), dtype) for d in rows], [TensorType((total, columns), dtype)]


@operator(_khatri_rao_rule)
def khatri_rao(xp, args: Many("args{i}"), /, *, num_args: Count = None):
    """Products of the columns of matrices, each element of one with each of the next (Khatri-Rao product).

    Parameters
    ----------
    args : array, one or more, shape (m, n), one dtype
        The matrices, all of n columns.
    num_args : int, optional
        Number of matrices; follows from them.

    Returns
    -------
    array, shape (product of all m, n)

    Notes
    -----
    MXNet has no gradient of it.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``khatri_rao``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.khatri_rao(nd.array([[1, 2], [3, 4]]), nd.array([[10, 20]])).asnumpy()
    array([[10., 40.],
           [30., 80.]], dtype=float32)
    """
    product = args[0]
    for x in args[1:]:
        pairs = xp.expand_dims(product, 1) * xp.expand_dims(x, 0)
        product = xp.reshape(pairs, (product.shape[0] * x.shape[0], x.shape[1]))
    return product
