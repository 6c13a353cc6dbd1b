"""Record the paths of the rules of recent years by their own judges: ``python -m tests.golden.rules.record_recent``.

Needs the extra ``judges``.  Weights, gradients and rates are those of `tests.symbolic.optimizers.paths`, of four shapes
and 50 updates, in float64; each tensor is a group of its own, with the factors of its rate and its decay, but for the
judges whose rules share one number between all tensors.
"""

import argparse
from pathlib import Path

import numpy as np

from symbolic.parity.judged import JUDGED, RATES
from tests.symbolic.optimizers import paths

HERE = Path(__file__).parent
WD = 0.1
ADAM = {"betas": (0.9, 0.99), "eps": 1e-4}


def cases(judge):
    """Return the optimizer of each case and its settings, as the judge names them."""
    return globals()[f"{judge}_cases"]()


def optax_cases():
    import optax

    adam = {"b1": 0.9, "b2": 0.99, "eps": 1e-4}
    return {
        "yogi": (optax.scale_by_yogi, {**adam, "initial_accumulator_value": 1e-6, "decay": WD}),
        "adopt": (optax.contrib.scale_by_adopt, adam),
        # The first update moves nothing in the authors' code; Optax's would decay.
        "adopt_decay": (optax.contrib.scale_by_adopt, {**adam, "decay": WD, "decays_from": 2}),
        "ademamix": (optax.contrib.scale_by_ademamix, {**adam, "b3": 0.999, "alpha": 5.0, "decay": WD}),
        "novograd": (optax.scale_by_novograd, {**adam, "weight_decay": WD}),
        "sm3": (optax.scale_by_sm3, {"b1": 0.9, "eps": 1e-8, "decay": WD}),
    }


def pytorch_optimizer_cases():
    import pytorch_optimizer
    import torch

    return {
        "adan": (pytorch_optimizer.Adan, {"betas": (0.9, 0.8, 0.99), "eps": 1e-4, "weight_decay": WD}),
        "adan_no_prox": (pytorch_optimizer.Adan, {"betas": (0.9, 0.8, 0.99), "eps": 1e-4, "weight_decay": WD,
                                                  "weight_decouple": True}),
        "mars": (pytorch_optimizer.MARS, {**ADAM, "weight_decay": WD, "weight_decay_1d": WD, "betas_1d": (0.9, 0.95), "lr_1d": 0.02}),
        "mars_1d": (pytorch_optimizer.MARS, {**ADAM, "weight_decay": WD, "optimize_1d": True}),
        "came": (pytorch_optimizer.CAME, {"betas": (0.9, 0.99, 0.999), "eps1": 1e-10, "eps2": 1e-8,
                                          "weight_decay": WD}),
        "adafactor_mom": (pytorch_optimizer.AdaFactor, {"betas": (0.9, 0.999), "eps1": 1e-30, "relative_step": False,
                                                        "momentum_dtype": torch.float64}),
        "shampoo": (pytorch_optimizer.Shampoo, {"matrix_eps": 1e-4, "weight_decay": WD, "weight_decouple": True}),
        "soap": (soap_in_float64, {**ADAM, "weight_decay": WD, "precondition_frequency": 5}),
        "adamp": (pytorch_optimizer.AdamP, {**ADAM, "weight_decay": WD, "delta": 0.5}),
        "sophia": (sophia_with_squares, {"betas": (0.9, 0.8), "p": 0.5, "eps": 2e-4, "weight_decay": WD}),
        "adamp_nesterov": (pytorch_optimizer.AdamP, {**ADAM, "weight_decay": WD, "nesterov": True}),
    }


def sophia_with_squares(groups, **settings):
    """Return Sophia whose estimates of the curvature are squared gradients, at every fourth step.

    It clips at `p` in place of 1: with ``eps`` of ours over `p`, its steps are `p` times ours.
    """
    import pytorch_optimizer

    part = settings["p"]

    class Both(pytorch_optimizer.SophiaH):
        def step(self):
            number = self.param_groups[0].get("step", 0) + 1
            for group in self.param_groups:
                group["lr"], group["weight_decay"] = group["lr"] / part, group["weight_decay"] * part
            if number % 4 == 1:
                super().step(hessian=[w.grad * w.grad for group in self.param_groups for w in group["params"]])
            else:
                super().step()
            for group in self.param_groups:
                group["weight_decay"] /= part

    return Both(groups, update_period=10 ** 9, **settings)


