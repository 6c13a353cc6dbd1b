"""What differs between two graphs: nodes added, removed and renamed, hyper-parameters changed, inputs rewired.

Nodes are matched by name where their content is equal, then by the hashes of their neighbourhoods, then by name alone.
"""

import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ndarray.collector import without_collection
from ndarray.errors import OperatorError, shown
from ndarray.params import text_of
from ndarray.text import printable
from symbolic.graph.graph import Graph, HasGraph
from symbolic.graph.node import Entry, Node
from symbolic.show.size import check_size

if TYPE_CHECKING:
    import networkx

    from symbolic.show.plot import Plot

LARGEST = 3000
"""More unmatched nodes than this, four times as many edges at them, or ten times as many nodes in all, are matched by
name alone: hashes would take too long."""

_ITERATIONS = 6
"""How far a neighbourhood reaches: half as many nodes, for edges count as well."""

_LISTED = 8
"""How many names a line lists."""


class Edit(NamedTuple):
    """One difference.

    Attributes
    ----------
    kind : str
        ``"added"``, ``"removed"``, ``"renamed"``, ``"operator"``, ``"parameter"``, ``"attribute"``, ``"input"`` or
        ``"outputs"``.
    name : str
        The node's, in the second graph unless it was removed; empty for the outputs of the graph.
    subject : str
        What changed: an operator, or the name of a parameter, an attribute or an input.
    old, new : str
        As text; empty where there is none.
    """

    kind: str
    name: str
    subject: str = ""
    old: str = ""
    new: str = ""

    @property
    def detail(self) -> str:
        """What changed at a node, from what to what."""
        subject, old, new = map(printable, self[2:])
        if self.kind == "renamed":
            return f"{old} → {new}"
        label = {"operator": "operator", "input": f"input {subject}", "outputs": "outputs:"}.get(self.kind, subject)
        return f"{label} {old or 'none'} → {new or 'none'}"


@dataclass(frozen=True)
class Diff:
    """The edits that make one graph of another; true if there are any.

    Attributes
    ----------
    a, b : Graph
    edits : tuple of Edit
    pairs : dict of Node to Node
        The nodes of `a` with their counterparts in `b`.

    Examples
    --------
    >>> import symbolic as sym
    >>> a = sym.Activation(sym.FullyConnected(sym.var("x"), num_hidden=3, name="fc"), act_type="relu", name="act")
    >>> b = sym.Activation(sym.FullyConnected(sym.var("x"), num_hidden=4, name="fc"), act_type="relu", name="relu")
    >>> print(sym.diff(a, b))
    ~ fc: num_hidden 3 → 4
    ~ act → relu
    """

    a: Graph
    b: Graph
    edits: tuple[Edit, ...]
    pairs: dict[Node, Node]

    def __bool__(self) -> bool:
        return bool(self.edits)

    def __len__(self) -> int:
        return len(self.edits)

    def __str__(self) -> str:
        return "\n".join(_lines(self.edits))

    def __repr__(self) -> str:
        counts = Counter(edit.kind for edit in self.edits)
        return f"<Diff: {', '.join(f'{n} {kind}' for kind, n in counts.items()) or 'equal'}>"

    def plot(self, title: str = "diff", theme: Any = "auto") -> "Plot":
        """Return a picture of both graphs: what was added, removed or changed is coloured.

        Examples
        --------
        >>> import symbolic as sym
        >>> sym.diff(sym.exp(sym.var("x"), name="e"), sym.exp(sym.var("y"), name="e")).plot()
        <Plot of diff: 2 nodes, 1 edge>
        """
        from symbolic.show.changes import changes  # which only pictures need
        from symbolic.show.plot import Plot

        return Plot(changes(self, title), theme=theme)


@without_collection()
def diff(a: HasGraph, b: HasGraph) -> Diff:
    """Return what differs between two Symbols.

    A parameter that is left out equals its default; the order in which nodes are stored makes no difference.

    Parameters
    ----------
    a, b : Symbol

    Returns
    -------
    Diff
        False if the two are equal; as text, a line for each edit, edits of one kind together.

    Raises
    ------
    LimitError
        If one has more nodes than ``symbolic.show.size.MOST_NODES``, or three times as many edges.
    OperatorError
        If one is not a Symbol.

    Examples
    --------
    >>> import symbolic as sym
    >>> x = sym.var("x")
    >>> net = sym.exp(sym.tanh(x, name="t"), name="e")
    >>> bool(sym.diff(net, net)), sym.diff(net, sym.exp(x, name="e")).edits[0].kind
    (False, 'removed')
    """
    graphs: list[Any] = [getattr(each, "graph", None) for each in (a, b)]
    for given, graph in zip((a, b), graphs):
        if graph is None:
            raise OperatorError(f"diff takes two Symbols, got {shown(given)}")
    for graph in graphs:
        check_size(graph, "a comparison")
    first, second = graphs
    pairs = _matched(first, second)
    return Diff(first, second, tuple(_edits(first, second, pairs)), pairs)


# Which node is which


