"""Adam whose mean of squares moves by a size that does not depend on it: Yogi."""

from ndarray.operator import operator
from ndarray.ops.optimizer_common import Beta, Bound, First, Least, StepNumber, rescaled, scalars_in
from ndarray.params import Scalar
from ndarray.rules import same_floating

KIND = "update"


@operator(same_floating, writes=("mean", "var"), scalar_dtype="float64", half_in_float32=True, fusible=True)
def yogi_update(xp, weight, grad, mean, var, /, *, lr: Scalar, beta1: Beta = 0.9, beta2: Beta = 0.999,
                epsilon: Least = 1e-3, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0,
                t: StepNumber, initial_accumulator: First = 1e-6):
    r"""Step by Adam's mean over a root of squares that grows and shrinks alike (Yogi).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c) \\
       m_{t+1} &= \beta_1 m_t + (1 - \beta_1) G, \qquad
       v_{t+1} = v_t - (1 - \beta_2) \operatorname{sign}(v_t - G^2)\, G^2 \\
       w_{t+1} &= (1 - \eta\lambda)\, w_t - \eta\,
         \frac{m_{t+1} / (1 - \beta_1^t)}{\sqrt{v_{t+1} / (1 - \beta_2^t)} + \epsilon}

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    mean : array, like `weight`, written
        Running mean of gradients :math:`m_t`; zeros at first.
    var : array, like `weight`, written
        What squared gradients are of late, :math:`v_t`; the first step starts both from `initial_accumulator`,
        whatever is there.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    beta1, beta2 : Scalar, optional
        What the running means keep.
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
    initial_accumulator : Scalar, optional
        What `mean` and `var` start at, in units of gradient and of its square.

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
    adam_update : By a running mean of squares.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    As in Optax, both start at 1e-6; those of the paper start at zero.

    References
    ----------
    .. [1] M. Zaheer et al., "Adaptive Methods for Nonconvex Optimization", NeurIPS 2018.

    Examples
    --------
    >>> import ndarray as nd
    >>> mean, var = nd.zeros(1), nd.zeros(1)
    >>> nd.yogi_update(nd.array([1]), nd.array([2]), mean, var, lr=0.5, beta1=0.5, beta2=0.75, epsilon=0, t=1,
    ...                initial_accumulator=0).asnumpy()
    array([0.5], dtype=float32)
    """
    dtype, first = weight.dtype, t == 1
    rate, root, decay = scalars_in(xp, dtype, lr / (1 - beta1 ** t), xp.sqrt(1 - beta2 ** t), 1 - lr * wd)
    rest1, rest2, start = scalars_in(xp, dtype, 1 - beta1, 1 - beta2, initial_accumulator)
    beta1, epsilon, scale = scalars_in(xp, dtype, beta1, epsilon, rescale_grad)
    grad = rescaled(xp, grad, scale, clip_gradient)
    squares = grad * grad
    mean, var = xp.where(first, start, mean), xp.where(first, start, var)
    mean = beta1 * mean + rest1 * grad
    var = var - rest2 * (xp.sign(var - squares) * squares)
    return decay * weight - rate * mean / (xp.sqrt(var) / root + epsilon), mean, var
