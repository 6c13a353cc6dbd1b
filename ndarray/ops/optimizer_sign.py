"""Updates by the sign of the gradient or of its momentum: signSGD, Signum, Lion."""

from ndarray.operator import operator
from ndarray.ops.optimizer_common import Bound, Share, rescaled, scalars_in
from ndarray.params import Scalar
from ndarray.rules import same_floating

KIND = "update"


@operator(same_floating, fusible=True)
def signsgd_update(xp, weight, grad, /, *, lr: Scalar, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0,
                   clip_gradient: Bound = -1.0):
    r"""Step against the sign of the gradient (signSGD).

    .. math:: w_{t+1} = (1 - \eta\lambda)\, w_t - \eta\, \operatorname{sign}(g_t)

    Every weight moves by exactly `lr`, whatever the size of its gradient: only the direction counts, which is one
    bit for each weight when gradients travel between machines.

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t` of the loss with respect to `weight`.
    lr : Scalar
        Learning rate :math:`\eta`: how far each weight moves in a step, in units of `weight`.  A `Scalar` is a number,
        or an array of one element (a Symbol in a graph), so that a schedule can feed it.
    wd : Scalar, optional
        Weight decay :math:`\lambda`, in units of 1/`lr`: a step multiplies the weights by :math:`1 - \eta\lambda`.
        It is decoupled: the gradient does not see it.
    rescale_grad : Scalar, optional
        Without effect.  Accepted so that all update operators can be called alike.
    clip_gradient : float, optional
        Without effect, for the same reason.

    Returns
    -------
    array, like `weight`
        The weights :math:`w_{t+1}`; `weight` itself is left as it was, unless it is given as ``out``.

    Raises
    ------
    ShapeError
        If `weight` and `grad` differ in shape; nothing broadcasts.
    DTypeError
        If they differ in dtype, or the dtype is not floating.
    OperatorError
        If `lr` or an input is missing, or an argument is unknown.
    ParamError
        If a hyper-parameter is NaN, infinite or no number.

    See Also
    --------
    signum_update : The sign of a running average of gradients.
    lion_update : The sign of a mixture of momentum and gradient.
    sgd_update : A step along the gradient itself.

    Notes
    -----
    The sign of 0, of -0 and of NaN is 0, so that a NaN in the gradient leaves its weight where it is (but for the
    decay); infinities have sign 1 and -1.

    As in MXNet, `rescale_grad` and `clip_gradient` change nothing, not even a negative or zero `rescale_grad`.
    Unlike in MXNet 1.9.1, the operator also composes symbolically (``mx.sym.signsgd_update`` raises "Not enough
    argument to call operator"), `lr` and `wd` may be arrays or Symbols of one element and are doubles for float64
    weights, arrays without elements are taken, and integer arrays are refused by the call rather than at the first
    read.

    References
    ----------
    .. [1] J. Bernstein, Y.-X. Wang, K. Azizzadenesheli, A. Anandkumar, "signSGD: Compressed Optimisation for
       Non-Convex Problems", ICML 2018, https://arxiv.org/abs/1802.04434
    .. [2] MXNet 1.9.1, operator ``signsgd_update``, https://mxnet.apache.org/versions/1.9.1/api

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, grad = nd.array([1, -2, 3]), nd.array([0.5, -1e-9, 0])
    >>> nd.signsgd_update(weight, grad, lr=0.25).asnumpy()
    array([ 0.75, -1.75,  3.  ], dtype=float32)

    In place, with decay:

    >>> nd.signsgd_update(weight, grad, lr=0.25, wd=1, out=weight) is weight
    True
    >>> weight.asnumpy()
    array([ 0.5 , -1.25,  2.25], dtype=float32)

    As a node of a graph, with a rate that is fed:

    >>> import symbolic as sym
    >>> step = sym.signsgd_update(name="step", lr=sym.Variable("lr"))
    >>> step.list_arguments()
    ['step_weight', 'step_grad', 'lr']
    """
    return (1 - lr * wd) * weight - lr * xp.sign(grad)


