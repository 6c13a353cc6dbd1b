"""Every update rule as its paper states it, in float64, written apart from the operators.

``STATEMENTS`` maps the name of an operator to a function of the hyper-parameters that returns
``move(w, g, rate, decay, t)``, which keeps its own states and returns the new weights.  `rate` and `decay` are those of
the tensor.
"""

import numpy as np

from tests.symbolic.optimizers.papers_joint import JOINT
from tests.symbolic.optimizers.papers_matrices import MATRICES
from tests.symbolic.optimizers.papers_recent import RECENT
from tests.symbolic.optimizers.statements import COMMON, MOMENTS, clip, norm, scaled


def sgd(p):
    """Robbins and Monro, with L2 regularisation."""
    return lambda w, g, rate, decay, t: w - rate * (scaled(g, p) + decay * w)


def momentum(p, nesterov=False):
    """Sutskever et al., equations 1 to 4; or the form in which the rate multiplies the sum."""
    mu, inside, kept = p.get("momentum", 0.0), p.get("rate_in_momentum", True), {"v": 0.0}

    def move(w, g, rate, decay, t):
        g = scaled(g, p) + decay * w
        v = kept["v"] = mu * kept["v"] + (rate if inside else 1) * g
        step = mu * v + (rate if inside else 1) * g if nesterov else v
        return w - (1 if inside else rate) * step

    return move


def signsgd(p):
    """Bernstein et al., algorithm 1, with decoupled decay."""
    return lambda w, g, rate, decay, t: w - rate * (np.sign(g) + decay * w)


def signum(p):
    """Bernstein et al., algorithm 2: decay within the momentum, and a decoupled one."""
    mu, kept = p["momentum"], {"m": 0.0}

    def move(w, g, rate, decay, t):
        m = kept["m"] = mu * kept["m"] + (1 - mu) * (scaled(g, p) + decay * w)
        return w - rate * (np.sign(m) + p.get("wd_lh", 0.0) * w)

    return move


def lion(p):
    """Chen et al., program 1."""
    b1, b2, kept = p["beta1"], p["beta2"], {"m": 0.0}

    def move(w, g, rate, decay, t):
        g = scaled(g, p)
        direction = np.sign(b1 * kept["m"] + (1 - b1) * g)
        kept["m"] = b2 * kept["m"] + (1 - b2) * g
        return w - rate * (direction + decay * w)

    return move


def adam(p, decoupled=False):
    """Kingma and Ba, algorithm 1, epsilon hat being added before the correction; Loshchilov and Hutter, algorithm 2."""
    b1, b2, eps, kept = p["beta1"], p["beta2"], p["epsilon"], {"m": 0.0, "v": 0.0}

    def move(w, g, rate, decay, t):
        within = 0 if decoupled else decay * w
        g = clip(p.get("rescale_grad", 1.0) * g + within, p.get("clip_gradient", -1.0))
        m = kept["m"] = b1 * kept["m"] + (1 - b1) * g
        v = kept["v"] = b2 * kept["v"] + (1 - b2) * g * g
        c1, c2 = (1 - b1 ** t, 1 - b2 ** t) if p.get("bias_correction", True) else (1, 1)
        if p.get("epsilon_place", "hat") == "paper":
            step = (m / c1) / (np.sqrt(v / c2) + eps)
        else:
            step = np.sqrt(c2) / c1 * m / (np.sqrt(v) + eps)
        return (w * (1 - rate * decay) if decoupled else w) - rate * p.get("eta", 1.0) * step

    return move


def adabelief(p):
    """Zhuang et al., algorithm 2."""
    b1, b2, eps, kept = p["beta1"], p["beta2"], p["epsilon"], {"m": 0.0, "s": 0.0}

    def move(w, g, rate, decay, t):
        g = scaled(g, p)
        m = kept["m"] = b1 * kept["m"] + (1 - b1) * g
        s = kept["s"] = b2 * kept["s"] + (1 - b2) * (g - m) ** 2 + eps
        c1, c2 = (1 - b1 ** t, 1 - b2 ** t) if p.get("bias_correction", True) else (1, 1)
        return w - rate * ((m / c1) / (np.sqrt(s / c2) + eps) + decay * w)

    return move


