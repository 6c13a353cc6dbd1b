"""Optax's aliases made of our rules, with Optax's own arguments, defaults and names of states."""

import inspect

import symbolic.jax as sj
from symbolic.jax.names import OPTAX, optax_function

DTYPES = {"mu_dtype": "mu", "accumulator_dtype": "trace"}
"""Optax's arguments for the dtype of a state, and the state."""

_BESIDES = {"warmup_steps"}
"""Optax's arguments that our rules have by the same name, and count from one update earlier on."""


def _alias(name):
    own, theirs = inspect.signature(OPTAX[name].rule), inspect.signature(optax_function(name)).parameters
    ours = {field: state for state, field in OPTAX[name].states.items()}
    dtypes = {argument: ours[field] for argument, field in DTYPES.items() if argument in theirs and field in ours}
    rate = theirs["learning_rate"].replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD)
    more = [inspect.Parameter(argument, inspect.Parameter.KEYWORD_ONLY, default=None)
            for argument in (*dtypes, *(_BESIDES & theirs.keys()))]

    def make(*args, **kwargs):
        given = made.bind(*args, **kwargs)
        given.apply_defaults()
        options = dict(given.arguments)
        lr = options.pop("learning_rate")
        kept = {state: options.pop(argument) for argument, state in dtypes.items()}
        besides = {key: options.pop(key) for key in _BESIDES & options.keys()}
        rule, settings = OPTAX[name].rule(**options)
        settings = settings | {key: value for key, value in besides.items() if value is not None}
        kept = {} if rule == "sgd" and "momentum" not in settings else kept
        # Without a rate Optax takes the direction as it is: that of the gradient.
        tx = sj.gradient_transformation(rule, -1.0 if lr is None else lr, state_dtypes=kept, **settings)
        return _renamed(tx, OPTAX[name].states)

    parameters = [p.replace(default=theirs[key].default) for key, p in own.parameters.items()]
    made = make.__signature__ = inspect.Signature([rate, *parameters, *more])
    make.__name__ = name
    return make


def _renamed(tx, names):
    """Return a transformation whose states have Optax's names."""
    import optax

    def change(state, names):
        return state._replace(states={names.get(name, name): x for name, x in state.states.items()})

    def update(grads, state, params=None, **extra):
        updates, new = tx.update(grads, change(state, {theirs: own for own, theirs in names.items()}), params, **extra)
        return updates, change(new, names)

    return optax.GradientTransformationExtraArgs(lambda params: change(tx.init(params), names), update)


SHARED = {name: _alias(name) for name in OPTAX}
ALIASES = {name: make for name, make in SHARED.items() if OPTAX[name].rated and not OPTAX[name].near}