@operator(same_floating, writes=("mom",), fusible=True)
def signum_update(xp, weight, grad, mom, /, *, lr: Scalar, momentum: Scalar = 0.0, wd: Scalar = 0.0,
                  rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0, wd_lh: Scalar = 0.0):
    r"""Step by the sign of the momentum (Signum).

    .. math::

       m_{t+1} &= \mu m_t - (1 - \mu)(\lambda w_t + \operatorname{clip}(\rho g_t, c)) \\
       w_{t+1} &= (1 - \eta\lambda')\, w_t + \eta\, \operatorname{sign}(m_{t+1})

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    mom : array, like `weight`, written
        Minus the running average of gradients, :math:`m_t`; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`: how far each weight moves in a step.
    momentum : Scalar, optional
        :math:`\mu`, the part of the average that stays.
    wd : Scalar, optional
        Weight decay :math:`\lambda`, added to the gradient after clipping.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient.
    clip_gradient : float, optional
        Bound :math:`c` of the rescaled gradient; negative: none, 0: clip to zero.
    wd_lh : Scalar, optional
        Decoupled weight decay :math:`\lambda'` (Loshchilov and Hutter).

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
    signsgd_update : Without momentum.

    Notes
    -----
    MXNet's documentation shows `mom` with the opposite sign; its code, and this, hold minus the average.  The sign
    of NaN is 0: the weight then only decays, while the NaN stays in `mom`.

    References
    ----------
    .. [1] J. Bernstein et al., "signSGD: Compressed Optimisation for Non-Convex Problems", ICML 2018,
       https://arxiv.org/abs/1802.04434
    .. [2] MXNet 1.9.1, operator ``signum_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> mom = nd.zeros(2)
    >>> nd.signum_update(nd.array([1, 1]), nd.array([4, -4]), mom, lr=0.25, momentum=0.5).asnumpy()
    array([0.75, 1.25], dtype=float32)
    >>> mom.asnumpy()
    array([-2.,  2.], dtype=float32)
    """
    rest = 1 - momentum
    # Without a bound, MXNet multiplies the two factors first.
    if clip_gradient >= 0:
        step = rest * rescaled(xp, grad, rescale_grad, clip_gradient)
    else:
        step = (rest * rescale_grad) * grad
    mom = momentum * mom - rest * wd * weight - step
    return (1 - lr * wd_lh) * weight + lr * xp.sign(mom), mom


@operator(same_floating, writes=("mom",), scalar_dtype="float64", half_in_float32=True, fusible=True)
def lion_update(xp, weight, grad, mom, /, *, lr: Scalar, beta1: Share = 0.9, beta2: Share = 0.99,
                wd: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0):
    r"""Step by the sign of a mixture of momentum and gradient (Lion).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c) \\
       w_{t+1} &= (1 - \eta\lambda)\, w_t - \eta\, \operatorname{sign}(\beta_1 m_t + (1 - \beta_1) G) \\
       m_{t+1} &= \beta_2 m_t + (1 - \beta_2) G

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    mom : array, like `weight`, written
        Running mean of gradients :math:`m_t`; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`: how far each weight moves in a step.  Three to ten times smaller than for Adam.
    beta1 : Scalar, optional
        :math:`\beta_1`, the part of the momentum in the direction of this step.
    beta2 : Scalar, optional
        :math:`\beta_2`, what the running mean keeps.
    wd : Scalar, optional
        Decoupled weight decay :math:`\lambda`.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient.
    clip_gradient : float, optional
        Bound :math:`c` of the rescaled gradient; negative: none, 0: clip to zero.

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
    signum_update : One momentum for direction and state.

    Notes
    -----
    MXNet has no such operator.  The sign of 0 and of NaN is 0.

    References
    ----------
    .. [1] X. Chen et al., "Symbolic Discovery of Optimization Algorithms", NeurIPS 2023,
       https://arxiv.org/abs/2302.06675

    Examples
    --------
    >>> import ndarray as nd
    >>> mom = nd.array([2, 2])
    >>> nd.lion_update(nd.array([1, 1]), nd.array([-1, -4]), mom, lr=0.25, beta1=0.5, beta2=0.75).asnumpy()
    array([0.75, 1.25], dtype=float32)
    >>> mom.asnumpy()
    array([1.25, 0.5 ], dtype=float32)
    """
    rest1, rest2, decay = scalars_in(xp, weight.dtype, 1 - beta1, 1 - beta2, 1 - lr * wd)
    lr, beta1, beta2, scale = scalars_in(xp, weight.dtype, lr, beta1, beta2, rescale_grad)
    grad = rescaled(xp, grad, scale, clip_gradient)
    new = decay * weight - lr * xp.sign(beta1 * mom + rest1 * grad)
    return new, beta2 * mom + rest2 * grad
