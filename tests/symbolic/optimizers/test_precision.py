"""Weights in 16 bits that keep small steps: by a float32 copy, by rounding at random, by what rounding took."""

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray import registry, vocabulary
from ndarray.array import invoke
from symbolic import optimizers
from symbolic.optimizers.precision import with_precision
from tests.symbolic.engines.rounding import MEANS
from tests.symbolic.optimizers import paths
from tests.symbolic.optimizers.papers import RATES, STATEMENTS

ml_dtypes = pytest.importorskip("ml_dtypes")
BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
KINDS = ("master", "stochastic", "kahan")
EACH_KIND = pytest.mark.parametrize("precision", KINDS)
RULES = [name for name in STATEMENTS if "mp_" not in name]


def bits(array):
    return array.asnumpy().tobytes()


def trained(name, precision, engine, steps=3, params=None, dtype="bfloat16"):
    """Return all arrays of a trainer by name, after some updates."""
    nd.random.seed(3)
    weights = {n: nd.array(w, dtype=dtype) for n, w in paths.start().items()}
    step = optimizers.update(list(weights), name, precision=precision, **(params or STATEMENTS[name][1][0]))
    trainer = optimizers.Trainer(step, weights, lr=lambda t: paths.rate(t, RATES.get(name, 0.02)), engine=engine)
    for grads in paths.gradients()[:steps]:
        trainer.step(**{f"{n}_grad": g.astype(np.dtype(dtype)) for n, g in grads.items()})
    return trainer.executor.arg_dict | trainer.executor.aux_dict


@EACH_KIND
@pytest.mark.parametrize("name", RULES)
def test_every_rule_on_both_engines(name, precision):
    eager, fused = (trained(name, precision, engine) for engine in ("eager", "fused"))
    for key, value in eager.items():
        assert value.dtype is fused[key].dtype
        if name in MEANS:
            a, b = (x.asnumpy().astype(float) for x in (value, fused[key]))
            np.testing.assert_allclose(b, a, rtol=1e-2 if value.dtype == BFLOAT16 else 1e-6)
        else:
            assert bits(value) == bits(fused[key]), key


@EACH_KIND
@pytest.mark.parametrize("name", ["adamw", "lamb", "nadam"])
def test_loops_of_both_kinds(name, precision, backend):
    params = STATEMENTS[optimizers.rule(name).op.name][1][0]
    eager, fused = (trained(name, precision, engine, params=params) for engine in ("eager", "fused"))
    assert all(bits(value) == bits(fused[key]) for key, value in eager.items())


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", ["_adamw_update", "sgd_mom_update", "_multi_lamb_update", "lars"])
def test_a_master_goes_the_way_of_float32(name, dtype):
    statement, (params, *_) = STATEMENTS[name]
    expected = paths.stated(statement, params, RATES.get(name, 0.02))
    found = trained(name, "master", "fused", paths.STEPS, dtype=dtype)
    masters = {n: found[f"{n}_weight32"].asnumpy() for n in paths.SHAPES}
    for n, master in masters.items():
        assert master.dtype == np.float32
        assert found[n].asnumpy().tobytes() == master.astype(np.dtype(dtype)).tobytes()
        # Weights at first and gradients have 8 or 11 bits.
        np.testing.assert_allclose(master, expected[-1][n], rtol=0.01, atol=0.01)


def test_kahan_knows_the_weight_twice_as_well():
    """Weight and compensation together stay within 16 bits of float32 from the same start."""
    start = {n: w.astype(BFLOAT16) for n, w in paths.start().items()}
    grads = [{n: g.astype(BFLOAT16) for n, g in each.items()} for each in paths.gradients()]
    runs = {}
    for precision, dtype in (("kahan", "bfloat16"), (None, "bfloat16"), (None, "float32")):
        weights = {n: nd.array(w, dtype=dtype) for n, w in start.items()}
        trainer = optimizers.Trainer(optimizers.update(list(weights), "sgd", precision=precision), weights, lr=1e-3)
        for each in grads:
            trainer.step(**{f"{n}_grad": g for n, g in each.items()})
        runs[precision, dtype] = {**trainer.executor.arg_dict, **trainer.executor.aux_dict}
    for n in start:
        exact = runs[None, "float32"][n].asnumpy()
        kahan = sum(runs["kahan", "bfloat16"][k].asnumpy().astype("float64") for k in (n, f"{n}_compensation"))
        plain = runs[None, "bfloat16"][n].asnumpy().astype("float64")
        assert np.abs(kahan - exact).max() < 2.0 ** -12 * np.abs(exact).max() < np.abs(plain - exact).max()


