"""Rules whose rates are scaled layer by layer, by norms of weights and gradients; and `rule`, which finds any rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ndarray import registry
from ndarray.errors import OperatorError, ParamError, shown
from symbolic.optimizers.forms import Form, Tensor
from symbolic.optimizers.rates import Amounts, Vector
from symbolic.optimizers.routed import Routed
from symbolic.optimizers.rules import Rule, make_rule, precise
from symbolic.symbol import Symbol


@dataclass(frozen=True)
class LayerwiseRule:
    """Another rule with rates scaled layer by layer, by the norms of weights and gradients (LARS).

    Attributes
    ----------
    rule : Rule
        What updates the weights.
    eta : float or Symbol
        Trust coefficient: the part of its norm that a layer moves at a rate of 1.
    eps : float or Symbol
    decay_norm : {'sum', 'joint'}
        Whether the decay enters as the sum of two norms, as in the paper and MXNet, or as the norm of gradient and
        decay together, as in Optax.
    momentum_correction : bool
        Whether the momentum follows changes of the rate, as MXNet's class has it do.
    """

    rule: Rule
    eta: float | Symbol = 0.001
    eps: float | Symbol = 1e-8
    decay_norm: Literal["sum", "joint"] = "sum"
    momentum_correction: bool = False

    def __post_init__(self) -> None:
        op = registry.get("multi_lars")
        given = {"eta": self.eta, "eps": self.eps, "decay_norm": self.decay_norm}
        op.parse({name: value for name, value in given.items() if not isinstance(value, Symbol)}, "lars")
        if not isinstance(self.momentum_correction, bool):
            raise ParamError(f"lars: momentum_correction must be a bool, got {shown(self.momentum_correction)}")
        if self.momentum_correction and "momentum" not in self.rule.op.params:
            raise OperatorError(f"momentum_correction needs a rule with a momentum, got {self.rule}")

    def __str__(self) -> str:
        return f"multi_lars, eta={self.eta}, eps={self.eps}, then {self.rule}"

    @property
    def shared_states(self) -> tuple[str, ...]:
        """States of one element that all tensors share."""
        return ("last_lr",) if self.momentum_correction else ()

    op = property(lambda self: self.rule.op, doc="The operator of the rule within.")
    wd = property(lambda self: self.rule.wd, doc="Weight decay of the rule within.")
    decays = property(lambda self: self.rule.decays, doc="Whether the rule within has weight decay.")
    counts = property(lambda self: self.rule.counts, doc="Whether the rule within must know the number of the update.")
    settings = property(lambda self: self.rule.settings, doc="Parameters of the rule within that are no numbers.")
    more_inputs = property(lambda self: self.rule.more_inputs, doc="What the rule within reads of each tensor.")

    def apply(self, form: Form, tensors: Sequence[Tensor], rates: Amounts, decays: Amounts, counts: Amounts | None,
              skip: frozenset = frozenset(), shared: Mapping | None = None) -> list:
        """Return each tensor's new value, as `Rule.apply` does; those in `skip` keep their plain rate."""
        order = sorted(range(len(tensors)), key=lambda k: tensors[k].name in skip)
        tensors, rates, decays = [tensors[k] for k in order], rates.pick(order), decays.pick(order)
        counts = None if counts is None else counts.pick(order)
        n = sum(x.name not in skip for x in tensors)
        rule = self.rule
        if self.momentum_correction and shared is not None:
            momentum = form.call("_corrected_momentum", Amounts(rates.base, [1.0]).vector(form, "global_lr"),
                                 shared["last_lr"], momentum=rule.value("momentum"), name="corrected_momentum")
            rule = replace(rule, params={**rule.params, "momentum": momentum})
        rates, *others = rule.fed(rates, decays, counts)
        given: Amounts | Vector = rates
        if n:
            scaled, plain = rates.pick(range(n)), rates.pick(range(n, len(tensors)))
            sums = self._sums(form, tensors[:n], decays.pick(range(n)))
            found = form.call("multi_lars", scaled.vector(form, "lrs"), *sums,
                              decays.pick(range(n)).vector(form, "wds"), eta=self.eta, eps=self.eps, name="rates",
                              rescale_grad=rule.params.get("rescale_grad", 1.0), decay_norm=self.decay_norm)
            given = Vector(form, found, n, plain)
        new = rule.call(form, tensors, given, *others)
        return [new[order.index(k)] for k in range(len(order))]

    def _sums(self, form, tensors, decays):
        """Return the sums of squares of weights and gradients."""
        weights = [x.inputs.get("weight32", x.inputs["weight"]) for x in tensors]
        grads = [x.inputs["grad"] for x in tensors]
        of_weights = form.call("multi_sum_sq", *weights, name="weights_sum_sq")
        if self.decay_norm == "sum":
            return of_weights, form.call("multi_sum_sq", *grads, name="grads_sum_sq")
        return of_weights, form.call("_decayed_sum_sq", *(x for pair in zip(weights, grads) for x in pair),
                                     wds=tuple(decays.items()), rescale_grad=self.rule.params.get("rescale_grad", 1.0),
                                     name="grads_sum_sq")