def soap_in_float64(groups, **settings):
    """Return SOAP whose bases are orthogonalized in float64 in place of float32."""
    import pytorch_optimizer
    import torch

    class Wide:
        """torch, but that float32 is float64."""

        float32 = torch.float64

        def __getattr__(self, name):
            return getattr(torch, name)

    class Both(pytorch_optimizer.SOAP):
        def get_orthogonal_matrix_qr(self, *args, **kwargs):
            module = pytorch_optimizer.optimizer.soap
            module.torch = Wide()
            try:
                return super().get_orthogonal_matrix_qr(*args, **kwargs)
            finally:
                module.torch = torch

    return Both(groups, **settings)


def torch_cases():
    from torch import optim

    decay = {**ADAM, "weight_decay": WD}
    return {
        "nadam": (optim.NAdam, {**decay, "momentum_decay": 4e-3}),
        "nadam_decoupled": (optim.NAdam, {**decay, "momentum_decay": 0.1, "decoupled_weight_decay": True}),
        "radam": (optim.RAdam, decay),
        "radam_decoupled": (optim.RAdam, {**decay, "decoupled_weight_decay": True}),
        "amsgrad": (optim.Adam, {**decay, "amsgrad": True}),
        "amsgrad_decoupled": (optim.AdamW, {**decay, "amsgrad": True}),
        "adafactor": (optim.Adafactor, {"eps": (1e-4, 1e-3), "weight_decay": WD}),
        "muon": (muon_in_float64, {"momentum": 0.9, "weight_decay": WD}),
        "muon_plain": (muon_in_float64, {"momentum": 0.9, "weight_decay": WD, "nesterov": False,
                                         "adjust_lr_fn": "match_rms_adamw"}),
    }


def muon_in_float64(groups, **settings):
    """Return torch's Muon for matrices and AdamW for the others; its iteration in float64 in place of bfloat16."""
    import torch

    class Both(torch.optim.Optimizer):
        def __init__(self):
            super().__init__(groups, {"lr": settings["lr"]})
            self.others = []
            for group in self.param_groups:
                matrix = group["params"][0].ndim > 1
                one = torch.optim.Muon if matrix else torch.optim.AdamW
                own = settings if matrix else {"lr": settings["lr"]}
                weight = group["params"][0]
                flat = weight.detach().reshape(len(weight), -1).requires_grad_() if matrix else weight
                self.others.append((group, flat, one([flat], **own | {"weight_decay": group["weight_decay"]})))

        def step(self):
            for group, flat, other in self.others:
                weight = group["params"][0]
                other.param_groups[0]["lr"] = group["lr"]
                flat.grad = weight.grad.reshape(flat.shape)
                kept, torch.Tensor.bfloat16 = torch.Tensor.bfloat16, torch.Tensor.clone
                try:
                    other.step()
                finally:
                    torch.Tensor.bfloat16 = kept
                with torch.no_grad():
                    weight.copy_(flat.reshape(weight.shape))

    return Both()


def prodigyopt_cases():
    import prodigyopt

    own = {**ADAM, "d0": 1e-3, "weight_decay": WD}
    return {
        "prodigy": (prodigyopt.Prodigy, own),
        "prodigy_slow": (prodigyopt.Prodigy, {**own, "growth_rate": 1.2, "d_coef": 2.0, "beta3": 0.9,
                                              "safeguard_warmup": True}),
    }


def dadaptation_cases():
    import dadaptation

    class DAdaptSGD(dadaptation.DAdaptSGD):
        """At a rate of zero, which the last update has, the authors' code ends with an error."""

        def step(self, closure=None):
            for group in self.param_groups:
                group["lr"] = max(group["lr"], 1e-300)
            return super().step(closure)

    own = {**ADAM, "d0": 1e-3, "weight_decay": WD, "decouple": True}
    return {
        "dadapt_adam": (dadaptation.DAdaptAdam, own),
        "dadapt_adam_slow": (dadaptation.DAdaptAdam, {**own, "growth_rate": 1.2}),
        "dadapt_sgd": (DAdaptSGD, {"momentum": 0.9, "d0": 1e-3, "weight_decay": WD}),
    }


