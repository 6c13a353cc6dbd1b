"""Every operator gives the same on all engines: ``rounding.py`` says how nearly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbolic as sym
from ndarray import registry
from ndarray.kernels import machine_code
from ndarray.params import REQUIRED, Scalar, Scalars
from symbolic.bind import bind
from tests.ndarray.samples import SAMPLES
from tests.symbolic.engines.rounding import assert_agrees, assert_same_bits, narrowest

UPDATES = [op for op in registry.operators() if "optimizer_" in op.compute.__module__]


def run(op, arrays, params, engine):
    """Return outputs and states after two steps, of which the second sees what the first has written."""
    values = [a.copy() for a in arrays]
    names = [f"x{i}" for i in range(len(values))]
    symbol = sym.symbol.apply_op(op.name, *map(sym.var, names), **params)
    executor = bind(symbol.graph, None, dict(zip(names, values)), engine=engine)
    executor.forward()
    first = [o.asnumpy() for o in executor.outputs]
    executor.forward()
    return [*first, *(o.asnumpy() for o in executor.outputs), *values]


def agree(op, arrays, params, engine):
    """Check that an engine does what the eager one does."""
    with np.errstate(all="ignore"):
        expected, got = (run(op, arrays, params, name) for name in ("eager", engine))
    for a, b in zip(expected, got, strict=True):
        assert_agrees(b, a, engine, op.name, narrowest(arrays))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_samples(sample, dtype, other_engine):
    arrays = [a.astype(dtype) if a.dtype == np.float64 else a for a in sample.arrays]
    agree(registry.get(sample.op), arrays, sample.params, other_engine)


def special(rng, shape, dtype):
    """Return numbers of all sizes, among them those that are unlike others."""
    x = rng.standard_normal(shape) * 10.0 ** rng.integers(-3, 3, shape)
    odd = np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 1e-42, -1e-42, 1.0, -1.0])
    return np.where(rng.random(shape) < 0.2, rng.choice(odd, shape), x).astype(dtype)


@pytest.mark.parametrize("clip", [None, 0.5])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("op", UPDATES, ids=lambda op: op.name)
def test_updates_of_special_values(op, dtype, clip, other_engine):
    rng = np.random.default_rng(7)
    params = {name: 0.125 if name not in ("t", "step_count") else 3 for name, p in op.params.items()
              if p.type is Scalar and p.default is REQUIRED}
    shapes = [(3, 5), (1,), (70,)] if op.many else [(8, 9)]
    params |= {name: (0.1, 0.0, 0.3) if name != "step_count" else (1, 2, 3) for name, p in op.params.items()
               if p.type is Scalars and p.default is REQUIRED}
    if clip is not None:
        params |= {name: clip for name in op.params if name.startswith("clip_")}
        params |= {name: 0.01 for name in ("wd", "momentum") if name in op.params}
    known = {op.count: len(shapes)} if op.count else {}
    names = op.input_names(op.complete({**params, **known}))
    types = inferred(op, names, shapes, dtype, {**params, **known})
    if types is None:
        pytest.skip(f"{op.name} does not take {dtype}")
    arrays = [special(rng, t.shape, t.dtype) for t in types]
    if other_engine == "xla":  # which takes subnormal numbers for zero
        arrays = [np.where(np.abs(a) < np.finfo(a.dtype).tiny, a.dtype.type(0), a) if a.dtype.kind == "f" else a for a in arrays]
    agree(op, [abs(a) if any(w in n for w in ("var", "sum_sq", "lrs", "wds")) or n in ("n", "r1", "r2") else a
               for a, n in zip(arrays, names)], params, other_engine)


def inferred(op, names, shapes, dtype, params):
    """Return the types of all inputs from shape and dtype of the weights, None where the operator refuses them."""
    from ndarray.errors import DTypeError, ShapeError
    from ndarray.tensortype import UNKNOWN, TensorType

    complete = op.complete(op.parse(params))
    width = len(op.many) or 1
    types = [TensorType(shapes[i // width], np.dtype(dtype)) if i % width == 0 and i // width < len(shapes) else UNKNOWN
             for i in range(len(names))]
    try:
        for _ in range(2):
            types, _ = op.infer_types(types, [UNKNOWN] * op.num_outputs(complete), complete)
    except (DTypeError, ShapeError):
        return None
    return types if all(t.known for t in types) else None


UNARY = ("sqrt", "abs", "sign", "negative", "square", "floor", "relu", "exp")
BINARY = ("elemwise_add", "elemwise_sub", "elemwise_mul", "elemwise_div", "_maximum", "_minimum", "_greater")


@settings(max_examples=40, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("compiler", [True, False])
def test_random_graphs(compiler, dtype, data):
    """Any graph of elementwise operators, sums and a matrix product, in place or not."""
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    entries = [sym.var(f"x{i}") for i in range(3)]
    for i in range(data.draw(st.integers(1, 25))):
        kind = data.draw(st.sampled_from(["one", "two", "two", "number", "scale", "dot", "update"]))
        a, b = (data.draw(st.sampled_from(entries)) for _ in range(2))
        make = {
            "one": lambda: sym.symbol.apply_op(data.draw(st.sampled_from(UNARY)), a),
            "two": lambda: sym.symbol.apply_op(data.draw(st.sampled_from(BINARY)), a, b),
            "number": lambda: a * data.draw(st.sampled_from([2.0, -0.5, 0.0])),
            "scale": lambda: sym.broadcast_mul(a, sym.reshape(sym.max(b), shape=(1, 1))),
            "dot": lambda: sym.dot(a, b),
            "update": lambda: sym.sgd_mom_update(a, b, sym.var(f"m{i}"), lr=sym.var(f"lr{i}"), momentum=0.5),
        }
        entries.append(make[kind]())
    outputs = sym.Group(data.draw(st.lists(st.sampled_from(entries), min_size=1, max_size=4, unique_by=id)))
    graph = outputs.graph
    names = [n.name for n in graph.variables]
    arrays = {n: special(rng, (1,) if n.startswith("lr") else (4, 4), dtype) for n in names}
    into = data.draw(st.sampled_from([n.name for n in graph.arguments if not n.name.startswith("lr")] or [None]))
    first = outputs.list_outputs()[0]
    results = []
    for engine in ("eager", "fused"):
        mine = {n: a.copy() for n, a in arrays.items()}
        out = {first: mine[into]} if into is not None and graph.outputs[0].node.op is not None else {}
        with pytest.MonkeyPatch.context() as patch:
            if not compiler:
                patch.setattr(machine_code, "available", lambda: False)
            executor = bind(graph, None, mine, out=out, engine=engine)
        with np.errstate(all="ignore"):
            executor.forward()
            executor.forward()
        results.append([*(o.asnumpy() for o in executor.outputs), *mine.values()])
    for a, b in zip(*results, strict=True):
        assert_same_bits(b, a)
