"""A graph as MXNet's symbol JSON: the text of MXNet 1.9.1, character for character where it knows the operators."""

import json
import os

from ndarray.atomic import write_atomically
from ndarray.errors import FormatError, shown
from ndarray.params import text_of
from symbolic.graph.graph import Graph
from symbolic.graph.node import Node

VERSION = 10901
"""The version of MXNet whose format is written."""


def dumps(graph: Graph) -> str:
    """Return a graph as JSON that MXNet reads wherever it knows the operators.

    A parameter that is fed at run time is written as ``%k``, the number of the node's input that feeds it.
    What was read from a file is written as it was read, but for parameters in an unusual spelling: ``0.10`` becomes
    ``0.1``, ``(1,2)`` becomes ``(1, 2)``, ``true`` becomes ``True``.

    Examples
    --------
    >>> import symbolic as sym
    >>> print(dumps(sym.var("x").graph))  # doctest: +NORMALIZE_WHITESPACE
    {
      "nodes": [
        {
          "op": "null",
          "name": "x",
          "inputs": []
        }
      ],
      "arg_nodes": [0],
      "node_row_ptr": [0, 1],
      "heads": [[0, 0, 0]],
      "attrs": {"mxnet_version": ["int", 10901]}
    }
    """
    number = {node: i for i, node in enumerate(graph.nodes)}
    rows, blocks, versions = [0], [], {}
    for node in graph.nodes:
        rows.append(rows[-1] + stored_outputs(node))
        blocks.append(_node_text(node, number, versions))
    arguments = [number[n] for n in graph.variables]
    heads = [[number[e.node], e.index, 0] for e in graph.outputs]
    return ('{\n  "nodes": [\n' + ", \n".join(blocks) + "\n  ], \n"
            f'  "arg_nodes": {_wrapped(arguments, 2)}, \n'
            f'  "node_row_ptr": {_wrapped(rows, 2)}, \n'
            f'  "heads": {_wrapped(heads, 2)}, \n'
            f'  "attrs": {{"mxnet_version": ["int", {VERSION}]}}\n}}')


def stored_outputs(node: Node) -> int:
    """Return how many outputs of a node MXNet counts, those that nothing reads included."""
    if node.op is None or node.op.stored_outputs is None:
        return node.num_outputs
    stored = node.op.stored_outputs
    return stored(node.complete_params) if callable(stored) else stored


def _stored_name(node: Node) -> str:
    return "null" if node.op is None else node.op.stored_name or node.op.name


def _wrapped(items: list, indent: int) -> str:
    """Return a list as MXNet's writer formats it: on one line up to ten items, else one a line."""
    if len(items) <= 10:
        return str(items)
    pad = " " * indent
    return "[\n" + ", \n".join(f"{pad}  {i}" for i in items) + f"\n{pad}]"


def _node_text(node: Node, number: dict[Node, int], versions: dict[Node, int]) -> str:
    """Return a node's block; `versions` counts how often each variable has been written so far."""
    lines = [f'      "op": {json.dumps(_stored_name(node))}',
             f'      "name": {json.dumps(node.name, ensure_ascii=False)}']
    attrs = dict(node.attrs)
    if node.op:
        attrs |= {key: text_of(value) for key, value in node.params}
    if attrs:
        pairs = [f"{json.dumps(k, ensure_ascii=False)}: {json.dumps(attrs[k], ensure_ascii=False)}"
                 for k in sorted(attrs)]
        lines.append(f'      "attrs": {{{pairs[0]}}}' if len(pairs) == 1 else
                     '      "attrs": {\n' + ", \n".join(f"        {p}" for p in pairs) + "\n      }")
    inputs = [[number[e.node], e.index, 0] for e in node.inputs]
    for at in node.op.written(node.complete_params) if node.op and node.op.writes else ():
        source = node.inputs[at].node
        versions[source] = inputs[at][2] = versions.get(source, 0) + 1
    lines.append(f'      "inputs": {_wrapped(inputs, 6)}')
    return "    {\n" + ", \n".join(lines) + "\n    }"


def save(graph: Graph, path: str | os.PathLike) -> None:
    """Write a graph to a file, whole or not at all.

    Raises
    ------
    FormatError
        If a name or an attribute holds half of a character, which no file can hold.
    """
    try:
        data = dumps(graph).encode()
    except UnicodeEncodeError as error:
        raise FormatError(f"{shown(error.object[max(error.start - 20, 0):error.end])} holds a lone surrogate, "
                          "which UTF-8 cannot write; rename the node") from None
    write_atomically(path, data)
