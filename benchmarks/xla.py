"""Graphs under XLA, in turn with Optax and with the same formula in plain JAX: ``python -m benchmarks.xla [--help]``.

Everything is jitted, with states donated.  Steps are in milliseconds, the least of all rounds; what it takes to
trace and to compile is measured once.  JAX and Optax must be installed.
"""

import argparse
import time
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

import ndarray as nd
import symbolic as sym
import symbolic.jax as sj
from benchmarks import machine
from benchmarks.workloads import model

SHAPES = {"small": lambda: ((64,),) * 500, "resnet50": partial(model, "resnet50"),
          "bert_base": partial(model, "bert_base")}
RATE, KEPT = 1e-3, 0.9
RULES = {"momentum": ("sgd", {"momentum": KEPT}, lambda: optax.sgd(RATE, KEPT)),
         "adam": ("adam", {"epsilon_place": "paper"}, lambda: optax.adam(RATE)),
         "lamb": ("lamb", {"epsilon": 1e-6}, lambda: optax.lamb(RATE))}


def plain_momentum(params, state, grads, lr):
    """Return new parameters and momenta, by the formula of ``sgd_mom_update``."""
    state = jax.tree.map(lambda m, g: KEPT * m - lr * g, state, grads)
    return jax.tree.map(jnp.add, params, state), state


@cache
def trees(shapes):
    """Return parameters and gradients, as trees of NumPy's arrays, the same ones for all."""
    rng = np.random.default_rng(0)
    return [{f"w{k}": rng.standard_normal(shape, dtype="float32") for k, shape in enumerate(shapes)} for _ in range(2)]


@cache
def gradients(shapes):
    """Return the gradients on the device, where all contenders read the same ones."""
    return jax.tree.map(jnp.asarray, trees(shapes)[1])


class Jitted:
    """A step ``(params, state, grads, lr) -> (params, state)``, compiled.

    Attributes
    ----------
    traced, compiled : float
        Seconds.
    """

    def __init__(self, step, state, shapes):
        params, grads = jax.tree.map(jnp.array, trees(shapes)[0]), gradients(shapes)
        self._grads, self._state = grads, (params, jax.tree.map(jnp.array, state(params)))
        start = time.perf_counter()
        lowered = jax.jit(step, donate_argnums=(0, 1)).lower(*self._state, grads, jnp.float32(RATE))
        self.traced = time.perf_counter() - start
        self._run = lowered.compile()
        self.compiled = time.perf_counter() - start - self.traced

    def __call__(self):
        """Make a step; return its seconds."""
        start = time.perf_counter()
        self._state = self._run(*self._state, self._grads, jnp.float32(RATE))
        jax.block_until_ready(self._state)
        return time.perf_counter() - start


class Bound:
    """The rule as a graph that is bound to arrays on the devices; tracing and compiling are measured as one."""

    def __init__(self, rule, params, shapes):
        step = sym.optimizers.update([f"w{k}" for k in range(len(shapes))], rule, **params)
        weights, grads = trees(shapes)
        arrays = {name: nd.array(a) for name, a in weights.items()}
        arrays |= {f"{name}_grad": nd.array(a) for name, a in grads.items()}
        self._run = sym.optimizers.bind_in_place(step, arrays, engine="xla")
        self._fed, self.traced = {"t": 10} if "t" in self._run.arg_dict else {}, 0.0
        self.compiled = self()

    def __call__(self):
        """Make a step; return its seconds."""
        start = time.perf_counter()
        self._run.forward(lr=RATE, **self._fed)
        self._run.outputs[0].wait_to_read()
        return time.perf_counter() - start


def optax_step(tx):
    """Return the step of an Optax transformation."""
    def step(params, state, grads, lr):
        updates, state = tx.update(grads, state, params)
        return optax.apply_updates(params, updates), state

    return step


def contenders(rule, shapes):
    """Return everyone who makes the steps of a rule, by name."""
    name, params, theirs = RULES[rule]
    ours = sj.gradient_transformation(name, RATE, **params)
    found = {"Optax": Jitted(optax_step(theirs()), theirs().init, shapes),
             "ours, as a transformation": Jitted(optax_step(ours), ours.init, shapes),
             "ours, bound": Bound(name, params, shapes)}
    if rule == "momentum":
        found["plain JAX, our formula"] = Jitted(plain_momentum, partial(jax.tree.map, jnp.zeros_like), shapes)
    return found


def row(rule, shapes, rounds):
    """Return a table of one rule over some shapes, as text."""
    everyone = contenders(rule, shapes)
    times = {name: [] for name in everyone}
    for _ in range(rounds):
        for name, run in everyone.items():
            times[name].append(run())
    least = {name: min(found) for name, found in times.items()}
    base = "plain JAX, our formula" if rule == "momentum" else "Optax"
    lines = [f"{rule}, {len(shapes)} tensors of {sum(int(np.prod(s)) for s in shapes):,} elements"]
    for name, run in everyone.items():
        lines.append(f"  {name:26}{1e3 * least[name]:9.3f} ms {least[name] / least[base]:6.2f} × {base:24}"
                     f" traced in {run.traced:6.2f} s, compiled in {run.compiled:6.2f} s")
    return "\n".join(lines)


def main():
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.xla", description=__doc__)
    parser.add_argument("--shapes", nargs="*", choices=SHAPES, default=["small", "resnet50"])
    parser.add_argument("--rules", nargs="*", choices=RULES, default=list(RULES))
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    print(machine.text(machine.facts()))
    print(f"JAX {jax.__version__}, Optax {optax.__version__}, {jax.devices()[0].device_kind}")
    for shapes in options.shapes:
        for rule in options.rules:
            print(row(rule, tuple(SHAPES[shapes]()), options.rounds), flush=True)


if __name__ == "__main__":
    main()
