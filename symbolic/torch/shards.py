"""Distributed tensors: what of them is on this rank, and tensors made of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import torch

from ndarray.errors import BindError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from symbolic.torch.program import Kind
    from symbolic.torch.work import Work


def is_distributed(t: Any) -> bool:
    """Tell whether a tensor is a DTensor."""
    module = sys.modules.get("torch.distributed.tensor")  # Who has one has imported it.
    return module is not None and isinstance(t, module.DTensor)


def whole(p: Any) -> bool:
    """Tell whether every rank has all elements of a DTensor."""
    return all(placement.is_replicate() or (placement.is_shard() and p.device_mesh.size(axis) == 1)
               for axis, placement in enumerate(p.placements))


def here(t: Any) -> torch.Tensor:
    """Return what is on this rank of a DTensor, in place; any other tensor as it is."""
    if not is_distributed(t):
        return t
    with torch.no_grad():
        local = t.to_local()
    # The result of a collective that may not have arrived.
    return local.wait() if hasattr(local, "wait") else local


def check(work: Work, within: int) -> None:
    """Raise where a DTensor cannot be updated on each rank alone.

    Raises
    ------
    BindError
    """
    p, name = work.params[within], work.names[within]
    for placement in p.placements:
        if not (placement.is_replicate() or placement.is_shard()):
            raise BindError(f"{name} is a DTensor with placements {p.placements}; expected Shard or Replicate")
    if work.rule.op.update.keys:
        raise BindError(f"{name} is a DTensor: {work.rule.op.name} rounds at random, on every rank in its own way; "
                        "expected a rule without random numbers")
    if whole(p):
        return
    if work.clip_norm is not None or work.nonfinite:
        raise BindError(f"{_placed(p, name)}: clip_norm and nonfinite see what is on this rank alone; call "
                        "torch.nn.utils.clip_grad_norm_ before the step")


def check_kind(p: Any, name: str, optimizer: str, kind: Kind) -> None:
    """Raise where a DTensor's update needs all its elements, and not every rank has them.

    Raises
    ------
    BindError
    """
    if is_distributed(p) and not whole(p) and not kind.elementwise:
        raise BindError(f"{_placed(p, name)}, and {optimizer} needs whole tensors; expected Replicate, or an "
                        "elementwise rule")


def _placed(p, name):
    return f"{name} is a DTensor with placements {p.placements} on {p.device_mesh.size()} ranks"


def gradient(g: Any, p: Any, name: str) -> torch.Tensor:
    """Return what is on this rank of a gradient, placed like its parameter; a collective where it is not.

    Raises
    ------
    BindError
        If it is not a DTensor, or is one on another mesh.
    """
    if not is_distributed(g):
        raise BindError(f"{name} is a DTensor, its gradient is a {type(g).__name__}; expected a DTensor")
    if g.device_mesh != p.device_mesh:
        raise BindError(f"the gradient of {name} is on {g.device_mesh}; expected {p.device_mesh}")
    if tuple(g.placements) != tuple(p.placements):
        with torch.no_grad():
            g = g.redistribute(placements=p.placements)
    return here(g)


def state(t: Any, p: Any, word: str, name: str) -> torch.Tensor:
    """Return what is on this rank of a state.

    Raises
    ------
    BindError
        If it is a DTensor that is not placed like its parameter.
    """
    if is_distributed(t) and not (is_distributed(p) and t.device_mesh == p.device_mesh
                                  and tuple(t.placements) == tuple(p.placements)):
        raise BindError(f"the state {word} of {name} has placements {t.placements} on {t.device_mesh}; expected those "
                        "of its parameter")
    return here(t)


def like(local: torch.Tensor, p: Any) -> torch.Tensor:
    """Return a state, as a DTensor where its parameter is one."""
    if not is_distributed(p):
        return local
    return type(p).from_local(local, p.device_mesh, p.placements, run_check=False, shape=p.shape, stride=p.stride())


@torch.no_grad()
def local_of(works: Sequence[Work], params: Sequence[Any], grads: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Return parameters and gradients, of those that are DTensors what is on this rank.

    Raises
    ------
    BindError
    """
    owners = [(work, within) for work in works for within in range(len(work.params))]
    for (work, within), p, g in zip(owners, params, grads):
        if g is not None and is_distributed(p):
            check(work, within)
    mine = [g if g is None or not is_distributed(p) else gradient(g, p, work.names[within])
            for (work, within), p, g in zip(owners, params, grads)]
    return list(map(here, params)), mine
