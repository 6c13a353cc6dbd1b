"""Stochastic gradient descent on many tensors at once, with rates that are arrays."""

from ndarray.operator import Many, operator
from ndarray.ops.optimizer_common import Bound, Choice, float32, many, rates, widened
from ndarray.ops.optimizer_multi_sgd import RATES, decays, narrow, steps, tensors
from ndarray.params import Count, Scalar
from ndarray.rules import mixed_precision, same_floating

KIND = "update"


def _preloaded(xp, lrs, wds, weights, rate_in_momentum=True):
    """Return rates and what `decays` gives, multiplied in float32 as MXNet does, as scalars of each weight's dtype."""
    n = len(weights)
    lrs, wds = (xp.unpack_scalars(x, n, float32) for x in (lrs, wds))
    return tuple(tuple(xp.as_scalar(x, w.dtype) for x, w in zip(values, weights))
                 for values in (lrs, decays(lrs, wds, rate_in_momentum)))


@operator(many(same_floating, 2, extra=rates), outputs=tensors, tensorwise=True, update=RATES)
def preloaded_multi_sgd_update(xp, weight: Many(), grad: Many(), lrs, wds, /, *, rescale_grad: Scalar = 1.0,
                               clip_gradient: Bound = -1.0, num_weights: Count = None):
    r"""Step against the gradient, many tensors at once, with rates that are arrays: `multi_sgd_update`.

    Parameters
    ----------
    weight : arrays, floating
        The weights of each tensor.  In a call the arrays come tensor by tensor, then `lrs` and `wds`:
        ``weight_0, grad_0, weight_1, …, lrs, wds``.
    grad : arrays, each like its weight
        Gradients.
    lrs : array, float32, one element for each tensor
        Learning rates, as `multi_lars` gives them.
    wds : array, float32, one element for each tensor
        Weight decays.
    rescale_grad : Scalar, optional
        Factor of all gradients.
    clip_gradient : float, optional
        Bound of the rescaled gradients; negative: none, 0: clip to zero.
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
    The product of rate and decay is a float32 number for float64 weights, too.  Unlike in MXNet, neither ``out``
    nor `num_weights` is needed, and any number of tensors is taken.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``preloaded_multi_sgd_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.preloaded_multi_sgd_update(nd.array([1]), nd.ones(1), nd.array([0.5]), nd.array([0])).asnumpy()
    array([0.5], dtype=float32)
    """
    return steps(xp, weight, grad, None, *_preloaded(xp, lrs, wds, weight), 0, rescale_grad, clip_gradient)[0]


@operator(many(same_floating, 3, extra=rates), outputs=tensors, tensorwise=True, writes=("mom",),
          update=RATES._replace(names=("preloaded_multi_sgd",)))
def preloaded_multi_sgd_mom_update(xp, weight: Many(), grad: Many(), mom: Many(), lrs, wds, /, *,
                                   momentum: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0,
                                   num_weights: Count = None, rate_in_momentum: Choice = True):
    r"""Step along the momentum, many tensors at once, with rates that are arrays: `sgd_mom_update` of each.

    Rates that were computed, such as those of `multi_lars`, need not leave the device or the graph.

    Parameters
    ----------
    weight : arrays, floating
        The weights of each tensor.  In a call the arrays come tensor by tensor, then `lrs` and `wds`:
        ``weight_0, grad_0, mom_0, weight_1, …, lrs, wds``.
    grad : arrays, each like its weight
        Gradients.
    mom : arrays, each like its weight, written
        The last moves; zeros at first.
    lrs : array, float32, one element for each tensor
        Learning rates, as `multi_lars` gives them.
    wds : array, float32, one element for each tensor
        Weight decays.
    momentum : Scalar, optional
        The part of the last move that is repeated.
    rescale_grad : Scalar, optional
        Factor of all gradients.
    clip_gradient : float, optional
        Bound of the rescaled gradients; negative: none, 0: clip to zero.
    num_weights : int, optional
        How many tensors there are; follows from the call.
    rate_in_momentum : bool, optional
        As in `sgd_mom_update`.

    Returns
    -------
    list of array, each like its weight
        The new weights; of one tensor, the array alone.

    Raises
    ------
    ShapeError, DTypeError
        If a tensor's arrays differ in shape, dtypes differ at all, or there is not one rate for each tensor.

    See Also
    --------
    sgd_mom_update : One tensor, with the formula.
    multi_lars : Rates by layer.

    Notes
    -----
    The product of rate and decay is a float32 number for float64 weights, too.  Unlike in MXNet, neither ``out``
    nor `num_weights` is needed, any number of tensors is taken, and the symbolic form exists
    (``mx.sym.preloaded_multi_sgd_mom_update`` raises "stored type mismatch").

    References
    ----------
    .. [1] Y. You, I. Gitman, B. Ginsburg, "Large Batch Training of Convolutional Networks", 2017,
       https://arxiv.org/abs/1708.03888
    .. [2] MXNet 1.9.1, operator ``preloaded_multi_sgd_mom_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, mom = nd.array([1]), nd.array([2])
    >>> nd.preloaded_multi_sgd_mom_update(weight, nd.ones(1), mom, nd.array([1]), nd.array([0]), momentum=0.5,
    ...                                   out=weight).asnumpy()
    array([1.], dtype=float32)
    """
    return steps(xp, weight, grad, mom, *_preloaded(xp, lrs, wds, weight, rate_in_momentum), momentum, rescale_grad,
                 clip_gradient, rate_in_momentum)


