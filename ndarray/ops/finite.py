"""Is everything finite?  And the reset of what is not."""

from ndarray.dtypes import DEFAULT as float32
from ndarray.operator import Many, operator
from ndarray.params import Count
from ndarray.rules import check_floating
from ndarray.tensortype import TensorType


def _one_flag(inputs, outputs, params):
    """Floating inputs of any shapes and dtypes; one float32 element."""
    check_floating(inputs)
    return inputs, [outputs[0].merge(TensorType((1,), float32))]


def _as_they_are(inputs, outputs, params):
    pairs = [a.merge(b) for a, b in zip(inputs, outputs)]
    return pairs, pairs


def _flag(xp, arrays):
    wrong = xp.as_scalar(0.0, float32)
    for x in arrays:
        wrong = wrong + xp.sum(xp.astype(xp.logical_not(xp.isfinite(x)), float32))
    return xp.reshape(xp.astype(wrong == 0, float32), (1,))


@operator(_one_flag, kind="reduction")
def all_finite(xp, data, /, *, init_output: bool = True):
    r"""Tell whether every element is finite.

    Parameters
    ----------
    data : array, any shape, floating
        What is looked at.
    init_output : bool, optional
        Start from 1.  Otherwise an eager call with ``out=`` leaves a zero (and whatever else is there) in `out`
        unless something is not finite, so that several calls can share one `out`.

    Returns
    -------
    array, shape (1,), float32
        1 if all elements are finite, or there is none; else 0.

    Raises
    ------
    DTypeError
        If `data` is not floating.

    See Also
    --------
    multi_all_finite : Many arrays.

    Notes
    -----
    float64 is tested as float64; MXNet 1.9.1 narrows it to float32, so that 1e300 counts as infinite.  In a graph,
    and without ``out``, `init_output` changes nothing, as there is no earlier value; in MXNet it is then arbitrary.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``all_finite``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.all_finite(nd.array([1, 2])).asnumpy(), nd.all_finite(nd.array([1, float("inf")])).asnumpy()
    (array([1.], dtype=float32), array([0.], dtype=float32))
    """
    return _flag(xp, (data,))


@operator(_one_flag, kind="reduction")
def multi_all_finite(xp, array: Many(), /, *, num_arrays: Count = None, init_output: bool = True):
    r"""Tell whether every element of many arrays is finite.

    Parameters
    ----------
    array : arrays, any shapes, floating
        ``array_0, array_1, …``; their dtypes may differ.
    num_arrays : int, optional
        How many there are; follows from the call.
    init_output : bool, optional
        As in `all_finite`.

    Returns
    -------
    array, shape (1,), float32
        1 if all elements are finite, or there is none; else 0.

    Raises
    ------
    DTypeError
        If an array is not floating.

    Notes
    -----
    Any number of arrays is taken (above 200, MXNet overruns its memory), and of mixed dtypes.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``multi_all_finite``.

    Examples
    --------
    >>> import ndarray as nd
    >>> nd.multi_all_finite(nd.array([1]), nd.array([float("nan")])).asnumpy()
    array([0.], dtype=float32)
    """
    return _flag(xp, array)


@all_finite.accumulate
@multi_all_finite.accumulate
def _(new, old, params):
    """Return what goes to ``out=``: the old value stays, where asked, unless something was not finite."""
    return new if params["init_output"] else old * new


@operator(_as_they_are, outputs=lambda params: params["num_arrays"], writes=("array",), fusible=True,
          stored_outputs=0)
def reset_arrays(xp, array: Many(), /, *, num_arrays: Count = None):
    r"""Set arrays to zero, in place.

    Parameters
    ----------
    array : arrays, any shapes and dtypes, written
        ``array_0, array_1, …``.
    num_arrays : int, optional
        How many there are; follows from the call.

    Returns
    -------
    list of array, each like its input
        Zeros; of one array, the array alone.  MXNet returns nothing; a node of a graph needs an output to be asked for.

    Notes
    -----
    The symbolic form exists; ``mx.sym.reset_arrays`` ends the process.

    References
    ----------
    .. [1] MXNet 1.9.1, operator ``reset_arrays``.

    Examples
    --------
    >>> import ndarray as nd
    >>> grad = nd.array([1, 2])
    >>> nd.reset_arrays(grad).asnumpy(), grad.asnumpy()
    (array([0., 0.], dtype=float32), array([0., 0.], dtype=float32))
    """
    zeros = tuple(xp.zeros_like(x) for x in array)
    return zeros, zeros
