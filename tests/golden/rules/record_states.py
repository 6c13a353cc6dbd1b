"""Record how MXNet 1.9.1 goes on with states of ours: with the project's Python, then with MXNet's, from the root::

    python -m tests.golden.rules.record_states given.npz
    python tests/golden/rules/record_states.py given.npz

The first trains for three updates and writes weights, states and the bytes of `symbolic.parity.to_mxnet`.  The second
has ``Updater.set_states`` load these bytes, checks each array in them bit by bit, makes three more updates, and records
the weights, the states and the bytes of ``Updater.get_states``.
"""

import json
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
FIRST, LAST, RATE = 3, 6, 0.01


def given():
    """Return what MXNet is given, by case and name."""
    from symbolic import parity
    from tests.symbolic.parity import test_states as ours

    found = {}
    for other in (case.values[0] for case in ours.cases("mxnet")):
        trainer = ours.trainer_of(other)
        ours.train(trainer, 0, FIRST)
        found[f"{other.case}.how"] = np.array(json.dumps([other.name, other.options]))
        found[f"{other.case}.states"] = np.frombuffer(parity.to_mxnet(trainer, other.name), np.uint8)
        for n in "ab":
            found[f"{other.case}.{n}"] = trainer.executor.arg_dict[n].asnumpy()
            for state, number in other.states.items():
                if f"{n}_{state}" in trainer.executor.aux_dict:
                    found[f"{other.case}.{n}.{number}"] = trainer.executor.aux_dict[f"{n}_{state}"].asnumpy()
    return found


def gone_on(mx, arrays, case):
    """Return what MXNet makes of one case."""
    name, options = json.loads(str(arrays[f"{case}.how"]))
    updater = mx.optimizer.get_updater(mx.optimizer.create(name, learning_rate=RATE, begin_num_update=FIRST, **options))
    updater.set_states(arrays[f"{case}.states"].tobytes())
    weights = [mx.nd.array(arrays[f"{case}.{n}"], dtype="float32") for n in "ab"]
    for k, n in enumerate("ab"):
        for number, state in held(updater.states[k]).items():
            if f"{case}.{n}.{number}" in arrays:
                assert state.asnumpy().tobytes() == arrays[f"{case}.{n}.{number}"].tobytes(), f"{case}.{n}.{number}"
    for update in range(FIRST, LAST):
        random = np.random.default_rng(update)
        updater([0, 1], [mx.nd.array(random.normal(size=w.shape), dtype="float32") for w in weights], weights)
    found = {f"{case}.states": np.frombuffer(updater.get_states(), np.uint8)}
    for k, (n, weight) in enumerate(zip("ab", weights)):
        found[f"{case}.{n}"] = weight.asnumpy()
        found.update({f"{case}.{n}.{number}": state.asnumpy() for number, state in held(updater.states[k]).items()})
    return found


def held(state):
    """Return the arrays of a state by their place in it."""
    return {k: s for k, s in enumerate(state if isinstance(state, tuple) else [state]) if s is not None}


def main():
    """Write what MXNet is given, or read it and write the recording."""
    path = Path(sys.argv[1])
    if __spec__ is not None:
        np.savez(path, **given())
        return
    import mxnet as mx

    arrays, recorded = dict(np.load(path)), {}
    cases = [key.rpartition(".how")[0] for key in arrays if key.endswith(".how")]
    for case in cases:
        recorded.update(gone_on(mx, arrays, case))
    np.savez_compressed(HERE / "mxnet_states.npz", **recorded)
    print(f"{len(cases)} rules go on in MXNet {mx.__version__}")


if __name__ == "__main__":
    main()
