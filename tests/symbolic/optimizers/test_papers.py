"""Every rule that can be called by name beside its paper: 30 updates of two tensors, with schedule, decay and factors.

The table follows from the registry: an operator that updates a weight and has no statement in `papers` fails.
"""

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray import registry
from symbolic import optimizers
from tests.extras import INSTALLED_ENGINES
from tests.symbolic.optimizers import paths
from tests.symbolic.optimizers.papers import (
    DIVIDES_BY_RATE,
    MOVES_WITHOUT_RATE,
    RANDOM,
    RATES,
    STATEMENTS,
    WITHOUT_DECAY,
)
from tests.symbolic.optimizers.papers_joint import JOINT

OPERATORS = [op.name for op in registry.operators() if op.update]
CASES = [(name, params) for name, (_, settings) in STATEMENTS.items() for params in settings]
EACH_CASE = pytest.mark.parametrize(("name", "params"), CASES, ids=lambda x: x if isinstance(x, str) else "")
EACH_RULE = pytest.mark.parametrize("name", STATEMENTS)
FACTORS = {"lr_mult": paths.LR_MULT, "wd_mult": paths.WD_MULT}
WIDE = "weight32"


def op_of(name):
    return optimizers.rule(name).op


def dtype_of(name):
    """Mixed precision computes in float32; so do the layer-wise rates of LARS and the norms of LAMB."""
    return "float32" if WIDE in op_of(name).names else "float64"


def is_exact(name, params, dtype):
    """Whether an update of one tensor is elementwise arithmetic, of which every engine gives the same bits."""
    made = optimizers.update([*paths.SHAPES], name, **params)
    weights = {n: nd.array(w, dtype=dtype) for n, w in paths.start().items()}
    return optimizers.Trainer(made, weights, lr=0.1, engine="eager").executor._program.exact


def tolerance(name, dtype):
    """In parts of the way: roundings of 30 updates; norms and rates are sums in float32."""
    if dtype == "float32":
        return 1e-4 if name in ("lars", "_multi_mp_lamb_update", *JOINT) or "ftml" in name else 3e-5
    return 1e-6 if name in ("lars", *JOINT) or name.startswith(("_multi_la", "preloaded")) else 1e-11


def read_too(name, grads):
    """Return what a rule reads of tensors besides their gradients: estimates of the curvature, here the squares."""
    rule = optimizers.rule(name)
    return {i: [g * g for g in grads] for i in rule.more_inputs if i not in rule.op.writes}


def trained(how, name, params, dtype, size, engine="auto", number=paths.STEPS, shapes=paths.SHAPES, **options):
    """Return the weights after each update."""
    weights = {n: nd.array(w, dtype=dtype) for n, w in paths.start(shapes).items()}
    grads = [{n: g.astype(dtype) for n, g in each.items()} for each in paths.gradients(shapes, number)]

    def lr(t):
        return paths.rate(t, size)

    if how == "updater":
        update = optimizers.Updater(name, lr, **options, **params)

        def one(each):
            if update_many:
                update(list(weights), [nd.array(g, dtype=dtype) for g in each.values()], list(weights.values()))
            else:
                for n, g in each.items():
                    update(n, nd.array(g, dtype=dtype), weights[n], **read_too(name, [nd.array(g, dtype=dtype)]))

        update_many = bool(op_of(name).many)
    else:
        if how == "update":
            made = optimizers.update(list(weights), name, **options, **params)
        else:
            slopes = [sym.sum(sym.var(n) * sym.BlockGrad(sym.var(f"{n}_slope"))) for n in weights]
            made = optimizers.step(sym.make_loss(slopes[0] + slopes[1]), name, **options, **params)
        key = "{}_grad" if how == "update" else "{}_slope"
        inputs = {} if how == "update" else {key.format(n): s for n, s in shapes.items()}
        trainer = optimizers.Trainer(made, weights, lr=lr, engine=engine, **inputs)

        def one(each):
            more = read_too(name, each.values()).items()
            trainer.step(**{key.format(n): g for n, g in each.items()},
                         **{f"{n}_{i}": x for i, values in more for n, x in zip(each, values, strict=True)})

    path = []
    for each in grads:
        one(each)
        path.append({n: w.asnumpy() for n, w in weights.items()})
    return path


