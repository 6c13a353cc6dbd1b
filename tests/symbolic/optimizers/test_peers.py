"""Rules beside torch 2.13 and Optax 0.2, at their settings: paths that ``tests.golden.rules.record`` has recorded."""

from pathlib import Path

import numpy as np
import pytest

from tests.symbolic.optimizers import paths
from tests.symbolic.optimizers.test_papers import trained

GOLDEN = Path(__file__).parents[2] / "golden/rules"
ADAM = {"beta1": 0.9, "beta2": 0.99, "epsilon": 1e-4}
PAPER = {**ADAM, "epsilon_place": "paper"}
OUTSIDE = {"momentum": 0.9, "rate_in_momentum": False}
WD = {"wd": 0.1}
DECOUPLED = {"decoupled_weight_decay": True, **WD}
DELTA = {"rho": 0.9, "epsilon": 1e-4}
MEAN = {"gamma1": 0.9, "epsilon": 1e-4}
CENTRED = {"gamma1": 0.9, "epsilon": 1e-2}

# Their optimizer: our rule, its hyper-parameters.
TORCH = {
    "sgd": ("sgd", WD),
    "sgd_momentum": ("sgd", {**OUTSIDE, **WD}),
    "sgd_nesterov": ("nag", {**OUTSIDE, **WD}),
    "adam": ("adam", {**PAPER, **WD}),
    "adamw": ("adamw", {**PAPER, **WD}),
    "nadam": ("nadam", {**ADAM, "schedule_decay": 4e-3, **WD}),
    "nadam_decoupled": ("nadam", {**ADAM, "schedule_decay": 0.1, **DECOUPLED}),
    "radam": ("radam", {**ADAM, **WD}),
    "radam_decoupled": ("radam", {**ADAM, **DECOUPLED}),
    "amsgrad": ("amsgrad", {**ADAM, **WD}),
    "adamw_amsgrad": ("amsgrad", {**ADAM, **DECOUPLED}),
    "sgd_dampened": ("sgd", {"momentum": 0.9, "dampening": 0.4, **WD}),
    "sgd_maximized": ("sgd", {**OUTSIDE, "rescale_grad": -1.0, **WD}),
    "rprop": ("rprop", {"eta_minus": 0.6, "eta_plus": 1.3, "min_step": 1e-3, "max_step": 0.05}),
    "asgd": ("asgd", {"lambd": 0.5, "alpha": 0.6, "t0": 10.0, **WD}),
    "adamax": ("adamax", {"beta1": 0.9, "beta2": 0.99, **WD}),
    "adamax_epsilon": ("adamax", {"beta1": 0.9, "beta2": 0.99, "epsilon": 0.1, **WD}),
    "adadelta": ("adadelta", DELTA),
    "adadelta_decay": ("adadelta", {**DELTA, "decoupled_weight_decay": False, **WD}),
    "adagrad": ("adagrad", {"epsilon": 1e-4, "epsilon_in_root": False, "initial_accumulator": 0.1}),
    "adagrad_decay": ("adagrad", {"epsilon": 1e-4, "lr_decay": 0.1, "initial_accumulator": 0.1, **WD}),
    "rmsprop": ("rmsprop", {**MEAN, "epsilon_in_root": False, **WD}),
    "rmsprop_centered": ("rmsprop_centered", {**CENTRED, **WD}),
    "rmsprop_momentum": ("rmsprop", {**MEAN, "momentum": 0.8, **WD}),
    "rmsprop_centered_momentum": ("rmspropalex", {**CENTRED, "gamma2": 0.8, "epsilon_in_root": False,
                                                  "rate_in_momentum": False, **WD}),
}
OPTAX = {
    "sgd": ("sgd", {}),
    "sgd_momentum": ("sgd", OUTSIDE),
    "sgd_nesterov": ("nag", OUTSIDE),
    "sign_sgd": ("signsgd", {}),
    "lion": ("lion", {"beta1": 0.9, "beta2": 0.99, **WD}),
    "adam": ("adam", PAPER),
    "adamw": ("adamw", {**PAPER, **WD}),
    "adabelief": ("adabelief", ADAM),
    "adamax": ("adamax", {"beta1": 0.9, "beta2": 0.99}),
    "adadelta": ("adadelta", DELTA),
    "adagrad": ("adagrad", {"epsilon": 1e-4, "initial_accumulator": 0.1}),
    "rmsprop": ("rmsprop", MEAN),
    "rmsprop_centered": ("rmspropalex", {**CENTRED, "gamma2": 0.8}),
    "lamb": ("lamb", {**ADAM, **WD}),
    "lars": ("lars", {"eta": 0.1, "eps": 1e-3, "momentum": 0.9, "decay_norm": "joint", **WD}),
}
LIBRARIES = {"torch": TORCH, "optax": OPTAX}
RATES = {"adadelta": 1.0, "lars": 1.0}
ROUNDED = {"lars": 1e-6, "lamb": 1e-6, "adamax": 1e-9, "nadam": 1e-9, "nadam_decoupled": 1e-9,
           "asgd": 1e-7}
"""Norms and rates of layers are float32, as are torch's product of Nadam and its rate of ASGD; Adamax is kept from dividing by zero in other
ways."""


def recorded(library):
    with np.load(GOLDEN / f"{library}.npz") as file:
        return dict(file)


@pytest.mark.parametrize(("library", "case"), [(library, case) for library in LIBRARIES for case in LIBRARIES[library]])
def test_paths_of_other_libraries(library, case):
    rule, params = LIBRARIES[library][case]
    found = trained("update", rule, params, "float64", RATES.get(case, 0.02), lr_mult=paths.LR_MULT,
                    **({"wd_mult": paths.WD_MULT} if "wd" in params else {}))
    theirs = recorded(library)
    expected = [{n: theirs[f"{case}.{n}"][k] for n in paths.SHAPES} for k in range(paths.STEPS)]
    assert paths.distance(found, expected) < ROUNDED.get(case, 1e-11)


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_recording_is_compared(library):
    assert {key.partition(".")[0] for key in recorded(library)} == LIBRARIES[library].keys()
