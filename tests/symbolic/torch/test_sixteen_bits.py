"""Parameters of bfloat16 and float16: computed in float32, rounded once, in place."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")
st = pytest.importorskip("symbolic.torch")

BOTH = pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
OPTIONS = {"SGD": {"lr": 0.01, "momentum": 0.9, "nesterov": True}, "RMSprop": {"lr": 0.01, "centered": True, "eps": 0.01},
           "Adam": {"amsgrad": True, "eps": 1e-4}, "AdamW": {"eps": 1e-4}, "NAdam": {"eps": 1e-4}, "RAdam": {}, "Rprop": {},
           "ASGD": {}, "Adagrad": {}, "Adadelta": {"lr": 1.0, "eps": 1e-4}, "Adamax": {"eps": 1e-4}}


def parameters(dtype, seed, *shapes):
    torch.manual_seed(seed)
    return [torch.nn.Parameter(torch.randn(shape).to(dtype)) for shape in shapes]


def errors(name, dtype, cls, wide):
    """Return the mean error of single steps, in parts of what one rounding of the weights makes."""
    found = []
    for seed in range(3):
        ps = parameters(dtype, seed, (40, 7), (33,), (1,))
        exact = [torch.nn.Parameter(p.detach().to(wide)) for p in ps]
        for p, q in zip(ps, exact):
            p.grad = torch.randn_like(p)
            q.grad = p.grad.to(wide)
        given = {"lr": 0.01, **OPTIONS[name]}
        cls(ps, **given).step()
        getattr(torch.optim, name)(exact, foreach=False, **given).step()
        found += [(p.to(wide) - q).abs().mean().item() for p, q in zip(ps[:2], exact)]
    return np.mean(found)


@BOTH
@pytest.mark.parametrize("name", [name for name in OPTIONS if hasattr(st, name)])
def test_a_step_is_at_least_as_exact_as_torchs(name, dtype):
    """torch's loop rounds every operation; ours rounds the weight and its states."""
    ours = errors(name, dtype, getattr(st, name), torch.float64)
    theirs = errors(name, dtype, lambda ps, **o: getattr(torch.optim, name)(ps, foreach=False, **o), torch.float64)
    assert ours <= 1.01 * theirs


@BOTH
@pytest.mark.parametrize("name", ["AdamW", "LAMB", "LARS", "Lion", "SignSGD", "FTRL"])
def test_it_is_the_step_of_float32_rounded(name, dtype):
    short = parameters(dtype, 0, (300, 5), (7,))
    wide = [torch.nn.Parameter(p.detach().float()) for p in short]
    for p, q in zip(short, wide):
        p.grad = torch.randn_like(p)
        q.grad = p.grad.float()
    mine, other = (getattr(st, name)(ps, lr=0.1) for ps in (short, wide))
    mine.step()
    other.step()
    for p, q in zip(short, wide):
        assert torch.equal(p, q.to(dtype))
        for word, state in mine.state[p].items():
            assert state.dtype == (torch.float32 if word == "step" else dtype)
            assert torch.equal(state, other.state[q][word].to(state.dtype))


@BOTH
def test_gradients_are_bounded_together(dtype):
    """The norm is of the gradients as they are; clipping happens in float32."""
    short = parameters(dtype, 1, (50, 3), (1,))
    wide = [torch.nn.Parameter(p.detach().float()) for p in short]
    for p, q in zip(short, wide):
        p.grad = torch.randn_like(p)
        q.grad = p.grad.float()
    for ps in (short, wide):
        st.SGD(ps, lr=0.5, clip_norm=0.25).step()
    assert all(torch.equal(p, q.to(dtype)) for p, q in zip(short, wide))


@BOTH
def test_memory_of_other_orders(dtype):
    image = torch.randn(2, 3, 4, 5).to(dtype).to(memory_format=torch.channels_last)
    a, b = torch.nn.Parameter(image.clone(memory_format=torch.preserve_format)), torch.nn.Parameter(image.contiguous())
    a.grad = torch.randn_like(b)
    b.grad = a.grad.clone()
    for p in (a, b):
        st.AdamW([p]).step()
    assert torch.equal(a, b) and a.is_contiguous(memory_format=torch.channels_last)


