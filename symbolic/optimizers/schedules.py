"""Learning rates that follow from the number of updates, with a warm-up before them."""

import math
from bisect import bisect_left
from dataclasses import dataclass
from numbers import Real

from ndarray.errors import ParamError, shown


@dataclass(frozen=True, kw_only=True)
class Scheduler:
    """A constant rate after a warm-up; the others are made from it.

    Attributes
    ----------
    base_lr : float
        The rate after the warm-up.
    warmup_steps : int
        How many updates the warm-up takes.
    warmup_begin_lr : float
        The rate at its start.
    warmup_mode : {'linear', 'constant'}
        Rise evenly to `base_lr`, or stay at `warmup_begin_lr`.

    Examples
    --------
    >>> lr = Scheduler(base_lr=1.0, warmup_steps=4)
    >>> [lr(n) for n in (0, 1, 4, 9)]
    [0.0, 0.25, 1.0, 1.0]
    """

    base_lr: float = 0.01
    warmup_steps: int = 0
    warmup_begin_lr: float = 0.0
    warmup_mode: str = "linear"

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if name not in ("step", "warmup_mode") and not (isinstance(value, Real) and math.isfinite(value)):
                raise ParamError(f"{name} must be a finite number, got {shown(value)}")
        if self.warmup_mode not in ("linear", "constant"):
            raise ParamError(f"warmup_mode must be 'linear' or 'constant', got {shown(self.warmup_mode)}")
        if self.warmup_steps < 0 or self.warmup_begin_lr > self.base_lr:
            raise ParamError(f"a warm-up rises in steps, got warmup_steps={self.warmup_steps} from "
                             f"{self.warmup_begin_lr} to {self.base_lr}")

    def __call__(self, num_update: int) -> float:
        """Return the rate of an update, the first of which is number 1."""
        if num_update < self.warmup_steps:
            done = num_update / self.warmup_steps if self.warmup_mode == "linear" else 0
            return self.warmup_begin_lr + (self.base_lr - self.warmup_begin_lr) * done
        return self.after_warmup(num_update)

    def after_warmup(self, num_update: int) -> float:
        """Return the rate once the warm-up is over."""
        return self.base_lr


@dataclass(frozen=True, kw_only=True)
class FactorScheduler(Scheduler):
    """Multiply by a factor each `step` updates.

    Attributes
    ----------
    step : int
    factor : float
    stop_factor_lr : float
        The rate never falls below it.

    Examples
    --------
    >>> lr = FactorScheduler(step=10, factor=0.5, base_lr=1.0)
    >>> lr(10), lr(11), lr(21)
    (1.0, 0.5, 0.25)
    """

    step: int
    factor: float = 1.0
    stop_factor_lr: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.step < 1 or not 0 < self.factor <= 1:
            raise ParamError(f"step must be at least 1 and factor in (0, 1], got {self.step} and {self.factor}")

    def after_warmup(self, num_update: int) -> float:
        """Return the rate once the warm-up is over."""
        return max(self.base_lr * self.factor ** (max(num_update - 1, 0) // self.step), self.stop_factor_lr)


@dataclass(frozen=True, kw_only=True)
class MultiFactorScheduler(Scheduler):
    """Multiply by a factor after each of some updates.

    Attributes
    ----------
    step : tuple of int
        The updates, rising.
    factor : float

    Examples
    --------
    >>> lr = MultiFactorScheduler(step=(10, 15), factor=0.1, base_lr=1.0)
    >>> lr(10), lr(11), round(lr(16), 6)
    (1.0, 0.1, 0.01)
    """

    step: tuple[int, ...]
    factor: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if list(self.step) != sorted(set(self.step)) or min(self.step, default=1) < 1:
            raise ParamError(f"step must be updates in rising order, from 1, got {shown(self.step)}")

    def after_warmup(self, num_update: int) -> float:
        """Return the rate once the warm-up is over."""
        return self.base_lr * self.factor ** bisect_left(self.step, num_update)


@dataclass(frozen=True, kw_only=True)
class PolyScheduler(Scheduler):
    """Fall to `final_lr` along a power of what is left.

    Attributes
    ----------
    max_update : int
        Where the end is reached.
    pwr : float
    final_lr : float

    Examples
    --------
    >>> lr = PolyScheduler(max_update=10, base_lr=1.0, pwr=2)
    >>> lr(0), lr(5), lr(20)
    (1.0, 0.25, 0.0)
    """

    max_update: int
    pwr: float = 2
    final_lr: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_update <= self.warmup_steps:
            raise ParamError(f"max_update={self.max_update} must come after warmup_steps={self.warmup_steps}")

    def after_warmup(self, num_update: int) -> float:
        """Return the rate once the warm-up is over."""
        left = 1 - min((num_update - self.warmup_steps) / (self.max_update - self.warmup_steps), 1)
        return self.final_lr + (self.base_lr - self.final_lr) * self.shape(left)

    def shape(self, left: float) -> float:
        """Return the height of the curve, from 1 to 0, when the part `left` of the way is left."""
        return left ** self.pwr


@dataclass(frozen=True, kw_only=True)
class CosineScheduler(PolyScheduler):
    """Fall to `final_lr` along half a wave of the cosine.

    Attributes
    ----------
    max_update : int
        Where the end is reached.
    final_lr : float

    Examples
    --------
    >>> lr = CosineScheduler(max_update=10, base_lr=1.0)
    >>> lr(0), round(lr(5), 6), lr(10)
    (1.0, 0.5, 0.0)
    """

    def shape(self, left: float) -> float:
        """Return the height of the curve, from 1 to 0, when the part `left` of the way is left."""
        return (1 - math.cos(math.pi * left)) / 2
