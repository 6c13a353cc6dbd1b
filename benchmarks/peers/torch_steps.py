"""PyTorch's forms of the workloads, in a process of their own; see `benchmarks.contest`."""

import json
import sys
import time

import torch

RATE, DECAY, MOMENTUM, SCALE = 0.1, 1e-4, 0.9, 1 / 256


def make(kind, shapes, form):
    """Return a function that does one step."""
    torch.set_num_threads(max(torch.get_num_threads(), 2))
    weights = [torch.nn.Parameter(torch.randn(s)) for s in shapes]
    for w in weights:
        w.grad = torch.randn(w.shape)
    if kind in ("momentum", "adam"):
        how = {"fused": form == "fused", "foreach": form != "fused"}
        optimizer = (torch.optim.SGD(weights, RATE, MOMENTUM, weight_decay=DECAY, **how) if kind == "momentum" else
                     torch.optim.Adam(weights, 1e-3, weight_decay=0.01, **how))
        return torch.compile(optimizer.step) if form == "compile" else optimizer.step
    data, grads = [w.data for w in weights], [w.grad for w in weights]
    moms = [torch.zeros_like(w) for w in data]

    def signsgd(w, g):
        w.copy_((1 - 1e-4 * DECAY) * w - 1e-4 * torch.sign(g))

    if kind == "signsgd":
        step = torch.compile(signsgd) if form == "compile" else signsgd
        return lambda: step(data[0], grads[0])

    def lars():
        norms, gnorms = torch._foreach_norm(data), torch._foreach_norm(grads)
        rates = [RATE * 0.001 * a / (b * SCALE + DECAY * a + 1e-8) for a, b in zip(norms, gnorms)]
        steps = torch._foreach_mul(grads, SCALE)
        torch._foreach_add_(steps, data, alpha=DECAY)
        torch._foreach_mul_(steps, rates)
        torch._foreach_mul_(moms, MOMENTUM)
        torch._foreach_sub_(moms, steps)
        torch._foreach_add_(data, moms)

    return torch.compile(lars) if form == "compile" else lars


def main():
    """Answer requests: the workload first, then how many steps to time, again and again."""
    request = json.loads(sys.stdin.readline())
    with torch.no_grad():
        step = make(**request)
        step()
        for line in sys.stdin:
            start = time.perf_counter()
            for _ in range(int(line)):
                step()
            print(time.perf_counter() - start, flush=True)


main()