def rule(name: str | Rule | LayerwiseRule | Routed | Mapping[str, Any], *, precision: str | None = None,
         **params: Any) -> Rule | LayerwiseRule | Routed:
    """Return an update rule by the name of its operator, with or without the usual ``_update``.

    Parameters
    ----------
    name : str, or dict of str to (str, Rule, or tuple of one and a float)
        ``"sgd"``, ``"nag"``, ``"adam"``, ``"adamw"``, ``"signsgd"``, ``"lamb"``, ``"lion"`` …: any operator that
        updates a `weight` by a `grad` and a rate; of several, the first that takes all of `params` (``"sgd"`` with
        `momentum` is ``sgd_mom_update``).  ``"lars"`` is `LayerwiseRule` over momentum SGD, whose own parameters are
        ``eta``, ``eps``, ``decay_norm`` and ``momentum_correction``.  A dict has for each pattern of parameters' names
        the rule of those that fit it first, with a factor of their rate if it is a tuple: see `Routed`.
    precision : {'master', 'stochastic', 'kahan'}, optional
        How weights in 16 bits keep steps that are smaller than their last digit.  ``"master"``: a float32 copy
        ``weight32`` is updated, with states in float32, and rounded to the weight.  ``"stochastic"``, for bfloat16:
        weight and states are rounded up or down at random, right on average; the numbers follow from the state ``key``
        and an element's place.  ``"kahan"``, for bfloat16: what rounding took is kept in bfloat16 as ``compensation``.
        Each computes in float32.
    **params : float or Symbol
        Hyper-parameters of the operator, without learning rate and step count, which belong to the step.  Adam and its
        relatives take ``bias_correction`` as well: whether the bias of running means that start at zero is corrected,
        which the operators ``adam_update`` and ``adamw_update`` leave to their caller; and ``epsilon_place``:
        ``"hat"`` adds epsilon to the root before that correction, as MXNet does, ``"paper"`` after it, as torch and
        Optax do.

    Returns
    -------
    Rule, LayerwiseRule or Routed

    Raises
    ------
    UnknownNameError, OperatorError, ParamError

    Examples
    --------
    >>> rule("sgd").op.name, rule("sgd", momentum=0.9).op.name, rule("lamb").op.name
    ('sgd_update', 'sgd_mom_update', '_multi_lamb_update')
    """
    if isinstance(name, Mapping):
        name = Routed(tuple([(pattern, *_route(value)) for pattern, value in name.items()]))
    if isinstance(name, (Rule, LayerwiseRule, Routed)):
        if params:
            raise OperatorError(f"the rule is made already; give {', '.join(params)} when making it")
        return name if precision is None else _precise(name, precision)
    if name == "lars":
        own = {k: params.pop(k) for k in ("eta", "eps", "decay_norm", "momentum_correction") if k in params}
        return LayerwiseRule(make_rule("preloaded_multi_sgd_mom", precision=precision, **params), **own)
    return make_rule(name, precision=precision, **params)


def _precise(made, precision):
    """Return a rule with a kind of precision."""
    if isinstance(made, Routed):
        return replace(made, routes=tuple([(key, _precise(own, precision), f) for key, own, f in made.routes]))
    if isinstance(made, LayerwiseRule):
        return replace(made, rule=_precise(made.rule, precision))
    return replace(made, op=precise(made.op, precision))


def _route(value):
    """Return the rule of a route and the factor of its rate."""
    given, factor = value if isinstance(value, tuple) else (value, 1.0)
    found = rule(given)
    if isinstance(found, Routed):
        raise OperatorError("a dict of rules holds rules, not dicts of them")
    return found, float(factor)
