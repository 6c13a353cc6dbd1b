"""Running nodes in JAX: where a graph has many nodes of one kind, as updates of many tensors, that is traced once."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import jax

from symbolic.engines.xla.nothing import without_decay
from symbolic.engines.xla.words import Words
from symbolic.graph.graph import Graph
from symbolic.graph.node import Node
from symbolic.graph.walk import compute, feed, note_node

MANY = 8
"""From how many nodes of one kind on these are calls of one function, which XLA puts in line again."""


class _Kind:
    """An operator and its parameters, as one static argument; -0.0 is not 0.0."""

    __slots__ = ("op", "params", "_text")

    def __init__(self, node: Node, exact: bool) -> None:
        self.op, self.params = node.op, node.complete_params if exact else without_decay(node)
        self._text = repr([*self.params.items()])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kind) and self.op is other.op and self._text == other._text

    def __hash__(self) -> int:
        return hash((id(self.op), self._text))


@partial(jax.jit, static_argnums=(0, 1))
def _run(kind: Any, checked: bool, *inputs: jax.Array) -> tuple[tuple, tuple, list[jax.Array]]:
    xp = Words(checked)
    arrays, params = feed(kind, inputs, kind.params)
    outputs, new = kind.op.run(xp, arrays, params)
    return tuple(outputs), tuple(new), xp.checks


def runner(graph: Graph, xp: Words, exact: bool = True
           ) -> Callable[[Node, Sequence[Any], Mapping[str, Any]], tuple]:
    """Return ``run(node, inputs, params)`` for `symbolic.graph.walk.walk`.

    Parameters
    ----------
    graph : Graph
    xp : Words
        Gets what is checked.
    exact : bool, optional
        Whether a weight decay of zero makes NaN of an infinite weight, as in NumPy.
    """
    kinds = {n: _Kind(n, exact) for n in graph.nodes if n.op is not None and n.inputs}
    count = Counter(kinds.values())

    def run(node: Node, inputs: Sequence[Any], params: Mapping[str, Any]) -> tuple:
        kind = kinds.get(node)
        if kind is None:
            return compute(node, xp, inputs, params)
        if count[kind] < MANY:
            return compute(node, xp, inputs, kind.params)
        try:
            outputs, new, checks = _run(kind, xp.checked, *inputs)
        except Exception as error:
            note_node(error, node)
            raise
        xp.checks += checks
        return outputs, new

    return run
