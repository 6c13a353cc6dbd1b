"""Momentum of gradients over a norm of their tensor: NovoGrad."""

from ndarray.dtypes import FLOAT64
from ndarray.operator import operator
from ndarray.ops.optimizer_common import (
    Bound,
    Choice,
    Least,
    Share,
    StepNumber,
    one_number,
    rescaled,
    scalars_in,
    squared_norm,
)
from ndarray.params import Scalar

KIND = "update"


@operator(one_number(4), writes=("mean", "var"), scalar_dtype="float64", half_in_float32=True)
def novograd_update(xp, weight, grad, mean, var, /, *, lr: Scalar, beta1: Share = 0.95, beta2: Share = 0.98,
                    epsilon: Least = 1e-8, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0,
                    t: StepNumber, grad_averaging: Choice = False):
    r"""Step by a momentum of gradients, each over the mean norm of its tensor (NovoGrad).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c), \qquad v_1 = \lVert G \rVert^2 \text{ at first, then }
       v_{t+1} = \beta_2 v_t + (1 - \beta_2) \lVert G \rVert^2 \\
       m_{t+1} &= \beta_1 m_t + \frac{G}{\sqrt{v_{t+1}} + \epsilon} + \lambda w_t, \qquad w_{t+1} = w_t - \eta m_{t+1}

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    mean : array, like `weight`, written
        Momentum :math:`m_t`; zeros at first.
    var : array, one element, floating, by default float32 or float64 like `weight`, written
        Running mean of squared norms :math:`v_t`; the first step does not read it.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    beta1, beta2 : Scalar, optional
        What momentum and running mean keep.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of gradient.
    wd : Scalar, optional
        Weight decay :math:`\lambda`, added to the divided gradient.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient; -1 climbs.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    t : Scalar
        Number of this step, from 1.
    grad_averaging : bool, optional
        Whether what is added to the momentum is multiplied by :math:`1 - \beta_1`.

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
    multi_lamb_update : By a norm of the step and one of the weight.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    The betas are the paper's; Optax has 0.9 and 0.25.

    References
    ----------
    .. [1] B. Ginsburg et al., "Stochastic Gradient Methods with Layer-wise Adaptive Moments for Training of Deep
       Networks", 2019, https://arxiv.org/abs/1905.11286

    Examples
    --------
    >>> import ndarray as nd
    >>> mean, var = nd.zeros(2), nd.zeros(1)
    >>> nd.novograd_update(nd.array([1, 1]), nd.array([3, 4]), mean, var, lr=0.5, epsilon=0, t=1).asnumpy()
    array([0.7, 0.6], dtype=float32)
    >>> var.asnumpy()
    array([25.], dtype=float32)
    """
    dtype = weight.dtype
    scale, rate, decay, part = scalars_in(xp, dtype, rescale_grad, lr, wd, 1 - beta1 if grad_averaging else 1.0)
    grad = rescaled(xp, grad, scale, clip_gradient)
    squares, last = squared_norm(xp, grad), xp.as_scalar(var, FLOAT64)
    now = xp.where(t == 1, squares, beta2 * last + (1 - beta2) * squares)
    root, beta1 = scalars_in(xp, dtype, xp.sqrt(now) + epsilon, beta1)
    mean = beta1 * mean + part * (grad / root + decay * weight)
    return weight - rate * mean, mean, xp.reshape(xp.as_scalar(now, var.dtype), var.shape)
