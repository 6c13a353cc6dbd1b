"""Linear algebra under MXNet's ``linalg_`` names: LQ decomposition, eigenvectors, determinants."""

from ndarray.errors import ShapeError
from ndarray.operator import operator
from ndarray.ops.dot import swap_last
from ndarray.ops.linalg import floating, square_rule
from ndarray.rules import agree_dtype, agree_shape, fit, slot_error
from ndarray.tensortype import TensorType, merge_shapes, show_shape


@floating
def _lq_rule(inputs, outputs, params):
    dtype = agree_dtype(inputs + outputs)
    shape = merge_shapes(inputs[0].shape, outputs[0].shape)
    if shape is None and outputs[1].shape:
        shape = (*outputs[1].shape[:-1], None)
    if shape is None:
        return [TensorType(None, dtype)], [TensorType(None, dtype), TensorType(outputs[1].shape, dtype)]
    if len(shape) < 2 or None not in shape[-2:] and shape[-2] > shape[-1]:
        raise slot_error(ShapeError, f"`{{}}` has shape {show_shape(shape)}, expected at least 2 axes, and no more "
                                     "rows than columns", 0)
    square = fit(outputs[1].shape, (*shape[:-1], shape[-2]), 2)
    return [TensorType(shape, dtype)], [TensorType(shape, dtype), TensorType(square, dtype)]


@operator(_lq_rule, outputs=2, primitive=True, aliases=("_linalg_gelqf",), stored_name="_linalg_gelqf")
def linalg_gelqf(xp, A, /):
    """LQ decomposition: `A` as the product of a lower triangular matrix L and a matrix Q with orthonormal rows.

    Parameters
    ----------
    A : array, shape (…, n, m) with n <= m, floating
        The matrices, of full rank.

    Returns
    -------
    list of two arrays
        Q, like `A`, and L, of shape (…, n, n).

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``linalg_gelqf``.
    .. [2] Seeger et al., "Auto-Differentiating Linear Algebra", arXiv:1710.08717, section 4.4.

    Examples
    --------
    >>> import ndarray as nd
    >>> a = nd.array([[3, 4], [1, 0]])
    >>> q, l = nd.linalg_gelqf(a)
    >>> bool((abs(nd.dot(l, q) - a) < 1e-6).min())
    True
    """
    q, r = xp.qr(swap_last(xp, A))
    return swap_last(xp, q), swap_last(xp, r)


@linalg_gelqf.gradient
def _(xp, head, output, A):
    q, low = output
    inner = xp.matmul(swap_last(xp, low), head[1]) - xp.matmul(head[0], swap_last(xp, q))
    strict, whole = _below(xp, inner)
    symmetric = whole + swap_last(xp, strict)
    return (xp.solve_triangular(swap_last(xp, low), head[0] + xp.matmul(symmetric, q), False),)


def _below(xp, x):
    """Return matrices with zeros above the diagonal, without the diagonal and with it."""
    rows = xp.arange(x.shape[-1])
    apart = xp.expand_dims(rows, 1) - rows
    return x * xp.astype(apart > 0, x.dtype), x * xp.astype(apart >= 0, x.dtype)


@floating
def _eigen_rule(inputs, outputs, params):
    dtype = agree_dtype(inputs + outputs)
    shape, values = merge_shapes(inputs[0].shape, outputs[0].shape), outputs[1].shape
    if shape is None and values:
        shape = (*values, values[-1])
    (square,), _ = square_rule([TensorType(shape, dtype)], [TensorType()], params)
    if square.shape is not None:
        values = fit(values, square.shape[:-1], 2)
    return [square], [square, TensorType(values, dtype)]


