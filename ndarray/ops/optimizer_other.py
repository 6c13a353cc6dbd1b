"""Updates by running squares and sums of the gradient: RMSProp, FTRL, FTML."""

from ndarray.operator import operator
from ndarray.ops.optimizer_common import (
    Beta,
    Bound,
    Choice,
    Least,
    Rate,
    RoundingChoice,
    Share,
    StepNumber,
    clipped,
    root,
    scalars_in,
    where_rounded_once,
)
from ndarray.params import Scalar
from ndarray.rules import same_floating

KIND = "update"


def _decayed(xp, weight, grad, wd, rescale_grad, clip_gradient):
    """Return the gradient with weight decay added before it is clipped."""
    return clipped(xp, rescale_grad * grad + wd * weight, clip_gradient)


@operator(same_floating, writes=("n",), scalar_dtype=where_rounded_once, fusible=True)
def rmsprop_update(xp, weight, grad, n, /, *, lr: Scalar, gamma1: Share = 0.95, epsilon: Least = 1e-8,
                   wd: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0,
                   clip_weights: Bound = -1.0, epsilon_in_root: Choice = True, rounded_once: RoundingChoice = False):
    r"""Step by the gradient over its running root mean square (RMSProp).

    .. math::

       G &= \operatorname{clip}(\rho g_t + \lambda w_t, c), \qquad
       n_{t+1} = (1 - \gamma_1) G^2 + \gamma_1 n_t \\
       w_{t+1} &= \operatorname{clip}(w_t - \eta\, G / \sqrt{n_{t+1} + \epsilon}, c_w)

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    n : array, like `weight`, written
        Running mean of squared gradients :math:`n_t`; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    gamma1 : Scalar, optional
        :math:`\gamma_1`, what the running mean keeps.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of squared gradient: it is within the root.
    wd : Scalar, optional
        Weight decay :math:`\lambda`, added to the gradient *before* clipping.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    clip_weights : float, optional
        Bound :math:`c_w` of the new weights; negative: none, 0: all weights become 0.
    epsilon_in_root : bool, optional
        Whether :math:`\epsilon` is added within the root; if not, outside of it, as in torch, in units of gradient.
    rounded_once : bool, optional
        Whether the numbers are rounded to the dtype of the arrays after :math:`1 - \gamma_1` was computed from them
        in float64, as in torch; MXNet rounds them before.

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
    rmspropalex_update : Centred, with momentum.

    References
    ----------
    .. [1] T. Tieleman, G. Hinton, "Lecture 6.5: rmsprop", COURSERA: Neural Networks for Machine Learning, 2012.
    .. [2] MXNet 1.9.1, operator ``rmsprop_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> n = nd.zeros(1)
    >>> nd.rmsprop_update(nd.array([1]), nd.array([2]), n, lr=0.5, gamma1=0.75, epsilon=0).asnumpy()
    array([0.], dtype=float32)
    >>> n.asnumpy()
    array([1.], dtype=float32)
    """
    rest = None
    if rounded_once:
        rest, lr, gamma1, epsilon, wd, rescale_grad = scalars_in(xp, weight.dtype, 1 - gamma1, lr, gamma1, epsilon, wd,
                                                                 rescale_grad)
    grad = _decayed(xp, weight, grad, wd, rescale_grad, clip_gradient)
    n = (1 - gamma1 if rest is None else rest) * (grad * grad) + gamma1 * n
    return clipped(xp, weight - lr * (grad / root(xp, n, epsilon, epsilon_in_root)), clip_weights), n


