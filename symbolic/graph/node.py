"""The facts of a graph: nodes, and the outputs of nodes that other nodes read."""

from __future__ import annotations

from os.path import basename
from typing import TYPE_CHECKING, Any, NamedTuple

from ndarray.errors import LimitError, OperatorError
from ndarray.params import fed_names, text_of
from ndarray.text import label, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ndarray.operator import Operator


MOST_OUTPUTS = 1_000_000
"""The most outputs that a node may have."""


class Entry(NamedTuple):
    """One output of one node."""

    node: Node
    index: int = 0  # type: ignore[assignment]  # tuples have a method of this name

    def __str__(self) -> str:
        return f"%{self.node.shown_name}" + (f".{self.index}" if self.node.num_outputs > 1 else "")


class Node:
    """An operator applied to inputs; without an operator, a variable.

    Nodes never change and are compared by identity: two nodes with the same content are still two.

    Attributes
    ----------
    op : Operator or None
    name : str
    inputs : tuple of Entry
        The arrays, in the order of ``op.input_names``, then what feeds parameters (`ndarray.params.Fed`).
    params : tuple of (str, object)
        The parameters that were given, parsed; what is missing has its default.
    attrs : tuple of (str, str)
        What scopes and users attached, e.g. ``("__ctx_group__", "dev1")``.
    where : tuple of (str, int)
        File and line of the call that made the node.
    """

    __slots__ = ("op", "name", "inputs", "params", "attrs", "where", "_complete", "_outputs")
    op: Operator | Any
    name: str
    inputs: tuple[Entry, ...]
    params: tuple[tuple[str, Any], ...]
    attrs: tuple[tuple[str, str], ...]
    where: tuple[str, int]
    _complete: Mapping[str, Any] | Any
    _outputs: tuple[Entry, ...] | Any

    def __init__(self, op: Operator | None, name: str, inputs: tuple[Entry, ...] = (),
                 params: tuple[tuple[str, Any], ...] = (), attrs: tuple[tuple[str, str], ...] = (),
                 where: tuple[str, int] = ("", 0)) -> None:
        # The slots' own setters: nodes are made by the hundred thousand, and nobody else may set anything.
        _set_op(self, op)
        _set_name(self, name)
        _set_inputs(self, inputs)
        _set_params(self, params)
        _set_attrs(self, attrs)
        _set_where(self, where)
        _set_complete(self, None)
        _set_outputs(self, None)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a node never changes; make another with replace({name}=…)")

    def __copy__(self) -> Node:
        return self

    def __deepcopy__(self, memo: object) -> Node:
        return self

    def __reduce__(self) -> Any:
        raise OperatorError(f"{label(self.name)}: a node is not pickled by itself; pickle the Symbol")

    def replace(self, **changes: Any) -> Node:
        """Return a node that differs from this one in some fields."""
        fields = {name: getattr(self, name) for name in ("op", "name", "inputs", "params", "attrs", "where")}
        return Node(**(fields | changes))

    @property
    def complete_params(self) -> Mapping[str, Any]:
        """The parameters with the operator's defaults filled in, as a dict that nobody changes."""
        if self._complete is None:
            _set_complete(self, self.op.complete(dict(self.params), self.name))
        return self._complete

    def remember(self, complete: Mapping[str, Any]) -> None:
        """Take `complete` for what `complete_params` would compute."""
        _set_complete(self, complete)

    @property
    def outputs(self) -> tuple[Entry, ...]:
        """The node's outputs, as entries."""
        if self._outputs is None:
            if self.op is None or self.op.outputs == 1:
                found: tuple[Entry, ...] = (Entry(self, 0),)
            else:
                count = self.op.num_outputs(self.complete_params)
                if count > MOST_OUTPUTS:
                    raise LimitError(f"{self}: {count:,} outputs are more than the limit of {MOST_OUTPUTS:,}")
                found = tuple([Entry(self, i) for i in range(count)])
            _set_outputs(self, found)
        return self._outputs

    @property
    def num_outputs(self) -> int:
        """How many outputs the node has."""
        return len(self.outputs)

    @property
    def input_names(self) -> tuple[str, ...]:
        """A name for each input: the operator's, then the parameters that are fed."""
        params = self.complete_params
        arrays = self.op.input_names(params)
        if len(arrays) == len(self.inputs):
            return arrays
        fed = fed_names(params)
        return (*arrays, *(fed[i] for i in range(len(arrays), len(self.inputs))))

    @property
    def location(self) -> str:
        """Where the node was made, as ``file:line`` or ``file: nodes[7]``; empty when that is not known."""
        file, line = self.where
        return printable(basename(file)) + (f":{line}" if line else "")

    @property
    def shown_name(self) -> str:
        """The name as a message shows it: escaped, and cut at 200 characters."""
        return label(self.name)

    def output_name(self, index: int) -> str:
        """Return the name of an output, as `list_outputs` gives it."""
        if self.op is None:
            return self.name
        return f"{self.name}_{self.op.output_ending(index, self.complete_params)}"

    def __str__(self) -> str:
        if self.op is None:
            return f"%{self.shown_name}"
        args = [str(e) for e in self.inputs] + [f"{k}={printable(text_of(v))}" for k, v in self.params]
        return f"%{self.shown_name} = {printable(self.op.name)}({', '.join(args)})"

    def __repr__(self) -> str:
        return f"<node {self}>"


_set_op, _set_name, _set_inputs, _set_params, _set_attrs, _set_where, _set_complete, _set_outputs = (
    getattr(Node, name).__set__ for name in Node.__slots__)
