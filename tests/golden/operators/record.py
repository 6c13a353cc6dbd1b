"""Record values, gradients and inferred shapes of operators: run in the folder, with MXNet 1.9.1 on a CPU.

    MXNET_SUBGRAPH_BACKEND=NONE python record.py

Writes `index.json`, one case a line, and `arrays.npz`, the numbers of all cases in one row for each dtype.  Inputs are
drawn with a fixed seed, so that a second run writes the same files.
"""

import json

import mxnet as mx
import numpy as np

RNG = np.random.RandomState(30)
ROWS, CASES = {}, []
FLAT = ("argmax_channel", "batch_take", "khatri_rao", "_histogram", "_ravel_multi_index", "_unravel_index")
"""Operators that MXNet cannot differentiate."""


def keep(array):
    """Append an array to the row of its dtype; return dtype, offset and shape."""
    row = ROWS.setdefault(str(array.dtype), [])
    at = sum(part.size for part in row)
    row.append(array.reshape(-1).copy())
    return [str(array.dtype), at, list(array.shape)]


def draw(shape, low=-2.0, high=2.0, dtype="float32"):
    """Return different numbers, evenly spread in random order: no ties, none at a kink."""
    size = int(np.prod(shape))
    steps = low + (high - low) * (np.arange(size) + 0.37) / max(size, 1)
    return RNG.permutation(steps).reshape(shape).astype(dtype)


def function(op):
    """Return MXNet's symbolic function of an operator."""
    for space, name in ((mx.sym, op), (mx.sym._internal, op), (mx.sym.contrib, op[len("_contrib_"):]),
                        (mx.sym.linalg, op[len("_linalg_"):]), (mx.sym, op[len("_np_"):])):
        if hasattr(space, name):
            return getattr(space, name)
    raise ValueError(op)


def record(op, inputs, params=None, wrt=None, tolerance=2e-6, dtype="float32", inferred=True):
    """Record one case.

    Parameters
    ----------
    op : str
    inputs : dict of str to (shape or array)
        In the operator's order.
    params : dict
    wrt : tuple of str, optional
        Whose gradients are kept; those of all floating inputs by default.
    inferred : bool
        Whether all shapes are recorded as they follow from the first input's.
    """
    params = params or {}
    args = {n: v if isinstance(v, np.ndarray) else draw(v, dtype=dtype) for n, v in inputs.items()}
    symbol = function(op)(*[mx.sym.var(n) for n in args], name="node", **params)
    case = {"op": op, "params": params, "train": True, "tolerance": tolerance,
            "inputs": {n: keep(a) for n, a in args.items()}, "states": {}, "new_states": {}}
    mine = {n: mx.nd.array(a, dtype=a.dtype) for n, a in args.items()}
    wrt = [n for n in (args if wrt is None else wrt) if op not in FLAT]
    grads = {n: mx.nd.zeros(args[n].shape, dtype=args[n].dtype) for n in wrt}
    executor = symbol.bind(mx.cpu(), mine, args_grad=grads,
                           grad_req={n: "write" if n in grads else "null" for n in args})
    outputs = executor.forward(is_train=True)
    case["outputs"] = [keep(o.asnumpy()) for o in outputs]
    if grads:
        given = [draw(o.shape, dtype=o.dtype) for o in outputs]
        executor.backward([mx.nd.array(h, dtype=h.dtype) for h in given])
        case["heads"] = [keep(h) for h in given]
        case["gradients"] = {n: keep(g.asnumpy()) for n, g in grads.items()}
    if inferred:
        first = next(iter(args))
        found = symbol.infer_shape(**{first: args[first].shape})
        case["inferred"] = [[list(s) for s in shapes] for shapes in found]
    CASES.append(case)


def sequences():
    """SequenceLast, SequenceReverse."""
    lengths = lambda *values: np.array(values, "float32")
    for op, shape in (("SequenceLast", (3, 4, 2)), ("SequenceLast", (3, 2)), ("SequenceReverse", (3, 4, 2)),
                      ("SequenceReverse", (3, 2))):
        record(op, {"data": shape})
        record(op, {"data": shape, "sequence_length": lengths(*[1, 3, 2, 3][:shape[1]])}, {"use_sequence_length": True},
               wrt=("data",))
    record("SequenceLast", {"data": (3, 4, 2)}, {"axis": 1})
    record("SequenceLast", {"data": (3, 4, 2), "sequence_length": lengths(1, 4, 2)},
           {"use_sequence_length": True, "axis": 1}, wrt=("data",))


