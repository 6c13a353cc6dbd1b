"""A graph and its gradient as two graphs: the forward graph outputs also the residuals that the backward one reads."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ndarray.tensortype import TensorType
from symbolic.autodiff.backward_op import Backward, flat_inputs, needs_no_head
from symbolic.autodiff.decompose import decompose
from symbolic.autodiff.gradient import carried_back
from symbolic.autodiff.reverse import routes
from symbolic.graph.graph import Graph
from symbolic.graph.infer import infer
from symbolic.graph.node import Entry, Node


@dataclass(frozen=True)
class Partition:
    """The two halves.

    Attributes
    ----------
    forward : Graph
        The graph, with the residuals as further outputs.
    backward : Graph
        One output for each gradient; its variables are those of the graph, and `heads` and `residuals`.
    whole : Graph
        The gradients from the graph's variables and `heads` alone, without residuals.
    heads : dict of int to Node
        The variable through which the head of an output arrives.
    residuals : dict of Entry to Node
        The variable of the backward graph for an entry of the forward graph.
    known : dict of str to TensorType
        Of the variables of all three.
    """

    forward: Graph
    backward: Graph
    whole: Graph
    heads: dict[int, Node]
    residuals: dict[Entry, Node]
    known: dict[str, TensorType]


def split(graph: Graph, known: Mapping[str, TensorType], wrt: Sequence[Entry], given: Collection[int],
          changing: Collection[Node]) -> Partition:
    """Return the `Partition` of a graph.

    Parameters
    ----------
    graph : Graph
    known : dict of str to TensorType
        Of all variables.
    wrt : sequence of Entry
        Whose gradients are asked for.
    given : frozenset of int
        The outputs at which heads arrive.
    changing : set of Node
        Variables whose arrays the forward half may change: their values from before are left behind, too.
    """
    # No variable of a user has such a name.
    variables = {i: Node(None, f"{graph.outputs[i].node.name}@head{i}") for i in given}
    arriving = {}
    for i, entry in enumerate(graph.outputs):
        if i in given:
            arriving.setdefault(entry, []).append(Entry(variables[i]))
        elif needs_no_head(entry):
            arriving.setdefault(entry, [])
    plain = infer(graph, known)
    known = {**known} | {v.name: plain[graph.outputs[i]] for i, v in variables.items()}
    composed = Graph(carried_back(graph, arriving, wrt))
    parts = decompose(composed, infer(composed, known), _is_opened)
    ours = set(graph.nodes)
    read = [*(e for n in parts.nodes if n not in ours for e in n.inputs), *parts.outputs]
    left = dict.fromkeys(e for e in read if (e.node in ours if e.node.op is not None else e.node in changing))
    residuals = {e: Node(None, f"{e.node.name}@kept{k}") for k, e in enumerate(left)}
    known |= {v.name: plain[e] for e, v in residuals.items()}
    forward = Graph([*graph.outputs, *residuals])
    return Partition(forward, _cut(parts, ours, residuals), parts, variables, residuals, known)


def _is_opened(node: Node) -> bool:
    """Tell whether a node of a gradient is opened: then only what it really reads is left behind."""
    return isinstance(node.op, Backward) and not node.op.of.whole


def _cut(graph: Graph, ours: Collection[Node], residuals: Mapping[Entry, Node]) -> Graph:
    """Return the graph without the nodes `ours`: variables stand for what they gave."""
    env = {e: Entry(v) for e, v in residuals.items()}
    for node in graph.nodes:
        if node in ours:
            continue
        inputs = tuple([env.get(e, e) for e in node.inputs])
        new = node if inputs == node.inputs else node.replace(inputs=inputs)
        env.update(zip(node.outputs, new.outputs))
    return Graph([env.get(e, e) for e in graph.outputs])


def needing_heads(graph: Graph, wrt: Sequence[Entry]) -> frozenset[int]:
    """Return the numbers of the outputs whose gradient with respect to `wrt` does not follow without a head."""
    ways = routes(graph, wrt, flat_inputs)
    moving = {e for n in ways for e in n.outputs} | set(wrt)
    return frozenset(i for i, e in enumerate(graph.outputs) if e in moving and not needs_no_head(e))


def reached(graph: Graph, wrt: Sequence[Entry]) -> list[Entry]:
    """Return those of the entries `wrt` from which an output can be reached along gradients."""
    ways = routes(graph, wrt, flat_inputs)
    useful, found = {e.node for e in graph.outputs}, set(graph.outputs)
    for node in reversed(graph.nodes):
        if node in useful and node in ways:
            for at in ways[node]:
                useful.add(node.inputs[at].node)
                found.add(node.inputs[at])
    return [e for e in wrt if e in found]
