"""A graph whose tensors are treated alike: each kind of tensor is recorded once, and stamped for all of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ndarray.kernels.flow import Flow, Sink
from ndarray.kernels.record import Recorder, Unfusible
from ndarray.kernels.stamp import Kind
from ndarray.params import fill_fed
from ndarray.tensortype import TensorType
from symbolic.engines.lower import as_type
from symbolic.engines.split import WHOLE, Piece, Pieces, Split, Unsplittable

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from symbolic.graph.graph import Graph
    from symbolic.graph.node import Node


class _Number(NamedTuple):
    """A number among the parameters: of which piece of a tensor, and which of several."""

    piece: int
    name: str
    index: int | Any  # type: ignore[assignment]  # tuples have a method of this name


def kinds_of(graph: Graph, found: Split, inputs: Mapping[Node, int], targets: Sequence[int],
             starts: Mapping[Hashable, tuple[int, int]], overlaps: frozenset) -> list[Kind]:
    """Return the kinds of tensors of a graph.

    Parameters
    ----------
    graph : Graph
    found : Split
    inputs : dict of Node to int
        The number of each variable's array.
    targets : list of int
        The numbers of the arrays of the outputs, then of the variables that are written, in the order of
        ``graph.written``.
    starts : dict of (int or Entry) to (int, int)
        Address and bytes of an element of each array, by number, and of what is common.
    overlaps : frozenset of frozenset
        Pairs of numbers whose arrays share some memory.

    Raises
    ------
    Unsplittable
    """
    results = _results(graph, found.pieces, targets)
    tensors = [_Tensor(found.pieces, mine, inputs, results) for mine in found.tensors]
    if overlaps or _collide(tensors):
        raise Unsplittable
    kinds = defaultdict(list)
    for tensor in tensors:
        kinds[tensor.key].append(tensor)
    if 2 * len(kinds) > len(tensors):
        raise Unsplittable
    return [_kind(alike, starts) for alike in kinds.values()]


def _results(graph: Graph, pieces: Pieces, targets: Sequence[int]) -> dict[Piece, list[tuple[int, int]]]:
    """Return of each piece which of its outputs and new states go into which array."""
    found = defaultdict(list)
    for entry, target in zip(graph.outputs, targets):
        piece, out = pieces.maker((entry, WHOLE))  # type: ignore[misc]
        found[piece].append((out, target))
    states = dict(zip(graph.written, targets[len(graph.outputs):]))
    for i, node in enumerate(graph.nodes):
        for k in (range(pieces.counts[i]) or (WHOLE,)) if node.op is not None and node.op.writes else ():
            piece = Piece(i, k)
            reads = pieces.reads(piece)
            for j, at in enumerate(pieces.written(piece)):
                source = reads[at][0][0].node
                if source.op is None:
                    found[piece].append((pieces.outputs(piece) + j, states[source]))
    return found


def _collide(tensors: list[_Tensor]) -> bool:
    """Tell whether an array that is written for a tensor is written or read for another one as well."""
    written: dict[Any, int] = {}
    for i, tensor in enumerate(tensors):
        for name in tensor.written:
            if written.setdefault(name, i) != i:
                return True
        if len(tensor.written) < len(tensor.sinks):
            return True
    return any(written.get(name, i) != i or (k != WHOLE and name in written)
               for i, tensor in enumerate(tensors) for name, k in tensor.buffers)


def _kind(alike: list[_Tensor], starts: Mapping[Hashable, tuple[int, int]]) -> Kind:
    flow = alike[0].flow()
    addresses = [[starts[name][0] + max(k, 0) * starts[name][1] for name, k in tensor.buffers] for tensor in alike]
    sizes = np.array([list(tensor.sizes) for tensor in alike], np.int64)
    numbers = {at: np.asarray([tensor.number(instruction.detail) for tensor in alike])
               for at, instruction in enumerate(flow.instructions) if instruction.word == "number"}
    return Kind(flow, np.array(addresses, np.int64), {n: sizes[:, i] for i, n in enumerate(alike[0].sizes)}, numbers)


class _Tensor:
    """What is done to one tensor: its pieces, and its arrays and sizes, numbered by first use.

    Attributes
    ----------
    key : tuple
        Equal for tensors of one kind.
    buffers : dict of (int or Entry, int) to int
        The column of each array that is read or written, and of each element, by the array's number or as an entry
        that is common.
    written : set of int
        The numbers of the arrays that are written.
    sinks : list of (int, int, int)
        Which piece's which result goes into which column.
    sizes : dict of int to int
        The sizes above 1, numbered.
    """

    def __init__(self, pieces: Pieces, mine: Sequence[Piece], inputs: Mapping[Node, int],
                 results: Mapping[Piece, Sequence[tuple[int, int]]]) -> None:
        self.pieces, self.mine = pieces, mine
        self.buffers: dict[Any, int] = {}
        self.sizes: dict[int, int] = {}
        self._types: list[TensorType] = []
        self._reads: list[list[tuple[int, int]]] = []
        shapes: dict[Any, int] = {}
        local, alike, parts, buffers = {piece: at for at, piece in enumerate(mine)}, [], [], self.buffers
        for piece in mine:
            reads = []
            for (entry, k), made in pieces.reads(piece):
                if made is not None and (at := local.get(made[0], -1)) >= 0:
                    reads.append((at, made[1]))
                    continue
                array = inputs[entry.node] if made is None else entry
                column = buffers.get((array, k))
                if column is None:
                    column = buffers[array, k] = len(buffers)
                    type_, size = pieces.types[entry], pieces.sizes[entry]
                    if k != WHOLE:
                        type_, size = TensorType((1,), type_.dtype), 1
                    self._types.append(type_)
                    shape, dtype = type_
                    alike.append((dtype.char, shape) if size < 2 else
                                 (dtype.char, shapes.setdefault(shape, len(shapes)),
                                  self.sizes.setdefault(size, len(self.sizes))))
                reads.append((-1, column))
            self._reads.append(reads)
            parts.append((pieces.key(piece), tuple(reads)))
        found = [(at, which, target) for at, piece in enumerate(mine) for which, target in results.get(piece, ())]
        self.written = {target for _, _, target in found}
        self.sinks = [(at, which, buffers.setdefault((target, WHOLE), len(buffers))) for at, which, target in found]
        self.key = tuple(parts), tuple(alike), tuple(self.sinks)

    def number(self, detail: Any) -> Any:
        """Return a number of this tensor by the detail of its instruction."""
        if not isinstance(detail, _Number):
            return detail
        piece = self.mine[detail.piece]
        value = self.pieces.nodes[piece.node].complete_params[detail.name]
        if not isinstance(value, tuple):
            return value
        return value[detail.index if piece.k == WHOLE else piece.k]

    def flow(self) -> Flow:
        """Return the flow of this tensor; its buffers are columns.

        Raises
        ------
        Unsplittable
            If a loop cannot compute it, or it has sizes that its arrays do not have.
        """
        recorder, given = Recorder(), []
        for at, piece in enumerate(self.mine):
            values = [recorder.input(out, self._types[out].dtype, self._types[out].shape) if source < 0 else
                      given[source][out] for source, out in self._reads[at]]
            given.append(self._record(recorder, at, piece, values))
        for instruction in recorder.instructions:
            if instruction.size > 1 and (instruction.word == "stack" or instruction.size not in self.sizes):
                raise Unsplittable
        return Flow(recorder.instructions, [], tuple([Sink(to, given[at][which].id) for at, which, to in self.sinks]))

    def _record(self, recorder: Recorder, at: int, piece: Piece, values: list[Any]) -> list[Any]:
        """Return the outputs of a piece, then its new states."""
        op = self.pieces.nodes[piece.node].op
        arrays, params = self.pieces.params(piece, lambda name, index: _Number(at, name, index))
        types = self.pieces.types_of(piece)
        try:
            outputs, new = op.run(recorder, values[:arrays],
                                  {name: fill_fed(value, values) for name, value in params.items()})
            return [as_type(recorder, v, t) for v, t in zip((*outputs, *new), types, strict=True)]
        except (Unfusible, TypeError):
            raise Unsplittable from None
