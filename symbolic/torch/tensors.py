"""What memory a torch tensor has: its type and the order of its elements, what is refused, and what must be copied."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from ndarray.dtypes import bfloat16
from ndarray.errors import BindError, DTypeError
from symbolic.torch.look import Records, looks

try:
    from torch._C._dynamo import guards
except ImportError:
    TensorGuards: Any = None
else:
    TensorGuards = getattr(guards, "TensorGuards", None)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

REAL: dict[torch.dtype, np.dtype] = {torch.float32: np.dtype("float32"), torch.float64: np.dtype("float64"),
                                     torch.float16: np.dtype("float16"), torch.bfloat16: bfloat16(),
                                     torch.complex64: np.dtype("float32"), torch.complex128: np.dtype("float64")}
"""NumPy's dtype for the memory of a tensor; a complex number is two real ones."""


TORCH: dict[np.dtype, torch.dtype] = {real: dtype for dtype, real in REAL.items() if not dtype.is_complex} | {
    np.dtype("int64"): torch.int64}
"""torch's dtype of states."""


class Facts(NamedTuple):
    """How a parameter is in memory.

    Attributes
    ----------
    dtype : torch.dtype
    real : numpy.dtype
        Of its memory.
    shape : tuple of int
        With a last axis of 2 where it is complex.
    n : int
        Number of real elements.
    numel : int
        Number of elements.
    contiguous : bool
        Whether memory is in the order of the axes, as it nearly always is.
    strides : tuple of int
        In which it is walked: the parameter's own, unless elements of others are between its own.
    """

    dtype: torch.dtype
    real: np.dtype
    shape: tuple[int, ...]
    n: int
    numel: int
    contiguous: bool
    strides: tuple[int, ...]


    def of(self, dtype: np.dtype) -> Facts:
        """Return the same of a state of another dtype."""
        return self if dtype == self.real else self._replace(dtype=TORCH[dtype], real=dtype)


