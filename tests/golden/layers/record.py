"""Record values, gradients and inferred shapes of layers: run in the folder, with MXNet 1.9.1 on a CPU.

    MXNET_SUBGRAPH_BACKEND=NONE MXNET_USE_MKLDNN_RNN=0 python record.py

Writes `index.json`, one case a line, and `arrays.npz`, the numbers of all cases in one row for each dtype.  Inputs are
drawn with a fixed seed, so that a second run writes the same files.
"""

import json

import mxnet as mx
import numpy as np

RNG = np.random.RandomState(20)
ROWS, CASES = {}, []


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


def record(op, params, inputs, states=None, train=True, gradients=True, tolerance=2e-5, heads=True, inferred=True):
    """Record one case.

    Parameters
    ----------
    op : str
    params : dict
    inputs, states : dict of str to (shape or array)
        In the operator's order.
    train, gradients, heads : bool
        Whether it runs in training, gradients are kept, and heads are given to ``backward``.
    inferred : bool
        Whether all shapes are recorded as they follow from the first input's.
    """
    def give(value):
        return value if isinstance(value, np.ndarray) else draw(value)

    args = {name: give(v) for name, v in inputs.items()}
    aux = {name: give(v) for name, v in (states or {}).items()}
    make = getattr(mx.sym._internal if op.startswith("_") and not op.startswith("_contrib") else mx.sym, op, None) or \
        getattr(mx.sym.contrib, op[len("_contrib_"):], None)
    # States are not inputs of a call, but variables of their own, named after the node.
    symbol = make(*[mx.sym.var(n) for n in args], name="node", **params)
    case = {"op": op, "params": params, "train": train, "tolerance": tolerance,
            "inputs": {n: keep(a) for n, a in args.items()}, "states": {n: keep(a) for n, a in aux.items()}}
    mine = {n: mx.nd.array(a, dtype=a.dtype) for n, a in args.items()}
    kept = {f"node_{n}": mx.nd.array(a, dtype=a.dtype) for n, a in aux.items()}
    wanted = [n for n in args if gradients is True or (gradients and n in gradients)]
    # BatchNorm_v1 moves its averages on the way back, so there must be one; RNN is wrong where a gradient is left out.
    grads = {n: mx.nd.zeros(a.shape, dtype=a.dtype) for n, a in args.items() if wanted or (train and aux)}
    executor = symbol.bind(mx.cpu(), mine, args_grad=grads, aux_states=kept,
                           grad_req={n: "write" if n in grads else "null" for n in args})
    outputs = executor.forward(is_train=train)
    case["outputs"] = [keep(o.asnumpy()) for o in outputs]
    if grads:
        given = [draw(o.shape, dtype=o.dtype) for o in outputs] if heads else None
        executor.backward([mx.nd.array(h, dtype=h.dtype) for h in given] if heads else None)
    if wanted:
        case["heads"] = [keep(h) for h in given] if heads else None
        case["gradients"] = {n: keep(grads[n].asnumpy()) for n in wanted}
    case["new_states"] = {n: keep(kept[f"node_{n}"].asnumpy()) for n in aux}
    if inferred:
        first = next(iter(args))
        found = symbol.infer_shape(**{first: args[first].shape})
        case["inferred"] = [[list(s) for s in shapes] for shapes in found]
    CASES.append(case)


def normalisations():
    """LRN, InstanceNorm, GroupNorm, BatchNorm_v1."""
    for params in ({"nsize": 3}, {"nsize": 5, "alpha": 0.5, "beta": 0.6, "knorm": 1.5}, {"nsize": 1, "alpha": 0.3},
                   {"nsize": 15, "alpha": 0.3}, {"nsize": 4, "alpha": 0.5}):
        record("LRN", params, {"data": (2, 7, 3, 4)})
    for shape in ((2, 3, 5), (3, 2, 4, 3), (2, 3, 2, 2, 3)):
        record("InstanceNorm", {}, {"data": shape, "gamma": (shape[1],), "beta": (shape[1],)})
    record("InstanceNorm", {"eps": 0.1}, {"data": (2, 3, 4), "gamma": (3,), "beta": (3,)}, train=False, gradients=False)
    for shape, groups in (((2, 4, 3), 2), ((2, 6, 3, 2), 3), ((3, 4, 2, 2, 2), 1), ((2, 4, 5), 4)):
        record("GroupNorm", {"num_groups": groups}, {"data": shape, "gamma": (groups,), "beta": (groups,)})
    record("GroupNorm", {"num_groups": 2, "eps": 0.1, "output_mean_var": True},
           {"data": (2, 4, 3), "gamma": (2,), "beta": (2,)}, gradients=False)
    vector = {"gamma": (3,), "beta": (3,)}

    def states():
        return {"moving_mean": draw((3,)), "moving_var": draw((3,), 0.5, 2)}

    free = {"fix_gamma": False}
    for params in ({}, {**free, "eps": 0.01, "momentum": 0.7}, {**free, "use_global_stats": True}):
        record("BatchNorm_v1", params, {"data": (4, 3, 2, 2), **vector}, states())
    record("BatchNorm_v1", free, {"data": (4, 3, 2, 2), **vector}, states(), train=False, gradients=False)
    record("BatchNorm_v1", {**free, "output_mean_var": True}, {"data": (4, 3), **vector}, states(), gradients=False)


