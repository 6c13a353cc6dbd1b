"""Record the paths of torch's and Optax's optimizers: ``python -m tests.golden.rules.record`` from the root.

Needs torch and optax.  The weights, gradients and rates are those of `tests.symbolic.optimizers.paths`; every tensor
has an optimizer of its own, with the factors of its rate and its decay.
"""

import argparse
from pathlib import Path

import numpy as np

from tests.symbolic.optimizers import paths

HERE = Path(__file__).parent
WD = 0.1


def torch_cases():
    from torch import optim

    decay = {"weight_decay": WD}
    adam = {"betas": (0.9, 0.99), "eps": 1e-4}
    return {
        "sgd": (optim.SGD, decay),
        "sgd_momentum": (optim.SGD, {"momentum": 0.9, **decay}),
        "sgd_nesterov": (optim.SGD, {"momentum": 0.9, "nesterov": True, **decay}),
        "adam": (optim.Adam, {**adam, **decay}),
        "adamw": (optim.AdamW, {**adam, **decay}),
        "nadam": (optim.NAdam, {**adam, **decay, "momentum_decay": 4e-3}),
        "nadam_decoupled": (optim.NAdam, {**adam, **decay, "momentum_decay": 0.1, "decoupled_weight_decay": True}),
        "radam": (optim.RAdam, {**adam, **decay}),
        "radam_decoupled": (optim.RAdam, {**adam, **decay, "decoupled_weight_decay": True}),
        "amsgrad": (optim.Adam, {**adam, **decay, "amsgrad": True}),
        "adamw_amsgrad": (optim.AdamW, {**adam, **decay, "amsgrad": True}),
        "sgd_dampened": (optim.SGD, {"momentum": 0.9, "dampening": 0.4, **decay}),
        "sgd_maximized": (optim.SGD, {"momentum": 0.9, "maximize": True, **decay}),
        "rprop": (optim.Rprop, {"etas": (0.6, 1.3), "step_sizes": (1e-3, 0.05)}),
        "asgd": (optim.ASGD, {"lambd": 0.5, "alpha": 0.6, "t0": 10.0, **decay}),
        "adamax": (optim.Adamax, {"betas": (0.9, 0.99), "eps": 1e-12, **decay}),
        "adamax_epsilon": (optim.Adamax, {"betas": (0.9, 0.99), "eps": 0.1, **decay}),
        "adadelta": (optim.Adadelta, {"rho": 0.9, "eps": 1e-4}),
        "adadelta_decay": (optim.Adadelta, {"rho": 0.9, "eps": 1e-4, **decay}),
        "adagrad": (optim.Adagrad, {"eps": 1e-4, "initial_accumulator_value": 0.1}),
        "adagrad_decay": (optim.Adagrad, {"eps": 1e-4, "initial_accumulator_value": 0.1, "lr_decay": 0.1, **decay}),
        "rmsprop": (optim.RMSprop, {"alpha": 0.9, "eps": 1e-4, **decay}),
        "rmsprop_centered": (optim.RMSprop, {"alpha": 0.9, "eps": 1e-2, "centered": True, **decay}),
        "rmsprop_momentum": (optim.RMSprop, {"alpha": 0.9, "eps": 1e-4, "momentum": 0.8, **decay}),
        "rmsprop_centered_momentum": (optim.RMSprop, {"alpha": 0.9, "eps": 1e-2, "centered": True, "momentum": 0.8,
                                                      **decay}),
    }


def optax_cases():
    import optax

    adam = {"b1": 0.9, "b2": 0.99, "eps": 1e-4}
    return {
        "sgd": (optax.sgd, {}),
        "sgd_momentum": (optax.sgd, {"momentum": 0.9}),
        "sgd_nesterov": (optax.sgd, {"momentum": 0.9, "nesterov": True}),
        "sign_sgd": (optax.sign_sgd, {}),
        "lion": (optax.lion, {"b1": 0.9, "b2": 0.99, "weight_decay": WD}),
        "adam": (optax.adam, adam),
        "adamw": (optax.adamw, {**adam, "weight_decay": WD}),
        "adabelief": (optax.adabelief, {**adam, "eps_root": 1e-4}),
        "adamax": (optax.adamax, {"b1": 0.9, "b2": 0.99, "eps": 1e-12}),
        "adadelta": (optax.adadelta, {"rho": 0.9, "eps": 1e-4}),
        "adagrad": (optax.adagrad, {"initial_accumulator_value": 0.1, "eps": 1e-4}),
        "rmsprop": (optax.rmsprop, {"decay": 0.9, "eps": 1e-4}),
        "rmsprop_centered": (optax.rmsprop, {"decay": 0.9, "eps": 1e-2, "centered": True, "momentum": 0.8}),
        "lamb": (optax.lamb, {**adam, "weight_decay": WD}),
        "lars": (optax.lars, {"weight_decay": WD, "trust_coefficient": 0.1, "eps": 1e-3, "momentum": 0.9}),
    }


def torch_path(optimizer, settings, size):
    """Return the weights of each tensor after each update."""
    import torch

    found = {}
    for name, w in paths.start().items():
        weight = torch.tensor(w, requires_grad=True)
        own = dict(settings)
        if "weight_decay" in own:
            own["weight_decay"] *= paths.WD_MULT.get(name, 1.0)
        step, path = optimizer([weight], lr=size, **own), []
        for number, grads in enumerate(paths.gradients(), 1):
            step.param_groups[0]["lr"] = paths.rate(number, size) * paths.LR_MULT.get(name, 1.0)
            weight.grad = torch.tensor(grads[name])
            step.step()
            path.append(weight.detach().numpy().copy())
        found[name] = path
    return found


def optax_path(optimizer, settings, size):
    """Return the weights of each tensor after each update."""
    import jax
    import optax

    jax.config.update("jax_enable_x64", True)
    found = {}
    for name, w in paths.start().items():
        own = dict(settings)
        if "weight_decay" in own:
            own["weight_decay"] *= paths.WD_MULT.get(name, 1.0)
        rates = np.array([paths.rate(n, size) * paths.LR_MULT.get(name, 1.0) for n in range(1, paths.STEPS + 1)])
        rates = jax.numpy.asarray(rates)
        made = optimizer(lambda count, rates=rates: rates[count], **own)
        weight, path = jax.numpy.asarray(w), []
        state = made.init(weight)
        for grads in paths.gradients():
            change, state = made.update(jax.numpy.asarray(grads[name]), state, weight)
            weight = optax.apply_updates(weight, change)
            path.append(np.asarray(weight))
        found[name] = path
    return found


SIZES = {"adadelta": 1.0, "lars": 1.0}
"""The size of the rates, 0.02 elsewhere."""


def main():
    """Write one file for each library."""
    chosen = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    chosen.add_argument("library", nargs="*", default=["torch", "optax"])
    for library in chosen.parse_args().library:
        cases, path_of = {"torch": (torch_cases, torch_path), "optax": (optax_cases, optax_path)}[library]
        recorded = {f"{case}.{name}": np.array(path) for case, (optimizer, settings) in cases().items()
                    for name, path in path_of(optimizer, settings, SIZES.get(case, 0.02)).items()}
        np.savez_compressed(HERE / f"{library}.npz", **recorded)
        print(f"{library}: {len(cases())} paths")


if __name__ == "__main__":
    main()
