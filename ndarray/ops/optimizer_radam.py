"""Adam whose denominator does not shrink (AMSGrad), and Adam whose variance is rectified (RAdam)."""

from ndarray.operator import operator
from ndarray.ops.optimizer_common import Beta, Bound, Choice, Least, StepNumber, decayed, scalars_in
from ndarray.params import Scalar
from ndarray.rules import same_floating

KIND = "update"


@operator(same_floating, writes=("mean", "var", "largest"), scalar_dtype="float64", half_in_float32=True, fusible=True)
def amsgrad_update(xp, weight, grad, mean, var, largest, /, *, lr: Scalar, beta1: Beta = 0.9, beta2: Beta = 0.999,
                   epsilon: Least = 1e-8, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0,
                   t: StepNumber, decoupled_weight_decay: Choice = False):
    r"""Step by Adam's mean over the largest mean of squares that there has been (AMSGrad).

    .. math::

       G &= \operatorname{clip}(\rho g_t + \lambda w_t, c) \\
       m_{t+1} &= \beta_1 m_t + (1 - \beta_1) G, \qquad v_{t+1} = \beta_2 v_t + (1 - \beta_2) G^2, \qquad
       u_{t+1} = \max(u_t, v_{t+1}) \\
       w_{t+1} &= w_t - \eta\, \frac{m_{t+1} / (1 - \beta_1^t)}{\sqrt{u_{t+1} / (1 - \beta_2^t)} + \epsilon}

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
    largest : array, like `weight`, written
        Largest :math:`v`, without correction of its bias, :math:`u_t`; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    beta1, beta2 : Scalar, optional
        What the running means keep.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of gradient.
    wd : Scalar, optional
        Weight decay :math:`\lambda`, added to the gradient *before* clipping.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient; -1 climbs.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    t : Scalar
        Number of this step, from 1.
    decoupled_weight_decay : bool, optional
        Whether the weight is multiplied by :math:`1 - \eta\lambda`, in place of a decay in the gradient.

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
    adam_update : The mean of squares as it is.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    As in torch, the largest mean of squares is kept before its bias is corrected; Optax
    keeps the largest of the corrected ones.

    References
    ----------
    .. [1] S. Reddi, S. Kale, S. Kumar, "On the Convergence of Adam and Beyond", ICLR 2018,
       https://arxiv.org/abs/1904.09237

    Examples
    --------
    >>> import ndarray as nd
    >>> mean, var, largest = nd.zeros(1), nd.zeros(1), nd.array([16])
    >>> nd.amsgrad_update(nd.array([1]), nd.array([2]), mean, var, largest, lr=0.5, beta1=0.5, beta2=0.75, epsilon=0,
    ...                   t=1).asnumpy()
    array([0.875], dtype=float32)
    >>> var.asnumpy(), largest.asnumpy()
    (array([1.], dtype=float32), array([16.], dtype=float32))
    """
    dtype = weight.dtype
    rest1, rest2, rate, root = scalars_in(xp, dtype, 1 - beta1, 1 - beta2, lr / (1 - beta1 ** t),
                                          xp.sqrt(1 - beta2 ** t))
    weight, grad = decayed(xp, weight, grad, lr, wd, rescale_grad, clip_gradient, decoupled_weight_decay)
    beta1, beta2, epsilon = scalars_in(xp, dtype, beta1, beta2, epsilon)
    mean = beta1 * mean + rest1 * grad
    var = beta2 * var + rest2 * (grad * grad)
    largest = xp.maximum(largest, var)
    return weight - rate * mean / (xp.sqrt(largest) / root + epsilon), mean, var, largest


@operator(same_floating, writes=("mean", "var"), scalar_dtype="float64", half_in_float32=True, fusible=True)
def radam_update(xp, weight, grad, mean, var, /, *, lr: Scalar, beta1: Beta = 0.9, beta2: Beta = 0.999,
                 epsilon: Least = 1e-8, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0,
                 t: StepNumber, decoupled_weight_decay: Choice = False):
    r"""Step by Adam's mean, over the root of squares once enough of them have been seen (RAdam).

    .. math::

       G &= \operatorname{clip}(\rho_g g_t + \lambda w_t, c), \qquad
       \rho_\infty = \frac{2}{1 - \beta_2} - 1, \qquad
       \rho = \rho_\infty - \frac{2 t \beta_2^t}{1 - \beta_2^t} \\
       m_{t+1} &= \beta_1 m_t + (1 - \beta_1) G, \qquad v_{t+1} = \beta_2 v_t + (1 - \beta_2) G^2 \\
       r &= \sqrt{\frac{(\rho - 4)(\rho - 2) \rho_\infty}{(\rho_\infty - 4)(\rho_\infty - 2) \rho}} \\
       w_{t+1} &= w_t - \eta\, \frac{m_{t+1}}{1 - \beta_1^t} \begin{cases}
         r \sqrt{1 - \beta_2^t} / (\sqrt{v_{t+1}} + \epsilon) & \rho > 5 \\ 1 & \text{else} \end{cases}

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
    wd : Scalar, optional
        Weight decay :math:`\lambda`, added to the gradient *before* clipping.
    rescale_grad : Scalar, optional
        :math:`\rho_g`, factor of the gradient; -1 climbs.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    t : Scalar
        Number of this step, from 1.
    decoupled_weight_decay : bool, optional
        Whether the weight is multiplied by :math:`1 - \eta\lambda`, in place of a decay in the gradient.

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
    adam_update : By the root of squares from the first step.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    :math:`\epsilon` is added before the bias is corrected, as in torch.

    References
    ----------
    .. [1] L. Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", ICLR 2020,
       https://arxiv.org/abs/1908.03265

    Examples
    --------
    The first steps are those of a momentum:

    >>> import ndarray as nd
    >>> mean, var = nd.zeros(1), nd.zeros(1)
    >>> nd.radam_update(nd.array([1]), nd.array([2]), mean, var, lr=0.25, t=1).asnumpy()
    array([0.5], dtype=float32)
    """
    dtype = weight.dtype
    filled, longest = 1 - beta2 ** t, 2 / (1 - beta2) - 1
    length = longest - 2 * t * beta2 ** t / filled
    rectifies = length > 5
    # Shorter ones are not used: 5 keeps them from roots of negative numbers.
    length, longest = xp.maximum(length, 5.0), xp.maximum(longest, 5.0)
    factor = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
    rate, rectified = scalars_in(xp, dtype, lr / (1 - beta1 ** t), xp.sqrt(factor * filled))
    rest1, rest2 = scalars_in(xp, dtype, 1 - beta1, 1 - beta2)
    weight, grad = decayed(xp, weight, grad, lr, wd, rescale_grad, clip_gradient, decoupled_weight_decay)
    beta1, beta2, epsilon = scalars_in(xp, dtype, beta1, beta2, epsilon)
    mean = beta1 * mean + rest1 * grad
    var = beta2 * var + rest2 * (grad * grad)
    step = xp.where(rectifies, rectified * mean / (xp.sqrt(var) + epsilon), mean)
    return weight - rate * step, mean, var
