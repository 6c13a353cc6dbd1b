"""Params files: MXNet's own load with its values, what we write is what MXNet writes, broken ones are refused."""

import errno
import json
import math
import os
import struct
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ndarray as nd
from ndarray.csr import csr_matrix
from ndarray.errors import FormatError, OperatorError, ShapeError
from ndarray.paramsfile import load_frombuffer, save_to_bytes

GOLDEN = Path(__file__).parents[1] / "golden" / "params"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text())["files"]
ARRAYS = np.load(GOLDEN / "expected.npz", allow_pickle=False)


@pytest.mark.parametrize("name", EXPECTED)
def test_mxnets_files_load_with_its_values(name):
    found = nd.load(GOLDEN / name)
    entries = EXPECTED[name]["entries"]
    assert len(found) == len(entries)
    assert isinstance(found, dict) is any(e["name"] is not None for e in entries)
    for entry, array in zip(entries, found.values() if isinstance(found, dict) else found):
        wanted = ARRAYS[entry["key"]] if entry["key"] in ARRAYS else None
        assert array.stype == entry["stype"] and np.dtype(array.dtype).name == entry["dtype"]
        assert list(array.shape) == entry["shape"]
        if wanted is not None:
            got = array.asnumpy()
            assert got.dtype == wanted.dtype and got.tobytes() == wanted.tobytes()
    if isinstance(found, dict):
        assert list(found) == [e["name"] for e in entries]


@pytest.mark.parametrize("name", EXPECTED)
def test_what_we_write_is_what_mxnet_wrote(name):
    again = save_to_bytes(nd.load(GOLDEN / name))
    if name in {"old_v0.params", "old_v1.params", "gpu_context.params", "np_shape.params", "bool.params"}:
        # Other versions and devices become the current version on the cpu.
        assert len(nd.load_frombuffer(again)) == len(EXPECTED[name]["entries"])
    else:
        assert again == (GOLDEN / name).read_bytes()


def everything():
    rng = np.random.default_rng(0)
    return {"dense": nd.array(rng.normal(size=(2, 3))), "half": nd.array([1, -0.0, np.nan], dtype="float16"),
            "bool": nd.array([1, 0], dtype="bool"), "scalar": nd.from_numpy(np.array(3.0)), "none": nd.zeros((0, 3)),
            "rows": nd.sparse.row_sparse_array((np.ones((2, 2)), [1, 4]), shape=(6, 2)),
            "csr": csr_matrix(([5, 6], [2, 0], [0, 0, 2]), shape=(2, 3)), "größe": nd.ones(1)}


def test_all_kinds_come_back(tmp_path):
    arrays = everything()
    nd.save(tmp_path / "a.params", arrays)
    for (name, old), (other, new) in zip(arrays.items(), nd.load(tmp_path / "a.params").items(), strict=True):
        assert name == other and old.stype == new.stype and old.shape == new.shape
        assert old.asnumpy().tobytes() == new.asnumpy().tobytes()


def test_lists_and_lone_arrays():
    assert [a.asscalar() for a in load_frombuffer(save_to_bytes([nd.ones(1), nd.zeros(1)]))] == [1, 0]
    assert load_frombuffer(save_to_bytes(nd.ones(1)))[0].asscalar() == 1
    assert load_frombuffer(save_to_bytes([])) == load_frombuffer(save_to_bytes({})) == []


def test_strided_and_swapped_arrays_are_written_as_plain_ones():
    base = np.arange(6.0).reshape(2, 3)
    for x in (base.T, base[:, ::-1], base.astype(">f8")):
        np.testing.assert_array_equal(load_frombuffer(save_to_bytes([nd.from_numpy(x)]))[0].asnumpy(), x)


def test_bfloat16_is_read_as_the_float32_it_is():
    data = struct.pack("<QQQ", 0x112, 0, 1) + struct.pack("<Iiiqiii", 0xF993FAC9, 0, 1, 1, 1, 0, 12)
    data += struct.pack("<H", 0x3FC0) + struct.pack("<Q", 0)
    assert load_frombuffer(data)[0].asscalar() == 1.5


def test_truncation_at_any_byte_is_an_error_of_ours():
    data = save_to_bytes(everything())
    for n in range(len(data)):
        with pytest.raises(FormatError, match="byte"):
            load_frombuffer(data[:n])


def test_a_changed_byte_never_does_more_than_raise_or_load():
    data = bytearray(save_to_bytes(everything()))
    for i in range(0, len(data), 3):
        changed = data.copy()
        changed[i] ^= 0xFF
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                load_frombuffer(bytes(changed))
            except FormatError:
                pass


def record(rank=1, dims=(1,), dtype=0, storage=0, magic=0xF993FAC9):
    return (struct.pack("<QQQ", 0x112, 0, 1) + struct.pack("<Iii", magic, storage, rank)
            + struct.pack(f"<{len(dims)}q", *dims) + struct.pack("<iii", 1, 0, dtype))


