"""How often each parameter was updated: torch's ``step`` tensors, which are views of one vector."""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from symbolic.torch.work import Span, Work

_UNSET = object()


class Counts:
    """The numbers of updates of all parameters.

    A tensor ``step`` of each parameter costs as much to add to as a small parameter to update; one vector costs one
    addition.  Others may put tensors of their own in place of the views: then a new vector takes their values.

    Parameters
    ----------
    n : int
        Number of parameters.

    Attributes
    ----------
    values : numpy.ndarray of float32
    views : list of torch.Tensor
        Each parameter's ``step``, once there is one.
    """

    def __init__(self, n: int) -> None:
        self.values = np.zeros(n, np.float32)
        self.views: list[Any] = [_UNSET] * n
        self._synced = True

    def read(self, works: Sequence[Work], spans: Sequence[Span], states: Sequence[list[dict[str, Any]]] | None) -> None:
        """Learn the number of updates of each parameter that has a gradient; nothing is written to states.

        Parameters
        ----------
        works : sequence of Work
        spans : sequence of Span
        states : sequence of list of dict, or None
            Of each group's parameters; None if they are complete, and the same as when they were written.
        """
        self._synced = True
        if states is None:
            for span in spans:
                if works[span.work].counted_by is not None:
                    self.values[span.span] = 1
            return
        for span, own in zip(spans, states):
            work = works[span.work]
            if work.counted_by is not None:
                self.values[span.rows] = [s.get(work.counted_by) is not None for s in own]
            elif work.counts and self._synced:
                steps = [s.get("step") for s in own]
                self._synced = all(map(is_, steps, [self.views[k] for k in span.at]))
        if not self._synced:
            # A new vector: those who keep an old state have views of the old one.
            self.values, self.views = self.values.copy(), [_UNSET] * len(self.values)
            for span, own in zip(spans, states):
                if works[span.work].counts:
                    self.values[span.rows] = [float(s.get("step", 0.0)) for s in own]

    def of(self, at: np.ndarray | slice) -> list[float]:
        """Return the numbers of updates that parameters have, each once, in order."""
        values = self.values[at]
        memory = values.tobytes()
        # NumPy's `min` and `max` take ten times as long where no cache has them.
        if memory == memory[:values.itemsize] * len(values):
            return [float(values[0])]
        return np.unique(values).tolist()

    def write(self, works: Sequence[Work], spans: Sequence[Span], params: Sequence[torch.Tensor], states: Any) -> None:
        """Make the states' ``step`` views of the vector, where they are not."""
        if self._synced:
            return
        vector = torch.from_numpy(self.values)
        for span in spans:
            if works[span.work].counts:
                for k, p in zip(span.at, params[span.live]):
                    states[p]["step"] = self.views[k] = vector[k]

    def add(self, works: Sequence[Work], spans: Sequence[Span]) -> None:
        """Count an update."""
        for span in spans:
            if works[span.work].counts:
                self.values[span.span] += 1
