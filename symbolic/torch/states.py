"""States of parameters as torch keeps them, made where they are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from ndarray.errors import BindError, shown
from ndarray.kernels.pages import WORTH_ASKING, zeros
from symbolic.torch.forms import state_types
from symbolic.torch.shards import like
from symbolic.torch.tensors import TORCH, Facts, overlaps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from symbolic.torch.work import Work


class _Zeros(NamedTuple):
    """A state that begins with zeros and is like its parameter."""

    state: dict[str, Any]
    word: str
    owner: torch.Tensor
    p: torch.Tensor
    dtype: torch.dtype


class Maker:
    """Makes states: at once what begins with zeros, in one block of memory, in huge pages where it is large."""

    def __init__(self) -> None:
        self._zeros: list[_Zeros] = []

    def make(self, work: Work, owner: torch.Tensor, p: torch.Tensor, state: dict[str, Any], facts: Facts) -> None:
        """Make the states of a parameter that are missing; zeros are there after `finish`.

        Parameters
        ----------
        work : Work
        owner : torch.Tensor
        p : torch.Tensor
            What is on this rank of `owner`, which is `owner` itself where it is not distributed.
        state : dict
            The optimizer's state of `owner`.
        facts : Facts
            Of `p`.
        """
        types = state_types(work.rule, facts.real, facts.shape, work.singles)
        update = work.rule.op.update
        for name, word in work.states.items():
            if state.get(word) is not None:
                continue
            type_, dtype = types[name], facts.of(types[name].dtype).dtype
            number = work.first.get(word, 0)
            if name in update.keys:
                state[word] = torch.full(type_.shape, torch.randint(1 << 30, ()).item(), dtype=dtype)
            elif name in update.copies:
                state[word] = like(p.detach().to(dtype, copy=True, memory_format=torch.preserve_format), owner)
            elif name in work.singles or type_.shape != facts.shape:
                state[word] = torch.full(type_.shape, work.singles.get(name, 0.0), dtype=TORCH[type_.dtype])
            elif number:
                number = complex(number, number) if p.is_complex() else number
                state[word] = like(torch.full_like(p, number, dtype=dtype, requires_grad=False,
                                                   memory_format=torch.preserve_format), owner)
            else:
                self._zeros.append(_Zeros(state, word, owner, p, dtype))

    def finish(self) -> None:
        """Make the zeros."""
        begun, self._zeros = self._zeros, []
        if sum([z.p.numel() * z.dtype.itemsize for z in begun]) < WORTH_ASKING:
            for z in begun:
                z.state[z.word] = like(torch.zeros_like(z.p, dtype=z.dtype, requires_grad=False,
                                                        memory_format=torch.preserve_format), z.owner)
            return
        for z, memory in zip(begun, _blocks(begun)):
            strides = torch.empty_like(z.p, device="meta", memory_format=torch.preserve_format).stride()
            z.state[z.word] = like(torch.from_numpy(memory).view(z.dtype).as_strided(z.p.shape, strides), z.owner)


def check_state(t: Any, what: str, complex_: bool | None) -> None:
    """Raise where a state is not a dense tensor on the CPU, each element by itself.

    Parameters
    ----------
    t : object
        As somebody has put it there.
    what : str
        For the message.
    complex_ : bool or None
        Whether its numbers must be complex or real floating ones; None where that is checked elsewhere.

    Raises
    ------
    BindError
    """
    if not isinstance(t, torch.Tensor):
        raise BindError(f"{what} is {shown(t)}; expected a tensor")
    if t.layout is not torch.strided or t.device.type != "cpu":
        raise BindError(f"{what} is a {t.layout} tensor on device {t.device}; expected a dense tensor on the CPU")
    if overlaps(t):
        raise BindError(f"{what} is expanded: several of its elements are one; give a copy of it")
    if complex_ is not None and not (t.is_complex() if complex_ else t.is_floating_point()):
        raise BindError(f"{what} has dtype {t.dtype}; expected {'complex' if complex_ else 'floating'} numbers")


def _blocks(begun: Sequence[_Zeros]) -> list[np.ndarray]:
    return zeros([((z.p.numel() * z.dtype.itemsize,), np.uint8) for z in begun])
