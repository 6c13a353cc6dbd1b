"""Steps by the gradient over a matrix for each axis: Shampoo."""

import math

from ndarray.dtypes import FLOAT64
from ndarray.operator import operator
from ndarray.ops.optimizer_common import Bound, Rate, of_matrices, rescaled, scalars_in
from ndarray.params import Scalar
from ndarray.rules import fit, same_floating
from ndarray.tensortype import TensorType

KIND = "update"

MOST = 1200


def _axis_matrices(inputs, outputs, params):
    """Take a weight, its gradient, and a vector with a square matrix for each axis."""
    tensors, outputs = same_floating(inputs[:2], outputs, params)
    shape, state = tensors[0].shape, inputs[2].shape
    if shape is not None and None not in shape:
        most = params.get("max_precond_dim", MOST)
        state = fit(state, (sum(d * d if d <= most else d for d in shape),), 2)
    return [*tensors, inputs[2].merge(TensorType(state, of_matrices(tensors[0].dtype)))], outputs


def _inverse_root(xp, factor, least, power):
    """Return a symmetric matrix to the power of ``-1 / power``, in float64; no eigenvalue is below `least`."""
    values, vectors = xp.eigh(factor)
    values = xp.power(xp.maximum(values, least), xp.as_scalar(-1 / power, FLOAT64))
    return xp.matmul(vectors * xp.expand_dims(values, -2), xp.swapaxes(vectors, -2, -1))


def _along(xp, grad, step, axis, last, epsilon, power):
    """Return the sums along an axis with a gradient's, flat, and a step over a root of them, in float64."""
    length, least = grad.shape[axis], xp.as_scalar(epsilon, FLOAT64)
    rows = xp.reshape(xp.moveaxis(grad, axis, 0), (length, math.prod(grad.shape) // length))
    moved = xp.moveaxis(step, axis, 0)
    if last.shape[0] == length > 1:
        factor = last + xp.sum(rows * rows, axis=1)
        root = xp.power(xp.astype(factor, FLOAT64) + least, xp.as_scalar(-1 / power, FLOAT64))
        spread = xp.expand_dims(root, 1) * xp.reshape(moved, rows.shape)
    else:
        factor = xp.reshape(last, (length, length)) + xp.matmul(rows, xp.swapaxes(rows, 0, 1))
        root = _inverse_root(xp, xp.astype(factor, FLOAT64) + least * xp.eye(length, dtype=FLOAT64), least, power)
        spread, factor = xp.matmul(root, xp.reshape(moved, rows.shape)), xp.reshape(factor, (length * length,))
    return factor, xp.moveaxis(xp.reshape(spread, moved.shape), 0, axis)


@operator(_axis_matrices, writes=("factors",), scalar_dtype="float64", half_in_float32=True)
def shampoo_update(xp, weight, grad, factors, /, *, lr: Scalar, epsilon: Rate = 1e-6, wd: Scalar = 0.0,
                   rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0, max_precond_dim: int = MOST):
    r"""Step by the gradient over roots of the sums of its products along each axis (Shampoo).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c), \qquad
       L^a_{t+1} = L^a_t + G_{(a)} G_{(a)}^T \text{ for each of } k \text{ axes} \\
       w_{t+1} &= (1 - \eta\lambda)\, w_t - \eta\, G \times_1 (\epsilon I + L^1_{t+1})^{-1 / 2k} \dots
         \times_k (\epsilon I + L^k_{t+1})^{-1 / 2k}

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    factors : array, one axis, like `weight`, float32 beside 16 bits, written
        Sums of products :math:`L^a`, one axis after the other, each flat; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of gradient squared, that is on the diagonals from the start.
    wd : Scalar, optional
        Decoupled weight decay :math:`\lambda`.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient; -1 climbs.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    max_precond_dim : int, optional
        Length of the longest axis that has a matrix; of longer ones the diagonal is kept, as in the paper.

    Returns
    -------
    array, like `weight`
        The weights :math:`w_{t+1}`.

    Raises
    ------
    ShapeError, DTypeError
        If the arrays differ in shape or dtype, or the dtype is not floating.

    See Also
    --------
    adagrad_update : With the diagonals alone.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    Roots are taken in float64 at each step.  Grafting, blocks and rarer roots are of another paper.

    References
    ----------
    .. [1] V. Gupta, T. Koren, Y. Singer, "Shampoo: Preconditioned Stochastic Tensor Optimization", ICML 2018,
       https://arxiv.org/abs/1802.09568

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, factors = nd.ones((2, 2)), nd.zeros(8)
    >>> nd.shampoo_update(weight, nd.array([[4, 0], [0, 2]]), factors, lr=0.5).asnumpy().round(3)
    array([[0.5, 1. ],
           [1. , 0.5]], dtype=float32)
    """
    dtype, axes = weight.dtype, weight.ndim
    rate, decay, scale = scalars_in(xp, dtype, lr, 1 - lr * wd, rescale_grad)
    grad = rescaled(xp, grad, scale, clip_gradient)
    if not axes or 0 in weight.shape:
        return decay * weight - rate * grad, factors + xp.zeros_like(factors)
    step, new, begin = xp.astype(grad, FLOAT64), [], 0
    for axis, length in enumerate(weight.shape):
        size = length * length if length <= max_precond_dim else length
        last = xp.strided_slice(factors, (begin,), (begin + size,), (None,))
        begin += size
        factor, step = _along(xp, grad, step, axis, last, epsilon, 2 * axes)
        new.append(factor)
    return decay * weight - rate * xp.astype(step, dtype), xp.concatenate(tuple(new), axis=0)
