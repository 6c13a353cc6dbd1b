"""Colours on light and on dark paper; the dark ones are made of the light ones, so that there is one palette."""

from dataclasses import dataclass

from symbolic.show.kinds import KINDS


@dataclass(frozen=True)
class Theme:
    """The colours of one picture.

    Attributes
    ----------
    paper, text, faint, rule, arrow, written, aside : str
        Of the ground, names, what is under a name, frames, arrows, arrows from what is written in place, and those
        that lead back into the forward pass.
    dark : bool
    """

    paper: str
    text: str
    faint: str
    rule: str
    arrow: str
    written: str
    aside: str
    dark: bool = False

    def fill(self, kind):
        """Return the colour within a box of a kind."""
        return _mixed(KINDS[kind].line, self.paper, 0.38) if self.dark else KINDS[kind].fill

    def line(self, kind):
        """Return the colour of its outline."""
        return _mixed(KINDS[kind].line, "#ffffff", 0.62) if self.dark else KINDS[kind].line

    def tint(self, number):
        """Return the ground of a region."""
        tint = _TINTS[number % len(_TINTS)]
        return _mixed(tint, self.paper, 0.18 if self.dark else 0.10)


_TINTS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442")

TINTS = len(_TINTS)
"""How many grounds there are; the next region has the first again."""

LIGHT = Theme("#ffffff", "#1a1a1a", "#555555", "#cccccc", "#777777", KINDS["state"].line, "#9a9a9a")
DARK = Theme("#15181d", "#e8eaed", "#b4bac2", "#414852", "#8d96a1", "#ff9a4d", "#6d7580", dark=True)
THEMES = {"auto": LIGHT, "light": LIGHT, "dark": DARK}
"""By the name that `plot_network` takes; ``auto`` is light where a format cannot follow its reader."""


def _mixed(color, ground, part):
    """Return `part` of a colour over a ground.

    Examples
    --------
    >>> _mixed("#ff0000", "#ffffff", 0.5)
    '#ff8080'
    """
    channels = [round(part * int(color[i:i + 2], 16) + (1 - part) * int(ground[i:i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{c:02x}" for c in channels)
