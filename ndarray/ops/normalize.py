"""Normalisation layers."""

from functools import reduce
from operator import add
from typing import Literal

import numpy as np

from ndarray.dtypes import is_narrow
from ndarray.errors import ParamError, ShapeError
from ndarray.operator import operator
from ndarray.ops.reduce import mean_of
from ndarray.params import Positive, Training
from ndarray.rules import agree_dtype, check_floating, fit, same_floating, slot_error, with_axes
from ndarray.rules_shape import cut, place_of
from ndarray.tensortype import TensorType, merge_shapes, show_shape

KIND = "layer"

_MOVING = {"moving_mean": '["zero", {}]', "moving_var": '["one", {}]'}
"""How the running statistics start."""


def _one_dtype(inputs, outputs):
    """Return the dtype of everything, for data and for the rest."""
    dtype = agree_dtype(inputs + outputs)
    return dtype, dtype


def _float32_beside_float16(inputs, outputs):
    """Return the dtypes of data and of the rest, which are one, or float32 for data in 16 bits; so it is in MXNet."""
    dtype, rest = agree_dtype([inputs[0], outputs[0]]), agree_dtype(inputs[1:] + outputs[1:])
    if rest is None:
        rest = np.dtype(np.float32) if dtype == np.float16 else dtype
    elif dtype is None:
        dtype = None if rest == np.float32 else rest
    elif rest != dtype and not (rest == np.float32 and (dtype == np.float16 or is_narrow(dtype))):
        agree_dtype(inputs + outputs)  # which says where they differ
    return dtype, rest


def _per_axis(extra_outputs, dtypes=_one_dtype):
    """Return the rule: parameters and states have one element for each place of ``params['axis']``.

    ``extra_outputs(shape, axis)`` is the shape of the outputs after the first.
    """

    def infer(inputs, outputs, params):
        dtype, rest = dtypes(inputs, outputs)
        check_floating([TensorType(None, dtype), TensorType(None, rest)])
        shape = merge_shapes(inputs[0].shape, outputs[0].shape)
        at = None if shape is None else place_of(params["axis"], len(shape))
        vector = (None if shape is None else shape[at],)
        for slot, t in enumerate(inputs[1:], 1):
            vector = fit(t.shape, vector, slot)
        if shape is not None:
            shape = (*shape[:at], vector[0], *shape[at + 1:])
        more = [TensorType(merge_shapes(t.shape, None if shape is None else extra_outputs(shape, at)), rest)
                for t in outputs[1:]]
        return ([TensorType(shape, dtype), *(TensorType(vector, rest) for _ in inputs[1:])],
                [TensorType(shape, dtype), *more])

    return infer


def _of_channels(extra_outputs=None, dtypes=_one_dtype):
    """Return the rule of `_per_axis` for channels along axis 1."""
    rule = _per_axis(extra_outputs, dtypes)

    def infer(inputs, outputs, params):
        return rule(inputs, outputs, {**params, "axis": 1})

    return with_axes(infer, 2)


def _three_if_asked(params):
    return 3 if params["output_mean_var"] else 1


@operator(_per_axis(lambda shape, axis: (shape[axis],), _float32_beside_float16), writes=("moving_mean", "moving_var"),
          outputs=_three_if_asked, output_suffix=("output", "mean", "var"), stored_outputs=3, initial=_MOVING,
          scalar_dtype="gamma")
def BatchNorm(xp, data, gamma, beta, moving_mean, moving_var, /, *, eps: float = 1e-3, momentum: float = 0.9,
              fix_gamma: bool = True, use_global_stats: bool = False, output_mean_var: bool = False, axis: int = 1,
              cudnn_off: bool = False, min_calib_range: float | None = None, max_calib_range: float | None = None,
              train: Training = False):
    r"""Normalise each channel by its mean and variance over the batch.

    .. math:: y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta

    Parameters
    ----------
    data : array, shape (batch, channels, …), floating
        Input :math:`x`.
    gamma, beta : array, shape (channels,), float32 or like `data`
        Scale and shift.
    moving_mean, moving_var : array, shape (channels,), like `gamma`
        Averages of mean and variance; while training they are written and the batch's own are used, otherwise they
        are used.
    eps : float, optional
        :math:`\epsilon`.
    momentum : float, optional
        Share of the old value in the moving averages.
    fix_gamma : bool, optional
        Take `gamma` as 1.
    use_global_stats : bool, optional
        Use the moving averages while training, too.
    output_mean_var : bool, optional
        Return the mean and :math:`1 / \sqrt{\sigma^2 + \epsilon}` as well.
    axis : int, optional
        The axis of channels.
    cudnn_off, min_calib_range, max_calib_range : optional
        Accepted for MXNet's signature.
    train : bool, optional
        Whether the graph is being trained.

    Returns
    -------
    array, like `data`, and with `output_mean_var` two of shape (channels,)

    References
    ----------
    .. [1] Ioffe and Szegedy, "Batch Normalization", arXiv:1502.03167.
    .. [2] MXNet 1.9.1, operator ``BatchNorm``.

    Examples
    --------
    >>> import ndarray as nd
    >>> ones, zeros = nd.ones(1), nd.zeros(1)
    >>> nd.BatchNorm(nd.array([[3]]), ones, zeros, zeros, ones, eps=0).asnumpy()
    array([[3.]], dtype=float32)
    """
    out, mean, _, inverse, *moved = _batch_norm(
        xp, data, gamma, beta, moving_mean, moving_var, axis=axis, eps=eps, momentum=momentum, fix_gamma=fix_gamma,
        own=train and not use_global_stats)
    return ((out, mean, inverse) if output_mean_var else (out,)), *moved


