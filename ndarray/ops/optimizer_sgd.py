"""Stochastic gradient descent, plain and with momentum, one tensor at a time."""

from ndarray.operator import operator
from ndarray.ops.optimizer_common import Bound, Choice, RoundingChoice, clipped, rescaled, widened
from ndarray.params import Scalar
from ndarray.rules import mixed_precision, same_floating
from ndarray.update import Update

KIND = "update"


def scaled_gradient(xp, grad, lr, rescale_grad, clip_gradient):
    """Return the gradient's part of a step; without a bound the two factors are multiplied first."""
    if clip_gradient >= 0:
        return lr * clipped(xp, rescale_grad * grad, clip_gradient)
    return (lr * rescale_grad) * grad


def move(xp, carried, weight, grad, lr, decay, rescale_grad, clip_gradient):
    """Return by how much a weight moves: what is carried over, less the decay, less the gradient's part."""
    return carried - decay * weight - scaled_gradient(xp, grad, lr, rescale_grad, clip_gradient)


def decayed_gradient(xp, weight, grad, wd, rescale_grad, clip_gradient):
    """Return the clipped gradient plus the decay, as a momentum that does not hold the rate sums it up."""
    return rescaled(xp, grad, rescale_grad, clip_gradient) + wd * weight


@operator(same_floating, aliases=("_sparse_sgd_update",), fusible=True)
def sgd_update(xp, weight, grad, /, *, lr: Scalar, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0,
               clip_gradient: Bound = -1.0, lazy_update: bool = True, decay_in_gradient: RoundingChoice = False):
    r"""Step against the gradient (SGD).

    .. math:: w_{t+1} = (1 - \eta\lambda)\, w_t - \eta \operatorname{clip}(\rho g_t, c)

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`; eagerly it may be row_sparse.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per gradient.
    wd : Scalar, optional
        Weight decay :math:`\lambda`; clipping does not see it.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient, such as 1 / batch size.
    clip_gradient : float, optional
        Bound :math:`c` of the rescaled gradient; negative: none, 0: clip to zero.
    lazy_update : bool, optional
        With a row_sparse `grad`: leave rows without gradient untouched, by weight decay too.
    decay_in_gradient : bool, optional
        Whether :math:`\lambda w_t` is added to the clipped gradient before :math:`\eta` multiplies the sum, as in
        torch.  MXNet multiplies the weight by :math:`1 - \eta\lambda`, which loses digits of a small
        :math:`\eta\lambda` when it is rounded; but for rounding both are equal.

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
    sgd_mom_update : With momentum.
    multi_sgd_update : Many tensors at once.

    Notes
    -----
    MXNet's documentation calls ``clip_gradient = 0`` off; its code, and this, clip everything to 0.  Unlike there,
    a row_sparse gradient needs no ``out=weight``, nor must the weight be row_sparse.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``sgd_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.sgd_update(nd.array([1, 2]), nd.array([4, -4]), lr=0.25, rescale_grad=0.5).asnumpy()
    array([0.5, 2.5], dtype=float32)
    """
    if decay_in_gradient:
        return weight - lr * decayed_gradient(xp, weight, grad, wd, rescale_grad, clip_gradient)
    return (1 - lr * wd) * weight - scaled_gradient(xp, grad, lr, rescale_grad, clip_gradient)


@operator(same_floating, writes=("mom",), aliases=("_sparse_sgd_mom_update",), fusible=True,
          update=Update(names=("sgd",)))
def sgd_mom_update(xp, weight, grad, mom, /, *, lr: Scalar, momentum: Scalar = 0.0, wd: Scalar = 0.0,
                   rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0, lazy_update: bool = True,
                   rate_in_momentum: Choice = True):
    r"""Step along the momentum (heavy-ball SGD).

    .. math::

       m_{t+1} &= \mu m_t - \eta\lambda w_t - \eta \operatorname{clip}(\rho g_t, c) \\
       w_{t+1} &= w_t + m_{t+1}

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`; eagerly it may be row_sparse.
    mom : array, like `weight`, written
        The last move :math:`m_t`; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per gradient.
    momentum : Scalar, optional
        :math:`\mu`, the part of the last move that is repeated.
    wd : Scalar, optional
        Weight decay :math:`\lambda`; clipping does not see it.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient.
    clip_gradient : float, optional
        Bound :math:`c` of the rescaled gradient; negative: none, 0: clip to zero.
    lazy_update : bool, optional
        With a row_sparse `grad`: leave rows without gradient untouched, their momentum too.
    rate_in_momentum : bool, optional
        Whether the momentum holds the rate.  False, as in torch and Optax, keeps it out: a change of `lr` then acts
        at once.

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
    nag_mom_update : Nesterov's momentum.
    multi_sgd_mom_update : Many tensors at once.

    Notes
    -----
    The rate is part of the state: a change of `lr` acts fully only after the momentum has decayed.  Without
    `rate_in_momentum` the state is :math:`b_{t+1} = \mu b_t + \operatorname{clip}(\rho g_t, c) + \lambda w_t`, and
    :math:`w_{t+1} = w_t - \eta b_{t+1}`; MXNet has no such form.  As in MXNet, an infinite weight gives NaN even with
    ``wd = 0``.

    References
    ----------
    .. [1] I. Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013.
    .. [2] MXNet 1.9.1, operator ``sgd_mom_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, mom = nd.array([1, 2]), nd.array([2, 0])
    >>> nd.sgd_mom_update(weight, nd.array([4, 4]), mom, lr=0.25, momentum=0.5).asnumpy()
    array([1., 1.], dtype=float32)
    >>> mom.asnumpy()
    array([ 0., -1.], dtype=float32)
    """
    if not rate_in_momentum:
        mom = momentum * mom + decayed_gradient(xp, weight, grad, wd, rescale_grad, clip_gradient)
        return weight - lr * mom, mom
    mom = move(xp, momentum * mom, weight, grad, lr, lr * wd, rescale_grad, clip_gradient)
    return weight + mom, mom


