"""The results that are kept, as a table for the README, one column a machine: ``python -m benchmarks.table [--help]``.

The figures are of the last run of each workload on each machine in which the limit was steady.
"""

import argparse
import json

from benchmarks.machine import RESULTS


def latest(runs: list[dict], unsteady: bool = False) -> dict[str, dict[str, float]]:
    """Return for each workload how many times the limit each contestant takes, in the last run that counts.

    Parameters
    ----------
    runs : list of dict
        The content of a file of results.
    unsteady : bool
        Whether runs count in which the limit varied.
    """
    found = {}
    for run in runs:
        if run["steady"] or unsteady:
            found |= {name: {who: t / times["limit"] for who, t in times.items() if who != "limit"}
                      for name, times in run["seconds"].items()}
    return found


def cell(ratios: dict[str, float]) -> str:
    """Return our best form and the best of all others, in multiples of the limit."""
    ours = min((r for who, r in ratios.items() if who.startswith("ours")), default=None)
    others = [(r, who) for who, r in ratios.items() if not who.startswith("ours")]
    if ours is None:
        return ""
    return f"{ours:.2f}" + (" ({1} {0:.2f})".format(*min(others)) if others else "")


def table(machines: dict[str, dict[str, dict[str, float]]]) -> str:
    """Return reStructuredText.

    Parameters
    ----------
    machines : dict
        Of each machine what `latest` returns.
    """
    workloads = list(dict.fromkeys(name for found in machines.values() for name in found))
    rows = [["step", *machines]] + [[name, *(cell(found.get(name, {})) for found in machines.values())]
                                    for name in workloads]
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    rule = "  ".join("=" * w for w in widths)
    lines = ["  ".join(text.ljust(w) for text, w in zip(row, widths)).rstrip() for row in rows]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


def kept(unsteady: bool = False) -> dict[str, dict[str, dict[str, float]]]:
    """Return what is kept, for `table`; see `latest`."""
    machines = {}
    for path in sorted(RESULTS.glob("*.json")):
        runs = json.loads(path.read_text(encoding="utf-8"))
        if found := latest(runs, unsteady):
            known = runs[-1]["machine"]
            machines[f"{known['processor']} ({known['LLVM name']}), {known['processors']} cores"] = found
    return machines


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.table", description=__doc__)
    parser.add_argument("--unsteady", action="store_true", help="count runs in which the limit varied, too")
    machines = kept(parser.parse_args().unsteady)
    print(table(machines) if machines else "there are no results; python -m benchmarks makes them")


if __name__ == "__main__":
    main()
