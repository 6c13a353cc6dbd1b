"""NDArray: a NumPy array in a context, with MXNet's methods and rules of arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray import call as calls
from ndarray import registry
from ndarray.arguments import flattened, present_inputs, sort_arguments
from ndarray.binary import BINARY, give_operators, is_number
from ndarray.call import call, plan_of, with_key
from ndarray.context import Context, current_context
from ndarray.dtypes import DEFAULT, dtype_of, is_known, native
from ndarray.errors import DTypeError, MXNetError, OperatorError, OutOfRangeError, ShapeError, shown
from ndarray.indexing import as_key, is_view_key
from ndarray.lazy import Later
from ndarray.rules_shape import resolve_shape
from ndarray.tensortype import show_shape
from ndarray.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ndarray.methods import NDArrayMethods
    from ndarray.operator import Operator
    from ndarray.typing import DTypeLike
else:
    NDArrayMethods = object

dlpack: Any = Later("ndarray.dlpack")


class NDArray(NDArrayMethods):
    """An array of one element type, in a context.

    Made by `array`, `zeros`, `from_numpy` and by operators; not by calling the class.

    Parameters
    ----------
    data : numpy.ndarray
        The memory, used as it is.
    ctx : Context, optional

    Examples
    --------
    >>> import ndarray as nd
    >>> x = nd.array([[1, 2], [3, 4]])
    >>> x[0][:] = 9
    >>> x
    <BLANKLINE>
    [[9. 9.]
     [3. 4.]]
    <NDArray 2x2 @cpu(0)>
    """

    __slots__ = ("_data", "_ctx", "_mark", "__weakref__")
    __array_priority__ = 1000.0
    _mark: Any
    stype = "default"

    def __init__(self, data: np.ndarray, ctx: Context | None = None) -> None:
        self._data = data
        self._ctx = ctx if ctx is not None else current_context()

    # What it is

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return self._data.shape

    @property
    def dtype(self) -> type[np.generic]:
        """Element type, as a NumPy type such as ``numpy.float32``."""
        return self._data.dtype.type

    @property
    def size(self) -> int:
        """Number of elements."""
        return self._data.size

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self._data.ndim

    @property
    def context(self) -> Context:
        """The device."""
        return self._ctx

    ctx = context

    @property
    def T(self) -> NDArray:
        """The transpose, a copy."""
        result = NDArray(self._data.T.copy(), self._ctx)
        return result if calls.tape is None else calls.tape.note(result, "transpose", self)

    def __repr__(self) -> str:
        return f"\n{self._data}\n<NDArray {'x'.join(map(str, self.shape))} @{self._ctx}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from ndarray.notebook import of_array  # which only notebooks need

        return of_array(self, repr(self), include, exclude)

    def __len__(self) -> int:
        if not self.ndim:
            raise OperatorError("an array without axes has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[NDArray]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        if self.size > 1:
            raise ShapeError(f"the truth of an array of shape {show_shape(self.shape)} is ambiguous")
        return bool(self.size and self._data.reshape(-1)[0])

    def __float__(self) -> float:
        return float(self.asscalar())

    def __int__(self) -> int:
        return int(self.asscalar())

    def __index__(self) -> int:
        if self._data.dtype.kind not in "iu":
            raise OperatorError(f"only an integer array can be an index, not {self._data.dtype}")
        return int(self.asscalar())

    # Leaving and copying

    def asnumpy(self) -> np.ndarray:
        """Return a NumPy array, a copy.

        Examples
        --------
        >>> import ndarray as nd
        >>> x = nd.array([1, 2])
        >>> copied = x.asnumpy()
        >>> copied[0] = 9
        >>> x.asnumpy()
        array([1., 2.], dtype=float32)
        """
        return self._data.copy()

    def asscalar(self) -> Any:
        """Return the only element, as a NumPy scalar.

        Examples
        --------
        >>> import ndarray as nd
        >>> nd.array([[3]]).asscalar()
        np.float32(3.0)
        """
        if self.size != 1:
            raise ShapeError(f"asscalar needs exactly one element, got shape {show_shape(self.shape)}")
        return self._data.reshape(-1)[0]

    item = asscalar

    def tolist(self) -> Any:
        """Return nested lists of Python numbers.

        Examples
        --------
        >>> import ndarray as nd
        >>> nd.array([[1, 2]]).tolist()
        [[1.0, 2.0]]
        """
        return self._data.tolist()

    def astype(self, dtype: DTypeLike, copy: bool = True) -> NDArray:
        """Return the array with another element type; itself when it has it and `copy` is false.

        Examples
        --------
        >>> import ndarray as nd
        >>> nd.array([1.7]).astype("int32").asnumpy()
        array([1], dtype=int32)
        """
        dtype = dtype_of(dtype)
        if not copy and dtype == self._data.dtype:
            return self
        with np.errstate(all="ignore"):
            result = NDArray(self._data.astype(dtype), self._ctx)
            return result if calls.tape is None else calls.tape.note(result, "Cast", self, {"dtype": dtype.name})

    def copy(self) -> NDArray:
        """Return a copy.

        Examples
        --------
        >>> import ndarray as nd
        >>> x = nd.array([1, 2])
        >>> y = x.copy()
        >>> y[:] = 0
        >>> x.tolist(), y.tolist()
        ([1.0, 2.0], [0.0, 0.0])
        """
        result = NDArray(self._data.copy(), self._ctx)
        return result if calls.tape is None else calls.tape.note(result, "_copy", self)

    def __copy__(self) -> NDArray:
        return self.copy()

    def __deepcopy__(self, memo: object) -> NDArray:
        return self.copy()

    def copyto(self, other: NDArray | Context) -> NDArray:
        """Copy into another array, cast to its dtype, or into a context; return the target.

        Examples
        --------
        >>> import ndarray as nd
        >>> x, y = nd.array([1, 2]), nd.zeros(2, dtype="float64")
        >>> x.copyto(y) is y, y.asnumpy()
        (True, array([1., 2.]))
        """
        if isinstance(other, Context):
            return self.as_in_context(other, copy=True)
        if not isinstance(other, NDArray):
            raise OperatorError(f"copyto takes an NDArray or a Context, got {shown(other)}")
        if other is self:
            return other
        other[:] = self
        return other

    def as_in_context(self, context: Context, copy: bool = False) -> NDArray:
        """Return the array in a context; itself when it is there already.

        Examples
        --------
        >>> import ndarray as nd
        >>> x = nd.ones(2)
        >>> x.as_in_context(nd.cpu(0)) is x, x.as_in_context(nd.cpu(1)).context
        (True, cpu(1))
        """
        if context == self._ctx and not copy:
            return self
        context.check_usable()
        result = NDArray(self._data.copy(), context)
        return result if calls.tape is None else calls.tape.note(result, "_copy", self)

    as_in_ctx = as_in_context

    def detach(self) -> NDArray:
        """Return an array over the same memory.

        Examples
        --------
        >>> import ndarray as nd
        >>> x = nd.zeros(2)
        >>> x.detach()[:] = 1
        >>> x.tolist()
        [1.0, 1.0]
        """
        return NDArray(self._data, self._ctx)

    # Gradients

    @property
    def grad(self) -> NDArray | None:
        """The gradient of a variable, into which `backward` writes; None for other arrays."""
        mark = getattr(self, "_mark", None)
        return None if mark is None else mark.grad

    def attach_grad(self, grad_req: str = "write", stype: str | None = None) -> None:
        """Make the array a variable: `backward` puts its gradient into ``x.grad``, which starts as zeros.

        The array leaves the graph in which it was recorded.

        Parameters
        ----------
        grad_req : {'write', 'add', 'null'}, optional
            Whether a gradient is written, added to what is there, or not computed.
        stype : optional
            Accepted for MXNet's signature: gradients are dense.

        Examples
        --------
        >>> import ndarray as nd
        >>> x = nd.array([1, 2])
        >>> x.attach_grad()
        >>> x.grad.tolist()
        [0.0, 0.0]
        """
        calls.autograd().mark_variables(self, NDArray(np.zeros_like(self._data), self._ctx), grad_req)

    def backward(self, out_grad: NDArray | None = None, retain_graph: bool = False, train_mode: bool = True) -> None:
        """Compute the gradients of the array, which was recorded; see `ndarray.autograd.backward`.

        Examples
        --------
        >>> import ndarray as nd
        >>> x = nd.array([1, 2])
        >>> x.attach_grad()
        >>> with nd.autograd.record():
        ...     y = x * x
        >>> y.backward(nd.array([1, 10]))
        >>> x.grad.tolist()
        [2.0, 40.0]
        """
        calls.autograd().backward(self, out_grad, retain_graph, train_mode)

    def tostype(self, stype: str) -> Any:
        """Return the array with another storage: 'default' or 'row_sparse'.

        Examples
        --------
        >>> import ndarray as nd
        >>> nd.array([[0], [5]]).tostype("row_sparse").indices.tolist()
        [1]
        """
        if stype == "default":
            return self
        from ndarray.sparse import from_dense

        return from_dense(self, stype)

    def wait_to_read(self) -> None:
        """Return when the array is computed, which it always is."""

    wait_to_write = wait_to_read

    def reshape(self, *shape: int | Sequence[int], reverse: bool = False, **named: Any) -> NDArray:
        """Return the same memory under another shape.

        Parameters
        ----------
        *shape : int or tuple of int
            -1 follows from the size; 0 copies an axis; -2 copies all that remain; -3 merges two; -4 splits one into
            the next two numbers.
        reverse : bool, optional
            Match the codes from the right.

        Raises
        ------
        ShapeError
            If the size would change.

        Examples
        --------
        >>> import ndarray as nd
        >>> x = nd.arange(6)
        >>> x.reshape((2, -1)).shape, x.reshape(3, 2)[0].tolist()
        ((2, 3), [0.0, 1.0])
        """
        if "shape" in named:
            shape = named.pop("shape")
        if named:
            raise OperatorError(f"reshape takes shape and reverse, not {', '.join(named)}")
        given: Any = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        try:
            codes = tuple([int(d) for d in given])
        except (TypeError, ValueError, OverflowError):
            raise ShapeError(f"reshape: {shown(given)} is not a shape") from None
        target = resolve_shape(self.shape, codes, reverse)
        result = NDArray(self._data.reshape(target), self._ctx)
        return result if calls.tape is None else calls.tape.note(result, "reshape", self, {"shape": target})

    def flatten(self, inplace: bool = False, **more: Any) -> NDArray:
        """Return all axes but the first as one; with `inplace` the same memory, without copying.

        Parameters
        ----------
        inplace : bool, optional
        **more : optional
            As of the operator ``flatten``.

        Examples
        --------
        >>> import ndarray as nd
        >>> x = nd.zeros((1, 2, 2))
        >>> x.flatten(inplace=True)[:] = 7
        >>> x.tolist()
        [[[7.0, 7.0], [7.0, 7.0]]]
        """
        return self._moved("Flatten", inplace, more)

    def squeeze(self, axis: int | Sequence[int] | None = None, inplace: bool = False, **more: Any) -> NDArray:
        """Return the array without axes of length 1; with `inplace` the same memory, without copying.

        Parameters
        ----------
        axis : int or tuple of int, optional
            All of length 1 when left out.
        inplace : bool, optional
        **more : optional
            As of the operator ``squeeze``.

        Examples
        --------
        >>> import ndarray as nd
        >>> nd.zeros((2, 1, 3)).squeeze(inplace=True).shape
        (2, 3)
        """
        return self._moved("squeeze", inplace, {"axis": axis, **more})

    def expand_dims(self, axis: int, inplace: bool = False, **more: Any) -> NDArray:
        """Return the array with a new axis of length 1; with `inplace` the same memory, without copying.

        Parameters
        ----------
        axis : int
            Where it is in the result.
        inplace : bool, optional
        **more : optional
            As of the operator ``expand_dims``.

        Examples
        --------
        >>> import ndarray as nd
        >>> nd.zeros((2, 3)).expand_dims(1, inplace=True).shape
        (2, 1, 3)
        """
        return self._moved("expand_dims", inplace, {"axis": axis, **more})

    def _moved(self, name: str, inplace: bool, params: Mapping[str, Any]) -> NDArray:
        found: NDArray = caller(registry.get(name))(self, **params)
        return NDArray(self._data.reshape(found.shape), self._ctx) if inplace else found

    # Indexing

    def __getitem__(self, key: Any) -> NDArray:
        key = as_key(key, NDArray)
        try:
            found = self._data[key if key else ...]
        except IndexError as error:
            raise OutOfRangeError(f"an array of shape {show_shape(self.shape)}: {error}") from None
        if not isinstance(found, np.ndarray):
            # A lone element is an array of shape (1,) in MXNet, and here a view of it.
            found = self._data[(*key, None)] if is_view_key(key) else np.array([found])
        elif not is_view_key(key):
            found = found.copy()
        result = NDArray(found, self._ctx)
        if calls.tape is not None:
            calls.tape.note_index(result, self, key)
        return result

    def __setitem__(self, key: Any, value: Any) -> None:
        key = as_key(key, NDArray)
        given = value
        if calls.tape is not None:
            calls.tape.check_assignment(self, key, given)
        if isinstance(value, NDArray):
            value = value._data
        try:
            with np.errstate(all="ignore"):
                data = np.asarray(value)
                if data.dtype.kind not in "fiub" and not is_known(data.dtype):
                    raise DTypeError(f"an element cannot be {shown(value)}")
                # One element, whatever its shape, goes to one place or to all: a sum has shape (1,).
                self._data[key] = data.reshape(()) if data.size == 1 else data
        except IndexError as error:
            raise OutOfRangeError(f"an array of shape {show_shape(self.shape)}: {error}") from None
        except (ValueError, TypeError) as error:
            if isinstance(error, MXNetError):
                raise
            raise ShapeError(f"cannot assign to an array of shape {show_shape(self.shape)}: {error}") from None
        if calls.tape is not None:
            calls.tape.note_assignment(self, given)

    # Other libraries

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._data, dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        plain = [x._data if isinstance(x, NDArray) else x for x in inputs]
        if out is not None:
            kwargs["out"] = tuple(x._data if isinstance(x, NDArray) else x for x in out)
        result = getattr(ufunc, method)(*plain, **kwargs)
        if out is not None:
            return out[0] if len(out) == 1 else out
        if isinstance(result, tuple):
            return tuple(NDArray(np.asarray(r), self._ctx) for r in result)
        return result if result is None else NDArray(np.asarray(result), self._ctx)

    def to_dlpack_for_read(self) -> Any:
        """Return a DLPack capsule over the same memory, for one taker; most libraries take the array itself."""
        return dlpack.capsule_of(self._data)

    to_dlpack_for_write = to_dlpack_for_read

    def __dlpack__(self, **kwargs: Any) -> Any:
        return dlpack.capsule_of(self._data, **kwargs)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._data.__dlpack_device__()

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.asnumpy(), self._ctx.device_type, self._ctx.device_id)

    if not TYPE_CHECKING:  # which has the methods of operators from `NDArrayMethods`
        def __getattr__(self, name):
            op = registry.find(name) if not name.startswith("_") else None
            if op is None or not op.inputs:
                raise AttributeError(f"'NDArray' object has no attribute {name!r}")
            call_ = caller(op)

            def method(*args, **kwargs):
                if "dtype" in kwargs and kwargs["dtype"] is None and "dtype" not in op.params:
                    del kwargs["dtype"]  # NumPy's own functions, such as np.mean, ask for a method in this way.
                return call_(self, *args, **kwargs)

            return method

    __hash__ = object.__hash__


def _restore(data: np.ndarray, device_type: str, device_id: int) -> NDArray:
    return NDArray(data, Context(device_type, device_id))


def invoke(op: Operator, inputs: Sequence[Any], params: Mapping[str, Any], out: Any = None,
           repeats: calls.Repeats | None = None) -> Any:
    """Call an operator on NDArrays.

    Parameters
    ----------
    op : Operator
    inputs : sequence of NDArray
    params : dict
        Parameters as the caller wrote them; a `Scalar` may be an NDArray of one element.
    out : NDArray, or list or tuple of NDArray, optional
        Where the outputs go.
    repeats : Repeats, optional
        Remembers the call, where that is of use.

    Returns
    -------
    NDArray, or list of NDArray
        `out` itself where it is given.

    Raises
    ------
    OperatorError
        If an input or `out` is not an NDArray, or there are too few or too many.
    """
    if calls.tape is not None:
        found = calls.tape.call(op, inputs, params, out)
        if found is not None:
            return found
    try:
        arrays = [x._data for x in inputs]
    except AttributeError:
        if any(getattr(x, "stype", None) == "row_sparse" for x in inputs):
            from ndarray.sparse import invoke_sparse

            return invoke_sparse(op, inputs, params, out)
        _refuse_inputs(op, inputs)
    for a in arrays:
        if not a.dtype.isnative:
            _swap(op, arrays, params)
            break
    ctx = inputs[0]._ctx if inputs else current_context()
    if op.random is not None:
        params = with_key(op, params)
    if out is None:
        plan = plan_of(op, arrays, params)
        results = [NDArray(r, ctx) for r in call(op, arrays, plan)]
        if repeats is not None and plan.signature.loops:
            repeats.remember(inputs, params, results, plan, None)
        return results[0] if len(results) == 1 else results
    outs = out if isinstance(out, (list, tuple)) else (out,)
    for o in outs:
        if not isinstance(o, NDArray):
            raise OperatorError(f"{op.name}: out must be an NDArray, got {shown(o)}")
    plan = plan_of(op, arrays, params)
    n = len(plan.signature.types)
    if len(outs) != n:
        raise OperatorError(f"{op.name} gives {counted(n, 'output')}, but out has {len(outs)}")
    targets = [o._data for o in outs]
    call(op, arrays, plan, targets)
    if repeats is not None and plan.signature.loops:
        repeats.remember(inputs, params, outs, plan, targets)
    return out


def caller(op: Operator) -> Callable[..., Any]:
    """Return a new function that calls an operator: inputs, then parameters, ``out=`` and ``name=``."""
    repeats = calls.Repeats(op, NDArray)
    if op.many:
        def call_many(*data: Any, out: Any = None, name: str | None = None, **params: Any) -> Any:
            if calls.tape is None:
                result = repeats.again(data, params, out)
                if result is not None:
                    return result
            return invoke(op, flattened(data), _as_numpy(params), out, repeats)

        return call_many
    names = tuple([i.name for i in op.inputs])
    n, clear = len(names), frozenset(names).isdisjoint

    def call_few(*args: Any, out: Any = None, name: str | None = None, **params: Any) -> Any:
        if calls.tape is None:
            result = repeats.again(args, params, out)
            if result is not None:
                return result
        if len(args) == n and clear(params):
            inputs: Any = args
        else:
            inputs, params = sort_arguments(op, names, args, params)
        for value in inputs:
            if value is None:
                inputs = present_inputs(op, names, inputs, params, len(args))
                break
        if params:
            params = _as_numpy(params)
        return invoke(op, inputs, params, out, repeats)

    return call_few


def _as_numpy(params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters without MXNet's ignored ``__key__`` ones, NDArrays as NumPy arrays."""
    for key, value in params.items():
        kind = type(value)
        if kind is NDArray or key[:2] == "__":
            return {k: v._data if isinstance(v, NDArray) else v for k, v in params.items() if not k.startswith("__")}
        if (kind is tuple or kind is list) and any(isinstance(v, NDArray) for v in value):
            params = {**params, key: tuple([v._data if isinstance(v, NDArray) else v for v in value])}
    return params