@operator(mixed_precision(2), writes=("weight32",), scalar_dtype="weight32", fusible=True)
def mp_sgd_update(xp, weight, grad, weight32, /, *, lr: Scalar, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0,
                  clip_gradient: Bound = -1.0, lazy_update: bool = True):
    r"""SGD on a float32 master copy of low-precision weights: `sgd_update` on `weight32`.

    Parameters
    ----------
    weight : array, any shape, floating
        The weights in low precision; only their dtype matters.
    grad : array, like `weight`
        Gradient, widened to float32 before anything else.
    weight32 : array, float32, shape of `weight`, written
        The weights.
    lr, wd, rescale_grad : Scalar
        As in `sgd_update`, in float32.
    clip_gradient : float, optional
        As in `sgd_update`.
    lazy_update : bool, optional
        Without effect: gradients are dense here.

    Returns
    -------
    array, like `weight`
        The new `weight32`, rounded.

    Raises
    ------
    ShapeError, DTypeError
        If the shapes differ, `grad` has not the dtype of `weight`, or `weight32` is not float32.

    References
    ----------
    .. [1] P. Micikevicius et al., "Mixed Precision Training", ICLR 2018, https://arxiv.org/abs/1710.03740
    .. [2] MXNet 1.9.1, operator ``mp_sgd_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> half, master = nd.array([1], dtype="float16"), nd.array([1])
    >>> nd.mp_sgd_update(half, nd.array([1], dtype="float16"), master, lr=1e-4, out=half).asnumpy()
    array([1.], dtype=float16)
    >>> master.asnumpy()
    array([0.9999], dtype=float32)
    """
    new = sgd_update(xp, weight32, widened(xp, grad), lr=lr, wd=wd, rescale_grad=rescale_grad,
                     clip_gradient=clip_gradient)
    return xp.astype(new, weight.dtype), new


@operator(mixed_precision(2, 3), writes=("mom", "weight32"), scalar_dtype="weight32", fusible=True,
          update=Update(names=("mp_sgd",)))
def mp_sgd_mom_update(xp, weight, grad, mom, weight32, /, *, lr: Scalar, momentum: Scalar = 0.0, wd: Scalar = 0.0,
                      rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0, lazy_update: bool = True,
                      rate_in_momentum: Choice = True):
    r"""SGD with momentum on a float32 master copy: `sgd_mom_update` on `weight32`.

    Parameters
    ----------
    weight : array, any shape, floating
        The weights in low precision; only their dtype matters.
    grad : array, like `weight`
        Gradient, widened to float32 before anything else.
    mom : array, float32, shape of `weight`, written
        The last move.
    weight32 : array, float32, shape of `weight`, written
        The weights.
    lr, momentum, wd, rescale_grad : Scalar
        As in `sgd_mom_update`, in float32.
    clip_gradient : float, optional
        As in `sgd_mom_update`.
    lazy_update : bool, optional
        Without effect: gradients are dense here.
    rate_in_momentum : bool, optional
        As in `sgd_mom_update`.

    Returns
    -------
    array, like `weight`
        The new `weight32`, rounded.

    Raises
    ------
    ShapeError, DTypeError
        If the shapes differ, `grad` has not the dtype of `weight`, or `mom` or `weight32` is not float32.

    References
    ----------
    .. [1] P. Micikevicius et al., "Mixed Precision Training", ICLR 2018, https://arxiv.org/abs/1710.03740
    .. [2] MXNet 1.9.1, operator ``mp_sgd_mom_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> half, mom, master = nd.array([1], dtype="float16"), nd.zeros(1), nd.array([1])
    >>> nd.mp_sgd_mom_update(half, nd.array([1], dtype="float16"), mom, master, lr=0.5, momentum=0.9).asnumpy()
    array([0.5], dtype=float16)
    """
    new, mom = sgd_mom_update(xp, weight32, widened(xp, grad), mom, lr=lr, momentum=momentum, wd=wd,
                              rescale_grad=rescale_grad, clip_gradient=clip_gradient,
                              rate_in_momentum=rate_in_momentum)
    return xp.astype(new, weight.dtype), mom, new


