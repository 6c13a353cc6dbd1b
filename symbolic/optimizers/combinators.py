"""Rules made of rules: each function returns a rule that does a little more than the one it is given.

They compose: ``lookahead(cautious("adamw", wd=0.1))`` looks ahead over cautious steps of AdamW.
"""

from dataclasses import replace
from typing import Any

from ndarray import registry
from ndarray.errors import OperatorError, shown
from symbolic.optimizers.layerwise import rule as as_rule
from symbolic.optimizers.rules import Rule
from symbolic.symbol import Symbol


def _combined(name: str, rule: str | Rule, rule_params: dict[str, Any], **own: float | Symbol | None) -> Rule:
    """Return a rule with the operator of a combinator, whose own parameters are those that are given."""
    made = as_rule(rule, **rule_params)
    if not isinstance(made, Rule):
        raise OperatorError(f"{name}: expected a rule of one operator, got {made}")
    op, given = registry.get(f"{name}_{made.op.name}"), {key: value for key, value in own.items() if value is not None}
    for key in given if isinstance(rule, str) else ():
        if key in made.op.params:
            raise OperatorError(f"{name}: {key}={shown(given[key])} may be meant for {name} or for {made.op.name}, "
                                f"which has a parameter of that name, too; give the rule's own when making it: "
                                f"{name}(rule({rule!r}, {key}=...), {key}=...)")
    params = {long if (long := f"{name}_{key}") in op.params else key: value for key, value in given.items()}
    op.parse({key: value for key, value in params.items() if not isinstance(value, Symbol)}, name)
    return replace(made, op=op, params={**made.params, **params})


def cautious(rule: str | Rule, **rule_params: float | Symbol) -> Rule:
    """Return a rule that leaves out what a step does against its gradient.

    What is left is divided by the share of elements that are left, which counts as at least 0.001.  Decay is
    decoupled, and outside: the rule within has none.

    Parameters
    ----------
    rule : str or Rule
        A rule of one tensor, or its name.
    **rule_params : float or Symbol
        Hyper-parameters of the rule, if it is a name.

    Returns
    -------
    Rule

    Raises
    ------
    OperatorError
        If it is a rule of many tensors, has a copy of weights in float32, or is such a rule already.

    References
    ----------
    .. [1] K. Liang et al., "Cautious Optimizers: Improving Training with One Line of Code", 2024,
       https://arxiv.org/abs/2411.16085

    Examples
    --------
    >>> moved = cautious("sgd", momentum=0.5, wd=0.1)
    >>> moved.op.name, moved.params
    ('cautious_sgd_mom_update', {'momentum': 0.5})
    """
    return _combined("cautious", rule, rule_params)


def grams(rule: str | Rule, **rule_params: float | Symbol) -> Rule:
    """Return a rule whose steps have the signs of the gradient and the sizes of a rule's steps.

    Decay is decoupled: the rule within has none.

    Parameters
    ----------
    rule : str or Rule
        A rule of one tensor, or its name.
    **rule_params : float or Symbol
        Hyper-parameters of the rule, if it is a name.

    Returns
    -------
    Rule

    Raises
    ------
    OperatorError
        If it is a rule of many tensors, has a copy of weights in float32, or is such a rule already.

    References
    ----------
    .. [1] Y. Cao, X. Li, Z. Song, "Grams: Gradient Descent with Adaptive Momentum Scaling", 2024,
       https://arxiv.org/abs/2412.17107

    Examples
    --------
    >>> grams("adam").op.name
    'grams_adam_update'
    """
    return _combined("grams", rule, rule_params)


def bounded(rule: str | Rule, norm_bound: float | Symbol | None = None,
            norm_epsilon: float | Symbol | None = None, **rule_params: float | Symbol) -> Rule:
    """Return a rule whose steps are bounded by the norm of the weight.

    Decay is decoupled, and outside of the bound: the rule within has none.

    Parameters
    ----------
    rule : str or Rule
        A rule of one tensor, or its name.
    norm_bound : float or Symbol, optional
        How long a step may be, in parts of the weight, tensor by tensor; 0.1 unless given.
    norm_epsilon : float or Symbol, optional
        The least norm of a weight; 0.001 unless given.
    **rule_params : float or Symbol
        Hyper-parameters of the rule, if it is a name.

    Returns
    -------
    Rule

    Raises
    ------
    OperatorError
        If it is a rule of many tensors, has a copy of weights in float32, or is such a rule already.

    Examples
    --------
    >>> bounded("adam", 0.01).params
    {'norm_bound': 0.01}
    """
    return _combined("bounded", rule, rule_params, norm_bound=norm_bound, norm_epsilon=norm_epsilon)


