"""States that travel: between a `Trainer` and torch's ``state_dict``, MXNet's ``.states`` and Optax's trees."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ndarray import pickles
from ndarray.array import NDArray
from ndarray.errors import FormatError, OperatorError, UnknownNameError, shown, unknown
from ndarray.text import counted
from symbolic.engines.buffers import commit
from symbolic.optimizers.bind import update_nodes, updated_by
from symbolic.optimizers.fed import count_of
from symbolic.optimizers.optimizer import create
from symbolic.optimizers.states import read_states
from symbolic.parity.counterparts import Counterpart, counterparts

if TYPE_CHECKING:
    from symbolic.graph.node import Node
    from symbolic.optimizers.trainer import Trainer

Found = dict[str, dict[str, np.ndarray]]
"""Arrays by parameter, then by the rule's name of the state."""


class Kept(NamedTuple):
    """The states of a training.

    Attributes
    ----------
    other : Counterpart
        Whose states they are to become, or were.
    variables : dict of str to dict of str to str
        By parameter, in the order of the updates, then by state: names of the step's variables.
    """

    other: Counterpart
    variables: dict[str, dict[str, str]]

    def read(self, trainer: Trainer) -> Found:
        """Return copies of the states."""
        held = trainer.executor.aux_dict
        return {p: {s: held[v].asnumpy() for s, v in own.items()} for p, own in self.variables.items()}

    def write(self, trainer: Trainer, found: Found, num_update: int | None) -> None:
        """Write states and number of updates, all or nothing."""
        targets, values = [], []
        for p, own in self.variables.items():
            for s, v in own.items():
                target = trainer.executor.aux_dict[v]._data
                value = np.asarray(found[p][s])
                if value.size != target.size or (value.size > 1 and value.shape != target.shape):
                    raise FormatError(f"{self.other}: {s} of {p} has shape {value.shape}, expected {target.shape}")
                targets.append(target)
                values.append(value.reshape(target.shape).astype(target.dtype))
        number = trainer.num_update if num_update is None else count_of(num_update)
        commit(targets, values)
        trainer.num_update = number


