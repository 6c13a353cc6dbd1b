"""Rules with numbers over all tensors, as their papers state them, in float64: see `papers`.

Their moves take and return dicts of tensors.
"""

import numpy as np

from tests.symbolic.optimizers.statements import MOMENTS, scaled


def joint(statement):
    """Mark a statement whose moves are of all tensors together."""
    statement.joint = True
    return statement


@joint
def prodigy(p):
    """Mishchenko and Defazio, algorithm 4, with the authors' order of steps."""
    b1, b2, d0 = p["beta1"], p["beta2"], p["d0"]
    b3 = p.get("beta3") or np.sqrt(b2)
    kept = {"d": d0, "most": d0, "r": 0.0, "m": {}, "v": {}, "s": {}, "w": None}

    def move(weights, grads, rates, decays, t):
        kept["w"] = kept["w"] or weights
        d, rate = kept["d"], max(rates.values())
        r, total, new = b3 * kept["r"], 0.0, {}
        for n, w in weights.items():
            g = scaled(grads[n], p)
            r += d / d0 * d * rate * (g * (kept["w"][n] - w)).sum()
            kept["m"][n] = b1 * kept["m"].get(n, 0.0) + (1 - b1) * d * g
            kept["v"][n] = b2 * kept["v"].get(n, 0.0) + (1 - b2) * d * d * g * g
            part = d / d0 * d * (1 if p.get("safeguard_warmup") else rate)
            kept["s"][n] = b3 * kept["s"].get(n, 0.0) + part * g
            total += abs(kept["s"][n]).sum()
        if not total:
            return weights
        found = p.get("d_coef", 1.0) * r / total
        kept["r"], kept["d"] = r, max(d, found) if d == d0 else d
        kept["most"] = max(kept["most"], found)
        kept["d"] = min(kept["most"], kept["d"] * p.get("growth_rate", np.inf))
        for n, w in weights.items():
            step = kept["m"][n] / (np.sqrt(kept["v"][n]) + kept["d"] * p["epsilon"])
            new[n] = w - d * rates[n] * (decays[n] * w + step)
        return new

    return move


@joint
def dadapt_adam(p):
    """Defazio and Mishchenko, algorithm 5, with the authors' order of steps."""
    b1, b2, d0 = p["beta1"], p["beta2"], p["d0"]
    keep, kept = np.sqrt(b2), {"d": d0, "r": 0.0, "m": {}, "v": {}, "s": {}}

    def move(weights, grads, rates, decays, t):
        d, rate, along, total, new = kept["d"], max(rates.values()), 0.0, 0.0, {}
        for n, w in weights.items():
            g, v, s = scaled(grads[n], p), kept["v"].get(n, np.zeros_like(w)), kept["s"].get(n, np.zeros_like(w))
            along += d * rates[n] * (g * s / (np.sqrt(v) + p["epsilon"])).sum()
            kept["m"][n] = b1 * kept["m"].get(n, 0.0) + (1 - b1) * d * rates[n] * g
            kept["v"][n] = b2 * v + (1 - b2) * g * g
            kept["s"][n] = keep * s + (1 - keep) * d * rate * g
            total += (rates[n] / rate if rate else 0) * abs(kept["s"][n]).sum()
        if not total:
            return weights
        kept["r"] = keep * kept["r"] + (1 - keep) * along
        kept["d"] = max(d, min(kept["r"] / ((1 - keep) * total), d * p.get("growth_rate", np.inf)))
        for n, w in weights.items():
            step = kept["m"][n] / (np.sqrt(kept["v"][n]) + p["epsilon"])
            new[n] = w - d * rates[n] * decays[n] * w - step
        return new

    return move


@joint
def dadapt_sgd(p):
    """Defazio and Mishchenko, algorithm 4, with the decay in the gradient."""
    kept = {"d": p["d0"], "r": 0.0, "s": {}, "w": None, "first": None}

    def move(weights, grads, rates, decays, t):
        grads = {n: scaled(g, p) for n, g in grads.items()}
        kept["w"] = kept["w"] or weights
        kept["first"] = kept["first"] or np.sqrt(sum((g * g).sum() for g in grads.values()))
        d, total = kept["d"], 0.0
        for n, w in weights.items():
            g, way = grads[n] + decays[n] * w, d * rates[n] / kept["first"]
            s = kept["s"].get(n, np.zeros_like(w))
            kept["r"] += way * (g * s).sum()
            kept["s"][n] = s + way * g
            total += (kept["s"][n] ** 2).sum()
        if not total:
            return weights
        kept["d"] = max(d, min(2 * kept["r"] / np.sqrt(total), d * p.get("growth_rate", np.inf)))
        mu = p.get("momentum", 0.0)
        return {n: mu * w + (1 - mu) * (kept["w"][n] - kept["s"][n]) for n, w in weights.items()}

    return move


JOINT = {
    "multi_prodigy_update": (prodigy, [
        {**MOMENTS, "d0": 1e-3, "rescale_grad": 0.5, "clip_gradient": 0.3},
        {**MOMENTS, "d0": 1e-3, "growth_rate": 1.2, "d_coef": 2.0, "beta3": 0.9, "safeguard_warmup": True}]),
    "multi_dadapt_adam_update": (dadapt_adam, [
        {**MOMENTS, "d0": 1e-3, "rescale_grad": 0.5, "clip_gradient": 0.3}, {**MOMENTS, "d0": 1e-3, "growth_rate": 1.2}]),
    "multi_dadapt_sgd_update": (dadapt_sgd, [
        {"momentum": 0.9, "d0": 1e-3, "rescale_grad": 0.5, "clip_gradient": 0.3},
        {"momentum": 0.5, "d0": 1e-3, "growth_rate": 1.2}]),
}
"""The statement of each rule, and settings under which the two are compared."""