def _batch_norm(xp, data, gamma, beta, moving_mean, moving_var, *, axis, eps, momentum, fix_gamma, own):
    """Return output, mean, variance and inverse deviation, and the new moving averages; `own` takes the batch's own."""
    others = tuple(i for i in range(data.ndim) if i != axis % data.ndim)
    along = tuple(-1 if i == axis % data.ndim else 1 for i in range(data.ndim))
    narrow, data = data.dtype, xp.astype(data, gamma.dtype)
    if own:
        channels = (data.shape[axis],)
        mean = xp.reshape(mean_of(xp, data, others), channels)
        centred = data - xp.reshape(mean, along)
        var = xp.reshape(mean_of(xp, centred * centred, others), channels)
        moved = momentum * moving_mean + (1 - momentum) * mean, momentum * moving_var + (1 - momentum) * var
    else:
        mean, var, moved = moving_mean, moving_var, (moving_mean, moving_var)
        centred = data - xp.reshape(mean, along)
    inverse = 1 / xp.sqrt(var + eps)
    out = centred * xp.reshape(inverse if fix_gamma else gamma * inverse, along) + xp.reshape(beta, along)
    return xp.astype(out, narrow), mean, var, inverse, *moved


@operator(_of_channels(lambda shape, axis: (shape[axis],), _float32_beside_float16),
          writes=("moving_mean", "moving_var"), outputs=_three_if_asked, output_suffix=("output", "mean", "var"),
          stored_outputs=3, initial=_MOVING, scalar_dtype="gamma")
def BatchNorm_v1(xp, data, gamma, beta, moving_mean, moving_var, /, *, eps: float = 1e-3, momentum: float = 0.9,
                 fix_gamma: bool = True, use_global_stats: bool = False, output_mean_var: bool = False,
                 train: Training = False):
    r"""First version of `BatchNorm`, which files of before 2018 hold.

    .. math:: y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta

    Parameters
    ----------
    data : array, shape (batch, channels, …), floating
        Input :math:`x`.
    gamma, beta : array, shape (channels,), float32 or like `data`
        Scale and shift.
    moving_mean, moving_var : array, shape (channels,), like `gamma`
        Averages of mean and variance; while training they are written and the batch's own are used, otherwise they
        are used.
    eps : float, optional
        :math:`\epsilon`.
    momentum : float, optional
        Share of the old value in the moving averages.
    fix_gamma : bool, optional
        Take `gamma` as 1.
    use_global_stats : bool, optional
        Use the moving averages while training, too.
    output_mean_var : bool, optional
        Return the mean and the variance :math:`\sigma^2` as well.
    train : bool, optional
        Whether the graph is being trained.

    Returns
    -------
    array, like `data`, and with `output_mean_var` two of shape (channels,)

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``BatchNorm_v1``.

    Examples
    --------
    >>> import ndarray as nd
    >>> ones, zeros = nd.ones(1), nd.zeros(1)
    >>> nd.BatchNorm_v1(nd.array([[3]]), ones, zeros, zeros, ones, eps=0).asnumpy()
    array([[3.]], dtype=float32)
    """
    out, mean, var, _, *moved = _batch_norm(
        xp, data, gamma, beta, moving_mean, moving_var, axis=1, eps=eps, momentum=momentum, fix_gamma=fix_gamma,
        own=train and not use_global_stats)
    return ((out, mean, var) if output_mean_var else (out,)), *moved


@operator(_per_axis(lambda shape, axis: (*shape[:axis], 1, *shape[axis + 1:])), outputs=_three_if_asked,
          output_suffix=("output", "mean", "std"), stored_outputs=3)
