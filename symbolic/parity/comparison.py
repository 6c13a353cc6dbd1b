"""A rule beside its counterpart in another library: equal to so many units of the last digit, or where it differs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from ndarray.errors import OperatorError, UnknownNameError, shown, unknown
from ndarray.tensortype import TensorType
from symbolic.autodiff.decompose import decompose
from symbolic.diagnostics.overlay import quantity
from symbolic.graph.types import complete_types
from symbolic.optimizers.bind import updates as updated_by
from symbolic.optimizers.layerwise import rule as as_rule
from symbolic.parity.counterparts import LIBRARIES, Counterpart, counterparts, of_rule
from symbolic.parity.inputs import MANY
from symbolic.parity.judged import JUDGED
from symbolic.parity.run import Ours, theirs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from symbolic.parity.run import Values

UPDATES = 40
"""How many updates are compared, unless another number is given."""


@dataclass(frozen=True)
class Difference:
    """The first value that differs.

    Attributes
    ----------
    update : int
        The number of the update, from 1.
    tensor, value : str
        ``weight``, or the name of a state.
    node : str
        The node of the update's graph, its operator opened, that computes the value.
    ours, theirs : float
        Where the two are furthest apart.
    """

    update: int
    tensor: str
    value: str
    node: str
    ours: float
    theirs: float

    def __str__(self) -> str:
        return (f"{self.value} of {self.tensor} at update {self.update}; first node {self.node}: "
                f"{self.ours:.9g}, theirs {self.theirs:.9g}")


@dataclass(frozen=True)
class Comparison:
    """What came of running a rule beside its counterpart.

    Attributes
    ----------
    rule : str
    other : str
        Library and name.
    options, settings : dict of str to object
        Of theirs and of ours.
    updates : int
    ulp : float
        The largest distance of two weights in all updates, in units of the last digit, in float32, of the largest
        value that the element had; NaN where there is no counterpart.
    difference : Difference or None
        The first value that differs; None where the weights are equal but for rounding, or there is no counterpart.
    default : Comparison or None
        The same with the rule's own defaults in place of the settings that are not numbers, where there are such.
    recorded : bool
        Whether theirs is a recording of the judge's code, made with the same settings in its own words.
    why : str
        Why the two differ under the settings declared for them; nothing where they are equal.
    first : dict of str to float
        What fills states of ours at first, where that is not 0.
    """

    rule: str
    other: str
    options: dict[str, Any]
    settings: dict[str, Any]
    updates: int
    ulp: float
    difference: Difference | None
    default: Comparison | None = None
    recorded: bool = False
    why: str = ""
    first: dict[str, float] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """``equal to n ulp``, ``differs: where``, or ``has none``."""
        if np.isnan(self.ulp):
            return "has none"
        if self.difference is not None:
            return f"differs: {self.difference}"
        return f"equal to {quantity(np.ceil(self.ulp))} ulp"

    def __str__(self) -> str:
        if np.isnan(self.ulp):
            return f"{self.rule} beside {self.other}: has none"
        start = "".join(f"; {state} starts at {value:g}" for state, value in self.first.items())
        lines = [f"{self.rule} beside {self.other}, {self.updates} updates in float32: {self.verdict}",
                 f"  ours    {_listed(self.settings)}{start}",
                 f"  theirs  {'the same, recorded in float64' if self.recorded else _listed(self.options)}"]
        if self.why:
            lines.append(f"  because {self.why}")
        if self.default is not None and self.default.verdict != self.verdict:
            lines.append(f"  with the rule's own {', '.join(_choices(self.settings))}: {self.default.verdict}")
        return "\n".join(lines)


def _listed(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{k}={v!r}" for k, v in options.items()) or "defaults"


def _choices(settings: Mapping[str, Any]) -> list[str]:
    return [k for k, v in settings.items() if isinstance(v, (bool, str))]


def compare(rule: str, other: str, *, updates: int = UPDATES, **settings: Any) -> Comparison:
    """Run a rule beside its counterpart in another library, on the same weights, gradients and rates.

    torch and Optax run where they are installed; the paths of MXNet and of the authors' code are recorded, in the
    source tree.

    Parameters
    ----------
    rule : str
        See `symbolic.optimizers.rule`.
    other : str
        ``"torch:Adam"``, ``"optax:adam"``, ``"mxnet:Adam"``, ``"authors:prodigy"``; or the library alone.
    updates : int, optional
        How many, at most 50.
    **settings : object
        In place of those under which both are declared to be equal, such as ``epsilon_place="hat"``.

    Returns
    -------
    Comparison

    Raises
    ------
    UnknownNameError, OperatorError
        If there is no such rule, library, name in it or setting.
    ImportError
        If the library is not installed.
    ParamError
        If a recording is needed and missing.

    Examples
    --------
    >>> found = compare("rmsprop", "mxnet:RMSProp")
    >>> found.verdict, found.settings["epsilon"]
    ('equal to 0 ulp', 0.0001)
    >>> print(compare("lion", "mxnet"))
    lion beside mxnet: has none
    """
    if isinstance(updates, bool) or not isinstance(updates, int) or not 1 <= updates <= MANY:
        raise OperatorError(f"updates must be an integer from 1 to {MANY}, got {shown(updates)}")
    as_rule(rule, **settings)
    found = _chosen(rule, other, settings)
    if found is None:
        return Comparison(rule, other, {}, settings, updates, float("nan"), None)
    return compared(found, updates, rule, settings)


def _chosen(rule: str, other: str, settings: Mapping[str, Any]) -> Counterpart | None:
    """Return the counterpart that a text names, of the operator that a rule with these settings has."""
    library, _, name = other.partition(":")
    known = (*LIBRARIES, *(judge for judge in JUDGED if judge not in LIBRARIES))
    if library not in known:
        raise UnknownNameError(unknown("library", library, known))
    column = library if library in LIBRARIES else "authors"
    _check_installed(column)
    names = [each.name for each in counterparts(column) if library in (column, each.library)]
    if name and name.lower() not in map(str.lower, names):
        raise UnknownNameError(unknown(f"optimizer of {library}", name, dict.fromkeys(names)))
    found = of_rule(rule, column, **settings) or of_rule(rule, column)
    return next((each for each in found if library in (column, each.library)
                 and name.lower() in ("", each.name.lower())), None)


def _check_installed(library: str) -> None:
    if library in ("torch", "optax") and not find_spec(library):
        raise ImportError(f"a comparison with {library} runs it: pip install {library}")


def compared(other: Counterpart, updates: int = UPDATES, rule: str | None = None,
             settings: Mapping[str, Any] | None = None) -> Comparison:
    """Return the `Comparison` of one `Counterpart`."""
    path = theirs(other, updates)
    name = rule or other.rule
    found = _compared(other, path, name, {**other.settings, **(settings or {})})
    if found.difference is not None and not settings:
        found = replace(found, why=other.why)
    if settings or not other.choices:
        return found
    plain = {k: v for k, v in other.settings.items() if k not in other.choices}
    if as_rule(other.rule, **plain) == other.made:
        return found
    default = _compared(other, path, name, plain)
    return replace(found, default=default)


def _compared(other: Counterpart, path: Sequence[Values], rule: str, settings: dict[str, Any]) -> Comparison:
    shapes = {n: values["weight"].shape for n, values in path[0].items()}
    ours = Ours(other, settings, shapes)
    found = ours.path(len(path))
    ulp, apart = 0.0, False
    for n in shapes:
        a, b = (np.array([values[n]["weight"] for values in each], np.float64) for each in (found, path))
        distance, size = np.abs(a - b).max(axis=0), np.abs(b).max(axis=0)
        ulp = max(ulp, float((distance / np.spacing(size.astype(np.float32))).max()))
        way = np.abs(np.diff(b, axis=0)).sum(axis=0).max(initial=0)
        apart = apart or not (distance <= 3e-6 * size + (1e-5 if ours.elementwise else 1e-4) * way).all()
    difference = _first(ours, found, path) if apart else None
    return Comparison(rule, str(other), other.options, settings, len(path), ulp if ulp == ulp else np.inf, difference,
                      recorded=other.case is not None and other.library != "mxnet", first=dict(other.first))


def _first(ours: Ours, found: Sequence[Values], path: Sequence[Values]) -> Difference:
    """Return the first value that differs: of the states in the order in which the update writes them, or a weight."""
    ways = {n: np.abs(np.diff([v[n]["weight"] for v in path], axis=0)).sum(axis=0).max(initial=0) for n in path[0]}
    for loose in (1e-4, 0.0):
        for number, (a, b) in enumerate(zip(found, path), 1):
            for what in (*ours.states, "weight"):
                for n in a:
                    if what not in b[n] or b[n][what].size != a[n][what].size:
                        continue
                    x, y = np.ravel(a[n][what]).astype(float), np.ravel(b[n][what]).astype(float)
                    allowed = loose * (ways[n] if what == "weight" else np.abs(y).max(initial=0))
                    at = int(np.nanargmax(np.abs(x - y))) if np.isfinite(x - y).any() else 0
                    if not abs(x[at] - y[at]) <= allowed:
                        return Difference(number, n, what, _node(ours, n, what), float(x[at]), float(y[at]))
    raise AssertionError("equal paths differ")


def _node(ours: Ours, tensor: str, what: str) -> str:
    """Return the name and the operator of the node that computes a value, the update's operator opened."""
    graph, executor = ours.step.graph, ours.trainer.executor
    arrays = executor.arg_dict | executor.aux_dict
    types = complete_types(graph, {n: TensorType(a.shape, a._data.dtype) for n, a in arrays.items()}, "compare")
    opened = decompose(graph, types, lambda node: bool(node.op.update) or bool(node.op.writes))
    names = [*updated_by(ours.step).values(), *(node.name for node in graph.written)]
    entry = opened.outputs[names.index(tensor if what == "weight" else f"{tensor}_{what}")]
    return f"{entry.node.shown_name} ({entry.node.op.name})" if entry.node.op else entry.node.shown_name
