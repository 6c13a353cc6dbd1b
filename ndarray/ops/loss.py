"""Operators that end a network: they compute a prediction or a loss, and start the gradient."""

from math import prod
from typing import Literal

from ndarray.errors import ShapeError
from ndarray.operator import operator
from ndarray.ops.elementwise import sigmoid_of
from ndarray.ops.nn import softmax_along
from ndarray.params import Scalar
from ndarray.rules import agree, check_floating, same_floating, slot_error, with_axes
from ndarray.tensortype import TensorType, merge_shapes

KIND = "loss"


def _like_data(label_shape, or_data=False):
    """Return the rule: the output is like the data, the label's shape follows by ``label_shape(shape, params)``.

    With `or_data`, a label may have the data's shape as well.
    """

    def infer(inputs, outputs, params):
        data, label = inputs
        data = agree([data, outputs[0]])
        check_floating([data])
        shape = label.shape
        if data.shape is not None and None not in data.shape:
            expected = label_shape(data.shape, params)
            if or_data and shape == data.shape:
                expected = shape
            if shape is None:
                shape = expected
            elif None in shape or shape != expected:
                sizes = prod(expected), None if None in shape else prod(shape)
                if sizes[1] is None:
                    shape = merge_shapes(shape, expected)
                elif sizes[0] != sizes[1]:
                    message = f"`{{}}` has shape {shape}, expected {expected} for data {data.shape}"
                    raise slot_error(ShapeError, message, 1)
        dtype = label.dtype or data.dtype
        return [data, TensorType(shape, dtype)], [data]

    return infer


def _of_classes(rule):
    """Return `rule`, refusing data without the axis of classes."""

    def infer(inputs, outputs, params):
        return with_axes(rule, 2 if params.get("multi_output") else 1)(inputs, outputs, params)

    return infer


def _class_labels(shape, params):
    """One class for each instance, or for each place where there are several outputs."""
    if params["multi_output"]:
        return (shape[0], prod(shape[2:])) if len(shape) > 2 else shape[:1]
    return shape[:-1] if params["preserve_shape"] else shape[:1]


@operator(_of_classes(_like_data(_class_labels, or_data=True)), aliases=("Softmax",), loss_head=True)
def SoftmaxOutput(xp, data, label, /, *, grad_scale: float = 1.0, ignore_label: float = -1.0,
                  multi_output: bool = False, use_ignore: bool = False, preserve_shape: bool = False,
                  normalization: Literal["batch", "null", "valid"] = "null", out_grad: bool = False,
                  smooth_alpha: float = 0.0):
    r"""Softmax whose gradient is that of the cross-entropy against `label`.

    .. math:: p = \operatorname{softmax}(x), \qquad
       \frac{\partial}{\partial x} \left(-\log p_{\text{label}}\right) = p - \text{onehot}(\text{label})

    Parameters
    ----------
    data : array, shape (batch, classes, …), floating
        Scores :math:`x`.
    label : array, shape (batch,), or one for each place with `multi_output` or `preserve_shape`
        The class of each instance, from 0.  An array of as many elements in another shape will do, too.  One of the
        data's shape holds probabilities; then only `grad_scale` and `out_grad` mean anything.
    grad_scale : float, optional
        Factor on the gradient.
    ignore_label : float, optional
        With `use_ignore`, instances of this label have no gradient.
    multi_output : bool, optional
        Classes along axis 1, one label for each place of the other axes; the gradient is divided by the number of
        places, unless `normalization` is ``'valid'``.
    use_ignore : bool, optional
        Whether `ignore_label` is heeded.
    preserve_shape : bool, optional
        Classes along the last axis, one label for each place of the other axes; without effect with `multi_output`.
    normalization : {'batch', 'null', 'valid'}, optional
        Divide the gradient by the length of the first axis (with `preserve_shape`, by the number of labels), by
        nothing, or by the number of labels that are not `ignore_label`, also without `use_ignore`.
    out_grad : bool, optional
        Multiply with the arriving gradient, which is not asked for otherwise.
    smooth_alpha : float, optional
        Share of the label that is spread evenly over the other classes.

    Returns
    -------
    array, like `data`
        The probabilities :math:`p`.

    Notes
    -----
    MXNet does not heed `smooth_alpha` with `multi_output`.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``SoftmaxOutput``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.SoftmaxOutput(nd.zeros((1, 2)), nd.array([1])).asnumpy()
    array([[0.5, 0.5]], dtype=float32)
    """
    whole, axis = _classes(data, multi_output, preserve_shape)
    if whole:
        return softmax_along(xp, data, axis)
    return xp.reshape(softmax_along(xp, _by_instance(xp, data), axis), data.shape)


