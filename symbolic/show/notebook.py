"""What a notebook shows of graphs, Symbols, executors and pictures: never an error, whatever is missing or broken."""

import math
import warnings
from collections import defaultdict
from html import escape

import numpy as np

from ndarray.errors import MXNetError
from ndarray.notebook import chosen, cut_text
from ndarray.tensortype import TensorType
from symbolic.graph.types import printable, types_of
from symbolic.show.drawing import draw
from symbolic.show.plot import Plot
from symbolic.show.summary import tree_of

MOST_NODES = 20_000
"""Larger graphs are told of, not drawn: a cell that only names one should not take seconds."""

_ROWS = 60


def of_graph(graph, text, include=None, exclude=None):
    """Return what a notebook shows of a graph: its picture, or its tree where there is none.

    Parameters
    ----------
    graph : Graph
    text : str
        What a terminal shows.
    include, exclude : collection of str, optional
        Types of data that are wanted, or not.
    """
    return chosen({"text/plain": text} | _tried(lambda: _picture_or_tree(graph)), include, exclude)


def of_executor(executor, text, include=None, exclude=None):
    """Return what a notebook shows of an executor: the picture of its graph with what is bound, and a table of that."""
    return chosen({"text/plain": text} | _tried(lambda: _executor(executor, text)), include, exclude)


def of_plot(plot, text, include=None, exclude=None):
    """Return what a notebook shows of a picture: it, or the tree where it cannot be laid out."""
    return chosen({"text/plain": text} | _tried(lambda: _svg_or_tree(plot)), include, exclude)


def _tried(make):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return make()
    except Exception:  # a cell that only shows something must not fail, whatever is wrong with it
        return {}


def _picture_or_tree(graph, shape=None, dtype=None):
    if len(graph.nodes) > MOST_NODES:
        return {"text/html": f"<p>{len(graph.nodes):,} nodes: too many to draw unasked; see <code>plot_network</code>, "
                             "<code>print_summary</code></p>"}
    types, remark = _types(graph, shape, dtype)
    try:
        plot = Plot(draw(graph, types=types))
    except MXNetError as error:
        return {"text/html": _tree(graph, types, error)}
    found = _svg_or_tree(plot)
    if remark is None or "image/svg+xml" not in found:
        return found
    return {"text/html": f"<p>{_line(remark)}</p>{found['image/svg+xml']}"}


def _types(graph, shape, dtype):
    """Return the types, and what is wrong with them: then none is known."""
    try:
        return types_of(graph, shape, dtype), None
    except MXNetError as error:
        return defaultdict(TensorType), error


def _svg_or_tree(plot):
    try:
        return {"image/svg+xml": plot.svg}
    except MXNetError as error:
        return {"text/html": _tree(plot.drawing.graph, plot.drawing.types, error)}


def _tree(graph, types, why):
    lines = tree_of(graph, types).splitlines()
    shown = [cut_text(line, 160) for line in lines[:_ROWS]]
    if len(lines) > _ROWS:
        shown.append(f"… and {len(lines) - _ROWS:,} lines more")
    text = "\n".join(shown)
    return f"<pre>{escape(text)}</pre><p>{_line(why)}</p>"


def _line(error):
    return escape(cut_text(printable("; ".join(map(str.strip, str(error).splitlines()))), 300))


def _executor(executor, text):
    arrays = executor.arg_dict | executor.aux_dict
    found = _picture_or_tree(executor.graph, {name: a.shape for name, a in arrays.items()},
                             {name: a.dtype for name, a in arrays.items()})
    rows = [(kind, name, a) for kind, group in (("argument", executor.arg_dict), ("state", executor.aux_dict),
                                                ("output", executor.output_dict)) for name, a in group.items()]
    cells = ["".join(f"<td>{escape(cell)}</td>" for cell in (
        cut_text(printable(name), 60), kind, str(np.dtype(a.dtype)), "×".join(map(str, a.shape)) or "scalar",
        f"{math.prod(a.shape) * np.dtype(a.dtype).itemsize:,}")) for kind, name, a in rows[:_ROWS]]
    more = f"<p>… and {len(rows) - _ROWS:,} more</p>" if len(rows) > _ROWS else ""
    head = "".join(f"<th>{word}</th>" for word in ("name", "what", "dtype", "shape", "bytes"))
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
    picture = found.get("image/svg+xml") or found.get("text/html", "")
    return {"text/html": f"<p>{escape(cut_text(printable(text), 300))}</p>{picture}"
                         f"<details><summary>{len(rows)} arrays</summary>{table}</details>"}
