"""What arrays are bound to what: checked before anything is allocated or written."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray.array import NDArray, how_made
from ndarray.call import check_writable, first_shared
from ndarray.context import Context, current_context
from ndarray.dtypes import NAMES, is_known, native
from ndarray.errors import BindError, DTypeError, OperatorError, ShapeError, UnknownNameError, shown, unknown
from ndarray.tensortype import TensorType, show_shape
from ndarray.text import counted, label
from symbolic import engines
from symbolic.engines.buffers import elsewhere, home_of
from symbolic.graph.infer import declared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from symbolic.graph.graph import Graph
    from symbolic.graph.node import Entry, Node

GRAD_REQS = ("write", "add", "null")


def check_context(ctx: Context | None, engine: str = "auto") -> Context:
    """Return the context; raise where it is none, or an engine has no such device."""
    if ctx is None:
        ctx = current_context()
    if not isinstance(ctx, Context):
        raise OperatorError(f"ctx must be a Context such as cpu(), got {shown(ctx)}")
    if engine != "xla":
        ctx.check_usable()
    return ctx


def as_array(value: Any, name: str, ctx: Context) -> NDArray:
    """Return a bound array as an NDArray over the caller's memory."""
    if not isinstance(value, (NDArray, np.ndarray)):
        raise BindError(f"`{label(name)}` must be an NDArray or a numpy.ndarray, got {shown(value)}{how_made(value)}")
    dtype = np.dtype(value.dtype)
    if not is_known(native(dtype)):
        raise DTypeError(f"`{label(name)}` has unsupported dtype {dtype}; supported: {', '.join(NAMES)}")
    return value if isinstance(value, NDArray) else NDArray(value, ctx)


def by_name(given: Any, names: Sequence[str], what: str) -> dict[str, Any]:
    """Return arrays by name, from a list in order or a dict."""
    if given is None:
        return {}
    if isinstance(given, dict):
        return dict(given)
    if not isinstance(given, (list, tuple)):
        raise BindError(f"`{what}` must be a list or a dict of arrays, got {shown(given)}")
    if len(given) != len(names):
        raise BindError(f"`{what}` has {counted(len(given), 'array')} for {counted(len(names), 'name')}: "
                        f"{', '.join(names[:20])}")
    return dict(zip(names, given))


def check_doubles(variables: Sequence[Node]) -> None:
    """Raise where two variables have one name."""
    seen = set()
    for node in variables:
        if node.name in seen:
            raise BindError(f"two variables are named {shown(node.name)}; arrays are bound by name: give each its own")
        seen.add(node.name)


def together(args: dict[str, Any], aux_states: dict[str, Any]) -> dict[str, Any]:
    """Return arguments and states by name; raise where one is given twice with different arrays."""
    for name in args.keys() & aux_states.keys():
        if args[name] is not aux_states[name]:
            raise BindError(f"{shown(name)} is given twice, in args and in aux_states, with different arrays")
    return args | aux_states


def check_declared(variables: Sequence[Node], arrays: Mapping[str, NDArray]) -> None:
    """Warn where an array has another dtype than its variable declares."""
    for node in variables:
        dtype = declared(node).dtype
        found = arrays[node.name].dtype
        if dtype is not None and dtype != np.dtype(found):
            warnings.warn(f"bind: {shown(node.name)} is declared {dtype} and bound to an array of {np.dtype(found)}, "
                          "which decides", stacklevel=4)


def output_arrays(graph: Graph, types: Mapping[Entry, TensorType], out: Mapping[str, Any],
                  arrays: Mapping[str, NDArray], engine: str, ctx: Context) -> list[NDArray]:
    """Return the array of each output: the caller's where `out` names one, else a new one."""
    names = [e.node.output_name(e.index) for e in graph.outputs]
    unexpected = out.keys() - names
    if unexpected:
        name = next(n for n in out if n in unexpected)
        raise UnknownNameError(f"out: {unknown('output', name, names)}")
    result, taken = [], []
    wanted = [types[e] for name, e in zip(names, graph.outputs) if name not in out and types[e].known]
    new = iter(engines.zeros(engine, wanted, ctx))
    for name, entry in zip(names, graph.outputs):
        type_ = types[entry]
        if not type_.known:
            raise ShapeError(f"output {label(name)} has type {type_}, which the bound arrays do not settle")
        if name not in out:
            result.append(next(new))
            continue
        target = as_array(out[name], f"out[{shown(name)}]", ctx)
        data = target._data
        check_type(data, type_, f"out[{shown(name)}]")
        check_writable(data, f"out[{shown(name)}]")
        taken.append((f"out[{shown(name)}]", data))
        result.append(target)
    states = [(n.name, arrays[n.name]._data) for n in graph.written]
    shared = first_shared([*taken, *states]) if taken else None
    if shared is not None:
        raise BindError(f"{label(shared[1])} and {label(shared[0])} share memory, and both are written")
    return result


