"""A graph as text: a table of its nodes, and an indented tree."""

import math

from ndarray.errors import OperatorError, ParamError, shown
from ndarray.params import text_of
from symbolic.graph.node import Entry
from symbolic.graph.types import printable, type_text, types_of

_COLUMNS = ("Node (operator)", "Hyper-parameters", "Output", "Elements", "Inputs")


def summary(graph, shape=None, line_length=120, positions=(0.30, 0.50, 0.68, 0.78, 1.0)):
    """Return a table of the nodes of a graph: operator, hyper-parameters, types, sizes, inputs.

    Parameters
    ----------
    graph : Graph
    shape : dict of str to tuple of int, optional
        Shapes of variables; what follows from them is shown.
    line_length : int, optional
        Width in characters.
    positions : sequence of float, optional
        Where each of the five columns ends, as a part of the width.

    Raises
    ------
    ParamError
        If `positions` are not five rising numbers.
    ShapeError, UnknownNameError
    """
    ends = [int(line_length * p) if p <= 1 else int(p) for p in positions]
    if len(ends) != len(_COLUMNS) or sorted(set(ends)) != ends:
        raise ParamError(f"positions must be {len(_COLUMNS)} rising numbers, got {shown(positions)}")
    types = types_of(graph, shape)
    written = graph.written
    lines = ["_" * line_length, *_row(_COLUMNS, ends), "=" * line_length]
    total_elements = total_bytes = 0
    for node in graph.nodes:
        elements, size = _sizes(node, types)
        if node.op is None:
            total_elements += elements or 0
            total_bytes += size or 0
        kind = ("state" if node in written else "variable") if node.op is None else node.op.name
        lines += _row((f"{printable(node.name)} ({kind})",
                       ", ".join(f"{k}={text_of(v)}" for k, v in node.params),
                       ", ".join(filter(None, map(type_text, (types[e] for e in node.outputs)))),
                       "" if elements is None else f"{elements:,}",
                       ", ".join(printable(str(e)[1:]) for e in node.inputs)), ends)
        lines.append("_" * line_length)
    operators = sum(n.op is not None for n in graph.nodes)
    lines[-1] = "=" * line_length
    lines += [f"Total params: {total_elements:,}",
              f"Total bytes: {total_bytes:,}" + ("" if all(types[Entry(n)].known for n in graph.variables)
                                                 else " (of the variables whose type is known)"),
              f"Nodes: {operators} operators, {len(graph.arguments)} arguments, {len(graph.auxiliary)} states",
              "_" * line_length]
    return "\n".join(lines)


def print_summary(symbol, shape=None, line_length=120, positions=(0.30, 0.50, 0.68, 0.78, 1.0)):
    """Print a table of the nodes of a Symbol; parameters as `summary`.

    "Params" counts the elements of all variables: weights, gradients, states and hyper-parameters alike.

    Examples
    --------
    >>> import symbolic as sym
    >>> step = sym.signsgd_update(sym.var("w"), sym.var("g"), lr=0.1, name="step")
    >>> print_summary(step, shape={"w": (2, 3)}, line_length=80)  # doctest: +ELLIPSIS
    ____...
    step (signsgd_update)   lr=0.1          2×3           6       w, g
    ====...
    """
    graph = getattr(symbol, "graph", None)
    if graph is None:
        raise OperatorError(f"print_summary takes a Symbol, got {shown(symbol)}")
    print(summary(graph, shape, line_length, positions))


def _sizes(node, types):
    """Return elements and bytes of a node's outputs, None where they are not known."""
    if not all(types[e].shape is not None and None not in types[e].shape for e in node.outputs):
        return None, None
    elements = sum(math.prod(types[e].shape) for e in node.outputs)
    if any(types[e].dtype is None for e in node.outputs):
        return elements, None
    return elements, sum(math.prod(types[e].shape) * types[e].dtype.itemsize for e in node.outputs)


def _row(cells, ends):
    """Return a row as lines: a cell too long for its column goes on below."""
    widths = [e - s - 1 for s, e in zip((0, *ends), ends)]
    parts = [_wrap(cell, width) for cell, width in zip(cells, widths)]
    for line in range(max(map(len, parts))):
        text = " ".join((p[line] if line < len(p) else "").ljust(w) for p, w in zip(parts, widths))
        yield text.rstrip()


def _wrap(text, width):
    """Return text cut into lines, at blanks where there are some; four lines at most."""
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


def tree(graph, shape=None):
    """Return a graph as an indented tree, outputs first; what was shown above is referred to, not repeated.

    Parameters
    ----------
    graph : Graph
    shape : dict of str to tuple of int, optional

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
    return tree_of(graph, types_of(graph, shape))


def tree_of(graph, types):
    """Return the tree of a graph with the types of its entries at hand; as `tree`."""
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
        params = ", ".join(f"{k}={text_of(v)}" for k, v in node.params)
        kind = "" if node.op is None else f" = {node.op.name}({params})"
        shapes = ", ".join(filter(None, (type_text(types[e]) for e in node.outputs)))
        lines.append(f"{indent}{name}{kind}" + (f"  {shapes}" if shapes else ""))
        stack.extend((e.node, depth + 1) for e in reversed(node.inputs))
    return "\n".join(lines)
