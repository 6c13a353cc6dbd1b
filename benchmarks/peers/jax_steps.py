"""Forms of the workloads for JAX, written out and with Optax, jitted, with donated state, in a process of their own;
see `benchmarks.contest`.
"""

import json
import sys
import time
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

RATE, DECAY, MOMENTUM, SCALE = 0.1, 1e-4, 0.9, 1 / 256


def signsgd(w, g, state):
    """Return new weights and state."""
    return [(1 - 1e-4 * DECAY) * a - 1e-4 * jnp.sign(b) for a, b in zip(w, g)], state


def momentum(w, g, state):
    """Return new weights and state."""
    m, = state
    m = [MOMENTUM * c - RATE * DECAY * a - RATE * b for a, b, c in zip(w, g, m)]
    return [a + c for a, c in zip(w, m)], (m,)


def adam(w, g, state):
    """Return new weights and state."""
    m, v = state
    x = [b + 0.01 * a for a, b in zip(w, g)]
    m = [0.9 * c + 0.1 * b for b, c in zip(x, m)]
    v = [0.999 * d + 0.001 * b * b for b, d in zip(x, v)]
    return [a - 1e-3 * c / (jnp.sqrt(d) + 1e-8) for a, c, d in zip(w, m, v)], (m, v)


def lars(w, g, state):
    """Return new weights and state."""
    m, = state
    norms = [(jnp.sqrt(jnp.sum(a * a)), jnp.sqrt(jnp.sum(b * b))) for a, b in zip(w, g)]
    rates = [RATE * 0.001 * a / (b * SCALE + DECAY * a + 1e-8) for a, b in norms]
    m = [MOMENTUM * c - lr * DECAY * a - lr * (SCALE * b) for lr, a, b, c in zip(rates, w, g, m)]
    return [a + c for a, c in zip(w, m)], (m,)


def optax_step(kind, w):
    """Return the step that Optax makes, and its state."""
    import optax

    decayed = optax.add_decayed_weights
    rule = {"signsgd": lambda: optax.chain(optax.scale_by_sign(), decayed(DECAY), optax.scale(-1e-4)),
            "momentum": lambda: optax.chain(decayed(DECAY), optax.sgd(RATE, MOMENTUM)),
            "adam": lambda: optax.chain(decayed(0.01), optax.adam(1e-3)),
            "lars": lambda: optax.lars(RATE, weight_decay=DECAY, trust_coefficient=0.001, momentum=MOMENTUM)}[kind]()

    def step(w, g, state):
        updates, state = rule.update(g, state, w)
        return optax.apply_updates(w, updates), state

    return step, rule.init(w)


def main():
    """Answer requests: the workload first, then how many steps to time, again and again."""
    request = json.loads(sys.stdin.readline())
    kind, shapes = request["kind"], request["shapes"]
    rng = np.random.default_rng(0)

    def fresh():
        return [jnp.asarray(rng.standard_normal(s, dtype="float32")) for s in shapes]

    w, g = fresh(), fresh()
    if request["form"] == "optax":
        step, state = optax_step(kind, w)
    else:
        step = {"signsgd": signsgd, "momentum": momentum, "adam": adam, "lars": lars}[kind]
        zeros = partial(jax.tree.map, jnp.zeros_like, w)
        state = {"signsgd": (), "adam": (zeros(), zeros())}.get(kind, (zeros(),))
    step = jax.jit(step, donate_argnums=(0, 2))
    w, state = step(w, g, state)
    jax.block_until_ready((w, state))
    for line in sys.stdin:
        start = time.perf_counter()
        for _ in range(int(line)):
            w, state = step(w, g, state)
            jax.block_until_ready((w, state))
        print(time.perf_counter() - start, flush=True)


main()