def _matched(a: Graph, b: Graph) -> dict[Node, Node]:
    """Return the nodes of `a` with their counterparts in `b`."""
    from symbolic.show.digraph import unique_names

    names, readers, pairs = (unique_names(a), unique_names(b)), (_readers(a), _readers(b)), {}
    _pair(a, b, pairs, lambda n, side: (names[side][n], _operator(n), _params(n), readers[side].get(n),
                                        tuple([e[0].name for e in n.inputs])))
    _pair_by_neighbours(a, b, pairs)
    _pair(a, b, pairs, lambda n, side: (names[side][n], _operator(n)))
    _pair(a, b, pairs, lambda n, side: names[side][n])
    return pairs


def _operator(node: Node) -> str:
    return node.op.name if node.op is not None else ""


def _params(node: Node) -> tuple[tuple[str, str], ...]:
    """Return the parameters that do not mean their defaults, as text."""
    if not node.params:
        return ()
    return tuple([(k, text_of(v)) for k, v in node.params if not node.op.params[k].is_default(v)])


def _readers(graph: Graph) -> dict[Node, Hashable]:
    """Return what reads each variable: that is all that a variable is."""
    found: dict[Node, list] = defaultdict(list)
    for node in graph.nodes:
        facts = None
        for at, entry in enumerate(node.inputs):
            if entry.node.op is None:
                facts = facts or (node.name, node.op.name, _params(node))
                found[entry.node].append((at, facts))
    return {node: tuple(facts) for node, facts in found.items()}


def _pair(a: Graph, b: Graph, pairs: dict[Node, Node], key: Callable[[Node, int], Hashable]) -> None:
    """Pair unmatched nodes with equal keys, as often in one graph as in the other, in the order of the graphs."""
    used = set(pairs.values())
    found: tuple[dict, dict] = defaultdict(list), defaultdict(list)
    for side, nodes in enumerate(([n for n in a.nodes if n not in pairs], [n for n in b.nodes if n not in used])):
        for node in nodes:
            found[side][key(node, side)].append(node)
    for k, nodes in found[0].items():
        if len(nodes) == len(found[1].get(k, ())):
            pairs.update(zip(nodes, found[1][k]))


def _pair_by_neighbours(a: Graph, b: Graph, pairs: dict[Node, Node]) -> None:
    """Pair unmatched nodes whose neighbourhoods have equal hashes, the widest first; then without their parameters."""
    if max(len(a.nodes), len(b.nodes)) > 10 * LARGEST:
        return
    wholes: dict[Graph, networkx.MultiDiGraph] = {}
    for with_params in (True, False):
        known = {n: i for i, n in enumerate(pairs)}, {n: i for i, n in enumerate(pairs.values())}
        open_ = len(a.nodes) - len(pairs), len(b.nodes) - len(pairs)
        if not all(open_) or max(open_) > LARGEST or max(map(_open_edges, (a, b), known)) > 4 * LARGEST:
            return
        hashes = [_hashes(graph, wholes, known[side], with_params) for side, graph in enumerate((a, b))]
        for depth in reversed(range(_ITERATIONS)):
            _pair(a, b, pairs, lambda node, side, depth=depth, hashes=hashes: hashes[side][node][depth])  # type: ignore[misc]


def _open_edges(graph: Graph, known: Mapping[Node, int]) -> int:
    """Return how many edges are at unmatched nodes."""
    return sum(node not in known or entry.node not in known for node in graph.nodes for entry in node.inputs)


