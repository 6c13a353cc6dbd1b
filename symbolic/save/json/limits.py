"""How large a symbol file may be, and what is raised where it is larger."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from ndarray.errors import LimitError


@dataclass(frozen=True)
class Limits:
    """How large a file may be.

    Attributes
    ----------
    text : int
        Bytes, or characters where text is given.
    nesting : int
        Brackets within brackets.
    nodes, edges, outputs : int
        In the whole graph.
    name, value : int
        Characters of a node's name and of an attribute's value.
    unregistered : int
        Different operators that the registry does not have, and that are kept.
    """

    text: int = 256 << 20
    nesting: int = 64
    nodes: int = 1_000_000
    edges: int = 10_000_000
    outputs: int = 1_000_000
    name: int = 4096
    value: int = 65_536
    unregistered: int = 10_000


DEFAULT = Limits()
"""What a file may reach unless the caller sets other limits."""

UNLIMITED = Limits(*[1 << 62] * len(fields(Limits)))
"""For text that this process has written itself."""


def check_length(text: str | bytes, limits: Limits, unit: str) -> None:
    """Raise `LimitError` where a text is longer than allowed."""
    if len(text) > limits.text:
        raise LimitError(f"the text has {len(text):,} {unit}, more than the limit of {limits.text:,}")


def check_nesting(values: Iterable, depth: int) -> None:
    """Raise `LimitError` where lists and objects in `values` are nested deeper than `depth`."""
    level = [v for v in values if isinstance(v, (list, dict))]
    while level:
        if depth <= 0:
            raise LimitError("brackets are nested too deep")
        depth -= 1
        level = [v for outer in level for v in (outer.values() if isinstance(outer, dict) else outer)
                 if isinstance(v, (list, dict))]
