"""The flat list of calls: the bits of the walk for every operator, errors that name nodes, all or nothing, order in memory."""

import hashlib
import os
import signal

import numpy as np
import pytest

import ndarray as nd
import symbolic as sym
from ndarray.errors import MXNetError
from symbolic.engines import eager, flat
from symbolic.graph.graph import Graph
from tests.symbolic.cases import CASES, Case

W, G, M, V = map(sym.var, "wgmv")


def bits(arrays):
    """Return one hash of arrays; NaN is NaN, whatever its bits."""
    found = hashlib.sha256()
    for a in arrays:
        found.update(str((a.dtype, a.shape)).encode())
        found.update(np.where(np.isnan(a), np.nan, a).tobytes() if a.dtype.kind == "f" else a.tobytes())
    return found.hexdigest()


def program_of(run):
    assert isinstance(run._program, eager.EagerProgram)
    return run._program


def steps(graph, arrays, how, times=2, **more):
    """Return outputs and bound arrays after some steps that are walked, or flat."""
    arrays = {name: a.copy(order="K") for name, a in arrays.items()}
    run = sym.Symbol(graph).bind(args=arrays, engine="eager", **more)
    program = program_of(run)
    program._run = program.walk if how == "walked" else program.flat
    for _ in range(times):
        run.forward()
    return [o.asnumpy() for o in run.outputs] + list(arrays.values())


def same(graph, arrays, **more):
    with np.errstate(all="ignore"):
        assert bits(steps(graph, arrays, "walked", **more)) == bits(steps(graph, arrays, "flat", **more))


@pytest.mark.parametrize("sample", CASES, ids=str)
def test_every_operator_gives_the_bits_of_the_walk(sample):
    case = Case(sample)
    same(case.graph, case.arrays)


@pytest.mark.parametrize("symbol", [
    sym.signsgd_update(W, G, lr=0.1, clip_gradient=0.5), sym.sgd_mom_update(W, G, M, lr=0.1, momentum=0.9, wd=0.01),
    sym.adam_update(W, G, M, V, lr=0.1, wd=0.01, clip_gradient=1.0), sym.lamb_update_phase1(W, G, M, V, t=3, wd=0.1),
    sym.Group([W, sym.reshape(W, shape=(-1,)), G * 2 + W]), sym.where(W > 0, G, M) / sym.sqrt(V),
    sym.sgd_update(W, G, lr=sym.norm(W) / (sym.norm(G) + 1)),
], ids=lambda s: s.name)
@pytest.mark.parametrize("how", ["plain", "transposed", "strided"])
def test_steps_give_the_bits_of_the_walk_whatever_the_strides(symbol, how):
    rng = np.random.default_rng(0)
    make = {"plain": lambda: rng.normal(size=(3, 4)).astype("f4"),
            "transposed": lambda: rng.normal(size=(4, 3)).astype("f4").T,
            "strided": lambda: rng.normal(size=(3, 8)).astype("f4")[:, ::2]}[how]
    same(symbol.graph, {n.name: abs(make()) for n in symbol.graph.variables}, times=5)


def test_a_sum_meets_elements_in_the_order_of_the_walk():
    x = np.random.default_rng(0).normal(size=(300, 7)).astype("f4")
    y = sym.var("x")
    total = sym.sum(sym.transpose(y) * 3 + 1, axis=0) + sym.sum(y * y, axis=1)
    for array in (x, np.asfortranarray(x)):
        same(total.graph, {"x": array})


def test_outputs_may_share_memory_with_inputs():
    for how in ("walked", "flat"):
        memory, x = np.arange(5, dtype="f4"), sym.var("x")
        run = sym.Group([sym.identity(x, name="i"), x + 1, sym.reshape(x, shape=(2, 2))]).bind(
            args={"x": memory[:4]}, out={"i_output": memory[1:]}, engine="eager")
        program = program_of(run)
        program._run = program.walk if how == "walked" else program.flat
        run.forward()
        assert memory.tolist() == [0, 0, 1, 2, 3]
        assert [o.asnumpy().reshape(-1).tolist() for o in run.outputs[1:]] == [[1, 2, 3, 4], [0, 1, 2, 3]]


def test_the_list_is_made_at_the_eighth_run_once(monkeypatch):
    made = []
    monkeypatch.setattr(flat, "lower", lambda *a, **k: made.append(1) or lower(*a, **k))
    run = sym.adam_update(W, G, M, V, lr=0.1).bind(args={n: np.ones(10, "f4") for n in "wgmv"}, engine="eager")
    program = program_of(run)
    for k in range(1, 20):
        run.forward()
        assert len(made) == (k >= eager.WORTH_FLATTENING)
    assert len(program.flat.calls) == 14, "a call for each word of the formula; none for numbers, and products with 1"
    assert "14 NumPy calls" in run.debug_str()


