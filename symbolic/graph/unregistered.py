"""Operators that the registry does not have: their nodes are kept, shown and saved; what needs their meaning is refused."""

from typing import NoReturn

from ndarray.errors import OperatorError, shown
from ndarray.operator import Input, Operator
from ndarray.params import Param
from symbolic.graph.graph import Graph
from symbolic.graph.node import Node


class UnregisteredOperator(Operator):
    """An operator of which only what a file tells is known: its name, attributes, numbers of inputs and outputs."""


def unregistered(name: str, inputs: int, outputs: int, params: tuple[str, ...], written: tuple[int, ...] = (),
                 stored_outputs: int | None = None) -> UnregisteredOperator:
    """Return an operator with the numbers of inputs and outputs that a file tells, and parameters that are text.

    Parameters
    ----------
    name : str
    inputs, outputs : int
    params : tuple of str
        Names of the attributes that are parameters.
    written : tuple of int
        Positions of the inputs that the operator writes.
    stored_outputs : int, optional
        How many outputs the file counts, if it does.

    Examples
    --------
    >>> unregistered("_contrib_box_nms", 1, 2, ("overlap_thresh",))
    <operator _contrib_box_nms>
    """

    def compute(xp, *arrays, **attributes):
        """Nothing is known of this operator but what its file tells."""
        raise OperatorError(_reason(name))

    def infer(arrays, results, attributes):
        return arrays, results

    names = [f"arg{i}" for i in range(inputs)]
    return UnregisteredOperator(
        name, (), tuple(map(Input, names)), {p: Param(p, str) for p in params}, infer, compute, outputs,
        writes=tuple([names[at] for at in written]), pure=False, kind="unregistered", stored_outputs=stored_outputs)


def unregistered_nodes(graph: Graph) -> list[Node]:
    """Return the nodes of a graph whose operators the registry does not have."""
    return [n for n in graph.nodes if isinstance(n.op, UnregisteredOperator)]


def refuse_unregistered(graph: Graph, action: str) -> None:
    """Raise `OperatorError` where a graph has a node whose operator the registry does not have.

    Parameters
    ----------
    graph : Graph
    action : str
        What needs the operator's meaning, for the message.
    """
    for node in unregistered_nodes(graph):
        refuse(node, action)


def refuse(node: Node, action: str) -> NoReturn:
    """Raise the `OperatorError` that names a node and its unregistered operator."""
    at = f"\n  made at {node.location}" if node.location else ""
    raise OperatorError(f"{action}: {shown(node.name)} cannot be computed: {_reason(node.op.name)}{at}")


def _reason(name: str) -> str:
    return f"no operator named {shown(name)} is registered; the graph can be shown, compared and saved"
