"""Merging the parts of a graph that repeat, so that a picture of many tensors is as large as one of one tensor."""

import re

_ABOUT_ONE = frozenset(("__shape__", "__dtype__", "__lr_mult__", "__wd_mult__", "__init__", "__storage_type__",
                        "__updates__"))
"""Attributes that say something of one tensor and nothing of its part in the graph."""


def repeats(places, kinds, outputs, cut):
    """Return the places whose nodes stand for each other, as lists: every place is in one.

    Two nodes do when they have the same kind, operator, parameters and attributes, when their inputs do in the same
    order, and when the same is made of them: the classes of a colouring refined once along the arrows and once
    against them.  Classes never form a cycle, for equal nodes have equal ancestors and so equal depth.

    Parameters
    ----------
    places : list of Place
    kinds : dict of Node to str
        What each node is for the picture (`symbolic.show.kinds.kinds_of`).
    outputs : sequence of Entry
        Of the graph.
    cut : bool
        Whether what lies in another region makes no difference: updates of all weights are alike, whatever layers their
        gradients come from.  Only where no region feeds itself by way of another, or classes could form a cycle.

    Returns
    -------
    list of list of Place
        In the order of the first place of each.
    """
    numbers = {}

    def number(what):
        return numbers.setdefault(what, len(numbers))

    readers, roles = {place: [] for place in places}, {}
    for place in places:
        for source, name in zip(place.inputs, slots(place.node)):
            readers[source].append((place, name))
            if source.node.op is None:
                roles.setdefault(source.node, set()).add(name)
    down = {}
    for place in places:
        node = place.node
        if node.op is None:
            # What it is in other regions counts: weights and biases are updated alike, and are not the same.
            about = (_attrs(node), *sorted(roles.get(node, ())))
        else:
            about = (node.op, node.params, _attrs(node), *[
                source.region if cut and source.region != place.region else (down[source], _side(entry))
                for source, entry in zip(place.inputs, node.inputs)])
        down[place] = number((place.region, kinds[node], *about))
    heads = {e.node for e in outputs}
    both = {}
    for place in reversed(places):
        near = [(both[reader], name) for reader, name in readers[place] if not cut or reader.region == place.region]
        # What other regions do with a value makes a difference by whether they do, not by how often.
        far = {(reader.region, name) for reader, name in readers[place] if cut and reader.region != place.region}
        both[place] = number((down[place], place.node in heads, *sorted(near), *sorted(far)))
    classes = {}
    for place in places:
        classes.setdefault(both[place], []).append(place)
    return list(classes.values())


def _attrs(node):
    """The attributes that make a difference; a variable's own have underscores, others are its reader's parameters."""
    return tuple([a for a in node.attrs if a[0] not in _ABOUT_ONE and (node.op is not None or a[0].startswith("__"))])


def _side(entry):
    """Which output is read; all tensors of an operator on many are alike."""
    op = entry.node.op
    return -1 if op is not None and op.many else entry.index


def slots(node):
    """Return the names of a node's inputs without the numbers of their tensors."""
    op = node.op
    if op is None or not op.many:
        return () if op is None else node.input_names
    each = node.complete_params[op.count]
    return (*op.many * each, *node.input_names[len(op.many) * each:])


def common_name(names):
    """Return one name for several: what differs between them becomes ``*``.

    Examples
    --------
    >>> common_name(["layer0_r1", "layer1_r1"]), common_name(["hidden_bias", "out_bias"]), common_name(["a", "b", "c"])
    ('layer*_r1', '*_bias', 'a, b, …')
    """
    if len(names) == 1:
        return names[0]
    texts = {re.sub(r"\d+", "*", name) for name in names}
    if len(texts) == 1:
        # Numbers that are the same in all names stay.
        columns = zip(*(re.findall(r"\d+", name) for name in names))
        shown = iter([found[0] if len(set(found)) == 1 else "*" for found in columns])
        return re.sub(r"\d+", lambda match: next(shown), names[0])
    words = [re.split("(?<=_)|(?=_)", name) for name in names]
    start, end = _common(words), _common([w[::-1] for w in words])[::-1]
    if (start or end) and len(start) + len(end) <= min(map(len, words)):
        return "".join([*start, "*", *end])
    return ", ".join(names[:2]) + (", …" if len(names) > 2 else "")


def _common(words):
    """Return the words that all begin with, unless these are nothing but underscores."""
    found = []
    for column in zip(*words):
        if len(set(column)) > 1:
            break
        found.append(column[0])
    return found if "".join(found).strip("_") else []
