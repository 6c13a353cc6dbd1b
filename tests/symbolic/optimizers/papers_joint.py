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


JOINT = {
    "multi_prodigy_update": (prodigy, [
        {**MOMENTS, "d0": 1e-3, "rescale_grad": 0.5, "clip_gradient": 0.3},
        {**MOMENTS, "d0": 1e-3, "growth_rate": 1.2, "d_coef": 2.0, "beta3": 0.9, "safeguard_warmup": True}]),
}
"""The statement of each rule, and settings under which the two are compared."""
