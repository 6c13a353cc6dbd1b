"""From a declared rule to a class of torch: its options, their checks, its documentation."""

from __future__ import annotations

import inspect
import math
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from ndarray import registry
from ndarray.errors import OperatorError, ParamError, UnknownNameError, shown, unknown
from ndarray.params import REQUIRED, Count, Key, Scalar, Scalars
from symbolic.optimizers.layerwise import LayerwiseRule
from symbolic.optimizers.rules import candidates, make_rule
from symbolic.torch.names import OPTIONS, RULES, TORCH, Words
from symbolic.torch.optimizer import RuleOptimizer

if TYPE_CHECKING:
    from ndarray.operator import Operator

_made: dict[Any, type[RuleOptimizer]] = {}

_HIDDEN = ("rescale_grad", "lazy_update", "max_grad_norm")
"""Parameters of operators that are not options: ``clip_norm`` bounds gradients, here and not in the rule."""

_COMMON = {"maximize": False, "foreach": None, "fused": None, "capturable": False, "differentiable": False}
_MEANINGS = {
    "params": ("iterable", "Parameters, pairs of name and parameter, or dicts with ``params`` and options."),
    "lr": ("float or torch.Tensor, optional", "Learning rate."),
    "betas": ("tuple of (float, float), optional", "What the running means of gradients and of their squares keep."),
    "eps": ("float, optional", "What keeps a denominator from zero."),
    "weight_decay": ("float, optional", "Weight decay."),
    "maximize": ("bool, optional", "Climb: negate gradients."),
    "foreach": ("bool, optional", "Without effect; kept in the groups."),
    "fused": ("bool, optional", "Without effect; kept in the groups."),
    "capturable": ("bool, optional", "Only False."),
    "differentiable": ("bool, optional", "Only False."),
    "no_decay": ("sequence of str, optional", "Names or patterns of parameters without weight decay; needs "
                 "``named_parameters()``."),
    "no_lars": ("sequence of str, optional", "Names or patterns of parameters that keep their plain rate; needs "
                "``named_parameters()``."),
    "clip_norm": ("float, optional", "Bound of the common norm of all gradients, as in "
                  "`torch.nn.utils.clip_grad_norm_`; ``p.grad`` stays as it is."),
    "nonfinite": ("{'raise', 'skip'}, optional", "What to do where a gradient is NaN or infinite: raise "
                  "`NonFiniteError`, or do nothing and name it in `skipped`."),
    "precision": ("{'master', 'stochastic', 'kahan'}, optional", "How parameters in 16 bits keep small steps: by a "
                  "float32 copy, by rounding at random, or by what rounding took; see `symbolic.optimizers.rule`."),
}


def optimizer(name: str) -> type[RuleOptimizer]:
    """Return the optimizer class of a declared rule, one that you declared included.

    It has the formula of the rule's operator.  Where torch's class of a name has another one (``RMSprop``,
    ``Adagrad``, ``SGD`` with momentum …), that is an attribute of this module.

    Parameters
    ----------
    name : str
        As `symbolic.optimizers.rule` takes it: ``"lamb"``, ``"rmsprop"``, ``"my_update"``.

    Returns
    -------
    type
        A subclass of `torch.optim.Optimizer`, the same one each time.

    Raises
    ------
    UnknownNameError
    OperatorError
        If all tensors share a state of the rule, as with Prodigy.

    Examples
    --------
    >>> import torch, symbolic.torch as st
    >>> st.optimizer("lamb") is st.LAMB
    True
    >>> w = torch.nn.Parameter(torch.ones(2))
    >>> steps = st.optimizer("rmsprop")([w], lr=0.5, gamma1=0.75, eps=0)
    >>> w.grad = torch.tensor([2.0, -2.0])
    >>> steps.step()
    >>> w.detach()
    tensor([0., 2.])
    """
    if name == "lars":
        return _class("lars", None)
    known = candidates()
    if not isinstance(name, str) or name not in known:
        raise UnknownNameError(unknown("update rule", name, [*known, "lars"]))
    op = known[name][0]
    if make_rule(op.name).shared_states:
        raise OperatorError(f"{name} has a state that all tensors share, and optimizers of symbolic.torch keep one for "
                            "each tensor; train with it by symbolic.optimizers")
    return _class(op.name, op)


