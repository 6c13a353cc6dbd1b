"""Rules made of rules: each beside its formula in float64, alone, one in another, on every engine, saved and drawn."""

import inspect
import re

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray import registry
from ndarray.errors import OperatorError
from symbolic import optimizers
from symbolic.parity.judged import OF_WAY, OF_WAY_WITH_SUMS, OF_WEIGHT
from tests.extras import INSTALLED_ENGINES
from tests.symbolic.optimizers import paths
from tests.symbolic.optimizers.papers import STATEMENTS
from tests.symbolic.optimizers.statements import COMMON, MOMENTS, norm


def cautious(move):
    def combined(w, g, rate, decay, t):
        step = w - move(w, g, rate, 0.0, t)
        agrees = step * g > 0
        return w - step * agrees / max(agrees.mean(), 1e-3) - rate * decay * w

    return combined


def grams(move):
    return lambda w, g, rate, decay, t: w - np.sign(g) * abs(w - move(w, g, rate, 0.0, t)) - rate * decay * w


def bounded(move, bound=0.005):
    def combined(w, g, rate, decay, t):
        step = w - move(w, g, rate, 0.0, t)
        return w - step * min(1, bound * max(norm(w), 1e-3) / max(norm(step), 1e-300)) - rate * decay * w

    return combined


def lookahead(move, period=4, alpha=0.3):
    kept = {}

    def combined(w, g, rate, decay, t):
        slow, fast = kept.setdefault("slow", w), move(w, g, rate, decay, t)
        if t % period:
            return fast
        kept["slow"] = slow + alpha * (fast - slow)
        return kept["slow"]

    return combined


def centralized(move):
    def combined(w, g, rate, decay, t):
        return move(w, g - g.mean(axis=tuple(range(1, g.ndim)), keepdims=True) if g.ndim > 1 else g, rate, decay, t)

    return combined


def agc(move, clipping=0.1):
    def combined(w, g, rate, decay, t):
        rows = [row * min(1, clipping * max(norm(x), 1e-3) / norm(row)) for x, row in zip(w, g)] if g.ndim > 1 else (
            g * min(1, clipping * max(norm(w), 1e-3) / norm(g)))
        return move(w, np.array(rows), rate, decay, t)

    return combined


FORMULAS = {
    "cautious": (cautious, optimizers.cautious, {}),
    "grams": (grams, optimizers.grams, {}),
    "bounded": (bounded, optimizers.bounded, {"norm_bound": 0.005}),
    "lookahead": (lookahead, optimizers.lookahead, {"period": 4, "alpha": 0.3}),
    "centralized": (centralized, optimizers.centralized, {}),
    "agc": (agc, optimizers.agc, {"clipping": 0.1}),
}
RULES = {
    "adamw": ("_adamw_update", {**MOMENTS, "clip_gradient": 0.3}),
    "adam": ("adam_update", {**MOMENTS, **COMMON}),
    "sgd": ("sgd_mom_update", {**COMMON, "momentum": 0.9}),
    "lion": ("lion_update", {"beta1": 0.9, "beta2": 0.99}),
    "muon": ("muon_update", {"momentum": 0.9}),
    "soap": ("soap_update", {"beta1": 0.9, "beta2": 0.95, "epsilon": 1e-4, "precondition_frequency": 5}),
}
JUDGED = {"shapes": paths.FOUR, "number": paths.MANY}
FACTORS = {"lr_mult": paths.LR_MULT, "wd_mult": paths.WD_MULT}


def rate(number):
    return paths.rate(number, 0.02)


def trained(rule, how="update", engine="auto", dtype="float64", shapes=paths.SHAPES, number=paths.STEPS):
    """Return the weights after each update, and what was trained with."""
    weights = {n: nd.array(w, dtype=dtype) for n, w in paths.start(shapes).items()}
    if how == "updater":
        made = optimizers.Updater(rule, rate, **FACTORS)
    else:
        made = optimizers.Trainer(optimizers.update(list(weights), rule, **FACTORS), weights, lr=rate, engine=engine)
    path = []
    for each in paths.gradients(shapes, number):
        if how == "updater":
            for n, g in each.items():
                made(n, nd.array(g, dtype=dtype), weights[n])
        else:
            made.step(**{f"{n}_grad": g.astype(dtype) for n, g in each.items()})
        path.append({n: w.asnumpy() for n, w in weights.items()})
    return path, made


