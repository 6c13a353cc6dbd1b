"""Learning rates that follow from the number of updates, with a warm-up before them; called as MXNet's are."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal

from ndarray.errors import ParamError, shown

Warmup = Literal["linear", "constant"]


@dataclass(frozen=True, init=False)
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

    base_lr: float
    warmup_steps: int
    warmup_begin_lr: float
    warmup_mode: Warmup
    warmup_final_lr = 0.0
    """Where the warm-up ends; not a field of its own: `base_lr` as it was given."""

    def __init__(self, base_lr: float = 0.01, warmup_steps: int = 0, warmup_begin_lr: float = 0.0,
                 warmup_mode: Warmup = "linear") -> None:
        number("base_lr", base_lr)
        number("warmup_begin_lr", warmup_begin_lr)
        whole("warmup_steps", warmup_steps, 0)
        if warmup_mode not in ("linear", "constant"):
            raise ParamError(f"warmup_mode must be 'linear' or 'constant', got {shown(warmup_mode)}")
        if warmup_begin_lr > base_lr:
            raise ParamError(f"a warm-up rises, got warmup_begin_lr={warmup_begin_lr} above base_lr={base_lr}")
        self._keep(base_lr=base_lr, warmup_steps=warmup_steps, warmup_begin_lr=warmup_begin_lr, warmup_mode=warmup_mode,
                   warmup_final_lr=base_lr)

    def _keep(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __call__(self, num_update: int) -> float:
        """Return the rate of an update, the first of which is number 1.

        Raises
        ------
        ParamError
            If `num_update` is not a finite number from 0.
        """
        if not 0 <= number("num_update", num_update):
            raise ParamError(f"num_update must not be negative, got {shown(num_update)}")
        if num_update < self.warmup_steps:
            done = num_update / self.warmup_steps if self.warmup_mode == "linear" else 0
            return self.warmup_begin_lr + (self.warmup_final_lr - self.warmup_begin_lr) * done
        return self.after_warmup(num_update)

    def after_warmup(self, num_update: int) -> float:
        """Return the rate once the warm-up is over."""
        return self.base_lr

    def with_base(self, base_lr: float) -> Scheduler:
        """Return what follows from another rate after the same warm-up, as where MXNet's optimizers replace it."""
        found = copy(self)
        found._keep(base_lr=number("base_lr", base_lr))
        return found


