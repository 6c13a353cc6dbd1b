"""SGD with noise that makes the weights samples of the posterior: SGLD."""

import math

import numpy as np

from ndarray.dtypes import DEFAULT, FLOAT64
from ndarray.operator import operator
from ndarray.ops.optimizer_common import Bound, Least, clipped, elements
from ndarray.params import Scalar
from ndarray.rules import same_floating
from ndarray.update import Update

KIND = "update"


def _with_key(inputs, outputs, params):
    """Weight, gradient and output alike; the key is one integer."""
    tensors, outputs = same_floating(inputs[:2], outputs, params)
    return [*tensors, elements(inputs[2], 1, 2, np.dtype("int64"))], outputs


@operator(_with_key, writes=("key",), update=Update(keys=("key",)))
def sgld_update(xp, weight, grad, key, /, *, lr: Least, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0,
                clip_gradient: Bound = -1.0):
    r"""Step against the gradient, with normal noise (stochastic gradient Langevin dynamics).

    .. math:: w_{t+1} = w_t - \frac{\eta}{2} \left( \operatorname{clip}(\rho g_t, c) + \lambda w_t \right)
              + \sqrt{\eta}\, \xi, \qquad \xi \sim \mathcal{N}(0, 1)

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t` of the negative logarithm of the posterior.
    key : array, one element, int64, written
        Key of the random numbers; each update adds one.
    lr : Scalar
        Step size :math:`\eta`, from 0.
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
        If the arrays differ in shape or dtype, the dtype is not floating, or `key` is not one integer.

    Notes
    -----
    MXNet 1.9.1 has no such operator; its class ``SGLD`` computes this with other random numbers.  As a rule, each
    tensor's key starts at a number drawn from `ndarray.random`, so that its seed settles the whole path.

    References
    ----------
    .. [1] M. Welling, Y. W. Teh, "Bayesian Learning via Stochastic Gradient Langevin Dynamics", ICML 2011.

    Examples
    --------
    >>> import ndarray as nd
    >>> key = nd.zeros(1, dtype="int64")
    >>> nd.sgld_update(nd.array([1]), nd.array([2]), key, lr=0).asnumpy(), key.asnumpy()
    (array([1.], dtype=float32), array([1]))
    """
    dtype = FLOAT64 if weight.dtype == FLOAT64 else DEFAULT
    grad = clipped(xp, rescale_grad * grad, clip_gradient)
    noise = xp.astype(normal(xp, key, weight.shape, dtype), weight.dtype)
    return weight - lr / 2 * (grad + wd * weight) + xp.sqrt(lr) * noise, key + 1


def normal(xp, key, shape, dtype):
    """Return standard normal numbers (Box and Muller), which follow from a key."""
    first, second = (xp.uniform(2 * key + k, shape, dtype) for k in (0, 1))
    return xp.sqrt(-2 * xp.log(1 - first)) * xp.cos(2 * math.pi * second)