def _refuse_inputs(op: Operator, inputs: Sequence[Any]) -> None:
    names = [i.name for i in op.inputs]
    for i, value in enumerate(inputs):
        if not isinstance(value, NDArray):
            name = names[i] if i < len(names) and not op.many else f"input {i}"
            raise OperatorError(f"{op.name}: {name} must be an NDArray, got {shown(value)}{how_made(value)}") from None


def expect_array(value: Any, who: str) -> NDArray:
    """Return `value`, which must be an NDArray.

    Raises
    ------
    OperatorError
        Naming who expected one.
    """
    if not isinstance(value, NDArray):
        raise OperatorError(f"{who} takes an NDArray, got {shown(value)}{how_made(value)}")
    return value


def how_made(value: object) -> str:
    """Return how something becomes an NDArray, as the end of a message."""
    if isinstance(value, np.ndarray):
        return "; wrap it: nd.array(x) copies, nd.from_numpy(x) does not"
    if isinstance(value, (list, tuple)) and not any([isinstance(v, NDArray) for v in value]):
        return "; make it one: nd.array(x)"
    return "; pass x.tostype('default')" if hasattr(value, "stype") else ""


def _swap(op: Operator, arrays: list[np.ndarray], params: Mapping[str, Any]) -> None:
    """Give byte-swapped inputs the native order, except where they would be written (`call` refuses those)."""
    written = op.written(op.complete(op.parse(params))) if op.writes and not op.many else range(len(arrays))
    for i, a in enumerate(arrays):
        if not a.dtype.isnative and (not op.writes or i not in written):
            arrays[i] = a.astype(native(a.dtype))


