"""LAMB on many tensors at once."""

from typing import Annotated

from ndarray.dtypes import FLOAT64
from ndarray.operator import Many, operator
from ndarray.ops.optimizer_common import Beta, Bound, Least, StepNumbers, columns, many, scalars_in, widened
from ndarray.ops.optimizer_lamb import lamb_update_phase1, lamb_update_phase2, norm
from ndarray.params import Added, Count, Scalar, Scalars
from ndarray.rules import mixed_precision, same_floating
from ndarray.update import Update

LAYERWISE = Update(rate="learning_rates", decay="wds", count="step_count")
"""What the parameters of LAMB and its relatives mean."""

KIND = "update"


def _tensors(params):
    return params["num_tensors"]


def _apart(params):
    return params["max_grad_norm"] is None


def _steps(xp, weight, grad, mean, var, lrs, wds, ts, lower_bound, upper_bound, max_grad_norm, rescale_grad,
           **settings):
    """Return new weights, means and vars: both phases of each tensor, with the norms between them."""
    rows = []
    if max_grad_norm is not None:
        rescale_grad = _bounded_scale(xp, grad, max_grad_norm, rescale_grad)
    settings["rescale_grad"] = rescale_grad
    for w, g, m, v, lr, wd, t in zip(weight, grad, mean, var, lrs, wds, ts, strict=True):
        direction, m, v = lamb_update_phase1(xp, w, g, m, v, t=t, wd=wd, **settings)
        lr, = scalars_in(xp, w.dtype, lr)
        new = lamb_update_phase2(xp, w, direction, norm(xp, w), norm(xp, direction), lr=lr,
                                 lower_bound=lower_bound, upper_bound=upper_bound)
        rows.append((new, m, v))
    return columns(rows, 3)


def _bounded_scale(xp, grad, max_grad_norm, rescale_grad):
    """Return the factor of all gradients with which their common norm is at most `max_grad_norm`."""
    total = sum((xp.as_scalar(xp.sum_sq(g), FLOAT64) for g in grad), start=xp.as_scalar(0.0, FLOAT64))
    length = xp.sqrt(total) * xp.abs(rescale_grad)
    return xp.where(length > max_grad_norm, rescale_grad * max_grad_norm / length, rescale_grad)


@operator(many(same_floating, 4), outputs=_tensors, tensorwise=_apart, writes=("mean", "var"),
          aliases=("multi_lamb_update",), scalar_dtype="float64", update=LAYERWISE._replace(names=("lamb",)))
def _multi_lamb_update(xp, weight: Many(), grad: Many(), mean: Many(), var: Many(), /, *, learning_rates: Scalars,
                       beta1: Beta = 0.9, beta2: Beta = 0.999, epsilon: Least = 1e-6, wds: Scalars,
                       rescale_grad: Scalar = 1.0, lower_bound: Bound = -1.0, upper_bound: Bound = -1.0,
                       clip_gradient: Bound = -1.0, bias_correction: bool = True, step_count: StepNumbers,
                       num_tensors: Count = None, max_grad_norm: Annotated[Least, Added] = None):
    r"""LAMB on many tensors at once: `lamb_update_phase1`, the norms, and `lamb_update_phase2` of each.

    Parameters
    ----------
    weight : arrays, floating
        The weights of each tensor.  In a call the arrays come tensor by tensor:
        ``weight_0, grad_0, mean_0, var_0, weight_1, …``.
    grad : arrays, each like its weight
        Gradients.
    mean, var : arrays, each like its weight, written
        Running means of gradients and of their squares; zeros at first.
    learning_rates, wds : Scalars
        Learning rate and weight decay of each tensor: tuples, or one array each.
    beta1, beta2, epsilon : Scalar, optional
        As in `lamb_update_phase1`.
    rescale_grad : Scalar, optional
        Factor of all gradients.
    lower_bound, upper_bound : float, optional
        Bounds of the weights' norms; negative: none.
    clip_gradient : float, optional
        Bound of the rescaled gradients; negative: none, 0: clip to zero.
    bias_correction : bool, optional
        Divide the means by :math:`1 - \beta^t`.
    step_count : Scalars
        Number of the step of each tensor, from 1.
    num_tensors : int, optional
        How many tensors there are; follows from the call.
    max_grad_norm : Scalar, optional
        Bound of the common norm of all rescaled gradients, which are scaled down together; none when left out.

    Returns
    -------
    list of array, each like its weight
        The new weights; of one tensor, the array alone.

    Raises
    ------
    ShapeError, DTypeError
        If a tensor's arrays differ in shape, dtypes differ at all, or there is not one rate for each tensor.

    Notes
    -----
    The norms are accumulated in float64.  The arithmetic is that of the two phases; MXNet 1.9.1 takes a root and a
    quotient in double for float32 arrays and keeps the direction in float32 for float64 ones, and takes at most 45
    tensors.  Neither ``out`` nor `num_tensors` is needed.

    References
    ----------
    .. [1] Y. You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", ICLR 2020,
       https://arxiv.org/abs/1904.00962
    .. [2] MXNet 1.9.1, operator ``_multi_lamb_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, mean, var = nd.array([3, 4]), nd.zeros(2), nd.zeros(2)
    >>> nd.multi_lamb_update(weight, nd.array([1, 0]), mean, var, learning_rates=(0.5,), wds=(0,), step_count=(1,),
    ...                      beta1=0.5, beta2=0.75).asnumpy()
    array([0.5, 4. ], dtype=float32)
    """
    return _steps(xp, weight, grad, mean, var, learning_rates, wds, step_count, lower_bound, upper_bound,
                  max_grad_norm, rescale_grad, beta1=beta1, beta2=beta2, epsilon=epsilon,
                  clip_gradient=clip_gradient, bias_correction=bias_correction)


