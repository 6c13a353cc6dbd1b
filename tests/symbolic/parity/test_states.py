"""States converted to another library and back go on bit for bit: every rule with a counterpart there."""

import pickle
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from ndarray.errors import FormatError, OperatorError, UnknownNameError
from symbolic import optimizers, parity
from symbolic.cli.main import main
from symbolic.parity.comparison import compared
from symbolic.parity.counterparts import counterparts
from symbolic.parity.states import lost

SHAPES = {"a": (3, 4), "b": (5,)}


def cases(library):
    """Return the counterparts whose states can be converted."""
    return [pytest.param(each, id=f"{each}, {each.made.op.name}") for each in counterparts(library)
            if (each.case is None or library == "mxnet") and not lost(each)]


def trainer_of(other, draw=0):
    random = np.random.default_rng(draw)
    shapes = {"a": (3, 4), "b": (5, 2)} if other.name == "GroupAdaGrad" else SHAPES
    weights = {n: random.normal(size=shape).astype("f4") for n, shape in shapes.items()}
    step = optimizers.update(list(weights), other.rule, **other.settings)
    trainer = optimizers.Trainer(step, weights, lr=0.01 if other.rated else 1.0, engine="eager")
    for state, value in other.first.items():
        for n in weights:
            trainer.executor.aux_dict[f"{n}_{state}"][:] = value
    return trainer


def train(trainer, first, last):
    for number in range(first, last):
        random = np.random.default_rng(number)
        trainer.step(**{f"{n}_grad": random.normal(size=trainer.executor.arg_dict[n].shape).astype("f4") for n in "ab"})


def bits(trainer):
    held = {n: trainer.executor.arg_dict[n] for n in "ab"} | trainer.executor.aux_dict
    return {n: a.asnumpy().tobytes() for n, a in held.items()}


def goes_on(other, convert):
    """Compare a training that goes on with one whose states were converted and came back."""
    trainer, again = trainer_of(other), trainer_of(other, draw=1)
    train(trainer, 0, 3)
    for n in "ab":
        again.executor.arg_dict[n][:] = trainer.executor.arg_dict[n]
    convert(trainer, again)
    assert again.num_update == 3
    for each in (trainer, again):
        train(each, 3, 6)
    assert bits(trainer) == bits(again)


@pytest.mark.parametrize("other", cases("mxnet"))
def test_to_mxnet_and_back(other):
    goes_on(other, lambda a, b: parity.from_mxnet(b, parity.to_mxnet(a, other.name), other.name, num_update=3))


@pytest.mark.parametrize("other", cases("torch"))
def test_to_torch_and_back(other, tmp_path):
    torch = pytest.importorskip("torch")

    def convert(trainer, again):
        torch.save(parity.to_torch(trainer, other.name), tmp_path / "states.pt")
        known = {"num_update": 3} if other.name == "SGD" else {}  # which torch does not count
        parity.from_torch(again, torch.load(tmp_path / "states.pt", weights_only=True), other.name, **known)

    goes_on(other, convert)


def test_before_the_first_update_torch_has_no_states():
    torch = pytest.importorskip("torch")
    trainer = trainer_of(next(each for each in counterparts("torch") if each.name == "Adam"))
    theirs = torch.optim.Adam([torch.zeros(2), torch.zeros(2)])
    for given in (parity.to_torch(trainer, "Adam"), theirs.state_dict()):
        parity.from_torch(trainer, given, "Adam")
        assert trainer.num_update == 0
    train(trainer, 0, 1)
    with pytest.raises(FormatError, match="parameter a has no exp_avg, got nothing"):
        parity.from_torch(trainer, theirs.state_dict(), "Adam")


