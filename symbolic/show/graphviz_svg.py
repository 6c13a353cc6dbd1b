"""Where Graphviz put what is on a drawing, read from the SVG that it wrote; each writer formats it by itself."""

import re
import xml.etree.ElementTree as xml
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from symbolic.show.drawing import Drawing

_SVG = "{http://www.w3.org/2000/svg}"
_GEOMETRY = {"polygon": ("points",), "polyline": ("points",), "path": ("d",), "ellipse": ("cx", "cy", "rx", "ry")}
_STROKE = ("stroke-width", "stroke-dasharray")


class Shape(NamedTuple):
    """An outline: its SVG element, with the attributes of its position and stroke."""

    tag: str
    attributes: dict[str, str]
    hollow: bool


class Text(NamedTuple):
    """A line of text, and its position."""

    x: str
    y: str
    anchor: str
    content: str
    size: float


class Part(NamedTuple):
    """The shapes and texts of a box, an arrow or a frame."""

    shapes: list[Shape]
    texts: list[Text]


@dataclass(frozen=True)
class Placed:
    """A drawing laid out.

    Attributes
    ----------
    width, height : float
        Of the picture, in points.
    dx, dy : float
        Position of the origin of all coordinates in it.
    frames : list of Part
        One for each region.
    arrows : list of (str, str, str, Part)
        Keys of tail and head, and what it is: ``arrow``, ``written`` or ``aside``.
    boxes : dict of str to Part
        By key, in the order of the drawing.
    """

    width: float
    height: float
    dx: float
    dy: float
    frames: list[Part]
    arrows: list[tuple[str, str, str, Part]]
    boxes: dict[str, Part]


def read_placed(svg: str, drawing: "Drawing") -> Placed:
    """Return what Graphviz laid out: of its SVG only what is on the drawing, as shapes and texts.

    Parameters
    ----------
    svg : str
        Laid out from the drawing's DOT text.
    drawing : Drawing
    """
    root: Any = xml.fromstring(svg)
    top = root.find(f"{_SVG}g")
    dx, dy = map(float, re.findall(r"translate\((\S+)[ ,](\S+)\)", top.get("transform"))[0])
    width, height = map(float, root.get("viewBox").split()[2:])
    looks = {(a.tail, a.head): "written" if a.written else "aside" if a.aside else "arrow"
             for a in sorted(drawing.arrows, key=lambda a: a.written)}
    keys = [box.key for box in drawing.boxes]
    frames, arrows, boxes = [], [], {}
    for group in top.iterfind(f"{_SVG}g"):
        kind, name = group.get("class").split()[0], group.findtext(f"{_SVG}title") or ""
        if kind == "cluster" and name.startswith("cluster_region"):
            frames.append(_part(group))
        elif kind == "edge" and (ends := tuple(name.split("->"))) in looks:
            arrows.append((*ends, looks[ends], _part(group)))
        elif kind == "node":
            boxes[name] = _part(group)
    return Placed(width, height, dx, dy, frames, arrows, {key: boxes[key] for key in keys if key in boxes})


def _part(group: Any) -> Part:
    shapes, texts = [], []
    for element in group.iter():
        tag = element.tag.removeprefix(_SVG)
        if tag in _GEOMETRY:
            kept = {name: element.get(name) for name in (*_GEOMETRY[tag], *_STROKE) if element.get(name)}
            shapes.append(Shape(tag, kept, element.get("fill") in ("none", "transparent")))
        elif tag == "text":
            texts.append(Text(element.get("x"), element.get("y"), element.get("text-anchor"), element.text or "",
                              float(element.get("font-size", 14))))
    return Part(shapes, texts)
