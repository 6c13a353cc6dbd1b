"""The legend of a picture: which kinds of boxes and arrows there are, and a sample of each."""

from dataclasses import dataclass

from symbolic.show.kinds import KINDS

SAMPLES = {
    "ellipse": "M1 9a13 8 0 1 0 26 0a13 8 0 1 0 -26 0z",
    "cylinder": "M3 4v11c0 3 22 3 22 0v-11c0 -4 -22 -4 -22 0c0 4 22 4 22 0",
    "hexagon": "M1 9l6 -8h14l6 8l-6 8h-14z",
    "note": "M2 2h19l5 5v9h-24zM21 2v5h5",
    "box": "M5 2h18q3 0 3 3v8q0 3 -3 3h-18q-3 0 -3 -3v-8q0 -3 3 -3z",
    "invhouse": "M2 2h24v9l-12 6l-12 -6z",
    "octagon": "M1 6l6 -5h14l6 5v6l-6 5h-14l-6 -5z",
    "folder": "M2 4h14l2 -3h6l2 3v13h-24zM2 4h24",
    "box3d": "M2 5l4 -3h20v11l-4 3h-20zM2 5h20v11M22 5l4 -3",
    "diagonals": "M2 2h24v14h-24zM6 2l-4 4M22 2l4 4M6 16l-4 -4M22 16l4 -4",
    "dashed": "M2 2h24v14h-24z",
}
"""Outlines of 28 by 18, by Graphviz's name of the shape or of the style that makes the difference."""

WIDTH, HEIGHT = 28, 18


@dataclass(frozen=True)
class Mark:
    """One line of the legend.

    Attributes
    ----------
    label : str
    kind : str
        Whose colours it has: one of `KINDS`, or of the arrows ``written`` and ``aside``.
    outlines : tuple of str
        SVG paths.
    dashes : str
        As in SVG; empty for a full line.
    """

    label: str
    kind: str
    outlines: tuple[str, ...]
    dashes: str = ""


def marks(drawing):
    """Return what the legend of a drawing explains: the kinds that occur, then what marks a box or an arrow."""
    found = [Mark(KINDS[name].label, name, *_sample(KINDS[name])) for name in drawing.kinds]
    if any(box.head for box in drawing.boxes):
        found.append(Mark("output", "arithmetic", ("M1 1h26v16h-26z", "M4 4h20v10h-20z")))
    if any(arrow.written for arrow in drawing.arrows):
        found.append(Mark("changed in place", "written", ("M1 9a2 2 0 1 0 4 0a2 2 0 1 0 -4 0zM5 9h21l-5 -3v6l5 -3",)))
    if any(arrow.aside for arrow in drawing.arrows):
        found.append(Mark("value of the forward pass", "aside", ("M1 9h25l-5 -3v6l5 -3",), "1 3"))
    if any(box.again for box in drawing.boxes):
        found.append(Mark("also drawn elsewhere", "input", (SAMPLES["ellipse"],), "1 2"))
    return found


def _sample(kind):
    styles = kind.style.split(",")
    outline = next((SAMPLES[s] for s in styles if s in SAMPLES), SAMPLES.get(kind.shape))
    return (outline,), "3 2" if "dashed" in styles else "1 2" if "dotted" in styles else ""