@EACH_KIND
def test_steps_below_the_last_digit_arrive(precision):
    """A step of 1e-4 from 1 is a fortieth of bfloat16's last digit: rounded to nearest, no weight would ever move."""
    nd.random.seed(11)
    n, weights = 10_000, nd.ones(10_000, dtype="bfloat16")
    trainer = optimizers.Trainer(optimizers.update(["w"], "sgd"), {"w": weights}, lr=1e-4, precision=precision)
    for _ in range(100):
        trainer.step(w_grad=np.ones(n))
    moved = 1 - weights.asnumpy().astype("float64")
    # The digits below 1 are 2 ** -8 apart; the deviation of a rounding is at most half of that.
    error = 5 * np.sqrt(100) * 2.0 ** -9 / np.sqrt(n) if precision == "stochastic" else 2.0 ** -8
    assert abs(moved.mean() - 0.01) < error
    assert (moved.std() > 0) == (precision == "stochastic")


def test_random_rounding_is_unbiased():
    """Every part of the way to the next digit, up with that probability: mean and variance within five deviations."""
    n = 1 << 14
    for k, part in enumerate(np.linspace(0, 1, 33)[:-1]):
        x = np.full(n, 1 + part * 2.0 ** -7, "float32")
        for number in (0, 1, 2):
            ups = vocabulary.round_stochastic(x, 1000 + k, number).astype("float32") > 1
            assert abs(ups.mean() - part) <= 5 * np.sqrt(part * (1 - part) / n)


def test_random_numbers_differ_by_key_array_and_place():
    x = np.full(1 << 16, 1 + 2.0 ** -8, "float32")
    ups = [vocabulary.round_stochastic(x, key, number).astype("float64") - x for key in (1, 2, 3) for number in range(4)]
    off = np.corrcoef([*ups, *(np.roll(u, 1) for u in ups)]) - np.eye(24)
    assert np.abs(off).max() < 5.5 / np.sqrt(x.size)
    np.testing.assert_array_equal(vocabulary.round_stochastic(x[100:], 1, 0, first=100),
                                  vocabulary.round_stochastic(x, 1)[100:])


def test_random_rounding_keeps_what_is_exact_infinite_or_not_a_number():
    x = np.array([0.0, -0.0, 1.5, -2.0 ** -130, np.inf, -np.inf, np.nan], "float32")
    for key in range(20):
        found = vocabulary.round_stochastic(x, key)
        np.testing.assert_array_equal(found.astype("float32"), x)


def test_random_numbers_follow_from_the_place_in_the_whole_array(backend):
    found, n = [], 100_000  # loops run on parts of it
    for engine in ("eager", "fused"):
        nd.random.seed(5)
        weight = nd.array(np.linspace(-1, 1, n), dtype="bfloat16")
        step = optimizers.update(["w"], "sgd", precision="stochastic", momentum=0.9)
        trainer = optimizers.Trainer(step, {"w": weight}, lr=0.01, engine=engine)
        trainer.step(w_grad=np.linspace(1, 2, n).astype(BFLOAT16))
        found.append([bits(a) for a in (weight, *trainer.executor.aux_dict.values())])
    assert found[0] == found[1]


def test_bits_do_not_depend_on_threads():
    n, found = 3_000_001, []
    before = sym.get_num_threads()
    try:
        for threads in (1, 2):
            sym.set_num_threads(threads)
            nd.random.seed(5)
            weight = nd.array(np.linspace(-1, 1, n), dtype="bfloat16")
            trainer = optimizers.Trainer(optimizers.update(["w"], "adamw", precision="stochastic"), {"w": weight}, lr=0.01)
            for _ in range(2):
                trainer.step(w_grad=np.linspace(1, 2, n).astype(BFLOAT16))
            found.append([bits(a) for a in (weight, *trainer.executor.aux_dict.values())])
    finally:
        sym.set_num_threads(before)
    assert found[0] == found[1]


