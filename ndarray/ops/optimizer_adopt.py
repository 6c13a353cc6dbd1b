"""Adam whose mean of squares does not know the gradient that it divides: ADOPT."""

from ndarray.dtypes import FLOAT64
from ndarray.operator import operator
from ndarray.ops.optimizer_common import Bound, Choice, Least, Share, StepNumber, rescaled, scalars_in
from ndarray.params import Scalar
from ndarray.rules import same_floating

KIND = "update"


@operator(same_floating, writes=("mean", "var"), scalar_dtype="float64", half_in_float32=True, fusible=True)
def adopt_update(xp, weight, grad, mean, var, /, *, lr: Scalar, beta1: Share = 0.9, beta2: Share = 0.9999,
                 epsilon: Least = 1e-6, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0,
                 t: StepNumber, clips: Choice = True):
    r"""Step by the mean of gradients, each over the root of the squares before it (ADOPT).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c), \qquad v_1 = G^2, \quad w_1 = w_0 \text{ at first; then} \\
       m_{t+1} &= \beta_1 m_t + (1 - \beta_1) \operatorname{clip}\!\left(
         G / \max(\sqrt{v_t}, \epsilon),\, (t - 1)^{1/4} \right) \\
       w_{t+1} &= (1 - \eta\lambda)\, w_t - \eta\, m_{t+1}, \qquad v_{t+1} = \beta_2 v_t + (1 - \beta_2) G^2

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    mean : array, like `weight`, written
        Running mean of divided gradients :math:`m_t`; zeros at first.
    var : array, like `weight`, written
        Running mean of squared gradients :math:`v_t`; the first step does not read it.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    beta1, beta2 : Scalar, optional
        What the running means keep.
    epsilon : Scalar, optional
        :math:`\epsilon`, the least that divides, in units of gradient.
    wd : Scalar, optional
        Decoupled weight decay :math:`\lambda`.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient; -1 climbs.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    t : Scalar
        Number of this step, from 1.
    clips : bool, optional
        Whether divided gradients are limited, as in the paper's second version.

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
    adam_update : By the root of squares of which the gradient's is one.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    The first step only sets `var`; nothing moves, and nothing decays.  As in Optax and the authors' code, the bound of
    step t is a root of t - 1.

    References
    ----------
    .. [1] S. Taniguchi et al., "ADOPT: Modified Adam Can Converge with Any beta2 with the Optimal Rate", NeurIPS 2024,
       https://arxiv.org/abs/2411.02853

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, mean, var = nd.array([1]), nd.zeros(1), nd.zeros(1)
    >>> for t in (1, 2):
    ...     weight = nd.adopt_update(weight, nd.array([2]), mean, var, lr=0.5, beta1=0.5, t=t)
    >>> weight.asnumpy(), var.asnumpy()
    (array([0.75], dtype=float32), array([4.], dtype=float32))
    """
    dtype, later = weight.dtype, xp.astype(t > 1, FLOAT64)
    rest1, rest2 = later * (1 - beta1), 1 - later * beta2
    keep1, rest1, keep2, rest2 = scalars_in(xp, dtype, 1 - rest1, rest1, later * beta2, rest2)
    decay, bound = scalars_in(xp, dtype, 1 - later * lr * wd, xp.maximum(t - 1, 0.0) ** 0.25)
    lr, epsilon, scale = scalars_in(xp, dtype, lr, epsilon, rescale_grad)
    grad = rescaled(xp, grad, scale, clip_gradient)
    divided = grad / xp.maximum(xp.sqrt(var), epsilon)
    mean = keep1 * mean + rest1 * (xp.clip(divided, bound) if clips else divided)
    return decay * weight - lr * mean, mean, keep2 * var + rest2 * (grad * grad)
