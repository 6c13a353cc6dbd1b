"""What no variable changes is computed once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ndarray import vocabulary
from ndarray.params import Training
from symbolic.graph.node import Entry, Node
from symbolic.passes.merge import changes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from symbolic.graph.graph import Graph


def fold_constants(graph: Graph, moved: dict[Entry, Entry] | None = None) -> tuple[Graph, dict[Node, np.ndarray]]:
    """Replace every pure computation on constants by a variable with its value.

    Numbers that fill an array stay nodes: a loop has them in its code, and need not read them.

    Parameters
    ----------
    graph : Graph
    moved : dict, optional
        As in `Graph.rewrite`.

    Returns
    -------
    graph : Graph
        This very graph where nothing is constant.
    constants : dict of Node to numpy.ndarray
        The value of each new variable.

    Examples
    --------
    >>> import symbolic as sym
    >>> graph, constants = fold_constants((sym.var("x") * sym.arange(3, name="n")).graph)
    >>> print(graph)
    %_mul0 = elemwise_mul(%x, %n_output (constant))
    return %_mul0
    >>> [value.tolist() for value in constants.values()]
    [[0.0, 1.0, 2.0]]
    """
    values, constants = {}, {}

    def rule(node: Node) -> Sequence[Entry]:
        results = _computed(node, values)
        if results is None:
            return node.outputs
        if not node.inputs and all(_is_fill(r) for r in results):
            values.update(zip(node.outputs, results))
            return node.outputs
        new = tuple([Entry(Node(None, f"{node.output_name(i)} (constant)")) for i in range(len(results))])
        values.update(zip(new, results))
        constants.update((e.node, r) for e, r in zip(new, results))
        return new

    graph = graph.rewrite(rule, moved)
    used = set(graph.variables)
    return graph, {node: value for node, value in constants.items() if node in used}


def _computed(node: Node, values: Mapping[Entry, np.ndarray]) -> list[np.ndarray] | None:
    """Return the outputs of a node whose inputs are constant, None where it has to run every time."""
    op = node.op
    if op is None or not op.pure or op.writes or any(e not in values for e in node.inputs):
        return None
    params = node.complete_params
    if op.fed(params) or op.draws(params) or any(map(changes, params.values())):
        return None
    if any(p.type is Training for p in op.params.values()):
        return None
    try:
        with np.errstate(all="ignore"):
            return [np.asarray(r, order="C") for r in op.run(vocabulary, [values[e] for e in node.inputs], params)[0]]
    except (ArithmeticError, LookupError, ValueError):
        # It will fail when it runs, with an error there.
        return None


def _is_fill(value: np.ndarray) -> bool:
    return value.size > 0 and bool((value == value.reshape(-1)[0]).all())