def LayerNorm(xp, data, gamma, beta, /, *, axis: int = -1, eps: float = 1e-5, output_mean_var: bool = False):
    r"""Normalise along one axis by its mean and variance.

    .. math:: y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta

    Parameters
    ----------
    data : array, any shape, floating
        Input :math:`x`.
    gamma, beta : array, shape (data.shape[axis],)
        Scale and shift.
    axis : int, optional
        The axis to normalise.
    eps : float, optional
        :math:`\epsilon`.
    output_mean_var : bool, optional
        Return mean and standard deviation as well.

    Returns
    -------
    array, like `data`, and with `output_mean_var` two with length 1 along `axis`

    References
    ----------
    .. [1] Ba, Kiros and Hinton, "Layer Normalization", arXiv:1607.06450.
    .. [2] MXNet 1.9.1, operator ``LayerNorm``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.LayerNorm(nd.array([[1, 3]]), nd.ones(2), nd.zeros(2), eps=0).asnumpy()
    array([[-1.,  1.]], dtype=float32)
    """
    along = tuple(-1 if i == axis % data.ndim else 1 for i in range(data.ndim))
    centred, mean, deviation = _centred(xp, data, (axis,), eps)
    out = centred / deviation * xp.reshape(gamma, along) + xp.reshape(beta, along)
    return (out, mean, deviation) if output_mean_var else (out,)


def _normalized(inputs, outputs, params):
    return with_axes(same_floating, 1 if params["mode"] == "instance" else 2)(inputs, outputs, params)


@operator(_normalized, stored_outputs=2)
def L2Normalization(xp, data, /, *, eps: float = 1e-10, mode: Literal["channel", "instance", "spatial"] = "instance"):
    r"""Divide by the Euclidean norm.

    .. math:: y = x / \sqrt{\textstyle\sum x^2 + \epsilon}

    Parameters
    ----------
    data : array, shape (batch, channels, …), floating
        Input :math:`x`.
    eps : float, optional
        :math:`\epsilon`.
    mode : {'channel', 'instance', 'spatial'}, optional
        Sum over the channels, over all axes but the first, or over all but the first two.

    Returns
    -------
    array, like `data`

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``L2Normalization``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.L2Normalization(nd.array([[3, 4]])).asnumpy()
    array([[0.6, 0.8]], dtype=float32)
    """
    first = {"channel": 1, "instance": 1, "spatial": 2}[mode]
    axes = (1,) if mode == "channel" else tuple(range(first, data.ndim))
    return data / xp.sqrt(xp.sum(data * data, axis=axes, keepdims=True) + eps)


@operator(_of_channels(), stored_outputs=3)
def InstanceNorm(xp, data, gamma, beta, /, *, eps: float = 1e-3):
    r"""Normalise each channel of each instance by its own mean and variance.

    .. math:: y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta

    Parameters
    ----------
    data : array, shape (batch, channels, …), floating
        Input :math:`x`.
    gamma, beta : array, shape (channels,)
        Scale and shift.
    eps : float, optional
        :math:`\epsilon`.

    Returns
    -------
    array, like `data`

    References
    ----------
    .. [1] Ulyanov, Vedaldi and Lempitsky, "Instance Normalization", arXiv:1607.08022.
    .. [2] MXNet 1.9.1, operator ``InstanceNorm``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.InstanceNorm(nd.array([[[1, 3]]]), nd.ones(1), nd.zeros(1), eps=0).asnumpy()
    array([[[-1.,  1.]]], dtype=float32)
    """
    along = (1, -1) + (1,) * (data.ndim - 2)
    centred, _, deviation = _centred(xp, data, tuple(range(2, data.ndim)), eps)
    return centred / deviation * xp.reshape(gamma, along) + xp.reshape(beta, along)


def _centred(xp, data, axes, eps):
    """Return the distances from the mean along some axes, that mean and the standard deviation, their axes kept."""
    if not axes:
        # Each element is its own mean.
        return xp.zeros_like(data), data, xp.full_like(data, float(np.sqrt(eps)))
    mean = mean_of(xp, data, axes)
    centred = data - mean
    return centred, mean, xp.sqrt(mean_of(xp, centred * centred, axes) + eps)


def _group_norm(inputs, outputs, params):
    """The output is like the data; scale and shift have one element for each group."""
    dtype = agree_dtype(inputs + outputs)
    shape, groups = merge_shapes(inputs[0].shape, outputs[0].shape), params["num_groups"]
    if shape is not None and len(shape) < 3:
        raise slot_error(ShapeError, f"`{{}}` has shape {show_shape(shape)}, expected at least 3 axes: batch, "
                                     "channels, and those to average over", 0)
    if shape is not None and shape[1] is not None and shape[1] % groups:
        raise ParamError(f"num_groups={groups} does not divide the number of channels, {shape[1]}")
    vectors = [TensorType(fit(t.shape, (groups,), k), dtype) for k, t in enumerate(inputs[1:], 1)]
    batch = (None if shape is None else shape[0], groups)
    more = [TensorType(merge_shapes(t.shape, batch), dtype) for t in outputs[1:]]
    types = [TensorType(shape, dtype), *vectors]
    check_floating(types)
    return types, [TensorType(shape, dtype), *more]


