"""The look at tensors' memory: what it sees to have changed, and what only torch may answer."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import symbolic.torch as st  # noqa: E402
from symbolic.torch import held, look, tensors  # noqa: E402


@pytest.fixture(params=["machine code", "torch"])
def looks(request, monkeypatch):
    """Both ways to find out."""
    if request.param == "torch":
        for module in (held, tensors):
            monkeypatch.setattr(module, "looks", lambda: None)
    elif look.looks() is None:
        pytest.skip("no look proves itself here")


def stepped(param, **options):
    """Return a parameter after one step by a gradient of ones, and its optimizer."""
    optimizer = st.SGD([param], lr=0.5, momentum=0.5, **options)
    param.grad = torch.ones_like(param)
    optimizer.step()
    return optimizer


def test_it_proves_itself_with_this_torch():
    pytest.importorskip("llvmlite")
    assert look.looks() is not None


@pytest.mark.parametrize("other", [
    lambda: torch.zeros(3, 2), lambda: torch.zeros(2, 3, dtype=torch.float64), lambda: torch.zeros(3, 2).t(),
    lambda: torch.zeros(6), lambda: torch.zeros(2, 3).to_sparse(), lambda: torch.zeros(2, 3, device="meta"),
    lambda: torch.nn.Parameter(torch.zeros(2, 3)), lambda: None,
    lambda: torch._neg_view(torch.zeros(2, 3)), lambda: torch.zeros(2, 6)[:, ::2],
    lambda: torch.zeros(2, 3, dtype=torch.complex64).conj().imag, lambda: torch.zeros(1).expand(2, 3)])
def test_another_kind_of_tensor_is_seen(looks, other):
    like = tensors.Like([torch.zeros(2, 3), torch.ones(2, 3)])
    assert like([torch.ones(2, 3), torch.ones(2, 3)]) and not like([torch.zeros(2, 3), other()])
    assert not like([torch.zeros(2, 3)])


def test_addresses_are_those_of_the_first_elements(looks):
    base = torch.zeros(40, dtype=torch.float64)
    given = [base[3:9], base[10:16].view(2, 3), base[0], torch.zeros(0),
             base.as_strided((2, 1, 2, 1, 2, 1), (9, 8, 3, 2, 1, 1), 7)]
    like = tensors.Like(given)
    assert like.where(given).tolist() == [t.data_ptr() for t in given]
    moved = [t.clone(memory_format=torch.preserve_format) if t.dim() < 6 else base.as_strided(t.shape, t.stride(), 11)
             for t in given]
    assert like.where(moved).tolist() == [t.data_ptr() for t in moved]


@pytest.mark.parametrize("which", ["gradient", "parameter", "state"])
def test_elements_that_are_not_aligned_are_copied_for_the_step(looks, which):
    def odd(values):
        found = np.frombuffer(bytearray(1 + 4 * len(values)), np.float32, len(values), 1)
        found[:] = values
        return torch.from_numpy(found)

    param = torch.nn.Parameter(torch.zeros(3))
    optimizer = stepped(param)
    if which == "parameter":
        param.data = odd(param.tolist())
    if which == "state":
        optimizer.state[param]["momentum_buffer"] = odd([1.0] * 3)
    for _ in range(2):
        param.grad = odd([1.0] * 3) if which == "gradient" else torch.ones(3)
        optimizer.step()
    assert param.tolist() == [-0.5 - 0.75 - 0.875] * 3


@pytest.mark.skipif(not hasattr(torch, "_lazy_clone"), reason="this torch has no lazy copies")
def test_a_lazy_copy_is_made_before_it_is_written(looks):
    kept = torch.ones(4)
    param = torch.nn.Parameter(torch.zeros(4))
    optimizer = stepped(param)
    param.data = torch._lazy_clone(kept)
    param.grad = torch.ones(4)
    optimizer.step()
    assert kept.tolist() == [1.0] * 4 and param.tolist() == [1 - 0.75] * 4


def test_a_state_that_was_turned_around_is_walked_in_its_new_order(looks):
    param = torch.nn.Parameter(torch.zeros(2, 2))
    optimizer = stepped(param)
    momentum = optimizer.state[param]["momentum_buffer"]
    momentum.copy_(torch.tensor([[0.0, 2.0], [4.0, 6.0]])).t_()
    param.data.zero_()
    param.grad = torch.zeros(2, 2)
    optimizer.step()
    assert param.tolist() == [[0.0, -1.0], [-0.5, -1.5]]


@pytest.mark.parametrize("change", ["put", "deleted", "another dict", "data", "cleared"])
def test_a_state_that_somebody_changes_is_used(looks, change):
    param, other = torch.nn.Parameter(torch.zeros(3)), torch.nn.Parameter(torch.zeros(3))
    optimizer = st.AdamW([param, other], lr=0.5)
    twin = torch.optim.AdamW([p := torch.nn.Parameter(torch.zeros(3)), q := torch.nn.Parameter(torch.zeros(3))], lr=0.5)
    for k in range(4):
        for optim, pair in ((optimizer, (param, other)), (twin, (p, q))):
            for x in pair:
                x.grad = torch.tensor([1.0, -2.0, 0.5 * k])
            optim.step()
            state = optim.state[pair[0]]
            if k == 1 and change == "put":
                state["exp_avg"] = torch.full((3,), 0.25)
            elif k == 1 and change == "deleted":
                state.clear()
            elif k == 1 and change == "another dict":
                optim.state[pair[0]] = {key: value.clone() + 1 for key, value in state.items()}
            elif k == 1 and change == "data":
                state["exp_avg_sq"].data = torch.full((3,), 0.5)
            elif k == 1:
                optim.state.clear()
    torch.testing.assert_close(param, p)
    torch.testing.assert_close(other, q)


def test_versions_of_all_that_is_written_go_up(looks):
    param = torch.nn.Parameter(torch.zeros(3))
    optimizer = stepped(param)
    momentum = optimizer.state[param]["momentum_buffer"]
    before = param._version, momentum._version
    param.grad = torch.ones(3)
    optimizer.step()
    assert (param._version, momentum._version) == (before[0] + 1, before[1] + 1)
