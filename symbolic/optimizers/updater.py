"""Updates of single arrays, outside of any graph, by the same rules."""

import math
from numbers import Real

import numpy as np

from ndarray.array import NDArray, invoke
from ndarray.errors import OperatorError, ParamError, shown
from ndarray.params import REQUIRED
from ndarray.tensortype import UNKNOWN, TensorType
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
            self.states[index] = self._fresh(weight)
        lr = self._lr(number) if callable(self._lr) else self._lr
        if not isinstance(lr, Real):
            raise ParamError(f"the learning rate of update {number} must be a number, got {shown(lr)}")
        params = dict(self._rule.params)
        if self._rule.decays:
            params["wd"] = self._rule.wd
        if self._rule.corrects:
            beta1, beta2 = self._rule.betas
            lr *= math.sqrt(1 - beta2 ** number) / (1 - beta1 ** number)
        elif self._rule.counts:
            params["t"] = number
        params["lr"] = lr
        invoke(op, [weight, grad, *self.states[index].values()], params, out=weight)
        self._counts[index] = number

    def _fresh(self, weight):
        """Return the states of a weight that has not been updated yet."""
        op = self._rule.op
        types = [TensorType(weight.shape, weight._data.dtype), *[UNKNOWN] * (len(op.names) - 1)]
        found, _ = op.infer_types(types, [UNKNOWN], op.complete(dict.fromkeys(_required(op), 0)))
        states = dict(zip(op.names[2:], found[2:]))
        return {name: NDArray(weight._data.astype(np.float32) if name == "weight32" else np.zeros(t.shape, t.dtype))
                for name, t in states.items()}


def _required(op):
    return [p.name for p in op.params.values() if p.default is REQUIRED]
