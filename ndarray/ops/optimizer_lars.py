"""Norms of many arrays, and what follows from them: layer-wise rates (LARS), a bound of the global norm."""

from typing import Annotated, Literal

from ndarray.dtypes import DEFAULT as float32
from ndarray.errors import DTypeError
from ndarray.operator import Many, operator
from ndarray.ops.optimizer_common import Least, floating_arrays
from ndarray.params import Added, Count, Scalar
from ndarray.rules import agree, check_floating, same, slot_error
from ndarray.tensortype import TensorType


def _float32_rates(inputs, outputs, params):
    """All of one shape, and float32: rates and sums of squares are."""
    for i, type_ in enumerate(inputs + outputs):
        if type_.dtype is not None and type_.dtype != float32:
            raise slot_error(DTypeError, f"`{{}}` has dtype {type_.dtype}; rates and sums of squares are float32, "
                             "as multi_sum_sq gives them: cast it", i)
    return same([TensorType(t.shape, float32) for t in inputs], outputs, params)


@operator(_float32_rates, fusible=True)
def multi_lars(xp, lrs, weights_sum_sq, grads_sum_sq, wds, /, *, eta: Scalar, eps: Least,
               rescale_grad: Scalar = 1.0, decay_norm: Annotated[Literal["sum", "joint"], Added] = "sum"):
    r"""Scale learning rates by the ratio of weight norm to gradient norm, layer by layer (LARS).

    .. math::

       \mathrm{lr}'_i = \begin{cases}
         \dfrac{\mathrm{lr}_i\, \eta\, \lVert w_i \rVert}
               {\rho \lVert g_i \rVert + \lambda_i \lVert w_i \rVert + \epsilon}
           & \text{if } \lVert w_i \rVert > 0 \text{ and } \lVert g_i \rVert > 0 \\
         \mathrm{lr}_i & \text{otherwise}
       \end{cases}

    Each element is one layer.  A step of size :math:`\mathrm{lr}'_i` moves a layer by about
    :math:`\mathrm{lr}_i\,\eta` of its own norm, however large its gradient is; this is what lets large batches train
    with large rates.

    Parameters
    ----------
    lrs : array, any shape, float32
        Learning rates :math:`\mathrm{lr}_i` before the scaling, one for each layer.
    weights_sum_sq : array, like `lrs`
        Sum of the squares of each layer's weights, :math:`\lVert w_i \rVert^2`: the squared norm, not the norm.
        `multi_sum_sq` gives it.
    grads_sum_sq : array, like `lrs`
        The same of the gradients, :math:`\lVert g_i \rVert^2`.
    wds : array, like `lrs`
        Weight decay :math:`\lambda_i` of each layer, in units of gradient per weight, the same that the update
        which follows gets.
    eta : Scalar
        Trust coefficient :math:`\eta`, without unit: the part of its norm that a layer moves at ``lr = 1``.
        Commonly 0.001.  A `Scalar` is a number, or an array of one element (a Symbol in a graph).
    eps : Scalar
        :math:`\epsilon`, in units of gradient norm, keeps the denominator from zero.  Commonly 1e-8.
    rescale_grad : Scalar, optional
        :math:`\rho`, the factor by which the update will multiply gradients (1 / batch size); here it multiplies
        the gradient norm.
    decay_norm : {'sum', 'joint'}, optional
        ``"joint"``, as in Optax: `grads_sum_sq` are those of :math:`\rho g_i + \lambda_i w_i`, and neither `wds` nor
        `rescale_grad` is applied to the norm.

    Returns
    -------
    array, like `lrs`
        The scaled rates :math:`\mathrm{lr}'_i`.  They may go into ``out=lrs``.

    Raises
    ------
    ShapeError
        If the four arrays differ in shape.
    DTypeError
        If one of them is not float32.
    OperatorError
        If `eta`, `eps` or an input is missing, or an argument is unknown.
    ParamError
        If a hyper-parameter is NaN, infinite or no number.

    See Also
    --------
    multi_sum_sq : The sums of squares.
    preloaded_multi_sgd_mom_update : The update that takes the rates as an array.

    Notes
    -----
    The arithmetic is that of MXNet, in its order: ``((lr * eta) * wn) / ((gn * rescale_grad + wd * wn) + eps)``.

    Kept from MXNet: a layer with a zero norm, or whose sum is NaN or negative, has the plain `lr`, *not* multiplied
    by `eta`.  Beside layers scaled with ``eta = 0.001`` that is a rate a thousand times theirs, so biases and
    normalisation parameters that start at zero are better left out.  Nothing bounds the ratio: a zero denominator
    (``eps = 0`` with ``rescale_grad = 0`` and ``wd = 0``, or a negative `wd` that cancels) gives an infinity, and a
    sum that has overflowed to infinity gives NaN (weights) or 0 (gradients).

    Unlike in MXNet 1.9.1, another dtype than float32 is refused by the call or at bind (MXNet infers float16 happily
    and fails at the first read, "MultiLARS only support float"), and arrays without elements are taken.

    References
    ----------
    .. [1] Y. You, I. Gitman, B. Ginsburg, "Large Batch Training of Convolutional Networks", 2017,
       https://arxiv.org/abs/1708.03888
    .. [2] MXNet 1.9.1, operator ``multi_lars``, https://mxnet.apache.org/versions/1.9.1/api

    Examples
    --------
    Two layers; the second has no gradient, and keeps its rate:

    >>> import ndarray as nd
    >>> lrs, wds = nd.array([0.5, 0.5]), nd.array([0, 0])
    >>> nd.multi_lars(lrs, nd.array([16, 9]), nd.array([4, 0]), wds, eta=0.5, eps=0).asnumpy()
    array([0.5, 0.5], dtype=float32)

    From arrays to rates:

    >>> weights, grads = [nd.ones((2, 2)), nd.ones(9)], [nd.ones((2, 2)), 3 * nd.ones(9)]
    >>> nd.multi_lars(lrs, nd.multi_sum_sq(*weights), nd.multi_sum_sq(*grads), wds, eta=0.5, eps=0).asnumpy()
    array([0.25      , 0.08333334], dtype=float32)

    The same as a graph:

    >>> import symbolic as sym
    >>> norms = [sym.multi_sum_sq(*map(sym.Variable, names)) for names in (("w0", "w1"), ("g0", "g1"))]
    >>> rates = sym.multi_lars(sym.Variable("lrs"), *norms, sym.Variable("wds"), eta=0.5, eps=0)
    >>> rates.eval(w0=weights[0], w1=weights[1], g0=grads[0], g1=grads[1], lrs=lrs, wds=wds)[0].asnumpy()
    array([0.25      , 0.08333334], dtype=float32)
    """
    weight_norm, grad_norm = xp.sqrt(weights_sum_sq), xp.sqrt(grads_sum_sq)
    if decay_norm == "sum":
        scaled = lrs * eta * weight_norm / (grad_norm * rescale_grad + wds * weight_norm + eps)
    else:
        scaled = lrs * eta * weight_norm / (grad_norm + eps)
    return xp.where(xp.logical_and(weight_norm > 0, grads_sum_sq > 0), scaled, lrs)


