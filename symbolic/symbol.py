"""Symbol: the handle on a graph that users hold; every method is a line into the rooms below."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ndarray import registry
from ndarray.arguments import flattened, sort_arguments
from ndarray.array import NDArray
from ndarray.errors import NotImplementedForSymbol, OperatorError, ParamError, shown
from ndarray.lazy import Later
from ndarray.params import text_of
from ndarray.text import counted, label
from symbolic.graph import compose
from symbolic.graph.attributes import HIDDEN, checked, is_attribute, visible
from symbolic.graph.graph import Graph

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from os import PathLike

    import networkx

    from ndarray.context import Context
    from ndarray.operator import Operator
    from ndarray.typing import ArrayLike, DTypeLike
    from symbolic.executor import Executor
    from symbolic.graph.node import Entry, Node
    from symbolic.methods import SymbolMethods
    from symbolic.runtime.monitor import NonFinite
else:
    SymbolMethods = object

answers = Later("symbolic.graph.answers")
differentiation, binding = Later("symbolic.autodiff.gradient"), Later("symbolic.bind")
json = Later("symbolic.save.json")
digraph, summary = Later("symbolic.show.digraph"), Later("symbolic.show.summary")
notebook = Later("symbolic.show.notebook")

_WITHOUT_VALUES = ("wait_to_read", "asnumpy", "asscalar", "copy", "as_in_context", "detach", "backward")


class Symbol(SymbolMethods):
    """One or more outputs of a graph of named operators.

    Made by `var`, by the operators of this package and by Python's arithmetic.  A Symbol never changes, but for the
    attributes of its own node.

    Parameters
    ----------
    graph : Graph

    Examples
    --------
    >>> import symbolic as sym
    >>> step = sym.signsgd_update(sym.var("w"), sym.var("g"), lr=0.1, name="step")
    >>> step, step.list_arguments(), step.list_outputs()
    (<Symbol step>, ['w', 'g'], ['step_output'])
    >>> import numpy as np
    >>> w, g = np.array([1.0, -2.0]), np.array([0.5, -0.1])
    >>> step.eval(w=w, g=g)[0].asnumpy()
    array([ 0.9, -1.9])
    """

    __slots__ = ("_graph",)
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    # Looking inside

    @property
    def graph(self) -> Graph:
        """The `Graph` behind this handle."""
        return self._graph

    @property
    def name(self) -> str | None:
        """The name of the node; None for a group of several nodes."""
        names = {id(e.node): e.node.name for e in self._graph.outputs}
        return next(iter(names.values())) if len(names) == 1 else None

    def __repr__(self) -> str:
        if self.name is not None:
            return f"<Symbol {label(self.name)}>"
        return f"<Symbol group [{', '.join(e.node.shown_name for e in self._graph.outputs)}]>"

    def _repr_mimebundle_(self, include: Collection[str] | None = None,
                          exclude: Collection[str] | None = None) -> dict[str, str]:
        return notebook.of_graph(self._graph, repr(self), include, exclude)

    def __len__(self) -> int:
        return len(self._graph.outputs)

    def __iter__(self) -> Iterator[Symbol]:
        return (Symbol(Graph([e])) for e in self._graph.outputs)

    def __getitem__(self, key: int | slice | str) -> Symbol:
        return Symbol(Graph(compose.pick(self._graph, key)))

    def list_arguments(self) -> list[str]:
        """Return the names of the variables that no node writes, in the order of first use.

        Examples
        --------
        >>> import symbolic as sym
        >>> net = sym.FullyConnected(sym.var("data"), num_hidden=3, name="fc")
        >>> net.list_arguments()
        ['data', 'fc_weight', 'fc_bias']
        """
        return [n.name for n in self._graph.arguments]

    def list_auxiliary_states(self) -> list[str]:
        """Return the names of the variables that some node writes.

        Examples
        --------
        >>> import symbolic as sym
        >>> sym.sgd_mom_update(sym.var("w"), sym.var("g"), lr=0.1, name="step").list_auxiliary_states()
        ['step_mom']
        """
        return [n.name for n in self._graph.auxiliary]

    def list_inputs(self) -> list[str]:
        """Return the names of all variables."""
        return [n.name for n in self._graph.variables]

    def list_outputs(self) -> list[str]:
        """Return the names of the outputs.

        Examples
        --------
        >>> import symbolic as sym
        >>> net = sym.FullyConnected(sym.var("data"), num_hidden=3, name="fc")
        >>> net.list_outputs()
        ['fc_output']
        """
        return [e.node.output_name(e.index) for e in self._graph.outputs]

    @property
    def num_outputs(self) -> int:
        """How many outputs there are."""
        return len(self)

    def get_internals(self) -> Symbol:
        """Return the group of every node's outputs, inputs first.

        Examples
        --------
        >>> import symbolic as sym
        >>> net = sym.tanh(sym.FullyConnected(sym.var("data"), num_hidden=3, name="fc"), name="act")
        >>> net.get_internals().list_outputs()
        ['data', 'fc_weight', 'fc_bias', 'fc_output', 'act_output']
        >>> net.get_internals()["fc_output"]
        <Symbol fc>
        """
        return Symbol(compose.internals(self._graph))

    def get_children(self) -> Symbol | None:
        """Return the group of the direct inputs; None for a variable.

        Examples
        --------
        >>> import symbolic as sym
        >>> net = sym.FullyConnected(sym.var("data"), num_hidden=3, name="fc")
        >>> net.get_children().list_outputs()
        ['data', 'fc_weight', 'fc_bias']
        """
        found = compose.children(self._graph)
        return None if found is None else Symbol(found)

    def attr(self, key: str) -> str | None:
        """Return an attribute of this node as text, None where it is absent.

        Examples
        --------
        >>> import symbolic as sym
        >>> sym.var("w", lr_mult=2).attr("__lr_mult__")
        '2'
        """
        return self.list_attr().get(key)

    def list_attr(self, recursive: bool = False) -> dict[str, str]:
        """Return parameters and attributes of this node, as text.

        Examples
        --------
        >>> import symbolic as sym
        >>> net = sym.FullyConnected(sym.var("data"), num_hidden=3, name="fc")
        >>> net.list_attr()
        {'num_hidden': '3'}
        """
        if recursive:
            raise ParamError("list_attr(recursive=True) does not exist any more; use attr_dict()")
        nodes = {id(e.node): e.node for e in self._graph.outputs}
        return _attrs_of(next(iter(nodes.values()))) if len(nodes) == 1 else {}

    def attr_dict(self) -> dict[str, dict[str, str]]:
        """Return parameters and attributes of every node that has some, by node name.

        Examples
        --------
        >>> import symbolic as sym
        >>> net = sym.FullyConnected(sym.var("data"), num_hidden=3, name="fc")
        >>> net.attr_dict()
        {'fc_weight': {'num_hidden': '3'}, 'fc_bias': {'num_hidden': '3'}, 'fc': {'num_hidden': '3'}}
        """
        return {n.name: a for n in self._graph.nodes if (a := _attrs_of(n))}

    def _set_attr(self, **attrs: str) -> None:
        """Attach attributes to this node; the Symbol is then that of the new node."""
        for key in attrs:
            near = next((h for h in HIDDEN if key.endswith(f"_{h}") and not key.startswith("__")), None)
            if near:
                raise ParamError(f"attribute {key} would not be seen by anything; set {near} on the variable itself")
        heads = {e.node for e in self._graph.outputs}
        if len(heads) != 1:
            raise ParamError("attributes are set on one node, and this is a group")
        self._graph = compose.with_attrs(self._graph, next(iter(heads)), checked(attrs))

    def debug_str(self) -> str:
        """Return the graph as text."""
        lines = ["Symbol Outputs:"]
        lines += [f"\toutput[{i}]={e.node.shown_name}({e.index})" for i, e in enumerate(self._graph.outputs)]
        return "\n".join([*lines, *(str(n) if n.op else f"Variable:{n.shown_name}" for n in self._graph.nodes)]) + "\n"

    def to_networkx(self, shape: Mapping[str, Sequence[int]] | None = None,
                    dtype: Mapping[str, DTypeLike] | DTypeLike | None = None) -> networkx.MultiDiGraph:
        """Return the graph as a `networkx.MultiDiGraph`; see `symbolic.show.digraph.to_networkx`."""
        return digraph.to_networkx(self._graph, shape, dtype)

    def tree(self, shape: Mapping[str, Sequence[int]] | None = None) -> str:
        """Return the graph as an indented tree of text.

        Examples
        --------
        >>> import symbolic as sym
        >>> net = sym.FullyConnected(sym.var("data"), num_hidden=3, name="fc")
        >>> print(net.tree(shape={"data": (8, 5)}))
        fc = FullyConnected(num_hidden=3)  8×3
          data  8×5
          fc_weight  3×5
          fc_bias  3
        """
        return summary.tree(self._graph, shape)

    # Composing

    def __call__(self, *args: Symbol, name: str | None = None, **named: Symbol) -> Symbol:
        """Return this graph with its free variables replaced, by position or by name.

        Parameters
        ----------
        *args : Symbol
            In the order of `list_arguments`, for a graph of one operator.
        name : str, optional
            Of the new node.
        **named : Symbol
            By the names of variables; the others stay.
        """
        for value in (*args, *named.values()):
            _check_symbol(value)
        return Symbol(compose.call(self._graph, [_entry(a) for a in args],
                                   {k: _entry(v) for k, v in named.items()}, name))

    # Saving

    def tojson(self, remove_amp_cast: bool = True) -> str:
        """Return the graph as MXNet's JSON.

        Examples
        --------
        >>> import symbolic as sym
        >>> net = sym.FullyConnected(sym.var("data"), num_hidden=3, name="fc")
        >>> sym.load_json(net.tojson()).list_arguments()
        ['data', 'fc_weight', 'fc_bias']
        """
        return json.dumps(self._graph)

    def save(self, fname: str | PathLike[str], remove_amp_cast: bool = True) -> None:
        """Write the graph to a file as MXNet's JSON, whole or not at all."""
        json.save(self._graph, fname)

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self.tojson(),)

    def __copy__(self) -> Symbol:
        return Symbol(self._graph)

    def __deepcopy__(self, memo: object) -> Symbol:
        return Symbol(self._graph)

    def __bool__(self) -> bool:
        raise NotImplementedForSymbol("a Symbol has no value, so it is neither true nor false; "
                                      "compare names, or bind and evaluate it")

    if not TYPE_CHECKING:  # which has the methods of operators from `SymbolMethods`
        def __getattr__(self, name: str) -> Any:
            if name in _WITHOUT_VALUES:
                # As methods that raise: code that only tests for such a method gets an answer.
                return partial(_refuse, name)
            op = registry.find(name) if not name.startswith("_") else None
            if op is None or not op.inputs:
                raise AttributeError(f"'Symbol' object has no attribute {name!r}")
            return partial(caller(op, name), self)

    def astype(self, dtype: DTypeLike) -> Symbol:
        """Return the elements in another dtype.

        Examples
        --------
        >>> import symbolic as sym
        >>> sym.var("x", dtype="float32").astype("float16").infer_type()[1]
        [<class 'numpy.float16'>]
        """
        return apply_op("Cast", self, dtype=dtype)

    def __abs__(self) -> Symbol:
        return apply_op("abs", self)

    def __neg__(self) -> Symbol:
        return apply_op("_mul_scalar", self, hint="_mulscalar", scalar=-1.0)

    # Inference

    def infer_shape(self, *args: Sequence[int] | None, **kwargs: Sequence[int] | None) -> tuple[Any, Any, Any]:
        """Infer all shapes from some.

        Parameters
        ----------
        *args, **kwargs : tuple of int
            Shapes of arguments, in order or by name; 0 marks an unknown dimension.

        Returns
        -------
        arg_shapes, out_shapes, aux_shapes : list of tuple, or None
            In the order of `list_arguments`, `list_outputs` and `list_auxiliary_states`.  None three times, with a
            warning, when not everything follows.

        Raises
        ------
        ShapeError
            Naming the node whose inputs do not fit.
        UnknownNameError
            For a name that no variable has.

        Examples
        --------
        >>> import symbolic as sym
        >>> net = sym.FullyConnected(sym.var("data"), num_hidden=3, name="fc")
        >>> net.infer_shape(data=(8, 5))
        ([(8, 5), (3, 5), (3,)], [(8, 3)], [])
        """
        found, missing = answers.shapes(self._graph, args, kwargs)
        if missing:
            warnings.warn(missing, UserWarning, stacklevel=2)
        return found

    def infer_shape_partial(self, *args: Sequence[int] | None, **kwargs: Sequence[int] | None
                            ) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]], list[tuple[int, ...]]]:
        """Infer as many shapes as follow: ``()`` is an unknown shape, 0 an unknown dimension.

        Examples
        --------
        >>> import symbolic as sym
        >>> net = sym.FullyConnected(sym.var("data"), num_hidden=3, name="fc")
        >>> net.infer_shape_partial()
        ([(), (3, 0), (3,)], [()], [])
        """
        return answers.shapes_so_far(self._graph, args, kwargs)

    def infer_type(self, *args: DTypeLike | None, **kwargs: DTypeLike | None) -> tuple[Any, Any, Any]:
        """Infer all dtypes from some.

        Returns
        -------
        arg_types, out_types, aux_types : list of type, or None
            None three times when not everything follows.

        Examples
        --------
        >>> import symbolic as sym
        >>> sym.Cast(sym.var("x", dtype="float32"), dtype="float16").infer_type()
        ([<class 'numpy.float32'>], [<class 'numpy.float16'>], [])
        """
        found = answers.dtypes_so_far(self._graph, args, kwargs)
        return (None, None, None) if any(t is None for part in found for t in part) else found

    def infer_type_partial(self, *args: DTypeLike | None,
                           **kwargs: DTypeLike | None) -> tuple[list[Any], list[Any], list[Any]]:
        """Infer as many dtypes as follow; None is unknown.

        Examples
        --------
        >>> import symbolic as sym
        >>> net = sym.FullyConnected(sym.var("data"), num_hidden=3, name="fc")
        >>> net.infer_type_partial()
        ([None, None, None], [None], [])
        """
        return answers.dtypes_so_far(self._graph, args, kwargs)

    # Differentiating

    def gradient(self, wrt: str | Symbol | Sequence[str | Symbol]) -> Symbol:
        """Return the gradient of the outputs, summed, with respect to variables (names) or symbols.

        Parameters
        ----------
        wrt : str, Symbol, or list of them

        Returns
        -------
        Symbol
            One output for each of `wrt`; see `symbolic.gradient`.

        Examples
        --------
        >>> import numpy as np, symbolic as sym
        >>> (grad,) = (sym.var("x") ** 2).gradient("x").eval(x=np.array([3.0]))
        >>> grad.asnumpy()
        array([6.])
        """
        return gradient(self, wrt)

    # Running

    def bind(self, ctx: Context | None = None, args: Sequence[ArrayLike] | Mapping[str, ArrayLike] | None = None,
             args_grad: Sequence[ArrayLike | None] | Mapping[str, ArrayLike | None] | None = None,
             grad_req: str | Sequence[str] | Mapping[str, str] = "write",
             aux_states: Sequence[ArrayLike] | Mapping[str, ArrayLike] | None = None, group2ctx: Any = None,
             shared_exec: Any = None,
             out: Sequence[ArrayLike | None] | Mapping[str, ArrayLike | None] | None = None, engine: str = "auto",
             nonfinite: NonFinite | None = None, mesh: Any = None, sharding: Any = None,
             huge_pages: bool = False) -> Executor:
        """Bind arrays, which are used in place, without copying, and return an `Executor`.

        Parameters
        ----------
        ctx : Context, optional
        args : list or dict of NDArray or numpy.ndarray
            In the order of `list_arguments` or by name; a dict may hold the states as well.
        args_grad : list or dict of array, optional
            Arrays that receive the gradients of arguments.
        grad_req : str, list or dict of str, optional
            What happens to them: ``'write'``, ``'add'`` or ``'null'``; names left out of a dict are null.
        aux_states : list or dict, optional
        group2ctx, shared_exec : optional
            Accepted as MXNet has them; there is one device.
        out : list or dict of array, optional
            Arrays that receive outputs, in the order of `list_outputs` or by name; ``out={"step_output": w}`` updates
            ``w`` in place, all or nothing.  An output that is left out, or None, gets memory of its own.
        engine : {'auto', 'eager', 'fused', 'xla'}, optional
        nonfinite : {None, 'raise', 'skip'}, optional
            What to do at the first node that gives NaN or infinity: raise, or do nothing; see `Executor.nonfinite`.
        mesh : jax.sharding.Mesh, optional
            The devices on which the engine ``'xla'`` runs, as ``symbolic.jax.make_mesh`` makes it.
        sharding : dict or callable, optional
            How arrays are split over the mesh: a dict from patterns of names, of which the first that fits counts, to a
            ``PartitionSpec``, a tuple, an axis, None, or a function of name and shape; or one such function for all.
            What is not named is whole on every device.  A pattern that fits no variable says how outputs of nodes are
            split within a step; a list of two moves them from the first way to the second.
        huge_pages : bool, optional
            Whether the memory of arrays from 2 MiB on is moved into huge pages, in place: a millisecond for each MiB
            now, a few per cent of each run later.  It takes Linux 6.1; elsewhere it has no effect, and a warning says
            so.  Memory that this package allocates is in huge pages anyway.

        Raises
        ------
        BindError
            If an array is missing, read-only where it is written, or shares memory with another that is written.
        ShapeError, DTypeError
            If an array does not fit the others, naming the node.
        UnknownNameError
            For a name in `out` or `args_grad` that the graph has not.

        Examples
        --------
        >>> import numpy as np, symbolic as sym
        >>> w, g = np.array([1.0, -2.0]), np.array([0.5, -0.1])
        >>> step = sym.signsgd_update(sym.var("w"), sym.var("g"), lr=0.5, name="step")
        >>> run = step.bind(args={"w": w, "g": g}, out={"step_output": w})
        >>> run.forward()[0].asnumpy(), w
        (array([ 0.5, -1.5]), array([ 0.5, -1.5]))
        """
        return binding.bind(self._graph, ctx, args, aux_states, out, engine, args_grad, grad_req, nonfinite, mesh,
                            sharding, huge_pages)

    def simple_bind(self, ctx: Context | None = None, grad_req: str | Sequence[str] | Mapping[str, str] = "write",
                    type_dict: Mapping[str, DTypeLike] | None = None, stype_dict: Any = None, group2ctx: Any = None,
                    shared_arg_names: Any = None, shared_exec: Any = None, shared_buffer: Any = None,
                    engine: str = "auto", mesh: Any = None, sharding: Any = None, **shapes: Sequence[int]) -> Executor:
        """Infer what `shapes` leave open, allocate zeros, bind them and return an `Executor`.

        Gradient arrays are allocated when they are first used, for the arguments that a gradient reaches.  What
        MXNet calls shared is accepted and shares nothing: arrays that two executors are to have in common go to `bind`.

        Examples
        --------
        >>> import symbolic as sym
        >>> net = sym.FullyConnected(sym.var("data"), num_hidden=3, name="fc")
        >>> run = net.simple_bind(data=(8, 5))
        >>> run.arg_dict["fc_weight"].shape
        (3, 5)
        """
        return binding.simple_bind(self._graph, ctx, shapes, type_dict, engine, grad_req, mesh, sharding)

    def eval(self, ctx: Context | None = None, **arrays: ArrayLike) -> list[NDArray]:
        """Bind the arrays, run once and return the list of outputs.

        Parameters
        ----------
        ctx : Context, optional
        **arrays : NDArray or numpy.ndarray
            By the names of variables.

        Examples
        --------
        >>> import numpy as np, symbolic as sym
        >>> (sym.var("a") * 2).eval(a=np.array([1.0, 2.0]))[0].asnumpy()
        array([2., 4.])
        """
        return self.bind(ctx, arrays).forward()


