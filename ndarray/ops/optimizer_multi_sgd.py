"""Stochastic gradient descent on many tensors at once."""

from ndarray.operator import Many, operator
from ndarray.ops.optimizer_common import Bound, Choice, many, widened
from ndarray.ops.optimizer_sgd import decayed_gradient, move
from ndarray.params import Count, Scalar, Scalars
from ndarray.rules import mixed_precision, same_floating
from ndarray.update import Update

KIND = "update"


def tensors(params):
    """Return how many outputs there are: one for each tensor."""
    return params["num_weights"]


def steps(xp, weights, grads, moms, lrs, shrinks, momentum, rescale_grad, clip_gradient, rate_in_momentum=True):
    """Return new weights and momenta.

    `moms` is None where there is no momentum; `shrinks` are the decays as `decays` gives them.
    """
    if not rate_in_momentum:
        moms = tuple(momentum * m + decayed_gradient(xp, w, g, wd, rescale_grad, clip_gradient)
                     for m, w, g, wd in zip(moms, weights, grads, shrinks, strict=True))
        return tuple(w - lr * m for w, lr, m in zip(weights, lrs, moms, strict=True)), moms
    carried = [momentum * m for m in moms] if moms is not None else [0] * len(weights)
    moves = tuple(move(xp, c, w, g, lr, shrink, rescale_grad, clip_gradient)
                  for c, w, g, lr, shrink in zip(carried, weights, grads, lrs, shrinks, strict=True))
    return tuple(w + m for w, m in zip(weights, moves)), moves


def narrow(xp, new, weights):
    """Return new weights, each rounded to the dtype of its low-precision one."""
    return tuple(xp.astype(n, w.dtype) for n, w in zip(new, weights))


def decays(lrs, wds, rate_in_momentum=True):
    """Return the product of rate and weight decay of each tensor, or the decay where the momentum has no rate."""
    if not rate_in_momentum:
        return wds
    return tuple(lr * wd for lr, wd in zip(lrs, wds, strict=True))


RATES = Update(rate="lrs", decay="wds")
"""What the parameters of updates of many tensors mean."""


@operator(many(same_floating, 2), outputs=tensors, tensorwise=True, fusible=True, update=RATES)
def multi_sgd_update(xp, weight: Many(), grad: Many(), /, *, lrs: Scalars, wds: Scalars, rescale_grad: Scalar = 1.0,
                     clip_gradient: Bound = -1.0, num_weights: Count = None):
    r"""Step against the gradient, many tensors at once (SGD).

    .. math:: w_i \leftarrow w_i + (0 - \eta_i\lambda_i w_i - \eta_i \operatorname{clip}(\rho g_i, c))

    Parameters
    ----------
    weight : arrays, floating
        The weights of each tensor.  In a call the arrays come tensor by tensor: ``weight_0, grad_0, weight_1, …``.
    grad : arrays, each like its weight
        Gradients.
    lrs : Scalars
        Learning rate of each tensor: a tuple, or one array.
    wds : Scalars
        Weight decay of each tensor.
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

    See Also
    --------
    sgd_update : One tensor.

    Notes
    -----
    The formula is that of `multi_sgd_mom_update` without momentum, as in MXNet: it rounds differently from
    `sgd_update`, and an infinite weight gives NaN even without decay.  Unlike in MXNet, neither ``out`` nor
    `num_weights` is needed, and any number of tensors is taken (above 60, MXNet overruns its memory).

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``multi_sgd_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> a, b = nd.array([1]), nd.array([2, 3])
    >>> [x.asnumpy().tolist() for x in nd.multi_sgd_update(a, nd.ones(1), b, nd.ones(2), lrs=(0.5, 1), wds=(0, 0))]
    [[0.5], [1.0, 2.0]]
    """
    return steps(xp, weight, grad, None, lrs, decays(lrs, wds), 0, rescale_grad, clip_gradient)[0]


@operator(many(same_floating, 3), outputs=tensors, tensorwise=True, writes=("mom",), fusible=True,
          update=RATES._replace(names=("multi_sgd",)))
