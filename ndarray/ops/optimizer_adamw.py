"""AdamW: Adam with decoupled weight decay and a gradient scale that may call a step off."""

from ndarray.dtypes import is_floating
from ndarray.errors import DTypeError
from ndarray.operator import Many, operator
from ndarray.ops.optimizer_common import (
    Beta,
    Bound,
    Least,
    columns,
    elements,
    float32,
    many,
    rescaled,
    scalars_in,
    widened,
)
from ndarray.params import Count, Scalar, Scalars
from ndarray.rules import mixed_precision, same_floating, slot_error
from ndarray.update import Update

KIND = "update"


def _with_rescale(rule, width, default):
    """Return `rule` over the first `width` inputs; the last input is one element, of `default` dtype unless known."""

    def infer(inputs, outputs, params):
        tensors, outputs = rule(inputs[:width], outputs, params)
        return tensors + _one([inputs[width]], None, width, default or tensors[0].dtype), outputs

    return infer


def _one(types, n, at, dtype):
    """Types of `rescale_grad`: one element; the given dtype unless it has another floating one."""
    type_, = types
    if type_.dtype is not None and not is_floating(type_.dtype):
        raise slot_error(DTypeError, f"`{{}}` has dtype {type_.dtype}; it must be floating", at)
    return [elements(type_, 1, at, type_.dtype or dtype)]


def weighted(old, new, keep, rest):
    """Return a running average, as the single-tensor operators round it."""
    return keep * old + rest * new


def corrected(old, new, keep, rest):
    """Return the same average, as MXNet's multi-tensor operators round it."""
    return keep * (old - new) + new


def adamw_step(xp, weight, grad, mean, var, rescale_grad, average, *, lr, eta, beta1, beta2, epsilon, wd,
               clip_gradient):
    """Return new weight, mean and var; all old where `rescale_grad` is zero, NaN or infinite."""
    dtype = weight.dtype
    scale = xp.as_scalar(rescale_grad, rescale_grad.dtype)
    goes = xp.logical_and(xp.isfinite(scale), scale != 0)
    rest1, rest2 = scalars_in(xp, dtype, 1 - beta1, 1 - beta2)
    lr, eta, beta1, beta2, epsilon, wd, scale = scalars_in(xp, dtype, lr, eta, beta1, beta2, epsilon, wd, scale)
    grad = rescaled(xp, grad, scale, clip_gradient)
    new_mean = average(mean, grad, beta1, rest1)
    new_var = average(var, grad * grad, beta2, rest2)
    new = weight - eta * (lr * new_mean / (xp.sqrt(new_var) + epsilon) + wd * weight)
    return xp.where(goes, new, weight), xp.where(goes, new_mean, mean), xp.where(goes, new_var, var)


_ADAMW = Update(decay_times_rate=False, corrects_bias=True, single=("rescale_grad",),
                usual={"eta": 1.0, "rescale_grad": 1.0})
_MULTI_ADAMW = _ADAMW._replace(rate="lrs", decay="wds", usual={"etas": 1.0, "rescale_grad": 1.0})


@operator(_with_rescale(same_floating, 4, float32), writes=("mean", "var"), aliases=("adamw_update",),
          scalar_dtype="float64", update=_ADAMW)
def _adamw_update(xp, weight, grad, mean, var, rescale_grad, /, *, lr: Scalar, eta: Scalar, beta1: Beta = 0.9,
                  beta2: Beta = 0.999, epsilon: Least = 1e-8, wd: Scalar = 0.0, clip_gradient: Bound = -1.0):
    r"""Adam with decoupled weight decay (AdamW).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c) \\
       m_{t+1} &= \beta_1 m_t + (1 - \beta_1) G, \qquad v_{t+1} = \beta_2 v_t + (1 - \beta_2) G^2 \\
       w_{t+1} &= w_t - \eta\,(\alpha\, m_{t+1} / (\sqrt{v_{t+1}} + \epsilon) + \lambda w_t)

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
    rescale_grad : array, one element, floating
        :math:`\rho`, factor of the gradient, such as the reciprocal of a loss scale.  With zero, NaN or infinity
        nothing changes: the step is skipped.
    lr : Scalar
        Learning rate :math:`\alpha`.
    eta : Scalar
        :math:`\eta`, the schedule's factor of the whole step, decay included.
    beta1, beta2 : Scalar, optional
        What the running means keep.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of gradient.
    wd : Scalar, optional
        Weight decay :math:`\lambda`; `lr` does not multiply it.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.

    Returns
    -------
    array, like `weight`
        The weights :math:`w_{t+1}`.

    Raises
    ------
    ShapeError, DTypeError
        If the arrays differ in shape or dtype, or `rescale_grad` has more than one element.

    See Also
    --------
    adam_update : Weight decay within the gradient.

    Notes
    -----
    There is no correction of the moments' bias.  A step that is skipped returns the weight; MXNet 1.9.1 leaves
    its output uninitialised.  `grad` is only read; MXNet overwrites it with the rescaled gradient.  MXNet takes any
    size of `rescale_grad` and uses its first element.

    References
    ----------
    .. [1] I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019,
       https://arxiv.org/abs/1711.05101
    .. [2] MXNet 1.9.1, operator ``_adamw_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, mean, var = nd.array([1]), nd.zeros(1), nd.zeros(1)
    >>> settings = dict(lr=0.5, eta=1, beta1=0.5, beta2=0.75, epsilon=0)
    >>> nd.adamw_update(weight, nd.array([2]), mean, var, nd.array([1]), **settings).asnumpy()
    array([0.5], dtype=float32)
    >>> nd.adamw_update(weight, nd.array([2]), mean, var, nd.array([float("nan")]), **settings).asnumpy()
    array([1.], dtype=float32)
    """
    return adamw_step(xp, weight, grad, mean, var, rescale_grad, weighted, lr=lr, eta=eta, beta1=beta1, beta2=beta2,
                      epsilon=epsilon, wd=wd, clip_gradient=clip_gradient)


