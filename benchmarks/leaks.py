"""What 10,000 executors leave that were bound, run and dropped: ``python -m benchmarks.leaks [cycles]`` (Linux)."""

import gc
from pathlib import Path

import numpy as np

import symbolic as sym
from benchmarks.arguments import number

WARM = 500
"""Cycles before the first look: libraries are loaded, caches are full."""


def cycle(engine):
    """Declare, bind and run a momentum step, in place, and drop it all."""
    step = sym.sgd_mom_update(sym.var("w"), sym.var("g"), sym.var("m"), lr=sym.var("lr"), momentum=0.9, name="step")
    arrays = {name: np.ones(1000, "f4") for name in "wgm"} | {"lr": np.array([0.1], "f4")}
    executor = step.bind(args=arrays, out={"step_output": arrays["w"]}, engine=engine)
    executor.forward()
    executor.forward(lr=0.2)


def held():
    """Return how many bytes this process holds."""
    gc.collect()
    line = next(s for s in Path("/proc/self/status").read_text().splitlines() if s.startswith("VmRSS"))
    return 1024 * int(line.split()[1])


def main(cycles):
    """Print by how much the process grew, for each engine."""
    for engine in ("eager", "fused"):
        for _ in range(WARM):
            cycle(engine)
        before = held()
        for _ in range(cycles):
            cycle(engine)
        print(f"{cycles} cycles, engine {engine}: {(held() - before) / 2**20:+.2f} MiB")


if __name__ == "__main__":
    main(number(__doc__, "CYCLES", 10_000))
