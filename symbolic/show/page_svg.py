"""The picture that Graphviz laid out, as SVG of a page's own: classes for colours, names for boxes, nothing unknown."""

import re
import xml.etree.ElementTree as xml
from html import escape

_SVG = "{http://www.w3.org/2000/svg}"
_KEPT = {
    "polygon": ("points",), "polyline": ("points",), "path": ("d",),
    "ellipse": ("cx", "cy", "rx", "ry"),
    "text": ("x", "y", "text-anchor", "font-family", "font-size", "font-weight", "font-style"),
}
"""The elements that are taken over, each with its attributes; everything else is left out."""


def inline_svg(svg, drawing, label_of):
    """Return what Graphviz laid out as SVG to stand within a page.

    Parameters
    ----------
    svg : str
        Laid out from the drawing's DOT text.
    drawing : Drawing
    label_of : callable
        ``label_of(box)`` is what a screen reader says of a box.
    """
    root = xml.fromstring(svg)
    top = root.find(f"{_SVG}g")
    dx, dy = map(float, re.search(r"translate\((\S+)[ ,](\S+)\)", top.get("transform")).groups())
    boxes = {box.key: box for box in drawing.boxes}
    written = {(a.tail, a.head) for a in drawing.arrows if a.written}
    frames, arrows, places = [], [], {}
    for group in top.iterfind(f"{_SVG}g"):
        kind, title = group.get("class").split()[0], group.findtext(f"{_SVG}title") or ""
        body = _body(group.iter())
        if kind == "cluster" and title.startswith("cluster_region"):
            frames.append(f'<g class="frame">{_frame(group)}</g>')
        elif kind == "edge":
            tail, _, head = title.partition("->")
            if tail in boxes and head in boxes:
                more = " written" if (tail, head) in written else ""
                arrows.append(f'<g class="arrow{more}" data-tail="{tail}" data-head="{head}">{body}</g>')
        elif kind == "node" and title in boxes:
            box = boxes[title]
            names = " ".join(["box", f"kind-{box.kind}", *(["many"] if len(box.nodes) > 1 else []),
                              *(["output"] if box.head else [])])
            places[title] = (f'<g class="place" id="place-{title}"><g class="{names}" id="box-{title}" role="button" '
                             f'tabindex="-1" aria-label="{escape(label_of(box))}">{body}</g></g>')
    width, height = root.get("viewBox").split()[2:]
    return "\n".join([
        f'<svg id="picture" role="group" aria-label="Graph {escape(drawing.title)}" width="{float(width):g}" '
        f'height="{float(height):g}" viewBox="{_rounded(f"{-dx} {-dy}")} {float(width):g} {float(height):g}">',
        '<g id="frames" aria-hidden="true">', *frames, '</g>', '<g id="arrows" aria-hidden="true">', *arrows, '</g>',
        # In the order of the drawing, which is that of the graph: inputs first.
        '<g id="boxes">', *(places[box.key] for box in drawing.boxes if box.key in places), '</g>', '</svg>'])


def _body(elements):
    """The shapes and texts of a group, without colours."""
    parts = []
    for element in elements:
        tag = element.tag.removeprefix(_SVG)
        if tag not in _KEPT:
            continue
        kept = [(name, element.get(name)) for name in _KEPT[tag] if element.get(name) is not None]
        if tag == "text":
            look = ""
        else:
            look = ' class="line"' if element.get("fill") == "none" else ' class="shape"'
            kept += [(n, element.get(n)) for n in ("stroke-width", "stroke-dasharray") if element.get(n)]
        attributes = "".join(f' {name}="{escape(_rounded(value))}"' for name, value in kept)
        parts.append(f"<{tag}{look}{attributes}>{escape(element.text or '')}</{tag}>")
    return "\n".join(parts)


def _frame(group):
    """A region as a rectangle, which can be stretched and keeps its corners."""
    shape = next(e for e in group.iter() if e.get("d") or e.get("points"))
    numbers = [float(n) for n in re.findall(r"-?[\d.]+", shape.get("d") or shape.get("points"))]
    x, y = min(numbers[::2]), min(numbers[1::2])
    width, height = max(numbers[::2]) - x, max(numbers[1::2]) - y
    look = " ".join(f'{name}="{n:.1f}"' for name, n in (("x", x), ("y", y), ("width", width), ("height", height)))
    return f'<rect class="shape" {look} rx="8"></rect>{_body(group.iterfind(f"{_SVG}text"))}'


def _rounded(text):
    """Numbers with one digit after the point: a tenth of a point is less than a pixel."""
    return re.sub(r"-?\d+\.\d+", lambda found: f"{round(float(found[0]), 1) + 0.0:.10g}", text)
