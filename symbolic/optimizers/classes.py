"""MXNet's optimizer classes, each a name, arguments in MXNet's order, and the declared rule that it stands for."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ndarray.array import NDArray
from ndarray.errors import ParamError, shown, unknown
from symbolic.optimizers.optimizer import Optimizer, State, register
from symbolic.optimizers.rates import Amounts

_EXAMPLE = """

    Its arguments are those of MXNet's class, in MXNet's order; then those of `Optimizer` as keywords.

    Examples
    --------
    >>> import ndarray as nd
    >>> from symbolic import optimizers
    >>> optimizer, weight = optimizers.{name}(learning_rate=0.1), nd.ones((2, 3))
    >>> optimizer.update(0, weight, nd.ones((2, 3)), optimizer.create_state(0, weight))
    >>> optimizer.num_update, weight.shape
    (1, (2, 3))
"""


def _declare(cls: type[Optimizer]) -> type[Optimizer]:
    cls.__doc__ = (cls.__doc__ or "").rstrip() + _EXAMPLE.format(name=cls.__name__)
    return register(cls)


@_declare
class SGD(Optimizer):
    """SGD, with momentum where it is not 0: the rules ``sgd_update`` and ``sgd_mom_update``."""

    momentum: float = 0.0
    lazy_update: bool = True
    state_names, bare_state, master_last = ("mom",), True, True
    counts_first = True
    variants = {}, {"momentum": 0.9}

    def choose_rule(self) -> tuple[str, dict[str, Any]]:
        """Return the rule and its hyper-parameters."""
        if not self.momentum:
            return "sgd_update", {"lazy_update": self.lazy_update}
        return "sgd_mom_update", {"lazy_update": self.lazy_update, "momentum": self.momentum}


@_declare
class ccSGD(SGD):
    """`SGD` by an older name."""


@_declare
class LBSGD(Optimizer):
    """SGD on means of `batch_scale` gradients, with a rate that rises to `batch_scale` times as much while warming up.

    The rules are ``sgd_update`` and ``sgd_mom_update``; between the means nothing is updated.  As in MXNet,
    `num_epochs` has no effect, and a schedule gives the rate for the updates before this one.  With
    ``warmup_strategy="lars"`` the factor of the rate is that of the norms of weight and mean gradient, between 0.01
    and 100.
    """

    momentum: float = 0.0
    multi_precision: bool = False
    warmup_strategy: str = "linear"
    warmup_epochs: int = 5
    batch_scale: int = 1
    updates_per_epoch: int = 32
    begin_epoch: int = 0
    num_epochs: int = 60
    state_names, bare_state = ("mom",), True
    _WARMUPS = {"linear": lambda part: part, "power2": lambda part: part * part, "sqrt": math.sqrt, "lars": None}
    variants = ()

    def choose_rule(self) -> tuple[str, dict[str, Any]]:
        """Return the rule and its hyper-parameters.

        Raises
        ------
        ParamError
            If `warmup_strategy` is unknown, or `batch_scale` is not a positive integer.
        """
        if self.warmup_strategy not in self._WARMUPS:
            raise ParamError(f"LBSGD: {unknown('warmup_strategy', self.warmup_strategy, self._WARMUPS)}")
        if isinstance(self.batch_scale, bool) or not isinstance(self.batch_scale, int) or self.batch_scale < 1:
            raise ParamError(f"LBSGD: batch_scale must be a positive integer, got {shown(self.batch_scale)}")
        return ("sgd_mom_update", {"momentum": self.momentum}) if self.momentum else ("sgd_update", {})

    def update(self, index: Any, weight: Any, grad: Any, state: Any) -> None:
        """Add the gradient to the sum of its index; after each `batch_scale` of them, update by their mean."""
        if isinstance(index, (list, tuple)):
            for one in zip(index, weight, grad, state, strict=True):
                self.update(*one)
            return
        count = self._counts.get(index, self.begin_num_update) + 1
        number = count - self.begin_num_update + self.begin_epoch * self.updates_per_epoch
        kept = self._shared.get((index,))
        total = grad if kept is None else kept["sum"] + grad
        if number % self.batch_scale:
            self._shared[index,] = {"sum": total.copy()}
            self._counts[index], self.num_update = count, max(self.num_update, count)
            return
        mean = total / self.batch_scale
        self._growth = self._growth_of(weight, mean, index) if self.warmup_strategy == "lars" else self._warmed(number)
        super().update(index, weight, mean, state)
        self._shared.pop((index,), None)

    def rates(self, rate: float, factors: Sequence[float]) -> Amounts:
        """Return what the rule is given: the rate times what warming up makes of it."""
        return Amounts(rate * self._growth, factors)

    def number_of_rate(self, number: int) -> int:
        """Return how many updates were made before."""
        return self.num_update

    def _warmed(self, number):
        """Return the factor of the rate after a number of updates."""
        last = self.warmup_epochs * self.updates_per_epoch
        if number >= last:
            return float(self.batch_scale)
        return 1.0 if last <= 1 else 1.0 + (self.batch_scale - 1) * self._WARMUPS[self.warmup_strategy](number / last)

    def _growth_of(self, weight, mean, index):
        """Return the factor of the rate by the norms of a weight and of its gradient."""
        of_weight, of_grad = (float(np.square(x.asnumpy(), dtype=np.float64).sum()) for x in (weight, mean))
        decay = self.wd * self._factors(self.wd_mult, [index], "wd_mult")[0]
        return min(max(math.sqrt(of_weight / (of_grad + decay * of_weight + 1e-18)), 0.01), 100.0)


@_declare
class NAG(Optimizer):
    """Nesterov's momentum: the rule ``nag_mom_update``, plain SGD where the momentum is 0.

    The decay of the momentum is computed from the weights before the update; MXNet takes those after it.
    """

    momentum: float = 0.0
    state_names, bare_state, master_last = ("mom",), True, True
    variants = {"momentum": 0.9}, {"momentum": 0.9, "wd": 0.0}

    def choose_rule(self) -> tuple[str, dict[str, Any]]:
        """Return the rule and its hyper-parameters."""
        return ("nag_mom_update", {"momentum": self.momentum}) if self.momentum else ("sgd_update", {})


@_declare
class Signum(Optimizer):
    """The sign of the momentum, or of the gradient where that is 0: the rules ``signum`` and ``signsgd``."""

    learning_rate: float = 0.01
    momentum: float = 0.9
    wd_lh: float = 0.0
    state_names, bare_state = ("mom",), True
    variants = {}, {"momentum": 0.0}

    def choose_rule(self) -> tuple[str, dict[str, Any]]:
        """Return the rule and its hyper-parameters."""
        if not self.momentum and not self.wd_lh:
            return "signsgd_update", {}
        return "signum_update", {"momentum": self.momentum, "wd_lh": self.wd_lh}


@_declare
class SGLD(Optimizer):
    """Langevin dynamics: the rule ``sgld``, with random numbers of `ndarray.random`."""
    variants = ()

    def choose_rule(self) -> tuple[str, dict[str, Any]]:
        """Return the rule and its hyper-parameters."""
        return "sgld", {}


@_declare
class DCASGD(Optimizer):
    """Delay-compensated asynchronous SGD: the rule ``dcasgd``."""

    momentum: float = 0.0
    lamda: float = 0.04
    state_names = ("mom", "previous")

    def choose_rule(self) -> tuple[str, dict[str, Any]]:
        """Return the rule and its hyper-parameters."""
        return "dcasgd", {"momentum": self.momentum, "lamda": self.lamda}

    def create_state(self, index: int | str, weight: NDArray) -> State:
        """Return the states of a weight that has not been updated: without a momentum, None in its place."""
        state = super().create_state(index, weight)
        return state if self.momentum or not isinstance(state, tuple) else (None, *state[1:])


@_declare
class FTML(Optimizer):
    """Follow the moving leader: the rule ``ftml``."""

    beta1: float = 0.6
    beta2: float = 0.999
    epsilon: float = 1e-8
    state_names = ("d", "v", "z")

    def choose_rule(self) -> tuple[str, dict[str, Any]]:
        """Return the rule and its hyper-parameters."""
        return "ftml", {"beta1": self.beta1, "beta2": self.beta2, "epsilon": self.epsilon}


@_declare
class LARS(Optimizer):
    """Layer-wise rates over SGD: the rule ``lars``; parameters named ``*gamma``, ``*beta``, ``*bias`` keep the rate.

    Where the rate changes, ``momentum_correction`` is of the momentum of every tensor; MXNet corrects that of the first
    call alone.
    """

    momentum: float = 0.0
    lazy_update: bool = True
    eta: float = 0.001
    eps: float = 0
    momentum_correction: bool = True
    state_names, bare_state, master_last = ("mom",), True, True
    counts_first = True
    decayed = ("_weight",)
    variants = ({"momentum": 0.9, "eta": 0.1},)

    def choose_rule(self) -> tuple[str, dict[str, Any]]:
        """Return the rule that has the layer-wise rates, and its hyper-parameters."""
        if not self.momentum:
            return "preloaded_multi_sgd_update", {}
        return "preloaded_multi_sgd_mom_update", {"momentum": self.momentum}

    def layerwise(self) -> dict[str, Any]:
        """Return the arguments of the layer-wise rule."""
        return {"eta": self.eta, "eps": self.eps,
                "momentum_correction": bool(self.momentum and self.momentum_correction)}

    def plain(self, indices: Iterable[int | str]) -> frozenset:
        """Return the indices without layer-wise rates."""
        return frozenset(i for i in indices if self.idx2name.get(i, str(i)).endswith(("gamma", "beta", "bias")))


@_declare
class LAMB(Optimizer):
    """Layer-wise rates over Adam: the rule ``lamb``.

    With `multi_precision` the float32 copy moves; MXNet leaves it where it was, and so loses what float16 rounds away.
    """

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-6
    lower_bound: float | None = None
    upper_bound: float | None = None
    bias_correction: bool = True
    state_names = ("mean", "var")

    def choose_rule(self) -> tuple[str, dict[str, Any]]:
        """Return the rule and its hyper-parameters."""
        return "lamb", {"beta1": self.beta1, "beta2": self.beta2, "epsilon": self.epsilon,
                        "lower_bound": self.lower_bound or None, "upper_bound": self.upper_bound or None,
                        "bias_correction": self.bias_correction}


@_declare
class Adam(Optimizer):
    """Adam, its epsilon added before the bias is corrected: the rule ``adam``."""

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    lazy_update: bool = True
    state_names = ("mean", "var")

    def choose_rule(self) -> tuple[str, dict[str, Any]]:
        """Return the rule and its hyper-parameters."""
        return "adam", {"beta1": self.beta1, "beta2": self.beta2, "epsilon": self.epsilon,
                        "lazy_update": self.lazy_update}


@_declare
class Adamax(Optimizer):
    """Adam with the largest gradient in place of the root mean square: the rule ``adamax``."""

    learning_rate: float = 0.002
    beta1: float = 0.9
    beta2: float = 0.999
    state_names = ("mean", "largest")

    def choose_rule(self) -> tuple[str, dict[str, Any]]:
        """Return the rule and its hyper-parameters."""
        return "adamax", {"beta1": self.beta1, "beta2": self.beta2}


@_declare
class Nadam(Optimizer):
    """Adam with Nesterov's momentum: the rule ``nadam``.

    Each tensor has a momentum schedule of its own, a third state; MXNet's tensors share one, which each moves on.
    """

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    schedule_decay: float = 0.004
    state_names, only_ours = ("mean", "var", "product"), ("product",)

    def choose_rule(self) -> tuple[str, dict[str, Any]]:
        """Return the rule and its hyper-parameters."""
        return "nadam", {"beta1": self.beta1, "beta2": self.beta2, "epsilon": self.epsilon,
                         "schedule_decay": self.schedule_decay}


@_declare
class AdaGrad(Optimizer):
    """The sum of all squared gradients: the rule ``adagrad``."""

    eps: float = 1e-7
    state_names, bare_state = ("history",), True

    def choose_rule(self) -> tuple[str, dict[str, Any]]:
        """Return the rule and its hyper-parameters."""
        return "adagrad", {"epsilon": self.eps}


@_declare
class AdaDelta(Optimizer):
    """Steps in the size of the last steps: the rule ``adadelta``.  As in MXNet, rate and factors have no effect."""

    rho: float = 0.9
    epsilon: float = 1e-5
    state_names = ("squares", "moves")

    def choose_rule(self) -> tuple[str, dict[str, Any]]:
        """Return the rule and its hyper-parameters."""
        return "adadelta", {"rho": self.rho, "epsilon": self.epsilon}

    def rates(self, rate: float, factors: Sequence[float]) -> Amounts:
        """Return 1 for every tensor."""
        return Amounts(1.0, [1.0] * len(factors))


@_declare
class RMSProp(Optimizer):
    """The running root mean square: the rule ``rmsprop``, or ``rmspropalex`` where `centered`."""

    learning_rate: float = 0.001
    gamma1: float = 0.9
    gamma2: float = 0.9
    epsilon: float = 1e-8
    centered: bool = False
    clip_weights: float | None = None
    variants = {}, {"centered": True}

    def choose_rule(self) -> tuple[str, dict[str, Any]]:
        """Return the rule and its hyper-parameters."""
        self.state_names = ("n", "g", "delta") if self.centered else ("n",)
        params = {"gamma1": self.gamma1, "epsilon": self.epsilon, "clip_weights": self.clip_weights or None}
        return ("rmspropalex", {**params, "gamma2": self.gamma2}) if self.centered else ("rmsprop", params)


@_declare
class Ftrl(Optimizer):
    """Follow the regularised leader: the rule ``ftrl``."""

    lamda1: float = 0.01
    learning_rate: float = 0.1
    beta: float = 1
    state_names = ("z", "n")
    schedule_first = True

    def choose_rule(self) -> tuple[str, dict[str, Any]]:
        """Return the rule and its hyper-parameters."""
        return "ftrl", {"lamda1": self.lamda1, "beta": self.beta}


@_declare
class GroupAdaGrad(Optimizer):
    """AdaGrad with one sum for each row, without decay: the rule ``group_adagrad``; MXNet has it in ``contrib``."""

    eps: float = 1e-5
    state_names, bare_state = ("history",), True

    def choose_rule(self) -> tuple[str, dict[str, Any]]:
        """Return the rule and its hyper-parameters."""
        return "group_adagrad", {"epsilon": self.eps}