@pytest.mark.parametrize("data, words", [
    (struct.pack("<QQQ", 0x113, 0, 0), "magic number"), (struct.pack("<QQQ", 0x112, 0, 1 << 60), "arrays do not fit"),
    (record(dims=(1 << 59,)), "bytes"), (record(rank=99), "rank 99"), (record(dims=(-1,)), r"shape \(-1,\)"),
    (record(dtype=77), "dtype number 77"), (record(storage=5), "storage type 5"),
    (record(2, (0, 1 << 61)), r"shape \(0, 2305843009213693952\)"),
    (record(4, (1 << 33, 1 << 32, 0, 1 << 32)), "shape"), (record(magic=1 << 31), "rank"), (record() + b"\0" * 4 + struct.pack("<Q", 7), "names"),
])
def test_a_broken_file_is_refused_with_the_byte(data, words):
    with pytest.raises(FormatError, match=words) as error:
        load_frombuffer(data)
    assert "byte" in str(error.value)


def sparse_record(storage, shape, values, *others):
    """Return a file of one sparse float32 array: of its values and the others the shapes, all of them zeros."""
    shapes = [struct.pack(f"<i{len(s)}q", len(s), *s) for s in (values, shape, *others)]
    return (struct.pack("<QQQIi", 0x112, 0, 1, 0xF993FAC9, storage) + shapes[0] + shapes[1]
            + struct.pack("<iii", 1, 0, 0) + b"".join(struct.pack("<i", 6) + s for s in shapes[2:])
            + bytes(4 * math.prod(values) + 8 * sum(map(math.prod, others))) + struct.pack("<Q", 0))


@pytest.mark.parametrize("data, words", [
    (sparse_record(1, (3, 2), (1, 2), ()), "row_sparse array"), (sparse_record(1, (3, 2), (1, 2), (1, 1)), "row_sparse"),
    (sparse_record(1, (3, 2), (), (1,)), "row_sparse"), (sparse_record(1, (1 << 40, 1 << 40), (0, 1 << 40), (0,)), "shape"),
    (sparse_record(2, (1, 3), (), (2,), (1,)), "csr array"), (sparse_record(2, (1, 3), (1,), (2,), (1, 1)), "csr array"),
    (sparse_record(2, (1, 3), (1,), (), (1,)), "csr array"), (sparse_record(2, (0, 3), (0,), (), (0,)), "csr array"),
])
def test_a_sparse_array_whose_parts_do_not_fit_is_refused(data, words):
    with pytest.raises(FormatError, match=f"byte .*{words}"):
        load_frombuffer(data)


FILES = [path.read_bytes() for path in sorted(GOLDEN.glob("*.params")) if path.stat().st_size < 1 << 14]
LARGE = [b"\xff" * 8, b"\xff" * 7 + b"\x7f", bytes(8), (1 << 62).to_bytes(8, "little"), (1 << 32).to_bytes(8, "little")]


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_whatever_happens_to_a_file_it_loads_or_is_refused(data):
    """Bytes changed, numbers made huge, the end cut off: no other error, and no more memory than the file is large."""
    content = bytearray(data.draw(st.sampled_from(FILES)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        how = data.draw(st.sampled_from(["byte", "bit", "cut", "large"]))
        if how == "cut":
            del content[at:]
        elif how == "large":
            content[at:at + 8] = data.draw(st.sampled_from(LARGE))
        elif at < len(content):
            content[at] = data.draw(st.integers(0, 255)) if how == "byte" else content[at] ^ 1 << data.draw(
                st.integers(0, 7))
    tracemalloc.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = load_frombuffer(content)
        for array in found.values() if isinstance(found, dict) else found:
            repr(array)
    except FormatError as error:
        assert "byte" in str(error)
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most < 20 * len(content) + (4 << 20)


def test_trailing_bytes_warn():
    with pytest.warns(UserWarning, match="3 bytes"):
        load_frombuffer(save_to_bytes([nd.ones(1)]) + b"abc")


@pytest.mark.parametrize("bad", [3, (1,), {1: 2}, [1], {"a": np.ones(1)}])
def test_what_cannot_be_saved_is_named(bad, tmp_path):
    with pytest.raises(OperatorError, match="save"):
        nd.save(tmp_path / "x", bad)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x.params"
    nd.save(path, [nd.ones(1)])

    def full(handle):
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="space"):
        nd.save(path, [nd.zeros(1)])
    assert nd.load(path)[0].asscalar() == 1 and os.listdir(tmp_path) == ["x.params"]


def test_a_bad_matrix_is_named():
    for parts in (([1], [0], [0, 2]), ([1], [9], [0, 1]), ([1, 2], [0, 0], [0, 2, 1])):
        with pytest.raises(ShapeError):
            csr_matrix(parts, shape=(1, 3))


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="there is no endless file")
def test_a_file_without_end_is_refused_at_its_beginning():
    with pytest.raises(FormatError, match="/dev/zero: byte 0: 0x0 is not the magic number"):
        nd.load("/dev/zero")
