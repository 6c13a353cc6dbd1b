"""Any declared update rule as an optimizer of PyTorch, in place on a module's parameters on the CPU.

``symbolic.torch.LAMB(model.parameters(), lr=1e-3)`` is a `torch.optim.Optimizer` like any other.
"""

from ndarray import lazy as _lazy
from symbolic.torch.backward import step_in_backward
from symbolic.torch.classes import named as _named, optimizer
from symbolic.torch.names import RULES as _RULES, TORCH as _TORCH
from symbolic.torch.optimizer import RuleOptimizer

__all__ = sorted([each.__name__ for each in (RuleOptimizer, optimizer, step_in_backward)] + [*_RULES, *_TORCH])

__getattr__ = _lazy.attributes(globals(), _named)


def __dir__() -> list[str]:
    return list(__all__)
