"""Row-sparse arrays: the rows that are not zero, and the updates that touch these rows alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray import lazy, registry
from ndarray.array import NDArray, as_ndarray
from ndarray.call import check_writable, plan_of
from ndarray.context import Context, current_context
from ndarray.csr import CSRNDArray, csr_matrix  # noqa: F401, where MXNet has them
from ndarray.dtypes import DEFAULT, dtype_of
from ndarray.errors import BindError, DTypeError, OperatorError, ParamError, ShapeError, shown
from ndarray.functions import function
from ndarray.ops.optimizer_sparse import Rows
from ndarray.tensortype import TensorType, show_shape
from ndarray.text import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ndarray.operator import Operator
    from ndarray.typing import DTypeLike, ShapeLike


class RowSparseNDArray:
    """An array of which only some rows are stored; the others are zero.

    Made by `row_sparse_array`, `zeros` and `NDArray.tostype`; not by calling the class.

    Parameters
    ----------
    rows : Rows
        Its memory is used as it is.
    ctx : Context, optional

    Examples
    --------
    >>> import ndarray as nd
    >>> x = nd.sparse.row_sparse_array(([[1, 2]], [3]), shape=(5, 2))
    >>> x.indices.asnumpy(), x.data.asnumpy()
    (array([3]), array([[1., 2.]], dtype=float32))
    >>> x
    <BLANKLINE>
    <RowSparseNDArray 5x2, 1 row stored @cpu(0)>
    """

    __slots__ = ("_rows", "_ctx", "__weakref__")
    stype = "row_sparse"

    def __init__(self, rows: Rows, ctx: Context | None = None) -> None:
        self._rows = rows
        self._ctx = ctx if ctx is not None else current_context()

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis of the whole array."""
        return self._rows.shape

    @property
    def dtype(self) -> type[np.generic]:
        """Element type, as a NumPy type such as ``numpy.float32``."""
        return self._rows.dtype.type

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._rows.shape)

    @property
    def size(self) -> int:
        """Number of elements of the whole array."""
        return int(np.prod(self._rows.shape, dtype=np.int64))

    @property
    def context(self) -> Context:
        """The device."""
        return self._ctx

    ctx = context

    @property
    def indices(self) -> NDArray:
        """Which rows are stored, ascending: an int64 NDArray over the array's own memory."""
        return NDArray(self._rows.indices, self._ctx)

    @property
    def data(self) -> NDArray:
        """The stored rows: an NDArray over the array's own memory."""
        return NDArray(self._rows.values, self._ctx)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.asnumpy().astype(dtype or self.dtype, copy=False)

    def __repr__(self) -> str:
        n = len(self._rows.indices)
        return (f"\n<RowSparseNDArray {'x'.join(map(str, self.shape))}, {counted(n, 'row')} stored "
                f"@{self._ctx}>")

    def __len__(self) -> int:
        return self.shape[0]

    def asnumpy(self) -> np.ndarray:
        """Return the whole array as a NumPy array.

        Examples
        --------
        >>> import ndarray as nd
        >>> x = nd.sparse.row_sparse_array(([[1], [2]], [0, 2]), shape=(3, 1))
        >>> x.asnumpy().ravel()
        array([1., 0., 2.], dtype=float32)
        """
        return self._rows.dense()

    def tostype(self, stype: str) -> Any:
        """Return the array with another storage: 'default' or 'row_sparse'.

        Examples
        --------
        >>> import ndarray as nd
        >>> x = nd.sparse.row_sparse_array(([[1], [2]], [0, 2]), shape=(3, 1))
        >>> x.tostype("default").tolist()
        [[1.0], [0.0], [2.0]]
        """
        if stype == "row_sparse":
            return self
        if stype != "default":
            raise OperatorError(f"no storage {shown(stype)}; known: 'default', 'row_sparse'")
        return NDArray(self._rows.dense(), self._ctx)

    def todense(self) -> NDArray:
        """Return the whole as an NDArray.

        Examples
        --------
        >>> import ndarray as nd
        >>> x = nd.sparse.row_sparse_array(([[1], [2]], [0, 2]), shape=(3, 1))
        >>> x.todense().tolist()
        [[1.0], [0.0], [2.0]]
        """
        return self.tostype("default")

    def copy(self) -> RowSparseNDArray:
        """Return a copy.

        Examples
        --------
        >>> import ndarray as nd
        >>> x = nd.sparse.row_sparse_array(([[1], [2]], [0, 2]), shape=(3, 1))
        >>> y = x.copy()
        >>> y.data[:] = 0
        >>> x.data.tolist()
        [[1.0], [2.0]]
        """
        indices, values, shape = self._rows
        return RowSparseNDArray(Rows(indices.copy(), values.copy(), shape), self._ctx)

    __copy__ = copy

    def __deepcopy__(self, memo: object) -> RowSparseNDArray:
        return self.copy()

    def copyto(self, other: Any) -> Any:
        """Copy into another array of either storage, or return a copy in a context.

        Examples
        --------
        >>> import ndarray as nd
        >>> x = nd.sparse.row_sparse_array(([[1], [2]], [0, 2]), shape=(3, 1))
        >>> x.copyto(nd.ones((3, 1))).tolist()
        [[1.0], [0.0], [2.0]]
        """
        if isinstance(other, Context):
            other.check_usable()
            return RowSparseNDArray(self.copy()._rows, other)
        if isinstance(other, RowSparseNDArray):
            _check_shape(other.shape, self.shape)
            other._rows = self.astype(other.dtype)._rows
            return other
        if not isinstance(other, NDArray):
            raise OperatorError(f"copyto takes an array or a Context, got {shown(other)}")
        other[:] = self._rows.dense()
        return other

    def as_in_context(self, context: Context) -> RowSparseNDArray:
        """Return the array in a context; itself when it is there already.

        Examples
        --------
        >>> import ndarray as nd
        >>> x = nd.sparse.row_sparse_array(([[1], [2]], [0, 2]), shape=(3, 1))
        >>> x.as_in_context(nd.cpu(1)).context
        cpu(1)
        """
        return self if context == self._ctx else self.copyto(context)

    def astype(self, dtype: DTypeLike, copy: bool = True) -> RowSparseNDArray:
        """Return the array with another element type; itself when it has it and `copy` is false.

        Examples
        --------
        >>> import ndarray as nd
        >>> x = nd.sparse.row_sparse_array(([[1], [2]], [0, 2]), shape=(3, 1))
        >>> x.astype("float16").dtype
        <class 'numpy.float16'>
        """
        dtype = dtype_of(dtype)
        if not copy and dtype == self._rows.dtype:
            return self
        indices, values, shape = self._rows
        with np.errstate(all="ignore"):
            return RowSparseNDArray(Rows(indices.copy(), values.astype(dtype), shape), self._ctx)

    def retain(self, indices: NDArray | np.ndarray | Sequence[int]) -> RowSparseNDArray:
        """Return the array with those of the stored rows alone that `indices` lists.

        Examples
        --------
        >>> import ndarray as nd
        >>> x = nd.sparse.row_sparse_array(([[1], [2]], [0, 2]), shape=(3, 1))
        >>> x.retain([2]).indices.tolist()
        [2]
        """
        chosen = np.asarray(indices.asnumpy() if isinstance(indices, NDArray) else indices)
        kept = np.isin(self._rows.indices, chosen)
        return RowSparseNDArray(Rows(self._rows.indices[kept], self._rows.values[kept], self.shape), self._ctx)

    def wait_to_read(self) -> None:
        """Return when the array is computed, which it always is."""

    wait_to_write = wait_to_read

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (*self.copy()._rows, self._ctx.device_type, self._ctx.device_id)


