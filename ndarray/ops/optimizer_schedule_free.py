"""Steps without a schedule, whose weights are averaged: schedule-free SGD and AdamW."""

from ndarray.dtypes import FLOAT64
from ndarray.operator import operator
from ndarray.ops.optimizer_common import Beta, Bound, Least, Share, StepNumber, one_number, rescaled, scalars_in
from ndarray.params import Scalar
from ndarray.update import Update

KIND = "update"


def averaging(xp, lr, lr_max, sum_weights, t, r, power):
    """Return the part of z in the next average, the largest rate and the sum of weights; the numbers are float64."""
    most = xp.maximum(lr, xp.as_scalar(lr_max, FLOAT64))
    weight = t ** r * most ** power
    total = xp.as_scalar(sum_weights, FLOAT64) + weight
    # A sum of zero: there was no rate yet.
    return weight / xp.where(total > 0, total, xp.ones_like(total)), most, total


def moved(xp, weight, z, lr_max, sum_weights, lr, averaged, momentum, step):
    """Return the new weights and states, given what the gradient has become."""
    part, most, total = averaged
    share, rate, along = scalars_in(xp, weight.dtype, part, lr, lr * (momentum * (1 - part) - 1))
    weight = weight + share * (z - weight) + along * step
    numbers = [xp.reshape(xp.as_scalar(x, s.dtype), s.shape) for x, s in ((most, lr_max), (total, sum_weights))]
    return weight, z - rate * step, *numbers


def warm(xp, lr, warmup_steps, t):
    """Return the rate, in the first steps a part of it."""
    return lr * xp.minimum(t / xp.maximum(warmup_steps, 1.0), 1.0)



@operator(one_number(5, 2), writes=("z", "lr_max", "sum_weights"), scalar_dtype="float64", half_in_float32=True,
          update=Update(copies=("z",)))
def schedule_free_sgd_update(xp, weight, grad, z, lr_max, sum_weights, /, *, lr: Scalar, momentum: Share = 0.9,
                             warmup_steps: Least = 0.0, r: Scalar = 0.0, weight_lr_power: Scalar = 2.0,
                             wd: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0, t: StepNumber):
    r"""Step against the gradient without a schedule, towards an average (schedule-free SGD).

    .. math::

       D &= \operatorname{clip}(\rho g_t, c) + \lambda y_t, \qquad \eta_t = \eta \min(1, t / T) \\
       c_t &= \frac{t^r \eta_{\max}^p}{\sum_{s \le t} s^r \eta_{\max}^p}, \qquad
       y_{t+1} = (1 - c_t)\, y_t + c_t z_t + \eta_t (\beta (1 - c_t) - 1)\, D, \qquad z_{t+1} = z_t - \eta_t D

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`y_t`, at which gradients are taken.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    z : array, like `weight`, written
        The weights :math:`z_t` that steps are added to; a copy of the weight at first.
    lr_max, sum_weights : array, one element, floating, by default float32 or float64 like `weight`, written
        Largest rate so far, and the sum of the weights :math:`c_t` is a part of; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    momentum : Scalar, optional
        :math:`\beta`, where between the two the gradient is taken: at the average with 1.
    warmup_steps : Scalar, optional
        Steps in which the rate grows to `lr`.
    r, weight_lr_power : Scalar, optional
        Powers :math:`r, p` of the number of the step and of the largest rate in the weight of a step in the average.
    wd : Scalar, optional
        Weight decay :math:`\lambda`, at the weights :math:`y_t` and with the rate.
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
    sgd_mom_update : With a momentum, for a schedule.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    The weights to evaluate are :math:`x = y + (1 / \beta - 1)(y - z)`: `schedule_free_average`.

    References
    ----------
    .. [1] A. Defazio et al., "The Road Less Scheduled", NeurIPS 2024, https://arxiv.org/abs/2405.15682

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, lr_max, total = nd.array([1]), nd.zeros(1), nd.zeros(1)
    >>> z = weight.copy()
    >>> nd.schedule_free_sgd_update(weight, nd.array([2]), z, lr_max, total, lr=0.25, momentum=0.5, t=1).asnumpy()
    array([0.5], dtype=float32)
    >>> z.asnumpy(), total.asnumpy()
    (array([0.5], dtype=float32), array([0.0625], dtype=float32))
    """
    lr = warm(xp, lr, warmup_steps, t)
    numbers = averaging(xp, lr, lr_max, sum_weights, t, r, weight_lr_power)
    scale, decay = scalars_in(xp, weight.dtype, rescale_grad, wd)
    step = rescaled(xp, grad, scale, clip_gradient) + decay * weight
    return moved(xp, weight, z, lr_max, sum_weights, lr, numbers, momentum, step)


