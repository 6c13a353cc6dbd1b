"""A graph with arrays bound to it: run it, look at its arrays, bind it anew."""

import threading
from functools import cached_property

import numpy as np

from ndarray.array import NDArray
from ndarray.call import check_writable
from ndarray.context import Context, current_context
from ndarray.dtypes import DEFAULT, dtype_of, is_known
from ndarray.errors import BindError, DTypeError, OperatorError, ShapeError, UnknownNameError, shown, unknown
from ndarray.tensortype import TensorType, show_shape
from symbolic import engines
from symbolic.bound import Bound
from symbolic.infer import from_mxnet_shape, infer
from symbolic.node import Entry


def bind(graph, ctx, args=None, aux_states=None, out=None, engine="auto"):
    """Bind arrays to a graph.

    Parameters
    ----------
    graph : Graph
    ctx : Context or None
    args : list or dict of NDArray or numpy.ndarray
        In the order of ``graph.arguments``, or by name; states may be among those given by name.
    aux_states : list or dict of NDArray or numpy.ndarray, optional
        In the order of ``graph.auxiliary``, or by name.
    out : dict of str to array, optional
        Arrays that receive outputs, by output name; one may be an argument, which is then updated in place.
    engine : str, optional
        One of `symbolic.engines.ENGINES`, or ``"auto"``.

    Returns
    -------
    Executor
        Uses the arrays where they lie; nothing is copied.

    Raises
    ------
    BindError, ShapeError, DTypeError, UnknownNameError
        Before anything is allocated or written.
    """
    ctx = check_context(ctx)
    given = _by_name(args, graph.arguments, "args")
    given |= _by_name(aux_states, graph.auxiliary, "aux_states")
    missing = [n.name for n in graph.variables if n.name not in given]
    if missing:
        kind = "args" if missing[0] in {n.name for n in graph.arguments} else "aux_states"
        raise BindError(f"key `{missing[0]}` is missing in `{kind}`; not given: {', '.join(missing)}")
    _check_doubles(graph.variables)
    arrays = {n.name: as_array(given[n.name], n.name, ctx) for n in graph.variables}
    known = {name: TensorType(a.shape, a._data.dtype.newbyteorder("=")) for name, a in arrays.items()}
    types = infer(graph, known)
    outputs = _outputs(graph, types, out or {}, arrays, ctx)
    _check_written(graph, arrays)
    return Executor(graph, arrays, outputs, types, engine, ctx)


def check_context(ctx):
    """Return the context; raise where it is none."""
    if ctx is None:
        return current_context()
    if not isinstance(ctx, Context):
        raise OperatorError(f"ctx must be a Context such as cpu(), got {shown(ctx)}")
    return ctx


def as_array(value, name, ctx):
    """Return a bound array as an NDArray over the caller's memory."""
    if isinstance(value, NDArray):
        return value
    if isinstance(value, np.ndarray):
        if not is_known(value.dtype.newbyteorder("=")):
            raise DTypeError(f"`{name}` has dtype {value.dtype}, which no array here has")
        return NDArray(value, ctx)
    raise BindError(f"`{name}` must be an NDArray or a numpy.ndarray, got {shown(value)}")


def _by_name(given, variables, what):
    """Return arrays by variable name, from a list in order or a dict."""
    if given is None:
        return {}
    if isinstance(given, dict):
        return dict(given)
    if not isinstance(given, (list, tuple)):
        raise BindError(f"`{what}` must be a list or a dict of arrays, got {shown(given)}")
    if len(given) != len(variables):
        names = ", ".join(n.name for n in variables[:20])
        raise BindError(f"`{what}` has {len(given)} arrays for {len(variables)} variables: {names}")
    return {n.name: a for n, a in zip(variables, given)}


def _check_doubles(variables):
    seen = set()
    for node in variables:
        if node.name in seen:
            raise BindError(f"two variables are called `{node.name}`; arrays are bound by name, so give each its own")
        seen.add(node.name)


def _outputs(graph, types, out, arrays, ctx):
    """Return the array of each output: the caller's where `out` names one, else a new one."""
    names = [e.node.output_name(e.index) for e in graph.outputs]
    for name in out:
        if name not in names:
            raise UnknownNameError(f"out: {unknown('output', name, names)}")
    result, taken = [], []
    for name, entry in zip(names, graph.outputs):
        type_ = types[entry]
        if not type_.known:
            raise ShapeError(f"output {name} has type {type_}, which the bound arrays do not settle")
        if name not in out:
            result.append(NDArray(np.zeros(type_.shape, type_.dtype), ctx))
            continue
        target = as_array(out[name], f"out[{name!r}]", ctx)
        data = target._data
        if data.shape != type_.shape:
            raise ShapeError(f"out[{name!r}]: expected shape {show_shape(type_.shape)}, got {show_shape(data.shape)}")
        if data.dtype != type_.dtype:
            raise DTypeError(f"out[{name!r}]: expected dtype {type_.dtype}, got {data.dtype}")
        check_writable(data, f"out[{name!r}]")
        taken.append((f"out[{name!r}]", data))
        result.append(target)
    states = [(n.name, arrays[n.name]._data) for n in graph.written]
    for i, (name, data) in enumerate(taken):
        for other, memory in (*taken[:i], *states):
            if np.may_share_memory(data, memory) and data.size and memory.size:
                raise BindError(f"{name} and {other} share memory, and both are written")
    return result