@BOTH
def test_states_survive(dtype):
    ps = parameters(dtype, 2, (30,))
    one = st.AdamW(ps)
    for _ in range(2):
        ps[0].grad = torch.ones_like(ps[0])
        one.step()
    again = st.AdamW([torch.nn.Parameter(ps[0].detach().clone())])
    again.load_state_dict(copy.deepcopy(one.state_dict()))  # torch shares the tensors
    other, = again.param_groups[0]["params"]
    for p, optimizer in ((ps[0], one), (other, again)):
        p.grad = torch.full_like(p, 0.5)
        optimizer.step()
    assert torch.equal(ps[0], other)


def test_without_a_compiler(monkeypatch):
    from ndarray.kernels import machine_code

    runs = []
    for available in (True, False):
        monkeypatch.setattr(machine_code, "available", lambda available=available: available)
        ps = parameters(torch.bfloat16, 3, (30, 2))
        ps[0].grad = torch.randn_like(ps[0])
        st.optimizer("adabelief")(ps, lr=0.1, clip_norm=1.0).step()
        runs.append(ps[0].detach())
    assert torch.equal(*runs)


KINDS = ("master", "stochastic", "kahan")


def walked(ps, optimizer, steps=5, start=0):
    for k in range(start, start + steps):
        generator = torch.Generator().manual_seed(k)
        for p in ps:
            p.grad = torch.randn(p.shape, generator=generator).to(p.dtype)
        optimizer.step()


@BOTH
@pytest.mark.parametrize("name", ["AdamW", "SGD", "LAMB", "LARS"])
def test_a_master_is_the_path_of_float32(name, dtype):
    options = {"momentum": 0.9} if name in ("SGD", "LARS") else {"weight_decay": 0.1}
    short = parameters(dtype, 4, (37, 5), (11,), ())
    wide = [torch.nn.Parameter(p.detach().float()) for p in short]
    mine = getattr(st, name)(short, lr=1e-3, precision="master", **options)
    other = getattr(st, name)(wide, lr=1e-3, **options)
    for k in range(5):
        walked(short, mine, 1, k)
        for p, q in zip(short, wide):
            q.grad = p.grad.float()
        other.step()
    for p, q in zip(short, wide):
        assert torch.equal(mine.state[p]["weight32"], q) and torch.equal(p, q.to(dtype))


def test_small_steps_arrive():
    for precision in KINDS:
        torch.manual_seed(0)
        p = torch.nn.Parameter(torch.ones(20_000, dtype=torch.bfloat16))
        optimizer = st.SGD([p], lr=1e-4, precision=precision)
        for _ in range(100):
            p.grad = torch.ones_like(p)
            optimizer.step()
        # Of a random rounding the deviation is below half a digit, 2 ** -9; five deviations of the mean.
        error = 5 * 10 * 2.0 ** -9 / 20_000 ** 0.5 if precision == "stochastic" else 2.0 ** -8
        assert abs(1 - p.double().mean().item() - 0.01) < error, precision


@pytest.mark.parametrize("precision", KINDS)
def test_a_life_with_precision(precision, tmp_path):
    """States in other memory orders; saved, loaded and gone on with, bit for bit; keys follow from torch's seed."""
    runs = []
    for cut in (False, True):
        torch.manual_seed(7)
        image = torch.randn(2, 3, 4, 5).bfloat16().to(memory_format=torch.channels_last)
        ps = [torch.nn.Parameter(image), torch.nn.Parameter(torch.randn(9).bfloat16())]
        optimizer = st.AdamW(ps, precision=precision)
        walked(ps, optimizer, 2)
        if cut:
            torch.save([optimizer.state_dict(), [p.detach() for p in ps]], tmp_path / "saved")
            state, values = torch.load(tmp_path / "saved", weights_only=True)
            ps = [torch.nn.Parameter(v) for v in values]
            optimizer = st.AdamW(ps, precision=precision)
            optimizer.load_state_dict(state)
        walked(ps, optimizer, 2, 2)
        runs.append([p.detach() for p in ps] + [s for p in ps for s in optimizer.state[p].values()])
    assert all(torch.equal(a, b) for a, b in zip(*runs, strict=True))


def test_precisions_are_known():
    with pytest.raises(ValueError, match="AdamW: precision must be 'master', 'stochastic', 'kahan' or None, got 'half'"):
        st.AdamW([torch.nn.Parameter(torch.ones(1))], precision="half")


def test_adamw_in_bfloat16_moves_14_bytes_a_parameter():
    from benchmarks.torch_door import moved

    w, = parameters(torch.bfloat16, 0, (64, 64))
    optimizer = st.AdamW([w])
    w.grad = torch.ones_like(w)
    optimizer.step()
    assert moved(optimizer) == 14
