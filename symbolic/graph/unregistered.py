"""Operators that the registry does not have: their nodes are kept, and what needs their meaning is refused."""

from __future__ import annotations

from typing import Any, NoReturn

from ndarray.errors import OperatorError, shown
from ndarray.operator import Input, Operator
from ndarray.params import Param
from symbolic.graph.graph import Graph
from symbolic.graph.node import Node


class UnregisteredOperator(Operator):
    """An operator known only from a file: its name, attributes, numbers of inputs and outputs."""


def unregistered(name: str, inputs: int, outputs: int, params: tuple[str, ...], written: tuple[int, ...] = (),
                 stored_outputs: int | None = None) -> UnregisteredOperator:
    """Return an operator with the numbers of inputs and outputs in a file, and parameters that are text.

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

    def compute(xp: Any, *arrays: Any, **attributes: Any) -> NoReturn:
        """Nothing is known of this operator but what is in its file."""
        raise OperatorError(_reason(name))

    def infer(arrays: list[Any], results: list[Any], attributes: Any) -> Any:
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
    nodes = unregistered_nodes(graph)
    if not nodes:
        return
    more = f" and {len(nodes) - 20} more" if len(nodes) > 20 else ""
    lines = [f"  {shown(n.name)}, operator {shown(n.op.name)}" + (f", made at {n.location}" if n.location else "")
             for n in nodes[:20]]
    raise OperatorError(f"{action}: the graph has operators that are not registered; it can be shown, compared and "
                        "saved\n" + "\n".join(lines) + more)


def _reason(name: str) -> str:
    return f"no operator named {shown(name)} is registered; the graph can be shown, compared and saved"
