"""What a graph is made of: each composite in place of the primitives that its body says."""


from symbolic.autodiff.trace import Trace
from symbolic.autodiff.tracer import Traced
from symbolic.graph.graph import Graph
from symbolic.graph.node import Entry
from symbolic.graph.walk import compute


def is_composite(node):
    """Tell whether a node's body says anything that the node itself does not."""
    return bool(not node.op.primitive or node.op.writes or node.op.fed(node.complete_params))


def decompose(graph, types, expand=is_composite):
    """Return the graph with primitives in place of composites.

    Fed parameters become inputs like all others, and states are returned rather than written.

    Parameters
    ----------
    graph : Graph
    types : dict of Entry to TensorType
        Complete, as `symbolic.graph.infer.infer` gives them.
    expand : callable, optional
        ``expand(node)`` says which nodes to open; all composites by default.

    Returns
    -------
    Graph
        Its outputs are those of `graph`, then the new value of each variable that an opened node writes, in the
        order of ``graph.written``.

    Examples
    --------
    >>> import numpy as np, symbolic as sym
    >>> from symbolic.graph.infer import infer
    >>> from ndarray.tensortype import TensorType
    >>> step = sym.signsgd_update(sym.var("w"), sym.var("g"), lr=0.5, name="step")
    >>> types = infer(step.graph, {"w": TensorType((3,), np.dtype("float32"))})
    >>> print(decompose(step.graph, types))
    %step_mul_scalar = _mul_scalar(%w, scalar=1.0)
    %step_sign = sign(%g)
    %step_mul_scalar1 = _mul_scalar(%step_sign, scalar=0.5)
    %step_elemwise_sub = elemwise_sub(%step_mul_scalar, %step_mul_scalar1)
    return %step_elemwise_sub
    """
    trace = Trace()
    env, written = {}, {}
    for node in graph.nodes:
        if node.op is None:
            env[Entry(node)] = Entry(node)
            continue
        inputs = [env[e] for e in node.inputs]
        if not expand(node):
            same = all(a is b or a == b for a, b in zip(inputs, node.inputs))
            new = node if same else node.replace(inputs=tuple(inputs))
            env.update(zip(node.outputs, new.outputs))
            continue
        params = node.complete_params
        positions = node.op.written(params)
        for at in positions:
            inputs[at] = written.get(node.inputs[at].node, inputs[at])
        values = [Traced(trace, e, types[old]) for e, old in zip(inputs, node.inputs)]
        outputs, states = compute(node, trace.within(node), values, params)
        for entry, value in zip(node.outputs, outputs):
            env[entry] = trace.traced(value, types[entry].dtype).entry
        for at, value in zip(positions, states):
            source = node.inputs[at]
            if source.node.op is None:
                written[source.node] = trace.traced(value, types[source].dtype).entry
    return Graph([*(env[e] for e in graph.outputs), *(written[n] for n in graph.written if n in written)])