def named(name: str) -> type[RuleOptimizer] | None:
    """Return the class that is an attribute of `symbolic.torch`, None where there is none of this name."""
    if name in TORCH:
        return _made.get(name) or _torch_class(name) if hasattr(torch.optim, name) else None
    if name in RULES:
        return optimizer(RULES[name])
    op = registry.find(name) if not name.startswith("__") else None
    return optimizer(op.name) if op is not None and op.update else None


def _class(key: str, op: Operator | None) -> type[RuleOptimizer]:
    """Return the class of an operator, or of LARS."""
    found = _made.get(op or key)
    if found is not None:
        return found
    name = next((cls for cls, rule in RULES.items() if rule == key
                 or (op is not None and op is candidates().get(rule, [None])[0])), key)
    options, words = _lars_words() if op is None else _words_of(op)
    what = "Layer-wise adaptive rates, then momentum SGD (LARS)." if op is None else op.__doc__ or ""
    lines = [inspect.Parameter("params", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    lines += [inspect.Parameter(k, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=v) for k, v in options.items()]
    made = _make(name, words, inspect.Signature(lines + _ours(_COMMON, layerwise=op is None)),
                 lambda given: _checked(name, words, given), what, _described(op))
    return _made.setdefault(op or key, made)


def _torch_class(name: str) -> type[RuleOptimizer]:
    """Return the class with the arguments, defaults and checks of torch's."""
    theirs = getattr(torch.optim, name)
    lines = list(inspect.signature(theirs).parameters.values())
    known = {line.name for line in lines}

    def check(given: Mapping[str, Any]) -> dict[str, Any]:
        # torch's own checks and messages, on a parameter of no elements; what it lacks it need not see.
        return {**theirs([torch.zeros(0)], **{k: v for k, v in given.items() if k in known}).defaults}

    signature = inspect.Signature(lines + _ours({}, layerwise=False), return_annotation=None)
    what = f"The optimizer `{name}` of torch: its formula, arguments and states, as one program over all parameters."
    return _made.setdefault(name, _make(name, TORCH[name], signature, check, what, {}))


def _ours(common: Mapping[str, Any], layerwise: bool) -> list[inspect.Parameter]:
    more = {**common, "no_decay": (), **({"no_lars": ()} if layerwise else {}), "clip_norm": None, "nonfinite": None,
            "precision": None}
    return [inspect.Parameter(k, inspect.Parameter.KEYWORD_ONLY, default=v) for k, v in more.items()]


def _make(name, words, signature, check, what, described):
    doc = _documented(what, signature, described)
    public = signature.replace(parameters=[p.replace(annotation=inspect.Parameter.empty)
                                           for p in signature.parameters.values()])
    return type(name, (RuleOptimizer,), {
        "__doc__": doc, "__module__": "symbolic.torch", "__qualname__": name, "_words": words,
        "_signature": public, "__signature__": public, "_check": staticmethod(check)})


def _lars_words() -> tuple[dict[str, Any], Words]:
    options, words = _words_of(registry.get("preloaded_multi_sgd_mom_update"))
    inner = words.rule
    own = {"eta": LayerwiseRule.eta, "eps": LayerwiseRule.eps, "decay_norm": LayerwiseRule.decay_norm}

    def rule(group: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        return "lars", {**inner(group)[1], **{k: group[k] for k in own}}

    return {**options, **own}, words._replace(rule=rule)


def _words_of(op: Operator) -> tuple[dict[str, Any], Words]:
    """Return the options of an operator's class, `lr` the first, and what they mean."""
    update = op.update
    assert update is not None
    numbers, hidden = {}, {update.rate, update.count, *update.single, *_HIDDEN}
    for param in op.params.values():
        if param.name not in hidden and param.type not in (Count, Key):
            default = update.usual.get(param.name, param.default)
            numbers[param.name] = 0.0 if default is REQUIRED or default == () else default
    own = {}
    if update.corrects_bias:
        own = {"bias_correction": True, "epsilon_place": "hat"}
    elif update.count is not None and op.params[update.count].default is not REQUIRED:
        own = {"bias_correction": True}
    options: dict[str, Any] = {"lr": 1e-3}
    both = all(beta in numbers for beta in update.betas)
    if both:
        options["betas"] = tuple([numbers.pop(beta) for beta in update.betas])
    decay = update.decay if update.decay in numbers else None
    if decay is None and update.decay is not None:
        numbers, decay = {**numbers, update.decay: 0.0}, update.decay
    words = {name: "weight_decay" if name == decay else OPTIONS.get(name, name) for name in numbers}
    first = [name for name in ("momentum", update.epsilon, decay) if name in numbers]
    for each in (*first, *(name for name in numbers if name not in first)):
        options[words[each]] = numbers[each]
    options |= own

    def rule(group: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        found = {("wd" if name == decay else name): _number(group[word], op, name) for name, word in words.items()}
        if both:
            found |= dict(zip(update.betas, map(float, group["betas"])))
        return op.name, {**found, **{key: group[key] for key in own}}

    return options, Words(rule)


def _number(value, op, name):
    """Return an option as the rule takes it."""
    if name in op.params and op.params[name].type not in (Scalar, Scalars):
        return value
    return float(value) if isinstance(value, (torch.Tensor, int, float)) and not isinstance(value, bool) else value


def _checked(name: str, words: Words, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a class that torch lacks; raise where torch would."""
    if isinstance(given["lr"], torch.Tensor) and given["lr"].numel() != 1:
        raise ParamError(f"{name}: lr must have one element, got {shown(given['lr'])}")
    if not 0 <= given["lr"] < math.inf:
        raise ParamError(f"Invalid learning rate: {given['lr']}")
    if not 0 <= given.get("weight_decay", 0) < math.inf:
        raise ParamError(f"Invalid weight_decay value: {given['weight_decay']}")
    rule, settings = words.rule(given)
    if rule != "lars":
        make_rule(rule, **settings)
    else:
        LayerwiseRule(make_rule("preloaded_multi_sgd_mom", **{k: v for k, v in settings.items()
                                                              if k not in ("eta", "eps", "decay_norm")}),
                      settings["eta"], settings["eps"], settings["decay_norm"])
    return dict(given)


def _described(op: Operator | None) -> dict[str, str]:
    """Return the first sentences about an operator's parameters from its page."""
    found: dict[str, str] = {}
    lines, name = textwrap.dedent("    " + (op.__doc__ or "")).splitlines() if op is not None else [], None
    for line in lines:
        if line and not line.startswith(" ") and " : " in line:
            name = line.partition(" : ")[0]
        elif line.startswith("    ") and name is not None:
            found[name] = f"{found.get(name, '')} {line.strip()}".strip()
        else:
            name = None
    return {each: text for names, text in found.items() for each in names.split(", ")}


def _documented(what: str, signature: inspect.Signature, described: Mapping[str, str]) -> str:
    lead = inspect.cleandoc(what).split("\nParameters\n")[0].strip()
    meanings = {**{k: ("object, optional", v) for k, v in described.items()}, **_MEANINGS}
    lines = [lead, "", "Parameters", "----------"]
    for name in signature.parameters:
        kind, text = meanings.get(name, ("object, optional", "As in torch's class."))
        lines += [f"{name} : {kind}", f"    {text}"]
    return "\n".join(lines) + "\n"
