"""Whatever arrays come, an operator computes, or refuses them by an error of this project: NumPy's do not come out."""

import itertools
from importlib.util import find_spec
from typing import Literal, get_args, get_origin

import numpy as np
import pytest

from ndarray import registry, vocabulary
from ndarray.array import NDArray
from ndarray.call import infer_outputs
from ndarray.dtypes import NAMES, dtype_of
from ndarray.errors import MXNetError
from ndarray.functions import function
from ndarray.params import DType, Ints, Scalar, Shape, SlicePoints, Training
from ndarray.tensortype import TensorType
from symbolic.autodiff.backward_op import apply_rule
from tests.symbolic.cases import CASES

SHAPES = [(), (0,), (3,), (2, 3), (3, 0), (1, 2, 3, 4)]
CALLS = {}
for _sample in CASES:
    CALLS.setdefault(_sample.op, {})[repr(sorted(_sample.params.items()))] = _sample


def strange(shape, dtype):
    return (np.arange(np.prod(shape, dtype=int)).reshape(shape) % 3).astype(dtype_of(dtype))


DTYPES = [name for name in NAMES if name != "bfloat16" or find_spec("ml_dtypes")]


def calls(sample, dtypes=DTYPES):
    """Yield the arrays of calls: all of one shape and dtype, or those of a sample with one of them replaced."""
    for shape, dtype in itertools.product(SHAPES, dtypes):
        array = strange(shape, dtype)
        yield [array] * len(sample.arrays)
        if len(sample.arrays) > 1 and dtype in ("float64", "float16", "int32", "bool"):
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


NAMES_WITH_INPUTS = [name for name in CALLS if registry.get(name).inputs]


@pytest.mark.parametrize("name", NAMES_WITH_INPUTS)
def test_an_error_is_one_of_this_project(name):
    raised = {}
    for sample in CALLS[name].values():
        for arrays in calls(sample):
            attempt(name, arrays, sample.params, raised)
    assert not raised, "\n".join(f"{k}  ←  {v}" for k, v in raised.items())


def attempt(name, arrays, params, raised):
    """Call an operator; enter what is no error of this project into `raised`."""
    try:
        found = function(name)(*[NDArray(a.copy()) for a in arrays], **params)
        if found is not None:
            check(name, arrays, params, found if isinstance(found, list) else [found])
    except MXNetError:
        pass
    except Exception as error:
        raised.setdefault(f"{type(error).__name__}: {error}"[:90], [
            params, *(f"{a.dtype}{a.shape}" for a in arrays)])


STRANGE = {int: (-9, -1, 0, 1, 2, 9), Ints: ((), (-9,), (0,), (9,), (0, 0), (-1, -1), (1, 2, 3, 4, 5)),
           Shape: ((), (-1,), (0,), (0, 0), (3,), (2, 3)), SlicePoints: ((), (None,), (-9,), (9,), (0,) * 5, (1, None)),
           float: (-1.0, 0.0, np.inf, np.nan), bool: (True, False), Scalar: (-1.0, 0.0, 2.5),
           DType: ("int8", "float16", "bool", "int64", "float64")}


@pytest.mark.parametrize("name", NAMES_WITH_INPUTS)
def test_strange_parameters_are_refused_by_an_error_of_this_project(name):
    raised = {}
    for sample in CALLS[name].values():
        for param in registry.get(name).params.values():
            choices = get_args(param.type) if get_origin(param.type) is Literal else STRANGE.get(param.type, ())
            for value in (*choices, None) if param.type is not Training else ():
                attempt(name, sample.arrays, {**sample.params, param.name: value}, raised)
    assert not raised, "\n".join(f"{k}  ←  {v}" for k, v in raised.items())


@pytest.mark.parametrize("name", [name for name in NAMES_WITH_INPUTS if "gradient" in registry.get(name).rules])
def test_a_gradient_has_the_type_of_its_input(name):
    op = registry.get(name)
    for sample in CALLS[name].values():
        params = op.parse(sample.params)
        if op.many:
            params[op.count] = op.count_from(len(sample.arrays), params)
        params = op.complete(params)
        for arrays in calls(sample, ("float32", "float64", "float16")):
            try:
                infer_outputs(op, arrays, params)
                with np.errstate(all="ignore"):
                    ready = op.scalars_as(vocabulary, arrays, params)
                    outputs = [np.asarray(y) for y in op.run(vocabulary, list(arrays), params)[0]]
                    heads = dict(enumerate(map(np.ones_like, outputs)))
                    found = apply_rule(op, vocabulary, heads, outputs, list(arrays), ready)
            except MXNetError:
                continue
            for x, gradient in zip(arrays, found):
                assert gradient is None or (np.shape(gradient), np.asarray(gradient).dtype) == (x.shape, x.dtype)
