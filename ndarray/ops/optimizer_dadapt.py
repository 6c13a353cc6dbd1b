"""Adam and SGD whose rates follow from how far the weights have to go: D-Adaptation."""


from ndarray.dtypes import FLOAT64
from ndarray.operator import Many, operator
from ndarray.ops.optimizer_common import (
    Beta,
    Bound,
    Least,
    Rate,
    Share,
    columns,
    float64_sum,
    many,
    one_element,
    rescaled,
    scalars_in,
    squared_norm,
)
from ndarray.params import Count, Scalar, Scalars
from ndarray.rules import same_floating
from ndarray.update import Update

KIND = "update"

TOGETHER = Update(rate="learning_rates", decay="wds", count=None, copies=("start",))


def _kept(xp, *pairs):
    """Return numbers in the dtypes and shapes of the states that keep them."""
    return tuple([xp.reshape(xp.as_scalar(x, state.dtype), state.shape) for x, state in pairs])


def _grown(xp, growth, found, moves, growth_rate):
    """Return how much d has grown: it never falls, and not at all where nothing moves."""
    most = xp.minimum(found, growth * growth_rate) if growth_rate >= 0 else found
    return xp.where(moves * (most > growth), most, growth)


def _per(xp, x, total):
    """Return a quotient, 0 where the divisor is."""
    return xp.where(total <= 0, xp.zeros_like(total), x / xp.where(total <= 0, xp.ones_like(total), total))


def _where_moved(xp, lr, values, otherwise):
    """Return numbers where a tensor's rate is not 0: without one it keeps its states."""
    return [xp.where(lr > 0, value, xp.as_scalar(otherwise, FLOAT64)) for value in values]


@operator(many(same_floating, 5, extra=one_element), outputs=lambda params: params["num_tensors"],
          writes=("mean", "var", "s", "d_growth", "d_numerator"), scalar_dtype="float64", half_in_float32=True,
          update=TOGETHER._replace(names=("dadapt_adam",)))
