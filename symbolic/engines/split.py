"""What a graph does to each tensor apart, found in the graph before anything is recorded.

The unit is a piece: a node, or of a node that computes many tensors what it does to one of them.  Pieces that share an
array are of one tensor; scalars that several tensors read are common, and computed first.
"""

from __future__ import annotations

from collections import defaultdict
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from ndarray.params import Fed
from ndarray.tensortype import TensorType
from symbolic.graph.node import Entry
from symbolic.passes.merge import changes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from symbolic.graph.graph import Graph
    from symbolic.graph.node import Node

WHOLE = -1


class Unsplittable(Exception):
    """The tensors of a graph depend on each other."""


class Piece(NamedTuple):
    """A node by its number in ``graph.nodes``, and the tensor of which this is the part; `WHOLE`: the node itself."""

    node: int
    k: int


Read: TypeAlias = tuple[Entry, int]
"""What a piece reads: an entry, or its element `k`, of a vector that has one for each tensor."""

_Source: TypeAlias = tuple[Read, tuple[Piece, int] | None]
"""What is read, and which output of which piece that is; None for a variable."""


class Split(NamedTuple):
    """A graph as what is common, and what is done to each tensor.

    Attributes
    ----------
    pieces : Pieces
    common : tuple of Entry
        To be computed first.
    tensors : list of list of Piece
        Of each tensor, its pieces, inputs before users.
    """

    pieces: Pieces
    common: tuple[Entry, ...]
    tensors: list[list[Piece]]


