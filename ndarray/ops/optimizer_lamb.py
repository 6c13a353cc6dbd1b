"""Layer-wise rates on top of Adam (LAMB): a direction, then a step in proportion to the weight's norm."""

from ndarray.errors import DTypeError
from ndarray.operator import operator
from ndarray.ops.optimizer_adam import moments
from ndarray.ops.optimizer_common import (
    Beta,
    Bound,
    Least,
    StepNumber,
    elements,
    float32,
    rescaled,
    scalars_in,
    widened,
)
from ndarray.params import Scalar
from ndarray.rules import agree, agree_dtype, check_floating, mixed_precision, same_floating, slot_error
from ndarray.tensortype import TensorType

KIND = "update"


def bias_correction_of(xp, beta, t, dtype):
    """Return ``1 - beta**t``; the power is taken in float64 and rounded to `dtype`, as in MXNet."""
    return 1 - xp.as_scalar(beta ** t, dtype)


def trust_rate(xp, lr, weight_norm, step_norm, lower_bound, upper_bound):
    """Return `lr` times the ratio of the bounded weight norm to the step's norm; `lr` where a norm is zero."""
    if lower_bound >= 0:
        weight_norm = xp.maximum(weight_norm, xp.as_scalar(lower_bound, weight_norm.dtype))
    if upper_bound >= 0:
        weight_norm = xp.minimum(weight_norm, xp.as_scalar(upper_bound, weight_norm.dtype))
    return xp.where(xp.logical_or(weight_norm == 0, step_norm == 0), lr, lr * weight_norm / step_norm)


def norm(xp, x):
    """Return the Euclidean norm of all elements, in float32."""
    return xp.sqrt(xp.sum_sq(x))


@operator(same_floating, writes=("mean", "var"), scalar_dtype="float64", fusible=True)
def lamb_update_phase1(xp, weight, grad, mean, var, /, *, beta1: Beta = 0.9, beta2: Beta = 0.999,
                       epsilon: Least = 1e-6, t: StepNumber, bias_correction: bool = True, wd: Scalar,
                       rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0):
    r"""Direction of a LAMB step; `lamb_update_phase2` takes the step.

    .. math::

       G &= \operatorname{clip}(\rho g_t, c) \\
       m_{t+1} &= \beta_1 m_t + (1 - \beta_1) G, \qquad v_{t+1} = \beta_2 v_t + (1 - \beta_2) G^2 \\
       d &= \frac{m_{t+1} / (1 - \beta_1^t)}{\sqrt{v_{t+1} / (1 - \beta_2^t)} + \epsilon} + \lambda w_t

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
    beta1, beta2 : Scalar, optional
        What the running means keep.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of gradient.
    t : Scalar
        Number of this step, from 1.
    bias_correction : bool, optional
        Divide the means by :math:`1 - \beta^t`.
    wd : Scalar
        Weight decay :math:`\lambda`.  It has no default here, as in MXNet.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.

    Returns
    -------
    array, like `weight`
        The direction :math:`d`.  It is not a weight: do not write it to ``out=weight``.

    Raises
    ------
    ShapeError, DTypeError
        If the arrays differ in shape or dtype, or the dtype is not floating.

    See Also
    --------
    lamb_update_phase2 : The step.
    multi_lamb_update : Both, for many tensors.

    Notes
    -----
    Step 0 with `bias_correction` divides by zero.  The corrected mean of float32 arrays is divided in float32, where
    MXNet 1.9.1 divides in double: the results agree to two units in the last place.

    References
    ----------
    .. [1] Y. You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", ICLR 2020,
       https://arxiv.org/abs/1904.00962
    .. [2] MXNet 1.9.1, operator ``lamb_update_phase1``.

    Examples
    --------
    >>> import ndarray as nd
    >>> mean, var = nd.zeros(2), nd.zeros(2)
    >>> nd.lamb_update_phase1(nd.array([1, 1]), nd.array([4, -4]), mean, var, beta1=0.5, beta2=0.75, epsilon=0, t=1,
    ...                       wd=0.5).asnumpy()
    array([ 1.5, -0.5], dtype=float32)
    """
    dtype = weight.dtype
    wd, epsilon, scale, keep1, keep2 = scalars_in(xp, dtype, wd, epsilon, rescale_grad, beta1, beta2)
    mean, var = moments(rescaled(xp, grad, scale, clip_gradient), mean, var, keep1, keep2)
    if not bias_correction:
        return mean / (xp.sqrt(var) + epsilon) + wd * weight, mean, var
    mean_hat = mean / bias_correction_of(xp, beta1, t, dtype)
    var_hat = var / bias_correction_of(xp, beta2, t, dtype)
    return mean_hat / (xp.sqrt(var_hat) + epsilon) + wd * weight, mean, var