def test_every_rule_has_a_statement():
    assert {*OPERATORS, "lars"} == STATEMENTS.keys() | RANDOM


@pytest.mark.parametrize("how", ["update", "updater"])
@EACH_CASE
def test_with_decay_and_factors(name, params, how):
    statement, _ = STATEMENTS[name]
    size, decay = RATES.get(name, 0.02), 0 if name in WITHOUT_DECAY else 0.1
    options = {"wd": decay} if decay else {}
    expected = paths.stated(statement, params, size, decay, **FACTORS)
    dtype = dtype_of(name)
    found = trained(how, name, params | options, dtype, size, **FACTORS)
    assert paths.distance(found, expected) < tolerance(name, dtype)


@EACH_RULE
def test_in_a_step_without_decay(name):
    statement, (params, *_) = STATEMENTS[name]
    size, dtype = RATES.get(name, 0.02), dtype_of(name)
    found = trained("step", name, params, dtype, size)
    assert paths.distance(found, paths.stated(statement, params, size)) < tolerance(name, dtype)


@EACH_RULE
def test_engines_agree(name):
    """Bit for bit where nothing is summed up: sums are added in an order of the processor's vectors."""
    params, dtype = STATEMENTS[name][1][-1], dtype_of(name)
    runs = [trained("update", name, params, dtype, 0.02, engine, number=3) for engine in ("eager", "fused")]
    rounding = 0 if is_exact(name, params, dtype) else 32 * np.finfo(dtype).eps
    for one, other in zip(*runs, strict=True):
        for n in one:
            np.testing.assert_allclose(one[n], other[n], rtol=rounding, atol=rounding)


@EACH_RULE
def test_in_single_precision(name):
    statement, (params, *_) = STATEMENTS[name]
    size = RATES.get(name, 0.02)
    found = trained("updater", name, params, "float32", size)
    assert paths.distance(found, paths.stated(statement, params, size)) < tolerance(name, "float32")


@pytest.mark.parametrize("how", ["update", "updater"])
@pytest.mark.parametrize("name", sorted((STATEMENTS.keys() | RANDOM) - DIVIDES_BY_RATE - MOVES_WITHOUT_RATE))
def test_a_rate_of_zero_moves_nothing(name, how):
    for params in STATEMENTS[name][1] if name in STATEMENTS else [{}]:
        kept = {k: v for k, v in params.items() if k != "clip_weights"}
        decay = {} if name in WITHOUT_DECAY else {"wd": 0.5}
        path = trained(how, name, kept | decay, dtype_of(name), 0.0, number=3)
        first = {n: nd.array(w, dtype=dtype_of(name)).asnumpy() for n, w in paths.start().items()}
        for n, w in first.items():
            np.testing.assert_array_equal(path[-1][n], w)


@pytest.mark.parametrize("lr", [0.0, lambda number: 0.5 if number == 1 else 0.0], ids=["constant", "schedule"])
@pytest.mark.parametrize("factors", [{}, {"lr_mult": {"w": 0.5}}], ids=["plain", "factor"])
@pytest.mark.parametrize("name", sorted(DIVIDES_BY_RATE))
def test_a_trainer_of_such_a_rule_refuses_zero(name, factors, lr):
    weights = {"w": np.array([1.0, 2.0])}
    trainer = optimizers.Trainer(optimizers.update(["w"], name, **factors), weights, lr=lr)
    if callable(lr):
        trainer.step(w_grad=np.ones(2))
    before = weights["w"].copy()
    with pytest.raises(nd.errors.ParamError, match="lr=0.0 is not a finite number above 0 or"):
        trainer.step(w_grad=np.ones(2))
    assert weights["w"].tobytes() == before.tobytes() and trainer.num_update == callable(lr)


@pytest.mark.parametrize("name", sorted(STATEMENTS.keys() | RANDOM))
def test_a_gradient_of_nan_shows(name):
    """A weight that silently stops is worse; the sign of NaN is 0 in MXNet and in torch."""
    weights = {n: nd.array(w, dtype=dtype_of(name)) for n, w in paths.start().items()}
    trainer = optimizers.Trainer(optimizers.update(list(weights), name), weights, lr=0.02, engine="eager")
    with np.errstate(invalid="ignore"):
        for number, grads in enumerate(paths.gradients(number=3)):
            if number == 0:
                grads["a_weight"][1, 2] = np.nan
            more = {f"{n}_{i}": g for i, each in read_too(name, grads.values()).items() for n, g in zip(grads, each)}
            trainer.step(**{f"{n}_grad": g for n, g in grads.items()}, **more)
    shown = bool(np.isnan(weights["a_weight"].asnumpy()[1, 2]))
    assert shown != (name.removeprefix("_").partition("_")[0] in {"signsgd", "signum", "lion", "rprop"})


