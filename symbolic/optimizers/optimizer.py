"""MXNet's optimizer objects: what all of them have, over the declared rules; and its updater."""

import inspect
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ndarray import pickles
from ndarray.array import NDArray
from ndarray.errors import OperatorError, UnknownNameError, shown, unknown
from ndarray.kernels.signals import deferred
from ndarray.text import counted
from symbolic.optimizers.fed import count_of, rate_of
from symbolic.optimizers.forms import Arrays, Tensor
from symbolic.optimizers.layerwise import LayerwiseRule
from symbolic.optimizers.layerwise import rule as as_rule
from symbolic.optimizers.rates import Amounts
from symbolic.optimizers.rules import Rule
from symbolic.optimizers.schedules import Scheduler
from symbolic.optimizers.states import Counted, read_states
from symbolic.optimizers.updater import fresh_states
from symbolic.symbol import Symbol

State = NDArray | tuple | None
"""States of a tensor as MXNet's classes hold them."""

_COMMON = {"rescale_grad": 1.0, "param_idx2name": None, "wd": 0.0, "clip_gradient": None, "learning_rate": None,
           "lr_scheduler": None, "sym": None, "begin_num_update": 0, "multi_precision": False, "param_dict": None}
_registry: dict[str, type["Optimizer"]] = {}