@SoftmaxOutput.mean_loss
def _(xp, output, label, *, ignore_label, multi_output, use_ignore, preserve_shape, **others):
    whole, axis = _classes(output, multi_output, preserve_shape)
    p = output if whole else _by_instance(xp, output)
    if label.shape == output.shape:
        target = xp.astype(xp.reshape(label, p.shape), p.dtype)
    else:
        label = xp.astype(xp.reshape(label, p.shape[:axis] + p.shape[axis + 1:]), p.dtype)
        target = one_hot_along(xp, label, p.shape[axis], axis)
        if use_ignore:
            target = target * xp.expand_dims(xp.astype(label != ignore_label, p.dtype), axis)
    # A probability of 0 that is not asked for adds nothing.
    losses = xp.where(target > 0, -target * xp.log(xp.where(target > 0, p, xp.ones_like(p))), xp.zeros_like(p))
    total = xp.sum(target)
    return xp.sum(losses) / xp.where(total > 0, total, xp.ones_like(total))


def _classes(data, multi_output, preserve_shape):
    """Return whether the axes stay as they are, and that of the classes; otherwise each instance is one run of them."""
    axis = data.ndim - 1 if preserve_shape and not multi_output else 1
    return multi_output or preserve_shape or data.ndim == 2, axis


def _by_instance(xp, data):
    return xp.reshape(data, (data.shape[0], prod(data.shape[1:])))


@SoftmaxOutput.gradient(flat=("label",))
def _(xp, head, output, data, label, *, grad_scale, ignore_label, multi_output, use_ignore, preserve_shape,
      normalization, out_grad, smooth_alpha):
    if label.shape == data.shape:
        grad = grad_scale * (output - xp.astype(label, data.dtype))
        return grad * head if out_grad else grad, None
    whole, axis = _classes(data, multi_output, preserve_shape)
    p = output if whole else _by_instance(xp, output)
    places = tuple(d for i, d in enumerate(p.shape) if i != axis)
    label = xp.astype(xp.reshape(label, places), p.dtype)
    target = one_hot_along(xp, label, p.shape[axis], axis)
    if smooth_alpha:
        target = target * (1 - smooth_alpha) + (1 - target) * (smooth_alpha / max(p.shape[axis] - 1, 1))
    grad = p - target
    kept = xp.astype(xp.expand_dims(label, axis) != ignore_label, p.dtype)
    if use_ignore:
        grad = grad * kept
    if normalization == "valid":
        count = xp.sum(kept)
        grad = grad * grad_scale / xp.maximum(count, xp.ones_like(count))
    else:
        each_label = normalization == "batch" and preserve_shape and not multi_output
        divisor = prod(places) if each_label else data.shape[0] if normalization == "batch" else 1
        if multi_output and not each_label:
            divisor *= prod(places[1:])
        grad = grad * (grad_scale / max(divisor, 1))
    grad = grad if whole else xp.reshape(grad, data.shape)
    return grad * head if out_grad else grad, None


