"""Adam that does not grow the norm of weights whose scale has no effect: AdamP."""

import math

from ndarray.operator import operator
from ndarray.ops.optimizer_common import Beta, Bound, Choice, Least, StepNumber, rescaled, scalars_in
from ndarray.params import Scalar
from ndarray.rules import same_floating

KIND = "update"


def _total(xp, x, rows):
    """Return the sum of `x` over each row, or over all rows, in a shape that spreads over `x`."""
    axes = tuple(range(1 if rows else 0, x.ndim))
    return xp.sum(x, axis=axes, keepdims=True)


def _flat(xp, weight, grad, step, delta, epsilon, rows):
    """Return whether gradient and weight are nearly perpendicular, and the step without its part along the weight."""
    size, length = (xp.sqrt(_total(xp, x * x, rows)) for x in (weight, grad))
    cosine = xp.abs(_total(xp, weight * grad, rows)) / (xp.maximum(size, epsilon) * xp.maximum(length, epsilon))
    view = math.prod(weight.shape[1 if rows else 0:])
    unit = weight / (size + epsilon)
    return xp.max(cosine) < delta / math.sqrt(max(view, 1)), step - unit * _total(xp, unit * step, rows)



@operator(same_floating, writes=("mean", "var"), scalar_dtype="float64", half_in_float32=True)
def adamp_update(xp, weight, grad, mean, var, /, *, lr: Scalar, beta1: Beta = 0.9, beta2: Beta = 0.999,
                 epsilon: Least = 1e-8, delta: Scalar = 0.1, wd_ratio: Scalar = 0.1, wd: Scalar = 0.0,
                 rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0, t: StepNumber, nesterov: Choice = False):
    r"""Step by Adam's ratio without the part that only changes the norm of the weight (AdamP).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c), \qquad
       m_{t+1} = \beta_1 m_t + (1 - \beta_1) G, \qquad v_{t+1} = \beta_2 v_t + (1 - \beta_2) G^2 \\
       p &= \frac{m_{t+1}}{\sqrt{v_{t+1}} + \epsilon} \sqrt{1 - \beta_2^t}, \qquad
       \Pi(p) = p - \hat w (\hat w \cdot p), \quad \hat w = w_t / \lVert w_t \rVert \\
       q, r &= \begin{cases} \Pi(p), r_\lambda & \max \lvert \cos(w_t, G) \rvert < \delta / \sqrt{n}
         \text{ of rows, or else of the tensor} \\ p, 1 & \text{else} \end{cases} \\
       w_{t+1} &= (1 - \eta\lambda r)\, w_t - \eta\, q / (1 - \beta_1^t)

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    mean : array, like `weight`, written
        Running mean of gradients :math:`m_t`; zeros at first.
    var : array, like `weight`, written
        Running mean of squared gradients :math:`v_t`; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    beta1, beta2 : Scalar, optional
        What the running means keep.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of gradient.
    delta : Scalar, optional
        :math:`\delta`, how near to perpendicular weight and gradient must be, times the root of the number of
        elements.
    wd_ratio : Scalar, optional
        :math:`r_\lambda`, factor of the decay where the step is projected.
    wd : Scalar, optional
        Decoupled weight decay :math:`\lambda`.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient; -1 climbs.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    t : Scalar
        Number of this step, from 1.
    nesterov : bool, optional
        Whether the mean looks ahead by one gradient.

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
    adam_update : Without the projection.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    Tensors of one axis are never projected.  The projection is that of rows where it is for them, else that of the
    whole tensor.

    References
    ----------
    .. [1] B. Heo et al., "AdamP: Slowing Down the Slowdown for Momentum Optimizers on Scale-invariant Weights", ICLR
       2021, https://arxiv.org/abs/2006.08217

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, mean, var = nd.array([[1, 0]]), nd.zeros((1, 2)), nd.zeros((1, 2))
    >>> nd.adamp_update(weight, nd.array([[0, 2]]), mean, var, lr=0.5, beta1=0.5, beta2=0.75, t=1).asnumpy()
    array([[ 1. , -0.5]], dtype=float32)
    """
    dtype = weight.dtype
    rate, root = scalars_in(xp, dtype, lr / (1 - beta1 ** t), xp.sqrt(1 - beta2 ** t))
    rest1, rest2 = scalars_in(xp, dtype, 1 - beta1, 1 - beta2)
    plain, less = scalars_in(xp, dtype, 1 - lr * wd, 1 - lr * wd * wd_ratio)
    beta1, beta2, epsilon, scale = scalars_in(xp, dtype, beta1, beta2, epsilon, rescale_grad)
    delta, = scalars_in(xp, dtype, delta)
    grad = rescaled(xp, grad, scale, clip_gradient)
    mean = beta1 * mean + rest1 * grad
    var = beta2 * var + rest2 * (grad * grad)
    ahead = beta1 * mean + rest1 * grad if nesterov else mean
    step = ahead / (xp.sqrt(var) + epsilon) * root
    if weight.ndim < 2 or 0 in weight.shape:
        return plain * weight - rate * step, mean, var
    by_row, without_row = _flat(xp, weight, grad, step, delta, epsilon, True)
    whole, without = _flat(xp, weight, grad, step, delta, epsilon, False)
    step = xp.where(by_row, without_row, xp.where(whole, without, step))
    decay = xp.where(by_row, less, xp.where(whole, less, plain))
    return decay * weight - rate * step, mean, var
