"""Operators within layer-wise rules that MXNet's classes compute in Python: LARS with other norms, and its momentum."""

from ndarray.dtypes import DEFAULT as float32
from ndarray.dtypes import FLOAT64
from ndarray.operator import Many, operator
from ndarray.ops.optimizer_common import elements, many, scalars_in
from ndarray.params import Count, Scalar, Scalars
from ndarray.rules import same_floating
from ndarray.tensortype import UNKNOWN, TensorType

KIND = "update"


def _pairs(inputs, outputs, params):
    """Each gradient like its weight; the output is a float32 vector with an element for each pair."""
    tensors, _ = many(same_floating, 2)(inputs, [UNKNOWN] * (len(inputs) // 2), params)
    return tensors, [outputs[0].merge(TensorType((len(inputs) // 2,), float32))]


@operator(_pairs, tensorwise=True, scalar_dtype="float64")
def _decayed_sum_sq(xp, weight: Many(), grad: Many(), /, *, wds: Scalars, rescale_grad: Scalar = 1.0,
                    num_arrays: Count = None):
    r"""Sum of the squares of each rescaled gradient plus its decay, for `multi_lars` with ``decay_norm="joint"``.

    .. math:: s_i = \sum_j (\rho g_{ij} + \lambda_i w_{ij})^2

    Parameters
    ----------
    weight : arrays, one floating dtype
        ``weight_0, grad_0, weight_1, …``, any number of them.
    grad : arrays, each like its weight
        Gradients.
    wds : Scalars
        Weight decay :math:`\lambda_i` of each tensor.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of all gradients.
    num_arrays : int, optional
        How many tensors there are; follows from the call.

    Returns
    -------
    array, shape (num_arrays,), float32
        One sum for each tensor.

    Raises
    ------
    ShapeError, DTypeError
        If a gradient is not like its weight, or dtypes differ.

    See Also
    --------
    multi_sum_sq : Without decay.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.op._decayed_sum_sq(nd.array([1, 2]), nd.array([2, 0]), wds=(0.5,)).asnumpy()
    array([7.25], dtype=float32)
    """
    if not weight:
        return xp.zeros((0,), xp.float32)
    sums = []
    for w, g, wd in zip(weight, grad, wds, strict=True):
        dtype = FLOAT64 if w.dtype == FLOAT64 else float32
        scale, wd = scalars_in(xp, dtype, rescale_grad, wd)
        sums.append(xp.sum_sq(scale * xp.astype(g, dtype) + wd * xp.astype(w, dtype)))
    return xp.stack(tuple(sums))


def _rate_types(inputs, outputs, params):
    """One element, float32, for each input and for the output."""
    return [elements(t, 1, i, float32) for i, t in enumerate(inputs)], [outputs[0].merge(TensorType((1,), float32))]


@operator(_rate_types, writes=("last_lr",))
def _corrected_momentum(xp, lr, last_lr, /, *, momentum: Scalar):
    r"""Momentum in proportion to the change of the rate, for a momentum that holds the rate.

    .. math:: \mu_t = \mu\, \eta_t / \eta_{t-1}

    Parameters
    ----------
    lr : array, one element, float32
        Learning rate :math:`\eta_t`.
    last_lr : array, one element, float32, written
        Learning rate of the last update, 0 before the first one.
    momentum : Scalar
        :math:`\mu`.

    Returns
    -------
    array, shape (1,), float32
        The momentum :math:`\mu_t`; :math:`\mu` where `last_lr` is 0.

    Raises
    ------
    ShapeError, DTypeError
        If there is not one element, or not float32.

    References
    ----------
    .. [1] P. Goyal et al., "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour", 2017,
       https://arxiv.org/abs/1706.02677

    Examples
    --------
    >>> import ndarray as nd
    >>> last = nd.array([0.5])
    >>> nd.op._corrected_momentum(nd.array([0.25]), last, momentum=0.5).asnumpy(), last.asnumpy()
    (array([0.25], dtype=float32), array([0.25], dtype=float32))
    """
    lr, last_lr = xp.reshape(lr, (1,)), xp.reshape(last_lr, (1,))
    known = last_lr != 0
    return momentum * xp.where(known, lr / xp.where(known, last_lr, lr), xp.ones_like(lr)), lr


def _move(inputs, outputs, params):
    """All arrays like the weight, the last move at least float32; the output has five elements of its dtype."""
    (weight, grad, new), _ = same_floating(inputs[:3], [UNKNOWN], params)
    dtype = None if weight.dtype is None else FLOAT64 if weight.dtype == FLOAT64 else float32
    last = inputs[3].merge(TensorType(weight.shape, dtype))
    return [weight, grad, new, last], [outputs[0].merge(TensorType((5,), float32))]


@operator(_move, writes=("last",))
def _move_statistics(xp, old, grad, new, last, /):
    r"""Sums of squares of a weight, its gradient and its update, for the statistics of a training.

    .. math::

       d = w_{t+1} - w_t, \qquad s = \left( \textstyle\sum w_t^2,\ \sum g_t^2,\ \sum d^2,\ \sum d \ell,\
       \sum \ell^2 \right), \qquad \ell \leftarrow d

    Parameters
    ----------
    old : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `old`
        Gradient :math:`g_t`.
    new : array, like `old`
        The weights :math:`w_{t+1}`.
    last : array, shape of `old`, float64 if that is, else float32, written
        The last update :math:`\ell`; zero at first.

    Returns
    -------
    array, shape (5,), float32
        :math:`s`.

    Raises
    ------
    ShapeError, DTypeError
        If the arrays differ in shape, or the weights and the gradient in dtype.

    References
    ----------
    .. [1] Goyal et al., "Accurate, Large Minibatch SGD", 2017, https://arxiv.org/abs/1706.02677

    Examples
    --------
    >>> import ndarray as nd
    >>> last = nd.array([1.0, 0.0])
    >>> sums = nd.op._move_statistics(nd.array([3.0, 4.0]), nd.array([1.0, 1.0]), nd.array([1.0, 4.0]), last)
    >>> sums.asnumpy(), last.asnumpy()
    (array([25.,  2.,  4., -2.,  1.], dtype=float32), array([-2.,  0.], dtype=float32))
    """
    move = xp.astype(new, last.dtype) - xp.astype(old, last.dtype)
    along = xp.astype(xp.sum(move * last), xp.float32)
    return xp.stack((xp.sum_sq(old), xp.sum_sq(grad), xp.sum_sq(move), along, xp.sum_sq(last))), move
