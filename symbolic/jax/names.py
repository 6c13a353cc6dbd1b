"""Optax's words: which of its optimizers a rule is, with which settings, and what its states are named there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

Made = tuple[str, dict[str, Any]]
"""The name of a rule and its settings."""


class Alias(NamedTuple):
    """What an optimizer of Optax is as a rule.

    Attributes
    ----------
    rule : callable
        From those of its arguments that the rule knows, to the name of the rule and its settings.
    states : mapping of str to str
        For states of the rule, the fields of Optax's.
    variants : sequence of mapping of str to object
        Arguments under each of which it is another rule.
    rated : bool
        Whether its rate may be a schedule.
    near : bool
        Whether the rule only comes near.
    apart : str
        Why its states are not those of the rule, if they are not: what follows "no, ".
    """

    rule: Callable[..., Made]
    states: Mapping[str, str] = MappingProxyType({})
    variants: Sequence[Mapping[str, Any]] = (MappingProxyType({}),)
    rated: bool = True
    near: bool = False
    apart: str = ""


def _sgd(momentum: Any = None, nesterov: Any = False) -> Made:
    if momentum is None:
        return "sgd", {}
    return "nag" if nesterov else "sgd", {"momentum": momentum, "rate_in_momentum": False}


def _adam(b1: Any = 0.9, b2: Any = 0.999, eps: Any = 1e-8) -> Made:
    return "adam", {"beta1": b1, "beta2": b2, "epsilon": eps, "epsilon_place": "paper"}


def _adamw(b1: Any = 0.9, b2: Any = 0.999, eps: Any = 1e-8, weight_decay: Any = 1e-4) -> Made:
    return "adamw", {**_adam(b1, b2, eps)[1], "wd": weight_decay}


def _adabelief(b1: Any = 0.9, b2: Any = 0.999, eps: Any = 1e-16, eps_root: Any = 1e-16) -> Made:
    # Ours has one epsilon for both places.
    return "adabelief", {"beta1": b1, "beta2": b2, "epsilon": eps}


def _adamax(b1: Any = 0.9, b2: Any = 0.999, eps: Any = 1e-8) -> Made:
    return "adamax", {"beta1": b1, "beta2": b2, "epsilon": eps}


def _nadam(b1: Any = 0.9, b2: Any = 0.999, eps: Any = 1e-8) -> Made:
    return "nadam", {"beta1": b1, "beta2": b2, "epsilon": eps}


def _radam(b1: Any = 0.9, b2: Any = 0.999, eps: Any = 1e-8) -> Made:
    return "radam", {"beta1": b1, "beta2": b2, "epsilon": eps}


def _amsgrad(b1: Any = 0.9, b2: Any = 0.999, eps: Any = 1e-8) -> Made:
    return "amsgrad", {"beta1": b1, "beta2": b2, "epsilon": eps}


def _lion(b1: Any = 0.9, b2: Any = 0.99, weight_decay: Any = 1e-3) -> Made:
    return "lion", {"beta1": b1, "beta2": b2, "wd": weight_decay}


def _lamb(b1: Any = 0.9, b2: Any = 0.999, eps: Any = 1e-6, weight_decay: Any = 0.0) -> Made:
    return "lamb", {"beta1": b1, "beta2": b2, "epsilon": eps, "wd": weight_decay}


def _lars(trust_coefficient: Any = 0.001, eps: Any = 0.0, momentum: Any = 0.9) -> Made:
    return "lars", {"eta": trust_coefficient, "eps": eps, "momentum": momentum}


def _sign_sgd() -> Made:
    return "signsgd", {}


def _signum(beta: Any = 0.9) -> Made:
    return "signum", {"momentum": beta}


def _rmsprop(decay: Any = 0.9, eps: Any = 1e-8, centered: Any = False, momentum: Any = None) -> Made:
    found = {"gamma1": decay, "epsilon": eps}
    if centered:
        return "rmspropalex", {**found, "gamma2": momentum or 0.0}
    return "rmsprop", found if momentum is None else {**found, "momentum": momentum}


def _adagrad(initial_accumulator_value: Any = 0.1, eps: Any = 1e-7) -> Made:
    return "adagrad", {"initial_accumulator": initial_accumulator_value, "epsilon": eps}


def _adadelta(rho: Any = 0.9, eps: Any = 1e-6) -> Made:
    return "adadelta", {"rho": rho, "epsilon": eps}


def _adafactor(min_dim_size_to_factor: Any = 128, eps: Any = 1e-30) -> Made:
    return "adafactor", {"min_dim_size_to_factor": min_dim_size_to_factor, "eps1": eps, "relative_step": False}


def _adan(b1: Any = 0.98, b2: Any = 0.92, b3: Any = 0.99, eps: Any = 1e-8, weight_decay: Any = 0.0) -> Made:
    return "adan", {"beta1": b1, "beta2": b2, "beta3": b3, "epsilon": eps, "wd": weight_decay}


def _muon(beta: Any = 0.95, eps: Any = 1e-8, weight_decay: Any = 0.0, nesterov: Any = True, adam_b1: Any = 0.9,
          adam_b2: Any = 0.999) -> Made:
    return "muon", {"momentum": beta, "epsilon": eps, "wd": weight_decay, "nesterov": nesterov, "beta1_1d": adam_b1,
                    "beta2_1d": adam_b2}


def _estimated(rule: str) -> Callable[..., Made]:
    def made(betas: Any = (0.9, 0.999), eps: Any = 1e-8, estim_lr0: Any = 1e-6, weight_decay: Any = 0.0) -> Made:
        return rule, {"beta1": betas[0], "beta2": betas[1], "epsilon": eps, "d0": estim_lr0, "wd": weight_decay}

    return made


def _schedule_free_sgd(b1: Any = 0.9, weight_decay: Any = None) -> Made:
    return "schedule_free_sgd", {"momentum": b1, "wd": weight_decay or 0.0}


def _schedule_free_adamw(b1: Any = 0.9, b2: Any = 0.999, eps: Any = 1e-8, weight_decay: Any = 0.0) -> Made:
    return "schedule_free_adamw", {"beta1": b1, "beta2": b2, "epsilon": eps, "wd": weight_decay}


def _yogi(b1: Any = 0.9, b2: Any = 0.999, eps: Any = 1e-3) -> Made:
    return "yogi", {"beta1": b1, "beta2": b2, "epsilon": eps}


def _novograd(b1: Any = 0.9, b2: Any = 0.25, eps: Any = 1e-6, weight_decay: Any = 0.0) -> Made:
    return "novograd", {"beta1": b1, "beta2": b2, "epsilon": eps, "wd": weight_decay}


def _sm3(momentum: Any = 0.9) -> Made:
    return "sm3", {"momentum": momentum}


def _adopt(b1: Any = 0.9, b2: Any = 0.9999, eps: Any = 1e-6) -> Made:
    return "adopt", {"beta1": b1, "beta2": b2, "epsilon": eps}


def _ademamix(b1: Any = 0.9, b2: Any = 0.999, b3: Any = 0.9999, alpha: Any = 5.0, eps: Any = 1e-8,
              weight_decay: Any = 0.0) -> Made:
    return "ademamix", {"beta1": b1, "beta2": b2, "beta3": b3, "alpha": alpha, "epsilon": eps, "wd": weight_decay}


def _rprop(eta_minus: Any = 0.5, eta_plus: Any = 1.2, min_step_size: Any = 1e-6, max_step_size: Any = 50.0) -> Made:
    return "rprop", {"eta_minus": eta_minus, "eta_plus": eta_plus, "min_step": min_step_size, "max_step": max_step_size}


_MOMENTS = {"mean": "mu", "var": "nu"}

OPTAX: dict[str, Alias] = {
    "sgd": Alias(_sgd, {"mom": "trace"}, ({}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True})),
    "adam": Alias(_adam, _MOMENTS),
    "adamw": Alias(_adamw, _MOMENTS),
    "adabelief": Alias(_adabelief, _MOMENTS),
    "adamax": Alias(_adamax, {"mean": "mu", "largest": "nu"}),
    "nadam": Alias(_nadam, _MOMENTS, near=True),
    "radam": Alias(_radam, _MOMENTS, near=True),
    "amsgrad": Alias(_amsgrad, {**_MOMENTS, "largest": "nu_max"}, near=True),
    "lion": Alias(_lion, {"mom": "mu"}),
    "lamb": Alias(_lamb, _MOMENTS),
    "lars": Alias(_lars, {"mom": "trace"}),
    "sign_sgd": Alias(_sign_sgd),
    "signum": Alias(_signum, apart="its mean is a negative multiple of ours"),
    "rmsprop": Alias(_rmsprop, {"n": "nu", "g": "mu", "delta": "trace"}, (
        {}, {"centered": True}, {"momentum": 0.9}, {"centered": True, "momentum": 0.9})),
    "adagrad": Alias(_adagrad, apart="its sum holds the initial accumulator"),
    "adadelta": Alias(_adadelta, {"squares": "e_g", "moves": "e_x"}),
    "yogi": Alias(_yogi, _MOMENTS),
    "novograd": Alias(_novograd, _MOMENTS),
    "rprop": Alias(_rprop, {"step_size": "step_sizes"}, rated=False, near=True),
    "sm3": Alias(_sm3, rated=False, apart="it has a list of arrays for each tensor"),
    "adopt": Alias(_adopt, _MOMENTS),
    "ademamix": Alias(_ademamix, {"mean": "m1", "slow": "m2", "var": "nu"}),
    "adafactor": Alias(_adafactor, variants=({"min_dim_size_to_factor": 1, "eps": 1e-30},), near=True),
    "adan": Alias(_adan, near=True),
    "muon": Alias(_muon, near=True),
    "prodigy": Alias(_estimated("prodigy"), near=True),
    "dadapt_adamw": Alias(_estimated("dadapt_adam"), near=True),
    "schedule_free_sgd": Alias(_schedule_free_sgd, rated=False, apart="its sums are those of the update ahead"),
    "schedule_free_adamw": Alias(_schedule_free_adamw, rated=False, apart="its sums are those of the update ahead"),
}
"""The optimizers of Optax that a rule is, or comes near, by the name of their function."""


def optax_function(name: str) -> Callable[..., Any]:
    """Return the function of an optimizer: of Optax, or of its ``contrib``."""
    import optax

    return getattr(optax, name, None) or getattr(optax.contrib, name)