@operator(_with_rescale(mixed_precision(2, 3, 4), 5, float32), writes=("mean", "var", "weight32"),
          aliases=("mp_adamw_update",), scalar_dtype="float64", update=_ADAMW)
def _mp_adamw_update(xp, weight, grad, mean, var, weight32, rescale_grad, /, *, lr: Scalar, eta: Scalar,
                     beta1: Beta = 0.9, beta2: Beta = 0.999, epsilon: Least = 1e-8, wd: Scalar = 0.0,
                     clip_gradient: Bound = -1.0):
    r"""AdamW on a float32 master copy: `adamw_update` on `weight32`.

    Parameters
    ----------
    weight : array, any shape, floating
        The weights in low precision; only their dtype matters.
    grad : array, like `weight`
        Gradient, widened to float32 before anything else.
    mean, var : array, float32, shape of `weight`, written
        Running means of gradients and of their squares.
    weight32 : array, float32, shape of `weight`, written
        The weights.
    rescale_grad : array, one element, floating
        Factor of the gradient; with zero, NaN or infinity nothing changes.
    lr, eta, beta1, beta2, epsilon, wd : Scalar
        As in `adamw_update`.
    clip_gradient : float, optional
        As in `adamw_update`.

    Returns
    -------
    array, like `weight`
        The new `weight32`, rounded.

    Raises
    ------
    ShapeError, DTypeError
        If a shape differs, or a state is not float32.  MXNet 1.9.1 does not check the states' shapes.

    Notes
    -----
    When the step is skipped, the result is `weight` itself.

    References
    ----------
    .. [1] I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019,
       https://arxiv.org/abs/1711.05101
    .. [2] MXNet 1.9.1, operator ``_mp_adamw_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> half, mean, var, master = nd.array([1], dtype="float16"), nd.zeros(1), nd.zeros(1), nd.array([1])
    >>> nd.mp_adamw_update(half, nd.array([2], dtype="float16"), mean, var, master, nd.array([1]), lr=0.5, eta=1,
    ...                    beta1=0.5, beta2=0.75, epsilon=0).asnumpy()
    array([0.5], dtype=float16)
    """
    new, mean, var = adamw_step(xp, weight32, widened(xp, grad), mean, var, rescale_grad, weighted, lr=lr, eta=eta,
                                beta1=beta1, beta2=beta2, epsilon=epsilon, wd=wd, clip_gradient=clip_gradient)
    return _narrow(xp, new, weight, rescale_grad), mean, var, new


def _narrow(xp, new, weight, rescale_grad):
    scale = xp.as_scalar(rescale_grad, rescale_grad.dtype)
    return xp.where(xp.logical_and(xp.isfinite(scale), scale != 0), xp.astype(new, weight.dtype), weight)


def _tensors(params):
    return params["num_weights"]


def _steps(xp, weight, grad, mean, var, rescale_grad, lrs, wds, etas, **settings):
    return columns([adamw_step(xp, w, g, m, v, rescale_grad, corrected, lr=lr, wd=wd, eta=eta, **settings)
                    for w, g, m, v, lr, wd, eta in zip(weight, grad, mean, var, lrs, wds, etas, strict=True)], 3)


@operator(many(same_floating, 4, extra=_one), outputs=_tensors, tensorwise=True, writes=("mean", "var"),
          aliases=("multi_adamw_update",), scalar_dtype="float64", update=_MULTI_ADAMW)
