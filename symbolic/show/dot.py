"""A drawing in Graphviz's language."""

from symbolic.show.drawing import KINDS
from symbolic.show.overlay import COLOURS, colour
from symbolic.show.types import printable

_FONT = "Helvetica,Arial,DejaVu Sans,sans-serif"
_MONO = "Courier New,DejaVu Sans Mono,monospace"


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
    defaults = {"fontname": _FONT, "fontsize": "11", "margin": "0.22,0.07", "penwidth": "1.2"} | (node_attrs or {})
    lines = [f"digraph {_quoted(drawing.title)} {{",
             f'  graph [rankdir=TB, pad=0.3, nodesep=0.35, ranksep=0.45, bgcolor="#ffffff", fontname={_quoted(_FONT)}];',
             f"  node [{_attributes(defaults)}];",
             # Types stand in a font of one width: Graphviz then leaves the room that any viewer needs.
             f'  edge [fontname={_quoted(_MONO)}, fontsize=8, fontcolor="#444444", color="#777777", arrowsize=0.7];']
    lines += _regions(drawing)
    lines += [f"  {a.tail} -> {a.head}{_arrow(a)};" for a in drawing.arrows]
    if legend and (len(drawing.kinds) > 1 or drawing.heats):
        lines += _legend(drawing)
    return "\n".join([*lines, "}", ""])


_TINTS = ("#f4f8fc", "#fdf6ef", "#f1faf5", "#faf3f8", "#fbfaf0")


def _regions(drawing):
    """The boxes, those of a region in a frame with its name."""
    heat = drawing.heats[0].overlay.name if drawing.heats else None
    names = list(dict.fromkeys(box.region for box in drawing.boxes if box.region))
    lines = [f"  {box.key} [{_box(box, heat)}];" for box in drawing.boxes if not box.region]
    for i, name in enumerate(names):
        look = {"label": name, "labeljust": "l", "fontsize": "13", "fontcolor": "#555555", "color": "#cccccc",
                "style": "filled,rounded", "fillcolor": _TINTS[i % len(_TINTS)], "margin": "12"}
        lines.append(f"  subgraph cluster_region_{i} {{\n    graph [{_attributes(look)}];")
        lines += [f"    {box.key} [{_box(box, heat)}];" for box in drawing.boxes if box.region == name]
        lines.append("  }")
    return lines


def _box(box, heat=None):
    kind = KINDS[box.kind]
    look = {"label": "\n".join((_cut(box.title), *box.lines)), "shape": kind.shape, "style": kind.style,
            "fillcolor": kind.fill, "color": kind.line}
    if heat is not None:
        look |= _warmed(box, heat)
    if box.head:
        look |= {"peripheries": "2", "penwidth": "1.8"}
    if len(box.names) > 1:
        look |= {"penwidth": "2.4"}
    tooltip = _cut(", ".join(box.names), 400) if len(box.names) > 1 else " · ".join((box.title, *box.lines))
    return _attributes(look | {"tooltip": tooltip})


def _warmed(box, overlay):
    """Heat instead of the kind's colour; what is not known is white."""
    note = next((n for n in box.notes if n.overlay == overlay), None)
    if note is None:
        return {"fillcolor": "#ffffff"}
    fill, ink = colour(note.share)
    return {"fillcolor": fill, "fontcolor": ink, "label": "\n".join((_cut(box.title), *box.lines, note.text))}


def _arrow(arrow):
    look = {}
    if arrow.label:
        look["label"] = f"\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}{arrow.label}"  # SVG drops plain ones
    if arrow.written:
        look |= {"color": KINDS["state"].line, "dir": "both", "arrowtail": "odot"}
    return f" [{_attributes(look)}]" if look else ""


def _legend(drawing):
    """A row of samples under the picture, one for each kind that occurs."""
    lines = ["  subgraph cluster_legend {",
             '    graph [label="", color="#dddddd", style=rounded, margin=8];']
    samples = [(f"legend_{name}", KINDS[name].words, KINDS[name], {}) for name in drawing.kinds]
    if drawing.heats:
        samples = [(*sample[:3], {"fillcolor": "#ffffff"}) for sample in samples]
    samples.append(("legend_output", "output", KINDS["operator"], {"peripheries": "2"}))
    for key, words, kind, more in samples:
        look = {"label": words, "shape": kind.shape, "style": kind.style, "fillcolor": kind.fill, "color": kind.line,
                "fontsize": "8", "height": "0.25", "width": "0.5", "margin": "0.12,0.03"}
        lines.append(f"    {key} [{_attributes(look | more)}];")
    keys = [key for key, *_ in samples]
    rows = [keys[i:i + 3] for i in range(0, len(keys), 3)]
    if drawing.heats:
        scale = _scale(drawing.heats[0])
        lines += [f"    {key} [{_attributes(look)}];" for key, look in scale.items()]
        rows.append([*scale])
    for row in rows:
        lines.append(f"    {{ rank=same; {'; '.join(row)}; }}")
        lines += [f"    {a} -> {b} [style=invis];" for a, b in zip(row, row[1:])]
    lines += [f"    {a[0]} -> {b[0]} [style=invis];" for a, b in zip(rows, rows[1:])]
    return [*lines, "  }"]


def _scale(heat):
    """The colours of heat side by side, between what they stand for and the ends."""
    words = {"shape": "plaintext", "fontsize": "8", "height": "0.25", "width": "0.3", "margin": "0.02"}
    stripes = {"shape": "box", "style": "striped", "fillcolor": ":".join(COLOURS), "color": "#777777", "penwidth": "0.5",
               "label": "", "height": "0.2", "width": "1.2"}
    return {"legend_least": words | {"label": f"{printable(heat.overlay.name)}: {heat.least}"},
            "legend_heat": stripes, "legend_most": words | {"label": heat.most}}


def _attributes(attributes):
    return ", ".join(f"{key}={_quoted(value)}" for key, value in attributes.items())


def _quoted(text):
    # Graphviz reads entities in labels: a name that holds one must show it.
    return '"' + str(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _cut(title, most=48):
    return title if len(title) <= most else title[:most - 1] + "…"
