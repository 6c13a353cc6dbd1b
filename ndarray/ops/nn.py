"""Layers of networks: dense, activations, softmax, dropout, embedding."""

from typing import Annotated, Literal

import numpy as np

from ndarray.errors import ShapeError
from ndarray.operator import operator
from ndarray.ops.elementwise import sigmoid_of
from ndarray.params import DType, Ints, Key, Positive, Training, Within
from ndarray.rules import agree_dtype, check_floating, fit, same_floating, slot_error, with_axes
from ndarray.tensortype import TensorType, merge_shapes, show_shape

KIND = "layer"


def _fully_connected(inputs, outputs, params):
    """The weight's shape from the data's, the data's from the weight's where it keeps its axes."""
    dtype = agree_dtype(inputs + outputs)
    data, weight, *bias = (t.shape for t in inputs)
    units, out = params["num_hidden"], outputs[0].shape
    if data is not None and params["flatten"]:
        if len(data) < 1:
            raise slot_error(ShapeError, "`{}` needs at least one axis", 0)
        features = None if None in data[1:] else int(np.prod(data[1:]))
        out = merge_shapes((data[0], units), out)
        data = (out[0], *data[1:])
    elif data is not None:
        if len(data) < 1:
            raise slot_error(ShapeError, "`{}` needs at least one axis", 0)
        features = data[-1]
        out = merge_shapes((*data[:-1], units), out)
        data = (*out[:-1], features)
    else:
        features = None
    weight = fit(weight, (units, features), 1)
    if data is not None and (not params["flatten"] or len(data) == 2):
        data = (*data[:-1], weight[1])
    shapes = [data, weight, *(fit(b, (units,), 2) for b in bias)]
    return [TensorType(s, dtype) for s in shapes], [TensorType(out, dtype)]


@operator(_fully_connected, absent=lambda params: ("bias",) if params["no_bias"] else ())
def FullyConnected(xp, data, weight, bias=None, /, *, num_hidden: Positive, no_bias: bool = False,
                   flatten: bool = True):
    r"""Dense layer.

    .. math:: y = x W^T + b

    Parameters
    ----------
    data : array, shape (batch, …)
        The input :math:`x`.
    weight : array, shape (num_hidden, features)
        :math:`W`, one row for each unit.
    bias : array, shape (num_hidden,)
        :math:`b`; left out with `no_bias`.
    num_hidden : int
        Number of units.
    no_bias : bool, optional
        Leave the bias out.
    flatten : bool, optional
        Take all axes but the first as features; otherwise the last axis alone.

    Returns
    -------
    array, shape (batch, num_hidden), or ``data.shape[:-1] + (num_hidden,)`` without `flatten`

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``FullyConnected``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.FullyConnected(nd.ones((2, 3)), nd.ones((4, 3)), nd.zeros(4), num_hidden=4).shape
    (2, 4)
    """
    if flatten and data.ndim != 2:
        data = xp.reshape(data, (data.shape[0], int(np.prod(data.shape[1:]))))
    out = xp.matmul(data, xp.transpose(weight))
    return out if bias is None else out + bias


@operator(same_floating)
def Activation(xp, data, /, *, act_type: Literal["relu", "sigmoid", "softrelu", "softsign", "tanh"]):
    """Activation function, element by element.

    Parameters
    ----------
    data : array, any shape, floating
        Input.
    act_type : {'relu', 'sigmoid', 'softrelu', 'softsign', 'tanh'}
        ``max(x, 0)``, ``1 / (1 + exp(-x))``, ``log(1 + exp(x))``, ``x / (1 + |x|)``, ``tanh(x)``.

    Returns
    -------
    array, like `data`

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``Activation``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.Activation(nd.array([-1, 2]), act_type="relu").asnumpy()
    array([0., 2.], dtype=float32)
    """
    if act_type == "relu":
        return xp.maximum(data, xp.zeros_like(data))
    if act_type == "sigmoid":
        return sigmoid_of(xp, data)
    if act_type == "softrelu":
        return _softrelu(xp, data)
    if act_type == "softsign":
        return data / (1 + xp.abs(data))
    return xp.tanh(data)


@Activation.gradient
def _(xp, head, output, data, *, act_type):
    if act_type == "relu":
        # As in `relu`: 0, or NaN at NaN.
        return (xp.where(output > 0, head, output),)
    if act_type == "sigmoid":
        return (head * (output * (1 - output)),)
    if act_type == "softrelu":
        return (head * sigmoid_of(xp, data),)
    if act_type == "softsign":
        slope = 1 + xp.abs(data)
        return (head / (slope * slope),)
    return (head * (1 - output * output),)


def _softrelu(xp, x):
    return xp.maximum(x, xp.zeros_like(x)) + xp.log1p(xp.exp(-xp.abs(x)))


