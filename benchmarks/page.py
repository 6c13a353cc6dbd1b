"""How smooth a page is in a real browser: ``python -m benchmarks.page [--tensors 63] [--rounds 3]``.

A LAMB step drawn node by node (63 tensors: 506 nodes) is opened in headless Chromium, dragged, zoomed, searched and
clicked.  Prints, for each, how long the browser's main thread was busy at a time, and how far apart frames came.
"""

import argparse
import tempfile
import time
from pathlib import Path

import symbolic as sym
from symbolic.diagnostics.overlay import Overlay
from tests.conftest import FLAGS, chromium
from tests.symbolic.drawn import lamb

WATCH = """() => {
    window.tasks = []; window.frames_ = [];
    const note = list => tasks.push(...list.getEntries().map(e => e.duration));
    new PerformanceObserver(note).observe({ type: "longtask" });
    let last = performance.now();
    const frame = now => { frames_.push(now - last); last = now; requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
}"""


def drag(page):
    """Drag the picture to and fro for about two seconds."""
    page.mouse.move(450, 250)
    page.mouse.down()
    for i in range(120):
        page.mouse.move(450 + 300 * (1 - abs(i % 60 - 30) / 30), 250 + i % 40)
        page.wait_for_timeout(8)
    page.mouse.up()


def drag_all(page):
    """The same with the whole graph in view."""
    page.keyboard.press("f")
    page.wait_for_timeout(300)
    drag(page)


def zoom(page):
    """Turn the wheel, out and in again."""
    page.mouse.move(450, 400)
    for i in range(60):
        page.mouse.wheel(0, 40 if i < 30 else -40)
        page.wait_for_timeout(16)


def search(page):
    """Type a name and go through the matches."""
    page.focus("#query")
    page.keyboard.type("layer3")
    for _ in range(8):
        page.keyboard.press("Enter")
        page.wait_for_timeout(60)


def walk(page):
    """Go from node to node with the keyboard."""
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    for key in ("ArrowDown", "ArrowRight", "ArrowDown", "ArrowUp", "ArrowLeft") * 2:
        page.keyboard.press(key)
        page.wait_for_timeout(60)


def main():
    """Measure and print."""
    from playwright.sync_api import sync_playwright

    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tensors", type=int, default=63)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--collapse", action="store_true", help="draw what repeats as one")
    options.add_argument("--overlay", action="store_true", help="with heat and words at each node")
    options = options.parse_args()
    program = chromium()
    if program is None:
        raise SystemExit("no Chromium is installed")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "page.html"
        start = time.perf_counter()
        symbol = lamb(options.tensors)
        time_ = Overlay("time", "s", {node: 1e-6 * i for i, node in enumerate(symbol.graph.nodes)})
        plot = sym.plot_network(symbol, "LAMB", collapse=options.collapse, overlays=[time_] * options.overlay)
        plot.save(file)
        print(f"{plot}: written in {time.perf_counter() - start:.2f} s, {file.stat().st_size / 1000:.0f} kB")
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        for _ in range(options.rounds):
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(file.as_uri())
            ready = page.evaluate("performance.timing.domComplete - performance.timing.navigationStart")
            page.wait_for_timeout(500)
            page.evaluate(WATCH)
            print(f"  opened in {ready} ms")
            for action in (drag, drag_all, zoom, search, walk):
                page.wait_for_timeout(300)
                page.evaluate("() => { tasks.length = 0; frames_.length = 0; }")
                action(page)
                page.wait_for_timeout(100)
                tasks, frames = page.evaluate("[tasks, frames_]")
                frames = sorted(frames)
                print(f"    {action.__name__:8} tasks over 50 ms: {len(tasks)}"
                      f"{f', the longest {max(tasks):.0f} ms' if tasks else ''}; frames: {len(frames)}, half within "
                      f"{frames[len(frames) // 2]:.1f} ms, 99 % within {frames[len(frames) * 99 // 100]:.1f} ms")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
