"""The update alone: nodes that make new parameters from gradients that are given."""

from collections.abc import Mapping, Sequence
from typing import Any

from ndarray.errors import OperatorError, shown
from symbolic.create import Group, var
from symbolic.functions import function
from symbolic.graph.attributes import AttrScope
from symbolic.optimizers.factors import Factors, check_names, factors_of
from symbolic.optimizers.forms import Nodes, Tensor
from symbolic.optimizers.layerwise import LayerwiseRule
from symbolic.optimizers.layerwise import rule as as_rule
from symbolic.optimizers.rates import Amounts
from symbolic.optimizers.routed import Routed
from symbolic.optimizers.rules import Rule
from symbolic.symbol import Symbol


def update(parameters: Sequence[str | Symbol], rule: str | Rule | LayerwiseRule | Routed | Mapping[str, Any] = "sgd", *,
           lr: float | Symbol | None = None, t: int | Symbol | None = None,
           lr_mult: Mapping[str, float] | None = None, wd_mult: Mapping[str, float] | None = None,
           no_decay: Sequence[str] = (), no_lars: Sequence[str] = (), clip_norm: float | Symbol | None = None,
           precision: str | None = None, **rule_params: float | Symbol) -> Symbol:
    """Return the update of parameters whose gradients are inputs, as one Symbol.

    Its outputs are the new value of each parameter, ``<parameter>_step_output`` (or ``step_output0, …`` of an operator
    that updates many).  Gradients are arguments named ``<parameter>_grad``; whatever else the rule reads of each
    parameter is named ``<parameter>_<input>``, an auxiliary state if the rule writes it, else an argument.

    Parameters
    ----------
    parameters : sequence of (str or Symbol)
        Names, or variables, whose ``__lr_mult__`` and ``__wd_mult__`` are honoured.
    rule : str, Rule, LayerwiseRule, or dict of str to them, optional
        See `symbolic.optimizers.rule`.
    lr : float or Symbol, optional
        Learning rate; without it, a variable named ``lr`` that is fed at run time.
    t : int or Symbol, optional
        Number of the update, from 1; without it, a variable named ``t`` where the rule needs it.
    lr_mult, wd_mult : dict of str to float, optional
        Factors by parameter; they take precedence over the variables' own.
    no_decay, no_lars : sequence of str, optional
        Names or patterns of parameters without weight decay, without LARS.
    clip_norm : float or Symbol, optional
        Bound of the common norm of all gradients.
    precision : {'master', 'stochastic', 'kahan'}, optional
        How weights in 16 bits keep small steps; see `symbolic.optimizers.rule`.
    **rule_params : float or Symbol
        Hyper-parameters of the rule.

    Returns
    -------
    Symbol

    Raises
    ------
    UnknownNameError
        If no parameter, rule or hyper-parameter has a given name.
    OperatorError
        If the rule does not take a hyper-parameter, or two inputs would have one name.
    ParamError
        If a number is NaN, infinite or out of its range.

    See Also
    --------
    step : The same with the loss and its gradient.

    Examples
    --------
    >>> import numpy as np, symbolic as sym
    >>> alone = sym.optimizers.update(["w"], "sgd", momentum=0.5)
    >>> alone.list_arguments(), alone.list_auxiliary_states(), alone.list_outputs()
    (['w', 'w_grad', 'lr'], ['w_mom'], ['w_step_output'])
    >>> w = np.array([4.0])
    >>> trainer = sym.optimizers.Trainer(alone, {"w": w}, lr=0.25)
    >>> outputs = trainer.step(w_grad=np.array([2.0]))
    >>> w
    array([3.5])
    """
    rule = as_rule(rule, precision=precision, **rule_params)
    weights = _variables(parameters)
    factors = factors_of(list(weights), {name: _attrs(w) for name, w in weights.items()}, lr_mult, wd_mult, no_decay,
                         no_lars)
    with AttrScope(__region__="update"):
        grads = [var(f"{name}_grad") for name in weights]
        made = Group(updated(rule, list(weights.values()), grads, factors, lr, t, clip_norm))
    check_names(made, rule)
    return made


def updated(rule: Rule | LayerwiseRule | Routed, weights: Sequence[Symbol], grads: Sequence[Symbol], factors: Factors,
            lr: float | Symbol | None, t: int | Symbol | None, clip_norm: float | Symbol | None) -> list[Symbol]:
    """Return the Symbol of each parameter's new value, from Symbols of parameters and gradients."""
    n = len(weights)
    lr = var("lr", shape=(1,)) if lr is None else lr
    counts = None
    if rule.counts:
        counts = Amounts(var("t", shape=(1,)) if t is None else t, [1.0] * n)
    if clip_norm is not None:
        grads = list(function("clip_global_norm")(*grads, max_norm=clip_norm, name="clipped"))[:-1]
    more = {name: {i: var(f"{name}_{i}") for i in own_rule(rule, name).more_inputs} for name in factors.names}
    tensors = [Tensor(name, {"weight": w, "grad": g, **more[name]})
               for name, w, g in zip(factors.names, weights, grads, strict=True)]
    shared = {name: var(name) for name in rule.shared_states}
    given = {"lr": lr} if counts is None else {"lr": lr, "t": counts.base}
    fed = {key: str(x.name) for key, x in given.items() if isinstance(x, Symbol) and x.name != key
           and x.graph.outputs[0].node.op is None}
    return rule.apply(Nodes(fed), tensors, Amounts(lr, factors.lr), Amounts(rule.wd, factors.wd), counts,
                      factors.no_lars, shared)


def own_rule(rule: Rule | LayerwiseRule | Routed, name: str) -> Rule | LayerwiseRule:
    """Return the rule of a parameter."""
    return rule.rule_of(name) if isinstance(rule, Routed) else rule


def _variables(parameters):
    """Return the variables of parameters by name."""
    found = {}
    for p in [parameters] if isinstance(parameters, (str, Symbol)) else parameters:
        p = var(p) if isinstance(p, str) else p
        if not isinstance(p, Symbol) or len(p) != 1 or p.graph.outputs[0].node.op is not None:
            raise OperatorError(f"update: a parameter is a name or a variable, got {shown(p)}")
        if p.name in found:
            raise OperatorError(f"update: parameter {p.name} is given twice")
        found[p.name] = p
    if not found:
        raise OperatorError("update: expected at least one parameter")
    return found


def _attrs(variable):
    return dict(variable.graph.outputs[0].node.attrs)
