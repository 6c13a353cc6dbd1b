"""A drawing as SVG: where Graphviz put things, in our own words, so that nothing is in it that we did not write."""

from html import escape

from ndarray.text import printable
from symbolic.show.dot import tooltip, warmth
from symbolic.show.graphviz_svg import read_placed
from symbolic.show.heat import COLOURS
from symbolic.show.kinds import KINDS
from symbolic.show.legend import WIDTH, marks
from symbolic.show.theme import DARK, THEMES

_SANS = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"
_MONO = "DejaVu Sans Mono, Courier New, monospace"


def to_picture(drawing, placed, theme="auto"):
    """Return a drawing as SVG text.

    The ground is painted, so that the picture can be read on any page.  With the theme ``auto`` a browser's preference
    chooses between light and dark.

    Parameters
    ----------
    drawing : Drawing
    placed : str
        What Graphviz laid out, as SVG.
    theme : {"auto", "light", "dark"}, optional
    """
    placed = read_placed(placed, drawing)
    look = THEMES[theme]
    heat = drawing.heats[0].overlay.name if drawing.heats else None
    frames = [_frame(part, i, look) for i, part in enumerate(placed.frames)]
    arrows = [_arrow(part, name, look) for _, _, name, part in placed.arrows]
    boxes = [_box(placed.boxes[box.key], box, look, heat) for box in drawing.boxes if box.key in placed.boxes]
    width, height, legend = _legend(drawing, look, placed.width, placed.height)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}pt" height="{height:g}pt" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" font-family="{_SANS}" font-size="11" class="sym-picture">',
        f"<title>{escape(drawing.title)}</title>",
        *([_follow_the_reader(drawing, len(frames))] if theme == "auto" else []),
        f'<rect class="sym-paper" width="{width:g}" height="{height:g}" fill="{look.paper}"/>',
        f'<g transform="translate({placed.dx:g} {placed.dy:g})" stroke-linejoin="round">',
        *frames, *arrows, *boxes, "</g>", *legend, "</svg>", ""])


def _frame(part, number, look):
    return "".join([f'<g class="sym-region{number}" fill="{look.tint(number)}" stroke="{look.rule}">',
                    *_shapes(part), "</g>", *_texts(part, f'class="sym-faint" fill="{look.faint}" font-size="13"')])


def _arrow(part, name, look):
    color = getattr(look, name)
    return "".join([f'<g class="sym-{name}" fill="{color}" stroke="{color}">', *_shapes(part), "</g>",
                    # Where a label is over an arrow, the arrow gives way.
                    *_texts(part, f'class="sym-label" fill="{look.faint}" stroke="{look.paper}" stroke-width="3" '
                                   f'paint-order="stroke" font-family="{_MONO}" font-size="8"')])


def _box(part, box, look, heat):
    kind, fill, inks = f"sym-{box.kind}", look.fill(box.kind), (("sym-text", look.text), ("sym-faint", look.faint))
    if heat is not None:
        note = next((n for n in box.notes if n.overlay == heat), None)
        fill, ink = warmth(note, look)
        kind, inks = (f"{kind} sym-cold", inks) if note is None else (kind, (("sym-ink", ink),) * 2)
    title, rest = (f'class="{name}" fill="{color}" font-size' for name, color in inks)
    return "".join([f'<g class="{kind}" fill="{fill}" stroke="{look.line(box.kind)}">',
                    f"<title>{escape(tooltip(box))}</title>", *_shapes(part), "</g>",
                    # Graphviz left room for lines as large as the name; they are a little smaller.
                    *(_text(t, f'{rest}="{t.size / 1.1:.3g}"' if i else f'{title}="{t.size:.3g}"')
                      for i, t in enumerate(part.texts))])


def _shapes(part):
    for shape in part.shapes:
        given = "".join([f' {name}="{escape(value)}"' for name, value in shape.attributes.items()])
        hollow = ' fill="none"' if shape.hollow else ""
        yield f"<{shape.tag}{hollow}{given}/>"