@operator(_eigen_rule, outputs=2, primitive=True)
def _linalg_syevd(xp, A, /):
    """Eigenvectors and eigenvalues of symmetric matrices.

    Parameters
    ----------
    A : array, shape (…, n, n), floating
        The matrices, of which the lower triangle is taken.

    Returns
    -------
    list of two arrays
        The eigenvectors, one a row, of length 1, whose largest element in size is positive; and the eigenvalues,
        increasing, of shape (…, n).  NaN where there are none.

    Notes
    -----
    The gradient is finite only where no two eigenvalues are equal; the part of equal ones is left out.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``linalg_syevd``.
    .. [2] Seeger et al., "Auto-Differentiating Linear Algebra", arXiv:1710.08717, section 4.3.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.linalg.syevd(nd.array([[2, 0], [0, 1]]))[1].asnumpy()
    array([1., 2.], dtype=float32)
    """
    values, vectors = xp.eigh(A)
    rows = swap_last(xp, vectors)
    at = xp.expand_dims(xp.argmax(xp.abs(rows), axis=rows.ndim - 1), rows.ndim - 1)
    largest = xp.take_along_axis(rows, at, axis=rows.ndim - 1)
    return xp.where(largest < 0, -rows, rows), values


@_linalg_syevd.gradient
def _(xp, head, output, A):
    rows, values = output
    apart = xp.expand_dims(values, values.ndim) - xp.expand_dims(values, values.ndim - 1)
    together = apart == 0
    share = xp.where(together, xp.zeros_like(apart), 1 / xp.where(together, xp.ones_like(apart), apart))
    inner = xp.matmul(head[0], swap_last(xp, rows)) * share
    inner = 0.5 * (inner + swap_last(xp, inner))
    eye = xp.eye(A.shape[-1], dtype=A.dtype)
    whole = inner + eye * xp.expand_dims(head[1], values.ndim)
    return (xp.matmul(xp.matmul(swap_last(xp, rows), whole), rows),)


@floating
def _of_each(inputs, outputs, params):
    """Numbers that follow from square matrices, one of a kind for each."""
    dtype = agree_dtype(inputs + outputs)
    (square,), _ = square_rule([TensorType(inputs[0].shape, dtype)], [TensorType()], params)
    out = agree_shape(outputs)
    if square.shape is not None:
        out = merge_shapes(square.shape[:-2] or (1,), out)
    return [square], [TensorType(out, dtype)] * len(outputs)


@operator(_of_each, primitive=True, aliases=("_linalg_det",), stored_name="_linalg_det", stored_outputs=3,
          numbered=lambda params: True)
def linalg_det(xp, A, /):
    """Determinant of each matrix.

    Parameters
    ----------
    A : array, shape (…, n, n), floating
        The matrices.

    Returns
    -------
    array, shape of the axes before the matrix, or (1,)

    Notes
    -----
    The gradient of a singular matrix is 0, as in MXNet.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``linalg_det``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.linalg_det(nd.array([[2, 0], [0, 4]])).asnumpy()
    array([8.], dtype=float32)
    """
    return xp.reshape(xp.det(A), A.shape[:-2] or (1,))


@linalg_det.gradient
def _(xp, head, output, A):
    return (_by_inverse(xp, head * output, output == 0, A),)


def _by_inverse(xp, factor, singular, A):
    """Return the transposed inverses, each times its factor; zeros where a matrix is singular."""
    each = (*A.shape[:-2], 1, 1)
    back = xp.reshape(factor, each) * swap_last(xp, xp.inv(A))
    return xp.where(xp.reshape(singular, each), xp.zeros_like(A), back)


@operator(_of_each, outputs=2, primitive=True, aliases=("_linalg_slogdet",), stored_name="_linalg_slogdet",
          stored_outputs=4)
def linalg_slogdet(xp, A, /):
    """Sign, and logarithm of the absolute value, of the determinant of each matrix.

    Parameters
    ----------
    A : array, shape (…, n, n), floating
        The matrices.

    Returns
    -------
    list of two arrays, shape of the axes before the matrix, or (1,)
        1, 0 or -1; and the logarithm, -inf of a singular matrix.

    Notes
    -----
    The gradient of a singular matrix is 0, as in MXNet.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``linalg_slogdet``.

    Examples
    --------
    >>> import ndarray as nd
    >>> [x.tolist() for x in nd.linalg_slogdet(nd.array([[0, 1], [1, 0]]))]
    [[-1.0], [0.0]]
    """
    shape = A.shape[:-2] or (1,)
    return tuple([xp.reshape(x, shape) for x in xp.slogdet(A)])


@linalg_slogdet.gradient
def _(xp, head, output, A):
    return (_by_inverse(xp, head[1], output[0] == 0, A),)