def multi_dadapt_adam_update(xp, weight: Many(), grad: Many(), mean: Many(), var: Many(), s: Many(), d_growth,
                             d_numerator, /, *, learning_rates: Scalars, beta1: Beta = 0.9, beta2: Beta = 0.999,
                             epsilon: Least = 1e-8, d0: Rate = 1e-6, growth_rate: Bound = -1.0, wds: Scalars,
                             rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0, num_tensors: Count = None):
    r"""Step by Adam's moments at a rate that follows from sums of gradients, many tensors at once (D-Adaptation).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c), \qquad b = \sqrt{\beta_2}, \qquad
       r_{t+1} = b\, r_t + (1 - b)\, d_t \eta \sum G \cdot s_t / (\sqrt{v_t} + \epsilon) \\
       m_{t+1} &= \beta_1 m_t + (1 - \beta_1)\, d_t \eta\, G, \qquad
       v_{t+1} = \beta_2 v_t + (1 - \beta_2) G^2, \qquad s_{t+1} = b\, s_t + (1 - b)\, d_t \eta\, G \\
       d_{t+1} &= \max\!\left( d_t,\, \frac{r_{t+1}}{(1 - b) \lVert s_{t+1} \rVert_1} \right), \qquad
       w_{t+1} = (1 - d_t \eta\lambda)\, w_t - m_{t+1} / (\sqrt{v_{t+1}} + \epsilon)

    Sums and norm are over all tensors.

    Parameters
    ----------
    weight : arrays, floating
        The weights :math:`w_t` of each tensor.  In a call the arrays come tensor by tensor.
    grad : arrays, each like its weight
        Gradients :math:`g_t`.
    mean, var : arrays, each like its weight, written
        Running means of steps :math:`m_t`, and of squared gradients :math:`v_t`; zeros at first.
    s : arrays, each like its weight, written
        Running means of steps :math:`s_t`, slower; zeros at first.
    d_growth : array, one element, float32, written
        :math:`d_t / d_0`; below 1 it counts as 1.
    d_numerator : array, one element, float32, written
        :math:`r_t`; zero at first.
    learning_rates, wds : Scalars
        Learning rate :math:`\eta`, around 1, and weight decay :math:`\lambda` of each tensor.
    beta1, beta2 : Scalar, optional
        What running means keep.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of gradient.
    d0 : Scalar, optional
        :math:`d_0`, the first estimate of how far weights will go; better too small.
    growth_rate : float, optional
        Bound of the growth of :math:`d` from step to step; negative: none.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of all gradients; -1 climbs.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    num_tensors : int, optional
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
    multi_prodigy_update : Its successor.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    The means' bias is not corrected.  Where all gradients have been zero, nothing moves.  A tensor's share of the
    largest rate scales its part of sums and norm, as ``layer_scale`` of the authors does; without a rate it keeps its
    weight and its states.

    References
    ----------
    .. [1] A. Defazio, K. Mishchenko, "Learning-Rate-Free Learning by D-Adaptation", ICML 2023,
       https://arxiv.org/abs/2301.07733

    Examples
    --------
    >>> import ndarray as nd
    >>> states, numbers = [nd.zeros(1) for _ in range(3)], [nd.zeros(1) for _ in range(2)]
    >>> nd.multi_dadapt_adam_update(nd.array([1]), nd.array([2]), *states, *numbers, beta1=0.5, beta2=0.75, d0=0.25,
    ...                             learning_rates=(1,), wds=(0,)).asnumpy()
    array([0.75], dtype=float32)
    """
    growth, last = xp.maximum(xp.as_scalar(d_growth, FLOAT64), 1.0), xp.as_scalar(d_numerator, FLOAT64)
    keep = xp.sqrt(beta2)
    rate, d = xp.as_scalar(0.0, FLOAT64), d0 * growth
    for lr in learning_rates:
        rate = xp.maximum(rate, lr)
    rows, along, sizes = [], xp.as_scalar(0.0, FLOAT64), xp.as_scalar(0.0, FLOAT64)
    for w, g, m, v, z, lr in zip(weight, grad, mean, var, s, learning_rates, strict=True):
        scale, least, keep1, keep2, keep3 = scalars_in(
            xp, w.dtype, rescale_grad, epsilon, *_where_moved(xp, lr, (beta1, beta2, keep), 1.0))
        rest1, rest2, rest3 = scalars_in(xp, w.dtype, d * lr * (1 - beta1), *_where_moved(
            xp, lr, (1 - beta2, d * rate * (1 - keep)), 0.0))
        g = rescaled(xp, g, scale, clip_gradient)
        root = xp.sqrt(v) + least
        along = along + d * lr * float64_sum(xp, xp.where(root <= 0, xp.zeros_like(g), g * z / root))
        m, v, z = keep1 * m + rest1 * g, keep2 * v + rest2 * (g * g), keep3 * z + rest3 * g
        sizes = sizes + _per(xp, lr, rate) * float64_sum(xp, xp.abs(z))
        rows.append((m, v, z))
    moves = sizes != 0
    numerator = keep * last + (1 - keep) * along
    new = _grown(xp, growth, _per(xp, numerator / (1 - keep), sizes) / d0, moves, growth_rate)
    weights = []
    for w, (m, v, _), lr, wd in zip(weight, rows, learning_rates, wds, strict=True):
        least, decay = scalars_in(xp, w.dtype, epsilon, 1 - xp.where(moves, d, xp.zeros_like(d)) * lr * wd)
        root = xp.sqrt(v) + least
        step = xp.where((lr > 0) * moves, xp.where(root <= 0, xp.zeros_like(m), m / root), xp.zeros_like(m))
        weights.append(decay * w - step)
    return (tuple(weights), *columns(rows, 3),
            *_kept(xp, (new, d_growth), (xp.where(moves, numerator, last), d_numerator)))


@operator(many(same_floating, 4, extra=one_element), outputs=lambda params: params["num_tensors"],
          writes=("s", "start", "d_growth", "d_numerator", "first_norm"), scalar_dtype="float64", half_in_float32=True,
          update=TOGETHER._replace(names=("dadapt_sgd",)))
