"""A drawing in Mermaid's language, which many pages and editors draw by themselves."""

import warnings

from ndarray.text import cut
from symbolic.show.kinds import KINDS
from symbolic.show.theme import THEMES

MOST_EDGES, MOST_LETTERS = 500, 50_000
"""What Mermaid draws unless the page that it is in sets ``maxEdges`` and ``maxTextSize`` higher."""

_AROUND = {"ellipse": ("([", "])"), "cylinder": ("[(", ")]"), "hexagon": ("{{", "}}"), "note": (">", "]"),
           "box3d": ("[[", "]]"), "octagon": ("[/", "\\]"), "invhouse": ("[\\", "/]"), "diagonals": ("[/", "/]"),
           "folder": ("[[", "]]"),
           "rounded": ("(", ")"), "box": ("[", "]")}
"""Mermaid's words for Graphviz's shapes and for styles of a box."""


def to_mermaid(drawing, theme="auto"):
    """Return a drawing as Mermaid text, the same for the same graph.

    Parameters
    ----------
    drawing : Drawing
    theme : {"auto", "light", "dark"}, optional
        Mermaid knows one set of colours: ``auto`` is light.

    Warns
    -----
    UserWarning
        If there is more than Mermaid draws by default.
    """
    look = THEMES[theme]
    regions = list(dict.fromkeys(box.region for box in drawing.boxes if box.region))
    lines = ["flowchart TB", *(f"  {_box(box)}" for box in drawing.boxes if not box.region)]
    for i, region in enumerate(regions):
        lines += [f"  subgraph region{i}[{_quoted(cut(region))}]",
                  *(f"    {_box(box)}" for box in drawing.boxes if box.region == region), "  end"]
    lines += [f"  {_arrow(arrow)}" for arrow in drawing.arrows]
    lines += _legend(drawing)
    for name in drawing.kinds:
        keys = [box.key for box in drawing.boxes if box.kind == name]
        lines += [f"  classDef {name}_ fill:{look.fill(name)},stroke:{look.line(name)},color:{look.text}",
                  f"  class {','.join([*keys, *([f'legend_{name}'] if len(drawing.kinds) > 1 else [])])} {name}_"]
    heads = [box.key for box in drawing.boxes if box.head]
    lines += ["  classDef output_ stroke-width:4px", f"  class {','.join(heads)} output_"] if heads else []
    text = "\n".join([*lines, ""])
    _warn_of_much(len(drawing.arrows), text)
    return text


def _warn_of_much(edges, text):
    for count, most, what, setting in ((edges, MOST_EDGES, "edges", "maxEdges"),
                                       (len(text), MOST_LETTERS, "characters", "maxTextSize")):
        if count > most:
            warnings.warn(f"{count:,} {what} are more than Mermaid draws by default ({most:,}): set {setting} where it "
                          "is drawn, or merge what repeats (collapse=True), or draw an SVG", UserWarning, stacklevel=5)


def _box(box):
    lines = (box.title, *box.lines, *(f"{note.overlay}: {note.text}" for note in box.notes))
    return _node(box.key, KINDS[box.kind], map(cut, lines))


def _node(key, kind, lines):
    start, end = next(_AROUND[word] for word in (*kind.style.split(","), kind.shape) if word in _AROUND)
    return f"{key}{start}{_quoted(*lines)}{end}"


def _arrow(arrow):
    line = "==>" if arrow.written else "-.->" if arrow.aside else "-->"
    return f"{arrow.tail} {line}{f'|{_quoted(arrow.label)}|' if arrow.label else ''} {arrow.head}"


def _legend(drawing):
    if len(drawing.kinds) < 2:
        return []
    return ["  subgraph legend[\"legend\"]",
            *(f"    {_node(f'legend_{name}', KINDS[name], [KINDS[name].label])}" for name in drawing.kinds), "  end"]


def _quoted(*lines):
    """Return lines as a label: every sign that Mermaid, Markdown or HTML could act on as the number of its letter.

    Examples
    --------
    >>> print(_quoted("w[0]", "<b>"))
    "w#91;0#93;<br/>#60;b#62;"
    """
    return '"' + "<br/>".join("".join(map(_letter, line)) for line in lines) + '"'


def _letter(c):
    if c.isalnum() or c in " .,:=×…":
        return c
    # A letter of no width behind a backslash, or Mermaid would read backslash and n as the end of a line.
    return f"#{ord(c)};" + "#8203;" * (c == "\\")
