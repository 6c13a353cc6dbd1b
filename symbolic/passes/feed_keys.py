"""A variable for each node that uses random numbers: its key, of which an executor draws one for each run."""

from itertools import count

from ndarray.errors import BindError, shown
from ndarray.params import Fed
from symbolic.autodiff.backward_op import Backward
from symbolic.graph.graph import Graph
from symbolic.graph.node import Entry, Node


def feed_keys(graph: Graph) -> tuple[Graph, tuple[Node, ...]]:
    """Feed a new variable to each node that draws random numbers; its gradient reads the same one.

    Parameters
    ----------
    graph : Graph
        In the mode in which it is to run.

    Returns
    -------
    graph : Graph
        This very graph where no node draws.
    keys : tuple of Node
        The new variables, which no user's variable has the name of.

    Raises
    ------
    BindError
        If a gradient does not read the output of the node whose key it needs.

    Examples
    --------
    >>> import symbolic as sym
    >>> graph, keys = feed_keys(sym.Dropout(sym.var("x"), mode="always", name="drop").graph)
    >>> print(graph)
    %drop = Dropout(%x, %drop@key0, key=%1, mode=always)
    return %drop
    """
    if not any(n.op is not None and n.op.random is not None for n in graph.nodes):
        return graph, ()
    taken = {n.name for n in graph.variables}
    keys: list[Node] = []
    numbers, of = count(), dict[Node, Entry]()

    def rule(node: Node) -> tuple[Entry, ...]:
        if node.op is None:
            return node.outputs
        params = node.complete_params
        if not node.op.draws(params):
            return node.outputs
        if isinstance(node.op, Backward):
            entry = of.get(node.inputs[len(params[node.op.heads])].node)
            if entry is None:
                raise BindError(f"{shown(node.name)} ({node.op.name}) must read the output of the node that it "
                                "differentiates, which decides the random numbers")
        else:
            name = next(name for k in numbers if (name := f"{node.name}@key{k}") not in taken)
            entry = Entry(Node(None, name))
            keys.append(entry.node)
        fed = dict(node.params) | {node.op.key: Fed(len(node.inputs))}
        new = node.replace(inputs=(*node.inputs, entry), params=tuple(sorted(fed.items())))
        of[new] = entry
        return new.outputs

    return graph.rewrite(rule), tuple(keys)
