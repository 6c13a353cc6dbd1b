"""Every case recorded from MXNet 1.9.1, called eagerly and as a node of a graph.

Float parameters are given as float32 numbers, as MXNet's parser makes them.  Results must be equal bit for bit, but
for the operators of `TOLERANCE`, where MXNet has another order of operations or less precision; and but for the cases
of `OURS`, where MXNet is wrong and the expected value follows from a sibling operator.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray import registry
from ndarray.params import REQUIRED, Scalar
from tests.symbolic.engines.rounding import assert_near, narrowest

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = json.loads((GOLDEN / "index.json").read_text())["cases"]
EXACT_PARAMS = {("ftml_update", "epsilon")}
"""Parameters that MXNet keeps in double."""

EAGER_ONLY = "row_sparse gradients, the earlier value of out=, and functions that are no operators exist eagerly only"


def single_rounding(expected, given):
    """Two float32 (float16) roundings of weight, step and norm: MXNet sums norms and divides in another precision."""
    eps = np.finfo(np.float16 if expected.dtype == np.float16 else np.float32).eps
    finite = [np.abs(x[np.isfinite(x)]).max(initial=0) for x in (expected, given)]
    return 2 * eps * max(finite)


def sum_rounding(expected, given):
    """MXNet adds float32 numbers one by one; squares of float16 are rounded to float16."""
    half = given.dtype == np.float16
    return np.abs(expected) * (2e-3 if half else given.size * np.finfo(np.float32).eps) + (1e-6 if half else 0)


def few_ulps(expected, given):
    """Two roundings more or less of a state that lost nothing to cancellation."""
    return 4 * np.finfo(expected.dtype).eps * np.abs(expected)


TOLERANCE = {
    "multi_sum_sq": sum_rounding,
    "_multi_lamb_update": single_rounding,
    "_multi_mp_lamb_update": single_rounding,
    "_contrib_group_adagrad_update": few_ulps,
    "clip_global_norm": lambda expected, given: 3e-6 * np.abs(expected),
}
"""Allowed error of an operator's results: ``tolerance(expected, first input)``; none for the others."""


# Cases in which MXNet is wrong: what is right, from a sibling.


def from_separate_output(case, inputs):
    """`nag_mom_update` in place gives what it gives out of place."""
    states = copies(inputs)
    weight = eager(case["op"], states, rounded(case))
    return [weight], {**states, "weight": weight}


def from_wide(sibling):
    """A mixed-precision operator gives what its sibling gives on the float32 weights."""

    def expected(case, inputs):
        wide = {}
        for name, value in inputs.items():
            stem, _, number = name.partition("_")
            if stem == "weight32":
                continue
            key = f"weight32{'_' + number if number else ''}"
            wide[name] = inputs[key].copy() if stem == "weight" else (
                value.astype(np.float32) if stem == "grad" else value.copy())
        new = eager(sibling, wide, rounded(case))
        new = new if isinstance(new, list) else [new]
        weights = [name for name in inputs if name.partition("_")[0] == "weight"]
        after = dict(wide)
        for name, value in zip(weights, new, strict=True):
            after[name.replace("weight", "weight32")] = value
        return [value.astype(inputs[name].dtype) for name, value in zip(weights, new)], after

    return expected


def from_float32(case, inputs):
    """float16 weights with their true rates: the float32 computation, rounded."""
    wide = {name: value.astype(np.float32) for name, value in inputs.items()}
    new = eager(case["op"], wide, rounded(case))
    return [x.astype(np.float16) for x in new], {k: v.astype(np.float16) for k, v in wide.items()}


def from_weight(case, inputs):
    """A step that is called off gives the weights; MXNet leaves `out` as it was."""
    return [v for name, v in inputs.items() if name.partition("_")[0] == "weight"], inputs


def from_exact_sum(case, inputs):
    """Squares of float16 neither overflow nor vanish."""
    return [np.array([np.square(v.astype(np.float64)).sum() for v in inputs.values()]).astype(np.float32)], inputs


