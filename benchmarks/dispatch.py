"""What a call costs before any arithmetic: signSGD on 10 elements, eagerly and bound, compared with NumPy and MXNet;
a chain of 1,000 tiny nodes, which is one kernel; and SGD on 500 tensors of 64 elements in one call.

Run with ``python -m benchmarks.dispatch [rounds]``.  Set MXNET_PYTHON to an interpreter that imports mxnet 1.9.1 to
measure MXNet on the same machine, in turn with ours.
"""

import os
import subprocess
from statistics import median
from time import perf_counter

from benchmarks.arguments import number

SIZE = 10
CALLS = 500
CHAIN = 1000
ENGINES = ("eager", "fused", "auto")
TENSORS, EACH = 500, 64

_MXNET = """
import sys
from time import perf_counter
import mxnet as mx
w, g = mx.nd.ones({size}), mx.nd.ones({size})
update = mx.nd.signsgd_update
def eager():
    update(w, g, lr=0.1)
def in_place():
    update(w, g, lr=0.1, out=w)
forms = dict(eager=eager, in_place=in_place)
for name in sys.stdin:
    call = forms[name.strip()]
    call()
    mx.nd.waitall()
    start = perf_counter()
    for _ in range({calls}):
        call()
    mx.nd.waitall()
    print(1e6 * (perf_counter() - start) / {calls}, flush=True)
"""


def microseconds(call):
    """Return what one call costs, averaged over `CALLS`."""
    call()
    start = perf_counter()
    for _ in range(CALLS):
        call()
    return 1e6 * (perf_counter() - start) / CALLS


def ours():
    """Return the calls to measure, by label."""
    import numpy as np

    import ndarray as nd
    import symbolic as sym

    w, g = nd.ones(SIZE), nd.ones(SIZE)
    a, b = np.ones(SIZE, "float32"), np.ones(SIZE, "float32")
    rate, keep = np.float32(0.1), np.float32(1.0)
    update = nd.signsgd_update
    step = sym.signsgd_update(sym.var("w"), sym.var("g"), lr=0.1, name="step")
    bound = {engine: step.bind(args={"w": a, "g": b}, out={"step_output": a}, engine=engine) for engine in ENGINES}
    calls = {
        "NumPy expression": lambda: keep * a - rate * np.sign(b),
        "nd.signsgd_update(w, g, lr=0.1)": lambda: update(w, g, lr=0.1),
        "nd.signsgd_update(w, g, lr=0.1, out=w)": lambda: update(w, g, lr=0.1, out=w),
    } | {f"executor.forward(), in place, {engine}": executor.forward for engine, executor in bound.items()}
    bound["auto"].forward()
    bound["auto"]._program._spent = 10**12  # as after many runs: the next moves it
    calls["its program alone, fused"] = bound["fused"]._program
    x = sym.var("x")
    for k in range(CHAIN):
        x = x * 0.5 if k % 2 else x + 1.0
    calls[f"a chain of {CHAIN} nodes, fused"] = x.bind(args={"x": np.ones(SIZE, "float32")}, engine="fused").forward
    weights, grads = ([nd.ones(EACH) for _ in range(TENSORS)] for _ in "wg")
    flat = [x for pair in zip(weights, grads) for x in pair]
    rates, decays = (0.1,) * TENSORS, (0.0,) * TENSORS
    calls[f"nd.multi_sgd_update, {TENSORS} x {EACH}, out=weights"] = lambda: nd.multi_sgd_update(
        *flat, lrs=rates, wds=decays, num_weights=TENSORS, out=weights)
    calls[f"the same, bound, {ENGINES[-1]}"] = _many().forward
    return {label: lambda call=call: microseconds(call) for label, call in calls.items()}


def _many():
    """Return the executor of SGD on many tensors, in place."""
    import numpy as np

    import symbolic as sym

    names = [f"{role}{i}" for i in range(TENSORS) for role in "wg"]
    arrays = {name: np.ones(EACH, "float32") for name in names}
    step = sym.multi_sgd_update(*map(sym.var, names), lrs=(0.1,) * TENSORS, wds=(0.0,) * TENSORS, num_weights=TENSORS)
    out = {name: arrays[f"w{i}"] for i, name in enumerate(step.list_outputs())}
    return step.bind(args=arrays, out=out)


def mxnet(python):
    """Return the same calls of MXNet in a process of its own, by label."""
    server = subprocess.Popen([python, "-c", _MXNET.format(size=SIZE, calls=CALLS)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def ask(form):
        server.stdin.write(form + "\n")
        server.stdin.flush()
        return float(server.stdout.readline())

    return {"MXNet eager": lambda: ask("eager"), "MXNet eager, out=w": lambda: ask("in_place")}


def main(rounds):
    """Print the median and the least cost of each call; each round takes all calls in turn."""
    forms = ours()
    if python := os.environ.get("MXNET_PYTHON"):
        forms |= mxnet(python)
    times = {label: [] for label in forms}
    for _ in range(rounds):
        for label, measure in forms.items():
            times[label].append(measure())
    print(f"{'signsgd_update on ' + str(SIZE) + ' floats':52}{'median µs':>10}{'least µs':>10}")
    for label, found in times.items():
        print(f"{label:52}{median(found):10.2f}{min(found):10.2f}")


if __name__ == "__main__":
    main(number(__doc__, "ROUNDS", 31))