def windows():
    """Convolution_v1, Pooling_v1, Crop, _contrib_AdaptiveAvgPooling2D."""
    for params, weight in (({"kernel": (3, 3), "num_filter": 4}, (4, 4, 3, 3)),
                           ({"kernel": (3, 2), "num_filter": 4, "stride": (2, 1), "pad": (1, 1), "num_group": 2},
                            (4, 2, 3, 2)),
                           ({"kernel": (2, 2), "num_filter": 3, "dilate": (2, 1), "no_bias": True}, (3, 4, 2, 2))):
        bias = {} if params.get("no_bias") else {"bias": (params["num_filter"],)}
        record("Convolution_v1", params, {"data": (2, 4, 7, 8), "weight": weight, **bias})
    for kind in ("max", "avg", "sum"):
        for params in ({"kernel": (2, 2), "stride": (2, 2)}, {"kernel": (3, 2), "stride": (2, 3), "pad": (1, 1)},
                       {"kernel": (3, 3), "stride": (2, 2), "pooling_convention": "full"},
                       {"kernel": (3, 3), "stride": (2, 2), "pad": (1, 1), "pooling_convention": "full"},
                       {"kernel": (2, 2), "global_pool": True}, {"kernel": (3, 3)}):
            record("Pooling_v1", {"pool_type": kind, **params}, {"data": (2, 3, 7, 8)})
    for params in ({}, {"center_crop": True}, {"offset": (1, 2)}):
        record("Crop", {"num_args": 2, **params}, {"data": (1, 2, 5, 6), "crop_like": (1, 3, 2, 3)}, inferred=False)
    record("Crop", {"num_args": 1, "offset": (2, 1), "h_w": (2, 4)}, {"data": (2, 2, 5, 6)})
    record("Crop", {"num_args": 1, "h_w": (3, 3), "center_crop": True}, {"data": (2, 2, 6, 6)})
    for size in ((), (1,), (2,), (3, 2), (4, 5), (7, 9)):
        record("_contrib_AdaptiveAvgPooling2D", {"output_size": size} if size else {}, {"data": (2, 2, 5, 6)})


def losses():
    """SVMOutput."""
    label = np.array([0, 2, 1, 2], "float32")
    for params in ({}, {"margin": 0.5, "regularization_coefficient": 0.3}, {"use_linear": True},
                   {"use_linear": True, "margin": 0.7, "regularization_coefficient": 2.0}):
        record("SVMOutput", params, {"data": (4, 3), "label": label}, gradients=("data",), heads=False)
    record("SVMOutput", {}, {"data": (2, 2, 3), "label": np.array([[0, 2], [1, 1]], "float32")}, gradients=("data",),
           heads=False)


def slopes():
    """LeakyReLU with slopes of all shapes that it takes."""
    for data, gamma in (((2, 3, 4), (3,)), ((2, 3, 4), (1,)), ((2, 3, 4), (2, 1)), ((2, 3, 4), (1, 3)),
                        ((2, 3, 4), (2, 3)), ((3, 4), (3,)), ((3, 4), (3, 4)), ((3, 4), (1, 1)), ((3,), (3,)), ((2, 3, 4, 2), (2,))):
        record("LeakyReLU", {"act_type": "prelu"}, {"data": data, "gamma": gamma}, inferred=False)


def recurrent():
    """RNN and _rnn_param_concat."""
    gates = {"rnn_relu": 1, "rnn_tanh": 1, "lstm": 4, "gru": 3}
    for mode, layers, both, states in (("rnn_relu", 1, False, True), ("rnn_relu", 2, True, True),
                                       ("rnn_tanh", 1, False, False), ("rnn_tanh", 3, False, True),
                                       ("lstm", 1, False, True), ("lstm", 1, False, False), ("lstm", 2, True, True),
                                       ("gru", 1, False, True), ("gru", 1, False, False), ("gru", 3, True, True)):
        sides, units, features = 1 + both, 3, 2
        rows = gates[mode] * units
        count = sum(sides * rows * (2 + units + (k and sides * units or features)) for k in range(layers))
        state = draw((layers * sides, 2, units), -1, 1)
        inputs = {"data": (4, 2, features), "parameters": draw((count,), -0.6, 0.6), "state": state}
        if mode == "lstm":
            inputs["state_cell"] = draw(state.shape, -1, 1)
        params = {"mode": mode, "num_layers": layers, "state_size": units, "bidirectional": both}
        # MXNet's gradient of the middle layers' matrices is wrong for more than two plain layers.
        kept = ("data", "state") if mode == "rnn_tanh" and layers > 2 else True
        record("RNN", {**params, "state_outputs": True} if states else params, inputs, gradients=kept)
    # MXNet projects on a CPU in prediction alone.
    for layers, both in ((1, False), (2, True)):
        sides = 1 + both
        count = sum(sides * (12 * (2 + 2 + (k and sides * 2 or 2)) + 6) for k in range(layers))
        record("RNN", {"mode": "lstm", "num_layers": layers, "state_size": 3, "projection_size": 2,
                       "bidirectional": both, "state_outputs": True},
               {"data": (4, 2, 2), "parameters": draw((count,), -0.6, 0.6),
                "state": draw((layers * sides, 2, 2), -1, 1), "state_cell": draw((layers * sides, 2, 3), -1, 1)},
               train=False, gradients=False)
    record("_rnn_param_concat", {"dim": 0}, {"arg0": (6,), "arg1": (2,), "arg2": (3,)}, inferred=False)


if __name__ == "__main__":
    normalisations()
    windows()
    losses()
    recurrent()
    slopes()
    with open("index.json", "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in CASES) + "\n]\n")
    np.savez_compressed("arrays.npz", **{dtype: np.concatenate(parts) for dtype, parts in ROWS.items()})
    print(len(CASES), "cases")
