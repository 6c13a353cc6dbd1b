"""What every update operator promises, whatever its formula: layouts, sizes, dtypes, what is written and refused."""

import inspect

import numpy as np
import pytest
from numpy.lib import NumpyVersion

import ndarray as nd
import symbolic as sym
from ndarray import registry
from ndarray.errors import BindError, DTypeError, OperatorError, ParamError, ShapeError
from ndarray.params import REQUIRED, Scalar, Scalars
from ndarray.tensortype import UNKNOWN, TensorType

FAMILY = "ndarray.ops.optimizer_", "ndarray.ops.finite"
OPERATORS = [op for op in registry.operators() if op.compute.__module__.startswith(FAMILY)]
UPDATES = [op for op in OPERATORS if op.inputs[0].name == "weight"]
SINGLE = [op for op in UPDATES if not op.many]
MULTI = [op for op in OPERATORS if op.many]
MASTERED = [op for op in UPDATES if any(i.name == "weight32" for i in op.inputs)]
DTYPES = ("float16", "float32", "float64")
POSITIVE = ("var", "v", "d", "n", "history", "weights_sum_sq", "grads_sum_sq", "r1", "r2", "rescale_grad",
            "row", "column", "doubt_row", "doubt_column")


def named(ops):
    return pytest.mark.parametrize("op", ops, ids=lambda op: op.name)


def stem(name):
    head, _, number = name.rpartition("_")
    return head if number.isdigit() else name


def settings(op, n=2):
    """Return values for the parameters of an operator that have no default, and decay for all."""
    values = {"lr": 0.1, "eta": 0.5, "eps": 1e-8, "t": 3, "wd": 0.01, "max_norm": 1.0, "period": 2}
    found = {}
    for p in op.params.values():
        if p.type is Scalars:
            found[p.name] = tuple(3 if p.name == "step_count" else 0.1 / (k + 1) for k in range(n))
        elif p.name in values and p.type is Scalar:
            found[p.name] = values[p.name]
    return found


def types_of(op, shape, dtype, n=2):
    """Return the names and types of all inputs, inferred from the first of each tensor."""
    params = op.complete({**op.parse(settings(op, n)), **({op.count: n} if op.many else {})})
    names = op.input_names(params)
    first = op.inputs[0].name
    given = [TensorType(shape, np.dtype(dtype)) if stem(name) == first else UNKNOWN for name in names]
    found, _ = op.infer_types(given, [UNKNOWN] * op.num_outputs(params), params)
    return dict(zip(names, found))


def make(op, shape=(3, 4), dtype="float32", n=2, seed=0):
    """Return fresh inputs of an operator by name."""
    if op.name == "multi_lars":
        dtype = "float32"
    rng = np.random.default_rng(seed)
    inputs = {}
    for name, type_ in types_of(op, shape, dtype, n).items():
        value = rng.normal(size=type_.shape)
        if stem(name) in POSITIVE:
            value = np.abs(value) + 0.5
        inputs[name] = np.asarray(value, type_.dtype)
    if "n" in inputs and "g" in inputs:
        inputs["n"] += inputs["g"] * inputs["g"]
    return inputs


def run(op, inputs, out=None, n=2, **params):
    """Call an operator eagerly on NumPy arrays where they lie; return its outputs as NumPy arrays."""
    result = getattr(nd.op, op.name)(*map(nd.from_numpy, inputs.values()), out=out, **{**settings(op, n), **params})
    return [x.asnumpy() for x in (result if isinstance(result, list) else [result])]


def copies(inputs):
    return {k: v.copy() for k, v in inputs.items()}


def written_names(op, n=2):
    params = op.complete({**op.parse(settings(op, n)), **({op.count: n} if op.many else {})})
    names = op.input_names(params)
    return {names[at] for at in op.written(params)}


def test_the_whole_family_is_here():
    assert len(OPERATORS) >= 42
    for name in ("adamw_update", "mp_adamw_update", "multi_adamw_update", "multi_mp_adamw_update", "multi_lamb_update",
                 "multi_mp_lamb_update", "multi_lans_update", "group_adagrad_update", "adagrad_update",
                 "_sparse_sgd_update", "_sparse_sgd_mom_update", "_sparse_adam_update", "_sparse_ftrl_update"):
        assert registry.get(name) in OPERATORS


@named(OPERATORS)
def test_types_follow_from_one_known_shape(op):
    for name, type_ in types_of(op, (3, 4), "float32").items():
        assert type_.known, name


def transposed(x):
    return np.array(x, order="F")


def reversed_(x):
    return np.array(x[::-1])[::-1] if x.ndim else x


def strided(x):
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype) if x.ndim else x
    if x.ndim:
        wide[..., ::2] = x
        return wide[..., ::2]
    return x