@dataclass(frozen=True, init=False)
class FactorScheduler(Scheduler):
    """Multiply by a factor each `step` updates.

    Attributes
    ----------
    step : int
    factor : float
        Above 0 and at most 1.
    stop_factor_lr : float
        The rate never falls below it.

    Examples
    --------
    >>> lr = FactorScheduler(10, 0.5, base_lr=1.0)
    >>> lr(10), lr(11), lr(21)
    (1.0, 0.5, 0.25)
    """

    step: int
    factor: float
    stop_factor_lr: float

    def __init__(self, step: int, factor: float = 1.0, stop_factor_lr: float = 1e-8, base_lr: float = 0.01,
                 warmup_steps: int = 0, warmup_begin_lr: float = 0.0, warmup_mode: Warmup = "linear") -> None:
        super().__init__(base_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        self._keep(step=whole("step", step, 1), factor=share("factor", factor),
                   stop_factor_lr=number("stop_factor_lr", stop_factor_lr))

    def after_warmup(self, num_update: int) -> float:
        """Return the rate once the warm-up is over."""
        steps = max(num_update - 1, 0) // self.step
        return max(self.base_lr * self.factor ** steps, self.stop_factor_lr) if steps else self.base_lr


@dataclass(frozen=True, init=False)
class MultiFactorScheduler(Scheduler):
    """Multiply by a factor after each of some updates.

    Attributes
    ----------
    step : tuple of int
        The updates, increasing.
    factor : float
        Above 0 and at most 1.

    Examples
    --------
    >>> lr = MultiFactorScheduler((10, 15), 0.1, base_lr=1.0)
    >>> lr(10), lr(11), round(lr(16), 6)
    (1.0, 0.1, 0.01)
    """

    step: tuple[int, ...]
    factor: float

    def __init__(self, step: Sequence[int], factor: float = 1.0, base_lr: float = 0.01, warmup_steps: int = 0,
                 warmup_begin_lr: float = 0.0, warmup_mode: Warmup = "linear") -> None:
        super().__init__(base_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        if not isinstance(step, (list, tuple)) or not step:
            raise ParamError(f"step must be a list of numbers of updates, got {shown(step)}")
        steps = tuple(whole("step", s, 1) for s in step)
        if list(steps) != sorted(set(steps)):
            raise ParamError(f"step must be numbers of updates in increasing order, got {shown(step)}")
        self._keep(step=steps, factor=share("factor", factor))

    def after_warmup(self, num_update: int) -> float:
        """Return the rate once the warm-up is over."""
        return self.base_lr * self.factor ** bisect_left(self.step, num_update)


@dataclass(frozen=True, init=False)
class PolyScheduler(Scheduler):
    """Fall to `final_lr` along a power of what is left.

    Attributes
    ----------
    max_update : int
        Where the end is reached.
    pwr : float
        From 0.
    final_lr : float

    Examples
    --------
    >>> lr = PolyScheduler(10, base_lr=1.0, pwr=2)
    >>> lr(0), lr(5), lr(20)
    (1.0, 0.25, 0.0)
    """

    max_update: int
    pwr: float
    final_lr: float

    def __init__(self, max_update: int, base_lr: float = 0.01, pwr: float = 2, final_lr: float = 0.0,
                 warmup_steps: int = 0, warmup_begin_lr: float = 0.0, warmup_mode: Warmup = "linear") -> None:
        super().__init__(base_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        if number("pwr", pwr) < 0:
            raise ParamError(f"pwr must not be negative, got {pwr}")
        self._keep(max_update=after("max_update", max_update, warmup_steps), pwr=pwr,
                   final_lr=number("final_lr", final_lr))

    def after_warmup(self, num_update: int) -> float:
        """Return the rate once the warm-up is over."""
        left = part_left(self, num_update, self.max_update)
        return self.final_lr + (self.base_lr - self.final_lr) * left ** self.pwr

    def with_base(self, base_lr: float) -> Scheduler:
        """Return the schedule itself: the curve is that of the rate that it was made with, as in MXNet."""
        return self


@dataclass(frozen=True, init=False)
class CosineScheduler(Scheduler):
    """Fall to `final_lr` along half a wave of the cosine.

    Attributes
    ----------
    max_update : int
        Where the end is reached.
    final_lr : float

    Examples
    --------
    >>> lr = CosineScheduler(10, base_lr=1.0)
    >>> lr(0), round(lr(5), 6), lr(10)
    (1.0, 0.5, 0.0)
    """

    max_update: int
    final_lr: float

    def __init__(self, max_update: int, base_lr: float = 0.01, final_lr: float = 0.0, warmup_steps: int = 0,
                 warmup_begin_lr: float = 0.0, warmup_mode: Warmup = "linear") -> None:
        super().__init__(base_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        self._keep(max_update=after("max_update", max_update, warmup_steps), final_lr=number("final_lr", final_lr))

    def after_warmup(self, num_update: int) -> float:
        """Return the rate once the warm-up is over."""
        left = part_left(self, num_update, self.max_update)
        return self.final_lr + (self.base_lr - self.final_lr) * (1 - math.cos(math.pi * left)) / 2

    def with_base(self, base_lr: float) -> Scheduler:
        """Return the schedule itself: the curve is that of the rate that it was made with, as in MXNet."""
        return self


def part_left(schedule: Scheduler, num_update: int, max_update: int) -> float:
    """Return which part of the way from the warm-up to `max_update` is left, from 1 to 0."""
    return 1 - min((num_update - schedule.warmup_steps) / (max_update - schedule.warmup_steps), 1)


def number(name: str, value: float) -> float:
    """Return a finite number that a float can hold.

    Raises
    ------
    ParamError
    """
    if not isinstance(value, bool) and isinstance(value, Real) and -_LARGEST <= value <= _LARGEST:
        return value
    raise ParamError(f"{name} must be a finite number, got {shown(value)}")


_LARGEST = 1.7e308


def whole(name: str, value: int, least: int) -> int:
    """Return an integer that is at least `least`.

    Raises
    ------
    ParamError
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ParamError(f"{name} must be an integer from {least}, got {shown(value)}")
    return int(value)


def share(name: str, value: float) -> float:
    """Return a number above 0 and at most 1.

    Raises
    ------
    ParamError
    """
    if not 0 < number(name, value) <= 1:
        raise ParamError(f"{name} must be above 0 and at most 1, got {value}")
    return value


def after(name: str, value: int, warmup_steps: int) -> int:
    """Return the number of an update that comes after the warm-up.

    Raises
    ------
    ParamError
    """
    if whole(name, value, 1) <= warmup_steps:
        raise ParamError(f"{name}={value} must come after warmup_steps={warmup_steps}")
    return int(value)
