"""From a loss to a step: one Symbol with the forward pass, the gradients and the update of every parameter."""

from collections.abc import Mapping, Sequence
from typing import Any

from ndarray.errors import NotDifferentiableError, OperatorError, ParamError, UnknownNameError, shown
from symbolic.create import Group
from symbolic.graph.attributes import AttrScope
from symbolic.graph.graph import Graph
from symbolic.optimizers.factors import Factors, check_names, chosen, factors_of
from symbolic.optimizers.layerwise import LayerwiseRule
from symbolic.optimizers.layerwise import rule as as_rule
from symbolic.optimizers.routed import Routed
from symbolic.optimizers.rules import Rule
from symbolic.optimizers.update import own_rule, updated
from symbolic.show.kinds import LEARNT
from symbolic.symbol import Symbol, gradient

PARAMETERS = tuple([f"*_{name}" for name in LEARNT])
"""Patterns of the names of parameters, where `params` is not given."""

BIASES_AND_NORMS = ("*_bias", "*_gamma", "*_beta")
"""Patterns of the parameters that are commonly left out of weight decay and of LARS."""


def step(loss: Symbol, rule: str | Rule | LayerwiseRule | Routed | Mapping[str, Any] = "sgd",
         params: str | Sequence[str] = PARAMETERS, *,
         lr: float | Symbol | None = None, t: int | Symbol | None = None, lr_mult: Mapping[str, float] | None = None,
         wd_mult: Mapping[str, float] | None = None, no_decay: str | Sequence[str] = (),
         no_lars: str | Sequence[str] = (), clip_norm: float | Symbol | None = None,
         precision: str | None = None, **rule_params: float | Symbol) -> Symbol:
    """Return one Symbol for a whole training step: forward pass, gradients, norms and updates.

    Its outputs are those of `loss`, then the new value of each parameter, named ``<parameter>_step_output`` (or
    ``step_output0, …`` of an operator that updates many).  States are auxiliary states named ``<parameter>_<state>``.
    `bind_in_place` and `Trainer` bind it so that parameters are updated in place.  In pictures it is three
    regions: model, gradient, update.

    Parameters
    ----------
    loss : Symbol
        What is minimised: its outputs are summed, unless they are losses (``SoftmaxOutput``, ``make_loss`` …).
    rule : str, Rule, LayerwiseRule, or dict of str to them
        See `symbolic.optimizers.rule`.
    params : sequence of str, optional
        Names of arguments, or patterns of them.
    lr : float or Symbol, optional
        Learning rate; without it, a variable named ``lr`` that is fed at run time.
    t : int or Symbol, optional
        Number of the update, from 1; without it, a variable named ``t`` where the rule needs it.
    lr_mult, wd_mult : dict of str to float, optional
        Factors by parameter; they take precedence over the variables' own ``__lr_mult__`` and ``__wd_mult__``.
    no_decay, no_lars : sequence of str, optional
        Names or patterns of parameters without weight decay, without LARS; see `BIASES_AND_NORMS`.
    clip_norm : float or Symbol, optional
        Bound of the common norm of all gradients.
    precision : {'master', 'stochastic', 'kahan'}, optional
        How weights in 16 bits keep small steps; see `symbolic.optimizers.rule`.
    **rule_params : float or Symbol
        Hyper-parameters of the rule.

    Returns
    -------
    Symbol
        It saves, loads, draws and infers like any other.

    Raises
    ------
    UnknownNameError
        If no parameter, rule or hyper-parameter has a given name.
    OperatorError
        If the rule does not take a hyper-parameter, `loss` is not a Symbol, or two inputs would have one name.
    ParamError
        If a number is NaN, infinite or out of its range.
    NotDifferentiableError
        If the loss cannot be differentiated, naming the node, or depends on no parameter.

    Examples
    --------
    >>> import numpy as np, symbolic as sym
    >>> loss = sym.make_loss(sym.sum(sym.square(sym.var("w"))), name="cost")
    >>> whole = sym.optimizers.step(loss, "signsgd", ["w"])
    >>> whole.list_arguments(), whole.list_outputs()
    (['w', 'lr'], ['cost_loss', 'w_step_output'])
    >>> w = np.array([4.0, -3.0])
    >>> cost, _ = sym.optimizers.bind_in_place(whole, {"w": w}).forward(is_train=True, lr=0.5)
    >>> float(cost.asscalar()), w
    (25.0, array([ 3.5, -2.5]))
    """
    rule = as_rule(rule, precision=precision, **rule_params)
    factors = _factors(loss, params, lr_mult, wd_mult, no_decay, no_lars)
    model = Symbol(_in_region(loss.graph, "model"))
    variables = {n.name: n for n in model.graph.arguments}
    with AttrScope(__region__="gradient"):
        grads = list(gradient(model, factors.names))
    _check_moves(model, factors.names, grads)
    with AttrScope(__region__="update"):
        weights = [Symbol(Graph(variables[name].outputs)) for name in factors.names]
        made = Group([model, *updated(rule, weights, grads, factors, lr, t, clip_norm)])
    check_names(made, rule)
    return made


