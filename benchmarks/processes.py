"""A step of signSGD in several processes on this machine, and the bytes it sends: ``python -m benchmarks.processes``.

Gradients of four workers are split over 1, 2 and 4 processes: their mean in float32, or a vote on each weight in bytes
or in two bits.  Bytes are what the system counts on its loopback device, a share for each process, beside the model of
``docs/distributed.rst``; times are medians.  All processes share the machine's processors, so that times show what a
step costs here, and not how it scales.  ``--keep`` appends the results to ``benchmarks/results/processes/``, and
``--table`` prints those as the table of that page.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import jax
import numpy as np

import ndarray as nd
import symbolic as sym
import symbolic.jax as sj
from benchmarks import machine
from benchmarks.table import simple

WORKERS, RATE = 4, 1e-3
RESULTS = machine.RESULTS / "processes"
PART = (None, None, "data")
KINDS = {  # what is made of the workers' gradients, how it is split beside them, bytes of an element
    "float32": (lambda g: sym.mean(g, axis=0), {}, 4),
    "vote, int8": (sym.optimizers.majority_vote, {}, 1),
    "vote, 2 bits": (lambda g: sym.optimizers.majority_vote(g, bits=2),
                     {"vote_ballots_output": ["data", PART], "vote_verdict_output": [PART, None]}, 1 / 4),
}


def model(kind, processes, size):
    """Return the bytes that each process sends in a step.

    A sum goes around a ring, twice but for a process's own part.  Packed ballots are counted once they have arrived:
    those of every worker travel, and the verdict.
    """
    times = WORKERS / processes + 1 if "2 bits" in kind else 2
    return times * (processes - 1) / processes * size * KINDS[kind][2]


def loopback():
    """Return the bytes that the system has sent on its loopback device; 0 where it does not tell."""
    try:
        lines = Path("/proc/net/dev").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[9]) for line in lines if line.split()[0] == "lo:"), 0)


def bound(kind, size, mesh):
    """Return an executor of the step, fed with this process's gradients."""
    make, split, _ = KINDS[kind]
    step = sym.signsgd_update(sym.var("w"), make(sym.var("g")), lr=RATE, name="step")
    arrays = {"w": nd.zeros((size,)), "g": nd.zeros((WORKERS, size))}
    run = step.bind(args=arrays, out={"step_output": arrays["w"]}, engine="xla", mesh=mesh,
                    sharding={"g": "data"} | split)
    mine = WORKERS // jax.process_count()
    run.forward(g=np.random.default_rng(jax.process_index()).standard_normal((mine, size), dtype="float32"))
    return run


def worker(size, steps):
    """Measure in one of the processes; the first prints what was found as a line of JSON."""
    if int(os.environ["JAX_NUM_PROCESSES"]) > 1:
        sj.initialize()
    mesh, found = sj.make_mesh(data=-1), {}
    for kind in KINDS:
        run, times, before = bound(kind, size, mesh), [], loopback()
        for _ in range(steps):
            start = time.perf_counter()
            run.forward()
            run.outputs[0].wait_to_read()
            times.append(time.perf_counter() - start)
        found[kind] = median(times), (loopback() - before) / steps / jax.process_count()
    if jax.process_index() == 0:
        print(json.dumps(found))


def measured(processes, size, steps):
    """Return for each kind of step its seconds and the bytes that each process sends."""
    program = [__file__, "--worker", "--size", str(size), "--steps", str(steps)]
    paths = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "XLA_FLAGS": ""}
    done = subprocess.run([sys.executable, "-m", "symbolic.jax.launch", "-n", str(processes), *program], env=env,
                          capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(next(line[4:] for line in done.stdout.splitlines() if line.startswith("[0] {")))


def table(run):
    """Return a kept run as reStructuredText."""
    size, rows = run["size"], [["processes", *(f"{kind}{what}" for kind in KINDS for what in (", ms", ", MB"))]]
    for processes in run["seconds"]:
        row = [processes]
        for kind in KINDS:
            sent, by_model = run["bytes"][processes][kind] / 1e6, model(kind, int(processes), size) / 1e6
            row += [f"{1e3 * run['seconds'][processes][kind]:.0f}", f"{sent:.1f} ({by_model:.1f})"]
        rows.append(row)
    return simple(rows)


def kept():
    """Return the last run on each machine, by the processor's name."""
    runs = [json.loads(path.read_text(encoding="utf-8"))[-1] for path in sorted(RESULTS.glob("*.json"))]
    return {machine.title(run["machine"]): run for run in runs}


def main():
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.processes", description=__doc__)
    parser.add_argument("--processes", type=int, nargs="*", choices=(1, 2, 4), default=[1, 2, 4])
    parser.add_argument("--size", type=int, default=25_600_000, help="weights; a multiple of 32")
    parser.add_argument("--steps", type=int, default=9)
    parser.add_argument("--keep", action="store_true", help="append the results to those that are kept")
    parser.add_argument("--table", action="store_true", help="measure nothing, print what is kept")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return worker(options.size, options.steps)
    if options.table:
        return print("\n\n".join(f"{title}\n\n{table(run)}" for title, run in kept().items()))
    found = {str(n): measured(n, options.size, options.steps) for n in options.processes}
    seconds, sent = ({n: {kind: values[k] for kind, values in each.items()} for n, each in found.items()}
                     for k in (0, 1))
    print(table({"size": options.size, "seconds": seconds, "bytes": sent}))
    if options.keep:
        machine.keep(machine.facts() | {"JAX": jax.__version__}, None, seconds, RESULTS,
                     size=options.size, bytes=sent)


if __name__ == "__main__":
    main()