def multi_sgd_mom_update(xp, weight: Many(), grad: Many(), mom: Many(), /, *, lrs: Scalars, wds: Scalars,
                         momentum: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0,
                         num_weights: Count = None, rate_in_momentum: Choice = True):
    r"""Step along the momentum, many tensors at once: `sgd_mom_update` of each.

    Parameters
    ----------
    weight : arrays, floating
        The weights of each tensor.  In a call the arrays come tensor by tensor:
        ``weight_0, grad_0, mom_0, weight_1, …``.
    grad : arrays, each like its weight
        Gradients.
    mom : arrays, each like its weight, written
        The last moves; zeros at first.
    lrs : Scalars
        Learning rate of each tensor: a tuple, or one array.
    wds : Scalars
        Weight decay of each tensor.
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
    preloaded_multi_sgd_mom_update : Rates as arrays.

    Notes
    -----
    Unlike in MXNet, neither ``out`` nor `num_weights` is needed, any number of tensors is taken, and the symbolic
    form exists (``mx.sym.multi_sgd_mom_update`` raises "stored type mismatch").

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``multi_sgd_mom_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, mom = nd.array([1]), nd.array([2])
    >>> nd.multi_sgd_mom_update(weight, nd.ones(1), mom, lrs=(1,), wds=(0,), momentum=0.5).asnumpy()
    array([1.], dtype=float32)
    """
    return steps(xp, weight, grad, mom, lrs, decays(lrs, wds, rate_in_momentum), momentum, rescale_grad,
                 clip_gradient, rate_in_momentum)


@operator(many(mixed_precision(2), 3, one_dtype=False), outputs=tensors, tensorwise=True, writes=("weight32",),
          scalar_dtype="weight32", fusible=True, update=RATES)
def multi_mp_sgd_update(xp, weight: Many(), grad: Many(), weight32: Many(), /, *, lrs: Scalars, wds: Scalars,
                        rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0, num_weights: Count = None):
    r"""SGD on float32 master copies, many tensors at once: `multi_sgd_update` on the `weight32`.

    Parameters
    ----------
    weight : arrays, floating
        The weights in low precision; only their dtypes matter.  In a call the arrays come tensor by tensor:
        ``weight_0, grad_0, weight32_0, weight_1, …``.
    grad : arrays, each like its weight
        Gradients, widened to float32 before anything else.
    weight32 : arrays, float32, each in the shape of its weight, written
        The weights.
    lrs, wds : Scalars
        Learning rate and weight decay of each tensor: tuples, or one array each.
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
    .. [1] MXNet 1.9.1, operator ``multi_mp_sgd_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> half, master = nd.array([1], dtype="float16"), nd.array([1])
    >>> nd.multi_mp_sgd_update(half, nd.ones(1, dtype="float16"), master, lrs=(0.5,), wds=(0,)).asnumpy()
    array([0.5], dtype=float16)
    """
    new, _ = steps(xp, weight32, [widened(xp, g) for g in grad], None, lrs, decays(lrs, wds), 0, rescale_grad,
                    clip_gradient)
    return narrow(xp, new, weight), new


@operator(many(mixed_precision(2, 3), 4, one_dtype=False), outputs=tensors, tensorwise=True, writes=("mom", "weight32"),
          scalar_dtype="weight32", fusible=True, update=RATES._replace(names=("multi_mp_sgd",)))
def multi_mp_sgd_mom_update(xp, weight: Many(), grad: Many(), mom: Many(), weight32: Many(), /, *, lrs: Scalars,
                            wds: Scalars, momentum: Scalar = 0.0, rescale_grad: Scalar = 1.0,
                            clip_gradient: Bound = -1.0, num_weights: Count = None, rate_in_momentum: Choice = True):
    r"""SGD with momentum on float32 master copies, many tensors at once: `sgd_mom_update` on each `weight32`.

    Parameters
    ----------
    weight : arrays, floating
        The weights in low precision; only their dtypes matter.  In a call the arrays come tensor by tensor:
        ``weight_0, grad_0, mom_0, weight32_0, weight_1, …``.
    grad : arrays, each like its weight
        Gradients, widened to float32 before anything else.
    mom : arrays, float32, each in the shape of its weight, written
        The last moves; zeros at first.
    weight32 : arrays, float32, each in the shape of its weight, written
        The weights.
    lrs, wds : Scalars
        Learning rate and weight decay of each tensor: tuples, or one array each.
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
    .. [1] MXNet 1.9.1, operator ``multi_mp_sgd_mom_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> half, mom, master = nd.array([1], dtype="float16"), nd.array([2]), nd.array([1])
    >>> nd.multi_mp_sgd_mom_update(half, nd.ones(1, dtype="float16"), mom, master, lrs=(1,), wds=(0,), momentum=0.5,
    ...                            out=half).asnumpy()
    array([1.], dtype=float16)
    """
    new, mom = steps(xp, weight32, [widened(xp, g) for g in grad], mom, lrs, decays(lrs, wds, rate_in_momentum),
                     momentum, rescale_grad, clip_gradient, rate_in_momentum)
    return narrow(xp, new, weight), mom, new