def _restore(indices: np.ndarray, values: np.ndarray, shape: tuple[int, ...], device_type: str,
             device_id: int) -> RowSparseNDArray:
    return RowSparseNDArray(Rows(indices, values, shape), Context(device_type, device_id))


def row_sparse_array(arg1: Any, shape: Sequence[int] | None = None, ctx: Context | str | None = None,
                     dtype: DTypeLike | None = None) -> RowSparseNDArray:
    """Return a new row-sparse array.

    Parameters
    ----------
    arg1 : tuple (data, indices), tuple of int, NDArray, RowSparseNDArray or array_like
        Rows and their places (in any order); or the shape of an array of zeros; or an array whose rows that are not
        all zero are kept.
    shape : tuple of int, optional
        Shape of the whole; otherwise it ends with the last row given.
    ctx : Context, optional
    dtype : optional
        Otherwise that of the data, float32 if they have none.

    Raises
    ------
    ShapeError
        If rows, indices and shape do not fit together.
    ParamError
        If an index appears twice, or is not a whole number.

    Examples
    --------
    >>> row_sparse_array(([[1], [2]], [4, 0]), shape=(6, 1)).asnumpy().ravel()
    array([2., 0., 0., 0., 1., 0.], dtype=float32)
    """
    ctx = Context(ctx) if ctx is not None else current_context()
    ctx.check_usable()
    if isinstance(arg1, RowSparseNDArray):
        _check_shape(shape, arg1.shape)
        return RowSparseNDArray(arg1.astype(dtype or arg1.dtype)._rows, ctx)
    if isinstance(arg1, tuple) and all(isinstance(d, (int, np.integer)) for d in arg1):
        _check_shape(shape, arg1)
        return zeros("row_sparse", arg1, ctx, dtype)
    if isinstance(arg1, tuple) and len(arg1) == 2:
        return RowSparseNDArray(_rows(*arg1, shape, dtype), ctx)
    dense = as_ndarray(arg1, ctx, dtype if dtype is not None else getattr(arg1, "dtype", None))
    _check_shape(shape, dense.shape)
    return from_dense(dense, "row_sparse")