def elements():
    """What scales, sums, counts and finds elements."""
    record("_contrib_div_sqrt_dim", {"data": (2, 3, 5)})
    record("_contrib_quadratic", {"data": (2, 3)}, {"a": 1.3, "b": -0.4, "c": 0.7})
    record("_contrib_quadratic", {"data": (2, 3)}, {"b": 2.0})
    record("_identity_with_attr_like_rhs", {"lhs": (2, 3), "rhs": (2, 3)})
    for params in ({}, {"axis": 0}, {"axis": 1}, {"axis": 2}):
        record("_np_cumsum", {"a": (2, 3, 4)}, params)
    record("_np_cumsum", {"a": (2, 3)}, {"axis": 1, "dtype": "float64"}, wrt=())
    for params in ({"axes": (0,)}, {"axes": (0, -1), "keepdims": True}, {"axes": (1, 2)}):
        record("moments", {"data": (2, 3, 4)}, params, tolerance=5e-6)
    record("argmax_channel", {"data": (3, 4)})
    record("argmax_channel", {"data": (2, 4, 3)})
    record("batch_take", {"a": (4, 3), "indices": np.array([0, 2, -1, 7], "int32")}, inferred=False)
    for shape in ((7, 6), (-1, 6), (2, 3, 7)):
        size = abs(int(np.prod(shape))) or 1
        flat = RNG.permutation(size)[:5]
        places = np.array(np.unravel_index(flat, [d if d > 0 else 7 for d in shape]))
        record("_ravel_multi_index", {"data": places.astype("float32")}, {"shape": shape})
        record("_unravel_index", {"data": flat.astype("float32")}, {"shape": shape})
    numbers = np.concatenate([draw((30,), -1, 6), np.array([0, 1, 2.5, 5], "float32")])
    record("_histogram", {"data": numbers}, {"bin_cnt": 5, "range": (0, 5)})
    record("_histogram", {"data": numbers, "bins": np.array([0, 1, 2.5, 5], "float32")}, inferred=False)
    record("_histogram", {"data": draw((4, 6), dtype="float64")}, {"bin_cnt": 7, "range": (-1.3, 1.1)})


def parts():
    """_split_v2."""
    for params in ({"indices": (0, 1, 3)}, {"indices": (0, 3, 3)}, {"indices": (), "sections": 2},
                   {"indices": (0, 1, 2), "axis": 0, "squeeze_axis": True}, {"indices": (0, 0), "axis": -1},
                   {"indices": (), "sections": 3, "axis": 0, "squeeze_axis": True}):
        record("_split_v2", {"data": (3, 4, 5)}, params)


def matrices():
    """khatri_rao and the linalg operators."""
    record("khatri_rao", {"a": (2, 3), "b": (3, 3)}, inferred=False)
    record("khatri_rao", {"a": (2, 3), "b": (3, 3), "c": (2, 3)}, inferred=False)
    for dtype, tolerance in (("float64", 1e-12), ("float32", 1e-4)):
        square = lambda *before: draw((*before, 3, 3), dtype=dtype) + 3 * np.eye(3, dtype=dtype)
        options = {"tolerance": tolerance, "dtype": dtype}
        for op in ("_linalg_trmm", "_linalg_trsm"):
            for params in ({}, {"transpose": True}, {"lower": False, "alpha": 0.7}, {"rightside": True},
                           {"rightside": True, "transpose": True}, {"rightside": True, "lower": False, "alpha": -1.5}):
                record(op, {"A": square(2), "B": (2, 2, 3) if params.get("rightside") else (2, 3, 2)}, params, **options,
                       inferred=False)
        record("_linalg_potri", {"A": square(2)}, **options)
        record("_linalg_potri", {"A": square()}, **options)
        record("_linalg_sumlogdiag", {"A": square(2)}, **options)
        record("_linalg_sumlogdiag", {"A": square()}, **options)
        for offset in (0, 1, -2):
            record("_linalg_extractdiag", {"A": (2, 3, 3)}, {"offset": offset}, **options)
            record("_linalg_makediag", {"A": (2, 3)}, {"offset": offset}, **options)
            record("_linalg_extracttrian", {"A": (2, 3, 3)}, {"offset": offset}, **options)
            record("_linalg_maketrian", {"A": (2, 3)}, {"offset": offset}, **options)
        record("_linalg_extracttrian", {"A": (3, 3)}, {"lower": False}, **options)
        record("_linalg_maketrian", {"A": (6,)}, {"lower": False}, **options)
        record("_linalg_gelqf", {"A": (2, 2, 3)}, **options)
        record("_linalg_gelqf", {"A": square()}, **options)
        symmetric = square(2)
        record("_linalg_syevd", {"A": symmetric + symmetric.swapaxes(1, 2)}, **options)
        for op in ("_linalg_det", "_linalg_slogdet"):
            record(op, {"A": square()}, **options)
            record(op, {"A": draw((2, 4, 4), dtype=dtype)}, **options)
            record(op, {"A": np.array([[[1, 2], [2, 4]], [[1, 2], [3, 4]]], dtype)}, **options)


if __name__ == "__main__":
    sequences()
    elements()
    parts()
    matrices()
    with open("index.json", "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in CASES) + "\n]\n")
    np.savez_compressed("arrays.npz", **{dtype: np.concatenate(parts) for dtype, parts in ROWS.items()})
    print(len(CASES), "cases")
