"""What memory an engine needs besides the bound arrays, and where it puts each value."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from ndarray.kernels.schedule import LoopRun, Total
from symbolic.graph.node import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ndarray.kernels.flow import Flow
    from ndarray.tensortype import TensorType
    from symbolic.graph.graph import Graph
    from symbolic.graph.node import Node


class MemoryPlan(NamedTuple):
    """The memory of a program.

    Attributes
    ----------
    temporary : int
        Bytes at the worst moment of a step.
    unshared : int
        What they would be if no two values shared memory.
    constants : int
        Bytes of what is computed once.
    where : dict of Entry to str
        ``temporary``; ``bound``, right in the array where it belongs; ``loop``, in no memory at all; ``constant``;
        ``input``, in the array of an argument.
    apart : bool
        Whether new values of states are temporary first, and then copied.
    """

    temporary: int
    unshared: int
    constants: int
    where: dict[Entry, str]
    apart: bool = False


def by_liveness(graph: Graph, types: Mapping[Entry, TensorType]) -> MemoryPlan:
    """Return the plan of a walk that frees each value after its last use.

    Views count as if they were copies.

    Parameters
    ----------
    graph : Graph
    types : dict of Entry to TensorType
        Complete.
    """
    alive = most = unshared = 0
    for node in graph.nodes:
        if node.op is None:
            continue
        made = sum(types[e].nbytes for e in node.outputs)
        made += sum(types[node.inputs[at]].nbytes for at in node.op.written(node.complete_params))
        alive, unshared = alive + made, unshared + made
        most = max(most, alive)
        alive -= sum(types[e].nbytes for e in graph.last_uses.get(node, ()) if e.node.op is not None)
    where = {e: "temporary" for n in graph.nodes if n.op is not None for e in n.outputs}
    return MemoryPlan(most, unshared, 0, where, True)


def by_schedule(graph: Graph, schedule: Any, flow: Flow, memory: Any, more: tuple[int, int],
                moved: Mapping[Entry, Entry], origins: Mapping[Node, Any]) -> MemoryPlan:
    """Return the plan of loops and calls.

    Parameters
    ----------
    graph : Graph
        As it was bound.
    schedule : Schedule
    flow : Flow
    memory : ndarray.kernels.memory.Memory
    more : tuple of (int, int)
        Bytes that stand in for arrays that no loop can walk, and bytes of constants.
    moved : dict of Entry to Entry
        For each entry of `graph` the one that was lowered in its place.
    origins : dict of Node to (tuple of int, tuple of int)
        As `symbolic.engines.lower.lower` gives them.
    """
    slots, arguments = _slots(schedule), set(graph.variables)
    where = {}
    for node in graph.nodes:
        for entry in node.outputs if node.op is not None else ():
            lowered = moved[entry]
            if lowered.node.op is None:
                where[entry] = "input" if lowered.node in arguments else "constant"
                continue
            at = origins[lowered.node][1][lowered.index]
            where[entry] = _kind(at, flow, slots)
    return MemoryPlan(memory.bytes + more[0], memory.unshared + more[0], more[1], where)


def _slots(schedule: Any) -> Any:
    """Return for each instruction the kinds of memory that its value goes to."""
    found: defaultdict[Any, set[str]] = defaultdict(set)
    for steps in schedule.phases:
        for step in steps:
            if isinstance(step, LoopRun):
                for array, line in step.loop.stores:
                    found[step.values[line]].add(step.arrays[array].kind)
            elif isinstance(step, Total):
                found[step.out.name].add(step.out.kind)
    for at, slot in schedule.where.items():
        found[at].add(slot.kind)
    return found


def _kind(at: int, flow: Flow, slots: Any) -> str:
    while flow.instructions[at].word == "reshape":
        at = flow.instructions[at].args[0]
    kinds = slots.get(at, ())
    if flow.instructions[at].word == "input":
        return "input"
    if "buffer" in kinds or "updated" in kinds:
        return "bound"
    return "temporary" if kinds else "loop"
