"""The weights, gradients and rates on which rules are compared; NumPy alone is needed, and any version of it."""

from collections.abc import Mapping

import numpy as np

Shapes = Mapping[str, tuple[int, ...]]
SHAPES: dict[str, tuple[int, ...]] = {"a_weight": (3, 4), "b_weight": (5,)}
FOUR: dict[str, tuple[int, ...]] = {**SHAPES, "c_weight": (4, 4), "d_weight": (3, 2, 2, 2)}
MANY = 50
"""The shapes and the number of updates of recorded paths."""


def start(shapes: Shapes = FOUR) -> dict[str, np.ndarray]:
    """Return the weights at first, by name."""
    random = np.random.default_rng(seed=7)
    return {name: random.normal(size=shape) for name, shape in shapes.items()}


def gradients(shapes: Shapes = FOUR, number: int = MANY) -> list[dict[str, np.ndarray]]:
    """Return the gradients of each update, by name: of sizes from 1e-3 to 1, and no mean of them is near zero."""
    random = np.random.default_rng(seed=8)
    slopes = {name: 10.0 ** random.uniform(-3, 0, size=shape) * random.choice([-1, 1], size=shape)
              for name, shape in shapes.items()}
    return [{name: slope * (1 + 0.5 * random.normal(size=slope.shape)) for name, slope in slopes.items()}
            for _ in range(number)]


def rate(number: int, size: float = 0.02) -> float:
    """Return the rate of an update: up to number 10, then down, with a drop at number 21."""
    if number <= 10:
        return size * number / 10
    return size * (1 - (number - 10) / 40) * (0.1 if number > 20 else 1)