def _check_written(graph, arrays):
    states = [(n.name, arrays[n.name]._data) for n in graph.written]
    for i, (name, data) in enumerate(states):
        check_writable(data, name)
        for other, memory in states[:i]:
            if np.may_share_memory(data, memory) and data.size and memory.size:
                raise BindError(f"{other} and {name} share memory, and both are written")


def simple_bind(graph, ctx, shapes, type_dict=None, engine="auto"):
    """Infer all types from some shapes, allocate zeros and bind them.

    Raises
    ------
    BindError
        When the shapes do not settle every type, naming what is missing.
    """
    ctx = check_context(ctx)
    names = {n.name for n in graph.variables}
    dtypes = {name: dtype_of(d) for name, d in (type_dict or {}).items()}
    known = {}
    for name in (*shapes, *dtypes):
        if name not in names:
            raise UnknownNameError(f"simple_bind: {unknown('variable', name, names)}")
        shape = shapes.get(name)
        if shape is not None and not isinstance(shape, (tuple, list)):
            raise BindError(f"simple_bind: the shape of {name} must be a tuple, got {shown(shape)}")
        known[name] = TensorType(None if shape is None else from_mxnet_shape(shape), dtypes.get(name))
    types = infer(graph, known)
    if any(types[Entry(n)].dtype is None for n in graph.variables):
        # Where no dtype follows from anything, arrays are float32, as `zeros` makes them.
        defaults = {n.name: TensorType(types[Entry(n)].shape, types[Entry(n)].dtype or DEFAULT)
                    for n in graph.variables}
        types = infer(graph, defaults)
    open_ = [n.name for n in graph.variables if not types[Entry(n)].known]
    if open_:
        raise BindError(f"simple_bind: the shapes of {', '.join(open_)} do not follow from {shown(shapes)}")
    arrays = {n.name: NDArray(np.zeros(*types[Entry(n)]), ctx) for n in graph.variables}
    return bind(graph, ctx, arrays, engine=engine)


