"""From instructions to loops: flow in, schedule out, both as text."""

import numpy as np

from ndarray import registry
from ndarray.kernels.cluster import DEEPEST, cluster
from ndarray.kernels.flow import Call, Flow, Sink
from ndarray.kernels.record import Recorder
from ndarray.kernels.schedule import LoopRun

F32 = np.dtype("float32")


def recorded(*names, n=8):
    recorder = Recorder()
    return recorder, *(recorder.input(name, F32, (n,)) for name in names)


def flow_of(recorder, calls=(), overlaps=(), **sinks):
    return Flow(recorder.instructions, list(calls), tuple(Sink(k, v.id) for k, v in sinks.items()),
                frozenset(map(frozenset, overlaps)))


def loop_runs(schedule):
    return [step for phase in schedule.phases for step in phase if isinstance(step, LoopRun)]


def test_neighbours_share_one_loop():
    recorder, w, g = recorded("w", "g")
    m = w * 2 + g
    assert str(cluster(flow_of(recorder, w=w - m, m=m))) == """\
phase 0
  8 x 6 steps over buffer w, buffer g, buffer m"""


def test_what_shares_nothing_stays_apart_and_equal_loops_are_equal():
    recorder, a, b, c, d = recorded("a", "b", "c", "d")
    schedule = cluster(flow_of(recorder, a=a - recorder.number(0.1, F32) * b, c=c - recorder.number(0.5, F32) * d))
    one, two = loop_runs(schedule)
    assert one.loop == two.loop and one.arrays != two.arrays


def test_a_sum_ends_a_phase():
    recorder, x = recorded("x")
    assert str(cluster(flow_of(recorder, x=x / recorder.sqrt(recorder.sum_sq(x))))) == """\
phase 0
  8 x 1 step over buffer x; into partial 1
phase 1
  value 1 <- total of partial 1
phase 2
  8 x 4 steps over buffer x; with value 1"""


def test_a_sum_that_is_needed_late_waits_for_a_loop_that_reads_the_same():
    recorder, w, g = recorded("w", "g")
    new = w - recorder.sqrt(recorder.sum_sq(g)) * g
    sums = recorder.stack([recorder.sum_sq(w), recorder.sum_sq(new)])
    assert str(cluster(flow_of(recorder, w=new, sums=sums))) == """\
phase 0
  8 x 1 step over buffer g; into partial 2
phase 1
  value 2 <- total of partial 2
phase 2
  8 x 6 steps over buffer w, buffer g; with value 2; into partial 7, partial 6
phase 3
  value 8[1] <- total of partial 7
  value 8 <- total of partial 6
phase 4
  2 x 1 step over value 8, buffer sums"""


def test_a_sum_does_not_wait_where_a_loop_reads_the_same_now():
    recorder, w, g = recorded("w", "g")
    new = w - recorder.sqrt(recorder.sum_sq(w * g)) * g
    sums = recorder.stack([recorder.sum_sq(w), recorder.sum_sq(new)])
    runs = loop_runs(cluster(flow_of(recorder, w=new, sums=sums)))
    assert [len(run.loop.sums) for run in runs] == [2, 1, 0]


def test_a_pipeline_of_rates_has_four_phases_and_one_kernel_for_all_tensors():
    recorder, *tensors = recorded(*(f"{k}{i}" for i in range(5) for k in "wgm"))
    weights, grads = tensors[::3], tensors[1::3]
    lrs, wds = (recorder.input(k, F32, (5,)) for k in ("lrs", "wds"))
    sums = [recorder.stack([recorder.sum_sq(x) for x in many]) for many in (weights, grads)]
    rates, _ = registry.get("multi_lars").run(recorder, [lrs, *sums, wds], {"eta": 0.1, "eps": 1e-8, "rescale_grad": 1.0})
    op = registry.get("preloaded_multi_sgd_mom_update")
    params = op.complete({"num_weights": 5, "momentum": 0.9})
    outputs, states = op.run(recorder, [*tensors, rates[0], wds], params)
    sinks = {f"w{i}": v for i, v in enumerate(outputs)} | {f"m{i}": v for i, v in enumerate(states)}
    schedule = cluster(flow_of(recorder, **sinks))
    assert len(schedule.phases) == 4
    assert [len({p.loop for p in phase if isinstance(p, LoopRun)}) for phase in schedule.phases] == [1, 0, 1, 1]
    assert len(schedule.phases[3]) == 5


