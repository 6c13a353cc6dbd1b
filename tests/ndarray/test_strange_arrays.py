"""Whatever arrays come, an operator computes, or refuses them by an error of this project: none of NumPy's comes out."""

import itertools

import numpy as np
import pytest

from ndarray import registry
from ndarray.array import NDArray
from ndarray.call import infer_outputs
from ndarray.dtypes import NAMES
from ndarray.errors import MXNetError
from ndarray.functions import function
from ndarray.tensortype import TensorType
from tests.symbolic.cases import CASES

SHAPES = [(), (0,), (3,), (2, 3), (3, 0), (1, 2, 3, 4)]
CALLS = {}
for _sample in CASES:
    CALLS.setdefault(_sample.op, {})[repr(sorted(_sample.params.items()))] = _sample


def strange(shape, dtype):
    return (np.arange(np.prod(shape, dtype=int)).reshape(shape) % 3).astype(dtype)


def calls(sample):
    """Yield the arrays of calls: all of one shape and dtype, or those of a sample with one of them replaced."""
    for shape, dtype in itertools.product(SHAPES, NAMES):
        array = strange(shape, dtype)
        yield [array] * len(sample.arrays)
        if len(sample.arrays) > 1:
            for k in range(len(sample.arrays)):
                yield [array if i == k else a for i, a in enumerate(sample.arrays)]


def check(name, arrays, params, found):
    """Raise where an output is not of the type that was inferred."""
    op = registry.get(name)
    params = op.parse(params)
    if op.many:
        params[op.count] = op.count_from(len(arrays), params)
    for array, type_ in zip(found, infer_outputs(op, arrays, op.complete(params))):
        computed = TensorType(array.shape, np.dtype(array.dtype))
        assert computed == type_, f"inferred {type_}, computed {computed}"


@pytest.mark.parametrize("name", [name for name in CALLS if registry.get(name).inputs])
def test_an_error_is_one_of_this_project(name):
    raised = {}
    for sample in CALLS[name].values():
        for arrays in calls(sample):
            try:
                found = function(name)(*[NDArray(a.copy()) for a in arrays], **sample.params)
                if found is not None:
                    check(name, arrays, sample.params, found if isinstance(found, list) else [found])
            except MXNetError:
                pass
            except Exception as error:
                raised.setdefault(f"{type(error).__name__}: {error}"[:90], [
                    sample.params, *(f"{a.dtype}{a.shape}" for a in arrays)])
    assert not raised, "\n".join(f"{k}  ←  {v}" for k, v in raised.items())
