"""The rules of recent years as their papers state them, in float64, written apart from the operators: see `papers`."""

import numpy as np

from tests.symbolic.optimizers.statements import COMMON, MOMENTS, norm, scaled


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


def novograd(p):
    """Ginsburg et al., algorithm 1; without the factor of the mean unless it is averaged."""
    b1, b2, kept = p["beta1"], p["beta2"], {"m": 0.0, "v": None}

    def move(w, g, rate, decay, t):
        g = scaled(g, p)
        squares = (g * g).sum()
        v = kept["v"] = squares if kept["v"] is None else b2 * kept["v"] + (1 - b2) * squares
        part = 1 - b1 if p.get("grad_averaging") else 1
        m = kept["m"] = b1 * kept["m"] + part * (g / (np.sqrt(v) + p["epsilon"]) + decay * w)
        return w - rate * m

    return move


def sm3(p):
    """Anil et al., algorithm SM3-II, with a mean for momentum."""
    mu, kept = p["momentum"], {"m": 0.0, "s": None}

    def move(w, g, rate, decay, t):
        g = scaled(g, p)
        sums = kept["s"] or [0.0] * g.ndim
        nu = np.min(np.broadcast_arrays(*sums, g)[:-1], axis=0) + g * g
        kept["s"] = [nu.max(axis=tuple(a for a in range(g.ndim) if a != axis), keepdims=True)
                     for axis in range(g.ndim)]
        m = kept["m"] = mu * kept["m"] + (1 - mu) * g / np.sqrt(nu + p["epsilon"])
        return w - rate * (m + decay * w)

    return move


def mars(p):
    """Yuan et al., algorithm 2, in the approximate form."""
    kept = {"m": 0.0, "v": 0.0, "g": 0.0}

    def move(w, g, rate, decay, t):
        g = c = scaled(g, p)
        b1, b2 = p["beta1"], p["beta2"]
        if g.ndim > 1 or p.get("optimize_1d"):
            c = g + p["gamma"] * b1 / (1 - b1) * (g - kept["g"])
            c = c / max(1, norm(c))
        else:
            b1, b2 = p.get("beta1_1d", 0.9), p.get("beta2_1d", 0.95)
            rate, decay = rate * p.get("lr_1d_factor", 1.0), decay * p.get("wd_1d_factor", 1.0)
        kept["g"] = g
        m = kept["m"] = b1 * kept["m"] + (1 - b1) * c
        v = kept["v"] = b2 * kept["v"] + (1 - b2) * c * c
        step = m / (1 - b1 ** t) * np.sqrt(1 - b2 ** t) / (np.sqrt(v) + p["epsilon"])
        return w - rate * (step + decay * w)

    return move


def adamp(p):
    """Heo et al., algorithm 2: first row by row, then the whole tensor."""
    b1, b2, kept = p["beta1"], p["beta2"], {"m": 0.0, "v": 0.0}

    def move(w, g, rate, decay, t):
        g = scaled(g, p)
        m = kept["m"] = b1 * kept["m"] + (1 - b1) * g
        v = kept["v"] = b2 * kept["v"] + (1 - b2) * g * g
        ahead = b1 * m + (1 - b1) * g if p.get("nesterov") else m
        step, ratio = ahead / (np.sqrt(v) + p["epsilon"]) * np.sqrt(1 - b2 ** t), 1.0
        for shape in ((len(w), -1), (1, -1)) if w.ndim > 1 else ():
            rows, grads, steps = (x.reshape(shape) for x in (w, g, step))
            cosines = [abs(a @ b) / norm(a) / norm(b) for a, b in zip(rows, grads)]
            if max(cosines) < p["delta"] / np.sqrt(rows.shape[1]):
                units = [a / (norm(a) + p["epsilon"]) for a in rows]
                step = np.array([s - u * (u @ s) for u, s in zip(units, steps)]).reshape(w.shape)
                ratio = p["wd_ratio"]
                break
        return w - rate * (step / (1 - b1 ** t) + ratio * decay * w)

    return move