class Optimizer:
    """The base of MXNet's optimizer classes.

    A subclass declares its own arguments, in MXNet's order, as annotated attributes with defaults, and the rule that
    updates, by `choose_rule`.  Its signature is these arguments, then those below as keywords.

    Parameters
    ----------
    rescale_grad : float, optional
        Factor of all gradients.
    param_idx2name : dict of int to str, optional
        Names of indices.  Where it is given, parameters whose name does not end in ``_weight`` or ``_gamma`` have no
        decay.
    wd : float, optional
        Weight decay.
    clip_gradient : float, optional
        Bound of the elements of rescaled gradients; None and 0 are none.
    learning_rate : float, optional
        The rate, or the base rate of `lr_scheduler`; 0.01 where neither is given.
    lr_scheduler : callable, optional
        A schedule of the largest number of updates of a tensor.
    sym : Symbol, optional
        The net, whose variables may have ``lr_mult`` and ``wd_mult``.
    begin_num_update : int, optional
        How many updates have been made already.
    multi_precision : bool, optional
        Whether float16 weights have float32 copies that are updated.
    param_dict : dict of int to object, optional
        Parameters with attributes ``lr_mult`` and ``wd_mult``.

    Examples
    --------
    >>> import ndarray as nd
    >>> from symbolic import optimizers
    >>> optimizer = optimizers.SGD(learning_rate=0.5, momentum=0.5)
    >>> weight = nd.array([1.0])
    >>> state = optimizer.create_state(0, weight)
    >>> optimizer.update(0, weight, nd.array([1.0]), state)
    >>> weight.asnumpy(), state.asnumpy()
    (array([0.5], dtype=float32), array([-0.5], dtype=float32))
    """

    state_names: tuple[str, ...] = ()
    """The rule's names of the states, in MXNet's order."""
    only_ours: tuple[str, ...] = ()
    """Those of them that MXNet's class does not have."""
    bare_state = False
    """Whether a single state is not in a tuple."""
    master_last = False
    """Whether the float32 copy follows the states."""
    schedule_first = False
    """Whether a learning rate leaves the base rate of a schedule as it is."""
    decayed: tuple[str, ...] = ("_weight", "_gamma")
    """Endings of the names that have decay where names are given."""
    counts_first = False
    """Whether the tensors of a list are all counted before a schedule is asked, as where MXNet updates them at once."""
    variants: tuple[Mapping[str, Any], ...] = ({},)
    """Arguments under each of which it is another rule."""
    arguments: dict[str, Any] = {}
    __signature__: inspect.Signature

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Take a subclass's annotated attributes for its own arguments."""
        super().__init_subclass__(**kwargs)
        own = {name: vars(cls)[name] for name in vars(cls).get("__annotations__", {})}
        for name in own:
            delattr(cls, name)
        cls.arguments = own or cls.arguments
        cls.__signature__ = _signature(cls.arguments)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        try:
            bound = type(self).__signature__.bind(*args, **kwargs)
        except TypeError:
            for name in kwargs:
                if name not in type(self).__signature__.parameters:
                    raise OperatorError(f"{type(self).__name__}: " + unknown(
                        "argument", name, type(self).__signature__.parameters)) from None
            raise OperatorError(f"{type(self).__name__} takes by position at most {', '.join(self.arguments)}, "
                                f"got {counted(len(args), 'argument')}") from None
        bound.apply_defaults()
        given = bound.arguments
        vars(self).update({name: given[name] for name in self.arguments if name != "learning_rate"})
        self.rescale_grad, self.wd, self.clip_gradient = (given[n] for n in ("rescale_grad", "wd", "clip_gradient"))
        self.multi_precision, self.param_dict = given["multi_precision"], _as_dict("param_dict", given["param_dict"])
        self.idx2name = dict(_as_dict("param_idx2name", given["param_idx2name"]))
        self.begin_num_update = self.num_update = count_of(given["begin_num_update"])
        self.sym_info = _multipliers(given["sym"])
        self._counts: dict = {}
        self._shared: dict = {}
        self._made: tuple[tuple, Any] = (), None
        self._set_rate(given["learning_rate"], given["lr_scheduler"])
        self.set_lr_mult({})
        self.set_wd_mult({})
        self.made_rule()

    def _set_rate(self, rate, schedule):
        if rate is not None:
            rate_of(rate, 1)
        if schedule is not None and not callable(schedule):
            raise OperatorError(f"lr_scheduler must be a function of the number of updates, got {shown(schedule)}")
        base = getattr(schedule, "base_lr", rate)
        if schedule is not None and rate is not None and rate != base and not self.schedule_first:
            if isinstance(schedule, Scheduler):
                schedule = schedule.with_base(rate)
            else:
                schedule.base_lr = rate
            if schedule.base_lr == rate:
                warnings.warn(f"learning_rate={rate} replaces the base rate {base} of lr_scheduler", stacklevel=4)
        self.lr_scheduler, self.lr = schedule, 0.01 if rate is None and schedule is None else rate

    def choose_rule(self) -> tuple[str, dict[str, Any]]:
        """Return the name of the rule for the present arguments, and those of its hyper-parameters that are its own."""
        raise NotImplementedError(f"{type(self).__name__} does not name its rule")

    def layerwise(self) -> dict[str, Any] | None:
        """Return the arguments of the layer-wise rule over the chosen one; None where there is none."""
        return None

    def made_rule(self) -> Rule | LayerwiseRule:
        """Return the rule for the present arguments; it is made again only where they have changed.

        Raises
        ------
        ParamError
            If a hyper-parameter is out of its range.
        """
        name, params = self.choose_rule()
        over = self.layerwise()
        key = (name, self.rescale_grad, self.clip_gradient, *params.values(), *(over or {}).values())
        if key != self._made[0]:
            self._made = key, self._make(name, params, over)
        return self._made[1]

    def _make(self, name, params, over):
        own = {k: v for k, v in params.items() if v is not None}
        if self.clip_gradient:
            own["clip_grad" if name == "ftml" else "clip_gradient"] = self.clip_gradient
        made = as_rule(name, rescale_grad=self.rescale_grad, **own)
        return made if over is None else LayerwiseRule(made, **over)

    @property
    def learning_rate(self) -> float:
        """The rate of the last update."""
        return self.lr if self.lr_scheduler is None else self.lr_scheduler(self.num_update)

    def set_learning_rate(self, lr: float) -> None:
        """Set the rate.

        Raises
        ------
        OperatorError
            If a schedule gives the rate.
        """
        if self.lr_scheduler is not None:
            raise OperatorError(f"the rate follows from lr_scheduler; set its base_lr in place of learning_rate={lr}")
        self.lr = rate_of(lr, self.num_update + 1)

    def set_lr_mult(self, args_lr_mult: Mapping[int | str, float]) -> None:
        """Set factors of the rate, by index or name, besides those of the net's variables."""
        self.lr_mult = {**self.sym_info["__lr_mult__"], **_as_dict("args_lr_mult", args_lr_mult)}

    def set_wd_mult(self, args_wd_mult: Mapping[int | str, float]) -> None:
        """Set factors of the decay, by index or name, besides those of the net's variables."""
        plain = {name: 0.0 for name in self.idx2name.values() if not name.endswith(self.decayed)}
        self.wd_mult = {**plain, **self.sym_info["__wd_mult__"], **_as_dict("args_wd_mult", args_wd_mult)}

    def _factors(self, factors, indices, attribute):
        if not factors and not self.param_dict:
            return [1.0] * len(indices)
        return [getattr(self.param_dict[i], attribute) if i in self.param_dict
                else factors.get(i, factors.get(self.idx2name.get(i), 1.0)) for i in indices]

    def create_state(self, index: int | str, weight: NDArray) -> State:
        """Return the states of a weight that has not been updated."""
        fresh = fresh_states(self.made_rule().op, weight)
        found = tuple([fresh.get(name) for name in self.state_names])
        if not any(s is not None for s in found):
            return None
        return found[0] if self.bare_state else found

    def create_state_multi_precision(self, index: int | str, weight: NDArray) -> State:
        """Return the states of a weight; for float16 and with `multi_precision`, a float32 copy and its states."""
        if not self._is_mixed(weight):
            if weight.dtype == np.float16:
                warnings.warn("states in float16 lose small steps; multi_precision=True keeps a float32 copy",
                              stacklevel=2)
            return self.create_state(index, weight)
        master = weight.astype("float32")
        pair = (master, self.create_state(index, master))
        return pair[::-1] if self.master_last else pair

    def update(self, index: Any, weight: Any, grad: Any, state: Any) -> None:
        """Update a weight and its states in place, or lists of them.

        Parameters
        ----------
        index : int or str, or list of them
        weight, grad : NDArray, or list of NDArray
        state : object
            What `create_state` returned for it; of lists, a list.
        """
        if not isinstance(index, (list, tuple)):
            index, weight, grad, state = [index], [weight], [grad], [state]
        rule = self.made_rule()
        counts = self._next_counts(index)
        if counts and rule.op.many and (self.counts_first or self.lr_scheduler is None
                                        or max(counts) <= max(self.num_update, counts[0])):
            self._update(rule, index, weight, grad, state)
            return
        number = max(counts, default=0) if self.counts_first else 0
        for i, w, g, s in zip(index, weight, grad, state, strict=True):
            self._update(rule, [i], [w], [g], [s], number)

    def _next_counts(self, index):
        return [self._counts.get(i, self.begin_num_update) + 1 for i in index]

    def _update(self, rule: Any, index: Any, weight: Any, grad: Any, state: Any, number: int = 0) -> None:
        """Update lists in one call of the rule's operator, which is at least the update `number` to a schedule."""
        counts = self._next_counts(index)
        number = max(self.num_update, number, *counts)
        rate = rate_of(self.lr if self.lr_scheduler is None else self.lr_scheduler, self.number_of_rate(number))
        tensors = [Tensor(i, {"weight": w, "grad": g, **self._states_of(rule, w, s)})
                   for i, w, g, s in zip(index, weight, grad, state, strict=True)]
        rates = self.rates(rate, self._factors(self.lr_mult, index, "lr_mult"))
        decays = Amounts(self.wd, self._factors(self.wd_mult, index, "wd_mult"))
        if self.wd and not rule.decays and any(decays.factors):
            raise OperatorError(f"{type(self).__name__} has no weight decay, got wd={self.wd}")
        shared = None
        if rule.shared_states:
            shared = self._shared.setdefault(tuple(index), {
                n: NDArray(np.zeros(1, np.float32)) for n in rule.shared_states})
        with deferred():  # The count goes with the update, whenever an interrupt comes.
            rule.apply(Arrays, tensors, rates, decays, Amounts(1.0, counts), self.plain(index), shared)
            self._counts.update(zip(index, counts))
            self.num_update = number

    def number_of_rate(self, number: int) -> int:
        """Return for which number of updates a schedule gives the rate of an update."""
        return number

    def update_multi_precision(self, index: Any, weight: Any, grad: Any, state: Any) -> None:
        """Update the float32 copies of float16 weights, where there are such, and round them to the weights."""
        many = isinstance(index, (list, tuple))
        weights, grads, states = (weight, grad, state) if many else ([weight], [grad], [state])
        if not self._is_mixed(weights[0]):
            return self.update(index, weight, grad, state)
        pairs = [s[::-1] if self.master_last else s for s in states]
        masters, wide = [p[0] for p in pairs], [g.astype("float32") for g in grads]
        with deferred():
            self.update(list(index) if many else [index], masters, wide, [p[1] for p in pairs])
            for low, master in zip(weights, masters):
                low[:] = master.astype(low.dtype)

    @property
    def name(self) -> str:
        """The name of the class."""
        return type(self).__name__

    def counted(self) -> dict[str, Any]:
        """Return what the optimizer has counted, and what several tensors share, for `set_counted`."""
        shared = [(list(indices), states) for indices, states in self._shared.items()]
        return {"optimizer": self.name, "num_update": self.num_update, "counts": dict(self._counts), "shared": shared}

    def set_counted(self, counted: Counted) -> None:
        """Go on from what has been counted."""
        self.num_update, self._counts = counted.num_update, dict(counted.counts)
        self._shared = dict(counted.shared)

    def is_state(self, state: State) -> bool:
        """Tell whether something has the form of what `create_state_multi_precision` returns."""
        if isinstance(state, tuple) and len(state) == 2:
            own, master = state if self.master_last else state[::-1]
            if isinstance(master, NDArray) and self._is_own_state(own):
                return True
        return self._is_own_state(state)

    def _is_own_state(self, state):
        if state is None or self.bare_state:
            return state is None or isinstance(state, NDArray)
        return isinstance(state, tuple) and len(state) == len(self.state_names)

    def rates(self, rate: float, factors: Sequence[float]) -> Amounts:
        """Return what the rule is given for a rate as scheduled and the tensors' factors."""
        return Amounts(rate, factors)

    def plain(self, indices: Iterable[int | str]) -> frozenset:
        """Return the indices without layer-wise rates."""
        return frozenset()

    def _is_mixed(self, weight):
        return self.multi_precision and weight.dtype == np.float16

    def _states_of(self, rule, weight, state):
        """Return a tensor's states by name; those that MXNet's classes do not hold are made for each update."""
        kept = () if state is None else (state,) if self.bare_state else state
        needed = rule.op.writes
        if self.state_names == needed and len(kept) == len(needed) and all([s is not None for s in kept]):
            return dict(zip(needed, kept))
        found = {name: s for name, s in zip(self.state_names, kept) if s is not None}
        if not found.keys() >= set(needed):
            found = {**fresh_states(rule.op, weight), **found}
        return {name: found[name] for name in needed}