def one_hot_along(xp, label, depth, axis):
    """Return an array with a new axis on which the element that `label` names is 1 and the others 0."""
    shape = [1] * (label.ndim + 1)
    shape[axis] = depth
    classes = xp.reshape(xp.arange(depth, dtype=label.dtype), tuple(shape))
    return xp.astype(xp.expand_dims(label, axis) == classes, label.dtype)


def _regression_gradient(xp, grad, data, grad_scale):
    """Scale a regression's gradient as MXNet does: by the number of outputs each instance has."""
    per_instance = prod(data.shape[1:]) if data.ndim > 1 else 1
    return grad * (grad_scale / max(per_instance, 1))


def _mean(xp, losses):
    return xp.sum(losses) / max(prod(losses.shape), 1)


def _same_label(shape, params):
    """One target for each element; a column of them is taken for a vector, as MXNet does."""
    return shape[:1] if len(shape) == 2 and shape[1] == 1 else shape


@operator(_like_data(_same_label), loss_head=True)
def LinearRegressionOutput(xp, data, label, /, *, grad_scale: float = 1.0):
    """The data itself, with the gradient of half the squared error against `label`.

    Parameters
    ----------
    data : array, shape (batch, …), floating
        Predictions.
    label : array, like `data`, or shape (batch,) where that is (batch, 1)
        Targets.
    grad_scale : float, optional
        Factor on the gradient, which is divided by the number of outputs of an instance.

    Returns
    -------
    array, like `data`

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``LinearRegressionOutput``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.LinearRegressionOutput(nd.array([[2]]), nd.array([[5]])).asnumpy()
    array([[2.]], dtype=float32)
    """
    return data


@LinearRegressionOutput.gradient(flat=("label",))
def _(xp, head, output, data, label, *, grad_scale):
    label = xp.astype(xp.reshape(label, data.shape), data.dtype)
    return _regression_gradient(xp, output - label, data, grad_scale), None


@LinearRegressionOutput.mean_loss
def _(xp, output, label, **others):
    error = output - xp.astype(xp.reshape(label, output.shape), output.dtype)
    return _mean(xp, error * error) / 2


@operator(_like_data(_same_label), loss_head=True)
def LogisticRegressionOutput(xp, data, label, /, *, grad_scale: float = 1.0):
    """The sigmoid of the data, with the gradient of the cross-entropy against `label`.

    Parameters
    ----------
    data : array, shape (batch, …), floating
        Scores.
    label : array, like `data`, or shape (batch,) where that is (batch, 1)
        Targets in [0, 1].
    grad_scale : float, optional
        Factor on the gradient, which is divided by the number of outputs of an instance.

    Returns
    -------
    array, like `data`

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``LogisticRegressionOutput``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.LogisticRegressionOutput(nd.array([[0]]), nd.array([[1]])).asnumpy()
    array([[0.5]], dtype=float32)
    """
    return sigmoid_of(xp, data)


@LogisticRegressionOutput.gradient(flat=("label",))
def _(xp, head, output, data, label, *, grad_scale):
    label = xp.astype(xp.reshape(label, data.shape), data.dtype)
    return _regression_gradient(xp, output - label, data, grad_scale), None


@LogisticRegressionOutput.mean_loss
def _(xp, output, label, **others):
    label = xp.astype(xp.reshape(label, output.shape), output.dtype)
    of_label = xp.where(label > 0.5, output, 1 - output)
    certain = (label == 0) | (label == 1)
    mixed = label * xp.log(output) + (1 - label) * xp.log(1 - output)
    return -_mean(xp, xp.where(certain, xp.log(of_label), mixed))


@operator(_like_data(_same_label), loss_head=True)
def MAERegressionOutput(xp, data, label, /, *, grad_scale: float = 1.0):
    """The data itself, with the gradient of the absolute error against `label`.

    Parameters
    ----------
    data : array, shape (batch, …), floating
        Predictions.
    label : array, like `data`, or shape (batch,) where that is (batch, 1)
        Targets.
    grad_scale : float, optional
        Factor on the gradient, which is divided by the number of outputs of an instance.

    Returns
    -------
    array, like `data`

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``MAERegressionOutput``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.MAERegressionOutput(nd.array([[2]]), nd.array([[5]])).asnumpy()
    array([[2.]], dtype=float32)
    """
    return data


