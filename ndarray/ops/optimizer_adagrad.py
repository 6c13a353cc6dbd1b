"""Updates by the sum of all squared gradients: AdaGrad, for each element or for each row."""

from ndarray.errors import ShapeError
from ndarray.operator import operator
from ndarray.ops.optimizer_common import Bound, Choice, First, Least, rescaled, root
from ndarray.params import Scalar
from ndarray.rules import agree_dtype, check_floating, same, same_floating, slot_error
from ndarray.tensortype import TensorType, merge_shapes, show_shape

KIND = "update"


@operator(same_floating, writes=("history",), aliases=("adagrad_update",), fusible=True)
def _sparse_adagrad_update(xp, weight, grad, history, /, *, lr: Scalar, epsilon: Least = 1e-7, wd: Scalar = 0.0,
                           rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0, epsilon_in_root: Choice = True,
                           initial_accumulator: First = 0.0):
    r"""Step by the gradient over the root of the sum of all its squares (AdaGrad).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c), \qquad h_{t+1} = h_t + G^2 \\
       w_{t+1} &= w_t - \eta \left( G / \sqrt{h_{t+1} + \epsilon} + \lambda w_t \right)

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`; eagerly it may be row_sparse, and then only its rows change.
    history : array, like `weight`, written
        Sum of squared gradients :math:`h_t`; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of squared gradient: it is within the root.
    wd : Scalar, optional
        Weight decay :math:`\lambda`; clipping and `history` do not see it.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    epsilon_in_root : bool, optional
        Whether :math:`\epsilon` is added within the root; if not, outside of it, as in torch, in units of gradient.
    initial_accumulator : Scalar, optional
        What the sum of squares starts at, in units of squared gradient; it is added to `history`, which starts at
        zero.  Optax starts at 0.1.

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
    group_adagrad_update : One history for each row.

    Notes
    -----
    MXNet 1.9.1 has the row_sparse form alone, without weight decay; the dense form and the decay are additions.

    References
    ----------
    .. [1] J. Duchi, E. Hazan, Y. Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic
       Optimization", JMLR 12, 2011.
    .. [2] MXNet 1.9.1, operator ``_sparse_adagrad_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> history = nd.array([3, 0])
    >>> nd.adagrad_update(nd.array([1, 1]), nd.array([1, 2]), history, lr=0.5, epsilon=0).asnumpy()
    array([0.75, 0.5 ], dtype=float32)
    >>> history.asnumpy()
    array([4., 4.], dtype=float32)
    """
    grad = rescaled(xp, grad, rescale_grad, clip_gradient)
    history = history + grad * grad
    squares = history + initial_accumulator
    return weight - (grad / root(xp, squares, epsilon, epsilon_in_root) + wd * weight) * lr, history


def _by_row(inputs, outputs, params):
    """Weight, gradient and output alike; the history has one element for each row."""
    dtype = agree_dtype(inputs + outputs)
    (weight, grad), outputs = same([*inputs[:2]], outputs, params)
    weight = TensorType(weight.shape, dtype)
    check_floating([weight])
    history, shape = inputs[2].shape, weight.shape
    if shape is not None and not shape:
        raise slot_error(ShapeError, "`{}` needs at least one axis", 0)
    if history is not None and (not history or any(d not in (1, None) for d in history[1:])):
        raise slot_error(ShapeError, f"`{{}}` must have one element for each row, got shape {show_shape(history)}", 2)
    rows = merge_shapes(shape and shape[:1], history and history[:1])
    if rows is not None:
        history = rows + ((1,) if history is None else history[1:])
        shape = shape and rows + shape[1:]
    weight = TensorType(shape, dtype)
    return [weight, weight, TensorType(history, dtype)], [weight]


@operator(_by_row, writes=("history",), aliases=("group_adagrad_update",))
def _contrib_group_adagrad_update(xp, weight, grad, history, /, *, lr: Scalar, rescale_grad: Scalar = 1.0,
                                  clip_gradient: Bound = -1.0, epsilon: Least = 1e-5):
    r"""AdaGrad with one history for each row, as for the rows of an embedding.

    .. math::

       G &= \operatorname{clip}(\rho g_t, c), \qquad
       h_i \leftarrow h_i + \operatorname{mean}_j G_{ij}^2 \\
       w_{ij} &\leftarrow w_{ij} - \eta\, G_{ij} / \sqrt{h_i + \epsilon}

    Parameters
    ----------
    weight : array, shape (rows, …), floating
        The weights :math:`w`.
    grad : array, like `weight`
        Gradient :math:`g`; eagerly it may be row_sparse, and then only its rows change.
    history : array, shape (rows, 1) or (rows,), dtype of `weight`, written
        Sum :math:`h` of mean squared gradients; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    rescale_grad : Scalar, optional
        :math:`\rho`, factor of the gradient.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    epsilon : Scalar, optional
        :math:`\epsilon`, in units of squared gradient: it is within the root.

    Returns
    -------
    array, like `weight`
        The new weights.

    Raises
    ------
    ShapeError, DTypeError
        If `weight` and `grad` differ, or `history` has not one element for each row.

    Notes
    -----
    MXNet 1.9.1 has the row_sparse form alone, checks only the first dimension of `history`, and cannot infer shapes
    in a graph.

    References
    ----------
    .. [1] J. Duchi, E. Hazan, Y. Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic
       Optimization", JMLR 12, 2011.
    .. [2] MXNet 1.9.1, operator ``_contrib_group_adagrad_update``.

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, history = nd.ones((2, 2)), nd.array([[3], [0]])
    >>> nd.group_adagrad_update(weight, nd.array([[1, 1], [2, 2]]), history, lr=0.5, epsilon=0).asnumpy()
    array([[0.75, 0.75],
           [0.5 , 0.5 ]], dtype=float32)
    """
    grad = rescaled(xp, grad, rescale_grad, clip_gradient)
    shape = (weight.shape[0],) + (1,) * (weight.ndim - 1)
    squares = xp.reshape(grad * grad, (weight.shape[0], row_length(weight.shape)))
    mean = xp.sum(squares, axis=1) / max(row_length(weight.shape), 1)
    history = history + xp.reshape(mean, history.shape)
    return weight - lr * grad / xp.sqrt(xp.reshape(history, shape) + epsilon), history


def row_length(shape):
    """Return the number of elements of a row, an element along the first axis."""
    length = 1
    for d in shape[1:]:
        length *= d
    return length
