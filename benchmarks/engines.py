"""Which engine below which size: a run on each engine and by default, what a kernel costs, and when it pays off.

Run with ``python -m benchmarks.engines [rounds]``.  A kernel is due when the runs on the eager engine have cost what it
costs.  Graphs with sums cannot wait for that, for a move would change their bits: the size in the last column of the
second table, from which on a thousand runs pay for a kernel, is what `symbolic.engines.auto.WORTH_FUSING` rounds.
"""

import subprocess
import sys
import tempfile
from statistics import median
from time import perf_counter

import numpy as np

import symbolic as sym
from benchmarks import machine
from benchmarks.arguments import number
from symbolic.engines import auto

SIZES = (1, 10, 100, 1_000, 10_000, 16_384, 65_536, 1_000_000)
RUNS = 1_000
"""Runs that are to pay for a kernel in a graph whose size decides."""

_FIRST = """
from time import perf_counter
import numpy as np, symbolic as sym
step = sym.signsgd_update(sym.var("w"), sym.var("g"), lr=0.1)
arrays = {"w": np.ones(10, "f4"), "g": np.ones(10, "f4")}
sym.var("x").bind(args={"x": np.ones(1)}, engine="eager").forward()
start = perf_counter()
step.bind(args=arrays, engine="fused").forward()
print(perf_counter() - start)
start = perf_counter()
(step * 2 + 1).bind(args=arrays, engine="fused").forward()
print(perf_counter() - start)
"""


def graphs():
    """Return graphs to run, by name: two of arithmetic, two with sums."""
    w, g, m, v = map(sym.var, "wgmv")
    rate = sym.norm(w) / (sym.norm(g) + 1)
    return {"momentum": sym.sgd_mom_update(w, g, m, lr=0.1, momentum=0.9, name="s"),
            "Adam": sym.adam_update(w, g, m, v, lr=0.1, name="s"),
            "SGD, rate by norms": sym.sgd_update(w, g, lr=rate, name="s"),
            "loss": sym.make_loss(sym.mean(sym.square(w - g)), name="s")}


def bound(symbol, size, engine):
    """Return an executor of a graph on arrays of `size` elements together."""
    names = symbol.list_arguments() + symbol.list_auxiliary_states()
    arrays = {name: np.linspace(0.1, 1, max(1, size // len(names)), dtype="f4") for name in names}
    out = {"s_output": arrays["w"]} if symbol.infer_shape(**{n: a.shape for n, a in arrays.items()})[1][0] == \
        arrays["w"].shape and len(arrays["w"]) > 1 else None
    return symbol.bind(args=arrays, out=out, engine=engine)


def microseconds(call):
    """Return what one call costs."""
    calls, start = 0, perf_counter()
    while calls < 5 or perf_counter() - start < 0.004:
        call()
        calls += 1
    return 1e6 * (perf_counter() - start) / calls


def runs(rounds):
    """Return for each graph and size the median microseconds of a run on each engine, all in turn."""
    forms = {}
    for name, symbol in graphs().items():
        for size in SIZES:
            for engine in ("eager", "fused", "auto"):
                executor = bound(symbol, size, engine)
                forms[name, size, engine] = executor.forward
                if engine == "auto":
                    executor.forward()
                    executor._program._spent = 10**12  # as after many runs
    times = {form: [] for form in forms}
    for call in forms.values():
        for _ in range(10):
            call()
    for _ in range(rounds):
        for form, call in forms.items():
            times[form].append(microseconds(call))
    return {form: median(found) for form, found in times.items()}


def kernels():
    """Return milliseconds of a first and of a second kernel in a process, compiled and then from disk."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"SYMBOLIC_CACHE_DIR": folder, "PATH": "", "PYTHONPATH": ":".join(sys.path)}
        found = []
        for _ in range(2):
            done = subprocess.run([sys.executable, "-c", _FIRST], env=environment, capture_output=True, text=True,
                                  check=True)
            found.append([1000 * float(line) for line in done.stdout.split()])
        return found


def worth(times, name, first):
    """Return from how many elements on `RUNS` runs save what the first kernel of a process costs; between two sizes."""
    previous = None
    for size in SIZES:
        saved = RUNS * (times[name, size, "eager"] - times[name, size, "fused"]) / 1000
        if saved >= first:
            return size if previous is None else int(previous[0] + (first - previous[1]) / (saved - previous[1]) * (
                size - previous[0]))
        previous = size, saved
    return None


def main(rounds):
    """Print the machine and the tables."""
    print(machine.text(machine.facts()))
    compiled, kept = kernels()
    print(f"first kernel of a process: {compiled[0]:.0f} ms compiled, {kept[0]:.0f} from disk; the next: "
          f"{compiled[1]:.0f} and {kept[1]:.1f} ms")
    times = runs(rounds)
    print(f"\n{'µs a run':20}{'elements':>10}{'eager':>10}{'fused':>10}{'default':>10}  runs on  x best")
    for name, symbol in graphs().items():
        for size in SIZES:
            eager, best, default = (times[name, size, engine] for engine in ("eager", "fused", "auto"))
            on = bound(symbol, size, "auto")
            on.forward()
            on._program._spent = 10**12
            on.forward()
            print(f"{name:20}{size:10,}{eager:10.2f}{best:10.2f}{default:10.2f}  {on._program.NAME:7}"
                  f"{default / min(eager, best):8.2f}")
    print(f"\nelements from which on {RUNS:,} runs pay for the first kernel of a process (fused at bind from "
          f"{auto.WORTH_FUSING:,} on):")
    for name in graphs():
        print(f"  {name:20}{worth(times, name, kept[0])} from disk, {worth(times, name, compiled[0])} compiled")


if __name__ == "__main__":
    main(number(__doc__, "ROUNDS", 15))