def misaligned(x):
    memory = np.zeros(x.nbytes + 1, np.uint8)
    view = memory[1:].view(x.dtype).reshape(x.shape)
    view[...] = x
    return view


@named(OPERATORS)
@pytest.mark.parametrize("layout", [transposed, reversed_, strided, misaligned])
def test_layouts_give_the_same_bits(op, layout):
    plain = make(op)
    odd = {k: layout(v) for k, v in plain.items()}
    for a, b in zip(run(op, plain), run(op, odd), strict=True):
        if op.name in ("multi_sum_sq", "clip_global_norm") or "lamb" in op.name or "lans" in op.name or _without_blas(op):
            np.testing.assert_allclose(b, a, rtol=1e-6)  # a sum in another order of memory
        else:
            np.testing.assert_array_equal(b, a)
    for name in written_names(op):
        np.testing.assert_allclose(odd[name], plain[name], rtol=1e-6 if "lans" in op.name or _without_blas(op) else 0, err_msg=name)


def _without_blas(op):
    """Tell whether an operator multiplies matrices, which NumPy of before 2.4 may do without BLAS where they have gaps."""
    return op.name == "soap_update" and NumpyVersion(np.__version__) < "2.4.0"


@named(OPERATORS)
@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0), (), (1,), (1, 1, 1)], ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_sizes_and_dtypes(op, shape, dtype):
    if op.name == "_contrib_group_adagrad_update" and shape == ():
        with pytest.raises(ShapeError, match="at least one axis"):
            types_of(op, shape, dtype)
        return
    inputs = make(op, shape, dtype)
    outputs = run(op, inputs)
    if op in UPDATES:
        narrow = "float32" if op.name == "mp_lamb_update_phase1" else dtype
        assert {(x.shape, x.dtype.name) for x in outputs} == {(shape, narrow)}
        assert all(np.isfinite(x).all() for x in outputs)


RESTING = {"schedule_free_adamw_update": {"lr_max"}, "schedule_free_radam_update": {"lr_max", "z"},
           "multi_prodigy_update": {"start_0", "start_1"}, "multi_dadapt_sgd_update": {"start_0", "start_1"},
           "soap_update": {"basis"}}
"""States that this call does not change: a largest rate that is above the rate, weights at a rate of zero, the first
weights, bases that change at every tenth update."""


@named(OPERATORS)
def test_only_what_is_declared_is_written(op):
    before = make(op)
    after = copies(before)
    writable = written_names(op)
    for name, value in after.items():
        value.flags.writeable = name in writable
    outputs = run(op, after)
    for name, value in after.items():
        changed = not np.array_equal(value, before[name])
        assert changed == (name in writable) or name in RESTING.get(op.name, ()), name
    assert not any(np.shares_memory(x, v) for x in outputs for v in after.values())


@named([op for op in UPDATES if op.name != "mp_lamb_update_phase1"])  # its output is no weight
def test_in_place_equals_out_of_place(op):
    separate, in_place = make(op), make(op)
    expected = run(op, separate)
    weights = [nd.from_numpy(v) for name, v in in_place.items() if stem(name) == "weight"]
    run(op, in_place, out=weights if len(weights) > 1 else weights[0])
    for value, weight in zip(expected, weights, strict=True):
        np.testing.assert_array_equal(weight.asnumpy(), value)
    for name in written_names(op):
        np.testing.assert_array_equal(in_place[name], separate[name], err_msg=name)


@named(UPDATES)
def test_read_only_states_are_refused_before_anything_is_written(op):
    for name in written_names(op):
        inputs = make(op)
        before = copies(inputs)
        inputs[name].flags.writeable = False
        with pytest.raises(BindError, match=name):
            run(op, inputs)
        assert all(np.array_equal(inputs[k], before[k]) for k in inputs)


BY_NORM = ("lans", "multi_lamb", "multi_mp_lamb", "group", "novograd", "adafactor", "came", "muon", "shampoo", "soap",
           "prodigy", "dadapt")