def stated(names, rule, **options):
    statement, params = RULES[rule][0], RULES[rule][1]

    def combined(p):
        move = STATEMENTS[statement][0](p)
        for name in reversed(names):
            move = FORMULAS[name][0](move)
        return move

    return paths.stated(combined, params, 0.02, 0.1, **FACTORS, **options)


def made(names, rule):
    found = optimizers.rule(rule, wd=0.1, **RULES[rule][1])
    for name in reversed(names):
        found = FORMULAS[name][1](found, **FORMULAS[name][2])
    return found


@pytest.mark.parametrize("how", ["update", "updater"])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", FORMULAS)
def test_each_beside_its_formula(name, rule, how):
    found, expected = trained(made([name], rule), how, **JUDGED)[0], stated([name], rule, **JUDGED)
    # What a step is, is known to the roundings of the weight.
    assert paths.distance(found, expected, paths.FOUR) < 1e-10


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", FORMULAS)
def test_each_in_single_precision_beside_its_formula(name, rule):
    """Each element after each update, by its own size and way."""
    if (name, rule) == ("centralized", "soap"):
        pytest.skip("matrices of rows without a mean have no full rank, so SOAP's basis is not unique")
    found, expected = trained(made([name], rule), dtype="float32", **JUDGED)[0], stated([name], rule, **JUDGED)
    elementwise = made([name], rule).op.fusible
    assert paths.within(found, expected, OF_WEIGHT, OF_WAY if elementwise else OF_WAY_WITH_SUMS, paths.FOUR) <= 1


@pytest.mark.parametrize("engine", INSTALLED_ENGINES)
@pytest.mark.parametrize("names", [["lookahead", "cautious"], ["cautious", "lookahead"], ["lookahead", "agc", "centralized"],
                                   ["bounded", "grams"]], ids=" ".join)
def test_one_in_another(names, engine):
    assert paths.distance(trained(made(names, "adamw"), engine=engine)[0], stated(names, "adamw")) < 1e-10


@pytest.mark.parametrize("name", [*FORMULAS, "ema"])
def test_engines_agree(name):
    rule = optimizers.ema("adamw", wd=0.1) if name == "ema" else made([name], "adamw")
    eager, fused = (trained(rule, engine=engine, dtype="float32")[0][-1] for engine in ("eager", "fused"))
    for n, w in eager.items():
        if name == "centralized":  # whose means the fused engine adds up in float64
            np.testing.assert_allclose(fused[n], w, rtol=1e-6)
        else:
            np.testing.assert_array_equal(fused[n], w)


def test_a_mean_of_the_weights_is_beside_them():
    path, trainer = trained(optimizers.ema("adamw", decay=0.8, wd=0.1, **RULES["adamw"][1]), **JUDGED)
    assert paths.distance(path, stated([], "adamw", **JUDGED), paths.FOUR) < 1e-11
    for n, w in paths.start(paths.FOUR).items():
        mean = w
        for each in path:
            mean = 0.8 * mean + 0.2 * each[n]
        np.testing.assert_allclose(trainer.executor.aux_dict[f"{n}_ema_weight"].asnumpy(), mean, rtol=1e-12)


@pytest.mark.parametrize("combinator", [optimizers.bounded, optimizers.lookahead, optimizers.ema, optimizers.agc],
                         ids=lambda f: f.__name__)
def test_the_defaults_in_words_are_those_of_the_operator(combinator):
    defaults = combinator("adam").op.defaults
    words = re.findall(r"(\w+) : float or Symbol, optional\n[^:]*?; ([\d.]+) unless given", combinator.__doc__)
    own = [p for p in inspect.signature(combinator).parameters if p not in ("rule", "rule_params")]
    assert [name for name, _ in words] == own
    for name, value in words:
        prefix = f"{combinator.__name__}_"
        found = [defaults[each] for each in (prefix + name, prefix + name.removeprefix("norm_"), name) if each in defaults]
        assert found[0] == float(value)


