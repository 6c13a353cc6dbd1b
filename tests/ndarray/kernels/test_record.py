"""What is written down, and what is refused rather than computed with other bits than NumPy's."""

import numpy as np
import pytest

from ndarray.kernels.record import Recorder, Unfusible

F32, F64, F16 = (np.dtype(d) for d in ("float32", "float64", "float16"))


def recorder_and_input(dtype=F32, shape=(4,)):
    recorder = Recorder()
    return recorder, recorder.input("x", dtype, shape)


def test_what_is_said_twice_is_written_once():
    recorder, x = recorder_and_input()
    assert (x * x + 1).id == (x * x + 1).id


def test_zeros_of_both_signs_stay_two():
    recorder, x = recorder_and_input()
    assert (x * 0.0).id != (x * -0.0).id


def test_equal_numbers_stay_two():
    recorder, _ = recorder_and_input()
    assert recorder.as_scalar(0.5, F32).id != recorder.as_scalar(0.5, F32).id


@pytest.mark.parametrize("dtype", [F32, F64])
def test_a_number_of_python_takes_the_dtype_of_its_neighbour(dtype):
    _, x = recorder_and_input(dtype)
    assert (0.1 * x).dtype == (x - 1).dtype == (2 / x).dtype == dtype


def test_dtypes_meet_as_in_numpy():
    recorder, x = recorder_and_input()
    wide = recorder.number(0.5, F64)
    assert (x * wide).dtype == F64
    assert (np.float64(2) * x).dtype == F64 and (np.float32(2) * x).dtype == F32
    assert (x > 1).dtype == bool and (x * (x > 1)).dtype == F32


@pytest.mark.parametrize("body, why", [
    (lambda xp, x: xp.exp(x), "`exp` is NumPy's"),
    (lambda xp, x: x @ x, "matmul"),
    (lambda xp, x: x % 2, "mod"),
    (lambda xp, x: x[0], "getitem"),
    (lambda xp, x: x.sum(), "sum"),
    (lambda xp, x: x if x > 0 else -x, "depends on a value"),
    (lambda xp, x: x ** 3.5, "power"),
    (lambda xp, x: xp.astype(x, np.int32), "int32"),
    (lambda xp, x: xp.astype(xp.astype(x, np.float64), np.float16), "twice"),
    (lambda xp, x: xp.astype(x, np.float16) + 1, "float16"),
    (lambda xp, x: x + xp.input("y", F32, (3, 1)), "repeated"),
    (lambda xp, x: x + xp.input("y", F32, (3,)), "broadcast"),
    (lambda xp, x: xp.sum(xp.reshape(x, (2, 2)), axis=1), "some axes"),
    (lambda xp, x: xp.stack((x, x)), "stacked"),
    (lambda xp, x: xp.input("n", np.dtype("int32"), (4,)) + 1, "int32"),
])
def test_what_no_loop_can_say_is_refused(body, why):
    recorder, x = recorder_and_input()
    with pytest.raises(Unfusible, match=why):
        body(recorder, x)


def test_an_element_of_stacked_scalars_is_the_scalar():
    recorder, x = recorder_and_input()
    sums = [recorder.sum_sq(x), recorder.sum(x)]
    assert [v.id for v in recorder.unpack_scalars(recorder.stack(sums), 2, F32)] == [v.id for v in sums]


def test_sums_of_nothing_and_of_one_element_need_no_loop():
    recorder, x = recorder_and_input(F16, (1,))
    none = recorder.input("none", F32, (0,))
    found = [recorder.instructions[v.id].word for v in (recorder.sum_sq(x), recorder.sum(none), recorder.sum_sq(none))]
    assert found == ["cast", "constant", "constant"]
