"""What each process of `test_distributed` does: ``python -m tests.symbolic.torch.ranks RANK RANKS FOLDER``."""

import sys
from pathlib import Path

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict, set_optimizer_state_dict
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, Partial, Replicate, Shard, distribute_tensor, init_device_mesh

import symbolic.torch as st

RULES = {"SGD": {"lr": 0.1, "momentum": 0.9}, "AdamW": {}, "NAdam": {}}


def values(k):
    return torch.randn(5, 3, generator=torch.Generator().manual_seed(k), dtype=torch.float64)


def walked(cls, placement, mesh, steps=3, **options):
    """Return a parameter after some steps, and its optimizer."""
    p = torch.nn.Parameter(distribute_tensor(values(0), mesh, [placement]))
    optimizer = cls([("w", p)], **options)
    for k in range(steps):
        p.grad = distribute_tensor(values(k + 1), mesh, [placement])
        optimizer.step()
    return p, optimizer


def kinds(state):
    return {name: (type(t), t.shape, t.dtype, getattr(t, "placements", None)) for name, t in state.items()}


def goes_torchs_way(mesh):
    for name, options in RULES.items():
        for placement in (Shard(0), Shard(1), Replicate()) if name == "SGD" else (Shard(0),):
            (p, ours), (q, theirs) = (walked(getattr(module, name), placement, mesh, **options)
                                      for module in (st, torch.optim))
            torch.testing.assert_close(p.to_local(), q.to_local(), rtol=1e-12, atol=1e-12)
            assert kinds(ours.state[p]) == kinds(theirs.state[q]), name
            assert p._version > 2


def gradients_placed_otherwise(mesh):
    for placement in (Replicate(), Partial()):
        p, optimizer = walked(st.AdamW, Shard(0), mesh, steps=0)
        share = 1.0 if isinstance(placement, Replicate) else 1 / mesh.size()
        for k in range(3):
            p.grad = DTensor.from_local(share * values(k + 1), mesh, [placement])
            optimizer.step()
        expected, _ = walked(st.AdamW, Shard(0), mesh)
        torch.testing.assert_close(p.to_local(), expected.to_local(), rtol=1e-12, atol=1e-12)


def refused(words, call, *args, **options):
    try:
        call(*args, **options)
    except ValueError as error:
        assert all(word in str(error) for word in ("w ", *words)), error
    else:
        raise AssertionError(f"not refused: {words}")


def refusals(mesh):
    p, optimizer = walked(st.AdamW, Shard(0), mesh)
    before = p.detach().to_local().clone()
    p.grad = None
    p._local_tensor.grad = None
    refused(["rounds at random"], walked, st.AdamW, Replicate(), mesh, precision="stochastic")
    optimizer.state[p]["exp_avg"] = distribute_tensor(values(0), mesh, [Replicate()])
    p.grad = distribute_tensor(values(1), mesh, [Shard(0)])
    refused(["exp_avg", "placements"], optimizer.step)
    assert torch.equal(p.detach().to_local(), before)
    walked(st.LAMB, Replicate(), mesh, lr=0.1)
    walked(st.AdamW, Replicate(), mesh, clip_norm=1.0)
    if mesh.size() == 1:
        walked(st.LAMB, Shard(0), mesh, lr=0.1)
        return
    for name in ("LAMB", "LARS"):
        refused([name, "Shard", "2 ranks", "whole tensors"], walked, getattr(st, name), Shard(0), mesh)
    refused(["clip_norm", "clip_grad_norm_"], walked, st.AdamW, Shard(0), mesh, clip_norm=1.0)


def model(cls, mesh, steps, folder=None):
    """Return a module that FSDP has sharded, after some steps; from `folder`, where it is given."""
    torch.manual_seed(3)
    net = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.Tanh(), torch.nn.Linear(6, 2))
    fully_shard(net, mesh=mesh)
    optimizer = cls(net.parameters(), lr=0.01)
    if folder is not None:
        weights, states = net.state_dict(), get_optimizer_state_dict(net, optimizer)
        dcp.load({"net": weights, "optimizer": states}, checkpoint_id=folder)
        net.load_state_dict(weights)
        set_optimizer_state_dict(net, optimizer, states)
    for k in steps:
        net(torch.randn(8, 4, generator=torch.Generator().manual_seed(k))).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    return net, optimizer


def checkpoints(mesh, folder):
    ours, _ = model(st.AdamW, mesh, range(5))
    theirs, _ = model(torch.optim.AdamW, mesh, range(5))
    for p, q in zip(ours.parameters(), theirs.parameters()):
        torch.testing.assert_close(p.to_local(), q.to_local(), rtol=1e-4, atol=1e-6)
    half, optimizer = model(st.AdamW, mesh, range(2))
    dcp.save({"net": half.state_dict(), "optimizer": get_optimizer_state_dict(half, optimizer)}, checkpoint_id=folder)
    resumed, _ = model(st.AdamW, mesh, range(2, 5), folder)
    for p, q in zip(ours.parameters(), resumed.parameters()):
        assert torch.equal(p.to_local(), q.to_local())


def main(rank, ranks, folder):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", store=dist.FileStore(str(folder / "store"), ranks), rank=rank, world_size=ranks)
    mesh = init_device_mesh("cpu", (ranks,))
    goes_torchs_way(mesh)
    gradients_placed_otherwise(mesh)
    refusals(mesh)
    checkpoints(mesh, folder / "checkpoint")
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
