"""Merging the parts of a graph that repeat side by side: a picture of many tensors is as large as one of one tensor."""

from collections.abc import Hashable, Sequence

from symbolic.graph.node import Entry, Node
from symbolic.show.regions import Occurrence

_ABOUT_ONE = frozenset(("__shape__", "__dtype__", "__lr_mult__", "__wd_mult__", "__init__", "__storage_type__",
                        "__updates__"))
"""Attributes that describe one tensor and not its part in the graph."""


def repeats(occurrences: Sequence[Occurrence], kinds: dict[Node, str], outputs: Sequence[Entry], cut: bool
            ) -> list[list[Occurrence]]:
    """Return the occurrences whose nodes are interchangeable, as lists: every occurrence is in one.

    Two nodes are when they have the same kind, operator, parameters and attributes, when their inputs are in the same
    order, and when the same is made of them: the classes of a colouring refined once along the arrows and once
    against them.  Classes never form a cycle, for equal nodes have equal ancestors and so equal depth.

    Parameters
    ----------
    occurrences : list of Occurrence
    kinds : dict of Node to str
        What each node is for the picture (`symbolic.show.kinds.kinds_of`).
    outputs : sequence of Entry
        Of the graph.
    cut : bool
        Whether what is in another region makes no difference: updates of all weights are alike, whatever layers their
        gradients come from.  Only where no region feeds itself by way of another, or classes could form a cycle.

    Returns
    -------
    list of list of Occurrence
        In the order of the first of each.
    """
    numbers: dict[Hashable, int] = {}

    def number(fact: Hashable) -> int:
        return numbers.setdefault(fact, len(numbers))

    readers: dict[Occurrence, list] = {each: [] for each in occurrences}
    roles: dict[Node, set[str]] = {}
    for each in occurrences:
        for source, name in zip(each.inputs, slots(each.node)):
            readers[source].append((each, name))
            if source.node.op is None:
                roles.setdefault(source.node, set()).add(name)
    down: dict[Occurrence, int] = {}
    for each in occurrences:
        node = each.node
        if node.op is None:
            # What it is in other regions counts: weights and biases are updated alike, and are not the same.
            about: tuple[Hashable, ...] = (compared_attrs(node), *sorted(roles.get(node, ())))
        else:
            about = (node.op, node.params, compared_attrs(node), *[
                source.region if cut and source.region != each.region else (down[source], _side(entry))
                for source, entry in zip(each.inputs, node.inputs)])
        down[each] = number((each.region, kinds[node], *about))
    heads = {e.node for e in outputs}
    both: dict[Occurrence, int] = {}
    for each in reversed(occurrences):
        near = [(both[reader], name) for reader, name in readers[each] if not cut or reader.region == each.region]
        # What other regions do with a value makes a difference by whether they do, not by how often.
        far = {(reader.region, name) for reader, name in readers[each] if cut and reader.region != each.region}
        both[each] = number((down[each], each.node in heads, *sorted(near), *sorted(far)))
    classes: dict[int, list[Occurrence]] = {}
    for each in occurrences:
        classes.setdefault(both[each], []).append(each)
    return list(classes.values())


def compared_attrs(node: Node) -> tuple:
    """Return the attributes that make a difference; those of a variable without underscores are its reader's."""
    return tuple([a for a in node.attrs if a[0] not in _ABOUT_ONE and (node.op is not None or a[0].startswith("__"))])


def _side(entry: Entry) -> int:
    """Return which output is read; all tensors of an operator on many are alike."""
    op = entry.node.op
    return -1 if op is not None and op.many else entry.index


def slots(node: Node) -> tuple[str, ...]:
    """Return the names of a node's inputs without the numbers of their tensors."""
    op = node.op
    if op is None or not op.many:
        return () if op is None else node.input_names
    each = node.complete_params[op.count]
    return (*op.many * each, *node.input_names[len(op.many) * each:])
