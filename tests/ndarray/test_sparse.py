"""Row-sparse arrays, and updates that touch the rows of the gradient alone."""

import copy
import pickle
import tracemalloc

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray import registry
from ndarray.errors import BindError, DTypeError, OperatorError, ParamError, ShapeError
from ndarray.params import REQUIRED

TAKERS = {
    "sgd_update": {"wd": 0.1},
    "sgd_mom_update": {"wd": 0.1, "momentum": 0.9},
    "adam_update": {"wd": 0.1},
    "ftrl_update": {"wd": 0.1},
    "adagrad_update": {"wd": 0.1},
    "group_adagrad_update": {},
}
STANDARD = ("sgd_update", "sgd_mom_update", "adam_update")
ROWS, WIDTH = 6, 3


def arrays_of(name, dtype="float32", seed=0):
    op = registry.get(name)
    rng = np.random.default_rng(seed)
    weight = nd.array(rng.normal(size=(ROWS, WIDTH)), dtype=dtype)
    grad = nd.sparse.row_sparse_array((rng.normal(size=(2, WIDTH)), [4, 1]), shape=(ROWS, WIDTH), dtype=dtype)
    states = [nd.array(np.abs(rng.normal(size=(ROWS, 1) if name.startswith("group") else (ROWS, WIDTH))), dtype=dtype)
              for _ in op.inputs[2:]]
    return weight, grad, *states


def test_all_takers_are_tested():
    assert {registry.get(name) for name in TAKERS} == {op for op in registry.operators() if "sparse" in op.rules}


# The arrays.


def test_rows_are_sorted_and_the_rest_is_zero():
    x = nd.sparse.row_sparse_array(([[1, 2], [3, 4]], [3, 1]), shape=(5, 2))
    assert (x.shape, x.ndim, x.size, x.dtype, x.stype, len(x)) == ((5, 2), 2, 10, np.float32, "row_sparse", 5)
    assert x.indices.dtype == np.int64 and x.indices.asnumpy().tolist() == [1, 3]
    assert x.data.asnumpy().tolist() == [[3, 4], [1, 2]]
    assert x.asnumpy().tolist() == [[0, 0], [3, 4], [0, 0], [1, 2], [0, 0]]
    assert repr(x) == "\n<RowSparseNDArray 5x2, 2 rows stored @cpu(0)>"


def test_indices_and_data_are_the_memory_itself():
    x = nd.sparse.row_sparse_array(([[1.0]], [2]), shape=(3, 1))
    x.data[:] = 7
    assert x.asnumpy().ravel().tolist() == [0, 0, 7]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
def test_storage_changes_back_and_forth(dtype):
    dense = nd.array([[0, 0], [1, 0], [0, 0]], dtype=dtype)
    sparse = dense.tostype("row_sparse")
    assert sparse.indices.asnumpy().tolist() == [1] and sparse.dtype == np.dtype(dtype)
    assert sparse.tostype("row_sparse") is sparse and dense.tostype("default") is dense
    np.testing.assert_array_equal(sparse.tostype("default").asnumpy(), dense.asnumpy())


def test_nan_rows_are_kept():
    assert nd.array([[np.nan], [0]]).tostype("row_sparse").indices.asnumpy().tolist() == [0]


def test_arrays_of_zeros_store_no_row():
    for x in (nd.zeros((4, 2), stype="row_sparse"), nd.sparse.zeros("row_sparse", (4, 2)),
              nd.sparse.row_sparse_array((4, 2))):
        assert x.data.shape == (0, 2) and x.indices.shape == (0,)
        np.testing.assert_array_equal(x.asnumpy(), np.zeros((4, 2)))
    assert nd.sparse.zeros("default", 3).shape == (3,)


def test_other_ways_to_make_one():
    x = nd.sparse.row_sparse_array(([[1, 2]], [3]))
    assert x.shape == (4, 2)
    assert nd.sparse.row_sparse_array(([], []), shape=(3, 2)).shape == (3, 2)
    same = nd.sparse.row_sparse_array(x, dtype="float64")
    assert same.dtype == np.float64 and same.asnumpy().tolist() == x.asnumpy().tolist()
    assert nd.sparse.row_sparse_array(x.asnumpy()).indices.asnumpy().tolist() == [3]
    assert nd.sparse.row_sparse_array((nd.array([[1.5]]), nd.array([0], dtype="int64"))).asnumpy().tolist() == [[1.5]]


