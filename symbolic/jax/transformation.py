"""A declared update rule as an Optax transformation."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from ndarray.errors import DTypeError, OperatorError, ParamError, ShapeError, UnknownNameError, shown, unknown
from ndarray.params import Fed
from ndarray.tensortype import TensorType, show_shape
from symbolic.create import Group, var
from symbolic.engines.xla.kinds import runner
from symbolic.engines.xla.loops import one_loop
from symbolic.engines.xla.rules import differentiable
from symbolic.engines.xla.words import Words, wide
from symbolic.graph.graph import Graph
from symbolic.graph.node import Entry
from symbolic.graph.types import complete_types
from symbolic.graph.walk import walk
from symbolic.jax.function import settled
from symbolic.optimizers.bind import first_state
from symbolic.optimizers.factors import Factors, factors_of
from symbolic.optimizers.layerwise import LayerwiseRule
from symbolic.optimizers.layerwise import rule as as_rule
from symbolic.optimizers.routed import Routed
from symbolic.optimizers.rules import Rule
from symbolic.optimizers.update import updated


class RuleState(NamedTuple):
    """What an update rule keeps between updates.

    Attributes
    ----------
    count : jax.Array
        How many updates were made.
    states : dict of str to tree
        By the names of the rule's operator; each is a tree like the parameters, or an array that all of them share.
    """

    count: Any
    states: dict[str, Any]


def gradient_transformation(rule: str | Rule | LayerwiseRule, lr: Any = None, *,
                            lr_mult: Mapping[str, float] | None = None, wd_mult: Mapping[str, float] | None = None,
                            no_decay: Sequence[str] = (), no_lars: Sequence[str] = (),
                            state_dtypes: Mapping[str, Any] | None = None,
                            **rule_params: Any) -> optax.GradientTransformationExtraArgs:
    """Return a declared update rule as an Optax transformation.

    Chains, masks, `optax.multi_transform`, `optax.MultiSteps` and `optax.inject_hyperparams` work around it; the last
    around a function that names the hyper-parameters which are to be arrays.

    Parameters
    ----------
    rule : str, Rule or LayerwiseRule
        See `symbolic.optimizers.rule`.
    lr : float, array or callable, optional
        Learning rate: a number, an array of one element, or an Optax schedule, which is a function of the number of
        updates made so far.  Without it, each ``update(grads, state, params, lr=…)`` is given one.
    lr_mult, wd_mult : dict of str to float, optional
        Factors of rate and decay by the path of a parameter, such as ``dense.kernel``.
    no_decay, no_lars : sequence of str, optional
        Paths or patterns of parameters without weight decay, without LARS.
    state_dtypes : dict of str to (dtype or None), optional
        The dtypes in which states are kept from one update to the next, by the names of the rule's operator; None for
        the parameter's own.  A state that is not named is float32, or float64 as its parameter.
    **rule_params : float or array
        Hyper-parameters of the rule; arrays are traced.

    Returns
    -------
    optax.GradientTransformationExtraArgs
        Its state is a `RuleState`.  Updates have the dtype of the gradients; parameters of fewer bits than float32 are
        updated in float32.  Complex parameters are updated as two arrays, the real parts and the imaginary parts, as
        `optax.contrib.split_real_and_imaginary` has it; their states are complex as well.

    Raises
    ------
    UnknownNameError, OperatorError, ParamError, DTypeError
        Here: for a rule, a parameter, a state or a value that there is not.
    OperatorError, ShapeError, DTypeError
        In an update: without parameters or a rate, or with gradients that do not fit, by the path of the parameter.

    Examples
    --------
    >>> import jax.numpy as jnp, optax
    >>> tx = gradient_transformation("sgd", 0.5, momentum=0.9)
    >>> params = {"w": jnp.array([1.0, 2.0])}
    >>> state = tx.init(params)
    >>> updates, state = tx.update({"w": jnp.array([1.0, -1.0])}, state, params)
    >>> optax.apply_updates(params, updates)
    {'w': Array([0.5, 2.5], dtype=float32)}
    """
    traced = {k: v for k, v in rule_params.items() if isinstance(v, (jax.Array, np.ndarray))}
    given: dict[str, Any] = {k: var(k, shape=(1,)) if k in traced else v for k, v in rule_params.items()}
    made = as_rule(rule, precision=None, **given)
    if isinstance(made, Routed):
        raise OperatorError("rules by name are for `step` and `update`; give one rule, and optax.partition the others")
    if isinstance(lr, bool) or not (lr is None or callable(lr)
                                    or isinstance(lr, (int, float, np.ndarray, np.generic, jax.Array))):
        raise OperatorError(f"lr must be a number, an array or a schedule, got {shown(lr)}")
    for name, value in {"lr": lr, **traced}.items():
        if isinstance(value, (jax.Array, np.ndarray)) and value.size != 1:
            raise ParamError(f"{made}: {name} is one number, got an array of shape {show_shape(value.shape)}")
    for name in traced.keys() & made.op.params.keys():
        try:
            made.op.params[name].parse(Fed(0), made.op.name)
        except ParamError:
            raise ParamError(f"{made.op.name}: {name} is fixed when the rule is made: expected a number, got an array; "
                             "under optax.inject_hyperparams name it in static_args") from None
    if isinstance(lr, (int, float)) and not math.isfinite(lr):
        raise ParamError(f"{made}: lr must be finite, got {lr}")
    factors = {"lr_mult": lr_mult, "wd_mult": wd_mult, "no_decay": no_decay, "no_lars": no_lars}
    update = _Update(made, lr, traced, factors, _dtypes(made, {} if state_dtypes is None else state_dtypes))
    return optax.GradientTransformationExtraArgs(update.init, update)


class _Part(NamedTuple):
    """An array that is updated: a real parameter, or the real or the imaginary part of a complex one."""

    name: str
    number: int  # of its parameter
    imaginary: bool


class _Update:
    """The functions of a transformation."""

    def __init__(self, rule: Rule | LayerwiseRule, lr: Any, traced: Mapping[str, Any], factors: Mapping[str, Any],
                 dtypes: Mapping[str, Any]) -> None:
        self._rule, self._lr, self._traced, self._factors, self._dtypes = rule, lr, traced, factors, dtypes
        self._states = [name for name in rule.more_inputs if name in rule.op.writes]
        self._others = [name for name in rule.more_inputs if name not in rule.op.writes]
        self._graphs: dict[tuple, Graph] = {}
        self._types: dict[tuple, dict[str, TensorType]] = {}

    def init(self, params: Any) -> RuleState:
        """Return the state before the first update."""
        states = {name: jax.tree.map(lambda p, name=name: self._first(name, p), params) for name in self._states}
        shared = {name: jnp.zeros(1, jnp.float32) for name in self._rule.shared_states}
        return RuleState(jnp.zeros((), jnp.int32), states | shared)

    def _first(self, name: str, param: Any) -> jax.Array:
        param = _array(param)
        type_ = self._type(name, param.shape, np.dtype(_computed_in(param, name)))
        if name in self._rule.op.update.keys:
            return jnp.asarray(first_state(type_, None).astype(np.int32))
        kept_in = jnp.promote_types(type_.dtype, jnp.complex64) if _is_complex(param) else type_.dtype
        if name in self._dtypes:
            given = self._dtypes[name]
            kept_in = param.dtype if given is None else jax.dtypes.canonicalize_dtype(given)
        if name in self._rule.op.update.copies:  # not the parameter itself: both may be donated
            return jnp.copy(_cast(param, kept_in))
        return jnp.zeros(type_.shape, kept_in)

    def _type(self, name: str, shape: tuple[int, ...], dtype: np.dtype) -> TensorType:
        key = shape, dtype
        if key not in self._types:
            graph = self._made(Factors(["p"], [1.0], [1.0], frozenset()))
            types = complete_types(graph, {"p": TensorType(shape, dtype)}, "gradient_transformation")
            self._types[key] = {n.name: types[Entry(n)] for n in graph.variables}
        return self._types[key][f"p_{name}"]

    def _graph(self, paths: tuple[str, ...], parts: tuple[_Part, ...]) -> Graph:
        """Return the graph that updates the parts of parameters with these paths."""
        if (paths, parts) not in self._graphs:
            found = factors_of(paths, dict.fromkeys(paths, {}), **self._factors)
            rates, decays = ([each[x.number] for x in parts] for each in (found.lr, found.wd))
            without = frozenset(x.name for x in parts if paths[x.number] in found.no_lars)
            self._graphs[paths, parts] = self._made(Factors([x.name for x in parts], rates, decays, without))
        return self._graphs[paths, parts]

    def _made(self, factors: Factors) -> Graph:
        weights, grads = [var(name) for name in factors.names], [var(f"{name}_grad") for name in factors.names]
        return Group(updated(self._rule, weights, grads, factors, None, None, None)).graph

    def __call__(self, grads: Any, state: RuleState, params: Any = None, **extra: Any) -> tuple[Any, RuleState]:
        """Return the updates and the new state."""
        if params is None:
            raise OperatorError(f"{self._rule}: an update needs the parameters: update(grads, state, params)")
        if not isinstance(state, RuleState) or state.states.keys() != {*self._states, *self._rule.shared_states}:
            raise OperatorError(f"{self._rule}: expected a state as init(params) returns it, got {shown(state)}")
        flat, tree = jax.tree_util.tree_flatten_with_path(params)
        new = state._replace(count=optax.safe_increment(state.count))
        if not flat:
            return grads, new
        paths = _paths([path for path, _ in flat])
        given = {"p": [p for _, p in flat], "grad": _leaves(tree, grads, "gradients")}
        given |= {name: _leaves(tree, state.states[name], f"states {name}") for name in self._states}
        for name in self._others:
            if name not in extra:
                raise OperatorError(f"{self._rule}: an update needs {name}: update(grads, state, params, {name}=…)")
            given[name] = _leaves(tree, extra[name], name)
        with wide():
            arrays = _arrays(paths, given)
            parts = _parts(arrays["p"])
            values = self._values(paths, parts, arrays)
            values |= {name: state.states[name] for name in self._rule.shared_states} | self._numbers(state, extra)
            outputs, written = self._run(self._graph(tuple(paths), parts), values)
            platform = jax.default_backend()
            moves = [one_loop(y, platform) - values[x.name] for x, y in zip(parts, outputs, strict=True)]
            changes = _whole(parts, moves, arrays["grad"])
            kept = {name: tree.unflatten(_whole(parts, [written[f"{x.name}_{name}"] for x in parts], arrays[name]))
                    for name in self._states}
            kept |= {name: written[name] for name in self._rule.shared_states}
        return tree.unflatten(changes), new._replace(states=kept)

    def _values(self, paths: Sequence[str], parts: Sequence[_Part], arrays: Mapping[str, Sequence[jax.Array]]
                ) -> dict[str, jax.Array]:
        """Return the graph's arrays of the parameters, checked, in the dtype in which they are computed."""
        for path, param, grad in zip(paths, arrays["p"], arrays["grad"], strict=True):
            _computed_in(param, path)
            _computed_in(grad, f"the gradient of {path}")
            if grad.shape != param.shape:
                raise ShapeError(f"{path}: the gradient has shape {show_shape(grad.shape)}, the parameter "
                                 f"{show_shape(param.shape)}")
            if _is_complex(grad) != _is_complex(param):
                raise DTypeError(f"{path}: the gradient has dtype {grad.dtype}, the parameter {param.dtype}")
        found = {}
        for x in parts:
            param = arrays["p"][x.number]
            dtype = _computed_in(param, paths[x.number])
            for name, leaves in arrays.items():
                array, to = leaves[x.number], dtype
                if name in self._rule.op.update.keys:
                    to = jnp.int64
                elif name in self._states:
                    if _is_complex(param) and not _is_complex(array):
                        raise DTypeError(f"{paths[x.number]}: {name} has dtype {array.dtype}, which has no imaginary "
                                         f"parts, and the parameter has dtype {param.dtype}")
                    to = self._type(name, param.shape, np.dtype(dtype)).dtype
                if _is_complex(array):
                    array = jnp.imag(array) if x.imaginary else jnp.real(array)
                found[x.name if name == "p" else f"{x.name}_{name}"] = _cast(array, to)
        return found

    def _numbers(self, state: RuleState, extra: Mapping[str, Any]) -> dict[str, Any]:
        rate = extra.get("lr", self._lr)
        rate = rate(state.count) if callable(rate) else rate
        if rate is None:
            raise OperatorError(f"{self._rule}: no learning rate; pass lr= to gradient_transformation or to update")
        # An operator that reads its rates from an array takes float32.
        dtype = jnp.float64 if self._rule.op.update.rate in self._rule.op.params else jnp.float32
        return {"lr": jnp.reshape(jnp.asarray(rate, dtype), (1,)),
                "t": jnp.reshape(jnp.astype(state.count, jnp.float64) + 1, (1,)),
                **{name: jnp.reshape(jnp.asarray(v, dtype if name in {"wd", *self._rule.op.params} else None), (1,))
                   for name, v in self._traced.items()}}

    def _run(self, graph: Graph, values: Mapping[str, jax.Array]) -> tuple[tuple, dict[str, jax.Array]]:
        """Return the new parameters in order, and the new states by name."""
        def run(values: Mapping[str, jax.Array]) -> tuple[tuple, dict[str, jax.Array]]:
            settled_graph, arrays = settled(graph, values, "gradient_transformation")
            given = {n: arrays[n.name] for n in settled_graph.variables}
            outputs, written = walk(settled_graph, given, runner(settled_graph, Words(), exact=False))
            return outputs, {n.name: y for n, y in written.items()}

        return differentiable(run)({n.name: values[n.name] for n in graph.variables})