def _multi_adamw_update(xp, weight: Many(), grad: Many(), mean: Many(), var: Many(), rescale_grad, /, *,
                        lrs: Scalars, wds: Scalars, etas: Scalars, beta1: Beta = 0.9, beta2: Beta = 0.999,
                        epsilon: Least = 1e-8, clip_gradient: Bound = -1.0, num_weights: Count = None):
    r"""AdamW on many tensors at once: `adamw_update` of each.

    Parameters
    ----------
    weight : arrays, floating
        The weights of each tensor.  In a call the arrays come tensor by tensor, then `rescale_grad`:
        ``weight_0, grad_0, mean_0, var_0, weight_1, …, rescale_grad``.
    grad : arrays, each like its weight
        Gradients.
    mean, var : arrays, each like its weight, written
        Running means of gradients and of their squares; zeros at first.
    rescale_grad : array, one element, floating
        Factor of all gradients; with zero, NaN or infinity nothing changes.
    lrs, wds, etas : Scalars
        Learning rate, weight decay and schedule's factor of each tensor: tuples, or one array each.
    beta1, beta2, epsilon : Scalar, optional
        As in `adamw_update`.
    clip_gradient : float, optional
        As in `adamw_update`.
    num_weights : int, optional
        How many tensors there are; follows from the call.

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
    The averages are rounded as MXNet does here: :math:`\beta (m - G) + G`.  MXNet 1.9.1 reads the rates of float16
    and float64 weights from the wrong bytes; here they are the given ones.  Neither ``out`` nor `num_weights` is
    needed, and any number of tensors is taken (above 50, MXNet overruns its memory).

    References
    ----------
    .. [1] I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019,
       https://arxiv.org/abs/1711.05101
    .. [2] MXNet 1.9.1, operator ``_multi_adamw_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> mean, var = nd.zeros(1), nd.zeros(1)
    >>> nd.multi_adamw_update(nd.array([1]), nd.array([2]), mean, var, nd.array([1]), lrs=(0.5,), wds=(0,),
    ...                       etas=(1,), beta1=0.5, beta2=0.75, epsilon=0).asnumpy()
    array([0.5], dtype=float32)
    """
    return _steps(xp, weight, grad, mean, var, rescale_grad, lrs, wds, etas, beta1=beta1, beta2=beta2,
                  epsilon=epsilon, clip_gradient=clip_gradient)


@operator(many(mixed_precision(2, 3, 4), 5, extra=lambda types, n, at, dtype: _one(types, n, at, float32),
               one_dtype=False),
          outputs=_tensors, tensorwise=True, writes=("mean", "var", "weight32"), aliases=("multi_mp_adamw_update",),
          scalar_dtype="float64", update=_MULTI_ADAMW)
def _multi_mp_adamw_update(xp, weight: Many(), grad: Many(), mean: Many(), var: Many(), weight32: Many(),
                           rescale_grad, /, *, lrs: Scalars, wds: Scalars, etas: Scalars, beta1: Beta = 0.9,
                           beta2: Beta = 0.999, epsilon: Least = 1e-8, clip_gradient: Bound = -1.0,
                           num_weights: Count = None):
    r"""AdamW on float32 master copies, many tensors at once: `multi_adamw_update` on the `weight32`.

    Parameters
    ----------
    weight : arrays, floating
        The weights in low precision; only their dtypes matter.  In a call the arrays come tensor by tensor, then
        `rescale_grad`: ``weight_0, grad_0, mean_0, var_0, weight32_0, weight_1, …, rescale_grad``.
    grad : arrays, each like its weight
        Gradients, widened to float32 before anything else.
    mean, var : arrays, float32, each in the shape of its weight, written
        Running means of gradients and of their squares.
    weight32 : arrays, float32, each in the shape of its weight, written
        The weights.
    rescale_grad : array, one element, floating
        Factor of all gradients; with zero, NaN or infinity nothing changes.
    lrs, wds, etas : Scalars
        Learning rate, weight decay and schedule's factor of each tensor: tuples, or one array each.
    beta1, beta2, epsilon : Scalar, optional
        As in `adamw_update`.
    clip_gradient : float, optional
        As in `adamw_update`.
    num_weights : int, optional
        How many tensors there are; follows from the call.

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
    `weight32` counts whatever the dtype of `weight`; MXNet 1.9.1 ignores it, and leaves it as it was, when the
    weights are float32.

    References
    ----------
    .. [1] I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019,
       https://arxiv.org/abs/1711.05101
    .. [2] MXNet 1.9.1, operator ``_multi_mp_adamw_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> half, mean, var, master = nd.array([1], dtype="float16"), nd.zeros(1), nd.zeros(1), nd.array([1])
    >>> nd.multi_mp_adamw_update(half, nd.array([2], dtype="float16"), mean, var, master, nd.array([1]), lrs=(0.5,),
    ...                          wds=(0,), etas=(1,), beta1=0.5, beta2=0.75, epsilon=0, out=half).asnumpy()
    array([0.5], dtype=float16)
    """
    new, mean, var = _steps(xp, weight32, [widened(xp, g) for g in grad], mean, var, rescale_grad, lrs, wds, etas,
                            beta1=beta1, beta2=beta2, epsilon=epsilon, clip_gradient=clip_gradient)
    return tuple(_narrow(xp, n, w, rescale_grad) for n, w in zip(new, weight)), mean, var, new
