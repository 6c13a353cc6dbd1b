"""Pickles are read without running them: plain values, arrays, and records of everything else."""

import os
import pickle
import random
import subprocess
import sys

import numpy as np
import pytest

import ndarray as nd
from ndarray import pickles
from ndarray.errors import FormatError, LimitError, MXNetError, OperatorError

PLAIN = [None, True, False, 0, -1, 2**31, -2**70, 1.5, float("inf"), "", "äß\n", b"", b"ab", [], (), {}, (1,), (1, 2),
         (1, 2, 3), (1, 2, 3, 4), [1, [2, (3,)]], {"a": {1: [2.5]}, None: ()}, bytearray(b"ab"), list(range(2000))]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", PLAIN, ids=str)
def test_plain_values(value, protocol):
    found = pickles.loads(pickle.dumps(value, protocol))
    assert found == value


@pytest.mark.parametrize("value", [x for x in PLAIN if not isinstance(x, (bytes, bytearray))], ids=str)
def test_what_is_written_is_a_pickle(value):
    assert pickle.loads(pickles.dumps(value)) == value == pickles.loads(pickles.dumps(value))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3), np.arange(6, dtype=">i4"), np.zeros((0, 2), "f2"),
                                   np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.array([True]), np.array(1.5)])
def test_arrays_of_numpy(array, protocol):
    found, again = pickles.loads(pickle.dumps([array, array], protocol))
    assert found is again and found.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(found, array)


def test_numbers_of_numpy():
    assert pickles.loads(pickle.dumps({"a": np.float32(0.5)})) == {"a": 0.5}


@pytest.mark.parametrize("array", [nd.array([[1, 2]]), nd.ones((), dtype="int8"),
                                   nd.sparse.row_sparse_array(([[1, 2]], [3]), shape=(5, 2))])
def test_arrays_of_ours(array):
    found = pickles.loads(pickles.dumps([array]))[0]
    assert type(found) is type(array) and found.dtype == array.dtype
    np.testing.assert_array_equal(found.asnumpy(), array.asnumpy())


class Bomb:
    def __reduce__(self):
        return os.system, ("echo exploded >&2; false",)


def test_nothing_is_run(capfd):
    found = pickles.loads(pickle.dumps([Bomb(), os.system, slice(1, 2)]))
    assert [x.name for x in found] == [f"{os.name} system"] * 2 + ["builtins slice"]
    assert found[0].args == ("echo exploded >&2; false",) and found[1].args == () and found[2].args == (1, 2, None)
    assert capfd.readouterr() == ("", "")
    code = f"from ndarray import pickles; pickles.loads({pickle.dumps(Bomb())!r}); pickles.loads(b'cantigravity\\nx\\n.')"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, check=True)
    assert done.stdout == done.stderr == b""


@pytest.mark.parametrize("data, words", [
    (b"", "not a pickle"), (b"no pickle", "pickle"), (b"N", "not a pickle"), (b".", "leaves 0 values"), (b"NN.", "leaves 2"),
    (b"(N.", "leaves"), (b"t.", "damaged"), (b"h\x05.", "damaged"), (b"Na.", "damaged"), (b"](NNu.", "damaged"),
    (b"}(]NNNu.", "damaged"), (b"}(Nu.", "damaged"), (b"NN\x93.", "damaged"), (b"N)R.", "damaged"), (b"NNb.", "damaged"),
    (b"P1\n.", "damaged"), (b"\x82\x01.", "damaged"), (b"}N]s.", None), (b"}]Ns.", "damaged"),
    (b"\x80\x04]\x94h\x00a.", "holds itself"), (b")" + b"\x85" * 200 + b".", "nested deeper"),
    (b"cmxnet.ndarray.ndarray\nNDArray\nN\x85R}X\x06\0\0\0handleC\x02abs" b"b.", "byte 0|byte"),
    (pickle.dumps(np.array([None, 1], object)), "not one of numbers"), (pickle.dumps(np.array(["a"])), "not one of numbers"),
    (pickle.dumps(np.arange(4), 2).replace(b"K\x04\x85", b"K\x05\x85"), "not an array of shape"),
])
def test_what_is_refused(data, words):
    if words is None:
        assert pickles.loads(data) == {None: []}
        return
    with pytest.raises((FormatError, LimitError), match=words):
        pickles.loads(data)


def test_a_program_has_an_end(monkeypatch):
    monkeypatch.setattr(pickles, "MOST_STEPS", 100)
    assert pickles.loads(b"N" + b"0N" * 49 + b".") is None
    with pytest.raises(LimitError, match="byte 100: the pickle has more than 100 steps"):
        pickles.loads(b"N" + b"0N" * 50 + b".")


def test_hostile_numbers_allocate_nothing():
    """Which the pickle module answers with gigabytes: a place to remember, and a length."""
    assert pickles.loads(b"Nr\xff\xff\xff\xff.") is None
    assert pickles.loads(b"cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R.") == b""


def test_mutated_pickles_raise_errors_of_ours():
    draw = random.Random(0)
    whole = pickles.dumps({0: (nd.ones((2, 2)), None), "b": [nd.zeros(3), 1.5]}), pickle.dumps({"a": np.arange(3.0), "b": (1, "x")})
    for _ in range(3000):
        data = bytearray(draw.choice(whole))
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(len(data))
            data[at:at + draw.choice([0, 1, 3])] = bytes(draw.randrange(256) for _ in range(draw.choice([0, 1, 2])))
        try:
            pickles.loads(bytes(data))
        except MXNetError:
            pass


def test_what_cannot_be_written():
    with pytest.raises(OperatorError, match="expected numbers, text, arrays"):
        pickles.dumps({0: object()})
    with pytest.raises(OperatorError, match="keys of a dict"):
        pickles.dumps({(0, 1): 2})
    deep = []
    for _ in range(200):
        deep = [deep]
    with pytest.raises(OperatorError, match="nested deeper"):
        pickles.dumps(deep)
