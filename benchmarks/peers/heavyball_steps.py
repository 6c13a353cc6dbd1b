"""torch's and HeavyBall's rules of matrices in a process of their own; see `benchmarks.matrices`."""

import json
import sys
import time

import torch


def make(kind, shapes, form):
    """Return a function that does one step."""
    weights = [torch.nn.Parameter(torch.randn(s) * 0.02) for s in shapes]
    grads = [torch.randn(s) for s in shapes]
    if form.startswith("heavyball"):
        import heavyball

        heavyball.utils.compile_mode = None
        if form == "heavyball in float32":
            heavyball.utils.stochastic_round_ = torch.Tensor.clone
        optimizer = heavyball.Muon(weights, lr=1e-3, betas=(0.95, 0.99), weight_decay=0.1) if kind == "muon" else (
            heavyball.SOAP(weights, lr=3e-3, betas=(0.95, 0.95), shampoo_beta=0.95, weight_decay=0.01,
                           precondition_frequency=10, max_precond_dim=10_000, merge_dims=False,
                           use_precond_schedule=False))
    else:
        if form == "torch in float32":
            torch.Tensor.bfloat16 = torch.Tensor.clone
        optimizer = torch.optim.Muon(weights, lr=1e-3, weight_decay=0.1)

    def step():
        for weight, grad in zip(weights, grads):
            weight.grad = grad.clone()  # HeavyBall takes it away
        optimizer.step()

    return step


def main():
    """Answer requests: the workload first, then how many steps to time, again and again."""
    request = json.loads(sys.stdin.readline())
    step = make(**request)
    step()
    for line in sys.stdin:
        start = time.perf_counter()
        for _ in range(int(line)):
            step()
        print(time.perf_counter() - start, flush=True)


main()
