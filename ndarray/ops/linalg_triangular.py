"""Linear algebra under MXNet's ``linalg_`` names: triangles and diagonals."""

import math

import numpy as np

from ndarray.errors import ShapeError
from ndarray.operator import operator
from ndarray.ops.dot import swap_last
from ndarray.ops.linalg import floating, square_rule
from ndarray.ops.rearrange import with_diagonal
from ndarray.params import Scalar
from ndarray.rules import agree_dtype, fit, slot_error
from ndarray.rules_shape import moves
from ndarray.tensortype import TensorType, merge_shapes, show_shape


def _matrix(shape, slot=0):
    """Return the axes before a matrix and its two lengths; raise where `shape` has fewer axes."""
    if len(shape) < 2:
        raise slot_error(ShapeError, f"`{{}}` has shape {show_shape(shape)}, expected at least 2 axes", slot)
    return shape[:-2], *shape[-2:]


@floating
def _triangle_rule(inputs, outputs, params):
    """The first is square and fits the left or the right side of the second, which the output is like."""
    dtype = agree_dtype(inputs + outputs)
    a, b = inputs[0].shape, merge_shapes(inputs[1].shape, outputs[0].shape)
    if a is not None and b is None:
        b = (*_matrix(a)[0], None, None)
    if b is not None:
        before, rows, columns = _matrix(b, 1)
        n = columns if params["rightside"] else rows
        a = fit(a, (*before, n, n), 0)
        n = a[-1] or a[-2]
        a = fit(a, (*a[:-2], n, n), 0)
        b = fit(b, (*a[:-2], *((None, n) if params["rightside"] else (n, None))), 1)
    return [TensorType(a, dtype), TensorType(b, dtype)], [TensorType(b, dtype)]


def _triangle(xp, x, lower):
    """Return matrices with zeros above the diagonal, or below it."""
    n, m = x.shape[-2:]
    apart = xp.reshape(xp.arange(n), (n, 1)) - xp.reshape(xp.arange(m), (1, m))
    kept = xp.broadcast_to(apart >= 0 if lower else apart <= 0, x.shape)
    return xp.where(kept, x, xp.zeros_like(x))


@operator(_triangle_rule, aliases=("_linalg_trmm",), stored_name="_linalg_trmm")
def linalg_trmm(xp, A, B, /, *, transpose: bool = False, rightside: bool = False, lower: bool = True,
                 alpha: Scalar = 1.0):
    r"""Scaled product of a triangular matrix and a matrix, :math:`\alpha A B` or :math:`\alpha B A`.

    Parameters
    ----------
    A : array, shape (…, n, n), floating
        Of which one triangle is taken.
    B : array, shape (…, n, m), or (…, m, n) with `rightside`
        The other factor.
    transpose : bool, optional
        Transpose the triangle.
    rightside : bool, optional
        The triangle is the right factor.
    lower : bool, optional
        The triangle is the lower one, with the diagonal; the upper one otherwise.
    alpha : float, optional
        The scale.

    Returns
    -------
    array, like `B`

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``linalg_trmm``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.linalg_trmm(nd.array([[1, 9], [1, 1]]), nd.array([[1], [2]])).asnumpy()
    array([[1.],
           [3.]], dtype=float32)
    """
    triangle = swap_last(xp, _triangle(xp, A, lower), transpose)
    return alpha * (xp.matmul(B, triangle) if rightside else xp.matmul(triangle, B))


@operator(_triangle_rule, aliases=("_linalg_trsm",), stored_name="_linalg_trsm", primitive=True)
def linalg_trsm(xp, A, B, /, *, transpose: bool = False, rightside: bool = False, lower: bool = True,
                 alpha: Scalar = 1.0):
    r"""Solution :math:`X` of :math:`A X = \alpha B`, or of :math:`X A = \alpha B`, with a triangular matrix.

    Parameters
    ----------
    A : array, shape (…, n, n), floating
        Of which one triangle is taken.
    B : array, shape (…, n, m), or (…, m, n) with `rightside`
        The right-hand side.
    transpose : bool, optional
        Transpose the triangle.
    rightside : bool, optional
        The triangle is the right factor.
    lower : bool, optional
        The triangle is the lower one, with the diagonal; the upper one otherwise.
    alpha : float, optional
        The scale of the right-hand side.

    Returns
    -------
    array, like `B`
        NaN where a triangle is singular.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``linalg_trsm``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.linalg_trsm(nd.array([[1, 9], [1, 1]]), nd.array([[1], [3]])).asnumpy()
    array([[1.],
           [2.]], dtype=float32)
    """
    return alpha * _solve(xp, A, B, transpose, rightside, lower)