@operator(same_floating, writes=("n", "g", "delta"), scalar_dtype=where_rounded_once, fusible=True)
def rmspropalex_update(xp, weight, grad, n, g, delta, /, *, lr: Scalar, gamma1: Share = 0.95, gamma2: Scalar = 0.9,
                       epsilon: Least = 1e-8, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0,
                       clip_gradient: Bound = -1.0, clip_weights: Bound = -1.0, epsilon_in_root: Choice = True,
                       rate_in_momentum: Choice = True, rounded_once: RoundingChoice = False):
    r"""Step by the gradient over its running deviation, with momentum (Graves' RMSProp).

    .. math::

       G &= \operatorname{clip}(\rho x_t + \lambda w_t, c) \\
       n_{t+1} &= (1 - \gamma_1) G^2 + \gamma_1 n_t, \qquad g_{t+1} = (1 - \gamma_1) G + \gamma_1 g_t \\
       \delta_{t+1} &= \gamma_2 \delta_t - \eta\, G / \sqrt{n_{t+1} - g_{t+1}^2 + \epsilon} \\
       w_{t+1} &= \operatorname{clip}(w_t + \delta_{t+1}, c_w)

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`x_t`.
    n : array, like `weight`, written
        Running mean of squared gradients :math:`n_t`; zeros at first.
    g : array, like `weight`, written
        Running mean of gradients :math:`g_t`; zeros at first.
    delta : array, like `weight`, written
        The last move :math:`\delta_t`; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    gamma1 : Scalar, optional
        :math:`\gamma_1`, what the running means keep.
    gamma2 : Scalar, optional
        :math:`\gamma_2`, the part of the last move that is repeated.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of squared gradient: it is within the root.
    wd : Scalar, optional
        Weight decay :math:`\lambda`, added to the gradient *before* clipping.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    clip_weights : float, optional
        Bound :math:`c_w` of the new weights; negative: none, 0: all weights become 0.
    epsilon_in_root : bool, optional
        Whether :math:`\epsilon` is added within the root; if not, outside of it, as in torch, in units of gradient.
    rate_in_momentum : bool, optional
        Whether `delta` holds the rate.  False, as in torch, keeps it out: :math:`w_{t+1} = w_t - \eta \delta_{t+1}`.
    rounded_once : bool, optional
        Whether the numbers are rounded to the dtype of the arrays after :math:`1 - \gamma_1` was computed from them
        in float64, as in torch; MXNet rounds them before.

    Returns
    -------
    array, like `weight`
        The weights :math:`w_{t+1}`.

    Raises
    ------
    ShapeError, DTypeError
        If the arrays differ in shape or dtype, or the dtype is not floating.

    Notes
    -----
    :math:`n - g^2` may round to less than zero: with a small `epsilon` the result is NaN, as in MXNet.

    References
    ----------
    .. [1] A. Graves, "Generating Sequences With Recurrent Neural Networks", 2013, equations 38 to 45,
       https://arxiv.org/abs/1308.0850
    .. [2] MXNet 1.9.1, operator ``rmspropalex_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> n, g, delta = nd.zeros(1), nd.zeros(1), nd.zeros(1)
    >>> nd.rmspropalex_update(nd.array([1]), nd.array([4]), n, g, delta, lr=0.5, gamma1=0.5, epsilon=0).asnumpy()
    array([0.], dtype=float32)
    """
    rest = None
    if rounded_once:
        rest, lr, gamma1, gamma2, epsilon, wd, rescale_grad = scalars_in(
            xp, weight.dtype, 1 - gamma1, lr, gamma1, gamma2, epsilon, wd, rescale_grad)
    grad = _decayed(xp, weight, grad, wd, rescale_grad, clip_gradient)
    n = (1 - gamma1 if rest is None else rest) * grad * grad + gamma1 * n
    g = (1 - gamma1 if rest is None else rest) * grad + gamma1 * g
    deviation = root(xp, n - g * g, epsilon, epsilon_in_root)
    if not rate_in_momentum:
        delta = gamma2 * delta + grad / deviation
        return clipped(xp, weight - lr * delta, clip_weights), n, g, delta
    delta = gamma2 * delta - lr * grad / deviation
    return clipped(xp, weight + delta, clip_weights), n, g, delta


