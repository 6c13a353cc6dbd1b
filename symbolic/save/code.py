"""A graph as the Python that declares it: running the text gives an equal graph."""

from __future__ import annotations

import keyword
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray import registry
from ndarray.dtypes import NAMES
from ndarray.errors import FormatError, MXNetError
from ndarray.params import Fed, Lone, Param, Shape, fed_names, text_of
from symbolic.graph.unregistered import refuse_unregistered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from symbolic.graph.graph import Graph
    from symbolic.graph.node import Entry, Node

_WIDTH = 110
_TAKEN = {"sym", "symbol", "apply_op", "float", *keyword.kwlist, *keyword.softkwlist}
_SHAPE = Param("shape", Shape)


def to_code(graph: Graph) -> str:
    """Return Python source that builds a graph under the name ``symbol``.

    Parameters
    ----------
    graph : Graph

    Returns
    -------
    str

    Raises
    ------
    FormatError
        If an operator's node has no name, which no call can bring about.

    Examples
    --------
    >>> import symbolic as sym
    >>> step = sym.signsgd_update(sym.var("w", shape=(2, 3)), sym.var("g"), lr=sym.var("lr"), wd=0.01, name="step")
    >>> print(to_code(step.graph))
    import symbolic as sym
    <BLANKLINE>
    w = sym.var("w", shape=(2, 3))
    g = sym.var("g")
    lr = sym.var("lr")
    step = sym.signsgd_update(w, g, lr=lr, wd=0.01, name="step")
    symbol = step
    <BLANKLINE>
    """
    refuse_unregistered(graph, "to_code")
    names = _names(graph.nodes)

    def value_of(entry: Entry) -> str:
        return names[entry.node] + (f"[{entry.index}]" if entry.node.num_outputs != 1 else "")

    lines = [f"{names[n]} = " + (_variable(n, len(names[n])) if n.op is None else _call(n, value_of, len(names[n])))
             for n in graph.nodes]
    head = graph.outputs[0].node
    if graph.outputs == head.outputs:
        result = names[head]
    elif len(graph.outputs) == 1:
        result = value_of(graph.outputs[0])
    else:
        result = _joined("sym.Group([", [value_of(e) for e in graph.outputs], "])", len("symbol = "))
    imports = ["import symbolic as sym"]
    if any(" = apply_op(" in line for line in lines):
        imports.append("from symbolic.symbol import apply_op")
    return "\n".join([*imports, "", *lines, f"symbol = {result}", ""])


def _names(nodes: Sequence[Node]) -> dict[Node, str]:
    """Return an identifier for each node, near its name."""
    taken, found, last = set(_TAKEN), {}, {}
    for node in nodes:
        base = re.sub(r"\W", "_", node.name, flags=re.ASCII).lstrip("_") or "x"
        base = f"x{base}" if base[0].isdigit() else base[:60]
        name, n = base, 1
        if name in taken:
            n = last.get(base, 1)
            while (name := f"{base}_{n}") in taken:
                n += 1
            last[base] = n
        taken.add(name)
        found[node] = name
    return found


def _variable(node: Node, indent: int) -> str:
    attrs, more = dict(node.attrs), []
    shape, dtype = attrs.get("__shape__"), attrs.get("__dtype__")
    if shape is not None and _plain_shape(shape):
        more.append(f"shape={shape}")
        del attrs["__shape__"]
    if dtype is not None and dtype in map(str, range(len(NAMES))):
        more.append(f'dtype="{NAMES[int(dtype)]}"')
        del attrs["__dtype__"]
    return _joined("sym.var(", [_text(node.name), *_attr(attrs), *more], ")", indent)


def _plain_shape(text: str) -> bool:
    """Tell whether ``shape=`` with this text gives this text again."""
    try:
        shape = _SHAPE.parse(text, "")
    except MXNetError:
        return False
    return not isinstance(shape, Lone) and text_of(shape) == text


def _call(node: Node, value_of: Callable[[Entry], str], indent: int) -> str:
    if not node.name:
        raise FormatError(f"a node of {node.op.name} has no name, which no call can bring about")
    args = [value_of(e) for e in node.inputs]
    # The gradient of an operator takes what feeds the operator as an input like any other.
    fed = fed_names(dict(node.params)) if node.op.fed(dict(node.params)) else {}
    arrays = [a for k, a in enumerate(args) if k not in fed]
    names = node.op.input_names(node.complete_params)
    if node.op.inputs and not node.op.many and names != node.op.names[:len(names)]:
        arrays = [f"{name}={a}" for name, a in zip(names, arrays)]
    # What feeds parameters becomes inputs in the order in which a call names them.
    order = sorted(node.params, key=lambda p: min((k for k, name in fed.items() if name == p[0]), default=len(args)))
    params = [f"{name}={_value(value, args if fed else None)}" for name, value in order]
    parts = [*arrays, *params, f"name={_text(node.name)}", *_attr(dict(node.attrs))]
    if registry.find(node.op.name):
        return _joined(f"sym.{node.op.name}(", parts, ")", indent)
    return _joined("apply_op(", [_text(node.op.name), *parts], ")", indent)


def _attr(attrs: Mapping[str, str]) -> list[str]:
    return ["attr={" + ", ".join(f"{_text(k)}: {_text(v)}" for k, v in sorted(attrs.items())) + "}"] if attrs else []


def _value(value: Any, args: Sequence[str] | None) -> str:
    """Return a parameter's value as source; what is fed is among `args`, or stays a mark where those are None."""
    if isinstance(value, Fed):
        return _text(str(value)) if args is None else args[value.index]
    if isinstance(value, Lone):
        return _value(value[0], args)
    if isinstance(value, np.ndarray):
        numbers = value.tolist()
        return _value(tuple(numbers) if value.ndim else numbers, args)
    if isinstance(value, tuple):
        return "(" + ", ".join(_value(v, args) for v in value) + ("," if len(value) == 1 else "") + ")"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def _text(value: str) -> str:
    """Return text as a Python literal in double quotes."""
    return '"' + repr(value + '"')[1:-2].replace("\\'", "'").replace('"', '\\"') + '"'


def _joined(start: str, parts: Sequence[str], end: str, indent: int) -> str:
    """Return a call on one line, or with an argument a line where it does not fit."""
    line = start + ", ".join(parts) + end
    if len(line) + indent + 3 <= _WIDTH:
        return line
    return start + "\n    " + ",\n    ".join(parts) + ",\n" + end
