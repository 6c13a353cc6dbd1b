"""Every input and error that torch tests its own optimizers with, against torch's loops over tensors."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("expecttest", reason="torch's own tables of tests need it")

from torch.testing._internal.common_optimizers import OptimizerErrorEnum, optim_db  # noqa: E402

import symbolic.torch as st  # noqa: E402
from symbolic.torch.names import TORCH  # noqa: E402

SHAPES = [(3, 4), (), (1,), (7,), (2, 3, 2), (300,)]
STEPS = 20
INFOS = {info.name: info for info in optim_db if info.name in TORCH}
CASES = [pytest.param(name, given.kwargs, id=f"{name}-{given.desc or 'default'}")
         for name, info in INFOS.items() for given in info.optim_inputs_func(device="cpu")]

KEEPING = [pytest.param(name, kwargs, id=f"{name}-{'-'.join(kwargs)}") for name, kwargs in [
    ("Adam", {"betas": (0.9, 0.9999)}), ("AdamW", {"betas": (0.9, 0.9999)}), ("NAdam", {"betas": (0.9, 0.9999)}),
    ("RAdam", {"betas": (0.9, 0.9999)}), ("Adamax", {"betas": (0.999, 0.9999)}), ("Adadelta", {"rho": 0.999}),
    ("RMSprop", {"alpha": 0.999}), ("RMSprop", {"alpha": 0.999, "momentum": 0.9}),
    ("RMSprop", {"alpha": 0.999, "centered": True}), ("RMSprop", {"alpha": 0.999, "centered": True, "momentum": 0.9}),
    ("SGD", {"lr": 1e-3, "momentum": 0.9, "dampening": 0.999}),
    ("SGD", {"lr": 1e-4, "weight_decay": 0.1, "maximize": True})]]
"""Running means that take up little, of which a rounded beta says nothing exact, and a decay of little."""


def made(dtype, size=1):
    """Return parameters with the same float32 numbers in every dtype; with a size of 0 they are zeros."""
    single = torch.complex64 if dtype.is_complex else torch.float32
    generator = torch.Generator().manual_seed(1)
    return [torch.nn.Parameter(size * torch.randn(shape, dtype=single, generator=generator).to(dtype))
            for shape in SHAPES]


def walk(optimizer, params, steps=STEPS, decades=9):
    """Update parameters with gradients of sizes from 1e-9 to 1, so that every epsilon counts somewhere."""
    generator = torch.Generator().manual_seed(2)
    for _ in range(steps):
        for p in params:
            wide = torch.randn(p.shape, dtype=torch.complex128 if p.is_complex() else torch.float64,
                               generator=generator)
            sizes = 10 ** (decades * (torch.rand(p.shape, dtype=torch.float64, generator=generator) - 1))
            p.grad = (wide * sizes).to(p.dtype)
        optimizer.step()
        optimizer.zero_grad()


def options(kwargs):
    """Return copies: tensors among options are filled in place by schedules."""
    return {k: v.clone() if isinstance(v, torch.Tensor) else v for k, v in kwargs.items()}


def way_off(ours, theirs, start):
    """Return the largest difference as a multiple of the distance moved."""
    way = max(float((b - s).detach().abs().max()) for b, s in zip(theirs, start))
    return max(float((a.detach().to(b.dtype) - b.detach()).abs().max()) for a, b in zip(ours, theirs)) / (way or 1.0)


def test_every_class_of_the_same_name_is_in_torchs_table():
    assert set(INFOS) == {name for name in TORCH if hasattr(torch.optim, name)}


@pytest.mark.parametrize("name, kwargs", CASES)
def test_float64_goes_torchs_way(name, kwargs):
    ours, theirs = made(torch.float64), made(torch.float64)
    walk(getattr(st, name)(ours, **options(kwargs)), ours)
    walk(getattr(torch.optim, name)(theirs, **options(kwargs), foreach=False), theirs)
    assert way_off(ours, theirs, made(torch.float64)) <= 1e-9


@pytest.mark.parametrize("size, decades", [(1, 9), (0, 0)], ids=["tiny gradients", "from zero"])
@pytest.mark.parametrize("name, kwargs", CASES + KEEPING)
def test_float32_is_as_close_to_float64_as_torchs_loop(name, kwargs, size, decades):
    exact, ours, theirs = made(torch.float64, size), made(torch.float32, size), made(torch.float32, size)
    walk(getattr(torch.optim, name)(exact, **options(kwargs), foreach=False), exact, decades=decades)
    walk(getattr(st, name)(ours, **options(kwargs)), ours, decades=decades)
    walk(getattr(torch.optim, name)(theirs, **options(kwargs), foreach=False), theirs, decades=decades)
    off, theirs_off = [way_off(found, exact, made(torch.float64, size)) for found in (ours, theirs)]
    assert off <= 4 * theirs_off


@pytest.mark.parametrize("name", INFOS)
def test_complex_parameters_are_their_real_view(name):
    ours, theirs = made(torch.complex128), made(torch.complex128)
    walk(getattr(st, name)(ours), ours)
    walk(getattr(torch.optim, name)(theirs, foreach=False), theirs)
    assert way_off(ours, theirs, made(torch.complex128)) <= 1e-9


@pytest.mark.parametrize("name", INFOS)
def test_states_are_torchs(name):
    ours, theirs = made(torch.float64), made(torch.float64)
    mine, other = getattr(st, name)(ours), getattr(torch.optim, name)(theirs, foreach=False)
    walk(mine, ours)
    walk(other, theirs)
    for a, b in zip(ours, theirs):
        assert mine.state[a].keys() == other.state[b].keys()
        for key, value in other.state[b].items():
            assert torch.allclose(mine.state[a][key], value.to(mine.state[a][key].dtype), rtol=1e-9, atol=0), key
    assert mine.defaults.keys() == other.defaults.keys()
    assert mine.param_groups[0].keys() == other.param_groups[0].keys()


@pytest.mark.parametrize("there_and_back", [False, True])
@pytest.mark.parametrize("name, kwargs", CASES)
def test_a_state_goes_on_in_torchs_class_and_back(name, kwargs, there_and_back):
    kinds = [getattr(torch.optim, name), getattr(st, name)]
    first, second = kinds if there_and_back else kinds[::-1]
    ours, theirs = made(torch.float64), made(torch.float64)
    before, only = first(ours, **options(kwargs)), kinds[0](theirs, **options(kwargs))
    walk(before, ours, 5)
    after = second(ours, **options(kwargs))
    after.load_state_dict(before.state_dict())
    walk(after, ours, 5)
    back = first(ours, **options(kwargs))
    back.load_state_dict(after.state_dict())
    walk(back, ours, 5)
    for _ in range(3):
        walk(only, theirs, 5)
    assert way_off(ours, theirs, made(torch.float64)) <= 1e-9


@pytest.mark.parametrize("name", INFOS)
@pytest.mark.filterwarnings("ignore:optimizer contains a parameter group with duplicate parameters")
def test_errors_are_torchs(name):
    for case in INFOS[name].optim_error_inputs_func(device="cpu", dtype=torch.float32):
        given = case.optimizer_error_input
        params = given.params if given.params is not None else [torch.nn.Parameter(torch.randn(1, 1))]
        if case.error_on is OptimizerErrorEnum.CONSTRUCTION_ERROR:
            if issubclass(case.error_type, Warning):
                with pytest.warns(case.error_type, match=case.error_regex):
                    getattr(st, name)(params, **given.kwargs)
            else:
                with pytest.raises(case.error_type, match=case.error_regex):
                    getattr(st, name)(params, **given.kwargs)
        else:
            optimizer = getattr(st, name)(params, **given.kwargs)
            with pytest.raises(case.error_type, match=case.error_regex):
                optimizer.step()


def test_averages_are_torchs_from_t0_on():
    ours, theirs = made(torch.float64), made(torch.float64)
    mine, other = (module.ASGD(params, lr=0.1, t0=3.0, lambd=0.01)
                   for module, params in ((st, ours), (torch.optim, theirs)))
    walk(mine, ours, 10)
    walk(other, theirs, 10)
    for a, b in zip(ours, theirs):
        for key, value in other.state[b].items():
            assert mine.state[a][key].dtype == value.dtype
            assert torch.allclose(mine.state[a][key], value, rtol=1e-9, atol=1e-12), key


@pytest.mark.parametrize("name, words", [("NAdam", ["mu_product"]), ("ASGD", ["eta", "mu"])])
def test_numbers_of_older_versions_are_pythons(name, words):
    w, = params = [torch.nn.Parameter(torch.ones(3))]
    optimizer = getattr(st, name)(params)
    walk(optimizer, params, 3)
    saved = optimizer.state_dict()
    kept = {word: saved["state"][0][word].clone() for word in words}
    saved["state"][0] |= {word: float(number) for word, number in kept.items()}
    optimizer.load_state_dict(saved)
    for word, number in kept.items():
        assert optimizer.state[w][word].dtype == torch.float32 and torch.equal(optimizer.state[w][word], number)
    walk(optimizer, params, 1)