def test_they_are_saved_drawn_and_loaded(tmp_path):
    rule = optimizers.lookahead(optimizers.cautious("adamw", wd=0.1))
    step = optimizers.update(["w"], rule)
    assert step.list_auxiliary_states() == ["w_mean", "w_var", "w_slow_weight"]
    again = sym.load_json(step.tojson())
    assert again.tojson() == step.tojson()
    assert "lookahead_cautious" in sym.plot_network(again).source
    weight = nd.array([1.0, -2.0])
    trainer = optimizers.Trainer(step, {"w": weight}, lr=0.1)
    trainer.step(w_grad=np.array([1.0, 1.0], "float32"))
    trainer.save(tmp_path)
    other = optimizers.Trainer.load(tmp_path)
    for each in (trainer, other):
        for _ in range(5):
            each.step(w_grad=np.array([1.0, -1.0], "float32"))
    np.testing.assert_array_equal(other.executor.arg_dict["w"].asnumpy(), weight.asnumpy())


def test_what_cannot_be_combined_is_refused():
    for rule, message in (("lamb", "of one tensor"), ("mp_sgd", "copy in float32"), ("lars", "a rule of one operator"),
                          (optimizers.cautious(optimizers.cautious("sgd")), None)):
        if message:
            with pytest.raises(OperatorError, match=message):
                optimizers.cautious(rule)
    with pytest.raises(OperatorError, match="has it already"):
        optimizers.ema(optimizers.ema("sgd"))
    with pytest.raises(nd.errors.ParamError, match="lookahead_period"):
        optimizers.lookahead("sgd", period=0)


def rules_with(key):
    """Return the rules of one tensor whose operators have a parameter."""
    return [op.name for op in registry.operators()
            if op.update and not op.many and "weight32" not in op.names and key in op.params]


@pytest.mark.parametrize("name", [*FORMULAS, "ema"])
def test_no_keyword_means_two_things(name):
    """One that is the combinator's and the rule's is refused where the rule is given by name, and works where not."""
    combinator = getattr(optimizers, name)
    own = [key for key in inspect.signature(combinator).parameters if key not in ("rule", "rule_params")]
    for key in own:
        for rule in rules_with(key):
            with pytest.raises(OperatorError, match=f"{name}: {key}=0.5 may be meant for {name} or for {rule}"):
                combinator(rule, **{key: 0.5})
            both = combinator(optimizers.rule(rule, **{key: 0.25}), **{key: 0.5})
            assert sorted(v for k, v in both.params.items() if k.endswith(key)) == [0.25, 0.5]
    assert (name == "lookahead") == any(map(rules_with, own))


@pytest.mark.parametrize("name", [*FORMULAS, "ema"])
def test_a_gradient_of_nan_shows(name):
    weights = {"w": np.ones((2, 2))}
    step = optimizers.update(["w"], getattr(optimizers, name)("adam"))
    trainer = optimizers.Trainer(step, weights, lr=0.02, engine="eager")
    with np.errstate(invalid="ignore"):
        trainer.step(w_grad=np.array([[np.nan, 1], [1, 1]]))
    assert np.isnan(weights["w"][0, 0])


@pytest.mark.parametrize("name", [*FORMULAS, "ema"])
def test_an_epsilon_is_the_rules(name):
    assert getattr(optimizers, name)("adam", epsilon=1e-4).params == {"epsilon": 1e-4}


@pytest.mark.parametrize("rule", ["lars", "lamb", "lans", "prodigy", "dadapt_adam", "dadapt_sgd", {"*": "soap"}], ids=str)
@pytest.mark.parametrize("name", [*FORMULAS, "ema"])
def test_rules_of_many_tensors_are_refused(name, rule):
    """What a combinator does to a step is done tensor by tensor, with states of its own for each."""
    with pytest.raises(OperatorError, match=f"{name}: expected (an update of one tensor|a rule of one operator).*, got"):
        getattr(optimizers, name)(rule)


@pytest.mark.parametrize("name", ["cautious", "grams", "bounded", "lookahead", "ema", "centralized", "agc"])
@pytest.mark.parametrize("rule", ["sgd", "muon"])
def test_a_tensor_without_elements(name, rule):
    """NumPy warns of the mean of nothing."""
    weights = {"a": np.ones((0, 3), "f4"), "b": np.ones((2, 3), "f4")}
    trainer = optimizers.Trainer(optimizers.update(list(weights), getattr(optimizers, name)(rule)), weights, lr=0.1,
                                 engine="eager")
    trainer.step(a_grad=np.ones((0, 3), "f4"), b_grad=np.ones((2, 3), "f4"))
    assert np.isfinite(weights["b"]).all() and weights["a"].shape == (0, 3)
