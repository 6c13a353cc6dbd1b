"""Updates by the eager operators: where no compiler is installed, of bodies that cannot be recorded, of odd layouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from ndarray.array import NDArray
from ndarray.ops.precision import Precise
from ndarray.widening import is_short
from symbolic.optimizers.forms import Arrays, Tensor
from symbolic.optimizers.rates import Amounts
from symbolic.torch.tensors import view

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from symbolic.optimizers.layerwise import LayerwiseRule
    from symbolic.optimizers.rules import Rule
    from symbolic.torch.forms import Settings


def compute(rule: Rule | LayerwiseRule, arrays: Mapping[str, np.ndarray], numbers: tuple[float, float, float],
            scale: float, settings: Settings) -> dict[str, np.ndarray]:
    """Return the new weight and states of one tensor, from 16 bits in float32; nothing is written.

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
    short = not isinstance(rule.op, Precise)
    own = {name: NDArray(array.astype("float32" if short and is_short(array.dtype) else array.dtype))
           for name, array in arrays.items()}
    if settings.scaled or settings.maximize:
        own["grad"] = own["grad"] * (-scale if settings.maximize else scale)
    lr, wd, t = numbers
    counts = Amounts(t, [1.0]) if rule.counts else None
    rule.apply(Arrays(), [Tensor("weight", own)], Amounts(lr, [1.0]), Amounts(wd, [1.0]), counts,
               frozenset(["weight"]) if settings.plain else frozenset())
    return {name: value._data.astype(arrays[name].dtype) for name, value in own.items() if name != "grad"}


def commit(results: list[tuple[torch.Tensor, Any]]) -> None:
    """Write results into their tensors."""
    for tensor, array in results:
        view(tensor)[...] = array
