"""Updates of arrays outside of any graph, by the same rules."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from ndarray import pickles
from ndarray.array import NDArray
from ndarray.errors import FormatError, OperatorError, shown
from ndarray.kernels.signals import deferred
from ndarray.operator import Operator
from ndarray.params import REQUIRED
from ndarray.tensortype import UNKNOWN, TensorType
from ndarray.text import counted
from symbolic.optimizers.bind import first_state
from symbolic.optimizers.fed import rate_of
from symbolic.optimizers.forms import Arrays, Tensor
from symbolic.optimizers.layerwise import LayerwiseRule
from symbolic.optimizers.layerwise import rule as as_rule
from symbolic.optimizers.rates import Amounts
from symbolic.optimizers.routed import Routed
from symbolic.optimizers.rules import Rule
from symbolic.optimizers.states import read_states


class Updater:
    """Update arrays by their gradients, each with states and a count of its own.

    Parameters
    ----------
    rule : str, Rule or LayerwiseRule
        See `symbolic.optimizers.rule`.
    lr : float or callable
        A rate, or a schedule of the number of the tensor's update, which starts with 1.
    lr_mult, wd_mult : dict of hashable to float, optional
        Factors of rate and decay, by index or by name.
    names : dict of hashable to str, optional
        Names of indices.
    no_lars : sequence of hashable, optional
        Indices or names without layer-wise rates.
    precision : {'master', 'stochastic', 'kahan'}, optional
        How weights in 16 bits keep small steps; see `symbolic.optimizers.rule`.
    **rule_params : float
        Hyper-parameters of the rule.

    Attributes
    ----------
    states : dict of hashable to dict of str to NDArray
        By index, then by name.
    counts : dict of hashable to int
        The number of updates made, by index.

    Examples
    --------
    >>> import ndarray as nd
    >>> update, weight = Updater("sgd", lr=0.5, momentum=0.5), nd.array([1.0])
    >>> for _ in range(2):
    ...     update(0, nd.array([1.0]), weight)
    >>> weight.asnumpy(), update.states[0]["mom"].asnumpy()
    (array([-0.25], dtype=float32), array([-0.75], dtype=float32))

    A rule of many tensors takes lists:

    >>> update, weights = Updater("lamb", lr=0.5), [nd.array([3.0, 4.0]), nd.array([1.0])]
    >>> update(["a", "b"], [nd.array([1.0, 0.0]), nd.array([1.0])], weights)
    >>> [w.asnumpy().round(4).tolist() for w in weights], update.counts
    ([[0.5, 4.0], [0.5]], {'a': 1, 'b': 1})
    """

    def __init__(self, rule: str | Rule | LayerwiseRule, lr: float | Callable[[int], float], *,
                 lr_mult: Mapping[Hashable, float] | None = None, wd_mult: Mapping[Hashable, float] | None = None,
                 names: Mapping[Hashable, str] | None = None, no_lars: Sequence[Hashable] = (),
                 precision: str | None = None, **rule_params: float) -> None:
        made = as_rule(rule, precision=precision, **rule_params)
        if isinstance(made, Routed):
            raise OperatorError("rules by name are for `step` and `update`; give an Updater one rule")
        self._rule = made
        self._lr = lr
        self.counts: dict[Hashable, int] = {}
        self.states: dict[Hashable, dict[str, NDArray]] = {}
        self._shared: dict[tuple, dict[str, NDArray]] = {}
        self._names, self._no_lars = dict(names or {}), set(no_lars)
        self._lr_mult, self._wd_mult = dict(lr_mult or {}), dict(wd_mult or {})

    def __call__(self, index: Hashable | list, grad: NDArray | list, weight: NDArray | list,
                 **more: NDArray | list) -> None:
        """Update weights in place.

        Parameters
        ----------
        index : hashable, or list of them
            Which tensor it is; states and counts are kept by it.
        grad, weight : NDArray, or list of NDArray
            One for each index.
        **more : NDArray, or list of NDArray
            What the rule reads of each tensor and does not keep as a state.
        """
        indices, grads, weights = (x if isinstance(x, list) else [x] for x in (index, grad, weight))
        more = {name: x if isinstance(x, list) else [x] for name, x in more.items()}
        self._check(indices, grads, weights, more)
        groups = [range(len(indices))] if self._rule.op.many else [range(k, k + 1) for k in range(len(indices))]
        for group in groups:
            # An error leaves the tensors of its group, and those after it, as they were.
            chosen, its_grads, its_weights = ([values[k] for k in group] for values in (indices, grads, weights))
            self._update(chosen, its_grads, its_weights,
                         {name: [values[k] for k in group] for name, values in more.items()})

    def get_states(self) -> bytes:
        """Return states and counts of every index as bytes, from which `set_states` goes on bit for bit.

        Raises
        ------
        OperatorError
            If an index is not a number or text.

        Examples
        --------
        >>> import ndarray as nd
        >>> update = Updater("adam", lr=0.5, beta1=0.5)
        >>> update("w", nd.array([1.0]), nd.array([1.0]))
        >>> again = Updater("adam", lr=0.5, beta1=0.5)
        >>> again.set_states(update.get_states())
        >>> again.counts, again.states["w"]["mean"].asnumpy()
        ({'w': 1}, array([0.5], dtype=float32))
        """
        shared = [(list(indices), states) for indices, states in self._shared.items()]
        counted = {"optimizer": self._rule.op.name, "num_update": max(self.counts.values(), default=0),
                   "counts": self.counts, "shared": shared}
        return pickles.dumps((self.states, counted))

    def set_states(self, states: bytes) -> None:
        """Take states and counts from the bytes of `get_states`; no code in them is run.

        Raises
        ------
        FormatError
            If they are damaged, or of another rule.  Nothing is taken.
        """
        kept = {name for name in self._rule.more_inputs if name in self._rule.op.writes}

        def fits(state: object) -> bool:
            return (isinstance(state, dict) and state.keys() == kept
                    and all(isinstance(a, NDArray) for a in state.values()))

        found, counted = read_states(states, self._rule.op.name, fits)
        if counted is None or counted.counts.keys() != found.keys():
            raise FormatError(f"{self._rule.op.name}: expected states with the counts of all indices")
        self.states, self.counts, self._shared = found, dict(counted.counts), dict(counted.shared)

    def _update(self, indices, grads, weights, more):
        """Update tensors in one call of the rule."""
        numbers = [self.counts.get(i, 0) + 1 for i in indices]
        rates = [rate_of(self._lr, number) for number in numbers]
        mults = self._factors(self._lr_mult, indices)
        states = [self.states.get(i) or fresh_states(self._rule.op, w, self._rule.settings)
                  for i, w in zip(indices, weights)]
        tensors = [Tensor(i, {"weight": w, "grad": g, **s, **{name: x[k] for name, x in more.items()}})
                   for k, (i, w, g, s) in enumerate(zip(indices, weights, grads, states))]
        decays = Amounts(self._rule.wd, self._factors(self._wd_mult, indices))
        skip = frozenset(i for i in indices if {i, self._names.get(i)} & self._no_lars) if self._no_lars else _NONE
        one_rate = len(set(rates)) == 1  # It stays apart from the factors: a rule may need it.
        scaled = Amounts(rates[0], mults) if one_rate else Amounts(1.0, [a * b for a, b in zip(rates, mults)])
        shared = self._shared.get(tuple(indices)) or {
            name: NDArray(np.zeros(1, np.float32)) for name in self._rule.shared_states}
        if shared and not one_rate:
            raise OperatorError(f"{self._rule} needs one rate for all tensors; they have had {shown(numbers)} updates")
        with deferred():  # States and counts go with the update, whenever an interrupt comes.
            self._rule.apply(Arrays, tensors, scaled, decays, Amounts(1.0, numbers), skip, shared)
            self._shared[tuple(indices)] = shared
            self.states.update(zip(indices, states))
            self.counts.update(zip(indices, numbers))

    def _check(self, indices, grads, weights, more):
        needed = {name for name in self._rule.more_inputs if name not in self._rule.op.writes}
        if more.keys() != needed:
            raise OperatorError(f"{self._rule.op.name} takes of each tensor {', '.join(['weight', 'grad', *needed])}; "
                                f"got weight, grad{''.join(f', {name}' for name in more)}")
        if len(set(indices)) != len(indices):
            raise OperatorError(f"an index is given twice in {shown(indices)}")
        for name, values in {"grad": grads, "weight": weights, **more}.items():
            if len(values) != len(indices):
                raise OperatorError(f"expected one array of {name} for each of {shown(indices)}, "
                                    f"got {counted(len(values), 'array')}")

    def _factors(self, factors, indices):
        if not factors:
            return [1.0] * len(indices)
        return [factors.get(i, factors.get(self._names.get(i), 1.0)) for i in indices]


_NONE: frozenset = frozenset()


def fresh_states(op: Operator, weight: NDArray, settings: Mapping[str, Any] | None = None) -> dict[str, NDArray]:
    """Return the states of a weight that has not been updated yet, by the operator's names.

    `settings` are the parameters of the operator that are no numbers: shapes may depend on them.
    """
    names, n = op.many or op.names, 1
    ones = {p.name: (1,) if p.name in op.scalar_tuples else 1 for p in op.params.values() if p.default is REQUIRED}
    params = op.complete({**op.parse({**ones, **(settings or {})}), **({op.count: n} if op.many else {})})
    types = [TensorType(weight.shape, weight._data.dtype), *[UNKNOWN] * (len(op.names) - 1)]
    found, _ = op.infer_types(types, [UNKNOWN], params)
    kept = {name: t for name, t in zip(names, found) if name in op.writes}
    copied, drawn = op.update.copies, op.update.keys
    return {name: NDArray(first_state(t, weight if name in copied else None) if name in (*copied, *drawn)
                          else np.zeros(t.shape, t.dtype)) for name, t in kept.items()}
