"""Arrays and outputs that lie anywhere in one piece of memory: refused, or as if all inputs had been copied first."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import symbolic as sym
from ndarray.errors import BindError
from tests.symbolic.engines.rounding import assert_agrees

UPDATES = {
    "signsgd": (("w", "g"), lambda v: sym.signsgd_update(*v, lr=0.1, wd=0.1, name="s")),
    "sgd_mom": (("w", "g", "m"), lambda v: sym.sgd_mom_update(*v, lr=0.1, momentum=0.9, wd=0.1, name="s")),
    "adam": (("w", "g", "mean", "var"), lambda v: sym.adam_update(*v, lr=0.1, name="s")),
    "multi": (("w", "g", "w2", "g2"), lambda v: sym.multi_sgd_update(*v, lrs=(0.1, 0.2), wds=(0.1, 0), name="s")),
    "chain": (("w", "g"), lambda v: sym.Group([sym.signsgd_update(*v, lr=0.1, name="s"), v[0] * v[1]])),
}
SIZE, LENGTH = 24, 6
WHERE = st.one_of(*(st.integers(0, SIZE - LENGTH * step).map(lambda at, step=step: slice(at, at + LENGTH * step, step))
                    for step in (1, 2)), st.integers(LENGTH, SIZE - 1).map(lambda at: slice(at, at - LENGTH, -1)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(WHERE, min_size=6, max_size=6), seed=st.integers(0, 1000))
@pytest.mark.parametrize("update", UPDATES)
def test_wherever_arrays_lie(update, engine, places, seed):
    names, make = UPDATES[update]
    symbol = make([sym.var(n) for n in names])
    memory = np.random.default_rng(seed).random(SIZE)
    before = memory.copy()
    copies = {n: memory[p].copy() for n, p in zip(names, places)}
    expected = dict(zip(symbol.list_outputs(), [x.asnumpy() for x in symbol.bind(args=copies, engine="eager").forward()]))
    expected |= {n: copies[n] for n in symbol.list_auxiliary_states()}
    arrays = {n: memory[p] for n, p in zip(names, places)}
    out = {n: memory[p] for n, p in zip(symbol.list_outputs(), places[::-1])}
    targets = {**out, **{n: arrays[n] for n in symbol.list_auxiliary_states()}}
    all_targets = list(targets.values())
    meet = any(np.may_share_memory(a, b) for i, a in enumerate(all_targets) for b in all_targets[:i])
    try:
        symbol.bind(args=arrays, out=out, engine=engine).forward()
    except BindError:
        assert meet
        np.testing.assert_array_equal(memory, before)
        return
    assert not any(np.shares_memory(a, b) for i, a in enumerate(all_targets) for b in all_targets[:i])
    untouched = np.ones(SIZE, bool)
    for name, target in targets.items():
        assert_agrees(target, expected[name], engine)
        start = (target.__array_interface__["data"][0] - memory.__array_interface__["data"][0]) // memory.itemsize
        untouched[start + np.arange(LENGTH) * (target.strides[0] // memory.itemsize)] = False
    np.testing.assert_array_equal(memory[untouched], before[untouched])


def test_sums_of_what_is_changed_in_place_are_of_the_old_elements(engine):
    w, g, weight = np.array([3, 4], "f4"), np.ones(2, "f4"), sym.var("w")
    step = sym.Group([sym.sgd_update(weight, sym.var("g"), lr=1.0, name="s"), sym.op._sum_sq(weight)])
    bound = step.bind(args={"w": w, "g": g}, out={"s_output": w}, engine=engine)
    assert bound.forward()[1].asnumpy() == 25 and w.tolist() == [2, 3]
