"""Steps by the gradient over the curvature, which its user estimates: Sophia."""

from ndarray.operator import operator
from ndarray.ops.optimizer_common import Bound, Least, Share, StepNumber, rescaled, scalars_in
from ndarray.params import Scalar
from ndarray.rules import same_floating

KIND = "update"


@operator(same_floating, writes=("mean", "hess"), scalar_dtype="float64", half_in_float32=True, fusible=True)
def sophia_update(xp, weight, grad, curvature, mean, hess, /, *, lr: Scalar, beta1: Share = 0.96, beta2: Share = 0.99,
                  rho: Scalar = 0.04, epsilon: Least = 1e-12, period: Scalar = 10.0, wd: Scalar = 0.0,
                  rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0, t: StepNumber):
    r"""Step by the mean of gradients over the mean of curvatures, at most the rate (Sophia).

    .. math::

       G &= \operatorname{clip}(\rho_g g_t, c), \qquad m_{t+1} = \beta_1 m_t + (1 - \beta_1) G \\
       h_{t+1} &= \begin{cases} \beta_2 h_t + (1 - \beta_2)\, \hat h_t & t - 1 \text{ is a multiple of } k \\
         h_t & \text{else} \end{cases} \\
       w_{t+1} &= (1 - \eta\lambda)\, w_t
         - \eta \operatorname{clip}\!\left( m_{t+1} / \max(\rho h_{t+1}, \epsilon),\, 1 \right)

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    curvature : array, like `weight`
        Estimate :math:`\hat h_t` of the diagonal of the Hessian: Hutchinson's, or the squares of a gradient with
        sampled labels times the size of the batch.  It is read at every `period`-th step only.
    mean : array, like `weight`, written
        Running mean of gradients :math:`m_t`; zeros at first.
    hess : array, like `weight`, written
        Running mean of the estimates :math:`h_t`; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    beta1, beta2 : Scalar, optional
        What the running means keep.
    rho : Scalar, optional
        :math:`\rho`, how far the curvature shortens steps: the more, the fewer of them are as long as the rate.
    epsilon : Scalar, optional
        :math:`\epsilon`, the least that divides.
    period : Scalar, optional
        Steps :math:`k` from one estimate to the next.
    wd : Scalar, optional
        Decoupled weight decay :math:`\lambda`.
    rescale_grad : Scalar, optional
        :math:`\rho_g`, factor of the gradient; -1 climbs.
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
    adamw_update : By the root of squared gradients.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    While the curvature is still zero, each element moves by the rate.

    References
    ----------
    .. [1] H. Liu et al., "Sophia: A Scalable Stochastic Second-order Optimizer for Language Model Pre-training", ICLR
       2024, https://arxiv.org/abs/2305.14342

    Examples
    --------
    >>> import ndarray as nd
    >>> mean, hess = nd.zeros(2), nd.zeros(2)
    >>> nd.sophia_update(nd.array([1, 1]), nd.array([2, 2]), nd.array([1, 16]), mean, hess, lr=0.5, beta1=0.5,
    ...                  beta2=0.5, rho=0.25, t=1).asnumpy()
    array([0.5 , 0.75], dtype=float32)
    """
    dtype = weight.dtype
    reads = (t - 1) / period == xp.floor((t - 1) / period)
    rest1, rest2, decay, one = scalars_in(xp, dtype, 1 - beta1, 1 - beta2, 1 - lr * wd, 1.0)
    lr, beta1, beta2 = scalars_in(xp, dtype, lr, beta1, beta2)
    rho, epsilon, scale = scalars_in(xp, dtype, rho, epsilon, rescale_grad)
    grad = rescaled(xp, grad, scale, clip_gradient)
    mean = beta1 * mean + rest1 * grad
    hess = xp.where(reads, beta2 * hess + rest2 * curvature, hess)
    return decay * weight - lr * xp.clip(mean / xp.maximum(rho * hess, epsilon), one), mean, hess