def arithmetic(word: str, lhs: Any, rhs: Any, out: NDArray | None = None) -> Any:
    """Return ``lhs word rhs`` of arrays and numbers, by the operator that `ndarray.binary.BINARY` names.

    Raises
    ------
    DTypeError
        If two arrays have two dtypes.
    OperatorError
        If a value is neither array nor number.
    """
    names = BINARY[word]
    if isinstance(lhs, NDArray):
        if isinstance(rhs, NDArray):
            return invoke(registry.get(names.broadcast), (lhs, rhs), {}, out)
        if is_number(rhs):
            return invoke(registry.get(names.scalar), (lhs,), {"scalar": rhs}, out)
    elif isinstance(rhs, NDArray) and is_number(lhs):
        return invoke(registry.get(names.reflected), (rhs,), {"scalar": lhs}, out)
    other = rhs if isinstance(lhs, NDArray) else lhs
    raise OperatorError(f"{word} takes NDArrays and numbers, got {shown(other)}{how_made(other)}")


def _give_own() -> None:
    give_operators(NDArray, arithmetic, lambda word, self, other: arithmetic(word, self, other, out=self))
    for word, answer in (("eq", False), ("ne", True)):
        # What is neither an array nor a number is not equal, so that `x == None` and `in` work.
        setattr(NDArray, f"__{word}__", lambda self, other, w=word, a=answer: arithmetic(w, self, other)
                if isinstance(other, NDArray) or is_number(other) or hasattr(other, "stype") else a)
    def negated(self: NDArray) -> Any:
        if self._data.dtype.kind == "u":  # which has no -1, but wraps around
            return invoke(registry.get("negative"), (self,), {})
        return invoke(registry.get("_mul_scalar"), (self,), {"scalar": -1.0})

    NDArray.__neg__ = negated  # type: ignore[method-assign, assignment]
    NDArray.__abs__ = lambda self: invoke(registry.get("abs"), (self,), {})  # type: ignore[method-assign]


_give_own()


def as_ndarray(value: Any, ctx: Context | str | None = None, dtype: DTypeLike | None = None) -> NDArray:
    """Return a new NDArray with a copy of `value`: float32 unless it is an NDArray or `dtype` is given."""
    ctx = Context(ctx) if ctx is not None else current_context()
    ctx.check_usable()
    if isinstance(value, NDArray):
        return NDArray(value._data.astype(dtype_of(dtype) if dtype is not None else value._data.dtype), ctx)
    try:
        data = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise OperatorError(f"{shown(value)} is not an array: {error}") from None
    if not (is_known(native(data.dtype)) or data.dtype.kind == "f"):
        raise OperatorError(f"{shown(value)} is not an array of numbers")
    with np.errstate(all="ignore"):
        return NDArray(data.astype(dtype_of(dtype) if dtype is not None else DEFAULT, order="C"), ctx)