def moved(w, g, rate, decay, p):
    """Return weight and gradient with the decay in one of them."""
    if p.get("decoupled_weight_decay", False):
        return w - rate * decay * w, scaled(g, p)
    return w, clip(p.get("rescale_grad", 1.0) * g + decay * w, p.get("clip_gradient", -1.0))


def amsgrad(p):
    """Reddi et al., algorithm 2, with the correction of Adam's bias after the largest was taken."""
    b1, b2, kept = p["beta1"], p["beta2"], {"m": 0.0, "v": 0.0, "u": 0.0}

    def move(w, g, rate, decay, t):
        w, g = moved(w, g, rate, decay, p)
        m = kept["m"] = b1 * kept["m"] + (1 - b1) * g
        v = kept["v"] = b2 * kept["v"] + (1 - b2) * g * g
        u = kept["u"] = np.maximum(kept["u"], v)
        return w - rate * m / (1 - b1 ** t) / (np.sqrt(u / (1 - b2 ** t)) + p["epsilon"])

    return move


def radam(p):
    """Liu et al., algorithm 2; epsilon beside the root of what is not corrected yet."""
    b1, b2, kept = p["beta1"], p["beta2"], {"m": 0.0, "v": 0.0}
    longest = 2 / (1 - b2) - 1

    def move(w, g, rate, decay, t):
        w, g = moved(w, g, rate, decay, p)
        m = kept["m"] = b1 * kept["m"] + (1 - b1) * g
        v = kept["v"] = b2 * kept["v"] + (1 - b2) * g * g
        m = m / (1 - b1 ** t)
        length = longest - 2 * t * b2 ** t / (1 - b2 ** t)
        if t <= 5:
            return w - rate * m
        r = np.sqrt((length - 4) / (longest - 4) * (length - 2) / (longest - 2) * longest / length)
        return w - rate * r * m * np.sqrt(1 - b2 ** t) / (np.sqrt(v) + p["epsilon"])

    return move


def rprop(p):
    """Igel and Hüsken, iRprop-."""
    kept = {"g": 0.0, "size": None}

    def move(w, g, rate, decay, t):
        g = scaled(g, p)
        size = np.full_like(w, rate) if kept["size"] is None else kept["size"]
        turn = g * kept["g"]
        size = size * np.where(turn > 0, p["eta_plus"], np.where(turn < 0, p["eta_minus"], 1.0))
        kept["size"] = size = np.clip(size, p["min_step"], p["max_step"])
        kept["g"] = g = np.where(turn < 0, 0.0, g)
        return w - np.sign(g) * size

    return move


def asgd(p):
    """Bottou, the rate of section 2.2 and the decay that goes with it; torch's rate is made one step ahead."""
    kept = {"rate": None}

    def move(w, g, rate, decay, t):
        now = rate if kept["rate"] is None else kept["rate"]
        kept["rate"] = rate / (1 + p["lambd"] * rate * t) ** p["alpha"]
        _, g = moved(w, g, rate, decay, p)
        return w - now * (p["lambd"] * w + g)

    return move


def dampened(p):
    """Momentum whose later gradients are dampened."""
    kept = {"b": None}

    def move(w, g, rate, decay, t):
        g = scaled(g, p) + decay * w
        kept["b"] = g if kept["b"] is None else p["momentum"] * kept["b"] + (1 - p["dampening"]) * g
        return w - rate * kept["b"]

    return move


def adamax(p):
    """Kingma and Ba, algorithm 2."""
    b1, b2, kept = p["beta1"], p["beta2"], {"m": 0.0, "u": 0.0}

    def move(w, g, rate, decay, t):
        g = clip(p.get("rescale_grad", 1.0) * g + decay * w, p.get("clip_gradient", -1.0))
        m = kept["m"] = b1 * kept["m"] + (1 - b1) * g
        u = kept["u"] = np.maximum(b2 * kept["u"], np.abs(g) + p.get("epsilon", 0.0))
        c1 = 1 - b1 ** t if p.get("bias_correction", True) else 1
        return w - rate / c1 * m / u

    return move