def schedulefree_cases():
    import schedulefree

    warm = {"warmup_steps": 7, "r": 1.0, "weight_lr_power": 1.0, "weight_decay": WD}
    return {
        "schedule_free_sgd": (schedulefree.SGDScheduleFree, {"momentum": 0.9, "weight_decay": WD}),
        "schedule_free_sgd_warm": (schedulefree.SGDScheduleFree, {"momentum": 0.8, **warm}),
        "schedule_free_adamw": (schedulefree.AdamWScheduleFree, {**ADAM, "weight_decay": WD}),
        "schedule_free_adamw_warm": (schedulefree.AdamWScheduleFree, {**ADAM, **warm}),
        "schedule_free_radam": (schedulefree.RAdamScheduleFree, {**ADAM, "weight_decay": WD}),
        "schedule_free_radam_loud": (schedulefree.RAdamScheduleFree, {**ADAM, "weight_decay": WD,
                                                                      "silent_sgd_phase": False}),
    }


def torch_path(optimizer, settings, size, shared):
    """Return the weights of each tensor after each update of an optimizer of torch's kind."""
    import torch

    weights = {n: torch.tensor(w, requires_grad=True) for n, w in paths.start(paths.FOUR).items()}
    factors = {n: 1.0 if shared else paths.LR_MULT.get(n, 1.0) for n in weights}
    groups = [{"params": [w], "lr": size, "name": n} for n, w in weights.items()]
    if "weight_decay" in settings and not shared:
        for group in groups:
            for key in settings.keys() & {"weight_decay", "weight_decay_1d"}:
                group[key] = settings[key] * paths.WD_MULT.get(group["name"], 1.0)
    made, found = optimizer(groups, lr=size, **settings), {n: [] for n in weights}
    if hasattr(made, "train"):
        made.train()
    for number, grads in enumerate(paths.gradients(paths.FOUR, paths.MANY), 1):
        for group in made.param_groups:
            group["lr"] = paths.rate(number, size) * factors[group["name"]]
        for n, w in weights.items():
            w.grad = torch.tensor(grads[n])
        made.step()
        for n, w in weights.items():
            found[n].append(w.detach().numpy().copy())
    return found


def optax_path(scaling, settings, size, shared):
    """Return the weights of each tensor after each update by one of Optax's transformations, then decay and rate."""
    import jax
    import optax

    jax.config.update("jax_enable_x64", True)
    settings, found = dict(settings), {}
    decay, first = settings.pop("decay", 0.0), settings.pop("decays_from", 1)
    for name, w in paths.start(paths.FOUR).items():
        own = dict(settings)
        if "weight_decay" in own:
            own["weight_decay"] *= paths.WD_MULT.get(name, 1.0)
        made, after = scaling(**own), optax.add_decayed_weights(decay * paths.WD_MULT.get(name, 1.0))
        weight, path = jax.numpy.asarray(w), []
        state = made.init(weight)
        for number, grads in enumerate(paths.gradients(paths.FOUR, paths.MANY), 1):
            change, state = made.update(jax.numpy.asarray(grads[name]), state, weight)
            if number >= first:
                change, _ = after.update(change, optax.EmptyState(), weight)
            weight = weight - paths.rate(number, size) * paths.LR_MULT.get(name, 1.0) * change
            path.append(np.asarray(weight))
        found[name] = path
    return found


def main():
    """Write one file for each judge."""
    chosen = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    chosen.add_argument("judge", nargs="*", default=list(JUDGED))
    for judge in chosen.parse_args().judge:
        recorded = {}
        for case, (optimizer, settings) in cases(judge).items():
            path_of = optax_path if judge == "optax" else torch_path
            path = path_of(optimizer, settings, RATES.get(case, 0.02), JUDGED[judge][case].shared)
            recorded |= {f"{case}.{name}": np.array(weights) for name, weights in path.items()}
        np.savez_compressed(HERE / f"{judge}_50.npz", **recorded)
        print(f"{judge}: {len(JUDGED[judge])} paths")


if __name__ == "__main__":
    main()
