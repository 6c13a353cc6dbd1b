"""From a loss to a step: one Symbol with the forward pass, the gradients and the update of every parameter."""

import math
from fnmatch import fnmatchcase

from ndarray.errors import OperatorError, ParamError, UnknownNameError, shown, unknown
from symbolic.create import Group, var
from symbolic.functions import function
from symbolic.graph.attributes import AttrScope
from symbolic.graph.graph import Graph
from symbolic.optimizers.rates import Amounts
from symbolic.optimizers.rules import Tensor
from symbolic.optimizers.rules import rule as as_rule
from symbolic.symbol import Symbol, gradient

PARAMETERS = ("*_weight", "*_bias", "*_gamma", "*_beta")
"""Patterns of the names that parameters have unless `params` says otherwise."""

BIASES_AND_NORMS = ("*_bias", "*_gamma", "*_beta")
"""Patterns of the parameters that are commonly left out of weight decay and of LARS."""


def step(loss, rule="sgd", params=PARAMETERS, *, lr=None, t=None, lr_mult=None, wd_mult=None, no_decay=(), no_lars=(),
         clip_norm=None, **rule_params):
    """Return one Symbol for a whole training step: forward pass, gradients, norms and updates.

    Its outputs are those of `loss`, then the new value of each parameter, called ``<parameter>_step_output`` (or
    ``step_output0, …`` of an operator that updates many).  States are auxiliary states called ``<parameter>_<state>``.
    `bind_in_place` and `Trainer` bind it so that parameters are updated where they lie.  In pictures it is three
    regions: model, gradient, update.

    Parameters
    ----------
    loss : Symbol
        What is to become small: its outputs are summed, unless they are losses (``SoftmaxOutput``, ``make_loss`` …).
    rule : str, Rule or Lars
        See `symbolic.optimizers.rule`.
    params : sequence of str, optional
        Names of arguments, or patterns of them.
    lr : float or Symbol, optional
        Learning rate; a variable called ``lr`` when left out, which is fed at run time.
    t : int or Symbol, optional
        Number of the update, from 1; a variable called ``t`` where the rule must know it.
    lr_mult, wd_mult : dict of str to float, optional
        Factors by parameter; they go before the variables' own ``__lr_mult__`` and ``__wd_mult__``.
    no_decay, no_lars : sequence of str, optional
        Names or patterns of parameters without weight decay, without LARS; see `BIASES_AND_NORMS`.
    clip_norm : float or Symbol, optional
        Bound of the common norm of all gradients.
    **rule_params : float or Symbol
        Hyper-parameters of the rule.

    Returns
    -------
    Symbol
        It saves, loads, draws and infers like any other.

    Raises
    ------
    UnknownNameError
        For a name of a parameter, a rule or a hyper-parameter that is none.
    OperatorError
        If the rule does not know a hyper-parameter, or `loss` is no Symbol.
    ParamError
        If a number is NaN, infinite or no number.
    NotDifferentiableError
        If the loss cannot be differentiated, naming the node.

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
    rule = as_rule(rule, **rule_params)
    names, lr_factors, wd_factors = _factors(loss, params, lr_mult, wd_mult, no_decay)
    skip = set(_chosen(no_lars, names, "no_lars"))
    model = Symbol(_in_region(loss.graph, "model"))
    variables = {n.name: n for n in model.graph.arguments}
    with AttrScope(__region__="gradient"):
        grads = list(gradient(model, names))
    with AttrScope(__region__="update"):
        lr = var("lr", shape=(1,)) if lr is None else lr
        t = var("t", shape=(1,)) if t is None and rule.counts else t
        lr = _corrected(lr, t, *rule.betas) if rule.corrects else lr
        if clip_norm is not None:
            grads = list(function("clip_global_norm")(*grads, max_norm=clip_norm, name="clipped"))[:-1]
        tensors = [Tensor(name, Symbol(Graph(variables[name].outputs)), g) for name, g in zip(names, grads)]
        found = rule.apply(tensors, Amounts(lr, lr_factors), Amounts(rule.wd, wd_factors), t, skip)
    return Group([model, *found])


def _corrected(lr, t, beta1, beta2):
    """Return the rate with which Adam's running means, though they start at zero, make steps of full size."""
    mean, var = _filled(beta1, t, "mean"), _filled(beta2, t, "var")
    if not isinstance(var, Symbol) and not isinstance(mean, Symbol):
        return lr * (math.sqrt(var) / mean)
    root = function("sqrt")(var, name="var_filled_root") if isinstance(var, Symbol) else math.sqrt(var)
    if isinstance(lr, Symbol):
        return function("broadcast_mul")(lr, root / mean, name="lr_corrected")
    return lr * (root / mean)