@operator(same_floating, writes=("mom",), fusible=True, update=Update(names=("nag",)))
def nag_mom_update(xp, weight, grad, mom, /, *, lr: Scalar, momentum: Scalar = 0.0, wd: Scalar = 0.0,
                   rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0, rate_in_momentum: Choice = True):
    r"""Step with Nesterov's accelerated gradient.

    .. math::

       v &= \mu m_t, \qquad m_{t+1} = v - \eta(\operatorname{clip}(\rho g_t, c) + \lambda w_t) \\
       w_{t+1} &= w_t - v + (1 + \mu)\, m_{t+1}

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    mom : array, like `weight`, written
        The momentum :math:`m_t`; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per gradient.
    momentum : Scalar, optional
        :math:`\mu`.
    wd : Scalar, optional
        Weight decay :math:`\lambda`; clipping does not see it.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient.
    clip_gradient : float, optional
        Bound :math:`c` of the rescaled gradient; negative: none, 0: clip to zero.
    rate_in_momentum : bool, optional
        Whether the momentum holds the rate.  False, as in torch and Optax, keeps it out: a change of `lr` then acts
        at once.

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
    sgd_mom_update : The heavy-ball form.

    Notes
    -----
    The momentum is computed from the old weight.  MXNet 1.9.1 does so only when ``out`` is another array; with
    ``out=weight`` and weight decay it reads the weight after it has changed it.  Without `rate_in_momentum`, which
    MXNet does not have, the state is :math:`b_{t+1} = \mu b_t + G` with :math:`G` the decayed gradient, and
    :math:`w_{t+1} = w_t - \eta (G + \mu b_{t+1})`.

    References
    ----------
    .. [1] Y. Nesterov, "A method of solving a convex programming problem with convergence rate O(1/k²)", 1983.
    .. [2] I. Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013.
    .. [3] MXNet 1.9.1, operator ``nag_mom_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> mom = nd.array([2])
    >>> nd.nag_mom_update(nd.array([1]), nd.array([4]), mom, lr=0.125, momentum=0.5).asnumpy()
    array([0.75], dtype=float32)
    >>> mom.asnumpy()
    array([0.5], dtype=float32)
    """
    if not rate_in_momentum:
        grad = decayed_gradient(xp, weight, grad, wd, rescale_grad, clip_gradient)
        mom = momentum * mom + grad
        return weight - lr * (grad + momentum * mom), mom
    kept = momentum * mom
    mom = kept - lr * (rescaled(xp, grad, rescale_grad, clip_gradient) + wd * weight)
    return (weight - kept) + (momentum + 1) * mom, mom


@operator(mixed_precision(2, 3), writes=("mom", "weight32"), scalar_dtype="weight32", fusible=True,
          update=Update(names=("mp_nag",)))
def mp_nag_mom_update(xp, weight, grad, mom, weight32, /, *, lr: Scalar, momentum: Scalar = 0.0, wd: Scalar = 0.0,
                      rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0, rate_in_momentum: Choice = True):
    r"""Nesterov's accelerated gradient on a float32 master copy: `nag_mom_update` on `weight32`.

    Parameters
    ----------
    weight : array, any shape, floating
        The weights in low precision; only their dtype matters.
    grad : array, like `weight`
        Gradient, widened to float32 before anything else.
    mom : array, float32, shape of `weight`, written
        The momentum.
    weight32 : array, float32, shape of `weight`, written
        The weights.
    lr, momentum, wd, rescale_grad : Scalar
        As in `nag_mom_update`, in float32.
    clip_gradient : float, optional
        As in `nag_mom_update`.
    rate_in_momentum : bool, optional
        As in `nag_mom_update`.

    Returns
    -------
    array, like `weight`
        The new `weight32`, rounded.

    Raises
    ------
    ShapeError, DTypeError
        If the shapes differ, `grad` has not the dtype of `weight`, or `mom` or `weight32` is not float32.

    Notes
    -----
    The momentum is computed from the old weight; in MXNet 1.9.1 always from the new one.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``mp_nag_mom_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> half, mom, master = nd.array([1], dtype="float16"), nd.array([2]), nd.array([1])
    >>> nd.mp_nag_mom_update(half, nd.array([4], dtype="float16"), mom, master, lr=0.125, momentum=0.5).asnumpy()
    array([0.75], dtype=float16)
    """
    new, mom = nag_mom_update(xp, weight32, widened(xp, grad), mom, lr=lr, momentum=momentum, wd=wd,
                              rescale_grad=rescale_grad, clip_gradient=clip_gradient,
                              rate_in_momentum=rate_in_momentum)
    return xp.astype(new, weight.dtype), mom, new
