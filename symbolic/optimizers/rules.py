"""Update rules: an update operator with its hyper-parameters, and what its declaration states about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal

from ndarray import registry
from ndarray.cached import cached_property
from ndarray.errors import OperatorError, ParamError, UnknownNameError, shown, unknown
from ndarray.operator import Operator
from ndarray.ops.precision import STATES
from ndarray.params import REQUIRED, Param, Scalar, Scalars
from symbolic.optimizers.forms import Form, Tensor
from symbolic.optimizers.rates import Amounts, Vector, bias_correction, wide
from symbolic.symbol import Symbol


@dataclass(frozen=True)
class Rule:
    """One update operator and its hyper-parameters.

    Attributes
    ----------
    op : Operator
    params : mapping of str to (float or Symbol)
        Those that are the same for every tensor.
    wd : float or Symbol
        Weight decay, before the factor of each parameter.
    bias_correction : bool
        Whether the bias of running means that start at zero is corrected, for operators that leave that to their
        caller or take the number of the update for it.
    epsilon_place : {'hat', 'paper'}
        For those that leave the correction to their caller: whether `epsilon` is added to the root of the mean of
        squares before the correction, or after it, as in the paper.
    """

    op: Operator
    params: Mapping[str, float | Symbol] = field(default_factory=dict)
    wd: float | Symbol = 0.0
    bias_correction: bool = True
    epsilon_place: Literal["hat", "paper"] = "hat"

    def __str__(self) -> str:
        more = ["epsilon_place=paper"] if self.epsilon_place == "paper" else []
        return ", ".join([self.op.name, *(f"{k}={v}" for k, v in self.params.items()), f"wd={self.wd}", *more])

    @property
    def decays(self) -> bool:
        """Whether the operator has weight decay."""
        return self.op.update.decay is not None

    @cached_property
    def corrects(self) -> bool:
        """Whether rate and epsilon are to be corrected, since the operator leaves that to its caller."""
        return self.bias_correction and self.op.update.corrects_bias

    @cached_property
    def counts(self) -> bool:
        """Whether the number of the update must be known."""
        param = self.op.params.get(self.op.update.count)
        return self.corrects or (param is not None and (param.default is REQUIRED or self.bias_correction))

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The parameters that are no numbers which may change: forms of the operator."""
        return {k: v for k, v in self.params.items()
                if k in self.op.params and self.op.params[k].type not in (Scalar, Scalars)}

    @cached_property
    def more_inputs(self) -> tuple[str, ...]:
        """What the operator reads of each tensor besides weight and gradient: states and others."""
        return tuple([name for name in self.op.names[2:] if name not in self.op.update.single])

    @property
    def shared_states(self) -> tuple[str, ...]:
        """States of one element that all tensors share."""
        return tuple([name for name in self.op.update.single if name in self.op.writes])

    def value(self, name: str) -> Any:
        """Return a hyper-parameter, the operator's default where none was given."""
        return self.params[name] if name in self.params else self.op.params[name].default

    def apply(self, form: Form, tensors: Sequence[Tensor], rates: Amounts, decays: Amounts, counts: Amounts | None,
              skip: frozenset = frozenset(), shared: Mapping | None = None) -> list:
        """Return each tensor's new value.

        Parameters
        ----------
        form : Nodes or Arrays
            How operators are called.
        tensors : sequence of Tensor
        rates, decays : Amounts
            As scheduled, times each tensor's factor.
        counts : Amounts or None
            Numbers of the update, from 1.
        skip : set of str
            Tensors that a layer-wise rule treats like single numbers; without effect here.
        shared : mapping of str to (Symbol or NDArray), optional
            States that all tensors share, see `shared_states`.

        Returns
        -------
        list of Symbol or NDArray
        """
        rule = self
        if self.shared_states and shared is not None:
            rule = replace(self, params={**self.params, **{name: shared[name] for name in self.shared_states}})
        return rule.call(form, tensors, *self.fed(rates, decays, counts))

    def fed(self, rates: Amounts, decays: Amounts, counts: Amounts | None) -> tuple:
        """Return rates, decays and counts as the operator takes them, and the epsilons, None if they do not differ."""
        epsilons = None
        if not self.op.update.decay_times_rate:
            decays = rates.times(decays, "lr_times_wd")
        if self.corrects and counts is not None:
            betas = [self.value(name) for name in self.op.update.betas]
            correction, root = bias_correction(counts, *betas)
            epsilon = self.value(self.op.update.epsilon)
            if isinstance(betas[0], Symbol) or isinstance(betas[1], Symbol):
                rates, epsilon = Amounts(wide(rates.base), rates.factors), wide(epsilon)
            rates = rates.times(correction, "lr_corrected")
            if self.epsilon_place == "paper":
                epsilons = Amounts(epsilon, [1.0] * len(root.factors))
                epsilons = epsilons.times(root, "epsilon_hat")
        return rates, decays, counts, epsilons

    def call(self, form: Form, tensors: Sequence[Tensor], rates: Amounts | Vector, decays: Amounts,
             counts: Amounts | None, epsilons: Amounts | None) -> list:
        """Return each tensor's new value; the numbers are as the operator takes them."""
        if self.op.many:
            return self._call_many(form, tensors, rates, decays, counts, epsilons)
        found, names, single = [], self.op.names, self.op.update.single
        numbers: list[Any] = [None if a is None else a.items() for a in (rates, decays, counts, epsilons)]
        for k, x in enumerate(tensors):
            rate, decay, count, epsilon = [items and items[k:k + 1] for items in numbers]
            if single:
                one = Amounts(rate[0], [1.0]), Amounts(decay[0], [1.0])
                inputs = [self._single(form, n, *one) if n in single else x.inputs[n] for n in names]
            else:
                inputs = [x.inputs[n] for n in names]
            params = self._params(rate, decay, count, epsilon)
            found += form.update(self.op.name, inputs, [x], f"{x.name}_step", **params)
        return found

    def _call_many(self, form, tensors, rates, decays, counts, epsilons):
        if epsilons is not None and len(set(map(str, epsilons.items()))) > 1:
            raise ParamError(f"{self.op.name} takes one epsilon for all tensors, but with epsilon_place='paper' it "
                             "depends on the number of the update; give the tensors the same number")
        inputs = [x.inputs[name] for x in tensors for name in self.op.many]
        inputs += [self._single(form, name, rates, decays) for name in self.op.names if name not in self.op.many]
        numbers = [None if a is None else a.items() for a in (rates, decays, counts, epsilons)]
        return form.update(self.op.name, inputs, tensors, "step", **self._params(*numbers))

    def _single(self, form, name, rates, decays):
        """Return an input that there is one of for all tensors."""
        update = self.op.update
        if name in (update.rate, update.decay):
            return (rates if name == update.rate else decays).vector(form, name)
        value = self.params.get(name, update.usual.get(name))
        return form.constant([value], name) if isinstance(value, (int, float)) else value

    def _params(self, rates, decays, counts, epsilons):
        """Return the parameters of a call, from lists with a number for each tensor."""
        found, params = dict(self._fixed), self.op.params
        for name, value in self._usual.items():
            found[name] = (value,) * len(rates) if params[name].type is Scalars else value
        for name, items in zip(self._changing, (rates, decays, counts, epsilons)):
            if name is not None and items is not None:
                found[name] = tuple(items) if params[name].type is Scalars else items[0]
        return found

    @cached_property
    def _fixed(self):
        """The operator's parameters that were given for all updates."""
        return {k: v for k, v in self.params.items() if k in self.op.params}

    @cached_property
    def _usual(self):
        """Those that were not given, and have no default."""
        return {k: v for k, v in self.op.update.usual.items() if k in self.op.params and k not in self.params}

    @cached_property
    def _changing(self):
        """The names of rate, decay, count and epsilon among the operator's parameters, None where it has none."""
        update = self.op.update
        names = update.rate, update.decay, update.count if self.counts else None, update.epsilon
        return tuple([name if name in self.op.params else None for name in names])


