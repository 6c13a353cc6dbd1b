"""One number for each node of a graph: what a measurement gives and a picture shows."""

import math
from dataclasses import dataclass, field

from symbolic.graph.node import Node


@dataclass(frozen=True)
class Overlay:
    """One number for each node of a graph, to be drawn as heat.

    Attributes
    ----------
    name : str
    unit : str
        ``"s"``, ``"B"`` or any other; empty for a count.
    values : dict of Node to float
        Of the nodes about which something is known.  What is not finite is shown as the hottest.
    text : dict of Node to str, optional
        What to write at a node instead of the value; at several, where they have one text and no value.
    worst : bool, optional
        A merged box is as hot as the hottest of its nodes; otherwise its nodes add up.
    log : bool, optional
        Heat goes by powers of ten; what is zero is cold.
    whole : float, optional
        The total over all nodes: texts then show a value as a share of it.

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


_STEPS = {"s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")),
          "B": ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")),
          "B/s": ((1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s"), (1.0, "B/s"))}


def quantity(value: float, unit: str = "") -> str:
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