def one(case, inputs):
    """float64 beyond the range of float32 is finite."""
    return [np.ones(1, np.float32)], inputs


SKIPPED = ("skip_zero", "skip_nan", "skip_inf")
OURS = {
    ("nag_mom_update", "inplace"): from_separate_output,
    ("mp_nag_mom_update", None): from_wide("nag_mom_update"),
    ("mp_lamb_update_phase2", None): from_wide("lamb_update_phase2"),
    ("multi_mp_sgd_update", "float32"): from_wide("multi_sgd_update"),
    ("multi_mp_sgd_mom_update", "float32"): from_wide("multi_sgd_mom_update"),
    ("preloaded_multi_mp_sgd_update", "float32"): from_wide("preloaded_multi_sgd_update"),
    ("preloaded_multi_mp_sgd_mom_update", "float32"): from_wide("preloaded_multi_sgd_mom_update"),
    ("_multi_mp_adamw_update", "float32"): from_wide("_multi_adamw_update"),
    ("_multi_mp_lamb_update", None): from_wide("_multi_lamb_update"),
    ("_multi_adamw_update", "float16"): from_float32,
    **{(op, case): from_weight for op in ("_adamw_update", "_mp_adamw_update", "_multi_adamw_update",
                                          "_multi_mp_adamw_update") for case in SKIPPED},
    ("multi_sum_sq", "f16_overflow"): from_exact_sum,
    ("multi_sum_sq", "f16_underflow"): from_exact_sum,
    ("all_finite", "f64_beyond_f32"): one,
}
"""Expected values of an operator's case (None: all of its cases) in which this project differs on purpose."""

STATES_AS_MXNET = {"_multi_mp_lamb_update": ("mean", "var"), "mp_nag_mom_update": ("weight32",)}
"""States that are MXNet's all the same; outputs of mp_nag_mom_update and mp_lamb_update_phase2 are, too."""
OUTPUTS_AS_MXNET = ("mp_nag_mom_update", "mp_lamb_update_phase2")


def float32(value):
    """Return a parameter with its floats rounded to float32."""
    if isinstance(value, list):
        return tuple(map(float32, value))
    if isinstance(value, str) and value not in ("True", "False", "true", "false", "1", "0"):
        return float(np.float32(value))
    return float(np.float32(value)) if isinstance(value, float) else value


def rounded(case):
    """Return the case's parameters, defaults included, as MXNet's parser makes them."""
    op = registry.get(case["op"])
    given = {p.name: p.default for p in op.params.values() if p.type is Scalar and p.default is not REQUIRED}
    given |= case["params"]
    return {name: value if (case["op"], name) in EXACT_PARAMS else float32(value) for name, value in given.items()}


def copies(inputs):
    return {name: value.copy() for name, value in inputs.items()}


def load(case):
    """Return the case's inputs and the recorded arrays."""
    with np.load(GOLDEN / f"{case['op']}.npz") as arrays:
        found = {key: arrays[key] for key in arrays.files if key.startswith(f"{case['case']}.")}
    inputs = {name: found[key] if isinstance(key, str) else {**key, **{k: found[key[k]] for k in ("indices", "values")}}
              for name, key in case["inputs"]}
    return inputs, found


def eager(name, inputs, params, out=None):
    """Call an operator on NumPy arrays, which take up what it writes, and return its outputs."""
    result = getattr(nd.op, name)(*map(nd.from_numpy, inputs.values()), out=out and [nd.from_numpy(o) for o in out],
                                  **params)
    return [x.asnumpy() for x in result] if isinstance(result, list) else result.asnumpy()


def run_eager(case, inputs, found, engine):
    inputs = copies(inputs)
    out = weights_of(inputs) if case["inplace"] else None
    if "out_before" in case and len(case["outputs"]) == 1:
        out = [found[case["out_before"]].copy()]
    result = eager(case["op"], inputs, rounded(case), out)
    return result if isinstance(result, list) else [result], inputs