def _step_types(inputs, outputs, params):
    """Weight, direction and output alike; the norms have one element, all one dtype."""
    dtype = agree_dtype(inputs + outputs)
    common = agree([inputs[0], inputs[1], *outputs])
    common = TensorType(common.shape, dtype)
    check_floating([common])
    return [common, common, elements(inputs[2], 1, 2, dtype), elements(inputs[3], 1, 3, dtype)], [common]


@operator(_step_types)
def lamb_update_phase2(xp, weight, g, r1, r2, /, *, lr: Scalar, lower_bound: Bound = -1.0,
                       upper_bound: Bound = -1.0):
    r"""Step of LAMB along a direction, in proportion to the weight's norm.

    .. math:: w_{t+1} = w_t - \eta\, \frac{\min(\max(r_1, l), u)}{r_2}\, d

    The ratio is 1 where :math:`r_1` (once bounded) or :math:`r_2` is zero.

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    g : array, like `weight`
        The direction :math:`d`, from `lamb_update_phase1`.
    r1 : array, one element, dtype of `weight`
        Norm of `weight`.
    r2 : array, one element, dtype of `weight`
        Norm of `g`.
    lr : Scalar
        Learning rate :math:`\eta`.
    lower_bound, upper_bound : float, optional
        Bounds :math:`l`, :math:`u` of `r1`; negative: none.  An upper bound of 0 makes the ratio 1.

    Returns
    -------
    array, like `weight`
        The weights :math:`w_{t+1}`.

    Raises
    ------
    ShapeError, DTypeError
        If `weight` and `g` differ, a norm has more than one element, or dtypes differ.

    Notes
    -----
    MXNet 1.9.1 looks only at the first dimension of the norms and uses element 0; its documentation calls the upper
    bound a maximum.  A NaN norm passes the bounds.

    References
    ----------
    .. [1] Y. You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", ICLR 2020,
       https://arxiv.org/abs/1904.00962
    .. [2] MXNet 1.9.1, operator ``lamb_update_phase2``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.lamb_update_phase2(nd.array([3, 4]), nd.array([1, 0]), nd.array([5]), nd.array([1]), lr=0.5).asnumpy()
    array([0.5, 4. ], dtype=float32)
    """
    r1, r2 = scalars_in(xp, weight.dtype, r1, r2)
    return weight - trust_rate(xp, lr, r1, r2, lower_bound, upper_bound) * g


def _direction32(inputs, outputs, params):
    """As mixed precision, but the output is float32."""
    weights, _ = mixed_precision(2, 3, 4)(inputs, [TensorType(outputs[0].shape)], params)
    return weights, [outputs[0].merge(TensorType(weights[0].shape, float32))]


