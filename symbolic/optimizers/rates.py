"""One number for each tensor of a step: rates and decays, fixed or fed."""

from symbolic.functions import function
from symbolic.symbol import Symbol


class Amounts:
    """A base, which is a number or a Symbol of one element, times a factor for each tensor.

    Parameters
    ----------
    base : float or Symbol
    factors : sequence of float
    """

    def __init__(self, base, factors):
        self.base, self.factors, self._scaled = base, list(factors), {1.0: base}

    def items(self):
        """Return a number or a Symbol for each tensor; equal factors share one node."""
        return [self._item(float(f)) for f in self.factors]

    def _item(self, factor):
        if not isinstance(self.base, Symbol):
            return self.base * factor
        if factor not in self._scaled:
            self._scaled[factor] = function("_mul_scalar")(self.base, scalar=factor, name=f"{self.base.name}_times_{factor:g}")
        return self._scaled[factor]

    def vector(self, name):
        """Return a Symbol with an element for each tensor."""
        if not isinstance(self.base, Symbol):
            return constant([self.base * f for f in self.factors], name)
        n = (len(self.factors),)
        spread = function("broadcast_to")(function("reshape")(self.base, shape=(1,)), shape=n, name=name)
        if set(self.factors) == {1.0}:
            return spread
        return function("elemwise_mul")(spread, constant(self.factors, f"{name}_factors"), name=f"{name}_scaled")

    def pick(self, places):
        """Return the amounts of some of the tensors, in another order."""
        picked = Amounts(self.base, [self.factors[k] for k in places])
        picked._scaled = self._scaled
        return picked


class Vector:
    """Amounts that a Symbol holds for the first tensors; the others have plain ones.

    Parameters
    ----------
    symbol : Symbol
    n : int
    plain : Amounts
    """

    def __init__(self, symbol, n, plain):
        self._symbol, self._n, self._plain = symbol, n, plain

    def items(self):
        """Return a Symbol or number for each tensor."""
        parts = [self._symbol]
        if self._n > 1:
            parts = list(function("SliceChannel")(self._symbol, num_outputs=self._n, axis=0, name="rate"))
        return [*parts, *self._plain.items()]

    def vector(self, name):
        """Return a Symbol with an element for each tensor."""
        if not self._plain.factors:
            return self._symbol
        return function("Concat")(self._symbol, self._plain.vector(f"{name}_plain"), dim=0, name=f"{name}_all")


def constant(values, name):
    """Return a float32 vector that is written in the graph."""
    return function("_constant")(value=tuple(values), shape=(len(values),), name=name)
