"""Numbers that are fed to a step at run time: the rate, the count, and other hyper-parameters, each checked."""

import json
import math
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np

from ndarray.array import NDArray
from ndarray.errors import OperatorError, ParamError, shown
from ndarray.params import Param
from symbolic.graph.graph import Graph
from symbolic.symbol import Symbol


def rate_of(lr: float | Callable[[int], float], number: int) -> float:
    """Return the learning rate of an update.

    Parameters
    ----------
    lr : float or callable
        A rate, or a schedule of the number of the update.
    number : int

    Raises
    ------
    ParamError
        If it is not a finite number.

    Examples
    --------
    >>> rate_of(0.5, 1), rate_of(lambda n: 1 / n, 4)
    (0.5, 0.25)
    """
    found = lr(number) if callable(lr) else lr
    if type(found) is float and math.isfinite(found):
        return found
    if isinstance(found, (np.ndarray, NDArray)) and found.size == 1:
        found = float(np.asarray(getattr(found, "_data", found)).reshape(()))
    if isinstance(found, (bool, np.bool_)) or not isinstance(found, Real):
        raise ParamError(f"the learning rate of update {number} must be a number, got {shown(found)}")
    if not math.isfinite(found):
        raise ParamError(f"the learning rate of update {number} must be finite, got {found}")
    return float(found)


def count_of(num_update: int) -> int:
    """Return how many updates have been made; raise where it is not a number of updates.

    Raises
    ------
    ParamError
    """
    if isinstance(num_update, bool) or not isinstance(num_update, Integral) or num_update < 0:
        raise ParamError(f"num_update must be an integer from 0, got {shown(num_update)}")
    return int(num_update)


class FedNumbers:
    """Which variables of a step are its rate and its count, and what range each fed hyper-parameter has.

    Parameters
    ----------
    step : Symbol

    Attributes
    ----------
    rate, count : str
        Names of the variables; a step may lack them.
    limits_rate : bool
        Whether a formula takes rates of some range only, because it divides by them.
    """

    def __init__(self, step: Symbol) -> None:
        names = {"lr": "lr", "t": "t"}
        self._params: dict[str, tuple[Param, str]] = {}
        rates = []
        for node in step.graph.nodes:
            if node.op is None:
                continue
            names |= _declared_names(dict(node.attrs).get("__fed__"))
            for name, value in node.complete_params.items():
                for fed in node.op.fed({name: value}):
                    source = node.inputs[fed.index].node
                    checked = node.op.params[name], f"{node.name} ({node.op.name})"
                    if source.op is None:
                        self._params[source.name] = checked
                    elif node.op.update and name == node.op.update.rate:
                        rates.append((source, checked))
        self.rate, self.count = names["lr"], names["t"]
        for source, checked in rates:
            # The product of the rate and factors is in the range where the rate is: whether it is above 0.
            if checked[0].within and self.rate in {each.name for each in Graph(source.outputs).arguments}:
                self._params.setdefault(self.rate, checked)
        self.limits_rate = self.rate in self._params and bool(self._params[self.rate][0].within)

    def check(self, inputs: Mapping[str, Any], number: int) -> None:
        """Raise where a number that is to be fed is outside of its range, before anything is written.

        Raises
        ------
        ParamError
        """
        for name, value in inputs.items():
            if name == self.rate:
                rate_of(value, number)
            if name == self.count:
                numbers = np.asarray(getattr(value, "_data", value)).reshape(-1)
                if numbers.dtype.kind not in "iuf" or not ((numbers >= 1) & (numbers < math.inf)).all():
                    raise ParamError(f"{name}={shown(value)} is not the number of an update; they are counted from 1")
            if name in self._params:
                param, where = self._params[name]
                param.parse(getattr(value, "_data", value), where)


def _declared_names(text):
    """Return the names that an attribute, which may come from a file, gives to the rate and the count."""
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()) or found.keys() - {"lr", "t"}:
        raise OperatorError(f"the attribute __fed__={shown(text)} does not name the variables of rate and count")
    return found