@pytest.mark.parametrize("name", sorted(DIVIDES_BY_RATE))
def test_a_rule_that_divides_by_the_rate_refuses_zero(name):
    weight = nd.array([1.0, 2.0])
    update = optimizers.Updater(name, 0.0)
    with pytest.raises(nd.errors.ParamError, match="lr=0.0 is not a finite number above 0 or"):
        update(0, nd.ones(2), weight)
    assert weight.tolist() == [1.0, 2.0] and not update.counts


@pytest.mark.parametrize("name", sorted(STATEMENTS.keys() - JOINT.keys()))
def test_the_count_belongs_to_the_tensor(name):
    """A tensor that is left out of some calls has the path of one that was never left out."""
    params = {k: v for k, v in STATEMENTS[name][1][0].items() if k != "max_grad_norm"}
    dtype, many = dtype_of(name), bool(op_of(name).many)
    together, alone = optimizers.Updater(name, 0.02, **params), optimizers.Updater(name, 0.02, **params)
    a, b, c = (nd.array([1.0, -2.0], dtype=dtype) for _ in range(3))
    for k in range(6):
        grad = nd.array([0.5 + k, -1.0], dtype=dtype)
        calls = [(together, ["a", "b"] if k % 2 else ["a"], [a, b] if k % 2 else [a])]
        calls += [(alone, ["c"], [c])] if k % 2 else []
        for update, indices, weights in calls:
            if many:
                update(indices, [grad] * len(indices), weights)
            else:
                for index, weight in zip(indices, weights):
                    update(index, grad, weight, **read_too(name, [grad]))
    assert together.counts == {"a": 6, "b": 3}
    np.testing.assert_allclose(b.asnumpy(), c.asnumpy(), rtol=1e-6 if dtype == "float64" else 1e-5)


MIXED = [name for name in OPERATORS if WIDE in registry.get(name).names]


@pytest.mark.parametrize("way", ["literal", "variable", "expression", "updater"])
@pytest.mark.parametrize("name", MIXED)
def test_small_rates_and_large_counts_reach_the_master(name, way):
    """A rate of 1e-8 is zero in float16, and a count of more than 2,048 is another one."""
    weight, grad = nd.array([0.0, 3e-5], dtype="float16"), np.array([1.0, -1.0], "float16")
    if way == "updater":
        update = optimizers.Updater(name, 1e-8)
        index, grads, weights = (([0], [nd.array(grad, dtype="float16")], [weight]) if op_of(name).many
                                 else (0, nd.array(grad, dtype="float16"), weight))
        update(index, grads, weights)
        master = update.states[0][WIDE].asnumpy()
    else:
        lr = {"literal": 1e-8, "variable": None, "expression": sym.var("base") * 0.5}[way]
        fed = {"base": np.array([2e-8], "float32")} if way == "expression" else {}
        trainer = optimizers.Trainer(optimizers.update(["w"], name, lr=lr), {"w": weight, **fed},
                                     lr=1e-8 if way == "variable" else None, num_update=3000)
        trainer.step(w_grad=grad)
        master = trainer.executor.aux_dict["w_weight32"].asnumpy()
        fed = [a for n, a in trainer.executor.arg_dict.items() if n in ("lr", "t", "base")]
        assert all(a.dtype == np.float32 for a in fed)
        if "t" in trainer.executor.arg_dict:
            assert trainer.executor.arg_dict["t"].asscalar() == 3001
    assert master[0] < 0


