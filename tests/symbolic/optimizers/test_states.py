"""States of updaters as bytes: MXNet's are read and trained on, ours are what MXNet reads, and both go on bit for bit."""

import pickle

import numpy as np
import pytest

import ndarray as nd
from ndarray.errors import FormatError, OperatorError
from symbolic import optimizers
from tests.golden.optimizers import record
from tests.symbolic.optimizers.papers import RANDOM, STATEMENTS

# Nadam's states and the sums of LBSGD are partly in MXNet's optimizers.
CASES = {name: case for name, case in record.CASES.items() if case[0] not in ("Nadam", "LBSGD")}
LAST = record.STEPS


def load(name):
    with np.load(record.HERE / name) as file:
        return dict(file)


@pytest.fixture(scope="module")
def paths():
    return load("classes.npz")


@pytest.fixture(scope="module")
def pickled():
    return {name: raw.tobytes() for name, raw in load("states.npz").items()}


def dtype_of(case):
    return "float16" if "multi_precision" in record.CASES[case][1] else "float32"


def updater_of(case, **more):
    name, arguments, _ = record.CASES[case]
    optimizer = optimizers.create(name, learning_rate=record.RATE["base_lr"], param_idx2name=record.NAMES,
                                  lr_scheduler=optimizers.MultiFactorScheduler(**record.RATE), **arguments, **more)
    optimizer.set_lr_mult(record.LR_MULT)
    if "wd" in arguments:
        optimizer.set_wd_mult(record.WD_MULT)
    return optimizers.get_updater(optimizer)


def weights_of(case, arrays):
    return {i: nd.array(arrays[i], dtype=dtype_of(case)) for i in range(record.CASES[case][2])}


def train(updater, weights, case, first, last):
    """Return the weights after each update."""
    found = []
    for grads in record.gradients(dtype_of(case))[first:last]:
        updater(list(weights), [nd.array(grads[i], dtype=dtype_of(case)) for i in weights], list(weights.values()))
        found.append({i: w.asnumpy() for i, w in weights.items()})
    return found


@pytest.mark.parametrize("kind", ["states", "whole"])
@pytest.mark.parametrize("case", CASES)
def test_mxnets_states_are_trained_on(case, kind, paths, pickled):
    begun = {} if kind == "whole" else {"begin_num_update": record.SAVED}
    updater = updater_of(case, **begun)
    updater.set_states(pickled[f"{case}.{kind}"])
    weights = weights_of(case, {i: paths[f"{case}.{i}"][record.SAVED - 1] for i in range(record.CASES[case][2])})
    # MXNet keeps the rate that LARS had last in the optimizer; the first update corrects the momentum by it.
    last = LAST if case != "lars" else record.SAVED
    for number, found in enumerate(train(updater, weights, case, record.SAVED, last), record.SAVED):
        for i, w in found.items():
            half = dtype_of(case) == "float16"
            np.testing.assert_allclose(w, paths[f"{case}.{i}"][number], rtol=2e-3 if half else 1e-5, atol=1e-3 if half else 1e-5)


class Handle:
    """Stands for MXNet's NDArray, whose pickled state is a dict of its bytes."""

    def __init__(self, handle):
        assert handle is None

    def __setstate__(self, state):
        self.raw = bytes(state["handle"])


class MXNetsReader(pickle.Unpickler):
    def find_class(self, module, name):
        return {"mxnet.ndarray.ndarray NDArray": Handle, "builtins bytearray": bytearray}[f"{module} {name}"]


def unpickled(data):
    import io

    return MXNetsReader(io.BytesIO(data)).load()


def raw(state):
    return tuple(map(raw, state)) if isinstance(state, tuple) else getattr(state, "raw", state)


@pytest.mark.parametrize("case", CASES)
def test_what_is_written_is_what_mxnet_writes(case, pickled):
    """The pickle module reads both alike, array for array and bit for bit."""
    updater = updater_of(case)
    updater.set_states(pickled[f"{case}.states"])
    ours, theirs = unpickled(updater.get_states()), unpickled(pickled[f"{case}.states"])
    assert ours.keys() == theirs.keys() and {i: raw(s) for i, s in ours.items()} == {i: raw(s) for i, s in theirs.items()}


@pytest.mark.parametrize("case", record.CASES)
def test_classes_go_on_bit_for_bit(case):
    updater, weights = updater_of(case), weights_of(case, record.start(dtype_of(case)))
    train(updater, weights, case, 0, 5)
    again, kept = updater_of(case), {i: w.copy() for i, w in weights.items()}
    again.set_states(updater.get_states(dump_optimizer=True))
    assert again.optimizer.num_update == 5
    for a, b in zip(train(updater, weights, case, 5, 9), train(again, kept, case, 5, 9), strict=True):
        assert {i: w.tobytes() for i, w in a.items()} == {i: w.tobytes() for i, w in b.items()}


@pytest.mark.parametrize("name", sorted(STATEMENTS.keys() - RANDOM))
def test_rules_go_on_bit_for_bit(name):
    params = STATEMENTS[name][1][-1]
    op = optimizers.rule(name).op
    dtype = "float16" if "weight32" in op.names else "float32"
    draw = np.random.default_rng(0)
    grads = [[nd.array(draw.normal(size=s), dtype=dtype) for s in ((2, 3), (4,))] for _ in range(4)]

    def made():
        return optimizers.Updater(name, optimizers.CosineScheduler(base_lr=0.05, max_update=9), lr_mult={"b": 0.5}, **params)

    def move(update, weights, some):
        for pair in some:
            more = {name: [g * g for g in pair] for name in optimizers.rule(name).more_inputs if name not in op.writes}
            if op.many:
                update(["a", "b"], pair, weights, **more)
            else:
                for k, index in enumerate("ab"):
                    update(index, pair[k], weights[k], **{n: arrays[k] for n, arrays in more.items()})

    update, weights = made(), [nd.array(g.asnumpy(), dtype=dtype) for g in grads[0]]
    move(update, weights, grads[:2])
    again, kept = made(), [w.copy() for w in weights]
    again.set_states(update.get_states())
    assert again.counts == update.counts == {"a": 2, "b": 2}
    for other, arrays in ((update, weights), (again, kept)):
        move(other, arrays, grads[2:])
    assert [w.asnumpy().tobytes() for w in weights] == [w.asnumpy().tobytes() for w in kept]
    assert update.get_states() == again.get_states()


def test_states_of_another_optimizer_are_refused_and_nothing_is_taken(pickled):
    updater, weights = updater_of("adam"), weights_of("adam", record.start())
    train(updater, weights, "adam", 0, 1)
    before = updater.get_states(dump_optimizer=True)
    for states, words in ((pickled["adagrad.states"], "Adam: the state of index 0 is not one of this optimizer"),
                          (pickled["ftml.states"], "the state of index 0"), (pickled["ftrl.whole"], "states of 'Ftrl'"),
                          (pickled["nadam.whole"], "states of 'Nadam'"), (before[:-9], "pickle"), (b"", "pickle"),
                          (pickle.dumps([1]), "a dict by index"), (pickle.dumps(({}, {"counts": {}})), "counts"),
                          (pickle.dumps({0: (np.ones(2), print)}), None), (pickle.dumps({0: print}), "state of index 0")):
        if words is not None:
            with pytest.raises(FormatError, match=words):
                updater.set_states(states)
            assert updater.get_states(dump_optimizer=True) == before
    with pytest.raises(OperatorError, match="expected bytes"):
        updater.set_states("text")
    with pytest.raises(FormatError, match="_update"):
        optimizers.Updater("adam", 0.1).set_states(before)