def _solve(xp, a, b, transpose, rightside, lower):
    # X A = B is A' X' = B'.
    turned = transpose != rightside
    x = xp.solve_triangular(swap_last(xp, a, turned), swap_last(xp, b, rightside), lower != turned)
    return swap_last(xp, x, rightside)


@linalg_trsm.gradient
def _(xp, head, output, A, B, *, transpose, rightside, lower, alpha):
    grad = _solve(xp, A, head, not transpose, rightside, lower)
    other = swap_last(xp, output)
    of_a = -(xp.matmul(other, grad) if rightside else xp.matmul(grad, other))
    return _triangle(xp, swap_last(xp, of_a, transpose), lower), alpha * grad


@operator(floating(square_rule), aliases=("_linalg_potri",), stored_name="_linalg_potri")
def linalg_potri(xp, A, /):
    """Inverse of the matrix whose Cholesky factor is given: of the product of the factor with its transpose.

    Parameters
    ----------
    A : array, shape (…, n, n), floating
        Of which the lower triangle is taken.

    Returns
    -------
    array, like `A`
        NaN where the factor is singular.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``linalg_potri``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.linalg_potri(nd.array([[2, 0], [0, 4]])).asnumpy()
    array([[0.25  , 0.    ],
           [0.    , 0.0625]], dtype=float32)
    """
    inverse = xp.solve_triangular(A, xp.broadcast_to(xp.eye(A.shape[-1], dtype=A.dtype), A.shape), True)
    return xp.matmul(swap_last(xp, inverse), inverse)


def _sum_rule(inputs, outputs, params):
    (square,), _ = square_rule(inputs, [TensorType()], params)
    shape, out = square.shape, outputs[0].shape
    if shape is not None:
        out = merge_shapes(shape[:-2] or (1,), out)
    dtype = agree_dtype([square, outputs[0]])
    return [TensorType(shape, dtype)], [TensorType(out, dtype)]


@operator(floating(_sum_rule), aliases=("_linalg_sumlogdiag",), stored_name="_linalg_sumlogdiag", kind="reduction")
def linalg_sumlogdiag(xp, A, /):
    """Sum of the logarithms of the diagonal of each matrix.

    Parameters
    ----------
    A : array, shape (…, n, n), floating
        Positive on the diagonal.

    Returns
    -------
    array, shape of the axes before the matrix, or (1,)

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``linalg_sumlogdiag``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.linalg_sumlogdiag(nd.array([[1, 5], [5, 1]])).asnumpy()
    array([0.], dtype=float32)
    """
    total = xp.sum(xp.log(xp.diagonal(A, 0, A.ndim - 2, A.ndim - 1)), axis=(A.ndim - 2,))
    return xp.reshape(total, A.shape[:-2] or (1,))


def _diagonal_of(shape, params):
    before, n, m = _matrix(shape)
    if n is not None and n == m and abs(params["offset"]) >= n:
        raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(shape)} has no diagonal {params['offset']}", 0)
    return (*before, None if n is None else n - abs(params["offset"]))


def _with_diagonal_of(shape, params):
    if not shape:
        raise slot_error(ShapeError, "`{}` must have at least one axis", 0)
    n = None if shape[-1] is None else shape[-1] + abs(params["offset"])
    return (*shape[:-1], n, n)


def _square(rule):
    """Return the rule of an operator whose first input is square matrices."""

    def infer(inputs, outputs, params):
        inputs, _ = square_rule(inputs, [TensorType()], params)
        return rule(inputs, outputs, params)

    return floating(infer)


@operator(_square(moves(_diagonal_of, lambda out, shape, params: _with_diagonal_of(out, params))),
          aliases=("_linalg_extractdiag",), stored_name="_linalg_extractdiag", kind="shape")
def linalg_extractdiag(xp, A, /, *, offset: int = 0):
    """A diagonal of each matrix.

    Parameters
    ----------
    A : array, shape (…, n, n), floating
        The matrices.
    offset : int, optional
        Which diagonal: above the main one when positive.

    Returns
    -------
    array, shape (…, n - abs(offset))

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``linalg_extractdiag``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.linalg_extractdiag(nd.array([[1, 2], [3, 4]]), offset=1).asnumpy()
    array([2.], dtype=float32)
    """
    return xp.diagonal(A, offset, A.ndim - 2, A.ndim - 1)


@operator(floating(moves(_with_diagonal_of, lambda out, shape, params: _diagonal_of(out, params))),
          aliases=("_linalg_makediag",), stored_name="_linalg_makediag", kind="shape")