def rule_names(op: Operator) -> list[str]:
    """Return the names by which an update operator is found as a rule.

    Examples
    --------
    >>> rule_names(registry.get("sgd_mom_update"))
    ['sgd', 'sgd_mom', 'sgd_mom_update', 'sparse_sgd_mom', '_sparse_sgd_mom_update']
    """
    own = [short for name in (op.name, *op.aliases) for short in (name.strip("_").removesuffix("_update"), name)]
    return list(dict.fromkeys([*op.update.names, *own]))


def candidates() -> dict[str, list[Operator]]:
    """Return the update operators that each name of a rule means, in the order of their declaration."""
    return _candidates(registry.operators())


@lru_cache(maxsize=4)
def _candidates(operators):
    found: dict[str, list[Operator]] = {}
    for op in operators:
        for name in rule_names(op) if op.update else ():
            found.setdefault(name, []).append(op)
    return found


def make_rule(name: str, *, precision: str | None = None, **params: Any) -> Rule:
    """Return the rule of an update operator; see `symbolic.optimizers.rule`."""
    known = candidates()
    if not isinstance(name, str) or name not in known:
        raise UnknownNameError(unknown("update rule", name, [*known, "lars"]))
    own: dict[str, Any] = {k: params.pop(k) for k in ("bias_correction", "epsilon_place") if k in params}
    given = params.keys() - {"wd"}
    op = next((op for op in known[name] if given | own.keys() <= _keywords(op)), known[name][0])
    for key in (*given, *own):
        _check_keyword(name, op, key, (own if key in own else params)[key])
    if own.get("epsilon_place", "hat") not in ("hat", "paper"):
        raise ParamError(f"{name}: epsilon_place must be 'hat' or 'paper', got {shown(own['epsilon_place'])}")
    if not isinstance(own.get("bias_correction", True), bool):
        raise ParamError(f"{name}: bias_correction must be a bool, got {shown(own['bias_correction'])}")
    if "bias_correction" in op.params and "bias_correction" in own:
        params["bias_correction"] = own.pop("bias_correction")
    numbers = {k: v for k, v in params.items() if k in op.params and not isinstance(v, Symbol)}
    op.parse(numbers, name)
    if not isinstance(params.get("wd", 0.0), Symbol):
        _DECAY.parse(params.get("wd", 0.0), name)
    if precision is not None:
        op = precise(op, precision)
    made = Rule(op, {k: v for k, v in params.items() if k != "wd"}, params.get("wd", 0.0), **own)
    if "wd" in params and not made.decays:
        raise OperatorError(f"{op.name} has no weight decay, got wd={shown(params['wd'])}")
    return made


