"""Updates whose size does not follow the gradient's: Rprop; and averaged stochastic gradient descent."""

from ndarray.dtypes import FLOAT64
from ndarray.operator import operator
from ndarray.ops.optimizer_common import Bound, Least, StepNumber, decayed, one_number, rescaled, scalars_in, stored
from ndarray.params import Scalar
from ndarray.rules import same_floating
from ndarray.update import Update

KIND = "update"


@operator(same_floating, writes=("prev", "step_size"), scalar_dtype="float64", half_in_float32=True, fusible=True,
          update=Update(decay=None))
def rprop_update(xp, weight, grad, prev, step_size, /, *, lr: Scalar, eta_minus: Least = 0.5, eta_plus: Least = 1.2,
                 min_step: Least = 1e-6, max_step: Least = 50.0, rescale_grad: Scalar = 1.0,
                 clip_gradient: Bound = -1.0, t: StepNumber):
    r"""Step by the gradient's sign, with a size for each element that grows while the sign stays (Rprop).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c), \qquad s = G\, p_t \\
       d_{t+1} &= \operatorname{clip}(d_t \begin{cases} \eta_+ & s > 0 \\ \eta_- & s < 0 \\ 1 & s = 0 \end{cases},
         d_{\min}, d_{\max}), \qquad
       p_{t+1} = \begin{cases} 0 & s < 0 \\ G & \text{else} \end{cases} \\
       w_{t+1} &= w_t - d_{t+1} \operatorname{sign}(p_{t+1})

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    prev : array, like `weight`, written
        Last gradient :math:`p_t`, zero where its sign had changed; zeros at first.
    step_size : array, like `weight`, written
        Sizes of the steps :math:`d_t`; the first step starts from `lr` whatever is there.
    lr : Scalar
        Size of the first step; without effect afterwards.
    eta_minus, eta_plus : Scalar, optional
        Factors of the size where the sign changes and where it stays.
    min_step, max_step : Scalar, optional
        Bounds of the size, :math:`d_{\min}` and :math:`d_{\max}`, in units of weight.
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
    signsgd_update : One size for all.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    The size is bounded at the first step already, as in torch: with ``lr = 0``
    weights still move by `min_step`.

    References
    ----------
    .. [1] M. Riedmiller, H. Braun, "A direct adaptive method for faster backpropagation learning: the RPROP
       algorithm", ICNN 1993.
    .. [2] C. Igel, M. Hüsken, "Improving the Rprop Learning Algorithm", NC 2000: the form iRprop-.

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, prev, size = nd.array([1, 1]), nd.array([2, -2]), nd.array([0.5, 0.5])
    >>> nd.rprop_update(weight, nd.array([2, 2]), prev, size, lr=0.5, eta_plus=1.5, t=2).asnumpy()
    array([0.25, 1.  ], dtype=float32)
    >>> prev.asnumpy(), size.asnumpy()
    (array([2., 0.], dtype=float32), array([0.75, 0.25], dtype=float32))
    """
    dtype = weight.dtype
    later = xp.astype(t > 1, FLOAT64)
    size, kept = scalars_in(xp, dtype, lr * (1 - later), later)
    minus, plus, least, most, scale = scalars_in(xp, dtype, eta_minus, eta_plus, min_step, max_step, rescale_grad)
    grad = rescaled(xp, grad, scale, clip_gradient)
    turn = grad * prev
    factor = xp.where(turn > 0, plus, xp.where(turn < 0, minus, xp.ones_like(turn)))
    step_size = xp.minimum(xp.maximum((kept * step_size + size) * factor, least), most)
    prev = xp.where(turn < 0, xp.zeros_like(grad), grad)
    return weight - xp.sign(prev) * step_size, prev, step_size


@operator(one_number(5, 2), writes=("average", "next_rate", "next_share"), scalar_dtype="float64", half_in_float32=True)
def asgd_update(xp, weight, grad, average, next_rate, next_share, /, *, lr: Scalar, lambd: Least = 1e-4,
                alpha: Scalar = 0.75, t0: Scalar = 1e6, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0,
                clip_gradient: Bound = -1.0, t: StepNumber):
    r"""Step against the gradient with a rate that falls, and average the weights (ASGD).

    .. math::

       G &= \operatorname{clip}(\rho g_t + \lambda w_t, c), \qquad
       \eta_{t+1} = \eta / (1 + \lambda_a \eta t)^\alpha, \qquad \mu_{t+1} = 1 / \max(1, t - t_0) \\
       w_{t+1} &= (1 - \lambda_a \eta_t)\, w_t - \eta_t G, \qquad a_{t+1} = a_t + \mu_t (w_{t+1} - a_t)

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    average : array, like `weight`, written
        The averaged weights :math:`a_t`; from step :math:`t_0 + 2` on they differ from the weights.
    next_rate : array, one element, floating, by default float32 or float64 like `weight`, written
        The rate :math:`\eta_t` of this step, made at the last one; the first step takes `lr` whatever is there.
    next_share : array, one element, floating, by default float32 or float64 like `weight`, written
        What the average takes up, :math:`\mu_t`; the first step takes 1 whatever is there.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per gradient.
    lambd : Scalar, optional
        :math:`\lambda_a`, the decay that goes with the falling rate.
    alpha : Scalar, optional
        :math:`\alpha`, the power of its fall.
    t0 : Scalar, optional
        Number of steps after which weights are averaged.
    wd : Scalar, optional
        Weight decay :math:`\lambda`, added to the gradient *before* clipping.
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
        If the arrays differ in shape or dtype, or `next_rate` or `next_share` has more than one element.

    See Also
    --------
    sgd_update : Without average.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    As in torch, a change of `lr` acts one step later.

    References
    ----------
    .. [1] B. Polyak, A. Juditsky, "Acceleration of Stochastic Approximation by Averaging", SIAM J. Control Optim. 30,
       1992.
    .. [2] L. Bottou, "Large-Scale Machine Learning with Stochastic Gradient Descent", COMPSTAT 2010.

    Examples
    --------
    >>> import ndarray as nd
    >>> average, rate, share = nd.zeros(1), nd.zeros(1), nd.zeros(1)
    >>> nd.asgd_update(nd.array([1]), nd.array([2]), average, rate, share, lr=0.25, lambd=0.0, t=1).asnumpy()
    array([0.5], dtype=float32)
    >>> average.asnumpy(), rate.asnumpy()
    (array([0.5], dtype=float32), array([0.25], dtype=float32))
    """
    rate = xp.where(t == 1, stored(xp, lr, next_rate.dtype), xp.as_scalar(next_rate, FLOAT64))
    share = xp.where(t == 1, 1.0, xp.as_scalar(next_share, FLOAT64))
    following = lr / (1 + lambd * lr * t) ** alpha, 1 / xp.maximum(t - t0, 1.0)
    weight, grad = decayed(xp, weight, grad, lr, wd, rescale_grad, clip_gradient, False)
    keep, rate, part = scalars_in(xp, weight.dtype, 1 - lambd * rate, rate, share)
    weight = keep * weight - rate * grad
    average = xp.where(share == 1, weight, average + part * (weight - average))
    numbers = [xp.reshape(xp.as_scalar(value, old.dtype), old.shape)
               for value, old in zip(following, (next_rate, next_share))]
    return weight, average, *numbers
