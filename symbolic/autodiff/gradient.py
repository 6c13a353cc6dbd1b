"""Gradients as graphs: reverse mode over the nodes of a graph, before shapes are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ndarray import registry
from ndarray.errors import NotDifferentiableError, OperatorError, UnknownNameError, shown, unknown
from ndarray.params import shift_fed
from symbolic.autodiff.backward_op import as_numbers, check_differentiable, flat_inputs, needs_no_head
from symbolic.autodiff.reverse import pull_back
from symbolic.graph.attributes import AttrScope
from symbolic.graph.graph import Graph
from symbolic.graph.node import Entry, Node
from symbolic.graph.unregistered import UnregisteredOperator, refuse_unregistered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_OWN = ("__lr_mult__", "__wd_mult__", "__shape__", "__dtype__", "__init__", "__storage_type__")


def gradient(graph: Graph, wrt: Sequence[Entry], heads: Sequence[Entry | None] | None = None) -> Graph:
    """Return the gradient of a graph's outputs, summed, with respect to some of its entries.

    Parameters
    ----------
    graph : Graph
    wrt : sequence of Entry
    heads : sequence of (Entry or None), optional
        What arrives at each output, of its shape; ones when left out, and where one is None.

    Returns
    -------
    Graph
        One output for each of `wrt`, of its type.  The node that carries back through a node ``fc1`` is named
        ``fc1_grad``; its outputs are named after the inputs of ``fc1``.  What several users send back is summed in
        a node called ``fc1_head``, or ``w_grad`` for a variable ``w``.

    Raises
    ------
    NotDifferentiableError
        Naming a node without gradient, and the way to it.
    """
    arrived = {}
    for i, entry in enumerate(graph.outputs):
        head = heads[i] if heads is not None and heads[i] is not None else None
        if head is None and not needs_no_head(entry):
            head = _node("ones_like", f"{entry.node.name}_head", (entry,), entry.node)
        arrived.setdefault(entry, []).extend([head] if head is not None else [])
    return Graph(carried_back(graph, arrived, wrt))


def carried_back(graph: Graph, heads: Mapping[Entry, list[Entry]], wrt: Sequence[Entry]) -> list[Entry]:
    """Return the gradient at each of `wrt`, as entries, for given heads; see `gradient`.

    Parameters
    ----------
    graph : Graph
    heads : dict of Entry to list of Entry
        What arrives at outputs; an empty list starts a loss, which needs none.
    wrt : sequence of Entry
    """
    def through(node: Node, arrived: Any, positions: Any) -> Any:
        if isinstance(node.op, UnregisteredOperator):
            refuse_unregistered(graph, "gradient")
        try:
            check_differentiable(node)
        except NotDifferentiableError as error:
            raise NotDifferentiableError(f"{error}; the way to it: {' ← '.join(_way(graph, node))}"
                                         + (f"\n  made at {node.location}" if node.location else "")) from None
        return _backward_node(node, arrived, positions).outputs

    found = pull_back(graph, heads, wrt, flat_inputs, through, _sum)
    return [found[e] if e in found else _node("zeros_like", f"{e.node.name}_grad", (e,), e.node) for e in wrt]


def entries_of(graph: Graph, wrt: Sequence[Any]) -> list[Entry]:
    """Return the entries that names of variables, or entries themselves, stand for.

    Raises
    ------
    UnknownNameError, OperatorError
    """
    by_name = {n.name: n for n in graph.variables}
    found = []
    for what in wrt:
        if isinstance(what, Entry):
            found.append(what)
        elif not isinstance(what, str):
            raise OperatorError(f"gradient: wrt takes names of variables and symbols, got {shown(what)}")
        elif what not in by_name:
            raise UnknownNameError(f"gradient: {unknown('variable', what, by_name)}")
        else:
            found.append(Entry(by_name[what]))
    return found


def _sum(entry: Entry, values: Sequence[Entry]) -> Entry:
    node = entry.node
    name = f"{node.name}_grad" if node.op is None else f"{node.name}_head" + (
        str(entry.index) if node.num_outputs > 1 else "")
    return _node("add_n", name, values, node, (("num_args", len(values)),))


def _node(op_name: str, name: str, inputs: Sequence[Entry], like: Node, params: Any = ()) -> Entry:
    return Node(registry.get(op_name), name, tuple(inputs), params, _attrs(like), like.where).outputs[0]


def _attrs(node: Node) -> Any:
    """Return the attributes of a node that carries back through another one: what is the other's own is left out."""
    own = {k: v for k, v in node.attrs if k not in _OWN}
    return tuple(sorted((own | AttrScope.current.get()).items()))


def _backward_node(node: Node, arrived: Any, positions: Any) -> Any:
    """Return the node that carries `arrived` back through `node` to the inputs at `positions`."""
    op: Any = registry.get(f"_backward_{node.op.name}")
    arrived = {i: h for i, h in arrived.items() if h is not None}
    by = len(arrived) + node.num_outputs
    params = {name: shift_fed(as_numbers(value), by) for name, value in node.params}
    params |= {op.heads: tuple(arrived), op.wrt: positions}
    return Node(op, f"{node.name}_grad", (*arrived.values(), *node.outputs, *node.inputs),
                tuple(sorted(params.items())), _attrs(node), node.where)


def _way(graph: Graph, node: Node) -> list[str]:
    """Return names of nodes from an output of the graph to `node`."""
    came: dict[Node, Any] = {e.node: None for e in graph.outputs}
    queue = list(came)
    for at in queue:
        if at is node:
            break
        for entry in at.inputs:
            if entry.node not in came:
                came[entry.node] = at
                queue.append(entry.node)
    way = [node]
    while came.get(way[-1]) is not None:
        way.append(came[way[-1]])
    return [n.name for n in reversed(way)]