def run_symbolic(case, inputs, found, engine):
    inputs = copies(inputs)
    symbol = getattr(sym, case["op"], None) or sym.functions.function(case["op"])
    node = symbol(*map(sym.Variable, inputs), name="node", **rounded(case))
    weights = weights_of(inputs)
    out = dict(zip(node.list_outputs(), weights)) if case["inplace"] else None
    executor = node.bind(args=inputs, grad_req="null", out=out, engine=engine)
    return [x.asnumpy() for x in executor.forward()], inputs


def weights_of(inputs):
    """Return the arrays that an update in place writes to: weights, or rates."""
    return [v for name, v in inputs.items() if name.partition("_")[0] == "weight"] or [next(iter(inputs.values()))]


XLA_ROOTS = ("rmspropalex_update",)
"""Operators with the root of a difference, which is negative, and NaN, or not as the last bit decides."""


def check_xla(op, got, expected, tolerance, inputs):
    """XLA's results are several roundings of the narrowest numbers away from what was recorded."""
    subnormal = [(v != 0) & (np.abs(v) < np.finfo(v.dtype).tiny) for v in inputs.values()
                 if v.dtype.kind == "f" and v.shape == expected.shape]  # which XLA takes for zero
    if np.any(subnormal):
        got, expected = (np.where(np.any(subnormal, axis=0), np.zeros((), x.dtype), x) for x in (got, expected))
    if op in XLA_ROOTS:
        got, expected = (np.where(np.isnan(expected) | np.isnan(got), np.zeros((), x.dtype), x) for x in (got, expected))
    more = 0.0 if tolerance is None else np.max(tolerance(expected, next(iter(inputs.values()))), initial=0)
    assert_near(got, expected, 5, narrowest(inputs.values()), more if np.isfinite(more) else 0.0)


def check(name, got, expected, tolerance, given):
    assert got.shape == expected.shape and got.dtype == expected.dtype, name
    if tolerance is None:
        same = (got == expected) & (np.signbit(got) == np.signbit(expected)) | np.isnan(got) & np.isnan(expected)
        assert same.all(), (name, got[~same], expected[~same])
        return
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(got[~finite], expected[~finite], err_msg=name)
    with np.errstate(over="ignore"):
        error = np.abs(got[finite].astype(np.float64) - expected[finite])
    allowed = np.broadcast_to(tolerance(expected, given), expected.shape)[finite]
    assert (error <= allowed).all(), (name, got, expected)


def is_sparse(case):
    return any(not isinstance(key, str) for _, key in case["inputs"])


DENSE = [c for c in CASES if not is_sparse(c) and c["op"] != "clip_global_norm"]


def is_eager_only(case):
    return case["params"].get("init_output") is False


@pytest.mark.parametrize("op", sorted({c["op"] for c in DENSE}))
def test_dense_cases(op):
    for case in (c for c in DENSE if c["op"] == op):
        compare(case, run_eager, "eager")


@pytest.mark.parametrize("op", sorted({c["op"] for c in DENSE}))
def test_dense_cases_in_a_graph(op, engine):
    for case in (c for c in DENSE if c["op"] == op):
        if not is_eager_only(case):
            compare(case, run_symbolic, engine)


