"""Inputs that parameters leave out are refused where they are given, eagerly and as nodes, and come back from code."""

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray import registry
from ndarray.errors import OperatorError
from symbolic.save.code import to_code
from tests.symbolic.cases import CASES

SWITCHED = [s for s in CASES if registry.get(s.op).absent is not None]


def names_of(sample):
    op = registry.get(sample.op)
    complete = op.complete(op.parse(sample.params))
    return op, op.input_names(complete), [name for name in op.names if name in op.absent(complete)]


def test_every_such_operator_has_a_case_with_an_input_left_out():
    switched = {op.name for op in registry.operators() if op.absent is not None and op.compute.__module__.startswith("ndarray.")}
    assert switched == {registry.get(s.op).name for s in SWITCHED if names_of(s)[2]} | {"SequenceLast", "SequenceReverse", "Convolution_v1"}


@pytest.mark.parametrize("sample", [s for s in SWITCHED if names_of(s)[2]], ids=str)
def test_what_is_left_out_is_refused(sample):
    op, names, absent = names_of(sample)
    arrays = {name: nd.array(a, dtype=a.dtype) for name, a in zip(names, sample.arrays)}
    for name in absent:
        words = f"takes {len(names)} inputs? .*=.* leaves? out .*{name}"
        with pytest.raises(OperatorError, match=words):
            getattr(nd.op, op.name)(**arrays, **{name: nd.ones(2)}, **sample.params)
        with pytest.raises(OperatorError, match=words):
            getattr(sym.op, op.name)(**{k: sym.var(k) for k in (*names, name)}, **sample.params, name="node")
    if len(op.names) == len(names) + 1:
        with pytest.raises(OperatorError, match=f"takes {len(names)} inputs?"):
            getattr(nd.op, op.name)(*arrays.values(), nd.ones(2), **sample.params)


@pytest.mark.parametrize("sample", SWITCHED, ids=str)
def test_what_is_asked_for_is_taken_by_position_and_by_name(sample):
    op, names, _ = names_of(sample)
    arrays = [nd.array(a, dtype=a.dtype) for a in sample.arrays]
    params = sample.params if op.random is None or "key" in sample.params else {**sample.params, "key": 7}
    by_position = getattr(nd.op, op.name)(*arrays, **params)
    by_name = getattr(nd.op, op.name)(**dict(zip(names, arrays)), **params)
    for a, b in zip(*(x if isinstance(x, list) else [x] for x in (by_position, by_name)), strict=True):
        np.testing.assert_array_equal(a.asnumpy(), b.asnumpy())
    node = getattr(sym.op, op.name)(**{k: sym.var(k) for k in names}, **params, name="node")
    found = {}
    exec(to_code(node.graph), found)
    assert node.list_inputs() == list(names) and found["symbol"].tojson() == node.tojson()


def test_lengths_of_a_gru_by_position():
    """They follow the state, for the state of the cell is an LSTM's."""
    arrays = nd.ones((3, 2, 2)), nd.ones(36) * 0.1, nd.zeros((1, 2, 2)), nd.array([1, 2])
    params = {"mode": "gru", "state_size": 2, "num_layers": 1, "use_sequence_length": True}
    found = nd.RNN(*arrays, **params).asnumpy()
    np.testing.assert_array_equal(found, nd.RNN(*arrays[:3], sequence_length=arrays[3], **params).asnumpy())
    assert (found[1:, 0] == 0).all() and (found[1, 1] != 0).all()
