"""Temporary values that do not live at the same time share memory, and no two that do."""

from hypothesis import given
from hypothesis import strategies as st

from ndarray.kernels.memory import Interval, plan


def test_a_block_is_used_again():
    memory = plan({"a": Interval(0, 1, 1000), "b": Interval(1, 2, 1000), "c": Interval(2, 3, 900)})
    assert memory.offsets == {"a": 0, "b": 1024, "c": 0}
    assert (memory.bytes, memory.unshared) == (2048, 2048 + 960)


def test_a_chain_takes_two_blocks():
    memory = plan({i: Interval(i, i + 1, 4096) for i in range(50)})
    assert memory.bytes == 2 * 4096


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(0, 500)), max_size=40))
def test_what_lives_at_one_time_does_not_meet(spans):
    intervals = {i: Interval(min(a, b), max(a, b), n) for i, (a, b, n) in enumerate(spans)}
    memory = plan(intervals)
    for i, x in intervals.items():
        assert memory.offsets[i] % 64 == 0 and memory.offsets[i] + x.bytes <= memory.bytes
        for j, y in intervals.items():
            if i < j and x.first <= y.last and y.first <= x.last and x.bytes and y.bytes:
                a, b = memory.offsets[i], memory.offsets[j]
                assert a + x.bytes <= b or b + y.bytes <= a
