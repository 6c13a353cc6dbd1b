"""The snippets of a page: found, run one after another in one namespace, and shown with what they print and draw.

Registered with Sphinx, it runs the snippets of every page while the site is built.  What one prints is put below it;
a picture that the page shows from ``drawn/`` is the one that a snippet saved under that name.
"""

import contextlib
import io
import os
import re
import shlex
import shutil
import sys
import tempfile
import textwrap
import traceback
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from symbolic.graph.naming import NameManager

_BLOCK = re.compile(r"^\.\. code-block:: (\w+)\n((?:   :\w+:.*\n)*)\n((?:(?:   .*)?\n)+)", re.M)


NEEDS = {"distributed": ("jax",), "jax": ("jax", "optax"), "torch": ("torch",)}
"""Pages whose snippets need more than the tests install, and the libraries: without them they are shown and not run."""


def can_run(page):
    """Tell whether all that the snippets of a page need is installed."""
    return all(find_spec(library) for library in NEEDS.get(page, ()))


class Snippet(NamedTuple):
    """One code block of a page.

    Attributes
    ----------
    language : str
    code : str
    start, end : int
        Where the block stands in the page's text.
    """

    language: str
    code: str
    start: int
    end: int


def snippets(text):
    """Return every code block of a page, in order."""
    text = text if text.endswith("\n") else text + "\n"
    return [Snippet(found[1], textwrap.dedent(found[3]).strip() + "\n", found.start(),
                    found.start() + len(found[0].rstrip("\n")) + 1) for found in _BLOCK.finditer(text)]


def runnable(text):
    """Return the code blocks of a page that can be run: Python, and commands of this library."""
    return [s for s in snippets(text) if s.language in ("python", "console")]


def run(found, page="snippet"):
    """Run snippets one after another in the current folder: Python in one namespace, and commands.

    Parameters
    ----------
    found : sequence of Snippet
    page : str, optional
        What tracebacks call the source.

    Returns
    -------
    list of str
        What each printed.
    """
    namespace, printed = {"__name__": "__main__"}, []
    with NameManager():
        for number, snippet in enumerate(found, 1):
            with contextlib.redirect_stdout(io.StringIO()) as out:
                if snippet.language == "python":
                    exec(compile(snippet.code, f"{page}, snippet {number}", "exec"), namespace)
                else:
                    run_commands(snippet.code)
            printed.append(out.getvalue())
    return printed


def run_commands(code):
    """Run lines such as ``$ symbolic show step.json``."""
    from symbolic.cli.main import main

    for line in code.splitlines():
        prompt, program, *arguments = shlex.split(line)
        if (prompt, program) != ("$", "symbolic") or main(arguments):
            raise RuntimeError(f"this command fails: {line}")


def with_results(text, printed):
    """Return a page's text with what each snippet that runs printed below it."""
    parts, at = [], 0
    for snippet, output in zip(runnable(text), printed, strict=True):
        parts.append(text[at:snippet.end])
        if output.strip():
            parts.append("\n.. code-block:: text\n   :class: printed\n\n"
                         + textwrap.indent(output.strip("\n"), "   ", lambda line: True).rstrip() + "\n\n")
        at = snippet.end
    return "".join([*parts, text[at:]])


def read_page(app, docname, source):
    """Run a page's snippets in an empty folder; show what they print, and keep the pictures that the page wants."""
    found = runnable(source[0])
    if not found or not can_run(docname):
        return
    pictures, here = Path(app.srcdir) / "drawn", os.getcwd()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        os.chdir(folder)
        try:
            printed = run(found, docname)
        except Exception as error:
            from sphinx.errors import ExtensionError

            raise ExtensionError(f"a snippet of {docname} fails:\n{traceback.format_exc()}") from error
        finally:
            os.chdir(here)
        pictures.mkdir(exist_ok=True)
        for name in re.findall(r"^ *\.\. (?:image|figure):: drawn/(\S+)$", source[0], re.M):
            shutil.copyfile(Path(folder) / name, pictures / name)
    source[0] = with_results(source[0], printed)


def setup(app):
    """Register with Sphinx."""
    app.connect("source-read", read_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    path = Path(sys.argv[1])
    print("".join(run(runnable(path.read_text(encoding="utf-8")), path.stem)), end="")
