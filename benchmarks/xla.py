"""Graphs under XLA, in turn with Optax and with the same formula in plain JAX: ``python -m benchmarks.xla [--help]``.

Everything is jitted, with states donated.  Steps are in milliseconds, the least of all rounds; what it takes to
trace and to compile is measured once, without collections of garbage, of which a full one takes longer than tracing.
JAX and Optax must be installed.  ``--keep`` appends the results to ``benchmarks/results/xla/``, and ``--table`` prints
those as the tables of ``docs/jax.rst``.  `benchmarks.processes` measures several processes.
"""

import argparse
import gc
import json
import math
import time
from contextlib import contextmanager
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

import ndarray as nd
import symbolic as sym
import symbolic.jax as sj
from benchmarks import machine
from benchmarks.table import simple
from benchmarks.workloads import model

SHAPES = {"small": lambda: ((64,),) * 500, "resnet50": partial(model, "resnet50"),
          "bert_base": partial(model, "bert_base")}
NAMES = {"small": "500 × 64", "resnet50": "ResNet-50", "bert_base": "BERT-base"}
RESULTS = machine.RESULTS / "xla"
RATE, KEPT, BETAS, EPSILON = 1e-3, 0.9, (0.9, 0.999), 1e-8
RULES = {"momentum": ("sgd", {"momentum": KEPT}, lambda: optax.sgd(RATE, KEPT)),
         "adam": ("adam", {"epsilon_place": "paper"}, lambda: optax.adam(RATE)),
         "lamb": ("lamb", {"epsilon": 1e-6}, lambda: optax.lamb(RATE))}
PLAIN, DECAYED = "plain JAX, our formula", "plain JAX, decay of zero"
TRACING = ("jaxpr_trace_duration", "jaxpr_to_mlir_module_duration")
COMPILING = ("backend_compile_duration",)


def decayed(grads, params, decay):
    """Return gradients with a decay of weights; None reads no weights."""
    return grads if decay is None else jax.tree.map(lambda g, w: g + decay * w, grads, params)


def plain_momentum(params, state, grads, lr, decay=None):
    """Return new parameters and momenta, by the formula of ``sgd_mom_update``."""
    state = jax.tree.map(lambda m, g: KEPT * m - lr * g, state, decayed(grads, params, decay))
    return jax.tree.map(jnp.add, params, state), state


def plain_adam(params, state, grads, lr, decay=None):
    """Return new parameters and state, by the formula of ``adam_update`` and the rate that the rule gives it."""
    mean, var, count = state["mean"], state["var"], state["count"] + 1
    filled = [-jnp.expm1(count * np.float32(math.log(beta))) for beta in BETAS]
    rate, epsilon = lr * jnp.sqrt(filled[1]) / filled[0], EPSILON * jnp.sqrt(filled[1])
    grads = decayed(grads, params, decay)
    mean = jax.tree.map(lambda m, g: BETAS[0] * m + (1 - BETAS[0]) * g, mean, grads)
    var = jax.tree.map(lambda v, g: BETAS[1] * v + (1 - BETAS[1]) * g * g, var, grads)
    params = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + epsilon), params, mean, var)
    return params, {"mean": mean, "var": var, "count": count}


def adam_state(params):
    """Return the first state of `plain_adam`."""
    return {"mean": jax.tree.map(jnp.zeros_like, params), "var": jax.tree.map(jnp.zeros_like, params),
            "count": jnp.zeros(())}


@cache
def trees(shapes):
    """Return parameters and gradients, as trees of NumPy's arrays, the same ones for all."""
    rng = np.random.default_rng(0)
    return [{f"w{k}": rng.standard_normal(shape, dtype="float32") for k, shape in enumerate(shapes)} for _ in range(2)]


@cache
def gradients(shapes):
    """Return the gradients on the device, where all contenders read the same ones."""
    return jax.tree.map(jnp.asarray, trees(shapes)[1])