@MAERegressionOutput.gradient(flat=("label",))
def _(xp, head, output, data, label, *, grad_scale):
    label = xp.astype(xp.reshape(label, data.shape), data.dtype)
    return _regression_gradient(xp, xp.sign(output - label), data, grad_scale), None


@MAERegressionOutput.mean_loss
def _(xp, output, label, **others):
    return _mean(xp, xp.abs(output - xp.astype(xp.reshape(label, output.shape), output.dtype)))


@operator(_of_classes(_like_data(lambda shape, params: shape[:-1])), loss_head=True)
def SVMOutput(xp, data, label, /, *, margin: float = 1.0, regularization_coefficient: float = 1.0,
              use_linear: bool = False):
    r"""The data itself, with the gradient of a support vector machine's loss against `label`.

    With :math:`s = 1` for the class of the label and :math:`-1` for all others, each score :math:`x` loses

    .. math:: C \max(0, m - s x)^2, \quad \text{or} \quad C \max(0, m - s x) \text{ with } use\_linear

    Parameters
    ----------
    data : array, shape (…, classes), floating
        Scores :math:`x`.
    label : array, shape (…)
        The class of each instance, from 0.
    margin : float, optional
        :math:`m`.
    regularization_coefficient : float, optional
        :math:`C`.
    use_linear : bool, optional
        The hinge itself rather than its square.

    Returns
    -------
    array, like `data`

    References
    ----------
    .. [1] Tang, "Deep Learning using Linear Support Vector Machines", arXiv:1306.0239.
    .. [2] MXNet 1.9.1, operator ``SVMOutput``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.SVMOutput(nd.array([[2, 0.5]]), nd.array([0])).asnumpy()
    array([[2. , 0.5]], dtype=float32)
    """
    return data


@SVMOutput.gradient(flat=("label",))
def _(xp, head, output, data, label, *, margin, regularization_coefficient, use_linear):
    label = xp.astype(xp.reshape(label, data.shape[:-1]), data.dtype)
    side = 2 * one_hot_along(xp, label, data.shape[-1], data.ndim - 1) - 1
    missing = margin - side * data
    slope = regularization_coefficient if use_linear else 2 * regularization_coefficient * missing
    return xp.where(missing > 0, -slope * side, xp.zeros_like(data)), None


@SVMOutput.mean_loss
def _(xp, output, label, *, margin, regularization_coefficient, use_linear, **others):
    label = xp.astype(xp.reshape(label, output.shape[:-1]), output.dtype)
    side = 2 * one_hot_along(xp, label, output.shape[-1], output.ndim - 1) - 1
    missing = xp.where(side * output < margin, margin - side * output, xp.zeros_like(output))
    losses = missing if use_linear else missing * missing
    return regularization_coefficient * xp.sum(losses) / max(prod(output.shape[:-1]), 1)


@operator(same_floating, loss_head=True)
def MakeLoss(xp, data, /, *, grad_scale: float = 1.0, valid_thresh: float = 0.0,
             normalization: Literal["batch", "null", "valid"] = "null"):
    """The data itself, taken as a loss: its gradient is a constant.

    Parameters
    ----------
    data : array, any shape, floating
        The loss.
    grad_scale : float, optional
        The gradient of every element.
    valid_thresh : float, optional
        With ``normalization='valid'``, elements above it count.
    normalization : {'batch', 'null', 'valid'}, optional
        Divide the gradient by the number of rows, which are along the last axis, by nothing, or by the number of
        elements that count.

    Returns
    -------
    array, like `data`

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``MakeLoss``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.MakeLoss(nd.array([3])).asnumpy()
    array([3.], dtype=float32)
    """
    return data


