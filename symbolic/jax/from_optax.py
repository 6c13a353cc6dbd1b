"""An Optax transformation as a Symbol."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
import optax
from jax.extend.core import Literal

from ndarray import registry
from ndarray.dtypes import flag_of, is_known
from ndarray.errors import BindError, DTypeError, MXNetError, OperatorError, shown
from ndarray.tensortype import TensorType
from symbolic.autodiff.trace import Trace
from symbolic.autodiff.tracer import Traced
from symbolic.graph.graph import Graph
from symbolic.graph.node import Entry, Node
from symbolic.jax.jaxpr import read
from symbolic.jax.refused import Refused
from symbolic.symbol import Symbol


def trace(transformation: optax.GradientTransformation, params: Any) -> tuple[Symbol, dict[str, np.ndarray]]:
    """Return one step of an Optax transformation as a Symbol, and its first states.

    Its inputs are the parameters by their paths (``dense.kernel``; a lone array is ``params``), gradients
    (``dense.kernel_grad``) and states (``state.0.mu.dense.kernel``), whose types are known.  Its outputs
    ``<name>_step_output`` are the new values; each records what it updates, so that `symbolic.optimizers.bind_in_place`
    runs the step in place, on every engine.

    Parameters
    ----------
    transformation : optax.GradientTransformation
    params : tree of array

    Returns
    -------
    symbol : Symbol
    states : dict of str to numpy.ndarray
        By the names of the inputs; truth values as uint8, and states that nothing reads left out.

    Raises
    ------
    OperatorError
        For what is not a transformation, without parameters, where the transformation itself raises, and naming a
        primitive that no operator computes, with its place.
    DTypeError
        If a parameter is not of a floating dtype.
    BindError
        If two paths give the same name.

    Examples
    --------
    >>> import numpy as np, optax, symbolic as sym
    >>> w = np.array([1.0, 2.0], "float32")
    >>> step, states = trace(optax.sgd(0.5, momentum=0.9), {"w": w})
    >>> step.list_inputs(), states
    (['w', 'w_grad', 'state.0.trace.w'], {'state.0.trace.w': array([0., 0.], dtype=float32)})
    >>> run = sym.optimizers.bind_in_place(step, {"w": w, **states})
    >>> outputs = run.forward(w_grad=np.array([1.0, -1.0]))
    >>> w
    array([0.5, 2.5], dtype=float32)
    """
    if not (callable(getattr(transformation, "init", None)) and callable(getattr(transformation, "update", None))):
        raise OperatorError(f"trace: expected an Optax transformation, got {shown(transformation)}")
    names, weights, tree = _named(params, "", "params")
    _check(names, weights)
    with _named_errors("init"):
        first = transformation.init(params)
    state_names, states, state_tree = _named(first, "state.", "state")
    inputs = [*names, *(f"{name}_grad" for name in names), *state_names]
    for name, times in Counter(inputs).items():
        if times > 1:
            raise BindError(f"trace: two inputs would be named {shown(name)}; rename a parameter")

    def step(weights: Sequence, grads: Sequence, states: Sequence) -> tuple[list, list]:
        p = tree.unflatten(weights)
        changes, new = transformation.update(tree.unflatten(grads), state_tree.unflatten(states), p)
        if jax.tree.structure(new) != state_tree:
            raise OperatorError("trace: the state has another structure after an update than before")
        return jax.tree.leaves(optax.apply_updates(p, changes)), jax.tree.leaves(new)

    with _named_errors("update"):
        closed = jax.make_jaxpr(step)(weights, weights, states)
    xp = Trace()
    values = [_variable(xp, name, aval) for name, aval in zip(inputs, closed.in_avals, strict=True)]
    try:
        results = read(xp, closed.jaxpr, closed.consts, values)
    except Refused as refused:
        place = f", at {refused.place}" if refused.place else ""
        raise OperatorError(f"trace: no operator computes JAX's primitive {refused.what}{place}") from None
    kept = _read_by_something(closed.jaxpr, inputs) | set(names)
    outputs = [_output(xp, name, y, aval) for name, y, aval in zip([*names, *state_names], results, closed.out_avals)
               if name in kept]
    graph = Graph(outputs)
    known = {n.name for n in graph.variables}
    graph = Graph([e for e in outputs if json.loads(dict(e.node.attrs)["__updates__"])[0] in known])
    return Symbol(graph), {name: _as_numpy(x) for name, x in zip(state_names, states) if name in known & kept}


@contextmanager
def _named_errors(function: str) -> Iterator[None]:
    """Raise what a function of the transformation raises as an `OperatorError`."""
    try:
        yield
    except MXNetError:
        raise
    except Exception as error:
        what = f"raised {type(error).__name__}"
        if isinstance(error, TypeError) and "required keyword-only argument" in str(error):
            what = "needs more than gradients, states and parameters"
        raise OperatorError(f"trace: the transformation's {function} {what}: {error}") from error


def _check(names: Sequence[str], weights: Sequence[Any]) -> None:
    if not names:
        raise OperatorError("trace: expected at least one parameter, got none")
    for name, w in zip(names, weights):
        dtype = np.dtype(getattr(w, "dtype", np.asarray(w).dtype))
        if dtype.kind != "f" or not is_known(dtype):
            raise DTypeError(f"trace: {name} has dtype {dtype}; expected float16, float32 or float64")


def _as_numpy(x: Any) -> np.ndarray:
    array = np.array(x)
    return array.astype(np.uint8) if array.dtype == bool else array


def _named(tree: Any, prefix: str, lone: str) -> tuple[list[str], list[Any], Any]:
    """Return the names of the leaves of a tree, the leaves, and its structure."""
    flat, structure = jax.tree_util.tree_flatten_with_path(tree)
    paths = [jax.tree_util.keystr(path, simple=True, separator=".") for path, _ in flat]
    return [f"{prefix}{path}" if path else lone for path in paths], [leaf for _, leaf in flat], structure


def _variable(xp: Trace, name: str, aval: Any) -> Traced:
    """Return a new variable of a known type as a traced value; a truth value is 0 or 1."""
    if jax.dtypes.issubdtype(aval.dtype, jax.dtypes.prng_key) or not is_known(np.dtype(aval.dtype)):
        raise DTypeError(f"trace: {name} has dtype {aval.dtype}, which arrays here cannot have")
    type_ = TensorType(aval.shape, np.dtype("uint8" if aval.dtype == bool else aval.dtype))
    attrs = (("__dtype__", str(flag_of(type_.dtype))), ("__shape__", str(tuple(type_.shape))))
    entry = Entry(Node(None, name, attrs=attrs))
    xp.types[entry] = type_
    return Traced(xp, entry, type_, aval.dtype == bool)


def _read_by_something(jaxpr: Any, inputs: Sequence[str]) -> set[str]:
    """Return the names of the inputs that an equation reads, or that are an output of another name."""
    used = {v for eqn in jaxpr.eqns for v in eqn.invars if not isinstance(v, Literal)}
    return {name for name, v in zip(inputs, jaxpr.invars, strict=True) if v in used}


def _output(xp: Trace, name: str, value: Any, aval: Any) -> Entry:
    """Return the new value of an input as a node that records it."""
    dtype = np.dtype("uint8" if aval.dtype == bool else aval.dtype)
    value = xp.traced(value, dtype)
    value = xp.astype(Traced(xp, value.entry, value.type), dtype)
    attrs = (("__updates__", json.dumps([name])),)
    return Node(registry.get("_copy"), f"{name}_step", (value.entry,), attrs=attrs).outputs[0]
