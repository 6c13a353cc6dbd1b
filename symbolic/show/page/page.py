"""A graph as a page: one HTML file that needs nothing else, to look at, search and pass on."""

import base64
import hashlib
from dataclasses import replace
from functools import cache
from html import escape
from importlib.resources import files
from string import Template

from symbolic.show.dot import to_dot
from symbolic.show.graphviz import to_svg
from symbolic.show.heat import COLOURS
from symbolic.show.kinds import KINDS
from symbolic.show.legend import HEIGHT, WIDTH, marks
from symbolic.show.page.facts import facts, to_json
from symbolic.show.page.inline_svg import inline_svg
from symbolic.show.theme import DARK, LIGHT, TINTS

SCRIPTS = ("facts.js", "view.js", "stretch.js", "groups.js", "overlays.js", "select.js", "panel.js", "documentation.js",
           "search.js", "start.js")
"""The parts of the page's one script, in the order in which they stand in it."""


def to_html(drawing, node_attrs=None, theme="auto"):
    """Return a drawing as an HTML page, the same for the same graph.

    The page asks for nothing: its script and style stand in it, and its content policy allows these two, known by
    their hashes, and nothing else.

    Parameters
    ----------
    drawing : Drawing
    node_attrs : dict of str to str, optional
        Graphviz attributes for every node.
    theme : {"auto", "light", "dark"}, optional
        Colours at first; a button on the page changes them.  ``auto`` is what the reader's browser prefers.

    Raises
    ------
    MXNetError
        If Graphviz is not installed, naming the extra; or if it fails, with its message.
    """
    style, script = _style(), _script()
    policy = "; ".join([
        "default-src 'none'", f"script-src {_hash(script)}", f"style-src {_hash(style)}", "base-uri 'none'",
        "form-action 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"])
    # Heat and its words are the script's: they change while the picture stays.
    plain = replace(drawing, heats=())
    return Template(_asset("page.html")).substitute(
        policy=policy, theme="" if theme == "auto" else f' data-theme="{theme}"', title=escape(drawing.title),
        style=style, script=script, legend=_legend(drawing),
        picture=inline_svg(to_svg(to_dot(plain, node_attrs, legend=False)), drawing, label),
        facts=to_json(facts(drawing)))


def label(box):
    """Return what a screen reader reads for a box: its text, then what its style shows."""
    merged = [f"{len(box.nodes)} nodes"] if len(box.nodes) > 1 else []
    return ", ".join([box.title, *box.lines, KINDS[box.kind].label, *merged, *(["output"] if box.head else [])])


@cache
def _asset(name):
    return (files("symbolic.show.page") / "assets" / name).read_text(encoding="utf-8")


@cache
def _script():
    return "\n".join(['"use strict";', "(() => {", *map(_asset, SCRIPTS), "})();", ""])


@cache
def _style():
    """The style sheet; the colours are those of all pictures."""
    rules = [f".kind-{name} {{ --fill: {_both(*[t.fill(name) for t in _LOOKS])}; "
             f"--line: {_both(*[t.line(name) for t in _LOOKS])} }}" for name in KINDS]
    rules += [f".region-{i} {{ --fill: {_both(*[t.tint(i) for t in _LOOKS])} }}" for i in range(TINTS)]
    rules += [f".{name} {{ --line: {_both(*[getattr(t, name) for t in _LOOKS])} }}"
              for name in ("arrow", "written", "aside")]
    scale = f"#heat-scale {{ background: linear-gradient(to right, {', '.join(COLOURS)}) }}"
    return "\n".join([_asset("page.css"), *rules, scale, ""])


_LOOKS = (LIGHT, DARK)


def _both(light, dark):
    return f"light-dark({light}, {dark})"


def _hash(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _legend(drawing):
    """A sample and the words of each kind that occurs."""
    return "\n".join([
        f'<li class="{f"kind-{mark.kind}" if mark.kind in KINDS else mark.kind}">'
        f'<svg class="sample" width="{WIDTH}" height="{HEIGHT}" aria-hidden="true">'
        + "".join(f'<path class="shape" d="{outline}"{_dashed(mark)}/>' for outline in mark.outlines)
        + f"</svg>{escape(mark.label)}</li>" for mark in marks(drawing)])


def _dashed(mark):
    return f' stroke-dasharray="{mark.dashes}"' if mark.dashes else ""
