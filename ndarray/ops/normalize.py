"""Normalisation layers."""

from typing import Literal

from ndarray.operator import operator
from ndarray.params import Training
from ndarray.rules import agree_dtype, fit, same_floating
from ndarray.rules_shape import place_of
from ndarray.tensortype import TensorType, merge_shapes


def _per_axis(extra_outputs):
    """Return the rule: parameters and states have one element for each place of ``params['axis']``.

    ``extra_outputs(shape, axis)`` is the shape of the outputs beside the first.
    """

    def infer(inputs, outputs, params):
        dtype = agree_dtype(inputs + outputs)
        shape = merge_shapes(inputs[0].shape, outputs[0].shape)
        at = None if shape is None else place_of(params["axis"], len(shape))
        vector = (None if shape is None else shape[at],)
        for slot, t in enumerate(inputs[1:], 1):
            vector = fit(t.shape, vector, slot)
        if shape is not None:
            shape = (*shape[:at], vector[0], *shape[at + 1:])
        more = [TensorType(merge_shapes(t.shape, None if shape is None else extra_outputs(shape, at)), dtype)
                for t in outputs[1:]]
        return ([TensorType(shape, dtype), *(TensorType(vector, dtype) for _ in inputs[1:])],
                [TensorType(shape, dtype), *more])

    return infer


def _three_if_asked(params):
    return 3 if params["output_mean_var"] else 1


@operator(_per_axis(lambda shape, axis: (shape[axis],)), writes=("moving_mean", "moving_var"), outputs=_three_if_asked,
          output_suffix=("output", "mean", "var"))
def BatchNorm(xp, data, gamma, beta, moving_mean, moving_var, /, *, eps: float = 1e-3, momentum: float = 0.9,
              fix_gamma: bool = True, use_global_stats: bool = False, output_mean_var: bool = False, axis: int = 1,
              cudnn_off: bool = False, train: Training = False):
    r"""Normalise each channel by its mean and variance over the batch.

    .. math:: y = \gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta

    Parameters
    ----------
    data : array, shape (batch, channels, …), floating
        Input :math:`x`.
    gamma, beta : array, shape (channels,)
        Scale and shift.
    moving_mean, moving_var : array, shape (channels,)
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
    cudnn_off : bool, optional
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
    others = tuple(i for i in range(data.ndim) if i != axis % data.ndim)
    along = tuple(-1 if i == axis % data.ndim else 1 for i in range(data.ndim))
    if train and not use_global_stats:
        mean = xp.mean(data, axis=others)
        centred = data - xp.reshape(mean, along)
        var = xp.mean(centred * centred, axis=others)
        new_mean = momentum * moving_mean + (1 - momentum) * mean
        new_var = momentum * moving_var + (1 - momentum) * var
    else:
        mean, var, new_mean, new_var = moving_mean, moving_var, moving_mean, moving_var
        centred = data - xp.reshape(mean, along)
    inverse = 1 / xp.sqrt(var + eps)
    out = centred * xp.reshape(inverse if fix_gamma else gamma * inverse, along) + xp.reshape(beta, along)
    return ((out, mean, inverse) if output_mean_var else (out,)), new_mean, new_var


@operator(_per_axis(lambda shape, axis: (*shape[:axis], 1, *shape[axis + 1:])), outputs=_three_if_asked,
          output_suffix=("output", "mean", "std"))
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
    mean = xp.mean(data, axis=axis, keepdims=True)
    centred = data - mean
    deviation = xp.sqrt(xp.mean(centred * centred, axis=axis, keepdims=True) + eps)
    out = centred / deviation * xp.reshape(gamma, along) + xp.reshape(beta, along)
    return (out, mean, deviation) if output_mean_var else (out,)


@operator(same_floating)
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
