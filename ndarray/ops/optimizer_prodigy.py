"""Adam whose rate follows from how far the weights have come: Prodigy."""

from typing import Annotated

from ndarray.dtypes import FLOAT64
from ndarray.operator import Many, operator
from ndarray.ops.optimizer_common import (
    Beta,
    Bound,
    Choice,
    Least,
    Rate,
    Share,
    columns,
    float64_sum,
    many,
    one_element,
    rescaled,
    scalars_in,
)
from ndarray.params import Added, Count, Scalar, Scalars
from ndarray.rules import same_floating
from ndarray.update import Update

KIND = "update"


def _moved(xp, grads, states, weights, starts, d, keeps, share, rates):
    """Return new means, vars and sums of each tensor, and what they add to numerator and denominator.

    A tensor whose rate is 0 keeps its states, and adds nothing.
    """
    none = xp.as_scalar(0.0, FLOAT64)
    rows, more, sizes = [], none, none
    for grad, (mean, var, s), weight, start, lr in zip(grads, states, weights, starts, rates, strict=True):
        kept = [xp.where(lr > 0, keep, none + 1) for keep in keeps]
        added = [xp.where(lr > 0, part, none) for part in (d * (1 - keeps[0]), d * d * (1 - keeps[1]), share)]
        keep1, keep2, keep3, rest1, rest2, rest3 = scalars_in(xp, weight.dtype, *kept, *added)
        s = keep3 * s + rest3 * grad
        more = more + xp.where(lr > 0, float64_sum(xp, grad * (start - weight)), none)
        sizes = sizes + xp.where(lr > 0, float64_sum(xp, xp.abs(s)), none)
        rows.append((keep1 * mean + rest1 * grad, keep2 * var + rest2 * (grad * grad), s))
    return rows, more, sizes


def _grown(xp, growth, most, found, growth_rate):
    """Return how much d has grown and the most that it could have, both in parts of d0."""
    growth, most = xp.where((growth == 1) * (found > growth), found, growth), xp.where(found > most, found, most)
    return (xp.minimum(most, growth * growth_rate) if growth_rate >= 0 else most), most


@operator(many(same_floating, 6, extra=one_element), outputs=lambda params: params["num_tensors"],
          writes=("mean", "var", "s", "start", "d_growth", "d_most", "d_numerator"), scalar_dtype="float64",
          half_in_float32=True,
          update=Update(names=("prodigy",), rate="learning_rates", decay="wds", count=None, copies=("start",)))