def check_states(graph: Graph, arrays: Mapping[str, NDArray]) -> None:
    """Raise where a state cannot be written, or two states share memory."""
    states = [(n.name, arrays[n.name]._data) for n in graph.written]
    for name, data in states:
        check_writable(data, name)
    shared = first_shared(states)
    if shared is not None:
        raise BindError(f"{label(shared[0])} and {label(shared[1])} share memory, and both are written")


def requests(graph: Graph, grad_req: Any) -> dict[str, str]:
    """Return the request for each argument's gradient, by name: 'write', 'add' or 'null'.

    Parameters
    ----------
    graph : Graph
    grad_req : str, list or dict
        One for all; one for each argument in order; or by name, where those left out are 'null'.

    Raises
    ------
    BindError, UnknownNameError
    """
    names = [n.name for n in graph.arguments]
    if isinstance(grad_req, str):
        found = dict.fromkeys(names, grad_req)
    elif isinstance(grad_req, dict):
        for name in grad_req:
            if name not in names:
                raise UnknownNameError(f"grad_req: {unknown('argument', name, names)}")
        found = {name: grad_req.get(name, "null") for name in names}
    elif isinstance(grad_req, (list, tuple)):
        if len(grad_req) != len(names):
            raise BindError(f"grad_req has length {len(grad_req)}, expected {len(names)}, one for each of "
                            f"{', '.join(map(label, names[:20]))}")
        found = dict(zip(names, grad_req))
    else:
        raise BindError(f"grad_req must be a str, a list or a dict, got {shown(grad_req)}")
    for name, req in found.items():
        if req not in GRAD_REQS:
            raise BindError(f"grad_req of {label(name)} must be one of {', '.join(map(repr, GRAD_REQS))}, "
                            f"got {shown(req)}")
    return found


def gradient_arrays(graph: Graph, args_grad: Any, reqs: Mapping[str, str], arrays: Mapping[str, NDArray],
                    ctx: Context) -> dict[str, NDArray]:
    """Return the caller's gradient arrays by argument, checked; those of ``'null'`` arguments are left out.

    Raises
    ------
    BindError, ShapeError, DTypeError, UnknownNameError
    """
    names = [n.name for n in graph.arguments]
    if isinstance(args_grad, dict):
        for name in args_grad:
            if name not in names:
                raise UnknownNameError(f"args_grad: {unknown('argument', name, names)}")
    given = by_name(args_grad, [n.name for n in graph.arguments], "args_grad")
    found = {}
    for name, value in given.items():
        if value is None or reqs[name] == "null":
            continue
        grad = as_array(value, f"args_grad[{shown(name)}]", ctx)
        data, like = grad._data, arrays[name]._data
        check_type(data, TensorType(like.shape, like.dtype), f"args_grad[{shown(name)}]")
        check_writable(data, f"args_grad[{shown(name)}]")
        others = [(f"args_grad[{shown(k)}]", g._data) for k, g in found.items()]
        others += [(k, a._data) for k, a in arrays.items()]
        for other, memory in others:
            if data.size and memory.size and np.may_share_memory(data, memory):
                raise BindError(f"args_grad[{shown(name)}] and {label(other)} share memory, and "
                                "the gradient is written")
        found[name] = grad
    return found