def lookahead(rule: str | Rule, period: float | Symbol | None = None, alpha: float | Symbol | None = None,
              **rule_params: float | Symbol) -> Rule:
    """Return a rule that goes back, every few steps, to weights which follow slowly.

    The slow weights are the state ``slow_weight``.  Other states stay as they are.

    Parameters
    ----------
    rule : str or Rule
        A rule of one tensor, or its name.
    period : float or Symbol, optional
        Steps from one return to the next; 5 unless given.
    alpha : float or Symbol, optional
        The part of the way that the slow weights go; 0.5 unless given.
    **rule_params : float or Symbol
        Hyper-parameters of the rule, if it is a name.

    Returns
    -------
    Rule

    Raises
    ------
    OperatorError
        If it is a rule of many tensors, has a copy of weights in float32, or is such a rule already; or if a parameter
        may be meant for it as well, as `period` for ``"sophia"`` and `alpha` for ``"ademamix"``: make the rule first,
        as in ``lookahead(rule("ademamix", alpha=8.0), alpha=0.8)``.

    References
    ----------
    .. [1] M. Zhang et al., "Lookahead Optimizer: k steps forward, 1 step back", NeurIPS 2019,
       https://arxiv.org/abs/1907.08610

    Examples
    --------
    >>> lookahead(cautious("adamw")).op.name
    'lookahead_cautious__adamw_update'
    """
    return _combined("lookahead", rule, rule_params, period=period, alpha=alpha)


def ema(rule: str | Rule, decay: float | Symbol | None = None, **rule_params: float | Symbol) -> Rule:
    """Return a rule that keeps a running mean of the weights, beside them.

    The mean is the state ``ema_weight``, a copy of the weight at first.

    Parameters
    ----------
    rule : str or Rule
        A rule of one tensor, or its name.
    decay : float or Symbol, optional
        What the mean keeps; 0.999 unless given.
    **rule_params : float or Symbol
        Hyper-parameters of the rule, if it is a name.

    Returns
    -------
    Rule

    Raises
    ------
    OperatorError
        If it is a rule of many tensors, has a copy of weights in float32, or is such a rule already.

    References
    ----------
    .. [1] B. Polyak, A. Juditsky, "Acceleration of Stochastic Approximation by Averaging", SIAM J. Control Optim. 30,
       1992.

    Examples
    --------
    >>> import symbolic as sym
    >>> sym.optimizers.update(["w"], ema("sgd")).list_auxiliary_states()
    ['w_ema_weight']
    """
    return _combined("ema", rule, rule_params, decay=decay)


def centralized(rule: str | Rule, **rule_params: float | Symbol) -> Rule:
    """Return a rule of gradients less their mean over all axes but the first.

    Gradients of vectors stay as they are.

    Parameters
    ----------
    rule : str or Rule
        A rule of one tensor, or its name.
    **rule_params : float or Symbol
        Hyper-parameters of the rule, if it is a name.

    Returns
    -------
    Rule

    Raises
    ------
    OperatorError
        If it is a rule of many tensors, has a copy of weights in float32, or is such a rule already.

    References
    ----------
    .. [1] H. Yong et al., "Gradient Centralization: A New Optimization Technique for Deep Neural Networks", ECCV 2020,
       https://arxiv.org/abs/2004.01461

    Examples
    --------
    >>> centralized("sgd", momentum=0.9).op.name
    'centralized_sgd_mom_update'
    """
    return _combined("centralized", rule, rule_params)


def agc(rule: str | Rule, clipping: float | Symbol | None = None, norm_epsilon: float | Symbol | None = None,
        **rule_params: float | Symbol) -> Rule:
    """Return a rule of gradients that are bounded, row by row, by the norm of the weight.

    A row is what belongs to one element of the first axis; of a vector it is the whole.  Leave out the last layer.

    Parameters
    ----------
    rule : str or Rule
        A rule of one tensor, or its name.
    clipping : float or Symbol, optional
        The bound, in parts of the norm of the weight; 0.01 unless given.
    norm_epsilon : float or Symbol, optional
        The least norm of a weight; 0.001 unless given.  An `epsilon` is the rule's.
    **rule_params : float or Symbol
        Hyper-parameters of the rule, if it is a name.

    Returns
    -------
    Rule

    Raises
    ------
    OperatorError
        If it is a rule of many tensors, has a copy of weights in float32, or is such a rule already.

    References
    ----------
    .. [1] A. Brock et al., "High-Performance Large-Scale Image Recognition Without Normalization", ICML 2021,
       https://arxiv.org/abs/2102.06171

    Examples
    --------
    >>> agc("adam", 0.02, epsilon=1e-4).params
    {'epsilon': 0.0001, 'agc_clipping': 0.02}
    """
    return _combined("agc", rule, rule_params, clipping=clipping, agc_epsilon=norm_epsilon)