@operator(many(mixed_precision(2, 3, 4), 5, one_dtype=False), outputs=_tensors, tensorwise=_apart,
          writes=("mean", "var", "weight32"), aliases=("multi_mp_lamb_update",), scalar_dtype="float64",
          update=LAYERWISE._replace(names=("mp_lamb",)))
def _multi_mp_lamb_update(xp, weight: Many(), grad: Many(), mean: Many(), var: Many(), weight32: Many(), /, *,
                          learning_rates: Scalars, beta1: Beta = 0.9, beta2: Beta = 0.999,
                          epsilon: Least = 1e-6, wds: Scalars, rescale_grad: Scalar = 1.0,
                          lower_bound: Bound = -1.0, upper_bound: Bound = -1.0, clip_gradient: Bound = -1.0,
                          bias_correction: bool = True, step_count: StepNumbers, num_tensors: Count = None,
                          max_grad_norm: Annotated[Least, Added] = None):
    r"""LAMB on float32 master copies, many tensors at once: `multi_lamb_update` on the `weight32`.

    Parameters
    ----------
    weight : arrays, floating
        The weights in low precision; only their dtypes matter.  In a call the arrays come tensor by tensor:
        ``weight_0, grad_0, mean_0, var_0, weight32_0, weight_1, …``.
    grad : arrays, each like its weight
        Gradients, widened to float32 before anything else.
    mean, var : arrays, float32, each in the shape of its weight, written
        Running means of gradients and of their squares.
    weight32 : arrays, float32, each in the shape of its weight, written
        The weights.
    learning_rates, wds, step_count : Scalars
        Learning rate, weight decay and number of the step of each tensor: tuples, or one array each.
    beta1, beta2, epsilon, rescale_grad : Scalar, optional
        As in `multi_lamb_update`.
    lower_bound, upper_bound, clip_gradient : float, optional
        As in `multi_lamb_update`.
    bias_correction : bool, optional
        As in `multi_lamb_update`.
    num_tensors : int, optional
        How many tensors there are; follows from the call.
    max_grad_norm : Scalar, optional
        Bound of the common norm of all rescaled gradients, which are scaled down together; none when left out.

    Returns
    -------
    list of array, each like its weight
        The new `weight32`, rounded; of one tensor, the array alone.

    Raises
    ------
    ShapeError, DTypeError
        If a tensor's shapes differ, a float32 state is not float32, or there is not one rate for each tensor.

    Notes
    -----
    The norm is that of `weight32`, and `weight32` counts whatever the dtype of `weight`.  MXNet 1.9.1 takes the norm
    of the low-precision weight with squares rounded in half precision, so that 256 overflows, and ignores `weight32`
    when the weights are float32.

    References
    ----------
    .. [1] Y. You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", ICLR 2020,
       https://arxiv.org/abs/1904.00962
    .. [2] MXNet 1.9.1, operator ``_multi_mp_lamb_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> half, master = nd.array([3, 4], dtype="float16"), nd.array([3, 4])
    >>> nd.multi_mp_lamb_update(half, nd.array([1, 0], dtype="float16"), nd.zeros(2), nd.zeros(2), master,
    ...                         learning_rates=(0.5,), wds=(0,), step_count=(1,), beta1=0.5, beta2=0.75,
    ...                         out=half).asnumpy()
    array([0.5, 4. ], dtype=float16)
    """
    new, mean, var = _steps(xp, weight32, [widened(xp, g) for g in grad], mean, var, learning_rates, wds, step_count,
                            lower_bound, upper_bound, max_grad_norm, rescale_grad, beta1=beta1, beta2=beta2,
                            epsilon=epsilon, clip_gradient=clip_gradient, bias_correction=bias_correction)
    return tuple(xp.astype(n, w.dtype) for n, w in zip(new, weight)), mean, var, new
