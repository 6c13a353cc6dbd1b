"""Tables of arrays: values of small arrays are summarised together, and names do not make a table wide."""

import numpy as np
import pytest

import ndarray as nd
from ndarray import paramsfile
from ndarray.errors import LimitError
from symbolic.cli import arrays
from symbolic.cli.main import main


@pytest.mark.parametrize("dtype", ["float32", "float16", "float64", "int8", "int64", "uint8"])
def test_small_arrays_are_summarised_as_if_each_were_alone(dtype, monkeypatch):
    rng = np.random.default_rng(1)
    given = [nd.array((rng.standard_normal(n) * 50).astype(dtype), dtype=dtype) for n in (1, 2, 0, 5, 60, 100)]
    if dtype.startswith("float"):
        given += [nd.array([np.nan, 1.0], dtype=dtype), nd.array([np.inf, np.nan], dtype=dtype), nd.array([3.0], dtype=dtype)]
    named = [(f"a{i}", a) for i, a in enumerate(given)]
    together = arrays.facts(named)
    monkeypatch.setattr(arrays, "_SMALL", 0)
    for row, alone in zip(together, arrays.facts(named), strict=True):
        assert row.keys() == alone.keys()
        for key, value in alone.items():
            assert row[key] == (pytest.approx(value, rel=1e-12) if key == "mean" else value), key


def test_a_long_name_does_not_make_the_table_wide(tmp_path, capsys):
    nd.save(tmp_path / "long.params", {"w" * 100_000: nd.ones(2), "b": nd.ones(2)})
    assert main(["params", str(tmp_path / "long.params")]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) < 300


def test_a_file_has_a_limit_of_arrays(monkeypatch):
    data = paramsfile.save_to_bytes([nd.ones(1)] * 3)
    monkeypatch.setattr(paramsfile, "_MOST_ARRAYS", 2)
    with pytest.raises(LimitError, match="byte 16: 3 arrays, more than the limit of 2"):
        paramsfile.load_frombuffer(data)