def multi_prodigy_update(xp, weight: Many(), grad: Many(), mean: Many(), var: Many(), s: Many(), start: Many(),
                         d_growth, d_most, d_numerator, /, *, learning_rates: Scalars, beta1: Beta = 0.9,
                         beta2: Beta = 0.999, beta3: Annotated[Share, Added] = None, epsilon: Least = 1e-8,
                         d0: Rate = 1e-6, d_coef: Least = 1.0, growth_rate: Bound = -1.0, wds: Scalars,
                         rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0, safeguard_warmup: Choice = False,
                         num_tensors: Count = None):
    r"""Step by Adam's moments at a rate that follows from how far weights have come, many tensors at once (Prodigy).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c), \qquad
       m_{t+1} = \beta_1 m_t + (1 - \beta_1)\, d_t G, \qquad v_{t+1} = \beta_2 v_t + (1 - \beta_2)\, d_t^2 G^2 \\
       r_{t+1} &= \beta_3 r_t + \frac{d_t^2 \eta}{d_0} \sum G \cdot (w_0 - w_t), \qquad
       s_{t+1} = \beta_3 s_t + \frac{d_t^2 \eta}{d_0} G \\
       d_{t+1} &= \max\!\left( d_t,\, \kappa\, r_{t+1} / \lVert s_{t+1} \rVert_1 \right), \qquad
       w_{t+1} = (1 - d_t \eta\lambda)\, w_t - d_t \eta\, m_{t+1} / (\sqrt{v_{t+1}} + d_{t+1} \epsilon)

    Sums and norm are over all tensors, and :math:`\eta` in them is the largest rate.

    Parameters
    ----------
    weight : arrays, floating
        The weights :math:`w_t` of each tensor.  In a call the arrays come tensor by tensor.
    grad : arrays, each like its weight
        Gradients :math:`g_t`.
    mean, var : arrays, each like its weight, written
        Running means :math:`m_t`, :math:`v_t`; zeros at first.
    s : arrays, each like its weight, written
        Sums of gradients :math:`s_t`; zeros at first.
    start : arrays, each like its weight, written
        The first weights :math:`w_0`, which stay.
    d_growth, d_most : array, one element, float32, written
        :math:`d_t / d_0`, and the most that it could have been; below 1 they count as 1.
    d_numerator : array, one element, float32, written
        :math:`r_t`; zero at first.
    learning_rates, wds : Scalars
        Learning rate :math:`\eta`, around 1, and weight decay :math:`\lambda` of each tensor.
    beta1, beta2, beta3 : Scalar, optional
        What running means and sums keep; the third by default the root of the second.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of gradient.
    d0 : Scalar, optional
        :math:`d_0`, the first estimate of how far weights will go; better too small.
    d_coef : Scalar, optional
        :math:`\kappa`, factor of the estimate.
    growth_rate : float, optional
        Bound of the growth of :math:`d` from step to step; negative: none.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of all gradients; -1 climbs.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    safeguard_warmup : bool, optional
        Whether the rate is left out of :math:`s`, for warm-ups.
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
    adamw_update : With a rate that is given.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    The means' bias is not corrected.  Where all gradients have been zero, nothing moves.  A tensor whose rate is 0
    keeps its weight and its states, and adds nothing to the sums.

    References
    ----------
    .. [1] K. Mishchenko, A. Defazio, "Prodigy: An Expeditiously Adaptive Parameter-Free Learner", ICML 2024,
       https://arxiv.org/abs/2306.06101

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, mean, var, s = nd.array([1]), nd.zeros(1), nd.zeros(1), nd.zeros(1)
    >>> start, growth, most, numerator = weight.copy(), nd.zeros(1), nd.zeros(1), nd.zeros(1)
    >>> nd.multi_prodigy_update(weight, nd.array([2]), mean, var, s, start, growth, most, numerator, beta1=0.5,
    ...                         beta2=0.75, d0=0.25, learning_rates=(1,), wds=(0,)).asnumpy()
    array([0.75], dtype=float32)
    """
    growth, most = (xp.maximum(xp.as_scalar(x, FLOAT64), 1.0) for x in (d_growth, d_most))
    last = xp.as_scalar(d_numerator, FLOAT64)
    beta3 = xp.sqrt(beta2) if beta3 is None else beta3
    rate = 0.0
    for lr in learning_rates:
        rate = xp.maximum(lr, rate)
    d = d0 * growth
    grads = [rescaled(xp, g, *scalars_in(xp, g.dtype, rescale_grad), clip_gradient) for g in grad]
    rows, more, total = _moved(xp, grads, zip(mean, var, s, strict=True), weight, start, d, (beta1, beta2, beta3),
                               growth * d * (1.0 if safeguard_warmup else rate), learning_rates)
    moves = total != 0
    numerator = xp.where(moves, beta3 * last + growth * d * rate * more, last)
    found = xp.where(moves, d_coef * numerator / xp.where(moves, total, xp.ones_like(total)) / d0, growth)
    new, most = _grown(xp, growth, most, found, growth_rate)
    new = xp.where(moves, new, growth)
    ways = xp.where(moves, d, xp.zeros_like(d))
    weights = []
    for w, (m, v, _), lr, wd in zip(weight, rows, learning_rates, wds, strict=True):
        step, keep, least = scalars_in(xp, w.dtype, ways * lr, 1 - ways * lr * wd, d0 * new * epsilon)
        # A gradient that was always zero is over a root of zero.
        root = xp.sqrt(v) + least
        weights.append(keep * w - step * xp.where(root <= 0, xp.zeros_like(m), m / root))
    numbers = [xp.reshape(xp.as_scalar(x, state.dtype), state.shape)
               for x, state in ((new, d_growth), (most, d_most), (numerator, d_numerator))]
    return (tuple(weights), *columns(rows, 3), tuple(x + xp.zeros_like(x) for x in start), *numbers)
