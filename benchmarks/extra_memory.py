"""How much memory a step takes beyond its arrays, beside other libraries: ``python -m benchmarks.extra_memory``.

Each contestant is a process; the system tells its peak while it does some steps (Linux only).  The peak with tensors
of one element, which is what the library itself takes, and the arrays of the step are taken off.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from benchmarks.contest import OURS, PEERS, SKIPPED, peer
from benchmarks.workloads import ROLES, workloads

STEPS = 3
NAMES = ("signsgd 1e7", "momentum ResNet-50", "LARS ResNet-50", "Adam BERT-base")


def peak(name, workload):
    """Return the most bytes that a process holds while it does steps of the workload."""
    seconds = peer(name, workload)
    try:
        seconds(1)
        process = Path(f"/proc/{seconds.pid}")
        (process / "clear_refs").write_text("5")  # the peak begins anew
        seconds(STEPS)
        line = next(s for s in (process / "status").read_text().splitlines() if s.startswith("VmHWM"))
        return 1024 * int(line.split()[1])
    finally:
        seconds.close()


def extra(name, workload):
    """Return the bytes beyond the arrays and the library."""
    small = replace(workload, shapes=((1,),) * len(workload.shapes))
    arrays = 4 * len(ROLES[workload.kind]) * workload.elements
    return peak(name, workload) - peak(name, small) - arrays


def main():
    """Print the table."""
    known = workloads()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extra_memory", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="workload", default=NAMES, help=f"of: {', '.join(known)}")
    for workload in [known[name] for name in parser.parse_args().names]:
        print(f"{workload.name}: parameters take {4e-6 * workload.elements:.1f} MB")
        for name in (*OURS, *PEERS):
            if (workload.kind, name) in SKIPPED:
                continue
            try:
                more = extra(name, workload)
            except LookupError as error:
                print(f"  {name:24} did not run: {str(error)[:90]}")
                continue
            print(f"  {name:24}{1e-6 * more:10.1f} MB {more / (4 * workload.elements):8.2f} x parameters", flush=True)


if __name__ == "__main__":
    main()
