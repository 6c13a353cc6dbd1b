"""Paths of 30 updates: two tensors, gradients of sizes from 1e-3 to 1, a rate that rises, falls and drops."""

import numpy as np

from symbolic.parity import inputs
from symbolic.parity.inputs import FOUR, MANY, SHAPES, rate

__all__ = ["FOUR", "MANY", "SHAPES", "rate"]
STEPS = 30
LR_MULT, WD_MULT = {"b_weight": 0.5}, {"b_weight": 2.0}


def start(shapes=SHAPES):
    """Return the weights at first, by name."""
    return inputs.start(shapes)


def gradients(shapes=SHAPES, number=STEPS):
    """Return the gradients of each update, by name; no mean of them is near zero."""
    return inputs.gradients(shapes, number)


def distance(found, expected, shapes=SHAPES):
    """Return the largest difference of paths in parts of the longest way that a weight went."""
    way = max(np.abs(np.diff([start(shapes)[n], *(x[n] for x in expected)], axis=0)).sum(axis=0).max() for n in shapes)
    return max(np.abs(a[n] - b[n]).max() for a, b in zip(found, expected, strict=True) for n in shapes) / way


def within(found, expected, of_weight, of_way, shapes=SHAPES):
    """Return the largest distance of an element in what it may be off: parts of its size, and of the way it went."""
    most = 0.0
    for n, first in start(shapes).items():
        path = np.array([each[n] for each in expected])
        way = np.abs(np.diff(path, axis=0, prepend=first[None])).sum(axis=0)
        off = np.abs(np.array([each[n] for each in found]) - path)
        most = max(most, (off / (of_weight * np.abs(path) + of_way * way)).max())
    return most


def stated(statement, params, size=0.02, decay=0.0, lr_mult=None, wd_mult=None, shapes=SHAPES, number=STEPS):
    """Return the weights after each update as an independent statement of the rule has them."""
    weights, moves, path = start(shapes), {}, []
    if getattr(statement, "joint", False):
        move, factors = statement(params), {n: (lr_mult or {}).get(n, 1.0) for n in weights}
        decays = {n: decay * (wd_mult or {}).get(n, 1.0) for n in weights}
        for t, grads in enumerate(gradients(shapes, number), 1):
            weights = move(weights, grads, {n: rate(t, size) * f for n, f in factors.items()}, decays, t)
            path.append(weights)
        return path
    for t, grads in enumerate(gradients(shapes, number), 1):
        scale = params.get("rescale_grad", 1.0)
        total = scale * np.sqrt(sum((g * g).sum() for g in grads.values()))
        bound = params.get("max_grad_norm", np.inf)
        for name, w in weights.items():
            move = moves.setdefault(name, statement(params))
            g = grads[name] * min(1.0, bound / total)
            weights[name] = move(w, g, rate(t, size) * (lr_mult or {}).get(name, 1.0),
                                 decay * (wd_mult or {}).get(name, 1.0), t)
        path.append(dict(weights))
    return path