def _refuse(name: str, *args: object, **kwargs: object) -> NoReturn:
    raise NotImplementedForSymbol(f"a Symbol has no {name}: it holds no values until it is bound")


def _unpickled(text: str) -> Symbol:
    return Symbol(json.loads(text, json.UNLIMITED, unknown="keep"))


def _attrs_of(node: Node) -> dict[str, str]:
    return {k: text_of(v) for k, v in node.params} | visible(node.attrs)


def _entry(symbol: Symbol) -> Entry:
    outputs = symbol._graph.outputs
    if len(outputs) != 1:
        raise OperatorError(f"{symbol!r} has {len(symbol)} outputs, expected one; pick one: symbol[0]")
    return outputs[0]


def _check_symbol(value: object, what: str = "") -> None:
    if not isinstance(value, Symbol):
        hint = "; make a variable and bind the array to it" if isinstance(value, (NDArray, np.ndarray)) else ""
        raise OperatorError(f"{what}{': ' if what else ''}expected a Symbol, got {shown(value)}{hint}")


def caller(op: Operator, hint: str) -> Callable[..., Symbol]:
    """Return a new function that makes a node of an operator: inputs, then parameters, ``name=`` and ``attr=``.

    Attributes may be keywords as well: ``lr_mult=`` and its like, and any name between double underscores.

    Parameters
    ----------
    op : Operator
    hint : str
        What an automatic name starts with.
    """
    names = tuple([i.name for i in op.inputs])
    few, known = (-1 if op.many else len(names)), op.params.keys()

    def call(*args: Any, name: str | None = None, attr: Mapping[str, str] | None = None, **kwargs: Any) -> Symbol:
        if len(args) == few and kwargs.keys() <= known and all([type(a) is Symbol for a in args]):
            # Every input by position and nothing unknown: nothing to sort out.
            if kwargs:
                kwargs = {k: as_entries(v) for k, v in kwargs.items()}
            node = compose.apply(op, [_entry(s) for s in args], None, kwargs, name, attr, hint)
            return Symbol(Graph(node.outputs))
        symbols, named = flattened(args) if op.many else (), {}
        if not op.many:
            inputs, kwargs = sort_arguments(op, names, args, kwargs)
            named = {key: value for key, value in zip(names, inputs) if value is not None}
        if not kwargs.keys() <= known:
            hidden = {k: str(kwargs.pop(k)) for k in [k for k in kwargs if is_attribute(k)]}
            attr = hidden | dict(attr or {})
            # An operator on many tensors has inputs by name, too; what is neither, `apply` refuses.
            more = [k for k, v in kwargs.items() if isinstance(v, Symbol) and k not in known]
            named |= {k: kwargs.pop(k) for k in more}
        for key, value in (*enumerate(symbols), *named.items()):
            if not isinstance(value, Symbol):
                what = label(key) if isinstance(key, str) else f"input {key}"
                _check_symbol(value, f"{label(name or op.name)}: {what}")
        node = compose.apply(op, [_entry(s) for s in symbols], {k: _entry(s) for k, s in named.items()},
                             {k: as_entries(v) for k, v in kwargs.items()}, name, attr, hint)
        return Symbol(Graph(node.outputs))

    return call


