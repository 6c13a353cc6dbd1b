"""Adam with Nesterov's momentum: Nadam."""

from ndarray.dtypes import DEFAULT, FLOAT64
from ndarray.operator import operator
from ndarray.ops.optimizer_common import Beta, Bound, Least, StepNumber, clipped, elements, scalars_in
from ndarray.params import Scalar
from ndarray.rules import check_floating, same_floating
from ndarray.tensortype import TensorType

KIND = "update"


def _with_schedule(inputs, outputs, params):
    """Weight, gradient, moments and output alike; the sum of the momentum has one element, by default no narrower
    than float32."""
    tensors, outputs = same_floating(inputs[:4], outputs, params)
    dtype = inputs[4].dtype or tensors[0].dtype
    if inputs[4].dtype is None and dtype is not None and dtype != FLOAT64:
        dtype = DEFAULT
    check_floating([TensorType(None, dtype)])
    return [*tensors, elements(inputs[4], 1, 4, dtype)], outputs


@operator(_with_schedule, writes=("mean", "var", "filled"), scalar_dtype="float64")
def nadam_update(xp, weight, grad, mean, var, filled, /, *, lr: Scalar, beta1: Beta = 0.9, beta2: Beta = 0.999,
                 epsilon: Least = 1e-8, schedule_decay: Scalar = 0.004, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0,
                 clip_gradient: Bound = -1.0, t: StepNumber):
    r"""Step by Adam's moments, with a momentum that looks ahead and whose size is scheduled (Nadam).

    .. math::

       G &= \operatorname{clip}(\rho g_t + \lambda w_t, c), \qquad
       \mu_t = \beta_1 (1 - 0.96^{t\psi} / 2), \qquad s_t = 1 - (1 - s_{t-1})\, \mu_t \\
       m_{t+1} &= \beta_1 m_t + (1 - \beta_1) G, \qquad v_{t+1} = \beta_2 v_t + (1 - \beta_2) G^2 \\
       w_{t+1} &= w_t - \eta \left( \frac{(1 - \mu_t)\, G}{s_t}
         + \frac{\mu_{t+1}\, m_{t+1}}{1 - (1 - s_t)\, \mu_{t+1}} \right) /
         \left( \sqrt{v_{t+1} / (1 - \beta_2^t)} + \epsilon \right)

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
    filled : array, one element, floating, by default float32 or float64 like `weight`, written
        :math:`s_t`, one minus the product of all :math:`\mu`; zero at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    beta1, beta2 : Scalar, optional
        What the running means keep.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of gradient.
    schedule_decay : Scalar, optional
        :math:`\psi`, how fast the momentum grows to `beta1`.
    wd : Scalar, optional
        Weight decay :math:`\lambda`, added to the gradient *before* clipping.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient.
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
        If the arrays differ in shape or dtype, or `filled` has more than one element.

    See Also
    --------
    adam_update : Without looking ahead.

    Notes
    -----
    MXNet 1.9.1 has no such operator.  Its class ``Nadam`` keeps one product for all tensors and multiplies it at the
    update of each, so that the steps depend on how many tensors there are; here each has its own, as in torch.

    References
    ----------
    .. [1] T. Dozat, "Incorporating Nesterov Momentum into Adam", ICLR 2016 Workshop.

    Examples
    --------
    >>> import ndarray as nd
    >>> mean, var, filled = nd.zeros(1), nd.zeros(1), nd.zeros(1)
    >>> nd.nadam_update(nd.array([1]), nd.array([2]), mean, var, filled, lr=0.5, epsilon=0, t=1).asnumpy()
    array([0.4717741], dtype=float32)
    """
    dtype = weight.dtype
    now, ahead = (beta1 * (1 - 0.5 * 0.96 ** ((t + k) * schedule_decay)) for k in (0, 1))
    done = 1 - (1 - xp.as_scalar(filled, FLOAT64)) * now
    of_grad, of_mean = scalars_in(xp, dtype, (1 - now) / done, ahead / (1 - (1 - done) * ahead))
    rest1, rest2, correction = scalars_in(xp, dtype, 1 - beta1, 1 - beta2, 1 - beta2 ** t)
    lr, beta1, beta2, epsilon, wd, scale = scalars_in(xp, dtype, lr, beta1, beta2, epsilon, wd, rescale_grad)
    grad = clipped(xp, scale * grad + wd * weight, clip_gradient)
    mean = beta1 * mean + rest1 * grad
    var = beta2 * var + rest2 * (grad * grad)
    step = (of_grad * grad + of_mean * mean) / (xp.sqrt(var / correction) + epsilon)
    return weight - lr * step, mean, var, xp.reshape(xp.as_scalar(done, filled.dtype), filled.shape)
