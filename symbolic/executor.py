"""A graph with arrays bound to it: run it forwards and back, look at its arrays, bind it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from ndarray.array import NDArray
from ndarray.cached import cached_property
from ndarray.context import Context
from ndarray.dtypes import is_floating
from ndarray.errors import BindError, NonFiniteError, OperatorError, ShapeError, UnknownNameError, unknown
from ndarray.generator import drawn_keys, next_keys
from ndarray.kernels.signals import deferred
from ndarray.lazy import Later
from ndarray.tensortype import TensorType, show_shape
from ndarray.text import counted, label
from symbolic import engines
from symbolic.engines.buffers import commit, feed, undoing
from symbolic.graph.graph import Graph
from symbolic.graph.infer import from_mxnet_shape, infer
from symbolic.graph.node import Entry
from symbolic.passes.fill_shapes import fill_shapes
from symbolic.runtime.checks import (
    array_types,
    head_arrays,
    inputs_for,
    output_arrays,
    taken,
)
from symbolic.runtime.compiled import CompiledGradient, CompiledGraph
from symbolic.runtime.modes import Modes
from symbolic.runtime.monitor import Callback, Monitors, Record, check_non_finite
from symbolic.runtime.run_lock import lock_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ndarray.typing import ArrayLike, Number
    from symbolic.diagnostics.memory import MemoryUse
    from symbolic.diagnostics.numerics import Numerics
    from symbolic.diagnostics.profile import Profile
    from symbolic.graph.node import Node
    from symbolic.runtime.monitor import NonFinite

partition = Later("symbolic.autodiff.partition")
_profile, _numerics, _memory = (Later("symbolic.diagnostics.profile"), Later("symbolic.diagnostics.numerics"),
                                Later("symbolic.diagnostics.memory"))


class Executor:
    """A graph and its arrays, ready to run.  Made by `Symbol.bind`, `Symbol.simple_bind`.

    One thread at a time runs it; others wait for their turn.

    Attributes
    ----------
    arg_dict, aux_dict : dict of str to NDArray
        The bound arguments and states; write into these arrays and the next `forward` sees it.
    outputs : list of NDArray
        In the order of `Symbol.list_outputs`; the next `forward` writes into the same arrays.
    skipped : str or None
        With ``nonfinite="skip"``, why the last run did nothing; None where it did something.
    placement : object or None
        With ``mesh=`` or a context under ``engine="xla"``: which part of each array is on which device.

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

    _grads: dict[str, NDArray] | Any  # None until first asked for

    def __init__(self, graph: Graph, *, arrays: dict[str, NDArray], outputs: list[NDArray],
                 types: dict[Entry, TensorType], engine: str, ctx: Context, grad_reqs: dict[str, str],
                 grads: dict[str, NDArray] | None = None, in_place: frozenset[str] = frozenset(),
                 monitors: Monitors | None = None, placement: Any = None) -> None:
        self.graph, self._modes = graph, Modes(fill_shapes(graph, types))
        self.engine = engine
        self._ctx = ctx
        self._types = types
        self._arrays = arrays
        self.arg_dict: dict[str, NDArray] = {n.name: arrays[n.name] for n in graph.arguments}
        self.aux_dict: dict[str, NDArray] = {n.name: arrays[n.name] for n in graph.auxiliary}
        self.outputs: list[NDArray] = outputs
        self._grad_reqs, self._grads, self._zeros, self._in_place = grad_reqs, grads, {}, in_place
        self._lock, self._running = lock_of(self), False
        self.skipped: str | None = None
        self._monitors = monitors or Monitors()
        self.placement = placement
        own = {id(a) for a in arrays.values()}
        results = {name: o for name, o in zip(self._output_names(), outputs) if id(o) not in own}
        self._adopted = [home for each in (arrays, grads or {}, results)
                         for home in engines.adopt(engine, each, placement)]
        self._memory = {name: a._data for name, a in arrays.items()}
        self._compiled_graphs, self._compiled_gradients = {}, {}
        self._ready: dict[bool, Callable[[], object]] = {}  # what a step is now, where it is one call
        self._parts: list[Executor] = []
        self._mode: bool | None = None
        self._kept: CompiledGradient | None = None
        self._program = self._compiled_forward(False).program

    # Arrays

    @property
    def arg_arrays(self) -> list[NDArray]:
        """The arguments, in the order of `Symbol.list_arguments`."""
        return list(self.arg_dict.values())

    @property
    def aux_arrays(self) -> list[NDArray]:
        """The states, in the order of `Symbol.list_auxiliary_states`."""
        return list(self.aux_dict.values())

    @property
    def grad_dict(self) -> dict[str, NDArray | None]:
        """The gradient of each argument by name, None where none was asked for."""
        grads = self._gradients()
        return {name: grads.get(name, self._zeros.get(name)) for name in self.arg_dict}

    @property
    def grad_arrays(self) -> list[NDArray | None]:
        """The gradients, in the order of `Symbol.list_arguments`."""
        return list(self.grad_dict.values())

    @cached_property
    def output_dict(self) -> dict[str, NDArray]:
        """The outputs by name."""
        return dict(zip(self._output_names(), self.outputs))

    def _output_names(self) -> list[str]:
        return [e.node.output_name(e.index) for e in self.graph.outputs]

    def _gradients(self) -> dict[str, NDArray]:
        """Return the arrays of the gradients that are computed, by argument, allocated when first asked for."""
        if self._grads is None:
            with self._lock:
                self._ready.clear()
                asked = [Entry(n) for n in self.graph.arguments if self._grad_reqs[n.name] != "null"]
                asked = [e for e in asked if is_floating(self._types[e].dtype)]
                reached = {e.node.name for e in partition.reached(self.graph, asked)}
                new = engines.zeros(self.engine, [self._types[e] for e in asked], self._ctx)
                made = dict(zip([e.node.name for e in asked], new))
                self._grad_reqs = {name: req if name in reached else "null" for name, req in self._grad_reqs.items()}
                self._zeros = {name: a for name, a in made.items() if name not in reached}
                self._grads = {name: a for name, a in made.items() if name in reached}
                self._adopted += engines.adopt(self.engine, self._grads, self.placement)
        return self._grads

    # Running

    def forward(self, is_train: bool = False, **inputs: ArrayLike | Number) -> list[NDArray]:
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
            With ``nonfinite="raise"``.

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
            if self._running:  # a call fewer where a step takes a microsecond
                self._check_idle("forward")
            self._running = True
            try:
                is_train = bool(is_train)
                program = None if inputs else self._ready.get(is_train)
                if program is not None:
                    program()
                    self._mode, self._kept = is_train, None
                elif inputs or self._modes[is_train].keys:
                    self._run(is_train, inputs_for(inputs, self._memory), self._run_forward)
                else:
                    self._run_forward(is_train)
            except NonFiniteError as error:
                self._skip(error)
            else:
                self.skipped = None
            finally:
                self._running = False
        return self.outputs

    def _skip(self, error: NonFiniteError) -> None:
        """Note why a run did nothing, or raise."""
        if self._monitors.nonfinite != "skip":
            raise error
        self.skipped = str(error)

    def _check_idle(self, what: str) -> None:
        if self._running:
            raise BindError(f"{what}: this executor is running, and a monitor of it cannot run it as well; nothing was "
                            "written")

    def _run(self, is_train: bool, ready: Sequence[tuple[np.ndarray, Any]],
             run: Callable[[bool], object]) -> None:
        """Copy what is given into the bound arrays, draw keys, and run; undo both where the run fails."""
        keys = self._modes[is_train].keys.values()
        with deferred(), drawn_keys(len(keys)) if keys else nullcontext(()) as drawn:
            undo = feed([*(t for t, _ in ready), *keys], [*(v for _, v in ready), *drawn])
            try:
                run(is_train)
            except BaseException:
                undo()
                raise

    def _run_forward(self, is_train: bool) -> None:
        kept, visits = None, self._monitors.visits()
        # What the graph changes cannot be computed again afterwards.
        if self._gradients() if is_train else self._grads and (self.graph.written or self._in_place):
            kept = self._compiled_gradient(is_train, self._heads_expected(is_train))
            kept.forward(visits)
        else:
            compiled = self._compiled_forward(is_train)
            compiled(visits)
            if not (visits or self._modes[is_train].keys):
                self._ready[is_train] = getattr(compiled.program, "run", compiled.program)
        self._mode, self._kept = is_train, kept

    def backward(self, out_grads: ArrayLike | Sequence[ArrayLike | None] | Mapping[str, ArrayLike] | None = None,
                 is_train: bool = True) -> None:
        """Compute the gradients of the last `forward` into `grad_dict`, all or nothing.

        Parameters
        ----------
        out_grads : array, list or dict of array, optional
            What arrives at the outputs: one for the only output, in order, or by output name.  Losses
            (``make_loss``, ``SoftmaxOutput`` …) need none.
        is_train : bool, optional
            The mode, where `forward` has not run; otherwise it is that of `forward`.

        Raises
        ------
        BindError
            If no argument has a gradient, or none is given for an output that is not a loss.
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
            self._check_idle("backward")
            self._running = True
            try:
                if self._mode is None:
                    self._run(bool(is_train), [], partial(self._run_backward, out_grads))
                    self._mode = bool(is_train)
                else:
                    self._run_backward(out_grads, self._mode)
            except NonFiniteError as error:
                self._skip(error)
            else:
                self.skipped = None
            finally:
                self._running = False

    def _run_backward(self, out_grads: Any, is_train: bool) -> None:
        if not self._gradients() and not self._zeros:
            raise BindError("backward: no argument has a gradient array; bind with args_grad, or with simple_bind and "
                            "grad_req other than 'null'")
        heads = {} if out_grads is None else head_arrays(self.graph, self._types, out_grads)
        if out_grads is None and (needing := partition.needing_heads(self.graph, self._wrt())):
            names = ", ".join([e.node.output_name(e.index) for e in [self.graph.outputs[i] for i in sorted(needing)]])
            raise BindError(f"backward: {names} {'is not a loss' if len(needing) == 1 else 'are not losses'}: give the "
                            "gradient in out_grads, or end the graph with make_loss")
        if self._grads:
            compiled = self._compiled_gradient(is_train, frozenset(heads))
            for i, head in heads.items():
                compiled.heads[i][...] = head
            (compiled.backward if compiled is self._kept else compiled.whole)(self._monitors.visits())

    def _wrt(self) -> list[Entry]:
        arguments = {n.name: n for n in self.graph.arguments}
        return [Entry(arguments[name]) for name in self._grads]

    def _heads_expected(self, is_train: bool) -> frozenset[int]:
        """Return at which outputs heads will arrive: as in the last `backward`, or where there is no loss."""
        for mode, given in reversed(self._compiled_gradients):
            if mode == is_train:
                return given
        return partition.needing_heads(self.graph, self._wrt())

    def _compiled_forward(self, is_train: bool) -> CompiledGraph:
        compiled = self._compiled_graphs.get(is_train)
        if compiled is None:
            graph, keys = self._modes[is_train]
            other = self._compiled_graphs.get(not is_train)
            if other is not None and other.graph is graph:
                compiled = other
            else:
                arrays = self._memory | keys
                types = self._types if graph is self.graph else infer(graph, array_types(arrays))
                compiled = CompiledGraph(graph, arrays, [o._data for o in self.outputs], types, self.engine,
                                         self.placement)
            self._compiled_graphs[is_train] = compiled
        return compiled

    def _compiled_gradient(self, is_train: bool, given: frozenset[int]) -> CompiledGradient:
        key = is_train, given
        if key in self._compiled_gradients:
            self._compiled_gradients[key] = self._compiled_gradients.pop(key)
        else:
            graph, keys = self._modes[is_train]
            arrays = self._memory | keys
            changing = set(graph.written) | {n for n in graph.variables if any(
                np.may_share_memory(arrays[n.name], self.output_dict[o]._data) for o in self._in_place)}
            parts = partition.split(graph, array_types(arrays), self._wrt(), given, changing)
            self._compiled_gradients[key] = CompiledGradient(
                parts, arrays, [o._data for o in self.outputs], {n: g._data for n, g in self._grads.items()},
                {name for name, req in self._grad_reqs.items() if req == "add"}, self.engine, self.placement)
        return self._compiled_gradients[key]

    # Monitors

    def set_monitor_callback(self, callback: Callable[[str, NDArray], object] | None,
                             monitor_all: bool = False) -> None:
        """Call ``callback(name, array)`` with a copy of every node's outputs; None stops it.

        Parameters
        ----------
        callback : callable or None
        monitor_all : bool, optional
            Inputs as well, named ``<node>_<input>``.

        Examples
        --------
        >>> import numpy as np, symbolic as sym
        >>> run = sym.exp(sym.var("x"), name="e").bind(args={"x": np.zeros(2)})
        >>> run.set_monitor_callback(lambda name, array: print(name, array.asnumpy()))
        >>> outputs = run.forward()
        e_output [1. 1.]
        """
        with self._lock:
            self._look_again()
            self._monitors.callback = None if callback is None else Callback(callback, monitor_all, self._ctx)

    def monitor(self, pattern: str = ".*", stat: Callable[[np.ndarray], Any] | None = None) -> dict[str, Any]:
        """Return a dict that every run fills with copies of the outputs of nodes.

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
        with self._lock:
            self._look_again()
            self._monitors.records.append(record)
        return record

    @property
    def nonfinite(self) -> NonFinite | None:
        """What a run does at the first node that gives NaN or infinity; it may be set.

        With ``"raise"`` it raises `NonFiniteError`, which names the node, and with ``"skip"`` it leaves that in
        `skipped`; either way nothing is written.  Then nodes run one by one, with the eager engine.  None looks at no
        values.

        Examples
        --------
        >>> import numpy as np, symbolic as sym
        >>> run = sym.log(sym.var("x"), name="low").bind(args={"x": np.array([-1.0])})
        >>> run.nonfinite = "raise"
        >>> run.forward()  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        ndarray.errors.NonFiniteError: low_output (log) is float64[1], 1 of 1 not finite (1 NaN, 0 infinite)
        ...
        >>> run.nonfinite = "skip"
        >>> outputs = run.forward()
        >>> run.skipped.partition(" is ")[0]
        'low_output (log)'
        """
        return self._monitors.nonfinite

    @nonfinite.setter
    def nonfinite(self, value: NonFinite | None) -> None:
        check_non_finite(value)
        with self._lock:
            self._look_again()
            self._monitors.nonfinite = value

    def _look_again(self) -> None:
        """Let the next run, here and of parts, see which monitors there are."""
        for each in (self, *self._parts):
            each._ready.clear()

    # Measuring: whatever runs, all arrays are afterwards as before

    def profile(self, steps: int = 20, is_train: bool = False) -> Profile:
        """Measure what each node takes (engine ``eager``), or each fused loop.

        The steps are real, and undone: each starts from the arrays as they are now, and afterwards outputs, states,
        gradients and random states hold what they held.  This takes a copy of all that a step writes.  Monitors and
        `nonfinite` do not look on.

        Parameters
        ----------
        steps : int, optional
            How many are measured, alternately piece by piece and whole; one more, to warm up, is not counted.
        is_train : bool, optional
            Measure a training step: with gradients forward and back, where some are bound.

        Returns
        -------
        Profile
            Prints as a table; `symbolic.diagnostics.profile.Profile.rows` are its data, ``save("trace.json")`` writes
            it for Perfetto, and ``plot_network(symbol, overlays=[profile])`` draws it.

        Raises
        ------
        ParamError
            If `steps` is not a positive integer.

        Examples
        --------
        >>> import numpy as np, symbolic as sym
        >>> step = sym.signsgd_update(sym.var("w"), sym.var("g"), lr=0.1, name="step")
        >>> run = step.bind(args={"w": np.ones(8, "f4"), "g": np.ones(8, "f4")}, engine="eager")
        >>> profile = run.profile(steps=3)
        >>> [(row.name, row.calls, row.read, row.written) for row in profile.rows]
        [('step', 3, 64, 32), ('(results)', 3, 32, 32)]
        """
        with self._lock:
            self._check_idle("a measurement")
            compiled, known = self._step(bool(is_train))
            programs = [each.program for each in compiled]
            return _profile.measure(programs, steps, self._undoing(compiled, is_train), known)

    def numerics(self, is_train: bool = False) -> Numerics:
        """Look at every value of the step that `forward` would run next: least, most, norm, how many are not finite.

        The step is real, with the eager engine, and undone as in `profile`.  To look at the steps of a training as
        they come, see ``monitor(stat=symbolic.diagnostics.numerics.statistics)``.

        Parameters
        ----------
        is_train : bool, optional
            Look at a training step: with gradients forward and back, where some are bound.

        Returns
        -------
        Numerics
            Prints as a table; `symbolic.diagnostics.numerics.Numerics.rows` are its data, ``nonfinite`` those that are
            not finite, and ``plot_network(symbol, overlays=[numerics])`` draws it.

        Examples
        --------
        >>> import numpy as np, symbolic as sym
        >>> run = sym.log(sym.var("x"), name="l").bind(args={"x": np.array([1.0, 0.0])})
        >>> [(row.name, row.of.infinite) for row in run.numerics().nonfinite]
        [('l_output', 1)]
        """
        with self._lock:
            self._check_idle("a measurement")
            compiled, known = self._step(bool(is_train))
            return _numerics.collect(compiled, self.graph, self._arrays, self._undoing(compiled, is_train), known)

    def memory(self, is_train: bool = False) -> MemoryUse:
        """Return what memory a step takes: bound arrays, values that share an array, and temporary values.

        Nothing runs.

        Parameters
        ----------
        is_train : bool, optional
            Of a training step: with gradients forward and back, where some are bound.

        Returns
        -------
        MemoryUse
            Prints as a table; `symbolic.diagnostics.memory.MemoryUse.rows` are its data, and
            ``plot_network(symbol, overlays=[memory])`` draws it.

        Examples
        --------
        >>> import numpy as np, symbolic as sym
        >>> step, w = sym.signsgd_update(sym.var("w"), sym.var("g"), lr=0.1, name="step"), np.ones(8, "f4")
        >>> use = step.bind(args={"w": w, "g": np.ones(8, "f4")}, out={"step_output": w}).memory()
        >>> use.bound, use.in_place
        (64, {'step_output': 'w'})
        """
        with self._lock:
            self._check_idle("a measurement")
            compiled, known = self._step(bool(is_train))
            return _memory.memory_use(compiled, self.graph, self.output_dict, self._arrays, known)

    def _step(self, is_train: bool) -> tuple[list[CompiledGraph], dict[Node, Node]]:
        """Return what a step runs, and for its nodes those of the graph that was bound."""
        if is_train and self._gradients():
            gradient = self._compiled_gradient(True, self._heads_expected(True))
            compiled = [gradient.first, gradient.second]
        else:
            compiled = [self._compiled_forward(is_train)]
        # A graph that runs has other nodes, one for one and in the same order, and variables for its keys.
        nodes = [n for n in compiled[0].graph.nodes if n.op is not None or n.name not in self._modes[is_train].keys]
        return compiled, dict(zip(nodes, self.graph.nodes, strict=True))

    def _undoing(self, compiled: Sequence[CompiledGraph], is_train: bool) -> Callable[[Callable[[], object]], None]:
        """Return ``around(run)``, which calls `run` with the keys of the next step, and then undoes what it wrote."""
        keys = [*self._modes[bool(is_train)].keys.values()]
        around = undoing([*(target for each in compiled for target in each.targets), *keys])
        if not keys:
            return around

        def drawn(run: Callable[[], object]) -> None:
            commit(keys, next_keys(len(keys)))
            run()

        return lambda run: around(partial(drawn, run))

    # Binding again

    def copy_params_from(self, arg_params: Mapping[str, ArrayLike], aux_params: Mapping[str, ArrayLike] | None = None,
                         allow_extra_params: bool = False) -> None:
        """Copy values into the bound arrays, converted to their dtype; all of them or none.

        Raises
        ------
        UnknownNameError
            For a name that is not bound, unless `allow_extra_params`.
        ShapeError, DTypeError, BindError
            Before anything is written.

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
                data = value if isinstance(value, NDArray) or hasattr(value, "__dlpack__") else np.asarray(value)
                ready.append(taken(data, self._memory[name], f"copy_params_from: {label(name)}"))
        with self._lock, deferred():
            self._check_idle("copy_params_from")
            feed([target for target, _ in ready], [data for _, data in ready])

    def reshape(self, partial_shaping: bool = False, allow_up_sizing: bool = False,
                **shapes: Sequence[int]) -> Executor:
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
                raise ShapeError(f"reshape: {label(node.name)} would change from {show_shape(old.shape)} to "
                                 f"{show_shape(shape)}; pass partial_shaping=True to allow it")
            arrays[node.name] = _reshaped(old, shape, node.name, allow_up_sizing, self._ctx)
        out = {}
        for name in self._in_place:
            out[name] = arrays[self._same_as(name)] if self._same_as(name) else self.output_dict[name]
        types = infer(self.graph, array_types({name: a._data for name, a in arrays.items()}))
        grads = None if self._grads is None else {
            name: _reshaped(g, arrays[name].shape, f"the gradient of {name}", allow_up_sizing, self._ctx)
            for name, g in self._grads.items()}
        outputs = output_arrays(self.graph, types, out, arrays, self.engine, self._ctx)
        monitors = replace(self._monitors, records=list(self._monitors.records))
        return Executor(self.graph, arrays=arrays, outputs=outputs, types=types, engine=self.engine, ctx=self._ctx,
                        grad_reqs=dict(self._grad_reqs), grads=grads, in_place=self._in_place, monitors=monitors,
                        placement=self.placement)

    def part(self, graph: Graph) -> Executor:
        """Return an executor of some of this one's outputs: of the same arrays, under the same monitors.

        Parameters
        ----------
        graph : Graph
            Its outputs are some of this graph's, entry for entry.

        Returns
        -------
        Executor

        Examples
        --------
        >>> import numpy as np, symbolic as sym
        >>> x = sym.var("x")
        >>> low, high = sym.floor(x, name="low"), sym.ceil(x, name="high")
        >>> run = sym.Group([low, high]).bind(args={"x": np.array([0.5])})
        >>> outputs = run.part(low.graph).forward(x=np.array([2.5]))
        >>> run.outputs[0].asnumpy(), run.outputs[1].asnumpy(), run.arg_dict["x"].asnumpy()
        (array([2.]), array([0.]), array([2.5]))
        """
        arrays = {n.name: self._arrays[n.name] for n in graph.variables}
        bound = dict(zip(self.graph.outputs, self.outputs))
        outputs = [bound[entry] for entry in graph.outputs]
        names = {e.node.output_name(e.index) for e in graph.outputs}
        types = infer(graph, array_types({name: a._data for name, a in arrays.items()}))
        with self._lock:
            self._check_idle("part")
            made = _Part(self, graph, arrays=arrays, outputs=outputs, types=types, engine=self.engine, ctx=self._ctx,
                         grad_reqs={n.name: self._grad_reqs[n.name] for n in graph.arguments},
                         in_place=self._in_place & names, monitors=self._monitors, placement=self.placement)
            self._parts.append(made)
        return made

    def _same_as(self, name: str) -> str | None:
        """Return the argument whose array receives an output, if one does."""
        return next((n for n, a in self._arrays.items() if a._data is self.output_dict[name]._data), None)

    def debug_str(self) -> str:
        """Return the graph and its schedule as text."""
        return f"{self.graph}\n{self._program.describe()}"

    def _repr_mimebundle_(self, include: Collection[str] | None = None,
                          exclude: Collection[str] | None = None) -> dict[str, str]:
        from symbolic.show.notebook import of_executor  # which only notebooks need

        return of_executor(self, repr(self), include, exclude)

    def __reduce__(self) -> Any:
        raise OperatorError("an Executor is neither copied nor pickled: copy or pickle the Symbol and the arrays, and "
                            "bind them")

    def __repr__(self) -> str:
        names = ", ".join(map(label, self.output_dict))
        return (f"<Executor of {names}: {counted(len(self.arg_dict), 'argument')}, "
                f"{counted(len(self.aux_dict), 'state')}, engine {self.engine}>")


def _reshaped(old: NDArray, shape: tuple[int, ...], name: str, allow_up_sizing: bool, ctx: Context) -> NDArray:
    if shape == old.shape:
        return old
    size = int(np.prod(shape))
    if size <= old.size and old._data.flags.c_contiguous:
        return NDArray(np.asarray(old).reshape(-1)[:size].reshape(shape), ctx)
    if not allow_up_sizing and size > old.size:
        raise ShapeError(f"reshape: {label(name)} would grow from {show_shape(old.shape)} to {show_shape(shape)}; "
                         "pass allow_up_sizing=True to allocate new memory")
    return NDArray(np.zeros(shape, old._data.dtype), ctx)


class _Part(Executor):
    """Some outputs of another executor, which writes the same arrays: while one of the two runs, so does the other."""

    def __init__(self, whole: Executor, graph: Graph, **facts: Any) -> None:
        self._whole, self._alone = ref(whole), False  # The whole one has its parts; a circle would keep the arrays.
        super().__init__(graph, **facts)
        self._lock = whole._lock

    @property
    def _running(self) -> bool:
        whole = self._whole()
        return self._alone if whole is None else whole._running

    @_running.setter
    def _running(self, running: bool) -> None:
        whole = self._whole()
        if whole is None:
            self._alone = running
        else:
            whole._running = running
