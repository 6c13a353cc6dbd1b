"""How much memory a step takes beyond its arrays, compared with other libraries: ``python -m benchmarks.extra_memory``.

Each contestant is a process; the system shows (on Linux) how far its memory rises while it does some steps, above what
it holds between them.  What a library keeps for itself between two steps does not show.
"""

import argparse
from pathlib import Path

from benchmarks.contest import OURS, PEERS, SKIPPED, peer
from benchmarks.workloads import workloads

STEPS = 3
NAMES = ("signsgd 1e7", "momentum ResNet-50", "LARS ResNet-50", "Adam BERT-base")


def extra(name, workload):
    """Return by how many bytes a process grows for a moment while it does steps of the workload."""
    seconds = peer(name, workload)
    try:
        seconds(1)
        process = Path(f"/proc/{seconds.pid}")
        (process / "clear_refs").write_text("5")  # resets the peak to what is held now
        before = _held(process, "VmRSS")
        seconds(STEPS)
        return _held(process, "VmHWM") - before
    finally:
        seconds.close()


def _held(process, which):
    line = next(s for s in (process / "status").read_text().splitlines() if s.startswith(which))
    return 1024 * int(line.split()[1])


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
