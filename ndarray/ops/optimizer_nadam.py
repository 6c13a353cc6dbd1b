"""Adam with Nesterov's momentum: Nadam."""

from ndarray.dtypes import FLOAT64
from ndarray.operator import operator
from ndarray.ops.optimizer_common import Beta, Bound, Choice, Least, StepNumber, decayed, one_number, scalars_in, stored
from ndarray.params import Scalar

KIND = "update"


@operator(one_number(5), writes=("mean", "var", "product"), scalar_dtype="float64", half_in_float32=True)
def nadam_update(xp, weight, grad, mean, var, product, /, *, lr: Scalar, beta1: Beta = 0.9, beta2: Beta = 0.999,
                 epsilon: Least = 1e-8, schedule_decay: Scalar = 0.004, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0,
                 clip_gradient: Bound = -1.0, t: StepNumber, decoupled_weight_decay: Choice = False):
    r"""Step by Adam's moments, with a momentum that looks ahead and whose size is scheduled (Nadam).

    .. math::

       G &= \operatorname{clip}(\rho g_t + \lambda w_t, c), \qquad
       \mu_t = \beta_1 (1 - 0.96^{t\psi} / 2), \qquad p_{t+1} = p_t \mu_t, \quad p_1 = 1 \\
       m_{t+1} &= \beta_1 m_t + (1 - \beta_1) G, \qquad v_{t+1} = \beta_2 v_t + (1 - \beta_2) G^2 \\
       w_{t+1} &= w_t - \eta \left( \frac{(1 - \mu_t)\, G}{1 - p_{t+1}}
         + \frac{\mu_{t+1}\, m_{t+1}}{1 - p_{t+1} \mu_{t+1}} \right) /
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
    product : array, one element, floating, by default float32 or float64 like `weight`, written
        :math:`p_t`, the product of all :math:`\mu`; the first step takes 1 whatever is there.
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
    decoupled_weight_decay : bool, optional
        Whether the weight is multiplied by :math:`1 - \eta\lambda`, in place of a decay in the gradient.

    Returns
    -------
    array, like `weight`
        The weights :math:`w_{t+1}`.

    Raises
    ------
    ShapeError, DTypeError
        If the arrays differ in shape or dtype, or `product` has more than one element.

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
    >>> mean, var, product = nd.zeros(1), nd.zeros(1), nd.zeros(1)
    >>> nd.nadam_update(nd.array([1]), nd.array([2]), mean, var, product, lr=0.5, epsilon=0, t=1).asnumpy()
    array([0.4717741], dtype=float32)
    """
    dtype = weight.dtype
    now, ahead = (beta1 * (1 - 0.5 * 0.96 ** ((t + k) * schedule_decay)) for k in (0, 1))
    before = xp.where(t == 1, 1.0, xp.as_scalar(product, FLOAT64))
    done = stored(xp, before * stored(xp, now, product.dtype), product.dtype)
    of_grad, of_mean = scalars_in(xp, dtype, (1 - now) / (1 - done), ahead / (1 - done * ahead))
    rest1, rest2, correction = scalars_in(xp, dtype, 1 - beta1, 1 - beta2, 1 - beta2 ** t)
    weight, grad = decayed(xp, weight, grad, lr, wd, rescale_grad, clip_gradient, decoupled_weight_decay)
    lr, beta1, beta2, epsilon = scalars_in(xp, dtype, lr, beta1, beta2, epsilon)
    mean = beta1 * mean + rest1 * grad
    var = beta2 * var + rest2 * (grad * grad)
    step = (of_grad * grad + of_mean * mean) / (xp.sqrt(var / correction) + epsilon)
    return weight - lr * step, mean, var, xp.reshape(xp.as_scalar(done, product.dtype), product.shape)