@pytest.mark.parametrize("data, indices, shape, error, words", [
    ([[1], [2]], [1, 1], (3, 1), ParamError, "index 1 appears twice"),
    ([[1]], [3], (3, 1), ParamError, "index 3 is outside of 3 rows"),
    ([[1]], [-1], (3, 1), ParamError, "index -1 is outside"),
    ([[1]], [0.5], (3, 1), ParamError, "whole numbers"),
    ([[1]], [[0]], (3, 1), ParamError, "along one axis"),
    ([[1, 2]], [0], (3, 1), ShapeError, r"\(1, 2\) are not 1 rows"),
    ([[1]], [0, 1], (3, 1), ShapeError, "are not 2 rows"),
])
def test_what_does_not_fit_is_refused(data, indices, shape, error, words):
    with pytest.raises(error, match=words):
        nd.sparse.row_sparse_array((data, indices), shape=shape)


def test_unknown_storage_and_axes_are_refused():
    with pytest.raises(OperatorError, match="'csr'; known: 'default', 'row_sparse'"):
        nd.ones((2, 2)).tostype("csr")
    with pytest.raises(OperatorError, match="no storage"):
        nd.zeros((2, 2), stype="row_sparse").tostype("csr")
    with pytest.raises(ShapeError, match="at least one axis"):
        nd.sparse.zeros("row_sparse", ())


def test_copies_are_independent():
    x = nd.sparse.row_sparse_array(([[1.0]], [2]), shape=(3, 1))
    copies = [x.copy(), copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x)), x.astype("float32"),
              x.copyto(nd.cpu(0))]
    x.data[:] = 9
    for other in copies:
        assert other.asnumpy().ravel().tolist() == [0, 0, 1] and other.context == x.context
    assert x.astype("float32", copy=False) is x and x.as_in_context(nd.cpu(0)) is x
    assert x.copyto(nd.zeros((3, 1))).asnumpy().ravel().tolist() == [0, 0, 9]
    assert x.todense().stype == "default"
    target = nd.zeros((3, 1), stype="row_sparse", dtype="float64")
    assert x.copyto(target) is target and target.asnumpy().ravel().tolist() == [0, 0, 9]
    with pytest.raises(ShapeError):
        x.copyto(nd.zeros((4, 1), stype="row_sparse"))


def test_retain_keeps_the_listed_rows():
    x = nd.sparse.row_sparse_array(([[1], [2], [3]], [0, 2, 4]), shape=(6, 1))
    assert x.retain(nd.array([4, 1, 0])).asnumpy().ravel().tolist() == [1, 0, 0, 0, 3, 0]


# The updates.


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", TAKERS)
def test_lazy_updates_are_the_dense_formula_on_the_rows(name, dtype):
    weight, grad, *states = arrays_of(name, dtype)
    rows = grad.indices.asnumpy()
    before = [x.asnumpy() for x in (weight, *states)]
    part = [nd.array(x[rows], dtype=dtype) for x in before]
    expected = getattr(nd, name)(part[0], grad.data, *part[1:], lr=0.1, **TAKERS[name])
    assert getattr(nd, name)(weight, grad, *states, lr=0.1, out=weight, **TAKERS[name]) is weight
    others = [k for k in range(ROWS) if k not in rows]
    for x, old, new in zip((weight, *states), before, (expected, *part[1:])):
        np.testing.assert_array_equal(x.asnumpy()[rows], new.asnumpy())
        np.testing.assert_array_equal(x.asnumpy()[others], old[others])


@pytest.mark.parametrize("name", STANDARD)
def test_standard_updates_are_the_dense_ones(name):
    weight, grad, *states = arrays_of(name)
    dense = [x.copy() for x in (weight, *states)]
    expected = getattr(nd, name)(dense[0], grad.tostype("default"), *dense[1:], lr=0.1, **TAKERS[name])
    got = getattr(nd, name)(weight, grad, *states, lr=0.1, lazy_update=False, **TAKERS[name])
    np.testing.assert_array_equal(got.asnumpy(), expected.asnumpy())
    for a, b in zip(states, dense[1:]):
        np.testing.assert_array_equal(a.asnumpy(), b.asnumpy())


@pytest.mark.parametrize("name", TAKERS)
def test_without_out_the_weight_stays(name):
    arrays = arrays_of(name)
    before = arrays[0].asnumpy()
    got = getattr(nd, name)(*arrays, lr=0.1, **TAKERS[name])
    np.testing.assert_array_equal(arrays[0].asnumpy(), before)
    other = arrays_of(name)
    target = nd.zeros((ROWS, WIDTH))
    getattr(nd, name)(*other, lr=0.1, out=[target], **TAKERS[name])
    np.testing.assert_array_equal(target.asnumpy(), got.asnumpy())
    assert got.stype == "default"


