"""A Symbol as a pure function of JAX arrays."""

import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ndarray.array import NDArray
from ndarray.dtypes import DEFAULT, NAMES, is_known, native
from ndarray.errors import BindError, DTypeError, OperatorError, ShapeError, UnknownNameError, shown, unknown
from ndarray.tensortype import TensorType, show_shape
from ndarray.text import label
from symbolic.engines.xla.rules import run_by_rule
from symbolic.engines.xla.words import wide
from symbolic.graph.graph import Graph
from symbolic.graph.infer import infer
from symbolic.graph.node import Entry
from symbolic.graph.unregistered import refuse_unregistered
from symbolic.graph.walk import walk
from symbolic.passes.feed_keys import feed_keys
from symbolic.passes.fill_shapes import fill_shapes
from symbolic.passes.set_training import training
from symbolic.runtime.checks import check_doubles
from symbolic.symbol import Symbol


def function(symbol: Symbol, *, train: bool = False) -> "Function":
    """Return a Symbol as a pure function of JAX arrays, for `jax.jit`, `jax.grad`, `jax.vmap` and the others.

    Parameters
    ----------
    symbol : Symbol
    train : bool, optional
        Whether operators that differ in training (dropout, batch normalisation) are to train.

    Returns
    -------
    Function
        ``f(values)`` takes one dict by the names of arguments and states, and returns ``(outputs, states)``: the
        outputs by name, and the new values of the states by name.

    Raises
    ------
    OperatorError
        If it is not a Symbol.
    BindError
        If two variables or two outputs have one name.

    Examples
    --------
    >>> import jax, symbolic as sym, symbolic.jax as sj
    >>> f = sj.function(sym.signsgd_update(sym.var("w"), sym.var("g"), lr=sym.var("lr"), name="step"))
    >>> f
    <JAX function of w, g, lr for step_output>
    >>> outputs, states = jax.jit(f)({"w": jax.numpy.ones(2), "g": jax.numpy.array([3.0, -1.0]), "lr": 0.5})
    >>> outputs["step_output"], states
    (Array([0.5, 1.5], dtype=float32), {})
    """
    return Function(symbol, train=train)


