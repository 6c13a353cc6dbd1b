"""The results that are kept, as tables: ``python -m benchmarks.table [--help]``.

By default one column a machine, for the README; with ``--all`` every contestant on each machine, and with ``--svg`` the
same as a picture, for ``docs/performance.rst``.  The figures are of the last run of each workload in which the limit
was steady.
"""

import argparse
import json
from pathlib import Path

from benchmarks.machine import RESULTS, title
from benchmarks.plot import svg
from benchmarks.workloads import workloads


def latest(runs: list[dict], unsteady: bool = False) -> dict[str, dict[str, float]]:
    """Return for each workload the seconds of the limit and of each contestant, in the last run that counts.

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
            found |= run["seconds"]
    return found


def ratios(seconds: dict[str, float]) -> dict[str, float]:
    """Return what contestants take in multiples of the limit."""
    return {who: t / seconds["limit"] for who, t in seconds.items() if who != "limit"}


def cell(seconds: dict[str, float]) -> str:
    """Return our best form and the best of all others, in multiples of the limit."""
    found = ratios(seconds) if seconds else {}
    ours = min((r for who, r in found.items() if who.startswith("ours")), default=None)
    others = [(r, who) for who, r in found.items() if not who.startswith("ours")]
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
    steps = list(dict.fromkeys(name for found in machines.values() for name in found))
    return simple([["step", *machines]] + [[name, *(cell(found.get(name, {})) for found in machines.values())]
                                           for name in steps])


def everything(seconds: dict[str, dict[str, float]]) -> str:
    """Return what a machine measured as reStructuredText, a table for each kind of step, a row for each contestant.

    Parameters
    ----------
    seconds : dict
        What `latest` returns.
    """
    groups: dict[object, list[str]] = {}
    for name, workload in workloads().items():
        if name in seconds:
            groups.setdefault(workload.kind if len(workload.shapes) == 1 else "several tensors", []).append(name)
    return "\n\n".join([_group({name: seconds[name] for name in names}) for names in groups.values()])


def _group(seconds):
    found = {name: ratios(times) for name, times in seconds.items()}
    least = {}
    for times in found.values():
        for who, ratio in times.items():
            least[who] = min(ratio, least.get(who, ratio))
    ordered = sorted(least, key=lambda who: (not who.startswith("ours"), least[who]))
    rows = [[who, *(_rounded(times[who]) if who in times else "–" for times in found.values())] for who in ordered]
    limits = ["limit, µs", *(_rounded(1e6 * times["limit"]) for times in seconds.values())]
    return simple([["step", *seconds], limits, *rows])


def _rounded(x):
    return f"{x:.2f}" if x < 10 else f"{x:,.0f}"


def simple(rows: list[list[str]]) -> str:
    """Return a simple table of reStructuredText, whose first row is its head."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    rule = "  ".join("=" * w for w in widths)
    lines = ["  ".join(text.ljust(w) for text, w in zip(row, widths)).rstrip() for row in rows]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


def kept(unsteady: bool = False) -> dict[str, dict[str, dict[str, float]]]:
    """Return what is kept on each machine; see `latest`."""
    machines = {}
    for path in sorted(RESULTS.glob("*.json")):
        runs = json.loads(path.read_text(encoding="utf-8"))
        if found := latest(runs, unsteady):
            machines[title(runs[-1]["machine"])] = found
    return machines


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.table", description=__doc__)
    parser.add_argument("--all", action="store_true", help="every contestant, in multiples of the limit")
    parser.add_argument("--svg", type=Path, help="where to draw what --all prints, of the first machine")
    parser.add_argument("--unsteady", action="store_true", help="count runs in which the limit varied, too")
    given = parser.parse_args()
    machines = kept(given.unsteady)
    if not machines:
        print("no results are kept; run: python -m benchmarks")
    elif given.svg:
        seconds = next(iter(machines.values()))
        drawing = svg({name: ratios(seconds[name]) for name in workloads() if name in seconds})
        given.svg.write_text(drawing, encoding="utf-8")
    elif given.all:
        print("\n\n".join(f"{machine}\n\n{everything(found)}" for machine, found in machines.items()))
    else:
        print(table(machines))


if __name__ == "__main__":
    main()