@named([op for op in UPDATES if not any(word in op.name for word in BY_NORM)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_special_gradients_stay_where_they_are(op, dtype):
    # Left out are those in which one element reaches the others through a norm.
    special = [np.nan, np.inf, -np.inf, 0.0, -0.0, np.finfo(dtype).smallest_subnormal, 1.0, -1.0]
    inputs = make(op, (8,), dtype)
    clean = copies(inputs)
    for name in inputs:
        if stem(name) in ("grad", "g"):
            inputs[name][:] = special
            clean[name][:] = [1, 1, 1, *special[3:]]
    with np.errstate(all="raise"):
        got, expected = run(op, inputs), run(op, clean)
    for a, b in zip(got, expected):
        np.testing.assert_array_equal(a[3:], b[3:])
        assert a.dtype == b.dtype
    if op.name in ("signsgd_update", "signum_update"):
        assert np.isfinite(got[0]).all()


@named(UPDATES)
def test_mixed_and_integer_dtypes_are_refused_by_name(op):
    inputs = make(op)
    grad = next(name for name in inputs if stem(name) in ("grad", "g"))
    with pytest.raises(DTypeError, match=grad):
        run(op, {**inputs, grad: inputs[grad].astype(np.float64)})
    with pytest.raises(DTypeError, match="float"):
        run(op, {name: value.astype(np.int32) for name, value in inputs.items()})


@named(MASTERED)
def test_master_copies_and_states_must_be_float32(op):
    for name in ("weight32", "weight32_1"):
        inputs = make(op, dtype="float16")
        if name in inputs:
            with pytest.raises(DTypeError, match=f"`{name}` must be float32, got float64"):
                run(op, {**inputs, name: inputs[name].astype(np.float64)})


@named(UPDATES)
def test_wrong_shapes_are_refused_by_name_and_change_nothing(op):
    inputs = make(op)
    for name in inputs:
        wrong = copies(inputs)
        wrong[name] = np.ones((5, 7), inputs[name].dtype)
        before = copies(wrong)
        with pytest.raises(ShapeError, match=name):
            run(op, wrong)
        assert all(np.array_equal(wrong[k], before[k]) for k in wrong)


@named(OPERATORS)
def test_hyperparameters_must_be_finite_numbers(op):
    inputs = make(op)
    for name, param in op.params.items():
        if param.type is Scalar:
            for bad in (float("nan"), float("inf"), True, "x", (1, 2), None if param.default is REQUIRED else "y"):
                with pytest.raises(ParamError, match=name):
                    run(op, inputs, **{name: bad})


@named([op for op in OPERATORS if op.scalars])
def test_hyperparameters_may_be_arrays_of_one_element(op):
    scalars = {name: value for name, value in settings(op).items() if name in op.scalars}
    plain, fed = make(op), make(op)
    expected = run(op, plain)
    got = run(op, fed, **{name: nd.array([value], dtype="float64") for name, value in scalars.items()})
    for a, b in zip(expected, got, strict=True):
        np.testing.assert_array_equal(b, a)


@named([op for op in MULTI if op.scalar_tuples])
def test_rates_may_be_one_array_and_must_be_one_for_each_tensor(op):
    expected = run(op, make(op))
    name = op.scalar_tuples[0]
    rates = settings(op)[name]
    for a, b in zip(expected, run(op, make(op), **{name: nd.array(rates, dtype="float64")}), strict=True):
        np.testing.assert_array_equal(b, a)
    for wrong in (rates + (0.1,), rates[:1], (), np.ones(3)):
        with pytest.raises(ShapeError, match=rf"{name} has {len(wrong)} elements? for 2 tensors"):
            run(op, make(op), **{name: wrong})


@named([op for op in MULTI if op.name.startswith("preloaded")])
def test_preloaded_rates_must_be_one_for_each_tensor(op):
    for name in ("lrs", "wds"):
        inputs = make(op)
        inputs[name] = np.ones(3, np.float32)
        with pytest.raises(ShapeError, match=rf"`{name}` must have 2 elements, got shape \(3,\)"):
            run(op, inputs)
        inputs[name] = np.ones((2, 1), np.float32)
        run(op, inputs)


@named(MULTI)
def test_counts_follow_from_the_inputs_and_must_agree(op):
    inputs = make(op)
    assert run(op, copies(inputs), **{op.count: 2})
    with pytest.raises(OperatorError, match="5"):
        run(op, inputs, **{op.count: 5})


@named([op for op in MULTI if op in UPDATES])
def test_tensors_must_share_one_dtype_unless_there_is_a_master_copy(op):
    inputs = make(op)
    for name in inputs:
        if name.endswith("_1") and inputs[name].dtype == np.float32 and not (op in MASTERED and stem(name) not in (
                "weight", "grad")):
            inputs[name] = inputs[name].astype(np.float16)
    if op in MASTERED:
        assert [x.dtype.name for x in run(op, inputs)] == ["float32", "float16"]
    else:
        with pytest.raises(DTypeError, match="weight_1"):
            run(op, inputs)


@named(MULTI)
def test_two_hundred_tensors_eagerly_and_symbolically(op):
    n = 200
    inputs = make(op, (3,), n=n)
    eager = copies(inputs)
    expected = run(op, eager, n=n)
    assert len(expected) in (n, n + 1) or op.name in ("multi_sum_sq", "multi_all_finite")
    node = sym.functions.function(op.name)(*map(sym.Variable, inputs), name="all", **settings(op, n))
    executor = node.bind(args=inputs, grad_req="null")
    for a, b in zip(expected, executor.forward(), strict=True):
        np.testing.assert_array_equal(b.asnumpy(), a)
    for name in inputs:
        np.testing.assert_array_equal(inputs[name], eager[name], err_msg=name)


@named(MULTI)
def test_no_tensor_at_all(op):
    inputs = make(op, n=0)
    assert run(op, inputs, n=0) is not None


@named([op for op in OPERATORS if op.scalars])
def test_hyperparameters_may_be_symbols(op):
    given = settings(op)
    fed = {name: sym.Variable(name) for name in given if name in op.scalars}
    inputs = make(op)
    expected = run(op, copies(inputs))
    node = sym.functions.function(op.name)(*map(sym.Variable, inputs), name="step", **{**given, **fed})
    arrays = {**inputs, **{name: np.array([given[name]], np.float64) for name in fed}}
    for a, b in zip(expected, node.bind(args=arrays, grad_req="null").forward(), strict=True):
        np.testing.assert_array_equal(b.asnumpy(), a)


@named(OPERATORS)
@pytest.mark.parametrize("fed", [False, True], ids=["numbers", "symbols"])
def test_a_saved_graph_loads_and_gives_the_same(op, fed):
    given = settings(op)
    scalars = {name: sym.Variable(name) for name in given if fed and name in op.scalars}
    inputs = make(op)
    node = sym.functions.function(op.name)(*map(sym.Variable, inputs), name="step", **{**given, **scalars})
    loaded = sym.load_json(node.tojson())
    assert loaded.list_arguments() == node.list_arguments()
    assert loaded.list_auxiliary_states() == node.list_auxiliary_states()
    results = []
    for graph in (node, loaded):
        arrays = {**copies(inputs), **{name: np.array([given[name]]) for name in scalars}}
        outputs = graph.bind(args=arrays, grad_req="null").forward()
        results.append([*(x.asnumpy() for x in outputs), *arrays.values()])
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)


@named(UPDATES)
def test_symbolic_inputs_are_made_and_states_are_auxiliary(op):
    node = sym.functions.function(op.name)(name="step", **settings(op), **({op.count: 2} if op.many else {}))
    states = {f"step_{name}" for name in written_names(op)}
    assert set(node.list_auxiliary_states()) == states
    assert set(node.list_arguments()) | states == {f"step_{name}" for name in make(op)}
    assert sym.Symbol is type(node)


@named(OPERATORS)
def test_an_unknown_parameter_is_refused_with_the_nearest_one(op):
    with pytest.raises(OperatorError, match="named 'lrr'"):
        run(op, make(op), lrr=0.1)


@named(SINGLE)
def test_too_few_inputs_are_named(op):
    inputs = make(op)
    last = list(inputs)[-1]
    del inputs[last]
    with pytest.raises(OperatorError, match=f"missing input {last}"):
        run(op, inputs)


@named(OPERATORS)
def test_the_docstring_names_every_input_and_parameter(op):
    doc = inspect.cleandoc(op.__doc__)  # which Python 3.13 does itself
    text = doc.partition("Parameters\n")[2].partition("Returns\n")[0]
    heads = [line.partition(" :")[0] for line in text.splitlines() if not line.startswith(" ") and " :" in line]
    documented = [name for head in heads for name in head.split(", ")]
    assert set(documented) == {i.name for i in op.inputs} | set(op.params)
    for section in ("Returns", "References", "Examples"):
        assert f"{section}\n{'-' * len(section)}\n" in doc, section


@named([op for op in SINGLE if any(i.name == "grad" for i in op.inputs)])
def test_updates_refuse_row_sparse_gradients_or_take_them(op):
    inputs = {name: nd.from_numpy(v) for name, v in make(op).items()}
    inputs["grad"] = inputs["grad"].tostype("row_sparse")
    call = getattr(nd.op, op.name)
    if "sparse" in op.rules:
        assert call(*inputs.values(), **settings(op)).shape == (3, 4)
    else:
        with pytest.raises(OperatorError, match=r"grad.*sgd_update, sgd_mom_update, adam_update, ftrl_update"):
            call(*inputs.values(), **settings(op))


@named(OPERATORS)
@pytest.mark.parametrize("engine, shape", [("eager", (3, 4)), ("fused", (3, 4)), ("fused", (0, 3)), ("fused", ())])
def test_bound_arrays_of_every_layout_give_the_same_and_are_written_where_they_lie(op, shape, engine):
    if op.name == "_contrib_group_adagrad_update" and shape == ():
        return
    plain = make(op, shape)
    node = sym.functions.function(op.name)(*map(sym.Variable, plain), name="step", **settings(op))
    expected = None
    for layout in (np.copy, transposed, reversed_, strided, misaligned):
        arrays = {k: layout(v.copy()) for k, v in plain.items()}
        outputs = node.bind(args=arrays, grad_req="null", engine=engine).forward()
        found = [*(x.asnumpy() for x in outputs), *arrays.values()]
        expected = expected or found
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6)  # sums go in another order of memory
