"""Steps and updates bound to arrays, so that parameters are updated in place."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray import random
from ndarray.array import NDArray
from ndarray.context import Context
from ndarray.dtypes import native
from ndarray.errors import OperatorError, UnknownNameError, shown, unknown
from ndarray.tensortype import TensorType
from symbolic.graph.node import Entry, Node
from symbolic.graph.types import complete_types, given_types
from symbolic.optimizers.fed import FedNumbers
from symbolic.runtime.checks import as_array, check_context
from symbolic.symbol import Symbol

if TYPE_CHECKING:
    from ndarray.typing import ArrayLike
    from symbolic.executor import Executor
    from symbolic.runtime.monitor import NonFinite


def updates(step: Symbol) -> dict[str, str]:
    """Return which output is the new value of which argument: a dict of output name to argument name.

    Raises
    ------
    OperatorError
        If an ``__updates__`` attribute, which may come from a file, does not name an argument for each output.

    Examples
    --------
    >>> import symbolic as sym
    >>> loss = sym.make_loss(sym.square(sym.var("w")), name="cost")
    >>> updates(sym.optimizers.step(loss, "sgd", ["w"]))
    {'w_step_output': 'w'}
    """
    arguments = {n.name for n in step.graph.arguments}
    return {entry.node.output_name(entry.index): updated_by(entry.node, arguments)[entry.index]
            for entry in step.graph.outputs if "__updates__" in dict(entry.node.attrs)}


def updated_by(node: Node, arguments: set[str]) -> list[str]:
    """Return the names in the ``__updates__`` attribute of a node."""
    text = dict(node.attrs)["__updates__"]
    try:
        names = json.loads(text)
    except (ValueError, RecursionError):
        names = None
    if not (isinstance(names, list) and len(names) == node.num_outputs
            and all(isinstance(name, str) and name in arguments for name in names)):
        raise OperatorError(f"{node.name}: the attribute __updates__={shown(text)} is not a list of arguments, one for "
                            f"each of its {node.num_outputs} outputs")
    return names


def bind_in_place(step: Symbol, arrays: Mapping[str, ArrayLike], ctx: Context | None = None, engine: str = "auto",
                  nonfinite: NonFinite | None = None, mesh: Any = None, sharding: Any = None,
                  **shapes: Sequence[int]) -> Executor:
    """Bind a step so that each run updates the parameters in the arrays given, all or nothing.

    Parameters
    ----------
    step : Symbol
        As `symbolic.optimizers.step` or `update` make it, or with ``__updates__`` attributes like theirs.
    arrays : dict of str to NDArray or numpy.ndarray
        The parameters; data and states may be among them.  What is missing is allocated: zeros, or what the
        variable's ``__init__`` gives, and for ``weight32`` a copy of the weight in float32.
    ctx, engine, nonfinite, mesh, sharding : optional
        As in `Symbol.bind`.
    **shapes : tuple of int
        Of inputs that do not follow from the arrays.

    Returns
    -------
    Executor

    Raises
    ------
    OperatorError
        If a parameter has no array, or some states of the update are given and others are not.
    BindError, ShapeError, DTypeError, UnknownNameError
        As `Symbol.bind`.

    Examples
    --------
    >>> import numpy as np, symbolic as sym
    >>> loss = sym.make_loss(sym.square(sym.var("w")), name="cost")
    >>> w = np.array([4.0])
    >>> run = bind_in_place(sym.optimizers.step(loss, "sgd", ["w"], momentum=0.5), {"w": w})
    >>> outputs = run.forward(is_train=True, lr=0.25)
    >>> w, run.aux_dict["w_mom"].asnumpy()
    (array([2.]), array([-2.]))
    """
    where = check_context(ctx, engine)
    graph = step.graph
    names = [n.name for n in graph.variables]
    for name in arrays:
        if name not in names:
            raise UnknownNameError(f"bind_in_place: {unknown('variable', name, names)}")
    given = {name: as_array(value, name, where) for name, value in arrays.items()}
    missing = [w for w in updates(step).values() if w not in given]
    if missing:
        raise OperatorError(f"bind_in_place: the parameters {', '.join(missing)} have no arrays; only inputs and "
                            "states are allocated")
    _check_states(step, given)
    known = given_types(graph, shapes, who="bind_in_place")
    known |= {name: TensorType(a.shape, native(a._data.dtype)) for name, a in given.items()}
    numbers = FedNumbers(step)
    for node in graph.variables:
        own = node.name in known or "__shape__" in dict(node.attrs)
        if node.name in (numbers.rate, numbers.count) and not own:
            known[node.name] = TensorType((1,), None)
    types = complete_types(graph, known, "bind_in_place")
    copies, keys = _states_of_kind(step)
    for node in graph.variables:
        if node.name not in given:
            weight = given.get(copies.get(node.name))
            given[node.name] = NDArray(first_value(node, types[Entry(node)], weight, node.name in keys, engine), where)
    out = {name: given[target] for name, target in updates(step).items()}
    return step.bind(ctx, given, out=out, engine=engine, nonfinite=nonfinite, mesh=mesh, sharding=sharding)


def first_value(node: Node, type_: TensorType, weight: NDArray | None, is_key: bool,
                engine: str) -> np.ndarray:
    """Return what a variable without an array starts with."""
    if weight is not None or is_key:
        return first_state(type_, weight)
    value = _constant(dict(node.attrs).get("__init__", ""))
    if engine == "xla" and not value:  # Zeros take no memory until somebody writes them; there it may be nobody.
        return np.zeros(type_.shape, type_.dtype)
    return np.full(type_.shape, value, type_.dtype)


def first_state(type_: TensorType, weight: NDArray | None) -> np.ndarray:
    """Return a copy of a weight, or without one a random key."""
    if weight is not None:
        return weight._data.astype(type_.dtype)
    return np.full(type_.shape, random.randint(0, 1 << 30).asscalar(), type_.dtype)


def _constant(init):
    """Return the number that MXNet's text of an initializer fills an array with, 0 where it is not such a one."""
    try:
        kind, params = json.loads(init) if init.startswith("[") else (init, {})
        value = float({"one": 1, "ones": 1, "constant": params.get("value", 0)}.get(kind.lower(), 0))
        return value if math.isfinite(value) else 0.0
    except (ValueError, TypeError, AttributeError, RecursionError):
        return 0.0


