"""AdamW of gradients whose variance is reduced: MARS."""

from ndarray.operator import operator
from ndarray.ops.optimizer_common import Beta, Bound, Choice, Least, StepNumber, rescaled, scalars_in, squared_norm
from ndarray.params import Scalar
from ndarray.rules import same_floating

KIND = "update"


@operator(same_floating, writes=("mean", "var", "last"), scalar_dtype="float64", half_in_float32=True)
def mars_update(xp, weight, grad, mean, var, last, /, *, lr: Scalar, beta1: Beta = 0.95, beta2: Beta = 0.99,
                gamma: Scalar = 0.025, epsilon: Least = 1e-8, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0,
                clip_gradient: Bound = -1.0, t: StepNumber, optimize_1d: Choice = False, beta1_1d: Beta = 0.9,
                beta2_1d: Beta = 0.95, lr_1d_factor: Scalar = 1.0, wd_1d_factor: Scalar = 1.0):
    r"""Step as AdamW does, by gradients corrected by how they changed (MARS-AdamW).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c), \qquad
       \tilde C = G + \gamma \frac{\beta_1}{1 - \beta_1} (G - l_t), \qquad
       C = \tilde C / \max(1, \lVert \tilde C \rVert), \qquad l_{t+1} = G \\
       m_{t+1} &= \beta_1 m_t + (1 - \beta_1) C, \qquad v_{t+1} = \beta_2 v_t + (1 - \beta_2) C^2 \\
       w_{t+1} &= (1 - \eta\lambda)\, w_t - \eta\,
         \frac{m_{t+1} / (1 - \beta_1^t)}{(\sqrt{v_{t+1}} + \epsilon) / \sqrt{1 - \beta_2^t}}

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    mean : array, like `weight`, written
        Running mean of corrected gradients :math:`m_t`; zeros at first.
    var : array, like `weight`, written
        Running mean of their squares :math:`v_t`; zeros at first.
    last : array, like `weight`, written
        Last gradient :math:`l_t`; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    beta1, beta2 : Scalar, optional
        What the running means keep.
    gamma : Scalar, optional
        :math:`\gamma`, how much of the correction is used.
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
    optimize_1d : bool, optional
        Whether tensors of one axis are corrected, too; if not, they are updated as by AdamW.
    beta1_1d, beta2_1d : Scalar, optional
        What the running means of those keep.
    lr_1d_factor, wd_1d_factor : Scalar, optional
        Factors of their rate and decay.

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
    adamw_update : Without the correction.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    This is the approximate form, whose last gradient is that of the last step's data.  :math:`\epsilon` is added
    before the bias is corrected, as in ``pytorch_optimizer``; the authors' code adds it after.  ``pytorch_optimizer``
    also adds 1e-15 within the root: after 30 updates with the defaults its weights are off by 4e-8 of their way where
    gradients are of size 1e-3, by 0.005 at 1e-5 and by 0.1 at 1e-7.

    References
    ----------
    .. [1] H. Yuan et al., "MARS: Unleashing the Power of Variance Reduction for Training Large Models", ICML 2025,
       https://arxiv.org/abs/2411.10438

    Examples
    --------
    >>> import ndarray as nd
    >>> states = [nd.zeros((1, 1)) for _ in range(3)]
    >>> nd.mars_update(nd.array([[1]]), nd.array([[2]]), *states, lr=0.5, beta1=0.5, beta2=0.75, epsilon=0,
    ...                t=1).asnumpy()
    array([[0.5]], dtype=float32)
    >>> states[0].asnumpy()
    array([[0.5]], dtype=float32)
    """
    dtype, corrects = weight.dtype, optimize_1d or weight.ndim > 1
    if not corrects:
        lr, wd, beta1, beta2 = lr * lr_1d_factor, wd * wd_1d_factor, beta1_1d, beta2_1d
    rate, root, decay = scalars_in(xp, dtype, lr / (1 - beta1 ** t), xp.sqrt(1 - beta2 ** t), 1 - lr * wd)
    more, rest1, rest2 = scalars_in(xp, dtype, gamma * beta1 / (1 - beta1), 1 - beta1, 1 - beta2)
    beta1, beta2, epsilon, scale = scalars_in(xp, dtype, beta1, beta2, epsilon, rescale_grad)
    used = grad = rescaled(xp, grad, scale, clip_gradient)
    if corrects:
        used = grad + more * (grad - last)
        size, = scalars_in(xp, dtype, xp.maximum(xp.sqrt(squared_norm(xp, used)), 1.0))
        used = used / size
    mean = beta1 * mean + rest1 * used
    var = beta2 * var + rest2 * (used * used)
    return decay * weight - rate * mean / ((xp.sqrt(var) + epsilon) / root), mean, var, grad
