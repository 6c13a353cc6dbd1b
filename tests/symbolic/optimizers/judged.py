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
        "yogi": Judged("yogi", ADAM),
        "adopt": Judged("adopt", ADAM),
        "ademamix": Judged("ademamix", {**ADAM, "beta3": 0.999, "alpha": 5.0, **WD}),
    },
    "pytorch_optimizer": {
        "adan": Judged("adan", ADAN),
        "adan_no_prox": Judged("adan", {**ADAN, "no_prox": True}),
    },
}
RATES = {}
"""The size of the rates, 0.02 elsewhere."""
TOLERANCE = {}
"""In parts of the way, 1e-11 elsewhere."""