@EACH_KIND
def test_an_updater_goes_the_same_way(precision):
    nd.random.seed(3)
    weights = {n: nd.array(w, dtype="bfloat16") for n, w in paths.start().items()}
    update = optimizers.Updater("adamw", lambda t: paths.rate(t), precision=precision, beta2=0.99)
    for grads in paths.gradients()[:3]:
        for n, w in weights.items():
            update(n, nd.array(grads[n], dtype="bfloat16"), w)
    found = trained("adamw", precision, "fused", params={"beta2": 0.99})
    for n, w in weights.items():
        if precision == "stochastic":  # Each draws its keys when it needs them.
            assert update.states[n]["key"].dtype is np.float64
        else:
            assert bits(w) == bits(found[n])


@EACH_KIND
def test_a_trainer_resumes_bit_for_bit(precision, tmp_path):
    pytest.importorskip("safetensors")
    step = optimizers.update(["w"], "adam")
    grads = [np.random.default_rng(k).normal(size=50).astype(BFLOAT16) for k in range(4)]
    trainer = optimizers.Trainer(step, {"w": nd.ones(50, dtype="bfloat16")}, lr=0.01, precision=precision)
    for k, grad in enumerate(grads):
        trainer.step(w_grad=grad)
        if k == 1:
            trainer.save(tmp_path)
    again = optimizers.Trainer.load(tmp_path)
    for grad in grads[2:]:
        again.step(w_grad=grad)
    for name in ("w", "w_mean", "w_var", f"w_{optimizers.rule('adam', precision=precision).op.writes[-1]}"):
        one, other = ({**t.executor.arg_dict, **t.executor.aux_dict}[name] for t in (trainer, again))
        assert one.dtype is other.dtype and bits(one) == bits(other)


@EACH_KIND
@pytest.mark.parametrize("name", ["adamw", "lamb", "lars"])
def test_a_step_that_is_made_already(name, precision):
    """The pass over a step gives what the keyword gives, also with numbers that are fed."""
    params = {"wd": sym.var("decay", shape=(1,))} | ({"momentum": 0.5} if name == "lars" else {})
    given = optimizers.update(["v", "w"], name, precision=precision, **params)
    passed = with_precision(optimizers.update(["v", "w"], name, **params), precision)
    assert passed.list_auxiliary_states() == given.list_auxiliary_states()
    assert sym.load_json(passed.tojson()).tojson() == passed.tojson()
    found = []
    for step in (given, passed):
        nd.random.seed(1)
        weights = {n: nd.ones(3, dtype="bfloat16") for n in "vw"}
        optimizers.Trainer(step, weights, lr=0.1).step(v_grad=np.ones(3), w_grad=np.ones(3), decay=0.1)
        found.append([bits(w) for w in weights.values()])
    assert found[0] == found[1]


@EACH_KIND
def test_rules_that_are_made_already(precision):
    """Combinators and rules by name have it around everything."""
    state = {"master": "weight32", "stochastic": "key", "kahan": "compensation"}[precision]
    assert optimizers.rule(optimizers.rule("adam", beta1=0.5), precision=precision) == optimizers.rule(
        "adam", beta1=0.5, precision=precision)
    routes = {"v": ("lars", 0.5), "*": optimizers.lookahead("sgd", momentum=0.5)}
    step = optimizers.update(["v", "w"], routes, precision=precision)
    states = step.list_auxiliary_states()
    assert [name for name in states if name.endswith(state)] == [f"v_{state}", f"w_{state}"]
    found = []
    for engine in ("eager", "fused"):
        nd.random.seed(2)
        weights = {n: nd.array([1.0, -2.0, 3.0], dtype="bfloat16") for n in "vw"}
        trainer = optimizers.Trainer(step, weights, lr=0.1, engine=engine)
        for _ in range(6):
            trainer.step(v_grad=np.ones(3), w_grad=np.ones(3))
        found.append([bits(w) for w in (*weights.values(), *trainer.executor.aux_dict.values())])
    assert found[0] == found[1]


