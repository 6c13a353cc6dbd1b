"""Rules of their own for parameters, by name, in one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ndarray.errors import OperatorError
from symbolic.functions import function
from symbolic.graph.naming import Prefix
from symbolic.optimizers.rates import Amounts
from symbolic.symbol import Symbol

if TYPE_CHECKING:
    from symbolic.optimizers.forms import Form, Tensor
    from symbolic.optimizers.layerwise import LayerwiseRule
    from symbolic.optimizers.rules import Rule


def _in_array(rule: Rule | LayerwiseRule) -> bool:
    """Tell whether the operator of a rule reads the rates as an array."""
    return rule.op.update.rate in rule.op.update.single


@dataclass(frozen=True)
class Routed:
    """For each parameter the rule of the first pattern that its name fits.

    `symbolic.optimizers.step` and `update` take a dict of patterns to rules in place of a rule.

    Attributes
    ----------
    routes : tuple of (str, Rule or LayerwiseRule, float)
        Pattern, rule, and a factor of the rate.

    Examples
    --------
    >>> import symbolic as sym
    >>> routes = {"embed_*": ("adamw", 0.1), "*": "muon"}
    >>> sym.optimizers.update(["embed_weight", "fc_weight"], routes).list_auxiliary_states()
    ['embed_weight_mean', 'embed_weight_var', 'fc_weight_mom']
    """

    routes: tuple[tuple[str, Rule | LayerwiseRule, float], ...]

    def __str__(self) -> str:
        return "; ".join(f"{pattern}: {rule}" for pattern, rule, _ in self.routes)

    def route(self, name: str) -> int:
        """Return the number of the route that a parameter takes.

        Raises
        ------
        OperatorError
            If its name fits no pattern.
        """
        for number, (pattern, *_) in enumerate(self.routes):
            if fnmatchcase(name, pattern):
                return number
        raise OperatorError(f"no rule for the parameter {name}: it fits none of "
                            f"{', '.join(pattern for pattern, *_ in self.routes)}; end with '*'")

    def rule_of(self, name: str) -> Rule | LayerwiseRule:
        """Return the rule of a parameter."""
        return self.routes[self.route(name)][1]

    def factor(self, name: str) -> float:
        """Return the factor of a parameter's rate."""
        return self.routes[self.route(name)][2]

    @property
    def op(self) -> Any:
        """There is not one operator: what needs one takes no routes.

        Raises
        ------
        OperatorError
        """
        raise OperatorError("rules by name are for `step` and `update`; here give one rule")

    # The decay of each rule is its own.
    wd = 1.0
    counts = property(lambda self: any(rule.counts for _, rule, _ in self.routes),
                      doc="Whether a rule must know the number of the update.")

    @property
    def shared_states(self) -> tuple[str, ...]:
        """States of one element that all tensors of a route share; each route has its own."""
        return tuple([name for own in self._shared() for name in own.values()])

    def _shared(self) -> list[dict[str, str]]:
        """Return for each route the states that its tensors share, by the names that the rule has for them."""
        found: list[dict[str, str]] = []
        for number, (_, rule, _) in enumerate(self.routes):
            taken = {name for own in found for name in own.values()}
            found.append({name: f"route{number}_{name}" if name in taken else name for name in rule.shared_states})
        return found

    def apply(self, form: Form, tensors: Sequence[Tensor], rates: Amounts, decays: Amounts, counts: Amounts | None,
              skip: frozenset = frozenset(), shared: Mapping | None = None) -> list:
        """Return each tensor's new value, as `Rule.apply` does, each by the rule of its route."""
        found: dict[int, Any] = {}
        names, together, in_array = self._shared(), False, rates.base
        if isinstance(in_array, Symbol) and len({_in_array(rule) for _, rule, _ in self.routes}) > 1:
            # Arrays of rates are float32; as numbers they are of the dtype of the weights.
            in_array = function("Cast")(in_array, dtype="float32", name="lr_single")
        for number, (_, rule, factor) in enumerate(self.routes):
            at = [k for k, x in enumerate(tensors) if self.route(x.name) == number]
            if not at:
                continue
            own = Amounts(in_array if _in_array(rule) else rates.base, [rates.factors[k] * factor for k in at])
            of_route = None if shared is None else {name: shared[key] for name, key in names[number].items()}
            # The nodes of a rule of one tensor have its name; those of many tensors are named alike for every route.
            with Prefix(f"route{number}_") if rule.op.many and together else nullcontext():
                new = rule.apply(form, [tensors[k] for k in at], own, Amounts(rule.wd, [decays.factors[k] for k in at]),
                                 None if counts is None else counts.pick(at), skip, of_route)
            together = together or bool(rule.op.many)
            found.update(zip(at, new, strict=True))
        return [found[k] for k in range(len(tensors))]