def _leaky_relu(inputs, outputs, params):
    """The output is like the data; prelu's slopes have one element for each channel, or one for all."""
    data, out = inputs[0].merge(outputs[0]), outputs[0].merge(inputs[0])
    dtype = agree_dtype(inputs + outputs)
    found = [TensorType(data.shape, dtype)]
    check_floating(found)
    for gamma in inputs[1:]:
        shape = gamma.shape
        if data.shape is not None:
            if shape is None and len(data.shape) > 1:
                shape = (data.shape[1],)
            if shape is not None:
                _slopes(shape, data.shape)
        found.append(TensorType(shape, dtype))
    return found, [TensorType(out.shape, dtype)]


def _slopes(shape, data):
    """Return prelu's slopes' shape with axes of length 1 added, so that they broadcast with the data.

    Their axes belong to the data's first two, the last ones first: one slope for each channel, for each instance, for
    both, or for all.
    """
    left, found = list(shape), []
    for axis in reversed(range(len(data))):
        fits = axis < 2 and left and (left[-1] in (1, None, data[axis]) or data[axis] is None)
        found.append(left.pop() if fits else 1)
    if left:
        raise slot_error(ShapeError, f"`{{}}` has shape {show_shape(shape)}, expected one slope for each channel, each "
                                     f"instance, both, or all of data {show_shape(data)}", 1)
    return tuple(found[::-1])


@operator(_leaky_relu, absent=lambda params: () if params["act_type"] == "prelu" else ("gamma",),
          stored_outputs=lambda params: 2 if params["act_type"] == "rrelu" else 1,
          initial={"gamma": '["Constant", {"value": 0.25}]'})
def LeakyReLU(xp, data, gamma=None, /, *, act_type: Literal["elu", "gelu", "leaky", "prelu", "rrelu", "selu"] = "leaky",
              slope: float = 0.25, lower_bound: float = 0.125, upper_bound: float = 0.334):
    r"""Activations that let negative values through.

    Parameters
    ----------
    data : array, shape (batch, channels, …), floating
        Input.
    gamma : array, shape (channels,), (1,), (batch,) or (batch, channels)
        Slope of each channel, or of more or less than that, learnt; only with ``act_type='prelu'``.
    act_type : {'elu', 'gelu', 'leaky', 'prelu', 'rrelu', 'selu'}, optional
        Below zero: ``slope * (exp(x) - 1)``; ``x Φ(x)`` everywhere; ``slope * x``; ``gamma * x``; the mean slope of
        `lower_bound` and `upper_bound`; the self-normalising exponential.
    slope : float, optional
        For leaky and elu.
    lower_bound, upper_bound : float, optional
        For rrelu.

    Returns
    -------
    array, like `data`

    Notes
    -----
    MXNet draws rrelu's slope at random while training; here it is the mean slope always, so that a graph gives the
    same answer at every run.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``LeakyReLU``.
    .. [2] Hendrycks and Gimpel, "Gaussian Error Linear Units", arXiv:1606.08415.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.LeakyReLU(nd.array([-4, 2]), act_type="leaky", slope=0.5).asnumpy()
    array([-2.,  2.], dtype=float32)
    """
    if act_type == "gelu":
        return 0.5 * data * (1 + xp.erf(data * float(np.sqrt(0.5))))
    if act_type == "elu":
        below = slope * xp.expm1(xp.minimum(data, xp.zeros_like(data)))
    elif act_type == "selu":
        scale, alpha = 1.0507009873554805, 1.6732632423543772
        return scale * xp.where(data > 0, data, alpha * xp.expm1(xp.minimum(data, xp.zeros_like(data))))
    elif act_type == "prelu":
        below = xp.reshape(gamma, _slopes(gamma.shape, data.shape)) * data
    else:
        below = (slope if act_type == "leaky" else (lower_bound + upper_bound) / 2) * data
    return xp.where(data > 0, data, below)


def softmax_along(xp, x, axis):
    """Return the softmax of `x` along `axis`, shifted so that nothing overflows."""
    if not x.size:
        return x
    e = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return e / xp.sum(e, axis=axis, keepdims=True)


def _activated(inputs, outputs, params):
    least = 2 if params["mode"] == "channel" else 1
    return with_axes(same_floating, least)(inputs, outputs, params)


@operator(_activated)
def SoftmaxActivation(xp, data, /, *, mode: Literal["channel", "instance"] = "instance"):
    """Softmax along the last axis, or over the channels.

    Parameters
    ----------
    data : array, shape (batch, …), floating
        Input.
    mode : {'channel', 'instance'}, optional
        Along axis 1, or along the last one.

    Returns
    -------
    array, like `data`

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``SoftmaxActivation``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.SoftmaxActivation(nd.zeros((1, 4))).asnumpy()
    array([[0.25, 0.25, 0.25, 0.25]], dtype=float32)
    """
    return softmax_along(xp, data, 1 if mode == "channel" else -1)


def _dropout(inputs, outputs, params):
    """The output is like the data."""
    data = inputs[0].merge(outputs[0])
    check_floating([data])
    return [data], [data]


def _drops(params):
    """Tell whether elements are dropped in this mode."""
    return bool(params["p"]) and (params["train"] or params["mode"] == "always")


