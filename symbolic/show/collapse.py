"""Merging the parts of a graph that repeat, so that a picture of many tensors is as large as one of one tensor."""

import re


def repeats(graph, kinds):
    """Return the nodes that stand for each other, as lists: every node is in one.

    Two nodes do when they have the same kind, operator, parameters and attributes, when their inputs do in the same
    order, and when the same is made of them: the classes of a colouring refined once along the arrows and once
    against them.  Classes never form a cycle, for equal nodes have equal ancestors and so equal depth.

    Parameters
    ----------
    graph : Graph
    kinds : dict of Node to str
        What each node is for the picture (`symbolic.show.drawing.kind_of`).

    Returns
    -------
    list of list of Node
        In the order of the first node of each.
    """
    numbers = {}

    def number(what):
        return numbers.setdefault(what, len(numbers))

    down = {}
    for node in graph.nodes:
        own = (kinds[node], node.op, node.params, node.attrs) if node.op else (kinds[node], node.attrs)
        down[node] = number((*own, *[(down[e.node], _side(e)) for e in node.inputs]))
    readers = {node: [] for node in graph.nodes}
    for node in graph.nodes:
        for at, entry in enumerate(node.inputs):
            readers[entry.node].append((node, slot(node, at)))
    for i, entry in enumerate(graph.outputs):
        readers[entry.node].append((None, "head"))
    both = {None: -1}
    for node in reversed(graph.nodes):
        both[node] = number((down[node], *sorted((both[reader], name) for reader, name in readers[node])))
    classes = {}
    for node in graph.nodes:
        classes.setdefault(both[node], []).append(node)
    return list(classes.values())


def _side(entry):
    """Which output is read; all tensors of an operator on many are alike."""
    op = entry.node.op
    return -1 if op is not None and op.many else entry.index


def slot(node, at):
    """Return the name of a node's input without the number of its tensor."""
    op = node.op
    if op.many and at < len(op.many) * node.complete_params[op.count]:
        return op.many[at % len(op.many)]
    return node.input_names[at] if not op.many else str(at - len(op.many) * node.complete_params[op.count])


def common_name(names):
    """Return one name for several: numbers that differ become ``*``.

    Examples
    --------
    >>> common_name(["layer0_r1", "layer1_r1"]), common_name(["a", "b", "c"])
    ('layer*_r1', 'a, b, …')
    """
    if len(names) == 1:
        return names[0]
    texts = {re.sub(r"\d+", "*", name) for name in names}
    if len(texts) == 1:
        # Numbers that are the same in all names stay.
        columns = zip(*(re.findall(r"\d+", name) for name in names))
        shown = iter([found[0] if len(set(found)) == 1 else "*" for found in columns])
        return re.sub(r"\d+", lambda match: next(shown), names[0])
    return ", ".join(names[:2]) + (", …" if len(names) > 2 else "")
