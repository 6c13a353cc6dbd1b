"""Updates that are more than elementwise arithmetic, opened by the fused engine: bits, memory, and all or nothing."""

import tracemalloc

import numpy as np
import pytest

import ndarray as nd
from ndarray.kernels import product
from symbolic import optimizers
from symbolic.engines.fused import _Whole

SHAPES = ((12, 7), (7, 12), (5,), (), (0, 3), (3, 4, 2, 2), (9, 9))
RULES = {"muon": {"wd": 0.1}, "muon_bfloat16": {"matmul_precision": "bfloat16"},
         "soap": {"wd": 0.1, "precondition_frequency": 3}, "shampoo": {}, "shampoo_small": {"max_precond_dim": 8},
         "adafactor": {}, "adafactor_mom": {}, "came": {}, "novograd": {}, "ademamix": {"beta3_steps": 5}, "sm3": {"momentum": 0.9}, "adamp": {"wd": 0.1}}


def bound(rule, engine, shapes=SHAPES, dtype="float32"):
    """Return a trainer of tensors of some shapes, and its gradients."""
    random = np.random.default_rng(0)
    weights = {f"w{k}": nd.array(random.normal(size=s), dtype=dtype) for k, s in enumerate(shapes)}
    step = optimizers.update(list(weights), rule.removesuffix("_small").removesuffix("_bfloat16"), **RULES.get(rule, {}))
    trainer = optimizers.Trainer(step, weights, lr=1e-2, engine=engine)
    return trainer, [{f"w{k}_grad": random.normal(size=s).astype(dtype) for k, s in enumerate(shapes)}
                     for _ in range(7)]


def held(trainer):
    arrays = trainer.executor.arg_dict | trainer.executor.aux_dict
    return {name: array.asnumpy().copy() for name, array in arrays.items() if not name.endswith("_grad")}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rule", RULES)
def test_the_bits_are_those_of_the_eager_engine(rule, dtype):
    found = {}
    for engine in ("fused", "eager"):
        trainer, grads = bound(rule, engine, dtype=dtype)
        for each in grads:
            trainer.step(**each)
        found[engine] = held(trainer)
    for name, value in found["eager"].items():
        if rule == "muon_bfloat16":  # what differs in its last bit may be rounded the other way
            np.testing.assert_allclose(found["fused"][name], value, rtol=0, atol=2e-2 * 7 * 1e-2)
        elif rule in ("soap", "shampoo", "ademamix"):
            assert value.tobytes() == found["fused"][name].tobytes(), name
        else:  # a sum is added up in another order
            np.testing.assert_allclose(found["fused"][name], value, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("engine", ["eager", "fused"])
@pytest.mark.parametrize("shape", [(30, 30), (20, 70), (70, 20), (6, 3, 2, 2)])
def test_muon_in_bfloat16_is_near_the_exact_iteration(engine, shape):
    moved = []
    for precision in ("highest", "bfloat16"):
        weight = nd.zeros(shape)
        trainer = optimizers.Trainer(optimizers.update(["w"], "muon", matmul_precision=precision), {"w": weight}, lr=1,
                                     engine=engine)
        trainer.step(w_grad=np.random.default_rng(0).normal(size=shape))
        moved.append(weight.asnumpy())
    exact, found = moved
    assert 1e-4 < abs(found - exact).max() / abs(exact).max() < 0.1


def peak(executor):
    executor.forward()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        executor.forward()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("rule", "weights"), [("muon", 0), ("muon_bfloat16", 0 if product.available("bfloat16") else 6),
                                               ("soap", 0), ("shampoo", 12)])
def test_nothing_is_allocated_but_in_decompositions(rule, weights):
    """SOAP changes its bases at few steps; LAPACK's workspace and results in float64 are Shampoo's at each."""
    trainer, grads = bound(rule, "fused", ((300, 300), (300, 200)))
    for each in grads[:2]:
        trainer.step(**each)
    assert peak(trainer.executor) < 20_000 + weights * 4 * 300 * 300


@pytest.mark.skipif(not product.available("float32"), reason="needs llvmlite and AVX-512")
def test_reports_tell_products_from_calls_of_numpy():
    trainer, grads = bound("muon", "fused", ((100, 80), (8, 8)))
    assert "  product: matmul in float32 of %w0_step, for" in trainer.executor.debug_str()
    assert "  NumPy: matmul of %w1_step, for" in trainer.executor.debug_str()
    assert {row.what for row in trainer.executor.profile(1).rows} > {"product", "NumPy"}


def test_functions_of_numbers_leave_the_rest_to_loops():
    """AdEMAMix takes logarithms of its betas: as calls of NumPy on one number each, beside one loop over the tensor."""
    text = bound("ademamix", "fused", ((300, 300),))[0].executor.debug_str()
    assert "NumPy: log of %w0_step" in text and "NumPy: exp of %w0_step" in text
    assert "1 tensor, 90000 elements" in text


def test_tensors_share_temporary_memory():
    one, many = (bound("muon", "fused", ((40, 40),) * n)[0] for n in (1, 12))
    size = [_Whole(t.executor._program.graph, t.executor._program.buffers).binding.memory.bytes for t in (one, many)]
    assert size[1] < 2 * size[0]


@pytest.mark.parametrize("failing", [1, 2])
def test_a_decomposition_that_fails_leaves_everything(failing, monkeypatch):
    trainer, grads = bound("soap", "fused", ((6, 6), (5, 5)))
    trainer.step(**grads[0])
    trainer.step(**grads[1])
    trainer.step(**grads[2])
    before, calls = held(trainer), []

    def qr(x):
        calls.append(x)
        if len(calls) == 2 * failing:
            raise MemoryError
        return np.linalg.qr(x)

    monkeypatch.setattr(np.linalg, "qr", qr)
    with pytest.raises(MemoryError):
        trainer.step(**grads[3])
    monkeypatch.undo()
    after = held(trainer)
    assert all(before[name].tobytes() == after[name].tobytes() for name in before if name not in ("lr", "t"))
    trainer.step(**grads[3])


def test_time_belongs_to_the_update():
    trainer, grads = bound("soap", "fused", ((6, 6), (5, 5)))
    trainer.step(**grads[0])
    rows = trainer.executor.profile(steps=2).rows
    assert {node.name for row in rows for node in row.nodes} == {"w0_step", "w1_step"}
    assert "matmul of %w0_step" in trainer.executor.debug_str()