@operator(one_number(6, 2), writes=("z", "var", "lr_max", "sum_weights"), scalar_dtype="float64", half_in_float32=True,
          update=Update(copies=("z",)))
def schedule_free_adamw_update(xp, weight, grad, z, var, lr_max, sum_weights, /, *, lr: Scalar, beta1: Share = 0.9,
                               beta2: Beta = 0.999, epsilon: Least = 1e-8, warmup_steps: Least = 0.0, r: Scalar = 0.0,
                               weight_lr_power: Scalar = 2.0, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0,
                               clip_gradient: Bound = -1.0, t: StepNumber):
    r"""Step by the gradient over the root of squares without a schedule (schedule-free AdamW).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c), \qquad v_{t+1} = \beta_2 v_t + (1 - \beta_2) G^2, \qquad
       D = \frac{G}{\sqrt{v_{t+1} / (1 - \beta_2^t)} + \epsilon} + \lambda y_t \\
       \eta_t &= \eta \min(1, t / T), \qquad \beta = \beta_1 \\
       c_t &= \frac{t^r \eta_{\max}^p}{\sum_{s \le t} s^r \eta_{\max}^p}, \qquad
       y_{t+1} = (1 - c_t)\, y_t + c_t z_t + \eta_t (\beta (1 - c_t) - 1)\, D, \qquad z_{t+1} = z_t - \eta_t D

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`y_t`, at which gradients are taken.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    z : array, like `weight`, written
        The weights :math:`z_t` that steps are added to; a copy of the weight at first.
    var : array, like `weight`, written
        Running mean of squared gradients :math:`v_t`; zeros at first.
    lr_max, sum_weights : array, one element, floating, by default float32 or float64 like `weight`, written
        Largest rate so far, and the sum of the weights :math:`c_t` is a part of; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    beta1 : Scalar, optional
        :math:`\beta_1`, where between the two the gradient is taken: at the average with 1.
    beta2 : Scalar, optional
        What the running mean keeps.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of gradient.
    warmup_steps : Scalar, optional
        Steps in which the rate grows to `lr`.
    r, weight_lr_power : Scalar, optional
        Powers :math:`r, p` of the number of the step and of the largest rate in the weight of a step in the average.
    wd : Scalar, optional
        Weight decay :math:`\lambda`, at the weights :math:`y_t` and with the rate.
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
    adamw_update : With a running mean of gradients, for a schedule.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    The weights to evaluate are :math:`x = y + (1 / \beta - 1)(y - z)`: `schedule_free_average`.

    References
    ----------
    .. [1] A. Defazio et al., "The Road Less Scheduled", NeurIPS 2024, https://arxiv.org/abs/2405.15682

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, var, lr_max, total = nd.array([1]), nd.zeros(1), nd.zeros(1), nd.zeros(1)
    >>> z = weight.copy()
    >>> nd.schedule_free_adamw_update(weight, nd.array([2]), z, var, lr_max, total, lr=0.25, beta2=0.75, t=1).asnumpy()
    array([0.75], dtype=float32)
    """
    dtype, lr = weight.dtype, warm(xp, lr, warmup_steps, t)
    numbers = averaging(xp, lr, lr_max, sum_weights, t, r, weight_lr_power)
    scale, decay, filled = scalars_in(xp, dtype, rescale_grad, wd, 1 - beta2 ** t)
    rest2, beta2, epsilon = scalars_in(xp, dtype, 1 - beta2, beta2, epsilon)
    grad = rescaled(xp, grad, scale, clip_gradient)
    var = beta2 * var + rest2 * (grad * grad)
    step = grad / (xp.sqrt(var / filled) + epsilon) + decay * weight
    weight, z, lr_max, sum_weights = moved(xp, weight, z, lr_max, sum_weights, lr, numbers, beta1, step)
    return weight, z, var, lr_max, sum_weights
