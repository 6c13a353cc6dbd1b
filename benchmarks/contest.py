"""Contestants in turn: each is timed for a moment, round after round; what counts is the median of the quiet rounds.

A contestant is a function ``seconds(steps)``.  Peers run in processes of their own: no library's threads get in the way
of another's, and each may have its own interpreter, named by ``TORCH_PYTHON``, ``JAX_PYTHON`` and ``MXNET_PYTHON``.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

SLICE = 0.1
"""Seconds that a contestant runs in a round, at least one step."""
PAUSE = 0.02
"""Seconds between two contestants, in which threads of the one come to rest."""

OURS = {"ours, symbolic": ("our", "symbolic"), "ours, eager": ("our", "eager"),
        "ours, without llvmlite": ("our", "tiles"), "NumPy": ("our", "numpy")}
PEERS = {"torch fused": ("torch", "fused"), "torch foreach": ("torch", "foreach"),
         "torch.compile": ("torch", "compile"), "JAX jit, donated": ("jax", "formulas"),
         "Optax jit, donated": ("jax", "optax"), "MXNet": ("mxnet", None)}
SKIPPED = {("signsgd", "torch fused"), ("lars", "torch fused"), ("signsgd", "torch foreach"),
           ("lars", "torch.compile")}
"""What a peer has no form of, or takes very long to compile."""


def local(step):
    """Return a contestant from a function that does one step in this process."""
    def seconds(steps):
        start = perf_counter()
        for _ in range(steps):
            step()
        return perf_counter() - start

    step()
    return seconds


def peer(name, workload, known=OURS | PEERS):
    """Return a contestant in a process of its own.

    Raises
    ------
    LookupError
        With the reason, where it cannot run.
    """
    library, form = known[name]
    python = os.environ.get(f"{library.upper()}_PYTHON", sys.executable)
    script = Path(__file__).parent / "peers" / f"{library}_steps.py"
    process = subprocess.Popen([python, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    request = {"kind": workload.kind, "shapes": workload.shapes} | ({"form": form} if form else {})

    def seconds(steps):
        try:
            process.stdin.write(f"{steps}\n")
            process.stdin.flush()
            return float(process.stdout.readline())
        except (OSError, ValueError):
            reason = process.stderr.read().strip().splitlines() or ["it died"]
            raise LookupError(reason[-1]) from None

    seconds.close, seconds.pid = process.kill, process.pid
    try:
        process.stdin.write(json.dumps(request) + "\n")
        seconds(1)
    except (OSError, LookupError) as error:
        process.kill()
        raise LookupError(str(error)) from None
    return seconds


def contest(contestants, rounds):
    """Return the median seconds of a step of each contestant, by name, in the quieter half of the rounds."""
    steps = {}
    for name, seconds in contestants.items():
        seconds(1)
        steps[name] = max(1, min(10_000, int(SLICE / max(seconds(3) / 3, 1e-7))))
    times = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, seconds in contestants.items():
            sleep(PAUSE)
            seconds(1)  # The caches are full of the others' arrays.
            times[name].append(seconds(steps[name]) / steps[name])
    quiet = sorted(range(rounds), key=lambda k: sum(found[k] / min(found) for found in times.values()))
    quiet = quiet[:(rounds + 1) // 2]
    return {name: median([found[k] for k in quiet]) for name, found in times.items()}