class Function:
    """A pure function ``f(values) -> (outputs, states)`` of dicts of arrays by name; see `function`.

    It changes none of its inputs, and takes any shapes and dtypes, one after the other.  Numbers and arrays of one
    element may be given for each other.  Gradients follow the declared rules of the operators, so that `jax.grad` gives
    what `Symbol.gradient` gives, at kinks and through losses too.  An index that is out of range gives NaN or 0.

    Parameters
    ----------
    symbol : Symbol
    train : bool, optional

    Attributes
    ----------
    arguments, states, outputs : list of str
        Names, as `Symbol.list_arguments`, `Symbol.list_auxiliary_states` and `Symbol.list_outputs` give them.
    keys : list of str
        Further inputs, an integer each: what decides the numbers of operators that draw random ones.
    """

    def __init__(self, symbol: Symbol, *, train: bool = False) -> None:
        if not isinstance(symbol, Symbol):
            raise OperatorError(f"expected a Symbol, got {shown(symbol)}")
        refuse_unregistered(symbol.graph, "function")
        self._made_of = symbol, train
        self._graph, keys = feed_keys(training(symbol.graph) if train else symbol.graph)
        check_doubles(self._graph.variables)
        self.arguments, self.states = symbol.list_arguments(), symbol.list_auxiliary_states()
        self.outputs = symbol.list_outputs()
        self.keys = [n.name for n in keys]
        self._names = [n.name for n in self._graph.variables]
        self.__name__ = symbol.name or "group"
        for name in self.outputs:
            if self.outputs.count(name) > 1:
                raise BindError(f"two outputs are named {shown(name)}; give each node its own name")

    def __repr__(self) -> str:
        names = ", ".join(map(label, self.arguments + self.states + self.keys))
        return f"<JAX function of {names} for {', '.join(map(label, self.outputs))}>"

    def __reduce__(self) -> tuple:
        return _remade, self._made_of

    def __call__(self, values: Mapping[str, Any], /) -> tuple[dict[str, jax.Array], dict[str, jax.Array]]:
        """Return the outputs and the new states.

        Parameters
        ----------
        values : dict of str to (array or number)
            Of every argument and state.

        Raises
        ------
        BindError
            If a value is missing, or is not an array or a number.
        UnknownNameError
            For a name that is not one of theirs.
        ShapeError, DTypeError
            Where types meet that cannot hold together.
        """
        with wide():
            return self._run(self._named(values))

    def _named(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values as JAX's, checked by name."""
        if not isinstance(values, Mapping):
            raise BindError(f"{self._title}: expected a dict of arrays by name, got {shown(values)}")
        for name in values:
            if name not in self._names:
                raise UnknownNameError(f"{self._title}: {unknown('variable', name, self._names)}")
        missing = [name for name in self._names if name not in values]
        if missing:
            raise BindError(f"{self._title}: no value is given for {', '.join(map(label, missing))}")
        return {name: as_value(values[name], name) for name in self._names}

    @property
    def _title(self) -> str:
        return f"function of {label(self.__name__)}"

    def _run(self, given: Mapping[str, Any]) -> tuple[dict[str, jax.Array], dict[str, jax.Array]]:
        # Outside of `wide` an array of whole numbers has 32 bits.
        widened = {name: lax.convert_element_type(given[name], np.int64) for name in (*self.keys, *self._narrow(given))}
        graph, arrays = settled(self._graph, {**given, **widened}, self._title)
        outputs, written = walk(graph, {n: arrays[n.name] for n in graph.variables}, run_by_rule)
        return (dict(zip(self.outputs, map(jnp.asarray, outputs), strict=True)),
                {n.name: jnp.asarray(written[n], given[n.name].dtype if n.name in widened else None)
                 for n in graph.written})

    def _narrow(self, given: Mapping[str, Any]) -> list[str]:
        """Return the names of arrays of int32 where the graph takes int64, such as keys of random numbers."""
        found = [n for n in self._graph.variables if getattr(given[n.name], "dtype", None) == np.int32]
        if not found:
            return []
        known = {name: _known(value) for name, value in given.items()}
        types = infer(self._graph, known | {n.name: TensorType(known[n.name].shape) for n in found})
        return [n.name for n in found if types[Entry(n)].dtype == np.int64]


def _remade(symbol: Symbol, train: bool) -> Function:
    """Return a function that was pickled or copied."""
    return Function(symbol, train=train)


def as_value(value: Any, name: str) -> Any:
    """Return what is given for a variable as a number or an array of JAX's; NumPy's memory is copied.

    Raises
    ------
    BindError, DTypeError
    """
    if isinstance(value, NDArray):
        value = value.asnumpy()
    if isinstance(value, (bool, int, float)):
        return value
    if not isinstance(value, (jax.Array, np.ndarray, np.generic)):
        raise BindError(f"`{label(name)}` must be an array or a number, got {shown(value)}")
    if jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key):
        raise DTypeError(f"`{label(name)}` must be an integer, got a key of jax.random; draw one from it, such as "
                         "jax.random.randint(key, (), 0, 2**31 - 1)")
    if not is_known(value.dtype if isinstance(value, jax.Array) else native(value.dtype)):
        raise DTypeError(f"`{label(name)}` has unsupported dtype {value.dtype}; supported: {', '.join(NAMES)}")
    if isinstance(value, jax.Array):
        return value
    return jnp.asarray(np.array(value, native(value.dtype)))  # what is not copied may change under JAX


def settled(graph: Graph, given: Mapping[str, Any], title: str) -> tuple[Graph, dict[str, jax.Array]]:
    """Return a graph whose constants have their shapes, and an array of the inferred type for each variable.

    Parameters
    ----------
    graph : Graph
    given : dict of str to (jax.Array or number)
    title : str
        What begins the message of an error.

    Raises
    ------
    ShapeError, DTypeError
    """
    types = infer(graph, {name: _known(value) for name, value in given.items()})
    arrays = {n.name: _as_type(given[n.name], types[Entry(n)], f"{title}: {label(n.name)}") for n in graph.variables}
    types = infer(graph, {name: TensorType(a.shape, np.dtype(a.dtype)) for name, a in arrays.items()})
    return fill_shapes(graph, types), arrays


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float)) or (value.weak_type and not value.ndim)


def _known(value: Any) -> TensorType:
    """Return what is known of a variable's type from its value: from a number nothing, from one element no shape."""
    if _is_number(value):
        return TensorType()
    return TensorType(value.shape if value.ndim else None, np.dtype(value.dtype))


def _as_type(value: Any, type_: TensorType, what: str) -> jax.Array:
    """Return a value as an array of a type, or of its own where that is unknown."""
    dtype = type_.dtype or (DEFAULT if _is_number(value) else value.dtype)
    array = lax.convert_element_type(value, dtype)
    shape = array.shape if type_.shape is None or None in type_.shape else type_.shape
    if array.shape != shape and (array.size != 1 or math.prod(shape) != 1):
        raise ShapeError(f"{what} has shape {show_shape(array.shape)}, expected {show_shape(shape)}")
    return jnp.reshape(array, shape)
