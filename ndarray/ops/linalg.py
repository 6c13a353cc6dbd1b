"""Linear algebra under MXNet's ``linalg_`` names: scaled products, Cholesky factor, inverse."""

from ndarray.errors import ShapeError
from ndarray.operator import operator
from ndarray.ops.dot import batch_rule, product_gradient, swap_last
from ndarray.params import Scalar
from ndarray.rules import agree_dtype, check_floating, slot_error
from ndarray.rules_shape import place_of
from ndarray.tensortype import TensorType, merge_shapes, show_shape


def floating(rule):
    """Return `rule`, refusing other dtypes than floating ones."""

    def infer(inputs, outputs, params):
        inputs, outputs = rule(inputs, outputs, params)
        check_floating(inputs)
        return inputs, outputs

    return infer


def _rows_moved(shape, axis, to, slot):
    """Return a shape whose rows are along `axis` with these at `to`, or the other way round."""
    if shape is None:
        return None
    if len(shape) < 2:
        raise slot_error(ShapeError, f"`{{}}` has shape {show_shape(shape)}, expected at least two axes", slot)
    moved, axis = list(shape), place_of(axis, len(shape), slot)
    moved[axis], moved[to] = moved[to], moved[axis]
    return tuple(moved)


def _rows_along_axis(rule):
    """Return the rule of matrices whose rows are along ``params['axis']``."""

    def infer(inputs, outputs, params):
        if params["axis"] == -2:
            return rule(inputs, outputs, params)

        def moved(types):
            return [TensorType(_rows_moved(t.shape, params["axis"], -2, k), t.dtype) for k, t in enumerate(types)]

        found = rule(moved(inputs), moved(outputs), params)
        return [moved(types) for types in found]

    return infer


def _rows(xp, x, axis):
    """Move the rows, which are along `axis`, to where a matrix has them; and back."""
    return x if axis in (-2, x.ndim - 2) else xp.swapaxes(x, axis, -2)


@operator(floating(_rows_along_axis(batch_rule)), aliases=("_linalg_gemm2",), stored_name="_linalg_gemm2")
def linalg_gemm2(xp, A, B, /, *, transpose_a: bool = False, transpose_b: bool = False, alpha: Scalar = 1.0,
                 axis: int = -2):
    r"""Scaled product of matrices, :math:`\alpha A B`.

    Parameters
    ----------
    A, B : array, shape (…, n, m), one floating dtype
        The factors.
    transpose_a, transpose_b : bool, optional
        Transpose `A`, `B` first.
    alpha : float, optional
        The scale.
    axis : int, optional
        The axis of the matrices' rows; their columns are along the last one.

    Returns
    -------
    array

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``linalg_gemm2``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.linalg_gemm2(nd.ones((2, 3)), nd.ones((3, 4)), alpha=2).asnumpy()[0, 0]
    np.float32(6.0)
    """
    A, B = _rows(xp, A, axis), _rows(xp, B, axis)
    return _rows(xp, alpha * xp.matmul(swap_last(xp, A, transpose_a), swap_last(xp, B, transpose_b)), axis)


def _gemm_rule(inputs, outputs, params):
    ins, outs = batch_rule(inputs[:2], [inputs[2].merge(outputs[0])], params)
    return [*ins, outs[0]], outs


@operator(floating(_rows_along_axis(_gemm_rule)), aliases=("_linalg_gemm",), stored_name="_linalg_gemm")
def linalg_gemm(xp, A, B, C, /, *, transpose_a: bool = False, transpose_b: bool = False, alpha: Scalar = 1.0,
                beta: Scalar = 1.0, axis: int = -2):
    r"""Scaled product of matrices and a scaled matrix, :math:`\alpha A B + \beta C`.

    Parameters
    ----------
    A, B : array, shape (…, n, m), one floating dtype
        The factors.
    C : array, like the result
        Added.
    transpose_a, transpose_b : bool, optional
        Transpose `A`, `B` first.
    alpha, beta : float, optional
        The scales.
    axis : int, optional
        The axis of the matrices' rows; their columns are along the last one.

    Returns
    -------
    array, like `C`

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``linalg_gemm``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.linalg_gemm(nd.ones((2, 3)), nd.ones((3, 4)), nd.ones((2, 4))).asnumpy()[0, 0]
    np.float32(4.0)
    """
    return linalg_gemm2(xp, A, B, transpose_a=transpose_a, transpose_b=transpose_b, alpha=alpha, axis=axis) + beta * C


@linalg_gemm2.gradient
def _(xp, head, output, A, B, *, transpose_a, transpose_b, alpha, axis):
    head, A, B = (_rows(xp, x, axis) for x in (head, A, B))
    return tuple([_rows(xp, g, axis) for g in product_gradient(xp, alpha * head, A, B, transpose_a, transpose_b)])