def head_arrays(graph: Graph, types: Mapping[Entry, TensorType], out_grads: Any) -> dict[int, np.ndarray]:
    """Return what arrives at the outputs, by number, checked.

    Parameters
    ----------
    graph : Graph
    types : dict of Entry to TensorType
    out_grads : array, list or dict of array
        One for the only output, in order, or by output name; None where nothing arrives.  Numbers of another dtype
        are converted, as `forward` converts inputs.

    Raises
    ------
    BindError, ShapeError, DTypeError, UnknownNameError
    """
    names = [e.node.output_name(e.index) for e in graph.outputs]
    if isinstance(out_grads, dict):
        for name in out_grads:
            if name not in names:
                raise UnknownNameError(f"out_grads: {unknown('output', name, names)}")
        given = [out_grads.get(name) for name in names]
    else:
        given = list(out_grads) if isinstance(out_grads, (list, tuple)) else [out_grads]
        if len(given) != len(names):
            raise BindError(f"out_grads has {counted(len(given), 'array')} for {counted(len(names), 'output')}: "
                            f"{', '.join(map(label, names[:20]))}")
    heads = {}
    for i, (name, value) in enumerate(zip(names, given)):
        if value is not None:
            shape = types[graph.outputs[i]].shape
            heads[i] = _numbers(value, f"out_grads[{shown(name)}]")
            if heads[i].shape != shape:
                raise ShapeError(f"out_grads[{shown(name)}]: expected shape {show_shape(shape)}, "
                                 f"got {show_shape(heads[i].shape)}")
    return heads


def inputs_for(values: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> list[tuple[np.ndarray, Any]]:
    """Return pairs of a bound array and what is to be copied into it, checked.

    Raises
    ------
    OperatorError, BindError, ShapeError, DTypeError
    """
    ready = []
    for name, value in values.items():
        target = arrays.get(name)
        if target is None:
            raise OperatorError(f"forward: {unknown('argument', name, arrays)}")
        ready.append(taken(value, target, f"forward: {shown(name)}"))
    return ready


def taken(value: Any, target: np.ndarray, name: str) -> tuple[np.ndarray, Any]:
    """Return a bound array and what `symbolic.engines.buffers.feed` is to give it, checked.

    Raises
    ------
    BindError, ShapeError, DTypeError
    """
    home = home_of(target) if elsewhere else None
    accepted = None if home is None else home.accept(value, name)
    return _copied(value, target, name) if accepted is None else (target, accepted)


def _copied(value: Any, target: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a bound array and what is to be copied into it, checked and of its dtype."""
    data = _numbers(value, name)
    if data.shape != target.shape and not (data.ndim == 0 and target.size == 1):
        raise ShapeError(f"{name} has shape {show_shape(target.shape)}, got an array of shape {show_shape(data.shape)}")
    check_writable(target, name)
    return target, np.asarray(data, target.dtype)


def _numbers(value: Any, name: str) -> np.ndarray:
    """Return what is given for an array as a NumPy array of numbers."""
    data = value._data if isinstance(value, NDArray) else value
    if hasattr(data, "__dlpack__") and not isinstance(data, (np.ndarray, np.generic)):
        data = np.asarray(data)  # an array of another library
    if not isinstance(data, (np.ndarray, np.generic, int, float)):
        raise BindError(f"{name} must be an NDArray, a numpy.ndarray or a number, got {shown(value)}{how_made(value)}")
    data = np.asarray(data)
    if data.dtype.kind not in "fiub" and not is_known(data.dtype):
        raise DTypeError(f"{label(name)} has unsupported dtype {data.dtype}; expected numbers")
    return data


def check_type(data: np.ndarray, type_: TensorType, name: str) -> None:
    """Raise where an array is not of a type."""
    if data.shape != type_.shape:
        raise ShapeError(f"{label(name)}: expected shape {show_shape(type_.shape)}, got {show_shape(data.shape)}")
    if data.dtype != type_.dtype:
        raise DTypeError(f"{label(name)}: expected dtype {type_.dtype}, got {data.dtype}")


def array_types(arrays: Mapping[str, np.ndarray]) -> dict[str, TensorType]:
    """Return the type of each array, its bytes in the processor's order; equal ones are one object."""
    known: dict[TensorType, TensorType] = {}
    return {name: known.setdefault(t := TensorType(a.shape, native(a.dtype)), t) for name, a in arrays.items()}