@pytest.mark.parametrize("name", TAKERS)
def test_a_gradient_without_rows_changes_nothing(name):
    weight, grad, *states = arrays_of(name)
    before = [x.asnumpy() for x in (weight, *states)]
    empty = nd.zeros(grad.shape, stype="row_sparse")
    getattr(nd, name)(weight, empty, *states, lr=0.1, out=weight, **TAKERS[name])
    for x, old in zip((weight, *states), before):
        np.testing.assert_array_equal(x.asnumpy(), old)


@pytest.mark.parametrize("name", TAKERS)
def test_row_sparse_weights_with_all_rows_are_updated_in_their_storage(name):
    weight, grad, *states = arrays_of(name)
    expected = getattr(nd, name)(weight, grad, *(s.copy() for s in states), lr=0.1, **TAKERS[name]).asnumpy()
    stored = [nd.sparse.row_sparse_array((x, np.arange(ROWS))) for x in (weight, *states)]
    assert getattr(nd, name)(stored[0], grad, *stored[1:], lr=0.1, out=stored[0], **TAKERS[name]) is stored[0]
    np.testing.assert_array_equal(stored[0].asnumpy(), expected)
    with pytest.raises(OperatorError, match=f"weight has 2 of {ROWS} rows stored"):
        getattr(nd, name)(grad, grad, *states, lr=0.1, **TAKERS[name])


def test_hyperparameters_may_be_arrays():
    a, b = arrays_of("sgd_update"), arrays_of("sgd_update")
    np.testing.assert_array_equal(nd.sgd_update(*a, lr=nd.array([0.1], dtype="float64")).asnumpy(),
                                  nd.sgd_update(*b, lr=0.1).asnumpy())


def test_names_in_the_sparse_namespace():
    for name in TAKERS:
        assert getattr(nd.sparse, name).__name__.endswith(name.removeprefix("group_"))
    with pytest.raises(AttributeError, match="no attribute of ndarray.sparse named 'sgd_updat'; did you mean"):
        nd.sparse.sgd_updat


def test_what_takes_no_sparse_input_says_so_and_names_those_that_do():
    weight, grad = arrays_of("sgd_update")
    with pytest.raises(OperatorError, match=r"signsgd_update takes no row_sparse input \(grad\).*sgd_update, sgd_mom"):
        nd.signsgd_update(weight, grad, lr=0.1)
    with pytest.raises(OperatorError, match="takes no row_sparse input"):
        nd.multi_sum_sq(grad)


def test_bad_calls_change_nothing():
    weight, grad, mom = arrays_of("sgd_mom_update")
    before = weight.asnumpy(), mom.asnumpy()
    with pytest.raises(DTypeError, match="`grad`"):
        nd.sgd_mom_update(weight, grad.astype("float64"), mom, lr=0.1, out=weight)
    with pytest.raises(ShapeError, match="`mom`"):
        nd.sgd_mom_update(weight, grad, nd.zeros((ROWS, 2)), lr=0.1, out=weight)
    with pytest.raises(ShapeError, match="out is float32"):
        nd.sgd_mom_update(weight, grad, mom, lr=0.1, out=nd.zeros((ROWS, 2)))
    with pytest.raises(BindError, match="share memory"):
        nd.sgd_mom_update(weight, grad, mom, lr=0.1, out=mom)
    with pytest.raises(OperatorError, match="missing input mom"):
        nd.sgd_mom_update(weight, grad, lr=0.1)
    with pytest.raises(ParamError, match="lr"):
        nd.sgd_mom_update(weight, grad, mom, lr=float("nan"), out=weight)
    with pytest.raises(OperatorError, match="out has 2"):
        nd.sgd_mom_update(weight, grad, mom, lr=0.1, out=[weight, weight])
    np.testing.assert_array_equal(weight.asnumpy(), before[0])
    np.testing.assert_array_equal(mom.asnumpy(), before[1])


def test_a_lazy_step_costs_what_its_rows_cost():
    rows = np.arange(0, 400_000, 400)
    grad = nd.sparse.row_sparse_array((np.ones((1000, 16), np.float32), rows), shape=(400_000, 16))
    weight, mom = nd.zeros((400_000, 16)), nd.zeros((400_000, 16))

    def allocated(lazy):
        tracemalloc.start()
        nd.sgd_mom_update(weight, grad, mom, lr=0.1, momentum=0.9, lazy_update=lazy, out=weight)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    # Seconds are the benchmark's; whatever passes over the table needs memory of its size.
    assert allocated(False) > 400_000 * 16 * 4
    assert allocated(True) < 10 * grad.data.asnumpy().nbytes