def table(loss: Symbol, rule: str | Rule | LayerwiseRule | Routed | Mapping[str, Any] = "sgd",
          params: str | Sequence[str] = PARAMETERS, *,
          lr_mult: Mapping[str, float] | None = None, wd_mult: Mapping[str, float] | None = None,
          no_decay: str | Sequence[str] = (), no_lars: str | Sequence[str] = (),
          **rule_params: float | Symbol) -> str:
    """Return what `step` makes of the same arguments, as text: the factor of the rate and the decay of each parameter.

    Examples
    --------
    >>> import symbolic as sym
    >>> net = sym.FullyConnected(sym.var("x"), sym.var("fc_weight", lr_mult=0.5), num_hidden=2, name="fc")
    >>> print(table(net, "sgd", wd=0.01, no_decay=["*_bias"]))
    parameter lr x   wd
    fc_weight  0.5 0.01
    fc_bias      1    0
    """
    rule = as_rule(rule, precision=None, **rule_params)
    factors = _factors(loss, params, lr_mult, wd_mult, no_decay, no_lars)
    own = [own_rule(rule, name) for name in factors.names]
    decay = [f"{f:g} x {r.wd.name}" if isinstance(r.wd, Symbol) else f"{r.wd * f:g}" for r, f in zip(own, factors.wd)]
    rates = [a * (rule.factor(name) if isinstance(rule, Routed) else 1) for name, a in zip(factors.names, factors.lr)]
    rows = [["parameter", "lr x", "wd", "lars"], *([name, f"{a:g}", b, "no" if name in factors.no_lars else "yes"]
                                                   for name, a, b in zip(factors.names, rates, decay))]
    rows = rows if isinstance(rule, LayerwiseRule) else [row[:3] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join(" ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:]))]).rstrip()
                     for row in rows)


def _factors(loss, params, lr_mult, wd_mult, no_decay, no_lars) -> Factors:
    """Return the parameters of a loss that `params` chooses, with their factors."""
    if not isinstance(loss, Symbol):
        raise OperatorError(f"a step is made from a Symbol, got {shown(loss)}")
    _check_attributes(loss.graph)
    arguments = loss.list_arguments()
    names = chosen(params, arguments, "params")
    if not names:
        patterns = [params] if isinstance(params, str) else params
        raise UnknownNameError(f"no argument is named {' or '.join(patterns)}; name the parameters: "
                               f"params=[…] out of {', '.join(arguments)}")
    attrs = {n.name: dict(n.attrs) for n in loss.graph.arguments}
    return factors_of(names, attrs, lr_mult, wd_mult, no_decay, no_lars)


def _check_moves(model, names, grads):
    """Raise where the loss depends on no parameter: every gradient would be zero."""
    zeros = [g.graph.outputs[0].node.op is not None and g.graph.outputs[0].node.op.name == "zeros_like" for g in grads]
    if all(zeros):
        raise NotDifferentiableError(f"the gradient of {', '.join(model.list_outputs())} is zero for every parameter "
                                     f"({', '.join(names)}): no differentiable way leads from the loss to one of them")


def _check_attributes(graph):
    """Raise where a factor of a parameter is an attribute of the layer that reads it: nothing would see it there."""
    for node in graph.nodes:
        for key in dict(node.attrs) if node.op is not None else ():
            stem, _, factor = key.rpartition("_lr_mult" if key.endswith("_lr_mult") else "_wd_mult")
            if stem in node.op.names and not factor:
                raise ParamError(f"{node.name}: the attribute {key} of a layer has no effect; write it on the input: "
                                 f"sym.var('{node.name}_{stem}', {key.removeprefix(stem + '_')}=…)")


def _in_region(graph: Graph, region: str) -> Graph:
    """Return the graph with every node in a region that is in none."""
    def rule(node):
        if any(key == "__region__" for key, _ in node.attrs):
            return node.outputs
        return node.replace(attrs=tuple(sorted((*node.attrs, ("__region__", region))))).outputs

    return graph.rewrite(rule)
