"""Softmax and its logarithm."""

from ndarray.operator import operator
from ndarray.ops.nn import softmax_along
from ndarray.rules import same_floating


@operator(same_floating)
def softmax(xp, data, /, *, axis: int = -1, temperature: float | None = None):
    r"""Exponentials along an axis, scaled to sum to 1.

    .. math:: y_i = e^{x_i / T} / \textstyle\sum_k e^{x_k / T}

    Parameters
    ----------
    data : array, any shape, floating
        Input :math:`x`.
    axis : int, optional
        The axis.
    temperature : float, optional
        :math:`T`, 1 when left out.

    Returns
    -------
    array, like `data`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.softmax(nd.zeros((1, 2))).asnumpy()
    array([[0.5, 0.5]], dtype=float32)
    """
    return softmax_along(xp, _over(data, temperature), axis)


@softmax.gradient
def _(xp, head, output, data, *, axis, temperature):
    return (_over(output * (head - xp.sum(head * output, axis=axis, keepdims=True)), temperature),)


@operator(same_floating)
def softmin(xp, data, /, *, axis: int = -1, temperature: float | None = None):
    """The softmax of the negated elements.

    Parameters
    ----------
    data : array, any shape, floating
        Input.
    axis : int, optional
        The axis.
    temperature : float, optional
        What the elements are divided by first.

    Returns
    -------
    array, like `data`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.softmin(nd.zeros((1, 2))).asnumpy()
    array([[0.5, 0.5]], dtype=float32)
    """
    return softmax_along(xp, -_over(data, temperature), axis)


@softmin.gradient
def _(xp, head, output, data, *, axis, temperature):
    return (-_over(output * (head - xp.sum(head * output, axis=axis, keepdims=True)), temperature),)


@operator(same_floating)
def log_softmax(xp, data, /, *, axis: int = -1, temperature: float | None = None):
    """The logarithm of the softmax, computed without overflow.

    Parameters
    ----------
    data : array, any shape, floating
        Input.
    axis : int, optional
        The axis.
    temperature : float, optional
        What the elements are divided by first.

    Returns
    -------
    array, like `data`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.log_softmax(nd.zeros((1, 2))).asnumpy()
    array([[-0.6931472, -0.6931472]], dtype=float32)
    """
    x = _over(data, temperature)
    shifted = x - xp.max(x, axis=axis, keepdims=True)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))


@log_softmax.gradient
def _(xp, head, output, data, *, axis, temperature):
    return (_over(head - xp.exp(output) * xp.sum(head, axis=axis, keepdims=True), temperature),)


def _over(x, temperature):
    return x if temperature is None else x / temperature
