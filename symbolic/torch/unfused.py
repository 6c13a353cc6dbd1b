"""Updates that no loop computes, by the eager operators: for such rules, and where there is no compiler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from ndarray.array import NDArray
from symbolic.optimizers.forms import Arrays, Tensor
from symbolic.optimizers.rates import Amounts

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from symbolic.optimizers.layerwise import LayerwiseRule
    from symbolic.optimizers.rules import Rule
    from symbolic.torch.forms import Settings


def compute(rule: Rule | LayerwiseRule, arrays: Mapping[str, np.ndarray], numbers: tuple[float, float, float],
            scale: float, settings: Settings) -> dict[str, np.ndarray]:
    """Return the new weight and states of one tensor; nothing is written.

    Parameters
    ----------
    rule : Rule or LayerwiseRule
    arrays : dict of str to numpy.ndarray
        By the rule's names: ``weight``, ``grad``, states.
    numbers : tuple of float
        Rate, decay and number of the update.
    scale : float
        Factor of the gradient.
    settings : Settings
    """
    own = {name: NDArray(array.copy()) for name, array in arrays.items()}
    if settings.scaled or settings.maximize:
        own["grad"] = own["grad"] * (-scale if settings.maximize else scale)
    lr, wd, t = numbers
    counts = Amounts(t, [1.0]) if rule.counts else None
    rule.apply(Arrays(), [Tensor("weight", own)], Amounts(lr, [1.0]), Amounts(wd, [1.0]), counts,
               frozenset(["weight"]) if settings.plain else frozenset())
    return {name: value._data for name, value in own.items() if name != "grad"}


def view(t: torch.Tensor) -> np.ndarray:
    """Return a tensor's memory as an array, a complex one with a last axis of 2."""
    t = t.detach()
    return (torch.view_as_real(t) if t.is_complex() else t).numpy()


def commit(results: list[tuple[torch.Tensor, Any]]) -> None:
    """Write results into their tensors."""
    for tensor, array in results:
        view(tensor)[...] = array
