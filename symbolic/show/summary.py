"""A graph as text: a table of its nodes, and an indented tree."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from ndarray.collector import without_collection
from ndarray.errors import OperatorError, ParamError, shown
from ndarray.params import text_of
from ndarray.tensortype import TensorType, type_text
from ndarray.text import counted, cut, printable
from symbolic.graph.graph import Graph, HasGraph
from symbolic.graph.node import Entry, Node
from symbolic.graph.types import types_of
from symbolic.graph.unregistered import unregistered_nodes
from symbolic.show.kinds import learnt_variables
from symbolic.show.size import check_size

_COLUMNS = ("Node (operator)", "Hyper-parameters", "Output", "Elements", "Inputs")

_HTML_LINES = 60


@without_collection()
def summary(graph: Graph, shape: Mapping[str, Sequence[int]] | None = None, line_length: int = 120,
            positions: Sequence[float] = (0.30, 0.50, 0.68, 0.78, 1.0)) -> str:
    """Return a table of the nodes of a graph: operator, hyper-parameters, types, sizes, inputs.

    "Total params" counts the elements of what is learnt: the variables that are neither data, labels, states nor
    hyper-parameters, each once.

    Parameters
    ----------
    graph : Graph
    shape : dict of str to tuple of int, optional
        Shapes of variables; what follows from them is shown.
    line_length : int, optional
        Width in characters.
    positions : sequence of float, optional
        Where each column ends, as a part of the width; four numbers, as in MXNet, leave out the hyper-parameters.

    Raises
    ------
    LimitError
        If the graph has more nodes than ``symbolic.show.size.MOST_NODES``, or three times as many edges.
    ParamError
        If `positions` are not four or five increasing numbers.
    ShapeError, UnknownNameError
    """
    check_size(graph, "a table")
    ends = [int(line_length * p) if p <= 1 else int(p) for p in positions]
    if len(ends) not in (len(_COLUMNS) - 1, len(_COLUMNS)) or sorted(set(ends)) != ends:
        raise ParamError(f"positions must be {len(_COLUMNS) - 1} or {len(_COLUMNS)} increasing numbers, "
                         f"got {shown(positions)}")
    types = types_of(graph, shape)
    lines = ["_" * line_length, *_row(_COLUMNS, ends), "=" * line_length]
    for node in graph.nodes:
        elements, _ = _sizes(node, types)
        kind = ("state" if node in graph.written else "variable") if node.op is None else node.op.name
        lines += _row((f"{printable(node.name)} ({printable(kind)})",
                       ", ".join(f"{k}={printable(text_of(v))}" for k, v in node.params),
                       _types_text(node, types),
                       "" if elements is None else f"{elements:,}",
                       ", ".join([str(e)[1:] for e in node.inputs])), ends)
        lines.append("_" * line_length)
    lines[-1] = "=" * line_length
    return "\n".join([*lines, *_totals(graph, types, shape or {}), "_" * line_length])


def _types_text(node: Node, types: Mapping[Entry, TensorType]) -> str:
    return ", ".join([text for e in node.outputs if (text := type_text(types[e]))])


def _totals(graph: Graph, types: Mapping[Entry, TensorType], given: Mapping[str, object]) -> Iterator[str]:
    """Return the lines under the table."""
    learnt = learnt_variables(graph, types, given)
    sizes = [_sizes(n, types) for n in learnt]
    open_ = [printable(n.name) for n, (elements, _) in zip(learnt, sizes) if elements is None]
    without = f" (without {_listed(open_)}, whose shape is not known)" if open_ else ""
    yield f"Total params: {sum(elements or 0 for elements, _ in sizes):,}{without}"
    yield (f"Total bytes: {sum(size or 0 for _, size in sizes):,}"
           + (" (of the params whose dtype is known)" if any(e is not None and s is None for e, s in sizes) else ""))
    operators = sum(n.op is not None for n in graph.nodes)
    yield (f"Nodes: {counted(operators, 'operator')}, {counted(len(graph.arguments), 'argument')}, "
           f"{counted(len(graph.auxiliary), 'state')}")
    found = Counter(printable(n.op.name) for n in unregistered_nodes(graph))
    if found:
        yield f"Not registered: {_listed([f'{name} ×{n}' if n > 1 else name for name, n in found.items()])}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def print_summary(symbol: HasGraph, shape: Mapping[str, Sequence[int]] | None = None, line_length: int = 120,
                  positions: Sequence[float] = (0.30, 0.50, 0.68, 0.78, 1.0)) -> None:
    """Print a table of the nodes of a Symbol; parameters as `summary`.

    "Total params" counts the elements of what is learnt: the variables that are neither data, labels, states nor
    hyper-parameters, each once.

    Examples
    --------
    >>> import symbolic as sym
    >>> step = sym.signsgd_update(sym.var("w"), sym.var("g"), lr=0.1, name="step")
    >>> print_summary(step, shape={"w": (2, 3)}, line_length=80)  # doctest: +ELLIPSIS
    ____...
    step (signsgd_update)   lr=0.1          2×3           6       w, g
    ====...
    Total params: 6
    ...
    """
    graph = getattr(symbol, "graph", None)
    if graph is None:
        raise OperatorError(f"print_summary takes a Symbol, got {shown(symbol)}")
    print(summary(graph, shape, line_length, positions))


def _sizes(node: Node, types: Mapping[Entry, TensorType]) -> tuple[int | None, int | None]:
    """Return elements and bytes of a node's outputs, each None where it is not known."""
    found = [types[e] for e in node.outputs]
    if not all([shape is not None and None not in shape for shape, _ in found]):
        return None, None
    sizes = [math.prod(shape) for shape, _ in found]
    if any([dtype is None for _, dtype in found]):
        return sum(sizes), None
    return sum(sizes), sum([size * dtype.itemsize for size, (_, dtype) in zip(sizes, found)])


