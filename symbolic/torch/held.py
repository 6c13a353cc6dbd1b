"""The states that a step has used: whether the next one finds the same tensors in the same dictionaries."""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any

import torch

from symbolic.torch.look import looks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from symbolic.torch.work import Span, Work


class Held:
    """States of parameters, by group.

    To compare what there is with what there was takes a fraction of looking up every parameter.

    Parameters
    ----------
    tensors : dict of (int, str) to tuple of torch.Tensor
        By group and the rule's name of them.
    others : sequence of torch.Tensor
        What else a step writes: parameters.

    Attributes
    ----------
    tensors : dict of (int, str) to tuple of torch.Tensor
    written : tuple of torch.Tensor
        All that a step writes.
    inference : bool
        Whether some state was made in inference mode.
    """

    def __init__(self, tensors: dict[tuple[int, str], tuple], others: Sequence[torch.Tensor]) -> None:
        self.tensors = tensors
        own = [t for those in tensors.values() for t in those]
        self.written = (*others, *own)
        self.inference = any([isinstance(t, torch.Tensor) and t.is_inference() for t in own])
        self._dicts: list[Any] | None = None
        self._parts: list[tuple[tuple, tuple, tuple]] = []

    def keep(self, works: Sequence[Work], spans: Sequence[Span], owners: Sequence[torch.Tensor],
             states: Mapping[Any, Any], steps: Sequence[Any]) -> None:
        """Note where the tensors are.

        Parameters
        ----------
        works : sequence of Work
        spans : sequence of Span
        owners : sequence of torch.Tensor
            The parameters that have a gradient.
        states : dict of torch.Tensor to dict
            The optimizer's ``state``, complete.
        steps : sequence of torch.Tensor
            Each parameter's ``step``, where its group counts.
        """
        if len(states) > 2 * len(owners):  # They are not these parameters' alone.
            return
        for span in spans:
            work = works[span.work]
            keys = tuple(work.states.values())
            columns = [self.tensors[span.work, name] for name in work.states]
            if work.counts:
                keys, columns = (*keys, "step"), [*columns, tuple([steps[k] for k in span.at])]
            if keys:
                own = tuple([states[p] for p in owners[span.live]])
                if not all([type(s) is dict for s in own]):
                    return
                self._parts.append((own, keys, tuple([t for row in zip(*columns) for t in row])))
        self._dicts = list(states.values())

    def still(self, states: Mapping[Any, Any]) -> bool:
        """Tell whether states are the same tensors as they were."""
        known = self._dicts
        if known is None or len(states) != len(known) or not all(map(is_, states.values(), known)):
            return False
        found = looks()
        holds = _holds if found is None else found.holds
        return all([holds(*part) for part in self._parts])


def _holds(dicts, keys, values):
    n = len(keys)
    return all([all(map(is_, [d.get(key) for d in dicts], values[k::n])) for k, key in enumerate(keys)])
