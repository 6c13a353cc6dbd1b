"""Our forms of each workload, and naive NumPy: each gives a function without arguments that does one step in place."""

import numpy as np

import ndarray as nd
import symbolic as sym

RATE, DECAY, MOMENTUM, SCALE = 0.1, 1e-4, 0.9, 1 / 256


def symbols(workload):
    """Return the step as one Symbol, and its arrays by name."""
    arrays = workload.arrays(np)
    n = len(workload.shapes)
    x = {role: [sym.var(f"{role}{i}") for i in range(n)] for role in arrays}
    flat = [x[role][i] for i in range(n) for role in arrays]
    named = {f"{role}{i}": a for role, many in arrays.items() for i, a in enumerate(many)}
    kind = workload.kind
    if kind == "lars":
        named |= {"lrs": np.full(n, RATE, "f4"), "wds": np.full(n, DECAY, "f4")}
        wds = sym.var("wds")
        rates = sym.multi_lars(sym.var("lrs"), sym.multi_sum_sq(*x["w"]), sym.multi_sum_sq(*x["g"]), wds,
                               eta=0.001, eps=1e-8, rescale_grad=SCALE)
        return sym.preloaded_multi_sgd_mom_update(*flat, rates, wds, momentum=MOMENTUM, rescale_grad=SCALE), named
    if kind == "signsgd":
        return sym.Group([sym.signsgd_update(*row, lr=1e-4, wd=DECAY) for row in zip(*x.values())]), named
    if kind == "momentum":
        return sym.multi_sgd_mom_update(*flat, lrs=(RATE,) * n, wds=(DECAY,) * n, momentum=MOMENTUM), named
    return sym.Group([sym.adam_update(*row, lr=1e-3, wd=0.01) for row in zip(*x.values())]), named


def bound(workload, engine="fused"):
    """Return the executor of a step in place."""
    step, arrays = symbols(workload)
    return step.bind(args=arrays, out={name: arrays[f"w{i}"] for i, name in enumerate(step.list_outputs())},
                     engine=engine)


def symbolic(workload):
    """Return the step through the executor's public `forward`."""
    return bound(workload).forward


def tiles(workload):
    """Return the step without a compiler."""
    from ndarray.kernels import machine_code

    available, machine_code.available = machine_code.available, lambda: False
    try:
        return bound(workload).forward
    finally:
        machine_code.available = available


def eager(workload):
    """Return the step as calls of operators on NDArrays."""
    arrays = {role: [nd.from_numpy(a) for a in many] for role, many in workload.arrays(np).items()}
    rows = list(zip(*arrays.values()))
    n = len(rows)
    if workload.kind == "signsgd":
        return lambda: [nd.signsgd_update(*row, lr=1e-4, wd=DECAY, out=row[0]) for row in rows]
    if workload.kind == "adam":
        return lambda: [nd.adam_update(*row, lr=1e-3, wd=0.01, out=row[0]) for row in rows]
    flat, weights = [x for row in rows for x in row], arrays["w"]
    if workload.kind == "momentum":
        if n == 1:
            return lambda: nd.sgd_mom_update(*rows[0], lr=RATE, wd=DECAY, momentum=MOMENTUM, out=weights[0])
        rates, decays = (RATE,) * n, (DECAY,) * n
        return lambda: nd.multi_sgd_mom_update(*flat, lrs=rates, wds=decays, momentum=MOMENTUM, out=weights)
    rates, decays = nd.full(n, RATE), nd.full(n, DECAY)

    def lars():
        scaled = nd.multi_lars(rates, nd.multi_sum_sq(*weights), nd.multi_sum_sq(*arrays["g"]), decays, eta=0.001,
                               eps=1e-8, rescale_grad=SCALE)
        nd.preloaded_multi_sgd_mom_update(*flat, scaled, decays, momentum=MOMENTUM, rescale_grad=SCALE, out=weights)

    return lars


def numpy(workload):
    """Return the step as NumPy expressions, one tensor after another."""
    arrays = workload.arrays(np)
    one = np.float32
    rate, decay, momentum, scale = map(one, (RATE, DECAY, MOMENTUM, SCALE))

    def signsgd(w, g):
        w[...] = (1 - one(1e-4) * decay) * w - one(1e-4) * np.sign(g)

    def sgd(w, g, m):
        m[...] = momentum * m - rate * decay * w - rate * g
        w += m

    def adam(w, g, m, v):
        x = g + one(0.01) * w
        m[...] = one(0.9) * m + one(0.1) * x
        v[...] = one(0.999) * v + one(0.001) * x * x
        w -= one(1e-3) * m / (np.sqrt(v) + one(1e-8))

    def lars(w, g, m):
        norms = [np.sqrt(np.dot(x.reshape(-1), x.reshape(-1))) for x in (w, g)]
        lr = rate * one(0.001) * norms[0] / (norms[1] * scale + decay * norms[0] + one(1e-8))
        m[...] = momentum * m - lr * decay * w - lr * (scale * g)
        w += m

    step = {"signsgd": signsgd, "momentum": sgd, "adam": adam, "lars": lars}[workload.kind]
    rows = list(zip(*arrays.values()))
    return lambda: [step(*row) for row in rows]