def zeros(stype: str, shape: ShapeLike, ctx: Context | str | None = None, dtype: DTypeLike | None = None) -> Any:
    """Return an array of zeros in the storage `stype`, with no row stored.

    Examples
    --------
    >>> zeros("row_sparse", (4, 2)).data.shape
    (0, 2)
    """
    shape = (int(shape),) if isinstance(shape, (int, np.integer)) else tuple([int(d) for d in shape])
    if stype == "default":
        return NDArray(np.zeros(shape, dtype_of(dtype or DEFAULT)), None if ctx is None else Context(ctx))
    _check_storage(stype)
    if not shape:
        raise ShapeError("a row_sparse array needs at least one axis")
    rows = Rows(np.zeros(0, np.int64), np.zeros((0, *shape[1:]), dtype_of(dtype or DEFAULT)), shape)
    return RowSparseNDArray(rows, Context(ctx) if ctx is not None else None)


def retain(data: RowSparseNDArray, indices: NDArray | np.ndarray | Sequence[int]) -> RowSparseNDArray:
    """Return `data` with those of its stored rows alone that `indices` lists.

    Examples
    --------
    >>> x = row_sparse_array(([[1], [2]], [0, 2]), shape=(3, 1))
    >>> retain(x, [2]).asnumpy().ravel()
    array([0., 0., 2.], dtype=float32)
    """
    return data.retain(indices)


def from_dense(array: NDArray, stype: str) -> RowSparseNDArray:
    """Return an NDArray in another storage: of its rows, those that are not all zero."""
    _check_storage(stype)
    if not array.ndim:
        raise ShapeError("a row_sparse array needs at least one axis")
    data = array.asnumpy()
    indices = np.flatnonzero((data != 0).reshape(len(data), -1).any(axis=1))
    return RowSparseNDArray(Rows(indices.astype(np.int64), data[indices], data.shape), array.context)


def _check_storage(stype: str) -> None:
    if stype != "row_sparse":
        raise OperatorError(f"no storage {shown(stype)}; known: 'default', 'row_sparse'")


def _check_shape(given: Sequence[int] | None, found: Sequence[int]) -> None:
    if given is not None and tuple(given) != tuple(found):
        raise ShapeError(f"shape is {show_shape(tuple(given))}, but the array has {show_shape(tuple(found))}")


def _rows(data: Any, indices: Any, shape: Sequence[int] | None, dtype: DTypeLike | None) -> Rows:
    """Return checked `Rows`, sorted by index."""
    values = as_ndarray(data, None, dtype if dtype is not None else getattr(data, "dtype", None))._data
    places = np.asarray(indices._data if isinstance(indices, NDArray) else indices)
    if places.ndim != 1 or (places.size and (places.dtype.kind not in "iuf" or (places != np.floor(places)).any())):
        raise ParamError(f"indices must be whole numbers along one axis, got {shown(indices)}")
    places = places.astype(np.int64)
    shape = (int(places.max(initial=-1)) + 1, *values.shape[1:]) if shape is None else tuple(int(d) for d in shape)
    if not values.size and values.shape[1:] != shape[1:]:
        values = values.reshape(0, *shape[1:])
    if not shape or values.shape != (len(places), *shape[1:]):
        raise ShapeError(f"data of shape {show_shape(values.shape)} are not {len(places)} rows of an array of shape "
                         f"{show_shape(shape)}")
    order = np.argsort(places, kind="stable")
    places = places[order]
    if len(places) and (places[0] < 0 or places[-1] >= shape[0]):
        raise ParamError(f"index {places[0] if places[0] < 0 else places[-1]} is outside of {shape[0]} rows")
    twice = np.flatnonzero(places[1:] == places[:-1])
    if len(twice):
        raise ParamError(f"index {places[twice[0]]} appears twice; sum its rows first")
    return Rows(places, values[order], shape)


