"""A small graph as a flat list of NumPy's calls, each bound to its operands: the walk without what Python adds to it.

The calls are those of the walk, in its order, so their answers have the same bits; only what can be known beforehand is
left out, and products with 1.  Temporary values have memory of their own that is kept from run to run.  A node that is
more than elementwise arithmetic stays one call of its body, on the very arrays that the walk would give it.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from math import prod
from operator import call, length_hint
from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray import vocabulary
from ndarray.kernels.record import Unfusible
from ndarray.kernels.signals import deliver, is_deferred
from ndarray.kernels.words import bound_calls, copied, quiet_context
from symbolic.engines.buffers import commit
from symbolic.engines.lower import GraphRecorder, lower
from symbolic.graph.walk import feed, note_node
from symbolic.passes.merge import changes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ndarray.kernels.flow import Flow
    from ndarray.kernels.record import Instruction
    from symbolic.engines.buffers import Buffers
    from symbolic.graph.graph import Graph
    from symbolic.graph.node import Node

MOST_MEMORY = 4 << 20
"""Bytes of temporary values above which a graph is walked: then what Python adds to a walk does not count, and memory
that is kept does."""

_KNOWN = frozenset({"number", "constant"})


class TooLarge(Exception):
    """The temporary values of a graph take more than `MOST_MEMORY`."""


class ExactRecorder(GraphRecorder):
    """A recorder that takes a node only if separate calls of NumPy give what its body gives, bit for bit.

    Parameters
    ----------
    loose : set of Node, optional
        Variables whose elements are not in the order of their axes in memory; None where no order matters.

    Attributes
    ----------
    owners : list of Node or None
        The node of each instruction.
    """

    def __init__(self, loose: set[Node] | None = None) -> None:
        super().__init__()
        self.owners: list[Node | None] = []
        self._node: Node | None = None
        self._loose = loose

    def begin(self, node: Node, values: Sequence[Any], params: Mapping[str, Any]) -> None:
        """Refuse nodes whose parameters are arrays, and those whose results may not be in the order of their axes.

        NumPy orders the elements of a result in memory like those of its operands, and what adds up or multiplies
        matrices may round according to that order.
        """
        self._node = node  # its sums and products round in an order that depends on memory: nothing is opened
        if any(map(changes, params.values())):
            raise Unfusible("an array among its parameters may change")
        if any(self._is_loose(value.id) for value in values):
            raise Unfusible("the elements of its inputs may be in any order")

    def _is_loose(self, at: int) -> bool:
        of = self.instructions[at]
        if self._loose is None or sum([d > 1 for d in of.shape]) < 2:
            return False
        return of.word == "result" or of.word == "input" and of.detail in self._loose

    def sum(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        """Leave sums to NumPy, which adds up in an order of its own."""
        raise Unfusible("`sum` is NumPy's")

    def sum_sq(self, x: Any) -> Any:
        """Leave sums to NumPy, which adds up in an order of its own."""
        raise Unfusible("`sum_sq` is NumPy's")

    def _append(self, instruction: Instruction) -> Any:
        self.owners.append(self._node)
        return super()._append(instruction)


def lowered(graph: Graph, buffers: Buffers) -> tuple[Flow, list[Node | None]]:
    """Return a graph's flow, in which all but elementwise arithmetic is a call, and the node of each instruction.

    A flow without calls has the same bits on every engine.
    """
    loose = {n for n, a in zip(graph.variables, buffers.values) if not a.flags.c_contiguous}
    targets = range(len(buffers.outputs) + len(graph.written))
    for recorder in (ExactRecorder(), ExactRecorder(loose)):
        flow = lower(graph, buffers.types, {n: n for n in graph.variables}, targets, recorder=recorder)
        if not flow.calls:
            break  # Arithmetic rounds alike in any order.
    return flow, recorder.owners


class FlatCalls:
    """The calls of a graph on its arrays.

    Parameters
    ----------
    graph : Graph
    buffers : Buffers
        Native in byte order.
    targets : sequence of numpy.ndarray
        Where the outputs go, then the new states.
    flow : Flow
    owners : list of Node
        As `lowered` gives them.

    Attributes
    ----------
    calls : list of callable
        Without arguments.
    nodes : list of (Node or None)
        The node of each call.

    Raises
    ------
    TooLarge
        If temporary values take more than `MOST_MEMORY`.
    """

    def __init__(self, graph: Graph, buffers: Buffers, targets: Sequence[np.ndarray], flow: Flow,
                 owners: list[Node | None]) -> None:
        self._targets = tuple(targets)
        self._bound = {id(v) for v in buffers.values}
        made = _Maker(flow, owners, dict(zip(graph.variables, buffers.values)))
        self.calls: list[Callable[[], object]] = made.calls
        self.nodes: list[Node] = made.nodes
        self._raw = made.raw
        self._results = made.results()
        self._quiet = None if flow.calls else quiet_context()

    def __call__(self) -> None:
        """Run all calls, then write all results."""
        if self._quiet is not None:
            self._quiet.run(self._run)
            return
        try:
            with np.errstate(all="ignore"):
                self._run()
        finally:
            self._raw.clear()

    def _run(self) -> None:
        calls = iter(self.calls)
        try:
            if is_deferred():
                for each in calls:
                    deliver()
                    each()
            else:
                deque(map(call, calls), 0)
        except Exception as error:
            note_node(error, self.nodes[len(self.calls) - length_hint(calls) - 1])
            raise
        commit(self._targets, self._given() if self._raw else self._results)

    def by_node(self, graph: Graph) -> Callable[[Callable[[], object]], None]:
        """Return ``run(stamp)``, which runs all, and calls `stamp` before the first node, after each and at the end."""
        of = {n: [each for each, owner in zip(self.calls, self.nodes) if owner is n] for n in graph.nodes if n.op}

        def run(stamp: Callable[[], object]) -> None:
            with np.errstate(all="ignore"):
                stamp()
                for calls in of.values():
                    for each in calls:
                        each()
                    stamp()
                commit(self._targets, self._given())
                stamp()
            self._raw.clear()

        return run

    def _given(self) -> list[Any]:
        """Return the results, where some are what the bodies of nodes have given."""
        return [self._apart(self._raw[r]) if type(r) is tuple else r for r in self._results]

    def _apart(self, result: Any) -> Any:
        """Return a result, a copy where its memory may be that of a bound array, which a write may change."""
        if isinstance(result, np.ndarray) and (result.base is not None or id(result) in self._bound):
            return result.copy()
        return result


class _Maker:
    """Finds memory for the instructions of a flow, and binds calls to it.

    Attributes
    ----------
    arrays : list of (numpy.ndarray or None)
        The array of each instruction; None for a result of a call that no arithmetic reads.
    raw : dict of (int, int) to object
        While the calls run: what the bodies of nodes have given, by call and output.
    """

    def __init__(self, flow: Flow, owners: list[Node | None], variables: Mapping[Any, np.ndarray]) -> None:
        self.flow, self._owners, self._variables = flow, owners, variables
        self.calls: list[Callable[[], object]] = []
        self.nodes: list[Node] = []
        self.raw: dict[tuple[int, int], Any] = {}
        self.arrays: list[np.ndarray | None] = []
        self._roots: list[int] = []
        self._known: set[int] = set()
        self._free: dict[tuple[np.dtype, int], list[np.ndarray]] = {}
        self._memory: dict[int, np.ndarray] = {}
        self._scratch: dict[Any, np.ndarray] = {}
        self._bytes = 0
        self._needed, self._last = self._uses()
        self._copied = {a for at in self._needed for a in flow.instructions[at].args
                        if flow.instructions[a].word == "result"}
        done = -1
        for at, instruction in enumerate(flow.instructions):
            detail: Any = instruction.detail
            if instruction.word == "result":
                if detail[0] > done:
                    done = detail[0]
                    self._call(done, at)
            else:
                self.arrays.append(self._array(at, instruction) if at in self._needed else None)
                self._roots.extend([at] * (len(self.arrays) - len(self._roots)))
            self._release(at)

    def results(self) -> tuple[Any, ...]:
        """Return for each target the array that it receives, or which output of which call."""
        found = []
        for sink in self.flow.sinks:
            instruction = self.flow.instructions[sink.value]
            if instruction.word == "result":
                found.append(instruction.detail)
                continue
            array: Any = self.arrays[sink.value]
            if self.flow.instructions[self._roots[sink.value]].word == "input":
                # Another target may be this very memory.
                array, old = np.empty(array.shape, array.dtype), array
                self._add([copied(array, old)], self._owners[sink.value])
            found.append(array)
        return tuple(found)

    def _uses(self) -> tuple[set[int], dict[int, int]]:
        """Return the instructions that are needed, and the last that reads each; calls run whether needed or not."""
        instructions, calls = self.flow.instructions, self.flow.calls
        end = len(instructions)
        last = dict.fromkeys((*(s.value for s in self.flow.sinks), *(i for c in calls for i in c.inputs)), end)
        for at in range(end - 1, -1, -1):
            if at in last:
                for a in instructions[at].args:
                    last[a] = max(last.get(a, 0), at)
        return set(last), last

    def _release(self, at: int) -> None:
        """Free the memory of what is read for the last time here."""
        for a in {self._roots[a] for a in self.flow.instructions[at].args}:
            if a in self._memory and self._last[a] <= at:
                memory = self._memory.pop(a)
                self._free.setdefault((memory.dtype, memory.size), []).append(memory)

    def _new(self, at: int, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
        key = np.dtype(dtype), prod(shape)
        free = self._free.get(key)
        if free:
            memory = free.pop()
        else:
            memory = np.empty(key[1], key[0])
            self._bytes += memory.nbytes
            if self._bytes > MOST_MEMORY:
                raise TooLarge
        self._memory[at] = memory
        return memory.reshape(shape)

    def _room(self, size: int, dtype: str, name: str) -> np.ndarray:
        """Return scratch memory for the calls of one word."""
        key = dtype, name, size
        if key not in self._scratch:
            self._scratch[key] = np.empty(size, dtype)
        return self._scratch[key]

    def _add(self, calls: Sequence[Callable[[], object]], node: Node | None) -> None:
        self.calls += calls
        self.nodes += [node] * len(calls)  # type: ignore[list-item]

    def _array(self, at: int, instruction: Instruction) -> np.ndarray:
        """Return the array of an instruction, once the calls that compute it are added."""
        word, _, dtype, shape, _ = instruction
        detail: Any = instruction.detail
        args: list[Any] = [self.arrays[a] for a in instruction.args]
        if word == "input":
            return self._variables[detail]
        if word in _KNOWN:
            self._known.add(at)
            with np.errstate(all="ignore"):
                return np.full(shape, np.asarray(detail).astype(dtype).reshape(()), dtype)
        if word in ("reshape", "element") and args[0].flags.c_contiguous:
            self._share(at, instruction.args[0])
            return args[0].reshape(shape) if word == "reshape" else args[0].reshape(-1)[detail:detail + 1].reshape(())
        if self._known.issuperset(instruction.args):
            self._known.add(at)
            out = np.empty(shape, dtype)
            with np.errstate(all="ignore"):
                for each in self._bound(instruction, args, out):
                    each()
            return out
        for one, other in (instruction.args, instruction.args[::-1]) if word == "multiply" else ():
            if one in self._known and self.flow.instructions[other].shape == shape and np.all(self.arrays[one] == 1):
                self._share(at, other)  # as where a gradient is not rescaled
                return self.arrays[other]  # type: ignore[return-value]
        # Never into an operand's own memory, though that would do: NumPy takes half as long again to see that it does.
        out = self._new(at, dtype, shape)
        self._add(self._bound(instruction, args, out), self._owners[at])
        return out

    def _share(self, at: int, with_: int) -> None:
        """Take note that an instruction has the memory of another, which is then in use for as long."""
        root = self._roots[with_]
        self._roots.append(root)
        self._last[root] = max(self._last[root], self._last[at])
        if with_ in self._known:
            self._known.add(at)

    def _bound(self, instruction: Instruction, args: list[Any], out: np.ndarray) -> list[Callable[[], object]]:
        """Return the calls that compute an instruction."""
        word = instruction.word
        if word == "reshape":
            return [copied(out.reshape(args[0].shape), args[0])]
        if word == "element":
            place: Any = np.unravel_index(instruction.detail, args[0].shape)  # type: ignore[call-overload]
            return [copied(out, args[0][(*place, ...)])]
        if word == "stack":
            return [partial(np.concatenate, [a.reshape(1) for a in args], 0, out)]
        return bound_calls(word, args, out, partial(self._room, out.size), instruction.detail)

    def _call(self, number: int, at: int) -> None:
        """Add the call of a node's body, whose results are the instructions from `at` on."""
        what, inputs, _ = self.flow.calls[number]
        instructions = self.flow.instructions
        given = [self.arrays[i] if instructions[i].word != "result" else instructions[i].detail for i in inputs]
        copies = []
        for k in range(at, len(instructions)):
            instruction = instructions[k]
            detail: Any = instruction.detail
            if instruction.word != "result" or detail[0] != number:
                break
            array = None
            if k in self._copied:
                array = np.empty(instruction.shape, instruction.dtype)
                copies.append((detail[1], array))
            self.arrays.append(array)
            self._roots.append(k)
        node: Any = what.node
        self._add([_body(node, number, given, copies, self.raw)], node)


def _body(node: Node, number: int, given: Sequence[Any], copies: Sequence[tuple[int, np.ndarray]],
          raw: dict[tuple[int, int], Any]) -> Callable[[], None]:
    """Return a function that runs a node's body, keeps its results in `raw`, and copies those that arithmetic reads."""
    op, params = node.op, node.complete_params
    later = [(k, key) for k, key in enumerate(given) if type(key) is tuple]
    fixed = list(given)

    def run() -> None:
        inputs = fixed
        if later:
            inputs = fixed.copy()
            for k, key in later:
                inputs[k] = raw[key]
        outputs, new = op.run(vocabulary, *feed(node, inputs, params))
        values = (*outputs, *new)
        for i, value in enumerate(values):
            raw[number, i] = value
        for i, array in copies:
            array[...] = values[i]

    return run
