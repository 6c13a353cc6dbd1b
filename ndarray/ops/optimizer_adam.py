"""Updates by running moments of the gradient: Adam, AdaBelief."""

from ndarray.operator import operator
from ndarray.ops.optimizer_common import (
    Beta,
    Bound,
    Least,
    RoundingChoice,
    StepNumber,
    clipped,
    rescaled,
    scalars_in,
    where_rounded_once,
)
from ndarray.params import Scalar
from ndarray.rules import same_floating
from ndarray.update import Update

KIND = "update"


@operator(same_floating, writes=("mean", "var"), aliases=("_sparse_adam_update",),
          scalar_dtype=where_rounded_once, fusible=True, update=Update(corrects_bias=True))
def adam_update(xp, weight, grad, mean, var, /, *, lr: Scalar, beta1: Beta = 0.9, beta2: Beta = 0.999,
                epsilon: Least = 1e-8, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0,
                lazy_update: bool = True, rounded_once: RoundingChoice = False):
    r"""Step by the ratio of two running moments of the gradient (Adam).

    .. math::

       G &= \operatorname{clip}(\rho g_t + \lambda w_t, c) \\
       m_{t+1} &= \beta_1 m_t + (1 - \beta_1) G, \qquad v_{t+1} = \beta_2 v_t + (1 - \beta_2) G^2 \\
       w_{t+1} &= w_t - \eta\, m_{t+1} / (\sqrt{v_{t+1}} + \epsilon)

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`; eagerly it may be row_sparse.
    mean : array, like `weight`, written
        Running mean of gradients :math:`m_t`; zeros at first.
    var : array, like `weight`, written
        Running mean of squared gradients :math:`v_t`; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    beta1, beta2 : Scalar, optional
        What the running means keep, :math:`\beta_1` and :math:`\beta_2`.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of gradient.
    wd : Scalar, optional
        Weight decay :math:`\lambda`, added to the gradient *before* clipping.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    lazy_update : bool, optional
        With a row_sparse `grad`: leave rows without gradient untouched, their moments too.
    rounded_once : bool, optional
        Whether the numbers are rounded to the dtype of the arrays after :math:`1 - \beta_1` and :math:`1 - \beta_2`
        were computed from them in float64, as in torch; MXNet rounds them before.

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
    adamw_update : Decoupled weight decay.

    Notes
    -----
    As in MXNet there is no correction of the moments' bias: fold
    :math:`\sqrt{1 - \beta_2^t} / (1 - \beta_1^t)` into `lr`.  A zero `var` with ``epsilon = 0`` gives NaN; in
    float16 the default `epsilon` is zero.

    References
    ----------
    .. [1] D. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015,
       https://arxiv.org/abs/1412.6980
    .. [2] MXNet 1.9.1, operator ``adam_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> mean, var = nd.zeros(1), nd.zeros(1)
    >>> nd.adam_update(nd.array([1]), nd.array([2]), mean, var, lr=0.5, beta1=0.5, beta2=0.75, epsilon=0).asnumpy()
    array([0.5], dtype=float32)
    >>> mean.asnumpy(), var.asnumpy()
    (array([1.], dtype=float32), array([1.], dtype=float32))
    """
    rests = ()
    if rounded_once:
        rests = scalars_in(xp, weight.dtype, 1 - beta1, 1 - beta2)
        lr, beta1, beta2, epsilon, wd, rescale_grad = scalars_in(xp, weight.dtype, lr, beta1, beta2, epsilon, wd,
                                                                 rescale_grad)
    grad = clipped(xp, grad * rescale_grad + weight * wd, clip_gradient)
    mean, var = moments(grad, mean, var, beta1, beta2, *rests)
    return weight - lr * mean / (xp.sqrt(var) + epsilon), mean, var


def moments(grad, mean, var, beta1, beta2, rest1=None, rest2=None):
    """Return the running means of a gradient and of its square, each moved on by one step.

    `rest1` and `rest2` are what the means take up, where it is known better than as 1 minus the betas.
    """
    mean = beta1 * mean + (1 - beta1 if rest1 is None else rest1) * grad
    return mean, beta2 * var + (1 - beta2 if rest2 is None else rest2) * grad * grad


@operator(same_floating, writes=("mean", "var"), scalar_dtype="float64", half_in_float32=True, fusible=True)
def adabelief_update(xp, weight, grad, mean, var, /, *, lr: Scalar, beta1: Beta = 0.9, beta2: Beta = 0.999,
                     epsilon: Least = 1e-8, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0,
                     clip_gradient: Bound = -1.0, t: StepNumber = None):
    r"""Step by how far the gradient is from what was believed (AdaBelief).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c) \\
       m_{t+1} &= \beta_1 m_t + (1 - \beta_1) G, \qquad
       s_{t+1} = \beta_2 s_t + (1 - \beta_2) (G - m_{t+1})^2 + \epsilon \\
       w_{t+1} &= (1 - \eta\lambda)\, w_t - \eta\,
         \frac{m_{t+1} / (1 - \beta_1^t)}{\sqrt{s_{t+1} / (1 - \beta_2^t)} + \epsilon}

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    mean : array, like `weight`, written
        Running mean of gradients :math:`m_t`, the belief; zeros at first.
    var : array, like `weight`, written
        Running mean of the squared surprise :math:`s_t`; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    beta1, beta2 : Scalar, optional
        What the running means keep.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of gradient (and, within `var`, of its square).
    wd : Scalar, optional
        Decoupled weight decay :math:`\lambda`.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    t : Scalar, optional
        Number of this step, from 1.  Without it the means' bias is not corrected.

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
    adam_update : The square of the gradient itself.

    Notes
    -----
    MXNet 1.9.1 has no such operator.  That of MXNet 2.0 takes `rescale_grad` as an array and has no bias correction.

    References
    ----------
    .. [1] J. Zhuang et al., "AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients",
       NeurIPS 2020, https://arxiv.org/abs/2010.07468

    Examples
    --------
    >>> import ndarray as nd
    >>> mean, var = nd.zeros(1), nd.zeros(1)
    >>> nd.adabelief_update(nd.array([1]), nd.array([2]), mean, var, lr=0.5, beta1=0.5, beta2=0.75,
    ...                     epsilon=0).asnumpy()
    array([0.], dtype=float32)
    >>> mean.asnumpy(), var.asnumpy()
    (array([1.], dtype=float32), array([0.25], dtype=float32))
    """
    dtype = weight.dtype
    correction1, correction2 = (1, 1) if t is None else scalars_in(xp, dtype, 1 - beta1 ** t, 1 - beta2 ** t)
    rest1, rest2, decay = scalars_in(xp, dtype, 1 - beta1, 1 - beta2, 1 - lr * wd)
    lr, beta1, beta2, epsilon, scale = scalars_in(xp, dtype, lr, beta1, beta2, epsilon, rescale_grad)
    grad = rescaled(xp, grad, scale, clip_gradient)
    mean = beta1 * mean + rest1 * grad
    surprise = grad - mean
    var = beta2 * var + rest2 * (surprise * surprise) + epsilon
    return decay * weight - lr * (mean / correction1) / (xp.sqrt(var / correction2) + epsilon), mean, var