def linalg_makediag(xp, A, /, *, offset: int = 0):
    """Matrices with a given diagonal, and zeros elsewhere.

    Parameters
    ----------
    A : array, shape (…, n), floating
        What the diagonals hold.
    offset : int, optional
        Which diagonal: above the main one when positive.

    Returns
    -------
    array, shape (…, n + abs(offset), n + abs(offset))

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``linalg_makediag``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.linalg_makediag(nd.array([1, 2])).asnumpy()
    array([[1., 0.],
           [0., 2.]], dtype=float32)
    """
    n = A.shape[-1] + abs(offset)
    return with_diagonal(xp, A, offset, n, n)


def _places(n, params):
    """Return the places of a triangle in the elements of a square of `n` rows, one side of it after another."""
    k = params["offset"]
    below, above = np.tril_indices(n, -abs(k))
    return below * n + above if (k < 0 if k else params["lower"]) else above * n + below


def _triangle_of(shape, params):
    before, n, _ = _matrix(shape)
    if n is None:
        return (*before, None)
    n -= abs(params["offset"])
    if n < 1:
        raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(shape)} has no triangle {params['offset']}", 0)
    return (*before, n * (n + 1) // 2)


def _with_triangle_of(shape, params):
    if not shape:
        raise slot_error(ShapeError, "`{}` must have at least one axis", 0)
    size = shape[-1]
    if size is None:
        return (*shape[:-1], None, None)
    n = (math.isqrt(8 * size + 1) - 1) // 2
    if n * (n + 1) // 2 != size or not n:
        raise slot_error(ShapeError, f"the {size} elements along the last axis of `{{}}` do not fill a triangle", 0)
    n += abs(params["offset"])
    return (*shape[:-1], n, n)


@operator(_square(moves(_triangle_of, lambda out, shape, params: _with_triangle_of(out, params))),
          aliases=("_linalg_extracttrian",), stored_name="_linalg_extracttrian", kind="shape")
def linalg_extracttrian(xp, A, /, *, offset: int = 0, lower: bool = True):
    """A triangle of each matrix: a lower one row after row, an upper one column after column.

    Parameters
    ----------
    A : array, shape (…, n, n), floating
        The matrices.
    offset : int, optional
        The diagonal that the triangle begins with; one above the main one gives an upper triangle, one below it a lower
        triangle, whatever `lower`.
    lower : bool, optional
        From the main diagonal, the lower triangle; the upper one otherwise.

    Returns
    -------
    array, shape (…, k (k + 1) / 2) with k = n - abs(offset)

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``linalg_extracttrian``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.linalg_extracttrian(nd.array([[1, 2], [3, 4]])).asnumpy()
    array([1., 3., 4.], dtype=float32)
    """
    n = A.shape[-1]
    rows = xp.reshape(A, (*A.shape[:-2], n * n))
    return xp.take(rows, _places(n, {"offset": offset, "lower": lower}), axis=rows.ndim - 1)


@operator(floating(moves(_with_triangle_of, lambda out, shape, params: _triangle_of(out, params))),
          aliases=("_linalg_maketrian",), stored_name="_linalg_maketrian", kind="shape")
def linalg_maketrian(xp, A, /, *, offset: int = 0, lower: bool = True):
    """Matrices with a given triangle, and zeros elsewhere: the reverse of `linalg_extracttrian`.

    Parameters
    ----------
    A : array, shape (…, k (k + 1) / 2), floating
        What the triangles hold: a lower one row after row, an upper one column after column.
    offset : int, optional
        The diagonal that the triangle begins with; one above the main one gives an upper triangle, one below it a lower
        triangle, whatever `lower`.
    lower : bool, optional
        From the main diagonal, the lower triangle; the upper one otherwise.

    Returns
    -------
    array, shape (…, n, n) with n = k + abs(offset)

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``linalg_maketrian``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.linalg_maketrian(nd.array([1, 2, 3])).asnumpy()
    array([[1., 0.],
           [2., 3.]], dtype=float32)
    """
    shape, last = _with_triangle_of(A.shape, {"offset": offset}), A.ndim - 1
    with_zero = xp.concatenate((xp.zeros((*A.shape[:-1], 1), dtype=A.dtype), A), axis=last)
    source = np.zeros(shape[-1] ** 2, np.int64)
    source[_places(shape[-1], {"offset": offset, "lower": lower})] = np.arange(A.shape[-1]) + 1
    return xp.reshape(xp.take(with_zero, source, axis=last), shape)
