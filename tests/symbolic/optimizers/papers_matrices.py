"""The rules of matrices as their papers state them, in float64, written apart from the operators: see `papers`."""

import numpy as np

from tests.symbolic.optimizers.statements import COMMON, norm, scaled


def muon(p):
    """Jordan et al.; the iteration in float64.  Vectors: Loshchilov and Hutter, algorithm 2."""
    mu, kept = p["momentum"], {"m": 0.0, "v": 0.0}

    def of_vector(w, g, rate, decay, t):
        b1, b2, rate = p.get("beta1_1d", 0.9), p.get("beta2_1d", 0.999), rate * p.get("lr_1d_factor", 1.0)
        m = kept["m"] = b1 * kept["m"] + (1 - b1) * g
        v = kept["v"] = b2 * kept["v"] + (1 - b2) * g * g
        return w - rate * (m / (1 - b1 ** t) / (np.sqrt(v / (1 - b2 ** t)) + p.get("epsilon_1d", 1e-8)) + decay * w)

    def move(w, g, rate, decay, t):
        g = scaled(g, p)
        if w.ndim < 2:
            return of_vector(w, g, rate, decay, t)
        m = kept["m"] = mu * kept["m"] + (1 - mu) * g
        x = (mu * m + (1 - mu) * g if p.get("nesterov", True) else m).reshape(len(w), -1)
        rows, columns = x.shape
        values = x / max(norm(x), p.get("epsilon", 1e-7))
        # The iteration is one of singular values.
        u, s, v = np.linalg.svd(values, full_matrices=False)
        for _ in range(p.get("steps", 5)):
            s = 3.4445 * s - 4.7750 * s ** 3 + 2.0315 * s ** 5
        scale = {"original": np.sqrt(max(1, rows / columns)), "match_rms_adamw": 0.2 * np.sqrt(max(rows, columns)),
                 "none": 1}[p.get("scale", "original")]
        return w - rate * (scale * (u * s @ v).reshape(w.shape) + decay * w)

    return move


def adafactor(p):
    """Shazeer and Stern, algorithms 4 and 5, with the two epsilons as torch has them."""
    kept = {"m": 0.0, "r": 0.0, "c": 0.0}
    eps1, least = p["eps1"], p.get("min_dim_size_to_factor", 1)

    def move(w, g, rate, decay, t):
        g = scaled(g, p)
        keep, squares = 1 - t ** p.get("beta2_decay", -0.8), g * g
        if w.ndim > 1 and min(w.shape[-2:]) >= least:
            r = kept["r"] = keep * kept["r"] + (1 - keep) * squares.mean(-1)
            c = kept["c"] = keep * kept["c"] + (1 - keep) * squares.mean(-2)
            v = np.einsum("...i,...j->...ij", r, c) / np.maximum(r.mean(-1), eps1)[..., None, None]
        else:
            v = kept["r"] = keep * kept["r"] + (1 - keep) * squares
        u = g / np.sqrt(np.maximum(v, eps1 ** 2))
        rho = min(rate, t ** -0.5) if p.get("relative_step", True) else rate
        rho *= max(p["eps2"], np.sqrt((w * w).mean())) if p.get("scale_parameter", True) else 1
        step = rho * u / max(1, np.sqrt((u * u).mean()) / p.get("clip_threshold", 1.0))
        b1 = p.get("beta1", 0)
        step = kept["m"] = b1 * kept["m"] + (1 - b1) * step
        return w * (1 - rate * decay) - step

    return move


def came(p):
    """Luo et al., algorithm 2."""
    b1, b2, b3 = p["beta1"], p["beta2"], p["beta3"]
    kept = {"m": 0.0, "r": 0.0, "c": 0.0, "R": 0.0, "C": 0.0}

    def means(row, column, keep, x):
        r = kept[row] = keep * kept[row] + (1 - keep) * x.mean(-1)
        c = kept[column] = keep * kept[column] + (1 - keep) * x.mean(-2)
        return np.einsum("...i,...j->...ij", r, c) / r.mean(-1)[..., None, None]

    def move(w, g, rate, decay, t):
        g = scaled(g, p)
        squares = g * g + p["eps1"]
        if w.ndim > 1:
            v = means("r", "c", b2, squares)
        else:
            v = kept["r"] = b2 * kept["r"] + (1 - b2) * squares
        u = g / np.sqrt(v)
        u = u / max(1, np.sqrt((u * u).mean()) / p.get("clip_threshold", 1.0))
        m = kept["m"] = b1 * kept["m"] + (1 - b1) * u
        step = m / np.sqrt(means("R", "C", b3, (u - m) ** 2 + p["eps2"])) if w.ndim > 1 else m
        return w - rate * (step + decay * w)

    return move


