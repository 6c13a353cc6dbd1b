"""Adam with a second mean of gradients, which is slow: AdEMAMix."""

from ndarray.operator import operator
from ndarray.ops.optimizer_common import Beta, Bound, Least, StepNumber, rescaled, scalars_in
from ndarray.params import Scalar
from ndarray.rules import same_floating

KIND = "update"


@operator(same_floating, writes=("mean", "slow", "var"), scalar_dtype="float64", half_in_float32=True, fusible=True)
def ademamix_update(xp, weight, grad, mean, slow, var, /, *, lr: Scalar, beta1: Beta = 0.9, beta2: Beta = 0.999,
                    beta3: Beta = 0.9999, alpha: Scalar = 5.0, alpha_steps: Least = 0.0, beta3_steps: Least = 0.0,
                    epsilon: Least = 1e-8, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0,
                    t: StepNumber):
    r"""Step by a fast and a slow mean of gradients over the root of squares (AdEMAMix).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c), \qquad \alpha_t = \min(t / T_\alpha, 1)\, \alpha, \qquad
       s = \min(t / T_\beta, 1), \quad \frac{1}{\ln \beta_{3,t}} = \frac{1 - s}{\ln \beta_1} + \frac{s}{\ln \beta_3} \\
       m_{t+1} &= \beta_1 m_t + (1 - \beta_1) G, \qquad n_{t+1} = \beta_{3,t} n_t + (1 - \beta_{3,t}) G, \qquad
       v_{t+1} = \beta_2 v_t + (1 - \beta_2) G^2 \\
       w_{t+1} &= (1 - \eta\lambda)\, w_t - \eta\,
         \frac{m_{t+1} / (1 - \beta_1^t) + \alpha_t n_{t+1}}{\sqrt{v_{t+1} / (1 - \beta_2^t)} + \epsilon}

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    mean : array, like `weight`, written
        Running mean of gradients :math:`m_t`; zeros at first.
    slow : array, like `weight`, written
        Slow running mean of gradients :math:`n_t`, whose bias is not corrected; zeros at first.
    var : array, like `weight`, written
        Running mean of squared gradients :math:`v_t`; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    beta1, beta2, beta3 : Scalar, optional
        What the running means keep.
    alpha : Scalar, optional
        Weight :math:`\alpha` of the slow mean.
    alpha_steps, beta3_steps : Scalar, optional
        Steps :math:`T` in which `alpha` grows from 0 and `beta3` from `beta1`, the latter evenly in half-life; 0: they
        are there at once.
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
    adamw_update : Without the slow mean.

    Notes
    -----
    MXNet 1.9.1 has no such operator.

    References
    ----------
    .. [1] M. Pagliardini, P. Ablin, D. Grangier, "The AdEMAMix Optimizer: Better, Faster, Older", ICLR 2025,
       https://arxiv.org/abs/2409.03137

    Examples
    --------
    >>> import ndarray as nd
    >>> states = [nd.zeros(1) for _ in range(3)]
    >>> nd.ademamix_update(nd.array([1]), nd.array([2]), *states, lr=0.5, beta1=0.5, beta2=0.75,
    ...                    beta3=0.9, alpha=10, epsilon=0, t=1).asnumpy()
    array([0.], dtype=float32)
    """
    dtype = weight.dtype
    share = xp.minimum(t / xp.maximum(beta3_steps, 1.0), 1.0)
    grown = xp.exp(1 / ((1 - share) / xp.log(beta1) + share / xp.log(beta3)))
    beta3 = xp.minimum(grown, beta3)
    alpha, = scalars_in(xp, dtype, xp.minimum(t / xp.maximum(alpha_steps, 1.0), 1.0) * alpha)
    fill, root, decay = scalars_in(xp, dtype, 1 - beta1 ** t, xp.sqrt(1 - beta2 ** t), 1 - lr * wd)
    rest1, rest2, rest3 = scalars_in(xp, dtype, 1 - beta1, 1 - beta2, 1 - beta3)
    lr, beta1, beta2, beta3 = scalars_in(xp, dtype, lr, beta1, beta2, beta3)
    epsilon, scale = scalars_in(xp, dtype, epsilon, rescale_grad)
    grad = rescaled(xp, grad, scale, clip_gradient)
    mean = beta1 * mean + rest1 * grad
    slow = beta3 * slow + rest3 * grad
    var = beta2 * var + rest2 * (grad * grad)
    step = (mean / fill + alpha * slow) / (xp.sqrt(var) / root + epsilon)
    return decay * weight - lr * step, mean, slow, var
