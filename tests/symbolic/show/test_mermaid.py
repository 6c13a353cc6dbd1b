"""Drawings in Mermaid's language: every graph, every name, and Mermaid itself draws them where it is installed."""

import os
import re
from pathlib import Path

import pytest

import symbolic as sym
from tests.symbolic.drawn import GRAPHS, HOSTILE, hostile, lamb, momentum_step

ROOT = Path(__file__).parents[3]

LINE = re.compile(r'''[ ]+(?:
    (?:subgraph[ ])?\w+(?:\(\[|\[\(|\{\{|>|\[\[|\[/|\[\\|\(|\[)"[^"]*"(?:\]\)|\)\]|\}\}|\]\]|\\\]|/\]|\]|\))
    | end
    | \w+[ ](?:-->|==>|-\.->)(?:\|"[^"]*"\|)?[ ]\w+
    | classDef[ ]\w+[ ][\w:\#,-]+
    | class[ ][\w,]+[ ]\w+)''', re.X)
"""What a line may be: a node or a region with its label, an arrow, a look."""


def step_of_regions():
    with sym.AttrScope(__region__='mo"del'):
        y = sym.exp(sym.var("x"), name="y")
    with sym.AttrScope(__region__="update"):
        return sym.signsgd_update(sym.var("w"), y, lr=1, name="step")


pytestmark = pytest.mark.filterwarnings("ignore:There are multiple variables:RuntimeWarning")
DRAWN = GRAPHS | {"lamb": lamb(25), "regions": step_of_regions()}


@pytest.mark.parametrize("name", DRAWN)
def test_every_line_is_one_that_mermaid_knows(name):
    plot = sym.plot_network(DRAWN[name], hide_weights=False)
    first, *lines = plot.mermaid.splitlines()
    assert first == "flowchart TB"
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert plot.mermaid == sym.plot_network(DRAWN[name], hide_weights=False).mermaid
    labels = "".join(lines)
    assert all(f"{box.key}" in labels for box in plot.drawing.boxes)


def decoded(text):
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), text).replace("\u200b", "")


def test_names_are_whole_behind_their_escapes():
    text = decoded(sym.plot_network(hostile()).mermaid)
    for name in HOSTILE:
        assert name.encode("unicode_escape").decode() in text or name in text


def test_arrows_tell_what_is_written():
    text = sym.plot_network(momentum_step(), shape={"w": (2, 3)}, dtype="float32").mermaid
    assert '==>|"float32 2×3"|' in text and text.count("-->") == 3
    assert "class n4 output_" in text and "classDef state_ fill:#fde3cf" in text


def test_more_than_mermaid_draws_is_warned_of():
    x = sym.var("x")
    for i in range(501):
        x = sym.exp(x, name=f"e{i}")
    with pytest.warns(UserWarning, match="501 edges .* maxEdges") as caught:
        sym.plot_network(x, collapse=False).mermaid
    assert len(caught) == 1 and Path(caught[0].filename) == Path(__file__)
    sym.plot_network(lamb(25)).mermaid


def mermaid_script():
    """Where the npm package is: in the folder that MERMAID names, or in a ``node_modules`` at hand."""
    places = [os.environ.get("MERMAID"), *(folder / "node_modules/mermaid" for folder in (Path.cwd(), ROOT))]
    return next((file for place in places if place and (file := Path(place) / "dist/mermaid.min.js").exists()), None)


def test_mermaid_draws_every_graph(browser):
    script = mermaid_script()
    if script is None:
        pytest.skip("the npm package mermaid is not installed")
    page = browser.new_page()
    page.set_content("<body></body>")
    page.add_script_tag(path=str(script))
    page.evaluate("mermaid.initialize({startOnLoad: false})")
    for number, (name, symbol) in enumerate(DRAWN.items()):
        plot = sym.plot_network(symbol, hide_weights=False)
        text = page.evaluate("""async ([id, text]) => {
            document.body.innerHTML = (await mermaid.render(id, text)).svg;
            return document.body.textContent; }""", [f"g{number}", plot.mermaid])
        text = text.replace("\u200b", "")
        assert all(box.title.replace("  ", " ") in text.replace("  ", " ") for box in plot.drawing.boxes), name
        assert page.evaluate("typeof hacked") == "undefined"
        assert page.evaluate("document.querySelectorAll('script[src], img').length") == 0
    page.close()