def _texts(part, look):
    return [_text(text, look) for text in part.texts]


def _text(text, look):
    return f'<text x="{text.x}" y="{text.y}" text-anchor="{text.anchor}" {look}>{escape(text.content)}</text>'


def _legend(drawing, look, width, height):
    """Return width and height of the picture with its legend, and the legend: under it, in rows as wide as it is."""
    found = marks(drawing)
    if len(drawing.kinds) < 2 and not drawing.heats:
        return width, height, []
    room, x, y, lines, widest = max(width - 24, 420), 0, 0, [], 0
    samples = [(_mark(mark, look, drawing.heats), WIDTH, mark.label) for mark in found]
    for sample, wide, words in [*samples, *([_scale(drawing.heats[0], look)] if drawing.heats else [])]:
        step = wide + 22 + round(5.6 * len(words))
        if x and x + step > room:
            x, y = 0, y + 24
        lines.append(f'<g transform="translate({x} {y})">{sample}<text class="sym-faint" x="{wide + 6}" y="12.5" '
                     f'font-size="9.5" fill="{look.faint}">{escape(words)}</text></g>')
        x += step
        widest = max(widest, x)
    total = max(width, widest + 12)
    return total, height + y + 38, [
        f'<path class="sym-rule" d="M12 {height + 2:g}H{total - 12:g}" stroke="{look.rule}"/>',
        f'<g transform="translate(12 {height + 11:g})">', *lines, "</g>"]


def _scale(heat, look):
    """The colours of heat side by side, and what the ends stand for."""
    stripes = [f'<rect x="{16 * i}" y="3" width="16" height="12" fill="{color}"/>' for i, color in enumerate(COLOURS)]
    wide = 16 * len(COLOURS)
    frame = f'<rect y="3" width="{wide}" height="12" fill="none" stroke="{look.arrow}" stroke-width="0.5"/>'
    return "".join([*stripes, frame]), wide, f"{printable(heat.overlay.name)}, from {heat.least} to {heat.most}"


def _mark(mark, look, heats):
    color = getattr(look, mark.kind, None)
    fill, line = (color, color) if color else (look.fill(mark.kind), look.line(mark.kind))
    cold = " sym-cold" if heats and not color else ""
    fill = look.paper if cold else fill
    dashes = f' stroke-dasharray="{mark.dashes}"' if mark.dashes else ""
    return (f'<g class="sym-{mark.kind}{cold}" fill="{fill}" stroke="{line}"{dashes}>'
            + "".join(f'<path d="{d}"/>' for d in mark.outlines) + "</g>")


def _follow_the_reader(drawing, regions):
    """Rules for browsers whose reader prefers dark: they go before the colours that stand in the picture."""
    # Heat stays as it is, with the ink that can be read on it.
    fills = {name: "" if drawing.heats else f"fill:{DARK.fill(name)};" for name in KINDS}
    rules = [f".sym-{name}{{{fills[name]}stroke:{DARK.line(name)}}}"
             for name in dict.fromkeys([*drawing.kinds, "arithmetic", "input"])]
    rules.append(f".sym-cold{{fill:{DARK.paper}}}")
    rules += [f".sym-region{i}{{fill:{DARK.tint(i)};stroke:{DARK.rule}}}" for i in range(regions)]
    rules += [f".sym-paper{{fill:{DARK.paper}}}", f".sym-text{{fill:{DARK.text}}}", f".sym-faint{{fill:{DARK.faint}}}",
              f".sym-label{{fill:{DARK.faint};stroke:{DARK.paper}}}", f".sym-rule{{stroke:{DARK.rule}}}",
              *(f".sym-{name}{{fill:{color};stroke:{color}}}" for name in ("arrow", "written", "aside")
                if (color := getattr(DARK, name)))]
    return f"<style>@media (prefers-color-scheme:dark){{{''.join('.sym-picture ' + rule for rule in rules)}}}</style>"
