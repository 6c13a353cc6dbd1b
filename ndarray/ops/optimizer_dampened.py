"""Forms of momentum and of running squares that torch has beside MXNet's."""

from ndarray.operator import operator
from ndarray.ops.optimizer_common import Bound, First, Least, Share, StepNumber, decayed, rescaled, scalars_in
from ndarray.params import Scalar
from ndarray.rules import same_floating
from ndarray.update import Update

KIND = "update"


@operator(same_floating, writes=("mom",), scalar_dtype="float64",
          half_in_float32=True, fusible=True, update=Update(names=("sgd",)))
def sgd_dampened_update(xp, weight, grad, mom, /, *, lr: Scalar, momentum: Scalar = 0.0, dampening: Scalar = 0.0,
                        wd: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0, t: StepNumber):
    r"""Step along a momentum that takes up a part of each gradient but the first (SGD with dampening).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c) + \lambda w_t, \qquad
       b_1 = G, \qquad b_{t+1} = \mu b_t + (1 - \tau) G \\
       w_{t+1} &= w_t - \eta b_{t+1}

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    mom : array, like `weight`, written
        The momentum :math:`b_t`, which does not hold the rate; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per gradient.
    momentum : Scalar, optional
        :math:`\mu`, what the momentum keeps.
    dampening : Scalar, optional
        :math:`\tau`, the part of a gradient that the momentum does not take up.
    wd : Scalar, optional
        Weight decay :math:`\lambda`; clipping does not see it.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient; -1 climbs.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    t : Scalar
        Number of this step, from 1.

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
    sgd_mom_update : Without dampening.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    This is torch's form, whose first momentum is the whole first gradient.

    References
    ----------
    .. [1] I. Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013.

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, mom = nd.array([1]), nd.zeros(1)
    >>> for t in (1, 2):
    ...     weight = nd.sgd_dampened_update(weight, nd.array([2]), mom, lr=0.25, momentum=0.5, dampening=0.5, t=t)
    >>> weight.asnumpy(), mom.asnumpy()
    (array([0.], dtype=float32), array([2.], dtype=float32))
    """
    part, = scalars_in(xp, weight.dtype, xp.where(t == 1, 1.0, 1 - dampening))
    lr, momentum, wd, scale = scalars_in(xp, weight.dtype, lr, momentum, wd, rescale_grad)
    mom = momentum * mom + part * (rescaled(xp, grad, scale, clip_gradient) + wd * weight)
    return weight - lr * mom, mom


@operator(same_floating, writes=("n", "mom"), scalar_dtype="float64", half_in_float32=True, fusible=True,
          update=Update(names=("rmsprop",)))
def rmsprop_mom_update(xp, weight, grad, n, mom, /, *, lr: Scalar, gamma1: Share = 0.99, momentum: Scalar = 0.0,
                       epsilon: Least = 1e-8, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0,
                       clip_gradient: Bound = -1.0):
    r"""Step along a momentum of gradients over their running root mean square (RMSProp as torch has it).

    .. math::

       G &= \operatorname{clip}(\rho g_t + \lambda w_t, c), \qquad
       n_{t+1} = \gamma_1 n_t + (1 - \gamma_1) G^2 \\
       b_{t+1} &= \mu b_t + G / (\sqrt{n_{t+1}} + \epsilon), \qquad w_{t+1} = w_t - \eta b_{t+1}

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    n : array, like `weight`, written
        Running mean of squared gradients :math:`n_t`; zeros at first.
    mom : array, like `weight`, written
        The momentum :math:`b_t`, which does not hold the rate; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    gamma1 : Scalar, optional
        :math:`\gamma_1`, what the running mean keeps.
    momentum : Scalar, optional
        :math:`\mu`, what the momentum keeps.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of gradient.
    wd : Scalar, optional
        Weight decay :math:`\lambda`, added to the gradient *before* clipping.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient; -1 climbs.
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

    See Also
    --------
    rmsprop_update : Without momentum.
    rmsprop_centered_update : By the running deviation.

    Notes
    -----
    MXNet 1.9.1 has no such operator.

    References
    ----------
    .. [1] T. Tieleman, G. Hinton, "Lecture 6.5: rmsprop", COURSERA: Neural Networks for Machine Learning, 2012.

    Examples
    --------
    >>> import ndarray as nd
    >>> n, mom = nd.zeros(1), nd.array([1])
    >>> nd.rmsprop_mom_update(nd.array([1]), nd.array([2]), n, mom, lr=0.25, gamma1=0.75, momentum=0.5,
    ...                       epsilon=0).asnumpy()
    array([0.375], dtype=float32)
    """
    n, grad, epsilon = _squares(xp, weight, grad, n, gamma1, epsilon, lr, wd, rescale_grad, clip_gradient)
    lr, momentum = scalars_in(xp, weight.dtype, lr, momentum)
    mom = momentum * mom + grad / (xp.sqrt(n) + epsilon)
    return weight - lr * mom, n, mom


