"""Numbers laid over a picture: what each node took, holds or gave, as heat and in words."""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from ndarray.errors import ParamError, shown
from symbolic.graph.node import Node
from symbolic.graph.types import printable

COLOURS = ("#fffbe6", "#fee6a8", "#fdc15e", "#f08c2b", "#c9540f", "#8c2d04")
"""From the least to the most: each darker than the one before, so that no eye needs to tell hues apart."""


class Note(NamedTuple):
    """What an overlay says of a box.

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


@dataclass(frozen=True)
class Overlay:
    """One number for each node of a graph, to be drawn as heat.

    Attributes
    ----------
    name : str
    unit : str
        ``"s"``, ``"B"`` or any other; empty for a count.
    values : dict of Node to float
        Of the nodes about which something is known.  What is not finite stands out as the hottest.
    text : dict of Node to str, optional
        What to write at a node instead of the value; at several, where they have one text and no value.
    worst : bool, optional
        A merged box is as hot as the hottest of its nodes; otherwise its nodes add up.
    log : bool, optional
        Heat goes by powers of ten; what is zero is cold.
    whole : float, optional
        What all nodes together come to: texts then say which part of it a value is.

    Examples
    --------
    >>> import symbolic as sym
    >>> step = sym.exp(sym.var("x"), name="e")
    >>> node = step.graph.outputs[0].node
    >>> plot = sym.plot_network(step, overlays=[Overlay("time", "s", {node: 2e-5})])
    >>> plot.drawing.boxes[1].notes
    (Note(overlay='time', share=1.0, text='20 µs'),)
    """

    name: str
    unit: str
    values: dict[Node, float]
    text: dict[Node, str] = field(default_factory=dict)
    worst: bool = False
    log: bool = False
    whole: float = 0.0


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

    def __init__(self, overlay, groups):
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

    def of(self, nodes):
        """Return the `Note` of a box with these nodes, None where nothing is known of any."""
        value = self._value(nodes)
        return None if value is None else Note(self.overlay.name, self._share(value), self._text(nodes, value))

    def _value(self, nodes):
        found = [self.overlay.values[n] for n in nodes if n in self.overlay.values]
        if not found:
            return None
        return max(found, key=_badness) if self.overlay.worst else sum(found)

    def _share(self, value):
        low, top = self._ends
        if not math.isfinite(value):
            return 1.0
        if not value:
            return 0.0
        if not self.overlay.log or low == top:
            return self._room * abs(value) / top
        return self._room * math.log(abs(value) / low) / math.log(top / low)

    def _text(self, nodes, value):
        known = [n for n in nodes if n in self.overlay.values]
        if self.overlay.worst:
            known = [max(known, key=lambda n: _badness(self.overlay.values[n]))]
        texts = {self.overlay.text.get(n) for n in known}
        text = texts.pop() if len(known) == 1 or (len(texts) == 1 and not value) else None
        if text is None:
            part = f" · {100 * value / self.overlay.whole:.3g} %" if self.overlay.whole else ""
            text = quantity(value, self.overlay.unit) + part
        return printable(text)


def _badness(value):
    return math.inf if math.isnan(value) else abs(value)


def heats(overlays, graph, groups):
    """Return the `Heat` of each overlay, in order; what has a method ``overlay()`` counts as what that gives.

    Raises
    ------
    ParamError
        If one is no overlay, two have one name, or none of its nodes is in the graph.
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
            raise ParamError(f"two overlays are called {shown(overlay.name)}")
        found.append(Heat(overlay, groups))
    return tuple(found)


def colour(share):
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


_STEPS = {"s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")),
          "B": ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")),
          "B/s": ((1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s"), (1.0, "B/s"))}


def quantity(value, unit=""):
    """Return a number with its unit, three digits of it.

    Examples
    --------
    >>> quantity(0.0123, "s"), quantity(2048, "B"), quantity(3), quantity(0, "s")
    ('12.3 ms', '2.05 kB', '3', '0 s')
    """
    steps = _STEPS.get(unit, ((1.0, unit),))
    if value and math.isfinite(value):
        size, unit = next((step for step in steps if abs(value) >= step[0]), steps[-1])
        value /= size
    rounded = float(f"{value:.3g}")
    text = f"{rounded:.0f}" if 1 <= abs(rounded) < 1e6 and rounded == int(rounded) else f"{rounded:.4g}"
    return f"{text} {unit}".rstrip()