def apply_op(op_name: str, *symbols: Symbol, hint: str | None = None, name: str | None = None,
             attr: Mapping[str, str] | None = None, **params: Any) -> Symbol:
    """Return the Symbol of an operator on symbols; parameters may be symbols as well."""
    node = compose.apply(registry.get(op_name), [_entry(s) for s in symbols], None, params, name, attr, hint)
    return Symbol(Graph(node.outputs))


def as_entries(value: Any) -> Any:
    """Return a parameter's value with entries in place of the symbols in it."""
    if isinstance(value, Symbol):
        return _entry(value)
    if isinstance(value, (tuple, list)) and any(isinstance(v, Symbol) for v in value):
        return tuple([as_entries(v) for v in value])
    return value


def gradient(loss: Symbol, wrt: str | Symbol | Sequence[str | Symbol],
             heads: Sequence[Symbol | None] | None = None) -> Symbol:
    """Return the gradient of a Symbol's outputs, summed, with respect to variables or symbols within it.

    Parameters
    ----------
    loss : Symbol
    wrt : str, Symbol, or list of them
        Names of variables, or symbols of one output.
    heads : list of (Symbol or None), optional
        What arrives at each output; ones when left out.

    Returns
    -------
    Symbol
        One output for each of `wrt`, of its shape and dtype; zeros where nothing flows.  It can be differentiated
        again.

    Raises
    ------
    NotDifferentiableError, UnknownNameError

    Examples
    --------
    >>> import numpy as np
    >>> import symbolic as sym
    >>> x = sym.var("x")
    >>> grad = gradient(x * x, "x")
    >>> grad.list_outputs(), grad.eval(x=np.array([3.0]))[0].asnumpy()
    (['x_grad_output'], array([6.]))
    """
    _check_symbol(loss)
    named = wrt if isinstance(wrt, (list, tuple)) else [wrt]
    targets = differentiation.entries_of(loss._graph, [_entry(w) if isinstance(w, Symbol) else w for w in named])
    arriving = None if heads is None else [None if h is None else _entry(h) for h in heads]
    if arriving is not None and len(arriving) != len(loss):
        raise OperatorError(f"gradient: {counted(len(arriving), 'head')} for {counted(len(loss), 'output')}")
    return Symbol(differentiation.gradient(loss._graph, targets, arriving))