class Pieces:
    """The pieces of a graph: what they read, and where that comes from."""

    def __init__(self, graph: Graph, types: Mapping[Entry, TensorType]) -> None:
        self.nodes, self.types = graph.nodes, types
        self.at = {node: i for i, node in enumerate(graph.nodes)}
        self.sizes = {entry: prod(type_.shape) for entry, type_ in types.items()}
        self._reads: dict[Piece, list[_Source]] = {}
        self._columns: dict[tuple[Entry, int], list[_Source]] = {}
        self._keys: dict[int, Any] = {}
        self._written: dict[tuple[int, bool], Sequence[int]] = {}
        self.counts = {i: self._count(node) for i, node in enumerate(graph.nodes) if node.op is not None}

    def _count(self, node: Node) -> int:
        """Return into how many tensors a node falls apart, 0 if it does not."""
        op, params = node.op, node.complete_params
        if not op.pure or op.draws(params) or any(map(changes, params.values())):
            raise Unsplittable
        if not op.many or not op.splits(params) or (count := params[op.count]) < 2:
            return 0
        return count if node.num_outputs == count or self.sizes[Entry(node)] == count else 0

    def maker(self, read: Read) -> tuple[Piece, int] | None:
        """Return the piece that gives what is read, and as which of its outputs; None for a variable."""
        entry, k = read
        node = entry.node
        if node.op is None:
            return None
        i = self.at[node]
        if self.counts[i]:
            if node.num_outputs > 1:
                if k != WHOLE:
                    raise Unsplittable
                return Piece(i, entry.index), 0
            return Piece(i, k), 0
        return Piece(i, k if k != WHOLE and self._has_lanes(node, entry) else WHOLE), entry.index

    def _has_lanes(self, node: Node, entry: Entry) -> bool:
        """Tell whether an element of an entry depends only on the same elements of the node's inputs."""
        op = node.op
        return (op.fusible and not op.many and not op.writes
                and all(self.sizes[e] in (1, self.sizes[entry]) for e in (*node.inputs, *node.outputs)))

    def reads(self, piece: Piece) -> list[_Source]:
        """Return what a piece reads, with its `maker`: its arrays, then what feeds its parameters."""
        found = self._reads.get(piece)
        if found is None:
            i, k = piece
            if k != WHOLE and self.counts[i]:
                self._reads |= {Piece(i, j): reads for j, reads in enumerate(self._reads_of_all(i))}
                return self._reads[piece]
            found = self._reads[piece] = [self._source(e, k if k != WHOLE and self.sizes[e] > 1 else WHOLE)
                                          for e in self.nodes[i].inputs]
        return found

    def _reads_of_all(self, i: int) -> list[list[_Source]]:
        """Return what each tensor's piece of a node reads."""
        node, n = self.nodes[i], self.counts[i]
        op, inputs, params = node.op, node.inputs, node.complete_params
        arrays = len(op.many)
        shared = list(inputs[n * arrays:n * arrays + len(op.inputs) - arrays])
        columns: list[list[Any]] = [self._column(entry, n) for entry in shared]
        for name, value in params.items():
            if isinstance(value, Fed):
                columns.append(self._column(inputs[value.index], n))
            elif name in op.scalar_tuples and isinstance(value, tuple) and any(isinstance(v, Fed) for v in value):
                columns.append([self._source(inputs[v.index], WHOLE) if isinstance(v, Fed) else None for v in value])
        return [[*[self._source(entry, WHOLE) for entry in inputs[k * arrays:(k + 1) * arrays]],
                 *[column[k] for column in columns if column[k] is not None]] for k in range(n)]

    def _column(self, entry: Entry, n: int) -> list[_Source]:
        """Return the element of an entry that each of `n` tensors reads, with its maker."""
        found = self._columns.get((entry, n))
        if found is None:
            found = [self._source(entry, WHOLE)] * n if self.sizes[entry] < 2 else [
                self._source(entry, k) for k in range(n)]
            self._columns[entry, n] = found
        return found

    def _source(self, entry: Entry, k: int) -> _Source:
        read = entry, k
        return read, None if entry.node.op is None else self.maker(read)

    def params(self, piece: Piece, number: Any) -> tuple[int, Mapping[str, Any]]:
        """Return how many arrays a piece's body takes, and the parameters, with ``number(name, index)`` for numbers."""
        i, k = piece
        node, (found, at) = self.nodes[i], ({}, 0)
        op, split = node.op, k != WHOLE and self.counts[i]
        arrays = at = len(op.inputs) if split else len(node.inputs) - len(op.fed(node.complete_params))
        for name, value in node.complete_params.items():
            if split and name == op.count:
                value = 1
            elif split and name in op.scalar_tuples and isinstance(value, tuple):
                value = (value[k] if isinstance(value[k], Fed) else number(name, k),)
            elif name in op.scalar_tuples and isinstance(value, tuple):
                value = tuple([v if isinstance(v, Fed) else number(name, j) for j, v in enumerate(value)])
            elif name in op.scalars and value is not None and not isinstance(value, Fed):
                value = number(name, None)
            if split and isinstance(value, Fed):
                value, at = Fed(at), at + 1
            elif split and isinstance(value, tuple) and value and isinstance(value[0], Fed):
                value, at = (Fed(at),), at + 1
            found[name] = value
        return arrays, found

    def outputs(self, piece: Piece) -> int:
        """Return how many outputs a piece has, new states not counted."""
        return 1 if piece.k != WHOLE and self.counts[piece.node] else self.nodes[piece.node].num_outputs

    def written(self, piece: Piece) -> Sequence[int]:
        """Return which of its reads a piece writes."""
        i, split = piece.node, piece.k != WHOLE and self.counts[piece.node] > 0
        found = self._written.get((i, split))
        if found is None:
            op = self.nodes[i].op
            found = self._written[i, split] = op.written({op.count: 1} if split else self.nodes[i].complete_params)
        return found

    def types_of(self, piece: Piece) -> list[TensorType]:
        """Return the types of a piece's outputs and new states."""
        i, k = piece
        outputs = [self.types[e] for e in self.nodes[i].outputs]
        if k != WHOLE:
            outputs = ([outputs[k]] if self.counts[i] and len(outputs) > 1 else
                       [TensorType((1,), type_.dtype) for type_ in outputs])
        reads = self.reads(piece)
        return outputs + [self.types[reads[at][0][0]] for at in self.written(piece)]

    def key(self, piece: Piece) -> Any:
        """Return what pieces share that differ at most in sizes and numbers."""
        i, k = piece
        if k != WHOLE:
            tuples = self._keys.get(i)
            if tuples is None:
                params = self.nodes[i].complete_params
                tuples = self._keys[i] = [params[name] for name in self.nodes[i].op.scalar_tuples
                                          if self.counts[i] and isinstance(params[name], tuple)]
            return i, tuple([isinstance(value[k], Fed) for value in tuples])
        node = self.nodes[i]
        op = node.op
        given = [(name, _pattern(value) if name in op.scalars or name in op.scalar_tuples else repr(value))
                 for name, value in node.params]
        shapes = () if op.fusible else tuple([self.types[e].shape for e in (*node.inputs, *node.outputs)])
        return op, tuple(given), shapes


