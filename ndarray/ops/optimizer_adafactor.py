"""Steps by the gradient over squares that are kept by rows and columns: Adafactor."""

import math

from ndarray.operator import operator
from ndarray.ops.optimizer_common import (
    Bound,
    Choice,
    Least,
    Rate,
    Share,
    StepNumber,
    rescaled,
    scalars_in,
    squared_norm,
)
from ndarray.params import Scalar
from ndarray.rules import fit, same_floating
from ndarray.tensortype import TensorType
from ndarray.update import Update

KIND = "update"


def factored(width, at):
    """Return the rule of an update of `width` inputs: pairs of row and column means from number `at` on.

    Of a tensor of less than two axes, the first of a pair is like the weight and the second has one element.
    """

    def infer(inputs, outputs, params):
        tensors, outputs = same_floating(inputs[:at], outputs, params)
        shape, dtype = tensors[0].shape, tensors[0].dtype
        found = []
        for slot in range(at, width):
            expected = inputs[slot].shape
            if shape is not None and None not in shape:
                row, column = _shapes(shape, params)
                expected = fit(expected, column if (slot - at) % 2 else row, slot)
            found.append(inputs[slot].merge(TensorType(expected, dtype)))
        return [*tensors, *found], outputs

    return infer


def factors(shape, params):
    """Return whether the squares of a tensor are kept as means of rows and of columns."""
    return len(shape) > 1 and 0 not in shape and min(shape[-2:]) >= params.get("min_dim_size_to_factor", 1)


def _shapes(shape, params):
    return (shape[:-1], shape[:-2] + shape[-1:]) if factors(shape, params) else (shape, (1,))


def moved_means(xp, squares, row, column, keep, rest):
    """Return the means of rows and of columns, each moved on by one step."""
    return keep * row + rest * xp.mean(squares, axis=-1), keep * column + rest * xp.mean(squares, axis=-2)


def outer(xp, row, column, least):
    """Return the squares that means of rows and of columns stand for; the mean of the rows is at least `least`."""
    share = row / xp.maximum(xp.mean(row, axis=-1, keepdims=True), least)
    return xp.expand_dims(share, -1) * xp.expand_dims(column, -2)


def rms(xp, x):
    """Return the root of the mean of squares, a float64 scalar."""
    return xp.sqrt(squared_norm(xp, x) / max(math.prod(x.shape), 1))



@operator(factored(4, 2), writes=("row", "column"), scalar_dtype="float64", half_in_float32=True)
def adafactor_update(xp, weight, grad, row, column, /, *, lr: Scalar, beta2_decay: Scalar = -0.8,
                     eps1: Least = 1.1920929e-07, eps2: Least = 1e-3, clip_threshold: Rate = 1.0, wd: Scalar = 0.0,
                     rescale_grad: Scalar = 1.0, clip_gradient: Bound = -1.0, t: StepNumber,
                     relative_step: Choice = True, scale_parameter: Choice = True, min_dim_size_to_factor: int = 1):
    r"""Step by the gradient over roots of squares, by rows and columns, in parts of the weight (Adafactor).

    .. math::

       G &= \operatorname{clip}(\rho_g g_t, c), \qquad \beta_t = 1 - t^{\gamma}, \qquad
       r_{t+1} = \beta_t r_t + (1 - \beta_t) \overline{G^2}, \qquad s_{t+1} \text{ likewise of columns} \\
       V &= r_{t+1} s_{t+1}^T / \max(\overline{r_{t+1}}, \epsilon_1), \qquad U = G / \sqrt{\max(V, \epsilon_1^2)} \\
       \rho &= \min(\eta, 1 / \sqrt t), \qquad w_{t+1} = (1 - \eta\lambda)\, w_t
         - \max(\epsilon_2, \operatorname{rms}(w_t))\, \rho\, U / \max(1, \operatorname{rms}(U) / d)

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    row : array, shape of `weight` without the last axis, written
        Means :math:`r_t` of squares over rows; zeros at first.  Like `weight` where squares are not factored.
    column : array, shape of `weight` without the last axis but one, written
        Means :math:`s_t` of squares over columns; zeros at first.  One element, unused, where squares are not
        factored.
    lr : Scalar
        Largest learning rate :math:`\eta`, in parts of the weight per step.
    beta2_decay : Scalar, optional
        :math:`\gamma`, how fast the means come to keep all.
    eps1 : Scalar, optional
        :math:`\epsilon_1`, in units of gradient; torch's default is the dtype's own.
    eps2 : Scalar, optional
        :math:`\epsilon_2`, the least size of a weight.
    clip_threshold : Scalar, optional
        :math:`d`, the largest size of a step before the rate.
    wd : Scalar, optional
        Decoupled weight decay :math:`\lambda`.
    rescale_grad : Scalar, optional
        :math:`\rho_g`, factor of the gradient; -1 climbs.
    clip_gradient : float, optional
        Bound :math:`c`; negative: none, 0: clip to zero.
    t : Scalar
        Number of this step, from 1.
    relative_step : bool, optional
        Whether the rate is at most :math:`1 / \sqrt t`.
    scale_parameter : bool, optional
        Whether steps are in parts of the size of the weight.
    min_dim_size_to_factor : int, optional
        Of matrices with less rows or columns, squares are not factored; Optax has 128.

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
    adafactor_mom_update : With a mean of steps.
    came_update : With a mean of steps and a confidence in it.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    For tensors of more than two axes, the last two are factored.  No first moment is kept: with `beta1`, the rule
    ``"adafactor"`` is `adafactor_mom_update`.

    References
    ----------
    .. [1] N. Shazeer, M. Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", ICML 2018,
       https://arxiv.org/abs/1804.04235

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, row, column = nd.ones((2, 2)), nd.zeros(2), nd.zeros(2)
    >>> nd.adafactor_update(weight, nd.array([[1, 2], [2, 4]]), row, column, lr=0.5, t=1).asnumpy()
    array([[0.5, 0.5],
           [0.5, 0.5]], dtype=float32)
    """
    decay, step, row, column = _step(xp, weight, grad, row, column, lr, beta2_decay, eps1, eps2, clip_threshold, wd,
                                     rescale_grad, clip_gradient, t, relative_step, scale_parameter,
                                     min_dim_size_to_factor)
    return decay * weight - step, row, column