@MakeLoss.gradient
def _(xp, head, output, data, *, grad_scale, valid_thresh, normalization):
    grad = xp.full_like(data, grad_scale)
    if normalization == "batch":
        grad = grad / max(1, prod(data.shape[:-1]))
    if normalization == "valid":
        count = xp.sum(xp.astype(data > valid_thresh, data.dtype))
        grad = grad / xp.maximum(count, xp.ones_like(count))
    return (grad,)


@operator(same_floating, loss_head=True, output_suffix="loss")
def make_loss(xp, data, /):
    """The data itself, taken as a loss: its gradient is 1.

    Parameters
    ----------
    data : array, any shape, floating
        The loss.

    Returns
    -------
    array, like `data`

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``make_loss``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.make_loss(nd.array([3])).asnumpy()
    array([3.], dtype=float32)
    """
    return data


@make_loss.gradient
def _(xp, head, output, data):
    return (xp.ones_like(data),)


def _cross_entropy(inputs, outputs, params):
    data, label = inputs
    dtype = data.dtype or outputs[0].dtype
    if data.shape is not None and len(data.shape) != 2:
        raise slot_error(ShapeError, f"`{{}}` must have two axes (batch, classes), got shape {data.shape}", 0)
    batch = merge_shapes(label.shape, data.shape[:1] if data.shape else None)
    if batch is not None and data.shape is not None:
        data = TensorType((batch[0], data.shape[1]), dtype)
    check_floating([TensorType(None, dtype)])
    return ([TensorType(data.shape, dtype), TensorType(batch, label.dtype or dtype)],
            [outputs[0].merge(TensorType((1,), dtype))])


@operator(_cross_entropy)
def softmax_cross_entropy(xp, data, label, /):
    r"""Sum over the batch of the cross-entropy of a softmax.

    .. math:: \sum_i \Bigl(\log \sum_k e^{x_{ik}} - x_{i, \text{label}_i}\Bigr)

    Parameters
    ----------
    data : array, shape (batch, classes), floating
        Scores :math:`x`.
    label : array, shape (batch,)
        The class of each instance, from 0.

    Returns
    -------
    array, shape (1,)

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``softmax_cross_entropy``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.softmax_cross_entropy(nd.zeros((2, 2)), nd.array([0, 1])).asnumpy()
    array([1.3862944], dtype=float32)
    """
    shifted = data - xp.max(data, axis=1, keepdims=True)
    log_p = shifted - xp.log(xp.sum(xp.exp(shifted), axis=1, keepdims=True))
    target = one_hot_along(xp, xp.astype(label, data.dtype), data.shape[1], 1)
    return xp.reshape(-xp.sum(log_p * target), (1,))


@softmax_cross_entropy.gradient(flat=("label",))
def _(xp, head, output, data, label):
    target = one_hot_along(xp, xp.astype(label, data.dtype), data.shape[1], 1)
    return (softmax_along(xp, data, 1) - target) * xp.reshape(head, (1, 1)), None


@operator(same_floating, fusible=True)
def smooth_l1(xp, data, /, *, scalar: Scalar = 1.0):
    r"""Huber's loss of each element: quadratic near zero, linear beyond.

    .. math:: f(x) = (\sigma x)^2 / 2 \text{ if } |x| < 1 / \sigma^2, \text{ else } |x| - 1 / (2 \sigma^2)

    Parameters
    ----------
    data : array, any shape, floating
        Differences :math:`x`.
    scalar : float, optional
        :math:`\sigma`.

    Returns
    -------
    array, like `data`

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``smooth_l1``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.smooth_l1(nd.array([0.5, 3])).asnumpy()
    array([0.125, 2.5  ], dtype=float32)
    """
    squared = scalar * scalar
    return xp.where(xp.abs(data) * squared < 1, 0.5 * squared * (data * data), xp.abs(data) - 0.5 / squared)
