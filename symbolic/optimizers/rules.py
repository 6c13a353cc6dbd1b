"""Update rules: how the nodes of an update are made, read from the declarations of the update operators."""

import json
from dataclasses import dataclass, field

from ndarray import registry
from ndarray.errors import OperatorError, UnknownNameError, shown, unknown
from ndarray.params import REQUIRED, Scalars
from symbolic.create import var
from symbolic.functions import function
from symbolic.optimizers.rates import Amounts, Vector, constant

# What update operators call the number that a role has for one tensor, and those for all.
_ROLES = {"lr": "lr", "lrs": "lr", "learning_rates": "lr", "wd": "wd", "wds": "wd", "t": "t", "step_count": "t"}
# AdamW's factor on the whole step, and the scale of its gradients, are 1 unless said otherwise.
_USUAL = {"eta": 1.0, "etas": 1.0, "rescale_grad": 1.0}
_NAMES = ("{}", "{}_update", "{}_mom_update", "_{}_update", "_multi_{}_update", "_sparse_{}_update",
          "_contrib_{}_update")


@dataclass(frozen=True)
class Tensor:
    """A parameter on the way through an update: its name, its Symbol and that of its gradient."""

    name: str
    weight: object
    grad: object


@dataclass(frozen=True)
class Rule:
    """One update operator and its hyper-parameters.

    Attributes
    ----------
    op : Operator
    params : dict
        Those that are the same for every tensor; values are numbers or symbols.
    wd : float or Symbol
        Weight decay, before the factor of each parameter.
    bias_correction : bool
        Whether the rate of Adam's relatives, whose operators leave that to the caller, is corrected for running means
        that start at zero.
    """

    op: object
    params: dict = field(default_factory=dict)
    wd: object = 0.0
    bias_correction: bool = True

    def __str__(self):
        return ", ".join([self.op.name, *(f"{k}={v}" for k, v in self.params.items()), f"wd={self.wd}"])

    @property
    def decays(self):
        """Whether the operator knows weight decay."""
        return any(_ROLES.get(name) == "wd" for name in (*self.op.params, *self.op.names))

    @property
    def counts(self):
        """Whether the number of the update must be known."""
        return self.corrects or any(_ROLES.get(p.name) == "t" and (p.default is REQUIRED or self.bias_correction)
                                    for p in self.op.params.values())

    @property
    def corrects(self):
        """Whether the rate is to be corrected, since the operator itself does not know the number of the update."""
        return self.bias_correction and {"beta1", "beta2"} <= self.op.params.keys() and not any(
            _ROLES.get(name) == "t" for name in self.op.params)

    @property
    def betas(self):
        """What the running means of gradients and of their squares keep."""
        return [self.params.get(name, self.op.params[name].default) for name in ("beta1", "beta2")]

    def state_names(self, tensor):
        """Return the names of a tensor's states."""
        return [f"{tensor}_{state}" for state in self.op.writes]

    def apply(self, tensors, lrs, wds, t, skip=()):
        """Return the Symbol of each tensor's new value.

        Parameters
        ----------
        tensors : sequence of Tensor
        lrs, wds : Amounts or Vector
        t : number or Symbol or None
            The number of the update.
        skip : set of str
            Tensors that a rule of layers treats like single numbers; it means nothing to this one.
        """
        make = function(self.op.name)
        if self.op.many:
            flat = [s for x in tensors for s in self._inputs(x)]
            last = [self._single(i.name, lrs, wds, len(tensors)) for i in self.op.inputs if not i.many]
            made = make(*flat, *last, name="step", attr=_updates(tensors), **self._params(lrs, wds, t, len(tensors)))
            return list(made)
        found = []
        for x, lr, wd in zip(tensors, lrs.items(), wds.items()):
            extra = {i.name: self._single(i.name, None, None, 1) for i in self.op.inputs
                     if i.name not in ("weight", "grad", *self.op.writes)}
            params = self._params(Amounts(lr, [1.0]), Amounts(wd, [1.0]), t, 1)
            found.append(make(**dict(zip(("weight", "grad", *self.op.writes), self._inputs(x))), **extra,
                              name=f"{x.name}_step", attr=_updates([x]), **params))
        return found

    def _inputs(self, tensor):
        return [tensor.weight, tensor.grad, *(var(name) for name in self.state_names(tensor.name))]

    def _single(self, name, lrs, wds, n):
        """Return the Symbol of an input that there is one of."""
        role = _ROLES.get(name)
        if role is not None:
            return (lrs if role == "lr" else wds).vector(name)
        value = self.params.get(name, _USUAL.get(name))
        return value if hasattr(value, "list_outputs") else constant([value], name)

    def _params(self, lrs, wds, t, n):
        found = {k: v for k, v in self.params.items() if k in self.op.params}
        for name, param in self.op.params.items():
            role = _ROLES.get(name)
            if role == "t" and (t is None or name in found):
                continue
            if role is not None:
                values = {"lr": lrs, "wd": wds}[role].items() if role != "t" else [t] * n
            elif name in _USUAL and param.default is REQUIRED and name not in found:
                values = [_USUAL[name]] * n
            else:
                continue
            found[name] = tuple(values) if param.type is Scalars else values[0]
        return found


