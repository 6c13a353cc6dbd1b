"""Steps of Muon and SOAP on matrices of BERT-base, beside torch and HeavyBall, in turn.

``HEAVYBALL_PYTHON=… python -m benchmarks.matrices [--rules muon soap] [--shapes 768x768 …] [--peers torch …] [--rounds
N]``: the interpreter has torch and heavyball.  The matrices are those of BERT-base without its embeddings, or one of
each of the shapes.  torch and HeavyBall iterate Muon in bfloat16; where a processor has no arithmetic for it, that is
slow, so that both are run in float32 as well.  HeavyBall runs without ``torch.compile``.  A step of SOAP is the mean of
ten, which change its bases once.
"""

import argparse
import json
from pathlib import Path
from statistics import median
from time import sleep

import numpy as np

import ndarray as nd
from benchmarks.contest import local, peer
from benchmarks.workloads import Workload
from symbolic import optimizers

SETTINGS = {"muon": {"wd": 0.1, "lr": 1e-3}, "soap": {"wd": 0.01, "lr": 3e-3}}
STEPS = {"muon": 1, "soap": 10}
PEERS = {"muon": ("torch in float32", "heavyball in float32", "torch", "heavyball"), "soap": ("heavyball",)}


def matrices():
    """Return the shapes of the matrices of BERT-base, embeddings left out."""
    listed = json.loads((Path(__file__).parent / "data/bert_base_shapes.json").read_text())
    return tuple([tuple(s) for name, s in listed if len(s) == 2 and "embeddings" not in name])


def ours(rule, shapes):
    """Return a function that does one step."""
    random, settings = np.random.default_rng(0), dict(SETTINGS[rule])
    weights = {f"w{k}": nd.array(0.02 * random.normal(size=s), dtype="float32") for k, s in enumerate(shapes)}
    grads = {f"{n}_grad": random.normal(size=w.shape).astype("float32") for n, w in weights.items()}
    lr = settings.pop("lr")
    trainer = optimizers.Trainer(optimizers.update(list(weights), rule, **settings), weights, lr=lr)
    return lambda: trainer.step(**grads)


def race(rule, shapes, rounds, peers):
    """Return the median seconds of a step of each contestant, by name, and why others did not run."""
    contestants, missing = {"ours": local(ours(rule, shapes))}, {}
    for form in [form for form in PEERS[rule] if form in peers]:
        try:
            contestants[form] = peer(form, Workload(rule, rule, shapes), {form: ("heavyball", form)})
        except LookupError as error:
            missing[form] = str(error)
    times = {name: [] for name in contestants}
    try:
        for _ in range(rounds):
            for name, seconds in contestants.items():
                sleep(0.3)  # in which threads of the one before come to rest
                seconds(1)
                times[name].append(seconds(STEPS[rule]) / STEPS[rule])
    finally:
        for contestant in contestants.values():
            getattr(contestant, "close", lambda: None)()
    return {name: median(found) for name, found in times.items()}, missing


def main():
    """Print each race."""
    chosen = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    chosen.add_argument("--rules", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    chosen.add_argument("--shapes", nargs="+", type=lambda text: tuple(map(int, text.split("x"))), default=matrices())
    chosen.add_argument("--peers", nargs="+", default=PEERS["muon"])
    chosen.add_argument("--rounds", type=int, default=3)
    given = chosen.parse_args()
    shapes = tuple(given.shapes)
    for rule in given.rules:
        times, missing = race(rule, shapes, given.rounds, given.peers)
        print(f"{rule}, {len(shapes)} matrices, {sum(a * b for a, b in shapes):,} weights")
        for name, seconds in times.items():
            print(f"  {name:20} {1e3 * seconds:10.1f} ms  {seconds / times['ours']:6.2f} x")
        for name, reason in missing.items():
            print(f"  {name:20} {reason}")


if __name__ == "__main__":
    main()
