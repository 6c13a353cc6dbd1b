"""Momentum whose singular values become one: Muon; and AdamW for what has no singular values."""

import math
from typing import Literal

from ndarray.dtypes import DEFAULT as float32
from ndarray.dtypes import FLOAT64
from ndarray.operator import operator
from ndarray.ops.optimizer_common import (
    Beta,
    Bound,
    Choice,
    Least,
    Share,
    StepNumber,
    rescaled,
    scalars_in,
    squared_norm,
)
from ndarray.params import Scalar
from ndarray.rules import fit, same_floating
from ndarray.tensortype import TensorType

KIND = "update"


COEFFICIENTS = 3.4445, -4.7750, 2.0315


def _matrices(inputs, outputs, params):
    """Take a weight, its gradient, and a state like it, or two of them for tensors of less than two axes."""
    tensors, outputs = same_floating(inputs[:2], outputs, params)
    shape, state = tensors[0].shape, inputs[2].shape
    if shape is not None:
        state = fit(state, shape if len(shape) > 1 else (2, *shape), 2)
    return [*tensors, inputs[2].merge(TensorType(state, tensors[0].dtype))], outputs


def orthogonalized(xp, matrix, steps, epsilon, precision):
    """Return a matrix with its singular values between about 0.7 and 1.2, by Newton and Schulz's iteration."""
    narrow = precision == "bfloat16"
    dtype = FLOAT64 if matrix.dtype == FLOAT64 and not narrow else float32
    product = xp.matmul_bfloat16 if narrow else xp.matmul
    x = xp.astype(matrix, dtype)
    size, a, b, c = scalars_in(xp, dtype, xp.maximum(xp.sqrt(squared_norm(xp, x)), epsilon), *COEFFICIENTS)
    x, wide = x / size, matrix.shape[0] <= matrix.shape[1]
    for _ in range(steps):
        turned = xp.swapaxes(x, 0, 1)
        gram = product(x, turned) if wide else product(turned, x)
        # The square of a symmetric matrix is one of it and its transpose, of which libraries compute half.
        factor = b * gram + c * product(gram, xp.swapaxes(gram, 0, 1))
        x = a * x + (product(factor, x) if wide else product(x, factor))
    return xp.astype(x, matrix.dtype)


def _adamw(xp, weight, grad, mom, lr, beta1, beta2, epsilon, wd, t):
    """Step by AdamW, whose two means are the two parts of `mom`."""
    dtype, shape = weight.dtype, weight.shape
    rate, root, decay = scalars_in(xp, dtype, lr / (1 - beta1 ** t), xp.sqrt(1 - beta2 ** t), 1 - lr * wd)
    rest1, rest2 = scalars_in(xp, dtype, 1 - beta1, 1 - beta2)
    beta1, beta2, epsilon = scalars_in(xp, dtype, beta1, beta2, epsilon)
    mean, var = (xp.reshape(xp.strided_slice(mom, (k,), (k + 1,), (None,)), shape) for k in (0, 1))
    mean = beta1 * mean + rest1 * grad
    var = beta2 * var + rest2 * (grad * grad)
    return decay * weight - rate * mean / (xp.sqrt(var) / root + epsilon), xp.stack((mean, var))



