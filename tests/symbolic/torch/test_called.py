"""Rules that are more than loops, such as products of matrices: their calls follow the memory, and nothing is torn."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("llvmlite")

import symbolic.torch as st  # noqa: E402
from ndarray import registry  # noqa: E402
from ndarray.kernels import machine_code  # noqa: E402
from ndarray.operator import operator  # noqa: E402
from ndarray.params import Scalar  # noqa: E402
from ndarray.rules import same_floating  # noqa: E402

RULES = ["muon", "soap", "shampoo", "adafactor_mom", "came", "sm3", "adamp", "contrib_group_adagrad"]
SHAPES = (12, 7), (5,), (3, 4, 2, 2), (1,), (9, 9)


def parameters(dtype=torch.float32):
    random = torch.Generator().manual_seed(0)
    return [torch.nn.Parameter(torch.randn(shape, generator=random).to(dtype)) for shape in SHAPES]


def steps(optimizer, params, n=5, before=lambda step: None, without=()):
    """Step with gradients of fresh memory; `without` has pairs of step and parameter."""
    random = torch.Generator().manual_seed(1)
    for step in range(n):
        for k, p in enumerate(params):
            g = torch.randn(p.shape, generator=random).to(p.dtype)
            p.grad = None if (step, k) in without else g
        before(step)
        optimizer.step()


def content(optimizer, params):
    states = [state for p in params for state in optimizer.state.get(p, {}).values() if isinstance(state, torch.Tensor)]
    return [t.detach().clone() for t in (*params, *states)]


def all_equal(a, b):
    return len(a) == len(b) and all(map(torch.equal, a, b))


def no_loops(monkeypatch):
    """Have the next kinds computed by eager operators."""
    monkeypatch.setattr(machine_code, "available", lambda: False)
    monkeypatch.setattr("symbolic.torch.program._kinds", type(st.program._kinds)(64))


def calls_of(optimizer):
    return [kind.calls for kind in optimizer._runner()._kinds]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("name", RULES)
def test_a_step_is_that_of_the_eager_operator(name, dtype, monkeypatch):
    found = []
    for loops in (True, False):
        if not loops:
            no_loops(monkeypatch)
        params = parameters(dtype)
        optimizer = st.optimizer(name)(params, lr=0.01, weight_decay=0.1) if "group" not in name else st.optimizer(
            name)(params, lr=0.01)
        schedule = lambda step, optimizer=optimizer: optimizer.param_groups[0].update(lr=0.01 / (1 + step))
        steps(optimizer, params, before=schedule, without={(1, 0), (2, 4), (3, 2)})
        assert any(calls_of(optimizer)) is loops
        found.append(content(optimizer, params))
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5 if dtype != torch.bfloat16 else 8e-3, atol=1e-6)


@pytest.mark.parametrize("name", RULES)
def test_memory_may_move_between_steps(name):
    a, b = parameters(), parameters()
    stays, moves = st.optimizer(name)(a, lr=0.01), st.optimizer(name)(b, lr=0.01)
    kept = []

    def move(step):
        if step == 0:
            return
        for k, p in enumerate(b):
            if (step + k) % 2:
                kept.append(p.data)
                p.data = p.data.clone()
                for word, state in moves.state[p].items():
                    if isinstance(state, torch.Tensor):
                        kept.append(state)
                        moves.state[p][word] = state.clone()

    steps(stays, a)
    steps(moves, b, before=move)
    assert all_equal(content(stays, a), content(moves, b))
    assert kept


@pytest.mark.parametrize("name", RULES)
def test_a_schedule_binds_nothing_again(name, monkeypatch):
    params = parameters()
    optimizer = st.optimizer(name)(params, lr=0.01)
    steps(optimizer, params, 1)
    monkeypatch.setattr("symbolic.torch.runner.Program", None)
    monkeypatch.setattr("symbolic.torch.called.Movable", None)
    optimizer.param_groups[0]["lr"] = 0.02
    steps(optimizer, params, 2, without={(1, 3)})


@pytest.mark.parametrize("word, name, steps_before", [("qr", "soap", 10), ("eigh", "soap", 0), ("eigh", "shampoo", 0)])
def test_a_decomposition_that_fails_leaves_everything(word, name, steps_before, monkeypatch):
    """Also tensors of the same step whose own decomposition was done, or that need none."""
    params = parameters()
    optimizer = st.optimizer(name)(params, lr=0.01)
    if steps_before:
        steps(optimizer, params, steps_before)
    before, seen, function = content(optimizer, params), [], getattr(np.linalg, word)

    def failing(*args, **kwargs):
        seen.append(args)
        if len(seen) == 3:
            raise np.linalg.LinAlgError("does not converge")
        return function(*args, **kwargs)

    monkeypatch.setattr(np.linalg, word, failing)
    with pytest.raises(np.linalg.LinAlgError):
        steps(optimizer, params, 1)
    after = content(optimizer, params)
    assert all_equal(before[:len(params)], after[:len(params)])
    assert all_equal(before, after) if steps_before else not any(map(torch.count_nonzero, after[len(params):]))
    steps(optimizer, params, 2)  # SOAP's first one only learns its bases.
    assert not all_equal(before[:len(params)], content(optimizer, params)[:len(params)])


@pytest.mark.parametrize("name", RULES)
def test_weights_in_another_order_are_updated_as_well(name):
    found = []
    for layout in (torch.contiguous_format, torch.channels_last):
        random = torch.Generator().manual_seed(0)
        p = torch.nn.Parameter(torch.randn(4, 3, 5, 2, generator=random).contiguous(memory_format=layout))
        optimizer = st.optimizer(name)([p], lr=0.01)
        steps(optimizer, [p])
        found.append(p.detach().contiguous())
    torch.testing.assert_close(*found, rtol=1e-5, atol=1e-6)


def test_functions_of_numbers_are_left_to_the_host(monkeypatch):
    """AdEMAMix takes logarithms of its decays: its loops are those of one kind for tensors of all sizes."""
    found = []
    for loops in (True, False):
        if not loops:
            no_loops(monkeypatch)
        params = parameters()
        optimizer = st.AdEMAMix(params, lr=0.01, beta3_steps=4, alpha_steps=3)
        steps(optimizer, params, 6)
        if loops:
            kinds = optimizer._runner()._kinds
            assert not any(kind.calls for kind in kinds) and kinds[0].flow is kinds[1].flow
            assert kinds[0].host is not None
        found.append(content(optimizer, params))
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-7)


def test_functions_of_elements_are_calls():
    """Of a user's own rule, one tensor's length is not another's."""
    if registry.find("my_called_update") is None:
        @operator(same_floating, writes=("trace",), fusible=True, kind="update")
        def my_called_update(xp, weight, grad, trace, /, *, lr: Scalar, keep: Scalar = 0.5):
            number = xp.exp(xp.as_scalar(keep, weight.dtype))
            trace = number * trace + xp.exp(-grad * grad)
            return weight - lr * trace, trace

    params = parameters()
    optimizer = st.optimizer("my_called")(params, lr=0.5, keep=0.25)
    weights, traces = [p.detach().numpy().copy() for p in params], [np.zeros(s, np.float32) for s in SHAPES]

    def expect(step):
        for k, p in enumerate(params):
            g = p.grad.numpy()
            traces[k] = np.exp(np.float32(0.25)) * traces[k] + np.exp(-g * g)
            weights[k] = weights[k] - np.float32(0.5) * traces[k]

    steps(optimizer, params, before=expect)
    assert all(calls_of(optimizer))
    for p, weight, trace in zip(params, weights, traces):
        np.testing.assert_allclose(p.detach().numpy(), weight, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(optimizer.state[p]["trace"].numpy(), trace, rtol=1e-5)


@pytest.mark.parametrize("name", RULES)
def test_a_gradient_may_begin_in_the_memory_of_its_weights(name):
    found = []
    for shared in (True, False):
        params = parameters()
        optimizer = st.optimizer(name)(params, lr=0.01)
        for p in params:
            p.grad = p.detach() if shared else p.detach().clone()
        optimizer.step()
        steps(optimizer, params, 2)
        found.append(content(optimizer, params))
    assert all_equal(*found)
