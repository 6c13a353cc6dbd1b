"""NDArray: views, assignment, arithmetic with MXNet's rules of dtype, other libraries."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import ndarray as nd
import symbolic as sym
from ndarray.errors import BindError, DTypeError, MXNetError, OperatorError, ParamError, ShapeError


def test_what_an_array_says_of_itself():
    x = nd.array([[1, 2, 3], [4, 5, 6]])
    assert x.shape == (2, 3) and x.dtype is np.float32 and x.size == 6 and x.ndim == 2 and x.stype == "default"
    assert x.context == x.ctx == nd.cpu() and len(x) == 2 and x.T.shape == (3, 2) and x.grad is None
    assert repr(nd.array([1, 2])) == "\n[1. 2.]\n<NDArray 2 @cpu(0)>"
    assert [float(row.sum()) for row in x] == [6, 15]


@pytest.mark.parametrize("source, dtype", [
    ([1, 2], np.float32), (np.arange(3), np.float32), (np.ones(2), np.float32), ([True], np.float32), (3, np.float32)])
def test_a_new_array_is_float32(source, dtype):
    assert nd.array(source).dtype is dtype
    assert nd.array(nd.array(source, dtype="int8")).dtype is np.int8
    assert nd.array(source, dtype="float16").dtype is np.float16


@pytest.mark.parametrize("bad", [None, "abc", [[1], [1, 2]], {1: 2}, np.array(["a"]), 1j])
def test_what_is_no_array_is_refused(bad):
    with pytest.raises(OperatorError):
        nd.array(bad)


@pytest.mark.parametrize("key", [0, -1, slice(1, 3), (0, 1), (0, slice(0, 2)), slice(None), Ellipsis, (1, slice(None))])
def test_leading_integers_and_slices_are_views(key):
    base = np.arange(24.0).reshape(4, 3, 2)
    x = nd.from_numpy(base)
    view = x[key]
    np.testing.assert_array_equal(view.asnumpy().reshape(base[key].shape), base[key])
    view[:] = -1
    assert (base[key] == -1).all()


@pytest.mark.parametrize("key", [(slice(None), 0), slice(None, None, 2), [0, 2], (slice(None), slice(0, 1)), None])
def test_other_selections_are_copies(key):
    base = np.arange(12.0).reshape(4, 3)
    x = nd.from_numpy(base)
    part = x[key]
    np.testing.assert_array_equal(part.asnumpy(), base[key])
    part[:] = -1
    assert (base >= 0).all()


def test_index_arrays_may_be_float32():
    x = nd.array([10, 20, 30])
    assert x[nd.array([2, 0])].asnumpy().tolist() == [30, 10]
    assert x[2].shape == (1,)


def test_assignment_takes_everything_that_broadcasts():
    x = nd.zeros((2, 3))
    for key, value in ((0, 1), ((1, slice(0, 2)), [2, 3]), ((slice(None), 2), nd.array([4, 5])), (slice(None), np.ones(3))):
        want = x.asnumpy()
        want[key] = value.asnumpy() if isinstance(value, nd.NDArray) else value
        x[key] = value
        np.testing.assert_array_equal(x.asnumpy(), want)
    with pytest.raises(ShapeError):
        x[:] = [1, 2]
    with pytest.raises(MXNetError):
        x[:] = "a"
    with pytest.raises(IndexError):
        x[5]
    with pytest.raises(OperatorError):
        x[1.0]


def test_a_scalar_keeps_the_arrays_dtype():
    i = nd.array([7, -7], dtype="int32")
    assert (i + 1.5).asnumpy().tolist() == [8, -6] and (i + 1.5).dtype is np.int32
    assert (i / 2).asnumpy().tolist() == [3, -3]
    h = nd.array([1], dtype="float16")
    assert (h * 2.0).dtype is np.float16 and (2 - h).dtype is np.float16 and (h ** 2).dtype is np.float16


def test_comparisons_give_0_and_1_in_the_operands_dtype():
    x = nd.array([1, 2, 3])
    for result, want in ((x > 2, [0, 0, 1]), (2 > x, [1, 0, 0]), (x == 2, [0, 1, 0]), (x != x, [0, 0, 0]), (x <= 2, [1, 1, 0])):
        assert result.dtype is np.float32 and result.asnumpy().tolist() == want
    assert (x == None) is False and (x != "a") is True  # noqa: E711


def test_two_dtypes_and_foreign_values_are_refused():
    x = nd.ones(2)
    with pytest.raises(DTypeError, match="float32.*float64"):
        x + nd.ones(2, dtype="float64")
    for bad in (None, "a", [1, 2]):
        with pytest.raises(TypeError):
            x + bad
    with pytest.raises(ShapeError, match="broadcast"):
        nd.ones((2, 3)) + nd.ones((2, 4))


def test_in_place_arithmetic_writes_through():
    base = np.ones(3)
    x = nd.from_numpy(base)
    y = x
    x += 1
    x *= nd.from_numpy(np.arange(3.0))
    assert y is x and base.tolist() == [0, 2, 4]


def test_truth_length_and_numbers():
    assert nd.array([2]) and not nd.array([0]) and not nd.zeros((0,))
    assert float(nd.array([2.5])) == 2.5 and int(nd.array([2])) == 2
    assert [10, 20, 30][nd.array([1], dtype="int32")] == 20
    with pytest.raises(ValueError, match="ambiguous"):
        bool(nd.ones(2))
    with pytest.raises(ValueError, match="one element"):
        nd.ones(2).asscalar()


@pytest.mark.parametrize("codes, shape", [
    ((6, 4), (6, 4)), ((-1,), (24,)), ((0, -1), (2, 12)), ((-2,), (2, 3, 4)), ((-3, 4), (6, 4)), ((-4, 1, 2, -2), (1, 2, 3, 4)),
    ((0, 0, -4, 2, -1), (2, 3, 2, 2))])
def test_reshape_codes_and_views(codes, shape):
    x = nd.array(np.arange(24).reshape(2, 3, 4))
    for view in (x.reshape(codes), x.reshape(*codes), x.reshape(shape=codes)):
        assert view.shape == shape
    view[:] = 7
    assert (x == 7).min().asscalar() == 1
    with pytest.raises(ShapeError, match="24 elements"):
        x.reshape(5, 5)


def test_reshape_from_the_right():
    assert nd.zeros((10, 5, 4)).reshape((-1, 0), reverse=True).shape == (50, 4)


def test_copies_and_casts():
    x = nd.array([1.7, -2.7])
    y = x.astype("int32")
    assert y.asnumpy().tolist() == [1, -2] and x.astype("float32", copy=False) is x
    target = nd.zeros(2, dtype="float64")
    assert x.copyto(target) is target and target.dtype is np.float64 and target[0].asscalar() == np.float32(1.7)
    z = x.copy()
    z[:] = 0
    assert x[0].asscalar() != 0
    assert copy.deepcopy(x).asnumpy().tolist() == x.asnumpy().tolist()
    back = pickle.loads(pickle.dumps(nd.ones((2, 2), ctx=nd.cpu(3))))
    assert back.ctx == nd.cpu(3) and back.shape == (2, 2)
    assert x.as_in_context(nd.cpu(1)).ctx == nd.cpu(1)
    with pytest.raises(MXNetError, match="GPU"):
        x.as_in_context(nd.gpu(0))


def test_numpy_and_dlpack_see_the_array():
    base = np.arange(4.0)
    x = nd.from_numpy(base)
    assert np.asarray(x) is not None and np.shares_memory(np.asarray(x), base)
    assert isinstance(np.add(x, x), nd.NDArray) and isinstance(np.exp(x), nd.NDArray)
    np.add(x, 1, out=x)
    assert base.tolist() == [1, 2, 3, 4]
    assert np.shares_memory(np.from_dlpack(x), base)
    nd.from_dlpack(base)[:] = 0
    assert base.tolist() == [0] * 4
    assert np.array(x, dtype="float32").dtype == np.float32
    assert not np.shares_memory(nd.from_numpy(base, zero_copy=False).asnumpy(), base)


def test_creation():
    assert nd.arange(2, 8, 2, repeat=2).asnumpy().tolist() == [2, 2, 4, 4, 6, 6]
    assert nd.eye(2, 3, 1).asnumpy().tolist() == [[0, 1, 0], [0, 0, 1]]
    assert nd.linspace(0, 1, 5).asnumpy().tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert nd.full((2,), 7, dtype="int8").asnumpy().tolist() == [7, 7] and nd.empty(3).shape == (3,)
    out = nd.zeros((2, 2))
    assert nd.ones((2, 2), out=out) is out and out.asnumpy().min() == 1
    assert nd.concatenate([nd.ones((1, 2)), nd.zeros((2, 2))]).shape == (3, 2)
    nd.waitall()
    for bad in (-1, "a", (1.5,)):
        with pytest.raises(MXNetError):
            nd.zeros(bad)


def test_random_numbers_repeat_with_the_seed():
    nd.random.seed(5)
    a, b = nd.random.uniform(2, 3, shape=(4,)), nd.random.normal(shape=(2, 2))
    nd.random.seed(5)
    assert (nd.random.uniform(2, 3, shape=(4,)) == a).min().asscalar() and (nd.random.normal(shape=(2, 2)) == b).min().asscalar()
    assert a.asnumpy().min() >= 2 and a.asnumpy().max() < 3 and a.dtype is np.float32
    out = nd.zeros(3)
    assert nd.random.normal(out=out) is out and out.asnumpy().any()
    with pytest.raises(MXNetError):
        nd.random.normal(scale=-1)


def test_words_of_two_values():
    x = nd.array([1, 5])
    assert nd.maximum(x, 3).asnumpy().tolist() == nd.maximum(3, x).asnumpy().tolist() == [3, 5]
    assert nd.power(2, x).asnumpy().tolist() == [2, 32] and nd.lesser(x, 3).asnumpy().tolist() == [1, 0]
    assert nd.contrib.allclose(x, x).asscalar() == 1


def test_fluent_methods_are_the_operators():
    x = nd.array([[1, 2], [3, 4]])
    assert x.sum().shape == (1,) and x.sum(axis=1).asnumpy().tolist() == [3, 7] and x.exp().shape == (2, 2)
    with pytest.raises(AttributeError):
        x.nothing_of_the_kind


def test_contexts():
    assert repr(nd.cpu(1)) == "cpu(1)" and nd.cpu() != nd.gpu() and len({nd.cpu(), nd.cpu(0)}) == 1
    with nd.Context("cpu", 2):
        assert nd.zeros(1).ctx == nd.current_context() == nd.cpu(2)
    assert nd.current_context() == nd.cpu(0) and nd.num_gpus() == 0
    with pytest.raises(MXNetError, match="GPU"):
        nd.zeros(1, ctx=nd.gpu())
    with pytest.raises(OperatorError):
        nd.Context("tpu")


# Calls


def test_positional_parameters_and_out():
    w, g = nd.array([1, -2]), nd.array([1, -1])
    assert nd.signsgd_update(w, g, 0.5, 1.0).asnumpy().tolist() == [0, -0.5]
    assert nd.signsgd_update(grad=g, weight=w, lr=0.5).asnumpy().tolist() == [0.5, -1.5]
    out = nd.zeros(2)
    assert nd.signsgd_update(w, g, lr=0.5, out=out) is out and out.asnumpy().tolist() == [0.5, -1.5]
    listed = [nd.zeros(2)]
    assert nd.signsgd_update(w, g, lr=0.5, out=listed) is listed
    assert nd.signsgd_update(w, g, lr=0.5, name="any", __x__="ignored").shape == (2,)


@pytest.mark.parametrize("call, words", [
    (lambda w: nd.signsgd_update(w, w), ["lr"]), (lambda w: nd.signsgd_update(w, lr=1), ["grad"]),
    (lambda w: nd.signsgd_update(lr=1), ["weight, grad"]), (lambda w: nd.signsgd_update(w, None, lr=1), ["grad"]),
    (lambda w: nd.signsgd_update(w, w, lrr=1), ["lrr", "did you mean 'lr'"]),
    (lambda w: nd.signsgd_update(w, w, 1, lr=1), ["lr", "twice"]),
    (lambda w: nd.signsgd_update(w, w, w, 1, 2, 3, 4), ["at most"]),
    (lambda w: nd.signsgd_update(w, np.ones(2), lr=1), ["grad", "nd.array"]),
    (lambda w: nd.signsgd_update(w, w, lr="fast"), ["lr='fast'"]),
    (lambda w: nd.signsgd_update(w, w, lr=float("inf")), ["lr=inf"]),
    (lambda w: nd.signsgd_update(w, w, lr=nd.ones(2)), ["lr", "(2,)"]),
    (lambda w: nd.signsgd_update(w, nd.ones(3), lr=1), ["grad", "(2,)", "(3,)"]),
    (lambda w: nd.signsgd_update(w, nd.ones(2, dtype="float64"), lr=1), ["grad", "float32", "float64"]),
    (lambda w: nd.signsgd_update(w.astype("int32"), w.astype("int32"), lr=1), ["int32", "floating"]),
    (lambda w: nd.signsgd_update(w, w, lr=1, out=nd.ones(3)), ["out", "(3,)", "(2,)"]),
    (lambda w: nd.signsgd_update(w, w, lr=1, out=np.ones(2)), ["out"]),
    (lambda w: nd.signsgd_update(w, w, lr=1, out=[w, w]), ["1 output", "2"]),
    (lambda w: nd.nothing, ["nothing"]),
])
def test_a_slip_is_named_and_nothing_is_written(call, words):
    w = nd.array([1, -2])
    with pytest.raises((MXNetError, AttributeError)) as error:
        call(w)
    for word in words:
        assert word in str(error.value)
    assert w.asnumpy().tolist() == [1, -2]


def test_hyper_parameters_may_be_arrays():
    w, g = nd.array([1, -2]), nd.array([1, -1])
    for lr in (nd.array([0.5]), np.array([0.5]), np.float32(0.5), np.array(0.5), nd.array([[0.5]])):
        assert nd.signsgd_update(w, g, lr=lr).asnumpy().tolist() == [0.5, -1.5]
    lr = nd.array([0.5])
    nd.signsgd_update(w, g, lr=lr)
    lr[:] = 0.25
    assert nd.signsgd_update(w, g, lr=lr).asnumpy().tolist() == [0.75, -1.75]


def test_written_states_must_be_writable_and_apart():
    w, g = nd.ones(2), nd.ones(2)
    frozen = np.zeros(2, "f4")
    frozen.flags.writeable = False
    with pytest.raises(BindError, match="mom.*read-only"):
        nd.sgd_mom_update(w, g, nd.from_numpy(frozen), lr=1)
    shared = np.zeros(3, "f4")
    with pytest.raises(BindError, match="share memory"):
        nd.adam_update(w, g, nd.from_numpy(shared[:2]), nd.from_numpy(shared[1:]), lr=1)
    assert not shared.any()


def test_an_output_that_overlaps_an_input_is_as_if_inputs_were_copied():
    memory = np.arange(1, 6, dtype="f4")
    w, out = nd.from_numpy(memory[:4]), nd.from_numpy(memory[1:])
    want = nd.sgd_update(nd.array(memory[:4]), nd.array(memory[1:]), lr=0.5).asnumpy()
    nd.sgd_update(w, out, lr=0.5, out=out)
    np.testing.assert_array_equal(memory[1:], want)


def test_results_never_share_memory_with_inputs():
    x = nd.array(np.arange(6).reshape(2, 3))
    for result in (nd.identity(x), nd.reshape(x, shape=(3, 2)), nd.transpose(x), nd.slice_axis(x, axis=0, begin=0, end=1),
                   nd.expand_dims(x, axis=0), nd.Flatten(x)):
        assert not np.shares_memory(result._data, x._data)


def test_no_warning_leaks_whatever_seterr_says():
    with np.errstate(all="raise"):
        assert np.isinf((nd.ones(1) / 0).asscalar()) and np.isnan(nd.log(nd.array([-1])).asscalar())
        nd.adam_update(nd.ones(1), nd.array([np.inf]), nd.zeros(1), nd.zeros(1), lr=1e38)


@settings(max_examples=50, deadline=None)
@given(hnp.arrays(st.sampled_from([np.float32, np.float64]), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
                  elements=st.floats(-100, 100, width=32)), st.floats(-10, 10, width=32))
def test_arithmetic_is_numpys(data, number):
    x = nd.from_numpy(data)
    number = float(number)
    np.testing.assert_array_equal((x + number).asnumpy(), data + data.dtype.type(number))
    np.testing.assert_array_equal((number - x).asnumpy(), data.dtype.type(number) - data)
    np.testing.assert_array_equal((x * x).asnumpy(), data * data)
    np.testing.assert_array_equal((x >= number).asnumpy(), (data >= data.dtype.type(number)).astype(data.dtype))


def test_equal_calls_share_a_plan_and_the_sign_of_zero_tells_them_apart():
    x = nd.array([-1.0])
    assert np.signbit((x * 0.0).asscalar()) and not np.signbit((x * -0.0).asscalar())
    assert nd.clip(x, 0, 1).asscalar() == nd.clip(x, 0.0, 1.0).asscalar() == 0
    with pytest.raises(MXNetError):
        nd.clip(x, False, True)


WORDS_OF_TWO = ("maximum", "minimum", "add", "subtract", "multiply", "divide", "true_divide", "modulo", "power", "equal",
                "not_equal", "greater", "greater_equal", "lesser", "lesser_equal", "logical_and", "logical_or",
                "logical_xor")


@pytest.mark.parametrize("word", WORDS_OF_TWO)
@pytest.mark.parametrize("a, b", [(2, 3), (3, 2), (2, 2), (0, 3)])
def test_two_numbers_give_the_number_that_two_arrays_hold(word, a, b):
    function = getattr(nd, word)
    expected = function(nd.array([a], dtype="float64"), nd.array([b], dtype="float64")).asscalar()
    assert function(a, b) == expected
    assert function(nd.array([a], dtype="float64"), b) == function(a, nd.array([b], dtype="float64")) == expected


@pytest.mark.parametrize("key", [5, (0, 7), (0, 0, 0), [4], (slice(None), -9)], ids=str)
def test_an_index_beyond_the_array_is_an_error_of_both_families(key):
    x = nd.zeros((2, 3))
    for use in (lambda: x[key], lambda: x.__setitem__(key, 1)):
        with pytest.raises(IndexError, match=r"an array of shape \(2, 3\): "):
            use()
        with pytest.raises(MXNetError):
            use()


def test_an_array_without_axes_is_taken_whole():
    x = nd.array(3)
    x[()][...] = 4
    assert x[()].shape == x[...].shape == () and x.asscalar() == 4


def test_a_capsule_of_dlpack_is_taken_once_and_shares_memory():
    x = nd.arange(6).reshape(2, 3)
    for give in (nd.to_dlpack_for_read, nd.to_dlpack_for_write, lambda a: a.to_dlpack_for_read()):
        y = nd.from_dlpack(give(x))
        x[0] += 1
        np.testing.assert_array_equal(y.asnumpy(), x.asnumpy())
    with pytest.raises(OperatorError, match="from_dlpack takes an array that has __dlpack__, or a capsule, got 3"):
        nd.from_dlpack(3)


def test_moveaxis():
    x = nd.arange(24).reshape(2, 3, 4)
    np.testing.assert_array_equal(nd.moveaxis(x, (0, 1), (2, 0)).asnumpy(), np.moveaxis(x.asnumpy(), (0, 1), (2, 0)))
    with pytest.raises(ParamError, match=r"moveaxis of shape \(2, 3, 4\)"):
        nd.moveaxis(x, 3, 0)


@pytest.mark.parametrize("call, words", [
    (lambda: nd.full(2, 300, dtype="int8"), "full: .*300"), (lambda: nd.full(2, "a"), "full: .*'a'"),
    (lambda: nd.arange(0, 1, 0), "arange: "), (lambda: nd.arange("a"), "arange: "), (lambda: nd.eye(-1), "eye: "),
    (lambda: nd.linspace(0, 1, -1), "linspace: .*-1"), (lambda: nd.concatenate([]), "concatenate: "),
    (lambda: nd.concatenate([nd.ones(1), nd.ones((1, 1))]), "concatenate: "),
    (lambda: nd.concatenate([1]), "concatenate takes NDArrays, got 1"), (lambda: nd.zeros(-1), "negative"),
    (lambda: nd.random.uniform("a"), "uniform: .*'a'"), (lambda: nd.random.normal(0, -1), "normal: scale"),
    (lambda: nd.random.randint(5, 2), "randint: low >= high"), (lambda: nd.random.seed(-1), "seed: "),
    (lambda: nd.random.seed("a"), "seed: .*'a'"),
])
def test_what_cannot_be_made_is_said_by_the_one_who_cannot(call, words):
    with pytest.raises(MXNetError, match=words):
        call()


def test_numbers_too_large_become_infinite_without_a_warning():
    for x in (nd.full(1, 1e300), nd.linspace(1e300, 1e300, 1), nd.array([1e300]), nd.random.uniform(1e300, 1e301)):
        assert x.asscalar() == np.inf


def test_numpys_functions_take_an_array():
    x = nd.array([[1, 2], [3, 4]])
    for name in ("mean", "sum", "max", "min", "prod"):
        function = getattr(np, name)
        assert function(x).asscalar() == function(x.asnumpy())
        np.testing.assert_array_equal(np.asarray(function(x, axis=1)), function(x.asnumpy(), axis=1))
    assert type(np.exp(x)) is nd.NDArray and np.exp(x, out=x) is x


def test_what_dlpack_cannot_give_is_an_error_of_ours():
    class Strange:
        def __dlpack__(self, **kwargs):
            raise BufferError("not for you")

        def __dlpack_device__(self):
            return 1, 0

    with pytest.raises(OperatorError, match="from_dlpack: not for you"):
        nd.from_dlpack(Strange())
    with pytest.raises(DTypeError, match="complex64"):
        nd.from_dlpack(np.ones(2, np.complex64))


@pytest.mark.parametrize("limits, expected", [
    ((1.3, 6, 1.3), [1, 2, 3, 4]), ((-1.7, 0, 0.5), [-1] * 4), ((5, 0, -1.5), [5, 4, 3, 2]), ((2.5,), [0, 1, 2]),
    ((2**60, 2**60 + 3), [2**60, 2**60 + 1, 2**60 + 2])])
def test_a_range_of_whole_numbers_has_whole_start_and_step(limits, expected):
    assert nd.arange(*limits, dtype="int64").asnumpy().tolist() == expected
    assert sym.arange(*limits, dtype="int64").eval()[0].asnumpy().tolist() == expected


@pytest.mark.parametrize("change, shape", [
    (lambda x, **how: x.flatten(**how), (1, 6)), (lambda x, **how: x.squeeze(**how), (2, 3)),
    (lambda x, **how: x.squeeze(0, **how), (2, 3)), (lambda x, **how: x.expand_dims(1, **how), (1, 1, 2, 3))])
def test_other_axes_in_place_share_memory(change, shape):
    x = nd.zeros((1, 2, 3))
    assert change(x).shape == change(x, inplace=True).shape == shape
    change(x)[:] = 1
    assert not x.asnumpy().any()
    change(x, inplace=True)[:] = 1
    assert x.asnumpy().all()
    assert change(nd.zeros((1, 0, 3)), inplace=True).asnumpy().size == 0


@pytest.mark.parametrize("one", [nd.ones(1), np.ones(1), np.ones((1, 1)), [1.0], nd.norm(nd.array([0.6, 0.8]))])
def test_one_element_of_any_shape_goes_into_one_place_or_all(one):
    x = nd.zeros(3)
    x[1] = one
    assert x.tolist() == [0, 1, 0]
    x[:] = one
    assert x.tolist() == [1, 1, 1]
    with pytest.raises(ShapeError, match="cannot assign"):
        x[0] = [1.0, 2.0]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_values(value):
    x = np.array([-1.0, 0.0, 2.0], np.float32)
    a = nd.from_numpy(x)
    with np.errstate(all="ignore"):
        cases = [(a * value, x * value), (a + value, x + value), (value - a, value - x), (a / value, x / value),
                 (nd.maximum(a, value), np.maximum(x, value)), (nd.minimum(value, a), np.minimum(value, x)),
                 (a < value, x < value), (nd.clip(a, -np.inf, value), np.where(x > value, value, x)),
                 (nd.op._mul_scalar(a, scalar=nd.array([value])), x * value)]
    for got, expected in cases:
        np.testing.assert_array_equal(got.asnumpy(), expected.astype(np.float32))


@pytest.mark.parametrize("dtype, value", [("int32", np.nan), ("int64", np.inf), ("int8", 300), ("uint8", -1)])
def test_a_number_that_a_dtype_does_not_hold_is_an_error_of_the_family(dtype, value):
    with pytest.raises(ParamError, match=rf"_plus_scalar: scalar={value} is not a number that {dtype} holds"):
        nd.ones(2, dtype=dtype) + value


def test_hyper_parameters_are_finite():
    for value in (np.nan, np.inf):
        with pytest.raises(ParamError, match=f"lr={value} is not a finite number"):
            nd.sgd_update(nd.ones(1), nd.ones(1), lr=value)


def test_a_value_that_cannot_be_shown_is_still_named():
    class List(list):
        def __repr__(self):
            raise RecursionError

    with pytest.raises(OperatorError, match="a List that cannot be shown is not an array"):
        nd.array(List(["a"]))


def test_names_that_a_package_lacks_are_corrected():
    for package in (nd, nd.op, nd.contrib, nd.linalg):
        with pytest.raises(AttributeError, match=f"no attribute of {package.__name__} named 'no_such_thing'"):
            package.no_such_thing
    with pytest.raises(AttributeError, match="did you mean 'exp'"):
        nd.expp
    assert not hasattr(nd, "__no_such_thing__")


def test_unsigned_numbers_are_negated_around():
    assert (-nd.array([1, 0], dtype="uint8")).tolist() == [255, 0]
    assert (-nd.array([1, -2], dtype="int8")).tolist() == [-1, 2]


def test_a_mask_is_not_an_index():
    """MXNet refuses it, too; of other arrays it takes booleans for the indices 0 and 1."""
    x, mask = nd.arange(3), nd.array([True, False, True], dtype="bool")
    for call in (lambda: x[mask], lambda: x.__setitem__(mask, 5)):
        with pytest.raises(OperatorError, match="not a mask"):
            call()
    assert x.tolist() == [0, 1, 2]