def test_a_state_that_stores_no_row_is_zero_and_stores_all_afterwards():
    for name, states in (("sgd_mom_update", 1), ("adam_update", 2), ("ftrl_update", 2)):
        rows = nd.sparse.row_sparse_array(([[1.0, 2.0]], [1]), shape=(3, 2))
        lists = [[nd.zeros((3, 2), stype=stype) for _ in range(states)] for stype in ("row_sparse", "default")]
        empty, dense = lists
        expected = getattr(nd, name)(nd.ones((3, 2)), rows, *dense, lr=0.1)
        got = getattr(nd, name)(nd.ones((3, 2)), rows, *empty, lr=0.1)
        np.testing.assert_array_equal(got.asnumpy(), expected.asnumpy())
        for a, b in zip(*lists):
            assert a.indices.tolist() == [0, 1, 2]
            np.testing.assert_array_equal(a.asnumpy(), b.asnumpy())


def test_a_call_that_fails_leaves_an_empty_state_empty():
    state = nd.zeros((3, 2), stype="row_sparse")
    with pytest.raises(ShapeError):
        nd.sgd_mom_update(nd.ones((3, 2)), nd.ones((4, 2)), state, lr=0.1)
    assert not len(state.indices)


def csr():
    return nd.sparse.csr_matrix(([5.0], [1], [0, 1, 1, 1]), shape=(3, 2))


@pytest.mark.parametrize("name", [op.name for op in registry.operators() if op.inputs])
def test_no_operator_takes_a_csr_matrix_for_what_it_stores(name):
    op = registry.get(name)
    with pytest.raises(OperatorError, match=r"must be an NDArray, got .* pass x.tostype\('default'\)"):
        getattr(nd.op, name)(*[csr() for _ in op.inputs])


@pytest.mark.parametrize("door", [
    lambda x: nd.ones((3, 2)) + x, lambda x: x == nd.ones((3, 2)), lambda x: nd.ones((3, 2)) != x, lambda x: nd.maximum(x, 1),
    lambda x: nd.exp(nd.ones((3, 2)), out=x), lambda x: nd.contrib.allclose(x, x), lambda x: nd.moveaxis(x, 0, 1),
    lambda x: nd.contrib.clip_global_norm([x], 1.0), lambda x: nd.concatenate([x]), lambda x: nd.from_numpy(x),
    lambda x: nd.to_dlpack_for_read(x), lambda x: nd.ones((3, 2))[x], lambda x: nd.ones((3, 2)).copyto(x),
    lambda x: nd.sgd_update(nd.ones(1), nd.ones(1), lr=x), lambda x: sym.var("x") * x, lambda x: sym.exp(x),
    lambda x: sym.exp(sym.var("x")).bind(args={"x": x}), lambda x: sym.exp(sym.var("x")).simple_bind(x=(3, 2)).forward(x=x)])
@pytest.mark.parametrize("array", [csr, lambda: csr().tostype("default").tostype("row_sparse")])
def test_every_other_door_refuses_sparse_arrays(door, array):
    with pytest.raises(nd.MXNetError):
        door(array())


@pytest.mark.parametrize("array", [csr, lambda: csr().tostype("default").tostype("row_sparse")])
def test_numpy_and_assignments_take_the_whole_of_a_sparse_array(array):
    whole, x = [[0, 5], [0, 0], [0, 0]], nd.ones((3, 2))
    x[:] = array()
    assert x.tolist() == whole == nd.array(array()).tolist() == np.asarray(array()).tolist()
    assert np.asarray(array(), dtype="float64").dtype == np.float64


SPARSE_UPDATES = [op for op in registry.operators() if op.update and "sparse" in op.rules]


@pytest.mark.parametrize("op", SPARSE_UPDATES, ids=lambda op: op.name)
def test_updates_with_no_row_stored(op):
    """A gradient without rows moves nothing that has no decay; a weight without rows is refused, and nothing is written."""
    required = {p.name: 0.1 for p in op.params.values() if p.default is REQUIRED}
    states = [nd.ones((4, 1 if "group" in op.name else 2)) for _ in op.names[2:]]
    before, empty = [s.copy() for s in states], nd.sparse.zeros("row_sparse", (4, 2))
    weight = nd.ones((4, 2))
    getattr(nd.op, op.name)(weight, empty, *states, **required, out=weight)
    assert (weight.asnumpy() == 1).all() and all((a == b).asnumpy().all() for a, b in zip(states, before))
    for grad in (empty, nd.sparse.row_sparse_array(([[1, 2]], [3]), shape=(4, 2))):
        target = nd.sparse.zeros("row_sparse", (4, 2))
        with pytest.raises(OperatorError, match=f"{op.name}: weight has 0 of 4 rows stored"):
            getattr(nd.op, op.name)(target, grad, *states, **required, out=target)
        assert target.indices.size == 0 and all((a == b).asnumpy().all() for a, b in zip(states, before))
