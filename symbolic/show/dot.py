"""A drawing in Graphviz's language."""

from html import escape

from symbolic.show.drawing import KINDS

_FONT = "Helvetica,Arial,DejaVu Sans,sans-serif"


def to_dot(drawing, node_attrs=None, legend=True):
    """Return a drawing as DOT text, the same for the same graph.

    Parameters
    ----------
    drawing : Drawing
    node_attrs : dict of str to str, optional
        Graphviz attributes for every node.
    legend : bool, optional
        Whether to explain shapes and colours.
    """
    defaults = {"fontname": _FONT, "fontsize": "11", "margin": "0.14,0.07", "penwidth": "1.2"} | (node_attrs or {})
    lines = [f"digraph {_quoted(drawing.title)} {{",
             f'  graph [rankdir=TB, nodesep=0.35, ranksep=0.45, bgcolor="#ffffff", fontname={_quoted(_FONT)}];',
             f"  node [{_attributes(defaults)}];",
             f'  edge [fontname={_quoted(_FONT)}, fontsize=9, fontcolor="#444444", color="#777777", arrowsize=0.7];']
    lines += [f"  {box.key} [{_box(box)}];" for box in drawing.boxes]
    lines += [f"  {a.tail} -> {a.head}{_arrow(a)};" for a in drawing.arrows]
    if legend and len(drawing.kinds) > 1:
        lines += _legend(drawing)
    return "\n".join([*lines, "}", ""])


def _box(box):
    kind = KINDS[box.kind]
    title = f"<b>{escape(_cut(box.title))}</b>"
    below = "".join(f'<br/><font point-size="9">{escape(line)}</font>' for line in box.lines)
    look = {"shape": kind.shape, "style": kind.style, "fillcolor": kind.fill, "color": kind.line}
    if box.head:
        look |= {"peripheries": "2", "penwidth": "1.8"}
    return f"label=<{title}{below}>, " + _attributes(look | {"tooltip": " · ".join((box.title, *box.lines))})


def _arrow(arrow):
    look = {}
    if arrow.label:
        look["label"] = f" {arrow.label}"
    if arrow.written:
        look |= {"color": KINDS["state"].line, "dir": "both", "arrowtail": "odot"}
    return f" [{_attributes(look)}]" if look else ""


def _legend(drawing):
    """A row of samples under the picture, one for each kind that occurs."""
    lines = ["  subgraph cluster_legend {",
             f'    graph [label="", color="#dddddd", style=rounded, margin=8];']
    keys = []
    for name in drawing.kinds:
        kind = KINDS[name]
        keys.append(f"legend_{name}")
        look = {"label": kind.words, "shape": kind.shape, "style": kind.style, "fillcolor": kind.fill,
                "color": kind.line, "fontsize": "9", "height": "0.2"}
        lines.append(f"    legend_{name} [{_attributes(look)}];")
    look = {"label": "output", "shape": "box", "style": "rounded", "color": "#555555", "fontsize": "9",
            "height": "0.2", "peripheries": "2"}
    lines.append(f"    legend_output [{_attributes(look)}];")
    keys.append("legend_output")
    rows = [keys[i:i + 4] for i in range(0, len(keys), 4)]
    for row in rows:
        lines.append(f"    {{ rank=same; {'; '.join(row)}; }}")
        lines += [f"    {a} -> {b} [style=invis];" for a, b in zip(row, row[1:])]
    lines += [f"    {a[0]} -> {b[0]} [style=invis];" for a, b in zip(rows, rows[1:])]
    return [*lines, "  }"]


def _attributes(attributes):
    return ", ".join(f"{key}={_quoted(value)}" for key, value in attributes.items())


def _quoted(text):
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _cut(title):
    return title if len(title) <= 48 else title[:47] + "…"
