"""Making arrays."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray.array import NDArray, as_ndarray, expect_array
from ndarray.context import Context, current_context
from ndarray.dtypes import DEFAULT, dtype_of, evenly_spaced, is_floating, is_known, native
from ndarray.errors import DTypeError, MXNetError, OperatorError, ParamError, shown
from ndarray.lazy import Later
from ndarray.params import Param, Shape
from ndarray.tensortype import show_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ndarray.typing import DTypeLike, Number, ShapeLike

_SHAPE = Param("shape", Shape)
dlpack: Any = Later("ndarray.dlpack")


@contextmanager
def _raised_as(what: str) -> Iterator[None]:
    """Let NumPy compute without warnings, and word what it refuses as an error of ours that begins with `what`."""
    try:
        with np.errstate(all="ignore"):
            yield
    except MXNetError:
        raise
    except TypeError as error:
        raise OperatorError(f"{what}: {error}") from None
    except (ValueError, ArithmeticError) as error:
        raise ParamError(f"{what}: {error}") from None


def array(source_array: Any, ctx: Context | str | None = None, dtype: DTypeLike | None = None) -> NDArray:
    """Return a new array with a copy of some values.

    Parameters
    ----------
    source_array : array_like
        Numbers, nested lists, a NumPy array, an NDArray.
    ctx : Context, optional
    dtype : dtype, optional
        float32 unless `source_array` is an NDArray.

    Raises
    ------
    OperatorError
        If it is not an array of numbers.

    Examples
    --------
    >>> array([1, 2]).dtype
    <class 'numpy.float32'>
    """
    return as_ndarray(source_array, ctx, dtype)


def _new(what: str, make: Callable[..., np.ndarray], shape: ShapeLike, ctx: Context | str | None,
         dtype: DTypeLike | None, out: NDArray | None) -> NDArray:
    ctx = Context(ctx) if ctx is not None else current_context()
    ctx.check_usable()
    dims = _SHAPE.parse(shape, "shape")
    if any(d < 0 for d in dims):
        raise ParamError(f"shape {dims}: a length cannot be negative")
    dtype = out._data.dtype if out is not None else dtype_of(dtype) if dtype is not None else DEFAULT
    with _raised_as(what):
        data = make(dims, dtype)
    if out is None:
        return NDArray(data, ctx)
    out[:] = data
    return out


def zeros(shape: ShapeLike, ctx: Context | str | None = None, dtype: DTypeLike | None = None, stype: str | None = None,
          out: NDArray | None = None) -> Any:
    """Return an array of zeros.

    Parameters
    ----------
    shape : int or tuple of int
    ctx : Context, optional
    dtype : dtype, optional
        float32 when left out.
    stype : {'default', 'row_sparse'}, optional
        Storage.
    out : NDArray, optional
        Filled instead of a new array.

    Examples
    --------
    >>> zeros((2,)).asnumpy()
    array([0., 0.], dtype=float32)
    """
    if stype not in (None, "default"):
        from ndarray.sparse import zeros as sparse_zeros

        return sparse_zeros(stype, shape, ctx, dtype)
    return _new("zeros", np.zeros, shape, ctx, dtype, out)


def ones(shape: ShapeLike, ctx: Context | str | None = None, dtype: DTypeLike | None = None,
         out: NDArray | None = None) -> NDArray:
    """Return an array of ones; parameters as `zeros`.

    Examples
    --------
    >>> ones(2).asnumpy()
    array([1., 1.], dtype=float32)
    """
    return _new("ones", np.ones, shape, ctx, dtype, out)


def full(shape: ShapeLike, val: Number, ctx: Context | str | None = None, dtype: DTypeLike | None = None,
         out: NDArray | None = None) -> NDArray:
    """Return an array that holds one number everywhere; parameters as `zeros`.

    Examples
    --------
    >>> full((2,), 7).asnumpy()
    array([7., 7.], dtype=float32)
    """
    # Made an array first: NumPy 2.0 wraps around what does not fit.
    return _new("full", lambda shape, dtype: np.full(shape, np.asarray(val, dtype)), shape, ctx, dtype, out)


def empty(shape: ShapeLike, ctx: Context | str | None = None, dtype: DTypeLike | None = None) -> NDArray:
    """Return an array whose elements mean nothing yet; parameters as `zeros`.

    Examples
    --------
    >>> empty((2, 3)).shape
    (2, 3)
    """
    return _new("empty", np.empty, shape, ctx, dtype, None)


def arange(start: Number, stop: Number | None = None, step: Number = 1.0, repeat: int = 1,
           ctx: Context | str | None = None, dtype: DTypeLike | None = None) -> NDArray:
    """Return evenly spaced numbers from `start` to before `stop`, each `repeat` times; float32 when left out.

    Examples
    --------
    >>> arange(3).asnumpy()
    array([0., 1., 2.], dtype=float32)
    """
    if stop is None:
        start, stop = 0, start
    with _raised_as("arange"):
        if dtype is None or is_floating(dtype_of(dtype)):
            data: np.ndarray = np.repeat(np.arange(start, stop, step), repeat)  # type: ignore[arg-type]
        else:
            data = np.repeat(evenly_spaced(start, stop, step, dtype_of(dtype)), repeat)
    return as_ndarray(data, ctx, dtype)


def linspace(start: Number, stop: Number, num: int, endpoint: bool = True, ctx: Context | str | None = None,
             dtype: DTypeLike | None = None) -> NDArray:
    """Return `num` evenly spaced numbers from `start` to `stop`; float32 when left out.

    Examples
    --------
    >>> linspace(0, 1, 3).asnumpy()
    array([0. , 0.5, 1. ], dtype=float32)
    """
    with _raised_as("linspace"):
        data = np.linspace(start, stop, num, endpoint=endpoint)
    return as_ndarray(data, ctx, dtype)


def eye(N: int, M: int = 0, k: int = 0, ctx: Context | str | None = None, dtype: DTypeLike | None = None) -> NDArray:
    """Return a matrix with ones on its `k`-th diagonal and zeros elsewhere; float32 when left out.

    Examples
    --------
    >>> eye(2).asnumpy()
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    with _raised_as("eye"):
        data = np.eye(N, M or None, k)
    return as_ndarray(data, ctx, dtype)