def shampoo(p):
    """Gupta et al., algorithm 2."""
    kept = {}

    def move(w, g, rate, decay, t):
        step = g = scaled(g, p)
        for axis in range(w.ndim):
            others = [a for a in range(w.ndim) if a != axis]
            first = p["epsilon"] * np.eye(w.shape[axis])
            kept[axis] = kept.get(axis, first) + np.tensordot(g, g, (others, others))
            u, s, v = np.linalg.svd(kept[axis])
            step = np.moveaxis(np.tensordot(u * s ** (-1 / (2 * w.ndim)) @ v, step, (1, axis)), 0, axis)
        return w - rate * (step + decay * w)

    return move


def soap(p):
    """Vyas et al., algorithm 3, with a first step that only starts the bases, as in the authors' code."""
    b1, b2, every = p["beta1"], p["beta2"], p.get("precondition_frequency", 10)
    keep, most = p.get("shampoo_beta", b2), p.get("max_precond_dim", 10000)
    kept = {"m": 0.0, "v": 0.0}

    def along(x, axis, q):
        return np.moveaxis(np.tensordot(x, q, (axis, 0)), -1, axis)

    def move(w, g, rate, decay, t):
        g = scaled(g, p)
        axes = [a for a, d in enumerate(w.shape) if d <= most] if w.ndim > 1 or p.get("precondition_1d") else []
        if t > 1:
            def into(x, back=False):
                for a in axes:
                    x = along(x, a, kept["q", a].T if back else kept["q", a])
                return x

            kept["m"] = b1 * kept["m"] + (1 - b1) * g
            kept["v"] = b2 * kept["v"] + (1 - b2) * into(g) ** 2
            c1, c2 = (1 - b1 ** (t - 1), 1 - b2 ** (t - 1)) if p.get("correct_bias", True) else (1, 1)
            step = into(into(kept["m"]) / (np.sqrt(kept["v"]) + p["epsilon"]), back=True)
            w = (1 - rate * decay) * (w - rate * np.sqrt(c2) / c1 * step)
        for a in axes:
            others = [b for b in range(w.ndim) if b != a]
            product = kept["l", a] = keep * kept.get(("l", a), 0.0) + (1 - keep) * np.tensordot(g, g, (others, others))
            if t == 1:
                kept["q", a] = np.linalg.svd(product)[0]
            elif (t - 1) % every == 0:
                order = np.argsort(-np.diag(kept["q", a].T @ product @ kept["q", a]))
                kept["v"] = np.take(kept["v"], order, a)
                kept["q", a] = np.linalg.qr((product @ kept["q", a])[:, order])[0]
        return w

    return move


FACTORED = {"eps1": 1e-4, "eps2": 1e-3}
CONFIDENT = {"beta1": 0.9, "beta2": 0.99, "beta3": 0.999, "eps1": 1e-10, "eps2": 1e-8}

TURNED = {"beta1": 0.9, "beta2": 0.95, "epsilon": 1e-4}

MATRICES = {
    "muon_update": (muon, [{**COMMON, "momentum": 0.9}, {
        "momentum": 0.9, "nesterov": False, "scale": "match_rms_adamw", "lr_1d_factor": 0.5, "epsilon_1d": 1e-4}]),
    "adafactor_update": (adafactor, [
        {**COMMON, **FACTORED}, {**FACTORED, "relative_step": False, "scale_parameter": False, "clip_threshold": 0.5},
        {**FACTORED, "min_dim_size_to_factor": 4, "beta2_decay": -0.5}]),
    "adafactor_mom_update": (adafactor, [{**COMMON, **FACTORED, "beta1": 0.9}]),
    "came_update": (came, [{**COMMON, **CONFIDENT}, {**CONFIDENT, "clip_threshold": 0.5}]),
    "shampoo_update": (shampoo, [{**COMMON, "epsilon": 1e-4}]),
    "soap_update": (soap, [{**COMMON, **TURNED}, {**TURNED, "precondition_frequency": 3, "shampoo_beta": 0.5},
                           {**TURNED, "precondition_1d": True, "max_precond_dim": 3, "correct_bias": False}]),
}
"""The statement of each rule, and settings under which the two are compared."""
