"""Adam in the eigenbases of Shampoo's matrices: SOAP."""

import math
from typing import Annotated

from ndarray.operator import operator
from ndarray.ops.optimizer_common import Beta, Bound, Choice, Least, StepNumber, of_matrices, rescaled, scalars_in
from ndarray.params import Positive, Scalar, Within
from ndarray.rules import fit, same_floating
from ndarray.tensortype import TensorType

KIND = "update"

MOST = 10000


def _sides(shape, params):
    """Return the axes of a tensor that have a basis."""
    if 0 in shape or len(shape) == 1 and not params.get("precondition_1d", False):
        return ()
    return tuple([a for a, d in enumerate(shape) if d <= params.get("max_precond_dim", MOST)])


def _based(inputs, outputs, params):
    """Take a weight, its gradient and means, and two vectors with a square matrix for each axis that has a basis."""
    tensors, outputs = same_floating(inputs[:4], outputs, params)
    shape, found = tensors[0].shape, []
    for slot in (4, 5):
        state = inputs[slot].shape
        if shape is not None and None not in shape:
            state = fit(state, (sum(shape[a] ** 2 for a in _sides(shape, params)),), slot)
        found.append(inputs[slot].merge(TensorType(state, of_matrices(tensors[0].dtype))))
    return [*tensors, *found], outputs


def _matrices(xp, flat, lengths):
    """Return the square matrices that lie flat, one after the other."""
    found, begin = [], 0
    for n in lengths:
        found.append(xp.reshape(xp.strided_slice(flat, (begin,), (begin + n * n,), (None,)), (n, n)))
        begin += n * n
    return found


def _flat(xp, matrices):
    return xp.concatenate(tuple([xp.reshape(m, (math.prod(m.shape),)) for m in matrices]), axis=0)


def _turned(xp, x, axes, bases):
    """Return `x` with each of the axes multiplied by the columns of its matrix."""
    for axis, basis in zip(axes, bases):
        moved = xp.moveaxis(x, axis, -1)
        rows = xp.reshape(moved, (math.prod(moved.shape[:-1]), moved.shape[-1]))
        x = xp.moveaxis(xp.reshape(xp.matmul(rows, basis), moved.shape), -1, axis)
    return x


