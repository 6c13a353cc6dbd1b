"""Updates of single arrays, outside of any graph, by the same rules."""

import numpy as np

from ndarray.array import NDArray, invoke
from ndarray.errors import OperatorError
from symbolic.optimizers.rules import rule as as_rule


class Updater:
    """Update arrays one by one, each with states of its own.

    Parameters
    ----------
    rule : str or Rule
        A rule whose operator updates one weight.
    lr : float or callable
        A rate, or a schedule of the number of the update, which starts with 1.
    **rule_params : float
        Hyper-parameters of the rule.

    Attributes
    ----------
    states : dict of hashable to dict of str to NDArray
        By index, then by name.

    Examples
    --------
    >>> import ndarray as nd
    >>> update, weight = Updater("sgd", lr=0.5, momentum=0.5), nd.array([1.0])
    >>> for _ in range(2):
    ...     update(0, nd.array([1.0]), weight)
    >>> weight.asnumpy(), update.states[0]["mom"].asnumpy()
    (array([-0.25], dtype=float32), array([-0.75], dtype=float32))
    """

    def __init__(self, rule, lr, **rule_params):
        self._rule = as_rule(rule, **rule_params)
        op = getattr(self._rule, "op", None)
        if op is None or op.many or op.names != ("weight", "grad", *op.writes):
            raise OperatorError(f"{self._rule} does not update one weight by one gradient; make a step of it")
        self._lr, self._counts, self.states = lr, {}, {}

    def __call__(self, index, grad, weight):
        """Update `weight` in place by `grad`; `index` says which it is."""
        op, number = self._rule.op, self._counts.get(index, 0) + 1
        if index not in self.states:
            self.states[index] = {name: NDArray(weight._data.astype(np.float32) if name == "weight32"
                                                else np.zeros_like(weight._data)) for name in op.writes}
        params = dict(self._rule.params) | {"lr": self._lr(number) if callable(self._lr) else self._lr}
        if self._rule.decays:
            params["wd"] = self._rule.wd
        if self._rule.counts:
            params["t"] = number
        invoke(op, [weight, grad, *self.states[index].values()], params, out=weight)
        self._counts[index] = number
