"""The sweeps over files: what they promise on a few."""

import random

import pytest

import symbolic as sym
from benchmarks import fuzz, zoo
from ndarray.errors import MXNetError


@pytest.mark.filterwarnings("ignore")
def test_mutated_files_raise_errors_of_the_family():
    made = fuzz.cases(None, random.Random(0))
    for _ in range(300):
        _, use, given = next(made)
        try:
            use(given)
        except MXNetError:
            pass


def test_a_folder_of_files_is_a_table(tmp_path):
    net = sym.FullyConnected(sym.var("data"), num_hidden=3, name="fc")
    net.save(tmp_path / "good.json")
    (tmp_path / "odd.json").write_text(net.tojson().replace("FullyConnected", "mystery"))
    (tmp_path / "broken.json").write_text("{")
    found = {cells[0]: (cells, fine) for cells, fine in zoo.rows(tmp_path, {"data": (2, 4)}, False, 10**6)}
    assert all(fine for _, fine in found.values())
    assert found["good.json"][0][-1] == "2×3" and "not registered: mystery" in found["odd.json"][0][-1]
    assert found["broken.json"][0][2] == "refused"


@pytest.mark.parametrize("text", ["((1,))", "(", "%", "{}", "1" * 30])
def test_any_text_for_a_dtype_is_refused(text):
    with pytest.raises(MXNetError):
        sym.var("x", attr={"__dtype__": text}).infer_type()