@pytest.mark.parametrize("other", cases("torch"))
def test_torch_goes_on(other):
    """Its own class loads the states, and moves on as the training does."""
    torch = pytest.importorskip("torch")
    trainer = trainer_of(other)
    train(trainer, 0, 3)
    params = [torch.nn.Parameter(torch.tensor(trainer.executor.arg_dict[n].asnumpy())) for n in "ab"]
    theirs = getattr(torch.optim, other.name)(params, lr=0.01)
    theirs.load_state_dict(parity.to_torch(trainer, other.name, **other.options, lr=0.01))
    for number in range(3, 6):
        random = np.random.default_rng(number)
        for p in params:
            p.grad = torch.tensor(random.normal(size=p.shape).astype("f4"))
        theirs.step()
    train(trainer, 3, 6)
    for n, p in zip("ab", params):
        np.testing.assert_allclose(p.detach().numpy(), trainer.executor.arg_dict[n].asnumpy(), rtol=3e-6, atol=3e-6)
    again = trainer_of(other, draw=1)
    parity.from_torch(again, theirs.state_dict(), other.name, num_update=6)
    for s in trainer.executor.aux_dict:
        np.testing.assert_allclose(again.executor.aux_dict[s].asnumpy(), trainer.executor.aux_dict[s].asnumpy(),
                                   rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("other", cases("optax"))
def test_to_optax_and_back(other):
    pytest.importorskip("optax")
    from symbolic.jax.names import optax_function
    from symbolic.parity.files import optax_arrays, optax_state

    def convert(trainer, again):
        params = {n: trainer.executor.arg_dict[n].asnumpy() for n in "ab"}
        first = optax_function(other.name)(lambda count: 0.01, **other.options).init(params)
        state = parity.to_optax(trainer, other.name, first)
        parity.from_optax(again, other.name, optax_state(optax_arrays(state), first), num_update=3)

    goes_on(other, convert)


@pytest.mark.parametrize("other", cases("optax"))
def test_optax_goes_on(other):
    """Its own transformation takes the states, and moves on as the training does; they come back within roundings."""
    optax = pytest.importorskip("optax")
    from symbolic.jax.names import optax_function

    trainer = trainer_of(other)
    train(trainer, 0, 3)
    params = {n: trainer.executor.arg_dict[n].asnumpy() for n in "ab"}
    made = optax_function(other.name)((lambda count: 0.01) if other.rated else 1.0, **other.options)
    state = parity.to_optax(trainer, other.name, made.init(params))
    same = compared(other).difference is None  # the page of rules says of the others where they differ
    for number in range(3, 6):
        random = np.random.default_rng(number)
        grads = {n: random.normal(size=w.shape).astype("f4") for n, w in params.items()}
        changes, state = made.update(grads, state, params)
        params = optax.apply_updates(params, changes)
    train(trainer, 3, 6)
    again = trainer_of(other, draw=1)
    parity.from_optax(again, other.name, state, num_update=6)
    assert again.num_update == trainer.num_update
    if same:
        for n, w in params.items():
            np.testing.assert_allclose(w, trainer.executor.arg_dict[n].asnumpy(), rtol=3e-6, atol=3e-6)
        for s, a in trainer.executor.aux_dict.items():
            np.testing.assert_allclose(again.executor.aux_dict[s].asnumpy(), a.asnumpy(), rtol=1e-4, atol=1e-6)


def test_what_mxnet_reads():
    other = next(each for each in counterparts("mxnet") if each.name == "Adam")
    trainer = trainer_of(other)
    train(trainer, 0, 1)
    data = parity.to_mxnet(trainer, "adam")
    assert data == pickle_of_updater(trainer) and b"mxnet" in data


def pickle_of_updater(trainer):
    """Return what our class, whose bytes MXNet has read, writes for the same states."""
    updater = optimizers.get_updater(optimizers.Adam())
    held = trainer.executor.aux_dict
    updater.states = {k: (held[f"{n}_mean"], held[f"{n}_var"]) for k, n in enumerate("ab")}
    return updater.get_states()


def test_errors_name_what_is_wrong():
    sgd = optimizers.Trainer(optimizers.update(["w"], "sgd", momentum=0.9), {"w": np.ones(2, "f4")}, lr=0.1)
    for call, kind, words in (
            (lambda: parity.to_mxnet(sgd, "Adam"), OperatorError, "the rule adam_update; the training has sgd_mom"),
            (lambda: parity.to_mxnet(sgd, "Lion"), UnknownNameError, "no optimizer of mxnet named 'Lion'"),
            (lambda: parity.from_mxnet(sgd, pickle.dumps([1]), "SGD"), FormatError, "a dict by index"),
            (lambda: parity.from_mxnet(sgd, pickle.dumps({}), "SGD"), FormatError, "states of 1 parameter, got 0")):
        with pytest.raises(kind, match=words):
            call()
    assert sgd.num_update == 0 and (sgd.executor.aux_dict["w_mom"].asnumpy() == 0).all()


@pytest.mark.skipif(not find_spec("torch"), reason="torch is not installed")
def test_torchs_momentum_does_not_hold_the_rate():
    sgd = optimizers.Trainer(optimizers.update(["w"], "sgd", momentum=0.9), {"w": np.ones(2, "f4")}, lr=0.1)
    with pytest.raises(OperatorError, match="sgd_mom_update with rate_in_momentum=False"):
        parity.to_torch(sgd, "SGD")
    adam = optimizers.Trainer(optimizers.update(["w"], "adam"), {"w": np.ones(2, "f4")}, lr=0.1)
    for given, words in (({}, "state_dict of an optimizer"), ({"state": {}, "param_groups": []}, "1 parameter, got 0"),
                         ({"state": {0: {}}, "param_groups": [{"params": [0]}]}, "has no exp_avg, got nothing")):
        with pytest.raises(FormatError, match=words):
            parity.from_torch(adam, given, "Adam")
    with pytest.raises(OperatorError, match="option named 'beta'"):
        parity.to_torch(adam, "Adam", beta=0.9)


@pytest.mark.parametrize("library", ["mxnet:Adam", "torch:Adam", "optax:adam"])
def test_the_command(library, tmp_path, capsys):
    pytest.importorskip("safetensors")
    pytest.importorskip(library.partition(":")[0]) if not library.startswith("mxnet") else None
    weights = {"w": np.ones(2, "f4")}
    trainer = optimizers.Trainer(optimizers.update(["w"], "adam", epsilon_place="paper"), weights, lr=0.1)
    train_one(trainer)
    folder, file, back = tmp_path / "run", tmp_path / "states", tmp_path / "back"
    trainer.save(folder)
    assert main(["states", "convert", str(folder), "-o", str(file), "--as", library]) == 0
    assert main(["states", "convert", str(file), "-o", str(back), "--as", library, "--like", str(folder),
                 "--num-update", "1"]) == 0
    again = optimizers.Trainer.load(back)
    for each in (trainer, again):
        train_one(each)
    assert again.num_update == 2
    assert all((a.asnumpy() == again.executor.aux_dict[n].asnumpy()).all() for n, a in trainer.executor.aux_dict.items())
    assert main(["states", "convert", str(file), "-o", str(back), "--as", library]) == 1
    assert "--like" in capsys.readouterr().err
    assert main(["states", "convert", str(tmp_path / "none"), "-o", str(file), "--as", library, "--like", str(folder)]) == 1


def train_one(trainer):
    trainer.step(w_grad=np.array([0.5, -1.0], "f4"))


RECORDED = Path(__file__).parents[2] / "golden/rules/mxnet_states.npz"


@pytest.mark.parametrize("other", cases("mxnet"))
def test_mxnet_goes_on(other):
    """MXNet itself loaded these states and made three updates; its file continues here with the bits that it holds."""
    recorded = {key: value for key, value in np.load(RECORDED).items() if key.startswith(f"{other.case}.")}
    trainer, again = trainer_of(other), trainer_of(other, draw=1)
    train(trainer, 0, 6)
    parity.from_mxnet(again, recorded[f"{other.case}.states"].tobytes(), other.name, num_update=6)
    same = compared(other).difference is None  # the page of rules says of the others where they differ
    for n in "ab":
        weight = recorded[f"{other.case}.{n}"]
        if same:
            np.testing.assert_allclose(trainer.executor.arg_dict[n].asnumpy(), weight, rtol=3e-6, atol=3e-6)
        for state, number in other.states.items():
            found = again.executor.aux_dict.get(f"{n}_{state}")
            if found is not None and f"{other.case}.{n}.{number}" in recorded:
                held = recorded[f"{other.case}.{n}.{number}"]
                assert found.asnumpy().tobytes() == held.tobytes()
                if not same:
                    continue
                np.testing.assert_allclose(trainer.executor.aux_dict[f"{n}_{state}"].asnumpy(), held, rtol=1e-5,
                                           atol=1e-6)


def test_a_damaged_file_of_optax_is_named_without_numpys_hint_to_run_what_is_in_it(tmp_path):
    pytest.importorskip("safetensors")
    pytest.importorskip("optax")
    trainer = optimizers.Trainer(optimizers.update(["w"], "adam", epsilon_place="paper"), {"w": np.ones(2, "f4")}, lr=0.1)
    trainer.save(tmp_path / "run")
    parity.convert(tmp_path / "run", tmp_path / "whole.npz", "optax:adam")
    whole = (tmp_path / "whole.npz").read_bytes()
    np.save(tmp_path / "one.npy", np.ones(2))
    np.savez(tmp_path / "objects.npz", w=np.array([{}]))
    np.savez_compressed(tmp_path / "packed.npz", w=np.zeros(1000))
    packed = bytearray((tmp_path / "packed.npz").read_bytes())
    packed[60:80] = bytes(20)
    at = whole.index(b"NUMPY") + 10
    for data, words in ((b"", "got a file of 0 bytes that is not a zip archive"),
                        (b"x" * 9, "got a file of 9 bytes that is not a zip archive"),
                        (pickle.dumps([1]), "not a zip archive"), (whole[:-30], "not a zip archive"),
                        ((tmp_path / "one.npy").read_bytes(), "got a single array"),
                        ((tmp_path / "objects.npz").read_bytes(), "'w' is an array of Python objects"),
                        (bytes(packed), "is damaged"), (whole[:at] + b"??" + whole[at + 2:], "is damaged")):
        (tmp_path / "x.npz").write_bytes(data)
        with pytest.raises(FormatError, match=rf"x\.npz: .*{words}") as caught:
            parity.convert(tmp_path / "x.npz", tmp_path / "back", "optax:adam", like=tmp_path / "run")
        assert "allow_pickle" not in str(caught.value)


def test_a_damaged_file_of_states_is_named(tmp_path):
    pytest.importorskip("safetensors")
    trainer = optimizers.Trainer(optimizers.update(["w"], "adam"), {"w": np.ones(2, "f4")}, lr=0.1)
    trainer.save(tmp_path / "run")
    whole = pickle.dumps([1])
    for data, words in ((whole[:-1], "not a pickle"), (b"", "not a pickle"), (whole, "a dict by index")):
        (tmp_path / "x.states").write_bytes(data)
        with pytest.raises(FormatError, match=rf"x\.states: .*{words}"):
            parity.convert(tmp_path / "x.states", tmp_path / "back", "mxnet:Adam", like=tmp_path / "run")
