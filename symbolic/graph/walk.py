"""The one walk that gives a graph its meaning, in whatever namespace it is asked."""

from ndarray.params import Fed
from symbolic.graph.node import Entry


def evaluate(graph, values, xp, visit=None):
    """Compute the outputs of `graph` with the arrays and functions of `xp`.

    Parameters
    ----------
    graph : Graph
    values : sequence of array
        One for each of ``graph.variables``, in that order.
    xp : array namespace
        `ndarray.vocabulary` to compute, ``jax.numpy`` to trace for XLA, a tracer to build nodes.
    visit : callable, optional
        ``visit(node, inputs, outputs)`` is called after each node.

    Returns
    -------
    outputs : tuple of array
    written : dict of Node to array
        New values of the variables that some node writes.  A variable that several nodes write goes through them
        in the order of ``graph.nodes``; nodes that only read it see the value it had before.
    """
    env = {Entry(n): v for n, v in zip(graph.variables, values, strict=True)}
    written, last_uses = {}, graph.last_uses
    for node in graph.nodes:
        if node.op is None:
            continue
        params = node.complete_params
        positions = node.op.written(params)
        inputs = [env[e] for e in node.inputs]
        for at in positions:
            inputs[at] = written.get(node.inputs[at].node, inputs[at])
        outputs, new = compute(node, xp, inputs, params)
        env.update(zip(node.outputs, outputs, strict=True))
        for at, value in zip(positions, new, strict=True):
            if node.inputs[at].node.op is None:
                written[node.inputs[at].node] = value
        if visit:
            visit(node, inputs, outputs)
        for entry in last_uses.get(node, ()):
            del env[entry]
        del inputs, outputs, new
    return tuple(env[e] for e in graph.outputs), written


def compute(node, xp, inputs, params):
    """Run one node's operator on its inputs, those that feed parameters included."""
    arrays, params = feed(node, inputs, params)
    try:
        return node.op.run(xp, arrays, params)
    except Exception as error:
        error.add_note(f"in {node}" + (f", made at {node.place}" if node.place else ""))
        raise


def feed(node, inputs, params):
    """Return the arrays of a node's inputs and its parameters with the fed values in their places."""
    fed = len(node.op.fed(params))
    if not fed:
        return inputs, params
    return inputs[:-fed], {name: _fill(value, inputs) for name, value in params.items()}


def _fill(value, inputs):
    if isinstance(value, Fed):
        return inputs[value.index]
    if isinstance(value, tuple) and any(isinstance(v, Fed) for v in value):
        return tuple([_fill(v, inputs) for v in value])
    return value
