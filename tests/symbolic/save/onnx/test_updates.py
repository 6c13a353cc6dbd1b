"""Every weight update as an ONNX model: the same numbers as the eager engine's, bit for bit.

float32 and float64 are run by onnxruntime.  float16 it computes in float32 and rounds where it likes, for want of
kernels on processors; that the model itself is right to the bit is shown by onnx's own reference, which rounds after
each node, and onnxruntime is held to the rounding of what it was given.
"""

import json
import warnings

import numpy as np
import pytest

import symbolic as sym
from docs.extensions.updates import updates
from ndarray import registry
from ndarray.params import REQUIRED
from ndarray.tensortype import TensorType
from symbolic.functions import function
from symbolic.graph.infer import infer
from symbolic.save.onnx.model import to_onnx
from tests.ndarray.test_golden import CASES, load, rounded
from tests.symbolic.engines.test_engines import UPDATES as ALL
from tests.symbolic.engines.test_engines import inferred, special
from tests.symbolic.save.onnx.runs import Runtime, assert_close, eager, runtime
from tests.symbolic.save.onnx.test_operators import WITHOUT

SUMS = {"_contrib_group_adagrad_update": 8, "clip_global_norm": 4, "_multi_lamb_update": 4, "_multi_mp_lamb_update": 4,
        "_multi_lans_update": 4, "multi_sum_sq": 4, "novograd_update": 4, "mars_update": 4, "adamp_update": 8,
        "adafactor_update": 8, "adafactor_mom_update": 8, "came_update": 16, "muon_update": 512}
"""Operators that add elements up, which is done in another order, with the roundings that may cost."""

POWERS = {"adam_update", "_multi_lamb_update", "_multi_mp_lamb_update", "lamb_update_phase1", "mp_lamb_update_phase1",
          "ftml_update", "_multi_lans_update", "adabelief_update", "adamax_update", "yogi_update", "adan_update",
          "adopt_update", "ademamix_update", "mars_update", "adamp_update",
          "muon_update", "adafactor_update", "adafactor_mom_update", "came_update", "schedule_free_sgd_update", "schedule_free_adamw_update", "schedule_free_radam_update"}
"""Operators that raise to the power of a step number, which may be fed: two libraries' powers differ in the last bit."""

CHOOSE_ZEROS = {"rmsprop_update", "rmspropalex_update", "multi_lars"}
"""Operators of which a recorded case chooses -0: onnxruntime's Where gives 0 for it, with either sign."""

MAXIMA = {"sm3_update"}
"""Operators that take the largest of many elements: onnxruntime leaves NaN out."""

NO_FLOAT64_NOR_FLOAT16 = {"multi_lars"}
"""Its inputs are norms, which are float32."""

UPDATES = [op for op in ALL if not (op.update and op.update.keys) and op.name not in WITHOUT]
"""Every update but those, and those that draw random numbers, which ONNX's core operators cannot."""


def test_every_update_is_here():
    assert set(updates()) - set(ALL) == set(map(registry.get, ("all_finite", "multi_all_finite", "reset_arrays")))
    assert (SUMS.keys() | POWERS | NO_FLOAT64_NOR_FLOAT16) <= {op.name for op in UPDATES}


class Update:
    """A call of an update operator over numbers of all kinds.

    Parameters
    ----------
    op : Operator
    dtype : str
        Of the weights.
    clip : float or None
        Bound of gradients; with it, decay and momentum.
    fed : bool
        Whether every hyper-parameter is a variable.
    odd : bool
        Whether NaN, infinities, zeros of both signs and denormals are among the numbers.
    """

    def __init__(self, op, dtype, clip=None, fed=False, odd=True):
        rng = np.random.default_rng(7)
        shapes = [(3, 5), (1,), (70,)] if op.many else [(8, 9)]
        params = {name: 3 if name == "t" else 0.125 for name in op.scalars if op.params[name].default is REQUIRED}
        params |= {name: (1, 2, 3) if name == "step_count" else (0.1, 0.0, 0.3) for name in op.scalar_tuples
                   if op.params[name].default is REQUIRED}
        if clip is not None:
            params |= {name: clip for name in op.params if name.startswith("clip_")}
            params |= {name: 0.01 for name in ("wd", "momentum") if name in op.params}
        count = {op.count: len(shapes)} if op.count else {}
        names = op.input_names(op.complete({**params, **count}))
        types = inferred(op, names, shapes, dtype, {**params, **count})
        self.arrays = {}
        for name, t in zip(names, types):
            x = special(rng, t.shape, t.dtype) if odd else rng.standard_normal(t.shape).astype(t.dtype)
            mean_of_squares = any(w in name for w in ("var", "sum_sq", "lrs", "wds", "hist")) or name in (
                "n", "v", "r1", "r2", "largest", "squares", "moves")
            self.arrays[name] = abs(x) if mean_of_squares else x
        if not odd and op.name in ("rmspropalex_update", "rmsprop_centered_update"):
            self.arrays["n"] += 16  # the mean of squares is above the square of the mean
        self.known = {name: TensorType(t.shape, t.dtype) for name, t in zip(names, types)}
        self.numbers = {}
        if fed:
            params = dict(op.defaults) | params
            for name in [n for n in (*op.scalars, *op.scalar_tuples) if params[n] is not None]:
                value = np.atleast_1d(np.asarray(params[name]))
                self.numbers[name] = value
                params[name] = sym.var(name)
        self.symbol = function(op.name)(*map(sym.var, names), name="step", **{
            k: v for k, v in params.items() if k in op.params and v is not REQUIRED and k != op.count})
        self.graph = self.symbol.graph
        self.types = infer(self.graph, self.known)
        by_name = {e.node.name: t for e, t in self.types.items() if e.node.op is None}
        self.arrays |= {name: np.broadcast_to(v, by_name[name].shape).astype(by_name[name].dtype)
                        for name, v in self.numbers.items()}