def nadam(p):
    """Dozat 2016, algorithm 2, with his schedule of the momentum."""
    b1, b2, kept = p["beta1"], p["beta2"], {"m": 0.0, "v": 0.0, "product": 1.0}

    def move(w, g, rate, decay, t):
        w, g = moved(w, g, rate, decay, p)
        now, ahead = (b1 * (1 - 0.5 * 0.96 ** (k * p["schedule_decay"])) for k in (t, t + 1))
        product = kept["product"] = kept["product"] * now
        m = kept["m"] = b1 * kept["m"] + (1 - b1) * g
        v = kept["v"] = b2 * kept["v"] + (1 - b2) * g * g
        step = (1 - now) * g / (1 - product) + ahead * m / (1 - product * ahead)
        return w - rate * step / (np.sqrt(v / (1 - b2 ** t)) + p["epsilon"])

    return move


def adadelta(p):
    """Zeiler, algorithm 1."""
    rho, eps, kept = p["rho"], p["epsilon"], {"s": 0.0, "d": 0.0}

    def move(w, g, rate, decay, t):
        w, g = moved(w, g, rate, decay, {"decoupled_weight_decay": True} | p)
        s = kept["s"] = rho * kept["s"] + (1 - rho) * g * g
        step = np.sqrt(kept["d"] + eps) / np.sqrt(s + eps) * g
        kept["d"] = rho * kept["d"] + (1 - rho) * step * step
        return w - rate * step

    return move


def adagrad(p, by_row=False):
    """Duchi et al., figure 1, for each element or, with the mean of a row's squares, for each row."""
    eps, kept = p["epsilon"], {"s": p.get("initial_accumulator", 0.0)}

    def move(w, g, rate, decay, t):
        g = scaled(g, p)
        squares = (g * g).mean(axis=tuple(range(1, g.ndim)), keepdims=True) if by_row and g.ndim > 1 else g * g
        s = kept["s"] = kept["s"] + squares
        root = np.sqrt(s + eps) if p.get("epsilon_in_root", True) else np.sqrt(s) + eps
        return w - rate * (g / root + decay * w)

    return move


def rmsprop(p):
    """Tieleman and Hinton, lecture 6.5, slide 29."""
    kept = {"n": 0.0}

    def move(w, g, rate, decay, t):
        g = clip(p.get("rescale_grad", 1.0) * g + decay * w, p.get("clip_gradient", -1.0))
        n = kept["n"] = p["gamma1"] * kept["n"] + (1 - p["gamma1"]) * g * g
        root = np.sqrt(n + p["epsilon"]) if p.get("epsilon_in_root", True) else np.sqrt(n) + p["epsilon"]
        return clip(w - rate * g / root, p.get("clip_weights", -1.0))

    return move


def rmspropalex(p):
    """Graves, equations 38 to 45."""
    kept = {"n": 0.0, "g": 0.0, "d": 0.0}

    def move(w, g, rate, decay, t):
        g = clip(p.get("rescale_grad", 1.0) * g + decay * w, p.get("clip_gradient", -1.0))
        n = kept["n"] = p["gamma1"] * kept["n"] + (1 - p["gamma1"]) * g * g
        mean = kept["g"] = p["gamma1"] * kept["g"] + (1 - p["gamma1"]) * g
        deviation = n - mean * mean
        root = np.sqrt(deviation + p["epsilon"]) if p.get("epsilon_in_root", True) else (
            np.sqrt(deviation) + p["epsilon"])
        inside = p.get("rate_in_momentum", True)
        d = kept["d"] = p["gamma2"] * kept["d"] - (rate if inside else 1) * g / root
        return w + (1 if inside else rate) * d

    return move


def rmsprop_centered(p):
    return rmspropalex({**p, "gamma2": 0.0, "epsilon_in_root": False})


def rmsprop_momentum(p):
    """RMSProp's step as the gradient of a momentum that does not hold the rate."""
    direction, kept = rmsprop({**p, "epsilon_in_root": False}), {"b": 0.0}

    def move(w, g, rate, decay, t):
        b = kept["b"] = p["momentum"] * kept["b"] + w - direction(w, g, 1.0, decay, t)
        return w - rate * b

    return move


def adagrad_lr_decay(p):
    """Duchi et al., figure 1, on the decayed gradient, with a rate that falls."""
    kept = {"s": p.get("initial_accumulator", 0.0)}

    def move(w, g, rate, decay, t):
        _, g = moved(w, g, rate, decay, p)
        s = kept["s"] = kept["s"] + g * g
        return w - rate / (1 + (t - 1) * p["lr_decay"]) * g / (np.sqrt(s) + p["epsilon"])

    return move