def schedule_free(p, adaptive=False, rectified=False):
    """Defazio et al., equations 3 to 5 and algorithm 1: the average is computed, and from it what is trained."""
    beta, kept = p["beta1" if adaptive else "momentum"], {"v": 0.0, "z": None, "x": None, "most": 0.0, "sum": 0.0}

    def move(w, g, rate, decay, t):
        step, b2 = scaled(g, p), p.get("beta2", 0.0)
        if kept["z"] is None:
            kept["z"] = kept["x"] = w
        rate *= min(1, t / p["warmup_steps"]) if p.get("warmup_steps") else 1
        longest = 2 / (1 - b2) - 1
        length = longest - 2 * t * b2 ** t / (1 - b2 ** t)
        if adaptive:
            v = kept["v"] = b2 * kept["v"] + (1 - b2) * step * step
            if not rectified or length > 4:
                step = step / (np.sqrt(v / (1 - b2 ** t)) + p["epsilon"])
        if rectified and length > 4:
            rate *= np.sqrt((length - 4) / (longest - 4) * (length - 2) / (longest - 2) * longest / length)
        elif rectified and p.get("silent_sgd_phase", True):
            rate = 0.0
        kept["most"] = max(kept["most"], rate)
        weight = t ** p.get("r", 0) * kept["most"] ** p.get("weight_lr_power", 2)
        kept["sum"] += weight
        part = weight / kept["sum"] if kept["sum"] else 0
        kept["z"] = kept["z"] - rate * (step + decay * w)
        kept["x"] = (1 - part) * kept["x"] + part * kept["z"]
        return (1 - beta) * kept["z"] + beta * kept["x"]

    return move


def schedule_free_adamw(p):
    return schedule_free(p, adaptive=True)


def schedule_free_radam(p):
    return schedule_free(p, adaptive=True, rectified=True)


THREE = {"beta1": 0.9, "beta2": 0.8, "beta3": 0.99, "epsilon": 1e-4}
SLOW = {**MOMENTS, "beta3": 0.999, "alpha": 5.0}

PROJECTED = {"delta": 0.5, "wd_ratio": 0.1}

RECENT = {
    "yogi_update": (yogi, [{**COMMON, **MOMENTS, "initial_accumulator": 1e-2}, {**MOMENTS, "initial_accumulator": 0.0}]),
    "adan_update": (adan, [{**COMMON, **THREE}, {**THREE, "no_prox": True}]),
    "adopt_update": (adopt, [{**COMMON, **MOMENTS}, {**MOMENTS, "clips": False}]),
    "ademamix_update": (ademamix, [{**COMMON, **SLOW}, {**SLOW, "alpha_steps": 20.0, "beta3_steps": 25.0}]),
    "sophia_update": (sophia, [{**COMMON, "beta1": 0.9, "beta2": 0.8, "rho": 0.04, "epsilon": 1e-4, "period": 4.0}]),
    "novograd_update": (novograd, [{**COMMON, **MOMENTS}, {**MOMENTS, "grad_averaging": True}]),
    "sm3_update": (sm3, [{**COMMON, "momentum": 0.9, "epsilon": 1e-8}, {"momentum": 0.8, "epsilon": 1e-4}]),
    "mars_update": (mars, [{**COMMON, **MOMENTS, "gamma": 0.1}, {**MOMENTS, "gamma": 0.1, "optimize_1d": True},
                           {**MOMENTS, "gamma": 0.1, "lr_1d_factor": 0.5, "wd_1d_factor": 2.0}]),
    "adamp_update": (adamp, [{**COMMON, **MOMENTS, **PROJECTED}, {**MOMENTS, **PROJECTED, "nesterov": True}]),
    "schedule_free_sgd_update": (schedule_free, [{**COMMON, "momentum": 0.9}, {
        "momentum": 0.8, "warmup_steps": 7.0, "r": 1.0, "weight_lr_power": 1.0}]),
    "schedule_free_adamw_update": (schedule_free_adamw, [{**COMMON, **MOMENTS}, {
        **MOMENTS, "warmup_steps": 7.0, "r": 1.0, "weight_lr_power": 1.0}]),
    "schedule_free_radam_update": (schedule_free_radam, [{**COMMON, **MOMENTS}, {**MOMENTS, "silent_sgd_phase": False}]),
}
"""The statement of each rule, and settings under which the two are compared."""