def _filled(beta, t, name):
    """Return how far a running mean that started at zero has come after `t` updates, ``1 - beta ** t``."""
    if isinstance(beta, Symbol) or not isinstance(t, Symbol):
        return 1 - beta ** t
    if not beta:
        return function("ones_like")(t, name=f"{name}_filled")
    # In float32, 1 - 0.999 has lost the last four digits; this has not.
    power = function("_mul_scalar")(t, scalar=math.log(beta), name=f"{name}_decay")
    return function("negative")(function("expm1")(power, name=f"{name}_lost"), name=f"{name}_filled")


def table(loss, rule="sgd", params=PARAMETERS, *, lr_mult=None, wd_mult=None, no_decay=(), no_lars=(), **rule_params):
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
    rule = as_rule(rule, **rule_params)
    names, lr_factors, wd_factors = _factors(loss, params, lr_mult, wd_mult, no_decay)
    skip = set(_chosen(no_lars, names, "no_lars"))
    decay = [f"{f:g} x {rule.wd.name}" if isinstance(rule.wd, Symbol) else f"{rule.wd * f:g}" for f in wd_factors]
    rows = [("parameter", "lr x", "wd", "lars"), *((name, f"{a:g}", b, "no" if name in skip else "yes")
                                                   for name, a, b in zip(names, lr_factors, decay))]
    rows = rows if hasattr(rule, "eta") else [row[:3] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join(" ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:]))]).rstrip()
                     for row in rows)


def _factors(loss, params, lr_mult, wd_mult, no_decay):
    """Return the names of the parameters, and the factors of their rates and decays."""
    if not isinstance(loss, Symbol):
        raise OperatorError(f"a step is made from a Symbol, got {shown(loss)}")
    arguments = loss.list_arguments()
    params = [params] if isinstance(params, str) else params
    names = _chosen(params, arguments, "params")
    if not names:
        raise UnknownNameError(f"no argument is called {' or '.join(params)}; name the parameters: "
                               f"params=[…] out of {', '.join(arguments)}")
    kept_out = set(_chosen(no_decay, names, "no_decay"))
    attrs = {n.name: dict(n.attrs) for n in loss.graph.arguments}
    lr_factors = _multipliers(names, attrs, "lr_mult", lr_mult)
    wd_factors = [0.0 if name in kept_out else f for name, f in zip(names, _multipliers(names, attrs, "wd_mult", wd_mult))]
    return names, lr_factors, wd_factors


def _multipliers(names, attrs, key, given):
    for name in given or ():
        if name not in names:
            raise UnknownNameError(f"{key}: {unknown('parameter', name, names)}")
    found = []
    for name in names:
        value = (given or {}).get(name, attrs[name].get(f"__{key}__", 1.0))
        try:
            found.append(float(value))
        except (TypeError, ValueError):
            found.append(math.nan)
        if not math.isfinite(found[-1]):
            raise ParamError(f"{key} of {name} must be a finite number, got {shown(value)}")
    return found


def _chosen(patterns, names, what):
    """Return those of `names` that patterns choose, in order; a name without wildcards must be there."""
    patterns = [patterns] if isinstance(patterns, str) else patterns
    for pattern in patterns:
        if not any(c in pattern for c in "*?[") and pattern not in names:
            raise UnknownNameError(f"{what}: {unknown('parameter', pattern, names)}")
    return [name for name in names if any(fnmatchcase(name, p) for p in patterns)]


def _in_region(graph, region):
    """Return the graph with every node in a region that is in none."""
    def rule(node):
        if any(key == "__region__" for key, _ in node.attrs):
            return node.outputs
        return node.replace(attrs=tuple(sorted((*node.attrs, ("__region__", region))))).outputs

    return graph.rewrite(rule)
