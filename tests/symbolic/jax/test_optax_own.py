"""Optax's own tests of its optimizers, which are in its wheel, with our rules in place of those that we share.

A part of them by default, all with the environment variable OPTAX_TESTS=all.
"""

import os
import re
import types
import unittest

import pytest

pytest.importorskip("jax")
optax = pytest.importorskip("optax")
pytest.importorskip("absl")
pytest.importorskip("sklearn")
alias_test = pytest.importorskip("optax._src.alias_test")
contrib_test = pytest.importorskip("optax.contrib._common_test")

from tests.symbolic.jax.aliases import SHARED  # noqa: E402

CLASSES = {"alias": alias_test.AliasTest, "contrib": contrib_test.ContribTest}
OTHERWISE = {"sgd_mom": "sgd"}
"""Optimizers that a test names otherwise."""

NOT_REACHED = r"'adafactor', opt_kwargs=\{'learning_rate'.*rosenbrock.*complex64"
"""As pairs of real numbers Optax's own rule does not reach this minimum in its 10,000 steps either."""


def find():
    """Return the tests of optimizers that we share: by class and kind their names, with their parameters."""
    found = {}
    for where, tests in CLASSES.items():
        for name, given in tests._test_params_reprs.items():
            optimizer = re.search(r"opt_name='(\w+)'", given)[1]
            if OTHERWISE.get(optimizer, optimizer) in SHARED:
                found.setdefault((where, re.match(r"test_([a-z_]+?)\d+$", name)[1]), []).append((name, given))
    return found


TESTS = find()


class Instead:
    """A module with other things by some names."""

    def __init__(self, module, **names):
        self._module, self.__dict__ = module, {"_module": module, **names}

    def __getattr__(self, name):
        return getattr(self._module, name)


@pytest.fixture
def ours(monkeypatch):
    """Put our rules in the place of Optax's."""
    theirs = optax.contrib.schedule_free_eval_params

    def evaluated(state, params):
        if not isinstance(getattr(state, "states", None), dict):
            return theirs(state, params)
        # Of a state it takes two fields; b1 is what the tests leave it at.
        return theirs(types.SimpleNamespace(b1=0.9, z=state.states["z"]), params)

    found = contrib_test._get_opt_factory
    monkeypatch.setattr(alias_test, "alias", Instead(alias_test.alias, **SHARED))
    monkeypatch.setattr(alias_test, "_get_opt", lambda self, name: getattr(alias_test.alias, name))
    monkeypatch.setattr(contrib_test, "_get_opt_factory", lambda name: SHARED.get(name) or found(name))
    monkeypatch.setattr(contrib_test, "contrib", Instead(optax.contrib, schedule_free_eval_params=evaluated))


def run(where, name):
    result = unittest.TestResult()
    CLASSES[where](name).run(result)
    return [text for _, text in (*result.failures, *result.errors)]


@pytest.mark.parametrize(("where", "kind"), TESTS, ids=str)
def test_they_pass_with_our_rules(where, kind, ours):
    tests = [(name, given) for name, given in TESTS[where, kind] if not re.search(NOT_REACHED, given)]
    if os.environ.get("OPTAX_TESTS") != "all" and kind != "explicit_dtype":
        # Those that train are quick: half of them.
        tests = [each for each in tests if "parabola" in each[1]] if kind == "optimization" else tests[::6]
    failed = [f"{name} {given}: {text}" for name, given in tests for text in run(where, name)]
    assert tests and not failed, "\n".join(failed)


def test_all_kinds_of_tests_are_known():
    assert len(TESTS) == 14 and sum(map(len, TESTS.values())) > 750


def test_what_ours_does_not_reach_optax_does_not_reach_as_pairs_either(monkeypatch):
    monkeypatch.setattr(alias_test, "_get_opt", lambda self, name: lambda **options: (
        optax.contrib.split_real_and_imaginary(getattr(optax, name)(**options))))
    (name, _), = [each for each in TESTS["alias", "optimization"] if re.search(NOT_REACHED, each[1])]
    assert any("Not equal to tolerance" in text for text in run("alias", name))