def _pattern(value: Any) -> Any:
    """Return what of a scalar parameter decides code: whether it is fed, and by which input."""
    if isinstance(value, tuple) and not isinstance(value, Fed):
        return tuple(map(_pattern, value))
    return value if isinstance(value, Fed) or value is None else "number"


def split(graph: Graph, types: Mapping[Entry, TensorType]) -> Split:
    """Return what a graph does to each tensor apart.

    Parameters
    ----------
    graph : Graph
    types : dict of Entry to TensorType
        Complete.

    Raises
    ------
    Unsplittable
    """
    pieces = Pieces(graph, types)
    ends = [pieces.maker((entry, WHOLE)) for entry in graph.outputs]
    if len(ends) < 2 or None in ends:
        raise Unsplittable
    roots = {end[0] for end in ends if end is not None}
    for i, node in enumerate(graph.nodes):
        if node.op is not None and node.op.writes:
            roots.update([Piece(i, k) for k in range(pieces.counts[i])] or [Piece(i, WHOLE)])
    owners, order, readers = _owners(pieces, roots)
    common = _common(pieces, order, readers, owners)
    tensors = defaultdict(list)
    for piece in order:
        if piece not in common:
            tensors[owners.find(piece)].append(piece)
    if len(tensors) < 2:
        raise Unsplittable
    needed = {entry: None for many in tensors.values() for piece in many for (entry, _), made in pieces.reads(piece)
              if made is not None and made[0] in common} if common else {}
    return Split(pieces, tuple(needed), list(tensors.values()))


class _Owners:
    """Pieces that belong together (disjoint sets).

    Attributes
    ----------
    sure : set of Piece
        Those that a tensor needs by themselves: they give a result, or read a whole array.
    """

    def __init__(self, roots: set[Piece]) -> None:
        self.parent: dict[Any, Any] = {}
        self.sure = set(roots)

    def find(self, x: Any) -> Any:
        """Return the piece that stands for all that belong together with this one."""
        parent = self.parent
        while (above := parent.setdefault(x, x)) is not x:
            parent[x] = x = parent.setdefault(above, above)
        return x

    def join(self, a: Any, b: Any) -> None:
        """Have two pieces belong together."""
        a, b = self.find(a), self.find(b)
        if a is not b:
            self.parent[b] = a


def _owners(pieces: Pieces, roots: set[Piece]) -> tuple[_Owners, list[Piece], Mapping[Piece, list[Piece]]]:
    """Return the pieces that share arrays, all pieces in order, and of each who reads it as a scalar."""
    owners, readers, sizes = _Owners(roots), defaultdict(list), pieces.sizes
    seen, stack, first = set(roots), list(roots), {}
    while stack:
        piece = stack.pop()
        for (entry, k), made in pieces.reads(piece):
            maker = None if made is None else made[0]
            if k == WHOLE and sizes[entry] > 1:
                owners.sure.add(piece)
                other = first.setdefault(entry, piece) if maker is None else maker
                if other is not piece:
                    owners.join(piece, other)
            elif maker is not None:
                readers[maker].append(piece)
            if maker is not None and maker not in seen:
                seen.add(maker)
                stack.append(maker)
    return owners, sorted(seen), readers


def _common(pieces: Pieces, order: Sequence[Piece], readers: Mapping[Piece, list[Piece]], owners: _Owners
            ) -> set[Piece]:
    """Give each scalar to the tensor that alone reads it; return those that several read."""
    common: set[Piece] = set()
    for piece in reversed(order):
        users = readers.get(piece, ())
        if piece in owners.sure:
            for user in users:
                if user in common:
                    raise Unsplittable
                owners.join(piece, user)
        elif any(user in common for user in users) or len({owners.find(user) for user in users}) > 1:
            common.add(piece)
        else:
            for user in users:
                owners.join(piece, user)
    for piece in common:
        if piece.k != WHOLE or any(made is not None and made[0] not in common for _, made in pieces.reads(piece)):
            raise Unsplittable
    return common
