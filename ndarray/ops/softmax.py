"""Softmax and its logarithm."""

from ndarray.dtypes import dtype_of
from ndarray.errors import ParamError
from ndarray.operator import operator
from ndarray.ops.nn import softmax_along
from ndarray.params import DType
from ndarray.rules import agree_dtype, agree_shape, check_floating
from ndarray.rules_shape import place_of
from ndarray.tensortype import TensorType, merge_shapes


def _along_axis(inputs, outputs, params):
    """The output is like the data, in a dtype of its own where one is asked for; a length for each run."""
    data, out = inputs[0], outputs[0]
    shape = agree_shape([data, out])
    run = None
    if shape is not None:
        at = place_of(params["axis"], len(shape))
        run = (*shape[:at], *shape[at + 1:])
    if params["dtype"] is None:
        dtype = wide = agree_dtype([data, out])
    else:
        dtype, wide = data.dtype, out.merge(TensorType(None, dtype_of(params["dtype"]))).dtype
    check_floating([TensorType(None, dtype)])
    check_floating([TensorType(None, wide)])
    lengths = [TensorType(merge_shapes(run, t.shape), t.dtype) for t in inputs[1:]]
    return [TensorType(shape, dtype), *lengths], [TensorType(shape, wide)]


def _whole_runs(inputs, outputs, params):
    if params["use_length"]:
        raise ParamError("use_length=True is for softmax alone; here mask the array first, as with SequenceMask")
    return _along_axis(inputs, outputs, params)


@operator(_along_axis, absent=lambda params: () if params["use_length"] else ("length",))
def softmax(xp, data, length=None, /, *, axis: int = -1, temperature: float | None = None, dtype: DType | None = None,
            use_length: bool = False):
    r"""Exponentials along an axis, scaled to sum to 1.

    .. math:: y_i = e^{x_i / T} / \textstyle\sum_k e^{x_k / T}

    Parameters
    ----------
    data : array, any shape, floating
        Input :math:`x`.
    length : array, shape of `data` without the axis
        How many elements of each run count; the others give 0.  Only with `use_length`.
    axis : int, optional
        The axis.
    temperature : float, optional
        :math:`T`, 1 when left out.
    dtype : dtype, optional
        Floating element type in which to compute; that of `data` when left out.
    use_length : bool, optional
        Whether lengths are given.

    Returns
    -------
    array, shape of `data`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.softmax(nd.zeros((1, 2))).asnumpy()
    array([[0.5, 0.5]], dtype=float32)
    >>> nd.softmax(nd.zeros((1, 3)), nd.array([2]), use_length=True).asnumpy()
    array([[0.5, 0.5, 0. ]], dtype=float32)
    """
    x = _prepared(xp, data, temperature, dtype)
    if length is None:
        return softmax_along(xp, x, axis)
    kept = _within(xp, x, length, axis)
    found = softmax_along(xp, xp.where(kept, x, xp.full_like(x, float("-inf"))), axis)
    return xp.where(kept, found, xp.zeros_like(found))


@softmax.gradient
def _(xp, head, output, data, length, *, axis, temperature, dtype, use_length):
    return _back(xp, _through(xp, head, output, axis), data, temperature), None


@operator(_whole_runs)
def softmin(xp, data, /, *, axis: int = -1, temperature: float | None = None, dtype: DType | None = None,
            use_length: bool = False):
    """The softmax of the negated elements.

    Parameters
    ----------
    data : array, any shape, floating
        Input.
    axis : int, optional
        The axis.
    temperature : float, optional
        What the elements are divided by first.
    dtype : dtype, optional
        Floating element type in which to compute; that of `data` when left out.
    use_length : bool, optional
        Only False, as in MXNet, whose signature has it.

    Returns
    -------
    array, shape of `data`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.softmin(nd.zeros((1, 2))).asnumpy()
    array([[0.5, 0.5]], dtype=float32)
    """
    return softmax_along(xp, -_prepared(xp, data, temperature, dtype), axis)


@softmin.gradient
def _(xp, head, output, data, *, axis, temperature, dtype, use_length):
    return (_back(xp, -_through(xp, head, output, axis), data, temperature),)


@operator(_whole_runs)
def log_softmax(xp, data, /, *, axis: int = -1, temperature: float | None = None, dtype: DType | None = None,
                use_length: bool = False):
    """The logarithm of the softmax, computed without overflow.

    Parameters
    ----------
    data : array, any shape, floating
        Input.
    axis : int, optional
        The axis.
    temperature : float, optional
        What the elements are divided by first.
    dtype : dtype, optional
        Floating element type in which to compute; that of `data` when left out.
    use_length : bool, optional
        Only False, as in MXNet, whose signature has it.

    Returns
    -------
    array, shape of `data`

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.log_softmax(nd.zeros((1, 2))).asnumpy()
    array([[-0.6931472, -0.6931472]], dtype=float32)
    """
    x = _prepared(xp, data, temperature, dtype)
    if not x.size:
        return x
    shifted = x - xp.max(x, axis=axis, keepdims=True)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))


@log_softmax.gradient
def _(xp, head, output, data, *, axis, temperature, dtype, use_length):
    return (_back(xp, head - xp.exp(output) * xp.sum(head, axis=axis, keepdims=True), data, temperature),)


def _prepared(xp, data, temperature, dtype):
    x = xp.astype(data, dtype_of(dtype)) if dtype else data
    return x if temperature is None else x / temperature


def _through(xp, head, output, axis):
    """Return the gradient of a softmax with respect to what its exponentials are taken of."""
    return output * (head - xp.sum(head * output, axis=axis, keepdims=True))


def _back(xp, gradient, data, temperature):
    return xp.astype(gradient if temperature is None else gradient / temperature, data.dtype)


def _within(xp, x, length, axis):
    """Tell for each element whether it counts."""
    at = axis % x.ndim
    places = xp.reshape(xp.arange(x.shape[at]), (x.shape[at], *(1,) * (x.ndim - at - 1)))
    ends = xp.reshape(xp.astype(length, xp.int64), (*x.shape[:at], 1, *x.shape[at + 1:]))
    return places < ends