@operator(_matrices, writes=("mom",), scalar_dtype="float64", half_in_float32=True)
def muon_update(xp, weight, grad, mom, /, *, lr: Scalar, momentum: Share = 0.95, nesterov: Choice = True,
                steps: int = 5, epsilon: Least = 1e-7,
                scale: Literal["original", "match_rms_adamw", "none"] = "original", wd: Scalar = 0.0,
                rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0, t: StepNumber, lr_1d_factor: Scalar = 1.0,
                beta1_1d: Beta = 0.9, beta2_1d: Beta = 0.999, epsilon_1d: Least = 1e-8,
                matmul_precision: Literal["highest", "bfloat16"] = "highest"):
    r"""Step by a momentum whose singular values are brought near to one (Muon).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c), \qquad m_{t+1} = \mu m_t + (1 - \mu) G, \qquad
       X_0 = \frac{\mu m_{t+1} + (1 - \mu) G}{\max(\lVert \cdot \rVert, \epsilon)} \\
       X_{k+1} &= 3.4445\, X_k + (-4.775\, A + 2.0315\, A^2) X_k, \qquad A = X_k X_k^T \\
       w_{t+1} &= (1 - \eta\lambda)\, w_t - \eta s X_n, \qquad s = \begin{cases}
         \sqrt{\max(1, r / c)} & \text{original} \\ 0.2 \sqrt{\max(r, c)} & \text{match-rms-adamw} \end{cases}

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`; of r rows and c columns, all axes but the first are one.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    mom : array, like `weight`, written
        Momentum :math:`m_t`; zeros at first.  Of tensors of one axis or none there are two such, the means of AdamW.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    momentum : Scalar, optional
        :math:`\mu`, what the momentum keeps.
    nesterov : bool, optional
        Whether the momentum looks ahead by one gradient; if not, :math:`X_0` is of the momentum itself.
    steps : int, optional
        Steps :math:`n` of Newton and Schulz's iteration.
    epsilon : Scalar, optional
        :math:`\epsilon`, the least norm that divides.
    scale : {'original', 'match_rms_adamw', 'none'}, optional
        What multiplies the step.  With ``'match_rms_adamw'`` rates and decay of AdamW fit; ``'none'`` is 1.
    wd : Scalar, optional
        Decoupled weight decay :math:`\lambda`.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient; -1 climbs.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    t : Scalar
        Number of this step, from 1.
    lr_1d_factor : Scalar, optional
        Factor of the rate of tensors of one axis or none, which AdamW updates.
    beta1_1d, beta2_1d, epsilon_1d : Scalar, optional
        The betas and epsilon of AdamW.
    matmul_precision : {'highest', 'bfloat16'}, optional
        What the products of the iteration are computed in: float32, or float64 for weights in float64; or bfloat16
        with sums in float32, which takes a fraction of the time where the processor has instructions for it.

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
    adamw_update : What tensors of one axis are updated by.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    torch rounds all of the iteration to bfloat16; here ``matmul_precision='bfloat16'`` rounds what is multiplied.
    Embeddings and the last layer, too, are better updated by AdamW.

    References
    ----------
    .. [1] K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024,
       https://kellerjordan.github.io/posts/muon/
    .. [2] J. Liu et al., "Muon is Scalable for LLM Training", 2025, https://arxiv.org/abs/2502.16982

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, mom = nd.zeros((2, 2)), nd.zeros((2, 2))
    >>> nd.muon_update(weight, nd.array([[0, 3], [3, 0]]), mom, lr=1, t=1).asnumpy().round(2)
    array([[ 0.  , -1.11],
           [-1.11,  0.  ]], dtype=float32)
    """
    dtype = weight.dtype
    factor, = scalars_in(xp, dtype, rescale_grad)
    grad = rescaled(xp, grad, factor, clip_gradient)
    if weight.ndim < 2:
        return _adamw(xp, weight, grad, mom, lr * lr_1d_factor, beta1_1d, beta2_1d, epsilon_1d, wd, t)
    keep, rest = scalars_in(xp, dtype, momentum, 1 - momentum)
    mom = keep * mom + rest * grad
    ahead = keep * mom + rest * grad if nesterov else mom
    rows, columns = weight.shape[0], math.prod(weight.shape[1:])
    if not rows * columns:
        return weight + xp.zeros_like(weight), mom
    step = xp.reshape(orthogonalized(xp, xp.reshape(ahead, (rows, columns)), steps, epsilon, matmul_precision),
                      weight.shape)
    size = {"original": math.sqrt(max(1, rows / columns)), "match_rms_adamw": 0.2 * math.sqrt(max(rows, columns))}
    rate, decay = scalars_in(xp, dtype, lr * size.get(scale, 1.0), 1 - lr * wd)
    return decay * weight - rate * step, mom