def _hashes(graph: Graph, wholes: "dict[Graph, networkx.MultiDiGraph]", known: Mapping[Node, int], with_params: bool
            ) -> dict[Node, list[str]]:
    """Return the hashes of the growing neighbourhoods of each unmatched node; a matched one is known by its number.

    The graph as networkx's is made once, and kept in `wholes`.
    """
    import networkx

    from symbolic.show.digraph import to_networkx, unique_names

    keys = unique_names(graph)
    whole = wholes[graph] if graph in wholes else wholes.setdefault(graph, to_networkx(graph))
    open_ = {keys[n]: n for n in graph.nodes if n not in known}
    numbers = {keys[n]: i for n, i in known.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # hashes are compared within one process, not between versions of networkx
        found = networkx.weisfeiler_lehman_subgraph_hashes(
            _neighbourhoods(whole, open_, numbers, with_params), edge_attr="label", node_attr="label",
            iterations=_ITERATIONS)
    return {node: found[key] for key, node in open_.items()}


def _neighbourhoods(whole: "networkx.MultiDiGraph", open_: Iterable[str], numbers: Mapping[str, int], with_params: bool
                    ) -> "networkx.Graph":
    """Return unmatched nodes and what is around them as an undirected graph: each edge is a node between two others."""
    import networkx

    made = networkx.Graph()
    for key in open_:
        data = whole.nodes[key]
        made.add_node(key, label=f"{data['op']} {sorted(data['params'].items()) if with_params else ''} {data['head']}")
    for number, (tail, head, data) in enumerate(whole.edges(data=True)):
        if tail in numbers and head in numbers:
            continue
        for key in (tail, head):
            if key in numbers:
                made.add_node(key, label=f"= {numbers[key]}")
        made.add_node(number, label=f"{data['output']} {data['input']}")
        made.add_edge(tail, number, label="from")
        made.add_edge(number, head, label="to")
    return made


# What differs


def _edits(a: Graph, b: Graph, pairs: dict[Node, Node]) -> Iterator[Edit]:
    """Return the edits, in the order of the second graph; what was removed comes first."""
    matched = {n: m for m, n in pairs.items()}
    for node in a.nodes:
        if node not in pairs:
            yield Edit("removed", node.name, _operator(node))
    for node in b.nodes:
        if node in matched:
            yield from _changes(matched[node], node, pairs)
        else:
            yield Edit("added", node.name, _operator(node))
    if [_counterpart(e, pairs) for e in a.outputs] != list(b.outputs):
        yield Edit("outputs", "", "", _outputs(a), _outputs(b))


def _changes(old: Node, new: Node, pairs: Mapping[Node, Node]) -> Iterator[Edit]:
    if old.name != new.name:
        yield Edit("renamed", new.name, "", old.name, new.name)
    if _operator(old) != _operator(new):
        yield Edit("operator", new.name, "", _operator(old), _operator(new))
    elif old.params != new.params:
        yield from _changed("parameter", new, dict(_params(old)), dict(_params(new)))
    if old.attrs != new.attrs:
        yield from _changed("attribute", new, _attributes(old), _attributes(new))
    if old.op is new.op and old.params == new.params and [_counterpart(e, pairs) for e in old.inputs] == [*new.inputs]:
        return  # which is so of most
    slots, others = _slots(old), _slots(new)
    for slot in dict.fromkeys([*slots, *others]):
        before, after = slots.get(slot), others.get(slot)
        if (before and _counterpart(before, pairs)) != after:
            yield Edit("input", new.name, slot, _entry(before), _entry(after))


def _changed(kind: str, node: Node, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Edit]:
    for key in dict.fromkeys([*old, *new]):
        if old.get(key) != new.get(key):
            defaults = node.op.defaults if node.op is not None and kind == "parameter" else {}
            default = text_of(defaults[key]) if key in defaults else ""
            yield Edit(kind, node.name, key, old.get(key, default), new.get(key, default))


def _attributes(node: Node) -> dict[str, str]:
    """Return the attributes of a node; those of a variable that are its reader's parameters are left out."""
    return {k: v for k, v in node.attrs if node.op is not None or (k.startswith("__") and k.endswith("__"))}


def _slots(node: Node) -> dict[str, Entry]:
    return {} if node.op is None else dict(zip(node.input_names, node.inputs))


def _counterpart(entry: Entry, pairs: Mapping[Node, Node]) -> Entry | None:
    return Entry(pairs[entry.node], entry.index) if entry.node in pairs else None


def _entry(entry: Entry | None) -> str:
    return "" if entry is None else str(entry)[1:]


def _outputs(graph: Graph) -> str:
    return ", ".join(_entry(e) for e in graph.outputs)


# In words


def _lines(edits: Iterable[Edit]) -> list[str]:
    """Return a line for each edit; equal edits of several nodes share one."""
    shared: dict[tuple, list[Edit]] = {}
    for edit in edits:
        shared.setdefault(_family(edit), []).append(edit)
    return [_line(family) for family in shared.values()]


def _family(edit: Edit) -> tuple:
    """Return what is equal in edits that share a line."""
    if edit.kind == "renamed":
        return edit.kind, *_replaced(edit.old, edit.new)
    if edit.kind in ("added", "removed"):
        return edit.kind, edit.subject
    return edit if edit.kind in ("input", "outputs") else (edit.kind, *edit[2:])


def _replaced(old: str, new: str) -> tuple[str, str]:
    """Return the parts in which two names differ, from word to word."""
    words, others = (re.findall(r"[^\W\d_]+|\d+|_+|\W+", name) or [""] for name in (old, new))
    while len(words) > 1 and len(others) > 1 and words[-1] == others[-1]:
        words.pop(), others.pop()
    while len(words) > 1 and len(others) > 1 and words[0] == others[0]:
        del words[0], others[0]
    return "".join(words), "".join(others)


def _line(edits: list[Edit]) -> str:
    first, many = edits[0], len(edits) > 1
    names = ", ".join([printable(e.name) for e in edits[:_LISTED]]) + (f" and {len(edits) - _LISTED} more"
                                                                      if len(edits) > _LISTED else "")
    if first.kind in ("added", "removed"):
        sign = "+" if first.kind == "added" else "-"
        return f"{sign} {names} ({f'{len(edits)} × ' if many else ''}{printable(first.subject) or 'variable'})"
    if first.kind == "renamed" and many:
        before, after = map(printable, _replaced(first.old, first.new))
        return f"~ {before} → {after} in {len(edits)} names: {names}"
    return f"~ {first.detail}" if first.kind in ("renamed", "outputs") else f"~ {names}: {first.detail}"
