"""What a kernel costs once: to compile it, and to find it again on disk.

Run with ``python -m benchmarks.compile_time``.  Then the number of kernels of a step over the 161 tensors of ResNet-50.
"""

import os
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

import symbolic as sym
from benchmarks.arguments import number
from ndarray import registry
from ndarray.kernels import machine_code

ROUNDS = 9
UPDATES = ("signsgd_update", "sgd_mom_update", "adam_update", "ftrl_update", "lamb_update_phase1")


def step_of(name):
    """Return an update, each input a variable, and arrays of 100 numbers for it."""
    op = registry.get(name)
    required = {p: 1 for p in op.params if p not in op.defaults}
    step = getattr(sym, name)(*map(sym.var, op.names), name="step", **required)
    return step, {n: np.ones(100, "f4") for n in op.names}


def texts_of(step, arrays):
    """Return the LLVM modules that binding a step asks for."""
    found, code = [], machine_code.code

    def noted(text):
        found.append(text)
        return code(text)

    machine_code.code = noted
    try:
        step.bind(args=arrays, engine="fused")
    finally:
        machine_code.code = code
    return found


def milliseconds(text):
    """Return how long a module takes when it is new, and when a file has it."""
    times = []
    for _ in range(2):
        machine_code._recent.clear()
        machine_code._loaded.clear()
        start = perf_counter()
        found = machine_code.code(text)
        times.append(1e3 * (perf_counter() - start))
    assert found.origin == "disk"
    return times


def main():
    """Print the table."""
    from benchmarks.ours import symbols
    from benchmarks.workloads import workloads

    print(f"{'kernel':28}{'compile, ms':>14}{'from disk, ms':>16}   medians of {ROUNDS}")
    for name in UPDATES:
        kernel = texts_of(*step_of(name))[0]
        times = []
        for _ in range(ROUNDS):
            with TemporaryDirectory() as folder:
                os.environ[machine_code.CACHE_VARIABLE] = folder
                times.append(milliseconds(kernel))
        print(f"{name:28}{median(t[0] for t in times):14.1f}{median(t[1] for t in times):16.2f}")
    for name in ("momentum ResNet-50", "LARS ResNet-50"):
        workload = workloads()[name]
        modules = set(texts_of(*symbols(workload)))
        print(f"{name}: {len(workload.shapes)} tensors, {len(modules)} modules, the driver among them")


if __name__ == "__main__":
    number(__doc__)
    main()