@operator(same_floating, writes=("z", "n"), aliases=("_sparse_ftrl_update",), fusible=True)
def ftrl_update(xp, weight, grad, z, n, /, *, lr: Rate, lamda1: Least = 0.01, beta: Least = 1.0,
                wd: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0):
    r"""Follow the regularised leader (FTRL-proximal): most weights are exactly zero.

    .. math::

       G &= \operatorname{clip}(\rho g_t, c), \qquad n_{t+1} = n_t + G^2 \\
       z_{t+1} &= z_t + G - (\sqrt{n_{t+1}} - \sqrt{n_t})\, w_t / \eta \\
       w_{t+1} &= \frac{\operatorname{sign}(z_{t+1}) \lambda_1 - z_{t+1}}{(\beta + \sqrt{n_{t+1}}) / \eta + \lambda}
         \; [\lvert z_{t+1} \rvert > \lambda_1]

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`; eagerly it may be row_sparse.
    z : array, like `weight`, written
        :math:`z_t`; zeros at first.
    n : array, like `weight`, written
        Sum of squared gradients :math:`n_t`; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`.  Zero gives NaN.
    lamda1 : Scalar, optional
        :math:`\lambda_1`, how strongly weights are drawn to zero.  The spelling is MXNet's.
    beta : Scalar, optional
        :math:`\beta`, in units of gradient.
    wd : Scalar, optional
        :math:`\lambda`, the L2 penalty.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.

    Returns
    -------
    array, like `weight`
        The weights :math:`w_{t+1}`.

    Raises
    ------
    ShapeError, DTypeError
        If the arrays differ in shape or dtype, or the dtype is not floating.

    Notes
    -----
    The bracket is a factor of 0 or 1, so that a NaN or infinite left part stays NaN, as in MXNet.  A row_sparse
    `grad` touches only its rows here, whatever the storage of `weight`.

    References
    ----------
    .. [1] H. B. McMahan et al., "Ad Click Prediction: a View from the Trenches", KDD 2013.
    .. [2] MXNet 1.9.1, operator ``ftrl_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> z, n = nd.zeros(2), nd.zeros(2)
    >>> nd.ftrl_update(nd.zeros(2), nd.array([1, 3]), z, n, lr=1, lamda1=1, beta=1).asnumpy()
    array([ 0. , -0.5], dtype=float32)
    """
    grad = clipped(xp, grad * rescale_grad, clip_gradient)
    new_n = n + grad * grad
    z = z + (grad - (xp.sqrt(new_n) - xp.sqrt(n)) * weight / lr)
    kept = xp.astype(xp.abs(z) > lamda1, weight.dtype)
    return (xp.sign(z) * lamda1 - z) / ((beta + xp.sqrt(new_n)) / lr + wd) * kept, z, new_n


@operator(same_floating, writes=("d", "v", "z"), fusible=True)
def ftml_update(xp, weight, grad, d, v, z, /, *, lr: Rate, beta1: Beta = 0.6, beta2: Beta = 0.999,
                epsilon: Least = 1e-8, t: StepNumber, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0,
                clip_grad: Bound = -1.0):
    r"""Follow the moving leader (FTML).

    .. math::

       G &= \operatorname{clip}(\rho g_t + \lambda w_t, c), \qquad
       v_{t+1} = \beta_2 v_t + (1 - \beta_2) G^2 \\
       d_{t+1} &= \frac{1 - \beta_1^t}{\eta} \left( \sqrt{\frac{v_{t+1}}{1 - \beta_2^t}} + \epsilon \right) \\
       z_{t+1} &= \beta_1 z_t + (1 - \beta_1) G - (d_{t+1} - \beta_1 d_t)\, w_t, \qquad
       w_{t+1} = -z_{t+1} / d_{t+1}

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    d : array, like `weight`, written
        :math:`d_t`; zeros at first.
    v : array, like `weight`, written
        Running mean of squared gradients :math:`v_t`; zeros at first.
    z : array, like `weight`, written
        :math:`z_t`; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`.
    beta1, beta2 : Scalar, optional
        What the running means keep, within [0, 1].
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of gradient.
    t : Scalar
        Number of this step, from 1.
    wd : Scalar, optional
        Weight decay :math:`\lambda`, added to the gradient *before* clipping.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient.
    clip_grad : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.  The name is MXNet's.

    Returns
    -------
    array, like `weight`
        The weights :math:`w_{t+1}`.

    Raises
    ------
    ShapeError, DTypeError
        If the arrays differ in shape or dtype, or the dtype is not floating.
    ParamError
        If `beta1` or `beta2` is a number outside [0, 1].

    Notes
    -----
    Powers are taken in the dtype of the arrays, as in MXNet.  Step 0, or a beta of 1, divides by zero.

    References
    ----------
    .. [1] S. Zheng, J. Kwok, "Follow the Moving Leader in Deep Learning", ICML 2017.
    .. [2] MXNet 1.9.1, operator ``ftml_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> d, v, z = nd.zeros(1), nd.zeros(1), nd.zeros(1)
    >>> nd.ftml_update(nd.array([1]), nd.array([2]), d, v, z, lr=0.5, beta1=0.5, beta2=0.75, epsilon=0, t=1).asnumpy()
    array([0.5], dtype=float32)
    """
    grad = _decayed(xp, weight, grad, wd, rescale_grad, clip_grad)
    v = beta2 * v + (1 - beta2) * (grad * grad)
    new_d = (1 - beta1 ** t) / lr * (xp.sqrt(v / (1 - beta2 ** t)) + epsilon)
    z = beta1 * z + (1 - beta1) * grad - (new_d - beta1 * d) * weight
    return -z / new_d, new_d, v, z
