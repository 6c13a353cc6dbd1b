"""A graph as a page: one HTML file that needs nothing else, to look at, search and pass on."""

import base64
import hashlib
from dataclasses import replace
from functools import cache
from html import escape
from importlib.resources import files
from string import Template

from symbolic.show.dot import to_dot
from symbolic.show.drawing import KINDS
from symbolic.show.layout import to_svg
from symbolic.show.overlay import COLOURS
from symbolic.show.page_facts import facts, to_json
from symbolic.show.page_svg import inline_svg

SCRIPTS = ("facts.js", "view.js", "groups.js", "overlays.js", "select.js", "panel.js", "search.js", "start.js")
"""The parts of the page's one script, in the order in which they stand in it."""


def to_html(drawing, node_attrs=None):
    """Return a drawing as an HTML page, the same for the same graph.

    The page asks for nothing: its script and style stand in it, and its content policy allows these two, known by
    their hashes, and nothing else.

    Parameters
    ----------
    drawing : Drawing
    node_attrs : dict of str to str, optional
        Graphviz attributes for every node.

    Raises
    ------
    MXNetError
        If there is no Graphviz, naming the extra to install; or if it fails, with what it says.
    """
    style, script = _style(), _script()
    policy = "; ".join([
        "default-src 'none'", f"script-src {_hash(script)}", f"style-src {_hash(style)}", "base-uri 'none'",
        "form-action 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"])
    # Heat and its words are the script's: they change while the picture stays.
    plain = replace(drawing, heats=())
    return Template(_asset("page.html")).substitute(
        policy=policy, title=escape(drawing.title), style=style, script=script, legend=_legend(drawing),
        picture=inline_svg(to_svg(to_dot(plain, node_attrs, legend=False)), drawing, label),
        facts=to_json(facts(drawing)))


def label(box):
    """Return what a screen reader says of a box."""
    parts = [box.title, *(["merged from " + str(len(box.nodes)) + " nodes"] if len(box.nodes) > 1 else []),
             *box.lines[:1], KINDS[box.kind].words, *(["output"] if box.head else [])]
    return ", ".join(parts)


@cache
def _asset(name):
    return (files("symbolic.show") / "page_assets" / name).read_text(encoding="utf-8")


@cache
def _script():
    return "\n".join(['"use strict";', "(() => {", *map(_asset, SCRIPTS), "})();", ""])


@cache
def _style():
    rules = [f".kind-{name} {{ --tint: {kind.fill}; --ink: {kind.line} }}" for name, kind in KINDS.items()]
    scale = f"#heat-scale {{ background: linear-gradient(to right, {', '.join(COLOURS)}) }}"
    return "\n".join([_asset("page.css"), *rules, scale, ""])


def _hash(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_SAMPLES = {
    "ellipse": "M1 9a13 8 0 1 0 26 0a13 8 0 1 0 -26 0z",
    "cylinder": "M3 4v11c0 3 22 3 22 0v-11c0 -4 -22 -4 -22 0c0 4 22 4 22 0",
    "hexagon": "M1 9l6 -8h14l6 8l-6 8h-14z",
    "note": "M2 2h19l5 5v9h-24zM21 2v5h5",
    "box": "M5 2h18q3 0 3 3v8q0 3 -3 3h-18q-3 0 -3 -3v-8q0 -3 3 -3z",
    "invhouse": "M2 2h24v9l-12 6l-12 -6z",
    "octagon": "M1 6l6 -5h14l6 5v6l-6 5h-14l-6 -5z",
    "box3d": "M2 5l4 -3h20v11l-4 3h-20zM2 5h20v11M22 5l4 -3",
}


def _legend(drawing):
    """A sample and the words of each kind that occurs."""
    rows = [f'<li class="kind-{name}"><svg class="sample" width="28" height="18" aria-hidden="true">'
            f'<path class="shape" d="{_SAMPLES[KINDS[name].shape]}"/></svg>{escape(KINDS[name].words)}</li>'
            for name in drawing.kinds]
    return "\n".join([*rows, '<li class="kind-operator"><svg class="sample" width="28" height="18" aria-hidden="true">'
                      '<path class="shape" d="M1 1h26v16h-26z"/><path class="line" d="M4 4h20v10h-20z"/></svg>output</li>'])
