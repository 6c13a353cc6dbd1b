"""Adafactor with a mean of steps, and a confidence in it that is kept by rows and columns: CAME."""

from ndarray.operator import operator
from ndarray.ops.optimizer_adafactor import factored, factors, moved_means, outer, rms
from ndarray.ops.optimizer_common import Bound, Least, Rate, Share, rescaled, scalars_in
from ndarray.params import Scalar

KIND = "update"


@operator(factored(7, 3), writes=("mean", "row", "column", "doubt_row", "doubt_column"), scalar_dtype="float64",
          half_in_float32=True)
def came_update(xp, weight, grad, mean, row, column, doubt_row, doubt_column, /, *, lr: Scalar, beta1: Share = 0.9,
                beta2: Share = 0.999, beta3: Share = 0.9999, eps1: Least = 1e-30, eps2: Least = 1e-16,
                clip_threshold: Rate = 1.0, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0):
    r"""Step by a mean of Adafactor's steps, over how far they are from it (CAME).

    .. math::

       G &= \operatorname{clip}(\rho g_t, c), \qquad
       r_{t+1} = \beta_2 r_t + (1 - \beta_2) \overline{G^2 + \epsilon_1}, \qquad s_{t+1} \text{ likewise of columns} \\
       U &= \hat U / \max(1, \operatorname{rms}(\hat U) / d), \quad
       \hat U = G / \sqrt{r_{t+1} s_{t+1}^T / \overline{r_{t+1}}}, \qquad m_{t+1} = \beta_1 m_t + (1 - \beta_1) U \\
       R_{t+1} &= \beta_3 R_t + (1 - \beta_3) \overline{(U - m_{t+1})^2 + \epsilon_2}, \qquad
       S_{t+1} \text{ likewise of columns} \\
       w_{t+1} &= (1 - \eta\lambda)\, w_t - \eta\, m_{t+1} / \sqrt{R_{t+1} S_{t+1}^T / \overline{R_{t+1}}}

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    mean : array, like `weight`, written
        Running mean of steps :math:`m_t`; zeros at first.
    row, column : array, shape of `weight` without the last axis, or the last but one, written
        Means :math:`r_t, s_t` of squares over rows and over columns; zeros at first.
    doubt_row, doubt_column : array, like `row` and `column`, written
        Means :math:`R_t, S_t` of how far steps are from their mean; zeros at first.
    lr : Scalar
        Learning rate :math:`\eta`, in units of weight per step.
    beta1, beta2, beta3 : Scalar, optional
        What the running means keep.
    eps1, eps2 : Scalar, optional
        :math:`\epsilon_1, \epsilon_2`, in units of gradient squared, and without unit.
    clip_threshold : Scalar, optional
        :math:`d`, the largest size of a step before the rate.
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
    adafactor_update : Without mean and confidence.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    Tensors of one axis are not factored: `row` is like `weight` there, and the step is the mean alone.  The means'
    bias is not corrected.

    References
    ----------
    .. [1] Y. Luo et al., "CAME: Confidence-guided Adaptive Memory Efficient Optimization", ACL 2023,
       https://arxiv.org/abs/2307.02047

    Examples
    --------
    >>> import ndarray as nd
    >>> states = [nd.zeros((2, 2)), *[nd.zeros(2) for _ in range(4)]]
    >>> nd.came_update(nd.ones((2, 2)), nd.array([[1, 2], [2, 4]]), *states, lr=0.5, beta1=0.5, beta2=0,
    ...                beta3=0).asnumpy()
    array([[0.5, 0.5],
           [0.5, 0.5]], dtype=float32)
    """
    dtype, matrix = weight.dtype, factors(weight.shape, {})
    rest1, rest2, rest3, decay = scalars_in(xp, dtype, 1 - beta1, 1 - beta2, 1 - beta3, 1 - lr * wd)
    lr, beta1, beta2, beta3, scale = scalars_in(xp, dtype, lr, beta1, beta2, beta3, rescale_grad)
    eps1, eps2, none = scalars_in(xp, dtype, eps1, eps2, 0.0)
    grad = rescaled(xp, grad, scale, clip_gradient)
    squares = grad * grad + eps1
    if matrix:
        row, column = moved_means(xp, squares, row, column, beta2, rest2)
        step = grad / xp.sqrt(outer(xp, row, column, none))
    else:
        row, column = beta2 * row + rest2 * squares, column + xp.zeros_like(column)
        step = grad / xp.sqrt(row)
    size, = scalars_in(xp, dtype, xp.maximum(rms(xp, step) / clip_threshold, 1.0))
    step = step / size
    mean = beta1 * mean + rest1 * step
    doubt = (step - mean) * (step - mean) + eps2
    if not matrix:
        doubts = doubt_row + xp.zeros_like(doubt_row), doubt_column + xp.zeros_like(doubt_column)
        return decay * weight - lr * mean, mean, row, column, *doubts
    doubts = moved_means(xp, doubt, doubt_row, doubt_column, beta3, rest3)
    return decay * weight - lr * (mean / xp.sqrt(outer(xp, *doubts, none))), mean, row, column, *doubts
