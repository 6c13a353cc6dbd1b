"""SGD that makes up for the age of its gradients: DCASGD."""

from ndarray.operator import operator
from ndarray.ops.optimizer_common import Bound, clipped
from ndarray.params import Scalar
from ndarray.rules import same_floating
from ndarray.update import Update

KIND = "update"


@operator(same_floating, writes=("mom", "previous"), fusible=True, update=Update(copies=("previous",)))
def dcasgd_update(xp, weight, grad, mom, previous, /, *, lr: Scalar, momentum: Scalar = 0.0, lamda: Scalar = 0.04,
                  wd: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0):
    r"""Step against the gradient, moved to where the weights are now (delay-compensated asynchronous SGD).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c) \\
       m_{t+1} &= \mu m_t - \eta \left( G + \lambda w_t + \lambda_c G^2 (w_t - p_t) \right), \qquad p_{t+1} = w_t \\
       w_{t+1} &= w_t + m_{t+1}

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`, taken at :math:`p_t`.
    mom : array, like `weight`, written
        The last move :math:`m_t`; zeros at first.
    previous : array, like `weight`, written
        The weights :math:`p_t` before the last update; those of the start at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per gradient.
    momentum : Scalar, optional
        :math:`\mu`, the part of the last move that is repeated.
    lamda : Scalar, optional
        :math:`\lambda_c`, how far the gradient's square is taken for its derivative.  The spelling is MXNet's.
    wd : Scalar, optional
        Weight decay :math:`\lambda`; clipping does not see it.
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

    See Also
    --------
    sgd_mom_update : Without compensation.

    Notes
    -----
    MXNet 1.9.1 has no such operator; its class ``DCASGD`` computes this.

    References
    ----------
    .. [1] S. Zheng et al., "Asynchronous Stochastic Gradient Descent with Delay Compensation", ICML 2017,
       https://arxiv.org/abs/1609.08326

    Examples
    --------
    >>> import ndarray as nd
    >>> mom, previous = nd.zeros(1), nd.array([3])
    >>> nd.dcasgd_update(nd.array([1]), nd.array([2]), mom, previous, lr=0.5, lamda=0.25).asnumpy()
    array([1.], dtype=float32)
    >>> mom.asnumpy(), previous.asnumpy()
    (array([0.], dtype=float32), array([1.], dtype=float32))
    """
    grad = clipped(xp, rescale_grad * grad, clip_gradient)
    mom = momentum * mom - lr * (grad + wd * weight + lamda * grad * grad * (weight - previous))
    return weight + mom, mom, weight
