"""Schedules beside those of MXNet 1.9.1, whose rates are recorded here."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ndarray.errors import ParamError
from symbolic.optimizers import CosineScheduler, FactorScheduler, MultiFactorScheduler, PolyScheduler, Scheduler

UPDATES = (1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 15, 20)
WARM = {"warmup_steps": 3, "warmup_begin_lr": 0.1, "base_lr": 1.0}
RECORDED = (
    (FactorScheduler(step=5, factor=0.5, stop_factor_lr=0.2, base_lr=1.0),
     (1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2)),
    (FactorScheduler(step=5, factor=0.5, stop_factor_lr=0.2, **WARM),
     (0.4, 0.7, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2)),
    (MultiFactorScheduler(step=(5, 10), factor=0.1, **WARM),
     (0.4, 0.7, 1.0, 1.0, 1.0, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.01)),
    (PolyScheduler(max_update=12, pwr=2, final_lr=0.05, **WARM),
     (0.4, 0.7, 1.0, 0.800617284, 0.624691358, 0.4722222222, 0.1555555556, 0.0969135802, 0.0617283951, 0.05, 0.05,
      0.05)),
    (CosineScheduler(max_update=12, final_lr=0.05, **WARM),
     (0.4, 0.7, 1.0, 0.9713539949, 0.8888711105, 0.7625, 0.2875, 0.1611288895, 0.0786460051, 0.05, 0.05, 0.05)),
    (CosineScheduler(max_update=12, warmup_mode="constant", **WARM),
     (0.1, 0.1, 1.0, 0.9698463104, 0.8830222216, 0.75, 0.25, 0.1169777784, 0.0301536896, 0.0, 0.0, 0.0)),
)


@pytest.mark.parametrize(("schedule", "rates"), RECORDED, ids=lambda x: type(x).__name__)
def test_rates_are_mxnets(schedule, rates):
    assert [schedule(n) for n in UPDATES] == pytest.approx(rates, abs=1e-9)


@pytest.mark.parametrize("make", [
    lambda: FactorScheduler(step=0), lambda: MultiFactorScheduler(step=(5, 5)), lambda: PolyScheduler(max_update=0),
    lambda: CosineScheduler(max_update=5, warmup_steps=-1), lambda: CosineScheduler(max_update=5, warmup_mode="slow"),
    lambda: CosineScheduler(max_update=5, base_lr=float("nan")),
    lambda: CosineScheduler(max_update=5, base_lr=0.1, warmup_begin_lr=0.2)])
def test_what_is_no_schedule_is_refused(make):
    with pytest.raises(ParamError):
        make()


@pytest.mark.parametrize("make", [
    lambda: FactorScheduler(math.nan), lambda: FactorScheduler("3"), lambda: FactorScheduler(True),
    lambda: FactorScheduler(2, factor=math.nan), lambda: MultiFactorScheduler([5], factor=-1),
    lambda: MultiFactorScheduler(5), lambda: MultiFactorScheduler([]), lambda: MultiFactorScheduler([2.5]),
    lambda: PolyScheduler(9, pwr=-1), lambda: PolyScheduler(9.5), lambda: CosineScheduler(9, base_lr=10 ** 400),
    lambda: CosineScheduler(9, final_lr=None), lambda: CosineScheduler(9, warmup_steps=2.5)])
def test_a_mistake_is_named_when_a_schedule_is_made(make):
    with pytest.raises(ParamError, match="must be|must not be"):
        make()


def test_arguments_by_position_are_mxnets():
    warm = {"base_lr": 1.0, "warmup_steps": 3, "warmup_begin_lr": 0.1, "warmup_mode": "constant"}
    pairs = (
        (Scheduler(1.0, 3, 0.1, "constant"), Scheduler(**warm)),
        (FactorScheduler(10, 0.5, 1e-3, 1.0, 3, 0.1, "constant"),
         FactorScheduler(step=10, factor=0.5, stop_factor_lr=1e-3, **warm)),
        (MultiFactorScheduler([10, 15], 0.5, 1.0, 3, 0.1, "constant"),
         MultiFactorScheduler(step=(10, 15), factor=0.5, **warm)),
        (PolyScheduler(9, 1.0, 3, 0.05, 3, 0.1, "constant"), PolyScheduler(max_update=9, pwr=3, final_lr=0.05, **warm)),
        (CosineScheduler(9, 1.0, 0.05, 3, 0.1, "constant"), CosineScheduler(max_update=9, final_lr=0.05, **warm)))
    for by_position, by_name in pairs:
        assert by_position == by_name and by_position(2) == 0.1


@given(st.sampled_from([schedule for schedule, _ in RECORDED]), st.one_of(
    st.integers(), st.floats(), st.just(10 ** 400), st.sampled_from([None, "3", True])))
def test_any_number_of_an_update_has_a_finite_rate_or_an_error(schedule, number):
    try:
        rate = schedule(number)
    except ParamError:
        assert not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= 1e308
    else:
        assert math.isfinite(rate) and 0 <= rate <= 1


def test_the_least_rate_of_factors_is_no_rate_before_the_first_step():  # as in MXNet 1.9.1
    schedule = FactorScheduler(step=2, factor=0.5, stop_factor_lr=0.1, base_lr=0.01)
    assert [schedule(n) for n in range(1, 5)] == [0.01, 0.01, 0.1, 0.1]