def _row(cells: Sequence[str], ends: Sequence[int]) -> Iterator[str]:
    """Return a row as lines: a cell too long for its column continues below."""
    cells = cells if len(ends) == len(cells) else (cells[0], *cells[2:])
    widths = [e - s - 1 for s, e in zip((0, *ends), ends)]
    if all([len(cell) <= width for cell, width in zip(cells, widths)]):
        yield " ".join([cell.ljust(width) for cell, width in zip(cells, widths)]).rstrip()
        return
    parts = [_wrap(cell, width) for cell, width in zip(cells, widths)]
    for line in range(max(map(len, parts))):
        text = " ".join((p[line] if line < len(p) else "").ljust(w) for p, w in zip(parts, widths))
        yield text.rstrip()


def _wrap(text: str, width: int) -> list[str]:
    """Return text cut into lines, at blanks where possible; four lines at most."""
    width = max(width, 4)
    lines = []
    while len(text) > width:
        cut = text.rfind(" ", 1, width + 1)
        cut = cut if cut > 0 else width
        lines.append(text[:cut])
        text = text[cut:].lstrip()
        if len(lines) == 3 and len(text) > width:
            text = text[:width - 1] + "…"
    return [*lines, text]


def tree(graph: Graph, shape: Mapping[str, Sequence[int]] | None = None) -> str:
    """Return a graph as an indented tree, outputs first; what is shown above is referred to, not repeated.

    Parameters
    ----------
    graph : Graph
    shape : dict of str to tuple of int, optional

    Raises
    ------
    LimitError
        As of `summary`.

    Examples
    --------
    >>> import symbolic as sym
    >>> x = sym.var("x")
    >>> print(tree((sym.exp(x, name="e") + x).graph, {"x": (2,)}))  # doctest: +ELLIPSIS
    _plus... = elemwise_add()  2
      e = exp()  2
        x  2
      x …
    """
    check_size(graph, "a tree")
    return tree_of(graph, types_of(graph, shape))


@without_collection()
def tree_of(graph: Graph, types: Mapping[Entry, TensorType]) -> str:
    """Return the tree of a graph whose types are known; as `tree`."""
    lines, seen = [], set()
    stack = [(e.node, 0) for e in reversed(graph.outputs)]
    while stack:
        node, depth = stack.pop()
        indent = "  " * min(depth, 40) + ("" if depth <= 40 else f"({depth}) ")
        name = printable(node.name)
        if node in seen:
            lines.append(f"{indent}{name} …")
            continue
        seen.add(node)
        params = ", ".join(f"{k}={printable(text_of(v))}" for k, v in node.params)
        kind = "" if node.op is None else f" = {printable(node.op.name)}({params})"
        shapes = _types_text(node, types)
        lines.append(f"{indent}{name}{kind}" + (f"  {shapes}" if shapes else ""))
        stack.extend((e.node, depth + 1) for e in reversed(node.inputs))
    return "\n".join(lines)


def tree_as_html(graph: Graph, types: Mapping[Entry, TensorType], error: Exception) -> str:
    """Return the first lines of a graph's tree as HTML, and why there is no picture."""
    lines = tree_of(graph, types).splitlines()
    first = [cut(line, 160) for line in lines[:_HTML_LINES]]
    if len(lines) > _HTML_LINES:
        first.append(f"… and {len(lines) - _HTML_LINES:,} more lines")
    text = "\n".join(first)
    return f"<pre>{escape(text)}</pre><p>{error_as_html(error)}</p>"


def error_as_html(error: Exception) -> str:
    """Return an error's message as one line of HTML."""
    return escape(cut(printable("; ".join(map(str.strip, str(error).splitlines()))), 300))