@operator(many(mixed_precision(2), 3, extra=rates, one_dtype=False), outputs=tensors, tensorwise=True,
          writes=("weight32",), scalar_dtype="weight32", update=RATES)
def preloaded_multi_mp_sgd_update(xp, weight: Many(), grad: Many(), weight32: Many(), lrs, wds, /, *,
                                  rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0, num_weights: Count = None):
    r"""SGD on float32 master copies, many tensors at once, with rates that are arrays: `multi_mp_sgd_update`.

    Parameters
    ----------
    weight : arrays, floating
        The weights in low precision; only their dtypes matter.  In a call the arrays come tensor by tensor, then
        `lrs` and `wds`: ``weight_0, grad_0, weight32_0, weight_1, …, lrs, wds``.
    grad : arrays, each like its weight
        Gradients, widened to float32 before anything else.
    weight32 : arrays, float32, each in the shape of its weight, written
        The weights.
    lrs, wds : array, float32, one element for each tensor
        Learning rates and weight decays.
    rescale_grad : Scalar, optional
        Factor of all gradients.
    clip_gradient : float, optional
        Bound of the rescaled gradients; negative: none, 0: clip to zero.
    num_weights : int, optional
        How many tensors there are; follows from the call.

    Returns
    -------
    list of array, each like its weight
        The new `weight32`, rounded; of one tensor, the array alone.

    Raises
    ------
    ShapeError, DTypeError
        If a tensor's shapes differ, a master copy is not float32, or there is not one rate for each tensor.

    Notes
    -----
    `weight32` counts whatever the dtype of `weight`; MXNet 1.9.1 ignores it, and leaves it as it was, when the
    weights are float32.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``preloaded_multi_mp_sgd_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> half, master = nd.array([1], dtype="float16"), nd.array([1])
    >>> nd.preloaded_multi_mp_sgd_update(half, nd.ones(1, dtype="float16"), master, nd.array([0.5]), nd.array([0]),
    ...                                  out=half).asnumpy()
    array([0.5], dtype=float16)
    """
    new, _ = steps(xp, weight32, [widened(xp, g) for g in grad], None, *_preloaded(xp, lrs, wds, weight32), 0,
                    rescale_grad, clip_gradient)
    return narrow(xp, new, weight), new


@operator(many(mixed_precision(2, 3), 4, extra=rates, one_dtype=False), outputs=tensors, tensorwise=True,
          writes=("mom", "weight32"), scalar_dtype="weight32", update=RATES._replace(names=("preloaded_multi_mp_sgd",)))
def preloaded_multi_mp_sgd_mom_update(xp, weight: Many(), grad: Many(), mom: Many(), weight32: Many(), lrs, wds, /, *,
                                      momentum: Scalar = 0.0, rescale_grad: Scalar = 1.0,
                                      clip_gradient: Bound = -1.0, num_weights: Count = None,
                                      rate_in_momentum: Choice = True):
    r"""SGD with momentum on master copies, with rates that are arrays: `sgd_mom_update` on each `weight32`.

    Parameters
    ----------
    weight : arrays, floating
        The weights in low precision; only their dtypes matter.  In a call the arrays come tensor by tensor, then
        `lrs` and `wds`: ``weight_0, grad_0, mom_0, weight32_0, weight_1, …, lrs, wds``.
    grad : arrays, each like its weight
        Gradients, widened to float32 before anything else.
    mom : arrays, float32, each in the shape of its weight, written
        The last moves; zeros at first.
    weight32 : arrays, float32, each in the shape of its weight, written
        The weights.
    lrs, wds : array, float32, one element for each tensor
        Learning rates and weight decays.
    momentum : Scalar, optional
        The part of the last move that is repeated.
    rescale_grad : Scalar, optional
        Factor of all gradients.
    clip_gradient : float, optional
        Bound of the rescaled gradients; negative: none, 0: clip to zero.
    num_weights : int, optional
        How many tensors there are; follows from the call.
    rate_in_momentum : bool, optional
        As in `sgd_mom_update`.

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
    .. [1] MXNet 1.9.1, operator ``preloaded_multi_mp_sgd_mom_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> half, mom, master = nd.array([1], dtype="float16"), nd.array([2]), nd.array([1])
    >>> nd.preloaded_multi_mp_sgd_mom_update(half, nd.ones(1, dtype="float16"), mom, master, nd.array([1]),
    ...                                      nd.array([0]), momentum=0.5, out=half).asnumpy()
    array([1.], dtype=float16)
    """
    new, mom = steps(xp, weight32, [widened(xp, g) for g in grad], mom,
                     *_preloaded(xp, lrs, wds, weight32, rate_in_momentum), momentum, rescale_grad, clip_gradient,
                     rate_in_momentum)
    return narrow(xp, new, weight), mom, new
