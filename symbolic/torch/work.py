"""What a step does with each group of parameters, and which of them have a gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from symbolic.torch.forms import Numbers, Settings, numbers_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch

    from symbolic.optimizers.layerwise import LayerwiseRule
    from symbolic.optimizers.rules import Rule


class Work(NamedTuple):
    """What a step does with the parameters of one group.

    Attributes
    ----------
    params : list of torch.Tensor
    names : list of str
        For messages.
    rule : Rule or LayerwiseRule
    lr : float
    states : dict of str to str
        What the rule reads besides weight and gradient, and torch's names of it.
    first : dict of str to (float or complex)
        What states are filled with at first, by torch's names, where that is not 0.
    singles : dict of str to float
        By the rule's names, states of one element that are float32 tensors of no axes, and what is in them at first.
    no_decay, plain : frozenset of int
        Positions of the parameters without decay, and of those to which a layer-wise rule leaves their plain rate.
    maximize : bool
    scaled : bool
        Whether gradients are multiplied by a number.
    clip_norm : float or None
    nonfinite : {'raise', 'skip'} or None
    counts : bool
        Whether torch keeps the number of the update as ``step``.
    counted_by : str or None
        The state that shows that there was an update, where it does not.
    sparse : bool
        Whether gradients may be sparse.
    kind : str
        The optimizer's name, for messages.
    """

    params: list[torch.Tensor]
    names: Sequence[str]
    rule: Rule | LayerwiseRule
    lr: float
    states: Mapping[str, str]
    first: Mapping[str, Any]
    singles: Mapping[str, float]
    no_decay: frozenset[int]
    plain: frozenset[int]
    maximize: bool
    scaled: bool
    clip_norm: float | None
    nonfinite: str | None
    counts: bool
    counted_by: str | None
    sparse: bool
    kind: str

    def settings(self, plain: bool) -> Settings:
        """Return what decides the code of a parameter besides the rule."""
        return Settings(self.maximize, self.scaled, plain, frozenset(self.singles))

    def numbers(self, t: float, decays: bool, plain: bool) -> Numbers:
        """Return the numbers of a parameter's update."""
        wd: Any = self.rule.wd if decays else 0.0
        return numbers_of(self.rule, self.lr, wd, t, self.settings(plain))


class Span(NamedTuple):
    """The parameters of one group that have a gradient.

    Attributes
    ----------
    work : int
        Position of the group.
    at : list of int
        Positions among all parameters.
    rows : numpy.ndarray
        The same as an array.
    span : numpy.ndarray or slice
        The same as quickly as it can be said.
    first : int
        Position of the group's first parameter.
    live : slice
        Their positions among those with a gradient.
    alike : list of (bool, bool, numpy.ndarray or slice)
        Whether they decay, whether they keep their plain rate, and which they are among all parameters.
    """

    work: int
    at: list[int]
    rows: np.ndarray
    span: np.ndarray | slice
    first: int
    live: slice
    alike: list[tuple[bool, bool, np.ndarray | slice]]


def spans(works: Sequence[Work], live: Sequence[int]) -> list[Span]:
    """Return the parameters of each group that have a gradient.

    Parameters
    ----------
    works : sequence of Work
    live : sequence of int
        Positions among all parameters, in order.
    """
    found, first, k = [], 0, 0
    for w, work in enumerate(works):
        begin, alike = k, {}
        while k < len(live) and live[k] < first + len(work.params):
            within = live[k] - first
            alike.setdefault((within not in work.no_decay, within in work.plain), []).append(live[k])
            k += 1
        rows = np.array(live[begin:k], np.int64)
        found.append(Span(w, list(live[begin:k]), rows, slice_of(rows), first, slice(begin, k),
                          [(decays, plain, slice_of(np.array(at))) for (decays, plain), at in alike.items()]))
        first += len(work.params)
    return found


def slice_of(rows: np.ndarray) -> np.ndarray | slice:
    """Return positions, or the slice that is quicker where they follow each other.

    Examples
    --------
    >>> slice_of(np.array([3, 4, 5])), slice_of(np.array([3, 5]))
    (slice(3, 6, None), array([3, 5]))
    """
    n = len(rows)
    return slice(int(rows[0]), int(rows[0]) + n) if n and (rows == np.arange(rows[0], rows[0] + n)).all() else rows
