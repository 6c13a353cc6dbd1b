"""Steps of Muon and SOAP on matrices of BERT-base, beside torch and HeavyBall, in turn.

``HEAVYBALL_PYTHON=… python -m benchmarks.matrices [--rules "muon in bfloat16" soap …] [--matrices all layer …]
[--shapes 768x768 …] [--peers torch …] [--rounds N] [--keep]``: the interpreter has torch and heavyball.  The matrices
are those of BERT-base without its embeddings, those of one of its layers, or one of each of the shapes.  ``--keep``
appends the results to ``benchmarks/results/matrices/``, and ``--table`` prints those as the table of
``docs/performance.rst``.

torch and HeavyBall iterate Muon in bfloat16, ours in what it is told; where a processor has no arithmetic for bfloat16,
that is slow, so that all are run in float32 as well.  HeavyBall runs without ``torch.compile``.  A step of SOAP is the
mean of ten, which change its bases once.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import sleep
from typing import NamedTuple

import numpy as np

import ndarray as nd
from benchmarks import machine
from benchmarks.contest import local, peer
from benchmarks.table import simple
from benchmarks.workloads import Workload
from symbolic import optimizers


class Race(NamedTuple):
    """A rule, its settings, how many steps are timed at once, and the peers' forms by their names."""

    rule: str
    settings: dict
    steps: int
    peers: dict


_MUON = {"wd": 0.1, "lr": 1e-3}
RACES = {
    "muon in float32": Race("muon", _MUON, 1, {p: f"{p} in float32" for p in ("torch", "heavyball")}),
    "muon in bfloat16": Race("muon", _MUON | {"matmul_precision": "bfloat16"}, 1,
                             {p: p for p in ("torch", "heavyball")}),
    "soap": Race("soap", {"wd": 0.01, "lr": 3e-3}, 10, {"heavyball": "heavyball"}),
}
RESULTS = machine.RESULTS / "matrices"


def matrices():
    """Return the shapes of the matrices of BERT-base, embeddings left out."""
    listed = json.loads((Path(__file__).parent / "data/bert_base_shapes.json").read_text())
    return tuple([tuple(s) for name, s in listed if len(s) == 2 and "embeddings" not in name])


SETS = {"all": ("all of BERT-base", matrices()), "layer": ("a layer of BERT-base", matrices()[:6]),
        "head": ("pooler and head", (*matrices()[-1:], (768, 2)))}
"""Which matrices are raced together, by name."""


def libraries():
    """Return the versions of the libraries that the peers have."""
    asked = "from importlib.metadata import version; print(version('torch'), version('heavyball'))"
    python = os.environ.get("HEAVYBALL_PYTHON", sys.executable)
    found = subprocess.run([python, "-c", asked], capture_output=True, text=True)
    return dict(zip(("torch", "HeavyBall"), found.stdout.split()))


def ours(race, shapes):
    """Return a function that does one step."""
    random, settings = np.random.default_rng(0), dict(race.settings)
    weights = {f"w{k}": nd.array(0.02 * random.normal(size=s), dtype="float32") for k, s in enumerate(shapes)}
    grads = {f"{n}_grad": random.normal(size=w.shape).astype("float32") for n, w in weights.items()}
    lr = settings.pop("lr")
    trainer = optimizers.Trainer(optimizers.update(list(weights), race.rule, **settings), weights, lr=lr)
    return lambda: trainer.step(**grads)


def raced(race, shapes, rounds, peers):
    """Return the median seconds of a step of each contestant, by name, and why others did not run."""
    contestants, missing = {"ours": local(ours(race, shapes))}, {}
    for name in [name for name in race.peers if name in peers]:
        try:
            forms = {name: ("heavyball", race.peers[name])}
            contestants[name] = peer(name, Workload(race.rule, race.rule, shapes), forms)
        except LookupError as error:
            missing[name] = str(error)
    times = {name: [] for name in contestants}
    try:
        for _ in range(rounds):
            for name, seconds in contestants.items():
                sleep(0.3)  # in which threads of the one before come to rest
                seconds(1)
                times[name].append(seconds(race.steps) / race.steps)
    finally:
        for contestant in contestants.values():
            getattr(contestant, "close", lambda: None)()
    return {name: median(found) for name, found in times.items()}, missing


def kept():
    """Return what is kept, by machine, then by workload: seconds of each contestant, of the last run."""
    found = {}
    for path in sorted(RESULTS.glob("*.json")):
        for run in json.loads(path.read_text(encoding="utf-8")):
            for workload, seconds in run["seconds"].items():
                found.setdefault(path.stem, {}).setdefault(workload, {}).update(seconds)
    return found


def table(found):
    """Return the results of one machine as reStructuredText: our seconds, and the others' in multiples of them."""
    names = list(dict.fromkeys(name for seconds in found.values() for name in seconds if name != "ours"))
    rows = [["step", "ours, ms", *names]]
    for workload, seconds in found.items():
        own = 1e3 * seconds["ours"]
        rows.append([workload, f"{own:.3g}" if own < 100 else f"{own:,.0f}", *(
            f"{seconds[name] / seconds['ours']:.2f}" if name in seconds else "" for name in names)])
    return simple(rows)


def main():
    """Print each race."""
    chosen = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    chosen.add_argument("--rules", nargs="+", choices=RACES, default=list(RACES))
    chosen.add_argument("--matrices", nargs="+", choices=SETS, default=["all"])
    chosen.add_argument("--shapes", nargs="+", type=lambda text: tuple(map(int, text.split("x"))), default=())
    chosen.add_argument("--peers", nargs="+", default=("torch", "heavyball"))
    chosen.add_argument("--rounds", type=int, default=3)
    chosen.add_argument("--keep", action="store_true", help="append the results to those that are kept")
    chosen.add_argument("--table", action="store_true", help="measure nothing, print what is kept")
    given = chosen.parse_args()
    if given.table:
        print("\n\n".join(f"{name}\n\n{table(found)}" for name, found in kept().items()))
        return
    sets = [SETS[name] for name in given.matrices]
    if given.shapes:
        sets = [(", ".join(f"{a}x{b}" for a, b in given.shapes), tuple(given.shapes))]
    for rule in given.rules:
        for name, shapes in sets:
            times, missing = raced(RACES[rule], shapes, given.rounds, given.peers)
            print(f"{rule}, {name}: {len(shapes)} matrices, {sum(a * b for a, b in shapes):,} weights")
            for each, seconds in times.items():
                print(f"  {each:20} {1e3 * seconds:10.1f} ms  {seconds / times['ours']:6.2f} x")
            for each, reason in missing.items():
                print(f"  {each:20} {reason}")
            if given.keep:
                machine.keep(machine.facts() | libraries(), None, {f"{rule}, {name}": times}, RESULTS)


if __name__ == "__main__":
    main()