def test_a_swap_goes_through_temporary_memory():
    recorder, a, b = recorded("a", "b")
    assert str(cluster(flow_of(recorder, a=b, b=a))) == """\
phase 0
  8 x 1 step over buffer b, late a
  8 x 1 step over buffer a, late b
phase 1
  8 x 1 step over late a, buffer a
  8 x 1 step over late b, buffer b"""


def test_a_buffer_that_overlaps_what_is_read_is_written_at_the_end():
    recorder, a, b = recorded("a", "b")
    text = str(cluster(flow_of(recorder, overlaps=[("a", "c")], c=a * 2)))
    assert "phase 1\n  8 x 1 step over late c, buffer c" in text
    assert "late" not in str(cluster(flow_of(recorder, c=a * 2)))


def test_a_scalar_that_others_read_is_written_at_the_end():
    recorder, w = recorded("w")
    t = recorder.input("t", F32, (1,))
    text = str(cluster(flow_of(recorder, w=w * recorder.reshape(t, ()), t=t + 1)))
    assert text.splitlines()[-1] == "  1 x 1 step over late t, buffer t"


def test_nothing_is_written_before_the_last_call():
    recorder, w, g = recorded("w", "g")
    step, doubled = w - g, g * 2
    called = recorder.result(0, 0, F32, (8,))
    schedule = cluster(flow_of(recorder, calls=[Call("exp", (doubled.id,), "a test")], w=step, out=called + w))
    order = str(schedule).splitlines()
    assert order.index("  call 0") < next(i for i, line in enumerate(order) if "buffer w" in line)


def test_what_two_phases_need_is_computed_twice_where_that_is_cheap():
    recorder, x = recorded("x")
    scaled = x * 2
    schedule = cluster(flow_of(recorder, y=scaled / recorder.sum(scaled)))
    assert all(slot.kind == "buffer" for p in loop_runs(schedule) for slot in p.arrays)


def test_what_two_phases_need_is_kept_where_it_takes_many_arrays():
    recorder, *x = recorded(*"abcde")
    total = x[0] * x[1] + x[2] * x[3] + x[4]
    schedule = cluster(flow_of(recorder, y=total / recorder.sum(total)))
    assert [slot.kind for p in loop_runs(schedule) for slot in p.arrays].count("value") == 2


def test_a_state_written_early_is_read_from_its_buffer():
    recorder, w, g, m = recorded("w", "g", "m")
    new = m * 0.9 + g
    schedule = cluster(flow_of(recorder, m=new, w=w - new / recorder.sum(new)))
    assert "updated m" in str(schedule) and "value" not in str([p.arrays for p in loop_runs(schedule)])


def test_a_long_chain_is_one_loop_and_a_longer_one_several():
    for length, loops in ((1000, 1), (5 * DEEPEST // 2, 3)):
        recorder, x = recorded("x")
        for i in range(length):
            x = x + 1.5 if i % 2 else x * 0.5
        assert len(loop_runs(cluster(flow_of(recorder, y=x)))) == loops


def test_unused_instructions_are_not_run():
    recorder, x, y = recorded("x", "y")
    x / y
    assert len(loop_runs(cluster(flow_of(recorder, x=-x)))[0].loop.arrays) == 1


def test_several_values_may_go_to_several_buffers_and_one_value_to_two():
    recorder, x = recorded("x")
    schedule = cluster(flow_of(recorder, a=x + 1, b=x + 1, c=x))
    loop, = [p.loop for p in loop_runs(schedule)]
    assert len(loop.stores) == 3 and sum(s.word == "add" for s in loop.steps) == 1