_DECAY = Param("wd", Scalar)


def precise(op: Operator, precision: str) -> Operator:
    """Return the update of 16-bit weights that follows from another.

    Raises
    ------
    ParamError
        If the kind of precision is unknown.
    OperatorError
        If the operator keeps a float32 copy of the weight already.
    """
    if precision not in STATES:
        raise ParamError(f"precision must be {', '.join(map(repr, STATES))} or None, got {shown(precision)}")
    return registry.get(f"_{precision}_{op.name}")


def _keywords(op):
    """Return what a rule of an operator may be given, besides the decay."""
    update = op.update
    found: set[str] = {*op.params, *update.single} - {update.rate, update.decay, update.count}
    if update.corrects_bias:
        found |= {"bias_correction", "epsilon_place"}
    elif update.count is not None and op.params[update.count].default is not REQUIRED:
        found.add("bias_correction")
    return found


def _check_keyword(name, op, key, value):
    update = op.update
    if key in (update.rate, update.count):
        what, to = ("learning rate", "lr") if key == update.rate else ("number of the update", "t")
        raise OperatorError(f"{name}: the {what} belongs to the step, not to the rule; pass {to}={shown(value)} to it")
    if key not in _keywords(op):
        raise OperatorError(f"{name}: {unknown(f'parameter of {op.name}', key, _keywords(op) | {'wd'})}")
