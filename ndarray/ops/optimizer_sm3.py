"""AdaGrad with one sum for each slice of a tensor in place of one for each element: SM3."""

from ndarray.operator import operator
from ndarray.ops.optimizer_common import Bound, Least, Share, rescaled, scalars_in
from ndarray.params import Scalar
from ndarray.rules import fit, same_floating
from ndarray.tensortype import TensorType

KIND = "update"


def _axes(inputs, outputs, params):
    """Take a weight, two like it, and a vector with an element for each slice of each axis."""
    tensors, outputs = same_floating(inputs[:3], outputs, params)
    shape, dtype = tensors[0].shape, tensors[0].dtype
    sums = inputs[3].shape
    if shape is not None and None not in shape:
        sums = fit(sums, (sum(shape or (1,)),), 3)
    return [*tensors, inputs[3].merge(TensorType(sums, dtype))], outputs


def _most(xp, x, axis):
    """Return the largest element of each slice of an axis."""
    others = tuple([a for a in range(x.ndim) if a != axis])
    return xp.max(x, axis=others) if others else x



@operator(_axes, writes=("mean", "largest"), scalar_dtype="float64", half_in_float32=True)
def sm3_update(xp, weight, grad, mean, largest, /, *, lr: Scalar, momentum: Share = 0.9, epsilon: Least = 1e-8,
               wd: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0):
    r"""Step by the mean of gradients over roots of the least sums of squares of their slices (SM3-II).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c), \qquad \nu_i = \min_a s^a_{i_a} + G_i^2, \qquad
       s^a_j \leftarrow \max_{i:\, i_a = j} \nu_i \\
       m_{t+1} &= \mu m_t + (1 - \mu)\, G / \sqrt{\nu + \epsilon}, \qquad
       w_{t+1} = (1 - \eta\lambda)\, w_t - \eta m_{t+1}

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    mean : array, like `weight`, written
        Running mean of divided gradients :math:`m_t`; zeros at first.
    largest : array, shape (sum of the lengths of `weight`'s axes,), like `weight`, written
        Sums of squares :math:`s^a` of the slices of each axis, one axis after the other; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    momentum : Scalar, optional
        :math:`\mu`, what the mean keeps.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of gradient squared.
    wd : Scalar, optional
        Decoupled weight decay :math:`\lambda`.
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
    adagrad_update : A sum for each element, to which this comes for vectors.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    A divided gradient of zero over zero is zero.

    References
    ----------
    .. [1] R. Anil et al., "Memory-Efficient Adaptive Optimization", NeurIPS 2019, https://arxiv.org/abs/1901.11150

    Examples
    --------
    >>> import ndarray as nd
    >>> mean, largest = nd.zeros((2, 2)), nd.zeros(4)
    >>> weight = nd.ones((2, 2))
    >>> nd.sm3_update(weight, nd.array([[2, 1], [0, 0]]), mean, largest, lr=0.5, momentum=0, epsilon=0).asnumpy()
    array([[0.5, 0.5],
           [1. , 1. ]], dtype=float32)
    >>> largest.asnumpy()
    array([4., 0., 4., 1.], dtype=float32)
    """
    dtype, axes = weight.dtype, range(max(weight.ndim, 1))
    rest, decay = scalars_in(xp, dtype, 1 - momentum, 1 - lr * wd)
    lr, momentum, epsilon, scale = scalars_in(xp, dtype, lr, momentum, epsilon, rescale_grad)
    grad = rescaled(xp, grad, scale, clip_gradient)
    if 0 in weight.shape:
        return decay * weight, momentum * mean, largest + xp.zeros_like(largest)
    lengths = weight.shape or (1,)
    least = None
    for axis in axes:
        begin = sum(lengths[:axis])
        sums = xp.strided_slice(largest, (begin,), (begin + lengths[axis],), (None,))
        sums = xp.reshape(sums, tuple([d if a == axis else 1 for a, d in enumerate(lengths)]))
        least = sums if least is None else xp.minimum(least, sums)
    sums = least + xp.reshape(grad * grad, lengths)
    largest = xp.concatenate(tuple([_most(xp, sums, axis) for axis in axes]), axis=0)
    nu = xp.reshape(sums, weight.shape)
    divided = xp.where(nu <= 0, xp.zeros_like(grad), grad / xp.sqrt(nu + epsilon))
    mean = momentum * mean + rest * divided
    return decay * weight - lr * mean, mean, largest
