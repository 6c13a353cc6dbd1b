"""The bodies of updates use only words of the vocabulary and Python's arithmetic, and change no input."""

import operator as py

import numpy as np
import pytest

from ndarray import registry, vocabulary
from ndarray.params import Scalar, Scalars
from ndarray.tensortype import UNKNOWN, TensorType

OPERATORS = [op for op in registry.operators()
             if op.compute.__module__.startswith(("ndarray.ops.optimizer_", "ndarray.ops.finite"))]


class Traced:
    """An array of which a body may use shape, dtype, ndim, size and arithmetic; it has no truth and no elements."""

    def __init__(self, value):
        self._value = value

    shape, ndim, size, dtype = (property(lambda self, name=name: getattr(self._value, name))
                                for name in ("shape", "ndim", "size", "dtype"))
    __hash__ = None

    def __bool__(self):
        raise TypeError("a traced value has no truth")

    def __iter__(self):
        raise TypeError("a traced value has no elements")


def _arithmetic(function, swapped=False):
    def apply(self, other):
        other = unwrap(other)
        return Traced(function(other, self._value) if swapped else function(self._value, other))

    return apply


for _name in ("add", "sub", "mul", "truediv", "pow"):
    setattr(Traced, f"__{_name}__", _arithmetic(getattr(py, _name)))
    setattr(Traced, f"__r{_name}__", _arithmetic(getattr(py, _name), swapped=True))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Traced, f"__{_name}__", _arithmetic(getattr(py, _name)))
Traced.__neg__ = lambda self: Traced(-self._value)


def unwrap(value):
    if isinstance(value, Traced):
        return value._value
    if isinstance(value, (tuple, list)):
        return type(value)(map(unwrap, value))
    if isinstance(value, np.ndarray) and value.ndim:
        raise TypeError("an array that did not come from the vocabulary")
    return value


class Words:
    """The vocabulary over traced values."""

    def __getattr__(self, name):
        word = getattr(vocabulary, name)
        if name in ("float16", "float32", "float64"):
            return np.dtype(name)

        def say(*args, **kwargs):
            result = word(*map(unwrap, args), **{k: unwrap(v) for k, v in kwargs.items()})
            return tuple(map(Traced, result)) if isinstance(result, tuple) else Traced(result)

        return say

    def cond(self, condition, true_function, false_function, *arrays):
        return (true_function if unwrap(condition) else false_function)(*arrays)


def make(op, n=2):
    """Return flat inputs and complete parameters, every scalar a traced value."""
    values = {Scalar: 0.5, Scalars: (0.5,) * n}
    params = {p.name: values[p.type] for p in op.params.values() if p.type in values}
    if op.name == "soap_update":
        params["t"] = 11.0  # at which the bases change
    params = op.complete({**params, **({op.count: n} if op.many else {})})
    names = op.input_names(params)
    first = op.inputs[0].name
    given = [TensorType((2, 3), np.dtype("float32")) if name.startswith(first) and "32" not in name else UNKNOWN
             for name in names]
    types, _ = op.infer_types(given, [UNKNOWN] * op.num_outputs(params), params)
    rng = np.random.default_rng(0)
    return [(rng.random(t.shape) + 1).astype(t.dtype) for t in types], params


@pytest.mark.parametrize("bound", [-1.0, 0.5])
@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.name)
def test_bodies_speak_the_vocabulary_alone(op, bound):
    arrays, params = make(op)
    for name, param in op.params.items():
        if param.type is float:
            params[name] = bound
    if op.name in ("rmspropalex_update", "rmsprop_centered_update"):
        arrays[2] += 9  # a mean of squares is no less than the square of the mean
    before = [a.copy() for a in arrays]
    expected = op.run(vocabulary, arrays, params)
    traced = {name: (tuple(map(Traced, map(np.float64, value))) if isinstance(value, tuple) else
                     Traced(np.float64(value))) if op.params[name].type in (Scalar, Scalars) else value
              for name, value in params.items()}
    got = op.run(Words(), tuple(map(Traced, arrays)), traced)
    for a, b in zip((*expected[0], *expected[1]), (*got[0], *got[1]), strict=True):
        np.testing.assert_array_equal(unwrap(b), a)
        assert unwrap(b).dtype == a.dtype
    for a, b in zip(arrays, before):
        np.testing.assert_array_equal(a, b)


def test_a_traced_value_is_as_strict_as_it_says():
    for wrong in (bool, list, np.asarray):
        with pytest.raises((TypeError, AssertionError)):
            result = wrong(Traced(np.ones(2)))
            assert result.dtype != object
