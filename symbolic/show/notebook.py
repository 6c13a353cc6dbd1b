"""What a notebook shows of graphs, Symbols and executors: never an error, never more than a second or two of work."""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping
from html import escape
from typing import Any

import numpy as np

from ndarray.errors import MXNetError
from ndarray.notebook import chosen, never_raising
from ndarray.tensortype import TensorType
from ndarray.text import counted, cut, printable
from symbolic.graph.graph import Graph
from symbolic.graph.node import Entry
from symbolic.graph.types import types_of
from symbolic.show.drawing import draw
from symbolic.show.plot import Plot
from symbolic.show.summary import error_as_html, tree_as_html

MOST_NODES = 20_000
"""Larger graphs are described, not drawn: a cell that only names one should not take seconds."""

SECONDS = 1.5
"""How long a layout that nobody asked for may take."""

_ROWS = 60

Bundle = dict[str, str]


def of_graph(graph: Graph, text: str, include: Collection[str] | None = None, exclude: Collection[str] | None = None
             ) -> Bundle:
    """Return what a notebook shows of a graph: its picture, or its tree where that takes too long.

    Parameters
    ----------
    graph : Graph
    text : str
        What a terminal shows.
    include, exclude : collection of str, optional
        Media types to keep, or to leave out.
    """
    return chosen({"text/plain": text} | never_raising(lambda: _picture_or_tree(graph)), include, exclude)


def of_executor(executor: Any, text: str, include: Collection[str] | None = None,
                exclude: Collection[str] | None = None) -> Bundle:
    """Return what a notebook shows of an executor: the picture of its graph, and a table of the arrays bound."""
    return chosen({"text/plain": text} | never_raising(lambda: _executor(executor, text)), include, exclude)


def _picture_or_tree(graph: Graph, shape: Mapping[str, Any] | None = None, dtype: Any = None) -> Bundle:
    if len(graph.nodes) > MOST_NODES:
        return {"text/html": f"<p>{len(graph.nodes):,} nodes: too many to draw by default; see "
                             "<code>plot_network</code>, <code>print_summary</code></p>"}
    types, remark = _types(graph, shape, dtype)
    try:
        plot = Plot(draw(graph, types=types))
    except MXNetError as error:
        return {"text/html": tree_as_html(graph, types, error)}
    found = plot.shown(SECONDS)
    if remark is None or "image/svg+xml" not in found:
        return found
    return {"text/html": f"<p>{error_as_html(remark)}</p>{found['image/svg+xml']}"}


def _types(graph: Graph, shape: Mapping[str, Any] | None, dtype: Any
           ) -> tuple[Mapping[Entry, TensorType], MXNetError | None]:
    """Return the types and no error, or no type and the error where they disagree."""
    try:
        return types_of(graph, shape, dtype), None
    except MXNetError as error:
        return defaultdict(TensorType), error


def _executor(executor: Any, text: str) -> Bundle:
    arrays = executor.arg_dict | executor.aux_dict
    found = _picture_or_tree(executor.graph, {name: a.shape for name, a in arrays.items()},
                             {name: a.dtype for name, a in arrays.items()})
    rows = [(kind, name, a) for kind, group in (("argument", executor.arg_dict), ("state", executor.aux_dict),
                                                ("output", executor.output_dict)) for name, a in group.items()]
    cells = ["".join(f"<td>{escape(cell)}</td>" for cell in (
        cut(printable(name), 60), kind, str(np.dtype(a.dtype)), "×".join(map(str, a.shape)) or "scalar",
        f"{math.prod(a.shape) * np.dtype(a.dtype).itemsize:,}")) for kind, name, a in rows[:_ROWS]]
    more = f"<p>… and {len(rows) - _ROWS:,} more</p>" if len(rows) > _ROWS else ""
    head = "".join(f"<th>{word}</th>" for word in ("name", "what", "dtype", "shape", "bytes"))
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
    picture = found.get("image/svg+xml") or found.get("text/html", "")
    return {"text/html": f"<p>{escape(cut(printable(text), 300))}</p>{picture}"
                         f"<details><summary>{counted(len(rows), 'array')}</summary>{table}</details>"}
