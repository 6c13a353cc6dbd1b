"""MXNet's best eager forms of the workloads, in a process of their own; see `benchmarks.contest`."""

import json
import sys
import time

import mxnet as mx

RATE, DECAY, MOMENTUM, SCALE, MOST = 0.1, 1e-4, 0.9, 1 / 256, 45


def make(kind, shapes):
    """Return a function that begins one step."""
    w, g, m, v = ([mx.nd.random.normal(shape=tuple(s)) for s in shapes] for _ in range(4))
    nd = mx.nd
    if kind == "signsgd":
        return lambda: nd.signsgd_update(w[0], g[0], lr=1e-4, wd=DECAY, out=w[0])
    if kind == "adam":
        return lambda: [nd.adam_update(*row, lr=1e-3, wd=0.01, out=row[0]) for row in zip(w, g, m, v)]
    n = len(w)
    parts = [(slice(k, k + MOST), [x for row in zip(w[k:k + MOST], g[k:k + MOST], m[k:k + MOST]) for x in row])
             for k in range(0, n, MOST)]
    if kind == "momentum":
        return lambda: [nd.multi_sgd_mom_update(*flat, lrs=(RATE,) * (len(flat) // 3), wds=(DECAY,) * (len(flat) // 3),
                                                momentum=MOMENTUM, num_weights=len(flat) // 3, out=w[part])
                        for part, flat in parts]
    lrs, wds = nd.full(n, RATE), nd.full(n, DECAY)

    def lars():
        rates = nd.multi_lars(lrs, nd.multi_sum_sq(*w, num_arrays=n), nd.multi_sum_sq(*g, num_arrays=n), wds,
                              eta=0.001, eps=1e-8, rescale_grad=SCALE)
        for part, flat in parts:
            nd.preloaded_multi_sgd_mom_update(*flat, rates[part], wds[part], momentum=MOMENTUM, rescale_grad=SCALE,
                                              num_weights=len(flat) // 3, out=w[part])

    return lars


def main():
    """Answer requests: the workload first, then how many steps to time, again and again."""
    request = json.loads(sys.stdin.readline())
    step = make(request["kind"], request["shapes"])
    step()
    mx.nd.waitall()
    for line in sys.stdin:
        start = time.perf_counter()
        for _ in range(int(line)):
            step()
            mx.nd.waitall()
        print(time.perf_counter() - start, flush=True)


main()