def _signature(own):
    """Return the signature of a class: its own arguments, then those of all as keywords."""
    kind = inspect.Parameter
    found = [kind(name, kind.POSITIONAL_OR_KEYWORD, default=value) for name, value in own.items()]
    found += [kind(name, kind.KEYWORD_ONLY, default=value) for name, value in _COMMON.items() if name not in own]
    return inspect.Signature(found)


Optimizer.__signature__ = _signature({})


def _as_dict(name, value):
    """Return a dict that was given, or an empty one for None."""
    if value is not None and not isinstance(value, Mapping):
        raise OperatorError(f"{name} must be a dict, got {shown(value)}")
    return value or {}


def _multipliers(net):
    """Return the factors in the attributes of a net's variables, by kind and name."""
    found: dict[str, dict[str, float]] = {"__lr_mult__": {}, "__wd_mult__": {}}
    if net is not None and not isinstance(net, Symbol):
        raise OperatorError(f"sym must be a Symbol, got {shown(net)}")
    for node in net.graph.arguments if net is not None else ():
        for key, value in node.attrs:
            if key in found:
                found[key][node.name] = float(value)
    return found


def register(cls: type[Optimizer]) -> type[Optimizer]:
    """Let `create` find an optimizer class by its name.

    Examples
    --------
    >>> @register
    ... class Halved(Optimizer):
    ...     def choose_rule(self):
    ...         return "sgd", {}
    >>> create("halved", learning_rate=0.5).learning_rate
    0.5
    """
    _registry[cls.__name__.lower()] = cls
    return cls