def test_what_has_no_use_for_it_is_refused():
    with pytest.raises(nd.errors.ParamError, match="precision must be 'master', 'stochastic', 'kahan' or None, got 'x'"):
        optimizers.rule("sgd", precision="x")
    with pytest.raises(nd.errors.OperatorError, match="has a float32 copy of the weight already"):
        optimizers.rule("mp_sgd", precision="kahan")
    with pytest.raises(nd.errors.OperatorError, match="updates of a step, which has none"):
        with_precision(sym.exp(sym.var("x")), "master")
    for precision, dtype, why in (("kahan", "float16", "`weight` is float16; precision='kahan' is for bfloat16"),
                                  ("master", "float64", "`weight` is float64, which a float32 copy would shorten")):
        update, weight = optimizers.Updater("adam", 0.1, precision=precision), nd.ones(2, dtype=dtype)
        with pytest.raises(nd.errors.DTypeError, match=why):
            update(0, nd.ones(2, dtype=dtype), weight)
        assert weight.tolist() == [1.0, 1.0]


@EACH_KIND
def test_one_update_in_one_pass(precision):
    """A weight and all that goes with it are read and written once, by one loop."""
    pytest.importorskip("llvmlite")
    weight = nd.ones(1000, dtype="bfloat16")
    step = optimizers.update(["w"], "adam", precision=precision, lr=0.1, t=1)
    trainer = optimizers.Trainer(step, {"w": weight}, engine="fused")
    report = trainer.executor.debug_str()
    bytes_moved = {"master": 28, "stochastic": 14, "kahan": 18}[precision]
    assert "NumPy" not in report and report.count("1000 elements, ") == 1
    assert f"1 tensor, 1000 elements, {1000 * bytes_moved} bytes" in report


def test_the_words_of_jax_round_alike():
    jax = pytest.importorskip("jax")
    words = pytest.importorskip("symbolic.engines.xla.words")
    x = np.concatenate([np.random.default_rng(0).normal(size=1000), [np.nan, -np.nan, np.inf, 0.0]]).astype("float32")
    with words.wide():
        xp = words.Words()
        for number in range(4):
            found = jax.jit(lambda a, k, number=number: xp.round_stochastic(a, k, number))(x, np.array([77.0]))
            expected = vocabulary.round_stochastic(x, 77.0, number)
            np.testing.assert_array_equal(np.asarray(found).view(np.uint16), expected.view(np.uint16))
        there_and_back = jax.jit(lambda a: xp.astype(xp.astype(a, BFLOAT16), np.dtype("float32")))(x)
        with np.errstate(invalid="ignore"):
            np.testing.assert_array_equal(np.asarray(there_and_back), x.astype(BFLOAT16).astype("float32"))


@pytest.mark.parametrize("name", ["adamw", "sgd_mom", "lamb"])
def test_float16_rounded_once(name):
    """What the torch door takes for float16: the update in float32, its results rounded once."""
    plain = registry.get(optimizers.rule(name).op.name)
    once = registry.get(f"_once_{plain.name}")
    params = {k: v for k, v in STATEMENTS[plain.name][1][0].items() if k in plain.params}
    params |= {"learning_rates": (0.1,), "wds": (0.01,), "step_count": (1,)} if name == "lamb" else {"lr": 0.1}
    params |= {"eta": 1.0} if name == "adamw" else {}
    n = len(plain.many or plain.names)
    arrays = [np.random.default_rng(k).random(100).astype("float16") for k in range(n)]
    if name == "adamw":
        arrays[-1] = np.ones(1, "float32")
    found = {op: [nd.array(a, dtype=a.dtype) for a in arrays] for op in (plain, once)}
    wide = [nd.array(a, dtype="float32") for a in arrays]
    new = invoke(once, found[once], params)
    expected = invoke(plain, wide, params)
    for a, b in ((new, expected), *zip(found[once], wide)):
        np.testing.assert_array_equal(a.asnumpy(), b.asnumpy().astype(a.dtype))


