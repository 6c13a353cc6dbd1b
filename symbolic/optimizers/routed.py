"""Rules of their own for parameters, by name, in one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ndarray.errors import OperatorError
from symbolic.optimizers.rates import Amounts

if TYPE_CHECKING:
    from symbolic.optimizers.forms import Form, Tensor
    from symbolic.optimizers.layerwise import LayerwiseRule
    from symbolic.optimizers.rules import Rule


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
        """States of one element that all tensors of a rule share."""
        return tuple(dict.fromkeys(name for _, rule, _ in self.routes for name in rule.shared_states))

    def apply(self, form: Form, tensors: Sequence[Tensor], rates: Amounts, decays: Amounts, counts: Amounts | None,
              skip: frozenset = frozenset(), shared: Mapping | None = None) -> list:
        """Return each tensor's new value, as `Rule.apply` does, each by the rule of its route."""
        found: dict[int, Any] = {}
        for number, (_, rule, factor) in enumerate(self.routes):
            at = [k for k, x in enumerate(tensors) if self.route(x.name) == number]
            if not at:
                continue
            own = rates.pick(at)
            own.factors = [f * factor for f in own.factors]
            new = rule.apply(form, [tensors[k] for k in at], own, Amounts(rule.wd, [decays.factors[k] for k in at]),
                             None if counts is None else counts.pick(at), skip, shared)
            found.update(zip(at, new, strict=True))
        return [found[k] for k in range(len(tensors))]
