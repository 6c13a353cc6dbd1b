"""Rules beside their counterparts: what is equal, what differs and where, and what has none."""

from importlib.util import find_spec

import pytest

from ndarray.errors import OperatorError, ParamError, UnknownNameError
from symbolic.cli.main import main
from symbolic.parity import compare, comparison, run
from symbolic.parity.counterparts import counterparts

NEEDED = ("sgd", "sgd_mom", "nag", "adam", "adamw", "adamax", "nadam", "radam", "rmsprop", "adagrad", "adadelta",
          "lion", "lamb")
DIFFER = {"mxnet": {"nag", "nadam"}, "torch": set(), "optax": {"nadam", "radam"}, "authors": set()}
NONE = {"mxnet": {"adamw", "radam", "lion"}, "torch": {"lion", "lamb"}, "optax": set(), "authors": set(NEEDED)}
LIBRARIES = [pytest.param(name, marks=pytest.mark.skipif(name in ("torch", "optax") and not find_spec(name),
                                                         reason=f"{name} is not installed")) for name in DIFFER]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("rule", NEEDED)
def test_the_rules_of_every_library(rule, library):
    found = compare(rule, library)
    word = "differs" if rule in DIFFER[library] else "has none" if rule in NONE[library] else "equal to"
    assert found.verdict.startswith(word), found


def test_mxnets_nesterov_is_equal_without_decay():
    assert compare("nag", "mxnet:NAG", wd=0.0).difference.update == 1
    found = next(each for each in counterparts("mxnet") if each.name == "NAG" and each.options["wd"] == 0)
    assert run.theirs(found, 1)[0]["a_weight"].keys() == {"weight", "mom"}


def test_why_they_differ_is_told_unless_settings_are_given():
    found = compare("nadam", "mxnet:Nadam", updates=2)
    assert str(found).splitlines()[-1] == f"  because {found.why}" and "one schedule" in found.why
    other = compare("nadam", "mxnet:Nadam", updates=2, schedule_decay=0.1)
    assert other.difference is not None and not other.why and "because" not in str(other)


def test_states_that_do_not_start_at_zero_are_told():
    pytest.importorskip("torch")
    assert "lr_decay=0.0; history starts at 0.1\n" in str(compare("adagrad", "torch", updates=2))


def test_centred_rmsprop_with_momentum_is_optaxs():
    pytest.importorskip("optax")
    centred = [each for each in counterparts("optax") if each.rule == "rmspropalex"]
    assert [each.options.get("momentum") for each in centred] == [None, 0.9]
    assert all(comparison.compared(each).verdict.startswith("equal") for each in centred)


def test_the_first_value_that_differs_is_named():
    found = compare("nadam", "mxnet:Nadam")
    assert (found.difference.tensor, found.difference.value, found.difference.update) == ("b_weight", "weight", 1)
    assert "b_weight_step_elemwise_sub (elemwise_sub)" in str(found)


def test_settings_that_are_not_the_declared_ones():
    found = compare("adam", "mxnet:Adam", epsilon_place="paper")
    assert found.verdict.startswith("differs: weight of a_weight at update 1") and found.default is None
    assert compare("sgd", "mxnet", momentum=0.9).verdict == compare("sgd_mom", "mxnet:SGD").verdict == "equal to 0 ulp"


def test_a_rule_by_its_judge():
    assert compare("prodigy", "prodigyopt:prodigy", updates=10).verdict.startswith("equal")
    assert compare("muon", "authors").verdict == "has none"


def test_a_recording_is_not_said_to_have_defaults():
    assert str(compare("sophia", "authors")).splitlines()[-1] == "  theirs  the same, recorded in float64"
    assert "theirs  beta1=0.9" in str(compare("adam", "mxnet"))


def test_errors_name_what_is_wrong(monkeypatch, tmp_path):
    for args, kind, words in ((("adam", "tensorflow"), UnknownNameError, "library named 'tensorflow'"),
                              (("adam", "mxnet:Adamm"), UnknownNameError, "did you mean 'Adam'"),
                              (("adma", "mxnet"), UnknownNameError, "no update rule named 'adma'")):
        with pytest.raises(kind, match=words):
            compare(*args)
    with pytest.raises(OperatorError, match="from 1 to 50, got 51"):
        compare("adam", "mxnet", updates=51)
    monkeypatch.setattr(run, "RECORDED", tmp_path)
    with pytest.raises(ParamError, match="mxnet:Adam is compared by recorded values, which are in the source tree"):
        compare("adam", "mxnet:Adam")


def test_the_command(capsys):
    assert main(["compare", "adam", "mxnet:Adam", "--updates", "5"]) == 0
    assert capsys.readouterr().out.startswith("adam beside mxnet:Adam, 5 updates in float32: equal to ")
    assert main(["compare", "adam", "mxnet:Adam", "--set", "epsilon_place=paper", "--json"]) == 1
    assert '"verdict": "differs: weight of a_weight' in capsys.readouterr().out
    assert main(["compare", "lion", "mxnet"]) == 1
    assert capsys.readouterr().out == "lion beside mxnet: has none\n"
    assert main(["compare", "adam", "mxnet:Lion"]) == 2
    assert "optimizer of mxnet named 'Lion'" in capsys.readouterr().err


def test_settings_that_are_the_rules_own_are_not_compared_twice():
    assert "own" not in str(compare("lamb", "mxnet:LAMB"))