def from_numpy(ndarray: np.ndarray, zero_copy: bool = True) -> NDArray:
    """Return an NDArray over a NumPy array's own memory.

    Parameters
    ----------
    ndarray : numpy.ndarray
        Of any layout; a byte-swapped one is converted, which copies it.
    zero_copy : bool, optional
        Copy instead when false.

    Raises
    ------
    OperatorError, DTypeError
        If it is not an array, or of an unsupported dtype.

    Examples
    --------
    >>> a = np.zeros(2)
    >>> from_numpy(a)[:] = 3
    >>> a
    array([3., 3.])
    """
    if not isinstance(ndarray, np.ndarray):
        raise OperatorError(f"from_numpy takes a numpy.ndarray, got {shown(ndarray)}")
    if not is_known(native(ndarray.dtype)):
        raise DTypeError(f"no array here has dtype {ndarray.dtype}")
    if not ndarray.dtype.isnative:
        return NDArray(ndarray.astype(native(ndarray.dtype)))
    return NDArray(ndarray if zero_copy else ndarray.copy())


def from_dlpack(source: Any) -> NDArray:
    """Return an NDArray over the memory of any array that speaks DLPack.

    Parameters
    ----------
    source : array or capsule
        A capsule of an array on the CPU does not state whether it may be written: the array that comes of it is
        read-only.

    Raises
    ------
    OperatorError, DTypeError
        If it is neither, or of a dtype that no array here has.

    Examples
    --------
    >>> from_dlpack(np.ones(2)).shape
    (2,)
    """
    if type(source).__name__ == "PyCapsule":
        source = _Capsule(source)
    if not hasattr(source, "__dlpack__"):
        raise OperatorError(f"from_dlpack takes an array that has __dlpack__, or a capsule, got {shown(source)}")
    if isinstance(source, NDArray):
        source = source._data
    try:
        # NumPy's own arrays are taken as they are; before 2.1 NumPy treats what comes through DLPack as read-only.
        shared = source if isinstance(source, np.ndarray) else dlpack.shared(source)
    except (RuntimeError, BufferError, ValueError, TypeError) as error:
        raise OperatorError(f"from_dlpack: {error}") from None
    return from_numpy(shared)


class _Capsule:
    """The source of a DLPack capsule, as far as the consumer needs it."""

    def __init__(self, capsule: Any) -> None:
        self._capsule = capsule

    def __dlpack__(self, **kwargs: Any) -> Any:
        return self._capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


def to_dlpack_for_read(data: NDArray) -> Any:
    """Return a DLPack capsule over the memory of an NDArray, for one taker.

    Examples
    --------
    >>> x = zeros(2)
    >>> y = from_dlpack(to_dlpack_for_read(x))
    >>> x[0] = 1
    >>> y.asnumpy()
    array([1., 0.], dtype=float32)
    """
    return expect_array(data, "to_dlpack_for_read").to_dlpack_for_read()


to_dlpack_for_write = to_dlpack_for_read


def moveaxis(tensor: NDArray, source: int | Sequence[int], destination: int | Sequence[int]) -> NDArray:
    """Return a copy with some axes moved; the others keep their order.

    Parameters
    ----------
    tensor : NDArray
    source, destination : int or tuple of int

    Examples
    --------
    >>> moveaxis(zeros((2, 3, 4)), 0, 2).shape
    (3, 4, 2)
    """
    expect_array(tensor, "moveaxis")
    with _raised_as(f"moveaxis of shape {show_shape(tensor.shape)}"):
        return NDArray(np.moveaxis(tensor._data, source, destination).copy(), tensor._ctx)


def concatenate(arrays: Iterable[NDArray], axis: int = 0, always_copy: bool = True) -> NDArray:
    """Return arrays joined along an axis.

    Examples
    --------
    >>> concatenate([ones(1), zeros(1)]).asnumpy()
    array([1., 0.], dtype=float32)
    """
    arrays = list(arrays)
    for a in arrays:
        if not isinstance(a, NDArray):
            raise OperatorError(f"concatenate takes NDArrays, got {shown(a)}")
    if len(arrays) == 1 and not always_copy:
        return arrays[0]
    with _raised_as("concatenate"):
        return NDArray(np.concatenate([a._data for a in arrays], axis=axis), arrays[0]._ctx)


def waitall() -> None:
    """Return when every array is computed, which they always are.

    Examples
    --------
    >>> waitall()
    """