@pytest.mark.parametrize("how", ["update", "updater"])
def test_langevin_noise(how):
    """SGLD moves by half a gradient step, with the rate as variance; tensors and updates have numbers of their own."""
    n, rate = 20_000, 0.04
    nd.random.seed(5)
    weights = {name: nd.ones(n, dtype="float64") for name in "ab"}
    grads = {name: np.full(n, 3.0) for name in "ab"}
    settings = {"wd": 0.5, "rescale_grad": 2.0, "clip_gradient": 4.0}
    trainer = optimizers.Trainer(optimizers.update(["a", "b"], "sgld", **settings), weights, lr=rate)
    updater, moves = optimizers.Updater("sgld", rate, **settings), []
    for _ in range(2):
        before = {name: w.asnumpy() for name, w in weights.items()}
        if how == "update":
            trainer.step(a_grad=grads["a"], b_grad=grads["b"])
        else:
            for name in "ab":
                updater(name, nd.array(grads[name], dtype="float64"), weights[name])
        moves += [weights[name].asnumpy() - before[name] + rate / 2 * (4.0 + 0.5 * before[name]) for name in "ab"]
    for noise in moves:
        # Five standard errors of mean and variance.
        assert abs(noise.mean()) < 5 * np.sqrt(rate / n) and abs(noise.var() / rate - 1) < 5 * np.sqrt(2 / n)
    assert np.abs(np.corrcoef(moves) - np.eye(4)).max() < 5 / np.sqrt(n)


def test_a_moving_rate_multiplies_decoupled_decay():
    """AdamW takes the rate as scheduled, times the factor of the tensor, before its bias is corrected."""
    for how in ("step", "update", "updater"):
        found = trained(how, "adamw", {"wd": 0.1, "beta1": 0.9, "beta2": 0.999}, "float64", 0.02, **FACTORS)
        expected = paths.stated(STATEMENTS["_adamw_update"][0], {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}, 0.02,
                                0.1, **FACTORS)
        assert paths.distance(found, expected) < 1e-11
    weight = nd.array([1.0], dtype="float64")
    trainer = optimizers.Trainer(optimizers.update(["w"], "adamw", wd=0.1), {"w": weight}, lr=0.5)
    trainer.step(w_grad=np.zeros(1))
    assert weight.asscalar() == pytest.approx(0.95, rel=1e-12)


def test_names_of_factors_in_an_updater():
    """By index, or by the name that an index has."""
    for key in (0, "fc_weight"):
        update = optimizers.Updater("sgd", 1.0, wd=0.5, names={0: "fc_weight"}, lr_mult={key: 0.5}, wd_mult={key: 0.0})
        one, other = nd.array([1.0]), nd.array([1.0])
        update(0, nd.array([1.0]), one)
        update(1, nd.array([1.0]), other)
        assert (one.asscalar(), other.asscalar()) == (0.5, -0.5)


@pytest.mark.parametrize("engine", INSTALLED_ENGINES)
@pytest.mark.parametrize(("name", "params"), [(n, p) for n, (_, settings) in JOINT.items() for p in settings])
def test_a_rate_of_zero_changes_no_number_of_all_tensors(name, params, engine):
    """As in the authors' code: an update without a rate is none, and a tensor without one is not there."""
    paused, frozen = "sgd" not in name, {"lr_mult": {"z_weight": 0.0}}

    def run(rates, names, **factors):
        random = np.random.default_rng(0)
        weights = {n: nd.array(random.normal(size=3), dtype="float64") for n in ("a_weight", "z_weight")}
        weights = {n: weights[n] for n in names}
        step = optimizers.update(names, name, **params, **factors)
        trainer = optimizers.Trainer(step, weights, lr=lambda t: rates[t - 1], engine=engine)
        grads = iter([random.normal(1, 0.1, size=3) for _ in range(9)])
        for lr in rates:
            grad = next(grads) if lr else np.full(3, 2.0)
            trainer.step(**{f"{n}_grad": grad for n in names})
        return {n: a.asnumpy() for n, a in (trainer.executor.arg_dict | trainer.executor.aux_dict).items()}

    runs = [(run([1.0] * 4, ["a_weight", "z_weight"], wd=0.1, **frozen), run([1.0] * 4, ["a_weight"], wd=0.1))]
    if paused:
        runs.append((run([1.0, 1.0, 0.0, 0.0, 1.0], ["a_weight"], wd=0.1), run([1.0] * 3, ["a_weight"], wd=0.1)))
    for found, expected in runs:
        for n, a in expected.items():
            if n not in ("a_weight_grad", "lr"):
                np.testing.assert_allclose(found[n], a, rtol=1e-9, atol=1e-12, err_msg=n)
