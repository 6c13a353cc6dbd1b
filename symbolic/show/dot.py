"""A drawing in Graphviz's language."""

from ndarray.text import cut, printable
from symbolic.show.heat import COLOURS, colour
from symbolic.show.kinds import KINDS
from symbolic.show.theme import THEMES

# One family, not a list: Graphviz knows the widths of these two's letters, and of a list it takes none.
FONT, MONO = "DejaVu Sans", "Courier New"


def to_dot(drawing, node_attrs=None, legend=True, theme="auto"):
    """Return a drawing as DOT text, the same for the same graph.

    Parameters
    ----------
    drawing : Drawing
    node_attrs : dict of str to str, optional
        Graphviz attributes for every node.
    legend : bool, optional
        Whether to explain shapes and colours.
    theme : {"auto", "light", "dark"}, optional
        DOT knows one set of colours: ``auto`` is light.
    """
    look = THEMES[theme]
    page = {"rankdir": "TB", "pad": "0.2", "nodesep": "0.25", "ranksep": "0.4", "bgcolor": look.paper, "fontname": FONT}
    defaults = {"fontname": FONT, "fontsize": "11", "fontcolor": look.text, "margin": "0.16,0.06",
                "height": "0.36", "penwidth": "1.2"} | (node_attrs or {})
    edges = {"fontname": MONO, "fontsize": "8", "fontcolor": look.faint, "color": look.arrow, "arrowsize": "0.7"}
    lines = [f"digraph {_quoted(drawing.title)} {{",
             f"  graph [{_attributes(page | _effort(len(drawing.arrows)))}];",
             f"  node [{_attributes(defaults)}];",
             f"  edge [{_attributes(edges)}];"]
    lines += _regions(drawing, look)
    lines += [f"  {a.tail} -> {a.head}{_arrow(a, look)};" for a in drawing.arrows]
    if legend and (len(drawing.kinds) > 1 or drawing.heats):
        lines += _legend(drawing, look)
    return "\n".join([*lines, "}", ""])


def _effort(arrows):
    """Bounds of Graphviz's search for the best places, which takes minutes for a thousand boxes: seconds must do."""
    if arrows <= 300:
        return {}
    # https://graphviz.org/docs/attrs/nslimit and mclimit: rounds, as a part of the number of nodes and of the usual.
    if arrows <= 2000:
        return {"nslimit": "1", "nslimit1": "1", "mclimit": "0.2"}
    return {"nslimit": "0.3", "nslimit1": "0.5", "mclimit": "0.05", "splines": "line"}


def _regions(drawing, look):
    """The boxes, those of a region in a frame with its name."""
    heat = drawing.heats[0].overlay.name if drawing.heats else None
    names = list(dict.fromkeys(box.region for box in drawing.boxes if box.region))
    lines = [f"  {box.key} [{_box(box, look, heat)}];" for box in drawing.boxes if not box.region]
    for i, name in enumerate(names):
        frame = {"label": cut(name), "labeljust": "l", "fontsize": "13", "fontcolor": look.faint,
                 "color": look.rule, "style": "filled,rounded", "fillcolor": look.tint(i), "margin": "12"}
        lines.append(f"  subgraph cluster_region_{i} {{\n    graph [{_attributes(frame)}];")
        lines += [f"    {box.key} [{_box(box, look, heat)}];" for box in drawing.boxes if box.region == name]
        lines.append("  }")
    return lines


def _box(box, look, heat=None):
    found = _kind(box.kind, look)
    note = None
    if heat is not None:
        note = next((n for n in box.notes if n.overlay == heat), None)
        found |= dict(zip(("fillcolor", "fontcolor"), warmth(note, look)))
    lines = (box.title, *box.lines, *([note.text] if note else []))
    found["label"] = "\n".join(map(cut, lines))
    if box.head:
        found |= {"peripheries": "2", "penwidth": "1.8"}
    if len(box.names) > 1:
        found |= {"penwidth": "2.4"}
    if box.again:
        found["style"] += ",dashed" * ("dashed" not in found["style"])
    return _attributes(found | {"tooltip": tooltip(box)})


def _kind(name, look):
    found = {"shape": KINDS[name].shape, "style": KINDS[name].style, "fillcolor": look.fill(name),
             "color": look.line(name)}
    # The lid of this one is within its height.
    return found | {"margin": "0.2,0.12"} if found["shape"] == "box3d" else found


def warmth(note, look):
    """Return the colours of a box and of the letters on it: heat instead of the kind's; what is not known is blank."""
    return (look.paper, look.text) if note is None else colour(note.share)


def tooltip(box):
    """Return the tooltip of a box: the names that it represents, or all of its text."""
    return cut(", ".join(box.names), 400) if len(box.names) > 1 else " · ".join((box.title, *box.lines))


def _arrow(arrow, look):
    found = {}
    if arrow.label:
        found["label"] = f"\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}{arrow.label}"  # SVG drops plain ones
    if arrow.aside:
        found |= {"color": look.aside, "style": "dotted", "weight": "0"}
    if arrow.written:
        found |= {"color": look.written, "dir": "both", "arrowtail": "odot"}
    return f" [{_attributes(found)}]" if found else ""


def _legend(drawing, look):
    """A row of samples next to the picture, one for each kind that occurs."""
    lines = ["  subgraph cluster_legend {",
             f'    graph [label="", color="{look.rule}", style=rounded, margin=8];']
    samples = [(f"legend_{name}", KINDS[name].label, _kind(name, look)) for name in drawing.kinds]
    if drawing.heats:
        samples = [(key, words, found | {"fillcolor": look.paper}) for key, words, found in samples]
    samples.append(("legend_output", "output", _kind("arithmetic", look) | {"peripheries": "2"}))
    for key, words, found in samples:
        small = {"label": words, "fontsize": "8", "height": "0.25", "width": "0.5", "margin": "0.12,0.03"}
        lines.append(f"    {key} [{_attributes(small | found)}];")
    keys = [key for key, *_ in samples]
    rows = [keys[i:i + 3] for i in range(0, len(keys), 3)]
    if drawing.heats:
        scale = _scale(drawing.heats[0], look)
        lines += [f"    {key} [{_attributes(found)}];" for key, found in scale.items()]
        rows.append([*scale])
    for row in rows:
        lines.append(f"    {{ rank=same; {'; '.join(row)}; }}")
        lines += [f"    {a} -> {b} [style=invis];" for a, b in zip(row, row[1:])]
    lines += [f"    {a[0]} -> {b[0]} [style=invis];" for a, b in zip(rows, rows[1:])]
    return [*lines, "  }"]


def _scale(heat, look):
    """The colours of heat side by side, between what they stand for and the ends."""
    words = {"shape": "plaintext", "fontsize": "8", "height": "0.25", "width": "0.3", "margin": "0.02"}
    stripes = {"shape": "box", "style": "striped", "fillcolor": ":".join(COLOURS), "color": look.arrow,
               "penwidth": "0.5", "label": "", "height": "0.2", "width": "1.2"}
    return {"legend_least": words | {"label": f"{printable(heat.overlay.name)}: {heat.least}"},
            "legend_heat": stripes, "legend_most": words | {"label": heat.most}}


def _attributes(attributes):
    return ", ".join(f"{key}={_quoted(value)}" for key, value in attributes.items())


def _quoted(text):
    # Graphviz reads entities in labels: a name that holds one must show it.
    return '"' + str(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