@operator(_dropout, stored_outputs=2, random=_drops)
def Dropout(xp, data, /, *, p: Annotated[float, Within(0, 1)] = 0.5,
            mode: Literal["always", "training"] = "training", axes: Ints = (), cudnn_off: bool = False,
            key: Key | None = None, train: Training = False):
    """Set elements to zero at random while training, and scale the others so that the mean stays.

    Parameters
    ----------
    data : array, any shape, floating
        Input.
    p : float, optional
        Probability that an element is dropped, in [0, 1].  With 1 all are zero, where MXNet gives NaN.
    mode : {'always', 'training'}, optional
        When to drop.
    axes : tuple of int, optional
        Axes along which one draw holds for all elements.
    cudnn_off : bool, optional
        Accepted for MXNet's signature.
    key : int or array of one int, optional
        What decides which elements are dropped: the same key, the same elements.  When left out, each call and each
        run of an executor draws one from the generator that ``random.seed`` starts.
    train : bool, optional
        Whether the graph is being trained.

    Returns
    -------
    array, like `data`

    References
    ----------
    .. [1] Srivastava et al., "Dropout", JMLR 15, 2014.
    .. [2] MXNet 1.9.1, operator ``Dropout``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.Dropout(nd.ones((2,)), p=0.5).asnumpy()
    array([1., 1.], dtype=float32)
    >>> nd.Dropout(nd.ones((4,)), p=0.5, mode="always", key=1).asnumpy()
    array([0., 0., 2., 2.], dtype=float32)
    """
    if not _drops({"p": p, "mode": mode, "train": train}):
        return data
    return data * kept_elements(xp, data, key, p, axes)


@Dropout.gradient
def _(xp, head, output, data, *, p, mode, axes, cudnn_off, key, train):
    if not _drops({"p": p, "mode": mode, "train": train}):
        return (head,)
    return (head * kept_elements(xp, data, key, p, axes),)


def kept_elements(xp, data, key, p, axes):
    """Return 0 for each dropped element and 1 / (1 - p) for the others; all are dropped where p is 1."""
    shape = tuple(1 if i in axes else d for i, d in enumerate(data.shape))
    drawn = xp.uniform(key, shape, data.dtype)
    return xp.astype(drawn >= p, data.dtype) * (1 / (1 - p) if p < 1 else 0.0)


def _uniform(inputs, outputs, params):
    key = inputs[0].merge(TensorType((1,), np.dtype("int64")))
    if any(d < 0 for d in params["shape"]):
        raise ShapeError(f"shape={params['shape']} has a length below 0")
    return [key], [outputs[0].merge(TensorType(params["shape"], np.dtype(params["dtype"])))]


@operator(_uniform, primitive=True)
def _uniform_of_key(xp, key, /, *, shape: Ints, dtype: DType = "float32"):
    """Numbers drawn evenly from [0, 1), the same for the same key.

    Parameters
    ----------
    key : array, shape (1,), int64
        Key of the generator.
    shape : tuple of int
        Shape of the output.
    dtype : dtype, optional
        Element type of the output.

    Returns
    -------
    array of `shape` and `dtype`

    Examples
    --------
    >>> import ndarray as nd
    >>> key = nd.array([7], dtype="int64")
    >>> a, b = (nd.op._uniform_of_key(key, shape=(3,)).asnumpy() for _ in range(2))
    >>> bool((a == b).all())
    True
    """
    return xp.uniform(key, shape, np.dtype(dtype))


@_uniform_of_key.gradient(flat=("key",))
def _(xp, head, output, key, *, shape, dtype):
    return (None,)


def _embedding(inputs, outputs, params):
    data, weight = inputs
    out = outputs[0]
    table = TensorType(fit(weight.shape, (params["input_dim"], params["output_dim"]), 1), agree_dtype([weight, out]))
    if out.shape is not None:
        data = data.merge(TensorType(out.shape[:-1]))
    if data.shape is not None:
        out = out.merge(TensorType((*data.shape, params["output_dim"]), table.dtype))
    return [data, table], [TensorType(out.shape, table.dtype)]


@operator(_embedding)
def Embedding(xp, data, weight, /, *, input_dim: Positive, output_dim: Positive, dtype: DType = "float32",
              sparse_grad: bool = False):
    """Look up a row of a table for each index.

    Parameters
    ----------
    data : array, any shape
        Indices in ``[0, input_dim)``; those outside are taken as the nearest inside.
    weight : array, shape (input_dim, output_dim)
        The table.
    input_dim, output_dim : int
        Rows and columns of the table.
    dtype : dtype, optional
        Accepted for MXNet's signature: the output has the dtype of the table.
    sparse_grad : bool, optional
        Accepted for MXNet's signature: gradients are dense.

    Returns
    -------
    array, shape ``data.shape + (output_dim,)``

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``Embedding``.

    Examples
    --------
    >>> import ndarray as nd
    >>> table = nd.array([[0, 1], [2, 3]])
    >>> nd.Embedding(nd.array([1, 0, 1]), table, input_dim=2, output_dim=2).asnumpy()[:, 0]
    array([2., 0., 2.], dtype=float32)
    """
    index = xp.maximum(xp.minimum(data, xp.full_like(data, input_dim - 1)), xp.zeros_like(data))
    return xp.take(weight, xp.astype(index, xp.int64), axis=0)
