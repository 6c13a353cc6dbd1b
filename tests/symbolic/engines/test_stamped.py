"""Tensors that are treated alike are recorded once and stamped; no bit of a result shows it."""

import hashlib

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import symbolic as sym
from ndarray import registry
from ndarray.kernels import machine_code
from ndarray.kernels.threads import get_num_threads, set_num_threads
from symbolic.engines import fused

RULES = ["lars", *sorted({op.name for op in map(registry.get, registry.names())
                          if op.update is not None and not op.update.keys})]
SHAPES = [(3,), (4, 5), (1,), (70_000,), (7, 3), (1,), (300_001,), (5, 4), (2, 2, 2), (66_000,)]


@pytest.fixture(autouse=True)
def threads():
    before = get_num_threads()
    yield
    set_num_threads(before)


def hashed(step, shapes, stamped, monkeypatch, threads=2, dtypes=None, in_place=()):
    """Return a hash of everything bound after some steps, and whether the step was stamped."""
    with monkeypatch.context() as patch:
        if not stamped:
            patch.setattr(fused, "_stamped", lambda *_: None)
        set_num_threads(threads)
        first = step.simple_bind(engine="eager", type_dict=dtypes, **shapes)
        random = np.random.default_rng(0)
        arrays = {name: (random.random(a.shape) + 0.5).astype(a.dtype)
                  for name, a in (first.arg_dict | first.aux_dict).items()}
        out = {f"{name}_step_output": arrays[name] for name in in_place}
        run = step.bind(args=arrays, out=out, engine="fused")
        for _ in range(3):
            run.forward()
        memory = [*arrays.values(), *(o.asnumpy() for o in run.outputs)]
    return hashlib.sha256(b"".join(a.tobytes() for a in memory)).digest(), "stamped" in run.debug_str()


def both(step, shapes, monkeypatch, threads=(1, 3), **more):
    """Return whether a step was stamped, having seen that this changes no bit."""
    plain, _ = hashed(step, shapes, False, monkeypatch, threads=1, **more)
    found = [hashed(step, shapes, True, monkeypatch, threads=n, **more) for n in threads]
    assert {digest for digest, _ in found} == {plain}
    return found[0][1]


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_has_the_same_bits_stamped(rule, monkeypatch):
    names = [f"w{i}" for i in range(len(SHAPES))]
    step = sym.optimizers.update(names, rule, wd_mult={"w1": 0.0, "w3": 0.5} if rule == "lars" else None)
    shapes = {name: shape if "group" not in rule else (shape[0], 2) for name, shape in zip(names, SHAPES)}
    both(step, shapes, monkeypatch, threads=(2,))


@pytest.mark.parametrize("rule", ["sgd_mom", "adam", "lamb", "lars"])
def test_tensors_without_elements_are_stamped_too(rule, monkeypatch):
    found = []
    for stamped in (True, False):
        weights = {f"w{i}": np.ones((3 + i % 2, 2) if i % 3 else (0, 2), "f4") for i in range(9)}
        with monkeypatch.context() as patch:
            if not stamped:
                patch.setattr(fused, "_stamped", lambda *_: None)
            trainer = sym.optimizers.Trainer(sym.optimizers.update(list(weights), rule), weights, lr=0.1, engine="fused")
        assert ("stamped" in trainer.executor.debug_str()) == (stamped and machine_code.available())
        trainer.step(**{f"{name}_grad": np.full_like(w, 0.5) for name, w in weights.items()})
        found.append([w.tobytes() for w in weights.values()])
    assert found[0] == found[1] and len({*found[0]}) == 3


def test_momentum_and_adam_and_the_norms_of_lars_and_lamb_are_stamped(monkeypatch):
    names = [f"w{i}" for i in range(len(SHAPES))]
    for rule, more in (("sgd", {"momentum": 0.9}), ("adam", {}), ("lars", {}), ("lamb", {}), ("signum", {})):
        assert both(sym.optimizers.update(names, rule, **more), dict(zip(names, SHAPES)), monkeypatch), rule


def test_kinds_are_mixed(monkeypatch):
    shapes, parts, lr = {}, [], sym.var("lr")
    for i in range(12):
        w, g, m = (sym.var(f"{k}{i}") for k in "wgm")
        parts.append(sym.sgd_mom_update(w, g, m, lr=lr, momentum=0.5, name=f"w{i}_step") if i % 3 else
                     sym.signsgd_update(w, g, lr=lr * 2 if i else 0.25, name=f"w{i}_step"))
        shapes |= {f"w{i}": (50_000 + i,) if i % 2 else (i + 2, 3)}
    assert both(sym.Group(parts), shapes, monkeypatch, in_place=[f"w{i}" for i in range(12)])


def test_dtypes_are_mixed(monkeypatch):
    step = sym.Group([sym.adam_update(*(sym.var(f"{k}{i}") for k in "wgmv"), lr=0.1, name=f"w{i}_step")
                      for i in range(8)])
    dtypes = {f"w{i}": "float64" if i % 2 else "float32" for i in range(8)}
    assert both(step, {f"w{i}": (100 + i,) for i in range(8)}, monkeypatch, dtypes=dtypes)


def test_what_ties_all_tensors_is_not_stamped_and_right(monkeypatch):
    names = [f"w{i}" for i in range(6)]
    step = sym.optimizers.update(names, "sgd", momentum=0.9, clip_norm=1.0)
    assert not both(step, {name: (40, i + 2) for i, name in enumerate(names)}, monkeypatch)


def test_an_array_that_another_tensor_reads_is_not_stamped(monkeypatch):
    """The second update reads the old value of what the first one writes."""
    w = [sym.var(f"w{i}") for i in range(4)]
    step = sym.Group([sym.sgd_update(w[i], w[i - 1], lr=0.5, name=f"w{i}_step") for i in range(4)])
    assert not both(step, {f"w{i}": (9,) for i in range(4)}, monkeypatch, in_place=[f"w{i}" for i in range(4)])


@pytest.mark.parametrize("sizes", [(3_000,) * 40, (20_000,) * 20, (70_001, 13, 66_000, 300) * 6], ids=str)
def test_norms_and_updates_tensor_by_tensor_never_mix(sizes, monkeypatch):
    """Threads are at different phases of different tensors, for many steps."""
    names, found = [f"w{i}" for i in range(len(sizes))], set()
    step = sym.optimizers.update(names, "lamb")
    for threads in (1, 2, 3):
        set_num_threads(threads)
        run = step.simple_bind(engine="fused", **{name: (n,) for name, n in zip(names, sizes)})
        random = np.random.default_rng(0)
        for a in run.arg_dict.values():
            a[:] = (random.random(a.shape) + 0.5).astype(a.dtype)
        for _ in range(40):
            run.forward()
        assert ", 0 tensor by tensor" not in run.debug_str()
        found.add(hashlib.sha256(b"".join(o.asnumpy().tobytes() for o in run.outputs)).digest())
    assert len(found) == 1