@operator(_direction32, writes=("mean", "var"), scalar_dtype="float64", fusible=True)
def mp_lamb_update_phase1(xp, weight, grad, mean, var, weight32, /, *, beta1: Beta = 0.9, beta2: Beta = 0.999,
                          epsilon: Least = 1e-6, t: StepNumber, bias_correction: bool = True, wd: Scalar,
                          rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0):
    r"""Direction of a LAMB step on a float32 master copy: `lamb_update_phase1` on `weight32`.

    Parameters
    ----------
    weight : array, any shape, floating
        The weights in low precision, which are not read.
    grad : array, like `weight`
        Gradient, widened to float32 before anything else.
    mean, var : array, float32, shape of `weight`, written
        Running means of gradients and of their squares.
    weight32 : array, float32, shape of `weight`
        The weights.
    beta1, beta2, epsilon, t, wd, rescale_grad : Scalar
        As in `lamb_update_phase1`.
    bias_correction : bool, optional
        As in `lamb_update_phase1`.
    clip_gradient : float, optional
        As in `lamb_update_phase1`.

    Returns
    -------
    array, float32, shape of `weight`
        The direction.

    Raises
    ------
    ShapeError, DTypeError
        If a shape differs, `grad` has not the dtype of `weight`, or a state is not float32.

    Notes
    -----
    The gradient is rescaled in float32; MXNet 1.9.1 rounds the product to float16 first, where dividing by a loss
    scale underflows.  `weight` may have any floating dtype, not float16 alone.

    References
    ----------
    .. [1] Y. You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", ICLR 2020,
       https://arxiv.org/abs/1904.00962
    .. [2] MXNet 1.9.1, operator ``mp_lamb_update_phase1``.

    Examples
    --------
    >>> import ndarray as nd
    >>> half, mean, var, master = nd.array([1], dtype="float16"), nd.zeros(1), nd.zeros(1), nd.array([1])
    >>> nd.mp_lamb_update_phase1(half, nd.array([4], dtype="float16"), mean, var, master, beta1=0.5, beta2=0.75,
    ...                          epsilon=0, t=1, wd=0.5).asnumpy()
    array([1.5], dtype=float32)
    """
    return lamb_update_phase1(xp, weight32, widened(xp, grad), mean, var, beta1=beta1, beta2=beta2, epsilon=epsilon,
                              t=t, bias_correction=bias_correction, wd=wd, rescale_grad=rescale_grad,
                              clip_gradient=clip_gradient)


def _mp_step_types(inputs, outputs, params):
    """Weight and output alike; direction, norms and master copy are float32."""
    narrow = agree([inputs[0], *outputs])
    shape = agree([TensorType(t.shape) for t in (inputs[0], inputs[1], inputs[4], *outputs)]).shape
    narrow = TensorType(shape, narrow.dtype)
    check_floating([narrow])
    for i in (1, 4):
        if inputs[i].dtype is not None and inputs[i].dtype != float32:
            raise slot_error(DTypeError, f"`{{}}` must be float32, got {inputs[i].dtype}", i)
    wide = TensorType(shape, float32)
    return [narrow, wide, elements(inputs[2], 1, 2, float32), elements(inputs[3], 1, 3, float32), wide], [narrow]


@operator(_mp_step_types, writes=("weight32",), scalar_dtype="weight32")
def mp_lamb_update_phase2(xp, weight, g, r1, r2, weight32, /, *, lr: Scalar, lower_bound: Bound = -1.0,
                          upper_bound: Bound = -1.0):
    r"""Step of LAMB on a float32 master copy: `lamb_update_phase2` on `weight32`.

    Parameters
    ----------
    weight : array, any shape, floating
        The weights in low precision; only their dtype matters.
    g : array, float32, shape of `weight`
        The direction, from `mp_lamb_update_phase1`.
    r1, r2 : array, one element, float32
        Norms of `weight32` and of `g`.
    weight32 : array, float32, shape of `weight`, written
        The weights.
    lr : Scalar
        Learning rate.
    lower_bound, upper_bound : float, optional
        Bounds of `r1`; negative: none.

    Returns
    -------
    array, like `weight`
        The new `weight32`, rounded.

    Raises
    ------
    ShapeError, DTypeError
        If shapes differ, a norm has more than one element, or `g`, a norm or `weight32` is not float32.

    Notes
    -----
    `weight32` is updated.  MXNet 1.9.1 declares that it does so and does not, so that training never leaves the
    first weights.

    References
    ----------
    .. [1] Y. You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", ICLR 2020,
       https://arxiv.org/abs/1904.00962
    .. [2] MXNet 1.9.1, operator ``mp_lamb_update_phase2``.

    Examples
    --------
    >>> import ndarray as nd
    >>> half, master = nd.array([3, 4], dtype="float16"), nd.array([3, 4])
    >>> nd.mp_lamb_update_phase2(half, nd.array([1, 0]), nd.array([5]), nd.array([1]), master, lr=0.5).asnumpy()
    array([0.5, 4. ], dtype=float16)
    >>> master.asnumpy()
    array([0.5, 4. ], dtype=float32)
    """
    new = lamb_update_phase2(xp, weight32, g, r1, r2, lr=lr, lower_bound=lower_bound, upper_bound=upper_bound)
    return xp.astype(new, weight.dtype), new
