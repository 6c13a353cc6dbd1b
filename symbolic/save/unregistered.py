"""What a file holds of operators that the registry does not have."""

from typing import Any

from ndarray.cached import cached_property
from ndarray.errors import LimitError
from ndarray.operator import Operator
from symbolic.graph.unregistered import UnregisteredOperator, unregistered
from symbolic.save.json.limits import DEFAULT


class Unregistered:
    """The operators of one file that the registry does not have.

    Parameters
    ----------
    document : dict
        The parsed file; whatever in it is malformed is passed over: who builds nodes reports it.
    origin : str, optional
        The file's name, for messages.
    most : int, optional
        How many there may be.
    """

    def __init__(self, document: dict[str, Any], origin: str = "", most: int = DEFAULT.unregistered):
        self._document, self._origin, self._most = document, origin, most
        self._known: dict[tuple, UnregisteredOperator] = {}

    @cached_property
    def _facts(self) -> tuple[dict[int, int], dict[int, tuple[int, ...]], dict[int, int]]:
        """Of each node: how many outputs are read, which inputs it writes, and how many outputs the file counts.

        Looked up for the first such operator: most files have none.
        """
        outputs: dict[int, int] = {}
        writes: dict[int, tuple[int, ...]] = {}
        versions: dict[int, int] = {}
        nodes = self._document.get("nodes")
        for number, record in enumerate(nodes if isinstance(nodes, list) else ()):
            entries = _entries(record.get("inputs") if isinstance(record, dict) else None)
            for node, output, _ in entries:
                outputs[node] = max(outputs.get(node, 1), output + 1)
            # MXNet counts the versions of a variable: a node that reads a new one writes it.
            written = [at for at, (node, _, version) in enumerate(entries) if version > versions.get(node, 0)]
            versions |= {entries[at][0]: entries[at][2] for at in written}
            writes[number] = tuple(written)
        for node, output, _ in _entries(self._document.get("heads")):
            outputs[node] = max(outputs.get(node, 1), output + 1)
        return outputs, writes, _stored_outputs(self._document)

    def operator(self, name: str, number: int, inputs: int, params: tuple[str, ...]) -> UnregisteredOperator:
        """Return the operator of node `number`: nodes with equal facts share one.

        Raises
        ------
        LimitError
            If there are too many.
        """
        read, writes, stored = self._facts
        outputs = read.get(number, 1)
        key = (name, inputs, outputs, params, tuple([at for at in writes.get(number, ()) if at < inputs]),
               max(stored[number], outputs) if number in stored else None)
        if key not in self._known:
            if len(self._known) >= self._most:
                raise LimitError(f"nodes[{number}].op: the file has more than {self._most:,} different operators that "
                                 "are not registered, the limit")
            self._known[key] = unregistered(*key)
        return self._known[key]

    def where(self, op: Operator, location: str) -> tuple[str, int]:
        """Return the file and the location in it of a node whose operator is not registered, as `Node.where`."""
        if not isinstance(op, UnregisteredOperator):
            return "", 0
        return f"{self._origin}: {location}" if self._origin else location, 0


def _entries(value: object) -> list[tuple[int, int, int]]:
    """Return the well-formed ones of a list of ``[node, output, version]``."""
    found = []
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, list) and len(entry) in (2, 3) and all(type(n) is int for n in entry):
            found.append((entry[0], entry[1], entry[2] if len(entry) == 3 else 0))
    return found


def _stored_outputs(document: dict[str, Any]) -> dict[int, int]:
    """Return how many outputs a file counts for each node, as far as its numbers make sense."""
    rows = document.get("node_row_ptr")
    if not isinstance(rows, list) or not all(type(n) is int for n in rows):
        return {}
    return {i: b - a for i, (a, b) in enumerate(zip(rows, rows[1:])) if 0 < b - a < 1000}
