"""Steps in place, compared with the streaming limit, NumPy and other libraries: ``python -m benchmarks [--help]``."""

import argparse

from benchmarks import machine, ours
from benchmarks.contest import OURS, PEERS, SKIPPED, contest, local, peer
from benchmarks.limits import limits
from benchmarks.workloads import workloads

CHECKED = "momentum 1e7"
"""The workload whose limit shows whether the machine is steady."""


def measure(workload, rounds, with_peers):
    """Return the seconds of a step of each contestant, and why others did not run."""
    contestants, missing = {name: local(run) for name, run in limits(workload).items()}, {}
    for name, (_, form) in OURS.items():
        contestants[name] = local(getattr(ours, form)(workload))
    for name in PEERS if with_peers else ():
        if (workload.kind, name) in SKIPPED:
            continue
        try:
            contestants[name] = peer(name, workload)
        except LookupError as error:
            missing[name] = str(error)
    try:
        times = contest(contestants, rounds)
        least = min((t for name, t in times.items() if name.startswith("limit")))
        return {"limit": least} | {n: t for n, t in times.items() if not n.startswith("limit")}, missing
    finally:
        for contestant in contestants.values():
            getattr(contestant, "close", lambda: None)()


def table(workload, times, missing):
    """Return the results of a workload as text."""
    least = times["limit"]
    lines = [f"{workload.name}: {workload.elements} weights in {len(workload.shapes)} tensors, "
             f"{workload.bytes / 1e6:.3g} MB moved, limit {workload.bytes / least / 1e9:.1f} GB/s"]
    lines += [f"  {name:24}{1e6 * t:14.2f} µs {t / least:8.2f} x limit"
              for name, t in sorted(times.items(), key=lambda item: item[1])]
    lines += [f"  {name:24} did not run: {why[:90]}" for name, why in missing.items()]
    return "\n".join(lines)


def main():
    """Read the command line, measure, print and keep."""
    known = workloads()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="workload", help=f"by default all: {', '.join(known)}")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--no-peers", action="store_true", help="only the limit, ours and NumPy")
    parser.add_argument("--no-keep", action="store_true", help="do not append to the results of this kind of processor")
    options = parser.parse_args()
    wrong = [n for n in options.names if n not in known]
    if wrong:
        parser.error(f"no workload {', '.join(wrong)}; known: {', '.join(known)}")
    known_facts = machine.facts()
    print(machine.text(known_facts))
    found = machine.spread(next(iter(limits(known[CHECKED]).values())))
    print(machine.verdict(found), flush=True)
    seconds = {}
    try:
        for name in options.names or known:
            times, missing = measure(known[name], options.rounds, not options.no_peers)
            seconds[name] = times
            print(table(known[name], times, missing), flush=True)
    finally:  # Also what was measured before an interrupt.
        if seconds and not options.no_keep:
            kept = machine.keep(known_facts, found, seconds)
            print(f"kept in {kept}; python -m benchmarks.table prints what is kept")


if __name__ == "__main__":
    main()