def update_nodes(step: Symbol) -> list[Node]:
    """Return the nodes of a step that update parameters."""
    return [n for n in step.graph.nodes if n.op is not None and n.op.update and "__updates__" in dict(n.attrs)]


def _states(node):
    """Return the names of the states that an update keeps."""
    return [node.inputs[at].node.name for at in node.op.written(node.complete_params)]


def _states_of_kind(step):
    """Return the name of the weight of which a state is a copy at first, and the states that are random keys."""
    copies, keys = {}, set()
    for node in update_nodes(step):
        op, width = node.op, len(node.op.many) or len(node.op.names)
        flat = width * (node.complete_params[op.count] if op.many else 1)
        for at in op.written(node.complete_params):
            if at >= flat:
                continue  # a state that all tensors share
            state, name = node.inputs[at].node.name, (op.many or op.names)[at % width]
            if name in op.update.copies:
                copies[state] = node.inputs[at - at % width].node.name
            elif name in op.update.keys:
                keys.add(state)
    return copies, keys


def _check_states(step, given):
    """Raise where training would go on with some of its states and start the others again."""
    states = [name for node in update_nodes(step) for name in _states(node)]
    missing = [name for name in states if name not in given]
    if missing and len(missing) < len(states):
        have = [name for name in states if name in given]
        raise OperatorError(f"bind_in_place: of the update's states {shown(', '.join(have))} have arrays and "
                            f"{shown(', '.join(missing))} have none; give all of them or none")
