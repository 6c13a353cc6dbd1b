"""One number for each tensor of an update: rates, decays and counts, fixed or fed."""

import math
from collections.abc import Sequence
from typing import Any

from ndarray.errors import ParamError, shown
from symbolic.functions import function
from symbolic.optimizers.forms import Form
from symbolic.symbol import Symbol


class Amounts:
    """A base, which is a number or a Symbol of one element, times a factor for each tensor.

    Parameters
    ----------
    base : float or Symbol
    factors : sequence of float
    """

    __slots__ = ("base", "factors", "_scaled")

    def __init__(self, base: float | Symbol, factors: Sequence[float]) -> None:
        self.base, self.factors, self._scaled = base, [*map(float, factors)], {1.0: base}

    def items(self) -> list[Any]:
        """Return a number or a Symbol for each tensor; equal factors share one node."""
        base = self.base
        if not isinstance(base, Symbol):
            return [base * f for f in self.factors]
        return [self._item(f) for f in self.factors]

    def _item(self, factor):
        if not factor:
            return 0.0
        if factor not in self._scaled:
            self._scaled[factor] = product(self.base, factor, f"{self.base.name}_times_{factor:g}")
        return self._scaled[factor]

    def vector(self, form: Form, name: str) -> Any:
        """Return an array, or a Symbol, with an element for each tensor."""
        if not isinstance(self.base, Symbol):
            return form.constant(self.items(), name)
        n = (len(self.factors),)
        spread = function("broadcast_to")(function("reshape")(self.base, shape=(1,)), shape=n, name=name)
        if set(self.factors) == {1.0}:
            return spread
        return function("elemwise_mul")(spread, form.constant(self.factors, f"{name}_factors"), name=f"{name}_scaled")

    def pick(self, positions: Sequence[int]) -> "Amounts":
        """Return the amounts of some of the tensors, in another order."""
        picked = Amounts(self.base, [self.factors[k] for k in positions])
        picked._scaled = self._scaled
        return picked

    def times(self, other: "Amounts", name: str) -> "Amounts":
        """Return the products of these amounts with others; `name` is that of the node that multiplies the bases."""
        return Amounts(product(self.base, other.base, name),
                       [a * b for a, b in zip(self.factors, other.factors, strict=True)])


class Vector:
    """Amounts that an array, or a Symbol, holds for the first tensors; the others have plain ones.

    Parameters
    ----------
    form : Nodes or Arrays
        How operators are called.
    rates : NDArray or Symbol
    n : int
    plain : Amounts
    """

    def __init__(self, form: Form, rates: Any, n: int, plain: Amounts) -> None:
        self._form, self._rates, self._n, self._plain = form, rates, n, plain

    def items(self) -> list:
        """Return an array, a Symbol or a number for each tensor."""
        parts = [self._rates]
        if self._n > 1:
            parts = list(self._form.call("SliceChannel", self._rates, num_outputs=self._n, axis=0, name="rate"))
        return [*parts, *self._plain.items()]

    def vector(self, form: Form, name: str) -> Any:
        """Return an array, or a Symbol, with an element for each tensor."""
        if not self._plain.factors:
            return self._rates
        return form.call("Concat", self._rates, self._plain.vector(form, f"{name}_plain"), dim=0, name=f"{name}_all")


def product(a: float | Symbol, b: float | Symbol, name: str) -> float | Symbol:
    """Return the product of numbers and Symbols of one element; a factor of 1 makes no node."""
    if not isinstance(a, Symbol):
        a, b = b, a
    if not isinstance(a, Symbol):
        return a * b
    if isinstance(b, Symbol):
        return function("broadcast_mul")(a, b, name=name)
    return a if b == 1 else function("_mul_scalar")(a, scalar=b, name=name)


def bias_correction(counts: Amounts, beta1: Any, beta2: Any) -> tuple[Amounts, Amounts]:
    r"""Return what makes up for running means that start at zero, for each tensor.

    Parameters
    ----------
    counts : Amounts
        Numbers of the update, from 1.
    beta1, beta2 : float or Symbol
        What the running means keep.

    Returns
    -------
    rate : Amounts
        The factor of the rate, :math:`\sqrt{1 - \beta_2^t} / (1 - \beta_1^t)`.
    root : Amounts
        Its numerator: how far the root of the mean of squares has come.  Both are float64 where a beta is a Symbol.

    Raises
    ------
    ParamError
        If a number of an update is below 1.

    Examples
    --------
    >>> rate, root = bias_correction(Amounts(1.0, [1, 2]), 0.5, 0.75)
    >>> rate.items(), root.items()
    ([1.0, 0.8819171036881969], [0.5, 0.6614378277661477])
    """
    n = len(counts.factors)
    if not (isinstance(counts.base, Symbol) or isinstance(beta1, Symbol) or isinstance(beta2, Symbol)):
        keep1, keep2 = float(beta1), float(beta2)
        numbers = [check_count(t) for t in counts.items()]
        roots = [math.sqrt(filled(keep2, t)) for t in numbers]
        return Amounts(1.0, [root / filled(keep1, t) for root, t in zip(roots, numbers)]), Amounts(1.0, roots)
    t = counts.items()[0]
    if not isinstance(t, Symbol):
        check_count(t)
    elif isinstance(beta1, Symbol) or isinstance(beta2, Symbol):
        t = wide(t)
    mean, var = _filled_node(beta1, t, "mean"), _filled_node(beta2, t, "var")
    root = function("sqrt")(var, name="var_filled_root") if isinstance(var, Symbol) else math.sqrt(var)
    return Amounts(root / mean, [1.0] * n), Amounts(root, [1.0] * n)


def check_count(t: float) -> float:
    """Return the number of an update; raise where it is not one."""
    if not 1 <= t < math.inf:
        raise ParamError(f"t={shown(t)} is not the number of an update; updates are counted from 1")
    return t


def filled(beta: float, t: float) -> float:
    """Return how far a running mean that started at zero has come after `t` updates, ``1 - beta ** t``."""
    return 1 - beta ** t


def _filled_node(beta, t, name):
    """Return `filled` where beta or t is a Symbol, computed by nodes."""
    if isinstance(beta, Symbol):
        return function("_rminus_scalar")(wide(beta) ** wide(t), scalar=1.0, name=f"{name}_filled")
    if not isinstance(t, Symbol):
        return filled(beta, t)
    if not beta:
        return function("ones_like")(t, name=f"{name}_filled")
    power = function("_mul_scalar")(t, scalar=math.log(beta), name=f"{name}_decay")
    return function("negative")(function("expm1")(power, name=f"{name}_lost"), name=f"{name}_filled")


def wide(x: float | Symbol) -> float | Symbol:
    """Return a Symbol in float64, in which 1 - 0.999 keeps the digits that float32 loses; a number as it is."""
    return function("Cast")(x, dtype="float64") if isinstance(x, Symbol) else x
