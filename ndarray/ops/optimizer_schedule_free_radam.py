"""Schedule-free AdamW whose variance is rectified in place of a warm-up; and the weights to evaluate."""

from ndarray.dtypes import FLOAT64
from ndarray.operator import operator
from ndarray.ops.optimizer_common import Beta, Bound, Choice, Least, Share, StepNumber, one_number, rescaled, scalars_in
from ndarray.ops.optimizer_schedule_free import averaging, moved
from ndarray.params import Scalar
from ndarray.rules import same_floating
from ndarray.update import Update

KIND = "update"


@operator(one_number(6, 2), writes=("z", "var", "lr_max", "sum_weights"), scalar_dtype="float64", half_in_float32=True,
          update=Update(copies=("z",)))
def schedule_free_radam_update(xp, weight, grad, z, var, lr_max, sum_weights, /, *, lr: Scalar, beta1: Share = 0.9,
                               beta2: Beta = 0.999, epsilon: Least = 1e-8, r: Scalar = 0.0,
                               weight_lr_power: Scalar = 2.0, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0,
                               clip_gradient: Bound = -1.0, t: StepNumber, silent_sgd_phase: Choice = True):
    r"""Step as schedule-free AdamW does, at a rate that is rectified (schedule-free RAdam).

    .. math::

       G &= \operatorname{clip}(\rho_g g_t, c), \qquad v_{t+1} = \beta_2 v_t + (1 - \beta_2) G^2, \qquad
       \rho_\infty = \frac{2}{1 - \beta_2} - 1, \qquad \rho = \rho_\infty - \frac{2 t \beta_2^t}{1 - \beta_2^t} \\
       \eta_t &= \eta \sqrt{\frac{(\rho - 4)(\rho - 2) \rho_\infty}{(\rho_\infty - 4)(\rho_\infty - 2) \rho}}, \quad
       D = \frac{G}{\sqrt{v_{t+1} / (1 - \beta_2^t)} + \epsilon} + \lambda y_t \text{ if } \rho > 4,
       \text{ else } \eta_t = 0,\; D = G + \lambda y_t \\
       c_t &= \frac{t^r \eta_{\max}^p}{\sum_{s \le t} s^r \eta_{\max}^p}, \qquad
       y_{t+1} = (1 - c_t)\, y_t + c_t z_t + \eta_t (\beta_1 (1 - c_t) - 1)\, D, \qquad z_{t+1} = z_t - \eta_t D

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
    r, weight_lr_power : Scalar, optional
        Powers :math:`r, p` of the number of the step and of the largest rate in the weight of a step in the average.
    wd : Scalar, optional
        Weight decay :math:`\lambda`, at the weights :math:`y_t` and with the rate.
    rescale_grad : Scalar, optional
        :math:`\rho_g`, factor of the gradient; -1 climbs.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    t : Scalar
        Number of this step, from 1.
    silent_sgd_phase : bool, optional
        Whether weights rest in the first steps; if not, they step against the gradient at the whole rate.

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
    radam_update : With a running mean of gradients, for a schedule.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    The weights to evaluate are :math:`x = y + (1 / \beta_1 - 1)(y - z)`: `schedule_free_average`.

    References
    ----------
    .. [1] A. Defazio et al., "The Road Less Scheduled", NeurIPS 2024, https://arxiv.org/abs/2405.15682
    .. [2] L. Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", ICLR 2020,
       https://arxiv.org/abs/1908.03265

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, var, lr_max, total = nd.array([1]), nd.zeros(1), nd.zeros(1), nd.zeros(1)
    >>> z = weight.copy()
    >>> nd.schedule_free_radam_update(weight, nd.array([2]), z, var, lr_max, total, lr=0.25, t=1).asnumpy()
    array([1.], dtype=float32)
    """
    dtype = weight.dtype
    filled, longest = 1 - beta2 ** t, 2 / (1 - beta2) - 1
    length = longest - 2 * t * beta2 ** t / filled
    rectifies = xp.astype(length > 4, FLOAT64)
    # Shorter ones are not used: 5 keeps them from roots of negative numbers.
    length, longest = xp.where(length > 4, length, xp.ones_like(length) * 5.0), xp.maximum(longest, 5.0)
    factor = xp.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
    lr = lr * (rectifies * factor + (1 - rectifies) * (0.0 if silent_sgd_phase else 1.0))
    numbers = averaging(xp, lr, lr_max, sum_weights, t, r, weight_lr_power)
    scale, decay, filled = scalars_in(xp, dtype, rescale_grad, wd, filled)
    rest2, beta2, epsilon = scalars_in(xp, dtype, 1 - beta2, beta2, epsilon)
    grad = rescaled(xp, grad, scale, clip_gradient)
    var = beta2 * var + rest2 * (grad * grad)
    step = xp.where(rectifies > 0, grad / (xp.sqrt(var / filled) + epsilon), grad) + decay * weight
    weight, z, lr_max, sum_weights = moved(xp, weight, z, lr_max, sum_weights, lr, numbers, beta1, step)
    return weight, z, var, lr_max, sum_weights


@operator(same_floating, scalar_dtype="float64", half_in_float32=True, fusible=True)
def schedule_free_average(xp, y, z, /, *, momentum: Share = 0.9):
    r"""Average of the weights of a schedule-free rule, which is to be evaluated.

    .. math:: x_t = y_t + (1 / \beta - 1)(y_t - z_t)

    Parameters
    ----------
    y : array, any shape, floating
        The weights :math:`y_t` that are trained.
    z : array, like `y`
        The state :math:`z_t` of the rule.
    momentum : Scalar, optional
        :math:`\beta`, the rule's `momentum` or `beta1`.

    Returns
    -------
    array, like `y`
        The average :math:`x_t`.

    Raises
    ------
    ShapeError, DTypeError
        If the arrays differ in shape or dtype, or the dtype is not floating.

    See Also
    --------
    schedule_free_sgd_update : One of the rules.

    Notes
    -----
    MXNet 1.9.1 has no such operator.

    References
    ----------
    .. [1] A. Defazio et al., "The Road Less Scheduled", NeurIPS 2024, https://arxiv.org/abs/2405.15682

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.schedule_free_average(nd.array([1]), nd.array([0.5]), momentum=0.5).asnumpy()
    array([1.5], dtype=float32)
    """
    more, = scalars_in(xp, y.dtype, 1 / momentum - 1)
    return y + more * (y - z)
