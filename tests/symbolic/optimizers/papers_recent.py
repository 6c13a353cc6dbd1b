"""The rules of recent years as their papers state them, in float64, written apart from the operators: see `papers`."""

import numpy as np

from tests.symbolic.optimizers.statements import COMMON, MOMENTS, scaled


def yogi(p):
    """Zaheer et al., algorithm 2, with the correction of Adam's bias."""
    b1, b2, start = p["beta1"], p["beta2"], p["initial_accumulator"]
    kept = {"m": start, "v": start}

    def move(w, g, rate, decay, t):
        g = scaled(g, p)
        m = kept["m"] = b1 * kept["m"] + (1 - b1) * g
        v = kept["v"] = kept["v"] - (1 - b2) * np.sign(kept["v"] - g * g) * g * g
        return w - rate * (m / (1 - b1 ** t) / (np.sqrt(v / (1 - b2 ** t)) + p["epsilon"]) + decay * w)

    return move


def adan(p):
    """Xie et al., algorithm 1, with betas that are what is kept."""
    b1, b2, b3 = p["beta1"], p["beta2"], p["beta3"]
    kept = {"m": 0.0, "d": 0.0, "n": 0.0, "g": None}

    def move(w, g, rate, decay, t):
        g = scaled(g, p)
        change = 0.0 if kept["g"] is None else g - kept["g"]
        kept["g"] = g
        m = kept["m"] = b1 * kept["m"] + (1 - b1) * g
        d = kept["d"] = b2 * kept["d"] + (1 - b2) * change
        n = kept["n"] = b3 * kept["n"] + (1 - b3) * (g + b2 * change) ** 2
        step = rate * (m / (1 - b1 ** t) + b2 * d / (1 - b2 ** t)) / (np.sqrt(n / (1 - b3 ** t)) + p["epsilon"])
        return w * (1 - rate * decay) - step if p.get("no_prox") else (w - step) / (1 + rate * decay)

    return move


def adopt(p):
    """Taniguchi et al., algorithm 2."""
    b1, b2, kept = p["beta1"], p["beta2"], {"m": 0.0, "v": None}

    def move(w, g, rate, decay, t):
        g = scaled(g, p)
        if kept["v"] is None:
            kept["v"] = g * g
            return w
        divided, bound = g / np.maximum(np.sqrt(kept["v"]), p["epsilon"]), (t - 1) ** 0.25
        divided = np.clip(divided, -bound, bound) if p.get("clips", True) else divided
        m = kept["m"] = b1 * kept["m"] + (1 - b1) * divided
        kept["v"] = b2 * kept["v"] + (1 - b2) * g * g
        return w - rate * (m + decay * w)

    return move


def ademamix(p):
    """Pagliardini et al., algorithm 1 and equations 4 and 5."""
    b1, b2, b3, kept = p["beta1"], p["beta2"], p["beta3"], {"m": 0.0, "n": 0.0, "v": 0.0}

    def move(w, g, rate, decay, t):
        g = scaled(g, p)
        alpha = min(t / p["alpha_steps"], 1) * p["alpha"] if p.get("alpha_steps") else p["alpha"]
        keep = b3
        if t < p.get("beta3_steps", 0):
            part = t / p["beta3_steps"]
            keep = np.exp(np.log(b1) * np.log(b3) / ((1 - part) * np.log(b3) + part * np.log(b1)))
        m = kept["m"] = b1 * kept["m"] + (1 - b1) * g
        n = kept["n"] = keep * kept["n"] + (1 - keep) * g
        v = kept["v"] = b2 * kept["v"] + (1 - b2) * g * g
        step = (m / (1 - b1 ** t) + alpha * n) / (np.sqrt(v / (1 - b2 ** t)) + p["epsilon"])
        return w - rate * (step + decay * w)

    return move


def sophia(p):
    """Liu et al., algorithm 3; the curvature that is fed is the square of the gradient."""
    b1, b2, kept = p["beta1"], p["beta2"], {"m": 0.0, "h": 0.0}

    def move(w, g, rate, decay, t):
        if t % p["period"] == 1:
            kept["h"] = b2 * kept["h"] + (1 - b2) * g * g
        m = kept["m"] = b1 * kept["m"] + (1 - b1) * scaled(g, p)
        step = np.clip(m / np.maximum(p["rho"] * kept["h"], p["epsilon"]), -1, 1)
        return w - rate * (step + decay * w)

    return move


THREE = {"beta1": 0.9, "beta2": 0.8, "beta3": 0.99, "epsilon": 1e-4}
SLOW = {**MOMENTS, "beta3": 0.999, "alpha": 5.0}

RECENT = {
    "yogi_update": (yogi, [{**COMMON, **MOMENTS, "initial_accumulator": 1e-2}, {**MOMENTS, "initial_accumulator": 0.0}]),
    "adan_update": (adan, [{**COMMON, **THREE}, {**THREE, "no_prox": True}]),
    "adopt_update": (adopt, [{**COMMON, **MOMENTS}, {**MOMENTS, "clips": False}]),
    "ademamix_update": (ademamix, [{**COMMON, **SLOW}, {**SLOW, "alpha_steps": 20.0, "beta3_steps": 25.0}]),
    "sophia_update": (sophia, [{**COMMON, "beta1": 0.9, "beta2": 0.8, "rho": 0.04, "epsilon": 1e-4, "period": 4.0}]),
}
"""The statement of each rule, and settings under which the two are compared."""