@operator(floating_arrays, tensorwise=True, kind="reduction")
def multi_sum_sq(xp, array: Many(), /, *, num_arrays: Count = None):
    r"""Sum of the squares of each array.

    .. math:: s_i = \sum_j x_{ij}^2

    Parameters
    ----------
    array : arrays, any shapes, one floating dtype
        ``array_0, array_1, …``, any number of them.
    num_arrays : int, optional
        How many there are; follows from the call.

    Returns
    -------
    array, shape (num_arrays,), float32
        One sum for each array; 0 for one without elements.

    Raises
    ------
    DTypeError
        If the arrays differ in dtype, or it is not floating.
    OperatorError
        If `num_arrays` is not the number of arrays.

    See Also
    --------
    multi_lars : What the sums are for.

    Notes
    -----
    The sum is accumulated in float64 and rounded once.  MXNet adds float32 numbers from left to right: it is off by
    1e-4 after 300,000 normal numbers and stays at 16,777,216 ones for ever.  It rounds each square of a float16 to
    float16 (256 gives infinity), where this does not.  A sum beyond the range of float32 is infinite; NaN and
    infinity propagate.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``multi_sum_sq``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.multi_sum_sq(nd.array([3, 4]), nd.ones((2, 3))).asnumpy()
    array([25.,  6.], dtype=float32)
    """
    if not array:
        return xp.zeros((0,), xp.float32)
    return xp.stack(tuple(xp.sum_sq(x) for x in array))


def _scaled_and_norm(inputs, outputs, params):
    """Each array with its own shape and dtype, then the norm."""
    pairs = [agree([a, b]) for a, b in zip(inputs, outputs)]
    check_floating(pairs)
    return pairs, [*pairs, outputs[-1].merge(TensorType((1,), float32))]


@operator(_scaled_and_norm, outputs=lambda params: params["num_arrays"] + 1)
def clip_global_norm(xp, array: Many(), /, *, max_norm: Least, num_arrays: Count = None):
    r"""Scale arrays together so that their common norm is at most `max_norm`.

    .. math:: x_i \leftarrow x_i \min\!\left(1, \frac{n}{\lVert x \rVert + 10^{-8}}\right), \qquad
              \lVert x \rVert = \sqrt{\textstyle\sum_{ij} x_{ij}^2}

    Parameters
    ----------
    array : arrays, any shapes, floating
        ``array_0, array_1, …``, commonly all gradients.
    max_norm : Scalar
        The bound :math:`n`.  Zero gives zeros.
    num_arrays : int, optional
        How many there are; follows from the call.

    Returns
    -------
    list of array, each like its input
        The scaled arrays.
    array, shape (1,), float32
        The norm before the scaling, the last element of the list.

    Raises
    ------
    DTypeError
        If an array is not floating.

    See Also
    --------
    ndarray.contrib.clip_global_norm : In place, and called as in MXNet.

    Notes
    -----
    MXNet has this as a function that scales in place, for float32 alone.  A NaN makes every element NaN; with an
    infinite norm the scale is 0, so that infinities become NaN and all else zero.

    References
    ----------
    .. [1] R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training Recurrent Neural Networks", ICML 2013,
       https://arxiv.org/abs/1211.5063
    .. [2] MXNet 1.9.1, ``gluon.utils.clip_global_norm``.

    Examples
    --------
    >>> import ndarray as nd
    >>> [x.asnumpy().tolist() for x in nd.clip_global_norm(nd.array([3]), nd.array([4]), max_norm=2.5)]
    [[1.5], [2.0], [5.0]]
    """
    norm = xp.sqrt(sum((xp.sum_sq(x) for x in array), start=xp.as_scalar(0.0, float32)))
    max_norm, tiny, one = (xp.as_scalar(v, float32) for v in (max_norm, 1e-8, 1.0))
    scale = xp.minimum(max_norm / (norm + tiny), one)
    return *(x * xp.as_scalar(scale, x.dtype) for x in array), xp.reshape(norm, (1,))