lower = flat.lower


def test_a_large_graph_is_walked(monkeypatch):
    monkeypatch.setattr(eager, "WORTH_FLATTENING", 1)
    n = flat.MOST_MEMORY // 8 + 1
    run = (sym.exp(W) * 2 + G * W).bind(args={"w": np.zeros(n), "g": np.ones(n)}, engine="eager")
    run.forward()
    assert program_of(run).flat is None
    assert run.outputs[0].asnumpy()[0] == 2


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(eager, "WORTH_FLATTENING", 1)


def test_an_error_names_its_node_and_nothing_is_written(at_once):
    first = sym.sgd_mom_update(W, G, M, lr=0.5, name="first")
    bad = sym.take(sym.var("table"), sym.var("index"), mode="raise", name="looked")
    arrays = {n: np.ones(2) for n in ("w", "g", "m", "table")} | {"index": np.array([7.0])}
    run = sym.Group([first, bad * 2]).bind(args=arrays, engine="eager", out={"first_output": arrays["w"]})
    for _ in range(2):
        with pytest.raises(MXNetError) as error:
            run.forward()
        assert [note for note in error.value.__notes__ if "%looked = take(" in note and "test_flat.py" in note]
        assert arrays["w"].tolist() == arrays["m"].tolist() == [1, 1]
    arrays["index"][:] = 1
    assert run.forward()[1].tolist() == [2]
    assert arrays["w"].tolist() == [0.5, 0.5]


def test_random_numbers_training_monitors_and_profiles_are_those_of_the_walk(at_once, monkeypatch):
    def see(flat_runs):
        monkeypatch.setattr(eager, "WORTH_FLATTENING", 1 if flat_runs else 100)
        nd.random.seed(7)
        x = np.linspace(-1, 1, 20)
        loss = sym.make_loss(sym.sum(sym.square(sym.Dropout(sym.var("x") * 2, p=0.5, name="drop"))), name="loss")
        run = loss.bind(args={"x": x}, args_grad={"x": np.zeros(20)}, engine="eager")
        found = []
        for train in (True, True, False):
            run.forward(is_train=train)
            run.backward()
            found += [run.outputs[0].asnumpy(), run.grad_dict["x"].asnumpy()]
        seen = run.monitor("drop.*")
        run.forward()
        return bits([*found, seen["drop_output"].asnumpy()]), [row.calls for row in run.profile(steps=2).rows]

    assert see(True) == see(False)


def test_watching_looks_at_every_node(at_once):
    run = sym.log(W, name="low").bind(args={"w": np.array([1.0])}, engine="eager")
    run.forward()
    run.nonfinite = "raise"
    run.arg_dict["w"][:] = -1
    with pytest.raises(MXNetError, match="low_output"):
        run.forward()


def test_numpy_does_not_warn_and_its_settings_stay(at_once):
    with np.errstate(all="raise"):
        run = (W / G).bind(args={"w": np.ones(2), "g": np.zeros(2)}, engine="eager")
        assert run.forward()[0].tolist() == [np.inf, np.inf]
        assert set(np.geterr().values()) == {"raise"}


@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
def test_an_interrupt_that_waited_comes_before_anything_is_written(at_once):
    """A run that is fed defers interrupts, and delivers them between calls."""
    w = np.ones(2)
    run = (sym.exp(W, name="e") + 1).bind(args={"w": w}, engine="eager")
    run.forward(w=np.zeros(2))
    program = program_of(run).flat
    program.calls.insert(1, lambda: os.kill(os.getpid(), signal.SIGINT))
    program.nodes.insert(1, program.nodes[0])
    before = run.outputs[0].asnumpy()
    with pytest.raises(KeyboardInterrupt):
        run.forward(w=np.ones(2))
    np.testing.assert_array_equal(run.outputs[0].asnumpy(), before)
    np.testing.assert_array_equal(w, 0)


@pytest.mark.parametrize("n", [7, 700])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_signs_of_zeros_and_nan(n, dtype):
    x = np.resize(np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 1e-45, -3]), n).astype(dtype)
    graph = sym.sign(sym.var("x")).graph
    same(graph, {"x": x})
    assert np.signbit(steps(graph, {"x": x}, "flat")[0]).sum() == 2 * n // 7


def test_a_graph_of_variables_only():
    x = np.arange(3.0)
    same(Graph(sym.Group([sym.var("a"), sym.var("b")]).graph.outputs), {"a": x, "b": x})
