"""Record the paths of MXNet 1.9.1's optimizer classes: ``python tests/golden/optimizers/record.py`` with its Python.

Each case is a class, its arguments, and how many of the two tensors are updated.
"""

from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
STEPS = 30
NAMES = {0: "fc_weight", 1: "fc_bias"}
SHAPES = {0: (3, 4), 1: (5,)}
LR_MULT, WD_MULT = {"fc_bias": 0.5}, {"fc_bias": 2.0}
COMMON = {"wd": 0.05, "rescale_grad": 0.7, "clip_gradient": 0.8}
PLAIN = {"rescale_grad": 0.7, "clip_gradient": 0.8}
HALF = {"multi_precision": True}
LARGE = {"batch_scale": 3, "warmup_epochs": 2, "updates_per_epoch": 7}

CASES = {
    "sgd": ("SGD", COMMON, 2),
    "sgd_momentum": ("SGD", {"momentum": 0.9, **COMMON}, 2),
    "sgd_half": ("SGD", {"momentum": 0.9, **COMMON, **HALF}, 2),
    "ccsgd": ("ccSGD", {"momentum": 0.9, **COMMON}, 2),
    "lbsgd": ("LBSGD", {"momentum": 0.9, **LARGE, **COMMON}, 2),
    "lbsgd_plain": ("LBSGD", {**LARGE, "warmup_strategy": "power2", "begin_epoch": 1, **PLAIN}, 2),
    "lbsgd_sqrt": ("LBSGD", {**LARGE, "warmup_strategy": "sqrt", "batch_scale": 2, **COMMON}, 2),
    "lbsgd_lars": ("LBSGD", {**LARGE, "warmup_strategy": "lars", "batch_scale": 1, **COMMON}, 2),
    "lbsgd_half": ("LBSGD", {"momentum": 0.9, **LARGE, **COMMON, **HALF}, 2),
    "nag": ("NAG", {"momentum": 0.9, **PLAIN}, 2),
    "nag_half": ("NAG", {"momentum": 0.9, **PLAIN, **HALF}, 2),
    "signum": ("Signum", {"momentum": 0.9, "wd_lh": 0.1, **COMMON}, 2),
    "signsgd": ("Signum", {"momentum": 0.0, **COMMON}, 2),
    "ftml": ("FTML", COMMON, 2),
    "lars": ("LARS", {"momentum": 0.9, "eta": 0.1, "eps": 1e-6, **COMMON}, 2),
    "lars_plain": ("LARS", {"eta": 0.1, "eps": 1e-6, **COMMON}, 2),
    "lars_uncorrected": ("LARS", {"momentum": 0.9, "eta": 0.1, "momentum_correction": False, **COMMON}, 2),
    "lamb": ("LAMB", COMMON, 2),
    "lamb_bounds": ("LAMB", {"lower_bound": 0.5, "upper_bound": 2.0, "bias_correction": False, **COMMON}, 2),
    "adam": ("Adam", {"beta1": 0.8, "beta2": 0.95, **COMMON}, 2),
    "adam_half": ("Adam", {**COMMON, **HALF}, 2),
    "adamax": ("Adamax", COMMON, 2),
    "nadam": ("Nadam", COMMON, 1),
    "adagrad": ("AdaGrad", COMMON, 2),
    "adadelta": ("AdaDelta", COMMON, 2),
    "rmsprop": ("RMSProp", {"clip_weights": 1.2, **COMMON}, 2),
    "rmsprop_centered": ("RMSProp", {"centered": True, "epsilon": 1e-3, **COMMON}, 2),
    "ftrl": ("Ftrl", COMMON, 2),
    "dcasgd": ("DCASGD", {"lamda": 0.5, **COMMON}, 2),  # With a momentum, MXNet's raises on arrays.
    "group_adagrad": ("GroupAdaGrad", PLAIN, 1),
}
RATE = {"step": [10, 20], "factor": 0.3, "base_lr": 0.05}
"""Of the MultiFactorScheduler; every class is given its base rate, too."""


def start(dtype="float32"):
    """Return the weights at first, by index."""
    random = np.random.RandomState(3)
    return {i: random.normal(size=shape).astype(dtype) for i, shape in SHAPES.items()}


def gradients(dtype="float32"):
    """Return the gradients of each update, by index."""
    random = np.random.RandomState(4)
    return [{i: random.normal(size=shape).astype(dtype) for i, shape in SHAPES.items()} for _ in range(STEPS)]


SAVED = 10
"""After how many updates the states are pickled."""


def path(mx, case):
    """Return the weights of each tensor after each update, and the pickled states without and with the optimizer."""
    name, arguments, n = CASES[case]
    dtype = "float16" if "multi_precision" in arguments else "float32"
    optimizer = mx.optimizer.create(name, learning_rate=RATE["base_lr"], param_idx2name=dict(NAMES),
                                    lr_scheduler=mx.lr_scheduler.MultiFactorScheduler(**RATE), **arguments)
    optimizer.set_lr_mult(LR_MULT)
    if "wd" in arguments:
        optimizer.set_wd_mult(WD_MULT)
    updater = mx.optimizer.get_updater(optimizer)
    weights = {i: mx.nd.array(w, dtype=dtype) for i, w in start(dtype).items() if i < n}
    found, states = {i: [] for i in weights}, {}
    for number, grads in enumerate(gradients(dtype), 1):
        indices = list(weights)
        given = [mx.nd.array(grads[i], dtype=dtype) for i in indices]
        if n == 1:
            updater(0, given[0], weights[0])
        else:
            updater(indices, given, [weights[i] for i in indices])
        for i, w in weights.items():
            found[i].append(w.asnumpy())
        if number == SAVED:
            states = {f"{case}.{kind}": np.frombuffer(updater.get_states(kind == "whole"), "uint8")
                      for kind in ("states", "whole")}
    return {f"{case}.{i}": np.array(values) for i, values in found.items()}, states


def main():
    """Write all paths into one file, all states into another."""
    import mxnet as mx

    recorded, pickled = {}, {}
    for case in CASES:
        found, states = path(mx, case)
        recorded.update(found)
        pickled.update(states)
    np.savez_compressed(HERE / "classes.npz", **recorded)
    np.savez_compressed(HERE / "states.npz", **pickled)
    print(f"{len(CASES)} paths of MXNet {mx.__version__}")


if __name__ == "__main__":
    main()
