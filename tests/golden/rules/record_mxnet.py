"""Record 50 updates of MXNet 1.9.1's optimizer classes: with the project's Python, then with MXNet's, from the root::

    python -m tests.golden.rules.record_mxnet --cases > cases.json
    python tests/golden/rules/record_mxnet.py < cases.json

Weights, gradients and rates are those of `symbolic.parity.inputs`; all tensors have one optimizer, and each state is
recorded after each update.
"""

import json
import runpy
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def cases():
    """Return each case's class, arguments and size of the rate."""
    from symbolic.parity.counterparts import counterparts

    return {each.case: [each.name, each.options, each.size] for each in counterparts("mxnet")}


def numbered(state):
    """Return the arrays of a state by their place in it."""
    return {k: s for k, s in enumerate(state if isinstance(state, tuple) else [state]) if s is not None}


def path(mx, inputs, name, options, size):
    """Return weights and states after each update, by tensor and number of the state."""
    optimizer = mx.optimizer.create(name, learning_rate=size, **options)
    updater = mx.optimizer.get_updater(optimizer)
    weights = {n: mx.nd.array(w, dtype="float32") for n, w in inputs["start"]().items()}
    if name == "GroupAdaGrad":
        weights = {n: w for n, w in weights.items() if w.ndim == 2}
    found = {}
    for number, grads in enumerate(inputs["gradients"](), 1):
        optimizer.set_learning_rate(inputs["rate"](number, size))
        updater(list(range(len(weights))), [mx.nd.array(grads[n], dtype="float32") for n in weights],
                list(weights.values()))
        for k, (n, w) in enumerate(weights.items()):
            for what, value in [("weight", w), *numbered(updater.states[k]).items()]:
                found.setdefault(f"{n}.{what}", []).append(value.asnumpy())
    return found


def main():
    """Print the cases, or read them and write the recording."""
    if "--cases" in sys.argv:
        print(json.dumps(cases(), indent=1))
        return
    import mxnet as mx

    inputs = runpy.run_path(str(HERE.parents[2] / "symbolic/parity/inputs.py"))
    given, recorded = json.load(sys.stdin), {}
    for case, (name, options, size) in given.items():
        for key, values in path(mx, inputs, name, options, size).items():
            recorded[f"{case}.{key}"] = np.array(values)
    np.savez_compressed(HERE / "mxnet_50.npz", **recorded)
    print(f"{len(given)} paths of MXNet {mx.__version__}")


if __name__ == "__main__":
    main()
