"""Adam with Nesterov's momentum of gradients and of their differences: Adan."""

from ndarray.operator import operator
from ndarray.ops.optimizer_common import Beta, Bound, Choice, Least, StepNumber, rescaled, scalars_in
from ndarray.params import Scalar
from ndarray.rules import same_floating

KIND = "update"


@operator(same_floating, writes=("mean", "diff", "var", "prev"), scalar_dtype="float64",
          half_in_float32=True, fusible=True)
def adan_update(xp, weight, grad, mean, diff, var, prev, /, *, lr: Scalar, beta1: Beta = 0.98, beta2: Beta = 0.92,
                beta3: Beta = 0.99, epsilon: Least = 1e-8, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0,
                clip_gradient: Bound = -1.0, t: StepNumber, no_prox: Choice = False):
    r"""Step by the means of gradients and of their differences (Adan).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c), \qquad D = G - p_t, \quad D = 0 \text{ at first}, \qquad p_{t+1} = G \\
       m_{t+1} &= \beta_1 m_t + (1 - \beta_1) G, \qquad d_{t+1} = \beta_2 d_t + (1 - \beta_2) D, \qquad
       v_{t+1} = \beta_3 v_t + (1 - \beta_3) (G + \beta_2 D)^2 \\
       w_{t+1} &= \frac{1}{1 + \eta\lambda} \left( w_t - \eta\,
         \frac{m_{t+1} / (1 - \beta_1^t) + \beta_2 d_{t+1} / (1 - \beta_2^t)}
         {\sqrt{v_{t+1} / (1 - \beta_3^t)} + \epsilon} \right)

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    mean : array, like `weight`, written
        Running mean of gradients :math:`m_t`; zeros at first.
    diff : array, like `weight`, written
        Running mean of the differences of gradients :math:`d_t`; zeros at first.
    var : array, like `weight`, written
        Running mean of the squares of gradients that look ahead :math:`v_t`; zeros at first.
    prev : array, like `weight`, written
        Last gradient :math:`p_t`; the first step does not read it.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    beta1, beta2, beta3 : Scalar, optional
        What the running means keep.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of gradient.
    wd : Scalar, optional
        Decoupled weight decay :math:`\lambda`.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient; -1 climbs.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    t : Scalar
        Number of this step, from 1.
    no_prox : bool, optional
        Whether the weight is multiplied by :math:`1 - \eta\lambda` before the step, in place of a division after it.

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
    nadam_update : By a momentum that looks ahead, without differences.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    The betas are what is kept, as in the authors' code; those of the paper are one minus these.  Optax multiplies the
    difference by one minus `beta2`.

    References
    ----------
    .. [1] X. Xie et al., "Adan: Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep Models", 2022,
       https://arxiv.org/abs/2208.06677

    Examples
    --------
    >>> import ndarray as nd
    >>> states = [nd.zeros(1) for _ in range(4)]
    >>> nd.adan_update(nd.array([1]), nd.array([2]), *states, lr=0.5, epsilon=0, t=1).asnumpy()
    array([0.5], dtype=float32)
    """
    dtype = weight.dtype
    of_mean, of_diff = scalars_in(xp, dtype, lr / (1 - beta1 ** t), lr * beta2 / (1 - beta2 ** t))
    root, rest1, rest2, rest3 = scalars_in(xp, dtype, xp.sqrt(1 - beta3 ** t), 1 - beta1, 1 - beta2, 1 - beta3)
    keep, shrink = scalars_in(xp, dtype, 1 - lr * wd, 1 + lr * wd)
    beta1, beta2, beta3, epsilon, scale = scalars_in(xp, dtype, beta1, beta2, beta3, epsilon, rescale_grad)
    grad = rescaled(xp, grad, scale, clip_gradient)
    change = xp.where(t == 1, xp.zeros_like(grad), grad - prev)
    mean = beta1 * mean + rest1 * grad
    diff = beta2 * diff + rest2 * change
    ahead = grad + beta2 * change
    var = beta3 * var + rest3 * (ahead * ahead)
    step = (of_mean * mean + of_diff * diff) / (xp.sqrt(var) / root + epsilon)
    return keep * weight - step if no_prox else (weight - step) / shrink, mean, diff, var, grad
