"""The class of any declared rule, a user's own included, computes what its eager operator computes."""

import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import symbolic.torch as st  # noqa: E402
from ndarray import registry  # noqa: E402
from ndarray.kernels import machine_code  # noqa: E402
from ndarray.operator import operator  # noqa: E402
from ndarray.params import Scalar  # noqa: E402
from ndarray.rules import same_floating  # noqa: E402
from symbolic.optimizers.rules import candidates, make_rule  # noqa: E402

EVERY = {op.name for ops in candidates().values() for op in ops if op.compute.__module__.startswith("ndarray.ops.")}
SHARED = sorted(name for name in EVERY if make_rule(name).shared_states)
OPERATORS = sorted(name for name in EVERY.difference(SHARED) if not registry.get(name).update.keys)


def run(cls, dtype):
    generator = torch.Generator().manual_seed(0)
    params = [torch.nn.Parameter(torch.randn(shape, dtype=dtype, generator=generator)) for shape in [(3, 4), (5, 2)]]
    optimizer = cls(params, lr=0.01)
    for _ in range(3):
        for p in params:
            p.grad = torch.randn(p.shape, dtype=dtype, generator=generator)
        optimizer.step()
    return params


@pytest.mark.parametrize("name", OPERATORS)
def test_a_step_has_the_bits_of_the_eager_operator(name, monkeypatch):
    cls = st.optimizer(name)
    assert st.optimizer(name) is cls and pickle.loads(pickle.dumps(cls)) is cls
    fused = run(cls, torch.float32)
    monkeypatch.setattr(machine_code, "available", lambda: False)
    monkeypatch.setattr("symbolic.torch.program._kinds", type(st.program._kinds)(8))
    eager = run(cls, torch.float32)
    for a, b in zip(fused, eager):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", SHARED)
def test_a_rule_whose_state_all_tensors_share_is_refused(name):
    with pytest.raises(TypeError, match="all tensors share"):
        st.optimizer(name)


def test_a_rule_takes_a_parameter_without_axes():
    for name in ("Shampoo", "SOAP", "AdamP", "SM3", "CAME"):
        w = torch.nn.Parameter(torch.tensor(1.0))
        w.grad = torch.tensor(1.0)
        optimizer = getattr(st, name)([w], lr=0.1)
        for _ in range(2):  # The first of SOAP only learns its bases.
            optimizer.step()
        assert 0 < float(w.detach()) < 1


def test_a_users_own_rule_is_an_optimizer():
    registered = registry.find("my_torch_rule_update")
    if registered is None:
        @operator(same_floating, writes=("trace",), fusible=True, kind="update")
        def my_torch_rule_update(xp, weight, grad, trace, /, *, lr: Scalar, keep: Scalar = 0.5, wd: Scalar = 0.0):
            trace = keep * trace + grad
            return weight - lr * (trace + wd * weight), trace

    cls = st.optimizer("my_torch_rule")
    assert issubclass(cls, torch.optim.Optimizer) and cls is st.my_torch_rule_update
    w = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    optimizer = cls([w], lr=0.5, keep=0.25, weight_decay=0.1)
    weight, trace = np.array([1.0, -2.0], np.float32), np.zeros(2, np.float32)
    for g in ([1.0, 2.0], [0.5, -1.0]):
        w.grad = torch.tensor(g)
        optimizer.step()
        trace = np.float32(0.25) * trace + np.array(g, np.float32)
        weight = weight - np.float32(0.5) * (trace + np.float32(0.1) * weight)
    np.testing.assert_allclose(w.detach().numpy(), weight, rtol=1e-6)
    assert torch.equal(optimizer.state[w]["trace"], torch.from_numpy(trace))


def test_an_unknown_rule_is_named_with_its_neighbours():
    with pytest.raises(KeyError, match="no update rule named 'lamp'.*lamb"):
        st.optimizer("lamp")
    with pytest.raises(AttributeError, match="LAMB"):
        st.LAMP


@pytest.mark.parametrize("name, shared", [("AdamW", True), ("LAMB", True), ("adafactor", False)])
def test_tensors_of_other_shapes_have_one_flow_unless_a_number_depends_on_the_size(name, shared):
    pytest.importorskip("llvmlite")
    cls = getattr(st, name) if hasattr(st, name) else st.optimizer(name)
    params = [torch.nn.Parameter(torch.ones(shape)) for shape in ((5,), (7,))]
    optimizer = cls(params, lr=0.1)
    for p in params:
        p.grad = torch.ones_like(p)
    optimizer.step()
    first, second = optimizer._runner()._kinds
    assert (first.flow is second.flow) == shared


def test_the_package_shows_its_classes_and_functions_alone():
    given = {}
    exec("from symbolic.torch import *", given)
    given.pop("__builtins__")
    assert dir(st) == st.__all__ == sorted(given)
    classes = [each for each in given.values() if isinstance(each, type)]
    assert all(issubclass(each, torch.optim.Optimizer) for each in classes)
    assert {each.__name__ for each in given.values() if each not in classes} == {"optimizer", "step_in_backward"}


@pytest.mark.parametrize("shape", [(64, 64), (100, 160), (160, 100), (200, 150)])
def test_muon_in_bfloat16_is_about_as_close_to_the_exact_iteration_as_torchs(shape):
    options = {"lr": 1e-2, "weight_decay": 0.1}
    muon, ways = st.optimizer("muon"), []
    for make in (muon, lambda p, **given: muon(p, matmul_precision="bfloat16", **given), torch.optim.Muon):
        random = torch.Generator().manual_seed(0)
        weight = torch.nn.Parameter(0.1 * torch.randn(shape, generator=random))
        start, optimizer = weight.detach().clone(), make([weight], **options)
        for _ in range(20):
            weight.grad = torch.randn(shape, generator=random)
            optimizer.step()
        ways.append(weight.detach() - start)
    exact, ours, theirs = ways
    off, allowed = ((way - exact).norm() / exact.norm() for way in (ours, theirs))
    assert 1e-4 < off < 2 * allowed < 0.02
