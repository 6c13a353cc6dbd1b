"""Each parameter updated within the backward pass, as soon as its gradient is complete."""

from __future__ import annotations

from typing import Any

import torch

from ndarray.errors import OperatorError, shown
from symbolic.torch.optimizer import RuleOptimizer
from symbolic.torch.runner import Runner


class InBackward:
    """An optimizer whose parameters are updated within the backward pass.

    Attributes
    ----------
    optimizer : RuleOptimizer
    """

    def __init__(self, optimizer: RuleOptimizer) -> None:
        self.optimizer = optimizer
        self._handles: list[Any] = []
        for k, group in enumerate(optimizer.param_groups):
            for within, p in enumerate(group["params"]):
                if p.requires_grad:
                    hook = _Hook(optimizer, k, within)
                    self._handles.append(p.register_post_accumulate_grad_hook(hook))

    def remove(self) -> None:
        """Leave updates to ``optimizer.step()`` again."""
        while self._handles:
            self._handles.pop().remove()

    def __enter__(self) -> InBackward:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


class _Hook:
    """What a parameter does when its gradient is complete."""

    def __init__(self, optimizer, group, within):
        self._optimizer, self._group, self._within = optimizer, group, within
        self._runner = Runner()

    def __call__(self, p: torch.Tensor) -> None:
        work = self._optimizer._works()[self._group]
        _refuse(self._optimizer, work)
        at = self._within
        one = work._replace(
            params=[p], names=[work.names[at]], no_decay=frozenset([0] if at in work.no_decay else ()),
            plain=frozenset([0] if at in work.plain else ()))
        self._optimizer._skipped = self._runner.step([one], self._optimizer.state)
        p.grad = None


def step_in_backward(optimizer: RuleOptimizer) -> InBackward:
    """Update each parameter as soon as its gradient is complete, and free the gradient.

    The gradients of a model are never in memory all at once.  Parameters, states and options are the optimizer's, and
    the bits those of ``optimizer.step()``; schedules go on as before, and ``optimizer.step()`` finds no gradients.
    Hooks of ``step`` are not called.

    Parameters
    ----------
    optimizer : RuleOptimizer
        One of `symbolic.torch`.

    Returns
    -------
    InBackward
        Its ``remove()``, or the end of a ``with`` block, ends it.

    Raises
    ------
    OperatorError
        If an option needs all gradients at once: ``clip_norm``, or ``nonfinite``, which updates all or nothing; or if
        the optimizer is another.

    Examples
    --------
    >>> import torch, symbolic.torch as st
    >>> w = torch.nn.Parameter(torch.tensor([4.0]))
    >>> with step_in_backward(st.SGD([w], lr=0.25)):
    ...     (w * w).sum().backward()
    >>> w.detach(), w.grad
    (tensor([2.]), None)
    """
    if not isinstance(optimizer, RuleOptimizer):
        raise OperatorError(f"step_in_backward: expected an optimizer of symbolic.torch, got {shown(optimizer)}")
    for work in optimizer._works():
        _refuse(optimizer, work)
    return InBackward(optimizer)


def _refuse(optimizer, work):
    for key, value in (("clip_norm", work.clip_norm), ("nonfinite", work.nonfinite)):
        if value is not None:
            raise OperatorError(f"{type(optimizer).__name__}: {key}={value!r} needs all gradients at once, and within "
                                "the backward pass there is one at a time; leave it out, or call step()")
