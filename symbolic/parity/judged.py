"""Which case of which judge is which rule of ours: see `tests.golden.rules.record_recent`."""

from typing import NamedTuple


class Judged(NamedTuple):
    """A rule and its hyper-parameters as ours; `shared`: one number is over all tensors, so none has factors."""

    rule: str
    params: dict
    shared: bool = False


ADAM = {"beta1": 0.9, "beta2": 0.99, "epsilon": 1e-4}
WD = {"wd": 0.1}
ADAN = {"beta1": 0.9, "beta2": 0.8, "beta3": 0.99, "epsilon": 1e-4, **WD}

JUDGED = {
    "optax": {
        "yogi": Judged("yogi", {**ADAM, **WD}),
        "adopt": Judged("adopt", ADAM),
        "adopt_decay": Judged("adopt", {**ADAM, **WD}),
        "ademamix": Judged("ademamix", {**ADAM, "beta3": 0.999, "alpha": 5.0, **WD}),
        "novograd": Judged("novograd", {**ADAM, **WD}),
        "sm3": Judged("sm3", {"momentum": 0.9, "epsilon": 1e-8, **WD}),
    },
    "pytorch_optimizer": {
        "adan": Judged("adan", ADAN),
        "adan_no_prox": Judged("adan", {**ADAN, "no_prox": True}),
        "mars": Judged("mars", {**ADAM, **WD, "gamma": 0.025, "wd_1d_factor": 1.0}),
        "mars_1d": Judged("mars", {**ADAM, **WD, "gamma": 0.025, "optimize_1d": True}),
        "came": Judged("came", {"beta1": 0.9, "beta2": 0.99, "beta3": 0.999, "eps1": 1e-10, "eps2": 1e-8, **WD}),
        "adafactor_mom": Judged("adafactor", {"beta1": 0.9, "eps1": 1e-15, "eps2": 1e-3, "relative_step": False}),
        "shampoo": Judged("shampoo", {"epsilon": 1e-4, **WD}),
        "soap": Judged("soap", {**ADAM, **WD, "precondition_frequency": 5}),
        "adamp": Judged("adamp", {**ADAM, **WD, "delta": 0.5}),
        "sophia": Judged("sophia", {"beta1": 0.9, "beta2": 0.8, "rho": 0.5, "epsilon": 1e-4, "period": 4.0, **WD}),
        "adamp_nesterov": Judged("adamp", {**ADAM, **WD, "nesterov": True}),
    },
    "torch": {
        "nadam": Judged("nadam", {**ADAM, **WD, "schedule_decay": 4e-3}),
        "nadam_decoupled": Judged("nadam", {**ADAM, **WD, "schedule_decay": 0.1, "decoupled_weight_decay": True}),
        "radam": Judged("radam", {**ADAM, **WD}),
        "radam_decoupled": Judged("radam", {**ADAM, **WD, "decoupled_weight_decay": True}),
        "amsgrad": Judged("amsgrad", {**ADAM, **WD}),
        "amsgrad_decoupled": Judged("amsgrad", {**ADAM, **WD, "decoupled_weight_decay": True}),
        "adafactor": Judged("adafactor", {"eps1": 1e-4, "eps2": 1e-3, **WD}),
        "muon": Judged("muon", {"momentum": 0.9, **WD}),
        "muon_plain": Judged("muon", {"momentum": 0.9, "nesterov": False, "scale": "match_rms_adamw", **WD}),
    },
    "prodigyopt": {
        "prodigy": Judged("prodigy", {**ADAM, "d0": 1e-3, **WD}, shared=True),
        "prodigy_slow": Judged("prodigy", {**ADAM, "d0": 1e-3, "growth_rate": 1.2, "d_coef": 2.0, "beta3": 0.9,
                                           "safeguard_warmup": True, **WD}, shared=True),
    },
    "dadaptation": {
        "dadapt_adam": Judged("dadapt_adam", {**ADAM, "d0": 1e-3, **WD}, shared=True),
        "dadapt_adam_slow": Judged("dadapt_adam", {**ADAM, "d0": 1e-3, "growth_rate": 1.2, **WD}, shared=True),
        "dadapt_sgd": Judged("dadapt_sgd", {"momentum": 0.9, "d0": 1e-3, **WD}, shared=True),
    },
    "schedulefree": {
        "schedule_free_sgd": Judged("schedule_free_sgd", {"momentum": 0.9, **WD}),
        "schedule_free_sgd_warm": Judged("schedule_free_sgd", {"momentum": 0.8, "warmup_steps": 7, "r": 1.0,
                                                               "weight_lr_power": 1.0, **WD}),
        "schedule_free_adamw": Judged("schedule_free_adamw", {**ADAM, **WD}),
        "schedule_free_adamw_warm": Judged("schedule_free_adamw", {**ADAM, "warmup_steps": 7, "r": 1.0,
                                                                   "weight_lr_power": 1.0, **WD}),
        "schedule_free_radam": Judged("schedule_free_radam", {**ADAM, **WD}),
        "schedule_free_radam_loud": Judged("schedule_free_radam", {**ADAM, "silent_sgd_phase": False, **WD}),
    },
}
TOGETHER = ["prodigy", "prodigy_slow", "dadapt_adam", "dadapt_adam_slow", "dadapt_sgd"]
RATES = dict.fromkeys(TOGETHER, 1.0)
"""The size of the rates, 0.02 elsewhere."""
TOLERANCE = {"mars": 1e-8, "mars_1d": 1e-8, "nadam": 1e-9, "nadam_decoupled": 1e-9, **dict.fromkeys(TOGETHER, 1e-6)}
"""In float64, in parts of the way, 1e-11 elsewhere; `pytorch_optimizer` adds 1e-15 within the root of MARS, and the
numbers that all tensors share are float32, as is torch's product of Nadam."""
OF_WEIGHT, OF_WAY, OF_WAY_WITH_SUMS = 3e-6, 1e-5, 1e-4
"""In float32, how far an element may be off: a part of its size, and of the way that it went in all."""
WITH_SUMS = frozenset({"novograd", "mars", "mars_1d", "came", "shampoo", "soap", "adamp", "adamp_nesterov", "adafactor",
                       "adafactor_mom", "muon", "muon_plain", *TOGETHER})
"""The cases of rules that have norms or products of matrices; in others each element is updated by itself."""