def _products(xp, grad, axes):
    """Return the products of a gradient with itself along each of the axes."""
    for axis in axes:
        rows = xp.reshape(xp.moveaxis(grad, axis, 0), (grad.shape[axis], math.prod(grad.shape) // grad.shape[axis]))
        yield xp.matmul(rows, xp.swapaxes(rows, 0, 1))


def _first_bases(xp, var, axes, factors):
    """Return the eigenvectors of the matrices, those of large eigenvalues first."""
    return var, _flat(xp, [xp.flip(xp.eigh(factor)[1], axis=1) for factor in factors])


def _next_bases(xp, var, axes, factors, bases):
    """Return the bases after a power iteration, sorted by the eigenvalues that they estimate, and `var` likewise."""
    new = []
    for axis, factor, basis in zip(axes, factors, bases):
        product = xp.matmul(factor, basis)
        order = xp.flip(xp.argsort(xp.sum(basis * product, axis=0), axis=0, kind="stable"), axis=0)
        var = xp.take(var, order, axis)
        new.append(xp.qr(xp.take(product, order, 1))[0])
    return var, _flat(xp, new)


@operator(_based, writes=("mean", "var", "factors", "basis"), scalar_dtype="float64", half_in_float32=True)
def soap_update(xp, weight, grad, mean, var, factors, basis, /, *, lr: Scalar, beta1: Beta = 0.95, beta2: Beta = 0.95,
                shampoo_beta: Annotated[float, Within(-math.inf, 1)] = -1.0, epsilon: Least = 1e-8, wd: Scalar = 0.0,
                rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0, t: StepNumber,
                precondition_frequency: Positive = 10, max_precond_dim: int = MOST, precondition_1d: Choice = False,
                correct_bias: Choice = True):
    r"""Step by Adam's ratio in the eigenbases of the products of gradients along each axis (SOAP).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c), \qquad m_{t+1} = \beta_1 m_t + (1 - \beta_1) G, \qquad
       v_{t+1} = \beta_2 v_t + (1 - \beta_2) (Q_t^T G\, P_t)^2 \\
       w_{t+1} &= (1 - \eta\lambda) \Bigl(w_t - \eta \frac{\sqrt{1 - \beta_2^{t - 1}}}{1 - \beta_1^{t - 1}}
         Q_t \frac{Q_t^T m_{t+1} P_t}{\sqrt{v_{t+1}} + \epsilon} P_t^T\Bigr) \\
       L_{t+1} &= \beta L_t + (1 - \beta) G G^T, \qquad
       Q_{t+1} = \operatorname{qr}(L_{t+1} Q_t) \text{ every } k \text{ steps,} \qquad R, P \text{ likewise of columns}

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    mean : array, like `weight`, written
        Mean :math:`m_t` of gradients; zeros at first.
    var : array, like `weight`, written
        Mean :math:`v_t` of squares in the bases; zeros at first.
    factors : array, one axis, like `weight`, float32 beside 16 bits, written
        Means :math:`L_t` and :math:`R_t` of products, one axis after the other, each flat; zeros at first.
    basis : array, one axis, like `factors`, written
        The bases :math:`Q_t` and :math:`P_t`, likewise, of which each column is a vector; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    beta1 : Scalar, optional
        :math:`\beta_1`, what the mean of gradients keeps.
    beta2 : Scalar, optional
        :math:`\beta_2`, what the mean of squares keeps.
    shampoo_beta : float, optional
        :math:`\beta`, what the means of products keep; negative: as `beta2`.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of gradient.
    wd : Scalar, optional
        Decoupled weight decay :math:`\lambda`, after the step; the authors' default is 0.01.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient; -1 climbs.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    t : Scalar
        Number of this step, from 1.  The first one starts the bases, by eigenvectors, and moves nothing.
    precondition_frequency : int, optional
        Steps :math:`k` from one change of the bases to the next.
    max_precond_dim : int, optional
        Length of the longest axis that has a basis.
    precondition_1d : bool, optional
        Whether tensors of one axis have a basis; otherwise they are updated by Adam.
    correct_bias : bool, optional
        Whether the bias of the means is corrected.

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
    shampoo_update : By roots of the matrices in place of their eigenvectors.
    adamw_update : What it is where no axis has a basis, but for the first step.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    A matrix without full rank, as one of the two of every oblong weight is at first, has no unique eigenvectors; steps
    then depend on roundings.  Columns are sorted by the eigenvalues that they estimate, together with `var`.

    References
    ----------
    .. [1] N. Vyas et al., "SOAP: Improving and Stabilizing Shampoo using Adam", ICLR 2025,
       https://arxiv.org/abs/2409.11321

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, mean, var = nd.ones((2, 2)), nd.zeros((2, 2)), nd.zeros((2, 2))
    >>> factors, basis, grad = nd.zeros(8), nd.zeros(8), nd.array([[0, 2], [1, 0]])
    >>> for t in (1, 2):
    ...     weight = nd.soap_update(weight, grad, mean, var, factors, basis, lr=0.5, t=t)
    >>> weight.asnumpy().round(3)
    array([[1. , 0.5],
           [0.5, 1. ]], dtype=float32)
    """
    axes = _sides(weight.shape, {"max_precond_dim": max_precond_dim, "precondition_1d": precondition_1d})
    lengths, count = [weight.shape[a] for a in axes], t - 1
    scale, keep = scalars_in(xp, weight.dtype, rescale_grad, 1 - lr * wd)
    grad = rescaled(xp, grad, scale, clip_gradient)

    def moved(weight, grad, mean, var, basis):
        bases = _matrices(xp, basis, lengths)
        back, number = [xp.swapaxes(q, 0, 1) for q in bases], xp.maximum(count, 1.0)
        rate = lr * xp.sqrt(1 - beta2 ** number) / (1 - beta1 ** number) if correct_bias else lr
        b1, r1, b2, r2, eps, rate = scalars_in(xp, weight.dtype, beta1, 1 - beta1, beta2, 1 - beta2, epsilon, rate)
        turned, mean = _turned(xp, grad, axes, bases), b1 * mean + r1 * grad
        var = b2 * var + r2 * (turned * turned)
        step = _turned(xp, _turned(xp, mean, axes, bases) / (xp.sqrt(var) + eps), axes, back)
        return keep * (weight - rate * step), mean, var

    def as_before(weight, grad, mean, var, basis):
        return weight + xp.zeros_like(weight), mean, var

    weight, mean, var = xp.cond(count > 0, moved, as_before, weight, grad, mean, var, basis)
    if not axes:
        return weight, mean, var, factors + xp.zeros_like(factors), basis + xp.zeros_like(basis)
    beta = shampoo_beta if shampoo_beta >= 0 else beta2
    b, rest = scalars_in(xp, weight.dtype, beta, 1 - beta)
    factors = b * factors + rest * _flat(xp, list(_products(xp, grad, axes)))

    def next_bases(var, factors, basis):
        matrices = _matrices(xp, factors, lengths)
        return xp.cond(count > 0, lambda v, q: _next_bases(xp, v, axes, matrices, _matrices(xp, q, lengths)),
                       lambda v, q: _first_bases(xp, v, axes, matrices), var, basis)

    due = count == xp.floor(count / precondition_frequency) * precondition_frequency
    var, basis = xp.cond(due, next_bases, lambda var, factors, basis: (var, basis), var, factors, basis)
    return weight, mean, var, factors, basis
