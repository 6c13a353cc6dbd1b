"""A graph as a program: every node that the outputs need, inputs before users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ndarray.cached import cached_property
from ndarray.collector import without_collection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from symbolic.graph.node import Entry, Node


class HasGraph(Protocol):
    """What is drawn, compared and saved as its graph: a Symbol."""

    @property
    def graph(self) -> Graph:
        """The graph."""


class Graph:
    """The nodes that `outputs` need, in an order in which they can run.

    Parameters
    ----------
    outputs : iterable of Entry

    Attributes
    ----------
    outputs : tuple of Entry
    nodes : tuple of Node
        In depth-first order of first use.
    """

    def __init__(self, outputs: Iterable[Entry]) -> None:
        self.outputs = tuple(outputs)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every node that the outputs need; sorted when first asked for, so that composing costs nothing."""
        return _inputs_first(self.outputs)

    @cached_property
    def variables(self) -> tuple[Node, ...]:
        """The nodes without operator, in the order of first use."""
        return tuple(n for n in self.nodes if n.op is None)

    @cached_property
    def written(self) -> dict[Node, Node]:
        """The variables that some node writes, as a dict to the first node that does."""
        found = {}
        for node in self.nodes:
            if node.op is not None and node.op.writes:
                for at in node.op.written(node.complete_params):
                    source = node.inputs[at].node
                    if source.op is None:
                        found.setdefault(source, node)
        return found

    @cached_property
    def arguments(self) -> tuple[Node, ...]:
        """The variables that no node writes."""
        return tuple(n for n in self.variables if n not in self.written)

    @cached_property
    def auxiliary(self) -> tuple[Node, ...]:
        """The variables that some node writes: states."""
        return tuple(n for n in self.variables if n in self.written)

    @cached_property
    def last_uses(self) -> dict[Node, list[Entry]]:
        """The entries that nobody reads after a node, as a dict from the node; outputs are needed to the end."""
        needed, found = set(self.outputs), {}
        for node in reversed(self.nodes):
            last = [e for e in dict.fromkeys((*node.inputs, *node.outputs)) if e not in needed] if node.op else ()
            if last:
                found[node] = last
                needed.update(last)
        return found

    def rewrite(self, rule: Callable[[Node], Sequence[Entry]], moved: dict[Entry, Entry] | None = None) -> Graph:
        """Return the graph with the entries ``rule(node)`` in place of each node's outputs.

        Parameters
        ----------
        rule : callable
            Sees a node whose inputs are already rewritten; ``node.outputs`` leaves it as it is.
        moved : dict, optional
            Receives for each entry the one that replaces it.

        Returns
        -------
        Graph
            This very graph when no rule answered with anything new.
        """
        new = {}
        for node in self.nodes:
            inputs = tuple([new[e] for e in node.inputs])
            node_ = node if inputs == node.inputs else node.replace(inputs=inputs)
            new.update(zip(node.outputs, rule(node_), strict=True))
        if moved is not None:
            moved.update(new)
        outputs = tuple(new[e] for e in self.outputs)
        return self if outputs == self.outputs else Graph(outputs)

    def __str__(self) -> str:
        body = [str(n) for n in self.nodes if n.op is not None]
        return "\n".join([*body, "return " + ", ".join(map(str, self.outputs))])


@without_collection()
def _inputs_first(outputs: Sequence[Entry]) -> tuple[Node, ...]:
    """Order nodes by depth-first search, with a stack of our own: graphs are deeper than Python's."""
    order = {}
    stack = [(e[0], False) for e in reversed(outputs)]
    pop, push = stack.pop, stack.append
    while stack:
        node, ready = pop()
        if node in order:
            continue
        if ready or not node.inputs:
            order[node] = None
            continue
        push((node, True))
        for entry in reversed(node.inputs):
            if entry[0] not in order:
                push((entry[0], False))
    return tuple(order)