def kept(trainer: Trainer, library: str, name: str) -> Kept:
    """Return where a training has the states of an optimizer of another library.

    Raises
    ------
    UnknownNameError
        If no optimizer of that name is known to be a rule.
    OperatorError
        If the training is of another rule, or its states are not all there in the other library.
    """
    others = [each for each in counterparts(library) if each.case is None or library == "mxnet"]
    named = [each for each in others if each.name.lower() == name.lower()]
    if not named:
        raise UnknownNameError(unknown(f"optimizer of {library}", name, dict.fromkeys(each.name for each in others)))
    nodes = update_nodes(trainer.symbol)
    if not nodes:
        raise OperatorError("the training has no update")
    found: dict[str, dict[str, str]] = {}
    fitting = [each for each in named if all(_fits(each, node) for node in nodes)]
    other = min(fitting, key=lambda each: len(lost(each)), default=None)
    if other is None:
        wanted = "; or ".join(dict.fromkeys(_described(each) for each in named))
        raise OperatorError(f"{named[0]} is the rule {wanted}; the training has {nodes[0].op.name}")
    missing = lost(other)
    if missing:
        raise OperatorError(f"{other} has no state that is {', '.join(missing)} of {other.rule}")
    arguments = {n.name for n in trainer.symbol.graph.arguments}
    for node in nodes:
        width, names = len(node.op.many) or len(node.op.names), node.op.many or node.op.names
        for k, parameter in enumerate(updated_by(node, arguments)):
            found[parameter] = {names[at % width]: node.inputs[at].node.name
                                for at in node.op.written(node.complete_params) if at // width == k}
    return Kept(other, found)


def lost(other: Counterpart) -> list[str]:
    """Return the states of a rule that its counterpart does not hold."""
    made = other.made
    needed = [name for name in made.op.writes if name not in made.op.update.single]
    return [name for name in (*needed, *made.shared_states) if name not in other.states]


def _fits(other: Counterpart, node: Node) -> bool:
    """Tell whether an update has the operator of a counterpart, and its choices but those of rounding."""
    params = node.complete_params
    return other.made.op is node.op and all(params[k] == v for k, v in _choices(other).items())


def _choices(other: Counterpart) -> dict[str, Any]:
    params = other.made.op.params
    return {k: v for k, v in other.choices.items() if k in params and not params[k].rounding}


def _described(other: Counterpart) -> str:
    more = [f"{k}={v!r}" for k, v in _choices(other).items()]
    return other.made.op.name + (f" with {', '.join(more)}" if more else "")


# torch


def to_torch(trainer: Trainer, name: str, **options: Any) -> dict[str, Any]:
    """Return the states of a training as the ``state_dict`` of an optimizer of torch, which that loads.

    Parameters
    ----------
    trainer : Trainer
    name : str
        Of a class of `torch.optim` that is the rule of the training, such as ``"Adam"``.
    **options : object
        Of the group, where they are not the defaults of the class: the hyper-parameters of a step are in its graph.

    Returns
    -------
    dict
        With the parameters in the order of the step's updates.

    Raises
    ------
    UnknownNameError, OperatorError
        If the class is not known, has no such option, or is another rule.
    """
    import torch

    own = kept(trainer, "torch", name)
    defaults = getattr(torch.optim, own.other.name)([torch.zeros(0)]).defaults
    for key in options:
        if key not in defaults:
            raise OperatorError(f"torch:{own.other.name}: {unknown('option', key, defaults)}")
    words = _words(own.other.name)
    states: dict[int, dict[str, Any]] = {}
    for k, arrays in enumerate(own.read(trainer).values()):
        counted = {} if words.counted_by else {"step": torch.tensor(float(trainer.num_update))}
        singles = {own.other.states[s] for s in words.singles}
        states[k] = counted | {word: torch.from_numpy(arrays[s].reshape(()) if word in singles else arrays[s])
                               for s, word in own.other.states.items()}
    return {"state": states if trainer.num_update else {},
            "param_groups": [{**defaults, **options, "params": list(range(len(own.variables)))}]}


def from_torch(trainer: Trainer, state_dict: Mapping[str, Any], name: str, num_update: int | None = None) -> None:
    """Give a training the states of an optimizer of torch.

    Parameters
    ----------
    trainer : Trainer
        Of the same parameters: by name where the groups have names, else in the order of the step's updates.
    state_dict : dict
        Of the optimizer, as ``torch.load(file, weights_only=True)`` gives it.
    name : str
        Of its class.
    num_update : int, optional
        How many updates were made; by default torch's ``step``, or what the trainer has.

    Raises
    ------
    FormatError
        If it is not such a dict, or of other parameters.  Nothing is written.
    UnknownNameError, OperatorError
        As `to_torch`.
    """
    own = kept(trainer, "torch", name)
    try:
        groups, states = state_dict["param_groups"], state_dict["state"]
        keys = [k for group in groups for k in group["params"]]
        names = [n for group in groups for n in group.get("param_names", ())]
    except (KeyError, TypeError, AttributeError):
        raise FormatError(f"expected the state_dict of an optimizer of torch, got {shown(state_dict)}") from None
    if len(keys) != len(own.variables):
        raise FormatError(f"expected states of {counted(len(own.variables), 'parameter')}, got {len(keys)}")
    if not states and not trainer.num_update:
        return  # Neither has made an update.
    order = names if set(names) == own.variables.keys() else list(own.variables)
    found, counts = {}, set()
    for parameter, key in zip(order, keys, strict=True):
        held = states.get(key, {})
        counts.add(float(held["step"]) if "step" in held else None)
        found[parameter] = {s: _numpy(held, word, f"{own.other}: parameter {parameter}")
                            for s, word in own.other.states.items()}
    if len(counts) > 1:
        raise FormatError(f"{own.other}: expected one number of updates, got {shown(sorted(map(str, counts)))}")
    known = counts.pop()
    own.write(trainer, found, num_update if known is None or num_update is not None else int(known))


def _words(name: str) -> Any:
    from symbolic.torch.names import TORCH

    return TORCH[name]


def _numpy(held: Mapping[str, Any], word: str, where: str) -> np.ndarray:
    value = held.get(word)
    if value is None or not hasattr(value, "detach"):
        raise FormatError(f"{where} has no {word}, got {', '.join(map(str, held)) or 'nothing'}")
    return value.detach().cpu().numpy()


# MXNet


def to_mxnet(trainer: Trainer, name: str) -> bytes:
    """Return the states of a training as MXNet's ``Updater.get_states()`` writes them, which MXNet loads.

    The number of updates is not among them: begin MXNet's optimizer with ``begin_num_update=``.

    Parameters
    ----------
    trainer : Trainer
    name : str
        Of the class of MXNet's optimizer, such as ``"Adam"``.

    Returns
    -------
    bytes
        By index, in the order of the step's updates.

    Raises
    ------
    UnknownNameError, OperatorError
        If the class is not known, or is another rule.

    Examples
    --------
    >>> import numpy as np, symbolic as sym
    >>> step = sym.optimizers.update(["w"], "adam", beta1=0.5)
    >>> trainer, again = [sym.optimizers.Trainer(step, {"w": np.ones(2, "f4")}, lr=0.1) for _ in range(2)]
    >>> outputs = trainer.step(w_grad=np.ones(2, "f4"))
    >>> from_mxnet(again, to_mxnet(trainer, "Adam"), "Adam", num_update=1)
    >>> again.executor.aux_dict["w_mean"].asnumpy(), again.num_update
    (array([0.5, 0.5], dtype=float32), 1)
    """
    own = kept(trainer, "mxnet", name)
    made, found = _class(own.other, trainer), {}
    for k, (parameter, arrays) in enumerate(own.read(trainer).items()):
        state = _as_tuple(made.create_state(k, trainer.executor.arg_dict[parameter]))
        state = tuple([None if old is None else NDArray(arrays[s]) for s, old in zip(made.state_names, state)])
        found[k] = state[0] if made.bare_state and state else state or None
    return pickles.dumps(found)


def from_mxnet(trainer: Trainer, data: bytes, name: str, num_update: int | None = None) -> None:
    """Give a training the states of an optimizer of MXNet; no code in them is run.

    Parameters
    ----------
    trainer : Trainer
        Its parameters are those of the indices, in the order of the step's updates; by name where indices are names.
    data : bytes
        As ``Updater.get_states()``, ``Trainer.save_states`` and ``Module.save_optimizer_states`` write them.
    name : str
        Of the class of MXNet's optimizer.
    num_update : int, optional
        How many updates were made; by default what the bytes count, or what the trainer has.

    Raises
    ------
    FormatError
        If they are damaged, or of other parameters.  Nothing is written.
    UnknownNameError, OperatorError
        As `to_mxnet`.
    """
    own = kept(trainer, "mxnet", name)
    made = _class(own.other, trainer)
    states, counted = read_states(data, made.name, made.is_state)
    found = {}
    held = own.read(trainer)
    for parameter, index in zip(own.variables, _indices(states, own.variables), strict=True):
        first = _as_tuple(made.create_state(index, trainer.executor.arg_dict[parameter]))
        named = dict(zip(made.state_names, zip(_as_tuple(states[index]), first)))
        found[parameter] = {}
        for s in own.variables[parameter]:
            array, fresh = named.get(s, (None, None))
            if array is None and fresh is not None:
                raise FormatError(f"{own.other}: index {shown(index)} has no {s}")
            # What MXNet leaves out has no effect: a momentum of a rule without one.
            found[parameter][s] = held[parameter][s] if array is None else array.asnumpy()
    own.write(trainer, found, counted.num_update if num_update is None and counted else num_update)


def _class(other: Counterpart, trainer: Trainer) -> Any:
    """Return the class of MXNet's name with the numbers of a training, on which its states may depend."""
    params = update_nodes(trainer.symbol)[0].complete_params
    numbers = {k: params[k] for k in ("momentum",) if isinstance(params.get(k), (int, float))}
    return create(other.name, learning_rate=0.5, **{**other.options, **numbers})


def _as_tuple(state: Any) -> tuple:
    return () if state is None else (state,) if isinstance(state, NDArray) else tuple(state)


def _indices(states: Mapping[Hashable, Any], parameters: Iterable[str]) -> list[Hashable]:
    """Return the indices of parameters."""
    names = list(parameters)
    if set(states) == set(names):
        return list(names)
    if len(states) != len(names):
        raise FormatError(f"expected states of {counted(len(names), 'parameter')}, got {len(states)}")
    return sorted(states, key=lambda k: (isinstance(k, str), k))


# Optax


def to_optax(trainer: Trainer, name: str, state: Any) -> Any:
    """Return a state of Optax with the states of a training in its fields.

    Parameters
    ----------
    trainer : Trainer
    name : str
        Of the function of Optax that is the rule of the training, such as ``"adam"``.
    state : tree
        What ``transformation.init(params)`` gives, for a dict of the parameters by name; it may be of a chain.

    Returns
    -------
    tree
        Like `state`; every ``count`` in it is the number of updates.

    Raises
    ------
    UnknownNameError, OperatorError
        If the function is not known, is another rule, or the state has no such field.
    """
    import jax.numpy as jnp
    import optax

    own = kept(trainer, "optax", name)
    found = own.read(trainer)
    for s, field in own.other.states.items():
        first = optax.tree.get(state, field)
        if first is None:
            raise OperatorError(f"{own.other}: the state has no field {field}")
        values = {p: jnp.asarray(arrays[s]).reshape(jnp.shape(first[p])) for p, arrays in found.items()}
        state = optax.tree.set(state, **{field: values})
    for field in ("count", "count_m2"):
        if optax.tree.get_all_with_path(state, field):
            state = optax.tree.set(state, **{field: jnp.asarray(trainer.num_update, jnp.int32)})
    return state


def from_optax(trainer: Trainer, name: str, state: Any, num_update: int | None = None) -> None:
    """Give a training the states in a state of Optax.

    Parameters
    ----------
    trainer : Trainer
    name : str
        Of the function of Optax.
    state : tree
        Over a dict of the parameters by name.
    num_update : int, optional
        How many updates were made; by default the state's ``count``, or what the trainer has.

    Raises
    ------
    FormatError
        If a field or a parameter is missing, or of another shape.  Nothing is written.
    UnknownNameError, OperatorError
        As `to_optax`.
    """
    import optax

    own = kept(trainer, "optax", name)
    found: Found = {p: {} for p in own.variables}
    for s, field in own.other.states.items():
        tree = optax.tree.get(state, field)
        if not isinstance(tree, Mapping) or not tree.keys() >= own.variables.keys():
            raise FormatError(f"{own.other}: expected {field} of {', '.join(own.variables)}, got {shown(tree)}")
        for p in own.variables:
            found[p][s] = np.asarray(tree[p])
    counts = [int(value) for _, value in optax.tree.get_all_with_path(state, "count")]
    own.write(trainer, found, max(counts, default=None) if num_update is None else num_update)
