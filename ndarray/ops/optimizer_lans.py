"""LANS: LAMB with normalised gradients and a Nesterov-like second direction."""

from ndarray.operator import Many, operator
from ndarray.ops.optimizer_common import Beta, Bound, Least, StepNumbers, clipped, columns, many, scalars_in
from ndarray.ops.optimizer_lamb import norm, trust_rate
from ndarray.ops.optimizer_multi_lamb import LAYERWISE
from ndarray.params import Count, Scalar, Scalars
from ndarray.rules import same_floating

KIND = "update"


def _step(xp, weight, grad, mean, var, *, lr, wd, t, beta1, beta2, epsilon, rescale_grad, lower_bound, upper_bound,
          clip_gradient):
    """Return new weight, mean and var of one tensor."""
    dtype = weight.dtype
    correction1, correction2, rest1, rest2 = scalars_in(xp, dtype, 1 - beta1 ** t, 1 - beta2 ** t, 1 - beta1, 1 - beta2)
    rate1, rate2 = scalars_in(xp, dtype, lr * beta1, lr * (1 - beta1))
    wd, epsilon, keep1, keep2, scale = scalars_in(xp, dtype, wd, epsilon, beta1, beta2, rescale_grad)

    grad = scale * grad
    length, = scalars_in(xp, dtype, norm(xp, grad))
    grad = clipped(xp, xp.where(length > 0, grad / length, grad), clip_gradient)
    mean, var = keep1 * mean + rest1 * grad, keep2 * var + rest2 * grad * grad

    root = xp.sqrt(var / correction2) + epsilon
    size, = scalars_in(xp, dtype, norm(xp, weight))
    new = weight
    for rate, numerator in ((rate1, mean / correction1), (rate2, grad)):
        direction = numerator / root + wd * weight
        length, = scalars_in(xp, dtype, norm(xp, direction))
        new = new - trust_rate(xp, rate, size, length, lower_bound, upper_bound) * direction
    return new, mean, var


@operator(many(same_floating, 4), outputs=lambda params: params["num_tensors"], tensorwise=True, writes=("mean", "var"),
          aliases=("multi_lans_update",), scalar_dtype="float64",
          half_in_float32=True, update=LAYERWISE._replace(names=("lans",)))
def _multi_lans_update(xp, weight: Many(), grad: Many(), mean: Many(), var: Many(), /, *, learning_rates: Scalars,
                       beta1: Beta = 0.9, beta2: Beta = 0.999, epsilon: Least = 1e-6, wds: Scalars,
                       rescale_grad: Scalar = 1.0, lower_bound: Bound = -1.0, upper_bound: Bound = -1.0,
                       clip_gradient: Bound = -1.0, step_count: StepNumbers, num_tensors: Count = None):
    r"""LANS on many tensors at once.

    .. math::

       \tilde g &= g / \lVert g \rVert, \qquad
       m \leftarrow \beta_1 m + (1 - \beta_1) \tilde g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2) \tilde g^2 \\
       r &= \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon} + \lambda w, \qquad
       c = \frac{\tilde g}{\sqrt{v / (1 - \beta_2^t)} + \epsilon} + \lambda w \\
       w &\leftarrow w - \eta\, \phi(\lVert w \rVert)
         \left( \beta_1 \frac{r}{\lVert r \rVert} + (1 - \beta_1) \frac{c}{\lVert c \rVert} \right)

    Each tensor is a block of its own; :math:`\phi` clips to the two bounds.

    Parameters
    ----------
    weight : arrays, floating
        The weights :math:`w` of each tensor.  In a call the arrays come tensor by tensor:
        ``weight_0, grad_0, mean_0, var_0, weight_1, …``.
    grad : arrays, each like its weight
        Gradients :math:`g`.
    mean, var : arrays, each like its weight, written
        Running means :math:`m`, :math:`v` of the normalised gradients and of their squares; zeros at first.
    learning_rates, wds : Scalars
        Learning rate :math:`\eta` and weight decay :math:`\lambda` of each tensor: tuples, or one array each.
    beta1, beta2 : Scalar, optional
        What the running means keep.
    epsilon : Scalar, optional
        :math:`\epsilon`, without unit, as the gradients are normalised.
    rescale_grad : Scalar, optional
        Factor of all gradients before they are normalised; without effect but on overflow and underflow.
    lower_bound, upper_bound : float, optional
        Bounds of the weights' norms; negative: none.
    clip_gradient : float, optional
        Bound of the normalised gradients; negative: none, 0: clip to zero.
    step_count : Scalars
        Number :math:`t` of the step of each tensor, from 1.
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
    multi_lamb_update : Without normalised gradients.

    Notes
    -----
    MXNet 1.9.1 has no such operator; names and order are those of MXNet 2.0.  A gradient of norm zero stays zero,
    and a ratio of norms of which one is zero counts as 1.

    References
    ----------
    .. [1] S. Zheng, H. Lin, S. Zha, M. Li, "Accelerated Large Batch Optimization of BERT Pretraining in 54 minutes",
       2020, https://arxiv.org/abs/2006.13484

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, mean, var = nd.array([3, 4]), nd.zeros(2), nd.zeros(2)
    >>> nd.multi_lans_update(weight, nd.array([7, 0]), mean, var, learning_rates=(0.5,), wds=(0,), step_count=(1,),
    ...                      beta1=0.5, beta2=0.75).asnumpy()
    array([0.5, 4. ], dtype=float32)
    """
    return columns([_step(xp, w, g, m, v, lr=lr, wd=wd, t=t, beta1=beta1, beta2=beta2, epsilon=epsilon,
                          rescale_grad=rescale_grad, lower_bound=lower_bound, upper_bound=upper_bound,
                          clip_gradient=clip_gradient)
                    for w, g, m, v, lr, wd, t in zip(weight, grad, mean, var, learning_rates, wds, step_count,
                                                     strict=True)], 3)