def create(name: str, **kwargs: Any) -> Optimizer:
    """Return an optimizer by the name of its class, in any case.

    Parameters
    ----------
    name : str
    **kwargs
        Arguments of the class.

    Raises
    ------
    UnknownNameError
        If there is no such class.

    Examples
    --------
    >>> create("sgd", learning_rate=0.1, momentum=0.9).momentum
    0.9
    """
    found = _registry.get(name.lower()) if isinstance(name, str) else None
    if found is None:
        raise UnknownNameError(unknown("optimizer", name.lower() if isinstance(name, str) else name, _registry))
    return found(**kwargs)


class OptimizerUpdater:
    """What `get_updater` returns: an optimizer with the states of every index.

    Attributes
    ----------
    optimizer : Optimizer
    states : dict
        By index.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.states: dict[Any, State] = {}

    def __call__(self, index: Any, grad: Any, weight: Any) -> None:
        """Update weights in place; lists in one call."""
        many = isinstance(index, (list, tuple))
        for i, w in zip(index, weight) if many else [(index, weight)]:
            if i not in self.states:
                self.states[i] = self.optimizer.create_state_multi_precision(i, w)
        state = [self.states[i] for i in index] if many else self.states[index]
        self.optimizer.update_multi_precision(index, weight, grad, state)

    def get_states(self, dump_optimizer: bool = False) -> bytes:
        """Return the states of every index, as MXNet pickles them; MXNet's updater reads them, too.

        Parameters
        ----------
        dump_optimizer : bool, optional
            Add what the optimizer counts, so that training goes on as if there had been no stop.  MXNet adds the whole
            optimizer here, and does not read ours.

        Returns
        -------
        bytes

        Examples
        --------
        >>> import ndarray as nd
        >>> from symbolic import optimizers
        >>> updater = get_updater(optimizers.Adam(beta1=0.5))
        >>> updater("w", nd.array([1.0]), nd.array([1.0]))
        >>> again = get_updater(optimizers.Adam(beta1=0.5))
        >>> again.set_states(updater.get_states(dump_optimizer=True))
        >>> again.optimizer.num_update, again.states["w"][0].asnumpy()
        (1, array([0.5], dtype=float32))
        """
        return pickles.dumps((self.states, self.optimizer.counted()) if dump_optimizer else self.states)

    def set_states(self, states: bytes) -> None:
        """Take the states, and what was counted, from the bytes of `get_states` or of MXNet's updater.

        No code in them is run.  Of an optimizer that MXNet has added, only its counts are taken; without them, the
        updates of each index are counted from the optimizer's `begin_num_update`.

        Parameters
        ----------
        states : bytes

        Raises
        ------
        FormatError
            If they are damaged, or not states of this optimizer.  Nothing is taken.
        """
        found, counted = read_states(states, self.optimizer.name, self.optimizer.is_state)
        if counted is not None:
            self.optimizer.set_counted(counted)
        self.states = found


def get_updater(optimizer: Optimizer) -> OptimizerUpdater:
    """Return MXNet's updater of an optimizer: ``updater(index, grad, weight)``.

    Examples
    --------
    >>> import ndarray as nd
    >>> updater, weight = get_updater(create("sgd", learning_rate=0.5)), nd.array([1.0])
    >>> updater(0, nd.array([1.0]), weight)
    >>> weight.asnumpy()
    array([0.5], dtype=float32)
    """
    return OptimizerUpdater(optimizer)