class Executor:
    """A graph and its arrays, ready to run.  Made by `Symbol.bind`, `Symbol.simple_bind`.

    Attributes
    ----------
    arg_dict, aux_dict : dict of str to NDArray
        The bound arguments and states; write into these arrays and the next `forward` sees it.
    outputs : list of NDArray
        In the order of `Symbol.list_outputs`; the next `forward` writes into the same arrays.
    """

    def __init__(self, graph, arrays, outputs, types, engine, ctx):
        self.graph = graph
        self.engine = engine
        self._ctx = ctx
        self._types = types
        self._arrays = arrays
        self.arg_dict = {n.name: arrays[n.name] for n in graph.arguments}
        self.aux_dict = {n.name: arrays[n.name] for n in graph.auxiliary}
        self.outputs = outputs
        self._lock = threading.Lock()
        self._monitor = None
        bound = Bound(tuple(_native(arrays[n.name]._data) for n in graph.variables),
                      tuple(o._data for o in outputs), types)
        self._program = engines.choose(engine, graph, bound)(graph, bound)

    @property
    def arg_arrays(self):
        """The arguments, in the order of `Symbol.list_arguments`."""
        return list(self.arg_dict.values())

    @property
    def aux_arrays(self):
        """The states, in the order of `Symbol.list_auxiliary_states`."""
        return list(self.aux_dict.values())

    @cached_property
    def output_dict(self):
        """The outputs by name."""
        return dict(zip([e.node.output_name(e.index) for e in self.graph.outputs], self.outputs))

    def forward(self, is_train=False, **inputs):
        """Run the graph once, all or nothing.

        Parameters
        ----------
        is_train : bool, optional
            Whether operators that differ in training (dropout, batch normalisation) are to train.
        **inputs : NDArray or numpy.ndarray
            Copied into the arrays bound under these names first.

        Returns
        -------
        list of NDArray
            `outputs`: the same list, the same arrays.
        """
        with self._lock:
            if inputs:
                self._feed(inputs)
            if self._monitor is None:
                self._program()
            else:
                self._run_monitored()
        return self.outputs

    def _feed(self, inputs):
        ready = []
        for name, value in inputs.items():
            target = self._arrays.get(name)
            if target is None:
                raise OperatorError(f"forward: {unknown('argument', name, self._arrays)}")
            data = value._data if isinstance(value, NDArray) else value
            if not isinstance(data, (np.ndarray, np.generic, int, float)):
                raise BindError(f"forward: `{name}` must be an NDArray, a numpy.ndarray or a number, got {shown(value)}")
            data = np.asarray(data)
            if data.shape != target.shape and not (data.ndim == 0 and target.size == 1):
                raise ShapeError(f"Shape not match! Argument {name}, need: {show_shape(target.shape)}, "
                                 f"received: {show_shape(data.shape)}")
            check_writable(target._data, name)
            ready.append((target._data, data))
        for target, data in ready:
            target[...] = data

    def _run_monitored(self):
        from symbolic.engines.eager import compile as compile_eager

        callback, every = self._monitor
        program = compile_eager(self.graph, self._program.bound)

        def visit(node, inputs, outputs):
            if every:
                for name, value in zip(node.input_names, inputs):
                    callback(f"{node.name}_{name}", NDArray(np.array(value), self._ctx))
            for i, value in enumerate(outputs):
                callback(node.output_name(i), NDArray(np.array(value), self._ctx))

        program(visit)

    def copy_params_from(self, arg_params, aux_params=None, allow_extra_params=False):
        """Copy values into the bound arrays, cast to their dtype.

        Raises
        ------
        UnknownNameError
            For a name that is not bound, unless `allow_extra_params`.
        ShapeError
        """
        ready = []
        for given, bound, kind in ((arg_params, self.arg_dict, "argument"), (aux_params or {}, self.aux_dict, "state")):
            for name, value in given.items():
                if name not in bound:
                    if allow_extra_params:
                        continue
                    raise UnknownNameError(f"copy_params_from: {unknown(kind, name, bound)}")
                data = value._data if isinstance(value, NDArray) else np.asarray(value)
                if data.shape != bound[name].shape:
                    raise ShapeError(f"copy_params_from: {name} has shape {show_shape(bound[name].shape)}, "
                                     f"got {show_shape(data.shape)}")
                ready.append((bound[name]._data, data))
        for target, data in ready:
            target[...] = data

    def set_monitor_callback(self, callback, monitor_all=False):
        """Call ``callback(name, array)`` with a copy of every node's outputs; None stops it.

        Parameters
        ----------
        callback : callable or None
        monitor_all : bool, optional
            Inputs as well, called ``<node>_<input>``.
        """
        self._monitor = None if callback is None else (callback, monitor_all)

    def reshape(self, partial_shaping=False, allow_up_sizing=False, **shapes):
        """Return an executor for other input shapes; arrays that fit share their memory with this one's.

        Parameters
        ----------
        partial_shaping : bool, optional
            Arguments that were not named may change shape as well.
        allow_up_sizing : bool, optional
            Arrays may grow, into new memory.
        **shapes : tuple of int

        Raises
        ------
        ShapeError
            Naming the argument that would change or grow.
        """
        known = {name: TensorType(from_mxnet_shape(shape)) for name, shape in shapes.items()}
        for name in shapes:
            if name not in self._arrays:
                raise OperatorError(f"reshape: {unknown('argument', name, self._arrays)}")
        dtypes = {name: TensorType(known.get(name, TensorType()).shape, a._data.dtype)
                  for name, a in self._arrays.items()}
        types = infer(self.graph, dtypes)
        arrays = {}
        for node in self.graph.variables:
            old, new = self._arrays[node.name], types[Entry(node)]
            shape = new.shape if new.known else old.shape
            if shape != old.shape and node.name not in shapes and not partial_shaping:
                raise ShapeError(f"reshape: {node.name} would change from {show_shape(old.shape)} to "
                                 f"{show_shape(shape)}; pass partial_shaping=True to allow it")
            arrays[node.name] = _reshaped(old, shape, node.name, allow_up_sizing, self._ctx)
        return bind(self.graph, self._ctx, arrays, engine=self.engine)

    def debug_str(self):
        """Return the graph and its schedule as text."""
        return f"{self.graph}\n{self._program.describe()}"

    def __repr__(self):
        names = ", ".join(self.output_dict)
        return f"<Executor of {names}: {len(self.arg_dict)} arguments, {len(self.aux_dict)} states, engine {self.engine}>"


def _native(data):
    return data if data.dtype.isnative else data.astype(data.dtype.newbyteorder("="))


def _reshaped(old, shape, name, allow_up_sizing, ctx):
    if shape == old.shape:
        return old
    size = int(np.prod(shape))
    if size <= old.size and old._data.flags.c_contiguous:
        return NDArray(old._data.reshape(-1)[:size].reshape(shape), ctx)
    if not allow_up_sizing and size > old.size:
        raise ShapeError(f"reshape: {name} would grow from {show_shape(old.shape)} to {show_shape(shape)}; "
                         "pass allow_up_sizing=True to allocate new memory")
    return NDArray(np.zeros(shape, old._data.dtype), ctx)
