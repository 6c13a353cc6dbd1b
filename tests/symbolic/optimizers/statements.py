"""What the statements of rules share, and settings under which they are compared."""

import numpy as np


def clip(x, bound):
    return np.clip(x, -bound, bound) if bound >= 0 else x


def scaled(g, p):
    return clip(p.get("rescale_grad", 1.0) * g, p.get("clip_gradient", -1.0))


def norm(x):
    return np.sqrt((x * x).sum())


MOMENTS = {"beta1": 0.9, "beta2": 0.99, "epsilon": 1e-4}
COMMON = {"rescale_grad": 0.5, "clip_gradient": 0.3}
