"""torch's words: for options, for states, and for the settings that make a rule torch's optimizer of a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

OPTIONS = {"epsilon": "eps", "wd": "weight_decay"}
"""Options that torch words differently; ``beta1, beta2`` are ``betas``."""

STATES = {"mom": "momentum_buffer", "mean": "exp_avg", "var": "exp_avg_sq"}
"""States that torch words differently."""

Group = Mapping[str, Any]


class Words(NamedTuple):
    """What an optimizer of torch is as a rule.

    Attributes
    ----------
    rule : callable
        ``rule(group)`` gives the name of the rule for the options of a group, and its settings.
    states : mapping of str to str
        Where they differ from `STATES`.
    counted_by : str or None
        The state whose presence shows that there was a first update, where torch has no ``step``.
    sparse : bool
        Whether gradients may be sparse.
    first : mapping of str to callable
        ``first[state](group)``: the number that fills a state at first, where that is not 0.
    singles : mapping of str to callable
        By the rule's names, states of one element that torch keeps as float32 tensors of no axes, whatever the
        parameter is: ``singles[state](group)`` is what is in it at first.
    counts : bool
        Whether torch keeps a ``step`` that the rule may not need.
    fixed : mapping of str to object
        Options that every group has, whatever was loaded.
    variants : sequence of mapping of str to object
        Options under each of which it is another rule.
    """

    rule: Callable[[Group], tuple[str, dict[str, Any]]]
    states: Mapping[str, str] = MappingProxyType({})
    counted_by: str | None = None
    sparse: bool = False
    first: Mapping[str, Callable[[Group], float]] = MappingProxyType({})
    singles: Mapping[str, Callable[[Group], float]] = MappingProxyType({})
    counts: bool = False
    fixed: Mapping[str, Any] = MappingProxyType({})
    variants: Sequence[Mapping[str, Any]] = (MappingProxyType({}),)


def _betas(group, **more):
    beta1, beta2 = map(float, group["betas"])
    return {"beta1": beta1, "beta2": beta2, "epsilon": float(group["eps"]), "wd": float(group["weight_decay"]), **more}


def _adam(group):
    decoupled = bool(group.get("decoupled_weight_decay", False))
    if group["amsgrad"]:
        return "amsgrad", _betas(group, decoupled_weight_decay=decoupled)
    if decoupled:
        return "adamw", _betas(group, epsilon_place="paper")
    return "adam_update", _betas(group, epsilon_place="paper", rounded_once=True)


def _sgd(group):
    wd, momentum = float(group["weight_decay"]), float(group["momentum"])
    if not momentum:
        return "sgd_update", {"wd": wd, "decay_in_gradient": True}
    if group["dampening"]:
        return "sgd_dampened", {"wd": wd, "momentum": momentum, "dampening": float(group["dampening"])}
    name = "nag_mom_update" if group["nesterov"] else "sgd_mom_update"
    return name, {"wd": wd, "momentum": momentum, "rate_in_momentum": False}


def _adagrad(group):
    return "adagrad_lr_decay", {"epsilon": float(group["eps"]), "wd": float(group["weight_decay"]),
                                "lr_decay": float(group["lr_decay"])}


def _rmsprop(group):
    found = {"gamma1": float(group["alpha"]), "epsilon": float(group["eps"]), "wd": float(group["weight_decay"])}
    momentum, centered = float(group["momentum"]), bool(group["centered"])
    if centered and momentum:
        return "rmspropalex", found | {"gamma2": momentum, "epsilon_in_root": False, "rate_in_momentum": False,
                                      "rounded_once": True}
    if centered:
        return "rmsprop_centered", found
    if momentum:
        return "rmsprop_mom", found | {"momentum": momentum}
    return "rmsprop_update", found | {"epsilon_in_root": False, "rounded_once": True}


def _adadelta(group):
    return "adadelta", {"rho": float(group["rho"]), "epsilon": float(group["eps"]),
                        "wd": float(group["weight_decay"]), "decoupled_weight_decay": False}


def _adamax(group):
    return "adamax", _betas(group)


def _radam(group):
    return "radam", _betas(group, decoupled_weight_decay=bool(group.get("decoupled_weight_decay", False)))


def _nadam(group):
    return "nadam", _betas(group, schedule_decay=float(group["momentum_decay"]),
                           decoupled_weight_decay=bool(group["decoupled_weight_decay"]))


def _asgd(group):
    return "asgd", {"lambd": float(group["lambd"]), "alpha": float(group["alpha"]), "t0": float(group["t0"]),
                    "wd": float(group["weight_decay"])}


def _rprop(group):
    (minus, plus), (least, most) = group["etas"], group["step_sizes"]
    return "rprop", {"eta_minus": float(minus), "eta_plus": float(plus), "min_step": float(least),
                     "max_step": float(most)}


TORCH: dict[str, Words] = {
    "SGD": Words(_sgd, counted_by="momentum_buffer", sparse=True, variants=(
        {}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"momentum": 0.9, "dampening": 0.4})),
    "Adam": Words(_adam, {"largest": "max_exp_avg_sq"}, variants=({}, {"amsgrad": True})),
    "AdamW": Words(_adam, {"largest": "max_exp_avg_sq"}, fixed={"decoupled_weight_decay": True}),
    "Adagrad": Words(_adagrad, {"history": "sum"}, sparse=True,
                     first={"sum": lambda group: group["initial_accumulator_value"]}),
    "RMSprop": Words(_rmsprop, {"n": "square_avg", "g": "grad_avg", "delta": "momentum_buffer"}, counts=True,
                     variants=({}, {"centered": True}, {"momentum": 0.9}, {"centered": True, "momentum": 0.9})),
    "Adadelta": Words(_adadelta, {"squares": "square_avg", "moves": "acc_delta"}, counts=True),
    "Adamax": Words(_adamax, {"largest": "exp_inf"}),
    "NAdam": Words(_nadam, {"product": "mu_product"}, singles={"product": lambda _: 1.0}),
    "RAdam": Words(_radam),
    "Rprop": Words(_rprop, first={"step_size": lambda group: float(group["lr"])}),
    "ASGD": Words(_asgd, {"average": "ax", "next_rate": "eta", "next_share": "mu"},
                  singles={"next_rate": lambda group: float(group["lr"]), "next_share": lambda _: 1.0}),
}
"""The optimizers of torch that a rule is, by the name of their class."""

RULES = {"LAMB": "lamb", "LARS": "lars", "LANS": "lans", "Lion": "lion", "SignSGD": "signsgd", "Signum": "signum",
         "AdaBelief": "adabelief", "FTRL": "ftrl", "AdamP": "adamp", "Adan": "adan",
         "AdEMAMix": "ademamix", "ADOPT": "adopt", "CAME": "came", "DCASGD": "dcasgd",
         "MARS": "mars", "NovoGrad": "novograd", "ScheduleFreeAdamW": "schedule_free_adamw",
         "ScheduleFreeRAdam": "schedule_free_radam", "ScheduleFreeSGD": "schedule_free_sgd",
         "Shampoo": "shampoo", "SM3": "sm3", "SOAP": "soap", "Sophia": "sophia", "Yogi": "yogi"}
"""Classes of rules that torch lacks, and the names of these."""