@operator(factored(5, 3), writes=("mom", "row", "column"), scalar_dtype="float64",
          half_in_float32=True, update=Update(names=("adafactor",)))
def adafactor_mom_update(xp, weight, grad, mom, row, column, /, *, lr: Scalar, beta1: Share = 0.9,
                         beta2_decay: Scalar = -0.8, eps1: Least = 1.1920929e-07, eps2: Least = 1e-3,
                         clip_threshold: Rate = 1.0, wd: Scalar = 0.0, rescale_grad: Scalar = 1.0,
                         clip_gradient: Bound = -1.0, t: StepNumber, relative_step: Choice = True,
                         scale_parameter: Choice = True, min_dim_size_to_factor: int = 1):
    r"""Step by a mean of Adafactor's steps.

    .. math::

       m_{t+1} = \beta_1 m_t + (1 - \beta_1)\, s_t, \qquad w_{t+1} = (1 - \eta\lambda)\, w_t - m_{t+1}

    where :math:`s_t` is what `adafactor_update` subtracts.

    Parameters
    ----------
    weight : array, any shape, floating
        The weights :math:`w_t`.
    grad : array, like `weight`
        Gradient :math:`g_t`.
    mom : array, like `weight`, written
        Mean :math:`m_t` of steps, which have the rate in them; zeros at first.
    row : array, shape of `weight` without the last axis, written
        Means of squares over rows; zeros at first.  Like `weight` where squares are not factored.
    column : array, shape of `weight` without the last axis but one, written
        Means of squares over columns; zeros at first.  One element, unused, where squares are not factored.
    lr : Scalar
        Largest learning rate :math:`\eta`, in parts of the weight per step.
    beta1 : Scalar, optional
        :math:`\beta_1`, what the mean of steps keeps.
    beta2_decay, eps1, eps2, clip_threshold : Scalar, optional
        As for `adafactor_update`.
    wd : Scalar, optional
        Decoupled weight decay :math:`\lambda`.
    rescale_grad : Scalar, optional
        Factor of the gradient; -1 climbs.
    clip_gradient : float, optional
        Bound of the gradient; negative: none, 0: clip to zero.
    t : Scalar
        Number of this step, from 1.
    relative_step, scale_parameter : bool, optional
        As for `adafactor_update`.
    min_dim_size_to_factor : int, optional
        As for `adafactor_update`.

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
    adafactor_update : Without the mean, and its memory.

    Notes
    -----
    MXNet 1.9.1 has no such operator.
    The bias of the mean is not corrected.  torch's class has no such mean.

    References
    ----------
    .. [1] N. Shazeer, M. Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", ICML 2018,
       https://arxiv.org/abs/1804.04235

    Examples
    --------
    >>> import ndarray as nd
    >>> weight, mom, row, column = nd.ones((2, 2)), nd.zeros((2, 2)), nd.zeros(2), nd.zeros(2)
    >>> nd.adafactor_mom_update(weight, nd.array([[1, 2], [2, 4]]), mom, row, column, lr=0.5, beta1=0.5, t=1).asnumpy()
    array([[0.75, 0.75],
           [0.75, 0.75]], dtype=float32)
    """
    decay, step, row, column = _step(xp, weight, grad, row, column, lr, beta2_decay, eps1, eps2, clip_threshold, wd,
                                     rescale_grad, clip_gradient, t, relative_step, scale_parameter,
                                     min_dim_size_to_factor)
    keep, rest = scalars_in(xp, weight.dtype, beta1, 1 - beta1)
    mom = keep * mom + rest * step
    return decay * weight - mom, mom, row, column


def _step(xp, weight, grad, row, column, lr, beta2_decay, eps1, eps2, clip_threshold, wd, rescale_grad, clip_gradient,
          t, relative_step, scale_parameter, min_dim_size_to_factor):
    """Return the factor of the weight, what is subtracted from it, and the new means."""
    dtype = weight.dtype
    rest = t ** beta2_decay
    keep, new, least, scale = scalars_in(xp, dtype, 1 - rest, rest, eps1, rescale_grad)
    grad = rescaled(xp, grad, scale, clip_gradient)
    squares = grad * grad
    if factors(weight.shape, {"min_dim_size_to_factor": min_dim_size_to_factor}):
        row, column = moved_means(xp, squares, row, column, keep, new)
        var = outer(xp, row, column, least)
    else:
        row, column = keep * row + new * squares, column + xp.zeros_like(column)
        var = row
    step = grad / xp.maximum(xp.sqrt(var), least)
    rate = xp.minimum(lr, 1 / xp.sqrt(t)) if relative_step else lr
    size = xp.maximum(rms(xp, weight), eps2) if scale_parameter else 1.0
    rate, decay = scalars_in(xp, dtype, size * rate / xp.maximum(rms(xp, step) / clip_threshold, 1.0), 1 - lr * wd)
    return decay, rate * step, row, column
