"""Parameters that are updated within the backward pass get the bits that a step gives them."""

import pytest

torch = pytest.importorskip("torch")

import symbolic.torch as st  # noqa: E402
from symbolic.torch.names import RULES, TORCH  # noqa: E402

NAMES = [name for name in (*TORCH, *RULES) if name in RULES or hasattr(torch.optim, name)]


def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.Tanh(), torch.nn.Linear(7, 3))


def train(module, optimizer, steps=4):
    for i in range(steps):
        module(torch.randn(6, 5, generator=torch.Generator().manual_seed(i))).square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()


@pytest.mark.parametrize("name", NAMES)
def test_bits_are_those_of_a_step(name):
    one, other = network(), network()
    options = {"no_decay": ["*.bias"], "weight_decay": 0.1} if name in ("AdamW", "LAMB", "Lion") else {}
    made = [getattr(st, name)(m.named_parameters(), lr=0.01, **options) for m in (one, other)]
    with st.step_in_backward(made[0]):
        train(one, made[0])
        assert all(p.grad is None for p in one.parameters())
    train(other, made[1])
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters()))
    train(one, made[0], 2)  # and both go on together
    train(other, made[1], 2)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters()))


def test_an_optimizer_for_each_parameter_within_torchs_own_hooks():
    one, other = network(), network()
    each = {p: st.LAMB([p], lr=0.01) for p in one.parameters()}

    def update(p):
        each[p].step()
        each[p].zero_grad()

    for p in one.parameters():
        p.register_post_accumulate_grad_hook(update)
    train(one, torch.optim.SGD(one.parameters()))  # which finds no gradients
    train(other, st.LAMB(other.parameters(), lr=0.01))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters()))


def test_a_gradient_is_gone_before_the_next_is_made():
    module = network()
    seen = []
    optimizer = st.SignSGD(module.parameters())
    handle = st.step_in_backward(optimizer)
    module[0].weight.register_hook(lambda g: seen.append([p.grad is None for p in module.parameters()]))
    module(torch.ones(1, 5)).sum().backward()
    assert seen == [[True] * 4]
    handle.remove()
    module(torch.ones(1, 5)).sum().backward()
    assert all(p.grad is not None for p in module.parameters())


@pytest.mark.parametrize("options", [{"clip_norm": 1.0}, {"nonfinite": "skip"}])
def test_what_needs_all_gradients_is_refused(options):
    optimizer = st.AdamW(network().parameters(), **options)
    with pytest.raises(TypeError, match="needs all gradients at once"):
        st.step_in_backward(optimizer)


def test_an_optimizer_of_torch_is_refused():
    with pytest.raises(TypeError, match="expected an optimizer of symbolic.torch"):
        st.step_in_backward(torch.optim.AdamW(network().parameters()))
