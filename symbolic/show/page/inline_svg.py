"""The picture that Graphviz laid out, as SVG within a page: classes instead of colours, and a name for each box."""

import re
from html import escape

from symbolic.show.graphviz_svg import read_placed
from symbolic.show.theme import TINTS


def inline_svg(svg, drawing, label_of):
    """Return what Graphviz laid out as SVG to stand within a page.

    Parameters
    ----------
    svg : str
        Laid out from the drawing's DOT text.
    drawing : Drawing
    label_of : callable
        ``label_of(box)`` is what a screen reader reads for a box.
    """
    placed = read_placed(svg, drawing)
    size = f"{placed.width:g} {placed.height:g}"
    frames = [f'<g class="frame region-{i % TINTS}">{_frame(part)}</g>' for i, part in enumerate(placed.frames)]
    arrows = [f'<g class="arrow {look}" data-tail="{tail}" data-head="{head}">{_body(part)}</g>'
              for tail, head, look, part in placed.arrows]
    boxes = [_box(box, placed.boxes[box.key], label_of(box)) for box in drawing.boxes if box.key in placed.boxes]
    return "\n".join([
        f'<svg id="picture" role="group" aria-label="Graph {escape(drawing.title)}" width="{placed.width:g}" '
        f'height="{placed.height:g}" viewBox="{_rounded(f"{-placed.dx} {-placed.dy}")} {size}">',
        '<g id="frames" aria-hidden="true">', *frames, '</g>', '<g id="arrows" aria-hidden="true">', *arrows, '</g>',
        '<g id="boxes">', *boxes, '</g>', '</svg>'])


def _box(box, part, label):
    more = [name for name, on in (("many", len(box.nodes) > 1), ("output", box.head), ("again", box.again)) if on]
    return (f'<g class="place" id="place-{box.key}"><g class="{" ".join(["box", f"kind-{box.kind}", *more])}" '
            f'id="box-{box.key}" role="button" tabindex="-1" aria-label="{escape(label)}">{_body(part)}</g></g>')


def _body(part):
    shapes = [f'<{shape.tag} class="{"line" if shape.hollow else "shape"}"{_given(shape.attributes)}></{shape.tag}>'
              for shape in part.shapes]
    return "\n".join([*shapes, *(_text(text, ' class="rest"' if i else "") for i, text in enumerate(part.texts))])


def _frame(part):
    """A region as a rectangle, which can be stretched and keeps its corners."""
    numbers = [float(n) for shape in part.shapes[:1]
               for value in (shape.attributes.get("d"), shape.attributes.get("points"))
               for n in re.findall(r"-?[\d.]+", value or "")]
    x, y = min(numbers[::2]), min(numbers[1::2])
    rect = {"x": f"{x}", "y": f"{y}", "width": f"{max(numbers[::2]) - x}", "height": f"{max(numbers[1::2]) - y}"}
    return f'<rect class="shape"{_given(rect)} rx="8"></rect>' + "".join(map(_text, part.texts))


def _text(text, look=""):
    place = {"x": text.x, "y": text.y, "text-anchor": text.anchor}
    return f"<text{look}{_given(place)}>{escape(text.content)}</text>"


def _given(attributes):
    return "".join(f' {name}="{escape(_rounded(value))}"' for name, value in attributes.items())


def _rounded(text):
    """Numbers with one digit after the point: a tenth of a point is less than a pixel."""
    return re.sub(r"-?\d+\.\d+", lambda found: f"{round(float(found[0]), 1) + 0.0:.10g}", text)