@pytest.mark.parametrize("precision", [None, *KINDS])
def test_xla_comes_within_a_digit(precision):
    """XLA joins products and sums, so that here and there another digit is the nearest."""
    pytest.importorskip("jax")
    eager, xla = (trained("adamw", precision, engine, params={"wd": 0.1}) for engine in ("eager", "xla"))
    for key, value in eager.items():
        assert value.dtype is xla[key].dtype
        one, other = value.asnumpy().astype("float64"), xla[key].asnumpy().astype("float64")
        digit = 2.0 ** -7 if value.dtype is ml_dtypes.bfloat16 else 1e-5
        np.testing.assert_allclose(other, one, rtol=digit, atol=digit * np.abs(one).max() * 2.0 ** -7)


def test_a_second_key_is_refused():
    with pytest.raises(TypeError, match="a state named key, and sgld_update has one already"):
        optimizers.rule("sgld", precision="stochastic")


IN_HALF = sorted(op.name for op in registry.operators() if op.update and op.half_in_float32)


@pytest.mark.parametrize("engine", ["eager", "fused"])
@pytest.mark.parametrize("share", [0, 2])
@pytest.mark.parametrize("name", IN_HALF)
def test_gradients_of_zero_in_float16_move_nothing_to_nan(name, share, engine):
    """An epsilon of 1e-8 is 0 in float16; rules of our own compute in float32 there."""
    weights = {n: nd.array(w, dtype="float16") for n, w in paths.start().items()}
    trainer = optimizers.Trainer(optimizers.update(list(weights), name), weights, lr=0.01, engine=engine)
    read = {n: a.shape for n, a in trainer.executor.arg_dict.items() if n not in weights and n not in ("lr", "t")}
    for _ in range(3):
        grads = {n: np.zeros(shape, "float16") for n, shape in read.items()}
        if share:
            for g in grads.values():
                g.reshape(-1)[::share] = 1
        trainer.step(**grads)
    for n, a in (trainer.executor.arg_dict | trainer.executor.aux_dict).items():
        assert np.isfinite(a.asnumpy()).all(), n


def test_float16_is_rounded_once():
    grads = np.array([1e-3, 0.3, -2.0], "float16")
    weight, state = nd.ones(3, dtype="float16"), [nd.zeros(3, dtype="float16") for _ in range(2)]
    wide, wide_state = nd.ones(3), [nd.zeros(3) for _ in range(2)]
    for w, s in ((weight, state), (wide, wide_state)):
        nd.yogi_update(w, nd.array(grads, dtype=w.dtype), *s, lr=0.1, t=1, out=w)
    for half, single in zip((weight, *state), (wide, *wide_state)):
        assert half.asnumpy().tobytes() == single.asnumpy().astype("float16").tobytes()


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "rmspropalex", "ftml"])
def test_float16_of_mxnets_rules_has_its_values(name):
    """MXNet 1.9.1 gives NaN for these: each operation is rounded, and so is epsilon."""
    weight = nd.array([1.0, 2.0], dtype="float16")
    optimizers.Updater(name, lr=0.1)(0, nd.array([0.0, 1.0], dtype="float16"), weight)
    assert np.isnan(weight.asnumpy()).tolist() == [True, False]


@pytest.mark.parametrize("precision", [None, *KINDS])
@pytest.mark.parametrize("name", ["shampoo", "soap"])
def test_matrices_that_are_decomposed_keep_float32(name, precision):
    """Gradients almost of rank one: in 16 bits the small eigenvalues would be noise, and steps forty times as long."""
    random, weights = np.random.default_rng(0), {}
    for key, dtype in (("found", "bfloat16"), ("expected", "float32")):
        nd.random.seed(3)
        weights[key] = nd.ones((6, 6), dtype=dtype)
    made = {key: optimizers.Trainer(optimizers.update(["w"], name, precision=kind), {"w": w}, lr=0.02)
            for (key, w), kind in zip(weights.items(), (precision, None))}
    for _ in range(20):
        grad = (random.normal() + 0.02 * random.normal(size=(6, 6))).astype(BFLOAT16)
        for trainer in made.values():
            trainer.step(w_grad=grad)
    states = made["found"].executor.aux_dict
    assert all(states[f"w_{state}"].dtype is np.float32 for state in ("factors", "basis") if f"w_{state}" in states)
    off = np.abs(weights["found"].asnumpy().astype("float64") - weights["expected"].asnumpy()).max()
    assert off < {"master": 2.0 ** -8}.get(precision, 0.06)