@operator(_group_norm, outputs=_three_if_asked, output_suffix=("output", "mean", "std"), stored_outputs=3)
def GroupNorm(xp, data, gamma, beta, /, *, num_groups: Positive = 1, eps: float = 1e-5, output_mean_var: bool = False):
    r"""Normalise groups of channels of each instance by their own mean and variance.

    .. math:: y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta

    Parameters
    ----------
    data : array, shape (batch, channels, …), floating
        Input :math:`x`, of at least three axes.
    gamma, beta : array, shape (num_groups,)
        Scale and shift of each group.
    num_groups : int, optional
        How many groups the channels make; it divides their number.
    eps : float, optional
        :math:`\epsilon`.
    output_mean_var : bool, optional
        Return mean and standard deviation as well.

    Returns
    -------
    array, like `data`, and with `output_mean_var` two of shape (batch, num_groups)

    Notes
    -----
    Scale and shift are one for each group, as in MXNet 1.9.1, where the paper has one for each channel.

    References
    ----------
    .. [1] Wu and He, "Group Normalization", arXiv:1803.08494.
    .. [2] MXNet 1.9.1, operator ``GroupNorm``.

    Examples
    --------
    >>> import ndarray as nd
    >>> x = nd.array([[[1], [3], [5], [9]]])
    >>> nd.GroupNorm(x, nd.ones(2), nd.zeros(2), num_groups=2, eps=0).asnumpy().ravel()
    array([-1.,  1., -1.,  1.], dtype=float32)
    """
    batch, channels = data.shape[:2]
    rest = int(np.prod(data.shape[2:])) * (channels // num_groups)
    groups = xp.reshape(data, (batch, num_groups, rest))
    centred, mean, deviation = _centred(xp, groups, (2,), eps)
    along = (1, num_groups, 1)
    out = xp.reshape(centred / deviation * xp.reshape(gamma, along) + xp.reshape(beta, along), data.shape)
    flat = (batch, num_groups)
    return (out, xp.reshape(mean, flat), xp.reshape(deviation, flat)) if output_mean_var else (out,)


@operator(with_axes(same_floating, 2), stored_outputs=2)
def LRN(xp, data, /, *, alpha: float = 1e-4, beta: float = 0.75, knorm: float = 2.0, nsize: Positive):
    r"""Local response normalisation: divide by the activity of neighbouring channels.

    .. math:: y_c = x_c \Bigl(k + \frac{\alpha}{n} \sum_{|c' - c| \le (n - 1) / 2} x_{c'}^2\Bigr)^{-\beta}

    Parameters
    ----------
    data : array, shape (batch, channels, …), floating
        Input :math:`x`.
    alpha, beta, knorm : float, optional
        :math:`\alpha`, :math:`\beta` and :math:`k`.
    nsize : int
        :math:`n`, over how many channels the squares are summed; of an even number the next lower odd one.

    Returns
    -------
    array, like `data`

    References
    ----------
    .. [1] Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural Networks",
       NIPS 2012.
    .. [2] MXNet 1.9.1, operator ``LRN``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.LRN(nd.array([[1, 2, 3]]), nsize=3, alpha=3, beta=1, knorm=1).asnumpy().round(3)
    array([[0.167, 0.133, 0.214]], dtype=float32)
    """
    return data * _activity(xp, data, alpha, knorm, nsize) ** -beta


@LRN.gradient
def _(xp, head, output, data, *, alpha, beta, knorm, nsize):
    scale = _activity(xp, data, alpha, knorm, nsize)
    shared = _neighbours(xp, head * data * scale ** (-beta - 1), nsize)
    return (head * scale ** -beta - (2 * alpha * beta / nsize) * data * shared,)


def _activity(xp, data, alpha, knorm, nsize):
    return knorm + (alpha / nsize) * _neighbours(xp, data * data, nsize)


def _neighbours(xp, x, nsize):
    """Return for each channel the sum over those within ``(nsize - 1) // 2`` of it."""
    reach = min((nsize - 1) // 2, max(x.shape[1] - 1, 0))
    width = ((0, 0), (reach, reach)) + ((0, 0),) * (x.ndim - 2)
    padded = xp.pad(x, width, mode="constant", constant_values=0.0) if reach else x
    return reduce(add, [cut(xp, padded, 1, k, k + x.shape[1]) for k in range(2 * reach + 1)])