def ftrl(p):
    """McMahan et al., algorithm 1, on weights that do not start at zero."""
    kept = {"z": 0.0, "n": 0.0}

    def move(w, g, rate, decay, t):
        g = scaled(g, p)
        sigma = (np.sqrt(kept["n"] + g * g) - np.sqrt(kept["n"])) / rate
        z = kept["z"] = kept["z"] + g - sigma * w
        n = kept["n"] = kept["n"] + g * g
        solved = -(z - np.sign(z) * p["lamda1"]) / ((p["beta"] + np.sqrt(n)) / rate + decay)
        return np.where(np.abs(z) <= p["lamda1"], 0.0, solved)

    return move


def ftml(p):
    """Zheng and Kwok, algorithm 1."""
    b1, b2, kept = p["beta1"], p["beta2"], {"v": 0.0, "d": 0.0, "z": 0.0}

    def move(w, g, rate, decay, t):
        g = clip(p.get("rescale_grad", 1.0) * g + decay * w, p.get("clip_grad", -1.0))
        v = kept["v"] = b2 * kept["v"] + (1 - b2) * g * g
        d = (1 - b1 ** t) / rate * (np.sqrt(v / (1 - b2 ** t)) + p["epsilon"])
        sigma = d - b1 * kept["d"]
        z = kept["z"] = b1 * kept["z"] + (1 - b1) * g - sigma * w
        kept["d"] = d
        return -z / d

    return move


def trust(w, step, p):
    """Return the ratio of norms, with the bounds of the weight's; 1 where a norm is zero."""
    size, length = norm(w), norm(step)
    size = max(size, p["lower_bound"]) if p.get("lower_bound", -1) >= 0 else size
    size = min(size, p["upper_bound"]) if p.get("upper_bound", -1) >= 0 else size
    return size / length if size and length else 1.0


def lamb(p):
    """You et al. 2020, algorithm 2."""
    b1, b2, kept = p["beta1"], p["beta2"], {"m": 0.0, "v": 0.0}

    def move(w, g, rate, decay, t):
        g = scaled(g, p)
        m = kept["m"] = b1 * kept["m"] + (1 - b1) * g
        v = kept["v"] = b2 * kept["v"] + (1 - b2) * g * g
        c1, c2 = (1 - b1 ** t, 1 - b2 ** t) if p.get("bias_correction", True) else (1, 1)
        step = (m / c1) / (np.sqrt(v / c2) + p["epsilon"]) + decay * w
        return w - rate * trust(w, step, p) * step

    return move


def lans(p):
    """Zheng et al. 2020, algorithm 2."""
    b1, b2, kept = p["beta1"], p["beta2"], {"m": 0.0, "v": 0.0}

    def move(w, g, rate, decay, t):
        g = p.get("rescale_grad", 1.0) * g
        g = clip(g / norm(g), p.get("clip_gradient", -1.0))
        m = kept["m"] = b1 * kept["m"] + (1 - b1) * g
        v = kept["v"] = b2 * kept["v"] + (1 - b2) * g * g
        root = np.sqrt(v / (1 - b2 ** t)) + p["epsilon"]
        r, c = m / (1 - b1 ** t) / root + decay * w, g / root + decay * w
        return w - rate * (b1 * trust(w, r, p) * r + (1 - b1) * trust(w, c, p) * c)

    return move


def lars(p):
    """You et al. 2017, algorithm 1; ``momentum_correction`` is Goyal et al. 2017, equation 10."""
    kept = {"v": 0.0, "rate": None}

    def move(w, g, rate, decay, t):
        mu = p["momentum"]
        if p.get("momentum_correction") and kept["rate"]:
            mu *= rate / kept["rate"]
        kept["rate"] = rate
        g = p.get("rescale_grad", 1.0) * g
        if p.get("decay_norm", "sum") == "joint":
            length = norm(g + decay * w) + p["eps"]
        else:
            length = norm(g) + decay * norm(w) + p["eps"]
        g = clip(g, p.get("clip_gradient", -1.0)) + decay * w
        v = kept["v"] = mu * kept["v"] + rate * p["eta"] * norm(w) / length * g
        return w - v

    return move