@linalg_gemm.gradient
def _(xp, head, output, A, B, C, *, transpose_a, transpose_b, alpha, beta, axis):
    back, A, B = (_rows(xp, x, axis) for x in (head, A, B))
    grads = product_gradient(xp, alpha * back, A, B, transpose_a, transpose_b)
    return *(_rows(xp, g, axis) for g in grads), beta * head


def _square_of(shape, params):
    n = shape[-1] if params.get("transpose") else shape[-2]
    return (*shape[:-2], n, n)


def _syrk_rule(inputs, outputs, params):
    dtype, shape = agree_dtype(inputs + outputs), inputs[0].shape
    if shape is not None and len(shape) < 2:
        raise slot_error(ShapeError, f"`{{}}` of shape {show_shape(shape)} is not a matrix", 0)
    out = outputs[0].shape if shape is None else merge_shapes(_square_of(shape, params), outputs[0].shape)
    return [TensorType(shape, dtype)], [TensorType(out, dtype)]


@operator(floating(_syrk_rule), aliases=("_linalg_syrk",), stored_name="_linalg_syrk")
def linalg_syrk(xp, A, /, *, transpose: bool = False, alpha: Scalar = 1.0):
    r"""Scaled product of a matrix with its own transpose, :math:`\alpha A A^T`.

    Parameters
    ----------
    A : array, shape (…, n, m), floating
        The matrix.
    transpose : bool, optional
        :math:`\alpha A^T A` instead.
    alpha : float, optional
        The scale.

    Returns
    -------
    array, shape (…, n, n)

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``linalg_syrk``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.linalg_syrk(nd.ones((2, 3))).asnumpy()[0, 0]
    np.float32(3.0)
    """
    other = swap_last(xp, A)
    return alpha * (xp.matmul(other, A) if transpose else xp.matmul(A, other))


@linalg_syrk.gradient
def _(xp, head, output, A, *, transpose, alpha):
    both = alpha * (head + swap_last(xp, head))
    return (xp.matmul(A, both) if transpose else xp.matmul(both, A),)


def square_rule(inputs, outputs, params):
    """Square matrices on the last two axes; the output is like them."""
    common = inputs[0].merge(outputs[0])
    if common.shape is not None and (len(common.shape) < 2 or len({*common.shape[-2:]} - {None}) > 1):
        raise slot_error(ShapeError, f"`{{}}` must be square, got {show_shape(common.shape)}", 0)
    return [common], [common]


@operator(floating(square_rule), aliases=("_linalg_potrf",), stored_name="_linalg_potrf", primitive=True)
def linalg_potrf(xp, A, /):
    """Cholesky factor: the lower triangular matrix whose product with its transpose is `A`.

    Parameters
    ----------
    A : array, shape (…, n, n), floating
        The symmetric matrices, of which the lower triangle is taken; NaN where one is not positive definite.

    Returns
    -------
    array, like `A`

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``linalg_potrf``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.linalg_potrf(nd.array([[4, 2], [2, 5]])).asnumpy()
    array([[2., 0.],
           [1., 2.]], dtype=float32)
    """
    return xp.cholesky(A)


@linalg_potrf.gradient
def _(xp, head, output, A):
    # Murray, "Differentiation of the Cholesky decomposition", arXiv:1602.07527, eq. 10.
    rows = xp.arange(A.shape[-1])
    below = xp.expand_dims(rows, 1) - rows
    half = xp.astype(below > 0, A.dtype) + xp.astype(below == 0, A.dtype) * 0.5
    inverse = xp.inv(output)
    inner = xp.matmul(swap_last(xp, output), head) * half
    full = xp.matmul(xp.matmul(swap_last(xp, inverse), inner), inverse)
    return (0.5 * (full + swap_last(xp, full)),)


@operator(floating(square_rule), aliases=("_linalg_inverse",), stored_name="_linalg_inverse", primitive=True)
def linalg_inverse(xp, A, /):
    """Inverse of each matrix.

    Parameters
    ----------
    A : array, shape (…, n, n), floating
        The matrices; NaN where one is singular.

    Returns
    -------
    array, like `A`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.linalg_inverse(nd.array([[2, 0], [0, 4]])).asnumpy()
    array([[0.5 , 0.  ],
           [0.  , 0.25]], dtype=float32)
    """
    return xp.inv(A)


@linalg_inverse.gradient
def _(xp, head, output, A):
    back = swap_last(xp, output)
    return (-xp.matmul(xp.matmul(back, head), back),)