@contextmanager
def without_collections():
    """Collect garbage now, and none within."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


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
        one = {"w0": params["w0"]}  # What is imported and looked up at the first use is not measured.
        jax.jit(step).lower(one, state(one), one, jnp.float32(RATE))
        with without_collections():
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
    """The rule as a graph that is bound to arrays on the devices, which is traced and compiled in its first step.

    Attributes
    ----------
    traced, compiled : float
        Seconds, as JAX reports them.
    """

    def __init__(self, rule, params, shapes):
        step = sym.optimizers.update([f"w{k}" for k in range(len(shapes))], rule, **params)
        weights, grads = trees(shapes)
        arrays = {name: nd.array(a) for name, a in weights.items()}
        arrays |= {f"{name}_grad": nd.array(a) for name, a in grads.items()}
        self._run = sym.optimizers.bind_in_place(step, arrays, engine="xla")
        self._fed = {"t": 10} if "t" in self._run.arg_dict else {}
        found: dict[str, float] = {}
        jax.monitoring.register_event_duration_secs_listener(
            lambda event, seconds, **_: found.__setitem__(event, found.get(event, 0.0) + seconds))
        with without_collections():
            self()
        jax.monitoring.clear_event_listeners()
        self.traced, self.compiled = (sum(t for event, t in found.items() if event.rpartition("/")[2] in events)
                                      for events in (TRACING, COMPILING))

    def __call__(self):
        """Make a step; return its seconds."""
        start = time.perf_counter()
        self._run.forward(lr=RATE, **self._fed)
        self._run.outputs[0].wait_to_read()
        return time.perf_counter() - start


PLAIN_STEPS = {"momentum": (plain_momentum, partial(jax.tree.map, jnp.zeros_like)), "adam": (plain_adam, adam_state)}


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
    if rule in PLAIN_STEPS:
        step, state = PLAIN_STEPS[rule]
        found |= {PLAIN: Jitted(step, state, shapes), DECAYED: Jitted(partial(step, decay=0.0), state, shapes)}
    return found


def measured(rule, shapes, rounds):
    """Return the seconds of each contender, in turn: of a step, of tracing and of compiling."""
    everyone = contenders(rule, shapes)
    times = {name: [] for name in everyone}
    for _ in range(rounds):
        for name, run in everyone.items():
            times[name].append(run())
    return {"step": {name: min(found) for name, found in times.items()},
            "tracing": {name: run.traced for name, run in everyone.items()},
            "compiling": {name: run.compiled for name, run in everyone.items()}}


def base_of(found):
    """Return the contender in whose time the others are given: plain JAX where it takes part, else Optax."""
    return next(name for name in (PLAIN, "Optax") if name in found)


def ratios(found):
    """Return what each contender takes in multiples of `base_of`."""
    return {name: t / found[base_of(found)] for name, t in found.items()}


def row(rule, shapes, found):
    """Return a table of one rule over some shapes, as text."""
    lines = [f"{rule}, {len(shapes)} tensors of {sum(int(np.prod(s)) for s in shapes):,} elements"]
    base = base_of(found["step"])
    for name, ratio in ratios(found["step"]).items():
        lines.append(f"  {name:26}{1e3 * found['step'][name]:9.3f} ms {ratio:6.2f} × {base:24}"
                     f" traced in {found['tracing'][name]:6.2f} s, compiled in {found['compiling'][name]:6.2f} s")
    return "\n".join(lines)


def kept():
    """Return what is kept on each machine: of each workload, what `measured` returns, of the last run."""
    machines = {}
    for path in sorted(RESULTS.glob("*.json")):
        runs = json.loads(path.read_text(encoding="utf-8"))
        found = machines[machine.title(runs[-1]["machine"])] = {}
        for run in runs:
            for name, seconds in run["seconds"].items():
                workload, _, what = name.rpartition(", ")
                found.setdefault(workload, {})[what] = seconds
    return {title: {name: found[name] for name in sorted(found, key=_place)} for title, found in machines.items()}


def _place(name):
    """Return where a workload is in the table, whenever it was measured."""
    rule, _, shapes = name.partition(" ")
    return [*NAMES.values()][::-1].index(shapes), [*RULES].index(rule)


def table(found):
    """Return what `kept` returns of a machine as reStructuredText: our multiples of the others' time.

    "same reads" is the bound graph in multiples of plain JAX that reads weights for a decay of zero, too.
    """
    ours = ["ours, as a transformation", "ours, bound"]
    rows = [["step", "others, ms", "transformation", "bound", "same reads", "tracing", "compiling"]]
    for workload, of in found.items():
        steps, *rest = (ratios(of[what]) for what in ("step", "tracing", "compiling"))
        reading = f"{steps['ours, bound'] / steps[DECAYED]:.2f}" if DECAYED in steps else "–"
        rows.append([workload, f"{1e3 * of['step'][base_of(steps)]:.3g}", *(f"{steps[name]:.2f}" for name in ours),
                     reading, *(", ".join(f"{each[name]:.1f}" for name in ours) for each in rest)])
    return simple(rows)


def main():
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.xla", description=__doc__)
    parser.add_argument("--shapes", nargs="*", choices=SHAPES, default=["small", "resnet50"])
    parser.add_argument("--rules", nargs="*", choices=RULES, default=list(RULES))
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--keep", action="store_true", help="append the results to those that are kept")
    parser.add_argument("--table", action="store_true", help="measure nothing, print what is kept")
    options = parser.parse_args()
    if options.table:
        print("\n\n".join(f"{title}\n\n{table(found)}" for title, found in kept().items()))
        return
    known = machine.facts() | {"JAX": jax.__version__, "Optax": optax.__version__,
                               "device": jax.devices()[0].device_kind}
    print(machine.text(machine.facts()))
    print(f"JAX {known['JAX']}, Optax {known['Optax']}, {known['device']}")
    for name in options.shapes:
        for rule in options.rules:
            shapes = tuple(SHAPES[name]())
            found = measured(rule, shapes, options.rounds)
            print(row(rule, shapes, found), flush=True)
            if options.keep:
                machine.keep(known, None, {f"{rule} {NAMES[name]}, {what}": each for what, each in found.items()},
                             RESULTS)


if __name__ == "__main__":
    main()