def compare(case, form, engine):
    """Check outputs, states, and that the other inputs stay as they are."""
    op = case["op"]
    inputs, found = load(case)
    outputs, after = form(case, inputs, found, engine)
    own = OURS.get((op, case["case"]), OURS.get((op, None)))
    expected = [found[key] for key in case["outputs"]]
    states = {name: found[key] for name, key in case["mutated"].items()
              if not (case["inplace"] and name.partition("_")[0] in ("weight", "lrs"))}
    tolerance = TOLERANCE.get(op)
    if own:
        with np.errstate(all="ignore"):
            ours, ours_after = own(case, inputs)
        expected = expected if op in OUTPUTS_AS_MXNET else ours
        kept = STATES_AS_MXNET.get(op, ())
        states = {name: value if name.partition("_")[0] in kept else ours_after[name]
                  for name, value in states.items()}
        tolerance = (lambda e, g: 4 * np.finfo(np.float16).eps * np.maximum(np.abs(e), 1)) \
            if own is from_float32 else None
    where = f"{op} {case['case']}"
    given = next(iter(inputs.values()))
    results = [(f"output {i}", *pair, tolerance) for i, pair in enumerate(zip(outputs, expected))]
    results += [(name, after[name], value, tolerance if own is from_float32 else None) for name, value in states.items()]
    for name, got, value, allowed in results:
        if engine == "xla":
            check_xla(op, got, value, allowed, inputs)
        else:
            check(f"{where} {name}", got, value, allowed, given)
    for name, value in inputs.items():
        if name not in case["mutated"] and not (case["inplace"] and any(after[name] is w for w in
                                                                        weights_of(after))):
            check(f"{where} {name} must stay", after[name], value, None, given)


@pytest.mark.parametrize("case", [c for c in CASES if is_sparse(c)], ids=lambda c: f"{c['op']}-{c['case']}")
def test_row_sparse_cases(case):
    inputs, found = load(case)
    arrays = {}
    for name, value in inputs.items():
        if isinstance(value, dict):
            arrays[name] = nd.sparse.row_sparse_array((value["values"], value["indices"]), shape=tuple(value["shape"]))
        else:
            array = nd.from_numpy(value.copy())
            whole = case["weight_stype"] == "row_sparse"
            arrays[name] = nd.sparse.row_sparse_array((array, np.arange(len(value)))) if whole else array
    before = arrays["grad"].asnumpy()
    weight = arrays["weight"]
    assert getattr(nd.op, case["op"])(*arrays.values(), out=weight, **rounded(case)) is weight
    # The rows' formula is the dense one: Adam squares a clipped gradient in another order in MXNet.
    tolerance = few_ulps if case["op"] == "adam_update" else TOLERANCE.get(case["op"])
    if (case["op"], case["case"]) == ("sgd_update", "rsp_float64_std"):
        # MXNet forms 1 - lr * wd in float32 here.
        tolerance = lambda expected, given: np.finfo(np.float32).eps * np.abs(expected)
    for name, key in case["mutated"].items():
        check(f"{case['op']} {case['case']} {name}", arrays[name].asnumpy(), found[key], tolerance, None)
    check("grad must stay", arrays["grad"].asnumpy(), before, None, None)


@pytest.mark.filterwarnings("ignore:nan or inf is detected")
@pytest.mark.parametrize("case", [c for c in CASES if c["op"] == "clip_global_norm"], ids=lambda c: c["case"])
def test_clip_global_norm_cases(case):
    inputs, found = load(case)
    arrays = {name: nd.from_numpy(value.copy()) for name, value in inputs.items()}
    norm = nd.contrib.clip_global_norm(list(arrays.values()), case["params"]["max_norm"])
    tolerance = TOLERANCE["clip_global_norm"]
    expected = found[case["outputs"][0]].astype(np.float32)
    check("norm", np.float32(norm).reshape(expected.shape), expected, tolerance, None)
    for name, key in case["mutated"].items():
        check(name, arrays[name].asnumpy(), found[key], tolerance, None)


def test_all_cases_are_run():
    assert len(CASES) == 720
    assert len(DENSE) + sum(map(is_sparse, CASES)) + 7 == 720
    assert sum(map(is_eager_only, CASES)) == 4, EAGER_ONLY


def test_every_bug_of_mxnet_has_an_expectation():
    flagged = [c for c in CASES if "mxnet_bug" in c]
    assert flagged
    assert not [(c["op"], c["case"]) for c in flagged
                if (c["op"], c["case"]) not in OURS and (c["op"], None) not in OURS]
