"""Overlays on a picture: how hot each box is, in which colour, and in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from ndarray.errors import ParamError, shown
from ndarray.text import printable
from symbolic.diagnostics.overlay import Overlay, quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from symbolic.graph.graph import Graph
    from symbolic.graph.node import Node

COLOURS = ("#fffbe6", "#fee6a8", "#fdc15e", "#f08c2b", "#c9540f", "#8c2d04")
"""From the least to the most: each darker than the one before, so that hues need not be distinguished."""


class Note(NamedTuple):
    """An overlay's value for a box.

    Attributes
    ----------
    overlay : str
        Its name.
    share : float
        How hot the box is, from 0 to 1.
    text : str
    """

    overlay: str
    share: float
    text: str


class Heat:
    """An overlay on the boxes of a picture: one scale for them all.

    Parameters
    ----------
    overlay : Overlay
    groups : sequence of sequence of Node
        The nodes of each box.

    Attributes
    ----------
    least, most : str
        The ends of the scale.
    """

    def __init__(self, overlay: Overlay, groups: Sequence[Sequence[Node]]) -> None:
        self.overlay = overlay
        nodes = [(n,) for group in groups if len(group) > 1 for n in group]
        amounts = [abs(v) for v in map(self._value, (*groups, *nodes)) if v is not None and math.isfinite(v)]
        top = max(amounts, default=0.0)
        self._ends = (min([a for a in amounts if a], default=0.0) if overlay.log else 0.0), top
        self.least, self.most = (printable(quantity(end, overlay.unit)) for end in self._ends)
        # What is not finite has the upper half of the scale for itself.
        self._room = 1.0
        if not all(map(math.isfinite, overlay.values.values())):
            self._room, self.most = 0.5, f"{self.most} … not finite"

    def of(self, nodes: Sequence[Node]) -> Note | None:
        """Return the `Note` of a box with these nodes, None where nothing is known of any."""
        value = self._value(nodes)
        return None if value is None else Note(self.overlay.name, self._share(value), self._text(nodes, value))

    def _value(self, nodes: Sequence[Node]) -> float | None:
        found = [self.overlay.values[n] for n in nodes if n in self.overlay.values]
        if not found:
            return None
        return max(found, key=_badness) if self.overlay.worst else sum(found)

    def _share(self, value: float) -> float:
        low, top = self._ends
        if not math.isfinite(value):
            return 1.0
        if not value:
            return 0.0
        if not self.overlay.log or low == top:
            return self._room * abs(value) / top
        return self._room * math.log(abs(value) / low) / math.log(top / low)

    def _text(self, nodes: Sequence[Node], value: float) -> str:
        known = [n for n in nodes if n in self.overlay.values]
        if self.overlay.worst:
            known = [max(known, key=lambda n: _badness(self.overlay.values[n]))]
        texts = {self.overlay.text.get(n) for n in known}
        text = texts.pop() if len(known) == 1 or (len(texts) == 1 and not value) else None
        if text is None:
            part = f" · {100 * value / self.overlay.whole:.3g} %" if self.overlay.whole else ""
            text = quantity(value, self.overlay.unit) + part
        return printable(text)


def _badness(value: float) -> Any:
    return math.inf if math.isnan(value) else abs(value)


def heats(overlays: Sequence[Any], graph: Graph, groups: Sequence[Sequence[Node]]) -> tuple[Heat, ...]:
    """Return the `Heat` of each overlay, in order; what has a method ``overlay()`` counts as what that gives.

    Raises
    ------
    ParamError
        If one is not an overlay, two have one name, or none of its nodes is in the graph.
    """
    found = []
    nodes = set(graph.nodes)
    for given in overlays:
        overlay = given.overlay() if callable(getattr(given, "overlay", None)) else given
        if not isinstance(overlay, Overlay):
            raise ParamError("overlays must be a list of Overlay, or of what has a method overlay(); "
                             f"got {shown(given)}")
        if overlay.values and not nodes.intersection(overlay.values):
            raise ParamError(f"the overlay {shown(overlay.name)} is of another graph: none of its nodes is in this one")
        if overlay.name in {h.overlay.name for h in found}:
            raise ParamError(f"two overlays are named {shown(overlay.name)}")
        found.append(Heat(overlay, groups))
    return tuple(found)


def colour(share: float) -> tuple[str, str]:
    """Return the colour of a share of heat, and that of letters on it.

    Examples
    --------
    >>> colour(0.0), colour(1.0)
    (('#fffbe6', '#000000'), ('#8c2d04', '#ffffff'))
    """
    at = min(max(share, 0.0), 1.0) * (len(COLOURS) - 1)
    low = min(int(at), len(COLOURS) - 2)
    a, b = (bytes.fromhex(c[1:]) for c in COLOURS[low:low + 2])
    mixed = [round(x + (y - x) * (at - low)) for x, y in zip(a, b)]
    return "#" + bytes(mixed).hex(), "#ffffff" if share > 0.7 else "#000000"