def _dtypes(rule: Rule | LayerwiseRule, given: Any) -> dict[str, Any]:
    """Return the dtypes that are given for states, checked."""
    if not isinstance(given, Mapping):
        raise OperatorError(f"{rule}: state_dtypes must be a dict from names of states to dtypes, got {shown(given)}")
    known = [name for name in rule.more_inputs if name in rule.op.writes and name not in rule.op.update.keys]
    found = {}
    for name, value in given.items():
        if name not in known:
            raise UnknownNameError(f"{rule}: state_dtypes: {unknown('state', name, known)}")
        try:
            found[name] = None if value is None else jnp.dtype(value)
        except TypeError:
            raise DTypeError(f"{rule}: state_dtypes: {name} must be a dtype or None, got {shown(value)}") from None
        if value is not None and not jnp.issubdtype(found[name], jnp.inexact):
            raise DTypeError(f"{rule}: state_dtypes: {name} must be floating or complex, got {found[name]}")
    return found


def _arrays(paths: Sequence[str], given: Mapping[str, Sequence[Any]]) -> dict[str, list[jax.Array]]:
    """Return the arrays of all parameters."""
    for name, leaves in given.items():
        for path, leaf in zip(paths, leaves, strict=True):
            if leaf is None:
                raise OperatorError(f"{path}: {name} is None, where the parameters have an array")
    return {name: [*map(_array, leaves)] for name, leaves in given.items()}