class Like:
    """Tells whether tensors are what others were: type, dtype, shape, strides, device, flags; without keeping them.

    Their memory is looked at in machine code, or by the one call with which torch's compiler guards its graphs: five
    questions to each tensor cost many times as much.

    Parameters
    ----------
    tensors : sequence of torch.Tensor
        Dense ones.

    Examples
    --------
    >>> like = Like([torch.zeros(2, 3), torch.zeros(4)])
    >>> like([torch.ones(2, 3), torch.ones(4)]), like([torch.ones(2, 3), torch.ones(8)[::2]])
    (True, False)
    """

    def __init__(self, tensors: Sequence[torch.Tensor]) -> None:
        found = looks()
        self._addresses = np.zeros(len(tensors), np.int64)
        if found is not None:
            records, where = Records(tensors, found.layout), ctypes.c_void_p(self._addresses.ctypes.data)
            self._records = records
            self._check = lambda others: found.tensors(others, records.at, where)
            return
        if TensorGuards is None:
            told = _told(tensors)
            is_so = lambda *others: _told(others) == told
        else:
            is_so = TensorGuards(*tensors, dynamic_dims_sizes=[list(t.shape) for t in tensors],
                                 dynamic_dims_strides=[list(t.stride()) for t in tensors]).check
        odd = np.array([t.element_size() // (1 + t.is_complex()) - 1 for t in tensors], np.int64)
        self._check = lambda others: len(others) == len(odd) and is_so(*others) and self._ask(others, odd)

    def _ask(self, tensors, odd):
        """Ask for addresses; return whether all are multiples of their elements' bytes."""
        self._addresses[:] = np.fromiter(map(torch.Tensor.data_ptr, tensors), np.int64, len(tensors))
        return not (self._addresses & odd).any()

    def __call__(self, tensors: Sequence[torch.Tensor | None]) -> bool:
        """Return False also where one is None."""
        return bool(self._check(tuple(tensors)))

    def where(self, tensors: Sequence[torch.Tensor | None]) -> np.ndarray | None:
        """Return the tensors' addresses, None where they are not like the others; the next call writes them again."""
        return self._addresses if self._check(tuple(tensors)) else None


def _told(tensors):
    return [t is not None and t.layout is torch.strided and (
        type(t), t.dtype, t.shape, t.stride(), t.device, t.requires_grad, t.is_neg(), t.is_conj()) for t in tensors]


def facts_of(p: torch.Tensor, name: str) -> Facts:
    """Return how a parameter is in memory.

    Raises
    ------
    DTypeError, BindError
        If it cannot be updated here.
    """
    check(p, name)
    shape = (*p.shape, 2) if p.is_complex() else tuple(p.shape)
    contiguous = p.is_contiguous()
    strides = p.stride() if contiguous or dense(p) else torch.empty_like(p, device="meta").stride()
    return Facts(p.dtype, REAL[p.dtype], shape, p.numel() * (1 + p.is_complex()), p.numel(), contiguous, strides)


def check(p: torch.Tensor, name: str) -> None:
    """Raise where a parameter cannot be updated here.

    Raises
    ------
    DTypeError
        If it is of another type, or is not on the CPU.
    BindError
        If several of its elements are one.
    """
    if type(p).__torch_dispatch__ is not torch.Tensor.__torch_dispatch__:
        raise DTypeError(f"{name} is a {type(p).__name__}; expected a torch.Tensor with memory of its own")
    if p.layout is not torch.strided:
        raise DTypeError(f"{name} has layout {p.layout}; expected a dense tensor")
    if p.device.type != "cpu":
        raise DTypeError(f"{name} is on device {p.device}; symbolic.torch updates parameters on the CPU")
    if p.dtype not in REAL:
        raise DTypeError(f"{name} has dtype {p.dtype}; expected one of {', '.join(map(str, REAL))}")
    if overlaps(p):
        raise BindError(f"{name} is expanded: several of its elements are one; give a copy of it, p.clone()")


def check_mode(tensors: Iterable[Any], names: Iterable[str]) -> None:
    """Raise where a tensor was made in inference mode and would be changed outside of it.

    Raises
    ------
    BindError
    """
    if torch.is_inference_mode_enabled():
        return
    for t, name in zip(tensors, names):
        if isinstance(t, torch.Tensor) and t.is_inference():
            raise BindError(f"{name} is an inference tensor, which must not be changed outside of "
                            "torch.inference_mode(); expected an ordinary one, for instance its clone()")


def overlaps(t: torch.Tensor) -> bool:
    """Tell whether several elements of a tensor are one.

    Examples
    --------
    >>> a = torch.zeros(10)
    >>> overlaps(a[:1].expand(3)), overlaps(a.as_strided((4, 3), (2, 1))), overlaps(a.as_strided((3, 2), (2, 5)))
    (True, True, False)
    """
    if t.is_contiguous():
        return False
    axes = sorted((stride, size) for stride, size in zip(t.stride(), t.shape) if size > 1)
    end = 0
    for stride, size in axes:
        if stride <= end:
            break
        end += stride * (size - 1)
    else:
        return False
    if not t.numel() or axes[0][0] == 0:
        return bool(t.numel())
    offsets = sum(np.ix_(*[stride * np.arange(size) for stride, size in axes]), np.int64(0))
    return len(np.unique(offsets)) < t.numel()


def dense(t: torch.Tensor) -> bool:
    """Tell whether a tensor's elements fill a piece of memory, in whatever order of the axes.

    Examples
    --------
    >>> a = torch.zeros(2, 3, 4)
    >>> dense(a), dense(a.permute(2, 0, 1)), dense(a[:, 1])
    (True, True, False)
    """
    step = 1
    for stride, size in sorted((stride, size) for stride, size in zip(t.stride(), t.shape) if size > 1):
        if stride != step:
            return False
        step *= size
    return True


def same_order(t: torch.Tensor, strides: Sequence[int]) -> bool:
    """Tell whether a tensor is walked by these strides; axes of one element do not matter."""
    return all(mine == theirs or size == 1 for mine, theirs, size in zip(t.stride(), strides, t.shape))


def walkable(t: torch.Tensor, facts: Facts) -> bool:
    """Tell whether a tensor's memory can be walked like that of the parameter it belongs to."""
    return (t.layout is torch.strided and t.device.type == "cpu" and t.dtype == facts.dtype
            and t.numel() == facts.numel and not t.is_neg() and not t.is_conj()
            and (t.is_contiguous() if facts.contiguous else t.dim() == len(facts.strides)
                 and same_order(t, facts.strides))
            and t.data_ptr() % facts.real.itemsize == 0)


def standing_in(t: torch.Tensor, p: torch.Tensor, facts: Facts) -> torch.Tensor:
    """Return a copy of a tensor whose memory can be walked like that of the parameter."""
    return torch.empty_strided(p.shape, facts.strides, dtype=facts.dtype).copy_(t)


def gradient(g: torch.Tensor, p: torch.Tensor, facts: Facts, name: str, kind: str, sparse: bool) -> torch.Tensor:
    """Return a gradient whose memory can be walked like that of its parameter: itself, or a copy.

    Raises
    ------
    BindError
        If it is sparse and `sparse` does not allow that, or its shape or device is another one.
    """
    if g.layout is not torch.strided:
        if not sparse or g.layout is not torch.sparse_coo:
            raise BindError(f"{kind} does not support sparse gradients, got one for {name}")
        g = g.to_dense()
    if walkable(g, facts) and g.shape == p.shape:
        return g
    if g.device.type != "cpu" or g.shape != p.shape:
        raise BindError(f"the gradient of {name} has shape {tuple(g.shape)} on device {g.device}; expected "
                        f"{tuple(p.shape)} on the CPU")
    return standing_in(g, p, facts)


def check_apart(params: Sequence[Any], names: Sequence[str]) -> None:
    """Raise where two parameters share memory.

    Raises
    ------
    BindError
    """
    starts = np.array([p.data_ptr() for p in params], np.int64)
    ends = starts + [_span(p) for p in params]
    order = np.argsort(starts, kind="stable")
    near = np.flatnonzero(ends[order][:-1] > starts[order][1:])
    for k in near:
        i, others = order[k], order[k + 1:]
        for j in others[starts[others] < ends[i]]:
            if np.shares_memory(view(params[i]), view(params[j])):
                raise BindError(f"{names[i]} and {names[j]} share memory; give one of them, or copies")


def view(t: torch.Tensor) -> np.ndarray:
    """Return a tensor's memory as an array, a complex one with a last axis of 2."""
    t = t.detach()
    if t.dtype is torch.bfloat16:
        return t.view(torch.int16).numpy().view(REAL[t.dtype])
    return (torch.view_as_real(t) if t.is_complex() else t).numpy()


def _span(t):
    """Return the bytes from the first element to the end of the last."""
    if not t.numel():
        return 0
    return (1 + sum((size - 1) * stride for size, stride in zip(t.shape, t.stride()))) * t.element_size()