@dataclass(frozen=True)
class Lars:
    """Another rule with rates scaled layer by layer, by the norms of weights and gradients (LARS).

    Attributes
    ----------
    rule : Rule
        What updates the weights.
    eta : float or Symbol
        Trust coefficient: the part of its norm that a layer moves at a rate of 1.
    eps : float
    """

    rule: Rule
    eta: object = 0.001
    eps: float = 1e-8

    def __str__(self):
        return f"multi_lars, eta={self.eta}, eps={self.eps}, then {self.rule}"

    wd = property(lambda self: self.rule.wd, doc="Weight decay of the rule within.")
    decays = property(lambda self: self.rule.decays, doc="Whether the rule within knows weight decay.")
    counts = property(lambda self: self.rule.counts, doc="Whether the rule within must know the number of the update.")
    corrects = property(lambda self: self.rule.corrects, doc="Whether the rate of the rule within is to be corrected.")
    betas = property(lambda self: self.rule.betas, doc="What the running means of the rule within keep.")

    def apply(self, tensors, lrs, wds, t, skip=()):
        """Return the Symbol of each tensor's new value; those in `skip` keep their plain rate."""
        order = sorted(range(len(tensors)), key=lambda k: tensors[k].name in skip)
        tensors, lrs, wds = [tensors[k] for k in order], lrs.pick(order), wds.pick(order)
        n = sum(x.name not in skip for x in tensors)
        scaled, plain = lrs.pick(range(n)), lrs.pick(range(n, len(tensors)))
        if n:
            rates = function("multi_lars")(
                scaled.vector("lrs"), function("multi_sum_sq")(*(x.weight for x in tensors[:n]), name="weights_sum_sq"),
                function("multi_sum_sq")(*(x.grad for x in tensors[:n]), name="grads_sum_sq"),
                wds.pick(range(n)).vector("wds"), eta=self.eta, eps=self.eps, name="rates",
                rescale_grad=self.rule.params.get("rescale_grad", 1.0))
            lrs = Vector(rates, n, plain)
        found = self.rule.apply(tensors, lrs, wds, t)
        return [found[order.index(k)] for k in range(len(order))]


def rule(name, **params):
    """Return an update rule by the name of its operator, with or without the usual ``_update``.

    Parameters
    ----------
    name : str
        ``"sgd"``, ``"nag_mom"``, ``"adam"``, ``"adamw"``, ``"signsgd"``, ``"lamb"``, ``"lion"`` …: any operator that
        updates a `weight` by a `grad`; of several, the first that takes all of `params` (``"sgd"`` with `momentum` is
        ``sgd_mom_update``).  ``"lars"`` is `Lars` over momentum SGD.
    **params : float or Symbol
        Hyper-parameters of the operator, without learning rate and step count, which belong to the step.  Adam and its
        relatives take ``bias_correction`` as well: whether the rate makes good that running means start at zero, which
        the operators ``adam_update`` and ``adamw_update`` leave to their caller.

    Returns
    -------
    Rule or Lars

    Raises
    ------
    UnknownNameError, OperatorError, ParamError

    Examples
    --------
    >>> rule("sgd").op.name, rule("sgd", momentum=0.9).op.name, rule("lamb").op.name
    ('sgd_update', 'sgd_mom_update', '_multi_lamb_update')
    """
    if isinstance(name, (Rule, Lars)):
        if params:
            raise OperatorError(f"the rule is made already; give {', '.join(params)} when making it")
        return name
    if name == "lars":
        own = {k: params.pop(k) for k in ("eta", "eps") if k in params}
        return Lars(rule("preloaded_multi_sgd_mom", **params), **own)
    known = registry.names()
    found = [known[p.format(name)] for p in _NAMES if p.format(name) in known] if isinstance(name, str) else []
    found = [op for op in found if _is_rule(op)]
    if not found:
        names = [op.name.removesuffix("_update").strip("_") for op in registry.operators() if _is_rule(op) and not op.many]
        raise UnknownNameError(unknown("update rule", name, [*names, "lars"]))
    wanted = params.keys() - {"wd"}
    op = next((op for op in found if wanted - {"bias_correction"} <= {*op.params, *op.names}), found[0])
    correct = True
    if "bias_correction" not in op.params and {"beta1", "beta2"} <= op.params.keys():
        correct = bool(params.pop("bias_correction", True))
        wanted = params.keys() - {"wd"}
    for key in wanted:
        if key not in op.params and key not in op.names:
            raise OperatorError(f"{name}: {unknown(f'parameter of {op.name}', key, {*op.params, 'wd'} - {'lr', 'lrs'})}")
        if _ROLES.get(key) == "lr":
            raise OperatorError(f"{name}: the learning rate belongs to the step, not to the rule; pass lr={shown(params[key])} "
                                "to it")
    numbers = {k: v for k, v in params.items() if k in op.params and not hasattr(v, "list_outputs")}
    op.parse(numbers, name)
    made = Rule(op, {k: v for k, v in params.items() if k != "wd"}, params.get("wd", 0.0), correct)
    if "wd" in params and not made.decays:
        raise OperatorError(f"{op.name} knows no weight decay, got wd={shown(params['wd'])}")
    return made


def _is_rule(op):
    """Tell whether an operator makes a new weight of a weight, its gradient and a rate; LAMB's phases are none."""
    takes = (*op.params, *op.names)
    return op.names[:2] in (("weight", "grad"), ("weights", "grads")) and any(_ROLES.get(name) == "lr" for name in takes)


def _updates(tensors):
    return {"__updates__": json.dumps([x.name for x in tensors])}
