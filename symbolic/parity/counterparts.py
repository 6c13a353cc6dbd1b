"""What a rule is in other libraries: read from where each library's words are declared, never listed here."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from symbolic.optimizers import optimizer as mxnet
from symbolic.optimizers.layerwise import rule as as_rule
from symbolic.optimizers.rules import candidates, make_rule, rule_names
from symbolic.parity.judged import JUDGED, RATES

if TYPE_CHECKING:
    from symbolic.optimizers.layerwise import LayerwiseRule
    from symbolic.optimizers.rules import Rule

LIBRARIES = ("mxnet", "torch", "optax", "authors")

NUMBERS: dict[str, Any] = {"betas": (0.9, 0.99), "b1": 0.9, "b2": 0.99, "beta1": 0.9, "beta2": 0.99, "eps": 1e-4,
                           "eps_root": 1e-4, "epsilon": 1e-4, "weight_decay": 0.1, "wd": 0.1, "trust_coefficient": 0.1,
                           "initial_accumulator_value": 0.1, "estim_lr0": 1e-3, "b3": 0.999}
"""Options of all libraries under which rules are compared: so large that what differs shows within a few updates."""

_RATES = {"adadelta": 1.0, "lars": 1.0, "preloaded_multi_sgd_mom": 1.0, **RATES}


WHY: dict[str, str] = {
    "mxnet:NAG": "MXNet computes the decay of the momentum from the weights after the update, ours from those before",
    "mxnet:Nadam": "MXNet moves one schedule of the momentum on for every tensor; the first tensor is equal",
    "optax:adafactor": "Optax factors the two longest axes, and we the last two",
    "optax:adan": "Optax weights the difference of gradients by 1 - b2, and we by b2",
    "optax:amsgrad": "Optax keeps the largest of the corrected means of squares, and we the largest of the means",
    "optax:dadapt_adamw": "Optax estimates the distance by another recursion than the authors' code",
    "optax:muon": "Optax takes columns for rows in the scale of a step, as Flax has them",
    "optax:nadam": "Optax has no schedule of the momentum",
    "optax:prodigy": "Optax estimates the distance by another recursion than the authors' code",
    "optax:radam": "Optax adds epsilon after the bias correction, and we before",
    "optax:rmsprop": "Optax has the rate within the momentum, and we outside",
    "optax:rprop": "Optax makes the step of the gradient before",
}
"""Why rules differ from their counterparts, for those that do."""


class Counterpart(NamedTuple):
    """What a rule is in another library, under some options.

    Attributes
    ----------
    library, name : str
        ``"torch"`` and a class, ``"optax"`` and a function, ``"mxnet"`` and a class, or a judge and one of its cases.
    options : dict of str to object
        Of theirs.
    rule : str
    settings : dict of str to object
        Of ours: those under which both are the same, or as near as they come.
    states : mapping of str to str
        For states of ours, the names of theirs; of MXNet's classes, their numbers.
    first : mapping of str to float
        What fills states of ours at first, where that is not 0.
    case : str or None
        The name of the recording, where it is not run.
    factors : bool
        Whether tensors have factors of rate and decay in the recording.
    rated : bool
        Whether theirs has a rate.
    """

    library: str
    name: str
    options: dict[str, Any]
    rule: str
    settings: dict[str, Any]
    states: Mapping[str, str] = MappingProxyType({})
    first: Mapping[str, float] = MappingProxyType({})
    case: str | None = None
    factors: bool = False
    rated: bool = True

    def __str__(self) -> str:
        return f"{self.library}:{self.name}"

    @property
    def made(self) -> Rule | LayerwiseRule:
        """The rule of ours."""
        return as_rule(self.rule, **self.settings)  # type: ignore[return-value]

    @property
    def size(self) -> float:
        """The size of the rates on which both are run."""
        return _RATES.get(self.case or "", _RATES.get(self.rule, 0.02)) if self.rated else 1.0

    @property
    def choices(self) -> dict[str, Any]:
        """Settings that are not numbers, and so make the form of the rule."""
        return {k: v for k, v in self.settings.items() if isinstance(v, (bool, str))}

    @property
    def why(self) -> str:
        """In what both differ, nothing where they are equal under some settings."""
        return WHY.get(str(self), "")

    @property
    def column(self) -> str:
        """The one of `LIBRARIES` to which it belongs."""
        return self.library if self.library in LIBRARIES else "authors"


def counterparts(library: str) -> list[Counterpart]:
    """Return what the rules are in a library: those that are run if it is installed, then those that are recorded.

    Parameters
    ----------
    library : {'mxnet', 'torch', 'optax', 'authors'}

    Examples
    --------
    >>> [str(each) for each in counterparts("mxnet") if each.rule == "adam"]
    ['mxnet:Adam']
    """
    found = {"torch": _torch, "optax": _optax, "mxnet": _mxnet, "authors": lambda: iter(())}[library]()
    return [*found, *(each for judge in JUDGED for each in _judged(judge) if each.column == library)]


def of_rule(name: str, library: str, **params: Any) -> list[Counterpart]:
    """Return what a rule is in a library; those of its very operator first.

    Examples
    --------
    >>> [each.options["momentum"] for each in of_rule("sgd", "mxnet", momentum=0.9)][:1]
    [0.9]
    """
    found, own = counterparts(library), as_rule(name, **params)
    if name == "lars":
        return [each for each in found if each.rule == "lars"]
    found = [each for each in found if each.rule != "lars"]
    first = {key for key, ops in candidates().items() if ops[0] is own.op}
    alike = [each for each in found if not params and first.intersection(rule_names(each.made.op))]
    return [each for each in found if each.made.op is own.op] or alike


def _torch() -> Iterator[Counterpart]:
    if not find_spec("torch"):
        return
    import torch

    from symbolic.torch.names import STATES, TORCH

    for name, words in TORCH.items():
        if not hasattr(torch.optim, name):
            continue
        defaults = getattr(torch.optim, name)([torch.zeros(0)]).defaults
        for variant in words.variants:
            options = {**defaults, **_known(defaults), **variant}
            rule, settings = words.rule(options)
            needed = make_rule(rule, **settings).more_inputs
            yield Counterpart("torch", name, _changed(options, defaults), rule, settings,
                              {n: words.states.get(n, STATES.get(n, n)) for n in needed},
                              {_ours(words.states, n): first(options) for n, first in words.first.items()})


def _ours(states: Mapping[str, str], theirs: str) -> str:
    """Return our name of a state of theirs."""
    return next((ours for ours, name in states.items() if name == theirs), theirs)


def _optax() -> Iterator[Counterpart]:
    if not find_spec("optax"):
        return
    import jax
    import optax

    from symbolic.jax.names import OPTAX, optax_function

    for name, alias in OPTAX.items():
        function = optax_function(name)
        defaults = {p.name: p.default for p in inspect.signature(alias.rule).parameters.values()}
        for variant in alias.variants:
            options = {**_known(defaults), **variant}
            rule, settings = alias.rule(**options)
            state = jax.eval_shape(function(1.0, **options).init, {"w": jax.ShapeDtypeStruct((2, 2), "f4")})
            needed = as_rule(rule, **settings).op.writes
            states = {s: field for s, field in alias.states.items()
                      if s in needed and optax.tree.get_all_with_path(state, field)}
            yield Counterpart("optax", name, options, rule, settings, states, rated=alias.rated)


def _mxnet() -> Iterator[Counterpart]:
    for cls in dict.fromkeys(mxnet._registry.values()):
        if not cls.__module__.startswith("symbolic.") or "choose_rule" not in vars(cls):
            continue  # a user's, or another's by an older name
        for k, variant in enumerate(cls.variants):
            defaults = {**cls.arguments, "wd": 0.0}
            options = {**_known(defaults), **variant}
            made = cls(learning_rate=0.5, **options)
            if not made.made_rule().decays:
                del options["wd"]
            rule, params = made.choose_rule()
            over = made.layerwise()
            if over is not None:
                rule, params = "lars", {**params, **over}
            settings = {key: v for key, v in params.items() if v is not None and key != "lazy_update"}
            if options.get("wd"):
                settings["wd"] = options["wd"]
            rated = bool(made.rates(0.5, [1.0]).base == 0.5)
            yield Counterpart("mxnet", cls.__name__, options, rule, settings,
                              {name: str(n) for n, name in enumerate(made.state_names)
                               if name not in cls.only_ours},
                              case=f"{cls.__name__}.{k}", rated=rated)


def _judged(judge: str) -> Iterator[Counterpart]:
    for case, (rule, params, shared) in JUDGED[judge].items():
        yield Counterpart(judge, case, {}, rule, params, case=case, factors=not shared)


def _known(options: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in NUMBERS.items() if key in options}


def _changed(options: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if defaults.get(key) != value}
