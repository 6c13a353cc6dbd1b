"""The one walk over a graph: what running a node means is the caller's choice."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ndarray.params import fill_fed
from ndarray.text import cut
from symbolic.graph.graph import Graph
from symbolic.graph.node import Entry, Node


def walk(graph: Graph, values: Mapping[Node, Any], run: Callable[..., tuple[Sequence, Sequence]],
         visit: Callable[[Node, list, Sequence], object] | None = None) -> tuple[tuple, dict[Node, Any]]:
    """Run every node of a graph once, inputs before users.

    Parameters
    ----------
    graph : Graph
    values : dict of Node to object
        Of each variable.
    run : callable
        ``run(node, inputs, params)`` returns the node's outputs, and the new values of the inputs that it writes in
        the order of ``node.op.written(params)``, or nothing where they are not to be replaced.
    visit : callable, optional
        ``visit(node, inputs, outputs)`` is called after each node.

    Returns
    -------
    outputs : tuple of object
    written : dict of Node to object
        New values of the variables that some node writes.  A variable that several nodes write goes through them
        in the order of ``graph.nodes``; nodes that only read it see the value that it had before.
    """
    env = {Entry(n): values[n] for n in graph.variables}
    written, last_uses = {}, graph.last_uses
    for node in graph.nodes:
        if node.op is None:
            continue
        params = node.complete_params
        positions = node.op.written(params)
        inputs = [env[e] for e in node.inputs]
        for at in positions:
            inputs[at] = written.get(node.inputs[at].node, inputs[at])
        outputs, new = run(node, inputs, params)
        env.update(zip(node.outputs, outputs, strict=True))
        if new:
            for at, value in zip(positions, new, strict=True):
                if node.inputs[at].node.op is None:
                    written[node.inputs[at].node] = value
        if visit:
            visit(node, inputs, outputs)
        for entry in last_uses.get(node, ()):
            del env[entry]
        del inputs, outputs, new
    return tuple([env[e] for e in graph.outputs]), written


def evaluate(graph: Graph, values: Mapping[Node, Any], xp: Any,
             visit: Callable[[Node, Any, Any], object] | None = None) -> tuple[tuple[Any, ...], dict[Node, Any]]:
    """Compute the outputs of a graph with the arrays and functions of `xp`; see `walk`.

    Parameters
    ----------
    graph : Graph
    values : dict of Node to array
        Of each variable.
    xp : array namespace
        `ndarray.vocabulary` to compute, ``jax.numpy`` to trace for XLA, a tracer to build nodes.
    visit : callable, optional

    Returns
    -------
    outputs : tuple of array
    written : dict of Node to array
    """
    return walk(graph, values, lambda node, inputs, params: compute(node, xp, inputs, params), visit)


def compute(node: Node, xp: Any, inputs: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """Run one node's operator on its inputs, those that feed parameters included."""
    arrays, params = feed(node, inputs, params)
    try:
        return node.op.run(xp, arrays, params)
    except Exception as error:
        note_node(error, node)
        raise


LONGEST_NOTE = 1000
"""Characters of a node in a note: it may have thousands of inputs."""


def note_node(error: Exception, node: Node) -> None:
    """Add to an error in which node it came up."""
    error.add_note(cut(f"in {node}", LONGEST_NOTE) + (f", made at {node.location}" if node.location else ""))


def feed(node: Node, inputs: Sequence[Any], params: Mapping[str, Any]) -> tuple[Sequence[Any], Mapping[str, Any]]:
    """Return the arrays of a node's inputs, and its parameters with the values that feed them."""
    fed = len(node.op.fed(params))
    if not fed:
        return inputs, params
    return inputs[:-fed], {name: fill_fed(value, inputs) for name, value in params.items()}
