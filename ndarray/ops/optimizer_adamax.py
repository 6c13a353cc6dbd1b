"""Updates whose steps need no rate found by trial: Adamax, by the largest gradient seen; AdaDelta, by earlier steps."""

from ndarray.operator import operator
from ndarray.ops.optimizer_common import (
    Beta,
    Bound,
    Choice,
    Least,
    Share,
    StepNumber,
    clipped,
    decayed,
    scalars_in,
)
from ndarray.params import Scalar
from ndarray.rules import same_floating

KIND = "update"


@operator(same_floating, writes=("mean", "largest"), scalar_dtype="float64", half_in_float32=True, fusible=True)
def adamax_update(xp, weight, grad, mean, largest, /, *, lr: Scalar, beta1: Beta = 0.9, beta2: Beta = 0.999,
                  wd: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0, t: StepNumber = None,
                  epsilon: Least = 0.0):
    r"""Step by the running mean of the gradient over the largest gradient of late (Adamax).

    .. math::

       G &= \operatorname{clip}(\rho g_t + \lambda w_t, c) \\
       m_{t+1} &= \beta_1 m_t + (1 - \beta_1) G, \qquad u_{t+1} = \max(\beta_2 u_t, |G| + \epsilon) \\
       w_{t+1} &= w_t - \frac{\eta}{1 - \beta_1^t}\, m_{t+1} / u_{t+1}

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    mean : array, like `weight`, written
        Running mean of gradients :math:`m_t`; zeros at first.
    largest : array, like `weight`, written
        Largest absolute gradient :math:`u_t`, which fades; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    beta1, beta2 : Scalar, optional
        What `mean` and `largest` keep.
    wd : Scalar, optional
        Weight decay :math:`\lambda`, added to the gradient *before* clipping.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    t : Scalar, optional
        Number of this step, from 1.  Without it the mean's bias is not corrected.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of gradient; torch has 1e-8.

    Returns
    -------
    array, like `weight`
        The weights :math:`w_{t+1}`; as they were where :math:`u_{t+1} = 0`.

    Raises
    ------
    ShapeError, DTypeError
        If the arrays differ in shape or dtype, or the dtype is not floating.

    See Also
    --------
    adam_update : The root of a mean of squares in place of the largest.

    Notes
    -----
    MXNet 1.9.1 has no such operator; its class ``Adamax`` computes this, and NaN where no gradient was ever but 0.

    References
    ----------
    .. [1] D. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", section 7.1, ICLR 2015,
       https://arxiv.org/abs/1412.6980

    Examples
    --------
    >>> import ndarray as nd
    >>> mean, largest = nd.zeros(1), nd.zeros(1)
    >>> nd.adamax_update(nd.array([1]), nd.array([2]), mean, largest, lr=0.5, beta1=0.5).asnumpy()
    array([0.75], dtype=float32)
    >>> mean.asnumpy(), largest.asnumpy()
    (array([1.], dtype=float32), array([2.], dtype=float32))
    """
    rest, = scalars_in(xp, weight.dtype, 1 - beta1)
    rate, = scalars_in(xp, weight.dtype, lr if t is None else lr / (1 - beta1 ** t))
    beta1, beta2, wd, scale, epsilon = scalars_in(xp, weight.dtype, beta1, beta2, wd, rescale_grad, epsilon)
    grad = clipped(xp, scale * grad + wd * weight, clip_gradient)
    mean = beta1 * mean + rest * grad
    largest = xp.maximum(beta2 * largest, xp.abs(grad) + epsilon)
    step = mean / xp.where(largest == 0, xp.ones_like(largest), largest)
    return weight - rate * step, mean, largest


@operator(same_floating, writes=("squares", "moves"), scalar_dtype="float64", half_in_float32=True, fusible=True)
def adadelta_update(xp, weight, grad, squares, moves, /, *, lr: Scalar = 1.0, rho: Share = 0.9, epsilon: Least = 1e-5,
                    wd: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0,
                    decoupled_weight_decay: Choice = True):
    r"""Step by the gradient, scaled as earlier steps are to earlier gradients (AdaDelta).

    .. math::

       G &= \operatorname{clip}(\rho_g g_t, c), \qquad s_{t+1} = \rho s_t + (1 - \rho) G^2 \\
       \delta &= \sqrt{d_t + \epsilon}\, G / \sqrt{s_{t+1} + \epsilon}, \qquad
       d_{t+1} = \rho d_t + (1 - \rho) \delta^2 \\
       w_{t+1} &= w_t - \eta (\delta + \lambda w_t)

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    squares : array, like `weight`, written
        Running mean of squared gradients :math:`s_t`; zeros at first.
    moves : array, like `weight`, written
        Running mean of squared steps :math:`d_t`; zeros at first.
    lr : Scalar, optional
        Factor :math:`\eta` of the whole step.
    rho : Scalar, optional
        What the running means keep.
    epsilon : Scalar, optional
        :math:`\epsilon`, within both roots; the first step is of size :math:`\sqrt{\epsilon / (1 - \rho)}`.
    wd : Scalar, optional
        Weight decay :math:`\lambda`.
    rescale_grad : Scalar, optional
        :math:`\rho_g`, factor of the gradient.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    decoupled_weight_decay : bool, optional
        Whether the decay is beside the step; if not, it is added to the gradient before clipping, as in torch.

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
    rmsprop_update : The scale of the gradients alone.

    Notes
    -----
    MXNet 1.9.1 has no such operator; its class ``AdaDelta`` computes this with :math:`\eta = 1`.

    References
    ----------
    .. [1] M. Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012, https://arxiv.org/abs/1212.5701

    Examples
    --------
    >>> import ndarray as nd
    >>> squares, moves = nd.zeros(1), nd.zeros(1)
    >>> nd.adadelta_update(nd.array([1]), nd.array([0]), squares, moves, wd=0.25).asnumpy()
    array([0.75], dtype=float32)
    """
    rest, = scalars_in(xp, weight.dtype, 1 - rho)
    weight, grad = decayed(xp, weight, grad, lr, wd, rescale_grad, clip_gradient, decoupled_weight_decay)
    lr, rho, epsilon = scalars_in(xp, weight.dtype, lr, rho, epsilon)
    squares = rho * squares + rest * (grad * grad)
    delta = xp.sqrt(moves + epsilon) / xp.sqrt(squares + epsilon) * grad
    return weight - lr * delta, squares, rho * moves + rest * (delta * delta)