def steps(update, run, n=2):
    """Return what `n` steps give, each of which sees the states of the one before."""
    arrays, found = dict(update.arrays), []
    for _ in range(n):
        results = run(arrays)
        found += results
        states = results[len(update.graph.outputs):]
        arrays |= {v.name: x for v, x in zip(update.graph.written, states, strict=True)}
    return found


def agree(update, run, ulps):
    for got, expected in zip(steps(update, run), steps(update, lambda a: eager(update.graph, a)), strict=True):
        assert_close(got, expected, ulps)


FLOATS = [(op, dtype) for op in UPDATES for dtype in ("float32", "float64", "float16")
          if dtype == "float32" or op.name not in NO_FLOAT64_NOR_FLOAT16]


@pytest.mark.parametrize("clip", [None, 0.5])
@pytest.mark.parametrize(("op", "dtype"), [f for f in FLOATS if f[1] != "float16"], ids=str)
def test_onnxruntime_gives_the_bits_of_the_eager_engine(op, dtype, clip):
    update = Update(op, dtype, clip, odd=op.name not in MAXIMA)
    agree(update, runtime(update.graph, update.types), SUMS.get(op.name, 0))


@pytest.mark.parametrize("clip", [None, 0.5])
@pytest.mark.parametrize("op", [op for op, dtype in FLOATS if dtype == "float16"], ids=str)
def test_models_of_float16_say_what_the_eager_engine_computes(op, clip):
    from onnx.reference import ReferenceEvaluator

    update = Update(op, "float16", clip)
    evaluator = ReferenceEvaluator(to_onnx(update.graph, update.types))

    def run(arrays):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of NumPy, about NaN and infinities
            return evaluator.run(None, arrays)

    agree(update, run, SUMS.get(op.name, 0))


@pytest.mark.parametrize("op", [op for op, dtype in FLOATS if dtype == "float16"], ids=str)
def test_onnxruntime_rounds_float16_as_it_likes(op):
    """Ordinary numbers, as those of weights and gradients: a few roundings of the largest intermediate result."""
    update = Update(op, "float16", 0.5, odd=False)
    run = runtime(update.graph, update.types)
    for got, expected in zip(run(update.arrays), eager(update.graph, update.arrays), strict=True):
        assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
        size = max(np.abs(expected).max(initial=1), *(np.abs(a).max(initial=1) for a in update.arrays.values()))
        np.testing.assert_allclose(got, expected, rtol=0, atol=8 * np.finfo(expected.dtype).eps * float(size))


@pytest.mark.parametrize("op", UPDATES, ids=str)
def test_hyper_parameters_are_inputs(op):
    """One model, run with one set of numbers and with another: each gives what a graph with these numbers gives."""
    update = Update(op, "float32", 0.5, fed=True, odd=False)
    run = runtime(update.graph, update.types)
    assert set(run.inputs) == set(update.arrays)
    ulps = max(SUMS.get(op.name, 0), 8 if op.name in POWERS else 0)
    seen = []
    for factor in (1, 0.75):
        arrays = update.arrays | {k: update.arrays[k] if k in ("t", "step_count") else update.arrays[k] * np.float32(factor)
                                  for k in update.numbers}
        results = run(arrays)
        for got, expected in zip(results, eager(update.graph, arrays), strict=True):
            assert_close(got, expected.astype(got.dtype), ulps)
        seen.append(results)
    if update.numbers:
        assert any(not np.array_equal(a, b, equal_nan=True) for a, b in zip(*seen)), "no number was heard"


@pytest.mark.parametrize("op", UPDATES, ids=str)
def test_states_come_in_and_go_out(op):
    update = Update(op, "float32")
    run = runtime(update.graph, update.types)
    states = [n.name for n in update.graph.auxiliary]
    properties = {p.key: p.value for p in run.model.metadata_props}
    assert json.loads(properties.get("states", "{}")) == {name: f"{name}_new" for name in states}
    assert run.outputs == [*update.symbol.list_outputs(), *(f"{n.name}_new" for n in update.graph.written)]


def recorded():
    """Return the cases of dense float32 and float64 arrays; float16 is compared above."""
    found = []
    for case in CASES:
        arrays = load(case)[0].values()
        dense = not any(isinstance(a, dict) for a in arrays)
        if case["op"] in {op.name for op in UPDATES} and dense and not any(a.dtype == np.float16 for a in arrays):
            found.append(case)
    return found


@pytest.mark.parametrize("case", recorded(), ids=lambda c: f"{c['op']}-{c['case']}")
def test_cases_recorded_from_mxnet(case):
    inputs, _ = load(case)
    symbol = function(case["op"])(*map(sym.var, inputs), name="step", **rounded(case))
    types = infer(symbol.graph, {name: TensorType(a.shape, a.dtype) for name, a in inputs.items()})
    run = Runtime(to_onnx(symbol.graph, types))
    for got, expected in zip(run(inputs), eager(symbol.graph, inputs), strict=True):
        assert_close(got, expected, max(SUMS.get(case["op"], 0), 8 if case["op"] in POWERS else 0),
                     signs=case["op"] not in CHOOSE_ZEROS)
