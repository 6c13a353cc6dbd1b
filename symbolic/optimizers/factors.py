"""Which parameters an update takes, with which factors of rate and decay; and whether names meet."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from ndarray.errors import OperatorError, ParamError, UnknownNameError, shown, unknown
from symbolic.symbol import Symbol


class Factors(NamedTuple):
    """The parameters of an update, with what differs between them.

    Attributes
    ----------
    names : list of str
    lr, wd : list of float
        Factors of rate and decay.
    no_lars : frozenset of str
        Parameters without layer-wise rates.
    """

    names: list[str]
    lr: list[float]
    wd: list[float]
    no_lars: frozenset[str]


def factors_of(names: Sequence[str], attrs: Mapping[str, Mapping[str, str]], lr_mult: Mapping[str, float] | None,
               wd_mult: Mapping[str, float] | None, no_decay: Sequence[str], no_lars: Sequence[str]) -> Factors:
    """Return the factors of parameters from arguments and, where these are not given, from the variables' attributes.

    Raises
    ------
    UnknownNameError, ParamError
    """
    kept_out = set(chosen(no_decay, names, "no_decay"))
    lr, wd = (_multipliers(names, attrs, key, given) for key, given in (("lr_mult", lr_mult), ("wd_mult", wd_mult)))
    return Factors(list(names), lr, [0.0 if name in kept_out else f for name, f in zip(names, wd)],
                   frozenset(chosen(no_lars, names, "no_lars")))


def _multipliers(names, attrs, key, given):
    if not isinstance(given, Mapping | None):
        raise ParamError(f"{key} must be a dict of factors by name, got {shown(given)}")
    for name in given or ():
        if name not in names:
            raise UnknownNameError(f"{key}: {unknown('parameter', name, names)}")
    found = []
    for name in names:
        value = (given or {}).get(name, attrs[name].get(f"__{key}__", 1.0))
        try:
            found.append(float(value))
        except (TypeError, ValueError):
            found.append(math.nan)
        if not math.isfinite(found[-1]):
            raise ParamError(f"{key} of {name} must be a finite number, got {shown(value)}")
    return found


def chosen(patterns: str | Sequence[str], names: Sequence[str], what: str) -> list[str]:
    """Return those of `names` that patterns choose, in order.

    Raises
    ------
    UnknownNameError
        If a pattern without wildcards is not one of the names.
    """
    patterns = [patterns] if isinstance(patterns, str) else patterns
    for pattern in patterns:
        if not any(c in pattern for c in "*?[") and pattern not in names:
            raise UnknownNameError(f"{what}: {unknown('parameter', pattern, names)}")
    return [name for name in names if any(fnmatchcase(name, p) for p in patterns)]


def check_names(made: Symbol, rule: Any) -> None:
    """Raise where two inputs of an update, or of a step, have one name: arrays are bound by name.

    Raises
    ------
    OperatorError
    """
    doubled = [name for name, n in Counter(v.name for v in made.graph.variables).items() if n > 1]
    for name in doubled:
        if name in ("lr", "t"):
            what = "learning rate" if name == "lr" else "number of the update"
            other = "rate" if name == "lr" else "num_update"
            raise OperatorError(f"`{name}` is an input of the loss and the name of the {what}; "
                                f"give the update another: {name}=sym.var('{other}')")
        operator = str(rule).partition(",")[0]
        raise OperatorError(f"two inputs are named `{name}`: the rule {operator} names its own inputs "
                            "<parameter>_grad and <parameter>_<state>; rename the other one")