def invoke_sparse(op: Operator, inputs: Sequence[Any], params: Mapping[str, Any], out: Any) -> Any:
    """Call an operator on arrays of which some are row-sparse.

    Parameters
    ----------
    op : Operator
    inputs : sequence of NDArray or RowSparseNDArray
        The first and those that the operator writes are dense or have all rows stored; a state may have none, which
        are zeros: it then has all of them afterwards.
    params : dict
        Parameters as the caller wrote them.
    out : array, optional
        Where the output goes; ``out=weight`` writes the rows of the gradient alone.

    Returns
    -------
    NDArray or RowSparseNDArray
        `out` itself where it is given.

    Raises
    ------
    OperatorError
        If the operator takes no row-sparse input; the message names those that do.
    """
    names = [i.name for i in op.inputs]
    sparse = [name for name, x in zip(names, inputs) if isinstance(x, RowSparseNDArray)]
    if "sparse" not in op.rules:
        takers = ", ".join(o.name for o in registry.operators() if "sparse" in o.rules)
        raise OperatorError(f"{op.name} takes no row_sparse input ({', '.join(sparse or ['array'])}); pass "
                            f"x.tostype('default'), or use one of those that do: {takers}")
    if len(inputs) != len(names):
        raise OperatorError(f"{op.name} takes {', '.join(names)}; got {counted(len(inputs), 'array')}")
    full = {name: _zeros_for(x) for name, x in zip(names, inputs) if name in op.writes and _is_empty(x)}
    arrays = [full[name].values if name in full else _rows_of(x, op, name) if name == "grad" else
              _whole(x, f"{op.name}: {name}") for name, x in zip(names, inputs)]
    params, signature = plan_of(op, arrays, params)
    types, positions = signature.types, signature.positions
    targets = {f"{op.name}: {names[at]}": arrays[at] for at in positions}
    if isinstance(out, (list, tuple)):
        if len(out) != 1:
            raise OperatorError(f"{op.name} gives 1 output, but out has {len(out)}")
        result, = out
    else:
        result = out if out is not None else inputs[0].copy()
    target = _whole(result, f"{op.name}: out")
    found = TensorType(target.shape, target.dtype)
    if found != types[0]:
        kind = ShapeError if found.shape != types[0].shape else DTypeError
        raise kind(f"{op.name}: out is {found}, expected {types[0]}")
    _check_targets({**targets, f"{op.name}: out": target})
    with np.errstate(all="ignore"):
        outputs, written = op.rules["sparse"](arrays, params)
    for at, new in zip(positions, written):
        _write(arrays[at], new, arrays[at])
    for name, rows in full.items():
        inputs[names.index(name)]._rows = rows
    _write(target, outputs[0], arrays[0])
    return out if out is not None else result


def _is_empty(x: Any) -> bool:
    return isinstance(x, RowSparseNDArray) and not len(x._rows.indices)


def _zeros_for(x: RowSparseNDArray) -> Rows:
    """Return the rows of an array that stores none, all of them."""
    return Rows(np.arange(x.shape[0]), np.zeros(x.shape, x.dtype), x.shape)


def _rows_of(x: Any, op: Operator, name: str) -> Any:
    return x._rows if isinstance(x, RowSparseNDArray) else _whole(x, f"{op.name}: {name}")


def _whole(x: Any, what: str) -> np.ndarray:
    """Return the memory of an array that is dense, or row-sparse with every row stored."""
    if isinstance(x, NDArray):
        return x._data
    if not isinstance(x, RowSparseNDArray):
        raise OperatorError(f"{what} must be an NDArray, got {shown(x)}")
    if len(x._rows.indices) != x.shape[0]:
        raise OperatorError(f"{what} has {len(x._rows.indices)} of {x.shape[0]} rows stored; a row_sparse array is "
                            "updated only when it has all of them: use tostype('default')")
    return x._rows.values


def _check_targets(targets: Mapping[str, np.ndarray]) -> None:
    checked = []
    for name, target in targets.items():
        check_writable(target, name)
        for other, memory in checked:
            if target.size and memory.size and np.may_share_memory(target, memory):
                raise BindError(f"{other} and {name} share memory, and both are written")
        checked.append((name, target))


def _write(target: np.ndarray, new: Any, old: np.ndarray) -> None:
    """Write what an operator gave: the whole, or `old` with some rows replaced."""
    if not isinstance(new, Rows):
        target[...] = new
        return
    if target is not old:
        target[...] = old
    target[new.indices] = new.values


def updates() -> dict[str, str]:
    """Return the operators with row-sparse gradients: their names here to those elsewhere."""
    return {alias.removeprefix("_sparse_"): alias for alias, op in registry.names().items() if "sparse" in op.rules}


__getattr__ = lazy.attributes(globals(), registry.functions(function, lambda name: updates().get(name)))


def __dir__() -> list[str]:
    return sorted({*globals(), *updates()})
