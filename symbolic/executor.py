"""A graph with arrays bound to it: run it forwards and back, look at its arrays, bind it anew."""

import numpy as np

from ndarray.array import NDArray
from ndarray.cached import cached_property
from ndarray.errors import BindError, OperatorError, ShapeError, UnknownNameError, shown, unknown
from ndarray.lazy import Later
from ndarray.tensortype import TensorType, show_shape
from symbolic.graph.infer import from_mxnet_shape, infer
from symbolic.graph.node import Entry
from symbolic.graph.unregistered import refuse_unregistered
from symbolic.inspection import Inspection
from symbolic.passes.fill_shapes import fill_shapes
from symbolic.passes.set_training import training
from symbolic.runtime.checks import (
    as_array,
    by_name,
    check_context,
    check_doubles,
    check_states,
    gradient_arrays,
    head_arrays,
    inferred,
    inputs_for,
    output_arrays,
    requests,
)
from symbolic.runtime.compiled import BackRun, Run
from symbolic.runtime.monitor import Callback, Record, refuse_non_finite
from symbolic.runtime.run_lock import turn_of

backpass = Later("symbolic.autodiff.partition")


def bind(graph, ctx, args=None, aux_states=None, out=None, engine="auto", args_grad=None, grad_req="write", watch=None):
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
    args_grad : list or dict of array, optional
        Arrays that receive gradients, by argument; None, and those left out of a dict, receive none.
    grad_req : str, list or dict, optional
        ``'write'``, ``'add'`` or ``'null'``: for all, in order, or by name.
    watch : {None, 'nonfinite'}, optional
        See `Executor.watch_finite`.

    Returns
    -------
    Executor
        Uses the arrays where they lie; nothing is copied.

    Raises
    ------
    BindError, ShapeError, DTypeError, UnknownNameError
        Before anything is allocated or written.
    """
    refuse_unregistered(graph, "bind")
    ctx = check_context(ctx)
    reqs = requests(graph, grad_req)
    if watch not in (None, "nonfinite"):
        raise BindError(f"watch must be None or 'nonfinite', got {shown(watch)}")
    given = by_name(args, graph.arguments, "args")
    given |= by_name(aux_states, graph.auxiliary, "aux_states")
    missing = [n.name for n in graph.variables if n.name not in given]
    if missing:
        kind = "args" if missing[0] in {n.name for n in graph.arguments} else "aux_states"
        raise BindError(f"key `{missing[0]}` is missing in `{kind}`; not given: {', '.join(missing)}")
    check_doubles(graph.variables)
    arrays = {n.name: as_array(given[n.name], n.name, ctx) for n in graph.variables}
    known = {name: TensorType(a.shape, a._data.dtype.newbyteorder("=")) for name, a in arrays.items()}
    types = infer(graph, known)
    grads = gradient_arrays(graph, args_grad, reqs, arrays, ctx)
    outputs = output_arrays(graph, types, out or {}, arrays, ctx)
    check_states(graph, arrays)
    reqs = {name: req if name in grads else "null" for name, req in reqs.items()}
    executor = Executor(graph, arrays, outputs, types, engine, ctx, reqs, grads, frozenset(out or ()))
    if watch:
        executor.watch_finite()
    return executor


def simple_bind(graph, ctx, shapes, type_dict=None, engine="auto", grad_req="write"):
    """Infer all types from some shapes, allocate zeros and bind them.

    Gradient arrays are allocated when they are first asked for, for the arguments that a gradient reaches.

    Raises
    ------
    BindError
        When the shapes do not settle every type, naming what is missing.
    """
    ctx = check_context(ctx)
    reqs = requests(graph, grad_req)
    types = inferred(graph, shapes, type_dict)
    arrays = {n.name: NDArray(np.zeros(*types[Entry(n)]), ctx) for n in graph.variables}
    executor = bind(graph, ctx, arrays, engine=engine)
    executor._reqs, executor._grads = reqs, None
    return executor


class Executor(Inspection):
    """A graph and its arrays, ready to run.  Made by `Symbol.bind`, `Symbol.simple_bind`.

    One thread at a time runs it; others wait for their turn.

    Attributes
    ----------
    arg_dict, aux_dict : dict of str to NDArray
        The bound arguments and states; write into these arrays and the next `forward` sees it.
    outputs : list of NDArray
        In the order of `Symbol.list_outputs`; the next `forward` writes into the same arrays.

    Examples
    --------
    >>> import numpy as np, symbolic as sym
    >>> x, grad = np.array([3.0]), np.zeros(1)
    >>> run = sym.make_loss(sym.square(sym.var("x")), name="cost").bind(args={"x": x}, args_grad={"x": grad})
    >>> run.forward(is_train=True)[0].asnumpy()
    array([9.])
    >>> run.backward()
    >>> grad
    array([6.])
    """

    def __init__(self, graph, arrays, outputs, types, engine, ctx, reqs, grads, in_place):
        self.graph, self._filled = graph, fill_shapes(graph, types)
        self.engine = engine
        self._ctx = ctx
        self._types = types
        self._arrays = arrays
        self.arg_dict = {n.name: arrays[n.name] for n in graph.arguments}
        self.aux_dict = {n.name: arrays[n.name] for n in graph.auxiliary}
        self.outputs = outputs
        self._reqs, self._grads, self._in_place = reqs, grads, in_place
        self._lock = turn_of(self)
        self._callback, self._records, self._watching = None, [], False
        self._memory = {name: _native(a._data) for name, a in arrays.items()}
        self._forwards, self._backs = {}, {}
        self._mode, self._kept = None, None
        self._program = self._forward_run(False).program

    # Arrays

    @property
    def arg_arrays(self):
        """The arguments, in the order of `Symbol.list_arguments`."""
        return list(self.arg_dict.values())

    @property
    def aux_arrays(self):
        """The states, in the order of `Symbol.list_auxiliary_states`."""
        return list(self.aux_dict.values())

    @property
    def grad_dict(self):
        """The gradient of each argument by name, None where none is wanted or none reaches it."""
        grads = self._gradients()
        return {name: grads.get(name) for name in self.arg_dict}

    @property
    def grad_arrays(self):
        """The gradients, in the order of `Symbol.list_arguments`."""
        return list(self.grad_dict.values())

    @cached_property
    def output_dict(self):
        """The outputs by name."""
        return dict(zip([e.node.output_name(e.index) for e in self.graph.outputs], self.outputs))

    def _gradients(self):
        """Return the gradient arrays by argument, allocated when they are first asked for."""
        if self._grads is None:
            with self._lock:
                wanted = [Entry(n) for n in self.graph.arguments if self._reqs[n.name] != "null"]
                wanted = {e.node.name for e in backpass.reached(self.graph, wanted) if self._types[e].dtype.kind == "f"}
                self._reqs = {name: req if name in wanted else "null" for name, req in self._reqs.items()}
                self._grads = self._grads or {name: NDArray(np.zeros_like(a._data), self._ctx)
                                              for name, a in self.arg_dict.items() if name in wanted}
        return self._grads

    # Running

    def forward(self, is_train=False, **inputs):
        """Run the graph once, all or nothing.

        Parameters
        ----------
        is_train : bool, optional
            Whether operators that differ in training (dropout, batch normalisation) are to train, and what `backward`
            needs is to be kept.
        **inputs : NDArray or numpy.ndarray
            Copied into the arrays bound under these names first.

        Returns
        -------
        list of NDArray
            `outputs`: the same list, the same arrays.

        Raises
        ------
        OperatorError, BindError, ShapeError
            Before anything is written.
        NonFiniteError
            While `watch_finite` is on.

        Examples
        --------
        >>> import numpy as np, symbolic as sym
        >>> run = sym.exp(sym.var("x"), name="e").bind(args={"x": np.zeros(2)})
        >>> run.forward()[0].asnumpy()
        array([1., 1.])
        >>> run.forward(x=np.ones(2))[0].asnumpy().round(3)
        array([2.718, 2.718])
        """
        with self._lock:
            before = self._feed(inputs) if inputs else ()
            try:
                self._run_forward(bool(is_train))
            except BaseException:
                for target, old in before:
                    target[...] = old
                raise
        return self.outputs

    def _run_forward(self, is_train):
        self._mode, self._kept = is_train, None
        # What the graph changes cannot be computed anew afterwards.
        if self._gradients() if is_train else self._grads and (self.graph.written or self._in_place):
            back = self._back_run(self._heads_expected())
            back.forward(self._visits())
            self._kept = back
        else:
            self._forward_run(is_train)(self._visits())

    def backward(self, out_grads=None, is_train=True):
        """Compute the gradients of the last `forward` into `grad_dict`, all or nothing.

        Parameters
        ----------
        out_grads : array, list or dict of array, optional
            What arrives at the outputs: one for the only output, in order, or by output name.  Losses
            (``make_loss``, ``SoftmaxOutput`` …) ask for nothing.
        is_train : bool, optional
            The mode, where `forward` has not run; otherwise it is that of `forward`.

        Raises
        ------
        BindError
            If no argument has a gradient, or an output that is no loss has no head.
        ShapeError, DTypeError, UnknownNameError

        Examples
        --------
        >>> import numpy as np, symbolic as sym
        >>> x = np.array([3.0])
        >>> run = sym.square(sym.var("x")).bind(args={"x": x}, args_grad={"x": np.zeros(1)})
        >>> outputs = run.forward(is_train=True)
        >>> run.backward(out_grads=np.array([10.0]))
        >>> run.grad_dict["x"].asnumpy()
        array([60.])
        """
        with self._lock:
            if not self._gradients():
                raise BindError("backward: no argument has a gradient array; bind with args_grad, or with simple_bind "
                                "and grad_req other than 'null'")
            if self._mode is None:
                self._mode = bool(is_train)
            heads = {} if out_grads is None else head_arrays(self.graph, self._types, out_grads, self._ctx)
            if out_grads is None and (needing := backpass.needing_heads(self.graph, self._wrt())):
                names = ", ".join([e.node.output_name(e.index) for e in [self.graph.outputs[i] for i in sorted(needing)]])
                raise BindError(f"backward: {names} {'is no loss' if len(needing) == 1 else 'are no losses'}, so out_grads "
                                "must say what arrives there; or end the graph with make_loss")
            back = self._back_run(frozenset(heads))
            for i, head in heads.items():
                back.heads[i][...] = head
            (back.backward if back is self._kept else back.whole)(self._visits())

    def _wrt(self):
        by_name_ = {n.name: n for n in self.graph.arguments}
        return [Entry(by_name_[name]) for name in self._grads]

    def _heads_expected(self):
        """Return at which outputs heads will arrive: as in the last `backward`, or where no loss is."""
        for mode, given in reversed(self._backs):
            if mode == self._mode:
                return given
        return backpass.needing_heads(self.graph, self._wrt())

    def _forward_run(self, is_train):
        if is_train not in self._forwards:
            graph = training(self._filled) if is_train else self._filled
            if graph is self._filled and self._forwards:
                return next(iter(self._forwards.values()))
            types = self._types if graph is self.graph else infer(graph, self._known())
            self._forwards[is_train] = Run(graph, self._memory, [o._data for o in self.outputs], types, self.engine)
        return self._forwards[is_train]

    def _back_run(self, given):
        key = self._mode, given
        if key in self._backs:
            self._backs[key] = self._backs.pop(key)
        else:
            graph = training(self._filled) if self._mode else self._filled
            changing = set(graph.written) | {n for n in graph.variables if any(
                np.may_share_memory(self._arrays[n.name]._data, self.output_dict[o]._data) for o in self._in_place)}
            parts = backpass.split(graph, self._known(), self._wrt(), given, changing)
            self._backs[key] = BackRun(
                parts, self._memory, [o._data for o in self.outputs], {n: g._data for n, g in self._grads.items()},
                {name for name, req in self._reqs.items() if req == "add"}, self.engine)
        return self._backs[key]

    def _feed(self, inputs):
        """Copy what is given into the bound arrays; return these with copies of what they held."""
        ready = inputs_for(inputs, self._arrays)
        before = [(target, target.copy()) for target, _ in ready]
        for target, data in ready:
            target[...] = data
        return before

    def _known(self):
        return {name: TensorType(a.shape, a._data.dtype.newbyteorder("=")) for name, a in self._arrays.items()}

    # Looking on

    def _visits(self):
        return [*([self._callback] if self._callback else ()), *self._records,
                *([refuse_non_finite] if self._watching else ())]

    def set_monitor_callback(self, callback, monitor_all=False):
        """Call ``callback(name, array)`` with a copy of every node's outputs; None stops it.

        Parameters
        ----------
        callback : callable or None
        monitor_all : bool, optional
            Inputs as well, called ``<node>_<input>``.

        Examples
        --------
        >>> import numpy as np, symbolic as sym
        >>> run = sym.exp(sym.var("x"), name="e").bind(args={"x": np.zeros(2)})
        >>> run.set_monitor_callback(lambda name, array: print(name, array.asnumpy()))
        >>> outputs = run.forward()
        e_output [1. 1.]
        """
        self._callback = None if callback is None else Callback(callback, monitor_all, self._ctx)

    def monitor(self, pattern=".*", stat=None):
        """Return a dict that every run fills anew with copies of the outputs of nodes.

        Parameters
        ----------
        pattern : str, optional
            A regular expression that the whole name of an output matches, as in ``"fc1_.*"``.
        stat : callable, optional
            What to keep instead of a copy: ``stat(array)`` of a NumPy array.

        Returns
        -------
        dict of str to object

        Examples
        --------
        >>> import numpy as np, symbolic as sym
        >>> run = sym.exp(sym.negative(sym.var("x"), name="n")).bind(args={"x": np.array([0.0, 2.0])})
        >>> seen = run.monitor("n_.*", stat=np.min)
        >>> outputs = run.forward()
        >>> seen
        {'n_output': np.float64(-2.0)}
        """
        record = Record(pattern, stat, self._ctx)
        self._records.append(record)
        return record

    def watch_finite(self, on=True):
        """Raise `NonFiniteError` at the first node that gives NaN or infinity, and then write nothing.

        While it is on, nodes run one by one, with the eager engine.

        Examples
        --------
        >>> import numpy as np, symbolic as sym
        >>> run = sym.log(sym.var("x"), name="low").bind(args={"x": np.array([-1.0])})
        >>> run.watch_finite()
        >>> run.forward()  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        ndarray.errors.NonFiniteError: low_output (log) is float64[1], 1 of 1 not finite (1 NaN, 0 infinite)
        ...
        """
        self._watching = on

    # Binding anew

    def copy_params_from(self, arg_params, aux_params=None, allow_extra_params=False):
        """Copy values into the bound arrays, cast to their dtype.

        Raises
        ------
        UnknownNameError
            For a name that is not bound, unless `allow_extra_params`.
        ShapeError

        Examples
        --------
        >>> import numpy as np, symbolic as sym
        >>> run = sym.exp(sym.var("x"), name="e").bind(args={"x": np.zeros(2)})
        >>> run.copy_params_from({"x": np.ones(2)})
        >>> run.arg_dict["x"].tolist()
        [1.0, 1.0]
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

        Examples
        --------
        >>> import numpy as np, symbolic as sym
        >>> run = sym.exp(sym.var("x"), name="e").bind(args={"x": np.zeros(2)})
        >>> run.reshape(x=(1,)).forward()[0].asnumpy()
        array([1.])
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
        out = {}
        for name in self._in_place:
            out[name] = arrays[self._same_as(name)] if self._same_as(name) else self.output_dict[name]
        executor = bind(self.graph, self._ctx, arrays, out=out, engine=self.engine)
        executor._reqs = dict(self._reqs)
        executor._grads = None if self._grads is None else {
            name: _reshaped(g, arrays[name].shape, f"the gradient of {name}", allow_up_sizing, self._ctx)
            for name, g in self._grads.items()}
        executor._callback, executor._records, executor._watching = self._callback, self._records, self._watching
        return executor

    def _same_as(self, name):
        """Return the argument whose array receives an output, if one does."""
        return next((n for n, a in self._arrays.items() if a._data is self.output_dict[name]._data), None)

    def debug_str(self):
        """Return the graph and its schedule as text."""
        return f"{self.graph}\n{self._program.describe()}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        from symbolic.show.notebook import of_executor  # which only notebooks need

        return of_executor(self, repr(self), include, exclude)

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