def _array(value: Any) -> jax.Array:
    # JAX may use memory of NumPy in place, and read it after the call has returned.
    return value if isinstance(value, jax.Array) else jnp.asarray(np.array(value))


def _parts(params: Sequence[jax.Array]) -> tuple[_Part, ...]:
    """Return the real arrays of parameters, in order."""
    return tuple([_Part(f"p{k}i" if imaginary else f"p{k}", k, imaginary) for k, param in enumerate(params)
                  for imaginary in ((False, True) if _is_complex(param) else (False,))])


def _whole(parts: Sequence[_Part], arrays: Sequence[jax.Array], models: Sequence[jax.Array]) -> list[jax.Array]:
    """Return an array for each parameter from those of its parts, each of the dtype of its model."""
    found = {(x.number, x.imaginary): array for x, array in zip(parts, arrays, strict=True)}
    return [_cast(lax.complex(found[k, False], found[k, True]) if (k, True) in found and _is_complex(model)
                  else found[k, False], model.dtype) for k, model in enumerate(models)]


def _is_complex(array: jax.Array) -> bool:
    return array.dtype.kind == "c"


def _cast(array: jax.Array, dtype: Any) -> jax.Array:
    # What need not be cast is not traced: a tree of parameters has hundreds of leaves.
    return array if array.dtype == dtype else jnp.astype(array, dtype)


def _computed_in(array: jax.Array, what: str) -> Any:
    """Return the dtype in which a parameter is updated: that of its parts, float32 where that has fewer bits."""
    if not jnp.issubdtype(array.dtype, jnp.inexact):
        raise DTypeError(f"{what} has dtype {array.dtype}; rules update floating and complex parameters")
    return jnp.float64 if array.dtype in (jnp.float64, jnp.complex128) else jnp.float32


def _leaves(tree: Any, other: Any, what: str) -> list[Any]:
    """Return the leaves of a tree like that of the parameters."""
    try:
        return tree.flatten_up_to(other)
    except (ValueError, TypeError) as error:
        raise OperatorError(f"the {what} are not a tree like that of the parameters: {error}") from None


def _paths(paths: Sequence[Any]) -> list[str]:
    """Return the names of parameters by their paths in a tree; those that look alike get numbers."""
    names: list[str] = []
    for path in paths:
        name = jax.tree_util.keystr(path, simple=True, separator=".") or "params"
        names.append(next(n for n in (name, *(f"{name}~{k}" for k in range(len(paths)))) if n not in names))
    return names