@operator(same_floating, writes=("n", "g"), scalar_dtype="float64", half_in_float32=True, fusible=True)
def rmsprop_centered_update(xp, weight, grad, n, g, /, *, lr: Scalar, gamma1: Share = 0.99, epsilon: Least = 1e-8,
                            wd: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0):
    r"""Step by the gradient over its running deviation (centred RMSProp).

    .. math::

       G &= \operatorname{clip}(\rho x_t + \lambda w_t, c) \\
       n_{t+1} &= \gamma_1 n_t + (1 - \gamma_1) G^2, \qquad g_{t+1} = \gamma_1 g_t + (1 - \gamma_1) G \\
       w_{t+1} &= w_t - \eta\, G / (\sqrt{n_{t+1} - g_{t+1}^2} + \epsilon)

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
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    gamma1 : Scalar, optional
        :math:`\gamma_1`, what the running means keep.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of gradient.
    wd : Scalar, optional
        Weight decay :math:`\lambda`, added to the gradient *before* clipping.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient; -1 climbs.
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

    See Also
    --------
    rmspropalex_update : With momentum.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    :math:`n - g^2` may round to less than zero; the result is NaN then, as in torch.

    References
    ----------
    .. [1] A. Graves, "Generating Sequences With Recurrent Neural Networks", 2013, https://arxiv.org/abs/1308.0850

    Examples
    --------
    >>> import ndarray as nd
    >>> n, g = nd.zeros(1), nd.zeros(1)
    >>> nd.rmsprop_centered_update(nd.array([1]), nd.array([4]), n, g, lr=0.5, gamma1=0.5, epsilon=0).asnumpy()
    array([0.], dtype=float32)
    """
    rest, keep = scalars_in(xp, weight.dtype, 1 - gamma1, gamma1)
    n, grad, epsilon = _squares(xp, weight, grad, n, gamma1, epsilon, lr, wd, rescale_grad, clip_gradient)
    lr, = scalars_in(xp, weight.dtype, lr)
    g = keep * g + rest * grad
    return weight - lr * (grad / (xp.sqrt(n - g * g) + epsilon)), n, g


def _squares(xp, weight, grad, n, gamma1, epsilon, lr, wd, rescale_grad, clip_gradient):
    """Return the new running squares, the decayed gradient and epsilon, from scalars in float64."""
    rest, keep, epsilon = scalars_in(xp, weight.dtype, 1 - gamma1, gamma1, epsilon)
    _, grad = decayed(xp, weight, grad, lr, wd, rescale_grad, clip_gradient, False)
    return keep * n + rest * (grad * grad), grad, epsilon


@operator(same_floating, writes=("history",), scalar_dtype="float64", half_in_float32=True, fusible=True,
          update=Update(names=("adagrad",)))
def adagrad_lr_decay_update(xp, weight, grad, history, /, *, lr: Scalar, lr_decay: Least = 0.0, epsilon: Least = 1e-10,
                            wd: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0, t: StepNumber,
                            initial_accumulator: First = 0.0):
    r"""AdaGrad as torch has it: decay in the gradient, epsilon outside of the root, a rate that falls.

    .. math::

       G &= \operatorname{clip}(\rho g_t + \lambda w_t, c), \qquad h_{t+1} = h_t + G^2 \\
       w_{t+1} &= w_t - \frac{\eta}{1 + (t - 1)\, \gamma}\, G / (\sqrt{h_{t+1}} + \epsilon)

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    history : array, like `weight`, written
        Sum of squared gradients :math:`h_t`; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    lr_decay : Scalar, optional
        :math:`\gamma`, how fast the rate falls.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of gradient.
    wd : Scalar, optional
        Weight decay :math:`\lambda`, added to the gradient *before* clipping.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient; -1 climbs.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    t : Scalar
        Number of this step, from 1.
    initial_accumulator : Scalar, optional
        What the sum of squares starts at; it is added to `history`, which starts at zero.

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
    adagrad_update : MXNet's form.

    Notes
    -----
    MXNet 1.9.1 has no such operator.

    References
    ----------
    .. [1] J. Duchi, E. Hazan, Y. Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic
       Optimization", JMLR 12, 2011.

    Examples
    --------
    >>> import ndarray as nd
    >>> history = nd.array([3])
    >>> nd.adagrad_lr_decay_update(nd.array([1]), nd.array([1]), history, lr=1, lr_decay=1, epsilon=0, t=2).asnumpy()
    array([0.75], dtype=float32)
    """
    rate, epsilon, start = scalars_in(xp, weight.dtype, lr / (1 + (t - 1) * lr_decay), epsilon, initial_accumulator)
    _, grad = decayed(xp, weight, grad, lr, wd, rescale_grad, clip_gradient, False)
    history = history + grad * grad
    squares = history + start
    return weight - rate * (grad / (xp.sqrt(squares) + epsilon)), history