def dcasgd(p):
    """Zheng et al. 2017, algorithm 2 with the momentum of SGD."""
    kept = {"v": 0.0, "previous": None}

    def move(w, g, rate, decay, t):
        g, previous = scaled(g, p), w if kept["previous"] is None else kept["previous"]
        moved = g + decay * w + p["lamda"] * g * g * (w - previous)
        v = kept["v"] = p["momentum"] * kept["v"] - rate * moved
        kept["previous"] = w
        return w + v

    return move


def nesterov(p):
    return momentum(p, nesterov=True)


def adamw(p):
    return adam(p, decoupled=True)


def group_adagrad(p):
    return adagrad(p, by_row=True)


BOUNDS = {"lower_bound": 0.5, "upper_bound": 1.5}

STATEMENTS = {
    "sgd_update": (sgd, [COMMON, {**COMMON, "decay_in_gradient": True}]),
    "mp_sgd_update": (sgd, [COMMON]),
    "multi_sgd_update": (sgd, [COMMON]),
    "multi_mp_sgd_update": (sgd, [COMMON]),
    "preloaded_multi_sgd_update": (sgd, [COMMON]),
    "preloaded_multi_mp_sgd_update": (sgd, [COMMON]),
    **dict.fromkeys(
        ["sgd_mom_update", "mp_sgd_mom_update", "multi_sgd_mom_update", "multi_mp_sgd_mom_update",
         "preloaded_multi_sgd_mom_update", "preloaded_multi_mp_sgd_mom_update"],
        (momentum, [{**COMMON, "momentum": 0.9}, {"momentum": 0.9, "rate_in_momentum": False}])),
    **dict.fromkeys(
        ["nag_mom_update", "mp_nag_mom_update"],
        (nesterov, [{**COMMON, "momentum": 0.9}, {"momentum": 0.9, "rate_in_momentum": False}])),
    "signsgd_update": (signsgd, [{}]),
    "signum_update": (signum, [{**COMMON, "momentum": 0.9}, {"momentum": 0.9, "wd_lh": 0.2}]),
    "lion_update": (lion, [{**COMMON, "beta1": 0.9, "beta2": 0.99}]),
    "adam_update": (adam, [{**COMMON, **MOMENTS}, {**MOMENTS, "epsilon_place": "paper"},
                           {**MOMENTS, "bias_correction": False}, {**COMMON, **MOMENTS, "rounded_once": True}]),
    **dict.fromkeys(
        ["_adamw_update", "_mp_adamw_update"],
        (adamw, [{"clip_gradient": 0.3, **MOMENTS}, {**MOMENTS, "epsilon_place": "paper"},
                 {**MOMENTS, "bias_correction": False}])),
    **dict.fromkeys(
        ["_multi_adamw_update", "_multi_mp_adamw_update"],
        (adamw, [{"clip_gradient": 0.3, **MOMENTS}, {**MOMENTS, "epsilon_place": "paper"}])),
    "adabelief_update": (adabelief, [{**COMMON, **MOMENTS}, {**MOMENTS, "bias_correction": False}]),
    "adamax_update": (adamax, [{**COMMON, "beta1": 0.9, "beta2": 0.99},
                               {"beta1": 0.9, "beta2": 0.99, "bias_correction": False},
                               {"beta1": 0.9, "beta2": 0.99, "epsilon": 0.1}]),
    "nadam_update": (nadam, [{**COMMON, **MOMENTS, "schedule_decay": 0.004}, {**MOMENTS, "schedule_decay": 0.1},
                             {**MOMENTS, "schedule_decay": 0.004, "decoupled_weight_decay": True}]),
    **{f"{name}_update": (statement, [{**COMMON, **MOMENTS}, {**MOMENTS, "decoupled_weight_decay": True}])
       for name, statement in [("amsgrad", amsgrad), ("radam", radam)]},
    "rprop_update": (rprop, [{**COMMON, "eta_minus": 0.6, "eta_plus": 1.3, "min_step": 1e-3, "max_step": 0.05}]),
    "asgd_update": (asgd, [{**COMMON, "lambd": 0.5, "alpha": 0.6}]),
    "sgd_dampened_update": (dampened, [{**COMMON, "momentum": 0.9, "dampening": 0.4}]),
    "dcasgd_update": (dcasgd, [{**COMMON, "momentum": 0.9, "lamda": 0.5}]),
    "adadelta_update": (adadelta, [{**COMMON, "rho": 0.9, "epsilon": 1e-4},
                                   {"rho": 0.9, "epsilon": 1e-4, "decoupled_weight_decay": False}]),
    "_sparse_adagrad_update": (adagrad, [{**COMMON, "epsilon": 1e-4}, {"epsilon": 1e-4, "epsilon_in_root": False},
                                         {"epsilon": 1e-4, "initial_accumulator": 0.1}]),
    "_contrib_group_adagrad_update": (group_adagrad, [{**COMMON, "epsilon": 1e-4}]),
    "rmsprop_update": (rmsprop, [{**COMMON, "gamma1": 0.9, "epsilon": 1e-4},
                                 {"gamma1": 0.9, "epsilon": 1e-4, "epsilon_in_root": False, "clip_weights": 1.2},
                                 {**COMMON, "gamma1": 0.9, "epsilon": 1e-4, "rounded_once": True}]),
    "rmspropalex_update": (rmspropalex, [
        {**COMMON, "gamma1": 0.9, "gamma2": 0.8, "epsilon": 1e-2},
        {"gamma1": 0.9, "gamma2": 0.8, "epsilon": 1e-2, "epsilon_in_root": False},
        {"gamma1": 0.9, "gamma2": 0.8, "epsilon": 1e-2, "rate_in_momentum": False},
        {**COMMON, "gamma1": 0.9, "gamma2": 0.8, "epsilon": 1e-2, "rounded_once": True}]),
    "rmsprop_mom_update": (rmsprop_momentum, [{**COMMON, "gamma1": 0.9, "momentum": 0.8, "epsilon": 1e-4}]),
    "rmsprop_centered_update": (rmsprop_centered, [{**COMMON, "gamma1": 0.9, "epsilon": 1e-2}]),
    "adagrad_lr_decay_update": (adagrad_lr_decay, [{**COMMON, "lr_decay": 0.1, "epsilon": 1e-4},
                                                   {"lr_decay": 0.0, "epsilon": 1e-4, "initial_accumulator": 0.1}]),
    "ftrl_update": (ftrl, [{**COMMON, "lamda1": 0.01, "beta": 1.0}]),
    "ftml_update": (ftml, [{"rescale_grad": 0.5, "clip_grad": 0.3, **MOMENTS}]),
    **dict.fromkeys(
        ["_multi_lamb_update", "_multi_mp_lamb_update"],
        (lamb, [{**COMMON, **MOMENTS}, {**MOMENTS, **BOUNDS, "bias_correction": False},
                {**MOMENTS, "max_grad_norm": 0.5}])),
    "_multi_lans_update": (lans, [{**COMMON, **MOMENTS}, {**MOMENTS, **BOUNDS}]),
    "lars": (lars, [{**COMMON, "momentum": 0.9, "eta": 0.1, "eps": 1e-3},
                    {"rescale_grad": 0.5, "momentum": 0.9, "eta": 0.1, "eps": 1e-3, "decay_norm": "joint"},
                    {"momentum": 0.9, "eta": 0.1, "eps": 1e-3, "momentum_correction": True}]),
    **RECENT,
    **MATRICES,
    **JOINT,
}
"""The statement of each rule, and settings under which the two are compared; "lars" is a rule of several operators."""

RANDOM = {"sgld_update"}
"""Rules without a path; a test of their own compares mean and variance."""
WITHOUT_DECAY = {"_contrib_group_adagrad_update", "rprop_update"}
RATES = {**dict.fromkeys(JOINT, 1.0), "adadelta_update": 1.0, "ftrl_update": 0.3, "ftml_update": 0.05, "lars": 1.0}
"""The size of the rates, 0.02 elsewhere."""
DIVIDES_BY_RATE = {"ftrl_update", "ftml_update"}
"""Rules that have no rate of zero."""
MOVES_WITHOUT_RATE = {"rprop_update"}
"""Rules whose rate is but the size of the first step, and which has a least size."""
