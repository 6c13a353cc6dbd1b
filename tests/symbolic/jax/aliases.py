"""Optax's aliases made of our rules, with Optax's own arguments and defaults."""

import inspect

import symbolic.jax as sj
from symbolic.jax.names import OPTAX


def _alias(name):
    known = inspect.signature(OPTAX[name].rule)
    rate = inspect.Parameter("learning_rate", inspect.Parameter.POSITIONAL_OR_KEYWORD)

    def make(*args, **kwargs):
        given = made.bind(*args, **kwargs)
        given.apply_defaults()
        options = dict(given.arguments)
        lr = options.pop("learning_rate")
        rule, settings = OPTAX[name].rule(**options)
        return sj.gradient_transformation(rule, lr, **settings)

    made = make.__signature__ = inspect.Signature([rate, *known.parameters.values()])
    make.__name__ = name
    return make


ALIASES = {name: _alias(name) for name, alias in OPTAX.items() if alias.rated and not alias.near}
