"""Every fault of a symbol file, not only the first."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ndarray.collector import without_collection
from ndarray.errors import FormatError, LimitError, MXNetError, shown
from symbolic.graph.graph import Graph
from symbolic.graph.infer import infer
from symbolic.save.json.limits import DEFAULT, Limits
from symbolic.save.json.read import parse, read

_LOCATION = re.compile(r"(line \d+, column \d+|byte \d+|(?:nodes|heads)[^ :]*): (.*)", re.DOTALL)


_MOST = 10_000
"""How many errors, and how many warnings, are listed."""


class _Enough(Exception):
    """There are more problems than are listed."""


@dataclass(frozen=True)
class Problem:
    """One fault or oddity.

    Attributes
    ----------
    location : str
        Where in the file, such as ``nodes[7].inputs[0]``; empty for the file as a whole.
    message : str
    serious : bool
        Whether the file cannot be used as it is.
    """

    location: str
    message: str
    serious: bool = True

    def __str__(self) -> str:
        where = f"{self.location}: " if self.location else ""
        return f"{'error' if self.serious else 'warning'}: {where}{self.message}"


@without_collection()
def find_problems(text: str | bytes, limits: Limits = DEFAULT, watch: Callable[[list], Iterable] = iter
                  ) -> list[Problem]:
    """Return every problem of a symbol file: what cannot be read, what is contradictory, what is probably a mistake.

    Parameters
    ----------
    text : str or bytes
    limits : Limits, optional
    watch : callable, optional
        As in `symbolic.save.json.read.read`.

    Returns
    -------
    list of Problem

    Examples
    --------
    >>> text = '{"nodes": [{"op": "exq", "name": "e", "inputs": [[3, 0]]}], "heads": [[0, 0]]}'
    >>> for problem in find_problems(text):
    ...     print(problem)  # doctest: +ELLIPSIS
    error: nodes[0].inputs[0]: node 3 does not come before it
    error: nodes[0].op: no operator named 'exq'; did you mean 'exp'?; `symbolic show` shows the file, ...
    """
    faults: list[MXNetError] = []
    remarks: list[str] = []

    def noting(found: list) -> Callable[[Any], None]:
        def note(fault: Any) -> None:
            if len(found) == _MOST:
                raise _Enough
            found.append(fault)

        return note

    def problems() -> list[Problem]:
        return [_problem(str(e)) for e in faults] + [_problem(r, False) for r in remarks]

    try:
        document = parse(text, limits)
        graph = read(document, limits, noting(faults), noting(remarks), watch)
    except (FormatError, LimitError) as error:
        return [_problem(str(error))]
    except _Enough:
        return [*problems(), Problem("", f"more than {_MOST:,} problems; the rest of the file was not checked")]
    found = problems()
    found += _check_counts(document)
    if graph is not None:
        found += [*_check_names(graph), *_check_types(graph), *_check_reached(graph, document)]
    return found


def _problem(message: str, serious: bool = True) -> Problem:
    match = _LOCATION.match(message)
    place, text = match.groups() if match else ("", message)
    return Problem(place, text, serious)


def _check_counts(document: dict) -> Iterator[Problem]:
    """Compare a file's list of variables with its nodes, which are what counts, as in MXNet."""
    variables = [i for i, n in enumerate(document["nodes"]) if isinstance(n, dict) and n.get("op") == "null"]
    if "arg_nodes" in document and document["arg_nodes"] != variables:
        yield Problem("arg_nodes", f"{shown(document['arg_nodes'])} are not the variables, {shown(variables)}", False)


def _check_names(graph: Graph) -> Iterator[Problem]:
    for kind, names, why in (
        ("variables", [n.name for n in graph.variables], "arrays are bound by name, so they cannot be bound"),
        ("operators' nodes", [n.name for n in graph.nodes if n.op], "their outputs cannot be distinguished by name"),
    ):
        for name, times in Counter(names).items():
            if times > 1:
                yield Problem("", f"{times} {kind} are named {shown(name)}; {why}", False)


def _check_types(graph: Graph) -> Iterator[Problem]:
    try:
        infer(graph)
    except MXNetError as error:
        yield Problem("", str(error))


def _check_reached(graph: Graph, document: dict) -> Iterator[Problem]:
    unused = len(document["nodes"]) - len(graph.nodes)
    if unused > 0:
        yield Problem("heads", f"no output needs {unused} of the {len(document['nodes'])} nodes", False)