def multi_dadapt_sgd_update(xp, weight: Many(), grad: Many(), s: Many(), start: Many(), d_growth, d_numerator,
                            first_norm, /, *, learning_rates: Scalars, momentum: Share = 0.0, d0: Rate = 1e-6,
                            growth_rate: Bound = -1.0, wds: Scalars, rescale_grad: Scalar = 1.0,
                            clip_gradient: Bound = -1.0, num_tensors: Count = None):
    r"""Step against the gradient at a rate that follows from sums of gradients, many tensors at once (D-Adaptation).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c) + \lambda w_t, \qquad \gamma = d_t \eta / \lVert g_1 \rVert, \qquad
       r_{t+1} = r_t + \gamma \sum G \cdot s_t, \qquad s_{t+1} = s_t + \gamma G \\
       d_{t+1} &= \max(d_t, 2 r_{t+1} / \lVert s_{t+1} \rVert), \qquad
       w_{t+1} = \mu w_t + (1 - \mu) (w_0 - s_{t+1})

    Sums and norms are over all tensors; the first gradient's is without decay.

    Parameters
    ----------
    weight : arrays, floating
        The weights :math:`w_t` of each tensor.  In a call the arrays come tensor by tensor.
    grad : arrays, each like its weight
        Gradients :math:`g_t`.
    s : arrays, each like its weight, written
        Sums of steps :math:`s_t`; zeros at first.
    start : arrays, each like its weight, written
        The first weights :math:`w_0`, which stay.
    d_growth : array, one element, float32, written
        :math:`d_t / d_0`; below 1 it counts as 1.
    d_numerator : array, one element, float32, written
        :math:`r_t`; zero at first.
    first_norm : array, one element, float32, written
        Norm of the first gradients that were not zero, of tensors whose rate was not; zero at first.
    learning_rates, wds : Scalars
        Learning rate :math:`\eta`, around 1, and weight decay :math:`\lambda`, in the gradient, of each tensor.
    momentum : Scalar, optional
        :math:`\mu`, what of the weights is kept.
    d0 : Scalar, optional
        :math:`d_0`, the first estimate of how far weights will go; better too small.
    growth_rate : float, optional
        Bound of the growth of :math:`d` from step to step; negative: none.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of all gradients; -1 climbs.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    num_tensors : int, optional
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
    multi_dadapt_adam_update : By Adam's moments.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    Where all gradients have been zero, nothing moves.

    References
    ----------
    .. [1] A. Defazio, K. Mishchenko, "Learning-Rate-Free Learning by D-Adaptation", ICML 2023,
       https://arxiv.org/abs/2301.07733

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, s = nd.array([1]), nd.zeros(1)
    >>> start, numbers = weight.copy(), [nd.zeros(1) for _ in range(3)]
    >>> nd.multi_dadapt_sgd_update(weight, nd.array([2]), s, start, *numbers, d0=0.25, learning_rates=(1,),
    ...                            wds=(0,)).asnumpy()
    array([0.75], dtype=float32)
    """
    growth, last = xp.maximum(xp.as_scalar(d_growth, FLOAT64), 1.0), xp.as_scalar(d_numerator, FLOAT64)
    d, grads = d0 * growth, [rescaled(xp, g, *scalars_in(xp, g.dtype, rescale_grad), clip_gradient) for g in grad]
    squares = xp.as_scalar(0.0, FLOAT64)
    for g, lr in zip(grads, learning_rates, strict=True):
        squares = squares + xp.where(lr > 0, squared_norm(xp, g), xp.as_scalar(0.0, FLOAT64))
    first = xp.as_scalar(first_norm, FLOAT64)
    first = xp.where(first <= 0, xp.sqrt(squares), first)
    new, numerator, sizes = [], last, xp.as_scalar(0.0, FLOAT64)
    for w, g, z, lr, wd in zip(weight, grads, s, learning_rates, wds, strict=True):
        way = _per(xp, d * lr, first)
        step, decay = scalars_in(xp, w.dtype, way, wd)
        g = g + decay * w
        numerator = numerator + way * float64_sum(xp, g * z)
        z = z + step * g
        sizes = sizes + squared_norm(xp, z)
        new.append(z)
    growth = _grown(xp, growth, _per(xp, 2 * numerator, xp.sqrt(sizes)) / d0, sizes != 0, growth_rate)
    weights = []
    for w, z, x in zip(weight, new, start, strict=True):
        part, = scalars_in(xp, w.dtype, 1 - momentum)
        weights.append(w + part * (x - z - w))
    return (tuple(weights), tuple(new), tuple([x + xp.zeros_like(x) for x in start]),
            *_kept(xp, (growth, d_growth), (numerator, d_numerator), (first, first_norm)))
